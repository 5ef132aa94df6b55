//! Scores of in-betweens of scenes in layers, of which it is known who sees what: by visibility, and of small fast things.

use super::psnr::SquaredError;
use otinterp::picture::Plane;
use serde::Serialize;

/// Pixels of a class whose codes are these times 85: what both pictures show, the first only, the second only, neither.
const CODES_PER_CLASS: f32 = 85.0;
/// Fewer pixels of things than this in a scene are a sliver at its border: they do not count. Chosen.
const LEAST_THING_PX: usize = 21;

/// What is known of the truth at t = ½ of a scene in layers, and of its things at all three times.
#[derive(Debug)]
pub struct Layers {
    /// Whether what a pixel of the truth shows is seen in both pictures (255), the first only (170), the second only (85) or neither (0);
    /// within 3 px of an edge of a layer 1 less, or 1 for 0.
    pub classes: Plane,
    /// Where small fast things are in the first picture, the truth and the second picture: above 0.
    pub things: Option<[Plane; 3]>,
}

/// Sums of errors over the pixels of one scene, or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LayerSums {
    both: SquaredError,
    one: SquaredError,
    edge: SquaredError,
    trace: SquaredError,
    thing: Thing,
}

/// Least squares of what was made on the truth, both less the background, where a thing stands: Σ(truth − bg)(made − bg) and
/// Σ(truth − bg)².
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Thing {
    product: f64,
    square: f64,
}

/// How well scenes in layers were rebuilt, pooled over their pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LayerScores {
    /// PSNR in dB of pixels that both pictures show, away from edges.
    pub both_db: Option<f64>,
    /// PSNR in dB of pixels that one picture shows.
    pub one_db: Option<f64>,
    /// PSNR in dB within 3 px of an edge of a layer.
    pub edge_db: Option<f64>,
    /// How much of the things stands in the right place: 1 is all, 0 is background only.
    pub thing: Option<f64>,
    /// PSNR in dB where a thing was or will be, and is not.
    pub trace_db: Option<f64>,
}

impl LayerSums {
    /// The sums of one scene: what was made for the middle of A and B, and the truth; 8-bit codes, of one size.
    pub fn of(layers: &Layers, made: &[Plane], truth: &[Plane], ends: [&[Plane]; 2]) -> Self {
        let mut sums = Self::default();
        for (at, &code) in layers.classes.indexed_iter() {
            let error = SquaredError::at(made, truth, at);
            let class = (code / CODES_PER_CLASS).round();
            let is_edge = class * CODES_PER_CLASS != code;
            match class as u8 {
                1 | 2 => sums.one.add(&error),
                3 if !is_edge => sums.both.add(&error),
                _ => {}
            }
            if is_edge {
                sums.edge.add(&error);
            }
        }
        if let Some(things) = &layers.things {
            sums.see_things(things, made, truth, ends);
        }
        sums
    }

    /// Where a thing stands in the truth and in neither picture, these show the background, and their mean is taken for it.
    fn see_things(
        &mut self,
        things: &[Plane; 3],
        made: &[Plane],
        truth: &[Plane],
        [a, b]: [&[Plane]; 2],
    ) {
        let (mut thing, mut standing) = (Thing::default(), 0);
        let mut trace = SquaredError::default();
        for at in ndarray::indices(things[1].dim()) {
            let [before, now, after] = [0, 1, 2].map(|time: usize| things[time][at] > 0.0);
            let passed = before || after;
            if now && !passed {
                standing += 1;
                for c in 0..truth.len() {
                    let background = f64::from(a[c][at] + b[c][at]) / 2.0;
                    let [truth, made] = [truth, made].map(|p| f64::from(p[c][at]) - background);
                    thing.product += truth * made;
                    thing.square += truth * truth;
                }
            } else if passed && !now {
                trace.add(&SquaredError::at(made, truth, at));
            }
        }
        if standing >= LEAST_THING_PX {
            self.thing = thing;
        }
        if trace.samples() >= LEAST_THING_PX * truth.len() {
            self.trace = trace;
        }
    }

    /// Pools the sums of another scene.
    pub fn add(&mut self, other: &Self) {
        self.both.add(&other.both);
        self.one.add(&other.one);
        self.edge.add(&other.edge);
        self.trace.add(&other.trace);
        self.thing.product += other.thing.product;
        self.thing.square += other.thing.square;
    }

    /// PSNR and share, of what there is.
    pub fn scores(&self) -> LayerScores {
        let Thing { product, square } = self.thing;
        LayerScores {
            both_db: self.both.psnr_db(),
            one_db: self.one.psnr_db(),
            edge_db: self.edge.psnr_db(),
            thing: (square > 0.0).then(|| product / square),
            trace_db: self.trace.psnr_db(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row, one channel: a pixel for each code.
    fn row(codes: &[f32]) -> Plane {
        Plane::from_shape_vec((1, codes.len()), codes.to_vec()).unwrap()
    }

    fn db(square: f64) -> Option<f64> {
        Some(10.0 * (255.0f64.powi(2) / square).log10())
    }

    fn near(found: Option<f64>, expected: Option<f64>) {
        let both = found.zip(expected);
        assert!(
            both.is_some_and(|(f, e)| (f - e).abs() < 1e-9),
            "{found:?} {expected:?}"
        );
    }

    #[test]
    fn classes_are_told_apart() {
        let classes = [255.0, 254.0, 170.0, 169.0, 85.0, 84.0, 0.0, 1.0];
        let errors = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let truth = [row(&[100.0; 8])];
        let made = [&truth[0] + &row(&errors)];
        let layers = Layers {
            classes: row(&classes),
            things: None,
        };
        let scores = LayerSums::of(&layers, &made, &truth, [&truth, &truth]).scores();
        near(scores.both_db, db(1.0));
        near(scores.one_db, db((9.0 + 16.0 + 25.0 + 36.0) / 4.0));
        near(scores.edge_db, db((4.0 + 16.0 + 36.0 + 64.0) / 4.0));
        assert_eq!((scores.thing, scores.trace_db), (None, None));
    }

    /// A thing of 30 px passes from the first third of 90 px over the second to the last one.
    #[test]
    fn a_thing_that_passes() {
        let at = |third: usize| -> Vec<f32> {
            (0..90)
                .map(|x| f32::from(u8::from(x / 30 == third)))
                .collect()
        };
        let masks = [0, 1, 2].map(|third| row(&at(third)));
        let [a, truth, b] = [0, 1, 2].map(|third: usize| [&masks[third] * 150.0 + 50.0]);
        let layers = Layers {
            classes: row(&[255.0; 90]),
            things: Some(masks),
        };
        let scores = |made: &[Plane]| LayerSums::of(&layers, made, &truth, [&a, &b]).scores();
        assert_eq!(
            (scores(&truth).thing, scores(&truth).trace_db),
            (Some(1.0), Some(100.0))
        );
        let fade = [(&a[0] + &b[0]) * 0.5];
        near(scores(&fade).trace_db, db(75.0 * 75.0));
        assert_eq!(scores(&fade).thing, Some(0.0));
        let gone = [Plane::from_elem((1, 90), 50.0)];
        assert_eq!(
            (scores(&gone).thing, scores(&gone).trace_db),
            (Some(0.0), Some(100.0))
        );
        let faint = [(&truth[0] + &gone[0]) * 0.5];
        assert_eq!(scores(&faint).thing, Some(0.5));
    }

    #[test]
    fn a_sliver_of_a_thing_does_not_count() {
        // The trace has twice as many pixels.
        for (pixels, thing, trace) in [
            (10usize, false, false),
            (11, false, true),
            (20, false, true),
            (21, true, true),
        ] {
            let mask = |from: usize| {
                row(&[0, 1, 2]
                    .map(|part| vec![if part == from { 1.0 } else { 0.0 }; pixels])
                    .concat())
            };
            let layers = Layers {
                classes: row(&vec![255.0; 3 * pixels]),
                things: Some([mask(0), mask(1), mask(2)]),
            };
            let truth = [&mask(1) * 100.0];
            let black = [Plane::zeros((1, 3 * pixels))];
            let scores = LayerSums::of(&layers, &truth, &truth, [&black, &black]).scores();
            assert_eq!(
                (scores.thing.is_some(), scores.trace_db.is_some()),
                (thing, trace),
                "{pixels}"
            );
        }
    }

    #[test]
    fn scenes_are_pooled_by_pixels() {
        let classes = |n: usize| Layers {
            classes: row(&vec![255.0; n]),
            things: None,
        };
        let sums = |n: usize, error: f32| {
            let truth = [row(&vec![100.0; n])];
            LayerSums::of(&classes(n), &[&truth[0] + error], &truth, [&truth, &truth])
        };
        let mut pooled = sums(1, 6.0);
        pooled.add(&sums(3, 2.0));
        near(pooled.scores().both_db, db((36.0 + 3.0 * 4.0) / 4.0));
    }
}
