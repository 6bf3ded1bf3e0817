//! Tables `wallet.ledger_account`, `wallet.ledger_tx` and `wallet.entry`.
//!
//! Posting is lock, read, fold in memory, write: accounts are locked in one order, so that no two
//! transactions wait for each other, and nothing is written until everything was checked.

use crate::domain::ledger::{Account, Balances, Entry, Kind, Movement, Short};
use chassis::{Fault, Pool, Unit};
use proto::Lamports;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What became of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is in the ledger now.
    Now,
    /// It was there before, with the same body.
    Before,
    /// An account does not have the money; nothing of it was written.
    Short(Short),
}

/// Opens accounts of no balance; those that exist stay as they are.
///
/// # Errors
/// The database.
pub async fn open(unit: &mut Unit, accounts: &BTreeSet<Account>) -> Result<(), Fault> {
    let (kinds, owners) = columns(accounts.iter());
    sqlx::query!(
        "INSERT INTO wallet.ledger_account (kind, owner) SELECT * FROM unnest($1::smallint[], $2::uuid[])
         ON CONFLICT DO NOTHING",
        &kinds,
        &owners
    )
    .execute(unit.conn())
    .await?;
    Ok(())
}

/// Locks accounts in their order and reads them. Accounts that do not exist are left out.
///
/// # Errors
/// The database.
pub async fn lock(unit: &mut Unit, accounts: &BTreeSet<Account>) -> Result<Balances, Fault> {
    let (kinds, owners) = columns(accounts.iter());
    let rows = sqlx::query!(
        "SELECT a.kind, a.owner, a.balance FROM wallet.ledger_account AS a
         JOIN unnest($1::smallint[], $2::uuid[]) AS t (kind, owner) ON a.kind = t.kind AND a.owner = t.owner
         ORDER BY a.kind, a.owner FOR NO KEY UPDATE OF a",
        &kinds,
        &owners
    )
    .fetch_all(unit.conn())
    .await?;
    let kinds: HashMap<i16, Kind> = Kind::ALL.into_iter().map(|kind| (kind.number(), kind)).collect();
    let read = rows.into_iter().map(|row| {
        let kind = *kinds.get(&row.kind).ok_or_else(|| Fault::bug("an unknown kind of account"))?;
        Ok((Account { kind, owner: row.owner }, Lamports::new(row.balance)))
    });
    Ok(Balances::new(read.collect::<Result<BTreeMap<_, _>, Fault>>()?))
}

/// Posts movements in their order; each is taken whole or, where money is short, left out whole.
/// Accounts of the house and of rooms are opened as needed, users' accounts are not.
///
/// # Errors
/// The database, or a key that was posted with another body.
pub async fn post(unit: &mut Unit, movements: &[Movement]) -> Result<Vec<Posted>, Fault> {
    let accounts: BTreeSet<Account> =
        movements.iter().flat_map(|movement| movement.entries.iter().map(|entry| entry.account)).collect();
    let ours =
        accounts.iter().filter(|account| !matches!(account.kind, Kind::Available | Kind::Held)).copied();
    open(unit, &ours.collect()).await?;
    let mut balances = lock(unit, &accounts).await?;
    if let Some(missing) = accounts.iter().find(|account| balances.get(**account).is_none()) {
        return Err(Fault::bug(format!("no account {missing:?}")));
    }
    let before = posted_before(unit, movements).await?;
    let mut results = Vec::with_capacity(movements.len());
    let mut fresh = Vec::with_capacity(movements.len());
    for movement in movements {
        if before.contains(&movement.key) {
            results.push(Posted::Before);
            continue;
        }
        match balances.apply(&movement.entries).map_err(|error| Fault::bug(error.to_string()))? {
            Ok(()) => {
                results.push(Posted::Now);
                fresh.push(movement);
            }
            Err(short) => results.push(Posted::Short(short)),
        }
    }
    write(unit, &fresh, &balances).await?;
    Ok(results)
}

/// The keys among these that are in the ledger, having checked that their bodies are the same.
async fn posted_before(unit: &mut Unit, movements: &[Movement]) -> Result<BTreeSet<Uuid>, Fault> {
    let keys: Vec<Uuid> = movements.iter().map(|movement| movement.key).collect();
    let rows = sqlx::query!("SELECT id, request_hash FROM wallet.ledger_tx WHERE id = ANY($1)", &keys)
        .fetch_all(unit.conn())
        .await?;
    let hashes: HashMap<Uuid, Uuid> = rows.into_iter().map(|row| (row.id, row.request_hash)).collect();
    for movement in movements {
        if hashes.get(&movement.key).is_some_and(|hash| *hash != movement.request_hash()) {
            return Err(Fault::bug(format!("ledger key {} came with another body", movement.key)));
        }
    }
    Ok(hashes.into_keys().collect())
}

/// Posts movements whose keys are known to be new. Their accounts are locked and read in `balances`, all but those of `late`,
/// which are opened and locked after everything else is written: what many transactions meet in is held shortly.
///
/// # Errors
/// The database; an account that is short or missing, which is a bug: nothing of it may be committed.
pub async fn post_new(
    unit: &mut Unit,
    movements: &[Movement],
    mut balances: Balances,
    late: &BTreeSet<Account>,
) -> Result<(), Fault> {
    let movements: Vec<&Movement> = movements.iter().collect();
    write_movements(unit, &movements).await?;
    open(unit, late).await?;
    balances.join(lock(unit, late).await?);
    for movement in &movements {
        let applied = balances.apply(&movement.entries).map_err(|error| Fault::bug(error.to_string()))?;
        if let Err(short) = applied {
            return Err(Fault::bug(format!("{:?} {}: {short:?}", movement.kind, movement.key)));
        }
    }
    write_balances(unit, &balances).await
}

/// Writes checked movements and the balances they lead to.
///
/// # Errors
/// The database; a constraint that fails here is a bug.
pub async fn write(unit: &mut Unit, movements: &[&Movement], balances: &Balances) -> Result<(), Fault> {
    write_movements(unit, movements).await?;
    write_balances(unit, balances).await
}

/// One statement for the movements, one for their entries.
async fn write_movements(unit: &mut Unit, movements: &[&Movement]) -> Result<(), Fault> {
    if movements.is_empty() {
        return Ok(());
    }
    let now = unit.now().await?;
    let keys: Vec<Uuid> = movements.iter().map(|movement| movement.key).collect();
    let kinds: Vec<i16> = movements.iter().map(|movement| movement.kind.number()).collect();
    let hashes: Vec<Uuid> = movements.iter().map(|movement| movement.request_hash()).collect();
    sqlx::query!(
        "INSERT INTO wallet.ledger_tx (id, movement, request_hash, posted_at)
         SELECT id, movement, hash, $4 FROM unnest($1::uuid[], $2::smallint[], $3::uuid[]) AS t (id, movement, hash)",
        &keys,
        &kinds,
        &hashes,
        now
    )
    .execute(unit.conn())
    .await?;

    let lines: Vec<(&Movement, &Entry)> = movements
        .iter()
        .flat_map(|movement| movement.entries.iter().map(move |entry| (*movement, entry)))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let txs: Vec<Uuid> = lines.iter().map(|(movement, _)| movement.key).collect();
    let movement_kinds: Vec<i16> = lines.iter().map(|(movement, _)| movement.kind.number()).collect();
    let (kinds, owners) = columns(lines.iter().map(|(_, entry)| &entry.account));
    let lamports: Vec<i64> = lines.iter().map(|(_, entry)| entry.lamports.get()).collect();
    let references: Vec<Uuid> = lines.iter().map(|(_, entry)| entry.reference).collect();
    sqlx::query!(
        "INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
         SELECT tx, kind, owner, lamports, reference, movement, $7
         FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::bigint[], $5::uuid[], $6::smallint[])
              AS t (tx, kind, owner, lamports, reference, movement)",
        &txs,
        &kinds,
        &owners,
        &lamports,
        &references,
        &movement_kinds,
        now
    )
    .execute(unit.conn())
    .await?;
    Ok(())
}

/// One statement for all balances that changed.
async fn write_balances(unit: &mut Unit, balances: &Balances) -> Result<(), Fault> {
    let changed: Vec<(Account, Lamports)> = balances.changed().collect();
    if changed.is_empty() {
        return Ok(());
    }
    let (kinds, owners) = columns(changed.iter().map(|(account, _)| account));
    let balances: Vec<i64> = changed.iter().map(|(_, balance)| balance.get()).collect();
    let written = sqlx::query!(
        "UPDATE wallet.ledger_account AS a SET balance = t.balance
         FROM unnest($1::smallint[], $2::uuid[], $3::bigint[]) AS t (kind, owner, balance)
         WHERE a.kind = t.kind AND a.owner = t.owner",
        &kinds,
        &owners,
        &balances
    )
    .execute(unit.conn())
    .await?
    .rows_affected();
    if usize::try_from(written) != Ok(changed.len()) {
        return Err(Fault::bug(format!("{} balances changed and {written} were written", changed.len())));
    }
    Ok(())
}

/// The request hash of the movement with this key, if it is in the ledger.
///
/// # Errors
/// The database.
pub async fn posted_hash(unit: &mut Unit, key: Uuid) -> Result<Option<Uuid>, Fault> {
    let hash = sqlx::query_scalar!("SELECT request_hash FROM wallet.ledger_tx WHERE id = $1", key);
    Ok(hash.fetch_optional(unit.conn()).await?)
}

/// Which of these users a movement credited.
///
/// # Errors
/// The database.
pub async fn credited(unit: &mut Unit, key: Uuid, users: &[Uuid]) -> Result<BTreeSet<Uuid>, Fault> {
    let owners = sqlx::query_scalar!(
        "SELECT e.owner FROM wallet.ledger_tx AS t
         JOIN wallet.entry AS e ON e.tx = t.id AND e.posted_at = t.posted_at
         WHERE t.id = $1 AND e.kind = 1 AND e.owner = ANY($2) AND e.lamports > 0",
        key,
        users
    );
    Ok(owners.fetch_all(unit.conn()).await?.into_iter().collect())
}

/// Whether an account was opened.
///
/// # Errors
/// The database.
pub async fn exists(unit: &mut Unit, account: Account) -> Result<bool, Fault> {
    let exists = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT FROM wallet.ledger_account WHERE kind = $1 AND owner = $2) AS \"exists!\"",
        account.kind.number(),
        account.owner
    );
    Ok(exists.fetch_one(unit.conn()).await?)
}

/// Balances outside any decision, for screens.
///
/// # Errors
/// The database.
pub async fn balances(pool: &Pool, accounts: &[Account]) -> Result<HashMap<Account, Lamports>, Fault> {
    let (kinds, owners) = columns(accounts.iter());
    let rows = sqlx::query!(
        "SELECT t.kind AS \"kind!\", t.owner AS \"owner!\", coalesce(a.balance, 0) AS \"balance!\"
         FROM unnest($1::smallint[], $2::uuid[]) AS t (kind, owner)
         LEFT JOIN wallet.ledger_account AS a ON a.kind = t.kind AND a.owner = t.owner",
        &kinds,
        &owners
    )
    .fetch_all(pool)
    .await?;
    let known = accounts.iter().map(|account| ((account.kind.number(), account.owner), *account));
    let known: HashMap<(i16, Uuid), Account> = known.collect();
    let found = rows.into_iter().filter_map(|row| {
        known.get(&(row.kind, row.owner)).map(|account| (*account, Lamports::new(row.balance)))
    });
    Ok(found.collect())
}

/// The sum of balances and the number of accounts per kind.
///
/// # Errors
/// The database.
pub async fn summary(pool: &Pool) -> Result<Vec<(Kind, i64, i64)>, Fault> {
    let rows = sqlx::query!(
        "SELECT kind, sum(balance)::bigint AS \"lamports!\", count(*) AS \"accounts!\" FROM wallet.ledger_account
         GROUP BY kind ORDER BY kind"
    )
    .fetch_all(pool)
    .await?;
    let named = rows.into_iter().filter_map(|row| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.number() == row.kind)?;
        Some((kind, row.lamports, row.accounts))
    });
    Ok(named.collect())
}

fn columns<'a>(accounts: impl Iterator<Item = &'a Account>) -> (Vec<i16>, Vec<Uuid>) {
    accounts.map(|account| (account.kind.number(), account.owner)).unzip()
}
