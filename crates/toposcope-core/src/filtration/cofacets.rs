//! Which vertices extend a simplex, and to what.

use super::EdgeFiltration;
use super::ranks::{NONE, RankTable};
use crate::simd::{Work, vectorized};
use crate::simplex::Simplex;

/// Vertices looked at together, in vector registers.
const LANES: usize = 16;

impl EdgeFiltration {
    /// Calls `visit` with every vertex from `from` on that is adjacent to all of `vertices` by edges of rank below `end`, the largest vertex
    /// first, and the largest of these ranks; as long as it returns true.
    pub(crate) fn visit_common_neighbours(
        &self,
        vertices: &[u32],
        end: u32,
        from: u32,
        mut visit: impl FnMut(u32, u32) -> bool,
    ) {
        match &self.ranks {
            RankTable::Square(square) => {
                let mut rows: [&[u32]; Simplex::MOST_VERTICES] = Default::default();
                for (row, &v) in rows.iter_mut().zip(vertices) {
                    *row = &square[v as usize * self.n..][..self.n];
                }
                vectorized(CommonNeighbours {
                    rows: &rows[..vertices.len()],
                    end,
                    from: from as usize,
                    visit,
                });
            }
            RankTable::Lists(lists) => {
                let degree = |&&v: &&u32| lists.of(v).0.len();
                let Some(&rarest) = vertices.iter().min_by_key(degree) else {
                    return;
                };
                let (neighbours, ranks) = lists.of(rarest);
                let near = neighbours.iter().zip(ranks).rev();
                for (&w, &rank) in near.take_while(|&(&w, _)| w >= from) {
                    let mut others = vertices.iter().filter(|&&v| v != rarest);
                    let largest = others.try_fold(rank, |largest, &v| {
                        let other = self.rank(v, w)?;
                        Some(largest.max(other)).filter(|&largest| largest < end)
                    });
                    if largest.is_some_and(|largest| largest < end && !visit(w, largest)) {
                        return;
                    }
                }
            }
        }
    }

    /// The largest vertex, from `from` on, that is adjacent to all of `vertices` by edges of rank below `end`.
    pub(crate) fn largest_common_neighbour(
        &self,
        vertices: &[u32],
        end: u32,
        from: u32,
    ) -> Option<u32> {
        let mut found = None;
        self.visit_common_neighbours(vertices, end, from, |w, _| {
            found = Some(w);
            false
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

/// The common neighbours of some vertices, from their rows of the square of ranks.
struct CommonNeighbours<'a, V> {
    rows: &'a [&'a [u32]],
    end: u32,
    from: usize,
    visit: V,
}

impl<V: FnMut(u32, u32) -> bool> Work for CommonNeighbours<'_, V> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        // A vertex is no neighbour of its own, so those of the simplex drop out.
        let mut to = self.rows.first().map_or(0, |row| row.len());
        while to >= self.from + LANES {
            let mut largest = [0; LANES];
            for row in self.rows {
                for (largest, &rank) in largest.iter_mut().zip(&row[to - LANES..to]) {
                    *largest = rank.max(*largest);
                }
            }
            to -= LANES;
            if largest.iter().fold(NONE, |least, &rank| least.min(rank)) >= self.end {
                continue;
            }
            for (lane, &rank) in largest.iter().enumerate().rev() {
                if rank < self.end && !(self.visit)((to + lane) as u32, rank) {
                    return;
                }
            }
        }
        for w in (self.from..to).rev() {
            let largest = self.rows.iter().fold(0, |largest, row| row[w].max(largest));
            if largest < self.end && !(self.visit)(w as u32, largest) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::filtration::EdgeFiltration;
    use crate::{Control, DistanceMatrix, RipsInput};

    #[test]
    fn common_neighbours_are_those_of_a_plain_loop() {
        let n = 53;
        let lengths = (0..n * (n - 1) / 2).map(|at| ((at * 7919 + 13) % 1009) as f64);
        let matrix = DistanceMatrix::from_lower(lengths.collect(), n).unwrap();
        let build = || {
            let input = RipsInput::Dense(&matrix);
            EdgeFiltration::new(input, Some(700.0), 1, &Control::none()).unwrap()
        };
        for filtration in [build(), build().in_lists()] {
            for vertices in [vec![3], vec![40, 7], vec![0, 21, 52], vec![9, 1, 30, 12]] {
                for (end, from) in [(u32::MAX, 0), (500, 0), (u32::MAX, 30), (700, 17), (0, 0)] {
                    let largest = |w: u32| {
                        let mut ranks = vertices.iter().map(|&v| filtration.rank(v, w));
                        let largest = ranks.try_fold(0, |largest, rank| Some(rank?.max(largest)));
                        largest.filter(|&rank| rank < end).map(|rank| (w, rank))
                    };
                    let expected: Vec<_> = (from..n as u32).rev().filter_map(largest).collect();
                    let mut found = Vec::new();
                    filtration.visit_common_neighbours(&vertices, end, from, |w, rank| {
                        found.push((w, rank));
                        true
                    });
                    assert_eq!(found, expected);
                    let first = filtration.largest_common_neighbour(&vertices, end, from);
                    assert_eq!(first, expected.first().map(|found| found.0));
                }
            }
        }
    }
}
