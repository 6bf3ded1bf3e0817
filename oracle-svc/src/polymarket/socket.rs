//! The market channel of the order books' WebSocket: prices that somebody waits for, and decisions, sooner than the feed
//! and Gamma tell them. Nothing rests on it alone.

use super::{
    Term, tell,
    wire::{self, Said},
};
use crate::{
    domain::polymarket::Decision,
    store::polymarket::prices::{self, Traded},
};
use chassis::{
    Clock, Db, Fault, Held, health::Report, retry::forever, settings::Endpoint, tasks::with_sources,
};
use futures::{SinkExt as _, StreamExt as _, future::join_all};
use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, interval, sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

/// Tokens of one connection: what Polymarket allows.
const TOKENS: usize = 500;

/// Connections at most. Tokens beyond them are left to the feed and to Gamma.
const CONNECTIONS: usize = 8;

/// How often the list of tokens is looked at.
const REFRESH: Duration = Duration::from_secs(2);

/// Polymarket wants to hear from us so often.
const PING: Duration = Duration::from_secs(10);

/// A connection that says nothing for so long, not even pong, is dead.
const SILENCE: Duration = Duration::from_secs(30);

const CONNECT: Duration = Duration::from_secs(10);

const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("transport")]
    Transport(#[from] tungstenite::Error),
    #[error("no connection in time")]
    Late,
    #[error("closed")]
    Closed,
    #[error("nothing heard for too long")]
    Silent,
    #[error("not stored")]
    Fault(#[from] Fault),
}

/// What a term of office needs.
#[derive(Clone)]
pub(crate) struct Socket {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) url: Endpoint,
    pub(crate) report: Report,
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What to listen for.
#[derive(Clone, Default)]
struct Wanted {
    /// Tokens by connection.
    shares: Vec<Vec<String>>,
    /// Those whose price somebody waits for.
    priced: HashSet<String>,
}

impl Socket {
    /// Serves one term: until the lease is lost or something of ours fails.
    ///
    /// # Errors
    /// The next term begins from storage.
    pub(crate) async fn serve(self, held: Held) -> Result<(), Fault> {
        let _term = Term(self.report.clone());
        let nothing = Wanted { shares: vec![Vec::new(); CONNECTIONS], ..Wanted::default() };
        let (wanted, _) = watch::channel(nothing);
        let connections = (0..CONNECTIONS).map(|which| self.keep(&held, which, wanted.subscribe()));
        tokio::select! {
            ended = self.look(&wanted) => ended,
            ended = join_all(connections) => ended.into_iter().collect(),
        }
    }

    /// Keeps the list of tokens up to date. A token stays with its connection.
    async fn look(&self, wanted: &watch::Sender<Wanted>) -> Result<(), Fault> {
        loop {
            let limit = i64::try_from(TOKENS * CONNECTIONS).unwrap_or(i64::MAX);
            let tokens = prices::tokens(self.db.pool(), limit).await?;
            let priced: HashSet<String> =
                tokens.iter().filter(|(_, priced)| *priced).map(|(token, _)| token.clone()).collect();
            let tokens = tokens.into_iter().map(|(token, _)| token).collect();
            wanted.send_if_modified(|wanted| {
                let changed = shared(&mut wanted.shares, tokens) || wanted.priced != priced;
                wanted.priced = priced;
                changed
            });
            sleep(REFRESH).await;
        }
    }

    /// One connection, again and again, while there are tokens for it.
    async fn keep(
        &self,
        held: &Held,
        which: usize,
        mut wanted: watch::Receiver<Wanted>,
    ) -> Result<(), Fault> {
        let mut pauses = forever();
        loop {
            let some =
                wanted.wait_for(|wanted| wanted.shares.get(which).is_some_and(|share| !share.is_empty()));
            if some.await.is_err() {
                return Ok(());
            }
            let began = Instant::now();
            let end = match self.connection(held, which, &mut wanted).await {
                Ok(()) => continue,
                Err(End::Fault(fault)) => return Err(fault),
                Err(end) => with_sources(&end),
            };
            tracing::warn!(which, error = end, "connection ended");
            metrics::counter!("rooms_polymarket_disconnects_total").increment(1);
            self.report.failing(end);
            if began.elapsed() > SILENCE {
                pauses = forever();
            }
            sleep(pauses.next().unwrap_or(Duration::from_secs(5))).await;
        }
    }

    /// Listens until the connection ends, or until there is nothing more to listen for.
    async fn connection(
        &self,
        held: &Held,
        which: usize,
        wanted: &mut watch::Receiver<Wanted>,
    ) -> Result<(), End> {
        let limits =
            WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let connecting = connect_async_with_config(self.url.expose(), Some(limits), true);
        let (mut stream, _) = timeout(CONNECT, connecting).await.map_err(|_| End::Late)??;
        let mut subscribed = share(wanted, which);
        send(&mut stream, wire::subscription(&subscribed)).await?;
        self.report.ok();
        let mut pings = interval(PING);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                message = stream.next() => {
                    heard = Instant::now();
                    match message.ok_or(End::Closed)?? {
                        Message::Text(text) => {
                            for said in events(&text) {
                                if matters(&said, wanted) {
                                    self.tell(held, said).await?;
                                }
                            }
                        }
                        Message::Close(_) => return Err(End::Closed),
                        _ => {}
                    }
                }
                _ = pings.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Err(End::Silent);
                    }
                    send(&mut stream, "PING".to_owned()).await?;
                }
                changed = wanted.changed() => {
                    let now = if changed.is_ok() { share(wanted, which) } else { Vec::new() };
                    if now.is_empty() {
                        return Ok(());
                    }
                    let without = |from: &[String], these: &[String]| {
                        from.iter().filter(|token| !these.contains(token)).cloned().collect::<Vec<_>>()
                    };
                    let (more, fewer) = (without(&now, &subscribed), without(&subscribed, &now));
                    if !more.is_empty() {
                        send(&mut stream, wire::subscribe(&more)).await?;
                    }
                    if !fewer.is_empty() {
                        send(&mut stream, wire::unsubscribe(&fewer)).await?;
                    }
                    subscribed = now;
                }
            }
        }
    }

    async fn tell(&self, held: &Held, said: Said) -> Result<(), Fault> {
        let mut unit = self.db.unit().await?;
        held.check(&mut unit).await?;
        match said {
            Said::Traded { token, price, at } => {
                let now = unit.now().await?;
                tell::prices(&mut unit, &[Traded { token, price, at }], now).await?;
            }
            Said::Decided { condition, token, outcome } => {
                let decision = Decision::won(&outcome, &token);
                tell::decided(&mut unit, &condition, &decision, self.clock.now()).await?;
            }
        }
        unit.commit().await
    }
}

/// Most trades are of tokens whose price nobody waits for.
fn matters(said: &Said, wanted: &watch::Receiver<Wanted>) -> bool {
    match said {
        Said::Traded { token, .. } => wanted.borrow().priced.contains(token),
        Said::Decided { .. } => true,
    }
}

/// What a message says; nothing if it cannot be read.
fn events(text: &str) -> Vec<Said> {
    wire::said(text).unwrap_or_else(|error| {
        metrics::counter!("rooms_polymarket_unreadable_total", "what" => "socket").increment(1);
        tracing::debug!(error = with_sources(&error), "message not read");
        Vec::new()
    })
}

async fn send(stream: &mut Stream, text: String) -> Result<(), End> {
    timeout(CONNECT, stream.send(Message::text(text))).await.map_err(|_| End::Late)??;
    Ok(())
}

fn share(wanted: &mut watch::Receiver<Wanted>, which: usize) -> Vec<String> {
    wanted.borrow_and_update().shares.get(which).cloned().unwrap_or_default()
}

/// Gives each connection its tokens: what it has stays, what is new goes where there is room. Says whether anything
/// changed.
fn shared(shares: &mut [Vec<String>], mut tokens: BTreeSet<String>) -> bool {
    let before: usize = shares.iter().map(Vec::len).sum();
    for share in shares.iter_mut() {
        share.retain(|token| tokens.remove(token));
    }
    let left: usize = shares.iter().map(Vec::len).sum();
    let changed = left != before || !tokens.is_empty();
    let mut new = tokens.into_iter();
    for share in shares.iter_mut() {
        share.extend(new.by_ref().take(TOKENS.saturating_sub(share.len())));
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(range: std::ops::Range<usize>) -> BTreeSet<String> {
        range.map(|number| format!("{number:05}")).collect()
    }

    #[test]
    fn a_token_stays_with_its_connection_and_none_has_too_many() {
        let mut shares = vec![Vec::new(); CONNECTIONS];
        assert!(!shared(&mut shares, tokens(0..0)));
        assert!(shared(&mut shares, tokens(0..700)));
        assert_eq!(shares.iter().map(Vec::len).collect::<Vec<_>>()[..3], [500, 200, 0]);
        assert!(!shared(&mut shares, tokens(0..700)));
        let second = shares[1].clone();
        assert!(shared(&mut shares, tokens(100..720)));
        assert_eq!(shares[0].len(), 420, "room was made and used");
        assert_eq!(shares[1], second);
        assert_eq!(shares.iter().flatten().collect::<BTreeSet<_>>().len(), 620);
    }
}
