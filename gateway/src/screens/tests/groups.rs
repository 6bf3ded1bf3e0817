//! What groups see, and what is shared into other chats.

use super::*;

const LINK: &str = "https://t.me/rooms_bot?start=x";

fn link() -> Option<String> {
    Some(LINK.to_owned())
}

fn hosted(verdict: WireVerdict, pools: Vec<i64>) -> Notice {
    let settled = RoomSettled {
        room_id: Uuid::from_u128(12).as_bytes().to_vec(),
        room_number: 12,
        terms: Some(Terms { scope_chat_id: -1_001, ..terms(WireKind::Touch) }),
        verdict: Some(verdict),
        pools_lamports: pools,
        ..RoomSettled::default()
    };
    Notice { kind: Some(NoticeKind::RoomSettled(settled)) }
}

pub(super) fn all(language: Language) -> Vec<(&'static str, Screen)> {
    let locked = room(WireKind::Close, RoomState::Locked);
    let two = [touch(), locked.clone()];
    let on = |outcome, by_host| Bet { outcome, by_host, ..bet(BetState::Accepted, 0) };
    let refused = bet(BetState::Refused, 0);
    let told =
        [(touch(), vec![on(0, true), on(1, false), on(1, false), refused]), (locked.clone(), Vec::new())];
    let priced = [(touch(), prices("160.21")), (locked.clone(), Prices::default())];
    let for_group = CreateDraft {
        scope: Some(crate::domain::Scope { chat: -1_001, title: "Friends <b>& Co</b>".into() }),
        ..draft(CreateStep::Review)
    };
    let presets = [900, 3_600];
    let opening = Opening {
        quote: quote("160.21"),
        symbol: "",
        presets: &presets,
        fee_percent: "3",
        wrong: false,
        slip: Some(slip()),
    };
    let won =
        WireVerdict { price: "165.02".into(), observed_at: Some(timestamp(NOW)), ..WireVerdict::default() };
    let void = WireVerdict { void_reason: VoidReason::NoOpposition.into(), ..WireVerdict::default() };
    let over = room(WireKind::Touch, RoomState::Settled);
    let card = |room: RoomView, prices| room_card(language, &room, &nobody(), prices, NOW);
    let preview = preview(language, &touch(), wager(0, "0.707857142"), slip(), CANCEL, NOW);
    let result = |told| notices::notice(language, &told, |_| None, NOW).unwrap();
    vec![
        ("group_welcome", welcome(language, link())),
        ("group_help", group_help(language)),
        ("group_create", group_create(language, link())),
        ("group_rooms", group_rooms(language, &two, 7, NOW)),
        ("group_rooms_none", no_group_room(language, false, link())),
        ("group_room_unknown", no_group_room(language, true, link())),
        ("group_card", group_card(language, &touch(), card(touch(), prices("160.21")), link(), NOW)),
        (
            "group_card_settled",
            group_card(language, &over, card(over.clone(), Prices::default()), link(), NOW),
        ),
        ("group_odds", group_odds(language, &two, 2, NOW)),
        ("group_times", group_times(language, &two, 2, NOW)),
        ("group_players", group_players(language, &told, 2, NOW)),
        ("group_oracle", group_oracle(language, &priced, 3, NOW)),
        ("group_slip", whispered(language, preview, link())),
        ("group_slip_placing", whispered_placing(language, sol("0.5"), link())),
        ("group_settled", result(hosted(won, vec![1_250_000_000, 500_000_000]))),
        ("group_void", result(hosted(void, vec![0, 0]))),
        ("create_review_group", create(language, &for_group, &opening)),
        (
            "create_asset_group",
            create(language, &CreateDraft { step: CreateStep::Asset, ..for_group }, &opening),
        ),
        ("inline_card", shared_card(language, &touch(), LINK.to_owned(), NOW)),
        ("inline_card_locked", shared_card(language, &locked, LINK.to_owned(), NOW)),
    ]
}

#[test]
fn a_group_sees_no_button_that_is_somebodys() {
    let own = |callback: &Callback| {
        matches!(
            callback,
            Callback::Confirm { .. } | Callback::CancelBet { .. } | Callback::CancelRoom { .. }
        )
    };
    for (name, screen) in all(Language::ENGLISH) {
        let for_all = name.starts_with("group_") && !name.starts_with("group_slip");
        for button in screen.keyboard.iter().flatten().filter(|_| for_all) {
            if let Action::Press(press) = &button.action {
                assert!(!own(&press.callback), "{name}: {}", button.label);
            }
        }
    }
}

#[test]
fn what_is_typed_elsewhere_is_told_in_plain_words() {
    let found = shared(Language::ENGLISH, &touch(), NOW);
    assert_eq!(found.title, "#12 · SOL ↑ $165");
    assert_eq!(found.description, "4 players · 2 SOL · closes in 12 min");
    assert!(found.searched.contains("Will SOL rise to $165"));
}
