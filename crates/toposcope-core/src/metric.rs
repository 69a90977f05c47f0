//! How distances between points are measured.

use std::marker::PhantomData;

use crate::Error;
use crate::simd::{Work, vectorized};

/// A metric on points. Everything offered here satisfies the triangle inequality, which the error bounds of the
/// streaming engine rest on; that is why squared Euclidean and `1 - cos` are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// Straight line.
    Euclidean,
    /// Chord between the points' directions on the unit sphere, `sqrt(2 - 2 cos)`: from 0 to 2.
    Cosine,
    /// Sum of the coordinate differences.
    Manhattan,
    /// Largest coordinate difference.
    Chebyshev,
}

/// Partial sums kept side by side: lets the compiler use vector registers, several of them so that no addition waits for the one
/// before, while the order of additions, hence the last bit of every distance, stays the same on every machine.
pub(crate) const LANES: usize = 16;

impl Metric {
    /// The metric of this name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown name, and for the squared and cosine "distances" that are no metrics, with the reason.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "euclidean" => Ok(Self::Euclidean),
            "cosine" => Ok(Self::Cosine),
            "manhattan" | "cityblock" | "l1" => Ok(Self::Manhattan),
            "chebyshev" | "linf" => Ok(Self::Chebyshev),
            "sqeuclidean" => Err(Error::invalid(
                "metric",
                "a metric; squared distances break the triangle inequality (use \"euclidean\" and square births and deaths)",
                "\"sqeuclidean\"",
            )),
            _ => Err(Error::invalid(
                "metric",
                "\"euclidean\", \"cosine\", \"manhattan\", \"chebyshev\" or \"precomputed\"",
                format!("\"{name}\""),
            )),
        }
    }

    /// The name that [`Self::from_name`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Euclidean => "euclidean",
            Self::Cosine => "cosine",
            Self::Manhattan => "manhattan",
            Self::Chebyshev => "chebyshev",
        }
    }

    /// Distance between two rows of equal length, in f64. Rows must be of unit length for [`Metric::Cosine`].
    pub fn between<T: Copy + Into<f64>>(self, a: &[T], b: &[T]) -> f64 {
        match self {
            Self::Euclidean | Self::Cosine => length_between::<Squares, T>(a, b),
            Self::Manhattan => length_between::<Sums, T>(a, b),
            Self::Chebyshev => length_between::<Largest, T>(a, b),
        }
    }
}

/// How the differences of coordinates make up a distance. Everything starts from zero.
pub(crate) trait Norm {
    /// What is added up, with the difference `x` added.
    fn step(total: f64, x: f64) -> f64;
    /// Two partial totals in one.
    fn join(a: f64, b: f64) -> f64;
    /// The distance that a total stands for.
    fn length(total: f64) -> f64;
}

/// Sums of squares.
#[derive(Debug)]
pub(crate) struct Squares;
/// Sums of absolute values.
#[derive(Debug)]
pub(crate) struct Sums;
/// Largest absolute values.
#[derive(Debug)]
pub(crate) struct Largest;

impl Norm for Squares {
    #[inline(always)]
    fn step(total: f64, x: f64) -> f64 {
        total + x * x
    }
    #[inline(always)]
    fn join(a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn length(total: f64) -> f64 {
        total.sqrt()
    }
}

impl Norm for Sums {
    #[inline(always)]
    fn step(total: f64, x: f64) -> f64 {
        total + x.abs()
    }
    #[inline(always)]
    fn join(a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn length(total: f64) -> f64 {
        total
    }
}

impl Norm for Largest {
    #[inline(always)]
    fn step(total: f64, x: f64) -> f64 {
        f64::max(total, x.abs())
    }
    #[inline(always)]
    fn join(a: f64, b: f64) -> f64 {
        f64::max(a, b)
    }
    #[inline(always)]
    fn length(total: f64) -> f64 {
        total
    }
}

/// The distance between two rows.
#[inline]
fn length_between<N: Norm, T: Copy + Into<f64>>(a: &[T], b: &[T]) -> f64 {
    struct Pair<'a, N, T>(&'a [T], &'a [T], PhantomData<N>);
    impl<N: Norm, T: Copy + Into<f64>> Work for Pair<'_, N, T> {
        type Output = f64;

        #[inline(always)]
        fn run(self) -> f64 {
            total::<N, T>(self.0, self.1)
        }
    }
    // A call through the dispatch costs as much as a few additions.
    let total = match a.len() {
        0..LANES => total::<N, T>(a, b),
        _ => vectorized(Pair(a, b, PhantomData::<N>)),
    };
    N::length(total)
}

/// What the differences between two rows add up to.
#[inline(always)]
pub(crate) fn total<N: Norm, T: Copy + Into<f64>>(a: &[T], b: &[T]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let ((a, rest_of_a), (b, rest_of_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (x, y) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] = N::step(lanes[lane], x[lane].into() - y[lane].into());
        }
    }
    let mut total = lanes.into_iter().reduce(N::join).unwrap_or(0.0);
    for (&x, &y) in rest_of_a.iter().zip(rest_of_b) {
        total = N::step(total, x.into() - y.into());
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for metric in [
            Metric::Euclidean,
            Metric::Cosine,
            Metric::Manhattan,
            Metric::Chebyshev,
        ] {
            assert_eq!(Metric::from_name(metric.name()), Ok(metric));
        }
        let refusal = Metric::from_name("sqeuclidean").unwrap_err().to_string();
        assert!(refusal.contains("triangle inequality"));
        assert!(Metric::from_name("hamming").is_err());
    }

    #[test]
    fn agrees_with_a_plain_loop_on_every_length() {
        for n in 0..40u32 {
            let a: Vec<f64> = (0..n).map(|i| f64::from(i * i % 7)).collect();
            let b: Vec<f64> = (0..n).map(|i| f64::from(i * 5 % 11)).collect();
            let differences = || a.iter().zip(&b).map(|(x, y)| (x - y).abs());
            assert_eq!(
                Metric::Manhattan.between(&a, &b),
                differences().sum::<f64>()
            );
            assert_eq!(
                Metric::Chebyshev.between(&a, &b),
                differences().fold(0.0, f64::max)
            );
            let euclidean = differences().map(|x| x * x).sum::<f64>().sqrt();
            assert_eq!(Metric::Euclidean.between(&a, &b), euclidean);
        }
    }
}
