//! Cycles modulo 2: sets of simplices in which every facet has an even number.

use std::collections::{BTreeMap, BTreeSet};

/// A set of simplices of `N` vertices of any ordered kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SimplexSet<V, const N: usize> {
    simplices: BTreeSet<[V; N]>,
}

/// A set of edges.
pub(crate) type EdgeSet<V> = SimplexSet<V, 2>;
/// A set of triangles.
pub(crate) type TriangleSet<V> = SimplexSet<V, 3>;

impl<V, const N: usize> Default for SimplexSet<V, N> {
    fn default() -> Self {
        Self {
            simplices: BTreeSet::new(),
        }
    }
}

impl<V: Copy + Ord, const N: usize> SimplexSet<V, N> {
    /// The sum of these simplices: one that comes twice is gone, and one that has a vertex twice is none.
    pub(crate) fn new(simplices: impl IntoIterator<Item = [V; N]>) -> Self {
        let mut set = Self::default();
        for simplex in simplices {
            set.toggle(simplex);
        }
        set
    }

    fn toggle(&mut self, mut simplex: [V; N]) {
        simplex.sort_unstable();
        let is_flat = simplex.windows(2).any(|pair| pair[0] == pair[1]);
        if !is_flat && !self.simplices.remove(&simplex) {
            self.simplices.insert(simplex);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        other.simplices.iter().for_each(|&s| self.toggle(s));
    }

    /// Its simplices, each with ascending vertices, in order.
    pub(crate) fn simplices(&self) -> impl ExactSizeIterator<Item = &[V; N]> + '_ {
        self.simplices.iter()
    }

    /// Its vertices, each as often as it has simplices.
    pub(crate) fn vertices(&self) -> impl Iterator<Item = V> + '_ {
        self.simplices.iter().flatten().copied()
    }

    /// Whether there are simplices, and an even number at every facet.
    pub(crate) fn is_cycle(&self) -> bool {
        let mut odd: BTreeSet<Vec<V>> = BTreeSet::new();
        for simplex in &self.simplices {
            for left_out in 0..N {
                let facet = [&simplex[..left_out], &simplex[left_out + 1..]].concat();
                if !odd.remove(&facet) {
                    odd.insert(facet);
                }
            }
        }
        !self.simplices.is_empty() && odd.is_empty()
    }

    /// The same simplices between other names, which may coincide; one with a nameless vertex is left out.
    pub(crate) fn mapped<W: Copy + Ord + Default>(
        &self,
        name: impl Fn(V) -> Option<W>,
    ) -> SimplexSet<W, N> {
        let named = self.simplices.iter().filter_map(|simplex| {
            let mut other = [W::default(); N];
            for (to, &from) in other.iter_mut().zip(simplex) {
                *to = name(from)?;
            }
            Some(other)
        });
        SimplexSet::new(named)
    }
}

impl<V: Copy + Ord> EdgeSet<V> {
    /// Closed walks, each through different vertices and ending where it began, whose edges are these.
    pub(crate) fn walks(&self) -> Vec<Vec<V>> {
        let mut neighbours: BTreeMap<V, BTreeSet<V>> = BTreeMap::new();
        for &[a, b] in &self.simplices {
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
        self.simplices.iter().map(|edge| edge.map(|v| v as u32))
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
        assert_eq!((left.simplices().len(), left.walks().len()), (0, 0));
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
        assert_eq!(
            triangle.mapped(|v| (v < 3).then_some(v)).simplices().len(),
            1
        );
        assert_eq!(triangle.vertices().count(), 6);
        assert!(triangle.is_cycle() && !EdgeSet::new([[1, 2]]).is_cycle());
        assert!(!EdgeSet::<u64>::default().is_cycle());
    }

    #[test]
    fn spheres_of_triangles() {
        let tetrahedron = TriangleSet::new([[1u64, 2, 3], [4, 2, 1], [1, 3, 4], [2, 3, 4]]);
        assert!(tetrahedron.is_cycle());
        assert!(!TriangleSet::new([[1u64, 2, 3], [1, 2, 4], [1, 3, 4]]).is_cycle());
        let flattened = tetrahedron.mapped(|v| Some(v.min(3)));
        assert_eq!(
            flattened.simplices().len(),
            0,
            "[1 2 3] twice, and what has no area"
        );
    }
}
