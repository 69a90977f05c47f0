//! Diagrams of higher dimensions, computed beside the pushes.
//!
//! Voids of landmarks in many dimensions can take seconds, which no push should wait for. So a thread of its own takes what the landmarks are at
//! some moment and computes; when it is done, it takes what they are then. A push looks whether there is something new, and that is all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::{ops, process};

use crate::diagram::bytes_of_columns;
use crate::memory::{Budget, Lease};
use crate::stream::params::{Complex, StreamParams};
use crate::{Control, Diagram, DistanceMatrix, Error, Observer, RipsInput, RipsParams, rips};

/// A diagram that no push waited for: of the landmarks as they were after some push.
#[derive(Debug, Clone, PartialEq)]
pub struct BackgroundDiagram {
    /// After which step the landmarks were these.
    pub step: u64,
    /// How many points had come by then.
    pub n_seen: u64,
    /// ε at that moment.
    pub epsilon: f64,
    /// The diagram, up to [`StreamParams::background_dim`].
    pub diagram: Arc<Diagram>,
}

impl BackgroundDiagram {
    /// No further than this, in bottleneck distance, is the diagram from that of the window after [`Self::step`], in any dimension.
    pub fn error_bound(&self) -> f64 {
        Complex::Rips.error_bound(self.epsilon)
    }

    /// An interval longer than this proves a class of the window after [`Self::step`].
    pub fn certified_above(&self) -> f64 {
        2.0 * self.error_bound()
    }
}

/// When the landmarks were as they are in a diagram.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsOf {
    pub(super) step: u64,
    pub(super) n_seen: u64,
    pub(super) epsilon: f64,
    pub(super) n_landmarks: usize,
}

/// Computes diagrams of a changing set of landmarks, one at a time.
#[derive(Debug)]
pub(super) struct Background {
    params: RipsParams,
    budget: Budget,
    /// How often the landmarks have changed.
    version: u64,
    job: Option<Job>,
    /// With the version it is of.
    latest: Option<(u64, BackgroundDiagram)>,
    /// Covers its diagram.
    lease: Lease,
    /// The version that gave none, and why.
    failed: Option<(u64, Error)>,
}

/// A thread at work.
#[derive(Debug)]
struct Job {
    version: u64,
    as_of: AsOf,
    stop: Arc<AtomicBool>,
    /// Nobody wants to know what comes of it. The next one waits until it has given its memory back.
    cancelled: bool,
    thread: Option<JoinHandle<Result<Diagram, Error>>>,
    /// In a fork of the process there is no such thread.
    process: u32,
}

impl Background {
    /// If that is asked for. Within a budget of its own.
    pub(super) fn new(params: &StreamParams) -> Option<Self> {
        let params_of_rips = RipsParams {
            max_dim: params.background_dim?,
            // The other processors are for the pushes.
            n_threads: Some(1),
            ..params.rips_params()
        };
        let budget = params
            .limit_of_background()
            .map_or_else(Budget::unlimited, Budget::limited);
        Some(Self {
            params: params_of_rips,
            lease: budget.lease(),
            budget,
            version: 0,
            job: None,
            latest: None,
            failed: None,
        })
    }

    /// Forgets everything but its parameters.
    pub(super) fn reset(&mut self) {
        if let Some(job) = &mut self.job {
            job.cancel();
        }
        self.latest = None;
        self.lease = self.budget.lease();
        self.failed = None;
        self.version += 1;
    }

    /// A step has been taken, with or without a change of landmarks; `distances` are those between them now.
    pub(super) fn follow(
        &mut self,
        as_of: AsOf,
        have_changed: bool,
        distances: impl FnOnce() -> DistanceMatrix,
    ) {
        self.version += u64::from(have_changed);
        self.look(as_of, distances);
    }

    /// Takes what has been finished, and goes on to the landmarks as they are now unless that has been done.
    pub(super) fn look(&mut self, now: AsOf, distances: impl FnOnce() -> DistanceMatrix) {
        self.collect();
        if let Some((version, latest)) = &mut self.latest
            && *version == self.version
        {
            // The same landmarks, which may stand for a little more.
            (latest.step, latest.n_seen) = (now.step, now.n_seen);
            latest.epsilon = now.epsilon;
        } else if self.job.is_none() && self.error().is_none() {
            self.start(now, distances);
        }
    }

    /// The latest one that is finished.
    pub(super) fn latest(&self) -> Option<&BackgroundDiagram> {
        self.latest.as_ref().map(|(_, latest)| latest)
    }

    /// Whether it is of the landmarks as they are now.
    pub(super) fn is_current(&self) -> bool {
        let mut latest = self.latest.iter();
        latest.any(|(version, _)| *version == self.version)
    }

    /// Why there can be none of the landmarks as they are now, if that has been tried.
    pub(super) fn error(&self) -> Option<&Error> {
        let failed = self.failed.as_ref();
        failed
            .filter(|(version, _)| *version == self.version)
            .map(|(_, error)| error)
    }

    /// Takes what has been finished. Panics if the thread that did it has.
    fn collect(&mut self) {
        let Some(mut job) = self.job.take_if(|job| job.is_over()) else {
            return;
        };
        match job.outcome() {
            None => {}
            Some(_) if job.cancelled => {}
            Some(Ok(diagram)) => {
                // The one before may be in a report still, which is the caller's.
                if let Err(error) = self.lease.cover(bytes_of_columns(diagram.len())) {
                    self.failed = Some((job.version, error));
                    return;
                }
                let latest = BackgroundDiagram {
                    step: job.as_of.step,
                    n_seen: job.as_of.n_seen,
                    epsilon: job.as_of.epsilon,
                    diagram: Arc::new(diagram),
                };
                self.latest = Some((job.version, latest));
                self.failed = None;
            }
            Some(Err(error)) => self.failed = Some((job.version, error)),
        }
    }

    /// Where the system has no thread to give, the next step tries again.
    fn start(&mut self, as_of: AsOf, distances: impl FnOnce() -> DistanceMatrix) {
        let n = as_of.n_landmarks;
        let bytes = size_of::<f64>() * n * n.saturating_sub(1) / 2;
        let lease = match self.budget.reserve(bytes) {
            Ok(lease) => lease,
            Err(error) => {
                self.failed = Some((self.version, error));
                return;
            }
        };
        let distances = distances();
        let stop = Arc::new(AtomicBool::new(false));
        let (params, budget) = (self.params.clone(), self.budget.clone());
        let observer = Stop(Arc::clone(&stop));
        let compute = move || {
            let _lease = lease;
            let control = Control::new(&observer).with_budget(budget);
            rips(RipsInput::Dense(&distances), &params, &control)
        };
        let thread = thread::Builder::new().name("background".to_owned());
        self.job = thread.spawn(compute).ok().map(|thread| Job {
            version: self.version,
            as_of,
            stop,
            cancelled: false,
            thread: Some(thread),
            process: process::id(),
        });
    }
}

impl Job {
    fn cancel(&mut self) {
        self.cancelled = true;
        self.stop.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        let has_finished = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        has_finished || self.process != process::id()
    }

    /// What has come of it, once it is over; nothing in another process than that in which it was begun.
    fn outcome(&mut self) -> Option<Result<Diagram, Error>> {
        let thread = self.thread.take()?;
        if self.process != process::id() {
            // Not even to be detached from.
            std::mem::forget(thread);
            return None;
        }
        let outcome = thread.join();
        Some(outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

impl Drop for Job {
    /// Nobody waits for the thread: it notices soon.
    fn drop(&mut self) {
        self.cancel();
        if self.process != process::id() {
            std::mem::forget(self.thread.take());
        }
    }
}

/// Stops a computation when told so.
struct Stop(Arc<AtomicBool>);

impl Observer for Stop {
    fn observe(&self, _: &'static str, _: u64, _: u64) -> ops::ControlFlow<()> {
        if self.0.load(Ordering::Relaxed) {
            ops::ControlFlow::Break(())
        } else {
            ops::ControlFlow::Continue(())
        }
    }
}
