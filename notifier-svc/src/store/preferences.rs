//! What accounts have said they want to be told.

use crate::domain::{
    preferences::{Preferences, Thresholds},
    schedule::{QuietHours, Zone},
};
use chassis::Fault;
use proto::{AccountId, notifier::Category};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor};
use std::collections::{BTreeSet, HashMap};
use time::OffsetDateTime;
use uuid::Uuid;

/// The preferences of some accounts.
#[derive(Clone, Debug)]
pub struct Known {
    said: HashMap<AccountId, Preferences>,
    usual: Preferences,
}

impl Known {
    /// Those of one of them.
    #[must_use]
    pub fn of(&self, account: AccountId) -> &Preferences {
        self.said.get(&account).unwrap_or(&self.usual)
    }
}

/// A row as it is stored.
pub(super) struct Row {
    pub account_id: Uuid,
    pub off: Vec<i16>,
    pub min_usd: Decimal,
    pub min_portfolio_bps: i32,
    pub whale_usd: Decimal,
    pub quiet_on: bool,
    pub quiet_from: i16,
    pub quiet_until: i16,
    pub time_zone: String,
    pub digest_on: bool,
    pub digest_minute: i16,
}

impl Row {
    fn read(self) -> Result<Preferences, Fault> {
        let wrong = || Fault::bug("stored preferences do not read back");
        let minute = |minute: i16| u32::try_from(minute).map_err(|_| wrong());
        let category = |number: i16| Category::try_from(i32::from(number)).map_err(|_| wrong());
        // A name that a later release of the IANA list has dropped.
        let zone = Zone::of_name(&self.time_zone).unwrap_or_else(Zone::utc);
        Ok(Preferences {
            off: self.off.into_iter().map(category).collect::<Result<BTreeSet<_>, _>>()?,
            min_usd: self.min_usd,
            min_portfolio_bps: u32::try_from(self.min_portfolio_bps).map_err(|_| wrong())?,
            whale_usd: self.whale_usd,
            quiet_on: self.quiet_on,
            quiet: QuietHours::try_new(minute(self.quiet_from)?, minute(self.quiet_until)?)?,
            zone,
            digest_on: self.digest_on,
            digest_minute: u16::try_from(self.digest_minute).map_err(|_| wrong())?,
        })
    }
}

/// The preferences of these accounts, whether or not they ever said anything.
///
/// # Errors
/// The database.
pub async fn of(
    db: impl PgExecutor<'_>,
    accounts: &BTreeSet<AccountId>,
    thresholds: Thresholds,
) -> Result<Known, Fault> {
    let ids: Vec<Uuid> = accounts.iter().map(|account| account.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT account_id, off, min_usd, min_portfolio_bps, whale_usd, quiet_on, quiet_from, quiet_until, time_zone,
                digest_on, digest_minute
         FROM notifier.preferences WHERE account_id = ANY($1)",
        &ids
    )
    .fetch_all(db)
    .await?;
    let said = rows.into_iter().map(|row| Ok((AccountId::new(row.account_id), row.read()?)));
    Ok(Known { said: said.collect::<Result<_, Fault>>()?, usual: Preferences::usual(thresholds) })
}

/// Keeps what an account wants from now on.
///
/// # Errors
/// The database.
pub async fn write(
    conn: &mut PgConnection,
    account: AccountId,
    wanted: &Preferences,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let beyond = |_| Fault::bug("a preference beyond its column");
    let off: Vec<i16> = wanted
        .off
        .iter()
        .map(|category| i16::try_from(i32::from(*category)))
        .collect::<Result<_, _>>()
        .map_err(beyond)?;
    let minute = |minute: u16| i16::try_from(minute).map_err(beyond);
    sqlx::query!(
        "INSERT INTO notifier.preferences AS p
             (account_id, off, min_usd, min_portfolio_bps, whale_usd, quiet_on, quiet_from, quiet_until, time_zone,
              digest_on, digest_minute, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (account_id) DO UPDATE
         SET (off, min_usd, min_portfolio_bps, whale_usd, quiet_on, quiet_from, quiet_until, time_zone, digest_on,
              digest_minute, changed_at)
           = (EXCLUDED.off, EXCLUDED.min_usd, EXCLUDED.min_portfolio_bps, EXCLUDED.whale_usd, EXCLUDED.quiet_on,
              EXCLUDED.quiet_from, EXCLUDED.quiet_until, EXCLUDED.time_zone, EXCLUDED.digest_on,
              EXCLUDED.digest_minute, EXCLUDED.changed_at)",
        account.uuid(),
        &off,
        wanted.min_usd,
        i32::try_from(wanted.min_portfolio_bps).map_err(beyond)?,
        wanted.whale_usd,
        wanted.quiet_on,
        minute(wanted.quiet.from())?,
        minute(wanted.quiet.until())?,
        wanted.zone.name(),
        wanted.digest_on,
        minute(wanted.digest_minute)?,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets what an account has said.
///
/// # Errors
/// The database.
pub async fn forget(conn: &mut PgConnection, accounts: &[Uuid]) -> Result<(), Fault> {
    sqlx::query!("DELETE FROM notifier.preferences WHERE account_id = ANY($1)", accounts)
        .execute(conn)
        .await?;
    Ok(())
}
