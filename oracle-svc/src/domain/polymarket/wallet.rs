//! What orders tell about followed wallets: each order once, in the light of what was held before it.

use super::{Address, DUST, Effect, Held, Order, Position, apply, before, order};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use time::OffsetDateTime;
use uuid::Uuid;

/// A followed wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// What happened before is not told.
    pub since: OffsetDateTime,
    /// Its positions are known: one that is not stored is none.
    pub known: bool,
    /// USD, at the last snapshot.
    pub portfolio: Option<Decimal>,
}

/// So much of an order was told: shares and USD.
pub type Told = HashMap<Uuid, (Decimal, Decimal)>;

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The same however it was found.
    pub id: Uuid,
    /// The whole order, as far as it is visible.
    pub whole: Order,
    /// What of it is told now.
    pub part: Order,
    /// What it did.
    pub effect: Effect,
    /// Held afterwards.
    pub after: Held,
}

/// What is stored of a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Held.
    pub shares: Decimal,
    /// When we last changed it.
    pub changed_at: OffsetDateTime,
}

/// Of an order what is to be told now, with its id.
fn untold(wallet: &Wallet, told: &Told, whole: &Order) -> Option<(Uuid, Order)> {
    // Blocks are dated to the second.
    if whole.at.unix_timestamp() < wallet.since.unix_timestamp() {
        return None;
    }
    let id = whole.key.id();
    let (shares, usd) = told.get(&id).copied().unwrap_or_default();
    let part = whole.beyond(shares, usd)?;
    if shares.is_zero() {
        return Some((id, part));
    }
    Some((order::id(&[&id.to_string(), "beyond", &shares.normalize().to_string()]), part))
}

/// Applies orders, oldest first, to what is stored. What is not known afterwards is said by [`Change::after`].
#[must_use]
pub fn tell(
    wallets: &BTreeMap<Address, Wallet>,
    told: &Told,
    stored: &HashMap<(Address, String), Stored>,
    orders: &[Order],
) -> Vec<Change> {
    let mut held: HashMap<(Address, String), Held> = HashMap::new();
    let mut changes = Vec::new();
    for whole in orders {
        let Some(wallet) = wallets.get(&whole.key.address) else { continue };
        let Some((id, part)) = untold(wallet, told, whole) else { continue };
        let place = (whole.key.address.clone(), whole.key.token.clone());
        let now = held.entry(place).or_insert_with_key(|place| {
            let none = wallet.known.then_some(Decimal::ZERO);
            // What we hold for possible is known only while the wallet is.
            stored.get(place).filter(|_| wallet.known).map_or(none, |stored| Some(stored.shares))
        });
        let (effect, after) = apply(*now, &part);
        *now = after;
        changes.push(Change { id, whole: whole.clone(), part, effect, after });
    }
    changes
}

/// A look at one wallet: all its positions, and all its orders of late, of which the positions contain every one.
#[derive(Clone, Debug)]
pub struct Look {
    /// Before its first question was asked: what we stored since is newer than the answers.
    pub asked_at: OffsetDateTime,
    /// What it holds.
    pub positions: Vec<Position>,
    /// What it traded, oldest first.
    pub orders: Vec<Order>,
}

/// What a look leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Orders that nobody told yet.
    pub changes: Vec<Change>,
    /// What it holds, by token.
    pub shares: BTreeMap<String, Decimal>,
    /// Tokens of which nothing is left.
    pub gone: BTreeSet<String>,
}

/// Compares a look with what is stored. Positions that differ without an order were split, merged or moved: they are
/// corrected in silence.
#[must_use]
pub fn look(wallet: &Wallet, told: &Told, stored: &HashMap<String, Stored>, seen: &Look) -> Findings {
    let snapshot: HashMap<&str, Decimal> =
        seen.positions.iter().map(|position| (position.token.as_str(), position.shares)).collect();
    let newer =
        |token: &str| stored.get(token).filter(|ours| wallet.known && ours.changed_at >= seen.asked_at);
    let mut untold_orders: BTreeMap<&str, Vec<(Uuid, &Order, Order)>> = BTreeMap::new();
    for whole in &seen.orders {
        if let Some((id, part)) = untold(wallet, told, whole) {
            untold_orders.entry(whole.key.token.as_str()).or_default().push((id, whole, part));
        }
    }
    let mut findings = Findings { changes: Vec::new(), shares: BTreeMap::new(), gone: BTreeSet::new() };
    for (token, orders) in untold_orders {
        let parts: Vec<Order> = orders.iter().map(|(_, _, part)| part.clone()).collect();
        let mut held = match newer(token) {
            Some(ours) => Some(ours.shares),
            None => before(snapshot.get(token).copied().unwrap_or_default(), &parts),
        };
        for (id, whole, part) in orders {
            let (effect, after) = apply(held, &part);
            held = after;
            findings.changes.push(Change { id, whole: whole.clone(), part, effect, after });
        }
        if let (Some(_), Some(held)) = (newer(token), held) {
            findings.shares.insert(token.to_owned(), held);
        }
    }
    findings.changes.sort_by_key(|change| change.whole.at);
    for (token, shares) in snapshot {
        if newer(token).is_none() && shares >= DUST {
            findings.shares.insert(token.to_owned(), shares);
        }
    }
    let left = |token: &String| newer(token).is_none() && !findings.shares.contains_key(token);
    findings.gone = stored.keys().filter(|token| left(token)).cloned().collect();
    findings
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Walk, testing::*},
        *,
    };
    use time::Duration;

    fn orders(rows: &[(&str, bool, &str)]) -> Vec<Order> {
        let mut walk = Walk::default();
        walk.page(rows.iter().map(|(transaction, sell, shares)| trade(transaction, *sell, shares, "0.5")));
        walk.orders()
    }

    fn followed(known: bool) -> Wallet {
        Wallet { since: trade("t", false, "1", "1").at, known, portfolio: None }
    }

    fn wallets(known: bool) -> BTreeMap<Address, Wallet> {
        [(wallet(1), followed(known))].into()
    }

    fn effects(changes: &[Change]) -> Vec<(Effect, Held)> {
        changes.iter().map(|change| (change.effect, change.after)).collect()
    }

    fn position(shares: &str) -> Position {
        Position {
            market: market(),
            outcome: "Yes".to_owned(),
            token: "11".to_owned(),
            shares: dec(shares),
            average_price: None,
            price: None,
            value: Decimal::ZERO,
            cost: None,
            unrealized: None,
            realized: None,
            decided: false,
            redeemable: false,
            owner: String::new(),
        }
    }

    fn seen(shares: &str, orders: Vec<Order>) -> Look {
        let asked_at = trade("t", false, "1", "1").at + Duration::minutes(10);
        let positions = if shares == "0" { Vec::new() } else { vec![position(shares)] };
        Look { asked_at, positions, orders }
    }

    #[test]
    fn orders_of_followed_wallets_are_told_once_in_the_light_of_what_was_held() {
        let orders = orders(&[("a", false, "10"), ("b", false, "5"), ("c", true, "15")]);
        let told = tell(&wallets(true), &Told::new(), &HashMap::new(), &orders);
        let expected = [
            (Effect::Opened, Some(dec("10"))),
            (Effect::Increased, Some(dec("15"))),
            (Effect::Closed, Some(dec("0"))),
        ];
        assert_eq!(effects(&told), expected);
        let already: Told = told
            .iter()
            .map(|change| (change.whole.key.id(), (change.whole.shares, change.whole.usd)))
            .collect();
        assert_eq!(tell(&wallets(true), &already, &HashMap::new(), &orders), []);
        assert_eq!(tell(&BTreeMap::new(), &Told::new(), &HashMap::new(), &orders), [], "nobody follows it");
    }

    #[test]
    fn without_a_snapshot_it_is_told_as_traded() {
        let orders = orders(&[("a", false, "10"), ("b", true, "5")]);
        let stale = Stored { shares: dec("7"), changed_at: orders[0].at };
        let stored = HashMap::from([((wallet(1), "11".to_owned()), stale)]);
        let told = tell(&wallets(false), &Told::new(), &stored, &orders);
        assert_eq!(effects(&told), [(Effect::Bought, None), (Effect::Sold, None)]);
    }

    #[test]
    fn what_happened_before_it_was_followed_is_history() {
        let orders = orders(&[("a", false, "10")]);
        let late = Wallet { since: orders[0].at + Duration::seconds(1), ..followed(true) };
        assert_eq!(tell(&[(wallet(1), late.clone())].into(), &Told::new(), &HashMap::new(), &orders), []);
        assert_eq!(look(&late, &Told::new(), &HashMap::new(), &seen("10", orders)).changes, []);
    }

    #[test]
    fn the_rest_of_an_order_is_told_under_an_id_of_its_own() {
        let whole = orders(&[("a", false, "10")]);
        let told: Told = [(whole[0].key.id(), (dec("4"), dec("2.0")))].into();
        let rest = tell(&wallets(true), &told, &HashMap::new(), &whole);
        assert_eq!((rest[0].part.shares, rest[0].part.usd), (dec("6"), dec("3.0")));
        assert_ne!(rest[0].id, whole[0].key.id());
        assert_eq!(rest, tell(&wallets(true), &told, &HashMap::new(), &whole));
    }

    #[test]
    fn a_first_look_tells_nothing_and_a_later_one_what_the_feed_did_not() {
        let first = look(&followed(false), &Told::new(), &HashMap::new(), &seen("10", Vec::new()));
        assert_eq!((first.changes.len(), first.shares["11"]), (0, dec("10")));
        let stored = HashMap::from([(
            "11".to_owned(),
            Stored { shares: dec("10"), changed_at: OffsetDateTime::UNIX_EPOCH },
        )]);
        let missed = orders(&[("a", false, "5"), ("b", true, "15")]);
        let later = look(&followed(true), &Told::new(), &stored, &seen("0", missed));
        assert_eq!(
            effects(&later.changes),
            [(Effect::Increased, Some(dec("15"))), (Effect::Closed, Some(dec("0")))]
        );
        assert_eq!((later.shares.len(), later.gone.len()), (0, 1));
    }

    #[test]
    fn what_changed_without_an_order_is_corrected_in_silence() {
        let stored = HashMap::from([(
            "11".to_owned(),
            Stored { shares: dec("10"), changed_at: OffsetDateTime::UNIX_EPOCH },
        )]);
        let merged = look(&followed(true), &Told::new(), &stored, &seen("4", Vec::new()));
        assert_eq!((merged.changes.len(), merged.shares["11"]), (0, dec("4")));
        let lost = look(&followed(false), &Told::new(), &HashMap::new(), &seen("4", Vec::new()));
        assert_eq!((lost.changes.len(), lost.shares["11"]), (0, dec("4")));
    }

    #[test]
    fn what_the_feed_told_while_we_asked_is_newer_than_the_answer() {
        let look_at = seen("0", Vec::new());
        let ours = Stored { shares: dec("10"), changed_at: look_at.asked_at };
        let findings =
            look(&followed(true), &Told::new(), &HashMap::from([("11".to_owned(), ours)]), &look_at);
        assert_eq!((findings.shares.len(), findings.gone.len()), (0, 0), "left as it is");
    }
}
