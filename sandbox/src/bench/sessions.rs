//! 10,000 people in the middle of a dialogue at once: what the gateway holds of them in memory, where nothing of a session
//! may stay, and what in the database.

use super::chats::{self, Chats};
use crate::{
    botapi::{Limits, wire::Message},
    report::Report,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// People who are answered at the same time.
const AT_ONCE: usize = 100;

const PATIENCE: Duration = Duration::from_secs(60);

/// Of the gateway's memory, in MiB.
const MOST: f64 = 512.0;
/// What the second half of the sessions may add, in MiB: caches that are full, and a map that grows.
const GROWTH: f64 = 32.0;

/// The chosen kind of room, as its button says it.
const KIND: &str = "Touch";

/// Arguments of `bench sessions`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Live sessions
    #[arg(long, default_value_t = 10_000)]
    sessions: usize,
}

/// How far somebody is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Asked,
    Pressed,
}

struct Held {
    live: i64,
    /// In MiB: at most, after half of the sessions, after all.
    most: f64,
    half: f64,
    all: f64,
    unanswered: u64,
    seconds: f64,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.sessions >= 100, "--sessions is at least 100");
    let bar = ProgressBar::new(u64::try_from(arguments.sessions)?)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting servers, Telegram and the gateway");
    // The flood control is not what is measured here.
    let limits = Limits { overall_per_second: 100_000, ..Limits::default() };
    let settings = [("TELEGRAM_CALLS_PER_SECOND", "1000"), ("LIMIT_UPDATES_PER_MINUTE", "1000000")];
    let chats = Chats::set(&["gateway"], arguments.sessions, limits, &settings).await?;
    let held = measure(&chats, arguments, &bar).await;
    chats.strike().await;
    bar.finish_and_clear();
    tell(&held?, arguments, report);
    Ok(())
}

async fn measure(chats: &Chats, arguments: &Arguments, bar: &ProgressBar) -> Result<Held> {
    bar.set_message("sessions");
    let began = Instant::now();
    let members: Vec<i64> = chats.members.iter().map(|(_, chat)| *chat).collect();
    let (first, second) = members.split_at(members.len() / 2);
    begin(chats, first, bar).await?;
    let (_, half) = chats.memory("gateway")?;
    begin(chats, second, bar).await?;
    let (most, all) = chats.memory("gateway")?;
    let seconds = began.elapsed().as_secs_f64();
    let live = "SELECT count(*) FROM gateway.draft WHERE expires_at > now()";
    chats::counted(&chats.stage, live, arguments.sessions, PATIENCE).await?;
    let live = sqlx::query_scalar(live).fetch_one(&chats.stage.pool).await?;
    let (counters, _) = chats.telegram.figures();
    Ok(Held { live, most, half, all, unanswered: counters.unanswered, seconds })
}

/// Everybody asks for a room and chooses its kind.
async fn begin(chats: &Chats, members: &[i64], bar: &ProgressBar) -> Result<()> {
    let mut waiting = members.iter();
    let mut steps: HashMap<i64, Step> = HashMap::new();
    let (mut mark, mut done) = (0, 0);
    while done < members.len() {
        while steps.len() < AT_ONCE
            && let Some(member) = waiting.next()
        {
            chats.telegram.write(*member, "/create")?;
            steps.insert(*member, Step::Asked);
        }
        let tidings = tokio::time::timeout(PATIENCE, chats.telegram.tidings(mark)).await;
        let (next, messages) = tidings.with_context(|| format!("{done} sessions, then nothing"))?;
        mark = next;
        for message in messages {
            match (steps.get(&message.chat.id), offers(&message, KIND)) {
                (Some(Step::Asked), true) => {
                    chats.telegram.tap(message.chat.id, message.message_id, KIND)?;
                    steps.insert(message.chat.id, Step::Pressed);
                }
                (Some(Step::Pressed), false) => {
                    steps.remove(&message.chat.id);
                    done += 1;
                    bar.inc(1);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn offers(message: &Message, label: &str) -> bool {
    let rows = message.reply_markup.iter().flat_map(|keyboard| keyboard.inline_keyboard.iter().flatten());
    rows.into_iter().any(|button| button.text == label)
}

fn tell(held: &Held, arguments: &Arguments, report: &mut Report) {
    let live = usize::try_from(held.live).unwrap_or_default();
    report.check("live sessions", arguments.sessions, live, live == arguments.sessions);
    report.check(
        "gateway's memory at most",
        format!("at most {MOST} MiB"),
        format!("{:.0} MiB", held.most),
        held.most <= MOST,
    );
    let growth = held.all - held.half;
    report.check(
        "more for the second half",
        format!("at most {GROWTH} MiB"),
        format!("{growth:.1} MiB"),
        growth <= GROWTH,
    );
    report.check("presses without an answer", 0, held.unanswered, held.unanswered == 0);
    eprintln!("{} sessions in {:.0} s", held.live, held.seconds);
    report.note("sessions", held.live);
    report.note("mebibytes", [held.half, held.all, held.most]);
    report.note("seconds", held.seconds);
}
