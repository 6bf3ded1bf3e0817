//! Bundles of every kind of room, held against the second implementation of the rules in `roomsctl`; and every value of
//! them changed in turn.

use crate::{
    flips::{self, Flip},
    room::{OPEN, Room, void},
    tape::{Shape, majors, token},
    world::World,
};
use proto::{
    RoomId,
    room::{Comparator, Kind, Terms, VoidReason},
    settlement::{Suspicion, Verdict},
    timestamp,
};
use roomsctl::evidence::{Unverified, Verified, Wrong, verify};
use serde_json::Value;
use std::collections::BTreeSet;
use time::Duration;

const TOKEN: &str = "9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump";

/// A room with its verdict, and what its bundle has to say.
pub struct Case {
    pub name: &'static str,
    room: Room,
    verdict: Verdict,
    outcome: &'static str,
}

fn at(seconds: i64) -> i64 {
    OPEN.unix_timestamp() + seconds
}

/// Twelve seconds long, means of five, two seconds of past-post; two bets against one, one that comes too late, one that
/// asks for too much.
fn room(number: u32, kind: Kind, change: impl FnOnce(&mut Terms)) -> Room {
    let moment = |seconds| Some(timestamp(OPEN + Duration::seconds(seconds)));
    let mut room = Room::new(number, kind);
    let terms = &mut room.terms;
    (terms.open_at, terms.lock_at, terms.deadline) = (moment(0), moment(6), moment(12));
    (terms.mean_seconds, terms.quorum, terms.past_post_seconds, terms.suspicion_bps) = (5, 3, 2, 100);
    change(terms);
    let accepted = |seconds| move |bet: &mut proto::room::Bet| bet.accepted_at = moment(seconds);
    let bet = |room: Room, outcome, sol, seconds| room.bet(outcome, sol).with(accepted(seconds));
    let room = bet(bet(bet(room, 0, "2", 0), 0, "0.07", 1), 1, "5", 1);
    bet(bet(room, 1, "0.5", 3), 0, "1", 1).with(|bet| bet.min_odds_percent = 1_999)
}

fn verdict(outcome: u32, price: &str, observed_at: Duration, series: [i64; 2]) -> Verdict {
    Verdict {
        outcome,
        price: price.to_owned(),
        observed_at: Some(timestamp(OPEN + observed_at)),
        series_first_second: at(series[0]),
        series_last_second: at(series[1]),
        ..Verdict::default()
    }
}

fn by_window(outcome: u32, price: &str, end: i64, first: i64) -> Verdict {
    Verdict {
        window_end_second: at(end),
        ..verdict(outcome, price, Duration::seconds(end), [first, end - 1])
    }
}

/// One of each. Every asset has its own tape, so that rooms do not share prices.
pub fn cases(world: &World) -> Vec<Case> {
    [touches(world), closes(world), starts(world), tokens(world), by_people()].into_iter().flatten().collect()
}

fn touches(world: &World) -> Vec<Case> {
    let of = |asset: &'static str| move |terms: &mut Terms| terms.asset = asset.to_owned();
    world.play("T1", majors(0..14, |second| (if second < 4 { "164.5" } else { "165.02" }, Shape::Calm)));
    world.play("T2", majors(0..14, |second| ("164.5", if second == 8 { Shape::Blind } else { Shape::Calm })));
    world.play("T3", majors(0..14, |second| ("164.5", if second > 8 { Shape::Blind } else { Shape::Calm })));
    let touched = verdict(0, "165.02", Duration::milliseconds(3_550), [4, 7]);
    let one_sided = {
        let mut room = Room::new(4, Kind::Touch);
        room.terms = Terms { room_id: room.id.bytes(), ..self::room(1, Kind::Touch, of("T1")).terms };
        room.bet(0, "2").with(|bet| bet.accepted_at = Some(timestamp(OPEN)))
    };
    vec![
        Case {
            name: "TOUCH YES",
            room: room(1, Kind::Touch, of("T1")),
            verdict: touched.clone(),
            outcome: "YES",
        },
        Case {
            name: "TOUCH NO",
            room: room(2, Kind::Touch, of("T2")),
            verdict: verdict(1, "", Duration::seconds(12), [0, 13]),
            outcome: "NO",
        },
        Case {
            name: "ORACLE_INSUFFICIENT",
            room: room(3, Kind::Touch, of("T3")),
            verdict: Verdict {
                void_reason: VoidReason::OracleInsufficient.into(),
                ..verdict(0, "", Duration::seconds(12), [0, 13])
            },
            outcome: "VOID ORACLE_INSUFFICIENT",
        },
        Case { name: "NO_OPPOSITION", room: one_sided, verdict: touched, outcome: "VOID NO_OPPOSITION" },
    ]
}

fn closes(world: &World) -> Vec<Case> {
    world.play(
        "SOL",
        majors(7..12, |second| match second {
            8 => ("165.01", Shape::Excluded),
            9 => ("164.97", Shape::Wide),
            _ => ("165", Shape::Calm),
        }),
    );
    // The window before the deadline has too few samples.
    world.play("C2", majors(7..15, |second| ("166", if second == 9 { Shape::Blind } else { Shape::Calm })));
    let close = |number, asset: &'static str, comparator: Comparator| {
        room(number, Kind::Close, move |terms| {
            terms.asset = asset.to_owned();
            terms.comparator = comparator.into();
        })
    };
    let suspicions = vec![Suspicion::Confidence.into(), Suspicion::ExcludedVenue.into()];
    let buckets = room(7, Kind::Buckets, |terms| {
        terms.asset = "C2".to_owned();
        terms.outcomes = ["below 160", "160 to 166", "from 166"].map(str::to_owned).to_vec();
        terms.bounds = ["160", "166"].map(str::to_owned).to_vec();
        (terms.target, terms.comparator) = (String::new(), 0);
    });
    vec![
        Case {
            name: "CLOSE",
            room: close(5, "SOL", Comparator::AtOrAbove),
            verdict: Verdict { suspicions, ..by_window(1, "164.996", 12, 7) },
            outcome: "NO",
        },
        Case {
            name: "CLOSE late",
            room: close(6, "C2", Comparator::AtOrBelow),
            verdict: by_window(1, "166", 15, 7),
            outcome: "NO",
        },
        Case {
            name: "BUCKETS",
            room: buckets.bet(2, "1"),
            verdict: by_window(2, "166", 15, 7),
            outcome: "from 166",
        },
    ]
}

fn starts(world: &World) -> Vec<Case> {
    let rise = |second| (if second < 20 { "160" } else { "160.00000001" }, Shape::Calm);
    world.play("S1", majors(0..40, rise));
    world.play("S2", majors(0..40, |_| ("970.5", Shape::Calm)));
    let long = |terms: &mut Terms| {
        terms.deadline = Some(timestamp(OPEN + Duration::seconds(40)));
        terms.asset = "S1".to_owned();
        terms.outcomes = ["UP", "DOWN"].map(str::to_owned).to_vec();
        (terms.target, terms.comparator) = (String::new(), 0);
    };
    let from_start = |price: &str, start: &str| Verdict {
        start_price: start.to_owned(),
        start_window_end_second: at(11),
        ..by_window(0, price, 40, 6)
    };
    let tie = Verdict { void_reason: VoidReason::Tie.into(), ..from_start("970.5", "970.5") };
    let rival = Verdict {
        rival_price: "970.5".to_owned(),
        rival_start_price: "970.5".to_owned(),
        ..from_start("160.00000001", "160")
    };
    vec![
        Case {
            name: "UP_DOWN",
            room: room(8, Kind::UpDown, long),
            verdict: from_start("160.00000001", "160"),
            outcome: "UP",
        },
        Case {
            name: "TIE",
            room: room(9, Kind::UpDown, |terms| {
                long(terms);
                terms.asset = "S2".to_owned();
            }),
            verdict: tie,
            outcome: "VOID TIE",
        },
        Case {
            name: "HEAD_TO_HEAD",
            room: room(10, Kind::HeadToHead, |terms| {
                long(terms);
                terms.rival_asset = "S2".to_owned();
            }),
            verdict: rival,
            outcome: "UP",
        },
    ]
}

fn tokens(world: &World) -> Vec<Case> {
    world.play(TOKEN, token(0..14, "0.001"));
    let cap = |terms: &mut Terms| {
        terms.asset = TOKEN.to_owned();
        terms.target = "149999999.99".to_owned();
        terms.supply = "1000000000".to_owned();
        terms.open_price = "130000000".to_owned();
    };
    let touched =
        Verdict { window_end_second: at(5), ..verdict(0, "150000000", Duration::seconds(5), [0, 7]) };
    vec![
        Case { name: "CAP_TOUCH", room: room(11, Kind::CapTouch, cap), verdict: touched, outcome: "YES" },
        Case {
            name: "CAP_CLOSE",
            room: room(12, Kind::CapClose, cap),
            verdict: by_window(0, "150000000", 12, 7),
            outcome: "YES",
        },
    ]
}

fn by_people() -> Vec<Case> {
    let short = room(13, Kind::Touch, |terms| terms.min_players = 6);
    let custom = room(14, Kind::Custom, |terms| {
        (terms.asset, terms.target, terms.comparator) = (String::new(), String::new(), 0);
        terms.question = "Does it rain in Lisbon on 1 January?".to_owned();
        terms.criterion = "IPMA's report of that day".to_owned();
    });
    vec![
        Case {
            name: "MIN_PLAYERS",
            room: short,
            verdict: void(VoidReason::MinPlayers),
            outcome: "VOID MIN_PLAYERS",
        },
        Case {
            name: "CUSTOM",
            room: custom,
            verdict: Verdict { outcome: 1, ..Verdict::default() },
            outcome: "NO",
        },
    ]
}

/// The bundle as it is served.
pub async fn served(world: &World, room: RoomId) -> String {
    let address = world.replicas[0].http();
    reqwest::get(format!("http://{address}/evidence/{room}")).await.unwrap().text().await.unwrap()
}

async fn settled(world: &World, case: &Case) -> String {
    world.open(&case.room);
    world.resolve(case.room.id, &case.verdict).await;
    world.anchored(&case.room).await;
    served(world, case.room.id).await
}

fn sound(name: &str, bundle: &str) -> Verified {
    verify(bundle.as_bytes()).unwrap_or_else(|wrong| panic!("{name}: {wrong}\n{bundle}"))
}

/// What is wrong with a bundle.
fn wrong(bundle: &Value) -> Vec<Wrong> {
    match verify(flips::written(bundle).as_bytes()) {
        Err(Unverified::Wrong { found, .. }) => found,
        Ok(_) => Vec::new(),
        Err(other) => panic!("not read: {other}"),
    }
}

#[tokio::test]
async fn every_kind_is_verified_and_every_changed_value_is_named() {
    let world = World::new().await;
    for case in cases(&world) {
        world.misbehave(|all| all.together = matches!(case.name, "CLOSE late" | "CUSTOM"));
        let text = settled(&world, &case).await;
        let verified = sound(case.name, &text);
        assert_eq!(verified.outcome, case.outcome, "{}", case.name);
        assert_eq!(verified.staked, verified.paid + verified.fees, "{}", case.name);
        let bundle: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(wrong(&bundle), [], "{}: written anew", case.name);
        let mut flips = flips::of(&bundle);
        // Everything of one bundle; of the others everything but the seconds in the middle, which are all alike.
        if case.name != "TOUCH YES" {
            flips.retain(|flip| flips::is_near_an_end(&flip.path, &bundle));
        }
        assert!(flips.len() > 100, "{} flips", flips.len());
        let threads = std::thread::available_parallelism().unwrap().get();
        std::thread::scope(|scope| {
            for flips in flips.chunks(flips.len().div_ceil(threads)) {
                scope.spawn(|| flips.iter().for_each(|flip| is_named(case.name, flip)));
            }
        });
    }
}

fn is_named(room: &str, Flip { path, what, bundle }: &Flip) {
    let found = wrong(bundle);
    let named = found.first().map_or("nothing", |wrong| wrong.path.as_str());
    assert!(named == path, "{room}: {what} of {path}, but {named} is named: {found:?}");
}

/// Whoever changes a value and writes its record's check anew deceives only about what nothing else in the bundle follows
/// from: what a venue said, as long as the price stays, and what only the chain or the ledger know.
#[tokio::test]
async fn checks_written_anew_hide_nothing_that_decides() {
    let world = World::new().await;
    let case = touches(&world).remove(0);
    let bundle: Value = serde_json::from_str(&settled(&world, &case).await).unwrap();
    let mut hidden = BTreeSet::new();
    // A liar writes these, so a change of them is gone.
    let written_anew = |path: &str| path.ends_with("check") || path.starts_with("end.");
    for Flip { path, mut bundle, .. } in flips::of(&bundle) {
        flips::check_anew(&mut bundle);
        if !written_anew(&path) && wrong(&bundle).is_empty() {
            hidden.insert(flips::without_places(&path));
        }
    }
    let expected = [
        "book.referral_lamports",
        "decided_at",
        "receipt.signature",
        "receipt.slot",
        "room_number",
        "series[].aggregates",
        "series[].aggregates[].at",
        "series[].aggregates[].quotes",
        "series[].aggregates[].quotes[].received_at",
        "series[].aggregates[].quotes[].venue_at",
        "series[].aggregates[].rate_quotes[].received_at",
        "series[].aggregates[].rate_quotes[].venue_at",
        "series[].complete",
        "settled_at",
    ];
    assert_eq!(hidden.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// `docs/evidence-example.json` is what the service writes. `WRITE_EXAMPLE=1` writes it anew.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test, no setting of the service")]
async fn the_example_of_the_manual_is_current() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/evidence-example.json");
    let world = World::new().await;
    let case = closes(&world).remove(0);
    let made = settled(&world, &case).await;
    if std::env::var_os("WRITE_EXAMPLE").is_some() {
        std::fs::write(file, &made).unwrap();
    }
    let example = std::fs::read_to_string(file).unwrap();
    sound("the example", &example);
    // All but when this very run settled it.
    let timeless = |text: &str| {
        let mut bundle: Value = serde_json::from_str(text).unwrap();
        for name in ["decided_at", "settled_at", "check"] {
            bundle[name] = Value::Null;
        }
        bundle
    };
    assert_eq!(timeless(&example), timeless(&made));
}

/// A stream that breaks off is no bundle to anybody.
#[tokio::test]
async fn a_bundle_that_breaks_off_is_not_taken_for_a_whole_one() {
    let world = World::new().await;
    let case = closes(&world).remove(0);
    let whole = settled(&world, &case).await;
    for cut in (1..whole.trim_end().len()).step_by(97) {
        let cut_off = verify(&whole.as_bytes()[..cut]);
        assert!(matches!(cut_off, Err(Unverified::CutOff { .. })), "at {cut}: {cut_off:?}");
    }
    let url = format!("http://{}/evidence/{}", world.replicas[0].http(), case.room.id);
    let answer = reqwest::get(&url).await.unwrap();
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(!headers.contains_key("content-length"), "of unknown length");
    assert_eq!(answer.text().await.unwrap(), whole);

    sqlx::raw_sql(
        "ALTER TABLE settlement.series_page DISABLE TRIGGER written_once;
         UPDATE settlement.series_page SET seconds = '\\xff'",
    )
    .execute(world.db.superuser())
    .await
    .unwrap();
    // The connection may break before the headers are out, or behind them.
    let broke_off = match reqwest::get(&url).await {
        Ok(answer) => answer.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(broke_off, "the client sees that it broke off");
}
