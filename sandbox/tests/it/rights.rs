//! What each role of the database may do: roles and migrations as in production.

use sandbox::services;
use sandbox::world::{DATABASE, access};
use servers::Postgres;
use servers::scratch::Scratch;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

const DENIED: &str = "42501";

/// Migrated twice: a second time changes nothing.
async fn migrated(postgres: &Postgres) {
    let scratch = Scratch::create().unwrap();
    for _ in 0..2 {
        access::migrate(postgres, scratch.path(), "unused").await.unwrap();
    }
}

/// The SQLSTATE with which a statement is refused.
async fn refusal(connection: &mut PgConnection, sql: &str) -> Option<String> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.err().and_then(|error| error.as_database_error()?.code().map(Into::into))
}

/// Every table, view and sequence of another schema on which a role has any right at all.
const FOREIGN: &str = "
    SELECT format('%I on %s', r.rolname, c.oid::regclass)
    FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.rolname = ANY($1) AND n.nspname = ANY($1) AND n.nspname <> r.rolname
      AND (has_schema_privilege(r.oid, n.oid, 'USAGE, CREATE')
           OR CASE WHEN c.relkind IN ('r', 'p', 'v', 'm')
                   THEN has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                        OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                   WHEN c.relkind = 'S' THEN has_sequence_privilege(r.oid, c.oid, 'USAGE, SELECT, UPDATE') END)";

/// What a role has beyond rows, in its own schema or in the database.
const BEYOND_ROWS: &str = "
    SELECT format('%I on %s', r.rolname, c.oid::regclass)
    FROM pg_roles r JOIN pg_namespace n ON n.nspname = r.rolname JOIN pg_class c ON c.relnamespace = n.oid
    WHERE r.rolname = ANY($1) AND c.relkind IN ('r', 'p', 'v', 'm')
      AND (c.relowner = r.oid OR has_table_privilege(r.oid, c.oid, 'TRUNCATE, REFERENCES, TRIGGER'))
    UNION ALL
    SELECT format('%I makes things', r.rolname) FROM pg_roles r JOIN pg_namespace n ON n.nspname = r.rolname
    WHERE r.rolname = ANY($1)
      AND (has_schema_privilege(r.oid, n.oid, 'CREATE') OR has_schema_privilege(r.oid, 'public', 'USAGE, CREATE')
           OR has_database_privilege(r.oid, current_database(), 'CREATE, TEMPORARY')
           OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb
           OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid))";

#[tokio::test]
async fn a_role_has_its_own_rows_and_nothing_else() {
    let postgres = Postgres::for_test().await.unwrap();
    migrated(&postgres).await;
    let superuser = PgPool::connect(&postgres.url_for(servers::postgres::SUPERUSER, DATABASE)).await.unwrap();
    let roles: Vec<&str> = services::ALL.iter().map(|entry| entry.schema).collect();
    for question in [FOREIGN, BEYOND_ROWS] {
        let found: Vec<String> =
            sqlx::query_scalar(question).bind(&roles).fetch_all(&superuser).await.unwrap();
        assert_eq!(found, Vec::<String>::new());
    }
    // The questions can have answers.
    sqlx::raw_sql("GRANT USAGE ON SCHEMA wallet TO room; GRANT CREATE ON SCHEMA room TO room")
        .execute(&superuser)
        .await
        .unwrap();
    for (question, told) in [(FOREIGN, "room on wallet.entry"), (BEYOND_ROWS, "room makes things")] {
        let found: Vec<String> =
            sqlx::query_scalar(question).bind(&roles).fetch_all(&superuser).await.unwrap();
        assert!(found.iter().any(|found| found == told), "{found:?}");
    }
}

#[tokio::test]
async fn what_is_refused_is_refused_by_the_database() {
    let postgres = Postgres::for_test().await.unwrap();
    migrated(&postgres).await;
    for entry in services::ALL {
        let mut own = postgres.connect(entry.schema, DATABASE).await.unwrap();
        let other = if entry.schema == "wallet" { "room.bet" } else { "wallet.entry" };
        for refused in [
            format!("SELECT FROM {other}"),
            "CREATE TABLE mine ()".to_owned(),
            "CREATE TEMPORARY TABLE mine ()".to_owned(),
            "DROP TABLE outbox".to_owned(),
            "ALTER TABLE audit DISABLE TRIGGER ALL".to_owned(),
            "TRUNCATE inbox".to_owned(),
            "UPDATE audit SET body = ''".to_owned(),
            "DELETE FROM audit".to_owned(),
            "DELETE FROM _sqlx_migrations".to_owned(),
            "CREATE OR REPLACE FUNCTION db_clock() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'"
                .to_owned(),
        ] {
            let told = refusal(&mut own, &refused).await;
            assert_eq!(told.as_deref(), Some(DENIED), "{}: {refused}", entry.name);
        }
        for done in [
            "SELECT keep_outbox_partitions(current_date, 30)",
            "INSERT INTO outbox (day, id, frame, created_at) VALUES (current_date, gen_random_uuid(), '', now())",
            "UPDATE outbox SET published_at = now()",
            "DELETE FROM inbox",
            "SELECT version FROM _sqlx_migrations",
        ] {
            assert_eq!(refusal(&mut own, done).await, None, "{}: {done}", entry.name);
        }
    }
    let mut wallet = postgres.connect("wallet", DATABASE).await.unwrap();
    for refused in [
        "UPDATE entry SET lamports = 0",
        "DELETE FROM entry",
        "DELETE FROM ledger_tx",
        "DELETE FROM refund",
        "DELETE FROM approval",
    ] {
        assert_eq!(refusal(&mut wallet, refused).await.as_deref(), Some(DENIED), "{refused}");
    }
    let mut oracle = postgres.connect("oracle", DATABASE).await.unwrap();
    let days = "SELECT oracle.keep_second_partitions(current_date, 7)";
    assert_eq!(refusal(&mut oracle, days).await, None);
}

/// Worlds and databases from before, where a service owned what it had migrated.
#[tokio::test]
async fn a_database_whose_services_owned_their_tables_is_taken_over() {
    let postgres = Postgres::for_test().await.unwrap();
    postgres.ensure_database(DATABASE).await.unwrap();
    for entry in services::ALL {
        postgres.ensure_schema(DATABASE, entry.schema).await.unwrap();
        let mut own = postgres.connect(entry.schema, DATABASE).await.unwrap();
        chassis::db::migrate(&mut own, entry.service, &(entry.migrator)()).await.unwrap();
    }
    migrated(&postgres).await;
    let mut room = postgres.connect("room", DATABASE).await.unwrap();
    assert_eq!(refusal(&mut room, "DROP TABLE outbox").await.as_deref(), Some(DENIED));
    assert_eq!(refusal(&mut room, "DELETE FROM outbox").await, None);
}
