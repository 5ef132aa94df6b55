//! Still writer: pictures to files of every format.

use super::promote::converted;
use super::{Still, StillError, StillFormat, interleaved, png, tiff};
use crate::picture::{ColorModel, Format, Picture};
use image::codecs::{bmp::BmpEncoder, jpeg::JpegEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError};
use std::borrow::Cow;
use std::io::{Seek, Write};

/// JPEG quality: with 4:4:4 chroma, differences to the source are not visible.
const JPEG_QUALITY: u8 = 95;

/// Writes a still as PNG: 8 or 16 bits, grey or RGB, alpha and profile kept.
///
/// # Errors
/// [`StillError`] if the picture is Y'CbCr or the system refuses.
pub fn write_png(still: &Still, out: impl Write) -> Result<(), StillError> {
    let ready = prepared(still, StillFormat::Png)?;
    png::write_image(&ready, out)
}

/// Writes a still. Depth and profile are reduced to what the format holds; transparency never is.
///
/// # Errors
/// [`StillError`] if the picture is Y'CbCr, has transparent pixels that the format cannot hold, is
/// too large for the format, or the system refuses.
pub fn write(
    still: &Still,
    format: StillFormat,
    mut out: impl Write + Seek,
) -> Result<(), StillError> {
    let ready = prepared(still, format)?;
    match format {
        StillFormat::Png => png::write_image(&ready, &mut out),
        StillFormat::Tiff => tiff::write_image(&ready, &mut out),
        StillFormat::Jpeg => encode(
            JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY),
            &ready,
            format,
        ),
        StillFormat::WebP => encode(WebPEncoder::new_lossless(&mut out), &ready, format),
        StillFormat::Bmp => encode(BmpEncoder::new(&mut out), &ready, format),
        StillFormat::Pnm | StillFormat::Pam => write_netpbm(&ready.picture, format, &mut out),
    }?;
    out.flush().map_err(StillError::Write)
}

/// The still in the depth and with the planes that the format holds.
fn prepared(still: &Still, format: StillFormat) -> Result<Cow<'_, Still>, StillError> {
    format.check(still)?;
    let source = still.picture.format();
    let mut target = source;
    target.bit_depth = if source.bit_depth > 8 && format.holds_16_bit() {
        16
    } else {
        8
    };
    // `check` has made sure that alpha which goes is opaque.
    target.alpha = source.alpha && format.holds_alpha();
    // These have no grey with alpha of their own.
    let gray_alpha = target.alpha && target.model == ColorModel::Gray;
    if gray_alpha && matches!(format, StillFormat::Tiff | StillFormat::Bmp) {
        target.model = ColorModel::Rgb;
    }
    let keeps_profile = format.holds_icc() && target.model == source.model;
    let keeps_tags = format.tags_lost(&still.tags).is_empty();
    if target == source && (keeps_profile || still.icc.is_none()) && keeps_tags {
        return Ok(Cow::Borrowed(still));
    }
    Ok(Cow::Owned(Still {
        picture: converted(&still.picture, target)
            .map_err(|e| StillError::encode(format.name(), e))?
            .into_owned(),
        icc: still.icc.clone().filter(|_| keeps_profile),
        tags: format.tags_held(&still.tags),
    }))
}

fn encode(
    mut encoder: impl ImageEncoder,
    still: &Still,
    format: StillFormat,
) -> Result<(), StillError> {
    let failed = |error| match error {
        ImageError::IoError(e) => StillError::Write(e),
        other => StillError::encode(format.name(), other),
    };
    if let Some(icc) = &still.icc {
        encoder
            .set_icc_profile(icc.clone())
            .map_err(|e| failed(ImageError::Unsupported(e)))?;
    }
    if let Some(exif) = &still.tags.exif {
        encoder
            .set_exif_metadata(exif.clone())
            .map_err(|e| failed(ImageError::Unsupported(e)))?;
    }
    let picture = &still.picture;
    encoder
        .write_image(
            &interleaved(picture, u16::to_ne_bytes),
            picture.width() as u32,
            picture.height() as u32,
            color_type(picture.format()),
        )
        .map_err(failed)
}

fn color_type(format: Format) -> ExtendedColorType {
    use ExtendedColorType as T;
    match (format.color_planes(), format.alpha, format.bit_depth) {
        (1, false, 8) => T::L8,
        (1, true, 8) => T::La8,
        (_, false, 8) => T::Rgb8,
        (_, true, 8) => T::Rgba8,
        (1, false, _) => T::L16,
        (1, true, _) => T::La16,
        (_, false, _) => T::Rgb16,
        (_, true, _) => T::Rgba16,
    }
}

/// The samples of a still pixel by pixel, 8 bits each, red, green, blue.
///
/// # Errors
/// [`StillError`] if the picture is Y'CbCr or has transparent pixels.
pub fn rgb24(still: &Still) -> Result<Vec<u8>, StillError> {
    StillFormat::Pnm.check(still)?;
    let picture =
        converted(&still.picture, Format::rgb(8)).map_err(|e| StillError::encode("RGB24", e))?;
    Ok(interleaved(&picture, u16::to_ne_bytes))
}

/// Netpbm: `image` writes no 16-bit PPM, so all of it is written here (a header, then samples).
fn write_netpbm(
    picture: &Picture,
    format: StillFormat,
    out: &mut impl Write,
) -> Result<(), StillError> {
    let (width, height) = (picture.width(), picture.height());
    let max_code = picture.format().max_code();
    let channels = picture.planes().len();
    let header = match (format, channels) {
        (StillFormat::Pam, _) => {
            let tuple = ["GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"][channels - 1];
            format!(
                "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {max_code}\nTUPLTYPE {tuple}\nENDHDR\n"
            )
        }
        (_, 1) => format!("P5\n{width} {height}\n{max_code}\n"),
        _ => format!("P6\n{width} {height}\n{max_code}\n"),
    };
    out.write_all(header.as_bytes())
        .and_then(|()| out.write_all(&interleaved(picture, u16::to_be_bytes)))
        .map_err(StillError::Write)
}
