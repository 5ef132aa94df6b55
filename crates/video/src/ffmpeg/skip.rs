//! Seeking: a decoder that begins with a key frame in the middle of a file.

use super::decode::Decoder;
use super::input::{Pick, Place};
use super::timebase::{ratio, seconds};
use crate::time::Rational;
use ffmpeg_next::frame;

/// Demuxers, by FFmpeg's names, of files that know where their key frames are, and whose clock does not begin anew.
const INDEXED: &[&str] = &["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"];

/// So many seconds before the place the key frame is sought: indices count times of decoding, which come before those of
/// showing.
const MARGIN_S: i128 = 1;

/// A decoder that begins with a key frame between `from` and `at`, both in seconds of the file's clock, and that frame.
///
/// What is shown after a key frame does not need what was decoded before it. `None` where it is not sure that the
/// decoder began so: it gives out another frame first, or one without a time, or refused a packet.
pub(super) fn decoder_between(
    place: &Place,
    stream: usize,
    threads: Option<usize>,
    (from, at): (Rational, Rational),
) -> Option<(Decoder, frame::Video)> {
    let Place::File(..) = place else { return None };
    let mut input = place.open().ok()?;
    if !INDEXED.contains(&input.format().name()) {
        return None;
    }
    let latest_us = (at - Rational::from_integer(MARGIN_S)) * 1_000_000;
    let latest_us = i64::try_from(latest_us.floor().to_integer()).ok()?;
    input.seek(latest_us, ..latest_us).ok()?;
    let mut decoder = Decoder::of(input, Pick::Index(stream), threads).ok()?;
    let first = decoder.next()?;
    let tick = ratio(decoder.stream().ok()?.time_base())?;
    let time = seconds(first.timestamp()?, tick)?;
    let is_whole = first.is_key() && decoder.refused == 0;
    (is_whole && from < time && time < at).then_some((decoder, first))
}
