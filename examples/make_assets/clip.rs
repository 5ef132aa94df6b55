//! The scene as a clip at half rate, and as the clip with all the true frames.

use crate::scene;
use otinterp::picture::{ColorModel, Format, Matrix, Range, to_yuv};
use otinterp_video::time::{OutputClock, parse_rate};
use otinterp_video::{Encoding, FileSink, Info, Shown, Sink, Siting};
use std::path::Path;

/// What every player reads: 8-bit 4:2:0, BT.709, limited range.
const FORMAT: Format = Format {
    model: ColorModel::Yuv,
    chroma_shift_x: 1,
    chroma_shift_y: 1,
    range: Range::Limited,
    matrix: Matrix::Bt709,
    ..Format::rgb(8)
};
const SIZE: (usize, usize) = (320, 180);
/// Frames at half rate; the full clip has one more between each two.
const FRAMES: u32 = 24;
/// What passes in the scene from one frame to the next at half rate. A quarter, so that shapes
/// turn back on frames and never between two.
const STEP: f64 = 0.25;

/// Makes `clip/12fps.mp4` and, with the true in-betweens, `clip/24fps.mp4`.
pub fn make(assets: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let folder = assets.join("clip");
    std::fs::create_dir_all(&folder)?;
    write(&folder.join("12fps.mp4"), "12", FRAMES, STEP)?;
    write(&folder.join("24fps.mp4"), "24", 2 * FRAMES - 1, STEP / 2.0)
}

fn write(path: &Path, fps: &str, frames: u32, step: f64) -> Result<(), Box<dyn std::error::Error>> {
    let rate = parse_rate(fps)?;
    let info = Info {
        width: SIZE.0,
        height: SIZE.1,
        format: FORMAT,
        rate: Some(rate),
        duration: None,
        sample_aspect: None,
        interlaced: false,
        siting: Some(Siting::Left),
    };
    let encoding = Encoding {
        crf: Some(20),
        preset: Some("veryslow".to_owned()),
        ..Encoding::default()
    };
    let clock = OutputClock::new(rate, parse_rate("1")?);
    let mut sink = FileSink::create(path, &info, &clock, &encoding, None)?;
    for index in 0..frames {
        let rgb = scene::shapes(SIZE.0, SIZE.1, f64::from(index) * step);
        let shown = Shown::nth(index.into(), rate);
        sink.write(&to_yuv(&rgb, FORMAT)?, shown)?;
    }
    sink.finish()?;
    println!("{}", path.display());
    Ok(())
}
