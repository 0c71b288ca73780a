//! The commands and their options.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// The commands of this version with their help.
const COMMANDS: &[&str] = &[
    "run",
    "repl",
    "check",
    "build",
    "disasm",
    "explain",
    "db",
    "completions",
    "man",
    "new",
    "fmt",
];

/// The commands that are to come; they are known so that their names are not taken for files.
const LATER: &[&str] = &["test", "lsp", "cron", "debug", "doc"];

/// Parses the command line. `grizzlyc FILE` is `grizzlyc run FILE`, `grizzlyc` alone `grizzlyc
/// run`.
///
/// # Errors
/// Wrong usage, and requests for help or the version.
pub fn parse(mut arguments: Vec<OsString>) -> Result<ArgMatches, clap::Error> {
    if arguments.is_empty() {
        arguments.push("grizzlyc".into());
    }
    let first = arguments.get(1).and_then(|argument| argument.to_str());
    let known = |name: &str| COMMANDS.contains(&name) || LATER.contains(&name);
    let general = ["help", "-h", "--help", "-V", "--version"];
    if !first.is_some_and(|name| known(name) || general.contains(&name)) {
        arguments.insert(1, "run".into());
    }
    command().try_get_matches_from(arguments)
}

pub(super) fn command() -> Command {
    let later = LATER.iter().map(|name| {
        let rest = Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true);
        Command::new(*name).hide(true).arg(rest).arg(color()).disable_help_flag(true)
    });
    Command::new("grizzlyc")
        .about("PL-Grizzly: a typed SQL dialect with a functional language inside it")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .subcommand(run())
        .subcommand(repl())
        .subcommand(check())
        .subcommand(build())
        .subcommand(disasm())
        .subcommand(explain())
        .subcommand(db())
        .subcommand(completions())
        .subcommand(Command::new("man").about("Prints the manual page").arg(color()))
        .subcommand(new())
        .subcommand(fmt())
        .subcommands(later)
}

fn color() -> Arg {
    Arg::new("color")
        .long("color")
        .value_name("WHEN")
        .value_parser(["auto", "always", "never"])
        .default_value("auto")
        .help("Whether messages are coloured; NO_COLOR counts too")
}

fn database() -> Arg {
    Arg::new("db")
        .short('d')
        .long("db")
        .value_name("PATH")
        .value_parser(value_parser!(PathBuf))
        .help("The database's folder, made if missing; in memory without it")
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn file(help: &'static str) -> Arg {
    Arg::new("file").value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
}

fn run() -> Command {
    let code = Arg::new("code").short('c').value_name("CODE").action(ArgAction::Append);
    let command = Command::new("run")
        .about("Checks a whole script, then runs it")
        .arg(file("The script; `-`, or none on a pipe, is standard input"))
        .arg(code.help("A script given here; may be repeated"));
    session(command)
}

fn repl() -> Command {
    session(Command::new("repl").about("Runs what is entered; `.help` lists its own commands"))
}

/// A command with the options of a session.
fn session(command: Command) -> Command {
    let parameter = Arg::new("param").long("param").value_name("NAME=VALUE");
    let format = Arg::new("format").long("format").value_name("FORMAT");
    let threads = Arg::new("threads").long("threads").value_name("N");
    let memory = Arg::new("memory-limit").long("memory-limit").value_name("SIZE");
    let timeout = Arg::new("timeout").long("timeout").value_name("SECONDS");
    let password = Arg::new("master-password-file").long("master-password-file");
    let arguments = Arg::new("arguments").value_name("ARGS").num_args(0..).last(true);
    command
        .arg(database())
        .arg(flag("read-only", "Opens the database for reading only"))
        .arg(parameter.action(ArgAction::Append).help("The value of $NAME; may be repeated"))
        .arg(flag("allow-env", "Lets scripts read environment variables"))
        .arg(format.help("How results are written: box, csv, json, jsonl, line, markdown, …"))
        .arg(threads.value_parser(value_parser!(u16).range(1..)).help("Threads per statement"))
        .arg(memory.help("Memory for data, such as 512MB or 2GiB"))
        .arg(timeout.value_parser(seconds).help("The longest that a statement may take"))
        .arg(flag("no-jit", "Does not compile hot functions to native code"))
        .arg(password.value_name("FILE").help("Where the master password is read from"))
        .arg(flag("timer", "Writes the time and the rows of each statement to standard error"))
        .arg(flag("no-progress", "Shows no progress bar"))
        .arg(color())
        .arg(arguments.help("Become ARGS in the script"))
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds < 1e9 => Ok(seconds),
        _ => Err("a number of seconds above 0 is needed".to_owned()),
    }
}

fn check() -> Command {
    let formats = ["human", "json", "github", "sarif"];
    let format = Arg::new("format").long("format").value_name("FORMAT").default_value("human");
    Command::new("check")
        .about("Reports what is wrong with scripts; nothing runs")
        .arg(file("The scripts").num_args(1..).required(true))
        .arg(format.value_parser(formats).help("How messages are written"))
        .arg(database())
        .arg(color())
}

fn build() -> Command {
    let stages = ["tokens", "ast", "hir", "plan", "physical", "bytecode"];
    let emit = Arg::new("emit").long("emit").value_name("STAGE").value_parser(stages);
    let out = Arg::new("out").short('o').value_name("OUT").value_parser(value_parser!(PathBuf));
    Command::new("build")
        .about("Shows the text form of one stage of compilation")
        .arg(file("The script").required(true))
        .arg(emit.help("The stage to show"))
        .arg(out.help("The compiled unit to write"))
        .arg(flag("strip", "Leaves the source out of the compiled unit"))
        .arg(database())
        .arg(color())
}

fn disasm() -> Command {
    Command::new("disasm")
        .about("Shows a script's bytecode")
        .arg(file("The script").required(true))
        .arg(database())
        .arg(color())
}

fn explain() -> Command {
    let code = Arg::new("code").value_name("CODE").required(true);
    Command::new("explain")
        .about("Prints the page of a diagnostic")
        .arg(code.help("The code, such as E0308"))
        .arg(color())
}

fn completions() -> Command {
    let shell = Arg::new("shell").value_name("SHELL").required(true);
    Command::new("completions")
        .about("Prints completions for a shell")
        .arg(shell.value_parser(value_parser!(clap_complete::Shell)).help("bash, zsh, fish, …"))
        .arg(color())
}

fn new() -> Command {
    let name = Arg::new("name").value_name("NAME").required(true);
    Command::new("new")
        .about("Makes a small project to start from")
        .arg(name.value_parser(value_parser!(PathBuf)).help("The folder to make"))
        .arg(color())
}

fn db() -> Command {
    let path = || {
        let path = Arg::new("path").value_name("PATH").required(true);
        path.value_parser(value_parser!(PathBuf)).help("The database's folder")
    };
    let one = |name, about| Command::new(name).about(about).arg(path()).arg(color());
    Command::new("db")
        .about("Upkeep of a database")
        .subcommand_required(true)
        .arg(color())
        .subcommand(one("check", "Reads everything and reports what is damaged"))
        .subcommand(one("info", "Shows tables, files, the log and the stored objects"))
        .subcommand(one("compact", "Writes what is in the log into the tables' files"))
        .subcommand(one("backup", "Not supported yet").hide(true))
        .subcommand(one("restore", "Not supported yet").hide(true))
}

fn fmt() -> Command {
    Command::new("fmt")
        .about("Writes scripts in the one canonical layout")
        .arg(
            file("The scripts; `-` is standard input, formatted to standard output")
                .num_args(1..)
                .required(true),
        )
        .arg(flag("check", "Only lists the scripts whose layout would change; exit code 1 if any"))
        .arg(color())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<ArgMatches, clap::Error> {
        parse(line.split(' ').map(OsString::from).collect())
    }

    #[test]
    fn the_definitions_hold_together() {
        command().debug_assert();
    }

    #[test]
    fn a_file_alone_is_run() {
        let matches = parsed("grizzlyc x.gz --format json -- a -b").expect("parsed");
        let (name, run) = matches.subcommand().expect("a command");
        assert_eq!(name, "run");
        let arguments: Vec<&String> = run.get_many("arguments").expect("arguments").collect();
        assert_eq!(arguments, ["a", "-b"]);
        assert!(parsed("grizzlyc").expect("parsed").subcommand_matches("run").is_some());
        assert!(parsed("grizzlyc fmt --check x").is_ok());
        assert!(parsed("grizzlyc run --timeout 0").is_err());
    }
}
