//! Two streams become one.

use std::time::Instant;

use crate::stream::engine::Stream;
use crate::stream::landmarks::{Landmark, Nearest, later};
use crate::stream::overlaps::Run;
use crate::stream::params::{OnLimit, StreamParams, Window};
use crate::stream::report::{PushStats, Report};
use crate::stream::state::{MOST_SEEN, State};
use crate::{Control, Error};

/// Runs of positions with several points that a stream keeps account of: with the copy that is being changed 24 KiB, which
/// `StreamParams::bytes_for` has room for.
pub(super) const MOST_RUNS: usize = 512;

/// A landmark of the other stream, in the order of this one.
struct Newcomer {
    landmark: Landmark,
    /// Where its position is among those of the other stream.
    slot: u32,
}

impl Stream {
    /// Takes in another stream that looks at the same things: what both had alive is alive here, and the landmarks of both
    /// stand for it. The other stream stays as it is.
    ///
    /// - *Bound:* the union of the windows is as near to that of the landmarks as the farther of the two was: ε is the larger one, and so is
    ///   the radius under which the next points are covered.
    /// - *Ids:* point i of the other stream is point [`Self::n_seen`] + i of this one, as if it had come after all that came here;
    ///   `n_seen` becomes the sum. [`Report::first_index`] and [`Report::n_points`] say so.
    /// - *A window counted in points:* the points of both windows are as old as they were, by how many came after each in its own
    ///   stream, and age together with what comes from now on. There can be twice as many as the window counts, until so many have
    ///   come. `last_seen` moves so that `n_seen - last_seen` stays what it was.
    /// - *A window of time:* times stay, and the clock is the later of the two; what is too old by it leaves. `last_seen` keeps nothing
    ///   but the order of the landmarks by time.
    /// - *A landmark of the other stream at the very place of one here* joins it.
    /// - *If there are too many landmarks,* the policy of this stream decides, as in a push: takeovers, by which ε grows; those seen
    ///   longest ago leave; or an error.
    /// - Windows may differ in length: this stream's counts from now on, and what is older leaves. So do the cover radius asked for, the
    ///   limits, the policies, the smallest mass and the threads: this stream's stay.
    /// - Weights of both are as old as their points are, and fade from there.
    ///
    /// But for ids and ties between equally cheap takeovers it does not matter which stream takes in which.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the streams do not look at the same things, if a distance between them is not finite, or if more than 512
    /// windows of different lengths would overlap; [`Error::MemoryLimit`] under [`OnLimit::Raise`]; [`Error::Interrupted`]. Both
    /// streams are then as they were before.
    pub fn merge(&mut self, other: &Self, control: &Control) -> Result<Report, Error> {
        check_alike(self.params(), other.params())?;
        let theirs = other.state();
        let begun = Instant::now();
        let mut stats = PushStats::default();
        let mut next = self.state().clone();
        let mut newcomers = next.join_windows(theirs, self.params().window)?;
        stats.n_expired += next.expire(self.params().window, &mut newcomers);
        if theirs.landmarks.is_f64() && !newcomers.is_empty() {
            next.landmarks.widen();
        }
        next.join_at_equal_places(theirs, &mut newcomers, control)?;
        let n_landmarks = next.landmarks.len() + newcomers.len();
        if n_landmarks > self.landmark_cap() {
            match self.params().on_limit {
                OnLimit::Coarsen => {}
                OnLimit::Evict => {
                    stats.n_evicted += next.evict_to(self.landmark_cap(), &mut newcomers);
                }
                OnLimit::Raise => return Err(self.no_room()),
            }
        }
        next.take_in(theirs, newcomers, self.landmark_cap(), &mut stats, control)?;
        stats.landmarks = begun.elapsed();
        let n_points = usize::try_from(theirs.n_seen).unwrap_or(usize::MAX);
        self.conclude(next, n_points, stats, control)
    }
}

/// Whether what the streams stand for can be put together.
fn check_alike(ours: &StreamParams, theirs: &StreamParams) -> Result<(), Error> {
    let alike = |what: &str, ours: &dyn std::fmt::Display, theirs: &dyn std::fmt::Display| {
        let (ours, theirs) = (ours.to_string(), theirs.to_string());
        if ours == theirs {
            return Ok(());
        }
        let expected = format!("a stream with {what} {ours}, as this one");
        Err(Error::invalid("other", expected, theirs))
    };
    let kind = |window: Window| match window {
        Window::Count(_) => "counted in points",
        Window::Seconds(_) => "of time",
    };
    let length = |t: Option<f64>| t.map_or_else(|| "none".to_owned(), |t| t.to_string());
    alike("n_dims", &ours.n_dims, &theirs.n_dims)?;
    alike("a window", &kind(ours.window), &kind(theirs.window))?;
    alike("metric", &ours.metric.name(), &theirs.metric.name())?;
    let (one, other) = (ours.complex.name(), theirs.complex.name());
    alike("complex", &one, &other)?;
    alike("max_dim", &ours.max_dim, &theirs.max_dim)?;
    let (one, other) = (length(ours.threshold), length(theirs.threshold));
    alike("threshold", &one, &other)?;
    let (one, other) = (length(ours.half_life), length(theirs.half_life));
    alike("half_life", &one, &other)
}

impl State {
    /// Points of both streams in one order, and the window of both; theirs do not belong to the landmarks yet.
    fn join_windows(&mut self, theirs: &Self, window: Window) -> Result<Vec<Newcomer>, Error> {
        let (n_ours, n_theirs) = (self.n_seen, theirs.n_seen);
        self.n_seen = n_ours + n_theirs;
        if self.n_seen >= MOST_SEEN {
            let expected = "streams of less than 2^62 points together";
            return Err(Error::invalid("other", expected, self.n_seen));
        }
        // Ours are as old as before if as many positions more lie behind each.
        for landmark in self.landmarks.iter_mut() {
            landmark.last_seen += n_theirs;
        }
        let moved = theirs
            .landmarks
            .iter()
            .enumerate()
            .map(|(place, l)| Newcomer {
                landmark: Landmark {
                    id: l.id + n_ours,
                    last_seen: l.last_seen + n_ours,
                    ..*l
                },
                slot: theirs.landmarks.slot(place),
            });
        let mut newcomers: Vec<Newcomer> = moved.collect();
        self.clock = later(self.clock, theirs.clock);
        self.cover_radius = self.cover_radius.max(theirs.cover_radius);
        match window {
            Window::Count(length) => {
                let starts = [self.start + n_theirs, theirs.start + n_ours];
                let both = Run {
                    from: starts[0].max(starts[1]),
                    to: self.n_seen,
                    n: 1,
                };
                self.overlaps = self
                    .overlaps
                    .joined(n_theirs, &theirs.overlaps, n_ours, both);
                let longest = self.n_seen.saturating_sub(length);
                self.start = starts[0].min(starts[1]).max(longest);
                self.overlaps.forget_before(self.start);
            }
            Window::Seconds(_) => self.rank_by_time(&mut newcomers),
        }
        match self.overlaps.runs().len() {
            n if n > MOST_RUNS => {
                let expected = format!("at most {MOST_RUNS} overlapping windows");
                Err(Error::invalid("other", expected, n))
            }
            _ => Ok(newcomers),
        }
    }

    /// In a window of time the positions of landmarks are put in the order of their times: were one older by the one and younger by the
    /// other, a takeover could make a landmark that neither of its points keeps alive.
    fn rank_by_time(&mut self, newcomers: &mut [Newcomer]) {
        self.start = 0;
        let theirs = newcomers.iter_mut().map(|newcomer| &mut newcomer.landmark);
        let mut all: Vec<&mut Landmark> = self.landmarks.iter_mut().chain(theirs).collect();
        let time = |l: &Landmark| l.last_time.unwrap_or(f64::NEG_INFINITY);
        all.sort_unstable_by(|a, b| {
            let by_time = time(b).total_cmp(&time(a));
            by_time.then((b.last_seen, b.id).cmp(&(a.last_seen, a.id)))
        });
        for (landmark, n_younger) in all.into_iter().zip(1..) {
            landmark.last_seen = self.n_seen - n_younger;
        }
    }

    /// Landmarks whose last point is no longer in the window leave; how many they are.
    fn expire(&mut self, window: Window, newcomers: &mut Vec<Newcomer>) -> usize {
        let (start, clock) = (self.start, self.clock);
        let is_alive = move |l: &Landmark| match window {
            Window::Count(_) => l.last_seen >= start,
            Window::Seconds(seconds) => {
                (l.last_time.zip(clock)).is_some_and(|(t, now)| t > now - seconds)
            }
        };
        let n_theirs = newcomers.len();
        newcomers.retain(|newcomer| is_alive(&newcomer.landmark));
        n_theirs - newcomers.len() + self.landmarks.expire(is_alive)
    }

    /// A newcomer at the place of one of our landmarks becomes part of it, which costs nothing.
    fn join_at_equal_places(
        &mut self,
        theirs: &Self,
        newcomers: &mut Vec<Newcomer>,
        control: &Control,
    ) -> Result<(), Error> {
        let (mut row, mut apart) = (Vec::new(), Vec::new());
        let n_newcomers = newcomers.len();
        for (i, newcomer) in newcomers.drain(..).enumerate() {
            control.poll("landmarks", i, 2 * n_newcomers)?;
            let slot = newcomer.slot as usize;
            let nearest = self
                .landmarks
                .nearest(theirs.landmarks.positions(), slot, &mut row);
            match nearest {
                Some(Nearest {
                    place,
                    distance: 0.0,
                }) => {
                    let ageing = self.landmarks.ageing();
                    let landmark = self.landmarks.at_mut(place);
                    landmark.take_over(&newcomer.landmark, 0.0, ageing);
                }
                _ => apart.push(newcomer),
            }
        }
        *newcomers = apart;
        Ok(())
    }

    /// Landmarks seen longest ago leave until there is room for all others, and the window up to the last point of these; how many.
    fn evict_to(&mut self, cap: usize, newcomers: &mut Vec<Newcomer>) -> usize {
        let ours = self.landmarks.iter().map(|l| l.last_seen);
        let theirs = newcomers.iter().map(|newcomer| newcomer.landmark.last_seen);
        let mut all: Vec<u64> = ours.chain(theirs).collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        if let Some(&last) = all.get(cap) {
            self.start = self.start.max(last + 1);
        }
        let start = self.start;
        let n_theirs = newcomers.len();
        newcomers.retain(|newcomer| newcomer.landmark.last_seen >= start);
        n_theirs - newcomers.len() + self.landmarks.expire(|l| l.last_seen >= start)
    }

    /// Newcomers become landmarks, each as a point would.
    fn take_in(
        &mut self,
        theirs: &Self,
        newcomers: Vec<Newcomer>,
        cap: usize,
        stats: &mut PushStats,
        control: &Control,
    ) -> Result<(), Error> {
        let positions = theirs.landmarks.positions();
        let (mut row, n_newcomers) = (Vec::new(), newcomers.len());
        for (i, newcomer) in newcomers.into_iter().enumerate() {
            control.poll("landmarks", n_newcomers + i, 2 * n_newcomers)?;
            let slot = newcomer.slot as usize;
            self.landmarks.nearest(positions, slot, &mut row);
            if let Some(distance) = row.iter().find(|d| !d.is_finite()) {
                let got = format!("{distance} from landmark {}", newcomer.landmark.id);
                let expected = "landmarks at finite distances from those here";
                return Err(Error::invalid("other", expected, got));
            }
            self.landmarks
                .found(newcomer.landmark, positions, slot, &row);
            stats.n_added += 1;
            stats.n_merged += self.coarsen_to(cap);
        }
        Ok(())
    }
}
