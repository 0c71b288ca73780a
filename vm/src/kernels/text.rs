//! Kernels that make text, and fields of composites.

use super::blend::{make_fresh, store};
use super::drive::Span;
use crate::Fault;
use crate::vector::{Data, Vector};
use grizzly_bytecode::{Builtin, Imm, Value, VectorKind};

/// `out := a` followed by `b`.
///
/// # Errors
/// ResourceExhausted where the texts of one batch do not fit 2 GiB.
pub fn concat((a, b): (&Vector, &Vector), out: &mut Vector, span: Span<'_>) -> Result<(), Fault> {
    let (Data::Bytes(x), Data::Bytes(y)) = (a.data(), b.data()) else {
        // The verifier has checked the kinds of all operands.
        unreachable!("expected text, got {:?} and {:?}", a.kind(), b.kind());
    };
    let (x, y) = (x.view(), y.view());
    let (x_valid, y_valid) = (a.validity(), b.validity());
    let (offsets, data) = out.bytes_mut().owned_offsets();
    for row in span.rows.iter().filter(|&row| x_valid.get(row) && y_valid.get(row)) {
        // Rows that are skipped are empty: they begin and end where the next one begins.
        offsets.resize(row + 1, data.len() as i32);
        data.extend_from_slice(x.get(row));
        data.extend_from_slice(y.get(row));
        if i32::try_from(data.len()).is_err() {
            let message = "the joined texts of one batch are longer than 2 GiB";
            return Err(Fault::new(Builtin::ResourceExhausted, message));
        }
    }
    offsets.resize(span.len + 1, data.len() as i32);
    out.validity_mut().set_both(a.validity(), b.validity(), span.len);
    Ok(())
}

/// `out := ` field `index` of the structs or exceptions of `a`.
pub fn get_field(a: &Vector, index: Imm, kind: VectorKind, out: &mut Vector, span: Span<'_>) {
    // The verifier has turned negative ones away.
    let index = usize::from(index.0.unsigned_abs());
    let Data::Object(objects) = a.data() else {
        // The verifier has checked the kinds of all operands.
        unreachable!("expected objects, got {:?}", a.kind());
    };
    let (objects, valid) = (objects.operand(), a.validity());
    make_fresh(out, kind, span.len);
    span.rows.each(|row| {
        let field = match objects.get(row) {
            Value::Struct(s) if valid.get(row) => s.fields.get(index),
            Value::Exception(e) if valid.get(row) => e.fields.get(index),
            _ => None,
        };
        store(out, row, field.unwrap_or(&Value::Null), span.len);
    });
}
