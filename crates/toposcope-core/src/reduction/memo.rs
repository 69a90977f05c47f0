//! Columns remembered by key, end to end in one allocation.

use std::num::NonZeroUsize;

use super::Field;
use super::table::{Table, TableKey};
use crate::Error;
use crate::memory::{Budget, Held};

/// A map to columns.
#[derive(Debug)]
pub(crate) struct Memo<K, F: Field> {
    /// By key: where its column starts. All empty columns are one, at the very front.
    starts: Table<K, NonZeroUsize>,
    /// Columns one after the other, each after an entry whose row is its length.
    entries: Held<(u32, F::Element)>,
}

impl<K: TableKey, F: Field> Memo<K, F> {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self {
            starts: Table::new(budget),
            entries: Held::new(budget),
        }
    }

    /// The most that is set aside for so many columns with so many entries in all.
    pub(crate) fn bytes(n_columns: usize, n_entries: usize) -> usize {
        let entries = Held::<(u32, F::Element)>::bytes_while_growing(n_columns + n_entries);
        Table::<K, NonZeroUsize>::bytes_while_growing(n_columns) + entries
    }

    #[inline]
    pub(crate) fn get(&self, key: K) -> Option<&[(u32, F::Element)]> {
        let start = self.starts.get(key)?.get();
        let len = self.entries[start - 1].0 as usize;
        Some(&self.entries[start..start + len])
    }

    #[inline]
    pub(crate) fn contains(&self, key: K) -> bool {
        self.starts.get(key).is_some()
    }

    /// Remembers the column of a key that has none yet.
    ///
    /// # Errors
    /// Those of memory.
    pub(crate) fn insert(
        &mut self,
        field: F,
        key: K,
        column: &[(u32, F::Element)],
    ) -> Result<(), Error> {
        let mut start = NonZeroUsize::MIN;
        if self.entries.is_empty() {
            self.entries.push((0, field.one()))?;
        }
        if !column.is_empty() {
            self.entries.push((column.len() as u32, field.one()))?;
            start = start.saturating_add(self.entries.len() - 1);
            self.entries.extend_from_slice(column)?;
        }
        self.starts.insert(key, start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduction::Zp;

    #[test]
    fn columns_come_back() {
        let field = Zp::new(3);
        let mut memo = Memo::new(&Budget::unlimited());
        for key in 0..100u32 {
            let column: Vec<(u32, u16)> = (0..key % 5).map(|row| (key + row, 1)).collect();
            assert!(!memo.contains(key));
            memo.insert(field, key, &column).unwrap();
        }
        for key in 0..100u32 {
            let rows = memo.get(key).unwrap().iter().map(|entry| entry.0);
            assert!(rows.eq((0..key % 5).map(|row| key + row)));
        }
        assert_eq!(memo.get(100), None);
    }
}
