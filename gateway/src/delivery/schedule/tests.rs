use super::*;
use chassis::clock::monotonic;

const LIMITS: Limits = Limits {
    messages: 10,
    presses: 60,
    updates: 1_000,
    overall_per_second: 30,
    chat_gap: SECOND,
    group_per_minute: 20,
};

const NEWS: Lane = Lane::Notice(3);
const MONEY: Lane = Lane::Notice(1);

fn ticket(chat: i64, lane: Lane, kind: Kind, load: u32) -> Ticket<u32> {
    Ticket { chat, lane, kind, load }
}

fn send(chat: i64, load: u32) -> Ticket<u32> {
    ticket(chat, Lane::Interactive, Kind::Send, load)
}

/// Runs the schedule until it is idle, each call taking no time: what went when.
fn run(schedule: &mut Schedule<u32>, start: Instant) -> Vec<(Duration, i64, u32)> {
    let (mut now, mut out) = (start, Vec::new());
    loop {
        match schedule.next(now) {
            Next::Go(ticket) => {
                out.push((now - start, ticket.chat, ticket.load));
                schedule.done(ticket.chat, now);
            }
            Next::At(at) => {
                assert!(at > now, "time must pass");
                now = at;
            }
            Next::Idle => return out,
        }
    }
}

#[test]
fn one_chat_gets_one_message_a_second_in_order() {
    let mut schedule = Schedule::new(LIMITS);
    for load in 0..4 {
        assert_eq!(schedule.push(send(7, load)), None);
    }
    let out = run(&mut schedule, monotonic());
    let seconds: Vec<_> = out.iter().map(|(at, _, load)| (at.as_secs(), *load)).collect();
    assert_eq!(seconds, [(0, 0), (1, 1), (2, 2), (3, 3)]);
}

#[test]
fn no_second_sees_more_than_thirty() {
    let mut schedule = Schedule::new(LIMITS);
    for chat in 1..=100 {
        schedule.push(send(chat, 0));
    }
    let out = run(&mut schedule, monotonic());
    assert_eq!(out.len(), 100);
    for (at, ..) in &out {
        let within = out.iter().filter(|(other, ..)| other >= at && *other < *at + SECOND).count();
        assert!(within <= 30, "{within} within a second");
    }
    assert_eq!(out[99].0.as_secs(), 3, "and the limit is used");
}

#[test]
fn a_group_gets_twenty_a_minute() {
    let mut schedule = Schedule::new(LIMITS);
    for load in 0..25 {
        schedule.push(send(-5, load));
    }
    let out = run(&mut schedule, monotonic());
    assert_eq!(out[19].0, Duration::from_secs(19));
    assert_eq!(out[20].0, Duration::from_secs(60));
}

#[test]
fn the_last_edit_of_a_message_wins() {
    let mut schedule = Schedule::new(LIMITS);
    let edit = |load| ticket(7, Lane::Interactive, Kind::Edit(3), load);
    assert_eq!(schedule.push(edit(1)), None);
    assert_eq!(schedule.push(send(7, 9)), None);
    assert_eq!(schedule.push(edit(2)), Some(1));
    let loads: Vec<_> = run(&mut schedule, monotonic()).into_iter().map(|(_, _, load)| load).collect();
    assert_eq!(loads, [2, 9], "in the place of the first");
}

#[test]
fn a_refused_edit_gives_way_to_a_later_one() {
    let mut schedule = Schedule::new(LIMITS);
    let edit = |load| ticket(7, Lane::Interactive, Kind::Edit(3), load);
    schedule.push(edit(2));
    assert_eq!(schedule.push_back(edit(1)), Some(1));
    assert_eq!(schedule.push_back(send(7, 5)), None);
    assert_eq!(schedule.waiting(), 2);
}

#[test]
fn a_chat_has_one_message_in_flight() {
    let limits = Limits { chat_gap: Duration::ZERO, ..LIMITS };
    let mut schedule = Schedule::new(limits);
    schedule.push(send(7, 0));
    schedule.push(send(7, 1));
    let now = monotonic();
    assert!(matches!(schedule.next(now), Next::Go(_)));
    assert_eq!(schedule.next(now), Next::Idle);
    schedule.done(7, now);
    assert!(matches!(schedule.next(now), Next::Go(_)));
}

#[test]
fn a_429_is_obeyed_for_as_long_as_it_says() {
    let mut schedule = Schedule::new(LIMITS);
    let start = monotonic();
    schedule.hold(7, start + Duration::from_secs(30), start);
    schedule.push(send(7, 0));
    schedule.push(send(8, 1));
    let out = run(&mut schedule, start);
    assert_eq!(out, [(Duration::ZERO, 8, 1), (Duration::from_secs(30), 7, 0)]);
}

#[test]
fn two_chats_on_hold_hold_everything() {
    let mut schedule = Schedule::new(LIMITS);
    let start = monotonic();
    schedule.hold(7, start + Duration::from_secs(3), start);
    schedule.hold(8, start + Duration::from_secs(5), start);
    schedule.push(send(9, 0));
    assert_eq!(run(&mut schedule, start), [(Duration::from_secs(5), 9, 0)]);
}

#[test]
fn neither_lane_starves() {
    let mut schedule = Schedule::new(LIMITS);
    for chat in 0..30 {
        schedule.push(ticket(1_000 + chat, NEWS, Kind::Send, 1));
        schedule.push(send(1 + chat, 0));
    }
    let first: Vec<_> =
        run(&mut schedule, monotonic()).into_iter().take(9).map(|(_, _, load)| load).collect();
    assert_eq!(first, [0, 0, 1, 0, 0, 1, 0, 0, 1]);
}

#[test]
fn money_overtakes_news() {
    let mut schedule = Schedule::new(LIMITS);
    for chat in 1..=60 {
        schedule.push(ticket(chat, NEWS, Kind::Send, 0));
    }
    schedule.push(ticket(100, MONEY, Kind::Send, 1));
    assert_eq!(run(&mut schedule, monotonic())[0].2, 1);
}

#[test]
fn notices_go_out_evenly_and_leave_room_for_people() {
    let mut schedule = Schedule::new(LIMITS);
    for chat in 1..=90 {
        schedule.push(ticket(chat, NEWS, Kind::Send, 0));
    }
    let (start, gap) = (monotonic(), Duration::from_millis(33));
    let out = run(&mut schedule, start);
    assert!(out.windows(2).all(|pair| pair[1].0 - pair[0].0 >= gap), "{out:?}");
    assert!(out[89].0 < Duration::from_millis(2_990), "and the limit is used: {:?}", out[89].0);

    let later = start + Duration::from_secs(10);
    schedule.push(ticket(200, NEWS, Kind::Send, 0));
    schedule.push(ticket(201, NEWS, Kind::Send, 0));
    assert!(matches!(schedule.next(later), Next::Go(_)));
    assert!(matches!(schedule.next(later), Next::At(at) if at > later));
    schedule.push(send(202, 7));
    assert!(matches!(schedule.next(later), Next::Go(Ticket { load: 7, .. })));
}

/// Whatever each call takes on its way, no second of Telegram's clock sees more than thirty.
#[test]
fn slow_calls_never_meet_fast_ones_in_one_second() {
    let mut schedule = Schedule::new(LIMITS);
    for chat in 1..=200 {
        schedule.push(ticket(chat, if chat % 3 == 0 { Lane::Interactive } else { NEWS }, Kind::Send, 0));
    }
    // Calls in flight with the moment of their answer; Telegram counts at any moment until then.
    let (mut now, mut flying, mut counted) = (monotonic(), Vec::new(), Vec::new());
    while schedule.waiting() > 0 || !flying.is_empty() {
        let next = schedule.next(now);
        if let Next::Go(ticket) = &next {
            let slow = Duration::from_millis(if ticket.chat % 7 == 0 { 400 } else { 3 });
            // The slow ones arrive late, the fast ones at once: the worst that can be.
            counted.push(now + if ticket.chat % 7 == 0 { slow } else { Duration::ZERO });
            flying.push((now + slow, ticket.chat));
            continue;
        }
        let answer = flying.iter().copied().min();
        let at = if let Next::At(at) = next { Some(at) } else { None };
        now = answer.map(|(at, _)| at).into_iter().chain(at).min().unwrap();
        flying.retain(|(at, chat)| {
            *at > now || {
                schedule.done(*chat, now);
                false
            }
        });
    }
    assert_eq!(counted.len(), 200);
    counted.sort();
    for (index, at) in counted.iter().enumerate() {
        let within = counted[index..].iter().take_while(|other| **other < *at + SECOND).count();
        assert!(within <= 30, "{within} within a second");
    }
}

#[test]
fn an_answer_that_is_told_late_counts_from_when_it_came() {
    let mut schedule = Schedule::new(Limits { overall_per_second: 2, ..LIMITS });
    let start = monotonic();
    for chat in 1..=3 {
        schedule.push(send(chat, 0));
    }
    for chat in 1..=2 {
        assert!(matches!(schedule.next(start), Next::Go(ticket) if ticket.chat == chat));
    }
    assert_eq!(schedule.next(start), Next::Idle, "both slots are in flight");
    let after = |millis| start + Duration::from_millis(millis);
    schedule.done(2, after(50));
    assert_eq!(schedule.next(after(60)), Next::At(after(1_050)));
    schedule.done(1, after(10));
    assert_eq!(schedule.next(after(60)), Next::At(after(1_010)));
    assert!(matches!(schedule.next(after(1_010)), Next::Go(_)));
}

#[test]
fn a_new_sender_waits_for_what_the_one_before_sent() {
    let mut schedule = Schedule::new(LIMITS);
    let start = monotonic();
    schedule.rest(start + SECOND);
    schedule.push(send(7, 0));
    assert_eq!(run(&mut schedule, start), [(SECOND, 7, 0)]);
}

#[test]
fn chats_are_forgotten_when_nothing_matters_any_more() {
    let mut schedule = Schedule::new(LIMITS);
    let start = monotonic();
    schedule.push(send(7, 0));
    assert!(matches!(schedule.next(start), Next::Go(_)));
    schedule.done(7, start);
    schedule.push(send(8, 0));
    assert!(matches!(schedule.next(start + SECOND), Next::Go(_)));
    schedule.done(8, start + SECOND);
    assert_eq!(schedule.chats.keys().collect::<Vec<_>>(), [&8]);
}
