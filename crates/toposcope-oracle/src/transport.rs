//! Distances between diagrams by definition: every matching there is, or the Hungarian method on the full matrix.

/// `order` from 1 to infinity, `ground` the `p` of the norm `L_p`; both `f64::INFINITY` for the bottleneck distance.
#[derive(Debug, Clone, Copy)]
pub struct Exponents {
    /// Of the sum over a matching.
    pub order: f64,
    /// Of the norm of the plane.
    pub ground: f64,
}

impl Exponents {
    /// The length of the segment between two intervals.
    pub fn between(self, x: (f64, f64), y: (f64, f64)) -> f64 {
        let (births, deaths) = ((x.0 - y.0).abs(), (x.1 - y.1).abs());
        if births.is_nan() || deaths.is_nan() {
            // Both essential: `inf - inf`.
            return births;
        }
        combine(&[births, deaths], self.ground)
    }

    /// The length of the segment to the diagonal, at the middle of the interval.
    pub fn to_diagonal(self, x: (f64, f64)) -> f64 {
        let half = (x.1 - x.0) / 2.0;
        combine(&[half, half], self.ground)
    }
}

/// The norm `L_p` of a vector.
fn combine(lengths: &[f64], p: f64) -> f64 {
    if p.is_infinite() {
        return lengths.iter().copied().fold(0.0, f64::max);
    }
    lengths.iter().map(|x| x.powf(p)).sum::<f64>().powf(1.0 / p)
}

/// The length of a matching: for each interval of `a` its partner in `b`, `None` for the diagonal.
///
/// # Panics
/// If two have the same partner, or the partners do not fit the diagrams.
pub fn matching_length(
    a: &[(f64, f64)],
    b: &[(f64, f64)],
    partners: &[Option<usize>],
    exponents: Exponents,
) -> f64 {
    assert_eq!(partners.len(), a.len());
    let mut is_taken = vec![false; b.len()];
    let mut lengths = Vec::new();
    for (&x, &partner) in a.iter().zip(partners) {
        let Some(partner) = partner else {
            lengths.push(exponents.to_diagonal(x));
            continue;
        };
        assert!(!is_taken[partner], "{partner} is taken twice");
        is_taken[partner] = true;
        lengths.push(exponents.between(x, b[partner]));
    }
    let left = b.iter().zip(&is_taken).filter(|(_, taken)| !**taken);
    lengths.extend(left.map(|(&y, _)| exponents.to_diagonal(y)));
    combine(&lengths, exponents.order)
}

/// The least length over all matchings, each looked at; essential intervals are at infinite distance from the diagonal.
pub fn distance_by_force(a: &[(f64, f64)], b: &[(f64, f64)], exponents: Exponents) -> f64 {
    fn extend(
        a: &[(f64, f64)],
        b: &[(f64, f64)],
        partners: &mut Vec<Option<usize>>,
        exponents: Exponents,
    ) -> f64 {
        if partners.len() == a.len() {
            return matching_length(a, b, partners, exponents);
        }
        let choices = (0..b.len()).map(Some).chain([None]);
        let mut least = f64::INFINITY;
        for choice in choices
            .filter(|c| c.is_none() || !partners.contains(c))
            .collect::<Vec<_>>()
        {
            partners.push(choice);
            least = least.min(extend(a, b, partners, exponents));
            partners.pop();
        }
        least
    }
    extend(a, b, &mut Vec::new(), exponents)
}

/// The Wasserstein distance of a finite order between finite intervals, from the full square matrix of `a` and a place on the
/// diagonal for each of `b` against `b` and a place for each of `a`.
pub fn wasserstein_distance(a: &[(f64, f64)], b: &[(f64, f64)], exponents: Exponents) -> f64 {
    let (n, size) = (a.len(), a.len() + b.len());
    let cost = |i: usize, j: usize| match (a.get(i), b.get(j)) {
        (Some(&x), Some(&y)) => exponents.between(x, y).powf(exponents.order),
        (Some(&x), None) => exponents.to_diagonal(x).powf(exponents.order),
        (None, Some(&y)) => exponents.to_diagonal(y).powf(exponents.order),
        (None, None) => 0.0,
    };
    let columns = hungarian(size, cost);
    let partners: Vec<Option<usize>> = (0..n)
        .map(|i| Some(columns[i]).filter(|&j| j < b.len()))
        .collect();
    matching_length(a, b, &partners, exponents)
}

/// The column of each row in a cheapest assignment: the Hungarian method with potentials, one row after the other.
fn hungarian(size: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let (mut row_potential, mut column_potential) = (vec![0.0; size], vec![0.0; size + 1]);
    // Column `size` stands for the row that is being placed.
    let mut row_of = vec![None; size + 1];
    for row in 0..size {
        row_of[size] = Some(row);
        let (mut least, mut before) = (vec![f64::INFINITY; size], vec![size; size]);
        let mut is_used = vec![false; size + 1];
        let mut column = size;
        while let Some(i) = row_of[column] {
            is_used[column] = true;
            let (mut delta, mut next) = (f64::INFINITY, size);
            for j in (0..size).filter(|&j| !is_used[j]) {
                let reduced: f64 = cost(i, j) - row_potential[i] - column_potential[j];
                if reduced < least[j] {
                    (least[j], before[j]) = (reduced, column);
                }
                if least[j] < delta {
                    (delta, next) = (least[j], j);
                }
            }
            for j in 0..=size {
                if is_used[j] {
                    column_potential[j] -= delta;
                    let Some(i) = row_of[j] else { continue };
                    row_potential[i] += delta;
                } else {
                    least[j] -= delta;
                }
            }
            column = next;
        }
        while column != size {
            row_of[column] = row_of[before[column]];
            column = before[column];
        }
    }
    let mut columns = vec![0; size];
    for (column, row) in row_of[..size].iter().enumerate() {
        if let Some(row) = *row {
            columns[row] = column;
        }
    }
    columns
}
