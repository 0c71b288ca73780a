//! Statistics of a table from the zone maps of its leaves and a look at its messages.

use crate::block::{estimate_distinct, merge_sketches};
use crate::datum::{Datum, OwnedDatum};
use crate::error::Result;
use crate::request::{ColumnStatistics, TableStatistics};
use crate::row::Operation;
use crate::run::RowRun;
use crate::table::Table;
use crate::tree::Node;
use crate::version::TableVersion;
use std::cmp::Ordering;
use std::collections::HashSet;

/// Messages of a run that are looked at for distinct values.
const SAMPLE: usize = 4096;

/// What is gathered about a column.
struct Gathered {
    min: Option<OwnedDatum>,
    max: Option<OwnedDatum>,
    /// Whether some value is in neither bound.
    unbounded: bool,
    nulls: u64,
    sketch: Vec<u8>,
    distinct_in_messages: u64,
}

impl Gathered {
    fn widen(&mut self, value: &Datum<'_>) {
        let outside = |bound: &Option<OwnedDatum>, order| {
            bound.as_ref().is_none_or(|bound| value.compare(&bound.borrow()) == Some(order))
        };
        if outside(&self.min, Ordering::Less) {
            self.min = Some(value.to_owned());
        }
        if outside(&self.max, Ordering::Greater) {
            self.max = Some(value.to_owned());
        }
    }
}

/// The statistics of a version.
pub(crate) fn of(version: &TableVersion) -> Result<TableStatistics> {
    let table = &version.table;
    let mut columns: Vec<Gathered> = table
        .columns
        .iter()
        .map(|_| Gathered {
            min: None,
            max: None,
            unbounded: false,
            nulls: 0,
            sketch: vec![0; 256],
            distinct_in_messages: 0,
        })
        .collect();
    let mut rows = version.tree.rows() as i64;
    for leaf in version.tree.leaves() {
        for (zone, gathered) in leaf.summary()?.zones.iter().zip(&mut columns) {
            gathered.nulls += zone.null_count;
            merge_sketches(&mut gathered.sketch, &zone.sketch);
            match (&zone.min, &zone.max) {
                (Some(min), Some(max)) => {
                    gathered.widen(&min.borrow());
                    gathered.widen(&max.borrow());
                }
                _ => gathered.unbounded |= zone.null_count < leaf.rows as u64,
            }
        }
    }
    if let Some(root) = &version.tree.root {
        rows += add_buffers(root, table, &mut columns)?;
    }
    let runs = version.frozen.iter().map(|frozen| frozen.run.clone());
    let memtable = version.memtable.view(version.memtable.extent().0);
    for run in runs.chain([memtable]) {
        rows += add_run(&run, table, &mut columns);
    }
    let rows = rows.max(0) as u64;
    let columns = columns.into_iter().map(|gathered| finish(gathered, rows)).collect();
    Ok(TableStatistics { rows, columns })
}

fn finish(gathered: Gathered, rows: u64) -> ColumnStatistics {
    let distinct = estimate_distinct(&gathered.sketch).max(gathered.distinct_in_messages);
    let known = !gathered.unbounded;
    ColumnStatistics {
        min: gathered.min.filter(|_| known),
        max: gathered.max.filter(|_| known),
        null_count: gathered.nulls.min(rows),
        distinct_estimate: distinct.min(rows),
    }
}

/// Adds the buffers of inner nodes; the change in rows they make, about.
fn add_buffers(node: &Node, table: &Table, columns: &mut [Gathered]) -> Result<i64> {
    let mut change = 0;
    for slice in &node.buffers {
        let messages = slice.block.messages()?;
        for row in slice.start..slice.end {
            change += row_change(messages.operation(row));
        }
        for (position, gathered) in columns.iter_mut().enumerate().take(table.columns.len()) {
            for row in slice.start..slice.end {
                if let Some(value) = messages.value(row, position) {
                    note(gathered, &value);
                }
            }
        }
    }
    for child in &node.children {
        if let crate::tree::Child::Node(inner) = child {
            change += add_buffers(inner, table, columns)?;
        }
    }
    Ok(change)
}

fn row_change(operation: Operation) -> i64 {
    match operation {
        Operation::Put => 1,
        Operation::Patch => 0,
        Operation::Delete => -1,
    }
}

fn note(gathered: &mut Gathered, value: &Datum<'_>) {
    match value {
        Datum::Null => gathered.nulls += 1,
        value => gathered.widen(value),
    }
}

/// Adds a run of messages; the change in rows it makes, about.
fn add_run(run: &RowRun, table: &Table, columns: &mut [Gathered]) -> i64 {
    let mut scratch = Vec::new();
    let change = (0..run.len()).map(|index| row_change(run.message(index).operation)).sum();
    for (position, gathered) in columns.iter_mut().enumerate() {
        let mut sample = HashSet::new();
        let step = run.len().div_ceil(SAMPLE).max(1);
        let mut sampled = 0_u64;
        for index in 0..run.len() {
            let Some(value) = run.message(index).value(table, position, &mut scratch) else {
                continue;
            };
            note(gathered, &value);
            if index % step == 0 {
                sampled += 1;
                sample.insert(format!("{value:?}"));
            }
        }
        // A sample of all different values stands for a run of all different values.
        let distinct = sample.len() as u64;
        let scaled = if distinct * 10 > sampled * 9 { distinct * step as u64 } else { distinct };
        gathered.distinct_in_messages += scaled;
    }
    change
}
