//! Codes, referrers, and what referrals earned.

use super::{broken, signed};
use crate::domain::referral::{Chain, Credit, Gain, Tally, code};
use chassis::Fault;
use proto::{AccountId, Lamports, RoomId};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Codes tried for one account. Of 30^8 codes a million are taken: two tries hardly ever, twenty never.
const TRIES: u32 = 20;

/// Steps of a chain that are looked at. A longer one counts as a loop for whoever has brought others already.
const WALK: i32 = 1_000;

/// Gives each account its own code, if it has none. The codes of all are returned.
///
/// # Errors
/// The database.
pub async fn codes(
    connection: &mut PgConnection,
    accounts: &BTreeSet<AccountId>,
) -> Result<HashMap<AccountId, String>, Fault> {
    let mut codes = HashMap::with_capacity(accounts.len());
    for attempt in 0..TRIES {
        // In the order of their ids: who inserts an account that another replica is inserting waits for it.
        let missing: Vec<AccountId> =
            accounts.iter().filter(|account| !codes.contains_key(*account)).copied().collect();
        if missing.is_empty() {
            break;
        }
        let ids: Vec<Uuid> = missing.iter().map(|account| account.uuid()).collect();
        let wanted: Vec<String> = missing.iter().map(|account| code(*account, attempt)).collect();
        sqlx::query!(
            "INSERT INTO settlement.referral_code (account_id, code)
             SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT DO NOTHING",
            &ids,
            &wanted,
        )
        .execute(&mut *connection)
        .await?;
        let made = sqlx::query!(
            "SELECT account_id, code FROM settlement.referral_code WHERE account_id = ANY($1)",
            &ids
        )
        .fetch_all(&mut *connection)
        .await?;
        codes.extend(made.into_iter().map(|row| (AccountId::new(row.account_id), row.code)));
    }
    Ok(codes)
}

/// Whose code this is.
///
/// # Errors
/// The database.
pub async fn owner(connection: &mut PgConnection, code: &str) -> Result<Option<AccountId>, Fault> {
    let owner = sqlx::query_scalar!("SELECT account_id FROM settlement.referral_code WHERE code = $1", code);
    Ok(owner.fetch_optional(connection).await?.map(AccountId::new))
}

/// Lets nobody else fix a referrer until the transaction ends.
///
/// # Errors
/// The database.
pub async fn lock(connection: &mut PgConnection) -> Result<(), Fault> {
    sqlx::query!("SELECT one FROM settlement.referral_lock FOR UPDATE").fetch_one(connection).await?;
    Ok(())
}

/// Who brought an account.
///
/// # Errors
/// The database.
pub async fn referrer(connection: &mut PgConnection, account: AccountId) -> Result<Option<AccountId>, Fault> {
    let referrer = sqlx::query_scalar!(
        "SELECT referrer_id FROM settlement.referrer WHERE account_id = $1",
        account.uuid()
    );
    Ok(referrer.fetch_optional(connection).await?.map(AccountId::new))
}

/// How many accounts stand below one: itself, those it brought, and those they brought. Whoever was brought by nobody is
/// counted once at most, when they join a chain.
///
/// # Errors
/// The database.
pub async fn below(connection: &mut PgConnection, account: AccountId) -> Result<[i64; 3], Fault> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM settlement.referrer WHERE referrer_id = $1) AS "first!",
                  (SELECT count(*) FROM settlement.referrer AS one
                   JOIN settlement.referrer AS two ON two.referrer_id = one.account_id
                   WHERE one.referrer_id = $1) AS "second!""#,
        account.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok([1, row.first, row.second])
}

/// Whether the chain above a would-be referrer comes to the account itself, or does not end within [`WALK`] steps. Only
/// under [`lock`].
///
/// # Errors
/// The database.
pub async fn leads_back(
    connection: &mut PgConnection,
    account: AccountId,
    referrer: AccountId,
) -> Result<bool, Fault> {
    Ok(sqlx::query_scalar!(
        r#"WITH RECURSIVE above (account_id, step) AS (
               SELECT $2::uuid, 0
               UNION ALL
               SELECT r.referrer_id, above.step + 1
               FROM above JOIN settlement.referrer AS r ON r.account_id = above.account_id
               WHERE above.account_id <> $1 AND above.step < $3
           )
           SELECT bool_or(account_id = $1 OR step = $3) AS "leads!" FROM above"#,
        account.uuid(),
        referrer.uuid(),
        WALK,
    )
    .fetch_one(connection)
    .await?)
}

/// Fixes who brought an account.
///
/// # Errors
/// The database; one that has a referrer violates a constraint.
pub async fn fix(
    connection: &mut PgConnection,
    account: AccountId,
    referrer: AccountId,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO settlement.referrer (account_id, referrer_id) VALUES ($1, $2)",
        account.uuid(),
        referrer.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The chains above accounts; those who came by themselves are left out.
///
/// # Errors
/// The database.
pub async fn chains(
    connection: &mut PgConnection,
    accounts: &[Uuid],
) -> Result<HashMap<AccountId, Chain>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT first.account_id AS "account_id!", first.referrer_id AS "first!", second.referrer_id AS "second?",
                  third.referrer_id AS "third?"
           FROM settlement.referrer AS first
           LEFT JOIN settlement.referrer AS second ON second.account_id = first.referrer_id
           LEFT JOIN settlement.referrer AS third ON third.account_id = second.referrer_id
           WHERE first.account_id = ANY($1)"#,
        accounts,
    )
    .fetch_all(connection)
    .await?;
    let chain = |one, two: Option<Uuid>, three: Option<Uuid>| {
        [Some(one), two, three].map(|id| id.map(AccountId::new))
    };
    Ok(rows
        .into_iter()
        .map(|row| (AccountId::new(row.account_id), chain(row.first, row.second, row.third)))
        .collect())
}

/// Keeps the credits of one chunk.
///
/// # Errors
/// The database.
pub async fn insert_credits(
    connection: &mut PgConnection,
    room: RoomId,
    chunk: u32,
    credits: &[Credit],
) -> Result<(), Fault> {
    if credits.is_empty() {
        return Ok(());
    }
    let accounts: Vec<Uuid> = credits.iter().map(|credit| credit.account.uuid()).collect();
    let levels: Vec<i16> = credits.iter().map(|credit| credit.level.into()).collect();
    let lamports: Vec<i64> = credits.iter().map(|credit| credit.lamports.get()).collect();
    sqlx::query!(
        "INSERT INTO settlement.referral_credit (room_id, chunk, account_id, level, lamports)
         SELECT $1, $2, * FROM unnest($3::uuid[], $4::smallint[], $5::bigint[])",
        room.uuid(),
        signed(chunk)?,
        &accounts,
        &levels,
        &lamports,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The credits of one chunk, in the order of accounts and levels.
///
/// # Errors
/// The database.
pub async fn credits(connection: &mut PgConnection, room: RoomId, chunk: u32) -> Result<Vec<Credit>, Fault> {
    sqlx::query!(
        "SELECT account_id, level, lamports FROM settlement.referral_credit
         WHERE room_id = $1 AND chunk = $2 ORDER BY account_id, level",
        room.uuid(),
        signed(chunk)?,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let level = u8::try_from(row.level).map_err(|_| broken("a level out of range"))?;
        Ok(Credit { account: AccountId::new(row.account_id), level, lamports: Lamports::new(row.lamports) })
    })
    .collect()
}

/// Adds to the sums on referral screens, in one order, once per transaction: two that touch the same rows wait for each
/// other and for nothing else.
///
/// # Errors
/// The database.
pub async fn add(connection: &mut PgConnection, tally: &Tally) -> Result<(), Fault> {
    if tally.0.is_empty() {
        return Ok(());
    }
    let (keys, gains): (Vec<&(AccountId, u8)>, Vec<&Gain>) = tally.0.iter().unzip();
    let accounts: Vec<Uuid> = keys.iter().map(|(account, _)| account.uuid()).collect();
    let levels: Vec<i16> = keys.iter().map(|(_, level)| i16::from(*level)).collect();
    let brought: Vec<i64> = gains.iter().map(|gain| gain.accounts).collect();
    let earned: Vec<i64> = gains.iter().map(|gain| gain.earned.get()).collect();
    sqlx::query!(
        "INSERT INTO settlement.referral_total AS t (account_id, level, accounts, earned_lamports)
         SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bigint[])
             AS gain (account_id, level, accounts, earned) ORDER BY account_id, level
         ON CONFLICT (account_id, level) DO UPDATE
         SET accounts = t.accounts + excluded.accounts, earned_lamports = t.earned_lamports + excluded.earned_lamports",
        &accounts,
        &levels,
        &brought,
        &earned,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the referral screen of an account shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// Its own code; empty for an account that nobody has told of yet.
    pub code: String,
    /// Somebody brought it.
    pub referred: bool,
    /// Accounts brought and lamports credited, per level.
    pub levels: [(i64, i64); 3],
}

/// Reads the screen: a handful of rows, however many accounts there are.
///
/// # Errors
/// The database.
pub async fn screen(connection: &mut PgConnection, account: AccountId) -> Result<Screen, Fault> {
    let own = sqlx::query_scalar!(
        "SELECT code FROM settlement.referral_code WHERE account_id = $1",
        account.uuid()
    )
    .fetch_optional(&mut *connection)
    .await?;
    let referred = referrer(&mut *connection, account).await?.is_some();
    let rows = sqlx::query!(
        "SELECT level, accounts, earned_lamports FROM settlement.referral_total WHERE account_id = $1",
        account.uuid()
    )
    .fetch_all(connection)
    .await?;
    let mut levels = [(0, 0); 3];
    for (level, place) in (1..).zip(&mut levels) {
        if let Some(row) = rows.iter().find(|row| row.level == level) {
            *place = (row.accounts, row.earned_lamports);
        }
    }
    Ok(Screen { code: own.unwrap_or_default(), referred, levels })
}
