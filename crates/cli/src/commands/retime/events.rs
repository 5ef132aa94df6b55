//! The lines of `--json`, as `docs/report.md` describes them.

use super::progress::Snapshot;
use super::report::{Done, Summary};
use serde::Serialize;

/// Something worth a line.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Event<'a> {
    Start(&'a Start),
    Progress(Snapshot),
    Warning { message: &'a str },
    Done(&'a Done),
    Failed { output: String, error: &'a str },
    Skipped { output: String, reason: &'a str },
    Planned(&'a Planned),
    Summary(&'a Summary),
}

/// A clip is open at both ends.
#[derive(Debug, Serialize)]
pub(super) struct Start {
    pub(super) output: String,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Frames per second of the source on average, as a fraction.
    pub(super) source_rate: Option<String>,
    pub(super) source_pixel_format: String,
    /// Frames per second of the output, as a fraction.
    pub(super) rate: String,
    /// As far as the source announces its duration.
    pub(super) frames_expected: Option<u64>,
    /// Of those, so many were left by an earlier run.
    pub(super) frames_kept: u64,
    pub(super) codec: String,
    pub(super) pixel_format: String,
    pub(super) streams_copied: usize,
    pub(super) streams_stretched: usize,
}

/// What would be done to a clip.
#[derive(Debug, Serialize)]
pub(super) struct Planned {
    pub(super) output: String,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) frames_in: Option<u64>,
    /// Packets were counted, because the header announces no number.
    pub(super) frames_counted: bool,
    pub(super) source_rate: Option<String>,
    pub(super) source_pixel_format: String,
    pub(super) rate: String,
    pub(super) frames_out: Option<u64>,
    /// Seconds of the output.
    pub(super) duration_s: Option<f64>,
    pub(super) codec: String,
    pub(super) pixel_format: String,
    pub(super) streams_copied: usize,
    pub(super) streams_stretched: usize,
    pub(super) streams_left_out: Vec<String>,
}

/// An event, and which input it is about.
#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    of: usize,
    #[serde(flatten)]
    what: &'a Event<'a>,
}

impl Event<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Progress(_) => "progress",
            Self::Warning { .. } => "warning",
            Self::Done(_) => "done",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Planned(_) => "planned",
            Self::Summary(_) => "summary",
        }
    }

    /// The event as one line of JSON, without its end. `input` is the name of an input and its
    /// number from 1, of `of`.
    pub(super) fn line(
        &self,
        input: Option<(&str, usize)>,
        of: usize,
    ) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Line {
            event: self.name(),
            input: input.map(|(name, _)| name),
            index: input.map(|(_, index)| index),
            of,
            what: self,
        })
    }
}
