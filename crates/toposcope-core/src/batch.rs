//! Batch persistence: one call, one diagram.

use crate::cohomology;
use crate::complete::{self, Exact};
use crate::components::{joining_lengths, joining_lengths_of_matrix, joining_lengths_of_points};
use crate::filtration::{EdgeFiltration, MOST_COMPLETE, RankedInterval, check_complete};
use crate::lune::{self, Loops};
use crate::memory::Held;
use crate::near;
use crate::parallel::thread_count;
use crate::progress;
use crate::reduction::{Field, Z2, Zp};
use crate::simplex::Packing;
use crate::{
    Control, Diagram, DistanceMatrix, Error, Interval, Method, Metric, Points, RipsParams,
    SparseDistances,
};

/// Two arrays of disjoint sets, and then the three columns of an interval.
const BYTES_PER_VERTEX: usize = 17;

/// Of so few points all pairs are measured, whatever the threshold.
const FEW_POINTS: usize = 4096;
/// With a threshold, a spatial index is the faster one from here on.
const FEW_POINTS_NEAR: usize = 1024;

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
    pub(crate) fn n_vertices(&self) -> usize {
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
/// ```
/// use toposcope_core::{Control, Metric, Points, RipsInput, RipsParams, rips};
///
/// // The corners of a square: joined at 1, when they also close a loop, which is filled at the diagonal.
/// let corners = Points::from_f64(vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 2)?;
/// let input = RipsInput::Points(&corners, Metric::Euclidean);
/// let diagram = rips(input, &RipsParams::default(), &Control::none())?;
/// assert_eq!(diagram.intervals(0).count(), 4);
/// assert_eq!(diagram.intervals(1).collect::<Vec<_>>(), [(1.0, 2f64.sqrt())]);
/// # Ok::<(), toposcope_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Invalid`] for wrong parameters, [`Error::Interrupted`] when the observer stops the run, [`Error::MemoryLimit`] and
/// [`Error::OutOfMemory`] if the control's budget or the system has not enough; nothing is held after an error.
pub fn rips(input: RipsInput, params: &RipsParams, control: &Control) -> Result<Diagram, Error> {
    params.check()?;
    let n = input.n_vertices();
    Packing::<u128>::new(n, params.max_dim)?;
    // Whatever is found, so much is needed: an input of far too many vertices is refused before any work.
    drop(
        control
            .budget()
            .reserve(n.saturating_mul(BYTES_PER_VERTEX))?,
    );
    if params.max_dim == 0 {
        control.plan(progress::SPANNING_TREE);
        let lengths = component_lengths(input, params, control)?;
        return diagram(n, &lengths, [], 0, control);
    }
    let n_threads = thread_count(params.n_threads);
    if let Some(found) = from_points_alone(input, params, n_threads, control)? {
        let loops = found.loops.iter().map(|&(birth, death)| (1, birth, death));
        return diagram(n, &found.joining, loops, 1, control);
    }
    if let Some(exact) = all_pairs(input, params) {
        control.plan(progress::ALL_PAIRS);
        check_complete(n)?;
        let largest = params.threshold.unwrap_or(f64::INFINITY);
        let (lengths, loops) = match params.field {
            2 => complete::intervals(Z2, exact, largest, n_threads, control)?,
            p => complete::intervals(Zp::new(p), exact, largest, n_threads, control)?,
        };
        let loops = loops.into_iter().map(|(birth, death)| (1, birth, death));
        return diagram(n, &lengths, loops, 1, control);
    }
    control.plan(match (params.method, params.max_dim) {
        (Method::Cohomology, _) => progress::COHOMOLOGY,
        (_, 1) => progress::LOOPS,
        _ => progress::HIGHER,
    });
    let filtration = EdgeFiltration::new(input, params.threshold, n_threads, control)?;
    let lengths = joining_lengths(&filtration, control)?;
    let intervals = match params.field {
        2 => higher_intervals(Z2, &filtration, params, n_threads, control)?,
        p => higher_intervals(Zp::new(p), &filtration, params, n_threads, control)?,
    };
    let valued = intervals.into_iter().map(|(dim, birth, death)| {
        let death = death.map_or(f64::INFINITY, |rank| filtration.length(rank));
        (dim as u8, filtration.length(birth), death)
    });
    diagram(n, &lengths, valued, params.max_dim, control)
}

/// Degree 1 of many points in space, where nothing is gained from a list of all their edges. It must do where these cannot be listed.
fn from_points_alone(
    input: RipsInput,
    params: &RipsParams,
    n_threads: usize,
    control: &Control,
) -> Result<Option<near::Intervals>, Error> {
    let Some((points, metric)) = in_space(input, params) else {
        return Ok(None);
    };
    control.plan(progress::SPATIAL_INDEX);
    let largest = params.threshold.unwrap_or(f64::INFINITY);
    let must = must_be_in_space(points, params);
    match params.field {
        2 => near::intervals(Z2, points, metric, largest, must, n_threads, control),
        p => near::intervals(
            Zp::new(p),
            points,
            metric,
            largest,
            must,
            n_threads,
            control,
        ),
    }
}

/// Of so many points at most all pairs are measured in degree 1, though they lie in space: fewer if a threshold leaves them few neighbours.
fn few_points(threshold: Option<f64>) -> usize {
    match threshold {
        Some(threshold) if threshold.is_finite() => FEW_POINTS_NEAR,
        _ => FEW_POINTS,
    }
}

/// The points whose lunes are looked for in space, if they are.
pub(crate) fn in_space<'a>(
    input: RipsInput<'a>,
    params: &RipsParams,
) -> Option<(&'a Points, Metric)> {
    let RipsInput::Points(points, metric) = input else {
        return None;
    };
    let suits = params.max_dim == 1
        && params.method != Method::Cohomology
        && points.n_points() > few_points(params.threshold)
        && near::has_lunes(points, metric);
    suits.then_some((points, metric))
}

/// Whether nothing else will do.
pub(crate) fn must_be_in_space(points: &Points, params: &RipsParams) -> bool {
    params.threshold.is_none() && points.n_points() > MOST_COMPLETE
}

/// The distances between all pairs, where degree 1 is found without putting them all in order.
pub(crate) fn all_pairs<'a>(input: RipsInput<'a>, params: &RipsParams) -> Option<Exact<'a>> {
    if params.max_dim != 1 || params.method == Method::Cohomology {
        return None;
    }
    match input {
        RipsInput::Points(points, metric) => {
            let few = points.n_points() <= few_points(params.threshold);
            (few || params.threshold.is_none()).then_some(Exact::Points(points, metric))
        }
        RipsInput::Dense(matrix) => Some(Exact::Matrix(matrix)),
        RipsInput::Sparse(_) => None,
    }
}

/// Lengths of the edges that join components. Complete inputs are never sorted for it, and points never get a matrix.
fn component_lengths(
    input: RipsInput,
    params: &RipsParams,
    control: &Control,
) -> Result<Held<f64>, Error> {
    let largest = params.threshold.unwrap_or(f64::INFINITY);
    let n_threads = thread_count(params.n_threads);
    match input {
        RipsInput::Points(points, metric) => {
            joining_lengths_of_points(points, metric, largest, n_threads, control)
        }
        RipsInput::Dense(matrix) => joining_lengths_of_matrix(matrix, largest, control),
        RipsInput::Sparse(_) => {
            control.plan(progress::LOOPS);
            let filtration = EdgeFiltration::new(input, params.threshold, 1, control)?;
            joining_lengths(&filtration, control)
        }
    }
}

fn higher_intervals<F: Field>(
    field: F,
    filtration: &EdgeFiltration,
    params: &RipsParams,
    n_threads: usize,
    control: &Control,
) -> Result<Held<RankedInterval>, Error> {
    match params.method {
        Method::Cohomology => {
            cohomology::intervals(field, filtration, params.max_dim, n_threads, control)
        }
        Method::Auto | Method::Lune if params.max_dim == 1 => {
            let loops = Loops::new(field, filtration, n_threads, control)?;
            let mut intervals = Held::new(control.budget());
            intervals.extend(loops.intervals().map(|(birth, death)| (1, birth, death)))?;
            Ok(intervals)
        }
        Method::Auto | Method::Lune => {
            lune::intervals(field, filtration, params.max_dim, n_threads, control)
        }
    }
}

/// Components are born at zero and die at the lengths that join them, given in order; the others never die.
pub(crate) fn diagram(
    n: usize,
    joining: &[f64],
    higher: impl IntoIterator<Item = Interval>,
    max_dim: usize,
    control: &Control,
) -> Result<Diagram, Error> {
    let deaths = joining.iter().copied();
    let forever = std::iter::repeat_n(f64::INFINITY, n - joining.len());
    let components = deaths.chain(forever).map(|death| (0, 0.0, death));
    Diagram::from_sorted_and_more(components, n, higher, max_dim as u8, control)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points near a sphere: enough of them that small lunes are gathered and blocks are many.
    fn sphere(n: usize) -> Points {
        let mut seed = 1u64;
        let mut unit = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut coordinates = Vec::new();
        for _ in 0..n {
            let (z, turn) = (2.0 * unit() - 1.0, std::f64::consts::TAU * unit());
            let (radius, noise) = ((1.0 - z * z).sqrt(), 1.0 + 0.1 * unit());
            let row = [radius * turn.cos(), radius * turn.sin(), z];
            coordinates.extend(row.map(|x| x * noise));
        }
        Points::from_f64(coordinates, 3).unwrap()
    }

    #[test]
    fn rows_and_lists_and_both_engines_agree() {
        let control = Control::none();
        for (n, threshold, max_dim) in [(300, 0.5, 1), (150, 0.7, 2), (70, 0.9, 3), (40, 9.0, 2)] {
            let points = sphere(n);
            let input = RipsInput::Points(&points, Metric::Euclidean);
            let filtration = || EdgeFiltration::new(input, Some(threshold), 1, &control).unwrap();
            let (rows, lists) = (filtration(), filtration().in_lists());
            let mut expected = None;
            for method in [Method::Lune, Method::Cohomology] {
                for filtration in [&rows, &lists] {
                    let params = RipsParams {
                        max_dim,
                        method,
                        ..RipsParams::default()
                    };
                    let field = Zp::new(3);
                    let intervals = higher_intervals(field, filtration, &params, 2, &control);
                    let mut lasting = intervals.unwrap().to_vec();
                    let length = |rank: u32| filtration.length(rank);
                    lasting.retain(|i| i.2.is_none_or(|death| length(death) > length(i.1)));
                    lasting.sort_unstable();
                    assert!(lasting.len() > 10);
                    assert_eq!(expected.get_or_insert_with(|| lasting.clone()), &lasting);
                }
            }
        }
    }

    #[test]
    fn only_near_points_are_measured_and_none_is_missed() {
        let control = Control::none();
        let points = sphere(5000);
        let input = RipsInput::Points(&points, Metric::Euclidean);
        let params = RipsParams {
            threshold: Some(0.03),
            ..RipsParams::default()
        };
        let matrix = DistanceMatrix::from_points(&points, Metric::Euclidean, &control).unwrap();
        assert_eq!(
            rips(input, &params, &control).unwrap(),
            rips(RipsInput::Dense(&matrix), &params, &control).unwrap()
        );
    }
}
