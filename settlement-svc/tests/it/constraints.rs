//! What the database refuses, whoever asks.

use crate::{
    eventually,
    room::{Room, touched},
    world::World,
};
use prost::Name;
use proto::wallet::{AnchorReceipt, PostPayouts};

async fn refused(world: &World, sql: &'static str) -> String {
    let error = sqlx::query(sql).execute(world.db.pool()).await.unwrap_err();
    let error = error.as_database_error().unwrap();
    assert_eq!(error.code().as_deref(), Some("23514"), "{sql}: {error}");
    error.message().to_owned()
}

#[tokio::test]
async fn the_verdict_may_change_until_payouts_are_under_way() {
    let world = World::new().await;
    world.misbehave(|all| {
        all.unavailable.insert("bets", u32::MAX);
        all.lose.insert(PostPayouts::full_name(), 1);
    });
    let room = Room::ordinary(1);
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    eventually("frozen", || async { world.state(room.id).await.as_deref() == Some("FROZEN") }).await;
    sqlx::query("UPDATE settlement.settlement SET price = '165.03', version = version + 1")
        .execute(world.db.pool())
        .await
        .unwrap();

    world.misbehave(|all| all.unavailable.clear());
    world.anchored(&room).await;
    assert_eq!(world.traces(&room).await.verdict.unwrap().price, "165.03");
    let change = "UPDATE settlement.settlement SET outcome = 1, version = version + 1";
    assert_eq!(refused(&world, change).await, "payouts are under way: the verdict stands");
}

#[tokio::test]
async fn nothing_goes_back_and_facts_are_written_once() {
    let world = World::new().await;
    let room = Room::ordinary(1);
    world.misbehave(|all| {
        all.lose.insert(AnchorReceipt::full_name(), 1);
    });
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    for (sql, message) in [
        (
            "UPDATE settlement.settlement SET state = 'POSTED', version = version + 1",
            "a settlement does not go back",
        ),
        ("UPDATE settlement.settlement SET settled_at = settled_at", "a settlement does not go back"),
        ("UPDATE settlement.frozen SET room_number = 9", "frozen is written once"),
        ("UPDATE settlement.book SET host_fee_lamports = 0", "book is written once"),
        ("UPDATE settlement.line SET payout_lamports = payout_lamports + 1", "line is written once"),
        ("DELETE FROM settlement.line", "line is written once"),
        ("DELETE FROM settlement.posted_chunk", "posted_chunk is written once"),
        ("UPDATE settlement.receipt SET memo = 'other'", "receipt is written once"),
        ("DELETE FROM settlement.series_page", "series_page is written once"),
    ] {
        assert_eq!(refused(&world, sql).await, message, "{sql}");
    }
    let winner_below_stake = "INSERT INTO settlement.line
        SELECT room_id, gen_random_uuid(), chunk, account_id, outcome, stake_lamports, accepted_at,
               min_odds_percent, fate, stake_lamports - 1
        FROM settlement.line WHERE fate = 'WON'";
    assert!(refused(&world, winner_below_stake).await.contains("line_check"));
}

/// A room has one verdict, one book and each of its facts once, and a book gives away no more than it has.
#[tokio::test]
async fn a_room_is_settled_once_and_out_of_its_own_money() {
    let world = World::new().await;
    let room = Room::ordinary(1);
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    let book = "INSERT INTO settlement.book (room_id, outcome, void_reason, pools_lamports, protocol_fee_lamports,
                    host_fee_lamports, root, chunks, referral_lamports)
                SELECT room_id, outcome, void_reason, pools_lamports, protocol_fee_lamports, host_fee_lamports, root,
                    chunks, referral_lamports FROM settlement.book";
    let with = |column: &str, value: &str| {
        let (columns, values) = book.split_once("SELECT").unwrap();
        format!("{columns}SELECT{}", values.replacen(column, value, 1))
    };
    for (constraint, sql) in [
        ("settlement_pkey", "INSERT INTO settlement.settlement (room_id, outcome) SELECT room_id, 1 FROM settlement.settlement".to_owned()),
        ("book_pkey", book.to_owned()),
        ("line_pkey", "INSERT INTO settlement.line SELECT * FROM settlement.line LIMIT 1".to_owned()),
        ("posted_chunk_pkey", "INSERT INTO settlement.posted_chunk SELECT * FROM settlement.posted_chunk LIMIT 1".to_owned()),
        ("book_check2", with("referral_lamports", "protocol_fee_lamports + 1")),
        ("book_host_fee_lamports_check", with("host_fee_lamports", "-1")),
        // A void room has no fee, and is no outcome besides.
        ("book_check1", with("outcome, void_reason", "NULL, 'TIE'")),
        ("book_check", with("void_reason", "'TIE'")),
    ] {
        let error = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).execute(world.db.pool()).await.unwrap_err();
        let error = error.into_database_error().unwrap();
        assert_eq!(error.constraint(), Some(constraint), "{sql}: {error}");
    }
}
