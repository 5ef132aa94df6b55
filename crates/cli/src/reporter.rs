//! Reporter: all that the program prints (reports as text or JSON, warnings, progress bars), on standard output and standard error.
//!
//! `--json` is one object a line, on standard output, or on standard error where standard output carries data; there it is
//! alone but for the error that ends a run. Nothing else in this crate prints.

use indicatif::{FormattedDuration, MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Standard output or standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Stream {
    /// Writes bytes, and flushes them. Whole lines are to be written at once.
    pub fn write(self, bytes: &[u8]) -> io::Result<()> {
        let written = match self {
            Self::Out => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Self::Err => io::stderr().write_all(bytes),
        };
        written.map_err(|error| self.named(&error))
    }

    /// An error of this stream with its name: the kind stays, by which a closed pipe is known.
    pub fn named(self, error: &io::Error) -> io::Error {
        let name = match self {
            Self::Out => "standard output",
            Self::Err => "standard error",
        };
        io::Error::new(error.kind(), format!("{name} cannot be written: {error}"))
    }
}

/// Standard output as a writer of data, whose errors name it.
#[derive(Debug)]
pub struct DataOut(io::Stdout);

impl DataOut {
    /// Standard output.
    pub fn new() -> Self {
        Self(io::stdout())
    }
}

impl Write for DataOut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(|e| Stream::Out.named(&e))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|e| Stream::Out.named(&e))
    }
}

/// A text without what a terminal would obey: control characters but line ends and tabs, and those that turn the direction of
/// writing, as `\u001b`, which JSON reads back. File names and what stands in files may hold any.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_obeyed(c) {
            // Writing to a string does not fail.
            true => drop(write!(out, "\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The same for what is to stay one line: line ends, too.
pub fn in_one_line(text: &str) -> String {
    escaped(text).replace('\n', "\\u000a")
}

/// Control characters (Unicode's category Cc) and the marks of bidirectional text (UAX #9).
fn is_obeyed(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n' && c != '\t')
}

/// Whether the reader of a pipe went away (`| head`): it has what it wanted.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// How often a bar moves that nothing else moves.
const TICK: Duration = Duration::from_millis(200);

/// `-q`, `-v` and `--json`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// No progress and no summary.
    pub quiet: bool,
    /// Details.
    pub verbose: bool,
    /// A report for programs.
    pub json: bool,
}

/// All output of one run: how much of it, in which form, and where to.
#[derive(Debug)]
pub struct Reporter {
    manner: Manner,
    /// Where `--json` goes.
    report: Option<Stream>,
    bars: MultiProgress,
    /// For the report.
    warnings: Mutex<Vec<String>>,
}

impl Reporter {
    /// The reporter of a run whose standard output carries data, or does not.
    pub fn new(manner: Manner, stdout_carries_data: bool) -> Self {
        let report = match stdout_carries_data {
            true => Stream::Err,
            false => Stream::Out,
        };
        Self {
            manner,
            report: manner.json.then_some(report),
            bars: MultiProgress::new(),
            warnings: Mutex::default(),
        }
    }

    /// Where the report for programs goes, if one was asked for.
    pub fn report_stream(&self) -> Option<Stream> {
        self.report
    }

    /// Whether people are to read of what went well.
    pub fn talks(&self) -> bool {
        !self.manner.quiet && self.has_stderr()
    }

    /// Whether standard error is for people: the report has it to itself.
    fn has_stderr(&self) -> bool {
        self.report != Some(Stream::Err)
    }

    /// Writes a whole line, above the bars.
    pub fn line(&self, stream: Stream, line: &str) -> io::Result<()> {
        let line = format!("{}\n", escaped(line));
        self.bars.suspend(|| stream.write(line.as_bytes()))
    }

    /// A line for people on standard error; where even that fails nothing can be done.
    fn tell(&self, line: &str) {
        let _ = self.line(Stream::Err, line);
    }

    /// With `--json`: a line of the report, one of several.
    pub fn event(&self, event: &impl Serialize) -> anyhow::Result<()> {
        if let Some(stream) = self.report {
            self.line(stream, &serde_json::to_string(event)?)?;
        }
        Ok(())
    }

    /// With `--json`: the run's whole report, with the warnings that were given.
    fn report(&self, report: &impl Serialize) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Line<'a, R> {
            #[serde(flatten)]
            report: &'a R,
            warnings: &'a [String],
        }
        let warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        self.event(&Line {
            report,
            warnings: &warnings,
        })
    }

    /// The end of a run that was about numbers: with `--json` its report, else text on standard output, whatever `-q` says.
    pub fn answer(
        &self,
        report: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if self.report.is_some() {
            return self.report(report);
        }
        let text = text();
        // What programs read stays as it is.
        let text = match io::stdout().is_terminal() {
            true => escaped(&text),
            false => Cow::Borrowed(&*text),
        };
        Ok(self.bars.suspend(|| Stream::Out.write(text.as_bytes()))?)
    }

    /// The end of a run that was about files: with `--json` its report, else lines on standard error unless `-q`.
    pub fn summary(
        &self,
        report: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if self.report.is_some() {
            return self.report(report);
        }
        let text = if self.talks() { text() } else { String::new() };
        if !text.is_empty() {
            self.tell(&text);
        }
        Ok(())
    }

    /// What the user should know, unless `-q`. The report has it, too.
    pub fn warn(&self, message: &str) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.push(message.to_owned());
        if self.talks() {
            self.tell(&in_one_line(&format!("otinterp: warning: {message}")));
        }
    }

    /// One of several inputs failed, and the others go on. The report has it in a place of its own.
    pub fn fault(&self, error: &str) {
        if self.has_stderr() {
            self.tell(&in_one_line(&format!("otinterp: {error}")));
        }
    }

    /// A line for `-v` only.
    pub fn detail(&self, line: &str) {
        if self.manner.verbose && self.has_stderr() {
            self.tell(line);
        }
    }

    /// A table that an option of its own asked for, on standard error; with `--json` the report has it.
    pub fn table(&self, table: &str) {
        if self.report.is_none() {
            self.tell(table.trim_end());
        }
    }

    /// A bar on standard error while something is done whose length is not known: it moves, and shows the time.
    pub fn busy(&self, what: &str) -> Bar {
        if !self.talks() {
            return Bar::hidden();
        }
        // The template is constant and right; a default bar is no reason to fail.
        let style = ProgressStyle::with_template("{prefix} {spinner} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_style(style);
        bar.set_prefix(in_one_line(what));
        bar.enable_steady_tick(TICK);
        Bar {
            bar,
            expected: None,
        }
    }

    /// A bar on standard error while several frames are made, of a number that is known or not.
    pub fn bar(&self, name: &str, frames: Option<u64>) -> Bar {
        if !self.talks() || frames.is_some_and(|frames| frames < 2) {
            return Bar::hidden();
        }
        let template = match frames {
            Some(_) => "{prefix} {bar:12} {wide_msg}",
            None => "{prefix} {spinner} {wide_msg}",
        };
        // The templates are constant and right; a default bar is no reason to fail.
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        // Nothing is drawn where standard error is no terminal.
        let bar = self.bars.add(ProgressBar::new(frames.unwrap_or(0)));
        bar.set_style(style);
        bar.set_prefix(in_one_line(name));
        Bar {
            bar,
            expected: frames,
        }
    }
}

/// How far a run is; gone when dropped, so that an error has the line for itself.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    expected: Option<u64>,
}

impl Bar {
    /// A bar that is not seen.
    pub fn hidden() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            expected: None,
        }
    }

    /// Shows that so many frames are done, and what else there is to say.
    pub fn show(&self, frames: u64, message: String) {
        if let Some(expected) = self.expected {
            // There may be more than was announced.
            self.bar.set_length(expected.max(frames));
        }
        self.bar.set_position(frames);
        self.bar.set_message(message);
        self.bar.tick();
    }

    /// Removes it.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Shows that so many frames are done.
    pub fn count(&self, frames: usize) {
        if self.bar.is_hidden() {
            return;
        }
        let message = match self.expected {
            Some(expected) => {
                let left = FormattedDuration(self.bar.eta());
                format!("{frames} of {expected} frames, {left} left")
            }
            None => format!("{frames} frames"),
        };
        self.show(frames as u64, message);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The error that ends a run, as one line; where even that fails nothing can be done, and the exit code says it.
pub fn last_error(error: &str) {
    let line = error.replace('\n', " ");
    let _ = Stream::Err.write(format!("otinterp: {}\n", escaped(&line)).as_bytes());
}

/// Help and version as clap prints them.
pub fn print_help(help: &clap::Error) -> anyhow::Result<()> {
    let printed = help.print().and_then(|()| io::stdout().flush());
    printed.map_err(|e| Stream::Out.named(&e).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let name = "a\u{1b}[2J\u{7}\u{9b}b\u{202e}gnp.é\tö\n";
        let shown = escaped(name);
        assert_eq!(shown, "a\\u001b[2J\\u0007\\u009bb\\u202egnp.é\tö\n");
        assert!(!shown.chars().any(is_obeyed));
        assert_eq!(in_one_line("a\nb\r"), "a\\u000ab\\u000d");
        // JSON escapes less, and reads this back.
        let json = serde_json::to_string(name).unwrap();
        let back: String = serde_json::from_str(&escaped(&json)).unwrap();
        assert_eq!(back, name);
        assert!(matches!(escaped("plain"), Cow::Borrowed("plain")));
    }
}
