//! Measurement of rebuilt frames: how close to the truth, how fast.

use super::frames::Known;
use crate::commands::common::MethodArg;
use crate::pipeline::Paths;
use crate::quality::{self, Ghost, LayerScores, LayerSums, Layers, rgb8};
use anyhow::Context;
use otinterp::picture::Picture;
use otinterp::timings::process_cpu_time;
use otinterp::{Interpolator, Sequence};
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// How well a set was rebuilt.
#[derive(Debug, Serialize)]
pub struct SetScore {
    /// The set's name.
    pub set: String,
    /// Width of the set's first frame in pixels.
    pub width: usize,
    /// Height of the set's first frame in pixels.
    pub height: usize,
    /// One per method, in the order asked for.
    pub methods: Vec<MethodScore>,
}

/// How well one method rebuilt a set.
#[derive(Debug, Serialize)]
pub struct MethodScore {
    /// The method.
    pub method: MethodArg,
    /// Means over the frames, from [`SetScore::finish`] on; shares and layers are pooled.
    pub mean: Numbers,
    /// Every frame.
    pub frames: Vec<FrameScore>,
}

/// How well one frame was rebuilt.
#[derive(Debug, Serialize)]
pub struct FrameScore {
    /// The frame.
    pub frame: String,
    #[serde(flatten)]
    pub numbers: Numbers,
    #[serde(skip)]
    sums: Sums,
}

/// Of a frame or of several, what is summed before it is divided.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    ghost: Ghost,
    layers: Option<LayerSums>,
}

/// What is measured of a frame, or its mean over frames.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Numbers {
    /// PSNR over 8-bit RGB in dB.
    pub psnr_db: f64,
    /// SSIM over 8-bit RGB; none for pictures smaller than its window.
    pub ssim: Option<f64>,
    /// SSIMULACRA 2 over 8-bit RGB; none for pictures under 8 pixels.
    pub ssimulacra2: Option<f64>,
    /// GMSD over 8-bit RGB.
    pub gmsd: Option<f64>,
    /// Sharpness beside the truth's, over 8-bit RGB; none where the truth is flat.
    pub sharpness: Option<f64>,
    /// Share of the two ends that still stands there, over 8-bit RGB; none where both are like the truth.
    pub ghost: Option<f64>,
    /// By visibility, of scenes in layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<LayerScores>,
    /// Time to solve and to render it, in ms.
    pub wall_ms: f64,
    /// The same as time of all cores together; none where the system does not tell.
    pub cpu_ms: Option<f64>,
}

impl SetScore {
    /// A set of which nothing is known yet.
    pub fn new(set: &str, methods: &[MethodArg]) -> Self {
        let empty = |&method| MethodScore {
            method,
            mean: Numbers::default(),
            frames: Vec::new(),
        };
        Self {
            set: set.to_owned(),
            width: 0,
            height: 0,
            methods: methods.iter().map(empty).collect(),
        }
    }

    /// Rebuilds a frame with each method, one rebuilder for each of [`SetScore::new`]; returns what each made.
    pub fn add(
        &mut self,
        known: &Known,
        rebuilders: &mut [Rebuilder],
    ) -> anyhow::Result<Vec<Picture>> {
        if self.width == 0 {
            (self.width, self.height) = (known.truth.width(), known.truth.height());
        }
        let context = || format!("{}: {}", self.set, known.name);
        let truth = Truth::of(known).with_context(context)?;
        let around = Around::of(known);
        let mut all = Vec::with_capacity(rebuilders.len());
        for (score, rebuilder) in self.methods.iter_mut().zip(rebuilders) {
            let (made, numbers, sums) =
                rebuild(known, &truth, &around, rebuilder).with_context(context)?;
            all.push(made);
            score.frames.push(FrameScore {
                frame: known.name.clone(),
                numbers,
                sums,
            });
        }
        Ok(all)
    }

    /// Frames that were rebuilt.
    pub fn frames(&self) -> usize {
        self.methods.first().map_or(0, |m| m.frames.len())
    }

    /// Takes the means, once all frames are there.
    pub fn finish(mut self) -> Self {
        for score in &mut self.methods {
            score.mean = mean(&score.frames);
        }
        self
    }
}

/// What is known of an in-between, as 8-bit RGB: what every method is held against.
struct Truth {
    middle: Picture,
    ends: [Picture; 2],
}

impl Truth {
    fn of(known: &Known) -> Result<Self, quality::Error> {
        Ok(Self {
            middle: rgb8(known.truth)?,
            ends: [rgb8(known.before)?, rgb8(known.after)?],
        })
    }

    fn sums(&self, made: &Picture, layers: Option<&Layers>) -> Result<Sums, quality::Error> {
        let made = rgb8(made)?;
        let (made, truth) = (made.planes(), self.middle.planes());
        let ends = self.ends.each_ref().map(Picture::planes);
        Ok(Sums {
            ghost: Ghost::of(made, truth, ends),
            layers: layers.map(|layers| LayerSums::of(layers, made, truth, ends)),
        })
    }
}

impl Sums {
    fn of(frames: &[FrameScore]) -> Self {
        let mut sums = Self::default();
        for frame in frames {
            sums.ghost.add(&frame.sums.ghost);
            if let Some(layers) = &frame.sums.layers {
                sums.layers.get_or_insert_default().add(layers);
            }
        }
        sums
    }

    fn layer_scores(&self) -> Option<LayerScores> {
        self.layers.map(|layers| layers.scores())
    }
}

/// A method, and what it knows of the motion around the frame that it rebuilds.
pub struct Rebuilder {
    sequence: Sequence<Arc<Picture>>,
    paths: Paths,
}

impl Rebuilder {
    /// One that knows nothing yet.
    pub fn new(interpolator: Interpolator, paths: Paths) -> Self {
        Self {
            sequence: Sequence::new(interpolator),
            paths,
        }
    }

    /// The frame in the middle.
    fn middle(&mut self, around: &Around, goes_on: bool) -> Result<Picture, otinterp::Error> {
        let is_curved = self.paths == Paths::Curved;
        if !(goes_on && is_curved) {
            self.sequence.restart();
        }
        let beyond = around.beyond.clone().filter(|_| is_curved);
        let ends = around.ends.each_ref().map(Arc::clone);
        Ok(self.sequence.between(ends, beyond)?.at(0.5))
    }
}

/// The pictures around an in-between, which a sequence keeps for the next: copied once for all methods, outside their time.
struct Around {
    ends: [Arc<Picture>; 2],
    beyond: Option<Arc<Picture>>,
}

impl Around {
    fn of(known: &Known) -> Self {
        Self {
            ends: [known.before, known.after].map(|end| Arc::new(end.clone())),
            beyond: known.beyond.map(|beyond| Arc::new(beyond.clone())),
        }
    }
}

fn rebuild(
    known: &Known,
    truth: &Truth,
    around: &Around,
    rebuilder: &mut Rebuilder,
) -> anyhow::Result<(Picture, Numbers, Sums)> {
    let (wall, cpu) = (Instant::now(), process_cpu_time());
    let middle = rebuilder.middle(around, known.goes_on)?;
    let wall_ms = wall.elapsed().as_secs_f64() * 1e3;
    let cpu_ms = cpu
        .zip(process_cpu_time())
        .map(|(from, to)| (to - from).as_secs_f64() * 1e3);
    let scores = quality::scores(&middle, &truth.middle)?;
    let sums = truth.sums(&middle, known.layers.as_ref())?;
    let numbers = Numbers {
        psnr_db: scores.psnr_db,
        ssim: scores.ssim,
        ssimulacra2: scores.ssimulacra2,
        gmsd: scores.gmsd,
        sharpness: scores.sharpness,
        ghost: sums.ghost.share(),
        layers: sums.layer_scores(),
        wall_ms,
        cpu_ms,
    };
    Ok((middle, numbers, sums))
}

/// Means over frames; of what some frames lack, over those that have it. Shares and layers are pooled.
fn mean(frames: &[FrameScore]) -> Numbers {
    let some = |value: &dyn Fn(&Numbers) -> Option<f64>| {
        let values: Vec<f64> = frames.iter().filter_map(|f| value(&f.numbers)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let all = |value: &dyn Fn(&Numbers) -> f64| {
        frames.iter().map(|f| value(&f.numbers)).sum::<f64>() / frames.len() as f64
    };
    let sums = Sums::of(frames);
    Numbers {
        psnr_db: all(&|n| n.psnr_db),
        ssim: some(&|n| n.ssim),
        ssimulacra2: some(&|n| n.ssimulacra2),
        gmsd: some(&|n| n.gmsd),
        sharpness: some(&|n| n.sharpness),
        ghost: sums.ghost.share(),
        layers: sums.layer_scores(),
        wall_ms: all(&|n| n.wall_ms),
        cpu_ms: some(&|n| n.cpu_ms),
    }
}
