//! Whatever the endpoints do to what is sent through them, everything is paid once: a withdrawal
//! alone, withdrawals packed into one transaction, and a sweep, all on their way at the same time.

use crate::{
    faulty_rpc::{Faults, FaultyRpc},
    world::{SOL, World, eventually},
};
use proto::{AccountId, WithdrawalId};
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use std::time::Duration;
use uuid::Uuid;
use wallet_svc::domain::{
    ledger::{Account, Kind},
    withdrawal::State,
};

/// Enough to be packed together.
const PACKED: usize = 3;
const AMOUNT: i64 = SOL / 2;
const ARRIVES: i64 = AMOUNT - 10_000;

/// Longer than it takes to ask for all, shorter than a lease lasts.
const HOLD: Duration = Duration::from_secs(6);

fn has_left(state: State) -> bool {
    !matches!(state, State::Requested | State::Held | State::Approved)
}

/// Money on its way in every shape, through two endpoints that are about to misbehave.
struct Journey {
    world: World,
    endpoints: [FaultyRpc; 2],
    account: AccountId,
    /// Not swept yet.
    deposit: Pubkey,
    withdrawals: Vec<(WithdrawalId, Pubkey)>,
}

impl Journey {
    /// Everything has left when this returns: signed, if not more.
    async fn begin(faults: [Faults; 2]) -> Self {
        let mut world = World::parts().await;
        let url = world.chain.url();
        world.serve(&[&url], &[("SWEEP_PAUSE", "1h")]).await;
        world.fund_capital(10 * SOL).await;
        let (account, deposit) = world.account().await;
        let payer = world.outside.wallet(6 * SOL).await;
        world.outside.send(&payer, &[(deposit, 5 * SOL)]).await;
        eventually("credited", || async { world.available(account).await == 5 * SOL }).await;
        world.stop().await;
        let endpoint = async || FaultyRpc::start(world.chain.url(), Faults::default()).await.unwrap();
        let endpoints = [endpoint().await, endpoint().await];
        sweep_after(&world, "'infinity'").await;
        let urls = endpoints.each_ref().map(|endpoint| endpoint.url.as_str());
        // A second is more than a healthy endpoint needs. An endpoint that has lost its history is found
        // at the next look whether this is still our chain, and stops everything: not within this test.
        let settings = [("SOLANA_RPC_TIMEOUT", "1s"), ("CHAIN_GUARD_PAUSE", "1h")];
        world.serve(&urls, &settings).await;
        let mut journey = Self { world, endpoints, account, deposit, withdrawals: Vec::new() };
        for _ in 0..PACKED {
            journey.request(HOLD).await;
        }
        journey.until_all_are("held", |state| state == State::Held).await;
        for (endpoint, faults) in journey.endpoints.iter().zip(faults) {
            endpoint.set(faults);
        }
        sweep_after(&journey.world, "NULL").await;
        // Their holds end at the same moment, so that they meet in one transaction.
        journey.world.db.advance(HOLD).await.unwrap();
        journey.until_all_are("signed", has_left).await;
        journey.request(Duration::ZERO).await;
        journey.until_all_are("signed", has_left).await;
        eventually("a sweep", || async { journey.purposes().await.contains(&"SWEEP".to_owned()) }).await;
        journey
    }

    async fn request(&mut self, hold: Duration) {
        let mut settings = self.world.settings();
        settings.withdrawals.new_address_hold = hold;
        let to = Keypair::new().pubkey();
        let id =
            self.world.request_as(Uuid::now_v7(), self.account, &to.to_string(), AMOUNT, &settings).await;
        self.withdrawals.push((id, to));
    }

    async fn purposes(&self) -> Vec<String> {
        self.world.attempts().await.into_iter().map(|(_, _, purpose, _)| purpose).collect()
    }

    async fn until_all_are(&self, what: &str, wanted: impl Fn(State) -> bool) {
        for (id, _) in &self.withdrawals {
            eventually(what, || async { wanted(self.world.withdrawal(*id).await.state) }).await;
        }
    }

    /// Attempts that ended so.
    async fn ended(&self, state: &str) -> usize {
        self.world.attempts().await.iter().filter(|(_, _, _, ended)| ended == state).count()
    }

    fn heal(&self) {
        self.endpoints.iter().for_each(|endpoint| endpoint.set(Faults::default()));
    }

    /// Waits until everybody is paid, counts it on the chain itself, and compares the books.
    async fn end(self) {
        let Self { world, .. } = &self;
        self.until_all_are("finalized", |state| state == State::Finalized).await;
        eventually("swept", || async { world.lies_at(&self.deposit).await == 0 }).await;
        self.heal();
        let sent = i64::try_from(self.withdrawals.len()).unwrap() * AMOUNT;
        assert_eq!(world.available(self.account).await, 5 * SOL - sent);
        assert_eq!(world.balance(Account::held(self.account)).await, 0);
        assert_eq!(world.balance(Account::house(Kind::WithdrawalsInFlight)).await, 0);
        for (_, to) in &self.withdrawals {
            assert_eq!(world.outside.lamports(to).await, ARRIVES);
            assert_eq!(succeeded(world, to).await, 1, "payments to {to}");
        }
        assert_eq!(succeeded(world, &self.deposit).await, 2, "its deposit and its sweep");
        // Each purpose landed once, and its earlier attempts are dead for certain.
        let attempts = world.attempts().await;
        let landed = attempts.iter().filter(|(_, _, _, state)| state == "FINALIZED").count();
        assert_eq!(landed, 3, "{attempts:?}");
        assert!(
            attempts.iter().all(|(_, _, _, state)| state == "FINALIZED" || state == "DEAD"),
            "{attempts:?}"
        );
        world.check_books().await;
        assert!(!world.paused().await, "nothing was missing at any time");
    }
}

async fn sweep_after(world: &World, when: &'static str) {
    let update = sqlx::AssertSqlSafe(format!("UPDATE wallet.address SET sweep_after = {when}"));
    sqlx::query(update).execute(world.db.pool()).await.unwrap();
}

/// Transactions that name an address and did not fail.
async fn succeeded(world: &World, address: &Pubkey) -> usize {
    let history = world.outside.rpc.get_signatures_for_address(address).await.unwrap();
    history.iter().filter(|item| item.err.is_none()).count()
}

/// At both endpoints, for as long as it takes.
async fn everywhere(faults: Faults) -> Journey {
    Journey::begin([faults.clone(), faults]).await
}

#[tokio::test]
async fn submitting_breaks_but_lands() {
    let journey = everywhere(Faults { breaks_after_send: true, ..Faults::default() }).await;
    journey.end().await;
}

#[tokio::test]
async fn submitting_times_out_but_lands() {
    let journey = everywhere(Faults { hangs_after_send: true, ..Faults::default() }).await;
    journey.end().await;
}

#[tokio::test]
async fn submitting_is_answered_with_an_error_but_lands() {
    let journey = everywhere(Faults { errs_after_send: true, ..Faults::default() }).await;
    journey.end().await;
}

#[tokio::test]
async fn it_lands_late() {
    let late = Faults { delays_sends: Some(Duration::from_secs(3)), ..Faults::default() };
    everywhere(late).await.end().await;
}

#[tokio::test]
async fn it_never_lands_and_expires() {
    let journey = everywhere(Faults { swallows_sends: true, ..Faults::default() }).await;
    // The pack, the one alone, and the sweep.
    eventually("all are dead", || async { journey.ended("DEAD").await >= 3 }).await;
    for (_, to) in &journey.withdrawals {
        assert_eq!(journey.world.outside.lamports(to).await, 0);
    }
    journey.heal();
    journey.end().await;
}

#[tokio::test]
async fn its_status_is_missing_long_after_it_should_have_expired() {
    let journey = everywhere(Faults { finds_nothing: true, ..Faults::default() }).await;
    let last_valid: i64 = sqlx::query_scalar("SELECT max(last_valid_height) FROM wallet.chain_tx")
        .fetch_one(journey.world.db.pool())
        .await
        .unwrap();
    let past = || async {
        let height =
            journey.world.outside.rpc.get_block_height_with_commitment(CommitmentConfig::finalized());
        i64::try_from(height.await.unwrap()).unwrap() > last_valid + 20
    };
    eventually("the height is past", past).await;
    let asked = journey.endpoints[0].asked();
    eventually("rounds in which nothing is found", || async { journey.endpoints[0].asked() > asked + 5 })
        .await;
    // Endpoints that do not know what we know for certain do not prove anything's death.
    assert_eq!(journey.ended("DEAD").await, 0);
    journey.heal();
    journey.end().await;
}

#[tokio::test]
async fn one_endpoint_never_finds_it() {
    let blind = Faults { finds_nothing: true, ..Faults::default() };
    let journey = Journey::begin([blind, Faults::default()]).await;
    journey.end().await;
}

#[tokio::test]
async fn one_endpoint_lags() {
    let lags = Faults { behind: 60, ..Faults::default() };
    let journey = Journey::begin([lags, Faults::default()]).await;
    journey.end().await;
}

#[tokio::test]
async fn one_endpoint_is_away() {
    let away = Faults { refuses: true, ..Faults::default() };
    // Without it nobody can prove a death, and nobody has to.
    let journey = Journey::begin([Faults::default(), away]).await;
    journey.end().await;
}

#[tokio::test]
async fn the_node_is_killed_and_restarted() {
    let journey = Journey::begin([Faults::default(), Faults::default()]).await;
    journey.world.chain.kill().await;
    journey.world.chain.restart().await.unwrap();
    journey.end().await;
}
