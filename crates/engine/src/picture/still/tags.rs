//! What a file says of its picture beside the pixels and the colour profile.

use std::io::{Read, Seek, SeekFrom};

/// PNG's chunks on colour, colour volume and density (PNG, third edition, 11.3); they are copied byte for byte.
const PNG_CHUNKS: [[u8; 4]; 7] = [
    *b"cHRM", *b"cICP", *b"cLLI", *b"gAMA", *b"mDCV", *b"pHYs", *b"sRGB",
];
/// Those among them that do not change how colours show.
const NO_COLOUR: [[u8; 4]; 1] = [*b"pHYs"];
/// They are a few bytes each; more is no such chunk.
const LARGEST_CHUNK: u32 = 64;

/// Tags of a file that outputs keep where they can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// PNG's chunks `cHRM`, `cICP`, `cLLI`, `gAMA`, `mDCV`, `pHYs` and `sRGB`, as they are in the file.
    pub png: Vec<([u8; 4], Vec<u8>)>,
    /// EXIF, as a TIFF file within the file; its orientation is that of the pixels as they are in memory.
    pub exif: Option<Vec<u8>>,
}

impl Tags {
    /// The names of all.
    pub fn names(&self) -> Vec<String> {
        let chunks = self
            .png
            .iter()
            .map(|(kind, _)| kind.escape_ascii().to_string());
        chunks
            .chain(self.exif.iter().map(|_| "EXIF".into()))
            .collect()
    }

    /// What tells how the codes show as colours.
    pub fn colour(&self) -> Vec<&([u8; 4], Vec<u8>)> {
        let chunks = self.png.iter();
        chunks
            .filter(|(kind, _)| !NO_COLOUR.contains(kind))
            .collect()
    }
}

/// The chunks of a PNG that are kept, up to the pixels. What is broken is left to the decoder.
pub(super) fn of_png(mut file: impl Read + Seek) -> Vec<([u8; 4], Vec<u8>)> {
    const SIGNATURE_BYTES: u64 = 8;
    const CHECKSUM_BYTES: u32 = 4;
    let mut found = Vec::new();
    if file.seek(SeekFrom::Start(SIGNATURE_BYTES)).is_err() {
        return found;
    }
    let mut head = [0; 8];
    while file.read_exact(&mut head).is_ok() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let kind = [head[4], head[5], head[6], head[7]];
        if kind == *b"IDAT" {
            break;
        }
        let is_new = !found.iter().any(|(known, _)| *known == kind);
        if PNG_CHUNKS.contains(&kind) && length <= LARGEST_CHUNK && is_new {
            let mut bytes = vec![0; (length + CHECKSUM_BYTES) as usize];
            if file.read_exact(&mut bytes).is_err() {
                break;
            }
            bytes.truncate(length as usize);
            found.push((kind, bytes));
        } else if file
            .seek_relative(i64::from(length) + i64::from(CHECKSUM_BYTES))
            .is_err()
        {
            break;
        }
    }
    found
}
