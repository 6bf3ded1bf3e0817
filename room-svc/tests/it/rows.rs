//! What the database refuses, whoever asks: the last defence behind decisions that are wrong.

use crate::world::{STAKE, World, touch, wager};
use uuid::Uuid;

/// The constraint or index in the way, or the code of a trigger's refusal.
async fn refused(world: &World, sql: &'static str) -> String {
    let error = sqlx::query(sql).execute(world.db.pool()).await.unwrap_err();
    let error = error.into_database_error().unwrap();
    error.constraint().map_or_else(|| error.code().unwrap().into_owned(), str::to_owned)
}

#[tokio::test]
async fn a_player_has_one_bet_that_counts_and_one_that_was_taken_back() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    world.place(&wager(room, Uuid::now_v7(), 0, STAKE)).await.1.unwrap();
    let again = "INSERT INTO room.bet (id, room_id, account_id, outcome, stake, min_odds, state, accepted_at)
                 SELECT gen_random_uuid(), room_id, account_id, 1, stake, 0, 1, accepted_at FROM room.bet";
    assert_eq!(refused(&world, again).await, "bet_one_per_player", "on the other side");
    let taken_back = "INSERT INTO room.bet (id, room_id, account_id, outcome, stake, min_odds, state, accepted_at)
                      SELECT gen_random_uuid(), room_id, account_id, 1, stake, 0, 7, accepted_at FROM room.bet WHERE state <> 7";
    sqlx::query(taken_back).execute(world.db.pool()).await.unwrap();
    assert_eq!(refused(&world, taken_back).await, "bet_taken_back_once");
}

#[tokio::test]
async fn a_question_has_one_live_room_and_a_room_keeps_its_cap() {
    let world = World::start(&[]).await;
    for target in ["165", "170"] {
        world.open(&touch(target)).await.unwrap();
    }
    let same = "UPDATE room.room
                SET (scope_chat_id, kind, asset, rival_asset, comparator, target, bounds, question, deadline) =
                    (SELECT scope_chat_id, kind, asset, rival_asset, comparator, target, bounds, question, deadline
                     FROM room.room ORDER BY number LIMIT 1)";
    assert_eq!(refused(&world, same).await, "room_live_question");
    let beyond = "UPDATE room.room SET max_pool = 9, pools = ARRAY[5, 4], pending_stakes = 1";
    assert_eq!(refused(&world, beyond).await, "room_pool_cap");
    for (change, constraint) in [
        ("pending = 1, frozen_at = now()", "room_check"),
        ("pending_stakes = -1", "room_pending_stakes_check"),
        ("deadline = lock_at", "room_check"),
        ("state = 5", "room_check"),
        ("target = NULL", "room_target_of_kind"),
    ] {
        let sql = sqlx::AssertSqlSafe(format!("UPDATE room.room SET {change} WHERE number = 1"));
        let error = sqlx::query(sql).execute(world.db.pool()).await.unwrap_err();
        let error = error.into_database_error().unwrap();
        let found = error.constraint().unwrap_or_default();
        assert!(found.starts_with(constraint), "{change}: {found}");
    }
    assert_eq!(refused(&world, "DELETE FROM room.statement").await, "42501");
}

/// What each batch of bets changes stands in no index, in its columns or in its condition: every index of the room would be
/// written anew with it.
#[tokio::test]
async fn a_bet_writes_no_index_of_its_room() {
    let world = World::start(&[]).await;
    let named = "SELECT array_agg(indexrelid::regclass::text) FROM pg_index
                 WHERE indrelid = 'room.room'::regclass
                   AND pg_get_indexdef(indexrelid) ~ '\\m(seats|pools|pending|pending_stakes|version)\\M'";
    let named: Option<Vec<String>> = sqlx::query_scalar(named).fetch_one(world.db.superuser()).await.unwrap();
    assert_eq!(named, None);
}
