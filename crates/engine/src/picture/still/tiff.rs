//! TIFF writer, on the `tiff` crate itself: `image` would not say that the fourth channel is alpha.

use super::{Still, StillError, interleaved};
use ::tiff::encoder::colortype::{ColorType, Gray8, Gray16, RGB8, RGB16, RGBA8, RGBA16};
use ::tiff::encoder::{TiffEncoder, TiffValue};
use ::tiff::tags::Tag;
use ::tiff::{TiffError, TiffResult};
use std::io::{Seek, Write};

/// `ExtraSamples` = 2: alpha that the colours are not multiplied by (TIFF 6.0, section 18).
const UNASSOCIATED_ALPHA: u16 = 2;

/// Writes one picture: grey, RGB or RGBA of 8 or 16 bits.
pub(super) fn write_image(still: &Still, out: impl Write + Seek) -> Result<(), StillError> {
    let bytes = interleaved(&still.picture, u16::to_ne_bytes);
    let format = still.picture.format();
    let written = if format.bit_depth > 8 {
        let wide: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_ne_bytes([pair[0], pair[1]]))
            .collect();
        match (format.color_planes(), format.alpha) {
            (1, _) => encode::<Gray16>(still, &wide, out),
            (_, false) => encode::<RGB16>(still, &wide, out),
            (_, true) => encode::<RGBA16>(still, &wide, out),
        }
    } else {
        match (format.color_planes(), format.alpha) {
            (1, _) => encode::<Gray8>(still, &bytes, out),
            (_, false) => encode::<RGB8>(still, &bytes, out),
            (_, true) => encode::<RGBA8>(still, &bytes, out),
        }
    };
    written.map_err(|error| match error {
        TiffError::IoError(e) => StillError::Write(e),
        other => StillError::encode("TIFF", other),
    })
}

fn encode<C: ColorType>(
    still: &Still,
    samples: &[C::Inner],
    out: impl Write + Seek,
) -> TiffResult<()>
where
    [C::Inner]: TiffValue,
{
    let (width, height) = (still.picture.width() as u32, still.picture.height() as u32);
    let mut file = TiffEncoder::new(out)?;
    let mut image = file.new_image::<C>(width, height)?;
    if still.picture.format().alpha {
        let tags = image.encoder();
        tags.write_tag(Tag::ExtraSamples, &[UNASSOCIATED_ALPHA][..])?;
    }
    if let Some(icc) = &still.icc {
        image.encoder().write_tag(Tag::IccProfile, icc.as_slice())?;
    }
    image.write_data(samples)
}
