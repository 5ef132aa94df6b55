//! Output files: written beside their final name, renamed when whole.

use std::io;
use std::path::{Path, PathBuf};

/// A file that takes its final name only when [`PendingFile::commit`] is called.
///
/// Until then it lies under a hidden name in the same folder, and it is removed when dropped. So
/// an error, a panic or Ctrl-C never leaves a broken file under the final name.
#[derive(Debug)]
pub struct PendingFile {
    file: tempfile::NamedTempFile,
    target: PathBuf,
    overwrite: bool,
}

impl PendingFile {
    /// Opens a pending file for `target`, whose folder must exist.
    ///
    /// The hidden name keeps the extension of `target`, from which FFmpeg takes the container.
    ///
    /// # Errors
    /// `AlreadyExists` if `target` exists and `overwrite` is false; else what the system says.
    pub fn create(target: &Path, overwrite: bool) -> io::Result<Self> {
        if target.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "it is a folder",
            ));
        }
        if !overwrite && target.symlink_metadata().is_ok() {
            return Err(already_exists());
        }
        let folder = match target.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let suffix = match target.extension() {
            Some(e) => format!(".{}", e.to_string_lossy()),
            None => String::new(),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".otinterp-").suffix(&suffix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Ok(Self {
            file: builder.tempfile_in(folder)?,
            target: target.to_owned(),
            overwrite,
        })
    }

    /// Where the bytes go for now.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The open file.
    pub fn file_mut(&mut self) -> &mut std::fs::File {
        self.file.as_file_mut()
    }

    /// Gives the file its final name.
    ///
    /// # Errors
    /// `AlreadyExists` if the name was taken meanwhile and may not be overwritten; else what the
    /// system says. The pending file is removed in either case.
    pub fn commit(self) -> io::Result<()> {
        if self.overwrite {
            self.file.persist(&self.target).map_err(|e| e.error)?;
        } else {
            self.file
                .persist_noclobber(&self.target)
                .map_err(|e| e.error)?;
        }
        Ok(())
    }
}

fn already_exists() -> io::Error {
    io::Error::new(
        io::ErrorKind::AlreadyExists,
        "it exists already; -y overwrites",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn nothing_is_left_behind_without_commit() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.png");
        let mut pending = PendingFile::create(&target, false).unwrap();
        pending.file_mut().write_all(b"half").unwrap();
        drop(pending);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_name_taken_meanwhile_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.png");
        let pending = PendingFile::create(&target, false).unwrap();
        std::fs::write(&target, "theirs").unwrap();
        assert_eq!(
            pending.commit().unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
