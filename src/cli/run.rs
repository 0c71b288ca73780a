//! `grizzlyc run`: checks scripts and runs them.

use super::{Console, code, input};
use crate::database::{Database, Options};
use crate::error::Error;
use crate::output::{FormatKind, Layout, Printer};
use crate::session::Session;
use crate::size::bytes;
use clap::ArgMatches;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is to be said of an option that this version knows but does not act on.
pub(super) fn later(matches: &ArgMatches) -> Option<String> {
    let name = if matches.get_flag("allow-env") {
        "allow-env"
    } else if matches.contains_id("master-password-file") {
        "master-password-file"
    } else {
        return None;
    };
    Some(format!("--{name} is not supported yet"))
}

pub(super) fn main(console: &Console, matches: &ArgMatches) -> u8 {
    let nothing_given = !matches.contains_id("file") && !matches.contains_id("code");
    if nothing_given && io::stdin().is_terminal() {
        return super::repl::main(console, matches);
    }
    if let Some(message) = later(matches) {
        return console.usage(&message);
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
    let layout = Layout { width: super::terminal_width(), ..Layout::default() };
    let mut printer = Printer::with_layout(io::stdout().lock(), format, layout);
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
    if let Some(error) = session.database().background_failure() {
        console.say(&format!("Warning: the storage's background work stopped: {error}\n"));
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
        scripts.push(input::read_standard_input()?);
    }
    Ok(scripts)
}

/// The format that `--format` names, or that which suits standard output.
pub(super) fn format(matches: &ArgMatches) -> Result<FormatKind, String> {
    let Some(name) = matches.get_one::<String>("format") else {
        let terminal = io::stdout().is_terminal();
        return Ok(if terminal { FormatKind::Box } else { FormatKind::Csv });
    };
    FormatKind::parse(name)
}

/// How the options open a database.
pub(super) fn options(matches: &ArgMatches) -> Result<Options, String> {
    let memory_limit = match matches.get_one::<String>("memory-limit") {
        Some(size) => Some(bytes(size)?),
        None => None,
    };
    Ok(Options {
        threads: matches.get_one::<u16>("threads").map(|threads| usize::from(*threads)),
        memory_limit,
        no_jit: matches.get_flag("no-jit"),
        read_only: matches.get_flag("read-only"),
    })
}

/// A session of the database that the options name.
pub(super) fn session(console: &Console, matches: &ArgMatches) -> Result<Session, u8> {
    let options = options(matches).map_err(|message| console.usage(&message))?;
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
