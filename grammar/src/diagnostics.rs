//! The syntax errors, one file each, and their registry.
//!
//! `E01xx` are about tokens, `E02xx` about statements; what needs meaning belongs to the compiler.

pub mod e0101;
pub mod e0102;
pub mod e0103;
pub mod e0104;
pub mod e0105;
pub mod e0106;
pub mod e0107;
pub mod e0201;
pub mod e0202;
pub mod e0203;
pub mod e0204;
pub mod e0205;
pub mod e0206;
pub mod e0207;
pub mod e0208;
pub mod e0209;
pub mod e0210;
pub mod e0212;
pub mod e0213;
pub mod e0214;
pub mod e0215;
pub mod e0216;
pub mod e0217;
pub mod e0218;
pub mod e0219;
pub mod e0220;
pub mod e0221;
pub mod e0222;
pub mod e0223;
pub mod e0224;
pub mod e0225;

use crate::diagnostic::Page;

/// The pages of all codes of this crate, ascending.
pub const PAGES: &[Page] = &[
    e0101::PAGE,
    e0102::PAGE,
    e0103::PAGE,
    e0104::PAGE,
    e0105::PAGE,
    e0106::PAGE,
    e0107::PAGE,
    e0201::PAGE,
    e0202::PAGE,
    e0203::PAGE,
    e0204::PAGE,
    e0205::PAGE,
    e0206::PAGE,
    e0207::PAGE,
    e0208::PAGE,
    e0209::PAGE,
    e0210::PAGE,
    e0212::PAGE,
    e0213::PAGE,
    e0214::PAGE,
    e0215::PAGE,
    e0216::PAGE,
    e0217::PAGE,
    e0218::PAGE,
    e0219::PAGE,
    e0220::PAGE,
    e0221::PAGE,
    e0222::PAGE,
    e0223::PAGE,
    e0224::PAGE,
    e0225::PAGE,
];

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn one_of(list: &[String]) -> String {
    match list {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

/// Shows that the first example of a page has its fault, and the second has none.
#[cfg(test)]
pub(crate) fn check_page(page: &Page) {
    let mut examples = page.explanation.split("```sql\n").skip(1);
    let mut next = || examples.next().and_then(|rest| rest.split("```").next()).expect(page.code);
    let (wrong, mended) = (next(), next());
    let found: Vec<_> = crate::parse_script(wrong).diagnostics;
    let codes: Vec<_> = found.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, [page.code], "{wrong}: {found:?}");
    for diagnostic in found {
        let text = diagnostic.primary.span.range();
        assert!(wrong.get(text).is_some(), "{}: the place lies in the text", page.code);
    }
    let rest = crate::parse_script(mended).diagnostics;
    assert!(rest.is_empty(), "{mended}: {rest:?}");
}

#[cfg(test)]
mod tests {
    use super::PAGES;

    #[test]
    fn codes_are_unique_and_ascending() {
        assert!(PAGES.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}
