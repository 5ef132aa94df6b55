//! Playlists (HLS, RFC 8216) and lists of FFmpeg's concat demuxer: the local files that they consist of.

use otinterp_video::Access;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How a playlist begins, and how a list for concatenation does.
const HEADS: [&[u8]; 2] = [b"#EXTM3U", b"ffconcat version"];
/// A day of segments of one second is a tenth of it.
const MOST_BYTES: u64 = 1 << 24;

/// A file and, if it is a playlist, the files that it names, and those that these name; each once, in the order in which they are
/// named. What is not there is left out, and what lies outside the list's folder, where it may not be opened.
pub(super) fn with_parts(file: &Path, access: Access) -> Vec<PathBuf> {
    let folder = file.canonicalize().ok();
    let folder = folder.as_deref().and_then(Path::parent);
    let may_open = |place: &Path| {
        access != Access::Folder || folder.is_some_and(|folder| place.starts_with(folder))
    };
    let (mut all, mut seen) = (vec![file.to_owned()], BTreeSet::new());
    seen.extend(file.canonicalize());
    let mut read = 0;
    while let Some(next) = all.get(read).cloned() {
        read += 1;
        let Some(text) = playlist(&next) else {
            continue;
        };
        let folder = next.parent().unwrap_or(Path::new(""));
        for part in names(&text).iter().map(|name| folder.join(name)) {
            if let Ok(place) = part.canonicalize()
                && part.is_file()
                && may_open(&place)
                && seen.insert(place)
            {
                all.push(part);
            }
        }
    }
    all
}

/// The text of a playlist; nothing if it is none.
fn playlist(path: &Path) -> Option<String> {
    // Others are not opened: a named pipe can be read once.
    let is_file = path.metadata().is_ok_and(|file| file.is_file());
    let mut file = is_file.then(|| File::open(path).ok()).flatten()?;
    let mut bytes = Vec::new();
    let longest = HEADS.iter().map(|head| head.len()).max().unwrap_or(0);
    let mut head = file.by_ref().take(longest as u64);
    head.read_to_end(&mut bytes).ok()?;
    if !HEADS.iter().any(|head| bytes.starts_with(head)) {
        return None;
    }
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The names in a playlist or list, without `file:`.
fn names(text: &str) -> Vec<String> {
    let is_playlist = text.as_bytes().starts_with(HEADS[0]);
    let names = text.lines().filter_map(|line| match is_playlist {
        true => in_playlist(line.trim()).map(str::to_owned),
        false => in_list(line.trim()),
    });
    let names = names.map(|name| name.strip_prefix("file:").unwrap_or(&name).to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// A line that is no comment, or the value of `URI="…"`.
fn in_playlist(line: &str) -> Option<&str> {
    match line.strip_prefix('#') {
        Some(tag) => tag.split_once("URI=\"")?.1.split('"').next(),
        None => Some(line),
    }
}

/// The name after `file`: what stands between single quotes and behind a backslash is taken as it is (FFmpeg's `av_get_token`).
fn in_list(line: &str) -> Option<String> {
    let rest = line.strip_prefix("file")?;
    let mut left = rest.strip_prefix([' ', '\t'])?.trim_start().chars();
    let (mut name, mut is_quoted) = (String::new(), false);
    while let Some(c) = left.next() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '\\' if !is_quoted => name.extend(left.next()),
            ' ' | '\t' if !is_quoted => break,
            c => name.push(c),
        }
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_parts_are_found_once() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "main.m3u8",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"a/a.m3u8\"\r\na/v.m3u8\nhttp://x/y.ts\n",
        );
        write(
            "a/a.m3u8",
            "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n1.m4s\nnone.m4s\n../main.m3u8\n",
        );
        write("a/v.m3u8", "#EXTM3U\nfile:1.m4s\n\n");
        write("a/init.mp4", "i");
        write("a/1.m4s", "1");
        let found: BTreeSet<PathBuf> = with_parts(&dir.path().join("main.m3u8"), Access::Folder)
            .iter()
            .map(|path| path.canonicalize().unwrap())
            .collect();
        let root = dir.path().canonicalize().unwrap();
        let names = ["a/1.m4s", "a/a.m3u8", "a/init.mp4", "a/v.m3u8", "main.m3u8"];
        assert_eq!(found, names.iter().map(|name| root.join(name)).collect());
        let plain = dir.path().join("a/1.m4s");
        let alone = with_parts(&plain, Access::Folder);
        assert_eq!(alone, std::slice::from_ref(&plain));
    }

    #[test]
    fn the_files_of_a_list_are_named_as_ffmpeg_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("all.ffconcat");
        let parts = ["one.ts", "two words.ts", "it's.ts", "four.ts"];
        for part in parts {
            std::fs::write(dir.path().join(part), part).unwrap();
        }
        let text = "ffconcat version 1.0\n# file none.ts\nfile one.ts\nduration 2\nfile 'two words.ts'\n\
                    \tfile it\\'s.ts\nfile 'four'.ts\nfile gone.ts\nfiles x\n";
        std::fs::write(&list, text).unwrap();
        let found = with_parts(&list, Access::Folder);
        let expected = parts.map(|part| dir.path().join(part));
        assert_eq!(found, [&[list][..], &expected].concat());
        std::fs::write(dir.path().join("short"), "ff").unwrap();
        assert_eq!(
            with_parts(&dir.path().join("short"), Access::Folder).len(),
            1
        );
    }

    #[test]
    fn what_a_list_may_not_open_is_not_opened_here_either() {
        let dir = tempfile::tempdir().unwrap();
        let (list, outside) = (dir.path().join("in/l.m3u8"), dir.path().join("outside.ts"));
        std::fs::create_dir(dir.path().join("in")).unwrap();
        std::fs::write(&outside, "x").unwrap();
        let names = format!("#EXTM3U\n../outside.ts\n{}\n", outside.display());
        std::fs::write(&list, names).unwrap();
        assert_eq!(
            with_parts(&list, Access::Folder),
            std::slice::from_ref(&list)
        );
        assert_eq!(with_parts(&list, Access::Files).len(), 2);
    }
}
