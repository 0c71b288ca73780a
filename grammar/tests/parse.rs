//! What parses and what does not, over whole scripts.

use grizzly_grammar::parse_script;

/// The diagnostics of a source, one line each.
fn problems(source: &str) -> Vec<String> {
    let parsed = parse_script(source);
    let line = |found: &grizzly_grammar::Diagnostic| {
        let place = found.primary.span.text(source);
        format!("{} {} at `{place}`: {}", found.code, found.message, found.primary.text)
    };
    parsed.diagnostics.iter().map(line).collect()
}

/// All paragraphs of a file parse without a diagnostic.
fn all_clean(file: &str) {
    let wrong: Vec<_> = file
        .split("\n\n")
        .map(|source| (source, problems(source)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_subset_parses() {
    all_clean(include_str!("data/subset.gz"));
}
