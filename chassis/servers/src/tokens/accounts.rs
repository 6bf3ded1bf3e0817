//! A token's accounts, byte for byte as the programs lay them out.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use solana_pubkey::{Pubkey, pubkey};

use super::{Place, Token};

const PUMP: Pubkey = pubkey!("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");
const PUMP_SWAP: Pubkey = pubkey!("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA");
const TOKEN: Pubkey = pubkey!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const SOL: Pubkey = pubkey!("So11111111111111111111111111111111111111112");

/// Trillionths of SOL: as fine as prices are.
const FINEST: u128 = 1_000_000_000_000;
const LAMPORTS: u128 = 1_000_000_000;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The program that may write it.
    pub owner: Pubkey,
    /// What it holds.
    pub data: Vec<u8>,
}

/// Where a token's accounts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Its mint.
    pub mint: Pubkey,
    /// Its bonding curve.
    pub curve: Pubkey,
    /// Its pool: the one that follows from its curve, or another.
    pub pool: Pubkey,
    /// The pool's tokens.
    pub units: Pubkey,
    /// The pool's SOL.
    pub lamports: Pubkey,
}

impl Addresses {
    /// Those of a token; nothing where its mint is no address.
    #[must_use]
    pub fn of(token: &Token) -> Option<Self> {
        let mint: Pubkey = token.mint.parse().ok()?;
        let derived = |seeds: &[&[u8]], program| Pubkey::find_program_address(seeds, &program).0;
        let creator = derived(&[b"pool-authority", mint.as_ref()], PUMP);
        let after = [b"pool", [0, 0].as_slice(), creator.as_ref(), mint.as_ref(), SOL.as_ref()];
        let pool = match token.place {
            Place::Pool => derived(&[b"somebody's pool", mint.as_ref()], PUMP_SWAP),
            Place::Curve | Place::AfterCurve => derived(&after, PUMP_SWAP),
        };
        Some(Self {
            mint,
            curve: derived(&[b"bonding-curve", mint.as_ref()], PUMP),
            pool,
            units: derived(&[b"units", pool.as_ref()], PUMP_SWAP),
            lamports: derived(&[b"lamports", pool.as_ref()], PUMP_SWAP),
        })
    }
}

/// What is at an address, if it belongs to this token.
pub(super) fn account(token: &Token, address: &Pubkey) -> Option<Account> {
    let at = Addresses::of(token)?;
    let (units, lamports) = reserves(token);
    let is_curve = token.place == Place::Curve;
    if *address == at.mint {
        return Some(mint(token));
    }
    if *address == at.curve && token.place != Place::Pool {
        return Some(if is_curve { curve(units, lamports) } else { complete_curve() });
    }
    if is_curve {
        return None;
    }
    if *address == at.pool {
        Some(pool(&at))
    } else if *address == at.units {
        Some(vault(&at.mint, &at.pool, units))
    } else if *address == at.lamports {
        Some(vault(&SOL, &at.pool, lamports))
    } else {
        None
    }
}

/// Lamports times smallest units of a market with so many lamports at the token's price.
pub(super) fn product(lamports: u64, token: &Token) -> u128 {
    let lamports = u128::from(lamports);
    let units = lamports.saturating_mul(per_token(token)).saturating_mul(FINEST / LAMPORTS);
    lamports.saturating_mul(units.checked_div(finest(token)).unwrap_or_default())
}

/// The smallest units and lamports whose product is the market's and whose quotient is the price.
pub(super) fn reserves(token: &Token) -> (u64, u64) {
    let scaled = (token.product / per_token(token).max(1)).saturating_mul(finest(token));
    let lamports = (scaled / (FINEST / LAMPORTS)).isqrt().max(1);
    let units = token.product / lamports;
    (u64::try_from(units).unwrap_or(u64::MAX), u64::try_from(lamports).unwrap_or(u64::MAX))
}

fn per_token(token: &Token) -> u128 {
    10_u128.saturating_pow(u32::from(token.decimals))
}

/// The price in trillionths of SOL.
fn finest(token: &Token) -> u128 {
    let price = token.price.checked_mul(Decimal::from(FINEST)).and_then(|price| price.to_u128());
    price.unwrap_or_default().max(1)
}

/// Bytes put in one after the other, up to a length.
struct Layout(Vec<u8>);

impl Layout {
    const fn begin() -> Self {
        Self(Vec::new())
    }

    fn put(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn owned_by(mut self, owner: Pubkey, length: usize) -> Account {
        self.0.resize(length, 0);
        Account { owner, data: self.0 }
    }
}

/// Authority (4 + 32), supply, decimals, initialised, freeze authority.
fn mint(token: &Token) -> Account {
    let authority = u32::from(token.mintable).to_le_bytes();
    let layout = Layout::begin().put(&authority).put(&[7; 32]).put(&token.units.to_le_bytes());
    layout.put(&[token.decimals, 1]).owned_by(TOKEN, 82)
}

/// Mint, owner, amount, delegate (4 + 32), initialised.
fn vault(mint: &Pubkey, owner: &Pubkey, amount: u64) -> Account {
    let layout = Layout::begin().put(mint.as_ref()).put(owner.as_ref()).put(&amount.to_le_bytes());
    layout.put(&[0; 36]).put(&[1]).owned_by(TOKEN, 165)
}

/// Kind, virtual and real reserves of both sides, supply, complete, creator, two flags, what it is priced in.
fn curve(units: u64, lamports: u64) -> Account {
    // As every curve begins: 30 SOL are virtual, and 279,900,000 tokens are kept for the pool.
    let real_units = units.saturating_sub(279_900_000_000_000);
    let real_lamports = lamports.saturating_sub(30_000_000_000);
    let numbers = [units, lamports, real_units, real_lamports, 1_000_000_000_000_000];
    let numbers = numbers.iter().fold(curve_kind(), |layout, number| layout.put(&number.to_le_bytes()));
    numbers.put(&[0]).put(&[9; 32]).owned_by(PUMP, 151)
}

/// Sold out: nothing is left on it.
fn complete_curve() -> Account {
    let supply = 1_000_000_000_000_000_u64.to_le_bytes();
    curve_kind().put(&[0; 32]).put(&supply).put(&[1]).put(&[9; 32]).owned_by(PUMP, 151)
}

fn curve_kind() -> Layout {
    Layout::begin().put(&[23, 183, 248, 55, 96, 216, 172, 96])
}

/// Kind, bump, index, creator, both tokens, the share token, both vaults, shares, the token's creator; no virtual reserve.
fn pool(at: &Addresses) -> Account {
    let layout = Layout::begin().put(&[241, 154, 109, 4, 17, 177, 109, 188]).put(&[255, 0, 0]).put(&[8; 32]);
    let layout = layout.put(at.mint.as_ref()).put(SOL.as_ref()).put(&[6; 32]);
    let layout = layout.put(at.units.as_ref()).put(at.lamports.as_ref());
    layout.put(&1_000_000_u64.to_le_bytes()).put(&[9; 32]).owned_by(PUMP_SWAP, 301)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINT: &str = "9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump";

    #[test]
    fn reserves_have_the_price_and_the_product_of_the_market() {
        for (price, sol) in [("0.00003", 1_000_u64), ("0.000000028", 30), ("1.5", 1_000), ("0.0000041", 200)]
        {
            let price: Decimal = price.parse().unwrap();
            let mut token = Token::in_pool(MINT, "FART", 0, price);
            token.product = product(sol * 1_000_000_000, &token);
            for moved in [price, price * Decimal::new(9, 1), price * Decimal::new(13, 1)] {
                token.price = moved;
                let (units, lamports) = reserves(&token);
                let found = Decimal::from(lamports) / Decimal::from(units) / Decimal::from(1_000);
                let off = ((found - moved) / moved).abs();
                assert!(off < Decimal::new(1, 4), "{moved}: {found}");
            }
            token.price = price;
            let (_, lamports) = reserves(&token);
            assert!(lamports.abs_diff(sol * 1_000_000_000) < sol * 100_000, "{lamports}");
        }
    }

    #[test]
    fn a_token_has_the_accounts_of_its_place_and_no_others() {
        let token = |place| Token { place, ..Token::on_curve(MINT, "FART", 0) };
        let there = |place| {
            let token = token(place);
            let at = Addresses::of(&token).unwrap();
            [at.mint, at.curve, at.pool, at.units, at.lamports]
                .map(|address| account(&token, &address).map_or(0, |account| account.data.len()))
        };
        assert_eq!(there(Place::Curve), [82, 151, 0, 0, 0]);
        assert_eq!(there(Place::AfterCurve), [82, 151, 301, 165, 165]);
        assert_eq!(there(Place::Pool), [82, 0, 301, 165, 165]);
        assert_eq!(account(&token(Place::Pool), &SOL), None);
    }
}
