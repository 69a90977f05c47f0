//! Distances in float32, with a bound on their error: several times as fast as exact ones, for whoever can tell from the bound
//! when to ask for an exact one after all.
//!
//! *The bound.* Let `u = 2^-24`. Coordinates are scaled by a power of two and rounded, which moves each point by what is measured
//! here, at most `R`, and so a distance by at most `2 R` (nothing, if float32 points are not scaled out of their range). A
//! difference, a product and a sum of non-negative terms are each within a factor `1 ± u` of the exact ones, fused or
//! not. So the sum of the squares, which is added up in lanes, is within `1 ± k u` for `k = 2 + 1 + n_dims / LANES + LANES`, and
//! its root within half of that and its own rounding. Float32 of at most `1 ± e u` are at most `e` steps apart, or `e + 1` where the
//! last step is broken. Distances below [`Rough::floor`], where `2 R` would be more than `2^6 u` of them, or where squares leave
//! the range of float32, have no bound.

use std::ops::Range;

use crate::memory::Held;
use crate::points::Coordinates;
use crate::row_pairs::{LANES, RowPairs, Term};
use crate::simd::{Work, vectorized, vectorized_roughly};
use crate::{Control, Error, Metric, Points};

/// With fewer coordinates than this exact distances are as fast. With more than that the bound is good for nothing.
const SERVED: Range<usize> = 24..1 << 16;
/// Squares of float32 this large are still normal, however many of them are added.
const SMALLEST_FLOOR: f64 = 1.0 / (1u64 << 40) as f64;
/// Where most distances are below the floor, nothing is won.
const LARGEST_FLOOR: f64 = 0.25;
/// How far points may be moved at the floor, in units of `u` and as a share of the distance.
const MOVED: u32 = 64;
/// A float32's relative rounding error.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// Powers of two by which coordinates may be scaled: beyond, squares of float64 might not be normal.
const SCALES: Range<f64> = 1e-120..1e120;
/// About how many coordinates are rounded in a microsecond.
const COORDINATES_PER_TICK: usize = 512;

/// Points in float32.
#[derive(Debug)]
pub(crate) struct Rough {
    n_points: usize,
    /// Coordinates of a row, with zeros up to a multiple of the lanes.
    width: usize,
    rows: Held<f32>,
    error: u32,
    floor: f32,
}

impl Rough {
    /// `points`, [ready](Points::ready_for) for `metric` and scaled by `scale`, a power of two that brings their distances below 4;
    /// `None` if exact distances are the better choice.
    ///
    /// # Errors
    /// Those of memory and interrupts.
    pub(crate) fn new(
        points: &Points,
        metric: Metric,
        scale: f64,
        control: &Control,
    ) -> Result<Option<Self>, Error> {
        // Nothing is set aside for points that would be given up; those in float32 hardly ever are.
        let doubtful = points.is_f64() && !Self::serves(points, metric, scale, control)?;
        if doubtful || !Self::could_serve(points, metric, scale) {
            return Ok(None);
        }
        let (n_points, width) = (points.n_points(), points.n_dims().next_multiple_of(LANES));
        let mut rows = Held::with_capacity(control.budget(), n_points * width)?;
        let moved = rounded(points, scale, control, |row| rows.extend_from_slice(row))?;
        let Some(floor) = floor(moved) else {
            return Ok(None);
        };
        let of_sum = 3 + width / LANES + LANES;
        // The root's own rounding, that of the exact length, terms of second order, and a step of the float32.
        let of_length = (of_sum.div_ceil(2) + 4) as u32;
        Ok(Some(Self {
            n_points,
            width,
            rows,
            error: of_length + if moved > 0.0 { MOVED } else { 0 },
            floor,
        }))
    }

    /// Whether [`Self::new`] gives any, without keeping them.
    ///
    /// # Errors
    /// Those of memory and interrupts.
    pub(crate) fn serves(
        points: &Points,
        metric: Metric,
        scale: f64,
        control: &Control,
    ) -> Result<bool, Error> {
        if !Self::could_serve(points, metric, scale) {
            return Ok(false);
        }
        Ok(floor(rounded(points, scale, control, |_| Ok(()))?).is_some())
    }

    fn could_serve(points: &Points, metric: Metric, scale: f64) -> bool {
        let euclidean = matches!(metric, Metric::Euclidean | Metric::Cosine);
        euclidean && SERVED.contains(&points.n_dims()) && SCALES.contains(&scale)
    }

    /// Bytes of so many points.
    pub(crate) fn bytes(n_points: usize, n_dims: usize) -> usize {
        n_points * n_dims.next_multiple_of(LANES) * size_of::<f32>()
    }

    /// How many steps of a float32 a length of at least [`Self::floor`] may be off, from what the exact one rounds to.
    pub(crate) fn error(&self) -> u32 {
        self.error
    }

    /// Shorter lengths have no bound.
    pub(crate) fn floor(&self) -> f32 {
        self.floor
    }

    /// Writes the lengths between `rows` and `columns`, row by row.
    pub(crate) fn measure(&self, rows: Range<usize>, columns: Range<usize>, lengths: &mut [f32]) {
        debug_assert!(rows.end <= self.n_points && columns.end <= self.n_points);
        debug_assert_eq!(lengths.len(), rows.len() * columns.len());
        let of = |some: Range<usize>| &self.rows[some.start * self.width..some.end * self.width];
        vectorized_roughly(RowPairs::<Lengths>::new(
            self.width,
            of(rows),
            of(columns),
            lengths,
        ));
    }
}

/// The distance from which on there is a bound, if points are moved by at most so much; `None` if that is too far.
fn floor(moved: f64) -> Option<f32> {
    let floor = (2.0 * moved / (f64::from(MOVED) * UNIT)).max(SMALLEST_FLOOR);
    (floor <= LARGEST_FLOOR).then_some(floor as f32)
}

/// Scales and rounds one row after the other, with zeros up to a multiple of the lanes; the farthest that one was moved by it.
fn rounded(
    points: &Points,
    scale: f64,
    control: &Control,
    keep: impl FnMut(&[f32]) -> Result<(), Error>,
) -> Result<f64, Error> {
    match points.coordinates() {
        Coordinates::F32(c) => rounded_rows(c, points.n_dims(), scale, control, keep),
        Coordinates::F64(c) => rounded_rows(c, points.n_dims(), scale, control, keep),
    }
}

fn rounded_rows<T: Copy + Into<f64>>(
    coordinates: &[T],
    n_dims: usize,
    scale: f64,
    control: &Control,
    mut keep: impl FnMut(&[f32]) -> Result<(), Error>,
) -> Result<f64, Error> {
    let mut rounded = Held::new(control.budget());
    rounded.resize(n_dims.next_multiple_of(LANES), 0.0)?;
    let mut largest = 0.0;
    for row in coordinates.chunks_exact(n_dims) {
        control.tick(1 + (n_dims / COORDINATES_PER_TICK) as u32)?;
        let square = vectorized(Round {
            row,
            scale,
            rounded: &mut rounded[..n_dims],
        });
        keep(&rounded)?;
        // Out of the range of float32 there is no bound, and no maximum would keep what is not a number.
        let square = if square.is_nan() {
            f64::INFINITY
        } else {
            square
        };
        largest = f64::max(largest, square);
    }
    // The sum was rounded, too.
    Ok(largest.sqrt() * (1.0 + UNIT))
}

/// Scales and rounds a row; the square of how far that moved it.
struct Round<'a, T> {
    row: &'a [T],
    scale: f64,
    rounded: &'a mut [f32],
}

impl<T: Copy + Into<f64>> Work for Round<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let mut squares = [0.0; LANES];
        let rows = self.row.chunks(LANES).zip(self.rounded.chunks_mut(LANES));
        for (row, rounded) in rows {
            for ((&x, near), square) in row.iter().zip(rounded).zip(&mut squares) {
                let scaled = x.into() * self.scale;
                *near = scaled as f32;
                // Without rounding: the two have their leading bits in common.
                let off = scaled - f64::from(*near);
                *square += off * off;
            }
        }
        squares.into_iter().sum()
    }
}

/// Lengths: squares of differences, added up, and the root.
struct Lengths;

impl Term for Lengths {
    #[inline(always)]
    fn add<const FUSED: bool>(x: f32, y: f32, sum: f32) -> f32 {
        let difference = x - y;
        if FUSED {
            difference.mul_add(difference, sum)
        } else {
            sum + difference * difference
        }
    }

    #[inline(always)]
    fn finish(sum: f32) -> f32 {
        sum.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::RoughWork;

    fn wave(at: usize) -> f64 {
        ((at * 7919 + at * at * 31) % 1009) as f64 / 1009.0 - 0.5
    }

    /// Checks every length that has a bound against exact ones; the share of those that have one.
    fn check(points: &Points, scale: f64) -> f64 {
        let control = Control::none();
        let Some(rough) = Rough::new(points, Metric::Euclidean, scale, &control).unwrap() else {
            return 0.0;
        };
        let n = points.n_points();
        let (rows, columns) = (0..n, 1..n);
        let mut lengths = vec![0.0; n * (n - 1)];
        rough.measure(rows.clone(), columns.clone(), &mut lengths);
        let pairs = rows.flat_map(|i| columns.clone().map(move |j| (i, j)));
        let (mut n_bound, n_pairs) = (0, f64::from((n - 1) as u32).powi(2));
        for ((i, j), length) in pairs.zip(&lengths).filter(|((i, j), _)| i != j) {
            let exact = points.distance(Metric::Euclidean, i, j) * scale;
            if length >= &rough.floor() {
                let steps = length.to_bits().abs_diff((exact as f32).to_bits());
                assert!(
                    steps <= rough.error(),
                    "{steps} steps between {length} and {exact}"
                );
                n_bound += 1;
            } else {
                assert!(exact < 2.0 * f64::from(rough.floor()));
            }
        }
        f64::from(n_bound) / n_pairs
    }

    #[test]
    fn no_length_is_farther_off_than_it_may() {
        for n_dims in [24, 31, 32, 100, 768] {
            for n in [2, 5, 9, 30] {
                let spread = 1.0 / (n_dims as f64).sqrt();
                let wide: Vec<f64> = (0..n * n_dims).map(|at| wave(at) * spread).collect();
                let narrow = wide.iter().map(|&x| x as f32).collect();
                let wide = Points::from_f64(wide, n_dims).unwrap();
                let narrow = Points::from_f32(narrow, n_dims).unwrap();
                assert!(check(&narrow, 2.0) > 0.8 && check(&wide, 2.0) > 0.8);
            }
        }
    }

    #[test]
    fn what_float32_cannot_hold_has_no_bound() {
        let (n, n_dims) = (20, 32);
        let far_off = |offset: f64| {
            let coordinates = (0..n * n_dims).map(|at| offset + wave(at) / 8.0);
            Points::from_f64(coordinates.collect(), n_dims).unwrap()
        };
        assert!(check(&far_off(1.0), 2.0) > 0.8);
        assert_eq!(check(&far_off(1e4), 2.0), 0.0);
        assert_eq!(check(&far_off(1e40), 2.0), 0.0);
        let tiny = (0..n * n_dims).map(|at| wave(at) * 1e-30);
        let tiny = Points::from_f64(tiny.collect(), n_dims).unwrap();
        assert!(check(&tiny, 2f64.powi(98)) > 0.8);
        assert_eq!(check(&tiny, 2.0), 0.0);
    }

    #[test]
    fn fused_or_not_the_bound_holds() {
        struct Both<'a>(&'a Rough, usize);
        impl Both<'_> {
            fn run<const FUSED: bool>(&self) -> Vec<f32> {
                let mut lengths = vec![0.0; self.1 * self.1];
                let (width, rows) = (self.0.width, &self.0.rows);
                RowPairs::<Lengths>::new(width, rows, rows, &mut lengths).run::<FUSED>();
                lengths
            }
        }
        let (n, n_dims) = (17, 96);
        let coordinates = (0..n * n_dims).map(|at| wave(at) as f32 / 4.0).collect();
        let points = Points::from_f32(coordinates, n_dims).unwrap();
        let rough = Rough::new(&points, Metric::Euclidean, 1.0, &Control::none());
        let rough = rough.unwrap().unwrap();
        for lengths in [
            Both(&rough, n).run::<true>(),
            Both(&rough, n).run::<false>(),
        ] {
            for (at, length) in lengths.iter().enumerate() {
                let exact = points.distance(Metric::Euclidean, at / n, at % n) as f32;
                let steps = length.to_bits().abs_diff(exact.to_bits());
                assert!(exact == 0.0 || steps <= rough.error());
            }
        }
    }
}
