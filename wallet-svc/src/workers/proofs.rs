//! Takes proofs of liabilities: reads what is owed and what lies on chain, builds the tree, and writes its root on chain.

use super::{Context, drift::Reading};
use crate::{
    domain::{
        chain_tx::Purpose,
        liabilities::{SaltKey, Tree},
    },
    store::{self, proof::Requested},
};
use chassis::{Fault, Held};
use proto::{
    Service,
    common::Outcome,
    proof::{Hash, Header},
    wallet::TakeProofDone,
};
use rand::{TryRngCore as _, rngs::OsRng};
use solana_pubkey::Pubkey;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Proofs whose leaves are kept; users get files of the newest alone.
const KEPT: i64 = 7;

/// How often both sides are read before a proof says that the chain does not cover what is owed: a withdrawal may land
/// between the two readings, or an endpoint lag behind the one that told of a deposit.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// The ledger at one moment, as a tree.
struct Taken {
    at: OffsetDateTime,
    key: SaltKey,
    tree: Tree,
}

impl Context {
    /// One round: asks for the regular proof when it is due, takes what is asked for, anchors what is taken.
    pub(super) async fn prove(&self, held: &Held) -> Result<(), Fault> {
        let mut unit = self.unit(held).await?;
        let (id, every) = (Uuid::now_v7(), self.settings.proof_every);
        store::proof::request_regular(unit.conn(), id, every).await?;
        unit.commit().await?;
        if let Some(requested) = store::proof::requested(self.db.pool()).await? {
            self.take_proof(held, &requested).await?;
        }
        self.anchor_proof(held).await
    }

    async fn take_proof(&self, held: &Held, requested: &Requested) -> Result<(), Fault> {
        let mut tries = 1;
        let (taken, header) = loop {
            // The chain after the ledger: nothing is credited that is not finalized, so nothing that is owed for a
            // deposit is missing there.
            let taken = self.read_debts().await?;
            let Some(reading) = self.read_chain().await? else {
                tracing::info!("balances not read in one slot, proven next time");
                return Ok(());
            };
            let header = header(requested.id, &taken, &reading)?;
            if header.is_covered() || tries == TRIES {
                break (taken, header);
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        };
        if !header.is_covered() {
            metrics::counter!("wallet_proofs_uncovered_total").increment(1);
            tracing::error!(?header, "what lies on chain does not cover what is owed");
        }
        let mut unit = self.unit(held).await?;
        let head = chassis::audit::head(unit.conn(), Service::Wallet).await?;
        let memo = format!("{}\nrooms audit {} {head}", header.memo(), Service::Wallet);
        let bytes = taken.tree.bytes();
        store::proof::take(unit.conn(), &header, taken.at, &memo, &taken.key, &bytes).await?;
        if let Some(command) = requested.command {
            let done = TakeProofDone {
                proof_id: header.proof.as_bytes().to_vec(),
                root: header.root().to_vec(),
                liabilities_lamports: i64::try_from(header.liabilities).unwrap_or(i64::MAX),
                accounts: header.leaves,
            };
            unit.decide(command, Outcome::done(command.as_bytes(), &done));
        }
        unit.commit().await?;
        tracing::info!(proof = %header.proof, leaves = header.leaves, liabilities = header.liabilities, "proof taken");
        Ok(())
    }

    /// Reads what is owed and builds the tree, unless it is not the whole ledger.
    async fn read_debts(&self) -> Result<Taken, Fault> {
        let mut random: Hash = [0; 32];
        OsRng.try_fill_bytes(&mut random).map_err(|error| Fault::upstream("randomness", error))?;
        let key = SaltKey::new(random);
        let snapshot = store::proof::snapshot(self.db.pool()).await?;
        let (salts, debts) = (key.clone(), snapshot.debts);
        let tree = tokio::task::spawn_blocking(move || Tree::try_new(&salts, &debts)).await;
        let tree = tree.map_err(bug)?.map_err(bug)?;
        if i64::try_from(tree.top().sum) != Ok(snapshot.total.get()) {
            metrics::counter!("wallet_proofs_refused_total").increment(1);
            tracing::error!(
                tree = tree.top().sum,
                ledger = snapshot.total.get(),
                "a tree that is not the ledger"
            );
            return Err(Fault::bug("the leaves do not sum up to what the ledger owes"));
        }
        Ok(Taken { at: snapshot.at, key, tree })
    }

    async fn read_chain(&self) -> Result<Option<Reading>, Fault> {
        let money = store::address::with_money(self.db.pool()).await?;
        let addresses: Vec<Pubkey> = money.iter().map(|balance| balance.address).collect();
        self.balances(&addresses).await
    }

    /// Builds the transaction of a proof that is in none.
    async fn anchor_proof(&self, held: &Held) -> Result<(), Fault> {
        let Some(open) = store::proof::open(self.db.pool()).await? else { return Ok(()) };
        let id = open.chain_tx.unwrap_or_else(Uuid::now_v7);
        let Some(unsigned) = self.memo(id, open.memo).await? else { return Ok(()) };
        let mut unit = self.unit(held).await?;
        store::chain_tx::build(unit.conn(), id, Purpose::Proof, &unsigned).await?;
        store::proof::assign(unit.conn(), open.proof, id).await?;
        store::proof::forget_leaves(unit.conn(), KEPT).await?;
        unit.commit().await
    }
}

fn header(proof: Uuid, taken: &Taken, reading: &Reading) -> Result<Header, Fault> {
    let top = taken.tree.top();
    Ok(Header {
        proof,
        taken_at: u64::try_from(taken.at.unix_timestamp()).map_err(bug)?,
        leaves: u64::try_from(taken.tree.leaves()).map_err(bug)?,
        liabilities: top.sum,
        chain: u64::try_from(reading.lamports.get()).map_err(bug)?,
        slot: reading.slot,
        tree: top.hash,
    })
}

fn bug(error: impl std::fmt::Display) -> Fault {
    Fault::bug(error.to_string())
}
