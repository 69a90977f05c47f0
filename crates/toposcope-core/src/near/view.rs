//! What a point sees around it: its neighbours sorted by distance, in columns that vector registers can read.
//!
//! Points of a leaf share their surroundings, which are read from the tree once.

use super::tree::{Narrow, Tree};
use crate::Error;

/// Surroundings of more points than this are narrowed.
const MOST_AROUND: usize = 768;
/// How often they are narrowed by half before they are given up: points that coincide are not told apart by any distance.
const ATTEMPTS: usize = 12;

/// Points that surroundings ever hold, and room that vectors have beyond what they hold.
const ROOM: usize = 2 * (MOST_AROUND + 64);

/// At most so much is held by surroundings, and by a view: coordinates and positions, and those again with their order and two keys.
pub(super) fn bytes(n_dims: usize) -> usize {
    ROOM * (8 * n_dims + 4) + ROOM * (8 * n_dims + 4 + 8 + 8 + 16)
}

/// Columns of coordinates.
#[derive(Debug)]
struct Columns<const D: usize>([Vec<f64>; D]);

impl<const D: usize> Columns<D> {
    fn new() -> Self {
        Self(std::array::from_fn(|_| Vec::new()))
    }

    #[inline(always)]
    fn clear(&mut self) {
        self.0.iter_mut().for_each(Vec::clear);
    }

    #[inline(always)]
    fn push(&mut self, row: &[f64; D]) {
        for (column, &x) in self.0.iter_mut().zip(row) {
            column.push(x);
        }
    }

    #[inline(always)]
    fn row(&self, at: usize) -> [f64; D] {
        std::array::from_fn(|axis| self.0[axis][at])
    }

    /// Squares of the distances of the first `n` rows to one: the keys of the tree, to the last bit.
    #[inline(always)]
    fn keys(&self, n: usize, to: &[f64; D], keys: &mut Vec<f64>) {
        keys.clear();
        keys.resize(n, 0.0);
        for (column, &own) in self.0.iter().zip(to) {
            for (key, &x) in keys.iter_mut().zip(&column[..n]) {
                let difference = x - own;
                *key += difference * difference;
            }
        }
    }
}

/// All points near a leaf.
#[derive(Debug)]
pub(super) struct Surroundings<const D: usize> {
    /// Everything with at most this key to a point of the leaf is in.
    pub(super) reach: f64,
    columns: Columns<D>,
    positions: Vec<u32>,
    stack: Vec<u32>,
}

impl<const D: usize> Surroundings<D> {
    pub(super) fn new() -> Self {
        Self {
            reach: 0.0,
            columns: Columns::new(),
            positions: Vec::new(),
            stack: Vec::new(),
        }
    }

    /// Moves to a leaf. Reaches as far as `limit`, unless that is a lot.
    pub(super) fn move_to(&mut self, tree: &Tree<Narrow<D>>, leaf: u32, limit: f64) {
        let (low, high) = tree.bounds(leaf);
        let diagonal: f64 = (0..D).map(|axis| (high[axis] - low[axis]).powi(2)).sum();
        self.reach = limit.min(4.0 * diagonal);
        for _ in 0..ATTEMPTS {
            if self.collect(tree, leaf) {
                return;
            }
            self.reach *= 0.25;
        }
        self.positions.clear();
        self.columns.clear();
        self.reach = -1.0;
    }

    /// Reads what is within reach; whether it is not too much.
    fn collect(&mut self, tree: &Tree<Narrow<D>>, leaf: u32) -> bool {
        self.columns.clear();
        self.positions.clear();
        self.stack.clear();
        self.stack.push(0);
        while let Some(node) = self.stack.pop() {
            if tree.nearest_key_between(leaf, node) > self.reach {
                continue;
            }
            if let Some(children) = tree.children(node) {
                self.stack.extend(children);
                continue;
            }
            for q in tree.node(node).positions() {
                if tree.nearest_key(q, leaf) <= self.reach {
                    self.columns.push(tree.rows.row(q));
                    self.positions.push(q);
                }
            }
            if self.positions.len() > MOST_AROUND {
                return false;
            }
        }
        true
    }
}

/// The neighbours of one point, nearest first.
#[derive(Debug)]
pub(super) struct View<const D: usize> {
    order: Vec<(u64, u32)>,
    pub(super) keys: Vec<f64>,
    pub(super) positions: Vec<u32>,
    columns: Columns<D>,
    /// Keys to another point.
    others: Vec<f64>,
}

impl<const D: usize> View<D> {
    pub(super) fn new() -> Self {
        Self {
            order: Vec::new(),
            keys: Vec::new(),
            positions: Vec::new(),
            columns: Columns::new(),
            others: Vec::new(),
        }
    }

    /// Takes the place of position `p`.
    #[inline(always)]
    pub(super) fn move_to(&mut self, p: u32, own: &[f64; D], around: &Surroundings<D>) {
        let n = around.positions.len();
        around.columns.keys(n, own, &mut self.others);
        self.order.clear();
        let all = self.others.iter().zip(&around.positions).enumerate();
        for (at, (&key, &q)) in all {
            if key <= around.reach && q != p {
                self.order.push((key.to_bits(), at as u32));
            }
        }
        self.order.sort_unstable();
        self.keys.clear();
        self.positions.clear();
        self.columns.clear();
        for &(key, at) in &self.order {
            self.keys.push(f64::from_bits(key));
            self.positions.push(around.positions[at as usize]);
            self.columns.push(&around.columns.row(at as usize));
        }
    }

    /// The number of neighbours.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The coordinates of a neighbour.
    #[inline(always)]
    pub(super) fn row(&self, at: usize) -> [f64; D] {
        self.columns.row(at)
    }

    /// Shows the neighbours within a key of the point and of its neighbour `to`, with the two keys.
    #[inline(always)]
    pub(super) fn lens(
        &mut self,
        to: usize,
        largest: f64,
        mut show: impl FnMut(u32, f64, f64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let row = self.row(to);
        let mut n = to + 1;
        while n < self.len() && self.keys[n] <= largest {
            n += 1;
        }
        self.columns.keys(n, &row, &mut self.others);
        for (at, &other) in self.others.iter().enumerate() {
            if other <= largest && at != to {
                show(self.positions[at], self.keys[at], other)?;
            }
        }
        Ok(())
    }
}
