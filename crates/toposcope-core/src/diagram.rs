//! Persistence diagrams: columns in canonical order.

use std::cmp::Ordering;

use crate::memory::Held;
use crate::sorting::sort_slice;
use crate::{Control, Error};

/// The intervals of all dimensions as columns, sorted by (dimension, birth, death), zero lengths dropped.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagram {
    dims: Vec<u8>,
    births: Vec<f64>,
    deaths: Vec<f64>,
    max_dim: u8,
}

/// One interval: homology dimension, birth, death (`inf` = essential).
pub type Interval = (u8, f64, f64);

/// Whether an interval is kept: those of zero length are not, nor those of dimensions that nobody asked for.
fn counts(&(dim, birth, death): &Interval, max_dim: u8) -> bool {
    dim <= max_dim && birth < death
}

fn in_order(a: &Interval, b: &Interval) -> Ordering {
    (a.0.cmp(&b.0))
        .then(a.1.total_cmp(&b.1))
        .then(a.2.total_cmp(&b.2))
}

/// What is set aside while a diagram of so many intervals of degree 0, and of others, is put together: lengths and intervals as they come, the
/// others in order, and the columns.
pub(crate) fn bytes_of_diagram(n: usize, n_others: usize) -> usize {
    let others = Held::<Interval>::bytes_while_growing(n_others) + n_others * size_of::<[f64; 2]>();
    n * size_of::<f64>() + others + bytes_of_columns(n + n_others)
}

/// Bytes of the columns of a diagram of so many intervals.
pub(crate) fn bytes_of_columns(n: usize) -> usize {
    n * (size_of::<u8>() + 2 * size_of::<f64>())
}

impl Diagram {
    /// A diagram of dimensions `0..=max_dim` from intervals in any order; those of zero length, and those of higher
    /// dimensions, are dropped.
    pub fn from_intervals(intervals: impl IntoIterator<Item = Interval>, max_dim: u8) -> Self {
        let mut intervals: Vec<Interval> = intervals
            .into_iter()
            .filter(|interval| counts(interval, max_dim))
            .collect();
        intervals.sort_unstable_by(in_order);
        Self {
            dims: intervals.iter().map(|i| i.0).collect(),
            births: intervals.iter().map(|i| i.1).collect(),
            deaths: intervals.iter().map(|i| i.2).collect(),
            max_dim,
        }
    }

    /// A diagram of `n` intervals that come in order, and of others that come after them, in any order. Kept within the budget of
    /// `control` while it is being made.
    pub(crate) fn from_sorted_and_more(
        sorted: impl Iterator<Item = Interval>,
        n: usize,
        others: impl IntoIterator<Item = Interval>,
        max_dim: u8,
        control: &Control,
    ) -> Result<Self, Error> {
        let budget = control.budget();
        let mut later = Held::new(budget);
        later.extend(others.into_iter().filter(|i| counts(i, max_dim)))?;
        sort_slice(&mut later, in_order, control)?;
        let all = n + later.len();
        let mut dims = Held::with_capacity(budget, all)?;
        let mut births = Held::with_capacity(budget, all)?;
        let mut deaths = Held::with_capacity(budget, all)?;
        let sorted = sorted.filter(|i| counts(i, max_dim));
        for (at, (dim, birth, death)) in sorted.chain(later).enumerate() {
            control.poll("diagram", at, all)?;
            dims.push(dim)?;
            births.push(birth)?;
            deaths.push(death)?;
        }
        Ok(Self {
            dims: dims.into_parts().0,
            births: births.into_parts().0,
            deaths: deaths.into_parts().0,
            max_dim,
        })
    }

    /// Largest homology dimension that was computed.
    pub fn max_dim(&self) -> u8 {
        self.max_dim
    }

    /// Number of intervals over all dimensions.
    pub fn len(&self) -> usize {
        self.dims.len()
    }

    /// Whether there is no interval at all.
    pub fn is_empty(&self) -> bool {
        self.dims.is_empty()
    }

    /// Homology dimension of each interval.
    pub fn dims(&self) -> &[u8] {
        &self.dims
    }

    /// Birth of each interval.
    pub fn births(&self) -> &[f64] {
        &self.births
    }

    /// Death of each interval; `inf` if it is essential.
    pub fn deaths(&self) -> &[f64] {
        &self.deaths
    }

    /// The columns themselves: dimensions, births, deaths.
    pub fn into_columns(self) -> (Vec<u8>, Vec<f64>, Vec<f64>) {
        (self.dims, self.births, self.deaths)
    }

    /// The intervals of one dimension, `(birth, death)` in order.
    pub fn intervals(&self, dim: u8) -> impl Iterator<Item = (f64, f64)> + '_ {
        let from = self.dims.partition_point(|&d| d < dim);
        let to = self.dims.partition_point(|&d| d <= dim);
        self.births[from..to]
            .iter()
            .copied()
            .zip(self.deaths[from..to].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_order_without_zero_lengths() {
        let inf = f64::INFINITY;
        let intervals = [
            (1, 0.5, 0.75),
            (0, 0.0, inf),
            (0, 0.0, 0.25),
            (0, 0.0, 0.0),
            (2, 0.0, 1.0),
        ];
        let diagram = Diagram::from_intervals(intervals, 1);
        assert_eq!(diagram.len(), 3);
        assert_eq!(
            diagram.intervals(0).collect::<Vec<_>>(),
            [(0.0, 0.25), (0.0, inf)]
        );
        assert_eq!(diagram.intervals(1).collect::<Vec<_>>(), [(0.5, 0.75)]);
        assert_eq!(diagram.intervals(2).count(), 0);
    }
}
