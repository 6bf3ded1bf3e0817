//! Wallets, markets and signals of Polymarket, and what is told of them.

use super::*;
use crate::{
    clients::{Gap, Leaf, Positions, Signals},
    domain::{ActivityFilter, ConditionId, EvmAddress, Threshold},
    pictures::Point,
};
use proto::{
    notifier::{
        Broadcast, BroadcastText, Category, Digest, DigestTime, GetWebhookResponse, ListPriceAlertsResponse,
        ListTrackedResponse, Preferences, PriceAlert, PriceAlertFired, QuietHours, Signal, SignalEnd,
        SignalHolder, SmartWallet, TrackedWallet, WalletAlert,
    },
    oracle::{
        Activity, ActivityKind, BookLevel, GetPortfolioResponse, LargeTrade, Market, MarketOutcome,
        MarketRef, Position, PositionTotals, WalletChange, WalletChangeKind,
    },
};
use rust_decimal::Decimal;

const WALLET: &str = "0x6a72f61820b26b1fe4d956e17b6dc2a1ea3033ee";
const OTHER: &str = "0x00000000000000000000000000000000000000ff";

fn reference(question: &str) -> Option<MarketRef> {
    Some(MarketRef {
        condition_id: ConditionId::new([7; 32]).to_string(),
        question: question.into(),
        slug: "will-bitcoin-reach-150k".into(),
        event_slug: "bitcoin-price".into(),
    })
}

fn bitcoin() -> Option<MarketRef> {
    reference("Will Bitcoin reach $150,000 in November?")
}

fn level(price: &str, shares: &str) -> BookLevel {
    BookLevel { price: price.into(), shares: shares.into() }
}

fn answer(name: &str, price: &str, book: bool) -> MarketOutcome {
    let known = |text: &str| if book { text.to_owned() } else { String::new() };
    MarketOutcome {
        name: name.into(),
        token_id: "1".into(),
        price: price.into(),
        best_bid: known("0.61"),
        best_ask: known("0.63"),
        spread: known("0.02"),
        bids: if book { vec![level("0.61", "1200"), level("0.6", "80.5")] } else { Vec::new() },
        asks: if book { vec![level("0.63", "800")] } else { Vec::new() },
    }
}

fn market_of(outcomes: Vec<MarketOutcome>) -> Market {
    Market {
        r#ref: bitcoin(),
        outcomes,
        volume_usd: "1250000".into(),
        volume_day_usd: "54321.5".into(),
        liquidity_usd: "30000".into(),
        ends_at: Some(timestamp(NOW + Duration::days(8))),
        age_seconds: 42,
        ..Market::default()
    }
}

fn binary() -> Market {
    market_of(vec![answer("Yes", "0.62", true), answer("No", "0.38", true)])
}

fn person(alias: &str, tracked: bool) -> Person {
    Person { wallet: EvmAddress::parse(WALLET).unwrap(), alias: alias.into(), tracked }
}

fn change(kind: WalletChangeKind) -> WalletChange {
    WalletChange {
        address: WALLET.into(),
        kind: kind.into(),
        market: bitcoin(),
        outcome: "Yes".into(),
        shares: "1250".into(),
        price: "0.62".into(),
        usd: "775".into(),
        shares_after: "2500".into(),
        portfolio_usd: "12345.67".into(),
        filled_at: Some(timestamp(NOW - Duration::seconds(3))),
        ..WalletChange::default()
    }
}

fn wallet_alert(kind: WalletChangeKind) -> Notice {
    let alert = WalletAlert { alias: "Big <fish>".into(), change: Some(change(kind)) };
    Notice { kind: Some(NoticeKind::Wallet(alert)) }
}

fn unknown_position() -> Notice {
    let change = WalletChange {
        shares_after: String::new(),
        portfolio_usd: String::new(),
        ..change(WalletChangeKind::Bought)
    };
    Notice { kind: Some(NoticeKind::Wallet(WalletAlert { alias: String::new(), change: Some(change) })) }
}

fn large(sell: bool) -> Notice {
    Notice {
        kind: Some(NoticeKind::LargeTrade(LargeTrade {
            address: WALLET.into(),
            sell,
            market: bitcoin(),
            outcome: "No".into(),
            shares: "250000".into(),
            price: "0.38".into(),
            usd: "95000".into(),
            filled_at: Some(timestamp(NOW - Duration::seconds(2))),
            ..LargeTrade::default()
        })),
    }
}

fn signal_of(end: SignalEnd, score: u32) -> Signal {
    let holder = |address: &str, label: &str, usd: &str, portfolio_bps| SignalHolder {
        address: address.into(),
        label: label.into(),
        usd: usd.into(),
        portfolio_bps,
    };
    Signal {
        market: bitcoin(),
        outcome: "Yes".into(),
        token_id: "1".into(),
        wallets: 4,
        usd: "48000".into(),
        score,
        top: vec![holder(WALLET, "Fish", "30000", 550), holder(OTHER, "", "18000", 210)],
        at: Some(timestamp(NOW)),
        end: end.into(),
        ..Signal::default()
    }
}

fn alert(below: bool) -> PriceAlert {
    PriceAlert {
        alert_id: Uuid::from_u128(5).as_bytes().to_vec(),
        market: bitcoin(),
        outcome: "Yes".into(),
        token_id: "1".into(),
        price: "0.7".into(),
        below,
    }
}

fn fired(below: bool) -> Notice {
    let fired =
        PriceAlertFired { alert: Some(alert(below)), price: "0.705".into(), at: Some(timestamp(NOW)) };
    Notice { kind: Some(NoticeKind::PriceAlert(fired)) }
}

fn digest_of(items: Vec<Notice>, more: u32) -> Notice {
    let since = Some(timestamp(NOW - Duration::days(1)));
    Notice { kind: Some(NoticeKind::Digest(Digest { items, more, since })) }
}

fn news() -> Notice {
    let text = |language: &str, text: &str| BroadcastText { language: language.into(), text: text.into() };
    let texts = vec![
        text("en", "Rooms on <b>market caps</b> are open."),
        text("es", "Ya hay salas sobre capitalizaciones."),
        text("ru", "Открыты комнаты о капитализации."),
    ];
    Notice { kind: Some(NoticeKind::Broadcast(Broadcast { texts, ..Broadcast::default() })) }
}

fn wanted() -> Preferences {
    Preferences {
        off: vec![Category::Whale.into(), Category::Consensus.into()],
        min_usd: "500".into(),
        min_portfolio_bps: 250,
        whale_usd: "100000".into(),
        quiet: Some(QuietHours {
            on: true,
            from_minute: 22 * 60,
            until_minute: 8 * 60 + 30,
            time_zone: "Europe/Madrid".into(),
        }),
        digest: Some(DigestTime { on: true, minute: 18 * 60 }),
    }
}

fn following_two() -> ListTrackedResponse {
    let wallet = |address: &str, alias: &str| TrackedWallet {
        address: address.into(),
        alias: alias.into(),
        ..TrackedWallet::default()
    };
    ListTrackedResponse { wallets: vec![wallet(WALLET, "Big <fish>"), wallet(OTHER, "")], max: 20 }
}

fn held(outcome: &str, price: &str, pnl: &str, redeemable: bool) -> Position {
    Position {
        market: bitcoin(),
        outcome: outcome.into(),
        shares: "1250".into(),
        average_price: "0.5".into(),
        price: price.into(),
        value_usd: "775".into(),
        unrealized_pnl_usd: pnl.into(),
        redeemable,
        ..Position::default()
    }
}

fn deed(kind: ActivityKind, price: &str) -> Activity {
    Activity {
        kind: kind.into(),
        market: bitcoin(),
        outcome: if price.is_empty() { String::new() } else { "Yes".into() },
        shares: "1250".into(),
        price: price.into(),
        usd: "775".into(),
        at: Some(timestamp(NOW - Duration::HOUR)),
        ..Activity::default()
    }
}

fn course() -> Vec<Point> {
    let point = |at: i64| {
        let value = Decimal::new(55 + at * 7 % 11, 2);
        Point { second: NOW.unix_timestamp() - 3_600 * (100 - at), low: value, high: value, close: value }
    };
    (0..100).map(point).collect()
}

fn leaf<T>(shown: Vec<T>, more: bool, age: u32) -> Leaf<T> {
    Leaf { shown, more, age }
}

fn wallets(language: Language) -> Vec<(&'static str, Screen)> {
    let rich = GetPortfolioResponse {
        value_usd: "12345.67".into(),
        open_positions: 12,
        realized_pnl_usd: "-250.5".into(),
        unrealized_pnl_usd: "1000".into(),
        name: "Theo <4>".into(),
        age_seconds: 59,
        ..GetPortfolioResponse::default()
    };
    let poor =
        GetPortfolioResponse { value_usd: "0".into(), open_positions: 1, ..GetPortfolioResponse::default() };
    let totals = PositionTotals {
        positions: 12,
        value_usd: "12345.67".into(),
        cost_usd: "11345.67".into(),
        unrealized_pnl_usd: "1000".into(),
        redeemable: 2,
    };
    let some = Positions {
        leaf: leaf(vec![held("Yes", "0.62", "150", false), held("No", "1", "-12.5", true)], true, 30),
        totals,
    };
    let deeds = vec![
        deed(ActivityKind::Buy, "0.62"),
        deed(ActivityKind::Redeem, "1"),
        deed(ActivityKind::Split, ""),
        deed(ActivityKind::Other, ""),
    ];
    let [two, none] = [following_two(), ListTrackedResponse { max: 20, ..ListTrackedResponse::default() }];
    let away = Callback::Worth { wallet: EvmAddress::parse(WALLET).unwrap() };
    vec![
        ("tracked", tracked(language, &two, Some("Told.".into()))),
        ("tracked_none", tracked(language, &none, None)),
        ("track_ask", track_ask(language, None)),
        ("track_wrong", track_ask(language, Some("track-not-a-wallet"))),
        ("rename_ask", rename_ask(language, &person("Big <fish>", true), true)),
        ("following", following(language, &two.wallets[0], false)),
        ("following_already", following(language, &two.wallets[1], true)),
        ("wallet_unknown", wallet_unknown(language)),
        ("polymarket_away", polymarket_away(language, away)),
        ("worth", worth(language, &person("Fish", true), &rich)),
        ("worth_stranger", worth(language, &person("", false), &poor)),
        ("positions", positions(language, &person("Fish", true), 0, &some)),
        ("positions_none", positions(language, &person("", false), 0, &Positions::default())),
        (
            "activity",
            activity(language, &person("Fish", true), ActivityFilter::All, 1, &leaf(deeds, true, 0), NOW),
        ),
        (
            "activity_none",
            activity(language, &person("", false), ActivityFilter::Trades, 0, &Leaf::default(), NOW),
        ),
    ]
}

fn markets_and_signals(language: Language) -> Vec<(&'static str, Screen)> {
    let over = Market { closed: true, resolved: "Yes".into(), age_seconds: 0, ..binary() };
    let many = market_of((1..=6).map(|n| answer(&format!("Candidate {n}"), "0.1", false)).collect());
    let open = Market { ends_at: None, ..binary() };
    let sibling = Market { r#ref: reference("Will Bitcoin reach $200,000 in November?"), ..binary() };
    let found = || leaf(vec![binary(), over.clone(), open.clone()], true, 20);
    let captions = market_captions(language, &binary(), &[], &course(), NOW);
    let [long, .., short] = captions;
    let smart = |address: &str, label: &str| SmartWallet {
        address: address.into(),
        label: label.into(),
        ..SmartWallet::default()
    };
    let signals_of = Signals {
        leaf: leaf(
            vec![
                signal_of(SignalEnd::Open, 84),
                signal_of(SignalEnd::Right, 60),
                signal_of(SignalEnd::Wrong, 41),
                signal_of(SignalEnd::Split, 12),
            ],
            true,
            0,
        ),
        hits: (7, 3),
        scanned_at: Some(NOW - Duration::hours(11)),
    };
    vec![
        ("markets", markets(language, Searched::No, 1, &found(), NOW)),
        ("markets_found", markets(language, Searched::For("bitcoin <150k>"), 0, &found(), NOW)),
        ("markets_none", markets(language, Searched::For("frog"), 0, &Leaf::default(), NOW)),
        ("market_search", market_search(language)),
        ("market_unknown", market_unknown(language, Gap::Unknown, Callback::MarketSearch)),
        ("market", market(language, &binary(), &[sibling], NOW)),
        ("market_many", market(language, &many, &[], NOW)),
        ("market_over", market(language, &over, &[], NOW)),
        ("market_caption", long),
        ("market_caption_short", short),
        ("price_alert_ask", price_alert_ask(language, &binary(), 0, &binary().outcomes[0], true)),
        ("room_not_possible", room_not_possible(language, &binary())),
        ("room_over", room_not_possible(language, &over)),
        ("room_custom", room_custom(language, &binary(), &custom_command(&binary(), NOW).unwrap())),
        (
            "room_filled",
            create(
                language,
                &CreateDraft::default().touching(Asset::Btc, Decimal::from(150_000), Some(700_000)),
                &Opening {
                    quote: quote("102310.5"),
                    fee_percent: "3",
                    slip: Some(slip()),
                    ..Opening::default()
                },
            )
            .under(&room_filled(language, &binary(), NOW)),
        ),
        (
            "smart_wallets",
            smart_wallets(language, 0, &leaf(vec![smart(WALLET, "Fish"), smart(OTHER, "")], true, 0)),
        ),
        ("smart_wallets_none", smart_wallets(language, 0, &Leaf::default())),
        ("signals", signals(language, 0, &signals_of, true, NOW)),
        ("signals_none", signals(language, 0, &Signals::default(), false, NOW)),
    ]
}

fn settings_and_notices(language: Language) -> Vec<(&'static str, Screen)> {
    let say = |notice_of: Notice| notice(language, &notice_of, |_| None, NOW).unwrap();
    let waiting = ListPriceAlertsResponse { alerts: vec![alert(false), alert(true)], max: 20 };
    let off = Preferences {
        min_usd: "500".into(),
        min_portfolio_bps: 200,
        whale_usd: "100000".into(),
        ..Preferences::default()
    };
    let hook = GetWebhookResponse {
        url: "https://example.org/hook?a=<b>".into(),
        key: "6b".repeat(32),
        last_error: "503 Service Unavailable".into(),
        last_success_at: Some(timestamp(NOW - Duration::HOUR)),
    };
    let mixed = vec![
        wallet_alert(WalletChangeKind::Opened),
        large(true),
        fired(false),
        settled(Fate::Lost, 0, VoidReason::Unspecified, "165.02"),
    ];
    vec![
        ("alerts", alerts(language, &waiting, &wanted(), Some(alert_set(language, &alert(true))))),
        ("alerts_none", alerts(language, &ListPriceAlertsResponse::default(), &off, None)),
        ("threshold_value", threshold_ask(language, Threshold::Value, false)),
        ("threshold_share", threshold_ask(language, Threshold::Share, true)),
        ("threshold_whale", threshold_ask(language, Threshold::Whale, true)),
        ("notifications", notifications(language, &wanted(), Some("Told.".into()))),
        ("notifications_plain", notifications(language, &off, None)),
        ("quiet", quiet_ask(language, &wanted(), false)),
        ("quiet_wrong", quiet_ask(language, &off, true)),
        ("digest_ask", digest_ask(language, &wanted(), false)),
        ("digest_wrong", digest_ask(language, &off, true)),
        ("webhook", webhook(language, Some(&hook), None, NOW)),
        ("webhook_none", webhook(language, None, Some("Told.".into()), NOW)),
        ("notice_wallet_opened", say(wallet_alert(WalletChangeKind::Opened))),
        ("notice_wallet_increased", say(wallet_alert(WalletChangeKind::Increased))),
        ("notice_wallet_reduced", say(wallet_alert(WalletChangeKind::Reduced))),
        ("notice_wallet_closed", say(wallet_alert(WalletChangeKind::Closed))),
        ("notice_wallet_bought", say(unknown_position())),
        ("notice_wallet_sold", say(wallet_alert(WalletChangeKind::Sold))),
        ("notice_wallet_redeemed", say(wallet_alert(WalletChangeKind::Redeemed))),
        ("notice_wallet_resolved", say(wallet_alert(WalletChangeKind::Resolved))),
        ("notice_whale_bought", say(large(false))),
        ("notice_whale_sold", say(large(true))),
        ("notice_signal", say(Notice { kind: Some(NoticeKind::Signal(signal_of(SignalEnd::Open, 84))) })),
        ("notice_price_above", say(fired(false))),
        ("notice_price_below", say(fired(true))),
        ("notice_digest", say(digest_of(mixed, 3))),
        ("notice_broadcast", say(news())),
    ]
}

pub(super) fn all(language: Language) -> Vec<(&'static str, Screen)> {
    [wallets(language), markets_and_signals(language), settings_and_notices(language)].concat()
}

#[test]
fn a_digest_of_a_whole_day_fits_and_counts_what_it_leaves_out() {
    let items = vec![wallet_alert(WalletChangeKind::Increased); 200];
    let screen = notice(EN, &digest_of(items, 5), |_| None, NOW).unwrap();
    assert!(screen.text.encode_utf16().count() <= MAX_TEXT);
    let told = screen.text.matches("bought more").count();
    assert!(told > 10, "{told}");
    assert!(screen.text.ends_with(&format!("and {} more", 205 - told)), "{}", screen.text);
}

#[test]
fn a_digest_holds_no_digest() {
    let inner = digest_of(vec![wallet_alert(WalletChangeKind::Opened)], 0);
    let text = notice(EN, &digest_of(vec![inner], 0), |_| None, NOW).unwrap().text;
    assert!(text.contains("and one more") && !text.contains("opened"), "{text}");
}

#[test]
fn a_broadcast_is_read_in_ones_own_language_or_in_the_first() {
    let text = |code: &str| notice(Language::of_tag(code), &news(), |_| None, NOW).unwrap().text;
    assert!(text("ru").contains("комнаты"));
    assert!(text("zh").contains("&lt;b&gt;market caps"), "{}", text("zh"));
    let foreign = |language: &str, text: &str| BroadcastText { language: language.into(), text: text.into() };
    let texts = vec![foreign("fr", "Bonjour"), foreign("en-GB", "Hello")];
    let told = Notice { kind: Some(NoticeKind::Broadcast(Broadcast { texts, ..Broadcast::default() })) };
    assert!(notice(EN, &told, |_| None, NOW).unwrap().text.contains("Hello"));
    let none = Notice { kind: Some(NoticeKind::Broadcast(Broadcast::default())) };
    assert!(notice(EN, &none, |_| None, NOW).is_err());
}

#[test]
fn the_longest_market_fits_its_messages() {
    let long = |letters: usize| "W".repeat(letters);
    let outcome = MarketOutcome { name: long(300), ..answer("", "0.999", true) };
    let full = |level: BookLevel| vec![level; 5];
    let outcome = MarketOutcome {
        bids: full(level("0.999", "123456789.99")),
        asks: full(level("0.999", "123456789.99")),
        ..outcome
    };
    let wide = Market { r#ref: reference(&long(500)), ..market_of(vec![outcome; 12]) };
    for language in Language::all() {
        let list = markets(language, Searched::For(&long(90)), 0, &leaf(vec![wide.clone(); 5], true, 9), NOW);
        assert!(list.text.encode_utf16().count() <= MAX_TEXT);
        let siblings = [wide.clone(), wide.clone(), wide.clone()];
        assert!(market(language, &wide, &siblings, NOW).text.encode_utf16().count() <= MAX_TEXT);
        let captions = market_captions(language, &wide, &siblings, &course(), NOW);
        assert!(captions.iter().any(|caption| fits_caption(&caption.text)), "{}", captions[3].text);
    }
}

#[test]
fn a_page_of_a_market_is_linked_under_good_names_alone() {
    let linked = |slug: &str| {
        let mut binary = binary();
        if let Some(reference) = &mut binary.r#ref {
            reference.slug = slug.into();
        }
        let screen = market(EN, &binary, &[], NOW);
        let mut links = screen.keyboard.into_iter().flatten().filter_map(|button| match button.action {
            Action::Link(url) => Some(url),
            _ => None,
        });
        links.next_back()
    };
    assert_eq!(linked("btc-150k").as_deref(), Some("https://polymarket.com/event/bitcoin-price/btc-150k"));
    assert_eq!((linked(""), linked("x/../../y"), linked("x?y")), (None, None, None));
}

#[test]
fn the_picture_of_a_market_has_its_caption_s_numbers() {
    let drawing = market_drawing(&binary(), &course(), NOW).unwrap();
    let captions = market_captions(EN, &binary(), &[], &course(), NOW);
    // The last trade stands beside the line; all else is in the shortest caption, too.
    let last = format!("{}¢", course().last().unwrap().close * Decimal::ONE_HUNDRED);
    let last = last.replace(".00", "");
    let numbers: Vec<_> = drawing.texts().unwrap().into_iter().filter(|text| text.ends_with('¢')).collect();
    assert!(numbers.contains(&last) && numbers.len() > 2, "{numbers:?}");
    for text in numbers.iter().filter(|text| **text != last) {
        assert!(captions[3].text.contains(text.as_str()), "{text}: {}", captions[3].text);
    }
    assert!(drawing.draw().is_ok());
    assert_eq!(market_drawing(&binary(), &[], NOW), None);
    let foreign = market_of(vec![answer("Да", "0.5", false)]);
    assert!(market_drawing(&foreign, &course(), NOW).unwrap().texts().is_ok(), "no boxes for letters");
}
