//! Mutations of seeds: bytes that nearly are what a reader expects.

/// Bytes that stand at the borders of what headers count with.
const BORDERS: [u8; 6] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF];
/// Text that headers are written in.
const WORDS: [&[u8]; 8] = [
    b"-1",
    b"0",
    b"4294967295",
    b"18446744073709551616",
    b"1e400",
    b"nan",
    b"\n",
    b",",
];

/// Endless mutations of some seeds, the same ones for the same number.
pub struct Mutations<'a> {
    seeds: &'a [Vec<u8>],
    state: u64,
}

impl<'a> Mutations<'a> {
    /// Of at least one seed.
    pub fn new(seeds: &'a [Vec<u8>], number: u64) -> Self {
        Self {
            seeds,
            state: number,
        }
    }

    /// The next one: one to four changes of a seed.
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> Vec<u8> {
        let mut bytes = match self.below(self.seeds.len()) {
            Some(seed) => self.seeds[seed].clone(),
            None => Vec::new(),
        };
        for _ in 0..1 + self.random() % 4 {
            self.change(&mut bytes);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let Some(at) = self.below(bytes.len()) else {
            return bytes.push(self.random() as u8);
        };
        match self.random() % 7 {
            0 => bytes[at] ^= 1 << (self.random() % 8),
            1 => bytes[at] = BORDERS[(self.random() % 6) as usize],
            2 => bytes.truncate(at),
            3 => {
                let word = WORDS[(self.random() % 8) as usize];
                bytes.splice(at..at, word.iter().copied());
            }
            4 => {
                // Numbers of 32 bits, in either order.
                let number =
                    [0, 1, 0x7FFF_FFFF, u32::MAX, 0x0001_0000][(self.random() % 5) as usize];
                let number =
                    [number.to_be_bytes(), number.to_le_bytes()][(self.random() % 2) as usize];
                for (byte, new) in bytes[at..].iter_mut().zip(number) {
                    *byte = new;
                }
            }
            5 => {
                let end = at + self.below(bytes.len() - at).unwrap_or(0);
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let end = at + self.below(bytes.len() - at).unwrap_or(0);
                bytes.drain(at..end);
            }
        }
    }

    fn below(&mut self, end: usize) -> Option<usize> {
        let random = self.random();
        (end > 0).then(|| (random % end as u64) as usize)
    }

    /// Splitmix64 (Steele, Lea & Flood, *Fast splittable pseudorandom number generators*, 2014).
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
