//! The verifier: turns a [`Program`], which may come from anywhere, into a [`VerifiedProgram`],
//! which is all that the machine runs.
//!
//! What it proves, so that nothing behind it checks again:
//! - Every id that code, queries and tables name exists, and constants are of the kind that the
//!   instruction asks for (a type, a text, 128 bits, …) and of their type's form.
//! - Every register lies inside its frame; a window with all arguments, results, fields or columns
//!   that the instruction moves through it does too.
//! - Every jump lands inside the code, forward, but for `jump_back`, which goes back; a handler's
//!   target lies behind its range. So every loop passes a `jump_back`, where the machine polls for
//!   cancellation. Code never runs off its end.
//! - Handlers are disjoint or nest, inner ones first; an undoing range begins with `savepoint`.
//! - Returns fit the function's result.
//! - Places exist, are sorted, and inlining chains end.
//! - In vector code every register has the kind that the instruction asks for, branches nest and
//!   jump to their own ends; in queries states are left before they are read, with the same kinds.
//!
//! What it does not prove: that a register was written before it is read, and which kind of value
//! an object register holds. The machine answers a wrong object with TypeError.

mod query;
mod scalar;
mod vector;

use crate::program::{Constant, Program};
use crate::{PlaceId, Value};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A program that passed [`verify`]. It never changes; clones share it.
#[derive(Clone, Debug)]
pub struct VerifiedProgram {
    program: Arc<Program>,
}

impl Deref for VerifiedProgram {
    type Target = Program;
    fn deref(&self) -> &Program {
        &self.program
    }
}

/// What a program breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// Where: a part of the program, and the instruction.
    pub at: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid bytecode: {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for VerifyError {}

/// A rule that is broken, before its place is known.
type Checked<T = ()> = Result<T, String>;

/// Fails with a problem unless a rule holds.
fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(problem()) }
}

/// Says where a problem is.
fn at(place: impl FnOnce() -> String) -> impl FnOnce(String) -> VerifyError {
    move |problem| VerifyError { at: place(), problem }
}

/// The most entries of a table that 16-bit ids name.
const MOST: usize = 1 << 16;

/// Checks a program.
///
/// # Errors
/// The first rule that it breaks.
pub fn verify(program: Program) -> Result<VerifiedProgram, VerifyError> {
    tables(&program).map_err(at(|| "program".into()))?;
    for (index, function) in program.functions.iter().enumerate() {
        scalar::function(&program, index, function)?;
    }
    for (index, query) in program.queries.iter().enumerate() {
        query::query(&program, index, query)?;
    }
    Ok(VerifiedProgram { program: Arc::new(program) })
}

/// Checks the tables that code names by index.
fn tables(program: &Program) -> Checked {
    let sizes = [
        ("functions", program.functions.len()),
        ("constants", program.constants.len()),
        ("natives", program.natives.len()),
        ("queries", program.queries.len()),
        ("accesses", program.accesses.len()),
        ("parameters", program.parameters.len()),
        ("output columns", program.output.len()),
    ];
    for (name, size) in sizes {
        ensure(size <= MOST, || format!("it has {size} {name}"))?;
    }
    let entry = program.functions.get(program.entry.index());
    let entry = entry.ok_or_else(|| format!("its entry {} does not exist", program.entry))?;
    ensure(entry.parameters.is_empty(), || "its entry has parameters".into())?;
    for (index, constant) in program.constants.iter().enumerate() {
        if let Constant::Value(value, ty) = constant {
            ensure(value.fits(ty), || format!("constant k{index} is no {ty}"))?;
        }
    }
    for (index, native) in program.natives.iter().enumerate() {
        let nullable = native.strict && native.parameters.iter().any(|p| p.nullable);
        ensure(!nullable, || format!("native n{index} is strict and takes NULL"))?;
    }
    for (index, access) in program.accesses.iter().enumerate() {
        let width = access.key.len() + access.columns.len();
        ensure(width <= MOST, || format!("access t{index} has {width} columns"))?;
    }
    for (index, entry) in program.places.iter().enumerate() {
        let ends = entry.inlined_at.is_none_or(|outer| outer.index() < index);
        ensure(ends, || format!("place{index} is not inlined at an earlier place"))?;
    }
    Ok(())
}

/// Checks the places of a code of `len` instructions.
fn places(program: &Program, len: usize, places: &[(u16, PlaceId)]) -> Checked {
    for (at, place) in places {
        ensure(usize::from(*at) < len, || format!("{place} belongs to no instruction"))?;
        ensure(place.index() < program.places.len(), || format!("{place} does not exist"))?;
    }
    let sorted = places.is_sorted_by(|a, b| a.0 < b.0);
    ensure(sorted, || "its places are not sorted by instruction".into())
}

/// The constant of an id as a value.
fn constant_value(program: &Program, index: usize) -> Checked<(&Value, &crate::Type)> {
    match program.constants.get(index) {
        Some(Constant::Value(value, ty)) => Ok((value, ty)),
        Some(Constant::Type(_)) => Err(format!("k{index} is a type, not a value")),
        None => Err(format!("k{index} does not exist")),
    }
}
