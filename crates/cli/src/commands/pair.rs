//! Input pair: the two pictures or fields that a command is given.

use super::exit::Usage;
use crate::data::Opened;
use crate::data::field::{self, Content, Field};
use crate::reporter::Reporter;
use anyhow::bail;
use otinterp::picture::still::{self, Still, StillError};
use rayon::prelude::*;
use std::path::Path;

/// Two pictures of one size, format and colour profile, ready to be interpolated.
#[derive(Debug)]
pub struct Pair {
    /// The first picture.
    pub a: Still,
    /// The second picture.
    pub b: Still,
}

/// An input whose content is not known yet. A pipe, `-` among them, can be opened once and is held open; files are opened when they are
/// read.
pub struct Input<'a> {
    path: &'a Path,
    pipe: Option<Opened>,
}

impl<'a> Input<'a> {
    /// Opens it if it is a pipe.
    pub fn open(path: &'a Path) -> Result<Self, StillError> {
        let pipe = is_read_once(path).then(|| Opened::open(path)).transpose();
        let failed = |source| StillError::Read(shown(path), source);
        let pipe = pipe.map_err(failed)?;
        Ok(Self { path, pipe })
    }

    /// Its first bytes; none if it cannot be read, which reading it will tell.
    pub fn head(&self) -> Vec<u8> {
        match &self.pipe {
            Some(opened) => opened.head.clone(),
            None => Opened::open(self.path).map_or_else(|_| Vec::new(), |opened| opened.head),
        }
    }

    /// Whether it is a pipe.
    pub fn is_pipe(&self) -> bool {
        self.pipe.is_some()
    }

    /// As bytes, from the first one on.
    pub fn opened(self) -> std::io::Result<Opened> {
        self.pipe.map_or_else(|| Opened::open(self.path), Ok)
    }

    /// The field in it, if it is one.
    pub fn field(&mut self) -> Result<Option<Field>, StillError> {
        let name = shown(self.path);
        let opened = match self.pipe.take() {
            Some(opened) => opened,
            // What is missing or a folder is left to those who read pictures.
            None if !self.path.is_file() => return Ok(None),
            None => {
                let opened = Opened::open(self.path);
                let opened = opened.map_err(|e| StillError::Read(name.clone(), e))?;
                return Ok(match field::read(opened, &name)? {
                    Content::Field(field) => Some(field),
                    Content::Other(_) => None,
                });
            }
        };
        Ok(match field::read(opened, &name)? {
            Content::Field(field) => Some(field),
            Content::Other(opened) => {
                self.pipe = Some(opened);
                None
            }
        })
    }

    /// The picture in it.
    pub fn still(self) -> Result<Still, StillError> {
        match self.pipe {
            Some(opened) => still::read_stream(opened.stream(), &shown(self.path)),
            None => still::read(self.path),
        }
    }
}

impl Pair {
    /// Reads two pictures (`-` is standard input) and brings them to the richer of their formats.
    /// Fails with [`Usage`] if both are `-`; [`StillError`] if one cannot be read; a line with both sizes if
    /// they differ.
    pub fn read(a: &Path, b: &Path, reporter: &Reporter) -> anyhow::Result<Self> {
        Self::of(open_all(&[a, b])?, reporter)
    }

    /// The same of inputs that are opened.
    pub fn of(inputs: Vec<Input>, reporter: &Reporter) -> anyhow::Result<Self> {
        let stills = read_all(inputs, reporter)?;
        match <[Still; 2]>::try_from(stills) {
            Ok([a, b]) => Ok(Self { a, b }),
            Err(_) => bail!("two pictures are needed"),
        }
    }
}

/// Opens two inputs or more. Fails as [`Pair::read`].
pub fn open_all<'a>(paths: &[&'a Path]) -> anyhow::Result<Vec<Input<'a>>> {
    if paths.iter().filter(|path| is_pipe(path)).count() > 1 {
        let count = if paths.len() == 2 { "two " } else { "" };
        let why = format!("only one of the {count}pictures can be standard input");
        return Err(Usage(why).into());
    }
    let inputs = paths.iter().map(|path| Input::open(path));
    Ok(inputs.collect::<Result<_, _>>()?)
}

/// Reads two pictures or more and brings them to the richest of their formats.
/// Fails as [`Pair::read`].
pub fn read_all(inputs: Vec<Input>, reporter: &Reporter) -> anyhow::Result<Vec<Still>> {
    let paths: Vec<&Path> = inputs.iter().map(|input| input.path).collect();
    let read: Vec<_> = inputs.into_par_iter().map(Input::still).collect();
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
    if others
        .iter()
        .any(|other| other.tags.colour() != first.tags.colour())
    {
        let names = |still: &Still| still.tags.names().join(", ");
        reporter.warn(&format!(
            "the pictures have different tags of colour ({} and others); the frames get the first one's",
            if names(first).is_empty() { "none".into() } else { names(first) }
        ));
    }
    // The first time the first becomes as rich as the richest, the second time all others as it.
    for _ in 0..2 {
        for other in &mut *others {
            still::promote(first, other)?;
        }
    }
    let icc = stills.iter().find_map(|still| still.icc.clone());
    let tags = stills[0].tags.clone();
    for still in &mut stills {
        still.icc.clone_from(&icc);
        still.tags.clone_from(&tags);
    }
    Ok(stills)
}

/// The first two inputs, if they are fields and not pictures.
pub fn read_fields(inputs: &mut [Input]) -> anyhow::Result<Option<[Field; 2]>> {
    let [first, second, ..] = inputs else {
        return Ok(None);
    };
    let (a_shown, b_shown) = (shown(first.path), shown(second.path));
    let (a, b) = (first.field()?, second.field()?);
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

/// Whether a path stands for standard input or output.
pub fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether what a path stands for can be read once only: standard input, a named pipe or a device.
pub fn is_read_once(path: &Path) -> bool {
    let is_other = |meta: std::fs::Metadata| !(meta.is_file() || meta.is_dir());
    is_pipe(path) || path.metadata().is_ok_and(is_other)
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
