//! The diagnostics of planning and code generation: limits, things that this version cannot run
//! yet, and breaches of what checking promises.

use grizzly_bytecode::Place;
use grizzly_grammar::Span;
use grizzly_grammar::diagnostic::{Diagnostic, Page};

/// The pages of these diagnostics.
pub const PAGES: &[Page] = &[UNSUPPORTED, TOO_LARGE, NEGATIVE_LIMIT, INTERNAL];

const UNSUPPORTED: Page = Page {
    code: "E0901",
    title: "not supported yet",
    explanation: "The statement is correct, but this version of PL-Grizzly cannot run a part of \
it yet. The message names the part and marks its place.\n\nExample:\n\n```sql\nSELECT a.x FROM \
a LEFT JOIN b ON a.x < b.x;   -- an outer join needs an \
equality\n```\n\nMended:\n\n```sql\nSELECT a.x FROM a LEFT JOIN b ON a.x = b.x;\n```\n",
};

const TOO_LARGE: Page = Page {
    code: "E0902",
    title: "the statement is too large",
    explanation: "Compiled code counts registers, constants and instructions in 16 bits, so one \
function or one expression has room for 65,536 of each. Generated statements with tens of \
thousands of terms may go over the limit; split them, or put the values into a table and join.\n",
};

const NEGATIVE_LIMIT: Page = Page {
    code: "E0903",
    title: "LIMIT or OFFSET is negative",
    explanation: "LIMIT and OFFSET count rows, so they cannot be negative.\n\nExample:\n\n```sql\n\
SELECT * FROM users LIMIT -1;\n```\n\nMended: leave LIMIT out to get all rows.\n\n```sql\nSELECT * \
FROM users;\n```\n",
};

const INTERNAL: Page = Page {
    code: "E0999",
    title: "a bug in the compiler",
    explanation: "The checker accepted something that the rest of the compiler cannot \
translate. This is a bug in PL-Grizzly, not in your script; please report it with the \
statement that is marked.\n",
};

/// A part of a statement that this version cannot run.
pub fn unsupported(place: Place, what: &str) -> Diagnostic {
    Diagnostic::error("E0901", span(place), format!("{what} is not supported yet"))
}

/// A limit of the program format.
pub fn too_large(what: &str) -> Diagnostic {
    Diagnostic::error(
        "E0902",
        Span::default(),
        format!("the statement is too large: it needs {what}"),
    )
}

/// A negative LIMIT.
pub fn negative_limit(place: Place) -> Diagnostic {
    Diagnostic::error("E0903", span(place), "LIMIT and OFFSET must not be negative")
        .with_help("leave LIMIT out to get all rows")
}

/// A breach of what checking promises.
pub fn internal(place: Place, what: &str) -> Diagnostic {
    Diagnostic::error("E0999", span(place), format!("this is a bug in the compiler: {what}"))
}

fn span(place: Place) -> Span {
    Span::new(place.start, place.end)
}
