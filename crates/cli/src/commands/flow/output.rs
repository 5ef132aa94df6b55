//! Outputs of `flow`: which kind of file `-o` asks for, and its writing.

use crate::commands::exit::Usage;
use crate::commands::pair;
use crate::flow;
use anyhow::Context;
use image::{GrayImage, ImageFormat, Luma, RgbImage};
use otinterp::motion::MotionField;
use otinterp::picture::Plane;
use std::collections::HashSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Displacements.
    Field,
    /// Displacements as colours.
    Wheel,
    /// Arrows on the picture.
    Arrows,
    /// How far both directions agree.
    Confidence,
    /// How far the other picture shows it.
    Visibility,
    /// Order of depth.
    Order,
    /// How motion changes.
    Acceleration,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Flo,
    Npy,
    Kitti,
    Png,
    Svg,
}

/// One `-o`: what, how and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    kind: Kind,
    form: Form,
    /// `-` is standard output.
    path: PathBuf,
}

impl Target {
    /// Reads `[KIND:]OUT`.
    /// Fails with [`Usage`] if the name says nothing, or kind and name do not go together.
    pub fn parse(text: &str) -> Result<Self, Usage> {
        let (word, name) = match text.split_once(':') {
            Some((word, name)) if is_word(word) => (word, name),
            _ => ("", text),
        };
        let path = PathBuf::from(name);
        let extension = path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        let extension = extension.as_deref().unwrap_or("");
        if name.is_empty() {
            return Err(Usage(format!("{text}: there is no file name")));
        }
        let by_name = |kind| match extension {
            "png" => Some((kind, Form::Png)),
            "npy" => Some((kind, Form::Npy)),
            // The pipe's name says nothing.
            "" if name == "-" => Some((kind, Form::Png)),
            _ => None,
        };
        let found = match (word, extension) {
            ("", "flo") | ("flo", _) => Some((Kind::Field, Form::Flo)),
            ("", "npy") | ("npy", _) => Some((Kind::Field, Form::Npy)),
            ("", "") if name == "-" => Some((Kind::Field, Form::Flo)),
            ("kitti", "png" | "") => Some((Kind::Field, Form::Kitti)),
            ("", "svg") | ("arrows", "svg") => Some((Kind::Arrows, Form::Svg)),
            ("arrows", "png" | "") => Some((Kind::Arrows, Form::Png)),
            ("", "png") | ("wheel", "png" | "") => Some((Kind::Wheel, Form::Png)),
            ("confidence", _) => by_name(Kind::Confidence),
            ("visibility", _) => by_name(Kind::Visibility),
            ("order", _) => by_name(Kind::Order),
            ("acceleration", "flo") => Some((Kind::Acceleration, Form::Flo)),
            ("acceleration", _) => by_name(Kind::Acceleration),
            _ => None,
        };
        match found {
            Some((kind, form)) => Ok(Self { kind, form, path }),
            None => Err(Usage(format!(
                "{text}: name it .flo, .npy, .png or .svg (`otinterp flow --help` lists what is written to which)"
            ))),
        }
    }

    /// Whether it needs frames before or after the two.
    pub fn needs_neighbours(&self) -> bool {
        self.kind == Kind::Acceleration
    }

    /// Where to; `-` is standard output.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether it is one of the words before a name.
fn is_word(word: &str) -> bool {
    [
        "flo",
        "npy",
        "kitti",
        "wheel",
        "arrows",
        "confidence",
        "visibility",
        "order",
        "acceleration",
    ]
    .contains(&word)
}

/// Several outputs need several names.
/// Fails with [`Usage`] if two are the same.
pub fn check_together(targets: &[Target]) -> Result<(), Usage> {
    let mut seen = HashSet::new();
    match targets.iter().find(|target| !seen.insert(&target.path)) {
        Some(twice) => Err(Usage(format!(
            "{}: only one thing can be written to it",
            twice.path.display()
        ))),
        None => Ok(()),
    }
}

/// All that can be written.
pub struct Drawn<'a> {
    /// The map.
    pub field: &'a MotionField,
    /// How far both directions agree.
    pub confidence: &'a Plane,
    /// How far the other picture shows it, in `[0, 1]`.
    pub visibility: &'a Plane,
    /// Order of depth, in `[-1, 1]`.
    pub order: &'a Plane,
    /// Acceleration half-way, px per interval².
    pub acceleration: &'a MotionField,
    /// Length that colours saturate at, px.
    pub saturate_px: f32,
    /// The picture that the map starts from.
    pub picture: RgbImage,
}

impl Drawn<'_> {
    /// The bytes of one output.
    pub fn bytes(&self, target: &Target) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write_to(target, &mut bytes)
            .with_context(|| pair::shown(&target.path))?;
        Ok(bytes)
    }

    fn write_to(&self, target: &Target, out: &mut Vec<u8>) -> anyhow::Result<()> {
        // What is black in grey, too; 1 is white.
        let (plane, black) = match target.kind {
            Kind::Confidence => (self.confidence, 0.0),
            Kind::Order => (self.order, -1.0),
            _ => (self.visibility, 0.0),
        };
        match (target.kind, target.form) {
            (Kind::Field, Form::Kitti) => flow::write_kitti(self.field, out)?,
            (Kind::Field, Form::Npy) => flow::write_npy(self.field, out)?,
            (Kind::Field, _) => flow::write_flo(self.field, out)?,
            (Kind::Wheel, _) => *out = png(&flow::wheel(self.field, self.saturate_px))?,
            (Kind::Arrows, Form::Svg) => {
                *out = flow::arrows_svg(self.field, &self.picture)?.into_bytes();
            }
            (Kind::Arrows, _) => *out = png(&flow::draw_arrows(self.field, &self.picture))?,
            (Kind::Acceleration, Form::Flo) => flow::write_flo(self.acceleration, out)?,
            (Kind::Acceleration, Form::Npy) => flow::write_npy(self.acceleration, out)?,
            (Kind::Acceleration, _) => {
                let longest = flow::lengths(self.acceleration, None).longest_px;
                *out = png(&flow::wheel(self.acceleration, longest))?;
            }
            (_, Form::Npy) => flow::write_plane_npy(plane, out)?,
            (_, _) => *out = gray_png(plane, black)?,
        }
        Ok(())
    }
}

fn png(image: &RgbImage) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// A plane of `[black, 1]`: 1 is white.
fn gray_png(plane: &Plane, black: f32) -> anyhow::Result<Vec<u8>> {
    let (height, width) = plane.dim();
    let image = GrayImage::from_fn(width as u32, height as u32, |x, y| {
        let value = (plane[(y as usize, x as usize)] - black) / (1.0 - black);
        Luma([(255.0 * value).round() as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_written() {
        let kind = |text: &str| Target::parse(text).map(|t| (t.kind, t.form)).ok();
        for (text, expected) in [
            ("a.flo", (Kind::Field, Form::Flo)),
            ("-", (Kind::Field, Form::Flo)),
            ("npy:-", (Kind::Field, Form::Npy)),
            ("kitti:x/a.png", (Kind::Field, Form::Kitti)),
            ("A.PNG", (Kind::Wheel, Form::Png)),
            ("a.svg", (Kind::Arrows, Form::Svg)),
            ("arrows:a.png", (Kind::Arrows, Form::Png)),
            ("confidence:a.npy", (Kind::Confidence, Form::Npy)),
            ("visibility:-", (Kind::Visibility, Form::Png)),
            ("order:a.npy", (Kind::Order, Form::Npy)),
            ("acceleration:a.flo", (Kind::Acceleration, Form::Flo)),
            ("acceleration:a.png", (Kind::Acceleration, Form::Png)),
            // A colon of the name's own.
            ("c:a.flo", (Kind::Field, Form::Flo)),
        ] {
            assert_eq!(kind(text), Some(expected), "{text}");
        }
        for text in [
            "a.jpg",
            "a",
            "kitti:a.flo",
            "confidence:a.svg",
            "flo:",
            "wheel:a.svg",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }
}
