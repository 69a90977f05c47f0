//! Totals of a stream that can be read while it is pushed into.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::stream::report::Report;

/// What a stream has done since it was made or restored, in numbers that only grow, [`Stream::reset`](crate::stream::Stream::reset)
/// included.
///
/// The stream adds to them at the end of a push, and any thread may read them meanwhile: neither waits for the other. Each number is an atomic
/// of its own, so that some of those read together can be of the next push already.
#[derive(Debug, Default)]
pub struct Counters {
    steps: AtomicU64,
    points: AtomicU64,
    added: AtomicU64,
    expired: AtomicU64,
    merged: AtomicU64,
    evicted: AtomicU64,
    late: AtomicU64,
    dropped: AtomicU64,
    busy_nanoseconds: AtomicU64,
}

/// What [`Counters`] said at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Pushes, evictions and merges that succeeded.
    pub n_steps: u64,
    /// Points that came with them, those of merged streams included.
    pub n_points: u64,
    /// Landmarks founded, or taken in by a merge.
    pub n_added: u64,
    /// Landmarks whose last point left the window.
    pub n_expired: u64,
    /// Landmarks taken over by another.
    pub n_merged: u64,
    /// Landmarks that had to leave before their time.
    pub n_evicted: u64,
    /// Late points that were taken in.
    pub n_late: u64,
    /// Late points that were dropped.
    pub n_dropped: u64,
    /// Spent on all that.
    pub busy: Duration,
}

impl Counters {
    /// Adds what a push, an eviction or a merge did.
    pub(crate) fn add(&self, report: &Report) {
        let stats = &report.stats;
        let count = |counter: &AtomicU64, n: usize| counter.fetch_add(n as u64, Relaxed);
        count(&self.points, report.n_points);
        count(&self.added, stats.n_added);
        count(&self.expired, stats.n_expired);
        count(&self.merged, stats.n_merged);
        count(&self.evicted, stats.n_evicted);
        count(&self.late, stats.n_late);
        count(&self.dropped, stats.n_dropped);
        let busy = stats.nearest + stats.landmarks + stats.persistence;
        self.busy_nanoseconds
            .fetch_add(busy.as_nanos() as u64, Relaxed);
        count(&self.steps, 1);
    }

    /// Reads all of them.
    pub fn totals(&self) -> Totals {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        Totals {
            n_steps: of(&self.steps),
            n_points: of(&self.points),
            n_added: of(&self.added),
            n_expired: of(&self.expired),
            n_merged: of(&self.merged),
            n_evicted: of(&self.evicted),
            n_late: of(&self.late),
            n_dropped: of(&self.dropped),
            busy: Duration::from_nanos(of(&self.busy_nanoseconds)),
        }
    }
}
