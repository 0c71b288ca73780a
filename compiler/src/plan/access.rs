//! How a table's rows are found: the conditions that the storage understands, and the index that
//! they make worth using. A primary key needs no choice: the storage bounds every scan by it.

use super::PlanContext;
use crate::catalog::{ColumnStatistics, Index, Table, TableStatistics};
use crate::hir::{ColumnVar, Expr, ExprKind};
use grizzly_bytecode::{Cmp, ColumnId, Type, Value};
use smol_str::SmolStr;
use std::sync::Arc;

/// A condition that the storage understands.
#[derive(Clone, Debug)]
pub struct ScanPredicate {
    /// The column.
    pub column: ColumnId,
    /// Its index in the table.
    pub index: usize,
    /// Its name.
    pub name: SmolStr,
    /// The test.
    pub test: ScanTest,
}

/// A test of a column against constants and parameters of the statement.
#[derive(Clone, Debug)]
pub enum ScanTest {
    /// `column op value`
    Compare(Cmp, Expr),
    /// `column IN (values)`
    In(Vec<Expr>),
    /// `column IS NULL`
    IsNull,
}

/// An index must leave at most this part of the rows: each of them is then read by its key.
const MOST_BY_INDEX: f64 = 0.15;

/// What is assumed of conditions where nothing is known of the column.
const EQUAL: f64 = 0.01;
const ONE_SIDED: f64 = 0.3;
const TWO_SIDED: f64 = 0.05;

/// The predicate that a condition is, if it is one.
pub fn predicate(
    condition: &Expr,
    table: &Table,
    columns: &[(ColumnVar, usize)],
) -> Option<ScanPredicate> {
    let of = |variable: ColumnVar, test: ScanTest| {
        let index = columns.iter().find(|(v, _)| *v == variable).map(|(_, index)| *index)?;
        let column = table.columns.get(index)?;
        Some(ScanPredicate { column: column.id, index, name: column.name.clone(), test })
    };
    match &condition.kind {
        ExprKind::IsNull(x) => match x.kind {
            ExprKind::Column(variable) => of(variable, ScanTest::IsNull),
            _ => None,
        },
        ExprKind::Or(..) => {
            let mut values = Vec::new();
            let variable = any_of(condition, &mut values)?;
            of(variable, ScanTest::In(values))
        }
        _ => {
            let (variable, op, value) = comparison(condition)?;
            of(variable, ScanTest::Compare(op, value.clone()))
        }
    }
}

/// `column op value`, in either order.
fn comparison(condition: &Expr) -> Option<(ColumnVar, Cmp, &Expr)> {
    let ExprKind::Compare { op, left, right } = &condition.kind else { return None };
    let side = |column: &Expr, value: &'_ Expr| {
        let ExprKind::Column(variable) = &column.kind else { return None };
        let known = match &value.kind {
            ExprKind::Constant(v) => !v.is_null(),
            ExprKind::Parameter(_) => true,
            _ => false,
        };
        let fits = known && column.ty == value.ty && !matches!(value.ty, Type::Enum(_));
        fits.then_some(*variable)
    };
    match side(left, right) {
        Some(variable) => Some((variable, *op, right)),
        None => side(right, left).map(|variable| (variable, op.swapped(), &**left)),
    }
}

/// `column = a OR column = b OR …`, which IN has become.
fn any_of(condition: &Expr, values: &mut Vec<Expr>) -> Option<ColumnVar> {
    if let ExprKind::Or(left, right) = &condition.kind {
        let first = any_of(left, values)?;
        return any_of(right, values).filter(|second| *second == first);
    }
    let (variable, op, value) = comparison(condition)?;
    if op != Cmp::Eq {
        return None;
    }
    values.push(value.clone());
    Some(variable)
}

/// The index by which the fewest rows are read, if that is much less than reading all.
pub fn choose_index(
    table: &Table,
    predicates: &[ScanPredicate],
    context: &PlanContext<'_>,
) -> Option<Arc<Index>> {
    let bound = |index: &Index| {
        let first = index.columns.first().map(|(column, _)| *column);
        predicates.iter().any(|p| Some(p.index) == first && p.bounds())
    };
    let candidates: Vec<&Arc<Index>> = table.indexes.iter().filter(|index| bound(index)).collect();
    if candidates.is_empty() {
        return None;
    }
    let statistics = context.catalog.statistics(table);
    let by_key = part(&table.key, predicates, &statistics).unwrap_or(1.0);
    let rated = candidates.into_iter().filter_map(|index| {
        let columns: Vec<usize> = index.columns.iter().map(|(column, _)| *column).collect();
        Some((part(&columns, predicates, &statistics)?, index))
    });
    let (part, index) = rated.min_by(|a, b| a.0.total_cmp(&b.0))?;
    // A scan by the key reads its rows in one sweep.
    (part <= MOST_BY_INDEX && part * 4.0 < by_key).then(|| index.clone())
}

/// The part of the rows that conditions on the first of these columns leave, about; `None` where
/// they do not bound the first one.
fn part(
    columns: &[usize],
    predicates: &[ScanPredicate],
    statistics: &TableStatistics,
) -> Option<f64> {
    let mut left: Option<f64> = None;
    for column in columns {
        let known = statistics.columns.get(*column);
        let here: Vec<&ScanPredicate> = predicates.iter().filter(|p| p.index == *column).collect();
        if let Some(part) = here.iter().find_map(|p| p.single_values(known, statistics.rows)) {
            left = Some(left.unwrap_or(1.0) * part);
            continue;
        }
        let part = range(&here, known);
        return match (left, part) {
            (Some(left), Some(part)) => Some(left * part),
            (left, part) => left.or(part),
        };
    }
    left
}

impl ScanPredicate {
    /// Whether it bounds a range of keys.
    pub fn bounds(&self) -> bool {
        !matches!(self.test, ScanTest::Compare(Cmp::Ne, _))
    }

    /// The part of the rows that have one of some single values, if it asks for these.
    fn single_values(&self, known: Option<&ColumnStatistics>, rows: Option<u64>) -> Option<f64> {
        let one = || match known {
            Some(known) if known.distinct > 0 => 1.0 / known.distinct as f64,
            _ => EQUAL,
        };
        match &self.test {
            ScanTest::Compare(Cmp::Eq, _) => Some(one()),
            ScanTest::In(values) => Some((one() * values.len() as f64).min(1.0)),
            ScanTest::IsNull => Some(match (known, rows) {
                (Some(known), Some(rows)) if rows > 0 => known.nulls as f64 / rows as f64,
                _ => EQUAL,
            }),
            ScanTest::Compare(..) => None,
        }
    }
}

/// The part of the rows between the limits that comparisons state.
fn range(predicates: &[&ScanPredicate], known: Option<&ColumnStatistics>) -> Option<f64> {
    let (mut low, mut high) = (None, None);
    for predicate in predicates {
        match &predicate.test {
            ScanTest::Compare(Cmp::Gt | Cmp::Ge, value) => low = Some(value),
            ScanTest::Compare(Cmp::Lt | Cmp::Le, value) => high = Some(value),
            _ => {}
        }
    }
    let assumed = match (low.is_some(), high.is_some()) {
        (false, false) => return None,
        (true, true) => TWO_SIDED,
        _ => ONE_SIDED,
    };
    let known = known.and_then(|k| Some((number(k.min.as_ref()?)?, number(k.max.as_ref()?)?)));
    let Some((min, max)) = known.filter(|(min, max)| max > min) else { return Some(assumed) };
    let limit = |side: Option<&Expr>, otherwise: f64| match side {
        None => Some(otherwise),
        Some(Expr { kind: ExprKind::Constant(value), .. }) => number(value),
        Some(_) => None,
    };
    let (Some(low), Some(high)) = (limit(low, min), limit(high, max)) else { return Some(assumed) };
    Some(((high.min(max) - low.max(min)) / (max - min)).clamp(0.0, 1.0))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Wide(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}
