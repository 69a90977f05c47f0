//! Columns remembered by key, end to end in one allocation.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::Field;

/// A map to columns. Never iterated, so its order reaches no result.
#[derive(Debug)]
pub(crate) struct Memo<K, F: Field> {
    places: HashMap<K, (usize, usize), BuildHasherDefault<Mixer>>,
    entries: Vec<(u32, F::Element)>,
}

impl<K: Eq + Hash, F: Field> Memo<K, F> {
    pub(crate) fn new() -> Self {
        Self {
            places: HashMap::default(),
            entries: Vec::new(),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&[(u32, F::Element)]> {
        let &(from, to) = self.places.get(key)?;
        Some(&self.entries[from..to])
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    pub(crate) fn insert(&mut self, key: K, column: &[(u32, F::Element)]) {
        let from = self.entries.len();
        self.entries.extend_from_slice(column);
        self.places.insert(key, (from, self.entries.len()));
    }
}

/// Multiply and fold: keys are packed vertices and ranks of our own making, nobody chooses them to collide.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (wide >> 64) as u64 ^ wide as u64;
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.mix(u64::from(byte));
        }
    }
    fn write_u32(&mut self, word: u32) {
        self.mix(u64::from(word) + 1);
    }
    fn write_u128(&mut self, word: u128) {
        self.mix(word as u64 ^ 0x2545_F491_4F6C_DD1D);
        self.mix((word >> 64) as u64);
    }
}
