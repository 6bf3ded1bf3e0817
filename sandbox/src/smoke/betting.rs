//! All bets and all refusals of the evening.

use anyhow::Result;
use tokio::time::Instant;

use super::plan::{NO, Which, Who, YES, sol};
use super::play::Evening;
use super::table;
use crate::botapi::Shown;

impl Evening<'_> {
    /// All bets and all refusals. Returns when the last bet was accepted, and a preview that nobody
    /// has confirmed yet.
    pub(super) async fn bet(&self) -> Result<(Instant, Shown)> {
        let (late, ..) =
            tokio::try_join!(self.dan_hesitates(), self.ann_bets(), self.bob_bets(), self.cid_bets())?;
        let last_bet = Instant::now();
        tokio::try_join!(self.bob_is_kept_out(), self.dan_finds_it_full())?;
        Ok((last_bet, late))
    }

    async fn ann_bets(&self) -> Result<()> {
        self.bets(Who::Ann, &[Which::Blind, Which::Close]).await?;
        let (ann, room) = (self.person(Who::Ann)?, self.room(Which::Touch)?);
        let why = "The smallest stake here is 0.05 SOL; you chose 0.01 SOL.";
        let told = table::refused(ann, &table::card(ann, room).await?, YES, 10_000_000, why).await?;
        let card = ann.tap(&told, "Open room", &format!("Room #{} ", room.number)).await?;
        let spare = table::card(ann, room).await?;
        table::bet_with_two_taps(ann, &card, room, &self.plan.wager(Who::Ann, Which::Touch)?).await?;
        let why = "You already have a bet in this room.";
        table::refused(ann, &spare, NO, 50_000_000, why).await?;
        self.bets(Who::Ann, &[Which::Lonely]).await
    }

    async fn bob_bets(&self) -> Result<()> {
        self.bets(Who::Bob, &[Which::Blind, Which::Close]).await?;
        let (bob, room) = (self.person(Who::Bob)?, self.room(Which::Touch)?);
        let why = "The largest stake here is 5 SOL; you chose 6 SOL.";
        table::refused(bob, &table::card(bob, room).await?, YES, 6_000_000_000, why).await?;
        self.bets(Who::Bob, &[Which::Touch]).await
    }

    async fn cid_bets(&self) -> Result<()> {
        self.bets(Who::Cid, &[Which::Blind, Which::Close]).await?;
        let (cid, room) = (self.person(Who::Cid)?, self.room(Which::Touch)?);
        let staked: i64 = [Which::Blind, Which::Close]
            .into_iter()
            .map(|which| self.plan.wager(Who::Cid, which).map(|wager| wager.stake))
            .sum::<Result<_>>()?;
        let left = self.plan.deposits.get(&Who::Cid).copied().unwrap_or_default() - staked;
        let why = format!("You have {} SOL and the stake is 5 SOL.", sol(left));
        table::refused(cid, &table::card(cid, room).await?, NO, 5_000_000_000, &why).await?;
        self.bets(Who::Cid, &[Which::Touch, Which::Lonely]).await
    }

    async fn bets(&self, who: Who, rooms: &[Which]) -> Result<()> {
        for which in rooms {
            let (person, room) = (self.person(who)?, self.room(*which)?);
            let card = table::card(person, room).await?;
            table::bet(person, &card, room, &self.plan.wager(who, *which)?).await?;
        }
        Ok(())
    }

    /// Two are on one side: the last seat is kept for the other.
    async fn bob_is_kept_out(&self) -> Result<()> {
        let (bob, room) = (self.person(Who::Bob)?, self.room(Which::Lonely)?);
        let why = "The last seats are kept for the other answers";
        table::refused(bob, &table::card(bob, room).await?, YES, 100_000_000, why).await.map(drop)
    }

    /// Comes by a shared link, and takes his time with the last tap.
    async fn dan_hesitates(&self) -> Result<Shown> {
        let room = self.room(Which::Close)?;
        let terms = self.dan.follow(&room.link, "Welcome to ROOMS").await?;
        let card = self.dan.tap(&terms, "I am 18+", &format!("Room #{} ", room.number)).await?;
        table::preview(&self.dan, &card, YES, 50_000_000).await
    }

    /// All seats are taken.
    async fn dan_finds_it_full(&self) -> Result<()> {
        let room = self.room(Which::Touch)?;
        let card = self.dan.follow(&room.link, &format!("Room #{} ", room.number)).await?;
        table::refused(&self.dan, &card, NO, 50_000_000, "All 3 seats are taken.").await.map(drop)
    }
}
