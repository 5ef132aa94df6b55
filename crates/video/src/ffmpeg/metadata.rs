//! Metadata, dispositions and side data of streams, and which of them outlast a file.

use super::library::failed;
use crate::clip::Result;
use crate::ffi;
use ffmpeg_next::format::stream::{Stream, StreamMut};
use ffmpeg_next::packet::side_data::Type as SideData;
use ffmpeg_next::{Dictionary, codec, media};

/// Names and values.
pub(super) type Tags = Vec<(String, String)>;

/// Tags that say something of the content.
pub(super) fn lasting<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Tags {
    tags.filter(|(key, _)| !is_stale(key))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

pub(super) fn dictionary(tags: &Tags) -> Dictionary<'static> {
    let mut all = Dictionary::new();
    for (key, value) in tags {
        all.set(key, value);
    }
    all
}

/// Tags that describe the old file and not its content.
fn is_stale(key: &str) -> bool {
    matches!(
        key,
        "major_brand" | "minor_version" | "compatible_brands" | "DURATION" | "rotate"
    ) || is_of_encoder(key)
        || ["BPS", "NUMBER_OF_", "_STATISTICS"]
            .iter()
            .any(|p| key.starts_with(p))
}

/// Whether a tag names the encoder or its settings; Matroska has them in capitals.
fn is_of_encoder(key: &str) -> bool {
    let begin = key.get(..ENCODER.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(ENCODER))
}

const ENCODER: &str = "encoder";

/// All that [`take_over`] does, for a stream whose bytes are copied: its encoder stays what it was.
pub(super) fn take_over_copied(from: &Stream, to: &mut StreamMut) -> Result<()> {
    take_over(from, to, |_| true)?;
    let mut tags = lasting(from.metadata().iter());
    let all = from.metadata();
    let encoder = all.iter().filter(|(key, _)| is_of_encoder(key));
    tags.extend(encoder.map(|(key, value)| (key.to_owned(), value.to_owned())));
    to.set_metadata(dictionary(&tags));
    Ok(())
}

/// Metadata, disposition and the wanted side data of a stream.
pub(super) fn take_over(
    from: &Stream,
    to: &mut StreamMut,
    wanted: impl Fn(SideData) -> bool,
) -> Result<()> {
    to.set_metadata(dictionary(&lasting(from.metadata().iter())));
    ffi::stream::copy_disposition(from, to);
    ffi::stream::copy_side_data(from, to, wanted).map_err(|why| failed("copying stream data", why))
}

/// `stream 3 (subtitle, subrip)`.
pub(super) fn name_of(stream: &Stream) -> String {
    let kind = match stream.parameters().medium() {
        media::Type::Video => "video",
        media::Type::Audio => "audio",
        media::Type::Subtitle => "subtitle",
        media::Type::Attachment => "attachment",
        media::Type::Data | media::Type::Unknown => "data",
    };
    match stream.parameters().id() {
        codec::Id::None => format!("stream {} ({kind})", stream.index()),
        id => format!("stream {} ({kind}, {})", stream.index(), id.name()),
    }
}
