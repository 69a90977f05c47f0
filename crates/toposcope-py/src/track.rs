//! `Tracker`: cospans in, events out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use toposcope_cobordism::{
    BirthCause, Change, DeathCause, Event, Feature, Lineage, MergeCause, Status, Tracker,
    TrackerParams,
};
use toposcope_core::{Control, Error};

use crate::detach::detached;
use crate::errors::IntoPyResult;
use crate::stream::PyCospan;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyTracker>()?;
    m.add_class::<TrackedEvent>()?;
    m.add_class::<TrackedFeature>()
}

type Reading = (Option<f64>, Option<f64>, Vec<u64>, Vec<u64>, Vec<u64>);

/// Any thread may use it: calls wait for each other, detached.
#[pyclass(frozen, name = "Tracker", module = "toposcope._core")]
pub(crate) struct PyTracker {
    tracker: Mutex<Tracker>,
}

impl PyTracker {
    /// A panic leaves the state as it was before the call, so that a poisoned lock can be used.
    fn lock(&self) -> MutexGuard<'_, Tracker> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the tracker and works on it, detached.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Tracker, &Control<'_>) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        detached(py, None, |control| work(&mut self.lock(), control))
    }
}

#[pymethods]
impl PyTracker {
    #[new]
    #[pyo3(signature = (*, scale, margin, max_dim, void_every, confirm_after, include_continues))]
    fn new(
        scale: Option<f64>,
        margin: Option<f64>,
        max_dim: usize,
        void_every: u64,
        confirm_after: u64,
        include_continues: bool,
    ) -> PyResult<Self> {
        let tracker = Tracker::new(TrackerParams {
            scale,
            margin,
            max_dim,
            void_every,
            confirm_after,
            include_continues,
        });
        Ok(Self {
            tracker: Mutex::new(tracker.into_py()?),
        })
    }

    #[staticmethod]
    fn restore(py: Python<'_>, content: &[u8]) -> PyResult<Self> {
        let content = content.to_vec();
        let tracker = detached(py, None, |_| Tracker::restore(&content))?;
        Ok(Self {
            tracker: Mutex::new(tracker),
        })
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.with(py, |tracker, _| Ok(tracker.snapshot()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn observe(&self, py: Python<'_>, cospan: &PyCospan) -> PyResult<Vec<TrackedEvent>> {
        let events = self.with(py, |tracker, control| {
            tracker.observe(&cospan.cospan, control)
        })?;
        events
            .into_iter()
            .map(|e| TrackedEvent::new(py, e))
            .collect()
    }

    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |tracker, _| {
            tracker.reset();
            Ok(())
        })
    }

    /// Scale, margin, ids of the components, of the loops and of the voids alive.
    fn reading(&self, py: Python<'_>) -> PyResult<Reading> {
        self.with(py, |tracker, _| {
            let (components, loops, voids) = tracker.alive();
            Ok((tracker.scale(), tracker.margin(), components, loops, voids))
        })
    }
}

/// One typed change, with its kind and cause by name.
#[pyclass(frozen, get_all, module = "toposcope._core")]
pub(crate) struct TrackedEvent {
    seq: u64,
    origin: u64,
    step: u64,
    since: u64,
    time: Option<f64>,
    kind: &'static str,
    cause: Option<&'static str>,
    n_loops: usize,
    n_voids: usize,
    before: Vec<Py<TrackedFeature>>,
    after: Vec<Py<TrackedFeature>>,
    scale: (f64, f64),
    margin: f64,
    scale_support: f64,
    n_steps: u64,
    certified: bool,
    status: &'static str,
}

impl TrackedEvent {
    fn new(py: Python<'_>, event: Event) -> PyResult<Self> {
        let features = |features: Vec<Feature>| -> PyResult<Vec<Py<TrackedFeature>>> {
            let features = features.into_iter().map(TrackedFeature::from);
            features.map(|feature| Py::new(py, feature)).collect()
        };
        let (kind, cause) = names(event.change);
        Ok(Self {
            seq: event.seq,
            origin: event.origin,
            step: event.step,
            since: event.since,
            time: event.time,
            kind,
            cause,
            n_loops: match event.change {
                Change::TransientLoops(n) => n,
                _ => 0,
            },
            n_voids: match event.change {
                Change::TransientVoids(n) => n,
                _ => 0,
            },
            before: features(event.before)?,
            after: features(event.after)?,
            scale: event.scale,
            margin: event.confidence.margin,
            scale_support: event.confidence.scale_support,
            n_steps: event.confidence.n_steps,
            certified: event.certified,
            status: match event.status {
                Status::Provisional => "provisional",
                Status::Confirmed => "confirmed",
                Status::Retracted => "retracted",
            },
        })
    }
}

/// The name of the Python class, and of what is said of it.
fn names(change: Change) -> (&'static str, Option<&'static str>) {
    match change {
        Change::Continue => ("Continue", None),
        Change::Merge(MergeCause::Inserted) => ("Merge", Some("inserted")),
        Change::Merge(MergeCause::Resolution) => ("Merge", Some("resolution")),
        Change::Split => ("Split", None),
        Change::ComponentBirth => ("ComponentBirth", None),
        Change::ComponentDeath => ("ComponentDeath", None),
        Change::Reorganise => ("Reorganise", None),
        Change::LoopBirth(cause) => ("LoopBirth", Some(of_birth(cause))),
        Change::LoopDeath(cause) => ("LoopDeath", Some(of_death(cause))),
        Change::LoopContinue(lineage) => ("LoopContinue", Some(of_lineage(lineage))),
        Change::VoidBirth(cause) => ("VoidBirth", Some(of_birth(cause))),
        Change::VoidDeath(cause) => ("VoidDeath", Some(of_death(cause))),
        Change::VoidContinue(lineage) => ("VoidContinue", Some(of_lineage(lineage))),
        Change::TransientLoops(_) | Change::TransientVoids(_) => ("Transient", None),
    }
}

fn of_birth(cause: BirthCause) -> &'static str {
    match cause {
        BirthCause::Closed => "closed",
        BirthCause::Opened => "opened",
    }
}

fn of_death(cause: DeathCause) -> &'static str {
    match cause {
        DeathCause::Filled => "filled",
        DeathCause::Broken => "broken",
        DeathCause::Resolution => "resolution",
    }
}

fn of_lineage(lineage: Lineage) -> &'static str {
    match lineage {
        Lineage::Matched => "matched",
        Lineage::Ambiguous => "ambiguous",
    }
}

/// A component, a loop or a void on one side of an event.
#[pyclass(frozen, get_all, module = "toposcope._core")]
pub(crate) struct TrackedFeature {
    id: u64,
    landmarks: Vec<u64>,
    walks: Vec<Vec<u64>>,
    triangles: Vec<[u64; 3]>,
    mass: f64,
}

impl From<Feature> for TrackedFeature {
    fn from(feature: Feature) -> Self {
        Self {
            id: feature.id,
            landmarks: feature.landmarks,
            walks: feature.walks,
            triangles: feature.triangles,
            mass: feature.mass,
        }
    }
}
