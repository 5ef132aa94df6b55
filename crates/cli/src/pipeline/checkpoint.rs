//! Checkpoints: where one segment of the output ends and the next begins, and what a later run must know to go on there.

use super::outcome::Error;
use crate::work::{self, Work};
use serde::{Deserialize, Serialize};
use std::io;

/// Frames of the output in a segment. Encoders that look furthest (x264, x265) begin anew with a key frame after so many
/// by themselves, so ending a segment there costs least.
const SEGMENT_FRAMES: u64 = 250;

/// What is counted up to the end of a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Frames of the output.
    pub(super) frames_out: u64,
    pub(super) in_betweens: u64,
    /// Bits of an `f64`: the sum over the in-betweens of what no motion explains.
    pub(super) unexplained_bits: u64,
}

/// Frames of the output that an earlier run has left in a work folder.
///
/// # Errors
/// `InvalidData` if the folder holds something else.
pub fn frames_kept(work: &Work) -> io::Result<u64> {
    let checkpoint: Option<Checkpoint> = work.state()?;
    Ok(checkpoint.unwrap_or_default().frames_out)
}

/// The segments of an output while it is made.
///
/// They end between two pairs of source frames, at places that follow from the clip and the rules alone: a run that goes on
/// with another's work ends them at the same places.
#[derive(Debug)]
pub(super) struct Segments {
    /// Whether anyone keeps them.
    are_kept: bool,
    /// Where an earlier run ended.
    earlier: Checkpoint,
    /// Frames of the output when the present segment began.
    begun_at: u64,
}

impl Segments {
    /// Those of a work folder, or none.
    pub(super) fn new(work: Option<&Work>) -> Result<Self, Error> {
        let earlier = work
            .map_or(Ok(None), Work::state)
            .map_err(work::Error::Io)?;
        Ok(Self {
            are_kept: work.is_some(),
            earlier: earlier.unwrap_or_default(),
            begun_at: 0,
        })
    }

    /// What an earlier run had counted; nothing if there was none.
    pub(super) fn earlier(&self) -> Checkpoint {
        self.earlier
    }

    /// Whether the next frame of the output, which comes after `frames_out` others, is there already.
    pub(super) fn has(&self, frames_out: u64) -> bool {
        frames_out < self.earlier.frames_out
    }

    /// Between two pairs of source frames, after `frames_out` frames of the output: how the segment ends, if it does.
    pub(super) fn end(&mut self, frames_out: u64) -> Result<SegmentEnd, Error> {
        if !self.are_kept || frames_out - self.begun_at < SEGMENT_FRAMES {
            return Ok(SegmentEnd::NotYet);
        }
        let passes = self.has(self.begun_at);
        self.begun_at = frames_out;
        match frames_out.cmp(&self.earlier.frames_out) {
            std::cmp::Ordering::Less => Ok(SegmentEnd::NotYet),
            std::cmp::Ordering::Equal => Ok(SegmentEnd::Earlier),
            // Read as before, the source gives the same segments.
            std::cmp::Ordering::Greater if passes => {
                let why = "the kept work does not fit the source; -y begins anew";
                Err(work::Error::Io(io::Error::new(io::ErrorKind::InvalidData, why)).into())
            }
            std::cmp::Ordering::Greater => Ok(SegmentEnd::Here),
        }
    }
}

/// How a segment ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SegmentEnd {
    NotYet,
    /// Where an earlier run ended.
    Earlier,
    Here,
}
