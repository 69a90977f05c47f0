//! The lune Morse reduction: exact Rips persistence from one sweep over the edges.
//!
//! An edge `ab` brings in the simplices whose longest edge it is: `ab ∗ τ` for the cliques τ, the empty one included, of its
//! *lune*, the vertices nearer to both `a` and `b`. Within each edge these simplices are matched with each other, acyclically;
//! the few that stay alone are *critical*, and the Morse complex on them has the persistence of the Rips complex. The
//! proof is in `docs/concepts/lune-morse.md`, and what this crate makes of it in its `DESIGN.md`.
//!
//! - [`rows`]: the graph of the edges passed so far, in bits;
//! - [`sweep`]: lunes, edge by edge, over rows of bits or lists of neighbours;
//! - [`around`]: lunes, vertex by vertex, over lists of neighbours;
//! - [`graph`]: the graph on one lune;
//! - [`loops`]: everything up to degree 1, where a lune matters through its components alone;
//! - [`matching`], [`forest`], [`morse`]: every degree.

mod around;
pub(crate) mod bits;
mod forest;
mod graph;
mod loops;
mod matching;
mod morse;
mod rows;
mod simd;
mod sweep;

pub(crate) use forest::Role;
pub(crate) use graph::Graph;
pub(crate) use loops::{Loops, bytes_of_sweeps, passes_rows};
pub(crate) use morse::{Settlement, intervals};
pub(crate) use rows::block_of;
pub(crate) use sweep::Sweep;
