//! Runs the cases of `tests/cli/*.md`.
//!
//! A case begins with a heading `## name`. A fence ```` ```sql ```` holds the script; what follows
//! its word are more arguments; where the first is `repl`, the script is entered on standard input.
//! ```` ```stdout ```` is the whole of standard output (empty where
//! the fence is missing), each line of ```` ```stderr ```` must stand in standard error (which must
//! be empty where the fence is missing), ```` ```exit ```` is the exit code (0 where it is
//! missing). ```` ```file name ```` is a file beside the script.

use crate::process::{Done, Folder};
use std::fs;
use std::path::Path;

#[derive(Default)]
struct Case {
    name: String,
    arguments: Vec<String>,
    script: String,
    /// Files beside the script: names and texts.
    files: Vec<(String, String)>,
    stdout: String,
    stderr: String,
    code: i32,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut fence: Option<String> = None;
    let mut body = String::new();
    for line in text.lines() {
        match (&fence, line.strip_prefix("```")) {
            (None, Some(info)) => {
                fence = Some(info.to_owned());
                body.clear();
            }
            (Some(info), Some("")) => {
                let case = cases.last_mut().expect("a fence stands under a heading");
                fill(case, info, &body);
                fence = None;
            }
            (Some(_), _) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {
                if let Some(name) = line.strip_prefix("## ") {
                    cases.push(Case { name: name.to_owned(), ..Case::default() });
                }
            }
        }
    }
    cases
}

fn fill(case: &mut Case, info: &str, body: &str) {
    let mut words = info.split_whitespace();
    match words.next() {
        Some("sql") => {
            case.script = body.to_owned();
            case.arguments = words.map(str::to_owned).collect();
        }
        Some("file") => {
            let name = words.next().expect("the name of the file").to_owned();
            case.files.push((name, body.to_owned()));
        }
        Some("stdout") => case.stdout = body.to_owned(),
        Some("stderr") => case.stderr = body.to_owned(),
        Some("exit") => case.code = body.trim().parse().expect("an exit code"),
        other => panic!("{}: no fence is called {other:?}", case.name),
    }
}

/// Runs a case; `more` are options that `run` takes.
fn perform(case: &Case, more: &[&str]) -> Done {
    let folder = Folder::new();
    folder.write("script.gz", &case.script);
    for (name, text) in &case.files {
        folder.write(name, text);
    }
    if case.arguments.first().is_some_and(|first| first == "repl") {
        return folder.pipe(&[rest(&case.arguments), more.to_vec()].concat(), &case.script);
    }
    let (options, rest): (Vec<&str>, Vec<&str>) = match case.arguments.first() {
        Some(first) if ["check", "build", "disasm"].contains(&first.as_str()) => {
            (vec![first.as_str(), "script.gz"], rest(&case.arguments[1..]))
        }
        _ => ([&["run", "script.gz"], more].concat(), rest(&case.arguments)),
    };
    folder.run(&[options, rest].concat())
}

/// What is wrong with what a case did, if anything.
fn problem(case: &Case, done: &Done) -> Option<String> {
    let mut wrong = String::new();
    if done.stdout != case.stdout {
        wrong += &format!("stdout is\n{}instead of\n{}", done.stdout, case.stdout);
    }
    let missing = case.stderr.lines().filter(|line| !done.stderr.contains(line));
    for line in missing {
        wrong += &format!("stderr lacks `{line}`:\n{}", done.stderr);
    }
    if case.stderr.is_empty() && !done.stderr.is_empty() {
        wrong += &format!("stderr is not empty:\n{}", done.stderr);
    }
    if done.code != case.code {
        wrong += &format!("exit code {} instead of {}\n{}", done.code, case.code, done.stderr);
    }
    (!wrong.is_empty()).then_some(wrong)
}

/// The text of a file of cases with what was printed in its `stdout` fences, in the cases' order.
fn blessed(text: &str, printed: &[String]) -> String {
    let (mut out, mut case, mut skipping) = (String::new(), 0, false);
    for line in text.lines() {
        if line.starts_with("## ") {
            case += 1;
        }
        if skipping && line != "```" {
            continue;
        }
        skipping = line == "```stdout";
        out.push_str(line);
        out.push('\n');
        if skipping {
            out.push_str(&printed[case - 1]);
        }
    }
    out
}

fn rest(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn scripts_print_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder of the cases")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    let (mut count, mut problems) = (0, Vec::new());
    for file in files {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("a readable file");
        let mut printed = Vec::new();
        for case in cases(&text) {
            count += 1;
            let done = perform(&case, &[]);
            let interpreted = perform(&case, &["--no-jit"]);
            if (&interpreted.stdout, interpreted.code) != (&done.stdout, done.code) {
                problems.push(format!("=== {name}: {} differs without native code", case.name));
            }
            if let Some(wrong) = problem(&case, &done) {
                problems.push(format!("=== {name}: {}\n{wrong}", case.name));
            }
            printed.push(done.stdout);
        }
        if std::env::var_os("GRIZZLY_BLESS").is_some() {
            fs::write(&file, blessed(&text, &printed)).expect("a written file");
        }
    }
    assert!(count >= 20, "only {count} cases were found");
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
