//! An open-addressing table for keys of our own making.

use crate::Error;
use crate::memory::{Budget, Held};

/// Slots of a table that has any.
const FEWEST_SLOTS: usize = 64;

/// What a table is indexed by: packed vertices or ranks. Nobody chooses them to collide.
pub(crate) trait TableKey: Copy + Eq {
    /// Its bits, spread over a word.
    fn mixed(self) -> u64;
}

impl TableKey for u32 {
    #[inline]
    fn mixed(self) -> u64 {
        u64::from(self).mixed()
    }
}

impl TableKey for u64 {
    #[inline]
    fn mixed(self) -> u64 {
        let wide = u128::from(self ^ 0x2545_F491_4F6C_DD1D) * 0x9E37_79B9_7F4A_7C15;
        (wide >> 64) as u64 ^ wide as u64
    }
}

impl TableKey for u128 {
    #[inline]
    fn mixed(self) -> u64 {
        (self as u64 ^ ((self >> 64) as u64).mixed()).mixed()
    }
}

/// A map that is never iterated, so that its order reaches no result. Values should have a niche: then a slot is no larger
/// than a key and a value.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    /// A power of two of them, or none; at most five in eight are taken.
    slots: Held<Option<(K, V)>>,
    len: usize,
}

impl<K: TableKey, V: Copy> Table<K, V> {
    pub(crate) fn new(budget: &Budget) -> Self {
        let slots = Held::new(budget);
        Self { slots, len: 0 }
    }

    #[inline]
    pub(crate) fn get(&self, key: K) -> Option<V> {
        if self.slots.is_empty() {
            return None;
        }
        let (_, value) = self.slots[self.slot_of(key)]?;
        Some(value)
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// Those of memory; then nothing changes.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Result<(), Error> {
        if 8 * (self.len + 1) > 5 * self.slots.len() {
            self.grow()?;
        }
        let slot = self.slot_of(key);
        self.len += usize::from(self.slots[slot].is_none());
        self.slots[slot] = Some((key, value));
        Ok(())
    }

    /// Where `key` is, or would be.
    #[inline]
    fn slot_of(&self, key: K) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = key.mixed() as usize & mask;
        while self.slots[slot].is_some_and(|(other, _)| other != key) {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// The most that is set aside for a table of so many values, while it grows: the slots, and before them half as many.
    pub(crate) fn bytes_while_growing(len: usize) -> usize {
        let slots = (8 * len).div_ceil(5).next_power_of_two().max(FEWEST_SLOTS);
        slots * size_of::<Option<(K, V)>>() * 3 / 2
    }

    fn grow(&mut self) -> Result<(), Error> {
        let capacity = (2 * self.slots.len()).max(FEWEST_SLOTS);
        let mut slots = Held::with_capacity(self.slots.budget(), capacity)?;
        slots.resize(capacity, None)?;
        let full = std::mem::replace(&mut self.slots, slots);
        for (key, value) in full.iter().copied().flatten() {
            let slot = self.slot_of(key);
            self.slots[slot] = Some((key, value));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn check<K: TableKey>(key: impl Fn(u32) -> K) {
        let mut table = Table::new(&Budget::unlimited());
        assert_eq!(table.get(key(0)), None);
        for i in 1..5000 {
            assert_eq!(table.get(key(i)), None);
            table.insert(key(i), NonZeroU32::new(i).unwrap()).unwrap();
        }
        table.insert(key(7), NonZeroU32::new(70).unwrap()).unwrap();
        assert_eq!(table.len, 4999);
        for i in 1..5000 {
            let expected = if i == 7 { 70 } else { i };
            assert_eq!(table.get(key(i)), NonZeroU32::new(expected));
        }
        assert_eq!(table.get(key(5000)), None);
    }

    #[test]
    fn tables_find_what_was_put_in() {
        check(|i| i);
        check(|i| u64::from(i) << 40);
        check(|i| u128::from(i) << 96);
        assert_eq!(size_of::<Option<(u64, NonZeroU32)>>(), 16);
    }

    #[test]
    fn a_table_over_the_budget_stays_as_it_is() {
        let mut table = Table::new(&Budget::limited(crate::memory::SLACK + 4000));
        let mut put = 0u32;
        while table.insert(put, NonZeroU32::MIN).is_ok() {
            put += 1;
        }
        assert!(put > 0 && (0..put).all(|key| table.get(key).is_some()));
        assert_eq!(table.get(put), None);
    }
}
