//! Edge collapses: the same shape with far fewer triangles.
//!
//! An edge {a, b} of a graph is *dominated* by a vertex v if v and all common neighbours of a and b are joined to one another or are v: then the
//! simplices that hold the edge come in pairs σ, σ + v, and the flag complex collapses to the one without it (Boissonnat and Pritam 2020).
//! The inclusion of what is left is a homotopy equivalence; to go back, a cycle trades each of its triangles {a, b, c} for
//! {a, c, v} and {b, c, v}: the boundary of {a, b, c, v} less two copies of {a, b, v}, of which a cycle holds an even number in all. And so on
//! with what is left, until nothing is dominated: the *core*.
//!
//! So cycles of the core generate the homology of the complex, and a cycle of the complex bounds there exactly if its image bounds in the
//! core. That is all that induced maps are asked for.

use std::collections::{BTreeMap, BTreeSet};

use toposcope_core::DistanceMatrix;

use crate::cycle::TriangleSet;

/// The core of a Rips complex at one scale, and the way there.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) n: usize,
    /// The edges left, and their lengths.
    pub(crate) edges: Vec<(usize, usize, f64)>,
    /// The edges removed one after the other, with what dominated them.
    collapses: Vec<([usize; 2], usize)>,
    /// Which collapse removed an edge, by its place in a strict lower triangle.
    removed_by: Vec<Option<u32>>,
}

impl Core {
    /// Collapses the complex on all vertices of `distances` with the edges up to `scale`, that itself included. The longest edges go
    /// first, so that cycles of the core are made of short ones.
    pub(crate) fn new(distances: &DistanceMatrix, scale: f64) -> Self {
        let n = distances.n();
        let mut edges: Vec<(usize, usize, f64)> = (0..n)
            .flat_map(|i| {
                distances
                    .row(i)
                    .iter()
                    .enumerate()
                    .map(move |(j, &d)| (i, j, d))
            })
            .filter(|&(.., length)| length <= scale)
            .collect();
        edges.sort_by(|a, b| b.2.total_cmp(&a.2).then((b.0, b.1).cmp(&(a.0, a.1))));
        let mut graph = Graph::new(n, &edges);
        let mut core = Self {
            n,
            edges: Vec::new(),
            collapses: Vec::new(),
            removed_by: vec![None; place(n, 0)],
        };
        // An edge that goes can leave those dominated that had its ends among their common neighbours, and none else.
        let mut is_open = vec![true; place(n, 0)];
        let mut has_gone = true;
        while std::mem::take(&mut has_gone) {
            for &(a, b, _) in &edges {
                if !std::mem::take(&mut is_open[place(a, b)]) || !graph.has(a, b) {
                    continue;
                }
                if let Some(v) = graph.dominator(a, b) {
                    core.removed_by[place(a, b)] = Some(core.collapses.len() as u32);
                    core.collapses.push(([a, b], v));
                    graph.remove(a, b);
                    for c in graph.common(a, b) {
                        is_open[place(a.max(c), a.min(c))] = true;
                        is_open[place(b.max(c), b.min(c))] = true;
                    }
                    has_gone = true;
                }
            }
        }
        edges.retain(|&(a, b, _)| graph.has(a, b));
        core.edges = edges;
        core
    }

    /// A homologous cycle in the core.
    pub(crate) fn image(&self, cycle: &TriangleSet<usize>) -> BTreeSet<[usize; 3]> {
        let mut moved = Moved::new(self);
        for &triangle in cycle.simplices() {
            moved.toggle(triangle, None);
        }
        while let Some((step, thirds)) = moved.to_do.pop_first() {
            let ([a, b], v) = self.collapses[step as usize];
            for c in thirds {
                moved.toggle([a, b, c], Some(step));
                if c != v {
                    moved.toggle([a, c, v], Some(step));
                    moved.toggle([b, c, v], Some(step));
                }
            }
        }
        moved.triangles
    }
}

/// A cycle on its way to the core.
struct Moved<'a> {
    core: &'a Core,
    triangles: BTreeSet<[usize; 3]>,
    /// The third vertices of the triangles at an edge, by the collapse that removes it.
    to_do: BTreeMap<u32, BTreeSet<usize>>,
}

impl<'a> Moved<'a> {
    fn new(core: &'a Core) -> Self {
        Self {
            core,
            triangles: BTreeSet::new(),
            to_do: BTreeMap::new(),
        }
    }

    /// Adds a triangle, all of whose edges are there after the collapse `done`.
    fn toggle(&mut self, triangle: [usize; 3], done: Option<u32>) {
        let [a, b, c] = ascending(triangle);
        let is_new = !self.triangles.remove(&[a, b, c]);
        if is_new {
            self.triangles.insert([a, b, c]);
        }
        for (edge, third) in [([b, a], c), ([c, a], b), ([c, b], a)] {
            let step = self.core.removed_by[place(edge[0], edge[1])];
            if let Some(step) = step.filter(|&step| Some(step) > done) {
                let thirds = self.to_do.entry(step).or_default();
                if is_new {
                    thirds.insert(third);
                } else {
                    thirds.remove(&third);
                }
            }
        }
    }
}

fn ascending(mut triangle: [usize; 3]) -> [usize; 3] {
    triangle.sort_unstable();
    triangle
}

/// Of an edge with `a > b` in a strict lower triangle.
fn place(a: usize, b: usize) -> usize {
    a * a.saturating_sub(1) / 2 + b
}

/// Closed neighbourhoods as rows of bits.
struct Graph {
    rows: Vec<u64>,
    words: usize,
}

impl Graph {
    fn new(n: usize, edges: &[(usize, usize, f64)]) -> Self {
        let words = n.div_ceil(64);
        let mut graph = Self {
            rows: vec![0; n * words],
            words,
        };
        (0..n).for_each(|v| graph.flip(v, v));
        for &(a, b, _) in edges {
            graph.flip(a, b);
            graph.flip(b, a);
        }
        graph
    }

    fn flip(&mut self, v: usize, bit: usize) {
        self.rows[v * self.words + bit / 64] ^= 1 << (bit % 64);
    }

    fn has(&self, v: usize, bit: usize) -> bool {
        self.row(v)[bit / 64] >> (bit % 64) & 1 == 1
    }

    fn row(&self, v: usize) -> &[u64] {
        &self.rows[v * self.words..][..self.words]
    }

    /// Vertices joined to both, but for the two themselves.
    fn common(&self, a: usize, b: usize) -> Vec<usize> {
        let mut words = Vec::with_capacity(self.words);
        words.extend(self.row(a).iter().zip(self.row(b)).map(|(x, y)| x & y));
        for end in [a, b] {
            words[end / 64] &= !(1 << (end % 64));
        }
        let mut found = Vec::new();
        for (at, mut word) in words.into_iter().enumerate() {
            while word != 0 {
                found.push(at * 64 + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
        found
    }

    /// The first common neighbour of an edge that all the others are joined to.
    fn dominator(&self, a: usize, b: usize) -> Option<usize> {
        let (row_a, row_b) = (self.row(a), self.row(b));
        let dominates = |v: &usize| {
            let rows = row_a.iter().zip(row_b).zip(self.row(*v));
            rows.into_iter().all(|((x, y), z)| x & y & !z == 0)
        };
        self.common(a, b).into_iter().find(dominates)
    }

    fn remove(&mut self, a: usize, b: usize) {
        self.flip(a, b);
        self.flip(b, a);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A matrix of lengths 1 and 2, where 1 are the edges.
    fn graph(n: usize, edges: &[[usize; 2]]) -> DistanceMatrix {
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| [j, i]));
        let lower = pairs.map(|pair| if edges.contains(&pair) { 1.0 } else { 2.0 });
        DistanceMatrix::from_lower(lower.collect(), n).unwrap()
    }

    fn octahedron() -> Vec<[usize; 2]> {
        let pairs = (0..6).flat_map(|i| (0..i).map(move |j| [j, i]));
        pairs.filter(|[j, i]| j / 2 != i / 2).collect()
    }

    #[test]
    fn a_full_simplex_becomes_a_tree() {
        let core = Core::new(&graph(5, &[]), 2.0);
        assert_eq!(core.edges.len(), 4);
        let sphere = TriangleSet::new([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]);
        assert!(core.image(&sphere).is_empty());
    }

    #[test]
    fn an_octahedron_stays() {
        let core = Core::new(&graph(6, &octahedron()), 1.0);
        assert_eq!((core.edges.len(), core.collapses.len()), (12, 0));
    }

    #[test]
    fn a_cycle_is_moved_off_what_goes() {
        // A cone over the link of vertex 0: vertex 6 is a copy of it, joined to it.
        let mut edges = octahedron();
        edges.extend([[0, 6], [2, 6], [3, 6], [4, 6], [5, 6]]);
        let core = Core::new(&graph(7, &edges), 1.0);
        assert!(core.edges.len() < edges.len());
        let faces = |top: usize| {
            let sides = [[2, 4], [2, 5], [3, 4], [3, 5]];
            let faces = sides.map(|[a, b]| [[top, a, b], [1, a, b]]);
            TriangleSet::new(faces.into_iter().flatten())
        };
        let images = [core.image(&faces(0)), core.image(&faces(6))];
        assert_eq!(images[0], images[1]);
        assert_eq!(images[0].len(), 8);
        let is_left = |&[a, b]: &[usize; 2]| core.edges.iter().any(|e| [e.1, e.0] == [a, b]);
        for [a, b, c] in &images[0] {
            assert!([[*a, *b], [*a, *c], [*b, *c]].iter().all(is_left));
        }
    }
}
