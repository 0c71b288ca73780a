//! Runs the examples of a page: the first must give its code, the second must not.

use crate::check::testing::diagnostics_of;
use grizzly_grammar::Page;

/// Checks that a page's first example shows its message and that its second mends it.
pub(crate) fn check_page(page: &Page) {
    let mut examples = page.explanation.split("```sql\n").skip(1);
    let mut example = || examples.next().and_then(|rest| rest.split("```").next()).unwrap_or("");
    let (wrong, right) = (example(), example());
    let found = diagnostics_of(wrong);
    assert!(
        found.iter().any(|diagnostic| diagnostic.code == page.code),
        "the wrong example gives {found:#?}"
    );
    let left = diagnostics_of(right);
    assert!(
        left.iter().all(|diagnostic| diagnostic.code != page.code && !diagnostic.is_error()),
        "the mended example gives {left:#?}"
    );
}
