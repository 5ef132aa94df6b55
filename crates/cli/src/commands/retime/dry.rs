//! `--dry-run`: what would be done to a clip, from its header and its first frame.

use super::RetimeArgs;
use super::events::{Event, Planned};
use super::file::FileDesk;
use super::job::{self, Opened};
use super::length;
use super::plan::Job;
use crate::commands::common::Common;
use anyhow::Context;
use otinterp_video as video;
use otinterp_video::time::{OutputClock, Rational, short_decimal, to_f64};
use otinterp_video::y4m::Header;

/// Says what [`job::run`] would do.
pub(super) fn run(
    job: &Job,
    args: &RetimeArgs,
    common: &Common,
    desk: &FileDesk,
) -> anyhow::Result<()> {
    let mut opened = job::open(job, args, common)?;
    let (rate, slowdown) = job.target.rate_and_slowdown(opened.rate);
    let clock = OutputClock::new(rate, slowdown);
    let (codec, pixel_format) = output_format(job, &opened, &clock, args, common)
        .map_err(job::plain)
        .with_context(|| job.output.to_string())?;
    let is_part = args.part() != (None, None);
    let length = length::count(job, &mut opened, is_part)
        .map_err(job::plain)
        .with_context(|| job.input.to_string())?;
    let beside = beside(job, &opened, &clock)
        .map_err(job::plain)
        .with_context(|| job.input.to_string())?;
    let info = opened.source.info();
    let planned = Planned {
        output: job.output.to_string(),
        width: info.width,
        height: info.height,
        frames_in: length.frames,
        frames_counted: length.is_counted,
        source_rate: opened.source_rate.map(|r| r.to_string()),
        source_pixel_format: opened.pixel_format,
        rate: rate.to_string(),
        frames_out: length.duration.map(|d| clock.count(d)),
        duration_s: length.duration.map(|d| to_f64(d * slowdown)),
        codec,
        pixel_format,
        streams_copied: beside.0,
        streams_stretched: beside.1,
        streams_left_out: beside.2,
    };
    desk.plan(line(job, &planned, (opened.source_rate, rate)));
    desk.event(&Event::Planned(&planned));
    Ok(())
}

/// `a.mkv: 64x48 yuv420p, 12 frames (counted) at 29.97 fps -> a.x2.mkv: 24 frames at 59.94 fps,
/// 0.40 s, libx264 yuv420p; 1 other stream stretched; left out: stream 3 (data)`
fn line(job: &Job, planned: &Planned, (from, to): (Option<Rational>, Rational)) -> String {
    let frames = |count: Option<u64>| match count {
        Some(count) => format!("{count} frames"),
        None => "frames not known before the end".to_owned(),
    };
    let counted = if planned.frames_counted {
        " (counted)"
    } else {
        ""
    };
    let from = from.map_or_else(String::new, |r| format!(" at {} fps", short_decimal(r)));
    let seconds = planned
        .duration_s
        .map_or_else(String::new, |s| format!(", {s:.2} s"));
    let beside = [
        (planned.streams_stretched, "stretched"),
        (planned.streams_copied, "copied"),
    ];
    let beside = beside.iter().filter(|(count, _)| *count > 0);
    let mut beside: Vec<String> = beside
        .map(|(count, how)| match count {
            1 => format!("1 other stream {how}"),
            _ => format!("{count} other streams {how}"),
        })
        .collect();
    if !planned.streams_left_out.is_empty() {
        beside.push(format!("left out: {}", planned.streams_left_out.join(", ")));
    }
    let beside: String = beside.iter().map(|what| format!("; {what}")).collect();
    format!(
        "{}: {}x{} {}, {}{counted}{from} -> {}: {} at {} fps{seconds}, {} {}{beside}",
        job.input,
        planned.width,
        planned.height,
        planned.source_pixel_format,
        frames(planned.frames_in),
        planned.output,
        frames(planned.frames_out),
        short_decimal(to),
        planned.codec,
        planned.pixel_format,
    )
}

/// How many of the other streams would be copied and how many stretched, and those that would be left out.
#[cfg(feature = "video")]
fn beside(
    job: &Job,
    opened: &Opened,
    clock: &OutputClock,
) -> video::Result<(usize, usize, Vec<String>)> {
    match &opened.origin {
        Some(origin) if !job.writes_y4m() => {
            let found = video::streams_beside(job.output_name(), clock, origin)?;
            Ok((found.copied, found.stretched, found.left_out))
        }
        _ => Ok((0, 0, Vec::new())),
    }
}

#[cfg(not(feature = "video"))]
fn beside(
    _job: &Job,
    _opened: &Opened,
    _clock: &OutputClock,
) -> video::Result<(usize, usize, Vec<String>)> {
    Ok((0, 0, Vec::new()))
}

/// Encoder and pixel format of the output.
fn output_format(
    job: &Job,
    opened: &Opened,
    clock: &OutputClock,
    args: &RetimeArgs,
    common: &Common,
) -> video::Result<(String, String)> {
    if job.writes_y4m() {
        let header = match &opened.header {
            Some(header) => header.clone().with_rate(clock.rate()),
            None => Header::new(opened.source.info(), clock.rate())?,
        };
        return Ok(("y4m".to_owned(), header.colour().to_owned()));
    }
    encoder_for(job, opened, clock, args, common)
}

#[cfg(feature = "video")]
fn encoder_for(
    job: &Job,
    opened: &Opened,
    clock: &OutputClock,
    args: &RetimeArgs,
    common: &Common,
) -> video::Result<(String, String)> {
    let encoding = job::encoding(job, opened, args, common);
    let (info, origin) = (opened.source.info(), opened.origin.as_ref());
    video::encoder_for(job.output_name(), info, clock, &encoding, origin)
}

#[cfg(not(feature = "video"))]
fn encoder_for(
    _job: &Job,
    _opened: &Opened,
    _clock: &OutputClock,
    _args: &RetimeArgs,
    _common: &Common,
) -> video::Result<(String, String)> {
    Err(video::Error::Invalid(
        "this build writes Y4M only; it was made without the feature 'video'".to_owned(),
    ))
}
