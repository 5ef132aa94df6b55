//! Movie sink: files and pipes that hold all frames of a run as one clip or animation.

use super::target::Animation;
use crate::commands::exit::plain;
use crate::files::PendingFile;
use otinterp::picture::still::{ApngWriter, GifWriter, Still};
use otinterp::picture::{ColorModel, Format, Matrix, to_yuv};
use otinterp_video::time::{OutputClock, Rational, to_f64};
use otinterp_video::y4m::{Header, Y4mSink};
use otinterp_video::{self as video, Info, Shown, Siting};
use std::fs::File;
use std::io::{BufWriter, Write};

/// An encoder of whole clips.
pub enum Movie {
    /// GIF.
    Gif(GifWriter<BufWriter<File>>),
    /// Animated PNG.
    Apng(ApngWriter<BufWriter<File>>),
    /// Y4M or a video container.
    Clip(Clip),
}

/// A clip at a constant rate.
pub struct Clip {
    sink: Box<dyn video::Sink>,
    /// What the sink takes.
    format: Format,
    rate: Rational,
    written: u64,
}

impl Clip {
    fn push(&mut self, frame: &Still) -> anyhow::Result<()> {
        let picture = to_yuv(&frame.picture, self.format)?;
        let shown = Shown::nth(self.written, self.rate);
        self.written += 1;
        self.sink.write(&picture, shown).map_err(plain)
    }
}

impl Movie {
    /// Opens a clip in a file, for `count` frames like `like` at `rate` frames per second.
    pub fn open(
        kind: Animation,
        file: &mut PendingFile,
        like: &Still,
        count: usize,
        rate: Rational,
    ) -> anyhow::Result<Self> {
        if kind == Animation::Video {
            return video_file(file, like, rate);
        }
        let out = BufWriter::new(file.file_mut().try_clone()?);
        let fps = to_f64(rate);
        Ok(match kind {
            Animation::Gif => Self::Gif(GifWriter::new(out, like, fps)?),
            Animation::Apng => Self::Apng(ApngWriter::new(out, like, u32::try_from(count)?, fps)?),
            Animation::Y4m | Animation::Video => Self::y4m(out, like, rate)?,
        })
    }

    /// Opens a Y4M stream: grey, or Y'CbCr 4:4:4, full range, in the depth of the pictures. Y4M has
    /// no tag for the matrix, so it is the one that players assume for the size.
    pub fn y4m(
        out: impl Write + Send + 'static,
        like: &Still,
        rate: Rational,
    ) -> anyhow::Result<Self> {
        let source = like.picture.format();
        let matrix = match like.picture.height() {
            ..=576 => Matrix::Bt601,
            _ => Matrix::Bt709,
        };
        let format = Format {
            model: match source.model {
                ColorModel::Gray => ColorModel::Gray,
                ColorModel::Rgb | ColorModel::Yuv => ColorModel::Yuv,
            },
            matrix,
            ..Format::rgb(source.bit_depth)
        };
        let header = Header::new(&info(like, format, rate, None), rate)?;
        let sink = Y4mSink::new(out, header).map_err(plain)?;
        Ok(Self::clip(Box::new(sink), format, rate))
    }

    fn clip(sink: Box<dyn video::Sink>, format: Format, rate: Rational) -> Self {
        Self::Clip(Clip {
            sink,
            format,
            rate,
            written: 0,
        })
    }

    /// Appends a frame.
    pub fn push(&mut self, frame: &Still) -> anyhow::Result<()> {
        match self {
            Self::Gif(writer) => Ok(writer.push(frame)?),
            Self::Apng(writer) => Ok(writer.push(frame)?),
            Self::Clip(clip) => clip.push(frame),
        }
    }

    /// Writes what is left.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Gif(writer) => Ok(writer.finish()?),
            Self::Apng(writer) => Ok(writer.finish()?),
            Self::Clip(mut clip) => clip.sink.finish().map_err(plain),
        }
    }
}

/// A clip that plays everywhere: 8 bits, limited range, BT.709, 4:2:0 where the sides are even and
/// 4:4:4 where encoders would refuse that.
fn video_file(file: &PendingFile, like: &Still, rate: Rational) -> anyhow::Result<Movie> {
    let sides = [like.picture.width(), like.picture.height()];
    let is_even = sides.iter().all(|side| side.is_multiple_of(2));
    let format = Format {
        model: ColorModel::Yuv,
        chroma_shift_x: u8::from(is_even),
        chroma_shift_y: u8::from(is_even),
        range: otinterp::picture::Range::Limited,
        matrix: Matrix::Bt709,
        ..Format::rgb(8)
    };
    let info = info(like, format, rate, is_even.then_some(Siting::Left));
    let encoding = video::Encoding::default();
    let clock = OutputClock::new(rate, Rational::from_integer(1));
    let to = video::Destination::File(file.path());
    let created = video::create_clip(&to, &info, &clock, &encoding, None).map_err(plain)?;
    Ok(Movie::clip(created.sink, format, rate))
}

fn info(like: &Still, format: Format, rate: Rational, siting: Option<Siting>) -> Info {
    Info {
        width: like.picture.width(),
        height: like.picture.height(),
        format,
        rate: Some(rate),
        duration: None,
        sample_aspect: Some((1, 1)),
        interlaced: false,
        siting,
    }
}
