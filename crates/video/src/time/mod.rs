//! PTS, durations and frame rates, exact.

mod cadence;
mod clock;
mod rational;

pub use cadence::Cadence;
pub use clock::{Output, OutputClock, Shown};
pub(crate) use rational::parse_decimal;
pub use rational::{
    NotANumber, Rational, distance, parse_number, parse_rate, short_decimal, to_f64, zero,
};
