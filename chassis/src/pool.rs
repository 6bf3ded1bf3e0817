//! Connections to the database, straight or through a transaction pooler.
//!
//! A transaction pooler lends a session for one transaction at a time. sqlx takes two round trips for one query: it
//! prepares, then executes; outside a transaction the second may reach a session that knows nothing of the first. So
//! behind a pooler each query gets a transaction of its own here. See `docs/adr/0016-behind-a-pooler.md`.

use std::ops::{Deref, DerefMut};

use futures::{
    TryFutureExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Either, Error, Execute, Executor, PgConnection, PgPool, Postgres, SqlSafeStr, SqlStr, Transaction,
    pool::PoolConnection,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

/// The connections of a service. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: PgPool,
    /// Whether a transaction pooler stands between.
    pooled: bool,
}

impl Pool {
    /// Connections to a transaction pooler; straight ones come by `From<PgPool>`.
    #[must_use]
    pub const fn behind_pooler(connections: PgPool) -> Self {
        Self { connections, pooled: true }
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// The database is away.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.begin_with("BEGIN").await
    }

    /// Begins a transaction with a statement. Whoever stops waiting for it leaves none open: sqlx 0.9 forgets a `BEGIN` that
    /// was sent and not answered, and lends the connection again in the middle of a transaction that nobody ends. So it
    /// is answered whoever waits, and a transaction that nobody takes is rolled back.
    ///
    /// # Errors
    /// The database is away.
    pub async fn begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> Result<Transaction<'static, Postgres>, Error> {
        let connection = self.connections.acquire().await?;
        let beginning = tokio::spawn(Transaction::begin(connection, Some(statement.into_sql_str())));
        beginning.await.map_err(|_| Error::WorkerCrashed)?
    }

    /// A connection for several reads in a row. Nothing can be written through it behind a pooler: what is written
    /// wants a transaction ([`Pool::begin`]).
    ///
    /// # Errors
    /// The database is away.
    pub async fn reader(&self) -> Result<Reader, Error> {
        Ok(Reader(if self.pooled {
            Reading::Transaction(self.begin_with("BEGIN READ ONLY").await?)
        } else {
            Reading::Session(self.connections.acquire().await?)
        }))
    }
}

impl From<PgPool> for Pool {
    fn from(connections: PgPool) -> Self {
        Self { connections, pooled: false }
    }
}

impl Deref for Pool {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.connections
    }
}

impl<'p> Executor<'p> for &Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if !self.pooled {
            return self.connections.fetch_many(query);
        }
        let pool = self.clone();
        let answered = async move {
            let mut tx = pool.begin().await?;
            let steps: Vec<_> = Executor::fetch_many(&mut *tx, query).try_collect().await?;
            tx.commit().await?;
            Ok(stream::iter(steps.into_iter().map(Ok)))
        };
        Box::pin(answered.try_flatten_stream())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if !self.pooled {
            return self.connections.fetch_optional(query);
        }
        let pool = self.clone();
        Box::pin(async move {
            let mut tx = pool.begin().await?;
            let row = Executor::fetch_optional(&mut *tx, query).await?;
            tx.commit().await?;
            Ok(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        self.connections.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        self.connections.describe(sql)
    }
}

/// See [`Pool::reader`].
#[derive(Debug)]
pub struct Reader(Reading);

#[derive(Debug)]
enum Reading {
    Session(PoolConnection<Postgres>),
    Transaction(Transaction<'static, Postgres>),
}

impl Deref for Reader {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.0 {
            Reading::Session(session) => session,
            Reading::Transaction(transaction) => transaction,
        }
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.0 {
            Reading::Session(session) => session,
            Reading::Transaction(transaction) => transaction,
        }
    }
}
