use std::time::Duration;

use servers::{Postgres, PostgresOptions, TestDb, scratch::Scratch};
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::eventually;

static MIGRATOR: Migrator = sqlx::migrate!("tests/migrations");

async fn widgets(pool: &PgPool) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM widget");
    count.fetch_one(pool).await.unwrap()
}

/// Seconds between a schema's clock and the server's, rounded.
async fn offset(pool: &PgPool) -> i64 {
    let seconds = "SELECT round(extract(epoch FROM db_clock() - clock_timestamp()))::bigint";
    sqlx::query_scalar(seconds).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn each_test_has_its_own_copy() {
    let (one, two) = tokio::join!(TestDb::create("alpha", &MIGRATOR), TestDb::create("alpha", &MIGRATOR));
    let (one, two) = (one.unwrap(), two.unwrap());
    let insert = sqlx::query("INSERT INTO alpha.widget VALUES (2)");
    insert.execute(one.pool()).await.unwrap();
    assert_eq!(widgets(one.pool()).await, 2);
    assert_eq!(widgets(two.pool()).await, 1);
    let by_url = PgPool::connect(one.url()).await.unwrap();
    assert_eq!(widgets(&by_url).await, 2);
}

#[tokio::test]
async fn a_role_has_no_right_on_another_schema() {
    let db = TestDb::with(&[("alpha", &MIGRATOR), ("beta", &MIGRATOR)]).await.unwrap();
    let beta = PgPool::connect(&db.url_of("beta")).await.unwrap();
    assert_eq!(widgets(&beta).await, 1);
    let refused = sqlx::query("SELECT 1 FROM alpha.widget").execute(&beta).await.unwrap_err();
    let code = refused.as_database_error().unwrap().code().unwrap();
    assert_eq!(code, "42501", "insufficient_privilege");
}

#[tokio::test]
async fn stepping_the_clock_moves_all_schemas_of_one_database() {
    let parts = [("alpha", &MIGRATOR), ("beta", &MIGRATOR)];
    let (db, other) = (TestDb::with(&parts).await.unwrap(), TestDb::with(&parts).await.unwrap());
    assert_eq!(offset(db.pool()).await, 0);
    db.advance(Duration::from_secs(3_600)).await.unwrap();
    db.advance(Duration::from_secs(60)).await.unwrap();
    assert_eq!(offset(db.pool()).await, 3_660);
    assert_eq!(offset(&db.pool_of("beta")).await, 3_660);
    assert_eq!(offset(other.pool()).await, 0);
}

#[tokio::test]
async fn a_dropped_database_is_deleted() {
    let db = TestDb::create("alpha", &MIGRATOR).await.unwrap();
    let other = TestDb::create("alpha", &MIGRATOR).await.unwrap();
    let name = db.name().to_owned();
    drop(db);
    eventually("it is gone", || async {
        let found: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(&name)
            .fetch_optional(other.superuser())
            .await
            .unwrap();
        found.is_none()
    })
    .await;
}

#[tokio::test]
async fn a_killed_cluster_comes_back_on_its_port_with_its_data() {
    let postgres = Postgres::for_test().await.unwrap();
    let db = TestDb::create_in(&postgres, &[("alpha", &MIGRATOR)]).await.unwrap();
    assert_eq!(widgets(db.pool()).await, 1);
    postgres.kill().await;
    assert!(postgres.connect("alpha", db.name()).await.is_err());
    postgres.restart().await.unwrap();
    assert_eq!(widgets(db.pool()).await, 1);
}

#[tokio::test]
async fn a_password_is_asked_for_when_one_is_set() {
    let scratch = Scratch::create().unwrap();
    let options = PostgresOptions {
        data_dir: scratch.path().join("data"),
        log: scratch.path().join("log"),
        port: None,
        durable: true,
        password: Some("right".to_owned()),
    };
    let postgres = Postgres::start(options).await.unwrap();
    postgres.ensure_database("rooms").await.unwrap();
    for _ in 0..2 {
        postgres.ensure_schema("rooms", "alpha").await.unwrap();
    }
    let url = postgres.url_for("alpha", "rooms");
    PgPool::connect(&url).await.unwrap();
    let wrong = PgPool::connect(&url.replace("right", "wrong")).await;
    let refused = wrong.unwrap_err();
    let code = refused.as_database_error().unwrap().code().unwrap();
    assert_eq!(code, "28P01", "invalid_password");
}
