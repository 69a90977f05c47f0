//! `rips` over points, full matrices, condensed matrices and sparse matrices.

use std::ops::Range;

use numpy::{Element, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use toposcope_core::memory::{Budget, Held};
use toposcope_core::representatives::{Detail, Representative, rips_with_representatives};
use toposcope_core::{
    Control, Diagram, DistanceMatrix, Error, Method, Metric, RipsInput, RipsParams,
    SparseDistances, rips,
};

use crate::arrays::{Coordinates, DiagramColumns, copied, wrong_array};
use crate::detach::{Attended, detached_within};
use crate::errors::IntoPyResult;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<DiagramColumns>()?;
    m.add_class::<PyRipsParams>()?;
    m.add_function(wrap_pyfunction!(rips_points, m)?)?;
    m.add_function(wrap_pyfunction!(rips_square, m)?)?;
    m.add_function(wrap_pyfunction!(rips_condensed, m)?)?;
    m.add_function(wrap_pyfunction!(rips_sparse, m)?)
}

/// What all inputs share: checked parameters and who watches.
#[pyclass(frozen, name = "RipsParams", module = "toposcope._core")]
pub(crate) struct PyRipsParams {
    params: RipsParams,
    progress: Option<Py<PyAny>>,
    memory_limit: Option<u64>,
    representatives: Option<Detail>,
}

#[pymethods]
impl PyRipsParams {
    #[new]
    #[pyo3(signature = (*, max_dim, threshold, field, method, n_threads, memory_limit,
                        representatives, progress))]
    #[expect(
        clippy::too_many_arguments,
        reason = "keyword-only; the Python function has them too"
    )]
    fn new(
        max_dim: usize,
        threshold: Option<f64>,
        field: u32,
        method: &str,
        n_threads: Option<usize>,
        memory_limit: Option<u64>,
        representatives: Option<&str>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let method = Method::from_name(method).into_py()?;
        let params = RipsParams {
            max_dim,
            threshold,
            field,
            method,
            n_threads,
        };
        params.check().into_py()?;
        Ok(Self {
            params,
            progress,
            memory_limit,
            representatives: representatives
                .map(Detail::from_name)
                .transpose()
                .into_py()?,
        })
    }
}

impl PyRipsParams {
    /// What one call may hold, its copy of the input included.
    fn budget(&self) -> Budget {
        self.memory_limit
            .map_or_else(Budget::of_system, Budget::limited)
    }

    /// What was asked for.
    pub(crate) fn params(&self) -> &RipsParams {
        &self.params
    }

    /// Detaches, and works under what one call may hold.
    fn detached<T: Send>(
        &self,
        py: Python<'_>,
        budget: Budget,
        work: impl FnOnce(&Control<'_>) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        detached_within(py, budget, self.progress.as_ref(), work)
    }

    /// The diagram of an input.
    fn run(&self, ready: &Ready<'_>, control: &Control<'_>) -> Result<Found, Error> {
        let Some(detail) = self.representatives else {
            return Ok((rips(ready.input, &self.params, control)?, None));
        };
        let found = rips_with_representatives(ready.input, &self.params, detail, control)?;
        Ok((found.0, Some(found.1)))
    }
}

type Found = (Diagram, Option<Vec<Representative>>);

fn columns((diagram, shown): Found, py: Python<'_>) -> PyResult<DiagramColumns> {
    match shown {
        None => Ok(DiagramColumns::new(py, diagram)),
        Some(shown) => DiagramColumns::with_representatives(py, diagram, &shown),
    }
}

/// An input, made of what was copied.
pub(crate) struct Ready<'a> {
    pub(crate) input: RipsInput<'a>,
    /// The most that was held to make it.
    pub(crate) bytes_to_read: u64,
}

#[pyfunction]
fn rips_points(
    py: Python<'_>,
    points: &Bound<'_, PyAny>,
    metric: &str,
    params: &PyRipsParams,
) -> PyResult<DiagramColumns> {
    let found = with_points(py, points, metric, params, |ready, control| {
        params.run(&ready, control)
    })?;
    columns(found, py)
}

/// A full matrix: symmetric up to rounding, where the lower triangle counts; zero diagonal; `inf` where there is no edge.
#[pyfunction]
fn rips_square(
    py: Python<'_>,
    matrix: &Bound<'_, PyAny>,
    params: &PyRipsParams,
) -> PyResult<DiagramColumns> {
    let found = with_square(py, matrix, params, |ready, control| {
        params.run(&ready, control)
    })?;
    columns(found, py)
}

/// The condensed form of `SciPy`: the strict upper triangle, row by row; `inf` where there is no edge.
#[pyfunction]
fn rips_condensed(
    py: Python<'_>,
    condensed: &Bound<'_, PyAny>,
    n: usize,
    params: &PyRipsParams,
) -> PyResult<DiagramColumns> {
    let found = with_condensed(py, condensed, n, params, |ready, control| {
        params.run(&ready, control)
    })?;
    columns(found, py)
}

#[pyfunction]
fn rips_sparse(
    py: Python<'_>,
    rows: PyReadonlyArray1<'_, u32>,
    columns: PyReadonlyArray1<'_, u32>,
    distances: PyReadonlyArray1<'_, f64>,
    n: usize,
    params: &PyRipsParams,
) -> PyResult<DiagramColumns> {
    let entries = [&rows, &columns];
    let found = with_sparse(py, entries, &distances, n, params, |ready, control| {
        params.run(&ready, control)
    })?;
    self::columns(found, py)
}

/// Copies points and does something with them.
pub(crate) fn with_points<T: Send>(
    py: Python<'_>,
    points: &Bound<'_, PyAny>,
    metric: &str,
    params: &PyRipsParams,
    work: impl FnOnce(Ready<'_>, &Control<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let metric = Metric::from_name(metric).into_py()?;
    let budget = params.budget();
    let coordinates = Coordinates::copy_of(points, "points", &budget)?;
    params.detached(py, budget, |control| {
        let (points, lease) = coordinates.into_points(metric, control)?;
        let ready = Ready {
            input: RipsInput::Points(&points, metric),
            bytes_to_read: lease.bytes(),
        };
        work(ready, control)
    })
}

/// Matrices computed as products of float32 numbers differ from their transposes by this share.
const ASYMMETRY: f64 = 1e-6;
/// Rows and columns of the tiles in which a matrix is compared with its transpose: both stay in the cache.
const TILE: usize = 64;

/// Copies a full matrix and does something with it.
pub(crate) fn with_square<T: Send>(
    py: Python<'_>,
    matrix: &Bound<'_, PyAny>,
    params: &PyRipsParams,
    work: impl FnOnce(Ready<'_>, &Control<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let budget = params.budget();
    let (lower, n) = if let Ok(matrix) = matrix.extract::<PyReadonlyArray2<'_, f32>>() {
        (lower_of(&matrix, &budget)?, matrix.shape()[0])
    } else if let Ok(matrix) = matrix.extract::<PyReadonlyArray2<'_, f64>>() {
        (lower_of(&matrix, &budget)?, matrix.shape()[0])
    } else {
        return Err(wrong_array("distances", "a square matrix", matrix));
    };
    with_lower(py, budget, lower, n, params, work)
}

/// The strict lower triangle of a symmetric matrix, row by row.
fn lower_of<T: Element + Copy + Into<f64>>(
    matrix: &PyReadonlyArray2<'_, T>,
    budget: &Budget,
) -> PyResult<Held<f64>> {
    let entries = matrix.as_array();
    let (n, at) = (entries.nrows(), |i, j| -> f64 { entries[[i, j]].into() });
    let attended = Attended::new(matrix.py());
    let copy = || {
        let mut lower = Held::with_capacity(budget, n * n.saturating_sub(1) / 2)?;
        for i in 0..n {
            attended.tick()?;
            lower.extend((0..i).map(|j| at(i, j)))?;
        }
        for corner in (0..n).step_by(TILE) {
            check_symmetry(at, corner..n.min(corner + TILE), || attended.tick())?;
        }
        Ok(lower)
    };
    let lower = copy();
    attended.outcome(lower)
}

/// Compares some rows, up to the diagonal, with the columns that mirror them.
fn check_symmetry(
    at: impl Fn(usize, usize) -> f64,
    rows: Range<usize>,
    tick: impl Fn() -> Result<(), Error>,
) -> Result<(), Error> {
    let wrong = |expected: &str, got: String| Err(Error::invalid("distances", expected, got));
    for from in (0..rows.end).step_by(TILE) {
        tick()?;
        for i in rows.clone() {
            for j in from..i.min(from + TILE) {
                let (d, mirrored) = (at(i, j), at(j, i));
                if d != mirrored && (d - mirrored).abs() > ASYMMETRY * d.abs().max(mirrored.abs()) {
                    let got = format!("{d} at ({i}, {j}) and {mirrored} at ({j}, {i})");
                    return wrong("a symmetric matrix", got);
                }
            }
        }
    }
    match rows.into_iter().find(|&i| at(i, i) != 0.0) {
        Some(i) => wrong(
            "zeros on the diagonal",
            format!("{} at ({i}, {i})", at(i, i)),
        ),
        None => Ok(()),
    }
}

/// Copies a condensed matrix and does something with it.
pub(crate) fn with_condensed<T: Send>(
    py: Python<'_>,
    condensed: &Bound<'_, PyAny>,
    n: usize,
    params: &PyRipsParams,
    work: impl FnOnce(Ready<'_>, &Control<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let budget = params.budget();
    let lower = if let Ok(condensed) = condensed.extract::<PyReadonlyArray1<'_, f32>>() {
        lower_of_condensed(&condensed, n, &budget)?
    } else if let Ok(condensed) = condensed.extract::<PyReadonlyArray1<'_, f64>>() {
        lower_of_condensed(&condensed, n, &budget)?
    } else {
        return Err(wrong_array("distances", "a condensed matrix", condensed));
    };
    with_lower(py, budget, lower, n, params, work)
}

fn lower_of_condensed<T: Element + Copy + Into<f64>>(
    condensed: &PyReadonlyArray1<'_, T>,
    n: usize,
    budget: &Budget,
) -> PyResult<Held<f64>> {
    let upper = condensed.as_array();
    let at = |j: usize, i: usize| n * j - j * (j + 1) / 2 + (i - j - 1);
    let attended = Attended::new(condensed.py());
    let copy = || {
        let mut lower = Held::with_capacity(budget, upper.len())?;
        for i in 0..n {
            attended.tick()?;
            lower.extend((0..i).map(|j| -> f64 { upper[at(j, i)].into() }))?;
        }
        Ok(lower)
    };
    let lower = copy();
    attended.outcome(lower)
}

/// Copies entries of a sparse matrix, by row, column and distance, and does something with them.
pub(crate) fn with_sparse<T: Send>(
    py: Python<'_>,
    [rows, columns]: [&PyReadonlyArray1<'_, u32>; 2],
    distances: &PyReadonlyArray1<'_, f64>,
    n: usize,
    params: &PyRipsParams,
    work: impl FnOnce(Ready<'_>, &Control<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let budget = params.budget();
    let (i, j) = (copied(rows, &budget)?, copied(columns, &budget)?);
    let d = copied(distances, &budget)?;
    params.detached(py, budget, move |control| {
        let bytes = i.bytes() + j.bytes() + d.bytes();
        let entries = i.into_iter().zip(j).zip(d).map(|((i, j), d)| (i, j, d));
        let sparse = SparseDistances::from_entries_under(entries, n, control)?;
        // Copies, edges, and the edges again while they are sorted.
        let ready = Ready {
            input: RipsInput::Sparse(&sparse),
            bytes_to_read: bytes + 2 * sparse.bytes(),
        };
        work(ready, control)
    })
}

fn with_lower<T: Send>(
    py: Python<'_>,
    budget: Budget,
    lower: Held<f64>,
    n: usize,
    params: &PyRipsParams,
    work: impl FnOnce(Ready<'_>, &Control<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    params.detached(py, budget, move |control| {
        let bytes = lower.bytes();
        let n_edges = count_finite(&lower, control)?;
        if n_edges == lower.len() {
            let (lower, _lease) = lower.into_parts();
            let matrix = DistanceMatrix::from_lower_under(lower, n, control)?;
            let ready = Ready {
                input: RipsInput::Dense(&matrix),
                bytes_to_read: bytes,
            };
            return work(ready, control);
        }
        let pairs = (0..n as u32).flat_map(|i| (0..i).map(move |j| (i, j)));
        let entries = pairs.zip(lower).filter(|&(_, d)| d != f64::INFINITY);
        let entries = entries.map(|((i, j), d)| (i, j, d));
        let sparse = SparseDistances::from_entries_under(entries, n, control)?;
        // Distances, and edges while their list grows or is sorted.
        let ready = Ready {
            input: RipsInput::Sparse(&sparse),
            bytes_to_read: bytes + 2 * sparse.bytes(),
        };
        work(ready, control)
    })
}

/// How many entries stand for an edge.
fn count_finite(lower: &[f64], control: &Control<'_>) -> Result<usize, Error> {
    let mut count = 0;
    for chunk in lower.chunks(1 << 16) {
        control.tick(64)?;
        count += chunk.iter().filter(|&&d| d != f64::INFINITY).count();
    }
    Ok(count)
}
