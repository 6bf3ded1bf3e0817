//! The proof of what is owed to a member, as a file.

use super::Member;
use crate::{app::App, clients::Proof, delivery::explorer, screens, turn::Turn};
use chassis::Fault;
use std::sync::Arc;

/// Sends the newest file in a new message: it is a thing to keep.
///
/// # Errors
/// wallet-svc does not answer, or answers with a file that does not fit.
pub async fn file(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let screen = match app.clients.proof(member.account).await? {
        Proof::File(bytes) => {
            let file =
                proto::proof::verify(&bytes).map_err(|wrong| Fault::bug(format!("own proof: {wrong}")))?;
            let explorer = explorer(app.settings.network, &file.signature);
            screens::proof(member.language, &file, bytes, explorer)
        }
        Proof::NotYet(next) => screens::no_proof(member.language, next, app.clock.now()),
    };
    Ok(Turn { fresh: true, ..Turn::show(screen) })
}
