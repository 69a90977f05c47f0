//! From chains of critical cells to chains of simplices, and back: along the matching of the lunes.
//!
//! Write `s → q` for a matched pair, `s` a facet of `q`. A chain `C` of critical cells is *lifted* by adding such cells `q` until its boundary has
//! no `s` of a pair left: take one, with coefficient `b`; adding `-b [q:s] q` to `C` removes it, and puts other facets of `q` in its place. The
//! matching is acyclic, so this ends. Call `B` the boundary at the end, and read off its critical cells: that is the boundary of `C` in the Morse complex.
//!
//! **If that is zero, so is `B`.** Then `B` consists of cells `q` of pairs `s → q` alone, and `∂B = 0`. Draw an arrow from `q` in `B` to `q'` in `B` if
//! the partner `s` of `q` is a facet of `q'`, `q' ≠ q`. As `∂B = 0` and `s` is in `∂q`, every cell of `B` has an arrow; `B` is finite, so arrows close a cycle,
//! `q_1, q_2, …, q_1`, with each `s_i` a facet of `q_{i+1}`: read backwards, a cycle of the matching, which has none. ∎
//!
//! Cochains are lifted the same way with coboundaries: `δφ` at a cell `q` of a pair is removed by changing `φ` at `s`. The same argument holds with
//! the roles of `s` and `q` exchanged. A lifted chain has critical cells and cells `q` of pairs, a lifted cochain critical cells and cells
//! `s`: they meet in the critical ones alone, and the value of one on the other is what it was before lifting.

use super::front::{Front, Packed};
use crate::filtration::EdgeFiltration;
use crate::lune::{Role, Settlement};
use crate::memory::Held;
use crate::reduction::Field;
use crate::simplex::{Packing, Simplex};
use crate::sorting::sort_slice;
use crate::{Control, Error};

/// The critical cells, and how all others are matched.
pub(super) struct Gradient<'f, F: Field> {
    pub(super) field: F,
    pub(super) filtration: &'f EdgeFiltration,
    packing: Packing<Packed>,
    settlement: Settlement,
}

/// Packed simplices of one dimension with their coefficients, each once, in order.
pub(super) type Terms<F> = Held<(Packed, <F as Field>::Element)>;

impl<'f, F: Field> Gradient<'f, F> {
    pub(super) fn new(
        field: F,
        filtration: &'f EdgeFiltration,
        max_dim: usize,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        Ok(Self {
            field,
            filtration,
            packing: Packing::new(filtration.n(), max_dim)?,
            settlement: Settlement::new(filtration, max_dim, n_threads, control)?,
        })
    }

    /// Number of critical cells of dimension 1 and more.
    pub(super) fn len(&self) -> usize {
        self.settlement.critical().len()
    }

    /// The critical cell at this place of their order.
    pub(super) fn cell(&self, at: u32) -> Simplex {
        self.settlement.critical()[at as usize].cell
    }

    /// The rank of its longest edge.
    pub(super) fn rank(&self, at: u32) -> u32 {
        self.settlement.critical()[at as usize].rank
    }

    pub(super) fn pack(&self, cell: &Simplex) -> Packed {
        self.packing.pack(cell)
    }

    pub(super) fn unpack(&self, key: Packed, dim: usize) -> Simplex {
        self.packing.unpack(key, dim)
    }

    /// The boundary of a critical cell in the Morse complex.
    pub(super) fn boundary(&self, cell: &Simplex, control: &Control) -> Result<Terms<F>, Error> {
        let mut critical = Held::new(control.budget());
        let mut boundary = Front::descending(self.field, control);
        self.add_boundary(&mut boundary, cell, self.field.one())?;
        let mut none = |_, _| Ok(());
        let mut found = |key, coefficient| critical.push((key, coefficient));
        self.descend(
            &mut boundary,
            cell.dim() - 1,
            &mut none,
            &mut found,
            control,
        )?;
        self.collected(critical, control)
    }

    /// Lifts a cycle of critical cells of one dimension to a cycle of simplices.
    pub(super) fn lift_cycle(
        &self,
        dim: usize,
        chain: impl IntoIterator<Item = (Packed, F::Element)>,
        control: &Control,
    ) -> Result<Terms<F>, Error> {
        let mut lifted = Held::new(control.budget());
        let mut boundary = Front::descending(self.field, control);
        for (key, factor) in chain {
            self.add_boundary(&mut boundary, &self.unpack(key, dim), factor)?;
            lifted.push((key, factor))?;
        }
        let mut added = |key, factor| lifted.push((key, factor));
        let mut none = |_, _| Ok(());
        self.descend(&mut boundary, dim - 1, &mut added, &mut none, control)?;
        self.collected(lifted, control)
    }

    /// Clears a boundary of cells of dimension `dim` of everything that a partner above can remove, the latest first. Shows the partners with
    /// the coefficients with which they were added, and the critical cells that are left.
    fn descend(
        &self,
        boundary: &mut Front<F>,
        dim: usize,
        added: &mut dyn FnMut(Packed, F::Element) -> Result<(), Error>,
        critical: &mut dyn FnMut(Packed, F::Element) -> Result<(), Error>,
        control: &Control,
    ) -> Result<(), Error> {
        while let Some((rank, key, coefficient)) = boundary.first() {
            control.tick(1)?;
            let cell = self.unpack(key, dim);
            match self.role(rank, &cell) {
                Role::Toggle(vertex) if !cell.vertices().contains(&vertex) => {
                    let above = cell.with(vertex);
                    let sign = self.field.sign(above.position(vertex));
                    let factor = self.field.negate(self.field.multiply(coefficient, sign));
                    added(self.pack(&above), factor)?;
                    self.add_boundary(boundary, &above, factor)?;
                }
                role => {
                    boundary.remove(key);
                    if role == Role::Critical {
                        critical(key, coefficient)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Lifts a cochain of critical cells of one dimension to one of simplices. Its coboundary is zero among the edges before `end` if theirs is.
    pub(super) fn lift_cocycle(
        &self,
        dim: usize,
        cochain: impl IntoIterator<Item = (Packed, F::Element)>,
        end: Option<u32>,
        control: &Control,
    ) -> Result<Terms<F>, Error> {
        let end = end.unwrap_or(u32::MAX);
        let mut lifted = Held::new(control.budget());
        let mut coboundary = Front::ascending(self.field, control);
        for (key, factor) in cochain {
            if self.add_coboundary(&mut coboundary, &self.unpack(key, dim), factor, end)? {
                lifted.push((key, factor))?;
            }
        }
        while let Some((rank, key, coefficient)) = coboundary.first() {
            control.tick(1)?;
            let cell = self.unpack(key, dim + 1);
            let Some(at) = self.toggled_position(rank, &cell) else {
                coboundary.remove(key);
                continue;
            };
            let below = cell.without(at);
            let factor = self.field.multiply(coefficient, self.field.sign(at));
            let factor = self.field.negate(factor);
            self.add_coboundary(&mut coboundary, &below, factor, end)?;
            lifted.push((self.pack(&below), factor))?;
        }
        self.collected(lifted, control)
    }

    /// Where the vertex stands without which a cell is its partner, if the partner is the smaller of the two.
    fn toggled_position(&self, rank: u32, cell: &Simplex) -> Option<usize> {
        match self.role(rank, cell) {
            Role::Toggle(vertex) => cell.vertices().iter().position(|&v| v == vertex),
            Role::Critical => None,
        }
    }

    fn role(&self, rank: u32, cell: &Simplex) -> Role {
        if cell.dim() == 0 {
            return Role::Critical;
        }
        let ends = self.filtration.ends(rank);
        let others = cell.vertices().iter().copied();
        self.settlement
            .role(rank, &mut others.filter(|v| !ends.contains(v)).collect())
    }

    fn add_boundary(
        &self,
        front: &mut Front<F>,
        cell: &Simplex,
        factor: F::Element,
    ) -> Result<(), Error> {
        for position in 0..cell.vertices().len() {
            let facet = cell.without(position);
            let rank = self.filtration.longest_edge(facet.vertices()).unwrap_or(0);
            let coefficient = self.field.multiply(factor, self.field.sign(position));
            front.add(rank, self.pack(&facet), coefficient)?;
        }
        Ok(())
    }

    /// Adds what the cell is a facet of among the edges before `end`; whether the cell itself is.
    fn add_coboundary(
        &self,
        front: &mut Front<F>,
        cell: &Simplex,
        factor: F::Element,
        end: u32,
    ) -> Result<bool, Error> {
        let own = self.filtration.longest_edge(cell.vertices()).unwrap_or(0);
        if own >= end {
            return Ok(false);
        }
        let mut outcome = Ok(());
        self.filtration
            .visit_common_neighbours(cell.vertices(), end, 0, |w, largest| {
                let sign = self.field.sign(cell.position(w));
                let coefficient = self.field.multiply(factor, sign);
                let key = self.pack(&cell.with(w));
                outcome = front.add(largest.max(own), key, coefficient);
                outcome.is_ok()
            });
        outcome.map(|()| true)
    }

    /// Brings a chain to one term per simplex.
    fn collected(&self, mut terms: Terms<F>, control: &Control) -> Result<Terms<F>, Error> {
        sort_slice(&mut terms, |a, b| a.0.cmp(&b.0), control)?;
        let mut sums: Terms<F> = Held::new(control.budget());
        for group in terms.chunk_by(|a, b| a.0 == b.0) {
            let coefficients = group.iter().map(|&(_, c)| Some(c));
            let add = |a: Option<_>, b: Option<_>| match (a, b) {
                (Some(a), Some(b)) => self.field.add(a, b),
                (a, b) => a.or(b),
            };
            if let Some(sum) = coefficients.fold(None, add) {
                sums.push((group[0].0, sum))?;
            }
        }
        Ok(sums)
    }
}
