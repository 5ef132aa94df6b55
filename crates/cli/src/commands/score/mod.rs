//! `otinterp score`: frames that are known are left out, rebuilt, and compared with the truth.

mod find;
mod floors;
mod frames;
mod measure;
mod report;

use super::common::{AccessArg, Common, MethodArg, TimingsArg, print_timings};
use super::exit::{self, BatchFailed, Usage};
use crate::pipeline::Paths;
use crate::reporter::Reporter;
use anyhow::bail;
use clap::Args;
use find::Set;
pub use floors::Floors;
pub use frames::Known;
use measure::Rebuilder;
pub use measure::{MethodScore, Numbers, SetScore};
use otinterp::Picture;
use otinterp_video::Access;
use report::{Failure, Report};
use std::path::{Path, PathBuf};

/// Arguments of `otinterp score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// Folders of triplets (im1 gt|im2 im3, or frame10 frame10i11 frame11; also trees of them),
    /// folders of numbered pictures, or clips
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Method to measure; can be given several times [default: ot and crossfade]
    #[arg(long, value_enum, value_name = "METHOD")]
    method: Vec<MethodArg>,
    /// How things move between the frames of a clip or of numbered pictures
    #[arg(long, value_enum, default_value = "curved")]
    motion: Paths,
    /// Rebuild at most N frames of each set: of triplets evenly spaced ones, of clips the first
    #[arg(long, value_name = "N")]
    max: Option<usize>,
    /// List every frame in the table, not only the sets' means (JSON has both)
    #[arg(long)]
    scenes: bool,
    /// Fail if a set's transport is behind its floor: TOML, `[PRESET.SET]` with least `psnr_db` and `ssim`, and if wanted greatest
    /// `gmsd` and `ghost`, and least `one_db`, `edge_db` and `thing` of scenes in layers
    #[arg(long, value_name = "FILE")]
    floors: Option<PathBuf>,
    #[command(flatten)]
    access: AccessArg,
    #[command(flatten)]
    timings: TimingsArg,
}

/// Runs `otinterp score`.
pub fn run(args: &ScoreArgs, common: &Common) -> anyhow::Result<()> {
    if args.max == Some(0) {
        return Err(Usage("--max 0: at least 1 frame is needed".into()).into());
    }
    let reporter = common.reporter(false);
    let clocks = args.timings.start();
    let methods = methods(&args.method);
    let floors = args
        .floors
        .as_deref()
        .map(|file| Floors::read(file, common.preset));
    let floors = floors.transpose()?;
    let how = How {
        methods: &methods,
        motion: args.motion,
        max: args.max,
        access: args.access.into(),
    };
    let mut report = Report::new(&methods, common);
    let mut total = 0;
    let mut errors = Vec::new();
    for path in &args.paths {
        match find::sets(path) {
            Ok(sets) => {
                for set in sets {
                    total += 1;
                    match score_set(&set, &how, common, &reporter, &mut |_, _| Ok(())) {
                        Ok(score) => report.sets.push(score),
                        Err(error) => errors.push((set.name, error)),
                    }
                }
            }
            Err(error) => {
                total += 1;
                errors.push((path.display().to_string(), error));
            }
        }
    }
    let failed = errors.len();
    if total == 1
        && let Some((_, error)) = errors.pop()
    {
        return Err(error);
    }
    for (set, error) in errors {
        let error = exit::one_line(&error);
        reporter.fault(&error);
        report.failed.push(Failure { set, error });
    }
    report.timings = clocks.elapsed();
    print_timings(report.timings.as_ref(), &reporter);
    reporter.answer(&report, || report.table(args.scenes))?;
    if failed > 0 {
        return Err(BatchFailed(format!("{failed} of {total} inputs failed")).into());
    }
    floors.map_or(Ok(()), |floors| floors.check(&report))
}

/// The methods asked for, each once, in the order typed.
fn methods(asked: &[MethodArg]) -> Vec<MethodArg> {
    let mut methods = Vec::new();
    for &m in asked {
        if !methods.contains(&m) {
            methods.push(m);
        }
    }
    if methods.is_empty() {
        methods = vec![MethodArg::Ot, MethodArg::Crossfade];
    }
    methods
}

/// How sets are scored.
pub struct How<'a> {
    /// The methods, each once.
    pub methods: &'a [MethodArg],
    /// How things move between the frames of a clip or of numbered pictures.
    pub motion: Paths,
    /// At most so many frames of a set.
    pub max: Option<usize>,
    /// What a clip may have opened if it is a list.
    pub access: Access,
}

/// What is done with a frame that was rebuilt: what is known of it, and what each method made.
pub type Show<'a> = dyn FnMut(&Known, &[Picture]) -> anyhow::Result<()> + 'a;

fn score_set(
    set: &Set,
    how: &How,
    common: &Common,
    reporter: &Reporter,
    show: &mut Show,
) -> anyhow::Result<SetScore> {
    let known = set.known_frames();
    let frames = known.map(|n| n.min(how.max.unwrap_or(n)) as u64);
    let bar = reporter.bar(&set.name, frames);
    let rebuilder = |&method| Rebuilder::new(common.interpolator(method), how.motion);
    let mut rebuilders: Vec<_> = how.methods.iter().map(rebuilder).collect();
    let mut score = SetScore::new(&set.name, how.methods);
    frames::for_each(set, how.max, how.access, &mut |known| {
        let made = score.add(&known, &mut rebuilders)?;
        show(&known, &made)?;
        reporter.detail(&report::frame_line(&score));
        bar.count(score.frames());
        Ok(())
    })?;
    Ok(score.finish())
}

/// Scores the one set that is under a path, and shows each frame as it is rebuilt.
/// Fails with one line if there are several, or none.
pub fn score_one(
    path: &Path,
    how: &How,
    common: &Common,
    reporter: &Reporter,
    show: &mut Show,
) -> anyhow::Result<SetScore> {
    let sets = find::sets(path)?;
    let [set] = &sets[..] else {
        let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
        let (path, count, names) = (path.display(), sets.len(), names.join(", "));
        bail!("{path} holds {count} sets ({names}); give the path of one of them");
    };
    score_set(set, how, common, reporter, show)
}
