//! The tree of a few statements, and what is said about broken ones, as text.

use grizzly_grammar::{Diagnostic, parse_script, printer};
use std::fmt::Write;

fn tree(source: &str) -> String {
    let parsed = parse_script(source);
    assert_eq!(parsed.diagnostics, [], "{source}");
    printer::print_tree(&parsed.tree.statements)
}

fn line(source: &str, found: &Diagnostic) -> String {
    let mut text = String::new();
    let mark = |span: grizzly_grammar::Span| format!("{span:?} `{}`", span.text(source));
    let _ = writeln!(text, "{} {}", found.code, found.message);
    let _ = writeln!(text, "  at {}: {}", mark(found.primary.span), found.primary.text);
    for label in &found.labels {
        let _ = writeln!(text, "  and {}: {}", mark(label.span), label.text);
    }
    for help in &found.help {
        let _ = writeln!(text, "  help: {help}");
    }
    for fix in &found.fixes {
        let _ = writeln!(text, "  fix {:?} → `{}`: {}", fix.span, fix.replacement, fix.message);
    }
    text
}

#[test]
fn trees() {
    for (name, source) in [
        (
            "query",
            "FROM users u SELECT u.name AS n, age + 1 * 2 WHERE age > 25 ORDER BY n LIMIT 3;",
        ),
        ("match", "MATCH x { 1..2 => \"a\", n IF n < 0 => { {y} } _ => -1 }"),
        ("pipes", "FROM t |> WHERE a = 1 |> map(r -> { id: r.id }); x |> f(1) |> m.g();"),
        ("sets", "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT (SELECT 4) ORDER BY 1;"),
        (
            "function",
            "--- Doubles.\nCREATE FUNCTION f(x: INT64 = 1) RETURNS INT64 NOT NULL RAISES E {\n\
             LET y = x * 2; IF y > 3 { RAISE E(\"m\") } TRY g(y) CATCH { _ => {y} }\n}",
        ),
        (
            "levels",
            "a OR b AND NOT c = d + e * -f::INT ?? g || h; x IN (1, 2); x IN (SELECT 1); x IN y; \
             x BETWEEN 1 AND 2 AND z; a = ANY (SELECT 1); b NOT LIKE 'x' ESCAPE '!';",
        ),
    ] {
        insta::assert_snapshot!(name, tree(source));
    }
}

#[test]
fn errors() {
    let sources = [
        "SELCT a FROM t; PRINT 1",
        "SELECT a FORM t;",
        "SELECT a FROM t WERE a = 1;",
        "SELECT a FROM t WHERE;",
        "SELECT a, FROM t; SELECT a b c FROM t;",
        "LET x = ;\nPRINT 1 +;\nSET y 3;",
        "PRINT 1\nPRINT 2;\nSELECT 1\nFROM t\nSELECT 2;",
        "CREATE FUNCTION f() {\n    LET a = ;\n    IF a b { PRINT 1 2; SET c = 1; }\n    \
         FOR IN { PRINT 3; }\n    PRINT (1;\n    TRUE\n}\nPRINT +;",
        "CREATE FUNCTION f() {\n    IF a { PRINT 1;\n}\nCREATE FUNCTION g() { 1 }\nPRINT 2;",
        "CREATE TABLE t (select INT, b);",
        "MATCH x { 1 => 2, 3 -> 4 }",
        "SELECT f(a b), [1 2], { a: 1 b: 2 } FROM t;",
        "TRY f();",
        "INSERT INTO t (a + 1) VALUES (1);",
        "CREATE SEQUENCE s; ALTER TYPE p ADD FIELD x INT; SET GLOBAL a = 1; SHOW TABELS; SHOW x;",
        "SELECT 'abc; PRINT 1;\nPRINT `a;\nPRINT 12ab; PRINT \"\\q\";",
        "SELECT 1 < 2 < 3, a |> f, a |> f() + 1;",
        "} PRINT 1; ) ]",
    ];
    let mut text = String::new();
    for source in sources {
        let _ = writeln!(text, "=== {source}");
        for found in &parse_script(source).diagnostics {
            text.push_str(&line(source, found));
        }
    }
    insta::assert_snapshot!("errors", text);
}
