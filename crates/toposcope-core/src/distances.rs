//! Distances between vertices: all pairs, or the few that are given.

use crate::memory::Held;
use crate::sorting::sort_slice;
use crate::{Control, Error, Metric, Points};

/// Entries read between two looks at the clock.
const CHUNK: usize = 1 << 14;
/// About how many microseconds that takes.
const TICKS_PER_CHUNK: u32 = 64;

/// All distances between `n` vertices: the strict lower triangle, row by row, `d(1,0), d(2,0), d(2,1), …`.
///
/// Appending a vertex appends a row and moves nothing, which is why the lower triangle and not the upper one.
#[derive(Debug, Clone, PartialEq)]
pub struct DistanceMatrix {
    lower: Vec<f64>,
    n: usize,
}

impl DistanceMatrix {
    /// The matrix of a strict lower triangle.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the length is not `n (n - 1) / 2`, or an entry is negative, NaN or infinite.
    pub fn from_lower(lower: Vec<f64>, n: usize) -> Result<Self, Error> {
        Self::from_lower_under(lower, n, &Control::none())
    }

    /// [`Self::from_lower`], within reach of an interrupt.
    ///
    /// # Errors
    /// As there, and [`Error::Interrupted`].
    pub fn from_lower_under(lower: Vec<f64>, n: usize, control: &Control) -> Result<Self, Error> {
        let expected = n * n.saturating_sub(1) / 2;
        if lower.len() != expected {
            let expected = format!("{expected} entries below the diagonal of {n} rows");
            return Err(Error::invalid("distances", expected, lower.len()));
        }
        let matrix = Self { lower, n };
        for i in 0..n {
            control.poll_coarse("distances", i, n)?;
            for (j, &d) in matrix.row(i).iter().enumerate() {
                check_distance(d, i, j)?;
            }
        }
        Ok(matrix)
    }

    /// [`Self::from_lower`] of what is known to be distances, as many as there must be.
    pub(crate) fn from_known(lower: Vec<f64>, n: usize) -> Self {
        debug_assert_eq!(lower.len(), n * n.saturating_sub(1) / 2);
        debug_assert!(lower.iter().all(|&d| d >= 0.0 && d.is_finite()));
        Self { lower, n }
    }

    /// All distances between `points`, which must be [ready](Points::ready_for) for `metric`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a distance overflows, [`Error::Interrupted`].
    pub fn from_points(points: &Points, metric: Metric, control: &Control) -> Result<Self, Error> {
        let n = points.n_points();
        let mut lower = Vec::with_capacity(n * n.saturating_sub(1) / 2);
        for i in 0..n {
            control.poll_coarse("distances", i, n)?;
            lower.extend((0..i).map(|j| points.distance(metric, i, j)));
            for (j, &d) in lower[lower.len() - i..].iter().enumerate() {
                check_distance(d, i, j)?;
            }
        }
        Ok(Self { lower, n })
    }

    /// Number of vertices.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Distance between `i` and `j`; zero on the diagonal.
    #[inline]
    pub fn get(&self, i: usize, j: usize) -> f64 {
        match i.cmp(&j) {
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => self.lower[i * (i - 1) / 2 + j],
            std::cmp::Ordering::Less => self.lower[j * (j - 1) / 2 + i],
        }
    }

    /// Bytes that the distances take.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.lower)
    }

    /// Distances of `i` to the vertices before it.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.lower[i * i.saturating_sub(1) / 2..][..i]
    }

    /// The largest entry; zero for fewer than two vertices.
    pub(crate) fn largest(&self) -> f64 {
        self.lower.iter().copied().fold(0.0, f64::max)
    }

    /// The matrix among `vertices`, in that order.
    #[must_use]
    pub fn select(&self, vertices: &[usize]) -> Self {
        let mut lower = Vec::with_capacity(vertices.len() * vertices.len().saturating_sub(1) / 2);
        for (x, &i) in vertices.iter().enumerate() {
            lower.extend(vertices[..x].iter().map(|&j| self.get(i, j)));
        }
        Self {
            lower,
            n: vertices.len(),
        }
    }

    /// Smallest, over the vertices, of the largest distance to another: from there on the complex is a cone, and
    /// nothing is born or dies any more. Zero for fewer than two vertices.
    pub fn enclosing_radius(&self) -> f64 {
        // Nobody watches, so nobody interrupts.
        let radius = self.enclosing_radius_under(&Control::none());
        radius.unwrap_or(f64::INFINITY)
    }

    /// [`Self::enclosing_radius`], within reach of an interrupt.
    pub(crate) fn enclosing_radius_under(&self, control: &Control) -> Result<f64, Error> {
        let tick = |work| control.tick(work);
        let mut farthest = Held::filled(control.budget(), 0.0f64, self.n, tick)?;
        for i in 0..self.n {
            control.poll_coarse("enclosing radius", i, self.n)?;
            for (j, &d) in self.row(i).iter().enumerate() {
                farthest[i] = farthest[i].max(d);
                farthest[j] = farthest[j].max(d);
            }
        }
        Ok(farthest.into_iter().reduce(f64::min).unwrap_or(0.0))
    }
}

/// One edge of a sparse input: two different vertices, larger first, and their distance.
pub type SparseEdge = (u32, u32, f64);

/// Some of the distances between `n` vertices. A pair that is absent is no edge.
#[derive(Debug, PartialEq)]
pub struct SparseDistances {
    edges: Held<SparseEdge>,
    n: usize,
}

impl SparseDistances {
    /// Distances from `(i, j, distance)`, in any order, each pair in one or both directions.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a vertex is out of range, an entry is negative, NaN or infinite, a diagonal entry is not zero,
    /// or a pair is given two distances.
    pub fn from_entries(
        entries: impl IntoIterator<Item = SparseEdge>,
        n: usize,
    ) -> Result<Self, Error> {
        Self::from_entries_under(entries, n, &Control::none())
    }

    /// [`Self::from_entries`], within reach of an interrupt and within the budget of `control`.
    ///
    /// # Errors
    /// As there, and [`Error::Interrupted`], [`Error::MemoryLimit`], [`Error::OutOfMemory`].
    pub fn from_entries_under(
        entries: impl IntoIterator<Item = SparseEdge>,
        n: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let entries = entries.into_iter();
        let mut edges = Held::with_capacity(control.budget(), entries.size_hint().0)?;
        for (at, (i, j, d)) in entries.enumerate() {
            if at.is_multiple_of(CHUNK) {
                control.tick(TICKS_PER_CHUNK)?;
            }
            check_entry(i, j, d, n)?;
            if i != j {
                edges.push((i.max(j), i.min(j), d))?;
            }
        }
        let by_pair = |a: &SparseEdge, b: &SparseEdge| (a.0, a.1).cmp(&(b.0, b.1));
        let by_all = |a: &SparseEdge, b: &SparseEdge| by_pair(a, b).then(a.2.total_cmp(&b.2));
        sort_slice(&mut edges, by_all, control)?;
        edges.dedup();
        let same = |pair: &&[SparseEdge]| by_pair(&pair[0], &pair[1]).is_eq();
        if let Some(pair) = edges.windows(2).find(same) {
            let (i, j, d) = pair[0];
            let got = format!("{d} and {} between {i} and {j}", pair[1].2);
            return Err(Error::invalid("distances", "a symmetric matrix", got));
        }
        Ok(Self { edges, n })
    }

    /// Number of vertices.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Bytes set aside for the edges.
    pub fn bytes(&self) -> u64 {
        self.edges.bytes()
    }

    /// The edges, sorted by their two vertices.
    pub fn edges(&self) -> &[SparseEdge] {
        &self.edges
    }
}

fn check_entry(i: u32, j: u32, d: f64, n: usize) -> Result<(), Error> {
    if i as usize >= n || j as usize >= n {
        let expected = format!("vertices below {n}");
        let got = format!("an entry at ({i}, {j})");
        return Err(Error::invalid("distances", expected, got));
    }
    check_distance(d, i as usize, j as usize)?;
    if i == j && d != 0.0 {
        let got = format!("{d} at ({i}, {i})");
        return Err(Error::invalid("distances", "zeros on the diagonal", got));
    }
    Ok(())
}

fn check_distance(d: f64, i: usize, j: usize) -> Result<(), Error> {
    if d.is_finite() && d >= 0.0 {
        return Ok(());
    }
    let got = format!("{d} between {i} and {j}");
    Err(Error::invalid(
        "distances",
        "finite distances of at least 0",
        got,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_triangle_in_order() {
        let m = DistanceMatrix::from_lower(vec![1.0, 2.0, 3.0], 3).unwrap();
        assert_eq!(
            (m.get(1, 0), m.get(0, 2), m.get(2, 1), m.get(1, 1)),
            (1.0, 2.0, 3.0, 0.0)
        );
        assert_eq!(m.row(2), [2.0, 3.0]);
        assert_eq!(m.enclosing_radius(), 2.0);
        assert_eq!(m.select(&[2, 0]).get(0, 1), 2.0);
    }

    #[test]
    fn enclosing_radius_of_few_points() {
        for n in 0..2 {
            assert_eq!(
                DistanceMatrix::from_lower(vec![], n)
                    .unwrap()
                    .enclosing_radius(),
                0.0
            );
        }
    }

    #[test]
    fn wrong_distances_are_named() {
        let message = |lower: Vec<f64>, n| {
            DistanceMatrix::from_lower(lower, n)
                .unwrap_err()
                .to_string()
        };
        assert!(message(vec![1.0], 3).contains("3 entries"));
        assert!(message(vec![-1.0], 2).contains("-1 between 1 and 0"));
        assert!(message(vec![f64::NAN], 2).contains("NaN"));
        let far = Points::from_f64(vec![1e300, -1e300], 1).unwrap();
        let overflow = DistanceMatrix::from_points(&far, Metric::Euclidean, &Control::none());
        assert!(
            overflow
                .unwrap_err()
                .to_string()
                .contains("inf between 1 and 0")
        );
    }

    #[test]
    fn sparse_entries_are_checked() {
        let sparse = |e: &[(u32, u32, f64)]| SparseDistances::from_entries(e.iter().copied(), 3);
        let both_ways = sparse(&[(0, 2, 1.5), (2, 0, 1.5), (1, 1, 0.0)]).unwrap();
        assert_eq!(both_ways.edges(), [(2, 0, 1.5)]);
        assert!(
            sparse(&[(0, 3, 1.0)])
                .unwrap_err()
                .to_string()
                .contains("(0, 3)")
        );
        assert!(
            sparse(&[(0, 1, 1.0), (1, 0, 2.0)])
                .unwrap_err()
                .to_string()
                .contains("symmetric")
        );
        assert!(sparse(&[(0, 1, -1.0)]).is_err());
        assert!(
            sparse(&[(1, 1, 1.0)])
                .unwrap_err()
                .to_string()
                .contains("diagonal")
        );
    }
}
