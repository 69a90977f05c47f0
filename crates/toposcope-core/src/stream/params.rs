//! What a stream is asked to keep, and how many landmarks its memory allows.

use crate::pool::PoolParams;
use crate::stream::persistence::slots_for;
use crate::{AlphaParams, Error, Metric, RipsParams};

/// Which points are alive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Window {
    /// The last so many points.
    Count(u64),
    /// The points later than so many seconds before the latest time of all.
    Seconds(f64),
}

/// What happens when a point would found one landmark too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLimit {
    /// A landmark takes over another: ε grows, the window stays.
    Coarsen,
    /// The landmarks seen longest ago leave, and the window with them: it shrinks, ε stays.
    Evict,
    /// [`Error::MemoryLimit`]; the push has no effect.
    Raise,
}

impl OnLimit {
    /// The policy of this name: `coarsen`, `evict` or `raise`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "coarsen" => Ok(Self::Coarsen),
            "evict" => Ok(Self::Evict),
            "raise" => Ok(Self::Raise),
            _ => Err(Error::invalid(
                "on_limit",
                "\"coarsen\", \"evict\" or \"raise\"",
                format!("\"{name}\""),
            )),
        }
    }

    /// The name that [`Self::from_name`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coarsen => "coarsen",
            Self::Evict => "evict",
            Self::Raise => "raise",
        }
    }
}

/// What happens to a point that is late: of an earlier time than one that came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Late {
    /// [`Error::Invalid`]; the push has no effect.
    #[default]
    Raise,
    /// It is taken in with its own time. One that a window of time has left behind already is dropped.
    Accept,
}

impl Late {
    /// The policy of this name: `raise` or `accept`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "raise" => Ok(Self::Raise),
            "accept" => Ok(Self::Accept),
            _ => Err(Error::invalid(
                "late",
                "\"raise\" or \"accept\"",
                format!("\"{name}\""),
            )),
        }
    }

    /// The name that [`Self::from_name`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Accept => "accept",
        }
    }
}

/// Which filtration on the landmarks the diagrams are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Complex {
    /// That of Vietoris and Rips; filtration values are diameters.
    #[default]
    Rips,
    /// The alpha filtration, of points in the plane or in space; filtration values are radii.
    Alpha,
}

impl Complex {
    /// The filtration of this name: `rips` or `alpha`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "rips" => Ok(Self::Rips),
            "alpha" => Ok(Self::Alpha),
            _ => Err(Error::invalid(
                "complex",
                "\"rips\" or \"alpha\"",
                format!("\"{name}\""),
            )),
        }
    }

    /// The name that [`Self::from_name`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rips => "rips",
            Self::Alpha => "alpha",
        }
    }

    /// How far diagrams can be apart, in bottleneck distance and in every dimension, of point sets whose Hausdorff distance is at most ε:
    /// 2ε where values are diameters. Where they are radii, each union of balls lies in the other of radius larger by ε, and that is all.
    pub fn error_bound(self, epsilon: f64) -> f64 {
        match self {
            Self::Rips => 2.0 * epsilon,
            Self::Alpha => epsilon,
        }
    }
}

/// Parameters of a [`Stream`](crate::stream::Stream).
#[derive(Debug, Clone, PartialEq)]
pub struct StreamParams {
    /// Coordinates of every point.
    pub n_dims: usize,
    /// Which points are alive.
    pub window: Window,
    /// Landmarks to keep at most; fewer if the memory limit says so.
    pub max_landmarks: usize,
    /// Radius within which a point is covered by a landmark. `None` starts at 0 and grows only when landmarks merge.
    pub cover_radius: Option<f64>,
    /// Largest homology dimension of the diagrams.
    pub max_dim: usize,
    /// Largest homology dimension of diagrams that are computed beside the pushes, for as long as they take, within half of the memory
    /// limit; more than `max_dim`. See [`Report::background`](crate::stream::Report::background).
    pub background_dim: Option<usize>,
    /// How distances are measured.
    pub metric: Metric,
    /// Which filtration the diagrams are of.
    pub complex: Complex,
    /// Largest edge of the diagrams' complex; `None` = the enclosing radius. An alpha filtration is always followed to its end.
    pub threshold: Option<f64>,
    /// Bytes that the stream may hold; `None` = no limit but `max_landmarks`.
    pub memory_limit: Option<u64>,
    /// What happens at the limit.
    pub on_limit: OnLimit,
    /// What happens to points out of order.
    pub late: Late,
    /// The weight of a landmark halves with every so many points, or seconds in a window of time; `None` = it stays.
    pub half_life: Option<f64>,
    /// Landmarks that weigh less are held, but are no part of the diagram; `None` = all are.
    pub min_mass: Option<f64>,
    /// At which shares of holes the pool of critical simplices closes them. Never changes a result.
    pub pool: PoolParams,
    /// Worker threads; `None` = as many as the machine has. Never changes a result.
    pub n_threads: Option<usize>,
}

/// Longest window of time: some 2.7 million years, which other languages' types for spans of time can still hold.
const LONGEST_SECONDS: f64 = 86_400.0 * 999_999_000.0;
/// Held by a stream without landmarks: mostly the [slack](crate::memory::SLACK) of its budget.
const FIXED_BYTES: u64 = 160 << 10;
/// Bookkeeping of one landmark: its record and its place in the order, in the state and in its copy, and in the cospan (320); its
/// products with a block of points, and what bounds them (280).
const BYTES_PER_LANDMARK: u64 = 600;
/// Of one coordinate: float64 in the state (8), twice that in the copy that makes a push transactional, which grows (16), and float32 (4).
const BYTES_PER_COORDINATE: u64 = 28;
/// Of one coordinate of a block of points in float32 (256), and of its centre (8).
const BYTES_PER_DIM: u64 = 264;
/// Of one entry of an m × m square: half a matrix of float64 in the state (4), in its growing copy (8), and the union of at most
/// 2m landmarks (16).
const BYTES_PER_SQUARE: u64 = 28;
/// Of one entry of a square of the engine's slots: lengths and certificates (13), and as much again and more for sums of loops and the pool, or
/// for what the batch engine needs for a moment.
const BYTES_PER_SLOTS_SQUARE: u64 = 32;

impl StreamParams {
    /// Refuses what no stream could do.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the parameter.
    pub fn check(&self) -> Result<(), Error> {
        let positive = |argument, got: usize| match got {
            0 => Err(Error::invalid(argument, "at least 1", 0)),
            _ => Ok(()),
        };
        positive("n_dims", self.n_dims)?;
        positive("max_landmarks", self.max_landmarks)?;
        match self.window {
            Window::Count(0) => return Err(Error::invalid("window", "at least one point", 0)),
            Window::Seconds(s) if !(s > 0.0 && s <= LONGEST_SECONDS) => {
                let expected = format!("a positive time of at most {LONGEST_SECONDS} seconds");
                return Err(Error::invalid("window", expected, s));
            }
            _ => {}
        }
        if let Some(radius) = self.cover_radius
            && !(radius >= 0.0 && radius.is_finite())
        {
            let expected = "a finite length of at least 0";
            return Err(Error::invalid("cover_radius", expected, radius));
        }
        if let Some(half_life) = self.half_life
            && !(half_life > 0.0 && half_life.is_finite())
        {
            let expected = "a finite number of points or seconds above 0";
            return Err(Error::invalid("half_life", expected, half_life));
        }
        if let Some(mass) = self.min_mass
            && !(mass >= 0.0 && mass.is_finite())
        {
            let expected = "a finite weight of at least 0";
            return Err(Error::invalid("min_mass", expected, mass));
        }
        self.pool
            .check()
            .map_err(|error| error.of_argument("defragment_at"))?;
        self.rips_params().check()?;
        self.check_background()?;
        match self.complex {
            Complex::Rips => Ok(()),
            Complex::Alpha => self.check_for_alpha(),
        }
    }

    fn check_background(&self) -> Result<(), Error> {
        let Some(dim) = self.background_dim else {
            return Ok(());
        };
        if dim <= self.max_dim {
            let expected = format!(
                "a dimension above max_dim, which is {}; those up to it are in every diagram",
                self.max_dim
            );
            return Err(Error::invalid("background_dim", expected, dim));
        }
        let params = RipsParams {
            max_dim: dim,
            ..self.rips_params()
        };
        params
            .check()
            .map_err(|error| error.of_argument("background_dim"))
    }

    /// Refuses what has no alpha filtration.
    fn check_for_alpha(&self) -> Result<(), Error> {
        if !(2..=3).contains(&self.n_dims) {
            let expected = "2 or 3 with an alpha filtration";
            return Err(Error::invalid("n_dims", expected, self.n_dims));
        }
        if let Some(dim) = self.background_dim {
            let expected = "none with an alpha filtration, of which pushes find all dimensions";
            return Err(Error::invalid("background_dim", expected, dim));
        }
        if self.metric != Metric::Euclidean {
            let expected = "euclidean with an alpha filtration";
            return Err(Error::invalid("metric", expected, self.metric.name()));
        }
        if let Some(threshold) = self.threshold {
            let expected = "none with an alpha filtration, which is followed to its end";
            return Err(Error::invalid("threshold", expected, threshold));
        }
        if self.max_dim >= self.n_dims {
            let expected = format!(
                "0 to {} with an alpha filtration of points in {} dimensions",
                self.n_dims - 1,
                self.n_dims
            );
            return Err(Error::invalid("max_dim", expected, self.max_dim));
        }
        Ok(())
    }

    /// Parameters of the diagrams.
    pub fn rips_params(&self) -> RipsParams {
        RipsParams {
            max_dim: self.max_dim,
            threshold: self.threshold,
            n_threads: self.n_threads,
            ..RipsParams::default()
        }
    }

    /// Parameters of the diagrams of an alpha filtration.
    pub fn alpha_params(&self) -> AlphaParams {
        AlphaParams {
            max_dim: Some(self.max_dim),
            n_threads: self.n_threads,
            ..AlphaParams::default()
        }
    }

    /// Bytes that a stream of at most `max` landmarks may hold at the worst moment of a push:
    /// `163840 + 264 n_dims + (600 + 28 n_dims) m + 28 m² + 32 s²` with `m = max + 1`, as a founder is there before others merge, and
    /// `s = m + m / 8 + 4` slots of the engine. The chunk pushed and the report handed out are the caller's.
    ///
    /// What the engine needs beyond fixed arrays depends on the data. The last term has been enough by a factor of two or so for components and
    /// loops, and for alpha filtrations of points all over the plane, a cube or a sphere; from dimension 2 on, and for an alpha filtration of points on
    /// curves in space, it can be too little. Then a push fails with [`Error::MemoryLimit`] and the stream is as it was.
    pub fn bytes_for(&self, max: usize) -> u64 {
        let slots = slots_for(max.saturating_add(1)) as u64;
        let engine = slots.saturating_mul(slots);
        self.bytes_of_landmarks(max)
            .saturating_add(FIXED_BYTES)
            .saturating_add(engine.saturating_mul(BYTES_PER_SLOTS_SQUARE))
    }

    /// Those without the engine.
    pub(crate) fn bytes_of_landmarks(&self, max: usize) -> u64 {
        let m = max as u64 + 1;
        let per_landmark = BYTES_PER_COORDINATE
            .saturating_mul(self.n_dims as u64)
            .saturating_add(BYTES_PER_LANDMARK);
        let square = m.saturating_mul(m).saturating_mul(BYTES_PER_SQUARE);
        let per_dim = BYTES_PER_DIM.saturating_mul(self.n_dims as u64);
        m.saturating_mul(per_landmark)
            .saturating_add(square)
            .saturating_add(per_dim)
    }

    /// Bytes that diagrams computed beside the pushes may take: half of the memory limit, if there are such diagrams.
    pub(crate) fn limit_of_background(&self) -> Option<u64> {
        self.background_dim
            .and(self.memory_limit)
            .map(|limit| limit / 2)
    }

    /// Bytes for all the rest.
    pub(crate) fn limit_of_pushes(&self) -> Option<u64> {
        let background = self.limit_of_background().unwrap_or(0);
        self.memory_limit.map(|limit| limit - background)
    }

    /// How many landmarks the stream keeps at most: `max_landmarks`, or the largest m with [`Self::bytes_for`]`(m)`
    /// within the memory limit if that is less; within half of it, if there are diagrams computed beside the pushes.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`] if the limit has no room for one landmark.
    pub fn landmark_cap(&self) -> Result<usize, Error> {
        let Some(limit) = self.limit_of_pushes() else {
            return Ok(self.max_landmarks);
        };
        let (mut fits, mut too_many) = (0, self.max_landmarks.saturating_add(1));
        while fits + 1 < too_many {
            let middle = fits + (too_many - fits) / 2;
            if self.bytes_for(middle) <= limit {
                fits = middle;
            } else {
                too_many = middle;
            }
        }
        if fits > 0 {
            return Ok(fits);
        }
        Err(Error::MemoryLimit {
            requested: self.bytes_for(1),
            limit,
            advice: "a stream needs at least one landmark",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A stream of plane points, with everything else at its simplest.
    pub(crate) fn plain(window: u64, max_landmarks: usize) -> StreamParams {
        StreamParams {
            n_dims: 2,
            window: Window::Count(window),
            max_landmarks,
            cover_radius: None,
            max_dim: 1,
            background_dim: None,
            metric: Metric::Euclidean,
            complex: Complex::Rips,
            threshold: None,
            memory_limit: None,
            on_limit: OnLimit::Coarsen,
            late: Late::Raise,
            half_life: None,
            min_mass: None,
            pool: PoolParams::default(),
            n_threads: Some(1),
        }
    }

    #[test]
    fn parameters_are_checked_by_name() {
        type Spoil = fn(&mut StreamParams);
        let wrong: [(&str, Spoil); 19] = [
            ("n_dims", |p| p.n_dims = 0),
            ("max_landmarks", |p| p.max_landmarks = 0),
            ("window", |p| p.window = Window::Count(0)),
            ("window", |p| p.window = Window::Seconds(0.0)),
            ("window", |p| p.window = Window::Seconds(f64::NAN)),
            ("window", |p| p.window = Window::Seconds(1e300)),
            ("cover_radius", |p| p.cover_radius = Some(-1.0)),
            ("cover_radius", |p| p.cover_radius = Some(f64::INFINITY)),
            ("half_life", |p| p.half_life = Some(0.0)),
            ("half_life", |p| p.half_life = Some(f64::NAN)),
            ("half_life", |p| p.half_life = Some(f64::INFINITY)),
            ("min_mass", |p| p.min_mass = Some(-0.5)),
            ("min_mass", |p| p.min_mass = Some(f64::NAN)),
            ("min_mass", |p| p.min_mass = Some(f64::INFINITY)),
            ("threshold", |p| p.threshold = Some(f64::NAN)),
            ("max_dim", |p| p.max_dim = 99),
            ("background_dim", |p| p.background_dim = Some(1)),
            ("background_dim", |p| p.background_dim = Some(99)),
            ("defragment_at", |p| p.pool.hard_share = 0.25),
        ];
        assert_eq!(plain(10, 10).check(), Ok(()));
        for (name, spoil) in wrong {
            let mut params = plain(10, 10);
            spoil(&mut params);
            let message = params.check().unwrap_err().to_string();
            assert!(message.starts_with(name), "{message}");
        }
        assert!(OnLimit::from_name("grow").is_err());
        assert!(Late::from_name("drop").is_err());
        for late in [Late::Raise, Late::Accept] {
            assert_eq!(Late::from_name(late.name()), Ok(late));
        }
        for policy in [OnLimit::Coarsen, OnLimit::Evict, OnLimit::Raise] {
            assert_eq!(OnLimit::from_name(policy.name()), Ok(policy));
        }
    }

    #[test]
    fn what_has_no_alpha_filtration_is_refused_by_name() {
        type Spoil = fn(&mut StreamParams);
        let wrong: [(&str, Spoil); 7] = [
            ("background_dim", |p| p.background_dim = Some(2)),
            ("n_dims", |p| p.n_dims = 1),
            ("n_dims", |p| p.n_dims = 4),
            ("metric", |p| p.metric = Metric::Manhattan),
            ("metric", |p| p.metric = Metric::Cosine),
            ("threshold", |p| p.threshold = Some(1.0)),
            ("max_dim", |p| p.max_dim = 2),
        ];
        let alpha = || StreamParams {
            complex: Complex::Alpha,
            ..plain(10, 10)
        };
        assert_eq!(alpha().check(), Ok(()));
        for (name, spoil) in wrong {
            let mut params = alpha();
            spoil(&mut params);
            let message = params.check().unwrap_err().to_string();
            assert!(message.starts_with(name), "{message}");
            assert!(message.contains("alpha"), "{message}");
        }
        let in_space = StreamParams {
            n_dims: 3,
            max_dim: 2,
            ..alpha()
        };
        assert_eq!(in_space.check(), Ok(()));
        assert!(Complex::from_name("cech").is_err());
        for complex in [Complex::Rips, Complex::Alpha] {
            assert_eq!(Complex::from_name(complex.name()), Ok(complex));
        }
    }

    #[test]
    fn the_cap_is_the_largest_number_that_fits() {
        for n_dims in [2, 768] {
            for limit in [500_000, 1 << 20, 64 << 20] {
                let params = StreamParams {
                    n_dims,
                    memory_limit: Some(limit),
                    ..plain(10, 100_000)
                };
                let cap = params.landmark_cap().unwrap();
                assert!(params.bytes_for(cap) <= limit && limit < params.bytes_for(cap + 1));
            }
        }
        assert_eq!(plain(10, 7).landmark_cap(), Ok(7));
        let roomy = StreamParams {
            memory_limit: Some(u64::MAX),
            ..plain(10, 7)
        };
        assert_eq!(roomy.landmark_cap(), Ok(7));
        let tiny = StreamParams {
            memory_limit: Some(100),
            ..plain(10, 7)
        };
        let message = tiny.landmark_cap().unwrap_err().to_string();
        assert!(message.contains("memory limit of 100 bytes"), "{message}");
    }
}
