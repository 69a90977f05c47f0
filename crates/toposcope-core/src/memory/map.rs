//! The hash map that asks before it allocates.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use super::{Budget, Lease, refused_by_system};
use crate::Error;

/// A hash map whose table is reserved in a [`Budget`]. While it grows, the old table and one twice as large are counted.
#[derive(Debug)]
pub struct HeldMap<K, V, S> {
    map: HashMap<K, V, S>,
    lease: Lease,
}

impl<K: Eq + Hash, V, S: BuildHasher + Default> HeldMap<K, V, S> {
    /// An empty map, which holds nothing yet.
    pub fn new(budget: &Budget) -> Self {
        Self {
            map: HashMap::default(),
            lease: budget.lease(),
        }
    }

    /// Puts a value in, in the place of any that was there.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`]; nothing has changed then.
    #[inline]
    pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, Error> {
        if self.map.len() == self.map.capacity() {
            self.grow()?;
        }
        Ok(self.map.insert(key, value))
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    /// The value of a key, to change.
    #[inline]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    /// Takes a value out.
    #[inline]
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.map.remove(key)
    }

    /// Whether there is a value for the key.
    #[inline]
    pub fn contains_key(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// All keys and values, in an order that must reach no result.
    pub fn drain(&mut self) -> impl Iterator<Item = (K, V)> + '_ {
        self.map.drain()
    }

    fn grow(&mut self) -> Result<(), Error> {
        // Capacity leaves one place of eight free; a full table is replaced by one of twice the size.
        let doubled = Self::table_bytes(2 * self.map.capacity() + 1);
        self.lease.grow(doubled)?;
        let granted = self.map.try_reserve(1);
        self.lease.shrink_to(Self::table_bytes(self.map.capacity()));
        granted.map_err(|_| refused_by_system(self.lease.bytes() as usize + doubled))
    }

    /// Bytes of a table for so many values: a power of two of places, a byte of control each, and some more at the end.
    fn table_bytes(capacity: usize) -> usize {
        const MARGIN: usize = 64;
        match capacity {
            0 => 0,
            _ => {
                (capacity * 8).div_ceil(7).next_power_of_two() * (size_of::<(K, V)>() + 1) + MARGIN
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::SLACK;
    use std::hash::RandomState;

    #[test]
    fn a_map_behaves_and_is_counted() {
        let budget = Budget::unlimited();
        let mut map = HeldMap::<u64, u32, RandomState>::new(&budget);
        assert!(map.is_empty() && budget.live() == 0);
        for key in 0..1000 {
            assert_eq!(map.insert(key, key as u32).unwrap(), None);
        }
        assert!(budget.live() >= 1000 * 17 && budget.live() < 4096 * 17);
        assert_eq!(map.insert(5, 7).unwrap(), Some(5));
        *map.get_mut(&6).unwrap() += 1;
        assert_eq!(
            (map.remove(&6), map.get(&5), map.len()),
            (Some(7), Some(&7), 999)
        );
        assert!(!map.contains_key(&6) && map.contains_key(&7));
        assert_eq!(map.drain().count(), 999);
        drop(map);
        assert_eq!(budget.live(), 0);
    }

    #[test]
    fn a_map_is_refused_before_it_grows() {
        let budget = Budget::limited(SLACK + 2000);
        let mut map = HeldMap::<u64, u32, RandomState>::new(&budget);
        let refused = (0..1000).find(|&key| map.insert(key, 0).is_err());
        assert_eq!(refused, Some(map.len() as u64));
        assert!(map.len() > 20 && budget.peak() <= SLACK + 2000);
    }
}
