//! Rational numbers for PTS, durations and frame rates: how they are read and shown. Floats never decide anything.

use num_rational::Ratio;

/// A fraction. Seconds or frames per second.
///
/// 128 bits hold any 64-bit tick count times any time base, and sums and products of two of them.
pub type Rational = Ratio<i128>;

/// A rate or factor that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not a positive number such as 60, 2.5, 23.976 or 24000/1001")]
pub struct NotANumber(String);

/// Largest numerator and denominator taken from a user: what FFmpeg's own rationals hold.
pub(super) const LARGEST: i128 = i32::MAX as i128;

/// Reads a positive number, `60`, `2.5` or `5/2`, exactly.
///
/// # Errors
/// [`NotANumber`] for anything else, 0 included.
pub fn parse_number(text: &str) -> Result<Rational, NotANumber> {
    let fail = || NotANumber(text.to_owned());
    let value = match text.split_once('/') {
        Some((num, den)) => {
            let den = parse_decimal(den).filter(|d| *d > zero());
            parse_decimal(num).zip(den).map(|(n, d)| n / d)
        }
        None => parse_decimal(text),
    };
    value
        .filter(|v| *v > zero() && *v.numer() <= LARGEST && *v.denom() <= LARGEST)
        .ok_or_else(fail)
}

/// Reads a frame rate as [`parse_number`] does, and `23.976`, `29.97`, `59.94` and their like as
/// `24000/1001`, `30000/1001`, `60000/1001`: the rates that those decimals abbreviate.
///
/// # Errors
/// [`NotANumber`] as [`parse_number`].
pub fn parse_rate(text: &str) -> Result<Rational, NotANumber> {
    let value = parse_number(text)?;
    let Some((_, fraction)) = text.split_once('.').filter(|_| !text.contains('/')) else {
        return Ok(value);
    };
    // NTSC rates: n·1000/1001 for whole n; one digit ("12.5") is too few to abbreviate one.
    if fraction.len() < 2 {
        return Ok(value);
    }
    let base = value.ceil().to_integer();
    let ntsc = Rational::new(base * 1000, 1001);
    let unit = Rational::new(1, 10i128.pow(fraction.len() as u32));
    let is_ntsc = (base % 12 == 0 || base % 15 == 0) && distance(ntsc, value) < unit;
    Ok(if is_ntsc { ntsc } else { value })
}

/// Digits with at most one point. At most 9 on each side, so that nothing overflows.
pub(crate) fn parse_decimal(text: &str) -> Option<Rational> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.len() <= 9 && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let all: i128 = format!("0{whole}{fraction}").parse().ok()?;
    Some(Rational::new(all, 10i128.pow(fraction.len() as u32)))
}

/// 0.
pub fn zero() -> Rational {
    Rational::from_integer(0)
}

/// `|a - b|`.
pub fn distance(a: Rational, b: Rational) -> Rational {
    if a > b { a - b } else { b - a }
}

/// The nearest `f64`, for reports and for rendering.
pub fn to_f64(value: Rational) -> f64 {
    *value.numer() as f64 / *value.denom() as f64
}

/// At most three decimals, without trailing zeros: `60`, `23.976`, `2.5`.
pub fn short_decimal(value: Rational) -> String {
    let text = format!("{:.3}", to_f64(value));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(num: i128, den: i128) -> Rational {
        Rational::new(num, den)
    }

    #[test]
    fn rates_are_read_exactly() {
        for (text, num, den) in [
            ("60", 60, 1),
            ("24000/1001", 24000, 1001),
            ("23.976", 24000, 1001),
            ("23.98", 24000, 1001),
            ("29.97", 30000, 1001),
            ("47.952", 48000, 1001),
            ("59.94", 60000, 1001),
            ("59.9400599", 60000, 1001),
            ("119.88", 120000, 1001),
            ("14.985", 15000, 1001),
            ("12.5", 25, 2),
            ("24.00", 24, 1),
            ("30.5", 61, 2),
            ("33.33", 3333, 100),
            ("7.25", 29, 4),
        ] {
            assert_eq!(parse_rate(text), Ok(r(num, den)), "{text}");
        }
        assert_eq!(parse_number("2.997"), Ok(r(2997, 1000)));
        assert_eq!(parse_number("5/2"), Ok(r(5, 2)));
    }

    #[test]
    fn what_is_no_positive_number_is_refused() {
        for text in " 0 0.0 -1 a 1/0 1e3 . 1.2.3 1/ 9999999999 nan".split(' ') {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn short_decimals() {
        assert_eq!(short_decimal(r(24000, 1001)), "23.976");
        assert_eq!(short_decimal(r(60, 1)), "60");
        assert_eq!(short_decimal(r(5, 2)), "2.5");
        assert_eq!(short_decimal(r(100, 1)), "100");
    }
}
