//! Cycles modulo 2: sets of edges in which every vertex has an even number.

use std::collections::{BTreeMap, BTreeSet};

/// A set of edges between vertices of any ordered kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EdgeSet<V> {
    edges: BTreeSet<[V; 2]>,
}

impl<V> Default for EdgeSet<V> {
    fn default() -> Self {
        Self {
            edges: BTreeSet::new(),
        }
    }
}

impl<V: Copy + Ord> EdgeSet<V> {
    /// The sum of these edges: one that comes twice is gone.
    pub(crate) fn new(edges: impl IntoIterator<Item = [V; 2]>) -> Self {
        let mut set = Self::default();
        edges.into_iter().for_each(|edge| set.toggle(edge));
        set
    }

    fn toggle(&mut self, [a, b]: [V; 2]) {
        let edge = [a.min(b), a.max(b)];
        if !self.edges.remove(&edge) {
            self.edges.insert(edge);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        other.edges.iter().for_each(|&edge| self.toggle(edge));
    }

    pub(crate) fn edges(&self) -> impl ExactSizeIterator<Item = &[V; 2]> + '_ {
        self.edges.iter()
    }

    /// Its vertices, each as often as it has edges.
    pub(crate) fn vertices(&self) -> impl Iterator<Item = V> + '_ {
        self.edges.iter().flatten().copied()
    }

    /// Whether there are edges, and an even number at every vertex.
    pub(crate) fn is_cycle(&self) -> bool {
        let mut ends: Vec<V> = self.vertices().collect();
        ends.sort_unstable();
        !ends.is_empty() && ends.chunk_by(|a, b| a == b).all(|same| same.len() % 2 == 0)
    }

    /// The same edges between other names; an edge with a nameless end is left out.
    pub(crate) fn mapped<W: Copy + Ord>(&self, name: impl Fn(V) -> Option<W>) -> EdgeSet<W> {
        let named = self
            .edges
            .iter()
            .filter_map(|&[a, b]| Some([name(a)?, name(b)?]));
        EdgeSet::new(named)
    }

    /// Closed walks, each through different vertices and ending where it began, whose edges are these.
    pub(crate) fn walks(&self) -> Vec<Vec<V>> {
        let mut neighbours: BTreeMap<V, BTreeSet<V>> = BTreeMap::new();
        for &[a, b] in &self.edges {
            neighbours.entry(a).or_default().insert(b);
            neighbours.entry(b).or_default().insert(a);
        }
        let mut walks = Vec::new();
        while let Some(&start) = neighbours
            .iter()
            .find(|(_, n)| !n.is_empty())
            .map(|(v, _)| v)
        {
            let mut path = vec![start];
            while let Some(next) = step(&mut neighbours, path[path.len() - 1]) {
                let met = path.iter().position(|&v| v == next);
                path.push(next);
                if let Some(at) = met {
                    walks.push(path[at..].to_vec());
                    path.truncate(at + 1);
                }
            }
        }
        walks
    }
}

impl EdgeSet<usize> {
    /// The edges with vertices as the core numbers them.
    pub(crate) fn edges_u32(&self) -> impl Iterator<Item = [u32; 2]> + '_ {
        self.edges.iter().map(|edge| edge.map(|v| v as u32))
    }
}

/// Takes the first unused edge at `v`, if there is one, and says where it leads.
fn step<V: Copy + Ord>(neighbours: &mut BTreeMap<V, BTreeSet<V>>, v: V) -> Option<V> {
    let next = neighbours.get_mut(&v)?.pop_first()?;
    neighbours.get_mut(&next)?.remove(&v);
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_is_gone() {
        let mut left = EdgeSet::new([[1, 2], [2, 3], [3, 4], [4, 1]]);
        let right = EdgeSet::new([[2, 3], [3, 6], [6, 5], [5, 2]]);
        left.add(&right);
        assert_eq!(left.walks(), [[1, 2, 5, 6, 3, 4, 1]]);
        left.add(&left.clone());
        assert_eq!((left.edges().len(), left.walks().len()), (0, 0));
    }

    #[test]
    fn walks_do_not_cross_themselves() {
        let eight = EdgeSet::new([[1, 2], [2, 3], [3, 1], [3, 4], [4, 5], [5, 3]]);
        let walks = eight.walks();
        assert_eq!(walks, [vec![1, 2, 3, 1], vec![3, 4, 5, 3]]);
        let apart = EdgeSet::new([[1, 2], [2, 3], [1, 3], [7, 8], [8, 9], [9, 7]]);
        assert_eq!(apart.walks().len(), 2);
    }

    #[test]
    fn renaming() {
        let triangle = EdgeSet::new([[1u64, 2], [2, 3], [1, 3]]);
        let moved = triangle.mapped(|v| Some(v as usize + 10));
        assert_eq!(moved.edges_u32().next(), Some([11, 12]));
        assert_eq!(triangle.mapped(|v| (v < 3).then_some(v)).edges().len(), 1);
        assert_eq!(triangle.vertices().count(), 6);
        assert!(triangle.is_cycle() && !EdgeSet::new([[1, 2]]).is_cycle());
        assert!(!EdgeSet::<u64>::default().is_cycle());
    }
}
