//! NPZ: NumPy's archives of arrays, of which one with a single array is read.

use super::npy::{Array, read_npy};
use super::table::Failure;
use otinterp::limits::{MAX_FILE_BYTES, TooLarge, read_whole};
use std::io::Cursor;
use zip::ZipArchive;
use zip::result::ZipError;

/// Names that are shown of an archive with several arrays.
const SHOWN: usize = 6;

/// Reads the array of an archive that holds one, of at most so many numbers.
pub fn read_npz(bytes: &[u8], most: u64) -> Result<Array, Failure> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let name = {
        let names: Result<Vec<_>, _> = archive.file_names().collect();
        let names = names.map_err(broken)?;
        match &names[..] {
            [name] => name.to_string(),
            [] => return Err(Failure::Content("it holds no array".into())),
            _ => {
                let mut shown = names.clone();
                shown.sort();
                shown.truncate(SHOWN);
                let shown = shown.join(", ").replace(".npy", "");
                return Err(Failure::Content(format!(
                    "it holds {} arrays ({shown}) and one is needed; save it alone as .npy",
                    names.len()
                )));
            }
        }
    };
    let member = archive.by_name(&name).map_err(broken)?;
    // Not more than the bytes of a file, whatever they are packed into.
    let array = read_whole(member, MAX_FILE_BYTES).map_err(|e| Failure::Broken(e.to_string()))?;
    read_npy(&array.ok_or(Failure::TooLarge(TooLarge::Bytes))?, most)
}

fn broken(error: ZipError) -> Failure {
    match error {
        ZipError::UnsupportedArchive(why) => {
            Failure::Content(format!("it is packed in a way that is not read: {why}"))
        }
        other => Failure::Broken(other.to_string()),
    }
}
