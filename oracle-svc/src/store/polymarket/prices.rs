//! Prices that somebody waits for.

use chassis::{Fault, Pool};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// What somebody waits for, or does no more.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) alert: Uuid,
    pub(crate) token: String,
    pub(crate) price: Decimal,
    pub(crate) below: bool,
    pub(crate) watch: bool,
}

/// Obeys wishes and says what stands. What has ended does not begin again.
pub(crate) async fn watch(
    conn: &mut PgConnection,
    wishes: &[Wish],
    now: OffsetDateTime,
) -> Result<Vec<(Uuid, bool)>, Fault> {
    if wishes.is_empty() {
        return Ok(Vec::new());
    }
    let alerts: Vec<Uuid> = wishes.iter().map(|wish| wish.alert).collect();
    let tokens: Vec<String> = wishes.iter().map(|wish| wish.token.clone()).collect();
    let prices: Vec<Decimal> = wishes.iter().map(|wish| wish.price).collect();
    let below: Vec<bool> = wishes.iter().map(|wish| wish.below).collect();
    let watch: Vec<bool> = wishes.iter().map(|wish| wish.watch).collect();
    let rows = sqlx::query!(
        "INSERT INTO oracle.price_watch AS w (alert_id, token_id, price, below, watch, asked_at)
         SELECT alert, token, price, below, watch, $6
         FROM unnest($1::uuid[], $2::text[], $3::numeric[], $4::boolean[], $5::boolean[])
              AS t (alert, token, price, below, watch)
         ORDER BY alert
         ON CONFLICT (alert_id) DO UPDATE SET watch = w.watch AND EXCLUDED.watch
         RETURNING alert_id, watch",
        &alerts,
        &tokens,
        &prices,
        &below,
        &watch,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.alert_id, row.watch)).collect())
}

/// Those of the tokens whose price somebody waits for.
pub(crate) async fn watched(pool: &Pool, tokens: &[String]) -> Result<Vec<String>, Fault> {
    Ok(sqlx::query_scalar!(
        "SELECT DISTINCT token_id FROM oracle.price_watch
         WHERE watch AND reached_at IS NULL AND token_id = ANY($1)",
        tokens,
    )
    .fetch_all(pool)
    .await?)
}

/// A trade at a price.
#[derive(Clone, Debug)]
pub(crate) struct Traded {
    pub(crate) token: String,
    pub(crate) price: Decimal,
    pub(crate) at: OffsetDateTime,
}

/// A price that was reached.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    pub(crate) alert: Uuid,
    pub(crate) price: Decimal,
    pub(crate) at: OffsetDateTime,
}

/// Ends the watches whose price these trades reached; of several trades the first counts. Trades are dated to the second.
pub(crate) async fn reach(
    conn: &mut PgConnection,
    trades: &[Traded],
    now: OffsetDateTime,
) -> Result<Vec<Reached>, Fault> {
    let tokens: Vec<String> = trades.iter().map(|trade| trade.token.clone()).collect();
    let prices: Vec<Decimal> = trades.iter().map(|trade| trade.price).collect();
    let times: Vec<OffsetDateTime> = trades.iter().map(|trade| trade.at).collect();
    let rows = sqlx::query!(
        r#"WITH open AS (
             SELECT alert_id FROM oracle.price_watch WHERE watch AND reached_at IS NULL AND token_id = ANY($1)
             ORDER BY alert_id FOR NO KEY UPDATE),
         reached AS (
             SELECT DISTINCT ON (w.alert_id) w.alert_id, t.price, t.at
             FROM open JOIN oracle.price_watch w USING (alert_id)
             JOIN unnest($1::text[], $2::numeric[], $3::timestamptz[]) AS t (token, price, at) ON t.token = w.token_id
             WHERE t.at >= date_trunc('second', w.asked_at)
               AND CASE WHEN w.below THEN t.price <= w.price ELSE t.price >= w.price END
             ORDER BY w.alert_id, t.at)
         UPDATE oracle.price_watch w SET reached_at = $4 FROM reached
         WHERE w.alert_id = reached.alert_id AND w.watch AND w.reached_at IS NULL
         RETURNING w.alert_id, reached.price AS "price!", reached.at AS "at!""#,
        &tokens,
        &prices,
        &times,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Reached { alert: row.alert_id, price: row.price, at: row.at }).collect())
}

/// Tokens to listen for: whose price somebody waits for (true), and which followed wallets hold until they are decided.
pub(crate) async fn tokens(pool: &Pool, limit: i64) -> Result<Vec<(String, bool)>, Fault> {
    let tokens = sqlx::query!(
        r#"SELECT token AS "token!", bool_or(priced) AS "priced!" FROM (
             SELECT token_id AS token, true AS priced FROM oracle.price_watch WHERE watch AND reached_at IS NULL
             UNION ALL
             SELECT p.token_id, false FROM oracle.wallet_position p JOIN oracle.polymarket m USING (condition_id)
             WHERE p.shares > 0 AND m.decided_at IS NULL) AS wanted
         GROUP BY token ORDER BY 2 DESC, 1 LIMIT $1"#,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(tokens.into_iter().map(|row| (row.token, row.priced)).collect())
}
