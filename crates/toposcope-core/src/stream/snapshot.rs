//! A stream as bytes, and back: the continuation is the same to the last bit.
//!
//! Distances are not saved. They are functions of the positions, so measuring them again costs little, keeps the
//! snapshot small, and leaves hostile bytes nothing to contradict themselves with.

use crate::pool::PoolParams;
use crate::snapshot::{SectionReader, SectionWriter, SnapshotReader, SnapshotWriter, Tag};
use crate::stream::ageing::Ageing;
use crate::stream::engine::Stream;
use crate::stream::landmarks::{LARGEST_SUM, Landmark, Landmarks};
use crate::stream::merge::MOST_RUNS;
use crate::stream::overlaps::{Overlaps, Run};
use crate::stream::params::{Complex, Late, OnLimit, StreamParams, Window};
use crate::stream::state::{MOST_SEEN, State};
use crate::{Error, Metric, Points};

const KIND: Tag = *b"STRM";
/// 2 knows merged windows and alpha filtrations; 3 weights that fade, late points, light landmarks and diagrams beside the pushes. What
/// earlier ones hold is read as before.
const VERSION: u32 = 3;
const WITH_COUNTS_FOR_WEIGHTS: u32 = 2;
const FIRST_VERSION: u32 = 1;
const PARAMS: Tag = *b"PARM";
const STATE: Tag = *b"STAT";
const LANDMARKS: Tag = *b"LAND";
const POSITIONS: Tag = *b"POSN";

const METRICS: [Metric; 4] = [
    Metric::Euclidean,
    Metric::Cosine,
    Metric::Manhattan,
    Metric::Chebyshev,
];
const COMPLEXES: [Complex; 2] = [Complex::Rips, Complex::Alpha];
const FOR_LATE_POINTS: [Late; 2] = [Late::Raise, Late::Accept];
const POLICIES: [OnLimit; 3] = [OnLimit::Coarsen, OnLimit::Evict, OnLimit::Raise];

impl Stream {
    /// The whole stream as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let (params, state) = (self.params(), self.state());
        let mut writer = SnapshotWriter::new(KIND, VERSION);
        writer.section(PARAMS, |s| write_params(s, params));
        writer.section(STATE, |s| {
            s.u64(state.step);
            s.u64(state.n_seen);
            s.u64(state.start);
            s.option(state.clock, SectionWriter::f64);
            s.f64(state.cover_radius);
            s.list(state.overlaps.runs(), write_run);
        });
        let landmarks: Vec<Landmark> = state.landmarks.iter().copied().collect();
        writer.section(LANDMARKS, |s| s.list(&landmarks, write_landmark));
        writer.section(POSITIONS, |s| write_positions(s, &state.landmarks));
        writer.finish()
    }

    /// The stream that [`Self::snapshot`] saved.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if the bytes are not such a snapshot, damaged, or contradict themselves.
    pub fn restore(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = SnapshotReader::new_of(bytes, KIND, FIRST_VERSION..=VERSION)?;
        let version = reader.version();
        let params = reader.section(PARAMS, |s| read_params(s, version))?;
        let cap = params
            .check()
            .and_then(|()| params.landmark_cap())
            .map_err(contradiction)?;
        let mut state = reader.section(STATE, |s| read_state(s, &params, version))?;
        let records = reader.section(LANDMARKS, |s| s.list(33, |s| read_landmark(s, version)))?;
        if records.len() > cap {
            return Err(contradiction(format!(
                "{} landmarks, at most {cap}",
                records.len()
            )));
        }
        check_landmarks(&records, &state, params.window)?;
        let positions = reader.section(POSITIONS, |s| read_positions(s, params.n_dims))?;
        reader.finish()?;
        if positions.n_points() != records.len() {
            let (n, m) = (positions.n_points(), records.len());
            return Err(contradiction(format!("{n} positions of {m} landmarks")));
        }
        state.landmarks =
            Landmarks::restore(params.metric, Ageing::new(&params), positions, records);
        if !state.landmarks.are_at_finite_distances() {
            return Err(contradiction("landmarks that are infinitely far apart"));
        }
        Self::from_parts(params, cap, state)
    }
}

fn contradiction(reason: impl std::fmt::Display) -> Error {
    Error::Snapshot {
        reason: format!("contradicts itself: {reason}"),
    }
}

fn write_params(s: &mut SectionWriter, params: &StreamParams) {
    s.u64(params.n_dims as u64);
    match params.window {
        Window::Count(n) => {
            s.u8(0);
            s.u64(n);
        }
        Window::Seconds(seconds) => {
            s.u8(1);
            s.f64(seconds);
        }
    }
    s.u64(params.max_landmarks as u64);
    s.option(params.cover_radius, SectionWriter::f64);
    s.u64(params.max_dim as u64);
    s.u8(index_in(&METRICS, &params.metric));
    s.option(params.threshold, SectionWriter::f64);
    s.option(params.memory_limit, SectionWriter::u64);
    s.u8(index_in(&POLICIES, &params.on_limit));
    s.option(params.n_threads.map(|n| n as u64), SectionWriter::u64);
    s.u8(index_in(&COMPLEXES, &params.complex));
    s.option(
        params.background_dim.map(|dim| dim as u64),
        SectionWriter::u64,
    );
    s.u8(index_in(&FOR_LATE_POINTS, &params.late));
    s.option(params.half_life, SectionWriter::f64);
    s.option(params.min_mass, SectionWriter::f64);
    s.f64(params.pool.soft_share);
    s.f64(params.pool.hard_share);
}

fn read_params(s: &mut SectionReader, version: u32) -> Result<StreamParams, Error> {
    Ok(StreamParams {
        n_dims: s.u64()? as usize,
        window: match s.u8()? {
            0 => Window::Count(s.u64()?),
            1 => Window::Seconds(s.f64()?),
            other => return Err(contradiction(format!("a window of kind {other}"))),
        },
        max_landmarks: s.u64()? as usize,
        cover_radius: s.option(SectionReader::f64)?,
        max_dim: s.u64()? as usize,
        metric: pick_from(&METRICS, s.u8()?)?,
        threshold: s.option(SectionReader::f64)?,
        memory_limit: s.option(SectionReader::u64)?,
        on_limit: pick_from(&POLICIES, s.u8()?)?,
        n_threads: s.option(SectionReader::u64)?.map(|n| n as usize),
        complex: match version {
            FIRST_VERSION => Complex::Rips,
            _ => pick_from(&COMPLEXES, s.u8()?)?,
        },
        background_dim: match version {
            ..=WITH_COUNTS_FOR_WEIGHTS => None,
            _ => s.option(SectionReader::u64)?.map(|dim| dim as usize),
        },
        late: match version {
            ..=WITH_COUNTS_FOR_WEIGHTS => Late::Raise,
            _ => pick_from(&FOR_LATE_POINTS, s.u8()?)?,
        },
        half_life: match version {
            ..=WITH_COUNTS_FOR_WEIGHTS => None,
            _ => s.option(SectionReader::f64)?,
        },
        min_mass: match version {
            ..=WITH_COUNTS_FOR_WEIGHTS => None,
            _ => s.option(SectionReader::f64)?,
        },
        pool: match version {
            ..=WITH_COUNTS_FOR_WEIGHTS => PoolParams::default(),
            _ => PoolParams {
                soft_share: s.f64()?,
                hard_share: s.f64()?,
            },
        },
    })
}

fn index_in<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().take_while(|x| *x != one).count() as u8
}

fn pick_from<T: Copy>(all: &[T], index: u8) -> Result<T, Error> {
    let found = all.get(usize::from(index)).copied();
    found.ok_or_else(|| contradiction(format!("choice {index} of {}", all.len())))
}

fn read_state(s: &mut SectionReader, params: &StreamParams, version: u32) -> Result<State, Error> {
    let state = State {
        landmarks: Landmarks::new(
            params.metric,
            Ageing::new(params),
            Points::none(params.n_dims),
        ),
        step: s.u64()?,
        n_seen: s.u64()?,
        start: s.u64()?,
        clock: s.option(SectionReader::f64)?,
        cover_radius: s.f64()?,
        overlaps: match version {
            FIRST_VERSION => Overlaps::default(),
            _ => Overlaps::new(s.list(24, read_run)?),
        },
    };
    let radius = state.cover_radius;
    let countable = state.n_seen.max(state.step) < MOST_SEEN;
    let overlaps = state.overlaps.runs();
    let n_alive = |run: &Run| u128::from(run.to - run.from) * u128::from(run.n);
    let n_overlapping: u128 = overlaps.iter().map(n_alive).sum();
    let overlapping = overlaps.len() <= MOST_RUNS
        && (overlaps.iter()).all(|run| run.from >= state.start && run.to <= state.n_seen)
        && (overlaps.is_empty() || matches!(params.window, Window::Count(_)))
        && n_overlapping <= u128::from(state.start);
    let sound = countable
        && overlapping
        && state.start <= state.n_seen
        && state.clock.is_none_or(f64::is_finite)
        && radius.is_finite()
        && radius >= 0.0;
    if sound {
        Ok(state)
    } else {
        Err(contradiction("its counters"))
    }
}

fn write_run(s: &mut SectionWriter, run: &Run) {
    s.u64(run.from);
    s.u64(run.to);
    s.u64(run.n);
}

fn read_run(s: &mut SectionReader) -> Result<Run, Error> {
    Ok(Run {
        from: s.u64()?,
        to: s.u64()?,
        n: s.u64()?,
    })
}

fn write_landmark(s: &mut SectionWriter, landmark: &Landmark) {
    s.u64(landmark.id);
    s.f64(landmark.radius);
    s.f64(landmark.weight);
    s.u64(landmark.last_seen);
    s.option(landmark.last_time, SectionWriter::f64);
}

fn read_landmark(s: &mut SectionReader, version: u32) -> Result<Landmark, Error> {
    Ok(Landmark {
        id: s.u64()?,
        radius: s.f64()?,
        weight: match version {
            ..=WITH_COUNTS_FOR_WEIGHTS => s.u64()? as f64,
            _ => s.f64()?,
        },
        last_seen: s.u64()?,
        last_time: s.option(SectionReader::f64)?,
    })
}

fn check_landmarks(records: &[Landmark], state: &State, window: Window) -> Result<(), Error> {
    let in_order = records.windows(2).all(|pair| pair[0].id < pair[1].id);
    let sound = |l: &Landmark| {
        let timed = match (l.last_time, state.clock) {
            (Some(time), Some(clock)) => time.is_finite() && time <= clock,
            (Some(_), None) => false,
            (None, _) => matches!(window, Window::Count(_)),
        };
        // In a window of time a merge keeps the order of these alone.
        let founded = l.id <= l.last_seen || matches!(window, Window::Seconds(_));
        let seen =
            (state.start..state.n_seen).contains(&l.last_seen) && l.id < state.n_seen && founded;
        let weighs = l.weight > 0.0 && l.weight <= LARGEST_SUM;
        timed && seen && weighs && l.radius.is_finite() && l.radius >= 0.0
    };
    match records.iter().find(|l| !sound(l)) {
        Some(l) => Err(contradiction(format!("landmark {}", l.id))),
        None if !in_order => Err(contradiction("landmarks out of order")),
        None => Ok(()),
    }
}

fn write_positions(s: &mut SectionWriter, landmarks: &Landmarks) {
    let coordinates: Vec<f64> = (0..landmarks.len())
        .flat_map(|place| landmarks.position(place))
        .collect();
    s.u8(u8::from(landmarks.is_f64()));
    if landmarks.is_f64() {
        s.list(&coordinates, |s, &x| s.f64(x));
    } else {
        s.list(&coordinates, |s, &x| s.f32(x as f32));
    }
}

fn read_positions(s: &mut SectionReader, n_dims: usize) -> Result<Points, Error> {
    let points = match s.u8()? {
        0 => Points::from_f32(s.list(4, SectionReader::f32)?, n_dims),
        1 => Points::from_f64(s.list(8, SectionReader::f64)?, n_dims),
        other => return Err(contradiction(format!("positions of kind {other}"))),
    };
    points.map_err(contradiction)
}
