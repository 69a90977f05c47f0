//! The slots of one dimension: arrays side by side, with holes.

use super::account::Account;
use super::simplex::{CriticalSimplex, Role};
use super::thirty_two_bits;
use crate::Error;
use crate::memory::{Budget, Held};

/// All simplices of one dimension, and the holes that others have left. Holes are chained, the youngest first, and filled before any slot is added.
#[derive(Debug)]
pub(super) struct Slots {
    /// Vertices of a simplex.
    stride: usize,
    /// `None` is a hole.
    roles: Held<Option<Role>>,
    /// `stride` for each slot.
    vertices: Held<u64>,
    values: Held<f64>,
    /// Of a simplex, its index in the directory; of a hole, the next one. The last hole has none, and what stands there means nothing.
    links: Held<u32>,
    n_holes: usize,
    /// Means something if there are holes.
    first_hole: u32,
}

impl Slots {
    pub(super) fn new(budget: &Budget, stride: usize) -> Self {
        Self {
            stride,
            roles: Held::new(budget),
            vertices: Held::new(budget),
            values: Held::new(budget),
            links: Held::new(budget),
            n_holes: 0,
            first_hole: 0,
        }
    }

    /// Slots in use, holes included.
    pub(super) fn len(&self) -> usize {
        self.roles.len()
    }

    pub(super) fn n_holes(&self) -> usize {
        self.n_holes
    }

    /// Bytes that the simplices take themselves.
    pub(super) fn live_bytes(&self) -> u64 {
        let per_slot = size_of::<Option<Role>>()
            + self.stride * size_of::<u64>()
            + size_of::<f64>()
            + size_of::<u32>();
        ((self.len() - self.n_holes) * per_slot) as u64
    }

    /// The slot that the next simplex will have, with room for it.
    pub(super) fn reserve(&mut self, account: &mut Account) -> Result<u32, Error> {
        if self.n_holes > 0 {
            return Ok(self.first_hole);
        }
        let slot = thirty_two_bits(self.len())?;
        account.reserve(&mut self.vertices, self.stride)?;
        account.reserve(&mut self.values, 1)?;
        account.reserve(&mut self.links, 1)?;
        account.reserve(&mut self.roles, 1)?;
        Ok(slot)
    }

    /// Puts a simplex into the slot that [`Self::reserve`] has named. Needs no memory, so that it cannot be refused.
    pub(super) fn occupy(
        &mut self,
        slot: u32,
        owner: u32,
        simplex: &CriticalSimplex,
    ) -> Result<(), Error> {
        debug_assert_eq!(simplex.vertices().len(), self.stride);
        let at = slot as usize;
        if at == self.len() {
            self.roles.push(Some(simplex.role()))?;
            self.vertices.extend_from_slice(simplex.vertices())?;
            self.values.push(simplex.value())?;
            self.links.push(owner)?;
        } else {
            debug_assert!(self.n_holes > 0 && slot == self.first_hole);
            self.first_hole = self.links[at];
            self.n_holes -= 1;
            self.roles[at] = Some(simplex.role());
            let vertices = at * self.stride..(at + 1) * self.stride;
            self.vertices[vertices].copy_from_slice(simplex.vertices());
            self.values[at] = simplex.value();
            self.links[at] = owner;
        }
        Ok(())
    }

    /// The simplex in a slot, if it is not a hole.
    pub(super) fn read(&self, slot: u32) -> Option<CriticalSimplex> {
        let at = slot as usize;
        let role = (*self.roles.get(at)?)?;
        let vertices = &self.vertices[at * self.stride..(at + 1) * self.stride];
        let value = self.values[at];
        Some(CriticalSimplex::from_slot(role, vertices, value))
    }

    /// Takes the simplex out of a slot, which becomes a hole.
    pub(super) fn vacate(&mut self, slot: u32) -> Option<CriticalSimplex> {
        let simplex = self.read(slot)?;
        self.roles[slot as usize] = None;
        self.links[slot as usize] = self.first_hole;
        self.first_hole = slot;
        self.n_holes += 1;
        Some(simplex)
    }

    /// The simplices with the indices that own them, in the order of their slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, CriticalSimplex)> + '_ {
        let slots = 0..self.len() as u32;
        slots
            .zip(&self.links)
            .filter_map(|(slot, &owner)| Some((owner, self.read(slot)?)))
    }

    /// Closes the holes: simplices move down and keep their order. `moved` learns the new slot of every owner whose simplex did.
    pub(super) fn compact(&mut self, mut moved: impl FnMut(u32, u32)) {
        if self.n_holes == 0 {
            return;
        }
        let mut to = 0;
        for from in 0..self.len() {
            if self.roles[from].is_none() {
                continue;
            }
            if to < from {
                self.roles[to] = self.roles[from];
                let vertices = from * self.stride..(from + 1) * self.stride;
                self.vertices.copy_within(vertices, to * self.stride);
                self.values[to] = self.values[from];
                self.links[to] = self.links[from];
                moved(self.links[to], to as u32);
            }
            to += 1;
        }
        self.truncate(to);
    }

    pub(super) fn clear(&mut self) {
        self.truncate(0);
    }

    /// Nothing is left behind the first `len` slots, and no hole before.
    fn truncate(&mut self, len: usize) {
        self.roles.truncate(len);
        self.vertices.truncate(len * self.stride);
        self.values.truncate(len);
        self.links.truncate(len);
        self.n_holes = 0;
    }

    pub(super) fn give_back(&mut self, account: &mut Account) {
        account.give_back(&mut self.vertices);
        account.give_back(&mut self.values);
        account.give_back(&mut self.links);
        account.give_back(&mut self.roles);
    }
}
