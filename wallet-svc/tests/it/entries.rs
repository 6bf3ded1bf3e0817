//! Whoever writes a balance without its entries, an entry without its balance, or both without the chain, stops
//! withdrawals.

use crate::world::{SOL, World, eventually};
use proto::{AccountId, Lamports};
use sqlx::Executor as _;
use wallet_svc::{domain::pause::Cause, store};

/// A world whose accounts are compared all the time.
async fn watched() -> (World, AccountId) {
    let mut world = World::parts().await;
    let url = world.chain.url();
    world.serve(&[&url], &[("ENTRIES_PAUSE", "200ms")]).await;
    world.fund_capital(SOL).await;
    let account = world.rich_account(2 * SOL).await;
    eventually("compared", || async { check(&world).await.is_some_and(|check| check.accounts > 3) }).await;
    assert_eq!(check(&world).await.unwrap().wrong, 0);
    assert!(!world.paused().await);
    (world, account)
}

async fn check(world: &World) -> Option<store::entry_check::EntryCheck> {
    store::entry_check::last(world.db.pool()).await.unwrap()
}

/// A superuser who knows about the triggers.
async fn tamper(world: &World, change: String) {
    let mut connection = world.db.superuser().acquire().await.unwrap();
    connection.execute("SET session_replication_role = replica").await.unwrap();
    let changed = connection.execute(sqlx::AssertSqlSafe(change)).await.unwrap();
    assert!(changed.rows_affected() > 0);
    connection.execute("RESET session_replication_role").await.unwrap();
}

async fn pause(world: &World) -> store::pause::Pause {
    eventually("paused", || world.paused()).await;
    let pauses = store::pause::all(world.db.pool()).await.unwrap();
    assert_eq!(pauses.len(), 1, "{pauses:?}");
    pauses.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_balance_without_entries_pauses_withdrawals() {
    let (world, account) = watched().await;
    let change = format!(
        "UPDATE wallet.ledger_account SET balance = balance + 7 WHERE kind = 1 AND owner = '{account}'"
    );
    tamper(&world, change).await;
    let pause = pause(&world).await;
    assert_eq!(pause.cause, Cause::Drift);
    let (now, before) = (2 * SOL + 7, 2 * SOL);
    let text =
        format!("available of {account}: the balance is {now} lamports, its entries sum up to {before}");
    // A comparison that was past the account when it was changed sees the sum of all first.
    let sum = "all balances sum up to 7 lamports, not to zero";
    assert!(pause.reason == text || pause.reason == sum, "{}", pause.reason);
    eventually("told", || async { check(&world).await.unwrap().first == text }).await;
    // The account, and the sum of all.
    assert_eq!(check(&world).await.unwrap().wrong, 2);
}

#[tokio::test]
async fn a_changed_entry_pauses_withdrawals() {
    let (world, account) = watched().await;
    let change =
        format!("UPDATE wallet.entry SET lamports = lamports - 1 WHERE kind = 1 AND owner = '{account}'");
    tamper(&world, change).await;
    let pause = pause(&world).await;
    assert_eq!(pause.cause, Cause::Drift);
    assert!(pause.reason.starts_with(&format!("available of {account}: ")), "{}", pause.reason);
}

/// Entries and balances fit, and so does the chain: but no withdrawal has this money, so nobody would ever get it back.
#[tokio::test]
async fn a_reserve_that_no_withdrawal_has_pauses_withdrawals() {
    let (world, account) = watched().await;
    tamper(
        &world,
        format!(
            "WITH new AS (
                 INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
                 SELECT tx, kind, '{account}', lamports, tx, 1, wallet.db_clock()
                 FROM (SELECT gen_random_uuid() AS tx) AS t, (VALUES (1, -5), (2, 5)) AS e (kind, lamports)
                 RETURNING kind, owner, lamports
             )
             UPDATE wallet.ledger_account AS a SET balance = balance + new.lamports
             FROM new WHERE a.kind = new.kind AND a.owner = new.owner"
        ),
    )
    .await;
    let pause = pause(&world).await;
    assert_eq!(pause.cause, Cause::Drift);
    let text = format!("held of {account}: the balance is 5 lamports, its withdrawals sum up to 0");
    assert_eq!(pause.reason, text);
    assert_eq!(world.drift().await, Some(Lamports::ZERO));
}

#[tokio::test]
async fn money_out_of_nothing_is_missing_on_chain() {
    let (world, account) = watched().await;
    // Entries and balances that fit each other perfectly.
    tamper(
        &world,
        format!(
            "WITH new AS (
                 INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
                 SELECT tx, kind, owner, lamports, tx, 1, wallet.db_clock()
                 FROM (SELECT gen_random_uuid() AS tx) AS t,
                      (VALUES (1, '{account}'::uuid, 5), (9, '00000000-0000-0000-0000-000000000000', -5)) AS e (kind, owner, lamports)
                 RETURNING kind, owner, lamports
             )
             UPDATE wallet.ledger_account AS a SET balance = balance + new.lamports
             FROM new WHERE a.kind = new.kind AND a.owner = new.owner"
        ),
    )
    .await;
    let pause = pause(&world).await;
    assert_eq!(pause.cause, Cause::Drift);
    assert!(pause.reason.contains("chain"), "{}", pause.reason);
    assert_eq!(world.drift().await, Some(Lamports::new(-5)));
    assert_eq!(check(&world).await.unwrap().wrong, 0);
}
