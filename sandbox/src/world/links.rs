//! Wires between services and servers that can be cut and slowed: a TCP proxy for each, steered by a script.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ServiceAddress;

/// Bytes that are passed on together, and wait together.
const CHUNK: usize = 64 * 1024;

/// How many of them may be on their way.
const CHUNKS: usize = 256;

/// What a service speaks to over a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// nats-server.
    Broker,
    /// PostgreSQL.
    Database,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broker => "nats-server",
            Self::Database => "PostgreSQL",
        })
    }
}

/// How a wire is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// As if it were not there.
    #[default]
    Whole,
    /// Connections are reset with what was on its way, and new ones are refused.
    Cut,
    /// Everything takes so much longer, each way.
    Slow(Duration),
}

/// All wires of a world. Dropping it cuts them.
#[derive(Debug)]
pub struct Links {
    wires: Vec<Wire>,
    ports: [(Server, u16); 2],
    _shutdown: tokio_util::sync::DropGuard,
}

#[derive(Debug)]
struct Wire {
    service: String,
    server: Server,
    port: u16,
    condition: watch::Sender<Condition>,
}

impl Links {
    /// Lays two wires for each service: to the broker and to the database at these ports of this machine.
    ///
    /// # Errors
    /// No port is free.
    pub async fn lay(services: &[ServiceAddress], broker: u16, database: u16) -> Result<Self> {
        let shutdown = CancellationToken::new();
        let ports = [(Server::Broker, broker), (Server::Database, database)];
        let mut wires = Vec::new();
        for service in services {
            for (server, port) in ports {
                let listener =
                    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listen for a wire")?;
                let own = listener.local_addr()?.port();
                let (condition, seen) = watch::channel(Condition::Whole);
                let far = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                tokio::spawn(shutdown.clone().run_until_cancelled_owned(carry(listener, far, seen)));
                wires.push(Wire { service: service.label(), server, port: own, condition });
            }
        }
        Ok(Self { wires, ports, _shutdown: shutdown.drop_guard() })
    }

    /// From now on a wire is so.
    ///
    /// # Errors
    /// There is no such wire.
    pub fn set(&self, service: &str, server: Server, condition: Condition) -> Result<()> {
        let wire = self.wire(service, server).with_context(|| format!("no wire of {service}"))?;
        wire.condition.send_replace(condition);
        Ok(())
    }

    /// Makes all wires whole.
    pub fn mend(&self) {
        for wire in &self.wires {
            wire.condition.send_replace(Condition::Whole);
        }
    }

    /// The same variables with this service's wires in place of the servers' own ports.
    #[must_use]
    pub fn reroute(&self, service: &str, variables: Vec<(String, String)>) -> Vec<(String, String)> {
        let rerouted = variables.into_iter().map(|(name, value)| {
            let server = match name.as_str() {
                "NATS_URLS" => Server::Broker,
                "POSTGRES_URL" => Server::Database,
                _ => return (name, value),
            };
            let straight = self.ports.iter().find(|(other, _)| *other == server).map(|(_, port)| port);
            let (Some(wire), Some(straight)) = (self.wire(service, server), straight) else {
                return (name, value);
            };
            // After the host, where no password can be taken for a port.
            let (from, to) = (format!("@127.0.0.1:{straight}"), format!("@127.0.0.1:{}", wire.port));
            (name, value.replace(&from, &to))
        });
        rerouted.collect()
    }

    fn wire(&self, service: &str, server: Server) -> Option<&Wire> {
        self.wires.iter().find(|wire| wire.service == service && wire.server == server)
    }
}

/// Takes connections for ever.
async fn carry(listener: TcpListener, far: SocketAddr, condition: watch::Receiver<Condition>) {
    loop {
        match listener.accept().await {
            Ok((near, _)) => {
                tokio::spawn(connection(near, far, condition.clone()));
            }
            // Out of descriptors, say: later there may be some.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// One connection until either end closes it or it is cut.
async fn connection(mut near: TcpStream, far: SocketAddr, mut condition: watch::Receiver<Condition>) {
    if *condition.borrow() == Condition::Cut {
        return;
    }
    let Ok(mut far) = TcpStream::connect(far).await else { return };
    // A proxy must not add Nagle's delay to that of the wire; without the option it is only slower.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (mut near_out, mut near_in) = near.split();
    let (mut far_out, mut far_in) = far.split();
    let (there, back) = (condition.clone(), condition.clone());
    tokio::select! {
        () = pass(&mut near_out, &mut far_in, there) => {}
        () = pass(&mut far_out, &mut near_in, back) => {}
        // The sender lives as long as the world.
        _ = condition.wait_for(|now| *now == Condition::Cut) => {}
    }
}

/// Carries what comes for as long as it is on its way; how much is on its way does not matter.
async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    condition: watch::Receiver<Condition>,
) {
    let (wire, mut end) = mpsc::channel(CHUNKS);
    let sending = async move {
        let mut bytes = vec![0; CHUNK];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            let by = match *condition.borrow() {
                Condition::Slow(by) => by,
                Condition::Whole | Condition::Cut => Duration::ZERO,
            };
            let sent = bytes.get(..read).unwrap_or_default().to_vec();
            if wire.send((Instant::now() + by, sent)).await.is_err() {
                return;
            }
        }
    };
    let receiving = async {
        while let Some((due, bytes)) = end.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        // What is on its way when its sender hangs up still arrives.
        () = async { sending.await; std::future::pending().await } => {}
        () = receiving => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services;

    /// A server that sends back what comes, and a wire to it.
    async fn echo() -> (Links, u16) {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = server.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = server.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        let process = services::processes().next().unwrap();
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (http, grpc) = (nowhere, nowhere);
        let service = ServiceAddress { name: "gateway", process, schema: "gateway", replica: 1, http, grpc };
        let links = Links::lay(&[service], port, 1).await.unwrap();
        (links, port)
    }

    #[tokio::test]
    async fn a_wire_carries_until_it_is_cut_and_again_when_it_is_mended() {
        let (links, straight) = echo().await;
        let variables = vec![("NATS_URLS".to_owned(), format!("nats://u:p@127.0.0.1:{straight}"))];
        let rerouted = links.reroute("gateway", variables.clone());
        let port: u16 = rerouted[0].1.rsplit(':').next().unwrap().parse().unwrap();
        assert_ne!(port, straight);
        assert_eq!(links.reroute("room-svc", variables.clone()), variables, "has no wire");

        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let mut answer = [0; 4];
        stream.write_all(b"ping").await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"ping");

        let slow = Duration::from_millis(400);
        links.set("gateway", Server::Broker, Condition::Slow(slow)).unwrap();
        let began = Instant::now();
        for letter in b"pong" {
            stream.write_all(&[*letter]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"pong");
        let took = began.elapsed();
        assert!(took >= slow * 2, "{took:?}: later, each way");
        assert!(took < slow * 3, "{took:?}: each piece waits for itself, not for those before");

        links.set("gateway", Server::Broker, Condition::Cut).unwrap();
        assert!(matches!(stream.read(&mut answer).await, Ok(0) | Err(_)), "cut");
        let mut refused = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        assert!(matches!(refused.read(&mut answer).await, Ok(0) | Err(_)), "closed at once");

        links.mend();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(b"pong").await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"pong");
        assert!(links.set("room-svc", Server::Broker, Condition::Cut).is_err());
    }
}
