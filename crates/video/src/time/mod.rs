//! PTS, durations and frame rates, exact.

mod cadence;
mod clock;
mod rational;
mod timeline;

pub use cadence::Cadence;
pub use clock::{Output, OutputClock, Outputs, Shown};
pub(crate) use rational::parse_decimal;
pub use rational::{
    NotANumber, Rational, distance, parse_number, parse_rate, short_decimal, to_f64, zero,
};
pub use timeline::{Joins, Stamp, Timeline};
