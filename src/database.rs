//! A database: a storage engine, the current catalog version, and what its sessions share.

use crate::adapter::errors::fault;
use crate::catalog::system::{self, StoredKind, StoredObject};
use crate::catalog::{Builtins, Change, Objects, Sources};
use crate::error::{Error, Result};
use crate::frontend;
use crate::session::Session;
use crate::source::SourceMap;
use crate::world::World;
use grizzly_bytecode::{Builtin, Fault};
use grizzly_storage as storage;
use grizzly_vm::budget::Budget;
use parking_lot::{Mutex, RwLock};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How a database is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The threads of one statement; `None` for as many as the machine runs at a time.
    pub threads: Option<usize>,
    /// The bytes of memory that all sessions may use together; `None` for no limit.
    pub memory_limit: Option<u64>,
    /// Whether hot functions are not compiled to native code.
    pub no_jit: bool,
    /// Whether nothing may be changed; the folder must then be there.
    pub read_only: bool,
}

/// An open database. Clones are handles to the same one; it closes with the last handle and
/// session.
#[derive(Clone)]
pub struct Database {
    pub(crate) shared: Arc<Shared>,
}

/// What the sessions of a database share.
pub(crate) struct Shared {
    pub engine: storage::Engine,
    pub builtins: Builtins,
    pub sources: Arc<SourceMap>,
    pub world: World,
    /// What is known of files.
    pub files: Sources,
    pub budget: Budget,
    pub compiler: Option<Arc<dyn grizzly_vm::ports::NativeCompiler>>,
    /// The newest catalog version that was committed.
    objects: RwLock<Arc<Objects>>,
    /// Whether every change is refused.
    pub read_only: bool,
    /// Held while a transaction with definitions commits, so that versions follow the commits.
    defining: Mutex<()>,
    next_ordinal: AtomicI64,
    /// Does the storage's background work; it stops when the database closes.
    runtime: storage::Runtime,
}

impl Database {
    /// Opens the database in a folder, which is made if it is missing.
    ///
    /// # Errors
    /// [`Error::Database`] where it is locked by another process, damaged, or cannot be read.
    pub fn open(path: impl AsRef<Path>, options: Options, sources: Arc<SourceMap>) -> Result<Self> {
        let name = path.as_ref().display().to_string();
        let refused = |error: std::io::Error| Error::Database {
            path: name.clone(),
            error: storage::Error::Io {
                file: String::new(),
                operation: "open",
                kind: error.kind(),
                message: error.to_string(),
            },
        };
        if options.read_only {
            std::fs::read_dir(path.as_ref()).map_err(refused)?;
        }
        let device = storage::DiskDevice::new(path.as_ref()).map_err(refused)?;
        Database::open_device(Arc::new(device), &name, options, sources)
    }

    /// A database in memory.
    ///
    /// # Errors
    /// As for [`Database::open`].
    pub fn in_memory(options: Options, sources: Arc<SourceMap>) -> Result<Self> {
        let device = Arc::new(storage::MemoryDevice::new());
        Database::open_device(device, "memory", options, sources)
    }

    /// Opens the database on a device; tests use one that fails.
    ///
    /// # Errors
    /// As for [`Database::open`].
    pub fn open_device(
        device: Arc<dyn storage::Device>,
        name: &str,
        options: Options,
        sources: Arc<SourceMap>,
    ) -> Result<Self> {
        let broken = |error| Error::Database { path: name.to_owned(), error };
        let engine = storage::Engine::open(device, storage::Options::default()).map_err(broken)?;
        system::create_if_missing(&engine).map_err(broken)?;
        let limit = options.memory_limit.unwrap_or(u64::MAX);
        let runtime = storage::Runtime::start(&engine).map_err(broken)?;
        let world = World::system(options.threads)?;
        let shared = Shared {
            engine,
            files: Sources::new(world.files.clone()),
            builtins: Builtins::new(grizzly_stdlib::PRELUDE),
            sources,
            world,
            budget: Budget::new("process", limit),
            compiler: native_compiler(options),
            objects: RwLock::default(),
            read_only: options.read_only,
            defining: Mutex::new(()),
            next_ordinal: AtomicI64::new(1),
            runtime,
        };
        let database = Database { shared: Arc::new(shared) };
        database.load(name)?;
        Ok(database)
    }

    /// Reads the stored objects and makes the first catalog version of them.
    fn load(&self, name: &str) -> Result<()> {
        let transaction = self.shared.engine.begin(storage::Isolation::Snapshot);
        let broken = |error| Error::Database { path: name.to_owned(), error };
        let stored = system::read(&transaction).map_err(broken)?;
        let last = stored.last().map_or(0, |object| object.ordinal);
        self.shared.next_ordinal.store(last + 1, Ordering::Relaxed);
        if stored.is_empty() {
            return Ok(());
        }
        let objects = frontend::rebuild(&stored, &self.shared, &transaction, name)?;
        *self.shared.objects.write() = Arc::new(objects);
        Ok(())
    }

    /// Starts a session.
    pub fn session(&self) -> Session {
        Session::new(self.clone())
    }

    /// The error that ended the storage's background work, if one did. What was committed is safe
    /// in the log; opening the database again starts the work anew.
    pub fn background_failure(&self) -> Option<storage::Error> {
        self.shared.runtime.failure()
    }

    /// The texts of scripts and stored objects, for rendering places.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.shared.sources
    }
}

/// The compiler of hot functions, if this build has one and it is wanted.
fn native_compiler(options: Options) -> Option<Arc<dyn grizzly_vm::ports::NativeCompiler>> {
    if options.no_jit {
        return None;
    }
    native_compiler_of_build()
}

#[cfg(feature = "jit")]
fn native_compiler_of_build() -> Option<Arc<dyn grizzly_vm::ports::NativeCompiler>> {
    Some(Arc::new(grizzly_jit::Jit::default()))
}

#[cfg(not(feature = "jit"))]
fn native_compiler_of_build() -> Option<Arc<dyn grizzly_vm::ports::NativeCompiler>> {
    None
}

impl Shared {
    /// The newest committed catalog version.
    pub fn objects(&self) -> Arc<Objects> {
        self.objects.read().clone()
    }

    /// The order number of a new object.
    pub fn next_ordinal(&self) -> i64 {
        self.next_ordinal.fetch_add(1, Ordering::Relaxed)
    }

    /// An exception of a storage error that happened in a transaction.
    pub fn fault(&self, error: &storage::Error, transaction: &storage::Transaction) -> Fault {
        fault(error, &|table| transaction.table_spec(table).ok())
    }

    /// Commits a transaction and, where it defined something, publishes the next catalog version.
    pub fn commit(
        &self,
        transaction: storage::Transaction,
        changes: &[Change],
    ) -> std::result::Result<(), storage::Error> {
        if changes.is_empty() {
            return transaction.commit().map(|_| ());
        }
        let _defining = self.defining.lock();
        transaction.commit()?;
        let mut objects = Objects::clone(&self.objects());
        changes.iter().for_each(|change| objects.apply(change));
        *self.objects.write() = Arc::new(objects);
        Ok(())
    }
}

/// A row of the stored catalog for an object that a statement makes.
pub(crate) fn stored(
    kind: StoredKind,
    name: &str,
    table: u32,
    ordinal: i64,
    source: String,
) -> StoredObject {
    StoredObject { kind, name: name.to_owned(), table, ordinal, source }
}

/// The exception of something that this version does not do yet.
pub(crate) fn not_supported(what: &str) -> Fault {
    Fault::new(Builtin::CompileError, format!("{what} is not supported yet"))
}
