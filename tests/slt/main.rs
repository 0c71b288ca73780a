//! SQLite's sqllogictest files: every statement and query runs and gives what SQLite, PostgreSQL
//! and the others agreed on, but for the deviations that `deviations.md` lists with their reasons.
//!
//! `SLT_DIR=dir cargo test --release --test slt` takes any folder of `.test` files; without the
//! variable it is `../shared/slt`, and where that is missing the test says so and passes. An
//! unoptimised build runs the beginning of each file only (`SLT_ALL=1` for all). Records are taken
//! as for an engine of no known name: every `onlyif` is left out, every `skipif` stands.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test that calls it"
)]

mod deviations;
mod expected;
mod file;

use deviations::Deviations;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The records of a file that an unoptimised build runs.
const SAMPLE: usize = 250;

/// The mismatches that are shown in full.
const SHOWN: usize = 40;

fn folder() -> PathBuf {
    match std::env::var_os("SLT_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/slt"),
    }
}

/// All `.test` files under a folder, the longest first, so that the threads end together.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u64, PathBuf)> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let entry = entry.expect("a readable entry");
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "test") {
                found.push((entry.metadata().map_or(0, |data| data.len()), path));
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

#[test]
fn sqllogictest_files_give_what_they_say() {
    let folder = folder();
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder {}", folder.display());
        return;
    }
    let deviations = Deviations::read(include_str!("deviations.md"));
    let all = !cfg!(debug_assertions) || std::env::var_os("SLT_ALL").is_some();
    let limit = if all { usize::MAX } else { SAMPLE };
    let files = files(&folder);
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let work = || {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = path.strip_prefix(&folder).unwrap_or(path).display().to_string();
                    let report = file::run(path, &name, limit, &deviations);
                    reports.lock().expect("no thread panics with the lock").push(report);
                }
            };
            std::thread::Builder::new()
                .stack_size(64 << 20)
                .spawn_scoped(scope, work)
                .expect("a thread");
        }
    });
    let mut reports = reports.into_inner().expect("no thread panics with the lock");
    reports.sort_by(|a, b| a.name.cmp(&b.name));
    summarise(&reports);
}

fn summarise(reports: &[file::Report]) {
    let (mut passed, mut deviated) = (0, 0);
    let mut wrong = Vec::new();
    for report in reports {
        passed += report.passed;
        deviated += report.deviated;
        println!(
            "{}: {} as said, {} listed deviations, {} wrong, {:.1} s",
            report.name,
            report.passed,
            report.deviated,
            report.wrong.len(),
            report.seconds,
        );
        wrong.extend(&report.wrong);
    }
    println!("{passed} records as said, {deviated} listed deviations, {} wrong", wrong.len());
    let shown: Vec<&str> = wrong.iter().take(SHOWN).map(|text| text.as_str()).collect();
    assert!(wrong.is_empty(), "{} records differ:\n{}", wrong.len(), shown.join("\n"));
}
