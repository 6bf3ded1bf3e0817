//! Accounts whose owners can be reached: how, the gateway alone knows. And groups that hosted a room.

use chassis::Fault;
use proto::AccountId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Writes a contact and gives an address to what waits for one. Who registers again speaks to us, so
/// has not blocked us.
///
/// # Errors
/// The database.
pub async fn register(conn: &mut PgConnection, account: AccountId, now: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO notifier.contact (account_id, registered_at) VALUES ($1, $2)
         ON CONFLICT (account_id) DO UPDATE SET registered_at = EXCLUDED.registered_at, blocked_at = NULL",
        account.uuid(),
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE notifier.notification SET state = 'WAITING' WHERE account_id = $1 AND state = 'UNADDRESSED'",
        account.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps where groups are told, if that is not known yet: nobody registers them.
///
/// # Errors
/// The database.
pub async fn host(
    conn: &mut PgConnection,
    groups: &[(AccountId, i64)],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let (ids, chats): (Vec<Uuid>, Vec<i64>) = groups.iter().map(|(id, chat)| (id.uuid(), *chat)).unzip();
    sqlx::query!(
        "INSERT INTO notifier.contact (account_id, chat_id, registered_at)
         SELECT DISTINCT t.id, t.chat, $3::timestamptz FROM unnest($1::uuid[], $2::bigint[]) AS t (id, chat)
         ON CONFLICT (account_id) DO NOTHING",
        &ids,
        &chats,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks users who have blocked the bot and gives up what waits for them.
///
/// # Errors
/// The database.
pub async fn block(conn: &mut PgConnection, accounts: &[Uuid], now: OffsetDateTime) -> Result<u64, Fault> {
    sqlx::query!("UPDATE notifier.contact SET blocked_at = $2 WHERE account_id = ANY($1)", accounts, now)
        .execute(&mut *conn)
        .await?;
    let given_up = sqlx::query!(
        "UPDATE notifier.notification SET state = 'BLOCKED', done_at = $2
         WHERE account_id = ANY($1) AND state = 'WAITING'",
        accounts,
        now
    );
    Ok(given_up.execute(conn).await?.rows_affected())
}

/// Takes the mark from users whom a message has reached.
///
/// # Errors
/// The database.
pub async fn unblock(conn: &mut PgConnection, accounts: &[Uuid]) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE notifier.contact SET blocked_at = NULL WHERE account_id = ANY($1) AND blocked_at IS NOT NULL",
        accounts
    )
    .execute(conn)
    .await?;
    Ok(())
}
