//! How the parts are put together.

use crate::{
    app::{App, Parts},
    arenas,
    delivery::{Courier, Post, Sender, whisper},
    domain::About,
    events::Inbound,
    intake::{Intake, poll, webhook},
    locales::Language,
    login, requests,
    router::Command,
    settings::{Settings, Telegram, Webhook},
    store::{drafts, house},
};
use chassis::{
    Runtime, Service,
    health::Role,
    settings::{Invalid, Reader},
    tasks::{BoxError, Stage},
};
use secrecy::ExposeSecret as _;
use sqlx::migrate::Migrator;
use std::{convert::Infallible, sync::Arc, time::Duration};
use teloxide::{
    Bot,
    payloads::SetMyCommandsSetters as _,
    requests::Requester as _,
    types::{BotCommand, BotCommandScope},
};
use tokio_util::sync::CancellationToken;

/// A standby polls and sends after so long.
const TERM: Duration = Duration::from_secs(5);

/// A call beside polling and sending.
const LIMIT: Duration = Duration::from_secs(8);

/// The service.
#[derive(Debug)]
pub struct Gateway;

impl Service for Gateway {
    const NAME: &'static str = "gateway";
    const SERVICE: proto::Service = proto::Service::Gateway;
    const ABOUT: &'static str =
        "Speaks with people on Telegram: commands and buttons in, screens and notices out.";

    type Settings = Settings;

    fn settings(r: &mut Reader) -> Result<Settings, Invalid> {
        Settings::declare(r)
    }

    fn migrator() -> Migrator {
        sqlx::migrate!()
    }

    async fn start(runtime: &mut Runtime, settings: Settings) -> Result<(), BoxError> {
        let bot = bot(&settings.telegram)?;
        let broker = runtime.bus.client().clone();
        let counters = runtime.bus.bucket("gateway-flood")?;
        counters.report_to(&runtime.health);
        let groups = runtime.bus.bucket("gateway-groups")?;
        groups.report_to(&runtime.health);
        let inbound = Inbound::default();
        let sender = Sender {
            courier: Courier::new(bot.clone()),
            post: Post::new(broker.clone()),
            db: runtime.db.clone(),
            vault: Arc::clone(&settings.vault),
            clock: runtime.clock.clone(),
            broker,
            limits: settings.limits,
            network: settings.network,
            notices: Arc::clone(&inbound.notices),
        };
        let parts = Parts {
            db: runtime.db.clone(),
            clock: runtime.clock.clone(),
            bot,
            post: sender.post.clone(),
            counters,
            groups,
            requests: Arc::clone(&inbound.decided),
            identity: runtime.identity.clone(),
        };
        let app = Arc::new(App::new(settings, parts)?);
        let (keeper, wake) = (Arc::clone(&app), Arc::clone(&inbound.arenas));
        runtime.lease("arena-keeper", TERM, move |held| {
            arenas::run(Arc::clone(&keeper), Arc::clone(&wake), held)
        });
        runtime.writer("gateway-writer", &["gateway-commands", "gateway-events"], inbound);
        runtime.lease("telegram-sender", TERM, move |held| sender.clone().run(held));
        tell(runtime, &app);
        keep_house(runtime, &app);
        runtime.serve_http(login::routes(Arc::clone(&app), runtime.identity.clone()));
        measure(runtime, &app);
        take_updates(runtime, Intake::new(app));
        Ok(())
    }
}

fn bot(telegram: &Telegram) -> Result<Bot, BoxError> {
    // Longer than the longest poll; every call has a limit of its own below this.
    let client = teloxide::net::default_reqwest_settings().timeout(Duration::from_secs(30)).build()?;
    let bot = Bot::with_client(telegram.token.expose_secret(), client);
    Ok(bot.set_api_url(telegram.api_url.expose().parse()?))
}

/// Outcomes of requests.
fn tell(runtime: &Runtime, app: &Arc<App>) {
    let stop = runtime.tasks.stopping(Stage::Intake);
    let app = Arc::clone(app);
    runtime.tasks.spawn(Stage::Intake, "requests", async move {
        requests::run(app, stop).await;
        Ok::<(), Infallible>(())
    });
}

fn keep_house(runtime: &Runtime, app: &Arc<App>) {
    let app = Arc::clone(app);
    runtime.every("house", Duration::from_secs(600), move || {
        let app = Arc::clone(&app);
        async move { Ok(house::keep(app.db.pool(), app.clock.now()).await?) }
    });
}

/// Every replica measures the same.
fn measure(runtime: &Runtime, app: &Arc<App>) {
    let app = Arc::clone(app);
    runtime.every("measure", Duration::from_secs(15), move || {
        let app = Arc::clone(&app);
        async move {
            let sessions = drafts::sessions(app.db.pool(), app.clock.now()).await?;
            metrics::gauge!("rooms_sessions_active").set(u32::try_from(sessions).unwrap_or(u32::MAX));
            Ok(())
        }
    });
}

/// Introduces the bot, then polls or listens.
fn take_updates(runtime: &mut Runtime, intake: Intake) {
    let telegram = intake.app().settings.telegram.clone();
    let health = runtime.health.report("telegram", Role::External, None);
    let stop = runtime.tasks.stopping(Stage::Intake);
    let introduced = intake.clone();
    let hook = telegram.webhook.clone();
    runtime.tasks.spawn(Stage::Intake, "introduction", async move {
        introduce(&introduced, hook.as_ref(), stop).await;
        Ok::<(), Infallible>(())
    });
    match telegram.webhook {
        Some(hook) => runtime.serve_http(webhook::routes(intake, hook.secret)),
        None => runtime.lease("telegram-poller", TERM, move |held| {
            poll::poll(intake.clone(), held, telegram.poll, health.clone())
        }),
    }
}

/// Learns the bot's name, sets its command menu, and chooses how updates come; until it succeeds.
async fn introduce(intake: &Intake, hook: Option<&Webhook>, stop: CancellationToken) {
    for pause in chassis::retry::forever() {
        let trying = async {
            tokio::time::timeout(LIMIT, meet(intake)).await.map_err(|_| "no answer in time".to_owned())??;
            match hook {
                Some(hook) => webhook::register(intake, hook).await,
                None => Ok(()),
            }
        };
        match trying.await {
            Ok(()) => return,
            Err(why) => tracing::warn!(why, "not introduced to Telegram yet"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn meet(intake: &Intake) -> Result<(), String> {
    let bot = &intake.app().bot;
    let me = bot.get_me().await.map_err(|error| error.to_string())?;
    // A second introduction finds the same name.
    let _ = intake.app().username.set(me.username().to_owned());
    if intake.app().settings.telegram.webhook.is_none() {
        // A webhook left over from before would refuse polling.
        bot.delete_webhook().await.map_err(|error| error.to_string())?;
    }
    intake.app().groups.set_whisper(whisper::is_there(bot).await);
    let menus = [
        (&Command::MENU[..], "command", BotCommandScope::AllPrivateChats),
        (&About::MENU[..], "group-command", BotCommandScope::AllGroupChats),
    ];
    for language in Language::all() {
        for (names, kind, scope) in &menus {
            let keys: Vec<_> = names.iter().map(|name| format!("{kind}-{name}")).collect();
            let menu =
                names.iter().zip(language.in_passing(&keys)).map(|(name, text)| BotCommand::new(*name, text));
            let call = bot.set_my_commands(menu).scope(scope.clone());
            // English stands for every language without texts.
            let call = if language == Language::ENGLISH { call } else { call.language_code(language.code()) };
            call.await.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
