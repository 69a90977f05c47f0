//! The vector that asks before it allocates.

use std::ops::{Deref, DerefMut};

use super::{Budget, Lease, refused_by_system};
use crate::Error;

/// Items written between two polls of a long fill, in bytes: some tenths of a millisecond of fresh memory.
const CHUNK_BYTES: usize = 1 << 20;
/// About how many microseconds such a chunk takes.
const TICKS_PER_CHUNK: u32 = 256;
/// Room that a vector starts with, in items.
const FEWEST: usize = 4;

/// A vector whose memory is reserved in a [`Budget`]. It reads as a slice; whatever may allocate can fail, and then changes nothing.
#[derive(Debug)]
pub struct Held<T> {
    items: Vec<T>,
    /// Covers the capacity, exactly.
    lease: Lease,
}

impl<T> Held<T> {
    /// An empty vector, which holds nothing yet.
    pub fn new(budget: &Budget) -> Self {
        Self {
            items: Vec::new(),
            lease: budget.lease(),
        }
    }

    /// An empty vector with room for `capacity` items.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`].
    pub fn with_capacity(budget: &Budget, capacity: usize) -> Result<Self, Error> {
        let mut held = Self::new(budget);
        held.grow_to(capacity)?;
        Ok(held)
    }

    /// The most that is set aside while a vector grows to `count` items one by one: two thirds of its room stay while half as much again is
    /// asked for.
    pub(crate) const fn bytes_while_growing(count: usize) -> usize {
        count.saturating_mul(size_of::<T>()).saturating_mul(5) / 2
    }

    /// The most that is set aside once it has.
    pub(crate) const fn bytes_once_grown(count: usize) -> usize {
        count.saturating_mul(size_of::<T>()).saturating_mul(3) / 2
    }

    /// Takes over a vector that was reserved some other way: `lease` has to cover its capacity.
    pub fn from_parts(items: Vec<T>, lease: Lease) -> Self {
        debug_assert_eq!(lease.bytes, (items.capacity() * size_of::<T>()) as u64);
        Self { items, lease }
    }

    /// The vector, and what is set aside for it.
    pub fn into_parts(self) -> (Vec<T>, Lease) {
        (self.items, self.lease)
    }

    /// Appends an item.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`].
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), Error> {
        if self.items.len() == self.items.capacity() {
            self.reserve(1)?;
        }
        self.items.push(item);
        Ok(())
    }

    /// Appends copies of `items`.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`].
    pub fn extend_from_slice(&mut self, items: &[T]) -> Result<(), Error>
    where
        T: Clone,
    {
        self.reserve(items.len())?;
        self.items.extend_from_slice(items);
        Ok(())
    }

    /// Appends whatever comes, growing as needed; of an iterator that knows its length, at once.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`]; what fitted before is in.
    pub fn extend(&mut self, items: impl IntoIterator<Item = T>) -> Result<(), Error> {
        let mut items = items.into_iter();
        loop {
            self.reserve(items.size_hint().0)?;
            let room = self.items.capacity() - self.items.len();
            self.items.extend(items.by_ref().take(room));
            // There may be more than there was room for.
            let Some(item) = items.next() else {
                return Ok(());
            };
            self.push(item)?;
        }
    }

    /// Appends `items`, of which there are `count`, with a `tick` per millisecond or so: its argument is about how many microseconds
    /// have passed.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`], and those of `tick`.
    pub fn extend_in_chunks(
        &mut self,
        count: usize,
        items: impl IntoIterator<Item = T>,
        tick: impl Fn(u32) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.reserve(count)?;
        let chunk = CHUNK_BYTES / size_of::<T>().max(1);
        let mut items = items.into_iter().take(count);
        for _ in 0..count.div_ceil(chunk) {
            self.items.extend(items.by_ref().take(chunk));
            tick(TICKS_PER_CHUNK)?;
        }
        Ok(())
    }

    /// Appends copies of `items` in chunks: see [`Self::extend_in_chunks`].
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`], and those of `tick`.
    pub fn copy_in_chunks(
        &mut self,
        items: &[T],
        tick: impl Fn(u32) -> Result<(), Error>,
    ) -> Result<(), Error>
    where
        T: Copy,
    {
        self.reserve(items.len())?;
        for chunk in items.chunks(CHUNK_BYTES / size_of::<T>().max(1)) {
            self.items.extend_from_slice(chunk);
            tick(TICKS_PER_CHUNK)?;
        }
        Ok(())
    }

    /// `count` times `value`, filled in chunks: see [`Self::extend_in_chunks`].
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`], and those of `tick`.
    pub fn filled(
        budget: &Budget,
        value: T,
        count: usize,
        tick: impl Fn(u32) -> Result<(), Error>,
    ) -> Result<Self, Error>
    where
        T: Clone,
    {
        let mut held = Self::with_capacity(budget, count)?;
        let chunk = CHUNK_BYTES / size_of::<T>().max(1);
        while held.items.len() < count {
            let len = count.min(held.items.len() + chunk);
            held.items.resize(len, value.clone());
            tick(TICKS_PER_CHUNK)?;
        }
        Ok(held)
    }

    /// Makes it `len` items long, with copies of `value` where there are none.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`].
    pub fn resize(&mut self, len: usize, value: T) -> Result<(), Error>
    where
        T: Clone,
    {
        self.reserve(len.saturating_sub(self.items.len()))?;
        self.items.resize(len, value);
        Ok(())
    }

    /// Makes room for `additional` more items, and for half as many as there are if that is more.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`].
    pub fn reserve(&mut self, additional: usize) -> Result<(), Error> {
        let (len, capacity) = (self.items.len(), self.items.capacity());
        if capacity - len >= additional {
            return Ok(());
        }
        let needed = len.saturating_add(additional);
        self.grow_to(needed.max(capacity + capacity / 2).max(FEWEST))
    }

    /// Makes room for `additional` more items and not for any beyond them.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`].
    pub fn reserve_exact(&mut self, additional: usize) -> Result<(), Error> {
        if self.items.capacity() - self.items.len() >= additional {
            return Ok(());
        }
        self.grow_to(self.items.len().saturating_add(additional))
    }

    /// Removes the last item and gives it back.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop()
    }

    /// Removes the items from `len` on; their room stays.
    pub fn truncate(&mut self, len: usize) {
        self.items.truncate(len);
    }

    /// Removes all items; their room stays.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// Keeps the items for which `keep` says so; their room stays.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.items.retain(keep);
    }

    /// The budget in which its memory is reserved.
    pub fn budget(&self) -> &Budget {
        self.lease.budget()
    }

    /// Bytes set aside.
    pub fn bytes(&self) -> u64 {
        self.lease.bytes
    }

    /// Removes repetitions of the item before; their room stays.
    pub fn dedup(&mut self)
    where
        T: PartialEq,
    {
        self.items.dedup();
    }

    /// Gives back the room that no item needs. Asks for it first, as old and new live side by side for a moment; where that does not
    /// fit, nothing changes.
    pub fn shrink_to_fit(&mut self) {
        let exact = self.items.len() * size_of::<T>();
        if self.lease.grow(exact).is_ok() {
            self.items.shrink_to_fit();
            self.settle();
        }
    }

    /// Old and new are both counted until the old one is gone.
    fn grow_to(&mut self, capacity: usize) -> Result<(), Error> {
        let bytes = capacity.saturating_mul(size_of::<T>());
        self.lease.grow(bytes)?;
        let additional = capacity - self.items.len();
        let granted = self.items.try_reserve_exact(additional);
        self.settle();
        granted.map_err(|_| refused_by_system((self.lease.bytes as usize).saturating_add(bytes)))
    }

    /// Brings the lease back to what the vector has.
    fn settle(&mut self) {
        self.lease.shrink_to(self.items.capacity() * size_of::<T>());
    }
}

impl<T> Deref for Held<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> DerefMut for Held<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<T: PartialEq> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<T> AsRef<[T]> for Held<T> {
    fn as_ref(&self) -> &[T] {
        &self.items
    }
}

impl<'a, T> IntoIterator for &'a Held<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T> IntoIterator for Held<T> {
    type Item = T;
    type IntoIter = HeldIntoIter<T>;

    fn into_iter(self) -> HeldIntoIter<T> {
        HeldIntoIter {
            items: self.items.into_iter(),
            _lease: self.lease,
        }
    }
}

/// Iterator over the items of a [`Held`] by value; gives its bytes back when dropped.
#[derive(Debug)]
pub struct HeldIntoIter<T> {
    items: std::vec::IntoIter<T>,
    _lease: Lease,
}

impl<T> Iterator for HeldIntoIter<T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.items.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl<T> ExactSizeIterator for HeldIntoIter<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::SLACK;

    fn never(_: u32) -> Result<(), Error> {
        crate::Control::none().tick(1)
    }

    #[test]
    fn a_vector_holds_what_it_has_room_for() {
        let budget = Budget::unlimited();
        let mut held = Held::new(&budget);
        assert_eq!(budget.live(), 0);
        for i in 0..1000u64 {
            held.push(i).unwrap();
            assert_eq!(budget.live(), 8 * held.items.capacity() as u64);
        }
        held.extend((1000..1500).filter(|i| i % 2 == 0)).unwrap();
        held.extend_from_slice(&[7, 7]).unwrap();
        held.extend_in_chunks(2, 0..10, never).unwrap();
        held.copy_in_chunks(&[2], never).unwrap();
        assert_eq!((held.len(), held[1249], held[1254]), (1255, 1498, 2));
        assert_eq!(budget.live(), 8 * held.items.capacity() as u64);
        held.truncate(5);
        held.shrink_to_fit();
        assert_eq!((budget.live(), held.pop()), (40, Some(4)));
        let (items, lease) = held.into_parts();
        assert_eq!((items.len(), lease.bytes()), (4, 40));
        let held = Held::from_parts(items, lease);
        assert_eq!(held.into_iter().sum::<u64>(), 6);
        assert_eq!(budget.live(), 0);
    }

    #[test]
    fn growing_counts_old_and_new() {
        let budget = Budget::limited(SLACK + 100);
        let mut held = Held::<u8>::with_capacity(&budget, 40).unwrap();
        held.resize(40, 1).unwrap();
        assert!(held.reserve(21).is_err());
        assert_eq!((held.len(), budget.live()), (40, SLACK + 40));
        held.reserve(20).unwrap();
        assert_eq!((budget.live(), budget.peak()), (SLACK + 60, SLACK + 100));
    }

    #[test]
    fn a_fill_can_be_stopped_and_refused() {
        let budget = Budget::limited(SLACK + (4 << 20));
        assert!(Held::filled(&budget, 0u64, 1 << 20, never).is_err());
        let stop = |_| Err(Error::Interrupted);
        let stopped = Held::filled(&budget, 0u64, 1 << 19, stop);
        assert_eq!(stopped.unwrap_err(), Error::Interrupted);
        assert_eq!(Held::filled(&budget, 3u64, 1 << 19, never).unwrap()[9], 3);
        assert_eq!(budget.live(), SLACK);
    }

    #[test]
    fn the_systems_refusal_is_an_error() {
        let budget = Budget::unlimited();
        for capacity in [1 << 58, usize::MAX] {
            let refusal = Held::<u64>::with_capacity(&budget, capacity).unwrap_err();
            assert!(matches!(
                refusal,
                Error::OutOfMemory { .. } | Error::MemoryLimit { .. }
            ));
            assert_eq!(budget.live(), 0);
        }
    }
}
