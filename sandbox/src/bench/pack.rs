//! How many transfers wallet-svc puts into a transaction, against the most that the network's limits allow.
//!
//! The packer is the one that withdrawals and sweeps go through. The optimum is a transaction that does nothing but
//! these transfers, in the same order: no memo, no priority fee, nothing that tells it apart. What binds is the size of a
//! packet; a transfer takes 150 of 1,400,000 compute units, and the packet is full before its accounts reach 64.
//! <https://solana.com/docs/core/transactions>, <https://solana.com/docs/core/fees>

use crate::report::Report;
use anyhow::{Context, Result, ensure};
use clap::Args;
use proto::Lamports;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_system_interface::instruction as system;
use wallet_svc::chain::{Blockhash, Draft, TransferDraft};

/// Bytes of a transaction.
const PACKET: usize = 1232;
/// Accounts of a transaction, and compute units.
const ACCOUNTS: usize = 64;
const COMPUTE_UNITS: usize = 1_400_000;
const UNITS_PER_TRANSFER: usize = 150;
/// What wallet-svc looks at in one round.
const AT_ONCE: usize = 40;
/// At least so much of the optimum.
const GOAL_PERCENT: f64 = 95.0;

/// Arguments of `bench pack`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Batches of each kind
    #[arg(long, default_value_t = 20)]
    batches: usize,
    /// Transfers of a batch
    #[arg(long, default_value_t = 1_000)]
    transfers: usize,
    /// Of 100 withdrawals, how many go to one of a few addresses, as those of exchanges are
    #[arg(long, default_value_t = 5)]
    repeated: u32,
    /// For the same batches again
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Transactions that the same transfers took.
#[derive(Default)]
struct Packed {
    transfers: usize,
    ours: usize,
    optimum: usize,
}

impl Packed {
    fn report(&self, name: &str, report: &mut Report) -> Result<()> {
        let per = |transactions: usize| -> Result<f64> {
            Ok(f64::from(u32::try_from(self.transfers)?) / f64::from(u32::try_from(transactions)?))
        };
        let (ours, optimum) = (per(self.ours)?, per(self.optimum)?);
        let percent = 100.0 * ours / optimum;
        report.check(
            &format!("{name} in a transaction"),
            format!(">= {GOAL_PERCENT} % of {optimum:.2}"),
            format!("{ours:.2} ({percent:.1} %)"),
            percent >= GOAL_PERCENT,
        );
        report.note(
            name,
            serde_json::json!({
                "transfers": self.transfers, "transactions": self.ours, "optimum": self.optimum, "percent": percent
            }),
        );
        Ok(())
    }
}

pub(super) fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.batches > 0 && arguments.transfers >= AT_ONCE, "too few transfers");
    let mut random = ChaCha8Rng::seed_from_u64(arguments.seed);
    let (mut withdrawals, mut sweeps) = (Packed::default(), Packed::default());
    for _ in 0..arguments.batches {
        let treasury = address(&mut random);
        let exchanges: Vec<Pubkey> = (0..5).map(|_| address(&mut random)).collect();
        let withdrawal = |random: &mut ChaCha8Rng| {
            let known = random.random_ratio(arguments.repeated.min(100), 100);
            let exchange = exchanges.choose(random).copied().filter(|_| known);
            let to = exchange.unwrap_or_else(|| address(random));
            TransferDraft { from: treasury, to, lamports: amount(random) }
        };
        let batch: Vec<_> = (0..arguments.transfers).map(|_| withdrawal(&mut random)).collect();
        withdrawals.pack(treasury, &batch, true)?;
        let sweep = |random: &mut ChaCha8Rng| TransferDraft {
            from: address(random),
            to: treasury,
            lamports: amount(random),
        };
        let batch: Vec<_> = (0..arguments.transfers).map(|_| sweep(&mut random)).collect();
        sweeps.pack(treasury, &batch, false)?;
    }
    withdrawals.report("withdrawals", report)?;
    sweeps.report("sweeps", report)
}

fn address(random: &mut ChaCha8Rng) -> Pubkey {
    Pubkey::new_from_array(random.random())
}

fn amount(random: &mut ChaCha8Rng) -> Lamports {
    Lamports::new(random.random_range(1..=50 * proto::LAMPORTS_PER_SOL))
}

impl Packed {
    fn pack(&mut self, payer: Pubkey, batch: &[TransferDraft], urgent: bool) -> Result<()> {
        self.transfers += batch.len();
        let blockhash = Blockhash { hash: solana_hash::Hash::new_from_array([7; 32]), last_valid_height: 0 };
        let mut rest = batch;
        while !rest.is_empty() {
            let transfers: Vec<TransferDraft> = rest.iter().take(AT_ONCE).copied().collect();
            let reference = format!("{payer}/{}", self.ours);
            let mut draft = Draft { payer, transfers, memo: None, reference, urgent };
            draft.split_to_fit().context("pack")?;
            // What is measured is what would be signed: the front of the queue, and not a byte too many.
            let (packed, left) =
                rest.split_at_checked(draft.transfers.len()).context("more than there was")?;
            ensure!(draft.transfers == packed, "the packer changed the order");
            let unsigned = draft.compile(&blockhash, u64::MAX, Lamports::new(5_000))?;
            let size = 1 + 64 * unsigned.signers.len() + unsigned.message.len();
            ensure!(size <= PACKET, "{size} bytes");
            rest = left;
            self.ours += 1;
        }
        let mut rest = batch;
        while !rest.is_empty() {
            rest = rest.split_at_checked(optimum(&payer, rest)?).context("more than there was")?.1;
            self.optimum += 1;
        }
        Ok(())
    }
}

/// How many of the transfers at the front any transaction could make.
fn optimum(payer: &Pubkey, transfers: &[TransferDraft]) -> Result<usize> {
    let (mut most, mut instructions) = (0, Vec::new());
    for transfer in transfers.iter().take(COMPUTE_UNITS / UNITS_PER_TRANSFER) {
        instructions.push(system::transfer(
            &transfer.from,
            &transfer.to,
            transfer.lamports.get().try_into()?,
        ));
        let message = v0::Message::try_compile(payer, &instructions, &[], solana_hash::Hash::default())?;
        let signatures = usize::from(message.header.num_required_signatures);
        let accounts = message.account_keys.len();
        let size = 1 + 64 * signatures + VersionedMessage::V0(message).serialize().len();
        if size > PACKET || accounts > ACCOUNTS {
            break;
        }
        most = instructions.len();
    }
    ensure!(most > 0, "not one transfer fits");
    Ok(most)
}
