//! How far two texts are apart, in characters.

use crate::arguments::{cast_error, text};
use crate::registry::Bodies;
use grizzly_bytecode::{Builtin, Fault, Value};
use grizzly_vm::native::NativeContext;
use std::collections::BTreeSet;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[
    ("levenshtein", levenshtein),
    ("damerau_levenshtein", damerau_levenshtein),
    ("hamming", hamming),
    ("jaro_similarity", jaro_similarity),
    ("jaro_winkler_similarity", jaro_winkler_similarity),
    ("jaccard", jaccard),
];

/// The most cells of a table of distances.
const MAX_CELLS: usize = 1 << 26;

fn characters(arguments: &[Value]) -> Result<(Vec<char>, Vec<char>), Fault> {
    Ok((text(arguments, 0)?.chars().collect(), text(arguments, 1)?.chars().collect()))
}

fn check_cells(a: &[char], b: &[char]) -> Result<(), Fault> {
    if a.len().saturating_mul(b.len()) <= MAX_CELLS {
        return Ok(());
    }
    let message = format!("the distance of {} and {} characters is too costly", a.len(), b.len());
    Err(Fault::new(Builtin::ResourceExhausted, message))
}

/// The edit distance (Wagner and Fischer 1974), in three rows; with `swaps`, neighbours that are
/// exchanged count one (optimal string alignment).
fn edits(a: &[char], b: &[char], swaps: bool) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&above, j) + usize::from(x != y);
            let mut least = replaced.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let (i, j) = (i.checked_sub(1), j.checked_sub(1));
            if let (true, Some(i), Some(j)) = (swaps, i, j)
                && a.get(i) == Some(y)
                && b.get(j) == Some(x)
            {
                least = least.min(at(&before, j) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

fn levenshtein(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = characters(arguments)?;
    check_cells(&a, &b)?;
    Ok(Value::Int(edits(&a, &b, false) as i64))
}

fn damerau_levenshtein(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = characters(arguments)?;
    check_cells(&a, &b)?;
    Ok(Value::Int(edits(&a, &b, true) as i64))
}

fn hamming(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = characters(arguments)?;
    if a.len() != b.len() {
        let message = format!("the texts have {} and {} characters", a.len(), b.len());
        return Err(cast_error(message));
    }
    Ok(Value::Int(a.iter().zip(&b).filter(|(x, y)| x != y).count() as i64))
}

/// The similarity of Jaro (1989).
fn jaro(a: &[char], b: &[char]) -> f64 {
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; b.len()];
    let mut matched = Vec::new();
    for (i, x) in a.iter().enumerate() {
        let window = i.saturating_sub(reach)..=i + reach;
        let mut free = b.iter().zip(&mut taken).enumerate().filter(|(j, _)| window.contains(j));
        if let Some((_, (_, taken))) = free.find(|(_, (y, taken))| *y == x && !**taken) {
            *taken = true;
            matched.push(*x);
        }
    }
    if matched.is_empty() {
        return 0.0;
    }
    let others = b.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(y, _)| y);
    let swapped = matched.iter().zip(others).filter(|(x, y)| x != y).count();
    let (count, swaps) = (matched.len() as f64, (swapped / 2) as f64);
    (count / a.len() as f64 + count / b.len() as f64 + (count - swaps) / count) / 3.0
}

fn jaro_similarity(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = characters(arguments)?;
    check_cells(&a, &b)?;
    Ok(Value::Float(jaro(&a, &b)))
}

/// Jaro's similarity, raised for a common start of up to four characters where it is above 0.7
/// (Winkler 1990).
fn jaro_winkler_similarity(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = characters(arguments)?;
    check_cells(&a, &b)?;
    let similarity = jaro(&a, &b);
    let start = a.iter().zip(&b).take(4).take_while(|(x, y)| x == y).count() as f64;
    let raised = similarity + start * 0.1 * (1.0 - similarity);
    Ok(Value::Float(if similarity > 0.7 { raised } else { similarity }))
}

fn jaccard(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = characters(arguments)?;
    let (a, b): (BTreeSet<char>, BTreeSet<char>) =
        (a.into_iter().collect(), b.into_iter().collect());
    let all = a.union(&b).count();
    let both = a.intersection(&b).count();
    Ok(Value::Float(if all == 0 { 1.0 } else { both as f64 / all as f64 }))
}
