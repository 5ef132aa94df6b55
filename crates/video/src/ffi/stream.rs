//! Streams and packets: codec tags, dispositions, side data.

use ffmpeg::Packet;
use ffmpeg::ffi;
use ffmpeg::format;
use ffmpeg::packet::side_data::Type as StreamData;
use ffmpeg::packet::{Mut, Ref};
use ffmpeg_next as ffmpeg;
use std::ptr;

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
