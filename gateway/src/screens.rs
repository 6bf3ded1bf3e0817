//! What the user sees: text and keyboard from values, without any I/O.

mod admin;
mod arena;
mod authenticator;
mod bets;
mod cancel;
mod create;
mod desk;
mod disputes;
pub mod format;
mod group;
mod house_rules;
mod limits;
mod notices;
mod pictured;
mod portfolio;
mod privacy;
mod proof;
mod question;
mod referrals;
mod refusal;
mod result;
mod room_card;
mod rooms;
mod rules;
mod settings;
mod standings;
mod tracker;
mod transfers;
mod wallet;
mod withdraw;

pub use admin::{Disputed, LINES as ADMIN_LINES, Listed, Named, Overview, Waiting, admin};
pub use arena::{arena_over, arena_players_only, arena_title, arena_title_free};
pub use authenticator::{
    authenticator_ask_remove, authenticator_confirm, authenticator_not_a_code, authenticator_refused,
    authenticator_scan,
};
pub use bets::{BetLine, PAGE as BETS_PAGE, Wager, bets, placed, placing, preview, stake, type_stake};
pub use cancel::{bet_cancelled, bet_not_cancelled, cancel_room};
pub use create::{Opening, create, opening};
pub use desk::{Desk, desk, help, opening_account, status, terms};
pub use disputes::{DISPUTE_MAX, dispute_ask, dispute_opened, dispute_refused, dispute_review};
pub use format::Quote;
pub use group::{
    ROOMS as GROUP_ROOMS, Shared, group_card, group_create, group_help, group_odds, group_oracle,
    group_players, group_rooms, group_times, in_private, no_group_room, shared, shared_card, welcome,
    whispered, whispered_placing,
};
pub use house_rules::{HouseRules, house_rules};
pub use limits::{
    cool_off, cool_off_review, exclusion, exclusion_first, exclusion_last, limit, limit_refused,
    limit_review, limits,
};
pub use notices::notice;
pub use pictured::{Art, Outline, Series, Window, captioned, fits_caption, room_drawing};
pub use portfolio::{BETS as PORTFOLIO_BETS, Course, course, portfolio};
pub use privacy::{erased, leave_refused, privacy, privacy_export, privacy_last, privacy_leave};
pub use proof::{no_proof, proof};
pub use referrals::{referrals, share_room};
pub use refusal::{bet_refused, refusal, room_refused, withdraw_refused};
pub use result::{Settled, result, result_captions};
pub use room_card::{Prices, room_captions, room_card};
pub use rooms::{PAGE as ROOMS_PAGE, rooms};
pub use settings::{languages, settings};
pub use standings::{PLACES as PLACES_PAGE, RESULTS as RESULTS_PAGE, leaderboard, results};
pub use tracker::{
    ACTIVITIES, COURSE_SECONDS, MARKETS, POSITIONS, Person, SIGNALS, SMART, Searched, activity, alert_set,
    alerts, custom_command, digest_ask, following, market, market_captions, market_drawing, market_search,
    market_unknown, markets, notifications, polymarket_away, positions, price_alert_ask, quiet_ask,
    rename_ask, room_custom, room_filled, room_not_possible, signals, smart_wallets, threshold_ask,
    track_ask, tracked, wallet_unknown, webhook, worth,
};
pub use transfers::{PAGE as TRANSFERS_PAGE, transfers};
pub use wallet::{deposit, wallet};
pub use withdraw::{
    cancelling, requesting, withdraw_address, withdraw_amount, withdraw_code, withdraw_preview, withdrawal,
};

use crate::callbacks::{Callback, Press};
use crate::locales::Language;
use serde::{Deserialize, Serialize};

/// Telegram's limit for the text of a message, in UTF-16 units after the tags are taken out.
pub const MAX_TEXT: usize = 4096;

/// The same for the caption of a file.
pub const MAX_CAPTION: usize = 1024;

/// A message: Telegram HTML and the keyboard below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// Telegram HTML.
    pub text: String,
    /// Rows from top to bottom.
    pub keyboard: Vec<Vec<Button>>,
    /// A file, whose caption the text then is; only in a new message.
    pub document: Option<Document>,
    /// A picture above the text.
    pub art: Art,
}

/// A file that a user keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// With its extension.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// One button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Plain text.
    pub label: String,
    /// What a tap does.
    pub action: Action,
}

/// What a tap does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Comes back to us.
    Press(Press),
    /// Opens a page or a chat.
    Link(String),
    /// Copies a text.
    Copy(String),
}

impl Screen {
    /// Lines from top to bottom; an empty line is a gap, and two gaps are one.
    #[must_use]
    pub fn new(lines: impl IntoIterator<Item = String>) -> Self {
        let mut text = String::new();
        for line in lines {
            let gap = line.is_empty() && (text.is_empty() || text.ends_with("\n\n"));
            if !gap {
                text.push_str(&line);
                text.push('\n');
            }
        }
        Self { text: text.trim_end().to_owned(), ..Self::default() }
    }

    /// Adds a row; an empty one is left out.
    #[must_use]
    pub fn row(mut self, buttons: impl IntoIterator<Item = Button>) -> Self {
        let row: Vec<_> = buttons.into_iter().collect();
        if !row.is_empty() {
            self.keyboard.push(row);
        }
        self
    }

    /// Makes every button answer in a new message: this one stays as a record.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        for button in self.keyboard.iter_mut().flatten() {
            if let Action::Press(press) = &mut button.action {
                press.fresh = true;
            }
        }
        self
    }

    /// Goes below whatever picture the changed message has.
    #[must_use]
    pub fn keeping(self) -> Self {
        Self { art: Art::Kept, ..self }
    }

    /// Puts a line above everything else.
    #[must_use]
    pub fn under(mut self, line: &str) -> Self {
        self.text = format!("{line}\n\n{}", self.text);
        self
    }
}

impl Button {
    /// A button that comes back to us.
    #[must_use]
    pub fn press(label: String, callback: Callback) -> Self {
        Self { label, action: Action::Press(callback.here()) }
    }

    /// A button with a fixed label.
    #[must_use]
    pub fn go(language: Language, key: &str, callback: Callback) -> Self {
        Self::press(language.plain(key, &[]), callback)
    }

    /// A button that opens a page or a chat.
    #[must_use]
    pub const fn link(label: String, url: String) -> Self {
        Self { label, action: Action::Link(url) }
    }
}

/// Desk, and where else one often goes.
fn home(language: Language) -> Button {
    Button::go(language, "button-home", Callback::Home)
}

/// The answer to a fault of ours.
#[must_use]
pub fn fault(language: Language, reference: &str) -> Screen {
    Screen::new([language.fill("fault", &[("reference", reference.into())])]).row([home(language)]).lasting()
}

/// A short text of ours with the way home.
#[must_use]
pub fn note(language: Language, text: String) -> Screen {
    Screen::new([text]).row([home(language)])
}

/// Marks a chosen option.
fn chosen(language: Language, key: &str, label: String, is: bool) -> String {
    if is { language.plain(key, &[("label", label.into())]) } else { label }
}

/// Newer, older: for lists of pages counted from 0.
fn pager(language: Language, page: u32, pages: u32, to: impl Fn(u32) -> Callback) -> Vec<Button> {
    let newer = page.checked_sub(1).map(|page| Button::go(language, "button-previous", to(page)));
    let older = page.checked_add(1).filter(|next| *next < pages);
    newer.into_iter().chain(older.map(|page| Button::go(language, "button-next", to(page)))).collect()
}

/// Pages of a list.
#[must_use]
pub fn pages_of(total: u64, size: u32) -> u32 {
    u32::try_from(total.div_ceil(u64::from(size.max(1)))).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests;
