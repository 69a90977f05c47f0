//! A stream as it is defined: every point that ever came, the landmark to which it belongs, and nothing clever.

use toposcope_core::Metric;
use toposcope_core::stream::{OnLimit, Report, StreamParams, Window};

use super::streams::Point;

/// A point on its way into a stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incoming {
    pub at: Point,
    pub time: f64,
    pub weight: f64,
}

/// One that was taken in.
#[derive(Debug, Clone, Copy)]
struct Witness {
    point: Incoming,
    index: u64,
    owner: u64,
    is_alive: bool,
}

#[derive(Debug, Clone, Copy)]
struct Ball {
    id: u64,
    at: Point,
    radius: f64,
}

/// A stream of points of the plane that all come with times and weights.
#[derive(Debug, Clone)]
pub struct Naive {
    params: StreamParams,
    cover_radius: f64,
    n_seen: u64,
    clock: f64,
    witnesses: Vec<Witness>,
    balls: Vec<Ball>,
    pub n_late: usize,
    pub n_dropped: usize,
}

impl Naive {
    pub fn new(params: StreamParams) -> Self {
        Self {
            cover_radius: params.cover_radius.unwrap_or(0.0),
            params,
            n_seen: 0,
            clock: f64::NEG_INFINITY,
            witnesses: Vec::new(),
            balls: Vec::new(),
            n_late: 0,
            n_dropped: 0,
        }
    }

    pub fn push(&mut self, point: Incoming) {
        let index = self.n_seen;
        self.n_seen += 1;
        if let Window::Seconds(seconds) = self.params.window
            && point.time <= self.clock - seconds
        {
            self.n_dropped += 1;
            return;
        }
        self.n_late += usize::from(point.time < self.clock);
        self.clock = self.clock.max(point.time);
        let (clock, n_seen) = (self.clock, self.n_seen);
        match self.params.window {
            Window::Count(n) => self.kill(|w| w.index + n < n_seen),
            Window::Seconds(seconds) => self.kill(|w| w.point.time <= clock - seconds),
        }
        let nearest = self.nearest(point.at);
        let owner = match nearest {
            Some((place, distance)) if distance <= self.cover_radius => {
                let ball = &mut self.balls[place];
                ball.radius = ball.radius.max(distance);
                ball.id
            }
            _ => index,
        };
        if owner == index {
            if self.balls.len() == self.params.max_landmarks
                && self.params.on_limit == OnLimit::Evict
            {
                self.evict_oldest();
            }
            let (id, at, radius) = (index, point.at, 0.0);
            self.balls.push(Ball { id, at, radius });
        }
        self.witnesses.push(Witness {
            point,
            index,
            owner,
            is_alive: true,
        });
        if self.balls.len() > self.params.max_landmarks {
            self.coarsen();
        }
    }

    /// The oldest points leave.
    pub fn evict(&mut self, n_points: usize) {
        let alive = self.witnesses.iter_mut().filter(|w| w.is_alive);
        alive.take(n_points).for_each(|w| w.is_alive = false);
        self.kill(|_| false);
    }

    pub fn evict_before(&mut self, time: f64) {
        self.kill(|w| w.point.time < time);
    }

    fn nearest(&self, at: Point) -> Option<(usize, f64)> {
        let distances = self.balls.iter().map(|ball| between(&ball.at, &at));
        distances
            .enumerate()
            .reduce(|a, b| if b.1 < a.1 { b } else { a })
    }

    /// Points leave, and the landmarks that have none any more.
    fn kill(&mut self, leaves: impl Fn(&Witness) -> bool) {
        for witness in &mut self.witnesses {
            witness.is_alive &= !leaves(witness);
        }
        let witnesses = &self.witnesses;
        let has_one = |ball: &Ball| witnesses.iter().any(|w| w.is_alive && w.owner == ball.id);
        self.balls.retain(has_one);
    }

    /// Of two points that one leaves first for which this is smaller.
    fn age(&self, witness: &Witness) -> (f64, u64) {
        match self.params.window {
            Window::Count(_) => (0.0, witness.index),
            Window::Seconds(_) => (witness.point.time, witness.index),
        }
    }

    /// The point up to which a landmark stays.
    fn last(&self, ball: &Ball) -> Witness {
        let own = self.witnesses.iter().filter(|w| w.owner == ball.id);
        let later = |a, b| if self.age(a) > self.age(b) { a } else { b };
        *own.reduce(later).expect("a landmark has points")
    }

    /// What is left of a unit of weight.
    fn left(&self, witness: &Witness) -> f64 {
        let age = match self.params.window {
            Window::Count(_) => (self.n_seen - 1 - witness.index) as f64,
            Window::Seconds(_) => self.clock - witness.point.time,
        };
        let halvings = self
            .params
            .half_life
            .map_or(0.0, |half_life| age / half_life);
        0.5f64.powf(halvings)
    }

    fn evict_oldest(&mut self) {
        let ages = self.balls.iter().map(|ball| self.age(&self.last(ball)));
        let oldest = ages.reduce(|a, b| if b < a { b } else { a });
        let oldest = oldest.expect("a landmark too many");
        let gone: Vec<u64> = self
            .witnesses
            .iter()
            .filter(|w| self.age(w) <= oldest)
            .map(|w| w.index)
            .collect();
        self.kill(|w| gone.contains(&w.index));
    }

    /// The cheapest takeover.
    fn coarsen(&mut self) {
        let mut cheapest: Option<(f64, f64, usize, usize)> = None;
        for older in 0..self.balls.len() {
            for younger in older + 1..self.balls.len() {
                let (a, b) = (self.balls[older], self.balls[younger]);
                let distance = between(&a.at, &b.at);
                let (keeps, goes) = if b.radius > a.radius {
                    (younger, older)
                } else {
                    (older, younger)
                };
                let radius = self.balls[keeps]
                    .radius
                    .max(self.balls[goes].radius + distance);
                if cheapest.is_none_or(|c| (radius, distance) < (c.0, c.1)) {
                    cheapest = Some((radius, distance, keeps, goes));
                }
            }
        }
        let Some((radius, distance, keeps, goes)) = cheapest else {
            return;
        };
        let (kept, gone) = (self.balls[keeps].id, self.balls[goes].id);
        self.cover_radius = self.cover_radius.max(distance);
        self.balls[keeps].radius = radius;
        self.balls.remove(goes);
        for witness in self.witnesses.iter_mut().filter(|w| w.owner == gone) {
            witness.owner = kept;
        }
    }

    /// Positions of landmarks, in order.
    pub fn positions(&self, ids: &[u64]) -> Vec<Point> {
        let balls = self.balls.iter().filter(|ball| ids.contains(&ball.id));
        balls.map(|ball| ball.at).collect()
    }

    /// The points of the window that belong to some of the landmarks.
    pub fn window(&self, ids: &[u64]) -> Vec<Point> {
        let alive = self
            .witnesses
            .iter()
            .filter(|w| w.is_alive && ids.contains(&w.owner));
        alive.map(|w| w.point.at).collect()
    }

    /// Compares all that a report says of landmarks.
    pub fn check_landmarks(&self, report: &Report) {
        let ids: Vec<u64> = report.landmarks.iter().map(|l| l.id).collect();
        assert_eq!(
            ids,
            self.balls.iter().map(|ball| ball.id).collect::<Vec<_>>()
        );
        for (landmark, ball) in report.landmarks.iter().zip(&self.balls) {
            let own: Vec<&Witness> = self
                .witnesses
                .iter()
                .filter(|w| w.owner == ball.id)
                .collect();
            let latest = own
                .iter()
                .map(|w| w.point.time)
                .fold(f64::NEG_INFINITY, f64::max);
            let found = (landmark.radius, landmark.last_seen, landmark.last_time);
            assert_eq!(found, (ball.radius, self.last(ball).index, Some(latest)));
            let weight: f64 = own.iter().map(|w| w.point.weight * self.left(w)).sum();
            if self.params.half_life.is_none() {
                assert_eq!(landmark.weight, weight, "nothing is rounded");
            }
            let off = (landmark.weight - weight).abs();
            assert!(off <= 1e-13 * weight, "{} {weight}", landmark.weight);
            let is_kept = report.kept().any(|l| l.id == ball.id);
            let min_mass = self.params.min_mass.unwrap_or(0.0);
            assert_eq!(is_kept, landmark.weight >= min_mass);
        }
        let n_alive = self.witnesses.iter().filter(|w| w.is_alive).count() as u64;
        assert!(report.n_window.is_none_or(|n| n == n_alive));
        assert_eq!(report.cover_radius, self.cover_radius);
        if let Some(time) = report.cospan.time {
            assert_eq!(time, self.clock);
        }
    }
}

fn between(p: &Point, q: &Point) -> f64 {
    Metric::Euclidean.between(p, q)
}
