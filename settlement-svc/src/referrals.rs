//! Who brought whom: the command that fixes it, and what the settlements make of it.

use crate::{
    domain::{
        Book, Fate, Line,
        referral::{self, Credit, Referral, Tally, read_code},
    },
    store::{self, broken},
    upstream::Rooms,
};
use chassis::{Delivery, Fault, Unit};
use futures::{StreamExt, stream};
use proto::{
    AccountId, Decided, Malformed, Refusal, RoomId,
    common::RefusalCode,
    settlement::{GetReferralsResponse, ReferralLevel, SetReferrer, SetReferrerDone},
    wallet::{PayoutsPosted, ReferralCredit},
};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Accounts often come together; this many are asked about at once.
const ASKS: usize = 8;

/// Whether the accounts that come with a code have bet before. One is missing where room-svc could not be asked.
pub type Players = HashMap<AccountId, bool>;

/// Asks about every account that comes with a code.
///
/// # Errors
/// A message that breaks its contract.
pub async fn ask(rooms: &Rooms, commands: impl Iterator<Item = &SetReferrer>) -> Result<Players, Malformed> {
    let accounts = commands.filter(|command| !command.code.is_empty());
    let accounts = accounts.map(|command| AccountId::try_from_bytes(&command.account_id));
    let asked = stream::iter(accounts.collect::<Result<BTreeSet<_>, _>>()?).map(|account| async move {
        match rooms.has_bet(account).await {
            Ok(has_bet) => Some((account, has_bet)),
            Err(fault) => {
                tracing::warn!(%account, error = fault.chain(), "not known yet whether an account has bet");
                None
            }
        }
    });
    Ok(asked.buffer_unordered(ASKS).filter_map(async |answer| answer).collect().await)
}

/// Obeys the commands of a batch in their order.
///
/// # Errors
/// The database; a message that breaks its contract.
pub async fn set_referrers<M>(
    unit: &mut Unit,
    commands: &[(&Delivery<M>, &SetReferrer)],
    players: &Players,
    tally: &mut Tally,
) -> Result<(), Fault> {
    if commands.is_empty() {
        return Ok(());
    }
    let accounts = commands.iter().map(|(_, command)| AccountId::try_from_bytes(&command.account_id));
    let codes = store::referral::codes(unit.conn(), &accounts.collect::<Result<_, _>>()?).await?;
    if commands.iter().any(|(_, command)| !command.code.is_empty()) {
        store::referral::lock(unit.conn()).await?;
    }
    for (delivery, command) in commands {
        let account = AccountId::try_from_bytes(&command.account_id)?;
        let own_code = codes.get(&account).cloned();
        let own_code =
            own_code.ok_or_else(|| Fault::bug(format!("no code is free for account {account}")))?;
        let decided = match (command.code.as_str(), players.get(&account)) {
            ("", _) => Ok(store::referral::referrer(unit.conn(), account).await?.is_some()),
            (code, Some(has_bet)) => refer(unit, account, code, *has_bet, tally).await?.map(|()| true),
            (_, None) => {
                unit.later(delivery);
                continue;
            }
        };
        match decided {
            Ok(referred) => unit.done(delivery, &SetReferrerDone { own_code, referred }),
            Err(refusal) => unit.refuse(delivery, &refusal),
        }
    }
    Ok(())
}

/// Fixes the owner of a code as an account's referrer, unless a rule is against it.
async fn refer(
    unit: &mut Unit,
    account: AccountId,
    code: &str,
    has_bet: bool,
    tally: &mut Tally,
) -> Result<Decided<()>, Fault> {
    let owner = match read_code(code) {
        Some(code) => store::referral::owner(unit.conn(), &code).await?,
        None => None,
    };
    let standing = store::referral::referrer(unit.conn(), account).await?;
    let owner = match referral::refer(account, owner, standing, has_bet) {
        Ok(Referral::New(owner)) => owner,
        Ok(Referral::Stands) => return Ok(Ok(())),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let below = store::referral::below(unit.conn(), account).await?;
    let [_, brought, _] = below;
    // Who brought nobody stands above nobody: no chain leads back to them, however long it is.
    if brought > 0 && store::referral::leads_back(unit.conn(), account, owner).await? {
        return Ok(Err(Refusal::new(RefusalCode::ReferralLoop)));
    }
    store::referral::fix(unit.conn(), account, owner).await?;
    let chains = store::referral::chains(unit.conn(), &[account.uuid()]).await?;
    let chain = chains.get(&account).ok_or_else(|| broken("a referrer that was fixed and is not there"))?;
    tally.joined(chain, below);
    tracing::info!(%account, referrer = %owner, "referrer fixed");
    Ok(Ok(()))
}

/// What those who brought the winners get, for each chunk of a book's lines.
///
/// # Errors
/// The database.
pub async fn credits(
    unit: &mut Unit,
    book: &Book,
    chunks: &[&[Line]],
    rates: &referral::Rates,
) -> Result<Vec<Vec<Credit>>, Fault> {
    let winners = book.lines.iter().filter(|line| line.fate == Fate::Won);
    let winners: Vec<Uuid> = winners.map(|line| line.bet.account.uuid()).collect();
    let chains = match winners.as_slice() {
        [] => HashMap::new(),
        winners => store::referral::chains(unit.conn(), winners).await?,
    };
    referral::referrals(book, chunks, &chains, rates).map_err(|error| Fault::bug(error.to_string()))
}

/// The ledger has a chunk: what it credited counts from now on.
///
/// # Errors
/// The database; a message that breaks its contract.
pub async fn earned(
    unit: &mut Unit,
    room: RoomId,
    posted: &PayoutsPosted,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let withheld = posted
        .withheld
        .iter()
        .map(|credit: &ReferralCredit| Ok((AccountId::try_from_bytes(&credit.account_id)?, credit.level)));
    let withheld = withheld.collect::<Result<HashSet<_>, Malformed>>()?;
    for credit in store::referral::credits(unit.conn(), room, posted.chunk).await? {
        if !withheld.contains(&(credit.account, credit.level.into())) {
            tally.earned(&credit).map_err(|error| Fault::bug(error.to_string()))?;
        }
    }
    Ok(())
}

impl From<&Credit> for ReferralCredit {
    fn from(credit: &Credit) -> Self {
        Self {
            account_id: credit.account.bytes(),
            level: credit.level.into(),
            lamports: credit.lamports.get(),
        }
    }
}

impl From<store::referral::Screen> for GetReferralsResponse {
    fn from(screen: store::referral::Screen) -> Self {
        let level = |(accounts, earned_lamports): (i64, i64)| ReferralLevel {
            accounts: accounts.unsigned_abs(),
            earned_lamports,
        };
        Self { code: screen.code, referred: screen.referred, levels: screen.levels.map(level).to_vec() }
    }
}
