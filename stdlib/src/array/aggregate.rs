//! What the rarer aggregates make of the values of a group, which the machine has collected.
//! NULLs are skipped; nothing gives NULL.

use super::{Ordered, Outcome, array, elements};
use crate::arguments::{double, integer, overflow, text};
use crate::registry::Bodies;
use grizzly_bytecode::value::total_cmp_f64;
use grizzly_bytecode::{Fault, Value};
use grizzly_vm::native::NativeContext;
use std::cmp::Ordering;
use std::collections::BTreeMap;

pub(crate) const BODIES: Bodies = &[
    ("list_order_by", order_by),
    ("list_median", median),
    ("list_quantile_cont", quantile_cont),
    ("list_quantile_disc", quantile_disc),
    ("list_mode", mode),
    ("list_arg_max", arg_max),
    ("list_arg_min", arg_min),
    ("list_product", product),
    ("list_bit_and", bit_and),
    ("list_bit_or", bit_or),
    ("list_bit_xor", bit_xor),
    ("list_stddev_samp", stddev_samp),
    ("list_stddev_pop", stddev_pop),
    ("list_var_samp", var_samp),
    ("list_var_pop", var_pop),
    ("list_skewness", skewness),
    ("list_kurtosis", kurtosis),
    ("list_covar_samp", covar_samp),
    ("list_covar_pop", covar_pop),
    ("list_regr_count", regr_count),
    ("list_corr", corr),
    ("list_regr_slope", regr_slope),
    ("list_regr_intercept", regr_intercept),
    ("list_regr_r2", regr_r2),
];

/// The elements in the order of keys, stable.
fn order_by(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (xs, flags) = (elements(arguments, 0)?, text(arguments, 1)?.as_bytes());
    let mut keys = Vec::new();
    for (index, flags) in flags.chunks(2).enumerate() {
        let descending = flags.first() == Some(&b'd');
        let nulls_first = flags.get(1) == Some(&b'f');
        keys.push((elements(arguments, index + 2)?, descending, nulls_first));
    }
    let null = Value::Null;
    let compare = |a: &usize, b: &usize| {
        let orders = keys.iter().map(|(keys, descending, nulls_first)| {
            let (a, b) = (keys.get(*a).unwrap_or(&null), keys.get(*b).unwrap_or(&null));
            let order = a.total_cmp(b);
            match a.is_null() || b.is_null() {
                true if *nulls_first => order.reverse(),
                true => order,
                false if *descending => order.reverse(),
                false => order,
            }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    };
    let mut places: Vec<usize> = (0..xs.len()).collect();
    places.sort_by(compare);
    Ok(array(places.iter().filter_map(|at| xs.get(*at)).cloned().collect()))
}

/// The values of an array that are not NULL.
fn known(arguments: &[Value]) -> Result<Vec<&Value>, Fault> {
    Ok(elements(arguments, 0)?.iter().filter(|x| !x.is_null()).collect())
}

/// The numbers of an array, NULLs left out.
fn numbers(arguments: &[Value], index: usize) -> Result<Vec<f64>, Fault> {
    let number = |value: &Value| match value {
        Value::Float(x) => Some(*x),
        _ => None,
    };
    Ok(elements(arguments, index)?.iter().filter_map(number).collect())
}

fn share(arguments: &[Value]) -> Result<f64, Fault> {
    let q = double(arguments, 1)?;
    if (0.0..=1.0).contains(&q) {
        return Ok(q);
    }
    Err(overflow(format!("a quantile is from 0 to 1, not {q:?}")))
}

/// The value at a share of the way through the sorted numbers, interpolated.
fn interpolated(mut xs: Vec<f64>, q: f64) -> Value {
    xs.sort_by(|a, b| total_cmp_f64(*a, *b));
    let Some(last) = xs.len().checked_sub(1) else { return Value::Null };
    let place = q * last as f64;
    let at = |place: f64| xs.get(place as usize).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(place.floor()), at(place.ceil()));
    Value::Float(if low == high { low } else { low + (high - low) * place.fract() })
}

fn median(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(interpolated(numbers(arguments, 0)?, 0.5))
}

fn quantile_cont(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(interpolated(numbers(arguments, 0)?, share(arguments)?))
}

fn quantile_disc(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let (mut xs, q) = (known(arguments)?, share(arguments)?);
    xs.sort_by(|a, b| a.total_cmp(b));
    let at = (q * xs.len() as f64).ceil() as usize;
    Ok(xs.get(at.saturating_sub(1)).map_or(Value::Null, |x| (*x).clone()))
}

fn mode(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let mut counts: BTreeMap<Ordered<'_>, (usize, usize)> = BTreeMap::new();
    for (at, x) in known(arguments)?.into_iter().enumerate() {
        counts.entry(Ordered(x)).or_insert((0, at)).0 += 1;
    }
    let most = counts.iter().max_by_key(|(_, (count, first))| (*count, usize::MAX - first));
    Ok(most.map_or(Value::Null, |(x, _)| x.0.clone()))
}

/// The value at the first key that beats all before it.
fn at_extreme(arguments: &[Value], wanted: Ordering) -> Outcome {
    let (xs, keys) = (elements(arguments, 0)?, elements(arguments, 1)?);
    let mut best: Option<(&Value, &Value)> = None;
    for (x, key) in xs.iter().zip(keys.iter()) {
        if x.is_null() || key.is_null() {
            continue;
        }
        if best.is_none_or(|(_, known)| key.total_cmp(known) == wanted) {
            best = Some((x, key));
        }
    }
    Ok(best.map_or(Value::Null, |(x, _)| x.clone()))
}

fn arg_max(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    at_extreme(arguments, Ordering::Greater)
}

fn arg_min(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    at_extreme(arguments, Ordering::Less)
}

fn product(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let xs = numbers(arguments, 0)?;
    Ok(if xs.is_empty() { Value::Null } else { Value::Float(xs.iter().product()) })
}

fn bits(arguments: &[Value], join: impl Fn(i64, i64) -> i64) -> Outcome {
    let mut joined: Option<i64> = None;
    for x in known(arguments)? {
        let x = integer(std::slice::from_ref(x), 0)?;
        joined = Some(joined.map_or(x, |known| join(known, x)));
    }
    Ok(joined.map_or(Value::Null, Value::Int))
}

fn bit_and(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    bits(arguments, |a, b| a & b)
}

fn bit_or(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    bits(arguments, |a, b| a | b)
}

fn bit_xor(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    bits(arguments, |a, b| a ^ b)
}

/// The number of values and their central moments of the second to fourth power, as sums.
fn moments(xs: &[f64]) -> (f64, [f64; 3]) {
    let count = xs.len() as f64;
    let mean = xs.iter().sum::<f64>() / count;
    let mut sums = [0.0; 3];
    for x in xs {
        let d = x - mean;
        sums = [sums[0] + d * d, sums[1] + d * d * d, sums[2] + d * d * d * d];
    }
    (count, sums)
}

/// The squared deviations over the count less `less`; NULL of too few values.
fn variance(arguments: &[Value], less: usize) -> Result<Option<f64>, Fault> {
    let xs = numbers(arguments, 0)?;
    let (count, [squares, ..]) = moments(&xs);
    Ok((xs.len() > less).then(|| squares / (count - less as f64)))
}

fn float(value: Option<f64>) -> Value {
    value.map_or(Value::Null, Value::Float)
}

fn stddev_samp(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(float(variance(arguments, 1)?.map(f64::sqrt)))
}

fn stddev_pop(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(float(variance(arguments, 0)?.map(f64::sqrt)))
}

fn var_samp(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(float(variance(arguments, 1)?))
}

fn var_pop(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    Ok(float(variance(arguments, 0)?))
}

/// The adjusted Fisher-Pearson coefficient, as DuckDB's.
fn skewness(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let xs = numbers(arguments, 0)?;
    let (n, [m2, m3, _]) = moments(&xs);
    if n < 3.0 || m2 == 0.0 {
        return Ok(Value::Null);
    }
    let biased = (m3 / n) / (m2 / n).powf(1.5);
    Ok(Value::Float(biased * (n * (n - 1.0)).sqrt() / (n - 2.0)))
}

/// The sample excess kurtosis G2, as DuckDB's.
fn kurtosis(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let xs = numbers(arguments, 0)?;
    let (n, [m2, _, m4]) = moments(&xs);
    if n < 4.0 || m2 == 0.0 {
        return Ok(Value::Null);
    }
    let biased = (m4 / n) / (m2 / n).powi(2) - 3.0;
    let adjusted = ((n + 1.0) * biased + 6.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0));
    Ok(Value::Float(adjusted))
}

/// The count, the means of y and x, and the sums of squares and products of their deviations.
struct Pairs {
    count: f64,
    means: (f64, f64),
    yy: f64,
    xx: f64,
    xy: f64,
}

fn pairs(arguments: &[Value]) -> Result<Pairs, Fault> {
    let (ys, xs) = (elements(arguments, 0)?, elements(arguments, 1)?);
    let mut known = Vec::new();
    for pair in ys.iter().zip(xs.iter()) {
        if let (Value::Float(y), Value::Float(x)) = pair {
            known.push((*y, *x));
        }
    }
    let count = known.len() as f64;
    let (sum_y, sum_x) = known.iter().fold((0.0, 0.0), |(a, b), (y, x)| (a + y, b + x));
    let means = (sum_y / count, sum_x / count);
    let mut pairs = Pairs { count, means, yy: 0.0, xx: 0.0, xy: 0.0 };
    for (y, x) in known {
        let (dy, dx) = (y - means.0, x - means.1);
        pairs.yy += dy * dy;
        pairs.xx += dx * dx;
        pairs.xy += dy * dx;
    }
    Ok(pairs)
}

fn covar_samp(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pairs = pairs(arguments)?;
    Ok(float((pairs.count > 1.0).then(|| pairs.xy / (pairs.count - 1.0))))
}

fn covar_pop(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pairs = pairs(arguments)?;
    Ok(float((pairs.count > 0.0).then(|| pairs.xy / pairs.count)))
}

fn regr_count(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    if super::elements_or_null(arguments, 0)?.is_none() {
        return Ok(Value::Int(0));
    }
    Ok(Value::Int(pairs(arguments)?.count as i64))
}

fn corr(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pairs = pairs(arguments)?;
    let varies = pairs.xx > 0.0 && pairs.yy > 0.0;
    Ok(float(varies.then(|| pairs.xy / (pairs.xx.sqrt() * pairs.yy.sqrt()))))
}

fn regr_slope(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pairs = pairs(arguments)?;
    Ok(float((pairs.xx > 0.0).then(|| pairs.xy / pairs.xx)))
}

fn regr_intercept(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pairs = pairs(arguments)?;
    let line = || pairs.means.0 - pairs.xy / pairs.xx * pairs.means.1;
    Ok(float((pairs.xx > 0.0).then(line)))
}

/// 1 where y does not vary (SQL:2003, regr_r2).
fn regr_r2(_: &NativeContext<'_>, arguments: &[Value]) -> Outcome {
    let pairs = pairs(arguments)?;
    let fit = || if pairs.yy == 0.0 { 1.0 } else { pairs.xy.powi(2) / (pairs.xx * pairs.yy) };
    Ok(float((pairs.xx > 0.0).then(fit)))
}
