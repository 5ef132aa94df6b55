//! Inputs: files given by name, and the clips found in folders.

use super::job::extension_of;
use super::playlist;
use crate::commands::pair::stem;
use alphanumeric_sort::compare_os_str;
use anyhow::{Context, bail};
use otinterp_video::{Access, NumberedName};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Extensions of the containers in which clips come. Only these are taken from folders; a file
/// given by its name may have any.
const CLIP_EXTENSIONS: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "m2ts", "mts", "nut", "y4m", "mpg", "mpeg",
    "m2v", "vob", "wmv", "asf", "flv", "f4v", "ogv", "ogm", "3gp", "3g2", "mxf", "dv", "divx",
    "rm", "rmvb",
];

/// A clip to be retimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    /// The file, or `-`.
    pub(super) path: PathBuf,
    /// Where it was found.
    pub(super) place: Place,
}

/// How a clip came to be an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Given by its own name.
    Named,
    /// Found in a folder that was given, in this sub-folder of it.
    Below(PathBuf),
}

/// All clips, in the order given; those of a folder in natural order (`clip2` before `clip10`),
/// its files and sub-folders mixed.
///
/// Left out of folders are hidden files, files whose extension is not that of a clip, outputs of
/// the same target (their stem ends with `.suffix`), and `out_dir` where it lies within.
pub(super) fn expand(
    given: &[PathBuf],
    suffix: &str,
    out_dir: Option<&Path>,
) -> anyhow::Result<Vec<Input>> {
    let own_end = format!(".{suffix}");
    let out_dir = out_dir.and_then(|folder| folder.canonicalize().ok());
    let mut found = Vec::new();
    for path in given {
        if !is_folder(path) {
            let place = Place::Named;
            let path = path.clone();
            found.push(Input { path, place });
            continue;
        }
        let before = found.len();
        let is_wanted = |entry: &DirEntry| {
            let is_output = entry.depth() > 0
                && entry.file_type().is_dir()
                && out_dir.is_some()
                && entry.path().canonicalize().ok() == out_dir;
            entry.depth() == 0 || !(is_hidden(entry) || is_output)
        };
        let entries = WalkDir::new(path)
            .sort_by(|a, b| {
                let (a, b) = (a.file_name(), b.file_name());
                // Names that differ in zeros alone count as equal there.
                compare_os_str(a, b).then_with(|| a.cmp(b))
            })
            .into_iter()
            .filter_entry(is_wanted);
        for entry in entries {
            let entry = entry.with_context(|| path.display().to_string())?;
            let file = entry.path();
            if !is_clip(file) || stem(file).ends_with(&own_end) || !file.is_file() {
                continue;
            }
            let folder = file.parent().unwrap_or(path);
            let below = folder.strip_prefix(path).unwrap_or(Path::new(""));
            found.push(Input {
                path: file.to_owned(),
                place: Place::Below(below.to_owned()),
            });
        }
        if found.len() == before {
            bail!("{}: there is no clip in this folder", path.display());
        }
    }
    Ok(found)
}

/// The files that an input is made of.
pub(super) fn sources_of(input: &Path, access: Access) -> Vec<PathBuf> {
    if let Some(name) = NumberedName::of(input).filter(|_| !input.exists()) {
        let files = name.files_in(input.parent().unwrap_or(Path::new("")));
        return files.unwrap_or_default().into_iter().map(|f| f.1).collect();
    }
    playlist::with_parts(input, access)
}

/// Whether an input is a folder, whose clips are meant.
pub(super) fn is_folder(path: &Path) -> bool {
    path != Path::new("-") && path.is_dir()
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Whether a file's name is that of a clip.
pub fn is_clip(path: &Path) -> bool {
    CLIP_EXTENSIONS.contains(&extension_of(path).as_str())
}
