//! One script through every stage: the text forms that `build --emit` prints, held by files beside the
//! script. `UPDATE_SNAPSHOTS=1 cargo test --test stages` writes them anew; read the difference before
//! accepting it.

use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stages")
}

fn emitted(stage: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_grizzlyc"))
        .current_dir(folder())
        .args(["build", &format!("--emit={stage}"), "script.gz"])
        .output()
        .expect("grizzlyc runs");
    assert!(output.status.success(), "{stage}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("stages print UTF-8")
}

fn hold(stage: &str) {
    let path = folder().join(format!("{stage}.txt"));
    let now = emitted(stage);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &now).expect("the snapshot is written");
        return;
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    let different = then.lines().zip(now.lines()).position(|(a, b)| a != b);
    assert!(
        then == now,
        "{stage} changed at line {}; UPDATE_SNAPSHOTS=1 shows the difference in git",
        different.map_or_else(|| then.lines().count().min(now.lines().count()), |l| l) + 1
    );
}

#[test]
fn tokens() {
    hold("tokens");
}

#[test]
fn syntax_tree() {
    hold("ast");
}

#[test]
fn typed_form() {
    hold("hir");
}

#[test]
fn logical_plan() {
    hold("plan");
}

#[test]
fn physical_plan() {
    hold("physical");
}

#[test]
fn bytecode() {
    hold("bytecode");
}
