//! Plan of a run: every input with its output, checked before work.

use super::args::RetimeArgs;
use super::inputs;
use super::job::{End, Job};
use super::options::PipeFormat;
use super::outputs::{check_outputs, check_timecodes, drop_own_outputs, output_for};
use crate::commands::common::Common;
use crate::commands::exit::Usage;
use crate::files::protect;
use otinterp_video::can_be_read;
use std::path::PathBuf;

/// All that will be done.
#[derive(Debug)]
pub(super) struct Plan {
    /// In the order of the inputs.
    pub(super) jobs: Vec<Job>,
    /// Several inputs, or a folder: a failure does not end the run.
    pub(super) is_batch: bool,
}

/// What will be done, or the first thing that speaks against it. Nothing is written.
pub(super) fn plan(args: &RetimeArgs, common: &Common) -> anyhow::Result<Plan> {
    check_pipes(args)?;
    let folder = args.inputs.iter().find(|path| inputs::is_folder(path));
    if args.output.is_some() {
        if args.inputs.len() > 1 {
            let why = "-o names one output, but there are several inputs; use --out-dir";
            return Err(Usage(why.into()).into());
        }
        if let Some(folder) = folder {
            let shown = folder.display();
            let why = format!("-o names one output, but {shown} is a folder; use --out-dir");
            return Err(Usage(why).into());
        }
    }
    if args.skip_existing && common.overwrite {
        let why = "--skip-existing keeps what -y would overwrite; give one of the two";
        return Err(Usage(why.into()).into());
    }
    if args.timecodes.is_some() && args.inputs.len() > 1 {
        let why = "--timecodes names one file, but there are several inputs";
        return Err(Usage(why.into()).into());
    }
    let target = args.target();
    let suffix = target.suffix();
    let mut found = inputs::expand(&args.inputs, &suffix, args.out_dir.as_deref())?;
    drop_own_outputs(&mut found, args, &suffix)?;
    for input in &found {
        let sources = inputs::sources_of(&input.path, args.access.into());
        protect(sources.iter().map(PathBuf::as_path));
    }
    let jobs: Vec<Job> = found
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let output = output_for(input, index + 1, args, &suffix)?;
            Ok(Job {
                is_there: is_done(&output, args, common),
                input: End::new(&input.path),
                output,
                target,
                format: args.pipe_format(),
            })
        })
        .collect::<anyhow::Result<_>>()?;
    check_outputs(&jobs, common)?;
    check_timecodes(&jobs, args.timecodes.as_deref())?;
    Ok(Plan {
        is_batch: jobs.len() > 1 || folder.is_some(),
        jobs,
    })
}

/// Whether an output is there already and stays as it is, if it is what this run would make.
fn is_done(output: &End, args: &RetimeArgs, common: &Common) -> bool {
    let End::File(path) = output else {
        return false;
    };
    let stays = args.skip_existing || (args.resume && !common.overwrite);
    let has_all = args.timecodes.as_ref().is_none_or(|times| times.exists());
    stays && path.is_file() && has_all
}

/// The first thing that speaks against the options of pipes and of raw video.
fn check_pipes(args: &RetimeArgs) -> anyhow::Result<()> {
    let is_raw = args.size.is_some();
    let why = if is_raw && args.raw_input().is_none() {
        "raw video says nothing of itself: it needs all of --size, --pix-fmt and --source-fps"
            .to_owned()
    } else if args.format.is_some() && args.output.as_deref().map(End::new) != Some(End::Pipe) {
        "--format is for -o -; a file's extension chooses its container".to_owned()
    } else if args.format == Some(PipeFormat::Raw) && args.codec.is_some() {
        "--format raw has no encoder; --codec is for nut and mkv".to_owned()
    } else if let Some(name) = args.pix_fmt.as_ref().filter(|n| is_raw && !can_be_read(n)) {
        let name = name.escape_debug();
        format!("--pix-fmt {name}: FFmpeg has no such pixel format; `ffmpeg -pix_fmts` lists them")
    } else {
        return Ok(());
    };
    Err(Usage(why).into())
}
