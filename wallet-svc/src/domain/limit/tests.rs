use super::*;
use proptest::prelude::*;

const SOL: i64 = proto::LAMPORTS_PER_SOL;
const RULES: Rules = Rules { loosen_after: DAY, cool_off_max_days: 42, exclusion_min_months: 6 };

fn at(hours: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::hours(hours)
}

fn sol(amount: i64) -> Lamports {
    Lamports::new(amount * SOL)
}

fn flow(hours: i64, amount: i64) -> Flow {
    Flow { at: at(hours), lamports: sol(amount) }
}

fn player(limits: &[(Kind, i64)]) -> Player {
    let limits =
        limits.iter().map(|(kind, amount)| (*kind, Limit { lamports: Some(sol(*amount)), next: None }));
    Player { limits: limits.collect(), ..Player::default() }
}

#[test]
fn tightening_holds_at_once_and_loosening_waits_a_day() {
    let set = |limit: Limit, wanted: Option<i64>, hours| limit.set(wanted.map(sol), at(hours), DAY);
    let five = set(Limit::default(), Some(5), 0);
    assert_eq!(five, Limit { lamports: Some(sol(5)), next: None });
    let loosening = set(five, Some(8), 1);
    assert_eq!(loosening.lamports, Some(sol(5)));
    assert_eq!(loosening.next, Some(Next { at: at(25), lamports: Some(sol(8)) }));
    // Asked for again it does not begin anew; another amount does.
    assert_eq!(set(loosening, Some(8), 20), loosening);
    assert_eq!(set(loosening, None, 20).next, Some(Next { at: at(44), lamports: None }));
    // The same or a tighter one takes it back.
    assert_eq!(set(loosening, Some(5), 24), five);
    assert_eq!(set(loosening, Some(4), 24), Limit { lamports: Some(sol(4)), next: None });
    assert_eq!(loosening.at(at(24)).lamports, Some(sol(5)));
    assert_eq!(loosening.at(at(25)), Limit { lamports: Some(sol(8)), next: None });
    assert_eq!(set(loosening, Some(7), 25), Limit { lamports: Some(sol(7)), next: None });
}

#[test]
fn breaks_have_a_range_and_months_are_of_the_calendar() {
    let day =
        |text: &str| OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap();
    assert_eq!(RULES.cool_off(42, at(0)), Ok(at(42 * 24)));
    for days in [0, 43, u32::MAX] {
        assert_eq!(RULES.cool_off(days, at(0)), Err(out_of_range(1, 42)), "{days}");
    }
    for months in [0, 5, 1_201, u32::MAX] {
        assert_eq!(RULES.exclusion(months, at(0)), Err(out_of_range(6, 1_200)), "{months}");
    }
    let six = RULES.exclusion(6, day("2026-08-31T10:00:00Z"));
    assert_eq!(six, Ok(day("2027-02-28T10:00:00Z")));
    assert_eq!(RULES.exclusion(12, day("2028-02-29T10:00:00Z")), Ok(day("2029-02-28T10:00:00Z")));
    assert_eq!(RULES.exclusion(7, day("2026-12-15T10:00:00Z")), Ok(day("2027-07-15T10:00:00Z")));
}

#[test]
fn each_rule_refuses_by_its_name_with_its_numbers() {
    let refused =
        |player: &Player, stake, available| player.may_stake(sol(stake), sol(available), at(0)).unwrap_err();
    let named = |code, numbers: &[(&str, i64)]| {
        numbers.iter().fold(Refusal::new(code), |refusal, (name, number)| refusal.with(name, number * SOL))
    };
    let mut player = player(&[(Kind::StakeDay, 5), (Kind::LossWeek, 4)]);
    player.window = Window { staked: sol(3), open: sol(1), lost: sol(1), withdraw_only: sol(2) };
    assert_eq!(player.may_stake(sol(2), sol(4), at(0)), Ok(()));
    assert_eq!(
        refused(&player, 3, 9),
        named(RefusalCode::LimitStakeDay, &[("limit", 5), ("used", 3), ("stake", 3)])
    );
    player.window.open = sol(2);
    assert_eq!(
        refused(&player, 2, 9),
        named(RefusalCode::LimitLossWeek, &[("limit", 4), ("used", 3), ("stake", 2)])
    );
    assert_eq!(
        refused(&player, 2, 3),
        named(RefusalCode::LimitWithdrawOnly, &[("stakable", 1), ("stake", 2)])
    );
    // Above the balance altogether it is the balance that refuses.
    player.window = Window { withdraw_only: sol(2), ..Window::default() };
    assert_eq!(player.may_stake(sol(4), sol(3), at(0)), Ok(()));

    player.cool_off_until = Some(at(1));
    let until = |code| Refusal::new(code).with("until", at(1).unix_timestamp());
    assert_eq!(refused(&player, 1, 9), until(RefusalCode::LimitCoolOff));
    player.excluded_until = Some(at(1));
    assert_eq!(refused(&player, 1, 9), until(RefusalCode::LimitExcluded));
    assert_eq!(player.may_stake(sol(1), sol(9), at(1)), Ok(()), "both have ended");
    player.closed = true;
    assert_eq!(refused(&player, 1, 9), Refusal::new(RefusalCode::AccountClosed));
}

#[test]
fn who_is_banned_neither_plays_nor_earns() {
    let mut player = player(&[]);
    assert!(player.may_play(at(0)).is_ok() && player.earns(at(0)));
    player.banned = true;
    assert_eq!(player.may_play(at(0)), Err(Refusal::new(RefusalCode::AccountBanned)));
    assert!(!player.earns(at(0)));
    let resting = Player { cool_off_until: Some(at(1)), ..Player::default() };
    assert!(resting.may_play(at(0)).is_err() && resting.earns(at(0)), "a break of days ends no income");
    let excluded = Player { excluded_until: Some(at(1)), ..Player::default() };
    assert!(!excluded.earns(at(0)) && excluded.earns(at(1)));
}

#[test]
fn gains_make_up_for_losses_and_for_no_more() {
    let mut player = player(&[(Kind::LossWeek, 4)]);
    player.window.lost = sol(-10);
    assert_eq!(player.may_stake(sol(4), sol(50), at(0)), Ok(()));
    assert!(player.may_stake(sol(5), sol(50), at(0)).is_err());
}

#[test]
fn an_excess_becomes_free_as_the_day_rolls() {
    let pieces = excess(&[flow(0, 2), flow(6, 3)], flow(12, 4), sol(5)).unwrap();
    let piece = |until, amount| Excess { since: at(12), until: at(until), lamports: sol(amount) };
    assert_eq!(pieces, [piece(24, 2), piece(30, 2)]);
    assert_eq!(excess(&[flow(0, 5)], flow(24, 5), sol(5)).unwrap(), [], "a day later");
    assert_eq!(excess(&[], flow(12, 4), sol(1)).unwrap(), [piece(36, 3)]);
    // A limit that was tightened below what came before: the deposit is over it whole.
    assert_eq!(excess(&[flow(0, 9)], flow(12, 4), sol(5)).unwrap(), [piece(24, 4)]);
}

#[test]
fn withdrawals_take_what_is_bound_longest_first() {
    let piece = |since, until, amount| Excess { since: at(since), until: at(until), lamports: sol(amount) };
    let pieces = [piece(0, 24, 5), piece(12, 36, 5)];
    let left = |withdrawals: &[Flow], hours| withdraw_only(&pieces, withdrawals, at(hours)).unwrap();
    assert_eq!(left(&[], 13), sol(10));
    assert_eq!(left(&[flow(13, 4)], 13), sol(6));
    assert_eq!(left(&[flow(13, 4)], 25), sol(1), "the longer one was taken from");
    assert_eq!(left(&[flow(1, 5)], 13), sol(5), "nothing of what came later");
    assert_eq!(left(&[flow(13, 11)], 13), sol(0));
}

proptest! {
    /// Under one limit and without withdrawals, the pieces of all deposits are together what naively exceeds it.
    #[test]
    fn pieces_are_what_exceeds_the_rolling_day(
        deposits in proptest::collection::vec((0i64..60, 1i64..9), 0..12),
        limit in 0i64..20,
        now in 0i64..120,
    ) {
        let mut hours = 0;
        let flows: Vec<Flow> = deposits.iter().map(|(pause, amount)| { hours += pause / 6; flow(hours, *amount) }).collect();
        let mut pieces = Vec::new();
        for (place, deposit) in flows.iter().enumerate() {
            pieces.extend(excess(&flows[..place], *deposit, sol(limit)).unwrap());
        }
        let now = at(now);
        let known: Vec<Excess> = pieces.into_iter().filter(|piece| piece.since <= now).collect();
        let day: i64 = flows
            .iter()
            .filter(|flow| flow.at <= now && flow.at + DAY > now)
            .map(|flow| flow.lamports.get())
            .sum();
        prop_assert_eq!(withdraw_only(&known, &[], now).unwrap().get(), (day - limit * SOL).max(0));
    }

    /// A limit becomes looser only as it was asked for, and a day after that.
    #[test]
    fn nobody_is_rid_of_a_limit_within_a_day(
        wishes in proptest::collection::vec((0i64..40, proptest::option::of(0i64..10)), 1..12),
    ) {
        let looseness = |limit: Option<Lamports>| limit.map_or(i64::MAX, Lamports::get);
        let mut limit = Limit::default().set(Some(sol(5)), at(0), DAY);
        let (mut asked, mut before) = (Vec::new(), 5 * SOL);
        let mut hour = 0;
        for (pause, wanted) in wishes {
            for _ in 0..pause {
                hour += 1;
                let now = looseness(limit.at(at(hour)).lamports);
                let allowed = asked.iter().any(|(when, wish)| hour - when >= 24 && *wish == now);
                prop_assert!(now <= before || allowed, "{now} after {before} at {hour}: {asked:?}");
                before = now;
            }
            limit = limit.set(wanted.map(sol), at(hour), DAY);
            let now = looseness(limit.at(at(hour)).lamports);
            prop_assert_eq!(now, before.min(looseness(wanted.map(sol))));
            asked.push((hour, looseness(wanted.map(sol))));
            before = now;
        }
    }
}
