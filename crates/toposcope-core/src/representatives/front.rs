//! A chain that is being cleared, cell by cell, in the order of the filtration or against it.

use std::collections::BinaryHeap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::memory::{HeldMap, Lease, refused_by_system};
use crate::reduction::{Field, TableKey};
use crate::{Control, Error};

/// A packed simplex, of however many vertices.
pub(super) type Packed = u128;

/// Hashes packed simplices, which nobody chooses to collide.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).mixed();
        }
    }
    fn write_u128(&mut self, key: u128) {
        self.0 = key.mixed();
    }
}

/// A rank, or its distance from the last, and a cell: the greatest comes first.
type Place = (u32, Packed);

/// Cells with their coefficients, by the rank of their longest edge.
pub(super) struct Front<F: Field> {
    field: F,
    ascending: bool,
    /// Every cell that has a coefficient is here, and some that have none any more.
    order: BinaryHeap<Place>,
    /// Covers `order`.
    lease: Lease,
    coefficients: HeldMap<Packed, F::Element, BuildHasherDefault<Spread>>,
}

impl<F: Field> Front<F> {
    /// The cell of largest rank first.
    pub(super) fn descending(field: F, control: &Control) -> Self {
        Self::new(field, false, control)
    }

    /// The cell of smallest rank first.
    pub(super) fn ascending(field: F, control: &Control) -> Self {
        Self::new(field, true, control)
    }

    fn new(field: F, ascending: bool, control: &Control) -> Self {
        Self {
            field,
            ascending,
            order: BinaryHeap::new(),
            lease: control.budget().lease(),
            coefficients: HeldMap::new(control.budget()),
        }
    }

    /// Adds `coefficient` to that of a cell.
    pub(super) fn add(
        &mut self,
        rank: u32,
        key: Packed,
        coefficient: F::Element,
    ) -> Result<(), Error> {
        if let Some(own) = self.coefficients.get_mut(&key) {
            match self.field.add(*own, coefficient) {
                Some(sum) => *own = sum,
                None => self.remove(key),
            }
            return Ok(());
        }
        self.make_room()?;
        self.order.push((self.place(rank), key));
        self.coefficients.insert(key, coefficient)?;
        Ok(())
    }

    /// The first cell: its rank, itself, and its coefficient, which it keeps. It does not come again unless it is removed and added.
    pub(super) fn first(&mut self) -> Option<(u32, Packed, F::Element)> {
        loop {
            let (place, key) = self.order.pop()?;
            if let Some(&coefficient) = self.coefficients.get(&key) {
                return Some((self.place(place), key, coefficient));
            }
        }
    }

    pub(super) fn remove(&mut self, key: Packed) {
        self.coefficients.remove(&key);
    }

    /// From rank to place, and from place to rank.
    fn place(&self, rank: u32) -> u32 {
        if self.ascending {
            u32::MAX - rank
        } else {
            rank
        }
    }

    /// Old and new are counted while both live.
    fn make_room(&mut self) -> Result<(), Error> {
        let capacity = self.order.capacity();
        if self.order.len() < capacity {
            return Ok(());
        }
        let more = capacity.max(16);
        self.lease.grow((capacity + more) * size_of::<Place>())?;
        let granted = self.order.try_reserve_exact(more);
        let bytes = self.order.capacity() * size_of::<Place>();
        self.lease.shrink_to(bytes);
        granted.map_err(|_| refused_by_system(2 * bytes))
    }
}
