//! Whom we follow, what they hold, and what was told of them.

use crate::domain::polymarket::{Address, Change, ConditionId, MarketName, Stored, Told, Wallet};
use chassis::{Fault, Pool};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;
use uuid::Uuid;

/// Whether a wallet is followed, as of a version; wished or as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) address: Address,
    pub(crate) version: i64,
    pub(crate) follow: bool,
}

/// Obeys wishes that are newer than what stands, and says what stands. A wallet begins anew whenever it is followed
/// again: nothing that happened meanwhile is told, and what it holds is not known.
pub(crate) async fn follow(
    conn: &mut PgConnection,
    wishes: &[Wish],
    now: OffsetDateTime,
) -> Result<Vec<Wish>, Fault> {
    if wishes.is_empty() {
        return Ok(Vec::new());
    }
    let addresses: Vec<String> = wishes.iter().map(|wish| wish.address.as_str().to_owned()).collect();
    let versions: Vec<i64> = wishes.iter().map(|wish| wish.version).collect();
    let follow: Vec<bool> = wishes.iter().map(|wish| wish.follow).collect();
    let changed = sqlx::query_scalar!(
        "INSERT INTO oracle.followed_wallet AS w (address, version, follow, since, read_until, next_look_at)
         SELECT address, version, follow, $4, $4, $4
         FROM unnest($1::text[], $2::bigint[], $3::boolean[]) AS t (address, version, follow) ORDER BY address
         ON CONFLICT (address) DO UPDATE
            SET version = EXCLUDED.version, follow = EXCLUDED.follow,
                since = CASE WHEN w.follow THEN w.since ELSE EXCLUDED.since END,
                read_until = CASE WHEN w.follow THEN w.read_until ELSE EXCLUDED.read_until END,
                next_look_at = CASE WHEN w.follow THEN w.next_look_at ELSE EXCLUDED.next_look_at END,
                snapshot_at = CASE WHEN w.follow AND EXCLUDED.follow THEN w.snapshot_at END,
                portfolio_usd = CASE WHEN w.follow AND EXCLUDED.follow THEN w.portfolio_usd END
            WHERE w.version < EXCLUDED.version
         RETURNING address",
        &addresses,
        &versions,
        &follow,
        now,
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM oracle.wallet_position p USING oracle.followed_wallet w
         WHERE p.address = w.address AND w.address = ANY($1) AND NOT w.follow",
        &changed,
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        "SELECT address, version, follow FROM oracle.followed_wallet WHERE address = ANY($1) ORDER BY address",
        &addresses,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Wish { address: address(&row.address)?, version: row.version, follow: row.follow }))
        .collect()
}

/// Those of the addresses that are followed, in one question that locks nothing.
pub(crate) async fn followed(pool: &Pool, addresses: &[String]) -> Result<Vec<String>, Fault> {
    Ok(sqlx::query_scalar!(
        "SELECT address FROM oracle.followed_wallet WHERE follow AND address = ANY($1)",
        addresses,
    )
    .fetch_all(pool)
    .await?)
}

/// How many wallets are followed.
pub(crate) async fn count(pool: &Pool) -> Result<i64, Fault> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM oracle.followed_wallet WHERE follow"#)
        .fetch_one(pool)
        .await?)
}

/// Those of the addresses that are followed. Nobody else tells anything of them until the transaction ends.
pub(crate) async fn lock(
    conn: &mut PgConnection,
    addresses: &[String],
) -> Result<BTreeMap<Address, Wallet>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT address, since, snapshot_at IS NOT NULL AS "known!", portfolio_usd
           FROM oracle.followed_wallet WHERE follow AND address = ANY($1) ORDER BY address FOR NO KEY UPDATE"#,
        addresses,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let wallet = Wallet { since: row.since, known: row.known, portfolio: row.portfolio_usd };
            Ok((address(&row.address)?, wallet))
        })
        .collect()
}

/// So much of these orders was told.
pub(crate) async fn told<'c>(executor: impl sqlx::PgExecutor<'c>, orders: &[Uuid]) -> Result<Told, Fault> {
    let rows = sqlx::query!("SELECT id, shares, usd FROM oracle.wallet_order WHERE id = ANY($1)", orders)
        .fetch_all(executor)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, (row.shares, row.usd))).collect())
}

/// What is stored of these tokens in these wallets.
pub(crate) async fn stored(
    conn: &mut PgConnection,
    places: &[(Address, String)],
) -> Result<HashMap<(Address, String), Stored>, Fault> {
    let (addresses, tokens): (Vec<String>, Vec<String>) =
        places.iter().map(|(address, token)| (address.as_str().to_owned(), token.clone())).unzip();
    let rows = sqlx::query!(
        "SELECT p.address, p.token_id, p.shares, p.changed_at
         FROM unnest($1::text[], $2::text[]) AS t (address, token)
         JOIN oracle.wallet_position p ON p.address = t.address AND p.token_id = t.token",
        &addresses,
        &tokens,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let stored = Stored { shares: row.shares, changed_at: row.changed_at };
            Ok(((address(&row.address)?, row.token_id), stored))
        })
        .collect()
}

/// Remembers what is told: the orders, and what is held after them. Wallets that turned out to hold something else than
/// was stored are not known any more and are looked at soon.
pub(crate) async fn remember(
    conn: &mut PgConnection,
    changes: &[Change],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let mut orders: BTreeMap<Uuid, (&str, Decimal, Decimal)> = BTreeMap::new();
    let mut held: BTreeMap<(&str, &str), (&Change, Decimal)> = BTreeMap::new();
    let mut doubtful: Vec<String> = Vec::new();
    for change in changes {
        let key = &change.whole.key;
        orders.insert(key.id(), (key.address.as_str(), change.whole.shares, change.whole.usd));
        match change.after {
            Some(after) => {
                held.insert((key.address.as_str(), &key.token), (change, after));
            }
            None => doubtful.push(key.address.as_str().to_owned()),
        }
    }
    put_orders(conn, &orders, now).await?;
    let positions: Vec<Holding<'_>> = held
        .iter()
        .map(|((address, token), (change, shares))| Holding {
            address,
            token,
            condition: change.whole.market.condition.as_str(),
            outcome: &change.whole.outcome,
            shares: *shares,
        })
        .collect();
    put_positions(conn, &positions, now).await?;
    sqlx::query!(
        "UPDATE oracle.followed_wallet
         SET snapshot_at = NULL, next_look_at = least(next_look_at, $2::timestamptz + interval '10 seconds')
         WHERE address = ANY($1) AND snapshot_at IS NOT NULL",
        &doubtful,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers what was told under these ids.
pub(crate) async fn put_orders(
    conn: &mut PgConnection,
    orders: &BTreeMap<Uuid, (&str, Decimal, Decimal)>,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let ids: Vec<Uuid> = orders.keys().copied().collect();
    let addresses: Vec<String> = orders.values().map(|(address, ..)| (*address).to_owned()).collect();
    let shares: Vec<Decimal> = orders.values().map(|(_, shares, _)| *shares).collect();
    let usd: Vec<Decimal> = orders.values().map(|(.., usd)| *usd).collect();
    sqlx::query!(
        "INSERT INTO oracle.wallet_order AS o (id, address, shares, usd, told_at)
         SELECT id, address, shares, usd, $5
         FROM unnest($1::uuid[], $2::text[], $3::numeric[], $4::numeric[]) AS t (id, address, shares, usd)
         ORDER BY id
         ON CONFLICT (id) DO UPDATE SET shares = EXCLUDED.shares, usd = EXCLUDED.usd, told_at = EXCLUDED.told_at
            WHERE o.shares < EXCLUDED.shares",
        &ids,
        &addresses,
        &shares,
        &usd,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a wallet holds of a token.
pub(crate) struct Holding<'h> {
    pub(crate) address: &'h str,
    pub(crate) token: &'h str,
    pub(crate) condition: &'h str,
    pub(crate) outcome: &'h str,
    pub(crate) shares: Decimal,
}

/// Stores what is held.
pub(crate) async fn put_positions(
    conn: &mut PgConnection,
    held: &[Holding<'_>],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let column = |of: fn(&Holding<'_>) -> String| held.iter().map(of).collect::<Vec<String>>();
    let shares: Vec<Decimal> = held.iter().map(|holding| holding.shares).collect();
    sqlx::query!(
        "INSERT INTO oracle.wallet_position AS p (address, token_id, condition_id, outcome, shares, changed_at)
         SELECT address, token, condition, outcome, shares, $6
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::numeric[])
              AS t (address, token, condition, outcome, shares)
         ORDER BY address, token
         ON CONFLICT (address, token_id) DO UPDATE
            SET shares = EXCLUDED.shares, changed_at = EXCLUDED.changed_at,
                outcome = CASE WHEN EXCLUDED.outcome = '' THEN p.outcome ELSE EXCLUDED.outcome END",
        &column(|holding| holding.address.to_owned()),
        &column(|holding| holding.token.to_owned()),
        &column(|holding| holding.condition.to_owned()),
        &column(|holding| holding.outcome.to_owned()),
        &shares,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A wallet whose turn it is.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) address: Address,
    pub(crate) since: OffsetDateTime,
    pub(crate) read_until: OffsetDateTime,
}

/// The wallets whose turn it is, the one that waits longest first.
pub(crate) async fn due(pool: &Pool, limit: i64) -> Result<Vec<Due>, Fault> {
    let rows = sqlx::query!(
        "SELECT address, since, read_until FROM oracle.followed_wallet
         WHERE follow AND next_look_at <= oracle.db_clock() ORDER BY next_look_at LIMIT $1",
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Due { address: address(&row.address)?, since: row.since, read_until: row.read_until }))
        .collect()
}

/// Looks at a wallet again after so many seconds.
pub(crate) async fn put_off(pool: &Pool, address: &Address, seconds: f64) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE oracle.followed_wallet SET next_look_at = oracle.db_clock() + $2 * interval '1 second'
         WHERE address = $1",
        address.as_str(),
        seconds,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Looks at all wallets now: something of the feed was missed.
pub(crate) async fn hurry(conn: &mut PgConnection, now: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE oracle.followed_wallet SET next_look_at = $1 WHERE follow AND next_look_at > $1",
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A position as stored, with its market.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) token: String,
    pub(crate) condition: ConditionId,
    pub(crate) outcome: String,
    pub(crate) stored: Stored,
}

/// All that is stored of one wallet.
pub(crate) async fn all(conn: &mut PgConnection, address: &Address) -> Result<Vec<Row>, Fault> {
    let rows = sqlx::query!(
        "SELECT token_id, condition_id, outcome, shares, changed_at FROM oracle.wallet_position
         WHERE address = $1 ORDER BY token_id",
        address.as_str(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Row {
                token: row.token_id,
                condition: condition(&row.condition_id)?,
                outcome: row.outcome,
                stored: Stored { shares: row.shares, changed_at: row.changed_at },
            })
        })
        .collect()
}

/// A look is done: these tokens are gone, and the wallet is known.
pub(crate) async fn looked(
    conn: &mut PgConnection,
    address: &Address,
    gone: &[String],
    portfolio: Decimal,
    (read_until, next): (OffsetDateTime, OffsetDateTime),
    now: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!(
        "DELETE FROM oracle.wallet_position WHERE address = $1 AND token_id = ANY($2)",
        address.as_str(),
        gone,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE oracle.followed_wallet
         SET snapshot_at = $2, portfolio_usd = $3, read_until = $4, next_look_at = $5 WHERE address = $1",
        address.as_str(),
        now,
        portfolio,
        read_until,
        next,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A followed wallet that holds shares of a market.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) address: Address,
    pub(crate) portfolio: Option<Decimal>,
    pub(crate) token: String,
    pub(crate) outcome: String,
    pub(crate) shares: Decimal,
}

/// Who holds shares of a market.
pub(crate) async fn holders(conn: &mut PgConnection, of: &ConditionId) -> Result<Vec<Holder>, Fault> {
    let rows = sqlx::query!(
        "SELECT p.address, p.token_id, p.outcome, p.shares, w.portfolio_usd
         FROM oracle.wallet_position p JOIN oracle.followed_wallet w USING (address)
         WHERE p.condition_id = $1 AND p.shares >= 0.01 AND w.follow ORDER BY p.address, p.token_id",
        of.as_str(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Holder {
                address: address(&row.address)?,
                portfolio: row.portfolio_usd,
                token: row.token_id,
                outcome: row.outcome,
                shares: row.shares,
            })
        })
        .collect()
}

/// Names of markets that followed wallets hold shares of. `decided`: it was so before anybody could be told.
pub(crate) async fn put_markets(
    conn: &mut PgConnection,
    markets: &[(&MarketName, bool)],
    next: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let column =
        |of: fn(&MarketName) -> &str| markets.iter().map(|(name, _)| of(name).to_owned()).collect::<Vec<_>>();
    let decided: Vec<bool> = markets.iter().map(|(_, decided)| *decided).collect();
    sqlx::query!(
        "INSERT INTO oracle.polymarket AS m (condition_id, question, slug, event_slug, next_look_at, decided_at)
         SELECT DISTINCT ON (condition) condition, question, slug, event, $6::timestamptz,
                CASE WHEN decided THEN $7::timestamptz END
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
              AS t (condition, question, slug, event, decided)
         ORDER BY condition, decided DESC
         ON CONFLICT (condition_id) DO UPDATE SET next_look_at = $7
            WHERE m.decided_at IS NULL AND EXCLUDED.decided_at IS NOT NULL AND m.next_look_at > $7",
        &column(|name| name.condition.as_str()),
        &column(|name| &name.question),
        &column(|name| &name.slug),
        &column(|name| &name.event_slug),
        &decided,
        next,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn address(text: &str) -> Result<Address, Fault> {
    Address::parse(text).ok_or_else(|| Fault::bug("a stored address is none"))
}

pub(super) fn condition(text: &str) -> Result<ConditionId, Fault> {
    ConditionId::parse(text).ok_or_else(|| Fault::bug("a stored condition id is none"))
}
