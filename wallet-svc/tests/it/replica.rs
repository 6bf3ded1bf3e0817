//! One process of the service, as it runs anywhere, and what it does of the suite's work.

use nix::sys::signal::Signal;
use servers::{Guarded, Layer, port, scratch::Scratch};
use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    sync::Mutex,
    time::Duration,
};

const STOP_WITHIN: Duration = Duration::from_secs(20);

/// What the two replicas of all tests have done so far, of which each does at least a fifth.
static DONE: Mutex<[u64; 2]> = Mutex::new([0; 2]);
/// From so much on, chance evens out: which process gets which lease is a matter of milliseconds.
const ENOUGH: u64 = 4_000;

/// A running process.
pub struct Replica {
    /// Where health, metrics and the webhook are.
    pub http: SocketAddr,
    /// Where questions are answered.
    pub grpc: SocketAddr,
    process: Guarded,
    log: PathBuf,
    _scratch: Scratch,
}

impl Replica {
    /// Starts it and returns when it answers.
    pub async fn start(variables: &[(&str, String)]) -> Self {
        // For our own requests to it; fails only if another test came first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let scratch = Scratch::create().unwrap();
        let log = scratch.path().join("wallet-svc.log");
        let output = File::create(&log).unwrap();
        let address = || SocketAddr::from((Ipv4Addr::LOCALHOST, port::free().unwrap()));
        let (http, grpc) = (address(), address());
        let mut command = Guarded::command(env!("CARGO_BIN_EXE_wallet-svc").as_ref());
        command
            .env("LOG_FORMAT", "text")
            .env("LOG", "warn")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("HTTP_ADDR", http.to_string())
            .env("GRPC_ADDR", grpc.to_string())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        let process = Guarded::spawn(command, "wallet-svc", Layer::Service, Signal::SIGTERM).unwrap();
        let replica = Self { http, grpc, process, log, _scratch: scratch };
        crate::world::eventually("wallet-svc answers", || async {
            assert!(replica.process.exit_status().is_none(), "it ended at its start:\n{}", replica.said());
            reqwest::get(format!("http://{http}/health/live")).await.is_ok()
        })
        .await;
        replica
    }

    /// What it has logged.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Commands handled and transactions of jobs begun.
    fn done(&self) -> u64 {
        let page = self.get("/metrics").unwrap_or_default();
        let counted = ["rooms_handled_total", "wallet_job_transactions_total"].map(|name| {
            let lines = page.lines().filter_map(|line| line.strip_prefix(name));
            lines.filter_map(|rest| rest.rsplit(' ').next()?.parse::<u64>().ok()).sum::<u64>()
        });
        counted.iter().sum()
    }

    /// Without a runtime: a test may be unwinding.
    fn get(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.http, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        Ok(page)
    }

    /// Ends it in order.
    pub async fn stop(self) {
        let status = self.process.stop(STOP_WITHIN).await;
        assert!(status.is_some_and(|status| status.success()), "ended with {status:?}:\n{}", self.said());
        self.check();
    }

    fn check(&self) {
        let said = self.said();
        assert!(!said.contains("deadlock detected"), "40P01:\n{said}");
    }
}

/// Adds up what a pair has done, and looks whether both carry their part of the suite.
pub fn count(pair: &[Replica]) {
    let [first, second] = pair else { return };
    for replica in pair {
        replica.check();
    }
    let mut done = DONE.lock().unwrap();
    done[0] += first.done();
    done[1] += second.done();
    let all = done[0] + done[1];
    eprintln!("the replicas have done {done:?} so far");
    let fair = done.iter().all(|part| part * 5 >= all);
    drop(done);
    assert!(all < ENOUGH || fair, "one of two replicas does less than a fifth");
}
