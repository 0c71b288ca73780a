//! The session's settings: what `SET system.name` changes.

use super::{Session, watchdog::Watchdog};
use crate::error::Result;
use crate::size::bytes;
use grizzly_bytecode::{Builtin, Fault, Type, Value};
use grizzly_compiler::settings::SETTINGS;
use grizzly_vm::ports::{Tasks, ThreadTasks};
use std::sync::Arc;
use std::time::Duration;

/// A setting with its value, for `system.settings`.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name after `system.`.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// The text of its value; `None` for the default.
    pub value: Option<String>,
    /// What it does.
    pub about: &'static str,
}

/// The values of the settings; `None` is the default.
#[derive(Default)]
pub struct Settings {
    threads: Option<(usize, Arc<dyn Tasks>)>,
    memory_limit: Option<String>,
    timeout: Option<f64>,
}

impl Settings {
    /// The threads of the session's own, if it has them.
    pub fn tasks(&self) -> Option<&Arc<dyn Tasks>> {
        self.threads.as_ref().map(|(_, tasks)| tasks)
    }

    /// All settings with their values.
    pub fn list(&self) -> Vec<Setting> {
        let value = |name: &str| match name {
            "threads" => self.threads.as_ref().map(|(count, _)| count.to_string()),
            "memory_limit" => self.memory_limit.clone(),
            "timeout" => self.timeout.map(|seconds| seconds.to_string()),
            _ => None,
        };
        let setting = |known: &grizzly_compiler::settings::Setting| Setting {
            name: known.name,
            ty: known.ty.clone(),
            value: value(known.name),
            about: known.about,
        };
        SETTINGS.iter().map(setting).collect()
    }
}

impl Session {
    /// Carries out `SET system.name = value`.
    pub(super) fn set_setting(&mut self, name: &str, value: &Value) -> Result<()> {
        let wrong = |why: String| Fault::new(Builtin::CastError, format!("system.{name}: {why}"));
        match (name, value) {
            ("threads", Value::Null) => self.settings.threads = None,
            ("threads", Value::Int(count)) => {
                let threads = usize::try_from(*count).ok().filter(|n| (1..=1024).contains(n));
                let threads =
                    threads.ok_or_else(|| wrong(format!("{count} is not within 1 and 1024")))?;
                self.settings.threads = Some((threads, Arc::new(ThreadTasks::new(threads))));
            }
            ("memory_limit", Value::Null) => {
                self.settings.memory_limit = None;
                self.limit_memory(u64::MAX);
            }
            ("memory_limit", Value::Text(size)) => {
                let limit = bytes(size).map_err(wrong)?;
                self.settings.memory_limit = Some(size.to_string());
                self.limit_memory(limit);
            }
            ("timeout", Value::Null) => {
                self.settings.timeout = None;
                self.watchdog = None;
            }
            ("timeout", Value::Float(seconds)) => {
                if !(*seconds > 0.0 && *seconds < 1e9) {
                    return Err(wrong("a number of seconds above 0 is needed".into()).into());
                }
                self.set_timeout(Duration::from_secs_f64(*seconds));
            }
            _ => return Err(wrong("it takes no such value".into()).into()),
        }
        Ok(())
    }

    fn limit_memory(&mut self, limit_bytes: u64) {
        let session = self.database.shared.budget.child("session", u64::MAX);
        self.statement_budget = session.child("statement", limit_bytes);
    }

    /// Ends every statement that takes longer than `limit` with the exception Cancelled.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.settings.timeout = Some(limit.as_secs_f64());
        self.watchdog = Some(Watchdog::new(limit, self.cancel.clone()));
    }
}
