//! Exact Wasserstein distance between finite intervals.
//!
//! Rows are the intervals of one diagram, columns those of the other. Each has a price, at most its cost to the diagonal, and no
//! pair costs less than its two prices. A matching whose pairs cost just their prices, and whose other rows and columns are
//! priced at their costs to the diagonal, is a cheapest one: the prices prove it, up to their rounding.
//!
//! Columns start at their least cost and rows bid for them. Each row that finds no place is given one along a shortest
//! augmenting path (Jonker and Volgenant, Computing 38, 1987), which any row on it may end on the diagonal. Then the sides
//! change roles, and each column without a partner, whose price is still below its cost to the diagonal, is given a place in
//! the same way: a partner that was on the diagonal, or the diagonal itself for someone.
//!
//! Costs are computed where they are needed. The kd-tree knows the highest price below each node, so that nothing is looked
//! at that cannot be on a shortest path, and no matrix is stored.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use toposcope_core::{Control, Error};

use super::tree::{Point, Tree};

/// For each row its column in a cheapest matching, `None` for the diagonal. `to_diagonal` is the cost of an interval of this
/// persistence.
pub(super) fn cheapest(
    rows: &[Point],
    columns: &[Point],
    cost: impl Fn(f64, f64) -> f64,
    to_diagonal: impl Fn(f64) -> f64,
    control: &Control,
) -> Result<Vec<Option<usize>>, Error> {
    let mut assignment = Assignment {
        rows: Side::new(rows, &to_diagonal),
        columns: Side::new(columns, &to_diagonal),
        path: Path::new(rows.len().max(columns.len())),
        cost,
        control,
    };
    assignment.price_columns()?;
    let waiting = assignment.bid()?;
    assignment.place(&waiting)?;
    assignment.change_sides();
    let waiting = assignment.underpriced_rows();
    assignment.place(&waiting)?;
    let (rows, columns) = (&assignment.columns, &assignment.rows);
    let mut partners = vec![None; rows.tree.len()];
    for (slot, partner) in rows.partners.iter().enumerate() {
        partners[rows.tree.number(slot)] = partner.map(|slot| columns.tree.number(slot));
    }
    Ok(partners)
}

/// The intervals of one diagram, by slot of their tree, which holds their prices.
struct Side {
    tree: Tree,
    /// The cost to the diagonal.
    to_diagonal: Vec<f64>,
    /// Slots of the other side.
    partners: Vec<Option<usize>>,
}

impl Side {
    fn new(points: &[Point], to_diagonal: impl Fn(f64) -> f64) -> Self {
        let tree = Tree::new(points);
        let cost = |slot| {
            let Point { birth, death } = tree.point(slot);
            to_diagonal(death - birth)
        };
        Self {
            to_diagonal: (0..tree.len()).map(cost).collect(),
            partners: vec![None; tree.len()],
            tree,
        }
    }
}

/// Rows that look for columns. Prices of rows are found when the sides change.
struct Assignment<'a, C> {
    rows: Side,
    columns: Side,
    path: Path,
    cost: C,
    control: &'a Control<'a>,
}

/// How often a row may outbid another, on average. Bids place most rows at a fraction of what a path costs; the rest fight
/// over the same columns, where paths are better.
const BIDS: usize = 4;

impl<C: Fn(f64, f64) -> f64> Assignment<'_, C> {
    /// Gives each column the least of its costs as its price.
    fn price_columns(&mut self) -> Result<(), Error> {
        let mut prices = self.columns.to_diagonal.clone();
        for (slot, price) in prices.iter_mut().enumerate() {
            self.control.poll("wasserstein", 0, self.rows.tree.len())?;
            let from = self.columns.tree.point(slot);
            // Rows have no price yet: 0.
            self.rows.tree.visit(from, *price, &self.cost, |_, cost| {
                *price = price.min(cost);
                *price
            });
        }
        self.columns.tree.set_all_prices(|slot| prices[slot]);
        Ok(())
    }

    /// Lets rows take the column that is best for them and lower its price until the second best is as good. Whom they take
    /// it from bids again. The rows that are left without a place.
    fn bid(&mut self) -> Result<Vec<usize>, Error> {
        let n_rows = self.rows.tree.len();
        let mut waiting: Vec<usize> = (0..n_rows).rev().collect();
        let mut left = Vec::new();
        let mut n_outbid = 0;
        while let Some(row) = waiting.pop() {
            self.control.poll("wasserstein", 0, n_rows)?;
            let (best, value, second) = self.two_best(row);
            let Some(slot) = best else { continue };
            if self.columns.partners[slot].is_some() {
                n_outbid += 1;
                if value == second || n_outbid > BIDS * n_rows {
                    left.push(row);
                    continue;
                }
            }
            let price = self.columns.tree.price(slot) - (second - value);
            self.columns.tree.set_price(slot, price);
            self.rows.partners[row] = Some(slot);
            if let Some(previous) = self.columns.partners[slot].replace(row) {
                self.rows.partners[previous] = None;
                waiting.push(previous);
            }
        }
        Ok(left)
    }

    /// The slot of least value, cost minus price, for a row, `None` for the diagonal; its value; and that of the second.
    fn two_best(&self, row: usize) -> (Option<usize>, f64, f64) {
        let to_diagonal = self.rows.to_diagonal[row];
        let (mut best, mut value, mut second) = (None, to_diagonal, to_diagonal);
        let (from, columns) = (self.rows.tree.point(row), &self.columns.tree);
        columns.visit(from, to_diagonal, &self.cost, |slot, found| {
            if found < value {
                (best, second, value) = (Some(slot), value, found);
            } else if found < second {
                second = found;
            }
            second
        });
        (best, value, second)
    }

    /// Gives the rows a place, one after the other.
    fn place(&mut self, waiting: &[usize]) -> Result<(), Error> {
        for (done, &row) in waiting.iter().enumerate() {
            self.control.poll("wasserstein", done, waiting.len())?;
            let end = self.shortest_path(row)?;
            for &(slot, length, price) in &self.path.settled {
                self.columns
                    .tree
                    .set_price(slot, price - (end.length - length).max(0.0));
            }
            self.shift(row, end.at);
        }
        Ok(())
    }

    /// The nearest place for `row`: a column without a partner, or the diagonal for it or for a row that makes room.
    fn shortest_path(&mut self, row: usize) -> Result<End, Error> {
        self.path.begin();
        let mut end = End {
            length: self.rows.to_diagonal[row],
            at: Place::Diagonal(row),
        };
        self.lengthen(row, 0.0, &mut end);
        while let Some((length, slot)) = self.path.next()
            && length < end.length
            && let Some(owner) = self.columns.partners[slot]
        {
            self.control.tick(1)?;
            let offset = length - self.value(owner, slot);
            self.path
                .settled
                .push((slot, length, self.columns.tree.price(slot)));
            self.columns.tree.remove(slot);
            let to_diagonal = offset + self.rows.to_diagonal[owner];
            if to_diagonal < end.length {
                end = End {
                    length: to_diagonal,
                    at: Place::Diagonal(owner),
                };
            }
            self.lengthen(owner, offset, &mut end);
        }
        Ok(end)
    }

    /// Lengthens by one column the path at whose end `row` has to make room. `offset` is its length, less the value of
    /// what the row has.
    fn lengthen(&mut self, row: usize, offset: f64, end: &mut End) {
        let (path, partners) = (&mut self.path, &self.columns.partners);
        let (from, columns) = (self.rows.tree.point(row), &self.columns.tree);
        columns.visit(from, end.length - offset, &self.cost, |slot, value| {
            let length = offset + value;
            if length < end.length && path.shorten(slot, length, row) {
                if partners[slot].is_none() {
                    *end = End {
                        length,
                        at: Place::Column(slot),
                    };
                } else {
                    path.heap.push(Reverse((Length(length), slot)));
                }
            }
            end.length - offset
        });
    }

    /// Gives each row of the path that begins at `root` the next place on it.
    fn shift(&mut self, root: usize, end: Place) {
        let mut free = match end {
            Place::Column(slot) => Some(slot),
            Place::Diagonal(row) if row == root => None,
            Place::Diagonal(row) => self.rows.partners[row].take(),
        };
        while let Some(slot) = free {
            let row = self.path.parents[slot];
            self.columns.partners[slot] = Some(row);
            free = self.rows.partners[row].replace(slot);
        }
    }

    /// Makes columns of the rows, all of which have a place, and rows of the columns.
    fn change_sides(&mut self) {
        let value = |row| match self.rows.partners[row] {
            Some(slot) => self.value(row, slot),
            None => self.rows.to_diagonal[row],
        };
        let values: Vec<f64> = (0..self.rows.tree.len()).map(value).collect();
        self.rows.tree.set_all_prices(|row| values[row]);
        std::mem::swap(&mut self.rows, &mut self.columns);
    }

    /// Rows on the diagonal that are priced below what it costs them.
    fn underpriced_rows(&self) -> Vec<usize> {
        let rows = &self.rows;
        let is_underpriced = |&row: &usize| {
            rows.partners[row].is_none() && rows.tree.price(row) < rows.to_diagonal[row]
        };
        (0..rows.tree.len()).filter(is_underpriced).collect()
    }

    fn value(&self, row: usize, slot: usize) -> f64 {
        let (x, y) = (self.rows.tree.point(row), self.columns.tree.point(slot));
        (self.cost)(y.birth - x.birth, y.death - x.death) - self.columns.tree.price(slot)
    }
}

/// Where the shortest path known leads.
struct End {
    length: f64,
    at: Place,
}

#[derive(Clone, Copy)]
enum Place {
    Column(usize),
    /// Of this row.
    Diagonal(usize),
}

/// Paths from one row; made once and cleared after each search.
struct Path {
    heap: BinaryHeap<Reverse<(Length, usize)>>,
    /// By slot: the least length of a path to it in the current search.
    lengths: Vec<f64>,
    /// By slot: the row before it on that path.
    parents: Vec<usize>,
    /// The slots whose lengths are not infinite.
    touched: Vec<usize>,
    /// Slot, length and price of the columns that are passed.
    settled: Vec<(usize, f64, f64)>,
}

impl Path {
    fn new(n_columns: usize) -> Self {
        Self {
            heap: BinaryHeap::new(),
            lengths: vec![f64::INFINITY; n_columns],
            parents: vec![0; n_columns],
            touched: Vec::new(),
            settled: Vec::new(),
        }
    }

    fn begin(&mut self) {
        self.heap.clear();
        self.settled.clear();
        for slot in self.touched.drain(..) {
            self.lengths[slot] = f64::INFINITY;
        }
    }

    /// Whether this is the shortest path to `slot` so far.
    fn shorten(&mut self, slot: usize, length: f64, parent: usize) -> bool {
        let known = &mut self.lengths[slot];
        if length >= *known {
            return false;
        }
        if *known == f64::INFINITY {
            self.touched.push(slot);
        }
        *known = length;
        self.parents[slot] = parent;
        true
    }

    /// The nearest column that is not settled.
    fn next(&mut self) -> Option<(f64, usize)> {
        while let Some(Reverse((Length(length), slot))) = self.heap.pop() {
            if length == self.lengths[slot] {
                return Some((length, slot));
            }
        }
        None
    }
}

/// A length, ordered.
#[derive(PartialEq)]
struct Length(f64);

impl Eq for Length {}

impl PartialOrd for Length {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Length {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
