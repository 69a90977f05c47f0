//! The widest vector registers that the machine has, for loops the compiler vectorizes by itself.
//!
//! Wheels are built for the oldest x86-64 there is, whose registers hold two numbers; nearly every machine has twice to four times
//! that. Code that runs inside [`vectorized`] is compiled a second time for AVX2 and POPCNT, and the machine is asked which
//! of the two it can run. The same Rust code runs in both: no multiplication is ever fused with an addition, sums keep their
//! order, and so no bit of any result depends on the machine.
//!
//! This module and `lune::simd`, for single kernels on words of bits, are the only ones of the crate that may use `unsafe`.
#![allow(unsafe_code)]

/// Work of microseconds or more. A trait and not a closure, because `run` and all that it calls must be `#[inline(always)]`:
/// what stays a function of its own is compiled once, for the oldest machine.
pub(crate) trait Work {
    /// What comes of it.
    type Output;
    /// Does it.
    fn run(self) -> Self::Output;
}

/// Does `work` with the widest registers there are.
#[inline]
pub(crate) fn vectorized<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("popcnt")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("lzcnt")
    {
        // SAFETY: the machine has just said that it has all four features, the only requirement of the function.
        return unsafe { with_avx2(work) };
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt,bmi1,lzcnt")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

/// Work in which no bit counts, because its results come with a bound on their error: multiplications and additions may be fused.
pub(crate) trait RoughWork {
    /// What comes of it.
    type Output;
    /// Does it; `FUSED` says whether the machine can fuse, for where it cannot that takes long.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Does `work` with the widest registers there are, fused if possible.
#[inline]
pub(crate) fn vectorized_roughly<W: RoughWork>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the machine has just said that it has both features, the only requirement of the function.
        return unsafe { with_fma(work) };
    }
    // Every processor of this kind fuses.
    work.run::<{ cfg!(target_arch = "aarch64") }>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_fma<W: RoughWork>(work: W) -> W::Output {
    work.run::<true>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    struct SumOfSquares<'a>(&'a [f64]);
    impl Work for SumOfSquares<'_> {
        type Output = u64;
        #[inline(always)]
        fn run(self) -> u64 {
            let lanes = self.0.chunks_exact(8).fold([0.0; 8], |mut lanes, chunk| {
                for (lane, x) in lanes.iter_mut().zip(chunk) {
                    *lane += x * x;
                }
                lanes
            });
            lanes.into_iter().sum::<f64>().to_bits()
        }
    }

    #[test]
    fn registers_change_no_bit() {
        let terms: Vec<f64> = (1..1000).map(|i| 1.0 / f64::from(i)).collect();
        let work = SumOfSquares(&terms);
        assert_eq!(vectorized(work), work.run());
    }
}
