//! Listens to the chain for transactions at addresses that somebody looks at, so that they are read
//! at once. Whoever holds the lease has the one connection; without it polling does the same later.

use super::{Context, TERM};
use crate::{
    hints::{self, HintSettings, Subscriptions},
    store,
    workers::ChainView,
};
use chassis::{Fault, Held, Runtime, retry};
use futures::{Sink, SinkExt, StreamExt};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error as SocketError, Message},
};

/// How often it is looked which addresses are hot.
const REFRESH: Duration = Duration::from_secs(1);
/// Refreshes between pings, and how many of them an endpoint may keep silent.
const PING: u32 = 20;
const SILENCE: u32 = 60;
/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// Spawns the listener, if an endpoint is configured.
pub fn listen(runtime: &Runtime, chain: &ChainView, settings: &HintSettings) {
    let Some(endpoint) = settings.websocket.clone() else { return };
    let (context, limit) = (Arc::clone(&chain.0), settings.subscriptions);
    runtime.lease("wallet.subscriptions", TERM, move |held| {
        let (context, endpoint) = (Arc::clone(&context), endpoint.clone());
        async move {
            let mut pauses = retry::forever();
            while !held.lost().is_cancelled() {
                match context.connection(&held, endpoint.expose(), limit).await {
                    Ok(heard) => {
                        tracing::info!(%endpoint, heard, "websocket ended");
                        if heard {
                            pauses = retry::forever();
                        }
                    }
                    Err(fault) => tracing::warn!(%endpoint, error = fault.chain(), "websocket ended"),
                }
                metrics::counter!("wallet_websocket_ended_total").increment(1);
                sleep(pauses.next().unwrap_or(REFRESH)).await;
            }
            Ok(())
        }
    });
}

impl Context {
    /// One connection from its beginning to its end. Returns whether the endpoint said anything.
    async fn connection(&self, held: &Held, url: &str, limit: i64) -> Result<bool, Fault> {
        let opened = timeout(CONNECT, connect_async(url)).await;
        let (socket, _) = opened.map_err(|error| away(&error))?.map_err(|error| away(&error))?;
        let (mut out, mut incoming) = socket.split();
        let (mut subscriptions, mut refresh) = (Subscriptions::default(), interval(REFRESH));
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut silent) = (false, 0_u32);
        let lost = held.lost();
        loop {
            tokio::select! {
                () = lost.cancelled() => return Ok(heard),
                _ = refresh.tick() => {
                    silent = silent.saturating_add(1);
                    if silent > SILENCE {
                        return Err(Fault::upstream("solana websocket", "silent for a minute"));
                    }
                    if silent % PING == 0 {
                        send(&mut out, Message::Ping(Vec::new().into())).await?;
                    }
                    let hot: BTreeSet<_> = store::address::hot(self.db.pool(), limit).await?.into_iter().collect();
                    for request in subscriptions.want(&hot) {
                        send(&mut out, Message::text(request.to_string())).await?;
                    }
                }
                said = incoming.next() => {
                    let Some(said) = said else { return Ok(heard) };
                    (heard, silent) = (true, 0);
                    if let Message::Text(text) = said.map_err(|error| away(&error))?
                        && let Some(address) = subscriptions.hear(&text).map_err(|error| away(&error))?
                    {
                        hints::told(&self.db, address).await?;
                    }
                }
            }
        }
    }
}

async fn send(
    out: &mut (impl Sink<Message, Error = SocketError> + Unpin),
    message: Message,
) -> Result<(), Fault> {
    out.send(message).await.map_err(|error| away(&error))
}

fn away(error: &dyn std::fmt::Display) -> Fault {
    Fault::upstream("solana websocket", error.to_string())
}
