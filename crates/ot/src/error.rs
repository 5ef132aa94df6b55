//! The errors of transport: what can be wrong with a problem.

use otinterp_simd::LevelError;

/// Why a problem has no answer.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A side has no points at all.
    #[error("a measure needs at least one point")]
    Empty,
    /// A slice has the wrong length.
    #[error("{what}: {found} values, expected {expected}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Length that fits.
        expected: usize,
        /// Length that was given.
        found: usize,
    },
    /// A cost is NaN, `-∞` or of a magnitude above 10^20.
    #[error("cost {index} is {value}; costs lie within ±1e20, or are +inf to forbid a pair")]
    Cost {
        /// Position in the slice.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A mass is negative or not finite.
    #[error("mass {index} of {side} is {value}; masses are finite and not negative")]
    Mass {
        /// `"source"` or `"target"`.
        side: &'static str,
        /// Position in the slice.
        index: usize,
        /// The value.
        value: f32,
    },
    /// `eps`, a slack or a tolerance is out of range.
    #[error("{what} is {value:?}; it must be {range}")]
    Parameter {
        /// Its name.
        what: &'static str,
        /// The value.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// A side has no mass where a probability measure is asked for.
    #[error("the {side} has no mass")]
    NoMass {
        /// `"source"` or `"target"`.
        side: &'static str,
    },
    /// Without slack the two sides must carry the same mass.
    #[error(
        "source mass {source_mass} is not target mass {target_mass}; give one side slack, or normalise"
    )]
    UnequalMass {
        /// Sum of the source.
        source_mass: f64,
        /// Sum of the target.
        target_mass: f64,
    },
    /// Without slack a point's mass must be able to go somewhere.
    #[error("{side} {index} has mass, no slack, and no partner with mass in its support")]
    Unreachable {
        /// `"source"` or `"target"`.
        side: &'static str,
        /// Which point.
        index: usize,
    },
    /// A point's coordinate is not finite.
    #[error("coordinate {value} of point {index} is not finite")]
    Coordinate {
        /// Which point.
        index: usize,
        /// The value.
        value: f32,
    },
    /// More pairs than an exact solve considers.
    #[error("{pairs} pairs of points are more than the {most} that are solved at once")]
    TooManyPairs {
        /// Pairs of points.
        pairs: u64,
        /// The limit.
        most: u64,
    },
    /// Coordinates so far apart that their squared distances are beyond `f64`, or so near that they are 0.
    #[error(
        "the points spread over {spread:?}; between 1e-150 and 1e150 can be solved: scale the coordinates"
    )]
    Spread {
        /// Diagonal of the box round them.
        spread: f64,
    },
    /// A covariance is not symmetric positive semi-definite.
    #[error("the covariance is not symmetric positive semi-definite")]
    Covariance,
    /// `OTINTERP_CPU` is wrong.
    #[error(transparent)]
    Level(#[from] LevelError),
}
