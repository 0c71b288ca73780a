//! `grizzlyc fmt`: scripts in their canonical layout.
//!
//! A file is replaced only if it changes, by renaming a finished one over it. Before that, the new
//! text is parsed again: it must say what the old one says.

use super::check::write_out;
use super::{Console, code, input};
use crate::source::SourceMap;
use clap::ArgMatches;
use grizzly_grammar::format::{format, meaning};
use grizzly_grammar::parse_script;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The exit code of `--check` if a layout would change.
const WOULD_CHANGE: u8 = 1;

pub(super) fn main(console: &Console, matches: &ArgMatches) -> u8 {
    let check = matches.get_flag("check");
    let mut worst = code::SUCCESS;
    for path in matches.get_many::<PathBuf>("file").into_iter().flatten() {
        let (name, text) = match input::read(path) {
            Ok(read) => read,
            Err(message) => {
                worst = console.usage(&message);
                continue;
            }
        };
        let Some(formatted) = formatted(console, &name, &text) else {
            worst = code::USAGE;
            continue;
        };
        let changed = formatted != text;
        let standard_input = path == Path::new("-");
        if check {
            if changed {
                write_out(&format!("{name}\n"));
                worst = worst.max(WOULD_CHANGE);
            }
        } else if standard_input {
            write_out(&formatted);
        } else if changed && let Err(error) = replace(path, &formatted) {
            worst = console.usage(&format!("{name} cannot be written: {error}"));
        }
    }
    worst
}

/// The canonical layout of a script; without one, what is wrong has been said.
fn formatted(console: &Console, name: &str, text: &str) -> Option<String> {
    let formatted = match format(text) {
        Ok(formatted) => formatted,
        Err(diagnostics) => {
            let sources: Arc<SourceMap> = Arc::default();
            let source = sources.add(name, text);
            console.say(&console.renderer.diagnostics(&diagnostics, source.id, &sources));
            return None;
        }
    };
    let again = parse_script(&formatted);
    let broken = again.diagnostics.iter().any(|found| found.is_error());
    if broken || meaning(&again.tree) != meaning(&parse_script(text).tree) {
        console.usage(&format!(
            "{name} is left as it is: its canonical layout would say something else. This is a \
             bug in grizzlyc; please report it with the script"
        ));
        return None;
    }
    Some(formatted)
}

/// Writes a file beside the old one and renames it, so that no reader sees half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one: the file that it leads to is replaced.
    let target = fs::canonicalize(path)?;
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.fmt", std::process::id()));
    let temporary = target.with_file_name(name);
    let permissions = fs::metadata(&target)?.permissions();
    let written = fs::write(&temporary, text)
        .and_then(|()| fs::set_permissions(&temporary, permissions))
        .and_then(|()| fs::rename(&temporary, &target));
    if written.is_err() {
        // What could not be finished is not left behind.
        let _ = fs::remove_file(&temporary);
    }
    written
}
