//! One clip: open both ends, run the pipeline, give the output its name.

use super::RetimeArgs;
use super::cuts;
use super::events::Start;
use super::file::FileDesk;
use super::keep;
use super::length;
#[cfg(feature = "video")]
use super::pipe::PipeFormat;
use super::plan::{End, Job, extension_of};
use super::report::{CutAt, Done};
use super::sequence::Pending;
use crate::commands::common::{Common, print_timings};
use crate::commands::exit::Interrupted;
use crate::files::PendingFile;
use crate::pipeline;
use crate::work::{self, Work};
use anyhow::Context;
#[cfg(feature = "video")]
use otinterp_video::peeked::Peeked;
use otinterp_video::range::Ranged;
use otinterp_video::time::{OutputClock, Rational, to_f64};
use otinterp_video::timecodes::Timecodes;
use otinterp_video::y4m::{Header, Y4mSink, Y4mSource};
use otinterp_video::{self as video, Sink, Source};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

/// An input that is open.
pub(super) struct Opened {
    pub(super) source: Box<dyn Source>,
    /// Frames per second from which the output's follow.
    pub(super) rate: Rational,
    /// Frames per second of the clip on average, if it tells.
    pub(super) source_rate: Option<Rational>,
    /// FFmpeg's name, or that of Y4M.
    pub(super) pixel_format: String,
    /// The header, where the input is Y4M.
    pub(super) header: Option<Header>,
    #[cfg(feature = "video")]
    pub(super) origin: Option<video::Origin>,
}

/// An output that is open, and what to say of it.
struct Output {
    sink: Box<dyn Sink>,
    codec: String,
    pixel_format: String,
    streams_copied: usize,
    streams_stretched: usize,
    notes: Vec<String>,
}

/// Retimes one clip.
pub(super) fn run(
    job: &Job,
    args: &RetimeArgs,
    common: &Common,
    desk: &FileDesk,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let clocks = args.timings.start();
    let rules = cuts::rules(args, common)?;
    let mut opened = open(job, args, common)?;
    let (rate, slowdown) = job.target.rate_and_slowdown(opened.rate);
    let keeps_times = args.vfr && (args.timecodes.is_some() || holds_variable_rates(job));
    let clock = if keeps_times {
        OutputClock::variable(rate, slowdown)
    } else {
        OutputClock::new(rate, slowdown)
    };
    let info = opened.source.info().clone();
    #[cfg(feature = "video")]
    if pipeline::is_large(info.width * info.height) {
        video::keep_memory_flat();
    }
    let expected = length::announced(job, &opened).map(|d| clock.count(d));
    let mut work = keep::open(job, args, common)?;
    let frames_kept = work.as_ref().map_or(Ok(0), pipeline::frames_kept)?;
    let mut pending = match &job.output {
        End::Pipe => None,
        End::File(path) => Some(Pending::create(path, common.overwrite, work.as_ref())?),
    };
    let mut timecodes = match &args.timecodes {
        Some(path) => Some((create(path, common)?, path)),
        None => None,
    };
    let mut output = open_output(
        job,
        &opened,
        &clock,
        (pending.as_mut(), work.as_ref()),
        args,
        common,
    )
    .map_err(plain)
    .with_context(|| job.output.to_string())?;
    if args.vfr && !keeps_times {
        let why =
            "the output holds only a constant rate, which is written; --timecodes keeps the times";
        output.notes.push(why.to_owned());
    }
    if let Some((file, _)) = &mut timecodes {
        let out = BufWriter::new(file.file_mut().try_clone()?);
        output.sink = Box::new(Timecodes::new(output.sink, out)?);
    }
    desk.start(&Start {
        output: job.output.to_string(),
        width: info.width,
        height: info.height,
        source_rate: opened.source_rate.map(|r| r.to_string()),
        source_pixel_format: opened.pixel_format.clone(),
        rate: rate.to_string(),
        frames_expected: expected,
        codec: output.codec.clone(),
        pixel_format: output.pixel_format.clone(),
        streams_copied: output.streams_copied,
        streams_stretched: output.streams_stretched,
        frames_kept,
    });
    if common.verbose && job.writes_to_stdout() {
        let (codec, pixels) = (&output.codec, &output.pixel_format);
        let (width, height) = (info.width, info.height);
        desk.detail(&format!("{codec} {pixels} {width}x{height} at {rate} fps"));
    }
    for note in &output.notes {
        desk.warn(note);
    }
    let progress = desk.progress(expected, rate);
    let result = pipeline::retime(
        opened.source.as_mut(),
        output.sink.as_mut(),
        clock,
        &rules,
        work.as_mut(),
        progress.meter.as_ref(),
    );
    drop(progress);
    drop(output.sink);
    let counts = match result {
        Ok(counts) => counts,
        Err(error) => {
            drop(pending);
            let error = keep::give_up(work, error, desk);
            return Err(explain(error, job));
        }
    };
    if let Some(pending) = pending {
        let named = pending.commit(work, common.overwrite);
        named.with_context(|| job.output.to_string())?;
    }
    if let Some((file, path)) = timecodes {
        file.commit().with_context(|| path.display().to_string())?;
    }
    let mut warnings = output.notes;
    for warning in opened.source.warnings() {
        desk.warn(&warning);
        warnings.push(warning);
    }
    if let Some(given) = args.cuts.as_ref().filter(|_| counts.cuts_beyond > 0) {
        let (beyond, frames) = (counts.cuts_beyond, counts.frames_in);
        let warning = format!(
            "cuts in {} beyond the clip's {frames} frames: {beyond}",
            given.display()
        );
        desk.warn(&warning);
        warnings.push(warning);
    }
    let timings = clocks.elapsed();
    print_timings(timings.as_ref(), &common.reporter(false));
    let done = Done {
        output: job.output.to_string(),
        method: args.method.name(),
        width: info.width,
        height: info.height,
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
    desk.done(&done, rate);
    Ok(())
}

/// Whether the times of single frames survive in the output.
#[cfg(feature = "video")]
fn holds_variable_rates(job: &Job) -> bool {
    !job.writes_y4m() && video::holds_variable_rates(job.output_name())
}

#[cfg(not(feature = "video"))]
fn holds_variable_rates(_: &Job) -> bool {
    false
}

fn create(path: &Path, common: &Common) -> anyhow::Result<PendingFile> {
    PendingFile::create(path, common.overwrite).with_context(|| path.display().to_string())
}

/// The system's own errors keep their kind: a closed pipe is no failure.
pub(super) fn plain(error: video::Error) -> anyhow::Error {
    match error {
        video::Error::Io(error) => error.into(),
        error => error.into(),
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
        pipeline::Error::Write(error) => plain(error).context(job.output.to_string()),
        error => anyhow::Error::new(error).context(job.input.to_string()),
    }
}

#[cfg(not(feature = "video"))]
const READS_Y4M_ONLY: &str = "this build reads Y4M only; it was made without the feature 'video'";

/// Opens the input.
pub(super) fn open(job: &Job, args: &RetimeArgs, common: &Common) -> anyhow::Result<Opened> {
    open_input(job, args, common)
        .and_then(|opened| restrict(opened, args))
        .map_err(plain)
        .with_context(|| job.input.to_string())
}

fn open_input(job: &Job, args: &RetimeArgs, common: &Common) -> video::Result<Opened> {
    let path = match &job.input {
        End::Pipe => None,
        End::File(path) => Some(path.as_path()),
    };
    if let Some(raw) = args.raw_input() {
        return open_raw(path, &raw, job, args, common);
    }
    match path {
        None => open_pipe(job, args, common),
        Some(path) if extension_of(path) == "y4m" => {
            if path.is_dir() {
                let why = "it is a folder, not a clip";
                return Err(video::Error::Invalid(why.to_owned()));
            }
            open_y4m(File::open(path)?)
        }
        Some(path) => open_file(path, job, args, common),
    }
}

/// The part of the input that is asked for.
fn restrict(opened: Opened, args: &RetimeArgs) -> video::Result<Opened> {
    let (start, end) = args.part();
    if start.is_none() && end.is_none() {
        return Ok(opened);
    }
    let source = Ranged::new(opened.source, start, end)?;
    #[cfg(feature = "video")]
    let origin = opened.origin.map(|mut origin| {
        if let Some(start) = source.start() {
            origin.restrict(start);
        }
        origin
    });
    Ok(Opened {
        #[cfg(feature = "video")]
        origin,
        source: Box::new(source),
        ..opened
    })
}

fn open_y4m(reader: impl io::Read + Send + 'static) -> video::Result<Opened> {
    let source = Y4mSource::new(reader)?;
    let header = source.header().clone();
    Ok(Opened {
        rate: header.rate,
        source_rate: Some(header.rate),
        pixel_format: header.colour().to_owned(),
        header: Some(header),
        source: Box::new(source),
        #[cfg(feature = "video")]
        origin: None,
    })
}

/// Y4M says so in its first bytes; all else is FFmpeg's.
#[cfg(feature = "video")]
fn open_pipe(job: &Job, args: &RetimeArgs, common: &Common) -> video::Result<Opened> {
    let stdin = Peeked::new(io::stdin())?;
    if stdin.is_y4m() {
        return open_y4m(stdin);
    }
    if stdin.is_empty() {
        return Err(video::Error::Invalid("the pipe is empty".to_owned()));
    }
    let source = video::FileSource::open_pipe(stdin, &read_options(job, args, common))?;
    opened(source, job, args)
}

#[cfg(not(feature = "video"))]
fn open_pipe(_job: &Job, _args: &RetimeArgs, _common: &Common) -> video::Result<Opened> {
    open_y4m(io::stdin())
}

#[cfg(feature = "video")]
fn open_raw(
    path: Option<&Path>,
    raw: &video::RawVideo,
    job: &Job,
    args: &RetimeArgs,
    common: &Common,
) -> video::Result<Opened> {
    let options = read_options(job, args, common);
    opened(video::FileSource::open_raw(path, raw, &options)?, job, args)
}

#[cfg(not(feature = "video"))]
fn open_raw(
    _path: Option<&Path>,
    _raw: &video::RawVideo,
    _job: &Job,
    _args: &RetimeArgs,
    _common: &Common,
) -> video::Result<Opened> {
    Err(video::Error::Invalid(READS_Y4M_ONLY.to_owned()))
}

#[cfg(feature = "video")]
fn open_file(path: &Path, job: &Job, args: &RetimeArgs, common: &Common) -> video::Result<Opened> {
    let options = read_options(job, args, common);
    opened(video::FileSource::open_with(path, &options)?, job, args)
}

#[cfg(feature = "video")]
fn read_options(job: &Job, args: &RetimeArgs, common: &Common) -> video::ReadOptions {
    video::ReadOptions {
        threads: common.threads,
        as_yuv: job.writes_y4m(),
        deinterlace: !args.no_deinterlace,
        video_stream: args.video_stream,
    }
}

#[cfg(feature = "video")]
fn opened(source: video::FileSource, job: &Job, args: &RetimeArgs) -> video::Result<Opened> {
    use super::plan::Target;
    let mut source_rate = source.info().rate;
    let rate = match job.target {
        Target::Rate(rate) => rate,
        Target::Factor(_) | Target::Slow(_) => source.average_rate()?.ok_or_else(|| {
            let why = "it does not say its frame rate; --fps instead of --factor or --slow";
            video::Error::Invalid(why.to_owned())
        })?,
    };
    if !matches!(job.target, Target::Rate(_)) {
        source_rate = Some(rate);
    }
    let mut origin = source.origin();
    origin.set_sound(args.audio.into());
    Ok(Opened {
        rate,
        source_rate,
        pixel_format: source.pixel_format().to_owned(),
        header: None,
        origin: Some(origin),
        source: Box::new(source),
    })
}

#[cfg(not(feature = "video"))]
fn open_file(
    path: &Path,
    _job: &Job,
    _args: &RetimeArgs,
    _common: &Common,
) -> video::Result<Opened> {
    File::open(path)?;
    Err(video::Error::Invalid(READS_Y4M_ONLY.to_owned()))
}

fn open_output(
    job: &Job,
    opened: &Opened,
    clock: &OutputClock,
    (pending, work): (Option<&mut Pending>, Option<&Work>),
    args: &RetimeArgs,
    common: &Common,
) -> video::Result<Output> {
    if job.writes_y4m() && (args.encoded_pix_fmt().is_some() || !args.encoder_opt.is_empty()) {
        let why = "Y4M is written as it is; --pix-fmt and --encoder-opt are for encoders";
        return Err(video::Error::Invalid(why.to_owned()));
    }
    match pending {
        None if job.writes_y4m() => {
            open_y4m_output(BufWriter::new(io::stdout()), opened, clock.rate(), false)
        }
        Some(Pending::Data { path, .. }) => {
            let file = OpenOptions::new().append(true).open(path)?;
            let is_begun = work.is_some_and(Work::is_begun);
            open_y4m_output(file, opened, clock.rate(), is_begun)
        }
        Some(Pending::File(file)) if job.writes_y4m() => {
            open_y4m_output(file.file_mut().try_clone()?, opened, clock.rate(), false)
        }
        pending => {
            let path = pending.map(|pending| pending.path());
            open_file_output(path.as_deref(), job, opened, clock, work, args, common)
        }
    }
}

fn open_y4m_output(
    writer: impl Write + Send + 'static,
    opened: &Opened,
    rate: Rational,
    is_begun: bool,
) -> video::Result<Output> {
    let header = match &opened.header {
        Some(header) => header.clone().with_rate(rate),
        None => Header::new(opened.source.info(), rate)?,
    };
    let pixel_format = header.colour().to_owned();
    let sink = if is_begun {
        Y4mSink::go_on(writer, header)
    } else {
        Y4mSink::new(writer, header)?
    };
    Ok(Output {
        sink: Box::new(sink),
        codec: "y4m".to_owned(),
        pixel_format,
        streams_copied: 0,
        streams_stretched: 0,
        notes: Vec::new(),
    })
}

#[cfg(feature = "video")]
fn open_file_output(
    path: Option<&Path>,
    job: &Job,
    opened: &Opened,
    clock: &OutputClock,
    work: Option<&Work>,
    args: &RetimeArgs,
    common: &Common,
) -> video::Result<Output> {
    let encoding = encoding(job, opened, args, common);
    let info = opened.source.info();
    let origin = opened.origin.as_ref();
    let mut sink = match path {
        Some(path) => video::FileSink::create(path, info, clock, &encoding, origin),
        None => video::FileSink::to_stdout(job.output_name(), info, clock, &encoding, origin),
    }?;
    if let Some(work) = work {
        sink.keep_packets_in(&work.data())?;
    }
    Ok(Output {
        codec: sink.codec().to_owned(),
        pixel_format: sink.pixel_format().to_owned(),
        streams_copied: sink.streams_copied(),
        streams_stretched: sink.streams_stretched(),
        notes: sink.notes().to_vec(),
        sink: Box::new(sink),
    })
}

/// What the user wants of the encoder.
#[cfg(feature = "video")]
pub(super) fn encoding(
    job: &Job,
    opened: &Opened,
    args: &RetimeArgs,
    common: &Common,
) -> video::Encoding {
    let mut pixel_format = args.encoded_pix_fmt().cloned();
    let is_raw = job.writes_to_stdout() && job.format == PipeFormat::Raw;
    if is_raw && pixel_format.is_none() {
        let format = opened.source.info().format;
        pixel_format = video::raw_name(format, &opened.pixel_format).map(str::to_owned);
    }
    video::Encoding {
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

#[cfg(not(feature = "video"))]
fn open_file_output(
    _path: Option<&Path>,
    _job: &Job,
    _opened: &Opened,
    _clock: &OutputClock,
    _work: Option<&Work>,
    _args: &RetimeArgs,
    _common: &Common,
) -> video::Result<Output> {
    Err(video::Error::Invalid(
        "this build writes Y4M only; it was made without the feature 'video'".to_owned(),
    ))
}
