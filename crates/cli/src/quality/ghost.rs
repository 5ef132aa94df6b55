//! Ghosts: how much of the two ends still stands in an in-between where the truth shows something else.

use otinterp::picture::Plane;

/// A pixel counts if each end differs from the truth by more than this in some channel. Chosen: well above noise and
/// compression, well below the contrast of things that move.
const DIFFERENCE_CODES: f32 = 25.0;
/// Two ends whose normal equations have a determinant below this part of the largest it could be are one and the same. Sums of
/// whole numbers are exact, so that what rounds is the determinant alone, by some 1e-16.
const DEPENDENT: f64 = 1e-12;

/// Normal equations of `made − truth ≈ α (A − truth) + β (B − truth)` over the channels of the pixels where A and B both differ from
/// the truth by more than 25 codes; sums, so that frames can be pooled.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ghost {
    /// Of A with A, A with B, B with B.
    matrix: [f64; 3],
    /// Of A and B with what was made.
    made: [f64; 2],
}

impl Ghost {
    /// The equations of one frame: what was made for the middle of A and B, and the truth; 8-bit codes, of one size.
    pub fn of(made: &[Plane], truth: &[Plane], [a, b]: [&[Plane]; 2]) -> Self {
        let mut sums = Self::default();
        let channels = 0..truth.len();
        let Some(first) = truth.first() else {
            return sums;
        };
        for at in ndarray::indices(first.dim()) {
            let differs = |end: &[Plane]| {
                let mut differences = channels.clone().map(|c| (end[c][at] - truth[c][at]).abs());
                differences.any(|difference| difference > DIFFERENCE_CODES)
            };
            if !differs(a) || !differs(b) {
                continue;
            }
            for c in channels.clone() {
                let [a, b, made] = [a, b, made].map(|p| f64::from(p[c][at] - truth[c][at]));
                sums.add(&Self {
                    matrix: [a * a, a * b, b * b],
                    made: [a * made, b * made],
                });
            }
        }
        sums
    }

    /// Pools the equations of another frame.
    pub fn add(&mut self, other: &Self) {
        let pairs = self.matrix.iter_mut().zip(other.matrix);
        for (sum, term) in pairs.chain(self.made.iter_mut().zip(other.made)) {
            *sum += term;
        }
    }

    /// α and β of least squares: 0 and 0 for the truth, ½ and ½ for the cross-fade, 1 and 0 for A itself. Where the two ends
    /// are alike the shortest solution, which shares evenly; `None` if no pixel counts.
    pub fn shares(&self) -> Option<[f64; 2]> {
        let [aa, ab, bb] = self.matrix;
        let [a, b] = self.made;
        if aa == 0.0 || bb == 0.0 {
            return None;
        }
        let determinant = aa * bb - ab * ab;
        if determinant > DEPENDENT * aa * bb {
            return Some([bb * a - ab * b, aa * b - ab * a].map(|share| share / determinant));
        }
        // A matrix of rank 1 is its own pseudo-inverse over the square of its trace.
        let trace = aa + bb;
        Some([aa * a + ab * b, ab * a + bb * b].map(|share| share / (trace * trace)))
    }

    /// The mean of [`Self::shares`], mostly in `[0, ½]`: 0 for the truth, ½ for the cross-fade and for either end.
    pub fn share(&self) -> Option<f64> {
        self.shares().map(|[a, b]| (a + b) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: usize) -> Vec<Plane> {
        let code = |y: usize, x: usize, c: usize| {
            (y * 7919 + x * 104_729 + c * 613 + seed * 15_485_863) % 256
        };
        (0..3)
            .map(|c| Plane::from_shape_fn((20, 30), |(y, x)| code(y, x, c) as f32))
            .collect()
    }

    fn mixed(parts: &[(&[Plane], f32)]) -> Vec<Plane> {
        let plane = |c: usize| parts.iter().map(move |(p, share)| &p[c] * *share);
        (0..3)
            .map(|c| plane(c).reduce(|sum, part| sum + part).unwrap())
            .collect()
    }

    #[test]
    fn closed_forms() {
        let (a, truth, b) = (noise(1), noise(2), noise(3));
        let shares = |made: &[Plane]| Ghost::of(made, &truth, [&a, &b]).shares().unwrap();
        let fade = mixed(&[(&a, 0.5), (&b, 0.5)]);
        let faint = mixed(&[(&a, 0.25), (&truth, 0.625), (&b, 0.125)]);
        for (made, expected) in [
            (&truth, [0.0, 0.0]),
            (&fade, [0.5, 0.5]),
            (&a, [1.0, 0.0]),
            (&b, [0.0, 1.0]),
            (&faint, [0.25, 0.125]),
        ] {
            let found = shares(made);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-9, "{found} {expected}");
            }
        }
        let of_a = Ghost::of(&a, &truth, [&a, &b]).share().unwrap();
        assert!((of_a - 0.5).abs() < 1e-9, "{of_a}");
    }

    /// One frame weighs as much as what differs in it, so the pooled share is not the mean of the frames' shares.
    #[test]
    fn frames_are_pooled_by_their_sums() {
        let level = |code: f32| vec![Plane::from_elem((1, 1), code)];
        let truth = level(0.0);
        // A = B = 100, made 100 (α + β = 1); A = B = 200, made 0.
        let mut sums = Ghost::of(&level(100.0), &truth, [&level(100.0), &level(100.0)]);
        assert_eq!(sums.share(), Some(0.5));
        sums.add(&Ghost::of(&truth, &truth, [&level(200.0), &level(200.0)]));
        // 100² = 1e4 of 1e4 + 4e4 remains, a fifth, half for each end.
        let pooled = sums.share().unwrap();
        assert!((pooled - 0.1).abs() < 1e-12, "{pooled}");
    }

    /// 25 codes are not enough, nor is one end that differs.
    #[test]
    fn where_nothing_counts_there_is_no_share() {
        let level = |code: f32| vec![Plane::from_elem((4, 4), code)];
        let of = |a: f32, b: f32| Ghost::of(&level(50.0), &level(100.0), [&level(a), &level(b)]);
        assert_eq!(of(75.0, 0.0).share(), None);
        assert_eq!(of(0.0, 125.0).share(), None);
        assert!(of(74.0, 126.0).share().is_some());
        assert_eq!(Ghost::default().share(), None);
    }

    /// Ends on opposite sides of the truth are as dependent as equal ones: the shortest solution is (½, −½) · ½.
    #[test]
    fn dependent_ends_have_the_shortest_solution() {
        let level = |code: f32| vec![Plane::from_elem((2, 2), code)];
        let sums = Ghost::of(&level(140.0), &level(100.0), [&level(180.0), &level(20.0)]);
        let [a, b] = sums.shares().unwrap();
        assert!(
            (a - 0.25).abs() < 1e-12 && (b + 0.25).abs() < 1e-12,
            "{a} {b}"
        );
    }
}
