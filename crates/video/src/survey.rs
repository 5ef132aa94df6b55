//! What can be said of a clip and of its output before anything is decoded or written.

use super::decode::{Pick, pick_video, real_duration, seconds};
use super::encoder::{Encoder, Encoding};
use super::mux::{Beside, Copies};
use super::sink::{tags_of, tick_of};
use super::source::Origin;
use super::time::{Cadence, OutputClock, Rational};
use super::{Error, Info, Result, ffi};
use ffmpeg_next::{Packet, format};
use std::path::Path;

/// How long a clip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Frames of the video that is retimed.
    pub frames: u64,
    /// Whether they were counted, packet by packet, because the header does not announce them.
    pub is_counted: bool,
    /// Seconds from the first frame to the end of the last, as far as it can be told.
    pub duration: Option<Rational>,
}

/// The length of a clip as its header announces it; else its packets are counted, which reads the
/// file once and decodes nothing. Damage is not seen.
///
/// # Errors
/// [`Error`] if there is no such file, it is no clip, or it has no video.
pub fn length(origin: &Origin) -> Result<Length> {
    let mut input = origin.place.open()?;
    let stream = pick_video(&input, Pick::Index(origin.stream))?;
    let index = stream.index();
    let tick = origin.tick;
    let announced = u64::try_from(stream.frames()).unwrap_or(0);
    if announced > 0 && stream.duration() > 0 {
        return Ok(Length {
            frames: announced,
            is_counted: false,
            duration: seconds(stream.duration(), tick),
        });
    }
    let interval = origin.interval;
    let mut packets = Vec::new();
    let mut packet = Packet::empty();
    while packet.read(&mut input).is_ok() {
        // Of raw video that is cut off, the last is a part of a frame.
        if packet.stream() == index && packet.size() > 0 && !packet.is_corrupt() {
            packets.push((packet.pts().or(packet.dts()), packet.duration()));
        }
        packet = Packet::empty();
    }
    // Packets come in the order in which they are decoded; times are placed as they are shown.
    packets.sort_by_key(|(time, _)| *time);
    let mut cadence = Cadence::new(tick, interval);
    let times: Vec<Rational> = packets
        .iter()
        .map(|(time, _)| cadence.place(time.and_then(|t| seconds(t, tick))))
        .collect();
    let duration = match (times.as_slice(), packets.last()) {
        ([first, .., before, last], Some((_, shown))) => {
            let shown = real_duration(*shown, tick, interval).map(|d| cadence.snap_duration(d));
            Some(*last - *first + shown.unwrap_or(*last - *before))
        }
        _ => None,
    };
    Ok(Length {
        frames: packets.len() as u64,
        is_counted: true,
        duration,
    })
}

/// What would become of the streams beside the video in a file of this name.
///
/// # Errors
/// [`Error`] if the container is unknown, or the source cannot be opened again.
pub fn streams_beside(path: &Path, clock: &OutputClock, origin: &Origin) -> Result<Beside> {
    super::init()?;
    match &origin.piped {
        Some(piped) => Ok(Beside {
            left_out: piped.left_out.clone(),
            ..Beside::default()
        }),
        None => Copies::open(origin, clock.slowdown())?.fates(&container_of(path)?),
    }
}

fn container_of(path: &Path) -> Result<format::Output> {
    let extension = extension_of(path);
    ffi::muxer(&format!("a.{extension}")).ok_or_else(|| {
        Error::Invalid("FFmpeg knows no container for the output's extension".to_owned())
    })
}

fn extension_of(path: &Path) -> String {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.unwrap_or("").to_lowercase()
}

/// FFmpeg's names of the encoder and of the pixel format that a file of this name would be written
/// with. The encoder is opened, so that settings which it refuses are found; nothing is written.
///
/// # Errors
/// [`Error`] if the container or the encoder is unknown or refuses the pictures.
pub fn encoder_for(
    path: &Path,
    info: &Info,
    clock: &OutputClock,
    encoding: &Encoding,
    origin: Option<&Origin>,
) -> Result<(String, String)> {
    super::init()?;
    let (container, extension) = (container_of(path)?, extension_of(path));
    let tags = origin.map_or_else(|| tags_of(info), |o| o.tags);
    let times = (clock.rate(), tick_of(info, clock, origin));
    let encoder = Encoder::open(&container, &extension, info, times, encoding, tags, origin)?;
    let pixel = encoder.pixel.descriptor().map_or("unknown", |d| d.name());
    Ok((encoder.codec.name().to_owned(), pixel.to_owned()))
}
