//! Snapshots of every screen, and what holds for all of them.

mod groups;
mod pictured;
mod play;
mod standings;
mod tongues;
mod tracker;

use super::*;
use crate::domain::{
    Asset, CancelRule, CodeFor, Comparator, CreateDraft, CreateStep, Kind, LimitKind, LimitView, LimitsView,
    Player, Reader, ReferralCode, RoomFilter, RoomView, Verdict, WithdrawDraft,
};
use chassis::settings::Network;
use expect_test::expect_file;
use proto::{
    CommandId, Lamports, Refusal, RoomId,
    common::RefusalCode,
    notifier::{BetRefunded, BetResult, Notice, notice::Kind as NoticeKind},
    room::{Bet, BetState, Kind as WireKind, Room, RoomState, Terms, VoidReason},
    settlement::{
        Dispute, DisputeState, Fate, GetReferralsResponse, GetSettlementResponse, ReferralLevel, RefundedBet,
        RoomCorrected, RoomSettled, SettledBet, SettlementState, Verdict as WireVerdict,
    },
    timestamp,
    wallet::{
        Account, DepositChanged, DepositState, GetLimitsResponse, GetTotpResponse, Limit,
        PreviewWithdrawalResponse, SecurityChange, SecurityChanged, Transfer, TransferKind, Withdrawal,
        WithdrawalState,
    },
};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

const EN: Language = Language::ENGLISH;
const NOW: OffsetDateTime = datetime!(2026-11-22 17:18 UTC);
const ADDRESS: &str = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";
const SIGNATURE: &str =
    "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW";

fn sol(text: &str) -> Lamports {
    Lamports::parse_sol(text).unwrap()
}

fn quote(price: &str) -> Option<Quote> {
    Some(Quote { price: price.parse().unwrap(), age: Duration::SECOND })
}

fn prices(price: &str) -> Prices {
    Prices { asset: quote(price), rival: quote("102310.5") }
}

fn terms(kind: WireKind) -> Terms {
    Terms {
        room_id: Uuid::from_u128(12).as_bytes().to_vec(),
        kind: kind.into(),
        asset: "SOL".into(),
        comparator: proto::room::Comparator::AtOrBelow.into(),
        target: "165".into(),
        open_price: "160.2".into(),
        open_at: Some(timestamp(NOW - Duration::minutes(18))),
        lock_at: Some(timestamp(datetime!(2026-11-22 17:30 UTC))),
        deadline: Some(timestamp(datetime!(2026-11-22 18:00 UTC))),
        outcomes: vec!["YES".into(), "NO".into()],
        min_stake_lamports: 50_000_000,
        max_stake_lamports: 5_000_000_000,
        max_players: 10,
        protocol_fee_bps: 200,
        host_fee_bps: 100,
        past_post_seconds: 10,
        mean_seconds: 60,
        quorum: 3,
        host_account_id: Uuid::from_u128(1).as_bytes().to_vec(),
        ..Terms::default()
    }
}

const CANCEL: CancelRule = CancelRule { within: Duration::seconds(5), before_lock: Duration::MINUTE };

/// A bet that the pools hold.
fn player(state: BetState) -> Player {
    let bet = Bet { accepted_at: Some(timestamp(NOW - Duration::MINUTE)), ..bet(state, 0) };
    Player::of(&touch(), &bet, CANCEL).unwrap()
}

fn nobody() -> Reader {
    Reader::default()
}

fn playing(player: Player) -> Reader {
    Reader { bet: Some(player), host: false }
}

fn wire_room(kind: WireKind, state: RoomState) -> Room {
    Room {
        room_id: Uuid::from_u128(12).as_bytes().to_vec(),
        number: 12,
        terms: Some(terms(kind)),
        terms_hash: (0..32).collect(),
        state: state.into(),
        players: 4,
        pools_lamports: vec![1_250_000_000, 750_000_000],
        version: 3,
        ..Room::default()
    }
}

fn own_proof(chain: &str) -> proto::proof::File {
    use proto::proof::{File, Header, Node, Owed, Sibling};
    let account = proto::AccountId::new(Uuid::from_u128(1));
    let owed = Owed { available: sol("1.25"), staked: sol("0.5"), ..Owed::default() };
    let leaf = Node::leaf(&[7; 32], account.uuid(), &owed).unwrap();
    let other = Node { hash: [8; 32], sum: 10_000_000_000 };
    let top = Node::above(&leaf, &other).unwrap();
    let header = Header {
        proof: Uuid::from_u128(9),
        taken_at: 1_795_305_600,
        leaves: 2,
        liabilities: top.sum,
        chain: sol(chain).get().unsigned_abs(),
        slot: 77,
        tree: top.hash,
    };
    let branch = vec![Sibling::Right(other)];
    File { header, signature: SIGNATURE.to_owned(), account, salt: [7; 32], owed, branch }
}

fn own_limits() -> LimitsView {
    let limit = |kind: LimitKind, lamports, used_lamports| Limit {
        kind: kind.wire().into(),
        lamports: Some(lamports),
        used_lamports,
        ..Limit::default()
    };
    let looser = Limit {
        next_at: Some(timestamp(NOW + Duration::hours(20))),
        ..limit(LimitKind::DepositDay, 10_000_000_000, 2_500_000_000)
    };
    LimitsView::from(&GetLimitsResponse {
        limits: vec![looser, limit(LimitKind::StakeDay, 5_000_000_000, 4_500_000_000)],
        cool_off_until: Some(timestamp(NOW + Duration::days(7))),
        ..GetLimitsResponse::default()
    })
}

fn room(kind: WireKind, state: RoomState) -> RoomView {
    RoomView::try_from(&wire_room(kind, state)).unwrap()
}

fn touch() -> RoomView {
    room(WireKind::Touch, RoomState::Open)
}

fn account() -> Account {
    Account {
        account_id: Uuid::from_u128(1).as_bytes().to_vec(),
        deposit_address: ADDRESS.into(),
        available_lamports: 1_250_000_000,
        held_lamports: 100_000_000,
        withdrawable_lamports: 750_000_000,
        ..Default::default()
    }
}

fn bet(state: BetState, payout: i64) -> Bet {
    Bet {
        bet_id: Uuid::from_u128(3).as_bytes().to_vec(),
        room_id: Uuid::from_u128(12).as_bytes().to_vec(),
        account_id: Uuid::from_u128(1).as_bytes().to_vec(),
        outcome: 0,
        stake_lamports: 500_000_000,
        state: state.into(),
        accepted_at: Some(timestamp(NOW)),
        payout_lamports: payout,
        ..Bet::default()
    }
}

fn wager(outcome: u32, payout: &str) -> Wager {
    Wager { outcome, stake: sol("0.5"), payout: sol(payout) }
}

fn slip() -> CommandId {
    CommandId::new(Uuid::from_u128(99))
}

fn settled(fate: Fate, payout: i64, void: VoidReason, price: &str) -> Notice {
    let verdict = WireVerdict {
        outcome: 0,
        void_reason: void.into(),
        price: price.into(),
        observed_at: (!price.is_empty()).then(|| timestamp(datetime!(2026-11-22 17:41:03 UTC))),
        ..WireVerdict::default()
    };
    let bet = SettledBet {
        outcome: if fate == Fate::Lost { 1 } else { 0 },
        stake_lamports: 500_000_000,
        fate: fate.into(),
        payout_lamports: payout,
        ..SettledBet::default()
    };
    let room = RoomSettled {
        room_number: 12,
        terms: Some(terms(WireKind::Touch)),
        verdict: Some(verdict),
        pools_lamports: vec![1_250_000_000, 750_000_000],
        protocol_fee_lamports: 15_000_000,
        host_fee_lamports: 7_500_000,
        ..RoomSettled::default()
    };
    Notice { kind: Some(NoticeKind::BetResult(BetResult { room: Some(room), bet: Some(bet) })) }
}

fn deposit_notice(state: DepositState) -> Notice {
    Notice {
        kind: Some(NoticeKind::Deposit(DepositChanged {
            lamports: 2_000_000_000,
            signature: SIGNATURE.into(),
            state: state.into(),
            available_lamports: 3_250_000_000,
            ..DepositChanged::default()
        })),
    }
}

fn withdrawal_in(state: WithdrawalState) -> Withdrawal {
    let signed =
        matches!(state, WithdrawalState::Signed | WithdrawalState::Submitted | WithdrawalState::Finalized);
    Withdrawal {
        withdrawal_id: Uuid::from_u128(0xd).as_bytes().to_vec(),
        address: ADDRESS.into(),
        lamports: 500_000_000,
        fee_lamports: 5_000,
        state: state.into(),
        signature: if signed { SIGNATURE.into() } else { String::new() },
        held_until: (state == WithdrawalState::Held).then(|| timestamp(NOW + Duration::hours(24))),
        ..Withdrawal::default()
    }
}

fn transfer(kind: TransferKind, lamports: i64, signature: &str, state: &str) -> Transfer {
    Transfer {
        kind: kind.into(),
        lamports,
        at: Some(timestamp(NOW - Duration::minutes(90))),
        signature: signature.into(),
        reference: Vec::new(),
        state: state.into(),
    }
}

fn draft(step: CreateStep) -> CreateDraft {
    CreateDraft {
        step,
        kind: Some(Kind::Close),
        asset: Some(Asset::Btc),
        comparator: Some(Comparator::AtOrAbove),
        target: Some(rust_decimal::Decimal::from(104_500)),
        horizon_seconds: Some(3_600),
        ..CreateDraft::default()
    }
}

/// As in the chat: the text, then the keyboard with what each button does.
fn shown(screen: &Screen) -> String {
    let mut text = format!("{}\n", screen.text);
    for row in &screen.keyboard {
        let buttons = row.iter().map(|button| match &button.action {
            Action::Press(press) => format!("[ {} ]({})", button.label, press.encode()),
            Action::Link(url) => format!("[ {} ]({url})", button.label),
            Action::Copy(copied) => format!("[ {} ](copy {copied})", button.label),
        });
        text.push_str(&format!("\n{}", buttons.collect::<Vec<_>>().join("  ")));
    }
    text.push('\n');
    text
}

fn security(change: SecurityChange) -> Notice {
    let changed = SecurityChanged { change: change.into(), ..SecurityChanged::default() };
    Notice { kind: Some(NoticeKind::Security(changed)) }
}

fn all(language: Language) -> Vec<(&'static str, Screen)> {
    let young = GetTotpResponse { confirmed: true, counts_from: Some(timestamp(NOW + Duration::hours(24))) };
    let wrong_code = Refusal::new(RefusalCode::TotpWrong).with("left", 1);
    let locked = room(WireKind::Close, RoomState::Locked);
    let settled_room = room(WireKind::Touch, RoomState::Settled);
    let empty = RoomView { pools: vec![Lamports::ZERO; 2], ..touch() };
    let me = playing(player(BetState::Accepted));
    let fresh = desk::Desk {
        account: Some(account()),
        live_bets: Some(2),
        day: Some(standings::record()),
        sol: quote("160.21"),
    };
    let opening = |slip, wrong| Opening {
        quote: quote("102310.5"),
        presets: &[900, 1_800, 3_600, 7_200, 14_400],
        fee_percent: "3",
        symbol: "",
        wrong,
        slip,
    };
    let verdict =
        WireVerdict { price: "165.02".into(), observed_at: Some(timestamp(NOW)), ..WireVerdict::default() };
    let settlement = GetSettlementResponse {
        verdict: Some(verdict.clone()),
        protocol_fee_lamports: 15_000_000,
        host_fee_lamports: 7_500_000,
        root: vec![0xab; 32],
        receipt_signature: SIGNATURE.into(),
        ..GetSettlementResponse::default()
    };
    let verdict = crate::domain::Verdict::of_settlement(&verdict).unwrap();
    let bets_of = [
        bet(BetState::Accepted, 0),
        bet(BetState::Won, 985_000_000),
        bet(BetState::Lost, 0),
        bet(BetState::Voided, 500_000_000),
        bet(BetState::Pending, 0),
        bet(BetState::Refused, 0),
        Bet { by_host: true, ..bet(BetState::Cancelled, 0) },
    ];
    let open = touch();
    let lines: Vec<_> = bets_of.iter().map(|bet| (bet, &open)).collect();
    let withdraw_draft = WithdrawDraft { address: Some(ADDRESS.into()), ..WithdrawDraft::default() };
    let link = "https://t.me/rooms_bot?start=group".to_owned();
    let page = |signature: &str| {
        (!signature.is_empty()).then(|| "https://explorer.solana.com/tx/x?cluster=devnet".to_owned())
    };
    let say = |notice_of: Notice| notice(language, &notice_of, |_| None, NOW).unwrap();
    let refusal =
        Refusal::new(RefusalCode::BetNotEnough).with("available", 100_000_000).with("stake", 500_000_000);
    let duplicate = Refusal::new(RefusalCode::RoomDuplicate)
        .with("room_id", RoomId::new(Uuid::from_u128(12)))
        .with("number", 12);
    let days = Refusal::new(RefusalCode::LimitInvalid).with("min", 1).with("max", 42);
    let over = Refusal::new(RefusalCode::LimitStakeDay)
        .with("limit", 5_000_000_000_i64)
        .with("used", 4_500_000_000_i64)
        .with("stake", 1_000_000_000);
    let resting = Refusal::new(RefusalCode::LimitCoolOff)
        .with("until", datetime!(2026-11-29 17:18 UTC).unix_timestamp());
    let bound =
        Refusal::new(RefusalCode::LimitWithdrawOnly).with("stakable", 250_000_000).with("stake", 500_000_000);
    let busy = Refusal::new(RefusalCode::AccountBusy).with("live_bets", 2).with("withdrawals", 1);
    let broke = Refusal::new(RefusalCode::WithdrawCap)
        .with("cap", 20_000_000_000_i64)
        .with("used", 19_500_000_000_i64);
    let large = Withdrawal { approvals_needed: 2, ..withdrawal_in(WithdrawalState::Held) };
    // The hold on its address is over.
    let half_approved =
        Withdrawal { approvals: 1, held_until: Some(timestamp(NOW - Duration::hours(1))), ..large.clone() };
    let rejected =
        Withdrawal { reason: "looks like <b>theft</b>".into(), ..withdrawal_in(WithdrawalState::Rejected) };
    let preview_withdrawal = PreviewWithdrawalResponse {
        approvals_needed: 2,
        fee_lamports: 5_000,
        arrives_lamports: 499_995_000,
        hold_seconds: 86_400,
        ..Default::default()
    };
    let mut all = vec![
        ("terms", desk::terms(language, Network::Devnet, "3", Callback::Agree { room: None, code: None })),
        ("desk", desk::desk(language, &fresh, false)),
        ("desk_welcome", desk::desk(language, &desk::Desk { live_bets: Some(0), ..fresh }, true)),
        ("desk_unknown", desk::desk(language, &desk::Desk::default(), false)),
        ("help", help(language, &crate::router::Command::MENU)),
        (
            "status",
            status(
                language,
                Network::Local,
                &[("status-service-room", true), ("status-service-oracle", false)],
                &[(Asset::Sol, quote("160.21")), (Asset::Btc, None)],
                NOW,
            ),
        ),
        ("wallet", wallet(language, &account(), quote("160.21"))),
        ("deposit", deposit(language, ADDRESS, sol("0.001"))),
        ("proof", proof(language, &own_proof("13"), Vec::new(), page(SIGNATURE))),
        ("proof_short", proof(language, &own_proof("11"), Vec::new(), None)),
        ("proof_now", no_proof(language, Some(NOW), NOW)),
        ("proof_none", no_proof(language, Some(datetime!(2026-11-23 00:00 UTC)), NOW)),
        (
            "transfers",
            transfers(
                language,
                1,
                23,
                &[
                    transfer(TransferKind::Deposit, 2_000_000_000, SIGNATURE, ""),
                    transfer(TransferKind::Stake, -500_000_000, "", ""),
                    transfer(TransferKind::Withdrawal, -500_000_000, "", "SUBMITTED"),
                    transfer(TransferKind::Payout, 985_000_001, "", ""),
                    transfer(TransferKind::Referral, 15_000_000, "", ""),
                    transfer(TransferKind::Refund, 500_000_000, "", ""),
                ],
                NOW,
            ),
        ),
        ("transfers_none", transfers(language, 0, 0, &[], NOW)),
        ("rooms_live", rooms(language, RoomFilter::Live, 0, 7, &[touch(), locked.clone()], NOW)),
        ("rooms_mine_none", rooms(language, RoomFilter::Mine, 0, 0, &[], NOW)),
        ("card_open", room_card(language, &touch(), &nobody(), prices("160.21"), NOW)),
        ("card_empty_no_price", room_card(language, &empty, &nobody(), Prices::default(), NOW)),
        ("card_mine", room_card(language, &touch(), &me, prices("160.21"), NOW)),
        ("card_locked", room_card(language, &locked, &me, prices("160.21"), datetime!(2026-11-22 17:40 UTC))),
        ("card_settled", room_card(language, &settled_room, &me, Prices::default(), NOW + Duration::days(1))),
        (
            "result",
            result(
                language,
                &settled_room,
                &playing(Player { payout: sol("0.791"), ..player(BetState::Won) }),
                Settled {
                    settlement: Some((&settlement, &verdict)),
                    venues: &["bitstamp".to_owned(), "coinbase".to_owned(), "kraken".to_owned()],
                    explorer: page(SIGNATURE),
                    evidence: Some("https://rooms.example.org/evidence/x".into()),
                },
                NOW,
            ),
        ),
        ("result_pending", result(language, &locked, &nobody(), Settled::default(), NOW)),
        ("stake", stake(language, &touch(), 0, Some(sol("1.25")), NOW)),
        ("type_stake_wrong", type_stake(language, &touch(), 1, true, NOW)),
        ("preview", preview(language, &touch(), wager(0, "0.707857142"), slip(), CANCEL, NOW)),
        ("preview_alone", preview(language, &empty, wager(1, "0.5"), slip(), CANCEL, NOW)),
        ("placing", placing(language, sol("0.5"))),
        ("placed_for_good", placed(language, &touch(), &player(BetState::Accepted), CANCEL, NOW)),
        ("bet_refused", bet_refused(language, touch().id, &refusal, NOW)),
        ("bets", bets(language, 0, 11, &lines, Some(&standings::record()), NOW)),
        ("create_kind", create(language, &CreateDraft::default(), &opening(None, false))),
        ("create_asset", create(language, &draft(CreateStep::Asset), &opening(None, false))),
        ("create_comparator", create(language, &draft(CreateStep::Comparator), &opening(None, false))),
        ("create_target_wrong", create(language, &draft(CreateStep::Target), &opening(None, true))),
        ("create_horizon", create(language, &draft(CreateStep::Horizon), &opening(None, false))),
        ("create_custom_horizon", create(language, &draft(CreateStep::CustomHorizon), &opening(None, false))),
        ("create_review", create(language, &draft(CreateStep::Review), &opening(Some(slip()), false))),
        (
            "opened",
            room_card(language, &empty, &Reader { bet: None, host: true }, prices("160.21"), NOW)
                .under(&language.say("room-opened")),
        ),
        ("room_refused", room_refused(language, &duplicate, Some((touch().id, "12".into())), NOW)),
        ("withdraw_address", withdraw_address(language, &withdraw_draft, sol("0.75"), true)),
        ("withdraw_amount", withdraw_amount(language, ADDRESS, sol("0.75"), Some("No.".into()))),
        ("withdraw_preview", withdraw_preview(language, ADDRESS, sol("0.5"), &preview_withdrawal, slip())),
        ("withdraw_refused", withdraw_refused(language, &broke, NOW)),
        (
            "withdrawal_submitted",
            withdrawal(language, &withdrawal_in(WithdrawalState::Submitted), page(SIGNATURE), NOW),
        ),
        ("withdrawal_held", withdrawal(language, &withdrawal_in(WithdrawalState::Held), None, NOW)),
        ("withdrawal_before_operators", withdrawal(language, &large, None, NOW)),
        ("withdrawal_between_operators", withdrawal(language, &half_approved, None, NOW)),
        ("withdrawal_cancelled", withdrawal(language, &withdrawal_in(WithdrawalState::Cancelled), None, NOW)),
        ("withdrawal_rejected", withdrawal(language, &rejected, None, NOW)),
        (
            "withdrawal_rejected_address",
            withdrawal(language, &withdrawal_in(WithdrawalState::Rejected), None, NOW),
        ),
        ("cancelling", cancelling(language)),
        ("withdrawal_failed", withdrawal(language, &withdrawal_in(WithdrawalState::Failed), None, NOW)),
        ("notice_deposit_seen", say(deposit_notice(DepositState::Seen))),
        ("notice_deposit_credited", say(deposit_notice(DepositState::Credited))),
        ("notice_won", say(settled(Fate::Won, 791_000_000, VoidReason::Unspecified, "165.02"))),
        ("notice_lost", say(settled(Fate::Lost, 0, VoidReason::Unspecified, "165.02"))),
        ("notice_void", say(settled(Fate::RoomVoid, 500_000_000, VoidReason::OracleInsufficient, ""))),
        ("notice_past_post", say(settled(Fate::PastPost, 500_000_000, VoidReason::Unspecified, "165.02"))),
        ("settings_none", settings(language, &GetTotpResponse::default(), None, NOW)),
        ("settings_young", settings(language, &young, Some("Told.".into()), NOW)),
        ("settings_on", settings(language, &young, None, NOW + Duration::days(2))),
        (
            "authenticator_scan",
            authenticator_scan(
                language,
                "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
                "otpauth://totp/ROOMS:0a1b2c3d?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ROOMS&algorithm=SHA1&digits=6&period=30",
            ),
        ),
        ("authenticator_ask_remove", authenticator_ask_remove(language, true)),
        ("authenticator_confirm_add", authenticator_confirm(language, CodeFor::Add, slip())),
        ("authenticator_confirm_remove", authenticator_confirm(language, CodeFor::Remove, slip())),
        ("authenticator_refused", authenticator_refused(language, &wrong_code, NOW)),
        ("withdraw_code", withdraw_code(language, true)),
        ("notice_authenticator_added", say(security(SecurityChange::TotpAdded))),
        ("notice_authenticator_removed", say(security(SecurityChange::TotpRemoved))),
        ("notice_authenticator_locked", say(security(SecurityChange::TotpLocked))),
        ("limits_none", limits(language, &LimitsView::default(), None, NOW)),
        ("limits_all", limits(language, &own_limits(), Some("Told.".into()), NOW)),
        (
            "limit_wrong",
            limit(language, LimitKind::StakeDay, &own_limits().of(LimitKind::StakeDay), true, NOW),
        ),
        ("limit_new", limit(language, LimitKind::LossWeek, &LimitView::default(), false, NOW)),
        (
            "limit_tighter",
            limit_review(
                language,
                LimitKind::StakeDay,
                &own_limits().of(LimitKind::StakeDay),
                Some(sol("2.5")),
                slip(),
            ),
        ),
        (
            "limit_looser",
            limit_review(
                language,
                LimitKind::DepositDay,
                &own_limits().of(LimitKind::DepositDay),
                None,
                slip(),
            ),
        ),
        ("limit_refused", limit_refused(language, &days, NOW)),
        ("cool_off", cool_off(language)),
        ("cool_off_review", cool_off_review(language, 7, slip())),
        ("exclusion", exclusion(language)),
        ("exclusion_first", exclusion_first(language, 6)),
        ("exclusion_last", exclusion_last(language, 6, slip())),
        ("bet_over_limit", bet_refused(language, touch().id, &over, NOW)),
        ("bet_on_a_break", bet_refused(language, touch().id, &resting, NOW)),
        ("bet_withdraw_only", bet_refused(language, touch().id, &bound, NOW)),
        ("privacy", privacy(language)),
        ("privacy_leave", privacy_leave(language, sol("1.25"), Some(NOW + Duration::days(200)))),
        ("privacy_leave_empty", privacy_leave(language, Lamports::ZERO, None)),
        ("privacy_last", privacy_last(language, Some(sol("1.25")), slip())),
        ("privacy_refused", leave_refused(language, &busy, NOW)),
        ("privacy_erased", erased(language)),
        ("fault", fault(language, "7F3A12BC")),
        ("group", in_private(language, link)),
    ];
    all.extend(groups::all(language));
    all.extend(play::all(language));
    all.extend(standings::all(language));
    all.extend(pictured::all(language));
    all.extend(tracker::all(language));
    all.extend(tongues::all(language));
    all
}

#[test]
fn every_screen_is_as_committed() {
    for (name, screen) in all(EN) {
        expect_file![format!("snapshots/{name}.txt")].assert_eq(&shown(&screen));
    }
}

#[test]
fn every_screen_is_something_telegram_takes() {
    for (name, screen) in Language::all().flat_map(all) {
        let captioned =
            screen.document.is_some() || matches!(screen.art, Art::New(_)) || name == "authenticator_scan";
        let fits = if captioned {
            fits_caption(&screen.text)
        } else {
            screen.text.encode_utf16().count() <= MAX_TEXT
        };
        assert!(fits, "{name} is too long: {}", screen.text);
        assert!(!screen.text.is_empty(), "{name} is empty");
        let opened = screen.text.matches("<b>").count();
        assert_eq!(opened, screen.text.matches("</b>").count(), "{name}: bold is left open");
        assert!(
            !screen.text.contains("{$") && !screen.text.contains("{ "),
            "{name} lacks a value: {}",
            screen.text
        );
        for button in screen.keyboard.iter().flatten() {
            assert!(!button.label.is_empty(), "{name} has an empty button");
            if let Action::Press(press) = &button.action {
                assert!(press.encode().len() <= crate::callbacks::MAX_BYTES, "{name}: {}", button.label);
            }
        }
    }
}

/// Buttons of what stays in the chat as a record must not overwrite it.
#[test]
fn records_are_never_overwritten() {
    for (name, screen) in all(EN) {
        let record = name.starts_with("notice_")
            || name.starts_with("withdrawal_")
            || ["placed", "placed_for_good", "fault", "authenticator_scan", "proof", "proof_short"]
                .contains(&name)
            || name == "dispute_opened"
            || ["group_rooms", "group_settled", "group_void"].contains(&name)
            || name.starts_with("bet_");
        for button in screen.keyboard.iter().flatten() {
            if let Action::Press(press) = &button.action {
                assert_eq!(press.fresh, record, "{name}: {}", button.label);
            }
        }
    }
}

#[test]
fn a_hundred_long_lines_still_fit() {
    let long = transfer(TransferKind::WithdrawalReturned, i64::MIN + 1, SIGNATURE, "SUBMITTED");
    let screen = transfers(EN, 0, 10, &vec![long; usize::try_from(TRANSFERS_PAGE).unwrap()], NOW);
    assert!(screen.text.encode_utf16().count() <= MAX_TEXT);
}

#[test]
fn a_subtitle_cannot_smuggle_tags() {
    let room = RoomView { subtitle: "<a href=\"tg://user?id=1\">x</a>".into(), ..touch() };
    let text = room_card(EN, &room, &nobody(), Prices::default(), NOW).text;
    assert!(!text.contains("<a "), "{text}");
}

#[test]
fn refusals_show_moments_and_spans() {
    let locked = Refusal::new(RefusalCode::BetLocked)
        .with("lock_at", datetime!(2026-11-22 17:10 UTC).unix_timestamp());
    assert_eq!(refusal(EN, &locked, NOW), "Betting closed 17:10 UTC.");
    let horizon = Refusal::new(RefusalCode::RoomHorizon).with("min", 900).with("max", 86_400);
    assert_eq!(refusal(EN, &horizon, NOW), "The deadline must be between 15 min and 1 d away.");
}

#[test]
fn only_a_withdrawal_that_waits_can_be_cancelled() {
    for state in (0..=10).map(|state| WithdrawalState::try_from(state).unwrap()) {
        let screen = withdrawal(EN, &withdrawal_in(state), None, NOW);
        let cancel = |button: &&Button| button.label == "Cancel the withdrawal";
        let waits = matches!(state, WithdrawalState::Requested | WithdrawalState::Held);
        assert_eq!(screen.keyboard.iter().flatten().any(|button| cancel(&button)), waits, "{state:?}");
    }
}

#[test]
fn each_refusal_of_a_withdrawal_says_its_numbers() {
    let sol = |sol: i64| sol * 1_000_000_000;
    let text = |refusal: Refusal| super::refusal(EN, &refusal, NOW);
    let needs = text(Refusal::new(RefusalCode::WithdrawNeedsTotp).with("cap", sol(20)).with("used", sol(3)));
    assert!(needs.contains("20 SOL can leave") && needs.contains("3 SOL of it"), "{needs}");
    let cap = text(Refusal::new(RefusalCode::WithdrawCap).with("cap", sol(50)).with("used", sol(49)));
    assert!(cap.contains("is 50 SOL, and 49 SOL"), "{cap}");
    let late = |state: &str| text(Refusal::new(RefusalCode::WithdrawState).with("state", state));
    assert_eq!(late("CANCELLED"), "It is cancelled already.");
    assert_eq!(late("SUBMITTED"), "It is too late: the withdrawal is on its way.");
}

#[test]
fn one_is_not_a_plural() {
    let close = RoomView { quorum: 1, mean_seconds: 1, ..room(WireKind::Close, RoomState::Open) };
    let text = room_card(EN, &close, &nobody(), Prices::default(), NOW).text;
    assert!(text.contains("the price of one second, the median of at least one exchange."), "{text}");
    let touch = RoomView { quorum: 1, past_post_seconds: 1, ..touch() };
    let text = room_card(EN, &touch, &nobody(), Prices::default(), NOW).text;
    assert!(text.contains("the median of at least one exchange at or beyond"), "{text}");
    assert!(text.contains("less than 1 second before the touch"), "{text}");

    let live = |max: u32| refusal(EN, &Refusal::new(RefusalCode::RoomTooManyLive).with("max", max), NOW);
    assert_eq!(live(1), "You already have a live room. Wait until it has ended.");
    assert_eq!(live(5), "You already have 5 live rooms. Wait until one has ended.");
    let full =
        |seats: u32| refusal(EN, &Refusal::new(RefusalCode::BetRoomFull).with("max_players", seats), NOW);
    assert_eq!(full(1), "The only seat is taken.");
    assert_eq!(full(10), "All 10 seats are taken.");
}
