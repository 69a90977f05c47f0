//! The naive reference: persistent homology and its comparisons by definition, for small inputs.
//!
//! # Why it can be trusted
//! - Nothing is clever. Simplices are listed one by one, boundaries are written out, columns are reduced in the order of the
//!   textbook (Edelsbrunner, Letscher, Zomorodian 2002), ranks come from Gaussian elimination on dense rows. There is no clearing,
//!   no implicit matrix, no cache, no early stop.
//! - It shares no code with the engines and depends on no crate: a mistake there cannot repeat itself here.
//! - Its parts check each other: Betti numbers are computed from ranks of boundary matrices, without persistence, and the tests
//!   compare the two; known spaces with and without torsion are pinned.
//!
//! Distances come as full `n * n` row-major slices; `f64::INFINITY` is "no edge". Memory and time grow with the number of
//! simplices and worse: a dozen vertices in dimension 3, some thirty in dimension 1.

mod balls;
mod chains;
mod complex;
mod linear;
mod matching;
mod persistence;
mod transport;

pub use balls::cech_persistence;
pub use chains::{
    Chain, are_independent, boundary_of, coboundary_of, diameter, is_boundary, value_on,
};
pub use complex::Complex;
pub use matching::bottleneck_distance;
pub use persistence::{betti_numbers, rank_of_images, rank_of_inclusion, rips_persistence};
pub use transport::{Exponents, distance_by_force, matching_length, wasserstein_distance};
