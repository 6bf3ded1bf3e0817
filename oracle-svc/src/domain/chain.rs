//! Accounts on Solana that tell what a token is worth: its mint, the bonding curve it is sold along, the pools it trades
//! in. Integers as they lie on chain; every wrong byte is an error, never a guess.

use super::mint::Mint;
use super::price::Price;
use rust_decimal::Decimal;
use solana_pubkey::{Pubkey, pubkey};

/// The program of pump.fun's bonding curves.
/// <https://github.com/pump-fun/pump-public-docs/blob/main/docs/PUMP_PROGRAM_README.md>
pub const PUMP: Pubkey = pubkey!("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");
/// The program of PumpSwap's pools.
/// <https://github.com/pump-fun/pump-public-docs/blob/main/docs/PUMP_SWAP_README.md>
pub const PUMP_SWAP: Pubkey = pubkey!("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA");
/// The program of Raydium's constant product pools, version 4.
/// <https://github.com/raydium-io/raydium-amm/blob/master/program/src/state.rs>
pub const RAYDIUM: Pubkey = pubkey!("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");
/// The token program.
pub const TOKEN: Pubkey = pubkey!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The token program with extensions; its accounts begin as those of the other.
pub const TOKEN_2022: Pubkey = pubkey!("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/// SOL as a token, as pools hold it.
pub const WRAPPED_SOL: Pubkey = pubkey!("So11111111111111111111111111111111111111112");

/// First eight bytes of a bonding curve.
const CURVE_KIND: [u8; 8] = [23, 183, 248, 55, 96, 216, 172, 96];
/// First eight bytes of a PumpSwap pool.
const POOL_KIND: [u8; 8] = [241, 154, 109, 4, 17, 177, 109, 188];
/// Where a PumpSwap pool keeps what is added to its SOL.
/// <https://github.com/pump-fun/pump-public-docs>: `virtual_quote_reserves`, signed, since July 2026.
const VIRTUAL_RESERVE: usize = 245;
/// Where a bonding curve names what it is priced in; zeros are SOL. Curves made before there was a choice are shorter.
const CURVE_QUOTE: usize = 83;
/// Length of a Raydium pool.
const RAYDIUM_LENGTH: usize = 752;
/// Length of a mint account without extensions, and where an extended one says that it is one.
const MINT_LENGTH: usize = 82;
/// Length of a token account without extensions; behind it, an extended account says what it is.
const HOLDING_LENGTH: usize = 165;
const IS_MINT: u8 = 1;
const IS_HOLDING: u8 = 2;

/// An account as an endpoint told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The program that alone may write it.
    pub owner: Pubkey,
    /// What it holds.
    pub data: Vec<u8>,
}

/// An account that is not what it was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Another program's.
    #[error("it belongs to another program")]
    Owner,
    /// Another kind of account, or cut off.
    #[error("it is not of this kind")]
    Kind,
    /// It is about other tokens.
    #[error("it is about other tokens")]
    Tokens,
    /// One side of it holds nothing.
    #[error("it is empty")]
    Empty,
}

impl Account {
    fn take<const N: usize>(&self, at: usize) -> Result<[u8; N], AccountError> {
        let bytes = at.checked_add(N).and_then(|end| self.data.get(at..end));
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(AccountError::Kind)
    }

    fn number(&self, at: usize) -> Result<u64, AccountError> {
        self.take(at).map(u64::from_le_bytes)
    }

    fn address(&self, at: usize) -> Result<Pubkey, AccountError> {
        self.take(at).map(Pubkey::new_from_array)
    }

    fn owned_by(&self, programs: &[Pubkey]) -> Result<(), AccountError> {
        if programs.contains(&self.owner) { Ok(()) } else { Err(AccountError::Owner) }
    }

    fn begins_with(&self, kind: [u8; 8]) -> Result<(), AccountError> {
        if self.take(0)? == kind { Ok(()) } else { Err(AccountError::Kind) }
    }

    /// Both token programs tell mints and holdings apart by length, and longer ones by a byte behind that length.
    fn is_token_account(&self, length: usize, kind: u8) -> Result<(), AccountError> {
        self.owned_by(&[TOKEN, TOKEN_2022])?;
        let extended = self.owner == TOKEN_2022 && self.data.get(HOLDING_LENGTH) == Some(&kind);
        if self.data.len() == length || extended { Ok(()) } else { Err(AccountError::Kind) }
    }
}

/// What a mint account says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MintState {
    /// Smallest units in existence.
    pub units: u64,
    /// A token is ten to this power of units.
    pub decimals: u8,
    /// Whether nobody can make more of it.
    pub authority_revoked: bool,
}

impl MintState {
    /// Reads a mint account.
    ///
    /// # Errors
    /// It is none, or was never made.
    pub fn parse(account: &Account) -> Result<Self, AccountError> {
        account.is_token_account(MINT_LENGTH, IS_MINT)?;
        let authority_revoked = match account.take(0).map(u32::from_le_bytes)? {
            0 => true,
            1 => false,
            _ => return Err(AccountError::Kind),
        };
        let (units, [decimals, made]) = (account.number(36)?, account.take(44)?);
        if made != 1 {
            return Err(AccountError::Kind);
        }
        Ok(Self { units, decimals, authority_revoked })
    }

    /// Tokens in existence; nothing where that needs more than 28 places.
    #[must_use]
    pub fn supply(&self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(i128::from(self.units), u32::from(self.decimals))
            .ok()
            .map(|supply| supply.normalize())
    }
}

/// What lies on both sides of a curve or pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserves {
    /// Smallest units of the token.
    pub units: u64,
    /// Lamports.
    pub lamports: u64,
}

impl Reserves {
    /// SOL per token at the margin: one side by the other, as the constant product has it. Nothing where a side is empty
    /// or the price too small to be told to 12 places.
    #[must_use]
    pub fn price(self, decimals: u8) -> Option<Price> {
        const LAMPORTS: u64 = 1_000_000_000;
        let per_token = Decimal::from(10_u64.checked_pow(u32::from(decimals))?);
        let sol = Decimal::from(self.lamports).checked_mul(per_token)?;
        let tokens = Decimal::from(self.units).checked_mul(Decimal::from(LAMPORTS))?;
        sol.checked_div(tokens).and_then(|price| Price::try_new(price).ok()).filter(|price| *price >= FINEST)
    }
}

/// The smallest price in SOL: 12 places tell it to within 0.05 %.
const FINEST: Price = Price::NANO;

/// A bonding curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curve {
    /// What its price is computed from.
    pub priced_by: Reserves,
    /// Lamports that were really paid in.
    pub real_lamports: u64,
    /// Sold out: the token trades in a pool from now on.
    pub complete: bool,
}

impl Curve {
    /// Where the curve of a token lies, if it has one.
    #[must_use]
    pub fn address(mint: Mint) -> Pubkey {
        Pubkey::find_program_address(&[b"bonding-curve", mint.address().as_ref()], &PUMP).0
    }

    /// Reads a curve.
    ///
    /// # Errors
    /// It is none, is not priced in SOL, or still sells and has nothing to sell.
    pub fn parse(account: &Account) -> Result<Self, AccountError> {
        account.owned_by(&[PUMP])?;
        account.begins_with(CURVE_KIND)?;
        let is_long = account.data.len() >= CURVE_QUOTE + 32;
        if is_long && ![Pubkey::default(), WRAPPED_SOL].contains(&account.address(CURVE_QUOTE)?) {
            return Err(AccountError::Tokens);
        }
        let priced_by = Reserves { units: account.number(8)?, lamports: account.number(16)? };
        let complete = match account.take(48)? {
            [0] => false,
            [1] => true,
            _ => return Err(AccountError::Kind),
        };
        if !complete && (priced_by.units == 0 || priced_by.lamports == 0) {
            return Err(AccountError::Empty);
        }
        Ok(Self { priced_by, real_lamports: account.number(32)?, complete })
    }
}

/// A pool of a token and SOL: where its two sides lie, and by how much what trades differs from what lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Holds the token.
    pub units_vault: Pubkey,
    /// Holds wrapped SOL.
    pub lamports_vault: Pubkey,
    /// Added to the token's side: minus the fees that lie in the vault.
    pub units_beside: i128,
    /// Added to SOL's side: minus the fees that lie in the vault; in PumpSwap also a virtual reserve, which can be a
    /// third of the whole.
    pub lamports_beside: i128,
}

impl Pool {
    /// Where pump.fun puts what a completed curve has raised.
    #[must_use]
    pub fn address_after_curve(mint: Mint) -> Pubkey {
        let mint = mint.address();
        let creator = Pubkey::find_program_address(&[b"pool-authority", mint.as_ref()], &PUMP).0;
        let index = 0_u16.to_le_bytes();
        let seeds: [&[u8]; 5] = [b"pool", &index, creator.as_ref(), mint.as_ref(), WRAPPED_SOL.as_ref()];
        Pubkey::find_program_address(&seeds, &PUMP_SWAP).0
    }

    /// Reads a pool of this token and SOL.
    ///
    /// # Errors
    /// It is none that we know, or of other tokens.
    pub fn parse(account: &Account, mint: Mint) -> Result<Self, AccountError> {
        let (tokens, vaults, beside) = if account.owner == PUMP_SWAP {
            account.begins_with(POOL_KIND)?;
            let tokens = [account.address(43)?, account.address(75)?];
            // Pools that were not traded since July 2026 are too short to have it.
            let is_short = account.data.len() < VIRTUAL_RESERVE + 16;
            let beside = if is_short { 0 } else { account.take(VIRTUAL_RESERVE).map(i128::from_le_bytes)? };
            (tokens, [account.address(139)?, account.address(171)?], [0, beside])
        } else if account.owner == RAYDIUM {
            if account.data.len() != RAYDIUM_LENGTH {
                return Err(AccountError::Kind);
            }
            let tokens = [account.address(400)?, account.address(432)?];
            let fee = |at| account.number(at).map(|fee| -i128::from(fee));
            (tokens, [account.address(336)?, account.address(368)?], [fee(192)?, fee(200)?])
        } else {
            return Err(AccountError::Owner);
        };
        let ([base_vault, quote_vault], [base_beside, quote_beside]) = (vaults, beside);
        let (base, quote) = ((base_vault, base_beside), (quote_vault, quote_beside));
        let (units, lamports) = if tokens == [mint.address(), WRAPPED_SOL] {
            (base, quote)
        } else if tokens == [WRAPPED_SOL, mint.address()] {
            (quote, base)
        } else {
            return Err(AccountError::Tokens);
        };
        Ok(Self {
            units_vault: units.0,
            lamports_vault: lamports.0,
            units_beside: units.1,
            lamports_beside: lamports.1,
        })
    }

    /// What is there to trade.
    ///
    /// # Errors
    /// The vaults are not those of this token and SOL, or hold no more than the fees.
    pub fn reserves(
        &self,
        mint: Mint,
        units: &Account,
        lamports: &Account,
    ) -> Result<Reserves, AccountError> {
        let side = |lies: u64, beside: i128| {
            let trades = i128::from(lies).checked_add(beside).and_then(|trades| u64::try_from(trades).ok());
            trades.filter(|trades| *trades > 0).ok_or(AccountError::Empty)
        };
        Ok(Reserves {
            units: side(holding(units, mint.address())?, self.units_beside)?,
            lamports: side(holding(lamports, WRAPPED_SOL)?, self.lamports_beside)?,
        })
    }
}

/// How much of a token a token account holds.
fn holding(account: &Account, mint: Pubkey) -> Result<u64, AccountError> {
    account.is_token_account(HOLDING_LENGTH, IS_HOLDING)?;
    if account.address(0)? != mint {
        return Err(AccountError::Tokens);
    }
    // Initialised, and not frozen: what cannot move has no price.
    if account.take(108)? != [1] {
        return Err(AccountError::Kind);
    }
    account.number(64)
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
