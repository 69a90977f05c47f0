//! Which critical cell begins a class and which one ends it, with the chains that show it.
//!
//! Two reductions of the Morse complex's boundary matrix, whose columns are few. The first, of boundaries from early to late, pairs the cells; a reduced
//! column is the cycle that its cell ends. The second, of coboundaries from late to early, keeps how each column was combined:
//! that combination is a cochain whose coboundary begins with the cell that ends the class.

use std::collections::BTreeMap;
use std::hash::BuildHasherDefault;

use super::front::{Packed, Spread};
use super::gradient::Gradient;
use crate::memory::{Held, HeldMap, Lease};
use crate::reduction::{Column, Field, add_multiple};
use crate::sorting::sort_slice;
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// What a critical cell does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    /// It ends a class.
    Ends,
    /// It begins a class, which the cell at this place ends, if there is one.
    Begins(Option<u32>),
}

/// Columns that were reduced, and how: a reduced column is its own plus multiples of reduced ones before it.
pub(super) struct Reduced<F: Field> {
    field: F,
    /// By pivot: whose column it is, and the column.
    by_pivot: Vec<Option<(u32, Column<F>)>>,
    /// By owner: the multiples of the reduced columns of others that were added.
    added: Vec<Column<F>>,
    room: Column<F>,
    /// Covers everything here, and the column at work.
    lease: Lease,
    bytes: usize,
}

impl<F: Field> Reduced<F> {
    fn new(field: F, n: usize, control: &Control) -> Result<Self, Error> {
        let bytes = n * (size_of::<Option<(u32, Column<F>)>>() + size_of::<Column<F>>());
        let lease = control.budget().reserve(bytes)?;
        Ok(Self {
            field,
            by_pivot: (0..n).map(|_| None).collect(),
            added: vec![Vec::new(); n],
            room: Vec::new(),
            lease,
            bytes,
        })
    }

    /// Eliminates last rows as long as they are pivots. What is left, and what was added.
    fn reduce(
        &mut self,
        mut column: Column<F>,
        control: &Control,
    ) -> Result<(Column<F>, Column<F>), Error> {
        let (field, mut added) = (self.field, Vec::new());
        while let Some(&(pivot, lead)) = column.last() {
            let Some((owner, other)) = &self.by_pivot[pivot as usize] else {
                break;
            };
            control.tick(1 + other.len() as u32 / 256)?;
            // The column and the scratch space, both of which may double.
            let entries = 4 * (column.len() + other.len()) + 2 * added.len();
            let bytes = entries * size_of::<(u32, F::Element)>();
            self.lease.cover(self.bytes + bytes)?;
            let own_lead = other[other.len() - 1].1;
            let factor = field.negate(field.multiply(lead, field.invert(own_lead)));
            added.push((*owner, factor));
            add_multiple(field, &mut column, factor, other, &mut self.room);
        }
        Ok((column, added))
    }

    /// Reduces the column of `owner` and keeps it; its pivot, if anything is left.
    fn push(
        &mut self,
        owner: u32,
        column: Column<F>,
        control: &Control,
    ) -> Result<Option<u32>, Error> {
        let (column, added) = self.reduce(column, control)?;
        let entries = column.capacity() + added.capacity();
        self.bytes += entries * size_of::<(u32, F::Element)>();
        self.lease.cover(self.bytes)?;
        self.added[owner as usize] = added;
        let Some(&(pivot, _)) = column.last() else {
            return Ok(None);
        };
        self.by_pivot[pivot as usize] = Some((owner, column));
        Ok(Some(pivot))
    }

    /// What the columns were combined of: `column` and everything that was added to it, in terms of the original ones.
    fn combination(&self, start: &[(u32, F::Element)], latest_first: bool) -> Column<F> {
        let mut open: BTreeMap<u32, F::Element> = start.iter().copied().collect();
        let mut combination = Vec::new();
        let next = |open: &mut BTreeMap<_, _>| {
            if latest_first {
                open.pop_last()
            } else {
                open.pop_first()
            }
        };
        while let Some((owner, coefficient)) = next(&mut open) {
            combination.push((owner, coefficient));
            for &(other, factor) in &self.added[owner as usize] {
                let more = self.field.multiply(coefficient, factor);
                let sum = match open.remove(&other) {
                    Some(own) => self.field.add(own, more),
                    None => Some(more),
                };
                open.extend(sum.map(|sum| (other, sum)));
            }
        }
        combination
    }
}

/// The Morse complex, reduced.
pub(super) struct Pairs<'f, F: Field> {
    pub(super) gradient: Gradient<'f, F>,
    pub(super) fates: Held<Fate>,
    /// Of the cells that end a class: their boundaries, end to end, each with the place of its cell.
    boundaries: Held<(u32, u32, F::Element)>,
    reduced: Reduced<F>,
    places: HeldMap<Packed, u32, BuildHasherDefault<Spread>>,
}

impl<'f, F: Field> Pairs<'f, F> {
    pub(super) fn new(
        gradient: Gradient<'f, F>,
        max_dim: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let n = gradient.len();
        let mut pairs = Self {
            fates: Held::with_capacity(control.budget(), n)?,
            boundaries: Held::new(control.budget()),
            reduced: Reduced::new(gradient.field, n, control)?,
            places: HeldMap::new(control.budget()),
            gradient,
        };
        let mut components = UnionFind::new(pairs.gradient.filtration.n(), control)?;
        let mut alive = vec![0usize; max_dim + 2];
        for at in 0..n as u32 {
            control.poll("reduction", at as usize, n)?;
            let cell = pairs.gradient.cell(at);
            let dim = cell.dim();
            pairs.places.insert(pairs.gradient.pack(&cell), at)?;
            let ends = if dim == 1 {
                components.join(cell.vertices()[0], cell.vertices()[1])
            } else {
                // Without a class to end, its column would reduce to zero.
                alive[dim - 1] > 0 && pairs.end_class(at, control)?
            };
            if dim > 1 && ends {
                alive[dim - 1] -= 1;
            }
            alive[dim] += usize::from(!ends);
            let fate = if ends { Fate::Ends } else { Fate::Begins(None) };
            pairs.fates.push(fate)?;
        }
        Ok(pairs)
    }

    /// Reduces the boundary of a cell; whether a class ends with it.
    fn end_class(&mut self, at: u32, control: &Control) -> Result<bool, Error> {
        let column = self.boundary(at, control)?;
        let Some(loser) = self.reduced.push(at, column.clone(), control)? else {
            return Ok(false);
        };
        self.fates[loser as usize] = Fate::Begins(Some(at));
        self.boundaries
            .extend(column.into_iter().map(|(row, c)| (row, at, c)))?;
        Ok(true)
    }

    /// The boundary of a critical cell in terms of critical cells.
    fn boundary(&self, at: u32, control: &Control) -> Result<Column<F>, Error> {
        let terms = self.gradient.boundary(&self.gradient.cell(at), control)?;
        let place = |&(key, c): &(Packed, F::Element)| Some((*self.places.get(&key)?, c));
        let mut column: Column<F> = terms.iter().filter_map(place).collect();
        debug_assert_eq!(column.len(), terms.len(), "facets come before their cell");
        column.sort_unstable_by_key(|&(row, _)| row);
        Ok(column)
    }

    /// The cycle of critical cells that begins with the cell at this place: what its partner ends, or what never ends. The cell itself has
    /// coefficient one.
    pub(super) fn cycle(&mut self, at: u32, control: &Control) -> Result<Column<F>, Error> {
        let field = self.gradient.field;
        if let Some((_, cycle)) = &self.reduced.by_pivot[at as usize] {
            let scale = field.invert(cycle[cycle.len() - 1].1);
            let scaled = cycle
                .iter()
                .map(|&(row, c)| (row, field.multiply(scale, c)));
            return Ok(scaled.collect());
        }
        let column = self.boundary(at, control)?;
        let (rest, added) = self.reduced.reduce(column, control)?;
        debug_assert!(rest.is_empty(), "it begins a class");
        let mut cycle = self.reduced.combination(&added, true);
        cycle.push((at, field.one()));
        Ok(cycle)
    }

    /// For every cell of dimension `dim` that begins a class: the cochain of critical cells that the class's cocycle is, the cell itself with
    /// coefficient one. Shown from the latest cell to the earliest.
    pub(super) fn cocycles(
        &self,
        dim: usize,
        control: &Control,
        mut show: impl FnMut(u32, &[(u32, F::Element)]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let n = self.gradient.len() as u32;
        let begins =
            |at: u32| self.gradient.cell(at).dim() == dim && self.fates[at as usize] != Fate::Ends;
        let mut rows = Held::new(control.budget());
        for &(row, ender, c) in &self.boundaries {
            if begins(row) {
                rows.push((row, ender, c))?;
            }
        }
        // Each row becomes a column whose earliest cell is its last.
        sort_slice(&mut rows, |a, b| (a.0, b.1).cmp(&(b.0, a.1)), control)?;
        let mut reduced = Reduced::new(self.gradient.field, n as usize, control)?;
        for at in (0..n).rev().filter(|&at| begins(at)) {
            control.poll("cocycles", (n - at) as usize, n as usize)?;
            let from = rows.partition_point(|entry| entry.0 < at);
            let to = rows.partition_point(|entry| entry.0 <= at);
            let column = rows[from..to]
                .iter()
                .map(|&(_, ender, c)| (n - 1 - ender, c));
            let pivot = reduced.push(at, column.collect(), control)?;
            let ender = pivot.map(|pivot| n - 1 - pivot);
            debug_assert_eq!(self.fates[at as usize], Fate::Begins(ender), "one pairing");
            let one = self.gradient.field.one();
            show(at, &reduced.combination(&[(at, one)], false))?;
        }
        Ok(())
    }
}
