//! A login that Telegram vouches for, exchanged for a token.

use crate::{stage::Stage, telegram::TOKEN};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const NOBODY: i64 = 5_000_000_009;

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

/// What Telegram gives a Mini App that `user` has opened now.
fn init_data(user: i64) -> Vec<(String, String)> {
    let mut fields = BTreeMap::from([
        ("auth_date".to_owned(), OffsetDateTime::now_utc().unix_timestamp().to_string()),
        ("user".to_owned(), json!({"id": user, "first_name": "Anna"}).to_string()),
    ]);
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let key = hmac(b"WebAppData", TOKEN.as_bytes());
    fields.insert("hash".to_owned(), hex::encode(hmac(&key, lines.join("\n").as_bytes())));
    fields.into_iter().collect()
}

async fn login(stage: &Stage, fields: &[(String, String)]) -> (u16, Value) {
    let url = format!("http://{}/login/app", stage.http());
    let answer = reqwest::Client::new().post(url).form(fields).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_worth_a_short_token_of_its_own_account() {
    let stage = Stage::set_with(vec![("GRPC_SERVICE_KEY", "07".repeat(32))]).await;
    let account = stage.member(ANNA).await;
    let fields = init_data(ANNA);
    let (status, told) = login(&stage, &fields).await;
    assert_eq!(status, 200, "{told}");
    let account = Uuid::from_slice(&account).unwrap();
    assert_eq!(told["account_id"], json!(account));
    let claims = told["token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!((&claims["role"], &claims["sub"]), (&json!("player"), &json!(account)));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    // Shown again it is worth the same.
    let (status, again) = login(&stage, &fields).await;
    assert_eq!((status, &again["account_id"]), (200, &told["account_id"]));

    let mut forged = fields.clone();
    forged.iter_mut().for_each(|(_, value)| *value = value.replace(&ANNA.to_string(), &NOBODY.to_string()));
    assert_eq!(login(&stage, &forged).await, (401, json!({"error": "NOT_GENUINE"})));
    assert_eq!(login(&stage, &init_data(NOBODY)).await, (404, json!({"error": "NO_ACCOUNT"})));
}
