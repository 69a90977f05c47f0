//! Exact persistent homology of Vietoris–Rips filtrations, at once and over a stream, and of alpha filtrations.
//!
//! # Conventions
//! - The filtration value of a simplex is its diameter, in alpha filtrations a radius. An edge equal to the threshold is in.
//! - Edges are ordered by (length, index), where the index of `{i, j}`, `i > j`, is `i (i - 1) / 2 + j`: it does not
//!   change when vertices are appended. Ties are exact, never perturbed.
//! - Lengths are f64. Intervals of zero length are dropped; an essential interval dies at `inf`; diagrams are sorted by
//!   (dimension, birth, death).
//! - Coefficients are in Z/p. Every result is a function of the input alone: no thread count, hash order or clock enters.

mod alpha;
mod batch;
mod cech;
pub mod classes;
mod cohomology;
mod complete;
mod components;
mod control;
mod delaunay;
mod diagram;
#[cfg(test)]
mod dice;
mod distances;
mod error;
mod estimate;
mod filtration;
mod incremental;
mod lune;
pub mod memory;
mod metric;
mod near;
mod parallel;
mod params;
mod points;
pub mod pool;
mod progress;
mod reduction;
pub mod representatives;
mod rough;
mod row_pairs;
mod simd;
mod simplex;
pub mod snapshot;
mod sorting;
pub mod stream;
mod tiles;
mod union_find;

pub use alpha::{AlphaParams, alpha};
pub use batch::{RipsInput, rips};
pub use cech::{CechParams, cech};
pub use control::{Control, Observer};
pub use diagram::{Diagram, Interval};
pub use distances::{DistanceMatrix, SparseDistances, SparseEdge};
pub use error::Error;
pub use estimate::{Count, Estimate, Form, Part, estimate};
pub use metric::Metric;
pub use params::{LARGEST_FIELD, LARGEST_MAX_DIM, Method, RipsParams};
pub use points::Points;
