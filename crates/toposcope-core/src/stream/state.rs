//! The part of a stream that a push changes, and how single points change it.

use crate::stream::ageing::{Ageing, Moment};
use crate::stream::background::AsOf;
use crate::stream::landmarks::{Arrival, Landmark, Landmarks, later};
use crate::stream::overlaps::Overlaps;
use crate::stream::params::{StreamParams, Window};
use crate::{DistanceMatrix, Points};

/// Far beyond any real stream, and far enough below the end of u64 that counting on never overflows.
pub(crate) const MOST_SEEN: u64 = 1 << 62;

/// All that a push changes.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) landmarks: Landmarks,
    /// Points within this distance of a landmark are covered by it.
    pub(crate) cover_radius: f64,
    /// Points that ever came.
    pub(crate) n_seen: u64,
    /// In a window counted in points: index of the oldest one alive.
    pub(crate) start: u64,
    /// And the positions, from there on, at which more than one point is alive, because streams were merged.
    pub(crate) overlaps: Overlaps,
    /// Latest time of a point.
    pub(crate) clock: Option<f64>,
    /// Pushes, evictions and merges so far.
    pub(crate) step: u64,
}

impl State {
    pub(crate) fn new(params: &StreamParams) -> Self {
        Self {
            landmarks: Landmarks::new(
                params.metric,
                Ageing::new(params),
                Points::none(params.n_dims),
            ),
            cover_radius: params.cover_radius.unwrap_or(0.0),
            n_seen: 0,
            start: 0,
            overlaps: Overlaps::default(),
            clock: None,
            step: 0,
        }
    }

    /// How the landmarks that weigh enough stand.
    pub(super) fn as_of_now(&self, min_mass: f64) -> AsOf {
        AsOf {
            step: self.step,
            n_seen: self.n_seen,
            epsilon: self.epsilon(min_mass),
            n_landmarks: self.kept(min_mass).count(),
        }
    }

    /// Distances between them, by ascending id.
    pub(super) fn distances(&self, min_mass: f64) -> DistanceMatrix {
        let slots: Vec<u32> = self.kept(min_mass).map(|(slot, _)| slot).collect();
        let mut lower = Vec::with_capacity(slots.len() * slots.len().saturating_sub(1) / 2);
        for (i, &slot) in slots.iter().enumerate() {
            let before = slots[..i].iter();
            lower.extend(before.map(|&other| self.landmarks.between_slots(slot, other)));
        }
        DistanceMatrix::from_known(lower, slots.len())
    }

    /// The window slides to make the next point, of this time, its last; how many landmarks that costs.
    pub(crate) fn advance(&mut self, window: Window, time: Option<f64>) -> usize {
        self.clock = later(self.clock, time);
        match (window, self.clock) {
            (Window::Count(n), _) => {
                self.start = self.start.max((self.n_seen + 1).saturating_sub(n));
                self.landmarks.expire_before(self.start)
            }
            (Window::Seconds(seconds), Some(now)) => {
                let horizon = now - seconds;
                self.landmarks
                    .expire(|l| l.last_time.is_some_and(|t| t > horizon))
            }
            (Window::Seconds(_), None) => 0,
        }
    }

    /// Whether a point of this time would be earlier than one that came before it.
    pub(crate) fn is_late(&self, time: Option<f64>) -> bool {
        time.zip(self.clock).is_some_and(|(t, now)| t < now)
    }

    /// Whether the window has left a point of this time behind before it comes.
    pub(crate) fn is_too_late(&self, window: Window, time: Option<f64>) -> bool {
        match (window, time.zip(self.clock)) {
            (Window::Seconds(seconds), Some((t, now))) => t < now && t <= now - seconds,
            _ => false,
        }
    }

    /// The landmarks that weigh enough to be part of a diagram, by ascending id, each with its slot.
    pub(crate) fn kept(&self, min_mass: f64) -> impl Iterator<Item = (u32, Landmark)> + '_ {
        let landmarks = self.landmarks.slots().zip(self.weighed());
        landmarks.filter(move |(_, landmark)| landmark.weight >= min_mass)
    }

    /// The landmarks by ascending id, with the weights that they have by now.
    pub(crate) fn weighed(&self) -> impl Iterator<Item = Landmark> + '_ {
        let ageing = self.landmarks.ageing();
        let now = Moment {
            index: self.n_seen.saturating_sub(1),
            time: self.clock,
        };
        self.landmarks.iter().map(move |landmark| Landmark {
            weight: landmark.weight * ageing.left(landmark.moment(), now),
            ..*landmark
        })
    }

    /// ε of the landmarks that weigh enough: no point that belongs to one of them is farther from it, and in the window there is one of
    /// each within that.
    pub(crate) fn epsilon(&self, min_mass: f64) -> f64 {
        let radii = self.kept(min_mass).map(|(_, landmark)| landmark.radius);
        radii.fold(0.0, f64::max)
    }

    /// In a window counted in points: how many are alive.
    pub(crate) fn n_alive(&self) -> u64 {
        self.n_seen - self.start + self.overlaps.count()
    }

    /// Where a window counted in points starts when its `n_points` oldest ones have left, and those as old as the last of these.
    pub(crate) fn start_without(&self, n_points: u64) -> u64 {
        let (mut at, mut left) = (self.start, n_points);
        while left > 0 && at < self.n_seen {
            let (n_each, end) = self.overlaps.level(at, self.n_seen);
            let n_positions = left.div_ceil(n_each).min(end - at);
            left = left.saturating_sub(n_positions.saturating_mul(n_each));
            at += n_positions;
        }
        at
    }

    /// The next point, a row of its chunk.
    pub(crate) fn arrival(&self, row: usize, time: Option<f64>, weight: f64) -> Arrival {
        let index = self.n_seen;
        let moment = Moment { index, time };
        Arrival {
            row,
            moment,
            weight,
        }
    }

    /// The point becomes a landmark; its slot.
    pub(crate) fn found(&mut self, chunk: &Points, point: Arrival, row: &[f64]) -> u32 {
        let landmark = Landmark {
            id: point.moment.index,
            radius: 0.0,
            weight: point.weight,
            last_seen: point.moment.index,
            last_time: point.moment.time,
        };
        self.landmarks.found(landmark, chunk, point.row, row)
    }

    /// The landmark seen longest ago leaves, and the window up to its last point; `row` loses its distance.
    pub(crate) fn evict_oldest(&mut self, row: &mut Vec<f64>) -> usize {
        let ageing = self.landmarks.ageing();
        let moments = self.landmarks.iter().map(Landmark::moment);
        let Some(oldest) = moments.reduce(|a, b| if ageing.outlasts(a, b) { b } else { a }) else {
            return 0;
        };
        if !ageing.by_time() {
            self.start = self.start.max(oldest.index + 1);
        }
        let stays = |l: &Landmark| ageing.outlasts(l.moment(), oldest);
        let alive: Vec<bool> = self.landmarks.iter().map(stays).collect();
        let mut alive = alive.into_iter();
        row.retain(|_| alive.next().unwrap_or(false));
        self.landmarks.expire(stays)
    }

    /// If there is a landmark too many, another takes over what it stands for, and points as far apart as these two are
    /// covered from now on; how many landmarks that costs.
    pub(crate) fn coarsen_to(&mut self, cap: usize) -> usize {
        if self.landmarks.len() <= cap {
            return 0;
        }
        let Some(takeover) = self.landmarks.cheapest_takeover() else {
            return 0;
        };
        self.cover_radius = self.cover_radius.max(takeover.distance);
        self.landmarks.take_over(takeover);
        1
    }
}
