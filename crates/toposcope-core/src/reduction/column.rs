//! Sparse columns and the standard reduction.

use super::Field;
use super::sum::Sum;
use crate::memory::{Budget, Held, Lease};
use crate::{Control, Error};

/// About how many entries are merged in a microsecond.
const ENTRIES_PER_TICK: u32 = 256;

/// A column with more entries is long.
const LONG: usize = 48;

/// Rows in ascending order with their coefficients.
pub(crate) type Column<F> = Vec<(u32, <F as Field>::Element)>;

/// `target += factor * source`. `room` is scratch space, so that columns are not reallocated one by one.
pub(crate) fn add_multiple<F: Field>(
    field: F,
    target: &mut Column<F>,
    factor: F::Element,
    source: &[(u32, F::Element)],
    room: &mut Column<F>,
) {
    if source.is_empty() {
        return;
    }
    room.clear();
    room.reserve(target.len() + source.len());
    let (mut x, mut y) = (0, 0);
    while x < target.len() && y < source.len() {
        let ((row, mine), (other_row, other)) = (target[x], source[y]);
        if row < other_row {
            room.push((row, mine));
        } else {
            let other = field.multiply(factor, other);
            let sum = if row == other_row {
                field.add(mine, other)
            } else {
                Some(other)
            };
            room.extend(sum.map(|sum| (other_row, sum)));
        }
        x += usize::from(row <= other_row);
        y += usize::from(other_row <= row);
    }
    room.extend_from_slice(&target[x..]);
    let rest = source[y..].iter();
    room.extend(rest.map(|&(row, c)| (row, field.multiply(factor, c))));
    std::mem::swap(target, room);
}

/// Bytes that columns take while one of up to `n` entries is added up by [`add_multiple`]: two of them, the room they are swapped with and
/// a copy, as vectors that double and are moved.
pub(crate) fn bytes_to_add<F: Field>(n: usize) -> usize {
    8 * n * size_of::<(u32, F::Element)>()
}

/// A reduced column, as it is kept.
#[derive(Debug)]
enum Kept<F: Field> {
    Sparse(Column<F>),
    /// The set of its rows in bits, over Z/2.
    Packed(Vec<u64>),
}

/// Reduced columns, found by their last row: the standard reduction, one column after the other.
///
/// Short columns are merged. One that has become long gets a place for every row, and over Z/2 is kept in bits where that is
/// smaller: then adding it takes a hundredth of the time.
#[derive(Debug)]
pub(crate) struct Reduction<F: Field> {
    field: F,
    n_rows: usize,
    by_pivot: Held<Option<Box<Kept<F>>>>,
    sum: Sum<F>,
    /// Covers the columns.
    lease: Lease,
    bytes: usize,
    room: Column<F>,
    /// Covers the column that is reduced.
    scratch: Lease,
}

impl<F: Field> Reduction<F> {
    /// None yet, of up to this many rows.
    pub(crate) fn new(field: F, n_rows: usize, budget: &Budget) -> Self {
        Self {
            field,
            n_rows,
            by_pivot: Held::new(budget),
            sum: Sum::new(field, budget),
            lease: budget.lease(),
            bytes: 0,
            room: Vec::new(),
            scratch: budget.lease(),
        }
    }

    /// Reduces the next column and keeps it. Its pivot, or `None` if it depends on those before.
    pub(crate) fn push(
        &mut self,
        mut column: Column<F>,
        control: &Control,
    ) -> Result<Option<u32>, Error> {
        let mut room = std::mem::take(&mut self.room);
        while let Some(&(pivot, lead)) = column.last().filter(|_| column.len() <= LONG) {
            control.tick(1)?;
            let slot = self.by_pivot.get(pivot as usize);
            match slot.and_then(Option::as_deref) {
                None => {
                    self.room = room;
                    column.shrink_to_fit();
                    self.keep(pivot, Kept::Sparse(column))?;
                    return Ok(Some(pivot));
                }
                Some(Kept::Packed(_)) => break,
                Some(Kept::Sparse(earlier)) => {
                    let n = column.len() + earlier.len();
                    self.scratch.cover(bytes_to_add::<F>(n))?;
                    let factor = cancelling(self.field, lead, earlier);
                    add_multiple(self.field, &mut column, factor, earlier, &mut room);
                }
            }
        }
        self.room = room;
        if column.is_empty() {
            return Ok(None);
        }
        self.push_long(&column, control)
    }

    fn push_long(
        &mut self,
        column: &[(u32, F::Element)],
        control: &Control,
    ) -> Result<Option<u32>, Error> {
        self.sum.make_room(self.n_rows)?;
        self.sum.add(self.field.one(), column);
        while let Some((pivot, lead)) = self.sum.last() {
            let slot = self.by_pivot.get(pivot as usize);
            let Some(earlier) = slot.and_then(Option::as_deref) else {
                let (n, words) = (self.sum.len(pivot), pivot as usize / 64 + 1);
                let packed = F::IS_BINARY && n >= words;
                let bytes = if packed {
                    words * size_of::<u64>()
                } else {
                    n * size_of::<(u32, F::Element)>()
                };
                self.lease.cover(self.bytes + bytes)?;
                let kept = if packed {
                    Kept::Packed(self.sum.take_packed(pivot))
                } else {
                    Kept::Sparse(self.sum.take(pivot, n))
                };
                self.keep(pivot, kept)?;
                return Ok(Some(pivot));
            };
            control.tick(add_kept(self.field, &mut self.sum, lead, earlier))?;
        }
        Ok(None)
    }

    fn kept(&self, pivot: u32) -> Option<&Kept<F>> {
        self.by_pivot.get(pivot as usize)?.as_deref()
    }

    fn keep(&mut self, pivot: u32, column: Kept<F>) -> Result<(), Error> {
        self.bytes += size_of::<Kept<F>>();
        self.bytes += match &column {
            Kept::Sparse(entries) => entries.capacity() * size_of::<(u32, F::Element)>(),
            Kept::Packed(words) => words.capacity() * size_of::<u64>(),
        };
        self.lease.cover(self.bytes)?;
        while self.by_pivot.len() <= pivot as usize {
            self.by_pivot.push(None)?;
        }
        self.by_pivot[pivot as usize] = Some(Box::new(column));
        Ok(())
    }

    /// Eliminates from `column` every row that is the pivot of a kept column which `counts`: the result is zero exactly if
    /// the column is a combination of those, and depends on its class alone.
    pub(crate) fn normal_form(&mut self, column: &mut Column<F>, counts: impl Fn(u32) -> bool) {
        let (field, mut room) = (self.field, std::mem::take(&mut self.room));
        let mut below = column.len();
        while below > 0 {
            let (row, lead) = column[below - 1];
            match self.kept(row).filter(|_| counts(row)) {
                Some(Kept::Sparse(earlier)) => {
                    let factor = cancelling(field, lead, earlier);
                    add_multiple(field, column, factor, earlier, &mut room);
                }
                Some(Kept::Packed(rows)) => {
                    let earlier = unpacked(field, rows);
                    add_multiple(field, column, field.one(), &earlier, &mut room);
                }
                None => {}
            }
            // Entries from `row` on are final; those before it may have changed.
            below = column.partition_point(|&(other, _)| other < row);
        }
        self.room = room;
    }
}

/// The column whose rows these are, over Z/2.
fn unpacked<F: Field>(field: F, rows: &[u64]) -> Column<F> {
    let all = 0..rows.len() * 64;
    let in_rows = all.filter(|row| rows[row / 64] >> (row % 64) & 1 == 1);
    in_rows.map(|row| (row as u32, field.one())).collect()
}

/// Makes the last row of `sum`, which is `lead`, zero by means of a column that ends there; about how many microseconds it took.
fn add_kept<F: Field>(field: F, sum: &mut Sum<F>, lead: F::Element, earlier: &Kept<F>) -> u32 {
    match earlier {
        Kept::Sparse(column) => {
            sum.add(cancelling(field, lead, column), column);
            1 + column.len() as u32 / ENTRIES_PER_TICK
        }
        Kept::Packed(rows) => {
            sum.add_packed(rows);
            1 + rows.len() as u32 / ENTRIES_PER_TICK
        }
    }
}

/// The factor with which the last entry of `column` cancels an entry `lead`.
fn cancelling<F: Field>(field: F, lead: F::Element, column: &[(u32, F::Element)]) -> F::Element {
    let own = column.last().map_or(field.one(), |&(_, own)| own);
    field.negate(field.multiply(lead, field.invert(own)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduction::{Z2, Zp};

    #[test]
    fn multiples_are_added_row_by_row() {
        let field = Zp::new(5);
        let mut column = vec![(0, 1), (2, 3), (7, 4)];
        add_multiple(
            field,
            &mut column,
            2,
            &[(1, 4), (2, 1), (9, 3)],
            &mut Vec::new(),
        );
        assert_eq!(column, [(0, 1), (1, 3), (7, 4), (9, 1)]);
    }

    #[test]
    fn dependent_columns_have_no_pivot() {
        let one = Z2.one();
        let mut reduction = Reduction::new(Z2, 3, &Budget::unlimited());
        let control = Control::none();
        let mut push = |rows: &[u32]| {
            let column = rows.iter().map(|&r| (r, one)).collect();
            reduction.push(column, &control).unwrap()
        };
        assert_eq!(push(&[0, 2]), Some(2));
        assert_eq!(push(&[1, 2]), Some(1));
        assert_eq!(push(&[0, 1]), None);
        let mut column = vec![(2, one)];
        reduction.normal_form(&mut column, |_| true);
        assert_eq!(column, [(0, one)]);
        let mut column = vec![(1, one), (2, one)];
        reduction.normal_form(&mut column, |row| row == 1);
        assert_eq!(column, [(0, one), (2, one)]);
    }

    /// The reduction with nothing but [`add_multiple`].
    fn naive_pivots<F: Field>(field: F, columns: &[Column<F>]) -> Vec<Option<u32>> {
        let mut kept: Vec<Column<F>> = Vec::new();
        let reduce = |column: &Column<F>| {
            let mut column = column.clone();
            while let Some(&(pivot, lead)) = column.last() {
                let Some(earlier) = kept.iter().find(|k| k[k.len() - 1].0 == pivot) else {
                    kept.push(column);
                    return Some(pivot);
                };
                let factor = cancelling(field, lead, earlier);
                add_multiple(field, &mut column, factor, earlier, &mut Vec::new());
            }
            None
        };
        columns.iter().map(reduce).collect()
    }

    fn check_long_columns<F: Field>(field: F, element: impl Fn(u64) -> F::Element) {
        let (n_rows, n_columns, control) = (9000, 160, Control::none());
        let mut seed = 1u64;
        let mut random = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed >> 33
        };
        for share in [2, 30, 2000] {
            let mut columns: Vec<Column<F>> = Vec::new();
            for at in 0..n_columns {
                let rows = (0..n_rows).filter(|&row| row % 50 == 0 || row > 8900);
                let rows: Vec<u32> = rows.filter(|_| random() % share == 0).collect();
                let mut column = rows.iter().map(|&row| (row, element(random()))).collect();
                if at % 3 == 2 {
                    // Depends on others.
                    column = columns[at - 1].clone();
                    let source = columns[at / 2].clone();
                    let factor = element(random());
                    add_multiple(field, &mut column, factor, &source, &mut Vec::new());
                }
                columns.push(column);
            }
            let mut reduction = Reduction::new(field, n_rows as usize, control.budget());
            let pivots = columns.iter().map(|column| {
                let pivot = reduction.push(column.clone(), &control);
                pivot.unwrap()
            });
            let pivots: Vec<Option<u32>> = pivots.collect();
            assert_eq!(pivots, naive_pivots(field, &columns));
            for column in &mut columns {
                reduction.normal_form(column, |_| true);
                assert!(column.is_empty());
            }
        }
    }

    #[test]
    fn long_columns_are_reduced_as_short_ones() {
        check_long_columns(Z2, |_| Z2.one());
        check_long_columns(Zp::new(5), |random| 1 + (random % 4) as u16);
    }
}
