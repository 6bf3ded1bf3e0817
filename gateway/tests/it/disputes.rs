//! Results, and saying that one is wrong.

use crate::{delivery, stage::Stage};
use proto::{
    Refusal, RoomId, Service,
    common::{Outcome, RefusalCode},
    notifier::{BetRefunded, BetResult, Notice, notice::Kind},
    room::{self, Bet, BetState, RoomState},
    settlement::{
        Dispute, DisputeState, Fate, GetSettlementResponse, OpenDispute, OpenDisputeDone, RefundedBet,
        RoomCorrected, RoomSettled, SettledBet, Verdict,
    },
    timestamp,
};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;

/// A settled room in which Anna lost half a SOL. Returns her account and the room.
async fn lost(extra: &[(&'static str, &str)], settled_ago: time::Duration) -> (Stage, Vec<u8>, RoomId) {
    let extra = extra.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let stage = Stage::set_with(extra).await;
    let id = RoomId::new(Uuid::now_v7());
    stage.services.open_room(id, 12);
    let account = stage.member(ANNA).await;
    let mut state = stage.services.state.lock().unwrap();
    let result = room::Result {
        price: "165.02".into(),
        settled_at: Some(timestamp(OffsetDateTime::now_utc() - settled_ago)),
        ..room::Result::default()
    };
    let room = &mut state.rooms[0];
    room.state = RoomState::Settled.into();
    room.result = Some(result);
    room.terms.as_mut().unwrap().dispute_seconds = 86_400;
    state.bets.push(Bet {
        bet_id: vec![3; 16],
        room_id: id.bytes(),
        account_id: account.clone(),
        outcome: 1,
        stake_lamports: 500_000_000,
        state: BetState::Lost.into(),
        ..Bet::default()
    });
    state.settlement = Some(GetSettlementResponse {
        verdict: Some(Verdict {
            price: "165.02".into(),
            series_first_second: 1_000,
            series_last_second: 1_004,
            ..Verdict::default()
        }),
        ..GetSettlementResponse::default()
    });
    state.venues = ["kraken", "binance"].map(str::to_owned).to_vec();
    drop(state);
    (stage, account, id)
}

fn lost_notice(stage: &Stage) -> Notice {
    let terms = stage.services.state.lock().unwrap().rooms[0].terms.clone();
    let bet =
        SettledBet { outcome: 1, stake_lamports: 500_000_000, fate: Fate::Lost.into(), ..Default::default() };
    let verdict = Some(Verdict { price: "165.02".into(), ..Verdict::default() });
    let room = RoomSettled { room_number: 12, terms, verdict, ..RoomSettled::default() };
    Notice { kind: Some(Kind::BetResult(BetResult { room: Some(room), bet: Some(bet) })) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lost_says_so_in_words_and_hears_what_came_of_it() {
    let (stage, account, room) = lost(&[], time::Duration::HOUR).await;
    delivery::deliver(&stage, ANNA, lost_notice(&stage)).await;
    let notice = stage.telegram.sees(ANNA, "You lost").await;
    stage.telegram.press(ANNA, "Something is wrong").await;
    stage.telegram.sees(ANNA, "in your own words").await;
    stage.telegram.say(ANNA, &"x".repeat(501));
    stage.telegram.sees(ANNA, "at most 500 characters").await;
    stage.telegram.say(ANNA, "  It never was at <165> ");
    let review = stage.telegram.sees(ANNA, "It never was at &lt;165&gt;").await;
    assert!(stage.take::<OpenDispute>(Duration::from_millis(300)).await.is_none(), "asked first");
    stage.telegram.press(ANNA, "Hand it in").await;
    let got = stage.next::<OpenDispute>().await;
    let wanted = OpenDispute {
        room_id: room.bytes(),
        account_id: account.clone(),
        text: "It never was at <165>".into(),
    };
    assert_eq!(got.command, wanted);
    let dispute = |state: DisputeState, version, reason: &str| Dispute {
        dispute_id: got.id.as_bytes().to_vec(),
        room_id: room.bytes(),
        account_id: account.clone(),
        text: wanted.text.clone(),
        state: state.into(),
        version,
        reason: reason.into(),
        ..Dispute::default()
    };
    let done = OpenDisputeDone { dispute: Some(dispute(DisputeState::Open, 1, "")) };
    stage.tell(Service::Settlement, Outcome::done(got.id.as_bytes(), &done)).await;
    let opened = stage.telegram.sees(ANNA, "Your dispute is handed in").await;
    assert_eq!(opened.id, review.id);
    // What is typed next belongs to nothing.
    stage.telegram.say(ANNA, "and another thing");
    stage.telegram.sees(ANNA, "did not catch that").await;

    let say =
        |state, version, reason: &str| Notice { kind: Some(Kind::Dispute(dispute(state, version, reason))) };
    delivery::deliver(&stage, ANNA, say(DisputeState::AwaitingFunds, 2, "a venue lied")).await;
    let judged = stage.telegram.sees(ANNA, "comes by itself").await;
    assert!(judged.text.contains("The operators say: a venue lied"), "{}", judged.text);
    assert!(judged.id != opened.id && judged.id != notice.id, "a new message rings");
    delivery::deliver(&stage, ANNA, say(DisputeState::Refunded, 3, "a venue lied")).await;
    let repaid = stage.telegram.sees(ANNA, "of the room are repaid").await;
    assert_eq!(repaid.id, judged.id, "and then it changes");

    let terms = stage.services.state.lock().unwrap().rooms[0].terms.clone();
    let room = RoomCorrected { room_number: 12, terms, reason: "a venue lied".into(), ..Default::default() };
    let bet = RefundedBet { lamports: 500_000_000, ..Default::default() };
    let refund = BetRefunded { room: Some(room), bet: Some(bet) };
    delivery::deliver(&stage, ANNA, Notice { kind: Some(Kind::BetRefunded(refund)) }).await;
    stage.telegram.sees(ANNA, "<b>Stake repaid</b> · 0.5 SOL · room #12").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispute_comes_too_late_or_twice_and_says_so() {
    let (stage, ..) = lost(&[], time::Duration::hours(25)).await;
    delivery::deliver(&stage, ANNA, lost_notice(&stage)).await;
    stage.telegram.press(ANNA, "Something is wrong").await;
    stage.telegram.sees(ANNA, "can be disputed for a while only").await;

    let (stage, ..) = lost(&[], time::Duration::HOUR).await;
    delivery::deliver(&stage, ANNA, lost_notice(&stage)).await;
    stage.telegram.press(ANNA, "Something is wrong").await;
    stage.telegram.sees(ANNA, "in your own words").await;
    stage.telegram.say(ANNA, "wrong");
    stage.telegram.press(ANNA, "Hand it in").await;
    let got = stage.next::<OpenDispute>().await;
    let twice = Refusal::new(RefusalCode::DisputeTwice);
    stage.tell(Service::Settlement, Outcome::refused(got.id.as_bytes(), &twice)).await;
    stage.telegram.sees(ANNA, "You have disputed this result before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settlement_card_shows_venues_own_stake_and_evidence() {
    let evidence = [("EVIDENCE_URL", "https://rooms.example.org/evidence/")];
    let (stage, _, room) = lost(&evidence, time::Duration::HOUR).await;
    // Over, it is in no list of live rooms.
    stage.telegram.say(ANNA, "/start room_12");
    stage.telegram.press(ANNA, "Check the result").await;
    let card = stage.telegram.sees(ANNA, "Decided by the prices of Binance, Kraken").await;
    for part in ["Result <b>YES</b>", "Stake 0.5 SOL on NO", "Lost 0.5 SOL", "roomsctl evidence verify"] {
        assert!(card.text.contains(part), "no {part:?} in {}", card.text);
    }
    let link = format!("https://rooms.example.org/evidence/{}", room.uuid());
    assert!(card.keyboard.to_string().contains(&link), "{}", card.keyboard);
    assert!(card.button("Something is wrong").is_some());
    // Nobody outside its chat gets a private room's evidence.
    stage.services.state.lock().unwrap().rooms[0].terms.as_mut().unwrap().scope_chat_id = -100;
    stage.telegram.forget_messages(ANNA);
    stage.telegram.say(ANNA, "/start room_12");
    stage.telegram.press(ANNA, "Check the result").await;
    let card = stage.telegram.sees(ANNA, "Decided by").await;
    assert!(!card.keyboard.to_string().contains("evidence"), "{}", card.keyboard);
}
