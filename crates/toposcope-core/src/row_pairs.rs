//! A number for every pair of rows of two tables in float32: a sum over their coordinates.
//!
//! It is added up in [`LANES`] lanes, which are added up in the end: `width / LANES` steps of a term each, fused or not, and [`LANES`]
//! additions more. Bounds on the error are the business of whoever asks.

use std::marker::PhantomData;

use crate::simd::RoughWork;

/// Coordinates looked at side by side: a vector register of AVX2.
pub(crate) const LANES: usize = 8;
/// Rows and columns of a block: its sums and the coordinates added to them fit in the registers.
const ROWS: usize = 4;
const COLUMNS: usize = 2;

/// What is added up.
pub(crate) trait Term {
    /// `sum` and the term of two coordinates.
    fn add<const FUSED: bool>(x: f32, y: f32, sum: f32) -> f32;
    /// What becomes of the sum.
    fn finish(sum: f32) -> f32;
}

/// All pairs of some rows and some columns, which are rows of another table, or of the same.
pub(crate) struct RowPairs<'a, T> {
    width: usize,
    rows: &'a [f32],
    columns: &'a [f32],
    to: &'a mut [f32],
    term: PhantomData<T>,
}

impl<'a, T: Term> RowPairs<'a, T> {
    /// Rows of `width` coordinates, a multiple of the lanes; `to` has a number for each column of the first row, then of the next.
    pub(crate) fn new(
        width: usize,
        rows: &'a [f32],
        columns: &'a [f32],
        to: &'a mut [f32],
    ) -> Self {
        debug_assert!(width.is_multiple_of(LANES));
        debug_assert_eq!(to.len(), rows.len() / width * (columns.len() / width));
        Self {
            width,
            rows,
            columns,
            to,
            term: PhantomData,
        }
    }

    #[inline(always)]
    fn blocks<const R: usize, const FUSED: bool>(&mut self, row: usize, n_columns: usize) {
        let even_columns = n_columns / COLUMNS * COLUMNS;
        for column in (0..even_columns).step_by(COLUMNS) {
            self.block::<R, COLUMNS, FUSED>(row, column, n_columns);
        }
        for column in even_columns..n_columns {
            self.block::<R, 1, FUSED>(row, column, n_columns);
        }
    }

    #[inline(always)]
    fn block<const R: usize, const C: usize, const FUSED: bool>(
        &mut self,
        row: usize,
        column: usize,
        n_columns: usize,
    ) {
        let rows: [_; R] = std::array::from_fn(|r| lanes_of(self.rows, self.width, row + r));
        let columns: [_; C] =
            std::array::from_fn(|c| lanes_of(self.columns, self.width, column + c));
        let numbers = sums_of::<T, R, C, FUSED>(rows, columns, self.width / LANES);
        for (r, numbers) in numbers.iter().enumerate() {
            let at = (row + r) * n_columns + column;
            self.to[at..at + C].copy_from_slice(numbers);
        }
    }
}

impl<T: Term> RoughWork for RowPairs<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let (n_rows, n_columns) = (self.rows.len(), self.columns.len());
        let (n_rows, n_columns) = (n_rows / self.width, n_columns / self.width);
        let even_rows = n_rows / ROWS * ROWS;
        // The more rows at a time, the fewer times the columns come from the second cache.
        for row in (0..even_rows).step_by(ROWS) {
            self.blocks::<ROWS, FUSED>(row, n_columns);
        }
        for row in even_rows..n_rows {
            self.blocks::<1, FUSED>(row, n_columns);
        }
    }
}

#[inline(always)]
fn lanes_of(rows: &[f32], width: usize, row: usize) -> &[[f32; LANES]] {
    rows[row * width..(row + 1) * width].as_chunks().0
}

/// All in registers: every coordinate that is read takes part in several sums.
#[inline(always)]
fn sums_of<T: Term, const R: usize, const C: usize, const FUSED: bool>(
    rows: [&[[f32; LANES]]; R],
    columns: [&[[f32; LANES]]; C],
    n_steps: usize,
) -> [[f32; C]; R] {
    let (rows, columns) = (rows.map(|x| &x[..n_steps]), columns.map(|y| &y[..n_steps]));
    let mut sums = [[[0.0f32; LANES]; C]; R];
    for step in 0..n_steps {
        for (sums, row) in sums.iter_mut().zip(&rows) {
            for (sums, column) in sums.iter_mut().zip(&columns) {
                for (lane, sum) in sums.iter_mut().enumerate() {
                    *sum = T::add::<FUSED>(row[step][lane], column[step][lane], *sum);
                }
            }
        }
    }
    sums.map(|sums| sums.map(|lanes| T::finish(lanes.into_iter().sum())))
}
