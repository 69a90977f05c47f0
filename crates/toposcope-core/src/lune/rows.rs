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
    /// By vertex: from which vertex most of the lune of its last edge was reached.
    centres: Vec<u32>,
    /// Scratch: a lune, what of it has been reached, and what has not.
    lune: Vec<u64>,
    reached: Vec<u64>,
    left: Vec<u64>,
}

impl<'f> Rows<'f> {
    pub(super) fn new(filtration: &'f EdgeFiltration) -> Self {
        let words = bits::words_for(filtration.n());
        Self {
            filtration,
            at: 0,
            bits: vec![0; filtration.n() * words],
            words,
            // No vertex is in the lune of an edge of its own.
            centres: (0..filtration.n() as u32).collect(),
            lune: vec![0; words],
            reached: vec![0; words],
            left: vec![0; words],
        }
    }

    /// Bytes of the rows of `n` vertices: a set each, one number each, three sets of scratch, and three more with a list that doubles to
    /// tell the components of a lune.
    pub(super) fn bytes(n: usize) -> usize {
        let set = size_of::<u64>() * bits::words_for(n);
        let lists = size_of::<u32>() + 3 * size_of::<usize>();
        (n.saturating_add(6)).saturating_mul(set) + n * lists
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

    /// The first edge that has not been passed.
    pub(super) fn at(&self) -> u32 {
        self.at
    }

    /// Passes that edge.
    #[inline(always)]
    pub(super) fn pass(&mut self) {
        let [a, b] = self.filtration.ends(self.at);
        bits::insert(&mut self.bits[a as usize * self.words..], b as usize);
        bits::insert(&mut self.bits[b as usize * self.words..], a as usize);
        self.at += 1;
    }

    /// Whether the lune of the first edge that has not been passed is connected, or empty. One vertex mostly reaches all of it, and the same one
    /// as for a neighbouring edge before.
    #[inline(always)]
    pub(super) fn is_connected(&mut self) -> bool {
        let [a, b] = self.filtration.ends(self.at).map(|v| v as usize);
        let words = self.words;
        let row = |v: usize| &self.bits[v * words..][..words];
        let mut any = 0;
        for ((lune, x), y) in self.lune.iter_mut().zip(row(a)).zip(row(b)) {
            *lune = x & y;
            any |= *lune;
        }
        if any == 0 {
            return true;
        }
        let known = [a, b].map(|v| self.centres[v] as usize);
        let known = known.into_iter().find(|&z| bits::contains(&self.lune, z));
        let Some(centre) = known.or_else(|| bits::first(&self.lune)) else {
            return true;
        };
        self.centres[a] = centre as u32;
        self.centres[b] = centre as u32;
        let mut any_left = 0;
        for (k, (lune, row)) in self.lune.iter().zip(row(centre)).enumerate() {
            self.reached[k] = lune & row;
            self.left[k] = lune & !row;
        }
        bits::insert(&mut self.reached, centre);
        bits::remove(&mut self.left, centre);
        for word in &self.left {
            any_left |= word;
        }
        any_left == 0 || self.reaches_all()
    }

    /// Whether what is left of the scratch lune hangs together with what is reached. Asks vertex by vertex whether they touch.
    #[inline(always)]
    fn reaches_all(&mut self) -> bool {
        let words = self.words;
        loop {
            let mut progress = false;
            for k in 0..words {
                let mut candidates = self.left[k];
                while candidates != 0 {
                    let v = k * 64 + candidates.trailing_zeros() as usize;
                    candidates &= candidates - 1;
                    let row = &self.bits[v * words..][..words];
                    if !bits::meet(row, &self.reached) {
                        continue;
                    }
                    progress = true;
                    for (((reached, left), lune), row) in self
                        .reached
                        .iter_mut()
                        .zip(&mut self.left)
                        .zip(&self.lune)
                        .zip(row)
                    {
                        *reached |= lune & row;
                        *left &= !row;
                    }
                    bits::insert(&mut self.reached, v);
                    bits::remove(&mut self.left, v);
                    candidates &= self.left[k];
                }
            }
            if bits::is_empty(&self.left) {
                return true;
            }
            if !progress {
                return false;
            }
        }
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
pub(crate) fn block_of(filtration: &EdgeFiltration, block: usize, size: usize) -> Range<u32> {
    let end = filtration.len().min((block + 1) * size);
    (block * size) as u32..end as u32
}
