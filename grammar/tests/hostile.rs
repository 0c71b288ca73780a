//! Any text at all: nothing panics, nothing overflows, and every place lies in the text.

use grizzly_grammar::split::{completeness, split};
use grizzly_grammar::{lexer, parse_expr, parse_script};
use proptest::prelude::*;

const LANGUAGE: &str = include_str!("data/language.gz");
const SUBSET: &str = include_str!("data/subset.gz");

/// Parses and checks what must hold for any text.
fn check(source: &str) -> Vec<&'static str> {
    let parsed = parse_script(source);
    for found in &parsed.diagnostics {
        let places = std::iter::once(&found.primary).chain(&found.labels);
        for place in places {
            assert!(source.get(place.span.range()).is_some(), "{found:?}\n{source}");
        }
    }
    for statement in &parsed.tree.statements {
        assert!(source.get(statement.span.range()).is_some(), "{:?}\n{source}", statement.span);
    }
    let error_nodes = format!("{:?}", parsed.tree).contains("Error");
    assert!(
        !parsed.diagnostics.is_empty() || !error_nodes || source.contains("Error"),
        "an error node without a message: {source}"
    );
    let _ = split(source);
    let _ = completeness(source);
    parsed.diagnostics.iter().map(|found| found.code).collect()
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{ ", "}"), ("f(", ")"), ("CASE WHEN ", " END")]
    {
        let source = format!("PRINT {}1{};", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(check(&source), ["E0206"], "{open}");
        assert!(!check(&open.repeat(100_000)).is_empty(), "{open}");
    }
    let ifs = format!("{}PRINT 1;{}", "IF a { ".repeat(50_000), "}".repeat(50_000));
    assert_eq!(check(&ifs), ["E0206"]);
}

#[test]
fn long_chains_are_safe() {
    for operator in [" + ", " = ", " |> ", ".", " -> ", " ?? ", "::", " UNION SELECT "] {
        let source = format!("SELECT {};", vec!["a"; 300_000].join(operator));
        assert_eq!(check(&source), ["E0206"], "{operator}");
    }
    for prefix in ["NOT ", "- ", "TRY ", "RAISE ", "IF ", "MATCH ", "AWAIT x -> "] {
        assert_eq!(check(&format!("PRINT {}a;", prefix.repeat(300_000))), ["E0206"], "{prefix}");
    }
    for operator in [" AND ", " OR ", " || ", ", "] {
        let operand = if operator == " || " { "a + 1" } else { "a = 1" };
        let source = format!("SELECT {};", vec![operand; 20_000].join(operator));
        let parsed = parse_script(&source);
        assert_eq!(parsed.diagnostics, []);
        assert_eq!(parsed.tree.clone(), parsed.tree);
        drop(parsed);
    }
}

#[test]
fn nesting_up_to_the_limit_is_fine() {
    for (open, close, count) in [("(", ")", 490), ("f(", ")", 490), ("{ LET x = 1; ", "}", 240)] {
        let source = format!("PRINT {}1{};", open.repeat(count), close.repeat(count));
        let parsed = parse_script(&source);
        assert_eq!(parsed.diagnostics, [], "{open}");
        assert_eq!(parsed.tree.clone(), parsed.tree);
    }
    let source = format!("PRINT {};", vec!["a"; 990].join(" + "));
    assert_eq!(parse_script(&source).diagnostics, []);
}

#[test]
fn many_errors_stay_linear_enough() {
    let block = format!("{{ {} }}", "LET x = ; ".repeat(5_000));
    assert!(!check(&block).is_empty());
    let lines = "LET x = ;\n".repeat(5_000);
    assert_eq!(check(&lines).len(), 5_000);
    check(&"ARRAY<".repeat(50_000));
    check(&"MAP {".repeat(5_000));
    check(&"CATCH { x => ".repeat(5_000));
    check(&format!("{} 1 {}", "((".repeat(20_000), "))".repeat(20_000)));
}

#[test]
fn a_sample_cut_anywhere() {
    for sample in LANGUAGE.split("\n\n").chain(SUBSET.split("\n\n")) {
        for (end, _) in sample.char_indices().step_by(3) {
            if let Some(cut) = sample.get(..end) {
                check(cut);
            }
        }
    }
}

#[test]
fn a_sample_without_any_one_token() {
    for sample in LANGUAGE.lines().chain(SUBSET.split("\n\n")) {
        for token in lexer::lex(sample).iter().step_by(2) {
            let mut broken = sample.to_owned();
            broken.replace_range(token.span.range(), "");
            check(&broken);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn any_text(source in any::<String>()) {
        check(&source);
        let _ = parse_expr(&source);
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(source) = grizzly_grammar::decode(&bytes) {
            check(source);
        }
    }

    #[test]
    fn any_tokens(picks in proptest::collection::vec((0_usize..4000, any::<bool>()), 0..60)) {
        let tokens = lexer::lex(LANGUAGE);
        let mut source = String::new();
        for (pick, newline) in picks {
            source.push_str(tokens[pick % tokens.len()].span.text(LANGUAGE));
            source.push(if newline { '\n' } else { ' ' });
        }
        check(&source);
        let _ = parse_expr(&source);
    }
}
