//! Degree 1 in space: the reduction of what the two ends leave.
//!
//! Rows are the edges that join no components, columns the triangles that end no void (Edelsbrunner, Letscher, Zomorodian 2002; what is
//! left out is known to be zero, or never a pivot). Most columns are in apparent pairs: such a triangle is its own reduced column, whose pivot is its last
//! edge, and is read off the triangulation whenever it is needed.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::duality::lasting;
use super::edges::Edges;
use super::radii::Radii;
use crate::delaunay::radix::Valued;
use crate::memory::{Held, Lease};
use crate::reduction::Field;
use crate::{Control, Error};

/// Room that the working column starts with.
const FEWEST: usize = 64;

/// Squared radii of birth and death of every loop, where they differ.
pub(super) fn intervals<F: Field>(
    field: F,
    radii: &Radii,
    edges: &Edges,
    joining: &[u32],
    columns: &[Valued],
    control: &Control,
) -> Result<Held<(f64, f64)>, Error> {
    let mut reduction = Reduction::new(field, edges, joining, control)?;
    let mut intervals = Held::new(control.budget());
    for edge in 0..edges.len() as u32 {
        control.poll("loops", 0, columns.len())?;
        if let Some(triangle) = edges.filled_by(edge) {
            intervals.extend(lasting(
                edges.value(edge),
                radii.facet_values[triangle as usize],
            ))?;
        }
    }
    for (at, triangle) in columns.iter().enumerate() {
        control.poll("loops", at, columns.len())?;
        if let Some(edge) = reduction.reduce(triangle.index, control)? {
            intervals.extend(lasting(edges.value(edge), triangle.value))?;
        }
    }
    Ok(intervals)
}

/// What is known of an edge.
#[derive(Debug, Clone, Copy)]
enum Row {
    /// It is the pivot of no column, or of an apparent one.
    Open,
    /// It joins components: it is left out of columns.
    Joins,
    /// It is the pivot of this reduced column.
    Pivot(u32),
}

struct Reduction<'a, F: Field> {
    field: F,
    edges: &'a Edges,
    rows: Held<Row>,
    /// Where the entries of each reduced column begin, and the last end.
    offsets: Held<usize>,
    /// Of the reduced columns, without their pivots, whose coefficients are one.
    entries: Held<(u32, F::Element)>,
    working: Working<F>,
}

impl<'a, F: Field> Reduction<'a, F> {
    fn new(field: F, edges: &'a Edges, joining: &[u32], control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        let mut rows = Held::filled(budget, Row::Open, edges.len(), |work| control.tick(work))?;
        for &edge in joining {
            control.tick(1)?;
            rows[edge as usize] = Row::Joins;
        }
        let mut offsets = Held::new(budget);
        offsets.push(0)?;
        Ok(Self {
            field,
            edges,
            rows,
            offsets,
            entries: Held::new(budget),
            working: Working {
                field,
                heap: BinaryHeap::new(),
                lease: budget.lease(),
            },
        })
    }

    /// Reduces the column of a triangle and keeps it; its pivot.
    fn reduce(&mut self, triangle: u32, control: &Control) -> Result<Option<u32>, Error> {
        self.add_triangle(triangle, self.field.one())?;
        while let Some(Entry { row, coefficient }) = self.working.pop_last() {
            control.tick(1)?;
            if let Row::Pivot(column) = self.rows[row as usize] {
                let factor = self.field.negate(coefficient);
                let ends = [column, column + 1].map(|at| self.offsets[at as usize]);
                let entries = &self.entries[ends[0]..ends[1]];
                self.working.add(factor, entries.iter().copied())?;
            } else if let Some(filling) = self.edges.filled_by(row) {
                // What is subtracted has the pivot as well: it goes back, to cancel.
                let own = self.coefficient(filling, row);
                let factor = self.field.multiply(coefficient, self.field.invert(own));
                self.working.add(self.field.one(), [(row, coefficient)])?;
                self.add_triangle(filling, self.field.negate(factor))?;
            } else {
                self.keep(row, coefficient)?;
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// How an edge stands in the boundary of a triangle.
    fn coefficient(&self, triangle: u32, edge: u32) -> F::Element {
        let sides = self.edges.sides(triangle);
        self.field
            .sign(sides.iter().take_while(|&&side| side != edge).count())
    }

    fn add_triangle(&mut self, triangle: u32, factor: F::Element) -> Result<(), Error> {
        let sides = self.edges.sides(triangle).into_iter().enumerate();
        let rows = &self.rows;
        let field = self.field;
        let open = sides.filter(|&(_, side)| !matches!(rows[side as usize], Row::Joins));
        let signed = open.map(|(position, side)| (side, field.sign(position)));
        self.working.add(factor, signed)
    }

    /// Keeps the working column, whose pivot has been taken out, and empties it.
    fn keep(&mut self, pivot: u32, lead: F::Element) -> Result<(), Error> {
        self.rows[pivot as usize] = Row::Pivot(self.offsets.len() as u32 - 1);
        let scale = self.field.invert(lead);
        while let Some(Entry { row, coefficient }) = self.working.pop_last() {
            self.entries
                .push((row, self.field.multiply(scale, coefficient)))?;
        }
        self.offsets.push(self.entries.len())
    }
}

/// A row with its coefficient; ordered by row alone.
#[derive(Debug, Clone, Copy)]
struct Entry<E> {
    row: u32,
    coefficient: E,
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.row.cmp(&other.row)
    }
}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}
impl<E> Eq for Entry<E> {}

/// A column being reduced: a sum, some rows of which may come several times.
struct Working<F: Field> {
    field: F,
    heap: BinaryHeap<Entry<F::Element>>,
    lease: Lease,
}

impl<F: Field> Working<F> {
    fn add(
        &mut self,
        factor: F::Element,
        entries: impl IntoIterator<Item = (u32, F::Element)>,
    ) -> Result<(), Error> {
        for (row, coefficient) in entries {
            let len = self.heap.len();
            if len == self.heap.capacity() {
                self.lease
                    .cover((len + FEWEST) * 3 * size_of::<Entry<F::Element>>())?;
                self.heap.reserve_exact(len + FEWEST);
            }
            let coefficient = self.field.multiply(factor, coefficient);
            self.heap.push(Entry { row, coefficient });
        }
        Ok(())
    }

    /// Takes the last row out whose coefficients do not cancel.
    fn pop_last(&mut self) -> Option<Entry<F::Element>> {
        while let Some(last) = self.heap.pop() {
            let mut sum = Some(last.coefficient);
            while let Some(same) = self.heap.peek().filter(|other| other.row == last.row) {
                let other = same.coefficient;
                sum = sum.map_or(Some(other), |sum| self.field.add(sum, other));
                self.heap.pop();
            }
            if let Some(coefficient) = sum {
                return Some(Entry {
                    coefficient,
                    ..last
                });
            }
        }
        None
    }
}
