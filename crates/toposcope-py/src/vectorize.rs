//! The vectorizer kernels over the intervals of one dimension of many diagrams: one row of features each.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use toposcope_core::Error;
use toposcope_vectorize::image::{self, Mode, Surface};
use toposcope_vectorize::{Batch, Grid, Intervals, betti, landscape};

use crate::detach::detached;
use crate::errors::IntoPyResult;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<IntervalBatch>()?;
    m.add_function(wrap_pyfunction!(betti_curves, m)?)?;
    m.add_function(wrap_pyfunction!(landscapes, m)?)?;
    m.add_function(wrap_pyfunction!(persistence_images, m)?)
}

/// Intervals end to end, copied once for all kernels; diagram `i` has numbers `offsets[i]` to `offsets[i + 1] - 1`.
#[pyclass(frozen, module = "toposcope._core")]
pub(crate) struct IntervalBatch {
    births: Vec<f64>,
    deaths: Vec<f64>,
    offsets: Vec<usize>,
}

#[pymethods]
impl IntervalBatch {
    #[new]
    fn new(
        births: PyReadonlyArray1<'_, f64>,
        deaths: PyReadonlyArray1<'_, f64>,
        offsets: PyReadonlyArray1<'_, usize>,
    ) -> Self {
        Self {
            births: births.as_array().to_vec(),
            deaths: deaths.as_array().to_vec(),
            offsets: offsets.as_array().to_vec(),
        }
    }
}

impl IntervalBatch {
    fn rows<'py>(
        &self,
        py: Python<'py>,
        n_features: usize,
        kernel: impl Fn(Intervals<'_>, &mut [f64]) -> Result<(), Error> + Sync,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (n_diagrams, rows) = detached(py, None, |control| {
            let intervals = Intervals::new(&self.births, &self.deaths)?;
            let batch = Batch::new(intervals, &self.offsets)?;
            let rows = batch.rows(n_features, |intervals, row| {
                control.poll_coarse("vectorize", 0, batch.n_diagrams())?;
                kernel(intervals, row)
            })?;
            Ok((batch.n_diagrams(), rows))
        })?;
        PyArray1::from_vec(py, rows).reshape([n_diagrams, n_features])
    }
}

#[pyfunction]
fn betti_curves<'py>(
    py: Python<'py>,
    batch: &IntervalBatch,
    nodes: PyReadonlyArray1<'_, f64>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let nodes = nodes.as_array().to_vec();
    let nodes = Grid::new("nodes", &nodes).into_py()?;
    batch.rows(py, nodes.n_nodes(), |intervals, row| {
        betti::curve(intervals, nodes, row)
    })
}

#[pyfunction]
fn landscapes<'py>(
    py: Python<'py>,
    batch: &IntervalBatch,
    n_layers: usize,
    nodes: PyReadonlyArray1<'_, f64>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let nodes = nodes.as_array().to_vec();
    let nodes = Grid::new("nodes", &nodes).into_py()?;
    batch.rows(py, n_layers * nodes.n_nodes(), |intervals, row| {
        landscape::layers(intervals, n_layers, nodes, row)
    })
}

#[pyfunction]
fn persistence_images<'py>(
    py: Python<'py>,
    batch: &IntervalBatch,
    sigma: f64,
    power: f64,
    mode: &str,
    births: PyReadonlyArray1<'_, f64>,
    persistences: PyReadonlyArray1<'_, f64>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let surface = Surface::new(sigma, power).into_py()?;
    let mode = mode_from(mode)?;
    let (births, persistences) = (births.as_array().to_vec(), persistences.as_array().to_vec());
    let births = Grid::new("births", &births).into_py()?;
    let persistences = Grid::new("persistences", &persistences).into_py()?;
    let n_features = image::n_pixels(persistences, mode) * image::n_pixels(births, mode);
    batch.rows(py, n_features, |intervals, row| {
        image::pixels(intervals, surface, mode, births, persistences, row)
    })
}

fn mode_from(name: &str) -> PyResult<Mode> {
    match name {
        "integral" => Ok(Mode::Integral),
        "density" => Ok(Mode::Density),
        _ => Err(PyValueError::new_err(format!(
            "mode: expected \"integral\" or \"density\", got {name:?}"
        ))),
    }
}
