//! Demuxer: the packets of a file, on one clock that does not jump.

use super::timebase::{ratio, seconds, ticks_of};
use crate::ffi;
use crate::time::{Joins, Stamp, Timeline, zero};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::format::stream::{Disposition, Stream};
use ffmpeg_next::{Packet, media};

/// Demuxers, by FFmpeg's names, of containers that hold times of showing alone: libavformat guesses those of decoding, which
/// for pictures may run back. Sound has no others.
const WITHOUT_DECODING_TIMES: &[&str] = &["matroska,webm", "nut"];

/// The packets of an input. All that read one file read it through this: they see the same jumps at the same places.
pub(super) struct Demuxer {
    pub(super) input: Input,
    /// Whether times of decoding are the file's own.
    tells_decoding: bool,
    timeline: Timeline,
}

impl Demuxer {
    /// Of what is open, from its beginning.
    pub(super) fn new(input: Input) -> Self {
        let timeline = Timeline::new(ffi::container::may_begin_anew(&input));
        let tells_decoding = !WITHOUT_DECODING_TIMES.contains(&input.format().name());
        Self {
            input,
            tells_decoding,
            timeline,
        }
    }

    /// The next packet.
    pub(super) fn read(&mut self, packet: &mut Packet) -> Result<(), ffmpeg::Error> {
        packet.read(&mut self.input)?;
        let Some((tick, (is_steady, tells_decoding))) =
            self.input.stream(packet.stream()).and_then(|stream| {
                let is_sound = stream.parameters().medium() == media::Type::Audio;
                let kind = (is_steady(&stream), self.tells_decoding || is_sound);
                Some((ratio(stream.time_base())?, kind))
            })
        else {
            return Ok(());
        };
        let time = packet.dts().or(packet.pts()).and_then(|t| seconds(t, tick));
        let index = packet.stream();
        let shift = match time {
            // What an edit list leaves out may lie anywhere.
            Some(at) if is_steady && !ffi::stream::is_hidden(packet) => {
                let duration = seconds(packet.duration(), tick).filter(|d| *d > zero());
                let stamp = Stamp {
                    at,
                    duration,
                    is_decoding: packet.dts().is_some() && tells_decoding,
                };
                self.timeline.shift(index, stamp)
            }
            at => self.timeline.shift_beside(index, at),
        };
        if shift != zero() {
            let by = ticks_of(shift, tick);
            packet.set_pts(packet.pts().map(|t| t.saturating_add(by)));
            packet.set_dts(packet.dts().map(|t| t.saturating_add(by)));
        }
        Ok(())
    }

    /// Lets the demuxer pass over a stream's packets, unless others' times depend on them.
    pub(super) fn discard(&mut self, index: usize) {
        if let Some(mut stream) = self.input.stream_mut(index)
            && !is_steady(&stream)
        {
            ffi::stream::discard(&mut stream);
        }
    }

    /// Where the clock began anew so far.
    pub(super) fn joins(&self) -> Joins {
        self.timeline.joins()
    }
}

/// Whether a stream has no gaps that are meant: picture and sound.
fn is_steady(stream: &Stream) -> bool {
    let medium = stream.parameters().medium();
    matches!(medium, media::Type::Video | media::Type::Audio)
        && !stream.disposition().contains(Disposition::ATTACHED_PIC)
}
