//! Everything that leaves a process, as it is after an evening.

use super::needles::Needle;
use futures::StreamExt;
use sandbox::world::World;
use std::{
    path::Path,
    sync::{Arc, Mutex},
};

/// Where something was found, and what was there.
pub type Part = (String, Vec<u8>);

/// What one channel carried.
pub struct Channel {
    pub name: &'static str,
    parts: Vec<Part>,
}

impl Channel {
    pub fn new(name: &'static str, parts: Vec<Part>) -> Self {
        Self { name, parts }
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub fn size(&self) -> usize {
        self.parts.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// One line per needle that is in it.
    pub fn search(&self, needles: &[&Needle]) -> Vec<String> {
        let found = |needle: &Needle| {
            let mut places = self.parts.iter();
            places.find_map(|(place, bytes)| Some((place, needle.found_in(bytes)?)))
        };
        let leak = |needle: &&Needle| {
            found(needle)
                .map(|(place, form)| format!("{} in {} ({place}), as {form}", needle.name, self.name))
        };
        needles.iter().filter_map(leak).collect()
    }
}

/// Hears everything on the broker.
pub struct Ear {
    client: async_nats::Client,
    heard: Arc<Mutex<Vec<Part>>>,
}

impl Ear {
    /// As somebody who may hear everything.
    pub async fn open(world: &World) -> Self {
        let client = world.observe_broker().await.unwrap();
        let mut messages = client.subscribe(">").await.unwrap();
        client.flush().await.unwrap();
        let heard: Arc<Mutex<Vec<Part>>> = Arc::default();
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                let headers = message.headers.map(|headers| format!("{headers:?}")).unwrap_or_default();
                let carried = [message.payload.as_ref(), headers.as_bytes()].concat();
                kept.lock().unwrap().push((message.subject.to_string(), carried));
            }
        });
        Self { client, heard }
    }

    pub async fn leak(&self, text: &str) {
        self.client.publish("rooms.control", text.to_owned().into()).await.unwrap();
        self.client.flush().await.unwrap();
        crate::eventually("the ear hears", || async {
            self.heard.lock().unwrap().iter().any(|(subject, _)| subject == "rooms.control")
        })
        .await;
    }

    pub async fn heard(&self) -> Vec<Part> {
        self.heard.lock().unwrap().clone()
    }
}

/// Every row of every table but those that hold sealed secrets. The leak goes into a table of its own.
pub async fn database(url: &str, leak: Option<&str>) -> Vec<Part> {
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    if let Some(leak) = leak {
        sqlx::query("CREATE TABLE gateway.control AS SELECT decode($1, 'hex') AS leak")
            .bind(leak)
            .execute(&pool)
            .await
            .unwrap();
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
           AND (schemaname, tablename) NOT IN (('wallet', 'key'), ('wallet', 'totp'))",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(tables.len() > 30, "{tables:?}");
    let mut dumped = Vec::new();
    for table in tables {
        let sql = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} AS t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.unwrap();
        dumped.push((table, rows.into_bytes()));
    }
    dumped
}

/// All files of a folder and of those in it.
pub fn files(folder: &Path) -> Vec<Part> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// What the Bot API server kept of its traffic, less the records of one message.
pub fn telegram(folder: &Path, less: i64) -> Vec<Part> {
    let of_it = format!("\"message_id\":{less},");
    let kept = |bytes: Vec<u8>| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines = text.lines().filter(|line| !line.contains(&of_it));
        lines.collect::<Vec<_>>().join("\n").into_bytes()
    };
    files(folder).into_iter().map(|(path, bytes)| (path, kept(bytes))).collect()
}
