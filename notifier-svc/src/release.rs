//! Hands notifications to the gateway, as many as the credit allows.

use crate::store::notification;
use chassis::{Fault, Outgoing, Unit};

/// Saga of the notifications in the gateway's hands, keyed by their ids.
pub const DELIVER: &str = "deliver";

/// Releases what may be released now. In one's turn only.
///
/// # Errors
/// The database.
pub async fn release(unit: &mut Unit, credit: u32) -> Result<(), Fault> {
    let now = unit.now().await?;
    let released = notification::release(unit.conn(), credit, now).await?;
    if released.is_empty() {
        return Ok(());
    }
    let commands = released.into_iter().map(|released| {
        let id = released.id.uuid();
        // One hand-over per notification, so its id is the command's.
        Ok((id, Outgoing::command(&released.deliver()?).id(id)))
    });
    let commands = commands.collect::<Result<Vec<_>, Fault>>()?;
    unit.issue_all(DELIVER, commands).await
}
