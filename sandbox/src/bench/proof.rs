//! How long a proof of liabilities takes, how large a user's file is and how long it takes to check, and how fast the
//! audit log's chain is computed.
//!
//! The proof is measured as wallet-svc takes it: one REPEATABLE READ snapshot out of a durable PostgreSQL, decoded, and
//! the whole tree built, in one process and one thread. Not in it: the reading of the chain, and the transaction that
//! stores the proof. The audit chain is measured on records in memory: the hash work of sealing and of verifying, without
//! the database and the network that bring the records.

use crate::report::Report;
use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use proto::{
    AccountId, Service,
    audit::{Head, Said},
    common::AuditRecord,
    proof::{File, Header, verify},
    timestamp,
};
use servers::{Postgres, PostgresOptions, scratch::Scratch};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;
use wallet_svc::{
    domain::liabilities::{SaltKey, Tree},
    store::proof::snapshot,
};

const DATABASE: &str = "bench";

/// Files checked of each tree.
const FILES: usize = 1_000;

/// Each file is checked so often and the fastest counts: in the others somebody else had the processor.
const LOOKS: usize = 3;

/// Records of the chain, some 220 bytes each under the hash.
const RECORDS: u32 = 200_000;

/// Arguments of `bench proof`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Rounds, each with a tree of its own
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Users in the tree, each with a balance and a stake in one of a hundredth as many rooms
    #[arg(long, default_value_t = 100_000)]
    users: i64,
}

/// What the rounds took.
#[derive(Default)]
struct Rounds {
    read: Vec<Duration>,
    total: Vec<Duration>,
    /// Of every file of every round.
    verified: Vec<Duration>,
    largest: usize,
    sealed: Vec<f64>,
    checked: Vec<f64>,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.rounds > 0 && arguments.users >= 100, "at least one round of a hundred users");
    let bar = ProgressBar::new(u64::try_from(arguments.rounds + 2)?)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting PostgreSQL and filling the ledger");
    let scratch = Scratch::create()?;
    let postgres = Postgres::start(PostgresOptions {
        data_dir: scratch.path().join("data"),
        log: scratch.path().join("postgres.log"),
        port: None,
        durable: true,
        password: None,
    })
    .await?;
    let measured = measure(&postgres, arguments, &bar).await;
    postgres.stop().await;
    bar.finish_and_clear();
    tell(&measured?, arguments, report);
    Ok(())
}

async fn measure(postgres: &Postgres, arguments: &Arguments, bar: &ProgressBar) -> Result<Rounds> {
    postgres.ensure_database(DATABASE).await?;
    let entry = crate::services::find("wallet-svc").context("no service wallet-svc")?;
    postgres.ensure_schema(DATABASE, entry.schema).await?;
    let mut connection = postgres.connect(entry.schema, DATABASE).await?;
    (entry.migrator)().run(&mut connection).await?;
    let pool = |role: &str| {
        PgPoolOptions::new().max_connections(2).connect_lazy_with(postgres.connect_options(role, DATABASE))
    };
    fill(&pool(servers::postgres::SUPERUSER), arguments.users).await?;
    bar.inc(1);

    let wallet = chassis::Pool::from(pool(entry.schema));
    let mut rounds = Rounds::default();
    // Warms the connection and PostgreSQL's memory up; what it takes is thrown away.
    bar.set_message("warming up");
    prove(&wallet, arguments.users, &mut Rounds::default()).await?;
    bar.inc(1);
    for round in 1..=arguments.rounds {
        bar.set_message(format!("round {round} of {}", arguments.rounds));
        prove(&wallet, arguments.users, &mut rounds).await?;
        chain(&mut rounds)?;
        bar.inc(1);
    }
    Ok(rounds)
}

/// Users with money and stakes, as the ledger keeps them: every room's escrow is what its bets hold.
async fn fill(pool: &PgPool, users: i64) -> Result<()> {
    let mut tx = pool.begin().await?;
    for statement in [
        "INSERT INTO wallet.ledger_account (kind, owner, balance)
         SELECT 1, md5('user ' || n)::uuid, 1000000000 + n * 37 FROM generate_series(1, $1) AS n",
        "INSERT INTO wallet.ledger_account (kind, owner, balance)
         SELECT 2, md5('user ' || n)::uuid, 0 FROM generate_series(1, $1) AS n",
        "INSERT INTO wallet.hold (bet_id, account, room, amount, state)
         SELECT md5('bet ' || n)::uuid, md5('user ' || n)::uuid, md5('room ' || n % ($1 / 100))::uuid, 50000000, 1
         FROM generate_series(1, $1) AS n",
        "INSERT INTO wallet.ledger_account (kind, owner, balance)
         SELECT 3, room, sum(amount)::bigint FROM wallet.hold WHERE $1 > 0 GROUP BY room",
        "INSERT INTO wallet.ledger_account (kind, owner, balance)
         SELECT 9, '00000000-0000-0000-0000-000000000000', -sum(balance)::bigint
         FROM wallet.ledger_account WHERE $1 > 0",
    ] {
        sqlx::query(statement).bind(users).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    sqlx::query("VACUUM ANALYZE").execute(pool).await?;
    Ok(())
}

/// One tree, and files of users all over it.
async fn prove(pool: &chassis::Pool, users: i64, rounds: &mut Rounds) -> Result<()> {
    let began = Instant::now();
    let read = snapshot(pool).await?;
    let was_read = began.elapsed();
    let tree = Tree::try_new(&SaltKey::new(rand::random()), &read.debts)?;
    rounds.total.push(began.elapsed());
    rounds.read.push(was_read);
    // Users, and the line for money that belongs to nobody.
    ensure!(i64::try_from(tree.leaves())? == users + 1, "{} leaves", tree.leaves());
    ensure!(i64::try_from(tree.top().sum)? == read.total.get(), "the tree is not the ledger");

    let header = Header {
        proof: Uuid::now_v7(),
        taken_at: u64::try_from(read.at.unix_timestamp())?,
        leaves: u64::try_from(tree.leaves())?,
        liabilities: tree.top().sum,
        chain: tree.top().sum,
        slot: 400_000_000,
        tree: tree.top().hash,
    };
    // As long as a signature gets in base58.
    let signature = "5".repeat(88);
    for debt in read.debts.iter().step_by(read.debts.len().div_ceil(FILES)) {
        let (salt, owed, branch) = tree.branch(debt.owner).context("a user is not in the tree")?;
        let account = AccountId::new(debt.owner);
        let json = File { header, signature: signature.clone(), account, salt, owed, branch }.to_json()?;
        let mut fastest = Duration::MAX;
        for _ in 0..LOOKS {
            let began = Instant::now();
            verify(json.as_bytes())?;
            fastest = fastest.min(began.elapsed());
        }
        rounds.verified.push(fastest);
        rounds.largest = rounds.largest.max(json.len());
    }
    Ok(())
}

/// Seals records as the sealer does, and verifies them as `roomsctl audit verify` does.
fn chain(rounds: &mut Rounds) -> Result<()> {
    let at = OffsetDateTime::from_unix_timestamp(1_795_305_600)?;
    let at_us = i64::try_from(at.unix_timestamp_nanos() / 1_000)?;
    let mut log: Vec<AuditRecord> = (1..=u64::from(RECORDS))
        .map(|number| AuditRecord {
            number,
            at: Some(timestamp(at)),
            actor: "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS".to_owned(),
            action: "approve_withdrawal".to_owned(),
            subject: vec![7; 16],
            body: format!(r#"{{"lamports":{number},"state":"APPROVED","version":3}}"#),
            hash: Vec::new(),
        })
        .collect();
    let mut head = Head::genesis(Service::Wallet);
    let began = Instant::now();
    for record in &mut log {
        let said = Said {
            at_us,
            actor: &record.actor,
            action: &record.action,
            subject: &record.subject,
            body: &record.body,
        };
        record.hash = head.seal(&said)?.to_vec();
    }
    rounds.sealed.push(f64::from(RECORDS) / began.elapsed().as_secs_f64());
    let mut end = Head::genesis(Service::Wallet);
    let began = Instant::now();
    for record in &log {
        end.check(record)?;
    }
    rounds.checked.push(f64::from(RECORDS) / began.elapsed().as_secs_f64());
    ensure!(end == head, "the chain ends elsewhere");
    Ok(())
}

fn tell(rounds: &Rounds, arguments: &Arguments, report: &mut Report) {
    let slowest = |all: &[Duration]| all.iter().copied().max().unwrap_or_default();
    let fastest = |all: &[Duration]| all.iter().copied().min().unwrap_or_default();
    let worst = |rates: &[f64]| rates.iter().copied().fold(f64::INFINITY, f64::min);
    let (total, verified) = (slowest(&rounds.total), slowest(&rounds.verified));
    let (sealed, checked) = (worst(&rounds.sealed), worst(&rounds.checked));
    report.check(
        &format!("proof of {} users, read included, slowest round", arguments.users),
        "at most 500 ms",
        format!("{} ms", total.as_millis()),
        total <= Duration::from_millis(500),
    );
    report.check(
        "one user's file, the largest",
        "at most 2000 bytes",
        format!("{} bytes", rounds.largest),
        rounds.largest <= 2_000,
    );
    report.check(
        "checking one file, the slowest of all (each best of 3)",
        "at most 1 ms",
        format!("{} us", verified.as_micros()),
        verified <= Duration::from_millis(1),
    );
    for (name, rate) in [("audit chain, sealing", sealed), ("audit chain, verifying", checked)] {
        let name = format!("{name}: hash work on records in memory, slowest round");
        report.check(&name, "at least 1000000 rows/s", format!("{rate:.0} rows/s"), rate >= 1_000_000.0);
    }
    let milliseconds = |all: &[Duration]| all.iter().map(|one| one.as_secs_f64() * 1e3).collect::<Vec<_>>();
    report.note("rounds", arguments.rounds);
    report.note("users", arguments.users);
    report.note("proof_ms", milliseconds(&rounds.total));
    report.note("of_which_read_ms", milliseconds(&rounds.read));
    report.note("files_checked", rounds.verified.len());
    report.note("sealed_rows_per_second", &rounds.sealed);
    report.note("verified_rows_per_second", &rounds.checked);
    eprintln!("proof            {} to {} ms", fastest(&rounds.total).as_millis(), total.as_millis());
    eprintln!(
        "of which read    {} to {} ms",
        fastest(&rounds.read).as_millis(),
        slowest(&rounds.read).as_millis()
    );
    eprintln!("the reading of the chain and the storing of the proof are not in it");
}
