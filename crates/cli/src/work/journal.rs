//! Journal of a work folder: a header, and a line for each finished segment.
//!
//! A line is `SEAL JSON`. The seal is the hash of the seal before it and of the text, so no line can be changed, left out or moved
//! unnoticed.

use super::identity::Settings;
use crate::files::sync_folder;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Of the journal and the data beside it.
const VERSION: u32 = 2;

/// What the work is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    pub(super) settings: Settings,
    pub(super) environment: Settings,
    /// Hash of the sources.
    pub(super) source: String,
}

impl Header {
    pub(super) fn new(settings: Settings, environment: Settings, source: String) -> Self {
        Self {
            version: VERSION,
            settings,
            environment,
            source,
        }
    }
}

/// A finished segment.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Segment {
    /// Length of the data file at its end.
    pub(super) data_bytes: u64,
    /// Hash of the data file up to there.
    pub(super) data_hash: String,
    /// What a later run must know to go on.
    pub(super) state: serde_json::Value,
}

/// The journal as it is on the disk, and what waits to be written.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    pub(super) header: Option<Header>,
    last: Option<Segment>,
    /// Whether a whole line is not what was written.
    pub(super) is_damaged: bool,
    /// Bytes of the file that hold whole lines.
    bytes: u64,
    /// Of the last of them.
    seal: String,
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
            is_damaged: false,
            bytes: 0,
            seal: String::new(),
            waiting: Vec::new(),
        };
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            // A line that did not reach the disk whole has no end.
            let Some(line) = line.strip_suffix(b"\n") else {
                break;
            };
            match journal.take(line, data_bytes) {
                Taken::Yes => journal.bytes += line.len() as u64 + 1,
                Taken::WithoutData => break,
                Taken::Damaged => {
                    journal.is_damaged = true;
                    break;
                }
            }
        }
        journal
    }

    fn take(&mut self, line: &[u8], data_bytes: u64) -> Taken {
        let Some((seal, text)) = split(line) else {
            return Taken::Damaged;
        };
        if seal != sealed(&self.seal, text).as_bytes() {
            return Taken::Damaged;
        }
        if self.header.is_none() {
            let header = serde_json::from_slice(text).ok();
            self.header = header.filter(|h: &Header| h.version == VERSION);
            if self.header.is_none() {
                return Taken::Damaged;
            }
        } else {
            match serde_json::from_slice::<Segment>(text) {
                Ok(segment) if segment.data_bytes <= data_bytes => self.last = Some(segment),
                Ok(_) => return Taken::WithoutData,
                Err(_) => return Taken::Damaged,
            }
        }
        self.seal = sealed(&self.seal, text);
        Taken::Yes
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
        self.is_damaged = false;
        self.bytes = 0;
        self.seal.clear();
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
        let (mut lines, mut seal) = (Vec::new(), self.seal.clone());
        if self.bytes == 0 {
            add_line(&mut lines, &mut seal, header)?;
        }
        for segment in &self.waiting {
            add_line(&mut lines, &mut seal, segment)?;
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
        self.seal = seal;
        self.last = self.waiting.drain(..).next_back().or(self.last.take());
        Ok(())
    }
}

/// What becomes of a line that is read.
enum Taken {
    Yes,
    /// The data are shorter than it says.
    WithoutData,
    Damaged,
}

/// The seal and the text of a line.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == b' ')?;
    Some((&line[..at], &line[at + 1..]))
}

fn sealed(before: &str, text: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes()).update(text);
    hasher.finalize().to_hex().to_string()
}

/// The lines of a journal with the seals that their texts would have: what a reader meets that was made to pass.
pub(super) fn sealed_anew(text: &[u8]) -> Vec<u8> {
    let (mut lines, mut seal) = (Vec::new(), String::new());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let (_, text) = split(line).unwrap_or((&[], line));
        add_text(&mut lines, &mut seal, text);
    }
    lines
}

fn add_line(lines: &mut Vec<u8>, seal: &mut String, what: &impl Serialize) -> io::Result<()> {
    add_text(lines, seal, &serde_json::to_vec(what)?);
    Ok(())
}

fn add_text(lines: &mut Vec<u8>, seal: &mut String, text: &[u8]) {
    *seal = sealed(seal, text);
    lines.extend(seal.as_bytes());
    lines.push(b' ');
    lines.extend(text);
    lines.push(b'\n');
}

/// The file that holds the data of the finished segments.
pub(super) fn data_in(folder: &Path) -> PathBuf {
    folder.join("data")
}
