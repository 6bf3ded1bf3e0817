//! Tokens made on the command line.

use proto::token::{self, Claims, Role};
use solana_signature::Signature;
use std::{path::Path, process::Output};
use tokio::process::Command;

async fn roomsctl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_roomsctl")).args(arguments).output().await.unwrap()
}

fn printed(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap().trim()
}

/// What a token says to whoever knows the one key that may sign it.
fn opened(text: &str, key: &str) -> Claims {
    let genuine = |kid: &str, signed: &[u8], signature: &[u8; 64]| {
        kid == key && Signature::from(*signature).verify(&bs58::decode(kid).into_vec().unwrap(), signed)
    };
    token::open(text, genuine).unwrap()
}

fn scratch(name: &str) -> String {
    let file = std::env::temp_dir().join(format!("roomsctl-{name}-{}", uuid::Uuid::now_v7()));
    file.display().to_string()
}

#[tokio::test]
async fn an_issuer_makes_a_token_that_counts_for_hours() {
    let file = scratch("issuer");
    let key = printed(&roomsctl(&["operator", "new-key", &file]).await).to_owned();
    let make = ["access", "token", "--key", &file, "--issuer", "desk", "--subject", "alice"];
    let made = roomsctl(&[&make[..], &["--role", "operator", "--hours", "2"]].concat()).await;
    let claims = opened(printed(&made), &key);
    assert_eq!((claims.iss.as_str(), claims.sub.as_str(), claims.aud.as_str()), ("desk", "alice", "rooms"));
    assert_eq!((claims.role, claims.exp - claims.iat), (Role::Operator, 7_200));
    for wrong in [["--role", "player", "--hours", "2"], ["--role", "reader", "--hours", "25"]] {
        assert_eq!(roomsctl(&[&make[..], &wrong].concat()).await.status.code(), Some(2), "{wrong:?}");
    }
    std::fs::remove_file(Path::new(&file)).unwrap();
}

/// The public half is that of RFC 8032, section 7.1, test 1.
#[tokio::test]
async fn an_installation_makes_a_token_with_its_own_secret() {
    let file = scratch("secret");
    std::fs::write(&file, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60,00\n").unwrap();
    let made = roomsctl(&["access", "service-token", "--service-key", &file, "--subject", "helm-test"]).await;
    let public = hex::decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").unwrap();
    let claims = opened(printed(&made), &bs58::encode(public).into_string());
    assert_eq!((claims.iss.as_str(), claims.role), (token::SERVICES, Role::Service));
    std::fs::write(&file, "no secret").unwrap();
    let refused = roomsctl(&["access", "service-token", "--service-key", &file, "--subject", "x"]).await;
    assert_eq!(refused.status.code(), Some(2));
    std::fs::remove_file(Path::new(&file)).unwrap();
}
