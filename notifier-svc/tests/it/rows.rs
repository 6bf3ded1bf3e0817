//! What the database itself refuses.

use crate::{
    events::deposit,
    eventually,
    world::{World, account, accounts},
};
use proto::wallet::DepositState;

#[tokio::test]
async fn ends_stand_and_one_notification_of_an_account_is_in_hand() {
    let world = World::new(&[]).await;
    world.register(&accounts(1)).await;
    let two = [1, 2].map(|number| deposit(account(0), number, DepositState::Credited));
    world.tell(&two).await;
    world.all_stored(2).await;
    eventually("in hand", || async { world.gateway.told().len() == 1 }).await;
    let refused = async |change: &'static str| {
        let error = sqlx::query(change).execute(world.db.pool()).await.unwrap_err();
        error.into_database_error().unwrap().code().unwrap().into_owned()
    };
    let second =
        "UPDATE notifier.notification SET state = 'RELEASED', released_at = now() WHERE state = 'WAITING'";
    assert_eq!(refused(second).await, "23505");
    let endless = "UPDATE notifier.notification SET state = 'SENT' WHERE state = 'RELEASED'";
    assert_eq!(refused(endless).await, "23514");
    world.gateway.open();
    world.all_done(2).await;
    assert_eq!(refused("UPDATE notifier.notification SET error = 'changed'").await, "23514");
    assert_eq!(refused("INSERT INTO notifier.turnstile DEFAULT VALUES").await, "23505");
}
