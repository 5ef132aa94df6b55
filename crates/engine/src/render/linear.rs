//! Bilinear samples of sixteen places at once.

use crate::picture::sampling::Grid;
use otinterp_simd::partial::counted;
use otinterp_simd::{LANES, Number, Simd, Vector, math};

/// Bilinear samples of planes of one size at `(x, y)`; the border is repeated outwards.
#[inline(always)]
pub fn linear<S: Simd, const P: usize>(planes: &[Grid<'_>; P], x: S::V, y: S::V) -> [S::V; P] {
    let v = S::V::splat;
    let Grid { width, height, .. } = planes[0];
    let (x, y) = (within::<S>(x, width - 1), within::<S>(y, height - 1));
    let column = math::floor_of(x).min(v(width.saturating_sub(2) as f32));
    let row = math::floor_of(y).min(v(height.saturating_sub(2) as f32));
    // To the sample on the right and to the one below: a single column or row is its own neighbour.
    let beside = usize::from(width > 1);
    let below = if height > 1 { width } else { 0 };
    let (fx, fy) = (x.sub(column), y.sub(row));
    let (mut columns, mut rows) = ([0.0; LANES], [0.0; LANES]);
    column.store(&mut columns);
    row.store(&mut rows);
    let right = column.sub(counted::<S>(columns[0]));
    let down = row.sub(v(rows[0]));
    let (left, top) = (columns[0] as usize, rows[0] as usize);
    let mut out = [v(0.0); P];
    if left + LANES < width && right.mul_add(right, down.mul(down)).largest() == 0.0 {
        for (out, plane) in out.iter_mut().zip(planes) {
            let window = plane.samples_from(top * width + left, below + LANES + 1);
            let [a, b] = S::V::load_shifted::<2>(&window[..LANES + 1]);
            let [c, d] = S::V::load_shifted::<2>(&window[below..]);
            *out = between::<S>([a, b, c, d], fx, fy);
        }
        return out;
    }
    for (out, plane) in out.iter_mut().zip(planes) {
        let all = plane.samples_from(0, width * height);
        let mut corners = [v(0.0); 4];
        for (corner, from) in corners.iter_mut().zip([0, beside, below, below + beside]) {
            *corner = S::V::pick(&all[from..], width, column, row);
        }
        *out = between::<S>(corners, fx, fy);
    }
    out
}

/// Between 0 and `last`; what is no number becomes 0.
#[inline(always)]
fn within<S: Simd>(at: S::V, last: usize) -> S::V {
    at.max(S::V::splat(0.0)).min(S::V::splat(last as f32))
}

/// 1 on a picture's axis of `len` pixels, 0 elsewhere.
#[inline(always)]
pub fn stay<S: Simd>(at: S::V, len: usize) -> S::V {
    let v = S::V::splat;
    let before_end = at.select_less(v(len as f32 - 0.5), v(1.0), v(0.0));
    v(-0.5).select_less(at, before_end, v(0.0))
}

/// Between four samples: two above, two below.
#[inline(always)]
fn between<S: Simd>([a, b, c, d]: [S::V; 4], fx: S::V, fy: S::V) -> S::V {
    let above = b.sub(a).mul_add(fx, a);
    let below = d.sub(c).mul_add(fx, c);
    below.sub(above).mul_add(fy, above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Plane;
    use otinterp_simd::{Kernel, Level as Cpu};

    const DIM: (usize, usize) = (37, 53);

    fn plane() -> Plane {
        Plane::from_shape_fn(DIM, |(y, x)| ((y * 7919 + x * 104_729) % 251) as f32)
    }

    /// The sum over all samples by tents along either axis.
    fn oracle(plane: &Plane, [x, y]: [f32; 2]) -> f64 {
        let tent = |at: f32, sample: usize| (1.0 - (f64::from(at) - sample as f64).abs()).max(0.0);
        let terms = plane.indexed_iter();
        terms
            .map(|((j, i), &v)| tent(x, i) * tent(y, j) * f64::from(v))
            .sum()
    }

    struct Linear<'a>(&'a Plane, [[f32; LANES]; 2]);

    impl Kernel for Linear<'_> {
        type Output = [f32; LANES];

        fn run<S: Simd>(self) -> [f32; LANES] {
            let [x, y] = [0, 1].map(|axis| S::V::load(&self.1[axis]));
            let [sampled] = linear::<S, 1>(&[Grid::new(self.0)], x, y);
            let mut out = [0.0; LANES];
            sampled.store(&mut out);
            out
        }
    }

    #[test]
    fn bilinear_samples_are_those_of_the_formula_wherever_the_places_lie() {
        let plane = plane();
        let together: [f32; LANES] = std::array::from_fn(|l| l as f32 + 7.25);
        let scattered: [f32; LANES] = std::array::from_fn(|l| ((l * 29) % 71) as f32 * 0.9 - 5.0);
        let far: [f32; LANES] = std::array::from_fn(|l| (l as f32 - 8.0) * 1e5);
        for cpu in Cpu::available() {
            for (x, y) in [
                (together, [11.75; LANES]),
                (together.map(|x| x + 29.0), [35.5; LANES]),
                (together, [36.0; LANES]),
                (together.map(|x| x - 20.0), [-3.0; LANES]),
                (scattered, together),
                (far, scattered),
            ] {
                let found = cpu.run(Linear(&plane, [x, y]));
                for (lane, found) in found.into_iter().enumerate() {
                    let inside = |at: f32, len: usize| at.clamp(0.0, (len - 1) as f32);
                    let place = [inside(x[lane], DIM.1), inside(y[lane], DIM.0)];
                    let truth = oracle(&plane, place);
                    assert!(
                        (f64::from(found) - truth).abs() < 1e-3,
                        "{place:?}: {found} {truth}"
                    );
                }
            }
            let none = cpu.run(Linear(&plane, [[f32::NAN; LANES]; 2]));
            assert_eq!(none, [plane[(0, 0)]; LANES]);
        }
    }

    #[test]
    fn planes_of_one_row_or_column_are_sampled_along_it() {
        let values = Plane::from_shape_fn((1, 40), |(_, x)| (x * x) as f32);
        let along: [f32; LANES] = std::array::from_fn(|l| 2.5 * l as f32);
        for cpu in Cpu::available() {
            let row = cpu.run(Linear(&values, [along, [3.0; LANES]]));
            let column = values.t().as_standard_layout().into_owned();
            let down = cpu.run(Linear(&column, [[-1.0; LANES], along]));
            assert_eq!(row, down);
            assert_eq!(row[..3], [0.0, 0.5 * (4.0 + 9.0), 25.0]);
        }
    }
}
