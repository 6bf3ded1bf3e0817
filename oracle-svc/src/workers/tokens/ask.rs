//! What a token is now, for whoever wants to open a room on it. Nothing is answered from memory but the price of SOL.

use super::{Tokens, watch::MOST};
use crate::{
    domain::{Found, Gates, Listed, ListedPair, Mint, Reading, Source, Survey, Tick, VenueId, abreast},
    venues::{Accounts, RpcError},
};
use chassis::{Fault, grpc::Unanswered};
use futures::future::join_all;
use proto::{oracle::Token, timestamp};
use rust_decimal::Decimal;
use solana_pubkey::Pubkey;
use std::time::Duration;
use tokio::time::timeout;

/// Who asks waits this long for those who asked before.
const PATIENCE: Duration = Duration::from_secs(2);

/// Endpoints that have to tell the same.
const ENDPOINTS: usize = 2;

/// As many tokens are priced as can be.
#[derive(Debug, thiserror::Error)]
#[error("{0} tokens are priced already")]
struct TooMany(i64);

/// Any pair that tells its age and depth.
const ANY: Gates = Gates { age: 0, liquidity: Decimal::ZERO };

/// Endpoints tell different things: of two moments, or one is wrong.
#[derive(Debug, thiserror::Error)]
#[error("the endpoints contradict each other")]
struct Contradiction;

impl Tokens {
    /// What a token is now.
    ///
    /// # Errors
    /// There is no such mint; or listing or endpoints do not answer, or not the same.
    pub(crate) async fn ask(&self, name: &str) -> Result<Token, Unanswered> {
        let mint = Mint::parse(name).ok_or_else(Unanswered::not_found)?;
        if !self.has_room_for(mint) {
            return Err(Fault::upstream("room for another token", TooMany(MOST)).into());
        }
        let turn = timeout(PATIENCE, self.questions.acquire()).await;
        let _turn = turn.map_err(|late| Fault::upstream("a turn to ask", late))?;
        let pairs = self.listing.pairs(&[mint]).await;
        let pairs = pairs.map_err(|error| Fault::upstream("DexScreener", error))?;
        let (gates, found) = self.find(mint, &pairs).await?;
        let found = found.ok_or_else(Unanswered::not_found)?;
        let supply = found.mint.supply().ok_or_else(Unanswered::not_found)?;
        let tick = match found.source {
            Some(source) => self.price_now(mint, source, found.mint.decimals, &pairs, gates).await?,
            None => Tick::of_token(self.now(), self.sol.last().as_deref(), &[], None),
        };
        let on_curve = matches!(found.source, Some(Source::Curve(_)));
        let pair = match found.source {
            Some(source) => source.listed(&pairs, mint, gates, self.now()),
            None => pairs.iter().filter(|pair| pair.is_of(mint)).max_by_key(|pair| pair.liquidity),
        };
        let reserves = found.curve.filter(|_| on_curve).map(|curve| curve.real_lamports);
        Ok(Token {
            mint: mint.to_string(),
            symbol: pair.map(|pair| pair.symbol.clone()).unwrap_or_default(),
            supply: supply.to_string(),
            authority_revoked: found.mint.authority_revoked,
            on_curve,
            pair_created_at: pair.and_then(|pair| pair.created_at).map(|at| timestamp(at.time())),
            liquidity_usd: pair
                .and_then(|pair| pair.liquidity)
                .map(|usd| usd.normalize().to_string())
                .unwrap_or_default(),
            curve_reserves_lamports: reserves
                .and_then(|lamports| lamports.try_into().ok())
                .unwrap_or_default(),
            price: tick.aggregate.map(|found| found.price.to_string()).unwrap_or_default(),
            sol_usd: tick.rate.map(|rate| rate.value.to_string()).unwrap_or_default(),
        })
    }

    /// A room opens only on a token that can be priced then.
    fn has_room_for(&self, mint: Mint) -> bool {
        let watched = self.watched();
        watched.contains_key(&mint) || i64::try_from(watched.len()).is_ok_and(|count| count < MOST)
    }

    /// Where the token's price lies: among the pairs that would be looked at, or else among all, so that whoever asks
    /// can say by how much they fall short.
    async fn find(&self, mint: Mint, pairs: &[ListedPair]) -> Result<(Gates, Option<Found>), Fault> {
        let found = self.survey_through_all(&Survey::new(mint, pairs, self.gates, self.now())).await?;
        if found.is_none_or(|found| found.source.is_some()) || pairs.is_empty() {
            return Ok((self.gates, found));
        }
        let found = self.survey_through_all(&Survey::new(mint, pairs, ANY, self.now())).await?;
        Ok((ANY, found))
    }

    /// What all endpoints say that a token is.
    async fn survey_through_all(&self, survey: &Survey) -> Result<Option<Found>, Fault> {
        let mut all = Vec::new();
        for (_, told) in self.through_all(&survey.accounts()).await? {
            let look = survey.look(&told.accounts);
            all.push(look.map_err(|error| Fault::upstream("bonding curve", error))?);
        }
        let first = all.first().copied().flatten();
        // The reserves of a curve differ from slot to slot; what the token is does not.
        let same = |found: &Option<Found>| {
            found.map(|found| (found.mint, found.source)) == first.map(|found| (found.mint, found.source))
        };
        if all.iter().all(same) { Ok(first) } else { Err(Fault::upstream("Solana", Contradiction)) }
    }

    async fn price_now(
        &self,
        mint: Mint,
        source: Source,
        decimals: u8,
        pairs: &[ListedPair],
        gates: Gates,
    ) -> Result<Tick, Fault> {
        let asked_at = self.now();
        let told = self.through_all(&source.accounts()).await?;
        let at = self.now();
        let readings = told.into_iter().filter_map(|(venue, told)| {
            let in_sol = source.price(mint, decimals, &told.accounts).ok()?;
            Some(Reading { venue, in_sol, slot: told.slot, asked_at, received_at: at })
        });
        let pair = source.listed(pairs, mint, gates, at);
        let listed = pair.and_then(|pair| pair.price).map(|price| Listed { price, received_at: asked_at });
        let readings = abreast(readings.collect());
        Ok(Tick::of_token(at, self.sol.last().as_deref(), &readings, listed))
    }

    /// What the endpoints say about accounts; at least two of them have to.
    async fn through_all(&self, addresses: &[Pubkey]) -> Result<Vec<(VenueId, Accounts)>, Fault> {
        let asked = self.rpcs.iter().map(|rpc| async move { (rpc.venue, rpc.accounts(addresses).await) });
        let (mut told, mut away) = (Vec::new(), None::<RpcError>);
        for (venue, answer) in join_all(asked).await {
            match answer {
                Ok(accounts) => told.push((venue, accounts)),
                Err(error) => away = Some(error),
            }
        }
        match away {
            Some(error) if told.len() < ENDPOINTS => Err(Fault::upstream("Solana", error)),
            _ => Ok(told),
        }
    }
}
