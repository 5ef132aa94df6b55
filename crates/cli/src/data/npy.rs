//! NPY and NPZ: NumPy's arrays, and SciPy's sparse matrices.

use super::table::{Failure, Table, too_many};
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, WriterBuilder};
use std::io::{self, Read, Seek, Write};

/// An array as a file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its lengths.
    pub shape: Vec<u64>,
    /// All numbers, the last dimension changing fastest.
    pub values: Vec<f64>,
}

/// Reads an array of at most so many whole or real numbers of up to 64 bits.
pub fn read_npy(mut bytes: &[u8], most: u64) -> Result<Array, Failure> {
    check_header(header(bytes)?, most)?;
    let npy = NpyFile::new(&mut bytes).map_err(broken)?;
    let shape = npy.shape().to_vec();
    let count = shape
        .iter()
        .fold(1, |count: u64, &n| count.saturating_mul(n));
    if count > most {
        return Err(too_many(count, most));
    }
    let short = || Failure::Broken("it has fewer numbers than its shape says".into());
    let order = npy.order();
    let values = values(npy)?;
    if values.len() as u64 != count {
        return Err(short());
    }
    let values = match order {
        Order::C => values,
        Order::Fortran => row_by_row(&shape, &values),
    };
    Ok(Array { shape, values })
}

/// A header is no longer: NumPy's own limit (`max_header_size` of `numpy.load`).
const LONGEST_HEADER: usize = 10_000;
/// Brackets are no deeper: a dictionary, in it a list of fields, of them the shape of one. The parser's time doubles with each more.
const DEEPEST: usize = 4;

/// The header's text (NEP 1): between 10 or 12 bytes, the last of which say how long it is, and the numbers.
fn header(bytes: &[u8]) -> Result<&[u8], Failure> {
    let broken = |why: &str| Failure::Broken(why.into());
    let (from, length) = match bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => (10, usize::from(u16::from_le_bytes([*a, *b]))),
        [_, _, _, _, _, _, 2..=255, _, a, b, c, d, ..] => {
            (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize)
        }
        _ => return Err(broken("its header is cut short")),
    };
    if length > LONGEST_HEADER {
        let why =
            format!("its header has {length} bytes; {LONGEST_HEADER} are the most that are read");
        return Err(Failure::Broken(why));
    }
    let header = bytes[from..].get(..length);
    header.ok_or_else(|| broken("its header is cut short"))
}

/// Sees that a header can be parsed in little time, and that no group of numbers in it, of which one is the shape, multiplies to more than
/// is read: the parser does not.
fn check_header(header: &[u8], most: u64) -> Result<(), Failure> {
    let mut depth = 0usize;
    for byte in header {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            let why = format!("its header has brackets in brackets, more than {DEEPEST} deep");
            return Err(Failure::Broken(why));
        }
    }
    for group in header.split(|b| *b == b'(').skip(1) {
        let group = group.split(|b| *b == b')').next().unwrap_or_default();
        let text = String::from_utf8_lossy(group);
        let numbers = text.split(|c: char| !c.is_ascii_digit());
        let numbers = numbers.filter(|n| !n.is_empty());
        let product = numbers
            .map(|n| n.parse().unwrap_or(u64::MAX))
            // A length of 0 makes no number of the others small for who multiplies in order.
            .fold(1, |product: u64, n: u64| product.saturating_mul(n.max(1)));
        if product > most {
            return Err(too_many(product, most));
        }
    }
    Ok(())
}

/// Numbers whose first dimension changes fastest, as ones whose last does.
fn row_by_row(shape: &[u64], values: &[f64]) -> Vec<f64> {
    let lengths: Vec<usize> = shape.iter().map(|&n| n as usize).collect();
    let at = |mut index: usize| {
        // From the last dimension on; strides of the file grow from the first one on.
        let mut place = 0;
        let mut stride = values.len();
        for &length in lengths.iter().rev() {
            stride /= length;
            place += index % length * stride;
            index /= length;
        }
        values[place]
    };
    (0..values.len()).map(at).collect()
}

/// An array as a table; one of one dimension is a row.
pub(super) fn table(Array { shape, values }: Array) -> Result<Table, Failure> {
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
        is_line: shape.len() == 1,
        ..Table::default()
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
        (TypeChar::Float, Some(2)) => wide::<half::f16, R>(npy, f64::from),
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
    // Not collected at once: room would be made for as many as the header claims.
    let mut values = Vec::new();
    for number in npy
        .data::<T>()
        .map_err(|e| Failure::Broken(e.to_string()))?
    {
        values.push(to(number.map_err(broken)?));
    }
    Ok(values)
}

fn broken(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Failure::Broken("it has fewer numbers than its shape says".into())
        }
        io::ErrorKind::InvalidData | io::ErrorKind::Other => Failure::Broken(error.to_string()),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An array file in Fortran order, as NumPy writes it (NEP 1).
    fn fortran(shape: &str, values: &[f64]) -> Vec<u8> {
        let header = format!("{{'descr': '<f8', 'fortran_order': True, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{header:<117}\n").bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        bytes
    }

    #[test]
    fn arrays_in_fortran_order_are_read_row_by_row() {
        // Element (i, j, k) of a 2 x 3 x 2 array is 100 i + 10 j + k.
        let number = |i: usize, j: usize, k: usize| (100 * i + 10 * j + k) as f64;
        let mut in_file = Vec::new();
        for k in 0..2 {
            for j in 0..3 {
                in_file.extend((0..2).map(|i| number(i, j, k)));
            }
        }
        let array = read_npy(&fortran("(2, 3, 2)", &in_file), 100).unwrap();
        let mut expected = Vec::new();
        for i in 0..2 {
            for j in 0..3 {
                expected.extend((0..2).map(|k| number(i, j, k)));
            }
        }
        assert_eq!((array.shape, array.values), (vec![2, 3, 2], expected));
        let empty = read_npy(&fortran("(0, 3)", &[]), 100).unwrap();
        assert!(empty.values.is_empty());
    }

    #[test]
    fn headers_that_claim_much_or_nest_deep_are_refused_at_once() {
        // 2 GiB of header in a file of 30 bytes.
        let long = b"\x93NUMPY\x03\x00\x02\x00\x40\x80\x00\x14\x00\x00\x00                ";
        assert!(matches!(read_npy(&long[..], 100), Err(Failure::Broken(_))));
        for cut in [6, 7, 9, 11, 40] {
            let bytes = fortran("(1,)", &[1.0]);
            let found = read_npy(&bytes[..cut], 100);
            assert!(matches!(found, Err(Failure::Broken(_))), "{cut}: {found:?}");
        }
        // Seconds for 20 brackets, twice as many for each more.
        let deep = fortran(&format!("(5,{} 3)", "[".repeat(40)), &[]);
        assert!(matches!(read_npy(&deep, 100), Err(Failure::Broken(_))));
        // A line end in the header hides nothing of it.
        let hidden = fortran("\n(4294967296, 4294967296, 16)", &[]);
        assert!(matches!(read_npy(&hidden, 100), Err(Failure::Content(_))));
    }

    #[test]
    fn memory_follows_the_bytes_and_not_the_shape() {
        let claims = fortran("(100000000, 1)", &[1.0]);
        let cut = read_npy(&claims, 1 << 27);
        assert!(matches!(cut, Err(Failure::Broken(_))), "{cut:?}");
        let overflow = fortran("(4294967296, 4294967296, 16)", &[]);
        assert!(matches!(read_npy(&overflow, 100), Err(Failure::Content(_))));
    }
}
