//! Money that waits for somebody: for its owner's second thought, for operators, for a pause to end.

use crate::{
    office::{DEFAULTS, Office, id_of, signed},
    world::{SOL, eventually},
};
use async_nats::jetstream::stream;
use chassis::topology;
use proto::{
    AccountId, Refusal, Service, WithdrawalId,
    common::RefusalCode,
    wallet::{
        ApproveWithdrawal, ApproveWithdrawalDone, ListPausesRequest, PauseWithdrawals, PauseWithdrawalsDone,
        PauseWithdrawalsRequest, ResumeWithdrawals, ResumeWithdrawalsDone, WithdrawalChanged,
        WithdrawalState,
    },
};
use serde_json::json;
use solana_client::rpc_request::RpcRequest;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use std::time::Duration;
use tonic::Code;
use uuid::Uuid;
use wallet_svc::{
    domain::{
        ledger::Account,
        withdrawal::{State, Step},
    },
    store,
};

const DAY: Duration = Duration::from_secs(86_400);
/// Nothing but operators is in the way of a large withdrawal.
const ANY_ADDRESS: (&str, &str) = ("WITHDRAW_NEW_ADDRESS_DAY_CAP", "50000000000");

fn stranger() -> Pubkey {
    Keypair::new().pubkey()
}

fn refused<T: std::fmt::Debug>(decided: Result<T, Refusal>) -> RefusalCode {
    decided.unwrap_err().code
}

fn params(refusal: &Refusal) -> Vec<(&str, i64)> {
    refusal.params.iter().map(|(name, value)| (name.as_str(), value.parse().unwrap())).collect()
}

#[tokio::test]
async fn each_rule_refuses_by_its_name_at_its_default() {
    let office = Office::open(&DEFAULTS).await;
    let world = &office.world;
    let account = world.rich_account(60 * SOL).await;
    let to = stranger();
    let ask = async |lamports| office.request(account, to, lamports).await;

    let fresh = ask(SOL).await.unwrap_err();
    assert_eq!(fresh.code, RefusalCode::WithdrawFreshDeposit);
    assert_eq!(params(&fresh), [("withdrawable", 0), ("amount", SOL)]);
    world.db.advance(Duration::from_secs(601)).await.unwrap();

    let (_, deposit) = world.account().await;
    assert_eq!(refused(office.request(account, deposit, SOL).await), RefusalCode::WithdrawAddressIsDeposit);
    assert_eq!(refused(office.request(account, "nowhere", SOL).await), RefusalCode::WithdrawAddressInvalid);
    assert_eq!(refused(ask(SOL / 100 - 1).await), RefusalCode::WithdrawTooSmall);
    assert_eq!(refused(ask(61 * SOL).await), RefusalCode::WithdrawNotEnough);
    let unknown = AccountId::new(Uuid::now_v7());
    assert_eq!(refused(office.request(unknown, to, SOL).await), RefusalCode::AccountUnknown);

    // A new address: little at once, and that after a day.
    let beyond = ask(SOL + 1).await.unwrap_err();
    assert_eq!(beyond.code, RefusalCode::WithdrawNeedsTotp);
    assert_eq!(params(&beyond), [("cap", SOL), ("used", 0)]);
    let first = ask(SOL).await.unwrap();
    assert_eq!(first.state(), WithdrawalState::Held);
    let beyond = ask(SOL / 2).await.unwrap_err();
    assert_eq!(
        (beyond.code, params(&beyond)),
        (RefusalCode::WithdrawNeedsTotp, vec![("cap", SOL), ("used", SOL)])
    );
    world.db.advance(DAY).await.unwrap();
    world.until_state(id_of(&first), State::Finalized).await;
    // Known, and still new for a week.
    assert_eq!(refused(ask(SOL).await), RefusalCode::WithdrawNeedsTotp);
    world.db.advance(7 * DAY + Duration::from_secs(60)).await.unwrap();

    // From here on the account's own cap counts.
    let second = ask(9 * SOL).await.unwrap();
    assert_eq!((second.approvals_needed, second.held_until), (0, None));
    world.until_state(id_of(&second), State::Finalized).await;
    let large = ask(11 * SOL).await.unwrap();
    assert_eq!((large.state(), large.approvals_needed), (WithdrawalState::Held, 2));
    let capped = ask(SOL / 100).await.unwrap_err();
    assert_eq!(capped.code, RefusalCode::WithdrawNeedsTotp);
    assert_eq!(params(&capped), [("cap", 20 * SOL), ("used", 20 * SOL)]);
    let capped = ask(31 * SOL).await.unwrap_err();
    assert_eq!(capped.code, RefusalCode::WithdrawCap);
    assert_eq!(params(&capped), [("cap", 50 * SOL), ("used", 20 * SOL)]);

    // What left rolls out of the window; what waits stays in it.
    world.db.advance(DAY + Duration::from_secs(60)).await.unwrap();
    assert_eq!(params(&ask(10 * SOL).await.unwrap_err()), [("cap", 20 * SOL), ("used", 11 * SOL)]);
    office.cancel(account, id_of(&large)).await.unwrap();
    assert_eq!(ask(9 * SOL).await.unwrap().approvals_needed, 0);
}

#[tokio::test]
async fn scenario_14_two_operators_approve_what_is_large() {
    let office = Office::open(&[ANY_ADDRESS]).await;
    let world = &office.world;
    let account = world.rich_account(12 * SOL).await;
    let to = stranger();
    let large = office.request(account, to, 10 * SOL).await.unwrap();
    let [first, second] = &office.operators;

    // What is not an operator's signature over exactly this.
    let genuine = office.approval(first, &large).await;
    let now = office.now().await;
    let other_amount =
        signed(first, now, |by| ApproveWithdrawal { lamports: SOL, by: Some(by), ..genuine.clone() });
    let changed = ApproveWithdrawal { lamports: SOL, ..genuine.clone() };
    let other_address = signed(first, now, |by| ApproveWithdrawal {
        address: stranger().to_string(),
        by: Some(by),
        ..genuine.clone()
    });
    let old = signed(first, now - Duration::from_secs(660), |by| ApproveWithdrawal {
        by: Some(by),
        ..genuine.clone()
    });
    let strangers = office.approval(&Keypair::new(), &large).await;
    let unsigned = ApproveWithdrawal { by: None, ..genuine.clone() };
    for forged in [other_amount, changed, other_address, old, strangers, unsigned] {
        let decided = office.obeyed::<ApproveWithdrawalDone>(&forged).await;
        assert_eq!(refused(decided), RefusalCode::OperatorSignature, "{forged:?}");
    }
    let nothing = signed(first, now, |by| ApproveWithdrawal {
        withdrawal_id: vec![9; 16],
        by: Some(by),
        ..genuine.clone()
    });
    assert_eq!(refused(office.obeyed::<ApproveWithdrawalDone>(&nothing).await), RefusalCode::NotFound);

    let done: ApproveWithdrawalDone = office.obeyed(&genuine).await.unwrap();
    assert_eq!((done.approvals, done.needed), (1, 2));
    // The same operator again, with the same signature or another.
    assert_eq!(refused(office.obeyed::<ApproveWithdrawalDone>(&genuine).await), RefusalCode::OperatorTwice);
    assert_eq!(refused(office.approve(first, &large).await), RefusalCode::OperatorTwice);
    assert_eq!(world.withdrawal(id_of(&large)).await.state, State::Held);
    assert_eq!(world.outside.lamports(&to).await, 0);

    assert_eq!(office.approve(second, &large).await.unwrap().approvals, 2);
    world.until_state(id_of(&large), State::Finalized).await;
    assert_eq!(world.outside.lamports(&to).await, 10 * SOL - 10_000);
    assert_eq!(refused(office.approve(second, &large).await), RefusalCode::WithdrawState);
    let told: Vec<WithdrawalChanged> = world.told().await;
    let approvals: Vec<(WithdrawalState, u32)> = told
        .iter()
        .filter_map(|told| told.withdrawal.as_ref())
        .map(|one| (one.state(), one.approvals))
        .collect();
    assert_eq!(
        approvals[..4],
        [
            (WithdrawalState::Held, 0),
            (WithdrawalState::Held, 1),
            (WithdrawalState::Held, 2),
            (WithdrawalState::Approved, 2),
        ]
    );
    world.check_books().await;
}

#[tokio::test]
async fn a_large_withdrawal_to_a_new_address_waits_for_both() {
    let office = Office::open(&[ANY_ADDRESS, ("WITHDRAW_NEW_ADDRESS_HOLD", "24h")]).await;
    let world = &office.world;
    let account = world.rich_account(12 * SOL).await;
    let large = office.request(account, stranger(), 10 * SOL).await.unwrap();
    for operator in &office.operators {
        office.approve(operator, &large).await.unwrap();
    }
    // The rounds go on meanwhile.
    let other = office.request(account, stranger(), SOL).await.unwrap();
    assert_eq!(world.withdrawal(id_of(&large)).await.state, State::Held);
    world.db.advance(DAY + Duration::from_secs(1)).await.unwrap();
    world.until_state(id_of(&large), State::Finalized).await;
    // With the large one it reached the threshold too, and nobody approved it.
    assert_eq!(world.withdrawal(id_of(&other)).await.state, State::Held);
}

#[tokio::test]
async fn its_owner_takes_a_withdrawal_back_until_it_is_approved() {
    let office = Office::open(&[("WITHDRAW_NEW_ADDRESS_HOLD", "24h")]).await;
    let world = &office.world;
    let account = world.rich_account(3 * SOL).await;
    let held = office.request(account, stranger(), SOL).await.unwrap();
    let id = id_of(&held);
    let thief = AccountId::new(Uuid::now_v7());
    assert_eq!(refused(office.cancel(thief, id).await), RefusalCode::NotFound);
    assert_eq!(
        refused(office.cancel(account, WithdrawalId::new(Uuid::now_v7())).await),
        RefusalCode::NotFound
    );
    let cancelled = office.cancel(account, id).await.unwrap();
    assert_eq!(cancelled.state(), WithdrawalState::Cancelled);
    assert_eq!(world.available(account).await, 3 * SOL);
    let again = office.cancel(account, id).await.unwrap_err();
    assert_eq!(again.code, RefusalCode::WithdrawState);
    assert_eq!(again.params, [("state".to_owned(), "CANCELLED".to_owned())]);

    let sent = office.request(account, stranger(), SOL).await.unwrap();
    world.db.advance(DAY + Duration::from_secs(1)).await.unwrap();
    world.until_state(id_of(&sent), State::Finalized).await;
    assert_eq!(refused(office.cancel(account, id_of(&sent)).await), RefusalCode::WithdrawState);
    world.check_books().await;
}

/// Taken back and sent at the same moment: it happens, or its money is back; never both, never neither.
#[tokio::test]
async fn a_cancel_against_a_signature_has_one_winner() {
    let office = Office::open(&[]).await;
    let world = &office.world;
    let account = world.rich_account(4 * SOL).await;
    let addresses: Vec<Pubkey> = (0..12).map(|_| stranger()).collect();
    let races = addresses.iter().enumerate().map(async |(at, to)| {
        let held = office.request(account, to, SOL / 4).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20 * at as u64)).await;
        (id_of(&held), office.cancel(account, id_of(&held)).await)
    });
    let mut cancelled = 0;
    for ((id, decided), to) in futures::future::join_all(races).await.into_iter().zip(&addresses) {
        match decided {
            Ok(withdrawal) => {
                assert_eq!(withdrawal.state(), WithdrawalState::Cancelled);
                assert_eq!(world.outside.lamports(to).await, 0);
                cancelled += 1;
            }
            Err(refusal) => {
                assert_eq!(refusal.code, RefusalCode::WithdrawState);
                world.until_state(id, State::Finalized).await;
                assert_eq!(world.outside.lamports(to).await, SOL / 4 - 10_000);
            }
        }
    }
    assert_eq!(world.available(account).await, SOL + cancelled * SOL / 4);
    assert_eq!(world.balance(Account::held(account)).await, 0);
    world.check_books().await;
}

#[tokio::test]
async fn an_operator_rejects_with_a_reason_also_what_is_approved() {
    let office = Office::open(&[("WITHDRAW_NEW_ADDRESS_HOLD", "24h")]).await;
    let world = &office.world;
    let account = world.rich_account(3 * SOL).await;
    let held = office.request(account, stranger(), SOL).await.unwrap();
    assert_eq!(refused(office.reject(id_of(&held), " ").await), RefusalCode::Malformed);
    let unknown = WithdrawalId::new(Uuid::now_v7());
    assert_eq!(refused(office.reject(unknown, "no").await), RefusalCode::NotFound);
    let rejected = office.reject(id_of(&held), "looks stolen").await.unwrap();
    assert_eq!((rejected.state(), rejected.reason.as_str()), (WithdrawalState::Rejected, "looks stolen"));
    assert_eq!(world.available(account).await, 3 * SOL);
    let late = office.reject(id_of(&held), "once more").await.unwrap_err();
    assert_eq!(late.params, [("state".to_owned(), "REJECTED".to_owned())]);

    // Approved, and kept from leaving by a pause.
    let approved = office.request(account, stranger(), SOL).await.unwrap();
    office.pause("somebody called").await.unwrap();
    let mut unit = world.unit().await;
    let mut row = store::withdrawal::lock(unit.conn(), &[id_of(&approved)]).await.unwrap().remove(0);
    store::withdrawal::step(unit.conn(), &mut row, Step::Approve).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(refused(office.cancel(account, id_of(&approved)).await), RefusalCode::WithdrawState);
    assert_eq!(
        office.reject(id_of(&approved), "it was him").await.unwrap().state(),
        WithdrawalState::Rejected
    );
    assert_eq!(world.available(account).await, 3 * SOL);
    let told: Vec<WithdrawalChanged> = world.told().await;
    let reasons: Vec<String> = told.into_iter().filter_map(|told| Some(told.withdrawal?.reason)).collect();
    assert_eq!(reasons.iter().filter(|reason| !reason.is_empty()).count(), 2, "{reasons:?}");
    world.check_books().await;
}

/// An expired withdrawal whose next message is committed is on its way again: the message waits for its signature, here
/// because of a pause, and whoever shares it would wait for ever.
#[tokio::test]
async fn an_expired_withdrawal_is_not_rejected_once_its_next_message_is_committed() {
    let office = Office::open(&[("WITHDRAW_NEW_ADDRESS_HOLD", "24h")]).await;
    let world = &office.world;
    let account = world.rich_account(3 * SOL).await;
    let held = office.request(account, stranger(), SOL).await.unwrap();
    office.pause("somebody called").await.unwrap();
    // As after an attempt that has died, with the money on its way.
    let tx = Uuid::now_v7();
    for sql in [
        "INSERT INTO wallet.chain_tx (id, attempt, purpose, message, last_valid_height, max_fee, state)
         VALUES ($1, 1, 'WITHDRAWAL', 'm', 1, 5000, 'BUILT')",
        "UPDATE wallet.chain_tx SET state = 'SIGNED', signatures = ARRAY[decode(repeat('07', 64), 'hex')] WHERE id = $1",
        "UPDATE wallet.chain_tx SET state = 'DEAD', ended_at = now() WHERE id = $1",
        "UPDATE wallet.withdrawal SET state = 'EXPIRED', chain_tx_id = $1",
        "INSERT INTO wallet.chain_tx (id, attempt, purpose, message, last_valid_height, max_fee, state)
         VALUES ($1, 2, 'WITHDRAWAL', 'n', 1, 5000, 'BUILT')",
    ] {
        sqlx::query(sql).bind(tx).execute(world.db.pool()).await.unwrap();
    }
    let late = office.reject(id_of(&held), "it was him").await.unwrap_err();
    assert_eq!(
        (late.code, late.params),
        (RefusalCode::WithdrawState, vec![("state".to_owned(), "EXPIRED".to_owned())])
    );
    assert_eq!(world.available(account).await, 2 * SOL);
}

#[tokio::test]
async fn a_pause_stops_signatures_and_not_what_is_submitted() {
    let office = Office::open(&[ANY_ADDRESS]).await;
    let world = &office.world;
    let account = world.rich_account(12 * SOL).await;
    let clock = async |method| {
        let request = RpcRequest::Custom { method };
        world.outside.rpc.send::<serde_json::Value>(request, json!([])).await.unwrap();
    };
    // No block is made: what is submitted does not land yet.
    clock("surfnet_pauseClock").await;
    let submitted = office.request(account, stranger(), SOL).await.unwrap();
    world.until_state(id_of(&submitted), State::Submitted).await;
    let waiting = office.request(account, stranger(), 10 * SOL).await.unwrap();
    let paused = office.pause("a drill").await.unwrap().pause.unwrap();
    assert_eq!((paused.cause.as_str(), paused.reason.as_str()), ("operator", "a drill"));
    assert_eq!(refused(office.request(account, stranger(), SOL).await), RefusalCode::WithdrawPaused);
    for operator in &office.operators {
        office.approve(operator, &waiting).await.unwrap();
    }
    clock("surfnet_resumeClock").await;
    world.until_state(id_of(&submitted), State::Finalized).await;
    assert_eq!(world.withdrawal(id_of(&waiting)).await.state, State::Held);
    assert_eq!(office.resume("operator").await.unwrap().left, []);
    world.until_state(id_of(&waiting), State::Finalized).await;
    world.check_books().await;
}

#[tokio::test]
async fn a_pause_is_ended_by_its_cause() {
    let office = Office::open(&[("WITHDRAW_TOTAL_DAY_CAP", "2000000000")]).await;
    let world = &office.world;
    let account = world.rich_account(5 * SOL).await;
    let cause = async || {
        let answer = office.client().await.list_pauses(ListPausesRequest {}).await.unwrap().into_inner();
        answer.pauses.into_iter().map(|pause| pause.cause).collect::<Vec<_>>()
    };
    let first = office.request(account, stranger(), SOL).await.unwrap();
    world.until_state(id_of(&first), State::Finalized).await;
    assert_eq!(cause().await, [] as [&str; 0]);
    // The cap of all is reached: this one is still taken, and everything waits.
    let second = office.request(account, stranger(), SOL).await.unwrap();
    assert_eq!(cause().await, ["daily_cap"]);
    assert_eq!(refused(office.request(account, stranger(), SOL).await), RefusalCode::WithdrawPaused);
    office.pause("looking at it").await.unwrap();
    assert_eq!(refused(office.resume("drift").await), RefusalCode::NotFound);
    assert_eq!(refused(office.resume("weather").await), RefusalCode::Malformed);
    let left = office.resume("daily_cap").await.unwrap().left;
    assert_eq!(left.iter().map(|pause| pause.cause.as_str()).collect::<Vec<_>>(), ["operator"]);
    office.resume("operator").await.unwrap();
    world.until_state(id_of(&second), State::Finalized).await;
    // Beyond it nothing is taken, and somebody has to look again.
    assert_eq!(refused(office.request(account, stranger(), SOL).await), RefusalCode::WithdrawCap);
    assert_eq!(cause().await, ["daily_cap"]);
    world.db.advance(DAY + Duration::from_secs(60)).await.unwrap();
    office.resume("daily_cap").await.unwrap();
    office.request(account, stranger(), SOL).await.unwrap();
}

#[tokio::test]
async fn the_same_request_through_both_doors_has_one_effect() {
    let office = Office::open(&[]).await;
    let world = &office.world;
    let mut door = office.client().await;
    let mut ask = async |id: Uuid, command: &PauseWithdrawals| {
        let request_id = id.as_bytes().to_vec();
        let request = PauseWithdrawalsRequest { request_id, command: Some(command.clone()) };
        door.pause_withdrawals(request).await.map(|answer| answer.into_inner().outcome.unwrap())
    };
    let statements = async || {
        let count = "SELECT count(*) FROM wallet.statement";
        sqlx::query_scalar::<_, i64>(count).fetch_one(world.db.pool()).await.unwrap()
    };
    // By the broker, then by a call; then the other way round.
    let (id, command) = (Uuid::now_v7(), office.pausing("a drill").await);
    office.publish(id, &command).await;
    let stored = office.outcome(id).await;
    assert_eq!(ask(id, &command).await.unwrap(), stored);
    let done: PauseWithdrawalsDone = stored.decided().unwrap().unwrap();
    assert_eq!(done.pause.unwrap().reason, "a drill");
    assert_eq!(statements().await, 1);
    office.resume("operator").await.unwrap();

    let (id, command) = (Uuid::now_v7(), office.pausing("another drill").await);
    let answered = ask(id, &command).await.unwrap();
    office.publish(id, &command).await;
    assert_eq!(office.outcome(id).await, answered);
    assert_eq!(ask(id, &command).await.unwrap(), answered);
    assert_eq!(statements().await, 3);

    // The same id with another body is nobody's.
    let other = office.pausing("something else").await;
    assert_eq!(ask(id, &other).await.unwrap_err().code(), Code::AlreadyExists);
    assert_eq!(ask(Uuid::nil(), &other).await.unwrap_err().code(), Code::InvalidArgument);
    let unsigned = PauseWithdrawals { by: None, ..other };
    assert_eq!(ask(Uuid::now_v7(), &unsigned).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(statements().await, 3);
}

/// A call does not wait for ever, and what it asked for is done all the same.
#[tokio::test]
async fn an_outcome_that_is_not_there_in_time_is_found_by_the_next_call() {
    let office = Office::open(&[]).await;
    let request = PauseWithdrawalsRequest {
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        command: Some(office.pausing("a drill").await),
    };
    let mut door = office.client().await;
    let mut blocked = office.world.db.superuser().begin().await.unwrap();
    sqlx::query("LOCK TABLE wallet.pause IN ACCESS EXCLUSIVE MODE").execute(&mut *blocked).await.unwrap();
    let late = door.pause_withdrawals(request.clone()).await.unwrap_err();
    assert_eq!(
        (late.code(), late.message()),
        (Code::Unavailable, "still working, ask again with the same id")
    );
    blocked.rollback().await.unwrap();
    let answer = door.pause_withdrawals(request).await.unwrap().into_inner();
    let done: PauseWithdrawalsDone = answer.outcome.unwrap().decided().unwrap().unwrap();
    assert_eq!(done.pause.unwrap().reason, "a drill");
}

/// Right after a start, or when the broker lost its streams, a call waits for them instead of failing.
#[tokio::test]
async fn a_call_outlasts_a_broker_without_streams() {
    let office = Office::open(&[]).await;
    let request = PauseWithdrawalsRequest {
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        command: Some(office.pausing("a drill").await),
    };
    let mut door = office.client().await;
    let broker = office.world.bus().await;
    let broker = broker.context();
    // A stream that owns one of the subjects keeps theirs from coming back.
    let squatter = || stream::Config {
        name: "SQUATTER".to_owned(),
        subjects: vec!["rooms.cmd.wallet.64.none".to_owned()],
        ..Default::default()
    };
    eventually("the stream is gone", || async {
        let _ = broker.delete_stream(topology::command_stream(Service::Wallet)).await;
        broker.create_stream(squatter()).await.is_ok()
    })
    .await;
    let gives_way = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        broker.delete_stream("SQUATTER").await.unwrap();
    };
    let (answer, ()) = tokio::join!(door.pause_withdrawals(request), gives_way);
    let answer = answer.unwrap().into_inner();
    let done: PauseWithdrawalsDone = answer.outcome.unwrap().decided().unwrap().unwrap();
    assert_eq!(done.pause.unwrap().reason, "a drill");
}

/// Who has seen an operator resume cannot do it again.
#[tokio::test]
async fn a_signature_is_worth_one_action() {
    let office = Office::open(&[]).await;
    office.pause("first").await.unwrap();
    let resume = signed(&office.operators[1], office.now().await, |by| ResumeWithdrawals {
        cause: "operator".to_owned(),
        by: Some(by),
    });
    office.obeyed::<ResumeWithdrawalsDone>(&resume).await.unwrap();
    office.pause("second").await.unwrap();
    let again = office.obeyed::<ResumeWithdrawalsDone>(&resume).await;
    assert_eq!(refused(again), RefusalCode::OperatorSignature);
    assert!(office.world.paused().await);
}

#[tokio::test]
async fn a_treasury_that_runs_low_calls_for_money() {
    let office = Office::open(&[("TREASURY_LOW", "3000000000")]).await;
    let low = async |wanted: &str| {
        let page = reqwest::get(format!("http://{}/metrics", office.world.http())).await.unwrap();
        page.text().await.unwrap().lines().any(|line| line == format!("wallet_treasury_low {wanted}"))
    };
    eventually("the treasury is low", || low("1")).await;
    assert!(office.world.said().contains("send SOL to it"), "the log says what to do");
    office.world.fund_capital(3 * SOL).await;
    eventually("the treasury has enough", || low("0")).await;
    office.pause("a drill").await.unwrap();
    eventually("the pause is on the gauge", || async {
        let page = reqwest::get(format!("http://{}/metrics", office.world.http())).await.unwrap();
        page.text().await.unwrap().contains("wallet_paused{cause=\"operator\"} 1")
    })
    .await;
}
