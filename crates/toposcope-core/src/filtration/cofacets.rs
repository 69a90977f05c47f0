//! Which vertices extend a simplex, and to what.

use super::EdgeFiltration;
use super::ranks::{NONE, RankTable};

impl EdgeFiltration {
    /// Calls `visit` with every vertex adjacent to all of `vertices`, the largest first, and the largest rank among the edges
    /// between them; as long as it returns true.
    pub(crate) fn visit_common_neighbours(
        &self,
        vertices: &[u32],
        mut visit: impl FnMut(u32, u32) -> bool,
    ) {
        match &self.ranks {
            RankTable::Square(square) => {
                let row = |&v: &u32| &square[v as usize * self.n..][..self.n];
                for w in (0..self.n).rev() {
                    // A vertex is no neighbour of its own, so those of the simplex drop out.
                    let ranks = vertices.iter().map(|v| row(v)[w]);
                    let largest = ranks.fold(0, u32::max);
                    if largest != NONE && !visit(w as u32, largest) {
                        return;
                    }
                }
            }
            RankTable::Lists(lists) => {
                let degree = |&&v: &&u32| lists.of(v).0.len();
                let Some(&rarest) = vertices.iter().min_by_key(degree) else {
                    return;
                };
                let (neighbours, ranks) = lists.of(rarest);
                for (&w, &rank) in neighbours.iter().zip(ranks).rev() {
                    let mut others = vertices
                        .iter()
                        .filter(|&&v| v != rarest)
                        .map(|&v| self.rank(v, w));
                    let largest = others.try_fold(rank, |a, b| Some(a.max(b?)));
                    if largest.is_some_and(|largest| !visit(w, largest)) {
                        return;
                    }
                }
            }
        }
    }

    /// The largest vertex adjacent to all of `vertices` by edges of rank below `end`.
    pub(crate) fn largest_common_neighbour(&self, vertices: &[u32], end: u32) -> Option<u32> {
        let mut found = None;
        self.visit_common_neighbours(vertices, |w, largest| {
            found = (largest < end).then_some(w);
            found.is_none()
        });
        found
    }

    /// The largest rank among the edges of a simplex; `None` for a vertex.
    pub(crate) fn longest_edge(&self, vertices: &[u32]) -> Option<u32> {
        let pairs = (1..vertices.len()).flat_map(|y| (0..y).map(move |x| (x, y)));
        pairs
            .filter_map(|(x, y)| self.rank(vertices[x], vertices[y]))
            .max()
    }
}
