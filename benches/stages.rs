//! CPU time of every stage of one in-between of 1920 × 1080 pixels on one core, for every preset: `cargo bench --bench
//! stages`. Results go to `target/bench-stages.json` too. What follows the first in-between of a pair costs only the
//! stages splat, render and quantize again.

#[allow(dead_code, reason = "the benchmark needs one of the two scenes")]
#[path = "../examples/make_assets/scene.rs"]
mod scene;

use otinterp::timings::{self, Reading, Timings};
use otinterp::{Interpolator, Method, Preset};
use std::hint::black_box;

/// Of which the shortest counts: others' work can only lengthen them.
const TURNS: usize = 3;

/// One line of the file.
#[derive(serde::Serialize)]
struct Line {
    preset: &'static str,
    #[serde(flatten)]
    timings: Timings,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let all_cores = rayon::ThreadPoolBuilder::new().build()?;
    let (a, b) = all_cores.install(|| {
        let scene_at = |time| scene::shapes(1920, 1080, time);
        rayon::join(|| scene_at(0.0), || scene_at(0.5))
    });
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global()?;
    timings::enable();
    let mut lines = Vec::new();
    for (preset, setting) in [
        ("fast", Preset::Fast),
        ("balanced", Preset::Balanced),
        ("best", Preset::Best),
    ] {
        let interpolator = Interpolator::new(Method::Ot, setting);
        let mut shortest: Option<Timings> = None;
        for _ in 0..TURNS {
            let start = Reading::now();
            black_box(interpolator.between(&a, &b)?.at(black_box(0.5)));
            let turn = start.elapsed().ok_or("stages are not timed")?;
            if shortest.as_ref().is_none_or(|s| turn.cpu_ms < s.cpu_ms) {
                shortest = Some(turn);
            }
        }
        let timings = shortest.ok_or("no turn")?;
        println!(
            "{preset}, one in-between of 1920x1080 on one core\n{}",
            timings.table()
        );
        lines.push(Line { preset, timings });
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-stages.json");
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/target"))?;
    std::fs::write(path, serde_json::to_string_pretty(&lines)?)?;
    println!("wrote {path}");
    Ok(())
}
