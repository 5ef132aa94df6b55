//! Decoder of one video stream: packets in, frames out in the order of their PTS.

use super::demux::Demuxer;
use super::input::{Pick, no_video, pick_video};
use super::library::failed;
use crate::clip::Result;
use crate::ffi::stream::is_hidden;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::{self, threading};
use ffmpeg_next::format::context::Input;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{Frame, Packet, decoder, frame};
use std::ops::DerefMut;

/// How many times in a row the demuxer may find damage before it counts as stuck.
const MAX_DAMAGE_IN_A_ROW: u32 = 1000;

/// Demuxer and decoder of one stream, by default of video.
pub(super) struct Decoder<D = decoder::Video> {
    pub(super) demuxer: Demuxer,
    pub(super) stream: usize,
    pub(super) decoder: D,
    /// Packets that the decoder refused.
    pub(super) refused: u64,
    /// Packets that show nothing: an edit list leaves them out, or they are empty.
    pub(super) hidden: u64,
    /// Why reading stopped before the end of the file, if it did.
    pub(super) stopped_by: Option<ffmpeg::Error>,
    draining: bool,
}

impl Decoder {
    /// Decodes a video stream of what is open; `threads` limits the decoder, `None` lets FFmpeg choose.
    pub(super) fn of(input: Input, pick: Pick, threads: Option<usize>) -> Result<Self> {
        let stream = pick_video(&input, pick)?;
        let decoder = open_decoder(&stream, threads)?;
        let index = stream.index();
        Ok(Self::new(Demuxer::new(input), index, decoder))
    }

    /// The stream that is decoded.
    pub(super) fn stream(&self) -> Result<Stream<'_>> {
        self.demuxer.input.stream(self.stream).ok_or_else(no_video)
    }

    /// The next frame in showing order. Damaged packets are passed over and counted.
    pub(super) fn next(&mut self) -> Option<frame::Video> {
        let mut frame = frame::Video::empty();
        self.receive(&mut frame, |_| true).then_some(frame)
    }
}

impl<D: DerefMut<Target = decoder::Opened>> Decoder<D> {
    /// A decoder for a stream of what is open.
    pub(super) fn new(demuxer: Demuxer, stream: usize, decoder: D) -> Self {
        Self {
            demuxer,
            stream,
            decoder,
            refused: 0,
            hidden: 0,
            stopped_by: None,
            draining: false,
        }
    }

    /// The next frame, if there is one. Of the stream's packets only those that are wanted are decoded.
    pub(super) fn receive(
        &mut self,
        frame: &mut Frame,
        is_wanted: impl Fn(&Packet) -> bool,
    ) -> bool {
        let mut damage = 0;
        loop {
            match self.decoder.receive_frame(frame) {
                Ok(()) => return true,
                Err(ffmpeg::Error::Eof) => return false,
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EAGAIN => {
                    if !self.feed(&is_wanted) {
                        return false;
                    }
                }
                // A frame that cannot be decoded; the next one perhaps can.
                Err(_) => {
                    self.refused += 1;
                    damage += 1;
                    if !self.feed(&is_wanted) && damage > MAX_DAMAGE_IN_A_ROW {
                        return false;
                    }
                }
            }
        }
    }

    /// Gives the decoder one packet, or the end; false where there is nothing more to give.
    fn feed(&mut self, is_wanted: impl Fn(&Packet) -> bool) -> bool {
        if self.draining {
            return false;
        }
        let Some(packet) = self.next_packet(is_wanted) else {
            self.draining = true;
            // It may report the damage of an earlier packet, and drains all the same.
            if self.decoder.send_eof().is_err() {
                self.refused += 1;
            }
            return true;
        };
        if self.decoder.send_packet(&packet).is_err() {
            self.refused += 1;
        }
        true
    }

    fn next_packet(&mut self, is_wanted: impl Fn(&Packet) -> bool) -> Option<Packet> {
        // A demuxer that only finds damage gets no further.
        let mut damage = 0;
        while damage < MAX_DAMAGE_IN_A_ROW {
            let mut packet = Packet::empty();
            match self.demuxer.read(&mut packet) {
                Ok(()) if packet.stream() == self.stream && packet.size() > 0 => {
                    if !is_wanted(&packet) {
                        continue;
                    }
                    self.refused += u64::from(damage);
                    self.hidden += u64::from(is_hidden(&packet));
                    return Some(packet);
                }
                // One without bytes says, in AVI, that the picture before stays.
                Ok(()) => self.hidden += u64::from(packet.stream() == self.stream),
                // Damage from which the demuxer may find its way again.
                Err(ffmpeg::Error::InvalidData) => damage += 1,
                Err(ffmpeg::Error::Eof) => return None,
                Err(why) => {
                    self.stopped_by = Some(why);
                    return None;
                }
            }
        }
        self.refused += u64::from(damage);
        self.stopped_by = Some(ffmpeg::Error::InvalidData);
        None
    }
}

fn open_decoder(stream: &Stream, threads: Option<usize>) -> Result<decoder::Video> {
    let doing = |why| failed("opening the decoder", why);
    let mut context = codec::Context::from_parameters(stream.parameters()).map_err(doing)?;
    context.set_threading(threading::Config {
        kind: threading::Type::Frame,
        count: threads.unwrap_or(0),
        ..threading::Config::default()
    });
    let mut decoder = context.decoder();
    decoder.set_packet_time_base(stream.time_base());
    // FFmpeg's own VP8 and VP9 decoders leave out alpha, which WebM keeps in a second stream.
    let with_alpha = stream.metadata().get("alpha_mode") == Some("1");
    let library = match stream.parameters().id() {
        codec::Id::VP9 if with_alpha => decoder::find_by_name("libvpx-vp9"),
        codec::Id::VP8 if with_alpha => decoder::find_by_name("libvpx"),
        _ => None,
    };
    let opened = match library {
        Some(library) => decoder.open_as(library).and_then(|o| o.video()),
        None => decoder.video(),
    };
    opened.map_err(doing)
}
