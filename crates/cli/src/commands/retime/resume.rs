//! Resuming: the work folder in which what is done of a clip outlives a run that is cut short.

use super::args::RetimeArgs;
use super::input_reporter::InputReporter;
use super::inputs::sources_of;
use super::job::{End, Job, Target, extension_of};
use crate::commands::common::{Common, MethodArg};
use crate::commands::exit::{is_interrupted, kept_in};
use crate::pipeline::{self, Cuts, Rules};
use crate::work::{self, Earlier, Identity, Work};
use anyhow::Context;
use otinterp_video as video;
use otinterp_video::range::Position;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::thread::available_parallelism;

/// The work folder for a clip; none where nothing could be resumed, because one end of it is a pipe.
pub(super) fn open(
    job: &Job,
    args: &RetimeArgs,
    rules: &Rules,
    common: &Common,
) -> anyhow::Result<Option<Work>> {
    let End::File(output) = &job.output else {
        return Ok(None);
    };
    crate::files::refuse_taken(output, common.overwrite).with_context(|| job.output.to_string())?;
    let Some(identity) = identity(job, args, rules, common)? else {
        return Ok(None);
    };
    let earlier = match (args.resume, common.overwrite) {
        (true, _) => Earlier::Resume,
        (false, true) => Earlier::Discard,
        (false, false) => Earlier::Refuse,
    };
    let work = Work::open(output, identity, earlier, &is_interrupted);
    Ok(Some(work.with_context(|| job.output.to_string())?))
}

/// That the output that is there already is what this run would make.
pub(super) fn check_finished(
    job: &Job,
    args: &RetimeArgs,
    rules: &Rules,
    common: &Common,
) -> anyhow::Result<()> {
    let End::File(output) = &job.output else {
        return Ok(());
    };
    let wanted = identity(job, args, rules, common)?;
    work::check_finished(output, wanted.as_ref(), &is_interrupted)
        .with_context(|| job.output.to_string())?;
    // A run that was killed between giving the output its name and removing its work folder.
    if let Some(wanted) = wanted.filter(|_| args.resume && !args.dry_run)
        && work::folder_of(output).exists()
        && let Ok(work) = Work::open(output, wanted, Earlier::Resume, &is_interrupted)
    {
        work.discard();
    }
    Ok(())
}

/// What an output follows from; nothing where a source is no file, which can be read once.
fn identity(
    job: &Job,
    args: &RetimeArgs,
    rules: &Rules,
    common: &Common,
) -> anyhow::Result<Option<Identity>> {
    let End::File(input) = &job.input else {
        return Ok(None);
    };
    let sources = sources_of(input, args.access.into());
    if sources.iter().any(|source| !source.is_file()) {
        return Ok(None);
    }
    Ok(Some(Identity {
        settings: settings(job, args, rules, common)?,
        environment: environment(common),
        sources,
    }))
}

/// What else than the settings the bits of the output depend on.
fn environment(common: &Common) -> BTreeMap<String, String> {
    // Encoders divide a picture among their threads.
    let threads = common
        .threads
        .or(available_parallelism().ok().map(usize::from));
    let threads = threads.map_or("unknown".to_owned(), |threads| threads.to_string());
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let all = [
        ("the program's version", version),
        ("FFmpeg", video::ffmpeg_versions().unwrap_or_default()),
        ("--threads", threads),
    ];
    all.map(|(name, value)| (name.to_owned(), value)).into()
}

/// All settings that the output depends on, by the names that users know.
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
        Target::Slow(factor, at) => {
            set("--fps", &at.map(|rate| rate.to_string()));
            ("--slow", factor)
        }
    };
    set(target, &rate.to_string());
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
    if let Some(part) = part_of(args) {
        set("--start, --end or --range", &part);
    }
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
        let hash = blake3::hash(format!("{cuts:?}").as_bytes()).to_hex();
        set("--cuts", &format!("a list of BLAKE3 {}", &hash[..16]));
    }
    Ok(all)
}

/// The part that is asked for, exactly, as users say it; none if it is all.
fn part_of(args: &RetimeArgs) -> Option<String> {
    let (start, end) = args.part();
    let place = |place: Position| match place {
        Position::Time(seconds) => format!("{seconds} s"),
        Position::Frame(frame) => format!("{frame}f"),
    };
    match (start.map(place), end.map(place)) {
        (None, None) => None,
        (Some(start), None) => Some(format!("from {start}")),
        (None, Some(end)) => Some(format!("to {end}")),
        (Some(start), Some(end)) => Some(format!("{start} to {end}")),
    }
}

/// The run is cut short: says what is kept, and why it was. Nothing is where a later run would fail as this one did.
pub(super) fn give_up(
    work: Option<Work>,
    error: pipeline::Error,
    reporter: &InputReporter,
) -> pipeline::Error {
    use pipeline::Error::{Interpolate, Read, TooShort};
    use video::Error::{Invalid, Picture};
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
        Interpolate(_) | TooShort(_) | Read(Invalid(_) | Picture(_)) => {
            work.discard();
        }
        _ => reporter.warn(&kept_in(work.folder())),
    }
    error
}

#[cfg(test)]
mod tests {
    use super::RetimeArgs;
    use clap::{Args, Command};

    /// Options that say where the output goes, what else is written or what is said, and not what it is.
    const OTHER: &[&str] = &[
        "output",
        "format",
        "out-dir",
        "name",
        "timecodes",
        "jobs",
        "skip-existing",
        "resume",
        "dry-run",
        "progress",
        "allow-lists",
        "allow-network",
        "timings",
    ];

    #[test]
    fn every_option_is_a_setting_or_known_to_be_none() {
        let settings = include_str!("resume.rs")
            .split("#[cfg(test)]")
            .next()
            .unwrap();
        let all = RetimeArgs::augment_args(Command::new("retime"));
        let names: Vec<&str> = all.get_arguments().filter_map(|a| a.get_long()).collect();
        assert!(names.len() > 30, "{names:?}");
        for name in names {
            // Alone or among others of one setting.
            let is_setting = [
                format!("\"--{name}\""),
                format!("--{name},"),
                format!("--{name} or"),
                format!("or --{name}\""),
            ];
            let is_setting = is_setting.iter().any(|text| settings.contains(text));
            assert_ne!(is_setting, OTHER.contains(&name), "--{name}");
        }
    }
}
