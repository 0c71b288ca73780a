//! `grizzlyc repl`: the shell on a terminal, or fed by a pipe.

use super::{Console, code, run};
use crate::output::FormatKind;
use crate::render::Renderer;
use crate::repl::{Next, Settings, Shell, editor};
use clap::ArgMatches;
use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

/// The rows that a box shows of a long result.
const MAX_ROWS: usize = 40;

pub(super) fn main(console: &Console, matches: &ArgMatches) -> u8 {
    if let Some(message) = run::later(matches) {
        return console.usage(&message);
    }
    let format = match run::format(matches) {
        Ok(format) => format,
        Err(message) => return console.usage(&message),
    };
    match shell(console, matches, format) {
        Ok(mut shell) => converse(console, &mut shell),
        Err(code) => code,
    }
}

fn shell(console: &Console, matches: &ArgMatches, format: FormatKind) -> Result<Shell, u8> {
    let session = run::session(console, matches)?;
    let database = matches.get_one::<PathBuf>("db");
    let settings = Settings {
        format,
        timer: matches.get_flag("timer"),
        max_rows: MAX_ROWS,
        width: super::terminal_width,
        options: run::options(matches).map_err(|message| console.usage(&message))?,
        timeout: matches.get_one::<f64>("timeout").map(|limit| Duration::from_secs_f64(*limit)),
        database: database.map_or("memory".to_owned(), |path| path.display().to_string()),
    };
    let renderer = Renderer { color: console.renderer.color };
    let (out, messages) = (Box::new(io::stdout()), Box::new(io::stderr()));
    Ok(Shell::new(session, settings, renderer, out, messages))
}

/// Feeds the shell until it is left or there is nothing more.
fn converse(console: &Console, shell: &mut Shell) -> u8 {
    // Without a way to hear of Ctrl-C the process ends by it, which is all that can be done.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, shell.cancel_flag());
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return match shell.read_lines(io::stdin().lock().lines()) {
            Ok(_) => shell.exit_code(),
            Err(error) => console.usage(&format!("standard input cannot be read: {error}")),
        };
    }
    if let Some(path) = configuration().filter(|path| path.exists()) {
        let line = format!(".read '{}'", path.display().to_string().replace('\'', "''"));
        if shell.enter(&line) == Next::Leave {
            return code::SUCCESS;
        }
    }
    console.say("grizzlyc ");
    console.say(env!("CARGO_PKG_VERSION"));
    console.say(": statements end with `;`, .help lists the commands, Ctrl-D leaves\n");
    match editor::run(shell, history().as_deref(), console.renderer.color) {
        Ok(()) => code::SUCCESS,
        Err(error) => console.usage(&format!("the terminal cannot be used: {error}")),
    }
}

/// A folder of the XDG base directory specification: its variable, or its place at home.
fn base(variable: &str, at_home: &str) -> Option<PathBuf> {
    let given = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(at_home));
    Some(given.or_else(home)?.join("grizzly"))
}

/// The script that runs before the first entry.
fn configuration() -> Option<PathBuf> {
    Some(base("XDG_CONFIG_HOME", ".config")?.join("rc.gz"))
}

fn history() -> Option<PathBuf> {
    Some(base("XDG_STATE_HOME", ".local/state")?.join("history"))
}
