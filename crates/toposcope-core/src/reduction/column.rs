//! Sparse columns and the standard reduction.

use super::Field;
use crate::{Control, Error};

/// About how many entries are merged in a microsecond.
const ENTRIES_PER_TICK: u32 = 256;

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

/// Reduced columns, found by their last row: the standard reduction, one column after the other.
#[derive(Debug)]
pub(crate) struct Reduction<F: Field> {
    field: F,
    by_pivot: Vec<Option<Column<F>>>,
    room: Column<F>,
}

impl<F: Field> Reduction<F> {
    pub(crate) fn new(field: F, n_rows: usize) -> Self {
        Self {
            field,
            by_pivot: (0..n_rows).map(|_| None).collect(),
            room: Vec::new(),
        }
    }

    /// Reduces the next column and keeps it. Its pivot, or `None` if it depends on those before.
    pub(crate) fn push(
        &mut self,
        mut column: Column<F>,
        control: &Control,
    ) -> Result<Option<u32>, Error> {
        while let Some(&(pivot, lead)) = column.last() {
            control.tick(1 + column.len() as u32 / ENTRIES_PER_TICK)?;
            let Some(earlier) = &self.by_pivot[pivot as usize] else {
                self.by_pivot[pivot as usize] = Some(column);
                return Ok(Some(pivot));
            };
            Self::cancel(self.field, &mut column, lead, earlier, &mut self.room);
        }
        Ok(None)
    }

    /// Eliminates from `column` every row that is the pivot of a kept column which `counts`: the result is zero exactly if
    /// the column is a combination of those, and depends on its class alone.
    pub(crate) fn normal_form(&mut self, column: &mut Column<F>, counts: impl Fn(u32) -> bool) {
        let mut below = column.len();
        while below > 0 {
            let (row, lead) = column[below - 1];
            let kept = self.by_pivot[row as usize].as_ref();
            if let Some(earlier) = kept.filter(|_| counts(row)) {
                Self::cancel(self.field, column, lead, earlier, &mut self.room);
            }
            // Entries from `row` on are final; those before it may have changed.
            below = column.partition_point(|&(other, _)| other < row);
        }
    }

    fn cancel(
        field: F,
        column: &mut Column<F>,
        lead: F::Element,
        earlier: &Column<F>,
        room: &mut Column<F>,
    ) {
        let own_lead = earlier[earlier.len() - 1].1;
        let factor = field.negate(field.multiply(lead, field.invert(own_lead)));
        add_multiple(field, column, factor, earlier, room);
    }
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
        let mut reduction = Reduction::new(Z2, 3);
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
}
