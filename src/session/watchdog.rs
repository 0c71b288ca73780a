//! The time limit of a session's statements: a thread that sets the cancel flag when one runs too
//! long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Watches one session. The thread ends with the watchdog.
pub(super) struct Watchdog {
    limit: Duration,
    /// TRUE for the beginning of a statement, FALSE for its end.
    running: Sender<bool>,
    fired: Arc<AtomicBool>,
}

impl Watchdog {
    /// A watchdog that sets `cancel` when a statement takes longer than `limit`.
    pub fn new(limit: Duration, cancel: Arc<AtomicBool>) -> Watchdog {
        let (running, received) = channel();
        let fired = Arc::new(AtomicBool::new(false));
        let watch = fired.clone();
        std::thread::spawn(move || watch_statements(limit, &received, &cancel, &watch));
        Watchdog { limit, running, fired }
    }

    /// A statement begins.
    pub fn start(&self) {
        // The thread lives as long as this sender.
        let _ = self.running.send(true);
    }

    /// The statement ended; the limit where it was passed.
    pub fn stop(&self) -> Option<Duration> {
        let _ = self.running.send(false);
        self.fired.swap(false, Ordering::Relaxed).then_some(self.limit)
    }
}

fn watch_statements(
    limit: Duration,
    running: &Receiver<bool>,
    cancel: &AtomicBool,
    fired: &AtomicBool,
) {
    while let Ok(started) = running.recv() {
        if !started {
            continue;
        }
        match running.recv_timeout(limit) {
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => {
                fired.store(true, Ordering::Relaxed);
                cancel.store(true, Ordering::Relaxed);
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
