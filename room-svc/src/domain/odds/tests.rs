use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn offer(pools: &[i64]) -> Offer {
    let terms = Terms { protocol_fee_bps: 200, host_fee_bps: 100, ..Terms::default() };
    Offer {
        pools: pools.iter().copied().map(Lamports::new).collect(),
        takeout: Takeout::try_from(&terms).unwrap(),
    }
}

fn pools(offer: &Offer) -> Vec<i64> {
    offer.pools.iter().map(|pool| pool.get()).collect()
}

#[test]
fn the_spec_example_pays() {
    let room = offer(&[8_000_000_000, 5_000_000_000]);
    assert_eq!(room.payout(0, Lamports::new(2_000_000_000)), Ok(Lamports::new(2_970_000_000)));
    // (10 + 5 - 0.15) / 10 is 1.485.
    assert_eq!(room.pays(0, Lamports::new(2_000_000_000), 148), Ok(true));
    assert_eq!(room.pays(0, Lamports::new(2_000_000_000), 149), Ok(false));
    // Without its own impact it would have paid more.
    assert_eq!(room.pays(0, Lamports::ZERO, 149), Ok(true));
}

#[test]
fn nobody_on_the_other_side_pays_the_stake() {
    let room = offer(&[3_000, 0]);
    assert_eq!(room.payout(0, Lamports::new(1_000)), Ok(Lamports::new(1_000)));
    assert_eq!(room.pays(0, Lamports::new(1_000), 100), Ok(true));
    assert_eq!(room.pays(0, Lamports::new(1_000), 101), Ok(false));
}

/// Runs the rule and deals out bets in pages of `page`.
fn standing(room: Offer, bets: &[(usize, Guard)], page: usize) -> (Offer, usize) {
    let mut standing = Standing::new(room);
    let mut read = 0;
    loop {
        let wanted = standing.run().unwrap();
        if wanted.is_empty() {
            return (standing.offer(), read);
        }
        for Wanted { outcome, below } in wanted {
            let mut guards: Vec<Guard> = bets
                .iter()
                .filter(|(of, guard)| *of == outcome && below.is_none_or(|below| *guard < below))
                .map(|(_, guard)| *guard)
                .collect();
            guards.sort_unstable_by(|one, other| other.cmp(one));
            let complete = guards.len() < page;
            guards.truncate(page);
            read += guards.len();
            standing.read(outcome, guards, complete);
        }
    }
}

/// The sentence of the specification, word for word.
fn literally(mut room: Offer, bets: &[(usize, Guard)]) -> Offer {
    let mut left: Vec<(usize, Guard)> = bets.to_vec();
    loop {
        let violates = |(outcome, guard): &&(usize, Guard)| {
            !room.pays(u32::try_from(*outcome).unwrap(), Lamports::ZERO, guard.percent).unwrap()
        };
        let highest = left.iter().filter(violates).max_by_key(|(_, guard)| *guard).copied();
        let Some((outcome, guard)) = highest else { return room };
        room.take(outcome, guard.stake).unwrap();
        left.retain(|(_, other)| other.bet != guard.bet);
    }
}

fn guard(number: u128, percent: u32, second: i64, stake: i64) -> Guard {
    Guard {
        percent,
        accepted_at: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second),
        bet: BetId::new(Uuid::from_u128(number + 1)),
        stake: Lamports::new(stake),
    }
}

/// Money that will not count makes no odds: a large stake whose guard does not hold is in the pools that were accepted,
/// and not in those that are shown and bet against.
#[test]
fn a_spoofed_guard_moves_no_odds() {
    let spoofed = guard(1, 2_000, 0, 50_000);
    let (shown, _) = standing(offer(&[1_000, 51_000]), &[(1, spoofed)], 32);
    assert_eq!(pools(&shown), [1_000, 1_000]);
    assert!(shown.payout(0, Lamports::new(100)).unwrap() < Lamports::new(200));
}

#[test]
fn a_large_room_is_not_read() {
    let bets: Vec<(usize, Guard)> =
        (0..10_000).map(|number| (usize::from(number % 2 == 0), guard(number, 110, 0, 1_000))).collect();
    let (shown, read) = standing(offer(&[5_000_000, 5_000_000]), &bets, 32);
    assert_eq!((pools(&shown), read), (vec![5_000_000, 5_000_000], 64));
}

#[test]
fn it_stops_somewhere() {
    let bets: Vec<(usize, Guard)> = (0..20_040).map(|number| (0, guard(number, 2_000, 0, 1))).collect();
    let (shown, _) = standing(offer(&[20_040, 0]), &bets, 5_000);
    assert_eq!(pools(&shown), [40, 0]);
}

proptest! {
    /// Whatever page it reads in, the rule says what its sentence says.
    #[test]
    fn pages_change_nothing(
        bets in proptest::collection::vec((0_usize..3, 100_u32..400, 0_i64..4, 1_i64..5_000), 0..40),
        unguarded in proptest::collection::vec(0_i64..20_000, 3),
        page in 1_usize..7,
    ) {
        let bets: Vec<(usize, Guard)> = (0..)
            .zip(bets)
            .map(|(number, (outcome, percent, second, stake))| (outcome, guard(number, percent, second, stake)))
            .collect();
        let mut room = offer(&unguarded);
        for (outcome, guard) in &bets {
            room.pools[*outcome] = room.pools[*outcome].checked_add(guard.stake).unwrap();
        }
        let (paged, _) = standing(room.clone(), &bets, page);
        prop_assert_eq!(paged, literally(room, &bets));
    }
}
