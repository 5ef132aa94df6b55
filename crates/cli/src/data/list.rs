//! Lists that are written by hand: text of some lines.

use super::bytes::Opened;
use super::table::Failure;
use otinterp::limits::{MAX_LIST_BYTES, read_whole};
use std::path::Path;

/// Reads a text file of at most [`MAX_LIST_BYTES`], without the mark of byte order that some programs write.
pub fn read_list(path: &Path) -> anyhow::Result<String> {
    let name = path.display().to_string();
    let text = Opened::open(path)
        .map_err(Failure::System)
        .and_then(|opened| text(opened.stream()));
    text.map_err(|failure| failure.of(&name))
}

fn text(stream: impl std::io::Read) -> Result<String, Failure> {
    let Some(bytes) = read_whole(stream, MAX_LIST_BYTES)? else {
        let most = MAX_LIST_BYTES >> 20;
        return Err(Failure::Content(format!(
            "it is longer than {most} MiB, so it is no list that was written by hand"
        )));
    };
    let text = String::from_utf8(bytes).ok().filter(|t| !t.contains('\0'));
    let text = text.ok_or_else(|| Failure::Content("it is no text in UTF-8".into()))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}
