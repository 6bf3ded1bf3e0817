//! The world as its users start it: the binary, its folder, its end.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::world::{World, WorldOptions};
use servers::port;
use servers::scratch::Scratch;

/// `cargo run -- ARGUMENTS`, up to its `ready` line.
struct Sandbox {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it printed so far.
    printed: Vec<String>,
}

impl Sandbox {
    fn start(world: &Path, first_port: u16) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("--world")
            .arg(world)
            .args(["--port", &first_port.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut sandbox = Self { process, lines, printed: Vec::new() };
        sandbox.read_until_ready();
        sandbox
    }

    fn read_until_ready(&mut self) {
        for line in &mut self.lines {
            let line = line.unwrap();
            let ready = line.starts_with("ready");
            self.printed.push(line);
            if ready {
                return;
            }
        }
        panic!("it ended before it was ready: {:?}", self.process.wait());
    }

    fn signal(&mut self, signal: Signal) -> ExitStatus {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
        self.process.wait().unwrap()
    }

    /// Every `127.0.0.1:PORT` of the table.
    fn ports(&self) -> Vec<u16> {
        let ports = |line: &str| {
            line.split("127.0.0.1:")
                .skip(1)
                .map(|rest| {
                    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
                })
                .collect::<Vec<u16>>()
        };
        self.printed.iter().flat_map(|line| ports(line)).collect()
    }

    fn world_id(&self) -> &str {
        let line = self.printed.iter().find(|line| line.starts_with("world ")).unwrap();
        line.split(' ').nth(1).unwrap()
    }
}

#[tokio::test]
async fn it_stops_in_order_and_goes_on_from_the_kept_world() {
    let scratch = Scratch::create().unwrap();
    let first_port = port::free().unwrap();
    let mut first = Sandbox::start(scratch.path(), first_port);
    let ports = first.ports();
    assert!(ports.len() > 15, "{ports:?}");
    assert_eq!(ports[0], first_port);
    assert!(ports.iter().all(|port| !port::is_free(*port)));
    assert_eq!(first.signal(Signal::SIGTERM).code(), Some(0));
    let left: Vec<_> = ports.iter().filter(|port| !port::is_free(**port)).collect();
    assert!(left.is_empty(), "still served: {left:?}");
    let log = std::fs::read_to_string(scratch.path().join("logs/postgres.log")).unwrap();
    assert!(log.contains("database system is shut down"));

    let mut second = Sandbox::start(scratch.path(), port::free().unwrap());
    assert_eq!(second.world_id(), first.world_id());
    assert_eq!(second.ports(), ports, "ports are remembered");
    assert_eq!(second.signal(Signal::SIGINT).code(), Some(0));
}

#[tokio::test]
async fn a_killed_sandbox_leaves_nothing_behind_and_starts_again() {
    let scratch = Scratch::create().unwrap();
    let mut first = Sandbox::start(scratch.path(), port::free().unwrap());
    let ports = first.ports();
    first.signal(Signal::SIGKILL);
    // No waiting here: the second start waits by itself for the guard's work to end.
    let mut second = Sandbox::start(scratch.path(), port::free().unwrap());
    assert_eq!(second.world_id(), first.world_id());
    second.signal(Signal::SIGKILL);
    crate::eventually("nothing of it is left", || async { ports.iter().all(|port| port::is_free(*port)) })
        .await;
}

#[tokio::test]
async fn killed_services_come_back() {
    let scratch = Scratch::create().unwrap();
    let options = WorldOptions {
        program: env!("CARGO_BIN_EXE_sandbox").into(),
        ..WorldOptions::new(scratch.path()).elsewhere()
    };
    let world = World::start(options).await.unwrap();
    let service = world.service("room-svc").unwrap();
    service.kill().await;
    crate::eventually("its end is noted", || async { world.exits().len() == 1 }).await;
    let exit = &world.exits()[0];
    assert_eq!((exit.service.as_str(), exit.step.as_deref()), ("room-svc", None));
    assert!(exit.status.contains("SIGKILL"), "{}", exit.status);
    service.ready_within(Duration::from_secs(30)).await.unwrap();

    world.nats().wipe_and_restart().await.unwrap();
    world.postgres().restart().await.unwrap();
    world.ready().await.unwrap();
    assert_eq!(world.exits().len(), 1, "a service outlives its broker and database");
    world.stop().await;
}
