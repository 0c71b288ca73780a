//! Scans of storage as the machine's batches.
//!
//! Storage gives large batches; a morsel lends them out in windows of at most
//! [`grizzly_vm::batch::CAPACITY`] rows, so that what is allocated per storage batch is spread over
//! many.

use super::damage::Damage;
use super::errors::fault;
use arrow_array::{ArrayRef, BinaryArray};
use grizzly_bytecode::{Fault, Type};
use grizzly_stdlib::format::arrow::Column;
use grizzly_storage::{Exactness, MAX_BATCH_ROWS, Scan, TableSpec};
use grizzly_vm::batch::{Batch, CAPACITY};
use grizzly_vm::ports::{Morsel, TableScan};
use std::sync::Arc;

/// A scan that has started.
pub(super) struct StorageScan {
    pub scan: Scan,
    /// The columns' types, in the order of the batch, without the row key.
    pub types: Arc<[Type]>,
    /// For each predicate of the machine's request, its place in storage's, if it went there.
    pub predicates: Vec<Option<usize>>,
    pub spec: Arc<TableSpec>,
    pub damage: Damage,
}

impl TableScan for StorageScan {
    fn exact(&self) -> Vec<bool> {
        let exactness = self.scan.exactness();
        let is_exact = |at: &Option<usize>| {
            at.and_then(|at| exactness.get(at)).is_some_and(|e| *e == Exactness::Exact)
        };
        self.predicates.iter().map(is_exact).collect()
    }

    fn split(self: Box<Self>, n: usize) -> Vec<Box<dyn Morsel>> {
        let StorageScan { scan, types, spec, damage, .. } = *self;
        let wrap = |morsel| -> Box<dyn Morsel> {
            let (types, spec, damage) = (types.clone(), spec.clone(), damage.clone());
            Box::new(StorageMorsel { morsel, types, spec, damage, lent: None })
        };
        scan.split(n.max(1)).into_iter().map(wrap).collect()
    }
}

/// A part of a scan.
struct StorageMorsel {
    morsel: grizzly_storage::Morsel,
    types: Arc<[Type]>,
    spec: Arc<TableSpec>,
    damage: Damage,
    lent: Option<Lent>,
}

/// The storage batch that is being lent out.
struct Lent {
    columns: Vec<Column>,
    len: usize,
    selection: Option<Vec<u16>>,
    /// The first row that was not lent yet.
    at: usize,
    /// The first entry of the selection that was not lent yet.
    selected: usize,
}

impl Morsel for StorageMorsel {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        loop {
            if let Some(lent) = &mut self.lent
                && lent.fill(batch)
            {
                return Ok(true);
            }
            self.lent = None;
            let next = self.morsel.next().map_err(|error| {
                self.damage.note(&error);
                let spec = self.spec.clone();
                fault(&error, &|_| Some(spec.clone()))
            })?;
            let Some(next) = next else { return Ok(false) };
            let mut columns = Vec::with_capacity(self.types.len() + 1);
            for (array, ty) in next.columns.iter().zip(self.types.iter()) {
                columns.push(Column::new(array, ty)?);
            }
            if let Some(keys) = next.row_keys {
                columns.push(key_column(keys)?);
            }
            debug_assert!(next.len <= MAX_BATCH_ROWS, "storage keeps its own bound");
            let (len, selection) = (next.len, next.selection);
            self.lent = Some(Lent { columns, len, selection, at: 0, selected: 0 });
        }
    }
}

fn key_column(keys: BinaryArray) -> Result<Column, Fault> {
    let keys: ArrayRef = Arc::new(keys);
    Column::new(&keys, &Type::Blob)
}

impl Lent {
    /// Lends the next window that has live rows; `false` where there is none left.
    fn fill(&mut self, batch: &mut Batch) -> bool {
        while self.at < self.len {
            let (start, len) = (self.at, (self.len - self.at).min(CAPACITY));
            self.at += len;
            let window = self.take_selection(start + len);
            if matches!(window, Some((from, to)) if from == to) {
                continue;
            }
            batch.reset(self.columns.len(), len);
            for (column, vector) in self.columns.iter().zip(&mut batch.columns) {
                column.lend(start, len, vector);
            }
            if let (Some((from, to)), Some(rows)) = (window, &self.selection)
                && to - from < len
            {
                // A window is at most CAPACITY rows long, so what remains fits 16 bits.
                let shifted = rows[from..to].iter().map(|row| (usize::from(*row) - start) as u16);
                batch.selection.select().extend(shifted);
            }
            return true;
        }
        false
    }

    /// The entries of the selection that lie before row `end`; `None` where all rows are live.
    fn take_selection(&mut self, end: usize) -> Option<(usize, usize)> {
        let rows = self.selection.as_ref()?;
        let from = self.selected;
        let rest = rows.get(from..).unwrap_or(&[]);
        self.selected = from + rest.partition_point(|row| usize::from(*row) < end);
        Some((from, self.selected))
    }
}
