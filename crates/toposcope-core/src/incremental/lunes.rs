//! What is known of every edge's lune, kept up to date while vertices come and go.

use super::certificate::{Certificate, MayName};
use super::lengths::{Edge, triangle};
use super::parts::Parts;
use super::space::{Lune, NOBODY, Shape, Space};
use crate::lune::bits;
use crate::memory::{Budget, Held};
use crate::simd::vectorized;
use crate::{Control, Error};

/// So few slots are looked for in many certificates side by side.
const FEW: usize = 16;

/// A certificate per edge. Edges up to the *reach* are told apart by the components of their lunes; of longer ones it is only known whether
/// their lunes are empty, as nothing else of them matters before the last loop has died.
#[derive(Debug)]
pub(super) struct Lunes {
    pub(super) space: Space,
    /// Packed, as a strict lower triangle by slots.
    certificates: Held<u32>,
    pub(super) parts: Parts,
    reach: f64,
    /// No edge with an empty lune is longer.
    longest_bare: f64,
    lune: Lune,
    /// Of the edges of a newcomer, by slots.
    witnesses: Held<u32>,
    entered: Held<u64>,
}

impl Lunes {
    /// None yet, of edges in so many slots.
    pub(super) fn new(n_slots: usize, budget: &Budget) -> Result<Self, Error> {
        let n_pairs = n_slots * n_slots.saturating_sub(1) / 2;
        Ok(Self {
            space: Space::new(n_slots, budget)?,
            certificates: Held::filled(budget, Certificate::None.pack(), n_pairs, |_| Ok(()))?,
            parts: Parts::new(budget),
            reach: -1.0,
            longest_bare: -1.0,
            lune: Lune::new(n_slots, budget)?,
            witnesses: Held::filled(budget, NOBODY, n_slots, |_| Ok(()))?,
            entered: Held::filled(budget, 0, bits::words_for(n_slots), |_| Ok(()))?,
        })
    }

    pub(super) fn reach(&self) -> f64 {
        self.reach
    }

    /// No edge with an empty lune is longer.
    pub(super) fn longest_bare(&self) -> f64 {
        self.longest_bare
    }

    /// So long is the longest edge with an empty lune.
    pub(super) fn set_longest_bare(&mut self, length: f64) {
        self.longest_bare = length;
    }

    pub(super) fn certificate(&self, e: &Edge) -> Certificate {
        Certificate::unpack(self.certificates[e.place()])
    }

    pub(super) fn certificate_between(&self, a: u32, b: u32) -> Certificate {
        Certificate::unpack(self.certificates[triangle(a, b)])
    }

    /// The first vertices, in the slots from zero on, with a reach to begin with.
    pub(super) fn fill(
        &mut self,
        n: u32,
        reach: f64,
        length_between: impl Fn(u32, u32) -> f64,
        control: &Control,
    ) -> Result<(), Error> {
        self.reach = reach;
        for a in 0..n {
            control.tick(1)?;
            self.space.appear(a, self.reach, |b| length_between(a, b));
        }
        for a in 0..n {
            control.tick(1 + a / 64)?;
            for b in 0..a {
                let e = self.space.lengths.edge(a, b);
                self.settle(&e)?;
            }
        }
        Ok(())
    }

    /// A vertex appears in a free slot, so far from the others.
    pub(super) fn insert(
        &mut self,
        slot: u32,
        length_to: impl Fn(u32) -> f64,
        control: &Control,
    ) -> Result<(), Error> {
        if self.longest_bare > self.reach {
            // Newcomers are looked for in the lunes of near edges alone, and an empty one has no witness.
            self.extend_to(self.longest_bare, control)?;
        }
        self.space.appear(slot, self.reach, length_to);
        for a in bits::ones(&self.row(slot)?) {
            control.tick(1)?;
            self.enter_lunes(slot, a as u32)?;
        }
        self.settle_edges_of(slot, control)
    }

    /// Finds out about the lunes of all edges of a newcomer.
    fn settle_edges_of(&mut self, newcomer: u32, control: &Control) -> Result<(), Error> {
        self.witnesses.fill(NOBODY);
        self.space.witnesses(newcomer, &mut self.witnesses);
        for other in bits::ones(&self.live()?).map(|v| v as u32) {
            if other == newcomer {
                continue;
            }
            control.tick(1)?;
            let e = self.space.lengths.edge(newcomer, other);
            let witness = self.witnesses[other as usize];
            if e.length > self.reach && witness != NOBODY {
                self.put(&e, Certificate::Far(witness));
            } else {
                self.settle(&e)?;
            }
        }
        Ok(())
    }

    /// These vertices vanish.
    pub(super) fn remove(&mut self, slots: &[u32], control: &Control) -> Result<(), Error> {
        for &slot in slots {
            for other in bits::ones(&self.live()?).map(|v| v as u32) {
                if other != slot {
                    let e = self.space.lengths.edge(slot, other);
                    self.put(&e, Certificate::None);
                }
            }
            self.space.vanish(slot);
        }
        let mut doubtful = Held::new(self.parts.budget());
        for a in bits::ones(self.space.live()).map(|v| v as u32) {
            control.tick(1 + a / 64)?;
            self.leave_lunes(slots, a, &mut doubtful)?;
        }
        for &slot in slots {
            self.space.forget(slot);
        }
        for e in &doubtful {
            control.tick(1)?;
            self.settle(e)?;
        }
        Ok(())
    }

    /// Tells the lunes of all edges up to `reach` apart.
    pub(super) fn extend_to(&mut self, reach: f64, control: &Control) -> Result<(), Error> {
        let live = self.live()?;
        let mut farther = Held::new(live.budget());
        for a in bits::ones(&live).map(|v| v as u32) {
            control.tick(1)?;
            self.space.edges_below(a, &live, |e| {
                if self.reach < e.length && e.length <= reach {
                    farther.push(e)?;
                }
                Ok(())
            })?;
        }
        for e in &farther {
            self.space.bring_near(e.ends[0], e.ends[1]);
        }
        self.reach = reach;
        for e in &farther {
            control.tick(1)?;
            // An empty lune is empty for any reach.
            if self.certificate(e) != Certificate::Bare {
                self.settle(e)?;
            }
        }
        Ok(())
    }

    /// Forgets all about longer edges but whether their lunes are empty.
    pub(super) fn shrink_to(&mut self, reach: f64, control: &Control) -> Result<(), Error> {
        self.reach = reach;
        let live = self.live()?;
        for a in bits::ones(&live).map(|v| v as u32) {
            control.tick(1)?;
            for b in bits::ones(&self.row(a)?).map(|v| v as u32) {
                let e = self.space.lengths.edge(a, b);
                if b > a || e.length <= reach {
                    continue;
                }
                self.space.move_apart(a, b);
                let far = match self.certificate(&e) {
                    Certificate::Spanned(w, _) => Certificate::Far(w),
                    Certificate::Linked(list) | Certificate::Parted(list) => {
                        let first = self.parts.list(list).next();
                        first.map_or(Certificate::Bare, Certificate::Far)
                    }
                    same => same,
                };
                self.put(&e, far);
            }
        }
        Ok(())
    }

    /// Calls `give` with every edge up to the reach.
    pub(super) fn near_edges(
        &self,
        mut give: impl FnMut(Edge, Certificate) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for a in bits::ones(self.space.live()).map(|v| v as u32) {
            let near = self.space.near(a);
            self.space
                .edges_below(a, near, |e| give(e, self.certificate(&e)))?;
        }
        Ok(())
    }

    /// The newcomer may be in the lunes of edges from `a` to vertices near to both.
    fn enter_lunes(&mut self, newcomer: u32, a: u32) -> Result<(), Error> {
        self.space.lunes_with(newcomer, a, &mut self.entered);
        let mut doubtful = Held::new(self.parts.budget());
        let lengths = &self.space.lengths;
        self.space.edges_below(a, &self.entered, |e| {
            if lengths.in_lune(&e, newcomer) {
                let is_adjacent = |v| lengths.precedes(v, newcomer, &e);
                let stands = match self.certificate(&e) {
                    Certificate::Spanned(v, w) => is_adjacent(v) || w != v && is_adjacent(w),
                    Certificate::Linked(list) => self.parts.list(list).any(is_adjacent),
                    _ => false,
                };
                if !stands {
                    doubtful.push(e)?;
                }
            }
            Ok(())
        })?;
        doubtful.iter().try_for_each(|e| self.enter(e, newcomer))
    }

    /// The newcomer is in this lune, and it is not known how it hangs together with the rest.
    fn enter(&mut self, e: &Edge, newcomer: u32) -> Result<(), Error> {
        let old = self.certificate(e);
        let inside = match old {
            Certificate::Bare => {
                self.put(e, Certificate::Spanned(newcomer, newcomer));
                return Ok(());
            }
            Certificate::Spanned(v, _) => Some(v),
            Certificate::Linked(list) => self.parts.list(list).next(),
            _ => None,
        };
        let Some(inside) = inside else {
            return self.settle(e);
        };
        // The rest is in one piece, which the newcomer touches or not.
        let certificate = match (self.space.touches(e, newcomer), old) {
            (Some(u), Certificate::Spanned(v, w)) if v == w => Certificate::Spanned(v, u),
            (Some(u), Certificate::Spanned(v, w)) => {
                Certificate::Linked(self.parts.insert(&[v, w, u])?)
            }
            (Some(u), Certificate::Linked(list)) => {
                // The old list goes on in the new one.
                let longer = Certificate::Linked(self.parts.prepend(u, list)?);
                self.certificates[e.place()] = longer.pack();
                return Ok(());
            }
            _ => Certificate::Parted(self.parts.insert(&[inside, newcomer])?),
        };
        self.put(e, certificate);
        Ok(())
    }

    /// Those who are gone may have been in the lunes of edges from `a`, or proven something about them.
    fn leave_lunes(&self, gone: &[u32], a: u32, doubtful: &mut Held<Edge>) -> Result<(), Error> {
        let space = &self.space;
        let is_gone = |v: u32| !space.is_live(v);
        let start = a as usize * (a as usize).saturating_sub(1) / 2;
        let row = start..start + a as usize;
        for (k, certificates) in self.certificates[row].chunks(64).enumerate() {
            let mut suspects = match gone.len() {
                ..=FEW => vectorized(MayName {
                    certificates,
                    slots: gone,
                }),
                _ => u64::MAX >> (64 - certificates.len()),
            };
            while suspects != 0 {
                let at = suspects.trailing_zeros();
                suspects &= suspects - 1;
                let b = (k * 64) as u32 + at;
                let in_doubt = match Certificate::unpack(certificates[at as usize]) {
                    Certificate::None | Certificate::Bare => false,
                    Certificate::Far(w) => is_gone(w),
                    Certificate::Spanned(v, w) => is_gone(v) || is_gone(w),
                    Certificate::Linked(list) => self.parts.list(list).any(is_gone),
                    Certificate::Parted(_) => {
                        let e = space.lengths.edge(a, b);
                        gone.iter().any(|&v| space.lengths.in_lune(&e, v))
                    }
                };
                if in_doubt {
                    doubtful.push(space.lengths.edge(a, b))?;
                }
            }
        }
        Ok(())
    }

    /// Finds out about the lune of an edge.
    fn settle(&mut self, e: &Edge) -> Result<(), Error> {
        let certificate = if e.length > self.reach {
            let witness = self.space.witness(e);
            witness.map_or(Certificate::Bare, Certificate::Far)
        } else {
            match self.space.look(e, &mut self.lune)? {
                Shape::Empty => Certificate::Bare,
                Shape::Spanned(v, w) => Certificate::Spanned(v, w),
                Shape::Linked => Certificate::Linked(self.parts.insert(&self.lune.spine)?),
                Shape::Parted => Certificate::Parted(self.parts.insert(&self.lune.parts)?),
            }
        };
        if certificate == Certificate::Bare {
            self.longest_bare = self.longest_bare.max(e.length);
        }
        self.put(e, certificate);
        Ok(())
    }

    fn put(&mut self, e: &Edge, certificate: Certificate) {
        let place = &mut self.certificates[e.place()];
        if let Certificate::Linked(list) | Certificate::Parted(list) = Certificate::unpack(*place) {
            self.parts.remove(list);
        }
        *place = certificate.pack();
    }

    /// A copy of who is there.
    fn live(&self) -> Result<Held<u64>, Error> {
        let mut live = Held::new(self.parts.budget());
        live.extend_from_slice(self.space.live())?;
        Ok(live)
    }

    /// A copy of who is near to `v`.
    fn row(&self, v: u32) -> Result<Held<u64>, Error> {
        let mut row = Held::new(self.parts.budget());
        row.extend_from_slice(self.space.near(v))?;
        Ok(row)
    }
}
