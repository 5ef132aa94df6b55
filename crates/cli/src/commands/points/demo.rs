//! Demo of `points`: one cloud that parts into two.

use otinterp::ot::minibatch::SplitMix;
use otinterp::ot::{Cloud, Error};

/// Weight of the entropy.
pub const EPS: f64 = 0.5;
/// Most iterations.
pub const ITERATIONS: usize = 200;
/// Where the figure goes by default.
pub const FIGURE: &str = "points-demo.svg";

/// Points on the left, and as many on the right in two halves.
const POINTS: usize = 200;
/// Standard deviation of the cloud on the left and of each cluster on the right.
const SPREADS: [f64; 2] = [1.0, 0.5];
/// Half the distance of the sides, and of the clusters.
const HALVES: [f64; 2] = [4.0, 3.0];

/// Both clouds.
pub fn clouds() -> Result<(Cloud, Cloud), Error> {
    let mut random = SplitMix(7);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for k in 0..POINTS {
        let [u, v] = normal(&mut random);
        x.extend([-HALVES[0] + SPREADS[0] * u, SPREADS[0] * v]);
        let [u, v] = normal(&mut random);
        let side = if k % 2 == 0 { HALVES[1] } else { -HALVES[1] };
        y.extend([HALVES[0] + SPREADS[1] * u, side + SPREADS[1] * v]);
    }
    let masses = || vec![1.0; POINTS];
    Ok((
        Cloud::new("source", 2, x, masses())?,
        Cloud::new("target", 2, y, masses())?,
    ))
}

/// Two standard normal numbers (Box & Muller 1958).
fn normal(random: &mut SplitMix) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    let angle = std::f64::consts::TAU * random.unit();
    [radius * angle.cos(), radius * angle.sin()]
}
