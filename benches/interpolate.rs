//! Time for in-betweens of a pair of 1920 × 1080 pixels on one core: the solve, once per pair, and
//! the render, once per in-between.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up must fail"
)]

#[allow(dead_code, reason = "the benchmark needs one of the two scenes")]
#[path = "../examples/make_assets/scene.rs"]
mod scene;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use otinterp::{Interpolator, Method, Preset};
use std::hint::black_box;
use std::time::Duration;

fn interpolate(criterion: &mut Criterion) {
    let all_cores = rayon::ThreadPoolBuilder::new().build();
    let (a, b) = all_cores.expect("threads can be started").install(|| {
        let scene_at = |time| scene::shapes(1920, 1080, time);
        rayon::join(|| scene_at(0.0), || scene_at(0.5))
    });
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1);
    one_core.build_global().expect("the pool is not in use yet");

    let mut group = criterion.benchmark_group("1080p");
    // Calls of up to seconds: ten of each, as few as criterion takes, and no more.
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(100));
    group.measurement_time(Duration::from_secs(1));
    for (name, method, preset) in [
        ("fast", Method::Ot, Preset::Fast),
        ("balanced", Method::Ot, Preset::Balanced),
        ("best", Method::Ot, Preset::Best),
        ("crossfade", Method::CrossFade, Preset::Balanced),
    ] {
        let interpolator = Interpolator::new(method, preset);
        let solve = || interpolator.between(&a, &b).expect("one size and format");
        group.bench_function(format!("solve/{name}"), |bench| {
            bench.iter(|| black_box(solve()));
        });
        let transition = solve();
        group.bench_function(format!("render/{name}"), |bench| {
            bench.iter(|| black_box(transition.at(black_box(0.5))));
        });
    }
    group.finish();
}

criterion_group!(benches, interpolate);
criterion_main!(benches);
