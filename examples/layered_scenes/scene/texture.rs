//! Textures without end: what a layer is painted with, at any point of its plane.

use super::affine::Point;
use super::noise::{lattice, mix, noise};
use super::random::Random;

/// R′, G′, B′ in [0, 1].
pub type Rgb = [f64; 3];

/// The finest octave has a value every so many px. Chosen: about as fine as what a lens leaves, and coarse enough for 3 × 3 samples a
/// pixel to draw it without moiré.
const FINEST_PX: f64 = 3.0;
/// Each octave is turned against the one before by the golden angle, so that no lattice shows.
const GOLDEN_ANGLE: f64 = 2.399_963;

/// Two colours divided by hard contours, under light with a gradient and noise whose octaves are equally strong: in two dimensions that
/// is an amplitude of 1/f, as in natural pictures (Field, *Relations between the statistics of natural images and the
/// response properties of cortical cells*, 1987). Some have stripes, some speckles.
#[derive(Debug, Clone)]
pub struct Texture {
    seed: u32,
    colors: [Rgb; 3],
    /// Distance of the values whose contours divide the first two colours.
    patch_px: f64,
    octaves: Vec<Octave>,
    contrast: f64,
    /// Change of light per px.
    slope: Point,
    stripes: Option<Stripes>,
    /// Distance and radius of speckles in the third colour.
    speckles: Option<(f64, f64)>,
}

#[derive(Debug, Clone)]
struct Octave {
    /// Values per px along the two axes of its lattice.
    axis: Point,
}

#[derive(Debug, Clone)]
struct Stripes {
    /// Stripes per px across them.
    wave: Point,
    /// Light of every other one.
    light: f64,
}

impl Texture {
    /// A random texture whose largest details are of `size` px.
    pub fn new(random: &mut Random, size: f64) -> Self {
        let seed = random.bits() as u32;
        let tilt = random.uniform(0.0, std::f64::consts::TAU);
        let count = (size / FINEST_PX).log2().max(1.0) as usize;
        let octave = |k: usize| {
            let (sin, cos) = (tilt + GOLDEN_ANGLE * k as f64).sin_cos();
            let per_px = 1.0 / (FINEST_PX * (1u64 << k) as f64);
            Octave {
                axis: [cos * per_px, sin * per_px],
            }
        };
        let steepness = random.uniform(0.0, 0.3) / size;
        let (sin, cos) = random.uniform(0.0, std::f64::consts::TAU).sin_cos();
        let period = random.uniform(6.0, 30.0);
        Self {
            seed,
            colors: [(); 3].map(|()| color(random)),
            patch_px: size * random.uniform(0.15, 0.5),
            octaves: (0..count).map(octave).collect(),
            contrast: random.uniform(0.15, 0.45),
            slope: [cos * steepness, sin * steepness],
            stripes: random.chance(0.3).then(|| Stripes {
                wave: [sin / period, cos / period],
                light: random.uniform(0.5, 0.85),
            }),
            speckles: random.chance(0.4).then(|| {
                let distance = random.uniform(10.0, 30.0);
                (distance, distance * random.uniform(0.08, 0.25))
            }),
        }
    }

    /// The same texture under a colour of its own, which takes 65 % of it.
    pub fn tinted(mut self, random: &mut Random) -> Self {
        let tint = color(random);
        for color in &mut self.colors {
            for (code, tint) in color.iter_mut().zip(tint) {
                *code = mix(*code, tint, 0.65);
            }
        }
        self
    }

    /// One colour all over.
    pub fn plain(color: Rgb) -> Self {
        Self {
            seed: 0,
            colors: [color; 3],
            patch_px: 1.0,
            octaves: Vec::new(),
            contrast: 0.0,
            slope: [0.0; 2],
            stripes: None,
            speckles: None,
        }
    }

    /// The colour at a point.
    pub fn color(&self, [x, y]: Point) -> Rgb {
        let hills = noise(x / self.patch_px, y / self.patch_px, self.seed);
        let [low, high, speckle] = self.colors;
        let mut color = if hills < 0.5 { low } else { high };
        if self.speckled(x, y) {
            color = speckle;
        }
        let mut light = 1.0 + self.slope[0] * x + self.slope[1] * y;
        for (seed, Octave { axis: [u, v] }) in (self.seed..).zip(&self.octaves) {
            let value = noise(u * x + v * y, u * y - v * x, seed.wrapping_add(1));
            light += self.contrast * (value - 0.5);
        }
        if let Some(Stripes { wave, light: dark }) = &self.stripes
            && fraction(wave[0] * x + wave[1] * y) < 0.5
        {
            light *= dark;
        }
        color.map(|code| (code * light).clamp(0.0, 1.0))
    }

    /// Each cell of a lattice has one speckle, anywhere in it.
    fn speckled(&self, x: f64, y: f64) -> bool {
        let Some((distance, radius)) = self.speckles else {
            return false;
        };
        let (column, row) = ((x / distance).floor(), (y / distance).floor());
        let inset = radius / distance;
        let place = |cell: f64, seed: u32| {
            let value = lattice(column as i64, row as i64, self.seed.wrapping_add(seed));
            (cell + mix(inset, 1.0 - inset, value)) * distance
        };
        let (dx, dy) = (x - place(column, 101), y - place(row, 102));
        dx * dx + dy * dy < radius * radius
    }
}

/// A grey and some colour on it, as most things have. Chosen by looking at the scenes.
fn color(random: &mut Random) -> Rgb {
    let grey = random.uniform(0.2, 0.85);
    [(); 3].map(|()| (grey + random.uniform(-0.22, 0.22)).clamp(0.02, 0.98))
}

fn fraction(x: f64) -> f64 {
    x - x.floor()
}
