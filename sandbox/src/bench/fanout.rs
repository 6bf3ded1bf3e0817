//! 50,000 notices wait for Telegram, which takes 30 messages a second, and money messages come between them: how much of that
//! limit is used, whether it is ever exceeded, and how long money waits. Through notifier-svc and the gateway, against the
//! sandbox's Bot API server, whose flood control is Telegram's.

use super::{
    chats::{self, Chats},
    figures::{percentile, range},
    stage,
};
use crate::{
    botapi::{Limits, wire::Message},
    report::Report,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use proto::{
    Event, RoomId, frame,
    room::Terms,
    settlement::{Fate, RoomSettled, SettledBet, Verdict},
    timestamp,
    wallet::{Withdrawal, WithdrawalChanged, WithdrawalState},
};
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;
use uuid::Uuid;

/// Notices of one event, as settlement-svc tells large rooms.
const PART: usize = 1_000;

/// Groups that are told of more rooms than a group takes, twenty a minute.
const GROUPS: usize = 2;
const ROOMS_OF_A_GROUP: usize = 60;

/// A money message comes this often, whatever else waits.
const MONEY_EVERY: Duration = Duration::from_secs(1);

const PATIENCE: Duration = Duration::from_secs(120);

const SERVICES: [&str; 2] = ["gateway", "notifier-svc"];

/// How long it takes at Telegram's limit, and half as long again.
const FULL: Duration = Duration::from_secs(50_000 / 30 * 3 / 2);

/// Arguments of `bench fanout`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Notices that wait
    #[arg(long, default_value_t = 50_000)]
    notices: usize,
    /// How long is measured
    #[arg(long, default_value = "120s", value_parser = seconds)]
    span: Duration,
    /// Measure until every notice is sent, half an hour for 50,000
    #[arg(long)]
    full: bool,
}

fn seconds(text: &str) -> std::result::Result<Duration, String> {
    let number = text.strip_suffix('s').unwrap_or(text).parse();
    number.map(Duration::from_secs).map_err(|_| "is not a number of seconds".to_owned())
}

/// What was seen at Telegram.
#[derive(Default)]
struct Seen {
    sent: u64,
    elapsed: Duration,
    too_many: u64,
    per_second: usize,
    per_group: usize,
    per_chat: usize,
    /// Milliseconds from the event to the message.
    money: Vec<f64>,
    failed: i64,
    /// Chats with another number of results than one; with `--full` alone.
    wrong: Option<usize>,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.notices >= 1_000, "--notices is at least 1000");
    let bar = ProgressBar::new(arguments.span.as_secs() + 3)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting servers, Telegram and services");
    let chats = Chats::set(&SERVICES, arguments.notices, Limits::default(), &[]).await?;
    bar.inc(1);
    let seen = measure(&chats, arguments, &bar).await;
    chats.strike().await;
    bar.finish_and_clear();
    tell(&seen?, arguments, report);
    Ok(())
}

async fn measure(chats: &Chats, arguments: &Arguments, bar: &ProgressBar) -> Result<Seen> {
    bar.set_message("queueing notices");
    let now = chats.stage.now().await?;
    let terms = stage::terms(now);
    // Groups first: they are at their limit from the beginning, and must not keep anybody else.
    for index in 0..GROUPS {
        let (_, founder) = chats.members.get(index).context("no founder")?;
        let group = chats.telegram.group(&format!("Group {index}"), *founder)?;
        publish(chats, &hosted(group.id, &terms)).await?;
    }
    publish(chats, &results(chats, &terms)?).await?;
    let queued = "SELECT count(*) FROM notifier.notification";
    let all = chats.members.len() + GROUPS * ROOMS_OF_A_GROUP;
    chats::counted(&chats.stage, queued, all, PATIENCE).await?;
    bar.inc(1);

    let limit = if arguments.full { FULL } else { arguments.span };
    let (before, _) = chats.telegram.figures();
    let began = Instant::now();
    let money = tokio::time::timeout(limit + PATIENCE, between(chats, arguments, began, bar)).await??;
    let elapsed = began.elapsed();
    let (after, peaks) = chats.telegram.figures();
    let failed = "SELECT count(*) FROM notifier.notification WHERE state IN ('FAILED', 'BLOCKED')";
    Ok(Seen {
        sent: after.sent - before.sent,
        elapsed,
        too_many: after.too_many_requests,
        per_second: peaks.per_second,
        per_group: peaks.group_per_minute,
        per_chat: peaks.private_per_minute,
        money,
        failed: sqlx::query_scalar(failed).fetch_one(&chats.stage.pool).await?,
        wrong: if arguments.full { Some(miscounted(chats).await) } else { None },
    })
}

/// Tells of money while notices are sent, until the measurement is over; returns the milliseconds of each.
async fn between(
    chats: &Chats,
    arguments: &Arguments,
    began: Instant,
    bar: &ProgressBar,
) -> Result<Vec<f64>> {
    bar.set_message("sending");
    let mut ticks = tokio::time::interval(MONEY_EVERY);
    let (mut pending, mut took) = (HashMap::<i64, Instant>::new(), Vec::new());
    let (mut mark, _) = chats.telegram.tidings(0).await;
    // From the end of the line: those whose own notice is under way would wait for it.
    let mut whose = chats.members.iter().rev().cycle();
    loop {
        let over = if arguments.full { unsent(chats).await? == 0 } else { began.elapsed() >= arguments.span };
        if over && pending.is_empty() {
            return Ok(took);
        }
        tokio::select! {
            _ = ticks.tick() => {
                bar.inc(1);
                if !over {
                    let (account, chat) = whose.next().context("no members")?;
                    pending.insert(*chat, Instant::now());
                    publish(chats, &[withdrawal(account.bytes(), chats.stage.now().await?)]).await?;
                }
            }
            (next, messages) = chats.telegram.tidings(mark) => {
                mark = next;
                for message in messages.iter().filter(|message| is_money(message)) {
                    if let Some(since) = pending.remove(&message.chat.id) {
                        took.push(since.elapsed().as_secs_f64() * 1_000.0);
                    }
                }
            }
        }
    }
}

async fn unsent(chats: &Chats) -> Result<i64> {
    let unsent = "SELECT count(*) FROM notifier.notification WHERE state IN ('WAITING', 'RELEASED')";
    Ok(sqlx::query_scalar(unsent).fetch_one(&chats.stage.pool).await?)
}

fn is_money(message: &Message) -> bool {
    message.text.as_ref().is_some_and(|text| text.starts_with("Withdrawal"))
}

/// Private chats that have not exactly one result.
async fn miscounted(chats: &Chats) -> usize {
    let (_, messages) = chats.telegram.tidings(0).await;
    let mut results: HashMap<i64, usize> = HashMap::new();
    for message in messages.iter().filter(|message| message.chat.id > 0 && !is_money(message)) {
        *results.entry(message.chat.id).or_default() += 1;
    }
    chats.members.iter().filter(|(_, chat)| results.get(chat) != Some(&1)).count()
}

async fn publish(chats: &Chats, messages: &[frame::Message]) -> Result<()> {
    for messages in messages.chunks(20) {
        let messages: Vec<_> = messages.iter().map(|message| (message, "")).collect();
        chats.stage.bus.publish(&messages).await?;
    }
    Ok(())
}

/// An event as it travels.
fn event<E: Event>(event: &E) -> frame::Message {
    frame::Message {
        subject: event.subject(),
        id: Uuid::now_v7().as_bytes().to_vec(),
        r#type: E::full_name(),
        payload: event.encode_to_vec(),
        key: event.key().to_vec(),
        ..Default::default()
    }
}

fn settled(terms: &Terms, number: i64) -> RoomSettled {
    let room = RoomId::new(Uuid::now_v7());
    let verdict =
        Verdict { outcome: 0, price: "201".to_owned(), observed_at: terms.deadline, ..Default::default() };
    RoomSettled {
        room_id: room.bytes(),
        room_number: number,
        terms: Some(Terms { room_id: room.bytes(), ..terms.clone() }),
        verdict: Some(verdict),
        pools_lamports: vec![stage::stake(), stage::stake()],
        parts: 1,
        settled_at: terms.deadline,
        ..Default::default()
    }
}

/// The result of one room for every member, in parts.
fn results(chats: &Chats, terms: &Terms) -> Result<Vec<frame::Message>> {
    let room = settled(terms, 1);
    let parts = chats.members.chunks(PART);
    let count = u32::try_from(parts.len())?;
    let parts = parts.zip(0..count).map(|(members, part)| {
        let bets = members.iter().map(|(account, _)| SettledBet {
            bet_id: Uuid::new_v5(&account.uuid(), b"bet").as_bytes().to_vec(),
            account_id: account.bytes(),
            outcome: 1,
            stake_lamports: stage::stake(),
            fate: Fate::Lost.into(),
            payout_lamports: 0,
        });
        event(&RoomSettled { bets: bets.collect(), part, parts: count, ..room.clone() })
    });
    Ok(parts.collect())
}

/// The results of a group's rooms.
fn hosted(group: i64, terms: &Terms) -> Vec<frame::Message> {
    let terms = Terms { scope_chat_id: group, ..terms.clone() };
    (2_i64..).take(ROOMS_OF_A_GROUP).map(|number| event(&settled(&terms, number))).collect()
}

fn withdrawal(account_id: Vec<u8>, now: time::OffsetDateTime) -> frame::Message {
    event(&WithdrawalChanged {
        withdrawal: Some(Withdrawal {
            withdrawal_id: Uuid::now_v7().as_bytes().to_vec(),
            account_id,
            address: "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin".to_owned(),
            lamports: stage::stake(),
            state: WithdrawalState::Submitted.into(),
            requested_at: Some(timestamp(now)),
            version: 3,
            ..Default::default()
        }),
    })
}

fn tell(seen: &Seen, arguments: &Arguments, report: &mut Report) {
    let sent = u32::try_from(seen.sent).unwrap_or(u32::MAX);
    let rate = f64::from(sent) / seen.elapsed.as_secs_f64();
    report.check("messages a second", "at least 29 of 30", format!("{rate:.2}"), rate >= 29.0);
    report.check("refused by the flood control", 0, seen.too_many, seen.too_many == 0);
    let money = percentile(&seen.money, 99);
    report.check("money told, p99", "at most 2000 ms", format!("{money:.0} ms"), money <= 2_000.0);
    report.check("most in a second", "at most 30", seen.per_second, seen.per_second <= 30);
    report.check("most to a group in a minute", "at most 20", seen.per_group, seen.per_group <= 20);
    report.check("most to a chat in a minute", "at most 60", seen.per_chat, seen.per_chat <= 60);
    report.check("not delivered", 0, seen.failed, seen.failed == 0);
    if let Some(wrong) = seen.wrong {
        report.check("members told never or twice", 0, wrong, wrong == 0);
    }
    let (low, high) = range(&seen.money);
    eprintln!("{} notices, {} money messages: {low:.0} to {high:.0} ms", arguments.notices, seen.money.len());
    report.note("notices", arguments.notices);
    report.note("sent", seen.sent);
    report.note("seconds", seen.elapsed.as_secs_f64());
    report.note("money_milliseconds", &seen.money);
}
