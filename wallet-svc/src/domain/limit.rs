//! Limits that people set for themselves.
//!
//! All windows roll: a day is the last 24 hours, a week the last 7 times 24. A stake counts unless it came back whole:
//! refused, cancelled, voided alone or with its room.

use proto::{Lamports, Refusal, common::RefusalCode, timestamp, wallet};
use std::collections::BTreeMap;
use time::{Date, Duration, Month, OffsetDateTime};

/// The window of deposits and stakes.
pub const DAY: Duration = Duration::days(1);
/// The window of losses.
pub const WEEK: Duration = Duration::days(7);

/// What is limited, as numbered in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Deposits within a day.
    DepositDay = 1,
    /// Stakes within a day.
    StakeDay = 2,
    /// Settled net loss of a week and open stakes.
    LossWeek = 3,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DepositDay, Self::StakeDay, Self::LossWeek];

    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// Back from the database.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The kind that a message names, if it names one.
    #[must_use]
    pub const fn from_wire(kind: wallet::LimitKind) -> Option<Self> {
        match kind {
            wallet::LimitKind::Unspecified => None,
            wallet::LimitKind::DepositDay => Some(Self::DepositDay),
            wallet::LimitKind::StakeDay => Some(Self::StakeDay),
            wallet::LimitKind::LossWeek => Some(Self::LossWeek),
        }
    }

    const fn wire(self) -> wallet::LimitKind {
        match self {
            Self::DepositDay => wallet::LimitKind::DepositDay,
            Self::StakeDay => wallet::LimitKind::StakeDay,
            Self::LossWeek => wallet::LimitKind::LossWeek,
        }
    }
}

/// How long people wait and how far they may go.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A looser limit holds after this.
    pub loosen_after: Duration,
    /// The longest cool-off; the shortest is one.
    pub cool_off_max_days: u32,
    /// The shortest self-exclusion.
    pub exclusion_min_months: u32,
}

/// The longest self-exclusion. It bounds calendar arithmetic, not anybody's wish.
const EXCLUSION_MAX_MONTHS: u32 = 1_200;

impl Rules {
    /// The end of a cool-off that begins now.
    ///
    /// # Errors
    /// `LIMIT_INVALID` with the range in days.
    pub fn cool_off(&self, days: u32, now: OffsetDateTime) -> Result<OffsetDateTime, Refusal> {
        let until = now.checked_add(DAY.saturating_mul(i32::try_from(days).unwrap_or(i32::MAX)));
        until
            .filter(|_| (1..=self.cool_off_max_days).contains(&days))
            .ok_or_else(|| out_of_range(1, self.cool_off_max_days))
    }

    /// The end of a self-exclusion that begins now, in calendar months.
    ///
    /// # Errors
    /// `LIMIT_INVALID` with the range in months.
    pub fn exclusion(&self, months: u32, now: OffsetDateTime) -> Result<OffsetDateTime, Refusal> {
        let range = self.exclusion_min_months..=EXCLUSION_MAX_MONTHS;
        let until = months_later(now, months).filter(|_| range.contains(&months));
        until.ok_or_else(|| out_of_range(self.exclusion_min_months, EXCLUSION_MAX_MONTHS))
    }
}

fn out_of_range(min: u32, max: u32) -> Refusal {
    Refusal::new(RefusalCode::LimitInvalid).with("min", min).with("max", max)
}

/// The same day and time of a later month, or the month's last day where it has no such day.
fn months_later(from: OffsetDateTime, months: u32) -> Option<OffsetDateTime> {
    let month = i32::from(u8::from(from.month())).checked_add(i32::try_from(months).ok()?)?.checked_sub(1)?;
    let year = from.year().checked_add(month.div_euclid(12))?;
    let month = Month::try_from(u8::try_from(month.rem_euclid(12)).ok()?.checked_add(1)?).ok()?;
    let day = from.day().min(month.length(year));
    Some(from.replace_date(Date::from_calendar_date(year, month, day).ok()?))
}

/// A limit, and a looser one that waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// In force; none is no limit.
    pub lamports: Option<Lamports>,
    /// What follows.
    pub next: Option<Next>,
}

/// A looser limit that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// From when on.
    pub at: OffsetDateTime,
    /// None is no limit.
    pub lamports: Option<Lamports>,
}

impl Limit {
    /// As it stands at a moment: what waited until then is in force.
    #[must_use]
    pub fn at(self, now: OffsetDateTime) -> Self {
        match self.next {
            Some(next) if next.at <= now => Self { lamports: next.lamports, next: None },
            _ => self,
        }
    }

    /// Asks for another: a tighter one holds at once and takes back a looser one that waits, a looser one waits.
    /// Asking again for what waits already does not begin the wait anew.
    #[must_use]
    pub fn set(self, wanted: Option<Lamports>, now: OffsetDateTime, wait: Duration) -> Self {
        let current = self.at(now);
        let looser = match (wanted, current.lamports) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(wanted), Some(current)) => wanted > current,
        };
        if !looser {
            return Self { lamports: wanted, next: None };
        }
        if current.next.is_some_and(|next| next.lamports == wanted) {
            return current;
        }
        Self { next: Some(Next { at: now.saturating_add(wait), lamports: wanted }), ..current }
    }

    /// For messages.
    #[must_use]
    pub fn wire(self, kind: Kind, used: Lamports) -> wallet::Limit {
        wallet::Limit {
            kind: kind.wire().into(),
            lamports: self.lamports.map(Lamports::get),
            used_lamports: used.get(),
            next_at: self.next.map(|next| timestamp(next.at)),
            next_lamports: self.next.and_then(|next| next.lamports).map(Lamports::get),
        }
    }
}

/// What counts against limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Stakes of the day that did not come back whole.
    pub staked: Lamports,
    /// Stakes that are not settled.
    pub open: Lamports,
    /// Settled stakes of the week less what was credited for them; negative where more was won than lost.
    pub lost: Lamports,
    /// Of the balance, what can only be withdrawn.
    pub withdraw_only: Lamports,
}

/// An account with limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Player {
    /// Those that were ever set.
    pub limits: BTreeMap<Kind, Limit>,
    /// No bets and no rooms until then.
    pub cool_off_until: Option<OffsetDateTime>,
    /// The same for long, and kept when the account ends.
    pub excluded_until: Option<OffsetDateTime>,
    /// The owner has left.
    pub closed: bool,
    /// Operators keep the account from playing.
    pub banned: bool,
    /// What counts now.
    pub window: Window,
}

impl Player {
    /// The limit in force, if there is one.
    #[must_use]
    pub fn limit(&self, kind: Kind, now: OffsetDateTime) -> Option<Lamports> {
        self.limits.get(&kind).and_then(|limit| limit.at(now).lamports)
    }

    /// Whether the account may play at all.
    ///
    /// # Errors
    /// `ACCOUNT_CLOSED`; `ACCOUNT_BANNED`; `LIMIT_EXCLUDED` or `LIMIT_COOL_OFF` with its end.
    pub fn may_play(&self, now: OffsetDateTime) -> Result<(), Refusal> {
        let barred = |code, until: Option<OffsetDateTime>| match until {
            Some(until) if until > now => Err(Refusal::new(code).with("until", until.unix_timestamp())),
            _ => Ok(()),
        };
        if self.closed {
            return Err(Refusal::new(RefusalCode::AccountClosed));
        }
        if self.banned {
            return Err(Refusal::new(RefusalCode::AccountBanned));
        }
        barred(RefusalCode::LimitExcluded, self.excluded_until)?;
        barred(RefusalCode::LimitCoolOff, self.cool_off_until)
    }

    /// Whether the account gets its part of the takeout. A break of days does not end that.
    #[must_use]
    pub fn earns(&self, now: OffsetDateTime) -> bool {
        !self.closed && !self.banned && self.excluded_until.is_none_or(|until| until <= now)
    }

    /// Whether a stake fits the limits. A stake above the balance is the balance's to refuse.
    ///
    /// # Errors
    /// The rule and its numbers in lamports.
    pub fn may_stake(
        &self,
        stake: Lamports,
        available: Lamports,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        self.may_play(now)?;
        let stakable = available.wide() - self.window.withdraw_only.wide();
        if stake <= available && stake.wide() > stakable {
            let refusal = Refusal::new(RefusalCode::LimitWithdrawOnly);
            return Err(refusal.with("stakable", stakable.max(0)).with("stake", stake.get()));
        }
        let rules = [
            (RefusalCode::LimitStakeDay, Kind::StakeDay, self.window.staked.wide()),
            (RefusalCode::LimitLossWeek, Kind::LossWeek, self.window.at_risk()),
        ];
        for (code, kind, used) in rules {
            match self.limit(kind, now) {
                Some(limit) if used + stake.wide() > limit.wide() => {
                    let refusal = Refusal::new(code).with("limit", limit.get()).with("used", used);
                    return Err(refusal.with("stake", stake.get()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A stake was taken.
    ///
    /// # Errors
    /// Amounts beyond the ledger.
    pub fn staked(&mut self, stake: Lamports) -> Result<(), proto::LamportsError> {
        self.window.staked = self.window.staked.checked_add(stake)?;
        self.window.open = self.window.open.checked_add(stake)?;
        Ok(())
    }
}

impl Window {
    /// What counts against the loss limit. Gains make up for losses of the same week and never for more: luck does not
    /// raise a limit.
    #[must_use]
    pub fn at_risk(&self) -> i128 {
        self.lost.wide().max(0) + self.open.wide()
    }
}

/// Money that came to an account, or left it, at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// When.
    pub at: OffsetDateTime,
    /// How much.
    pub lamports: Lamports,
}

/// A piece of a deposit that came over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Since the deposit.
    pub since: OffsetDateTime,
    /// Until an earlier deposit, or this one, has left the day.
    pub until: OffsetDateTime,
    /// How much becomes free then.
    pub lamports: Lamports,
}

/// What of a deposit exceeds the limit, in pieces by when they become free. `earlier` are the deposits of the day
/// before it, oldest first.
///
/// # Errors
/// Amounts beyond the ledger.
pub fn excess(earlier: &[Flow], deposit: Flow, limit: Lamports) -> Result<Vec<Excess>, proto::LamportsError> {
    let earlier = earlier.iter().filter(|flow| flow.at.saturating_add(DAY) > deposit.at);
    let mut total = deposit.lamports.wide() + earlier.clone().map(|flow| flow.lamports.wide()).sum::<i128>();
    let over = |total: i128| (total - limit.wide()).clamp(0, deposit.lamports.wide());
    let mut pieces: BTreeMap<OffsetDateTime, i128> = BTreeMap::new();
    for leaving in earlier.chain([&deposit]) {
        let left = total - leaving.lamports.wide();
        *pieces.entry(leaving.at.saturating_add(DAY)).or_default() += over(total) - over(left);
        total = left;
    }
    let pieces = pieces.into_iter().filter(|(_, lamports)| *lamports > 0);
    pieces
        .map(|(until, lamports)| {
            Ok(Excess { since: deposit.at, until, lamports: Lamports::try_from_wide(lamports)? })
        })
        .collect()
}

/// What of a balance can only be withdrawn now. Withdrawals take from it first, and there from what would be bound the
/// longest; those that came back are not among them. `withdrawals` are oldest first.
///
/// # Errors
/// Amounts beyond the ledger.
pub fn withdraw_only(
    pieces: &[Excess],
    withdrawals: &[Flow],
    now: OffsetDateTime,
) -> Result<Lamports, proto::LamportsError> {
    let mut bound: Vec<(Excess, i128)> = pieces
        .iter()
        .filter(|piece| piece.until > now)
        .map(|piece| (*piece, piece.lamports.wide()))
        .collect();
    bound.sort_by_key(|(piece, _)| std::cmp::Reverse(piece.until));
    for withdrawal in withdrawals {
        let mut leaves = withdrawal.lamports.wide();
        for (_, left) in bound.iter_mut().filter(|(piece, _)| piece.since <= withdrawal.at) {
            let taken = leaves.min(*left);
            *left -= taken;
            leaves -= taken;
        }
    }
    Lamports::try_from_wide(bound.iter().map(|(_, left)| left).sum())
}

#[cfg(test)]
mod tests;
