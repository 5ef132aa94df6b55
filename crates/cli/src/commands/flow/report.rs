//! Report of a run of `flow`, as text and JSON.

use crate::commands::common::{MethodArg, PresetArg};
use serde::Serialize;
use std::path::PathBuf;

/// Report of a run: `--json`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The two pictures as typed.
    pub inputs: [String; 2],
    /// Whether the map leads from the second to the first.
    #[serde(rename = "backward")]
    pub is_backward: bool,
    /// What was transported.
    pub method: MethodArg,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `--preset`.
    pub preset: PresetArg,
    /// Seconds to solve the transport.
    pub solve_s: f64,
    /// Mean length of the displacements, px.
    pub mean_px: f64,
    /// The longest, px.
    pub longest_px: f32,
    /// Mean of their squares, px².
    pub energy_px2: f64,
    /// With `--before` or `--after`: the mean of `∫|p'|² dt` over the paths p through all frames, px². That of straight ones is the energy.
    pub path_energy_px2: Option<f64>,
    /// W2² between the masses, px²; of `--method mass`. The energy of the shortest way is equal to it.
    pub squared_distance_px2: Option<f64>,
    /// Mean of how far both directions agree, in `[0, 1]`.
    pub mean_confidence: f64,
    /// Mean of how far pixels are seen in the other picture, in `[0, 1]`.
    pub mean_visibility: f64,
    /// Mean endpoint error against `--truth`, px.
    pub endpoint_px: Option<f64>,
    /// Mean angular error against it, degrees.
    pub angular_deg: Option<f64>,
    /// Share of endpoint errors above 3 px and 5 %.
    pub outlier_share: Option<f64>,
    /// Pixels whose truth is known.
    pub pixels_known: Option<usize>,
    /// The files written.
    pub outputs: Vec<PathBuf>,
}

impl Report {
    /// The numbers, and the names of the files, line by line.
    pub fn text(&self) -> String {
        let distance = self.squared_distance_px2;
        let distance = distance.map_or(String::new(), |d| format!(", W2² {d:.3} px²"));
        let mut lines = vec![
            format!(
                "displacement  mean {:.2} px, longest {:.2} px",
                self.mean_px, self.longest_px
            ),
            format!(
                "energy        {:.3} px² (mean of |v|²){distance}",
                self.energy_px2
            ),
            self.path_energy_px2.map_or(String::new(), |energy| {
                format!("paths         {energy:.3} px² (mean of ∫|p'|² through all frames)")
            }),
            format!("confidence    {:.3} on average", self.mean_confidence),
            format!("visibility    {:.3} on average", self.mean_visibility),
        ];
        if let (Some(endpoint), Some(angular), Some(outliers), Some(pixels)) = (
            self.endpoint_px,
            self.angular_deg,
            self.outlier_share,
            self.pixels_known,
        ) {
            lines.push(format!("error         endpoint {endpoint:.3} px, angular {angular:.2}°, outliers {:.2} % of {pixels} pixels", 100.0 * outliers));
        }
        lines.retain(|line| !line.is_empty());
        lines.extend(self.outputs.iter().map(|path| path.display().to_string()));
        lines.join("\n")
    }
}
