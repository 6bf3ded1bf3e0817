use super::anomalies::{self, AnomalySettings};
use crate::{
    chain::RpcSettings,
    domain::{chain_tx::Proof, withdrawal::Rules},
};
use chassis::{
    operators::Operators,
    settings::{Endpoint, Invalid, Network, Reader},
};
use proto::{LAMPORTS_PER_SOL, Lamports};
use std::time::Duration;

/// Everything that the chain side can be told.
#[derive(Clone)]
pub struct ChainSettings {
    /// How to reach the network.
    pub rpc: RpcSettings,
    /// What proves the end of a transaction.
    pub proof: Proof,
    /// Limits of withdrawals.
    pub withdrawals: Rules,
    /// How often what is owed is proven, counted from 1970.
    pub proof_every: Duration,
    /// What is an anomaly.
    pub anomalies: AnomalySettings,
    /// How often things are done.
    pub pace: Pace,
    /// The most that is paid above the base fee, per transaction.
    pub priority_limit: Lamports,
    /// Less than this is not worth a sweep.
    pub sweep_min: Lamports,
    /// Deposits below this are credited without a message.
    pub notice_min: Lamports,
    /// Who approves and rejects withdrawals, and pauses them.
    pub operators: Operators,
    /// Below this the treasury calls for money.
    pub treasury_low: Lamports,
}

/// Pauses between rounds.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Looking for addresses that are due.
    pub deposits: Duration,
    /// An address that somebody looks at is read again after this.
    pub hot: Duration,
    /// Any other address is read again after this.
    pub cold: Duration,
    /// How long an address counts as looked at.
    pub hot_for: Duration,
    /// Building, signing, submitting and judging transactions.
    pub transactions: Duration,
    /// Looking for addresses to sweep.
    pub sweeps: Duration,
    /// Comparing ledger and chain.
    pub drift: Duration,
    /// Comparing balances and entries.
    pub entries: Duration,
    /// Looking again whether this is our chain.
    pub guard: Duration,
}

fn sol(
    reader: &mut Reader,
    name: &'static str,
    doc: &'static str,
    default: i64,
) -> Result<Lamports, Invalid> {
    reader.setting(name, doc).between(0, i64::MAX).mainnet_no_more().or(default).map(Lamports::new)
}

impl ChainSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// A variable is missing or wrong.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let rpc = Self::rpc(r);
        let proof = Self::proof(r);
        let withdrawals = Self::withdrawals(r);
        let anomalies = anomalies::declare(r);
        let pace = Pace::declare(r);
        let priority_limit = r
            .setting("PRIORITY_FEE_LIMIT", "The most a transaction pays above its base fee, in lamports.")
            .between(0, LAMPORTS_PER_SOL / 1_000)
            .or(5_000)
            .map(Lamports::new);
        let sweep_min = r
            .setting("SWEEP_MIN", "Deposit addresses with less are not swept, in lamports.")
            .between(1_000_000, LAMPORTS_PER_SOL)
            .or(LAMPORTS_PER_SOL / 100)
            .map(Lamports::new);
        let notice_min = r
            .setting("DEPOSIT_NOTICE_MIN", "Smaller deposits are credited without a message, in lamports.")
            .between(0, LAMPORTS_PER_SOL)
            .or(LAMPORTS_PER_SOL / 1_000)
            .map(Lamports::new);
        let operators = Operators::declare(r);
        let treasury_low = r
            .setting("TREASURY_LOW", "A treasury with less raises an alarm, in lamports.")
            .between(0, i64::MAX)
            .or(10 * LAMPORTS_PER_SOL)
            .map(Lamports::new);
        let proof_every = r
            .setting(
                "PROOF_EVERY",
                "How often a proof of liabilities is taken, at multiples of it since 1970 (UTC).",
            )
            .between(Duration::from_secs(1), Duration::from_secs(7 * 86_400))
            .mainnet_no_more()
            .or(Duration::from_secs(86_400));
        let settings = Self {
            rpc: rpc?,
            proof: proof?,
            proof_every: proof_every?,
            withdrawals: withdrawals?,
            anomalies: anomalies?,
            pace: pace?,
            priority_limit: priority_limit?,
            sweep_min: sweep_min?,
            notice_min: notice_min?,
            operators: operators?,
            treasury_low: treasury_low?,
        };
        // The fee that users pay has to cover what the network can take for it.
        let most = settings.priority_limit.get().saturating_add(5_000);
        if settings.withdrawals.fee.get() < most {
            return Err(r.refuse(
                "WITHDRAW_FEE",
                format!("does not cover {most} lamports: 5000 and PRIORITY_FEE_LIMIT"),
            ));
        }
        Ok(settings)
    }

    fn rpc(r: &mut Reader) -> Result<RpcSettings, Invalid> {
        let urls = r
            .setting("SOLANA_RPC_URLS", "JSON-RPC endpoints of one Solana chain, the preferred one first.")
            .required("https://rpc.example.com,https://rpc.example.org");
        let timeout = r
            .setting("SOLANA_RPC_TIMEOUT", "How long one request to an endpoint may take.")
            .between(Duration::from_millis(100), Duration::from_secs(60))
            .or(Duration::from_secs(5));
        let urls: Vec<Endpoint> = urls?;
        Ok(RpcSettings { urls: urls.iter().map(|url| url.expose().to_owned()).collect(), timeout: timeout? })
    }

    fn proof(r: &mut Reader) -> Result<Proof, Invalid> {
        let witnesses = r
            .setting("CHAIN_WITNESSES", "Endpoints that must agree that a transaction is dead or has failed.")
            .between(1, 16)
            .mainnet_no_less()
            .or(2);
        let margin = r
            .setting(
                "CHAIN_DEATH_MARGIN",
                "Blocks beyond its last valid height before a transaction counts as dead.",
            )
            .between(0, 10_000)
            .mainnet_no_less()
            .or(32);
        Ok(Proof { witnesses: witnesses?, margin: margin? })
    }

    fn withdrawals(r: &mut Reader) -> Result<Rules, Invalid> {
        let min = r
            .setting("WITHDRAW_MIN", "Smallest withdrawal, in lamports.")
            .at_least(1)
            .mainnet_no_less()
            .or(LAMPORTS_PER_SOL / 100)
            .map(Lamports::new);
        let fee = r
            .setting("WITHDRAW_FEE", "Fee of a withdrawal, taken from the amount, in lamports.")
            .between(5_000, LAMPORTS_PER_SOL / 100)
            .or(10_000)
            .map(Lamports::new);
        let hold = r
            .setting("WITHDRAW_NEW_ADDRESS_HOLD", "How long a withdrawal to a first-used address waits.")
            .mainnet_no_less()
            .or(Duration::from_secs(24 * 3_600));
        let age = r
            .setting("DEPOSIT_WITHDRAWABLE_AFTER", "How long a deposit stays before it can be withdrawn.")
            .mainnet_no_less()
            .or(Duration::from_secs(600));
        let account = sol(
            r,
            "WITHDRAW_ACCOUNT_DAY_CAP",
            "What one account may withdraw in 24 hours, in lamports.",
            20 * LAMPORTS_PER_SOL,
        );
        let account_totp = sol(
            r,
            "WITHDRAW_ACCOUNT_DAY_CAP_TOTP",
            "What one account may withdraw in 24 hours with a code of its authenticator, in lamports.",
            50 * LAMPORTS_PER_SOL,
        );
        let new_address = sol(
            r,
            "WITHDRAW_NEW_ADDRESS_DAY_CAP",
            "What may go to a new address in 24 hours without a code, in lamports.",
            LAMPORTS_PER_SOL,
        );
        let trusted = r
            .setting(
                "WITHDRAW_ADDRESS_TRUSTED_AFTER",
                "How long after its first finalized withdrawal an address is no longer new.",
            )
            .mainnet_no_less()
            .or(Duration::from_secs(7 * 86_400));
        let total = sol(
            r,
            "WITHDRAW_TOTAL_DAY_CAP",
            "What all accounts may withdraw in 24 hours, in lamports.",
            200 * LAMPORTS_PER_SOL,
        );
        let approval = sol(
            r,
            "WITHDRAW_APPROVAL_THRESHOLD",
            "Withdrawals that reach this within 24 hours need two operators, in lamports.",
            10 * LAMPORTS_PER_SOL,
        );
        Ok(Rules {
            min: min?,
            fee: fee?,
            new_address_hold: hold?,
            deposit_age: age?,
            account_day_cap: account?,
            account_day_cap_totp: account_totp?,
            new_address_day_cap: new_address?,
            trusted_after: trusted?,
            total_day_cap: total?,
            approval_threshold: approval?,
        })
    }

    /// Whether these settings are fit for a network: on mainnet two endpoints are needed to
    /// prove anything.
    ///
    /// # Errors
    /// Fewer endpoints than witnesses.
    pub fn check(&self, r: &mut Reader) -> Result<(), Invalid> {
        if self.rpc.urls.len() < self.proof.witnesses && r.network() != Network::Local {
            return Err(r.refuse("SOLANA_RPC_URLS", "has fewer endpoints than CHAIN_WITNESSES"));
        }
        Ok(())
    }
}

impl Pace {
    fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let mut pause = |name, doc, default: Duration| {
            r.setting(name, doc)
                .between(Duration::from_millis(20), Duration::from_secs(7 * 86_400))
                .or(default)
        };
        let deposits = pause(
            "DEPOSIT_PAUSE",
            "Pause between looks for addresses that are due.",
            Duration::from_millis(500),
        );
        let hot = pause(
            "DEPOSIT_HOT_PAUSE",
            "How often an address is read that somebody looks at.",
            Duration::from_secs(3),
        );
        let cold =
            pause("DEPOSIT_COLD_PAUSE", "How often any other address is read.", Duration::from_secs(300));
        let hot_for = pause(
            "DEPOSIT_HOT_FOR",
            "How long an address is read often after somebody looked at it.",
            Duration::from_secs(900),
        );
        let transactions = pause(
            "CHAIN_PAUSE",
            "Pause between rounds over transactions on their way.",
            Duration::from_secs(1),
        );
        let sweeps =
            pause("SWEEP_PAUSE", "Pause between looks for addresses to sweep.", Duration::from_secs(60));
        let drift =
            pause("DRIFT_PAUSE", "Pause between comparisons of ledger and chain.", Duration::from_secs(60));
        let entries = pause(
            "ENTRIES_PAUSE",
            "Pause between comparisons of balances and entries.",
            Duration::from_secs(60),
        );
        let guard = pause(
            "CHAIN_GUARD_PAUSE",
            "How often it is checked that this is still our chain.",
            Duration::from_secs(3_600),
        );
        Ok(Self {
            deposits: deposits?,
            hot: hot?,
            cold: cold?,
            hot_for: hot_for?,
            transactions: transactions?,
            sweeps: sweeps?,
            drift: drift?,
            entries: entries?,
            guard: guard?,
        })
    }
}
