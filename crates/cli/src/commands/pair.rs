//! Input pair: the two pictures or fields that a command is given.

use super::exit::Usage;
use crate::data::field::{self, Field};
use crate::reporter::Reporter;
use anyhow::bail;
use otinterp::picture::still::{self, Still, StillError};
use rayon::prelude::*;
use std::io;
use std::path::Path;

/// Two pictures of one size, format and colour profile, ready to be interpolated.
#[derive(Debug)]
pub struct Pair {
    /// The first picture.
    pub a: Still,
    /// The second picture.
    pub b: Still,
}

impl Pair {
    /// Reads two pictures (`-` is standard input) and brings them to the richer of their formats.
    /// Fails with [`Usage`] if both are `-`; [`StillError`] if one cannot be read; a line with both sizes if
    /// they differ.
    pub fn read(a: &Path, b: &Path, reporter: &Reporter) -> anyhow::Result<Self> {
        let stills = read_all(&[a, b], reporter)?;
        match <[Still; 2]>::try_from(stills) {
            Ok([a, b]) => Ok(Self { a, b }),
            Err(_) => bail!("two pictures are needed"),
        }
    }
}

/// Reads two pictures or more (`-` is standard input) and brings them to the richest of their formats.
/// Fails as [`Pair::read`].
pub fn read_all(paths: &[&Path], reporter: &Reporter) -> anyhow::Result<Vec<Still>> {
    if paths.iter().filter(|path| is_pipe(path)).count() > 1 {
        let count = if paths.len() == 2 { "two " } else { "" };
        let why = format!("only one of the {count}pictures can be standard input");
        return Err(Usage(why).into());
    }
    let read: Vec<_> = paths.par_iter().map(|path| read_one(path)).collect();
    let mut stills = read.into_iter().collect::<Result<Vec<Still>, _>>()?;
    let Some((first, others)) = stills.split_first_mut() else {
        return Ok(stills);
    };
    let size = |still: &Still| (still.picture.width(), still.picture.height());
    let (wa, ha) = size(first);
    for (other, path) in others.iter().zip(&paths[1..]) {
        let (wb, hb) = size(other);
        if (wa, ha) != (wb, hb) {
            bail!(
                "{} is {wa}x{ha} pixels and {} is {wb}x{hb}; both must be of one size",
                shown(paths[0]),
                shown(path)
            );
        }
    }
    if others.iter().any(|other| other.icc != first.icc) {
        reporter.warn(match others.iter().chain([&*first]).all(|still| still.icc.is_some()) {
            true => "the pictures have different colour profiles; the frames get the first one's",
            false if others.len() == 1 => "only one picture has a colour profile; the frames get it",
            false => "not all pictures have a colour profile; the frames get the first one's that has",
        });
    }
    // The first time the first becomes as rich as the richest, the second time all others as it.
    for _ in 0..2 {
        for other in &mut *others {
            still::promote(first, other)?;
        }
    }
    let icc = stills.iter().find_map(|still| still.icc.clone());
    stills
        .iter_mut()
        .for_each(|still| still.icc.clone_from(&icc));
    Ok(stills)
}

/// The two inputs, if they are fields and not pictures.
pub fn read_fields(a: &Path, b: &Path) -> anyhow::Result<Option<[Field; 2]>> {
    let one = |path: &Path| match is_pipe(path) {
        true => Ok(None),
        false => field::read(path),
    };
    let (a_shown, b_shown) = (a.display(), b.display());
    let (a, b) = (one(a)?, one(b)?);
    let (a, b) = match (a, b) {
        (None, None) => return Ok(None),
        (Some(a), Some(b)) => (a, b),
        (Some(_), None) => {
            bail!("{a_shown} is a field of numbers and {b_shown} is not; both must be of one kind")
        }
        (None, Some(_)) => {
            bail!("{b_shown} is a field of numbers and {a_shown} is not; both must be of one kind")
        }
    };
    let ((ha, wa), (hb, wb)) = (a.values.dim(), b.values.dim());
    if (wa, ha) != (wb, hb) {
        bail!("{a_shown} is {wa}x{ha} values and {b_shown} is {wb}x{hb}; both must be of one size");
    }
    Ok(Some([a, b]))
}

fn read_one(path: &Path) -> Result<Still, StillError> {
    if is_pipe(path) {
        still::read_stream(io::stdin().lock(), &shown(path))
    } else {
        still::read(path)
    }
}

/// Whether a path stands for standard input or output.
pub fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The name of an input without its extension.
pub fn stem(input: &Path) -> String {
    if is_pipe(input) {
        return "stdin".into();
    }
    let stem = input.file_stem().unwrap_or(input.as_os_str());
    stem.to_string_lossy().into_owned()
}

/// An input as messages name it.
pub fn shown(path: &Path) -> String {
    if is_pipe(path) {
        "standard input".into()
    } else {
        path.display().to_string()
    }
}
