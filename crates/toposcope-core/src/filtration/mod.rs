//! The Rips filtration by its edges: every simplex enters with its longest one.
//!
//! Edges are ordered by (length, index). From here on an edge is its position in that order, its *rank*: a total order
//! without ties, in integers. Simplices of equal diameter but different longest edge are told apart by it, and so no
//! algorithm behind this module ever meets a tie.

mod cofacets;
mod edges;
mod ranks;

use crate::memory::Held;
use crate::{Control, Error, RipsInput};
use edges::CHUNK;
pub(crate) use edges::{Edge, MOST_COMPLETE, check_complete, lists_near_pairs};
pub(crate) use ranks::Neighbours;
use ranks::RankTable;

/// The square of all pairs is small, whatever the number of edges, up to this many vertices.
const SMALL: usize = 512;

/// An interval of the filtration: dimension, and the ranks of the edges at birth and death.
pub(crate) type RankedInterval = (usize, u32, Option<u32>);

/// Edges in filtration order, with look-up of the rank of a pair of vertices.
#[derive(Debug)]
pub(crate) struct EdgeFiltration {
    n: usize,
    lengths: Held<f64>,
    ends: Held<[u32; 2]>,
    ranks: RankTable,
    /// Up to so many vertices all pairs have a place, however few are edges.
    small: usize,
}

/// What a filtration sets aside, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FiltrationBytes {
    /// Parts of a list of edges that has grown, and the whole into which they are copied.
    pub(crate) collecting: usize,
    /// The parts alone.
    pub(crate) parts: usize,
    /// A list of edges, and the same in order.
    pub(crate) sorting: usize,
    /// Lengths and ends in order.
    pub(crate) edges: usize,
    /// Ranks, while they are put in their places and from then on.
    pub(crate) ranking: usize,
    pub(crate) ranks: usize,
    /// Whether ranks are in lists.
    pub(crate) in_lists: bool,
}

impl FiltrationBytes {
    fn new(n: usize, n_edges: usize, small: usize) -> Self {
        let list = n_edges * size_of::<Edge>();
        let parts = Held::<Edge>::bytes_once_grown(n_edges);
        let [ranking, ranks] = RankTable::bytes(n, n_edges, small);
        Self {
            collecting: parts + list,
            parts,
            sorting: 2 * list + edges::bytes_of_buckets(n_edges),
            edges: n_edges * (size_of::<f64>() + size_of::<[u32; 2]>()),
            ranking,
            ranks,
            in_lists: ranking != ranks,
        }
    }
}

impl EdgeFiltration {
    /// The edges of `input` up to `threshold`. `None` is the enclosing radius of a complete input, and everything that is
    /// given of a sparse one.
    pub(crate) fn new(
        input: RipsInput,
        threshold: Option<f64>,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let (n, edges) = edges::collect(input, threshold, n_threads, control)?;
        Self::from_edges(n, edges, n_threads, control)
    }

    /// All edges of a matrix up to `scale`, even where the complex is a cone already.
    pub(crate) fn up_to(
        matrix: &crate::DistanceMatrix,
        scale: f64,
        control: &Control,
    ) -> Result<Self, Error> {
        let edges = edges::of_matrix(matrix, scale, control)?;
        Self::from_edges(matrix.n(), edges, 1, control)
    }

    fn from_edges(
        n: usize,
        edges: Held<Edge>,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let mut filtration = Self {
            small: SMALL,
            ..Self::growing(n, control)
        };
        filtration.extend(edges, n_threads, control)?;
        Ok(filtration)
    }

    /// The filtration without edges, to be extended by few at a time.
    pub(crate) fn growing(n: usize, control: &Control) -> Self {
        Self {
            n,
            lengths: Held::new(control.budget()),
            ends: Held::new(control.budget()),
            ranks: RankTable::empty(control),
            small: 0,
        }
    }

    /// What is set aside for a filtration whose edges come at once.
    pub(crate) fn bytes(n: usize, n_edges: usize) -> FiltrationBytes {
        FiltrationBytes::new(n, n_edges, SMALL)
    }

    /// What is set aside for a filtration that has grown to so many edges.
    pub(crate) fn bytes_grown(n: usize, n_edges: usize) -> FiltrationBytes {
        FiltrationBytes::new(n, n_edges, 0)
    }

    /// Takes in the next edges, in any order; all come after those that are in.
    pub(crate) fn extend(
        &mut self,
        edges: Held<Edge>,
        n_threads: usize,
        control: &Control,
    ) -> Result<(), Error> {
        let total = self.len() + edges.len();
        if total >= u32::MAX as usize {
            let expected = format!("fewer than {} edges; lower the threshold", u32::MAX);
            return Err(Error::invalid("input", expected, total));
        }
        let edges = edges::sort(edges, n_threads, control)?;
        self.lengths.reserve_exact(edges.len())?;
        self.ends.reserve_exact(edges.len())?;
        for chunk in edges.chunks(CHUNK) {
            control.tick(CHUNK as u32)?;
            self.lengths.extend(chunk.iter().map(Edge::length))?;
            self.ends.extend(chunk.iter().map(|edge| edge.ends))?;
        }
        drop(edges);
        // The old table goes before the new one comes.
        self.ranks = RankTable::empty(control);
        self.ranks = RankTable::new(self.n, &self.ends, self.small, control)?;
        Ok(())
    }

    /// The rank of an edge that is in.
    pub(crate) fn rank_of(&self, edge: &Edge) -> u32 {
        let first = self.lengths.partition_point(|&x| x < edge.length());
        let same = self.lengths[first..].partition_point(|&x| x == edge.length());
        let within = self.ends[first..first + same].partition_point(|&ends| ends < edge.ends);
        (first + within) as u32
    }

    /// The same filtration with neighbours in lists, whatever its size: for tests that compare the two forms.
    #[cfg(test)]
    pub(crate) fn in_lists(mut self) -> Self {
        let lists = Neighbours::new(self.n, &self.ends, &Control::none());
        self.ranks = RankTable::Lists(lists.unwrap());
        self
    }

    /// Number of vertices.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// Number of edges.
    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Length of the edge of this rank.
    pub(crate) fn length(&self, rank: u32) -> f64 {
        self.lengths[rank as usize]
    }

    /// Number of edges of at most this length.
    pub(crate) fn edges_up_to(&self, length: f64) -> u32 {
        self.lengths.partition_point(|&x| x <= length) as u32
    }

    /// The two vertices of the edge of this rank, the larger first.
    #[inline]
    pub(crate) fn ends(&self, rank: u32) -> [u32; 2] {
        self.ends[rank as usize]
    }

    /// Rank of the edge between two vertices, if there is one.
    #[inline]
    pub(crate) fn rank(&self, i: u32, j: u32) -> Option<u32> {
        self.ranks.get(self.n, i, j)
    }

    /// The neighbours of a vertex, if they are kept in lists.
    pub(crate) fn neighbour_lists(&self) -> Option<&Neighbours> {
        match &self.ranks {
            RankTable::Lists(lists) => Some(lists),
            RankTable::Square(_) => None,
        }
    }

    /// The vertex of the lune of edge `rank` whose longer edge to its two ends is the shortest; `None` if the lune is empty.
    ///
    /// Distinct vertices have distinct longer edges, so it is unique: a function of the filtration alone.
    pub(crate) fn nearest_in_lune(&self, rank: u32) -> Option<u32> {
        let [a, b] = self.ends(rank);
        let longer = self.ranks.nearest_common(self.n, a, b)?;
        if longer >= rank {
            return None;
        }
        let [x, y] = self.ends(longer);
        Some(if x == a || x == b { y } else { x })
    }
}
