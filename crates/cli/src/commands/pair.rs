//! Input pair: the two pictures or fields that a command is given.

use super::exit::Usage;
use crate::data::field::{self, Field};
use crate::reporter::Reporter;
use anyhow::bail;
use otinterp::picture::still::{self, Still, StillError};
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
        if is_pipe(a) && is_pipe(b) {
            return Err(Usage("only one of the two pictures can be standard input".into()).into());
        }
        let (first, second) = rayon::join(|| read_one(a), || read_one(b));
        let (mut first, mut second) = (first?, second?);
        let size = |still: &Still| (still.picture.width(), still.picture.height());
        let ((wa, ha), (wb, hb)) = (size(&first), size(&second));
        if (wa, ha) != (wb, hb) {
            bail!(
                "{} is {wa}x{ha} pixels and {} is {wb}x{hb}; both must be of one size",
                shown(a),
                shown(b)
            );
        }
        if first.icc != second.icc {
            reporter.warn(match (&first.icc, &second.icc) {
                (Some(_), Some(_)) => {
                    "the pictures have different colour profiles; the frames get the first one's"
                }
                _ => "only one picture has a colour profile; the frames get it",
            });
        }
        still::promote(&mut first, &mut second)?;
        first.icc = first.icc.or(second.icc.take());
        second.icc.clone_from(&first.icc);
        Ok(Self {
            a: first,
            b: second,
        })
    }
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
