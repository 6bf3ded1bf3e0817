//! What holds of every book, whatever was bet and whatever happened.

use proto::{
    AccountId, BetId, Lamports,
    room::{Kind, Terms, VoidReason},
};
use settlement_svc::domain::{Bet, Fate, Line, Rules, Ruling, Verdict, settle};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Bytes that are drawn from until they are used up.
struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or_default()
    }

    /// Small stakes most of the time; now and then one near the end of the ledger's range.
    fn stake(&mut self) -> i64 {
        match self.byte() {
            255 => i64::MAX - i64::from(self.byte()),
            high => i64::from(high) * 256 + i64::from(self.byte()) + 1,
        }
    }
}

/// Makes the book of a room. Returns whether it was one; a room whose stakes do not fit the ledger has none.
pub fn check(data: &[u8]) -> bool {
    let mut bytes = Bytes(data.iter());
    let outcomes = 2 + bytes.byte() % 4;
    let kind = if bytes.byte().is_multiple_of(2) { Kind::Touch } else { Kind::Buckets };
    let terms = Terms {
        kind: kind.into(),
        outcomes: vec!["outcome".to_owned(); usize::from(outcomes)],
        protocol_fee_bps: u32::from(bytes.byte()) * 20,
        host_fee_bps: u32::from(bytes.byte()) * 15,
        past_post_seconds: 10,
        ..Terms::default()
    };
    let ruling = match bytes.byte() {
        0..=31 => Ruling::Void(VoidReason::Tie),
        winner => Ruling::Outcome(u32::from(winner % outcomes)),
    };
    let opened = OffsetDateTime::UNIX_EPOCH;
    let observed_at = Some(opened + Duration::seconds(i64::from(bytes.byte())));
    let verdict = Verdict { observed_at, ..Verdict::of(ruling) };
    let mut bets = Vec::new();
    for number in 1_u128.. {
        if bytes.0.len() == 0 {
            break;
        }
        bets.push(Bet {
            id: BetId::new(Uuid::from_u128(number)),
            account: AccountId::new(Uuid::from_u128(number)),
            outcome: u32::from(bytes.byte() % outcomes),
            stake: Lamports::new(bytes.stake()),
            accepted_at: opened + Duration::seconds(i64::from(bytes.byte())),
            min_odds_percent: u32::from(bytes.byte()) * 5,
        });
    }
    let Ok(rules) = Rules::try_from(&terms) else { return false };
    let fits = bets.iter().map(|bet| bet.stake.wide()).sum::<i128>() <= Lamports::MAX.wide();
    let book = settle(&rules, &verdict, &bets);
    assert_eq!(book.is_ok(), fits, "{book:?}");
    let Ok(book) = book else { return false };
    assert!(book.lines.iter().map(|line| line.bet).eq(bets), "a bet has no line, or two");
    nothing_is_made_or_lost(&book.lines, book.protocol_fee.wide() + book.host_fee.wide());
    shares_are_fair(&book.lines);
    match book.ruling {
        Ruling::Void(_) => {
            assert!(book.lines.iter().all(|line| line.payout == line.bet.stake));
            assert_eq!((book.protocol_fee, book.host_fee), (Lamports::ZERO, Lamports::ZERO));
        }
        Ruling::Outcome(winner) => {
            assert_eq!(Ruling::Outcome(winner), ruling);
            for line in &book.lines {
                let won = line.fate == Fate::Won;
                assert!(!won || line.bet.outcome == winner, "{line:?}");
                assert!(line.fate != Fate::Lost || line.bet.outcome != winner, "{line:?}");
            }
        }
    }
    true
}

fn nothing_is_made_or_lost(lines: &[Line], fees: i128) {
    let stakes: i128 = lines.iter().map(|line| line.bet.stake.wide()).sum();
    let payouts: i128 = lines.iter().map(|line| line.payout.wide()).sum();
    assert_eq!(stakes, payouts + fees);
    for line in lines {
        let least = if line.fate == Fate::Lost { Lamports::ZERO } else { line.bet.stake };
        assert!(line.payout >= least, "{line:?}");
        assert!(line.fate == Fate::Won || line.payout == least, "{line:?}");
    }
}

/// Whoever staked more is not paid less, and two equal stakes differ by one lamport of breakage at most.
fn shares_are_fair(lines: &[Line]) {
    let mut won: Vec<_> = lines.iter().filter(|line| line.fate == Fate::Won).collect();
    won.sort_by_key(|line| line.bet.stake);
    for pair in won.windows(2) {
        let [less, more] = pair else { continue };
        let (below, above) = (less.payout.wide(), more.payout.wide());
        if less.bet.stake == more.bet.stake {
            assert!((above - below).abs() <= 1, "{less:?} and {more:?}");
        } else {
            assert!(below <= above, "{less:?} and {more:?}");
        }
    }
}
