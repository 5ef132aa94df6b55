//! Muxers, demuxers and codecs: what is registered, and what containers can hold.

use ffmpeg::ffi;
use ffmpeg::{chroma, codec, encoder, format};
use ffmpeg_next as ffmpeg;
use std::ffi::CString;
use std::os::raw::c_int;
use std::ptr;

/// The container that FFmpeg chooses for a file of this name.
pub fn muxer(name: &str) -> Option<format::Output> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name is a C string that outlives the call; the other two may be null.
    let found = unsafe { ffi::av_guess_format(ptr::null(), name.as_ptr(), ptr::null()) };
    // SAFETY: it is a registered muxer, which is valid for the whole run.
    (!found.is_null()).then(|| unsafe { format::Output::wrap(found.cast_mut()) })
}

/// The demuxer of this name.
pub fn demuxer(name: &str) -> Option<format::Input> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name is a C string that outlives the call.
    let found = unsafe { ffi::av_find_input_format(name.as_ptr()) };
    // SAFETY: it is a registered demuxer, which is valid for the whole run.
    (!found.is_null()).then(|| unsafe { format::Input::wrap(found.cast_mut()) })
}

/// Whether timestamps may start again within such a file: transport and program streams, HLS, Ogg.
pub fn may_begin_anew(input: &format::context::Input) -> bool {
    // SAFETY: the pointer of an open input's demuxer is valid for the whole run; the field is a plain integer.
    unsafe { (*input.format().as_ptr()).flags & ffi::AVFMT_TS_DISCONT as c_int != 0 }
}

/// Demuxers of elementary streams that FFmpeg does not mark as such.
const ELEMENTARY: &[&str] = &["m4v", "mpegvideo"];

/// Whether such a file holds no times at all: elementary streams, whose demuxers count frames at a rate that they guess.
pub fn has_no_times(input: &format::context::Input) -> bool {
    if ELEMENTARY.contains(&input.format().name()) {
        return true;
    }
    // SAFETY: the pointer of an open input's demuxer is valid for the whole run; the field is a plain integer.
    unsafe { (*input.format().as_ptr()).flags & ffi::AVFMT_NOTIMESTAMPS as c_int != 0 }
}

/// Whether a container can hold a codec; true where it does not know.
///
/// A container without place for sound holds its own video codec alone.
pub fn can_hold(container: &format::Output, codec: codec::Id) -> bool {
    let name = container.name();
    // QuickTime's muxer lists these, and then says that only MP4 has them.
    if matches!(name, "mov" | "ipod")
        && matches!(codec, codec::Id::FLAC | codec::Id::OPUS | codec::Id::TRUEHD)
    {
        return false;
    }
    let id: ffi::AVCodecID = codec.into();
    // SAFETY: the pointer of a registered muxer is valid for the whole run; the look-ups take any codec.
    unsafe {
        let muxer = container.as_ptr();
        let known = ffi::avformat_query_codec(muxer, id, ffi::FF_COMPLIANCE_EXPERIMENTAL);
        if known >= 0 || (*muxer).audio_codec != ffi::AVCodecID::AV_CODEC_ID_NONE {
            return known != 0;
        }
        id == (*muxer).video_codec
            || (name == "image2"
                && ffi::avcodec_get_type(id) == ffi::AVMediaType::AVMEDIA_TYPE_VIDEO)
    }
}

/// Whether a container has place for more than one stream.
pub fn holds_several(container: &format::Output) -> bool {
    // SAFETY: the pointer of a registered muxer is valid for the whole run.
    let sound = unsafe { (*container.as_ptr()).audio_codec };
    sound != ffi::AVCodecID::AV_CODEC_ID_NONE
}

/// An output of numbered images, which opens its files itself: what would be opened beside them is a file of the
/// pattern's own name.
pub fn images_output(url: &str) -> Result<format::context::Output, ffmpeg::Error> {
    let url = CString::new(url).map_err(|_| ffmpeg::Error::InvalidData)?;
    let mut context = ptr::null_mut();
    // SAFETY: both strings end with a zero, and the place for the context is ours.
    let code = unsafe {
        ffi::avformat_alloc_output_context2(
            &mut context,
            ptr::null_mut(),
            c"image2".as_ptr(),
            url.as_ptr(),
        )
    };
    if code < 0 || context.is_null() {
        return Err(ffmpeg::Error::from(code));
    }
    // SAFETY: the context is live and nobody else's; what is dropped with it is ended by FFmpeg's own calls.
    Ok(unsafe { format::context::Output::wrap(context) })
}

/// Whether a codec gives back all that it was given, as PCM and FLAC do.
pub fn is_lossless(codec: codec::Id) -> bool {
    // SAFETY: the look-up takes any number; descriptors are static data of libavcodec.
    unsafe {
        let descriptor = ffi::avcodec_descriptor_get(codec.into());
        !descriptor.is_null()
            && (*descriptor).props & ffi::AV_CODEC_PROP_LOSSLESS as c_int != 0
            && (*descriptor).props & ffi::AV_CODEC_PROP_LOSSY as c_int == 0
    }
}

/// Sets where the encoder is told that chroma sits.
pub fn set_chroma_location(encoder: &mut encoder::video::Video, location: chroma::Location) {
    // SAFETY: the pointer of a live context is valid; the field is a plain enum.
    unsafe { (*encoder.as_mut_ptr()).chroma_sample_location = location.into() }
}

/// Whether the context or its codec's private part has an option of this name.
pub fn has_option(encoder: &mut encoder::video::Video, name: &str) -> bool {
    let Ok(name) = CString::new(name) else {
        return false;
    };
    // SAFETY: a live AVCodecContext begins with its AVClass, as av_opt_find asks; the name is a C
    // string that outlives the call.
    unsafe {
        let context = encoder.as_mut_ptr().cast();
        let children = ffi::AV_OPT_SEARCH_CHILDREN;
        !ffi::av_opt_find(context, name.as_ptr(), ptr::null(), 0, children).is_null()
    }
}
