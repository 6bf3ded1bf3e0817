//! How a service's process starts and ends, seen from outside. Neither database nor broker exists here.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time::Instant;

fn smallest(variables: &[(&str, &str)]) -> Command {
    let mut example = std::env::current_exe().unwrap();
    example.pop();
    example.pop();
    let mut command = Command::new(example.join("examples/smallest"));
    let needed = [
        ("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/none"),
        ("NATS_URLS", "nats://127.0.0.1:1"),
        ("HTTP_ADDR", "127.0.0.1:0"),
        ("GRPC_ADDR", "127.0.0.1:0"),
        ("LOG_FORMAT", "text"),
    ];
    command.env_clear().envs(needed).envs(variables.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn output(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("`cargo test` builds the example");
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

/// Starts it, waits for the line that says so, sends SIGTERM; gives its status and the rest of its log.
fn started_and_stopped(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut child: Child = smallest(variables).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("started") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended before it had started");
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    (child.wait().unwrap().code(), rest)
}

#[test]
fn a_signal_ends_it_in_order() {
    let (status, log) = started_and_stopped(&[]);
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("ended"), "{log}");
}

#[test]
fn a_task_that_does_not_stop_is_cut_off_after_the_grace_period() {
    let begun = Instant::now();
    let (status, log) = started_and_stopped(&[("FATE", "hangs"), ("SHUTDOWN_GRACE", "3s")]);
    assert_eq!(status, Some(1), "{log}");
    assert!(log.contains("Writers did not finish in time"), "{log}");
    assert!((Duration::from_secs(3)..Duration::from_secs(15)).contains(&begun.elapsed()));
}

#[test]
fn a_task_that_fails_or_panics_ends_the_process_with_a_failure() {
    let (status, log) = output(&mut smallest(&[("FATE", "fails")]));
    assert_eq!(status, Some(1), "{log}");
    assert!(log.contains("work: out of ideas"), "{log}");
    let (status, log) = output(&mut smallest(&[("FATE", "panics")]));
    assert_eq!(status, Some(1), "{log}");
    assert!(log.contains("work: panicked") && log.contains("meant to panic"), "{log}");
}

#[test]
fn all_wrong_settings_are_named_before_anything_starts() {
    let wrong = [("FATE", "unknown"), ("POSTGRES_POOL_MAX", "11"), ("NATS_URLS", ""), ("LOG", "a=b=c")];
    let (status, log) = output(&mut smallest(&wrong));
    assert_eq!(status, Some(2), "{log}");
    for (name, _) in wrong {
        assert!(log.contains(&format!("\n  {name}: ")), "{name} is missing from\n{log}");
    }
}

#[test]
fn a_flag_before_or_after_the_subcommand_wins_over_its_variable() {
    for arguments in [&["--fate", "fails"][..], &["--fate=fails", "serve"], &["serve", "--fate", "fails"]] {
        let (status, log) = output(smallest(&[("FATE", "works")]).args(arguments));
        assert_eq!(status, Some(1), "{arguments:?}: {log}");
        assert!(log.contains("work: out of ideas"), "{arguments:?}: {log}");
    }
}

#[test]
fn help_lists_the_settings_and_needs_none() {
    let (status, help) = output(smallest(&[("NATS_URLS", "")]).arg("--help"));
    assert_eq!(status, Some(0));
    for part in [
        "POSTGRES_URL",
        "SHUTDOWN_GRACE  (default 20s)",
        "What becomes of the service's only task.",
        "migrate",
    ] {
        assert!(help.contains(part), "{part:?} is missing from\n{help}");
    }
    let (status, page) = output(smallest(&[]).arg("settings"));
    assert_eq!(status, Some(0));
    assert!(page.contains("| `FATE` | What becomes of the service's only task. | works \\| fails \\| panics \\| hangs | `works` |"), "{page}");
    assert_eq!(output(smallest(&[]).arg("dance")).0, Some(2));
}
