//! `grizzlyc run`: checks scripts and runs them.

use super::{Console, code, input};
use crate::database::{Database, Options};
use crate::error::Error;
use crate::output::{FormatKind, Printer};
use crate::session::Session;
use clap::ArgMatches;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Options that this version knows but does not act on.
const LATER: &[&str] = &["read-only", "allow-env"];

pub(super) fn main(console: &Console, matches: &ArgMatches) -> u8 {
    for option in LATER {
        if matches.get_flag(option) {
            return console.usage(&format!("--{option} is not supported yet"));
        }
    }
    if matches.contains_id("master-password-file") {
        return console.usage("--master-password-file is not supported yet");
    }
    let scripts = match scripts(matches) {
        Ok(scripts) => scripts,
        Err(message) => return console.usage(&message),
    };
    let format = match format(matches) {
        Ok(format) => format,
        Err(message) => return console.usage(&message),
    };
    let mut session = match session(console, matches) {
        Ok(session) => session,
        Err(code) => return code,
    };
    let interrupted = interrupted_by_signal(&session);
    let mut printer = Printer::new(io::stdout().lock(), format);
    for (name, text) in scripts {
        let outcome = run(console, &mut session, &name, &text, &mut printer, matches);
        if let Err(error) = outcome {
            session.roll_back();
            if printer.is_broken() {
                return code::SUCCESS;
            }
            let failed = console.fail(&error);
            let stopped = interrupted.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed));
            return if stopped { code::INTERRUPTED } else { failed };
        }
    }
    if session.in_transaction() {
        console.say("Warning: the script ended within a transaction, which is rolled back\n");
    }
    code::SUCCESS
}

/// Checks and runs one script.
fn run(
    console: &Console,
    session: &mut Session,
    name: &str,
    text: &str,
    printer: &mut Printer<io::StdoutLock<'_>>,
    matches: &ArgMatches,
) -> Result<(), Error> {
    let source = session.source(name, text);
    let checked = session.check(&source);
    if checked.diagnostics.iter().any(grizzly_grammar::Diagnostic::is_error) {
        return Err(Error::Compile { source: source.id, diagnostics: checked.diagnostics });
    }
    let notices = console.renderer.diagnostics(&checked.diagnostics, source.id, &console.sources);
    console.say(&notices);
    let timer = matches.get_flag("timer");
    let mut start = Instant::now();
    session.run_checked(&checked, printer, &mut |statement, rows| {
        if timer {
            let place = console.sources.describe(statement.place);
            let seconds = start.elapsed().as_secs_f64();
            let plural = if rows == 1 { "" } else { "s" };
            console.say(&format!("{place}: {seconds:.6} s, {rows} row{plural} changed\n"));
        }
        start = Instant::now();
    })
}

/// The scripts to run: the file, then the texts of `-c`; standard input where nothing is given.
fn scripts(matches: &ArgMatches) -> Result<Vec<(String, String)>, String> {
    let mut scripts = Vec::new();
    if let Some(path) = matches.get_one::<PathBuf>("file") {
        scripts.push(input::read(path)?);
    }
    let texts = matches.get_many::<String>("code").into_iter().flatten();
    scripts.extend(texts.map(|text| ("-c".to_owned(), text.clone())));
    if scripts.is_empty() {
        if io::stdin().is_terminal() {
            return Err("the interactive shell is not supported yet; give a FILE or -c".into());
        }
        scripts.push(input::read_standard_input()?);
    }
    Ok(scripts)
}

fn format(matches: &ArgMatches) -> Result<FormatKind, String> {
    let Some(name) = matches.get_one::<String>("format") else {
        let terminal = io::stdout().is_terminal();
        return Ok(if terminal { FormatKind::Box } else { FormatKind::Csv });
    };
    FormatKind::named(name).ok_or_else(|| {
        if matches!(name.as_str(), "list" | "html" | "vega" | "arrow") {
            return format!("the format {name} is not supported yet");
        }
        let known: Vec<&str> = FormatKind::ALL.iter().map(|(name, _)| *name).collect();
        format!("there is no format {name}; there are {}", known.join(", "))
    })
}

/// A session of the database that the options name.
fn session(console: &Console, matches: &ArgMatches) -> Result<Session, u8> {
    let usage = |message: String| console.usage(&message);
    let memory_limit = match matches.get_one::<String>("memory-limit") {
        Some(size) => Some(bytes(size).map_err(usage)?),
        None => None,
    };
    let threads = matches.get_one::<u16>("threads").map(|threads| usize::from(*threads));
    let options = Options { threads, memory_limit, no_jit: matches.get_flag("no-jit") };
    let database = open(console, matches, options).map_err(|error| console.fail(&error))?;
    let mut session = database.session();
    for parameter in matches.get_many::<String>("param").into_iter().flatten() {
        let Some((name, value)) = parameter.split_once('=') else {
            return Err(console.usage(&format!("--param takes NAME=VALUE, not `{parameter}`")));
        };
        session.set_parameter(name.trim(), value);
    }
    let arguments: Vec<String> =
        matches.get_many::<String>("arguments").into_iter().flatten().cloned().collect();
    session.set_arguments(&arguments);
    if let Some(seconds) = matches.get_one::<f64>("timeout") {
        session.set_timeout(Duration::from_secs_f64(*seconds));
    }
    Ok(session)
}

/// Opens the database that `--db` names, or one in memory.
pub(super) fn open(
    console: &Console,
    matches: &ArgMatches,
    options: Options,
) -> Result<Database, Error> {
    match matches.get_one::<PathBuf>("db") {
        Some(path) => Database::open(path, options, console.sources.clone()),
        None => Database::in_memory(options, console.sources.clone()),
    }
}

/// A size such as `512MB`, `2GiB`, `1000000`.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size; write one as 512MB or 2GiB");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = text.get(digits.len()..).unwrap_or("").trim().to_ascii_lowercase();
    let factor = match unit.as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        _ => return Err(wrong()),
    };
    let number: f64 = digits.trim().parse().map_err(|_| wrong())?;
    let bytes = number * factor;
    // 2^63 is far above any memory, and exact as a DOUBLE.
    if bytes >= 1.0 && bytes < 9.223_372_036_854_776e18 { Ok(bytes as u64) } else { Err(wrong()) }
}

/// Lets Ctrl-C cancel the statement that runs, and a second one end the process; the flag says
/// whether there was one.
fn interrupted_by_signal(session: &Session) -> Option<Arc<AtomicBool>> {
    use signal_hook::consts::SIGINT;
    let interrupted = Arc::new(AtomicBool::new(false));
    let exit = i32::from(code::INTERRUPTED);
    signal_hook::flag::register_conditional_shutdown(SIGINT, exit, interrupted.clone()).ok()?;
    signal_hook::flag::register(SIGINT, interrupted.clone()).ok()?;
    signal_hook::flag::register(SIGINT, session.cancel_flag()).ok()?;
    Some(interrupted)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("512MB"), Ok(512_000_000));
        assert_eq!(bytes("2GiB"), Ok(2 << 30));
        assert_eq!(bytes("1.5 k"), Ok(1500));
        assert_eq!(bytes("77"), Ok(77));
        for wrong in ["", "MB", "-1", "1XB", "0"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
