//! Which vector instructions are used: detected at run time, lowered by `OTINTERP_CPU`.

#[cfg(target_arch = "x86_64")]
use super::avx;
use super::{Kernel, lanes};
use std::sync::OnceLock;

/// A level of vector instructions that this CPU has. Ordered from least to most.
///
/// A value is proof that the CPU has the level: it can only be had from [`Level::current`] and
/// [`Level::available`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Scalar,
    #[cfg(target_arch = "aarch64")]
    Neon,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// `OTINTERP_CPU` holds a name that is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("OTINTERP_CPU={0}: no such level; scalar, avx2, avx512 and neon are")]
pub struct LevelError(String);

impl Level {
    /// The level in use: the CPU's best, or the lower one that `OTINTERP_CPU` names.
    ///
    /// A level that the CPU lacks gives the best one it has below that.
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

    /// The same, and the scalar level where the variable holds an unknown name: for what does not depend on the level, and where nobody
    /// asks for errors.
    pub fn current_or_scalar() -> Self {
        Self::current().unwrap_or(Self(Kind::Scalar))
    }

    /// All levels of this CPU, scalar first.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut levels = vec![Self(Kind::Scalar)];
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
        // The scalar level is always there.
        Self::available().pop().unwrap_or(Self(Kind::Scalar))
    }

    fn lowered_to(name: &str) -> Option<Self> {
        let rank = ["scalar", "neon", "avx2", "avx512"]
            .iter()
            .position(|n| *n == name)?;
        Self::available().into_iter().rfind(|l| l.rank() <= rank)
    }

    fn rank(self) -> usize {
        match self.0 {
            Kind::Scalar => 0,
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => 1,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => 2,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => 3,
        }
    }

    /// The name, as `OTINTERP_CPU` takes it.
    pub fn name(self) -> &'static str {
        ["scalar", "neon", "avx2", "avx512"][self.rank()]
    }

    /// Runs a kernel with this level's instructions.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Kind::Scalar => kernel.run_scalar(),
            // NEON, fused multiply-add included, is part of every 64-bit Arm target.
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => kernel.run::<lanes::FusedArray>(),
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

/// The shell of the scalar level. Never inlined: together with what calls it a large kernel takes five times as long to
/// compile. A trait's own method is compiled with the module of the type that has it, so not all kernels in one unit.
trait ScalarShell: Kernel {
    #[inline(never)]
    fn run_scalar(self) -> Self::Output
    where
        Self: Sized,
    {
        self.run::<lanes::Scalar>()
    }
}

impl<K: Kernel> ScalarShell for K {}

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
    fn scalar_is_always_there_and_lowering_never_raises() {
        let levels = Level::available();
        assert_eq!(levels[0].name(), "scalar");
        assert!(levels.is_sorted());
        for name in ["scalar", "neon", "avx2", "avx512"] {
            let lowered = Level::lowered_to(name).unwrap();
            assert!(lowered <= Level::best());
            assert!(lowered.name() == name || lowered.rank() < 3);
        }
        assert_eq!(Level::lowered_to("scalar").unwrap().name(), "scalar");
        assert!(Level::lowered_to("sse9").is_none());
    }
}
