//! Tokens and trees as stable indented text, for `--emit=tokens|ast` and for snapshots.
//!
//! The form of a tree follows its types: a line names a field and a variant, what belongs to it is
//! indented, and fields that say nothing (absent, empty, false) are left out, so a new optional
//! field changes no snapshot. The values of secrets are not shown.

use crate::lexer::lex;
use crate::token::Kind;
use std::fmt::{Debug, Write};

/// One line per token of a text: its place, its kind and its text.
#[must_use]
pub fn print_tokens(source: &str) -> String {
    let mut printed = String::new();
    let mut hides = false;
    for token in lex(source) {
        let text = token.span.text(source);
        let text = if hides && token.kind.is_text() { "•••" } else { text };
        // Writing to a String cannot fail.
        let _ = writeln!(printed, "{:?} {:?} {text:?}", token.span, token.kind);
        if !matches!(token.kind, Kind::Comment | Kind::DocComment) {
            hides = matches!(token.kind, Kind::Value | Kind::Password);
        }
    }
    printed
}

/// A tree, or any part of one.
#[must_use]
pub fn print_tree(tree: &impl Debug) -> String {
    let debugged = format!("{tree:#?}");
    let mut printer = Printer::default();
    for line in debugged.lines() {
        printer.line(line.trim());
    }
    printer.text.push('\n');
    printer.text
}

#[derive(Default)]
struct Printer {
    text: String,
    /// The open brackets; whether each one indents what is in it.
    open: Vec<bool>,
    /// The next line continues the last one: it is the content of a variant.
    continues: bool,
}

impl Printer {
    /// Takes one line of the derived form, in which every bracket that stays open ends its line.
    fn line(&mut self, line: &str) {
        if matches!(line, ")" | "]" | "}" | ")," | "]," | "},") {
            self.open.pop();
            self.continues = false;
            return;
        }
        let opener = line.chars().last().filter(|last| matches!(last, '(' | '[' | '{'));
        let content = line.trim_end_matches(',');
        let silent = [": None", ": []", ": false"].iter().any(|nothing| content.ends_with(nothing));
        if silent && opener.is_none() {
            return;
        }
        let content = match opener {
            Some(opener) => content.strip_suffix(opener).unwrap_or(content).trim_end(),
            None => content,
        };
        let content = content.strip_suffix("Some").unwrap_or(content).trim_end();
        self.write(content);
        if let Some(opener) = opener {
            self.open.push(opener != '(');
            self.continues = opener == '(';
        }
    }

    fn write(&mut self, content: &str) {
        if self.continues {
            self.continues = false;
            if !content.is_empty() {
                self.text.push(' ');
            }
        } else if !content.is_empty() || self.text.is_empty() {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            let depth = self.open.iter().filter(|indents| **indents).count();
            self.text.extend(std::iter::repeat_n("  ", depth));
        }
        self.text.push_str(content);
    }
}

#[cfg(test)]
mod tests {
    use super::{print_tokens, print_tree};

    #[test]
    fn secrets_are_not_shown() {
        let source = "CREATE SECRET s TYPE bearer VALUE 'hush';";
        assert!(!print_tokens(source).contains("hush"));
        assert!(!print_tree(&crate::parse_script(source).tree).contains("hush"));
    }
}
