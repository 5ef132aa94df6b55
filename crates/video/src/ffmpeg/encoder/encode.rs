//! A video encoder: pictures in, packets out.

use super::settings::Opening;
use super::{choose, settings};
use crate::clip::{Error, Info, Result};
use crate::ffi::container::set_chroma_location;
use crate::ffi::pixel::{Scaler, Side, pixel_facts};
use crate::ffmpeg::color::ColorTags;
use crate::ffmpeg::decode::Decoder;
use crate::ffmpeg::filter::{self, Filter};
use crate::ffmpeg::hdr::Extras;
use crate::ffmpeg::input::Pick;
use crate::ffmpeg::library::{failed, is_drained};
use crate::ffmpeg::origin::Origin;
use crate::ffmpeg::pixel;
use crate::ffmpeg::timebase::small;
use crate::options::Encoding;
use crate::time::Rational;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::{self, threading};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Codec, Packet, color, encoder, format, frame};
use otinterp::picture::{ColorModel, Picture, Range};
use std::collections::{BTreeMap, VecDeque};

/// An open encoder: pictures in, packets out.
pub(crate) struct Encoder {
    pub(crate) encoder: encoder::video::Encoder,
    pub(crate) codec: Codec,
    pub(crate) pixel: Pixel,
    /// The pixel format of the pictures, before any conversion.
    pub(crate) source_pixel: Pixel,
    has_alpha: bool,
    scaler: Option<Scaler>,
    /// Where the pictures get a palette.
    palette: Option<Filter>,
    pub(crate) tags: ColorTags,
    /// Durations, in ticks, of the pictures that are on their way, by time.
    durations: BTreeMap<i64, i64>,
    /// Times of the pictures that are getting their palette.
    coloured: VecDeque<i64>,
    /// Of the picture that came last.
    last_duration: i64,
    clip_ended: bool,
    opening: Opening,
}

impl Encoder {
    /// Opens the encoder for pictures as in `info`, about `rate` per second, with times
    /// counted in `tick` seconds.
    ///
    /// The `origin` gives colour tags, and a palette where one is needed.
    pub(crate) fn open(
        container: &format::Output,
        extension: &str,
        info: &Info,
        (rate, tick): (Rational, Rational),
        encoding: &Encoding,
        tags: ColorTags,
        origin: Option<&Origin>,
    ) -> Result<Self> {
        let source_pixel = pixel::planar_for(info.format)
            .ok_or_else(|| Error::Invalid("FFmpeg has no such pixel format".to_owned()))?;
        let all = choose::choose(container, extension, (info, tick), source_pixel, encoding)?;
        // What the user sets is meant for the best of them: another may take it for something else.
        let is_free =
            encoding.crf.is_none() && encoding.preset.is_none() && encoding.options.is_empty();
        let count = if is_free { all.len() } else { 1 };
        let mut first_refusal = None;
        for chosen in all.into_iter().take(count) {
            let given = (info, source_pixel, (rate, tick));
            match Self::of(chosen, container, given, encoding, tags, origin) {
                Ok(encoder) => return Ok(encoder),
                // Sizes and depths that an encoder does not take show when it is opened.
                Err(why) => first_refusal = first_refusal.or(Some(why)),
            }
        }
        Err(first_refusal.unwrap_or_else(|| failed("opening the encoder", ffmpeg::Error::Bug)))
    }

    /// Opens this encoder with this pixel format.
    fn of(
        (codec, pixel): (Codec, Pixel),
        container: &format::Output,
        (info, source_pixel, (rate, tick)): (&Info, Pixel, (Rational, Rational)),
        encoding: &Encoding,
        tags: ColorTags,
        origin: Option<&Origin>,
    ) -> Result<Self> {
        let size = (info.width as u32, info.height as u32);
        let (palette, converted) = if pixel == Pixel::PAL8 {
            let again = origin.filter(|o| !o.place.is_pipe());
            let decoder = again
                .map(|o| Decoder::of(o.place.open()?, Pick::Index(o.stream), encoding.threads))
                .transpose()?;
            let palette = filter::palette_filter(decoder, size, info.format.alpha)?;
            (Some(palette), filter::BEFORE_PALETTE)
        } else {
            (None, pixel)
        };
        let (tags, scaler) = conversion(info, source_pixel, converted, tags)?;
        let nothing = Extras::default();
        let extras = origin.map_or(&nothing, |o| &o.extras);
        let opening = Opening {
            codec,
            pixel,
            info: info.clone(),
            times: (rate, tick),
            encoding: encoding.clone(),
            tags,
            extras: extras.clone(),
            global_header: container.flags().contains(format::Flags::GLOBAL_HEADER),
        };
        Ok(Self {
            encoder: open(&opening)?,
            codec,
            pixel,
            source_pixel,
            has_alpha: info.format.alpha,
            scaler,
            palette,
            tags,
            durations: BTreeMap::new(),
            coloured: VecDeque::new(),
            last_duration: 0,
            clip_ended: false,
            opening,
        })
    }

    /// Whether the packets of one encoder can follow those of another: pictures with a palette, APNG and WebP are
    /// told by what changed since the one before, to the end of the clip.
    pub(crate) fn can_restart(&self) -> bool {
        self.palette.is_none() && !matches!(self.codec.name(), "apng" | "libwebp_anim")
    }

    /// A new encoder with the same settings, when the last has given all its packets.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.encoder = open(&self.opening)?;
        Ok(())
    }

    /// Whether the pictures have alpha and the encoded ones have none.
    pub(crate) fn loses_alpha(&self, container: &format::Output) -> bool {
        self.has_alpha
            && (!choose::holds_alpha(container, &self.codec)
                || !pixel::keeps_alpha(self.source_pixel, self.pixel))
    }

    /// Encodes the next picture, shown at `pts_ticks` for `duration_ticks`.
    pub(crate) fn send(
        &mut self,
        picture: &Picture,
        pts_ticks: i64,
        duration_ticks: i64,
    ) -> Result<()> {
        let mut frame = pixel::frame_from(picture)?;
        if let Some(scaler) = &mut self.scaler {
            frame = scaler
                .run(&frame)
                .map_err(|why| failed("converting the pixel format", why))?;
        }
        self.durations.insert(pts_ticks, duration_ticks);
        self.last_duration = duration_ticks;
        let Some(palette) = &mut self.palette else {
            return self.encode(frame, pts_ticks);
        };
        self.coloured.push_back(pts_ticks);
        palette.push(0, frame)?;
        self.encode_filtered()
    }

    /// Encodes what has its palette.
    fn encode_filtered(&mut self) -> Result<()> {
        while let Some(palette) = &mut self.palette
            && let Some(frame) = palette.pull()?
        {
            let pts_ticks = self.coloured.pop_front();
            let pts_ticks = pts_ticks.ok_or_else(|| failed("filtering", ffmpeg::Error::Bug))?;
            self.encode(frame, pts_ticks)?;
        }
        Ok(())
    }

    fn encode(&mut self, mut frame: frame::Video, pts_ticks: i64) -> Result<()> {
        frame.set_color_range(self.tags.range);
        frame.set_color_primaries(self.tags.primaries);
        frame.set_color_transfer_characteristic(self.tags.transfer);
        frame.set_color_space(self.tags.matrix);
        frame.set_pts(Some(pts_ticks));
        let encoded = self.encoder.send_frame(&frame);
        encoded.map_err(|why| failed("encoding", why))
    }

    /// No more pictures come: none before a restart, or none ever if the clip ends.
    pub(crate) fn end(&mut self, clip_ends: bool) -> Result<()> {
        self.clip_ended = clip_ends;
        if let Some(palette) = &mut self.palette {
            palette.close(0)?;
        }
        self.encode_filtered()?;
        let ended = self.encoder.send_eof();
        ended.map_err(|why| failed("encoding", why))
    }

    /// The next packet that is ready.
    pub(crate) fn receive(&mut self) -> Result<Option<Packet>> {
        let mut packet = Packet::empty();
        match self.encoder.receive_packet(&mut packet) {
            Ok(()) => {
                let duration = packet.pts().and_then(|pts| self.durations.remove(&pts));
                if let Some(duration) = duration {
                    // MP4 counts in the order of decoding: the end of the clip follows from the
                    // packet that comes last.
                    let is_last = self.clip_ended && self.durations.is_empty();
                    let last = is_last.then_some(self.last_duration);
                    packet.set_duration(last.unwrap_or(duration));
                }
                Ok(Some(packet))
            }
            Err(why) if is_drained(&why) => Ok(None),
            Err(why) => Err(failed("encoding", why)),
        }
    }
}

/// The tags of what is encoded, and the converter if the pixel format must change.
fn conversion(
    info: &Info,
    source: Pixel,
    target: Pixel,
    mut tags: ColorTags,
) -> Result<(ColorTags, Option<Scaler>)> {
    if source == target {
        return Ok((tags, None));
    }
    let is_rgb = info.format.model == ColorModel::Rgb;
    let from = Side {
        pixel: source,
        matrix: tags.matrix,
        full_range: info.format.range == Range::Full,
    };
    let to_rgb = pixel_facts(target).is_some_and(|f| f.rgb || f.palette);
    if is_rgb && !to_rgb {
        (tags.matrix, tags.range) = (color::Space::BT709, color::Range::MPEG);
    }
    let matrix = tags.matrix;
    if to_rgb {
        (tags.matrix, tags.range) = (color::Space::RGB, color::Range::JPEG);
    }
    if pixel::is_full_range_name(target) {
        tags.range = color::Range::JPEG;
    }
    let to = Side {
        pixel: target,
        matrix,
        full_range: tags.range == color::Range::JPEG,
    };
    let scaler = Scaler::new(from, to, info.width as u32, info.height as u32)
        .map_err(|why| failed("converting the pixel format", why))?;
    Ok((tags, Some(scaler)))
}

/// Opens it.
fn open(opening: &Opening) -> Result<encoder::video::Encoder> {
    let Opening {
        codec, info, tags, ..
    } = opening;
    let mut encoder = codec::Context::new_with_codec(*codec)
        .encoder()
        .video()
        .map_err(|why| failed("opening the encoder", why))?;
    encoder.set_width(info.width as u32);
    encoder.set_height(info.height as u32);
    encoder.set_format(opening.pixel);
    encoder.set_frame_rate(Some(small(opening.times.0)?));
    encoder.set_time_base(small(opening.times.1)?);
    if let Some((x, y)) = info.sample_aspect {
        encoder.set_aspect_ratio((x as i32, y as i32));
    }
    encoder.set_color_range(tags.range);
    encoder.set_color_primaries(tags.primaries);
    encoder.set_color_transfer_characteristic(tags.transfer);
    encoder.set_colorspace(tags.matrix);
    set_chroma_location(&mut encoder, tags.chroma);
    encoder.set_threading(threading::Config {
        count: settings::threads(opening),
        ..threading::Config::default()
    });
    let (options, flags) = settings::settings(opening, &mut encoder)?;
    encoder.set_flags(flags);
    encoder.open_with(options).map_err(|why| {
        Error::Invalid(format!(
            "the encoder {} refuses {}x{} {} with these settings: {why}",
            codec.name(),
            info.width,
            info.height,
            pixel::name(opening.pixel),
        ))
    })
}
