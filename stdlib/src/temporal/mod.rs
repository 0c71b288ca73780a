//! Dates, times and intervals: the operators' bodies, and functions that give a date or an
//! interval.
//!
//! Adding an interval adds its months first (a day that the month lacks becomes its last), then its
//! days, then its microseconds, as PostgreSQL and DuckDB do. A DATE plus an interval is a
//! TIMESTAMP.

pub mod parts;

use crate::arguments::{cast_error, double, integer, interval, overflow, text};
use crate::registry::Bodies;
use grizzly_bytecode::temporal::{
    MICROS_PER_DAY, MICROS_PER_SECOND, add_months, civil_from_days, days_from_civil, days_in_month,
};
use grizzly_bytecode::{Fault, Interval, Type, Value};
use grizzly_vm::native::NativeContext;

type Outcome = Result<Value, Fault>;

pub(crate) const BODIES: Bodies = &[
    ("add_interval", add_interval),
    ("subtract_interval", subtract_interval),
    ("timestamp_difference", timestamp_difference),
    ("interval_add", interval_add),
    ("interval_subtract", interval_subtract),
    ("interval_multiply", interval_multiply),
    ("now", now),
    ("clock_timestamp", clock_timestamp),
    ("today", today),
    ("date_trunc", date_trunc),
    ("last_day", last_day),
    ("age", age),
    ("to_timestamp", to_timestamp),
    ("make_date", make_date),
    ("make_time", make_time),
    ("make_timestamp", make_timestamp),
    ("to_years", to_years),
    ("to_months", to_months),
    ("to_days", to_days),
    ("to_hours", to_hours),
    ("to_minutes", to_minutes),
    ("to_seconds", to_seconds),
];

/// The first argument in microseconds since 1970-01-01; a DATE is its midnight.
pub(crate) fn micros_of(
    context: &NativeContext<'_>,
    arguments: &[Value],
    index: usize,
) -> Result<i64, Fault> {
    let value = integer(arguments, index)?;
    match context.argument_types.get(index) {
        Some(Type::Date) => value.checked_mul(MICROS_PER_DAY).ok_or_else(out_of_calendar),
        _ => Ok(value),
    }
}

fn out_of_calendar() -> Fault {
    overflow("the timestamp is out of range")
}

/// A timestamp moved by an interval.
fn moved(micros: i64, by: Interval) -> Outcome {
    let days = micros.div_euclid(MICROS_PER_DAY);
    let time = micros.rem_euclid(MICROS_PER_DAY);
    let sum = add_months(days, i64::from(by.months))
        .and_then(|days| days.checked_add(i64::from(by.days)))
        .and_then(|days| days.checked_mul(MICROS_PER_DAY))
        .and_then(|start| start.checked_add(time))
        .and_then(|start| start.checked_add(by.micros));
    sum.map(Value::Int).ok_or_else(out_of_calendar)
}

fn interval_value(parts: Option<Interval>) -> Outcome {
    let parts = parts.ok_or_else(|| overflow("the interval is out of range"))?;
    Ok(Value::Wide(parts.pack()))
}

fn negated(interval: Interval) -> Option<Interval> {
    Some(Interval {
        months: interval.months.checked_neg()?,
        days: interval.days.checked_neg()?,
        micros: interval.micros.checked_neg()?,
    })
}

fn sum(a: Interval, b: Interval) -> Option<Interval> {
    Some(Interval {
        months: a.months.checked_add(b.months)?,
        days: a.days.checked_add(b.days)?,
        micros: a.micros.checked_add(b.micros)?,
    })
}

fn add_interval(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let by = interval(arguments, 1)?;
    if matches!(context.argument_types.first(), Some(Type::Time)) {
        let time = integer(arguments, 0)?.checked_add(by.micros).ok_or_else(out_of_calendar)?;
        return Ok(Value::Int(time.rem_euclid(MICROS_PER_DAY)));
    }
    moved(micros_of(context, arguments, 0)?, by)
}

fn subtract_interval(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let by = negated(interval(arguments, 1)?).ok_or_else(out_of_calendar)?;
    add_interval(context, &[arguments[0].clone(), Value::Wide(by.pack())])
}

/// TIMESTAMP − TIMESTAMP: whole days and the rest in microseconds.
fn timestamp_difference(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (to, from) = (micros_of(context, arguments, 0)?, micros_of(context, arguments, 1)?);
    let difference = to.checked_sub(from).ok_or_else(out_of_calendar)?;
    let days = i32::try_from(difference / MICROS_PER_DAY).ok();
    let micros = difference % MICROS_PER_DAY;
    interval_value(days.map(|days| Interval { months: 0, days, micros }))
}

fn interval_add(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    interval_value(sum(interval(arguments, 0)?, interval(arguments, 1)?))
}

fn interval_subtract(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let second = negated(interval(arguments, 1)?);
    let first = interval(arguments, 0)?;
    interval_value(second.and_then(|second| sum(first, second)))
}

/// An interval times an integer, in either order.
fn interval_multiply(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let swapped = matches!(arguments.first(), Some(Value::Int(_)));
    let (at, by) = if swapped { (1, 0) } else { (0, 1) };
    let (interval, factor) = (interval(arguments, at)?, integer(arguments, by)?);
    let scaled = |part: i32| i64::from(part).checked_mul(factor)?.try_into().ok();
    let product = || {
        Some(Interval {
            months: scaled(interval.months)?,
            days: scaled(interval.days)?,
            micros: interval.micros.checked_mul(factor)?,
        })
    };
    interval_value(product())
}

fn now(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    Ok(Value::Int(context.transaction_micros))
}

fn clock_timestamp(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    Ok(Value::Int(context.clock.now_micros()))
}

fn today(context: &NativeContext<'_>, _: &[Value]) -> Outcome {
    Ok(Value::Int(context.transaction_micros.div_euclid(MICROS_PER_DAY)))
}

/// The fault of a date part that does not exist.
pub(crate) fn unknown_part(part: &str) -> Fault {
    cast_error(format!("`{part}` is no part of a date or time"))
}

/// The first day of the part that holds a day.
fn truncated_day(part: &str, days: i64) -> Option<i64> {
    let (year, month, _) = civil_from_days(days);
    Some(match part {
        "day" => days,
        // 1970-01-01 was a Thursday, three days after a Monday.
        "week" => days - (days + 3).rem_euclid(7),
        "month" => days_from_civil(year, month, 1),
        "quarter" => days_from_civil(year, (month - 1) / 3 * 3 + 1, 1),
        "year" => days_from_civil(year, 1, 1),
        "decade" => days_from_civil(year.div_euclid(10) * 10, 1, 1),
        "century" => days_from_civil((year - 1).div_euclid(100) * 100 + 1, 1, 1),
        "millennium" => days_from_civil((year - 1).div_euclid(1000) * 1000 + 1, 1, 1),
        _ => return None,
    })
}

/// The length of a part below a day.
fn clock_unit(part: &str) -> Option<i64> {
    Some(match part {
        "hour" => 3_600 * MICROS_PER_SECOND,
        "minute" => 60 * MICROS_PER_SECOND,
        "second" => MICROS_PER_SECOND,
        "millisecond" => 1_000,
        "microsecond" => 1,
        _ => return None,
    })
}

fn date_trunc(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let part = parts::canonical(text(arguments, 0)?);
    if matches!(context.argument_types.get(1), Some(Type::Interval)) {
        let truncated = truncated_interval(&part, interval(arguments, 1)?);
        return interval_value(Some(truncated.ok_or_else(|| unknown_part(&part))?));
    }
    let micros = micros_of(context, arguments, 1)?;
    if let Some(unit) = clock_unit(&part) {
        return Ok(Value::Int(micros - micros.rem_euclid(unit)));
    }
    let start = truncated_day(&part, micros.div_euclid(MICROS_PER_DAY));
    let start = start.ok_or_else(|| unknown_part(&part))?;
    start.checked_mul(MICROS_PER_DAY).map(Value::Int).ok_or_else(out_of_calendar)
}

fn truncated_interval(part: &str, interval: Interval) -> Option<Interval> {
    let months = |unit: i32| Interval { months: interval.months / unit * unit, days: 0, micros: 0 };
    Some(match part {
        "millennium" => months(12_000),
        "century" => months(1_200),
        "decade" => months(120),
        "year" => months(12),
        "quarter" => months(3),
        "month" => months(1),
        "week" => Interval { days: interval.days / 7 * 7, micros: 0, ..interval },
        "day" => Interval { micros: 0, ..interval },
        _ => {
            let unit = clock_unit(part)?;
            Interval { micros: interval.micros / unit * unit, ..interval }
        }
    })
}

fn last_day(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let days = micros_of(context, arguments, 0)?.div_euclid(MICROS_PER_DAY);
    let (year, month, _) = civil_from_days(days);
    Ok(Value::Int(days_from_civil(year, month, days_in_month(year, month))))
}

/// The difference by calendar fields; a negative field borrows from the next greater one, a day
/// from the length of the month of the earlier timestamp.
fn age(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (to, from) = (micros_of(context, arguments, 0)?, micros_of(context, arguments, 1)?);
    let (late, early) = (to.max(from), to.min(from));
    let civil = |micros: i64| civil_from_days(micros.div_euclid(MICROS_PER_DAY));
    let ((year_2, month_2, day_2), (year_1, month_1, day_1)) = (civil(late), civil(early));
    let mut months = (year_2 - year_1) * 12 + i64::from(month_2) - i64::from(month_1);
    let mut days = i64::from(day_2) - i64::from(day_1);
    let mut micros = late.rem_euclid(MICROS_PER_DAY) - early.rem_euclid(MICROS_PER_DAY);
    if micros < 0 {
        micros += MICROS_PER_DAY;
        days -= 1;
    }
    if days < 0 {
        days += i64::from(days_in_month(year_1, month_1));
        months -= 1;
    }
    let parts = || {
        let positive =
            Interval { months: months.try_into().ok()?, days: days.try_into().ok()?, micros };
        if to >= from { Some(positive) } else { negated(positive) }
    };
    interval_value(parts())
}

/// Seconds as microseconds, to the nearest.
fn micros_of_seconds(seconds: f64) -> Result<i64, Fault> {
    let micros = (seconds * MICROS_PER_SECOND as f64).round();
    // The bound is 2^63, which is an exact DOUBLE.
    if micros.abs() < 9.223_372_036_854_776e18 { Ok(micros as i64) } else { Err(out_of_calendar()) }
}

fn to_timestamp(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(micros_of_seconds(double(arguments, 0)?)?))
}

fn days_of(arguments: &[Value]) -> Result<i64, Fault> {
    let (year, month, day) =
        (integer(arguments, 0)?, integer(arguments, 1)?, integer(arguments, 2)?);
    let exists = (-290_000..=290_000).contains(&year)
        && (1..=12).contains(&month)
        && day >= 1
        && day <= i64::from(days_in_month(year, month as u32));
    if !exists {
        return Err(cast_error(format!("there is no day {year}-{month:02}-{day:02}")));
    }
    Ok(days_from_civil(year, month as u32, day as u32))
}

fn time_of(arguments: &[Value], first: usize) -> Result<i64, Fault> {
    let (hour, minute) = (integer(arguments, first)?, integer(arguments, first + 1)?);
    let second = double(arguments, first + 2)?;
    let exists =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0.0..60.0).contains(&second);
    if !exists {
        return Err(cast_error(format!("there is no time {hour}:{minute:02}:{second}")));
    }
    let whole = (hour * 60 + minute) * 60 * MICROS_PER_SECOND;
    Ok(whole + micros_of_seconds(second)?)
}

fn make_date(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(days_of(arguments)?))
}

fn make_time(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Int(time_of(arguments, 0)?))
}

fn make_timestamp(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let start = days_of(arguments)?.checked_mul(MICROS_PER_DAY).ok_or_else(out_of_calendar)?;
    Ok(Value::Int(start + time_of(arguments, 3)?))
}

/// An interval of `count` times some months and days.
fn whole_interval(arguments: &[Value], months: i64, days: i64) -> Outcome {
    let count = integer(arguments, 0)?;
    let times = |unit: i64| count.checked_mul(unit)?.try_into().ok();
    let parts = || Some(Interval { months: times(months)?, days: times(days)?, micros: 0 });
    interval_value(parts())
}

fn clock_interval(arguments: &[Value], unit: i64) -> Outcome {
    let micros = integer(arguments, 0)?.checked_mul(unit);
    interval_value(micros.map(|micros| Interval { micros, ..Interval::default() }))
}

fn to_years(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    whole_interval(arguments, 12, 0)
}

fn to_months(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    whole_interval(arguments, 1, 0)
}

fn to_days(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    whole_interval(arguments, 0, 1)
}

fn to_hours(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    clock_interval(arguments, 3_600 * MICROS_PER_SECOND)
}

fn to_minutes(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    clock_interval(arguments, 60 * MICROS_PER_SECOND)
}

fn to_seconds(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let micros = micros_of_seconds(double(arguments, 0)?)?;
    interval_value(Some(Interval { micros, ..Interval::default() }))
}
