//! The script of the evening.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use proto::{
    oracle::{GetAggregateRequest, oracle_service_client::OracleServiceClient},
    room::{GetRoomRequest, Room, RoomState, get_room_request::Key, room_service_client::RoomServiceClient},
};
use rust_decimal::Decimal;
use tokio::time::{Instant, sleep, sleep_until};

use super::Setup;
use super::faults::Faults;
use super::person::{Person, between, line_below};
use super::plan::{EMPTY_ROOMS, Plan, Which, Who, YES, sol};
use super::table::{self, Opened, Question};
use super::tale::Tale;
use crate::botapi::{Game, Shown};
use crate::venues::{Asset, Fault, Venue};
use crate::world::World;

/// How long bets of the touched room have to be older than the touch, and a little more: younger
/// ones are returned (`ROOM_PAST_POST` is 1 s here).
const BEFORE_THE_TOUCH: Duration = Duration::from_millis(2_500);

/// How long bets are taken: long enough for so many answers of the bot, as long as they took until
/// now and as long again, and for the stakes to be held. A slow machine plays the same evening.
fn betting(which: Which, answer: Duration) -> Duration {
    let (answers, least) = match which {
        Which::Close => (36, 12),
        Which::Blind => (36, 11),
        Which::Lonely => (50, 16),
        Which::Touch => (50, 20),
        Which::Empty => (0, 5),
    };
    (answer * answers + Duration::from_secs(3)).max(Duration::from_secs(least))
}

/// In cents.
fn percent_of(price: Decimal, percent: u32) -> Decimal {
    (price * Decimal::from(percent) / Decimal::ONE_HUNDRED).round_dp(2).normalize()
}

/// A run of the script.
pub struct Evening<'a> {
    pub(super) world: &'a World,
    pub(super) faults: &'a Faults,
    pub(super) plan: &'a Plan,
    pub(super) tale: &'a Tale,
    people: BTreeMap<Who, Person>,
    /// Has an account and no money.
    pub(super) dan: Person,
    pub(super) rooms: BTreeMap<Which, Opened>,
    /// Those in which nobody bets.
    pub(super) empty: Vec<Opened>,
    pub(super) withdrawn: Option<Withdrawn>,
    leisure: Duration,
}

/// What left.
#[derive(Clone, Debug)]
pub struct Withdrawn {
    /// Where to.
    pub address: String,
    /// What lay there before.
    pub before: u64,
    /// What the preview said would arrive.
    pub arrives: String,
    /// As the user was told.
    pub signature: String,
}

impl<'a> Evening<'a> {
    /// Everybody sits down.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn begin(world: &'a World, setup: &'a Setup, plan: &'a Plan, tale: &'a Tale) -> Result<Self> {
        let faults = &setup.faults;
        let game = Game::new(&world.addresses().page);
        let mut people = BTreeMap::new();
        for who in Who::ALL {
            people.insert(who, Person::meet(&game, who.name(), tale, faults.manners()).await?);
        }
        let dan = Person::meet(&game, "Dan", tale, faults.manners()).await?;
        let (rooms, empty, withdrawn) = (BTreeMap::new(), Vec::new(), None);
        let leisure = setup.leisure;
        Ok(Self { world, faults, plan, tale, people, dan, rooms, empty, withdrawn, leisure })
    }

    /// Somebody who plays for money.
    ///
    /// # Errors
    /// Nobody of that name sat down.
    pub fn person(&self, who: Who) -> Result<&Person> {
        self.people.get(&who).with_context(|| format!("{} is not here", who.name()))
    }

    /// A room.
    ///
    /// # Errors
    /// It was not opened.
    pub fn room(&self, which: Which) -> Result<&Opened> {
        self.rooms.get(&which).with_context(|| format!("{} is not open", which.name()))
    }

    /// Every room of the evening.
    pub fn all_rooms(&self) -> impl Iterator<Item = &Opened> {
        self.rooms.values().chain(&self.empty)
    }

    /// Numbers and names of the rooms, for what is compared between runs.
    pub fn names(&self) -> Vec<(i64, &'static str)> {
        self.all_rooms().map(|room| (room.number, room.which.name())).collect()
    }

    /// From the first message to the last credit.
    ///
    /// # Errors
    /// Somebody waited in vain, or heard something else.
    pub async fn play(&mut self) -> Result<()> {
        self.tale.scene("/start, terms, deposits on chain");
        let [ann, bob, cid] = [Who::Ann, Who::Bob, Who::Cid];
        tokio::try_join!(self.arrive(ann), self.arrive(bob), self.arrive(cid))?;

        self.tale.scene("/create: four rooms");
        let opened = tokio::try_join!(self.open(ann), self.open(bob), self.open(cid))?;
        let opened = [opened.0, opened.1, opened.2].into_iter().flatten();
        self.rooms = opened.map(|room| (room.which, room)).collect();

        self.tale.scene("bets in three taps, refusals; meanwhile three of five venues fall silent");
        let ((last_bet, late), ..) = tokio::try_join!(self.bet(), self.silence(), async {
            self.faults.strike(self.world, self.tale).await
        },)?;

        self.tale.scene("the price is steered to the target; rooms end one by one; /withdraw");
        let (withdrawn, bobs, cids, ..) = tokio::try_join!(
            self.withdraw(),
            self.open_empty(bob),
            self.open_empty(cid),
            self.steer(last_bet),
            self.come_too_late(&late),
            self.hear_results(),
        )?;
        self.withdrawn = Some(withdrawn);
        self.empty = bobs.into_iter().chain(cids).collect();
        self.receipts().await
    }

    /// Terms, account, deposit.
    async fn arrive(&self, who: Who) -> Result<()> {
        let person = self.person(who)?;
        let terms = person.say("/start", "Welcome to ROOMS").await?;
        person.tap(&terms, "I am 18+", "Your desk").await?;
        let screen = person.say("/deposit", "Send SOL to your address").await?;
        let address = line_below(&screen.text, "Send SOL to your address")?;
        let lamports = u64::try_from(self.plan.deposits.get(&who).copied().unwrap_or_default())?;
        let outside = self.world.outside();
        // What stays there keeps the outside wallet alive on chain, and pays its fee.
        outside.airdrop(&outside.address(person.id())?, lamports + 10_000_000).await?;
        let signature = outside.send(person.id(), &address.parse()?, lamports).await?;
        let amount = sol(i64::try_from(lamports)?);
        self.tale.begins(who.name());
        person.tell(format_args!("sends {amount} SOL to {address}, {signature}"));
        let heading = format!("Deposit credited · {amount} SOL");
        let credited = person.hear("the credit", |text| text.starts_with(&heading)).await?;
        self.tale.ends(who.name(), "deposit on chain to credit told");
        table::says(&credited, &[&format!("Balance {amount} SOL"), &signature.to_string()])
    }

    async fn open(&self, who: Who) -> Result<Vec<Opened>> {
        let mut opened = Vec::new();
        for which in Which::ALL.into_iter().filter(|which| which.host() == who) {
            let question = self.question(which)?;
            opened.push(table::open(self.person(who)?, &question, || self.horizon(which)).await?);
        }
        let pace = self.tale.pace().as_millis();
        self.person(who)?.tell(format_args!("waits {pace} ms for an answer, which sets the horizons"));
        Ok(opened)
    }

    /// Rooms that nobody wants, on different targets: the same question twice is refused.
    async fn open_empty(&self, who: Who) -> Result<Vec<Opened>> {
        let mut opened = Vec::new();
        let (asset, symbol) = if who == Who::Bob { (Asset::Eth, "ETH") } else { (Asset::Btc, "BTC") };
        for percent in (80..).take(EMPTY_ROOMS) {
            let target = percent_of(self.world.market().price(asset), percent);
            let question = Question { which: Which::Empty, asset: symbol, touch: false, target };
            opened.push(table::open(self.person(who)?, &question, || self.horizon(Which::Empty)).await?);
        }
        Ok(opened)
    }

    fn question(&self, which: Which) -> Result<Question> {
        let (asset, symbol, touch, percent) = match which {
            Which::Touch if self.plan.upward => (Asset::Sol, "SOL", true, 101),
            Which::Touch => (Asset::Sol, "SOL", true, 99),
            // Far enough from the price that its walk does not decide.
            Which::Close if self.plan.book(which)?.winner == Some(YES) => (Asset::Eth, "ETH", false, 99),
            Which::Close => (Asset::Eth, "ETH", false, 101),
            Which::Lonely | Which::Empty => (Asset::Btc, "BTC", false, 99),
            Which::Blind => (Asset::Btc, "BTC", true, 105),
        };
        let target = percent_of(self.world.market().price(asset), percent);
        Ok(Question { which, asset: symbol, touch, target })
    }

    /// From opening to deadline: bets are taken for half of it.
    fn horizon(&self, which: Which) -> u32 {
        let longer = if which == Which::Empty { Duration::ZERO } else { self.faults.longer() + self.leisure };
        let betting = betting(which, self.tale.pace()) + longer;
        u32::try_from(betting.as_secs().saturating_mul(2)).unwrap_or(u32::MAX)
    }

    /// Takes the quorum away for longer than a touch room may be without a price.
    async fn silence(&self) -> Result<()> {
        let market = self.world.market();
        for venue in [Venue::Binance, Venue::Coinbase, Venue::Kraken] {
            market.set_fault(venue, Fault::Silent)?;
        }
        self.until("no price", || async { self.price("BTC").await.is_some_and(|price| price.is_empty()) })
            .await?;
        self.tale.tell("", "three venues are silent: no quorum, no price");
        // A tenth of the horizon may be without a price, at most ten seconds.
        let allowed = (self.room(Which::Blind)?.seconds / 10).min(10);
        sleep(Duration::from_secs(u64::from(allowed) + 3)).await;
        for venue in [Venue::Binance, Venue::Coinbase, Venue::Kraken] {
            market.set_fault(venue, Fault::None)?;
        }
        self.until("a price", || async { self.price("SOL").await.is_some_and(|price| !price.is_empty()) })
            .await?;
        self.tale.tell("", "the venues speak again: there is a price");
        Ok(())
    }

    /// What the oracle says; nothing while it does not answer.
    async fn price(&self, asset: &str) -> Option<String> {
        let mut oracle = OracleServiceClient::new(self.world.channel("oracle-svc").ok()?);
        let answer = oracle.get_aggregate(GetAggregateRequest { asset: asset.to_owned() }).await.ok()?;
        Some(answer.into_inner().aggregate.unwrap_or_default().price)
    }

    async fn steer(&self, last_bet: Instant) -> Result<()> {
        sleep_until(last_bet + BEFORE_THE_TOUCH).await;
        let market = self.world.market();
        let thousandths = if self.plan.upward { 1_015 } else { 985 };
        let to = (market.price(Asset::Sol) * Decimal::new(thousandths, 3)).round_dp(2);
        self.tale.tell("", format_args!("SOL goes to ${to}"));
        market.drift(Asset::Sol, to, Duration::from_millis(500), true)?;
        self.tale.begins("touch");
        self.faults.strike(self.world, self.tale).await
    }

    /// A preview in time, confirmed after the lock.
    async fn come_too_late(&self, preview: &Shown) -> Result<()> {
        let room = self.room(Which::Close)?;
        self.until("the lock", || async {
            self.read(room).await.is_some_and(|read| read.state() != RoomState::Open)
        })
        .await?;
        table::refused_at_last(&self.dan, preview, "Betting closed").await.map(drop)
    }

    /// The room as room-svc has it; nothing while it does not answer.
    pub(super) async fn read(&self, room: &Opened) -> Option<Room> {
        let mut client = RoomServiceClient::new(self.world.channel("room-svc").ok()?);
        let request = GetRoomRequest { key: Some(Key::RoomId(room.id.bytes())) };
        client.get_room(request).await.ok()?.into_inner().room
    }

    /// To a wallet of Ann's own, with two taps on the last button.
    async fn withdraw(&self) -> Result<Withdrawn> {
        let ann = self.person(Who::Ann)?;
        let outside = self.world.outside();
        let address = outside.address(ann.id())?;
        let before = outside.lamports(&address).await?;
        ann.say("/withdraw", "Send me the Solana address").await?;
        ann.say(&address.to_string(), "How much?").await?;
        let amount = sol(self.plan.withdrawal);
        let preview = ann.say(&amount, "Check it once more").await?;
        let arrives = between(&preview.text, "Arrives ", " SOL")?.to_owned();
        let heading = format!("Withdrawal {amount} SOL");
        self.tale.begins("withdrawal");
        ann.tap_twice(&preview, "Confirm", &heading).await?;
        let finalized = |text: &str| text.starts_with(&heading) && text.contains("✓ final on chain");
        let told = ann.hear("the withdrawal's end", finalized).await?;
        self.tale.ends("withdrawal", "withdrawal confirmed to final on chain");
        let signature = told.text.lines().last().unwrap_or_default().to_owned();
        Ok(Withdrawn { address: address.to_string(), before, arrives, signature })
    }

    /// Every bettor is told what became of every bet, to the lamport.
    async fn hear_results(&self) -> Result<()> {
        for which in [Which::Touch, Which::Lonely, Which::Blind, Which::Close] {
            let hearing = self.plan.bets(which).map(|wager| self.hear_result(wager.who, which));
            futures::future::try_join_all(hearing).await?;
        }
        Ok(())
    }

    async fn hear_result(&self, who: Who, which: Which) -> Result<()> {
        let (person, room, wager) = (self.person(who)?, self.room(which)?, self.plan.wager(who, which)?);
        let book = self.plan.book(which)?;
        let (stake, payout) = (sol(wager.stake), sol(wager.payout));
        let (heading, lines) = match book.winner {
            None => {
                let why = if which == Which::Lonely {
                    "everyone was on one side"
                } else {
                    "there was no reliable price"
                };
                ("Stake returned".to_owned(), vec![why.to_owned(), format!("Credited {stake} SOL")])
            }
            Some(winner) if winner == wager.outcome => {
                let profit = sol(wager.payout - wager.stake);
                let credited = format!("Credited {payout} SOL, of it {profit} SOL gain");
                let fee = format!("Fee {} SOL", sol(book.protocol_fee + book.host_fee));
                (format!("You won {payout} SOL"), vec![credited, fee])
            }
            Some(_) => ("You lost".to_owned(), vec![format!("Lost {stake} SOL")]),
        };
        let end = format!(" · room #{}", room.number);
        let of_room = |text: &str| {
            let first = text.lines().next().unwrap_or_default();
            first.ends_with(&end)
                && ["You won", "You lost", "Stake returned"].iter().any(|how| first.starts_with(how))
        };
        let told = person.hear(&format!("the result of {}", which.name()), of_room).await?;
        if which == Which::Touch {
            self.tale.ends("touch", "price at the target to result told");
        }
        let all: Vec<&str> = lines.iter().map(String::as_str).chain([heading.as_str()]).collect();
        table::says(&told, &all)
    }

    /// Waits until every room's receipt stands on chain.
    async fn receipts(&self) -> Result<()> {
        for room in self.all_rooms() {
            self.until(&format!("the receipt of {}", room.which.name()), || async {
                let result = self.read(room).await.and_then(|read| read.result);
                result.is_some_and(|result| !result.receipt_signature.is_empty())
            })
            .await?;
        }
        Ok(())
    }

    /// Waits for a condition, as long as anybody here waits for anything.
    pub(super) async fn until<F: Future<Output = bool>>(
        &self,
        what: &str,
        mut holds: impl FnMut() -> F,
    ) -> Result<()> {
        let deadline = Instant::now() + self.faults.manners().calm;
        while !holds().await {
            if Instant::now() > deadline {
                bail!("waited {:?} in vain for {what}", self.faults.manners().calm);
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}
