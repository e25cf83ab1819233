//! How a worker is asked to end: first what is in hand comes to the end of its stage, then nothing is waited for.

use tokio::sync::watch;

/// How far it has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Working,
    /// No new work; what is in hand goes on to the end of its stage.
    Draining,
    /// What is in hand is dropped where it stands.
    Ending,
}

/// The word to end, heard by every part of a worker.
#[derive(Debug)]
pub(super) struct Drain {
    phase: watch::Sender<Phase>,
}

impl Drain {
    pub fn new() -> Self {
        Self { phase: watch::Sender::new(Phase::Working) }
    }

    /// No new work from now on.
    pub fn begin(&self) {
        self.reach(Phase::Draining);
    }

    /// Nothing is waited for any more.
    pub fn hurry(&self) {
        self.reach(Phase::Ending);
    }

    pub fn has_begun(&self) -> bool {
        *self.phase.borrow() >= Phase::Draining
    }

    /// Done when draining has begun.
    pub async fn begins(&self) {
        self.until(Phase::Draining).await;
    }

    /// Done when nothing is waited for any more.
    pub async fn hurries(&self) {
        self.until(Phase::Ending).await;
    }

    fn reach(&self, next: Phase) {
        self.phase.send_if_modified(|phase| {
            let further = *phase < next;
            *phase = next.max(*phase);
            further
        });
    }

    async fn until(&self, wanted: Phase) {
        drop(self.phase.subscribe().wait_for(|phase| *phase >= wanted).await);
    }
}
