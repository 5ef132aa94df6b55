//! Options of a demuxer and decoder, and of an encoder.

use crate::time::Rational;

/// What must be told of raw video before it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawVideo {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// FFmpeg's name of the pixel format.
    pub pixel_format: String,
    /// Frames per second.
    pub rate: Rational,
}

/// What a list (playlist, manifest, session description) that is given as a clip may have opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Files of its own folder, if its name says that it is a list; nothing else.
    #[default]
    Folder,
    /// Any file.
    Files,
    /// Any file, and network addresses.
    Network,
}

/// Which of a frame's two fields is shown first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldOrder {
    /// That of the first line.
    TopFirst,
    /// That of the second line.
    BottomFirst,
}

/// How a clip is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// Threads of the decoder; `None` lets FFmpeg choose.
    pub threads: Option<usize>,
    /// RGB is converted to 4:4:4 Y′CbCr BT.709 and alpha is left out, for outputs that hold only
    /// those.
    pub as_yuv: bool,
    /// Interlaced frames are made whole with FFmpeg's `bwdif`, one for each.
    pub deinterlace: bool,
    /// All frames hold two fields in this order, whatever the clip says.
    pub fields: Option<FieldOrder>,
    /// Pictures that a player is to turn or mirror are turned and mirrored.
    pub turn: bool,
    /// Which of the video streams, from 0; `None` for the one that FFmpeg holds for the main one.
    pub video_stream: Option<usize>,
    /// Frames per second that are taken, whatever the clip says of its times.
    pub rate: Option<Rational>,
    /// Frames are counted where the container declares two different frame rates, which reads the file once.
    pub counts_frames: bool,
    /// What becomes of its sound.
    pub sound: Sound,
    /// What it may have opened if it is a list.
    pub access: Access,
}

/// What becomes of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sound {
    /// It lasts as long as the picture: copied, or in slow motion stretched at its pitch.
    #[default]
    Stretch,
    /// It is copied at its own speed, in slow motion too.
    Copy,
    /// It is left out.
    Drop,
}

/// What the user wants of the encoder; what is `None` is chosen by the container.
#[derive(Debug, Clone, Default)]
pub struct Encoding {
    /// FFmpeg's name of an encoder.
    pub codec: Option<String>,
    /// Quality, the lower the better; the scale is the encoder's.
    pub crf: Option<u32>,
    /// The encoder's preset.
    pub preset: Option<String>,
    /// FFmpeg's name of the pixel format to encode.
    pub pixel_format: Option<String>,
    /// More options of the encoder, by FFmpeg's names.
    pub options: Vec<(String, String)>,
    /// Threads of the encoder.
    pub threads: Option<usize>,
    /// 8-bit 4:2:0, which every player shows, wherever the size allows it.
    pub widely_playable: bool,
    /// An encoder that loses nothing, where none is named.
    pub lossless: bool,
}
