//! Single values that cross the border of this crate.
//!
//! A [`Datum`] borrows; an [`OwnedDatum`] is what statistics hand out. Which variants a column
//! takes follows from its storage type (see FORMAT.md); the engine checks it on every write.

use std::cmp::Ordering;

/// One value, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Datum<'a> {
    /// SQL NULL.
    Null,
    /// BOOLEAN.
    Bool(bool),
    /// Every integer type; DATE in days; TIME and TIMESTAMP in microseconds; DECIMAL up to 18
    /// digits, unscaled.
    Int(i64),
    /// DECIMAL above 18 digits, unscaled.
    Int128(i128),
    /// FLOAT and DOUBLE.
    Float(f64),
    /// TEXT, JSON (UTF-8), BLOB, UUID (16 bytes).
    Bytes(&'a [u8]),
    /// INTERVAL.
    Interval {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
        /// Microseconds.
        micros: i64,
    },
}

/// One value, owned.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedDatum {
    /// See [`Datum::Null`].
    Null,
    /// See [`Datum::Bool`].
    Bool(bool),
    /// See [`Datum::Int`].
    Int(i64),
    /// See [`Datum::Int128`].
    Int128(i128),
    /// See [`Datum::Float`].
    Float(f64),
    /// See [`Datum::Bytes`].
    Bytes(Vec<u8>),
    /// See [`Datum::Interval`].
    Interval {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
        /// Microseconds.
        micros: i64,
    },
}

impl Datum<'_> {
    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Datum::Null)
    }

    /// The owned form.
    pub fn to_owned(&self) -> OwnedDatum {
        match *self {
            Datum::Null => OwnedDatum::Null,
            Datum::Bool(value) => OwnedDatum::Bool(value),
            Datum::Int(value) => OwnedDatum::Int(value),
            Datum::Int128(value) => OwnedDatum::Int128(value),
            Datum::Float(value) => OwnedDatum::Float(value),
            Datum::Bytes(value) => OwnedDatum::Bytes(value.to_vec()),
            Datum::Interval { months, days, micros } => {
                OwnedDatum::Interval { months, days, micros }
            }
        }
    }

    /// The order of two values of one column, the same as the key encoding's: NULL first,
    /// -0.0 equal to 0.0, NaN above every number. `None` for values of different kinds.
    pub fn compare(&self, other: &Datum<'_>) -> Option<Ordering> {
        Some(match (self, other) {
            (Datum::Null, Datum::Null) => Ordering::Equal,
            (Datum::Null, _) => Ordering::Less,
            (_, Datum::Null) => Ordering::Greater,
            (Datum::Bool(a), Datum::Bool(b)) => a.cmp(b),
            (Datum::Int(a), Datum::Int(b)) => a.cmp(b),
            (Datum::Int128(a), Datum::Int128(b)) => a.cmp(b),
            (Datum::Int(a), Datum::Int128(b)) => i128::from(*a).cmp(b),
            (Datum::Int128(a), Datum::Int(b)) => a.cmp(&i128::from(*b)),
            (Datum::Float(a), Datum::Float(b)) => compare_floats(*a, *b),
            (Datum::Bytes(a), Datum::Bytes(b)) => a.cmp(b),
            (
                Datum::Interval { months: m1, days: d1, micros: u1 },
                Datum::Interval { months: m2, days: d2, micros: u2 },
            ) => interval_micros(*m1, *d1, *u1)
                .cmp(&interval_micros(*m2, *d2, *u2))
                .then((m1, d1).cmp(&(m2, d2))),
            _ => return None,
        })
    }
}

impl OwnedDatum {
    /// The borrowed form.
    pub fn borrow(&self) -> Datum<'_> {
        match self {
            OwnedDatum::Null => Datum::Null,
            OwnedDatum::Bool(value) => Datum::Bool(*value),
            OwnedDatum::Int(value) => Datum::Int(*value),
            OwnedDatum::Int128(value) => Datum::Int128(*value),
            OwnedDatum::Float(value) => Datum::Float(*value),
            OwnedDatum::Bytes(value) => Datum::Bytes(value),
            OwnedDatum::Interval { months, days, micros } => {
                Datum::Interval { months: *months, days: *days, micros: *micros }
            }
        }
    }
}

/// The length an interval is ordered by: a month counts as 30 days, a day as 24 hours.
pub(crate) fn interval_micros(months: i32, days: i32, micros: i64) -> i128 {
    const DAY_MICROS: i128 = 86_400_000_000;
    (i128::from(months) * 30 + i128::from(days)) * DAY_MICROS + i128::from(micros)
}

fn compare_floats(a: f64, b: f64) -> Ordering {
    match a.partial_cmp(&b) {
        Some(order) => order,
        None => a.is_nan().cmp(&b.is_nan()),
    }
}
