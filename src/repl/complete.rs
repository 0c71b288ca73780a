//! What may be written at a place of an entry: keywords, tables, columns of the tables in reach,
//! functions, methods, types, variables, files and dot commands.
//!
//! It works on tokens, as an entry that is being written seldom parses.

use super::commands;
use crate::output::FormatKind;
use grizzly_grammar::ast::fold;
use grizzly_grammar::lexer::lex;
use grizzly_grammar::token::{Kind, Token, keywords};
use std::path::Path;

/// The names that a session knows.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Tables and views with the names and types of their columns.
    pub tables: Vec<(String, Vec<(String, String)>)>,
    /// Types that scripts made.
    pub types: Vec<String>,
    /// Functions, built-in ones too.
    pub functions: Vec<String>,
    /// Session variables.
    pub variables: Vec<String>,
}

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The text that replaces what stands from `start` to the cursor.
    pub text: String,
    /// What it is.
    pub about: String,
    /// The byte offset from which text is replaced.
    pub start: usize,
}

/// The names of the built-in types.
const TYPES: &[&str] = &[
    "BIGINT",
    "BLOB",
    "BOOLEAN",
    "DATE",
    "DECIMAL",
    "DOUBLE",
    "FLOAT32",
    "INT16",
    "INT32",
    "INT64",
    "INT8",
    "INTEGER",
    "INTERVAL",
    "JSON",
    "TEXT",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "UUID",
    "VARCHAR",
];

/// What may stand at the byte offset `at` of an entry, best first.
pub fn complete(entry: &str, at: usize, names: &Names) -> Vec<Completion> {
    let Some(before) = entry.get(..at) else { return Vec::new() };
    if commands::is_command(before) {
        return command(before, names);
    }
    let tokens = lex(entry);
    let open = tokens.iter().find(|token| {
        let text = matches!(token.kind, Kind::SingleText | Kind::OpenText);
        text && (token.span.start as usize) < at && at <= token.span.end as usize
    });
    if let Some(text) = open {
        let closed = text.kind == Kind::SingleText && text.span.end as usize == at;
        let start = text.span.start as usize + 1;
        return if closed { Vec::new() } else { files(before.get(start..).unwrap_or(""), start) };
    }
    let start = word_start(before);
    let word = before.get(start..).unwrap_or("");
    let place = Place::new(entry, &tokens, start);
    let mut found = Found { word: fold(word).to_string(), start, found: Vec::new() };
    place.offer(names, word, &mut found);
    found.found
}

/// Where the word before the cursor begins.
fn word_start(before: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let word = before.trim_end_matches(part);
    word.len()
}

struct Found {
    /// The folded beginning that a completion must have.
    word: String,
    start: usize,
    found: Vec<Completion>,
}

impl Found {
    fn add(&mut self, text: impl Into<String>, about: impl Into<String>) {
        let (text, about, start) = (text.into(), about.into(), self.start);
        let fits = fold(&text).starts_with(self.word.as_str());
        if fits && !self.found.iter().any(|known| known.text == text) {
            self.found.push(Completion { text, about, start });
        }
    }
}

/// The statement around a word.
struct Place<'a> {
    entry: &'a str,
    /// The tokens of the statement.
    statement: &'a [Token],
    /// Those before the word.
    before: &'a [Token],
}

impl<'a> Place<'a> {
    fn new(entry: &'a str, tokens: &'a [Token], start: usize) -> Place<'a> {
        let word = tokens.partition_point(|token| (token.span.start as usize) < start);
        let (left, right) = tokens.split_at(word);
        let ends = |token: &Token| token.kind == Kind::Semicolon;
        let first = left.iter().rposition(ends).map_or(0, |end| end + 1);
        let end = right.iter().position(ends).map_or(tokens.len(), |end| word + end);
        let statement = tokens.get(first..end).unwrap_or(&[]);
        Place { entry, statement, before: left.get(first..).unwrap_or(&[]) }
    }

    fn text(&self, token: &Token) -> &'a str {
        token.span.text(self.entry).trim_matches('`')
    }

    fn offer(&self, names: &Names, word: &str, found: &mut Found) {
        let last = self.before.last();
        match last.map(|token| token.kind) {
            Some(Kind::Dot) => self.after_dot(names, found),
            Some(Kind::DoubleColon) => types(names, found),
            Some(Kind::LeftBrace) if self.names_variable() => variables(names, found),
            Some(
                Kind::From
                | Kind::Join
                | Kind::Into
                | Kind::Update
                | Kind::Table
                | Kind::View
                | Kind::Describe
                | Kind::Truncate,
            ) => tables(names, found),
            _ => {
                self.columns(names, found);
                if self.wants_type() {
                    types(names, found);
                }
                keyword(word, found);
                tables(names, found);
                functions(names, found);
                types(names, found);
                variables(names, found);
            }
        }
    }

    /// Whether the brace before the word is that of a `{variable}` and not of a block.
    fn names_variable(&self) -> bool {
        let count = self.before.len();
        let owner = count.checked_sub(2).and_then(|at| self.before.get(at));
        owner.is_some_and(|token| {
            let block = matches!(token.kind, Kind::RightParen | Kind::Else | Kind::Word);
            !block && !matches!(token.kind, Kind::FatArrow | Kind::Arrow)
        })
    }

    /// Whether the word is the type of a column or of a cast.
    fn wants_type(&self) -> bool {
        let creates = self.statement.first().is_some_and(|token| token.kind == Kind::Create);
        let after_as = self.before.last().is_some_and(|token| token.kind == Kind::As);
        creates || (after_as && self.before.iter().any(|token| token.kind == Kind::Cast))
    }

    /// After `name.`: columns where it is a table or an alias, `system` tables, else methods.
    fn after_dot(&self, names: &Names, found: &mut Found) {
        let count = self.before.len();
        let owner = count.checked_sub(2).and_then(|at| self.before.get(at));
        let owner = owner.filter(|token| token.kind.is_word()).map(|token| self.text(token));
        let Some(owner) = owner else { return functions(names, found) };
        let known = found.found.len();
        for (name, _) in &names.tables {
            let inner = name.split_once('.').filter(|(schema, _)| fold(schema) == fold(owner));
            if let Some((_, table)) = inner {
                found.add(table, "table");
            }
        }
        for (table, alias) in self.sources() {
            if fold(alias) == fold(owner) {
                add_columns(table, names, found);
            }
        }
        let is_source = self.sources().iter().any(|(_, alias)| fold(alias) == fold(owner));
        if !is_source && found.found.len() == known {
            functions(names, found);
        }
    }

    fn columns(&self, names: &Names, found: &mut Found) {
        for (table, alias) in self.sources() {
            add_columns(table, names, found);
            found.add(alias, "alias");
        }
    }

    /// The tables of the statement with the names that they go by in it.
    fn sources(&self) -> Vec<(&'a str, &'a str)> {
        let mut sources = Vec::new();
        let mut tokens = self.statement.iter().peekable();
        let mut listing = false;
        while let Some(token) = tokens.next() {
            let begins = matches!(token.kind, Kind::From | Kind::Join | Kind::Into | Kind::Update);
            let goes_on = listing && token.kind == Kind::Comma;
            listing = begins || goes_on;
            if !listing {
                continue;
            }
            let Some(mut name) = tokens.next_if(|next| next.kind.is_word()) else { continue };
            while tokens.next_if(|next| next.kind == Kind::Dot).is_some() {
                name = tokens.next_if(|next| next.kind.is_word()).unwrap_or(name);
            }
            let table = self.text(name);
            let named = tokens.next_if(|next| next.kind == Kind::As).is_some();
            let plain = |next: &&Token| {
                matches!(next.kind, Kind::Word | Kind::QuotedWord) || (named && next.kind.is_word())
            };
            let alias = tokens.next_if(plain).map_or(table, |alias| self.text(alias));
            sources.push((table, alias));
        }
        sources
    }
}

fn add_columns(table: &str, names: &Names, found: &mut Found) {
    let last = |name: &str| fold(name.rsplit('.').next().unwrap_or(name));
    let known = names.tables.iter().find(|(name, _)| last(name) == fold(table));
    for (column, ty) in known.map_or(&[][..], |(_, columns)| columns) {
        found.add(column, ty);
    }
}

fn tables(names: &Names, found: &mut Found) {
    for (table, _) in &names.tables {
        // The tables of `system` are offered after its dot.
        found.add(table.split('.').next().unwrap_or(table), "table");
    }
}

fn types(names: &Names, found: &mut Found) {
    names.types.iter().for_each(|name| found.add(name, "type"));
    TYPES.iter().for_each(|name| found.add(*name, "type"));
}

fn functions(names: &Names, found: &mut Found) {
    names.functions.iter().for_each(|name| found.add(name, "function"));
}

fn variables(names: &Names, found: &mut Found) {
    names.variables.iter().for_each(|name| found.add(name, "variable"));
}

/// Keywords in the case of the word that is being written.
fn keyword(word: &str, found: &mut Found) {
    // Without a letter there are too many to be of help.
    let Some(first) = word.chars().next() else { return };
    for text in keywords() {
        let text = if first.is_lowercase() { text.to_lowercase() } else { (*text).to_owned() };
        found.add(text, "keyword");
    }
}

/// Completions of a dot command or of its argument.
fn command(before: &str, names: &Names) -> Vec<Completion> {
    let indent = before.len() - before.trim_start().len();
    let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1).max(indent);
    let word = before.get(start..).unwrap_or("");
    let mut found = Found { word: fold(word).to_string(), start, found: Vec::new() };
    if start == indent {
        for command in commands::COMMANDS {
            command.names.iter().for_each(|name| found.add(*name, command.about));
        }
        return found.found;
    }
    let name = before.get(indent..).and_then(|line| line.split_whitespace().next()).unwrap_or("");
    match name {
        ".mode" => FormatKind::ALL.iter().for_each(|(name, _)| found.add(*name, "format")),
        ".timer" | "\\timing" | ".explain" => {
            ["on", "off"].iter().for_each(|word| found.add(*word, ""));
        }
        ".schema" | ".tables" | "\\d" | "\\dt" => tables(names, &mut found),
        ".functions" | "\\df" => functions(names, &mut found),
        ".types" => types(names, &mut found),
        ".import" if before.split_whitespace().count() > 2 => tables(names, &mut found),
        ".read" | ".open" | ".import" | ".output" | ".once" => return files(word, start),
        _ => {}
    }
    found.found
}

/// The files whose path begins with what was written.
fn files(written: &str, start: usize) -> Vec<Completion> {
    let (folder, name) = match written.rfind('/') {
        Some(at) => written.split_at(at + 1),
        None => ("", written),
    };
    let listed = std::fs::read_dir(Path::new(if folder.is_empty() { "." } else { folder }));
    let mut found: Vec<Completion> = Vec::new();
    for entry in listed.into_iter().flatten().flatten() {
        let Ok(found_name) = entry.file_name().into_string() else { continue };
        let hidden = found_name.starts_with('.') && !name.starts_with('.');
        if !found_name.starts_with(name) || hidden {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let (slash, about) = if is_folder { ("/", "folder") } else { ("", "file") };
        let text = format!("{folder}{found_name}{slash}");
        found.push(Completion { text, about: about.to_owned(), start });
    }
    found.sort_by(|a, b| a.text.cmp(&b.text));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let column = |name: &str, ty: &str| (name.to_owned(), ty.to_owned());
        Names {
            tables: vec![
                ("users".into(), vec![column("id", "INT64"), column("name", "TEXT")]),
                ("orders".into(), vec![column("id", "INT64"), column("total", "DOUBLE")]),
                ("system.tables".into(), vec![column("sql", "TEXT")]),
            ],
            types: vec!["color".into()],
            functions: vec!["lower".into(), "length".into(), "total_of".into()],
            variables: vec!["limit_of".into()],
        }
    }

    /// The completions at the `|` of an entry.
    fn at(entry: &str) -> Vec<String> {
        let cursor = entry.find('|').expect("a cursor");
        let found = complete(&entry.replace('|', ""), cursor, &names());
        found.into_iter().map(|completion| completion.text).collect()
    }

    #[test]
    fn columns_come_after_an_alias() {
        assert_eq!(at("SELECT u.| FROM users AS u"), ["id", "name"]);
        assert_eq!(at("FROM users u JOIN orders o ON o.to|"), ["total"]);
        assert_eq!(at("SELECT 1; FROM orders SELECT orders.|"), ["id", "total"]);
        assert_eq!(at("SELECT tables.| FROM system.tables"), ["sql"]);
    }

    #[test]
    fn columns_in_reach_come_first() {
        assert_eq!(at("SELECT to| FROM orders"), ["total", "to", "total_of"]);
        assert_eq!(at("SELECT na| FROM users; FROM orders"), ["name", "natural"]);
    }

    #[test]
    fn places_say_what_is_wanted() {
        assert_eq!(at("SELECT * FROM |"), ["users", "orders", "system"]);
        assert_eq!(at("FROM system.|"), ["tables"]);
        assert_eq!(at("SELECT 1::TIMES|"), ["TIMESTAMP", "TIMESTAMPTZ"]);
        assert_eq!(at("SELECT 1 + {lim|"), ["limit_of"]);
        assert_eq!(at("SEL|"), ["SELECT"]);
        assert_eq!(at("sel|"), ["select"]);
        assert_eq!(at("x.leng|"), ["length"]);
    }

    #[test]
    fn commands_and_their_arguments_are_completed() {
        assert_eq!(at(".ta|"), [".tables"]);
        assert_eq!(at(".mode js|"), ["json", "jsonl"]);
        assert_eq!(at(".schema us|"), ["users"]);
    }

    #[test]
    fn files_are_completed_in_texts() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("flights.csv"), "").expect("a file");
        std::fs::create_dir(folder.path().join("flight")).expect("a folder");
        let path = folder.path().to_str().expect("a path");
        let found = at(&format!("FROM '{path}/fl|"));
        assert_eq!(found, [format!("{path}/flight/"), format!("{path}/flights.csv")]);
        assert_eq!(at(&format!("FROM '{path}/fl|'")).len(), 2);
        assert!(at("SELECT 'a'|").is_empty());
    }

    #[test]
    fn any_text_and_place_are_taken() {
        let entry = "SELECT 'ä' FROM users AS u WHERE {x} .. `q` /* c */ u. ; .x";
        for cursor in 0..=entry.len() + 1 {
            complete(entry, cursor, &names());
        }
    }
}
