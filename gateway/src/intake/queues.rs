//! One line per chat.

use futures::future::BoxFuture;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::oneshot;

/// Ends when an update may be confirmed.
pub(super) struct Confirmable(pub(super) BoxFuture<'static, ()>);

impl Confirmable {
    /// At once.
    pub(super) fn now() -> Self {
        Self(Box::pin(std::future::ready(())))
    }
}

/// Work on one update, which ends when the next one of its chat may begin.
pub(super) type Work = Box<dyn FnOnce() -> BoxFuture<'static, Confirmable> + Send>;

type Line = VecDeque<(Work, oneshot::Sender<()>)>;

/// All lines. One that is empty is forgotten.
#[derive(Clone, Default)]
pub(super) struct Queues(Arc<Mutex<HashMap<i64, Line>>>);

impl Queues {
    /// Puts work in its chat's line. The future ends when its update may be confirmed.
    pub(super) fn push(&self, chat: i64, work: Work) -> impl Future<Output = ()> + Send + 'static {
        let (tell, done) = oneshot::channel();
        let idle = {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = !lines.contains_key(&chat);
            lines.entry(chat).or_default().push_back((work, tell));
            idle
        };
        if idle {
            let queues = self.clone();
            tokio::spawn(async move { queues.drain(chat).await });
        }
        async move {
            // A dropped sender is a panic that was logged; the update must not be repeated for ever.
            let _ = done.await;
        }
    }

    async fn drain(self, chat: i64) {
        while let Some((work, tell)) = self.next(chat) {
            // A panic ends this one piece of work, not the line.
            let Ok(confirmable) = tokio::spawn(work()).await else { continue };
            tokio::spawn(async move {
                confirmable.0.await;
                // The poller may have stopped.
                let _ = tell.send(());
            });
        }
    }

    fn next(&self, chat: i64) -> Option<(Work, oneshot::Sender<()>)> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = lines.get_mut(&chat).and_then(VecDeque::pop_front);
        if next.is_none() {
            lines.remove(&chat);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use tokio::sync::Barrier;

    fn noting(notes: &Arc<Mutex<Vec<u32>>>, note: u32, wait: Option<Arc<Barrier>>) -> Work {
        let notes = Arc::clone(notes);
        Box::new(move || {
            async move {
                if let Some(barrier) = wait {
                    barrier.wait().await;
                }
                notes.lock().unwrap().push(note);
                Confirmable::now()
            }
            .boxed()
        })
    }

    #[tokio::test]
    async fn a_chat_is_in_order_and_chats_are_side_by_side() {
        let (queues, notes) = (Queues::default(), Arc::default());
        // The first of chat 1 ends only when the one of chat 2 runs as well.
        let barrier = Arc::new(Barrier::new(2));
        let all = [
            queues.push(1, noting(&notes, 1, Some(barrier.clone()))).boxed(),
            queues.push(1, noting(&notes, 2, None)).boxed(),
            queues.push(2, noting(&notes, 3, Some(barrier))).boxed(),
        ];
        futures::future::join_all(all).await;
        let notes = notes.lock().unwrap();
        let place = |note| notes.iter().position(|other| *other == note).unwrap();
        assert!(place(1) < place(2), "{notes:?}");
        assert!(queues.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_panic_does_not_stop_the_line() {
        let (queues, notes) = (Queues::default(), Arc::default());
        let bad = queues.push(1, Box::new(|| async { panic!("seen in the test's output") }.boxed()));
        let good = queues.push(1, noting(&notes, 1, None));
        bad.await;
        good.await;
        assert_eq!(*notes.lock().unwrap(), [1]);
    }

    #[tokio::test]
    async fn the_next_one_does_not_wait_for_the_confirmation() {
        let (queues, notes) = (Queues::default(), Arc::default());
        let never =
            queues.push(1, Box::new(|| async { Confirmable(std::future::pending().boxed()) }.boxed()));
        queues.push(1, noting(&notes, 1, None)).await;
        assert_eq!(*notes.lock().unwrap(), [1]);
        assert!(never.now_or_never().is_none());
    }
}
