//! Fields of dates, times and intervals: `year(x)`, `date_part('year', x)`, `epoch(x)`, names.

use super::{micros_of, unknown_part};
use crate::arguments::{integer, interval, text};
use crate::registry::Bodies;
use grizzly_bytecode::temporal::{
    MICROS_PER_DAY, MICROS_PER_SECOND, civil_from_days, days_from_civil, days_in_month,
};
use grizzly_bytecode::{Fault, Interval, Type, Value};
use grizzly_vm::native::NativeContext;
use smol_str::SmolStr;

type Outcome = Result<Value, Fault>;

/// A function that gives one field of its argument.
macro_rules! fields {
    ($($name:ident)*) => {
        /// The bodies of this module.
        pub(crate) const BODIES: Bodies = &[
            $((stringify!($name), $name),)*
            ("date_part", date_part),
            ("epoch", epoch),
            ("epoch_ms", epoch_ms),
            ("epoch_us", epoch_us),
            ("dayname", dayname),
            ("monthname", monthname),
            ("days_in_month", days_in_month_of),
        ];
        $(fn $name(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
            field(context, arguments, 0, stringify!($name)).map(Value::Int)
        })*
    };
}

fields! {
    year quarter month week isoyear day dayofweek isodow dayofyear hour minute second millisecond
    microsecond
}

/// The canonical name of a part: lower case, singular, aliases resolved.
pub(crate) fn canonical(part: &str) -> SmolStr {
    let lower = part.trim().to_ascii_lowercase();
    let name = match lower.as_str() {
        "y" | "yr" | "yrs" | "years" => "year",
        "quarters" => "quarter",
        "mon" | "mons" | "months" => "month",
        "w" | "weeks" | "weekofyear" => "week",
        "d" | "days" | "dayofmonth" => "day",
        "h" | "hr" | "hrs" | "hours" => "hour",
        "m" | "min" | "mins" | "minutes" => "minute",
        "s" | "sec" | "secs" | "seconds" => "second",
        "ms" | "msec" | "milliseconds" => "millisecond",
        "us" | "usec" | "microseconds" => "microsecond",
        "dow" | "weekday" => "dayofweek",
        "doy" => "dayofyear",
        "decades" => "decade",
        "centuries" => "century",
        "millennia" | "millenniums" => "millennium",
        other => other,
    };
    SmolStr::new(name)
}

/// The ISO year and week of a day: the week belongs to the year that holds its Thursday.
fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = civil_from_days(thursday);
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

/// A field of a day.
fn day_field(part: &str, days: i64) -> Option<i64> {
    let (year, month, day) = civil_from_days(days);
    Some(match part {
        "millennium" => (year - 1).div_euclid(1_000) + 1,
        "century" => (year - 1).div_euclid(100) + 1,
        "decade" => year.div_euclid(10),
        "year" => year,
        "isoyear" => iso_week(days).0,
        "quarter" => i64::from((month - 1) / 3 + 1),
        "month" => i64::from(month),
        "week" => iso_week(days).1,
        "day" => i64::from(day),
        // 1970-01-01 was a Thursday.
        "dayofweek" => (days + 4).rem_euclid(7),
        "isodow" => (days + 3).rem_euclid(7) + 1,
        "dayofyear" => days - days_from_civil(year, 1, 1) + 1,
        _ => return None,
    })
}

/// A field of the time of a day, or of an interval's microseconds.
fn clock_field(part: &str, micros: i64) -> Option<i64> {
    let minute = 60 * MICROS_PER_SECOND;
    Some(match part {
        "hour" => micros / (60 * minute),
        "minute" => micros / minute % 60,
        "second" => micros / MICROS_PER_SECOND % 60,
        "millisecond" => micros % minute / 1_000,
        "microsecond" => micros % minute,
        _ => return None,
    })
}

fn interval_field(part: &str, interval: Interval) -> Option<i64> {
    let months = i64::from(interval.months);
    Some(match part {
        "millennium" => months / 12_000,
        "century" => months / 1_200,
        "decade" => months / 120,
        "year" => months / 12,
        "quarter" => months % 12 / 3 + 1,
        "month" => months % 12,
        "day" => i64::from(interval.days),
        _ => return clock_field(part, interval.micros),
    })
}

/// The named field of the argument at `index`.
fn field(
    context: &NativeContext<'_>,
    arguments: &[Value],
    index: usize,
    part: &str,
) -> Result<i64, Fault> {
    let found = match context.argument_types.get(index) {
        Some(Type::Interval) => interval_field(part, interval(arguments, index)?),
        Some(Type::Time) => clock_field(part, integer(arguments, index)?),
        Some(Type::Date) => day_field(part, integer(arguments, index)?),
        _ => {
            let micros = micros_of(context, arguments, index)?;
            day_field(part, micros.div_euclid(MICROS_PER_DAY))
                .or_else(|| clock_field(part, micros.rem_euclid(MICROS_PER_DAY)))
        }
    };
    found.ok_or_else(|| unknown_part(part))
}

/// A field by name; `epoch` is a DOUBLE, which the call's static type says.
fn date_part(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let part = canonical(text(arguments, 0)?);
    let value = if part == "epoch" {
        seconds_of(context, arguments, 1)?
    } else {
        let found = field(context, arguments, 1, &part)?;
        if matches!(context.result_type, Type::Int64) {
            return Ok(Value::Int(found));
        }
        found as f64
    };
    Ok(match context.result_type {
        Type::Int64 => Value::Int(value.floor() as i64),
        _ => Value::Float(value),
    })
}

/// Microseconds since 1970-01-01 UTC, since midnight, or of the interval (a month 30 days, a year
/// 365.25).
fn epoch_micros(
    context: &NativeContext<'_>,
    arguments: &[Value],
    index: usize,
) -> Result<i128, Fault> {
    let Some(Type::Interval) = context.argument_types.get(index) else {
        return micros_of(context, arguments, index).map(i128::from);
    };
    let interval = interval(arguments, index)?;
    let (years, months) = (i128::from(interval.months / 12), i128::from(interval.months % 12));
    // A quarter of a day keeps 365.25 days exact.
    let quarter_days = years * 1_461 + (months * 30 + i128::from(interval.days)) * 4;
    Ok(quarter_days * i128::from(MICROS_PER_DAY / 4) + i128::from(interval.micros))
}

fn seconds_of(
    context: &NativeContext<'_>,
    arguments: &[Value],
    index: usize,
) -> Result<f64, Fault> {
    Ok(epoch_micros(context, arguments, index)? as f64 / MICROS_PER_SECOND as f64)
}

fn epoch(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Float(seconds_of(context, arguments, 0)?))
}

fn epoch_ms(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let millis = epoch_micros(context, arguments, 0)?.div_euclid(1_000);
    crate::math::exact_value(Some(millis), &Type::Int64)
}

fn epoch_us(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    crate::math::exact_value(Some(epoch_micros(context, arguments, 0)?), &Type::Int64)
}

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn dayname(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    // The field is 0 to 6.
    Ok(Value::text(DAYS[field(context, arguments, 0, "dayofweek")? as usize]))
}

fn monthname(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    // The field is 1 to 12.
    Ok(Value::text(MONTHS[field(context, arguments, 0, "month")? as usize - 1]))
}

fn days_in_month_of(context: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let days = micros_of(context, arguments, 0)?.div_euclid(MICROS_PER_DAY);
    let (year, month, _) = civil_from_days(days);
    Ok(Value::Int(i64::from(days_in_month(year, month))))
}
