//! The script: rooms are opened and bet in, the market is moved, an oracle is killed, and the results are read.

use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::try_join_all;
use proto::{
    Malformed, from_timestamp,
    room::{
        GetRoomRequest, Room, Terms, VoidReason, get_room_request::Key,
        room_service_client::RoomServiceClient,
    },
};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::super::person::{Manners, Person, line_below};
use super::super::plan::{Wager, Which, Who, sol};
use super::super::table::{self, Opened, Question};
use super::super::tale::Tale;
use super::plan::{DEPOSIT, Fate, NAMES, Plan, Planned};
use super::truth::{Answered, Asked, Truth, now};
use super::weather::{Weather, aggregate, calm};
use crate::botapi::Game;
use crate::report::Report;
use crate::supervise::Supervised;
use crate::venues::{Asset, Fault, Venue};
use crate::world::World;

/// Longer than a room without a price for a tenth of its time can bear, and the two seconds after which silence counts.
const SILENCE: Duration = Duration::from_secs(13);
/// A venue's quotes count for so long after its last sign of life.
const HEARD_WITHIN_MS: i64 = 2_000;
/// Bets are older than this when the target is touched (`ROOM_PAST_POST` is 1 s here).
const BEFORE_THE_TOUCH: Duration = Duration::from_millis(2_500);

/// A run of the script.
pub struct Play<'a> {
    pub(super) world: &'a World,
    pub(super) plan: &'a Plan,
    pub(super) tale: &'a Tale,
    pub(super) people: Vec<Person>,
    manners: Manners,
    leisure: Duration,
    /// In the order of the plan.
    rooms: Vec<Opened>,
    truth: Mutex<Truth>,
    weather: Weather,
}

/// When what happens.
#[derive(Clone, Copy)]
struct Times {
    /// The deadline of rooms that are decided in time.
    ordinary: Instant,
    delayed: Instant,
    blind: Instant,
}

impl Times {
    fn of(self, fate: Fate) -> Instant {
        match fate {
            Fate::Delayed => self.delayed,
            Fate::Blind => self.blind,
            Fate::Touched | Fate::Flashed | Fate::LiedAbout | Fate::Closed => self.ordinary,
        }
    }
}

impl<'a> Play<'a> {
    /// Everybody is there, and the market stands still until it is moved.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn begin(
        world: &'a World,
        plan: &'a Plan,
        tale: &'a Tale,
        manners: Manners,
        leisure: Duration,
    ) -> Result<Self> {
        let game = Game::new(&world.addresses().page);
        let people = try_join_all(NAMES.map(|name| Person::meet(&game, name, tale, manners))).await?;
        Asset::ALL.into_iter().for_each(|asset| world.market().hold(asset));
        let weather = Weather::new(plan.seed, plan.upward);
        let (rooms, truth) = (Vec::new(), Mutex::default());
        Ok(Self { world, plan, tale, people, manners, leisure, rooms, truth, weather })
    }

    /// From the first message to the last result.
    ///
    /// # Errors
    /// Somebody waited in vain.
    pub async fn play(&mut self) -> Result<()> {
        self.tale.scene("deposits on chain");
        try_join_all(self.people.iter().map(|person| self.arrive(person))).await?;
        let times = self.times();
        self.tale.scene("rooms are opened");
        let opening = (0..NAMES.len()).map(|host| self.open(host, times));
        let mut opened: Vec<_> = try_join_all(opening).await?.into_iter().flatten().collect();
        opened.sort_by_key(|(place, _)| *place);
        self.rooms = opened.into_iter().map(|(_, room)| room).collect();

        self.tale.scene("bets, while venues lie, freeze and vanish");
        let over = CancellationToken::new();
        let this = &*self;
        let scripted = async {
            try_join_all((0..NAMES.len()).map(|person| this.bets(person))).await?;
            sleep(BEFORE_THE_TOUCH).await;
            tokio::try_join!(this.steer(), this.flash(), this.kill_the_writer())?;
            sleep_until(times.ordinary.checked_sub(Duration::from_secs(4)).unwrap_or(times.ordinary)).await;
            over.cancel();
            anyhow::Ok(())
        };
        let script = async {
            tokio::try_join!(scripted, this.weather.change(this.world, this.tale, &over))?;
            sleep_until(times.ordinary + Duration::from_millis(1_500)).await;
            this.blackout().await?;
            this.results().await
        };
        tokio::select! {
            played = script => played,
            () = Truth::watch(&this.truth, this.world.market()) => bail!("nobody reads the market any more"),
        }
    }

    /// Half of a room's time is for bets, as long as they take on this machine.
    fn times(&self) -> Times {
        let betting =
            (self.tale.pace() * 45 + Duration::from_secs(4)).max(Duration::from_secs(17)) + self.leisure;
        let ordinary = Instant::now() + betting * 2;
        let delayed = ordinary + Duration::from_secs(9);
        Times { ordinary, delayed, blind: ordinary + SILENCE + Duration::from_secs(10) }
    }

    async fn arrive(&self, person: &Person) -> Result<()> {
        let terms = person.say("/start", "Welcome to ROOMS").await?;
        person.tap(&terms, "I am 18+", "Your desk").await?;
        let screen = person.say("/deposit", "Send SOL to your address").await?;
        let address = line_below(&screen.text, "Send SOL to your address")?;
        let outside = self.world.outside();
        let lamports = u64::try_from(DEPOSIT)?;
        // What stays there keeps the outside wallet alive on chain, and pays its fee.
        outside.airdrop(&outside.address(person.id())?, lamports + 10_000_000).await?;
        outside.send(person.id(), &address.parse()?, lamports).await?;
        let heading = format!("Deposit credited · {} SOL", sol(DEPOSIT));
        person.hear("the credit", |text| text.starts_with(&heading)).await?;
        // The first answers of a world are slow; the pace is made of those after them.
        for _ in 0..4 {
            person.say("/deposit", "Send SOL to your address").await?;
        }
        Ok(())
    }

    /// The rooms of one host, with their places in the plan.
    async fn open(&self, host: usize, times: Times) -> Result<Vec<(usize, Opened)>> {
        let person = self.people.get(host).context("no such host")?;
        let mut opened = Vec::new();
        for (place, planned) in
            self.plan.rooms.iter().enumerate().filter(|(place, _)| place % NAMES.len() == host)
        {
            let price = self.world.market().price(planned.asset);
            let target = (price * Decimal::from(planned.target_percent) / Decimal::ONE_HUNDRED)
                .round_dp(2)
                .normalize();
            let touch = planned.fate.is_touch();
            let which = if touch { Which::Touch } else { Which::Close };
            let question = Question { which, asset: planned.asset.ticker(), touch, target };
            let deadline = times.of(planned.fate);
            let horizon = || {
                let left = deadline.saturating_duration_since(Instant::now()).as_secs();
                u32::try_from(left.max(10)).unwrap_or(u32::MAX)
            };
            let room = table::open(person, &question, horizon).await?;
            person.tell(format_args!("#{} is the room that is {}", room.number, planned.fate.name()));
            opened.push((place, room));
        }
        Ok(opened)
    }

    async fn bets(&self, person: usize) -> Result<()> {
        let player = self.people.get(person).context("no such person")?;
        for (place, (planned, room)) in self.plan.rooms.iter().zip(&self.rooms).enumerate() {
            for (outcome, stake) in planned.stakes.into_iter().enumerate() {
                if Planned::bettor(place, outcome) == person {
                    // Only outcome and stake are read of it.
                    let wager = Wager { who: Who::Ann, which: room.which, outcome, stake, payout: 0 };
                    // There are more of them than the list shows at once.
                    let card = player.follow(&room.link, &format!("Room #{} ", room.number)).await?;
                    table::bet(player, &card, room, &wager).await?;
                }
            }
        }
        Ok(())
    }

    /// SOL goes beyond its target and stays; slowly enough for the venues to go together.
    async fn steer(&self) -> Result<()> {
        let market = self.world.market();
        let thousandths = if self.plan.upward { 1_015 } else { 985 };
        let to = (market.price(Asset::Sol) * Decimal::new(thousandths, 3)).round_dp(2);
        self.tale.tell("", format_args!("SOL goes to ${to}"));
        market.drift(Asset::Sol, to, Duration::from_secs(3), true)?;
        sleep(Duration::from_secs(4)).await;
        Ok(())
    }

    /// ETH jumps by two percent, at all venues, for a second.
    async fn flash(&self) -> Result<()> {
        let market = self.world.market();
        let before = market.price(Asset::Eth);
        let to = (before * Decimal::new(102, 2)).round_dp(2);
        self.tale.tell("", format_args!("ETH jumps to ${to}, for a second"));
        market.hold_at(Asset::Eth, to)?;
        sleep(Duration::from_secs(1)).await;
        market.hold_at(Asset::Eth, before)?;
        Ok(())
    }

    /// Kills the process that writes the series of SOL, in the middle of the run that confirms the touch.
    async fn kill_the_writer(&self) -> Result<()> {
        let oracles: Vec<_> =
            self.world.services().iter().filter(|service| service.name().starts_with("oracle-svc")).collect();
        let mut before = Vec::new();
        for oracle in &oracles {
            before.push(stored(oracle).await?);
        }
        sleep(Duration::from_millis(2_500)).await;
        for (oracle, before) in oracles.iter().zip(before) {
            if stored(oracle).await? > before {
                self.tale
                    .tell("", format_args!("** {} writes the series of SOL and is killed", oracle.name()));
                oracle.kill().await;
                return Ok(());
            }
        }
        bail!("nobody writes the series of SOL")
    }

    /// Three venues fall silent: no quorum, no price.
    async fn blackout(&self) -> Result<()> {
        let market = self.world.market();
        for venue in [Venue::Binance, Venue::Coinbase, Venue::Kraken] {
            market.set_fault(venue, Fault::Silent)?;
        }
        self.tale.tell("", "** three venues fall silent");
        let from = now() + HEARD_WITHIN_MS;
        sleep(SILENCE).await;
        let price = aggregate(self.world, "BTC").await.context("no oracle answers")?.price;
        calm(market)?;
        if let Ok(mut truth) = self.truth.lock() {
            truth.blackout(from, now());
        }
        if !price.is_empty() {
            bail!("there is a price of two venues: {price}");
        }
        self.tale.tell("", "** they speak again");
        Ok(())
    }

    /// Waits until every room has its result, and its receipt on chain.
    async fn results(&self) -> Result<()> {
        self.tale.scene("results");
        let deadline = Instant::now() + self.manners.calm;
        for (planned, room) in self.plan.rooms.iter().zip(&self.rooms) {
            let name = planned.fate.name();
            while self.read(room).await?.result.is_none_or(|result| result.receipt_signature.is_empty()) {
                if Instant::now() > deadline {
                    bail!("no result and receipt of the room that is {name} (#{})", room.number);
                }
                sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(())
    }

    async fn read(&self, room: &Opened) -> Result<Room> {
        let mut client = RoomServiceClient::new(self.world.channel("room-svc")?);
        let request = GetRoomRequest { key: Some(Key::RoomId(room.id.bytes())) };
        client.get_room(request).await?.into_inner().room.context("no such room")
    }

    /// Each result against the plan, and against the script's own record of the market.
    ///
    /// # Errors
    /// A service does not answer.
    pub async fn check_results(&self, report: &mut Report) -> Result<()> {
        for (planned, opened) in self.plan.rooms.iter().zip(&self.rooms) {
            let room = self.read(opened).await?;
            let answered = answered(&room)?;
            let name = format!("{} (#{})", planned.fate.name(), opened.number);
            let winner = match answered {
                Answered::Outcome { outcome, .. } => Some(outcome),
                Answered::Insufficient => None,
            };
            let words =
                |winner: Option<usize>| winner.map_or("VOID ORACLE_INSUFFICIENT", super::super::plan::answer);
            self.tale.tell("", format_args!("{name}: {answered:?}"));
            report.check(&name, words(planned.winner), words(winner), winner == planned.winner);
            let asked = asked(planned, room.terms.as_ref().context("no terms")?)?;
            let judged = match self.truth.lock() {
                Ok(truth) => truth.judge(&asked, answered),
                Err(_) => bail!("the record of the market is lost"),
            };
            let measured =
                judged.as_ref().map_or_else(|error| format!("{error:#}"), |()| "it can be".to_owned());
            report.check(&format!("{name} by the market"), "it can be", measured, judged.is_ok());
        }
        let (phases, kinds) = self.weather.counts();
        report.check(
            "phases with a liar",
            "at least 3",
            format!("{phases}, {kinds} kinds of losses"),
            phases >= 3,
        );
        Ok(())
    }
}

/// Seconds of SOL that a process has stored.
async fn stored(oracle: &Supervised) -> Result<f64> {
    let metrics = reqwest::get(format!("http://{}/metrics", oracle.http())).await?.text().await?;
    let line = metrics.lines().find(|line| {
        line.starts_with("rooms_oracle_seconds_stored_total{") && line.contains(r#"asset="SOL""#)
    });
    Ok(line.and_then(|line| line.rsplit(' ').next()).map_or(Ok(0.0), str::parse)?)
}

fn millis(at: Result<OffsetDateTime, Malformed>) -> Result<i64> {
    Ok(i64::try_from(at?.unix_timestamp_nanos() / 1_000_000)?)
}

fn asked(planned: &Planned, terms: &Terms) -> Result<Asked> {
    Ok(Asked {
        asset: planned.asset,
        target: terms.target.parse()?,
        touch: planned.fate.is_touch(),
        open_at: millis(from_timestamp(terms.open_at.as_ref()))?,
        deadline: millis(from_timestamp(terms.deadline.as_ref()))?,
        mean: terms.mean_seconds.into(),
    })
}

fn answered(room: &Room) -> Result<Answered> {
    let result = room.result.as_ref().context("no result")?;
    match result.void_reason() {
        VoidReason::Unspecified => Ok(Answered::Outcome {
            outcome: usize::try_from(result.outcome)?,
            at: millis(from_timestamp(result.observed_at.as_ref()))?,
            price: Some(result.price.as_str())
                .filter(|price| !price.is_empty())
                .map(str::parse)
                .transpose()?,
        }),
        VoidReason::OracleInsufficient => Ok(Answered::Insufficient),
        other => bail!("void for another reason: {}", other.as_str_name()),
    }
}
