//! Outputs of `points`, opened before the work.

use super::args::PointsArgs;
use super::plan::Plan;
use super::{demo, files};
use crate::commands::common::Common;
use crate::commands::output::{Output, Plot};
use crate::commands::pair::shown;
use crate::plot::{Dots, Panel, Rows};
use otinterp::ot::Cloud;
use std::path::{Path, PathBuf};

/// The files asked for, opened before the work.
pub struct Outputs {
    coupling: Option<Table>,
    map: Option<Table>,
    pub(super) velocities: Option<Table>,
    positions: Option<Table>,
    pub(super) pairs: Option<Table>,
    plot: Option<(Plot, String)>,
}

type Table = (files::Kind, Output, String);

impl Outputs {
    pub fn open(args: &PointsArgs, common: &Common) -> anyhow::Result<Self> {
        let table = |path: &Option<PathBuf>, sparse: bool| {
            let open = |path: &PathBuf| {
                let kind = files::Kind::of(path, sparse)?;
                let output = Output::open(path, common.overwrite)?;
                anyhow::Ok((kind, output, shown(path)))
            };
            path.as_ref().map(open).transpose()
        };
        let default = Path::new(demo::FIGURE);
        let figure = args.plot.as_deref().or(args.demo.then_some(default));
        Ok(Self {
            coupling: table(&args.coupling, true)?,
            map: table(&args.map, false)?,
            velocities: table(&args.velocities, false)?,
            positions: table(&args.positions, false)?,
            pairs: table(&args.pairs, false)?,
            plot: Plot::open(figure, common)?.zip(figure.map(shown)),
        })
    }

    /// Writes all but the pairs; gives their names.
    pub fn write(
        self,
        plan: &Plan,
        (source, target): (&Cloud, &Cloud),
        times: &[f64],
    ) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        if let Some((kind, output, name)) = self.coupling {
            output.write(&files::coupling(kind, plan, (source.len(), target.len()))?)?;
            names.push(name);
        }
        let dimensions = source.dimensions();
        if let Some((kind, output, name)) = self.map {
            output.write(&files::rows(kind, "x", dimensions, &plan.map)?)?;
            names.push(name);
        }
        if let Some((kind, output, name)) = self.velocities {
            let pairs = plan.map.iter().zip(source.points());
            let velocities: Vec<f64> = pairs.map(|(y, x)| y - x).collect();
            output.write(&files::rows(kind, "v", dimensions, &velocities)?)?;
            names.push(name);
        }
        if let Some((kind, output, name)) = self.positions {
            output.write(&files::positions(kind, plan, source, times)?)?;
            names.push(name);
        }
        if let Some((plot, name)) = self.plot {
            plot.write(&figure(plan, source, target, times))?;
            names.push(name);
        }
        Ok(names)
    }
}

/// Displacement interpolation above, linear mixing below.
fn figure(plan: &Plan, source: &Cloud, target: &Cloud, times: &[f64]) -> Rows {
    // One of the heaviest is opaque.
    let dot = |x: &[f64], mass: f64, most: f64| {
        [x[0], x.get(1).copied().unwrap_or(0.0), 0.85 * mass / most]
    };
    let all = |cloud: &Cloud, share: f64| -> Vec<[f64; 3]> {
        let most = cloud.masses().iter().fold(0.0f64, |m, &x| m.max(x));
        (0..cloud.len())
            .map(|i| dot(cloud.point(i), share * cloud.masses()[i], most))
            .collect()
    };
    let most = plan.grains.iter().fold(0.0f64, |m, g| m.max(g.mass));
    let d = source.dimensions();
    let moved = times.iter().map(|&t| {
        let grains = plan.grains.iter().map(|g| {
            let at: Vec<f64> = (0..d.min(2)).map(|k| g.at(source, t, k)).collect();
            dot(&at, g.mass, most)
        });
        Panel {
            head: format!("t = {t}"),
            dots: Dots {
                moving: Some((t, grains.collect())),
                ..Dots::default()
            },
        }
    });
    let mixed = times.iter().map(|&t| Panel {
        head: String::new(),
        dots: Dots {
            first: all(source, 1.0 - t),
            second: all(target, t),
            moving: None,
        },
    });
    Rows {
        rows: vec![
            ("displacement interpolation".to_owned(), moved.collect()),
            ("linear mixing".to_owned(), mixed.collect()),
        ],
    }
}
