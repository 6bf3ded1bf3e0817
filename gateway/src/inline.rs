//! Inline mode: `@bot sol 165` in any chat finds live public rooms, and a tap shares one as a card with a link that carries the
//! sharer's code. It works for whoever has no account, too. Rooms of groups stay in their groups.

use crate::{
    app::App,
    callbacks::payload_of,
    domain::{Link, ReferralCode, RoomKey, RoomView, matches},
    locales::Language,
    screens::{self, Shared},
};
use chassis::{Fault, clock::monotonic};
use proto::AccountId;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use teloxide::{
    payloads::AnswerInlineQuerySetters as _,
    requests::Requester as _,
    types::{
        InlineKeyboardMarkup, InlineQueryId, InlineQueryResult, InlineQueryResultArticle,
        InputMessageContent, InputMessageContentText, ParseMode,
    },
};

/// Rooms that are looked through: the newest live ones.
const ROOMS: u32 = 50;

/// Rooms in an answer.
const RESULTS: usize = 20;

/// Somebody types: the rooms are not read again for every letter.
const FRESH: Duration = Duration::from_secs(3);

/// Telegram may give the same answer to the same words of the same person for so long, in seconds.
const CACHE: u32 = 5;

/// The answer is of no use later: the next letter is typed.
const LIMIT: Duration = Duration::from_secs(5);

/// The live public rooms as they were a moment ago. One list, for everybody.
#[derive(Default)]
pub struct Catalogue {
    read: Mutex<Option<(Instant, Arc<[RoomView]>)>>,
}

impl Catalogue {
    /// The rooms, read anew if the last time is over.
    async fn rooms(&self, app: &App) -> Result<Arc<[RoomView]>, Fault> {
        let known = self.lock().clone().filter(|(at, _)| at.elapsed() < FRESH);
        if let Some((_, rooms)) = known {
            return Ok(rooms);
        }
        let (rooms, _) = app.clients.live_rooms(0, ROOMS).await?;
        let rooms: Arc<[RoomView]> = rooms.into();
        *self.lock() = Some((monotonic(), Arc::clone(&rooms)));
        Ok(rooms)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Arc<[RoomView]>)>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers what somebody has typed so far.
///
/// # Errors
/// room-svc or Telegram does not answer: the person sees no rooms, and types on.
pub async fn answer(
    app: &App,
    account: Option<AccountId>,
    language: Language,
    query_id: &str,
    words: &str,
) -> Result<(), Fault> {
    let code = async {
        match account {
            // Without an answer the link goes without a code.
            Some(account) => app.clients.referrals(account).await.ok(),
            None => None,
        }
    };
    let (rooms, code) = tokio::join!(app.catalogue.rooms(app), code);
    let code = code.and_then(|found| ReferralCode::parse(&found.code));
    let now = app.clock.now();
    let rooms = rooms?;
    let found = rooms.iter().filter_map(|room| {
        let shared = screens::shared(language, room, now);
        matches(words, room.number, &shared.searched).then_some((room, shared))
    });
    let results = found.take(RESULTS).filter_map(|(room, shared)| result(app, language, room, code, shared));
    let call = app.bot.answer_inline_query(InlineQueryId(query_id.to_owned()), results.collect::<Vec<_>>());
    let call = call.cache_time(CACHE).is_personal(true);
    match tokio::time::timeout(LIMIT, call.into_future()).await {
        Ok(Ok(_)) => Ok(()),
        // Too old, as a rule: the next letter was faster.
        Ok(Err(error)) => {
            tracing::debug!(%error, "a search is not answered");
            Ok(())
        }
        Err(_) => Err(Fault::upstream("Telegram", "no answer in time")),
    }
}

/// One room as Telegram shows and shares it; nothing while the bot's own name is not known.
fn result(
    app: &App,
    language: Language,
    room: &RoomView,
    code: Option<ReferralCode>,
    shared: Shared,
) -> Option<InlineQueryResult> {
    let link = app.deep_link(&payload_of(Link { room: Some(RoomKey::Id(room.id)), code })?)?;
    let screen = screens::shared_card(language, room, link, app.clock.now());
    let content = InputMessageContentText::new(screen.text.clone())
        .parse_mode(ParseMode::Html)
        .link_preview_options(crate::delivery::no_preview());
    let keyboard: InlineKeyboardMarkup = crate::delivery::keyboard(&screen);
    let article =
        InlineQueryResultArticle::new(room.id.uuid(), shared.title, InputMessageContent::Text(content));
    Some(article.description(shared.description).reply_markup(keyboard).into())
}
