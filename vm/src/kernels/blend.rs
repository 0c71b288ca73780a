//! Writing some rows of a vector and keeping the others: what branches do, and what code that
//! computes row by row does.

use crate::batch::Rows;
use crate::vector::{BytesView, Data, Operand, TextRef, ValidityView, Values, Vector};
use grizzly_bytecode::{Value, VectorKind};

/// Makes a vector a flat one of `len` rows of a kind, with arbitrary values and no NULLs.
pub fn make_fresh(out: &mut Vector, kind: VectorKind, len: usize) {
    match kind {
        VectorKind::Bool => resize(out.owned_bool(), len),
        VectorKind::I64 => resize(out.owned_i64(), len),
        VectorKind::F64 => resize(out.owned_f64(), len),
        VectorKind::I128 => resize(out.owned_i128(), len),
        VectorKind::Object => resize(out.owned_object(), len),
        VectorKind::Bytes => resize(out.bytes_mut().owned_references().0, len),
    }
}

fn resize<T: Clone + Default>(values: &mut Vec<T>, len: usize) {
    if values.len() < len {
        values.resize(len, T::default());
    }
}

/// `out := from` on some rows of a batch of `len`; the others keep what they have.
pub fn copy(out: &mut Vector, from: &Vector, rows: Rows<'_>, len: usize) {
    if from.kind() == VectorKind::I128 {
        out.widen_to_i128(len);
    }
    out.make_owned(len);
    copy_data(out, from, rows);
    copy_validity(out, from.validity(), rows, len);
}

fn copy_data(out: &mut Vector, from: &Vector, rows: Rows<'_>) {
    match (out.data_mut(), from.data()) {
        (Data::Bool(to), Data::Bool(from)) => copy_values(to, from.operand(), rows),
        (Data::I64(to), Data::I64(from)) => copy_values(to, from.operand(), rows),
        (Data::F64(to), Data::F64(from)) => copy_values(to, from.operand(), rows),
        (Data::I128(to), Data::I128(from)) => copy_values(to, from.operand(), rows),
        (Data::Object(to), Data::Object(from)) => copy_values(to, from.operand(), rows),
        (Data::I128(to), Data::I64(from)) => {
            let (to, from) = (to.slice_mut(), from.operand());
            rows.each(|row| to[row] = i128::from(*from.get(row)));
        }
        (Data::Bytes(to), Data::Bytes(from)) => {
            let (references, heap) = to.references_mut();
            match from.view() {
                BytesView::Constant(value) => {
                    let reference = TextRef::store(value, heap);
                    rows.each(|row| references[row] = reference);
                }
                view => rows.each(|row| references[row] = TextRef::store(view.get(row), heap)),
            }
        }
        // The verifier has checked the kinds of all operands.
        (to, from) => unreachable!("a copy from {from:?} to {to:?}"),
    }
}

fn copy_values<T: Clone>(to: &mut Values<T>, from: Operand<'_, T>, rows: Rows<'_>) {
    let to = to.slice_mut();
    match from {
        Operand::Constant(value) => rows.each(|row| to[row] = value.clone()),
        Operand::Flat(values) => rows.each(|row| to[row] = values[row].clone()),
    }
}

fn copy_validity(out: &mut Vector, from: ValidityView<'_>, rows: Rows<'_>, len: usize) {
    if from.is_all_valid() && out.validity().is_all_valid() {
        return;
    }
    let bits = out.validity_mut().make_owned_bits(len);
    rows.each(|row| crate::vector::set_bit(bits, row, from.get(row)));
}

/// Writes one value, of a type of this kind, into a flat owned vector of `len` rows
/// ([`make_fresh`], [`Vector::make_owned`]).
pub fn store(out: &mut Vector, row: usize, value: &Value, len: usize) {
    match (out.data_mut(), value) {
        (Data::Object(to), value) => to.slice_mut()[row] = value.clone(),
        (Data::Bool(to), Value::Bool(b)) => to.slice_mut()[row] = u8::from(*b),
        (Data::I64(to), Value::Int(i)) => to.slice_mut()[row] = *i,
        (Data::F64(to), Value::Float(x)) => to.slice_mut()[row] = *x,
        (Data::I128(to), Value::Wide(w)) => to.slice_mut()[row] = *w,
        (Data::I128(to), Value::Int(i)) => to.slice_mut()[row] = i128::from(*i),
        (Data::Bytes(to), Value::Text(text)) => store_bytes(to, row, text.as_bytes()),
        (Data::Bytes(to), Value::Bytes(bytes)) => store_bytes(to, row, bytes),
        // NULL, which the validity says.
        _ => {}
    }
    out.validity_mut().set(row, !value.is_null(), len);
}

fn store_bytes(to: &mut crate::vector::BytesData, row: usize, bytes: &[u8]) {
    let (references, heap) = to.references_mut();
    references[row] = TextRef::store(bytes, heap);
}
