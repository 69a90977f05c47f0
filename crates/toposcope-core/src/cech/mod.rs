//! Persistent homology of the Čech filtration: the nerve of balls around points of any space R^d.
//!
//! A simplex enters at the radius of the smallest ball around its vertices. Every simplex up to the threshold is listed
//! ([`complex`]), and the coboundaries are reduced ([`pairs`]): small sizes, or small thresholds, are meant. In R² and R³ the alpha
//! filtration has the same persistence, with far fewer simplices.
//!
//! # Exactness
//! Radii are computed with 106 bits from exact differences and rounded once ([`miniball`]); a simplex whose ball is that of a facet
//! has the value of that facet. So a value is never below that of a facet, and simplices on a common sphere have one value, where
//! rounding alone would make intervals of them. Distances below the 2⁻⁵⁰⁰-th part of the largest coordinate count as none.

mod complex;
mod miniball;
mod pairs;

use crate::memory::Held;
use crate::parallel::thread_count;
use crate::progress;
use crate::reduction::{Field, Z2, Zp};
use crate::simplex::Packing;
use crate::{Control, Diagram, Error, Interval, Points, RipsParams};
use complex::{Growth, Level, Space};

/// Parameters of [`cech`].
#[derive(Debug, Clone, PartialEq)]
pub struct CechParams {
    /// Largest homology dimension computed.
    pub max_dim: usize,
    /// Largest radius built, itself included; `None` = all simplices.
    pub threshold: Option<f64>,
    /// Order of the coefficient field, a prime.
    pub field: u32,
    /// Worker threads; `None` = as many as the machine has. Never changes a result.
    pub n_threads: Option<usize>,
}

impl Default for CechParams {
    fn default() -> Self {
        Self {
            max_dim: 1,
            threshold: None,
            field: 2,
            n_threads: None,
        }
    }
}

impl CechParams {
    /// Refuses what cannot be done for any points.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the parameter.
    pub fn check(&self) -> Result<(), Error> {
        let shared = RipsParams {
            max_dim: self.max_dim,
            threshold: self.threshold,
            field: self.field,
            n_threads: self.n_threads,
            ..RipsParams::default()
        };
        shared.check()
    }
}

/// With fewer points than this a second thread costs more than it saves.
const FEW_POINTS: usize = 32;
/// What a simplex of dimension `k` takes at least: key, value, place in the order, and each facet once.
const BYTES_PER_SIMPLEX: usize = 28;
const BYTES_PER_FACET: usize = 4;

/// Persistent homology of the Čech filtration of points, in every dimension up to `params.max_dim`. Filtration values are radii.
///
/// ```
/// use toposcope_core::{CechParams, Control, Points, cech};
///
/// // An equilateral triangle: three balls meet in pairs before all of them do.
/// let corners = Points::from_f64(vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3)?;
/// let diagram = cech(&corners, &CechParams::default(), &Control::none())?;
/// let (birth, death) = (0.5f64.sqrt(), (2.0f64 / 3.0).sqrt());
/// assert_eq!(diagram.intervals(1).collect::<Vec<_>>(), [(birth, death)]);
/// # Ok::<(), toposcope_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Invalid`] for wrong parameters or more than 2³¹ simplices of a dimension, [`Error::Interrupted`] when the observer stops the
/// run, [`Error::MemoryLimit`] and [`Error::OutOfMemory`]; where no threshold is given, before any work.
pub fn cech(points: &Points, params: &CechParams, control: &Control) -> Result<Diagram, Error> {
    params.check()?;
    control.plan(progress::CECH);
    let packing = Packing::new(points.n_points(), params.max_dim)?;
    if params.threshold.is_none_or(f64::is_infinite) {
        let bytes = bytes_of_all(points.n_points(), params.max_dim + 1);
        drop(control.budget().reserve(bytes)?);
    }
    let intervals = match params.field {
        2 => intervals(Z2, points, packing, params, control)?,
        p => intervals(Zp::new(p), points, packing, params, control)?,
    };
    Diagram::from_sorted_and_more(
        std::iter::empty(),
        0,
        intervals,
        params.max_dim as u8,
        control,
    )
}

/// What all simplices on `n` vertices up to a dimension take at least.
fn bytes_of_all(n: usize, top_dim: usize) -> usize {
    let (mut count, mut bytes) = (1_u128, 0_u128);
    for dim in 0..=top_dim.min(n.saturating_sub(1)) {
        // n choose dim + 1, from n choose dim.
        count = count.saturating_mul((n - dim.min(n)) as u128) / (dim as u128 + 1);
        let each = BYTES_PER_SIMPLEX + BYTES_PER_FACET * (dim + 1);
        bytes = bytes.saturating_add(count.saturating_mul(each as u128));
    }
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn intervals<F: Field>(
    field: F,
    points: &Points,
    packing: Packing<u128>,
    params: &CechParams,
    control: &Control,
) -> Result<Held<Interval>, Error> {
    let space = Space::new(points, control)?;
    let n = space.n_points();
    let n_threads = if n < FEW_POINTS {
        1
    } else {
        thread_count(params.n_threads)
    };
    let mut workers = vec![(); n_threads];
    let mut growth = Growth {
        space: &space,
        packing,
        threshold: params.threshold.unwrap_or(f64::INFINITY),
        edges: None,
    };
    let edges = Level::vertices(n, control)?.next(&growth, &mut workers, control)?;
    let mut order = pairs::order(&edges, control)?;
    let mut intervals = Held::new(control.budget());
    let mut is_end = pairs::components(n, &edges, &order, &mut intervals, control)?;
    growth.edges = Some(&edges);
    let mut last = None;
    for dim in 1..=params.max_dim {
        let below = last.as_ref().unwrap_or(&edges);
        let above = below.next(&growth, &mut workers, control)?;
        let order_above = pairs::order(&above, control)?;
        is_end = pairs::pair(
            field,
            [below, &above],
            [&order, &order_above],
            &is_end,
            dim,
            &mut intervals,
            control,
        )?;
        (order, last) = (order_above, Some(above));
    }
    Ok(intervals)
}
