//! The dot commands: their names, what they take, and what they do in a line.

use grizzly_compiler::suggest::similar;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Lists the commands.
    Help,
    /// Lists tables and views.
    Tables,
    /// Prints the statements that made the objects.
    Schema,
    /// Lists types.
    Types,
    /// Lists functions.
    Functions,
    /// Lists session variables.
    Variables,
    /// Names the open database.
    Databases,
    /// Lists indexes.
    Indexes,
    /// Shows or sets the output format.
    Mode,
    /// Switches the timer.
    Timer,
    /// Sets the rows that a box shows.
    MaxRows,
    /// Runs a file.
    Read,
    /// Opens another database.
    Open,
    /// Loads a file into a table.
    Import,
    /// Sends results to a file.
    Output,
    /// Sends the next result to a file.
    Once,
    /// Shows the plan before each query's rows.
    Explain,
    /// Shows a statement's bytecode.
    Bytecode,
    /// Prints the last result again.
    Last,
    /// Edits the last entry.
    Edit,
    /// Lists the entries.
    History,
    /// Describes an object, or lists tables.
    Describe,
    /// Switches between rows and lines.
    Expanded,
    /// Leaves.
    Leave,
    /// Belongs to something that this version does not do yet.
    Later,
}

/// A command.
#[derive(Debug)]
pub struct Command {
    /// Its names, the first of which the help shows.
    pub names: &'static [&'static str],
    /// What it takes.
    pub takes: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Which.
    pub action: Action,
}

const fn command(
    names: &'static [&'static str],
    takes: &'static str,
    action: Action,
    about: &'static str,
) -> Command {
    Command { names, takes, about, action }
}

/// All commands.
pub const COMMANDS: &[Command] = &[
    command(&[".backup"], "FILE", Action::Later, "Back the database up"),
    command(&[".bytecode"], "STATEMENT", Action::Bytecode, "Show a statement's bytecode"),
    command(&[".cron"], "", Action::Later, "List cron jobs"),
    command(&[".databases"], "", Action::Databases, "Show which database is open"),
    command(&[".edit"], "", Action::Edit, "Edit the last entry in $EDITOR and run it"),
    command(&[".exit", ".quit", "\\q"], "", Action::Leave, "Leave; so does Ctrl-D"),
    command(&[".explain"], "on|off", Action::Explain, "Show the plan before each query's rows"),
    command(&[".extensions"], "", Action::Later, "List extensions"),
    command(&[".functions", "\\df"], "[PATTERN]", Action::Functions, "List functions"),
    command(&[".help", "\\?"], "[PATTERN]", Action::Help, "List the commands"),
    command(&[".history"], "[N]", Action::History, "List the last entries"),
    command(&[".import"], "FILE TABLE", Action::Import, "Load a file into a table"),
    command(&[".indexes", "\\di"], "[PATTERN]", Action::Indexes, "List keys and indexes"),
    command(&[".last"], "", Action::Last, "Print the last result again"),
    command(&[".maxrows"], "[N]", Action::MaxRows, "How many rows a box shows; 0 for all"),
    command(&[".mode"], "[FORMAT]", Action::Mode, "How results are written: box, csv, json, …"),
    command(&[".once"], "FILE", Action::Once, "Send the next result to a file"),
    command(&[".open"], "[PATH]", Action::Open, "Open another database; in memory without PATH"),
    command(&[".output"], "[FILE]", Action::Output, "Send results to a file; back without FILE"),
    command(&[".plot"], "[KIND]", Action::Later, "Draw the last result"),
    command(&[".read"], "FILE", Action::Read, "Run a file"),
    command(&[".restore"], "FILE", Action::Later, "Restore a backup"),
    command(&[".schema"], "[NAME]", Action::Schema, "Print the statements that made the objects"),
    command(&[".secrets"], "", Action::Later, "List secrets"),
    command(&[".tables", "\\dt"], "[PATTERN]", Action::Tables, "List tables and views"),
    command(&[".timer", "\\timing"], "[on|off]", Action::Timer, "Show how long statements take"),
    command(&[".triggers"], "", Action::Later, "List triggers"),
    command(&[".types", "\\dT"], "[PATTERN]", Action::Types, "List types"),
    command(&[".variables"], "", Action::Variables, "List session variables"),
    command(&[".watch"], "SECONDS", Action::Later, "Run the last entry again and again"),
    command(&["\\d"], "[NAME]", Action::Describe, "Describe an object; list tables without NAME"),
    command(&["\\x"], "", Action::Expanded, "Switch between a row a line and a value a line"),
];

/// Whether a line is a command and no statement.
pub fn is_command(line: &str) -> bool {
    let mut characters = line.trim_start().chars();
    match characters.next() {
        Some('.') => characters.next().is_some_and(char::is_alphabetic),
        Some('\\') => true,
        _ => false,
    }
}

/// The command of a line, and the text of its arguments.
///
/// # Errors
/// A sentence for a line whose command is not known, with the nearest one.
pub fn find(line: &str) -> Result<(&'static Command, &str), String> {
    let line = line.trim();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    if let Some(found) = COMMANDS.iter().find(|command| command.names.contains(&name)) {
        return Ok((found, rest));
    }
    let names: Vec<&str> = COMMANDS.iter().flat_map(|command| command.names).copied().collect();
    let mut begun = names.iter().filter(|known| name.len() > 2 && known.starts_with(name));
    let near = match (begun.next(), begun.next()) {
        (Some(only), None) => Some((*only).into()),
        _ => similar(name, &names),
    };
    Err(match near {
        Some(near) => format!("there is no command {name}; did you mean {near}?"),
        None => format!("there is no command {name}; .help lists them"),
    })
}

/// The arguments of a command: words, or texts in quotes, in which the quote is doubled.
///
/// # Errors
/// A sentence for a quote that is open.
pub fn arguments(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start().chars().peekable();
    while let Some(first) = rest.next() {
        let mut word = String::new();
        if first == '\'' || first == '"' {
            loop {
                match rest.next() {
                    Some(next) if next == first && rest.peek() == Some(&first) => {
                        rest.next();
                        word.push(first);
                    }
                    Some(next) if next == first => break,
                    Some(next) => word.push(next),
                    None => return Err(format!("the {first} is not closed")),
                }
            }
        } else {
            word.push(first);
            while let Some(next) = rest.next_if(|next| !next.is_whitespace()) {
                word.push(next);
            }
        }
        found.push(word);
        while rest.next_if(|next| next.is_whitespace()).is_some() {}
    }
    Ok(found)
}

/// What `.help` prints: the commands whose name or meaning has the pattern in it.
pub fn help(pattern: &str) -> String {
    let wanted = pattern.to_lowercase();
    let mut out = String::new();
    for command in COMMANDS {
        let names = command.names.join(", ");
        let left = format!("{names} {}", command.takes);
        let later = if command.action == Action::Later { " (not supported yet)" } else { "" };
        let line = format!("{:<26} {}{later}\n", left.trim_end(), command.about);
        if line.to_lowercase().contains(&wanted) {
            out.push_str(&line);
        }
    }
    if out.is_empty() {
        out = format!("no command has `{pattern}` in it\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_statements() {
        assert!(is_command("  .tables") && is_command("\\d users"));
        assert!(!is_command(".5 + 1;") && !is_command("SELECT 1;") && !is_command(""));
    }

    #[test]
    fn an_unknown_command_suggests_the_nearest() {
        let (found, rest) = find(".mode  csv ").expect("a command");
        assert_eq!((found.action, rest), (Action::Mode, "csv"));
        let wrong = find(".tabels").expect_err("no command");
        assert_eq!(wrong, "there is no command .tabels; did you mean .tables?");
        let begun = find(".hist").expect_err("no command");
        assert_eq!(begun, "there is no command .hist; did you mean .history?");
        let lost = find(".abracadabra").expect_err("no command");
        assert_eq!(lost, "there is no command .abracadabra; .help lists them");
    }

    #[test]
    fn arguments_may_be_quoted() {
        let found = arguments("'a b.csv' t \"x\"\"y\"").expect("arguments");
        assert_eq!(found, ["a b.csv", "t", "x\"y"]);
        assert!(arguments("'a").is_err());
    }

    #[test]
    fn help_finds_by_name_and_meaning() {
        assert!(help("").lines().count() == COMMANDS.len());
        assert!(help("plan").starts_with(".explain on|off"));
        assert!(help(".plot").contains("not supported yet"));
    }
}
