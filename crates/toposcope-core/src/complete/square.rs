//! All distances at half their width: enough to tell nearly all pairs apart, and the exact ones are at hand.
//!
//! With many coordinates they are [rough](crate::rough) on top of that. Then only what differs by more than their error is told
//! apart, which is nearly all of it still.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::filtration::Edge;
use crate::memory::{Budget, Held};
use crate::parallel::{Pulse, in_blocks};
use crate::rough::Rough;
use crate::tiles::{TILE, Tiles};
use crate::{Control, DistanceMatrix, Error, Metric, Points};

/// Where exact distances come from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Exact<'a> {
    /// Measured anew.
    Points(&'a Points, Metric),
    /// Looked up.
    Matrix(&'a DistanceMatrix),
}

impl<'a> Exact<'a> {
    fn n(&self) -> usize {
        match self {
            Self::Points(points, _) => points.n_points(),
            Self::Matrix(matrix) => matrix.n(),
        }
    }

    fn between(&self, i: usize, j: usize) -> f64 {
        match self {
            Self::Points(points, metric) => points.distance(*metric, i.max(j), i.min(j)),
            Self::Matrix(matrix) => matrix.get(i, j),
        }
    }

    /// About how long a tile of them takes.
    fn microseconds_per_tile(&self) -> u32 {
        match self {
            Self::Points(points, _) => (TILE * TILE * points.n_dims() / 8192) as u32,
            Self::Matrix(_) => 0,
        }
    }

    fn tiles(&self, budget: &Budget) -> Option<Tiles<'a>> {
        match *self {
            Self::Points(points, metric) => Some(Tiles::new(points, metric, budget)),
            Self::Matrix(_) => None,
        }
    }

    /// No distance is more than twice this.
    fn half_of_largest(&self) -> f64 {
        let from_first = (1..self.n()).map(|j| self.between(0, j));
        match self {
            // By the triangle inequality.
            Self::Points(..) => from_first.fold(0.0, f64::max),
            Self::Matrix(matrix) => matrix.largest(),
        }
    }
}

/// The bits of a length, scaled and rounded to float32: they sort as the lengths do, and as integers they are compared many at a time.
pub(super) type Rounded = u32;

/// The square of all distances, scaled by a power of two into the range of float32 and rounded. Scaling and rounding keep order:
/// what is smaller here by more than the [doubt](Square::doubt) is smaller.
#[derive(Debug)]
pub(crate) struct Square<'a> {
    exact: Exact<'a>,
    n: usize,
    scale: f64,
    doubt: Rounded,
    rounded: Held<Rounded>,
}

impl<'a> Square<'a> {
    /// Measures all distances.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a distance overflows, and those of memory and interrupts.
    pub(crate) fn measure(
        exact: Exact<'a>,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let n = exact.n();
        let scale = scale_for(exact.half_of_largest());
        let rough = match exact {
            Exact::Points(points, metric) => Rough::new(points, metric, scale, control)?,
            Exact::Matrix(_) => None,
        };
        let tick = |work| control.tick(work);
        let mut rounded = Held::filled(control.budget(), 0, n * n, tick)?;
        let mut bands = Held::new(control.budget());
        bands.extend(rounded.chunks_mut((TILE * n).max(1)).map(Mutex::new))?;
        let measure = |room: &mut Room, band: usize, pulse: &Pulse| {
            let rows = band * TILE..n.min((band + 1) * TILE);
            for (other, from) in (0..=rows.start).step_by(TILE).enumerate() {
                pulse.beat(rows.start * rows.start, n * n)?;
                pulse.tick_for(exact.microseconds_per_tile())?;
                let columns = from..rows.end.min(from + TILE);
                room.measure(exact, scale, rows.clone(), columns.clone())?;
                room.copy_to(&bands[band], n, columns.clone());
                room.transpose_to(&bands[other], n, rows.clone());
            }
            Ok(())
        };
        let n_bands = n.div_ceil(TILE);
        let room = |_| Room {
            tiles: exact.tiles(control.budget()),
            rough: rough.as_ref(),
            lengths: Held::new(control.budget()),
            short: Held::new(control.budget()),
            tile: Held::new(control.budget()),
        };
        let mut rooms: Vec<Room> = (0..n_threads.min(n_bands)).map(room).collect();
        in_blocks(&mut rooms, 0..n_bands, control, "distances", measure)?;
        drop(bands);
        Ok(Self {
            exact,
            n,
            scale,
            // Two distances may be off by the error, in opposite directions.
            doubt: 2 * rough.map_or(0, |rough| rough.error()),
            rounded,
        })
    }

    /// Bytes of the square.
    pub(crate) fn bytes(n: usize) -> usize {
        n.saturating_mul(n).saturating_mul(size_of::<Rounded>())
    }

    /// Bytes of what threads hold while it is measured, roughly or not.
    pub(crate) fn bytes_to_measure(
        n: usize,
        n_dims: usize,
        roughly: bool,
        n_threads: usize,
    ) -> usize {
        let n_bands = n.div_ceil(TILE);
        let tile = size_of::<Rounded>() * TILE.min(n).pow(2);
        let bands = n_bands * size_of::<Mutex<&mut [Rounded]>>();
        let (points, scratch) = if roughly {
            // Rough lengths, and which of a row are to be measured exactly.
            let lengths = size_of::<f32>() * TILE.min(n).pow(2);
            (
                Rough::bytes(n, n_dims),
                lengths + TILE * size_of::<(f64, u32)>(),
            )
        } else {
            (0, Tiles::bytes(n, n_dims))
        };
        bands + points + (scratch + tile) * n_threads.min(n_bands)
    }

    /// Whether the distances between these points are measured roughly.
    ///
    /// # Errors
    /// Those of memory and interrupts.
    pub(crate) fn is_rough(
        points: &Points,
        metric: Metric,
        control: &Control,
    ) -> Result<bool, Error> {
        let exact = Exact::Points(points, metric);
        Rough::serves(points, metric, scale_for(exact.half_of_largest()), control)
    }

    /// Number of vertices.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// Rounded distances from vertex `i`.
    #[inline(always)]
    pub(crate) fn row(&self, i: usize) -> &[Rounded] {
        &self.rounded[i * self.n..][..self.n]
    }

    /// Entries that differ by more than this differ as the distances do; nothing follows from a smaller difference, or none.
    pub(crate) fn doubt(&self) -> Rounded {
        self.doubt
    }

    /// `length` as the square has it, give or take half of the doubt.
    pub(crate) fn rounded(&self, length: f64) -> Rounded {
        round(length, self.scale)
    }

    /// A length of the square, back in the units of the input, but for rounding.
    pub(crate) fn unscaled(&self, rounded: Rounded) -> f64 {
        f64::from(f32::from_bits(rounded)) / self.scale
    }

    /// The edge between two vertices, exactly.
    pub(crate) fn edge(&self, i: usize, j: usize) -> Edge {
        Edge::new(i.max(j), i.min(j), self.exact.between(i, j))
    }

    /// The edges of vertex `i` to `others`, all before it.
    pub(crate) fn edges(
        &self,
        i: usize,
        others: &[u32],
        tiles: &mut Option<Tiles>,
        mut give: impl FnMut(Edge) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut give_edge = |(&j, &length): (&u32, &f64)| give(Edge::new(i, j as usize, length));
        match (self.exact, tiles) {
            (Exact::Matrix(matrix), _) => {
                let row = matrix.row(i);
                let mut pairs = others.iter().map(|j| (j, &row[*j as usize]));
                pairs.try_for_each(give_edge)
            }
            (Exact::Points(..), Some(tiles)) => {
                let mut pairs = others.iter().zip(tiles.measure_some(i, others)?);
                pairs.try_for_each(give_edge)
            }
            (Exact::Points(..), None) => others
                .iter()
                .try_for_each(|j| give_edge((j, &self.exact.between(i, *j as usize)))),
        }
    }

    /// What [`Self::edges`] needs, one per thread.
    pub(crate) fn tiles(&self, budget: &Budget) -> Option<Tiles<'a>> {
        self.exact.tiles(budget)
    }
}

/// The bits of infinity: no length has these or larger ones.
const INFINITE: Rounded = f32::INFINITY.to_bits();

#[inline(always)]
fn round(length: f64, scale: f64) -> Rounded {
    // Adding zero turns -0.0, whose bits would sort last, into 0.0.
    ((length * scale) as f32 + 0.0).to_bits()
}

/// A power of two that brings lengths up to twice `half` below 4.
fn scale_for(half: f64) -> f64 {
    let exponent = (half.to_bits() >> 52).clamp(1, 2045);
    f64::from_bits((2046 - exponent) << 52)
}

/// One thread's tile, rounded.
#[derive(Debug)]
struct Room<'a> {
    tiles: Option<Tiles<'a>>,
    rough: Option<&'a Rough>,
    /// Rough lengths of a tile.
    lengths: Held<f32>,
    /// Columns of a tile's row in which these are too short to have a bound.
    short: Held<u32>,
    tile: Held<Rounded>,
}

impl Room<'_> {
    fn measure(
        &mut self,
        exact: Exact,
        scale: f64,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<(), Error> {
        self.tile.clear();
        if let Some(rough) = self.rough {
            return self.measure_roughly(rough, scale, rows, columns);
        }
        if let Some(tiles) = &mut self.tiles {
            let lengths = tiles.measure(rows.clone(), columns.clone())?.iter();
            self.tile.extend(lengths.map(|&x| round(x, scale)))?;
        } else if let Exact::Matrix(matrix) = exact {
            for i in rows.clone() {
                let before = columns.start..columns.end.min(i);
                // On the diagonal the rest of a row is in the rows that follow.
                let rest = (before.end..columns.end).map(|j| matrix.get(i, j));
                let before = matrix.row(i)[before].iter();
                self.tile.extend(before.map(|&x| round(x, scale)))?;
                self.tile.extend(rest.map(|x| round(x, scale)))?;
            }
        }
        match self.tile.iter().position(|&x| x >= INFINITE) {
            None => Ok(()),
            Some(at) => {
                let (i, j) = (
                    rows.start + at / columns.len(),
                    columns.start + at % columns.len(),
                );
                let expected = "coordinates whose distances are finite";
                let got = format!("{} between {i} and {j}", exact.between(i, j));
                Err(Error::invalid("points", expected, got))
            }
        }
    }

    /// Roughly where that has a bound, exactly elsewhere.
    fn measure_roughly(
        &mut self,
        rough: &Rough,
        scale: f64,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<(), Error> {
        self.lengths.resize(rows.len() * columns.len(), 0.0)?;
        let lengths = &mut self.lengths[..rows.len() * columns.len()];
        rough.measure(rows.clone(), columns.clone(), lengths);
        self.tile.extend(lengths.iter().map(|x| x.to_bits()))?;
        let Some(tiles) = &mut self.tiles else {
            return Ok(());
        };
        for (i, lengths) in rows.zip(self.tile.chunks_exact_mut(columns.len())) {
            let floor = rough.floor().to_bits();
            let short = |&(&x, j): &(&Rounded, usize)| x < floor && j != i;
            let pairs = lengths.iter().zip(columns.clone()).filter(short);
            self.short.clear();
            self.short.extend(pairs.map(|(_, j)| j as u32))?;
            let exact = tiles.measure_some(i, &self.short)?;
            for (&j, &length) in self.short.iter().zip(exact) {
                lengths[j as usize - columns.start] = round(length, scale);
            }
        }
        Ok(())
    }

    /// Writes the tile into the band of its rows.
    fn copy_to(&self, band: &Mutex<&mut [Rounded]>, n: usize, columns: Range<usize>) {
        let mut band = band.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.tile.chunks_exact(columns.len());
        for (to, from) in band.chunks_exact_mut(n).zip(rows) {
            to[columns.clone()].copy_from_slice(from);
        }
    }

    /// Writes the tile, transposed, into the band of its columns. Next to the diagonal, where rows and columns are the same, this
    /// repeats what is there.
    fn transpose_to(&self, band: &Mutex<&mut [Rounded]>, n: usize, rows: Range<usize>) {
        let mut band = band.lock().unwrap_or_else(PoisonError::into_inner);
        let n_columns = self.tile.len() / rows.len();
        for (column, to) in band.chunks_exact_mut(n).take(n_columns).enumerate() {
            let from = self.tile.iter().skip(column).step_by(n_columns);
            for (to, &x) in to[rows.clone()].iter_mut().zip(from) {
                *to = x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_order_at_every_scale() {
        for unit in [1e-310, 1e-150, 1.0, 1e200, 1e303] {
            let coordinates = (0..200).map(|i| f64::from(i * 7919 % 200) * unit / 200.0);
            let points = Points::from_f64(coordinates.collect(), 1).unwrap();
            let exact = Exact::Points(&points, Metric::Manhattan);
            for n_threads in [1, 3] {
                let square = Square::measure(exact, n_threads, &Control::none()).unwrap();
                for i in 0..200 {
                    let lengths: Vec<f64> = (0..200).map(|j| exact.between(i, j)).collect();
                    for (j, &x) in square.row(i).iter().enumerate() {
                        assert!(x < 4f32.to_bits());
                        assert_eq!(x, square.row(j)[i]);
                        let mut shorter =
                            lengths.iter().zip(square.row(i)).filter(|(_, y)| **y < x);
                        assert!(shorter.all(|(length, _)| *length < lengths[j]));
                    }
                }
                assert!(unit < 1e-300 || (1..200).all(|j| square.row(0)[j] > 0));
            }
        }
    }

    #[test]
    fn distances_that_overflow_are_refused() {
        let points = Points::from_f64(vec![0.0, 1e308, -1e308], 1).unwrap();
        let exact = Exact::Points(&points, Metric::Euclidean);
        let refusal = Square::measure(exact, 1, &Control::none()).unwrap_err();
        assert!(
            refusal
                .to_string()
                .starts_with("points: expected coordinates whose")
        );
    }
}
