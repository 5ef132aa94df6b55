//! Pixel formats and frames: libswscale, format descriptors, fields of `AVFrame`.

use ffmpeg::ffi;
use ffmpeg::format::Pixel;
use ffmpeg::software::scaling;
use ffmpeg::{color, frame};
use ffmpeg_next as ffmpeg;
use std::os::raw::c_int;
use std::ptr;

/// One side of a conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    /// Pixel format.
    pub pixel: Pixel,
    /// Luma weights; without effect where the pixel format is RGB.
    pub matrix: color::Space,
    /// Whether all codes are used, where the pixel format is not RGB.
    pub full_range: bool,
}

/// Converts pixel formats, and sizes, with libswscale.
pub struct Scaler {
    context: ptr::NonNull<ffi::SwsContext>,
    from: (Pixel, u32, u32),
    to: (Pixel, u32, u32),
}

// SAFETY: an SwsContext is plain memory without thread affinity, and it is used from one thread at
// a time because `run` takes `&mut self`.
unsafe impl Send for Scaler {}

impl Scaler {
    /// A converter for pictures of `width × height`.
    pub fn new(from: Side, to: Side, width: u32, height: u32) -> Result<Self, ffmpeg::Error> {
        Self::between(from, to, [(width, height); 2])
    }

    /// A converter of pictures from one size, width × height, to another.
    pub fn between(from: Side, to: Side, sizes: [(u32, u32); 2]) -> Result<Self, ffmpeg::Error> {
        // Area is the scaler's filter where chroma is resampled, bicubic, as of FFmpeg's own filter, where the whole
        // picture is; rounding is exact, and chroma is not dropped to half width on the way to RGB.
        let filter = match sizes[0] == sizes[1] {
            true => scaling::Flags::AREA,
            false => scaling::Flags::BICUBIC,
        };
        let flags = filter | scaling::Flags::ACCURATE_RND | scaling::Flags::FULL_CHR_H_INT;
        let [(from_width, from_height), (to_width, to_height)] = sizes;
        let pixel = |side: Side| i64::from(ffi::AVPixelFormat::from(side.pixel) as c_int);
        // The ranges must be known before the context is made: it may choose to copy.
        let options = [
            (c"sws_flags", i64::from(flags.bits())),
            (c"srcw", from_width.into()),
            (c"srch", from_height.into()),
            (c"src_format", pixel(from)),
            (c"src_range", from.full_range.into()),
            (c"dstw", to_width.into()),
            (c"dsth", to_height.into()),
            (c"dst_format", pixel(to)),
            (c"dst_range", to.full_range.into()),
        ];
        // SAFETY: it takes nothing, and returns a context of its own, or null.
        let context = ptr::NonNull::new(unsafe { ffi::sws_alloc_context() });
        let scaler = Self {
            context: context.ok_or(ffmpeg::Error::Unknown)?,
            from: (from.pixel, from_width, from_height),
            to: (to.pixel, to_width, to_height),
        };
        let context = scaler.context.as_ptr();
        for (name, value) in options {
            // SAFETY: the context is live and begins with its AVClass; the name is a C string.
            match unsafe { ffi::av_opt_set_int(context.cast(), name.as_ptr(), value, 0) } {
                n if n >= 0 => {}
                e => return Err(ffmpeg::Error::from(e)),
            }
        }
        // SAFETY: the context is live, and its filters may be null.
        match unsafe { ffi::sws_init_context(context, ptr::null_mut(), ptr::null_mut()) } {
            n if n >= 0 => {}
            e => return Err(ffmpeg::Error::from(e)),
        }
        let neutral = 1 << 16;
        // SAFETY: the context is valid and initialised; the tables are static arrays of libswscale,
        // which returns its default for a matrix that it does not know. A negative result says that
        // the pair of formats takes no matrix, and then there is nothing to be set.
        unsafe {
            ffi::sws_setColorspaceDetails(
                context,
                ffi::sws_getCoefficients(ffi::AVColorSpace::from(from.matrix) as c_int),
                c_int::from(from.full_range),
                ffi::sws_getCoefficients(ffi::AVColorSpace::from(to.matrix) as c_int),
                c_int::from(to.full_range),
                0,
                neutral,
                neutral,
            );
        }
        Ok(scaler)
    }

    /// Converts one frame.
    pub fn run(&mut self, frame: &frame::Video) -> Result<frame::Video, ffmpeg::Error> {
        if (frame.format(), frame.width(), frame.height()) != self.from {
            return Err(ffmpeg::Error::InputChanged);
        }
        let (pixel, width, height) = self.to;
        let mut out = frame::Video::new(pixel, width, height);
        // SAFETY: the context is initialised for frames of the size and format of these two, which are live and hold
        // their planes.
        let rows = unsafe {
            let (from, to) = (frame.as_ptr(), out.as_mut_ptr());
            ffi::sws_scale(
                self.context.as_ptr(),
                (*from).data.as_ptr().cast(),
                (*from).linesize.as_ptr(),
                0,
                self.from.2 as c_int,
                (*to).data.as_ptr(),
                (*to).linesize.as_ptr(),
            )
        };
        match rows {
            n if n >= 0 => Ok(out),
            e => Err(ffmpeg::Error::from(e)),
        }
    }
}

impl Drop for Scaler {
    fn drop(&mut self) {
        // SAFETY: the context is live and nobody else's.
        unsafe { ffi::sws_freeContext(self.context.as_ptr()) }
    }
}

/// Whether a plane is stored bottom up, which [`frame::Video::data`] does not provide for.
pub fn is_flipped(frame: &frame::Video) -> bool {
    // SAFETY: the pointer of a live frame is valid.
    unsafe { (*frame.as_ptr()).linesize.iter().any(|&l| l < 0) }
}

/// Copies times, tags and field order from a frame to the one made of it.
pub fn copy_properties(from: &frame::Video, to: &mut frame::Video) -> Result<(), ffmpeg::Error> {
    // SAFETY: both are live frames.
    match unsafe { ffi::av_frame_copy_props(to.as_mut_ptr(), from.as_ptr()) } {
        n if n >= 0 => Ok(()),
        e => Err(ffmpeg::Error::from(e)),
    }
}

/// The pixel format of `list` that loses least of `source`.
pub fn nearest_format(list: &[Pixel], source: Pixel, has_alpha: bool) -> Option<Pixel> {
    let list: Vec<ffi::AVPixelFormat> = list
        .iter()
        .map(|&p| p.into())
        .chain([ffi::AVPixelFormat::AV_PIX_FMT_NONE])
        .collect();
    // SAFETY: the list ends with AV_PIX_FMT_NONE; the pointer to the losses may be null.
    let found = unsafe {
        ffi::avcodec_find_best_pix_fmt_of_list(
            list.as_ptr(),
            source.into(),
            c_int::from(has_alpha),
            ptr::null_mut(),
        )
    };
    Some(Pixel::from(found)).filter(|p| *p != Pixel::None)
}

/// Whether containers that hold bare samples have a code for this pixel format.
pub fn has_raw_tag(pixel: Pixel) -> bool {
    // SAFETY: it only looks into a static table.
    unsafe { ffi::avcodec_pix_fmt_to_codec_tag(pixel.into()) != 0 }
}

/// What a pixel format can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelFacts {
    /// Bits of the deepest component.
    pub depth: u8,
    /// Grey, colour, and alpha apart.
    pub components: u8,
    /// Whether it has alpha, by a palette too.
    pub alpha: bool,
    /// Whether the components are red, green and blue.
    pub rgb: bool,
    /// Whether it holds indices into a palette.
    pub palette: bool,
    /// Whether the frames lie in a device's memory.
    pub hardware: bool,
    /// Whether the samples lie in memory as plain integers of whole bits.
    pub plain: bool,
    /// Chroma shifts x and y.
    pub chroma_shift: (u8, u8),
}

/// The facts of a pixel format; `None` for one that FFmpeg does not know.
pub fn pixel_facts(pixel: Pixel) -> Option<PixelFacts> {
    let descriptor = pixel.descriptor()?;
    // SAFETY: descriptors are static data of libavutil.
    let (flags, comp) = unsafe { ((*descriptor.as_ptr()).flags, (*descriptor.as_ptr()).comp) };
    let has = |flag: c_int| flags & (flag as u64) != 0;
    let odd = [
        ffi::AV_PIX_FMT_FLAG_HWACCEL as c_int,
        ffi::AV_PIX_FMT_FLAG_BAYER as c_int,
        ffi::AV_PIX_FMT_FLAG_FLOAT as c_int,
        ffi::AV_PIX_FMT_FLAG_BITSTREAM as c_int,
    ];
    let used = &comp[..usize::from(descriptor.nb_components()).min(comp.len())];
    Some(PixelFacts {
        depth: used.iter().map(|c| c.depth).max().unwrap_or(0) as u8,
        components: descriptor.nb_components(),
        alpha: has(ffi::AV_PIX_FMT_FLAG_ALPHA as c_int),
        rgb: has(ffi::AV_PIX_FMT_FLAG_RGB as c_int),
        palette: has(ffi::AV_PIX_FMT_FLAG_PAL as c_int),
        hardware: has(ffi::AV_PIX_FMT_FLAG_HWACCEL as c_int),
        plain: !odd.into_iter().any(has),
        chroma_shift: (descriptor.log2_chroma_w(), descriptor.log2_chroma_h()),
    })
}
