//! Resuming: the work folder in which what is done of a clip outlives a run that is cut short.

use super::args::RetimeArgs;
use super::input_reporter::InputReporter;
use super::job::{End, Job, Target, extension_of};
use crate::commands::common::{Common, MethodArg};
use crate::pipeline::{self, Cuts, Rules};
use crate::work::{Earlier, Identity, Work};
use anyhow::Context;
use otinterp_video as video;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// The work folder for a clip; none where nothing could be resumed, because one end of it is a pipe.
pub(super) fn open(
    job: &Job,
    args: &RetimeArgs,
    rules: &Rules,
    common: &Common,
) -> anyhow::Result<Option<Work>> {
    let (End::File(input), End::File(output)) = (&job.input, &job.output) else {
        return Ok(None);
    };
    crate::files::refuse_taken(output, common.overwrite).with_context(|| job.output.to_string())?;
    let sources = sources_of(input);
    if sources.iter().any(|source| !source.is_file()) {
        return Ok(None);
    }
    let identity = Identity {
        settings: settings(job, args, rules, common)?,
        sources,
    };
    let earlier = match (args.resume, common.overwrite) {
        (true, _) => Earlier::Resume,
        (false, true) => Earlier::Discard,
        (false, false) => Earlier::Refuse,
    };
    let work = Work::open(output, identity, earlier);
    Ok(Some(work.with_context(|| job.output.to_string())?))
}

/// The files that an input is made of.
fn sources_of(input: &Path) -> Vec<PathBuf> {
    if let Some(name) = video::NumberedName::of(input).filter(|_| !input.exists()) {
        let files = name.files_in(input.parent().unwrap_or(Path::new("")));
        return files.unwrap_or_default().into_iter().map(|f| f.1).collect();
    }
    vec![input.to_owned()]
}

/// All settings that the bits of the output depend on, by the names that users know.
fn settings(
    job: &Job,
    args: &RetimeArgs,
    rules: &Rules,
    common: &Common,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: &dyn Debug| {
        let text = format!("{value:?}");
        if text == "None" {
            return;
        }
        let plain = text.trim_start_matches("Some(").trim_end_matches(')');
        all.insert(name.to_owned(), plain.trim_matches('"').to_owned());
    };
    let (target, rate) = match job.target {
        Target::Rate(rate) => ("--fps", rate),
        Target::Factor(factor) => ("--factor", factor),
        Target::Slow(factor) => ("--slow", factor),
    };
    set(target, &rate.to_string());
    set("the program's version", &env!("CARGO_PKG_VERSION"));
    set("FFmpeg", &video::ffmpeg_versions());
    // Encoders divide a picture among their threads.
    let threads = common
        .threads
        .or(available_parallelism().ok().map(usize::from));
    set("--threads", &threads);
    if let End::File(output) = &job.output {
        set("the output's extension", &extension_of(output));
    }
    set("--method", &args.method.name());
    if args.method == MethodArg::Mass {
        set(
            "--mass, --background, --unbalanced or --reach",
            &args.mass.options(&[args.method])?,
        );
    }
    set("--preset", &common.preset.name());
    set("--vfr", &args.vfr);
    set("--start, --end or --range", &args.part());
    set("--codec", &args.codec);
    set("--crf", &args.crf);
    set("--encoder-preset", &args.encoder_preset);
    set("--pix-fmt", &args.pix_fmt);
    set("--size", &args.size);
    set("--source-fps", &args.source_fps.map(|r| r.to_string()));
    set("--encoder-opt", &args.encoder_opt);
    set("--video-stream", &args.video_stream);
    set("--audio", &args.audio);
    set("--no-deinterlace", &args.no_deinterlace);
    set("--fields", &args.fields);
    set("--cut", &args.cut);
    set("--cut-threshold", &args.cut_threshold);
    set("--duplicates", &args.duplicates);
    set("--motion", &args.motion);
    set("--loop", &args.is_loop);
    if let Cuts::ByHand(cuts) = &rules.cuts {
        set("--cuts", cuts);
    }
    Ok(all)
}

/// The run is cut short: says what is kept, and why it was. Nothing is where a later run would fail as this one did.
pub(super) fn give_up(
    work: Option<Work>,
    error: pipeline::Error,
    reporter: &InputReporter,
) -> pipeline::Error {
    use pipeline::Error::{Interpolate, Read, TooShort};
    use video::Error::{Changed, Invalid, Picture};
    let Some(work) = work else {
        return error;
    };
    // What cannot be read may be the fault of who writes to the source meanwhile.
    let error = match (error, work.check_sources()) {
        (Read(_), Err(moving)) => moving.into(),
        (error, _) => error,
    };
    if !work.is_begun() {
        return error;
    }
    match error {
        Interpolate(_) | TooShort(_) | Read(Invalid(_) | Changed(..) | Picture(_)) => {
            work.discard();
        }
        _ => reporter.warn(&format!(
            "what is done is kept in {}; --resume goes on with it",
            work.folder().display()
        )),
    }
    error
}
