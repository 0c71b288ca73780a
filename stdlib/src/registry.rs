//! The native bodies by name.

use crate::{array, collection, convert, format, json, map, math, misc, temporal, text};
use grizzly_bytecode::Fault;
use grizzly_vm::native::{FileScanRequest, NativeBody, Natives};
use grizzly_vm::ports::TableScan;
use hashbrown::HashMap;
use std::sync::OnceLock;

/// Names and bodies, as each module lists its own.
pub(crate) type Bodies = &'static [(&'static str, NativeBody)];

/// The bodies without a declaration: the compiler calls them for casts.
pub const INTERNAL: &[&str] = &["cast", "try_cast"];

const MODULES: &[Bodies] = &[
    convert::BODIES,
    text::BODIES,
    text::pattern::BODIES,
    math::BODIES,
    math::rounding::BODIES,
    temporal::BODIES,
    temporal::parts::BODIES,
    misc::BODIES,
    collection::BODIES,
    array::BODIES,
    array::change::BODIES,
    array::aggregate::BODIES,
    json::BODIES,
    convert::encoding::BODIES,
    math::bits::BODIES,
    text::change::BODIES,
    text::distance::BODIES,
    json::build::BODIES,
    map::BODIES,
];

/// All native bodies.
pub struct StandardLibrary {
    bodies: HashMap<&'static str, NativeBody>,
}

impl StandardLibrary {
    fn new() -> StandardLibrary {
        let bodies = MODULES.iter().flat_map(|module| module.iter().copied()).collect();
        StandardLibrary { bodies }
    }

    /// The names under which bodies are registered.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.bodies.keys().copied()
    }
}

impl Natives for StandardLibrary {
    fn find(&self, name: &str) -> Option<NativeBody> {
        self.bodies.get(name).copied()
    }

    fn scan_file(&self, request: &FileScanRequest<'_>) -> Result<Box<dyn TableScan>, Fault> {
        format::scan(request)
    }
}

/// The standard library's bodies, made once in a process.
pub fn natives() -> &'static StandardLibrary {
    static LIBRARY: OnceLock<StandardLibrary> = OnceLock::new();
    LIBRARY.get_or_init(StandardLibrary::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PRELUDE;
    use std::collections::BTreeSet;

    /// The body names that the declarations ask for, with the declared function's name.
    fn declared() -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (_, text) in PRELUDE {
            let mut body = None;
            for line in text.lines() {
                if let Some(tag) = line.strip_prefix("--- @body ") {
                    body = Some(tag.trim().to_owned());
                } else if let Some(head) = line.strip_prefix("CREATE FUNCTION ") {
                    let name = head.split('(').next().unwrap_or("").trim_matches('`').to_owned();
                    found.push((body.take().unwrap_or_else(|| name.clone()), name));
                }
            }
        }
        found
    }

    #[test]
    fn declarations_and_bodies_hold_together() {
        let declared = declared();
        assert!(declared.len() > 150, "the prelude has only {} declarations", declared.len());
        for (body, function) in &declared {
            assert!(natives().find(body).is_some(), "{function} has no body `{body}`");
        }
        let wanted: BTreeSet<&str> = declared
            .iter()
            .map(|(body, _)| body.as_str())
            .chain(INTERNAL.iter().copied())
            .collect();
        let registered: BTreeSet<&str> = natives().names().collect();
        assert_eq!(registered, wanted);
    }

    #[test]
    fn no_two_bodies_have_one_name() {
        let count: usize = MODULES.iter().map(|module| module.len()).sum();
        assert_eq!(count, natives().names().count());
    }
}
