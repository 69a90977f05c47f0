//! `alpha` over points in the plane or in space.

use pyo3::prelude::*;
use toposcope_core::memory::Budget;
use toposcope_core::{AlphaParams, Metric, alpha};

use crate::arrays::{Coordinates, DiagramColumns};
use crate::detach::detached_within;
use crate::errors::IntoPyResult;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(alpha_points, m)?)
}

#[pyfunction]
#[pyo3(signature = (points, *, max_dim, field, n_threads, memory_limit, progress))]
fn alpha_points(
    py: Python<'_>,
    points: &Bound<'_, PyAny>,
    max_dim: Option<usize>,
    field: u32,
    n_threads: Option<usize>,
    memory_limit: Option<u64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<DiagramColumns> {
    let params = AlphaParams {
        max_dim,
        field,
        n_threads,
    };
    params.check().into_py()?;
    let budget = memory_limit.map_or_else(Budget::of_system, Budget::limited);
    let coordinates = Coordinates::copy_of(points, "points", &budget)?;
    let diagram = detached_within(py, budget, progress.as_ref(), |control| {
        let (points, _lease) = coordinates.into_points(Metric::Euclidean, control)?;
        alpha(&points, &params, control)
    })?;
    Ok(DiagramColumns::new(py, diagram))
}
