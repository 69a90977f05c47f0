//! `Stream`: points in, reports out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use toposcope_core::pool::{CriticalSimplex, PoolParams, PoolStats, Role, SimplexId};
use toposcope_core::stream::{
    BackgroundDiagram, Complex, Cospan, Landmark, Late, OnLimit, Report, Stream, StreamParams,
    Window,
};
use toposcope_core::{Control, Error, Metric};

use crate::arrays::{DiagramColumns, points_from};
use crate::detach::detached;
use crate::errors::IntoPyResult;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyStreamParams>()?;
    m.add_class::<PyStream>()?;
    m.add_class::<StreamReport>()?;
    m.add_class::<PyBackgroundDiagram>()?;
    m.add_class::<PyPoolStats>()?;
    m.add_class::<SimplexColumns>()?;
    m.add_class::<PyCospan>()
}

/// What a stream is asked to keep. Of `window_points` and `window_seconds` one is given.
#[pyclass(frozen, get_all, name = "StreamParams", module = "toposcope._core")]
pub(crate) struct PyStreamParams {
    n_dims: usize,
    window_points: Option<u64>,
    window_seconds: Option<f64>,
    max_landmarks: usize,
    cover_radius: Option<f64>,
    max_dim: usize,
    background_dim: Option<usize>,
    metric: String,
    complex: String,
    threshold: Option<f64>,
    memory_limit: Option<u64>,
    on_limit: String,
    late: String,
    half_life: Option<f64>,
    min_mass: Option<f64>,
    soft_share: f64,
    hard_share: f64,
    n_threads: Option<usize>,
}

#[pymethods]
impl PyStreamParams {
    #[new]
    #[pyo3(signature = (*, n_dims, window_points, window_seconds, max_landmarks, cover_radius, max_dim, background_dim, metric,
                        complex, threshold, memory_limit, on_limit, late, half_life, min_mass, soft_share, hard_share, n_threads))]
    #[expect(
        clippy::too_many_arguments,
        reason = "keyword-only; the Python class has them too"
    )]
    fn new(
        n_dims: usize,
        window_points: Option<u64>,
        window_seconds: Option<f64>,
        max_landmarks: usize,
        cover_radius: Option<f64>,
        max_dim: usize,
        background_dim: Option<usize>,
        metric: String,
        complex: String,
        threshold: Option<f64>,
        memory_limit: Option<u64>,
        on_limit: String,
        late: String,
        half_life: Option<f64>,
        min_mass: Option<f64>,
        soft_share: f64,
        hard_share: f64,
        n_threads: Option<usize>,
    ) -> Self {
        Self {
            n_dims,
            window_points,
            window_seconds,
            max_landmarks,
            cover_radius,
            max_dim,
            background_dim,
            metric,
            complex,
            threshold,
            memory_limit,
            on_limit,
            late,
            half_life,
            min_mass,
            soft_share,
            hard_share,
            n_threads,
        }
    }
}

impl PyStreamParams {
    fn to_core(&self) -> Result<StreamParams, Error> {
        let window = match (self.window_points, self.window_seconds) {
            (Some(n), None) => Window::Count(n),
            (None, Some(seconds)) => Window::Seconds(seconds),
            _ => {
                return Err(Error::invalid(
                    "window",
                    "points or seconds",
                    "both or neither",
                ));
            }
        };
        Ok(StreamParams {
            n_dims: self.n_dims,
            window,
            max_landmarks: self.max_landmarks,
            cover_radius: self.cover_radius,
            max_dim: self.max_dim,
            background_dim: self.background_dim,
            metric: Metric::from_name(&self.metric)?,
            complex: Complex::from_name(&self.complex)?,
            threshold: self.threshold,
            memory_limit: self.memory_limit,
            on_limit: OnLimit::from_name(&self.on_limit)?,
            late: Late::from_name(&self.late)?,
            half_life: self.half_life,
            min_mass: self.min_mass,
            pool: PoolParams {
                soft_share: self.soft_share,
                hard_share: self.hard_share,
            },
            n_threads: self.n_threads,
        })
    }

    fn from_core(params: &StreamParams) -> Self {
        let (window_points, window_seconds) = match params.window {
            Window::Count(n) => (Some(n), None),
            Window::Seconds(seconds) => (None, Some(seconds)),
        };
        Self {
            n_dims: params.n_dims,
            window_points,
            window_seconds,
            max_landmarks: params.max_landmarks,
            cover_radius: params.cover_radius,
            max_dim: params.max_dim,
            background_dim: params.background_dim,
            metric: params.metric.name().to_owned(),
            complex: params.complex.name().to_owned(),
            threshold: params.threshold,
            memory_limit: params.memory_limit,
            on_limit: params.on_limit.name().to_owned(),
            late: params.late.name().to_owned(),
            half_life: params.half_life,
            min_mass: params.min_mass,
            soft_share: params.pool.soft_share,
            hard_share: params.pool.hard_share,
            n_threads: params.n_threads,
        }
    }
}

/// Any thread may use it: calls wait for each other, detached.
#[pyclass(frozen, name = "Stream", module = "toposcope._core")]
pub(crate) struct PyStream {
    stream: Mutex<Stream>,
}

impl PyStream {
    /// A panic leaves the state as it was before the call, so that a poisoned lock can be used.
    fn lock(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks two streams in one order, whichever is asked: two threads that merge each other do not wait for each other.
    fn lock_with<'a>(
        &'a self,
        other: &'a Self,
    ) -> (MutexGuard<'a, Stream>, MutexGuard<'a, Stream>) {
        if std::ptr::from_ref(self) < std::ptr::from_ref(other) {
            let ours = self.lock();
            (ours, other.lock())
        } else {
            let theirs = other.lock();
            (self.lock(), theirs)
        }
    }

    /// Waits for the stream and works on it, detached.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Stream, &Control<'_>) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        detached(py, None, |control| work(&mut self.lock(), control))
    }
}

#[pymethods]
impl PyStream {
    #[new]
    fn new(params: &PyStreamParams) -> PyResult<Self> {
        let stream = params.to_core().and_then(Stream::new).into_py()?;
        Ok(Self {
            stream: Mutex::new(stream),
        })
    }

    #[staticmethod]
    fn restore(py: Python<'_>, content: &[u8]) -> PyResult<Self> {
        let content = content.to_vec();
        let stream = detached(py, None, |_| Stream::restore(&content))?;
        Ok(Self {
            stream: Mutex::new(stream),
        })
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.with(py, |stream, _| Ok(stream.snapshot()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn push(
        &self,
        py: Python<'_>,
        chunk: &Bound<'_, PyAny>,
        times: Option<PyReadonlyArray1<'_, f64>>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<StreamReport> {
        let chunk = points_from(chunk, "chunk")?;
        let copy = |column: PyReadonlyArray1<'_, f64>| -> Vec<f64> {
            column.as_array().iter().copied().collect()
        };
        let (times, weights) = (times.map(copy), weights.map(copy));
        let report = self.with(py, |stream, control| {
            stream.push_weighted(chunk, times.as_deref(), weights.as_deref(), control)
        })?;
        StreamReport::new(py, report)
    }

    fn evict(&self, py: Python<'_>, n_points: u64) -> PyResult<StreamReport> {
        let report = self.with(py, |stream, control| stream.evict(n_points, control))?;
        StreamReport::new(py, report)
    }

    fn evict_before(&self, py: Python<'_>, time: f64) -> PyResult<StreamReport> {
        let report = self.with(py, |stream, control| stream.evict_before(time, control))?;
        StreamReport::new(py, report)
    }

    /// The simplices of the pool by role, as roles are ordered.
    fn critical_simplices(&self, py: Python<'_>) -> PyResult<[SimplexColumns; 6]> {
        let mut all: Simplices = self.with(py, |stream, _| Ok(stream.pool().iter().collect()))?;
        all.sort_unstable_by(|(_, x), (_, y)| {
            let by_value = x.value().total_cmp(&y.value());
            by_value.then_with(|| x.vertices().cmp(y.vertices()))
        });
        let of = |role, n_vertices| SimplexColumns::new(py, &all, role, n_vertices);
        Ok([
            of(Role::Founds, 1)?,
            of(Role::Joins, 2)?,
            of(Role::Births, 2)?,
            of(Role::Kills, 3)?,
            of(Role::Births, 3)?,
            of(Role::Kills, 4)?,
        ])
    }

    fn defragment(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |stream, _| {
            stream.defragment();
            Ok(())
        })
    }

    /// The latest diagram computed beside the pushes, if there is one, and whether it is that of the landmarks as they are.
    fn background(&self, py: Python<'_>) -> PyResult<(Option<PyBackgroundDiagram>, bool)> {
        let (latest, is_current) = self.with(py, |stream, _| stream.background())?;
        let latest = latest.map(|latest| PyBackgroundDiagram::new(py, latest));
        Ok((latest.transpose()?, is_current))
    }

    fn merge(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<StreamReport> {
        let other = other.get();
        if std::ptr::eq(self, other) {
            let error = Error::invalid("other", "another stream", "the stream itself");
            return Err(error).into_py();
        }
        let report = detached(py, None, |control| {
            let (mut ours, theirs) = self.lock_with(other);
            ours.merge(&theirs, control)
        })?;
        StreamReport::new(py, report)
    }

    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |stream, _| {
            stream.reset();
            Ok(())
        })
    }

    #[getter]
    fn params(&self, py: Python<'_>) -> PyResult<PyStreamParams> {
        self.with(py, |stream, _| {
            Ok(PyStreamParams::from_core(stream.params()))
        })
    }

    #[getter]
    fn landmark_cap(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |stream, _| Ok(stream.landmark_cap()))
    }

    #[getter]
    fn n_seen(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |stream, _| Ok(stream.n_seen()))
    }

    #[getter]
    fn step(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |stream, _| Ok(stream.step()))
    }
}

type Simplices = Vec<(SimplexId, CriticalSimplex)>;

/// Critical simplices of one role, by ascending value.
#[pyclass(frozen, get_all, module = "toposcope._core")]
pub(crate) struct SimplexColumns {
    /// Generation and index in one.
    ids: Py<PyArray1<u64>>,
    vertices: Py<PyArray2<u64>>,
    values: Py<PyArray1<f64>>,
}

impl SimplexColumns {
    fn new(py: Python<'_>, all: &Simplices, role: Role, n_vertices: usize) -> PyResult<Self> {
        let is_such = |simplex: &CriticalSimplex| {
            simplex.role() == role && simplex.vertices().len() == n_vertices
        };
        let of_role = || all.iter().filter(|(_, simplex)| is_such(simplex));
        let whole = |id: SimplexId| u64::from(id.generation) << 32 | u64::from(id.index);
        let ids: Vec<u64> = of_role().map(|&(id, _)| whole(id)).collect();
        let vertices: Vec<u64> = of_role()
            .flat_map(|(_, simplex)| simplex.vertices().iter().copied())
            .collect();
        let vertices = PyArray1::from_vec(py, vertices).reshape([ids.len(), n_vertices])?;
        Ok(Self {
            ids: PyArray1::from_vec(py, ids).unbind(),
            vertices: vertices.unbind(),
            values: column(py, of_role().map(|(_, simplex)| simplex.value())),
        })
    }
}

/// What the stream's pool held after a push, and what had happened to it.
#[pyclass(frozen, get_all, name = "PoolStats", module = "toposcope._core")]
pub(crate) struct PyPoolStats {
    live: usize,
    slots: usize,
    live_bytes: u64,
    bytes: u64,
    peak_bytes: u64,
    fragmentation: f64,
    n_defragmented: u64,
    n_inserted: u64,
    n_retired: u64,
}

impl PyPoolStats {
    fn from_core(stats: PoolStats) -> Self {
        Self {
            live: stats.live,
            slots: stats.slots,
            live_bytes: stats.live_bytes,
            bytes: stats.bytes,
            peak_bytes: stats.peak_bytes,
            fragmentation: stats.fragmentation,
            n_defragmented: stats.n_defragmented,
            n_inserted: stats.n_inserted,
            n_retired: stats.n_retired,
        }
    }
}

/// What joins a report to the one before; only a tracker looks into it.
#[pyclass(frozen, name = "Cospan", module = "toposcope._core")]
pub(crate) struct PyCospan {
    pub(crate) cospan: Cospan,
}

#[pymethods]
impl PyCospan {
    /// Which push of the stream it belongs to.
    #[getter]
    fn step(&self) -> u64 {
        self.cospan.step
    }

    fn __repr__(&self) -> String {
        let (n, step) = (self.cospan.landmarks.len(), self.cospan.step);
        format!("<Cospan of step {step}: {n} landmarks before and after>")
    }
}

/// A diagram computed beside the pushes.
#[pyclass(
    frozen,
    get_all,
    name = "BackgroundDiagram",
    module = "toposcope._core"
)]
pub(crate) struct PyBackgroundDiagram {
    step: u64,
    n_seen: u64,
    epsilon: f64,
    diagram: Py<DiagramColumns>,
}

impl PyBackgroundDiagram {
    fn new(py: Python<'_>, latest: BackgroundDiagram) -> PyResult<Self> {
        let diagram = Arc::unwrap_or_clone(latest.diagram);
        Ok(Self {
            step: latest.step,
            n_seen: latest.n_seen,
            epsilon: latest.epsilon,
            diagram: Py::new(py, DiagramColumns::new(py, diagram))?,
        })
    }
}

/// What a push found, its columns moved into NumPy without a copy.
#[pyclass(frozen, get_all, module = "toposcope._core")]
pub(crate) struct StreamReport {
    step: u64,
    n_points: usize,
    first_index: u64,
    n_window: Option<u64>,
    diagram: Py<DiagramColumns>,
    epsilon: f64,
    cover_radius: f64,
    landmark_ids: Py<PyArray1<u64>>,
    landmark_radii: Py<PyArray1<f64>>,
    landmark_weights: Py<PyArray1<f64>>,
    landmark_last_seen: Py<PyArray1<u64>>,
    /// Which of them the diagram is of.
    landmark_kept: Py<PyArray1<bool>>,
    n_added: usize,
    n_expired: usize,
    n_merged: usize,
    n_evicted: usize,
    n_late: usize,
    n_dropped: usize,
    n_bytes: usize,
    pool: Py<PyPoolStats>,
    /// Seconds by stage: nearest, landmarks, persistence.
    latency: (f64, f64, f64),
    background: Option<Py<PyBackgroundDiagram>>,
    cospan: Py<PyCospan>,
}

impl StreamReport {
    fn new(py: Python<'_>, report: Report) -> PyResult<Self> {
        let of = |f: fn(&Landmark) -> u64| column(py, report.landmarks.iter().map(f));
        let (stats, seconds) = (report.stats, Duration::as_secs_f64);
        let background = (report.background).map(|latest| {
            PyBackgroundDiagram::new(py, latest).and_then(|latest| Py::new(py, latest))
        });
        Ok(Self {
            step: report.step,
            n_points: report.n_points,
            first_index: report.first_index,
            n_window: report.n_window,
            epsilon: report.epsilon,
            cover_radius: report.cover_radius,
            landmark_ids: of(|l| l.id),
            landmark_radii: column(py, report.landmarks.iter().map(|l| l.radius)),
            landmark_weights: column(py, report.landmarks.iter().map(|l| l.weight)),
            landmark_last_seen: of(|l| l.last_seen),
            landmark_kept: column(
                py,
                report.landmarks.iter().map(|l| l.weight >= report.min_mass),
            ),
            n_added: stats.n_added,
            n_expired: stats.n_expired,
            n_merged: stats.n_merged,
            n_evicted: stats.n_evicted,
            n_late: stats.n_late,
            n_dropped: stats.n_dropped,
            n_bytes: stats.bytes,
            pool: Py::new(py, PyPoolStats::from_core(stats.pool))?,
            latency: (
                seconds(&stats.nearest),
                seconds(&stats.landmarks),
                seconds(&stats.persistence),
            ),
            diagram: Py::new(py, DiagramColumns::new(py, report.diagram))?,
            background: background.transpose()?,
            cospan: Py::new(
                py,
                PyCospan {
                    cospan: report.cospan,
                },
            )?,
        })
    }
}

fn column<T: numpy::Element>(py: Python<'_>, values: impl Iterator<Item = T>) -> Py<PyArray1<T>> {
    PyArray1::from_vec(py, values.collect()).unbind()
}
