//! `roomsctl proof take`.

use super::{OperatorKey, request_id, settle};
use crate::{cli::Options, client, failure::Failure, output};
use proto::{
    Lamports,
    wallet::{TakeProof, TakeProofDone, TakeProofRequest},
};
use serde_json::json;
use std::path::Path;
use uuid::Uuid;

/// Has a proof of liabilities taken now.
pub async fn take_proof(options: &Options, key: &Path) -> Result<(), Failure> {
    let service = client::operators(options)?;
    let key = OperatorKey::read(key)?;
    let command = key.signed(|by| TakeProof { by: Some(by) })?;
    let request = TakeProofRequest { request_id: request_id(options), command: Some(command) };
    let done: TakeProofDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.take_proof(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    let proof = Uuid::from_slice(&done.proof_id).unwrap_or_default().to_string();
    let (root, owed) = (hex::encode(&done.root), Lamports::new(done.liabilities_lamports));
    if options.json {
        return output::json(&json!({
            "proof": proof, "root": root, "liabilities_lamports": owed, "leaves": done.accounts
        }));
    }
    output::fields_of(&[
        ("proof", proof),
        ("root", root),
        ("liabilities", format!("{owed} SOL in {} leaves", done.accounts)),
        ("anchored", "soon: users get their files once the memo is finalized".to_owned()),
    ])
}
