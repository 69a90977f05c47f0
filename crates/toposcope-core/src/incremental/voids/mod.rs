//! Components, loops and voids of points that come and go, updated and not recomputed.
//!
//! Every edge keeps what settled its lune: that it was empty, the vertex over which it was a cone, or the [matching] of its
//! cliques. Any matching of this kind is right (Theorem 6 of `docs/concepts/lune-morse.md`), so what was found stands as long as it still is
//! one: a cone stays a cone while its apex stays and reaches the newcomers, and in a core that holds step by step. Newcomers that do not fit are
//! removed first, before all that was there. So one pass over the edges, in filtration order, tells what is to be looked at again, over
//! rows of bits as in the batch engine. What follows, flows and the reduction of few critical cells, is done anew each time.
//!
//! Diagrams equal those of [`rips`](crate::rips) on the points that are there, bit for bit.

mod certificate;
mod matching;
mod morse;
mod order;
mod rows;
mod sweep;
#[cfg(test)]
mod tests;

use matching::Matching;
use morse::Morse;
use order::{Entry, Order};
use rows::Rows;
use sweep::{ABSENT, Critical, Sweep};

use super::certificate::MOST_SLOTS;
use super::lasting::Lasting;
use super::lengths::triangle;
use crate::lune::bits;
use crate::memory::{Budget, Held};
use crate::{Control, Error, RipsParams};

/// Components, loops and voids of a changing set of vertices, which live in slots.
#[derive(Debug)]
pub(crate) struct Voids {
    /// No longer edge counts.
    threshold: f64,
    live: Held<u64>,
    order: Order,
    /// By pair of slots, in a strict lower triangle: place in the order, of those edges that count.
    ranks: Held<u32>,
    rows: Rows,
    matching: Matching,
    critical: Held<Critical>,
    /// Lunes and links looked at when everything was, and in the last update.
    n_looks: [usize; 2],
}

impl Voids {
    /// Nobody yet, in so many slots.
    ///
    /// # Errors
    /// Those of memory.
    pub(crate) fn new(n_slots: usize, threshold: f64, budget: &Budget) -> Result<Self, Error> {
        let n_pairs = n_slots * n_slots.saturating_sub(1) / 2;
        Ok(Self {
            threshold,
            live: Held::filled(budget, 0, bits::words_for(n_slots), |_| Ok(()))?,
            order: Order::new(n_slots, budget)?,
            ranks: Held::filled(budget, ABSENT, n_pairs, |_| Ok(()))?,
            rows: Rows::new(n_slots, budget)?,
            matching: Matching::new(n_slots, budget)?,
            critical: Held::new(budget),
            n_looks: [0; 2],
        })
    }

    /// Whether this is for so many slots, and for what is asked of their diagram.
    pub(crate) fn serves(n_slots: usize, params: &RipsParams) -> bool {
        n_slots <= MOST_SLOTS && params.max_dim == 2 && params.field == 2
    }

    /// Lunes and links looked at by the last update, as a share of those when everything was looked at.
    pub(crate) fn share_looked_at(&self) -> f64 {
        let [all, last] = self.n_looks;
        last as f64 / all.max(1) as f64
    }

    /// Vertices appear in free slots, and others vanish, at once.
    ///
    /// # Errors
    /// Those of memory and interrupts. What is left is of no use then.
    pub(crate) fn update(
        &mut self,
        newcomers: &[u32],
        gone: &[u32],
        length_between: impl Fn(u32, u32) -> f64,
        control: &Control,
    ) -> Result<(), Error> {
        let budget = control.budget();
        let n_words = self.live.len();
        let set_of = |slots: &[u32]| {
            let mut set = Held::filled(budget, 0, n_words, |_| Ok(()))?;
            for &v in slots {
                bits::insert(&mut set, v as usize);
            }
            Ok::<_, Error>(set)
        };
        let (new_ones, gone_ones) = (set_of(newcomers)?, set_of(gone)?);
        self.order.drop_those_of(&gone_ones);
        for &v in gone {
            bits::remove(&mut self.live, v as usize);
        }
        let is_first = bits::is_empty(&self.live);
        let n_before = self.order.len();
        for &v in newcomers {
            control.tick(1 + n_words as u32)?;
            for other in bits::ones(&self.live).map(|u| u as u32) {
                let length = length_between(v, other);
                if length <= self.threshold {
                    self.order.add(Entry::new(v, other, length))?;
                }
            }
            bits::insert(&mut self.live, v as usize);
        }
        self.order.sort_from(n_before)?;
        self.sweep((&new_ones, &gone_ones), is_first, control)?;
        for &v in gone {
            for other in (0..self.live.len() as u32 * 64).filter(|&u| u != v) {
                if let Some(rank) = self.ranks.get_mut(triangle(v, other)) {
                    *rank = ABSENT;
                }
            }
        }
        Ok(())
    }

    /// Finds out about all lunes whose certificates do not stand.
    fn sweep(
        &mut self,
        (newcomers, gone): (&[u64], &[u64]),
        is_first: bool,
        control: &Control,
    ) -> Result<(), Error> {
        let n_live = self.n_live();
        self.critical = Held::new(control.budget());
        self.matching.n_looks = 0;
        let parts = (&mut self.rows, &mut self.matching, &mut *self.ranks);
        let mut sweep = Sweep::new(parts, (newcomers, gone), control.budget())?;
        let n_passed = sweep.pass(&mut self.order, n_live, control)?;
        self.critical = sweep.critical;
        for entry in &mut self.order.entries_mut()[n_passed..] {
            let [a, b] = entry.ends();
            self.ranks[triangle(a, b)] = ABSENT;
            entry.certify(certificate::Certificate::Unknown);
        }
        let last = self.matching.n_looks;
        let all = if is_first { last } else { self.n_looks[0] };
        self.n_looks = [all, last];
        Ok(())
    }

    /// Components, loops and voids of the vertices that are there, and the simplices behind them.
    ///
    /// # Errors
    /// Those of memory and interrupts. What is left is of no use then.
    pub(crate) fn lasting(&self, control: &Control) -> Result<Lasting, Error> {
        let mut morse = Morse::new(
            &self.order,
            &self.ranks,
            &self.matching.cores,
            control.budget(),
        );
        morse.pair(&self.critical, self.live.len() * 64, control)
    }

    /// How many vertices are there.
    fn n_live(&self) -> usize {
        bits::count(&self.live)
    }
}
