//! Chains and cochains, term by term.

use std::collections::BTreeMap;

use crate::complex::{Complex, boundary};
use crate::linear::{Echelon, Row};

/// Simplices of one dimension, by their vertices in ascending order, with coefficients from 1 to p - 1.
pub type Chain = BTreeMap<Vec<usize>, u32>;

/// The boundary of a chain.
pub fn boundary_of(chain: &Chain, p: u32) -> Chain {
    let mut sum = Chain::new();
    for (simplex, &coefficient) in chain {
        for (facet, sign) in boundary(simplex, p) {
            add(&mut sum, facet, product(coefficient, sign, p), p);
        }
    }
    sum
}

/// The coboundary of a cochain in a complex.
pub fn coboundary_of(cochain: &Chain, complex: &Complex, p: u32) -> Chain {
    let mut sum = Chain::new();
    for (_, simplex) in &complex.simplices {
        for (facet, sign) in boundary(simplex, p) {
            if let Some(&coefficient) = cochain.get(&facet) {
                add(&mut sum, simplex.clone(), product(coefficient, sign, p), p);
            }
        }
    }
    sum
}

/// The value of a cochain on a chain.
pub fn value_on(cochain: &Chain, chain: &Chain, p: u32) -> u32 {
    let common = chain
        .iter()
        .filter_map(|(s, &c)| Some((c, *cochain.get(s)?)));
    common.fold(0, |sum, (a, b)| (sum + product(a, b, p)) % p)
}

/// Whether a cycle is the boundary of a chain in a complex that contains it.
pub fn is_boundary(cycle: &Chain, complex: &Complex, p: u32) -> bool {
    !are_independent(&[cycle], complex, p)
}

/// Whether no combination of some cycles of one dimension is a boundary in a complex that contains them.
///
/// # Panics
/// If a cycle has a simplex that is not in the complex.
pub fn are_independent(cycles: &[&Chain], complex: &Complex, p: u32) -> bool {
    let Some(first) = cycles.iter().find_map(|cycle| cycle.keys().next()) else {
        return cycles.is_empty();
    };
    let dim = first.len() - 1;
    let columns = complex.of_dim(dim);
    let dense = |chain: &Chain| -> Row {
        let known = columns.iter().filter(|s| chain.contains_key(*s)).count();
        assert_eq!(known, chain.len(), "a chain of the complex");
        let coefficient = |s| chain.get(s).copied().unwrap_or(0);
        columns.iter().map(coefficient).collect()
    };
    let mut boundaries = Echelon::new(p);
    for simplex in complex.of_dim(dim + 1) {
        boundaries.insert(dense(&boundary(&simplex, p).into_iter().collect()));
    }
    cycles.iter().all(|cycle| boundaries.insert(dense(cycle)))
}

/// The largest distance between two vertices of a simplex.
pub fn diameter(simplex: &[usize], distances: &[f64], n: usize) -> f64 {
    let pairs = simplex
        .iter()
        .flat_map(|&i| simplex.iter().map(move |&j| (i, j)));
    pairs.map(|(i, j)| distances[i * n + j]).fold(0.0, f64::max)
}

fn add(chain: &mut Chain, simplex: Vec<usize>, coefficient: u32, p: u32) {
    let own = chain.remove(&simplex).unwrap_or(0);
    let sum = (own + coefficient) % p;
    if sum != 0 {
        chain.insert(simplex, sum);
    }
}

fn product(a: u32, b: u32, p: u32) -> u32 {
    (u64::from(a) * u64::from(b) % u64::from(p)) as u32
}
