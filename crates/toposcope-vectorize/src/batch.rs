//! Many diagrams at once: their intervals end to end, one row of features each.

use std::ops::Range;

use toposcope_core::Error;

use crate::Intervals;

/// The intervals of one dimension of many diagrams, end to end; diagram `i` has numbers `offsets[i]` to `offsets[i + 1] - 1`.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    intervals: Intervals<'a>,
    offsets: &'a [usize],
}

impl<'a> Batch<'a> {
    /// Checks that the offsets ascend from 0 to the number of intervals.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not.
    pub fn new(intervals: Intervals<'a>, offsets: &'a [usize]) -> Result<Self, Error> {
        let ascending = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        let ends = (offsets.first(), offsets.last());
        if !ascending || ends != (Some(&0), Some(&intervals.len())) {
            return Err(Error::invalid(
                "offsets",
                format_args!("ascending numbers from 0 to {}", intervals.len()),
                format_args!(
                    "{} of them, from {:?} to {:?}",
                    offsets.len(),
                    ends.0,
                    ends.1
                ),
            ));
        }
        Ok(Self { intervals, offsets })
    }

    /// Number of diagrams.
    pub fn n_diagrams(self) -> usize {
        self.offsets.len() - 1
    }

    /// One row of `n_features` values for each diagram, filled by `kernel`, row after row.
    ///
    /// # Errors
    /// The first error of `kernel`; [`Error::Invalid`] if there is nothing to fill in a row.
    pub fn rows(
        self,
        n_features: usize,
        kernel: impl Fn(Intervals<'_>, &mut [f64]) -> Result<(), Error>,
    ) -> Result<Vec<f64>, Error> {
        if n_features == 0 {
            return Err(Error::invalid("n_features", "1 or more", 0));
        }
        let mut rows = vec![0.0; self.n_diagrams() * n_features];
        for (row, diagram) in rows.chunks_exact_mut(n_features).zip(self.ranges()) {
            kernel(self.intervals.slice(diagram), row)?;
        }
        Ok(rows)
    }

    fn ranges(self) -> impl Iterator<Item = Range<usize>> + 'a {
        self.offsets.windows(2).map(|pair| pair[0]..pair[1])
    }
}
