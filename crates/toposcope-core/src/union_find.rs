//! Components of a growing graph.

use crate::memory::Held;
use crate::{Control, Error};

/// Disjoint sets with path halving and union by size.
#[derive(Debug)]
pub(crate) struct UnionFind {
    parent: Held<u32>,
    size: Held<u32>,
}

impl UnionFind {
    /// `n` sets of one element.
    pub(crate) fn new(n: usize, control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        let mut parent = Held::with_capacity(budget, n)?;
        parent.extend_in_chunks(n, 0..n as u32, |work| control.tick(work))?;
        let size = Held::filled(budget, 1, n, |work| control.tick(work))?;
        Ok(Self { parent, size })
    }

    /// The name of the set of an element: one of its elements.
    pub(crate) fn find(&mut self, mut v: u32) -> u32 {
        while self.parent[v as usize] != v {
            let above = self.parent[self.parent[v as usize] as usize];
            self.parent[v as usize] = above;
            v = above;
        }
        v
    }

    /// Joins the sets of two elements; whether they were different.
    pub(crate) fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return false;
        }
        let (large, small) = if self.size[a as usize] < self.size[b as usize] {
            (b, a)
        } else {
            (a, b)
        };
        self.parent[small as usize] = large;
        self.size[large as usize] += self.size[small as usize];
        true
    }
}
