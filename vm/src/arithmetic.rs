//! What every arithmetic instruction means, as functions of values.
//!
//! The scalar interpreter, the vector kernels and the helpers of native code all call these, so
//! that no operator has two meanings. An error is the built-in exception that the instruction
//! raises; where and with which row is the caller's business.

use grizzly_bytecode::Builtin;

type Checked<T> = Result<T, Builtin>;

macro_rules! integers {
    ($name:ident, $int:ty, $doc:literal) => {
        #[doc = $doc]
        pub mod $name {
            use super::{Builtin, Checked};

            /// The sum.
            ///
            /// # Errors
            /// ArithmeticOverflow.
            #[inline(always)]
            pub fn add(a: $int, b: $int) -> Checked<$int> {
                a.checked_add(b).ok_or(Builtin::ArithmeticOverflow)
            }

            /// The difference.
            ///
            /// # Errors
            /// ArithmeticOverflow.
            #[inline(always)]
            pub fn sub(a: $int, b: $int) -> Checked<$int> {
                a.checked_sub(b).ok_or(Builtin::ArithmeticOverflow)
            }

            /// The product.
            ///
            /// # Errors
            /// ArithmeticOverflow.
            #[inline(always)]
            pub fn mul(a: $int, b: $int) -> Checked<$int> {
                a.checked_mul(b).ok_or(Builtin::ArithmeticOverflow)
            }

            /// The quotient, truncated.
            ///
            /// # Errors
            /// DivisionByZero, ArithmeticOverflow.
            #[inline(always)]
            pub fn div(a: $int, b: $int) -> Checked<$int> {
                if b == 0 {
                    return Err(Builtin::DivisionByZero);
                }
                a.checked_div(b).ok_or(Builtin::ArithmeticOverflow)
            }

            /// The remainder, with the sign of `a`; 0 where the quotient would overflow.
            ///
            /// # Errors
            /// DivisionByZero.
            #[inline(always)]
            pub fn rem(a: $int, b: $int) -> Checked<$int> {
                if b == 0 {
                    return Err(Builtin::DivisionByZero);
                }
                Ok(a.wrapping_rem(b))
            }

            /// The quotient, rounded half away from zero.
            ///
            /// # Errors
            /// DivisionByZero, ArithmeticOverflow.
            #[inline(always)]
            pub fn div_round(a: $int, b: $int) -> Checked<$int> {
                let quotient = div(a, b)?;
                let rest = a.wrapping_rem(b).unsigned_abs();
                // `rest < |b|`, so the subtraction cannot wrap; it asks whether 2 * rest >= |b|.
                if rest < b.unsigned_abs() - rest {
                    return Ok(quotient);
                }
                // |b| >= 2 here, which keeps the quotient away from the ends of the range.
                Ok(if (a < 0) == (b < 0) { quotient + 1 } else { quotient - 1 })
            }

            /// The negation.
            ///
            /// # Errors
            /// ArithmeticOverflow.
            #[inline(always)]
            pub fn neg(a: $int) -> Checked<$int> {
                a.checked_neg().ok_or(Builtin::ArithmeticOverflow)
            }

            /// Holds a DECIMAL to its digits: `|a| < 10^digits`.
            ///
            /// # Errors
            /// ArithmeticOverflow.
            #[inline(always)]
            pub fn check_decimal(a: $int, digits: i16) -> Checked<()> {
                // More digits than the type holds bound nothing.
                let bound = u32::try_from(digits).ok().and_then(|d| (10 as $int).checked_pow(d));
                match bound {
                    Some(bound) if a.unsigned_abs() >= bound.unsigned_abs() => {
                        Err(Builtin::ArithmeticOverflow)
                    }
                    _ => Ok(()),
                }
            }
        }
    };
}

integers!(int, i64, "64-bit integers: also dates, times and DECIMAL up to 18 digits.");
integers!(wide, i128, "128-bit integers: DECIMAL above 18 digits.");

/// Holds an integer to a type of `bits` bits, signed; 64 and more bound nothing.
///
/// # Errors
/// ArithmeticOverflow.
#[inline(always)]
pub fn check_int(a: i64, bits: i16) -> Checked<()> {
    let spare = 64 - u32::from(bits.clamp(1, 64).unsigned_abs());
    if (a << spare) >> spare == a { Ok(()) } else { Err(Builtin::ArithmeticOverflow) }
}

/// The quotient of DOUBLEs.
///
/// # Errors
/// DivisionByZero.
#[inline(always)]
pub fn div_f64(a: f64, b: f64) -> Checked<f64> {
    if b == 0.0 { Err(Builtin::DivisionByZero) } else { Ok(a / b) }
}

/// The remainder of DOUBLEs, with the sign of `a`.
///
/// # Errors
/// DivisionByZero.
#[inline(always)]
pub fn rem_f64(a: f64, b: f64) -> Checked<f64> {
    if b == 0.0 { Err(Builtin::DivisionByZero) } else { Ok(a % b) }
}

/// A DOUBLE rounded to FLOAT32.
///
/// # Errors
/// ArithmeticOverflow where a finite number becomes infinite.
#[inline(always)]
pub fn round_f32(a: f64) -> Checked<f64> {
    let rounded = f64::from(a as f32);
    if rounded.is_infinite() && a.is_finite() {
        return Err(Builtin::ArithmeticOverflow);
    }
    Ok(rounded)
}

/// A DOUBLE rounded half to even.
///
/// # Errors
/// ArithmeticOverflow where it is no 64-bit integer: NaN included.
#[inline(always)]
pub fn f64_to_i64(a: f64) -> Checked<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let rounded = a.round_ties_even();
    if (-LIMIT..LIMIT).contains(&rounded) {
        return Ok(rounded as i64);
    }
    Err(Builtin::ArithmeticOverflow)
}

/// A 128-bit integer in 64 bits.
///
/// # Errors
/// ArithmeticOverflow.
#[inline(always)]
pub fn narrow(a: i128) -> Checked<i64> {
    i64::try_from(a).map_err(|_| Builtin::ArithmeticOverflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_half_away_from_zero() {
        for (a, b, want) in [(7, 2, 4), (-7, 2, -4), (7, -2, -4), (5, 3, 2), (4, 3, 1), (-4, 3, -1)]
        {
            assert_eq!(int::div_round(a, b), Ok(want), "{a} / {b}");
            assert_eq!(wide::div_round(a.into(), b.into()), Ok(want.into()), "{a} / {b}");
        }
        assert_eq!(int::div_round(i64::MIN, -1), Err(Builtin::ArithmeticOverflow));
        assert_eq!(int::div_round(i64::MAX, i64::MIN), Ok(-1));
        assert_eq!(int::div_round(1, 0), Err(Builtin::DivisionByZero));
    }

    #[test]
    fn the_remainder_of_the_least_integer_by_minus_one_is_zero() {
        assert_eq!(int::rem(i64::MIN, -1), Ok(0));
        assert_eq!(int::div(i64::MIN, -1), Err(Builtin::ArithmeticOverflow));
    }

    #[test]
    fn checks_hold_values_to_their_types() {
        assert_eq!(check_int(127, 8), Ok(()));
        assert_eq!(check_int(128, 8), Err(Builtin::ArithmeticOverflow));
        assert_eq!(check_int(-128, 8), Ok(()));
        assert_eq!(check_int(i64::MIN, 64), Ok(()));
        assert_eq!(int::check_decimal(99, 2), Ok(()));
        assert_eq!(int::check_decimal(-100, 2), Err(Builtin::ArithmeticOverflow));
        assert_eq!(wide::check_decimal(10_i128.pow(38) - 1, 38), Ok(()));
        assert_eq!(wide::check_decimal(10_i128.pow(38), 38), Err(Builtin::ArithmeticOverflow));
    }

    #[test]
    fn doubles_round_half_to_even_and_stay_in_range() {
        assert_eq!(f64_to_i64(2.5), Ok(2));
        assert_eq!(f64_to_i64(3.5), Ok(4));
        assert_eq!(f64_to_i64(-9_223_372_036_854_775_808.0), Ok(i64::MIN));
        assert_eq!(f64_to_i64(9_223_372_036_854_775_808.0), Err(Builtin::ArithmeticOverflow));
        assert_eq!(f64_to_i64(f64::NAN), Err(Builtin::ArithmeticOverflow));
        assert_eq!(round_f32(1e300), Err(Builtin::ArithmeticOverflow));
        assert_eq!(round_f32(f64::INFINITY), Ok(f64::INFINITY));
    }
}
