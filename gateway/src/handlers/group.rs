//! Groups: what is asked there is answered for everybody, without anybody's stake or balance. What belongs to one person is
//! whispered to them where the server can do that, or waits in the private chat.

use super::{Member, Visitor, bets, pictured, rooms};
use crate::{
    app::App,
    arrival::Content,
    callbacks::{Callback, Press, deep_link_of, group_link_of, payload_of},
    commands::RequestKind,
    domain::{About, Asked, Reader, RoomView},
    locales::Language,
    screens::{self, Screen},
    store::{accounts, slips},
    turn::{Turn, Write},
};
use chassis::Fault;
use futures::future::{join_all, try_join_all};
use prost::Message as _;
use proto::{AccountId, CommandId, Lamports, RoomId, room::PlaceBet};
use std::sync::Arc;

/// A command. Not again within a few seconds: the group reads along.
///
/// # Errors
/// A service does not answer.
pub async fn command(app: Arc<App>, visitor: Visitor, asked: Asked) -> Result<Turn, Fault> {
    let (chat, language) = (visitor.chat_id, visitor.language);
    let pause = app.settings.group_pause;
    if !app.groups.may_ask(chat, visitor.user_id, asked.about.name(), pause).await {
        return Ok(Turn::default());
    }
    let create = app.deep_link(&group_link_of(chat));
    let screen = match asked.about {
        About::Private(link) => {
            let payload = payload_of(link).unwrap_or_else(|| "group".to_owned());
            return Ok(Turn {
                screen: app.deep_link(&payload).map(|url| screens::in_private(language, url)),
                ..Turn::default()
            });
        }
        About::Help => screens::group_help(language),
        About::Create => screens::group_create(language, create),
        about => {
            let (rooms, total) = rooms_of(&app, chat, asked.room).await?;
            if rooms.is_empty() {
                screens::no_group_room(language, asked.room.is_some(), create)
            } else {
                tell(&app, language, about, rooms, total).await?
            }
        }
    };
    Ok(Turn::show(screen))
}

/// The rooms a group can ask about: its own and the one it hosts for others, or one by its number.
async fn rooms_of(app: &App, chat: i64, number: Option<i64>) -> Result<(Vec<RoomView>, u64), Fault> {
    if let Some(number) = number {
        let room = app.clients.room_by_number(number).await?.filter(|room| is_for(room, chat));
        let total = u64::from(room.is_some());
        return Ok((room.into_iter().collect(), total));
    }
    let (own, hosted) =
        tokio::join!(app.clients.live_rooms(chat, screens::GROUP_ROOMS), app.clients.arena_room(chat));
    let (mut rooms, mut total) = own?;
    if let Some(room) = hosted?.filter(|room| rooms.iter().all(|own| own.id != room.id)) {
        rooms.insert(0, room);
        total = total.saturating_add(1);
    }
    Ok((rooms, total))
}

/// Whether a group may be told of a room.
fn is_for(room: &RoomView, chat: i64) -> bool {
    room.public || room.scope == chat
}

async fn tell(
    app: &App,
    language: Language,
    about: About,
    rooms: Vec<RoomView>,
    total: u64,
) -> Result<Screen, Fault> {
    let now = app.clock.now();
    Ok(match (about, rooms.as_slice()) {
        (About::Bet, [room]) if room.takes_bets(now) => {
            card(app, language, room).await.under(&language.say("group-bet"))
        }
        (About::Room | About::Bet, [room]) => card(app, language, room).await,
        (About::Players, _) => {
            let asked = rooms.into_iter().map(async |room| {
                let players = app.clients.players(room.id).await?;
                Ok::<_, Fault>((room, players))
            });
            let told = try_join_all(asked).await?;
            screens::group_players(language, &told, total, now)
        }
        (About::Oracle, _) => {
            let asked = rooms.into_iter().map(async |room| {
                let prices = rooms::prices_of(app, &room).await;
                (room, prices)
            });
            let told = join_all(asked).await;
            screens::group_oracle(language, &told, total, now)
        }
        (About::Odds, rooms) => screens::group_odds(language, rooms, total, now),
        (About::Time, rooms) => screens::group_times(language, rooms, total, now),
        (_, rooms) => screens::group_rooms(language, rooms, total, now),
    })
}

/// A room's card for a group.
pub(crate) async fn card(app: &App, language: Language, room: &RoomView) -> Screen {
    let card = pictured::card(app, language, room, &Reader::default(), "").await;
    let link = app.deep_link(&deep_link_of(room.id));
    screens::group_card(language, room, card, link, app.clock.now())
}

/// The bot came into a group.
///
/// # Errors
/// Never.
pub async fn welcome(app: Arc<App>, visitor: Visitor) -> Result<Turn, Fault> {
    let create = app.deep_link(&group_link_of(visitor.chat_id));
    let language = visitor.language;
    Ok(Turn::show(screens::welcome(language, create))
        .and(Write::Host { chat: visitor.chat_id, language: language.code() }))
}

/// A button. What everybody may see is shown here; a bet goes on in a slip that only its presser sees, and everything else in
/// the private chat.
///
/// # Errors
/// A service does not answer.
pub async fn pressed(app: Arc<App>, visitor: Visitor, content: Content) -> Result<Turn, Fault> {
    let Content::Press { data, .. } = content else { return Ok(Turn::default()) };
    let callback = Press::decode(&data).ok().map(|press| press.callback);
    match (callback, Member::of(visitor.clone())) {
        (Some(Callback::GroupRoom { room }), _) => refreshed(&app, &visitor, room).await,
        (Some(Callback::Confirm { slip }), Some(member)) => confirmed(app, &visitor, member, slip).await,
        (Some(Callback::Confirm { .. }), None) => Ok(not_yours(visitor.language)),
        (Some(Callback::Outcome { room, outcome }), Some(member)) if app.groups.can_whisper() => {
            let asked = bets::outcome(Arc::clone(&app), member, (room, outcome)).await?;
            Ok(whispered(&app, member, room, asked))
        }
        (Some(Callback::Stake { room, outcome, stake }), Some(member)) if app.groups.can_whisper() => {
            let asked = bets::stake(Arc::clone(&app), member, (room, outcome, stake)).await?;
            Ok(whispered(&app, member, room, asked))
        }
        (callback, _) => {
            let room = callback.and_then(Callback::room);
            let payload = room.map_or_else(|| "group".to_owned(), deep_link_of);
            Ok(match app.deep_link(&payload) {
                Some(url) => Turn { url: Some(url), ..Turn::default() },
                None => Turn::toast(visitor.language.plain("toast-busy", &[])),
            })
        }
    }
}

/// A card as it is now, in the message that was pressed or, from a list, in a new one.
async fn refreshed(app: &App, visitor: &Visitor, room: RoomId) -> Result<Turn, Fault> {
    let language = visitor.language;
    if !app.groups.may_ask(visitor.chat_id, visitor.user_id, "card", app.settings.group_pause).await {
        return Ok(Turn::toast(language.plain("toast-refreshed-lately", &[])));
    }
    match app.clients.room(room).await?.filter(|room| is_for(room, visitor.chat_id)) {
        Some(room) => Ok(Turn::show(card(app, language, &room).await)),
        None => Ok(Turn::toast(language.plain("toast-room-gone", &[]))),
    }
}

fn not_yours(language: Language) -> Turn {
    Turn { alert: true, ..Turn::toast(language.plain("toast-not-yours", &[])) }
}

/// A private screen as a slip in the group. Where the server refuses to whisper it, the private chat opens at the room.
fn whispered(app: &App, member: Member, room: RoomId, asked: Turn) -> Turn {
    let link = app.deep_link(&deep_link_of(room));
    let screen = asked.screen.map(|screen| screens::whispered(member.language, screen, link.clone()));
    Turn { whisper: screen, screen: None, url: link, ..asked }
}

/// The third tap, in a slip. A slip is its minter's; whoever else sends its number learns nothing.
async fn confirmed(app: Arc<App>, visitor: &Visitor, member: Member, slip: CommandId) -> Result<Turn, Fault> {
    let language = visitor.language;
    let bet = match slips::find(app.db.pool(), slip).await? {
        Some(found) if found.account != member.account => return Ok(not_yours(language)),
        // Everything but a bet is confirmed in the private chat alone.
        Some(found) if found.kind != RequestKind::PlaceBet => return Ok(not_yours(language)),
        Some(found) => PlaceBet::decode(found.body.as_slice()).unwrap_or_default(),
        None => PlaceBet::default(),
    };
    let turn = super::confirm(Arc::clone(&app), member, slip).await?;
    if turn.writes.is_empty() {
        return Ok(turn);
    }
    let room = RoomId::try_from_bytes(&bet.room_id).ok();
    let link = room.and_then(|room| app.deep_link(&deep_link_of(room)));
    let stake = Lamports::new(bet.stake_lamports);
    Ok(Turn { whisper: Some(screens::whispered_placing(language, stake, link)), ..turn })
}

/// Whether an account may see a room and bet in it: everybody in a public one, else its host and the members of its group.
/// Whoever has bet there is asked for by the caller.
///
/// # Errors
/// Telegram does not answer.
pub(crate) async fn may_see(app: &App, account: AccountId, room: &RoomView) -> Result<bool, Fault> {
    if room.public || room.host == Some(account) {
        return Ok(true);
    }
    is_in(app, account, room.scope).await
}

/// Whether the owner of an account is in a group.
pub(super) async fn is_in(app: &App, account: AccountId, chat: i64) -> Result<bool, Fault> {
    let people = accounts::reach(app.db.pool(), &app.vault, &[account.uuid()]).await?;
    match people.get(&account) {
        Some(person) => app.groups.has(chat, person.telegram_user_id).await,
        None => Ok(false),
    }
}

/// Anything else is not meant for us.
///
/// # Errors
/// Never.
pub async fn silence() -> Result<Turn, Fault> {
    Ok(Turn::default())
}
