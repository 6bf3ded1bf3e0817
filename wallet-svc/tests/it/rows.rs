//! What the database refuses, whoever asks. Each statement would pay twice, or undo what was decided: the tables are the last
//! defence behind code that is wrong.

use crate::bank::Bank;
use sqlx::AssertSqlSafe;

/// Raised by a guard.
const GUARD: &str = "23001";
const CHECK: &str = "23514";
const UNIQUE: &str = "23505";

/// Two accounts, two purposes, two withdrawals.
const ANN: &str = "00000000-0000-0000-0000-00000000000a";
const BOB: &str = "00000000-0000-0000-0000-00000000000b";
const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";

struct Rows(Bank);

impl Rows {
    /// The tables, with keys of two accounts.
    async fn open() -> Self {
        let rows = Self(Bank::open().await);
        for (owner, byte) in [(ANN, "0a"), (BOB, "0b")] {
            rows.takes(&format!(
                "INSERT INTO wallet.key (owner, address, sealed) VALUES ('{owner}', {}, '')",
                bytes(byte, 32)
            ))
            .await;
        }
        rows
    }

    async fn takes(&self, sql: &str) {
        let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(self.0.db.pool()).await;
        assert_eq!(done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected(), 1, "{sql}");
    }

    async fn refuses(&self, code: &str, sql: &str) {
        let error = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(self.0.db.pool()).await.err();
        let error = error.unwrap_or_else(|| panic!("it is done: {sql}"));
        assert_eq!(
            error.as_database_error().and_then(|error| error.code()).as_deref(),
            Some(code),
            "{sql}: {error}"
        );
    }

    async fn build(&self, id: &str, attempt: u32) {
        self.takes(&attempt_of(id, attempt, "BUILT")).await;
    }

    async fn sign(&self, id: &str, attempt: u32, byte: &str) {
        self.takes(&signature_of(id, attempt, byte)).await;
    }

    async fn end(&self, id: &str, attempt: u32, state: &str) {
        let landed = if state == "DEAD" { "" } else { ", slot = 7, fee = 5000" };
        self.takes(&format!(
            "UPDATE wallet.chain_tx SET state = '{state}', ended_at = now(){landed} WHERE id = '{id}' AND attempt = {attempt}"
        ))
        .await;
    }
}

fn bytes(byte: &str, count: usize) -> String {
    format!(r"'\x{}'::bytea", byte.repeat(count))
}

fn attempt_of(id: &str, attempt: u32, state: &str) -> String {
    format!(
        "INSERT INTO wallet.chain_tx (id, attempt, purpose, message, last_valid_height, max_fee, state)
         VALUES ('{id}', {attempt}, 'WITHDRAWAL', 'm', 1, 5000, '{state}')"
    )
}

fn signature_of(id: &str, attempt: u32, byte: &str) -> String {
    format!(
        "UPDATE wallet.chain_tx SET state = 'SIGNED', signatures = ARRAY[{}] WHERE id = '{id}' AND attempt = {attempt}",
        bytes(byte, 64)
    )
}

fn withdrawal(id: &str, fee: u32) -> String {
    format!(
        "INSERT INTO wallet.withdrawal (id, account_id, address, lamports, fee, state, requested_at, held_until, approvals_needed)
         VALUES ('{id}', '{ANN}', {}, 100, {fee}, 'HELD', now(), now(), 2)",
        bytes("0c", 32)
    )
}

#[tokio::test]
async fn a_purpose_is_never_in_two_transactions_that_may_land() {
    let rows = Rows::open().await;
    rows.refuses(GUARD, &attempt_of(ONE, 1, "SIGNED")).await;
    rows.build(ONE, 1).await;
    rows.refuses(GUARD, &attempt_of(ONE, 2, "BUILT")).await;
    rows.refuses(GUARD, "UPDATE wallet.chain_tx SET message = 'other'").await;
    rows.refuses(
        GUARD,
        "UPDATE wallet.chain_tx SET state = 'FINALIZED', slot = 1, fee = 1, ended_at = now()",
    )
    .await;
    rows.sign(ONE, 1, "07").await;
    rows.refuses(GUARD, &signature_of(ONE, 1, "08")).await;
    // One signature is one transaction, whatever it is for.
    rows.build(TWO, 1).await;
    rows.refuses(UNIQUE, &signature_of(TWO, 1, "07")).await;

    // Only death makes room for the next attempt, and the dead stay dead.
    rows.end(ONE, 1, "DEAD").await;
    rows.build(ONE, 2).await;
    rows.refuses(GUARD, &attempt_of(ONE, 3, "BUILT")).await;
    let revived = format!(
        "UPDATE wallet.chain_tx SET state = 'FINALIZED', slot = 1, fee = 1 WHERE id = '{ONE}' AND attempt = 1"
    );
    rows.refuses(GUARD, &revived).await;
    rows.sign(ONE, 2, "09").await;
    rows.end(ONE, 2, "FINALIZED").await;
    rows.refuses(GUARD, &attempt_of(ONE, 3, "BUILT")).await;
    rows.refuses(GUARD, &format!("UPDATE wallet.chain_tx SET fee = 1 WHERE id = '{ONE}' AND attempt = 2"))
        .await;
    rows.refuses(GUARD, "DELETE FROM wallet.chain_tx").await;
}

/// Without the guard the indexes still stand: of one purpose one attempt is alive, and one has landed.
#[tokio::test]
async fn one_attempt_is_alive_and_one_has_landed_even_without_the_guard() {
    let rows = Rows::open().await;
    rows.build(ONE, 1).await;
    let off = "ALTER TABLE wallet.chain_tx DISABLE TRIGGER chain_tx_guard";
    sqlx::query(off).execute(rows.0.db.superuser()).await.unwrap();
    rows.refuses(UNIQUE, &attempt_of(ONE, 2, "BUILT")).await;
    rows.sign(ONE, 1, "07").await;
    rows.end(ONE, 1, "FINALIZED").await;
    rows.build(ONE, 2).await;
    rows.sign(ONE, 2, "08").await;
    let landed =
        "UPDATE wallet.chain_tx SET state = 'FAILED', ended_at = now(), slot = 8, fee = 1 WHERE attempt = 2";
    rows.refuses(UNIQUE, landed).await;
}

#[tokio::test]
async fn a_withdrawal_stays_what_was_asked_for_and_leaves_no_transaction_that_may_pay_it() {
    let rows = Rows::open().await;
    rows.refuses(CHECK, &withdrawal(ONE, 100)).await;
    rows.takes(&withdrawal(ONE, 10)).await;
    rows.refuses(UNIQUE, &withdrawal(ONE, 10)).await;
    for (column, value) in [
        ("lamports", "101"),
        ("fee", "9"),
        ("address", &bytes("0d", 32)),
        ("approvals_needed", "0"),
        ("approvals", "-1"),
    ] {
        rows.refuses(GUARD, &format!("UPDATE wallet.withdrawal SET {column} = {value}")).await;
    }
    rows.refuses(CHECK, "UPDATE wallet.withdrawal SET state = 'APPROVED'").await;
    rows.takes("UPDATE wallet.withdrawal SET approvals = 2").await;
    rows.refuses(GUARD, "UPDATE wallet.withdrawal SET approvals = 1").await;
    rows.takes("UPDATE wallet.withdrawal SET state = 'APPROVED'").await;
    rows.refuses(CHECK, "UPDATE wallet.withdrawal SET state = 'SIGNED'").await;

    rows.build(ONE, 1).await;
    rows.build(TWO, 1).await;
    rows.takes(&format!("UPDATE wallet.withdrawal SET state = 'SIGNED', chain_tx_id = '{ONE}'")).await;
    let moves = format!("UPDATE wallet.withdrawal SET chain_tx_id = '{TWO}'");
    let leaves = "UPDATE wallet.withdrawal SET state = 'APPROVED', chain_tx_id = NULL";
    for (byte, state) in [("07", None), ("08", Some("DEAD"))] {
        rows.refuses(GUARD, &moves).await;
        rows.refuses(GUARD, leaves).await;
        match state {
            None => rows.sign(ONE, 1, byte).await,
            Some(state) => rows.end(ONE, 1, state).await,
        }
    }
    rows.takes(&moves).await;

    // Given back only once nothing can pay it, and final only with its transaction.
    for state in ["REJECTED", "CANCELLED", "FAILED", "FINALIZED"] {
        rows.refuses(GUARD, &format!("UPDATE wallet.withdrawal SET state = '{state}'")).await;
    }
    rows.sign(TWO, 1, "09").await;
    rows.refuses(GUARD, "UPDATE wallet.withdrawal SET state = 'REJECTED'").await;
    rows.end(TWO, 1, "FINALIZED").await;
    rows.refuses(GUARD, "UPDATE wallet.withdrawal SET state = 'REJECTED'").await;
    rows.takes("UPDATE wallet.withdrawal SET state = 'FINALIZED', ended_at = now()").await;
    rows.refuses(GUARD, "UPDATE wallet.withdrawal SET state = 'FAILED'").await;
    rows.refuses(GUARD, "DELETE FROM wallet.withdrawal").await;
}

#[tokio::test]
async fn an_operator_approves_once_and_a_signature_is_used_up() {
    let rows = Rows::open().await;
    let statement = |signature: &str| {
        format!(
            "INSERT INTO wallet.statement VALUES ({}, {}, 'approve', now(), '{ONE}', now())",
            bytes(signature, 64),
            bytes("0e", 32)
        )
    };
    let approval = |id: &str, signature: &str, operator: &str| {
        format!(
            "INSERT INTO wallet.approval VALUES ('{id}', {}, {})",
            bytes(operator, 32),
            bytes(signature, 64)
        )
    };
    for id in [ONE, TWO] {
        rows.takes(&withdrawal(id, 10)).await;
    }
    for signature in ["01", "02"] {
        rows.takes(&statement(signature)).await;
    }
    rows.refuses(UNIQUE, &statement("01")).await;
    rows.takes(&approval(ONE, "01", "0e")).await;
    rows.refuses(UNIQUE, &approval(ONE, "02", "0e")).await;
    rows.refuses(UNIQUE, &approval(TWO, "01", "0e")).await;
    rows.refuses("23503", &approval(TWO, "03", "0e")).await;
    rows.refuses(CHECK, "UPDATE wallet.statement SET action = 'reject'").await;
    rows.refuses(CHECK, "DELETE FROM wallet.statement").await;
    rows.refuses("42501", "DELETE FROM wallet.approval").await;
}

#[tokio::test]
async fn a_deposit_is_credited_once_and_an_address_swept_once_at_a_time() {
    let rows = Rows::open().await;
    let deposit = |id: &str, lamports: i64| {
        format!(
            "INSERT INTO wallet.deposit (id, owner, address, signature, outer_index, inner_index, lamports, slot, state, seen_at)
             VALUES ('{id}', '{ANN}', {}, {}, 0, -1, {lamports}, 5, 'SEEN', now())",
            bytes("0a", 32),
            bytes("07", 64)
        )
    };
    rows.refuses(CHECK, &deposit(ONE, 0)).await;
    rows.takes(&deposit(ONE, 100)).await;
    rows.refuses(UNIQUE, &deposit(TWO, 100)).await;
    rows.refuses(GUARD, "UPDATE wallet.deposit SET lamports = 101").await;
    rows.refuses(GUARD, &format!("UPDATE wallet.deposit SET owner = '{BOB}'")).await;
    rows.refuses(CHECK, "UPDATE wallet.deposit SET state = 'CREDITED'").await;
    rows.takes("UPDATE wallet.deposit SET state = 'CREDITED', credited_at = now()").await;
    rows.refuses(GUARD, "UPDATE wallet.deposit SET state = 'SEEN', credited_at = NULL").await;
    rows.refuses(GUARD, "DELETE FROM wallet.deposit").await;

    rows.takes(&format!(
        "INSERT INTO wallet.address (address, owner, hot_until, due_at) VALUES ({}, '{ANN}', now(), now())",
        bytes("0a", 32)
    ))
    .await;
    rows.refuses(CHECK, "UPDATE wallet.address SET lamports = -1").await;
    let sweep = |id: &str| format!("INSERT INTO wallet.sweep VALUES ('{id}', {}, 100)", bytes("0a", 32));
    rows.takes(&sweep(ONE)).await;
    rows.refuses(UNIQUE, &sweep(TWO)).await;
    rows.takes("UPDATE wallet.sweep SET ended_at = now()").await;
    rows.takes(&sweep(TWO)).await;
    rows.refuses(
        GUARD,
        &format!("UPDATE wallet.key SET address = {} WHERE owner = '{ANN}'", bytes("0d", 32)),
    )
    .await;
    rows.refuses(GUARD, &format!("DELETE FROM wallet.key WHERE owner = '{ANN}'")).await;
}

#[tokio::test]
async fn breaks_are_not_shortened_and_a_waiting_limit_is_a_looser_one() {
    let rows = Rows::open().await;
    let player = "INSERT INTO wallet.player (account, cool_off_until, excluded_until, closed_at) VALUES";
    rows.takes(&format!("{player} ('{ANN}', now() + interval '2 days', now() + interval '1 year', now())"))
        .await;
    for change in [
        "cool_off_until = cool_off_until - interval '1 second'",
        "excluded_until = NULL",
        "closed_at = NULL",
        "closed_at = closed_at + interval '1 day'",
    ] {
        rows.refuses(GUARD, &format!("UPDATE wallet.player SET {change}")).await;
    }
    rows.refuses(GUARD, "DELETE FROM wallet.player").await;
    rows.takes("UPDATE wallet.player SET excluded_until = excluded_until + interval '1 day'").await;

    let limit = format!(
        "INSERT INTO wallet.play_limit (account, kind, lamports, next_lamports, next_at) VALUES ('{ANN}', 1, 100, "
    );
    rows.refuses(CHECK, &format!("{limit} 100, now())")).await;
    rows.refuses(CHECK, &format!("{limit} 101, NULL)")).await;
    rows.takes(&format!("{limit} 101, now())")).await;
}
