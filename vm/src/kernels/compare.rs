//! Comparisons into BOOLEAN vectors: NULL where an operand is NULL. Text compares by bytes; a
//! dictionary is compared with a constant once per value of the dictionary, and again only when it
//! changes.

use super::drive::{Element, Span, binary, room};
use crate::batch::Rows;
use crate::vector::{BytesView, Data, Dictionary, Operand, Vector};
use grizzly_bytecode::Cmp;
use std::sync::Arc;

type Pair<'a> = (&'a Vector, &'a Vector);

/// `out := a c b` for values with an order of their own; DOUBLE as IEEE 754 has it.
fn compare<A: Element, B: Element, T: PartialOrd>(
    c: Cmp,
    pair: Pair<'_>,
    out: &mut Vector,
    span: Span<'_>,
    a: impl Fn(A) -> T,
    b: impl Fn(B) -> T,
) {
    match c {
        Cmp::Eq => binary(pair, out, span, |x, y| u8::from(a(x) == b(y))),
        Cmp::Ne => binary(pair, out, span, |x, y| u8::from(a(x) != b(y))),
        Cmp::Lt => binary(pair, out, span, |x, y| u8::from(a(x) < b(y))),
        Cmp::Le => binary(pair, out, span, |x, y| u8::from(a(x) <= b(y))),
        Cmp::Gt => binary(pair, out, span, |x, y| u8::from(a(x) > b(y))),
        Cmp::Ge => binary(pair, out, span, |x, y| u8::from(a(x) >= b(y))),
    }
}

/// `out := a c b` of 64-bit integers.
pub fn cmp_i64(c: Cmp, pair: Pair<'_>, out: &mut Vector, span: Span<'_>) {
    compare(c, pair, out, span, |x: i64| x, |y: i64| y);
}

/// `out := a c b` of DOUBLE.
pub fn cmp_f64(c: Cmp, pair: Pair<'_>, out: &mut Vector, span: Span<'_>) {
    compare(c, pair, out, span, |x: f64| x, |y: f64| y);
}

/// `out := a c b` of BOOLEAN.
pub fn cmp_bool(c: Cmp, pair: Pair<'_>, out: &mut Vector, span: Span<'_>) {
    compare(c, pair, out, span, |x: u8| x, |y: u8| y);
}

/// `out := a c b` of 128-bit integers, either held in 64 bits or not.
pub fn cmp_wide(c: Cmp, pair: Pair<'_>, out: &mut Vector, span: Span<'_>) {
    match (pair.0.data(), pair.1.data()) {
        (Data::I64(_), Data::I64(_)) => cmp_i64(c, pair, out, span),
        (Data::I64(_), _) => compare(c, pair, out, span, |x: i64| i128::from(x), |y: i128| y),
        (_, Data::I64(_)) => compare(c, pair, out, span, |x: i128| x, |y: i64| i128::from(y)),
        _ => compare(c, pair, out, span, |x: i128| x, |y: i128| y),
    }
}

/// What one comparison instruction remembers of the dictionary that it saw last.
#[derive(Debug, Default)]
pub struct DictionaryMatches {
    dictionary: Option<Arc<Dictionary>>,
    constant: Vec<u8>,
    matches: Vec<u8>,
}

impl DictionaryMatches {
    fn prepare(&mut self, c: Cmp, dictionary: &Arc<Dictionary>, constant: &[u8]) -> &[u8] {
        let known = self.dictionary.as_ref().is_some_and(|d| Arc::ptr_eq(d, dictionary));
        if !known || self.constant != constant {
            self.constant.clear();
            self.constant.extend_from_slice(constant);
            self.matches.clear();
            let holds = |code| u8::from(c.holds(dictionary.get(code).cmp(constant)));
            self.matches.extend((0..dictionary.len()).map(holds));
            self.dictionary = Some(dictionary.clone());
        }
        &self.matches
    }
}

/// `out := a c b` of TEXT or BLOB.
pub fn cmp_bytes(
    c: Cmp,
    (a, b): Pair<'_>,
    out: &mut Vector,
    span: Span<'_>,
    memory: &mut DictionaryMatches,
) {
    let (Data::Bytes(x), Data::Bytes(y)) = (a.data(), b.data()) else {
        // The verifier has checked the kinds of all operands.
        unreachable!("expected text, got {:?} and {:?}", a.kind(), b.kind());
    };
    match (x.view(), y.view()) {
        (BytesView::Constant(x), BytesView::Constant(y)) => {
            out.set_bool_constant(u8::from(c.holds(x.cmp(y))));
        }
        (BytesView::Dictionary(codes, dictionary, ..), BytesView::Constant(y)) => {
            let matches = memory.prepare(c, dictionary, y);
            let out = room::<u8>(out, span.len);
            span.rows.each(|row| out[row] = matches[codes.get(row)]);
        }
        (BytesView::Constant(_), BytesView::Dictionary(..)) => {
            return cmp_bytes(c.swapped(), (b, a), out, span, memory);
        }
        (BytesView::Offsets(offsets, data), BytesView::Constant(y))
            if y.len() <= 8 && matches!(c, Cmp::Eq | Cmp::Ne) =>
        {
            let wanted = u8::from(c == Cmp::Eq);
            let out = room::<u8>(out, span.len);
            let short = ShortText::new(y);
            match span.rows {
                Rows::All(len) => {
                    for (out, ends) in out.iter_mut().zip(offsets[..=len].windows(2)) {
                        *out = u8::from(short.equals(ends[0], ends[1], data)) ^ wanted ^ 1;
                    }
                }
                Rows::Some(rows) => rows.iter().for_each(|&row| {
                    let row = usize::from(row);
                    let equal = short.equals(offsets[row], offsets[row + 1], data);
                    out[row] = u8::from(equal) ^ wanted ^ 1;
                }),
            }
        }
        (x, BytesView::Constant(y)) => {
            let out = room::<u8>(out, span.len);
            match c {
                // Most values differ in length already.
                Cmp::Eq => span.rows.each(|row| out[row] = u8::from(x.get(row) == y)),
                Cmp::Ne => span.rows.each(|row| out[row] = u8::from(x.get(row) != y)),
                _ => span.rows.each(|row| out[row] = u8::from(c.holds(x.get(row).cmp(y)))),
            }
        }
        (x, y) => {
            let out = room::<u8>(out, span.len);
            span.rows.each(|row| out[row] = u8::from(c.holds(x.get(row).cmp(y.get(row)))));
        }
    }
    out.validity_mut().set_both(a.validity(), b.validity(), span.len);
}

/// A text of up to eight bytes, compared as a number.
struct ShortText {
    len: usize,
    bits: u64,
    mask: u64,
}

impl ShortText {
    fn new(text: &[u8]) -> ShortText {
        let mut bytes = [0; 8];
        bytes[..text.len()].copy_from_slice(text);
        let mask = u64::MAX.checked_shr(64 - 8 * text.len() as u32).unwrap_or(0);
        ShortText { len: text.len(), bits: u64::from_le_bytes(bytes), mask }
    }

    /// Whether the text between two offsets is this one.
    #[inline]
    fn equals(&self, start: i32, end: i32, data: &[u8]) -> bool {
        let (start, end) = (start as usize, end as usize);
        let bits = match data[start..].first_chunk() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            // The last few bytes of the data.
            None => {
                let mut bytes = [0; 8];
                bytes[..data.len() - start].copy_from_slice(&data[start..]);
                u64::from_le_bytes(bytes)
            }
        };
        (end - start == self.len) & (bits & self.mask == self.bits)
    }
}

/// `out := a c b` of composites, in their total order.
pub fn cmp_object(c: Cmp, (a, b): Pair<'_>, out: &mut Vector, span: Span<'_>) {
    let (Data::Object(x), Data::Object(y)) = (a.data(), b.data()) else {
        // The verifier has checked the kinds of all operands.
        unreachable!("expected objects, got {:?} and {:?}", a.kind(), b.kind());
    };
    match (x.operand(), y.operand()) {
        (Operand::Constant(x), Operand::Constant(y)) => {
            out.set_bool_constant(u8::from(c.holds(x.total_cmp(y))));
        }
        (x, y) => {
            let out = room::<u8>(out, span.len);
            span.rows.each(|row| out[row] = u8::from(c.holds(x.get(row).total_cmp(y.get(row)))));
        }
    }
    out.validity_mut().set_both(a.validity(), b.validity(), span.len);
}
