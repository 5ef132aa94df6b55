//! Output of bytes that are made at once: a file that is whole or not there, or standard output.

use super::common::Common;
use super::exit::Usage;
use super::pair::is_pipe;
use crate::files::PendingFile;
use crate::plot::{Figure, Format};
use crate::reporter::Stream;
use anyhow::Context;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where bytes go.
pub enum Output {
    /// Standard output.
    Pipe,
    /// A file, under its hidden name until it is whole.
    File(PathBuf, PendingFile),
}

impl Output {
    /// Refuses what cannot be written before any work is done.
    pub fn open(path: &Path, overwrite: bool) -> anyhow::Result<Self> {
        if is_pipe(path) {
            return Ok(Self::Pipe);
        }
        let pending =
            PendingFile::create(path, overwrite).with_context(|| path.display().to_string())?;
        Ok(Self::File(path.to_owned(), pending))
    }

    /// Writes all bytes and gives a file its name.
    pub fn write(self, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Pipe => Ok(Stream::Out.write(bytes)?),
            Self::File(path, mut pending) => {
                let mut write = || -> std::io::Result<()> {
                    let mut file = BufWriter::new(pending.file_mut());
                    file.write_all(bytes)?;
                    file.flush()
                };
                write()
                    .and_then(|()| pending.commit())
                    .with_context(|| path.display().to_string())
            }
        }
    }
}

/// A figure's output, opened before the work.
pub struct Plot(Format, Output);

impl Plot {
    /// Of `--plot`, if it was given; [`Usage`] if the name tells no format.
    pub fn open(path: Option<&Path>, common: &Common) -> anyhow::Result<Option<Self>> {
        let Some(path) = path else { return Ok(None) };
        let format = Format::of(path).map_err(Usage)?;
        Ok(Some(Self(format, Output::open(path, common.overwrite)?)))
    }

    /// Draws the figure and writes it.
    pub fn write(self, figure: &impl Figure) -> anyhow::Result<()> {
        self.1.write(&figure.draw(self.0)?)
    }
}
