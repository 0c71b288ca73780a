//! The only door to locks, atomics and threads.
//!
//! Everything concurrent in this crate goes through these names, so that one place decides what
//! they are. Locks do not poison: a panic under a lock is a bug that ends the process's use of the
//! engine anyway, and durable state never depends on what memory holds.

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, OnceLock, Weak};

use std::io;
use std::thread;

/// A thread of the engine's runtime.
pub(crate) type JoinHandle = thread::JoinHandle<()>;

/// Starts a named thread.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}
