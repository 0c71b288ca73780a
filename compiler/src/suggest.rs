//! "Did you mean": the names that are most like one that was not found.
//!
//! Distance is that of Damerau and Levenshtein in its restricted form (a swap of neighbours costs
//! one), over folded names. Nothing is suggested that differs in more than a third of its letters,
//! and nothing for a single letter.

use smol_str::SmolStr;

/// The most similar of `names` to `wanted`, if one is similar enough.
pub fn similar<'a, S: AsRef<str> + 'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a S>,
) -> Option<SmolStr> {
    let folded = wanted.to_ascii_lowercase();
    let letters = folded.chars().count();
    let limit = if letters < 2 { 0 } else { (letters / 3).max(1) };
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let name = name.as_ref();
        let distance = distance(&folded, &name.to_ascii_lowercase());
        let better = best.is_none_or(|(least, other)| (distance, name) < (least, other));
        if distance <= limit && better {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| SmolStr::new(name))
}

/// The number of insertions, removals, replacements and swaps between two texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut last: Option<char> = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let replace = get(&above, j) + usize::from(x != *y);
            let mut least = replace.min(get(&above, j + 1) + 1).min(get(&row, j) + 1);
            let swapped = j > 0 && last == Some(*y) && b.get(j - 1) == Some(&x);
            if swapped {
                least = least.min(get(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
        last = Some(x);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_far_ones_are_not() {
        let names = ["users", "orders", "customers"];
        assert_eq!(similar("usres", &names).as_deref(), Some("users"));
        assert_eq!(similar("USER", &names).as_deref(), Some("users"));
        assert_eq!(similar("ordres", &names).as_deref(), Some("orders"));
        assert_eq!(similar("lineitem", &names), None);
        assert_eq!(similar("x", &["y"]), None);
        assert_eq!(distance("abc", "acb"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
