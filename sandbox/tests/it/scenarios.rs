//! The acceptance scenarios of onboarding, wallet, rooms, creation and betting, by their numbers, through the chat of one world
//! with all services; and what the chat says while each of the services is down.
//!
//! They play side by side, each with people of its own. Those that stop something for everybody come last, one by one.

mod arenas;
mod betting;
mod calling_off;
mod down;
mod making;
mod money;
mod onboarding;
mod people;
mod traces;

use std::time::Duration;

use anyhow::Result;
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use people::Town;
use sandbox::botapi;
use sandbox::world::{World, WorldOptions};
use servers::scratch::Scratch;

use crate::collector::Collector;

/// Played at the same time: more are only slower on two cores.
const AT_ONCE: usize = 8;

/// Longest for one.
const LIMIT: Duration = Duration::from_secs(120);

/// What is other than in any sandbox; the product's value behind it.
const VARIABLES: [(&str, &str, &str); 9] = [
    ("LIMIT_MESSAGES_PER_MINUTE", "200", "10"),
    ("LIMIT_PRESSES_PER_MINUTE", "200", "60"),
    ("LIMIT_UPDATES_PER_MINUTE", "100000", "1000"),
    ("TELEGRAM_CHAT_GAP", "0ms", "1s"),
    ("TELEGRAM_CALLS_PER_SECOND", "1000", "30"),
    // Few seats, so that few people fill a room.
    ("ROOM_MAX_PLAYERS", "4", "10"),
    ("DEPOSIT_WITHDRAWABLE_AFTER", "5s", "10m"),
    ("WITHDRAW_APPROVAL_THRESHOLD", "1800000000", "10000000000"),
    ("WITHDRAW_NEW_ADDRESS_DAY_CAP", "20000000000", "1000000000"),
];

type Scenario<'a> = (&'static str, LocalBoxFuture<'a, Result<()>>);

macro_rules! scenarios {
    ($town:expr, $($module:ident :: $name:ident),+ $(,)?) => {
        vec![$((stringify!($name), Box::pin($module::$name($town)) as LocalBoxFuture<'_, Result<()>>)),+]
    };
}

/// Scenarios 1 to 4, 10 to 16, 18 to 32 and 53 (that of the price feed, 6, and of a fault of each service besides).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios_of_the_chat() {
    let _world = crate::smoke::WORLDS.acquire().await.unwrap();
    let scratch = Scratch::create().unwrap();
    let collector = Collector::start().await;
    let world = World::start(WorldOptions {
        fresh: true,
        program: env!("CARGO_BIN_EXE_sandbox").into(),
        variables: VARIABLES
            .iter()
            .map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned()))
            .chain([("OTLP_ENDPOINT".to_owned(), collector.url.clone())])
            .collect(),
        faulty_endpoints: 1,
        telegram_limits: botapi::Limits {
            private_burst: 1_000,
            overall_per_second: 1_000,
            group_per_minute: 20,
        },
        ..WorldOptions::new(scratch.path()).elsewhere().unwrap()
    })
    .await
    .unwrap();
    let town = &Town::new(&world, collector);
    let side_by_side = scenarios![
        town,
        onboarding::scenario_01_a_newcomer_gets_a_wallet_and_no_secret,
        onboarding::scenario_02_starting_twice_at_once_makes_one_account,
        onboarding::scenario_03_the_first_invitation_counts,
        onboarding::scenario_04_an_own_or_unknown_code_brings_nobody,
        money::scenario_10_a_withdrawal_leaves_and_is_final,
        money::scenario_12_amounts_that_are_none_move_nothing,
        money::scenario_13_a_bad_address_is_refused_before_the_amount,
        money::scenario_14_fresh_money_waits_and_large_amounts_need_operators,
        money::scenario_15_transfers_page_by_ten_with_their_signs,
        money::scenario_16_no_key_can_be_exported,
        making::scenario_18_whatever_an_operator_writes_is_shown_as_text,
        making::scenario_19_a_screen_is_not_overwritten_by_another,
        making::scenario_20_the_wizard_opens_what_was_reviewed,
        making::scenario_21_market_caps_are_typed_short_and_kept_long,
        making::scenario_22_an_unknown_asset_is_said_to_be_unknown,
        making::scenario_23_what_cannot_be_a_room_is_refused_with_its_reason,
        making::scenario_24_going_back_loses_nothing,
        betting::scenario_25_the_preview_says_stake_odds_and_payout,
        betting::scenario_26_stakes_outside_the_limits_take_nothing,
        betting::scenario_27_two_confirmations_are_one_bet,
        betting::scenario_28_one_bet_per_room,
        betting::scenario_29_one_seat_is_taken_once,
        betting::scenario_30_after_the_lock_nothing_is_accepted,
        betting::scenario_31_an_old_preview_is_checked_anew,
        calling_off::scenario_32_a_room_queues_until_its_players_are_there,
        calling_off::scenario_53_two_operators_void_a_room_with_a_reason,
    ];
    let mut failed =
        futures::stream::iter(side_by_side).map(play).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    let one_by_one = scenarios![
        town,
        // Alone: a batch belongs to the trace of its first message.
        traces::one_tap_is_one_trace_through_all_services,
        // Alone: the group goes to the first public room that opens.
        arenas::scenarios_49_and_51_a_group_hosts_the_players_of_a_room,
        money::scenario_11_a_lost_transaction_is_sent_again_and_paid_once,
        making::scenario_24_a_draft_survives_a_restart,
        down::scenario_06_without_prices_the_desk_says_so,
        down::a_fault_of_each_service_is_told_with_a_reference,
    ];
    for scenario in one_by_one {
        failed.push(play(scenario).await);
    }
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    if !failed.is_empty() {
        for service in world.services() {
            eprintln!("-- {}\n{}\n", service.name(), service.log_tail());
        }
    }
    world.stop().await;
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// Plays one; what went wrong, if anything did.
async fn play((name, scenario): Scenario<'_>) -> Option<String> {
    let began = tokio::time::Instant::now();
    let played = tokio::time::timeout(LIMIT, scenario).await;
    let played = played.unwrap_or_else(|_| Err(anyhow::anyhow!("not at its end after {LIMIT:?}")));
    let how = if played.is_ok() { "ok" } else { "FAILED" };
    println!("{name} … {how} ({:.1} s)", began.elapsed().as_secs_f64());
    played.err().map(|error| format!("{name}: {error:#}"))
}
