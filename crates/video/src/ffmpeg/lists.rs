//! What demuxers may open: white lists of protocols and containers, and what is said where they are not enough.

use super::library::failed;
use crate::clip::{Error, Result};
use crate::ffi;
use crate::options::Access;
use crate::stop;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::Dictionary;
use ffmpeg_next::error::EPERM;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Demuxers, by FFmpeg's names, of lists whose files are opened by a call that can be watched, and the extensions of
/// those lists.
const LISTS: &[(&str, &[&str])] = &[("hls", &["m3u8", "m3u"]), ("concat", &["ffconcat"])];

/// Demuxers of lists of files under no name of their own, or of a script.
const FILES: &[&str] = &["imf", "vobsub", "avisynth", "vapoursynth"];

/// Demuxers that bind ports, or open what a list names without asking for the protocols that are allowed (DASH, up to
/// FFmpeg 5 at least).
const NETWORK: &[&str] = &["dash", "sdp", "rtsp", "rtp", "sap"];

/// Protocols of files, and of bytes that stand in the name.
const LOCAL: &str = "file,crypto,data";
const REMOTE: &str = "http,https,httpproxy,ftp,tcp,tls,udp,rtp,srtp,rtmp,rtmps,rtsp,srt";

/// The white lists for a file of this name.
pub(super) fn options(access: Access, path: Option<&Path>) -> Dictionary<'static> {
    let extension = path.and_then(Path::extension).and_then(|e| e.to_str());
    let extension = extension.unwrap_or("").to_ascii_lowercase();
    let is_named = |extensions: &[&str]| extensions.contains(&extension.as_str());
    let is_left_out = |name: &str| match access {
        Access::Network => false,
        Access::Files => NETWORK.contains(&name),
        Access::Folder => {
            let list = LISTS.iter().find(|(list, _)| *list == name);
            list.is_some_and(|(_, extensions)| !is_named(extensions))
                || FILES.contains(&name)
                || NETWORK.contains(&name)
        }
    };
    let mut options = Dictionary::new();
    options.set("format_whitelist", &ffi::input::demuxers(is_left_out));
    let protocols = match access {
        Access::Network => format!("{LOCAL},{REMOTE}"),
        Access::Folder | Access::Files => LOCAL.to_owned(),
    };
    options.set("protocol_whitelist", &protocols);
    let sets_nothing = || access == Access::Network || path.is_some_and(sets_no_options);
    if access != Access::Folder && is_named(&["ffconcat"]) && sets_nothing() {
        // Names that are absolute or lead upwards; no other demuxer has the option.
        options.set("safe", "0");
    }
    options
}

/// Whether a list of the concat demuxer sets no options, with which it could lift the white lists. What only looks so
/// counts, too, and so does a list that is longer than any in use.
fn sets_no_options(path: &Path) -> bool {
    const LONGEST: u64 = 1 << 20;
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
    let directive = b"option";
    read.is_ok_and(|length| length < LONGEST as usize)
        && !text.windows(directive.len()).any(|word| word == directive)
}

/// Why FFmpeg opens something not.
pub(super) fn refusal(why: ffmpeg::Error, access: Access) -> Error {
    match why {
        // What it says of containers and protocols that are not on the lists.
        ffmpeg::Error::Other { errno } if errno == ffmpeg::error::EINVAL => {
            let (files, network) = ("--allow-lists", "--allow-network");
            let how = match access {
                Access::Folder => {
                    format!("{files} follows those of files, {network} those of addresses too")
                }
                Access::Files | Access::Network => format!("{network} follows it"),
            };
            Error::Invalid(format!(
                "it is a list of other files or of network addresses (as DASH, SDP, concat, HLS), which is not followed; {how}"
            ))
        }
        // What the concat demuxer says of names that it does not hold for safe.
        ffmpeg::Error::Other { errno } if errno == EPERM && access == Access::Folder => {
            let why = "it is a list that names a file outside of its folder, or none by a plain name; --allow-lists opens it";
            Error::Invalid(why.to_owned())
        }
        why => failed("opening", why),
    }
}

/// At the end of what was read from this URL: that the user did not want it, and that the URL's is no list which named what
/// may not be opened.
pub(super) fn ended(url: Option<&str>) -> Result<()> {
    if stop::is_wished() {
        return Err(Error::Stopped);
    }
    let Some(asked) = url.and_then(ffi::input::refused) else {
        return Ok(());
    };
    let how = match asked.starts_with("file:") || !asked.contains("://") {
        true => "--allow-lists opens it",
        false => "--allow-network opens it",
    };
    let asked = asked.escape_debug();
    Err(Error::Invalid(format!(
        "it is a list that names {asked}, outside of its folder; {how}"
    )))
}
