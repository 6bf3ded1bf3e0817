//! Where the chat side is measured: the sandbox's Telegram with its flood control, the services that speak with people, and
//! people who have been members for long.

use super::stage::{Stage, account};
use crate::botapi::{self, BotApi, Config, Limits};
use anyhow::{Context, Result, ensure};
use gateway::{
    store::accounts,
    vault::{Person, Vault},
};
use proto::AccountId;
use servers::scratch::Scratch;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::{net::TcpListener, task::JoinHandle};
use uuid::Uuid;

const TOKEN: &str = "4242:bench";

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9";

/// Everything that a measurement in chats needs.
pub struct Chats {
    pub stage: Stage,
    pub telegram: BotApi,
    /// Account and private chat of each member.
    pub members: Vec<(AccountId, i64)>,
    serving: JoinHandle<std::io::Result<()>>,
    _folder: Scratch,
}

impl Chats {
    /// Starts servers, Telegram and `services`, these with `more` settings, and makes `members`.
    ///
    /// # Errors
    /// Whatever could not be started.
    pub async fn set(
        services: &[&'static str],
        members: usize,
        limits: Limits,
        more: &[(&str, &str)],
    ) -> Result<Self> {
        let folder = Scratch::create()?;
        let telegram = BotApi::open(Config { limits, ..Config::new(folder.path(), TOKEN) })?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let serving = tokio::spawn(botapi::serve(listener, telegram.clone()));
        let key = hex::encode([9; 32]);
        let mut settings = vec![
            ("TELEGRAM_BOT_TOKEN", TOKEN),
            ("TELEGRAM_API_URL", &url),
            ("PERSONAL_MASTER_KEY", &key),
            ("SETTLEMENT_GRPC_URL", NOBODY),
            ("NOTIFIER_GRPC_URL", NOBODY),
        ];
        settings.extend(more);
        let settings: Vec<_> =
            settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let stage = Stage::set(services, 0, &settings).await?;
        let chats = telegram.crowd(members)?;
        let members: Vec<(AccountId, i64)> =
            (0_i64..).map(|index| AccountId::new(account(index))).zip(chats).collect();
        enrol(&stage, &members, &Vault::try_from_hex(&key)?).await?;
        Ok(Self { stage, telegram, members, serving, _folder: folder })
    }

    /// The most memory that a service has held since its start, and what it holds now, in MiB.
    ///
    /// # Errors
    /// It does not run.
    pub fn memory(&self, service: &str) -> Result<(f64, f64)> {
        let id = self.stage.process(service).with_context(|| format!("{service} does not run"))?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let of = |field: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            let kilobytes = line.and_then(|line| line.split_whitespace().next());
            Ok(kilobytes.with_context(|| format!("no {field}"))?.parse::<f64>()? / 1_024.0)
        };
        Ok((of("VmHWM:")?, of("VmRSS:")?))
    }

    /// Ends everything.
    pub async fn strike(self) {
        self.stage.strike().await;
        self.serving.abort();
    }
}

/// Writes members as the gateway and notifier-svc keep them.
async fn enrol(stage: &Stage, members: &[(AccountId, i64)], vault: &Vault) -> Result<()> {
    let now = stage.now().await?;
    let mut unit = stage.pool.begin().await?;
    for (account, chat) in members {
        let person = Person { telegram_user_id: *chat, chat_id: *chat, language: "en".to_owned() };
        let new = accounts::insert(&mut *unit, vault, *account, &person, now).await?;
        ensure!(new, "two members with one chat");
    }
    unit.commit().await?;
    contacts(stage, members, now).await
}

async fn contacts(stage: &Stage, members: &[(AccountId, i64)], now: OffsetDateTime) -> Result<()> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('notifier.contact') IS NOT NULL")
        .fetch_one(&stage.pool)
        .await?;
    if there {
        let accounts: Vec<Uuid> = members.iter().map(|(account, _)| account.uuid()).collect();
        sqlx::query(
            "INSERT INTO notifier.contact (account_id, registered_at) SELECT id, $2 FROM unnest($1::uuid[]) AS id",
        )
        .bind(accounts)
        .bind(now)
        .execute(&stage.pool)
        .await?;
    }
    sqlx::query("VACUUM ANALYZE").execute(&stage.pool).await?;
    Ok(())
}

/// Waits until a query counts so many rows.
///
/// # Errors
/// It never does.
pub async fn counted(stage: &Stage, query: &'static str, rows: usize, patience: Duration) -> Result<()> {
    let waiting = async {
        loop {
            let count: i64 = sqlx::query_scalar(query).fetch_one(&stage.pool).await?;
            if usize::try_from(count)? >= rows {
                return anyhow::Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(patience, waiting).await.with_context(|| format!("never {rows}: {query}"))?
}
