//! Who may call the services of a world: one issuer of tokens, as in production, and a token for whoever plays with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chassis::grpc::{Channel, Identity};
use chassis::settings::{Endpoint, Value};
use proto::token::{self, Claims, Role};
use solana_signer::Signer;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use super::operators;

/// The issuer's key in the world's folder.
pub const ISSUER: [&str; 2] = ["issuer.json", "issuer.partial"];

/// The file with the token of whoever plays with the world.
pub(super) const TOKEN: [&str; 2] = ["token", "token.partial"];

/// What the services call the issuer.
pub const NAME: &str = "sandbox";

/// As long as any token may live.
const LIFE: Duration = Duration::hours(24);

/// How often a new one is written.
const RENEWED: std::time::Duration = std::time::Duration::from_secs(3_600);

/// Whom the services let in: `GRPC_KEYS`.
///
/// # Errors
/// The issuer's key cannot be made.
pub(super) fn keys(dir: &Path) -> Result<String> {
    Ok(format!("{NAME}:admin={}", operators::key(&dir.join(ISSUER[0]))?.pubkey()))
}

/// A token that counts for a day.
///
/// # Errors
/// The issuer's key cannot be read.
pub fn token(dir: &Path, role: Role) -> Result<String> {
    let key = operators::key(&dir.join(ISSUER[0]))?;
    #[expect(clippy::disallowed_methods, reason = "an issuer has the machine's clock")]
    let now = OffsetDateTime::now_utc();
    let claims = Claims {
        iss: NAME.to_owned(),
        sub: "player".to_owned(),
        aud: "rooms".to_owned(),
        role,
        iat: now.unix_timestamp(),
        nbf: None,
        exp: (now + LIFE).unix_timestamp(),
    };
    Ok(token::seal(&key.pubkey().to_string(), &claims, |bytes| key.sign_message(bytes)))
}

/// Where the token of whoever plays with the world is, for `roomsctl --token-file`.
#[must_use]
pub fn file(dir: &Path) -> PathBuf {
    dir.join(TOKEN[0])
}

/// Keeps a token there that is at most an hour old.
///
/// # Errors
/// The first one cannot be written.
pub(super) fn keep_token(dir: &Path, shutdown: CancellationToken) -> Result<()> {
    renew(dir)?;
    let dir = dir.to_owned();
    tokio::spawn(shutdown.run_until_cancelled_owned(async move {
        loop {
            tokio::time::sleep(RENEWED).await;
            if let Err(error) = renew(&dir) {
                eprintln!("the token is not renewed: {error:#}");
            }
        }
    }));
    Ok(())
}

fn renew(dir: &Path) -> Result<()> {
    let aside = dir.join(TOKEN[1]);
    operators::write_secret(&aside, token(dir, Role::Admin)?.as_bytes())?;
    fs::rename(&aside, file(dir)).context("write the token")
}

/// A connection to the gRPC of a service, as an admin.
///
/// # Errors
/// The issuer's key cannot be read.
pub(super) fn channel(dir: &Path, url: &str) -> Result<Channel> {
    let identity = Identity::bearing(&token(dir, Role::Admin)?)?;
    let url = Endpoint::parse(url).map_err(anyhow::Error::msg)?;
    Ok(identity.channel(&url)?)
}
