//! The few FFmpeg fields and calls for which `ffmpeg-next` has no safe door.
#![allow(unsafe_code)]

use ffmpeg::ffi;
use ffmpeg::format::Pixel;
use ffmpeg::software::scaling;
use ffmpeg::{color, frame};
use ffmpeg_next as ffmpeg;
use std::os::raw::c_int;

/// One side of a conversion.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    /// Pixel format.
    pub pixel: Pixel,
    /// Luma weights; without effect where the pixel format is RGB.
    pub matrix: color::Space,
    /// Whether all codes are used, where the pixel format is not RGB.
    pub full_range: bool,
}

/// Converts pixel formats at one size with libswscale.
pub struct Scaler(scaling::Context);

// SAFETY: an SwsContext is plain memory without thread affinity, and it is used from one thread at
// a time because `run` takes `&mut self`.
unsafe impl Send for Scaler {}

impl Scaler {
    /// A converter for pictures of `width × height`.
    pub fn new(from: Side, to: Side, width: u32, height: u32) -> Result<Self, ffmpeg::Error> {
        // Area is the scaler's filter where chroma is resampled; rounding is exact, and chroma is
        // not dropped to half width on the way to RGB.
        let flags =
            scaling::Flags::AREA | scaling::Flags::ACCURATE_RND | scaling::Flags::FULL_CHR_H_INT;
        let mut context =
            scaling::Context::get(from.pixel, width, height, to.pixel, width, height, flags)?;
        let neutral = 1 << 16;
        // SAFETY: the context is valid and initialised; the tables are static arrays of libswscale,
        // which returns its default for a matrix that it does not know. A negative result says that
        // the pair of formats takes no matrix, and then there is nothing to be set.
        unsafe {
            ffi::sws_setColorspaceDetails(
                context.as_mut_ptr(),
                ffi::sws_getCoefficients(ffi::AVColorSpace::from(from.matrix) as c_int),
                c_int::from(from.full_range),
                ffi::sws_getCoefficients(ffi::AVColorSpace::from(to.matrix) as c_int),
                c_int::from(to.full_range),
                0,
                neutral,
                neutral,
            );
        }
        Ok(Self(context))
    }

    /// Converts one frame.
    pub fn run(&mut self, frame: &frame::Video) -> Result<frame::Video, ffmpeg::Error> {
        let mut out = frame::Video::empty();
        self.0.run(frame, &mut out)?;
        Ok(out)
    }
}

/// Whether a plane is stored bottom up, which [`frame::Video::data`] does not provide for.
pub fn is_flipped(frame: &frame::Video) -> bool {
    // SAFETY: the pointer of a live frame is valid.
    unsafe { (*frame.as_ptr()).linesize.iter().any(|&l| l < 0) }
}
