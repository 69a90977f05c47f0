//! Persistent cohomology of a filtration whose simplices are listed.
//!
//! The coboundaries of the simplices of one dimension are reduced from the last simplex to the first, by their earliest cofacets;
//! those that the dimension below has paired are left out (de Silva, Morozov and Vejdemo-Johansson 2011; Chen and Kerber
//! 2011). A coboundary that needs no reduction, as most do, is not copied.

use super::complex::Level;
use crate::memory::{Held, Lease};
use crate::reduction::{Column, Field, add_multiple};
use crate::sorting::sort_under;
use crate::union_find::UnionFind;
use crate::{Control, Error, Interval};

/// About how many entries are merged in a microsecond.
const ENTRIES_PER_TICK: usize = 256;
/// A row that is nobody's pivot, and a simplex without cofacet.
const NONE: u32 = u32::MAX;

/// The simplices of a level from first to last: by value, then by key.
pub(super) fn order(level: &Level, control: &Control) -> Result<Held<u32>, Error> {
    let mut order = Held::new(control.budget());
    order.extend_in_chunks(level.len(), 0..level.len() as u32, |work| {
        control.tick(work)
    })?;
    let value = |position: u32| level.value(position as usize);
    let compare = |&x: &u32, &y: &u32| value(x).total_cmp(&value(y)).then(x.cmp(&y));
    sort_under(order, compare, control)
}

/// Intervals of dimension 0, and by edge whether it ends one.
pub(super) fn components(
    n_points: usize,
    edges: &Level,
    order: &[u32],
    intervals: &mut Held<Interval>,
    control: &Control,
) -> Result<Held<bool>, Error> {
    let mut sets = UnionFind::new(n_points, control)?;
    let mut is_end = Held::filled(control.budget(), false, edges.len(), |work| {
        control.tick(work)
    })?;
    let mut n_components = n_points;
    for (done, &edge) in order.iter().enumerate() {
        control.poll("components", done, order.len())?;
        let ends = edges.facets(edge as usize);
        if sets.join(ends[0], ends[1]) {
            is_end[edge as usize] = true;
            n_components -= 1;
            intervals.push((0, 0.0, edges.value(edge as usize)))?;
        }
    }
    intervals.extend(std::iter::repeat_n((0, 0.0, f64::INFINITY), n_components))?;
    Ok(is_end)
}

/// The coboundaries of a level: rows are numbered from the last cofacet to the first.
pub(super) struct Coboundaries {
    /// By position: where its entries begin.
    starts: Held<usize>,
    /// Rows in ascending order, each with the parity of the vertex that the cofacet has more in its last bit.
    entries: Held<u32>,
}

impl Coboundaries {
    /// Of `n_facets` simplices in `above`, whose order is given.
    pub(super) fn new(
        n_facets: usize,
        above: &Level,
        order: &[u32],
        control: &Control,
    ) -> Result<Self, Error> {
        let tick = |work| control.tick(work);
        let mut starts = Held::filled(control.budget(), 0, n_facets + 1, tick)?;
        for &simplex in order {
            control.poll("coboundaries", 0, order.len())?;
            for &facet in above.facets(simplex as usize) {
                starts[facet as usize + 1] += 1;
            }
        }
        for at in 1..=n_facets {
            starts[at] += starts[at - 1];
        }
        let mut ends = Held::with_capacity(control.budget(), n_facets)?;
        ends.copy_in_chunks(&starts[..n_facets], tick)?;
        let mut entries = Held::filled(control.budget(), 0, starts[n_facets], tick)?;
        for (row, &simplex) in order.iter().rev().enumerate() {
            control.poll("coboundaries", row, order.len())?;
            for (i, &facet) in above.facets(simplex as usize).iter().enumerate() {
                let end = &mut ends[facet as usize];
                entries[*end] = (row as u32) << 1 | (i as u32 & 1);
                *end += 1;
            }
        }
        Ok(Self { starts, entries })
    }

    fn len(&self, position: u32) -> usize {
        self.starts[position as usize + 1] - self.starts[position as usize]
    }

    /// Replaces `column` by the coboundary of the simplex at `position`.
    fn read<F: Field>(&self, field: F, position: u32, column: &mut Column<F>) {
        let range = self.starts[position as usize]..self.starts[position as usize + 1];
        column.clear();
        let entry = |&entry: &u32| (entry >> 1, field.sign(entry as usize & 1));
        column.extend(self.entries[range].iter().map(entry));
    }

    /// The row of the earliest cofacet.
    fn pivot(&self, position: u32) -> Option<u32> {
        let range = self.starts[position as usize]..self.starts[position as usize + 1];
        self.entries[range].last().map(|entry| entry >> 1)
    }
}

/// Reduced coboundaries by their pivots.
struct Reduced<F: Field> {
    /// By row: the simplex whose coboundary has it as its pivot.
    owners: Held<u32>,
    /// By row: the column in `columns`, [`NONE`] if it is the coboundary as it was.
    places: Held<u32>,
    columns: Held<Column<F>>,
    /// For the columns kept and those that are being added.
    lease: Lease,
    n_bytes_kept: usize,
    n_bytes_scratch: usize,
}

/// Pairs the simplices of `below` that are no ends with those of `above`: appends their intervals, and says which of `above` are ends.
pub(super) fn pair<F: Field>(
    field: F,
    [below, above]: [&Level; 2],
    [order_below, order_above]: [&[u32]; 2],
    is_end: &[bool],
    dim: usize,
    intervals: &mut Held<Interval>,
    control: &Control,
) -> Result<Held<bool>, Error> {
    let coboundaries = Coboundaries::new(below.len(), above, order_above, control)?;
    let tick = |work| control.tick(work);
    let mut reduced = Reduced::<F> {
        owners: Held::filled(control.budget(), NONE, above.len(), tick)?,
        places: Held::filled(control.budget(), NONE, above.len(), tick)?,
        columns: Held::new(control.budget()),
        lease: control.budget().lease(),
        n_bytes_kept: 0,
        n_bytes_scratch: 0,
    };
    let mut is_end_above = Held::filled(control.budget(), false, above.len(), tick)?;
    let mut scratch = Scratch::default();
    let births = order_below
        .iter()
        .rev()
        .filter(|&&simplex| !is_end[simplex as usize]);
    for (done, &birth) in births.enumerate() {
        control.poll("reduction", done, below.len())?;
        let pivot = reduced.push(field, birth, &coboundaries, &mut scratch, control)?;
        let death = pivot.map(|row| order_above[above.len() - 1 - row as usize] as usize);
        if let Some(death) = death {
            is_end_above[death] = true;
        }
        let interval = (
            below.value(birth as usize),
            death.map_or(f64::INFINITY, |d| above.value(d)),
        );
        if interval.0 < interval.1 {
            intervals.push((dim as u8, interval.0, interval.1))?;
        }
    }
    Ok(is_end_above)
}

/// Columns that are being added.
struct Scratch<F: Field> {
    column: Column<F>,
    other: Column<F>,
    room: Column<F>,
}

impl<F: Field> Default for Scratch<F> {
    fn default() -> Self {
        Self {
            column: Vec::new(),
            other: Vec::new(),
            room: Vec::new(),
        }
    }
}

impl<F: Field> Reduced<F> {
    /// Reduces the coboundary of `simplex` and keeps it. Its pivot, or `None` if it vanishes.
    fn push(
        &mut self,
        field: F,
        simplex: u32,
        coboundaries: &Coboundaries,
        scratch: &mut Scratch<F>,
        control: &Control,
    ) -> Result<Option<u32>, Error> {
        let Some(first) = coboundaries.pivot(simplex) else {
            return Ok(None);
        };
        if self.owners[first as usize] == NONE {
            self.owners[first as usize] = simplex;
            return Ok(Some(first));
        }
        let Scratch {
            column,
            other,
            room,
        } = scratch;
        self.cover(coboundaries.len(simplex), [column, other, room])?;
        coboundaries.read(field, simplex, column);
        while let Some(&(pivot, lead)) = column.last() {
            control.tick(1 + (column.len() / ENTRIES_PER_TICK) as u32)?;
            let owner = self.owners[pivot as usize];
            if owner == NONE {
                self.keep(simplex, pivot, column)?;
                return Ok(Some(pivot));
            }
            let place = self.places[pivot as usize];
            let length = match place {
                NONE => coboundaries.len(owner),
                place => self.columns[place as usize].len(),
            };
            self.cover(column.len() + length, [column, other, room])?;
            let earlier = match place {
                NONE => {
                    coboundaries.read(field, owner, other);
                    &*other
                }
                place => &self.columns[place as usize],
            };
            let own_lead = earlier[earlier.len() - 1].1;
            let factor = field.negate(field.multiply(lead, field.invert(own_lead)));
            add_multiple(field, column, factor, earlier, room);
        }
        Ok(None)
    }

    fn keep(&mut self, simplex: u32, pivot: u32, column: &Column<F>) -> Result<(), Error> {
        self.n_bytes_kept += size_of_val(column.as_slice());
        self.lease.cover(self.n_bytes_kept + self.n_bytes_scratch)?;
        self.places[pivot as usize] = self.columns.len() as u32;
        self.owners[pivot as usize] = simplex;
        self.columns.push(column.clone())
    }

    /// Sees to it that `scratch` may grow to `length` entries each.
    fn cover(&mut self, length: usize, scratch: [&Column<F>; 3]) -> Result<(), Error> {
        // A vector that grows doubles, and lives beside the old one for a moment.
        let entries = scratch.map(|column| 3 * column.capacity().max(length));
        let bytes = entries.iter().sum::<usize>() * size_of::<(u32, F::Element)>();
        self.n_bytes_scratch = self.n_bytes_scratch.max(bytes);
        self.lease.cover(self.n_bytes_kept + self.n_bytes_scratch)
    }
}
