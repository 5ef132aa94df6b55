//! Floors of quality: scores that a set must not fall behind.

use super::measure::Numbers;
use super::report::Report;
use crate::commands::common::{MethodArg, PresetArg};
use crate::data::read_list;
use anyhow::bail;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a set is held to: least means, and of what is better the less of it there is, greatest ones.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    /// In dB.
    psnr_db: f64,
    ssim: f64,
    /// Greatest.
    gmsd: Option<f64>,
    /// Greatest.
    ghost: Option<f64>,
    /// Of scenes in layers, in dB.
    one_db: Option<f64>,
    /// Of scenes in layers, in dB.
    edge_db: Option<f64>,
    /// Of scenes in layers.
    thing: Option<f64>,
}

impl Floor {
    fn are_numbers(&self) -> bool {
        let more = [self.gmsd, self.ghost, self.one_db, self.edge_db, self.thing];
        let more = more.into_iter().flatten();
        more.chain([self.psnr_db, self.ssim])
            .all(|floor| !floor.is_nan())
    }

    /// What is wrong with a set's means.
    fn broken(&self, mean: &Numbers) -> Vec<String> {
        let layers = mean.layers;
        let bounds = [
            broken(("PSNR", " dB"), Some(mean.psnr_db), '<', Some(self.psnr_db)),
            broken(("SSIM", ""), mean.ssim, '<', Some(self.ssim)),
            broken(("GMSD", ""), mean.gmsd, '>', self.gmsd),
            broken(("ghost", ""), mean.ghost, '>', self.ghost),
            broken(
                ("one", " dB"),
                layers.and_then(|l| l.one_db),
                '<',
                self.one_db,
            ),
            broken(
                ("edge", " dB"),
                layers.and_then(|l| l.edge_db),
                '<',
                self.edge_db,
            ),
            broken(("thing", ""), layers.and_then(|l| l.thing), '<', self.thing),
        ];
        bounds.into_iter().flatten().collect()
    }
}

/// What is wrong with a number, given by name and unit, if there is a bound: that it is beyond it on the side of `sign`, or is
/// missing.
fn broken(
    (name, unit): (&str, &str),
    found: Option<f64>,
    sign: char,
    bound: Option<f64>,
) -> Option<String> {
    let bound = bound?;
    let Some(found) = found else {
        return Some(format!("{name} is not known"));
    };
    let beyond = match sign {
        '<' => found < bound,
        _ => found > bound,
    };
    let digits = if unit.is_empty() { 4 } else { 3 };
    beyond.then(|| format!("{name} {found:.digits$}{unit} {sign} {bound}{unit}"))
}

/// The floors of one preset, by set.
#[derive(Debug)]
pub struct Floors {
    file: PathBuf,
    preset: &'static str,
    sets: BTreeMap<String, Floor>,
}

impl Floors {
    /// The part of a file that holds for a preset.
    pub fn read(file: &Path, preset: PresetArg) -> anyhow::Result<Self> {
        Self::of(&read_list(file)?, file, preset)
    }

    /// The same of its text.
    pub fn of(text: &str, file: &Path, preset: PresetArg) -> anyhow::Result<Self> {
        let shown = file.display();
        let mut all: BTreeMap<String, BTreeMap<String, Floor>> = toml::from_str(text)
            .map_err(|e| anyhow::anyhow!("{shown}: {}", e.message().replace('\n', " ")))?;
        let preset = preset.name();
        let Some(sets) = all.remove(preset) else {
            bail!("{shown} has no floors for the preset {preset}; write a table [{preset}.SET]");
        };
        // Nothing is below what is no number.
        if let Some((set, _)) = sets.iter().find(|(_, floor)| !floor.are_numbers()) {
            bail!("{shown}: [{preset}.{set}]: nan is no floor");
        }
        Ok(Self {
            file: file.to_owned(),
            preset,
            sets,
        })
    }

    /// Holds the transport's means against the floors.
    pub fn check(&self, report: &Report) -> anyhow::Result<()> {
        let mut under = Vec::new();
        for (name, floor) in &self.sets {
            let set = report.sets.iter().find(|set| &set.set == name);
            let method = set.and_then(|set| set.methods.iter().find(|m| m.method == MethodArg::Ot));
            let Some(mean) = method.map(|method| method.mean) else {
                under.push(format!("{name} was not scored"));
                continue;
            };
            let broken = floor.broken(&mean).into_iter();
            under.extend(broken.map(|what| format!("{name} {what}")));
        }
        if !under.is_empty() {
            let (file, preset) = (self.file.display(), self.preset);
            bail!(
                "behind the floors of {file} for {preset}: {}",
                under.join("; ")
            );
        }
        Ok(())
    }
}
