//! The tracker in the chat: wallets, markets, alerts, and what is told of them.

use crate::{
    delivery,
    polymarket::{MARKET, market},
    stage::{Got, Stage},
};
use proto::{
    Command, Refusal, Service,
    common::{Outcome, RefusalCode},
    gateway::Deliver,
    notifier::{
        CategorySwitch, ChangePreferences, ChangePreferencesDone, Lane, Notice, Preferences, PriceAlert,
        QuietHours, RemovePriceAlert, RemovePriceAlertDone, RenameWallet, RenameWalletDone, SetPriceAlert,
        SetPriceAlertDone, Signal, TrackWallet, TrackWalletDone, TrackedWallet, UntrackWallet,
        UntrackWalletDone, WalletAlert, change_preferences::Change, notice::Kind,
    },
    oracle::{
        Activity, ActivityKind, GetPortfolioResponse, LargeTrade, MarketRef, Position, PositionTotals,
        PricePoint, WalletChange, WalletChangeKind,
    },
    room::{Kind as RoomKind, OpenRoom},
    timestamp,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const GROUP: i64 = -1_002_100_000_001;
const WALLET: &str = "0x6a72f61820b26b1fe4d956e17b6dc2a1ea3033ee";

async fn stage() -> Stage {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    stage.telegram.forget_messages(ANNA);
    stage
}

/// notifier-svc does as it was asked.
async fn done<C: Command>(stage: &Stage, got: &Got<C>, done: &impl prost::Message) {
    stage.tell(Service::Notifier, Outcome::done(got.id.as_bytes(), done)).await;
}

async fn refused<C: Command>(stage: &Stage, got: &Got<C>, refusal: Refusal) {
    stage.tell(Service::Notifier, Outcome::refused(got.id.as_bytes(), &refusal)).await;
}

fn fish() -> TrackedWallet {
    TrackedWallet { address: WALLET.into(), alias: "Big fish".into(), ..TrackedWallet::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_54_a_wallet_is_tracked_renamed_and_let_go() {
    let stage = stage().await;
    let account = stage.account_of(ANNA).await;
    let telegram = stage.telegram.clone();

    telegram.say(ANNA, &format!("/track 0X{} Big  fish", WALLET[2..].to_uppercase()));
    let track = stage.next::<TrackWallet>().await;
    assert_eq!(
        (track.command.clone(), track.reply_to.as_str(), track.expires),
        (
            TrackWallet { account_id: account.clone(), address: WALLET.into(), alias: "Big fish".into() },
            "gateway",
            true
        )
    );
    done(&stage, &track, &TrackWalletDone { wallet: Some(fish()), already: false }).await;
    let followed = telegram.sees(ANNA, "I follow <b>Big fish</b>").await;
    assert!(followed.button("Positions").is_some() && followed.button("Rename").is_some());
    stage.told().await;

    // A base58 address and a page that names nobody are none; the next text may be one, and its name too long.
    telegram.say(ANNA, "/track 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin");
    telegram.sees(ANNA, "That is no wallet's address").await;
    telegram.say(ANNA, &format!("{WALLET} {}", "x".repeat(41)));
    telegram.sees(ANNA, "more than 40 characters").await;
    telegram.say(ANNA, &format!("https://polymarket.com/profile/{WALLET}"));
    let again = stage.next::<TrackWallet>().await;
    assert_eq!((again.command.address.as_str(), again.command.alias.as_str()), (WALLET, ""));
    done(&stage, &again, &TrackWalletDone { wallet: Some(fish()), already: true }).await;
    telegram.sees(ANNA, "You follow <b>Big fish</b> already").await;
    stage.told().await;

    stage.services.tracker(|tracker| tracker.tracked = vec![fish()]);
    telegram.say(ANNA, "/list");
    let list = telegram.sees(ANNA, "Wallets you follow").await;
    assert!(list.text.contains("Big fish") && list.text.contains(WALLET), "{}", list.text);
    telegram.say(ANNA, &format!("/rename {WALLET} Small fish"));
    let rename = stage.next::<RenameWallet>().await;
    assert_eq!((rename.command.address.as_str(), rename.command.alias.as_str()), (WALLET, "Small fish"));
    stage.services.tracker(|tracker| tracker.tracked[0].alias = "Small fish".into());
    done(&stage, &rename, &RenameWalletDone { wallet: None }).await;
    telegram.sees(ANNA, "It is called so from now on").await;
    stage.told().await;

    // By its name; and a wallet that is none of the member's.
    telegram.say(ANNA, "/untrack nobody");
    telegram.sees(ANNA, "I know no such wallet").await;
    telegram.say(ANNA, "/untrack small FISH");
    let untrack = stage.next::<UntrackWallet>().await;
    assert_eq!(untrack.command, UntrackWallet { account_id: account, address: WALLET.into() });
    stage.services.tracker(|tracker| tracker.tracked.clear());
    done(&stage, &untrack, &UntrackWalletDone {}).await;
    telegram.sees(ANNA, "I do not follow it any more").await;

    // While notifier-svc takes its time, that is said.
    telegram.say(ANNA, &format!("/track {WALLET}"));
    let one_too_many = stage.next::<TrackWallet>().await;
    telegram.sees(ANNA, "Still working").await;
    refused(&stage, &one_too_many, Refusal::new(RefusalCode::TrackedTooMany).with("max", 20)).await;
    telegram.sees(ANNA, "You follow 20 wallets already").await;
}

fn position(number: u32) -> Position {
    let question = format!("Question number {number}?");
    Position {
        market: Some(MarketRef { question, condition_id: MARKET.into(), ..MarketRef::default() }),
        outcome: "Yes".into(),
        shares: "10".into(),
        average_price: "0.5".into(),
        price: "0.6".into(),
        value_usd: "6".into(),
        unrealized_pnl_usd: "1".into(),
        ..Position::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_59_positions_are_paged_and_totals_are_over_all_of_them() {
    let stage = stage().await;
    let telegram = stage.telegram.clone();
    stage.services.tracker(|tracker| {
        tracker.tracked = vec![fish()];
        tracker.positions = (1..=12).map(position).collect();
        tracker.totals = PositionTotals {
            positions: 12,
            value_usd: "72".into(),
            cost_usd: "60".into(),
            unrealized_pnl_usd: "12".into(),
            redeemable: 0,
        };
        tracker.age = 42;
    });
    telegram.say(ANNA, "/positions big fish");
    let first = telegram.sees(ANNA, "Question number 5?").await;
    for said in
        ["<b>12</b> positions worth <b>$72</b>, bought for $60: +$12", "Page 1 of 3", "As of 42 s ago"]
    {
        assert!(first.text.contains(said), "{said}: {}", first.text);
    }
    assert!(!first.text.contains("number 6") && first.button("Before").is_none());
    telegram.press(ANNA, "More").await;
    telegram.sees(ANNA, "Question number 10?").await;
    telegram.press(ANNA, "More").await;
    let last = telegram.sees(ANNA, "Question number 12?").await;
    assert!(last.text.contains("<b>12</b> positions worth <b>$72</b>") && last.button("More").is_none());

    // Away is said, and is never an empty list; back again, it goes on where one was.
    stage.services.tracker(|tracker| tracker.away = true);
    telegram.press(ANNA, "Refresh").await;
    let away = telegram.sees(ANNA, "Polymarket does not answer").await;
    assert!(
        away.text.contains("What you track is kept") && !away.text.contains("no positions"),
        "{}",
        away.text
    );
    stage.services.tracker(|tracker| tracker.away = false);
    telegram.press(ANNA, "Refresh").await;
    telegram.sees(ANNA, "Question number 12?").await;
    stage.services.tracker(|tracker| {
        assert!(tracker.asked.iter().all(|wallet| wallet == WALLET), "{:?}", tracker.asked);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn balance_and_history_alone_are_ones_own_and_else_a_wallets() {
    let stage = stage().await;
    let telegram = stage.telegram.clone();
    telegram.say(ANNA, "/balance");
    telegram.sees(ANNA, "2 SOL").await;
    telegram.say(ANNA, "/history");
    telegram.sees(ANNA, "No bet of yours is settled yet").await;

    let deed = |kind: ActivityKind, outcome: &str| Activity {
        kind: kind.into(),
        market: position(1).market,
        outcome: outcome.into(),
        shares: "10".into(),
        price: "0.6".into(),
        usd: "6".into(),
        at: Some(timestamp(OffsetDateTime::now_utc())),
        ..Activity::default()
    };
    stage.services.tracker(|tracker| {
        tracker.worth =
            GetPortfolioResponse { value_usd: "1234.5".into(), open_positions: 3, ..Default::default() };
        tracker.activity = vec![deed(ActivityKind::Buy, "Yes"), deed(ActivityKind::Redeem, "No")];
    });
    telegram.say(ANNA, &format!("/balance {WALLET}"));
    let worth = telegram.sees(ANNA, "Worth <b>$1,234.50</b> in 3 open positions").await;
    assert!(worth.text.contains("unknown realized") && worth.button("Follow").is_some(), "{}", worth.text);
    telegram.press(ANNA, "History").await;
    telegram.sees(ANNA, "Bought 10 Yes at 60¢").await;
    telegram.press(ANNA, "Redeemed").await;
    let redeemed = telegram.with_button(ANNA, "• Redeemed").await;
    assert!(
        redeemed.text.contains("Redeemed 10 No") && !redeemed.text.contains("Bought"),
        "{}",
        redeemed.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_market_is_found_pictured_and_waited_for() {
    let stage = stage().await;
    let telegram = stage.telegram.clone();
    let now = OffsetDateTime::now_utc();
    stage.services.tracker(|tracker| {
        tracker.markets = vec![market("Will Bitcoin reach $150,000 in November?", Duration::days(8))];
        let point = |at: i64| PricePoint {
            second: (now - Duration::hours(100 - at)).unix_timestamp(),
            price: format!("0.{}", 40 + at % 30),
        };
        tracker.course = (0..100).map(point).collect();
    });
    telegram.say(ANNA, "/market frog");
    telegram.sees(ANNA, "There is none").await;
    for unknown in ["0x12", "will-it-not", "https://polymarket.com/event/none"] {
        telegram.forget_messages(ANNA);
        telegram.say(ANNA, &format!("/market {unknown}"));
        telegram.sees(ANNA, "I find no such market").await;
    }
    telegram.say(ANNA, "/status");
    telegram.sees(ANNA, "Wallets and markets of Polymarket").await;
    telegram.say(ANNA, "/markets BITCOIN november");
    let found = telegram.sees(ANNA, "Will Bitcoin reach").await;
    assert!(found.text.contains("Yes 62¢ · No 38¢"), "{}", found.text);
    telegram.press(ANNA, "Will Bitcoin").await;
    let card = telegram.sees(ANNA, "bid 61¢ · ask 63¢ · spread 2¢").await;
    assert!(telegram.photo(&card).starts_with(b"\x89PNG"));
    assert!(card.text.contains("Last 7 days, Yes: 40¢ to 69¢"), "{}", card.text);

    // Below the price now, so it waits for it to fall; what is typed is read as people write it.
    telegram.press(ANNA, "🔔 Yes").await;
    telegram.sees(ANNA, "Yes trades at <b>62¢</b>").await;
    telegram.say(ANNA, "150");
    telegram.sees(ANNA, "no price between").await;
    telegram.say(ANNA, "55¢");
    let set = stage.next::<SetPriceAlert>().await;
    let alert = set.command.alert.clone().unwrap();
    assert_eq!((alert.token_id.as_str(), alert.price.as_str(), alert.below), ("71", "0.55", true));
    stage.services.tracker(|tracker| tracker.alerts = vec![alert.clone()]);
    done(&stage, &set, &SetPriceAlertDone { alert: Some(alert.clone()) }).await;
    telegram.sees(ANNA, "I tell you once when Yes trades at <b>55¢</b> or less").await;
    stage.told().await;
    telegram.press(ANNA, "✕ Yes 55¢").await;
    let remove = stage.next::<RemovePriceAlert>().await;
    assert_eq!(remove.command.alert_id, alert.alert_id);
    stage.services.tracker(|tracker| tracker.alerts.clear());
    done(&stage, &remove, &RemovePriceAlertDone {}).await;
    telegram.sees(ANNA, "You wait for no price").await;
    stage.told().await;
    // A preset above the price waits for it to rise.
    telegram.say(ANNA, "/market will-it");
    telegram.press(ANNA, "🔔 No").await;
    telegram.press(ANNA, "48¢").await;
    let PriceAlert { outcome, price, below, .. } = stage.next::<SetPriceAlert>().await.command.alert.unwrap();
    assert_eq!((outcome.as_str(), price.as_str(), below), ("No", "0.48", false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_market_about_a_price_becomes_a_room_and_others_say_why_not() {
    let stage = Stage::set_with(vec![("TELEGRAM_ADMINS", "7".into())]).await;
    let telegram = stage.telegram.clone();
    for user in [ANNA, 7] {
        stage.member(user).await;
        telegram.forget_messages(user);
    }
    let now_asks = |question: &str, left: Duration| {
        stage.services.tracker(|tracker| tracker.markets = vec![market(question, left)]);
    };
    now_asks("Will Bitcoin reach $150,000 in November?", Duration::days(8));
    telegram.say(ANNA, "/market will-it");
    telegram.press(ANNA, "Make a room").await;
    let review = telegram.sees(ANNA, "Review your room").await;
    assert!(review.text.contains("a room lasts a day at most"), "{}", review.text);
    telegram.press(ANNA, "Open this room").await;
    let open = stage.next::<OpenRoom>().await.command;
    assert_eq!(
        (open.kind(), open.asset.as_str(), open.target.as_str(), open.horizon_seconds),
        (RoomKind::Touch, "BTC", "150000", 86_400)
    );

    now_asks("Who's elected mayor?", Duration::days(8));
    telegram.forget_messages(ANNA);
    telegram.say(ANNA, "/market will-it");
    telegram.press(ANNA, "Make a room").await;
    let refused = telegram.sees(ANNA, "cannot become a room of yours").await;
    assert!(
        refused.text.contains("operators alone") && !refused.text.contains("roomsctl"),
        "{}",
        refused.text
    );
    telegram.say(7, "/market will-it");
    telegram.press(7, "Make a room").await;
    let command = telegram.sees(7, "roomsctl room open --kind custom").await;
    // As HTML; a shell reads the question literally.
    assert!(command.text.contains(r"--question 'Who'\''s elected mayor?'"), "{}", command.text);
}

fn alert() -> Notice {
    let change = WalletChange {
        address: WALLET.into(),
        kind: WalletChangeKind::Opened.into(),
        market: market("Will it?", Duration::DAY).r#ref,
        outcome: "Yes".into(),
        shares: "1250".into(),
        price: "0.62".into(),
        usd: "775".into(),
        filled_at: Some(timestamp(OffsetDateTime::now_utc() - Duration::minutes(2))),
        ..WalletChange::default()
    };
    Notice { kind: Some(Kind::Wallet(WalletAlert { alias: "Big fish".into(), change: Some(change) })) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_says_price_market_and_delay_and_is_silent_in_quiet_hours() {
    let stage = stage().await;
    let telegram = stage.telegram.clone();
    let id = delivery::deliver(&stage, ANNA, alert()).await;
    delivery::ended(&stage, id, "sent").await;
    let loud =
        telegram.sees(ANNA, "<b>Big fish</b> opened a position: 1,250 Yes at 62¢ for <b>$775</b>").await;
    assert!(loud.text.contains("told 2 min later") && !loud.silent, "{}", loud.text);
    let page = "https://polymarket.com/event/it/will-it";
    assert!(loud.keyboard.to_string().contains(page), "{}", loud.keyboard);
    // An alert is a record: its buttons answer below it.
    stage.services.tracker(|tracker| tracker.markets = vec![market("Will it?", Duration::DAY)]);
    telegram.press(ANNA, "Will it?").await;
    let card = telegram.sees(ANNA, "bid 61¢").await;
    assert!(card.id > loud.id);

    telegram.forget_messages(ANNA);
    let quiet = Deliver {
        notification_id: Uuid::now_v7().as_bytes().to_vec(),
        account_id: stage.account_of(ANNA).await,
        lane: Lane::Tracker.into(),
        notice: Some(alert()),
        silent: true,
        ..Deliver::default()
    };
    stage.command(Uuid::now_v7(), &quiet, "").await;
    assert!(telegram.sees(ANNA, "opened a position").await.silent);
}

/// What is muted under a notice is said below it, and the notice stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_is_muted_stays() {
    let stage = stage().await;
    let telegram = stage.telegram.clone();
    let trade = LargeTrade {
        address: WALLET.into(),
        market: market("Will it?", Duration::DAY).r#ref,
        outcome: "Yes".into(),
        shares: "20000".into(),
        price: "0.62".into(),
        usd: "12400".into(),
        filled_at: Some(timestamp(OffsetDateTime::now_utc())),
        ..LargeTrade::default()
    };
    let notice = Notice { kind: Some(Kind::LargeTrade(trade)) };
    let id = delivery::deliver(&stage, ANNA, notice).await;
    delivery::ended(&stage, id, "sent").await;
    let told = telegram.sees(ANNA, "20,000 Yes").await;
    telegram.press(ANNA, "Mute").await;
    let got = stage.next::<ChangePreferences>().await;
    done(&stage, &got, &ChangePreferencesDone { preferences: None }).await;
    let noted = telegram.sees(ANNA, "✓ Noted").await;
    assert!(noted.id > told.id, "the notice became {}", noted.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_is_set_and_consensus_muted() {
    let stage = stage().await;
    let telegram = stage.telegram.clone();
    let quiet = QuietHours { from_minute: 1_320, until_minute: 480, time_zone: "UTC".into(), on: false };
    let told = Preferences {
        min_usd: "500".into(),
        min_portfolio_bps: 200,
        whale_usd: "100000".into(),
        quiet: Some(quiet),
        ..Preferences::default()
    };
    stage.services.tracker(|tracker| tracker.preferences = told);
    let settled = async |got: Got<ChangePreferences>| {
        let preferences = None;
        done(&stage, &got, &ChangePreferencesDone { preferences }).await;
        telegram.sees(ANNA, "✓ Noted").await;
        stage.told().await;
        telegram.forget_messages(ANNA);
    };
    let changed = async || stage.next::<ChangePreferences>().await;

    telegram.say(ANNA, "/muteconsensus");
    let got = changed().await;
    let category = proto::notifier::Category::Consensus.into();
    assert_eq!(got.command.change, Some(Change::Category(CategorySwitch { category, on: false })));
    settled(got).await;

    telegram.say(ANNA, "/settings");
    telegram.press(ANNA, "Notifications").await;
    let overview = telegram.sees(ANNA, "What I tell you").await;
    assert!(overview.text.contains("from $500 on, or from 2 %"), "{}", overview.text);
    telegram.press(ANNA, "Quiet hours").await;
    telegram.sees(ANNA, "Choose the hours").await;
    telegram.say(ANNA, "at night");
    telegram.sees(ANNA, "I could not read that").await;
    telegram.say(ANNA, "23-7:30 Europe/Madrid");
    let got = changed().await;
    let quiet =
        QuietHours { on: true, from_minute: 1_380, until_minute: 450, time_zone: "Europe/Madrid".into() };
    assert_eq!(got.command.change, Some(Change::Quiet(quiet)));
    settled(got).await;

    telegram.say(ANNA, "/alerts");
    telegram.press(ANNA, "👛 From part").await;
    telegram.say(ANNA, "2.5 %");
    let got = changed().await;
    assert_eq!(got.command.change, Some(Change::MinPortfolioBps(250)));
    settled(got).await;

    telegram.say(ANNA, "/alerts");
    telegram.press(ANNA, "Notifications").await;
    telegram.press(ANNA, "Webhook").await;
    telegram.sees(ANNA, "I call no address of yours").await;
    telegram.say(ANNA, "http://example.org");
    telegram.sees(ANNA, "no https address").await;
    telegram.say(ANNA, "https://10.0.0.1/hook");
    let got = changed().await;
    assert_eq!(got.command.change, Some(Change::WebhookUrl("https://10.0.0.1/hook".into())));
    telegram.forget_messages(ANNA);
    refused(&stage, &got, Refusal::new(RefusalCode::WebhookInvalid)).await;
    telegram.sees(ANNA, "no https address that I can call from outside").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_say_how_often_they_were_right_and_groups_hear_nothing() {
    let stage = stage().await;
    let telegram = stage.telegram.clone();
    stage.services.tracker(|tracker| {
        let signal = |score| Signal {
            market: market("Will it?", Duration::DAY).r#ref,
            outcome: "Yes".into(),
            wallets: 3,
            usd: "9000".into(),
            score,
            ..Signal::default()
        };
        tracker.signals = (0..7).map(|n| signal(90 - n)).collect();
    });
    telegram.say(ANNA, "/consensus");
    let first = telegram.sees(ANNA, "score 90 (very high)").await;
    assert!(first.text.contains("Of 4 that are decided so far, 3 were right: 75 %."), "{}", first.text);
    assert!(!first.text.contains("score 85"));
    telegram.press(ANNA, "More").await;
    telegram.sees(ANNA, "score 84 (very high)").await;
    telegram.say(ANNA, "/smartwallets");
    telegram.sees(ANNA, "None is listed").await;

    telegram.gather(GROUP, &[ANNA]);
    for text in ["/list", "/track", "/balance", "/markets@rooms_test_bot", "/help"] {
        telegram.say_in(GROUP, ANNA, text);
    }
    // The last one is answered, so the others were heard.
    telegram.sees(GROUP, "/odds").await;
    assert_eq!(telegram.messages(GROUP).len(), 1, "{:#?}", telegram.messages(GROUP));
}
