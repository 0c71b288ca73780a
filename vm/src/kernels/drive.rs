//! The loops that kernels share. Flat operands without a selection run as loops over slices that
//! the compiler vectorises; a sparse selection loops over its indices; a dense one runs over all
//! rows, because the data of a row that is not selected, or NULL, is readable and its result is not
//! looked at.
//!
//! Checked kernels gather a failure flag without branching and look for the failing row only when
//! it is set: a row fails only if it is selected and none of its operands is NULL.

use crate::batch::Rows;
use crate::vector::{Data, Operand, ValidityView, Vector};
use grizzly_bytecode::Builtin;

/// The rows that a kernel works on, of a batch of `len`.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// The selected rows.
    pub rows: Rows<'a>,
    /// The batch's length.
    pub len: usize,
}

impl Span<'_> {
    /// The rows to compute for a kernel that may compute more than it was asked for.
    pub fn padded(self) -> Self {
        // Going through indices costs about three times what a vectorised loop does.
        if self.rows.count() * 3 >= self.len {
            return Span { rows: Rows::All(self.len), len: self.len };
        }
        self
    }
}

/// What a kernel fails with: an exception at a row of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exception.
    pub kind: Builtin,
    /// The row.
    pub row: usize,
}

/// A fixed-width element of vectors.
pub trait Element: Copy + Default + 'static {
    /// The values of a vector of this element.
    fn operand(vector: &Vector) -> Operand<'_, Self>;
    /// The vector's own buffer.
    fn owned(vector: &mut Vector) -> &mut Vec<Self>;
    /// Makes all rows one value.
    fn set_constant(vector: &mut Vector, value: Self);
}

macro_rules! elements {
    ($($ty:ty, $variant:ident, $owned:ident, $set_constant:ident;)*) => {$(
        impl Element for $ty {
            fn operand(vector: &Vector) -> Operand<'_, Self> {
                match vector.data() {
                    Data::$variant(values) => values.operand(),
                    // The verifier has checked the kinds of all operands.
                    other => {
                        let expected = stringify!($variant);
                        unreachable!("expected {expected}, got {other:?}")
                    }
                }
            }
            fn owned(vector: &mut Vector) -> &mut Vec<Self> {
                vector.$owned()
            }
            fn set_constant(vector: &mut Vector, value: Self) {
                vector.$set_constant(value);
            }
        }
    )*};
}

elements! {
    u8, Bool, owned_bool, set_bool_constant;
    i64, I64, owned_i64, set_i64_constant;
    f64, F64, owned_f64, set_f64_constant;
    i128, I128, owned_i128, set_i128_constant;
}

/// A vector's own buffer with at least `len` values; what is in it is arbitrary.
pub fn room<T: Element>(out: &mut Vector, len: usize) -> &mut [T] {
    let owned = T::owned(out);
    if owned.len() < len {
        owned.resize(len, T::default());
    }
    &mut owned[..len]
}

/// `out := f(a)` on the rows; NULL where `a` is.
pub fn unary<A: Element, O: Element>(
    a: &Vector,
    out: &mut Vector,
    span: Span<'_>,
    f: impl Fn(A) -> O,
) {
    match A::operand(a) {
        Operand::Constant(x) => O::set_constant(out, f(*x)),
        Operand::Flat(x) => {
            let (x, o) = (&x[..span.len], room::<O>(out, span.len));
            match span.padded().rows {
                Rows::All(_) => {
                    for (o, x) in o.iter_mut().zip(x) {
                        *o = f(*x);
                    }
                }
                Rows::Some(rows) => {
                    rows.iter().for_each(|&r| o[usize::from(r)] = f(x[usize::from(r)]))
                }
            }
        }
    }
    out.validity_mut().clone_from_view(a.validity(), span.len);
}

/// `out := f(a, b)` on the rows; NULL where `a` or `b` is.
pub fn binary<A: Element, B: Element, O: Element>(
    (a, b): (&Vector, &Vector),
    out: &mut Vector,
    span: Span<'_>,
    f: impl Fn(A, B) -> O,
) {
    let rows = span.padded().rows;
    match (A::operand(a), B::operand(b)) {
        (Operand::Constant(x), Operand::Constant(y)) => O::set_constant(out, f(*x, *y)),
        (Operand::Flat(x), Operand::Constant(y)) => {
            let (x, y, o) = (&x[..span.len], *y, room::<O>(out, span.len));
            match rows {
                Rows::All(_) => o.iter_mut().zip(x).for_each(|(o, x)| *o = f(*x, y)),
                Rows::Some(rows) => {
                    rows.iter().for_each(|&r| o[usize::from(r)] = f(x[usize::from(r)], y))
                }
            }
        }
        (Operand::Constant(x), Operand::Flat(y)) => {
            let (x, y, o) = (*x, &y[..span.len], room::<O>(out, span.len));
            match rows {
                Rows::All(_) => o.iter_mut().zip(y).for_each(|(o, y)| *o = f(x, *y)),
                Rows::Some(rows) => {
                    rows.iter().for_each(|&r| o[usize::from(r)] = f(x, y[usize::from(r)]))
                }
            }
        }
        (Operand::Flat(x), Operand::Flat(y)) => {
            let (x, y, o) = (&x[..span.len], &y[..span.len], room::<O>(out, span.len));
            match rows {
                Rows::All(_) => {
                    for ((o, x), y) in o.iter_mut().zip(x).zip(y) {
                        *o = f(*x, *y);
                    }
                }
                Rows::Some(rows) => rows.iter().for_each(|&r| {
                    let r = usize::from(r);
                    o[r] = f(x[r], y[r]);
                }),
            }
        }
    }
    out.validity_mut().set_both(a.validity(), b.validity(), span.len);
}

/// As [`unary`], for an `f` that also gives a flag, negative where the row fails; `why` then says
/// how.
pub fn try_unary<A: Element, O: Element>(
    a: &Vector,
    out: &mut Vector,
    span: Span<'_>,
    f: impl Fn(A) -> (O, i64),
    why: impl Fn(A) -> Option<Builtin>,
) -> Result<(), Failure> {
    let mut flags = 0;
    match A::operand(a) {
        Operand::Constant(x) => {
            let (value, flag) = f(*x);
            flags = flag;
            O::set_constant(out, value);
        }
        Operand::Flat(x) => {
            let (x, o) = (&x[..span.len], room::<O>(out, span.len));
            match span.padded().rows {
                Rows::All(_) => {
                    for (o, x) in o.iter_mut().zip(x) {
                        let flag;
                        (*o, flag) = f(*x);
                        flags |= flag;
                    }
                }
                Rows::Some(rows) => rows.iter().for_each(|&r| {
                    let (value, flag) = f(x[usize::from(r)]);
                    o[usize::from(r)] = value;
                    flags |= flag;
                }),
            }
        }
    }
    out.validity_mut().clone_from_view(a.validity(), span.len);
    if flags < 0 {
        let x = A::operand(a);
        find_failure(out.validity(), span.rows, |row| why(*x.get(row)))?;
    }
    Ok(())
}

/// As [`binary`], for an `f` that also gives a flag, negative where the row fails; `why` then says
/// how.
pub fn try_binary<A: Element, B: Element, O: Element>(
    (a, b): (&Vector, &Vector),
    out: &mut Vector,
    span: Span<'_>,
    f: impl Fn(A, B) -> (O, i64),
    why: impl Fn(A, B) -> Option<Builtin>,
) -> Result<(), Failure> {
    let (x, y) = (A::operand(a), B::operand(b));
    let flags = match (x, y) {
        (Operand::Constant(x), Operand::Constant(y)) => {
            let (value, flag) = f(*x, *y);
            O::set_constant(out, value);
            flag
        }
        (Operand::Flat(x), Operand::Constant(y)) => {
            let (x, y, o) = (&x[..span.len], *y, room::<O>(out, span.len));
            flagged(o, span, |r| f(x[r], y), |o| each_flagged(o, x, |x| f(*x, y)))
        }
        (Operand::Constant(x), Operand::Flat(y)) => {
            let (x, y, o) = (*x, &y[..span.len], room::<O>(out, span.len));
            flagged(o, span, |r| f(x, y[r]), |o| each_flagged(o, y, |y| f(x, *y)))
        }
        (Operand::Flat(x), Operand::Flat(y)) => {
            let (x, y, o) = (&x[..span.len], &y[..span.len], room::<O>(out, span.len));
            flagged(
                o,
                span,
                |r| f(x[r], y[r]),
                |o| {
                    let mut flags = 0;
                    for ((o, x), y) in o.iter_mut().zip(x).zip(y) {
                        let flag;
                        (*o, flag) = f(*x, *y);
                        flags |= flag;
                    }
                    flags
                },
            )
        }
    };
    out.validity_mut().set_both(a.validity(), b.validity(), span.len);
    if flags < 0 {
        find_failure(out.validity(), span.rows, |row| why(*x.get(row), *y.get(row)))?;
    }
    Ok(())
}

#[inline]
fn each_flagged<X, O>(out: &mut [O], from: &[X], f: impl Fn(&X) -> (O, i64)) -> i64 {
    let mut flags = 0;
    for (o, x) in out.iter_mut().zip(from) {
        let flag;
        (*o, flag) = f(x);
        flags |= flag;
    }
    flags
}

#[inline]
fn flagged<O>(
    out: &mut [O],
    span: Span<'_>,
    one: impl Fn(usize) -> (O, i64),
    all: impl FnOnce(&mut [O]) -> i64,
) -> i64 {
    match span.padded().rows {
        Rows::All(_) => all(out),
        Rows::Some(rows) => {
            let mut flags = 0;
            for &row in rows {
                let flag;
                (out[usize::from(row)], flag) = one(usize::from(row));
                flags |= flag;
            }
            flags
        }
    }
}

/// The first selected valid row for which `why` has a reason, as an error.
pub fn find_failure(
    validity: ValidityView<'_>,
    rows: Rows<'_>,
    why: impl Fn(usize) -> Option<Builtin>,
) -> Result<(), Failure> {
    for row in rows.iter().filter(|&row| validity.get(row)) {
        if let Some(kind) = why(row) {
            return Err(Failure { kind, row });
        }
    }
    Ok(())
}
