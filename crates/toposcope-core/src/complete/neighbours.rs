//! Relative-neighbourhood edges: those with an empty lune.
//!
//! An edge `ab` has an empty lune if no `c` is nearer to both `a` and `b` than they are to each other, nearer in the order of edges.
//! Nearly every pair is told apart by one of the few vertices nearest to `a`, row by row and many pairs at a time; what is left
//! is looked at against all vertices, and where rounded distances leave a doubt, exactly.

use std::ops::Range;

use super::square::{Rounded, Square};
use crate::filtration::Edge;
use crate::memory::{Budget, Held, Lease};
use crate::parallel::{Pulse, in_blocks};
use crate::simd::{Work, vectorized};
use crate::sorting::sort_under;
use crate::{Control, Error};

/// So many of a vertex's neighbours are tried on all its pairs.
const NEAREST: usize = 12;
/// Vertices whose pairs one thread looks at at a time.
const ROWS: usize = 16;
/// Pairs looked at side by side.
const WIDTH: usize = 32;
/// Entries of two rows that are compared in about a microsecond.
const ENTRIES_PER_TICK: usize = 4096;
/// Vertices compared between two looks at whether one was found.
const CHUNK: usize = 64;

/// The relative-neighbourhood edges of all vertices, in filtration order.
///
/// # Errors
/// Those of memory and interrupts.
pub(crate) fn relative_neighbours(
    square: &Square,
    n_threads: usize,
    control: &Control,
) -> Result<Held<Edge>, Error> {
    let n = square.n();
    let look = |room: &mut Room, block: usize, pulse: &Pulse| {
        let mut bare = Held::new(pulse.budget());
        for a in block * ROWS..n.min((block + 1) * ROWS) {
            pulse.beat(a * a, n * n)?;
            vectorized(Shelter {
                square,
                a,
                room: &mut *room,
            });
            let row = square.row(a);
            for &b in &room.left {
                pulse.tick_for(1 + (n / ENTRIES_PER_TICK) as u32)?;
                let other = square.row(b as usize);
                let length = row[b as usize].saturating_sub(square.doubt());
                if vectorized(AnyBetween { row, other, length }) {
                    continue;
                }
                let edge = square.edge(a, b as usize);
                if is_bare(square, a, b as usize, edge) {
                    bare.push(edge)?;
                }
            }
        }
        Ok(bare)
    };
    let n_blocks = n.div_ceil(ROWS);
    let room = |_| Room::new(n, control.budget());
    let rooms: Result<Vec<Room>, Error> = (0..n_threads.min(n_blocks)).map(room).collect();
    let found = in_blocks(&mut rooms?, 0..n_blocks, control, "neighbours", look)?;
    let mut edges = Held::with_capacity(control.budget(), found.iter().map(|f| f.len()).sum())?;
    for bare in found {
        edges.copy_in_chunks(&bare, |work| control.tick(work))?;
    }
    sort_under(edges, Edge::cmp, control)
}

/// What threads hold while they look.
pub(super) fn bytes(n: usize, n_threads: usize) -> usize {
    Room::bytes(n) * n_threads.min(n.div_ceil(ROWS))
}

/// One thread's scratch.
#[derive(Debug)]
struct Room {
    nearest: Vec<(Rounded, u32)>,
    /// Vertices before `a` that none of the nearest was found to come between.
    left: Vec<u32>,
    /// Covers those.
    _lease: Lease,
}

impl Room {
    fn bytes(n: usize) -> usize {
        n * size_of::<u32>()
    }

    fn new(n: usize, budget: &Budget) -> Result<Self, Error> {
        let lease = budget.reserve(Self::bytes(n))?;
        Ok(Self {
            nearest: Vec::with_capacity(NEAREST),
            left: Vec::with_capacity(n),
            _lease: lease,
        })
    }
}

/// Finds the pairs of `a` with an earlier vertex that none of the vertices nearest to `a` comes between beyond doubt.
struct Shelter<'a> {
    square: &'a Square<'a>,
    a: usize,
    room: &'a mut Room,
}

impl Work for Shelter<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (a, doubt) = (self.a, self.square.doubt());
        let row = self.square.row(a);
        find_nearest(row, a, &mut self.room.nearest);
        self.room.left.clear();
        for from in (0..a).step_by(WIDTH) {
            let pairs = from..a.min(from + WIDTH);
            let lengths = &row[pairs.clone()];
            let reach = self.reach(pairs);
            for (at, (&length, reach)) in lengths.iter().zip(reach).enumerate() {
                if reach >= length.saturating_sub(doubt) {
                    self.room.left.push((from + at) as u32);
                }
            }
        }
    }
}

impl Shelter<'_> {
    /// For some vertices: the smallest, over the vertices nearest to `a`, of the larger of the distances to the two.
    #[inline(always)]
    fn reach(&self, vertices: Range<usize>) -> [Rounded; WIDTH] {
        let mut reach = [Rounded::MAX; WIDTH];
        for &(length, c) in &self.room.nearest {
            let row = &self.square.row(c as usize)[vertices.clone()];
            for (reach, &x) in reach.iter_mut().zip(row) {
                *reach = x.max(length).min(*reach);
            }
        }
        reach
    }
}

/// The vertices nearest to `a`, nearest first.
#[inline(always)]
fn find_nearest(row: &[Rounded], a: usize, nearest: &mut Vec<(Rounded, u32)>) {
    nearest.clear();
    let mut farthest = Rounded::MAX;
    for (v, &length) in row.iter().enumerate() {
        if length < farthest && v != a {
            let at = nearest.partition_point(|&(other, _)| other <= length);
            nearest.truncate(NEAREST - 1);
            nearest.insert(at, (length, v as u32));
            if nearest.len() == NEAREST {
                farthest = nearest[NEAREST - 1].0;
            }
        }
    }
}

/// Whether some vertex is nearer than `length` in both rows.
struct AnyBetween<'a> {
    row: &'a [Rounded],
    other: &'a [Rounded],
    length: Rounded,
}

impl Work for AnyBetween<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut chunks = self.row.chunks(CHUNK).zip(self.other.chunks(CHUNK));
        chunks.any(|(xs, ys)| {
            let near = xs.iter().zip(ys).map(|(&x, &y)| x.max(y) < self.length);
            near.fold(false, |any, near| any | near)
        })
    }
}

/// Whether no vertex comes between `a` and `b` in the order of edges, given that none does beyond doubt by rounded distances.
fn is_bare(square: &Square, a: usize, b: usize, edge: Edge) -> bool {
    let (row, other) = (square.row(a), square.row(b));
    let length = row[b].saturating_add(square.doubt());
    let between = |c: usize| square.edge(a, c) < edge && square.edge(b, c) < edge;
    let mut vertices = row.iter().zip(other).enumerate();
    !vertices.any(|(c, (&x, &y))| x <= length && y <= length && c != a && c != b && between(c))
}

#[cfg(test)]
mod tests {
    use super::super::square::Exact;
    use super::*;
    use crate::{DistanceMatrix, Metric, Points};

    fn brute_force(exact: Exact) -> Vec<Edge> {
        let square = Square::measure(exact, 1, &Control::none()).unwrap();
        let n = square.n();
        let mut bare: Vec<Edge> = (0..n)
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .filter(|&(a, b)| {
                let edge = square.edge(a, b);
                let mut others = (0..n).filter(|&c| c != a && c != b);
                !others.any(|c| square.edge(a, c) < edge && square.edge(b, c) < edge)
            })
            .map(|(a, b)| square.edge(a, b))
            .collect();
        bare.sort();
        bare
    }

    fn check(exact: Exact) {
        let expected = brute_force(exact);
        for n_threads in [1, 2, 4] {
            let square = Square::measure(exact, n_threads, &Control::none()).unwrap();
            let found = relative_neighbours(&square, n_threads, &Control::none()).unwrap();
            assert_eq!(&found[..], expected);
        }
    }

    #[test]
    fn edges_with_empty_lunes_are_found_whatever_the_ties() {
        let wave = |at: usize| (at * 7919 + at * at * 31) % 1009;
        for (n, n_dims, modulus) in [
            (0, 2, 9),
            (1, 2, 9),
            (2, 1, 3),
            (130, 2, 8),
            (90, 3, 4),
            (150, 2, 1009),
            (90, 24, 2),
            (90, 40, 1009),
        ] {
            // A third, so that coordinates and lengths in float32 are not those in float64.
            let coordinates = (0..n * n_dims).map(|at| (wave(at) % modulus) as f64 / 3.0);
            let points = Points::from_f64(coordinates.clone().collect(), n_dims).unwrap();
            check(Exact::Points(&points, Metric::Euclidean));
            let points = Points::from_f32(coordinates.map(|x| x as f32).collect(), n_dims).unwrap();
            check(Exact::Points(&points, Metric::Euclidean));
        }
        for modulus in [1, 2, 50, 1009] {
            let n = 70;
            let lower = (0..n * (n - 1) / 2).map(|at| 1.0 + (wave(at) % modulus) as f64 * 1e-9);
            let matrix = DistanceMatrix::from_lower(lower.collect(), n).unwrap();
            check(Exact::Matrix(&matrix));
        }
    }
}
