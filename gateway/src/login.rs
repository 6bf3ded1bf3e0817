//! A login that Telegram vouches for, in exchange for a short token: with it a page or a Mini App of ours asks the services
//! for what belongs to its user, and for nothing of anybody else.
//!
//! | | what Telegram signed | under which key |
//! |---|---|---|
//! | `POST /login/widget` | the fields of the [Login Widget](https://core.telegram.org/widgets/login#checking-authorization) | SHA-256 of the bot's token |
//! | `POST /login/app` | a Mini App's [`initData`](https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app) | HMAC-SHA-256 of the bot's token under `WebAppData` |
//!
//! Both are forms. Nothing is kept: a login that is shown again while it is young gives another token for the same account,
//! which its bearer could have had anyway. The database is asked only for what is genuine.

use crate::{app::App, store::accounts};
use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use chassis::grpc::Identity;
use hmac::{Hmac, Mac as _};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// How long a token counts.
const LIFE: Duration = Duration::minutes(10);

/// How far Telegram's clock may be ahead of ours.
const AHEAD: Duration = Duration::minutes(1);

/// More fields than Telegram sends.
const FIELDS: usize = 32;

/// How Telegram signed a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Widget,
    App,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// Not what Telegram signs for this bot.
    NotGenuine,
    /// Genuine, and of another time.
    TooOld,
    /// Nobody who plays: the bot opens accounts.
    NoAccount,
    /// Services here ask for no tokens.
    NoTokens,
    /// The database is away.
    Unavailable,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::NotGenuine => (StatusCode::UNAUTHORIZED, "NOT_GENUINE"),
            Self::TooOld => (StatusCode::UNAUTHORIZED, "TOO_OLD"),
            Self::NoAccount => (StatusCode::NOT_FOUND, "NO_ACCOUNT"),
            Self::NoTokens => (StatusCode::NOT_FOUND, "NO_TOKENS"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        };
        (status, Json(json!({"error": error}))).into_response()
    }
}

/// The routes that exchange logins.
pub fn routes(app: Arc<App>, identity: Identity) -> Router {
    let exchange = |kind| {
        move |State((app, identity)): State<(Arc<App>, Identity)>,
              Form(fields): Form<Vec<(String, String)>>| async move {
            exchange(&app, &identity, kind, fields).await
        }
    };
    Router::new()
        .route("/login/widget", post(exchange(Kind::Widget)))
        .route("/login/app", post(exchange(Kind::App)))
        .with_state((app, identity))
}

async fn exchange(
    app: &App,
    identity: &Identity,
    kind: Kind,
    fields: Vec<(String, String)>,
) -> Result<Response, Refused> {
    let user = user(
        kind,
        app.settings.telegram.token.expose_secret(),
        fields,
        app.settings.login_age,
        app.clock.now(),
    )?;
    let account = accounts::find(app.db.pool(), &app.vault, user).await.map_err(|fault| {
        tracing::warn!(error = fault.chain(), "a login is not looked up");
        Refused::Unavailable
    })?;
    let account = account.ok_or(Refused::NoAccount)?.id;
    let (token, until) = identity.player(account, LIFE).ok_or(Refused::NoTokens)?;
    let until = until.format(&Rfc3339).unwrap_or_default();
    let told = json!({"token": token, "account_id": account.uuid(), "expires_at": until});
    Ok(Json(told).into_response())
}

/// The Telegram user whose login this is.
fn user(
    kind: Kind,
    bot_token: &str,
    fields: Vec<(String, String)>,
    age: std::time::Duration,
    now: OffsetDateTime,
) -> Result<i64, Refused> {
    const REFUSED: Refused = Refused::NotGenuine;
    let given = fields.len();
    let mut fields: BTreeMap<String, String> = fields.into_iter().collect();
    // A field given twice could be signed as one and read as the other.
    if given > FIELDS || given != fields.len() {
        return Err(REFUSED);
    }
    let hash = fields.remove("hash").and_then(|hash| hex::decode(hash).ok()).ok_or(REFUSED)?;
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut signed = keyed(&secret(kind, bot_token)?)?;
    signed.update(lines.join("\n").as_bytes());
    // Takes the same time wherever the two differ.
    signed.verify_slice(&hash).map_err(|_| REFUSED)?;

    let at: i64 = fields.get("auth_date").and_then(|date| date.parse().ok()).ok_or(REFUSED)?;
    let at = OffsetDateTime::from_unix_timestamp(at).map_err(|_| REFUSED)?;
    if at > now + AHEAD || now - at > age {
        return Err(Refused::TooOld);
    }
    match kind {
        Kind::Widget => fields.get("id").and_then(|id| id.parse().ok()).ok_or(REFUSED),
        Kind::App => {
            #[derive(Deserialize)]
            struct User {
                id: i64,
            }
            let user: Option<User> = fields.get("user").and_then(|user| serde_json::from_str(user).ok());
            Ok(user.ok_or(REFUSED)?.id)
        }
    }
}

fn keyed(key: &[u8]) -> Result<Hmac<Sha256>, Refused> {
    // A key of any length will do.
    Hmac::new_from_slice(key).map_err(|_| Refused::NotGenuine)
}

fn secret(kind: Kind, bot_token: &str) -> Result<Vec<u8>, Refused> {
    match kind {
        Kind::Widget => Ok(Sha256::digest(bot_token).to_vec()),
        Kind::App => {
            let mut secret = keyed(b"WebAppData")?;
            secret.update(bot_token.as_bytes());
            Ok(secret.finalize().into_bytes().to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: &str = "7000000001:AAtest";
    const HOUR: std::time::Duration = std::time::Duration::from_secs(3_600);
    const AT: i64 = 1_800_000_000;

    /// Signed by another implementation: Python's `hmac`.
    const WIDGET: &[(&str, &str)] = &[
        ("auth_date", "1800000000"),
        ("first_name", "Anna"),
        ("id", "4242"),
        ("username", "anna"),
        ("hash", "3d3bc6ca5137457ad4de53911328f31575d525307c015b05367e2ac31b6f8efb"),
    ];
    const APP: &[(&str, &str)] = &[
        ("auth_date", "1800000000"),
        ("query_id", "AAHdF6IQAAAAAN0XohDhrOrc"),
        ("user", r#"{"id":4242,"first_name":"Anna & co=1","language_code":"en"}"#),
        ("hash", "905f5966403efa981d0ec25d72200c824d90aa373ceef7c8f9e3a8e568825eb9"),
    ];

    fn fields(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn after(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(AT + seconds).unwrap()
    }

    fn login(kind: Kind, of: &[(&str, &str)], seconds: i64) -> Result<i64, Refused> {
        user(kind, BOT, fields(of), HOUR, after(seconds))
    }

    #[test]
    fn what_telegram_signed_is_believed() {
        assert_eq!(login(Kind::Widget, WIDGET, 0), Ok(4_242));
        assert_eq!(login(Kind::App, APP, 0), Ok(4_242));
        // In whatever order the fields come.
        let mut turned = fields(APP);
        turned.reverse();
        assert_eq!(user(Kind::App, BOT, turned, HOUR, after(0)), Ok(4_242));
    }

    #[test]
    fn a_login_is_of_its_kind_and_of_this_bot() {
        assert_eq!(login(Kind::App, WIDGET, 0), Err(Refused::NotGenuine));
        assert_eq!(login(Kind::Widget, APP, 0), Err(Refused::NotGenuine));
        let other = user(Kind::App, "7000000001:AAother", fields(APP), HOUR, after(0));
        assert_eq!(other, Err(Refused::NotGenuine));
    }

    #[test]
    fn nothing_can_be_changed_added_or_left_out() {
        for (kind, genuine) in [(Kind::Widget, WIDGET), (Kind::App, APP)] {
            for at in 0..genuine.len() {
                let mut changed = fields(genuine);
                changed[at].1.push('1');
                assert_eq!(user(kind, BOT, changed, HOUR, after(0)), Err(Refused::NotGenuine), "{at}");
                let mut short = fields(genuine);
                short.remove(at);
                assert_eq!(user(kind, BOT, short, HOUR, after(0)), Err(Refused::NotGenuine), "{at}");
            }
            let mut twice = fields(genuine);
            twice.push(twice[0].clone());
            assert_eq!(user(kind, BOT, twice, HOUR, after(0)), Err(Refused::NotGenuine));
            let mut more = fields(genuine);
            more.push(("admin".to_owned(), "yes".to_owned()));
            assert_eq!(user(kind, BOT, more, HOUR, after(0)), Err(Refused::NotGenuine));
        }
        assert_eq!(login(Kind::App, &[], 0), Err(Refused::NotGenuine));
    }

    #[test]
    fn a_login_counts_while_it_is_young() {
        assert_eq!(login(Kind::App, APP, 3_600), Ok(4_242));
        assert_eq!(login(Kind::App, APP, 3_601), Err(Refused::TooOld));
        assert_eq!(login(Kind::App, APP, -60), Ok(4_242));
        assert_eq!(login(Kind::App, APP, -61), Err(Refused::TooOld));
    }
}
