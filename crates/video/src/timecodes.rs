//! PTS of the frames in a text file (timestamp format v2), beside a stream that cannot hold them.

use crate::clip::{Result, Sink};
use crate::time::{Rational, Shown, to_f64};
use otinterp::picture::Picture;
use std::io::Write;

/// Passes pictures on, and writes when each is shown: timestamp format v2, one line of milliseconds for each frame
/// (MKVToolNix, *mkvmerge*, "Timestamp file format v2").
pub struct Timecodes<W> {
    sink: Box<dyn Sink>,
    out: W,
}

impl<W: Write + Send> Timecodes<W> {
    /// Writes the first line to `out`.
    ///
    /// # Errors
    /// What `out` says.
    pub fn new(sink: Box<dyn Sink>, mut out: W) -> Result<Self> {
        writeln!(out, "# timestamp format v2")?;
        Ok(Self { sink, out })
    }
}

impl<W: Write> Timecodes<W> {
    fn line(&mut self, shown: Shown) -> Result<()> {
        let at_ms = to_f64(shown.at * Rational::from_integer(1000));
        Ok(writeln!(self.out, "{at_ms:.6}")?)
    }
}

impl<W: Write + Send> Sink for Timecodes<W> {
    fn write(&mut self, picture: &Picture, shown: Shown) -> Result<()> {
        self.line(shown)?;
        self.sink.write(picture, shown)
    }

    fn passed(&mut self, shown: Shown) -> Result<()> {
        self.line(shown)?;
        self.sink.passed(shown)
    }

    fn checkpoint(&mut self) -> Result<bool> {
        self.sink.checkpoint()
    }

    fn finish(&mut self) -> Result<()> {
        self.out.flush()?;
        self.sink.finish()
    }
}
