//! Rows of bits: the edges passed so far, a set of neighbours per vertex.

use std::ops::Range;

use super::bits;
use super::graph::Graph;
use crate::filtration::EdgeFiltration;

/// The graph of all edges before one of them. Moves forward only.
#[derive(Debug)]
pub(super) struct Rows<'f> {
    filtration: &'f EdgeFiltration,
    /// The first edge that has not been passed.
    at: u32,
    bits: Vec<u64>,
    words: usize,
}

impl<'f> Rows<'f> {
    pub(super) fn new(filtration: &'f EdgeFiltration) -> Self {
        let words = bits::words_for(filtration.n());
        Self {
            filtration,
            at: 0,
            bits: vec![0; filtration.n() * words],
            words,
        }
    }

    /// The neighbours of `v`.
    #[inline]
    pub(super) fn row(&self, v: u32) -> &[u64] {
        &self.bits[v as usize * self.words..][..self.words]
    }

    /// The whole graph.
    pub(super) fn graph(&self) -> Graph<'_> {
        Graph::new(&self.bits, self.words, None)
    }

    /// Passes all edges before `rank`.
    pub(super) fn advance_to(&mut self, rank: u32) {
        debug_assert!(rank >= self.at, "rows never forget an edge");
        for passed in self.at..rank {
            let [a, b] = self.filtration.ends(passed);
            bits::insert(&mut self.bits[a as usize * self.words..], b as usize);
            bits::insert(&mut self.bits[b as usize * self.words..], a as usize);
        }
        self.at = rank;
    }

    /// The lune of the first edge that has not been passed.
    pub(super) fn lune(&self) -> impl Iterator<Item = u64> + '_ {
        let [a, b] = self.filtration.ends(self.at);
        self.row(a).iter().zip(self.row(b)).map(|(x, y)| x & y)
    }

    /// One vertex of each component of that lune which does not contain the vertex nearest to the edge.
    pub(super) fn other_components(&self) -> Vec<u32> {
        let lune: Vec<u64> = self.lune().collect();
        let mut left = lune.clone();
        let Some(start) = bits::first(&lune) else {
            return Vec::new();
        };
        self.graph().remove_component(start, &mut left);
        if bits::is_empty(&left) {
            return Vec::new();
        }
        let nearest = self.filtration.nearest_in_lune(self.at);
        let root = nearest.map_or(start, |v| v as usize);
        let others = self.graph().other_components(root, &lune);
        others.into_iter().map(|v| v as u32).collect()
    }
}

/// The ranks in one of the blocks of `size` edges into which a filtration is cut.
pub(super) fn block_of(filtration: &EdgeFiltration, block: usize, size: usize) -> Range<u32> {
    let end = filtration.len().min((block + 1) * size);
    (block * size) as u32..end as u32
}
