//! Journal of a work folder: a header, and a line for each finished segment.

use crate::files::sync_folder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Of the journal and the data beside it.
const VERSION: u32 = 1;

/// What the work is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    pub(super) settings: BTreeMap<String, String>,
    /// Hash of the sources.
    pub(super) source: String,
}

impl Header {
    pub(super) fn new(settings: BTreeMap<String, String>, source: String) -> Self {
        Self {
            version: VERSION,
            settings,
            source,
        }
    }
}

/// A finished segment.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Segment {
    /// Length of the data file at its end.
    pub(super) data_bytes: u64,
    /// What a later run must know to go on.
    pub(super) state: serde_json::Value,
}

/// The journal as it is on the disk, and what waits to be written.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    pub(super) header: Option<Header>,
    last: Option<Segment>,
    /// Bytes of the file that hold whole lines.
    bytes: u64,
    waiting: Vec<Segment>,
}

impl Journal {
    /// What stands in a folder; empty if nothing does. Lines are taken up to the first that is not whole.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let path = folder.join("journal");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let data_bytes = fs::metadata(data_in(folder)).map_or(0, |m| m.len());
        Ok(Self::of(path, &text, data_bytes))
    }

    /// A journal of this text, beside data of so many bytes.
    pub(super) fn of(path: PathBuf, text: &[u8], data_bytes: u64) -> Self {
        let mut journal = Self {
            path,
            header: None,
            last: None,
            bytes: 0,
            waiting: Vec::new(),
        };
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") || !journal.take(line, data_bytes) {
                break;
            }
            journal.bytes += line.len() as u64;
        }
        journal
    }

    fn take(&mut self, line: &[u8], data_bytes: u64) -> bool {
        if self.header.is_none() {
            let header = serde_json::from_slice(line).ok();
            self.header = header.filter(|h: &Header| h.version == VERSION);
            return self.header.is_some();
        }
        match serde_json::from_slice::<Segment>(line) {
            Ok(segment) if segment.data_bytes <= data_bytes => {
                self.last = Some(segment);
                true
            }
            _ => false,
        }
    }

    /// The last finished segment that is on the disk.
    pub(super) fn last(&self) -> Option<&Segment> {
        self.last.as_ref()
    }

    /// Takes off what follows the last whole line.
    pub(super) fn cut(&self) -> io::Result<()> {
        OpenOptions::new()
            .write(true)
            .open(&self.path)?
            .set_len(self.bytes)
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.remove()?;
        self.header = None;
        self.last = None;
        self.bytes = 0;
        Ok(())
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// One more finished segment, to be written.
    pub(super) fn add(&mut self, segment: Segment) {
        self.waiting.push(segment);
    }

    /// Puts on the disk what waits, if there is a header to put it under.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let Some(header) = &self.header else {
            return Ok(());
        };
        let mut lines = Vec::new();
        if self.bytes == 0 {
            serde_json::to_writer(&mut lines, header)?;
            lines.push(b'\n');
        }
        for segment in &self.waiting {
            serde_json::to_writer(&mut lines, segment)?;
            lines.push(b'\n');
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)?;
        file.write_all(&lines)?;
        file.sync_data()?;
        if self.bytes == 0 {
            sync_folder(self.path.parent().unwrap_or(Path::new("")))?;
        }
        self.bytes += lines.len() as u64;
        self.last = self.waiting.drain(..).next_back().or(self.last.take());
        Ok(())
    }
}

/// The file that holds the data of the finished segments.
pub(super) fn data_in(folder: &Path) -> PathBuf {
    folder.join("data")
}
