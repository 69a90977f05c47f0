//! From a chunk of points to a report.

use std::time::{Duration, Instant};

use crate::stream::cospan::{Cospan, union};
use crate::stream::landmarks::{Landmark, Landmarks};
use crate::stream::params::{OnLimit, StreamParams, Window};
use crate::stream::persistence::{LandmarkChange, LandmarkPersistence};
use crate::{Control, Diagram, Error, Points};

/// A window of points over a stream, known by its landmarks.
///
/// Eight pushes by hand, of one point on a line each, into a window of three points with room for two landmarks:
///
/// | push | landmarks after (position, radius) | ε | what happened |
/// |---|---|---|---|
/// | 0 | 0 | 0 | the first point founds a landmark |
/// | 0 | 0 | 0 | a point at distance 0 is covered always |
/// | 10 | 0, 10 | 0 | too far away: a second landmark |
/// | 12 | 0 (last seen by the second point), 10 (radius 2) | 2 | a third is one too many: 10 takes over 12, the cheapest way; from now on points are covered within 2 |
/// | 11 | 10 (radius 2) | 2 | the second point left the window, and landmark 0 with it; 11 is covered by 10 |
/// | 20 | 10, 20 | 2 | |
/// | 21 | 10 (last seen by the point 11), 20 (radius 1) | 2 | |
/// | 22 | 20 (radius 2) | 2 | 11 left the window, and 10 with it |
#[derive(Debug)]
pub struct Stream {
    params: StreamParams,
    cap: usize,
    state: State,
    persistence: LandmarkPersistence,
}

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
    /// Time of the latest point that came with one.
    pub(crate) clock: Option<f64>,
    /// Pushes and evictions so far.
    pub(crate) step: u64,
}

/// What a push found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Which push or eviction of the stream, from 1.
    pub step: u64,
    /// Points in the chunk.
    pub n_points: usize,
    /// Index of its first point, over the whole stream.
    pub first_index: u64,
    /// Points alive after the push; `None` in a window of time, which keeps no count.
    pub n_window: Option<u64>,
    /// The diagram of the landmarks.
    pub diagram: Diagram,
    /// ε: the Hausdorff distance of window and landmarks is at most this.
    pub epsilon: f64,
    /// Radius within which the next points will be covered.
    pub cover_radius: f64,
    /// The landmarks by ascending id.
    pub landmarks: Vec<Landmark>,
    /// Counts, bytes and times.
    pub stats: PushStats,
    /// What joins this report to the one before.
    pub cospan: Cospan,
}

impl Report {
    /// No further than this, in bottleneck distance, is the diagram from that of the full window, in any dimension.
    pub fn error_bound(&self) -> f64 {
        2.0 * self.epsilon
    }

    /// An interval longer than this proves a class of the full window.
    pub fn certified_above(&self) -> f64 {
        2.0 * self.error_bound()
    }
}

/// Counts, bytes and times of one push.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PushStats {
    /// Landmarks founded.
    pub n_added: usize,
    /// Landmarks whose last point left the window.
    pub n_expired: usize,
    /// Landmarks taken over by another, for want of room.
    pub n_merged: usize,
    /// Landmarks that had to leave before their time, for want of room.
    pub n_evicted: usize,
    /// Bytes held by the landmarks after the push.
    pub bytes: usize,
    /// Finding the nearest landmarks.
    pub nearest: Duration,
    /// All else that is done to landmarks.
    pub landmarks: Duration,
    /// From landmarks to the diagram.
    pub persistence: Duration,
}

impl Stream {
    /// An empty stream.
    ///
    /// # Errors
    /// [`Error::Invalid`] for wrong parameters, [`Error::MemoryLimit`] if the limit has no room for one landmark.
    pub fn new(params: StreamParams) -> Result<Self, Error> {
        params.check()?;
        let cap = params.landmark_cap()?;
        let state = State::new(&params);
        Ok(Self::from_parts(params, cap, state))
    }

    pub(crate) fn from_parts(params: StreamParams, cap: usize, state: State) -> Self {
        let persistence = LandmarkPersistence::new(params.rips_params());
        Self {
            params,
            cap,
            state,
            persistence,
        }
    }

    /// What the stream was asked to keep.
    pub fn params(&self) -> &StreamParams {
        &self.params
    }

    /// How many landmarks it keeps at most.
    pub fn landmark_cap(&self) -> usize {
        self.cap
    }

    /// Points that ever came.
    pub fn n_seen(&self) -> u64 {
        self.state.n_seen
    }

    /// Pushes and evictions so far.
    pub fn step(&self) -> u64 {
        self.state.step
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Points arrive, in order, `times` with them if they have any; those that the window leaves behind go.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the points have another dimension, cannot be measured, or their times run backwards or are
    /// missing where the window needs them; [`Error::MemoryLimit`] under [`OnLimit::Raise`]; [`Error::Interrupted`].
    /// The stream is then as it was before.
    pub fn push(
        &mut self,
        chunk: Points,
        times: Option<&[f64]>,
        control: &Control,
    ) -> Result<Report, Error> {
        let chunk = self.admit(chunk, times)?;
        let mut next = self.state.clone();
        let mut stats = PushStats::default();
        let begun = Instant::now();
        let mut row = Vec::new();
        for i in 0..chunk.n_points() {
            control.poll("landmarks", i, chunk.n_points())?;
            stats.n_expired += next.advance(self.params.window, times.map(|t| t[i]));
            self.take_in(&mut next, &chunk, i, &mut row, &mut stats)?;
        }
        stats.landmarks = begun.elapsed().saturating_sub(stats.nearest);
        self.conclude(next, chunk.n_points(), stats, control)
    }

    /// The `n_points` oldest points leave, or all if there are fewer.
    ///
    /// # Errors
    /// [`Error::Invalid`] in a window of time, which keeps no count of its points; [`Error::Interrupted`].
    pub fn evict(&mut self, n_points: u64, control: &Control) -> Result<Report, Error> {
        if let Window::Seconds(_) = self.params.window {
            let expected =
                "a window counted in points; one of time can evict what came before a time";
            return Err(Error::invalid("n_points", expected, n_points));
        }
        let mut next = self.state.clone();
        next.start = next.start.saturating_add(n_points).min(next.n_seen);
        let start = next.start;
        self.conclude_eviction(next, |l| l.last_seen >= start, control)
    }

    /// The points earlier than `time` leave.
    ///
    /// # Errors
    /// [`Error::Invalid`] in a window counted in points, or if `time` is no number; [`Error::Interrupted`].
    pub fn evict_before(&mut self, time: f64, control: &Control) -> Result<Report, Error> {
        if let Window::Count(_) = self.params.window {
            let expected = "a window of time; one counted in points can evict so many points";
            return Err(Error::invalid("before", expected, time));
        }
        if time.is_nan() {
            return Err(Error::invalid("before", "a time", time));
        }
        let next = self.state.clone();
        self.conclude_eviction(next, |l| l.last_time.is_some_and(|t| t >= time), control)
    }

    /// Forgets everything but the parameters: the stream is as new.
    pub fn reset(&mut self) {
        self.state = State::new(&self.params);
        self.persistence = LandmarkPersistence::new(self.params.rips_params());
    }

    /// Checks a chunk before anything is done with it, and brings it to the form in which it is measured.
    fn admit(&self, chunk: Points, times: Option<&[f64]>) -> Result<Points, Error> {
        let n_dims = self.params.n_dims;
        if chunk.n_dims() != n_dims {
            let got = format!("{} per point", chunk.n_dims());
            let expected = format!("{n_dims} coordinates per point");
            return Err(Error::invalid("points", expected, got));
        }
        match (times, self.params.window) {
            (Some(times), _) => check_times(times, chunk.n_points(), self.state.clock)?,
            (None, Window::Seconds(_)) if chunk.n_points() > 0 => {
                let expected = "one time per point, as the window is one of time";
                return Err(Error::invalid("times", expected, "none"));
            }
            (None, _) => {}
        }
        let chunk = chunk.ready_for(self.params.metric)?;
        Ok(if self.state.landmarks.is_f64() {
            chunk.widened()
        } else {
            chunk
        })
    }

    /// One point: covered by its nearest landmark, or a landmark itself.
    fn take_in(
        &self,
        next: &mut State,
        chunk: &Points,
        i: usize,
        row: &mut Vec<f64>,
        stats: &mut PushStats,
    ) -> Result<(), Error> {
        let begun = Instant::now();
        let nearest = next.landmarks.nearest(chunk, i, row);
        stats.nearest += begun.elapsed();
        let index = next.n_seen;
        next.n_seen += 1;
        if let Some(nearest) = nearest
            && nearest.distance <= next.cover_radius
        {
            next.landmarks.refresh(nearest, index, next.clock);
            return Ok(());
        }
        if let Some(distance) = row.iter().find(|d| !d.is_finite()) {
            let got = format!("{distance} from row {i} to a landmark");
            return Err(Error::invalid("points", "points at finite distances", got));
        }
        if next.landmarks.len() == self.cap {
            stats.n_evicted += self.make_room(next, row)?;
        }
        next.found(chunk, i, index, row);
        stats.n_added += 1;
        stats.n_merged += next.coarsen_to(self.cap);
        Ok(())
    }

    /// What the policy does before a landmark too many is founded; `row` loses the distances to those that leave.
    fn make_room(&self, next: &mut State, row: &mut Vec<f64>) -> Result<usize, Error> {
        match self.params.on_limit {
            OnLimit::Coarsen => Ok(0),
            OnLimit::Evict => Ok(next.evict_oldest(row)),
            OnLimit::Raise => Err(Error::MemoryLimit {
                requested: self.params.bytes_for(self.cap + 1),
                limit: self
                    .params
                    .memory_limit
                    .unwrap_or(self.params.bytes_for(self.cap)),
                advice: "raise max_landmarks and memory_limit, widen cover_radius, or let on_limit be \"coarsen\" or \"evict\"",
            }),
        }
    }

    fn conclude_eviction(
        &mut self,
        mut next: State,
        is_alive: impl Fn(&Landmark) -> bool,
        control: &Control,
    ) -> Result<Report, Error> {
        let begun = Instant::now();
        let stats = PushStats {
            n_expired: next.landmarks.expire(is_alive),
            landmarks: begun.elapsed(),
            ..PushStats::default()
        };
        self.conclude(next, 0, stats, control)
    }

    /// From the landmarks after a push to its report. Only when nothing can fail any more does the state become `next`.
    fn conclude(
        &mut self,
        mut next: State,
        n_points: usize,
        mut stats: PushStats,
        control: &Control,
    ) -> Result<Report, Error> {
        next.step += 1;
        let (before, after) = (&self.state.landmarks, &next.landmarks);
        let (landmarks, distances) = union(before, after)?;
        let cospan = Cospan {
            step: next.step,
            time: next.clock,
            landmarks,
            distances,
            epsilon_before: before.epsilon(),
            epsilon_after: after.epsilon(),
            threshold: self.params.threshold,
        };
        let begun = Instant::now();
        let diagram = self
            .persistence
            .update(&LandmarkChange { before, after }, control)?;
        stats.persistence = begun.elapsed();
        stats.bytes = after.bytes();
        let report = Report {
            step: next.step,
            n_points,
            first_index: self.state.n_seen,
            n_window: match self.params.window {
                Window::Count(_) => Some(next.n_seen - next.start),
                Window::Seconds(_) => None,
            },
            diagram,
            epsilon: cospan.epsilon_after,
            cover_radius: next.cover_radius,
            landmarks: after.iter().copied().collect(),
            stats,
            cospan,
        };
        self.state = next;
        Ok(report)
    }
}

impl State {
    fn new(params: &StreamParams) -> Self {
        Self {
            landmarks: Landmarks::new(params.metric, Points::none(params.n_dims)),
            cover_radius: params.cover_radius.unwrap_or(0.0),
            n_seen: 0,
            start: 0,
            clock: None,
            step: 0,
        }
    }

    /// The window slides to make the next point, of this time, its last; how many landmarks that costs.
    fn advance(&mut self, window: Window, time: Option<f64>) -> usize {
        self.clock = time.or(self.clock);
        match (window, self.clock) {
            (Window::Count(n), _) => {
                self.start = self.start.max((self.n_seen + 1).saturating_sub(n));
                let start = self.start;
                self.landmarks.expire(|l| l.last_seen >= start)
            }
            (Window::Seconds(seconds), Some(now)) => {
                let horizon = now - seconds;
                self.landmarks
                    .expire(|l| l.last_time.is_some_and(|t| t > horizon))
            }
            (Window::Seconds(_), None) => 0,
        }
    }

    fn found(&mut self, chunk: &Points, i: usize, index: u64, row: &[f64]) {
        let landmark = Landmark {
            id: index,
            radius: 0.0,
            weight: 1,
            last_seen: index,
            last_time: self.clock,
        };
        self.landmarks.found(landmark, chunk, i, row);
    }

    /// The landmark seen longest ago leaves, and the window up to its last point; `row` loses its distance.
    fn evict_oldest(&mut self, row: &mut Vec<f64>) -> usize {
        let oldest = self.landmarks.iter().map(|l| l.last_seen).min();
        let start = oldest.map_or(0, |last_seen| last_seen + 1);
        self.start = self.start.max(start);
        let alive: Vec<bool> = self
            .landmarks
            .iter()
            .map(|l| l.last_seen >= start)
            .collect();
        let mut alive = alive.into_iter();
        row.retain(|_| alive.next().unwrap_or(false));
        self.landmarks.expire(|l| l.last_seen >= start)
    }

    /// If there is a landmark too many, another takes over what it stands for, and points as far apart as these two are
    /// covered from now on; how many landmarks that costs.
    fn coarsen_to(&mut self, cap: usize) -> usize {
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

/// One finite time per point, none before the one before it.
fn check_times(times: &[f64], n_points: usize, clock: Option<f64>) -> Result<(), Error> {
    if times.len() != n_points {
        let expected = format!("one time for each of {n_points} points");
        return Err(Error::invalid("times", expected, times.len()));
    }
    let mut latest = clock.unwrap_or(f64::NEG_INFINITY);
    for (i, &time) in times.iter().enumerate() {
        if !time.is_finite() {
            let got = format!("{time} at {i}");
            return Err(Error::invalid("times", "finite times", got));
        }
        if time < latest {
            let got = format!("{time} at {i} after {latest}");
            let expected = "times that never run backwards, within a chunk or from chunk to chunk";
            return Err(Error::invalid("times", expected, got));
        }
        latest = time;
    }
    Ok(())
}
