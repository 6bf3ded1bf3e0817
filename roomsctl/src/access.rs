//! `roomsctl access …`: tokens, with which people and tools may call the services.

use clap::{Subcommand, ValueEnum};
use proto::token::{self, Claims, Role, SERVICES};
use serde_json::json;
use std::{fs, path::PathBuf};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{cli::Options, failure::Failure, operator::OperatorKey, output};

#[derive(Debug, Subcommand)]
pub enum Access {
    /// Print a token for somebody, made with the key of an issuer whom the services know (GRPC_KEYS)
    Token {
        /// Key file of the issuer, as `roomsctl operator new-key` makes it
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// What the services call the issuer
        #[arg(long, value_name = "NAME")]
        issuer: String,
        /// For whom it is: a person or a tool, as logs will name them
        #[arg(long, value_name = "NAME")]
        subject: String,
        /// What they may
        #[arg(long)]
        role: People,
        /// How many hours it counts; it cannot be taken back
        #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=24))]
        hours: u8,
        /// The installation it is for, as the services call it (GRPC_AUDIENCE)
        #[arg(long, value_name = "NAME", default_value = "rooms")]
        audience: String,
    },
    /// Print a token of an hour that asks as the services do, made with the secret they share: for an installation that
    /// tests itself
    ServiceToken {
        /// File with that secret (GRPC_SERVICE_KEY_FILE)
        #[arg(long, value_name = "FILE")]
        service_key: PathBuf,
        /// For what it is, as logs will name it
        #[arg(long, value_name = "NAME")]
        subject: String,
        /// The installation it is for, as the services call it (GRPC_AUDIENCE)
        #[arg(long, value_name = "NAME", default_value = "rooms")]
        audience: String,
    },
}

/// Roles of people and tools.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum People {
    /// Asks
    Reader,
    /// Asks, and hands in what operators sign
    Operator,
    /// As an operator, and what concerns everybody
    Admin,
}

impl From<People> for Role {
    fn from(people: People) -> Self {
        match people {
            People::Reader => Self::Reader,
            People::Operator => Self::Operator,
            People::Admin => Self::Admin,
        }
    }
}

pub fn run(options: &Options, command: Access) -> Result<(), Failure> {
    let (key, iss, sub, role, hours, aud) = match command {
        Access::Token { key, issuer, subject, role, hours, audience } => {
            (OperatorKey::read(&key)?, issuer, subject, role.into(), hours, audience)
        }
        Access::ServiceToken { service_key, subject, audience } => {
            let text = fs::read_to_string(&service_key).map_err(Failure::file(&service_key))?;
            // While it is changed there are several, of which the first signs.
            let first = text.split(',').next().unwrap_or_default();
            let key = OperatorKey::try_from_hex(first, &service_key)?;
            (key, SERVICES.to_owned(), subject, Role::Service, 1, audience)
        }
    };
    #[expect(clippy::disallowed_methods, reason = "an issuer has the machine's clock")]
    let now = OffsetDateTime::now_utc();
    let until = now + Duration::hours(hours.into());
    let (iat, exp) = (now.unix_timestamp(), until.unix_timestamp());
    let claims = Claims { iss, sub, aud, role, iat, nbf: None, exp };
    let token = token::seal(&key.address(), &claims, |bytes| key.signature(bytes));
    if options.json {
        let until = until.format(&Rfc3339).unwrap_or_default();
        output::json(&json!({"token": token, "key": key.address(), "expires_at": until}))
    } else {
        output::text(&token)
    }
}
