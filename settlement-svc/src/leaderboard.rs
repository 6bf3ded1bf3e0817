//! The leaderboard. Places are made for everybody at once and kept for a moment, so that a page costs no more than its
//! lines; what people say about being shown holds at once.

use crate::{
    domain::standing::{Listed, Sample, Standing, ranked},
    results,
    store::record::{self, Choice},
};
use chassis::{Delivery, Fault, Pool, Unit, grpc::Unanswered};
use proto::{
    AccountId, Malformed,
    settlement::{
        self as told, GetLeaderboardRequest, GetLeaderboardResponse, Period, SetLeaderboard,
        SetLeaderboardDone,
    },
    wallet::AccountClosed,
};
use sqlx::PgConnection;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Places are made anew after so long.
const FRESH: Duration = Duration::seconds(30);

/// A transaction that changes what somebody says is over by then: before that, places may have been made without it.
const UNDER_WAY: Duration = Duration::seconds(10);

/// Everybody's places in one period.
struct Board {
    made_at: OffsetDateTime,
    places: Vec<Standing>,
    of: HashMap<AccountId, usize>,
}

impl Board {
    fn own(&self, account: AccountId) -> Option<&Standing> {
        self.places.get(*self.of.get(&account)?)
    }

    /// Whether somebody says something else than when the places were made.
    fn contradicts(&self, choice: &Choice) -> bool {
        let placed = self.of.contains_key(&choice.account);
        // Whoever is shown may have too small a record: that changes with time alone.
        if choice.hidden { placed } else { !placed && choice.changed_at + UNDER_WAY > self.made_at }
    }
}

/// The boards of all periods. There are three, each of bounded size.
pub struct Boards {
    pool: Pool,
    sample: Sample,
    day: Mutex<Option<Arc<Board>>>,
    week: Mutex<Option<Arc<Board>>>,
    all: Mutex<Option<Arc<Board>>>,
}

impl Boards {
    /// Places take at least the sample.
    pub fn new(pool: Pool, sample: Sample) -> Self {
        Self { pool, sample, day: Mutex::default(), week: Mutex::default(), all: Mutex::default() }
    }

    /// A page of a period's places, and the place of one account.
    ///
    /// # Errors
    /// The database; no period; an id or a token that is none.
    pub async fn page(&self, request: GetLeaderboardRequest) -> Result<GetLeaderboardResponse, Unanswered> {
        let own = match request.account_id.as_slice() {
            [] => None,
            id => Some(AccountId::try_from_bytes(id)?),
        };
        let page = request.page.clone().unwrap_or_default();
        let from: usize = match page.token.as_str() {
            "" => 0,
            token => token.parse().map_err(|_| Malformed("page token"))?,
        };
        let size = usize::try_from(results::limit(&page)).unwrap_or(usize::MAX);
        let board = self.board(request.period(), own, (from, size)).await?;
        let shown = board.places.iter().skip(from).take(size);
        let end = from.saturating_add(size);
        Ok(GetLeaderboardResponse {
            standings: shown.map(Into::into).collect(),
            total: u64::try_from(board.places.len()).unwrap_or(u64::MAX),
            own: own.and_then(|own| board.own(own)).map(Into::into),
            next_page_token: if end < board.places.len() { end.to_string() } else { String::new() },
            min_bets: self.sample.bets,
            min_staked_lamports: self.sample.staked.get(),
        })
    }

    /// A board that is young enough, and agrees with what everybody says who is told of.
    async fn board(
        &self,
        period: Period,
        own: Option<AccountId>,
        (from, size): (usize, usize),
    ) -> Result<Arc<Board>, Unanswered> {
        let (place, length) = match period {
            Period::Day => (&self.day, Some(Duration::DAY)),
            Period::Week => (&self.week, Some(Duration::WEEK)),
            Period::All => (&self.all, None),
            Period::Unspecified => return Err(Malformed("period").into()),
        };
        // Whoever comes while the places are made waits for them instead of making them, too.
        let mut place = place.lock().await;
        let mut connection = self.pool.reader().await?;
        let now = record::now(&mut connection).await?;
        if let Some(board) = place.as_ref().filter(|board| now < board.made_at + FRESH) {
            let shown = board.places.iter().skip(from).take(size).map(|standing| standing.account);
            let told: Vec<Uuid> = shown.chain(own).map(AccountId::uuid).collect();
            let choices = record::choices(&mut connection, &told).await?;
            if !choices.iter().any(|choice| board.contradicts(choice)) {
                return Ok(Arc::clone(board));
            }
        }
        let board = Arc::new(self.make(&mut connection, now, length).await?);
        *place = Some(Arc::clone(&board));
        Ok(board)
    }

    async fn make(
        &self,
        connection: &mut PgConnection,
        now: OffsetDateTime,
        length: Option<Duration>,
    ) -> Result<Board, Fault> {
        let since = length.map(|length| now - length);
        let records = record::listed(connection, since, &self.sample).await?;
        let places = ranked(records, &self.sample);
        let of = places.iter().enumerate().map(|(place, standing)| (standing.account, place)).collect();
        Ok(Board { made_at: now, places, of })
    }
}

impl From<&Standing> for told::Standing {
    fn from(standing: &Standing) -> Self {
        Self {
            account_id: standing.account.bytes(),
            rank: standing.rank,
            record: Some((&standing.record).into()),
            return_bps: standing.return_bps,
        }
    }
}

/// What a batch says about being shown. The last word of an account counts; leaving is the last of all.
#[derive(Debug, Default)]
pub struct Said(BTreeMap<AccountId, Listed>);

impl Said {
    /// An account chooses.
    ///
    /// # Errors
    /// A message that breaks its contract.
    pub fn choose<M>(
        &mut self,
        unit: &mut Unit,
        delivery: &Delivery<M>,
        command: &SetLeaderboard,
    ) -> Result<(), Fault> {
        let listed = if command.hidden { Listed::Hidden } else { Listed::Shown };
        self.say(AccountId::try_from_bytes(&command.account_id)?, listed);
        unit.done(delivery, &SetLeaderboardDone { hidden: command.hidden });
        Ok(())
    }

    /// An account is closed.
    ///
    /// # Errors
    /// A message that breaks its contract.
    pub fn close(&mut self, event: &AccountClosed) -> Result<(), Fault> {
        self.say(AccountId::try_from_bytes(&event.account_id)?, Listed::Closed);
        Ok(())
    }

    fn say(&mut self, account: AccountId, listed: Listed) {
        let said = self.0.entry(account).or_insert(listed);
        if *said != Listed::Closed {
            *said = listed;
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database.
    pub async fn keep(self, unit: &mut Unit) -> Result<(), Fault> {
        if self.0.is_empty() {
            return Ok(());
        }
        let now = unit.now().await?;
        record::choose(unit.conn(), &self.0, now).await
    }
}
