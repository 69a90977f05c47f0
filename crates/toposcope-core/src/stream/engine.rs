//! From a chunk of points to a report.

use std::sync::Arc;
use std::time::Instant;

use crate::memory::{Budget, Lease};
use crate::pool::SimplexPool;
use crate::stream::background::{Background, BackgroundDiagram};
use crate::stream::cospan::{Cospan, union};
use crate::stream::counters::Counters;
use crate::stream::landmarks::{Arrival, LARGEST_WEIGHT, Landmark};
use crate::stream::params::{Late, OnLimit, StreamParams, Window};
use crate::stream::persistence::LandmarkPersistence;
use crate::stream::report::{PushStats, Report};
use crate::stream::search::{BLOCK, Search};
use crate::stream::state::State;
use crate::{Control, Error, Points};

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
    background: Option<Background>,
    counters: Arc<Counters>,
    /// Covers all that is not the persistence's.
    _landmarks: Lease,
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
        Self::from_parts(params, cap, state)
    }

    pub(crate) fn from_parts(
        params: StreamParams,
        cap: usize,
        state: State,
    ) -> Result<Self, Error> {
        let limit = params.limit_of_pushes();
        let budget = limit.map_or_else(Budget::unlimited, Budget::limited);
        let landmarks = match limit {
            Some(_) => budget.reserve(params.bytes_of_landmarks(cap) as usize)?,
            None => budget.lease(),
        };
        let persistence = LandmarkPersistence::new(&params, budget)?;
        Ok(Self {
            background: Background::new(&params),
            params,
            cap,
            state,
            persistence,
            counters: Arc::default(),
            _landmarks: landmarks,
        })
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

    /// Pushes, evictions and merges so far.
    pub fn step(&self) -> u64 {
        self.state.step
    }

    /// Totals that others may read while this stream is pushed into.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// The critical simplices of the landmarks, under ids that stay from push to push. Their vertices are ids of landmarks, and their values
    /// make up the diagram exactly:
    /// - [`Role::Founds`](crate::pool::Role::Founds): each landmark, at 0;
    /// - [`Role::Joins`](crate::pool::Role::Joins): the edges with which components end;
    /// - [`Role::Births`](crate::pool::Role::Births) and [`Role::Kills`](crate::pool::Role::Kills): of each loop of the diagram, the
    ///   edge that closes it and, unless it stays for ever, a triangle with which it is filled.
    ///
    /// A simplex that is critical before and after a push, in the same role, keeps its id. One whose role changes is retired, and inserted in
    /// the other. Where lengths are equal others could be critical instead, and which are can change though the diagram does not.
    ///
    /// The pool is filled when a diagram is updated. It is **empty** where the diagram is computed anew: if `max_dim` is not 1, at the first push, if
    /// more than a third of the landmarks come or go at once, and if there is no memory to update it in. It fills again at the next
    /// push that updates; ids of before name nothing then.
    ///
    /// It is not part of a snapshot. After a push that failed it is as it was before, or empty if the diagram was to be computed anew.
    pub fn pool(&self) -> &SimplexPool {
        self.persistence.pool()
    }

    /// Closes the holes of the pool. It does so by itself when they are too many ([`StreamParams::pool`]); no id and no diagram changes.
    pub fn defragment(&mut self) {
        self.persistence.defragment();
    }

    /// The latest diagram that was computed beside the pushes, if there is one yet, and whether it is that of the landmarks as they are now (or
    /// none is asked for). What was finished since the last push is in it.
    ///
    /// # Errors
    /// Why there can be none of these landmarks: [`Error::MemoryLimit`] mostly. It does not concern the pushes.
    pub fn background(&mut self) -> Result<(Option<BackgroundDiagram>, bool), Error> {
        let Some(background) = &mut self.background else {
            return Ok((None, true));
        };
        let (state, min_mass) = (&self.state, self.params.min_mass.unwrap_or(0.0));
        background.look(state.as_of_now(min_mass), || state.distances(min_mass));
        if let Some(error) = background.error() {
            return Err(error.clone());
        }
        Ok((background.latest().cloned(), background.is_current()))
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    #[cfg(test)]
    pub(crate) fn persistence_mut(&mut self) -> &mut LandmarkPersistence {
        &mut self.persistence
    }

    /// Points arrive, in order, `times` with them if they have any; those that the window leaves behind go. Each weighs 1.
    ///
    /// Times may run backwards if [`StreamParams::late`] says so. Then the clock is the latest time so far, and a window of time looks back
    /// from there: of points that come late, those still inside are taken in with their own time, the others dropped
    /// ([`PushStats::n_late`], [`PushStats::n_dropped`]). A window counted in points goes by the order in which they come.
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
        self.push_weighted(chunk, times, None, control)
    }

    /// [`Self::push`] of points that weigh something each.
    ///
    /// # Errors
    /// As there, and [`Error::Invalid`] if a weight is not above 0 and at most 10²⁷⁰.
    pub fn push_weighted(
        &mut self,
        chunk: Points,
        times: Option<&[f64]>,
        weights: Option<&[f64]>,
        control: &Control,
    ) -> Result<Report, Error> {
        let chunk = self.admit(chunk, times)?;
        if let Some(weights) = weights {
            check_weights(weights, chunk.n_points())?;
        }
        let mut next = self.state.clone();
        if chunk.is_f64() && chunk.n_points() > 0 {
            next.landmarks.widen();
        }
        let mut stats = PushStats::default();
        let begun = Instant::now();
        let (mut row, mut search) = (Vec::new(), None);
        for i in 0..chunk.n_points() {
            control.poll("landmarks", i, chunk.n_points())?;
            let time = times.map(|t| t[i]);
            if next.is_too_late(self.params.window, time) {
                next.n_seen += 1;
                stats.n_dropped += 1;
                continue;
            }
            stats.n_late += usize::from(next.is_late(time));
            let n_expired = next.advance(self.params.window, time);
            stats.n_expired += n_expired;
            if search.is_none() && i % BLOCK == 0 {
                search = Search::new(&next.landmarks, chunk.n_points() - i, chunk.n_dims());
            } else if let Some(search) = search.as_mut().filter(|_| n_expired > 0) {
                search.retain(&next.landmarks);
            }
            let point = next.arrival(i, time, weights.map_or(1.0, |w| w[i]));
            self.take_in(
                &mut next,
                &chunk,
                point,
                (&mut search, &mut row),
                &mut stats,
            )?;
        }
        stats.landmarks = begun.elapsed().saturating_sub(stats.nearest);
        self.conclude(next, chunk.n_points(), stats, control)
    }

    /// The `n_points` oldest points leave, or all if there are fewer. After a merge several points can be equally old: then those as
    /// old as the last of these leave too.
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
        next.start = next.start_without(n_points);
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

    /// Forgets everything but the parameters: the stream is as new. Only its pool goes on counting, so that no id is given twice.
    pub fn reset(&mut self) {
        self.state = State::new(&self.params);
        self.persistence.reset();
        if let Some(background) = &mut self.background {
            background.reset();
        }
    }

    /// Checks a chunk before anything is done with it, and brings it to the form in which it is measured.
    fn admit(&self, chunk: Points, times: Option<&[f64]>) -> Result<Points, Error> {
        let n_dims = self.params.n_dims;
        if chunk.n_dims() != n_dims {
            let got = format!("{} per point", chunk.n_dims());
            let expected = format!("{n_dims} coordinates per point");
            return Err(Error::invalid("chunk", expected, got));
        }
        match (times, self.params.window) {
            (Some(times), _) => {
                check_times(times, chunk.n_points())?;
                if self.params.late == Late::Raise {
                    check_order(times, self.state.clock)?;
                }
            }
            (None, Window::Seconds(_)) if chunk.n_points() > 0 => {
                let expected = "one time per point, as the window is one of time";
                return Err(Error::invalid("times", expected, "none"));
            }
            (None, _) => {}
        }
        let chunk = chunk
            .ready_for(self.params.metric)
            .map_err(|error| error.of_argument("chunk"))?;
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
        point: Arrival,
        (search, row): (&mut Option<Search>, &mut Vec<f64>),
        stats: &mut PushStats,
    ) -> Result<(), Error> {
        let (begun, i) = (Instant::now(), point.row);
        let nearest = match search {
            Some(search) => search.nearest(&next.landmarks, chunk, i),
            None => next.landmarks.nearest(chunk, i, row),
        };
        stats.nearest += begun.elapsed();
        next.n_seen += 1;
        if let Some(nearest) = nearest
            && nearest.distance <= next.cover_radius
        {
            next.landmarks.refresh(nearest, point);
            return Ok(());
        }
        if search.is_some() {
            // What becomes a landmark is measured against all.
            next.landmarks.nearest(chunk, i, row);
        }
        if let Some(distance) = row.iter().find(|d| !d.is_finite()) {
            let got = format!("{distance} from row {i} to a landmark");
            return Err(Error::invalid("chunk", "points at finite distances", got));
        }
        let mut n_gone = 0;
        if next.landmarks.len() == self.cap {
            let n_evicted = self.make_room(next, row)?;
            stats.n_evicted += n_evicted;
            n_gone += n_evicted;
        }
        let slot = next.found(chunk, point, row);
        stats.n_added += 1;
        let n_merged = next.coarsen_to(self.cap);
        stats.n_merged += n_merged;
        if let Some(search) = search {
            search.founded(slot);
            if n_gone + n_merged > 0 {
                search.retain(&next.landmarks);
            }
        }
        Ok(())
    }

    /// What the policy does before a landmark too many is founded; `row` loses the distances to those that leave.
    fn make_room(&self, next: &mut State, row: &mut Vec<f64>) -> Result<usize, Error> {
        match self.params.on_limit {
            OnLimit::Coarsen => Ok(0),
            OnLimit::Evict => Ok(next.evict_oldest(row)),
            OnLimit::Raise => Err(self.no_room()),
        }
    }

    /// What is said where landmarks are too many and may not become fewer.
    pub(super) fn no_room(&self) -> Error {
        Error::MemoryLimit {
            requested: self.params.bytes_for(self.cap + 1),
            limit: self
                .params
                .memory_limit
                .unwrap_or(self.params.bytes_for(self.cap)),
            advice: "raise max_landmarks and memory_limit, widen cover_radius, or let on_limit be \"coarsen\" or \"evict\"",
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

    /// From the landmarks after a push, an eviction or a merge to its report. Only when nothing can fail any more does the state become `next`.
    pub(super) fn conclude(
        &mut self,
        mut next: State,
        n_points: usize,
        mut stats: PushStats,
        control: &Control,
    ) -> Result<Report, Error> {
        next.step += 1;
        next.overlaps.forget_before(next.start);
        let min_mass = self.params.min_mass.unwrap_or(0.0);
        let (landmarks, distances) = union(&self.state, &next, min_mass)?;
        let cospan = Cospan {
            step: next.step,
            time: next.clock,
            landmarks,
            distances,
            epsilon_before: self.state.epsilon(min_mass),
            epsilon_after: next.epsilon(min_mass),
            complex: self.params.complex,
            threshold: self.params.threshold,
        };
        let (begun, after) = (Instant::now(), &next.landmarks);
        let diagram = self.persistence.update(&cospan, after, control)?;
        stats.persistence = begun.elapsed();
        stats.bytes = after.bytes();
        stats.pool = self.persistence.pool().stats();
        if let Some(background) = &mut self.background {
            background.follow(next.as_of_now(min_mass), cospan.n_changed() > 0, || {
                cospan.distances.select(&cospan.places_after())
            });
        }
        let background = self.background.as_ref();
        let report = Report {
            background: background.and_then(Background::latest).cloned(),
            step: next.step,
            n_points,
            first_index: self.state.n_seen,
            n_window: match self.params.window {
                Window::Count(_) => Some(next.n_alive()),
                Window::Seconds(_) => None,
            },
            diagram,
            epsilon: cospan.epsilon_after,
            cover_radius: next.cover_radius,
            landmarks: next.weighed().collect(),
            min_mass,
            stats,
            cospan,
        };
        self.counters.add(&report);
        self.state = next;
        Ok(report)
    }
}

/// One finite time per point.
fn check_times(times: &[f64], n_points: usize) -> Result<(), Error> {
    if times.len() != n_points {
        let expected = format!("one time for each of {n_points} points");
        return Err(Error::invalid("times", expected, times.len()));
    }
    match times.iter().position(|time| !time.is_finite()) {
        None => Ok(()),
        Some(i) => {
            let got = format!("{} at {i}", times[i]);
            Err(Error::invalid("times", "finite times", got))
        }
    }
}

/// None before the one before it.
fn check_order(times: &[f64], clock: Option<f64>) -> Result<(), Error> {
    let mut latest = clock.unwrap_or(f64::NEG_INFINITY);
    for (i, &time) in times.iter().enumerate() {
        if time < latest {
            let got = format!("{time} at {i} after {latest}");
            let expected = "times that never run backwards, within a chunk or from chunk to chunk, unless late is \"accept\"";
            return Err(Error::invalid("times", expected, got));
        }
        latest = time;
    }
    Ok(())
}

/// One weight per point, each above 0 and not so large that sums could overflow.
fn check_weights(weights: &[f64], n_points: usize) -> Result<(), Error> {
    if weights.len() != n_points {
        let expected = format!("one weight for each of {n_points} points");
        return Err(Error::invalid("weights", expected, weights.len()));
    }
    let is_wrong = |weight: &f64| !(*weight > 0.0 && *weight <= LARGEST_WEIGHT);
    match weights.iter().position(is_wrong) {
        None => Ok(()),
        Some(i) => {
            let expected = format!("weights above 0 and at most {LARGEST_WEIGHT:e}");
            let got = format!("{} at {i}", weights[i]);
            Err(Error::invalid("weights", expected, got))
        }
    }
}
