//! Voids too, updated.

use super::{LARGEST_CHANGE, LandmarkPersistence, diagram_of, slots_for};
use crate::incremental::Voids;
use crate::memory::{Budget, Held};
use crate::stream::cospan::Cospan;
use crate::stream::critical::critical_simplices;
use crate::stream::landmarks::Landmarks;
use crate::{Control, Diagram, Error};

/// An update that looks at a larger share of all lunes and links does not pay: then some diagrams are computed anew before the next is tried.
const LARGEST_SHARE: f64 = 0.5;
const PATIENCE: usize = 64;

/// What is known of the landmarks' lunes, and whether it is of any use.
#[derive(Debug, Default)]
pub(super) struct Known {
    lunes: Option<Lunes>,
    /// So many diagrams are computed anew.
    patience: usize,
}

#[derive(Debug)]
struct Lunes {
    voids: Voids,
    /// Landmarks by slot.
    ids: Held<Option<u64>>,
}

#[cfg(test)]
impl Known {
    /// What the pool should hold, if anything is known.
    pub(super) fn critical_anew(
        &self,
        control: &Control,
    ) -> Option<Held<crate::pool::CriticalSimplex>> {
        let lunes = self.lunes.as_ref()?;
        let lasting = lunes.voids.lasting(control).ok()?;
        critical_simplices(&lunes.ids, &lasting, control).ok()
    }
}

impl LandmarkPersistence {
    /// Whether voids can be updated.
    pub(super) fn has_voids(&self, n_after: usize) -> bool {
        self.alpha.is_none() && Voids::serves(slots_for(n_after), &self.params)
    }

    /// The diagram of the landmarks after a push, as [`Self::update`] gives it.
    pub(super) fn update_voids(
        &mut self,
        cospan: &Cospan,
        after: &Landmarks,
        control: &Control,
    ) -> Result<Diagram, Error> {
        let control = &control.within(&self.budget);
        let diagram = match self.updated_voids(cospan, control) {
            Ok(Some(diagram)) => diagram,
            // What is known takes more room than finding it all out again.
            Ok(None) | Err(Error::MemoryLimit { .. }) => {
                self.critical.clear();
                let diagram = self.anew(cospan, after, control)?;
                control.poll_last()?;
                diagram
            }
            Err(error) => return Err(error),
        };
        self.current = Some(diagram.clone());
        Ok(diagram)
    }

    /// The diagram from what is known, if that is worth it; what is half updated is dropped.
    fn updated_voids(
        &mut self,
        cospan: &Cospan,
        control: &Control,
    ) -> Result<Option<Diagram>, Error> {
        let known = self.voids.lunes.take();
        let n_after = cospan.places_after().len();
        if self.current.is_none() || cospan.n_changed() * LARGEST_CHANGE > n_after {
            return Ok(None);
        }
        if self.voids.patience > 0 {
            self.voids.patience -= 1;
            return Ok(None);
        }
        let threshold = self.params.threshold.unwrap_or(f64::INFINITY);
        let lunes = match known {
            Some(known) if cospan.landmarks.len() <= known.ids.len() => {
                let known = known.updated(cospan, control)?;
                if known.voids.share_looked_at() > LARGEST_SHARE {
                    self.voids.patience = PATIENCE;
                }
                known
            }
            outgrown => {
                drop(outgrown);
                Lunes::new(cospan, threshold, control)?
            }
        };
        let lasting = lunes.voids.lasting(control)?;
        let diagram = diagram_of(&lasting, n_after, self.params.max_dim, control)?;
        let simplices = critical_simplices(&lunes.ids, &lasting, control)?;
        drop(lasting);
        // Only want of memory can stop this one now, and then the diagram is found without it.
        control.poll_last()?;
        self.critical.update(simplices)?;
        self.voids.lunes = Some(lunes);
        Ok(Some(diagram))
    }
}

impl Lunes {
    /// Finds out about the landmarks after a push.
    fn new(cospan: &Cospan, threshold: f64, control: &Control) -> Result<Self, Error> {
        let after = cospan.places_after();
        let n_slots = slots_for(after.len());
        let budget = control.budget();
        let mut voids = Voids::new(n_slots, threshold, budget)?;
        let length_between =
            |a: u32, b: u32| cospan.distances.get(after[a as usize], after[b as usize]);
        let mut all = Held::with_capacity(budget, after.len())?;
        all.extend(0..after.len() as u32)?;
        voids.update(&all, &[], length_between, control)?;
        let mut ids = Held::filled(budget, None, n_slots, |_| Ok(()))?;
        for (id, &place) in ids.iter_mut().zip(&after) {
            *id = Some(cospan.landmarks[place].id);
        }
        Ok(Self { voids, ids })
    }

    /// Takes in the new landmarks, and lets those go that are gone.
    fn updated(mut self, cospan: &Cospan, control: &Control) -> Result<Self, Error> {
        let budget: &Budget = control.budget();
        // Where in the union the landmark of each slot is.
        let mut places = Held::filled(budget, usize::MAX, self.ids.len(), |_| Ok(()))?;
        let (mut newcomers, mut gone) = (Held::new(budget), Held::new(budget));
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
        let new_ones = cospan.landmarks.iter().enumerate();
        let mut new_ones = new_ones.filter(|(_, l)| l.before.is_none());
        for (slot, id) in self
            .ids
            .iter_mut()
            .enumerate()
            .filter(|(_, id)| id.is_none())
        {
            let Some((place, landmark)) = new_ones.next() else {
                break;
            };
            *id = Some(landmark.id);
            places[slot] = place;
            newcomers.push(slot as u32)?;
        }
        let length_between =
            |a: u32, b: u32| cospan.distances.get(places[a as usize], places[b as usize]);
        self.voids
            .update(&newcomers, &gone, length_between, control)?;
        for &slot in &gone {
            self.ids[slot as usize] = None;
        }
        Ok(self)
    }
}
