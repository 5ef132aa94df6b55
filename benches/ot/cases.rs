//! Problems, their sweeps, and the check that a sweep's answer is right before its time is taken.

use crate::time::median_ns;
use otinterp_ot::cost::{GibbsKernel, LogInput, LogOutput, Memory};
use otinterp_ot::kernel::Update;
use otinterp_simd::{Buffer, Kernel, Level, Simd};

/// Entropy weight; costs are within 0 and 1.
const EPS: f32 = 0.05;

/// `n` values in `[0, 1)`: multiples of the golden ratio without their whole part.
pub fn weyl(n: usize) -> Vec<f32> {
    (1..=n)
        .map(|i| (i as f64 * 0.618_033_988_749_895).fract() as f32)
        .collect()
}

/// Which half updates a sweep consists of.
#[derive(Clone, Copy, PartialEq)]
pub enum Run {
    /// Products and scalings.
    Scaling,
    /// Soft minima of both sides.
    Log,
}

/// A problem and the memory of its sweeps.
pub struct Case<K> {
    kernel: K,
    level: Level,
    memory: Memory,
    u: Buffer,
    v: Buffer,
    row: [Buffer; 2],
    column: [Buffer; 2],
    source: Buffer,
    target: Buffer,
}

impl<K: GibbsKernel> Case<K> {
    /// Uniform masses.
    pub fn new(kernel: K, level: Level) -> Self {
        let (n, m) = (kernel.sources(), kernel.targets());
        let masses = |layout: otinterp_ot::cost::Layout| {
            let mut masses = Buffer::zeros(layout.stored());
            layout.store(
                &vec![1.0 / layout.points() as f32; layout.points()],
                &mut masses,
            );
            masses
        };
        let mut memory = Memory::default();
        kernel.allocate(&mut memory);
        let (source, target) = (masses(n), masses(m));
        let mut case = Self {
            level,
            memory,
            u: source.clone(),
            v: target.clone(),
            row: [source.clone(), source.clone()],
            column: [target.clone(), target.clone()],
            source,
            target,
            kernel,
        };
        level.run(Fill(&mut case));
        case
    }

    /// Nanoseconds of a sweep.
    pub fn measure(&mut self, run: Run) -> f64 {
        let level = self.level;
        level.run(Sweep(self, run));
        self.check(run);
        median_ns(|| level.run(Sweep(self, run)))
    }

    /// Compares the row sums of the last sweep with the definition in `f64`, for some sources.
    fn check(&mut self, run: Run) {
        self.v = self.target.clone();
        self.level.run(Sweep(self, run));
        let (sources, targets) = (self.kernel.sources(), self.kernel.targets());
        for source in (0..sources.points()).step_by(sources.points() / 7) {
            let mut truth = 0.0f64;
            self.kernel.visit_row(source, |target, cost| {
                let mass = f64::from(self.target[targets.at(target)]);
                truth += mass * (-f64::from(cost) / f64::from(EPS)).exp();
            });
            let at = sources.at(source);
            let (hi, sum) = (f64::from(self.row[0][at]), f64::from(self.row[1][at]));
            let got = match run {
                Run::Scaling => sum,
                Run::Log => (hi / f64::from(EPS) + sum).exp() / targets.points() as f64,
            };
            assert!(
                (got - truth).abs() < 1e-5 * truth,
                "row {source}: {got} is not {truth}"
            );
        }
    }
}

struct Fill<'a, K>(&'a mut Case<K>);

impl<K: GibbsKernel> Kernel for Fill<'_, K> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        let c = self.0;
        let (f, g) = (Buffer::zeros(c.u.len()), Buffer::zeros(c.v.len()));
        c.kernel.fill::<S>(1.0 / EPS, &f, &g, &mut c.memory);
    }
}

struct Sweep<'a, K>(&'a mut Case<K>, Run);

impl<K: GibbsKernel> Kernel for Sweep<'_, K> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        let (c, run) = (self.0, self.1);
        let [row_hi, row] = &mut c.row;
        let [column_hi, column] = &mut c.column;
        if run == Run::Scaling {
            let update = hard(&c.source);
            c.kernel
                .sweep::<S>(&mut c.memory, &c.v, &update, &mut c.u, row, column);
            hard(&c.target).run::<S>(0, column, &mut c.v);
            return;
        }
        // Potentials and logarithms of weights are 0: the time depends on neither.
        c.u.fill(0.0);
        c.v.fill(0.0);
        let out = LogOutput {
            hi: row_hi,
            log: row,
        };
        let input = LogInput {
            hi: &c.v,
            log: &c.v,
        };
        c.kernel
            .softmin_rows::<S>(1.0 / EPS, input, &mut c.memory, out);
        let out = LogOutput {
            hi: column_hi,
            log: column,
        };
        let input = LogInput {
            hi: &c.u,
            log: &c.u,
        };
        c.kernel
            .softmin_columns::<S>(1.0 / EPS, input, &mut c.memory, out);
    }
}

/// A hard constraint.
fn hard(weight: &[f32]) -> Update<'_> {
    Update {
        weight,
        lambda: 1.0,
        omega: 1.0,
        ceiling: None,
        measure: false,
    }
}
