//! A service whose database or broker is away says so, keeps trying, and recovers without a restart.

use chassis::{
    Runtime, Service,
    health::Role,
    service,
    settings::{Invalid, Reader, Variables},
    tasks::BoxError,
};
use serde_json::Value;
use servers::{Nats, Postgres, TestDb};
use sqlx::migrate::Migrator;
use std::{net::SocketAddr, time::Duration};

use crate::eventually;

struct Plain;

impl Service for Plain {
    const NAME: &'static str = "plain";
    const SERVICE: proto::Service = proto::Service::Room;
    const ABOUT: &'static str = "Only what every service has";
    type Settings = ();

    fn settings(_: &mut Reader) -> Result<(), Invalid> {
        Ok(())
    }
    fn migrator() -> Migrator {
        Migrator::with_migrations(Vec::new())
    }
    async fn start(runtime: &mut Runtime, (): ()) -> Result<(), BoxError> {
        runtime.health.report("upstream", Role::External, None).failing("always down");
        Ok(())
    }
}

fn variables(db: &TestDb, nats: &Nats) -> Variables {
    Variables::from([
        ("POSTGRES_URL", db.url().to_owned()),
        ("NATS_URLS", nats.url()),
        ("HTTP_ADDR", "127.0.0.1:0".to_owned()),
        ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
    ])
}

async fn get(at: SocketAddr, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{at}{path}")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The names of the checks that are not well.
async fn unwell(at: SocketAddr, path: &str) -> (u16, Vec<String>) {
    let (status, body) = get(at, path).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let checks = body["checks"].as_array().unwrap().iter();
    (
        status,
        checks
            .filter(|one| one["state"] != "ok")
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect(),
    )
}

#[tokio::test]
async fn readiness_follows_database_and_broker_without_a_restart() {
    let (postgres, nats) = (Postgres::for_test().await.unwrap(), Nats::for_test().await.unwrap());
    let migrator = chassis::db::migrator(&Plain::migrator());
    let db = TestDb::create_in(&postgres, &[("room", &migrator)]).await.unwrap();
    postgres.kill().await;
    nats.kill().await;

    let running = service::start::<Plain>(variables(&db, &nats)).await.unwrap();
    let at = running.http();
    let misses = async |names: &[&str]| {
        let (status, unwell) = unwell(at, "/health/ready").await;
        status == 503 && names.iter().all(|name| unwell.iter().any(|other| other == name))
    };
    assert!(misses(&["postgres", "nats"]).await);
    assert_eq!(get(at, "/health/db").await.0, 503);
    assert_eq!(get(at, "/health/live").await.0, 200, "a restart would not bring the database back");

    postgres.restart().await.unwrap();
    nats.restart().await.unwrap();
    eventually("ready", || async { unwell(at, "/health/ready").await == (200, vec![]) }).await;

    nats.kill().await;
    eventually("broker missed", || misses(&["nats"])).await;
    nats.restart().await.unwrap();
    eventually("ready again", || async { unwell(at, "/health/ready").await == (200, vec![]) }).await;

    postgres.kill().await;
    eventually("database missed", || misses(&["postgres"])).await;
    postgres.restart().await.unwrap();
    eventually("ready at last", || async { unwell(at, "/health/ready").await == (200, vec![]) }).await;

    let (_, body) = get(at, "/health/ready").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert!(body["checks"][0]["last_error"].is_string() && body["checks"][0]["since"].is_string(), "{body}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn the_other_endpoints_answer() {
    let db = TestDb::create("room", &chassis::db::migrator(&Plain::migrator())).await.unwrap();
    let nats = Nats::for_test().await.unwrap();
    let running = service::start::<Plain>(variables(&db, &nats)).await.unwrap();
    let at = running.http();
    assert_eq!(unwell(at, "/health/external").await, (200, vec!["upstream".to_owned()]), "degrades only");
    assert_eq!(unwell(at, "/health/cache").await, (200, vec![]));

    let (status, page) = get(at, "/metrics").await;
    assert_eq!(status, 200);
    assert!(page.contains("health_check_ok{check=\"upstream\",role=\"external\"} 0"), "{page}");
    assert!(page.contains("build_info{service=\"plain\""), "{page}");

    // What is waiting when the shutdown begins is still answered; what comes afterwards is not.
    let stopped = tokio::time::timeout(Duration::from_secs(10), running.stop()).await.unwrap();
    stopped.unwrap();
    assert!(reqwest::get(format!("http://{at}/health/live")).await.is_err());
}
