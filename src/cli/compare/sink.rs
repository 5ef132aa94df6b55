//! Where the figure is written to.

use crate::cli::exit::Usage;
use crate::cli::pair;
use crate::files::PendingFile;
use anyhow::Context;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the PNG goes.
pub enum Sink {
    /// Standard output.
    Pipe,
    /// A file, under its hidden name until it is whole.
    File(PathBuf, PendingFile),
}

impl Sink {
    /// Refuses what cannot be written before any work is done.
    ///
    /// # Errors
    /// [`Usage`] if it is not named .png; else one line naming the file.
    pub fn open(out: &Path, overwrite: bool) -> anyhow::Result<Self> {
        if pair::is_pipe(out) {
            return Ok(Self::Pipe);
        }
        if !out
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("png"))
        {
            let shown = out.display();
            return Err(Usage(format!("{shown}: the figure is a PNG; name it .png")).into());
        }
        let pending =
            PendingFile::create(out, overwrite).with_context(|| out.display().to_string())?;
        Ok(Self::File(out.to_owned(), pending))
    }

    /// Writes the PNG, whole.
    ///
    /// # Errors
    /// One line naming the file.
    pub fn write(&mut self, png: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Pipe => {
                let mut out = std::io::stdout().lock();
                out.write_all(png)?;
                out.flush()?;
            }
            Self::File(path, pending) => pending
                .file_mut()
                .write_all(png)
                .with_context(|| path.display().to_string())?,
        }
        Ok(())
    }

    /// Gives the file its name and returns it; none for a pipe.
    ///
    /// # Errors
    /// One line naming the file.
    pub fn finish(self) -> anyhow::Result<Option<PathBuf>> {
        match self {
            Self::Pipe => Ok(None),
            Self::File(path, pending) => {
                pending
                    .commit()
                    .with_context(|| path.display().to_string())?;
                Ok(Some(path))
            }
        }
    }
}
