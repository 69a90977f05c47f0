//! Reduced columns by their pivots, for many threads at once and without a lock.
//!
//! Columns are published once, at the end of a list that only grows, and never change or go. The table from pivots to
//! columns holds places in that list: a slot that has a pivot keeps it for ever, while the column that has it may be replaced by an earlier one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::Error;
use crate::memory::{Budget, Held};
use crate::reduction::Field;
use crate::simplex::Key;

/// Columns in the first segment of the list; each other one has twice as many as the one before.
const FIRST_SEGMENT: usize = 64;
/// So that there are fewer than 2^32 in all.
const N_SEGMENTS: usize = 26;

/// A reduced column.
#[derive(Debug)]
pub(super) struct Kept<K, F: Field> {
    /// Its place among the columns. Smaller ones come earlier in the reduction.
    pub(super) column: u32,
    /// Its first entry, with that entry's coefficient.
    pub(super) pivot: K,
    pub(super) lead: F::Element,
    /// The columns that were added to it, each a simplex; itself, with coefficient one, is left out.
    pub(super) terms: Vec<(K, F::Element)>,
}

/// A list that grows at its end, and whose items stay where they are.
#[derive(Debug)]
struct Segments<T> {
    segments: [OnceLock<Held<OnceLock<T>>>; N_SEGMENTS],
    len: AtomicUsize,
    budget: Budget,
}

impl<T> Segments<T> {
    fn new(budget: &Budget) -> Self {
        Self {
            segments: std::array::from_fn(|_| OnceLock::new()),
            len: AtomicUsize::new(0),
            budget: budget.clone(),
        }
    }

    /// The segment of an item, and its place there.
    fn place(at: usize) -> (usize, usize) {
        let segment = (at / FIRST_SEGMENT + 1).ilog2() as usize;
        (segment, at - FIRST_SEGMENT * ((1 << segment) - 1))
    }

    fn get(&self, at: usize) -> Option<&T> {
        let (segment, place) = Self::place(at);
        self.segments[segment].get()?[place].get()
    }

    /// Appends an item; where it is.
    fn push(&self, item: T) -> Result<usize, Error> {
        let at = self.len.fetch_add(1, Ordering::Relaxed);
        let (segment, place) = Self::place(at);
        let segment_len = FIRST_SEGMENT << segment;
        let Some(items) = self.segments.get(segment) else {
            let expected =
                format!("fewer than {at} reduced columns; lower max_dim or the threshold");
            return Err(Error::invalid("input", expected, at));
        };
        let items = if let Some(items) = items.get() {
            items
        } else {
            let mut fresh = Held::with_capacity(&self.budget, segment_len)?;
            fresh.extend((0..segment_len).map(|_| OnceLock::new()))?;
            // Of several threads that bring one, one is heard.
            items.get_or_init(|| fresh)
        };
        // Nobody else has this place.
        items[place].get_or_init(|| item);
        Ok(at)
    }
}

/// The reduced columns of one dimension.
#[derive(Debug)]
pub(super) struct Pivots<K, F: Field> {
    /// A power of two of them: nothing, or one more than the place of a column. At most half are ever taken.
    slots: Held<AtomicU32>,
    kept: Segments<Kept<K, F>>,
}

/// What [`Pivots::find`] found: where the pivot is or would be, and what is there.
#[derive(Debug)]
pub(super) struct Slot<'a, K, F: Field> {
    at: usize,
    seen: u32,
    pub(super) kept: Option<&'a Kept<K, F>>,
}

impl<K: Key, F: Field> Pivots<K, F> {
    /// Room for the pivots of `n_columns` columns.
    pub(super) fn new(n_columns: usize, budget: &Budget) -> Result<Self, Error> {
        let n_slots = (2 * n_columns).next_power_of_two();
        let mut slots = Held::with_capacity(budget, n_slots)?;
        slots.extend((0..n_slots).map(|_| AtomicU32::new(0)))?;
        let kept = Segments::new(budget);
        Ok(Self { slots, kept })
    }

    /// Looks for a pivot.
    #[inline]
    pub(super) fn find(&self, pivot: K) -> Slot<'_, K, F> {
        let mask = self.slots.len() - 1;
        let mut at = pivot.mixed() as usize & mask;
        loop {
            let seen = self.slots[at].load(Ordering::Acquire);
            let kept = self.column_in(seen);
            if kept.is_none_or(|kept| kept.pivot == pivot) {
                return Slot { at, seen, kept };
            }
            at = (at + 1) & mask;
        }
    }

    /// Whether a column has this pivot.
    pub(super) fn contains(&self, pivot: K) -> bool {
        self.find(pivot).kept.is_some()
    }

    /// Puts a column where its pivot was looked for, unless something has come there since. Whether it is there now.
    pub(super) fn claim(&self, slot: &Slot<K, F>, kept: Kept<K, F>) -> Result<bool, Error> {
        let place = self.kept.push(kept)? as u32 + 1;
        let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
        let outcome = self.slots[slot.at].compare_exchange(slot.seen, place, success, failure);
        Ok(outcome.is_ok())
    }

    /// All reduced columns, in no particular order.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Kept<K, F>> {
        let slots = self.slots.iter();
        slots.filter_map(|slot| self.column_in(slot.load(Ordering::Relaxed)))
    }

    fn column_in(&self, slot: u32) -> Option<&Kept<K, F>> {
        let at = slot.checked_sub(1)?;
        self.kept.get(at as usize)
    }
}
