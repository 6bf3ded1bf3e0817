//! Whose tokens count, and as whom a service asks others.
//!
//! Two kinds of keys. `GRPC_KEYS` are public keys of whoever issues tokens to people and their tools, each with the highest
//! role it may vouch for. `GRPC_SERVICE_KEY` is a secret that all services of an installation share: with it they make the
//! short tokens by which they ask each other, and the gateway those of players; it vouches for nothing else. Either may be
//! given several at once, which is how keys rotate.

use super::denied::Denied;
use crate::settings::{Invalid, Network, Reader, Value};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use proto::token::{self, Claims, Role, SERVICES};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use time::{Duration, OffsetDateTime};

/// How far the clock of an issuer may be from ours.
const LEEWAY: Duration = Duration::seconds(30);

/// A token cannot be taken back, so none may live longer.
const LONGEST: Duration = Duration::hours(24);

/// Tokens remembered as genuine: a signature is checked once, its times with every call.
const REMEMBERED: usize = 1_000;

/// A key that vouches for people, written `<issuer>:<highest role>=<public key>`.
#[derive(Clone, Debug)]
struct Issuer {
    name: String,
    highest: Role,
    kid: String,
    key: VerifyingKey,
}

impl Value for Issuer {
    fn kind() -> String {
        "issuer:role=public key in base58".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is not `issuer:role=public key in base58`, with the role reader, operator or admin";
        let (issuer, kid) = text.split_once('=').ok_or_else(wrong)?;
        let (name, role) = issuer.split_once(':').ok_or_else(wrong)?;
        let highest: Role = role.parse().map_err(|_| wrong())?;
        let ours = matches!(highest, Role::Player | Role::Service) || name == SERVICES;
        if name.is_empty() || ours {
            return Err(wrong().to_owned());
        }
        let bytes = bs58::decode(kid).into_vec().map_err(|_| wrong())?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| wrong())?;
        let key = VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak());
        Ok(Self { name: name.to_owned(), highest, kid: kid.to_owned(), key: key.ok_or_else(wrong)? })
    }
    fn show(&self) -> String {
        format!("{}:{}={}", self.name, self.highest, self.kid)
    }
}

/// A key that all services share.
struct ServiceKey {
    kid: String,
    key: SigningKey,
}

impl ServiceKey {
    fn try_from_hex(text: &str) -> Option<Self> {
        let mut seed = zeroize::Zeroizing::new([0_u8; 32]);
        hex::decode_to_slice(text.trim(), seed.as_mut()).ok()?;
        let key = SigningKey::from_bytes(&seed);
        Some(Self { kid: bs58::encode(key.verifying_key().as_bytes()).into_string(), key })
    }
}

/// Whose tokens count here, and the key to make one's own.
pub struct Trust {
    audience: String,
    issuers: Vec<Issuer>,
    /// The first one signs.
    services: Vec<ServiceKey>,
    genuine: Mutex<HashMap<String, Arc<Claims>>>,
}

/// Without secrets, and without the tokens of others.
impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("audience", &self.audience)
            .field("issuers", &self.issuers)
            .finish_non_exhaustive()
    }
}

impl Trust {
    /// Declares and reads `GRPC_SERVICE_KEY`, `GRPC_KEYS` and `GRPC_AUDIENCE`. Without any key nobody is asked for a token,
    /// which is allowed where nobody but this machine can call.
    ///
    /// # Errors
    /// What is no key, or none where others can call.
    pub(crate) fn declare(r: &mut Reader, address: SocketAddr) -> Result<Option<Arc<Self>>, Invalid> {
        let services = service_keys(r);
        let issuers: Result<Option<Vec<Issuer>>, Invalid> = r
            .setting(
                "GRPC_KEYS",
                "Who issues tokens to people and tools, and up to which role: Ed25519 public keys \
                 (`roomsctl operator new-key`).",
            )
            .optional("desk:operator=4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS");
        let audience = r
            .setting(
                "GRPC_AUDIENCE",
                "The audience for which a token has to be issued: one per installation.",
            )
            .or("rooms".to_owned());
        let (services, issuers, audience) = (services?, issuers?.unwrap_or_default(), audience?);
        if services.is_empty() {
            let open = address.ip().is_loopback() && r.network() != Network::Mainnet && issuers.is_empty();
            if open {
                return Ok(None);
            }
            let why = "is needed, or GRPC_SERVICE_KEY_FILE: without it only callers of this machine are served, \
                       without tokens, and never on mainnet";
            return Err(r.refuse("GRPC_SERVICE_KEY", why));
        }
        Ok(Some(Arc::new(Self { audience, issuers, services, genuine: Mutex::default() })))
    }

    /// What a token says that counts now.
    pub(super) fn claims(&self, text: &str, now: OffsetDateTime) -> Result<Arc<Claims>, Denied> {
        let known = self.genuine().get(text).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => self.remember(text, self.opened(text)?, now),
        };
        let now = now.unix_timestamp();
        let leeway = LEEWAY.whole_seconds();
        if claims.exp.saturating_add(leeway) < now {
            return Err(Denied::Expired);
        }
        if claims.nbf.unwrap_or(claims.iat).max(claims.iat).saturating_sub(leeway) > now {
            return Err(Denied::NotYet);
        }
        Ok(claims)
    }

    /// What a genuine token says, if its key may say it.
    fn opened(&self, text: &str) -> Result<Claims, Denied> {
        // Nothing: a key of the services.
        let mut voucher: Option<&Issuer> = None;
        let claims = token::open(text, |kid, signed, signature| {
            let signature = Signature::from_bytes(signature);
            let issuer = self.issuers.iter().find(|issuer| issuer.kid == kid);
            let service = self.services.iter().find(|service| service.kid == kid);
            voucher = issuer;
            let key = issuer.map(|one| one.key).or_else(|| service.map(|one| one.key.verifying_key()));
            key.is_some_and(|key| key.verify_strict(signed, &signature).is_ok())
        });
        let claims = claims.map_err(|_| Denied::Invalid)?;
        let vouched = match voucher {
            Some(issuer) => {
                let people = !matches!(claims.role, Role::Player | Role::Service);
                people && claims.iss == issuer.name && claims.role <= issuer.highest
            }
            None => claims.iss == SERVICES && matches!(claims.role, Role::Player | Role::Service),
        };
        let lives = claims.exp.saturating_sub(claims.iat);
        let sane = (1..=LONGEST.whole_seconds()).contains(&lives);
        if vouched && sane && claims.aud == self.audience { Ok(claims) } else { Err(Denied::Invalid) }
    }

    fn remember(&self, text: &str, claims: Claims, now: OffsetDateTime) -> Arc<Claims> {
        let claims = Arc::new(claims);
        let mut genuine = self.genuine();
        if genuine.len() >= REMEMBERED {
            genuine.retain(|_, known| known.exp >= now.unix_timestamp());
        }
        if genuine.len() < REMEMBERED {
            genuine.insert(text.to_owned(), Arc::clone(&claims));
        }
        claims
    }

    fn genuine(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Claims>>> {
        self.genuine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token of the services' own: for one of them, or for a player. Nothing where there is no key, which cannot be.
    pub(super) fn issue(&self, sub: &str, role: Role, now: OffsetDateTime, life: Duration) -> Option<String> {
        let ServiceKey { kid, key } = self.services.first()?;
        let iat = now.unix_timestamp();
        let claims = Claims {
            iss: SERVICES.to_owned(),
            sub: sub.to_owned(),
            aud: self.audience.clone(),
            role,
            iat,
            nbf: None,
            exp: iat.saturating_add(life.whole_seconds()),
        };
        Some(token::seal(kid, &claims, |bytes| key.sign(bytes).to_bytes()))
    }
}

/// Declares and reads the secret that all services share; several while it is changed.
fn service_keys(r: &mut Reader) -> Result<Vec<ServiceKey>, Invalid> {
    const NAME: &str = "GRPC_SERVICE_KEY";
    let inline: Result<Option<SecretString>, Invalid> = r
        .setting(
            NAME,
            "Secret of all services, 64 hexadecimal digits, by which they know each other; while it is changed several, \
             separated by commas, of which the first is used. Better in a file.",
        )
        .optional("…");
    let file: Result<Option<PathBuf>, Invalid> = r
        .setting("GRPC_SERVICE_KEY_FILE", "File with GRPC_SERVICE_KEY.")
        .optional("/run/secrets/grpc-service-key");
    let text = match (inline?, file?) {
        (None, None) => return Ok(Vec::new()),
        (Some(inline), None) => inline,
        (None, Some(file)) => match std::fs::read_to_string(file) {
            Ok(text) => text.into(),
            Err(error) => return Err(r.refuse("GRPC_SERVICE_KEY_FILE", format!("cannot be read: {error}"))),
        },
        (Some(_), Some(_)) => return Err(r.refuse(NAME, "and GRPC_SERVICE_KEY_FILE are both set")),
    };
    let keys: Option<Vec<_>> = text.expose_secret().trim().split(',').map(ServiceKey::try_from_hex).collect();
    keys.ok_or_else(|| {
        r.refuse(NAME, "is not 64 hexadecimal digits, or several of those separated by commas")
    })
}
