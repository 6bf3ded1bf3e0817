//! The smallest service: one setting, one task, one route. The tests of how a process ends run it.

use std::{convert::Infallible, process::ExitCode, time::Duration};

use axum::{Router, routing::get};
use chassis::{
    Runtime, Service, choice,
    health::Role,
    settings::{Invalid, Reader},
    tasks::{BoxError, Stage},
};
use sqlx::migrate::Migrator;

choice! {
    /// What becomes of the task.
    enum Fate {
        /// It works until it is told to stop.
        Works = "works",
        /// It returns an error.
        Fails = "fails",
        /// It panics.
        Panics = "panics",
        /// It does not stop when told to.
        Hangs = "hangs",
    }
}

struct Smallest;

impl Service for Smallest {
    const NAME: &'static str = "smallest";
    const SERVICE: proto::Service = proto::Service::Notifier;
    const ABOUT: &'static str = "Owns nothing and says hello";
    const FLAGS: &'static [(&'static str, &'static str)] = &[("fate", "FATE")];
    type Settings = Fate;

    fn settings(r: &mut Reader) -> Result<Fate, Invalid> {
        r.setting("FATE", "What becomes of the service's only task.").or(Fate::Works)
    }

    fn migrator() -> Migrator {
        Migrator::with_migrations(Vec::new())
    }

    async fn start(runtime: &mut Runtime, fate: Fate) -> Result<(), BoxError> {
        runtime.serve_http(Router::new().route("/hello", get(async || "hello")));
        let work = runtime.health.report("work", Role::Work, Some(Duration::from_secs(5)));
        let stop = runtime.tasks.stopping(Stage::Writers);
        runtime.tasks.spawn(Stage::Writers, "work", async move {
            work.ok();
            match fate {
                Fate::Works => stop.cancelled().await,
                Fate::Fails => return Err(BoxError::from("out of ideas")),
                Fate::Panics => assert_eq!(fate, Fate::Works, "meant to panic"),
                Fate::Hangs => std::future::pending::<()>().await,
            }
            Ok(())
        });
        runtime.tasks.spawn(Stage::Intake, "nothing to take in", async { Ok::<(), Infallible>(()) });
        Ok(())
    }
}

fn main() -> ExitCode {
    chassis::main::<Smallest>()
}
