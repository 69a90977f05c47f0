//! At which scale to look, when nobody says.

use toposcope_core::DistanceMatrix;

/// With fewer landmarks, gaps between distances say little.
pub(crate) const ENOUGH_LANDMARKS: usize = 16;

/// The scale in the middle of the widest gap that the shape of the landmarks leaves, if they leave one.
///
/// Between two successive lengths of the minimum spanning tree, and from the last of them to the enclosing radius, no
/// component merges. Of these gaps, from the median length up (below it are the accidents of sampling), the one is taken
/// that is relatively widest when its lower end is raised by `margin`, and the interval that is as long as the margin, with
/// the scale in its middle, ends in the geometric middle of that; so all of it is in the gap. `None` with fewer than
/// [`ENOUGH_LANDMARKS`] landmarks, or if no gap is wider than the margin.
pub(crate) fn automatic_scale(
    distances: &DistanceMatrix,
    margin: f64,
    threshold: Option<f64>,
) -> Option<f64> {
    if distances.n() < ENOUGH_LANDMARKS {
        return None;
    }
    let end = threshold.map_or(f64::INFINITY, |t| t.max(0.0));
    let mut lengths = spanning_lengths(distances);
    lengths.push(distances.enclosing_radius());
    let upper_half = &lengths[(lengths.len() - 2) / 2..];
    let mut widest: Option<(f64, f64)> = None;
    for pair in upper_half.windows(2) {
        let (low, high) = (pair[0] + margin, pair[1].min(end));
        let wider = widest.is_none_or(|(l, h)| high * l > h * low);
        if high > low && low > 0.0 && wider {
            widest = Some((low, high));
        }
    }
    widest.map(|(low, high)| (low * high).sqrt() - margin / 2.0)
}

/// Lengths of the edges of a minimum spanning tree, ascending.
fn spanning_lengths(distances: &DistanceMatrix) -> Vec<f64> {
    let n = distances.n();
    let mut to_tree: Vec<f64> = (0..n).map(|v| distances.get(0, v)).collect();
    let mut outside: Vec<usize> = (1..n).collect();
    let mut lengths = Vec::with_capacity(n);
    while let Some(at) =
        (0..outside.len()).min_by(|&a, &b| to_tree[outside[a]].total_cmp(&to_tree[outside[b]]))
    {
        let v = outside.swap_remove(at);
        lengths.push(to_tree[v]);
        for &u in &outside {
            to_tree[u] = to_tree[u].min(distances.get(u, v));
        }
    }
    lengths.sort_by(f64::total_cmp);
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(xs: &[f64]) -> DistanceMatrix {
        let lower = (0..xs.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let lower = lower.map(|(i, j)| (xs[i] - xs[j]).abs()).collect();
        DistanceMatrix::from_lower(lower, xs.len()).unwrap()
    }

    fn two_groups() -> Vec<f64> {
        let near = (0..10).map(f64::from);
        near.chain((0..10).map(|i| 109.0 + f64::from(i))).collect()
    }

    #[test]
    fn it_tells_groups_apart() {
        let distances = line(&two_groups());
        assert_eq!(automatic_scale(&distances, 0.0, None), Some(10.0));
        assert_eq!(automatic_scale(&distances, 3.0, None), Some(20.0 - 1.5));
        assert_eq!(automatic_scale(&distances, 0.0, Some(4.0)), Some(2.0));
    }

    #[test]
    fn without_groups_it_sees_one_component() {
        let evenly: Vec<f64> = (0..33).map(f64::from).collect();
        let scale = automatic_scale(&line(&evenly), 0.0, None);
        assert_eq!(scale, Some(4.0), "between a step of 1 and the radius of 16");
    }

    #[test]
    fn it_needs_enough_landmarks_and_room_for_the_margin() {
        assert_eq!(automatic_scale(&line(&two_groups()[..15]), 0.0, None), None);
        assert_eq!(automatic_scale(&line(&two_groups()), 120.0, None), None);
        assert_eq!(automatic_scale(&line(&[5.0; 20]), 0.0, None), None);
    }
}
