//! Files of numbers as bytes, whatever they come from: files, named pipes, standard input.

use super::table::Failure;
use otinterp::limits::{MAX_FILE_BYTES, TooLarge, read_whole};
use otinterp::picture::still;
use otinterp_video::Pipe;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

/// First bytes that tell a kind.
const HEAD_BYTES: u64 = still::HEAD_BYTES;
/// What NumPy's files begin with.
pub const NPY: &[u8] = b"\x93NUMPY";
/// What ZIP archives begin with, NPZ among them.
pub const ZIP: &[u8] = b"PK\x03\x04";

/// A file that is opened: its first bytes, which tell what it is, and all of them as a stream. It is opened once, so pipes
/// may be given.
pub struct Opened {
    /// The first bytes.
    pub head: Vec<u8>,
    rest: Box<dyn Read + Send>,
}

impl Opened {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// Those of the system; `IsADirectory` of a folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Self::of(io::stdin());
        }
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // A signal is to end a read that waits for who writes to a named pipe.
        match Pipe::named(path).map_err(io::Error::other)? {
            Some(pipe) => Self::of(pipe),
            None => Self::of(File::open(path)?),
        }
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn of(mut rest: impl Read + Send + 'static) -> io::Result<Self> {
        let mut head = Vec::new();
        (&mut rest).take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok(Self {
            head,
            rest: Box::new(rest),
        })
    }

    /// All bytes as a stream, the first ones included.
    pub fn stream(self) -> impl Read + Send {
        Cursor::new(self.head).chain(self.rest)
    }

    /// All bytes.
    ///
    /// # Errors
    /// [`Failure`] if they cannot be read, or are more than are read as a whole.
    pub fn whole(self) -> Result<Vec<u8>, Failure> {
        let bytes = read_whole(self.stream(), MAX_FILE_BYTES)?;
        bytes.ok_or(Failure::TooLarge(TooLarge::Bytes))
    }
}
