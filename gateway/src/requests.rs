//! Tells how requests went: in the message whose button was pressed, once their outcome is there.
//! Until then, after a moment, that they are on their way, and that they take longer.

mod play;
mod tracking;

use crate::{
    app::App,
    arenas,
    commands::{NEW_MESSAGE, RequestKind},
    delivery::{Fate, Letter, secrets},
    domain::{Reader, RoomView},
    handlers::{self, Member},
    locales::Language,
    screens::{self, Art, Screen},
    store::{accounts, deliveries, drafts, drafts::DraftKind, requests, requests::Request, threads},
};
use chassis::Fault;
use prost::Message as _;
use proto::{
    CommandId,
    common::Outcome,
    room::OpenRoomDone,
    settlement::SetLeaderboardDone,
    wallet::{
        CancelWithdrawal, CancelWithdrawalDone, CloseAccountDone, ConfirmTotpDone, CoolOffDone,
        ExcludeSelfDone, OpenAccountDone, RemoveTotpDone, RequestWithdrawalDone, SetLimitDone,
    },
};
use std::{sync::Arc, time::Duration};
use time::{Duration as Span, OffsetDateTime};
use tokio_util::sync::CancellationToken;

/// Most requests are decided sooner and need no word in between.
const SLOW: Span = Span::milliseconds(900);

/// After this one is told that it takes longer.
const SLOWER: Span = Span::seconds(3);

/// Pause before what could not be told is told again.
const AGAIN: Span = Span::seconds(1);

/// A press in the last moment has committed by then.
const MARGIN: Span = Span::seconds(1);

/// How often is looked when nothing wakes.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Shows what there is to show until the shutdown. Replicas share the work by leases on rows.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match requests::claim(app.db.pool(), app.clock.now(), SLOW, SLOWER).await {
            Ok(claimed) => {
                for request in claimed {
                    let app = Arc::clone(&app);
                    tokio::spawn(async move {
                        let id = request.id;
                        if let Err(fault) = show(&app, request).await {
                            tracing::warn!(request = %id, error = fault.chain(), "not shown yet");
                            // Where this fails as well, the lease ends by itself.
                            let _ = requests::again(app.db.pool(), id, app.clock.now() + AGAIN).await;
                        }
                    });
                }
            }
            Err(error) => tracing::debug!(%error, "requests not looked for"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = app.requests.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// What a request says now.
struct Tidings {
    screen: Screen,
    /// Sent after it as a message of its own.
    then: Option<Screen>,
    /// Sent to the group that it is for.
    group: Option<(i64, Screen)>,
    /// What the message says a moment later.
    fades: Option<Fades>,
}

/// A message with a button that is good for seconds only: after them it goes, unless it was pressed.
struct Fades {
    at: OffsetDateTime,
    unless: CommandId,
    screen: Screen,
}

async fn show(app: &App, request: Request) -> Result<(), Fault> {
    let people = accounts::reach(app.db.pool(), &app.vault, &[request.account.uuid()]).await?;
    let Some(person) = people.get(&request.account) else {
        // Nobody is left to be told.
        requests::shown(app.db.pool(), request.id, request.shown, app.clock.now()).await?;
        return Ok(());
    };
    let language = Language::of_tag(&person.language);
    let farewell = if has_left(&request)? { Some(part(app, &request).await?) } else { None };
    let tidings = match (&request.outcome, request.shown) {
        (Some(outcome), _) => {
            let outcome = Outcome::decode(outcome.as_slice())
                .map_err(|_| Fault::bug("a stored outcome does not decode"))?;
            decided(app, &request, language, &outcome).await?
        }
        // Pressed in a group: its outcome is enough. What was typed says so if it takes longer.
        (None, shown) if request.message_id == NEW_MESSAGE && !(shown > 1 && request.kind.may_be_typed()) => {
            None
        }
        (None, 1) => Some(on_its_way(language, &request).into()),
        (None, _) => Some(Screen::new([language.say("still-working")]).into()),
    };
    let (mut next, mut fading, mut posted) = (None, None, None);
    let mut message_id = request.message_id;
    if let Some(Tidings { screen, then, group, fades }) = tidings {
        let edit = Some(message_id).filter(|id| *id != NEW_MESSAGE);
        let letter = Letter { edit, ..Letter::new(person.chat_id, &below(&request, screen)) };
        let fate = match app.post.post(letter.clone()).await {
            Fate::Gone => app.post.post(Letter { edit: None, ..letter }).await,
            fate => fate,
        };
        match fate {
            Fate::Unsent(why) | Fate::Unknown(why) => return Err(Fault::upstream("Telegram", why)),
            Fate::Sent(id) => message_id = id,
            _ => {}
        }
        (next, fading, posted) = (then, fades, group);
    }
    if let Some(farewell) = farewell {
        return erase(app, &request, farewell).await;
    }
    let first = requests::shown(app.db.pool(), request.id, request.shown, app.clock.now()).await?;
    if let Some(screen) = next.filter(|_| first) {
        app.post.post(Letter::new(person.chat_id, &screen)).await;
    }
    if let Some((chat, card)) = posted.filter(|_| first) {
        app.post.post(Letter::new(chat, &card)).await;
    }
    if let Some(fades) = fading {
        fade(app, person.chat_id, message_id, fades).await?;
    }
    Ok(())
}

/// Whoever pressed in time is in the table by now, so nothing newer is overwritten. A crash in between leaves the button, and
/// its press is answered with the rule.
async fn fade(app: &App, chat_id: i64, message_id: i32, fades: Fades) -> Result<(), Fault> {
    let wait = Duration::try_from(fades.at - app.clock.now()).unwrap_or_default();
    tokio::time::sleep(wait).await;
    if requests::is_shown(app.db.pool(), fades.unless).await?.is_none() {
        app.post.post(Letter::edit(chat_id, message_id, &fades.screen.keeping())).await;
    }
    Ok(())
}

/// What is said of a bet or a room goes below the room's picture, if the pressed message has it.
fn below(request: &Request, screen: Screen) -> Screen {
    let about_a_room = matches!(
        request.kind,
        RequestKind::PlaceBet | RequestKind::CancelBet | RequestKind::CancelRoom | RequestKind::OpenDispute
    );
    if about_a_room && screen.art == Art::None { screen.keeping() } else { screen }
}

/// Whether an account was closed by its owner.
fn has_left(request: &Request) -> Result<bool, Fault> {
    let Some(outcome) = request.outcome.as_deref().filter(|_| request.kind == RequestKind::CloseAccount)
    else {
        return Ok(false);
    };
    let outcome = Outcome::decode(outcome).map_err(|_| Fault::bug("a stored outcome does not decode"))?;
    Ok(outcome.decided::<CloseAccountDone>()?.is_ok())
}

/// What outlasts somebody who has left.
struct Farewell {
    excluded_until: Option<OffsetDateTime>,
}

/// What takes others' answers goes before the last word, so that whoever hears it and writes again is met as somebody new.
/// Without an answer about their exclusion it is tried again: it must not be forgotten with them.
async fn part(app: &App, request: &Request) -> Result<Farewell, Fault> {
    let limits = app.clients.limits(request.account).await?;
    arenas::let_go(app, request.account).await?;
    Ok(Farewell { excluded_until: limits.excluded_until })
}

/// Forgets who somebody is, once they were told so.
async fn erase(app: &App, request: &Request, farewell: Farewell) -> Result<(), Fault> {
    let mut unit = app.db.unit().await?;
    let now = unit.now().await?;
    accounts::erase(unit.conn(), &app.vault, request.account, farewell.excluded_until, now).await?;
    requests::shown(unit.conn(), request.id, request.shown, now).await?;
    unit.commit().await
}

impl From<Screen> for Tidings {
    fn from(screen: Screen) -> Self {
        Self { screen, then: None, group: None, fades: None }
    }
}

fn on_its_way(language: Language, request: &Request) -> Screen {
    match request.kind {
        RequestKind::OpenAccount => screens::opening_account(language),
        RequestKind::OpenRoom => screens::opening(language),
        RequestKind::PlaceBet => handlers::placing(language, &request.body),
        RequestKind::CancelBet => Screen::new([language.say("cancelling-bet")]),
        RequestKind::CancelRoom => Screen::new([language.say("cancelling-room")]),
        RequestKind::OpenDispute => Screen::new([language.say("requesting-dispute")]),
        RequestKind::RequestWithdrawal => screens::requesting(language),
        RequestKind::CancelWithdrawal => screens::cancelling(language),
        RequestKind::ConfirmTotp | RequestKind::RemoveTotp => Screen::new([language.say("checking-code")]),
        RequestKind::SetLimit | RequestKind::CoolOff | RequestKind::ExcludeSelf => {
            Screen::new([language.say("requesting-limit")])
        }
        RequestKind::CloseAccount => Screen::new([language.say("requesting-erasure")]),
        RequestKind::SetLeaderboard => Screen::new([language.say("requesting-leaderboard")]),
        RequestKind::TrackWallet
        | RequestKind::UntrackWallet
        | RequestKind::RenameWallet
        | RequestKind::SetPriceAlert
        | RequestKind::RemovePriceAlert
        | RequestKind::ChangePreferences => Screen::new([language.say("requesting-tracker")]),
    }
}

/// The outcome in words; nothing if the message shows something newer already.
async fn decided(
    app: &App,
    request: &Request,
    language: Language,
    outcome: &Outcome,
) -> Result<Option<Tidings>, Fault> {
    let now = app.clock.now();
    let member = Member { account: request.account, language };
    match request.kind {
        RequestKind::OpenAccount => match outcome.decided::<OpenAccountDone>()? {
            Ok(_) => {
                let desk = handlers::desk::read(app, request.account).await;
                let then = match request.room {
                    Some(room) => handlers::rooms::read(app, member, room).await?,
                    None => handlers::create::waiting(app, member).await?,
                };
                Ok(Some(Tidings { then, ..screens::desk(language, &desk, true).into() }))
            }
            Err(refusal) => {
                Ok(Some(screens::note(language, screens::refusal(language, &refusal, now)).into()))
            }
        },
        RequestKind::OpenRoom => match outcome.decided::<OpenRoomDone>()? {
            Ok(done) => {
                let room = done.room.as_ref().ok_or(proto::Malformed("an opened room without a room"))?;
                let room = RoomView::try_from(room)?;
                drafts::drop(app.db.pool(), request.account, DraftKind::Create).await?;
                let group = if room.public {
                    None
                } else {
                    Some((room.scope, handlers::group::card(app, language, &room).await))
                };
                let host = Reader { bet: None, host: true };
                let above = language.say("room-opened");
                let card = handlers::pictured::card(app, language, &room, &host, &above).await;
                Ok(Some(Tidings { group, ..card.into() }))
            }
            Err(refusal) => Ok(Some(play::room_refused(language, &refusal, now).into())),
        },
        RequestKind::PlaceBet => play::placed(app, request, member, outcome).await.map(Some),
        RequestKind::CancelBet => play::bet_cancelled(app, request, member, outcome).await.map(Some),
        RequestKind::CancelRoom => play::room_cancelled(app, request, member, outcome).await.map(Some),
        RequestKind::OpenDispute => play::disputed(app, request, member, outcome).map(Some),
        RequestKind::RequestWithdrawal => match outcome.decided::<RequestWithdrawalDone>()? {
            Ok(done) => {
                let withdrawal =
                    done.withdrawal.ok_or(proto::Malformed("a requested withdrawal without one"))?;
                drafts::drop(app.db.pool(), request.account, DraftKind::Withdraw).await?;
                let version = i64::try_from(withdrawal.version).unwrap_or(i64::MAX);
                let thread = deliveries::withdrawal_thread(request.id.uuid());
                let claimed = threads::claim(app.db.pool(), request.account, &thread, version, now).await?;
                let page = app.explorer(&withdrawal.signature);
                Ok(claimed.map(|_| screens::withdrawal(language, &withdrawal, page, now).into()))
            }
            Err(refusal) => Ok(Some(screens::withdraw_refused(language, &refusal, now).into())),
        },
        RequestKind::CancelWithdrawal => cancelled(app, request, language, outcome).await,
        RequestKind::ConfirmTotp | RequestKind::RemoveTotp => {
            authenticated(app, request, member, outcome).await.map(Some)
        }
        RequestKind::SetLimit | RequestKind::CoolOff | RequestKind::ExcludeSelf => {
            limited(app, request, member, outcome).await.map(Some)
        }
        RequestKind::CloseAccount => Ok(Some(match outcome.decided::<CloseAccountDone>()? {
            Ok(_) => screens::erased(language).into(),
            Err(refusal) => screens::leave_refused(language, &refusal, now).into(),
        })),
        RequestKind::SetLeaderboard => Ok(Some(match outcome.decided::<SetLeaderboardDone>()? {
            Ok(done) => {
                let key = if done.hidden { "leaderboard-hidden" } else { "leaderboard-listed" };
                handlers::standings::overview(app, member, &language.say(key)).await?.into()
            }
            Err(refusal) => screens::note(language, screens::refusal(language, &refusal, now)).into(),
        })),
        RequestKind::TrackWallet
        | RequestKind::UntrackWallet
        | RequestKind::RenameWallet
        | RequestKind::SetPriceAlert
        | RequestKind::RemovePriceAlert
        | RequestKind::ChangePreferences => tracking::decided(app, request, member, outcome).await.map(Some),
    }
}

/// The command of a request.
fn asked<C: prost::Message + Default>(request: &Request) -> Result<C, Fault> {
    C::decode(request.body.as_slice()).map_err(|_| Fault::bug("a request does not decode"))
}

/// The withdrawal as it is now: taken back, or below why it could not be.
async fn cancelled(
    app: &App,
    request: &Request,
    language: Language,
    outcome: &Outcome,
) -> Result<Option<Tidings>, Fault> {
    let now = app.clock.now();
    let command = CancelWithdrawal::decode(request.body.as_slice())
        .map_err(|_| Fault::bug("a request does not decode"))?;
    let id = proto::WithdrawalId::try_from_bytes(&command.withdrawal_id)?;
    let (withdrawal, refused) = match outcome.decided::<CancelWithdrawalDone>()? {
        Ok(done) => (done.withdrawal, None),
        Err(refusal) => (app.clients.withdrawal(id).await?, Some(screens::refusal(language, &refusal, now))),
    };
    // Another account's, or none at all.
    let Some(withdrawal) = withdrawal.filter(|one| one.account_id == request.account.bytes()) else {
        return Ok(refused.map(|text| screens::note(language, text).into()));
    };
    let version = i64::try_from(withdrawal.version).unwrap_or(i64::MAX);
    let screen = screens::withdrawal(language, &withdrawal, app.explorer(&withdrawal.signature), now);
    if let Some(text) = refused {
        return Ok(Some(screen.under(&text).into()));
    }
    let thread = deliveries::withdrawal_thread(id.uuid());
    let claimed = threads::claim(app.db.pool(), request.account, &thread, version, now).await?;
    Ok(claimed.map(|_| screen.into()))
}

/// Settings below what became of the authenticator. The message with its secret goes.
async fn authenticated(
    app: &App,
    request: &Request,
    member: Member,
    outcome: &Outcome,
) -> Result<Tidings, Fault> {
    let language = member.language;
    let now = app.clock.now();
    let told = if request.kind == RequestKind::ConfirmTotp {
        outcome.decided::<ConfirmTotpDone>()?.map(|done| {
            let at = proto::from_timestamp(done.counts_from.as_ref()).unwrap_or(now);
            language.fill("authenticator-added", &[("at", screens::format::moment(language, at, now).into())])
        })
    } else {
        outcome.decided::<RemoveTotpDone>()?.map(|_| language.say("authenticator-removed"))
    };
    match told {
        Ok(told) => {
            secrets::forget(app, request.account).await?;
            Ok(handlers::settings::overview(app, member, Some(told)).await?.into())
        }
        Err(refusal) => Ok(screens::authenticator_refused(language, &refusal, now).into()),
    }
}

/// All limits below what was just decided about one of them.
async fn limited(app: &App, request: &Request, member: Member, outcome: &Outcome) -> Result<Tidings, Fault> {
    let language = member.language;
    let told = match request.kind {
        RequestKind::CoolOff => outcome.decided::<CoolOffDone>()?.map(|_| language.say("cool-off-done")),
        RequestKind::ExcludeSelf => {
            outcome.decided::<ExcludeSelfDone>()?.map(|_| language.say("exclusion-done"))
        }
        _ => outcome.decided::<SetLimitDone>()?.map(|done| {
            let waits = done.limit.is_some_and(|limit| limit.next_at.is_some());
            language.say(if waits { "limit-waits" } else { "limit-set" })
        }),
    };
    Ok(match told {
        Ok(told) => handlers::limits::overview(app, member, Some(told)).await?.into(),
        Err(refusal) => screens::limit_refused(language, &refusal, app.clock.now()).into(),
    })
}
