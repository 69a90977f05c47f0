//! The edges of a square, from the shortest on, in stages.

use super::square::{Rounded, Square};
use crate::filtration::Edge;
use crate::memory::Held;
use crate::parallel::{Pulse, in_blocks};
use crate::{Control, Error};

/// Distances looked at to tell how many edges lie below a length.
const SAMPLES: usize = 1 << 12;
/// Each stage has this share more edges than were there before it, and at least so many per vertex.
pub(super) const GROWTH: f64 = 0.5;
pub(super) const EDGES_PER_VERTEX: usize = 8;
/// Rows that one thread looks through at a time.
const ROWS: usize = 64;

/// How far the edges of a square have been given out.
#[derive(Debug)]
pub(super) struct Stages<'s> {
    square: &'s Square<'s>,
    /// Rounded distances of a few pairs, ascending.
    sample: Held<Rounded>,
    /// All edges up to this length have been given out; negative at first.
    reached: f64,
    /// The first stage goes at least so far.
    first: f64,
    threshold: f64,
    n_given: usize,
}

impl<'s> Stages<'s> {
    /// All edges up to `threshold`, those up to `first` at once.
    ///
    /// # Errors
    /// Those of memory.
    pub(super) fn new(
        square: &'s Square<'s>,
        first: f64,
        threshold: f64,
        control: &Control,
    ) -> Result<Self, Error> {
        let n = square.n();
        // A stride that shares no factor with most n, so that all rows and columns are met.
        let stride = (n * n / SAMPLES).max(1) | 1;
        let pairs = (0..n * n).step_by(stride).map(|at| (at / n, at % n));
        let off_diagonal = pairs.filter(|(i, j)| i != j);
        let mut sample = Held::new(control.budget());
        sample.extend(off_diagonal.map(|(i, j)| square.row(i)[j]))?;
        sample.sort_unstable();
        Ok(Self {
            square,
            sample,
            reached: -1.0,
            first,
            threshold,
            n_given: 0,
        })
    }

    /// All edges up to this length have been given out.
    pub(super) fn reached(&self) -> f64 {
        self.reached
    }

    /// Whether all edges up to the threshold have been given out.
    pub(super) fn at_the_end(&self) -> bool {
        self.reached >= self.threshold
    }

    /// The edges of the next stage, in no particular order.
    pub(super) fn next_edges(
        &mut self,
        n_threads: usize,
        control: &Control,
    ) -> Result<Held<Edge>, Error> {
        let to = self.next_reach();
        let edges = self.edges_up_to(to, n_threads, control)?;
        self.reached = to;
        self.n_given += edges.len();
        Ok(edges)
    }

    /// Some way beyond what has been reached, by the number of edges.
    fn next_reach(&self) -> f64 {
        let n = self.square.n();
        let below_first = self
            .sample
            .partition_point(|&x| x <= self.square.rounded(self.first));
        let expected = below_first as f64 / self.sample.len().max(1) as f64 * (n * n / 2) as f64;
        let given = expected.max(self.n_given as f64);
        let wanted = given * (1.0 + GROWTH) + (n * EDGES_PER_VERTEX) as f64;
        let place = (wanted / (n * n / 2).max(1) as f64 * self.sample.len() as f64) as usize;
        let reach = match self.sample.get(place) {
            Some(&rounded) => self.square.unscaled(rounded),
            None => f64::INFINITY,
        };
        // Rounding must not keep a stage from getting anywhere.
        let beyond = if reach > self.reached {
            reach
        } else {
            f64::INFINITY
        };
        beyond.max(self.first).min(self.threshold)
    }

    fn edges_up_to(
        &self,
        to: f64,
        n_threads: usize,
        control: &Control,
    ) -> Result<Held<Edge>, Error> {
        let (square, from) = (self.square, self.reached);
        let n = square.n();
        let (low, high) = (square.rounded(from.max(0.0)), square.rounded(to));
        let low = low.saturating_sub(square.doubt());
        let high = high.saturating_add(square.doubt());
        let look = |room: &mut (Option<_>, Held<u32>), block: usize, pulse: &Pulse| {
            let mut edges = Held::new(pulse.budget());
            for i in block * ROWS..n.min((block + 1) * ROWS) {
                pulse.beat(i * i, n * n)?;
                let (tiles, near) = room;
                near.clear();
                let row = square.row(i)[..i].iter().zip(0..);
                near.extend(row.filter(|&(&x, _)| low <= x && x <= high).map(|(_, j)| j))?;
                square.edges(i, near, tiles, |edge| {
                    if from < edge.length() && edge.length() <= to {
                        edges.push(edge)?;
                    }
                    Ok(())
                })?;
            }
            Ok(edges)
        };
        let budget = control.budget();
        let room = |_| (square.tiles(budget), Held::new(budget));
        let n_blocks = n.div_ceil(ROWS);
        let mut rooms: Vec<_> = (0..n_threads.min(n_blocks)).map(room).collect();
        let found = in_blocks(&mut rooms, 0..n_blocks, control, "edges", look)?;
        let total = found.iter().map(|part| part.len()).sum();
        let mut edges = Held::with_capacity(budget, total)?;
        for part in found {
            edges.copy_in_chunks(&part, |work| control.tick(work))?;
        }
        Ok(edges)
    }
}
