//! The reporter of a run over several inputs: each input's lines in the order of the inputs, however many are worked on
//! at a time.

use super::events::Event;
use super::job::Job;
use super::plan::Plan;
use super::progress::{Meter, Mode, ProgressArg};
use super::report;
use crate::commands::common::Common;
use crate::reporter::{Reporter, Stream, in_one_line};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Output of a run over several inputs, input by input.
pub(super) struct OrderedReporter {
    pub(super) out: Reporter,
    pub(super) is_batch: bool,
    pub(super) of: usize,
    pub(super) mode: Mode,
    pub(super) meters: Mutex<Vec<Arc<Meter>>>,
    order: Mutex<Order>,
}

/// Lines wait until all inputs before theirs are finished.
struct Order {
    /// The first input that is not finished.
    turn: usize,
    files: Vec<Waiting>,
    /// Why the report on stdout ended.
    broken: Option<io::Error>,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<(Stream, String)>,
    is_finished: bool,
}

impl OrderedReporter {
    /// The reporter of what is planned.
    pub(super) fn new(plan: &Plan, asked: ProgressArg, dry: bool, common: &Common) -> Self {
        let carries_data = !dry && plan.jobs.iter().any(Job::writes_to_stdout);
        let out = common.reporter(carries_data);
        let report_on_stderr = out.report_stream() == Some(Stream::Err);
        let files = plan.jobs.iter().map(|_| Waiting::default()).collect();
        Self {
            out,
            is_batch: plan.is_batch,
            of: plan.jobs.len(),
            mode: Mode::new(asked, common, report_on_stderr),
            meters: Mutex::new(Vec::new()),
            order: Mutex::new(Order {
                turn: 0,
                files,
                broken: None,
            }),
        }
    }

    /// Whether anything is shown that must be looked after while work goes on.
    pub(super) fn shows_progress(&self) -> bool {
        self.mode != Mode::None
    }

    /// Shows how far the clips are that are worked on.
    pub(super) fn tick(&self) {
        let mut meters = lock(&self.meters).clone();
        meters.sort_by_key(|meter| meter.index);
        for meter in meters.iter().filter(|meter| meter.tick()) {
            self.show(meter);
        }
    }

    /// A line on how far a clip is. It does not wait for its turn: later it would tell nothing.
    pub(super) fn show(&self, meter: &Meter) {
        let now = meter.snapshot();
        let (stream, line) = match self.mode {
            Mode::Json => {
                let event = Event::Progress(now);
                let input = Some((meter.name.as_str(), meter.index));
                let Ok(line) = event.line(input, self.of) else {
                    return;
                };
                (self.out.report_stream().unwrap_or(Stream::Err), line)
            }
            Mode::Plain => {
                let batch = report::of_batch(meter.index, self.of);
                let line = format!("otinterp: {batch}{}: {}", meter.name, now.text());
                (Stream::Err, in_one_line(&line))
            }
            Mode::Bar | Mode::None => return,
        };
        self.write(&mut lock(&self.order), stream, &line);
    }

    /// An event of the whole run, when all files are finished.
    pub(super) fn event(&self, event: &Event) {
        if let (Some(stream), Ok(line)) = (self.out.report_stream(), event.line(None, self.of)) {
            self.write(&mut lock(&self.order), stream, &line);
        }
    }

    /// A line on the whole run for people, unless `-q`.
    pub(super) fn talk(&self, line: &str) {
        if self.out.talks() {
            self.write(&mut lock(&self.order), Stream::Err, line);
        }
    }

    /// Why the report could not be written to its end, if so. A reader that went away had enough.
    pub(super) fn broken(&self) -> Option<io::Error> {
        let broken = lock(&self.order).broken.take();
        broken.filter(|e| e.kind() != io::ErrorKind::BrokenPipe)
    }

    /// Writes a line, unless its stream took none before.
    fn write(&self, order: &mut Order, stream: Stream, line: &str) {
        if stream == Stream::Out && order.broken.is_some() {
            return;
        }
        let written = self.out.line(stream, line);
        // Where standard error fails nothing can be said of it.
        if stream == Stream::Out {
            order.broken = written.err();
        }
    }

    /// Writes a line when it is this file's turn.
    pub(super) fn say(&self, index: usize, stream: Stream, line: String) {
        let mut order = lock(&self.order);
        if index <= order.turn {
            self.write(&mut order, stream, &line);
        } else if let Some(file) = order.files.get_mut(index) {
            file.lines.push((stream, line));
        }
    }

    /// Nothing more will be said of this input: the next one's lines need not wait.
    pub(super) fn finish(&self, index: usize) {
        let mut order = lock(&self.order);
        if let Some(file) = order.files.get_mut(index) {
            file.is_finished = true;
        }
        while order.files.get(order.turn).is_some_and(|f| f.is_finished) {
            order.turn += 1;
            let turn = order.turn;
            let lines = order
                .files
                .get_mut(turn)
                .map(|f| std::mem::take(&mut f.lines));
            for (stream, line) in lines.unwrap_or_default() {
                self.write(&mut order, stream, &line);
            }
        }
    }
}

/// A lock that a thread which panicked left is as good as any.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
