//! Properties of the formatter over all scripts of the repository: it changes no tree, a second
//! run changes nothing, every comment survives once, and no text makes it panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its data fails")]

use grizzly_grammar::format::{format, meaning};
use grizzly_grammar::lexer::lex;
use grizzly_grammar::parse_script;
use grizzly_grammar::token::Kind;
use proptest::prelude::*;
use proptest::sample::Index;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below a folder with one of these endings.
fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, endings, found);
        } else if endings.iter().any(|ending| path.extension().is_some_and(|own| own == *ending)) {
            found.push(path);
        }
    }
}

/// The ```` ```sql ```` blocks of a Markdown text.
fn blocks(text: &str) -> Vec<String> {
    text.split("\n```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```").map(|(block, _)| format!("{block}\n")))
        .collect()
}

/// All scripts of the repository that parse, each with a name.
static CORPUS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let mut paths = Vec::new();
    for folder in ["grammar/tests/data", "examples", "tests", "compiler/tests/data", "docs"] {
        files(&root().join(folder), &["gz", "md"], &mut paths);
    }
    paths.sort();
    let mut corpus = Vec::new();
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let scripts = match path.extension().and_then(|ending| ending.to_str()) {
            Some("md") => blocks(&text),
            // The paragraphs of the grammar's files are scripts of their own.
            _ if name == "language.gz" => text.split("\n\n").map(str::to_owned).collect(),
            _ => vec![text],
        };
        for (nth, script) in scripts.into_iter().enumerate() {
            if !parse_script(&script).diagnostics.iter().any(|found| found.is_error()) {
                corpus.push((format!("{name} {nth}"), script));
            }
        }
    }
    corpus
});

fn comments(source: &str) -> Vec<&str> {
    let tokens = lex(source).into_iter();
    let comments = tokens.filter(|token| matches!(token.kind, Kind::Comment | Kind::DocComment));
    let mut texts: Vec<&str> = comments.map(|token| token.span.text(source).trim_end()).collect();
    texts.sort_unstable();
    texts
}

/// What must hold for every script that parses; says what does not.
fn check(source: &str) -> Result<String, String> {
    let formatted = keeps(source)?;
    let again = format(&formatted).map_err(|errors| format!("{errors:?}\n{formatted}"))?;
    if again != formatted {
        return Err(format!("not settled\n{source}\n=>\n{formatted}\n=>\n{again}"));
    }
    Ok(formatted)
}

/// The same, but for a second run: comments between any two tokens may move once more in it.
fn keeps(source: &str) -> Result<String, String> {
    let formatted = format(source).map_err(|errors| format!("{errors:?}\n{source}"))?;
    let (before, after) = (parse_script(source), parse_script(&formatted));
    if let Some(error) = after.diagnostics.iter().find(|found| found.is_error()) {
        let place = error.primary.span;
        return Err(format!("{place:?} {}\n{source}\n=>\n{formatted}", error.message));
    }
    let (before, after) = (meaning(&before.tree), meaning(&after.tree));
    if before != after {
        let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
        let around = |text: &str| {
            let start = same.saturating_sub(80);
            String::from_utf8_lossy(&text.as_bytes()[start..text.len().min(same + 80)]).into_owned()
        };
        let (before, after) = (around(&before), around(&after));
        return Err(format!("another tree\n{before}\n{after}\n{source}\n=>\n{formatted}"));
    }
    if comments(source) != comments(&formatted) {
        return Err(format!("other comments\n{source}\n=>\n{formatted}"));
    }
    Ok(formatted)
}

#[test]
fn every_script_of_the_repository_keeps_its_meaning() {
    assert!(CORPUS.len() > 100, "{}", CORPUS.len());
    let wrong: Vec<String> = CORPUS
        .iter()
        .filter_map(|(name, script)| check(script).err().map(|wrong| format!("{name}: {wrong}")))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CORPUS.len(), wrong.join("\n----\n"));
}

/// Scripts before and after, to be read; `FORMAT_UPDATE=1` writes the second ones anew.
#[test]
fn layouts_are_as_shown() {
    let path = root().join("grammar/tests/data/format.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut shown = String::new();
    for section in text.split_inclusive("\n```\n\n```text\n") {
        // What this section shows last is the result of the script before it.
        let section = match shown.is_empty() {
            true => section,
            false => section.split_once("```\n").unwrap().1,
        };
        shown.push_str(if shown.is_empty() { "" } else { "```\n" });
        shown.push_str(section);
        if let Some(before) = section.strip_suffix("\n```\n\n```text\n") {
            let script = before.rsplit_once("```sql\n").unwrap().1;
            shown.push_str(&check(&format!("{script}\n")).unwrap());
        }
    }
    if std::env::var_os("FORMAT_UPDATE").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    assert_eq!(shown, text);
}

/// What may stand between two tokens; `#` becomes a number, so that comments differ.
const GAPS: &[&str] = &[
    " ",
    " ",
    " ",
    " ",
    "\n",
    "\n\n",
    "\n\n\n    ",
    "\t",
    " /* c# */ ",
    " /* c# */\n",
    "\n/* c# */\n",
    "\n/* c# */ ",
    " -- c#\n",
    "\n-- c#\n",
    "\n\n-- c#\n\n",
    " -- c#\n-- d#\n",
    "\n/* c# */ /* d# */\n",
    " /* c#\n   d */ ",
    " -- c#   \r\n",
];

/// A script with other gaps between its tokens.
fn relaid(source: &str, gaps: &[Index]) -> String {
    let mut out = String::new();
    let mut gaps = gaps.iter().cycle();
    let mut count = 0;
    for token in lex(source) {
        if matches!(token.kind, Kind::Comment | Kind::DocComment) {
            continue;
        }
        if let Some(gap) = gaps.next() {
            count += 1;
            out.push_str(&gap.get(GAPS).replace('#', &count.to_string()));
        }
        out.push_str(token.span.text(source));
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_layout_keeps_its_meaning(
        script in any::<Index>(),
        gaps in prop::collection::vec(any::<Index>(), 1..60),
    ) {
        let (_, script) = script.get(&CORPUS);
        let source = relaid(script, &gaps);
        // A comment between some words makes another script, or none.
        if !parse_script(&source).diagnostics.iter().any(|found| found.is_error()) {
            keeps(&source).map_err(TestCaseError::fail)?;
        }
    }

    #[test]
    fn the_layout_does_not_depend_on_white_space(
        script in any::<Index>(),
        gaps in prop::collection::vec(0..2_usize, 1..60),
    ) {
        let (_, script) = script.get(&CORPUS);
        let mut sources = [String::new(), String::new()];
        let mut gaps = gaps.iter().cycle();
        for token in lex(script) {
            if matches!(token.kind, Kind::Comment | Kind::DocComment) {
                continue;
            }
            let text = token.span.text(script);
            let gap = gaps.next().map_or(" ", |gap| [" ", "\n  "][*gap]);
            sources[0].push_str(&format!(" {text}"));
            sources[1].push_str(&format!("{gap}{text}"));
        }
        prop_assert_eq!(format(&sources[0]), format(&sources[1]));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = format(&text);
    }

    #[test]
    fn no_piece_of_a_script_makes_it_panic(
        script in any::<Index>(),
        cuts in prop::collection::vec((any::<Index>(), any::<Index>()), 1..4),
    ) {
        let (_, script) = script.get(&CORPUS);
        let tokens = lex(script);
        prop_assume!(!tokens.is_empty());
        let mut text = String::new();
        for (from, to) in cuts {
            let (from, to) = (from.index(tokens.len()), to.index(tokens.len()));
            for token in &tokens[from.min(to)..=from.max(to)] {
                text.push_str(token.span.text(script));
                text.push(' ');
            }
        }
        if format(&text).is_ok() {
            check(&text).map_err(TestCaseError::fail)?;
        }
    }
}
