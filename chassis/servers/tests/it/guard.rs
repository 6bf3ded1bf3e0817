use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use servers::scratch::Scratch;
use servers::{Guarded, Layer, port};

use crate::eventually;

/// Whether the process runs; one that nobody has reaped yet does not.
fn runs(pid: i32) -> bool {
    let zombie = std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "));
    kill(Pid::from_raw(pid), None).is_ok() && !zombie
}

fn shell(script: &str) -> Guarded {
    let mut command = Guarded::command("sh".as_ref());
    command.args(["-c", script]);
    Guarded::spawn(command, "shell", Layer::Service, Signal::SIGTERM).unwrap()
}

#[tokio::test]
async fn a_killed_parent_leaves_nothing_behind() {
    let scratch = Scratch::create().unwrap();
    let mut example = std::env::current_exe().unwrap();
    example.pop();
    example.pop();
    let mut parent = Command::new(example.join("examples/guarded"))
        .arg(scratch.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`cargo test` builds the example");
    let output = parent.stdout.take().unwrap();
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map(|_| line)
    });
    let line = line.await.unwrap().unwrap();
    let ids: Vec<&str> = line.split_whitespace().collect();
    let stubborn: i32 = ids[0].parse().unwrap();
    let (broker, database): (u16, u16) = (ids[1].parse().unwrap(), ids[2].parse().unwrap());
    assert!(runs(stubborn) && !port::is_free(broker) && !port::is_free(database));

    parent.kill().unwrap(); // SIGKILL: no handler, no destructor.
    parent.wait().unwrap();

    eventually("all three are gone", || async {
        !runs(stubborn) && port::is_free(broker) && port::is_free(database)
    })
    .await;
    let log = scratch.path().join("postgres.log");
    eventually("PostgreSQL was asked, not killed", || async {
        std::fs::read_to_string(&log).unwrap().contains("database system is shut down")
    })
    .await;
}

#[tokio::test]
async fn who_ignores_the_signal_is_killed() {
    let obedient = shell("sleep 600");
    let status = obedient.stop(Duration::from_secs(20)).await.unwrap();
    assert_eq!(signal_of(status), Some(Signal::SIGTERM as i32));

    let scratch = Scratch::create().unwrap();
    let armed = scratch.path().join("armed");
    let stubborn = shell(&format!("trap '' TERM; : > {}; while :; do sleep 0.05; done", armed.display()));
    eventually("the trap is set", || async { armed.exists() }).await;
    let status = stubborn.stop(Duration::from_millis(200)).await.unwrap();
    assert_eq!(signal_of(status), Some(Signal::SIGKILL as i32));
}

#[tokio::test]
async fn a_paused_child_can_be_stopped() {
    let child = shell("sleep 600");
    child.pause();
    let status = child.stop(Duration::from_secs(20)).await.unwrap();
    assert_eq!(signal_of(status), Some(Signal::SIGTERM as i32));
}

#[tokio::test]
async fn a_dropped_child_is_dead_with_its_own_children() {
    let scratch = Scratch::create().unwrap();
    let file: PathBuf = scratch.path().join("grandchild");
    let child = shell(&format!("sleep 600 & echo $! > {}; wait", file.display()));
    let grandchild = || std::fs::read_to_string(&file).ok()?.trim().parse().ok();
    eventually("the grandchild runs", || async { grandchild().is_some() }).await;
    let (pid, grandchild) = (child.id(), grandchild().unwrap());
    drop(child);
    eventually("both are gone", || async { !runs(pid) && !runs(grandchild) }).await;
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let child = Guarded::command("/nonexistent/program".as_ref());
    let child = Guarded::spawn(child, "missing", Layer::Service, Signal::SIGTERM).unwrap();
    let status = child.exited().await.unwrap();
    assert_eq!(status.code(), Some(127), "the shell's word for not found");
}

fn signal_of(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}
