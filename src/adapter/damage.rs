//! Whether stored bytes turned out to be damaged while a statement ran: its exception is an IoError
//! like others, but the command line ends with another exit code.

use grizzly_storage::{Class, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A note of a session that travels with the tables of a statement and with its scans on other
/// threads.
#[derive(Clone, Debug, Default)]
pub struct Damage {
    seen: Arc<AtomicBool>,
}

impl Damage {
    /// Notes an error, where it is one of damage.
    pub(super) fn note(&self, error: &Error) {
        if error.class() == Class::Corrupt {
            self.seen.store(true, Ordering::Relaxed);
        }
    }

    /// Forgets what earlier statements saw.
    pub fn clear(&self) {
        self.seen.store(false, Ordering::Relaxed);
    }

    /// Whether damage was seen.
    pub fn was_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }
}
