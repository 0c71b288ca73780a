//! What is known of files: their columns, kept as long as neither size nor time of the files has
//! changed.

use grizzly_bytecode::{FileOrigin, FileRequest, FileSource};
use grizzly_compiler::catalog::SourceDescription;
use grizzly_stdlib::format::{Undescribed, describe};
use grizzly_vm::ports::{FileStat, Files};
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::sync::Arc;

/// So many descriptions are kept.
const KEPT: usize = 256;
/// About the bytes of a row of a file of which nothing is known.
const ROW_BYTES: u64 = 64;

/// The files of the world, as the compiler knows them.
pub struct Sources {
    files: Arc<dyn Files>,
    known: Mutex<HashMap<FileRequest, Known>>,
}

struct Known {
    /// The files that were looked at, and their state then.
    state: Vec<(String, FileStat)>,
    source: Arc<FileSource>,
}

impl Sources {
    /// The files of a port, nothing known of them.
    pub fn new(files: Arc<dyn Files>) -> Sources {
        Sources { files, known: Mutex::default() }
    }

    /// The columns of a file or of the files of a pattern.
    pub fn describe(&self, request: &FileRequest) -> SourceDescription {
        let state = self.state(request);
        if let Some(state) = &state
            && let Some(known) = self.known.lock().get(request)
            && known.state == *state
        {
            return SourceDescription::Columns(known.source.clone());
        }
        match describe(&*self.files, request) {
            Ok(described) => {
                let source = Arc::new(FileSource {
                    request: described.request,
                    columns: described.columns,
                    origin: FileOrigin::Described,
                });
                if let Some(state) = state {
                    self.keep(request, Known { state, source: source.clone() });
                }
                SourceDescription::Columns(source)
            }
            Err(Undescribed::NotNow(why)) => SourceDescription::NotNow(why),
            Err(Undescribed::Wrong(why)) => SourceDescription::Wrong(why),
        }
    }

    fn keep(&self, request: &FileRequest, known: Known) {
        let mut kept = self.known.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        // The description itself leads to the same, for looking again.
        let again = Known { state: known.state.clone(), source: known.source.clone() };
        kept.insert(known.source.request.clone(), again);
        kept.insert(request.clone(), known);
    }

    /// A file that was described, as it is now.
    ///
    /// # Errors
    /// Why it cannot be read any more.
    pub fn describe_again(&self, source: &FileSource) -> Result<Arc<FileSource>, String> {
        match self.describe(&source.request) {
            SourceDescription::Columns(now) => Ok(now),
            SourceDescription::NotNow(why) | SourceDescription::Wrong(why) => Err(why),
        }
    }

    /// About how many rows a file has.
    pub fn rows_of(&self, source: &FileSource) -> Option<u64> {
        let bytes: u64 = self.state(&source.request)?.iter().map(|(_, stat)| stat.bytes).sum();
        Some(bytes / ROW_BYTES)
    }

    fn state(&self, request: &FileRequest) -> Option<Vec<(String, FileStat)>> {
        let paths = self.files.find(&request.path).ok()?;
        paths.into_iter().map(|path| Some((path.clone(), self.files.stat(&path).ok()?))).collect()
    }
}
