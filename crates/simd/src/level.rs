//! Which vector instructions are used: detected at run time, lowered by `OTINTERP_CPU`.

use super::Kernel;
#[cfg(not(target_arch = "x86_64"))]
use super::array::Scalar as Baseline;
#[cfg(target_arch = "x86_64")]
use super::avx;
#[cfg(target_arch = "x86_64")]
use super::sse2::Sse2 as Baseline;
use std::sync::OnceLock;

/// A level of vector instructions that this CPU has. Ordered from least to most.
///
/// A value is proof that the CPU has the level: it can only be had from [`Level::current`] and
/// [`Level::available`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Kind);

/// The numbers are those of [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// What every CPU of the target has: SSE2 on x86-64, else arrays in plain Rust.
    Baseline = if cfg!(target_arch = "x86_64") { 1 } else { 0 },
    #[cfg(target_arch = "aarch64")]
    Neon = 2,
    #[cfg(target_arch = "x86_64")]
    Avx2 = 3,
    #[cfg(target_arch = "x86_64")]
    Avx512 = 4,
}

/// As `OTINTERP_CPU` takes them, from least to most.
const NAMES: [&str; 5] = ["scalar", "sse2", "neon", "avx2", "avx512"];

/// `OTINTERP_CPU` holds a name that is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("OTINTERP_CPU={0}: no such level; there are {names}", names = NAMES.join(", "))]
pub struct LevelError(String);

impl Level {
    /// The level in use: the CPU's best, or the lower one that `OTINTERP_CPU` names.
    ///
    /// A level that the CPU lacks gives the best one it has below that, or its lowest: so `scalar` is SSE2 on x86-64 and
    /// `sse2` is scalar elsewhere, which give the same bits.
    ///
    /// # Errors
    /// [`LevelError`] if the variable holds an unknown name.
    pub fn current() -> Result<Self, LevelError> {
        static LEVEL: OnceLock<Result<Level, String>> = OnceLock::new();
        LEVEL
            .get_or_init(|| match std::env::var("OTINTERP_CPU") {
                Ok(name) => Self::lowered_to(&name).ok_or(name),
                Err(_) => Ok(Self::best()),
            })
            .clone()
            .map_err(LevelError)
    }

    /// The same, and the lowest level where the variable holds an unknown name: for what does not depend on the level, and where nobody
    /// asks for errors.
    pub fn current_or_baseline() -> Self {
        Self::current().unwrap_or(Self(Kind::Baseline))
    }

    /// All levels of this CPU, from least to most. They give the same bits.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut levels = vec![Self(Kind::Baseline)];
        #[cfg(target_arch = "aarch64")]
        levels.push(Self(Kind::Neon));
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                levels.push(Self(Kind::Avx2));
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                {
                    levels.push(Self(Kind::Avx512));
                }
            }
        }
        levels
    }

    fn best() -> Self {
        // The baseline is always there.
        Self::available().pop().unwrap_or(Self(Kind::Baseline))
    }

    fn lowered_to(name: &str) -> Option<Self> {
        let rank = NAMES.iter().position(|n| *n == name)?;
        let below = Self::available()
            .into_iter()
            .rfind(|level| level.0 as usize <= rank);
        Some(below.unwrap_or(Self(Kind::Baseline)))
    }

    /// The name, as `OTINTERP_CPU` takes it.
    pub fn name(self) -> &'static str {
        NAMES[self.0 as usize]
    }

    /// Runs a kernel with this level's instructions.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Kind::Baseline => kernel.run_baseline(),
            // NEON, fused multiply-add included, is part of every 64-bit Arm target.
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => kernel.run::<super::array::FusedArray>(),
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Kind::Avx2 => {
                // SAFETY: a `Kind::Avx2` is only made after AVX2 and FMA were detected.
                unsafe { shell_avx2(kernel) }
            }
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Kind::Avx512 => {
                // SAFETY: a `Kind::Avx512` is only made after all named features were detected.
                unsafe { shell_avx512(kernel) }
            }
        }
    }
}

/// The shell of the baseline. It enables no features: the target has them. That is why it has to be kept from being inlined:
/// together with what calls it a large kernel takes five times as long to compile. A trait's own method is compiled with
/// the module of the type that has it, so not all kernels in one unit.
trait BaselineShell: Kernel {
    #[inline(never)]
    fn run_baseline(self) -> Self::Output
    where
        Self: Sized,
    {
        self.run::<Baseline>()
    }
}

impl<K: Kernel> BaselineShell for K {}

// The other shells are compiled where they are used, which `inline` stands for; they stay calls.

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn shell_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<avx::Avx2>()
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn shell_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<avx::Avx512>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowering_finds_the_level_of_a_name_or_one_below_or_the_baseline() {
        let levels = Level::available();
        assert!(levels.is_sorted());
        for (rank, name) in NAMES.into_iter().enumerate() {
            let lowered = Level::lowered_to(name).unwrap();
            assert!(levels.contains(&lowered));
            match levels.iter().find(|level| level.name() == name) {
                Some(level) => assert_eq!(lowered, *level),
                None => assert!(lowered == levels[0] || NAMES[..rank].contains(&lowered.name())),
            }
        }
        for name in ["scalar", "sse2"] {
            assert_eq!(Level::lowered_to(name), Some(levels[0]));
        }
        let baseline = if cfg!(target_arch = "x86_64") {
            "sse2"
        } else {
            "scalar"
        };
        assert_eq!(levels[0].name(), baseline);
    }

    #[test]
    fn an_unknown_name_is_refused_and_the_known_ones_are_named() {
        assert_eq!(Level::lowered_to("sse9"), None);
        assert_eq!(Level::lowered_to(""), None);
        let message = LevelError("sse9".into()).to_string();
        assert_eq!(
            message,
            "OTINTERP_CPU=sse9: no such level; there are scalar, sse2, neon, avx2, avx512"
        );
    }
}
