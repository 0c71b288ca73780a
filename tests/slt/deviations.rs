//! The deviations of `deviations.md`: each heading is a reason, each line of its code block says
//! which records it covers.

use grizzly::Error;

/// All deviations.
pub struct Deviations {
    rules: Vec<Rule>,
}

/// Which records a deviation covers.
enum Rule {
    /// `raises NAME`: those that raise this exception.
    Raises(String),
    /// `rejects CODE PATTERN`: those that have this compile error and hold the pattern.
    Rejects(String, String),
    /// `differs PATTERN`: those that hold the pattern and give other rows.
    Differs(String),
}

impl Deviations {
    /// Reads the code blocks of a Markdown file.
    pub fn read(markdown: &str) -> Deviations {
        let mut rules = Vec::new();
        let mut inside = false;
        for line in markdown.lines() {
            if line.starts_with("```") {
                inside = !inside;
            } else if inside && !line.trim().is_empty() {
                rules.push(Rule::read(line.trim()));
            }
        }
        Deviations { rules }
    }

    /// Whether an error of a record is listed.
    pub fn covers_error(&self, sql: &str, error: &Error) -> bool {
        self.rules.iter().any(|rule| match (rule, error) {
            (Rule::Raises(name), Error::Raised(fault)) => fault.is(name),
            (Rule::Rejects(code, pattern), Error::Compile { diagnostics, .. }) => {
                let first = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
                let same = first.is_some_and(|diagnostic| diagnostic.code == *code);
                same && holds(sql, pattern)
            }
            _ => false,
        })
    }

    /// Whether other rows of a record are listed.
    pub fn covers_rows(&self, sql: &str) -> bool {
        self.rules.iter().any(|rule| matches!(rule, Rule::Differs(pattern) if holds(sql, pattern)))
    }
}

/// Whether a statement holds a pattern, in which `%` stands for any text.
fn holds(sql: &str, pattern: &str) -> bool {
    let mut rest = sql;
    pattern.split('%').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

impl Rule {
    fn read(line: &str) -> Rule {
        let (kind, rest) = line.split_once(' ').expect("a kind and what it covers");
        match kind {
            "raises" => Rule::Raises(rest.to_owned()),
            "rejects" => {
                let (code, pattern) = rest.split_once(' ').expect("a code and a pattern");
                Rule::Rejects(code.to_owned(), pattern.to_owned())
            }
            "differs" => Rule::Differs(rest.to_owned()),
            other => panic!("{other} is no kind of deviation"),
        }
    }
}
