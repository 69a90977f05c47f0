//! From landmarks to their diagram.

mod voids;

use std::borrow::Cow;

use crate::batch::diagram;
use crate::incremental::{Incremental, Lasting};
use crate::memory::{Budget, Held};
use crate::pool::SimplexPool;
use crate::stream::cospan::Cospan;
use crate::stream::critical::{Critical, critical_simplices};
use crate::stream::landmarks::Landmarks;
use crate::stream::params::{Complex, StreamParams};
use crate::{AlphaParams, Control, Diagram, Error, RipsInput, RipsParams, alpha, rips};

/// If more than one in so many landmarks comes or goes, nothing is gained from what was known before.
const LARGEST_CHANGE: usize = 3;
/// An update takes about as long as its changes times the near edges of a landmark, times the landmarks; the batch engine as long as so many
/// times their square. Taken from where the tables of `benchmarks/updates.py` cross; it changes no diagram.
const CHANGES_TIMES_NEAR: usize = 4;
/// After so many diagrams that were computed anew it is found out again how many edges are near.
const UPDATES_REMEMBERED: usize = 64;
/// Room beyond the landmarks that are there: one more for each of so many, and a few. `StreamParams::bytes_for` says so too.
const SPARE: usize = 8;
const FEW: usize = 4;

/// Keeps the diagram of a changing set of landmarks. The rest of the stream knows it by [`Self::update`] alone, so that
/// how the diagram is found can change without it.
#[derive(Debug)]
pub(crate) struct LandmarkPersistence {
    params: RipsParams,
    /// Those of alpha diagrams, if it is these that are kept.
    alpha: Option<AlphaParams>,
    budget: Budget,
    current: Option<Diagram>,
    known: Option<Known>,
    /// Near edges when something was known last, and how many diagrams ago.
    n_near: Option<(usize, usize)>,
    voids: voids::Known,
    critical: Critical,
}

/// What is known of the landmarks' lunes.
#[derive(Debug)]
struct Known {
    incremental: Incremental,
    /// Landmarks by slot.
    ids: Held<Option<u64>>,
}

impl LandmarkPersistence {
    /// For diagrams of these parameters, within a budget of its own.
    ///
    /// # Errors
    /// [`Error::Invalid`] for wrong parameters of the pool.
    pub(crate) fn new(params: &StreamParams, budget: Budget) -> Result<Self, Error> {
        Ok(Self {
            params: params.rips_params(),
            alpha: (params.complex == Complex::Alpha).then(|| params.alpha_params()),
            critical: Critical::new(&budget, params.pool)?,
            budget,
            current: None,
            known: None,
            n_near: None,
            voids: voids::Known::default(),
        })
    }

    /// Forgets everything but its parameters.
    pub(crate) fn reset(&mut self) {
        self.current = None;
        self.known = None;
        self.n_near = None;
        self.voids = voids::Known::default();
        self.critical.clear();
    }

    /// The critical simplices of the landmarks, or none if the last diagram was found without them.
    pub(crate) fn pool(&self) -> &SimplexPool {
        self.critical.pool()
    }

    /// Closes the holes of their pool.
    pub(crate) fn defragment(&mut self) {
        self.critical.defragment();
    }

    #[cfg(test)]
    pub(crate) fn pool_mut(&mut self) -> &mut SimplexPool {
        self.critical.pool_mut()
    }

    #[cfg(test)]
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// What the pool should hold, if anything is known.
    #[cfg(test)]
    pub(crate) fn critical_anew(&mut self) -> Option<Held<crate::pool::CriticalSimplex>> {
        let control = &Control::none();
        if self.params.max_dim == 2 {
            return self.voids.critical_anew(control);
        }
        let known = self.known.as_mut()?;
        let lasting = known.incremental.lasting(control).ok()?;
        critical_simplices(&known.ids, &lasting, control).ok()
    }

    /// The diagram of the landmarks after a push: that of the batch engine, updated if few of them came or went.
    /// On an error, nothing has changed, but that the pool is empty if the diagram was to be computed anew.
    pub(crate) fn update(
        &mut self,
        cospan: &Cospan,
        after: &Landmarks,
        control: &Control,
    ) -> Result<Diagram, Error> {
        if let Some(current) = &self.current
            && cospan.n_changed() == 0
        {
            control.poll_last()?;
            return Ok(current.clone());
        }
        if self.has_voids(cospan.places_after().len()) {
            return self.update_voids(cospan, after, control);
        }
        let control = &control.within(&self.budget);
        // What is half updated is of no use: it is put back at the end.
        let known = self.known.take();
        let (diagram, known) = match self.updated(known, cospan, control) {
            Ok(Some(updated)) => updated,
            // What is known takes more room than finding it all out again.
            Ok(None) | Err(Error::MemoryLimit { .. }) => {
                self.critical.clear();
                let diagram = self.anew(cospan, after, control)?;
                control.poll_last()?;
                (diagram, None)
            }
            Err(error) => return Err(error),
        };
        self.n_near = match (&known, self.n_near) {
            (Some(known), _) => Some((known.incremental.n_near(), 0)),
            (None, Some((n_near, age))) if age < UPDATES_REMEMBERED => Some((n_near, age + 1)),
            (None, _) => None,
        };
        self.known = known;
        self.current = Some(diagram.clone());
        Ok(diagram)
    }

    /// The diagram from what is known of the landmarks before, if that is worth it; the pool takes in what it consists of.
    fn updated(
        &mut self,
        known: Option<Known>,
        cospan: &Cospan,
        control: &Control,
    ) -> Result<Option<(Diagram, Option<Known>)>, Error> {
        let n_after = cospan.places_after().len();
        let n_changed = cospan.n_changed();
        let n_near = self.n_near.map_or(0, |(n_near, _)| n_near);
        let few = self.alpha.is_none()
            && n_changed * LARGEST_CHANGE <= n_after
            && n_changed.saturating_mul(n_near) <= CHANGES_TIMES_NEAR * n_after * n_after;
        let Some(before) = self.current.as_ref().filter(|_| few) else {
            return Ok(None);
        };
        let mut known = match known {
            Some(known) if known.has_room_for(cospan) => known.updated(cospan, control)?,
            _ if Incremental::serves(slots_for(n_after), &self.params) => {
                Known::new(cospan, before, self.params.threshold, control)?
            }
            _ => return Ok(None),
        };
        let lasting = known.incremental.lasting(control)?;
        let diagram = diagram_of(&lasting, n_after, 1, control)?;
        let simplices = critical_simplices(&known.ids, &lasting, control)?;
        drop(lasting);
        // Only want of memory can stop this one now, and then the diagram is found without it.
        control.poll_last()?;
        self.critical.update(simplices)?;
        Ok(Some((diagram, Some(known))))
    }

    /// The diagram by the batch engine.
    fn anew(
        &self,
        cospan: &Cospan,
        after: &Landmarks,
        control: &Control,
    ) -> Result<Diagram, Error> {
        if let Some(params) = &self.alpha {
            let ids = cospan.landmarks.iter().filter(|l| l.after.is_some());
            return alpha(&after.rows_of(ids.map(|l| l.id)), params, control);
        }
        let after = cospan.places_after();
        let distances = if after.len() == cospan.landmarks.len() {
            Cow::Borrowed(&cospan.distances)
        } else {
            Cow::Owned(cospan.distances.select(&after))
        };
        rips(RipsInput::Dense(&distances), &self.params, control)
    }
}

/// Slots for so many landmarks, and for newcomers before others go.
pub(crate) fn slots_for(n_landmarks: usize) -> usize {
    n_landmarks.saturating_add(n_landmarks / SPARE + FEW)
}

/// The diagram of `n` landmarks.
fn diagram_of(
    lasting: &Lasting,
    n: usize,
    max_dim: usize,
    control: &Control,
) -> Result<Diagram, Error> {
    let mut joining = Held::with_capacity(control.budget(), n)?;
    joining.extend(lasting.joining())?;
    let loops = lasting.loops().map(|(birth, death)| (1, birth, death));
    let voids = lasting.voids().map(|(birth, death)| (2, birth, death));
    diagram(n, &joining, loops.chain(voids), max_dim, control)
}

impl Known {
    /// Finds out about the landmarks after a push, whose loops will not die much later than those of the diagram before.
    fn new(
        cospan: &Cospan,
        before: &Diagram,
        threshold: Option<f64>,
        control: &Control,
    ) -> Result<Self, Error> {
        let after = cospan.places_after();
        let n_slots = slots_for(after.len());
        let deaths = before.intervals(1).map(|(_, death)| death);
        let reach = deaths.filter(|d| d.is_finite()).fold(-1.0, f64::max);
        let budget = control.budget();
        let threshold = threshold.unwrap_or(f64::INFINITY);
        let mut incremental = Incremental::new(n_slots, threshold, budget)?;
        let length_between =
            |a: u32, b: u32| cospan.distances.get(after[a as usize], after[b as usize]);
        incremental.fill(after.len() as u32, reach, length_between, control)?;
        let mut ids = Held::filled(budget, None, n_slots, |_| Ok(()))?;
        for (id, &place) in ids.iter_mut().zip(&after) {
            *id = Some(cospan.landmarks[place].id);
        }
        Ok(Self { incremental, ids })
    }

    /// Whether there is a slot for each landmark of the union.
    fn has_room_for(&self, cospan: &Cospan) -> bool {
        cospan.landmarks.len() <= self.ids.len()
    }

    /// Takes in the new landmarks, then lets those go that are gone.
    fn updated(mut self, cospan: &Cospan, control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        // Where in the union the landmark of each slot is.
        let mut places = Held::filled(budget, usize::MAX, self.ids.len(), |_| Ok(()))?;
        let mut gone = Held::new(budget);
        for (slot, id) in self.ids.iter_mut().enumerate() {
            let Some(known) = *id else { continue };
            let Ok(place) = cospan.landmarks.binary_search_by_key(&known, |l| l.id) else {
                debug_assert!(false, "the union has all landmarks before the push");
                continue;
            };
            places[slot] = place;
            if cospan.landmarks[place].after.is_none() {
                gone.push(slot as u32)?;
            }
        }
        let mut slot = 0;
        for (place, landmark) in cospan.landmarks.iter().enumerate() {
            if landmark.before.is_some() {
                continue;
            }
            while self.ids[slot].is_some() {
                slot += 1;
            }
            self.ids[slot] = Some(landmark.id);
            places[slot] = place;
            let length_to = |other: u32| cospan.distances.get(place, places[other as usize]);
            self.incremental.insert(slot as u32, length_to, control)?;
        }
        self.incremental.remove(&gone, control)?;
        for &slot in &gone {
            self.ids[slot as usize] = None;
        }
        Ok(self)
    }
}
