use super::array::{Array, FusedArray, Scalar};
use super::lane::{Emulated, Fused};
use super::*;

/// `x`, `y`, `z`: 16 values each. Gives every operation's 16 lanes, and the two reductions.
struct AllOperations<'a>(&'a [f32], &'a [f32], &'a [f32]);

impl Kernel for AllOperations<'_> {
    type Output = Vec<(&'static str, Vec<f32>)>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Self::Output {
        let (x, y, z) = (S::V::load(self.0), S::V::load(self.1), S::V::load(self.2));
        let (m, e) = x.max(S::V::splat(f32::MIN_POSITIVE)).split_exponent();
        // n + 1.5 · 2^23 with n in -126..=127, from any finite lane.
        let n = S::V::splat(-126.0).max(S::V::splat(127.0).min(y));
        let rounded = n.add(S::V::splat(12_582_912.0));
        let mut out = vec![
            ("sum", vec![x.sum(); LANES]),
            ("largest", vec![x.largest(); LANES]),
        ];
        let least = S::V::splat(-f32::MAX);
        let (add_1, add_1_high) = S::V::add_shifted([x]);
        let (add_5, add_5_high) = S::V::add_shifted([x, y, z, m, x]);
        let (max_2, max_2_high) = S::V::max_shifted([x, y], least);
        let (max_9, max_9_high) = S::V::max_shifted([x, y, z, m, x, z, y, e, z], least);
        for (name, v) in [
            ("add_shifted 1", add_1),
            ("add_shifted 1, high", add_1_high),
            ("add_shifted 5", add_5),
            ("add_shifted 5, high", add_5_high),
            ("max_shifted 2", max_2),
            ("max_shifted 2, high", max_2_high),
            ("max_shifted 9", max_9),
            ("max_shifted 9, high", max_9_high),
            ("add", x.add(y)),
            ("sub", x.sub(y)),
            ("mul", x.mul(y)),
            ("div", x.div(y)),
            ("sqrt", x.sqrt()),
            ("min", x.min(y)),
            ("max", x.max(y)),
            ("select_less", x.select_less(y, z, x)),
            ("times_power_of_two", z.times_power_of_two(rounded)),
            ("mantissa", m),
            ("exponent", e),
            ("mul_add", x.mul_add(y, z)),
            ("exp", math::exp_of(x)),
            (
                "exp_of_at_most_88",
                math::exp_of_at_most_88(x.min(S::V::splat(88.0))),
            ),
            ("exp2_coarse", math::exp2_coarse_of(n)),
            ("floor", math::floor_of(n)),
            ("ln", math::ln_of(x)),
        ] {
            let mut lanes = vec![0.0; LANES];
            v.store(&mut lanes);
            out.push((name, lanes));
        }
        out
    }
}

/// Picks from a table of rows.
struct Pick<'a>(&'a [f32], usize, [[f32; LANES]; 2]);

impl Kernel for Pick<'_> {
    type Output = [f32; LANES];

    #[inline(always)]
    fn run<S: Simd>(self) -> Self::Output {
        let [column, row] = [S::V::load(&self.2[0]), S::V::load(&self.2[1])];
        let mut out = [0.0; LANES];
        S::V::pick(self.0, self.1, column, row).store(&mut out);
        out
    }
}

#[test]
fn picked_values_are_those_at_the_places_and_there_are_none_elsewhere() {
    let (rows, stride) = (11, 23);
    let table: Vec<f32> = (0..rows * stride).map(|i| (i as f32).sqrt()).collect();
    let column: [f32; LANES] = std::array::from_fn(|l| ((l * 7) % stride) as f32);
    let row: [f32; LANES] = std::array::from_fn(|l| ((l * 5 + 3) % rows) as f32);
    for level in Level::available() {
        let picked = level.run(Pick(&table, stride, [column, row]));
        for lane in 0..LANES {
            let at = row[lane] as usize * stride + column[lane] as usize;
            assert_eq!(picked[lane], table[at], "{}", level.name());
        }
        for (lane, beyond) in [(0, rows as f32), (9, 1e9), (15, -4.0)] {
            let mut row = row;
            row[lane] = beyond;
            // Arrays take what is below 0 for 0.
            if beyond < 0.0 && ["scalar", "neon"].contains(&level.name()) {
                continue;
            }
            let picking = std::panic::catch_unwind(|| {
                level.run(Pick(&table, stride, [column, row]));
            });
            assert!(picking.is_err(), "{}: {beyond}", level.name());
        }
    }
}

/// Triples of 16 lanes: special values at every place, then random ones of all magnitudes.
fn inputs() -> Vec<[Vec<f32>; 3]> {
    const SPECIAL: [f32; 11] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f32::MIN_POSITIVE,
        1e-40,
        f32::MAX,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        16_777_217.0,
    ];
    let mut state = 1u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let word = (state >> 32) as u32;
        // Half of them near 1, half of any magnitude between 2^-60 and 2^60.
        let exponent = if word & 1 == 0 {
            127
        } else {
            67 + (word >> 1) % 120
        };
        f32::from_bits((word & 0x807f_ffff) | (exponent << 23))
    };
    (0..400)
        .map(|i| {
            let mut triple = [(); 3].map(|()| (0..LANES).map(|_| next()).collect::<Vec<_>>());
            if i < 11 * 11 {
                triple[0][i % LANES] = SPECIAL[i % 11];
                triple[1][i % LANES] = SPECIAL[i / 11];
            }
            triple
        })
        .collect()
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[test]
fn every_level_equals_arrays_bit_for_bit() {
    for [x, y, z] in inputs() {
        for level in Level::available() {
            let truth = AllOperations(&x, &y, &z).run::<FusedArray>();
            let got = level.run(AllOperations(&x, &y, &z));
            for ((name, want), (_, got)) in truth.iter().zip(got) {
                for lane in 0..LANES {
                    assert!(
                        same(want[lane], got[lane]),
                        "{} {name} lane {lane}: {} is not {} for {} {} {}",
                        level.name(),
                        got[lane],
                        want[lane],
                        x[lane],
                        y[lane],
                        z[lane],
                    );
                }
            }
        }
    }
}

/// Many operations after another along a row of any length, each step on what the last one left.
struct Composed<'a>(&'a [f32]);

impl Kernel for Composed<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<f32> {
        let v = S::V::splat;
        let row = self.0;
        let mut out = vec![0.0; row.len()];
        let (mut carried, mut ends) = (v(0.0), Vec::new());
        for x in (0..row.len()).step_by(LANES) {
            let here = partial::load::<S>(&row[x..]);
            let size = here.mul(here).add(v(0.1)).sqrt();
            let mut weights = math::exp_of(math::ln_of(size).mul(v(-0.7)));
            if x + LANES + 4 <= row.len() {
                let [a, b, c, d, e] = S::V::load_shifted::<5>(&row[x..]);
                let [f, g] = [a.mul_add(b, c), c.mul_add(d, e)];
                weights = f.mul_add(weights, g).max(v(-3.0).min(weights));
                let (low, high) = S::V::add_shifted([f, weights, g]);
                let (most, _) = S::V::max_shifted([low, high, carried], v(-f32::MAX));
                carried = carried.mul_add(v(0.9), most.div(size));
            }
            // A place of the row for each lane, from its value.
            let last = v((row.len() - 1) as f32);
            let place = math::floor_of(size.mul(partial::counted::<S>(x as f32)).min(last));
            let picked = S::V::pick(row, 1, place, v(0.0));
            let chosen = picked.select_less(here, weights, carried);
            partial::store::<S>(chosen.mul_add(picked, weights), &mut out[x..]);
            ends.extend([
                chosen.sum(),
                chosen.largest(),
                S::mul_add(0.3, picked.sum(), 0.7),
            ]);
        }
        out.extend(ends);
        out
    }
}

#[test]
fn a_kernel_of_many_steps_equals_arrays_bit_for_bit() {
    for len in [1, 15, 16, 20, 61, 400] {
        let row: Vec<f32> = (0..len).map(|i| (i as f32 * 0.731).sin() * 3.0).collect();
        for level in Level::available() {
            let truth = Composed(&row).run::<FusedArray>();
            let got = level.run(Composed(&row));
            assert_eq!(truth.len(), got.len());
            for (i, (want, got)) in truth.into_iter().zip(got).enumerate() {
                assert!(want.is_finite(), "{len} value {i}: {want} tests nothing");
                assert!(
                    same(want, got),
                    "{} {len} value {i}: {got} is not {want}",
                    level.name()
                );
            }
        }
    }
}

/// Factors and terms whose sum rounds otherwise if it is rounded to `f64` before, and others near them.
fn nearly_halfway() -> Vec<[f32; 3]> {
    let mut found = Vec::new();
    // (1 + 2^-12)² is 1 + 2^-11 + 2^-24, halfway; less or more than that by far less than an f64 has.
    let factor = 1.0 + 2f32.powi(-12);
    for scale in [1.0, 2f32.powi(100), 2f32.powi(-100), 2f32.powi(-130)] {
        for rest in [
            0.0,
            2f32.powi(-90),
            -2f32.powi(-90),
            2f32.powi(-30),
            f32::MIN_POSITIVE,
        ] {
            found.push([factor * scale, factor, rest * scale]);
            found.push([-factor * scale, factor, rest * scale]);
            found.push([factor * scale, 1.0 - 2f32.powi(-12), rest * scale]);
            found.push([
                scale * 2f32.powi(-24),
                1.0 + 2f32.powi(-20),
                scale * (1.0 + rest),
            ]);
        }
    }
    found
}

#[test]
fn multiply_add_is_rounded_once_at_every_level() {
    struct MulAdd([f32; 3]);
    impl Kernel for MulAdd {
        type Output = [f32; 2];
        #[inline(always)]
        fn run<S: Simd>(self) -> [f32; 2] {
            let [a, b, c] = self.0;
            let mut lanes = [0.0; LANES];
            let splat = S::V::splat;
            splat(a).mul_add(splat(b), splat(c)).store(&mut lanes);
            [lanes[LANES - 1], S::mul_add(a, b, c)]
        }
    }
    let mut twice = 0;
    for [a, b, c] in nearly_halfway() {
        let truth = a.mul_add(b, c);
        twice += usize::from(!same(
            (f64::from(a) * f64::from(b) + f64::from(c)) as f32,
            truth,
        ));
        for level in Level::available() {
            let found = level.run(MulAdd([a, b, c]));
            assert!(
                found.into_iter().all(|x| same(x, truth)),
                "{} {a} {b} {c}: {found:?}",
                level.name()
            );
        }
        assert!(
            MulAdd([a, b, c])
                .run::<Scalar>()
                .into_iter()
                .all(|x| same(x, truth))
        );
    }
    assert!(twice > 5, "only {twice} cases tell two roundings from one");
}

/// Every shifted operation for one number of vectors, against its definition.
struct Shifted<const N: usize>;

impl<const N: usize> Kernel for Shifted<N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let values: Vec<f32> = (0..LANES + N - 1).map(|i| ((i * i) % 23) as f32).collect();
        let vectors = S::V::load_shifted::<N>(&values);
        let (mut sums, mut most) = ([0.0; 2 * LANES], [-1.0f32; 2 * LANES]);
        for (w, vector) in vectors.into_iter().enumerate() {
            let mut lanes = [0.0; LANES];
            vector.store(&mut lanes);
            assert_eq!(lanes, values[w..][..LANES], "vector {w} of {N}");
            for (i, lane) in lanes.into_iter().enumerate() {
                sums[w + i] += lane;
                most[w + i] = most[w + i].max(lane);
            }
        }
        let least = S::V::splat(-1.0);
        let joined = [
            (S::V::add_shifted(vectors), sums),
            (S::V::max_shifted(vectors, least), most),
        ];
        for ((low, high), expected) in joined {
            let mut lanes = [0.0; 2 * LANES];
            low.store(&mut lanes);
            high.store(&mut lanes[LANES..]);
            assert_eq!(lanes, expected, "{N} vectors");
        }
        // Fewer lanes than a vector has: no other value is touched.
        let mut lanes = [-7.0; 2 * LANES];
        vectors[0].store_first(&mut lanes[3..3 + N - 1]);
        for (i, &lane) in lanes.iter().enumerate() {
            let stored = (3..3 + N - 1).contains(&i);
            assert_eq!(lane, if stored { values[i - 3] } else { -7.0 }, "{N} lanes");
        }
    }
}

#[test]
fn shifted_vectors_are_loaded_and_joined_lane_by_lane() {
    for level in Level::available() {
        level.run(Shifted::<1>);
        level.run(Shifted::<2>);
        level.run(Shifted::<3>);
        level.run(Shifted::<4>);
        level.run(Shifted::<5>);
        level.run(Shifted::<7>);
        level.run(Shifted::<9>);
        level.run(Shifted::<12>);
        level.run(Shifted::<16>);
    }
    Shifted::<5>.run::<FusedArray>();
}

/// A weighted sum over 5 × 4 samples of rows of 40.
struct WeightedSum<'a>(&'a [f32], &'a [[f32; LANES]; 9]);

impl Kernel for WeightedSum<'_> {
    type Output = [f32; LANES];

    #[inline(always)]
    fn run<S: Simd>(self) -> Self::Output {
        let (mut wx, mut wy) = ([S::V::splat(0.0); 5], [S::V::splat(0.0); 4]);
        for (n, weights) in self.1.iter().enumerate() {
            let weights = S::V::load(weights);
            if n < 5 {
                wx[n] = weights;
            } else {
                wy[n - 5] = weights;
            }
        }
        let mut out = [0.0; LANES];
        S::V::weighted_sum(self.0, 40, &wx, &wy).store(&mut out);
        out
    }
}

#[test]
fn weighted_sums_over_windows_are_those_of_their_definition_at_every_level() {
    let noise = |n: usize| ((n * 7919 + 13) % 251) as f32 / 125.0 - 1.0;
    let samples: Vec<f32> = (0..3 * 40 + LANES + 4).map(noise).collect();
    let weights: [[f32; LANES]; 9] =
        std::array::from_fn(|n| std::array::from_fn(|l| noise(1000 + 31 * n + 7 * l)));
    for level in Level::available() {
        let found = level.run(WeightedSum(&samples, &weights));
        let by_arrays = WeightedSum(&samples, &weights).run::<FusedArray>();
        for l in 0..LANES {
            assert!(same(found[l], by_arrays[l]), "{}: {l}", level.name());
            let terms = (0..20).map(|n| {
                let (j, i) = (n / 5, n % 5);
                let weight = f64::from(weights[5 + j][l]) * f64::from(weights[i][l]);
                weight * f64::from(samples[40 * j + i + l])
            });
            let truth: f64 = terms.sum();
            assert!((f64::from(found[l]) - truth).abs() < 1e-5, "{l}: {truth}");
        }
    }
}

#[test]
#[should_panic(expected = "range")]
fn a_weighted_sum_of_too_few_samples_panics() {
    let samples = vec![0.0; 3 * 40 + LANES + 3];
    Level::current_or_baseline().run(WeightedSum(&samples, &[[0.0; LANES]; 9]));
}

#[test]
fn lanes_are_summed_in_one_order() {
    let lanes: Vec<f32> = (0..LANES)
        .map(|i| [1e8, 1.0, -1e8, 3.0][i % 4] + i as f32)
        .collect();
    let mut tree = lanes.clone();
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            tree[i] += tree[i + width];
        }
    }
    let sums = [
        Array::<Fused>::load(&lanes).sum(),
        Array::<Emulated>::load(&lanes).sum(),
    ];
    assert_eq!(sums, [tree[0]; 2]);
}

#[test]
#[should_panic(expected = "out of range")]
fn loading_from_a_short_slice_panics() {
    struct Load;
    impl Kernel for Load {
        type Output = f32;
        #[inline(always)]
        fn run<S: Simd>(self) -> f32 {
            S::V::load(&[0.0; LANES - 1]).sum()
        }
    }
    if let Some(level) = Level::available().pop() {
        level.run(Load);
    }
}
