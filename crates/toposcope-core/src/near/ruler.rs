//! Lengths and their bounds, in one arithmetic.
//!
//! Every length is the one that [`Metric::between`] gives, to the last bit. A distance to a box is computed by the same
//! operations in the same order from gaps that are no larger (or no smaller) than the coordinate differences to whatever is in the box.
//! Rounding is monotone, so such a bound holds for the rounded lengths themselves: nothing needs a margin, at any scale.

use crate::Metric;
use crate::metric::{LANES, Largest, Norm, Squares, Sums};

/// A metric, and lengths in a form that is cheap to compare: *keys*. They are squares of straight lengths where coordinates are few,
/// and lengths themselves otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ruler {
    metric: Metric,
    squared: bool,
}

impl Ruler {
    /// Keys without roots, where the metric has any.
    pub(super) fn of_squares(metric: Metric) -> Self {
        let squared = matches!(metric, Metric::Euclidean | Metric::Cosine);
        Self { metric, squared }
    }

    /// Lengths as keys.
    pub(super) fn of_lengths(metric: Metric) -> Self {
        let squared = false;
        Self { metric, squared }
    }

    pub(super) fn metric(self) -> Metric {
        self.metric
    }

    /// Key of the vector of these `n_dims` coordinate differences.
    #[inline(always)]
    pub(super) fn key(self, n_dims: usize, gap: impl Fn(usize) -> f64) -> f64 {
        match self.metric {
            Metric::Euclidean | Metric::Cosine => {
                let squares = total::<Squares>(n_dims, gap);
                if self.squared {
                    squares
                } else {
                    Squares::length(squares)
                }
            }
            Metric::Manhattan => total::<Sums>(n_dims, gap),
            Metric::Chebyshev => total::<Largest>(n_dims, gap),
        }
    }

    /// The length that a key stands for.
    #[inline(always)]
    pub(super) fn length(self, key: f64) -> f64 {
        if self.squared { key.sqrt() } else { key }
    }

    /// The largest key of a length of at most `length`.
    pub(super) fn largest_key(self, length: f64) -> f64 {
        if !self.squared || length == f64::INFINITY {
            return length;
        }
        // A few keys share a root; the square of the root is one of them, or next to one.
        let mut key = (length * length).min(f64::MAX);
        while key.sqrt() > length {
            key = key.next_down();
        }
        while key < f64::MAX && key.next_up().sqrt() <= length {
            key = key.next_up();
        }
        key
    }
}

/// [`metric::total`](crate::metric::total) of differences that are computed on the way.
#[inline(always)]
fn total<N: Norm>(n_dims: usize, gap: impl Fn(usize) -> f64) -> f64 {
    let whole = n_dims / LANES * LANES;
    let mut sum = 0.0;
    if whole > 0 {
        let mut lanes = [0.0; LANES];
        for block in (0..whole).step_by(LANES) {
            for (lane, sum) in lanes.iter_mut().enumerate() {
                *sum = N::step(*sum, gap(block + lane));
            }
        }
        sum = lanes.into_iter().reduce(N::join).unwrap_or(0.0);
    }
    for axis in whole..n_dims {
        sum = N::step(sum, gap(axis));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const METRICS: [Metric; 4] = [
        Metric::Euclidean,
        Metric::Cosine,
        Metric::Manhattan,
        Metric::Chebyshev,
    ];

    fn rulers() -> impl Iterator<Item = Ruler> {
        let both = |metric| [Ruler::of_squares(metric), Ruler::of_lengths(metric)];
        METRICS.into_iter().flat_map(both)
    }

    fn coordinates() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
        let x = prop_oneof![-2.0..2.0, -1e300..1e300, -1e-310..1e-310, Just(0.0)];
        let rows = prop::collection::vec((x.clone(), x), 1..20);
        rows.prop_map(|pairs| pairs.into_iter().unzip())
    }

    proptest! {
        #[test]
        fn lengths_are_those_of_the_metric((a, b) in coordinates()) {
            for ruler in rulers() {
                let metric = ruler.metric();
                let key = ruler.key(a.len(), |k| a[k] - b[k]);
                prop_assert_eq!(ruler.length(key).to_bits(), metric.between(&a, &b).to_bits());
            }
        }

        #[test]
        fn the_largest_key_is_the_last_one_in(length in prop_oneof![0.0..3.0, 0.0..1e-150, 0.0..1e-307, 0.0..1e308]) {
            for ruler in rulers() {
                let key = ruler.largest_key(length);
                prop_assert!(ruler.length(key) <= length);
                prop_assert!(ruler.length(key.next_up()) > length);
            }
        }
    }

    #[test]
    fn no_length_is_beyond_infinity() {
        for ruler in rulers() {
            assert_eq!(ruler.largest_key(f64::INFINITY), f64::INFINITY);
            assert_eq!(ruler.length(ruler.largest_key(0.0)), 0.0);
        }
    }
}
