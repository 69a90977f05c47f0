//! A tracker as bytes, and back.

use std::collections::BTreeSet;

use toposcope_core::Error;
use toposcope_core::snapshot::{SectionReader, SectionWriter, SnapshotReader, SnapshotWriter, Tag};

use crate::cycle::EdgeSet;
use crate::event::{
    Change, Confidence, Event, Feature, Lineage, LoopBirthCause, LoopDeathCause, MergeCause, Status,
};
use crate::identity::Component;
use crate::loops::Loop;
use crate::slices::Scales;
use crate::tracker::{State, Tracker, TrackerParams};

const KIND: Tag = *b"TRCK";
/// 2 knows masses that are no whole numbers; what 1 holds is read as before. 3 has its margin around the scale, not above it.
const VERSION: u32 = 3;
const WITH_MASSES: u32 = 2;
const WITH_CENTRED_MARGIN: u32 = 3;
const FIRST_VERSION: u32 = 1;
const PARAMS: Tag = *b"PARM";
const STATE: Tag = *b"STAT";
const COMPONENTS: Tag = *b"COMP";
const LOOPS: Tag = *b"LOOP";
const PENDING: Tag = *b"PEND";

/// The changes that a provisional event can tell of, by the number that stands for them.
const CHANGES: [Change; 12] = [
    Change::Merge(MergeCause::Inserted),
    Change::Merge(MergeCause::Resolution),
    Change::Split,
    Change::ComponentBirth,
    Change::ComponentDeath,
    Change::Reorganise,
    Change::LoopBirth(LoopBirthCause::Closed),
    Change::LoopBirth(LoopBirthCause::Opened),
    Change::LoopDeath(LoopDeathCause::Filled),
    Change::LoopDeath(LoopDeathCause::Broken),
    Change::LoopDeath(LoopDeathCause::Resolution),
    Change::LoopContinue(Lineage::Ambiguous),
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
        writer.section(LOOPS, |s| s.list(&state.loops, write_loop));
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
        let mut params = reader.section(PARAMS, read_params)?;
        let mut state = reader.section(STATE, |s| read_state(s, version))?;
        if version < WITH_CENTRED_MARGIN {
            centre(&mut params, &mut state);
        }
        state.components = reader.section(COMPONENTS, |s| s.list(24, read_component))?;
        state.loops = reader.section(LOOPS, |s| s.list(24, read_loop))?;
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

fn read_params(s: &mut SectionReader) -> Result<TrackerParams, Error> {
    Ok(TrackerParams {
        scale: s.option(SectionReader::f64)?,
        margin: s.option(SectionReader::f64)?,
        max_dim: s.u64()? as usize,
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
        .map_or((0, &empty), |(step, ids)| (*step, ids));
    if step.max(state.next_id).max(state.next_seq) >= COUNTABLE {
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
        .chain(state.loops.iter().map(|l| l.id));
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
    let is_sound = |l: &Loop| l.cycle.is_cycle() && l.cycle.vertices().all(known);
    let unasked = params.max_dim == 0 && !state.loops.is_empty();
    if unasked || !state.loops.iter().all(is_sound) {
        return Err(contradiction("its loops"));
    }
    let is_mass = |f: &Feature| f.mass.is_finite() && f.mass >= 0.0;
    let is_sound =
        |event: &Event| event.step <= step && event.before.iter().chain(&event.after).all(is_mass);
    if !state.pending.iter().all(is_sound) {
        return Err(contradiction("its provisional events"));
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

fn write_loop(s: &mut SectionWriter, l: &Loop) {
    s.u64(l.id);
    s.u64(l.born);
    let edges: Vec<[u64; 2]> = l.cycle.edges().copied().collect();
    s.list(&edges, |s, &[a, b]| {
        s.u64(a);
        s.u64(b);
    });
}

fn read_loop(s: &mut SectionReader) -> Result<Loop, Error> {
    Ok(Loop {
        id: s.u64()?,
        born: s.u64()?,
        cycle: EdgeSet::new(s.list(16, |s| Ok([s.u64()?, s.u64()?]))?),
    })
}

fn write_feature(s: &mut SectionWriter, feature: &Feature) {
    s.u64(feature.id);
    write_ids(s, &feature.landmarks);
    s.list(&feature.walks, |s, walk| write_ids(s, walk));
    s.f64(feature.mass);
}

fn read_feature(s: &mut SectionReader, version: u32) -> Result<Feature, Error> {
    Ok(Feature {
        id: s.u64()?,
        landmarks: read_ids(s)?,
        walks: s.list(8, read_ids)?,
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
    Ok(Event {
        seq: s.u64()?,
        origin: s.u64()?,
        step: s.u64()?,
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
