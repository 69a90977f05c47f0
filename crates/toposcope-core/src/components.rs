//! Degree 0: components, by the shortest edges that join them.

use crate::filtration::EdgeFiltration;
use crate::memory::Held;
use crate::near;
use crate::sorting::sort_under;
use crate::union_find::UnionFind;
use crate::{Control, DistanceMatrix, Error, Metric, Points};

/// Lengths of the edges that join components, ascending; with `n` vertices, `n` minus their number components remain.
pub(crate) fn joining_lengths(
    filtration: &EdgeFiltration,
    control: &Control,
) -> Result<Held<f64>, Error> {
    let n = filtration.n();
    let mut components = UnionFind::new(n, control)?;
    let mut lengths = Held::new(control.budget());
    for rank in 0..filtration.len() as u32 {
        if lengths.len() + 1 >= n {
            break;
        }
        control.poll("components", lengths.len(), n)?;
        let [a, b] = filtration.ends(rank);
        if components.join(a, b) {
            lengths.push(filtration.length(rank))?;
        }
    }
    Ok(lengths)
}

/// The same without a filtration, for all pairs of a matrix.
pub(crate) fn joining_lengths_of_matrix(
    matrix: &DistanceMatrix,
    threshold: f64,
    control: &Control,
) -> Result<Held<f64>, Error> {
    joining_lengths_of_complete(matrix.n(), |i, j| matrix.get(i, j), threshold, control)
}

/// The same for points, in memory proportional to their number.
pub(crate) fn joining_lengths_of_points(
    points: &Points,
    metric: Metric,
    threshold: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Held<f64>, Error> {
    if let Some(lengths) = near::joining_lengths(points, metric, threshold, n_threads, control)? {
        return Ok(lengths);
    }
    let distance = |i: usize, j: usize| points.distance(metric, i.max(j), i.min(j));
    joining_lengths_of_complete(points.n_points(), distance, threshold, control)
}

/// Prim's algorithm: the lengths of a minimum spanning tree are the same for every such tree, in any order of equal edges.
fn joining_lengths_of_complete(
    n: usize,
    distance: impl Fn(usize, usize) -> f64,
    threshold: f64,
    control: &Control,
) -> Result<Held<f64>, Error> {
    let (budget, tick) = (control.budget(), |work| control.tick(work));
    let mut outside = Held::new(budget);
    outside.extend_in_chunks(n.saturating_sub(1), 1..n as u32, tick)?;
    let mut nearest = Held::filled(budget, f64::INFINITY, n, tick)?;
    let mut lengths = Held::with_capacity(budget, outside.len())?;
    let mut newest = 0;
    while !outside.is_empty() {
        control.poll_coarse("components", lengths.len(), n)?;
        let mut best = 0;
        for (at, &v) in outside.iter().enumerate() {
            let v = v as usize;
            let length = distance(newest, v);
            if !length.is_finite() {
                let expected = "coordinates whose distances are finite";
                let got = format!("{length} between {newest} and {v}");
                return Err(Error::invalid("points", expected, got));
            }
            nearest[v] = nearest[v].min(length);
            if nearest[v] < nearest[outside[best] as usize] {
                best = at;
            }
        }
        let last = outside.len() - 1;
        outside.swap(best, last);
        newest = outside.pop().map_or(0, |v| v as usize);
        lengths.push(nearest[newest])?;
    }
    lengths.retain(|&length| length <= threshold);
    sort_under(lengths, f64::total_cmp, control)
}
