//! `cech` over points of any dimension.

use pyo3::prelude::*;
use toposcope_core::memory::Budget;
use toposcope_core::{CechParams, Metric, cech};

use crate::arrays::{Coordinates, DiagramColumns};
use crate::detach::detached_within;
use crate::errors::IntoPyResult;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyCechParams>()?;
    m.add_function(wrap_pyfunction!(cech_points, m)?)
}

/// Checked parameters and who watches.
#[pyclass(frozen, name = "CechParams", module = "toposcope._core")]
pub(crate) struct PyCechParams {
    params: CechParams,
    memory_limit: Option<u64>,
    progress: Option<Py<PyAny>>,
}

#[pymethods]
impl PyCechParams {
    #[new]
    #[pyo3(signature = (*, max_dim, threshold, field, n_threads, memory_limit, progress))]
    fn new(
        max_dim: usize,
        threshold: Option<f64>,
        field: u32,
        n_threads: Option<usize>,
        memory_limit: Option<u64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let params = CechParams {
            max_dim,
            threshold,
            field,
            n_threads,
        };
        params.check().into_py()?;
        Ok(Self {
            params,
            memory_limit,
            progress,
        })
    }
}

#[pyfunction]
fn cech_points(
    py: Python<'_>,
    points: &Bound<'_, PyAny>,
    params: &PyCechParams,
) -> PyResult<DiagramColumns> {
    let limit = params.memory_limit;
    let budget = limit.map_or_else(Budget::of_system, Budget::limited);
    let coordinates = Coordinates::copy_of(points, "points", &budget)?;
    let diagram = detached_within(py, budget, params.progress.as_ref(), |control| {
        let (points, _lease) = coordinates.into_points(Metric::Euclidean, control)?;
        cech(&points, &params.params, control)
    })?;
    Ok(DiagramColumns::new(py, diagram))
}
