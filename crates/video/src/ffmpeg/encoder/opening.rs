//! What an encoder is opened with.

use crate::clip::Info;
use crate::ffmpeg::color::ColorTags;
use crate::ffmpeg::hdr::Extras;
use crate::options::Encoding;
use crate::time::Rational;
use ffmpeg_next::Codec;
use ffmpeg_next::format::Pixel;

/// All that an encoder is opened with.
pub(super) struct Opening {
    pub(super) codec: Codec,
    pub(super) pixel: Pixel,
    pub(super) info: Info,
    /// Frames per second, about, and the tick in seconds.
    pub(super) times: (Rational, Rational),
    pub(super) encoding: Encoding,
    pub(super) tags: ColorTags,
    pub(super) extras: Extras,
    pub(super) global_header: bool,
}
