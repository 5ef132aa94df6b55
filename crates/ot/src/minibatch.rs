//! Optimal couplings of minibatches of two clouds: the pairs that flow matching trains on.

use crate::cloud::Cloud;
use crate::error::Error;
use crate::exact;
use crate::power::Power;

/// SplitMix64 (Steele, Lea & Flood 2014): the same numbers everywhere for one seed.
#[derive(Debug, Clone)]
pub struct SplitMix(pub u64);

impl SplitMix {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In `[0, 1)`, a multiple of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Below `n`; biased by less than `n / 2^64`.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }
}

/// Indices in a random order, a new one when all have been given out.
#[derive(Debug)]
struct Deck {
    order: Vec<usize>,
    next: usize,
}

impl Deck {
    fn new(count: usize) -> Self {
        Self {
            order: (0..count).collect(),
            next: count,
        }
    }

    /// The next `count` indices, all different. What is left of a pass that is shorter is put back.
    fn draw(&mut self, count: usize, random: &mut SplitMix) -> Vec<usize> {
        if self.next + count > self.order.len() {
            for i in (1..self.order.len()).rev() {
                self.order.swap(i, random.below(i + 1));
            }
            self.next = 0;
        }
        let drawn = self.order[self.next..][..count].to_vec();
        self.next += count;
        drawn
    }
}

/// Pairs `(source, target)` of a minibatch, and the mean of `|x - y|²` over them.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// In order of the source.
    pub pairs: Vec<(usize, usize)>,
    /// The optimal cost of the batch.
    pub cost: f64,
}

/// An endless sequence of minibatches (Pooladian et al. 2023; Tong et al. 2024, *minibatch optimal transport*): `size` points of each
/// cloud, drawn without replacement until all have been drawn, and coupled one to one with the least sum of `|x - y|²`.
#[derive(Debug)]
pub struct Minibatches<'a> {
    clouds: [&'a Cloud; 2],
    decks: [Deck; 2],
    size: usize,
    random: SplitMix,
}

impl<'a> Minibatches<'a> {
    /// # Errors
    /// A size of 0 or above that of a cloud, clouds of different dimensions, points of different masses.
    pub fn new(
        source: &'a Cloud,
        target: &'a Cloud,
        size: usize,
        seed: u64,
    ) -> Result<Self, Error> {
        let most = source.len().min(target.len());
        if size == 0 || size > most {
            return Err(Error::Parameter {
                what: "batch size",
                value: size as f64,
                range: "at least 1 and at most the number of points of either cloud",
            });
        }
        if source.dimensions() != target.dimensions() {
            return Err(Error::Length {
                what: "coordinates of the target's points",
                expected: source.dimensions(),
                found: target.dimensions(),
            });
        }
        for cloud in [source, target] {
            if let Some(&other) = cloud.masses().iter().find(|m| **m != cloud.masses()[0]) {
                return Err(Error::Parameter {
                    what: "mass of a point",
                    value: other,
                    range: "that of all others, for minibatches",
                });
            }
        }
        Ok(Self {
            clouds: [source, target],
            decks: [Deck::new(source.len()), Deck::new(target.len())],
            size,
            random: SplitMix(seed),
        })
    }

    /// The next batch.
    ///
    /// # Errors
    /// As [`exact::couple`].
    pub fn draw(&mut self) -> Result<Batch, Error> {
        let [source, target] = self.clouds;
        let x = self.decks[0].draw(self.size, &mut self.random);
        let y = self.decks[1].draw(self.size, &mut self.random);
        let coupling = exact::couple(&source.select(&x), &target.select(&y), Power::Two, 0.0)?;
        // Equal whole masses: the vertex that the simplex ends at is a permutation.
        let mut pairs: Vec<_> = coupling
            .entries
            .iter()
            .map(|&(i, j, _)| (x[i], y[j]))
            .collect();
        pairs.sort_unstable();
        Ok(Batch {
            pairs,
            cost: coupling.cost.upper,
        })
    }
}
