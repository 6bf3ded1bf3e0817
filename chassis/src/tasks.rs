//! The long-running work of a process, and the order in which it ends.
//!
//! Shutdown goes stage by stage: first nothing new is taken in, then what was taken is decided, then what was decided
//! is published, then the servers close. A stage is told to stop only when the one before it is done, so the work in
//! hand always finds the next stage still running.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What each stage gets even when earlier ones have used up the grace period.
const LAST_WORD: Duration = Duration::from_millis(500);

/// How long a round of a loop may go on after the loop was told to stop.
const LAST_ROUND: Duration = Duration::from_secs(2);

/// Any error; the task that ends with one is named beside it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// When a task is told to stop, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Takes in work: pull loops, pollers, clocks.
    Intake,
    /// Decides and writes what was taken in.
    Writers,
    /// Publishes what was decided.
    Relay,
    /// Answers others: gRPC, HTTP, health.
    Servers,
}

/// Why a process ends with a failure.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TaskFailure {
    /// A task returned an error.
    #[error("{task}: {error}")]
    Error {
        /// The task.
        task: &'static str,
        /// Its error with all its sources.
        error: String,
    },
    /// A task panicked.
    #[error("{task}: panicked")]
    Panic {
        /// The task.
        task: &'static str,
    },
    /// A stage did not finish within the grace period and was cut off.
    #[error("{stage:?} did not finish in time")]
    Late {
        /// The stage.
        stage: Stage,
    },
}

/// The tasks of a process. Clones share them.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Inner>);

#[derive(Default)]
struct Inner {
    intake: Group,
    writers: Group,
    relay: Group,
    servers: Group,
    /// Asks for the shutdown to begin.
    end: CancellationToken,
    /// The first failure decides the exit status.
    failure: OnceLock<TaskFailure>,
    /// Names of the tasks that have not ended.
    running: Mutex<Vec<&'static str>>,
}

#[derive(Default)]
struct Group {
    stop: CancellationToken,
    abort: CancellationToken,
    tracker: TaskTracker,
}

impl Tasks {
    /// Runs a task until its stage is told to stop. It has to watch [`stopping`](Self::stopping) and return. An error
    /// or a panic ends the whole process, in order; returning `Ok` early does not.
    pub fn spawn<F, E>(&self, stage: Stage, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let tasks = self.clone();
        let group = self.group(stage);
        let abort = group.abort.clone();
        lock(&self.0.running).push(name);
        let mut task = tokio::spawn(async move { task.await.map_err(Into::into) });
        group.tracker.spawn(async move {
            let ended = tokio::select! {
                ended = &mut task => Some(ended),
                () = abort.cancelled() => None,
            };
            match ended {
                Some(Ok(Ok(()))) => tracing::debug!(task = name, "task ended"),
                Some(Ok(Err(error))) => {
                    tasks.fail(TaskFailure::Error { task: name, error: with_sources(&*error) })
                }
                Some(Err(join)) if join.is_panic() => tasks.fail(TaskFailure::Panic { task: name }),
                Some(Err(_)) | None => task.abort(),
            }
            let mut running = lock(&tasks.0.running);
            if let Some(at) = running.iter().position(|other| *other == name) {
                running.swap_remove(at);
            }
        });
    }

    /// Runs a loop whose rounds may be cut short anywhere, because they survive SIGKILL as well. Told to stop, it has two
    /// seconds to finish its round: a round that waits for a database which is away must not hold up the shutdown.
    pub fn spawn_rounds(
        &self,
        stage: Stage,
        name: &'static str,
        rounds: impl Future<Output = ()> + Send + 'static,
    ) {
        let stop = self.stopping(stage);
        let patience = async move {
            stop.cancelled().await;
            sleep(LAST_ROUND).await;
        };
        self.spawn(stage, name, async move {
            tokio::select! {
                () = rounds => {}
                () = patience => tracing::debug!(task = name, "its last round was cut short"),
            }
            Ok::<(), Infallible>(())
        });
    }

    /// Cancelled when tasks of this stage have to finish what they have in hand and return.
    pub fn stopping(&self, stage: Stage) -> CancellationToken {
        self.group(stage).stop.clone()
    }

    /// Asks for the shutdown.
    pub fn end(&self) {
        self.0.end.cancel();
    }

    /// Returns when the shutdown was asked for, by [`end`](Self::end) or by a task's failure.
    pub async fn ending(&self) {
        self.0.end.cancelled().await;
    }

    /// Ends all stages in order within `grace`; what is late is cut off. The error is the first failure of any task,
    /// from the beginning of the process.
    pub async fn shut_down(&self, grace: Duration) -> Result<(), TaskFailure> {
        self.end();
        let deadline = Instant::now() + grace;
        for stage in [Stage::Intake, Stage::Writers, Stage::Relay, Stage::Servers] {
            let group = self.group(stage);
            group.stop.cancel();
            group.tracker.close();
            let until = deadline.max(Instant::now() + LAST_WORD);
            if timeout_at(until, group.tracker.wait()).await.is_err() {
                tracing::error!(?stage, running = ?lock(&self.0.running), "cut off: the grace period is over");
                self.fail(TaskFailure::Late { stage });
                group.abort.cancel();
                group.tracker.wait().await;
            }
        }
        self.0.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    fn fail(&self, failure: TaskFailure) {
        tracing::error!(%failure, "the process ends because a task failed");
        // Later failures are consequences as a rule; they are in the log.
        let _ = self.0.failure.set(failure);
        self.end();
    }

    fn group(&self, stage: Stage) -> &Group {
        match stage {
            Stage::Intake => &self.0.intake,
            Stage::Writers => &self.0.writers,
            Stage::Relay => &self.0.relay,
            Stage::Servers => &self.0.servers,
        }
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(lock(&self.0.running).iter()).finish()
    }
}

/// The error followed by what caused it, on one line.
pub fn with_sources(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A task of `stage` that notes when it was stopped.
    fn noting(tasks: &Tasks, stage: Stage, notes: &Arc<Mutex<Vec<&'static str>>>, name: &'static str) {
        let (stop, notes) = (tasks.stopping(stage), notes.clone());
        tasks.spawn(stage, name, async move {
            stop.cancelled().await;
            tokio::task::yield_now().await;
            lock(&notes).push(name);
            Ok::<(), Infallible>(())
        });
    }

    #[tokio::test]
    async fn stages_end_one_after_the_other() {
        let (tasks, notes) = (Tasks::default(), Arc::default());
        noting(&tasks, Stage::Servers, &notes, "server");
        noting(&tasks, Stage::Relay, &notes, "relay");
        noting(&tasks, Stage::Intake, &notes, "puller");
        noting(&tasks, Stage::Writers, &notes, "writer");
        tasks.shut_down(Duration::from_secs(5)).await.unwrap();
        assert_eq!(*lock(&notes), ["puller", "writer", "relay", "server"]);
    }

    #[tokio::test]
    async fn an_error_ends_the_process_and_is_reported_with_its_cause() {
        let tasks = Tasks::default();
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read")]
        struct Outer(#[source] io::Error);
        tasks.spawn(Stage::Intake, "reader", async { Err(Outer(io::Error::other("disk on fire"))) });
        tasks.ending().await;
        let failure = tasks.shut_down(Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(failure.to_string(), "reader: cannot read: disk on fire");
    }

    #[tokio::test]
    async fn a_panic_ends_the_process() {
        let tasks = Tasks::default();
        tasks.spawn(Stage::Writers, "writer", async {
            if true {
                panic!("seen in the test's output");
            }
            Ok::<(), Infallible>(())
        });
        tasks.ending().await;
        assert_eq!(
            tasks.shut_down(Duration::from_secs(5)).await.unwrap_err().to_string(),
            "writer: panicked"
        );
    }

    #[tokio::test]
    async fn a_task_that_is_done_early_ends_nothing() {
        let tasks = Tasks::default();
        tasks.spawn(Stage::Intake, "once", async { Ok::<(), Infallible>(()) });
        tasks.0.intake.tracker.close();
        tasks.0.intake.tracker.wait().await;
        assert!(!tasks.0.end.is_cancelled());
        tasks.shut_down(Duration::from_secs(5)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_is_stuck_in_a_round_does_not_hold_up_the_shutdown() {
        let tasks = Tasks::default();
        tasks.spawn_rounds(Stage::Intake, "stuck", std::future::pending());
        let begun = Instant::now();
        tasks.shut_down(Duration::from_secs(20)).await.unwrap();
        assert_eq!(begun.elapsed(), LAST_ROUND);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_stop_is_cut_off_and_the_rest_still_ends_in_order() {
        let (tasks, notes) = (Tasks::default(), Arc::default());
        tasks.spawn(Stage::Writers, "stuck", std::future::pending::<Result<(), Infallible>>());
        noting(&tasks, Stage::Relay, &notes, "relay");
        let failure = tasks.shut_down(Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(failure.to_string(), "Writers did not finish in time");
        assert_eq!(*lock(&notes), ["relay"], "the stages after it get their turn");
        assert_eq!(format!("{tasks:?}"), "[]");
    }
}
