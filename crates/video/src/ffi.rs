//! The few FFmpeg fields and calls for which `ffmpeg-next` has no safe door.
#![allow(unsafe_code)]

use ffmpeg::ffi;
use ffmpeg::format::Pixel;
use ffmpeg::packet::side_data::Type as StreamData;
use ffmpeg::packet::{Mut, Ref};
use ffmpeg::software::scaling;
use ffmpeg::{Packet, chroma, codec, color, encoder, format, frame};
use ffmpeg_next as ffmpeg;

use std::ffi::{CStr, CString};
use std::os::raw::c_int;
use std::ptr;

/// Blocks of so many bytes and more are taken from the system and given back one by one: planes of 1080p and above.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const SINGLE_BLOCK_BYTES: c_int = 4 << 20;

/// So much free memory at the heap's end goes back, too: glibc's own choice.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const TRIMMED_BYTES: c_int = 128 << 10;

/// Blocks below this stay with the process when they are freed: planes of every picture that is not far above 4K.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_BLOCK_BYTES: c_int = 1 << 30;

/// Lets freed memory be used again instead of giving it back: the system clears every page that it hands out, which
/// takes longer than what is then written there (measured: 2 ms of CPU time for each plane of 1080p).
pub fn reuse_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets two numbers of the allocator, which takes its own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_BLOCK_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BLOCK_BYTES);
    }
}

/// Keeps the memory of a long run flat. Left to itself, glibc raises that size up to 32 MiB as blocks are freed, and the
/// holes that are left between large blocks grow: at 3840×2160 a run stood at 1.4 GiB after 75 s and rose, and at 1.1 GiB with
/// this. Costs about 2 % of the CPU time of 1080p with the preset `fast`.
pub fn keep_memory_flat() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets two numbers of the allocator, which takes its own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, SINGLE_BLOCK_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, TRIMMED_BYTES);
    }
}

/// The AV1 encoder SVT-AV1 prints its settings on stderr. FFmpeg does not reach its log; this variable of its own does,
/// unless the user has set it.
pub fn quiet_libraries() {
    const LOG: &str = "SVT_LOG";
    if std::env::var_os(LOG).is_none() {
        // Fatal errors alone: all others come back through FFmpeg.
        // SAFETY: no other thread runs yet that could read the environment; the caller sees to it.
        unsafe { std::env::set_var(LOG, "0") };
    }
}

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

/// Whether FFmpeg knows a container for the name.
pub fn has_muxer(name: &str) -> bool {
    muxer(name).is_some()
}

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

/// Whether the container for the name keeps the times of single frames.
pub fn has_variable_rates(name: &str) -> bool {
    let Ok(name) = CString::new(name) else {
        return false;
    };
    // SAFETY: the name is a C string that outlives the call, the other two may be null; a muxer that is found is valid for
    // the whole run.
    unsafe {
        let muxer = ffi::av_guess_format(ptr::null(), name.as_ptr(), ptr::null());
        // MP4 and its kin hold a duration for every frame, though FFmpeg does not set the flag for all of them.
        !muxer.is_null()
            && ((*muxer).flags & ffi::AVFMT_VARIABLE_FPS != 0
                || matches!(
                    CStr::from_ptr((*muxer).name).to_bytes(),
                    b"mp4" | b"mov" | b"ipod"
                ))
    }
}

/// Whether FFmpeg takes the name for that of image files, one for each frame.
pub fn is_image_name(name: &str) -> bool {
    let Ok(name) = CString::new(name) else {
        return false;
    };
    // SAFETY: the name is a C string that outlives the call, the other two may be null; the name of
    // a registered muxer is a C string.
    unsafe {
        let muxer = ffi::av_guess_format(ptr::null(), name.as_ptr(), ptr::null());
        !muxer.is_null() && CStr::from_ptr((*muxer).name) == c"image2"
    }
}

/// Whether a container can hold a codec; true where it does not know.
///
/// A container without place for sound holds its own video codec alone.
pub fn can_hold(container: &format::Output, codec: codec::Id) -> bool {
    // SAFETY: the pointer of a registered muxer is valid for the whole run.
    unsafe { muxer_can_hold(container.as_ptr(), codec) }
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

/// [`can_hold`] for the container of a file name.
pub fn file_can_hold(name: &str, codec: codec::Id) -> bool {
    let Ok(name) = CString::new(name) else {
        return false;
    };
    // SAFETY: the name is a C string that outlives the call, the other two may be null; what is
    // found is a registered muxer.
    unsafe {
        let muxer = ffi::av_guess_format(ptr::null(), name.as_ptr(), ptr::null());
        !muxer.is_null() && muxer_can_hold(muxer, codec)
    }
}

/// # Safety
/// `muxer` must be a registered muxer.
unsafe fn muxer_can_hold(muxer: *const ffi::AVOutputFormat, codec: codec::Id) -> bool {
    let id: ffi::AVCodecID = codec.into();
    // SAFETY: the caller's promise; a muxer's name is a C string.
    unsafe {
        let name = CStr::from_ptr((*muxer).name).to_bytes();
        // QuickTime's muxer lists these, and then says that only MP4 has them.
        if matches!(name, b"mov" | b"ipod")
            && matches!(codec, codec::Id::FLAC | codec::Id::OPUS | codec::Id::TRUEHD)
        {
            return false;
        }
        let known = ffi::avformat_query_codec(muxer, id, ffi::FF_COMPLIANCE_EXPERIMENTAL);
        if known >= 0 || (*muxer).audio_codec != ffi::AVCodecID::AV_CODEC_ID_NONE {
            return known != 0;
        }
        id == (*muxer).video_codec
            || (name == b"image2"
                && ffi::avcodec_get_type(id) == ffi::AVMediaType::AVMEDIA_TYPE_VIDEO)
    }
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

/// Whether a container has place for more than one stream.
pub fn holds_several(container: &format::Output) -> bool {
    // SAFETY: the pointer of a registered muxer is valid for the whole run.
    let sound = unsafe { (*container.as_ptr()).audio_codec };
    sound != ffi::AVCodecID::AV_CODEC_ID_NONE
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

/// Keeps the stream's four-character code if the container gives it the same meaning, and leaves it
/// to the container otherwise.
pub fn settle_codec_tag(container: &format::Output, stream: &mut format::stream::StreamMut) {
    // SAFETY: the pointers of a registered muxer and of a live stream are valid; the table is null
    // or ends with a null pointer, which both look-ups take.
    unsafe {
        let table = (*container.as_ptr()).codec_tag;
        let parameters = (*stream.as_mut_ptr()).codecpar;
        let tag = (*parameters).codec_tag;
        if ffi::av_codec_get_id(table, tag) != (*parameters).codec_id {
            (*parameters).codec_tag = 0;
        }
    }
}

/// The stream's four-character code.
pub fn codec_tag(stream: &format::stream::Stream) -> [u8; 4] {
    // SAFETY: the pointer of a live stream and that of its parameters are valid.
    unsafe { (*(*stream.as_ptr()).codecpar).codec_tag.to_le_bytes() }
}

/// Sets the stream's four-character code.
pub fn set_codec_tag(stream: &mut format::stream::StreamMut, tag: [u8; 4]) {
    // SAFETY: the pointer of a live stream and that of its parameters are valid.
    unsafe { (*(*stream.as_mut_ptr()).codecpar).codec_tag = u32::from_le_bytes(tag) }
}

/// Copies what marks a stream as default, forced, cover picture, and so on.
pub fn copy_disposition(from: &format::stream::Stream, to: &mut format::stream::StreamMut) {
    // SAFETY: the pointers of live streams are valid; the field is a plain integer.
    unsafe { (*to.as_mut_ptr()).disposition = (*from.as_ptr()).disposition }
}

/// Copies rotation, mastering display, light level and other data that go with the whole stream,
/// as far as they are wanted.
pub fn copy_side_data(
    from: &format::stream::Stream,
    to: &mut format::stream::StreamMut,
    wanted: impl Fn(StreamData) -> bool,
) -> Result<(), ffmpeg::Error> {
    from.side_data()
        .filter(|data| wanted(data.kind()))
        .try_for_each(|data| add_side_data(to, data.kind(), data.data()))
}

/// Gives a stream side data of a kind that it does not have.
pub fn add_side_data(
    to: &mut format::stream::StreamMut,
    kind: StreamData,
    bytes: &[u8],
) -> Result<(), ffmpeg::Error> {
    // SAFETY: the pointer of a live stream is valid; the new block has the size asked for, or is
    // null, and cannot overlap the bytes.
    unsafe {
        let block = new_side_data(to.as_mut_ptr(), kind.into(), bytes.len());
        if block.is_null() {
            return Err(ffmpeg::Error::Other {
                errno: ffmpeg::error::ENOMEM,
            });
        }
        ptr::copy_nonoverlapping(bytes.as_ptr(), block, bytes.len());
    }
    Ok(())
}

/// A block of side data in the stream, or null.
///
/// # Safety
/// `stream` must be a live stream.
#[cfg(not(ffmpeg_8_0))]
unsafe fn new_side_data(
    stream: *mut ffi::AVStream,
    kind: ffi::AVPacketSideDataType,
    size: usize,
) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { ffi::av_stream_new_side_data(stream, kind, size) }
}

/// A block of side data in the stream, or null. FFmpeg 8 keeps it with the codec's parameters.
///
/// # Safety
/// `stream` must be a live stream.
#[cfg(ffmpeg_8_0)]
unsafe fn new_side_data(
    stream: *mut ffi::AVStream,
    kind: ffi::AVPacketSideDataType,
    size: usize,
) -> *mut u8 {
    // SAFETY: the caller's promise; the parameters of a live stream are valid.
    unsafe {
        let parameters = (*stream).codecpar;
        let entry = ffi::av_packet_side_data_new(
            &mut (*parameters).coded_side_data,
            &mut (*parameters).nb_coded_side_data,
            kind,
            size,
            0,
        );
        if entry.is_null() {
            ptr::null_mut()
        } else {
            (*entry).data
        }
    }
}

/// Lets the demuxer pass over a stream's packets.
pub fn discard(stream: &mut format::stream::StreamMut) {
    // SAFETY: the pointer of a live stream is valid; the field is a plain enum.
    unsafe { (*stream.as_mut_ptr()).discard = ffi::AVDiscard::AVDISCARD_ALL }
}

/// What muxers read beside the bytes of a packet: extradata and palettes that change, and the alpha of VP8 and VP9.
const MUXED_SIDE_DATA: [ffi::AVPacketSideDataType; 3] = [
    ffi::AVPacketSideDataType::AV_PKT_DATA_NEW_EXTRADATA,
    ffi::AVPacketSideDataType::AV_PKT_DATA_PALETTE,
    ffi::AVPacketSideDataType::AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL,
];

/// Side data of a packet.
pub struct SideData {
    /// Place in [`MUXED_SIDE_DATA`].
    pub kind: u8,
    pub bytes: Vec<u8>,
}

/// All flags of a packet, and its side data as far as muxers read it.
pub fn flags_and_side_data(packet: &Packet) -> (i32, Vec<SideData>) {
    // SAFETY: the pointer of a live packet is valid.
    let packet = unsafe { &*packet.as_ptr() };
    let count = usize::try_from(packet.side_data_elems).unwrap_or(0);
    let all = (0..count).filter_map(|index| {
        // SAFETY: the packet has so many entries, each of which holds `size` bytes.
        let entry = unsafe { &*packet.side_data.add(index) };
        let kind = MUXED_SIDE_DATA.iter().position(|k| *k == entry.type_)?;
        // SAFETY: as above.
        let bytes = unsafe { std::slice::from_raw_parts(entry.data, entry.size) };
        Some(SideData {
            kind: u8::try_from(kind).ok()?,
            bytes: bytes.to_vec(),
        })
    });
    (packet.flags, all.collect())
}

/// Whether an edit list leaves the packet out: it is there for the decoder alone, and not shown.
pub fn is_hidden(packet: &Packet) -> bool {
    // SAFETY: the pointer of a live packet is valid; the field is a plain integer.
    unsafe { (*packet.as_ptr()).flags & ffi::AV_PKT_FLAG_DISCARD != 0 }
}

/// Gives a packet what [`flags_and_side_data`] took from another.
pub fn set_flags_and_side_data(
    packet: &mut Packet,
    flags: i32,
    side_data: &[SideData],
) -> Result<(), ffmpeg::Error> {
    let packet = packet.as_mut_ptr();
    // SAFETY: the pointer of a live packet is valid; the field is a plain integer.
    unsafe { (*packet).flags = flags }
    for SideData { kind, bytes } in side_data {
        let kind = MUXED_SIDE_DATA.get(usize::from(*kind));
        let kind = *kind.ok_or(ffmpeg::Error::InvalidData)?;
        // SAFETY: the pointer of a live packet is valid.
        let block = unsafe { ffi::av_packet_new_side_data(packet, kind, bytes.len()) };
        if block.is_null() {
            return Err(ffmpeg::Error::Other {
                errno: ffmpeg::error::ENOMEM,
            });
        }
        // SAFETY: the new block has this size, and cannot overlap the bytes.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), block, bytes.len()) }
    }
    Ok(())
}

/// Copies times, tags and field order from a frame to the one made of it.
pub fn copy_properties(from: &frame::Video, to: &mut frame::Video) -> Result<(), ffmpeg::Error> {
    // SAFETY: both are live frames.
    match unsafe { ffi::av_frame_copy_props(to.as_mut_ptr(), from.as_ptr()) } {
        n if n >= 0 => Ok(()),
        e => Err(ffmpeg::Error::from(e)),
    }
}

/// The display matrix that neither turns nor mirrors, as bytes.
pub fn upright() -> Vec<u8> {
    // 16.16 fixed point, the last column 2.30 (FFmpeg's display.h).
    let matrix: [i32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];
    matrix.iter().flat_map(|v| v.to_ne_bytes()).collect()
}

/// The version of the libavformat that runs, as major and minor.
pub fn format_version() -> (u32, u32) {
    let version = format::version();
    (version >> 16, (version >> 8) & 0xff)
}
