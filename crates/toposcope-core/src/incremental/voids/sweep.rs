//! One pass over the edges in filtration order: whose certificate stands, and what becomes of the others.

use super::certificate::{Certificate, Core, Kind, Step};
use super::matching::Matching;
use super::order::Order;
use super::rows::Rows;
use crate::lune::bits;
use crate::memory::{Budget, Held};
use crate::{Control, Error};

use super::super::lengths::triangle;

/// An edge that is not in the filtration has this rank.
pub(super) const ABSENT: u32 = u32::MAX;
/// No vertex.
pub(super) const NOBODY: u32 = u32::MAX;

/// A critical cell: an edge, by rank, and up to two vertices of its lune.
#[derive(Debug, Clone, Copy)]
pub(super) struct Critical {
    pub(super) rank: u32,
    pub(super) others: [u32; 2],
}

/// What an update has changed, and where it is.
pub(super) struct Sweep<'a> {
    pub(super) rows: &'a mut Rows,
    pub(super) matching: &'a mut Matching,
    /// The cores before, whose places in `matching` those after take.
    pub(super) before: Held<u32>,
    /// By pair of slots: ranks before, wherever the sweep has not been; behind it those after.
    pub(super) ranks: &'a mut [u32],
    gone: &'a [u64],
    newcomers: Held<Newcomers>,
    some_gone: bool,
    /// Who is gone from the lune, once that has been asked.
    left: Held<u32>,
    is_left_known: bool,
    pub(super) critical: Held<Critical>,
}

/// A word of the set of newcomers that is not empty.
#[derive(Debug, Clone, Copy)]
struct Newcomers {
    at: usize,
    all: u64,
    /// Those in the lune, as far as its apex reaches them, and beyond.
    near: u64,
    far: u64,
}

/// The certificate of an edge.
type Outcome = Result<Certificate, Error>;

impl<'a> Sweep<'a> {
    pub(super) fn new(
        (rows, matching, ranks): (&'a mut Rows, &'a mut Matching, &'a mut [u32]),
        (newcomers, gone): (&'a [u64], &'a [u64]),
        budget: &Budget,
    ) -> Result<Self, Error> {
        rows.clear();
        let words = newcomers.iter().enumerate().filter(|(_, all)| **all != 0);
        let mut newcomers = Held::new(budget);
        newcomers.extend(words.map(|(at, &all)| Newcomers {
            at,
            all,
            near: 0,
            far: 0,
        }))?;
        let after = Held::with_capacity(budget, matching.cores.len())?;
        Ok(Self {
            before: std::mem::replace(&mut matching.cores, after),
            rows,
            matching,
            ranks,
            newcomers,
            gone,
            some_gone: !bits::is_empty(gone),
            left: Held::new(budget),
            is_left_known: false,
            critical: Held::new(budget),
        })
    }

    /// Passes over the edges, up to the one with which some vertex is adjacent to all others: beyond, the complex is a cone. How many edges
    /// that are.
    pub(super) fn pass(
        &mut self,
        order: &mut Order,
        n_live: usize,
        control: &Control,
    ) -> Result<usize, Error> {
        let mut degrees = Held::filled(control.budget(), 0, self.rows.words() * 64, |_| Ok(()))?;
        let n_others = n_live.saturating_sub(1);
        for (rank, entry) in order.entries_mut().iter_mut().enumerate() {
            if rank % 64 == 0 {
                control.tick(8)?;
            }
            let [a, b] = entry.ends();
            let place = triangle(a, b);
            let old_rank = std::mem::replace(&mut self.ranks[place], rank as u32);
            let certificate = self.decide([a, b], entry.certificate(), old_rank)?;
            entry.certify(certificate);
            self.note(rank as u32, certificate)?;
            self.rows.pass([a, b]);
            let mut is_cone = false;
            for v in [a, b] {
                degrees[v as usize] += 1;
                is_cone |= degrees[v as usize] == n_others;
            }
            if is_cone {
                return Ok(rank + 1);
            }
        }
        Ok(order.len())
    }

    /// What is known of the lune of the edge at which the sweep stands.
    #[inline(always)]
    fn decide(&mut self, ends: [u32; 2], known: Certificate, old_rank: u32) -> Outcome {
        match known {
            Certificate::Unknown => self.settle(ends),
            Certificate::Bare => {
                if self.let_in(ends) {
                    return self.settle(ends);
                }
                Ok(known)
            }
            Certificate::Cone(z) => {
                if bits::contains(self.gone, z as usize) {
                    return self.settle(ends);
                }
                if !self.let_in(ends) || !self.tell_far(z) {
                    return Ok(known);
                }
                self.widen(ends, z)
            }
            Certificate::Core(at) => self.revise(ends, at, old_rank),
        }
    }

    /// Finds the newcomers in the lune; whether there are any.
    #[inline(always)]
    fn let_in(&mut self, [a, b]: [u32; 2]) -> bool {
        let (of_a, of_b) = (self.rows.row(a), self.rows.row(b));
        let mut any = 0;
        for word in &mut *self.newcomers {
            word.near = of_a[word.at] & of_b[word.at] & word.all;
            word.far = 0;
            any |= word.near;
        }
        any != 0
    }

    /// Tells those of them apart that the apex does not reach; whether there are any.
    #[inline(always)]
    fn tell_far(&mut self, apex: u32) -> bool {
        let of_apex = self.rows.row(apex);
        let mut any = 0;
        for word in &mut *self.newcomers {
            word.far = word.near & !of_apex[word.at];
            word.near ^= word.far;
            any |= word.far;
        }
        any != 0
    }

    /// Finds out about a lune.
    fn settle(&mut self, ends: [u32; 2]) -> Outcome {
        if !self.matching.open(self.rows, ends) {
            return Ok(Certificate::Bare);
        }
        if let Some(z) = self.matching.dominator(self.rows, start_of(ends)) {
            return Ok(Certificate::Cone(z));
        }
        let start = self.matching.build(self.rows)?;
        self.matching.finish(start)?;
        Ok(Certificate::Core(start as u32))
    }

    /// A cone that some newcomers do not fit into: another one, or a core in which they go first and leave nothing alone.
    fn widen(&mut self, ends: [u32; 2], apex: u32) -> Outcome {
        self.matching.open(self.rows, ends);
        if let Some(z) = self.matching.dominator(self.rows, start_of(ends)) {
            return Ok(Certificate::Cone(z));
        }
        let start = self.matching.begin(apex)?;
        self.remove_far()?;
        if self.matching.finish(start)? > 0 {
            return self.build_anew(ends, start);
        }
        Ok(Certificate::Core(start as u32))
    }

    /// Removes the newcomers that the apex does not reach.
    fn remove_far(&mut self) -> Result<(), Error> {
        for word in &self.newcomers {
            let mut far = word.far;
            while far != 0 {
                let v = word.at * 64 + far.trailing_zeros() as usize;
                far &= far - 1;
                bits::remove(&mut self.matching.alive, v);
                self.matching.remove(self.rows, v as u32)?;
            }
        }
        Ok(())
    }

    /// Another core, in place of the one that begins at `start`.
    fn build_anew(&mut self, ends: [u32; 2], start: usize) -> Outcome {
        self.matching.cores.truncate(start);
        self.matching.open(self.rows, ends);
        let start = self.matching.build(self.rows)?;
        self.matching.finish(start)?;
        Ok(Certificate::Core(start as u32))
    }

    /// What a core is now.
    fn revise(&mut self, ends: [u32; 2], at: u32, old_rank: u32) -> Outcome {
        let before = std::mem::replace(&mut self.before, Held::new(self.critical.budget()));
        let outcome = self.revised(ends, Core::at(&before, at), old_rank);
        self.before = before;
        outcome
    }

    fn revised(&mut self, ends: [u32; 2], core: Core, old_rank: u32) -> Outcome {
        if bits::contains(self.gone, core.apex as usize) {
            return self.settle(ends);
        }
        let entered = self.let_in(ends);
        let some_far = entered && self.tell_far(core.apex);
        self.is_left_known = false;
        if !some_far && self.all_stand(core, ends, entered, old_rank)? {
            let start = self.matching.keep(core)?;
            return Ok(Certificate::Core(start as u32));
        }
        let start = self.matching.begin(core.apex)?;
        self.matching.open(self.rows, ends);
        if some_far {
            self.remove_far()?;
        }
        let mut stood = false;
        for step in core.steps() {
            if step.kind == Kind::Piece {
                if stood {
                    self.matching.cores.push(step.pack())?;
                }
                continue;
            }
            if bits::contains(self.gone, step.vertex as usize) {
                stood = false;
                continue;
            }
            bits::remove(&mut self.matching.alive, step.vertex as usize);
            stood = self.stands(step, ends, entered, old_rank)?
                || step.kind == Kind::Linked
                    && self.matching.is_linked(self.rows, step.vertex, step.other);
            if stood {
                self.matching.cores.push(step.pack())?;
            } else {
                self.matching.remove(self.rows, step.vertex)?;
            }
        }
        if self.matching.is_empty_since(start) {
            self.matching.cores.truncate(start);
            return Ok(Certificate::Cone(core.apex));
        }
        if self.matching.finish(start)? > core.n_critical as usize {
            self.matching.cores.truncate(start);
            return self.settle(ends);
        }
        Ok(Certificate::Core(start as u32))
    }

    /// Whether a vertex of a link is gone: that of `vertex`, which is in the lune.
    fn has_left(&mut self, [a, b]: [u32; 2], vertex: u32, old_rank: u32) -> Result<bool, Error> {
        if !self.is_left_known {
            self.is_left_known = true;
            self.left.clear();
            for g in bits::ones(self.gone).map(|g| g as u32) {
                let farther = self.ranks[triangle(a, g)].max(self.ranks[triangle(b, g)]);
                if farther < old_rank {
                    self.left.push(g)?;
                }
            }
        }
        let mut left = self.left.iter();
        Ok(left.any(|&g| self.ranks[triangle(g, vertex)] < old_rank))
    }

    #[inline(always)]
    fn all_stand(
        &mut self,
        core: Core,
        ends: [u32; 2],
        entered: bool,
        old_rank: u32,
    ) -> Result<bool, Error> {
        if !entered && !self.some_gone {
            return Ok(true);
        }
        for step in core.steps() {
            let is_gone = bits::contains(self.gone, step.vertex as usize);
            if is_gone || !self.stands(step, ends, entered, old_rank)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a step says the truth still. A cone is one without any vertex but its apex, and with whoever is adjacent to it; other links
    /// have to be as they were.
    #[inline(always)]
    fn stands(
        &mut self,
        step: Step,
        ends: [u32; 2],
        entered: bool,
        old_rank: u32,
    ) -> Result<bool, Error> {
        let Step {
            kind,
            vertex,
            other,
        } = step;
        let is_cone = kind == Kind::Dominated;
        let of_vertex = self.rows.row(vertex);
        if entered {
            let of_other = self.rows.row(other);
            let mut doubt = 0;
            for word in &self.newcomers {
                let new_in_link = word.near & of_vertex[word.at];
                doubt |= if is_cone {
                    new_in_link & !of_other[word.at]
                } else {
                    new_in_link
                };
            }
            if doubt != 0 {
                return Ok(false);
            }
        }
        if is_cone {
            return Ok(!bits::contains(self.gone, other as usize));
        }
        Ok(!(self.some_gone && self.has_left(ends, vertex, old_rank)?))
    }

    /// Notes the critical cells of an edge, triangles before tetrahedra.
    #[inline(always)]
    fn note(&mut self, rank: u32, certificate: Certificate) -> Result<(), Error> {
        match certificate {
            Certificate::Bare => self.critical.push(Critical {
                rank,
                others: [NOBODY; 2],
            }),
            Certificate::Core(at) => {
                let core = Core::at(&self.matching.cores, at);
                if core.n_critical == 0 {
                    return Ok(());
                }
                for kind in [Kind::Alone, Kind::Piece] {
                    for step in core.steps().filter(|step| step.kind == kind) {
                        let other = match kind {
                            Kind::Piece => step.other,
                            _ => NOBODY,
                        };
                        let others = [step.vertex, other];
                        self.critical.push(Critical { rank, others })?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Where to begin to look for a dominator of an edge's lune.
fn start_of([a, b]: [u32; 2]) -> usize {
    (a.wrapping_mul(0x9e37_79b1) ^ b.wrapping_mul(0x85eb_ca6b)) as usize >> 8
}
