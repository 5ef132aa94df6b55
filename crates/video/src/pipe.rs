//! Inputs that are read once: standard input, named pipes, devices.

use crate::clip::{Error, Result};
use crate::stop;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads what cannot be wound back, and stops waiting for it when the user wants an end ([`crate::stop_when`]).
#[derive(Debug)]
pub struct Pipe(File);

impl Pipe {
    /// Standard input, of which nothing may have been read.
    pub(crate) fn stdin() -> Result<Self> {
        Ok(Self(system::stdin()?))
    }

    /// A named pipe or a device; `None` for a file, a folder, and where there is nothing of this name. Does not wait for
    /// who writes.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be opened.
    pub fn named(path: &Path) -> Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(meta) if !meta.is_file() && !meta.is_dir() => {
                Ok(Some(Self(system::open_at_once(path)?)))
            }
            _ => Ok(None),
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if stop::is_wished() {
                // Not `Interrupted`, after which readers try again.
                return Err(io::Error::other(Error::Stopped));
            }
            if system::has_something(&self.0)? {
                match self.0.read(out) {
                    Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
                    read => return read,
                }
            }
        }
    }
}

#[cfg(unix)]
mod system {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::OFlags;
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    /// So long a read waits before it asks again whether it should: below what a user feels.
    const PATIENCE: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };

    pub(super) fn stdin() -> io::Result<File> {
        // A copy without a buffer: what waits in one is not seen by `poll`.
        Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
    }

    pub(super) fn open_at_once(path: &Path) -> io::Result<File> {
        // Else opening a named pipe lasts until somebody writes to it, and no signal ends it.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        OpenOptions::new().read(true).custom_flags(flags).open(path)
    }

    /// Waits a little for bytes, or for the end.
    pub(super) fn has_something(file: &File) -> io::Result<bool> {
        let mut asked = [PollFd::new(file, PollFlags::IN)];
        match poll(&mut asked, Some(&PATIENCE)) {
            Ok(found) => Ok(found > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(why) => Err(why.into()),
        }
    }
}

/// Systems without `poll` wait in the read itself.
#[cfg(not(unix))]
mod system {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    pub(super) fn stdin() -> io::Result<File> {
        use std::os::windows::io::AsHandle;
        Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
    }

    pub(super) fn open_at_once(path: &Path) -> io::Result<File> {
        File::open(path)
    }

    pub(super) fn has_something(_file: &File) -> io::Result<bool> {
        Ok(true)
    }
}
