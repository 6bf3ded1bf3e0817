use super::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;

/// Bytes of mainnet accounts, recorded between May and September 2026; what follows them up to the length is zero.
fn recorded(owner: Pubkey, text: &str, length: usize) -> Account {
    let mut data = STANDARD.decode(text).unwrap();
    assert!(data.len() <= length);
    data.resize(length, 0);
    Account { owner, data }
}

fn mint(text: &str) -> Mint {
    Mint::parse(text).unwrap()
}

/// The token AAS4ggQ6KjqjNf8LkB27S2DZDQrGo126KfT4cesQpump on its curve.
fn curve() -> Account {
    const CURVE: &str = "F7f4N2DYrGAUu3cLugYDALz0b8wIAAAAFCNlvygIAgC8SEzQAQAAAACAxqR+jQMAADX7olS83HGkXRsPl+XvXA4LlmTmuJARksd8QtnnVGT4";
    recorded(PUMP, CURVE, 151)
}

/// A curve whose token is priced in another one: METvsvVR….
fn curve_in_another_token() -> Account {
    const CURVE: &str = "F7f4N2DYrGChTDGYoLYDADEMwOMCAAAAobQeTA+4AgDv7SUTAAAAAACAxqR+jQMAAGS3I+w8INx4/kjvxPklwjp+tzj30Mdtbte8LGApNG0cAAAFLtceOLRjyhYqWAkXveca6+BYMTpdy66GkgXL6qn7rcgA";
    recorded(PUMP, CURVE, 151)
}

/// The curve of Ac8EScJ4ufRo8PiFkun7diUrcCCktg4JvArb3mPmpump after it was sold out.
fn complete_curve() -> Account {
    const CURVE: &str = "F7f4N2DYrGAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAxqR+jQMAAVQv2z4WpYnDeapVOtt1KsXcYIdGqEIUwWusC1P/94gV";
    recorded(PUMP, CURVE, 151)
}

/// The pool 7vEpDRUy5PSiBJNdBiiuMxN7KbM7HA3fxhFvgrjRrEnV of this token, and its two sides: a vault of the token program
/// with extensions and one of the other.
const IN_A_POOL: &str = "vH6HyoNGaWvKHsK1ENNCqFuZhLfR1cpw46TFeGVpump";

fn pool() -> Account {
    const POOL: &str = "8ZptBBGxbbz/AAB6Q1C2SE89KA7SMGRjsC0xmydsAww4ybhZq8eLDq91Xg2l+jGnfH5sq/B/loP1vNqbnbVXwQB7/ZrAuoz/r3cvBpuIV/6rgYT7aH9jRhjANdrEOdwa6ztVmKDwAAAAAAH7k4VEaTb9JD2KUFTUF0k578Q/o9f2Q4LOT2eALEgelXKkRFjunv3VGc7uoA8/jzdGj5PGfiHlhH+GkSetr9M/pYZCpKYOprMDyFkXXeytdgHE0HHlS41edz8YkLYNIyiAQ2tZ0AMAANtrCTeFrtufaX+xVr/2hO8KczlnuxLsd5jujBQFnuDEAADJQR4YBAAA";
    recorded(PUMP_SWAP, POOL, 301)
}

fn units_vault() -> Account {
    const VAULT: &str =
        "DaX6Mad8fmyr8H+Wg/W82pudtVfBAHv9msC6jP+vdy9myYYmPr/nVRSFb+6zsOz3xX63sYItOsKEBbLws0QBSjUEfqYQMQAA";
    let mut vault = recorded(TOKEN_2022, VAULT, 170);
    (vault.data[108], vault.data[165], vault.data[166]) = (1, IS_HOLDING, 7);
    vault
}

fn lamports_vault() -> Account {
    const VAULT: &str =
        "BpuIV/6rgYT7aH9jRhjANdrEOdwa6ztVmKDwAAAAAAFmyYYmPr/nVRSFb+6zsOz3xX63sYItOsKEBbLws0QBShjv2+1HAAAA";
    let mut vault = recorded(TOKEN, VAULT, 165);
    (vault.data[108], vault.data[109]) = (1, 1);
    vault
}

/// Written from the documented layout: a pool of the token and SOL in either order, with fees of 100 units and 50
/// lamports.
fn raydium(mint: Mint, token_first: bool) -> Account {
    let mut data = vec![0; RAYDIUM_LENGTH];
    let mut put = |at: usize, bytes: &[u8]| data[at..at + bytes.len()].copy_from_slice(bytes);
    let (token, sol) = if token_first { (0, 1) } else { (1, 0) };
    put(192 + 8 * token, &100_u64.to_le_bytes());
    put(192 + 8 * sol, &50_u64.to_le_bytes());
    put(336 + 32 * token, &[1; 32]);
    put(336 + 32 * sol, &[2; 32]);
    put(400 + 32 * token, mint.address().as_ref());
    put(400 + 32 * sol, WRAPPED_SOL.as_ref());
    Account { owner: RAYDIUM, data }
}

fn mint_account(authority: u8, units: u64, decimals: u8) -> Account {
    let mut data = vec![0; 82];
    data[0] = authority;
    data[36..44].copy_from_slice(&units.to_le_bytes());
    (data[44], data[45]) = (decimals, 1);
    Account { owner: TOKEN, data }
}

#[test]
fn addresses_follow_from_the_mint() {
    let curve = Curve::address(mint("7v4shBJmb73embNcid1dMQhZFhNTpBhtFPMFTm73b4bv"));
    assert_eq!(curve.to_string(), "5WXUxYwfCGGJejU4ptmNpqQD9Rx4ozVa2wLCp6KoViYt");
    let pool = Pool::address_after_curve(mint(IN_A_POOL));
    assert_eq!(pool.to_string(), "7vEpDRUy5PSiBJNdBiiuMxN7KbM7HA3fxhFvgrjRrEnV");
    let pool = Pool::address_after_curve(mint("Ac8EScJ4ufRo8PiFkun7diUrcCCktg4JvArb3mPmpump"));
    assert_eq!(pool.to_string(), "DyHVcioYGVZRVvT7wsoWmYi3UhrXnyZwzrA6C55ptJB7");
}

#[test]
fn reads_recorded_curves() {
    let selling = Curve::parse(&curve()).unwrap();
    assert_eq!(selling.priced_by, Reserves { units: 851_821_056_211_732, lamports: 37_789_627_580 });
    assert_eq!((selling.real_lamports, selling.complete), (7_789_627_580, false));
    // 37.78962758 SOL for 851,821,056.211732 tokens.
    assert_eq!(selling.priced_by.price(6).unwrap().to_string(), "0.000000044363");

    assert!(Curve::parse(&complete_curve()).unwrap().complete);
    assert_eq!(Curve::parse(&curve_in_another_token()), Err(AccountError::Tokens));

    // As short as curves were until 2025.
    let mut short = curve();
    short.data.truncate(49);
    assert_eq!(Curve::parse(&short), Ok(selling));
}

#[test]
fn reads_a_recorded_pool_with_what_lies_beside_its_vaults() {
    let mint = mint(IN_A_POOL);
    let found = Pool::parse(&pool(), mint).unwrap();
    assert_eq!(found.units_vault.to_string(), "8iWkrWUntx3iRxyk59p5mcNnvF6qwER21xXHDsFTgHJn");
    assert_eq!(found.lamports_vault.to_string(), "C991coUvgVFfHhhkaJUhPEdz6CYGk1yJrmHNPQdRp3Hh");
    assert_eq!((found.units_beside, found.lamports_beside), (0, 17_584_505_289));
    let reserves = found.reserves(mint, &units_vault(), &lamports_vault()).unwrap();
    let lamports = 308_933_291_800 + 17_584_505_289;
    assert_eq!(reserves, Reserves { units: 53_947_582_514_229, lamports });
    assert_eq!(reserves.price(6).unwrap().to_string(), "0.000006052501");

    // Before that reserve was introduced, pools were shorter and had none.
    let mut short = pool();
    short.data.truncate(211);
    assert_eq!(Pool::parse(&short, mint).unwrap().lamports_beside, 0);
    // It can be negative, as fees that lie in the vault are; then it may eat the vault up.
    let mut indebted = pool();
    indebted.data[VIRTUAL_RESERVE..VIRTUAL_RESERVE + 16]
        .copy_from_slice(&(-308_933_291_800_i128).to_le_bytes());
    let indebted = Pool::parse(&indebted, mint).unwrap();
    assert_eq!(indebted.reserves(mint, &units_vault(), &lamports_vault()), Err(AccountError::Empty));
}

#[test]
fn a_pool_may_name_its_tokens_in_either_order() {
    let mint = mint(IN_A_POOL);
    for token_first in [true, false] {
        let found = Pool::parse(&raydium(mint, token_first), mint).unwrap();
        assert_eq!(found.units_vault, Pubkey::new_from_array([1; 32]));
        assert_eq!(found.lamports_vault, Pubkey::new_from_array([2; 32]));
        assert_eq!((found.units_beside, found.lamports_beside), (-100, -50));
        let reserves = found.reserves(mint, &units_vault(), &lamports_vault()).unwrap();
        assert_eq!(reserves, Reserves { units: 53_947_582_514_129, lamports: 308_933_291_750 });
    }
}

#[test]
fn refuses_accounts_of_others() {
    let mint = mint(IN_A_POOL);
    let stranger = |account: Account| Account { owner: Pubkey::new_from_array([9; 32]), ..account };
    assert_eq!(Curve::parse(&stranger(curve())), Err(AccountError::Owner));
    assert_eq!(Pool::parse(&stranger(pool()), mint), Err(AccountError::Owner));
    assert_eq!(MintState::parse(&stranger(mint_account(0, 1, 6))), Err(AccountError::Owner));
    let found = Pool::parse(&pool(), mint).unwrap();
    assert_eq!(found.reserves(mint, &stranger(units_vault()), &lamports_vault()), Err(AccountError::Owner));

    let other = Mint::parse("9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump").unwrap();
    assert_eq!(Pool::parse(&pool(), other), Err(AccountError::Tokens));
    // Vaults of each other's token.
    assert_eq!(found.reserves(mint, &lamports_vault(), &units_vault()), Err(AccountError::Tokens));
    // A curve in a pool's place and the other way round.
    assert_eq!(Pool::parse(&Account { owner: PUMP_SWAP, ..curve() }, mint), Err(AccountError::Kind));
    assert_eq!(Curve::parse(&Account { owner: PUMP, ..pool() }), Err(AccountError::Kind));
    // A mint is no vault, and a vault no mint.
    let minted = mint_account(0, 1, 6);
    assert_eq!(found.reserves(mint, &minted, &lamports_vault()), Err(AccountError::Kind));
    assert_eq!(MintState::parse(&units_vault()), Err(AccountError::Kind));
    // A frozen vault.
    let mut frozen = lamports_vault();
    frozen.data[108] = 2;
    assert_eq!(found.reserves(mint, &units_vault(), &frozen), Err(AccountError::Kind));
}

#[test]
fn reads_mints_of_both_programs() {
    let made = MintState::parse(&mint_account(1, 1_000_000_000_000_000, 6)).unwrap();
    assert!(!made.authority_revoked);
    assert_eq!(made.supply().unwrap().to_string(), "1000000000");
    assert!(MintState::parse(&mint_account(0, 5, 6)).unwrap().authority_revoked);

    let mut extended = mint_account(0, 123, 2);
    (extended.owner, extended.data) = (TOKEN_2022, [extended.data, vec![0; 90]].concat());
    assert_eq!(MintState::parse(&extended), Err(AccountError::Kind), "a holding, or neither");
    extended.data[HOLDING_LENGTH] = IS_MINT;
    assert_eq!(MintState::parse(&extended).unwrap().supply().unwrap().to_string(), "1.23");

    for (at, wrong) in [(0, 2), (45, 0), (45, 2)] {
        let mut account = mint_account(0, 5, 6);
        account.data[at] = wrong;
        assert_eq!(MintState::parse(&account), Err(AccountError::Kind), "{at}");
    }
}

#[test]
fn a_price_that_twelve_places_cannot_tell_is_none() {
    let price = |units, lamports, decimals| Reserves { units, lamports }.price(decimals);
    assert_eq!(price(1_000_000_000, 1, 9).unwrap().to_string(), "0.000000001");
    assert_eq!(price(1_001_000_000, 1, 9), None);
    assert_eq!(price(0, 1, 9), None);
    assert_eq!(price(1, u64::MAX, 19), None);
    assert_eq!(price(1, 1, 255), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(
        owner in prop::sample::select(vec![PUMP, PUMP_SWAP, RAYDIUM, TOKEN, TOKEN_2022]),
        kind in prop::sample::select(vec![CURVE_KIND, POOL_KIND, [0; 8]]),
        bytes in proptest::collection::vec(any::<u8>(), 0..800),
    ) {
        let account = Account { owner, data: [kind.to_vec(), bytes].concat() };
        let mint = mint(IN_A_POOL);
        let _ = (MintState::parse(&account), Curve::parse(&account));
        if let Ok(pool) = Pool::parse(&account, mint) {
            let _ = pool.reserves(mint, &account, &account);
        }
    }

    #[test]
    fn a_cut_or_damaged_account_is_refused_or_read_but_never_panics(
        which in 0_usize..5, cut in 0_usize..800, at in 0_usize..800, with: u8, decimals: u8,
    ) {
        let mint = mint(IN_A_POOL);
        let mut accounts = [curve(), pool(), units_vault(), lamports_vault(), raydium(mint, true)];
        let account = &mut accounts[which];
        account.data.truncate(cut);
        if let Some(byte) = account.data.get_mut(at) {
            *byte = with;
        }
        if let Ok(curve) = Curve::parse(&accounts[0]) {
            let _ = curve.priced_by.price(decimals);
        }
        for pool in [&accounts[1], &accounts[4]] {
            if let Ok(pool) = Pool::parse(pool, mint)
                && let Ok(reserves) = pool.reserves(mint, &accounts[2], &accounts[3])
            {
                let _ = reserves.price(decimals);
            }
        }
    }

    #[test]
    fn any_reserves_give_a_price_within_its_bounds_or_none(units: u64, lamports: u64, decimals in 0_u8..20) {
        if let Some(price) = (Reserves { units, lamports }).price(decimals) {
            prop_assert!(price >= FINEST);
        }
    }
}
