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
use edges::PairsOf;
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
    edges: Held<Edge>,
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
    /// The edges of a matrix while they are put in order: they are in no list before.
    pub(crate) sorting_matrix: usize,
    /// Edges in order.
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
        let sorting_matrix = list + edges::bytes_of_buckets(n_edges);
        let parts = Held::<Edge>::bytes_once_grown(n_edges);
        let [ranking, ranks] = RankTable::bytes(n, n_edges, small);
        Self {
            collecting: parts + list,
            parts,
            sorting: list + sorting_matrix,
            sorting_matrix,
            edges: list,
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
        let edges = edges::sorted_of(input, threshold, n_threads, control)?;
        Self::of_sorted(input.n_vertices(), edges, control)
    }

    /// All edges of a matrix up to `scale`, even where the complex is a cone already.
    pub(crate) fn up_to(
        matrix: &crate::DistanceMatrix,
        scale: f64,
        control: &Control,
    ) -> Result<Self, Error> {
        let pairs = PairsOf {
            matrix,
            up_to: scale,
        };
        Self::of_sorted(matrix.n(), edges::sorted(pairs, 1, control)?, control)
    }

    fn of_sorted(n: usize, edges: Held<Edge>, control: &Control) -> Result<Self, Error> {
        Ok(Self {
            ranks: RankTable::new(n, &edges, SMALL, control)?,
            n,
            edges,
            small: SMALL,
        })
    }

    /// The filtration without edges, to be extended by few at a time.
    pub(crate) fn growing(n: usize, control: &Control) -> Self {
        Self {
            n,
            edges: Held::new(control.budget()),
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
        edges::check_count(self.len() + edges.len())?;
        let mut edges = edges::sorted(edges, n_threads, control)?;
        if self.edges.is_empty() {
            std::mem::swap(&mut self.edges, &mut edges);
        }
        self.edges.reserve_exact(edges.len())?;
        self.edges
            .copy_in_chunks(&edges, |work| control.tick(work))?;
        drop(edges);
        // The old table goes before the new one comes.
        self.ranks = RankTable::empty(control);
        self.ranks = RankTable::new(self.n, &self.edges, self.small, control)?;
        Ok(())
    }

    /// The rank of an edge that is in.
    pub(crate) fn rank_of(&self, edge: &Edge) -> u32 {
        self.edges.partition_point(|other| other < edge) as u32
    }

    /// The same filtration with neighbours in lists, whatever its size: for tests that compare the two forms.
    #[cfg(test)]
    pub(crate) fn in_lists(mut self) -> Self {
        let lists = Neighbours::new(self.n, &self.edges, &Control::none());
        self.ranks = RankTable::Lists(lists.unwrap());
        self
    }

    /// Number of vertices.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// Number of edges.
    pub(crate) fn len(&self) -> usize {
        self.edges.len()
    }

    /// Length of the edge of this rank.
    pub(crate) fn length(&self, rank: u32) -> f64 {
        self.edges[rank as usize].length()
    }

    /// Number of edges of at most this length.
    pub(crate) fn edges_up_to(&self, length: f64) -> u32 {
        self.edges.partition_point(|edge| edge.length() <= length) as u32
    }

    /// The two vertices of the edge of this rank, the larger first.
    #[inline]
    pub(crate) fn ends(&self, rank: u32) -> [u32; 2] {
        self.edges[rank as usize].ends
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DistanceMatrix;
    use crate::memory::{Budget, SLACK};

    #[test]
    fn edges_of_a_matrix_are_held_once() {
        let n = 600;
        let wave = |at: usize| 1.0 + ((at * 7919 + at * at * 31) % 1009) as f64 / 1009.0;
        let lower: Vec<f64> = (0..n * (n - 1) / 2).map(wave).collect();
        let matrix = DistanceMatrix::from_lower(lower, n).unwrap();
        let free = Control::none();
        let edges = EdgeFiltration::up_to(&matrix, 2.0, &free).unwrap().len();
        let bytes = EdgeFiltration::bytes(n, edges);
        let most = bytes.sorting_matrix.max(bytes.edges + bytes.ranking);
        let under = |limit: usize| {
            let control = Control::none().with_budget(Budget::limited(limit as u64));
            EdgeFiltration::up_to(&matrix, 2.0, &control).map(|filtration| filtration.len())
        };
        assert_eq!(under(SLACK as usize + most).unwrap(), edges);
        assert!(most < 2 * bytes.edges);
        assert!(matches!(
            under(most / 2).unwrap_err(),
            Error::MemoryLimit { .. }
        ));
    }
}
