//! Messages and report lines of one input.

use super::desk::{Desk, Stream, lock};
use super::events::{Event, Start};
use super::job::Job;
use super::progress::{Meter, Mode};
use super::report::{self, Done};
use indicatif::ProgressBar;
use otinterp_video::time::{Rational, to_f64};
use std::sync::Arc;

/// What one input has to say.
pub(super) struct FileDesk<'a> {
    desk: &'a Desk,
    /// From 0.
    index: usize,
    name: String,
}

impl<'a> FileDesk<'a> {
    /// For the input `index`, from 0.
    pub(super) fn new(desk: &'a Desk, index: usize, job: &Job) -> Self {
        let name = job.input.to_string();
        Self { desk, index, name }
    }

    /// A line of the report.
    pub(super) fn event(&self, event: &Event) {
        let input = Some((self.name.as_str(), self.index + 1));
        if let (Some(stream), Ok(line)) = (self.desk.report, event.line(input, self.desk.of)) {
            self.desk.say(self.index, stream, line);
        }
    }

    /// A line on stderr, whatever else is said there, unless the report is and says it.
    fn tell(&self, text: &str) {
        if self.desk.report != Some(Stream::Err) {
            let line = format!("otinterp: {text}");
            self.desk.say(self.index, Stream::Err, line);
        }
    }

    /// Both ends are open.
    pub(super) fn start(&self, start: &Start) {
        if self.desk.talks && start.frames_kept > 0 {
            let kept = start.frames_kept;
            self.tell(&format!(
                "{}: goes on after {kept} frames that an earlier run has made",
                self.name
            ));
        }
        self.event(&Event::Start(start));
    }

    /// What the user wants to know with `-v`.
    pub(super) fn detail(&self, text: &str) {
        self.tell(&format!("{}: writes {text}", self.name));
    }

    /// What the user should know.
    pub(super) fn warn(&self, message: &str) {
        self.tell(&format!("{}: {message}", self.name));
        self.event(&Event::Warning { message });
    }

    /// The clip is there.
    pub(super) fn done(&self, done: &Done, rate: Rational) {
        if self.desk.talks {
            let line = report::summary_of(&self.name, done, rate);
            self.desk.say(self.index, Stream::Err, line);
        }
        self.event(&Event::Done(done));
    }

    /// The clip is not there. A single input's error is told when the run ends.
    pub(super) fn failed(&self, job: &Job, error: &str) {
        if self.desk.is_batch {
            self.tell(error);
        }
        let output = job.output.to_string();
        self.event(&Event::Failed { output, error });
    }

    /// The clip was there before.
    pub(super) fn skipped(&self, job: &Job) {
        let (output, reason) = (job.output.to_string(), "it exists already");
        if self.desk.talks {
            let line = format!("{}: skipped: {output}: {reason}", self.name);
            self.desk.say(self.index, Stream::Err, line);
        }
        self.event(&Event::Skipped { output, reason });
    }

    /// A line of the dry run, on stdout.
    pub(super) fn plan(&self, line: String) {
        if self.desk.report.is_none() {
            self.desk.say(self.index, Stream::Out, line);
        }
    }

    /// Shows from now on how far this clip is; `frames` are expected at `rate` a second.
    pub(super) fn progress(&self, frames: Option<u64>, rate: Rational) -> Progress<'_> {
        let desk = self.desk;
        let bar = match desk.mode {
            Mode::Bar => desk.bars.add(ProgressBar::new(frames.unwrap_or(0))),
            _ => ProgressBar::hidden(),
        };
        let input = (self.name.as_str(), self.index + 1, desk.of);
        let meter = Arc::new(Meter::new(input, frames, to_f64(rate), desk.mode, bar));
        lock(&desk.meters).push(Arc::clone(&meter));
        Progress { desk, meter }
    }

    /// Nothing more will be said.
    pub(super) fn finish(self) {
        self.desk.finish(self.index);
    }
}

/// A clip whose progress is shown until this is dropped.
pub(super) struct Progress<'a> {
    desk: &'a Desk,
    /// What the pipeline writes to.
    pub(super) meter: Arc<Meter>,
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        lock(&self.desk.meters).retain(|m| !Arc::ptr_eq(m, &self.meter));
        self.meter.clear();
        if self.desk.mode == Mode::Json {
            self.desk.show(&self.meter);
        }
    }
}
