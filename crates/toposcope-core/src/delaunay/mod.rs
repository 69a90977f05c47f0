//! Delaunay triangulations of points in the plane and in space, exact on every input.
//!
//! # Method
//! Points are inserted one by one (Bowyer 1981, Watson 1981), in a biased randomised order along a Hilbert curve (Amenta, Choi, Rote
//! 2003), so that each is found after a few steps from the last. Signs of determinants are exact (Shewchuk 1997).
//!
//! # Degenerate input
//! A point on the circumsphere of a cell counts as outside. This is a symbolic perturbation: every point is lifted to
//! the paraboloid and raised by an infinitesimal amount that is infinitely larger than those of all points before it. What is built is
//! the lower hull of these, a triangulation in which every cell has an empty circumsphere, points on it allowed, and
//! none is flat. Points that span less than the space are triangulated in their plane or on their line.
//!
//! # Limitations
//! Exact arithmetic on floating-point numbers needs an end to their exponents. Coordinates are scaled by a power of two so that
//! the largest is about 1; those below 2^-148 are then rounded to a multiple of about 2^-200.

mod frame;
mod hilbert;
mod insertion;
pub(crate) mod lattice;
mod mesh;
mod predicates;
pub(crate) mod radix;
mod sites;

pub(crate) use mesh::{Facet, Mesh};
pub(crate) use sites::Sites;

use crate::memory::Held;
use crate::{Control, Error};
use frame::Frame;
use predicates::{Plane, Space};

/// A triangulation of sites, whose numbers are its vertices. Sites come in the order in which they were inserted.
#[derive(Debug)]
pub(crate) enum Delaunay {
    /// One site, or none.
    Point,
    /// Sites along a line, from one end to the other.
    Line(Held<u32>),
    /// Triangles.
    Plane(Mesh<3>),
    /// Tetrahedra.
    Space(Mesh<4>),
}

/// Triangulates `sites` in the space that they span, and brings them into the order of insertion.
///
/// # Errors
/// [`Error::Interrupted`], [`Error::Invalid`] if there are too many cells to number.
pub(crate) fn triangulate(sites: &mut Sites, control: &Control) -> Result<Delaunay, Error> {
    let frame = Frame::of(sites.coordinates(), sites.n_dims(), control)?;
    match frame {
        Frame::Point => Ok(Delaunay::Point),
        Frame::Line => sites.along_line(control).map(Delaunay::Line),
        Frame::Plane(corners, axes) => {
            let first = sites.bring_to_front(corners);
            let plane = Plane::new(sites.coordinates(), axes);
            insertion::triangulate(&plane, sites.len(), first, control).map(Delaunay::Plane)
        }
        Frame::Space(corners) => {
            let first = sites.bring_to_front(corners);
            let space = Space::new(sites.coordinates());
            insertion::triangulate(&space, sites.len(), first, control).map(Delaunay::Space)
        }
    }
}
