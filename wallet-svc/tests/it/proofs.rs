//! Proofs of liabilities: that the leaves are the whole ledger at any moment, and the way from a command to a user's
//! file whose root anybody finds on chain.

use crate::{
    bank::{Bank, chunk, stake_hold},
    faulty_rpc::{Faults, FaultyRpc},
    world::{SOL, World, eventually},
};
use proto::{
    AccountId, Lamports, RoomId,
    proof::{File, Owed, verify},
    statement::Statement as _,
    timestamp,
    wallet::{
        GetProofRequest, GetProofResponse, OperatorSignature, TakeProof, TakeProofDone, TakeProofRequest,
        wallet_operator_service_client::WalletOperatorServiceClient,
        wallet_service_client::WalletServiceClient,
    },
};
use serde_json::{Value, json};
use servers::TestDb;
use solana_client::rpc_request::RpcRequest;
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use std::{collections::BTreeMap, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    domain::{
        liabilities::{SaltKey, Tree},
        withdrawal::State,
    },
    store,
};

fn owed(available: i64, staked: i64) -> Owed {
    Owed { available: Lamports::new(available), staked: Lamports::new(staked), ..Owed::default() }
}

/// What is owed to whom, having checked that it is what the ledger owes.
async fn debts(db: &TestDb) -> BTreeMap<Uuid, Owed> {
    let snapshot = store::proof::snapshot(&db.pool().clone().into()).await.unwrap();
    let tree = Tree::try_new(&SaltKey::new([1; 32]), &snapshot.debts).unwrap();
    assert_eq!(i64::try_from(tree.top().sum).unwrap(), snapshot.total.get());
    let debts: BTreeMap<_, _> = snapshot.debts.iter().map(|debt| (debt.owner, debt.owed)).collect();
    assert_eq!(debts.len(), snapshot.debts.len(), "one line per owner");
    debts
}

/// All but the house's own money and what lies on chain.
async fn owed_to_others(bank: &Bank) -> i64 {
    let sum =
        "SELECT coalesce(-sum(balance), 0)::bigint FROM wallet.ledger_account WHERE kind IN (4, 6, 7, 9)";
    bank.count(sum).await
}

#[tokio::test]
async fn the_leaves_are_the_whole_ledger_at_every_step_of_a_settlement() {
    let bank = Bank::open().await;
    assert_eq!(debts(&bank.db).await, BTreeMap::from([(Uuid::nil(), Owed::default())]));
    let (winner, loser, idle) =
        (bank.account(10 * SOL).await, bank.account(10 * SOL).await, bank.account(0).await);
    let (room, other) = (RoomId::new(Uuid::now_v7()), RoomId::new(Uuid::now_v7()));
    let (won, lost, open) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    bank.hold(&[
        stake_hold(won, winner, room, SOL),
        stake_hold(lost, loser, room, 4 * SOL),
        stake_hold(open, winner, other, 2 * SOL),
    ])
    .await
    .unwrap();
    let staked = debts(&bank.db).await;
    assert_eq!(staked[&winner.uuid()], owed(7 * SOL, 3 * SOL));
    assert_eq!(staked[&loser.uuid()], owed(6 * SOL, 4 * SOL));
    assert_eq!(staked[&idle.uuid()], Owed::default());
    assert_eq!(staked.len(), 4);
    assert_eq!(owed_to_others(&bank).await, 20 * SOL);

    // The winner is paid, the loser's stake is not spent yet: what is left is a debt of the room.
    bank.pay(&chunk(room, 0, 2, &[(won, 4 * SOL)])).await.unwrap();
    let half = debts(&bank.db).await;
    assert_eq!(half[&winner.uuid()], owed(11 * SOL, 2 * SOL));
    assert_eq!(half[&loser.uuid()], owed(6 * SOL, 0));
    assert_eq!(half[&room.uuid()], owed(0, SOL));
    assert_eq!(owed_to_others(&bank).await, 20 * SOL);

    let mut last = chunk(room, 1, 2, &[(lost, 0)]);
    last.protocol_fee_lamports = SOL;
    bank.pay(&last).await.unwrap();
    let settled = debts(&bank.db).await;
    assert_eq!(settled.get(&room.uuid()), None);
    assert_eq!(settled[&winner.uuid()], owed(11 * SOL, 2 * SOL));
    assert_eq!(settled.len(), 4);
    assert_eq!(owed_to_others(&bank).await, 19 * SOL);
}

#[tokio::test]
async fn what_is_on_its_way_out_is_owed_until_it_is_gone() {
    let mut world = World::parts().await;
    let endpoint = FaultyRpc::start(world.chain.url(), Faults::default()).await.unwrap();
    world.serve(&[&endpoint.url], &[]).await;
    world.fund_capital(SOL).await;
    let account = world.rich_account(3 * SOL).await;
    let mut settings = world.settings();
    settings.withdrawals.new_address_hold = Duration::from_secs(86_400);
    let to = Keypair::new().pubkey().to_string();
    let held = world.request_as(Uuid::now_v7(), account, &to, SOL / 2, &settings).await;
    world.until_state(held, State::Held).await;
    endpoint.set(Faults { swallows_sends: true, ..Faults::default() });
    let sent = world.request(account, &Keypair::new().pubkey(), SOL).await;
    world.until_state(sent, State::Submitted).await;
    let parts = |leaving| Owed {
        available: Lamports::new(3 * SOL / 2),
        held: Lamports::new(SOL / 2),
        leaving: Lamports::new(leaving),
        ..Owed::default()
    };
    assert_eq!(debts(&world.db).await[&account.uuid()], parts(SOL));
    endpoint.set(Faults::default());
    world.until_state(sent, State::Finalized).await;
    assert_eq!(debts(&world.db).await[&account.uuid()], parts(0));
}

/// Asks one replica for the file of an account.
async fn ask(world: &World, account: AccountId) -> GetProofResponse {
    let mut client = WalletServiceClient::connect(format!("http://{}", world.grpc())).await.unwrap();
    let request = GetProofRequest { account_id: account.bytes() };
    client.get_proof(request).await.unwrap().into_inner()
}

/// Waits for a file of this account, and checks it alone.
async fn file(world: &World, account: AccountId) -> File {
    eventually("a file", || async { !ask(world, account).await.file.is_empty() }).await;
    let json = ask(world, account).await.file;
    assert!(json.len() <= 2_000, "{} bytes", json.len());
    verify(&json).unwrap()
}

/// The memos of a finalized transaction, as anybody reads them.
async fn memos(world: &World, signature: &str) -> Vec<String> {
    let params = json!([signature, {"encoding": "jsonParsed", "commitment": "finalized", "maxSupportedTransactionVersion": 1}]);
    let transaction: Value = world.outside.rpc.send(RpcRequest::GetTransaction, params).await.unwrap();
    assert_eq!(transaction["meta"]["err"], Value::Null, "{transaction}");
    let instructions = transaction["transaction"]["message"]["instructions"].as_array().unwrap();
    instructions.iter().filter_map(|one| one["parsed"].as_str()).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_regular_proof_ends_in_a_file_whose_root_is_on_chain() {
    let world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    let before = ask(&world, account).await;
    assert!(before.file.is_empty());
    // Due at the next midnight.
    let due = proto::from_timestamp(before.next_at.as_ref()).unwrap();
    assert_eq!(due.unix_timestamp() % 86_400, 0);

    world.db.advance(Duration::from_secs(86_400)).await.unwrap();
    let file = file(&world, account).await;
    assert_eq!(file.owed, owed(2 * SOL, 0));
    assert_eq!(file.account, account);
    assert!(file.header.is_covered());
    assert!(file.header.liabilities >= u64::try_from(2 * SOL).unwrap());
    assert_eq!(file.header.leaves, 2);

    let found = memos(&world, &file.signature).await;
    assert!(found.iter().any(|memo| file.header.is_in(memo)), "{found:?}");
    // The same memo keeps the end of the audit log.
    assert!(found.iter().any(|memo| memo.contains("\nrooms audit wallet ")), "{found:?}");
    let mut other = file.header;
    other.liabilities -= 1;
    assert!(!found.iter().any(|memo| other.is_in(memo)));

    // Nothing but the fee has moved, and who came later is told to wait.
    world.check_books().await;
    let (newcomer, _) = world.account().await;
    let told = ask(&world, newcomer).await;
    assert!(told.file.is_empty());
    assert!(proto::from_timestamp(told.next_at.as_ref()).unwrap() > due);
}

/// What an operator signs to have a proof taken now.
async fn command(world: &World, operator: &Keypair) -> TakeProof {
    let now: OffsetDateTime =
        sqlx::query_scalar("SELECT wallet.db_clock()").fetch_one(world.db.pool()).await.unwrap();
    let by = OperatorSignature {
        operator: operator.pubkey().to_string(),
        signature: vec![0; 64],
        signed_at: Some(timestamp(now)),
    };
    let mut command = TakeProof { by: Some(by) };
    let signature = operator.sign_message(&command.bytes().unwrap());
    command.by.as_mut().unwrap().signature = signature.as_ref().to_vec();
    command
}

#[tokio::test]
async fn an_operator_has_one_taken_now_and_once() {
    let mut world = World::parts().await;
    let (url, operator) = (world.chain.url(), Keypair::new());
    world.serve(&[&url], &[("OPERATOR_KEYS", &operator.pubkey().to_string())]).await;
    world.fund_capital(SOL).await;
    let account = world.rich_account(3 * SOL).await;
    let mut client = WalletOperatorServiceClient::connect(format!("http://{}", world.grpc())).await.unwrap();
    let stranger = command(&world, &Keypair::new()).await;
    let request =
        TakeProofRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command: Some(stranger) };
    let refused = client.take_proof(request).await.unwrap().into_inner().outcome.unwrap();
    let refusal = refused.decided::<TakeProofDone>().unwrap().unwrap_err();
    assert_eq!(refusal.code, proto::common::RefusalCode::OperatorSignature);

    let request = TakeProofRequest {
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        command: Some(command(&world, &operator).await),
    };
    let first = client.take_proof(request.clone()).await.unwrap().into_inner().outcome.unwrap();
    let again = client.take_proof(request).await.unwrap().into_inner().outcome.unwrap();
    assert_eq!(first, again);
    let done: TakeProofDone = first.decided().unwrap().unwrap();

    let file = file(&world, account).await;
    assert_eq!(done.proof_id, file.header.proof.as_bytes());
    assert_eq!(done.root, file.header.root());
    assert_eq!(u64::try_from(done.liabilities_lamports).unwrap(), file.header.liabilities);
    assert_eq!(done.accounts, file.header.leaves);
    let proofs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM wallet.proof").fetch_one(world.db.pool()).await.unwrap();
    assert_eq!(proofs, 1);
}

/// A proof that was published says the same for ever.
#[tokio::test]
async fn a_taken_proof_is_not_changed() {
    let bank = Bank::open().await;
    bank.account(SOL).await;
    let mut unit = bank.unit().await;
    let id = Uuid::now_v7();
    store::proof::request(unit.conn(), id, None).await.unwrap();
    let snapshot = store::proof::snapshot(&bank.db.pool().clone().into()).await.unwrap();
    let key = SaltKey::new([1; 32]);
    let tree = Tree::try_new(&key, &snapshot.debts).unwrap();
    let header = proto::proof::Header {
        proof: id,
        taken_at: u64::try_from(snapshot.at.unix_timestamp()).unwrap(),
        leaves: 2,
        liabilities: tree.top().sum,
        chain: 0,
        slot: 0,
        tree: tree.top().hash,
    };
    assert!(!header.is_covered());
    store::proof::take(unit.conn(), &header, snapshot.at, &header.memo(), &key, &tree.bytes()).await.unwrap();
    unit.commit().await.unwrap();
    for change in [
        "UPDATE wallet.proof SET liabilities = 0",
        "UPDATE wallet.proof SET memo = ''",
        "UPDATE wallet.proof SET owed = '\\x00'",
        "DELETE FROM wallet.proof",
    ] {
        let refused = sqlx::query(change).execute(bank.db.pool()).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("23001"), "{change}");
    }
    let (key, bytes) = store::proof::leaves(bank.db.pool(), id).await.unwrap().unwrap();
    assert_eq!(Tree::try_from_bytes(&key, &bytes).unwrap().top(), tree.top());
}
