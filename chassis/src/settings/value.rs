//! The types a setting can have and how each is written in an environment variable.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use proto::{BasisPoints, Lamports};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// A type that can be read from an environment variable.
pub trait Value: Sized {
    /// Whether the value must stay out of errors, logs and the manual.
    const SECRET: bool = false;

    /// How it is written, for the manual: "whole number", "on | off".
    fn kind() -> String;

    /// Reads it. The error continues a sentence that begins with the value ("… is not a whole number") and never
    /// repeats the text, which may be secret.
    fn parse(text: &str) -> Result<Self, String>;

    /// Writes it so that [`parse`](Self::parse) reads the same value. Called for defaults, which stand in the code, and
    /// for values that are not secret.
    fn show(&self) -> String;
}

/// Declares an enum whose variants are the allowed texts of a setting.
///
/// ```
/// chassis::choice! {
///     /// Who signs.
///     pub enum SignerKind {
///         /// A key file.
///         Keystore = "keystore",
///         /// The hosted service.
///         Turnkey = "turnkey",
///     }
/// }
/// ```
#[macro_export]
macro_rules! choice {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $crate::settings::Value for $name {
            fn kind() -> String {
                [$($text),+].join(" | ")
            }
            fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(format!("is not one of {}", [$($text),+].join(", "))),
                }
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $text),+ })
            }
        }
    };
}

choice! {
    /// A feature that is on or off.
    pub enum Switch {
        /// In use.
        On = "on",
        /// Not in use.
        Off = "off",
    }
}

impl Switch {
    /// Whether it is on.
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

macro_rules! from_str {
    ($kind:literal, $wrong:literal: $($type:ty),+) => {$(
        impl Value for $type {
            fn kind() -> String {
                $kind.to_owned()
            }
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| $wrong.to_owned())
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

from_str!("whole number", "is not a whole number in range": u8, u16, u32, u64, usize, i32, i64);
from_str!("IP address and port", "is not an IP address and port": SocketAddr);

/// An amount of money, written in SOL: `0.05`.
impl Value for Lamports {
    fn kind() -> String {
        "amount in SOL".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse_sol(text).map_err(|error| format!("cannot be used: {error}"))
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

/// A rate, written as a whole number of hundredths of a percent.
impl Value for BasisPoints {
    fn kind() -> String {
        "basis points".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        let points = text.parse::<u32>().map_err(|_| "is not a whole number".to_owned())?;
        Self::try_new(points).map_err(|error| format!("cannot be used: {error}"))
    }
    fn show(&self) -> String {
        self.get().to_string()
    }
}

impl Value for String {
    fn kind() -> String {
        "text".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl Value for PathBuf {
    fn kind() -> String {
        "path".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }
    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Value for SecretString {
    const SECRET: bool = true;

    fn kind() -> String {
        "text".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }
    fn show(&self) -> String {
        "(secret)".to_owned()
    }
}

/// Values separated by commas, at least one.
impl<T: Value> Value for Vec<T> {
    const SECRET: bool = T::SECRET;

    fn kind() -> String {
        format!("{}, several separated by commas", T::kind())
    }
    fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(|part| T::parse(part.trim())).collect()
    }
    fn show(&self) -> String {
        self.iter().map(T::show).collect::<Vec<_>>().join(",")
    }
}

/// The address of another server.
///
/// Such addresses often carry a password or an API key, so only scheme, host and port are ever printed.
#[derive(Clone)]
pub struct Endpoint(SecretString);

impl Endpoint {
    /// The whole address, with its credentials.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(url) = Url::parse(self.expose()) else { return f.write_str("(unreadable)") };
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
        url.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl Value for Endpoint {
    const SECRET: bool = true;

    fn kind() -> String {
        "URL".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        Url::parse(text).map(|_| Self(text.into())).map_err(|error| format!("is not a URL: {error}"))
    }
    fn show(&self) -> String {
        self.expose().to_owned()
    }
}

/// Unit and its length in milliseconds, longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Written as whole numbers with units, longest unit first: `250ms`, `15m`, `1h30m`. The step is one millisecond.
impl Value for Duration {
    fn kind() -> String {
        "duration (250ms, 15m, 1h30m, 7d)".to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is not a duration such as 250ms, 15m or 1h30m".to_owned();
        let mut total: u64 = 0;
        let mut units = UNITS.iter();
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            // Searching on from the last unit refuses a repeated or a misplaced one.
            let (_, length) = units.find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*length));
            total = part.and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
            rest = tail;
        }
        if text.is_empty() { Err(wrong()) } else { Ok(Self::from_millis(total)) }
    }

    fn show(&self) -> String {
        let mut rest = self.as_millis();
        if rest == 0 {
            return "0s".to_owned();
        }
        let mut shown = String::new();
        for (unit, length) in UNITS {
            let length = u128::from(length);
            if rest >= length {
                shown.push_str(&format!("{}{unit}", rest / length));
                rest %= length;
            }
        }
        shown
    }
}
