//! The cases that are timed beside other libraries: whole solves on one thread.

use crate::cases::weyl;
use otinterp::ot::cost::{Dense, GibbsKernel, Separable};
use otinterp::ot::{Error, Problem, Schedule, Sinkhorn};
use std::time::Instant;

/// Entropy weight; costs are within 0 and 1 (on a grid of side 1).
const EPS: f32 = 0.05;

/// One case.
#[derive(serde::Serialize)]
struct Line {
    case: &'static str,
    ns_per_iteration: f64,
    /// Milliseconds until the marginal's L1 error is at most 1e-4, everything included.
    ms_to_1e_4: f64,
}

/// Prints all cases as JSON. Expects `RAYON_NUM_THREADS=1`.
pub fn print() -> Result<(), Box<dyn std::error::Error>> {
    let mut lines = Vec::new();
    let cost = weyl(1000 * 256 * 256);
    let many = balanced(Dense::batch(256, 256, &cost)?, 1000)?;
    lines.push(line("dense 256x256 x1000", &many, false, 20)?);
    lines.push(line("dense 256x256 x1000 log", &many, true, 4)?);
    let one = balanced(Dense::new(4096, 4096, &weyl(4096 * 4096))?, 1)?;
    lines.push(line("dense 4096x4096", &one, false, 40)?);
    lines.push(line("dense 4096x4096 log", &one, true, 8)?);
    let tiles = balanced(Separable::squared_distance(16, 16, 1.0 / 16.0)?, 1000)?;
    lines.push(line("separable 16x16 x1000", &tiles, false, 400)?);
    let grid = balanced(Separable::squared_distance(64, 64, 1.0 / 64.0)?, 1)?;
    lines.push(line("separable 64x64", &grid, false, 4000)?);
    println!("{}", serde_json::to_string(&lines)?);
    Ok(())
}

/// Masses between 1/2 and 3/2, normalised.
fn balanced<K: GibbsKernel>(kernel: K, count: usize) -> Result<Problem<K>, Error> {
    let n = kernel.sources().points();
    let masses = |first: usize| -> Vec<f32> {
        let all = weyl(first + count * n);
        all[first..]
            .chunks_exact(n)
            .flat_map(|x| {
                let sum: f64 = x.iter().map(|&x| 0.5 + f64::from(x)).sum();
                x.iter().map(move |&x| ((0.5 + f64::from(x)) / sum) as f32)
            })
            .collect()
    };
    Problem::balanced(kernel, masses(0), masses(7919), EPS)
}

fn line<K: GibbsKernel + Send>(
    case: &'static str,
    problem: &Problem<K>,
    log_domain: bool,
    sweeps: usize,
) -> Result<Line, Error> {
    let solver = Sinkhorn {
        log_domain,
        over_relax: false,
        check_every: 1000,
        ..Sinkhorn::default()
    };
    let seconds = |sweeps: usize| -> Result<f64, Error> {
        let solver = Sinkhorn {
            schedule: Some(Schedule::fixed(EPS, 0.0, sweeps)),
            check_every: sweeps,
            ..solver.clone()
        };
        let start = Instant::now();
        std::hint::black_box(solver.solve_batch(problem)?.len());
        Ok(start.elapsed().as_secs_f64())
    };
    let mut slopes = Vec::new();
    for _ in 0..5 {
        slopes.push((seconds(5 * sweeps)? - seconds(sweeps)?) / (4 * sweeps) as f64);
    }
    slopes.sort_by(f64::total_cmp);
    let to_error = Sinkhorn {
        tolerance: 1e-4,
        check_every: 1,
        over_relax: true,
        ..solver.clone()
    };
    let start = Instant::now();
    let solutions = to_error.solve_batch(problem)?;
    let ms_to_1e_4 = start.elapsed().as_secs_f64() * 1e3;
    assert!(
        solutions.iter().all(|s| s.report().converged),
        "{case} did not converge"
    );
    Ok(Line {
        case,
        ns_per_iteration: slopes[2] * 1e9,
        ms_to_1e_4,
    })
}
