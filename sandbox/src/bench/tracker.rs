//! 10,000 wallets are tracked by 1,000 people, and a busy market trades: how long it takes from a trade's being visible in
//! Polymarket's feed to the message about it, whether any is missed or told twice, and how much of the feed's limit that
//! takes. Through oracle-svc's role `polymarket`, notifier-svc and the gateway, against the sandbox's Polymarket and Bot API,
//! whose flood control is Telegram's.

use super::{
    chats::{self, Chats},
    figures::{median, percentile, range},
};
use crate::{
    botapi::{Limits, wire::Message},
    polymarket::{self, Exchange, Fault, Host, Life, Polymarket, Settings, Side, Token, life},
    report::Report,
    services::POLYMARKET,
};
use anyhow::{Context, Result, ensure};
use chassis::Outgoing;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use proto::{Service, notifier::TrackWallet};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use std::{collections::HashMap, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The goals, in milliseconds and in percent of the published limit.
const P50: f64 = 1_500.0;
const P95: f64 = 4_000.0;
const SHARE: usize = 10;

/// Wallets that nobody tracks, and whose trades come between.
const OTHERS: usize = 1_000;
const EVENTS: usize = 40;

/// USD of a trade that is told, and cents of shares of one that is nobody's business.
const TOLD: std::ops::Range<i64> = 550..5_000;
const SMALL: std::ops::Range<i64> = 1_000..60_000;

/// USD a share.
const CHEAP: Decimal = Decimal::from_parts(20, 0, 0, false, 2);

/// In the second third of the time every third row comes to be seen so much later; in the last one pages are in disorder.
const LATE: Duration = Duration::from_secs(2);

const TRACKED_WITHIN: Duration = Duration::from_secs(240);
const PATIENCE: Duration = Duration::from_secs(60);

const SERVICES: [&str; 3] = ["gateway", "notifier-svc", POLYMARKET.name];

/// Arguments of `bench tracker`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Tracked wallets
    #[arg(long, default_value_t = 10_000)]
    wallets: usize,
    /// People who track them, each as many
    #[arg(long, default_value_t = 1_000)]
    users: usize,
    /// Trades a second
    #[arg(long, default_value_t = 40)]
    trades: u32,
    /// Trades a second that are told
    #[arg(long, default_value_t = 8)]
    told: u32,
    /// Seconds that are measured
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// For the same trades again
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What was seen at Telegram.
struct Seen {
    due: usize,
    /// Milliseconds.
    delays: Vec<f64>,
    missed: usize,
    /// Messages about no trade that is due, or about one that was told before.
    needless: usize,
    rows: usize,
    asked: [(&'static str, usize, usize); 3],
    following: Duration,
    failed: i64,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.users > 0 && arguments.wallets >= arguments.users, "somebody tracks nothing");
    ensure!(arguments.wallets <= arguments.users * 20, "a person tracks at most 20 wallets");
    ensure!(arguments.told > 0 && arguments.trades > arguments.told, "not every trade is told");
    let dues = usize::try_from(u64::from(arguments.told) * arguments.seconds)?;
    ensure!(
        dues <= arguments.wallets,
        "each wallet is told of once, so that its message can be known by its name"
    );
    let bar = ProgressBar::new(arguments.seconds + 3)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting servers, Telegram, Polymarket and services");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shutdown = CancellationToken::new();
    let settings = Settings {
        seed: arguments.seed,
        wallets: life::MAKERS + arguments.wallets + OTHERS,
        events: EVENTS,
        past: 0,
        pace: None,
        ..Settings::default()
    };
    let polymarket = polymarket::serve(settings, shutdown.clone()).await?;
    let urls = Host::ALL.map(|host| polymarket.url(host));
    let [data, gamma, clob] = &urls;
    let socket = polymarket.socket_url();
    let more = [
        ("POLYMARKET_DATA_URL", data.as_str()),
        ("POLYMARKET_GAMMA_URL", gamma.as_str()),
        ("POLYMARKET_CLOB_URL", clob.as_str()),
        ("POLYMARKET_WS_URL", socket.as_str()),
    ];
    let chats = Chats::set(&SERVICES, arguments.users, Limits::default(), &more).await?;
    bar.inc(1);
    let seen = measure(&chats, &polymarket, arguments, &bar).await;
    chats.strike().await;
    shutdown.cancel();
    bar.finish_and_clear();
    tell(&seen?, arguments, report);
    Ok(())
}

async fn measure(
    chats: &Chats,
    polymarket: &Polymarket,
    arguments: &Arguments,
    bar: &ProgressBar,
) -> Result<Seen> {
    bar.set_message("tracking wallets");
    let following = track(chats, polymarket, arguments).await?;
    bar.inc(1);
    bar.set_message("trading");
    let first = polymarket.exchange().tape().rows().len();
    let mut market = Market::new(polymarket, arguments);
    let (mut delays, mut needless, mut mark) = (Vec::new(), 0, 0);
    // When what a wallet did became visible, in Unix milliseconds.
    let mut pending: HashMap<String, i64> = HashMap::new();
    let mut ticks = interval(Duration::from_secs(1) / arguments.trades);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let all = usize::try_from(u64::from(arguments.trades) * arguments.seconds)?;
    let mut done = 0;
    let mut deadline = Instant::now() + Duration::from_secs(arguments.seconds) + PATIENCE;
    while done < all || !pending.is_empty() {
        tokio::select! {
            _ = ticks.tick(), if done < all => {
                market.weather(done, all);
                if let Some((alias, visible_at)) = market.trade(done)? {
                    pending.insert(alias, visible_at);
                }
                done += 1;
                bar.set_position(2 + u64::try_from(done)? / u64::from(arguments.trades));
                if done == all {
                    deadline = Instant::now() + PATIENCE;
                }
            }
            (next, messages) = chats.telegram.tidings(mark) => {
                mark = next;
                let now = polymarket::now();
                for alias in messages.iter().filter_map(alias_in) {
                    match pending.remove(&alias) {
                        Some(visible_at) => delays.push(f64::from(i32::try_from(now - visible_at)?)),
                        None => needless += 1,
                    }
                }
            }
            () = tokio::time::sleep_until(deadline) => break,
        }
    }
    Host::ALL.into_iter().for_each(|host| polymarket.set_fault(host, Fault::None));
    let rows = polymarket.exchange().tape().rows().len() - first;
    let failed = "SELECT count(*) FROM notifier.notification WHERE state IN ('FAILED', 'BLOCKED', 'EXPIRED')";
    Ok(Seen {
        due: market.due,
        delays,
        missed: pending.len(),
        needless,
        rows,
        asked: ["/v2/trades", "/v2/activity", "/v2/positions"].map(|route| {
            let asked = polymarket.asked(Host::Data, route);
            (route, asked.most, asked.limit)
        }),
        following,
        failed: sqlx::query_scalar(failed).fetch_one(&chats.stage.pool).await?,
    })
}

/// Everybody tracks wallets of their own, as by the gateway. Returns how long it took until all of them are followed.
async fn track(chats: &Chats, polymarket: &Polymarket, arguments: &Arguments) -> Result<Duration> {
    let wallets: Vec<String> = {
        let exchange = polymarket.exchange();
        let tracked = exchange.wallets().iter().skip(life::MAKERS).take(arguments.wallets);
        tracked.map(|wallet| wallet.address.clone()).collect()
    };
    let began = Instant::now();
    let owners = chats.members.iter().cycle();
    let commands = wallets.iter().zip(owners).enumerate().map(|(place, (address, (account, _)))| {
        let command =
            TrackWallet { account_id: account.bytes(), address: address.clone(), alias: alias(place) };
        Outgoing::command(&command).id(Uuid::now_v7()).reply_to(Service::Gateway).into_message()
    });
    let commands: Vec<_> = commands.collect();
    for chunk in commands.chunks(100) {
        let messages: Vec<_> = chunk.iter().map(|message| (message, "")).collect();
        chats.stage.bus.publish(&messages).await?;
    }
    let followed = "SELECT count(*) FROM oracle.followed_wallet WHERE follow";
    chats::counted(&chats.stage, followed, arguments.wallets, TRACKED_WITHIN).await?;
    Ok(began.elapsed())
}

/// What its owner calls a wallet.
fn alias(place: usize) -> String {
    format!("wallet-{place:05}")
}

/// Of which wallet a message tells.
fn alias_in(message: &Message) -> Option<String> {
    let text = message.text.as_ref()?;
    let (_, after) = text.split_once("wallet-")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("wallet-{digits}"))
}

/// Trades one after another: those that are told, each of another wallet, spread among those that are not.
struct Market<'a> {
    polymarket: &'a Polymarket,
    random: ChaCha8Rng,
    life: Life,
    /// Tracked wallets that have not traded yet.
    fresh: Vec<usize>,
    others: std::ops::Range<usize>,
    /// Every so many trades one is told.
    each: usize,
    due: usize,
}

impl<'a> Market<'a> {
    fn new(polymarket: &'a Polymarket, arguments: &Arguments) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(arguments.seed);
        let end = life::MAKERS + arguments.wallets;
        let mut fresh: Vec<usize> = (life::MAKERS..end).collect();
        fresh.shuffle(&mut random);
        let each = usize::try_from(arguments.trades / arguments.told).unwrap_or(1);
        let life = Life::new(arguments.seed);
        Self { polymarket, random, life, fresh, others: end..end + OTHERS, each: each.max(1), due: 0 }
    }

    /// What is wrong with the feed, by how much is done of all.
    fn weather(&self, done: usize, all: usize) {
        let fault = match done * 3 / all.max(1) {
            0 => Fault::None,
            1 => Fault::Late(LATE),
            _ => Fault::Shuffled,
        };
        if self.polymarket.fault(Host::Data) != fault {
            self.polymarket.set_fault(Host::Data, fault);
        }
    }

    /// The next one; if it must be told, by which name and from when on it is visible.
    fn trade(&mut self, nth: usize) -> Result<Option<(String, i64)>> {
        let told = nth.is_multiple_of(self.each);
        let wallet =
            if told { self.fresh.pop() } else { Some(self.random.random_range(self.others.clone())) };
        let wallet = wallet.context("every wallet has traded")?;
        let deed = {
            let exchange = self.polymarket.exchange();
            let token = self.token(&exchange)?;
            let shares = if told {
                let usd = Decimal::from(self.random.random_range(TOLD));
                // The price may be two cents lower than it is now, and the amount must be told all the same.
                (usd / (exchange.price(token) - Decimal::new(2, 2))).round_dp(2)
            } else {
                Decimal::new(self.random.random_range(SMALL), 2)
            };
            self.life.order(&exchange, wallet, token, Side::Buy, shares)
        };
        let rows = self.polymarket.apply(&deed)?;
        if !told {
            return Ok(None);
        }
        self.due += 1;
        let exchange = self.polymarket.exchange();
        let row = exchange.tape().rows().get(rows.start).context("no row")?;
        Ok(Some((alias(wallet - life::MAKERS), row.visible_at)))
    }

    /// An answer that is not too cheap: what a trade is worth must not depend on a cent.
    fn token(&mut self, exchange: &Exchange) -> Result<Token> {
        let market = self.random.random_range(0..exchange.markets().len().max(1));
        ensure!(market < exchange.markets().len(), "there is no market");
        let token = Token { market, outcome: self.random.random_range(0..2) };
        let cheap = exchange.price(token) < CHEAP;
        Ok(Token { outcome: if cheap { 1 - token.outcome } else { token.outcome }, ..token })
    }
}

fn tell(seen: &Seen, arguments: &Arguments, report: &mut Report) {
    let goal = |limit: f64| format!("<= {limit:.0} ms");
    let (p50, p95) = (percentile(&seen.delays, 50), percentile(&seen.delays, 95));
    report.check("from visible to sent, p50", goal(P50), format!("{p50:.0} ms"), p50 <= P50 && seen.due > 0);
    report.check("from visible to sent, p95", goal(P95), format!("{p95:.0} ms"), p95 <= P95 && seen.due > 0);
    report.check(&format!("missed of {}", seen.due), 0, seen.missed, seen.missed == 0);
    report.check("told without reason or twice", 0, seen.needless, seen.needless == 0);
    report.check("not delivered", 0, seen.failed, seen.failed == 0);
    for (route, most, limit) in seen.asked {
        let allowed = limit * SHARE / 100;
        report.check(&format!("{route}, most in 10 s"), format!("<= {allowed}"), most, most <= allowed);
    }
    let (low, high) = range(&seen.delays);
    eprintln!(
        "{} wallets of {} people followed after {:.0} s; {} trades told of {} rows, {low:.0} to {high:.0} ms",
        arguments.wallets,
        arguments.users,
        seen.following.as_secs_f64(),
        seen.due,
        seen.rows,
    );
    report.note("wallets", arguments.wallets);
    report.note("users", arguments.users);
    report.note("told", seen.due);
    report.note("rows", seen.rows);
    report.note(
        "milliseconds",
        serde_json::json!({"p50": p50, "p95": p95, "median": median(&seen.delays), "range": [low, high]}),
    );
}
