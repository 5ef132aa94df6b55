//! Texture weight of a displacement: where several are splatted to one place, those of flat places give way.
//!
//! In flat places every motion fits (the aperture problem), so that what is found there is little more than what lies around;
//! an edge's motion is known. And where an edge and a flat place meet in between, the edge is what is seen to move: that it be
//! whole counts for more.

/// Range of luma, in `[0, 1]`, over 3×3 samples that is as good as none, and from which on more is not better. Measured on the
/// public triplets with `balanced`, see `docs/decisions/quality-log.md`.
const RANGES: (f32, f32) = (0.002, 0.1);

/// Multiplies the weights of a row of samples by `((0.002 + r) / (0.002 + 0.1))³`, r the range of luma over 3×3 samples, at most
/// 0.1. `rows` are that row with those above and below, samples 2 apart along it; `scale` takes its values to `[0, 1]`.
pub fn weigh(rows: [&[f32]; 3], scale: f32, ranges: &mut Vec<[f32; 2]>, weights: &mut [f32]) {
    let n = weights.len();
    let (flat, textured) = RANGES;
    ranges.clear();
    let columns = rows.map(|row| row.iter().step_by(2));
    let [above, here, below] = columns;
    ranges.extend(
        above
            .zip(here)
            .zip(below)
            .map(|((&a, &b), &c)| [lesser(a, lesser(b, c)), greater(a, greater(b, c))]),
    );
    let ranges = &ranges[..n];
    for (x, weight) in weights.iter_mut().enumerate() {
        let (left, right) = (x.saturating_sub(1), if x + 1 < n { x + 1 } else { x });
        let [low, high] = ranges[x];
        let low = lesser(low, lesser(ranges[left][0], ranges[right][0]));
        let high = greater(high, greater(ranges[left][1], ranges[right][1]));
        let share = (flat + lesser(scale * (high - low), textured)) / (flat + textured);
        *weight *= share * share * share;
    }
}

#[inline(always)]
fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_places_give_way_to_edges_beside_them() {
        // An edge of 0.05 between columns 4 and 5 of every other sample, in codes of 255.
        let row: Vec<f32> = (0..20).map(|x| if x < 10 { 0.0 } else { 12.75 }).collect();
        let mut weights = vec![2.0; 10];
        weigh([&row; 3], 1.0 / 255.0, &mut Vec::new(), &mut weights);
        let share = |range: f32| 2.0 * ((0.002 + range) / 0.102f32).powi(3);
        for (x, &weight) in weights.iter().enumerate() {
            let range = if (4..6).contains(&x) { 0.05 } else { 0.0 };
            assert!((weight / share(range) - 1.0).abs() < 1e-5, "{x}: {weight}");
        }
        // Beyond what counts as textured, all keep what they have.
        let steep = [0.0, 0.0, 255.0, 255.0].repeat(5);
        let mut weights = vec![2.0; 10];
        weigh([&steep; 3], 1.0 / 255.0, &mut Vec::new(), &mut weights);
        assert!(weights.iter().all(|w| (w - 2.0).abs() < 1e-6));
    }
}
