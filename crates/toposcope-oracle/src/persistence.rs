//! Persistence, Betti numbers and ranks of induced maps, each by its definition.

use std::collections::{BTreeMap, HashMap};

use crate::complex::{Complex, Simplex, boundary};
use crate::linear::{Echelon, Row, inverse, relations};

/// The intervals `(dimension, birth, death)` of the Rips filtration up to `max_dim` over Z/p, sorted; zero lengths dropped,
/// `inf` for essential classes. `threshold` is the largest diameter built.
pub fn rips_persistence(
    distances: &[f64],
    n: usize,
    threshold: f64,
    max_dim: usize,
    p: u32,
) -> Vec<(usize, f64, f64)> {
    let vertices: Vec<usize> = (0..n).collect();
    let complex = Complex::rips(distances, n, &vertices, threshold, max_dim + 1);
    sorted_intervals(&complex, max_dim, p)
}

/// The intervals of a complex up to `max_dim` as a diagram has them.
pub(crate) fn sorted_intervals(
    complex: &Complex,
    max_dim: usize,
    p: u32,
) -> Vec<(usize, f64, f64)> {
    let mut intervals = intervals(complex, p);
    intervals.retain(|&(dim, birth, death)| dim <= max_dim && birth < death);
    intervals.sort_by(|a, b| {
        a.0.cmp(&b.0)
            .then(a.1.total_cmp(&b.1))
            .then(a.2.total_cmp(&b.2))
    });
    intervals
}

/// The textbook reduction: columns from left to right, each until its lowest entry is new.
fn intervals(complex: &Complex, p: u32) -> Vec<(usize, f64, f64)> {
    let position: HashMap<&Simplex, usize> = (complex.simplices.iter().enumerate())
        .map(|(at, (_, simplex))| (simplex, at))
        .collect();
    let mut columns: Vec<BTreeMap<usize, u32>> = Vec::new();
    let mut column_with_low: HashMap<usize, usize> = HashMap::new();
    for (_, simplex) in &complex.simplices {
        let facets = boundary(simplex, p).into_iter();
        let mut column: BTreeMap<usize, u32> = facets.map(|(f, c)| (position[&f], c)).collect();
        while let Some((&low, &lead)) = column.last_key_value() {
            let Some(&earlier) = column_with_low.get(&low) else {
                column_with_low.insert(low, columns.len());
                break;
            };
            let factor =
                u64::from(p - lead) * u64::from(inverse(columns[earlier][&low], p)) % u64::from(p);
            for (&at, &c) in &columns[earlier] {
                let sum = u64::from(column.get(&at).copied().unwrap_or(0)) + factor * u64::from(c);
                match (sum % u64::from(p)) as u32 {
                    0 => column.remove(&at),
                    sum => column.insert(at, sum),
                };
            }
        }
        columns.push(column);
    }
    let mut intervals = Vec::new();
    for (at, (birth, simplex)) in complex.simplices.iter().enumerate() {
        if columns[at].is_empty() {
            let death = column_with_low.get(&at).map(|&c| complex.simplices[c].0);
            intervals.push((simplex.len() - 1, *birth, death.unwrap_or(f64::INFINITY)));
        }
    }
    intervals
}

/// Betti numbers in dimensions `0..=max_dim` of the Rips complex at `scale`, over Z/p: from ranks of boundary matrices.
pub fn betti_numbers(
    distances: &[f64],
    n: usize,
    scale: f64,
    max_dim: usize,
    p: u32,
) -> Vec<usize> {
    let vertices: Vec<usize> = (0..n).collect();
    let complex = Complex::rips(distances, n, &vertices, scale, max_dim + 1);
    let rank = |dim: usize| {
        let mut echelon = Echelon::new(p);
        for row in boundary_rows(&complex, dim, &complex, p) {
            echelon.insert(row);
        }
        echelon.rank()
    };
    (0..=max_dim)
        .map(|dim| {
            let below = if dim == 0 { 0 } else { rank(dim) };
            complex.of_dim(dim).len() - below - rank(dim + 1)
        })
        .collect()
}

/// Rank of `H_dim(X at r) → H_dim(Y at s)` over Z/2, for vertex sets `X ⊆ Y` and scales `r <= s`.
pub fn rank_of_inclusion(
    distances: &[f64],
    n: usize,
    source: (&[usize], f64),
    target: (&[usize], f64),
    dim: usize,
) -> usize {
    rank_of_images(distances, n, &[source], target, dim)
}

/// Dimension over Z/2 of the sum of the images of several `H_dim(X_i at r_i)` in `H_dim(Y at s)`: with two sources, the rank
/// of the joint map `[f | g]`.
pub fn rank_of_images(
    distances: &[f64],
    n: usize,
    sources: &[(&[usize], f64)],
    target: (&[usize], f64),
    dim: usize,
) -> usize {
    let p = 2;
    let (vertices, scale) = target;
    let whole = Complex::rips(distances, n, vertices, scale, dim + 1);
    let mut span = Echelon::new(p);
    for row in boundary_rows(&whole, dim + 1, &whole, p) {
        span.insert(row);
    }
    let boundaries = span.rank();
    for &(vertices, scale) in sources {
        let part = Complex::rips(distances, n, vertices, scale, dim);
        for cycle in cycles(&part, dim, p) {
            span.insert(in_coordinates_of(&whole, dim, &cycle));
        }
    }
    span.rank() - boundaries
}

/// A basis of the cycles of one dimension, each as a sum of simplices.
fn cycles(complex: &Complex, dim: usize, p: u32) -> Vec<Vec<(Simplex, u32)>> {
    let simplices = complex.of_dim(dim);
    let rows = if dim == 0 {
        vec![Vec::new(); simplices.len()]
    } else {
        boundary_rows(complex, dim, complex, p)
    };
    let named = |row: Row| simplices.iter().cloned().zip(row).collect();
    relations(&rows, p).into_iter().map(named).collect()
}

/// The boundaries of the `dim`-simplices of `complex`, in the coordinates of the (dim - 1)-simplices of `whole`.
fn boundary_rows(complex: &Complex, dim: usize, whole: &Complex, p: u32) -> Vec<Row> {
    let simplices = complex.of_dim(dim).into_iter();
    simplices
        .map(|s| in_coordinates_of(whole, dim - 1, &boundary(&s, p)))
        .collect()
}

fn in_coordinates_of(whole: &Complex, dim: usize, chain: &[(Simplex, u32)]) -> Row {
    let coefficients: HashMap<&Simplex, u32> = chain.iter().map(|(s, c)| (s, *c)).collect();
    let basis = whole.of_dim(dim);
    let coordinate = |s: &Simplex| coefficients.get(s).copied().unwrap_or(0);
    basis.iter().map(coordinate).collect()
}
