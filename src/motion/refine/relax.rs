//! Red-black successive over-relaxation.

use super::RELAXATION;
use super::checker::{BAND_ROWS, Checkered, Layout};
use super::system::System;
use crate::simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// One sweep: all pixels of the one colour, then all of the other.
pub fn sweep(cpu: Cpu, system: &System, flow: &mut [Checkered; 2]) {
    let layout = system.layout;
    let band = BAND_ROWS * layout.stride;
    let [u, v] = flow;
    for color in 0..2 {
        let (u_own, u_other) = own_and_other(&mut u.colors, color);
        let (v_own, v_other) = own_and_other(&mut v.colors, color);
        u_own[layout.body()]
            .par_chunks_mut(band)
            .zip(v_own[layout.body()].par_chunks_mut(band))
            .enumerate()
            .for_each(|(n, (u, v))| {
                let y0 = n * BAND_ROWS;
                cpu.run(Relax {
                    layout,
                    color,
                    y0,
                    system,
                    others: [u_other, v_other],
                    u,
                    v,
                });
            });
    }
}

/// The colour to be written and the one to be read.
fn own_and_other(colors: &mut [Vec<f32>; 2], color: usize) -> (&mut [f32], &[f32]) {
    let [a, b] = colors;
    if color == 0 { (a, b) } else { (b, a) }
}

/// A band of rows of one colour.
struct Relax<'a> {
    layout: Layout,
    color: usize,
    y0: usize,
    system: &'a System,
    others: [&'a [f32]; 2],
    u: &'a mut [f32],
    v: &'a mut [f32],
}

impl Kernel for Relax<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            layout,
            color,
            y0,
            system,
            others,
            u,
            v,
        } = self;
        let stride = layout.stride;
        for (r, (u, v)) in u
            .chunks_exact_mut(stride)
            .zip(v.chunks_exact_mut(stride))
            .enumerate()
        {
            let y = y0 + r;
            let phase = layout.phase(y, color);
            let n = layout.count(phase);
            let at = layout.index(y);
            let System {
                c1,
                c2,
                a12,
                inv11,
                inv22,
                right,
                down,
                ..
            } = system;
            let equations = [c1, c2, a12, inv11, inv22].map(|p| &p.colors[color][at..][..n]);
            let weights = [
                &right.colors[1 - color][at + phase - 1..][..n],
                &right.colors[color][at..][..n],
                &down.colors[1 - color][at - stride..][..n],
                &down.colors[color][at..][..n],
            ];
            let [us, vs] = others.map(|o| {
                [at + phase - 1, at + phase, at - stride, at + stride].map(|i| &o[i..][..n])
            });
            relax_row::<S>(
                equations,
                weights,
                us,
                vs,
                &mut u[1..][..n],
                &mut v[1..][..n],
            );
        }
    }
}

/// One row. Neighbours and their weights come in the order left, right, up, down. `u` and `v` are
/// arguments of their own so that the compiler knows them to be distinct from all inputs.
#[inline(always)]
fn relax_row<S: Simd>(
    [c1, c2, a12, inv11, inv22]: [&[f32]; 5],
    [wl, wr, wu, wd]: [&[f32]; 4],
    [ul, ur, uu, ud]: [&[f32]; 4],
    [vl, vr, vu, vd]: [&[f32]; 4],
    u: &mut [f32],
    v: &mut [f32],
) {
    for k in 0..u.len() {
        let mut su = S::mul_add(wl[k], ul[k], c1[k]);
        su = S::mul_add(wr[k], ur[k], su);
        su = S::mul_add(wu[k], uu[k], su);
        su = S::mul_add(wd[k], ud[k], su);
        let mut sv = S::mul_add(wl[k], vl[k], c2[k]);
        sv = S::mul_add(wr[k], vr[k], sv);
        sv = S::mul_add(wu[k], vu[k], sv);
        sv = S::mul_add(wd[k], vd[k], sv);
        let new_u = (su - a12[k] * v[k]) * inv11[k];
        let u_next = S::mul_add(RELAXATION, new_u - u[k], u[k]);
        let new_v = (sv - a12[k] * u_next) * inv22[k];
        u[k] = u_next;
        v[k] = S::mul_add(RELAXATION, new_v - v[k], v[k]);
    }
}
