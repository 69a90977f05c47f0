//! The sweep over the edges: at each one, its lune and the graph of the shorter edges inside.
//!
//! Two forms with one face. With many edges, a row of bits per vertex holds the edges passed so far, and a lune is the
//! intersection of two rows. With few, sorted lists of neighbours are intersected, and edges not yet passed are told by
//! their ranks.

use super::bits;
use super::graph::Graph;
use super::rows::Rows;
use super::simd::Compression;
use crate::Error;
use crate::filtration::{EdgeFiltration, Neighbours};
use crate::memory::{Budget, Lease};

/// Lunes with fewer than this share of all vertices are gathered into a small graph of their own.
const GATHER_BELOW: usize = 8;

/// Rows of bits are worth their memory, and the time to run through them, while they take at most this many words per edge.
const MOST_WORDS_PER_EDGE: usize = 8;

/// One thread's view of the filtration just before one of its edges. Moves forward only.
#[derive(Debug)]
pub(crate) struct Sweep<'f> {
    filtration: &'f EdgeFiltration,
    /// The first edge that has not been passed.
    at: u32,
    adjacency: Adjacency<'f>,
    lune: Lune,
    /// By vertex: which vertex dominated the lune of its last edge.
    winners: Vec<u32>,
    /// Covers all of this, and as many more sets of vertices as were asked for.
    _lease: Lease,
    /// Covers the graph on a lune that was gathered.
    gathered: Lease,
}

#[derive(Debug)]
enum Adjacency<'f> {
    Rows(Rows<'f>),
    Lists(&'f Neighbours),
}

/// The lune of the edge that was opened last.
#[derive(Debug, Default)]
struct Lune {
    /// Its vertices as a set, where rows of bits are intersected.
    mask: Vec<u64>,
    /// Those of its vertices that may still be adjacent to all the others.
    candidates: Vec<u64>,
    /// Its vertices in ascending order, where lists are intersected or once it is gathered.
    names: Vec<u32>,
    /// Whether what follows is filled in.
    gathered: bool,
    /// The graph on it, by positions in `names`, and the set of all those positions.
    rows: Vec<u64>,
    words: usize,
    everyone: Vec<u64>,
    compression: Compression,
    /// The vertex nearest to the edge. Known where lists are intersected.
    nearest: Option<u32>,
}

impl<'f> Sweep<'f> {
    /// Before the first edge; `n_sets` more sets of vertices are counted.
    pub(crate) fn new(
        filtration: &'f EdgeFiltration,
        n_sets: usize,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let (n, lists) = (filtration.n(), filtration.neighbour_lists());
        let in_rows = Self::is_in_rows(n, filtration.len(), lists.is_some());
        let most = lists.map_or(n, Neighbours::most);
        let lease = budget.reserve(Self::bytes(n, most, n_sets, in_rows))?;
        let adjacency = match filtration.neighbour_lists() {
            Some(lists) if !in_rows => Adjacency::Lists(lists),
            _ => Adjacency::Rows(Rows::new(filtration)),
        };
        Ok(Self {
            filtration,
            at: 0,
            adjacency,
            lune: Lune::default(),
            winners: (0..filtration.n() as u32).collect(),
            _lease: lease,
            gathered: budget.lease(),
        })
    }

    /// Whether rows of bits hold the edges passed so far.
    pub(super) fn is_in_rows(n: usize, n_edges: usize, in_lists: bool) -> bool {
        !in_lists || n * bits::words_for(n) <= MOST_WORDS_PER_EDGE * n_edges
    }

    /// Bytes of a sweep over `n` vertices with at most `most` neighbours, with `n_sets` more sets of vertices.
    pub(super) fn bytes(n: usize, most: usize, n_sets: usize, in_rows: bool) -> usize {
        let rows = usize::from(in_rows) * Rows::bytes(n);
        // Vectors double, and old and new live side by side: sets, and what a lune is compressed by.
        let sets = 3 * (8 * (n_sets + 4) + 24) * bits::words_for(n);
        // Names, sizes and components in the largest lune.
        let lists = 3 * (4 + 16 + 8) * most + 4 * n;
        rows + sets + lists
    }

    /// Passes all edges before `rank`.
    pub(crate) fn advance_to(&mut self, rank: u32) {
        if let Adjacency::Rows(rows) = &mut self.adjacency {
            rows.advance_to(rank);
        }
        self.at = rank;
    }

    /// Opens the lune of the edge at which the sweep stands; whether anything is in it.
    pub(crate) fn open(&mut self) -> bool {
        let [a, b] = self.filtration.ends(self.at);
        let lune = &mut self.lune;
        lune.gathered = false;
        match &self.adjacency {
            Adjacency::Rows(rows) => {
                lune.mask.clear();
                lune.mask.extend(rows.lune());
                !bits::is_empty(&lune.mask)
            }
            Adjacency::Lists(lists) => {
                let at = self.at;
                let inside = lists.common(a, b).filter(|&(_, longer)| longer < at);
                lune.names.clear();
                let nearest = inside.inspect(|&(v, _)| lune.names.push(v));
                lune.nearest = nearest.min_by_key(|&(_, longer)| longer).map(|(v, _)| v);
                lune.nearest.is_some()
            }
        }
    }

    /// The smallest vertex of the open lune, if it has any.
    pub(crate) fn first(&self) -> Option<u32> {
        match &self.adjacency {
            Adjacency::Rows(_) => bits::first(&self.lune.mask).map(|v| v as u32),
            Adjacency::Lists(_) => self.lune.names.first().copied(),
        }
    }

    /// A vertex of the open lune adjacent to all the others, if there is one.
    ///
    /// Neighbouring edges often have the same one, so the last winners are tried first.
    pub(crate) fn dominator(&mut self) -> Result<Option<u32>, Error> {
        let [a, b] = self.filtration.ends(self.at);
        let likely = [self.winners[a as usize], self.winners[b as usize]];
        let winner = match &self.adjacency {
            Adjacency::Rows(rows) => {
                let (graph, lune) = (rows.graph(), &self.lune.mask);
                let candidates = &mut self.lune.candidates;
                candidates.clear();
                candidates.extend_from_slice(lune);
                let likely = likely.into_iter().find(|&z| {
                    bits::contains(candidates, z as usize)
                        && graph.is_dominator(z as usize, lune, candidates)
                });
                likely.or_else(|| {
                    let found = graph.dominator_among(lune, candidates);
                    found.map(|v| v as u32)
                })
            }
            Adjacency::Lists(lists) => {
                let lists: &Neighbours = lists;
                let nearest = self.lune.nearest;
                let mut likely = likely.into_iter().chain(nearest);
                let likely = likely.find(|&z| self.is_dominator(lists, z));
                if likely.is_none() {
                    self.gather()?;
                }
                likely.or_else(|| {
                    let (graph, alive) = self.graph_as_it_is();
                    let found = graph.dominator_among(alive, &mut alive.to_vec());
                    found.map(|z| graph.name(z))
                })
            }
        };
        for v in [a, b] {
            self.winners[v as usize] = winner.unwrap_or(self.winners[v as usize]);
        }
        Ok(winner)
    }

    /// Forgets which vertices dominated lunes before, so that what comes does not depend on it.
    pub(crate) fn forget_winners(&mut self) {
        let nobody = 0..self.winners.len() as u32;
        self.winners.clear();
        // No vertex is in the lune of an edge of its own.
        self.winners.extend(nobody);
    }

    /// The edge at which the sweep stands.
    pub(crate) fn at(&self) -> u32 {
        self.at
    }

    /// Whether the open lune has vertex `z`, and `z` is adjacent to all its other vertices.
    fn is_dominator(&self, lists: &Neighbours, z: u32) -> bool {
        let names = &self.lune.names;
        let adjacent = || lists.among(z, names, self.at).count();
        names.binary_search(&z).is_ok() && adjacent() + 1 == names.len()
    }

    /// The graph on the open lune, and the set of its vertices. Worth gathering for those who look at it long.
    pub(crate) fn graph(&mut self) -> Result<(Graph<'_>, &[u64]), Error> {
        if !self.lune.gathered {
            self.gather()?;
        }
        Ok(self.graph_as_it_is())
    }

    /// The graph on the open lune in the form in which it is: for a short look, rows need not be gathered.
    fn graph_as_it_is(&self) -> (Graph<'_>, &[u64]) {
        let lune = &self.lune;
        match &self.adjacency {
            Adjacency::Rows(rows) if !lune.gathered => (rows.graph(), &lune.mask),
            _ => {
                let graph = Graph::new(&lune.rows, lune.words, Some(&lune.names));
                (graph, &lune.everyone)
            }
        }
    }

    /// Copies the graph on a small lune into rows of its own; leaves a large one where it is.
    fn gather(&mut self) -> Result<(), Error> {
        let lune = &mut self.lune;
        if let Adjacency::Rows(_) = self.adjacency {
            let size: u32 = lune.mask.iter().map(|word| word.count_ones()).sum();
            if size as usize * GATHER_BELOW > self.filtration.n() {
                return Ok(());
            }
            lune.names.clear();
            lune.names.extend(bits::ones(&lune.mask).map(|v| v as u32));
        }
        let size = lune.names.len();
        lune.words = bits::words_for(size);
        lune.rows.clear();
        if lune.rows.capacity() < size * lune.words {
            // Old and new live side by side.
            self.gathered
                .cover(8 * (lune.rows.capacity() + size * lune.words))?;
            lune.rows.reserve_exact(size * lune.words);
        }
        lune.rows.resize(size * lune.words, 0);
        match &self.adjacency {
            Adjacency::Rows(rows) => gather_rows(lune, rows),
            Adjacency::Lists(lists) => gather_lists(lune, lists, self.at),
        }
        lune.everyone = bits::first_elements(size);
        lune.gathered = true;
        Ok(())
    }
}

fn gather_rows(lune: &mut Lune, rows: &Rows) {
    lune.compression.to(&lune.mask);
    let gathered = lune.rows.chunks_exact_mut(lune.words);
    for (gathered, &v) in gathered.zip(&lune.names) {
        lune.compression.compress(rows.row(v), gathered);
    }
}

fn gather_lists(lune: &mut Lune, lists: &Neighbours, at: u32) {
    for (place, &v) in lune.names.iter().enumerate() {
        let gathered = &mut lune.rows[place * lune.words..][..lune.words];
        for other in lists.among(v, &lune.names, at) {
            bits::insert(gathered, other);
        }
    }
}
