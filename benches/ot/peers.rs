//! Whole solves for `scripts/bench-ot-peers.py`, which times other libraries on the same problems in turn with them.
//!
//! Reads a [`Request`] a line, answers with a [`Reply`] a line, both JSON, until its input ends.

use otinterp_ot::cost::{Dense, GibbsKernel, Separable};
use otinterp_ot::{Problem, Schedule, Sinkhorn, Solution};
use rayon::prelude::*;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

/// One solve of all problems.
#[derive(serde::Deserialize)]
struct Request {
    /// Soft minima from the first sweep on.
    log: bool,
    /// Limit of sweeps; with a tolerance of 0 their exact number.
    sweeps: usize,
    /// L1 error of the marginals at which a problem is done; 0 measures plain sweeps.
    tolerance: f32,
    /// Sweeps between two looks at the error.
    check_every: usize,
}

/// How it went.
#[derive(serde::Serialize)]
struct Reply {
    seconds: f64,
    /// Mean number of sweeps.
    iterations: f64,
    /// L1 error of both marginals of the last problem, summed up in `f64` from the plan's entries.
    error: f64,
    form: String,
}

/// Problems of `n × n` points (`dense`) or of grids with `n × n` points in the unit square (`separable`). `folder`
/// holds the masses in `a.f32` and `b.f32`, and the costs of all dense problems in `cost.f32`.
pub fn serve(kind: &str, n: usize, eps: f32, folder: &Path) -> Result<(), Box<dyn Error>> {
    let read = |name: &str| -> std::io::Result<Vec<f32>> {
        let bytes = std::fs::read(folder.join(name))?;
        Ok(bytes
            .as_chunks()
            .0
            .iter()
            .map(|&value| f32::from_le_bytes(value))
            .collect())
    };
    let (a, b) = (read("a.f32")?, read("b.f32")?);
    match kind {
        "dense" => {
            let cost = read("cost.f32")?;
            let kernels = cost.chunks_exact(n * n).map(|cost| Dense::new(n, n, cost));
            answer(&problems(kernels, (&a, &b), eps)?)
        }
        "separable" => {
            let kernel = || Separable::squared_distance(n, n, 1.0 / n as f32);
            let kernels = a.chunks_exact(n * n).map(|_| kernel());
            answer(&problems(kernels, (&a, &b), eps)?)
        }
        _ => Err(format!("{kind}: dense or separable").into()),
    }
}

/// One problem for each kernel, masses one after another.
fn problems<K: GibbsKernel>(
    kernels: impl ExactSizeIterator<Item = Result<K, otinterp_ot::Error>>,
    (a, b): (&[f32], &[f32]),
    eps: f32,
) -> Result<Vec<Problem<K>>, otinterp_ot::Error> {
    let (n, m) = (a.len() / kernels.len(), b.len() / kernels.len());
    let masses = a.chunks_exact(n).zip(b.chunks_exact(m));
    kernels
        .zip(masses)
        .map(|(kernel, (a, b))| Problem::balanced(kernel?, a.to_vec(), b.to_vec(), eps))
        .collect()
}

fn answer<K: GibbsKernel + Send>(problems: &[Problem<K>]) -> Result<(), Box<dyn Error>> {
    let last = problems.last().ok_or("no problem")?;
    for line in std::io::stdin().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let mut solver = Sinkhorn {
            tolerance: request.tolerance,
            max_sweeps: request.sweeps,
            log_domain: request.log,
            check_every: request.check_every,
            ..Sinkhorn::default()
        };
        if request.tolerance == 0.0 {
            solver.schedule = Some(Schedule::fixed(last.eps(), 0.0, request.sweeps));
            solver.over_relax = false;
        }
        let start = Instant::now();
        let solutions: Vec<_> = problems
            .par_iter()
            .map(|problem| solver.solve(problem))
            .collect::<Result<_, _>>()?;
        let seconds = start.elapsed().as_secs_f64();
        let sweeps: usize = solutions.iter().map(|s| s.report().sweeps).sum();
        let reply = Reply {
            seconds,
            iterations: sweeps as f64 / solutions.len() as f64,
            error: marginal_error(last, &solutions[solutions.len() - 1]),
            form: format!("{:?}", solutions[solutions.len() - 1].report().form),
        };
        println!("{}", serde_json::to_string(&reply)?);
    }
    Ok(())
}

fn marginal_error<K: GibbsKernel>(problem: &Problem<K>, solution: &Solution<'_, K>) -> f64 {
    let (a, b) = (problem.source_mass(), problem.target_mass());
    let mut columns: Vec<f64> = b.iter().map(|&b| -f64::from(b)).collect();
    let mut error = 0.0;
    for (i, &a) in a.iter().enumerate() {
        let mut row = -f64::from(a);
        solution.visit_row(i, |j, mass, _| {
            row += mass;
            columns[j] += mass;
        });
        error += row.abs();
    }
    error + columns.iter().map(|c| c.abs()).sum::<f64>()
}
