//! Scenes drawn for tests on cuts and repeats, and the pipeline run on them in memory.

use crate::common::texture::texture;
use ndarray::Array2;
use otinterp::picture::{ColorModel, Format, Picture};
use otinterp::{Interpolator, Method, Preset};
use otinterp_cli::pipeline::{self, Counts, Cuts, DEFAULT_CUT_THRESHOLD, Observer, Rules};
use otinterp_video::time::{OutputClock, Rational};
use otinterp_video::{Frame, Info, Result, Shown, Sink, Source};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

pub const SIZE: (usize, usize) = (96, 160);
pub const RATE: i128 = 24;

pub struct Quiet;
impl Observer for Quiet {}

/// What is known of a clip of grey pictures of this height and width.
pub fn info((height, width): (usize, usize), rate: Option<Rational>) -> Info {
    Info {
        width,
        height,
        format: Format::gray(8),
        rate,
        duration: None,
        sample_aspect: None,
        interlaced: false,
        siting: None,
    }
}

/// Pictures in memory, 24 a second, made when they are asked for.
pub struct Pictures<F> {
    info: Info,
    count: usize,
    next: usize,
    make: F,
}

impl<F: FnMut(usize) -> Picture + Send> Pictures<F> {
    pub fn new(count: usize, make: F) -> Self {
        Self {
            info: info(SIZE, Some(Rational::from_integer(RATE))),
            count,
            next: 0,
            make,
        }
    }
}

impl<F: FnMut(usize) -> Picture + Send> Source for Pictures<F> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        if self.next == self.count {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        Ok(Some(Frame {
            picture: (self.make)(index),
            time: Rational::new(index as i128, RATE),
            duration: None,
            is_context: false,
        }))
    }
}

/// Keeps what is written, if asked to.
#[derive(Default)]
struct Kept {
    keeps: bool,
    pictures: Vec<Picture>,
}

impl Sink for Kept {
    fn write(&mut self, picture: &Picture, _shown: Shown) -> Result<()> {
        if self.keeps {
            self.pictures.push(picture.clone());
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

pub fn rules() -> Rules {
    Rules {
        cuts: Cuts::Detected(DEFAULT_CUT_THRESHOLD),
        ..Rules::new(Interpolator::new(Method::Ot, Preset::Fast))
    }
}

/// Runs the pipeline at `factor` times the rate.
pub fn retime(source: &mut dyn Source, rules: &Rules, factor: i128) -> (Counts, Vec<Picture>) {
    let mut sink = Kept {
        keeps: factor > 1,
        pictures: Vec::new(),
    };
    let one = Rational::from_integer(1);
    let clock = OutputClock::new(Rational::from_integer(RATE * factor), one);
    let counts = pipeline::retime(source, &mut sink, clock, rules, None, &Quiet).unwrap();
    (counts, sink.pictures)
}

/// Luma and two colour differences, all full size.
fn picture(value: impl Fn(usize, f64, f64) -> f32) -> Picture {
    let planes = (0..3)
        .map(|k| Array2::from_shape_fn(SIZE, |(y, x)| value(k, x as f64, y as f64)))
        .collect();
    let format = Format {
        model: ColorModel::Yuv,
        ..Format::rgb(8)
    };
    let mut picture = Picture::new(format, planes).unwrap();
    picture.quantize();
    picture
}

/// A scene of its own: discs of all sizes that hide one another (dead leaves, whose statistics are those of natural
/// pictures), finely textured, without end.
struct Scene([Array2<f32>; 3]);

/// Height and width of a scene until it repeats.
const PERIOD: (usize, usize) = (288, 480);

/// The texture on all places of a scene, in three ways: a scene has each of them many times.
static TEXTURES: LazyLock<[Array2<f32>; 3]> = LazyLock::new(|| {
    [0, 1, 2].map(|k| Array2::from_shape_fn(PERIOD, |(y, x)| texture(x as f64, y as f64, k)))
});

impl Scene {
    fn new(number: usize) -> Self {
        let mut random = Random(0x9E37_79B9_u32.wrapping_mul(number as u32 + 1));
        let (level, spread) = (60.0 + 120.0 * random.next(), 40.0 + 80.0 * random.next());
        let mut canvas = [level, 128.0, 128.0].map(|v| Array2::from_elem(PERIOD, v));
        for disc in 0..900 {
            // The first ones, which most others hide, are large.
            let radius = if disc < 60 {
                90.0
            } else {
                6.0 / (0.1 + random.next())
            };
            let value = level + spread * (random.next() - random.next());
            let centre = (
                PERIOD.0 as f32 * random.next(),
                PERIOD.1 as f32 * random.next(),
            );
            let tints = [0, 1].map(|_| 128.0 + 50.0 * (random.next() - random.next()));
            let reach = radius as isize;
            for dy in -reach..=reach {
                for dx in -reach..=reach {
                    if (dx * dx + dy * dy) as f32 <= radius * radius {
                        let y = (centre.0 as isize + dy).rem_euclid(PERIOD.0 as isize) as usize;
                        let x = (centre.1 as isize + dx).rem_euclid(PERIOD.1 as isize) as usize;
                        canvas[0][(y, x)] = value + 0.15 * (TEXTURES[disc % 3][(y, x)] - 127.5);
                        canvas[1][(y, x)] = tints[0];
                        canvas[2][(y, x)] = tints[1];
                    }
                }
            }
        }
        Self(canvas)
    }

    /// What is seen at a time, in frames, of the scene as it moves by `speed` px a frame, and a square moves on it.
    fn at(&self, number: usize, frame: usize, speed: f64) -> Picture {
        let step = frame as f64;
        let angle = 0.7 * number as f64;
        let (dx, dy) = (speed * step * angle.cos(), speed * step * angle.sin());
        let (left, top) = (20.0 + 4.0 * step, 30.0 + (number % 3) as f64 * step);
        let sample = |k: usize, x: f64, y: f64| {
            let wrap = |v: f64, period: usize| v.rem_euclid(period as f64);
            let (x, y) = (wrap(x, PERIOD.1), wrap(y, PERIOD.0));
            let (x0, y0) = (x as usize % PERIOD.1, y as usize % PERIOD.0);
            let (x1, y1) = ((x0 + 1) % PERIOD.1, (y0 + 1) % PERIOD.0);
            let (fx, fy) = (x.fract() as f32, y.fract() as f32);
            let plane = &self.0[k];
            let mix = |y: usize| plane[(y, x0)] + fx * (plane[(y, x1)] - plane[(y, x0)]);
            mix(y0) + fy * (mix(y1) - mix(y0))
        };
        picture(|k, x, y| {
            if (left..left + 24.0).contains(&x) && (top..top + 24.0).contains(&y) {
                255.0 - sample(k, x - left, y - top)
            } else {
                sample(k, x + dx, y + dy)
            }
        })
    }
}

/// Numbers in `[0, 1)` (a linear congruential generator: Knuth, *The Art of Computer Programming* 2, 3.3.4).
pub struct Random(pub u32);

impl Random {
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 16_777_216.0
    }
}

/// [`Scene::at`] of a scene made once.
pub fn scene(number: usize, frame: usize, speed: f64) -> Picture {
    static SCENES: Mutex<BTreeMap<usize, Arc<Scene>>> = Mutex::new(BTreeMap::new());
    let scene = Arc::clone(
        SCENES
            .lock()
            .unwrap()
            .entry(number)
            .or_insert_with(|| Arc::new(Scene::new(number))),
    );
    scene.at(number, frame, speed)
}

/// `(1-t) a + t b`, sample by sample.
pub fn mixed(a: &Picture, b: &Picture, t: f32) -> Picture {
    let mut out = a.clone();
    for (o, b) in out.planes_mut().iter_mut().zip(b.planes()) {
        o.zip_mut_with(b, |o, b| *o += t * (b - *o));
    }
    out.quantize();
    out
}

/// A picture of one code.
pub fn flat_like(picture: &Picture, code: f32) -> Picture {
    let mut out = picture.clone();
    for (index, plane) in out.planes_mut().iter_mut().enumerate() {
        plane.fill(if index == 0 { code } else { 128.0 });
    }
    out
}
