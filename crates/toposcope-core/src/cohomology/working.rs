//! A column while it is reduced.
//!
//! Over Z/2 an entry is the integer of its simplex and nothing else.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::Error;
use crate::memory::{Budget, Lease};
use crate::parallel::Pulse;
use crate::reduction::Field;
use crate::simplex::Key;

/// A cofacet in a working coboundary, with its coefficient. The greatest is the earliest.
#[derive(Debug, Clone, Copy)]
struct Entry<K, E> {
    cell: K,
    coefficient: E,
}

impl<K: Key, E> Ord for Entry<K, E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cell.cmp(&other.cell)
    }
}
impl<K: Key, E> PartialOrd for Entry<K, E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Key, E> PartialEq for Entry<K, E> {
    fn eq(&self, other: &Self) -> bool {
        self.cell == other.cell
    }
}
impl<K: Key, E> Eq for Entry<K, E> {}

/// A column while it is reduced: what one thread works with.
pub(super) struct Working<K, F: Field> {
    /// The coboundary of the column that is reduced.
    coboundary: BinaryHeap<Entry<K, F::Element>>,
    /// What was added to that column.
    pub(super) terms: Vec<(K, F::Element)>,
    /// Rows of longest edges from this one on are still to come, and so many are to come next.
    pub(super) horizon: u32,
    pub(super) window: u32,
    /// Common neighbours of a simplex, and the largest ranks among the edges between them.
    pub(super) neighbours: Vec<(u32, u32)>,
    /// Covers all of this.
    scratch: Lease,
    /// Covers the reduced columns that it published.
    pub(super) kept: Lease,
    kept_bytes: usize,
}

impl<K: Key, F: Field> Working<K, F> {
    pub(super) fn new(n: usize, budget: &Budget) -> Result<Self, Error> {
        let scratch = budget.reserve(n * size_of::<(u32, u32)>())?;
        Ok(Self {
            coboundary: BinaryHeap::new(),
            terms: Vec::new(),
            horizon: 0,
            window: 0,
            neighbours: Vec::with_capacity(n),
            scratch,
            kept: budget.lease(),
            kept_bytes: 0,
        })
    }

    /// Makes room for so many more entries and terms.
    pub(super) fn make_room(&mut self, n_entries: usize, n_terms: usize) -> Result<(), Error> {
        let more = |len: usize, capacity: usize, n: usize| {
            if len + n <= capacity {
                0
            } else {
                (2 * capacity).max(len + n)
            }
        };
        let (len, capacity) = (self.coboundary.len(), self.coboundary.capacity());
        let entries = more(len, capacity, n_entries);
        let terms = more(self.terms.len(), self.terms.capacity(), n_terms);
        if entries + terms == 0 {
            return Ok(());
        }
        // Old and new live side by side.
        let bytes = self.neighbours.capacity() * size_of::<(u32, u32)>()
            + (capacity + entries) * size_of::<Entry<K, F::Element>>()
            + (self.terms.capacity() + terms) * size_of::<(K, F::Element)>();
        self.scratch.cover(bytes)?;
        self.coboundary.reserve_exact(entries.saturating_sub(len));
        self.terms
            .reserve_exact(terms.saturating_sub(self.terms.len()));
        Ok(())
    }

    /// Begins anew, with the terms there are.
    pub(super) fn forget_rows(&mut self) {
        self.coboundary.clear();
    }

    /// Adds a row, for which there is room.
    #[inline]
    pub(super) fn push(&mut self, cell: K, coefficient: F::Element) {
        self.coboundary.push(Entry { cell, coefficient });
    }

    /// Puts a row back that was taken out.
    pub(super) fn push_back(&mut self, (cell, coefficient): (K, F::Element)) -> Result<(), Error> {
        self.make_room(1, 0)?;
        self.push(cell, coefficient);
        Ok(())
    }

    /// Takes the earliest row out, skipping what cancels.
    pub(super) fn pop(
        &mut self,
        field: F,
        pulse: &Pulse,
    ) -> Result<Option<(K, F::Element)>, Error> {
        while let Some(first) = self.coboundary.pop() {
            let mut sum = Some(first.coefficient);
            while let Some(same) = self.coboundary.peek().filter(|other| **other == first) {
                pulse.tick()?;
                let other = same.coefficient;
                sum = sum.map_or(Some(other), |sum| field.add(sum, other));
                self.coboundary.pop();
            }
            if let Some(coefficient) = sum {
                return Ok(Some((first.cell, coefficient)));
            }
        }
        Ok(None)
    }

    /// Brings the terms to one per simplex.
    pub(super) fn collect(&mut self, field: F) {
        let terms = &mut self.terms;
        terms.sort_unstable_by_key(|&(cell, _)| cell);
        let (mut n_terms, mut from) = (0, 0);
        while from < terms.len() {
            let (cell, coefficient) = terms[from];
            let same = terms[from..].iter().take_while(|term| term.0 == cell);
            let same = same.count();
            let others = terms[from + 1..from + same].iter().map(|term| term.1);
            let add = |sum: Option<_>, c| sum.map_or(Some(c), |sum| field.add(sum, c));
            if let Some(sum) = others.fold(Some(coefficient), add) {
                terms[n_terms] = (cell, sum);
                n_terms += 1;
            }
            from += same;
        }
        terms.truncate(n_terms);
    }

    /// A copy of the terms, to be published.
    pub(super) fn kept_terms(&mut self, field: F) -> Result<Vec<(K, F::Element)>, Error> {
        self.collect(field);
        let bytes = self.terms.len() * size_of::<(K, F::Element)>();
        self.kept.cover(self.kept_bytes + bytes)?;
        self.kept_bytes += bytes;
        Ok(self.terms.as_slice().to_vec())
    }
}
