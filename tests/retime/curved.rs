//! Paths of clips: what goes round is where it should be between frames, also at the end of a loop and at irregular times, without a kink.

use crate::common::texture::texture;
use crate::drawn::{RATE, SIZE, info, retime, rules};
use ndarray::Array2;
use otinterp::picture::{Format, Picture};
use otinterp::{Interpolator, Method, Preset};
use otinterp_cli::pipeline::{CONTEXT_FRAMES, Cuts, Duplicates, Paths, Rules};
use otinterp_video::range::{Position, Ranged};
use otinterp_video::time::Rational;
use otinterp_video::{Frame, Info, Result, Source};

/// Frames of a turn, and its radius, px.
const TURN: usize = 16;
const RADIUS: f64 = 24.0;

/// Where the texture is at a time, in frames.
fn place(time: f64) -> [f64; 2] {
    place_on(RADIUS, time)
}

fn place_on(radius: f64, time: f64) -> [f64; 2] {
    let angle = std::f64::consts::TAU * time / TURN as f64;
    [radius * angle.cos(), 0.6 * radius * angle.sin()]
}

fn at_place([dx, dy]: [f64; 2]) -> Picture {
    let value = |(y, x): (usize, usize)| texture(x as f64 - dx, y as f64 - dy, 0);
    let plane = Array2::from_shape_fn(SIZE, value);
    let mut picture = Picture::new(Format::gray(8), vec![plane]).unwrap();
    picture.quantize();
    picture
}

/// The texture at these times, each in whole 60ths of a frame.
struct Turning {
    info: Info,
    times: Vec<i128>,
    /// Each frame's time on its way, likewise.
    places: Vec<i128>,
    radius: f64,
    next: usize,
}

impl Turning {
    fn new(times: Vec<i128>) -> Self {
        Self {
            info: info(SIZE, Some(Rational::from_integer(RATE))),
            places: times.clone(),
            times,
            radius: RADIUS,
            next: 0,
        }
    }

    fn steadily(count: usize) -> Self {
        Self::new((0..count as i128).map(|frame| 60 * frame).collect())
    }
}

impl Source for Turning {
    fn info(&self) -> &Info {
        &self.info
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let Some(&time) = self.times.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        Ok(Some(Frame {
            picture: at_place(place_on(
                self.radius,
                self.places[self.next - 1] as f64 / 60.0,
            )),
            time: Rational::new(time, 60 * RATE),
            duration: None,
            is_context: false,
        }))
    }
}

fn moving(paths: Paths) -> Rules {
    Rules {
        paths,
        cuts: Cuts::ByHand(Vec::new()),
        interpolator: Interpolator::new(Method::Ot, Preset::Balanced),
        ..rules()
    }
}

/// The place of the texture in a picture, by least squares (Gauss and Newton) from about there.
fn found(picture: &Picture, about: [f64; 2]) -> [f64; 2] {
    const STEP: f64 = 0.25;
    let mut at = about;
    for _ in 0..4 {
        let mut normal = [[0.0; 2]; 2];
        let mut right = [0.0; 2];
        for y in (32..SIZE.0 - 32).step_by(3) {
            for x in (40..SIZE.1 - 40).step_by(3) {
                let value = |dx: f64, dy: f64| {
                    f64::from(texture(x as f64 - at[0] - dx, y as f64 - at[1] - dy, 0))
                };
                let error = f64::from(picture.planes()[0][(y, x)]) - value(0.0, 0.0);
                let slope = [
                    (value(STEP, 0.0) - value(-STEP, 0.0)) / (2.0 * STEP),
                    (value(0.0, STEP) - value(0.0, -STEP)) / (2.0 * STEP),
                ];
                for i in 0..2 {
                    right[i] += slope[i] * error;
                    for j in 0..2 {
                        normal[i][j] += slope[i] * slope[j];
                    }
                }
            }
        }
        let [[a, b], [_, d]] = normal;
        let determinant = a * d - b * b;
        at[0] += (d * right[0] - b * right[1]) / determinant;
        at[1] += (a * right[1] - b * right[0]) / determinant;
    }
    at
}

/// Places in the frames of a clip, `factor` for each of its own.
fn places(source: &mut dyn Source, rules: &Rules, factor: usize) -> Vec<[f64; 2]> {
    let (_, pictures) = retime(source, rules, factor as i128);
    let about = |n: usize| place(n as f64 / factor as f64);
    let numbered = pictures.iter().enumerate();
    numbered
        .map(|(n, picture)| found(picture, about(n)))
        .collect()
}

fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// How far places are from the truth, root mean square over some of them.
fn error(places: &[[f64; 2]], factor: usize, some: std::ops::Range<usize>) -> f64 {
    let truth = |n: usize| place(n as f64 / factor as f64);
    let sum: f64 = some
        .clone()
        .map(|n| apart(places[n], truth(n)).powi(2))
        .sum();
    (sum / some.len() as f64).sqrt()
}

#[test]
fn what_goes_round_stays_on_its_circle() {
    const FACTOR: usize = 4;
    let found = |paths| places(&mut Turning::steadily(10), &moving(paths), FACTOR);
    let whole = FACTOR..8 * FACTOR;
    let straight = error(&found(Paths::Straight), FACTOR, whole.clone());
    let curved = error(&found(Paths::Curved), FACTOR, whole);
    assert!(curved < 0.25 * straight, "{curved} {straight}");
}

/// Every frame is `repeats` times there.
fn on_twos(count: usize, repeats: usize) -> Turning {
    let places = (0..count * repeats).map(|n| 60 * (n - n % repeats) as i128);
    Turning {
        times: (0..(count * repeats) as i128).map(|n| 60 * n).collect(),
        places: places.collect(),
        ..Turning::steadily(0)
    }
}

#[test]
fn a_part_is_the_same_bits_as_in_the_whole() {
    const FACTOR: usize = 2;
    let detected = Rules {
        cuts: rules().cuts,
        ..moving(Paths::Curved)
    };
    let replaced = Rules {
        duplicates: Duplicates::Replace,
        ..moving(Paths::Curved)
    };
    let (steadily, twos) = (|| Turning::steadily(12), || on_twos(8, 2));
    let clips: [(&dyn Fn() -> Turning, &Rules); 2] = [(&steadily, &detected), (&twos, &replaced)];
    for (clip, rules) in clips {
        let part = |context_frames| {
            let range = [3, 8].map(|frame| Some(Position::Frame(frame)));
            let source = Box::new(clip());
            let mut part = Ranged::new(source, (range[0], range[1]), context_frames).unwrap();
            retime(&mut part, rules, FACTOR as i128)
        };
        let (_, whole) = retime(&mut clip(), rules, FACTOR as i128);
        let (counts, found) = part(CONTEXT_FRAMES);
        assert_eq!(counts.frames_in, 5);
        assert_eq!(found.len(), 5 * FACTOR);
        assert!(found == whole[3 * FACTOR..8 * FACTOR]);
        // Without what is around them, the first and the last pair are others.
        assert!(part([0; 2]).1 != found);
    }
}

#[test]
fn a_loop_goes_on_from_its_last_frame_to_its_first() {
    const FACTOR: usize = 4;
    let rules = Rules {
        is_loop: true,
        ..moving(Paths::Curved)
    };
    let found = places(&mut Turning::steadily(TURN), &rules, FACTOR);
    assert_eq!(found.len(), TURN * FACTOR);
    let last = (TURN - 1) * FACTOR..TURN * FACTOR;
    let middle = error(&found, FACTOR, 4 * FACTOR..5 * FACTOR);
    let at_end = error(&found, FACTOR, last);
    assert!(at_end < 2.0 * middle + 0.02, "{at_end} {middle}");
}

#[test]
fn irregular_times_enter_the_paths() {
    const FACTOR: usize = 4;
    let times: Vec<i128> = vec![0, 60, 150, 180, 260, 330, 360, 450];
    let found = |paths| places(&mut Turning::new(times.clone()), &moving(paths), FACTOR);
    let whole = FACTOR..6 * FACTOR;
    let straight = error(&found(Paths::Straight), FACTOR, whole.clone());
    let curved = error(&found(Paths::Curved), FACTOR, whole);
    assert!(curved < 0.3 * straight, "{curved} {straight}");
}

/// Mean second differences towards the middle of the places in the frames of a circle, at the source's frames and between them: single
/// ones are within the noise of places, 0.03 px.
fn kinks(radius: f64, paths: Paths) -> [f64; 2] {
    const FACTOR: usize = 8;
    let about = |n: usize| place_on(radius, n as f64 / FACTOR as f64);
    let mut source = Turning {
        radius,
        ..Turning::steadily(TURN)
    };
    let (_, pictures) = retime(&mut source, &moving(paths), FACTOR as i128);
    let numbered = pictures.iter().enumerate();
    let places = numbered.map(|(n, picture)| found(picture, about(n)));
    let places: Vec<[f64; 2]> = places.collect();
    let (mut sums, mut counts) = ([0.0; 2], [0.0; 2]);
    for n in 2 * FACTOR..places.len() - 2 * FACTOR {
        let [x, y] = about(n);
        let second =
            |axis: usize| places[n + 1][axis] - 2.0 * places[n][axis] + places[n - 1][axis];
        let is_between = usize::from(n % FACTOR != 0);
        sums[is_between] -= (x * second(0) + y * second(1)) / x.hypot(y);
        counts[is_between] += 1.0;
    }
    [sums[0] / counts[0], sums[1] / counts[1]]
}

#[test]
fn there_is_no_kink_at_the_frames_of_the_source() {
    // The smaller circle is a shake: its accelerations, half of 0.4 px in the mean, are within the noise of single cells, and some noise stays.
    for (radius, most) in [(RADIUS, 1.5), (RADIUS / 8.0, 2.0)] {
        let [at, between] = kinks(radius, Paths::Straight);
        assert!(at > 5.0 * between.abs(), "straight: {at} {between}");
        let [at, between] = kinks(radius, Paths::Curved);
        assert!(at.abs() < most * between, "curved: {at} {between}");
    }
}
