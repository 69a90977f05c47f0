//! The graph on the vertices of one lune, as rows of bits.

use super::bits;

/// A graph whose rows are sets of its own vertices. It is either a window on the rows of the whole graph, where vertices
/// have their own names, or gathered from the vertices of a small lune, which are then numbered in ascending order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Graph<'a> {
    rows: &'a [u64],
    words: usize,
    names: Option<&'a [u32]>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(rows: &'a [u64], words: usize, names: Option<&'a [u32]>) -> Self {
        Self { rows, words, names }
    }

    /// What the caller of the engine calls the vertex.
    pub(super) fn name(&self, v: usize) -> u32 {
        self.names.map_or(v as u32, |names| names[v])
    }

    /// The neighbours of `v`.
    #[inline]
    pub(super) fn row(&self, v: usize) -> &'a [u64] {
        &self.rows[v * self.words..][..self.words]
    }

    /// The neighbours of `v` within `alive`.
    pub(super) fn link(&self, v: usize, alive: &[u64]) -> Vec<u64> {
        alive.iter().zip(self.row(v)).map(|(x, y)| x & y).collect()
    }

    /// The vertex of `alive` with most neighbours there, the first of several.
    pub(super) fn busiest(&self, alive: &[u64]) -> Option<usize> {
        let degree = |v: usize| bits::count_common(alive, self.row(v));
        bits::ones(alive).max_by_key(|&v| (degree(v), std::cmp::Reverse(v)))
    }

    /// A vertex of `alive` adjacent to all the others, the first of several.
    pub(super) fn dominator(&self, alive: &[u64]) -> Option<usize> {
        bits::ones(alive).find(|&v| bits::within(alive, self.row(v), v))
    }

    /// Removes from `set` the component of `start` in the graph on `set`.
    pub(super) fn remove_component(&self, start: usize, set: &mut [u64]) {
        bits::remove(set, start);
        let mut fresh = vec![start];
        while let Some(v) = fresh.pop() {
            let mut any_left = 0;
            for (k, (left, row)) in set.iter_mut().zip(self.row(v)).enumerate() {
                let mut found = *left & row;
                *left &= !row;
                any_left |= *left;
                while found != 0 {
                    fresh.push(k * 64 + found.trailing_zeros() as usize);
                    found &= found - 1;
                }
            }
            if any_left == 0 {
                return;
            }
        }
    }

    /// One vertex of each component of the graph on `alive` that does not contain `root`.
    pub(super) fn other_components(&self, root: usize, alive: &[u64]) -> Vec<usize> {
        let mut left = alive.to_vec();
        self.remove_component(root, &mut left);
        let mut others = Vec::new();
        while let Some(v) = bits::first(&left) {
            others.push(v);
            self.remove_component(v, &mut left);
        }
        others
    }
}
