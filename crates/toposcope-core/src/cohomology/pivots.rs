//! Reduced columns by their pivots, for many threads at once and without a lock.
//!
//! Columns are published once, at the end of a list that only grows, and never change or go. The table from pivots to
//! columns holds places in that list: a slot that has a pivot keeps it for ever, while the column that has it may be replaced by an earlier one.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::memory::{Budget, Held};
use crate::reduction::Field;
use crate::simplex::Key;
use crate::{Control, Error};

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
struct List<T> {
    segments: [OnceLock<Held<OnceLock<T>>>; N_SEGMENTS],
    len: AtomicUsize,
    /// Held by the one thread that brings a segment.
    growing: Mutex<()>,
    budget: Budget,
}

impl<T> List<T> {
    fn new(budget: &Budget) -> Self {
        Self {
            segments: std::array::from_fn(|_| OnceLock::new()),
            len: AtomicUsize::new(0),
            growing: Mutex::new(()),
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
    fn push(&self, item: T, tick: impl Fn(u32) -> Result<(), Error>) -> Result<usize, Error> {
        let at = self.len.fetch_add(1, Ordering::Relaxed);
        let (segment, place) = Self::place(at);
        let segment_len = FIRST_SEGMENT << segment;
        let Some(items) = self.segments.get(segment) else {
            let expected =
                format!("fewer than {at} reduced columns; lower max_dim or the threshold");
            return Err(Error::invalid("input", expected, at));
        };
        let items = loop {
            if let Some(items) = items.get() {
                break items;
            }
            self.grow(items, segment_len, &tick)?;
        };
        // Nobody else has this place.
        items[place].get_or_init(|| item);
        Ok(at)
    }

    /// Brings a segment, if nobody else is about to: then waits a little. So no memory is asked for twice.
    fn grow(
        &self,
        segment: &OnceLock<Held<OnceLock<T>>>,
        len: usize,
        tick: &impl Fn(u32) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Ok(_guard) = self.growing.try_lock() else {
            std::thread::yield_now();
            return tick(1);
        };
        if segment.get().is_none() {
            let mut items = Held::with_capacity(&self.budget, len)?;
            let empty = (0..len).map(|_| OnceLock::new());
            items.extend_in_chunks(len, empty, tick)?;
            segment.get_or_init(|| items);
        }
        Ok(())
    }
}

/// The reduced columns of one dimension.
#[derive(Debug)]
pub(super) struct Pivots<K, F: Field> {
    /// A power of two of them: nothing, or one more than the place of a column. At most half are ever taken.
    slots: Held<AtomicU32>,
    kept: List<Kept<K, F>>,
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
    pub(super) fn new(n_columns: usize, control: &Control) -> Result<Self, Error> {
        let n_slots = (2 * n_columns).next_power_of_two();
        let mut slots = Held::with_capacity(control.budget(), n_slots)?;
        let empty = (0..n_slots).map(|_| AtomicU32::new(0));
        slots.extend_in_chunks(n_slots, empty, |work| control.tick(work))?;
        let kept = List::new(control.budget());
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
    /// `tick` is asked as in [`Held::extend_in_chunks`].
    pub(super) fn claim(
        &self,
        slot: &Slot<K, F>,
        kept: Kept<K, F>,
        tick: impl Fn(u32) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let place = self.kept.push(kept, tick)? as u32 + 1;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduction::Z2;

    fn never(_: u32) -> Result<(), Error> {
        Control::none().tick(1)
    }

    #[test]
    fn segments_follow_each_other() {
        let mut next = (0, 0);
        for at in 0..10_000 {
            assert_eq!(List::<u8>::place(at), next);
            next.1 += 1;
            if next.1 == FIRST_SEGMENT << next.0 {
                next = (next.0 + 1, 0);
            }
        }
        let list = List::new(&Budget::unlimited());
        assert!((0..1000).all(|i| list.push(i, never) == Ok(i)));
        assert!((0..1000).all(|i| list.get(i) == Some(&i)));
        assert_eq!(list.get(1000), None);
    }

    fn kept(column: u32, pivot: u64) -> Kept<u64, Z2> {
        Kept {
            column,
            pivot,
            lead: Z2.one(),
            terms: Vec::new(),
        }
    }

    #[test]
    fn who_looked_too_long_ago_claims_nothing() {
        let pivots = Pivots::new(2, &Control::none()).unwrap();
        let (slot, stale) = (pivots.find(7), pivots.find(7));
        assert!(slot.kept.is_none() && pivots.claim(&slot, kept(5, 7), never).unwrap());
        assert!(!pivots.claim(&stale, kept(4, 7), never).unwrap());
        let slot = pivots.find(7);
        assert_eq!(slot.kept.map(|kept| kept.column), Some(5));
        assert!(pivots.claim(&slot, kept(3, 7), never).unwrap());
        assert!(pivots.contains(7) && !pivots.contains(8));
        assert!(pivots.columns().map(|kept| kept.column).eq([3]));
    }

    #[test]
    fn the_earliest_of_many_threads_has_the_pivot() {
        let (n_pivots, n_threads) = (100, 4);
        let pivots = Pivots::new(n_pivots, &Control::none()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..n_threads {
                let pivots = &pivots;
                scope.spawn(move || {
                    for pivot in 0..n_pivots as u64 {
                        loop {
                            let slot = pivots.find(pivot);
                            let taken = slot.kept.is_some_and(|kept| kept.column <= thread);
                            if taken || pivots.claim(&slot, kept(thread, pivot), never).unwrap() {
                                break;
                            }
                        }
                    }
                });
            }
        });
        assert_eq!(pivots.columns().count(), n_pivots);
        assert!(pivots.columns().all(|kept| kept.column == 0));
    }
}
