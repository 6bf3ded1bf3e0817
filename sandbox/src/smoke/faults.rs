//! What disturbs a run, and whether it really happened.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use servers::scratch::Scratch;

use super::person::Manners;
use super::sharing::ENOUGH_TO_SHARE;
use super::stage::Place;
use super::tale::Tale;
use crate::report::Report;
use crate::world::{World, WorldOptions};

/// Faults of a run; none by default.
#[derive(Args, Clone, Debug, Default)]
pub struct Faults {
    /// Kill each service at three named steps while it holds unacknowledged work
    #[arg(long)]
    pub kill: bool,
    /// Stop nats-server, delete its store and start it again, twice, in the middle
    #[arg(long)]
    pub wipe_broker: bool,
    /// Deliver every message twice
    #[arg(long, conflicts_with = "shuffle")]
    pub twice: bool,
    /// Deliver messages in another order than they were sent
    #[arg(long)]
    pub shuffle: bool,
    /// Put PgBouncer in transaction mode between the services and the database
    #[arg(long)]
    pub pgbouncer: bool,
    /// Processes per service
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u8).range(1..=4), hide_default_value = true)]
    pub replicas: Option<u8>,
}

/// The named steps at which services kill themselves, one per life, each at the n-th time it is
/// reached: spread over the evening, from the first account to the last settlement.
const KILLS: [(&str, [&str; 3]); 6] = [
    ("gateway", ["batch.taken:2", "relay.published:4", "batch.committed:16"]),
    ("room-svc", ["batch.decided:2", "batch.taken:6", "batch.committed:18"]),
    ("wallet-svc", ["batch.taken:2", "batch.decided:4", "batch.committed:12"]),
    ("settlement-svc", ["batch.taken:1", "batch.decided:2", "batch.committed:6"]),
    ("oracle-svc", ["batch.taken:1", "batch.decided:2", "batch.committed:3"]),
    ("notifier-svc", ["batch.taken:2", "relay.published:1", "batch.committed:10"]),
];

/// Rules that the smoke lowers beyond what the sandbox does; printed with them. Whether a picture is drawn in time differs from
/// evening to evening, and with it the words below it.
pub const LOWERED: [(&str, &str, &str); 4] = [
    ("ROOM_MAX_PLAYERS", "3", "10"),
    ("LIMIT_MESSAGES_PER_MINUTE", "100", "10"),
    ("TELEGRAM_CHAT_GAP", "0ms", "1s"),
    ("PICTURE_PATIENCE", "0s", "2s"),
];

impl Faults {
    /// Whether anything is disturbed.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.kill || self.wipe_broker || self.twice || self.shuffle || self.pgbouncer || self.replicas() > 1
    }

    pub(super) const fn replicas(&self) -> u8 {
        match self.replicas {
            Some(replicas) => replicas,
            None => 1,
        }
    }

    /// How often a service is killed.
    pub(super) fn kills_of(&self, service: &str) -> usize {
        KILLS.iter().filter(|(name, _)| self.kill && *name == service).map(|(_, steps)| steps.len()).sum()
    }

    /// In words.
    #[must_use]
    pub fn name(&self) -> String {
        let replicas = format!("{} replicas", self.replicas());
        let all = [
            (self.kill, "kill"),
            (self.wipe_broker, "wiped broker"),
            (self.twice, "everything twice"),
            (self.shuffle, "everything shuffled"),
            (self.pgbouncer, "behind PgBouncer"),
            (self.replicas() > 1, &replicas),
        ];
        let on: Vec<&str> = all.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect();
        if on.is_empty() { "undisturbed".to_owned() } else { on.join(", ") }
    }

    /// How much longer than undisturbed bets are taken: whoever was killed needs some seconds, and a
    /// lost message waits for its repetition.
    pub(super) const fn longer(&self) -> Duration {
        Duration::from_secs(if self.kill {
            40
        } else if self.wipe_broker {
            20
        } else if self.any() {
            8
        } else {
            0
        })
    }

    /// The longest a run may take, beyond the start of its world.
    pub(super) const fn limit(&self) -> Duration {
        Duration::from_secs(if self.kill {
            480
        } else if self.any() {
            300
        } else {
            180
        })
    }

    pub(super) const fn manners(&self) -> Manners {
        let patience = Duration::from_secs(15);
        if self.any() {
            Manners { patience, tries: 8, calm: Duration::from_secs(240) }
        } else {
            Manners { patience, tries: 1, calm: Duration::from_secs(60) }
        }
    }

    /// The world of this run.
    pub(super) fn world(&self, place: &Place, scratch: &Scratch) -> Result<WorldOptions> {
        let mut variables: Vec<(String, String)> =
            LOWERED.iter().map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned())).collect();
        for (on, value) in [(self.twice, "twice"), (self.shuffle, "shuffle")] {
            variables.extend(on.then(|| ("BUS_FAULTS".to_owned(), value.to_owned())));
        }
        let kills = KILLS.iter().filter(|_| self.kill);
        Ok(WorldOptions {
            replicas: usize::from(self.replicas()),
            variables,
            kill_at: kills.map(|(name, steps)| (*name, steps.map(str::to_owned).to_vec())).collect(),
            pgbouncer: self.pgbouncer,
            ..place.world(scratch)?
        })
    }

    /// Loses the broker with all it holds, if this run is about that.
    pub(super) async fn strike(&self, world: &World, tale: &Tale) -> Result<()> {
        if self.wipe_broker {
            tale.tell("", "nats-server is stopped, its store deleted, and started again");
            world.nats().wipe_and_restart().await?;
        }
        Ok(())
    }

    /// Tells of every end of a service, as it happens. Never returns.
    pub(super) async fn watch(world: &World, tale: &Tale) {
        let mut told = vec![0; world.services().len()];
        loop {
            for (service, told) in world.services().iter().zip(&mut told) {
                for exit in service.exits().iter().skip(*told) {
                    let step = exit.step.as_deref().unwrap_or("no named step");
                    tale.tell("", format_args!("** {} is ended at {step}: {}", service.name(), exit.status));
                    *told += 1;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether what was asked for has happened, and nothing else.
    pub(super) async fn verify(&self, world: &World, report: &mut Findings<'_>) {
        let exits = world.exits();
        let mut unplanned: Vec<_> =
            exits.iter().map(|exit| (exit.service.as_str(), exit.step.as_deref())).collect();
        if self.kill {
            for (service, steps) in KILLS {
                for step in steps {
                    let step = step.split(':').next().unwrap_or(step);
                    let place = unplanned.iter().position(|exit| *exit == (service, Some(step)));
                    let found = place.map(|place| unplanned.remove(place));
                    let measured = if found.is_some() { "killed there" } else { "never came there" };
                    report.check(
                        &format!("kill {service} at {step}"),
                        "killed there",
                        measured,
                        found.is_some(),
                    );
                }
            }
        }
        report.check("services that ended unasked", "none", names(&unplanned), unplanned.is_empty());
        match refused(world) {
            Ok(refused) => {
                report.check("refused by the broker", "nothing", refused.join("; "), refused.is_empty());
            }
            Err(error) => report.check("the broker's log", "read", format!("{error:#}"), false),
        }
        self.verify_replicas(world, report).await;
    }

    async fn verify_replicas(&self, world: &World, report: &mut Findings<'_>) {
        let mut deadlocks = Vec::new();
        let mut handled: Vec<(String, f64)> = Vec::new();
        for service in world.services() {
            let metrics = match metrics(service.http()).await {
                Ok(metrics) => metrics,
                Err(error) => {
                    report.check("metrics", "served", format!("{}: {error:#}", service.name()), false);
                    continue;
                }
            };
            let locked = |line: &&str| {
                line.starts_with("rooms_batch_retries_total") && line.contains("cause=\"deadlock\"")
            };
            deadlocks
                .extend(metrics.lines().filter(locked).map(|line| format!("{}: {line}", service.name())));
            handled.push((service.name().to_owned(), value(&metrics, "rooms_handled_total")));
        }
        report.check("batches ended by a deadlock", "none", deadlocks.join("; "), deadlocks.is_empty());
        // A killed process takes its counters along.
        if self.replicas() < 2 || self.kill {
            return;
        }
        for (name, own) in &handled {
            let base = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
            let base = if handled.iter().any(|(other, _)| other == base) { base } else { name };
            let of_service = |other: &str| {
                other == base || other.strip_prefix(base).is_some_and(|rest| rest.starts_with('-'))
            };
            let all: f64 =
                handled.iter().filter(|(other, _)| of_service(other)).map(|(_, count)| count).sum();
            let fair = all >= f64::from(ENOUGH_TO_SHARE) && *own * 5.0 >= all;
            let goal = format!("at least a fifth of at least {ENOUGH_TO_SHARE}");
            report.check(&format!("share of {name}"), goal, format!("{own} of {all}"), fair);
        }
    }
}

/// What services tried on the broker that its users may not do.
fn refused(world: &World) -> Result<Vec<String>> {
    Ok(refusals(&std::fs::read_to_string(world.folder().logs()?.join("nats.log"))?))
}

/// User and subject of every refusal in the broker's log, each once.
fn refusals(log: &str) -> Vec<String> {
    let refused = log.lines().filter(|line| line.contains(" Violation - "));
    // Before the user stand the time, the connection and the client's version.
    let told: BTreeSet<&str> = refused.map(|line| line.splitn(4, " - ").nth(3).unwrap_or(line)).collect();
    told.into_iter().map(str::to_owned).collect()
}

fn names(exits: &[(&str, Option<&str>)]) -> String {
    let names: Vec<String> =
        exits.iter().map(|(service, step)| format!("{service} at {}", step.unwrap_or("no step"))).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

async fn metrics(http: &str) -> Result<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    Ok(client.get(format!("http://{http}/metrics")).send().await?.error_for_status()?.text().await?)
}

/// The sum of a counter over its labels.
fn value(metrics: &str, name: &str) -> f64 {
    let samples = metrics.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        rest.starts_with([' ', '{']).then_some(rest)?.rsplit(' ').next()?.parse::<f64>().ok()
    });
    samples.sum()
}

/// The checks of one run among those of several.
pub(super) struct Findings<'a> {
    report: &'a mut Report,
    run: String,
}

impl<'a> Findings<'a> {
    pub(super) fn of(report: &'a mut Report, faults: &Faults) -> Self {
        Self { report, run: faults.name() }
    }

    pub(super) fn check(&mut self, name: &str, goal: impl ToString, measured: impl ToString, ok: bool) {
        self.report.check(&format!("{}: {name}", self.run), goal, measured, ok);
    }

    /// A figure that must be another one exactly.
    pub(super) fn equal<T: PartialEq + ToString>(&mut self, name: &str, goal: &T, measured: &T) {
        self.check(name, goal.to_string(), measured.to_string(), goal == measured);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_summed_over_its_labels_and_no_other_one() {
        let page = "# TYPE a_total counter\na_total 3\na_total{x=\"1\"} 4\na_total_more 9\n";
        assert_eq!(value(page, "a_total"), 7.0);
        assert_eq!(value(page, "b_total"), 0.0);
    }

    #[test]
    fn what_the_broker_refused_is_told_once_with_its_user() {
        let refusal = "[9] 2026/11/22 18:21:10.993 [ERR] 127.0.0.1:34606 - cid:31 - \"v0.51.0:rust:room\" - \
             \"$G/user:room\" - Publish Violation - Subject \"rooms.evt.wallet.x\"";
        let log = format!("[9] [INF] Server is ready\n{refusal}\n{refusal}\n");
        assert_eq!(refusals(&log), ["\"$G/user:room\" - Publish Violation - Subject \"rooms.evt.wallet.x\""]);
    }

    #[test]
    fn every_kill_is_at_a_step_that_exists_and_at_three_different_ones() {
        for (service, steps) in KILLS {
            assert!(crate::services::find(service).is_some(), "{service}");
            let mut names: Vec<&str> = steps.iter().map(|step| step.split(':').next().unwrap()).collect();
            assert!(names.iter().all(|name| chassis::steps::STEPS.contains(name)));
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), 3, "{service}");
        }
    }
}
