//! Floors of quality: scores that a set must not fall under.

use super::report::Report;
use crate::commands::common::{MethodArg, PresetArg};
use anyhow::{Context, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Least means of a set.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    /// In dB.
    psnr_db: f64,
    ssim: f64,
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
        let shown = file.display();
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
        let mut all: BTreeMap<String, BTreeMap<String, Floor>> =
            toml::from_str(&text).map_err(|e| anyhow::anyhow!("{shown}: {}", e.message()))?;
        let preset = preset.name();
        let Some(sets) = all.remove(preset) else {
            bail!("{shown} has no floors for the preset {preset}; write a table [{preset}.SET]");
        };
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
            if mean.psnr_db < floor.psnr_db {
                under.push(format!(
                    "{name} {:.3} dB < {} dB",
                    mean.psnr_db, floor.psnr_db
                ));
            }
            let ssim = mean.ssim.unwrap_or(0.0);
            if ssim < floor.ssim {
                under.push(format!("{name} SSIM {ssim:.4} < {}", floor.ssim));
            }
        }
        if !under.is_empty() {
            let (file, preset) = (self.file.display(), self.preset);
            bail!(
                "under the floors of {file} for {preset}: {}",
                under.join("; ")
            );
        }
        Ok(())
    }
}
