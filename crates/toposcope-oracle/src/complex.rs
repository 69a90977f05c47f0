//! Filtered complexes, listed simplex by simplex.

use std::collections::HashMap;

/// A simplex: its vertices in ascending order.
pub(crate) type Simplex = Vec<usize>;

/// All simplices up to a dimension, in filtration order: (value, dimension, vertices).
#[derive(Debug, Clone)]
pub struct Complex {
    pub(crate) simplices: Vec<(f64, Simplex)>,
}

impl Complex {
    /// The Rips complex on `vertices` of the full row-major matrix `distances` of `n` rows: every simplex of at most
    /// `top_dim` whose diameter is finite and at most `scale`.
    ///
    /// # Panics
    /// If the slice is not a full matrix of `n` rows.
    pub fn rips(
        distances: &[f64],
        n: usize,
        vertices: &[usize],
        scale: f64,
        top_dim: usize,
    ) -> Self {
        assert_eq!(distances.len(), n * n, "a full matrix of n rows");
        let mut sorted = vertices.to_vec();
        sorted.sort_unstable();
        let mut simplices: Vec<(f64, Simplex)> = sorted.iter().map(|&v| (0.0, vec![v])).collect();
        let mut from = 0;
        for _ in 0..top_dim {
            let to = simplices.len();
            for at in from..to {
                let (value, simplex) = simplices[at].clone();
                for &v in sorted.iter().filter(|&&v| v > simplex[simplex.len() - 1]) {
                    let reach = simplex.iter().map(|&u| distances[u * n + v]);
                    let diameter = reach.fold(value, f64::max);
                    if diameter <= scale && diameter.is_finite() {
                        let cofacet = simplex.iter().copied().chain([v]).collect();
                        simplices.push((diameter, cofacet));
                    }
                }
            }
            from = to;
        }
        Self::in_order(simplices)
    }

    /// All simplices of at most `top_dim` on `n` vertices, each at its `value`, or at the largest of its facets where rounding made that
    /// larger.
    pub(crate) fn of_values(n: usize, top_dim: usize, value: impl Fn(&[usize]) -> f64) -> Self {
        let mut simplices: Vec<(f64, Simplex)> = (0..n).map(|v| (value(&[v]), vec![v])).collect();
        let mut from = 0;
        for _ in 0..top_dim {
            let to = simplices.len();
            let known: HashMap<Simplex, f64> = simplices[from..]
                .iter()
                .map(|(x, s)| (s.clone(), *x))
                .collect();
            for at in from..to {
                let simplex = simplices[at].1.clone();
                for v in simplex[simplex.len() - 1] + 1..n {
                    let cofacet: Simplex = simplex.iter().copied().chain([v]).collect();
                    let facets = boundary(&cofacet, 2).into_iter();
                    let bound = facets.map(|(facet, _)| known[&facet]).fold(0.0, f64::max);
                    simplices.push((value(&cofacet).max(bound), cofacet));
                }
            }
            from = to;
        }
        Self::in_order(simplices)
    }

    fn in_order(mut simplices: Vec<(f64, Simplex)>) -> Self {
        simplices.sort_by(|a, b| {
            a.0.total_cmp(&b.0)
                .then(a.1.len().cmp(&b.1.len()))
                .then(a.1.cmp(&b.1))
        });
        Self { simplices }
    }

    /// How many simplices there are.
    pub fn len(&self) -> usize {
        self.simplices.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.simplices.is_empty()
    }

    /// The simplices of one dimension, in filtration order.
    pub(crate) fn of_dim(&self, dim: usize) -> Vec<Simplex> {
        let simplices = self.simplices.iter().map(|(_, simplex)| simplex);
        simplices.filter(|s| s.len() == dim + 1).cloned().collect()
    }
}

/// The facets of a simplex and the signs with which they stand in its boundary; none for a vertex.
pub(crate) fn boundary(simplex: &[usize], p: u32) -> Vec<(Simplex, u32)> {
    if simplex.len() == 1 {
        return Vec::new();
    }
    let facet = |i: usize| {
        let (before, after) = (&simplex[..i], &simplex[i + 1..]);
        [before, after].concat()
    };
    let sign = |i: usize| if i.is_multiple_of(2) { 1 } else { p - 1 };
    (0..simplex.len()).map(|i| (facet(i), sign(i))).collect()
}
