//! Completeness check of JPEG files: the decoder fills what is missing with grey and reports nothing.

/// Whether the end-of-image marker is reached by walking the file's segments (ITU-T T.81, B.1.1).
/// What lies behind it (a second picture, a video) does not matter.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    // 0xFF, perhaps repeated, then the marker's code; anything in between is skipped over.
    let next_marker = |mut at: usize| loop {
        match bytes.get(at..at + 2)? {
            [0xFF, code] if !matches!(code, 0x00 | 0xFF) => return Some((*code, at + 2)),
            _ => at += 1,
        }
    };
    let mut at = 0;
    while let Some((code, after)) = next_marker(at) {
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
    use super::is_whole;

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
