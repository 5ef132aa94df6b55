//! Filter graphs: of frames, palettes for GIF, and of sound.

use super::decode::Decoder;
use super::library::{failed, is_drained};
use super::pixel;
use super::timebase::ratio;
use crate::clip::{Error, Result};
use crate::ffi::pixel::{Scaler, Side, is_flipped};
use crate::time::Rational;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::{Pixel, Sample};
use ffmpeg_next::{ChannelLayout, color, filter, frame};

/// Pixel format and size of the frames that enter a graph.
pub(super) type Shape = (Pixel, u32, u32);

/// How sound is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SoundShape {
    /// Samples per second of each channel.
    pub(super) rate_hz: u32,
    /// How a sample is stored.
    pub(super) format: Sample,
    /// Which channels there are; not empty.
    pub(super) layout: ChannelLayout,
}

impl SoundShape {
    /// The filter that makes sound so.
    pub(super) fn filter(&self) -> String {
        format!(
            "aformat=sample_fmts={}:sample_rates={}:channel_layouts=0x{:x}",
            self.format.name(),
            self.rate_hz,
            self.layout.bits()
        )
    }
}

/// A filter graph with one output, `[out]`, and inputs `[in0]`, `[in1]` …
pub(super) struct Filter {
    graph: filter::Graph,
    pushed: i64,
}

impl Filter {
    /// A graph as FFmpeg's `-filter_complex` describes it.
    pub(super) fn new(spec: &str, inputs: &[Shape]) -> Result<Self> {
        let described = inputs.iter().map(|&(pixel, width, height)| {
            let format = pixel.descriptor().map_or("none", |d| d.name());
            // Times only count frames here.
            format!("video_size={width}x{height}:pix_fmt={format}:time_base=1/25:pixel_aspect=1/1")
        });
        Self::build(
            spec,
            ("buffer", "buffersink"),
            &described.collect::<Vec<_>>(),
        )
    }

    /// A graph for sound with the one input `[in0]`, whose blocks are as in `shape`, with times in
    /// ticks of `tick` seconds.
    pub(super) fn for_sound(
        spec: &str,
        shape: &SoundShape,
        tick: ffmpeg::Rational,
    ) -> Result<Self> {
        let described = format!(
            "time_base={}/{}:sample_rate={}:sample_fmt={}:channel_layout=0x{:x}",
            tick.numerator(),
            tick.denominator(),
            shape.rate_hz,
            shape.format.name(),
            shape.layout.bits()
        );
        Self::build(spec, ("abuffer", "abuffersink"), &[described])
    }

    /// A graph whose ends are such filters, the inputs with such settings.
    fn build(spec: &str, (source, sink): (&str, &str), inputs: &[String]) -> Result<Self> {
        let doing = |why| failed("setting up FFmpeg's filters", why);
        let find = |name: &str| {
            filter::find(name).ok_or_else(|| Error::Invalid(format!("FFmpeg has no filter {name}")))
        };
        let mut graph = filter::Graph::new();
        for (index, settings) in inputs.iter().enumerate() {
            graph
                .add(&find(source)?, &format!("in{index}"), settings)
                .map_err(doing)?;
        }
        graph.add(&find(sink)?, "out", "").map_err(doing)?;
        let mut parser = filter::graph::Parser::new(&mut graph);
        for index in 0..inputs.len() {
            parser = parser.output(&format!("in{index}"), 0).map_err(doing)?;
        }
        parser
            .input("out", 0)
            .and_then(|parser| parser.parse(spec))
            .map_err(doing)?;
        graph.validate().map_err(doing)?;
        Ok(Self { graph, pushed: 0 })
    }

    /// Gives an input a frame, which the graph takes for its own.
    pub(super) fn push(&mut self, input: usize, mut frame: frame::Video) -> Result<()> {
        if input == 0 {
            frame.set_pts(Some(self.pushed));
            self.pushed += 1;
        } else {
            frame.set_pts(Some(0));
        }
        self.with_input(input, |mut source| source.add(&frame))
    }

    /// No more frames come at an input.
    pub(super) fn close(&mut self, input: usize) -> Result<()> {
        let end = self.pushed;
        self.with_input(input, |mut source| source.close(end))
    }

    fn with_input(
        &mut self,
        input: usize,
        act: impl FnOnce(filter::Source) -> std::result::Result<(), ffmpeg::Error>,
    ) -> Result<()> {
        let context = self.graph.get(&format!("in{input}"));
        let mut context = context.ok_or_else(|| failed("filtering", ffmpeg::Error::Bug))?;
        act(context.source()).map_err(|why| failed("filtering", why))
    }

    /// Gives the input a block of sound.
    pub(super) fn push_sound(&mut self, block: &frame::Audio) -> Result<()> {
        self.with_input(0, |mut source| source.add(block))
    }

    /// The next frame that is ready.
    pub(super) fn pull(&mut self) -> Result<Option<frame::Video>> {
        let mut frame = frame::Video::empty();
        let is_there = self.pull_with(|mut sink| sink.frame(&mut frame))?;
        Ok(is_there.then_some(frame))
    }

    /// The next block of sound that is ready: of so many samples, fewer at the end only; or of as
    /// many as there are.
    pub(super) fn pull_sound(&mut self, samples: Option<usize>) -> Result<Option<frame::Audio>> {
        let mut block = frame::Audio::empty();
        let is_there = self.pull_with(|mut sink| match samples {
            Some(samples) => sink.samples(&mut block, samples),
            None => sink.frame(&mut block),
        })?;
        Ok(is_there.then_some(block))
    }

    /// Seconds in which the times of the output are counted.
    pub(super) fn output_tick(&mut self) -> Option<Rational> {
        ratio(self.graph.get("out")?.sink().time_base())
    }

    fn pull_with(
        &mut self,
        act: impl FnOnce(filter::Sink) -> std::result::Result<(), ffmpeg::Error>,
    ) -> Result<bool> {
        let context = self.graph.get("out");
        let mut context = context.ok_or_else(|| failed("filtering", ffmpeg::Error::Bug))?;
        match act(context.sink()) {
            Ok(()) => Ok(true),
            Err(why) if is_drained(&why) => Ok(false),
            Err(why) => Err(failed("filtering", why)),
        }
    }
}

/// The pixel format that palettes are made from.
pub(super) const BEFORE_PALETTE: Pixel = Pixel::BGRA;

/// A filter that gives frames of [`BEFORE_PALETTE`] a palette of at most 256 colours.
///
/// With a `source`, all of them share the palette that suits all its frames, which are read for it
/// once; without one every frame has its own.
pub(super) fn palette_filter(
    source: Option<Decoder>,
    size: (u32, u32),
    alpha: bool,
) -> Result<Filter> {
    let shape = (BEFORE_PALETTE, size.0, size.1);
    let reserve = u8::from(alpha);
    let Some(source) = source else {
        let spec = format!(
            "[in0]split[a][b];[a]palettegen=stats_mode=single:reserve_transparent={reserve}[p];\
             [b][p]paletteuse=new=1[out]"
        );
        return Filter::new(&spec, &[shape]);
    };
    let palette = palette_of(source, reserve)?;
    let inputs = [shape, (palette.format(), palette.width(), palette.height())];
    let mut filter = Filter::new("[in0][in1]paletteuse[out]", &inputs)?;
    filter.push(1, palette)?;
    filter.close(1)?;
    Ok(filter)
}

fn palette_of(mut source: Decoder, reserve: u8) -> Result<frame::Video> {
    let doing = |why| failed("making a palette", why);
    let mut open: Option<(Shape, Scaler, Filter)> = None;
    while let Some(frame) = source.next() {
        let shape = (frame.format(), frame.width(), frame.height());
        if open.is_none() {
            let full_range = frame.color_range() == color::Range::JPEG;
            let side = |pixel, full_range| Side {
                pixel,
                matrix: frame.color_space(),
                full_range: full_range || pixel::is_full_range_name(pixel),
            };
            let (from, to) = (side(shape.0, full_range), side(BEFORE_PALETTE, true));
            let scaler = Scaler::new(from, to, shape.1, shape.2).map_err(doing)?;
            let spec = format!("[in0]palettegen=reserve_transparent={reserve}[out]");
            let filter = Filter::new(&spec, &[(BEFORE_PALETTE, shape.1, shape.2)])?;
            open = Some((shape, scaler, filter));
        }
        if let Some((first, scaler, filter)) = &mut open
            && *first == shape
            && !is_flipped(&frame)
        {
            filter.push(0, scaler.run(&frame).map_err(doing)?)?;
            // It asks for frames only when it is asked for one.
            filter.pull()?;
        }
    }
    let palette = match &mut open {
        Some((_, _, filter)) => {
            filter.close(0)?;
            filter.pull()?
        }
        None => None,
    };
    palette.ok_or_else(|| Error::Invalid("no palette can be made of it".to_owned()))
}
