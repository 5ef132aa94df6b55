//! What would be written: encoder, pixel format and streams, as far as they can be told without writing.

use super::color::tags_of_pictures;
use super::container::{container_of, extension_of};
use super::copies::Copies;
use super::encoder::Encoder;
use super::input::open_any;
use super::origin::{Origin, tick_of};
use super::pixel;
use crate::clip::{Info, Result};
use crate::facts::Beside;
use crate::ffi::container::can_hold;
use crate::options::{Access, Encoding};
use crate::time::OutputClock;
use ffmpeg_next::media;
use std::path::Path;

/// What would become of the streams beside the video in a file of this name.
pub fn streams_beside(path: &Path, clock: &OutputClock, origin: &Origin) -> Result<Beside> {
    match &origin.piped {
        Some(piped) => Ok(Beside {
            left_out: piped.left_out.clone(),
            ..Beside::default()
        }),
        None => Copies::open(origin, clock.slowdown())?.fates(&container_of(path)?),
    }
}

/// Whether a file of this name holds all sound of a clip, its bytes unchanged; true of what cannot be opened.
pub fn holds_sound_of(clip: &Path, name: &Path, access: Access) -> bool {
    let Ok(container) = container_of(name) else {
        return true;
    };
    let Ok((input, _)) = open_any(clip, access) else {
        return true;
    };
    input.streams().all(|stream| {
        let parameters = stream.parameters();
        parameters.medium() != media::Type::Audio || can_hold(&container, parameters.id())
    })
}

/// FFmpeg's names of the encoder and of the pixel format that a file of this name would be written
/// with. The encoder is opened, so that settings which it refuses are found; nothing is written.
pub fn encoder_for(
    path: &Path,
    info: &Info,
    clock: &OutputClock,
    encoding: &Encoding,
    origin: Option<&Origin>,
) -> Result<(String, String)> {
    let (container, extension) = (container_of(path)?, extension_of(path));
    let tags = origin.map_or_else(|| tags_of_pictures(info), |o| o.tags);
    let times = (clock.rate(), tick_of(info, clock, origin));
    let encoder = Encoder::open(&container, &extension, info, times, encoding, tags, origin)?;
    let pixel = pixel::name(encoder.pixel);
    Ok((encoder.codec.name().to_owned(), pixel.to_owned()))
}
