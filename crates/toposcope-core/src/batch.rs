//! Batch persistence: one call, one diagram.

use crate::components::{joining_lengths, joining_lengths_of_matrix, joining_lengths_of_points};
use crate::filtration::{EdgeFiltration, RankedInterval};
use crate::lune::{self, Loops};
use crate::parallel::thread_count;
use crate::reduction::{Field, Z2, Zp, cohomology};
use crate::simplex::Packing;
use crate::{
    Control, Diagram, DistanceMatrix, Error, Interval, Method, Metric, Points, RipsParams,
    SparseDistances,
};

/// What a Rips filtration is built from.
#[derive(Debug, Clone, Copy)]
pub enum RipsInput<'a> {
    /// Points, [ready](Points::ready_for) for their metric.
    Points(&'a Points, Metric),
    /// All distances.
    Dense(&'a DistanceMatrix),
    /// Some distances; pairs that are absent are no edges.
    Sparse(&'a SparseDistances),
}

impl RipsInput<'_> {
    fn n_vertices(&self) -> usize {
        match self {
            Self::Points(points, _) => points.n_points(),
            Self::Dense(matrix) => matrix.n(),
            Self::Sparse(distances) => distances.n(),
        }
    }
}

/// Persistent homology of the Vietoris–Rips filtration, in every dimension up to `params.max_dim`.
///
/// Filtration values are diameters; an edge equal to the threshold is in. The diagram is the same, to the last bit, for
/// every method, every number of threads, and every kind of input that gives the same distances.
///
/// # Errors
/// [`Error::Invalid`] for wrong parameters, [`Error::Interrupted`] when the observer stops the run.
pub fn rips(input: RipsInput, params: &RipsParams, control: &Control) -> Result<Diagram, Error> {
    params.check()?;
    let n = input.n_vertices();
    Packing::new(n, params.max_dim)?;
    if params.max_dim == 0 {
        let lengths = component_lengths(input, params.threshold, control)?;
        return Ok(diagram(n, &lengths, [], 0));
    }
    let filtration = EdgeFiltration::new(input, params.threshold, control)?;
    let lengths = joining_lengths(&filtration, control)?;
    let intervals = match params.field {
        2 => higher_intervals(Z2, &filtration, params, control)?,
        p => higher_intervals(Zp::new(p), &filtration, params, control)?,
    };
    let valued = intervals.into_iter().map(|(dim, birth, death)| {
        let death = death.map_or(f64::INFINITY, |rank| filtration.length(rank));
        (dim as u8, filtration.length(birth), death)
    });
    Ok(diagram(n, &lengths, valued, params.max_dim))
}

/// Lengths of the edges that join components. Complete inputs are never sorted for it, and points never get a matrix.
fn component_lengths(
    input: RipsInput,
    threshold: Option<f64>,
    control: &Control,
) -> Result<Vec<f64>, Error> {
    let largest = threshold.unwrap_or(f64::INFINITY);
    match input {
        RipsInput::Points(points, metric) => {
            joining_lengths_of_points(points, metric, largest, control)
        }
        RipsInput::Dense(matrix) => joining_lengths_of_matrix(matrix, largest, control),
        RipsInput::Sparse(_) => {
            joining_lengths(&EdgeFiltration::new(input, threshold, control)?, control)
        }
    }
}

fn higher_intervals<F: Field>(
    field: F,
    filtration: &EdgeFiltration,
    params: &RipsParams,
    control: &Control,
) -> Result<Vec<RankedInterval>, Error> {
    match params.method {
        Method::Cohomology => cohomology::intervals(field, filtration, params.max_dim, control),
        Method::Auto | Method::Lune if params.max_dim == 1 => {
            let loops = Loops::new(field, filtration, control)?;
            Ok(loops
                .intervals()
                .map(|(birth, death)| (1, birth, death))
                .collect())
        }
        Method::Auto | Method::Lune => {
            let n_threads = thread_count(params.n_threads);
            lune::intervals(field, filtration, params.max_dim, n_threads, control)
        }
    }
}

/// Components are born at zero and die at the lengths that join them; the others never die.
fn diagram(
    n: usize,
    joining: &[f64],
    higher: impl IntoIterator<Item = Interval>,
    max_dim: usize,
) -> Diagram {
    let deaths = joining.iter().copied();
    let forever = std::iter::repeat_n(f64::INFINITY, n - joining.len());
    let components = deaths.chain(forever).map(|death| (0, 0.0, death));
    Diagram::from_intervals(components.chain(higher), max_dim as u8)
}
