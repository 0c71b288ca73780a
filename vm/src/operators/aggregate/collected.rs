//! All arguments of each group, in the order of the rows, as arrays.

use super::super::rows::{Column, outside_bytes};
use super::Target;
use super::slots::resize;
use crate::Fault;
use crate::batch::Rows;
use crate::budget::Reservation;
use crate::kernels::{make_fresh, store};
use crate::vector::Vector;
use grizzly_bytecode::{Type, Value, VectorKind};
use std::sync::Arc;

/// The arrays of all groups.
#[derive(Debug)]
pub(super) struct Collected {
    element: Type,
    arrays: Vec<Vec<Value>>,
    /// What elements have come to take since the last reservation.
    unreserved: u64,
}

impl Collected {
    /// Of a result type, which is an array's.
    pub(super) fn new(result: &Type) -> Collected {
        let element = match result {
            Type::Array(element) => (**element).clone(),
            other => other.clone(),
        };
        Collected { element, arrays: Vec::new(), unreserved: 0 }
    }

    pub(super) fn make_room(
        &mut self,
        groups: usize,
        memory: &mut Reservation,
    ) -> Result<(), Fault> {
        memory.grow(std::mem::take(&mut self.unreserved))?;
        resize(&mut self.arrays, groups, Vec::new(), memory)
    }

    pub(super) fn update(&mut self, argument: &Vector, rows: Rows<'_>, target: Target<'_>) {
        rows.each(|row| {
            let value = argument.value(row, &self.element);
            let array = &mut self.arrays[target.of(row)];
            let before = array.capacity();
            self.unreserved += outside_bytes(&value) as u64;
            array.push(value);
            self.unreserved += ((array.capacity() - before) * size_of::<Value>()) as u64;
        });
    }

    /// The arrays as a column; NULL for a group without any row.
    pub(super) fn column(&mut self, memory: &mut Reservation) -> Result<Column, Fault> {
        let kind = VectorKind::Object;
        let (mut column, mut one) = (Column::new(kind), Vector::of_kind(kind));
        for (index, array) in self.arrays.iter_mut().enumerate() {
            make_fresh(&mut one, kind, 1);
            let value = match std::mem::take(array) {
                array if array.is_empty() => Value::Null,
                array => Value::Array(Arc::new(array)),
            };
            store(&mut one, 0, &value, 1);
            column.append(&one, Rows::All(1), index, memory)?;
        }
        Ok(column)
    }
}
