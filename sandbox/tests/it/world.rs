//! The world as its users start it: the binary, its folder, its end.

use std::fs::File;
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
        Self::start_telling(world, first_port, Stdio::inherit())
    }

    /// With its standard error somewhere else.
    fn start_telling(world: &Path, first_port: u16, errors: Stdio) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("--world")
            .arg(world)
            .args(["--port", &first_port.to_string()])
            .stdout(Stdio::piped())
            .stderr(errors)
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

/// Killed behind the world's back, one after the other.
#[tokio::test]
async fn a_world_that_loses_a_server_says_which_and_stops() {
    let (scratch, aside) = (Scratch::create().unwrap(), Scratch::create().unwrap());
    let said = aside.path().join("errors");
    for (program, name) in
        [("nats-server", "nats-server"), ("postgres", "PostgreSQL"), ("localchain", "the local chain")]
    {
        let errors = File::create(&said).unwrap().into();
        let mut sandbox = Sandbox::start_telling(scratch.path(), port::free().unwrap(), errors);
        let ports = sandbox.ports();
        kill(process_over(program, scratch.path()), Signal::SIGKILL).unwrap();
        assert_eq!(sandbox.process.wait().unwrap().code(), Some(1), "{name}");
        let said = std::fs::read_to_string(&said).unwrap();
        let wanted = format!("error: {name} ended by itself (signal: 9 (SIGKILL)), see ");
        let log = said.lines().find_map(|line| line.strip_prefix(&wanted));
        assert!(log.is_some_and(|log| Path::new(log).is_file()), "{said}");
        let left: Vec<_> = ports.iter().filter(|port| !port::is_free(**port)).collect();
        assert!(left.is_empty(), "still served without {name}: {left:?}");
    }
}

/// The server of a world by its program.
fn process_over(program: &str, world: &Path) -> Pid {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let id = entry.unwrap().file_name().to_str()?.parse().ok()?;
        Some((id, String::from_utf8(std::fs::read(format!("/proc/{id}/cmdline")).ok()?).ok()?))
    });
    let world = world.to_str().unwrap();
    let mut ours = processes.filter(|(_, command)| {
        let path = Path::new(command.split('\0').next().unwrap_or_default());
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(program) && command.contains(world)
    });
    Pid::from_raw(ours.next().unwrap_or_else(|| panic!("{program} does not run")).0)
}

#[tokio::test]
async fn killed_services_come_back() {
    let scratch = Scratch::create().unwrap();
    let options = WorldOptions {
        program: env!("CARGO_BIN_EXE_sandbox").into(),
        ..WorldOptions::new(scratch.path()).elsewhere().unwrap()
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
