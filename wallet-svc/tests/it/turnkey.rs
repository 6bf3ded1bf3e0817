//! The remote signer, against a server that speaks Turnkey's wire format and verifies every stamp.

use crate::world::{SOL, World, eventually};
use chassis::Clock;
use proto::{AccountId, Lamports};
use servers::turnkey::{Faults, Turnkey as Server};
use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use solana_system_interface::instruction as system;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    domain::withdrawal::State,
    keys::{
        ApiKey, Authorization, KeyOwner, Operators, Order, Policy, PolicyError, SealedKey, Signer,
        SignerError, Turnkey, TurnkeyError, TurnkeySettings,
    },
};

const ORGANIZATION: &str = "0190a3b2-0000-7000-8000-00000000000a";

fn api_key() -> String {
    "3c".repeat(32)
}

async fn server() -> Server {
    Server::start(ORGANIZATION, &Server::public_key_of(&api_key()).unwrap()).await.unwrap()
}

fn client(server: &Server, world: &World, key: &str) -> Turnkey {
    // As the service does at its start.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = TurnkeySettings {
        url: server.url.clone(),
        organization: ORGANIZATION.to_owned(),
        wallet: "rooms".to_owned(),
        timeout: Duration::from_secs(1),
        api_key: ApiKey::try_from_hex(key).unwrap(),
    };
    let policy = Policy::new(Operators::default(), Lamports::MAX, Lamports::new(5_000));
    Turnkey::try_new(settings, policy, Clock::new(world.db.pool().clone())).unwrap()
}

fn account() -> KeyOwner {
    KeyOwner::Account(AccountId::new(Uuid::now_v7()))
}

fn sweep(from: &SealedKey, to: &SealedKey, lamports: u64) -> Vec<u8> {
    let transfer = system::transfer(&from.address, &to.address, lamports);
    let message = v0::Message::try_compile(&to.address, &[transfer], &[], Hash::default()).unwrap();
    VersionedMessage::V0(message).serialize()
}

fn order<'a>(message: &'a [u8], keys: &'a [SealedKey], committed_at: OffsetDateTime) -> Order<'a> {
    Order { message, keys, authorization: &Authorization::Sweep, committed_at }
}

#[expect(clippy::disallowed_methods, reason = "the time of the server, which is outside of ours")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

#[tokio::test]
async fn addresses_are_made_once_and_sign() {
    let world = World::parts().await;
    let server = server().await;
    let turnkey = client(&server, &world, &api_key());
    let (treasury, owner) = (turnkey.create(KeyOwner::Treasury).await.unwrap(), account());
    let source = turnkey.create(owner).await.unwrap();
    // Another replica, and this one after a restart, find what is there.
    let again = client(&server, &world, &api_key()).create(owner).await.unwrap();
    assert_eq!(source, again);
    assert_eq!(server.activities().iter().filter(|one| one.kind.ends_with("CREATE_WALLET")).count(), 1);

    let (message, keys) = (sweep(&source, &treasury, 5), [treasury, source]);
    let at = now();
    let first = turnkey.sign(&order(&message, &keys, at)).await.unwrap();
    let signed =
        first.iter().zip(&keys).all(|(signature, key)| signature.verify(key.address.as_ref(), &message));
    assert!(signed && first.len() == 2);
    // Another activity for the same message: another time, the same Ed25519 signature.
    let later = turnkey.sign(&order(&message, &keys, at + Duration::from_secs(1))).await.unwrap();
    assert_eq!(first, later);
    let signatures = server.activities().iter().filter(|one| one.kind.contains("SIGN_RAW")).count();
    assert_eq!(signatures, 4);
    // A message that waited behind a pause is asked for as of now, once.
    // The time that it gets has begun a second ago and holds for two minutes.
    let waited = now() - Duration::from_secs(3_601);
    assert_eq!(turnkey.sign(&order(&message, &keys, waited)).await.unwrap(), first);
    assert_eq!(turnkey.sign(&order(&message, &keys, waited)).await.unwrap(), first);
    let signatures = server.activities().iter().filter(|one| one.kind.contains("SIGN_RAW")).count();
    assert_eq!(signatures, 6, "two more, and the second time the same two");
    // Nothing is asked of Turnkey that the policy refuses.
    let refused = turnkey.sign(&order(&message, &keys[..1], at)).await.unwrap_err();
    assert!(matches!(refused, SignerError::Policy(PolicyError::Signers)));
    assert_eq!(server.activities().iter().filter(|one| one.kind.contains("SIGN_RAW")).count(), signatures);
}

#[tokio::test]
async fn an_activity_that_waits_for_somebody_is_asked_for_and_not_repeated() {
    let world = World::parts().await;
    let server = server().await;
    let turnkey = client(&server, &world, &api_key());
    let keys = [turnkey.create(KeyOwner::Treasury).await.unwrap(), turnkey.create(account()).await.unwrap()];
    let message = sweep(&keys[1], &keys[0], 5);
    let at = now();
    server.set(Faults { needs_approval: true, ..Faults::default() });
    for _ in 0..3 {
        // Also by another process: what makes it the same request is in the database.
        let replica = client(&server, &world, &api_key());
        let waits = replica.sign(&order(&message, &keys, at)).await.unwrap_err();
        assert!(matches!(waits, SignerError::Turnkey(TurnkeyError::NeedsApproval(_))), "{waits:?}");
    }
    let signing = |server: &Server| {
        let activities = server.activities();
        activities.into_iter().filter(|one| one.kind.contains("SIGN_RAW")).collect::<Vec<_>>()
    };
    assert_eq!(signing(&server).iter().map(|one| one.submissions).collect::<Vec<_>>(), [3]);
    server.set(Faults::default());
    server.approve_all();
    assert_eq!(turnkey.sign(&order(&message, &keys, at)).await.unwrap().len(), 2);
    assert!(signing(&server).iter().all(|one| one.completed));
    assert_eq!(signing(&server).len(), 2, "one activity for each of two signatures");
}

#[tokio::test]
async fn slow_failed_and_refused_requests_are_told_apart() {
    let world = World::parts().await;
    let server = server().await;
    let turnkey = client(&server, &world, &api_key());
    let keys = [turnkey.create(KeyOwner::Treasury).await.unwrap(), turnkey.create(account()).await.unwrap()];
    let sign = async |turnkey: &Turnkey, lamports, faults: Faults| {
        server.set(faults);
        let message = sweep(&keys[1], &keys[0], lamports);
        match turnkey.sign(&order(&message, &keys, now())).await {
            Ok(signatures) => Ok(signatures.len()),
            Err(SignerError::Turnkey(error)) => Err(error),
            Err(other) => panic!("{other:?}"),
        }
    };
    let healthy = Faults::default();
    let polled = sign(&turnkey, 1, Faults { pending_looks: 2, ..healthy }).await;
    assert!(matches!(polled, Ok(2)), "{polled:?}");
    let slow = sign(&turnkey, 2, Faults { pending_looks: 1_000, ..healthy }).await;
    assert!(matches!(slow, Err(TurnkeyError::Pending(_))), "{slow:?}");
    let failed = sign(&turnkey, 3, Faults { fails: true, ..healthy }).await;
    assert!(
        matches!(&failed, Err(TurnkeyError::Failed { message, .. }) if message.contains("out of order")),
        "{failed:?}"
    );
    let away = sign(&turnkey, 4, Faults { away: true, ..healthy }).await;
    assert!(matches!(away, Err(TurnkeyError::Refused { status: 503, .. })), "{away:?}");
    let silent = sign(&turnkey, 5, Faults { silent: true, ..healthy }).await;
    assert!(matches!(&silent, Err(TurnkeyError::Http(error)) if error.is_timeout()), "{silent:?}");
    // Somebody else's key.
    let stranger = client(&server, &world, &"4d".repeat(32));
    let refused = sign(&stranger, 6, healthy).await;
    assert!(matches!(refused, Err(TurnkeyError::Refused { status: 401, .. })), "{refused:?}");
    let gone = SealedKey { address: Pubkey::new_from_array([9; 32]), ..keys[1].clone() };
    let message = sweep(&gone, &keys[0], 7);
    let unknown = turnkey.sign(&order(&message, &[keys[0].clone(), gone], now())).await.unwrap_err();
    assert!(
        matches!(unknown, SignerError::Turnkey(TurnkeyError::Refused { status: 404, .. })),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn the_service_deposits_sweeps_and_pays_with_it() {
    let mut world = World::parts().await;
    let server = server().await;
    let key = api_key();
    let settings = [
        ("SIGNER", "turnkey"),
        ("TURNKEY_URL", server.url.as_str()),
        ("TURNKEY_ORGANIZATION", ORGANIZATION),
        ("TURNKEY_API_KEY", key.as_str()),
    ];
    let url = world.chain.url();
    world.serve(&[&url], &settings).await;
    world.fund_capital(SOL).await;
    let account = world.rich_account_of(&client(&server, &world, &key), 2 * SOL).await;
    let to = Keypair::new().pubkey();
    // Somebody at Turnkey looks at it first: it waits, and is not asked for twice.
    server.set(Faults { needs_approval: true, ..Faults::default() });
    let id = world.request(account, &to, SOL).await;
    let waiting = || async {
        let activities = server.activities();
        activities.iter().any(|one| !one.completed && one.submissions > 2)
    };
    eventually("the activity is asked for again", waiting).await;
    assert_eq!(server.activities().iter().filter(|one| !one.completed).count(), 1);
    server.set(Faults::default());
    server.approve_all();
    world.until_state(id, State::Finalized).await;
    assert_eq!(world.outside.lamports(&to).await, SOL - 10_000);
    world.check_books().await;
}
