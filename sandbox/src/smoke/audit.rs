//! The books after the evening: ledger, chain, sagas, evidence and receipts, each read from where it
//! lies and held against the script's own arithmetic.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::faults::Findings;
use super::plan::{Which, Who, sol};
use super::play::{Evening, Withdrawn};
use super::table::Opened;
use crate::services;
use crate::world::{CAPITAL, DATABASE};

/// Accounts of the ledger by their numbers (`wallet.ledger_account.kind`).
const AVAILABLE: i16 = 1;
const KINDS: [(&str, i16); 5] =
    [("held", 2), ("escrow", 3), ("protocol_fees", 4), ("withdrawals_in_flight", 5), ("unclaimed", 8)];

/// How long our transactions may go on before chain and ledger are read all the same.
const REST_WITHIN: Duration = Duration::from_secs(30);

/// Work that must have come to its end: what it is called, and how many are left of it.
const LEFT: [(&str, &str); 8] = [
    ("holds not decided", "SELECT count(*) FROM wallet.hold WHERE state = 1"),
    ("withdrawals not ended", "SELECT count(*) FROM wallet.withdrawal WHERE state <> 'FINALIZED'"),
    ("transactions not ended", "SELECT count(*) FROM wallet.chain_tx WHERE ended_at IS NULL"),
    (
        "network fees not posted",
        "SELECT count(*) FROM wallet.chain_tx WHERE slot IS NOT NULL AND fee_posted_at IS NULL",
    ),
    ("settlements not anchored", "SELECT count(*) FROM settlement.settlement WHERE state <> 'ANCHORED'"),
    ("errands of settlements", "SELECT count(*) FROM settlement.errand"),
    (
        "notifications not sent",
        "SELECT count(*) FROM notifier.notification WHERE state NOT IN ('SENT', 'SUPERSEDED')",
    ),
    ("deliveries not sent", "SELECT count(*) FROM gateway.delivery WHERE state <> 'sent'"),
];

/// Facts of the books that must be exactly so.
const FACTS: [(&str, i64, &str); 6] = [
    ("sum of the ledger", 0, "SELECT coalesce(sum(lamports), 0)::bigint FROM wallet.entry"),
    (
        "ledger transactions that do not sum to zero",
        0,
        "SELECT count(*) FROM (SELECT FROM wallet.entry GROUP BY tx HAVING sum(lamports) <> 0) AS wrong",
    ),
    (
        "balances that differ from their entries",
        0,
        "SELECT count(*) FROM wallet.ledger_account AS account WHERE balance <> (
            SELECT coalesce(sum(lamports), 0) FROM wallet.entry
            WHERE entry.kind = account.kind AND entry.owner = account.owner)",
    ),
    ("bets accepted", 11, "SELECT count(*) FROM room.bet WHERE state <> 3"),
    ("withdrawals", 1, "SELECT count(*) FROM wallet.withdrawal"),
    (
        "deadlocks in the database",
        0,
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
    ),
];

impl Evening<'_> {
    /// Waits until all work has come to its end, then reads the books. Returns what must be the same
    /// in every run.
    ///
    /// # Errors
    /// A server does not answer.
    pub async fn audit(&self, findings: &mut Findings<'_>) -> Result<BTreeMap<String, i64>> {
        self.tale.scene("the books");
        let postgres = self.world.postgres();
        let mut database = postgres.connect(servers::postgres::SUPERUSER, DATABASE).await?;
        self.settle_down(&mut database, findings).await?;
        for (name, goal, query) in FACTS {
            findings.equal(name, &goal, &count(&mut database, query).await?);
        }
        for entry in services::ALL {
            let query = format!("SELECT count(*) FROM {}.dead_letter", entry.schema);
            findings.equal(
                &format!("dead letters of {}", entry.name),
                &0,
                &count(&mut database, &query).await?,
            );
        }
        let balances = self.balances(&mut database, findings).await?;
        self.compare_with_chain(&mut database, findings).await?;
        Ok(balances)
    }

    /// Sagas, notifications and transactions end by themselves, within a bound.
    async fn settle_down(&self, database: &mut PgConnection, findings: &mut Findings<'_>) -> Result<()> {
        let mut queries: Vec<(String, String)> =
            LEFT.iter().map(|(name, query)| ((*name).to_owned(), (*query).to_owned())).collect();
        for entry in services::ALL {
            let (name, schema) = (entry.name, entry.schema);
            queries.push((format!("sagas of {name}"), format!("SELECT count(*) FROM {schema}.issued")));
            let waiting = format!("SELECT count(*) FROM {schema}.outbox WHERE published_at IS NULL");
            queries.push((format!("messages of {name} not sent"), waiting));
        }
        let began = tokio::time::Instant::now();
        for (name, query) in &queries {
            let mut left = count(database, query).await?;
            while left > 0 && began.elapsed() < self.faults.manners().calm {
                tokio::time::sleep(Duration::from_millis(200)).await;
                left = count(database, query).await?;
            }
            findings.equal(name, &0, &left);
        }
        self.tale
            .tell("", format_args!("all work came to its end in {:.1} s", began.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Every account against the script's arithmetic.
    async fn balances(
        &self,
        database: &mut PgConnection,
        findings: &mut Findings<'_>,
    ) -> Result<BTreeMap<String, i64>> {
        let mut balances = BTreeMap::new();
        let people = Who::ALL.map(|who| self.person(who).map(|person| (person, self.plan.balance(who))));
        let mut owned = Vec::new();
        for person in people {
            let (person, balance) = person?;
            owned.push((person, balance?));
        }
        owned.push((&self.dan, 0));
        let vault = self.world.vault()?;
        for (person, goal) in owned {
            let balance: i64 = sqlx::query_scalar(
                "SELECT coalesce((SELECT balance FROM wallet.ledger_account AS a
                                  WHERE a.kind = $1 AND a.owner = b.account_id), 0)
                 FROM gateway.person AS b WHERE b.lookup = $2",
            )
            .bind(AVAILABLE)
            .bind(vault.lookup(person.id()))
            .fetch_one(&mut *database)
            .await?;
            findings.equal(&format!("balance of {}", person.name), &goal, &balance);
            self.tale.tell(person.name, format_args!("has {} SOL", sol(balance)));
            balances.insert(format!("balance of {}", person.name), balance);
        }
        for (name, kind) in KINDS {
            let balance: i64 = sqlx::query_scalar(
                "SELECT coalesce(sum(balance), 0)::bigint FROM wallet.ledger_account WHERE kind = $1",
            )
            .bind(kind)
            .fetch_one(&mut *database)
            .await?;
            let goal = if name == "protocol_fees" { self.plan.protocol_fees() } else { 0 };
            findings.equal(name, &goal, &balance);
            balances.insert(name.to_owned(), balance);
        }
        Ok(balances)
    }

    /// What lies at all our addresses is what the ledger says, and what came in less what went out.
    async fn compare_with_chain(
        &self,
        database: &mut PgConnection,
        findings: &mut Findings<'_>,
    ) -> Result<()> {
        let Reading { lies, ledger, fees } = read_at_rest(&self.world.chain().rpc_url(), database).await?;
        findings.equal("lamports on chain, by the ledger", &-ledger, &lies);
        let left = self.withdrawn().map_or(Ok(0), Withdrawn::lamports)?;
        let deposits: i64 = self.plan.deposits.values().sum();
        let goal = i64::try_from(CAPITAL)? + deposits - left - fees;
        findings.equal("lamports on chain, by what came and went", &goal, &lies);
        Ok(())
    }

    /// Whether the withdrawal arrived, to the lamport.
    ///
    /// # Errors
    /// The chain does not answer.
    pub async fn check_withdrawal(&self, findings: &mut Findings<'_>) -> Result<()> {
        let withdrawn = self.withdrawn().context("nothing was withdrawn")?;
        let parameters = json!([[&withdrawn.signature], {"searchTransactionHistory": true}]);
        let status = self.rpc("getSignatureStatuses", parameters).await?;
        let status = status.pointer("/value/0").cloned().unwrap_or_default();
        let state = status.get("confirmationStatus").and_then(Value::as_str).unwrap_or("unknown");
        let good = state == "finalized" && status.get("err").is_some_and(Value::is_null);
        findings.check("withdrawal on chain", "finalized", format!("{state}, {}", withdrawn.signature), good);
        let balance =
            self.rpc("getBalance", json!([&withdrawn.address, {"commitment": "finalized"}])).await?;
        let after = balance.pointer("/value").and_then(Value::as_u64).unwrap_or_default();
        let goal = withdrawn.before + u64::try_from(withdrawn.lamports()?)?;
        findings.equal("lamports in Ann's own wallet", &goal, &after);
        Ok(())
    }

    /// The evidence of every room over HTTP, and its receipt on chain.
    ///
    /// # Errors
    /// It is not there, or not what was played.
    pub async fn check_evidence(&self, findings: &mut Findings<'_>) -> Result<()> {
        self.tale.scene("evidence and receipts");
        let http = self.world.addresses().service("settlement-svc").context("no settlement-svc")?.http;
        for room in self.all_rooms() {
            let url = format!("http://{http}/evidence/{}", room.id);
            let evidence: Value = reqwest::get(&url).await?.error_for_status()?.json().await?;
            let wrong = self.read_evidence(room, &evidence).await;
            let name = format!("evidence and receipt of {} (#{})", room.which.name(), room.number);
            let measured = wrong.as_ref().map_or_else(|error| format!("{error:#}"), Clone::clone);
            self.tale.tell("", format_args!("{}: {measured}", room.which.name()));
            findings.check(&name, "payouts as planned, memo on chain", measured, wrong.is_ok());
        }
        Ok(())
    }

    async fn read_evidence(&self, room: &Opened, evidence: &Value) -> Result<String> {
        let text = |pointer: &str| -> Result<String> {
            let found = evidence.pointer(pointer).with_context(|| format!("no {pointer}"))?;
            Ok(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
        };
        let book = self.plan.book(room.which)?;
        let label = match (book.winner, room.which) {
            (Some(winner), _) => super::plan::answer(winner),
            (None, Which::Blind) => "VOID ORACLE_INSUFFICIENT",
            (None, _) => "VOID NO_OPPOSITION",
        };
        for (pointer, goal) in [
            ("/room_id", room.id.to_string()),
            ("/book/label", label.to_owned()),
            ("/book/protocol_fee_lamports", book.protocol_fee.to_string()),
            ("/book/host_fee_lamports", book.host_fee.to_string()),
        ] {
            ensure!(text(pointer)? == goal, "{pointer} is {} instead of {goal}", text(pointer)?);
        }
        let bets = evidence.pointer("/bets").and_then(Value::as_array).context("no bets")?;
        let line = |bet: &Value| {
            let field = |name: &str| bet.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let outcome = bet.get("outcome").and_then(Value::as_u64).unwrap_or(u64::MAX);
            (outcome, field("stake_lamports"), field("payout_lamports"))
        };
        let mut found: Vec<_> = bets.iter().map(line).collect();
        let mut planned = Vec::new();
        for wager in self.plan.bets(room.which) {
            planned.push((u64::try_from(wager.outcome)?, wager.stake.to_string(), wager.payout.to_string()));
        }
        found.sort();
        planned.sort();
        ensure!(found == planned, "bets are {found:?} instead of {planned:?}");
        let seconds = evidence.pointer("/series").and_then(Value::as_array).map_or(0, Vec::len);
        ensure!(seconds > 0 || matches!(room.which, Which::Lonely | Which::Empty), "no series");

        let terms_hash = hex::decode(text("/terms_hash")?)?;
        let terms = hex::decode(text("/terms_bytes")?)?;
        let own: [u8; 32] =
            sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), &terms))
                .into();
        ensure!(own.as_slice() == terms_hash, "the terms have another hash");
        let price = evidence.pointer("/verdict/price").and_then(Value::as_str).unwrap_or_default();
        let receipt = proto::wallet::AnchorReceipt {
            room_id: Uuid::parse_str(&text("/room_id")?)?.as_bytes().to_vec(),
            terms_hash,
            outcome: label.to_owned(),
            price: price.to_owned(),
            root: hex::decode(text("/root")?)?,
        };
        let (memo, signature) = (text("/receipt/memo")?, text("/receipt/signature")?);
        let number = |pointer: &str| {
            let number = evidence.pointer(pointer).and_then(Value::as_u64).context("not a number")?;
            u32::try_from(number).context("a number out of range")
        };
        let branch = evidence.pointer("/receipt/branch").and_then(Value::as_array).context("no branch")?;
        let branch = branch.iter().map(|hash| -> Result<proto::merkle::Hash> {
            let mut bytes = proto::merkle::Hash::default();
            hex::decode_to_slice(hash.as_str().unwrap_or_default(), &mut bytes)?;
            Ok(bytes)
        });
        let branch = branch.collect::<Result<Vec<_>>>()?;
        let (leaf, leaves) = (number("/receipt/leaf")?, number("/receipt/leaves")?);
        let anchors = proto::receipt_anchors(&receipt, &memo, leaf, leaves, &branch)?;
        ensure!(anchors, "{memo:?} does not anchor {receipt:?} as leaf {leaf} of {leaves}");
        let on_chain = self.memos(&signature).await?;
        ensure!(on_chain.contains(&memo), "{signature} says {on_chain:?} instead of {memo:?}");
        Ok(format!("{label}, {} bets, {seconds} s of prices, memo in {signature}", bets.len()))
    }

    /// The memos of a finalized transaction.
    async fn memos(&self, signature: &str) -> Result<Vec<String>> {
        let how =
            json!({"encoding": "jsonParsed", "commitment": "finalized", "maxSupportedTransactionVersion": 0});
        let transaction = self.rpc("getTransaction", json!([signature, how])).await?;
        let instructions = transaction.pointer("/transaction/message/instructions").and_then(Value::as_array);
        let instructions =
            instructions.with_context(|| format!("{signature} is not on chain: {transaction}"))?;
        let memo = |instruction: &Value| {
            let is_memo = instruction.get("program").and_then(Value::as_str) == Some("spl-memo");
            is_memo.then(|| instruction.get("parsed").and_then(Value::as_str).map(str::to_owned))?
        };
        Ok(instructions.iter().filter_map(memo).collect())
    }

    async fn rpc(&self, method: &str, parameters: Value) -> Result<Value> {
        rpc(&self.world.chain().rpc_url(), method, parameters).await
    }

    fn withdrawn(&self) -> Option<&Withdrawn> {
        self.withdrawn.as_ref()
    }
}

impl Withdrawn {
    /// What arrived, by the preview.
    fn lamports(&self) -> Result<i64> {
        Ok(proto::Lamports::parse_sol(&self.arrives)?.get())
    }
}

/// What both sides say at one moment, in lamports.
pub struct Reading {
    /// What lies at all our addresses.
    pub lies: i64,
    /// The balance of the ledger's `chain`.
    pub ledger: i64,
    /// What the network took for our transactions.
    pub fees: i64,
}

/// Reads chain and ledger while no transaction of ours is under way: a sweep that begins late is on chain some moments
/// before it is in the ledger.
pub async fn read_at_rest(chain: &str, database: &mut PgConnection) -> Result<Reading> {
    const ALL: &str = "SELECT count(*) FROM wallet.chain_tx";
    const UNDER_WAY: &str = "SELECT count(*) FROM wallet.chain_tx
                             WHERE ended_at IS NULL OR (slot IS NOT NULL AND fee_posted_at IS NULL)";
    let began = tokio::time::Instant::now();
    loop {
        let (all, under_way) = (count(database, ALL).await?, count(database, UNDER_WAY).await?);
        let addresses: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT address FROM wallet.key").fetch_all(&mut *database).await?;
        let mut lies = 0;
        for address in addresses {
            let address = solana_pubkey::Pubkey::try_from(address.as_slice())?.to_string();
            let balance = rpc(chain, "getBalance", json!([address, {"commitment": "finalized"}])).await?;
            lies += balance.pointer("/value").and_then(Value::as_i64).context("no balance")?;
        }
        let ledger = "SELECT balance FROM wallet.ledger_account WHERE kind = 9";
        let ledger = count(database, ledger).await?;
        let fees = count(database, "SELECT coalesce(sum(fee), 0)::bigint FROM wallet.chain_tx").await?;
        let rested = under_way == 0 && count(database, ALL).await? == all;
        if rested || began.elapsed() > REST_WITHIN {
            return Ok(Reading { lies, ledger, fees });
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Asks the chain.
pub async fn rpc(url: &str, method: &str, parameters: Value) -> Result<Value> {
    let ask = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
    let answer = client.post(url).json(&ask).send().await?;
    let mut answer: Value = answer.error_for_status()?.json().await?;
    let result = answer.get_mut("result").map(Value::take);
    result.with_context(|| format!("{method} was answered {answer}"))
}

/// A number out of the database.
pub async fn count(database: &mut PgConnection, query: &str) -> Result<i64> {
    let answer = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(database).await;
    answer.with_context(|| format!("ask {query}"))
}
