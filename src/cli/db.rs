//! `grizzlyc db`: upkeep of a database's folder.

use super::check::write_out;
use super::{Console, code};
use crate::database::{Database, Options};
use clap::ArgMatches;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The exit code of a database that is damaged.
const DAMAGED: u8 = 3;

pub(super) fn main(console: &Console, matches: &ArgMatches) -> u8 {
    let Some((command, matches)) = matches.subcommand() else { return code::USAGE };
    if matches!(command, "backup" | "restore") {
        return console.usage(&format!("`grizzlyc db {command}` is not supported yet"));
    }
    // The argument is required.
    let Some(path) = matches.get_one::<PathBuf>("path") else { return code::USAGE };
    // Opening makes a folder that is missing, which is no upkeep.
    let options = Options { read_only: true, ..Options::default() };
    let database = match Database::open(path, options, console.sources.clone()) {
        Ok(database) => database,
        Err(error) => return console.fail(&error),
    };
    match command {
        "check" => check(console, &database),
        "info" => info(console, &database, path),
        _ => match database.compact() {
            Ok(()) => code::SUCCESS,
            Err(error) => console.fail(&error),
        },
    }
}

fn check(console: &Console, database: &Database) -> u8 {
    let verified = database.verify();
    for (table, error) in &verified.damage {
        console.say(&format!("Error: {table} is damaged: {error}\n"));
    }
    if !verified.damage.is_empty() {
        return DAMAGED;
    }
    write_out(&format!("{} tables with {} rows are sound\n", verified.tables, verified.rows));
    code::SUCCESS
}

fn info(console: &Console, database: &Database, path: &Path) -> u8 {
    let (tables, objects) = match database.summary() {
        Ok(summary) => summary,
        Err(error) => return console.fail(&error),
    };
    let size = |file: &Path| std::fs::metadata(file).map_or(0, |found| found.len());
    let log = std::fs::read_dir(path.join("wal")).into_iter().flatten().flatten();
    let log_bytes: u64 = log.map(|segment| size(&segment.path())).sum();
    let mut out = format!("version {}\nlog {log_bytes} bytes\n", env!("CARGO_PKG_VERSION"));
    for table in tables {
        let bytes: u64 = table.files.iter().map(|file| size(&path.join(file))).sum();
        // Writing to a String never fails.
        let _ = writeln!(
            out,
            "table {}: {} rows, {} files with {bytes} bytes, {} bytes in the log only",
            table.name,
            table.rows,
            table.files.len(),
            table.unflushed_bytes
        );
        for file in table.files {
            let _ = writeln!(out, "  {file}");
        }
    }
    for (kind, name) in objects.iter().filter(|(kind, _)| *kind != "table") {
        let _ = writeln!(out, "{kind} {name}");
    }
    write_out(&out);
    code::SUCCESS
}
