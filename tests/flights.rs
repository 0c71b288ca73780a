//! The example that README begins with: the screen that it shows, a second run on the kept
//! database, and the same report over the whole year where the data is there.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test that calls it"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPT: &str = "examples/flights/report.gz";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a script prints over the database in a folder, run in the repository's root.
fn report(script: &Path, database: &Path, format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_grizzlyc"))
        .current_dir(root())
        .args(["--format", format, "--db"])
        .arg(database)
        .arg(script)
        .output()
        .expect("grizzlyc runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).expect("reports are text")
}

#[test]
fn the_report_is_the_readmes_screen_and_stays_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("flights");
    let script = root().join(SCRIPT);
    let first = report(&script, &database, "box");
    let readme = fs::read_to_string(root().join("README.md")).expect("README");
    assert!(readme.contains(&first), "README does not show this screen:\n{first}");
    assert_eq!(report(&script, &database, "box"), first, "a second run gives the same report");
}

#[test]
fn the_whole_year_is_reported_too() {
    let data: PathBuf = root().join("../shared/data/nycflights13");
    if !data.is_dir() {
        eprintln!("skipped: there is no folder {}", data.display());
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let text = fs::read_to_string(root().join(SCRIPT)).expect("the script");
    let script = folder.path().join("year.gz");
    let data = data.display().to_string();
    fs::write(&script, text.replace("examples/flights/data", &data)).expect("a written script");
    let printed = report(&script, &folder.path().join("year"), "csv");
    let year = "flights,airlines,destinations,cancelled,mean_delay\n336776,16,105,8255,12.6\n";
    assert!(printed.contains(year), "{printed}");
}
