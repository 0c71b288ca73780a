//! The shell on a terminal, end to end: a pseudo-terminal that Python's standard library opens.

#![allow(clippy::expect_used, reason = "a helper of a test fails the test that calls it")]

use std::process::Command;

/// Types the entries one after another, each when the prompt is there, and prints what was seen.
const DRIVER: &str = r#"
import os, pty, re, select, sys, time
program, entries = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(program, [program, "--color", "never"])
seen = b""
def wait(prompt, limit=20):
    global seen
    end = time.time() + limit
    fresh = b""
    while time.time() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                return True
            if not part:
                return True
            # The editor asks where the cursor stands.
            if b"\x1b[6n" in part:
                os.write(terminal, b"\x1b[1;1R")
            fresh += part
            seen += part
        elif prompt and re.search(prompt, fresh):
            return True
    return False
ready = wait(rb"grizzly\*?> ")
for entry in entries:
    os.write(terminal, entry.encode().decode("unicode_escape").encode("latin-1"))
    ready = ready and wait(rb"grizzly\*?> |      -> ")
os.write(terminal, b"\x04")
wait(None, 5)
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
print("\nended", os.waitstatus_to_exitcode(status), ready)
"#;

#[test]
fn a_terminal_has_a_prompt_history_and_interrupts() {
    let python = std::env::var("GRIZZLY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let home = tempfile::tempdir().expect("a folder");
    let entries = [
        "SELECT 6 * 7\\r",
        "AS answer;\\r",
        "BEGIN;\\r",
        "CREATE SECRET s (TYPE s3, SECRET 'hush');\\r",
        "WHILE true { sleep(0.01); }\\r\\x03",
        "ROLLBACK;\\r",
        ".mode lin\\t\\r",
        "SELECT 'after' AS word;\\r",
    ];
    let mut command = Command::new(&python);
    command.arg("-c").arg(DRIVER).arg(env!("CARGO_BIN_EXE_grizzlyc")).args(entries);
    command.env("HOME", home.path()).env_remove("XDG_STATE_HOME").env_remove("XDG_CONFIG_HOME");
    let configuration = home.path().join(".config/grizzly");
    std::fs::create_dir_all(&configuration).expect("a folder");
    std::fs::write(configuration.join("rc.gz"), "PRINT 'the rc file ran';\n").expect("a file");
    let Ok(output) = command.current_dir(home.path()).output() else {
        println!("skipped: {python} cannot be run, and it opens the pseudo-terminal");
        return;
    };
    let seen = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{seen}\n{errors}");
    for part in ["the rc file ran", "│     42 │", "grizzly*> ", "word = after", "ended 0 True"]
    {
        assert!(seen.contains(part), "`{part}` was not seen in\n{seen}");
    }
    let history = home.path().join(".local/state/grizzly/history");
    let history = std::fs::read_to_string(history).expect("a history");
    assert!(history.contains("AS answer;") && history.contains("ROLLBACK;"), "{history}");
    assert!(!history.contains("hush"), "{history}");
}
