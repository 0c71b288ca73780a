//! The world as the machine's ports see it: the clocks, randomness, files, secrets and threads of a
//! process, shared by its sessions.

use grizzly_bytecode::{Builtin, Fault};
use grizzly_vm::ports::{
    Clock, DiskFiles, Entropy, Files, NoSecrets, OsEntropy, Secrets, SystemClock, Tasks,
    ThreadTasks,
};
use std::sync::Arc;

/// The ports of a process that do not depend on a session.
#[derive(Clone)]
pub struct World {
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// Secrets: none, as the vault is not part of this version and nothing that uses it compiles.
    pub secrets: Arc<dyn Secrets>,
    /// Threads.
    pub tasks: Arc<dyn Tasks>,
}

impl World {
    /// The ports of the operating system, with `threads` threads for one statement (`None`: as many
    /// as the machine runs at a time).
    ///
    /// # Errors
    /// An IoError fault where the system has no randomness to give.
    pub fn system(threads: Option<usize>) -> Result<World, Fault> {
        let entropy = OsEntropy::new()
            .map_err(|error| Fault::new(Builtin::IoError, format!("no randomness: {error}")))?;
        Ok(World {
            clock: Arc::new(SystemClock::default()),
            entropy: Arc::new(entropy),
            files: Arc::new(DiskFiles),
            secrets: Arc::new(NoSecrets),
            tasks: Arc::new(threads.map_or_else(ThreadTasks::default, ThreadTasks::new)),
        })
    }
}
