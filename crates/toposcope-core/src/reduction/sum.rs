//! A column while many others are added to it.

use super::{Column, Field};
use crate::Error;
use crate::memory::{Budget, Held};

/// A sum of columns with a place for every row: adding one entry takes the same time however many there are, and adding a
/// packed column of Z/2 a fraction of that per row.
#[derive(Debug)]
pub(super) struct Sum<F: Field> {
    field: F,
    /// The set of rows that are not zero, in bits.
    rows: Held<u64>,
    /// The set of words of `rows` that may not be empty.
    words: Held<u64>,
    /// Words of `words` from this one on are empty.
    end: usize,
    /// By row, where it is not zero.
    values: Held<F::Value>,
}

impl<F: Field> Sum<F> {
    /// Zero, with no place for any row yet.
    pub(super) fn new(field: F, budget: &Budget) -> Self {
        Self {
            field,
            rows: Held::new(budget),
            words: Held::new(budget),
            end: 0,
            values: Held::new(budget),
        }
    }

    /// Makes place for this many rows.
    pub(super) fn make_room(&mut self, n_rows: usize) -> Result<(), Error> {
        if self.rows.len() * 64 < n_rows {
            let n_words = n_rows.div_ceil(64);
            self.values.resize(n_rows, F::Value::default())?;
            self.words.resize(n_words.div_ceil(64), 0)?;
            self.rows.resize(n_words, 0)?;
        }
        Ok(())
    }

    pub(super) fn add(&mut self, factor: F::Element, column: &[(u32, F::Element)]) {
        for &(row, coefficient) in column {
            let (row, bit) = (row as usize, 1 << (row % 64));
            let term = self.field.multiply(factor, coefficient);
            let word = &mut self.rows[row / 64];
            let value = &mut self.values[row];
            let is_there = *word & bit != 0;
            if self.field.accumulate(value, is_there, term) != is_there {
                *word ^= bit;
            }
            self.words[row / 4096] |= 1 << (row / 64 % 64);
        }
        if let Some((last, _)) = column.last() {
            self.end = self.end.max(*last as usize / 4096 + 1);
        }
    }

    /// Adds a column whose coefficients are all one, over a field where 1 + 1 = 0.
    pub(super) fn add_packed(&mut self, column: &[u64]) {
        for (word, more) in self.rows.iter_mut().zip(column) {
            *word ^= more;
        }
        for (at, words) in column.chunks(64).enumerate() {
            self.words[at] |= u64::MAX >> (64 - words.len());
        }
        self.end = self.end.max(column.len().div_ceil(64));
    }

    /// The last row that is not zero.
    pub(super) fn last(&mut self) -> Option<(u32, F::Element)> {
        while self.end > 0 {
            let words = self.words[self.end - 1];
            if words == 0 {
                self.end -= 1;
                continue;
            }
            let top = 63 - words.leading_zeros() as usize;
            let at = (self.end - 1) * 64 + top;
            let rows = self.rows[at];
            if rows != 0 {
                let row = at * 64 + 63 - rows.leading_zeros() as usize;
                return Some((row as u32, self.field.element(self.values[row])));
            }
            self.words[self.end - 1] ^= 1 << top;
        }
        None
    }

    /// Moves the sum of `n` rows, the last of which is `last`, to a column; zero is left.
    pub(super) fn take(&mut self, last: u32, n: usize) -> Column<F> {
        let mut column = Vec::with_capacity(n);
        for (k, rows) in self.rows[..=last as usize / 64].iter_mut().enumerate() {
            while *rows != 0 {
                let row = k * 64 + rows.trailing_zeros() as usize;
                column.push((row as u32, self.field.element(self.values[row])));
                *rows &= *rows - 1;
            }
        }
        column
    }

    /// The same in bits, over Z/2.
    pub(super) fn take_packed(&mut self, last: u32) -> Vec<u64> {
        let rows = &mut self.rows[..=last as usize / 64];
        let packed = rows.to_vec();
        rows.fill(0);
        packed
    }

    /// How many rows up to `last` are not zero.
    pub(super) fn len(&self, last: u32) -> usize {
        let rows = &self.rows[..=last as usize / 64];
        rows.iter().map(|rows| rows.count_ones() as usize).sum()
    }
}
