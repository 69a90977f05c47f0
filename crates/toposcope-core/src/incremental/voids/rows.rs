//! The graph of the edges that a sweep has passed, in bits.

use crate::Error;
use crate::lune::{Graph, bits};
use crate::memory::{Budget, Held};

/// A set of neighbours per slot.
#[derive(Debug)]
pub(super) struct Rows {
    bits: Held<u64>,
    words: usize,
}

impl Rows {
    /// Without any edge.
    pub(super) fn new(n_slots: usize, budget: &Budget) -> Result<Self, Error> {
        let words = bits::words_for(n_slots);
        Ok(Self {
            bits: Held::filled(budget, 0, n_slots * words, |_| Ok(()))?,
            words,
        })
    }

    /// Words of a set of slots.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Forgets all edges.
    pub(super) fn clear(&mut self) {
        self.bits.fill(0);
    }

    #[inline(always)]
    pub(super) fn row(&self, v: u32) -> &[u64] {
        &self.bits[v as usize * self.words..][..self.words]
    }

    pub(super) fn graph(&self) -> Graph<'_> {
        Graph::new(&self.bits, self.words, None)
    }

    /// Passes an edge.
    #[inline(always)]
    pub(super) fn pass(&mut self, [a, b]: [u32; 2]) {
        bits::insert(&mut self.bits[a as usize * self.words..], b as usize);
        bits::insert(&mut self.bits[b as usize * self.words..], a as usize);
    }

    /// Makes `common` the neighbours of `v` in a set; whether there are any.
    #[inline(always)]
    pub(super) fn neighbours_in(&self, v: u32, set: &[u64], common: &mut [u64]) -> bool {
        let mut any = 0;
        for ((common, x), y) in common.iter_mut().zip(self.row(v)).zip(set) {
            *common = x & y;
            any |= *common;
        }
        any != 0
    }
}
