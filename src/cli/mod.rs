//! The command line: `grizzlyc`. Each command is a thin module over the library.

mod arguments;
mod build;
mod check;
mod db;
mod explain;
mod fmt;
mod input;
mod project;
mod repl;
mod run;

use crate::error::Error;
use crate::render::Renderer;
use crate::source::SourceMap;
use clap::ArgMatches;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

/// The exit codes of cli.md that no error of the library stands for.
mod code {
    pub const SUCCESS: u8 = 0;
    pub const USAGE: u8 = 2;
    pub const INTERRUPTED: u8 = 130;
}

/// What the commands share: where messages go, and how.
struct Console {
    renderer: Renderer,
    sources: Arc<SourceMap>,
}

impl Console {
    fn new(matches: &ArgMatches) -> Console {
        let color = match matches.get_one::<String>("color").map(String::as_str) {
            Some("always") => true,
            Some("never") => false,
            _ => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        Console { renderer: Renderer { color }, sources: Arc::default() }
    }

    /// Writes a message to standard error; a closed one is nobody's loss.
    fn say(&self, message: &str) {
        let _ = io::stderr().write_all(message.as_bytes());
    }

    /// A mistake in the use of the command; its exit code.
    fn usage(&self, message: &str) -> u8 {
        self.say(&format!("Error: {message}\n"));
        code::USAGE
    }

    /// Shows an error; its exit code.
    fn fail(&self, error: &Error) -> u8 {
        self.say(&self.renderer.error(error, &self.sources));
        error.exit_code()
    }
}

/// The columns of the terminal that standard output is, if it is one.
fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let (columns, _) = crossterm::terminal::size().ok()?;
    (columns > 0).then_some(usize::from(columns))
}

/// Runs a command line, program name included; the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let matches = match arguments::parse(arguments.into_iter().collect()) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and the version are no errors and go to standard output.
            let failed = error.use_stderr();
            let _ = error.print();
            return if failed { code::USAGE } else { code::SUCCESS };
        }
    };
    let Some((command, matches)) = matches.subcommand() else {
        // `parse` puts a command in front where none was given.
        return code::USAGE;
    };
    let console = Console::new(matches);
    match command {
        "run" => run::main(&console, matches),
        "repl" => repl::main(&console, matches),
        "check" => check::main(&console, matches),
        "build" => build::main(&console, matches),
        "disasm" => build::disassemble(&console, matches),
        "completions" => project::completions(matches),
        "man" => project::manual(&console),
        "new" => project::new(&console, matches),
        "db" => db::main(&console, matches),
        "explain" => explain::main(&console, matches),
        "fmt" => fmt::main(&console, matches),
        later => console.usage(&format!("`grizzlyc {later}` is not supported yet")),
    }
}
