//! Components of the cospan: which of before and after hang together in the union.

use toposcope_core::DistanceMatrix;

/// The components of the vertices that `keep` selects, joined by edges up to `scale`: each by ascending vertices, all by
/// their first.
pub(crate) fn components(
    distances: &DistanceMatrix,
    scale: f64,
    keep: impl Fn(usize) -> bool,
) -> Vec<Vec<usize>> {
    let mut unvisited: Vec<usize> = (0..distances.n()).filter(|&v| keep(v)).collect();
    let mut components = Vec::new();
    while !unvisited.is_empty() {
        let mut component = vec![unvisited.remove(0)];
        let mut next = 0;
        while next < component.len() {
            let v = component[next];
            let (near, far) = unvisited
                .iter()
                .partition(|&&u| distances.get(u, v) <= scale);
            component.extend::<Vec<usize>>(near);
            unvisited = far;
            next += 1;
        }
        component.sort_unstable();
        components.push(component);
    }
    components
}

/// How far each component is from the nearest other; `inf` for the only one. Up to there it persists by itself.
pub(crate) fn gaps(distances: &DistanceMatrix, components: &[Vec<usize>]) -> Vec<f64> {
    let mut gaps = vec![f64::INFINITY; components.len()];
    for (i, a) in components.iter().enumerate() {
        for (j, b) in components[..i].iter().enumerate() {
            let pairs = a.iter().flat_map(|&u| b.iter().map(move |&v| (u, v)));
            let gap = pairs
                .map(|(u, v)| distances.get(u, v))
                .fold(f64::INFINITY, f64::min);
            gaps[i] = gaps[i].min(gap);
            gaps[j] = gaps[j].min(gap);
        }
    }
    gaps
}

/// A component of the union, by the components of before and after that it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Junction {
    pub(crate) parents: Vec<usize>,
    pub(crate) children: Vec<usize>,
}

/// Joins the components of before and after by those of the union. Sets of vertices; each of `before` and `after` lies in
/// exactly one of `union`.
pub(crate) fn junctions(
    union: &[Vec<usize>],
    before: &[Vec<usize>],
    after: &[Vec<usize>],
) -> Vec<Junction> {
    let within = |whole: &[usize], parts: &[Vec<usize>]| -> Vec<usize> {
        let lies_in = |part: &Vec<usize>| whole.binary_search(&part[0]).is_ok();
        (0..parts.len()).filter(|&i| lies_in(&parts[i])).collect()
    };
    let joined = union.iter().map(|whole| Junction {
        parents: within(whole, before),
        children: within(whole, after),
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(xs: &[f64]) -> DistanceMatrix {
        let lower = (0..xs.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let lower = lower.map(|(i, j)| (xs[i] - xs[j]).abs()).collect();
        DistanceMatrix::from_lower(lower, xs.len()).unwrap()
    }

    #[test]
    fn an_edge_of_the_scale_joins() {
        let distances = line(&[0.0, 5.0, 1.0, 2.0, 7.5]);
        let all = components(&distances, 1.0, |_| true);
        assert_eq!(all, [vec![0, 2, 3], vec![1], vec![4]]);
        assert_eq!(gaps(&distances, &all), [3.0, 2.5, 2.5]);
        let without = components(&distances, 1.0, |v| v != 2);
        assert_eq!(without, [vec![0], vec![1], vec![3], vec![4]]);
        assert_eq!(gaps(&distances, &all[..1]), [f64::INFINITY]);
    }

    #[test]
    fn the_union_joins_both_sides() {
        let junctions = junctions(
            &[vec![0, 2, 3], vec![1], vec![4]],
            &[vec![0], vec![1], vec![3]],
            &[vec![2, 3], vec![4]],
        );
        let joined: Vec<_> = junctions
            .iter()
            .map(|j| (j.parents.clone(), j.children.clone()))
            .collect();
        assert_eq!(
            joined,
            [(vec![0, 2], vec![0]), (vec![1], vec![]), (vec![], vec![1])]
        );
    }
}
