//! Updates in: from polling or webhook, one chat's in order, chats side by side.
//!
//! An update may be confirmed to Telegram once its effects are committed or its answer is sent.
//! The database remembers both, so that a redelivered update has no second effect.

pub mod poll;
mod queues;
pub mod webhook;
mod whisper;

use crate::{
    app::App,
    arenas,
    arrival::{Arrival, Content},
    callbacks::{Callback, Press},
    commands::NEW_MESSAGE,
    delivery::{Fate, Letter, secrets},
    handlers::{self, Member, Visitor},
    inline,
    limits::{Deed, TooMuch, Verdict},
    locales::Language,
    router::{self, Route},
    screens,
    store::{
        accounts,
        updates::{self, Before},
    },
    turn::{self, Scene, Turn, Write},
};
use chassis::Fault;
use futures::{FutureExt as _, future::BoxFuture};
use proto::AccountId;
use queues::{Confirmable, Queues};
use std::{sync::Arc, time::Duration};
use teloxide::{
    payloads::AnswerCallbackQuerySetters as _,
    requests::Requester as _,
    types::{AllowedUpdate, CallbackQueryId, Update, UpdateKind},
};
use tracing::Instrument as _;
use uuid::Uuid;

/// The kinds of updates that are asked for.
const KINDS: [AllowedUpdate; 5] = [
    AllowedUpdate::Message,
    AllowedUpdate::CallbackQuery,
    AllowedUpdate::InlineQuery,
    AllowedUpdate::MyChatMember,
    AllowedUpdate::ChatJoinRequest,
];

/// A commit that fails because the database is away for a moment is tried again so often.
const COMMITS: u32 = 4;

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(400);

/// So often it is looked whether what is decided is shown: for two seconds in all, as more would hold up the chat.
const LOOKS: u32 = 80;

/// Pause between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// How long the answer to a press may take to reach Telegram.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Takes updates.
#[derive(Clone)]
pub struct Intake {
    app: Arc<App>,
    routes: Arc<Route>,
    queues: Queues,
}

impl Intake {
    /// Answers with the routes of the router.
    #[must_use]
    pub fn new(app: Arc<App>) -> Self {
        Self { app, routes: Arc::new(router::schema()), queues: Queues::default() }
    }

    /// What handlers can reach.
    #[must_use]
    pub const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Takes an update in line. The future ends when it may be confirmed to Telegram.
    pub fn take(&self, update: Update) -> BoxFuture<'static, ()> {
        if let UpdateKind::ChatJoinRequest(request) = update.kind {
            let app = Arc::clone(&self.app);
            // It goes on when nobody waits for the confirmation any more.
            let joining =
                tokio::spawn(async move { arenas::join(&app, i64::from(update.id.0), &request).await });
            return joining.map(drop).boxed();
        }
        let Some(arrival) = Arrival::of(&update) else { return std::future::ready(()).boxed() };
        let span = tracing::info_span!("update", id = arrival.update_id);
        let intake = self.clone();
        let work = move || async move { intake.handle(arrival).instrument(span).await };
        self.queues.push(chat_of(&update), Box::new(move || work().boxed())).boxed()
    }

    /// Everything up to the moment when the next update of the chat may be looked at.
    async fn handle(&self, arrival: Arrival) -> Confirmable {
        if is_talk(&arrival) {
            return Confirmable::now();
        }
        let reference = reference(&arrival);
        let mut language = Language::of_tag(&arrival.language_tag);
        match self.answer(&arrival, &reference, &mut language).await {
            Ok(confirmable) => confirmable,
            Err(fault) => {
                tracing::error!(reference, error = fault.chain(), "an update is answered with a fault");
                metrics::counter!("gateway_faults_total").increment(1);
                if let Content::Press { query_id, .. } = &arrival.content {
                    self.answer_press(query_id, &Turn::default());
                }
                let pressed = !arrival.private && arrival.message_id().is_some();
                if pressed || matches!(arrival.content, Content::Search { .. }) {
                    return Confirmable::now();
                }
                let screen = screens::fault(language, &reference);
                let fate = self.app.post.post(Letter::new(arrival.chat_id, &screen));
                Confirmable(fate.map(|_| ()).boxed())
            }
        }
    }

    /// Learns the person's own `language` on the way, for whatever goes wrong after that.
    async fn answer(
        &self,
        arrival: &Arrival,
        reference: &str,
        language: &mut Language,
    ) -> Result<Confirmable, Fault> {
        let app = &self.app;
        let account = accounts::find(app.db.pool(), &app.vault, arrival.user_id).await?;
        let known = account.as_ref().map(|account| account.id);
        // Requests are told in the private chat: messages of a group have other numbers.
        let pressed = arrival.message_id().filter(|_| arrival.private);
        let before = self.before(arrival.update_id, known, pressed).await?;
        if let Some(account) = &account {
            *language = Language::of_tag(&account.language);
        }
        let language = *language;
        if let Content::Search { query_id, words } = &arrival.content {
            if self.welcome(arrival, language).await.is_none() {
                inline::answer(app, known, language, query_id, words).await?;
            }
            return Ok(Confirmable::now());
        }
        let Arrival { user_id, chat_id, private, .. } = *arrival;
        let visitor = Visitor { user_id, chat_id, private, language, account };
        let mut turn = if before.answered {
            Turn::default()
        } else if before.seen && matches!(arrival.content, Content::Text(_)) {
            // The dialogue has gone on: the text must not be taken for the next answer.
            match Member::of(visitor) {
                Some(member) => handlers::typed::resume(app, member).await?,
                None => Turn::default(),
            }
        } else if before.busy {
            Turn::toast(language.plain("toast-busy", &[]))
        } else {
            match self.welcome(arrival, language).await {
                Some(turn) => turn,
                None => {
                    let content = arrival.content.clone();
                    router::route(&self.routes, Arc::clone(app), visitor, content).await?
                }
            }
        };
        let scene = Scene {
            update_id: arrival.update_id,
            user_id: arrival.user_id,
            account: known,
            chat_id: arrival.chat_id,
            message_id: if private { pressed } else { arrival.message_id().map(|_| NEW_MESSAGE) },
            record: asks_for_new_message(&arrival.content),
            language: language.code().to_owned(),
        };
        if !turn.writes.is_empty() && !self.commit(&scene, &turn.writes, before.seen).await? {
            return Ok(Confirmable::now());
        }
        if turn.writes.iter().any(|write| matches!(write, Write::Use(_) | Write::Join { .. })) {
            app.requests.notify_one();
        }
        if let Some(screen) = turn.whisper.take()
            && self.whisper(arrival, &screen).await
        {
            turn.url = None;
        }
        if let Content::Press { query_id, .. } = &arrival.content {
            self.answer_press(query_id, &turn);
        }
        if let Some(message) = arrival.typed.filter(|_| turn.erase) {
            let (app, chat_id) = (Arc::clone(app), arrival.chat_id);
            tokio::spawn(async move { secrets::erase(&app, chat_id, message).await });
        }
        if let (Some(secret), Some(account)) = (&turn.secret, known) {
            secrets::show(app, account, arrival.chat_id, secret).await?;
            updates::answered(app.db.pool(), arrival.update_id, app.clock.now()).await?;
            return Ok(Confirmable::now());
        }
        let Some(screen) = &turn.screen else { return Ok(Confirmable::now()) };
        let edit = arrival.message_id().filter(|_| !(turn.fresh || asks_for_new_message(&arrival.content)));
        let letter = match edit {
            Some(message_id) => Letter::edit(arrival.chat_id, message_id, screen),
            None => Letter::new(arrival.chat_id, screen),
        };
        Ok(Confirmable(self.tell(letter, arrival.update_id, reference.to_owned())))
    }

    /// What is known of an update. Whoever presses a button as soon as they see it is a moment ahead of the note that it
    /// is shown, and must not be told that work goes on.
    async fn before(
        &self,
        update_id: i64,
        account: Option<AccountId>,
        pressed: Option<i32>,
    ) -> Result<Before, Fault> {
        let mut looks = 0;
        loop {
            let before = updates::before(self.app.db.pool(), update_id, account, pressed).await?;
            if !before.decided || looks == LOOKS {
                return Ok(before);
            }
            looks += 1;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The end of an answer: sent, and remembered.
    fn tell(&self, letter: Letter, update_id: i64, reference: String) -> BoxFuture<'static, ()> {
        let app = Arc::clone(&self.app);
        let again = Letter { edit: None, ..letter.clone() };
        let fate = app.post.post(letter);
        async move {
            let mut fate = fate.await;
            if fate == Fate::Gone {
                // Too old to be edited, or deleted: say it anew.
                fate = app.post.post(again).await;
            }
            if let Fate::Refused(_) | Fate::Unsent(_) | Fate::Unknown(_) = &fate {
                tracing::warn!(reference, ?fate, "an answer did not arrive");
                return;
            }
            if let Err(error) = updates::answered(app.db.pool(), update_id, app.clock.now()).await {
                tracing::warn!(reference, %error, "an answer is not remembered");
            }
        }
        .boxed()
    }

    async fn commit(&self, scene: &Scene, writes: &[Write], again: bool) -> Result<bool, Fault> {
        let patience = self.app.settings.patience;
        let patience = time::Duration::try_from(patience).unwrap_or(time::Duration::MINUTE);
        let mut tries = 1;
        loop {
            match turn::commit(&self.app.db, &self.app.vault, scene, writes, again, patience).await {
                Err(fault) if tries < COMMITS && fault.blame() == chassis::Blame::Nobody => {
                    tracing::warn!(error = fault.chain(), tries, "a turn is committed again");
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                // The first try may have been committed although its answer was lost.
                Ok(false) if tries > 1 => return Ok(true),
                result => return result,
            }
        }
    }

    /// Counts the deed; a turn, if it was one too many.
    async fn welcome(&self, arrival: &Arrival, language: Language) -> Option<Turn> {
        let deed = match &arrival.content {
            Content::Press { .. } | Content::Search { .. } => Deed::Press,
            Content::Text(text) if arrival.private || text.starts_with('/') => Deed::Message,
            Content::Other if arrival.private => Deed::Message,
            // What is said in a group is not said to us.
            Content::Text(_) | Content::Other | Content::Added => return None,
        };
        match (self.app.limiter.count(arrival.user_id, deed).await, deed) {
            (Verdict::Welcome, _) => None,
            // A group does not hear how much one of it writes.
            (Verdict::TellOnce(_), Deed::Message) if !arrival.private => Some(Turn::default()),
            (Verdict::TellOnce(too_much), Deed::Message) => {
                let key = match too_much {
                    TooMuch::Own => "slow-down",
                    TooMuch::Everybodys => "too-busy",
                };
                Some(Turn::show(screens::note(language, language.say(key))))
            }
            (Verdict::TellOnce(too_much), Deed::Press) => {
                let key = match too_much {
                    TooMuch::Own => "toast-slow-down",
                    TooMuch::Everybodys => "toast-too-busy",
                };
                Some(Turn { alert: true, ..Turn::toast(language.plain(key, &[])) })
            }
            (Verdict::Ignore, _) => Some(Turn::default()),
        }
    }

    /// Ends the little clock on the button. Not a message: it does not wait in their line.
    fn answer_press(&self, query_id: &str, turn: &Turn) {
        let mut call = self.app.bot.answer_callback_query(CallbackQueryId(query_id.to_owned()));
        if let Some(toast) = &turn.toast {
            call = call.text(toast).show_alert(turn.alert);
        }
        if let Some(url) = turn.url.as_ref().and_then(|url| url.parse().ok()) {
            call = call.url(url);
        }
        tokio::spawn(async move {
            match tokio::time::timeout(ANSWER_LIMIT, call.into_future()).await {
                Ok(Ok(_)) => {}
                // Too old after a restart, as a rule.
                Ok(Err(error)) => tracing::debug!(%error, "a press is not answered"),
                Err(_) => tracing::debug!("a press is not answered in time"),
            }
        });
    }
}

/// Whether the pressed message has to stay as it is.
fn asks_for_new_message(content: &Content) -> bool {
    match content {
        Content::Press { data, .. } => match Press::decode(data) {
            // Agreeing leaves the terms where they are until the account is open.
            Ok(Press { callback: Callback::Agree { .. } | Callback::AgreeFor { .. }, .. }) => false,
            Ok(press) => press.fresh,
            Err(_) => true,
        },
        _ => true,
    }
}

/// What a user quotes when something of ours did not work; the log has the rest.
fn reference(arrival: &Arrival) -> String {
    let seed = [arrival.update_id.to_be_bytes(), arrival.chat_id.to_be_bytes()].concat();
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, &seed).simple().to_string().to_uppercase();
    id.chars().take(8).collect()
}

/// What people say to each other in a group in which the bot hears everything.
fn is_talk(arrival: &Arrival) -> bool {
    match &arrival.content {
        Content::Text(text) => !arrival.private && !text.starts_with('/'),
        Content::Other => !arrival.private,
        Content::Press { .. } | Content::Added | Content::Search { .. } => false,
    }
}

/// Updates of one chat stay in order.
fn chat_of(update: &Update) -> i64 {
    let chat = update.chat().map(|chat| chat.id.0);
    // A search comes from no chat: those of one person stay in order.
    chat.or_else(|| i64::try_from(update.from()?.id.0).ok()).unwrap_or_default()
}
