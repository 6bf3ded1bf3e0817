//! A tape of stored seconds, replayed by another process in another order and with a restart in the middle, gives the
//! same bytes: those of the seconds and those of the answers.

use oracle_svc::domain::{
    Asset, Board, Both, Currency, Fold, Frame, HeadToHead, Moment, Pair, Price, Resolution, SECOND, Samples,
    Second, Sight, TAIL, Tick, VenueId, VenueQuote, Watch,
};
use prost::Message;
use proto::{
    RoomId,
    oracle::{GetSeriesResponse, RegisterWatch},
    room::{Comparator, Kind, Terms},
    settlement::ResolveRoom,
    timestamp,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use rust_decimal::Decimal;
use servers::scratch::Scratch;
use std::{collections::BTreeSet, fs, path::Path, process::Command};
use uuid::Uuid;

const OPEN: i64 = 1_700_000_000;
const LENGTH: i64 = 180;
const QUORUM: usize = 3;
const ASSETS: [Asset; 2] = [Asset::Sol, Asset::Btc];
const TAPE: &str = "REPLAYED_TAPE";
const SEED: &str = "REPLAYED_SEED";

fn second(after_opening: i64) -> Second {
    Second::new(OPEN + after_opening)
}

/// What is given to the other process and what is expected back.
struct Tape {
    seconds: [Vec<Frame>; 2],
    rooms: Vec<Terms>,
}

impl Tape {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (asset, frames) in ASSETS.iter().zip(&self.seconds) {
            let seconds = frames.iter().map(|frame| frame.message(*asset)).collect();
            GetSeriesResponse { seconds }.encode_length_delimited(&mut bytes).unwrap();
        }
        for terms in &self.rooms {
            let room = RegisterWatch { room_id: terms.room_id.clone(), terms: Some(terms.clone()) };
            room.encode_length_delimited(&mut bytes).unwrap();
        }
        bytes
    }

    fn decode(mut bytes: &[u8]) -> Self {
        let seconds = ASSETS.map(|_| {
            let answer = GetSeriesResponse::decode_length_delimited(&mut bytes).unwrap();
            answer.seconds.iter().map(|second| Frame::decode(&second.encode_to_vec()).unwrap()).collect()
        });
        let mut rooms = Vec::new();
        while !bytes.is_empty() {
            rooms.push(RegisterWatch::decode_length_delimited(&mut bytes).unwrap().terms.unwrap());
        }
        Self { seconds, rooms }
    }
}

/// The bytes of the seconds, and of the commands that tell the answers, in the order of their rooms.
fn bytes(seconds: &[Vec<Frame>; 2], mut answers: Vec<Resolution>) -> Vec<u8> {
    answers.sort_by_key(|answer| answer.room);
    let frames = ASSETS.iter().zip(seconds).flat_map(|(asset, frames)| {
        frames.iter().flat_map(|frame| frame.message(*asset).encode_length_delimited_to_vec())
    });
    let told = answers.iter().flat_map(|answer| {
        let verdict = Some(answer.verdict());
        ResolveRoom { room_id: answer.room.bytes(), verdict }.encode_length_delimited_to_vec()
    });
    frames.chain(told).collect()
}

fn watches(rooms: &[Terms]) -> impl Iterator<Item = Watch> {
    let on_one = rooms.iter().filter(|terms| terms.kind() != Kind::HeadToHead);
    on_one.map(|terms| Watch::try_from_terms(terms, QUORUM).unwrap())
}

fn on_two(rooms: &[Terms]) -> impl Iterator<Item = HeadToHead> {
    let on_two = rooms.iter().filter(|terms| terms.kind() == Kind::HeadToHead);
    on_two.map(|terms| HeadToHead::try_from_terms(terms, QUORUM).unwrap())
}

/// Rooms of every kind with targets around the prices.
fn rooms(rng: &mut StdRng) -> Vec<Terms> {
    let kinds = [
        Kind::Touch,
        Kind::Close,
        Kind::UpDown,
        Kind::CapTouch,
        Kind::CapClose,
        Kind::Buckets,
        Kind::HeadToHead,
    ];
    let at = |second: i64| Some(timestamp(Second::new(OPEN + second).begin().plus(250_000).time()));
    (0..60_usize)
        .map(|n| {
            let (asset, rival) = if n % 3 == 0 { ("BTC", "SOL") } else { ("SOL", "BTC") };
            let around = |rng: &mut StdRng| {
                let cents = rng.random_range(-150_i64..150);
                if asset == "SOL" {
                    Decimal::new(16_000 + cents, 2)
                } else {
                    Decimal::from(90_000 + cents * 5)
                }
            };
            let (first, second) = (around(rng), around(rng));
            let opens = rng.random_range(0..40);
            let horizon = rng.random_range(40..120);
            let supply = Decimal::from(1_000_000);
            let kind = kinds[n % kinds.len()];
            let is_cap = matches!(kind, Kind::CapTouch | Kind::CapClose);
            Terms {
                room_id: RoomId::new(Uuid::from_u128(n as u128 + 1)).bytes(),
                kind: kind.into(),
                asset: asset.to_owned(),
                rival_asset: rival.to_owned(),
                comparator: if rng.random() { Comparator::AtOrAbove } else { Comparator::AtOrBelow }.into(),
                target: if is_cap { (first * supply).to_string() } else { first.to_string() },
                supply: supply.to_string(),
                open_at: at(opens),
                lock_at: at(opens + horizon / 2),
                deadline: at(opens + horizon),
                mean_seconds: 5,
                quorum: 3,
                suspicion_bps: 20,
                bounds: vec![first.min(second).to_string(), (first.max(second) + Decimal::ONE).to_string()],
                outcomes: vec![String::new(); 3],
                ..Terms::default()
            }
        })
        .collect()
}

/// What a venue says at a moment.
type Said = (VenueId, VenueQuote);

/// Everything that venues say during a tape, by the moment it is received at, with the looks at them after each.
fn sayings(rng: &mut StdRng) -> Vec<(Moment, Vec<Said>)> {
    let (mut sol, mut btc) = (16_000_i64, 90_000_i64);
    let mut said = Vec::new();
    for half in 0..LENGTH * 2 {
        let now = second(0).begin().plus(half * SECOND / 2);
        sol += rng.random_range(-12..=12);
        btc += rng.random_range(-60..=60);
        let mut now_said = Vec::new();
        for venue in VenueId::EXCHANGES {
            // Venues fall silent for a while, and one is far off for a while.
            if (half / 16 + i64::try_from(venue.name().len()).unwrap()) % 11 == 0 || rng.random_ratio(1, 6) {
                continue;
            }
            let off = if (100..140).contains(&half) && *venue == VenueId::Kraken {
                300
            } else {
                rng.random_range(-9..=9)
            };
            let venue_time = now.minus(rng.random_range(0..900_000));
            let currency = match venue {
                VenueId::Binance | VenueId::Okx => Currency::Usdt,
                _ => Currency::Usd,
            };
            for (asset, price) in
                [(Asset::Sol, Decimal::new(sol + off, 2)), (Asset::Btc, Decimal::from(btc + off))]
            {
                let price = Price::try_new(price).unwrap();
                now_said.push((*venue, VenueQuote { pair: Pair::Asset(asset, currency), price, venue_time }));
            }
            let price = Price::try_new(Decimal::new(9_980 + rng.random_range(-5..=5), 4)).unwrap();
            now_said.push((*venue, VenueQuote { pair: Pair::UsdtUsd, price, venue_time }));
        }
        said.push((now, now_said));
    }
    said
}

/// The seconds as a writer stores them. What different venues say at the same moment comes in any order.
fn store(said: &[(Moment, Vec<Said>)], order: &mut StdRng) -> [Vec<Frame>; 2] {
    let mut board = Board::default();
    VenueId::EXCHANGES.iter().for_each(|venue| board.connected(*venue, second(0).begin()));
    let mut seconds = [Vec::new(), Vec::new()];
    for (now, said) in said {
        let mut venues = VenueId::EXCHANGES.to_vec();
        venues.shuffle(order);
        for venue in venues {
            board.heard(venue, *now);
            for (_, quote) in said.iter().filter(|(speaker, _)| *speaker == venue) {
                let _ = board.quoted(venue, *quote, *now);
            }
        }
        let without_vote = (second(60)..second(70)).contains(&now.second());
        let excluded: BTreeSet<_> = without_vote.then_some(VenueId::Kraken).into_iter().collect();
        for (asset, frames) in ASSETS.iter().zip(&mut seconds) {
            let tick = Tick::take(&board, *asset, *now, &excluded, QUORUM);
            match frames.last_mut() {
                Some(Frame { second, ticks, .. }) if *second == tick.second() => ticks.push(tick),
                _ => frames.push(Frame { second: tick.second(), ticks: vec![tick], complete: true }),
            }
        }
    }
    seconds
}

/// The answers of a process that sees every second once.
fn answers(tape: &Tape) -> Vec<Resolution> {
    let mut found = Vec::new();
    for (asset, frames) in ASSETS.iter().zip(&tape.seconds) {
        let mut fold = Fold::new(second(0));
        watches(&tape.rooms).filter(|watch| watch.asset == *asset).for_each(|watch| fold.follow(watch));
        found.extend(frames.iter().flat_map(|frame| fold.replay(frame).unwrap()));
    }
    found.extend(on_two(&tape.rooms).filter_map(|room| look(&room, &tape.seconds, second(LENGTH))));
    found
}

fn look(room: &HeadToHead, seconds: &[Vec<Frame>; 2], end: Second) -> Option<Resolution> {
    let of = |asset| -> Samples {
        let index = ASSETS.iter().position(|known| *known == asset).unwrap();
        seconds[index].iter().filter(|frame| frame.second < end).map(Frame::kept).collect()
    };
    match room.look(&Both { asset: of(room.asset), rival: of(room.rival), end }) {
        Sight::Resolved(resolution) => Some(resolution),
        Sight::Later(_) => None,
    }
}

/// The answers of a process that ends and begins again after some second, that is asked in another order, and that
/// works the prices out from shuffled quotes.
fn replay(tape: &mut Tape, rng: &mut StdRng) -> Vec<Resolution> {
    tape.rooms.shuffle(rng);
    for tick in tape.seconds.iter_mut().flatten().flat_map(|frame| &mut frame.ticks) {
        tick.quotes.shuffle(rng);
        *tick = Tick::of(tick.at, tick.quotes.clone(), tick.rate.clone(), QUORUM);
    }
    let mut found: Vec<Resolution> = Vec::new();
    for (asset, frames) in ASSETS.iter().zip(&tape.seconds) {
        let mine = |found: &[Resolution]| -> Vec<Watch> {
            let open =
                |watch: &Watch| watch.asset == *asset && found.iter().all(|known| known.room != watch.room);
            watches(&tape.rooms).filter(open).collect()
        };
        let (before, after) = frames.split_at(rng.random_range(1..frames.len()));
        let mut fold = Fold::new(second(0));
        mine(&found).into_iter().for_each(|watch| fold.follow(watch));
        let early: Vec<_> = before.iter().flat_map(|frame| fold.replay(frame).unwrap()).collect();
        found.extend(early);
        let last = before.last().unwrap().second;
        let tail: Vec<_> = before.iter().filter(|frame| frame.second > last.plus(-TAIL)).cloned().collect();
        let (mut fold, lost) =
            Fold::resume(second(0), last, before.iter().map(Frame::kept), &tail, mine(&found)).unwrap();
        assert_eq!(lost, []);
        found.extend(after.iter().flat_map(|frame| fold.replay(frame).unwrap()));
    }
    for room in on_two(&tape.rooms) {
        // Whoever looks, and whenever.
        let mut ends: Vec<i64> = (0..LENGTH).filter(|_| rng.random_ratio(1, 9)).chain([LENGTH]).collect();
        ends.sort_unstable();
        found.extend(ends.iter().find_map(|end| look(&room, &tape.seconds, second(*end))));
    }
    found
}

#[test]
fn a_tape_replayed_elsewhere_gives_the_same_bytes() {
    let scratch = Scratch::create().unwrap();
    let mut kinds_answered = BTreeSet::new();
    for seed in 0..6 {
        let mut rng = StdRng::seed_from_u64(seed);
        let said = sayings(&mut rng);
        let tape = Tape { seconds: store(&said, &mut rng), rooms: rooms(&mut rng) };
        let again = store(&said, &mut StdRng::seed_from_u64(seed + 100));
        assert_eq!(
            bytes(&again, Vec::new()),
            bytes(&tape.seconds, Vec::new()),
            "what is said at once has no order"
        );

        let answers = answers(&tape);
        for answer in &answers {
            let terms = tape.rooms.iter().find(|terms| terms.room_id == answer.room.bytes()).unwrap();
            kinds_answered.insert((terms.kind, answer.outcome.name().into_owned()));
        }
        let path = scratch.path().join(format!("{seed}.tape"));
        fs::write(&path, tape.encode()).unwrap();
        let replayed = elsewhere(&path, seed + 1_000);
        assert!(replayed == bytes(&tape.seconds, answers), "seed {seed}");
    }
    // Every kind had an answer of each side, so that there was something to differ in.
    for kind in [Kind::Touch, Kind::Close, Kind::UpDown, Kind::CapTouch, Kind::CapClose, Kind::HeadToHead] {
        for outcome in ["0", "1"] {
            assert!(kinds_answered.contains(&(kind.into(), outcome.to_owned())), "{kind:?} {outcome}");
        }
    }
    for index in ["0", "1", "2"] {
        assert!(kinds_answered.contains(&(Kind::Buckets.into(), index.to_owned())), "range {index}");
    }
}

/// What a process of its own makes of a tape.
fn elsewhere(tape: &Path, seed: u64) -> Vec<u8> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "replay::replays_the_tape_it_is_given", "--ignored", "--nocapture"])
        .env(TAPE, tape)
        .env(SEED, seed.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(tape.with_extension("replayed")).unwrap()
}

#[test]
#[ignore = "the other process of the test above"]
#[expect(clippy::disallowed_methods, reason = "handed over by that test, no setting of the service")]
fn replays_the_tape_it_is_given() {
    let path = std::path::PathBuf::from(std::env::var(TAPE).unwrap());
    let mut rng = StdRng::seed_from_u64(std::env::var(SEED).unwrap().parse().unwrap());
    let mut tape = Tape::decode(&fs::read(&path).unwrap());
    let answers = replay(&mut tape, &mut rng);
    fs::write(path.with_extension("replayed"), bytes(&tape.seconds, answers)).unwrap();
}
