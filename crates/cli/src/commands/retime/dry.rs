//! `--dry-run`: what would be done to a clip, from its header and its first frame.

use super::args::RetimeArgs;
use super::clip;
use super::events::{Event, Planned};
use super::input_reporter::InputReporter;
use super::job::{End, Job};
use crate::commands::common::Common;
use crate::commands::exit::plain;
use anyhow::Context;
use otinterp_video::time::{OutputClock, Rational, short_decimal, to_f64};
use otinterp_video::{encoder_for, streams_beside};

/// Says what [`clip::run`] would do.
pub(super) fn run(
    job: &Job,
    args: &RetimeArgs,
    common: &Common,
    reporter: &InputReporter,
) -> anyhow::Result<()> {
    let mut source = clip::open(job, args, common)?;
    let (rate, slowdown) = clip::rate_and_slowdown(job, &source)?;
    let clock = OutputClock::new(rate, slowdown);
    let (input, output) = (|| job.input.to_string(), || job.output.to_string());
    let encoding = clip::encoding(job, &source, args, common);
    let (codec, pixel_format) = encoder_for(job.output_name(), &clock, &encoding, &source)
        .map_err(plain)
        .with_context(output)?;
    let length = match &job.input {
        // It can be read only once.
        End::Pipe => None,
        End::File(path) if path.exists() && !path.is_file() => None,
        End::File(_) => Some(source.length().map_err(plain).with_context(input)?),
    };
    let beside = streams_beside(job.output_name(), &clock, &source)
        .map_err(plain)
        .with_context(input)?;
    let info = source.source.info();
    let duration = length.and_then(|length| length.duration);
    let planned = Planned {
        output: output(),
        width: info.width,
        height: info.height,
        frames_in: length.map(|length| length.frames),
        frames_counted: length.is_some_and(|length| length.is_counted),
        source_rate: source.rate.map(|r| r.to_string()),
        source_pixel_format: source.pixel_format.clone(),
        rate: rate.to_string(),
        frames_out: duration.map(|d| clock.count(d)),
        duration_s: duration.map(|d| to_f64(d * slowdown)),
        codec,
        pixel_format,
        streams_copied: beside.copied,
        streams_stretched: beside.stretched,
        streams_left_out: beside.left_out,
    };
    reporter.plan(line(job, &planned, (source.rate, rate)));
    reporter.event(&Event::Planned(&planned));
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
