//! Messages and report lines of one input.

use super::events::{Event, Start};
use super::job::Job;
use super::ordered_reporter::{OrderedReporter, lock};
use super::progress::{Meter, Mode};
use super::report::{self, Done};
use crate::commands::exit;
use crate::pipeline::{Cut, Observer};
use crate::reporter::{Bar, Reporter, Stream, in_one_line};
use otinterp_video::time::{Rational, short_decimal, to_f64};
use std::path::Path;
use std::sync::Arc;

/// Output of one input.
pub(super) struct InputReporter<'a> {
    run: &'a OrderedReporter,
    /// From 0.
    index: usize,
    name: String,
}

impl<'a> InputReporter<'a> {
    /// For the input `index`, from 0.
    pub(super) fn new(run: &'a OrderedReporter, index: usize, job: &Job) -> Self {
        let name = job.input.to_string();
        Self { run, index, name }
    }

    /// The reporter of the whole program.
    pub(super) fn out(&self) -> &Reporter {
        &self.run.out
    }

    /// A line of the report.
    pub(super) fn event(&self, event: &Event) {
        let input = Some((self.name.as_str(), self.index + 1));
        if let (Some(stream), Ok(line)) =
            (self.run.out.report_stream(), event.line(input, self.run.of))
        {
            self.run.say(self.index, stream, line);
        }
    }

    /// A line on stderr, whatever else is said there, unless the report is and says it.
    fn tell(&self, text: &str) {
        if self.run.out.report_stream() != Some(Stream::Err) {
            let line = in_one_line(&format!("otinterp: {text}"));
            self.run.say(self.index, Stream::Err, line);
        }
    }

    /// Both ends are open.
    pub(super) fn start(&self, start: &Start) {
        if self.run.out.talks() && start.frames_kept > 0 {
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
        if self.run.out.talks() {
            let line = in_one_line(&report::summary_of(&self.name, done, rate));
            self.run.say(self.index, Stream::Err, line);
        }
        self.event(&Event::Done(done));
    }

    /// The clip is not there. A single input's error is told when the run ends.
    pub(super) fn failed(&self, job: &Job, error: &str) {
        if self.run.is_batch {
            self.tell(error);
        }
        let output = job.output.to_string();
        self.event(&Event::Failed { output, error });
    }

    /// The clip was there before.
    pub(super) fn skipped(&self, job: &Job) {
        let (output, reason) = (job.output.to_string(), "it exists already");
        if self.run.out.talks() {
            let line = format!("{}: skipped: {output}: {reason}", self.name);
            self.run.say(self.index, Stream::Err, in_one_line(&line));
        }
        self.event(&Event::Skipped { output, reason });
    }

    /// A line of the dry run, on stdout.
    pub(super) fn plan(&self, line: String) {
        if self.run.out.report_stream().is_none() {
            self.run.say(self.index, Stream::Out, in_one_line(&line));
        }
    }

    /// For a bar, which has one line: the file's name alone.
    fn short_name(&self) -> String {
        let name = Path::new(&self.name).file_name().unwrap_or_default();
        let batch = report::of_batch(self.index + 1, self.run.of);
        format!("{batch}{}", name.to_string_lossy())
    }

    /// Shows from now on how far this clip is; `frames` are expected at `rate` a second.
    pub(super) fn progress(&self, frames: Option<u64>, rate: Rational) -> Progress<'_> {
        let run = self.run;
        let bar = match run.mode {
            Mode::Bar => run.out.bar(&self.short_name(), frames),
            _ => Bar::hidden(),
        };
        let input = (self.name.as_str(), self.index + 1);
        let meter = Arc::new(Meter::new(input, frames, to_f64(rate), run.mode, bar));
        lock(&run.meters).push(Arc::clone(&meter));
        Progress {
            reporter: self,
            meter,
        }
    }

    /// Nothing more will be said.
    pub(super) fn finish(self) {
        self.run.finish(self.index);
    }
}

/// A clip whose progress is shown until this is dropped.
pub(super) struct Progress<'a> {
    reporter: &'a InputReporter<'a>,
    meter: Arc<Meter>,
}

impl Observer for Progress<'_> {
    fn is_interrupted(&self) -> bool {
        exit::is_interrupted()
    }

    fn written(&self, frames: u64) {
        self.meter.written(frames);
    }

    fn passed(&self, frames: u64) {
        self.meter.passed(frames);
    }

    fn in_betweens(&self, frames: u64) {
        self.meter.in_betweens(frames);
    }

    fn cuts(&self, cuts: &[Cut]) {
        self.meter.cuts(cuts.len() as u64);
    }

    fn gap(&self, at: Rational, gap: Rational) {
        let (at, gap) = (short_decimal(at), short_decimal(gap));
        let filled = "in-betweens fill this time (--source-fps sets other times)";
        self.reporter
            .warn(&format!("no frame for {gap} s after {at} s; {filled}"));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        let run = self.reporter.run;
        lock(&run.meters).retain(|m| !Arc::ptr_eq(m, &self.meter));
        self.meter.clear();
        if run.mode == Mode::Json {
            run.show(&self.meter);
        }
    }
}
