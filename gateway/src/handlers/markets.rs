//! Markets of Polymarket: lists, the card, prices to wait for, and rooms that ask the same.

use super::{Member, Visitor, create, tracker};
use crate::{
    app::App,
    callbacks::Callback,
    clients::Gap,
    commands::RequestKind,
    domain::{AlertId, ConditionId, share_price, touch_of},
    screens::{self, Screen, Searched},
    store::drafts::{Draft, DraftKind},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{
    from_timestamp,
    notifier::{PriceAlert, RemovePriceAlert, SetPriceAlert},
    oracle::{Market, MarketOutcome},
};
use rust_decimal::Decimal;
use std::sync::Arc;
use uuid::Uuid;

/// Longest words of a search, in characters.
const WORDS: usize = 100;

/// `/markets`, alone or with words of the question.
///
/// # Errors
/// oracle-svc failed.
pub async fn list_typed(app: Arc<App>, member: Member, text: String) -> Result<Turn, Fault> {
    if text.is_empty() { list(app, member, 0).await } else { search(&app, member, &text).await }
}

/// A page of the most traded markets.
///
/// # Errors
/// oracle-svc failed.
pub async fn list(app: Arc<App>, member: Member, page: u32) -> Result<Turn, Fault> {
    listed(&app, member, Searched::No, page).await
}

async fn listed(app: &App, member: Member, searched: Searched<'_>, page: u32) -> Result<Turn, Fault> {
    let (words, again) = match searched {
        Searched::No => ("", Callback::Markets { page }),
        Searched::For(words) => (words, Callback::MarketsFound { page }),
    };
    let found = app.clients.markets(words, page, screens::MARKETS).await?;
    Ok(Turn::show(match found {
        Ok(found) => screens::markets(member.language, searched, page, &found, app.clock.now()),
        Err(gap) => screens::market_unknown(member.language, gap, again),
    }))
}

/// Which words?
///
/// # Errors
/// Never.
pub async fn ask_words(member: Member) -> Result<Turn, Fault> {
    Ok(asking(member))
}

pub(super) fn asking(member: Member) -> Turn {
    let draft = Draft::Search { words: String::new() };
    Turn::show(screens::market_search(member.language)).and(Write::Save(draft))
}

/// The words are there. They are kept for the next page.
pub(super) async fn search(app: &App, member: Member, text: &str) -> Result<Turn, Fault> {
    let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(WORDS).collect();
    let turn = listed(app, member, Searched::For(&words), 0).await?;
    Ok(turn.and(Write::Save(Draft::Search { words })))
}

/// A page of what was searched for last.
///
/// # Errors
/// oracle-svc failed.
pub async fn found(app: Arc<App>, member: Member, page: u32) -> Result<Turn, Fault> {
    let words = member.drafts(&app).await?.into_iter().find_map(|draft| match draft {
        Draft::Search { words } if !words.is_empty() => Some(words),
        _ => None,
    });
    match words {
        Some(words) => listed(&app, member, Searched::For(&words), page).await,
        None => Ok(asking(member)),
    }
}

/// `/market` with its page, slug or id, or with words of its question.
///
/// # Errors
/// oracle-svc failed.
pub async fn typed(app: Arc<App>, member: Member, text: String) -> Result<Turn, Fault> {
    if text.is_empty() {
        return list(app, member, 0).await;
    }
    if text.contains(char::is_whitespace) {
        return search(&app, member, &text).await;
    }
    match app.clients.market(&text).await? {
        Ok((market, siblings)) => Ok(Turn::show(card(&app, member, &market, &siblings).await)),
        // A single word may be one of a question; what looks like the name of a market is that.
        Err(Gap::Unknown) if !text.contains(['/', '-']) && !text.starts_with("0x") => {
            search(&app, member, &text).await
        }
        Err(gap) => {
            Ok(Turn::show(screens::market_unknown(member.language, gap, Callback::Markets { page: 0 })))
        }
    }
}

/// A market.
///
/// # Errors
/// oracle-svc failed.
pub async fn show(app: Arc<App>, member: Member, market: ConditionId) -> Result<Turn, Fault> {
    Ok(Turn::show(match app.clients.market(&market.to_string()).await? {
        Ok((market, siblings)) => card(&app, member, &market, &siblings).await,
        Err(gap) => screens::market_unknown(member.language, gap, Callback::Market { market }),
    }))
}

/// The card, with the course of the price above it where there is one.
async fn card(app: &App, member: Member, market: &Market, siblings: &[Market]) -> Screen {
    let (language, now) = (member.language, app.clock.now());
    let course = match market.outcomes.first() {
        Some(first) if !app.settings.picture_patience.is_zero() => {
            app.clients.price_course(&first.token_id, screens::COURSE_SECONDS).await
        }
        _ => Vec::new(),
    };
    if course.len() > 1
        && let Some(drawing) = screens::market_drawing(market, &course, now)
        && let Some(picture) = app.pictures.draw(drawing).await
    {
        let captions = screens::market_captions(language, market, siblings, &course, now);
        if let Some(screen) = screens::captioned(&picture, captions) {
            return screen;
        }
    }
    screens::market(language, market, siblings, now)
}

/// Which price of an outcome?
///
/// # Errors
/// oracle-svc failed.
pub async fn price_alert(
    app: Arc<App>,
    member: Member,
    (market, outcome): (ConditionId, u32),
) -> Result<Turn, Fault> {
    ask_price(&app, member, market, outcome, false).await
}

pub(super) async fn ask_price(
    app: &App,
    member: Member,
    market: ConditionId,
    outcome: u32,
    wrong: bool,
) -> Result<Turn, Fault> {
    let (found, one) = match traded(app, member, market, outcome).await? {
        Ok(found) => found,
        Err(turn) => return Ok(turn),
    };
    let screen = screens::price_alert_ask(member.language, &found, outcome, &one, wrong);
    Ok(Turn::show(screen).and(Write::Save(Draft::PriceAlert { market, outcome })))
}

/// A price is typed.
pub(super) async fn price_typed(
    app: &App,
    member: Member,
    market: ConditionId,
    outcome: u32,
    text: &str,
) -> Result<Turn, Fault> {
    match share_price(text) {
        Some(price) => set(app, member, market, outcome, price).await,
        None => ask_price(app, member, market, outcome, true).await,
    }
}

/// A price is chosen.
///
/// # Errors
/// oracle-svc failed.
pub async fn price_chosen(
    app: Arc<App>,
    member: Member,
    (market, outcome, cents): (ConditionId, u32, u8),
) -> Result<Turn, Fault> {
    if !(1..=99).contains(&cents) {
        return ask_price(&app, member, market, outcome, true).await;
    }
    set(&app, member, market, outcome, Decimal::new(i64::from(cents), 2)).await
}

/// Waits for the price from the side on which the market is now.
async fn set(
    app: &App,
    member: Member,
    market: ConditionId,
    outcome: u32,
    price: Decimal,
) -> Result<Turn, Fault> {
    let (found, one) = match traded(app, member, market, outcome).await? {
        Ok(found) => found,
        Err(turn) => return Ok(turn),
    };
    let below = proto::decimal(&one.price).is_ok_and(|now| price < now);
    let alert = PriceAlert {
        alert_id: Uuid::now_v7().as_bytes().to_vec(),
        market: found.r#ref,
        outcome: one.name,
        token_id: one.token_id,
        price: price.to_string(),
        below,
    };
    let command = SetPriceAlert { account_id: member.account.bytes(), alert: Some(alert) };
    let turn = tracker::request(app, member, RequestKind::SetPriceAlert, &command);
    Ok(turn.and(Write::Drop(DraftKind::PriceAlert)))
}

/// An outcome that is still traded; else what is said instead.
async fn traded(
    app: &App,
    member: Member,
    market: ConditionId,
    outcome: u32,
) -> Result<Result<(Market, MarketOutcome), Turn>, Fault> {
    let again = Callback::PriceAlert { market, outcome };
    let (found, siblings) = match app.clients.market(&market.to_string()).await? {
        Ok(found) => found,
        Err(gap) => return Ok(Err(Turn::show(screens::market_unknown(member.language, gap, again)))),
    };
    let index = usize::try_from(outcome).unwrap_or(usize::MAX);
    match found.outcomes.get(index).cloned().filter(|_| !found.closed) {
        Some(one) => Ok(Ok((found, one))),
        None => Ok(Err(Turn::show(card(app, member, &found, &siblings).await))),
    }
}

/// Do not wait for a price any more.
///
/// # Errors
/// Never.
pub async fn price_alert_remove(app: Arc<App>, member: Member, alert: AlertId) -> Result<Turn, Fault> {
    let command =
        RemovePriceAlert { account_id: member.account.bytes(), alert_id: alert.uuid().as_bytes().to_vec() };
    Ok(tracker::request(&app, member, RequestKind::RemovePriceAlert, &command))
}

/// A room that asks the same: filled in where prices decide it, else how operators open it, or why it cannot be.
///
/// # Errors
/// oracle-svc failed, or the database.
pub async fn room(
    app: Arc<App>,
    visitor: Visitor,
    member: Member,
    market: ConditionId,
) -> Result<Turn, Fault> {
    let (language, now) = (member.language, app.clock.now());
    let found = match app.clients.market(&market.to_string()).await? {
        Ok((found, _)) => found,
        Err(gap) => {
            let again = Callback::RoomFromMarket { market };
            return Ok(Turn::show(screens::market_unknown(language, gap, again)));
        }
    };
    let question = found.r#ref.as_ref().map_or("", |market| market.question.as_str());
    if let Some((asset, target)) = touch_of(question).filter(|_| !found.closed) {
        let left = from_timestamp(found.ends_at.as_ref()).ok().map(|at| (at - now).whole_seconds());
        let above = screens::room_filled(language, &found, now);
        let draft = create::current(&app, member).await?.touching(asset, target, left);
        let turn = create::show(&app, member, draft, false).await?;
        return Ok(Turn { screen: turn.screen.map(|screen| screen.under(&above)), ..turn });
    }
    let operator = app.settings.admins.contains(&visitor.user_id);
    let command = operator.then(|| screens::custom_command(&found, now)).flatten();
    Ok(Turn::show(match command {
        Some(command) => screens::room_custom(language, &found, &command),
        None => screens::room_not_possible(language, &found),
    }))
}
