//! From cospan to events.

use std::collections::BTreeSet;

use toposcope_core::stream::{Complex, Cospan};
use toposcope_core::{Control, Error};

use crate::draft::Draft;
use crate::event::{Change, Confidence, Event, Feature, MergeCause, Status};
use crate::held::Held;
use crate::holes::{Asked, Loop, Void, follow_holes};
use crate::identity::{Component, follow_components};
use crate::loops::Loops;
use crate::scale::automatic_scale;
use crate::slices::{Scales, Slices};
use crate::voids::Voids;

/// Largest dimension of what is followed.
const LARGEST_DIM: usize = 2;

/// Parameters of a [`Tracker`].
#[derive(Debug, Clone, PartialEq)]
pub struct TrackerParams {
    /// Scale at which to look; `None` = chosen from the data once, then frozen.
    pub scale: Option<f64>,
    /// Length of the interval around the scale on which a class must live to count; `None` = 4ε, so that every class is
    /// certified.
    pub margin: Option<f64>,
    /// 0 = components alone, 1 = loops too, 2 = voids too.
    pub max_dim: usize,
    /// Voids are read with every so many pushes.
    pub void_every: u64,
    /// Pushes after which a change that is still true is confirmed; 0 = changes are final as they are told.
    pub confirm_after: u64,
    /// Whether to tell of what goes on too.
    pub include_continues: bool,
}

impl Default for TrackerParams {
    fn default() -> Self {
        Self {
            scale: None,
            margin: None,
            max_dim: 1,
            void_every: 1,
            confirm_after: 0,
            include_continues: false,
        }
    }
}

impl TrackerParams {
    /// Refuses what no tracker could do.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the parameter.
    pub fn check(&self) -> Result<(), Error> {
        for (argument, length) in [("scale", self.scale), ("margin", self.margin)] {
            if let Some(length) = length
                && !(length >= 0.0 && length.is_finite())
            {
                return Err(Error::invalid(
                    argument,
                    "a finite length of at least 0",
                    length,
                ));
            }
        }
        if self.max_dim > LARGEST_DIM {
            return Err(Error::invalid("max_dim", "0, 1 or 2", self.max_dim));
        }
        if self.void_every == 0 {
            return Err(Error::invalid("void_every", "at least 1", 0));
        }
        Ok(())
    }
}

/// Follows the components, loops and voids of a stream by name, and tells what happens to them.
///
/// Eight reports by hand, of a stream of points on a line in a window of four points, looked at with scale 1 and margin 0:
///
/// | pushed | landmarks after | what is told |
/// |---|---|---|
/// | 0 | 0 | component 0 is born |
/// | 1 | 0 1 | nothing (component 0 goes on) |
/// | 5 | 0 1 5 | component 1 is born |
/// | 5 | 0 1 5 | nothing: a landmark was refreshed |
/// | 6 | 1 5 6 | nothing: the first point left |
/// | 9 | 5 6 9 | component 0 dies with its last point, component 2 is born |
/// | 8, 7 | 6 7 8 9 | 7 and 8 join 5, 6 and 9: component 1, the elder, takes 2 over in a merge |
/// | 3 | 3 7 8 9 | 6 left: component 1 goes on; component 3 is born |
#[derive(Debug, Clone)]
pub struct Tracker {
    pub(crate) params: TrackerParams,
    pub(crate) state: State,
}

/// All that an observation changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct State {
    /// The interval on which a class must live, as it was last used; `None` until something has been read.
    pub(crate) reading: Option<Scales>,
    /// Step of the last report, and the landmarks after it.
    pub(crate) last: Option<(u64, Vec<u64>)>,
    pub(crate) components: Vec<Component>,
    /// Eldest first.
    pub(crate) loops: Vec<Loop>,
    /// Eldest first.
    pub(crate) voids: Vec<Void>,
    /// Step of the last reading of voids, and the margin that they then had; `None` until there was one.
    pub(crate) voids_read: Option<(u64, f64)>,
    /// What has been there since; `None` where they are read with every push.
    pub(crate) held: Option<Held>,
    pub(crate) next_id: u64,
    pub(crate) next_seq: u64,
    /// Provisional events.
    pub(crate) pending: Vec<Event>,
}

impl Tracker {
    /// A tracker that has seen nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for wrong parameters.
    pub fn new(params: TrackerParams) -> Result<Self, Error> {
        params.check()?;
        let state = State::default();
        Ok(Self { params, state })
    }

    /// What it was asked to do.
    pub fn params(&self) -> &TrackerParams {
        &self.params
    }

    /// The scale at which it looks; `None` until there is enough data to choose one.
    pub fn scale(&self) -> Option<f64> {
        self.params.scale.or(self.state.reading.map(|r| r.scale))
    }

    /// Length of the interval around the scale on which a class must live at present; `None` until something has been read.
    pub fn margin(&self) -> Option<f64> {
        self.state.reading.map(|r| r.margin)
    }

    /// Ids of the components, of the loops and of the voids alive, in ascending order.
    pub fn alive(&self) -> (Vec<u64>, Vec<u64>, Vec<u64>) {
        let sorted = |ids: &mut dyn Iterator<Item = u64>| {
            let mut ids: Vec<u64> = ids.collect();
            ids.sort_unstable();
            ids
        };
        (
            sorted(&mut self.state.components.iter().map(|c| c.id)),
            sorted(&mut self.state.loops.iter().map(|l| l.id)),
            sorted(&mut self.state.voids.iter().map(|v| v.id)),
        )
    }

    /// Forgets everything but the parameters.
    pub fn reset(&mut self) {
        self.state = State::default();
    }

    /// What happened between the last report and this one.
    ///
    /// The first report that can be read gives births of what is there. No events come before that: with an automatic
    /// scale, as long as [`Self::scale`] is `None`, which means "could not measure", not "no change".
    ///
    /// # Errors
    /// [`Error::Invalid`] if this is not the report that follows the last one, or one of a stream whose diagrams are not those of
    /// Rips filtrations; [`Error::Interrupted`]. The tracker is then
    /// as it was before.
    pub fn observe(&mut self, cospan: &Cospan, control: &Control) -> Result<Vec<Event>, Error> {
        check_complex(cospan.complex)?;
        self.check_follows(cospan)?;
        let mut next = self.state.clone();
        let after = cospan.landmarks.iter().filter(|l| l.after.is_some());
        next.last = Some((cospan.step, after.map(|l| l.id).collect()));
        let mut events = Vec::new();
        if let Some(scales) = self.scales(cospan) {
            let is_coarser = next.reading.is_some_and(|r| r.margin < scales.margin);
            let slices = if next.reading.is_none() {
                Slices::of_after(cospan, scales)
            } else {
                Slices::new(cospan, scales)
            };
            next.reading = Some(scales);
            let drafts = self.read(&mut next, &slices, is_coarser, control)?;
            events = self.tell(&mut next, drafts, &slices, cospan.time);
            events.extend(self.read_voids(&mut next, cospan, scales, control)?);
            events.extend(next.settle(&events, slices.step, self.params.confirm_after));
        }
        control.poll_last()?;
        self.state = next;
        Ok(events)
    }

    /// Both sides of the cospan are read on the same interval, which never shrinks: what is certain on it stays so, and
    /// nothing seems to change because ε went up and down.
    fn scales(&self, cospan: &Cospan) -> Option<Scales> {
        let margin = self.params.margin.unwrap_or(4.0 * cospan.epsilon());
        if let Some(reading) = self.state.reading {
            let is_enough = reading.margin >= margin;
            return Some(if is_enough {
                reading
            } else {
                reading.widened(margin)
            });
        }
        let automatic = || {
            let after =
                (0..cospan.landmarks.len()).filter(|&v| cospan.landmarks[v].after.is_some());
            let distances = cospan.distances.select(&after.collect::<Vec<_>>());
            automatic_scale(&distances, margin, cospan.threshold)
        };
        let scale = self.params.scale.or_else(automatic)?;
        Some(Scales::around(scale, margin))
    }

    fn check_follows(&self, cospan: &Cospan) -> Result<(), Error> {
        let Some((step, landmarks)) = &self.state.last else {
            return Ok(());
        };
        let before = cospan.landmarks.iter().filter(|l| l.before.is_some());
        let same_stream = before.map(|l| l.id).eq(landmarks.iter().copied());
        if cospan.step == step + 1 && same_stream {
            return Ok(());
        }
        let expected = format!(
            "the report of step {}, which follows the last one seen; or reset()",
            step + 1
        );
        let got = match cospan.step {
            other if other == step + 1 => "that of another stream".to_owned(),
            other => format!("that of step {other}"),
        };
        Err(Error::invalid("report", expected, got))
    }

    /// Reads components, then loops.
    fn read(
        &self,
        next: &mut State,
        slices: &Slices,
        is_coarser: bool,
        control: &Control,
    ) -> Result<Vec<Draft>, Error> {
        let asked = self.asked(is_coarser);
        if asked.of_nothing(slices) {
            return Ok(Vec::new());
        }
        let mut drafts = follow_components(&mut next.components, &mut next.next_id, slices);
        if self.params.max_dim > 0 {
            let (known, next_id) = (&next.loops, &mut next.next_id);
            let reading = follow_holes::<Loops, 2>(known, next_id, slices, asked, control)?;
            next.loops = reading.holes;
            next.rename(&reading.renamed);
            drafts.extend(reading.drafts);
        }
        Ok(drafts)
    }

    fn asked(&self, is_coarser: bool) -> Asked {
        Asked {
            is_coarser,
            with_quiet: self.params.include_continues,
        }
    }

    /// Reads voids if it is time to; else remembers what they will need then.
    fn read_voids(
        &self,
        next: &mut State,
        cospan: &Cospan,
        scales: Scales,
        control: &Control,
    ) -> Result<Vec<Event>, Error> {
        if self.params.max_dim < 2 {
            return Ok(Vec::new());
        }
        let held = match &next.held {
            Some(held) => Some(held.extended(cospan)?),
            None => None,
        };
        let slices = match (next.voids_read, &held) {
            (Some((since, _)), _) if cospan.step < since + self.params.void_every => {
                next.held = held;
                return Ok(Vec::new());
            }
            (Some((since, _)), Some(held)) => Slices::of_held(held, since, cospan, scales),
            (Some(_), None) => Slices::new(cospan, scales),
            (None, _) => Slices::of_after(cospan, scales),
        };
        let is_coarser = (next.voids_read).is_some_and(|(_, margin)| margin < scales.margin);
        let asked = self.asked(is_coarser);
        let (known, next_id) = (&next.voids, &mut next.next_id);
        let reading = follow_holes::<Voids, 3>(known, next_id, &slices, asked, control)?;
        next.voids = reading.holes;
        next.voids_read = Some((cospan.step, scales.margin));
        next.held = (self.params.void_every > 1).then(|| Held::of_after(cospan));
        next.rename(&reading.renamed);
        Ok(self.tell(next, reading.drafts, &slices, cospan.time))
    }

    /// Numbers what is to be told.
    fn tell(
        &self,
        next: &mut State,
        drafts: Vec<Draft>,
        slices: &Slices,
        time: Option<f64>,
    ) -> Vec<Event> {
        drafts
            .into_iter()
            .filter(|draft| self.params.include_continues || !draft.change.is_quiet())
            .map(|draft| self.event(next, draft, slices, time))
            .collect()
    }

    fn event(&self, next: &mut State, draft: Draft, slices: &Slices, time: Option<f64>) -> Event {
        let certain = 4.0 * slices.epsilon;
        // By the margin alone every class counted is proven at the scale; only with a smaller one it has to be looked at.
        // Where the interval is cut off at 0 there are no loops, and components are the same whatever its lower end.
        let is_certain = slices.margin >= certain;
        let seq = next.next_seq;
        next.next_seq += 1;
        Event {
            seq,
            origin: seq,
            step: slices.step,
            since: slices.since,
            time,
            change: draft.change,
            before: draft.before,
            after: draft.after,
            scale: (slices.start, slices.end),
            confidence: Confidence {
                margin: if is_certain {
                    1.0
                } else {
                    (draft.persistence / certain).min(1.0)
                },
                scale_support: if slices.end > 0.0 {
                    (slices.end - slices.start) / slices.end
                } else {
                    0.0
                },
                n_steps: 0,
            },
            certified: is_certain || draft.persistence > certain,
            status: if self.params.confirm_after == 0 || draft.change.is_quiet() {
                Status::Confirmed
            } else {
                Status::Provisional
            },
        }
    }
}

/// Events are about Rips complexes at a diameter. Told beside diagrams of another filtration they would speak of other loops, at
/// another unit, than the diagrams show.
fn check_complex(complex: Complex) -> Result<(), Error> {
    if complex == Complex::Rips {
        return Ok(());
    }
    let expected =
        "that of a stream with complex \"rips\", as events compare Rips complexes at a diameter";
    let got = format!(
        "one with complex \"{}\", whose values are radii",
        complex.name()
    );
    Err(Error::invalid("report", expected, got))
}

impl State {
    /// Loops and voids that go on under a new id go on in provisional events too.
    fn rename(&mut self, renamed: &[(u64, u64)]) {
        for feature in self.pending.iter_mut().flat_map(|event| &mut event.after) {
            // In order, as one that the wider interval renamed can be renamed again.
            for (before, id) in renamed {
                if feature.id == *before {
                    feature.id = *id;
                }
            }
        }
    }

    /// Takes out the provisional events that have been undone or have lasted long enough, and repeats them as such; those
    /// just told wait, unless they do no more than undo.
    ///
    /// What is retracted changes no number in the end: so what is confirmed adds up to what is alive.
    fn settle(&mut self, told: &[Event], step: u64, confirm_after: u64) -> Vec<Event> {
        let provisional = told.iter().filter(|e| e.status == Status::Provisional);
        let mut waiting = std::mem::take(&mut self.pending);
        let n_old = waiting.len();
        waiting.extend(provisional.cloned());
        let mut undone = taken_back(&waiting, n_old);
        let alive = self.alive();
        let gone = gone(&waiting, n_old, &alive, &undone);
        let mut settled = Vec::new();
        for (at, event) in waiting.into_iter().enumerate() {
            let left = event.without(&gone);
            if left.is_none() || is_renewed(&event, &alive) {
                undone.insert(at);
            }
            let (mut event, status) = match left {
                Some(left) if !undone.contains(&at) => (left, Status::Confirmed),
                _ => (event, Status::Retracted),
            };
            event.confidence.n_steps = step - event.step;
            // Whether a void has lasted is known when voids have been read again.
            let is_known = !event.change.is_about_voids()
                || self
                    .voids_read
                    .is_some_and(|(read, _)| read == step && read > event.step);
            let has_lasted = event.confidence.n_steps >= confirm_after && is_known;
            if status == Status::Confirmed && !has_lasted {
                self.pending.push(event);
                continue;
            }
            event.status = status;
            event.seq = self.next_seq;
            self.next_seq += 1;
            settled.push(event);
        }
        settled
    }

    /// Ids of all that is alive.
    fn alive(&self) -> BTreeSet<u64> {
        let components = self.components.iter().map(|c| c.id);
        let loops = self.loops.iter().map(|l| l.id);
        let voids = self.voids.iter().map(|v| v.id);
        components.chain(loops).chain(voids).collect()
    }
}

/// Splits just told that take back a merge before, the last one, into as many as had merged; and these merges.
fn taken_back(waiting: &[Event], n_old: usize) -> BTreeSet<usize> {
    let mut undone = BTreeSet::new();
    for (at, split) in waiting.iter().enumerate().skip(n_old) {
        let takes_back = |merge: &Event| {
            matches!(merge.change, Change::Merge(_))
                && merge
                    .after
                    .iter()
                    .map(|f| f.id)
                    .eq(split.before.iter().map(|f| f.id))
                && merge.before.len() == split.after.len()
        };
        if split.change == Change::Split
            && let Some(merge) = (0..n_old).rev().find(|&m| takes_back(&waiting[m]))
        {
            undone.extend([merge, at]);
        }
    }
    undone
}

/// Features that provisional changes made and that left nothing behind: neither they nor what they became is alive. What
/// had merged and is apart again is alive under another name.
fn gone(
    waiting: &[Event],
    n_old: usize,
    alive: &BTreeSet<u64>,
    taken_back: &BTreeSet<usize>,
) -> BTreeSet<u64> {
    let made = waiting[..n_old].iter().flat_map(made_anew);
    let mut gone: BTreeSet<u64> = made.filter(|id| !alive.contains(id)).collect();
    for feature in taken_back.iter().flat_map(|&at| &waiting[at].before) {
        gone.remove(&feature.id);
    }
    // Backwards, as what came later can only have come from what was there before.
    for event in waiting.iter().rev() {
        let comes_apart = matches!(event.change, Change::Split | Change::Reorganise);
        if comes_apart && event.after.iter().any(|f| !gone.contains(&f.id)) {
            for feature in &event.before {
                gone.remove(&feature.id);
            }
        }
    }
    gone
}

/// Features that a birth or a split made. A reorganisation, or a loop's new name, makes them out of others that are gone.
fn made_anew(event: &Event) -> Vec<u64> {
    let is_new = |id: &u64| event.before.iter().all(|feature| feature.id != *id);
    match event.change {
        Change::ComponentBirth | Change::LoopBirth(_) | Change::VoidBirth(_) | Change::Split => {
            event.after.iter().map(|f| f.id).filter(is_new).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the new name of a loop or a void is gone: by another change, which tells of it.
fn is_renewed(event: &Event, alive: &BTreeSet<u64>) -> bool {
    let goes_on = matches!(
        event.change,
        Change::LoopContinue(_) | Change::VoidContinue(_)
    );
    goes_on
        && event
            .after
            .iter()
            .any(|feature| !alive.contains(&feature.id))
}

impl Event {
    /// What is left of it when features did not last; `None` if it changes nothing then.
    fn without(&self, gone: &BTreeSet<u64>) -> Option<Self> {
        let lasts = |feature: &&Feature| !gone.contains(&feature.id);
        let before: Vec<Feature> = self.before.iter().filter(lasts).cloned().collect();
        let after: Vec<Feature> = self.after.iter().filter(lasts).cloned().collect();
        let change = match (self.change, before.len(), after.len()) {
            (_, 0, 0) | (Change::Merge(_) | Change::Split | Change::Reorganise, 1, 1) => {
                return None;
            }
            (Change::Merge(_) | Change::Split | Change::Reorganise, _, 0) => Change::ComponentDeath,
            (Change::Reorganise, 1, _) => Change::Split,
            (Change::Reorganise, _, 1) => Change::Merge(MergeCause::Inserted),
            (change, ..) => change,
        };
        Some(Self {
            change,
            before,
            after,
            ..self.clone()
        })
    }
}
