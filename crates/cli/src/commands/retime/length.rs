//! How long a source is: soon and about, or exactly.

use super::job::Opened;
use super::plan::{End, Job};
use otinterp_video as video;
use otinterp_video::time::Rational;

/// Bytes of the line before each frame of Y4M, which mostly has no parameters.
const FRAME_LINE: usize = "FRAME\n".len();

/// Seconds of the source as it announces them: for progress only. A Y4M file does by its size.
pub(super) fn announced(job: &Job, opened: &Opened) -> Option<Rational> {
    let info = opened.source.info();
    let (None, End::File(path), Some(header)) = (info.duration, &job.input, &opened.header) else {
        return info.duration;
    };
    let planes = (0..info.format.plane_count()).map(|plane| {
        let (height, width) = info.format.plane_dim(plane, info.width, info.height);
        height * width
    });
    let sample_bytes = if info.format.bit_depth > 8 { 2 } else { 1 };
    let frame_bytes = planes.sum::<usize>() * sample_bytes + FRAME_LINE;
    let file = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let frames = file.len() / frame_bytes as u64;
    Some(header.rate.recip() * Rational::from_integer(frames.into()))
}

/// Frames and seconds of a source.
pub(super) struct Length {
    pub(super) frames: Option<u64>,
    /// The header does not announce them.
    pub(super) is_counted: bool,
    pub(super) duration: Option<Rational>,
}

/// A Y4M file and a part of a clip are read through, a pipe is left alone.
pub(super) fn count(job: &Job, opened: &mut Opened, is_part: bool) -> video::Result<Length> {
    if job.input == End::Pipe {
        return Ok(Length {
            frames: None,
            is_counted: false,
            duration: None,
        });
    }
    #[cfg(feature = "video")]
    if let Some(origin) = opened.origin.as_ref().filter(|_| !is_part) {
        let found = video::length(origin)?;
        return Ok(Length {
            frames: Some(found.frames),
            is_counted: found.is_counted,
            duration: found.duration,
        });
    }
    #[cfg(not(feature = "video"))]
    let _ = is_part;
    let (mut frames, mut span) = (0, None);
    while let Some(frame) = opened.source.next()? {
        let end = frame.time + frame.duration.unwrap_or(opened.rate.recip());
        let (first, _) = span.unwrap_or((frame.time, end));
        span = Some((first, end));
        frames += 1;
    }
    Ok(Length {
        frames: Some(frames),
        is_counted: true,
        duration: span.map(|(first, end)| end - first),
    })
}
