//! From certificates to loops: who is born, and with which edge each dies.
//!
//! An edge with an empty lune joins two components or gives birth to a loop. Any other edge `ab` amounts to the two shorter edges
//! `aw` and `wb` over a vertex `w` of its lune, and so on down to edges with empty lunes: a sum of births, its *flow*. A lune in `k`
//! parts gives `k - 1` cycles of length four, `a w b v`, each of which is filled from that edge on.
//!
//! Sums are over Z/2, in bits: there are as many as loops are ever born.

use super::certificate::Certificate;
use super::lengths::{Edge, triangle};
use super::lunes::Lunes;
use crate::lune::bits;
use crate::memory::Held;
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// Flow of an edge, as it is kept: nothing known, zero, one of the sums, or a single birth.
const UNKNOWN: u32 = 0;
const ZERO: u32 = 1;
const FIRST_SUM: u32 = 2;
const BIRTH: u32 = 1 << 31;
/// No column has this loop as its youngest.
const NONE: u32 = u32::MAX;

/// The loops of the edges that have been gone through so far.
#[derive(Debug)]
pub(super) struct Flows {
    /// Words of a sum.
    words: usize,
    /// The edges that join components, and those that give birth to loops, ascending.
    pub(super) joining: Held<Edge>,
    pub(super) births: Held<Edge>,
    /// By loop: the edge with which it dies, and the vertex of the triangle that fills it.
    pub(super) deaths: Held<Option<(Edge, u32)>>,
    n_dead: usize,
    /// So long is the longest edge with an empty lune, those beyond the threshold included.
    pub(super) longest_bare: f64,
    threshold: f64,
    /// Edges with lunes in several parts, and lists of these.
    parted: Held<(Edge, u32)>,
    /// By edge, in a strict lower triangle.
    by_edge: Held<u32>,
    sums: Held<u64>,
    /// Reduced columns, and by loop the one whose youngest it is.
    columns: Held<u64>,
    column_of: Held<u32>,
    sum: Held<u64>,
    base: Held<u64>,
    room: Held<u64>,
    stack: Held<(u32, u32)>,
}

fn in_order(x: &Edge, y: &Edge) -> std::cmp::Ordering {
    // Lengths are finite.
    let by_length = x.length.total_cmp(&y.length);
    by_length.then(x.ends.cmp(&y.ends))
}

impl Flows {
    /// Before any lune in several parts.
    pub(super) fn new(lunes: &Lunes, threshold: f64, control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        let n_slots = lunes.space.lengths.n_slots();
        let (mut bare, mut parted) = (Held::new(budget), Held::new(budget));
        lunes.near_edges(|e, certificate| match certificate {
            Certificate::Bare => bare.push(e),
            Certificate::Parted(list) => parted.push((e, list)),
            _ => Ok(()),
        })?;
        bare.sort_unstable_by(in_order);
        let longest_bare = bare.last().map_or(-1.0, |e| e.length);
        bare.retain(|e| e.length <= threshold);
        let mut components = UnionFind::new(n_slots, control)?;
        let n_pairs = n_slots * n_slots.saturating_sub(1) / 2;
        let mut by_edge = Held::filled(budget, UNKNOWN, n_pairs, |work| control.tick(work))?;
        let (mut joining, mut births) = (Held::new(budget), Held::new(budget));
        for e in &bare {
            let joins = components.join(e.ends[0], e.ends[1]);
            by_edge[e.place()] = if joins {
                ZERO
            } else {
                BIRTH | births.len() as u32
            };
            if joins { &mut joining } else { &mut births }.push(*e)?;
        }
        let words = bits::words_for(births.len());
        let zeros = |n| Held::filled(budget, 0, n, |_| Ok(()));
        Ok(Self {
            words,
            deaths: Held::filled(budget, None, births.len(), |_| Ok(()))?,
            n_dead: 0,
            longest_bare,
            threshold,
            parted,
            by_edge,
            sums: Held::new(budget),
            columns: Held::new(budget),
            column_of: Held::filled(budget, NONE, births.len(), |_| Ok(()))?,
            sum: zeros(words)?,
            base: zeros(words)?,
            room: zeros(words)?,
            stack: Held::new(budget),
            joining,
            births,
        })
    }

    pub(super) fn all_dead(&self) -> bool {
        self.n_dead == self.births.len()
    }

    /// Goes through the lunes in several parts, until every loop has died.
    pub(super) fn go_on(&mut self, lunes: &Lunes, control: &Control) -> Result<(), Error> {
        let mut parted = std::mem::replace(&mut self.parted, Held::new(control.budget()));
        parted.retain(|(e, _)| e.length <= self.threshold);
        parted.sort_unstable_by(|x, y| in_order(&x.0, &y.0));
        let mut n_born = 0;
        for &(e, list) in &parted {
            control.tick(1)?;
            while self.births.get(n_born).is_some_and(|b| b.is_before(&e)) {
                n_born += 1;
            }
            if n_born > self.n_dead {
                self.fill(lunes, &e, list, control)?;
            }
            if self.all_dead() {
                break;
            }
        }
        Ok(())
    }

    /// More edges have come into reach since it was `before`.
    pub(super) fn extend(&mut self, lunes: &Lunes, before: f64) -> Result<(), Error> {
        lunes.near_edges(|e, certificate| match certificate {
            Certificate::Parted(list) if before < e.length => self.parted.push((e, list)),
            _ => Ok(()),
        })
    }

    /// Fills the cycles of one lune in several parts.
    fn fill(&mut self, lunes: &Lunes, e: &Edge, list: u32, control: &Control) -> Result<(), Error> {
        let mut vertices = lunes.parts.list(list);
        let Some(first) = vertices.next() else {
            return Ok(());
        };
        self.base.fill(0);
        self.add_sides(lunes, e, first, control)?;
        std::mem::swap(&mut self.base, &mut self.sum);
        for v in vertices {
            self.sum.copy_from_slice(&self.base);
            self.add_sides_to_sum(lunes, e, v, control)?;
            self.reduce(e, v, control)?;
        }
        Ok(())
    }

    /// Makes the sum the flow of the two edges from `v` to the ends of `e`.
    fn add_sides(
        &mut self,
        lunes: &Lunes,
        e: &Edge,
        v: u32,
        control: &Control,
    ) -> Result<(), Error> {
        self.sum.fill(0);
        self.add_sides_to_sum(lunes, e, v, control)
    }

    fn add_sides_to_sum(
        &mut self,
        lunes: &Lunes,
        e: &Edge,
        v: u32,
        control: &Control,
    ) -> Result<(), Error> {
        for end in e.ends {
            self.settle(lunes, end, v, control)?;
            self.add(self.by_edge[triangle(end, v)]);
        }
        Ok(())
    }

    /// Adds a flow to the sum.
    fn add(&mut self, flow: u32) {
        if flow & BIRTH != 0 {
            let birth = (flow & !BIRTH) as usize;
            self.sum[birth / 64] ^= 1 << (birth % 64);
        } else if flow >= FIRST_SUM {
            let at = (flow - FIRST_SUM) as usize * self.words;
            let more = &self.sums[at..at + self.words];
            for (word, more) in self.sum.iter_mut().zip(more) {
                *word ^= more;
            }
        }
    }

    /// Makes the flow of an edge known. With a stack of its own, because chains may be as long as there are edges.
    fn settle(&mut self, lunes: &Lunes, a: u32, b: u32, control: &Control) -> Result<(), Error> {
        self.stack.clear();
        self.stack.push((a, b))?;
        while let Some(&(a, b)) = self.stack.last() {
            let place = triangle(a, b);
            if self.by_edge[place] != UNKNOWN {
                self.stack.pop();
                continue;
            }
            control.tick(1)?;
            let via = match lunes.certificate_between(a, b) {
                Certificate::Spanned(w, _) => Some(w),
                Certificate::Linked(list) | Certificate::Parted(list) => {
                    lunes.parts.list(list).next()
                }
                _ => None,
            };
            debug_assert!(via.is_some(), "edges with an empty lune are known");
            let Some(via) = via else {
                self.by_edge[place] = ZERO;
                continue;
            };
            let (x, y) = (
                self.by_edge[triangle(a, via)],
                self.by_edge[triangle(via, b)],
            );
            if x == UNKNOWN || y == UNKNOWN {
                self.stack.push((a, via))?;
                self.stack.push((via, b))?;
                continue;
            }
            self.by_edge[place] = self.sum_of(x, y)?;
            self.stack.pop();
        }
        Ok(())
    }

    /// The sum of two flows, as it is kept.
    fn sum_of(&mut self, x: u32, y: u32) -> Result<u32, Error> {
        if x == y {
            return Ok(ZERO);
        }
        if x == ZERO || y == ZERO {
            return Ok(x.max(y));
        }
        // The sum may be in use, by whoever wants to know this flow.
        std::mem::swap(&mut self.sum, &mut self.room);
        self.sum.fill(0);
        self.add(x);
        self.add(y);
        let flow = match bits::last(&self.sum) {
            None => ZERO,
            Some(last) if bits::count(&self.sum) == 1 => BIRTH | last as u32,
            Some(_) => {
                self.sums.extend_from_slice(&self.sum)?;
                (self.sums.len() / self.words) as u32 - 1 + FIRST_SUM
            }
        };
        std::mem::swap(&mut self.sum, &mut self.room);
        Ok(flow)
    }

    /// Reduces the sum, and if something is left its youngest loop dies.
    fn reduce(&mut self, e: &Edge, v: u32, control: &Control) -> Result<(), Error> {
        while let Some(youngest) = bits::last(&self.sum) {
            control.tick(1)?;
            let column = self.column_of[youngest];
            if column == NONE {
                self.column_of[youngest] = (self.columns.len() / self.words) as u32;
                self.columns.extend_from_slice(&self.sum)?;
                self.deaths[youngest] = Some((*e, v));
                self.n_dead += 1;
                return Ok(());
            }
            let at = column as usize * self.words;
            // Beyond the youngest there is nothing in either.
            let used = youngest / 64 + 1;
            for (word, more) in self.sum[..used].iter_mut().zip(&self.columns[at..]) {
                *word ^= more;
            }
        }
        Ok(())
    }
}
