//! Tiles of the matrix of all distances: a few rows by a few columns, as fast as the machine measures.
//!
//! Every distance has the bits of [`Points::distance`]: the same additions in the same order. With few coordinates the
//! columns of a tile are measured side by side, coordinate by coordinate; with many, the lanes of each sum are.

use std::marker::PhantomData;
use std::ops::Range;
use std::slice::{ChunksExact, ChunksExactMut};

use crate::memory::{Budget, Held};
use crate::metric::{LANES, Largest, Norm, Squares, Sums, total};
use crate::points::Coordinates;
use crate::simd::{Work, vectorized};
use crate::{Error, Metric, Points};

/// Most columns of a tile: their coordinates stay in the nearest caches.
pub(crate) const TILE: usize = 64;
/// Columns that stay in the nearest cache, though they have many coordinates.
const FEW: usize = 4;

/// One tile after the other, in the same memory.
#[derive(Debug)]
pub(crate) struct Tiles<'a> {
    points: &'a Points,
    metric: Metric,
    /// Coordinates of the columns: few of them coordinate by coordinate, many column by column.
    columns: Held<f64>,
    /// Coordinates of the rows, where there are many.
    rows: Held<f64>,
    tile: Held<f64>,
}

impl<'a> Tiles<'a> {
    /// Tiles of the distances between `points`, which are [ready](Points::ready_for) for `metric`.
    pub(crate) fn new(points: &'a Points, metric: Metric, budget: &Budget) -> Self {
        Self {
            points,
            metric,
            columns: Held::new(budget),
            rows: Held::new(budget),
            tile: Held::new(budget),
        }
    }

    /// The most that full tiles of `n` points take: coordinates of the columns, of as many rows, and the tile itself.
    pub(crate) fn bytes(n: usize, n_dims: usize) -> usize {
        let side = TILE.min(n);
        size_of::<f64>() * side * (2 * n_dims + side)
    }

    /// The distances between `rows` and `columns`, row by row.
    ///
    /// # Errors
    /// Those of memory.
    pub(crate) fn measure(
        &mut self,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<&[f64], Error> {
        debug_assert!(columns.len() <= TILE, "columns fit in a tile");
        self.tile.clear();
        self.tile.resize(rows.len() * columns.len(), 0.0)?;
        match self.points.coordinates() {
            Coordinates::F32(coordinates) => self.measure_rows(coordinates, rows, columns)?,
            Coordinates::F64(coordinates) => self.measure_rows(coordinates, rows, columns)?,
        }
        Ok(&self.tile)
    }

    /// The distances between row `i` and some others.
    ///
    /// # Errors
    /// Those of memory.
    pub(crate) fn measure_some(&mut self, i: usize, others: &[u32]) -> Result<&[f64], Error> {
        self.tile.clear();
        self.tile.resize(others.len(), 0.0)?;
        match self.points.coordinates() {
            Coordinates::F32(coordinates) => self.measure_others(coordinates, i, others),
            Coordinates::F64(coordinates) => self.measure_others(coordinates, i, others),
        }
        Ok(&self.tile)
    }

    fn measure_others<T: Copy + Into<f64>>(&mut self, rows: &[T], i: usize, others: &[u32]) {
        let (n_dims, lengths) = (self.points.n_dims(), &mut self.tile[..]);
        match self.metric {
            Metric::Euclidean | Metric::Cosine => {
                vectorized(ToSome::<Squares, T>::new(n_dims, rows, i, others, lengths));
            }
            Metric::Manhattan => {
                vectorized(ToSome::<Sums, T>::new(n_dims, rows, i, others, lengths));
            }
            Metric::Chebyshev => {
                vectorized(ToSome::<Largest, T>::new(n_dims, rows, i, others, lengths));
            }
        }
    }

    fn measure_rows<T>(
        &mut self,
        coordinates: &[T],
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<(), Error>
    where
        T: Copy + Into<f64>,
    {
        match self.metric {
            Metric::Euclidean | Metric::Cosine => {
                self.measure_norms::<Squares, T>(coordinates, rows, columns)
            }
            Metric::Manhattan => self.measure_norms::<Sums, T>(coordinates, rows, columns),
            Metric::Chebyshev => self.measure_norms::<Largest, T>(coordinates, rows, columns),
        }
    }

    fn measure_norms<N, T>(
        &mut self,
        coordinates: &[T],
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<(), Error>
    where
        N: Norm,
        T: Copy + Into<f64>,
    {
        if columns.is_empty() {
            return Ok(());
        }
        let n_dims = self.points.n_dims();
        let n_columns = columns.len();
        let rows = &coordinates[rows.start * n_dims..rows.end * n_dims];
        let columns = &coordinates[columns.start * n_dims..columns.end * n_dims];
        self.columns.clear();
        if n_dims < LANES {
            for c in 0..n_dims {
                let along = columns.iter().skip(c).step_by(n_dims);
                self.columns.extend(along.map(|&y| y.into()))?;
            }
            vectorized(SideBySide {
                rows: rows.chunks_exact(n_dims),
                columns: self.columns.chunks_exact(n_columns),
                tile: self.tile.chunks_exact_mut(n_columns),
                norm: PhantomData::<N>,
            });
            return Ok(());
        }
        self.columns.extend(columns.iter().map(|&y| y.into()))?;
        self.rows.clear();
        self.rows.extend(rows.iter().map(|&x| x.into()))?;
        vectorized(OneByOne {
            n_dims,
            n_columns,
            rows: &self.rows,
            columns: &self.columns,
            tile: &mut self.tile,
            norm: PhantomData::<N>,
        });
        Ok(())
    }
}

/// Many coordinates: pair by pair, a few columns at a time, which stay in the nearest cache.
struct OneByOne<'a, N> {
    n_dims: usize,
    n_columns: usize,
    rows: &'a [f64],
    columns: &'a [f64],
    tile: &'a mut [f64],
    norm: PhantomData<N>,
}

impl<N: Norm> Work for OneByOne<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (at, few) in self.columns.chunks(FEW * self.n_dims).enumerate() {
            let rows = self.rows.chunks_exact(self.n_dims);
            for (row, lengths) in rows.zip(self.tile.chunks_exact_mut(self.n_columns)) {
                let columns = few.chunks_exact(self.n_dims);
                for (column, length) in columns.zip(&mut lengths[at * FEW..]) {
                    *length = N::length(total::<N, f64>(row, column));
                }
            }
        }
    }
}

/// Few coordinates: all columns at once, coordinate by coordinate.
struct SideBySide<'a, N, T> {
    rows: ChunksExact<'a, T>,
    columns: ChunksExact<'a, f64>,
    tile: ChunksExactMut<'a, f64>,
    norm: PhantomData<N>,
}

impl<N: Norm, T: Copy + Into<f64>> Work for SideBySide<'_, N, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (row, lengths) in self.rows.zip(self.tile) {
            for (&x, column) in row.iter().zip(self.columns.clone()) {
                let x = x.into();
                for (sum, y) in lengths.iter_mut().zip(column) {
                    *sum = N::step(*sum, x - y);
                }
            }
            for length in lengths {
                *length = N::length(*length);
            }
        }
    }
}

/// One row and some others, anywhere.
struct ToSome<'a, N, T> {
    n_dims: usize,
    rows: &'a [T],
    i: usize,
    others: &'a [u32],
    lengths: &'a mut [f64],
    norm: PhantomData<N>,
}

impl<'a, N, T> ToSome<'a, N, T> {
    fn new(
        n_dims: usize,
        rows: &'a [T],
        i: usize,
        others: &'a [u32],
        lengths: &'a mut [f64],
    ) -> Self {
        Self {
            n_dims,
            rows,
            i,
            others,
            lengths,
            norm: PhantomData,
        }
    }
}

impl<N: Norm, T: Copy + Into<f64>> Work for ToSome<'_, N, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let row = |i: usize| &self.rows[i * self.n_dims..][..self.n_dims];
        let own = row(self.i);
        for (&j, length) in self.others.iter().zip(self.lengths) {
            *length = N::length(total::<N, T>(own, row(j as usize)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_have_the_bits_of_single_distances() {
        for n_dims in [0, 1, 3, 7, 8, 9, 15, 16, 17, 33] {
            let coordinate = |at: usize| ((at * 7919) % 1013) as f64 / 7.0;
            let n = if n_dims == 0 { 0 } else { 150 };
            let wide: Vec<f64> = (0..n * n_dims).map(coordinate).collect();
            let narrow: Vec<f32> = wide.iter().map(|&x| x as f32).collect();
            let inputs = [
                Points::from_f64(wide, n_dims).unwrap(),
                Points::from_f32(narrow, n_dims).unwrap(),
            ];
            for metric in [Metric::Euclidean, Metric::Manhattan, Metric::Chebyshev] {
                for points in &inputs {
                    let mut tiles = Tiles::new(points, metric, &Budget::unlimited());
                    for (rows, columns) in [(0..n, 0..n.min(64)), (n / 2..n, n / 3..n / 2)] {
                        let tile = tiles.measure(rows.clone(), columns.clone()).unwrap().iter();
                        let pairs = rows.flat_map(|i| columns.clone().map(move |j| (i, j)));
                        let expected = pairs.map(|(i, j)| points.distance(metric, i, j).to_bits());
                        assert!(tile.map(|length| length.to_bits()).eq(expected));
                    }
                }
            }
        }
    }
}
