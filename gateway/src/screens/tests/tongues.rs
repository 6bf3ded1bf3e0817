//! All screens in all languages.

use super::*;
use crate::domain::CancelRule;
use proto::wallet::Pause;

pub(super) fn all(language: Language) -> Vec<(&'static str, Screen)> {
    let rules = HouseRules {
        fee_percent: "3",
        referral_percents: &["15", "5", "2"].map(str::to_owned),
        cancel: CancelRule { within: Duration::seconds(5), before_lock: Duration::MINUTE },
        minimum_deposit: sol("0.001"),
        network: Network::Devnet,
    };
    let room = |number| Named { id: touch().id, number };
    let waits = |until, rulings| Waiting { room: room(Some(12)), until, rulings };
    let dispute = Disputed { room: room(None), at: NOW - Duration::days(1) };
    let pause = Pause {
        cause: "drift".into(),
        reason: "chain & ledger <differ>".into(),
        since: Some(timestamp(NOW - Duration::HOUR)),
    };
    let busy = Overview {
        rooms: Some(vec![(RoomState::Open, 3), (RoomState::Voided, 21)]),
        waiting: Some(Listed {
            shown: vec![waits(Some(NOW + Duration::HOUR), 1), waits(None, 2), waits(None, 0)],
            total: 3,
            more: false,
        }),
        disputes: Some(Listed { shown: vec![dispute; ADMIN_LINES], total: 100, more: true }),
        held: Some(2),
        pauses: Some(vec![pause]),
    };
    let nothing = || Some(Vec::new());
    let quiet = Overview {
        rooms: Some(vec![(RoomState::Open, 0)]),
        waiting: Some(Listed { shown: Vec::new(), total: 0, more: false }),
        disputes: Some(Listed { shown: Vec::new(), total: 0, more: false }),
        held: Some(0),
        pauses: nothing(),
    };
    vec![
        ("languages", languages(language, false)),
        ("language_set", languages(language, true)),
        ("rules", house_rules(language, &rules)),
        ("admin", admin(language, &busy, NOW)),
        ("admin_quiet", admin(language, &quiet, NOW)),
        ("admin_unavailable", admin(language, &Overview::default(), NOW)),
    ]
}

fn translations() -> impl Iterator<Item = Language> {
    Language::all().filter(|language| *language != EN)
}

/// Words alone: what a button does is in the snapshots of English, and the same everywhere.
fn words(screen: &Screen) -> String {
    let row = |row: &Vec<Button>| {
        row.iter().map(|button| format!("[ {} ]", button.label)).collect::<Vec<_>>().join("  ")
    };
    let keyboard: Vec<_> = screen.keyboard.iter().map(row).collect();
    let text = format!("{}\n\n{}", screen.text, keyboard.join("\n"));
    format!("{}\n", text.trim_end())
}

/// One file per language, to be read from top to bottom by somebody who speaks it.
#[test]
fn every_screen_is_as_committed_in_every_language() {
    for language in translations() {
        let screens = super::all(language);
        let screens: Vec<_> =
            screens.iter().map(|(name, screen)| format!("=== {name}\n\n{}", words(screen))).collect();
        expect_file![format!("../snapshots/languages/{}.txt", language.code())]
            .assert_eq(&screens.join("\n"));
    }
}

#[test]
fn a_keyboard_does_the_same_in_every_language() {
    // In their order; how many stand in a row may depend on the length of their labels.
    let actions = |screen: &Screen| {
        let action = |button: &Button| match &button.action {
            // What is shared with others carries words in its link.
            Action::Link(url) => Action::Link(url.split("&text=").next().unwrap().to_owned()),
            other => other.clone(),
        };
        screen.keyboard.iter().flatten().map(action).collect::<Vec<_>>()
    };
    for language in translations() {
        for ((name, ours), (_, english)) in super::all(language).iter().zip(&super::all(EN)) {
            assert_eq!(actions(ours), actions(english), "{name} in {}", language.code());
        }
    }
}

/// Telegram cuts labels that do not fit: about fifty letters in a row on a small phone, and a Chinese one takes two places.
#[test]
fn labels_fit_their_buttons() {
    const ROW: usize = 48;
    let width =
        |label: &str| label.chars().map(|letter| if letter > '\u{2e7f}' { 2 } else { 1 }).sum::<usize>();
    let mut cut = Vec::new();
    for language in Language::all() {
        for (name, screen) in super::all(language) {
            for row in &screen.keyboard {
                let most = ROW / row.len().max(1);
                let wide = row.iter().filter(|button| width(&button.label) > most);
                cut.extend(wide.map(|button| format!("{} {name}: {:?}", language.code(), button.label)));
            }
        }
    }
    assert!(cut.is_empty(), "too wide:\n{}", cut.join("\n"));
}

/// Telegram's limits for what is no message.
#[test]
fn toasts_and_descriptions_of_commands_fit() {
    for language in Language::all() {
        for command in crate::router::Command::MENU {
            let what = language.plain(&format!("command-{command}"), &[]);
            assert!((3..=256).contains(&what.chars().count()), "{} {command}", language.code());
        }
    }
}

#[test]
fn plurals_are_those_of_the_language() {
    let of = |code: &str, count: u64| {
        let desk = desk::Desk { live_bets: Some(count), ..desk::Desk::default() };
        let text = desk::desk(Language::of_tag(code), &desk, false).text;
        text.lines()
            .find(|line| line.contains("<b>") && line.contains(&count.to_string()))
            .unwrap_or_default()
            .to_owned()
    };
    for (count, words) in [
        (1, "активная ставка"),
        (3, "активные ставки"),
        (5, "активных ставок"),
        (11, "активных ставок"),
        (21, "активная ставка"),
    ] {
        assert_eq!(of("ru", count), format!("<b>{count}</b> {words}"));
    }
    for count in [1, 2, 11] {
        assert_eq!(of("zh", count), format!("进行中的下注 <b>{count}</b> 笔"));
    }
    assert_eq!(
        (of("es", 1).as_str(), of("es", 2).as_str()),
        ("<b>1</b> apuesta en juego", "<b>2</b> apuestas en juego")
    );
}
