//! Gallery of `inspect`: a probe that keeps the engine's planes and encodes them as PNG.

use crate::flow;
use image::{GrayImage, ImageBuffer, Luma, PixelWithColorType};
use otinterp::motion::MotionField;
use otinterp::picture::Plane;
use otinterp::picture::still::{self, Still};
use otinterp::probe::{Place, Probe, Side, View};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

/// Photometric error, a sum over three channels, that is shown white.
const WHITE_ERROR: f32 = 0.25;
/// Share of the displacements that the colours' saturation leaves out: one that is far off must not pale all others.
const LEFT_OUT: f64 = 0.005;

/// All planes and motions that came, by their place; of one that comes more than once the last counts.
#[derive(Debug, Default)]
pub struct Gallery(Mutex<BTreeMap<Place, Shown>>);

#[derive(Debug, Clone)]
enum Shown {
    Plane(Plane),
    /// Displacements, px of the picture.
    Motion(MotionField),
}

/// A picture for the page.
#[derive(Debug, Serialize)]
pub struct Exhibit {
    /// File name.
    pub name: String,
    /// What all pictures of its kind show; they stand together.
    pub title: &'static str,
    /// What this one is.
    pub caption: String,
    /// The file.
    #[serde(skip)]
    pub png: Vec<u8>,
}

impl Probe for Gallery {
    fn is_on(&self) -> bool {
        true
    }

    fn plane(&self, place: Place, plane: &Plane) {
        self.keep(place, Shown::Plane(plane.clone()));
    }

    fn motion(&self, place: Place, dx: &Plane, dy: &Plane) {
        let px = (1u32 << place.level) as f32;
        let field = MotionField {
            cell_log2: place.level as u8,
            dx: dx.mapv(|v| px * v),
            dy: dy.mapv(|v| px * v),
        };
        self.keep(place, Shown::Motion(field));
    }
}

impl Gallery {
    fn keep(&self, place: Place, shown: Shown) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(place, shown);
    }

    /// All planes and motions as pictures, in the order of the work, from coarse to fine.
    ///
    /// # Errors
    /// The error of the encoder.
    pub fn exhibits(&self) -> anyhow::Result<Vec<Exhibit>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let longest_px = longest_px(all.values());
        let mut places: Vec<Place> = all.keys().copied().collect();
        places.sort_by_key(|place| (place.view, std::cmp::Reverse(place.level), place.side));
        let exhibit = |place: Place| -> anyhow::Result<Exhibit> {
            let (title, stem) = words(place.view);
            let (side, of) = match place.side {
                Side::First => ("-a", "of A, "),
                Side::Second => ("-b", "of B, "),
                Side::Both => ("", ""),
            };
            let (png, height, width) = match &all[&place] {
                Shown::Plane(plane) => (
                    gray(plane, black_and_white(place.view))?,
                    plane.nrows(),
                    plane.ncols(),
                ),
                Shown::Motion(field) => {
                    let (height, width) = field.dim();
                    (png(&flow::wheel(field, longest_px))?, height, width)
                }
            };
            let scale = match place.view {
                View::Motion | View::Candidates => format!(", saturated at {longest_px:.1} px"),
                View::PhotometricError => format!(", white at {WHITE_ERROR}"),
                View::Order => ", black at −1, white at 1".into(),
                _ => String::new(),
            };
            let level = place.level;
            Ok(Exhibit {
                name: format!("{stem}{side}-level{level}.png"),
                title,
                caption: format!("{of}level {level}, {width}×{height}{scale}"),
                png,
            })
        };
        places.into_iter().map(exhibit).collect()
    }
}

/// The frame itself.
///
/// # Errors
/// The error of the encoder.
pub fn frame_exhibit(frame: &Still) -> anyhow::Result<Exhibit> {
    let mut bytes = Vec::new();
    still::write_png(frame, &mut bytes)?;
    let (width, height) = (frame.picture.width(), frame.picture.height());
    Ok(Exhibit {
        name: "frame.png".into(),
        title: "The frame",
        caption: format!("{width}×{height}"),
        png: bytes,
    })
}

/// Title and file name of a view.
fn words(view: View) -> (&'static str, &'static str) {
    match view {
        View::Pyramid => ("Frame pyramid: luma", "pyramid"),
        View::TileMask => ("Tile mask: half tiles whose tiles are solved", "tile-mask"),
        View::Motion => ("Motion after each level", "motion"),
        View::Visibility => (
            "Visibility: white is seen in the other picture too",
            "visibility",
        ),
        View::Order => ("Order of depth: white is in front", "order"),
        View::Candidates => ("First candidates: motion at t, from A to B", "candidates"),
        View::PhotometricError => (
            "Photometric error of the first candidate at t",
            "photometric-error",
        ),
        View::Fallback => ("Fallback: share of the cross-fade at t", "fallback"),
    }
}

/// The values that are shown black and white.
fn black_and_white(view: View) -> [f32; 2] {
    match view {
        View::PhotometricError => [0.0, WHITE_ERROR],
        View::Order => [-1.0, 1.0],
        _ => [0.0, 1.0],
    }
}

/// Displacement at which colours saturate, for all fields alike: nearly the longest of the finest field, px.
fn longest_px<'a>(all: impl Iterator<Item = &'a Shown>) -> f32 {
    let fields = all.filter_map(|shown| match shown {
        Shown::Motion(field) => Some(field),
        Shown::Plane(_) => None,
    });
    let Some(finest) = fields.min_by_key(|field| field.cell_log2) else {
        return 1.0;
    };
    let pairs = finest.dx.iter().zip(&finest.dy);
    let mut lengths: Vec<f32> = pairs.map(|(dx, dy)| dx.hypot(*dy)).collect();
    lengths.sort_unstable_by(f32::total_cmp);
    let last = ((1.0 - LEFT_OUT) * lengths.len() as f64) as usize;
    let longest = lengths.get(last.min(lengths.len().saturating_sub(1)));
    longest.copied().unwrap_or(1.0).max(1.0)
}

fn gray(plane: &Plane, [black, white]: [f32; 2]) -> anyhow::Result<Vec<u8>> {
    let (height, width) = plane.dim();
    let image = GrayImage::from_fn(width as u32, height as u32, |x, y| {
        let value = (plane[(y as usize, x as usize)] - black) / (white - black);
        Luma([(255.0 * value).round().clamp(0.0, 255.0) as u8])
    });
    png(&image)
}

fn png<P>(image: &ImageBuffer<P, Vec<u8>>) -> anyhow::Result<Vec<u8>>
where
    P: PixelWithColorType<Subpixel = u8>,
{
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
