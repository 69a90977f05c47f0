//! The edges in filtration order, each with what is known of its lune.

use super::certificate::Certificate;
use crate::Error;
use crate::lune::bits;
use crate::memory::{Budget, Held};

/// An edge, and what is known of its lune.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) length: f64,
    /// The larger slot in the upper half.
    ends: u32,
    certificate: u32,
}

impl Entry {
    /// Nothing is known yet.
    pub(super) fn new(a: u32, b: u32, length: f64) -> Self {
        Self {
            // Adding zero turns -0.0, which would sort before 0.0, into it.
            length: length + 0.0,
            ends: a.max(b) << 16 | a.min(b),
            certificate: Certificate::Unknown.pack(),
        }
    }

    /// The larger slot first.
    #[inline(always)]
    pub(super) fn ends(&self) -> [u32; 2] {
        [self.ends >> 16, self.ends & 0xffff]
    }

    #[inline(always)]
    pub(super) fn certificate(&self) -> Certificate {
        Certificate::unpack(self.certificate)
    }

    #[inline(always)]
    pub(super) fn certify(&mut self, certificate: Certificate) {
        self.certificate = certificate.pack();
    }

    /// Edges go by length, and those of equal length by their slots. A vertex keeps its slot, so the order of two edges never changes.
    fn is_before(&self, other: &Self) -> bool {
        self.length < other.length || self.length == other.length && self.ends < other.ends
    }
}

/// The edges between all vertices that are there, as far as they are not too long to count.
#[derive(Debug)]
pub(super) struct Order {
    entries: Held<Entry>,
}

impl Order {
    /// None yet, with room for all between so many slots.
    pub(super) fn new(n_slots: usize, budget: &Budget) -> Result<Self, Error> {
        let n_pairs = n_slots * n_slots.saturating_sub(1) / 2;
        let entries = Held::with_capacity(budget, n_pairs)?;
        Ok(Self { entries })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline(always)]
    pub(super) fn entry(&self, rank: usize) -> &Entry {
        &self.entries[rank]
    }

    pub(super) fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }

    /// Drops the edges of these vertices.
    pub(super) fn drop_those_of(&mut self, gone: &[u64]) {
        if !bits::is_empty(gone) {
            let is_gone = |v: u32| bits::contains(gone, v as usize);
            self.entries.retain(|e| !e.ends().into_iter().any(is_gone));
        }
    }

    /// Takes in one more, for which there is room. Nothing is in order again before [`Self::sort_from`].
    pub(super) fn add(&mut self, entry: Entry) -> Result<(), Error> {
        self.entries.push(entry)
    }

    /// Puts those from a place on, which have been added, where they belong among those before.
    pub(super) fn sort_from(&mut self, end: usize) -> Result<(), Error> {
        // Lengths are finite.
        let in_order =
            |x: &Entry, y: &Entry| x.length.total_cmp(&y.length).then(x.ends.cmp(&y.ends));
        self.entries[end..].sort_unstable_by(in_order);
        if end == 0 {
            return Ok(());
        }
        let mut more = Held::new(self.entries.budget());
        more.extend_from_slice(&self.entries[end..])?;
        // From the last on, what is longer than each moves behind it as a whole.
        let mut end = end;
        for (before, entry) in more.iter().enumerate().rev() {
            let place = self.entries[..end].partition_point(|e| e.is_before(entry));
            self.entries.copy_within(place..end, place + before + 1);
            self.entries[place + before] = *entry;
            end = place;
        }
        Ok(())
    }
}
