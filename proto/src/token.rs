//! Who may call: tokens that whoever asks over gRPC shows, and that every service can check by itself.
//!
//! A token is a JSON Web Token in its compact form (RFC 7519, RFC 7515), signed with Ed25519 (`EdDSA`, RFC 8037) and with
//! nothing else: the header's algorithm is compared, never obeyed. `kid` is the public key in base58. Signing and verifying
//! are the caller's, so this crate has no keys.

use crate::Malformed;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{fmt, str::FromStr};

/// Who issues the tokens by which services ask each other, and those of players.
pub const SERVICES: &str = "services";

/// A longer text is no token of ours.
const LONGEST: usize = 2_048;

/// The only algorithm.
const ALGORITHM: &str = "EdDSA";

/// What the bearer of a token is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Somebody who plays: reads public data, and what belongs to the account in `sub`.
    Player,
    /// Reads what is not personal.
    Reader,
    /// Another service: reads, and asks on behalf of the person in front of it.
    Service,
    /// Reads, and hands in what operators have signed.
    Operator,
    /// Does what an operator may, and what concerns everybody.
    Admin,
}

impl Role {
    /// All of them, each once.
    pub const ALL: [Self; 5] = [Self::Player, Self::Reader, Self::Service, Self::Operator, Self::Admin];

    /// Its name, as in tokens and settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Player => "player",
            Self::Reader => "reader",
            Self::Service => "service",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(Malformed("role"))
    }
}

/// What a token says. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it, as the services know the key.
    pub iss: String,
    /// Who bears it: a person, a service, or the account of a player.
    pub sub: String,
    /// The installation it is meant for.
    pub aud: String,
    /// What the bearer may.
    pub role: Role,
    /// When it was issued.
    pub iat: i64,
    /// From when on it counts; from `iat` on where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Until when.
    pub exp: i64,
}

/// Unknown members are refused, `crit` among them: what is not understood cannot be honoured.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: Option<String>,
}

/// A token out of its claims; `sign` makes the Ed25519 signature with the key that `kid` names.
#[must_use]
pub fn seal<S: AsRef<[u8]>>(kid: &str, claims: &Claims, sign: impl FnOnce(&[u8]) -> S) -> String {
    let header = json!({"alg": ALGORITHM, "kid": kid, "typ": "JWT"});
    let mut text =
        format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(json!(claims).to_string()));
    let signature = sign(text.as_bytes());
    text.push('.');
    text.push_str(&BASE64.encode(signature));
    text
}

/// The claims of a token whose signature is genuine. `genuine` is told the key, the signed bytes and the signature. Whether
/// the claims hold now, and whether this key may make them, is for the caller to say.
///
/// # Errors
/// No token, another algorithm, or not genuine.
pub fn open(text: &str, genuine: impl FnOnce(&str, &[u8], &[u8; 64]) -> bool) -> Result<Claims, Malformed> {
    const REFUSED: Malformed = Malformed("token");
    if text.len() > LONGEST {
        return Err(REFUSED);
    }
    let (signed, signature) = text.rsplit_once('.').ok_or(REFUSED)?;
    let (header, claims) = signed.split_once('.').ok_or(REFUSED)?;
    let decoded = |part: &str| BASE64.decode(part).map_err(|_| REFUSED);
    let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| REFUSED)?;
    if header.alg != ALGORITHM || header.typ.is_some_and(|typ| typ != "JWT") {
        return Err(REFUSED);
    }
    let signature: [u8; 64] = decoded(signature)?.try_into().map_err(|_| REFUSED)?;
    if !genuine(&header.kid, signed.as_bytes(), &signature) {
        return Err(REFUSED);
    }
    serde_json::from_slice(&decoded(claims)?).map_err(|_| REFUSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            iss: "desk".to_owned(),
            sub: "alice".to_owned(),
            aud: "rooms".to_owned(),
            role: Role::Operator,
            iat: 1_800_000_000,
            nbf: None,
            exp: 1_800_000_600,
        }
    }

    /// Stands for a signature: this module only carries it.
    fn stamp(bytes: &[u8]) -> [u8; 64] {
        let mut stamp = [0; 64];
        bytes
            .iter()
            .enumerate()
            .for_each(|(at, byte)| stamp[at % 64] ^= byte.rotate_left(u32::try_from(at % 8).unwrap()));
        stamp
    }

    fn opened(text: &str) -> Result<Claims, Malformed> {
        open(text, |kid, signed, signature| kid == "key" && stamp(signed) == *signature)
    }

    #[test]
    fn what_was_sealed_opens_and_nothing_else_does() {
        let token = seal("key", &claims(), stamp);
        assert_eq!(opened(&token), Ok(claims()));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(opened(std::str::from_utf8(&changed).unwrap()).is_err(), "changed at {at}");
        }
        for wrong in ["", ".", "..", "a.b", &token[1..], &format!("{token}A"), &token.replace('.', "")] {
            assert!(opened(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_algorithm_is_not_the_tokens_choice() {
        let body = BASE64.encode(json!(claims()).to_string());
        for header in [
            json!({"alg": "none", "kid": "key"}),
            json!({"alg": "HS256", "kid": "key"}),
            json!({"alg": "EdDSA", "kid": "key", "crit": ["exp"]}),
            json!({"alg": "EdDSA", "kid": "key", "typ": "other"}),
            json!({"alg": "EdDSA"}),
        ] {
            let signed = format!("{}.{body}", BASE64.encode(header.to_string()));
            let token = format!("{signed}.{}", BASE64.encode(stamp(signed.as_bytes())));
            assert!(opened(&token).is_err(), "{header}");
        }
    }

    /// RFC 8037, appendix A.4: what is signed and how it is written.
    #[test]
    fn a_token_is_written_as_the_standard_says() {
        let header = BASE64.encode(r#"{"alg":"EdDSA"}"#);
        assert_eq!(
            format!("{header}.{}", BASE64.encode("Example of Ed25519 signing")),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        );
        assert!(
            seal("key", &claims(), stamp)
                .starts_with(&BASE64.encode(r#"{"alg":"EdDSA","kid":"key","typ":"JWT"}"#))
        );
    }

    #[test]
    fn roles_are_called_what_tokens_call_them() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(json!(role), json!(role.name()));
        }
        assert!("root".parse::<Role>().is_err());
    }
}
