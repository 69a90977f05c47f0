//! The highest dimension, from the dual graph.
//!
//! Look at the complement: from the largest radius down, cells and then the facets between them are taken out of the complex and open to
//! the outside or to each other. A bounded component of the complement is a void; the filtration run backwards, voids are born
//! with cells and merge at facets, the one that was born later ends. So the pairs are those of a spanning forest.
//!
//! A facet that is the last of a cell which is its first cofacet makes a pair with it at once, in any dimension (an *apparent pair*). Most
//! cells are in one, because most circumcentres are not within their cells, and such pairs have one value. Such a cell points through its
//! facet to the neighbour, a later one, and needs no order.

use super::radii::Radii;
use crate::delaunay::radix::{Valued, sort_by_value};
use crate::delaunay::{Facet, Mesh};
use crate::memory::Held;
use crate::{Control, Error};

/// What the dual graph tells.
#[derive(Debug)]
pub(super) struct TopDimension {
    /// Squared radii of birth and death, where they differ.
    pub(super) pairs: Held<(f64, f64)>,
    /// The other facets, ascending: those that end a class of one dimension less. Without the ones that were skipped.
    pub(super) joining: Held<Valued>,
}

impl TopDimension {
    /// `skipped`: facets known to be of the second kind.
    pub(super) fn new<const V: usize>(
        mesh: &Mesh<V>,
        radii: &Radii,
        skipped: impl Fn(u32) -> bool,
        control: &Control,
    ) -> Result<Self, Error> {
        let mut voids = Voids::new(mesh, radii, control)?;
        let mut pairs = Held::new(control.budget());
        let mut facets = Held::new(control.budget());
        let n_facets = radii.facets.len();
        for facet in 0..n_facets as u32 {
            control.poll("voids", facet as usize, n_facets)?;
            let value = radii.facet_values[facet as usize];
            if let Some(cell) = voids.apparent_partner(facet) {
                pairs.extend(lasting(value, radii.cells[cell as usize]))?;
            } else if !skipped(facet) {
                facets.push(Valued {
                    value,
                    index: facet,
                })?;
            }
        }
        sort_by_value(&mut facets, control)?;
        voids.point_through_pairs(control)?;
        let mut joining = Held::new(control.budget());
        for (at, &facet) in facets.iter().rev().enumerate() {
            control.poll("voids", at, facets.len())?;
            match voids.open(facet.index) {
                Some(cell) => pairs.extend(lasting(facet.value, radii.cells[cell as usize]))?,
                None => joining.push(facet)?,
            }
        }
        joining.reverse();
        Ok(Self { pairs, joining })
    }
}

/// An interval, unless its length is zero.
pub(super) fn lasting(birth: f64, death: f64) -> Option<(f64, f64)> {
    (birth < death).then_some((birth, death))
}

/// Components of the complement: each points to the last of its cells, cell by cell, or to the outside.
struct Voids<'a, const V: usize> {
    mesh: &'a Mesh<V>,
    radii: &'a Radii,
    /// The last facet of each cell.
    last: Held<u32>,
    /// For each cell another of its component, later or the outside; itself if it is the last.
    towards: Held<u32>,
}

impl<'a, const V: usize> Voids<'a, V> {
    fn new(mesh: &'a Mesh<V>, radii: &'a Radii, control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        let tick = |work| control.tick(work);
        let mut last = Held::filled(budget, u32::MAX, mesh.len(), tick)?;
        let value = |facet: u32| radii.facet_values[facet as usize];
        for (at, &facet) in (0..).zip(radii.facets.iter()) {
            control.tick(1)?;
            for side in [facet, mesh.across(facet)] {
                if side != Facet::OUTSIDE {
                    let last = &mut last[side.cell() as usize];
                    // Equal values: the later number is the later facet.
                    if *last == u32::MAX || value(*last) <= value(at) {
                        *last = at;
                    }
                }
            }
        }
        Ok(Self {
            mesh,
            radii,
            last,
            towards: Held::new(budget),
        })
    }

    /// The outside, as a number after those of the cells.
    fn outside(&self) -> u32 {
        self.mesh.len() as u32
    }

    /// The cells on both sides of a facet, the earlier one first.
    fn sides(&self, facet: u32) -> (u32, u32) {
        let facet = self.radii.facets[facet as usize];
        let across = self.mesh.across(facet);
        if across == Facet::OUTSIDE {
            return (facet.cell(), self.outside());
        }
        self.in_order(facet.cell(), across.cell())
    }

    fn in_order(&self, a: u32, b: u32) -> (u32, u32) {
        let (low, high) = (a.min(b), a.max(b));
        if high == self.outside() {
            return (low, high);
        }
        let value = |cell: u32| self.radii.cells[cell as usize];
        if value(high) < value(low) {
            (high, low)
        } else {
            (low, high)
        }
    }

    /// The cell that makes an apparent pair with a facet.
    fn apparent_partner(&self, facet: u32) -> Option<u32> {
        let (first, _) = self.sides(facet);
        (self.last[first as usize] == facet).then_some(first)
    }

    fn point_through_pairs(&mut self, control: &Control) -> Result<(), Error> {
        self.towards = Held::with_capacity(control.budget(), self.mesh.len() + 1)?;
        for cell in 0..self.mesh.len() as u32 {
            control.tick(1)?;
            let (first, second) = self.sides(self.last[cell as usize]);
            let towards = if first == cell { second } else { cell };
            self.towards.push(towards)?;
        }
        self.towards.push(self.outside())
    }

    /// Joins the components on both sides of a facet. If they were two, the last cell of the one that ends.
    fn open(&mut self, facet: u32) -> Option<u32> {
        let (a, b) = self.sides(facet);
        let (a, b) = (self.last_of(a), self.last_of(b));
        if a == b {
            return None;
        }
        let (earlier, later) = self.in_order(a, b);
        self.towards[earlier as usize] = later;
        Some(earlier)
    }

    /// The last cell of a component, or the outside. Halves the path to it.
    fn last_of(&mut self, mut cell: u32) -> u32 {
        while self.towards[cell as usize] != cell {
            let next = self.towards[self.towards[cell as usize] as usize];
            self.towards[cell as usize] = next;
            cell = next;
        }
        cell
    }
}
