//! What flows through pipes, and raw video, which says nothing of itself.

use super::RetimeArgs;
use super::plan::End;
use crate::commands::exit::Usage;
use clap::ValueEnum;
use otinterp_video::RawVideo;
use std::path::Path;

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

impl RetimeArgs {
    /// The format of a pipe that is written.
    pub(super) fn pipe_format(&self) -> PipeFormat {
        self.format.unwrap_or(PipeFormat::Y4m)
    }

    /// What the inputs are if they are raw video.
    pub(super) fn raw_input(&self) -> Option<RawVideo> {
        let ((width, height), rate) = (self.size?, self.source_fps?);
        Some(RawVideo {
            width,
            height,
            pixel_format: self.pix_fmt.clone()?,
            rate,
        })
    }

    /// The pixel format that the encoder is told; with `--size` the name is the source's.
    pub(super) fn encoded_pix_fmt(&self) -> Option<&String> {
        self.pix_fmt.as_ref().filter(|_| self.size.is_none())
    }
}

/// The first thing that speaks against the options of this module.
pub(super) fn check(args: &RetimeArgs) -> anyhow::Result<()> {
    let is_raw = args.size.is_some() || args.source_fps.is_some();
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

#[cfg(feature = "video")]
use otinterp_video::can_be_read;

/// Without FFmpeg raw video is refused later, whatever its format.
#[cfg(not(feature = "video"))]
fn can_be_read(_: &str) -> bool {
    true
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
