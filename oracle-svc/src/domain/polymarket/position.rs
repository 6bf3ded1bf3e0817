//! What an order did to a position.

use super::{DUST, Order};
use rust_decimal::Decimal;

/// What happened to a position by one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The first shares.
    Opened,
    /// More of them.
    Increased,
    /// Fewer of them.
    Reduced,
    /// The last were sold.
    Closed,
    /// Bought; what was held before is not known.
    Bought,
    /// Sold; what was held before is not known.
    Sold,
}

/// The shares of one token in one wallet; nothing where they are not known, which is not the same as none.
pub type Held = Option<Decimal>;

/// What an order does to what is held, and what is held afterwards.
#[must_use]
pub fn apply(held: Held, order: &Order) -> (Effect, Held) {
    let after = held.and_then(|held| held.checked_add(order.signed()));
    match (held, after, order.key.sell) {
        // More was sold than we know of: what we know is wrong, and the next snapshot mends it.
        (_, Some(after), true) if after < -DUST => (Effect::Sold, None),
        (_, Some(after), true) if after < DUST => (Effect::Closed, Some(Decimal::ZERO)),
        (_, Some(after), true) => (Effect::Reduced, Some(after)),
        (Some(held), Some(after), false) if held < DUST => (Effect::Opened, Some(after)),
        (_, Some(after), false) => (Effect::Increased, Some(after)),
        (_, None, true) => (Effect::Sold, None),
        (_, None, false) => (Effect::Bought, None),
    }
}

/// What was held before orders that a snapshot contains already; nothing if the two do not fit together.
#[must_use]
pub fn before(snapshot: Decimal, contained: &[Order]) -> Held {
    let base = contained.iter().try_fold(snapshot, |held, order| held.checked_sub(order.signed()))?;
    (base > -DUST).then(|| base.max(Decimal::ZERO))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Walk, testing::*},
        *,
    };
    use proptest::prelude::*;

    fn order(sell: bool, shares: &str) -> Order {
        let mut walk = Walk::default();
        walk.page([trade("t", sell, shares, "0.5")]);
        walk.orders().remove(0)
    }

    #[test]
    fn each_effect_by_what_was_held() {
        for (held, sell, shares, effect, after) in [
            (Some("0"), false, "10", Effect::Opened, Some("10")),
            (Some("0.005"), false, "10", Effect::Opened, Some("10.005")),
            (Some("5"), false, "10", Effect::Increased, Some("15")),
            (Some("15"), true, "10", Effect::Reduced, Some("5")),
            (Some("10"), true, "10", Effect::Closed, Some("0")),
            (Some("10"), true, "9.995", Effect::Closed, Some("0")),
            (Some("10"), true, "10.005", Effect::Closed, Some("0")),
            (Some("3"), true, "10", Effect::Sold, None),
            (None, false, "10", Effect::Bought, None),
            (None, true, "10", Effect::Sold, None),
        ] {
            let told = apply(held.map(dec), &order(sell, shares));
            assert_eq!(told, (effect, after.map(dec)), "{held:?} {sell} {shares}");
        }
    }

    #[test]
    fn a_snapshot_is_taken_back_to_before_what_it_contains() {
        let orders = [order(false, "10"), order(true, "4")];
        assert_eq!(before(dec("6"), &orders), Some(dec("0")));
        assert_eq!(before(dec("8"), &orders), Some(dec("2")));
        assert_eq!(before(dec("3"), &orders), None, "they do not fit: shares were merged, or moved");
    }

    proptest! {
        #[test]
        fn telling_forward_what_was_taken_back_ends_at_the_snapshot(
            start in 0_u32..1_000, steps in prop::collection::vec((any::<bool>(), 1_u32..1_000), 0..8),
        ) {
            let mut held = Decimal::from(start);
            let mut orders = Vec::new();
            for (sell, shares) in steps {
                let next = order(sell && held >= Decimal::from(shares), &shares.to_string());
                held += next.signed();
                orders.push(next);
            }
            prop_assert_eq!(before(held, &orders), Some(Decimal::from(start)));
            let end = orders.iter().try_fold(Decimal::from(start), |held, order| apply(Some(held), order).1);
            prop_assert_eq!(end, Some(held));
        }
    }
}
