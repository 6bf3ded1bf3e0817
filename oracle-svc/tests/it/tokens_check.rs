//! The body of the fuzz target over tokens' accounts and pairs, under proptest.

#[path = "../../../fuzz/bodies/tokens.rs"]
mod body;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use body::PROGRAMS;
use proptest::{collection::vec, prelude::*};
use serde_json::json;
use servers::tokens::{Addresses, Token};

/// First bytes of a curve and of a pool, and none.
const KINDS: [&[u8]; 3] =
    [&[23, 183, 248, 55, 96, 216, 172, 96], &[241, 154, 109, 4, 17, 177, 109, 188], &[]];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(data in vec(any::<u8>(), 0..300)) {
        body::check_answer(&data);
        body::check_bytes(&data);
    }

    #[test]
    fn any_account_is_read_or_refused(
        program in 0_u8..5, kind in 0_usize..3, length in prop::sample::select(vec![0_usize, 49, 82, 151, 165, 166, 301, 752]),
        filling in vec(any::<u8>(), 760),
    ) {
        let mut data = [KINDS[kind], &filling].concat();
        data.truncate(length);
        let bytes: Vec<u8> = std::iter::once(program).chain(data.iter().copied()).collect();
        body::check_bytes(&bytes);
        let account = json!({"owner": PROGRAMS[usize::from(program)].to_string(), "data": [STANDARD.encode(&data), "base64"]});
        let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {"context": {"slot": 5}, "value": [account, null]}});
        body::check_answer(answer.to_string().as_bytes());
    }

    #[test]
    fn a_pair_with_any_value_in_any_field_is_read_or_left_out(at in 0_usize..8, value in prop::sample::select(vec![
        json!(null), json!(-1), json!(""), json!([]), json!({}), json!(true), json!("NaN"), json!("-0.0"), json!(1e300),
        json!(u64::MAX), json!("0"), json!(0), json!("0.0000000000001"), json!({"usd": -1}), json!({"usd": "1"}),
    ])) {
        let token = Token::on_curve("9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump", "FART", 1);
        let address = Addresses::of(&token).unwrap().curve.to_string();
        let token = json!({"address": token.mint, "symbol": "FART"});
        let mut pair = json!({"chainId": "solana", "dexId": "pumpfun", "pairAddress": address, "baseToken": token,
            "quoteToken": token, "priceUsd": "0.1", "liquidity": {"usd": 5.5}, "pairCreatedAt": 1});
        let good = pair.clone();
        let field = pair.as_object().unwrap().keys().nth(at).unwrap().clone();
        pair[&field] = value;
        body::check_answer(json!([pair, good]).to_string().as_bytes());
        let pairs = oracle_svc::venues::read_listing(json!([pair, good]).to_string().as_bytes()).unwrap();
        prop_assert!((1..=2).contains(&pairs.len()), "it spoils its neighbour");
    }
}
