//! The script: people follow wallets, a day passes, markets are decided, and what they won is fetched.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::try_join_all;
use rust_decimal::Decimal;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::super::person::{Manners, Person};
use super::super::tale::Tale;
use super::KILLED;
use super::asked::Wish;
use super::plan::{NAMES, PLAYED_IN, Plan, clock, played_at};
use super::tape::{self, Dues};
use super::weather::Weather;
use crate::botapi::Game;
use crate::polymarket::{Deed, Fault, Host, Kind, Polymarket, Row, Side};
use crate::world::{DATABASE, World};

/// Between two looks at what is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Less than this is the rest of a rounding.
const DUST: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// What had to be told.
pub struct Played {
    /// Of followed wallets.
    pub(super) dues: Dues,
    /// Prices that are waited for.
    pub(super) wishes: Vec<Wish>,
    /// The first row of the tape that was news.
    pub(super) first: usize,
}

/// A run of the script.
pub struct Play<'a> {
    pub(super) world: &'a World,
    pub(super) plan: &'a Plan,
    pub(super) tale: &'a Tale,
    pub(super) people: Vec<Person>,
    pub(super) weather: Weather,
    manners: Manners,
    seed: u64,
}

impl<'a> Play<'a> {
    /// Everybody is there, and nobody has written yet.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn begin(
        world: &'a World,
        plan: &'a Plan,
        seed: u64,
        tale: &'a Tale,
        manners: Manners,
    ) -> Result<Self> {
        let game = Game::new(&world.addresses().page);
        let people = try_join_all(NAMES.map(|name| Person::meet(&game, name, tale, manners))).await?;
        Ok(Self { world, plan, tale, people, weather: Weather::default(), manners, seed })
    }

    /// From the first message to the last redemption.
    ///
    /// # Errors
    /// Somebody waited in vain.
    pub async fn play(&mut self) -> Result<Played> {
        let market = self.world.polymarket();
        for deed in &self.plan.dawn {
            market.apply(deed)?;
        }
        self.shown().await;
        self.tale.scene("wallets are followed");
        try_join_all(self.people.iter().zip(&self.plan.followers).map(|(person, follower)| async {
            let terms = person.say("/start", "Welcome to ROOMS").await?;
            person.tap(&terms, "I am 18+", "Your desk").await?;
            for (wallet, alias) in &follower.wallets {
                let address = self.address(*wallet)?;
                person.say(&format!("/track {address} {alias}"), alias).await?;
            }
            anyhow::Ok(())
        }))
        .await?;
        self.positions_are_known("the first snapshots").await?;
        self.tale.scene("prices and large trades are asked for");
        let wishes = self.ask().await?;
        let first = market.exchange().tape().rows().len();

        self.tale.scene("the day");
        self.day().await?;
        self.shown().await;
        self.positions_are_known("the positions after the day").await?;
        let followed = self.plan.followed();
        let mut dues = tape::dues(&market.exchange(), &followed, first);

        self.tale.scene("the evening: markets are decided");
        let evening = market.exchange().tape().rows().len();
        for (place, winner) in &self.plan.decided {
            dues.extend(tape::results(&market.exchange(), &followed, *place, *winner));
            let question = market.exchange().markets().get(*place).map(|market| market.question.clone());
            self.tale.tell("", format_args!("-- decided: {}", question.unwrap_or_default()));
            market.apply(&Deed::Resolve { market: *place, winner: *winner })?;
        }
        self.decisions_are_known().await?;
        for (market, holder) in self.holders(&followed) {
            self.world.polymarket().apply(&Deed::Redeem { wallet: holder, market })?;
        }
        self.shown().await;
        self.positions_are_known("the positions after the redemptions").await?;
        dues.extend(tape::dues(&market.exchange(), &followed, evening));
        Ok(Played { dues, wishes, first })
    }

    /// Everything that was planned for the day, while servers fail and two processes are killed. From the evening on Polymarket is
    /// away altogether, and people go on trading.
    async fn day(&self) -> Result<()> {
        let (dusk, over) = (CancellationToken::new(), CancellationToken::new());
        let began = Instant::now();
        let deeds = async {
            let _over = over.clone().drop_guard();
            for (second, deed) in &self.plan.day {
                sleep_until(began + played_at(*second)).await;
                let rows = self.world.polymarket().apply(deed)?;
                self.tell(*second, rows);
            }
            anyhow::Ok(())
        };
        let kills = async {
            for (nth, name) in (1..).zip(KILLED) {
                sleep_until(began + PLAYED_IN * nth / 3).await;
                self.tale.tell("", format_args!("** {name} is killed"));
                self.world.service(name)?.kill().await;
            }
            anyhow::Ok(())
        };
        let evening = async {
            sleep_until(began + PLAYED_IN * 3 / 4).await;
            dusk.cancel();
        };
        let sky = async {
            let changing = self.weather.change(self.world.polymarket(), self.seed, self.tale, &dusk);
            tokio::join!(changing, evening);
            self.outage(&over).await;
        };
        let (done, killed, ()) = tokio::join!(deeds, kills, sky);
        done.and(killed)
    }

    /// All three servers are away until it is `over`.
    async fn outage(&self, over: &CancellationToken) {
        let market = self.world.polymarket();
        self.tale.tell("", "** Polymarket is away");
        Host::ALL.into_iter().for_each(|host| market.set_fault(host, Fault::Away));
        over.cancelled().await;
        Host::ALL.into_iter().for_each(|host| market.set_fault(host, Fault::None));
        self.tale.tell("", "** Polymarket is back");
    }

    /// What followed wallets did.
    fn tell(&self, second: i64, rows: std::ops::Range<usize>) {
        let exchange = self.world.polymarket().exchange();
        let followed = self.plan.followed();
        let all = exchange.tape().rows();
        for row in rows.filter_map(|place| all.get(place)).filter(|row| followed.contains(&row.wallet)) {
            let wallet = exchange.wallets().get(row.wallet).map_or("", |wallet| &wallet.address);
            let short: String = wallet.chars().take(8).collect();
            let market = row.market.and_then(|market| exchange.markets().get(market));
            let asked = market.map_or("", |market| &market.question);
            self.tale.tell("", format_args!("{} {short} {} · {asked}", clock(second), did(row)));
        }
    }

    /// Waits until the last row is shown by the APIs.
    async fn shown(&self) {
        let last = self.world.polymarket().exchange().tape().rows().iter().map(|row| row.visible_at).max();
        while crate::polymarket::now() <= last.unwrap_or_default() {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until oracle-svc knows of each followed wallet what the exchange knows: both keep books of their own.
    async fn positions_are_known(&self, what: &str) -> Result<()> {
        let mut database = self.world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
        let deadline = Instant::now() + self.manners.calm;
        let query = "SELECT f.address, p.token_id, coalesce(p.shares, 0) FROM oracle.followed_wallet AS f
                     LEFT JOIN oracle.wallet_position AS p USING (address) WHERE f.follow AND f.snapshot_at IS NOT NULL";
        loop {
            let known: Vec<(String, Option<String>, Decimal)> =
                sqlx::query_as(query).fetch_all(&mut database).await?;
            let wallets: BTreeSet<&String> = known.iter().map(|(address, ..)| address).collect();
            let ours: BTreeSet<(String, String, Decimal)> = known
                .iter()
                .filter_map(|(address, token, shares)| {
                    Some((address.clone(), token.clone()?, shares.normalize()))
                })
                .filter(|(.., shares)| *shares >= DUST)
                .collect();
            let theirs = self.held();
            if wallets.len() == self.plan.followed().len() && ours == theirs {
                self.tale.tell("", format_args!("{what} are the exchange's: {} positions", theirs.len()));
                return Ok(());
            }
            if Instant::now() > deadline {
                let wrong: Vec<_> = ours.symmetric_difference(&theirs).take(6).collect();
                bail!("{what} are known of {} wallets, and differ: {wrong:?}", wallets.len());
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// What followed wallets hold of markets that are not lost: address, token and shares.
    fn held(&self) -> BTreeSet<(String, String, Decimal)> {
        let exchange = self.world.polymarket().exchange();
        let mut held = BTreeSet::new();
        for wallet in self.plan.followed() {
            let Some(address) = exchange.wallets().get(wallet).map(|wallet| wallet.address.clone()) else {
                continue;
            };
            for (token, holding) in exchange.held().of(wallet).filter(|(_, held)| held.shares >= DUST) {
                let Some(market) = exchange.markets().get(token.market) else { continue };
                let lost = market.resolution.is_some_and(|how| how.winner != token.outcome);
                if let Some(id) = market.tokens.get(token.outcome).filter(|_| !lost) {
                    held.insert((address.clone(), id.clone(), holding.shares.normalize()));
                }
            }
        }
        held
    }

    async fn decisions_are_known(&self) -> Result<()> {
        let mut database = self.world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
        let deadline = Instant::now() + self.manners.calm;
        let conditions: Vec<String> = {
            let exchange = self.world.polymarket().exchange();
            let decided = self.plan.decided.iter().filter_map(|(place, _)| exchange.markets().get(*place));
            decided.map(|market| market.condition.clone()).collect()
        };
        let query =
            "SELECT count(*) FROM oracle.polymarket WHERE condition_id = ANY ($1) AND decided_at IS NOT NULL";
        loop {
            let known: i64 = sqlx::query_scalar(query).bind(&conditions).fetch_one(&mut database).await?;
            if usize::try_from(known)? == conditions.len() {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{known} of {} decisions are known", conditions.len());
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Who has something to redeem, right or wrong: market and wallet.
    fn holders(&self, followed: &BTreeSet<usize>) -> Vec<(usize, usize)> {
        let exchange = self.world.polymarket().exchange();
        let of =
            |market: usize| exchange.held().holders(market).into_iter().map(move |holder| (market, holder));
        let all = self.plan.decided.iter().flat_map(|(market, _)| of(*market));
        all.filter(|(_, holder)| followed.contains(holder)).collect()
    }

    pub(super) fn address(&self, wallet: usize) -> Result<String> {
        let exchange = self.world.polymarket().exchange();
        exchange.wallets().get(wallet).map(|wallet| wallet.address.clone()).context("no such wallet")
    }

    /// The most requests in ten seconds, by route of the server of trades.
    pub(super) fn busiest(polymarket: &Polymarket) -> [(&'static str, usize, usize); 3] {
        ["/v2/trades", "/v2/activity", "/v2/positions"].map(|route| {
            let asked = polymarket.asked(Host::Data, route);
            (route, asked.most, asked.limit)
        })
    }
}

fn did(row: &Row) -> String {
    let shares = row.shares.normalize();
    match (row.kind, row.side) {
        (Kind::Trade { .. }, Some(Side::Buy)) => format!("buys {shares} at {}", row.price),
        (Kind::Trade { .. }, _) => format!("sells {shares} at {}", row.price),
        (Kind::Split, _) => format!("splits {shares}"),
        (Kind::Merge, _) => format!("merges {shares}"),
        (Kind::Redeem { .. }, _) => format!("redeems {shares}"),
        (Kind::Reward, _) => format!("is rewarded with {shares}"),
    }
}
