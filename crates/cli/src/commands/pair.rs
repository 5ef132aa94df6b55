//! The two pictures that a command is given.

use super::exit::Usage;
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
    ///
    /// # Errors
    /// [`Usage`] if both are `-`; [`StillError`] if one cannot be read; a line with both sizes if
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

/// An input as messages name it.
pub fn shown(path: &Path) -> String {
    if is_pipe(path) {
        "standard input".into()
    } else {
        path.display().to_string()
    }
}
