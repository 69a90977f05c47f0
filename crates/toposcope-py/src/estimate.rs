//! `estimate` over the inputs of `rips`.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use toposcope_core::{Control, Error, Estimate, estimate};

use crate::batch::{PyRipsParams, Ready, with_condensed, with_points, with_sparse, with_square};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<EstimateFields>()?;
    m.add_function(wrap_pyfunction!(estimate_points, m)?)?;
    m.add_function(wrap_pyfunction!(estimate_square, m)?)?;
    m.add_function(wrap_pyfunction!(estimate_condensed, m)?)?;
    m.add_function(wrap_pyfunction!(estimate_sparse, m)?)
}

/// What a run will take, field by field.
#[pyclass(frozen, get_all, module = "toposcope._core")]
struct EstimateFields {
    n_points: usize,
    threshold: f64,
    simplices: Vec<f64>,
    standard_errors: Vec<f64>,
    form: String,
    parts: Vec<(String, u64)>,
    fallback: Option<(String, u64)>,
}

impl From<Estimate> for EstimateFields {
    fn from(found: Estimate) -> Self {
        let parts = found.parts.iter();
        let fallback = found.otherwise;
        Self {
            n_points: found.n_points,
            threshold: found.threshold,
            simplices: found.simplices.iter().map(|count| count.value).collect(),
            standard_errors: (found.simplices.iter())
                .map(|count| count.standard_error)
                .collect(),
            form: found.form.to_string(),
            parts: parts
                .map(|&(name, bytes)| (name.to_owned(), bytes))
                .collect(),
            fallback: fallback.map(|(form, bytes)| (form.to_string(), bytes)),
        }
    }
}

impl PyRipsParams {
    /// What [`rips`](toposcope_core::rips) would take.
    fn estimate(&self, ready: &Ready<'_>, control: &Control<'_>) -> Result<EstimateFields, Error> {
        let found = estimate(ready.input, self.params(), control)?;
        Ok(found.with_reading(ready.bytes_to_read).into())
    }
}

#[pyfunction]
fn estimate_points(
    py: Python<'_>,
    points: &Bound<'_, PyAny>,
    metric: &str,
    params: &PyRipsParams,
) -> PyResult<EstimateFields> {
    with_points(py, points, metric, params, |ready, control| {
        params.estimate(&ready, control)
    })
}

#[pyfunction]
fn estimate_square(
    py: Python<'_>,
    matrix: &Bound<'_, PyAny>,
    params: &PyRipsParams,
) -> PyResult<EstimateFields> {
    with_square(py, matrix, params, |ready, control| {
        params.estimate(&ready, control)
    })
}

#[pyfunction]
fn estimate_condensed(
    py: Python<'_>,
    condensed: &Bound<'_, PyAny>,
    n: usize,
    params: &PyRipsParams,
) -> PyResult<EstimateFields> {
    with_condensed(py, condensed, n, params, |ready, control| {
        params.estimate(&ready, control)
    })
}

#[pyfunction]
fn estimate_sparse(
    py: Python<'_>,
    rows: PyReadonlyArray1<'_, u32>,
    columns: PyReadonlyArray1<'_, u32>,
    distances: PyReadonlyArray1<'_, f64>,
    n: usize,
    params: &PyRipsParams,
) -> PyResult<EstimateFields> {
    let entries = [&rows, &columns];
    with_sparse(py, entries, &distances, n, params, |ready, control| {
        params.estimate(&ready, control)
    })
}
