//! Who brought whom.

use crate::stage::{Stage, wallet_account};
use proto::{
    Refusal, RoomId, Service,
    common::{Outcome, RefusalCode},
    settlement::{GetReferralsResponse, ReferralLevel, SetReferrer, SetReferrerDone},
    wallet::{OpenAccount, OpenAccountDone},
};
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const BEN: i64 = 5_000_000_002;

/// A newcomer starts by a link and agrees; what settlement-svc hears of it.
async fn newcomer(stage: &Stage, user: i64, start: &str) -> (SetReferrer, Uuid) {
    stage.telegram.say(user, start);
    stage.telegram.press(user, "I accept").await;
    let open = stage.next::<OpenAccount>().await;
    let account = wallet_account(&open.command.account_id);
    let done = OpenAccountDone { account: Some(account) };
    stage.tell(Service::Wallet, Outcome::done(open.id.as_bytes(), &done)).await;
    stage.telegram.sees(user, "Your wallet is ready").await;
    let got = stage.next::<SetReferrer>().await;
    assert_eq!((got.reply_to.as_str(), got.expires), ("gateway", false));
    assert_eq!(got.command.account_id, open.command.account_id);
    (got.command, got.id)
}

async fn nothing_is_repeated(stage: &Stage) {
    crate::eventually("the saga is settled", || async {
        let issued: i64 = sqlx::query_scalar("SELECT count(*) FROM gateway.issued WHERE saga = 'referrer'")
            .fetch_one(stage.db.pool())
            .await
            .unwrap();
        issued == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_handed_on_and_never_keeps_anybody_from_starting() {
    let stage = Stage::set().await;
    let room = RoomId::new(Uuid::now_v7());
    stage.services.open_room(room, 12);
    let by_id = format!("/start {}_k7Qx2m", gateway::callbacks::deep_link_of(room));
    let starts = [
        ("/start", "", false),
        ("/start ref_k7Qx2m", "k7Qx2m", false),
        ("/start ref_<script>", "", false),
        (&by_id, "k7Qx2m", true),
        ("/start room_12_k7Qx2m", "k7Qx2m", true),
        ("/start room_99_k7Qx2m", "k7Qx2m", false),
    ];
    for (user, (start, code, shows_room)) in (ANNA..).zip(starts) {
        let (command, id) = newcomer(&stage, user, start).await;
        assert_eq!(command.code, code, "{start}");
        if shows_room {
            stage.telegram.sees(user, "Room #12").await;
        }
        // Whatever it says, nobody is bothered with it.
        let outcome = if code.is_empty() {
            Outcome::done(id.as_bytes(), &SetReferrerDone { own_code: "mine".into(), referred: false })
        } else {
            Outcome::refused(id.as_bytes(), &Refusal::new(RefusalCode::ReferralUnknown))
        };
        stage.tell(Service::Settlement, outcome).await;
        nothing_is_repeated(&stage).await;
        assert!(!stage.telegram.messages(user).iter().any(|message| message.text.contains("Nobody has")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_may_still_come_by_a_link() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    let first = stage.next::<SetReferrer>().await;
    stage.telegram.forget_messages(ANNA);
    stage.telegram.say(ANNA, "/start ref_k7Qx2m");
    stage.telegram.sees(ANNA, "Your desk").await;
    let got = loop {
        // The first one is repeated until it is answered.
        let got = stage.next::<SetReferrer>().await;
        if got.id != first.id {
            break got;
        }
    };
    assert_eq!(got.command, SetReferrer { account_id: account, code: "k7Qx2m".into() });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn referrals_show_the_link_and_what_came_of_it() {
    let stage = Stage::set().await;
    let account = stage.member(BEN).await;
    let first = stage.next::<SetReferrer>().await;
    let done = SetReferrerDone::default();
    stage.tell(Service::Settlement, Outcome::done(first.id.as_bytes(), &done)).await;
    nothing_is_repeated(&stage).await;
    // An account from before there were codes gets one when it looks.
    stage.telegram.say(BEN, "/referrals");
    stage.telegram.sees(BEN, "Your link is being made").await;
    let got = stage.next::<SetReferrer>().await;
    assert_eq!(got.command, SetReferrer { account_id: account, code: String::new() });
    let levels = vec![ReferralLevel { accounts: 3, earned_lamports: 45_000_000 }, ReferralLevel::default()];
    stage.services.state.lock().unwrap().referrals =
        GetReferralsResponse { code: "bEn5".into(), referred: false, levels };
    stage.telegram.press(BEN, "Refresh").await;
    let screen = stage.telegram.sees(BEN, "https://t.me/rooms_test_bot?start=ref_bEn5").await;
    assert!(screen.text.contains("Level 1: <b>3</b> players · 0.045 SOL"), "{}", screen.text);
    assert!(screen.keyboard.to_string().contains("t.me/share/url?url=https%3A%2F%2Ft.me%2Frooms_test_bot"));

    // A room's link carries it, too.
    let room = RoomId::new(Uuid::now_v7());
    stage.services.open_room(room, 12);
    stage.telegram.say(BEN, "/rooms");
    stage.telegram.press(BEN, "#12").await;
    stage.telegram.press(BEN, "Share").await;
    let link = format!("start={}_bEn5", gateway::callbacks::deep_link_of(room));
    stage.telegram.sees(BEN, &link).await;
}
