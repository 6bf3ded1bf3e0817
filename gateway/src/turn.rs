//! What an update leads to: rows to write together, and what is answered.

use crate::{
    commands::{self, NEW_MESSAGE, RequestKind, Told},
    domain::ReferralCode,
    locales::Language,
    screens::Screen,
    store::{
        accounts::{self, Account},
        drafts::{self, Draft, DraftKind},
        groups,
        slips::{self, Slip},
        updates,
    },
    vault::{Person, Vault},
};
use chassis::{Db, Fault, Outgoing};
use proto::{AccountId, RoomId, wallet::WatchDeposits};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

/// The result of a handler: nothing is written or said before it is carried out.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// Committed together, with the mark on the update.
    pub writes: Vec<Write>,
    /// Shown in the chat.
    pub screen: Option<Screen>,
    /// Shown over the chat; presses only.
    pub toast: Option<String>,
    /// The toast waits for a tap.
    pub alert: bool,
    /// A press opens this instead.
    pub url: Option<String>,
    /// Answered in a new message, whatever was pressed.
    pub fresh: bool,
    /// The typed message is deleted: nobody who scrolls up shall read it.
    pub erase: bool,
    /// Shown in a group to whoever pressed, and to nobody else. Where that cannot be, `url` opens instead.
    pub whisper: Option<Screen>,
    /// Shown by itself, and forgotten as soon as it was used.
    pub secret: Option<Secret>,
}

/// A picture with a secret and the words below it. It goes to Telegram directly and is on no broker; nothing prints it.
#[derive(Clone)]
pub struct Secret {
    screen: Screen,
    picture: Vec<u8>,
}

impl Secret {
    /// A PNG picture with its caption.
    #[must_use]
    pub const fn new(screen: Screen, picture: Vec<u8>) -> Self {
        Self { screen, picture }
    }

    /// Caption and buttons.
    #[must_use]
    pub const fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The picture.
    #[must_use]
    pub fn picture(&self) -> &[u8] {
        &self.picture
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A row to write.
#[derive(Clone, Debug)]
pub enum Write {
    /// Where the user is in a dialogue.
    Save(Draft),
    /// The dialogue is over.
    Drop(DraftKind),
    /// A preview's offer.
    Mint(Slip),
    /// The offer is taken.
    Use(Slip),
    /// A newcomer accepts the terms.
    Join {
        /// Minted for them.
        account: Account,
        /// Shown next.
        room: Option<RoomId>,
        /// Whose link they came by.
        code: Option<ReferralCode>,
        /// What they go on with once the account is open.
        draft: Option<Draft>,
    },
    /// A group is where rooms are.
    Host {
        /// Its chat.
        chat: i64,
        /// In which it is told.
        language: &'static str,
    },
    /// A member came by somebody's link, or has no link of their own yet.
    Refer(Option<ReferralCode>),
    /// Somebody looks at their deposit screen.
    Watch(AccountId),
    /// Another language is chosen.
    Speak(Language),
    /// Somebody tried what is the operators' alone, in this way.
    Trespass(&'static str),
}

/// Whom and what a turn answers.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The update.
    pub update_id: i64,
    /// Who.
    pub user_id: i64,
    /// Their account, once they have one.
    pub account: Option<AccountId>,
    /// Where.
    pub chat_id: i64,
    /// The pressed message.
    pub message_id: Option<i32>,
    /// That message is a record: screens come below it.
    pub record: bool,
    /// Code of the language.
    pub language: String,
}

impl Turn {
    /// Only shows something.
    #[must_use]
    pub fn show(screen: Screen) -> Self {
        Self { screen: Some(screen), ..Self::default() }
    }

    /// Only says something over the chat.
    #[must_use]
    pub fn toast(text: String) -> Self {
        Self { toast: Some(text), ..Self::default() }
    }

    /// Adds a row to write.
    #[must_use]
    pub fn and(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }
}

/// Writes everything in one transaction. False: another delivery of the update was first, and
/// nothing is written; unless this is known and it is done `again`, because the answer is still
/// owed: all writes of turns that are not answered by a request may be repeated.
///
/// # Errors
/// The database.
pub async fn commit(
    db: &Db,
    vault: &Vault,
    scene: &Scene,
    writes: &[Write],
    again: bool,
    patience: Duration,
) -> Result<bool, Fault> {
    let mut unit = db.unit().await?;
    unit.actor("gateway");
    let now = unit.now().await?;
    // A request tells its own outcome, whoever carries this turn to its end.
    let answered = writes.iter().any(|write| matches!(write, Write::Use(_) | Write::Join { .. }));
    if !updates::enter(unit.conn(), scene.update_id, answered, now).await? && !again {
        return Ok(false);
    }
    for write in writes {
        match write {
            Write::Save(draft) => drafts::save(unit.conn(), scene.account()?, draft, now).await?,
            Write::Drop(kind) => drafts::drop(unit.conn(), scene.account()?, *kind).await?,
            Write::Mint(slip) => slips::insert(unit.conn(), slip, now).await?,
            Write::Use(slip) => {
                commands::request(&mut unit, slip, told_of(slip.kind, scene), patience).await?;
            }
            Write::Host { chat, language } => groups::bind(unit.conn(), *chat, language, now).await?,
            Write::Join { account, room, code, draft } => {
                let person = Person {
                    telegram_user_id: scene.user_id,
                    chat_id: scene.chat_id,
                    language: account.language.clone(),
                };
                if accounts::insert(unit.conn(), vault, account.id, &person, now).await? {
                    let excluded = accounts::excluded_until(unit.conn(), vault, scene.user_id, now).await?;
                    commands::open_account(&mut unit, account, told(scene), *room, excluded).await?;
                    commands::refer(&mut unit, account.id, *code).await?;
                    if let Some(draft) = draft {
                        drafts::save(unit.conn(), account.id, draft, now).await?;
                    }
                }
            }
            Write::Refer(code) => commands::refer(&mut unit, scene.account()?, *code).await?,
            Write::Watch(account) => {
                let watch = WatchDeposits { account_id: account.bytes() };
                let id = Uuid::new_v5(&account.uuid(), &scene.update_id.to_be_bytes());
                unit.send(Outgoing::command(&watch).id(id).actor(account.to_string()));
            }
            Write::Speak(language) => {
                accounts::speak(unit.conn(), vault, scene.account()?, *language).await?;
            }
            Write::Trespass(way) => {
                // The log is for ever, so it names accounts and never people.
                let account = scene.account.map(AccountId::uuid);
                let actor = account.map_or_else(|| "visitor".to_owned(), |account| account.to_string());
                let subject = account.unwrap_or_default();
                unit.audit(actor, "refuse_admin", subject.as_bytes(), &json!({"tried": way}));
            }
        }
    }
    unit.commit().await?;
    Ok(true)
}

/// What can be asked for in words, too, ends in a screen like any other, which a record does not become. Everything else is
/// told where it was pressed.
fn told_of(kind: RequestKind, scene: &Scene) -> Told {
    if scene.record && kind.may_be_typed() { Told { message_id: NEW_MESSAGE } } else { told(scene) }
}

/// In the pressed message; what was typed is answered in a new one.
fn told(scene: &Scene) -> Told {
    Told { message_id: scene.message_id.unwrap_or(NEW_MESSAGE) }
}

impl Scene {
    /// Only members are in the middle of something.
    fn account(&self) -> Result<AccountId, Fault> {
        self.account.ok_or_else(|| Fault::bug("a draft of a visitor"))
    }
}
