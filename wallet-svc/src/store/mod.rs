//! All SQL of the schema `wallet`, one file per aggregate.

pub mod address;
pub mod allowance;
pub mod anomaly;
pub mod ban;
pub mod chain_tx;
pub mod deposit;
pub mod entry_check;
pub mod hold;
pub mod key;
pub mod leaving;
pub mod ledger;
pub mod limit;
pub mod operator;
pub mod pause;
pub mod proof;
pub mod receipt;
pub mod reconciliation;
pub mod refund;
pub mod sweep;
pub mod totp;
pub mod transfer;
pub mod withdrawal;

use chassis::Fault;
use solana_pubkey::Pubkey;
use solana_signature::Signature;

fn pubkey(bytes: &[u8]) -> Result<Pubkey, Fault> {
    Pubkey::try_from(bytes).map_err(|_| Fault::bug("a stored address has not 32 bytes"))
}

fn signature(bytes: &[u8]) -> Result<Signature, Fault> {
    Signature::try_from(bytes).map_err(|_| Fault::bug("a stored signature has not 64 bytes"))
}

/// A slot or block height for a `bigint`.
fn height_in(height: u64) -> Result<i64, Fault> {
    i64::try_from(height).map_err(|_| Fault::bug("a block height beyond 63 bits"))
}

/// A slot or block height from a `bigint`.
fn height_out(height: i64) -> Result<u64, Fault> {
    u64::try_from(height).map_err(|_| Fault::bug("a negative block height"))
}

fn addresses_in(addresses: &[Pubkey]) -> Vec<Vec<u8>> {
    addresses.iter().map(|address| address.to_bytes().to_vec()).collect()
}
