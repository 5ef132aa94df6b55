//! Values of `retime`'s options, as they are typed.

use clap::ValueEnum;
use otinterp_video::range::{NotAPosition, Position};
use otinterp_video::{FieldOrder, Sound};
use std::path::Path;

/// `--audio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AudioArg {
    /// Slow it down with the picture, keep its pitch, and encode it again
    Stretch,
    /// Copy it at its own speed; it ends before the picture
    Copy,
    /// Leave it out
    Drop,
}

impl From<AudioArg> for Sound {
    fn from(arg: AudioArg) -> Self {
        match arg {
            AudioArg::Stretch => Self::Stretch,
            AudioArg::Copy => Self::Copy,
            AudioArg::Drop => Self::Drop,
        }
    }
}

/// `--fields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FieldsArg {
    /// The first line belongs to the earlier field
    TopFirst,
    /// The second line does
    BottomFirst,
}

impl From<FieldsArg> for FieldOrder {
    fn from(arg: FieldsArg) -> Self {
        match arg {
            FieldsArg::TopFirst => Self::TopFirst,
            FieldsArg::BottomFirst => Self::BottomFirst,
        }
    }
}

/// `--format`: what `-o -` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PipeFormat {
    /// YUV4MPEG2: planar Y′CbCr or grey
    Y4m,
    /// Raw samples in the pixel format of the source; -v and --json name it
    Raw,
    /// NUT with raw samples (or --codec), sound and exact times
    Nut,
    /// Matroska with FFV1 (or --codec), sound and times in milliseconds
    Mkv,
}

impl PipeFormat {
    /// The name of a file of this kind, from which FFmpeg knows the container.
    pub(super) fn like(self) -> &'static Path {
        Path::new(match self {
            Self::Y4m => "pipe.y4m",
            Self::Raw => "pipe.yuv",
            Self::Nut => "pipe.nut",
            Self::Mkv => "pipe.mkv",
        })
    }
}

/// Reads `--cut-threshold`.
pub(super) fn parse_share(text: &str) -> Result<f32, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "a share between 0 and 1 is needed, such as 0.4".to_owned())
}

/// Reads `WIDTHxHEIGHT`.
pub(super) fn parse_size(text: &str) -> Result<(u32, u32), String> {
    /// More than any format in use, and few enough pixels that FFmpeg can count their bytes.
    const LARGEST_SIDE: u32 = 16_384;
    let (width, height) = text
        .split_once('x')
        .ok_or("it is no size such as 640x480")?;
    let side = |text: &str| {
        let side = text.parse().ok().filter(|s| (1..=LARGEST_SIDE).contains(s));
        side.ok_or_else(|| format!("'{text}' is no number of pixels from 1 to {LARGEST_SIDE}"))
    };
    Ok((side(width)?, side(height)?))
}

/// Reads `key=value`.
pub(super) fn parse_option(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is not of the form key=value".to_owned()),
    }
}

pub(super) fn parse_jobs(text: &str) -> Result<usize, String> {
    /// Each has threads, a decoder and an encoder of its own.
    const MOST_JOBS: usize = 256;
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(jobs) if jobs > MOST_JOBS => Err(format!("at most {MOST_JOBS} can be had")),
        jobs => jobs.map_err(|_| "it is not a whole number".to_owned()),
    }
}

/// Reads `--range`.
pub fn parse_range(text: &str) -> Result<(Position, Position), String> {
    let (start, end) = text
        .split_once('-')
        .ok_or_else(|| format!("'{text}' is no range such as 1:30-1:45 or 100f-250f"))?;
    let place = |text: &str| text.parse().map_err(|e: NotAPosition| e.to_string());
    Ok((place(start)?, place(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("640x480"), Ok((640, 480)));
        for text in ["", "640", "x", "0x4", "4x", "-4x4", "4x4x4", "99999x4"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
