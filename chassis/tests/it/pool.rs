//! Connections come back as they were lent.

use chassis::Pool;
use futures::poll;
use servers::TestDb;
use sqlx::{migrate::Migrator, postgres::PgPoolOptions};
use std::pin::pin;
use time::OffsetDateTime;

/// A request that is given up while its transaction begins, at whichever moment.
#[tokio::test]
async fn a_begin_that_nobody_waits_for_any_more_leaves_no_transaction_open() {
    let db = TestDb::create("room", &Migrator::with_migrations(Vec::new())).await.unwrap();
    let one = PgPoolOptions::new().max_connections(1).connect(db.url()).await.unwrap();
    let pool = Pool::from(one);
    // Within a transaction it stands still.
    let now =
        async || -> OffsetDateTime { sqlx::query_scalar("SELECT now()").fetch_one(&pool).await.unwrap() };
    // Some of them fall between the question and the answer, however fast this machine is.
    for looks in (1..=8).cycle().take(800) {
        {
            let mut begin = pin!(pool.begin_with("BEGIN READ ONLY"));
            for _ in 0..looks {
                if poll!(begin.as_mut()).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        assert_ne!(now().await, now().await, "given up after {looks} looks");
    }
}
