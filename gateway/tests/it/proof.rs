//! The proof of what is owed, as a user gets it.

use crate::stage::Stage;
use proto::{
    AccountId, Lamports,
    proof::{File, Header, Node, Owed, Sibling, verify},
    timestamp,
    wallet::GetProofResponse,
};
use time::{Duration, OffsetDateTime};

const ANNA: i64 = 5_000_000_001;

/// A tree of two.
fn file(account: AccountId) -> File {
    let owed = Owed { available: Lamports::new(1_250_000_000), ..Owed::default() };
    let leaf = Node::leaf(&[7; 32], account.uuid(), &owed).unwrap();
    let other = Node { hash: [8; 32], sum: 3_000_000_000 };
    let top = Node::above(&leaf, &other).unwrap();
    let header = Header {
        proof: uuid::Uuid::from_u128(9),
        taken_at: 1_795_305_600,
        leaves: 2,
        liabilities: top.sum,
        chain: 5_000_000_000,
        slot: 77,
        tree: top.hash,
    };
    let signature =
        "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW";
    File {
        header,
        signature: signature.to_owned(),
        account,
        salt: [7; 32],
        owed,
        branch: vec![Sibling::Right(other)],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_comes_as_a_file_with_its_meaning_in_words() {
    let stage = Stage::set().await;
    let account = AccountId::try_from_bytes(&stage.member(ANNA).await).unwrap();
    let next_at = Some(timestamp(OffsetDateTime::now_utc() + Duration::hours(3) + Duration::seconds(30)));
    let proof = |file: Vec<u8>| GetProofResponse { file, next_at };

    stage.services.state.lock().unwrap().proof = proof(Vec::new());
    stage.telegram.say(ANNA, "/proof");
    let none = stage.telegram.sees(ANNA, "no proof").await;
    assert!(none.text.contains("in 3 h"), "{}", none.text);
    assert_eq!(none.document, None);

    let json = file(account).to_json().unwrap();
    stage.services.state.lock().unwrap().proof = proof(json.clone().into_bytes());
    stage.telegram.say(ANNA, "/proof");
    let told = stage.telegram.sees(ANNA, "1.25 SOL").await;
    for words in
        ["4.25 SOL", "5 SOL", "Nov 22, 00:00 UTC", "roomsctl proof verify", "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9"]
    {
        assert!(told.text.contains(words), "{words} in {}", told.text);
    }
    let (name, bytes) = told.document.unwrap();
    assert_eq!(name, "rooms-proof-2026-11-22.json");
    assert_eq!(verify(&bytes), Ok(file(account)));

    // From the wallet, too; the wallet's own message stays as it is.
    stage.telegram.say(ANNA, "/wallet");
    stage.telegram.with_button(ANNA, "Proof").await;
    stage.telegram.forget_messages(ANNA);
    stage.telegram.say(ANNA, "/wallet");
    stage.telegram.press(ANNA, "Proof").await;
    stage.telegram.sees(ANNA, "1.25 SOL").await;
    assert!(stage.telegram.messages(ANNA).iter().any(|message| message.text.contains("Custodial")));

    // A file that does not fit is not passed on.
    stage.services.state.lock().unwrap().proof = proof(json.replace("1250000000", "1250000001").into_bytes());
    stage.telegram.say(ANNA, "/proof");
    stage.telegram.sees(ANNA, "did not work").await;
}
