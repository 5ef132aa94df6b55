//! Quality and CPU time of many settings on triplets, for `scripts/sweep-presets.py`:
//! `cargo run --release --example sweep_presets -- FOLDER[:N]...`, where each folder is a set of triplets
//! (`SCENE/{im1,gt,im3}.png`), of which every Nth scene is taken.
//!
//! A line of JSON on stdout for every recipe and set, and for the presets as they are. One thread.

mod recipe;

use otinterp::picture::still;
use otinterp::timings::process_cpu_time;
use otinterp::{Interpolator, Method, Picture, Preset};
use otinterp_cli::quality::{psnr_db, rgb8, ssim};
use recipe::Recipe;
use std::error::Error;
use std::io::Write;
use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Two pictures and their true middle.
struct Scene {
    first: Picture,
    truth: Picture,
    second: Picture,
}

/// Means over the scenes of a set.
#[derive(serde::Serialize)]
struct Line<'a> {
    set: &'a str,
    /// Of a line that is a preset.
    preset: Option<&'a str>,
    /// Of a line that is not.
    #[serde(flatten)]
    recipe: Option<Recipe>,
    scenes: usize,
    psnr_db: f64,
    ssim: f64,
    cpu_ms: f64,
}

/// Sums over scenes.
#[derive(Clone, Copy, Default)]
struct Sums {
    psnr_db: f64,
    ssim: f64,
    cpu_ms: f64,
}

impl Sums {
    fn add(&mut self, middle: &Picture, truth: &Picture, cpu_ms: f64) -> Result<()> {
        let (middle, truth) = (rgb8(middle)?, rgb8(truth)?);
        self.psnr_db += psnr_db(middle.planes(), truth.planes());
        self.ssim += ssim(middle.planes(), truth.planes()).ok_or("too small for SSIM")?;
        self.cpu_ms += cpu_ms;
        Ok(())
    }

    fn print(
        &self,
        set: &str,
        preset: Option<&str>,
        recipe: Option<Recipe>,
        scenes: usize,
    ) -> Result<()> {
        let n = scenes as f64;
        let line = Line {
            set,
            preset,
            recipe,
            scenes,
            psnr_db: self.psnr_db / n,
            ssim: self.ssim / n,
            cpu_ms: self.cpu_ms / n,
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
        Ok(())
    }
}

fn main() -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global()?;
    for argument in std::env::args().skip(1) {
        let (folder, every) = match argument.rsplit_once(':') {
            Some((folder, every)) => (folder, every.parse()?),
            None => (argument.as_str(), 1),
        };
        let scenes = scenes(folder.as_ref(), every)?;
        let set = Path::new(folder).file_name().ok_or("no set's name")?;
        let set = &set.to_string_lossy();
        presets(set, &scenes)?;
        for recipe in Recipe::grid() {
            let interpolator = Interpolator::new(Method::Ot, Preset::Best);
            let sums = measured(interpolator.with_plan(recipe.plan()), &scenes)?;
            sums.print(set, None, Some(recipe), scenes.len())?;
        }
    }
    Ok(())
}

/// The presets as they are.
fn presets(set: &str, scenes: &[Scene]) -> Result<()> {
    for (name, preset) in [
        ("fast", Preset::Fast),
        ("balanced", Preset::Balanced),
        ("best", Preset::Best),
    ] {
        let sums = measured(Interpolator::new(Method::Ot, preset), scenes)?;
        sums.print(set, Some(name), None, scenes.len())?;
    }
    Ok(())
}

/// The middle of every scene against its truth.
fn measured(interpolator: Interpolator, scenes: &[Scene]) -> Result<Sums> {
    let mut sums = Sums::default();
    for scene in scenes {
        let (middle, cpu_ms) =
            timed(|| Ok(interpolator.between(&scene.first, &scene.second)?.at(0.5)))?;
        sums.add(&middle, &scene.truth, cpu_ms)?;
    }
    Ok(sums)
}

/// What a call gives, and its CPU time in ms.
fn timed<T>(call: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let no_clock = "this system does not tell CPU time";
    let start = process_cpu_time().ok_or(no_clock)?;
    let made = call()?;
    let spent = process_cpu_time().ok_or(no_clock)? - start;
    Ok((made, spent.as_secs_f64() * 1e3))
}

fn scenes(folder: &Path, every: usize) -> Result<Vec<Scene>> {
    let mut folders = folder
        .read_dir()
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    folders.sort();
    let read = |file: &Path| -> Result<Picture> { Ok(still::read(file)?.picture) };
    folders
        .iter()
        .step_by(every.max(1))
        .map(|scene| {
            Ok(Scene {
                first: read(&scene.join("im1.png"))?,
                truth: read(&scene.join("gt.png"))?,
                second: read(&scene.join("im3.png"))?,
            })
        })
        .collect()
}
