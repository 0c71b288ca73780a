//! `grizzlyc db`, and databases that may only be read.

use crate::process::Folder;
use std::fs;
use std::path::Path;

fn filled() -> Folder {
    let folder = Folder::new();
    let script = "CREATE TYPE color AS ENUM ('red'); \
                  CREATE TABLE t (id INT64 PRIMARY KEY, c TEXT); \
                  INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');";
    folder.script(script).printed();
    folder
}

/// The files of a folder and of those in it whose name ends with `ending`.
fn files(folder: &Path, ending: &str, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            files(&entry.path(), ending, found);
        } else if entry.path().to_string_lossy().ends_with(ending) {
            found.push(entry.path());
        }
    }
}

#[test]
fn a_sound_database_is_checked_and_described() {
    let folder = filled();
    assert_eq!(folder.run(&["db", "check", "db"]).printed(), "2 tables with 5 rows are sound\n");
    folder.run(&["db", "compact", "db"]).printed();
    let info = folder.run(&["db", "info", "db"]).printed();
    assert!(info.contains("table t: 3 rows, 1 files with "), "{info}");
    assert!(info.contains(" 0 bytes in the log only") && info.contains("type color"), "{info}");
    folder.run(&["db", "check", "missing"]).failed(3, &["missing"]);
    folder.run(&["db", "backup", "db"]).failed(2, &["not supported yet"]);
}

#[test]
fn a_damaged_block_is_found() {
    let folder = filled();
    folder.run(&["db", "compact", "db"]).printed();
    let mut blocks = Vec::new();
    files(&folder.path("db").join("tables"), ".feather", &mut blocks);
    assert!(!blocks.is_empty());
    for block in &blocks {
        let mut bytes = fs::read(block).expect("a block");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x40;
        fs::write(block, bytes).expect("a written block");
    }
    let checked = folder.run(&["db", "check", "db"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    assert!(!checked.stderr.contains("panicked"), "{checked:?}");
}

#[test]
fn a_new_project_runs_and_shells_know_the_options() {
    let folder = Folder::new();
    folder.run(&["new", "shop"]).printed();
    let printed = folder.run(&["shop/main.gz"]).printed();
    assert_eq!(printed, "page,visits,seconds\ndocs,1,80.0\nhome,1,12.5\n");
    folder.run(&["new", "shop"]).failed(2, &["shop cannot be made"]);
    let bash = folder.run(&["completions", "bash"]).printed();
    assert!(bash.contains("--memory-limit"), "{bash}");
    assert!(folder.run(&["man"]).printed().contains(".SH SUBCOMMANDS"));
}

#[test]
fn what_is_opened_for_reading_is_not_changed() {
    let folder = filled();
    let read = |text: &str| folder.run(&["run", "-d", "db", "--read-only", "-c", text]);
    assert_eq!(read("SELECT count(*) AS n FROM t;").printed(), "n\n3\n");
    for text in ["INSERT INTO t VALUES (9, 'x');", "DELETE FROM t WHERE id = 1;", "DROP TABLE t;"] {
        read(text).failed(1, &["the database was opened for reading only"]);
    }
    assert_eq!(read("SELECT count(*) AS n FROM t;").printed(), "n\n3\n");
    let missing = folder.run(&["run", "-d", "none", "--read-only", "-c", "SELECT 1;"]);
    missing.failed(3, &["none"]);
}
