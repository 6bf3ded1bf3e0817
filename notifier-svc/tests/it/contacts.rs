//! Where accounts are reached.

use crate::{
    events::deposit,
    eventually,
    world::{World, account, registration},
};
use proto::{frame::Message, notifier::RegisterContactDone, wallet::DepositState};
use uuid::Uuid;

#[tokio::test]
async fn a_registration_is_answered_as_often_as_it_is_asked() {
    let world = World::new(&[]).await;
    let command = registration(account(0), 77);
    let id = Uuid::from_slice(&command.id).unwrap();
    let heard = || world.gateway.heard.lock().unwrap().outcomes.get(&id).map_or(0, Vec::len);
    world.tell(std::slice::from_ref(&command)).await;
    eventually("answered", || async { heard() > 0 }).await;
    let before = heard();
    world.tell_again(&command, ":r1").await;
    eventually("answered again", || async { heard() > before }).await;
    let outcomes = world.gateway.heard.lock().unwrap().outcomes.remove(&id).unwrap();
    for outcome in outcomes {
        assert_eq!(outcome.decided::<RegisterContactDone>().unwrap(), Ok(RegisterContactDone {}));
    }
    assert_eq!(world.count("SELECT count(*) FROM notifier.contact WHERE chat_id = 77").await, 1);
}

#[tokio::test]
async fn the_newer_contact_stands() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let (old, new) = (registration(account(0), 77), registration(account(0), 88));
    let id = |command: &Message| Uuid::from_slice(&command.id).unwrap();
    let answers = |id: Uuid| world.gateway.heard.lock().unwrap().outcomes.get(&id).map_or(0, Vec::len);
    for (number, command) in [(1, &old), (2, &new)] {
        world.tell(std::slice::from_ref(command)).await;
        eventually("answered", || async { answers(id(command)) > 0 }).await;
        world.tell(&[deposit(account(0), number, DepositState::Credited)]).await;
        world.all_done(number.into()).await;
    }
    let before = answers(id(&old));
    world.tell_again(&old, ":r1").await;
    eventually("answered again", || async { answers(id(&old)) > before }).await;
    world.tell(&[deposit(account(0), 3, DepositState::Credited)]).await;
    world.all_done(3).await;
    let chats: Vec<i64> = world.gateway.told().iter().map(|deliver| deliver.chat_id).collect();
    assert_eq!(chats, [77, 88, 88]);
}
