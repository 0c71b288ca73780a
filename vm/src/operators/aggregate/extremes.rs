//! The least or greatest argument of each group, in the total order: NaN after all numbers, text by
//! bytes. On BOOLEAN the least is AND and the greatest OR.

use super::super::rows::Column;
use super::Target;
use super::slots::resize;
use crate::Fault;
use crate::batch::Rows;
use crate::budget::Reservation;
use crate::kernels::{make_fresh, store};
use crate::vector::{Data, Operand, Vector};
use grizzly_bytecode::value::total_cmp_f64;
use grizzly_bytecode::{Value, VectorKind};
use std::cmp::Ordering;

/// The extremes of all groups.
#[derive(Debug)]
pub(super) struct Extreme {
    greatest: bool,
    values: Values,
    seen: Vec<bool>,
    /// What texts have come to take since the last reservation.
    unreserved: u64,
}

#[derive(Debug)]
enum Values {
    Bool(Vec<u8>),
    I64(Vec<i64>),
    F64(Vec<f64>),
    I128(Vec<i128>),
    Bytes(Vec<Vec<u8>>),
    Object(Vec<Value>),
}

impl Extreme {
    pub(super) fn new(kind: VectorKind, greatest: bool) -> Extreme {
        let values = match kind {
            VectorKind::Bool => Values::Bool(Vec::new()),
            VectorKind::I64 => Values::I64(Vec::new()),
            VectorKind::F64 => Values::F64(Vec::new()),
            VectorKind::I128 => Values::I128(Vec::new()),
            VectorKind::Bytes => Values::Bytes(Vec::new()),
            VectorKind::Object => Values::Object(Vec::new()),
        };
        Extreme { greatest, values, seen: Vec::new(), unreserved: 0 }
    }

    pub(super) fn is_greatest(&self) -> bool {
        self.greatest
    }

    pub(super) fn make_room(
        &mut self,
        groups: usize,
        memory: &mut Reservation,
    ) -> Result<(), Fault> {
        memory.grow(std::mem::take(&mut self.unreserved))?;
        resize(&mut self.seen, groups, false, memory)?;
        match &mut self.values {
            Values::Bool(values) => resize(values, groups, 0, memory),
            Values::I64(values) => resize(values, groups, 0, memory),
            Values::F64(values) => resize(values, groups, 0.0, memory),
            Values::I128(values) => resize(values, groups, 0, memory),
            Values::Bytes(values) => resize(values, groups, Vec::new(), memory),
            Values::Object(values) => resize(values, groups, Value::Null, memory),
        }
    }

    /// Takes the rows' values. No row is NULL.
    pub(super) fn update(
        &mut self,
        argument: &Vector,
        rows: Rows<'_>,
        target: Target<'_>,
    ) -> Result<(), Fault> {
        let wanted = if self.greatest { Ordering::Greater } else { Ordering::Less };
        let seen = &mut self.seen;
        match (&mut self.values, argument.data()) {
            (Values::Bool(best), Data::Bool(values)) => {
                take(best, seen, values.operand(), rows, target, |a, b| a.cmp(b) == wanted);
            }
            (Values::I64(best), Data::I64(values)) => {
                take(best, seen, values.operand(), rows, target, |a, b| a.cmp(b) == wanted);
            }
            (Values::F64(best), Data::F64(values)) => {
                let better = |a: &f64, b: &f64| total_cmp_f64(*a, *b) == wanted;
                take(best, seen, values.operand(), rows, target, better);
            }
            (Values::I128(best), Data::I128(values)) => {
                take(best, seen, values.operand(), rows, target, |a, b| a.cmp(b) == wanted);
            }
            (Values::I128(best), Data::I64(values)) => {
                let values = values.operand();
                let better = |a: &i128, b: &i128| a.cmp(b) == wanted;
                take_by(best, seen, rows, target, |row| i128::from(*values.get(row)), better);
            }
            (Values::Object(best), Data::Object(values)) => {
                let better = |a: &Value, b: &Value| a.total_cmp(b) == wanted;
                take(best, seen, values.operand(), rows, target, better);
            }
            (Values::Bytes(best), Data::Bytes(values)) => {
                let values = values.view();
                rows.each(|row| {
                    let (value, group) = (values.get(row), target.of(row));
                    let place = &mut best[group];
                    if !seen[group] || value.cmp(place.as_slice()) == wanted {
                        let before = place.capacity();
                        place.clear();
                        place.extend_from_slice(value);
                        seen[group] = true;
                        self.unreserved += (place.capacity() - before) as u64;
                    }
                });
            }
            // The slot was made for the argument's kind.
            (values, data) => unreachable!("{data:?} is no argument for {values:?}"),
        }
        Ok(())
    }

    /// The extremes as a column; NULL for a group without any.
    pub(super) fn column(&self, memory: &mut Reservation) -> Result<Column, Fault> {
        let validity = validity_of(self.seen.iter().copied());
        Ok(match &self.values {
            Values::Bool(values) => Column::of_bool(values.clone(), validity),
            Values::I64(values) => Column::of_i64(values.clone(), validity),
            Values::F64(values) => Column::of_f64(values.clone(), validity),
            Values::I128(values) => Column::of_i128(values.clone(), validity),
            Values::Bytes(values) => {
                let value = |i: usize| Value::Bytes(values[i].as_slice().into());
                self.general(VectorKind::Bytes, values.len(), value, memory)?
            }
            Values::Object(values) => {
                let value = |i: usize| values[i].clone();
                self.general(VectorKind::Object, values.len(), value, memory)?
            }
        })
    }

    fn general(
        &self,
        kind: VectorKind,
        len: usize,
        value: impl Fn(usize) -> Value,
        memory: &mut Reservation,
    ) -> Result<Column, Fault> {
        let mut column = Column::new(kind);
        let mut one = Vector::of_kind(kind);
        for index in 0..len {
            make_fresh(&mut one, kind, 1);
            let value = if self.seen[index] { value(index) } else { Value::Null };
            store(&mut one, 0, &value, 1);
            column.append(&one, Rows::All(1), index, memory)?;
        }
        Ok(column)
    }
}

/// A bit per entry, or nothing where all are set.
pub(super) fn validity_of(valid: impl Iterator<Item = bool> + Clone) -> Vec<u8> {
    if valid.clone().all(|valid| valid) {
        return Vec::new();
    }
    let mut bits = Vec::new();
    for (index, valid) in valid.enumerate() {
        if index % 8 == 0 {
            bits.push(0);
        }
        crate::vector::set_bit(&mut bits, index, valid);
    }
    bits
}

fn take<T: Clone>(
    best: &mut [T],
    seen: &mut [bool],
    values: Operand<'_, T>,
    rows: Rows<'_>,
    target: Target<'_>,
    better: impl Fn(&T, &T) -> bool,
) {
    rows.each(|row| {
        let (value, group) = (values.get(row), target.of(row));
        if !seen[group] || better(value, &best[group]) {
            best[group] = value.clone();
            seen[group] = true;
        }
    });
}

/// As [`take`], for values that are made by the row.
fn take_by<T>(
    best: &mut [T],
    seen: &mut [bool],
    rows: Rows<'_>,
    target: Target<'_>,
    value: impl Fn(usize) -> T,
    better: impl Fn(&T, &T) -> bool,
) {
    rows.each(|row| {
        let (value, group) = (value(row), target.of(row));
        if !seen[group] || better(&value, &best[group]) {
            best[group] = value;
            seen[group] = true;
        }
    });
}
