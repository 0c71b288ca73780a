//! What each dot command does.

use super::commands::{self, Action};
use super::{Next, Shell};
use crate::database::Database;
use crate::output::{FormatKind, Printer};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// How deep files may read each other.
const READ_DEPTH: usize = 16;

impl Shell {
    /// Carries out a command.
    pub(super) fn command(&mut self, line: &str) -> Next {
        let (command, text) = match commands::find(line) {
            Ok(found) => found,
            Err(message) => {
                self.refuse(&message);
                return Next::Go;
            }
        };
        if command.action == Action::Leave {
            return Next::Leave;
        }
        if let Err(message) = self.perform(command, text) {
            self.refuse(&message);
        }
        Next::Go
    }

    fn perform(&mut self, command: &commands::Command, text: &str) -> Result<(), String> {
        match command.action {
            Action::Help => self.write(&commands::help(text)),
            Action::Tables => self.list("name, kind, rows", "tables", "name", text),
            Action::Types => self.list("name, kind, definition", "types", "name", text),
            Action::Functions => self.list("name, signature", "functions", "name", text),
            Action::Indexes => {
                self.list("name, table_name, columns, is_unique", "indexes", "table_name", text);
            }
            Action::Variables => self.list("name, type, value", "variables", "name", text),
            Action::Schema => self.schema(text),
            Action::Describe if text.is_empty() => {
                self.list("name, kind, rows", "tables", "name", "");
            }
            Action::Describe => {
                self.run("<command>", &format!("DESCRIBE {};", trimmed(text)), false);
            }
            Action::Databases => {
                let line = format!("{}\n", self.settings.database);
                self.write(&line);
            }
            Action::Mode => return self.mode(text),
            Action::Expanded => self.expand(),
            Action::Timer => {
                self.settings.timer = switch(text, !self.settings.timer)?;
                let state = if self.settings.timer { "on" } else { "off" };
                self.write(&format!("The timer is {state}.\n"));
            }
            Action::Explain => self.explain = switch(text, !self.explain)?,
            Action::MaxRows => return self.max_rows(text),
            Action::Read => return self.read(text),
            Action::Open => return self.open(text),
            Action::Import => return self.import(text),
            Action::Output => {
                self.file = None;
                if !text.is_empty() {
                    self.file = Some(create(&one(text)?)?);
                }
            }
            Action::Once => self.once = Some(create(&one(text)?)?),
            Action::Bytecode => {
                self.run("<command>", &format!("EXPLAIN BYTECODE {};", trimmed(text)), false);
            }
            Action::Last => return self.show_last(),
            Action::Edit => return self.edit(),
            Action::History => self.show_history(text)?,
            Action::Later => {
                let name = command.names.first().unwrap_or(&"this");
                return Err(format!("{name} is not supported yet"));
            }
            Action::Leave => {}
        }
        Ok(())
    }

    /// Lists columns of a table of `system`, those whose name is LIKE a pattern.
    fn list(&mut self, columns: &str, table: &str, name: &str, pattern: &str) {
        let filter = if pattern.is_empty() {
            String::new()
        } else {
            format!(" WHERE {name} ILIKE '{}'", pattern.trim_matches('\'').replace('\'', "''"))
        };
        let query = format!("SELECT {columns} FROM system.{table}{filter} ORDER BY {name};");
        self.run("<command>", &query, false);
    }

    /// Prints the statements that made all objects, or those of one name.
    fn schema(&mut self, name: &str) {
        let wanted = trimmed(name).trim_matches('`').to_lowercase();
        match self.session.stored_sources() {
            Ok(sources) => {
                let mut out = String::new();
                for (stored, source) in sources {
                    let last = stored.rsplit('.').next().unwrap_or(&stored);
                    if wanted.is_empty() || stored == wanted || last == wanted {
                        out.push_str(source.trim_end());
                        out.push_str(if source.trim_end().ends_with('}') { "\n" } else { ";\n" });
                    }
                }
                if out.is_empty() && !wanted.is_empty() {
                    self.refuse(&format!("there is no object {wanted}; .tables lists tables"));
                }
                self.write(&out);
            }
            Err(error) => {
                self.report(Err(error));
            }
        }
    }

    fn mode(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            let found = FormatKind::ALL.iter().find(|(_, kind)| *kind == self.settings.format);
            let line = format!("{}\n", found.map_or("", |(name, _)| *name));
            self.write(&line);
            return Ok(());
        }
        self.settings.format = FormatKind::parse(&one(text)?)?;
        self.collapsed = None;
        Ok(())
    }

    /// `\x`: between lines and the format before.
    fn expand(&mut self) {
        self.settings.format = match self.collapsed.take() {
            Some(before) => before,
            None => {
                self.collapsed = Some(self.settings.format);
                FormatKind::Line
            }
        };
        let state = if self.collapsed.is_some() { "on" } else { "off" };
        self.write(&format!("A value a line is {state}.\n"));
    }

    fn max_rows(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            let line = format!("{}\n", self.settings.max_rows);
            self.write(&line);
            return Ok(());
        }
        let rows = text.parse().map_err(|_| format!("`{text}` is no number of rows"))?;
        self.settings.max_rows = rows;
        Ok(())
    }

    /// Runs a file: its statements, and its dot commands where an entry may begin.
    fn read(&mut self, text: &str) -> Result<(), String> {
        let path = one(text)?;
        if self.depth == READ_DEPTH {
            return Err(format!("files read each other more than {READ_DEPTH} deep"));
        }
        let script = std::fs::read_to_string(&path);
        let script = script.map_err(|error| format!("{path} cannot be read: {error}"))?;
        self.run_script(&path, &script);
        Ok(())
    }

    /// Runs a script; what stands between dot commands is checked as a whole.
    pub(super) fn run_script(&mut self, name: &str, script: &str) {
        self.depth += 1;
        let mut part = String::new();
        for line in script.lines() {
            if commands::is_command(line) && !Shell::is_incomplete(&part) {
                let ran = self.statements(name, &std::mem::take(&mut part));
                if !ran || self.command(line) == Next::Leave {
                    self.depth -= 1;
                    return;
                }
                continue;
            }
            part.push_str(line);
            part.push('\n');
        }
        self.statements(name, &part);
        self.depth -= 1;
    }

    fn open(&mut self, text: &str) -> Result<(), String> {
        let sources = self.session.database().sources().clone();
        let (options, path) = (self.settings.options, text.trim());
        let opened = if path.is_empty() {
            Database::in_memory(options, sources)
        } else {
            Database::open(one(path)?, options, sources)
        };
        match opened {
            Ok(database) => {
                let mut session = database.session();
                session.use_cancel_flag(self.session.cancel_flag());
                if let Some(timeout) = self.settings.timeout {
                    session.set_timeout(timeout);
                }
                if self.session.in_transaction() {
                    self.write("The open transaction was rolled back.\n");
                }
                self.session = session;
                self.settings.database = if path.is_empty() { "memory" } else { path }.to_owned();
            }
            Err(error) => {
                self.report(Err(error));
            }
        }
        Ok(())
    }

    fn import(&mut self, text: &str) -> Result<(), String> {
        let found = commands::arguments(text)?;
        let [file, table] = found.as_slice() else {
            return Err(".import takes a FILE and a TABLE".into());
        };
        if !Path::new(file).exists() {
            return Err(format!("there is no file {file}"));
        }
        let (file, table) = (file.replace('\'', "''"), table.replace('`', "``"));
        self.run("<command>", &format!("COPY `{table}` FROM '{file}';"), false);
        Ok(())
    }

    fn show_last(&mut self) -> Result<(), String> {
        let last = self.last.clone().ok_or("there is no result yet")?;
        let (format, layout) = (self.settings.format, self.layout());
        let stream: &mut dyn Write = match &mut self.file {
            Some(file) => file,
            None => &mut self.standard,
        };
        let mut printer = Printer::with_layout(stream, format, layout);
        let printed = last.print(&mut printer);
        if last.dropped() > 0 {
            self.write(&format!("{} more rows were not kept\n", last.dropped()));
        }
        self.report(printed.map_err(Into::into));
        Ok(())
    }

    /// Lets the user's editor change the last entry, and runs what comes back.
    fn edit(&mut self) -> Result<(), String> {
        let last = self.history.iter().rev().find(|entry| !commands::is_command(entry));
        let last = last.cloned().unwrap_or_default();
        let wrong = |error: std::io::Error| format!("the entry cannot be edited: {error}");
        let mut file = tempfile::Builder::new().suffix(".gz").tempfile().map_err(wrong)?;
        writeln!(file, "{last}").map_err(wrong)?;
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let editor = variable("VISUAL").or_else(|| variable("EDITOR")).unwrap_or("vi".into());
        let mut words = editor.split_whitespace();
        let program = words.next().unwrap_or("vi");
        let status = Command::new(program).args(words).arg(file.path()).status();
        let status = status.map_err(|error| format!("{program} cannot be run: {error}"))?;
        if !status.success() {
            return Err(format!("{program} failed, nothing ran"));
        }
        let edited = std::fs::read_to_string(file.path()).map_err(wrong)?;
        self.write(&edited);
        self.enter(&edited);
        Ok(())
    }

    fn show_history(&mut self, text: &str) -> Result<(), String> {
        let all = self.history.len();
        let count = if text.is_empty() { all } else { number(text)? };
        let lines: String = self
            .history
            .iter()
            .enumerate()
            .skip(all.saturating_sub(count))
            .map(|(index, entry)| {
                format!("{:>5}  {}\n", index + 1, entry.replace('\n', "\n       "))
            })
            .collect();
        self.write(&lines);
        Ok(())
    }
}

/// An argument without a `;` that was typed from habit.
fn trimmed(text: &str) -> &str {
    text.trim().trim_end_matches(';').trim_end()
}

/// The only argument.
fn one(text: &str) -> Result<String, String> {
    let found = commands::arguments(text)?;
    match <[String; 1]>::try_from(found) {
        Ok([only]) => Ok(only),
        Err(found) if found.is_empty() => Err("an argument is missing; .help says which".into()),
        Err(found) => Err(format!("one argument is taken, not {}; quote it", found.len())),
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no number"))
}

fn switch(text: &str, toggled: bool) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "" => Ok(toggled),
        "on" => Ok(true),
        "off" => Ok(false),
        "analyze" => Err("EXPLAIN ANALYZE is not supported yet".into()),
        other => Err(format!("`{other}` is neither on nor off")),
    }
}

fn create(path: &str) -> Result<File, String> {
    File::create(path).map_err(|error| format!("{path} cannot be written: {error}"))
}
