//! Whom the services let in: readers ask, operators hand in what they signed, admins do what concerns everybody, and nobody
//! else gets an answer.

use std::fs;

use anyhow::Result;

use super::tool::{By, Role, Tool, text};
use crate::world::callers;

const ROLES: [Role; 3] = [Role::Reader, Role::Operator, Role::Admin];

/// Tokens for everybody, made with the key of the world's issuer; and one made with a key that vouches for nobody.
///
/// # Errors
/// roomsctl cannot be run, or does not do it.
pub async fn tokens(tool: &Tool) -> Result<()> {
    tool.scene("tokens");
    let issuer = tool.of_world(callers::ISSUER[0]);
    for role in ROLES {
        make(tool, &issuer, role.word(), role).await?;
    }
    make(tool, &tool.file("stranger.json"), Role::Admin.word(), Role::Forged).await
}

async fn make(tool: &Tool, key: &str, role: &str, kept_as: Role) -> Result<()> {
    let made =
        ["access", "token", "--key", key, "--issuer", callers::NAME, "--subject", "smoke", "--role", role];
    let made = tool.good(By::Nobody, &made).await?;
    fs::write(tool.token(kept_as), text(&made, "/token")?)?;
    Ok(())
}

/// One command of each kind with every role: both operators' keys are genuine, so what is refused is refused for the role.
///
/// # Errors
/// As above.
pub async fn matrix(tool: &Tool) -> Result<()> {
    tool.scene("roles");
    let questions: [&[&str]; 4] =
        [&["rooms", "list"], &["waiting"], &["ban", "list"], &["audit", "verify", "--service", "room"]];
    for question in questions {
        for role in ROLES {
            tool.good_as(role, By::Nobody, question).await?;
        }
        for (nobody, complaint) in [(Role::None, "a token is needed"), (Role::Forged, "does not count here")]
        {
            tool.denied(nobody, By::Nobody, question, complaint).await?;
        }
    }
    // What one operator may hand in.
    let pause = ["pause", "--reason", "who may pause?"];
    tool.denied(Role::None, By::Olga, &pause, "a token is needed").await?;
    tool.denied(Role::Forged, By::Olga, &pause, "does not count here").await?;
    tool.denied(Role::Reader, By::Olga, &pause, "of the role reader does not allow").await?;
    tool.good_as(Role::Operator, By::Olga, &pause).await?;
    // What concerns everybody.
    let resume = ["resume", "operator", "--yes"];
    let tell = ["broadcast", "start", "--text", "en=Who may say this?", "--yes"];
    for everybody in [&resume[..], &tell] {
        tool.denied(Role::None, By::Olga, everybody, "a token is needed").await?;
        tool.denied(Role::Reader, By::Olga, everybody, "of the role reader does not allow").await?;
        tool.denied(Role::Operator, By::Olga, everybody, "of the role operator does not allow").await?;
    }
    tool.good_as(Role::Admin, By::Olga, &resume).await
}
