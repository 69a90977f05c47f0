//! Gaussian elimination over Z/p on dense rows.

/// A vector over Z/p.
pub(crate) type Row = Vec<u32>;

/// The inverse of `a` modulo the prime `p`, by trying.
pub(crate) fn inverse(a: u32, p: u32) -> u32 {
    (1..p)
        .find(|b| u64::from(a) * u64::from(*b) % u64::from(p) == 1)
        .expect("a prime modulus and a non-zero residue")
}

/// `row += factor * other`.
pub(crate) fn add(row: &mut Row, factor: u32, other: &Row, p: u32) {
    for (x, y) in row.iter_mut().zip(other) {
        *x = ((u64::from(*x) + u64::from(factor) * u64::from(*y)) % u64::from(p)) as u32;
    }
}

/// Rows in echelon form, grown one by one.
pub(crate) struct Echelon {
    rows: Vec<(usize, Row)>,
    p: u32,
}

impl Echelon {
    pub(crate) fn new(p: u32) -> Self {
        let rows = Vec::new();
        Self { rows, p }
    }

    /// Adds `row` to the span; whether it was not in it.
    pub(crate) fn insert(&mut self, mut row: Row) -> bool {
        let p = self.p;
        for (lead, basis) in &self.rows {
            if row[*lead] != 0 {
                let factor = p - row[*lead];
                add(&mut row, factor, basis, p);
            }
        }
        let Some(lead) = row.iter().position(|&x| x != 0) else {
            return false;
        };
        let scale = inverse(row[lead], p);
        for x in &mut row {
            *x = (u64::from(*x) * u64::from(scale) % u64::from(p)) as u32;
        }
        self.rows.push((lead, row));
        true
    }

    pub(crate) fn rank(&self) -> usize {
        self.rows.len()
    }
}

/// A basis of the relations among `rows`: all `x` with `Σ x_i rows_i = 0`.
pub(crate) fn relations(rows: &[Row], p: u32) -> Vec<Row> {
    let width = rows.first().map_or(0, Vec::len);
    let mut reduced: Vec<(usize, Row)> = Vec::new();
    let mut kernel = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        // The row, and beside it which combination of the given rows it is.
        let mut extended = row.clone();
        extended.extend((0..rows.len()).map(|j| u32::from(i == j)));
        for (lead, basis) in &reduced {
            if extended[*lead] != 0 {
                let factor = (p - extended[*lead]) * inverse(basis[*lead], p) % p;
                add(&mut extended, factor, basis, p);
            }
        }
        match extended[..width].iter().position(|&x| x != 0) {
            Some(lead) => reduced.push((lead, extended)),
            None => kernel.push(extended[width..].to_vec()),
        }
    }
    kernel
}
