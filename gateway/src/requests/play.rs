//! How requests about rooms and bets went.

use super::{Fades, MARGIN, Tidings, asked};
use crate::{
    app::App,
    domain::{Player, Reader, RoomView},
    handlers::{self, Member},
    locales::Language,
    screens::{self, Screen},
    store::requests::Request,
};
use chassis::Fault;
use proto::{
    Refusal, RoomId,
    common::{Outcome, RefusalCode},
    room::{CancelBet, CancelBetDone, CancelRoom, CancelRoomDone, PlaceBet, PlaceBetDone},
    settlement::{OpenDispute, OpenDisputeDone},
};

/// The bet, with the button that takes it back as long as that is possible.
pub(super) async fn placed(
    app: &App,
    request: &Request,
    member: Member,
    outcome: &Outcome,
) -> Result<Tidings, Fault> {
    let (language, now) = (member.language, app.clock.now());
    let bet = match outcome.decided::<PlaceBetDone>()? {
        Ok(done) => done.bet.ok_or(proto::Malformed("a placed bet without a bet"))?,
        Err(refusal) => {
            let room = RoomId::try_from_bytes(&asked::<PlaceBet>(request)?.room_id)?;
            return Ok(screens::bet_refused(language, room, &refusal, now).into());
        }
    };
    let room = RoomId::try_from_bytes(&bet.room_id)?;
    let (room, bets) = tokio::join!(app.clients.room(room), app.clients.bets_in(member.account, room));
    let room = room?.ok_or_else(|| Fault::bug("a bet in a room that does not exist"))?;
    let cancel = app.settings.cancel;
    // Whether it may be taken back depends on the bets before it; how it was answered does not.
    let known = Reader::of(&room, member.account, &bets?, cancel)?.bet;
    let player = Player::of(&room, &bet, cancel)?;
    let cancel_until = known.filter(|known| known.bet == player.bet).and_then(|known| known.cancel_until);
    let player = Player { cancel_until, ..player };
    let arena = if room.public { app.clients.arena_link(room.id).await } else { None };
    let screen = screens::placed(language, &room, &player, cancel, now).with_arena(language, arena.clone());
    let fades = player.cancel_until.filter(|until| now < *until).map(|until| Fades {
        at: until + MARGIN,
        unless: handlers::cancel::cancel_of(player.bet, member.account),
        screen: screens::placed(language, &room, &Player { cancel_until: None, ..player }, cancel, until)
            .with_arena(language, arena),
    });
    Ok(Tidings { fades, ..screen.into() })
}

/// The stake is back; or the bet stands as it was, below why.
pub(super) async fn bet_cancelled(
    app: &App,
    request: &Request,
    member: Member,
    outcome: &Outcome,
) -> Result<Tidings, Fault> {
    let (language, now) = (member.language, app.clock.now());
    let command: CancelBet = asked(request)?;
    let id = RoomId::try_from_bytes(&command.room_id)?;
    Ok(match outcome.decided::<CancelBetDone>()? {
        Ok(done) => {
            let bet = done.bet.ok_or(proto::Malformed("a bet taken back without a bet"))?;
            let room = app.clients.room(id).await?;
            let room = room.ok_or_else(|| Fault::bug("a bet in a room that does not exist"))?;
            screens::bet_cancelled(language, &room, &bet, now).into()
        }
        Err(refusal) => {
            let looked = handlers::rooms::look(app, member, id).await?;
            let stands = looked.and_then(|(room, reader)| Some((room, reader.bet?)));
            match stands.filter(|(_, bet)| bet.bet.bytes() == command.bet_id) {
                Some((room, bet)) => {
                    let bet = Player { cancel_until: None, ..bet };
                    let text = screens::refusal(language, &refusal, now);
                    let title = language.say("bet-not-cancelled");
                    let screen = screens::placed(language, &room, &bet, app.settings.cancel, now);
                    screen.under(&format!("{title} {text}")).into()
                }
                None => screens::bet_not_cancelled(language, id, &refusal, now).into(),
            }
        }
    })
}

/// The card of a room that is taken back, or that stays.
pub(super) async fn room_cancelled(
    app: &App,
    request: &Request,
    member: Member,
    outcome: &Outcome,
) -> Result<Tidings, Fault> {
    let (language, now) = (member.language, app.clock.now());
    let id = RoomId::try_from_bytes(&asked::<CancelRoom>(request)?.room_id)?;
    match outcome.decided::<CancelRoomDone>()? {
        Ok(done) => {
            let room = done.room.as_ref().ok_or(proto::Malformed("a room taken back without a room"))?;
            let room = RoomView::try_from(room)?;
            let bets = app.clients.bets_in(member.account, id).await?;
            let reader = Reader::of(&room, member.account, &bets, app.settings.cancel)?;
            let above = language.say("room-cancelled");
            Ok(handlers::pictured::card(app, language, &room, &reader, &above).await.into())
        }
        Err(refusal) => {
            let text = screens::refusal(language, &refusal, now);
            let text = format!("{} {text}", language.say("room-not-cancelled"));
            Ok(match handlers::rooms::read(app, member, id).await? {
                Some(card) => card.under(&text).into(),
                None => screens::note(language, text).into(),
            })
        }
    }
}

/// The dispute is handed in, or not.
pub(super) fn disputed(
    app: &App,
    request: &Request,
    member: Member,
    outcome: &Outcome,
) -> Result<Tidings, Fault> {
    let room = RoomId::try_from_bytes(&asked::<OpenDispute>(request)?.room_id)?;
    Ok(match outcome.decided::<OpenDisputeDone>()? {
        Ok(done) => {
            let dispute = done.dispute.ok_or(proto::Malformed("an opened dispute without one"))?;
            screens::dispute_opened(member.language, room, &dispute).into()
        }
        Err(refusal) => screens::dispute_refused(member.language, room, &refusal, app.clock.now()).into(),
    })
}

/// A duplicate leads to the room that asks the same.
pub(super) fn room_refused(language: Language, refusal: &Refusal, now: time::OffsetDateTime) -> Screen {
    let param =
        |key: &str| refusal.params.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let existing = (refusal.code == RefusalCode::RoomDuplicate)
        .then(|| Some((param("room_id")?.parse().ok()?, param("number")?)))
        .flatten()
        .map(|(room, number): (uuid::Uuid, &str)| (proto::RoomId::new(room), number.to_owned()));
    screens::room_refused(language, refusal, existing, now)
}
