//! Watch-lists, and the addresses that the Polymarket role follows because of them. Written in one's turn alone
//! (`store::take_turn`).

use crate::domain::{
    preferences::Thresholds,
    tracking::{Address, Weight},
};
use chassis::Fault;
use proto::{AccountId, notifier::TrackedWallet, timestamp};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// A wallet on somebody's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Which.
    pub address: String,
    /// What its owner of the list calls it.
    pub alias: String,
    /// Since when.
    pub tracked_at: OffsetDateTime,
}

impl Tracked {
    /// As others see it.
    #[must_use]
    pub fn into_message(self) -> TrackedWallet {
        TrackedWallet {
            address: self.address,
            alias: self.alias,
            tracked_at: Some(timestamp(self.tracked_at)),
        }
    }
}

/// The wallet on an account's list, if it is there.
///
/// # Errors
/// The database.
pub async fn find(
    db: impl PgExecutor<'_>,
    account: AccountId,
    address: &Address,
) -> Result<Option<Tracked>, Fault> {
    let found = sqlx::query_as!(
        Tracked,
        "SELECT address, alias, tracked_at FROM notifier.tracked WHERE account_id = $1 AND address = $2",
        account.uuid(),
        address.as_str()
    );
    Ok(found.fetch_optional(db).await?)
}

/// An account's list, oldest first.
///
/// # Errors
/// The database.
pub async fn list(db: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<Tracked>, Fault> {
    let list = sqlx::query_as!(
        Tracked,
        "SELECT address, alias, tracked_at FROM notifier.tracked WHERE account_id = $1 ORDER BY tracked_at, address",
        account.uuid()
    );
    Ok(list.fetch_all(db).await?)
}

/// Puts a wallet that is not on an account's list into the first free of its places; false if all are taken.
///
/// # Errors
/// The database, which refuses a second wallet in one place and the same wallet twice.
pub async fn add(
    conn: &mut PgConnection,
    account: AccountId,
    address: &Address,
    alias: &str,
    places: u8,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let added = sqlx::query!(
        "INSERT INTO notifier.tracked (account_id, address, place, alias, tracked_at)
         SELECT $1, $2, place, $3, $5 FROM generate_series(1, $4::int) AS free (place)
         WHERE NOT EXISTS (SELECT FROM notifier.tracked t WHERE t.account_id = $1 AND t.place = free.place)
         ORDER BY place LIMIT 1",
        account.uuid(),
        address.as_str(),
        alias,
        i32::from(places),
        now
    );
    Ok(added.execute(conn).await?.rows_affected() == 1)
}

/// Takes a wallet off an account's list; false if it is not there.
///
/// # Errors
/// The database.
pub async fn remove(conn: &mut PgConnection, account: AccountId, address: &Address) -> Result<bool, Fault> {
    let removed = sqlx::query!(
        "DELETE FROM notifier.tracked WHERE account_id = $1 AND address = $2",
        account.uuid(),
        address.as_str()
    );
    Ok(removed.execute(conn).await?.rows_affected() == 1)
}

/// Gives a wallet on an account's list another name; nothing if it is not there.
///
/// # Errors
/// The database.
pub async fn rename(
    conn: &mut PgConnection,
    account: AccountId,
    address: &Address,
    alias: &str,
) -> Result<Option<Tracked>, Fault> {
    let renamed = sqlx::query_as!(
        Tracked,
        "UPDATE notifier.tracked SET alias = $3 WHERE account_id = $1 AND address = $2
         RETURNING address, alias, tracked_at",
        account.uuid(),
        address.as_str(),
        alias
    );
    Ok(renamed.fetch_optional(conn).await?)
}

/// Begins to follow an address unless it is followed already, and says under which version it then is.
///
/// # Errors
/// The database.
pub async fn follow(conn: &mut PgConnection, address: &Address) -> Result<Option<i64>, Fault> {
    let version = sqlx::query_scalar!(
        "INSERT INTO notifier.following AS f (address, version, follow) VALUES ($1, 1, true)
         ON CONFLICT (address) DO UPDATE SET version = f.version + 1, follow = true WHERE NOT f.follow
         RETURNING version",
        address.as_str()
    );
    Ok(version.fetch_optional(conn).await?)
}

/// Stops following those of these addresses that nobody tracks any more, and says under which versions they then are not.
///
/// # Errors
/// The database.
pub async fn unfollow(conn: &mut PgConnection, addresses: &[String]) -> Result<Vec<(String, i64)>, Fault> {
    let rows = sqlx::query!(
        "UPDATE notifier.following AS f SET version = version + 1, follow = false
         WHERE address = ANY($1) AND follow AND NOT EXISTS (SELECT FROM notifier.tracked t WHERE t.address = f.address)
         RETURNING address, version",
        addresses
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.address, row.version)).collect())
}

/// Takes the whole lists of these accounts away, and returns what was on them.
///
/// # Errors
/// The database.
pub async fn forget(conn: &mut PgConnection, accounts: &[Uuid]) -> Result<Vec<String>, Fault> {
    let forgotten = sqlx::query_scalar!(
        "DELETE FROM notifier.tracked WHERE account_id = ANY($1) RETURNING address",
        accounts
    );
    Ok(forgotten.fetch_all(conn).await?)
}

/// A change as it is held against the thresholds.
#[derive(Clone, Debug)]
pub struct Weighed<'a> {
    /// Of which wallet.
    pub address: &'a str,
    /// How much it weighs.
    pub weight: Weight,
    /// When it happened.
    pub filled_at: OffsetDateTime,
}

/// Who is told of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follower {
    /// The place of the change in the list.
    pub item: i64,
    /// Whom.
    pub account: AccountId,
    /// What they call the wallet.
    pub alias: String,
}

/// Everybody who is told of some of these changes: who tracks the wallet, did so when it happened (times on chain are whole
/// seconds), and finds it large enough, by its value or its part of a portfolio that is known and not nothing.
///
/// # Errors
/// The database.
pub async fn followers(
    db: impl PgExecutor<'_>,
    changes: &[Weighed<'_>],
    usual: Thresholds,
) -> Result<Vec<Follower>, Fault> {
    let addresses: Vec<String> = changes.iter().map(|change| change.address.to_owned()).collect();
    let usd: Vec<Decimal> = changes.iter().map(|change| change.weight.usd).collect();
    let portfolios: Vec<Option<Decimal>> = changes.iter().map(|change| change.weight.portfolio).collect();
    let times: Vec<OffsetDateTime> = changes.iter().map(|change| change.filled_at).collect();
    let rows = sqlx::query!(
        "SELECT c.item AS \"item!\", t.account_id, t.alias
         FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::timestamptz[])
              WITH ORDINALITY AS c (address, usd, portfolio, filled_at, item)
         JOIN notifier.tracked t ON t.address = c.address AND date_trunc('second', t.tracked_at) <= c.filled_at
         LEFT JOIN notifier.preferences p ON p.account_id = t.account_id
         WHERE c.usd >= coalesce(p.min_usd, $5)
            OR (c.portfolio > 0 AND c.usd * 10000 >= c.portfolio * coalesce(p.min_portfolio_bps, $6))
         ORDER BY c.item, t.account_id",
        &addresses,
        &usd,
        &portfolios as &[Option<Decimal>],
        &times,
        usual.min_usd,
        i32::try_from(usual.min_portfolio_bps).unwrap_or(i32::MAX)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Follower { item: row.item, account: AccountId::new(row.account_id), alias: row.alias })
        .collect())
}

/// Who asked for trades of a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watcher {
    /// The place of the trade in the list.
    pub item: i64,
    /// Whom.
    pub account: AccountId,
    /// Whether they are told of the wallets that they track.
    pub hears_of_wallets: bool,
}

/// Accounts that are told of trades of these values. Nobody is who did not ask for it.
///
/// # Errors
/// The database.
pub async fn whale_watchers(db: impl PgExecutor<'_>, usd: &[Decimal]) -> Result<Vec<Watcher>, Fault> {
    let rows = sqlx::query!(
        "SELECT c.item AS \"item!\", p.account_id, NOT p.off @> ARRAY[3]::smallint[] AS \"hears_of_wallets!\"
         FROM unnest($1::numeric[]) WITH ORDINALITY AS c (usd, item)
         JOIN notifier.preferences p ON p.whale_usd <= c.usd AND NOT p.off @> ARRAY[4]::smallint[]
         ORDER BY c.item, p.account_id",
        usd
    )
    .fetch_all(db)
    .await?;
    let watcher = |item, account, hears_of_wallets| Watcher { item, account, hears_of_wallets };
    Ok(rows
        .into_iter()
        .map(|row| watcher(row.item, AccountId::new(row.account_id), row.hears_of_wallets))
        .collect())
}

/// Wallets that are tracked, each counted once, and entries of all lists.
///
/// # Errors
/// The database.
pub async fn count(db: impl PgExecutor<'_>) -> Result<(i64, i64), Fault> {
    let row = sqlx::query!(
        "SELECT (SELECT count(*) FROM notifier.following WHERE follow) AS \"wallets!\",
                (SELECT count(*) FROM notifier.tracked) AS \"entries!\""
    );
    let row = row.fetch_one(db).await?;
    Ok((row.wallets, row.entries))
}
