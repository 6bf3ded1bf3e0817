//! Accounts whose owners can be reached.

use crate::{
    eventually,
    world::{World, account, registration},
};
use proto::notifier::RegisterContactDone;
use uuid::Uuid;

#[tokio::test]
async fn a_registration_is_answered_as_often_as_it_is_asked() {
    let world = World::new(&[]).await;
    let command = registration(account(0));
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
    assert_eq!(world.count("SELECT count(*) FROM notifier.contact").await, 1);
}
