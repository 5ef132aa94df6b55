//! Subtitles of text, decoded and encoded again as another codec.

use ffmpeg::codec::{self, Context, Parameters};
use ffmpeg::ffi;
use ffmpeg::packet::Ref;
use ffmpeg::{Error, Packet, Rational, decoder, encoder};
use ffmpeg_next as ffmpeg;
use std::os::raw::c_int;
use std::{mem, ptr};

/// Room for one subtitle, as FFmpeg's own program has it.
const MOST_BYTES: usize = 1 << 20;

/// A decoder and an encoder.
pub struct Converter {
    decoder: decoder::Subtitle,
    encoder: encoder::subtitle::Encoder,
    bytes: Vec<u8>,
}

/// Whether a codec is one of text.
pub fn is_text(codec: codec::Id) -> bool {
    // SAFETY: the look-up takes any number; descriptors are static data of libavcodec.
    unsafe {
        let descriptor = ffi::avcodec_descriptor_get(codec.into());
        !descriptor.is_null() && (*descriptor).props & ffi::AV_CODEC_PROP_TEXT_SUB as c_int != 0
    }
}

impl Converter {
    /// From such a stream to this codec.
    pub fn open(source: Parameters, tick: Rational, target: codec::Id) -> Result<Self, Error> {
        let mut context = Context::from_parameters(source)?.decoder();
        context.set_packet_time_base(tick);
        let mut decoder = context.subtitle()?;
        let codec = encoder::find(target).ok_or(Error::EncoderNotFound)?;
        let mut encoder = Context::new_with_codec(codec).encoder().subtitle()?;
        // FFmpeg's own unit of microseconds.
        encoder.set_time_base((1, 1_000_000));
        // SAFETY: both contexts are live and not yet, or already, open; the encoder's own copy of the header is freed with
        // it, and ends with a zero as FFmpeg wants.
        unsafe {
            let (from, to) = (decoder.as_mut_ptr(), encoder.as_mut_ptr());
            let size = usize::try_from((*from).subtitle_header_size).unwrap_or(0);
            if size > 0 && !(*from).subtitle_header.is_null() {
                let header: *mut u8 = ffi::av_mallocz(size + 1).cast();
                if header.is_null() {
                    return Err(Error::Other {
                        errno: ffmpeg::error::ENOMEM,
                    });
                }
                ptr::copy_nonoverlapping((*from).subtitle_header, header, size);
                (*to).subtitle_header = header;
                (*to).subtitle_header_size = (*from).subtitle_header_size;
            }
        }
        Ok(Self {
            decoder,
            encoder: encoder.open_as(codec)?,
            bytes: Vec::new(),
        })
    }

    /// What a stream of such packets is.
    pub fn parameters(&mut self) -> Result<Parameters, Error> {
        let mut parameters = Parameters::new();
        // SAFETY: both are live.
        let copied = unsafe {
            ffi::avcodec_parameters_from_context(parameters.as_mut_ptr(), self.encoder.as_mut_ptr())
        };
        match copied {
            n if n >= 0 => Ok(parameters),
            e => Err(Error::from(e)),
        }
    }

    /// The packet in the other codec, without its times; `None` where it shows nothing.
    pub fn convert(&mut self, packet: &Packet) -> Result<Option<Packet>, Error> {
        self.bytes.resize(MOST_BYTES, 0);
        // SAFETY: a subtitle of zeros is what FFmpeg is given to fill; contexts, packet and buffer are live, and what was
        // decoded is freed whatever came of it.
        let size = unsafe {
            let mut subtitle: ffi::AVSubtitle = mem::zeroed();
            let mut is_there = 0;
            let decoded = ffi::avcodec_decode_subtitle2(
                self.decoder.as_mut_ptr(),
                &mut subtitle,
                &mut is_there,
                packet.as_ptr().cast_mut(),
            );
            let size = if decoded < 0 {
                decoded
            } else if is_there == 0 || subtitle.num_rects == 0 {
                0
            } else {
                // The packet says when it is shown.
                subtitle.start_display_time = 0;
                ffi::avcodec_encode_subtitle(
                    self.encoder.as_mut_ptr(),
                    self.bytes.as_mut_ptr(),
                    MOST_BYTES as c_int,
                    &subtitle,
                )
            };
            ffi::avsubtitle_free(&mut subtitle);
            size
        };
        match usize::try_from(size) {
            Ok(0) => Ok(None),
            Ok(size) => Ok(self.bytes.get(..size).map(Packet::copy)),
            Err(_) => Err(Error::from(size)),
        }
    }
}
