//! What holds of every answer about accounts and pairs, and of every account that anybody could have made.

use oracle_svc::{
    domain::{
        Account, Curve, Mint, MintState, PUMP, PUMP_SWAP, Pool, RAYDIUM, Reserves, TOKEN, TOKEN_2022,
        WRAPPED_SOL,
    },
    venues::{read_accounts, read_listing},
};
use rust_decimal::Decimal;

/// Whose accounts are read.
pub const PROGRAMS: [solana_pubkey::Pubkey; 5] = [PUMP, PUMP_SWAP, RAYDIUM, TOKEN, TOKEN_2022];

/// Reads bytes as every kind of answer.
pub fn check_answer(body: &[u8]) {
    for asked in 0..3 {
        if let Ok(told) = read_accounts(body, asked) {
            assert_eq!(told.accounts.len(), asked);
            told.accounts.iter().flatten().for_each(check_account);
        }
    }
    for pair in read_listing(body).unwrap_or_default() {
        assert!(pair.price.is_none_or(|price| price.get() > Decimal::ZERO));
        assert!(pair.liquidity.is_none_or(|usd| usd >= Decimal::ZERO));
        assert!(pair.created_at.is_none_or(|at| at.micros() > 0));
    }
}

/// Reads bytes as an account: the first says whose it is.
pub fn check_bytes(data: &[u8]) {
    let [program, data @ ..] = data else { return };
    let owner = PROGRAMS[usize::from(*program) % PROGRAMS.len()];
    check_account(&Account { owner, data: data.to_vec() });
}

fn check_account(account: &Account) {
    let mint = Mint::new(WRAPPED_SOL);
    if let Ok(state) = MintState::parse(account) {
        assert!([TOKEN, TOKEN_2022].contains(&account.owner));
        assert!(state.supply().is_none_or(|supply| supply >= Decimal::ZERO));
    }
    if let Ok(curve) = Curve::parse(account) {
        assert_eq!(account.owner, PUMP);
        let Reserves { units, lamports } = curve.priced_by;
        assert!(curve.complete || (units > 0 && lamports > 0));
        for decimals in [0, 6, 9, 19, 255] {
            let price = curve.priced_by.price(decimals);
            assert!(price.is_none_or(|price| price.get() >= Decimal::new(1, 9)));
        }
    }
    if let Ok(pool) = Pool::parse(account, mint) {
        assert!([PUMP_SWAP, RAYDIUM].contains(&account.owner));
        assert!(pool.reserves(mint, account, account).is_err(), "a pool is no vault");
    }
}
