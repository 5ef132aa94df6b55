//! Names of the outputs, and the checks that they may be written.

use super::args::RetimeArgs;
use super::inputs::{Input, Place};
use super::job::{End, Job, Target, extension_of};
use super::name::{self, Values};
use super::options::AudioArg;
use crate::commands::common::Common;
use crate::commands::exit::Usage;
use crate::commands::pair::stem;
use crate::files::{folder_of, refuse_taken};
use anyhow::{Context, bail};
use otinterp_video::{check_container, holds_sound_of};
use std::collections::{HashMap, HashSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Containers whose extension an output without `-o` keeps; the rest become MP4. Where MP4 cannot hold the sound, it is
/// Matroska.
const KEPT_EXTENSIONS: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "m2ts", "mts", "nut", "y4m",
];

/// Takes out of what was found in folders the outputs of earlier runs with the same `--name`.
pub(super) fn drop_own_outputs(
    found: &mut Vec<Input>,
    args: &RetimeArgs,
    suffix: &str,
) -> anyhow::Result<()> {
    if args.name.as_deref().is_none_or(name::is_numbered) {
        return Ok(());
    }
    let mut outputs = HashMap::new();
    for input in found.iter() {
        if let End::File(output) = output_for(input, 0, args, suffix)? {
            outputs.insert(identity(&output), identity(&input.path));
        }
    }
    found.retain(|input| {
        let path = identity(&input.path);
        let maker = outputs.get(&path).filter(|maker| **maker != path);
        input.place == Place::Named || maker.is_none()
    });
    Ok(())
}

/// Where the output of an input goes; `number` counts the inputs from 1.
pub(super) fn output_for(
    input: &Input,
    number: usize,
    args: &RetimeArgs,
    suffix: &str,
) -> anyhow::Result<End> {
    if let Some(output) = &args.output {
        return Ok(End::new(output));
    }
    let End::File(path) = End::new(&input.path) else {
        let why = "input - needs -o: -o - for stdout, or a file";
        return Err(Usage(why.into()).into());
    };
    let extension = extension_of(&path);
    let extension = match KEPT_EXTENSIONS.contains(&extension.as_str()) {
        true => extension,
        false => "mp4".to_owned(),
    };
    // Cameras put PCM into MP4, which FFmpeg reads there and does not write.
    let is_mp4 = ["mp4", "m4v"].contains(&extension.as_str());
    let access = args.access.into();
    let fits = !is_mp4 || !copies_sound(args) || holds_sound_of(&path, Path::new("a.mp4"), access);
    let extension = if fits { extension } else { "mkv".to_owned() };
    let values = Values {
        stem: &stem(&path),
        extension: &extension,
        target: suffix,
        number,
    };
    let name = name::fill(args.name.as_deref().unwrap_or(name::DEFAULT), &values);
    let name = name.map_err(Usage)?;
    let folder = match (&args.out_dir, &input.place) {
        (Some(folder), Place::Below(below)) => folder.join(below),
        (Some(folder), Place::Named) => folder.clone(),
        (None, _) => path.parent().unwrap_or(Path::new("")).to_owned(),
    };
    Ok(End::File(folder.join(name)))
}

/// Whether sound goes into the output as it is.
fn copies_sound(args: &RetimeArgs) -> bool {
    match args.audio {
        AudioArg::Copy => true,
        AudioArg::Stretch => !matches!(args.target(), Target::Slow(..)),
        AudioArg::Drop => false,
    }
}

/// The same for two spellings of one path, as far as its folder exists.
fn identity(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let folder = folder_of(path);
    let folder = folder.canonicalize().unwrap_or(folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

/// `--timecodes` names another file than the output.
pub(super) fn check_timecodes(jobs: &[Job], timecodes: Option<&Path>) -> anyhow::Result<()> {
    let Some(times) = timecodes else {
        return Ok(());
    };
    let is_output =
        |job: &Job| matches!(&job.output, End::File(output) if identity(output) == identity(times));
    if jobs.iter().any(is_output) {
        let shown = times.display();
        let why = format!("-o and --timecodes both name {shown}; each needs a file of its own");
        return Err(Usage(why).into());
    }
    Ok(())
}

/// Every output has its own name, which no input has, and may be written.
pub(super) fn check_outputs(jobs: &[Job], common: &Common) -> anyhow::Result<()> {
    let inputs: HashSet<PathBuf> = jobs
        .iter()
        .filter_map(|job| match &job.input {
            End::File(path) => path.canonicalize().ok(),
            End::Pipe => None,
        })
        .collect();
    let mut makers: HashMap<PathBuf, &End> = HashMap::new();
    for job in jobs {
        if let End::File(output) = &job.output {
            if let Some(other) = makers.insert(identity(output), &job.input) {
                return Err(Usage(format!(
                    "two inputs would be written to {}: {other} and {}; {{index}} in --name tells them apart",
                    job.output, job.input
                ))
                .into());
            }
            let is_own = match &job.input {
                End::File(input) => identity(input) == identity(output),
                End::Pipe => false,
            };
            let shown = output.display();
            if is_own {
                bail!("{shown}: the output would overwrite its own source");
            }
            if inputs.contains(&identity(output)) {
                bail!(
                    "{shown}: the output of {} would overwrite this input",
                    job.input
                );
            }
        }
        check_output(job, common.overwrite || job.is_there)?;
    }
    Ok(())
}

fn check_output(job: &Job, overwrite: bool) -> anyhow::Result<()> {
    let End::File(output) = &job.output else {
        if std::io::stdout().is_terminal() {
            let why = "-o - writes a clip, and stdout is a terminal; pipe it or name a file";
            return Err(Usage(why.into()).into());
        }
        return Ok(());
    };
    if output.is_dir() {
        bail!(
            "{}: it is a folder; -o names a file, --out-dir a folder",
            output.display()
        );
    }
    refuse_taken(output, true).with_context(|| output.display().to_string())?;
    if !overwrite && output.symlink_metadata().is_ok() {
        bail!(
            "{}: it exists already; -y overwrites, --skip-existing leaves it",
            output.display()
        );
    }
    check_container(output).with_context(|| output.display().to_string())
}
