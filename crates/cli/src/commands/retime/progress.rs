//! Progress of a clip: a bar, lines, or records of `--json`.

use crate::commands::common::Common;
use crate::reporter::Bar;
use clap::ValueEnum;
use indicatif::FormattedDuration;
use serde::Serialize;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the bars are drawn anew and the lines below are looked at.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// Lines for a log: soon enough to see that all is well, and then few.
const PLAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(10));
/// Lines for programs: often enough that a bar drawn from them moves.
const JSON: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(1));

/// `--progress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressArg {
    /// Draw a bar if stderr is a terminal, else print a line after 2 s and then every 10 s
    Auto,
    /// Print lines, even on a terminal
    Plain,
    /// Print a JSON line every second: among those of --json, else on stderr
    Json,
    /// Show nothing
    None,
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Bar,
    Plain,
    Json,
    None,
}

impl Mode {
    /// `-q` silences all but the JSON that `--json` asks for; a report on stderr has it to itself.
    pub(super) fn new(asked: ProgressArg, common: &Common, report_on_stderr: bool) -> Self {
        match asked {
            ProgressArg::Json if common.json || !common.quiet => Self::Json,
            _ if common.quiet || report_on_stderr => Self::None,
            ProgressArg::Plain => Self::Plain,
            ProgressArg::Auto if std::io::stderr().is_terminal() => Self::Bar,
            ProgressArg::Auto => Self::Plain,
            ProgressArg::Json | ProgressArg::None => Self::None,
        }
    }

    /// Time to the first line, and from line to line.
    fn times(self) -> Option<(Duration, Duration)> {
        match self {
            Self::Plain => Some(PLAIN),
            Self::Json => Some(JSON),
            Self::Bar | Self::None => None,
        }
    }
}

/// One clip's progress. Written by the pipeline's threads, read by the one that shows it.
pub(super) struct Meter {
    /// Input as shown, and its number from 1.
    pub(super) name: String,
    pub(super) index: usize,
    mode: Mode,
    expected: Option<u64>,
    /// Frames per second of the output.
    rate: f64,
    started: Instant,
    frames: AtomicU64,
    /// Of those, made by an earlier run.
    passed: AtomicU64,
    in_betweens: AtomicU64,
    cuts: AtomicU64,
    /// Lines told so far.
    lines: AtomicU64,
    bar: Bar,
}

/// The numbers at one moment.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Snapshot {
    pub(super) frames: u64,
    pub(super) frames_expected: Option<u64>,
    pub(super) in_betweens: u64,
    pub(super) in_betweens_per_s: f64,
    /// Seconds of output per second of work.
    pub(super) speed: f64,
    pub(super) elapsed_s: f64,
    pub(super) eta_s: Option<f64>,
    pub(super) cuts: u64,
}

impl Meter {
    /// The meter of input `index` (from 1), whose output has `expected` frames at `rate` a second. `bar` is drawn in
    /// [`Mode::Bar`] only.
    pub(super) fn new(
        (name, index): (&str, usize),
        expected: Option<u64>,
        rate: f64,
        mode: Mode,
        bar: Bar,
    ) -> Self {
        Self {
            name: name.to_owned(),
            index,
            mode,
            expected,
            rate,
            started: Instant::now(),
            frames: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            in_betweens: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            lines: AtomicU64::new(0),
            bar,
        }
    }

    /// The numbers now.
    pub(super) fn snapshot(&self) -> Snapshot {
        let frames = self.frames.load(Ordering::Relaxed);
        let in_betweens = self.in_betweens.load(Ordering::Relaxed);
        let elapsed_s = self.started.elapsed().as_secs_f64();
        let per_s = |count: f64| {
            if elapsed_s > 0.0 {
                count / elapsed_s
            } else {
                0.0
            }
        };
        let made = frames.saturating_sub(self.passed.load(Ordering::Relaxed));
        let left = self.expected.filter(|_| made > 0);
        Snapshot {
            frames,
            frames_expected: self.expected,
            in_betweens,
            in_betweens_per_s: per_s(in_betweens as f64),
            speed: per_s(made as f64 / self.rate),
            elapsed_s,
            eta_s: left.map(|all| all.saturating_sub(frames) as f64 * elapsed_s / made as f64),
            cuts: self.cuts.load(Ordering::Relaxed),
        }
    }

    /// Draws the bar anew; or says whether it is time for a line.
    pub(super) fn tick(&self) -> bool {
        if self.mode == Mode::Bar {
            let now = self.snapshot();
            self.bar.show(now.frames, now.text());
        }
        let Some((first, every)) = self.mode.times() else {
            return false;
        };
        let due = first + every * u32::try_from(self.lines.load(Ordering::Relaxed)).unwrap_or(0);
        let is_due = self.started.elapsed() >= due;
        if is_due {
            self.lines.fetch_add(1, Ordering::Relaxed);
        }
        is_due
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        self.bar.clear();
    }
}

impl Snapshot {
    /// `120 of 240 frames, 00:00:12 left, 0.41x, 5.2 in-betweens/s, 2 cuts`: what matters most
    /// first, for a terminal may be narrow.
    pub(super) fn text(&self) -> String {
        let mut text = match self.frames_expected {
            Some(expected) => format!("{} of {expected} frames", self.frames),
            None => format!("{} frames", self.frames),
        };
        if let Some(eta_s) = self.eta_s.filter(|s| s.is_finite()) {
            let eta = FormattedDuration(Duration::from_secs_f64(eta_s.clamp(0.0, 1e9)));
            text += &format!(", {eta} left");
        }
        text += &format!(
            ", {:.2}x, {:.1} in-betweens/s",
            self.speed, self.in_betweens_per_s
        );
        match self.cuts {
            0 => {}
            1 => text += ", 1 cut",
            cuts => text += &format!(", {cuts} cuts"),
        }
        text
    }
}

impl Meter {
    /// So many frames are written.
    pub(super) fn written(&self, frames: u64) {
        self.frames.store(frames, Ordering::Relaxed);
    }

    /// Of those, so many were written by an earlier run.
    pub(super) fn passed(&self, frames: u64) {
        self.passed.store(frames, Ordering::Relaxed);
    }

    /// So many in-betweens are made.
    pub(super) fn in_betweens(&self, frames: u64) {
        self.in_betweens.store(frames, Ordering::Relaxed);
    }

    /// So many cuts are seen.
    pub(super) fn cuts(&self, count: u64) {
        self.cuts.store(count, Ordering::Relaxed);
    }
}
