//! The network seen through RPC endpoints, against the real runtime.

use crate::{
    faulty_rpc::{Faults, FaultyRpc},
    world::{Outside, SLOT, SOL, eventually},
};
use proto::Lamports;
use servers::LocalChain;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer as _;
use std::time::Duration;
use wallet_svc::{
    chain::{Commitment, Draft, Network, RpcPool, RpcSettings, Signed, TransferDraft, Unsigned},
    domain::chain_tx::{Fate, Proof, judge},
};

const NO_FEE: Lamports = Lamports::ZERO;

fn pool(urls: &[&str]) -> RpcPool {
    let urls = urls.iter().map(|url| (*url).to_owned()).collect();
    RpcPool::new(&RpcSettings { urls, timeout: Duration::from_secs(5) })
}

fn sign(unsigned: &Unsigned, key: &Keypair) -> (Signed, Signature) {
    let signature = key.sign_message(&unsigned.message);
    (Signed::try_new(&unsigned.message, &[signature]).unwrap(), signature)
}

fn payment(from: &Keypair, to: &[Pubkey], lamports: i64, reference: &str) -> Draft {
    let transfer =
        |to: &Pubkey| TransferDraft { from: from.pubkey(), to: *to, lamports: Lamports::new(lamports) };
    Draft {
        payer: from.pubkey(),
        transfers: to.iter().map(transfer).collect(),
        memo: None,
        reference: reference.to_owned(),
        urgent: true,
    }
}

async fn finalized(pool: &RpcPool, signature: &Signature) -> u64 {
    let proof = Proof { witnesses: 1, margin: 5 };
    let status = || async {
        let testimonies = pool.testimonies(&[*signature], None).await;
        judge(&testimonies[0], u64::MAX, &proof).unwrap()
    };
    eventually("finalized", || async { matches!(status().await, Fate::Finalized { .. }) }).await;
    let Fate::Finalized { slot } = status().await else { panic!("it was finalized") };
    slot
}

#[tokio::test]
async fn a_payment_is_carried_and_read_back() {
    let chain = LocalChain::for_test(SLOT).await.unwrap();
    let outside = Outside::new(&chain.url());
    let pool = pool(&[&chain.url()]);
    let payer = outside.wallet(2 * SOL).await;
    let receivers: Vec<Pubkey> = (0..18).map(|_| Keypair::new().pubkey()).collect();
    assert!(pool.rent_minimum(0).await.unwrap() > Lamports::ZERO);
    assert!(pool.rent_minimum(80).await.unwrap() > pool.rent_minimum(0).await.unwrap());

    let draft = payment(&payer, &receivers, SOL / 100, "0190a3b2-0000-7000-8000-000000000000/0001");
    let price = pool.compute_unit_price(&draft.writes()).await.unwrap();
    let unsigned = draft.compile(&pool.blockhash().await.unwrap(), price, Lamports::new(5_000)).unwrap();
    let (signed, signature) = sign(&unsigned, &payer);
    pool.submit(&signed).await.unwrap();
    let slot = finalized(&pool, &signature).await;
    // The same bytes again are an error that says nothing: the testimony stands.
    assert!(pool.submit(&signed).await.is_err());
    assert_eq!(finalized(&pool, &signature).await, slot);

    let details = pool.transaction(&signature).await.unwrap().unwrap();
    assert!(!details.failed);
    assert_eq!(details.slot, slot);
    assert_eq!(details.fee, unsigned.fee, "the fee is known before it is paid");
    let paid: Vec<(Pubkey, Lamports)> =
        details.transfers.iter().map(|transfer| (transfer.to, transfer.lamports)).collect();
    let wanted: Vec<_> = receivers.iter().map(|to| (*to, Lamports::new(SOL / 100))).collect();
    assert_eq!(paid, wanted);
    assert_eq!(details.transfers[0].outer, 3, "after the three instructions of the compute budget");

    let accounts = pool.accounts(&[receivers[0], Keypair::new().pubkey()]).await.unwrap();
    assert_eq!(accounts.value[0].unwrap().lamports, Lamports::new(SOL / 100));
    assert_eq!(accounts.value[0].unwrap().data_len, 0);
    assert_eq!(accounts.value[1], None);
    assert_eq!(pool.transaction(&Signature::from([9; 64])).await.unwrap(), None);
}

#[tokio::test]
async fn a_receipt_of_the_longest_kind_runs() {
    let chain = LocalChain::for_test(SLOT).await.unwrap();
    let outside = Outside::new(&chain.url());
    let pool = pool(&[&chain.url()]);
    let payer = outside.wallet(SOL).await;
    let mut draft = payment(&payer, &[], 1, "0190a3b2-0000-7000-8000-000000000000/0001");
    draft.memo = Some(format!("ROOMS1 {} {}", "f".repeat(200), "é".repeat(40)));
    let unsigned = draft.compile(&pool.blockhash().await.unwrap(), 0, NO_FEE).unwrap();
    let (signed, signature) = sign(&unsigned, &payer);
    pool.submit(&signed).await.unwrap();
    finalized(&pool, &signature).await;
    assert!(!pool.transaction(&signature).await.unwrap().unwrap().failed);
}

#[tokio::test]
async fn a_history_is_read_from_its_cursor_oldest_first() {
    let chain = LocalChain::for_test(SLOT).await.unwrap();
    let outside = Outside::new(&chain.url());
    let pool = pool(&[&chain.url()]);
    let payer = outside.wallet(2 * SOL).await;
    let receiver = Keypair::new().pubkey();
    let mut sent = Vec::new();
    for at in 1..=4 {
        sent.push(outside.send(&payer, &[(receiver, SOL / 100 + at)]).await);
    }
    finalized(&pool, &sent[3]).await;
    let all = pool.history(&receiver, None).await.unwrap();
    let signatures: Vec<Signature> = all.iter().map(|item| item.signature).collect();
    assert_eq!(signatures, sent);
    assert!(all.iter().all(|item| item.commitment == Commitment::Finalized && !item.failed));
    let later = pool.history(&receiver, Some(&sent[1])).await.unwrap();
    assert_eq!(later, all[2..]);
    assert_eq!(pool.history(&receiver, Some(&sent[3])).await.unwrap(), []);
}

#[tokio::test]
async fn a_message_that_missed_its_blocks_is_dead_for_endpoints_that_know_the_chain() {
    let chain = LocalChain::for_test(Duration::from_millis(50)).await.unwrap();
    let outside = Outside::new(&chain.url());
    let pool = pool(&[&chain.url(), &chain.url()]);
    let proof = Proof { witnesses: 2, margin: 5 };
    let payer = outside.wallet(SOL).await;
    let landmark = outside.send(&payer, &[(Keypair::new().pubkey(), SOL / 100)]).await;
    finalized(&pool, &landmark).await;
    let draft = payment(&payer, &[Keypair::new().pubkey()], SOL / 100, "never submitted/0001");
    let unsigned = draft.compile(&pool.blockhash().await.unwrap(), 0, NO_FEE).unwrap();
    let (signed, signature) = sign(&unsigned, &payer);
    let fate = |landmark: Signature| {
        let (pool, proof) = (&pool, &proof);
        async move {
            let testimonies = pool.testimonies(&[signature], Some(&landmark)).await;
            assert_eq!(testimonies[0].len(), 2);
            judge(&testimonies[0], unsigned.last_valid_height, proof).unwrap()
        }
    };
    assert_eq!(fate(landmark).await, Fate::Open);
    eventually("dead", || async { fate(landmark).await == Fate::Dead }).await;
    // The chain agrees: it does not take the message any more.
    assert!(pool.submit(&signed).await.is_err());
    // Endpoints that do not know what we know are of another chain: to them everything is unknown.
    assert_eq!(fate(Signature::from([9; 64])).await, Fate::Open);
}

#[tokio::test]
async fn a_broken_endpoint_is_passed_over_and_comes_back() {
    let chain = LocalChain::for_test(SLOT).await.unwrap();
    let first = FaultyRpc::start(chain.url(), Faults { refuses: true, ..Faults::default() }).await.unwrap();
    let second = FaultyRpc::start(chain.url(), Faults::default()).await.unwrap();
    let closed = format!("http://127.0.0.1:{}", servers::port::free().unwrap());
    let pool = pool(&[&closed, &first.url, &second.url]);
    for _ in 0..20 {
        pool.blockhash().await.unwrap();
    }
    assert_eq!(
        pool.testimonies(&[Signature::from([9; 64])], None).await[0].len(),
        1,
        "errors are no testimony"
    );
    second.set(Faults { refuses: true, ..Faults::default() });
    assert!(pool.blockhash().await.is_err());
    first.set(Faults::default());
    pool.blockhash().await.unwrap();
}
