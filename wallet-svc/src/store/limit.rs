//! Tables `wallet.player`, `wallet.play_limit` and `wallet.deposit_excess`, and the windows over `wallet.hold`.
//!
//! Read under the accounts' locks where a decision hangs on it.

use crate::domain::limit::{DAY, Excess, Flow, Kind, Limit, Next, Player, WEEK, Window, withdraw_only};
use chassis::Fault;
use proto::{AccountId, DepositId, Lamports};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// Those of these accounts that have limits, with everything that counts against them. For accounts without limits it
/// is one read that finds nothing.
///
/// # Errors
/// The database.
pub async fn players(
    conn: &mut PgConnection,
    accounts: &[Uuid],
    now: OffsetDateTime,
) -> Result<BTreeMap<AccountId, Player>, Fault> {
    let mut players = rules(conn, accounts).await?;
    let limited: Vec<Uuid> = players.keys().map(|account| account.uuid()).collect();
    if limited.is_empty() {
        return Ok(players);
    }
    for (account, window) in windows(conn, &limited, now).await? {
        players.entry(account).or_default().window = window;
    }
    for (account, lamports) in bound(conn, &limited, now).await? {
        players.entry(account).or_default().window.withdraw_only = lamports;
    }
    Ok(players)
}

/// Limits and breaks without what counts against them.
///
/// # Errors
/// The database.
pub async fn rules(conn: &mut PgConnection, accounts: &[Uuid]) -> Result<BTreeMap<AccountId, Player>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT p.account AS "account!", p.cool_off_until, p.excluded_until, p.closed_at IS NOT NULL AS "closed!",
                  b.account IS NOT NULL AS "banned!", l.kind AS "kind?", l.lamports, l.next_at, l.next_lamports
           FROM wallet.player AS p LEFT JOIN wallet.ban AS b USING (account)
           LEFT JOIN wallet.play_limit AS l USING (account)
           WHERE p.account = ANY($1)"#,
        accounts
    )
    .fetch_all(conn)
    .await?;
    let mut players: BTreeMap<AccountId, Player> = BTreeMap::new();
    for row in rows {
        let player = players.entry(AccountId::new(row.account)).or_default();
        player.cool_off_until = row.cool_off_until;
        player.excluded_until = row.excluded_until;
        player.closed = row.closed;
        player.banned = row.banned;
        if let Some(number) = row.kind {
            let kind = Kind::from_number(number).ok_or_else(|| Fault::bug("an unknown kind of limit"))?;
            let next = row.next_at.map(|at| Next { at, lamports: row.next_lamports.map(Lamports::new) });
            player.limits.insert(kind, Limit { lamports: row.lamports.map(Lamports::new), next });
        }
    }
    Ok(players)
}

/// Stakes and losses of watched accounts. A settled stake is at most as old as its settlement, so the week of the
/// settlements holds the day of the stakes.
async fn windows(
    conn: &mut PgConnection,
    accounts: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<(AccountId, Window)>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT account,
                  coalesce(sum(amount) FILTER (WHERE state IN (1, 4) AND held_at > $2 AND credit IS DISTINCT FROM amount), 0)::bigint AS "staked!",
                  coalesce(sum(amount) FILTER (WHERE state = 1), 0)::bigint AS "open!",
                  coalesce(sum(amount - credit - coalesce(r.lamports, 0)) FILTER (WHERE state = 4), 0)::bigint AS "lost!"
           FROM wallet.hold LEFT JOIN wallet.refund AS r USING (bet_id)
           WHERE watched AND account = ANY($1) AND (ended_at IS NULL OR ended_at > $3)
           GROUP BY account"#,
        accounts,
        now.saturating_sub(DAY),
        now.saturating_sub(WEEK),
    )
    .fetch_all(conn)
    .await?;
    let window = |staked, open, lost| Window {
        staked: Lamports::new(staked),
        open: Lamports::new(open),
        lost: Lamports::new(lost),
        withdraw_only: Lamports::ZERO,
    };
    Ok(rows
        .into_iter()
        .map(|row| (AccountId::new(row.account), window(row.staked, row.open, row.lost)))
        .collect())
}

/// What of their balances can only be withdrawn.
async fn bound(
    conn: &mut PgConnection,
    accounts: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<(AccountId, Lamports)>, Fault> {
    let rows = sqlx::query!(
        "SELECT account, lamports, since, until FROM wallet.deposit_excess WHERE account = ANY($1) AND until > $2",
        accounts,
        now
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut pieces: BTreeMap<Uuid, Vec<Excess>> = BTreeMap::new();
    for row in rows {
        let piece = Excess { since: row.since, until: row.until, lamports: Lamports::new(row.lamports) };
        pieces.entry(row.account).or_default().push(piece);
    }
    if pieces.is_empty() {
        return Ok(Vec::new());
    }
    let accounts: Vec<Uuid> = pieces.keys().copied().collect();
    let rows = sqlx::query!(
        "SELECT account_id, lamports, requested_at FROM wallet.withdrawal
         WHERE account_id = ANY($1) AND requested_at > $2 AND state NOT IN ('FAILED', 'CANCELLED', 'REJECTED')
         ORDER BY requested_at",
        &accounts,
        now.saturating_sub(DAY),
    )
    .fetch_all(conn)
    .await?;
    let mut withdrawals: BTreeMap<Uuid, Vec<Flow>> = BTreeMap::new();
    for row in rows {
        let flow = Flow { at: row.requested_at, lamports: Lamports::new(row.lamports) };
        withdrawals.entry(row.account_id).or_default().push(flow);
    }
    let bound = pieces.iter().map(|(account, pieces)| {
        let left = withdrawals.get(account).map_or(&[][..], Vec::as_slice);
        let lamports = withdraw_only(pieces, left, now).map_err(|error| Fault::bug(error.to_string()))?;
        Ok((AccountId::new(*account), lamports))
    });
    bound.collect()
}

/// Begins to watch an account, with the bets it has: those that are open, and those that ended in the last week.
///
/// # Errors
/// The database.
pub async fn watch(conn: &mut PgConnection, account: AccountId, now: OffsetDateTime) -> Result<(), Fault> {
    let new = sqlx::query!(
        "INSERT INTO wallet.player (account) VALUES ($1) ON CONFLICT DO NOTHING",
        account.uuid()
    );
    if new.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE wallet.hold AS h SET watched = true FROM wallet.entry AS e
         WHERE e.kind = 1 AND e.owner = $1 AND e.movement = 2 AND h.bet_id = e.reference
           AND NOT h.watched AND (h.state = 1 OR h.ended_at > $2)",
        account.uuid(),
        now.saturating_sub(WEEK),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets a limit of a watched account.
///
/// # Errors
/// The database.
pub async fn set(
    conn: &mut PgConnection,
    account: AccountId,
    kind: Kind,
    limit: &Limit,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO wallet.play_limit (account, kind, lamports, next_at, next_lamports) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, kind) DO UPDATE
         SET lamports = EXCLUDED.lamports, next_at = EXCLUDED.next_at, next_lamports = EXCLUDED.next_lamports",
        account.uuid(),
        kind.number(),
        limit.lamports.map(Lamports::get),
        limit.next.map(|next| next.at),
        limit.next.and_then(|next| next.lamports).map(Lamports::get),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps a watched account from playing, at least until then. Returns until when.
///
/// # Errors
/// The database.
pub async fn cool_off(
    conn: &mut PgConnection,
    account: AccountId,
    until: OffsetDateTime,
) -> Result<OffsetDateTime, Fault> {
    let until = sqlx::query_scalar!(
        r#"UPDATE wallet.player SET cool_off_until = greatest(cool_off_until, $2) WHERE account = $1
           RETURNING cool_off_until AS "until!""#,
        account.uuid(),
        until
    );
    Ok(until.fetch_one(conn).await?)
}

/// The same for a self-exclusion.
///
/// # Errors
/// The database.
pub async fn exclude(
    conn: &mut PgConnection,
    account: AccountId,
    until: OffsetDateTime,
) -> Result<OffsetDateTime, Fault> {
    let until = sqlx::query_scalar!(
        r#"UPDATE wallet.player SET excluded_until = greatest(excluded_until, $2) WHERE account = $1
           RETURNING excluded_until AS "until!""#,
        account.uuid(),
        until
    );
    Ok(until.fetch_one(conn).await?)
}

/// Deposits of the day before a moment, oldest first, without one of them.
///
/// # Errors
/// The database.
pub async fn deposits_of_day(
    conn: &mut PgConnection,
    account: AccountId,
    but: Option<DepositId>,
    now: OffsetDateTime,
) -> Result<Vec<Flow>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT credited_at AS "at!", lamports FROM wallet.deposit
           WHERE owner = $1 AND credited_at > $2 AND id IS DISTINCT FROM $3 ORDER BY credited_at"#,
        account.uuid(),
        now.saturating_sub(DAY),
        but.map(DepositId::uuid),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Flow { at: row.at, lamports: Lamports::new(row.lamports) }).collect())
}

/// Notes what of a deposit came over the limit.
///
/// # Errors
/// The database.
pub async fn add_excess(
    conn: &mut PgConnection,
    account: AccountId,
    deposit: DepositId,
    pieces: &[Excess],
) -> Result<(), Fault> {
    let lamports: Vec<i64> = pieces.iter().map(|piece| piece.lamports.get()).collect();
    let since: Vec<OffsetDateTime> = pieces.iter().map(|piece| piece.since).collect();
    let until: Vec<OffsetDateTime> = pieces.iter().map(|piece| piece.until).collect();
    sqlx::query!(
        "INSERT INTO wallet.deposit_excess (deposit, account, lamports, since, until)
         SELECT $1, $2, lamports, since, until
         FROM unnest($3::bigint[], $4::timestamptz[], $5::timestamptz[]) AS t (lamports, since, until)",
        deposit.uuid(),
        account.uuid(),
        &lamports,
        &since,
        &until
    )
    .execute(conn)
    .await?;
    Ok(())
}
