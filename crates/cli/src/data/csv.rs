//! CSV: numbers as text, read and written.

use super::table::{Failure, Table, too_many};
use otinterp::limits::{MAX_FILE_BYTES, MAX_LINE_BYTES, MAX_VALUES, TooLarge};
use std::io::{self, BufRead, BufReader, Read};

/// Lines that begin with it are left out.
const COMMENT: u8 = b'#';
/// Names of a first column that is an index of the rows: pandas' `to_csv` and R's
/// `write.csv` give it none, and pandas' `read_csv` then this.
const INDEX_NAMES: [&str; 2] = ["", "unnamed: 0"];

pub(super) fn read(stream: impl Read) -> Result<Table, Failure> {
    let stream = Checked::new(stream);
    let mut reader = BufReader::new(stream);
    let first = first_line(&mut reader)?;
    let delimiter = delimiter(&first);
    let text = first.as_bytes().chain(reader);
    let mut records = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(COMMENT))
        .delimiter(delimiter)
        .trim(::csv::Trim::All)
        .from_reader(text);
    let mut table = Table::default();
    let mut record = ::csv::StringRecord::new();
    while records.read_record(&mut record).map_err(failure)? {
        let fields = record.iter().filter(|f| delimiter != b' ' || !f.is_empty());
        let mut fields: Vec<&str> = fields.collect();
        let line = record.position().map_or(0, ::csv::Position::line);
        let is_first = table.rows == 0 && table.names.is_none();
        if is_first && is_names(&fields) {
            let mut names: Vec<String> = fields.iter().map(|f| f.to_lowercase()).collect();
            let is_index = |name: &String| INDEX_NAMES.contains(&name.as_str());
            let indices = names.iter().take_while(|name| is_index(name)).count();
            // One column at least is no index.
            table.index_columns = indices.min(names.len() - 1);
            names.drain(..table.index_columns);
            table.columns = names.len();
            table.names = Some(names);
            continue;
        }
        if is_first {
            table.columns = fields.len();
        }
        let expected = table.columns + table.index_columns;
        if fields.len() != expected {
            return Err(Failure::Content(format!(
                "line {line} has {} fields and those before it {expected}",
                fields.len()
            )));
        }
        fields.drain(..table.index_columns);
        for (column, field) in fields.iter().enumerate() {
            let place = column + 1 + table.index_columns;
            table.values.push(number(field, line, place)?);
        }
        table.rows += 1;
        if table.values.len() as u64 > MAX_VALUES {
            return Err(too_many(table.values.len() as u64, MAX_VALUES));
        }
    }
    Ok(table)
}

/// Whether the fields of a first line are the names of columns: one of them is a word, or only the first is empty.
fn is_names(fields: &[&str]) -> bool {
    let is_word = |field: &&str| !field.is_empty() && field.parse::<f64>().is_err();
    let only_first_is_empty =
        || fields.iter().position(|f| f.is_empty()) == Some(0) && !fields[1..].contains(&"");
    fields.iter().any(is_word) || (fields.len() > 1 && only_first_is_empty())
}

fn number(field: &str, line: u64, place: usize) -> Result<f64, Failure> {
    field.parse().map_err(|_| {
        let what = match field {
            "" => "is empty; a line ends with its last number".into(),
            _ if field.replace(',', ".").parse::<f64>().is_ok() => {
                format!("is {field:?}, with a decimal comma; write a point")
            }
            _ => format!("is {field:?} and no number"),
        };
        Failure::Content(format!("line {line}, field {place} {what}"))
    })
}

/// The first line that is neither empty nor a comment, with its end, without the mark of byte order that some programs write.
fn first_line(reader: &mut impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    loop {
        line.clear();
        let count = reader.by_ref().read_line(&mut line).map_err(unread)?;
        if let Some(rest) = line.strip_prefix('\u{feff}') {
            line = rest.to_owned();
        }
        let text = line.trim();
        if count == 0 || !(text.is_empty() || text.starts_with(char::from(COMMENT))) {
            return Ok(line);
        }
    }
}

/// A semicolon before a comma: where it delimits, commas are decimal.
fn delimiter(line: &str) -> u8 {
    [b';', b',', b'\t']
        .into_iter()
        .find(|&d| line.contains(char::from(d)))
        .unwrap_or(b' ')
}

/// A stream that ends with an error where it is no text, or holds more than is read of a table.
struct Checked<R> {
    stream: R,
    left: u64,
    /// Bytes since the last end of a line.
    line_bytes: u64,
}

impl<R: Read> Checked<R> {
    fn new(stream: R) -> Self {
        Self {
            stream,
            left: MAX_FILE_BYTES,
            line_bytes: 0,
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(room)?;
        let bytes = &room[..count];
        if bytes.contains(&0) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, NO_TEXT));
        }
        self.line_bytes = match bytes.iter().rposition(|b| *b == b'\n') {
            Some(end) => (count - 1 - end) as u64,
            None => self.line_bytes + count as u64,
        };
        let is_too_large = count as u64 > self.left || self.line_bytes > MAX_LINE_BYTES;
        self.left = self.left.saturating_sub(count as u64);
        match is_too_large {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(count),
        }
    }
}

const NO_TEXT: &str =
    "it is no text; numbers are read as text (CSV, UTF-8) or from NumPy's files (.npy, .npz)";

/// What a read error of [`Checked`] says.
fn unread(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData => Failure::Content(NO_TEXT.into()),
        io::ErrorKind::FileTooLarge => Failure::TooLarge(TooLarge::Bytes),
        _ => Failure::System(error),
    }
}

fn failure(error: ::csv::Error) -> Failure {
    let text = error.to_string();
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => unread(error),
        ::csv::ErrorKind::Utf8 { .. } => Failure::Content(NO_TEXT.into()),
        _ => Failure::Content(text),
    }
}
