//! The transport core beside this machine's limits: `cargo bench --bench ot`.
//!
//! Every kernel, form, level and size: time of a sweep (both half updates), and the share of the limit that binds
//! it, measured in the same run on the same core. Results go to `target/bench-ot.json` too.
//! `cargo bench --bench ot -- peers KIND N EPS FOLDER` instead solves problems for `scripts/bench-ot-peers.py`.

mod cases;
mod limits;
mod peers;
mod tiles;
mod time;

use cases::{Case, Run};
use limits::Limits;
use otinterp_ot::cost::{Dense, Separable};
use otinterp_ot::tile::{SIDE, SOURCES};
use otinterp_simd::Level;

/// One line of the table and of the JSON file.
#[derive(serde::Serialize)]
struct Line {
    kernel: String,
    level: &'static str,
    size: String,
    batch: usize,
    ns_per_sweep: f64,
    limit: &'static str,
    share_of_limit: f64,
}

/// What bounds a sweep, and how much of it one sweep takes.
#[derive(Clone, Copy)]
enum Bound {
    /// Floating-point operations of multiply-adds.
    Fma(f64),
    /// Bytes from the second-level cache.
    L2(f64),
    /// Bytes from memory.
    Dram(f64),
    /// Exponentials.
    Exp(f64),
}

impl Bound {
    fn rate(self, ns: f64, limits: &Limits) -> (&'static str, &'static str, f64, f64) {
        let (name, unit, work, limit) = match self {
            Self::Fma(work) => ("fma", "GFLOP/s", work, limits.fma_gflops),
            Self::L2(work) => ("l2", "GB/s", work, limits.l2_gb_s),
            Self::Dram(work) => ("dram", "GB/s", work, limits.dram_gb_s),
            Self::Exp(work) => ("exp", "Gexp/s", work, limits.gexp_s),
        };
        (name, unit, work / ns, work / ns / limit)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, kind, n, eps, folder, ..] = arguments.as_slice()
        && name == "peers"
    {
        return peers::serve(kind, n.parse()?, eps.parse()?, folder.as_ref());
    }
    let mut lines = Vec::new();
    for level in Level::available() {
        let limits = Limits::measure(level);
        println!(
            "{}: {:.0} GFLOP/s, L1 {:.0}, L2 {:.0}, DRAM {:.1} GB/s, {:.2} Gexp/s",
            level.name(),
            limits.fma_gflops,
            limits.l1_gb_s,
            limits.l2_gb_s,
            limits.dram_gb_s,
            limits.gexp_s
        );
        measure_level(level, &limits, &mut lines)?;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-ot.json");
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/target"))?;
    std::fs::write(path, serde_json::to_string_pretty(&lines)?)?;
    println!("wrote {path}");
    Ok(())
}

fn measure_level(
    level: Level,
    limits: &Limits,
    lines: &mut Vec<Line>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut add = |kernel: &str, size: String, ns: f64, bound: Bound| {
        let (limit, unit, rate, share) = bound.rate(ns, limits);
        println!(
            "  {kernel:<14} {size:<22} {ns:>12.0} ns {rate:>8.2} {unit:<8} {:>4.0} % of {limit}",
            100.0 * share
        );
        lines.push(Line {
            kernel: kernel.into(),
            level: level.name(),
            size,
            batch: 1,
            ns_per_sweep: ns,
            limit,
            share_of_limit: share,
        });
    };
    for (offsets, ns) in [
        (25, tiles::sweep_ns::<5>(level)),
        (81, tiles::sweep_ns::<9>(level)),
    ] {
        let pairs = (offsets * SOURCES) as f64;
        let size = format!("{SIDE}x{SIDE}, {offsets} offsets");
        add("tile", size, ns, Bound::Fma(4.0 * pairs));
    }
    for n in [256usize, 4096] {
        let mut case = Case::new(Dense::new(n, n, &cases::weyl(n * n))?, level);
        let (size, bytes) = (format!("{n}x{n}"), (4 * n * n) as f64);
        let bound = if n == 256 {
            Bound::L2(bytes)
        } else {
            Bound::Dram(bytes)
        };
        add("dense", size.clone(), case.measure(Run::Scaling), bound);
        add(
            "dense log",
            size,
            case.measure(Run::Log),
            Bound::Exp((2 * n * n) as f64),
        );
    }
    for n in [16usize, 64] {
        let spacing = 1.0 / n as f32;
        let mut case = Case::new(Separable::squared_distance(n, n, spacing)?, level);
        let (size, cubes) = (format!("grid {n}x{n}"), (n * n * n) as f64);
        add(
            "separable",
            size.clone(),
            case.measure(Run::Scaling),
            Bound::Fma(8.0 * cubes),
        );
        add(
            "separable log",
            size,
            case.measure(Run::Log),
            Bound::Exp(4.0 * cubes),
        );
    }
    Ok(())
}
