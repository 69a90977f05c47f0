//! Numbers for tests, the same in every run.

/// A plain LCG: seeded, and nothing here needs better.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The next number, below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % n
    }

    /// A coordinate of a grid with so many lines, or anywhere in [0, 1) if it has none.
    pub(crate) fn coordinate(&mut self, grid: usize) -> f64 {
        match grid {
            0 => self.below(1 << 20) as f64 / f64::from(1 << 20),
            _ => self.below(grid) as f64,
        }
    }
}
