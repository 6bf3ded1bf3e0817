use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

async fn status(health: &Health) -> &'static str {
    health.ready().await.status
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_not_renewed_fails() {
    let health = Health::default();
    let relay = health.report("relay", Role::Work, Some(Duration::from_secs(10)));
    assert_eq!(status(&health).await, "failing", "nothing known yet");
    relay.ok();
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(status(&health).await, "ok");
    tokio::time::advance(Duration::from_secs(1)).await;
    let answer = health.ready().await;
    assert_eq!(answer.status, "failing");
    assert_eq!(answer.checks[0].last_error.as_deref(), Some("nothing heard for 11 s"));
    relay.ok();
    let answer = health.ready().await;
    assert_eq!(answer.status, "ok");
    assert!(answer.checks[0].last_error.is_some(), "what was wrong stays readable");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_is_cut_off_and_does_not_delay_the_others() {
    let health = Health::default();
    health.probe("stuck", Role::Database, std::future::pending);
    health.probe("stuck too", Role::Broker, std::future::pending);
    let asked = Instant::now();
    let answer = health.ready().await;
    assert_eq!(asked.elapsed(), PROBE_LIMIT);
    assert_eq!(
        answer.checks.iter().filter_map(|one| one.last_error.as_deref()).collect::<Vec<_>>(),
        ["no answer within 2s"; 2]
    );
}

#[tokio::test(start_paused = true)]
async fn many_askers_cause_few_probes() {
    let (health, runs) = (Health::default(), Arc::new(AtomicUsize::new(0)));
    let counted = runs.clone();
    health.probe("postgres", Role::Database, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok(()) }
    });
    join_all((0..100).map(|_| health.ready())).await;
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    tokio::time::advance(PROBE_AGE).await;
    health.ready().await;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_start_is_seen_at_once_and_a_failure_later_costs_no_more_than_before() {
    let (health, broken) = (Health::default(), Arc::new(AtomicUsize::new(1)));
    let asked = broken.clone();
    health.probe("nats", Role::Broker, move || {
        let broken = asked.load(Ordering::Relaxed) > 0;
        async move { if broken { Err("not connected".to_owned()) } else { Ok(()) } }
    });
    assert_eq!(status(&health).await, "failing");
    broken.store(0, Ordering::Relaxed);
    tokio::time::advance(STARTING_AGE).await;
    assert_eq!(status(&health).await, "ok");
    broken.store(1, Ordering::Relaxed);
    tokio::time::advance(PROBE_AGE).await;
    assert_eq!(status(&health).await, "failing");
    broken.store(0, Ordering::Relaxed);
    tokio::time::advance(STARTING_AGE).await;
    assert_eq!(status(&health).await, "failing", "the verdict is used again");
    tokio::time::advance(PROBE_AGE).await;
    assert_eq!(status(&health).await, "ok");
}

#[tokio::test]
async fn an_upstream_that_is_down_degrades_only() {
    let health = Health::default();
    health.report("postgres", Role::Database, None).ok();
    health.report("binance", Role::External, None).failing("connection refused");
    assert_eq!(status(&health).await, "ok");
    let external = health.ask(|role| role == Role::External).await;
    assert_eq!(external.status, "degraded");
    assert_eq!(external.into_response().status(), StatusCode::OK);
}

#[tokio::test]
async fn since_is_when_the_state_changed_not_when_it_was_last_confirmed() {
    let health = Health::default();
    let report = health.report("relay", Role::Work, None);
    report.failing("first");
    let since = health.ready().await.checks[0].since;
    report.failing("second");
    let answer = health.ready().await;
    assert_eq!((answer.checks[0].since, answer.checks[0].last_error.as_deref()), (since, Some("second")));
}
