//! Checks of JPEG files: the decoder fills what is missing with grey and reports nothing, and does not name what it cannot read.

use super::StillError;

/// Sees that a file is whole and of a process that is read.
///
/// # Errors
/// [`StillError`] that says what it is.
pub(super) fn check(bytes: &[u8], name: &str) -> Result<(), StillError> {
    if !is_whole(bytes) {
        let why = "the end of the JPEG is missing".to_owned();
        return Err(StillError::Broken(name.to_owned(), why));
    }
    match process(bytes).and_then(unread) {
        Some(what) => Err(StillError::UnsupportedKind(name.to_owned(), what.into())),
        None => Ok(()),
    }
}

/// The code of the first start of frame, which tells the coding process (ITU-T T.81, table B.1; T.87 for 0xF7).
fn process(bytes: &[u8]) -> Option<u8> {
    let mut found = None;
    walk(bytes, |code| {
        let is_start = matches!(code, 0xC0..=0xCF | 0xF7) && !matches!(code, 0xC4 | 0xC8 | 0xCC);
        if is_start && found.is_none() {
            found = Some(code);
        }
    });
    found
}

/// The name of a process that is not read.
fn unread(code: u8) -> Option<&'static str> {
    Some(match code {
        0xC0..=0xC2 => return None,
        0xC3 => "a lossless JPEG",
        0xC5..=0xC7 => "a hierarchical JPEG",
        0xF7 => "a JPEG-LS picture",
        _ => "a JPEG with arithmetic coding",
    })
}

/// Whether the end-of-image marker is reached by walking the file's segments (ITU-T T.81, B.1.1).
/// What lies behind it (a second picture, a video) does not matter.
fn is_whole(bytes: &[u8]) -> bool {
    walk(bytes, |_| {})
}

/// Walks the segments and shows their markers; whether the end is reached.
fn walk(bytes: &[u8], mut see: impl FnMut(u8)) -> bool {
    // 0xFF, perhaps repeated, then the marker's code; anything in between is skipped over.
    let next_marker = |mut at: usize| loop {
        match bytes.get(at..at + 2)? {
            [0xFF, code] if !matches!(code, 0x00 | 0xFF) => return Some((*code, at + 2)),
            _ => at += 1,
        }
    };
    let mut at = 0;
    while let Some((code, after)) = next_marker(at) {
        see(code);
        at = match code {
            0xD9 => return true,
            // Start of image, restarts, TEM: no parameters. Restarts stand inside a scan's data,
            // which `next_marker` walks over, as 0xFF is stuffed with 0x00 there.
            0xD0..=0xD8 | 0x01 => after,
            _ => match bytes.get(after..after + 2) {
                Some(&[high, low]) => after + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_whole, process, unread};

    #[test]
    fn processes_are_told_apart() {
        let of = |code| process(&[0xFF, 0xD8, 0xFF, 0xC4, 0, 2, 0xFF, code, 0, 2, 0xFF, 0xD9]);
        assert_eq!(of(0xC2).and_then(unread), None);
        assert_eq!(of(0xC3).and_then(unread), Some("a lossless JPEG"));
        assert_eq!(of(0xF7).and_then(unread), Some("a JPEG-LS picture"));
    }

    #[test]
    fn the_end_marker_must_be_reached() {
        let scan = [0xFF, 0xDA, 0, 2, 1, 0xFF, 0x00, 2, 0xFF, 0xD0, 3];
        let start = [0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xD9, 0xFF, 0xD9];
        let whole = [&start[..], &scan, &[0xFF, 0xD9], b"trailer"].concat();
        assert!(is_whole(&whole));
        let end = start.len() + scan.len();
        assert!(!is_whole(&whole[..end]));
        assert!(!is_whole(&whole[..end + 1]));
        // The end marker of a preview inside a segment does not count.
        assert!(!is_whole(&start));
        assert!(!is_whole(&[]));
    }
}
