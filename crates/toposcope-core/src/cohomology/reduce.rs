//! The reduction in one dimension, by several threads.
//!
//! A thread takes the next column and adds others to it until its first entry is nobody else's. Where it finds its pivot with a later column, it
//! takes the pivot over and goes on with that one; where the pivot is an earlier column's, it adds that. Each step adds an earlier
//! column to a later one, as one thread alone would do, and in the end no two columns share a pivot: so the pairs
//! are those of any other order of the work.

use super::cells::Cells;
use super::pivots::{Kept, Pivots};
use super::working::Working;
use crate::filtration::RankedInterval;
use crate::memory::{Held, Lease};
use crate::parallel::{Pulse, in_blocks};
use crate::reduction::Field;
use crate::simplex::Key;
use crate::{Control, Error};

/// Columns reduced in one go by one thread. The same for any number of threads.
const BLOCK: usize = 16;
/// The rows of a column are looked at up to a horizon, which moves on by twice as much each time; first by one in so many of all edges. Most
/// columns end near their beginnings, and all that comes later is never looked at.
const WINDOWS: u32 = 64;

/// The reduced columns of one dimension.
pub(super) struct Reduction<'a, K: Key, F: Field> {
    matrix: Matrix<'a, K, F>,
    /// Cover the columns.
    _leases: Held<Lease>,
}

impl<'a, K: Key, F: Field> Reduction<'a, K, F> {
    /// Reduces these columns of dimension `dim`.
    pub(super) fn new(
        field: F,
        cells: Cells<'a, K>,
        dim: usize,
        columns: &'a [K],
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let budget = control.budget();
        if u32::try_from(columns.len()).is_err() {
            let expected = "fewer than 2^32 columns; lower max_dim or the threshold";
            return Err(Error::invalid("input", expected, columns.len()));
        }
        let pivots = Pivots::new(columns.len(), control)?;
        let matrix = Matrix {
            field,
            cells,
            dim,
            columns,
            pivots,
        };
        let n_blocks = columns.len().div_ceil(BLOCK);
        let working = |_| Working::new(cells.filtration().n(), budget);
        let workers: Result<Vec<_>, Error> = (0..n_threads.min(n_blocks)).map(working).collect();
        let mut workers = workers?;
        let work = |working: &mut Working<K, F>, block: usize, pulse: &Pulse| {
            for at in (block * BLOCK..columns.len()).take(BLOCK) {
                pulse.beat(at, columns.len())?;
                matrix.reduce(working, at as u32, pulse)?;
            }
            Ok(())
        };
        in_blocks(&mut workers, 0..n_blocks, control, "cohomology", work)?;
        let mut leases = Held::with_capacity(budget, workers.len())?;
        leases.extend(workers.into_iter().map(|working| working.kept))?;
        Ok(Self {
            matrix,
            _leases: leases,
        })
    }

    pub(super) fn pivots(&self) -> &Pivots<K, F> {
        &self.matrix.pivots
    }

    /// Adds the interval of each column, in their order.
    pub(super) fn add_intervals(
        &self,
        intervals: &mut Held<RankedInterval>,
        control: &Control,
    ) -> Result<(), Error> {
        let Matrix {
            cells,
            dim,
            columns,
            pivots,
            ..
        } = &self.matrix;
        let from = intervals.len();
        let births = columns.iter().map(|&column| cells.rank(column, dim - 1));
        let born = births.map(|birth| (*dim, birth, None));
        intervals.extend_in_chunks(columns.len(), born, |work| control.tick(work))?;
        for kept in pivots.columns() {
            control.tick(1)?;
            intervals[from + kept.column as usize].2 = Some(cells.rank(kept.pivot, *dim));
        }
        Ok(())
    }
}

/// The columns of one dimension while they are reduced.
struct Matrix<'a, K: Key, F: Field> {
    field: F,
    cells: Cells<'a, K>,
    /// Dimension of the columns.
    dim: usize,
    columns: &'a [K],
    pivots: Pivots<K, F>,
}

impl<K: Key, F: Field> Matrix<'_, K, F> {
    /// Reduces a column, and whichever lose their pivots to it.
    fn reduce(&self, working: &mut Working<K, F>, mut at: u32, pulse: &Pulse) -> Result<(), Error> {
        if self.pair_at_once(at, pulse)? {
            return Ok(());
        }
        working.terms.clear();
        self.start(working, at, 0, pulse)?;
        while let Some(first) = self.pop_first(working, at, pulse)? {
            let (pivot, lead) = first;
            let slot = self.pivots.find(pivot);
            if let Some(earlier) = slot.kept.filter(|kept| kept.column < at) {
                working.push_back(first)?;
                let factor = self.cancelling(lead, earlier.lead);
                let column = (self.columns[earlier.column as usize], factor);
                self.add(working, column, pivot, pulse)?;
                for &(term, coefficient) in &earlier.terms {
                    let factor = self.field.multiply(factor, coefficient);
                    self.add(working, (term, factor), pivot, pulse)?;
                }
                continue;
            }
            if slot.kept.is_none()
                && let Some(facet) = self.apparent_facet(pivot)
            {
                working.push_back(first)?;
                let factor = self.cancelling(lead, self.coefficient(facet, pivot));
                self.add(working, (facet, factor), pivot, pulse)?;
                continue;
            }
            let terms = working.kept_terms(self.field)?;
            let kept = Kept {
                column: at,
                pivot,
                lead,
                terms,
            };
            if !self.pivots.claim(&slot, kept, |_| pulse.tick())? {
                // Somebody was faster: look again.
                working.push_back(first)?;
                continue;
            }
            let Some(later) = slot.kept else {
                return Ok(());
            };
            at = later.column;
            working.terms.clear();
            working.make_room(0, later.terms.len())?;
            working.terms.extend_from_slice(&later.terms);
            // Everything before its pivot has cancelled.
            self.start(working, at, self.cells.rank(pivot, self.dim), pulse)?;
        }
        Ok(())
    }

    /// Pairs a column with its first cofacet, if that has the same length and is nobody else's.
    fn pair_at_once(&self, at: u32, pulse: &Pulse) -> Result<bool, Error> {
        let (cell, n_others) = (self.columns[at as usize], self.dim - 1);
        if n_others == 0 {
            // The lune of an edge that is no column is empty.
            return Ok(false);
        }
        let (simplex, rank) = (
            self.cells.simplex(cell, n_others),
            self.cells.rank(cell, n_others),
        );
        let filtration = self.cells.filtration();
        let Some(first) = filtration.largest_common_neighbour(simplex.vertices(), rank, 0) else {
            return Ok(false);
        };
        let apex = self.cells.apex(rank);
        let pivot = self.cells.with(cell, n_others, first, apex);
        let slot = self.pivots.find(pivot);
        if slot.kept.is_some() || self.apparent_facet(pivot).is_some() {
            return Ok(false);
        }
        let kept = Kept {
            column: at,
            pivot,
            lead: self.coefficient(cell, pivot),
            terms: Vec::new(),
        };
        self.pivots.claim(&slot, kept, |_| pulse.tick())
    }

    /// Begins with the coboundary of a column and its terms at row `from`: nothing is left of any before.
    fn start(
        &self,
        working: &mut Working<K, F>,
        at: u32,
        from: u32,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        working.forget_rows();
        working.horizon = from.max(self.cells.rank(self.columns[at as usize], self.dim - 1));
        working.window = self.cells.filtration().len() as u32 / WINDOWS;
        self.look_further(working, at, pulse)
    }

    /// Adds the next rows of a column and its terms.
    fn look_further(
        &self,
        working: &mut Working<K, F>,
        at: u32,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        let from = working.horizon;
        working.horizon = from.saturating_add(working.window).saturating_add(1);
        working.window = working.window.saturating_mul(2);
        let column = (self.columns[at as usize], self.field.one());
        self.add_coboundary(working, column, from)?;
        for term in 0..working.terms.len() {
            pulse.tick()?;
            self.add_coboundary(working, working.terms[term], from)?;
        }
        Ok(())
    }

    /// Adds a term of what ends at row `pivot`: all before that cancels.
    fn add(
        &self,
        working: &mut Working<K, F>,
        term: (K, F::Element),
        pivot: K,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        pulse.tick()?;
        working.make_room(0, 1)?;
        working.terms.push(term);
        self.add_coboundary(working, term, self.cells.rank(pivot, self.dim))
    }

    /// The factor that makes an entry `own` cancel an entry `lead`.
    fn cancelling(&self, lead: F::Element, own: F::Element) -> F::Element {
        let quotient = self.field.multiply(lead, self.field.invert(own));
        self.field.negate(quotient)
    }

    /// How `facet` stands in the boundary of `cofacet`.
    fn coefficient(&self, facet: K, cofacet: K) -> F::Element {
        if F::IS_BINARY {
            return self.field.one();
        }
        let less = self.cells.simplex(facet, self.dim - 1);
        let more = self.cells.simplex(cofacet, self.dim);
        let pairs = less.vertices().iter().zip(more.vertices());
        self.field.sign(pairs.take_while(|(a, b)| a == b).count())
    }

    /// Adds the rows of a term from one longest edge on up to the horizon.
    fn add_coboundary(
        &self,
        working: &mut Working<K, F>,
        (cell, factor): (K, F::Element),
        from: u32,
    ) -> Result<(), Error> {
        let (cells, n_others) = (&self.cells, self.dim - 1);
        let (rank, simplex) = (cells.rank(cell, n_others), cells.simplex(cell, n_others));
        let filtration = cells.filtration();
        let (horizon, neighbours) = (working.horizon, &mut working.neighbours);
        neighbours.clear();
        filtration.visit_common_neighbours(simplex.vertices(), horizon, 0, |w, longest| {
            if longest.max(rank) >= from {
                neighbours.push((w, longest));
            }
            true
        });
        if neighbours.is_empty() {
            return Ok(());
        }
        working.make_room(working.neighbours.len(), 0)?;
        let (apex, has_apex) = (cells.apex(rank), cells.has_apex(cell, n_others));
        let others = cells.others_alone(cell, n_others);
        let facets = cells.facets(&simplex);
        let neighbours = std::mem::take(&mut working.neighbours);
        for &(w, longest) in &neighbours {
            let row = if longest < rank {
                let has_apex = w == apex || has_apex;
                self.row(rank, has_apex, cells.insert(others, n_others, w))
            } else {
                // The new vertex is an end of the longest edge, and so is one of the old ones.
                let [a, b] = filtration.ends(longest);
                let end = simplex.position(if a == w { b } else { a });
                let has_apex = simplex.vertices().contains(&cells.apex(longest));
                self.row(longest, has_apex, facets[end])
            };
            let Some(cofacet) = row else {
                continue;
            };
            let sign = self.field.sign(simplex.position(w));
            working.push(cofacet, self.field.multiply(factor, sign));
        }
        working.neighbours = neighbours;
        Ok(())
    }

    /// A cofacet by its longest edge and its others, if it may be a pivot.
    fn row(&self, longest: u32, has_apex: bool, others: K) -> Option<K> {
        let (cells, filtration) = (&self.cells, self.cells.filtration());
        if !has_apex {
            let apex = cells.apex(longest);
            let near = |v: u32| filtration.rank(v, apex).is_some_and(|r| r < longest);
            if cells.others(others, self.dim).all(near) {
                return None;
            }
        }
        Some(cells.join(longest, has_apex, others, self.dim))
    }

    /// The earliest row that is left, taken out. Looks as far as it has to.
    fn pop_first(
        &self,
        working: &mut Working<K, F>,
        at: u32,
        pulse: &Pulse,
    ) -> Result<Option<(K, F::Element)>, Error> {
        loop {
            let first = working.pop(self.field, pulse)?;
            let seen_all = working.horizon as usize >= self.cells.filtration().len();
            if first.is_some() || seen_all {
                return Ok(first);
            }
            working.collect(self.field);
            self.look_further(working, at, pulse)?;
        }
    }

    /// The facet with which a row is in an apparent pair: its last facet of its length, which lacks the apex or else the largest of the
    /// others, provided that the row is the first cofacet of that facet.
    fn apparent_facet(&self, row: K) -> Option<K> {
        let (cells, n_others) = (&self.cells, self.dim);
        let rank = cells.rank(row, n_others);
        let (apex, filtration) = (cells.apex(rank), cells.filtration());
        if cells.has_apex(row, n_others) {
            let position = cells.others(row, n_others).position(|v| v == apex)?;
            return Some(cells.without(row, n_others, position, apex));
        }
        let largest = cells.others(row, n_others).last()?;
        let mut kept = cells.others(row, n_others - 1);
        if kept.all(|v| filtration.rank(v, apex).is_some_and(|r| r < rank)) {
            return None;
        }
        let facet = cells.without(row, n_others, n_others - 1, apex);
        let simplex = cells.simplex(facet, n_others - 1);
        let larger = filtration.largest_common_neighbour(simplex.vertices(), rank, largest + 1);
        larger.is_none().then_some(facet)
    }
}
