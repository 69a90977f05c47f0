//! Lengths between slots, and the order of edges that they make.

use crate::Error;
use crate::memory::{Budget, Held};

/// Vertices live in slots; this one holds an edge's two ends, the larger slot first, and its length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) ends: [u32; 2],
    pub(super) length: f64,
}

impl Edge {
    /// Position in a strict lower triangle.
    #[inline(always)]
    pub(super) fn place(&self) -> usize {
        triangle(self.ends[0], self.ends[1])
    }

    /// Whether it comes before `other`: edges go by length, and those of equal length by their slots. A vertex keeps its slot, so the
    /// order of two edges never changes.
    #[inline(always)]
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.length < other.length || self.length == other.length && self.ends < other.ends
    }
}

/// Position of the pair of two different slots in a strict lower triangle.
#[inline(always)]
pub(super) fn triangle(a: u32, b: u32) -> usize {
    let (a, b) = (a.max(b) as usize, a.min(b) as usize);
    a * (a - 1) / 2 + b
}

/// The bits of a length in float32: they sort as the lengths do, but for those that are rounded to the same.
pub(super) type Rounded = u32;

/// Longer than any length: that of an edge that is not there.
pub(super) const ABSENT: Rounded = u32::MAX;

#[inline(always)]
pub(super) fn round(length: f64) -> Rounded {
    // Adding zero turns -0.0, whose bits would sort last, into 0.0.
    (length as f32 + 0.0).to_bits()
}

/// All lengths, by slots.
#[derive(Debug)]
pub(super) struct Lengths {
    n_slots: usize,
    /// A square, whose rows are compared from end to end.
    rounded: Held<Rounded>,
    /// A strict lower triangle, to tell apart what is rounded to the same.
    exact: Held<f64>,
}

impl Lengths {
    pub(super) fn new(n_slots: usize, budget: &Budget) -> Result<Self, Error> {
        let n_pairs = n_slots * n_slots.saturating_sub(1) / 2;
        Ok(Self {
            n_slots,
            rounded: Held::filled(budget, ABSENT, n_slots * n_slots, |_| Ok(()))?,
            exact: Held::filled(budget, f64::INFINITY, n_pairs, |_| Ok(()))?,
        })
    }

    pub(super) fn n_slots(&self) -> usize {
        self.n_slots
    }

    pub(super) fn set(&mut self, a: u32, b: u32, length: f64) {
        self.exact[triangle(a, b)] = length;
        self.set_rounded(a, b, round(length));
    }

    /// From now on there is no edge between the two.
    pub(super) fn remove(&mut self, a: u32, b: u32) {
        self.set_rounded(a, b, ABSENT);
    }

    fn set_rounded(&mut self, a: u32, b: u32, rounded: Rounded) {
        let (n, a, b) = (self.n_slots, a as usize, b as usize);
        self.rounded[a * n + b] = rounded;
        self.rounded[b * n + a] = rounded;
    }

    /// Rounded lengths from a slot to all others, and to itself [`ABSENT`].
    #[inline(always)]
    pub(super) fn row(&self, a: u32) -> &[Rounded] {
        &self.rounded[a as usize * self.n_slots..][..self.n_slots]
    }

    #[inline(always)]
    pub(super) fn edge(&self, a: u32, b: u32) -> Edge {
        Edge {
            ends: [a.max(b), a.min(b)],
            length: self.exact[triangle(a, b)],
        }
    }

    /// Whether the edge `ab` comes before `e`.
    #[inline(always)]
    pub(super) fn precedes(&self, a: u32, b: u32, e: &Edge) -> bool {
        let (rounded, limit) = (self.row(a)[b as usize], round(e.length));
        rounded < limit || rounded == limit && self.edge(a, b).is_before(e)
    }

    /// Whether `c`, no end of `e`, is in its lune.
    #[inline(always)]
    pub(super) fn in_lune(&self, e: &Edge, c: u32) -> bool {
        let [a, b] = e.ends;
        let farther = self.row(a)[c as usize].max(self.row(b)[c as usize]);
        let limit = round(e.length);
        farther < limit || farther == limit && self.precedes(a, c, e) && self.precedes(b, c, e)
    }
}
