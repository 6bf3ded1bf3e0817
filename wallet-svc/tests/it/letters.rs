//! A dead letter is handled again once its cause is gone, and an operator says so.

use crate::{
    bank::{chunk, stake_hold},
    office::{Office, signed},
    world::{SOL, eventually},
};
use proto::{
    Refusal, RoomId,
    common::{Outcome, RefusalCode},
    letters::{
        DeadLetter, ListDeadLettersRequest, ReplayDeadLetter, ReplayDeadLetterDone, ReplayDeadLetterRequest,
        dead_letter_service_client::DeadLetterServiceClient,
    },
    wallet::{HoldStakes, PayoutsPosted, StakesDecided},
};
use solana_keypair::Keypair;
use std::{collections::BTreeSet, sync::Mutex};
use tonic::{Code, transport::Channel};
use uuid::Uuid;

struct Letters<'a> {
    office: &'a Office,
    client: DeadLetterServiceClient<Channel>,
}

impl<'a> Letters<'a> {
    async fn of(office: &'a Office) -> Self {
        let url = format!("http://{}", office.world.grpc());
        Self { office, client: DeadLetterServiceClient::connect(url).await.unwrap() }
    }

    async fn list(&self) -> Vec<DeadLetter> {
        let request = ListDeadLettersRequest { size: 0 };
        self.client.clone().list_dead_letters(request).await.unwrap().into_inner().letters
    }

    /// Signed in a second of its own: the same words in the same second are one signature.
    async fn request(&self, key: &Keypair, service: &str, message: Uuid) -> ReplayDeadLetterRequest {
        static TAKEN: Mutex<BTreeSet<i64>> = Mutex::new(BTreeSet::new());
        let mut at = self.office.now().await;
        while !TAKEN.lock().unwrap().insert(at.unix_timestamp()) {
            at -= time::Duration::SECOND;
        }
        let command = signed(key, at, |by| ReplayDeadLetter {
            service: service.to_owned(),
            message_id: message.as_bytes().to_vec(),
            by: Some(by),
        });
        ReplayDeadLetterRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command: Some(command) }
    }

    async fn ask(&self, request: ReplayDeadLetterRequest) -> Outcome {
        self.client.clone().replay_dead_letter(request).await.unwrap().into_inner().outcome.unwrap()
    }

    async fn replay(&self, key: &Keypair, service: &str, message: Uuid) -> Result<DeadLetter, Refusal> {
        let outcome = self.ask(self.request(key, service, message).await).await;
        outcome.decided::<ReplayDeadLetterDone>().unwrap().map(|done| done.letter.unwrap())
    }
}

#[tokio::test]
async fn a_payout_that_came_before_its_stake_is_posted_after_all() {
    let office = Office::open(&[]).await;
    let account = office.world.rich_account(SOL).await;
    let (room, message) = (RoomId::new(Uuid::now_v7()), Uuid::now_v7());
    let stake = stake_hold(Uuid::now_v7(), account, room, 100);
    let payout = chunk(room, 0, 1, &[(Uuid::from_slice(&stake.bet_id).unwrap(), 100)]);
    office.publish(message, &payout).await;
    let letters = Letters::of(&office).await;
    eventually("put aside", || async { letters.list().await.len() == 1 }).await;
    let letter = letters.list().await.pop().unwrap();
    assert_eq!(
        (&*letter.message_id, &*letter.r#type),
        (&message.as_bytes()[..], "rooms.wallet.v1.PostPayouts")
    );
    assert!(letter.reason.contains("no hold") && letter.replay_asked_at.is_none(), "{letter:?}");

    let [olga, _] = &office.operators;
    for (key, service, id, code) in [
        (&Keypair::new(), "wallet", message, RefusalCode::OperatorSignature),
        (olga, "room", message, RefusalCode::Malformed),
        (olga, "wallet", Uuid::now_v7(), RefusalCode::NotFound),
    ] {
        assert_eq!(letters.replay(key, service, id).await.unwrap_err().code, code);
    }
    assert!(letters.list().await[0].replay_asked_at.is_none());

    // It fails again, and is there again.
    assert!(letters.replay(olga, "wallet", message).await.unwrap().replay_asked_at.is_some());
    eventually("put aside again", || async { letters.list().await[0].replay_asked_at.is_none() }).await;
    assert_eq!(office.world.told::<PayoutsPosted>().await, []);

    office.publish(Uuid::now_v7(), &HoldStakes { items: vec![stake] }).await;
    eventually("held", || async { !office.world.told::<StakesDecided>().await.is_empty() }).await;
    let request = letters.request(olga, "wallet", message).await;
    let outcome = letters.ask(request.clone()).await;
    outcome.decided::<ReplayDeadLetterDone>().unwrap().unwrap();
    // Both replicas may come to the letter in one moment; the second tells again what the first has posted.
    eventually("posted", || async { !office.world.told::<PayoutsPosted>().await.is_empty() }).await;
    eventually("no letter any more", || async { letters.list().await.is_empty() }).await;
    assert_eq!(office.world.available(account).await, SOL);
    let told = office.world.told::<PayoutsPosted>().await;
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    assert_eq!(letters.ask(request.clone()).await, outcome, "the same request is the same answer");
    let other = ReplayDeadLetterRequest {
        request_id: request.request_id,
        ..letters.request(olga, "wallet", Uuid::now_v7()).await
    };
    let status = letters.client.clone().replay_dead_letter(other).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    assert_eq!(letters.replay(olga, "wallet", message).await.unwrap_err().code, RefusalCode::NotFound);
    office.world.check_books().await;
}
