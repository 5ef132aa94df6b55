//! Options of `--method mass`: what is mass, the background, and unequal totals.

use super::common::MethodArg;
use super::exit::Usage;
use super::pair::{Pair, open_all, read_fields, shown};
use crate::reporter::Reporter;
use anyhow::bail;
use clap::{Args, ValueEnum};
use otinterp::Interpolator;
use otinterp::mass::{Background, MassModel, MassOptions, Measure, Unbalanced, luma_codes};
use otinterp::picture::{Picture, Plane};
use otinterp::render::alpha;
use std::path::Path;

/// Options of `--method mass`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of --method mass")]
pub struct MassArgs {
    /// What to move as mass [default: luma]
    #[arg(long, value_enum, value_name = "WHAT")]
    mass: Option<MassArg>,
    /// Level of the background, which is no mass and stays in place: a value above black, in the picture's own codes, or `auto`,
    /// just above a noisy background [default: 0]
    #[arg(long, value_name = "LEVEL", value_parser = parse_background, allow_negative_numbers = true)]
    background: Option<BackgroundArg>,
    /// How to treat two pictures of different total mass [default: normalise]
    #[arg(long, value_enum, value_name = "HOW")]
    unbalanced: Option<UnbalancedArg>,
    /// With --unbalanced slack: distance in pixels beyond which mass fades instead of moving [default: a quarter of the diagonal]
    #[arg(long, value_name = "PX", value_parser = parse_reach)]
    reach: Option<f32>,
}

/// `--mass`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MassArg {
    /// Luma; colours travel with it
    Luma,
    /// Red, green and blue, each moved on its own
    Rgb,
    /// Alpha; colours travel with it
    Alpha,
}

/// `--unbalanced`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UnbalancedArg {
    /// Move shares of the total; they get brighter or darker on the way
    Normalise,
    /// Fade out and in, in place, what would have to go too far
    Slack,
}

/// `--background`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct BackgroundArg(Background);

fn parse_background(text: &str) -> Result<BackgroundArg, String> {
    if text == "auto" {
        return Ok(BackgroundArg(Background::Auto));
    }
    match text.parse::<f32>() {
        Ok(level) if level.is_finite() => Ok(BackgroundArg(Background::Level(level))),
        _ => Err("a level or `auto` is needed".into()),
    }
}

fn parse_reach(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(px) if px > 0.0 && px.is_finite() => Ok(px),
        _ => Err("a number of pixels above 0 is needed".into()),
    }
}

impl MassArgs {
    /// What was asked for.
    /// Fails with [`Usage`] if something is asked for that the method, or another option, makes pointless.
    pub fn options(&self, methods: &[MethodArg]) -> Result<MassOptions, Usage> {
        let options = [
            ("--mass", self.mass.is_some()),
            ("--background", self.background.is_some()),
            ("--unbalanced", self.unbalanced.is_some()),
            ("--reach", self.reach.is_some()),
        ];
        if !methods.contains(&MethodArg::Mass) {
            return match options.iter().find(|(_, given)| *given) {
                Some((name, _)) => Err(Usage(format!("{name} is for --method mass: add that"))),
                None => Ok(MassOptions::default()),
            };
        }
        let slack = self.unbalanced == Some(UnbalancedArg::Slack);
        if self.reach.is_some() && !slack {
            return Err(Usage("--reach is for --unbalanced slack: add that".into()));
        }
        let reach_px = self.reach;
        Ok(MassOptions {
            model: match self.mass {
                None | Some(MassArg::Luma) => MassModel::Luma,
                Some(MassArg::Rgb) => MassModel::Rgb,
                Some(MassArg::Alpha) => MassModel::Alpha,
            },
            background: self.background.map_or(Background::default(), |b| b.0),
            unbalanced: if slack {
                Unbalanced::Slack { reach_px }
            } else {
                Unbalanced::Normalise
            },
        })
    }

    /// The interpolator with what was asked for.
    pub fn given_to(
        &self,
        interpolator: Interpolator,
        method: MethodArg,
    ) -> Result<Interpolator, Usage> {
        Ok(interpolator.with_mass(self.options(&[method])?))
    }
}

/// What of two inputs, pictures or fields of numbers, is mass; in the input's units.
pub fn masses(
    a: &Path,
    b: &Path,
    options: &MassOptions,
    reporter: &Reporter,
) -> anyhow::Result<[Plane; 2]> {
    let mut inputs = open_all(&[a, b])?;
    let values = match read_fields(&mut inputs)? {
        Some(fields) => fields.map(|field| field.values),
        None => {
            let pair = Pair::of(inputs, reporter)?;
            let pictures = [pair.a.picture, pair.b.picture];
            match options.model {
                MassModel::Alpha if pictures[0].alpha().is_none() => {
                    bail!(
                        "{} has no alpha that could be mass; use --mass luma",
                        shown(a)
                    )
                }
                MassModel::Alpha => pictures.map(|p| p.alpha().cloned().unwrap_or_default()),
                MassModel::Luma | MassModel::Rgb => pictures.map(|p| luma_of(&p)),
            }
        }
    };
    let masses = Measure::pair(values, options.background).map(|measure| measure.mass);
    for (mass, path) in masses.iter().zip([a, b]) {
        if mass.iter().all(|&m| m == 0.0) {
            bail!("{} has no mass (nothing above the background)", shown(path));
        }
    }
    Ok(masses)
}

fn luma_of(picture: &Picture) -> Plane {
    if picture.format().alpha {
        luma_codes(&alpha::premultiplied(picture))
    } else {
        luma_codes(picture)
    }
}
