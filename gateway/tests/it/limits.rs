//! Limits that people set for themselves, through the chat.

use crate::stage::Stage;
use proto::{
    Refusal, RoomId, Service,
    common::{Outcome, RefusalCode},
    room::PlaceBet,
    timestamp,
    wallet::{
        CoolOff, CoolOffDone, ExcludeSelf, ExcludeSelfDone, GetLimitsResponse, Limit, LimitKind, SetLimit,
        SetLimitDone,
    },
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const SOL: i64 = proto::LAMPORTS_PER_SOL;

fn limit(lamports: Option<i64>, used_lamports: i64) -> Limit {
    Limit { kind: LimitKind::StakeDay.into(), lamports, used_lamports, ..Limit::default() }
}

fn keeps(stage: &Stage, limits: GetLimitsResponse) {
    stage.services.state.lock().unwrap().limits = limits;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_chosen_or_typed_reviewed_and_told() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    // From the desk, and by a preset.
    stage.telegram.say(ANNA, "/start");
    crate::eventually("the desk", || async { stage.telegram.messages(ANNA).len() == 2 }).await;
    stage.telegram.press(ANNA, "Limits").await;
    stage.telegram.sees(ANNA, "Stakes in 24 hours: no limit").await;
    stage.telegram.press(ANNA, "Stakes").await;
    stage.telegram.press(ANNA, "5 SOL").await;
    let review = stage.telegram.sees(ANNA, "It holds at once").await;
    stage.telegram.press(ANNA, "Confirm this limit").await;
    let set = stage.next::<SetLimit>().await;
    let wanted =
        |lamports| SetLimit { account_id: account.clone(), kind: LimitKind::StakeDay.into(), lamports };
    assert_eq!((&set.command, set.reply_to.as_str()), (&wanted(Some(5 * SOL)), "gateway"));
    keeps(&stage, GetLimitsResponse { limits: vec![limit(Some(5 * SOL), SOL)], ..Default::default() });
    let done = SetLimitDone { limit: Some(limit(Some(5 * SOL), SOL)) };
    stage.tell(Service::Wallet, Outcome::done(set.id.as_bytes(), &done)).await;
    let told = stage.telegram.sees(ANNA, "Your limit is set").await;
    assert_eq!(told.id, review.id, "told in the same message");
    assert!(told.text.contains("<b>1</b> of <b>5 SOL</b>"), "{}", told.text);

    // By the command, and typed; a looser one says that it waits.
    stage.telegram.say(ANNA, "/limits");
    stage.telegram.press(ANNA, "Stakes").await;
    stage.telegram.sees(ANNA, "Choose an amount or type one").await;
    stage.telegram.say(ANNA, "a lot");
    stage.telegram.sees(ANNA, "not an amount in SOL").await;
    stage.telegram.say(ANNA, "7,5");
    stage.telegram.sees(ANNA, "begins in a day").await;
    stage.telegram.press(ANNA, "Confirm this limit").await;
    let set = stage.next::<SetLimit>().await;
    assert_eq!(set.command, wanted(Some(7_500_000_000)));
    let next_at = Some(timestamp(OffsetDateTime::now_utc() + Duration::DAY));
    let waits = Limit { next_at, next_lamports: Some(7_500_000_000), ..limit(Some(5 * SOL), SOL) };
    keeps(&stage, GetLimitsResponse { limits: vec![waits], ..Default::default() });
    stage.tell(Service::Wallet, Outcome::done(set.id.as_bytes(), &SetLimitDone { limit: Some(waits) })).await;
    let told = stage.telegram.sees(ANNA, "The looser limit begins in a day").await;
    assert!(told.text.contains("⏳ 7.5 SOL from"), "{}", told.text);
    // What is typed next is no amount any more.
    stage.telegram.say(ANNA, "9");
    stage.telegram.sees(ANNA, "did not catch that").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exclusion_takes_two_questions_and_a_break_one() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    let until = Some(timestamp(OffsetDateTime::now_utc() + Duration::days(200)));
    stage.telegram.say(ANNA, "/limits");
    stage.telegram.press(ANNA, "Take a break").await;
    stage.telegram.press(ANNA, "7 days").await;
    stage.telegram.sees(ANNA, "cannot be shortened").await;
    stage.telegram.press(ANNA, "Begin the break").await;
    let rest = stage.next::<CoolOff>().await;
    assert_eq!(rest.command, CoolOff { account_id: account.clone(), days: 7 });
    keeps(&stage, GetLimitsResponse { cool_off_until: until, ..Default::default() });
    stage.tell(Service::Wallet, Outcome::done(rest.id.as_bytes(), &CoolOffDone { until })).await;
    stage.telegram.sees(ANNA, "You are taking a break until").await;
    stage.told().await;

    stage.telegram.press(ANNA, "Exclude myself").await;
    stage.telegram.press(ANNA, "6 months").await;
    stage.telegram.sees(ANNA, "Nobody can shorten it").await;
    assert!(stage.take::<ExcludeSelf>(std::time::Duration::from_millis(300)).await.is_none(), "asked first");
    stage.telegram.press(ANNA, "I understand").await;
    stage.telegram.sees(ANNA, "cannot be undone").await;
    stage.telegram.press(ANNA, "Exclude me for 6 months").await;
    let rest = stage.next::<ExcludeSelf>().await;
    assert_eq!(rest.command, ExcludeSelf { account_id: account, months: 6 });
    keeps(&stage, GetLimitsResponse { excluded_until: until, ..Default::default() });
    stage.tell(Service::Wallet, Outcome::done(rest.id.as_bytes(), &ExcludeSelfDone { until })).await;
    stage.telegram.sees(ANNA, "You have excluded yourself until").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bet_over_a_limit_says_so_and_leads_to_the_limits() {
    let stage = Stage::set().await;
    let room = RoomId::new(Uuid::now_v7());
    stage.services.open_room(room, 3);
    stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/rooms");
    stage.telegram.press(ANNA, "#3").await;
    stage.telegram.press(ANNA, "NO").await;
    stage.telegram.press(ANNA, "0.5 SOL").await;
    stage.telegram.press(ANNA, "Confirm").await;
    let bet = stage.next::<PlaceBet>().await;
    let over = Refusal::new(RefusalCode::LimitLossWeek)
        .with("limit", 2 * SOL)
        .with("used", SOL + SOL / 2 + 1)
        .with("stake", SOL / 2);
    stage.tell(Service::Room, Outcome::refused(bet.id.as_bytes(), &over)).await;
    let told = stage.telegram.sees(ANNA, "Not placed").await;
    stage.told().await;
    for number in ["2 SOL of losses", "1.500000001 SOL of it", "0.5 SOL do not fit"] {
        assert!(told.text.contains(number), "{}", told.text);
    }
    stage.telegram.press(ANNA, "Limits").await;
    stage.telegram.sees(ANNA, "Your limits").await;
}
