//! Side data of a stream and its frames: HDR10 mastering display and light level, display matrix, dynamic metadata.

use super::chain::Turn;
use crate::ffi::stream::add_side_data;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::stream::{Stream, StreamMut};
use ffmpeg_next::frame;
use ffmpeg_next::frame::side_data::Type as FrameData;
use ffmpeg_next::packet::side_data::Type as StreamData;

/// Data that a clip's first frame, or its stream, has beside the samples.
#[derive(Debug, Clone, Default)]
pub(super) struct Extras {
    /// FFmpeg's `AVMasteringDisplayMetadata`.
    pub(super) mastering: Option<Vec<u8>>,
    /// FFmpeg's `AVContentLightMetadata`.
    pub(super) light: Option<Vec<u8>>,
    /// What belongs to single frames, and so to none of those that are made.
    pub(super) dynamic: Vec<&'static str>,
    /// How the picture is to be turned or mirrored by the player: FFmpeg's display matrix, if it does either.
    pub(super) matrix: Option<Vec<u8>>,
    /// Whether the pictures were turned: the matrix is that of the source, and untrue of what is written.
    pub(super) is_upright: bool,
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
            matrix: of_stream(StreamData::DisplayMatrix).filter(|m| *m != upright()),
            is_upright: false,
        }
    }

    /// x265's own options for the mastering display and the content light level.
    pub(super) fn x265_params(&self) -> Vec<String> {
        let mut params = Vec::new();
        if let Some((primaries, luminance)) = self.mastering.as_deref().and_then(mastering) {
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

    /// How the pictures are to be turned when they are read, if that is `wanted`.
    pub(super) fn take_turn(&mut self, wanted: bool) -> Option<Turn> {
        let turn = self.matrix.as_deref().and_then(Turn::of);
        let turn = turn.filter(|_| wanted);
        self.is_upright = turn.is_some();
        turn
    }

    /// Whether data of the source's stream is untrue of what is encoded anew.
    pub(super) fn is_stale(&self, kind: StreamData) -> bool {
        is_of_the_coding(kind) || (self.is_upright && kind == StreamData::DisplayMatrix)
    }

    /// Puts into the stream what it does not have yet.
    pub(super) fn add_to(&self, stream: &mut StreamMut) -> Result<(), ffmpeg::Error> {
        let kinds = [
            (StreamData::MasteringDisplayMetadata, &self.mastering),
            (StreamData::ContentLightLevel, &self.light),
        ];
        for (kind, bytes) in kinds {
            if let Some(bytes) = bytes
                && !stream.side_data().any(|d| d.kind() == kind)
            {
                add_side_data(stream, kind, bytes)?;
            }
        }
        Ok(())
    }
}

/// Stream data that describes the coded source and would be untrue of what is encoded anew.
fn is_of_the_coding(kind: StreamData) -> bool {
    matches!(kind, StreamData::DOVI_CONF | StreamData::CBPProperties)
}

/// Mastering display colour volume (SMPTE ST 2086): CIE 1931 x, y of red, green, blue and white; least and largest
/// luminance in cd/m².
type Mastering = ([[f64; 2]; 4], [f64; 2]);

/// The `int`s of one of FFmpeg's structs that consist of nothing else.
fn integers<const N: usize>(bytes: &[u8]) -> Option<[i32; N]> {
    let integers = bytes.as_chunks::<4>().0.first_chunk::<N>()?;
    Some(integers.map(i32::from_ne_bytes))
}

/// Reads FFmpeg's `AVMasteringDisplayMetadata`: fractions for red, green, blue and white, for least
/// and largest luminance, then whether there are primaries and luminance. `None` if one is missing.
fn mastering(bytes: &[u8]) -> Option<Mastering> {
    let all = integers::<22>(bytes)?;
    if all[20] == 0 || all[21] == 0 || (0..10).any(|k| all[2 * k + 1] == 0) {
        return None;
    }
    let number = |k: usize| f64::from(all[2 * k]) / f64::from(all[2 * k + 1]);
    let primaries = [0, 2, 4, 6].map(|k| [number(k), number(k + 1)]);
    Some((primaries, [number(8), number(9)]))
}

/// Reads FFmpeg's `AVContentLightMetadata`: largest light level of content and of frame averages,
/// in cd/m².
fn light_level(bytes: &[u8]) -> Option<(i32, i32)> {
    integers::<2>(bytes).map(|[content, average]| (content, average))
}

/// The display matrix that neither turns nor mirrors, as bytes.
fn upright() -> Vec<u8> {
    // 16.16 fixed point, the last column 2.30 (FFmpeg's display.h).
    let matrix: [i32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];
    matrix.iter().flat_map(|v| v.to_ne_bytes()).collect()
}
