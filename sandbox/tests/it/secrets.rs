//! Planted secrets: a user deposits, adds an authenticator and withdraws in a whole world that logs at TRACE and exports
//! its traces. Then everything that left a process is searched for key material, in every form it could have taken.
//!
//! The searcher is shown to find what it looks for: in each form, and leaked on purpose into each channel.

mod channels;
mod needles;

use crate::collector::Collector;
use channels::{Channel, Ear};
use needles::Needle;
use sandbox::{
    botapi::{Game, Player, Shown},
    world::{Part, World, WorldOptions},
};
use servers::{scratch::Scratch, turnkey::Turnkey};
use solana_pubkey::Pubkey;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use uuid::Uuid;
use wallet_svc::keys::{KeyOwner, MasterKey, Sealed};

/// One world at a time.
static WORLDS: Semaphore = Semaphore::const_new(1);
const ORGANIZATION: &str = "0190a3b2-0000-7000-8000-00000000000a";
/// A machine that others use, too.
const PATIENCE: Duration = Duration::from_secs(90);

#[test]
fn a_secret_is_found_in_every_form_and_at_every_place() {
    let secret: [u8; 32] = std::array::from_fn(|at| u8::try_from(7 + 5 * at).unwrap());
    let needle = Needle::new("secret", &secret);
    assert!(needle.forms().len() >= 10);
    for (form, written) in needle.forms() {
        for before in 0..4 {
            let haystack = [b"abc".get(..before).unwrap_or(b"xyz"), written, b"\"}"].concat();
            assert_eq!(needle.found_in(&haystack), Some(*form));
        }
    }
    // In the middle of something longer that is in base64 as a whole.
    for before in 0..3 {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let message = [&vec![1; before], secret.as_slice(), &[9; 5]].concat();
        assert!(needle.found_in(STANDARD.encode(message).as_bytes()).is_some(), "{before} bytes before it");
    }
    assert_eq!(needle.found_in(&[7; 4_000]), None);
}

#[tokio::test]
async fn nothing_leaks_from_the_local_key_store() {
    play(None).await;
}

#[tokio::test]
async fn nothing_leaks_with_a_remote_signer() {
    let private = "3c".repeat(32);
    let turnkey = Turnkey::start(ORGANIZATION, &Turnkey::public_key_of(&private).unwrap()).await.unwrap();
    play(Some((&turnkey, &private))).await;
}

async fn play(turnkey: Option<(&Turnkey, &str)>) {
    let _world = WORLDS.acquire().await.unwrap();
    let scratch = Scratch::create().unwrap();
    let collector = Collector::start().await;
    let mut options = WorldOptions {
        fresh: true,
        program: env!("CARGO_BIN_EXE_sandbox").into(),
        ..WorldOptions::new(scratch.path()).elsewhere().unwrap()
    };
    options.variables = vec![("LOG".into(), "trace".into()), ("OTLP_ENDPOINT".into(), collector.url.clone())];
    if let Some((turnkey, private)) = turnkey {
        let remote = [
            ("SIGNER", "turnkey"),
            ("TURNKEY_URL", turnkey.url.as_str()),
            ("TURNKEY_ORGANIZATION", ORGANIZATION),
            ("TURNKEY_API_KEY", private),
        ];
        options.variables.extend(remote.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    let world = World::start(options).await.unwrap();
    let ear = Ear::open(&world).await;

    let evening = Evening::play(&world).await;
    let mut needles = needles_of(&world, turnkey.map(|(_, private)| private)).await;
    needles.push(Needle::new("authenticator", &evening.totp));

    // Leaked on purpose, into each channel by its own road.
    let control: [u8; 32] = rand::random();
    let leak = hex::encode(control);
    evening.player.say(&leak).await.unwrap();
    ear.leak(&leak).await;
    collector.leak(&leak).await;
    let database = channels::database(&world.addresses().postgres, Some(&leak)).await;
    let folder = world.folder().path().to_owned();
    let logs = world.folder().logs().unwrap();
    std::fs::write(logs.join("control.log"), &leak).unwrap();
    let telegram = world.folder().part(Part::Telegram);
    let heard = ear.heard().await;
    world.stop().await;

    let channels = [
        Channel::new("logs", channels::files(&logs)),
        Channel::new("traces", collector.received()),
        Channel::new("broker", heard),
        Channel::new("database", database),
        // The message in which its owner was shown the secret is where it belongs; it is gone from the chat.
        Channel::new("Bot API", channels::telegram(&telegram, evening.shown_in)),
    ];
    let at_trace = |(name, bytes): &(String, Vec<u8>)| {
        name.contains("wallet-svc") && String::from_utf8_lossy(bytes).contains("TRACE")
    };
    assert!(channels[0].parts().iter().any(at_trace), "wallet-svc does not log at TRACE");
    let control = Needle::new("control", &control);
    for channel in &channels {
        assert!(channel.size() > 1_000, "{} carried {} bytes", channel.name, channel.size());
        assert_eq!(channel.search(&[&control]).len(), 1, "a leak into {} is not found", channel.name);
    }
    let needles: Vec<&Needle> = needles.iter().collect();
    let leaks: Vec<String> = channels.iter().flat_map(|channel| channel.search(&needles)).collect();
    assert!(leaks.is_empty(), "{leaks:#?} (the world was in {})", folder.display());
}

/// What was played, and what of it is secret.
struct Evening {
    player: Player,
    totp: Vec<u8>,
    /// The message with the secret.
    shown_in: i64,
}

impl Evening {
    async fn play(world: &World) -> Self {
        let player = Game::new(&world.addresses().page).player("Eve").await.unwrap().patient(PATIENCE);
        let evening = |text: &'static str| say(&player, text.to_owned());
        let terms = evening("/start")("Welcome to ROOMS").await;
        tap(&player, &terms, "I am 18+", "Your desk").await;
        let deposit = evening("/deposit")("Send SOL to your address").await;
        let mut lines = deposit.text.lines().skip_while(|line| !line.contains("Send SOL to your address"));
        let address: Pubkey = lines.nth(1).unwrap().parse().unwrap();
        let outside = world.outside();
        let own = outside.address(player.id()).unwrap();
        outside.airdrop(&own, 3_000_000_000).await.unwrap();
        outside.send(player.id(), &address, 2_000_000_000).await.unwrap();
        hears(&player, "Deposit credited").await;

        let settings = evening("/settings")("Settings").await;
        let scan = tap(&player, &settings, "Add an authenticator", "Scan the picture").await;
        assert!(!scan.message.photo.is_empty(), "no picture");
        let secret = scan.text.lines().find(|line| line.len() == 32).unwrap();
        let totp = needles::from_base32(secret);
        let confirm = say(&player, code(&totp, 0))("Add the authenticator with this code?").await;
        tap(&player, &confirm, "Yes, use the code", "Your authenticator is added").await;
        hears(&player, "An authenticator was added").await;
        crate::eventually("the secret is gone from the chat", || async {
            let left = player.messages().await.unwrap();
            left.iter().all(|one| one.deleted || one.message_id != scan.message_id)
        })
        .await;

        evening("/withdraw")("Send me the Solana address").await;
        say(&player, own.to_string())("How much?").await;
        evening("0.5")("six digits that your authenticator shows").await;
        let typed = code(&totp, 1);
        let preview = say(&player, typed.clone())("Check it once more").await;
        tap(&player, &preview, "Confirm", "Withdrawal 0.5 SOL").await;
        hears(&player, "final on chain").await;
        let left = player.messages().await.unwrap();
        assert!(left.iter().all(|one| one.deleted || one.text != typed), "the code is still in the chat");
        Self { player, totp, shown_in: scan.message_id }
    }
}

#[expect(clippy::disallowed_methods, reason = "an authenticator app has the machine's clock")]
fn code(secret: &[u8], steps: i64) -> String {
    let at = OffsetDateTime::now_utc() + time::Duration::seconds(30 * steps);
    wallet_svc::domain::totp::code_at(secret, at).unwrap()
}

/// Says something; the answer is awaited with words that are in it.
fn say(player: &Player, text: String) -> impl AsyncFnOnce(&str) -> Shown {
    async move |wanted: &str| {
        let said = player.say(&text).await.unwrap();
        let answers = |one: &Shown| one.from_bot && one.seq > said.seq && one.text.contains(wanted);
        player.wait_for(answers).await.unwrap_or_else(|error| panic!("{text:?}: {error:#}"))
    }
}

async fn tap(player: &Player, on: &Shown, label: &str, wanted: &str) -> Shown {
    player.press(on, label).await.unwrap();
    let answers = |one: &Shown| one.from_bot && one.seq > on.seq && one.text.contains(wanted);
    player.wait_for(answers).await.unwrap_or_else(|error| panic!("{label:?}: {error:#}"))
}

async fn hears(player: &Player, wanted: &str) -> Shown {
    player.wait_for(|one| one.from_bot && one.text.contains(wanted)).await.unwrap()
}

/// Everything that must stay where it is.
async fn needles_of(world: &World, api_key: Option<&str>) -> Vec<Needle> {
    let text = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    let master = text(world.folder().key_file().unwrap());
    let mut needles = vec![
        Needle::new("master key", &hex::decode(master.trim()).unwrap()),
        Needle::new(
            "key of personal data",
            &hex::decode(text(world.folder().people_file().unwrap()).trim()).unwrap(),
        ),
    ];
    let kept: serde_json::Value =
        serde_json::from_str(&text(world.folder().path().join("world.json"))).unwrap();
    let webhook = kept.pointer("/secrets/webhook secret").and_then(|secret| secret.as_str()).unwrap();
    needles.push(Needle::new("webhook secret", webhook.as_bytes()));
    needles.extend(api_key.map(|key| Needle::new("Turnkey's API key", &hex::decode(key).unwrap())));

    let pool = sqlx::PgPool::connect(&world.addresses().postgres).await.unwrap();
    let keys: Vec<(Uuid, Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT owner, address, sealed FROM wallet.key").fetch_all(&pool).await.unwrap();
    assert!(keys.len() >= 2, "treasury and one account");
    if api_key.is_none() {
        let master = MasterKey::try_from_hex(&master).unwrap().into();
        let masters: wallet_svc::keys::Masters = master;
        for (owner, address, sealed) in keys {
            let address = Pubkey::try_from(address.as_slice()).unwrap();
            let seed = masters.open(Sealed::Key(KeyOwner::from_id(owner), &address), &sealed).unwrap();
            needles.push(Needle::new(&format!("seed of {address}"), &seed));
        }
    }
    needles
}
