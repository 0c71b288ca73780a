//! `grizzlyc fmt`: files, standard input, `--check`, and what it refuses.

use crate::process::Folder;
use std::fs;

const LOOSE: &str = "select a,b from t where a<>1 -- why\n;\n";
const NEAT: &str = "SELECT a, b FROM t WHERE a != 1; -- why\n";

#[test]
fn a_file_is_rewritten_once() {
    let folder = Folder::new();
    folder.write("x.gz", LOOSE);
    assert_eq!(folder.run(&["fmt", "x.gz"]).printed(), "");
    assert_eq!(fs::read_to_string(folder.path("x.gz")).expect("a file"), NEAT);
    let written =
        fs::metadata(folder.path("x.gz")).and_then(|file| file.modified()).expect("a time");
    assert_eq!(folder.run(&["fmt", "x.gz"]).printed(), "");
    let now = fs::metadata(folder.path("x.gz")).and_then(|file| file.modified()).expect("a time");
    assert_eq!(now, written);
    let left: Vec<_> = fs::read_dir(folder.path("")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn check_lists_what_would_change() {
    let folder = Folder::new();
    folder.write("loose.gz", LOOSE);
    folder.write("neat.gz", NEAT);
    let done = folder.run(&["fmt", "--check", "neat.gz", "loose.gz"]);
    assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (1, "loose.gz\n", ""));
    assert_eq!(fs::read_to_string(folder.path("loose.gz")).expect("a file"), LOOSE);
    assert_eq!(folder.run(&["fmt", "--check", "neat.gz"]).printed(), "");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = Folder::new();
    assert_eq!(folder.pipe(&["fmt", "-"], LOOSE).printed(), NEAT);
}

#[test]
fn what_does_not_parse_is_left_alone() {
    let folder = Folder::new();
    folder.write("bad.gz", "select  1 +;\n");
    folder.write("loose.gz", LOOSE);
    folder.run(&["fmt", "bad.gz", "loose.gz"]).failed(2, &["E0201", "bad.gz:1"]);
    assert_eq!(fs::read_to_string(folder.path("bad.gz")).expect("a file"), "select  1 +;\n");
    assert_eq!(fs::read_to_string(folder.path("loose.gz")).expect("a file"), NEAT);
    folder.run(&["fmt", "--check", "bad.gz"]).failed(2, &["E0201"]);
    folder.run(&["fmt", "none.gz"]).failed(2, &["none.gz cannot be read"]);
}
