//! Rooms of every kind, results, disputes, referrals.

use super::*;

const MINT: &str = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263";

/// Terms of each kind that is not about the price of SOL at a target.
fn other_terms(kind: WireKind) -> Terms {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let bare = Terms { comparator: 0, target: String::new(), dispute_seconds: 86_400, ..terms(kind) };
    match kind {
        WireKind::UpDown => Terms { outcomes: words(&["UP", "DOWN"]), ..bare },
        WireKind::Buckets => Terms {
            bounds: words(&["150", "160.5", "170"]),
            outcomes: words(&["below 150", "150 to 160.5", "160.5 to 170", "170 and above"]),
            ..bare
        },
        WireKind::HeadToHead => Terms { rival_asset: "BTC".into(), outcomes: words(&["SOL", "BTC"]), ..bare },
        WireKind::CapTouch | WireKind::CapClose => Terms {
            asset: MINT.into(),
            target: "1250000".into(),
            open_price: "980000.123".into(),
            supply: "999993423.1".into(),
            mean_seconds: 300,
            past_post_seconds: 60,
            ..terms(kind)
        },
        WireKind::Custom => Terms {
            asset: String::new(),
            open_price: String::new(),
            host_account_id: Vec::new(),
            question: "Who wins the <final>, Reds & Co or somebody else?".into(),
            outcomes: words(&[
                "Reds <b>& Co</b>",
                "Blues",
                "nobody: a draw after extra time or no match at all",
            ]),
            criterion: "the score & the referee's <i>word</i>".into(),
            source_url: "https://example.org/final?a=1&b=2".into(),
            unresolved_seconds: 259_200,
            ..bare
        },
        _ => terms(kind),
    }
}

pub(super) fn other(kind: WireKind, state: RoomState) -> RoomView {
    let terms = other_terms(kind);
    let pools = [1_250_000_000, 750_000_000, 0, 100_000_000];
    let pools = pools.into_iter().take(terms.outcomes.len()).collect();
    let room = Room { terms: Some(terms), pools_lamports: pools, ..wire_room(kind, state) };
    RoomView::try_from(&room).unwrap()
}

/// What a loser of half a SOL on the second answer hears, or whoever gets it back.
fn result_of(kind: WireKind, verdict: &WireVerdict) -> Notice {
    let void = verdict.void_reason() != VoidReason::Unspecified;
    let bet = SettledBet {
        outcome: 1,
        stake_lamports: 500_000_000,
        fate: if void { Fate::RoomVoid } else { Fate::Lost }.into(),
        payout_lamports: if void { 500_000_000 } else { 0 },
        ..SettledBet::default()
    };
    let room = RoomSettled {
        room_number: 12,
        terms: Some(other_terms(kind)),
        verdict: Some(verdict.clone()),
        ..RoomSettled::default()
    };
    Notice { kind: Some(NoticeKind::BetResult(BetResult { room: Some(room), bet: Some(bet) })) }
}

fn draft_of(kind: Kind, step: CreateStep) -> CreateDraft {
    let number = rust_decimal::Decimal::from;
    CreateDraft {
        kind: Some(kind),
        rival: Some(Asset::Eth),
        mint: Some(MINT.into()),
        cap: Some(number(1_250_000)),
        bounds: vec![number(100_000), number(104_500)],
        ..draft(step)
    }
}

fn dispute_in(state: DisputeState) -> Notice {
    let open = state == DisputeState::Open;
    let reason = if open { String::new() } else { "two venues <froze> & the others did not".into() };
    Notice {
        kind: Some(NoticeKind::Dispute(Dispute {
            dispute_id: Uuid::from_u128(5).as_bytes().to_vec(),
            room_id: Uuid::from_u128(12).as_bytes().to_vec(),
            text: "It never was at <165> & I can show it".into(),
            state: state.into(),
            reason,
            version: 2,
            ..Dispute::default()
        })),
    }
}

fn refunded() -> Notice {
    let room = RoomCorrected {
        room_number: 12,
        terms: Some(other_terms(WireKind::HeadToHead)),
        reason: "two venues <froze>".into(),
        ..RoomCorrected::default()
    };
    let bet = RefundedBet { lamports: 500_000_000, ..RefundedBet::default() };
    Notice { kind: Some(NoticeKind::BetRefunded(BetRefunded { room: Some(room), bet: Some(bet) })) }
}

/// The settlement card of a room of one kind, for somebody who lost half a SOL on the second answer.
fn settled_card(language: Language, kind: WireKind, verdict: &WireVerdict, evidence: bool) -> Screen {
    let settlement = GetSettlementResponse {
        verdict: Some(verdict.clone()),
        state: SettlementState::Posted.into(),
        protocol_fee_lamports: 15_000_000,
        host_fee_lamports: 7_500_000,
        root: vec![0xab; 32],
        ..GetSettlementResponse::default()
    };
    let known = Verdict::of_settlement(verdict).unwrap();
    let room = RoomView {
        settled_at: Some(NOW - Duration::minutes(1)),
        ..other(kind, if known.void.is_some() { RoomState::Voided } else { RoomState::Settled })
    };
    let state = if known.void.is_some() { BetState::Voided } else { BetState::Lost };
    let payout = if known.void.is_some() { sol("0.5") } else { Lamports::ZERO };
    let reader = playing(Player { outcome: 1, payout, ..player(state) });
    let venues = ["binance", "kraken", "okx"].map(str::to_owned);
    let settled = Settled {
        settlement: Some((&settlement, &known)),
        venues: if kind == WireKind::Custom { &[] } else { &venues },
        explorer: None,
        evidence: evidence.then(|| "https://rooms.example.org/evidence/x".to_owned()),
    };
    result(language, &room, &reader, settled, NOW)
}

pub(super) fn all(language: Language) -> Vec<(&'static str, Screen)> {
    let opening = |slip, wrong| Opening {
        quote: quote("102310.5"),
        presets: &[900, 1_800, 3_600, 7_200, 14_400],
        fee_percent: "3",
        symbol: "",
        wrong,
        slip,
    };
    let of_token = Opening { quote: quote("980000.123"), symbol: "<b>BONK</b>", ..opening(None, false) };
    let verdict =
        WireVerdict { price: "165.02".into(), observed_at: Some(timestamp(NOW)), ..WireVerdict::default() };
    let verdict = Verdict::of_settlement(&verdict).unwrap();
    let locked = room(WireKind::Close, RoomState::Locked);
    let settled_room = room(WireKind::Touch, RoomState::Settled);
    let empty = RoomView { pools: vec![Lamports::ZERO; 2], ..touch() };
    let say = |notice_of: Notice| notice(language, &notice_of, |_| None, NOW).unwrap();
    let just_placed = Player::of(&touch(), &bet(BetState::Accepted, 0), CANCEL).unwrap();
    let with_pending = RoomView { pending: sol("0.5"), ..touch() };
    let queuing = RoomView { min_players: 3, players: (2, 10), ..room(WireKind::Touch, RoomState::Queuing) };
    let hosting = Reader { bet: Some(Player { by_host: true, ..just_placed }), host: true };
    let alone = RoomView { players: (1, 10), pending: sol("0.5"), ..empty.clone() };
    let many = RoomView {
        outcomes: (1..=10).map(|team| format!("Team {team}")).collect(),
        pools: vec![sol("0.5"); 10],
        ..other(WireKind::Custom, RoomState::Open)
    };
    let code = ReferralCode::parse("k7Qx2m");
    let levels = [(3, 45_000_000), (1, 15_000_000), (0, 0)]
        .map(|(accounts, earned_lamports)| ReferralLevel { accounts, earned_lamports });
    let mine = GetReferralsResponse { code: "k7Qx2m".into(), referred: true, levels: levels.to_vec() };
    let percents = ["15", "5", "2"].map(str::to_owned);
    let suspicious = GetSettlementResponse {
        state: SettlementState::Frozen.into(),
        waits_until: Some(timestamp(NOW + Duration::minutes(40))),
        ..GetSettlementResponse::default()
    };
    let at = |price: &str| WireVerdict {
        outcome: 0,
        price: price.into(),
        observed_at: Some(timestamp(datetime!(2026-11-22 18:00 UTC))),
        ..WireVerdict::default()
    };
    let moved = WireVerdict { start_price: "150".into(), ..at("151.2") };
    let tie = WireVerdict { start_price: "150".into(), void_reason: VoidReason::Tie.into(), ..at("150") };
    let race =
        WireVerdict { rival_price: "102000.5".into(), rival_start_price: "103000".into(), ..moved.clone() };
    let too_long = Refusal::new(RefusalCode::BetNotCancellable).with("seconds", 5);
    let late = Refusal::new(RefusalCode::DisputeLate).with("until", (NOW - Duration::HOUR).unix_timestamp());
    let dispute = match dispute_in(DisputeState::Open).kind {
        Some(NoticeKind::Dispute(dispute)) => dispute,
        _ => Dispute::default(),
    };
    let agree = Callback::Agree { room: Some(touch().id), code };
    vec![
        ("terms_by_link", desk::terms(language, Network::Devnet, "3", agree)),
        (
            "rooms_of_all_kinds",
            rooms(
                language,
                RoomFilter::Live,
                0,
                6,
                &[
                    WireKind::UpDown,
                    WireKind::Buckets,
                    WireKind::HeadToHead,
                    WireKind::CapTouch,
                    WireKind::CapClose,
                    WireKind::Custom,
                ]
                .map(|kind| other(kind, RoomState::Open)),
                NOW,
            ),
        ),
        ("rooms_queuing", rooms(language, RoomFilter::Live, 0, 1, std::slice::from_ref(&queuing), NOW)),
        ("card_young_bet", room_card(language, &with_pending, &playing(just_placed), prices("160.21"), NOW)),
        ("card_queuing", room_card(language, &queuing, &nobody(), prices("160.21"), NOW)),
        ("card_host_alone", room_card(language, &alone, &hosting, prices("160.21"), NOW)),
        (
            "card_up_down",
            room_card(language, &other(WireKind::UpDown, RoomState::Open), &nobody(), prices("160.21"), NOW),
        ),
        (
            "card_buckets",
            room_card(language, &other(WireKind::Buckets, RoomState::Open), &nobody(), prices("160.21"), NOW),
        ),
        (
            "card_head_to_head",
            room_card(
                language,
                &other(WireKind::HeadToHead, RoomState::Open),
                &nobody(),
                prices("160.21"),
                NOW,
            ),
        ),
        (
            "card_cap_touch",
            room_card(
                language,
                &other(WireKind::CapTouch, RoomState::Open),
                &nobody(),
                prices("0.00098"),
                NOW,
            ),
        ),
        (
            "card_cap_close",
            room_card(
                language,
                &other(WireKind::CapClose, RoomState::Open),
                &nobody(),
                Prices::default(),
                NOW,
            ),
        ),
        (
            "card_custom",
            room_card(language, &other(WireKind::Custom, RoomState::Open), &nobody(), Prices::default(), NOW),
        ),
        ("card_ten_answers", room_card(language, &many, &nobody(), Prices::default(), NOW)),
        (
            "result_waits",
            result(
                language,
                &RoomView { verdict: None, ..locked.clone() },
                &nobody(),
                Settled { settlement: Some((&suspicious, &verdict)), ..Settled::default() },
                NOW,
            ),
        ),
        ("result_up_down", settled_card(language, WireKind::UpDown, &moved, true)),
        ("result_tie", settled_card(language, WireKind::UpDown, &tie, true)),
        ("result_buckets", settled_card(language, WireKind::Buckets, &at("149.99"), false)),
        ("result_head_to_head", settled_card(language, WireKind::HeadToHead, &race, true)),
        ("result_cap", settled_card(language, WireKind::CapTouch, &at("1251000.5"), true)),
        ("result_custom", settled_card(language, WireKind::Custom, &WireVerdict::default(), true)),
        ("dispute_ask", dispute_ask(language, &settled_room, true)),
        ("dispute_review", dispute_review(language, &settled_room, "It never was <b>there</b>", slip())),
        ("dispute_opened", dispute_opened(language, touch().id, &dispute)),
        ("dispute_refused", dispute_refused(language, touch().id, &late, NOW)),
        ("notice_dispute_upheld", say(dispute_in(DisputeState::Upheld))),
        ("notice_dispute_refunding", say(dispute_in(DisputeState::Refunding))),
        ("notice_dispute_awaiting_funds", say(dispute_in(DisputeState::AwaitingFunds))),
        ("notice_dispute_refunded", say(dispute_in(DisputeState::Refunded))),
        ("notice_refunded", say(refunded())),
        ("notice_buckets_lost", say(result_of(WireKind::Buckets, &at("149.99")))),
        ("notice_tie", say(result_of(WireKind::UpDown, &tie))),
        (
            "referrals",
            referrals(language, &mine, Some("https://t.me/rooms_bot?start=ref_k7Qx2m".into()), &percents),
        ),
        ("referrals_none", referrals(language, &GetReferralsResponse::default(), None, &percents)),
        (
            "share_room",
            share_room(
                language,
                &touch(),
                Some("https://t.me/rooms_bot?start=room_AAAAAAAAAAAAAAAAAAAADA_k7Qx2m".into()),
            ),
        ),
        (
            "preview_range",
            preview(
                language,
                &other(WireKind::Buckets, RoomState::Open),
                wager(2, "2.537"),
                slip(),
                CANCEL,
                NOW,
            ),
        ),
        (
            "stake_custom",
            stake(language, &other(WireKind::Custom, RoomState::Open), 2, Some(sol("1.25")), NOW),
        ),
        ("placed", placed(language, &touch(), &just_placed, CANCEL, NOW)),
        ("bet_taken_back", bet_cancelled(language, &touch(), &bet(BetState::Cancelled, 0), NOW)),
        ("bet_stands", bet_not_cancelled(language, touch().id, &too_long, NOW)),
        ("cancel_room", cancel_room(language, &touch(), slip(), NOW)),
        (
            "room_cancelled",
            room_card(
                language,
                &other(WireKind::UpDown, RoomState::Settling),
                &nobody(),
                Prices::default(),
                NOW,
            )
            .under(&language.say("room-cancelled")),
        ),
        (
            "create_rival",
            create(language, &draft_of(Kind::HeadToHead, CreateStep::Rival), &opening(None, false)),
        ),
        (
            "create_bounds_wrong",
            create(language, &draft_of(Kind::Buckets, CreateStep::Target), &opening(None, true)),
        ),
        (
            "create_mint_wrong",
            create(language, &draft_of(Kind::CapTouch, CreateStep::Asset), &opening(None, true)),
        ),
        ("create_cap", create(language, &draft_of(Kind::CapClose, CreateStep::Target), &of_token)),
        (
            "create_players",
            create(language, &draft_of(Kind::UpDown, CreateStep::Players), &opening(None, false)),
        ),
        (
            "create_subtitle_long",
            create(
                language,
                &CreateDraft {
                    subtitle: "before <supper>".into(),
                    ..draft_of(Kind::UpDown, CreateStep::Subtitle)
                },
                &opening(None, true),
            ),
        ),
        (
            "create_review_up_down",
            create(
                language,
                &CreateDraft {
                    min_players: 3,
                    subtitle: "before <supper>".into(),
                    ..draft_of(Kind::UpDown, CreateStep::Review)
                },
                &opening(Some(slip()), false),
            ),
        ),
        (
            "create_review_buckets",
            create(language, &draft_of(Kind::Buckets, CreateStep::Review), &opening(Some(slip()), false)),
        ),
        (
            "create_review_head_to_head",
            create(language, &draft_of(Kind::HeadToHead, CreateStep::Review), &opening(Some(slip()), false)),
        ),
        (
            "create_review_cap",
            create(
                language,
                &draft_of(Kind::CapTouch, CreateStep::Review),
                &Opening { slip: Some(slip()), ..of_token },
            ),
        ),
    ]
}

/// What operators and players write is shown as text, whatever screen it is on.
#[test]
fn words_of_others_cannot_smuggle_tags() {
    for (name, screen) in all(EN) {
        for smuggled in ["<final>", "<b>&", "<i>word", "<froze>", "<165>", "<b>there", "<b>BONK"] {
            assert!(!screen.text.contains(smuggled), "{name}: {}", screen.text);
        }
    }
}

#[test]
fn what_cannot_be_done_any_more_has_no_button() {
    let has = |screen: &Screen, label: &str| screen.keyboard.iter().flatten().any(|b| b.label == label);
    let young = playing(Player::of(&touch(), &bet(BetState::Accepted, 0), CANCEL).unwrap());
    let card = |now| room_card(EN, &touch(), &young, Prices::default(), now);
    assert!(has(&card(NOW + Duration::seconds(4)), "Take it back"));
    assert!(!has(&card(NOW + Duration::seconds(5)), "Take it back"));
    let settled = RoomView {
        settled_at: Some(NOW),
        dispute: Duration::DAY,
        ..room(WireKind::Touch, RoomState::Settled)
    };
    let lost = playing(player(BetState::Lost));
    let card = |now| result(EN, &settled, &lost, Settled::default(), now);
    assert!(has(&card(NOW + Duration::hours(23)), "Something is wrong"));
    assert!(!has(&card(NOW + Duration::hours(24)), "Something is wrong"));
}

/// Every answer of a room has its button, and none is the same as another.
#[test]
fn each_of_ten_answers_can_be_given() {
    let outcomes: Vec<_> = (0..10).map(|team| format!("Team {team}")).collect();
    let pools = vec![Lamports::ZERO; 10];
    let many = RoomView { outcomes, pools, ..other(WireKind::Custom, RoomState::Open) };
    let card = room_card(EN, &many, &nobody(), Prices::default(), NOW);
    let offered = card.keyboard.iter().flatten().filter_map(|button| match button.action {
        Action::Press(Press { callback: Callback::Outcome { outcome, .. }, .. }) => Some(outcome),
        _ => None,
    });
    assert_eq!(offered.collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
}
