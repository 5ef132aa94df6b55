//! Clips in containers.

use crate::common::clips::{otinterp, small_y4m};
use otinterp_video::{FileSource, Frame, Source};
use std::path::{Path, PathBuf};

/// All frames of a clip.
pub fn frames(path: &Path) -> Vec<Frame> {
    let mut source = FileSource::open(path, Some(1), false).unwrap();
    std::iter::from_fn(|| source.next().unwrap()).collect()
}

/// A lossless clip of `frames` frames of 64×48 at 30000/1001.
pub fn small_clip(folder: &Path, name: &str, frames: usize) -> PathBuf {
    let y4m = small_y4m(folder, "made.y4m", frames);
    let path = folder.join(name);
    let lossless = ["--codec", "ffv1", "--factor", "1", "-q", "-o"];
    otinterp()
        .arg("retime")
        .arg(&y4m)
        .args(lossless)
        .arg(&path)
        .assert()
        .success();
    std::fs::remove_file(y4m).unwrap();
    path
}
