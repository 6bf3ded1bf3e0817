//! The people of the scenarios, and the rooms they open.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use gateway::callbacks::{Callback, Press};
use proto::room::{GetRoomRequest, Room, get_room_request::Key, room_service_client::RoomServiceClient};
use proto::{AccountId, Lamports, RoomId};
use rust_decimal::Decimal;
use sandbox::botapi::{Game, Player, Shown};
use sandbox::venues::Asset;
use sandbox::world::World;
use solana_pubkey::Pubkey;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::collector::Collector;

/// How long anybody waits for an answer: many play at once.
const PATIENCE: Duration = Duration::from_secs(40);

/// One SOL.
pub const SOL: i64 = 1_000_000_000;

/// The world, as all scenarios share it.
pub struct Town<'a> {
    pub world: &'a World,
    pub game: Game,
    /// Where the services send their traces.
    pub collector: Collector,
    db: tokio::sync::OnceCell<PgPool>,
}

/// Somebody with the chat in hand.
pub struct Person<'a> {
    pub player: Player,
    pub town: &'a Town<'a>,
}

/// An open room.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    pub number: i64,
    pub id: RoomId,
}

/// What a host asks: a CLOSE room, at or above.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub asset: Asset,
    /// The target in percent of the price now.
    pub percent: i64,
    /// Typed as the horizon.
    pub horizon: &'static str,
}

impl<'a> Town<'a> {
    pub fn new(world: &'a World, collector: Collector) -> Self {
        let game = Game::new(&world.addresses().page);
        Self { world, game, collector, db: tokio::sync::OnceCell::new() }
    }

    pub async fn db(&self) -> Result<&PgPool> {
        Ok(self.db.get_or_try_init(|| PgPool::connect(&self.world.addresses().postgres)).await?)
    }

    /// Somebody who has not started yet.
    pub async fn stranger(&'a self, name: &str) -> Result<Person<'a>> {
        Ok(Person { player: self.game.player(name).await?.patient(PATIENCE), town: self })
    }

    /// Somebody with an account and no money.
    pub async fn member(&'a self, name: &str) -> Result<Person<'a>> {
        let person = self.stranger(name).await?;
        let terms = person.say("/start", "Welcome to ROOMS").await?;
        person.tap(&terms, "I am 18+", "Your desk").await?;
        Ok(person)
    }

    /// Somebody with a balance.
    pub async fn rich(&'a self, name: &str, lamports: i64) -> Result<Person<'a>> {
        let person = self.member(name).await?;
        person.deposit(lamports).await?;
        Ok(person)
    }

    /// A room as room-svc has it.
    pub async fn room(&self, room: Opened) -> Result<Room> {
        let mut client = RoomServiceClient::new(self.world.channel("room-svc")?);
        let request = GetRoomRequest { key: Some(Key::RoomId(room.id.bytes())) };
        client.get_room(request).await?.into_inner().room.context("no such room")
    }

    pub fn percent(&self, asset: Asset, percent: i64) -> Decimal {
        (self.world.market().price(asset) * Decimal::new(percent, 2)).round_dp(2).normalize()
    }
}

impl Person<'_> {
    /// Writes, and waits for a message with these words.
    pub async fn say(&self, text: &str, wanted: &str) -> Result<Shown> {
        let said = self.player.say(text).await?;
        self.after(said.seq, wanted).await.with_context(|| format!("after writing {text:?}"))
    }

    /// Follows a link.
    pub async fn follow(&self, payload: &str, wanted: &str) -> Result<Shown> {
        let said = self.player.start(Some(payload)).await?;
        self.after(said.seq, wanted).await.with_context(|| format!("after the link {payload:?}"))
    }

    /// Taps a button, and waits for a message with these words.
    pub async fn tap(&self, on: &Shown, label: &str, wanted: &str) -> Result<Shown> {
        let press = self.player.press(on, label).await?;
        self.after(press.seq(), wanted).await.with_context(|| format!("after tapping {label:?}"))
    }

    /// Sends what no button of the message may carry.
    pub async fn forge(&self, on: &Shown, data: &str, wanted: &str) -> Result<Shown> {
        let press = self.player.press_data(on, data).await?;
        self.after(press.seq(), wanted).await.with_context(|| format!("after sending {data:?}"))
    }

    async fn after(&self, seq: u64, wanted: &str) -> Result<Shown> {
        let fits = |one: &Shown| one.seq > seq && one.from_bot && one.text.contains(wanted);
        // Deeds of another device of the same user move the player's own mark, so all is looked at.
        self.player.find(fits).await.with_context(|| format!("no {wanted:?}"))
    }

    /// Waits for what the bot says by itself.
    pub async fn hear(&self, wanted: &str) -> Result<Shown> {
        self.player.find(|one| one.from_bot && one.text.contains(wanted)).await
    }

    /// The address that deposits go to.
    pub async fn address(&self) -> Result<Pubkey> {
        let screen = self.say("/deposit", "Send SOL to your address").await?;
        let line = screen.text.lines().skip_while(|line| !line.starts_with("Send SOL")).nth(1);
        Ok(line.context("no address")?.parse()?)
    }

    /// Sends money on chain, and waits until it is credited.
    pub async fn deposit(&self, lamports: i64) -> Result<()> {
        let address = self.address().await?;
        let outside = self.town.world.outside();
        let amount = u64::try_from(lamports)?;
        outside.airdrop(&outside.address(self.player.id())?, amount + 10_000_000).await?;
        outside.send(self.player.id(), &address, amount).await?;
        self.hear(&format!("Deposit credited · {} SOL", Lamports::new(lamports))).await?;
        Ok(())
    }

    /// What the wallet screen says is available, in lamports.
    pub async fn balance(&self) -> Result<i64> {
        let wallet = self.say("/wallet", "Available").await?;
        let amount = between(&wallet.text, "Available ", " SOL")?;
        Ok(Lamports::parse_sol(amount).map_err(|_| anyhow!("{amount:?} is no amount"))?.get())
    }

    /// Waits until the wallet screen says so; it may take a moment until money is back.
    pub async fn has(&self, lamports: i64) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let balance = self.balance().await?;
            if balance == lamports {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "a balance of {balance} and not {lamports}");
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// The account, as the services know it.
    pub async fn account(&self) -> Result<AccountId> {
        let vault = self.town.world.vault()?;
        let db = self.town.db().await?;
        let found = gateway::store::accounts::find(db, &vault, self.player.id()).await;
        Ok(found.map_err(|fault| anyhow!(fault.chain()))?.context("no account")?.id)
    }

    /// Goes through the wizard to the review of a CLOSE room.
    pub async fn review(&self, ask: Ask) -> Result<Shown> {
        let kinds = self.say("/create", "What kind of question?").await?;
        let assets = self.tap(&kinds, "Close", "Which price?").await?;
        let symbol = format!("{:?}", ask.asset).to_uppercase();
        let sides = self.tap(&assets, &symbol, "YES means").await?;
        self.tap(&sides, "at or above", "Type the target price").await?;
        let target = self.town.percent(ask.asset, ask.percent);
        let horizons = self.say(&target.to_string(), "How long until the deadline?").await?;
        self.tap(&horizons, "Other", "Type how long").await?;
        self.say(ask.horizon, "Review your room").await
    }

    /// Opens a CLOSE room.
    pub async fn open(&self, ask: Ask) -> Result<Opened> {
        let review = self.review(ask).await?;
        let card = self.tap(&review, "Open this room", "Your room is open.").await?;
        opened(&card)
    }

    /// A room's card, by its link.
    pub async fn card(&self, room: Opened) -> Result<Shown> {
        let link = gateway::callbacks::deep_link_of(room.id);
        self.follow(&link, &format!("Room #{} ", room.number)).await
    }

    /// The first two taps of a bet: from the card to the preview.
    pub async fn preview(&self, room: Opened, side: &str, stake: &str) -> Result<Shown> {
        let asked = self.stake_screen(room, side).await?;
        self.tap(&asked, "Other amount", "Type your stake").await?;
        self.say(stake, "Your bet · room").await
    }

    /// The first tap of a bet: a side.
    pub async fn stake_screen(&self, room: Opened, side: &str) -> Result<Shown> {
        let card = self.card(room).await?;
        self.tap(&card, side, "How much do you stake?").await
    }

    /// A bet that is accepted.
    pub async fn bet(&self, room: Opened, side: &str, stake: &str) -> Result<Shown> {
        let preview = self.preview(room, side, stake).await?;
        self.tap(&preview, "Confirm", &format!("Bet accepted · room #{}", room.number)).await
    }

    /// A preview that is confirmed and refused, and why.
    pub async fn refused(&self, preview: &Shown, why: &str) -> Result<Shown> {
        let told = self.tap(preview, "Confirm", "Not placed.").await?;
        says(&told, &[why])?;
        Ok(told)
    }
}

/// The room of a card that its host sees.
pub fn opened(card: &Shown) -> Result<Opened> {
    let number = between(&card.text, "Room #", " ·")?.parse()?;
    let data = card.data("Refresh").context("a card without a button to refresh it")?;
    let press = Press::decode(data).context("a button of another release")?;
    let Callback::Room { room } = press.callback else { bail!("{data} refreshes something else") };
    Ok(Opened { number, id: room })
}

/// Whether a message has all of these words.
pub fn says(shown: &Shown, all: &[&str]) -> Result<()> {
    for wanted in all {
        ensure!(shown.text.contains(wanted), "it does not say {wanted:?} but {:?}", shown.text);
    }
    Ok(())
}

/// What stands between two texts.
pub fn between<'t>(text: &'t str, from: &str, to: &str) -> Result<&'t str> {
    let found = text.split_once(from).and_then(|(_, rest)| rest.split_once(to).map(|(found, _)| found));
    found.with_context(|| format!("nothing between {from:?} and {to:?} in {text:?}"))
}
