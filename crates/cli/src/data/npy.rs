//! NPY and NPZ: NumPy's arrays, and SciPy's sparse matrices.

use super::table::{Failure, MAX_VALUES, Table, too_many};
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, WriterBuilder};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

/// An array as a file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its lengths.
    pub shape: Vec<u64>,
    /// All numbers, the last dimension changing fastest.
    pub values: Vec<f64>,
}

/// Reads an array of at most so many whole or real numbers of up to 64 bits.
pub fn read_npy(bytes: impl Read, most: u64) -> Result<Array, Failure> {
    let npy = NpyFile::new(bytes).map_err(broken)?;
    let shape = npy.shape().to_vec();
    let count = shape
        .iter()
        .fold(1, |count: u64, &n| count.saturating_mul(n));
    if count > most {
        return Err(too_many(count, most));
    }
    let order = npy.order();
    let values = values(npy)?;
    if values.len() as u64 != count {
        return Err(Failure::Broken(
            "it has fewer numbers than its shape says".into(),
        ));
    }
    let values = match (order, &shape[..]) {
        (Order::C, _) | (Order::Fortran, [] | [_]) => values,
        (Order::Fortran, &[rows, columns]) => {
            let (rows, columns) = (rows as usize, columns as usize);
            let at = |k: usize| values[k % columns * rows + k / columns];
            (0..values.len()).map(at).collect()
        }
        (Order::Fortran, _) => {
            let why = format!("its shape is {shape:?} in Fortran order; C order is needed");
            return Err(Failure::Content(why));
        }
    };
    Ok(Array { shape, values })
}

pub(super) fn read(path: &Path) -> Result<Table, Failure> {
    let Array { shape, values } = read_npy(BufReader::new(File::open(path)?), MAX_VALUES)?;
    let (rows, columns) = match shape[..] {
        [n] => (1, n),
        [rows, columns] => (rows, columns),
        _ => {
            return Err(Failure::Content(format!(
                "its shape is {shape:?}; arrays of one or two dimensions are needed"
            )));
        }
    };
    Ok(Table {
        rows: rows as usize,
        columns: columns as usize,
        values,
        names: None,
        is_line: shape.len() == 1,
    })
}

/// All numbers, of whatever type, in the file's order.
fn values<R: Read>(npy: NpyFile<R>) -> Result<Vec<f64>, Failure> {
    let dtype = npy.dtype();
    let unknown = || {
        let dtype = dtype.descr();
        Failure::Content(format!(
            "its numbers are of the type {dtype}; whole and real numbers up to 64 bits are read"
        ))
    };
    let DType::Plain(plain) = &dtype else {
        return Err(unknown());
    };
    match (plain.type_char(), plain.num_bytes()) {
        (TypeChar::Float, Some(8)) => wide::<f64, R>(npy, |v| v),
        (TypeChar::Float, Some(4)) => wide::<f32, R>(npy, f64::from),
        (TypeChar::Int, Some(1)) => wide::<i8, R>(npy, f64::from),
        (TypeChar::Int, Some(2)) => wide::<i16, R>(npy, f64::from),
        (TypeChar::Int, Some(4)) => wide::<i32, R>(npy, f64::from),
        (TypeChar::Int, Some(8)) => wide::<i64, R>(npy, |v| v as f64),
        (TypeChar::Uint, Some(1)) => wide::<u8, R>(npy, f64::from),
        (TypeChar::Uint, Some(2)) => wide::<u16, R>(npy, f64::from),
        (TypeChar::Uint, Some(4)) => wide::<u32, R>(npy, f64::from),
        (TypeChar::Uint, Some(8)) => wide::<u64, R>(npy, |v| v as f64),
        (TypeChar::Bool, _) => wide::<bool, R>(npy, |v| f64::from(u8::from(v))),
        _ => Err(unknown()),
    }
}

fn wide<T: Deserialize, R: Read>(
    npy: NpyFile<R>,
    to: impl Fn(T) -> f64,
) -> Result<Vec<f64>, Failure> {
    let numbers = npy.into_vec::<T>().map_err(broken)?;
    Ok(numbers.into_iter().map(to).collect())
}

fn broken(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::Other => {
            Failure::Broken(error.to_string())
        }
        _ => Failure::System(error),
    }
}

/// Writes an array of the given shape, the last dimension changing fastest.
pub fn write_npy<T: npyz::AutoSerialize>(
    shape: &[u64],
    values: impl IntoIterator<Item = T>,
    out: impl Write,
) -> io::Result<()> {
    let options = npyz::WriteOptions::new().default_dtype().shape(shape);
    let mut writer = options.writer(out).begin_nd()?;
    writer.extend(values)?;
    writer.finish()
}

/// The same as bytes.
pub fn npy<T: npyz::AutoSerialize>(
    shape: &[u64],
    values: impl IntoIterator<Item = T>,
) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_npy(shape, values, &mut bytes)?;
    Ok(bytes)
}

/// A sparse matrix `(row, column, value)` as SciPy's `scipy.sparse.load_npz` reads it, in coordinate format.
pub fn sparse_npz(
    out: impl Write + Seek,
    shape: (usize, usize),
    entries: &[(usize, usize, f64)],
) -> io::Result<()> {
    let count = [entries.len() as u64];
    // A string has no counterpart among the writer's types; this is its file in full (NEP 1, version 1.0).
    let mut format = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '|S3', 'fortran_order': False, 'shape': (), }";
    format.extend(format!("{header:<117}\n").bytes());
    format.extend(b"coo");
    let members = [
        ("row.npy", npy(&count, entries.iter().map(|e| e.0 as i64))?),
        ("col.npy", npy(&count, entries.iter().map(|e| e.1 as i64))?),
        ("format.npy", format),
        ("shape.npy", npy(&[2], [shape.0 as i64, shape.1 as i64])?),
        ("data.npy", npy(&count, entries.iter().map(|e| e.2))?),
    ];
    let mut zip = zip::ZipWriter::new(out);
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .large_file(entries.len() > 1 << 27);
    for (name, bytes) in members {
        zip.start_file(name, options)?;
        zip.write_all(&bytes)?;
    }
    zip.finish()?;
    Ok(())
}
