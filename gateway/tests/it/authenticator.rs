//! Codes of an authenticator, as they are typed and what is asked for with them.

use crate::{stage::Stage, telegram::Fault};
use proto::{
    Refusal, Service,
    common::{Outcome, RefusalCode},
    timestamp,
    wallet::{GetTotpResponse, RemoveTotp, RemoveTotpDone, RequestWithdrawal},
};
use time::OffsetDateTime;

const ANNA: i64 = 5_000_000_001;

fn confirmed() -> GetTotpResponse {
    let yesterday = OffsetDateTime::now_utc() - time::Duration::DAY;
    GetTotpResponse { confirmed: true, counts_from: Some(timestamp(yesterday)) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_with_a_code_whose_message_is_deleted() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    stage.services.state.lock().unwrap().totp = confirmed();
    stage.telegram.say(ANNA, "/settings");
    stage.telegram.sees(ANNA, "Authenticator: on").await;
    stage.telegram.press(ANNA, "Remove the authenticator").await;
    stage.telegram.sees(ANNA, "Send me the six digits").await;
    stage.telegram.say(ANNA, "12345");
    stage.telegram.sees(ANNA, "That is not a code").await;
    assert!(stage.telegram.calls("DeleteMessage").is_empty());
    for tried in 1..=2 {
        stage.telegram.say(ANNA, "123 456");
        stage.telegram.press(ANNA, "Yes, use the code").await;
        crate::eventually("the code is deleted", || async {
            stage.telegram.calls("DeleteMessage").len() == tried
        })
        .await;
        let request = stage.next::<RemoveTotp>().await;
        assert_eq!(
            (request.command.account_id.clone(), request.command.code.as_str()),
            (account.clone(), "123456")
        );
        let id = request.id.as_bytes();
        if tried == 1 {
            // Whoever presses as soon as they see it is ahead of the answer to the edit.
            for _ in 0..2 {
                stage
                    .telegram
                    .inject("EditMessageText", Fault::AnswersLate(std::time::Duration::from_millis(400)));
            }
            let wrong = Refusal::new(RefusalCode::TotpWrong).with("left", 4);
            stage.tell(Service::Wallet, Outcome::refused(id, &wrong)).await;
            stage.telegram.sees(ANNA, "4 tries are left").await;
            stage.telegram.press(ANNA, "Settings").await;
            stage.telegram.sees(ANNA, "Authenticator: on").await;
            stage.telegram.press(ANNA, "Remove the authenticator").await;
            stage.telegram.sees(ANNA, "Send me the six digits").await;
        } else {
            stage.services.state.lock().unwrap().totp = GetTotpResponse::default();
            stage.tell(Service::Wallet, Outcome::done(id, &RemoveTotpDone {})).await;
            let settings = stage.telegram.sees(ANNA, "Your authenticator is removed").await;
            assert!(settings.text.contains("Authenticator: none"), "{}", settings.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_carries_the_code_that_was_typed_for_it() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    stage.services.state.lock().unwrap().totp = confirmed();
    stage.telegram.say(ANNA, "/withdraw");
    stage.telegram.sees(ANNA, "Send me the Solana address").await;
    stage.telegram.say(ANNA, "So11111111111111111111111111111111111111112");
    stage.telegram.sees(ANNA, "How much?").await;
    stage.telegram.press(ANNA, "100 %").await;
    stage.telegram.sees(ANNA, "Send me the six digits").await;
    stage.telegram.say(ANNA, "0.5");
    stage.telegram.sees(ANNA, "That is not a code").await;
    stage.telegram.say(ANNA, "654321");
    let preview = stage.telegram.sees(ANNA, "Check it once more").await;
    assert!(
        preview.text.contains("I have your code") && !preview.text.contains("654321"),
        "{}",
        preview.text
    );
    stage.telegram.press(ANNA, "Confirm 2 SOL").await;
    let request = stage.next::<RequestWithdrawal>().await;
    assert_eq!((request.command.lamports, request.command.totp_code.as_str()), (2_000_000_000, "654321"));
    assert_eq!(stage.telegram.calls("DeleteMessage").len(), 1);
}
