//! `grizzlyc build --emit` and `grizzlyc disasm`: the text form of one stage.
//!
//! The later stages need the objects that the script's own definitions make, so these are carried
//! out, in a transaction that is rolled back; nothing else of the script runs.

use super::check::write_out;
use super::{Console, code, input, run};
use crate::database::Options;
use crate::error::Error;
use crate::frontend::{self, Checked};
use crate::session::{Session, Stage};
use crate::source::Source;
use clap::ArgMatches;
use grizzly_grammar::Diagnostic;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn main(console: &Console, matches: &ArgMatches) -> u8 {
    match matches.get_one::<String>("emit") {
        Some(stage) => emit(console, matches, stage),
        None => console.usage("compiled units are not supported yet; give --emit=STAGE"),
    }
}

pub(super) fn disassemble(console: &Console, matches: &ArgMatches) -> u8 {
    emit(console, matches, "bytecode")
}

fn emit(console: &Console, matches: &ArgMatches, stage: &str) -> u8 {
    // The argument is required.
    let Some(path) = matches.get_one::<PathBuf>("file") else { return code::USAGE };
    let (name, text) = match input::read(path) {
        Ok(read) => read,
        Err(message) => return console.usage(&message),
    };
    let shown = run::open(console, matches, Options::default()).and_then(|database| {
        let mut session = database.session();
        let source = session.source(&name, &text);
        show(console, &mut session, &source, stage)
    });
    match shown {
        Ok(text) => {
            write_out(&text);
            code::SUCCESS
        }
        Err(error) => console.fail(&error),
    }
}

fn show(
    console: &Console,
    session: &mut Session,
    source: &Arc<Source>,
    stage: &str,
) -> Result<String, Error> {
    if stage == "tokens" {
        return Ok(frontend::show_tokens(&source.text));
    }
    if stage == "ast" {
        let parsed = frontend::parse(&source.text);
        refuse_errors(source, parsed.diagnostics)?;
        return Ok(format!("{:#?}\n", parsed.tree));
    }
    let mut checked = session.check(source);
    let diagnostics = std::mem::take(&mut checked.diagnostics);
    let notices = refuse_errors(source, diagnostics)?;
    console.say(&console.renderer.diagnostics(&notices, source.id, &console.sources));
    match stage {
        "hir" => Ok(grizzly_compiler::hir_print::print_statements(&checked.statements)),
        "plan" => session.emit_script(&checked, Stage::Plan),
        "physical" => session.emit_script(&checked, Stage::Physical),
        _ => session.emit_script(&checked, Stage::Bytecode),
    }
}

fn refuse_errors(source: &Source, diagnostics: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Error> {
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Error::Compile { source: source.id, diagnostics });
    }
    Ok(diagnostics)
}

impl Session {
    /// The text of a stage for each statement that is compiled, under a line with its source.
    fn emit_script(&mut self, checked: &Checked, stage: Stage) -> Result<String, Error> {
        self.begin_definitions(checked)?;
        let mut out = String::new();
        let outcome = checked.statements.iter().try_for_each(|statement| {
            if self.define_only(statement)? {
                return Ok(());
            }
            let text = self.emit(stage, statement)?;
            if !text.is_empty() {
                let blank = if out.is_empty() { "" } else { "\n" };
                let (line, text) = (self.first_line(statement), text.trim_end());
                out.push_str(&format!("{blank}-- {line}\n{text}\n"));
            }
            Ok(())
        });
        self.end_definitions();
        outcome.map(|()| out)
    }
}
