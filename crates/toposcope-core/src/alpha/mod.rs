//! Persistent homology of the alpha filtration of points in the plane or in space.
//!
//! # Method
//! The alpha complex at radius `r` is the part of the Delaunay triangulation whose simplices have an empty sphere around them of radius
//! at most `r`; it has the shape of the union of balls of radius `r` (Edelsbrunner, Mücke 1994). Values are squared radii until the end.
//! Pairs of dimension 0 come from a spanning forest, those of the highest dimension from one of the dual graph ([`duality`]), and
//! those between from the reduction of what is left ([`loops`]).
//!
//! # Degenerate input
//! Where more points than necessary lie on an empty sphere, the triangulation is one of several, and all have the same
//! persistence: simplices that fill the sphere have its radius, and begin and end nothing. That equal radii are equal numbers is seen to by
//! [`spheres`], which computes with 106 bits and rounds once. A facet never has a larger value than its cofacets, because
//! it takes the least of theirs as its bound.

pub(crate) mod double;
mod duality;
mod edges;
mod exact;
mod loops;
mod radii;
mod spheres;

use crate::delaunay::radix::sort_by_key;
use crate::delaunay::{Delaunay, Mesh, Sites, triangulate};
use crate::memory::Held;
use crate::parallel::thread_count;
use crate::progress;
use crate::reduction::{Field, Z2, Zp};
use crate::{Control, Diagram, Error, Interval, Points, RipsParams};
use duality::TopDimension;
use edges::Edges;
use radii::Radii;

/// Parameters of [`alpha`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlphaParams {
    /// Largest homology dimension computed; `None` = one less than that of the points' space, beyond which there is none.
    pub max_dim: Option<usize>,
    /// Order of the coefficient field, a prime.
    pub field: u32,
    /// Worker threads; `None` = as many as the machine has. Never changes a result.
    pub n_threads: Option<usize>,
}

impl Default for AlphaParams {
    fn default() -> Self {
        Self {
            max_dim: None,
            field: 2,
            n_threads: None,
        }
    }
}

impl AlphaParams {
    /// Refuses what cannot be done for any points.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the parameter.
    pub fn check(&self) -> Result<(), Error> {
        let shared = RipsParams {
            field: self.field,
            n_threads: self.n_threads,
            ..RipsParams::default()
        };
        shared.check()
    }

    /// The largest homology dimension computed for points of `n_dims` coordinates.
    fn max_dim_in(&self, n_dims: usize) -> Result<usize, Error> {
        let highest = n_dims - 1;
        match self.max_dim {
            Some(max_dim) if max_dim > highest => {
                let expected = format!("0 to {highest} for points in {n_dims} dimensions");
                Err(Error::invalid("max_dim", expected, max_dim))
            }
            asked => Ok(asked.unwrap_or(highest)),
        }
    }
}

/// Persistent homology of the alpha filtration of points in R^2 or R^3. Filtration values are radii.
///
/// Points at the same position count as one.
///
/// ```
/// use toposcope_core::{AlphaParams, Control, Points, alpha};
///
/// // The corners of a square: balls of radius 1/2 close a loop, which is filled when they reach the centre.
/// let corners = Points::from_f64(vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 2)?;
/// let diagram = alpha(&corners, &AlphaParams::default(), &Control::none())?;
/// assert_eq!(diagram.intervals(0).count(), 4);
/// assert_eq!(diagram.intervals(1).collect::<Vec<_>>(), [(0.5, 0.5f64.sqrt())]);
/// # Ok::<(), toposcope_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Invalid`] for wrong parameters, or points neither in R^2 nor in R^3, [`Error::Interrupted`] when the observer stops the run,
/// [`Error::MemoryLimit`] and [`Error::OutOfMemory`].
pub fn alpha(points: &Points, params: &AlphaParams, control: &Control) -> Result<Diagram, Error> {
    params.check()?;
    control.plan(progress::ALPHA);
    let mut sites = Sites::new(points, control)?;
    let max_dim = params.max_dim_in(points.n_dims())?;
    let intervals = match params.field {
        2 => squared_intervals(Z2, &mut sites, max_dim, params.n_threads, control)?,
        p => squared_intervals(Zp::new(p), &mut sites, max_dim, params.n_threads, control)?,
    };
    let intervals = in_order(intervals, &sites, control)?;
    let n_intervals = intervals.len();
    Diagram::from_sorted_and_more(
        intervals.into_iter(),
        n_intervals,
        [],
        max_dim as u8,
        control,
    )
}

/// Squares become radii of the points, in the order of a diagram.
fn in_order(
    mut intervals: Held<Interval>,
    sites: &Sites,
    control: &Control,
) -> Result<Held<Interval>, Error> {
    let radius = |squared: f64| sites.unscaled(squared.sqrt());
    for (_, birth, death) in intervals.iter_mut() {
        control.tick(1)?;
        (*birth, *death) = (radius(*birth), radius(*death));
    }
    let tick = |work| control.tick(work);
    let mut room = Held::filled(control.budget(), (0, 0.0, 0.0), intervals.len(), tick)?;
    // From the last key to the first, as equal ones stay in order. Bits of numbers of at least 0 are in their order.
    sort_by_key(&mut intervals, &mut room, |i| i.2.to_bits(), control)?;
    sort_by_key(&mut intervals, &mut room, |i| i.1.to_bits(), control)?;
    sort_by_key(&mut intervals, &mut room, |i| u64::from(i.0), control)?;
    Ok(intervals)
}

/// Intervals of squared radii, in any order.
fn squared_intervals<F: Field>(
    field: F,
    sites: &mut Sites,
    max_dim: usize,
    n_threads: Option<usize>,
    control: &Control,
) -> Result<Held<Interval>, Error> {
    let mut intervals = Held::new(control.budget());
    if sites.len() > 0 {
        intervals.push((0, 0.0, f64::INFINITY))?;
    }
    let n_threads = thread_count(n_threads);
    match triangulate(sites, control)? {
        Delaunay::Point => {}
        Delaunay::Line(line) => line_intervals(sites, &line, &mut intervals)?,
        Delaunay::Plane(mesh) => plane_intervals(sites, &mesh, n_threads, &mut intervals, control)?,
        Delaunay::Space(mesh) => {
            space_intervals(
                field,
                sites,
                &mesh,
                max_dim,
                n_threads,
                &mut intervals,
                control,
            )?;
        }
    }
    Ok(intervals)
}

/// Neighbours on a line meet half-way.
fn line_intervals(
    sites: &Sites,
    line: &[u32],
    intervals: &mut Held<Interval>,
) -> Result<(), Error> {
    let gaps = line.windows(2).map(|pair| {
        let ends = [pair[0], pair[1]].map(|v| sites.coordinates()[v as usize]);
        (0, 0.0, spheres::squared_radius_of_edge(ends))
    });
    intervals.extend(gaps)
}

/// The facets are the edges. Those that separate nothing in the dual graph are a spanning forest.
fn plane_intervals(
    sites: &Sites,
    mesh: &Mesh<3>,
    n_threads: usize,
    intervals: &mut Held<Interval>,
    control: &Control,
) -> Result<(), Error> {
    let radii = Radii::new(sites.coordinates(), mesh, n_threads, control)?;
    let top = TopDimension::new(mesh, &radii, |_| false, control)?;
    intervals.extend(top.pairs.iter().map(|&(birth, death)| (1, birth, death)))?;
    intervals.extend(top.joining.iter().map(|edge| (0, 0.0, edge.value)))
}

fn space_intervals<F: Field>(
    field: F,
    sites: &Sites,
    mesh: &Mesh<4>,
    max_dim: usize,
    n_threads: usize,
    intervals: &mut Held<Interval>,
    control: &Control,
) -> Result<(), Error> {
    let radii = Radii::new(sites.coordinates(), mesh, n_threads, control)?;
    let edges = Edges::new(sites.coordinates(), mesh, &radii, n_threads, control)?;
    let joining = edges.joining(control)?;
    intervals.extend(joining.iter().map(|&edge| (0, 0.0, edges.value(edge))))?;
    if max_dim == 0 {
        return Ok(());
    }
    let top = TopDimension::new(mesh, &radii, |facet| edges.is_filling(facet), control)?;
    if max_dim > 1 {
        intervals.extend(top.pairs.iter().map(|&(birth, death)| (2, birth, death)))?;
    }
    let loops = loops::intervals(field, &radii, &edges, &joining, &top.joining, control)?;
    intervals.extend(loops.iter().map(|&(birth, death)| (1, birth, death)))
}
