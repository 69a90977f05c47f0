//! Implicit persistent cohomology: the second engine.
//!
//! Columns are simplices from the latest to the earliest, rows are their cofacets, and no matrix is ever stored: coboundaries
//! are enumerated again whenever they are added. Nearly all columns are never looked at:
//! - *clearing*: a simplex that ended a class one dimension below begins none;
//! - *apparent pairs*: a simplex whose first cofacet has it as its last facet is paired with it, at once and implicitly;
//! - *emergent pairs*: a first cofacet of the same length that nobody owns is a pivot before the rest is enumerated.
//!
//! After Bauer, "Ripser", J. Appl. Comput. Topol. 5 (2021). The order of simplices is (longest edge, dimension, colexicographic
//! from the largest): as lengths have no ties between edges, equal length always means the same longest edge.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::num::NonZeroUsize;

use super::Field;
use super::table::Table;
use crate::filtration::{EdgeFiltration, RankedInterval};
use crate::memory::{Held, Lease};
use crate::simplex::{Key, Packing, Simplex};
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// All intervals of dimensions `1..=max_dim`, those of zero length left out where that saves work.
pub(crate) fn intervals<F: Field>(
    field: F,
    filtration: &EdgeFiltration,
    max_dim: usize,
    control: &Control,
) -> Result<Held<RankedInterval>, Error> {
    if let Ok(packing) = Packing::<u64>::new(filtration.n(), max_dim) {
        return packed_intervals(field, filtration, packing, max_dim, control);
    }
    let packing = Packing::<u128>::new(filtration.n(), max_dim)?;
    packed_intervals(field, filtration, packing, max_dim, control)
}

fn packed_intervals<K: Key, F: Field>(
    field: F,
    filtration: &EdgeFiltration,
    packing: Packing<K>,
    max_dim: usize,
    control: &Control,
) -> Result<Held<RankedInterval>, Error> {
    let mut intervals = Held::new(control.budget());
    let mut columns = closing_edges(filtration, packing, control)?;
    for dim in 1..=max_dim {
        let mut engine = Engine {
            field,
            filtration,
            packing,
            dim,
            pivots: Table::new(control.budget()),
            combinations: Held::new(control.budget()),
            lease: control.budget().lease(),
            kept_bytes: 0,
            control,
        };
        for (at, &column) in columns.iter().enumerate() {
            control.poll("cohomology", at, columns.len())?;
            let death = engine.reduce(column)?;
            intervals.push((dim, column.rank, death))?;
        }
        if dim == max_dim {
            break;
        }
        columns = engine.columns_above()?;
    }
    Ok(intervals)
}

/// A simplex with the rank of its longest edge. Ordered as the filtration is, last first.
#[derive(Debug, Clone, Copy)]
struct Cell<K> {
    rank: u32,
    key: K,
}

impl<K: Key> Cell<K> {
    /// Later simplices have larger ranks, and smaller keys at equal rank.
    fn order(&self) -> (Reverse<u32>, K) {
        (Reverse(self.rank), self.key)
    }
}

/// A cofacet in a working coboundary, with its coefficient. The greatest is the earliest.
#[derive(Debug, Clone, Copy)]
struct Entry<K, E> {
    cell: Cell<K>,
    coefficient: E,
}

impl<K: Key, E> Ord for Entry<K, E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cell.order().cmp(&other.cell.order())
    }
}
impl<K: Key, E> PartialOrd for Entry<K, E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Key, E> PartialEq for Entry<K, E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl<K: Key, E> Eq for Entry<K, E> {}

/// The edges that close a loop and have no cofacet of their own length, last first: all others join components, or are in
/// apparent pairs.
fn closing_edges<K: Key>(
    filtration: &EdgeFiltration,
    packing: Packing<K>,
    control: &Control,
) -> Result<Held<Cell<K>>, Error> {
    let mut components = UnionFind::new(filtration.n(), control)?;
    let mut closing = Held::new(control.budget());
    for rank in 0..filtration.len() as u32 {
        control.poll("apparent pairs", rank as usize, filtration.len())?;
        let [a, b] = filtration.ends(rank);
        let joins = components.join(a, b);
        if !joins && filtration.nearest_in_lune(rank).is_none() {
            let key = packing.pack(&Simplex::new([a, b]));
            closing.push(Cell { rank, key })?;
        }
    }
    closing.reverse();
    Ok(closing)
}

/// The reduction in one dimension.
struct Engine<'a, K: Key, F: Field> {
    field: F,
    filtration: &'a EdgeFiltration,
    packing: Packing<K>,
    /// Dimension of the columns.
    dim: usize,
    /// By cofacet: the number of the reduced column that has it as its first entry, with that entry's coefficient.
    pivots: Table<K, (NonZeroUsize, F::Element)>,
    /// Which simplices' coboundaries make up each reduced column.
    combinations: Held<Vec<(Cell<K>, F::Element)>>,
    /// Covers those, and the column that is reduced.
    lease: Lease,
    /// Bytes of the reduced columns.
    kept_bytes: usize,
    control: &'a Control<'a>,
}

impl<K: Key, F: Field> Engine<'_, K, F> {
    /// Reduces the column of `cell`; the rank at which its class dies.
    fn reduce(&mut self, cell: Cell<K>) -> Result<Option<u32>, Error> {
        let one = self.field.one();
        if let Some(pivot) = self.emergent_pivot(&cell) {
            self.keep(&pivot, self.coefficient(&cell, &pivot), vec![(cell, one)])?;
            return Ok(Some(pivot.rank));
        }
        let mut combination = vec![(cell, one)];
        let mut working = BinaryHeap::new();
        self.make_room(&working, &combination, 0)?;
        self.add_coboundary(&mut working, &cell, one);
        while let Some(first) = self.pop_first(&mut working)? {
            let (pivot, lead) = (first.cell, first.coefficient);
            let terms: Vec<_> = if let Some((column, own_lead)) = self.pivots.get(pivot.key) {
                let factor = self.cancelling(lead, own_lead);
                let n_terms = self.combinations[column.get() - 1].len();
                self.make_room(&working, &combination, n_terms)?;
                let terms = self.combinations[column.get() - 1].iter();
                let scaled = |&(term, c)| (term, self.field.multiply(factor, c));
                terms.map(scaled).collect()
            } else if let Some(facet) = self.apparent_facet(&pivot) {
                let factor = self.cancelling(lead, self.coefficient(&facet, &pivot));
                vec![(facet, factor)]
            } else {
                let combination = self.collect(combination);
                self.keep(&pivot, lead, combination)?;
                return Ok(Some(pivot.rank));
            };
            working.push(first);
            let n_terms = terms.len();
            for (term, coefficient) in terms {
                self.control.tick(1)?;
                self.make_room(&working, &combination, n_terms)?;
                self.add_coboundary(&mut working, &term, coefficient);
                combination.push((term, coefficient));
            }
        }
        Ok(None)
    }

    /// Counts what one more coboundary may take, before it is added, and a copy of `n_terms` terms that there is beside it.
    fn make_room(
        &mut self,
        working: &BinaryHeap<Entry<K, F::Element>>,
        combination: &[(Cell<K>, F::Element)],
        n_terms: usize,
    ) -> Result<(), Error> {
        // Vectors double, and old and new live side by side; a combination is copied once more to be kept.
        let entries = (3 * (working.len() + 1 + self.filtration.n())).max(working.capacity());
        let terms = n_terms + 7 * (combination.len() + 1);
        let bytes = entries * size_of::<Entry<K, F::Element>>()
            + terms * size_of::<(Cell<K>, F::Element)>();
        self.lease.cover(self.kept_bytes + bytes)
    }

    /// The factor that makes an entry `own` cancel an entry `lead`.
    fn cancelling(&self, lead: F::Element, own: F::Element) -> F::Element {
        let quotient = self.field.multiply(lead, self.field.invert(own));
        self.field.negate(quotient)
    }

    fn keep(
        &mut self,
        pivot: &Cell<K>,
        lead: F::Element,
        combination: Vec<(Cell<K>, F::Element)>,
    ) -> Result<(), Error> {
        // Numbered from 1, so that a slot of the table has room to say that it is empty.
        let column = NonZeroUsize::MIN.saturating_add(self.combinations.len());
        self.kept_bytes += combination.capacity() * size_of::<(Cell<K>, F::Element)>();
        self.lease.cover(self.kept_bytes)?;
        self.combinations.push(combination)?;
        self.pivots.insert(pivot.key, (column, lead))
    }

    /// The simplex of a column.
    fn column(&self, cell: &Cell<K>) -> Simplex {
        self.packing.unpack(cell.key, self.dim)
    }

    /// The simplex of a row.
    fn row(&self, cell: &Cell<K>) -> Simplex {
        self.packing.unpack(cell.key, self.dim + 1)
    }

    fn cell(&self, simplex: &Simplex, rank: u32) -> Cell<K> {
        let key = self.packing.pack(simplex);
        Cell { rank, key }
    }

    /// How `facet` stands in the boundary of `cofacet`.
    fn coefficient(&self, facet: &Cell<K>, cofacet: &Cell<K>) -> F::Element {
        let (less, more) = (self.column(facet), self.row(cofacet));
        let pairs = less.vertices().iter().zip(more.vertices());
        self.field.sign(pairs.take_while(|(a, b)| a == b).count())
    }

    fn add_coboundary(
        &self,
        working: &mut BinaryHeap<Entry<K, F::Element>>,
        cell: &Cell<K>,
        factor: F::Element,
    ) {
        let simplex = self.column(cell);
        self.filtration
            .visit_common_neighbours(simplex.vertices(), |w, largest| {
                let cofacet = self.cell(&simplex.with(w), largest.max(cell.rank));
                let sign = self.field.sign(simplex.position(w));
                working.push(Entry {
                    cell: cofacet,
                    coefficient: self.field.multiply(factor, sign),
                });
                true
            });
    }

    /// Takes the earliest entry out, with all that is equal to it, skipping what cancels.
    fn pop_first(
        &self,
        working: &mut BinaryHeap<Entry<K, F::Element>>,
    ) -> Result<Option<Entry<K, F::Element>>, Error> {
        while let Some(first) = working.pop() {
            let mut sum = Some(first.coefficient);
            while let Some(same) = working.peek().filter(|other| **other == first) {
                self.control.tick(1)?;
                let other = same.coefficient;
                sum = sum.map_or(Some(other), |sum| self.field.add(sum, other));
                working.pop();
            }
            if let Some(coefficient) = sum {
                return Ok(Some(Entry {
                    coefficient,
                    ..first
                }));
            }
        }
        Ok(None)
    }

    /// Brings a combination to one term per simplex.
    fn collect(&self, mut terms: Vec<(Cell<K>, F::Element)>) -> Vec<(Cell<K>, F::Element)> {
        terms.sort_unstable_by_key(|(cell, _)| cell.order());
        let groups = terms.chunk_by(|a, b| a.0.key == b.0.key);
        let sum = |group: &[(Cell<K>, F::Element)]| {
            let coefficients = group.iter().map(|&(_, c)| Some(c));
            let add = |a: Option<_>, b: Option<_>| match (a, b) {
                (Some(a), Some(b)) => self.field.add(a, b),
                (a, b) => a.or(b),
            };
            Some((group[0].0, coefficients.fold(None, add)?))
        };
        groups.filter_map(sum).collect()
    }

    /// The first cofacet of `cell`, if it is of the same length and nobody else's partner.
    fn emergent_pivot(&self, cell: &Cell<K>) -> Option<Cell<K>> {
        let simplex = self.column(cell);
        let first = (self.filtration).largest_common_neighbour(simplex.vertices(), cell.rank);
        let pivot = self.cell(&simplex.with(first?), cell.rank);
        let free = self.pivots.get(pivot.key).is_none() && self.apparent_facet(&pivot).is_none();
        free.then_some(pivot)
    }

    /// The facet with which `cell` is in an apparent pair: its last facet of its length, which lacks its largest vertex off
    /// the longest edge, provided that `cell` is the first cofacet of that facet.
    fn apparent_facet(&self, cell: &Cell<K>) -> Option<Cell<K>> {
        let ends = self.filtration.ends(cell.rank);
        let cofacet = self.row(cell);
        let vertices = cofacet.vertices();
        let position = vertices.iter().rposition(|v| !ends.contains(v))?;
        let simplex = cofacet.without(position);
        let first = (self.filtration).largest_common_neighbour(simplex.vertices(), cell.rank);
        (first == Some(vertices[position])).then(|| self.cell(&simplex, cell.rank))
    }

    /// The columns of the next dimension, last first: simplices that end no class and are in no apparent pair.
    fn columns_above(&self) -> Result<Held<Cell<K>>, Error> {
        let mut columns = Held::new(self.control.budget());
        // Common neighbours, vertex by vertex of a simplex, in vectors that double.
        let lists = 12 * (self.dim + 1) * self.filtration.n();
        let _lease = self.control.budget().reserve(lists)?;
        let n_edges = self.filtration.len();
        for rank in (0..n_edges as u32).rev() {
            let done = n_edges - rank as usize;
            self.control.poll("apparent pairs", done, n_edges)?;
            let ends = self.filtration.ends(rank);
            let mut lune = Vec::new();
            self.filtration
                .visit_common_neighbours(&ends, |w, largest| {
                    if largest < rank {
                        lune.push(w);
                    }
                    true
                });
            let from = columns.len();
            self.add_columns(rank, Simplex::new(ends), &lune, self.dim, &mut columns)?;
            columns[from..].sort_unstable_by_key(|cell| cell.key);
        }
        Ok(columns)
    }

    /// Adds the columns over edge `rank` that extend `simplex` by `missing` vertices. `common`: the vertices of the lune adjacent
    /// to all of `simplex`, descending; of a simplex, vertices off the longest edge come in ascending order.
    ///
    /// The largest of `common` makes an apparent pair with `simplex`; any other with a larger common neighbour is in one
    /// with that.
    fn add_columns(
        &self,
        rank: u32,
        simplex: Simplex,
        common: &[u32],
        missing: usize,
        columns: &mut Held<Cell<K>>,
    ) -> Result<(), Error> {
        let ends = self.filtration.ends(rank);
        let adjacent = |u: u32, v: u32| self.filtration.rank(u, v).is_some_and(|r| r < rank);
        let last = simplex.vertices().iter().rfind(|v| !ends.contains(v));
        for (at, &v) in common.iter().enumerate().skip(1) {
            if last.is_some_and(|&last| v < last) {
                break;
            }
            self.control.tick(1)?;
            let extended = simplex.with(v);
            if missing > 1 {
                let near: Vec<u32> = common.iter().copied().filter(|&u| adjacent(u, v)).collect();
                self.add_columns(rank, extended, &near, missing - 1, columns)?;
            } else if !common[..at].iter().any(|&u| adjacent(u, v)) {
                let column = self.cell(&extended, rank);
                if self.pivots.get(column.key).is_none() {
                    columns.push(column)?;
                }
            }
        }
        Ok(())
    }
}
