//! Command-line arguments of `otinterp points`.

use crate::commands::tables::{CloudArgs, parse_eps};
use crate::commands::times::parse_time;
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `otinterp points`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp points x.csv y.csv --coupling pi.npz --map map.npy --plot rows.svg
  otinterp points x.npy y.npy --times 0.25,0.5 --positions at.csv
  otinterp points x.npy y.npy --batch 256 --pairs pairs.npy --velocities v.npy
  otinterp points --demo                            the two-row figure: points-demo.svg")]
pub struct PointsArgs {
    /// Source points, one per row: .csv, .tsv, .txt, .npy or .npz; - is standard input
    #[arg(value_name = "SRC", required_unless_present = "demo")]
    pub(super) source: Option<PathBuf>,
    /// Target points, in the same number of dimensions
    #[arg(value_name = "DST", required_unless_present = "demo")]
    pub(super) target: Option<PathBuf>,
    /// Draw an example: 200 points on the left, two clusters on the right, eps 0.5, 200 iterations
    #[arg(long, conflicts_with_all = ["source", "target", "batch", "eps"])]
    pub(super) demo: bool,
    #[command(flatten)]
    pub(super) cloud: CloudArgs,
    /// Weight of the entropy, in units of |x - y|² [default: none, the coupling is exact]
    #[arg(
        long,
        value_name = "E",
        allow_negative_numbers = true,
        conflicts_with = "batch",
        value_parser = parse_eps
    )]
    pub(super) eps: Option<f64>,
    /// Maximum number of iterations with --eps, those at larger values of eps on the way included
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(super) iterations: usize,
    /// Write the coupling: .csv (source,target,mass) or .npz (SciPy's sparse matrix)
    #[arg(long, value_name = "OUT", conflicts_with = "batch")]
    pub(super) coupling: Option<PathBuf>,
    /// Write the barycentric projection, the mean target of each source point: .csv or .npy
    #[arg(long, value_name = "OUT", conflicts_with = "batch")]
    pub(super) map: Option<PathBuf>,
    /// Write the constant velocities: map minus source, or with --batch x1 - x0 of each pair: .csv or .npy
    #[arg(long, value_name = "OUT")]
    pub(super) velocities: Option<PathBuf>,
    /// Times of --positions and --plot, 0 (SRC) to 1 (DST), separated by commas
    #[arg(long, value_name = "T,T…", value_delimiter = ',', value_parser = parse_time,
          default_values_t = [0.0, 0.25, 0.5, 0.75, 1.0])]
    pub(super) times: Vec<f64>,
    /// Write the positions of the moving mass at --times: .csv, or .npy of shape (times, grains, dimensions)
    #[arg(long, value_name = "OUT", conflicts_with = "batch")]
    pub(super) positions: Option<PathBuf>,
    /// Draw displacement interpolation above and linear mixing below at --times (of the first two coordinates): .svg or .png
    #[arg(long, value_name = "OUT", conflicts_with = "batch")]
    pub(super) plot: Option<PathBuf>,
    /// Couple minibatches of B points of each cloud instead of the whole clouds
    #[arg(long, value_name = "B", requires = "target")]
    pub(super) batch: Option<usize>,
    /// Number of minibatches [default: all points of the smaller cloud once]
    #[arg(long, value_name = "N", requires = "batch")]
    pub(super) batches: Option<usize>,
    /// Seed that selects the minibatches
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(super) seed: u64,
    /// Write the minibatches' pairs: .csv (batch,source,target,x0…,x1…) or .npy of shape (pairs, 2, dimensions)
    #[arg(long, value_name = "OUT", requires = "batch")]
    pub(super) pairs: Option<PathBuf>,
}

impl PointsArgs {
    /// The files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        let all = self.source.iter().chain(&self.target);
        all.map(PathBuf::as_path).collect()
    }
}
