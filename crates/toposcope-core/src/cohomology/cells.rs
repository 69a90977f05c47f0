//! Simplices as integers, ordered as the filtration is.

use super::apexes::Apexes;
use crate::filtration::EdgeFiltration;
use crate::simplex::{Key, Packing, Simplex};

/// How simplices are written as integers. A simplex is its longest edge and its *others*, the vertices off that edge. From the top: how
/// many edges come after that edge; whether the edge's apex is among the others; the others, the largest first.
///
/// So the greater of two simplices of one dimension is the earlier one, and a longer edge is always later. Wherever
/// vertices alone fit into an integer, this does: an edge takes one bit less than two vertices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'f, K> {
    filtration: &'f EdgeFiltration,
    apexes: &'f Apexes,
    packing: Packing<K>,
    last: u32,
}

impl<'f, K: Key> Cells<'f, K> {
    pub(super) fn new(
        filtration: &'f EdgeFiltration,
        apexes: &'f Apexes,
        packing: Packing<K>,
    ) -> Self {
        Self {
            filtration,
            apexes,
            packing,
            last: (filtration.len() as u32).saturating_sub(1),
        }
    }

    pub(super) fn filtration(&self) -> &'f EdgeFiltration {
        self.filtration
    }

    /// The edges whose lunes are neither empty nor cones over their apexes.
    pub(super) fn hollow(&self) -> &'f [u32] {
        &self.apexes.hollow
    }

    #[inline]
    pub(super) fn apex(&self, rank: u32) -> u32 {
        self.apexes.by_edge[rank as usize]
    }

    /// Whether the lune of an edge is empty.
    pub(super) fn is_bare(&self, rank: u32) -> bool {
        self.filtration.ends(rank).contains(&self.apex(rank))
    }

    /// The bits above `n_others` vertices.
    #[inline]
    fn above(&self, n_others: usize) -> u32 {
        n_others as u32 * self.packing.bits()
    }

    /// An edge.
    #[inline]
    pub(super) fn edge(&self, rank: u32) -> K {
        K::of(self.last - rank).up(1)
    }

    /// The rank of the longest edge.
    #[inline]
    pub(super) fn rank(&self, cell: K, n_others: usize) -> u32 {
        self.last - cell.down(self.above(n_others) + 1).low()
    }

    /// Whether the apex of the longest edge is among the others.
    #[inline]
    pub(super) fn has_apex(&self, cell: K, n_others: usize) -> bool {
        cell.down(self.above(n_others)).low() & 1 == 1
    }

    /// The vertices off the longest edge, ascending.
    #[inline]
    pub(super) fn others(&self, cell: K, n_others: usize) -> impl Iterator<Item = u32> + use<K> {
        let packing = self.packing;
        (0..n_others).map(move |at| packing.vertex(cell, at))
    }

    pub(super) fn simplex(&self, cell: K, n_others: usize) -> Simplex {
        let ends = self.filtration.ends(self.rank(cell, n_others));
        Simplex::new(ends.into_iter().chain(self.others(cell, n_others)))
    }

    /// The cell with one more vertex, not the apex, that is larger than all of its others.
    #[inline]
    pub(super) fn with_last(&self, cell: K, n_others: usize, vertex: u32) -> K {
        self.packing.with(cell, n_others, vertex)
    }

    /// The others of a cell, with nothing in front.
    #[inline]
    pub(super) fn others_alone(&self, cell: K, n_others: usize) -> K {
        let front = K::BITS - self.above(n_others);
        cell.up(front).down(front)
    }

    /// Others with one more vertex among them.
    #[inline]
    pub(super) fn insert(&self, others: K, n_others: usize, vertex: u32) -> K {
        let below = self.others(others, n_others).filter(|&v| v < vertex);
        self.packing.with(others, below.count(), vertex)
    }

    /// The cell with one more vertex of the lune of its longest edge.
    #[inline]
    pub(super) fn with(&self, cell: K, n_others: usize, vertex: u32, apex: u32) -> K {
        let below = self.others(cell, n_others).filter(|&v| v < vertex);
        let with = self.packing.with(cell, below.count(), vertex);
        if vertex == apex {
            return with.or(K::of(1).up(self.above(n_others + 1)));
        }
        with
    }

    /// The cell without the other vertex at `position`.
    #[inline]
    pub(super) fn without(&self, cell: K, n_others: usize, position: usize, apex: u32) -> K {
        let without = self.packing.without(cell, position);
        if self.packing.vertex(cell, position) == apex {
            return without.xor(K::of(1).up(self.above(n_others - 1)));
        }
        without
    }

    /// The facets of a simplex as others of an edge that is still to be put in front, by the vertex that they lack.
    pub(super) fn facets(&self, simplex: &Simplex) -> [K; Simplex::MOST_VERTICES] {
        let all = self.packing.pack(simplex);
        let mut facets = [K::ZERO; Simplex::MOST_VERTICES];
        for (position, facet) in facets.iter_mut().enumerate().take(simplex.dim() + 1) {
            *facet = self.packing.without(all, position);
        }
        facets
    }

    /// An edge in front of its others.
    #[inline]
    pub(super) fn join(&self, rank: u32, has_apex: bool, others: K, n_others: usize) -> K {
        let front = self.edge(rank).or(K::of(u32::from(has_apex)));
        front.up(self.above(n_others)).or(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Control, DistanceMatrix, RipsInput};

    fn filtration(n: usize) -> EdgeFiltration {
        let lengths = (0..n * (n - 1) / 2).map(|at| ((at * 7919 + 13) % 1009) as f64);
        let matrix = DistanceMatrix::from_lower(lengths.collect(), n).unwrap();
        EdgeFiltration::new(RipsInput::Dense(&matrix), None, 1, &Control::none()).unwrap()
    }

    /// Takes every simplex with two others apart and puts it together again; all of them in order.
    fn check<K: Key>(packing: Packing<K>) {
        let filtration = filtration(16);
        let apexes = Apexes::new(&filtration, 2, 1, &Control::none()).unwrap();
        let cells = Cells::new(&filtration, &apexes, packing);
        let mut all = Vec::new();
        for rank in 0..filtration.len() as u32 {
            let (edge, apex) = (cells.edge(rank), cells.apex(rank));
            let [a, b] = filtration.ends(rank);
            let inside = |v: u32| {
                let near = |end: u32| filtration.rank(end, v).is_some_and(|r| r < rank);
                near(a) && near(b)
            };
            assert_eq!(cells.is_bare(rank), !(0..16).any(inside));
            for v in (0..16).filter(|&v| inside(v)) {
                let one = cells.with(edge, 0, v, apex);
                assert_eq!(cells.without(one, 1, 0, apex), edge);
                for w in (0..16).filter(|&w| w < v && inside(w)) {
                    let two = cells.with(one, 1, w, apex);
                    assert_eq!(cells.without(two, 2, 0, apex), one);
                    assert_eq!(
                        (cells.rank(two, 2), cells.has_apex(two, 2)),
                        (rank, v == apex || w == apex)
                    );
                    assert!(cells.others(two, 2).eq([w, v]));
                    assert_eq!(cells.simplex(two, 2), Simplex::new([a, b, v, w]));
                    let others = cells.others_alone(two, 2);
                    assert_eq!(cells.join(rank, cells.has_apex(two, 2), others, 2), two);
                    assert_eq!(cells.insert(cells.others_alone(one, 1), 1, w), others);
                    all.push((std::cmp::Reverse(rank), cells.has_apex(two, 2), v, w, two));
                }
            }
        }
        assert!(all.len() > 100);
        all.sort_unstable();
        assert!(all.is_sorted_by(|x, y| x.4 < y.4));
    }

    #[test]
    fn cells_come_apart_and_are_in_order() {
        check(Packing::<u64>::new(16, 2).unwrap());
        check(Packing::<u128>::new(16, 12).unwrap());
    }

    #[test]
    fn whatever_vertices_fit_do_so_with_their_edge() {
        // An edge of n vertices takes a bit less than two of them, which is what the apex needs.
        for n in 2..2000usize {
            let bits = Packing::<u128>::new(n, 2).unwrap().bits();
            let last = (n * (n - 1) / 2 - 1) as u64;
            assert!(64 - last.leading_zeros() < 2 * bits);
        }
    }
}
