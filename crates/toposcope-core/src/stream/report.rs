//! What a push gives back.

use std::time::Duration;

use crate::Diagram;
use crate::pool::PoolStats;
use crate::stream::background::BackgroundDiagram;
use crate::stream::cospan::Cospan;
use crate::stream::landmarks::Landmark;

/// What a push found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Which push, eviction or merge of the stream, from 1.
    pub step: u64,
    /// Points in the chunk; of a merge, those that ever came to the other stream.
    pub n_points: usize,
    /// Index of the first of them, over the whole stream: by this much a merge moves the other stream's.
    pub first_index: u64,
    /// Points alive after the push; `None` in a window of time, which keeps no count.
    pub n_window: Option<u64>,
    /// The diagram of the landmarks that weigh at least [`Self::min_mass`].
    pub diagram: Diagram,
    /// ε: the Hausdorff distance of window and landmarks is at most this. Where landmarks are left out of the diagram, it is that
    /// of the others and of the points of the window that belong to these.
    pub epsilon: f64,
    /// Radius within which the next points will be covered.
    pub cover_radius: f64,
    /// The landmarks by ascending id, those that weigh too little included.
    pub landmarks: Vec<Landmark>,
    /// What a landmark has to weigh to be part of the diagram; 0 if all are.
    pub min_mass: f64,
    /// Counts, bytes and times.
    pub stats: PushStats,
    /// The latest diagram that was computed beside the pushes, if there is one yet: of the landmarks as they were a while ago.
    pub background: Option<BackgroundDiagram>,
    /// What joins this report to the one before.
    pub cospan: Cospan,
}

impl Report {
    /// No further than this, in bottleneck distance, is the diagram from that of the full window, in any dimension: 2ε, or ε where
    /// filtration values are radii. Where landmarks are left out, the window is that without the points that belong to them.
    pub fn error_bound(&self) -> f64 {
        self.cospan.complex.error_bound(self.epsilon)
    }

    /// The landmarks that the diagram is of: those that weigh enough.
    pub fn kept(&self) -> impl Iterator<Item = &Landmark> + '_ {
        (self.landmarks.iter()).filter(|landmark| landmark.weight >= self.min_mass)
    }

    /// How many landmarks weigh too little and are left out.
    pub fn n_left_out(&self) -> usize {
        self.landmarks.len() - self.kept().count()
    }

    /// An interval longer than this, 2 × [`Self::error_bound`], proves a class of the full window.
    pub fn certified_above(&self) -> f64 {
        2.0 * self.error_bound()
    }
}

/// Counts, bytes and times of one push.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PushStats {
    /// Landmarks founded, or taken in by a merge.
    pub n_added: usize,
    /// Landmarks whose last point left the window.
    pub n_expired: usize,
    /// Landmarks taken over by another, for want of room.
    pub n_merged: usize,
    /// Landmarks that had to leave before their time, for want of room.
    pub n_evicted: usize,
    /// Late points that were taken in: of an earlier time than one that came before them.
    pub n_late: usize,
    /// Late points that were dropped: a window of time had left them behind before they came.
    pub n_dropped: usize,
    /// Bytes held by the landmarks after the push.
    pub bytes: usize,
    /// The pool of critical simplices after the push: see [`Stream::pool`](crate::stream::Stream::pool).
    pub pool: PoolStats,
    /// Finding the nearest landmarks.
    pub nearest: Duration,
    /// All else that is done to landmarks.
    pub landmarks: Duration,
    /// From landmarks to the diagram.
    pub persistence: Duration,
}
