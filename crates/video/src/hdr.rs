//! What goes with the pictures beside their samples: HDR10 metadata, rotation, and what is lost.

use super::encoder::Encoder;
use super::ffi;
use super::source::ColorTags;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::frame::side_data::Type as FrameData;
use ffmpeg_next::packet::side_data::Type as StreamData;
use ffmpeg_next::{codec, format, frame};

/// Data that a clip's first frame, or its stream, has beside the samples.
#[derive(Debug, Clone, Default)]
pub(super) struct Extras {
    /// FFmpeg's `AVMasteringDisplayMetadata`.
    pub(super) mastering: Option<Vec<u8>>,
    /// FFmpeg's `AVContentLightMetadata`.
    pub(super) light: Option<Vec<u8>>,
    /// What belongs to single frames, and so to none of those that are made.
    pub(super) dynamic: Vec<&'static str>,
    /// Whether the picture is to be turned or mirrored by the player.
    pub(super) turned: bool,
}

/// Kinds of data whose every value belongs to one frame.
const DYNAMIC: &[(FrameData, &str)] = &[
    (FrameData::DOVI_RPU_BUFFER, "Dolby Vision metadata"),
    (FrameData::DYNAMIC_HDR_PLUS, "HDR10+ dynamic metadata"),
    (FrameData::DYNAMIC_HDR_VIVID, "HDR Vivid dynamic metadata"),
    (FrameData::A53CC, "closed captions inside the pictures"),
    (FrameData::FILM_GRAIN_PARAMS, "film grain parameters"),
];

impl Extras {
    /// Those of a frame, and of the stream for what the frame has not.
    pub(super) fn of(frame: &frame::Video, stream: &Stream) -> Self {
        let of_frame = |kind| frame.side_data(kind).map(|d| d.data().to_vec());
        let of_stream = |kind| {
            let mut all = stream.side_data();
            all.find(|d| d.kind() == kind).map(|d| d.data().to_vec())
        };
        let mut dynamic: Vec<&'static str> = DYNAMIC
            .iter()
            .filter(|(kind, _)| frame.side_data(*kind).is_some())
            .map(|(_, name)| *name)
            .collect();
        if dynamic.is_empty() && of_stream(StreamData::DOVI_CONF).is_some() {
            dynamic.push(DYNAMIC[0].1);
        }
        Self {
            mastering: of_frame(FrameData::MasteringDisplayMetadata)
                .or_else(|| of_stream(StreamData::MasteringDisplayMetadata)),
            light: of_frame(FrameData::ContentLightLevel)
                .or_else(|| of_stream(StreamData::ContentLightLevel)),
            dynamic,
            turned: of_stream(StreamData::DisplayMatrix).is_some_and(|m| m != ffi::upright()),
        }
    }

    /// x265's own options for the mastering display and the content light level.
    pub(super) fn x265_params(&self) -> Vec<String> {
        let mut params = Vec::new();
        if let Some(Mastering {
            primaries,
            luminance,
        }) = self.mastering.as_deref().and_then(mastering)
        {
            // Units of ITU-T H.265 D.3.28: 0.00002 for chromaticity, 0.0001 cd/m² for luminance.
            let point = |p: [f64; 2]| format!("({:.0},{:.0})", p[0] * 50_000.0, p[1] * 50_000.0);
            let [red, green, blue, white] = primaries.map(point);
            let [least, most] = luminance.map(|l| l * 10_000.0);
            params.push(format!(
                "master-display=G{green}B{blue}R{red}WP{white}L({most:.0},{least:.0})"
            ));
        }
        if let Some((content, average)) = self.light.as_deref().and_then(light_level) {
            params.push(format!("max-cll={content},{average}"));
        }
        params
    }

    /// Puts into the stream what it does not have yet.
    pub(super) fn add_to(
        &self,
        stream: &mut format::stream::StreamMut,
    ) -> Result<(), ffmpeg::Error> {
        let kinds = [
            (StreamData::MasteringDisplayMetadata, &self.mastering),
            (StreamData::ContentLightLevel, &self.light),
        ];
        for (kind, bytes) in kinds {
            if let Some(bytes) = bytes
                && !stream.side_data().any(|d| d.kind() == kind)
            {
                ffi::add_side_data(stream, kind, bytes)?;
            }
        }
        Ok(())
    }
}

/// Stream data that describes the coded source and would be untrue of what is encoded anew.
pub(super) fn is_of_the_coding(kind: StreamData) -> bool {
    matches!(kind, StreamData::DOVI_CONF | StreamData::CBPProperties)
}

/// One sentence that names what the output cannot keep, if there is anything.
pub(super) fn lost(
    extras: &Extras,
    tags: ColorTags,
    encoder: &Encoder,
    output: &format::Output,
) -> Option<String> {
    let container = output.name();
    let mut lost: Vec<String> = extras.dynamic.iter().map(|s| (*s).to_owned()).collect();
    let is_matroska = container.contains("matroska") || container.contains("webm");
    let is_quicktime = matches!(container, "mp4" | "mov" | "ipod");
    // Both containers hold it themselves; x265 writes it into the stream.
    let has_place = is_matroska || is_quicktime || encoder.codec.name() == "libx265";
    if !has_place && (extras.mastering.is_some() || extras.light.is_some()) {
        lost.push("HDR10 mastering display and light level".to_owned());
    }
    if encoder.loses_alpha(output) {
        lost.push("alpha".to_owned());
    }
    if extras.turned && !is_quicktime && !(is_matroska && matroska_holds_rotation()) {
        lost.push("rotation and mirroring".to_owned());
    }
    if let Some(siting) = lost_siting(tags, encoder, is_matroska) {
        lost.push(format!("chroma siting ({siting})"));
    }
    if container == "nut" && loses_range(tags, encoder) {
        lost.push("full range".to_owned());
    }
    (!lost.is_empty()).then(|| format!("cannot be kept in the output: {}", lost.join(", ")))
}

/// Whether neither these codecs nor NUT say that all codes of Y′CbCr are used.
fn loses_range(tags: ColorTags, encoder: &Encoder) -> bool {
    let is_rgb = ffi::pixel_facts(encoder.pixel).is_some_and(|f| f.rgb);
    let is_silent = matches!(encoder.codec.id(), codec::Id::RAWVIDEO | codec::Id::FFV1);
    is_silent && !is_rgb && tags.range == ffmpeg::color::Range::JPEG
}

/// The siting, where neither stream nor container can say it and players would assume another.
fn lost_siting(tags: ColorTags, encoder: &Encoder, is_matroska: bool) -> Option<&'static str> {
    use ffmpeg::chroma::Location;
    let name = match tags.chroma {
        Location::Center => "center",
        Location::TopLeft => "topleft",
        Location::Top => "top",
        Location::BottomLeft => "bottomleft",
        Location::Bottom => "bottom",
        // What is assumed where nothing is said.
        Location::Unspecified | Location::Left => return None,
    };
    let subsampled = encoder
        .pixel
        .descriptor()
        .is_some_and(|d| d.log2_chroma_w() + d.log2_chroma_h() > 0);
    let in_stream = matches!(encoder.codec.id(), codec::Id::H264 | codec::Id::HEVC)
        // AV1 knows left and top left alone.
        || (encoder.codec.id() == codec::Id::AV1 && tags.chroma == Location::TopLeft)
        // JPEG has no other.
        || (encoder.codec.id() == codec::Id::MJPEG && tags.chroma == Location::Center);
    (subsampled && !in_stream && !is_matroska).then_some(name)
}

/// FFmpeg 5 to 7 do not write rotation into Matroska; libavformat 62 is FFmpeg 8.
fn matroska_holds_rotation() -> bool {
    ffi::format_version() >= (62, 0)
}

/// Mastering display colour volume (SMPTE ST 2086).
#[derive(Debug, Clone, Copy, PartialEq)]
struct Mastering {
    /// CIE 1931 x, y of red, green, blue and white.
    primaries: [[f64; 2]; 4],
    /// Least and largest luminance in cd/m².
    luminance: [f64; 2],
}

/// The `int`s of one of FFmpeg's structs that consist of nothing else.
fn integers<const N: usize>(bytes: &[u8]) -> Option<[i32; N]> {
    let mut out = [0; N];
    let (chunks, _) = bytes.as_chunks::<4>();
    out.copy_from_slice(
        &chunks
            .get(..N)?
            .iter()
            .map(|c| i32::from_ne_bytes(*c))
            .collect::<Vec<_>>(),
    );
    Some(out)
}

/// Reads FFmpeg's `AVMasteringDisplayMetadata`: fractions for red, green, blue and white, for least
/// and largest luminance, then whether there are primaries and luminance. `None` if one is missing.
fn mastering(bytes: &[u8]) -> Option<Mastering> {
    let all = integers::<22>(bytes)?;
    if all[20] == 0 || all[21] == 0 || (0..10).any(|k| all[2 * k + 1] == 0) {
        return None;
    }
    let number = |k: usize| f64::from(all[2 * k]) / f64::from(all[2 * k + 1]);
    Some(Mastering {
        primaries: [0, 2, 4, 6].map(|k| [number(k), number(k + 1)]),
        luminance: [number(8), number(9)],
    })
}

/// Reads FFmpeg's `AVContentLightMetadata`: largest light level of content and of frame averages,
/// in cd/m².
fn light_level(bytes: &[u8]) -> Option<(i32, i32)> {
    integers::<2>(bytes).map(|[content, average]| (content, average))
}
