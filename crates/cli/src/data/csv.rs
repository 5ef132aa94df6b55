//! CSV: numbers as text, read and written.

use super::table::{Failure, MAX_VALUES, Table, too_many};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Lines that begin with it are left out.
const COMMENT: u8 = b'#';

pub(super) fn read(path: &Path) -> Result<Table, Failure> {
    let mut reader = BufReader::new(File::open(path)?);
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
        let fields: Vec<&str> = fields.collect();
        let numbers: Vec<Result<f64, &str>> = fields
            .iter()
            .map(|f| f.parse::<f64>().map_err(|_| *f))
            .collect();
        let line = record.position().map_or(0, ::csv::Position::line);
        if table.rows == 0 && table.names.is_none() && numbers.iter().any(Result::is_err) {
            table.names = Some(fields.iter().map(|f| f.to_lowercase()).collect());
            table.columns = fields.len();
            continue;
        }
        if table.rows == 0 && table.names.is_none() {
            table.columns = numbers.len();
        }
        if numbers.len() != table.columns {
            return Err(Failure::Content(format!(
                "line {line} has {} fields and those before it {}",
                numbers.len(),
                table.columns
            )));
        }
        for (column, number) in numbers.into_iter().enumerate() {
            table.values.push(number.map_err(|f| {
                Failure::Content(format!(
                    "line {line}, field {}: {f:?} is not a number",
                    column + 1
                ))
            })?);
        }
        table.rows += 1;
        if table.values.len() as u64 > MAX_VALUES {
            return Err(too_many(table.values.len() as u64, MAX_VALUES));
        }
    }
    Ok(table)
}

/// The first line that is neither empty nor a comment, with its end.
fn first_line(reader: &mut impl BufRead) -> Result<String, Failure> {
    /// Longest first line: a histogram's row of a million numbers.
    const LONGEST: u64 = 1 << 26;
    let mut line = String::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(LONGEST).read_line(&mut line);
        let count = read.map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData => Failure::Content("it is not a text file".into()),
            _ => Failure::System(e),
        })?;
        let text = line.trim();
        if count == 0 || !(text.is_empty() || text.starts_with(char::from(COMMENT))) {
            return Ok(line);
        }
    }
}

fn delimiter(line: &str) -> u8 {
    [b',', b';', b'\t']
        .into_iter()
        .find(|&d| line.contains(char::from(d)))
        .unwrap_or(b' ')
}

fn failure(error: ::csv::Error) -> Failure {
    let text = error.to_string();
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => Failure::System(error),
        ::csv::ErrorKind::Utf8 { .. } => Failure::Content("it is not a text file".into()),
        _ => Failure::Content(text),
    }
}
