//! How an account has fared: its sums and its settled bets.

use crate::{
    domain::{Verdict, standing::Record},
    store::{
        broken, facts,
        record::{self, Settled},
        settlement,
    },
};
use chassis::{Pool, grpc::Unanswered};
use proto::{
    AccountId, Malformed, RoomId,
    common::Page,
    settlement::{
        self as told, GetPlayerRequest, GetPlayerResponse, ListResultsRequest, ListResultsResponse,
        PlayerResult,
    },
    timestamp,
};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Results on one page at most.
const PAGE_MAX: u32 = 100;

/// Results on a page of whoever does not say how many.
const PAGE: u32 = 20;

/// The list and its sums, as they are at one moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Sums of an account, and whether it is on the leaderboard.
///
/// # Errors
/// The database; no id.
pub async fn player(pool: &Pool, request: GetPlayerRequest) -> Result<GetPlayerResponse, Unanswered> {
    let account = AccountId::try_from_bytes(&request.account_id)?;
    let mut snapshot = pool.begin_with(SNAPSHOT).await?;
    let now = record::now(&mut snapshot).await?;
    let (lifetime, _) = record::lifetime(&mut snapshot, account).await?;
    let day = record::since(&mut snapshot, account, now - Duration::DAY).await?;
    let choices = record::choices(&mut snapshot, &[account.uuid()]).await?;
    snapshot.commit().await?;
    Ok(GetPlayerResponse {
        lifetime: Some((&lifetime).into()),
        day: Some((&day).into()),
        hidden: choices.iter().any(|choice| choice.hidden),
    })
}

/// A page of an account's settled bets.
///
/// # Errors
/// The database; no id; a token that is none.
pub async fn list(pool: &Pool, request: ListResultsRequest) -> Result<ListResultsResponse, Unanswered> {
    let account = AccountId::try_from_bytes(&request.account_id)?;
    let page = request.page.unwrap_or_default();
    let after = read_token(&page)?;
    let limit = limit(&page);
    let mut snapshot = pool.begin_with(SNAPSHOT).await?;
    let (all, won) = record::lifetime(&mut snapshot, account).await?;
    let settled =
        record::results(&mut snapshot, account, request.won_only, after, i64::from(limit) + 1).await?;
    let more = settled.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    let shown = settled.len() - usize::from(more);
    let settled: Vec<Settled> = settled.into_iter().take(shown).collect();
    let next = settled.last().filter(|_| more).map(token);
    let results = told(&mut snapshot, account, &settled).await?;
    snapshot.commit().await?;
    let totals = if request.won_only { won } else { all };
    Ok(ListResultsResponse {
        results,
        totals: Some((&totals).into()),
        total: totals.won.saturating_add(totals.lost).saturating_add(totals.returned),
        next_page_token: next.unwrap_or_default(),
    })
}

/// The bets with what their rooms asked and what came of it.
async fn told(
    connection: &mut PgConnection,
    account: AccountId,
    settled: &[Settled],
) -> Result<Vec<PlayerResult>, Unanswered> {
    let rooms: BTreeSet<Uuid> = settled.iter().map(|one| one.room.uuid()).collect();
    let rooms: Vec<Uuid> = rooms.into_iter().collect();
    let asked = facts::asked(connection, &rooms).await?;
    let asked: HashMap<RoomId, facts::Asked> = asked.into_iter().map(|one| (one.room, one)).collect();
    let standing = settlement::read_all(connection, &rooms).await?;
    let verdicts: HashMap<RoomId, Verdict> =
        standing.into_iter().map(|one| (one.settlement.room, one.settlement.verdict)).collect();
    let one = |one: &Settled| {
        let both = asked.get(&one.room).zip(verdicts.get(&one.room));
        let (asked, verdict) = both.ok_or_else(|| broken("a result of a room without a book"))?;
        let verdict = Verdict { ruling: asked.ruling, ..verdict.clone() };
        Ok(PlayerResult {
            room_id: one.room.bytes(),
            room_number: asked.number,
            terms: Some(asked.terms.clone()),
            verdict: Some((&verdict).into()),
            bet: Some(told::SettledBet {
                bet_id: one.bet.bytes(),
                account_id: account.bytes(),
                outcome: one.outcome,
                stake_lamports: one.stake.get(),
                fate: told::Fate::from(one.fate).into(),
                payout_lamports: one.payout.get(),
            }),
            settled_at: Some(timestamp(one.at)),
        })
    };
    settled.iter().map(one).collect()
}

/// Items of a page: as many as asked for, within bounds.
pub fn limit(page: &Page) -> u32 {
    let size = if page.size == 0 { PAGE } else { page.size };
    size.min(PAGE_MAX)
}

/// Where a page ends.
fn token(last: &Settled) -> String {
    format!("{}.{}", last.at.unix_timestamp_nanos(), last.bet)
}

/// Where the page before ended; nothing for the first page.
fn read_token(page: &Page) -> Result<Option<(OffsetDateTime, Uuid)>, Malformed> {
    let read = |token: &str| {
        let (nanos, bet) = token.split_once('.')?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos.parse().ok()?).ok()?;
        Some((at, bet.parse().ok()?))
    };
    if page.token.is_empty() {
        return Ok(None);
    }
    read(&page.token).map(Some).ok_or(Malformed("page token"))
}

impl From<&Record> for told::Record {
    fn from(record: &Record) -> Self {
        Self {
            won: record.won,
            lost: record.lost,
            returned: record.returned,
            staked_lamports: record.staked.get(),
            paid_lamports: record.paid.get(),
        }
    }
}
