//! The settings of a session: `SET system.threads = 4`, `SHOW SETTINGS`. What they do is the
//! facade's.

use grizzly_bytecode::Type;

/// A setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name after `system.`.
    pub name: &'static str,
    /// Its type; NULL puts the default back.
    pub ty: Type,
    /// What it does.
    pub about: &'static str,
}

/// All settings, by name.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "memory_limit",
        ty: Type::Text,
        about: "The memory that a statement may use, such as '512MB'; NULL for no limit",
    },
    Setting {
        name: "threads",
        ty: Type::Int64,
        about: "The threads that a statement may use; NULL for what the database was opened with",
    },
    Setting {
        name: "timeout",
        ty: Type::Double,
        about: "The seconds that a statement may take; NULL for any number",
    },
];

/// The setting of a folded name.
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
