//! Random numbers that are the same on every machine: SplitMix64 (Steele, Lea, Flood, *Fast splittable pseudorandom number
//! generators*, 2014).

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `[from, to)`.
    pub fn uniform(&mut self, from: f64, to: f64) -> f64 {
        // The upper 53 bits, as many as a number of `f64` has.
        let unit = (self.bits() >> 11) as f64 / (1u64 << 53) as f64;
        from + unit * (to - from)
    }

    /// Around `mean`, with this standard deviation, never further than 3.5 of them: the sum of twelve uniform numbers.
    pub fn around(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.uniform(-0.5, 0.5)).sum();
        mean + deviation * sum.clamp(-3.5, 3.5)
    }

    /// A whole number of `from..=to`.
    pub fn whole(&mut self, from: usize, to: usize) -> usize {
        from + (self.bits() % (to - from + 1) as u64) as usize
    }

    /// One of a list that is not empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.whole(0, list.len() - 1)]
    }

    /// True in this share of cases.
    pub fn chance(&mut self, share: f64) -> bool {
        self.uniform(0.0, 1.0) < share
    }
}
