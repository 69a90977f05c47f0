//! Where a kernel samples: ascending positions on the line of filtration values.
//!
//! A grid of `n` positions `t_0 < … < t_{n-1}` serves in two ways: as `n` *nodes* at which a function is evaluated, or as the
//! *edges* of `n - 1` cells `[t_i, t_{i+1}]` over which it is integrated.

use std::ops::Range;

use toposcope_core::Error;

/// Finite, strictly ascending positions; at least one.
#[derive(Debug, Clone, Copy)]
pub struct Grid<'a> {
    positions: &'a [f64],
}

impl<'a> Grid<'a> {
    /// Checks the positions; `argument` is what the caller calls them.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is none, one is not finite, or they do not ascend.
    pub fn new(argument: &'static str, positions: &'a [f64]) -> Result<Self, Error> {
        let expected = "finite, strictly ascending positions, at least one";
        if positions.is_empty() {
            return Err(Error::invalid(argument, expected, "none"));
        }
        if let Some(at) = positions.iter().position(|t| !t.is_finite()) {
            let got = format!("{} at {at}", positions[at]);
            return Err(Error::invalid(argument, expected, got));
        }
        if let Some(at) = positions.windows(2).position(|pair| pair[0] >= pair[1]) {
            let got = format!(
                "{} after {} at {}",
                positions[at + 1],
                positions[at],
                at + 1
            );
            return Err(Error::invalid(argument, expected, got));
        }
        Ok(Self { positions })
    }

    /// The positions.
    pub fn positions(self) -> &'a [f64] {
        self.positions
    }

    /// Number of nodes.
    pub fn n_nodes(self) -> usize {
        self.positions.len()
    }

    /// Number of cells between neighbouring positions.
    pub fn n_cells(self) -> usize {
        self.positions.len() - 1
    }

    /// Indices of the nodes in the half-open `[from, to)`.
    pub fn nodes_within(self, from: f64, to: f64) -> Range<usize> {
        let start = self.positions.partition_point(|&t| t < from);
        let end = self.positions.partition_point(|&t| t < to);
        start..end.max(start)
    }

    /// Indices of the cells that meet `[from, to]`.
    pub fn cells_meeting(self, from: f64, to: f64) -> Range<usize> {
        let start = self.positions.partition_point(|&t| t < from).max(1) - 1;
        let end = self.positions.partition_point(|&t| t <= to);
        let end = end.min(self.n_cells());
        start.min(end)..end
    }
}
