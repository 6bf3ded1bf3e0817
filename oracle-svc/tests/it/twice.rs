//! The answers of this service and those of the second implementation of the rules, over random tapes of quotes.

use oracle_svc::domain::{
    Asset, Board, Both, Currency, Fold, Frame, HeadToHead, Moment, Pair, Price, Resolution, Sight, Tick,
    VenueId, VenueQuote, Watch,
};
use proptest::{collection::vec, prelude::*};
use proto::{
    oracle,
    room::{Comparator, Kind, Terms},
    timestamp,
};
use roomsctl::evidence::judged;
use std::collections::BTreeSet;

const OPEN: i64 = 1_767_268_800_000_000;
const MILLI: i64 = 1_000;
/// Milliseconds from the opening to the lock and to the deadline: neither is a whole second.
const LOCK: i64 = 6_300;
const DEADLINE: i64 = 30_700;
const MEAN: u32 = 5;

/// One look at the venues.
#[derive(Clone, Debug)]
struct Look {
    /// Milliseconds since the look before.
    after: i64,
    /// Hundredths of a dollar around 160.
    cents: i64,
    /// How far each venue is from that, in hundredths, and how old its time is in milliseconds; some are silent.
    venues: Vec<Option<(i64, i64)>>,
    excluded: Option<usize>,
}

fn look() -> impl Strategy<Value = Look> {
    let after = prop_oneof![6 => 400_i64..1_000, 1 => 1_000_i64..2_600];
    // The target lies at 0: near it, on it, beyond it.
    let cents = prop_oneof![4 => -2_i64..=2, 1 => 0_i64..=0, 1 => -30_i64..=30];
    let near = (prop_oneof![8 => -1_i64..=1, 1 => -400_i64..=400], 0_i64..1_900);
    let venues = vec(prop::option::weighted(0.93, near), 5);
    (after, cents, venues, prop::option::weighted(0.05, 0_usize..5))
        .prop_map(|(after, cents, venues, excluded)| Look { after, cents, venues, excluded })
}

fn price(cents: i64) -> Price {
    let cents = 16_000 + cents;
    Price::parse(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap()
}

/// The seconds that the oracle would have stored.
fn frames(looks: &[Look]) -> Vec<Frame> {
    let mut board = Board::default();
    let mut frames: Vec<Frame> = Vec::new();
    let mut at = Moment::from_micros(OPEN - 1_000 * MILLI);
    for venue in VenueId::EXCHANGES {
        board.connected(*venue, at);
    }
    for rate in [VenueId::Coinbase, VenueId::Kraken] {
        let quote =
            VenueQuote { pair: Pair::UsdtUsd, price: Price::parse("0.9996").unwrap(), venue_time: at };
        board.quoted(rate, quote, at).unwrap();
    }
    for look in looks {
        at = at.plus(look.after * MILLI);
        for (venue, said) in VenueId::EXCHANGES.iter().zip(&look.venues) {
            let Some((off, age)) = said else { continue };
            let currency = match venue {
                VenueId::Binance | VenueId::Okx => Currency::Usdt,
                _ => Currency::Usd,
            };
            let quote = VenueQuote {
                pair: Pair::Asset(Asset::Sol, currency),
                price: price(look.cents + off),
                venue_time: at.minus(age * MILLI),
            };
            // An older one than before is dropped, as in life.
            let _ = board.quoted(*venue, quote, at);
        }
        let excluded: BTreeSet<VenueId> = look.excluded.map(|n| VenueId::EXCHANGES[n]).into_iter().collect();
        let tick = Tick::take(&board, Asset::Sol, at, &excluded, 3);
        if frames.last().is_none_or(|frame| frame.second != tick.second()) {
            frames.push(Frame { complete: true, ..Frame::empty(tick.second()) });
        }
        frames.last_mut().unwrap().ticks.push(tick);
    }
    frames
}

fn terms(kind: Kind, comparator: Comparator) -> Terms {
    let at = |millis: i64| Some(timestamp(Moment::from_micros(OPEN + millis * MILLI).time()));
    Terms {
        room_id: vec![7; 16],
        kind: kind.into(),
        asset: "SOL".to_owned(),
        rival_asset: if kind == Kind::HeadToHead { "BTC".to_owned() } else { String::new() },
        comparator: comparator.into(),
        target: if matches!(kind, Kind::CapTouch | Kind::CapClose) { "160000000.0001" } else { "160" }
            .to_owned(),
        supply: "1000000.000001".to_owned(),
        open_at: at(250),
        lock_at: at(LOCK),
        deadline: at(DEADLINE),
        bounds: ["159.99", "160", "160.01"].map(str::to_owned).to_vec(),
        outcomes: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        mean_seconds: MEAN,
        quorum: 3,
        suspicion_bps: 1,
        ..Terms::default()
    }
}

/// The fold's answer, with the frames up to it: nothing if the tape is too short for one.
fn resolved(terms: &Terms, frames: &[Frame]) -> Option<Resolution> {
    let watch = Watch::try_from_terms(terms, 3).unwrap();
    let mut fold = Fold::new(watch.needs_from());
    fold.follow(watch.clone());
    let from_opening = frames.iter().filter(|frame| frame.second >= watch.needs_from());
    from_opening.flat_map(|frame| fold.replay(frame).unwrap()).next()
}

fn stored(frames: &[Frame], resolution: &Resolution) -> Vec<oracle::Second> {
    let rests = resolution.first..=resolution.last;
    let frames = frames.iter().filter(|frame| rests.contains(&frame.second));
    frames.map(|frame| frame.message(Asset::Sol)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn both_implementations_give_the_same_answers(looks in vec(look(), 60..110)) {
        let frames = frames(&looks);
        for kind in [Kind::Touch, Kind::Close, Kind::CapTouch, Kind::CapClose, Kind::UpDown, Kind::Buckets] {
            for comparator in [Comparator::AtOrAbove, Comparator::AtOrBelow] {
                let terms = terms(kind, comparator);
                let Some(resolution) = resolved(&terms, &frames) else { continue };
                let found = judged(&terms, &resolution.verdict(), &stored(&frames, &resolution), &[]);
                prop_assert!(found.is_empty(), "{kind:?} {comparator:?} {resolution:?}: {found:?}");
            }
        }
    }

    #[test]
    fn and_the_same_between_two_assets(own in vec(look(), 60..110), other in vec(look(), 60..110)) {
        let (own, other) = (frames(&own), frames(&other));
        let terms = terms(Kind::HeadToHead, Comparator::Unspecified);
        let room = HeadToHead::try_from_terms(&terms, 3).unwrap();
        let end = own.last().unwrap().second.min(other.last().unwrap().second);
        let samples = |frames: &[Frame]| frames.iter().filter(|it| it.second < end).map(Frame::kept).collect();
        let both = Both { asset: samples(&own), rival: samples(&other), end };
        if let Sight::Resolved(resolution) = room.look(&both) {
            let found = judged(&terms, &resolution.verdict(), &stored(&own, &resolution), &stored(&other, &resolution));
            prop_assert!(found.is_empty(), "{resolution:?}: {found:?}");
        }
    }
}

/// The tapes above decide rooms in every way, so that the comparison is about something.
#[test]
fn random_tapes_bring_every_answer() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut answers = BTreeSet::new();
    for _ in 0..200 {
        let frames = frames(&vec(look(), 60..110).new_tree(&mut runner).unwrap().current());
        for kind in [Kind::Touch, Kind::CapTouch, Kind::UpDown, Kind::Buckets] {
            if let Some(found) = resolved(&terms(kind, Comparator::AtOrAbove), &frames) {
                answers.insert(format!("{kind:?} {}", found.outcome.name()));
            }
        }
    }
    for answer in [
        "Touch 0",
        "Touch 1",
        "Touch ORACLE_INSUFFICIENT",
        "CapTouch 0",
        "CapTouch 1",
        "UpDown 0",
        "UpDown 1",
        "Buckets 0",
        "Buckets 3",
    ] {
        assert!(answers.contains(answer), "{answer} is not among {answers:?}");
    }
}
