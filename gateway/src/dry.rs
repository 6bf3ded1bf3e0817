//! The way of an update through the gateway with nobody to ask: parsing, routes, a handler's decision, the words of the
//! answer. For measurements of just that; a handler that asks somebody is answered with a fault.

use crate::{
    app::{App, Parts},
    arrival::Arrival,
    delivery::{Letter, Post},
    handlers::Visitor,
    locales::Language,
    router::{self, Route},
    screens::Screen,
    settings::Settings,
    store::accounts::Account,
};
use async_nats::ConnectOptions;
use chassis::{
    Clock, Db, Fault,
    grpc::Identity,
    kv::{self, Bucket},
    outbox::Relay,
    settings::Variables,
    tasks::BoxError,
};
use proto::{AccountId, Service};
use sqlx::postgres::PgPoolOptions;
use std::{sync::Arc, time::Duration};
use teloxide::Bot;
use tokio::sync::Notify;

/// Nobody listens there.
const NOBODY: &str = "127.0.0.1:9";

/// Whoever asks after all waits no longer.
const PATIENCE: Duration = Duration::from_millis(100);

/// A gateway without a world around it.
pub struct Dry {
    app: Arc<App>,
    routes: Route,
    member: AccountId,
}

impl Dry {
    /// Takes settings as the service does. Whoever writes to it is the one `member`.
    ///
    /// # Errors
    /// A setting that cannot be used.
    pub async fn new(variables: Variables, member: AccountId) -> Result<Self, BoxError> {
        let settings = chassis::settings::read(variables, Settings::declare)?;
        let pool = PgPoolOptions::new().acquire_timeout(PATIENCE);
        let pool = pool.connect_lazy(&format!("postgres://{NOBODY}/nobody"))?;
        let broker = ConnectOptions::new().retry_on_initial_connect().connect(NOBODY).await?;
        let limits = kv::Limits { bytes: 0, value_bytes: 0, replicas: 1 };
        let bucket = |name| Bucket::new(broker.clone(), name, limits.clone());
        let parts = Parts {
            db: Db::new(Service::Gateway, pool.clone(), Relay::new().0),
            clock: Clock::new(pool),
            bot: Bot::new("0:dry"),
            post: Post::new(broker.clone()),
            counters: bucket("gateway-flood"),
            groups: bucket("gateway-groups"),
            requests: Arc::new(Notify::new()),
            identity: Identity::default(),
        };
        Ok(Self { app: Arc::new(App::new(settings, parts)?), routes: router::schema(), member })
    }

    /// Takes an update as it comes from Telegram; returns the message that answers it as it goes there, or nothing where
    /// nothing is said.
    ///
    /// # Errors
    /// The bytes are no update, or its handler asks somebody.
    pub async fn answer(&self, update: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let update = serde_json::from_slice(update).map_err(|error| Fault::bug(error.to_string()))?;
        let Some(arrival) = Arrival::of(&update) else { return Ok(None) };
        let language = Language::of_tag(&arrival.language_tag);
        let account = Account { id: self.member, language: language.code().to_owned() };
        let Arrival { user_id, chat_id, private, .. } = arrival;
        let visitor = Visitor { user_id, chat_id, private, language, account: Some(account) };
        let turn = router::route(&self.routes, Arc::clone(&self.app), visitor, arrival.content).await?;
        turn.screen.map(|screen| written(chat_id, &screen)).transpose()
    }
}

/// A screen as it goes to Telegram.
///
/// # Errors
/// It cannot be written.
pub fn written(chat_id: i64, screen: &Screen) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&Letter::new(chat_id, screen)).map_err(|error| Fault::bug(error.to_string()))
}
