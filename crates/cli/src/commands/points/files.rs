//! Table files that `points` writes.

use super::plan::Plan;
use crate::commands::exit::Usage;
use crate::data;
use otinterp::ot::Cloud;
use otinterp::ot::minibatch::Batch;
use std::fmt::Write;
use std::io::Cursor;
use std::path::Path;

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Csv,
    /// An array.
    Npy,
    /// A sparse matrix.
    Npz,
}

impl Kind {
    /// The kind that a file's extension names; a coupling is sparse, all else is not.
    pub fn of(path: &Path, sparse: bool) -> Result<Self, Usage> {
        let extension = path.extension().map(|e| e.to_ascii_lowercase());
        match extension.as_ref().and_then(|e| e.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("npz") if sparse => Ok(Self::Npz),
            Some("npy") if !sparse => Ok(Self::Npy),
            _ => {
                let known = if sparse {
                    ".csv or .npz"
                } else {
                    ".csv or .npy"
                };
                Err(Usage(format!(
                    "{}: it is written as {known}",
                    path.display()
                )))
            }
        }
    }
}

/// `source,target,mass`.
pub fn coupling(kind: Kind, plan: &Plan, shape: (usize, usize)) -> anyhow::Result<Vec<u8>> {
    if kind == Kind::Npz {
        let mut out = Cursor::new(Vec::new());
        data::sparse_npz(&mut out, shape, &plan.entries)?;
        return Ok(out.into_inner());
    }
    let mut text = String::from("source,target,mass\n");
    for (i, j, mass) in &plan.entries {
        let _ = writeln!(text, "{i},{j},{mass}");
    }
    Ok(text.into_bytes())
}

/// Vectors, a row each.
pub fn rows(kind: Kind, name: &str, dimensions: usize, values: &[f64]) -> anyhow::Result<Vec<u8>> {
    let count = values.len() / dimensions;
    if kind != Kind::Csv {
        let shape = [count as u64, dimensions as u64];
        return Ok(data::npy(&shape, values.iter().copied())?);
    }
    let mut text = names(name, dimensions).join(",");
    text.push('\n');
    for row in values.chunks_exact(dimensions) {
        text += &joined(row);
        text.push('\n');
    }
    Ok(text.into_bytes())
}

/// The grains at all times.
pub fn positions(
    kind: Kind,
    plan: &Plan,
    source: &Cloud,
    times: &[f64],
) -> anyhow::Result<Vec<u8>> {
    let d = source.dimensions();
    if kind != Kind::Csv {
        let shape = [times.len(), plan.grains.len(), d].map(|n| n as u64);
        let values = times.iter().flat_map(|&t| {
            let grains = plan.grains.iter();
            grains.flat_map(move |g| (0..d).map(move |k| g.at(source, t, k)))
        });
        return Ok(data::npy(&shape, values)?);
    }
    let mut text = format!("t,source,target,mass,{}\n", names("x", d).join(","));
    for &t in times {
        for g in &plan.grains {
            let target = g.target.map_or(String::new(), |j| j.to_string());
            let at: Vec<f64> = (0..d).map(|k| g.at(source, t, k)).collect();
            let _ = writeln!(text, "{t},{},{target},{},{}", g.source, g.mass, joined(&at));
        }
    }
    Ok(text.into_bytes())
}

/// Pairs of minibatches.
pub fn pairs(
    kind: Kind,
    batches: &[Batch],
    (source, target): (&Cloud, &Cloud),
) -> anyhow::Result<Vec<u8>> {
    let d = source.dimensions();
    let all = || batches.iter().flat_map(|b| &b.pairs);
    if kind != Kind::Csv {
        let shape = [all().count(), 2, d].map(|n| n as u64);
        let values = all().flat_map(|&(i, j)| source.point(i).iter().chain(target.point(j)));
        return Ok(data::npy(&shape, values.copied())?);
    }
    let (x0, x1) = (names("x0_", d).join(","), names("x1_", d).join(","));
    let mut text = format!("batch,source,target,{x0},{x1}\n");
    for (number, batch) in batches.iter().enumerate() {
        for &(i, j) in &batch.pairs {
            let ends = (joined(source.point(i)), joined(target.point(j)));
            let _ = writeln!(text, "{number},{i},{j},{},{}", ends.0, ends.1);
        }
    }
    Ok(text.into_bytes())
}

/// `x1,x2,…`.
fn names(name: &str, dimensions: usize) -> Vec<String> {
    (1..=dimensions).map(|k| format!("{name}{k}")).collect()
}

fn joined(values: &[f64]) -> String {
    let fields: Vec<String> = values.iter().map(f64::to_string).collect();
    fields.join(",")
}
