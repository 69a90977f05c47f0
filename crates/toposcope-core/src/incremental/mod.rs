//! Persistence of points that come and go: components and loops, updated and not recomputed.
//!
//! Every edge keeps a [certificate](certificate::Certificate) of what its lune looks like. A vertex that comes or goes leaves most of them
//! standing: one that proves a lune connected names one or two vertices, and stands while these stay and whoever enters the lune is
//! adjacent to one of them. Only the others are looked at again. Then loops are born and die as in the
//! batch engine: empty lunes and lunes in several parts are all that counts.
//!
//! Diagrams equal those of [`rips`](crate::rips) on the points that are there, bit for bit: certificates only decide what is not looked at.
//! What a lune in several parts or an empty one means is explained in `docs/concepts/lune-morse.md`.

mod certificate;
mod flows;
mod lasting;
mod lengths;
mod lunes;
mod parts;
mod space;
#[cfg(test)]
mod tests;
mod voids;
mod words;

use certificate::MOST_SLOTS;
use flows::Flows;
use lunes::Lunes;

pub(crate) use lasting::Lasting;
pub(crate) use voids::Voids;

use crate::lune::bits;
use crate::memory::{Budget, Held};
use crate::{Control, Error, RipsParams};

/// Lengths looked at to tell how many edges lie below one.
const SAMPLES: usize = 1 << 10;
/// Where loops outlive the reach, so many more edges come into it: a share of those there are, and so many per vertex.
const GROWTH: f64 = 0.125;
const EDGES_PER_VERTEX: usize = 4;
/// With so many times as many edges within the reach as were needed it is drawn in.
const WASTE: usize = 2;
/// How seldom that is looked at.
const UPDATES_PER_CHECK: u32 = 8;

/// Components and loops of a changing set of vertices, which live in slots.
#[derive(Debug)]
pub(crate) struct Incremental {
    lunes: Lunes,
    /// No longer edge counts.
    threshold: f64,
    n_updates: u32,
}

impl Incremental {
    /// Nobody yet, in so many slots.
    ///
    /// # Errors
    /// Those of memory.
    pub(crate) fn new(n_slots: usize, threshold: f64, budget: &Budget) -> Result<Self, Error> {
        Ok(Self {
            lunes: Lunes::new(n_slots, budget)?,
            threshold,
            n_updates: 0,
        })
    }

    /// Whether this is for so many slots, and for what is asked of their diagram.
    pub(crate) fn serves(n_slots: usize, params: &RipsParams) -> bool {
        n_slots <= MOST_SLOTS && params.max_dim == 1 && params.field == 2
    }

    /// Edges up to the reach.
    pub(crate) fn n_near(&self) -> usize {
        self.lunes.space.n_near()
    }

    /// The first vertices, in the slots from zero on. Most loops of theirs will have died at about `reach`; what it is changes no result.
    ///
    /// # Errors
    /// Those of memory and interrupts. What is left is of no use then.
    pub(crate) fn fill(
        &mut self,
        n: u32,
        reach: f64,
        length_between: impl Fn(u32, u32) -> f64,
        control: &Control,
    ) -> Result<(), Error> {
        self.lunes.fill(n, reach, length_between, control)
    }

    /// A vertex appears in a free slot, so far from those in others.
    ///
    /// # Errors
    /// Those of memory and interrupts. What is left is of no use then.
    pub(crate) fn insert(
        &mut self,
        slot: u32,
        length_to: impl Fn(u32) -> f64,
        control: &Control,
    ) -> Result<(), Error> {
        self.lunes.insert(slot, length_to, control)
    }

    /// The vertices in these slots vanish.
    ///
    /// # Errors
    /// Those of memory and interrupts. What is left is of no use then.
    pub(crate) fn remove(&mut self, slots: &[u32], control: &Control) -> Result<(), Error> {
        self.lunes.remove(slots, control)
    }

    /// Components and loops of the vertices that are there, and the simplices behind them.
    ///
    /// # Errors
    /// Those of memory and interrupts. What is left is of no use then.
    pub(crate) fn lasting(&mut self, control: &Control) -> Result<Lasting, Error> {
        if self.lunes.longest_bare() > self.lunes.reach() {
            let reach = self.next_reach(control)?.max(self.lunes.longest_bare());
            self.lunes.extend_to(reach, control)?;
        }
        let mut flows = Flows::new(&self.lunes, self.threshold, control)?;
        self.lunes.set_longest_bare(flows.longest_bare);
        loop {
            flows.go_on(&self.lunes, control)?;
            let before = self.lunes.reach();
            if flows.all_dead() || before >= self.threshold {
                break;
            }
            let reach = self.next_reach(control)?;
            self.lunes.extend_to(reach, control)?;
            flows.extend(&self.lunes, before)?;
        }
        self.n_updates += 1;
        if self.n_updates.is_multiple_of(UPDATES_PER_CHECK) {
            self.draw_in(&flows, control)?;
        }
        Lasting::of(flows)
    }

    /// Some way beyond the reach, by the number of edges.
    fn next_reach(&self, control: &Control) -> Result<f64, Error> {
        let space = &self.lunes.space;
        let (n_live, n_near) = (space.n_live(), space.n_near());
        let stride = (n_live * n_live / 2 / SAMPLES).max(1);
        let mut at = 0;
        let mut sample = Held::with_capacity(control.budget(), SAMPLES * 2)?;
        for a in bits::ones(space.live()).map(|v| v as u32) {
            space.edges_below(a, space.live(), |e| {
                at += 1;
                if at % stride == 0 {
                    sample.push(e.length)?;
                }
                Ok(())
            })?;
        }
        sample.sort_unstable_by(f64::total_cmp);
        let wanted = n_near as f64 * (1.0 + GROWTH) + (n_live * EDGES_PER_VERTEX) as f64;
        let place = (wanted / at.max(1) as f64 * sample.len() as f64) as usize;
        let reach = sample.get(place).copied().unwrap_or(f64::INFINITY);
        // The same number of edges must not come again.
        let beyond = if reach > self.lunes.reach() {
            reach
        } else {
            f64::INFINITY
        };
        Ok(beyond.min(self.threshold))
    }

    /// Draws the reach in if it is far too long.
    fn draw_in(&mut self, flows: &Flows, control: &Control) -> Result<(), Error> {
        let deaths = flows.deaths.iter();
        let last = deaths.map(|death| death.map_or(f64::INFINITY, |(e, _)| e.length));
        let last = last.fold(flows.longest_bare, f64::max);
        let mut n_needed = 0;
        self.lunes.near_edges(|e, _| {
            n_needed += usize::from(e.length <= last);
            Ok(())
        })?;
        let (n_live, n_near) = (self.lunes.space.n_live(), self.n_near());
        if n_near > WASTE * (n_needed + n_live * EDGES_PER_VERTEX) {
            self.lunes.shrink_to(last, control)?;
        }
        Ok(())
    }
}
