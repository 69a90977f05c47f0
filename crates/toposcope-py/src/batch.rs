//! `rips` over points, full matrices, condensed matrices and sparse matrices.

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use toposcope_core::{
    DistanceMatrix, Method, Metric, RipsInput, RipsParams, SparseDistances, rips,
};

use crate::arrays::{DiagramColumns, points_from};
use crate::detach::detached;
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
}

#[pymethods]
impl PyRipsParams {
    #[new]
    #[pyo3(signature = (*, max_dim, threshold, field, method, n_threads, progress))]
    fn new(
        max_dim: usize,
        threshold: Option<f64>,
        field: u32,
        method: &str,
        n_threads: Option<usize>,
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
        Ok(Self { params, progress })
    }
}

impl PyRipsParams {
    fn run(&self, py: Python<'_>, input: RipsInput<'_>) -> PyResult<DiagramColumns> {
        let diagram = detached(py, self.progress.as_ref(), |control| {
            rips(input, &self.params, control)
        })?;
        Ok(DiagramColumns::new(py, diagram))
    }
}

#[pyfunction]
fn rips_points(
    py: Python<'_>,
    points: &Bound<'_, PyAny>,
    metric: &str,
    params: &PyRipsParams,
) -> PyResult<DiagramColumns> {
    let metric = Metric::from_name(metric).into_py()?;
    let points = points_from(points, "points")?.ready_for(metric).into_py()?;
    params.run(py, RipsInput::Points(&points, metric))
}

/// Matrices computed as products of float32 numbers differ from their transposes by this share.
const ASYMMETRY: f64 = 1e-6;

/// A full matrix: symmetric up to rounding, where the lower triangle counts; zero diagonal; `inf` where there is no edge.
#[pyfunction]
fn rips_square(
    py: Python<'_>,
    matrix: PyReadonlyArray2<'_, f64>,
    params: &PyRipsParams,
) -> PyResult<DiagramColumns> {
    let n = matrix.shape()[0];
    let entries = matrix.as_array();
    let mut lower = Vec::with_capacity(n * n.saturating_sub(1) / 2);
    for i in 0..n {
        py.check_signals()?;
        if entries[[i, i]] != 0.0 {
            let got = entries[[i, i]];
            return Err(wrong_matrix(
                "zeros on the diagonal",
                format!("{got} at ({i}, {i})"),
            ));
        }
        for j in 0..i {
            let (d, mirrored) = (entries[[i, j]], entries[[j, i]]);
            if d != mirrored && (d - mirrored).abs() > ASYMMETRY * d.abs().max(mirrored.abs()) {
                let got = format!("{d} at ({i}, {j}) and {mirrored} at ({j}, {i})");
                return Err(wrong_matrix("a symmetric matrix", got));
            }
            lower.push(d);
        }
    }
    drop(matrix);
    run_lower(py, lower, n, params)
}

/// The condensed form of `SciPy`: the strict upper triangle, row by row; `inf` where there is no edge.
#[pyfunction]
fn rips_condensed(
    py: Python<'_>,
    condensed: PyReadonlyArray1<'_, f64>,
    n: usize,
    params: &PyRipsParams,
) -> PyResult<DiagramColumns> {
    let upper = condensed.as_array();
    let at = |j: usize, i: usize| n * j - j * (j + 1) / 2 + (i - j - 1);
    let lower = (0..n)
        .flat_map(|i| (0..i).map(move |j| (j, i)))
        .map(|(j, i)| upper[at(j, i)]);
    let lower: Vec<f64> = lower.collect();
    drop(condensed);
    run_lower(py, lower, n, params)
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
    let (i, j, d) = (rows.as_array(), columns.as_array(), distances.as_array());
    let entries = i.iter().zip(j).zip(d).map(|((&i, &j), &d)| (i, j, d));
    let sparse = SparseDistances::from_entries(entries, n).into_py()?;
    params.run(py, RipsInput::Sparse(&sparse))
}

fn run_lower(
    py: Python<'_>,
    lower: Vec<f64>,
    n: usize,
    params: &PyRipsParams,
) -> PyResult<DiagramColumns> {
    if !lower.contains(&f64::INFINITY) {
        let matrix = DistanceMatrix::from_lower(lower, n).into_py()?;
        return params.run(py, RipsInput::Dense(&matrix));
    }
    let pairs = (0..n as u32).flat_map(|i| (0..i).map(move |j| (i, j)));
    let entries = pairs.zip(&lower).filter(|(_, d)| **d != f64::INFINITY);
    let sparse =
        SparseDistances::from_entries(entries.map(|((i, j), &d)| (i, j, d)), n).into_py()?;
    params.run(py, RipsInput::Sparse(&sparse))
}

fn wrong_matrix(expected: &str, got: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("distances: expected {expected}, got {got}"))
}
