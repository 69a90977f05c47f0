//! Vectors from persistence diagrams: kernels that turn the intervals of one homology dimension into numbers on a grid.
//!
//! | module | kernel | sampled at | features per dimension |
//! |---|---|---|---|
//! | [`betti`] | how many intervals are alive | nodes | `n_nodes` |
//! | [`landscape`] | k-th largest tent | nodes | `n_layers * n_nodes` |
//! | [`image`] | weighted Gaussian per pixel | cells, or nodes | `n_persistence * n_birth` |
//!
//! # Conventions
//! - An interval is half-open, `[birth, death)`. Zero-length intervals contribute nothing to any kernel.
//! - A kernel adds nothing outside its grid and clips nothing onto it; what the grid should be is the caller's choice.
//! - `death = inf` is accepted where the formula has a value for it ([`betti`], [`landscape`]) and refused where it has
//!   none ([`image`]).
//! - The order of the intervals changes nothing in [`betti`] and [`landscape`], and only the rounding of sums in
//!   [`image`].
//!
//! ```
//! use toposcope_vectorize::{Grid, Intervals, betti};
//!
//! let (births, deaths) = ([0.0, 0.5], [1.0, 2.0]);
//! let intervals = Intervals::new(&births, &deaths)?;
//! let nodes = [0.0, 0.5, 1.0, 1.5, 2.0];
//! let mut curve = [0.0; 5];
//! betti::curve(intervals, Grid::new("nodes", &nodes)?, &mut curve)?;
//! assert_eq!(curve, [1.0, 2.0, 1.0, 1.0, 0.0]);
//! # Ok::<(), toposcope_core::Error>(())
//! ```

pub mod batch;
pub mod betti;
pub mod distances;
pub mod grid;
pub mod image;
mod intervals;
pub mod landscape;

pub use batch::Batch;
pub use grid::Grid;
pub use intervals::Intervals;

use toposcope_core::Error;

/// Checks that a kernel was handed exactly as much room as it fills.
fn expect_len(out: &[f64], expected: usize) -> Result<(), Error> {
    if out.len() == expected {
        return Ok(());
    }
    Err(Error::invalid(
        "out",
        format_args!("{expected} values"),
        format_args!("{} values", out.len()),
    ))
}
