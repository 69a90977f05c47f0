//! The nearest landmark to each point of a chunk: products in float32 tell nearly all landmarks apart, and the few that are left are measured.
//!
//! # The bound
//! Let `x` and `l` be a point and a landmark, both moved by the same centre `c`, and `d` the distance between them: `d² = |x|² + |l|² − 2 x·l`.
//! Rounding both to float32 changes the product by at most `(2u + u²) |x| |l|` with `u = 2⁻²⁴`, and adding it up in [`LANES`] lanes by
//! `γ |x| |l|` with `γ = k u / (1 − k u)` and `k = n_dims / LANES + LANES + 1` additions and multiplications, fused or not. Moving by the
//! centre, in float64, displaces each by at most `2⁻⁵³ (|x + c| + |c|)`; norms and the distance that is measured in the end are within
//! `(n_dims + 16) 2⁻⁵³` of the true ones. The bound takes a little more than the sum of these. It holds while norms are
//! zero or between [`NORMS`]: beyond, all landmarks are measured.
//!
//! A landmark can only be the nearest if its lowest possible distance is not above the highest possible distance of some other.

use std::ops::Range;

use crate::points::Coordinates;
use crate::row_pairs::{LANES, RowPairs, Term};
use crate::simd::{Work, vectorized, vectorized_roughly};
use crate::stream::landmarks::{Landmarks, Nearest};
use crate::{Metric, Points};

/// Points whose products are found at once.
pub(super) const BLOCK: usize = 64;
/// With fewer coordinates, points or landmarks measuring is as fast.
const FEWEST_DIMS: usize = 16;
const FEWEST_POINTS: usize = 16;
const FEWEST_LANDMARKS: usize = 16;
/// With more coordinates the bound is good for nothing.
const MOST_DIMS: usize = 1 << 16;
/// Norms within which no product is lost.
const NORMS: Range<f64> = 1e-15..1e15;
/// Relative rounding error of float32, and of float64.
const UNIT: f64 = 1.0 / (1u64 << 24) as f64;
const UNIT_64: f64 = f64::EPSILON / 2.0;
/// If more of the points of a block than one in so many found landmarks, measuring all is as fast.
const FOUNDERS: usize = 4;

/// Finds nearest landmarks for the points of one chunk, one after the other, while landmarks come and go.
#[derive(Debug)]
pub(crate) struct Search {
    centre: Vec<f64>,
    centre_norm: f64,
    /// Coordinates of a row, with zeros up to a multiple of the lanes.
    width: usize,
    /// Landmarks by slot.
    rows: Vec<f32>,
    norms: Vec<f64>,
    /// Those of slots that hold no landmark, or one whose products are not known, are infinite.
    squares: Vec<f64>,
    largest_norm: f64,
    /// Slots of landmarks that were founded since the block began.
    fresh: Vec<u32>,
    /// Points of the block.
    block: Range<usize>,
    points: Vec<f32>,
    point_norms: Vec<f64>,
    products: Vec<f32>,
    /// Room for the lowest possible squares of distances, but for what all have in common.
    lowest: Vec<f64>,
    n_founded: usize,
    worth_it: bool,
}

impl Search {
    /// `None` if measuring every landmark is as good.
    pub(crate) fn new(landmarks: &Landmarks, n_points: usize, n_dims: usize) -> Option<Self> {
        let euclidean = matches!(landmarks.metric(), Metric::Euclidean | Metric::Cosine);
        let many = n_points >= FEWEST_POINTS && landmarks.len() >= FEWEST_LANDMARKS;
        if !(euclidean && many && (FEWEST_DIMS..=MOST_DIMS).contains(&n_dims)) {
            return None;
        }
        let centre = landmarks.mean();
        Some(Self {
            centre_norm: norm(&centre),
            centre,
            width: n_dims.next_multiple_of(LANES),
            rows: Vec::new(),
            norms: Vec::new(),
            squares: Vec::new(),
            largest_norm: 0.0,
            fresh: Vec::new(),
            block: 0..0,
            points: Vec::new(),
            point_norms: Vec::new(),
            products: Vec::new(),
            lowest: Vec::new(),
            n_founded: 0,
            worth_it: true,
        })
    }

    /// The nearest landmark to point `i`, of those equally near the oldest: what [`Landmarks::nearest`] finds. Points come in order.
    pub(crate) fn nearest(
        &mut self,
        landmarks: &Landmarks,
        points: &Points,
        i: usize,
    ) -> Option<Nearest> {
        if !self.block.contains(&i) {
            self.begin(landmarks, points, i..points.n_points().min(i + BLOCK));
        }
        let among = |slots: &mut dyn Iterator<Item = u32>| landmarks.nearest_of(points, i, slots);
        if !self.worth_it {
            return among(&mut landmarks.slots());
        }
        let at = i - self.block.start;
        let norm = self.point_norms[at];
        let Some(margin) = self.margin(norm) else {
            return among(&mut landmarks.slots());
        };
        let n_slots = self.squares.len();
        let least = vectorized(Bounds {
            squares: &self.squares,
            norms: &self.norms,
            products: &self.products[at * n_slots..][..n_slots],
            margin,
            lowest: &mut self.lowest,
        });
        let possible = self.lowest.iter().zip(0..);
        let mut possible = possible
            .filter(|(low, _)| **low <= least)
            .map(|(_, slot)| slot);
        among(&mut (&mut possible).chain(self.fresh.iter().copied()))
    }

    /// A landmark was founded in this slot.
    pub(crate) fn founded(&mut self, slot: u32) {
        self.n_founded += 1;
        if let Some(square) = self.squares.get_mut(slot as usize) {
            *square = f64::INFINITY;
        }
        self.fresh.push(slot);
    }

    /// Landmarks have left: only those that are still there can be the nearest.
    pub(crate) fn retain(&mut self, landmarks: &Landmarks) {
        let mut alive = vec![false; landmarks.n_slots()];
        for slot in landmarks.slots() {
            alive[slot as usize] = true;
        }
        for (square, _) in self
            .squares
            .iter_mut()
            .zip(&alive)
            .filter(|(_, alive)| !**alive)
        {
            *square = f64::INFINITY;
        }
        self.fresh.retain(|&slot| alive[slot as usize]);
    }

    /// Finds the products of the points of a block.
    fn begin(&mut self, landmarks: &Landmarks, points: &Points, block: Range<usize>) {
        let anew = self.squares.is_empty();
        self.worth_it = self.n_founded <= self.block.len() / FOUNDERS;
        self.block = block;
        self.n_founded = 0;
        if !self.worth_it {
            self.fresh.clear();
            self.squares.clear();
            return;
        }
        if anew {
            self.fresh.clear();
            self.fresh.extend(landmarks.slots());
        }
        self.squares.resize(landmarks.n_slots(), f64::INFINITY);
        self.norms.resize(landmarks.n_slots(), 0.0);
        self.rows.resize(landmarks.n_slots() * self.width, 0.0);
        for slot in std::mem::take(&mut self.fresh) {
            let s = slot as usize;
            let row = &mut self.rows[s * self.width..][..self.width];
            let norms = centred(landmarks.positions(), s, &self.centre, row);
            self.largest_norm = self.largest_norm.max(norms.before);
            self.norms[s] = norms.after;
            if served(norms.after) {
                self.squares[s] = norms.after * norms.after;
            } else {
                // It is measured every time.
                self.fresh.push(slot);
            }
        }
        let n = self.block.len();
        self.points.resize(n * self.width, 0.0);
        self.point_norms.clear();
        for (i, row) in self
            .block
            .clone()
            .zip(self.points.chunks_exact_mut(self.width))
        {
            let norms = centred(points, i, &self.centre, row);
            self.largest_norm = self.largest_norm.max(norms.before);
            self.point_norms.push(norms.after);
        }
        let n_slots = self.squares.len();
        self.lowest.resize(n_slots, 0.0);
        self.products.resize(n * n_slots, 0.0);
        vectorized_roughly(RowPairs::<Products>::new(
            self.width,
            &self.points,
            &self.rows,
            &mut self.products,
        ));
    }

    /// How far squares of distances from a point of this norm may be off, in terms of the landmark's norm; `None` where there is no bound.
    fn margin(&self, norm: f64) -> Option<Margin> {
        let largest = self.largest_norm + self.centre_norm;
        if !served(norm) || largest.is_nan() || largest >= NORMS.end {
            return None;
        }
        let steps = (self.width / LANES + LANES + 1) as f64 * UNIT;
        let of_product = 2.0 * (steps / (1.0 - steps) + 4.0 * UNIT);
        let of_measuring = (self.width + 16) as f64 * 4.0 * UNIT_64;
        let displaced = 8.0 * UNIT_64 * largest;
        Some(Margin {
            of_square: of_measuring,
            of_norm: of_product * norm + displaced,
            in_common: of_measuring * norm * norm + displaced * (norm + displaced),
        })
    }
}

/// Squares of distances are off by at most `of_square |l|² + of_norm |l| + in_common` for a landmark `l`.
#[derive(Debug, Clone, Copy)]
struct Margin {
    of_square: f64,
    of_norm: f64,
    in_common: f64,
}

/// Norms of a row before and after it was moved by the centre.
#[derive(Debug, Clone, Copy)]
struct Norms {
    before: f64,
    after: f64,
}

/// Whether products with rows of this norm have a bound.
fn served(norm: f64) -> bool {
    norm == 0.0 || NORMS.contains(&norm)
}

fn norm(row: &[f64]) -> f64 {
    row.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Writes row `i` of `points`, moved by the centre and rounded, with zeros at the end of `to`.
fn centred(points: &Points, i: usize, centre: &[f64], to: &mut [f32]) -> Norms {
    let row = i * centre.len()..(i + 1) * centre.len();
    match points.coordinates() {
        Coordinates::F32(c) => vectorized(Centre {
            row: &c[row],
            by: centre,
            to,
        }),
        Coordinates::F64(c) => vectorized(Centre {
            row: &c[row],
            by: centre,
            to,
        }),
    }
}

struct Centre<'a, T> {
    row: &'a [T],
    by: &'a [f64],
    to: &'a mut [f32],
}

impl<T: Copy + Into<f64>> Work for Centre<'_, T> {
    type Output = Norms;

    #[inline(always)]
    fn run(self) -> Norms {
        let (mut before, mut after) = ([0.0; LANES], [0.0; LANES]);
        let rows = self.row.chunks(LANES).zip(self.by.chunks(LANES));
        for (to, (row, centre)) in self.to.chunks_mut(LANES).zip(rows) {
            let entries = row.iter().zip(centre).zip(to);
            let sums = before.iter_mut().zip(&mut after);
            for (((&x, &c), to), (before, after)) in entries.zip(sums) {
                let x: f64 = x.into();
                let moved = x - c;
                *before += x * x;
                *after += moved * moved;
                *to = moved as f32;
            }
        }
        let root = |squares: [f64; LANES]| squares.into_iter().sum::<f64>().sqrt();
        Norms {
            before: root(before),
            after: root(after),
        }
    }
}

/// Lowest possible squares of distances, but for the point's own square and half of what all are off by in common; the least of the highest.
struct Bounds<'a> {
    squares: &'a [f64],
    norms: &'a [f64],
    products: &'a [f32],
    margin: Margin,
    lowest: &'a mut [f64],
}

impl Work for Bounds<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let mut least = [f64::INFINITY; LANES];
        let rows = self.squares.chunks(LANES).zip(self.norms.chunks(LANES));
        let rows = rows
            .zip(self.products.chunks(LANES))
            .zip(self.lowest.chunks_mut(LANES));
        for (((squares, norms), products), lowest) in rows {
            let landmarks = squares.iter().zip(norms).zip(products).zip(lowest);
            for ((((square, norm), product), lowest), least) in landmarks.zip(&mut least) {
                let about = square - 2.0 * f64::from(*product);
                let off = self.margin.of_square * square + self.margin.of_norm * norm;
                *lowest = about - off;
                *least = f64::min(*least, about + off);
            }
        }
        least.into_iter().fold(f64::INFINITY, f64::min) + 2.0 * self.margin.in_common
    }
}

/// Products of points with landmarks.
struct Products;

impl Term for Products {
    #[inline(always)]
    fn add<const FUSED: bool>(x: f32, y: f32, sum: f32) -> f32 {
        if FUSED {
            x.mul_add(y, sum)
        } else {
            sum + x * y
        }
    }

    #[inline(always)]
    fn finish(sum: f32) -> f32 {
        sum
    }
}
