//! `frames` between two fields: numbers in units of their own, in and out unrounded.

use super::args::FramesArgs;
use super::pattern::Pattern;
use super::report::FrameEntry;
use super::target::{is_folder, pattern_in, shown_folder};
use crate::commands::common::{Common, MethodArg};
use crate::commands::exit::{Usage, check_interrupt};
use crate::commands::pair::{is_pipe, stem};
use crate::data::field::{self, Field, FieldFormat};
use crate::files::{OutputFolder, PendingFile, refuse_taken};
use anyhow::Context;
use otinterp::Preset;
use otinterp::mass::Mass;
use otinterp::picture::Plane;
use serde::Serialize;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Makes the fields between two, at `times`.
/// Fails with [`Usage`] for a method or an output that takes no fields; else a line that names the file.
pub fn run(
    args: &FramesArgs,
    times: &[f64],
    pair: &[Field; 2],
    common: &Common,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let output = Output::parse(args, times.len(), pair[0].format)?;
    let options = args.mass.options(&[args.method])?;
    let mut times = times.to_vec();
    if output.pattern.is_none() {
        times.sort_by(f64::total_cmp);
    }
    let files = output.files(times.len());
    for file in &files {
        refuse_taken(file, common.overwrite).with_context(|| file.display().to_string())?;
    }
    let _folder = match &output.pattern {
        Some(_) => None,
        None => Some(
            OutputFolder::create(&output.folder)
                .with_context(|| format!("the folder {}", output.folder.display()))?,
        ),
    };
    let planes = [&pair[0].values, &pair[1].values];
    let reporter = common.reporter(false);
    let busy = reporter.busy("solving");
    let mass = match args.method {
        MethodArg::Mass if planes[0] != planes[1] => {
            let most = Preset::from(common.preset).most_mass_cells();
            Some(Mass::between_fields(planes, &options, most)?)
        }
        _ => None,
    };
    drop(busy);
    let solve_s = started.elapsed().as_secs_f64();
    let rendering = Instant::now();
    let bar = reporter.bar("", Some(times.len() as u64));
    let mut frames = Vec::with_capacity(times.len());
    for (&t, file) in times.iter().zip(&files) {
        check_interrupt()?;
        let made = at(t as f32, args.method, mass.as_ref(), planes);
        write(&made, output.format, file, common).with_context(|| file.display().to_string())?;
        let path = Some(file.clone());
        frames.push(FrameEntry { t, path });
        bar.count(frames.len());
    }
    drop(bar);
    let (height, width) = planes[0].dim();
    let report = Report {
        inputs: [&args.a, &args.b],
        output: &output.shown,
        width,
        height,
        method: args.method,
        frames: &frames,
        solve_s,
        render_s: rendering.elapsed().as_secs_f64(),
    };
    reporter.summary(&report, || report.text())
}

/// The field at `t`; the two themselves at 0 and 1, and in between if they are equal.
fn at(t: f32, method: MethodArg, mass: Option<&Mass>, [a, b]: [&Plane; 2]) -> Plane {
    if t <= 0.0 || (a == b && t < 1.0) || (method == MethodArg::Hold && t < 0.5) {
        return a.clone();
    }
    if t >= 1.0 || method == MethodArg::Hold {
        return b.clone();
    }
    match mass
        .map(|mass| mass.at(t))
        .and_then(|mut planes| planes.pop())
    {
        Some(plane) => plane,
        None => ndarray::Zip::from(a)
            .and(b)
            .map_collect(|a, b| (1.0 - t) * a + t * b),
    }
}

fn write(values: &Plane, format: FieldFormat, to: &Path, common: &Common) -> anyhow::Result<()> {
    let mut file = PendingFile::create(to, common.overwrite)?;
    field::write(values, format, BufWriter::new(file.file_mut()))?;
    Ok(file.commit()?)
}

/// Where fields go.
struct Output {
    shown: String,
    folder: PathBuf,
    /// Names in the folder; `None` for 0001 and so on.
    pattern: Option<Pattern>,
    format: FieldFormat,
}

impl Output {
    fn parse(args: &FramesArgs, count: usize, like: FieldFormat) -> Result<Self, Usage> {
        if args.method == MethodArg::Ot {
            let why = "fields of numbers are densities: use --method mass (or crossfade, hold)";
            return Err(Usage(why.into()));
        }
        let piped = args.output.as_deref().is_some_and(is_pipe);
        if piped || args.format.is_some() {
            return Err(Usage(
                "fields of numbers go to files, not to a pipe; use -o with a name or a folder"
                    .into(),
            ));
        }
        let Some(out) = &args.output else {
            let folder: PathBuf = format!("{}-{}", stem(&args.a), stem(&args.b)).into();
            return Ok(Self::folder(folder, like));
        };
        if is_folder(out) {
            return Ok(Self::folder(out.clone(), like));
        }
        let shown = out.display().to_string();
        let format = FieldFormat::from_path(out).ok_or_else(|| {
            Usage(format!(
                "{shown}: fields of numbers go to .npy, .pfm or .tif, or to a folder"
            ))
        })?;
        let (folder, pattern) = pattern_in(out)?;
        if count > 1 && matches!(pattern, Pattern::Literal(_)) {
            return Err(Usage(format!(
                "{shown} is one file and there are {count} fields; use a pattern (mid_%03d.npy) or a folder"
            )));
        }
        Ok(Self {
            folder,
            shown,
            pattern: Some(pattern),
            format,
        })
    }

    fn folder(folder: PathBuf, format: FieldFormat) -> Self {
        Self {
            shown: shown_folder(&folder),
            folder,
            pattern: None,
            format,
        }
    }

    fn files(&self, count: usize) -> Vec<PathBuf> {
        let name = |k: usize| match &self.pattern {
            Some(pattern) => pattern.name(k),
            None => format!("{k:04}.{}", self.format.extension()),
        };
        (1..=count).map(|k| self.folder.join(name(k))).collect()
    }
}

/// Report of a run.
#[derive(Serialize)]
struct Report<'a> {
    inputs: [&'a Path; 2],
    output: &'a str,
    width: usize,
    height: usize,
    method: MethodArg,
    frames: &'a [FrameEntry],
    solve_s: f64,
    render_s: f64,
}

impl Report<'_> {
    fn text(&self) -> String {
        let count = self.frames.len();
        let plural = if count == 1 { "" } else { "s" };
        let total_s = self.solve_s + self.render_s;
        format!("{count} field{plural} in {} ({total_s:.2} s)", self.output)
    }
}
