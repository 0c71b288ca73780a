//! Skipping leaves by their zone maps.

use crate::block::Zone;
use crate::datum::{Datum, OwnedDatum};
use crate::request::{Predicate, PredicateOp};
use std::cmp::Ordering;

/// Whether no row of a block with this zone can satisfy the predicate.
pub(crate) fn excludes(zone: &Zone, rows: usize, predicate: &Predicate) -> bool {
    let all_null = zone.null_count == rows as u64;
    match predicate.op {
        PredicateOp::IsNull => return zone.null_count == 0,
        _ if all_null => return true,
        PredicateOp::IsNotNull => return false,
        _ => {}
    }
    let (Some(min), Some(max)) = (&zone.min, &zone.max) else {
        return false;
    };
    let outside = |value: &OwnedDatum| {
        order(value, max) == Some(Ordering::Greater) || order(value, min) == Some(Ordering::Less)
    };
    let Some(value) = predicate.values.first() else {
        // IN of nothing; the other comparisons come with a value.
        return predicate.op == PredicateOp::In;
    };
    match predicate.op {
        PredicateOp::Equal | PredicateOp::In => predicate.values.iter().all(outside),
        PredicateOp::NotEqual => {
            order(value, min) == Some(Ordering::Equal) && order(value, max) == Some(Ordering::Equal)
        }
        PredicateOp::Less => matches!(order(min, value), Some(Ordering::Greater | Ordering::Equal)),
        PredicateOp::LessOrEqual => order(min, value) == Some(Ordering::Greater),
        PredicateOp::Greater => matches!(order(max, value), Some(Ordering::Less | Ordering::Equal)),
        PredicateOp::GreaterOrEqual => order(max, value) == Some(Ordering::Less),
        PredicateOp::IsNull | PredicateOp::IsNotNull => false,
    }
}

/// The order of two values; a comparison with NULL is never true, which `None` keeps undecided.
fn order(a: &OwnedDatum, b: &OwnedDatum) -> Option<Ordering> {
    if matches!(a.borrow(), Datum::Null) || matches!(b.borrow(), Datum::Null) {
        return None;
    }
    a.borrow().compare(&b.borrow())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ColumnId;

    fn excluded(min: i64, max: i64, nulls: u64, op: PredicateOp, values: &[i64]) -> bool {
        let zone = Zone {
            min: Some(OwnedDatum::Int(min)),
            max: Some(OwnedDatum::Int(max)),
            null_count: nulls,
            sketch: Vec::new(),
        };
        let values = values.iter().map(|value| OwnedDatum::Int(*value)).collect();
        excludes(&zone, 10, &Predicate { column: ColumnId(1), op, values })
    }

    #[test]
    fn a_zone_of_5_to_9_excludes() {
        use PredicateOp::*;
        let cases: [(PredicateOp, &[i64], bool); 14] = [
            (Equal, &[4], true),
            (Equal, &[5], false),
            (In, &[1, 10], true),
            (In, &[1, 7], false),
            (Less, &[5], true),
            (Less, &[6], false),
            (LessOrEqual, &[4], true),
            (LessOrEqual, &[5], false),
            (Greater, &[9], true),
            (GreaterOrEqual, &[9], false),
            (GreaterOrEqual, &[10], true),
            (NotEqual, &[5], false),
            (IsNull, &[], true),
            (IsNotNull, &[], false),
        ];
        for (op, values, expected) in cases {
            assert_eq!(excluded(5, 9, 0, op, values), expected, "{op:?} {values:?}");
        }
        assert!(!excluded(5, 9, 1, IsNull, &[]));
        assert!(excluded(5, 5, 0, NotEqual, &[5]));
        assert!(excluded(5, 9, 10, IsNotNull, &[]));
    }
}
