//! Fields: one number at every place, in units of its own, not clipped and not rounded. Scientific data.
//!
//! NPY and NPZ (two-dimensional, numbers up to 64 bits), PFM (`Pf`) and TIFF with one channel of floating-point numbers come in; they go out
//! in the same kind of file with 32-bit numbers. What is read is a 32-bit number too: whole numbers are exact up to 2^24.

mod kind;
mod npy;
mod pfm;
mod tiff;

pub use kind::{Field, FieldFormat};

use super::{Failure, NPY, Opened, ZIP, read_npy, read_npz};
use otinterp::limits::MAX_VALUES;
use otinterp::picture::Plane;
use otinterp::picture::still::StillError;
use std::io::{Cursor, Seek, Write};

/// What a file turned out to be.
pub enum Content {
    /// A field.
    Field(Field),
    /// Something else, a picture perhaps, still to be read from its first byte on.
    Other(Opened),
}

/// Reads what is opened if it is a field.
///
/// # Errors
/// [`StillError`] with the file's name if it cannot be read, is broken or too large, has other than one channel or two
/// dimensions, or holds values that are not finite.
pub fn read(opened: Opened, name: &str) -> Result<Content, StillError> {
    let named = |failure| match failure {
        Failure::System(source) => StillError::Read(name.to_owned(), source),
        Failure::Broken(reason) => StillError::Broken(name.to_owned(), reason),
        Failure::TooLarge(why) => StillError::TooLarge(name.to_owned(), why),
        other => StillError::UnsupportedField(name.to_owned(), other.to_string()),
    };
    let content = decode(opened).map_err(named)?;
    if let Content::Field(Field { values, .. }) = &content
        && let Some(((row, column), value)) = values.indexed_iter().find(|(_, v)| !v.is_finite())
    {
        let why = format!(
            "the value in row {row}, column {column} is {value}; finite numbers are needed"
        );
        return Err(StillError::UnsupportedField(name.to_owned(), why));
    }
    Ok(content)
}

/// Any field, by its first bytes; its values may be any.
///
/// # Errors
/// [`Failure`] as of [`read`].
pub fn decode(opened: Opened) -> Result<Content, Failure> {
    let field = |values, format| Ok(Content::Field(Field { values, format }));
    match &opened.head[..] {
        head if head.starts_with(NPY) => {
            let array = read_npy(&opened.whole()?, MAX_VALUES)?;
            field(npy::field(array)?, FieldFormat::Npy)
        }
        head if head.starts_with(ZIP) => {
            let array = read_npz(&opened.whole()?, MAX_VALUES)?;
            field(npy::field(array)?, FieldFormat::Npy)
        }
        [b'P', b'f', b' ' | b'\n' | b'\r' | b'\t', ..] => {
            field(pfm::decode(&opened.whole()?)?, FieldFormat::Pfm)
        }
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => {
            let bytes = opened.whole()?;
            match tiff::decode(&bytes)? {
                Some(values) => field(values, FieldFormat::Tiff),
                None => Ok(Content::Other(Opened::of(Cursor::new(bytes))?)),
            }
        }
        _ => Ok(Content::Other(opened)),
    }
}

/// Writes a field.
///
/// # Errors
/// [`StillError::Write`] if the system refuses, [`StillError::Encode`] if the format cannot hold it.
pub fn write(
    values: &Plane,
    format: FieldFormat,
    out: impl Write + Seek,
) -> Result<(), StillError> {
    match format {
        FieldFormat::Npy => npy::encode(values, out),
        FieldFormat::Pfm => pfm::encode(values, out),
        FieldFormat::Tiff => tiff::encode(values, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read_file(path: &Path) -> Result<Option<Field>, StillError> {
        let name = path.display().to_string();
        Ok(match read(Opened::open(path).unwrap(), &name)? {
            Content::Field(field) => Some(field),
            Content::Other(_) => None,
        })
    }

    fn bytes_of(values: &Plane, format: FieldFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        write(values, format, &mut out).unwrap();
        out.into_inner()
    }

    #[test]
    fn every_kind_of_file_gives_back_every_value() {
        let values =
            Plane::from_shape_fn((3, 4), |(y, x)| (y as f32 - 1.3) * 1e5 + 1e-7 * x as f32);
        let folder = tempfile::tempdir().unwrap();
        for format in [FieldFormat::Npy, FieldFormat::Pfm, FieldFormat::Tiff] {
            let path = folder
                .path()
                .join("field")
                .with_extension(format.extension());
            std::fs::write(&path, bytes_of(&values, format)).unwrap();
            assert_eq!(FieldFormat::from_path(&path), Some(format));
            let field = read_file(&path).unwrap().unwrap();
            assert_eq!(
                field,
                Field {
                    values: values.clone(),
                    format
                }
            );
        }
    }

    #[test]
    fn pictures_are_no_fields_and_broken_fields_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        assert_eq!(read_file(&file("a.pgm", b"P5\n1 1\n255\n0")).unwrap(), None);
        let good = bytes_of(&Plane::from_elem((5, 5), 1.0), FieldFormat::Npy);
        let cut = read_file(&file("cut.npy", &good[..good.len() - 7])).unwrap_err();
        assert!(
            cut.to_string().contains("cut.npy is broken or cut short"),
            "{cut}"
        );
        let nan = bytes_of(&Plane::from_elem((2, 2), f32::NAN), FieldFormat::Pfm);
        let nan = read_file(&file("nan.pfm", &nan)).unwrap_err();
        assert!(nan.to_string().contains("row 0, column 0 is NaN"), "{nan}");
    }

    #[test]
    fn a_float_map_lies_bottom_up_and_in_either_byte_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big.pfm");
        let mut bytes = b"Pf\n2 2\n1.0\n".to_vec();
        for v in [1.0f32, 2.0, 3.0, 4.0] {
            bytes.extend(v.to_be_bytes());
        }
        std::fs::write(&path, bytes).unwrap();
        let field = read_file(&path).unwrap().unwrap();
        assert_eq!(field.values.as_slice().unwrap(), [3.0, 4.0, 1.0, 2.0]);
    }
}
