//! Hidden names beside an output.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Longest name that is taken over, in bytes: file systems allow 255.
const LONGEST_NAME: usize = 200;

/// `.NAME` and an ending beside the file NAME; for a long one its hash in place of it.
pub(super) fn hidden(target: &Path, ending: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default();
    let mut hidden = OsString::from(".");
    if name.len() <= LONGEST_NAME {
        hidden.push(name);
    } else {
        hidden.push(blake3::hash(name.as_encoded_bytes()).to_hex().as_str());
    }
    hidden.push(ending);
    target.with_file_name(hidden)
}
