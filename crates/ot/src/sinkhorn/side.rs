//! One marginal of a problem during a solve: mass, potential, scaling; and the steps of the iteration on it.

use crate::cost::{GibbsKernel, Layout, LogInput, LogOutput, Memory, Quantum};
use crate::kernel::{FORBIDDEN, Update};
use otinterp_simd::{Kernel, Simd};

/// Sources or targets. All vectors are stored with padding (see [`Layout`]).
///
/// The potential is `hi + eps·ln(scaling / mass)` while the scaling form runs, and `potential` otherwise.
#[derive(Debug)]
pub(super) struct Side {
    pub layout: Layout,
    pub rho: f32,
    pub mass: Vec<f32>,
    log_mass: Vec<f32>,
    /// Potential, units of cost.
    pub potential: Vec<f64>,
    /// The part of the potential that is absorbed in the kernel.
    pub hi: Vec<f32>,
    /// `mass · exp((potential - hi) / eps)`: `u` or `v`.
    pub scaling: Vec<f32>,
    /// `mass · exp(-hi / (rho + eps))`.
    weight: Vec<f32>,
    /// `K v` or `K^T u`; in the log form the soft part of the minimum.
    pub sum: Vec<f32>,
    /// Hard part of the soft minimum.
    pub sum_hi: Vec<f32>,
    input: [Vec<f32>; 2],
    saved: Vec<f32>,
}

/// The state of the scalings after some sweeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    Good,
    /// Right, but large or small: the next sweeps may not be.
    Drifting,
    /// Zero, infinite or NaN.
    Broken,
}

impl Side {
    pub fn new(layout: Layout) -> Self {
        let n = layout.stored();
        Self {
            layout,
            rho: 0.0,
            mass: vec![0.0; n],
            log_mass: vec![0.0; n],
            potential: vec![0.0; n],
            hi: vec![0.0; n],
            scaling: vec![0.0; n],
            weight: vec![0.0; n],
            sum: vec![1.0; n],
            sum_hi: vec![0.0; n],
            input: [vec![-FORBIDDEN; n], vec![0.0; n]],
            saved: vec![0.0; n],
        }
    }

    /// A new problem: masses, slack, and potentials to start from (0 if none).
    pub fn set(&mut self, mass: &[f32], rho: f32, potential: Option<&[f64]>) {
        self.rho = rho;
        self.layout.store(mass, &mut self.mass);
        for (log, &m) in self.log_mass.iter_mut().zip(&self.mass) {
            *log = if m > 0.0 { m.ln() } else { -FORBIDDEN };
        }
        self.potential.fill(0.0);
        if let Some(potential) = potential {
            self.layout.store(potential, &mut self.potential);
            for p in &mut self.potential {
                *p = if p.is_finite() { *p } else { 0.0 };
            }
        }
    }

    /// `rho / (rho + eps)`.
    pub fn lambda(&self, eps: f32) -> f32 {
        if self.rho == f32::INFINITY {
            1.0
        } else {
            self.rho / (self.rho + eps)
        }
    }

    /// Splits the potential into an absorbed part and a scaling; with no quantum nothing is absorbed.
    pub fn absorb(&mut self, eps: f32, quantum: Option<Quantum>) {
        let inv_eps = 1.0 / f64::from(eps);
        let damping = 1.0 / (f64::from(self.rho) + f64::from(eps));
        for i in 0..self.mass.len() {
            let (mass, p) = (f64::from(self.mass[i]), self.potential[i]);
            let hi = quantum.map_or(0.0, |q| q.round(p));
            self.hi[i] = hi;
            self.scaling[i] = (mass * ((p - f64::from(hi)) * inv_eps).exp()) as f32;
            self.weight[i] = (mass * (-f64::from(hi) * damping).exp()) as f32;
        }
    }

    /// Reads the potential off the scalings, for points without mass off the sums.
    pub fn release(&mut self, eps: f32) {
        let (eps64, lambda) = (f64::from(eps), f64::from(self.lambda(eps)));
        for i in 0..self.mass.len() {
            let (mass, scaling, hi) = (self.mass[i], self.scaling[i], f64::from(self.hi[i]));
            let p = if mass > 0.0 {
                hi + eps64 * (f64::from(scaling) / f64::from(mass)).ln()
            } else {
                lambda * (hi - eps64 * f64::from(self.sum[i]).ln())
            };
            if p.is_finite() {
                self.potential[i] = p;
            }
        }
    }

    /// `u = mass·exp(p/eps)` leaves the range in which products are safe?
    pub fn health(&self, bound: f32) -> Health {
        let mut health = Health::Good;
        for (&u, &m) in self.scaling.iter().zip(&self.mass) {
            if m > 0.0 {
                let ratio = u / m;
                if !(ratio > 0.0 && u.is_finite() && u >= f32::MIN_POSITIVE) {
                    return Health::Broken;
                }
                if ratio > bound || ratio * bound < 1.0 {
                    health = Health::Drifting;
                }
            }
        }
        health
    }

    pub fn save(&mut self) {
        self.saved.copy_from_slice(&self.scaling);
    }

    pub fn restore(&mut self) {
        self.scaling.copy_from_slice(&self.saved);
    }

    #[inline(always)]
    fn update(&self, eps: f32, omega: f32, measure: bool) -> Update<'_> {
        Update {
            weight: &self.weight,
            lambda: self.lambda(eps),
            omega,
            ceiling: None,
            measure,
        }
    }

    /// Potentials and masses in the form that soft minima take.
    #[inline(always)]
    fn prepare_input(&mut self, inv_eps: f64, quantum: Quantum) {
        let [hi, log] = &mut self.input;
        for i in 0..self.mass.len() {
            if self.mass[i] > 0.0 {
                let p = self.potential[i];
                hi[i] = quantum.round(p);
                log[i] = self.log_mass[i] + ((p - f64::from(hi[i])) * inv_eps) as f32;
            } else {
                (hi[i], log[i]) = (-FORBIDDEN, 0.0);
            }
        }
    }

    /// The log-sum-exp of point `i` in units of cost; `None` if it has no partner.
    #[inline(always)]
    pub fn log_sum(&self, i: usize, eps: f32) -> Option<f64> {
        let hi = self.sum_hi[i];
        (hi > -0.5 * FORBIDDEN).then(|| f64::from(hi) + f64::from(eps) * f64::from(self.sum[i]))
    }

    /// `potential = -λ · log_sum`, over-relaxed; returns the mass that the plain update moves if asked to.
    #[inline(always)]
    fn update_potential(&mut self, eps: f32, omega: f32, measure: bool) -> f64 {
        let lambda = f64::from(self.lambda(eps));
        let inv_eps = 1.0 / f64::from(eps);
        let mut moved = 0.0;
        for i in 0..self.mass.len() {
            let old = self.potential[i];
            let Some(total) = self.log_sum(i, eps) else {
                self.potential[i] = 0.0;
                continue;
            };
            let plain = -lambda * total;
            if measure && self.mass[i] > 0.0 {
                let (was, is) = ((old + total) * inv_eps, (plain + total) * inv_eps);
                moved += f64::from(self.mass[i]) * (was.min(80.0).exp() - is.exp()).abs();
            }
            self.potential[i] = old + f64::from(omega) * (plain - old);
        }
        moved
    }

    /// Masses of the plan's marginal. `sum` must have been made with the present scalings.
    pub fn marginal_of_scaling(&self) -> Vec<f32> {
        let product: Vec<f32> = self
            .scaling
            .iter()
            .zip(&self.sum)
            .map(|(&u, &s)| if u > 0.0 { u * s } else { 0.0 })
            .collect();
        self.layout.load(&product)
    }

    /// The same in the log form.
    pub fn marginal_of_potential(&self, eps: f32) -> Vec<f32> {
        let product: Vec<f32> = (0..self.mass.len())
            .map(|i| match self.log_sum(i, eps) {
                Some(total) if self.mass[i] > 0.0 => {
                    let z = (self.potential[i] + total) / f64::from(eps);
                    (f64::from(self.mass[i]) * z.exp()) as f32
                }
                _ => 0.0,
            })
            .collect();
        self.layout.load(&product)
    }

    /// Gives points without mass the potential that their soft minimum says.
    pub fn extend_potential(&mut self, eps: f32) {
        let lambda = f64::from(self.lambda(eps));
        for i in 0..self.mass.len() {
            if self.mass[i] == 0.0 {
                self.potential[i] = self.log_sum(i, eps).map_or(0.0, |total| -lambda * total);
            }
        }
    }
}

/// What a step works on.
pub(super) struct Pair<'a, K> {
    pub kernel: &'a K,
    pub memory: &'a mut Memory,
    pub source: &'a mut Side,
    pub target: &'a mut Side,
    pub quantum: Quantum,
    pub eps: f32,
}

/// Makes the Gibbs kernel of the absorbed potentials.
pub(super) struct Fill<'a, K>(pub Pair<'a, K>);

impl<K: GibbsKernel> Kernel for Fill<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let p = self.0;
        let inv_eps = 1.0 / p.eps;
        p.kernel
            .fill::<S>(inv_eps, &p.source.hi, &p.target.hi, p.memory);
    }
}

/// Some sweeps in the scaling form (Cuturi 2013, algorithm 1; with slack Chizat et al. 2018, algorithm 1):
/// `u = weight_a · (K v)^-λa`, `v = weight_b · (K^T u)^-λb`. Gives the mass that the last update of `u` moved.
pub(super) struct ScalingSweeps<'a, K> {
    pub pair: Pair<'a, K>,
    pub omega: f32,
    pub sweeps: usize,
}

impl<K: GibbsKernel> Kernel for ScalingSweeps<'_, K> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self) -> f32 {
        let p = self.pair;
        let mut moved = 0.0;
        for sweep in 1..=self.sweeps {
            let mut u = std::mem::take(&mut p.source.scaling);
            let mut sum = std::mem::take(&mut p.source.sum);
            moved = p.kernel.sweep::<S>(
                p.memory,
                &p.target.scaling,
                &p.source.update(p.eps, self.omega, sweep == self.sweeps),
                &mut u,
                &mut sum,
                &mut p.target.sum,
            );
            (p.source.scaling, p.source.sum) = (u, sum);
            let mut v = std::mem::take(&mut p.target.scaling);
            p.target
                .update(p.eps, self.omega, false)
                .run::<S>(0, &p.target.sum, &mut v);
            p.target.scaling = v;
        }
        moved
    }
}

/// The last half sweep in the scaling form: `u`, and then `K^T u` without an update of `v`, so that both sums
/// belong to the plan.
pub(super) struct LastScaling<'a, K>(pub Pair<'a, K>);

impl<K: GibbsKernel> Kernel for LastScaling<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let p = self.0;
        let mut u = std::mem::take(&mut p.source.scaling);
        let mut sum = std::mem::take(&mut p.source.sum);
        p.kernel.sweep::<S>(
            p.memory,
            &p.target.scaling,
            &p.source.update(p.eps, 1.0, false),
            &mut u,
            &mut sum,
            &mut p.target.sum,
        );
        (p.source.scaling, p.source.sum) = (u, sum);
    }
}

/// Some sweeps in the log form (Peyré & Cuturi 2019, section 4.4; slack: Séjourné et al. 2019): each side's potential
/// is minus λ times the other's log-sum-exp. Gives the mass that the last update of the sources moved.
pub(super) struct LogSweeps<'a, K> {
    pub pair: Pair<'a, K>,
    pub omega: f32,
    pub sweeps: usize,
    /// End after the sources' update and leave the targets' log-sum-exp in place.
    pub last: bool,
}

impl<K: GibbsKernel> Kernel for LogSweeps<'_, K> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self) -> f32 {
        let p = self.pair;
        let (inv_eps, inv_eps64) = (1.0 / p.eps, 1.0 / f64::from(p.eps));
        let mut moved = 0.0;
        for sweep in 1..=self.sweeps {
            p.target.prepare_input(inv_eps64, p.quantum);
            let [hi, log] = &p.target.input;
            let out = LogOutput {
                hi: &mut p.source.sum_hi,
                log: &mut p.source.sum,
            };
            p.kernel
                .softmin_rows::<S>(inv_eps, LogInput { hi, log }, p.memory, out);
            moved = p
                .source
                .update_potential(p.eps, self.omega, sweep == self.sweeps);
            p.source.prepare_input(inv_eps64, p.quantum);
            let [hi, log] = &p.source.input;
            let out = LogOutput {
                hi: &mut p.target.sum_hi,
                log: &mut p.target.sum,
            };
            p.kernel
                .softmin_columns::<S>(inv_eps, LogInput { hi, log }, p.memory, out);
            if !self.last {
                p.target.update_potential(p.eps, self.omega, false);
            }
        }
        moved as f32
    }
}
