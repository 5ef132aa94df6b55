//! One clip: demuxed, retimed, muxed under a hidden name, and given its own.

use super::args::RetimeArgs;
use super::cuts;
use super::events::Start;
use super::input_reporter::InputReporter;
use super::job::{End, Job};
use super::options::PipeFormat;
use super::pending::Pending;
use super::report::{CutAt, Done};
use super::resume;
use crate::commands::common::{Common, print_timings};
use crate::commands::exit::{Interrupted, plain};
use crate::files::PendingFile;
use crate::pipeline::{self, Counts, Rules};
use crate::reporter::Stream;
use crate::work::{self, Work};
use anyhow::Context;
use otinterp_video::time::{OutputClock, Rational, to_f64};
use otinterp_video::timecodes::Timecodes;
use otinterp_video::{self as video, Clip, Created, Destination, Encoding, Info, ReadOptions};
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

/// Retimes one clip.
pub(super) fn run(
    job: &Job,
    args: &RetimeArgs,
    common: &Common,
    reporter: &InputReporter,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let clocks = args.timings.start();
    let rules = cuts::rules(args, common)?;
    let mut clip = open(job, args, common)?;
    let clock = clock(job, &clip, args)?;
    let (rate, slowdown) = (clock.rate(), clock.slowdown());
    let Info {
        width,
        height,
        duration,
        ..
    } = *clip.source.info();
    if pipeline::is_large(width * height) {
        video::keep_memory_flat();
    }
    let expected = duration.map(|duration| clock.count(duration));
    let mut work = resume::open(job, args, &rules, common)?;
    let frames_kept = work.as_ref().map_or(Ok(0), pipeline::frames_kept)?;
    let Outputs {
        created: mut output,
        pending,
        timecodes,
    } = Outputs::create(job, &clip, &clock, work.as_ref(), args, common)?;
    let frames = (expected, frames_kept);
    say_start(
        job,
        &clip,
        &output,
        (rate, &rules),
        frames,
        common,
        reporter,
    );
    let progress = reporter.progress(expected, rate);
    let result = pipeline::retime(
        clip.source.as_mut(),
        output.sink.as_mut(),
        clock,
        &rules,
        work.as_mut(),
        &progress,
    );
    drop(progress);
    drop(output.sink);
    let counts = match result {
        Ok(counts) => counts,
        Err(error) => {
            drop(pending);
            let error = resume::give_up(work, error, reporter);
            return Err(explain(error, job));
        }
    };
    give_names(job, (pending, work), timecodes, common)?;
    let mut warnings = output.notes;
    warnings.extend(late_warnings(&clip, &counts, args, reporter));
    let timings = clocks.elapsed();
    print_timings(timings.as_ref(), reporter.out());
    let done = Done {
        output: job.output.to_string(),
        method: args.method.name(),
        width,
        height,
        frames_in: counts.frames_in,
        frames_out: counts.frames_out,
        rate: rate.to_string(),
        duration_s: to_f64(counts.duration * slowdown),
        unexplained_share: counts.unexplained_share,
        cuts: counts.cuts.iter().map(CutAt::from).collect(),
        duplicates_replaced: counts.duplicates_replaced,
        codec: output.codec,
        pixel_format: output.pixel_format,
        streams_copied: output.streams_copied,
        streams_stretched: output.streams_stretched,
        warnings,
        wall_s: started.elapsed().as_secs_f64(),
        timings,
    };
    reporter.done(&done, rate);
    Ok(())
}

/// Gives all that was written its final name.
fn give_names(
    job: &Job,
    (pending, work): (Option<Pending>, Option<Work>),
    timecodes: Option<(PendingFile, &Path)>,
    common: &Common,
) -> anyhow::Result<()> {
    if let (Some(pending), End::File(target)) = (pending, &job.output) {
        let named = pending.commit(target, work, common.overwrite);
        named.with_context(|| job.output.to_string())?;
    }
    if let Some((file, path)) = timecodes {
        file.commit().with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The PTS of the output: constant, unless the source's own are wanted and can be kept.
fn clock(job: &Job, clip: &Clip, args: &RetimeArgs) -> anyhow::Result<OutputClock> {
    let (rate, slowdown) = rate_and_slowdown(job, clip)?;
    let is_kept = || args.timecodes.is_some() || video::holds_variable_rates(job.output_name());
    Ok(match args.vfr && is_kept() {
        true => OutputClock::variable(rate, slowdown),
        false => OutputClock::new(rate, slowdown),
    })
}

/// Frames per second of the output, and how many times slower it goes.
pub(super) fn rate_and_slowdown(job: &Job, clip: &Clip) -> anyhow::Result<(Rational, Rational)> {
    let found = job.target.rate_and_slowdown(clip.rate);
    found.with_context(|| {
        let input = &job.input;
        format!("{input}: it does not say its frame rate; --source-fps says it")
    })
}

fn create(path: &Path, common: &Common) -> anyhow::Result<PendingFile> {
    PendingFile::create(path, common.overwrite).with_context(|| path.display().to_string())
}

/// An error with the output's name.
fn of_output(error: video::Error, job: &Job) -> anyhow::Error {
    match (error, &job.output) {
        (video::Error::Io(error), End::Pipe) => Stream::Out.named(&error).into(),
        (error, output) => plain(error).context(output.to_string()),
    }
}

/// The pipeline's error with the name of the file that it is about.
fn explain(error: pipeline::Error, job: &Job) -> anyhow::Error {
    match error {
        pipeline::Error::Interrupted => Interrupted.into(),
        pipeline::Error::Read(error) => plain(error).context(job.input.to_string()),
        pipeline::Error::Work(work::Error::Io(error)) => {
            anyhow::Error::new(error).context(job.output.to_string())
        }
        // It names the file itself.
        pipeline::Error::Work(error) => error.into(),
        pipeline::Error::Write(error) => of_output(error, job),
        error => anyhow::Error::new(error).context(job.input.to_string()),
    }
}

/// Opens the input.
pub(super) fn open(job: &Job, args: &RetimeArgs, common: &Common) -> anyhow::Result<Clip> {
    let path = match &job.input {
        End::Pipe => None,
        End::File(path) => Some(path.as_path()),
    };
    let options = ReadOptions {
        threads: common.threads,
        as_yuv: job.writes_y4m(),
        deinterlace: !args.no_deinterlace,
        fields: args.fields.map(Into::into),
        turn: !video::holds_rotation(job.output_name()),
        video_stream: args.video_stream,
        counts_frames: job.target.needs_rate(),
        rate: args.source_fps,
        sound: args.audio.into(),
        access: args.access.into(),
    };
    // What a loop goes on with is its own beginning.
    let context_frames = if args.is_loop {
        [0; 2]
    } else {
        pipeline::CONTEXT_FRAMES
    };
    video::open_clip(path, args.raw_input().as_ref(), &options)
        .and_then(|clip| clip.part(args.part(), context_frames))
        .map_err(plain)
        .with_context(|| job.input.to_string())
}

/// All that is written for a clip, under hidden names.
struct Outputs<'a> {
    created: Created,
    /// The clip; none on a pipe.
    pending: Option<Pending>,
    /// `--timecodes`.
    timecodes: Option<(PendingFile, &'a Path)>,
}

impl<'a> Outputs<'a> {
    fn create(
        job: &Job,
        clip: &Clip,
        clock: &OutputClock,
        work: Option<&Work>,
        args: &'a RetimeArgs,
        common: &Common,
    ) -> anyhow::Result<Self> {
        let pending = match &job.output {
            End::Pipe => None,
            End::File(path) => Some(Pending::create(path, common.overwrite, work)?),
        };
        let mut timecodes = match &args.timecodes {
            Some(path) => Some((create(path, common)?, path.as_path())),
            None => None,
        };
        let encoding = encoding(job, clip, args, common);
        let mut created = create_output(job, clip, clock, &encoding, (pending.as_ref(), work))?;
        if args.vfr && clock.is_constant() {
            let why = "the output holds only a constant rate, which is written; --timecodes keeps the times";
            created.notes.push(why.to_owned());
        }
        if let Some((file, _)) = &mut timecodes {
            let out = BufWriter::new(file.file_mut().try_clone()?);
            created.sink = Box::new(Timecodes::new(created.sink, out)?);
        }
        Ok(Self {
            created,
            pending,
            timecodes,
        })
    }
}

fn create_output(
    job: &Job,
    clip: &Clip,
    clock: &OutputClock,
    encoding: &Encoding,
    (pending, work): (Option<&Pending>, Option<&Work>),
) -> anyhow::Result<Created> {
    let (file, data) = (pending.map(Pending::path), work.map(Work::data));
    let to = match (&file, &data) {
        (None, _) => Destination::Stdout(job.output_name()),
        (Some(file), None) => Destination::File(file),
        (Some(file), Some(data)) => Destination::Kept {
            file,
            data,
            is_begun: work.is_some_and(Work::is_begun),
        },
    };
    video::create_clip(&to, clip.source.info(), clock, encoding, Some(clip))
        .map_err(|error| of_output(error, job))
}

/// What the user wants of the encoder.
pub(super) fn encoding(job: &Job, clip: &Clip, args: &RetimeArgs, common: &Common) -> Encoding {
    let mut pixel_format = args.encoded_pix_fmt().cloned();
    let is_raw = job.writes_to_stdout() && job.format == PipeFormat::Raw;
    if is_raw && pixel_format.is_none() {
        let format = clip.source.info().format;
        pixel_format = video::raw_name(format, &clip.pixel_format).map(str::to_owned);
    }
    Encoding {
        codec: args.codec.clone(),
        crf: args.crf,
        preset: args.encoder_preset.clone(),
        pixel_format,
        options: args.encoder_opt.clone(),
        threads: common.threads,
        widely_playable: false,
        lossless: job.writes_to_stdout(),
    }
}

/// Both ends are open.
fn say_start(
    job: &Job,
    clip: &Clip,
    output: &Created,
    (rate, rules): (Rational, &Rules),
    (frames_expected, frames_kept): (Option<u64>, u64),
    common: &Common,
    reporter: &InputReporter,
) {
    let info = clip.source.info();
    reporter.start(&Start {
        output: job.output.to_string(),
        width: info.width,
        height: info.height,
        source_rate: clip.rate.map(|r| r.to_string()),
        source_pixel_format: clip.pixel_format.clone(),
        rate: rate.to_string(),
        frames_expected,
        codec: output.codec.clone(),
        pixel_format: output.pixel_format.clone(),
        streams_copied: output.streams_copied,
        streams_stretched: output.streams_stretched,
        frames_kept,
    });
    if common.verbose && job.writes_to_stdout() {
        let (codec, pixels) = (&output.codec, &output.pixel_format);
        let (width, height) = (info.width, info.height);
        reporter.detail(&format!("{codec} {pixels} {width}x{height} at {rate} fps"));
    }
    if common.verbose {
        let plan = rules.interpolator.plan((info.height, info.width));
        reporter.detail(&plan.to_string());
    }
    for note in &output.notes {
        reporter.warn(note);
    }
}

/// What only the end of the clip tells, said and returned.
fn late_warnings(
    clip: &Clip,
    counts: &Counts,
    args: &RetimeArgs,
    reporter: &InputReporter,
) -> Vec<String> {
    let mut warnings = clip.source.warnings();
    if let Some(given) = args.cuts.as_ref().filter(|_| counts.cuts_beyond > 0) {
        let (beyond, frames) = (counts.cuts_beyond, counts.frames_in);
        let given = given.display();
        warnings.push(format!(
            "cuts in {given} beyond the clip's {frames} frames: {beyond}"
        ));
    }
    for warning in &warnings {
        reporter.warn(warning);
    }
    warnings
}
