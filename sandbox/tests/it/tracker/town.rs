//! The people of the scenarios, their wallets and markets.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use proto::common::outcome;
use proto::notifier::{
    SetSmartWallet, SetSmartWalletRequest, notifier_operator_service_client::NotifierOperatorServiceClient,
};
use proto::statement::Statement as _;
use proto::wallet::OperatorSignature;
use rust_decimal::Decimal;
use sandbox::botapi::{Game, Player, Shown};
use sandbox::polymarket::{self, Deed, Fill, Host, Side, Token, life};
use sandbox::world::{DATABASE, World, operators};
use solana_keypair::{Keypair, read_keypair_file};
use solana_signer::Signer as _;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long anybody waits for an answer or an alert.
const PATIENCE: Duration = Duration::from_secs(90);

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often the feed is asked without news before nothing more is expected from it.
const QUIET_LOOKS: u64 = 6;

/// What the scenarios share.
pub struct Town<'a> {
    pub world: &'a World,
    game: Game,
    /// Wallets and markets that nobody plays with yet.
    fresh: Mutex<std::ops::Range<usize>>,
    markets: Mutex<Vec<usize>>,
}

/// Somebody with the chat in hand.
pub struct Person {
    player: Player,
}

impl<'a> Town<'a> {
    pub fn new(world: &'a World) -> Self {
        let markets = world.polymarket().read(|exchange, _| life::tradable(exchange).skip(12).collect());
        let game = Game::new(&world.addresses().page);
        Self { world, game, fresh: Mutex::new(life::MAKERS..60), markets: Mutex::new(markets) }
    }

    pub async fn member(&self, name: &str) -> Result<Person> {
        let person = Person { player: self.game.player(name).await?.patient(PATIENCE) };
        let terms = person.say("/start", "Welcome to ROOMS").await?;
        person.tap(&terms, "I am 18+", "Your desk").await?;
        Ok(person)
    }

    pub async fn wallet(&self) -> usize {
        self.fresh.lock().await.next().unwrap()
    }

    pub async fn market(&self) -> usize {
        self.markets.lock().await.pop().unwrap()
    }

    pub fn address(&self, wallet: usize) -> Result<String> {
        let address = self.world.polymarket().read(|exchange, _| exchange.wallets().get(wallet).cloned());
        Ok(address.context("no such wallet")?.address)
    }

    pub fn question(&self, market: usize) -> Result<String> {
        let found = self.world.polymarket().read(|exchange, _| exchange.markets().get(market).cloned());
        Ok(found.context("no such market")?.question)
    }

    pub fn outcome(&self, market: usize, outcome: usize) -> Result<String> {
        let found = self.world.polymarket().read(|exchange, _| exchange.markets().get(market).cloned());
        Ok(found.context("no such market")?.outcomes[outcome].clone())
    }

    pub fn buys(&self, wallet: usize, market: usize, shares: i64, cents: i64) -> Result<()> {
        self.trades(wallet, market, Side::Buy, shares, cents)
    }

    /// A wallet's order meets that of a maker, who wants the other answer if it is a purchase.
    pub fn trades(&self, wallet: usize, market: usize, side: Side, shares: i64, cents: i64) -> Result<()> {
        let token = Token { market, outcome: 0 };
        let (shares, price) = (Decimal::from(shares), Decimal::new(cents, 2));
        let own = Fill { wallet, token, side, shares, price, taker: true };
        let other = match side {
            Side::Buy => Fill {
                wallet: 0,
                token: Token { outcome: 1, ..token },
                price: Decimal::ONE - price,
                taker: false,
                ..own.clone()
            },
            Side::Sell => Fill { wallet: 0, side: Side::Buy, taker: false, ..own.clone() },
        };
        self.world.polymarket().apply(&Deed::Trade(vec![own, other]))?;
        Ok(())
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, mut so: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !so().await? {
            ensure!(Instant::now() < deadline, "not in time: {what}");
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until the wallet's positions are known as they are.
    pub async fn snapshot(&self, wallet: usize) -> Result<()> {
        let (address, polymarket) = (self.address(wallet)?, self.world.polymarket());
        let mut database = self.world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
        let held = polymarket.read(|exchange, _| {
            let held = exchange.held().of(wallet).filter(|(_, held)| held.shares > Decimal::ZERO);
            held.map(|(_, held)| held.shares).sum::<Decimal>()
        });
        self.until("the wallet's snapshot", async || {
            let known: Option<Decimal> = sqlx::query_scalar(
                "SELECT (SELECT sum(shares) FROM oracle.wallet_position WHERE address = $1)
                 FROM oracle.followed_wallet WHERE address = $1 AND follow AND snapshot_at IS NOT NULL",
            )
            .bind(&address)
            .fetch_optional(&mut database)
            .await?
            .flatten();
            Ok(known == Some(held))
        })
        .await
    }

    /// Waits until the Data API was asked so often again.
    pub async fn asked(&self, times: u64) -> Result<()> {
        let polymarket = self.world.polymarket();
        let all = || -> u64 {
            let routes = ["/v2/trades", "/v2/activity", "/v2/positions"];
            routes.iter().map(|route| polymarket.asked(Host::Data, route).requests).sum()
        };
        let before = all();
        self.until("the Data API is asked again", async || Ok(all() >= before + times)).await
    }

    /// Waits until the feed has shown everything, and was read several times since.
    pub async fn fed_up(&self) -> Result<()> {
        let polymarket = self.world.polymarket();
        let last =
            polymarket.exchange().tape().rows().iter().map(|row| row.visible_at).max().unwrap_or_default();
        self.until("everything is visible", async || Ok(polymarket::now() > last)).await?;
        let before = polymarket.asked(Host::Data, "/v2/trades").requests;
        self.until("the feed is read again", async || {
            Ok(polymarket.asked(Host::Data, "/v2/trades").requests >= before + QUIET_LOOKS)
        })
        .await
    }

    /// An operator puts a wallet on the list.
    pub async fn list_as_smart(&self, wallet: usize, label: &str) -> Result<()> {
        let key: Keypair = read_keypair_file(self.world.folder().path().join(operators::FILES[0]))
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        #[expect(clippy::disallowed_methods, reason = "an operator has the machine's clock")]
        let now = time::OffsetDateTime::now_utc();
        let mut by = OperatorSignature {
            operator: key.pubkey().to_string(),
            signed_at: Some(proto::timestamp(now)),
            ..OperatorSignature::default()
        };
        let mut command = SetSmartWallet {
            address: self.address(wallet)?,
            label: label.to_owned(),
            listed: true,
            by: Some(by.clone()),
        };
        by.signature = key.sign_message(&command.bytes()?).as_ref().to_vec();
        command.by = Some(by);
        let request_id = Uuid::now_v7().as_bytes().to_vec();
        let channel = self.world.channel("notifier-svc")?;
        let deadline = Instant::now() + PATIENCE;
        // Others kill notifier-svc meanwhile; the same request has one effect.
        let answer = loop {
            let request =
                SetSmartWalletRequest { request_id: request_id.clone(), command: Some(command.clone()) };
            let answered = async {
                let mut client = NotifierOperatorServiceClient::new(channel.clone());
                anyhow::Ok(client.set_smart_wallet(request).await?.into_inner())
            };
            match answered.await {
                Ok(answer) => break answer,
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => sleep(LOOK_EVERY).await,
            }
        };
        match answer.outcome.context("no outcome")?.result {
            Some(outcome::Result::Done(_)) => Ok(()),
            other => bail!("not listed: {other:?}"),
        }
    }
}

impl Person {
    /// Writes, and waits for a message with these words.
    pub async fn say(&self, text: &str, wanted: &str) -> Result<Shown> {
        let said = self.player.say(text).await?;
        self.after(said.seq, wanted).await.with_context(|| format!("after writing {text:?}"))
    }

    /// Taps a button, and waits for a message with these words.
    pub async fn tap(&self, on: &Shown, label: &str, wanted: &str) -> Result<Shown> {
        let press = self.player.press(on, label).await?;
        self.after(press.seq(), wanted).await.with_context(|| format!("after tapping {label:?}"))
    }

    async fn after(&self, seq: u64, wanted: &str) -> Result<Shown> {
        self.player.find(|one| one.seq > seq && one.from_bot && one.text.contains(wanted)).await
    }

    /// Waits for what the bot says by itself.
    pub async fn hear(&self, wanted: &str) -> Result<Shown> {
        let heard = self.player.find(|one| one.from_bot && one.text.contains(wanted)).await;
        heard.with_context(|| format!("waiting for {wanted:?}"))
    }

    pub async fn heard(&self) -> Result<Vec<Shown>> {
        let messages = self.player.messages().await?;
        Ok(messages.into_iter().filter(|shown| shown.from_bot && !shown.deleted).collect())
    }

    /// All alerts about the wallet that the person calls so.
    pub async fn alerts(&self, name: &str) -> Result<Vec<String>> {
        let about = |shown: &Shown| shown.text.starts_with("👛") && shown.text.contains("On chain");
        let alerts =
            self.heard().await?.into_iter().filter(|shown| about(shown) && shown.text.contains(name));
        Ok(alerts.map(|shown| shown.text).collect())
    }
}
