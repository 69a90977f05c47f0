//! A tracker as bytes, and back.

use std::collections::BTreeSet;

use toposcope_core::snapshot::{SectionReader, SectionWriter, SnapshotReader, SnapshotWriter, Tag};
use toposcope_core::stream::CospanLandmark;
use toposcope_core::{DistanceMatrix, Error};

use crate::cycle::SimplexSet;
use crate::event::{
    BirthCause, Change, Confidence, DeathCause, Event, Feature, Lineage, MergeCause, Status,
};
use crate::held::Held;
use crate::holes::Hole;
use crate::identity::Component;
use crate::slices::Scales;
use crate::tracker::{State, Tracker, TrackerParams};

const KIND: Tag = *b"TRCK";
/// 2 knows masses that are no whole numbers; what 1 holds is read as before. 3 has its margin around the scale, not above it. 4 knows voids.
const VERSION: u32 = 4;
const WITH_VOIDS: u32 = 4;
const WITH_MASSES: u32 = 2;
const WITH_CENTRED_MARGIN: u32 = 3;
const FIRST_VERSION: u32 = 1;
const PARAMS: Tag = *b"PARM";
const STATE: Tag = *b"STAT";
const COMPONENTS: Tag = *b"COMP";
const LOOPS: Tag = *b"LOOP";
const VOIDS: Tag = *b"VOID";
const PENDING: Tag = *b"PEND";

/// The changes that a provisional event can tell of, by the number that stands for them.
const CHANGES: [Change; 18] = [
    Change::Merge(MergeCause::Inserted),
    Change::Merge(MergeCause::Resolution),
    Change::Split,
    Change::ComponentBirth,
    Change::ComponentDeath,
    Change::Reorganise,
    Change::LoopBirth(BirthCause::Closed),
    Change::LoopBirth(BirthCause::Opened),
    Change::LoopDeath(DeathCause::Filled),
    Change::LoopDeath(DeathCause::Broken),
    Change::LoopDeath(DeathCause::Resolution),
    Change::LoopContinue(Lineage::Ambiguous),
    Change::VoidBirth(BirthCause::Closed),
    Change::VoidBirth(BirthCause::Opened),
    Change::VoidDeath(DeathCause::Filled),
    Change::VoidDeath(DeathCause::Broken),
    Change::VoidDeath(DeathCause::Resolution),
    Change::VoidContinue(Lineage::Ambiguous),
];

/// Beyond any real count, and far enough below the end of u64 that counting on never overflows.
const COUNTABLE: u64 = 1 << 62;

impl Tracker {
    /// The whole tracker as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let (params, state) = (&self.params, &self.state);
        let mut writer = SnapshotWriter::new(KIND, VERSION);
        writer.section(PARAMS, |s| {
            s.option(params.scale, SectionWriter::f64);
            s.option(params.margin, SectionWriter::f64);
            s.u64(params.max_dim as u64);
            s.u64(params.void_every);
            s.u64(params.confirm_after);
            s.u8(u8::from(params.include_continues));
        });
        writer.section(STATE, |s| {
            s.option(state.reading, |s, scales| {
                s.f64(scales.scale);
                s.f64(scales.margin);
                s.f64(scales.start);
                s.f64(scales.end);
            });
            s.option(state.last.as_ref(), |s, (step, landmarks)| {
                s.u64(*step);
                write_ids(s, landmarks);
            });
            s.u64(state.next_id);
            s.u64(state.next_seq);
        });
        writer.section(COMPONENTS, |s| s.list(&state.components, write_component));
        writer.section(LOOPS, |s| s.list(&state.loops, write_hole));
        writer.section(VOIDS, |s| {
            s.list(&state.voids, write_hole);
            s.option(state.voids_read, |s, (step, margin)| {
                s.u64(step);
                s.f64(margin);
            });
            s.option(state.held.as_ref(), write_held);
        });
        writer.section(PENDING, |s| s.list(&state.pending, write_event));
        writer.finish()
    }

    /// The tracker that [`Self::snapshot`] saved.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if the bytes are not such a snapshot, damaged, or contradict themselves.
    pub fn restore(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = SnapshotReader::new_of(bytes, KIND, FIRST_VERSION..=VERSION)?;
        let version = reader.version();
        let mut params = reader.section(PARAMS, |s| read_params(s, version))?;
        let mut state = reader.section(STATE, |s| read_state(s, version))?;
        if version < WITH_CENTRED_MARGIN {
            centre(&mut params, &mut state);
        }
        state.components = reader.section(COMPONENTS, |s| s.list(24, read_component))?;
        state.loops = reader.section(LOOPS, |s| s.list(24, read_hole))?;
        if version >= WITH_VOIDS {
            reader.section(VOIDS, |s| {
                state.voids = s.list(24, read_hole)?;
                state.voids_read = s.option(|s| Ok((s.u64()?, s.f64()?)))?;
                state.held = s.option(read_held)?;
                Ok(())
            })?;
        }
        state.pending = reader.section(PENDING, |s| s.list(24, |s| read_event(s, version)))?;
        reader.finish()?;
        params.check().map_err(contradiction)?;
        check(&params, &state)?;
        Ok(Self { params, state })
    }
}

fn contradiction(reason: impl std::fmt::Display) -> Error {
    Error::Snapshot {
        reason: format!("contradicts itself: {reason}"),
    }
}

fn read_params(s: &mut SectionReader, version: u32) -> Result<TrackerParams, Error> {
    Ok(TrackerParams {
        scale: s.option(SectionReader::f64)?,
        margin: s.option(SectionReader::f64)?,
        max_dim: s.u64()? as usize,
        void_every: match version {
            WITH_VOIDS.. => s.u64()?,
            _ => 1,
        },
        confirm_after: s.u64()?,
        include_continues: s.u8()? != 0,
    })
}

fn read_state(s: &mut SectionReader, version: u32) -> Result<State, Error> {
    Ok(State {
        reading: s.option(|s| {
            let (scale, margin) = (s.f64()?, s.f64()?);
            let (start, end) = match version {
                WITH_CENTRED_MARGIN.. => (s.f64()?, s.f64()?),
                _ => (scale, scale + margin),
            };
            Ok(Scales {
                scale,
                margin,
                start,
                end,
            })
        })?,
        last: s.option(|s| Ok((s.u64()?, read_ids(s)?)))?,
        next_id: s.u64()?,
        next_seq: s.u64()?,
        ..State::default()
    })
}

/// Before version 3 the interval was `[scale, scale + margin]`. To be the same one now, to the last bit where something has been
/// read, its middle becomes the scale. With a margin that follows ε it then grows to both sides, not up alone.
fn centre(params: &mut TrackerParams, state: &mut State) {
    let margin = state.reading.map(|r| r.margin).or(params.margin);
    let raise = margin.unwrap_or(0.0) / 2.0;
    params.scale = params.scale.map(|scale| scale + raise);
    if let Some(reading) = &mut state.reading {
        reading.scale += raise;
    }
}

/// What the tracker relies on.
fn check(params: &TrackerParams, state: &State) -> Result<(), Error> {
    let empty = Vec::new();
    let (step, landmarks) = state
        .last
        .as_ref()
        .map_or((&0, &empty), |(step, ids)| (step, ids));
    let counters = [*step, state.next_id, state.next_seq, params.void_every];
    if counters.iter().any(|&counter| counter >= COUNTABLE) {
        return Err(contradiction("its counters"));
    }
    let is_length = |x: f64| x.is_finite() && x >= 0.0;
    let is_sound = |r: Scales| {
        let as_asked = params.scale.is_none_or(|scale| scale == r.scale)
            && params.margin.is_none_or(|margin| margin == r.margin);
        let is_around = r.start <= r.scale && r.scale <= r.end;
        let are_lengths = [r.scale, r.margin, r.start, r.end].map(is_length);
        as_asked && is_around && are_lengths == [true; 4]
    };
    if !state.reading.is_none_or(is_sound) {
        return Err(contradiction("its scales"));
    }
    let named = state
        .components
        .iter()
        .map(|c| c.id)
        .chain(state.loops.iter().map(|l| l.id))
        .chain(state.voids.iter().map(|v| v.id));
    let named: Vec<u64> = named.collect();
    let distinct: BTreeSet<u64> = named.iter().copied().collect();
    if distinct.len() < named.len() || distinct.last().is_some_and(|&id| id >= state.next_id) {
        return Err(contradiction("its names"));
    }
    let mut members: Vec<u64> = state
        .components
        .iter()
        .flat_map(|c| c.landmarks.clone())
        .collect();
    members.sort_unstable();
    let is_partition = state.reading.is_none() || members == *landmarks;
    if !is_partition || state.components.iter().any(|c| c.landmarks.is_empty()) {
        return Err(contradiction("its components"));
    }
    let known = |id: u64| landmarks.binary_search(&id).is_ok();
    let unasked = params.max_dim == 0 && !state.loops.is_empty();
    if unasked || !state.loops.iter().all(|l| is_sound_hole(l, &known)) {
        return Err(contradiction("its loops"));
    }
    check_voids(params, state, *step, landmarks)?;
    let is_mass = |f: &Feature| f.mass.is_finite() && f.mass >= 0.0;
    let is_sound = |event: &Event| {
        event.step <= *step
            && event.since <= event.step
            && event.before.iter().chain(&event.after).all(is_mass)
    };
    if !state.pending.iter().all(is_sound) {
        return Err(contradiction("its provisional events"));
    }
    Ok(())
}

fn is_sound_hole<const N: usize>(hole: &Hole<N>, known: &impl Fn(u64) -> bool) -> bool {
    hole.cycle.is_cycle() && hole.cycle.vertices().all(known)
}

/// What the reading of voids relies on.
fn check_voids(
    params: &TrackerParams,
    state: &State,
    step: u64,
    landmarks: &[u64],
) -> Result<(), Error> {
    let is_read = state.voids_read.is_some_and(|(read, margin)| {
        let is_due = step - read.min(step) >= params.void_every;
        read <= step && !is_due && state.reading.is_some_and(|r| margin <= r.margin)
    });
    // They are read whenever the rest is for the first time, and not at all without being asked for.
    let is_asked = params.max_dim == 2;
    let is_held = state.held.is_some() == (is_read && params.void_every > 1);
    if is_read != (is_asked && state.reading.is_some()) || !is_held {
        return Err(contradiction("when it has read voids"));
    }
    let unread = state.voids_read.is_some() != is_read || !(is_read || state.voids.is_empty());
    let then = |id: u64| match &state.held {
        Some(held) => (held.landmarks.binary_search_by_key(&id, |l| l.id))
            .is_ok_and(|v| held.landmarks[v].before.is_some()),
        None => landmarks.binary_search(&id).is_ok(),
    };
    if unread || !state.voids.iter().all(|v| is_sound_hole(v, &then)) {
        return Err(contradiction("its voids"));
    }
    let Some(held) = &state.held else {
        return Ok(());
    };
    let is_weight = |w: Option<f64>| w.is_none_or(|w| w.is_finite() && w >= 0.0);
    let is_sound = |l: &CospanLandmark| is_weight(l.before) && is_weight(l.after);
    let ascends = held
        .landmarks
        .windows(2)
        .all(|pair| pair[0].id < pair[1].id);
    let now = held.landmarks.iter().filter(|l| l.after.is_some());
    let is_now = now.map(|l| l.id).eq(landmarks.iter().copied());
    let is_length = held.epsilon.is_finite() && held.epsilon >= 0.0;
    if !(ascends && is_now && is_length && held.landmarks.iter().all(is_sound)) {
        return Err(contradiction("what it holds for voids"));
    }
    Ok(())
}

fn write_ids(s: &mut SectionWriter, ids: &[u64]) {
    s.list(ids, |s, &id| s.u64(id));
}

fn read_ids(s: &mut SectionReader) -> Result<Vec<u64>, Error> {
    s.list(8, SectionReader::u64)
}

fn write_component(s: &mut SectionWriter, component: &Component) {
    s.u64(component.id);
    s.u64(component.born);
    write_ids(s, &component.landmarks);
}

fn read_component(s: &mut SectionReader) -> Result<Component, Error> {
    Ok(Component {
        id: s.u64()?,
        born: s.u64()?,
        landmarks: read_ids(s)?,
    })
}

fn write_hole<const N: usize>(s: &mut SectionWriter, hole: &Hole<N>) {
    s.u64(hole.id);
    s.u64(hole.born);
    let simplices: Vec<[u64; N]> = hole.cycle.simplices().copied().collect();
    s.list(&simplices, write_simplex);
}

fn read_hole<const N: usize>(s: &mut SectionReader) -> Result<Hole<N>, Error> {
    Ok(Hole {
        id: s.u64()?,
        born: s.u64()?,
        cycle: SimplexSet::new(s.list(8 * N, read_simplex)?),
    })
}

fn write_simplex<const N: usize>(s: &mut SectionWriter, simplex: &[u64; N]) {
    for &vertex in simplex {
        s.u64(vertex);
    }
}

fn read_simplex<const N: usize>(s: &mut SectionReader) -> Result<[u64; N], Error> {
    let mut simplex = [0; N];
    for vertex in &mut simplex {
        *vertex = s.u64()?;
    }
    Ok(simplex)
}

fn write_held(s: &mut SectionWriter, held: &Held) {
    s.list(&held.landmarks, |s, landmark| {
        s.u64(landmark.id);
        s.option(landmark.before, SectionWriter::f64);
        s.option(landmark.after, SectionWriter::f64);
    });
    for v in 0..held.landmarks.len() {
        held.distances
            .row(v)
            .iter()
            .for_each(|&length| s.f64(length));
    }
    s.f64(held.epsilon);
}

fn read_held(s: &mut SectionReader) -> Result<Held, Error> {
    let landmarks = s.list(10, |s| {
        Ok(CospanLandmark {
            id: s.u64()?,
            before: s.option(SectionReader::f64)?,
            after: s.option(SectionReader::f64)?,
        })
    })?;
    let n = landmarks.len();
    let mut lower = Vec::new();
    for _ in 0..n * n.saturating_sub(1) / 2 {
        lower.push(s.f64()?);
    }
    Ok(Held {
        distances: DistanceMatrix::from_lower(lower, n).map_err(contradiction)?,
        epsilon: s.f64()?,
        landmarks,
    })
}

fn write_feature(s: &mut SectionWriter, feature: &Feature) {
    s.u64(feature.id);
    write_ids(s, &feature.landmarks);
    s.list(&feature.walks, |s, walk| write_ids(s, walk));
    s.list(&feature.triangles, write_simplex);
    s.f64(feature.mass);
}

fn read_feature(s: &mut SectionReader, version: u32) -> Result<Feature, Error> {
    Ok(Feature {
        id: s.u64()?,
        landmarks: read_ids(s)?,
        walks: s.list(8, read_ids)?,
        triangles: match version {
            WITH_VOIDS.. => s.list(24, read_simplex)?,
            _ => Vec::new(),
        },
        mass: match version {
            WITH_MASSES.. => s.f64()?,
            _ => s.u64()? as f64,
        },
    })
}

/// Provisional events only: quiet ones never are.
fn write_event(s: &mut SectionWriter, event: &Event) {
    s.u64(event.seq);
    s.u64(event.origin);
    s.u64(event.step);
    s.u64(event.since);
    s.option(event.time, SectionWriter::f64);
    s.u8(CHANGES
        .iter()
        .take_while(|&&change| change != event.change)
        .count() as u8);
    s.list(&event.before, write_feature);
    s.list(&event.after, write_feature);
    s.f64(event.scale.0);
    s.f64(event.scale.1);
    s.f64(event.confidence.margin);
    s.f64(event.confidence.scale_support);
    s.u64(event.confidence.n_steps);
    s.u8(u8::from(event.certified));
}

fn read_event(s: &mut SectionReader, version: u32) -> Result<Event, Error> {
    let (seq, origin, step) = (s.u64()?, s.u64()?, s.u64()?);
    Ok(Event {
        seq,
        origin,
        step,
        since: match version {
            WITH_VOIDS.. => s.u64()?,
            _ => step.saturating_sub(1),
        },
        time: s.option(SectionReader::f64)?,
        change: {
            let number = s.u8()?;
            let change = CHANGES.get(usize::from(number)).copied();
            change.ok_or_else(|| contradiction(format!("change {number}")))?
        },
        before: s.list(32, |s| read_feature(s, version))?,
        after: s.list(32, |s| read_feature(s, version))?,
        scale: (s.f64()?, s.f64()?),
        confidence: Confidence {
            margin: s.f64()?,
            scale_support: s.f64()?,
            n_steps: s.u64()?,
        },
        certified: s.u8()? != 0,
        status: Status::Provisional,
    })
}
