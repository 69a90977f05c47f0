//! The index against plain loops, on inputs full of ties, duplicates and extremes.

use proptest::prelude::*;

use super::pairs_within;
use crate::{Control, Metric, Points};

pub(super) const METRICS: [Metric; 4] = [
    Metric::Euclidean,
    Metric::Cosine,
    Metric::Manhattan,
    Metric::Chebyshev,
];

/// Rows of one length: mostly from a small grid, so that points coincide and lie on lines; now and then as large or small as
/// numbers get.
pub(super) fn clouds(
    n_dims: std::ops::Range<usize>,
    n_points: usize,
) -> impl Strategy<Value = Points> {
    let coordinate = prop_oneof![
        6 => (0..4i32).prop_map(f64::from),
        3 => -1.0..1.0,
    ];
    let scale = prop_oneof![8 => Just(1.0), 1 => Just(1e300), 1 => Just(1e-308), 1 => Just(1e-160)];
    (n_dims, scale).prop_flat_map(move |(d, scale)| {
        let row = prop::collection::vec(coordinate.clone().prop_map(move |x| x * scale), d);
        let rows = prop::collection::vec(row, 1..n_points);
        rows.prop_map(move |rows| Points::from_f64(rows.concat(), d).unwrap())
    })
}

/// Made ready, unless a row has no direction.
pub(super) fn ready(points: &Points, metric: Metric) -> Option<Points> {
    points.clone().ready_for(metric).ok()
}

fn pairs(points: &Points, metric: Metric) -> Vec<(usize, usize, f64)> {
    let pairs = (0..points.n_points()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs
        .map(|(i, j)| (i, j, points.distance(metric, i, j)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pairs_are_those_of_a_plain_loop(points in clouds(1..11, 70), which in 0usize..5000, share in 0.0..1.5) {
        let control = Control::none();
        for metric in METRICS {
            let Some(points) = ready(&points, metric) else { continue };
            let mut all = pairs(&points, metric);
            // A threshold that is a length as often as not, or that is a little off.
            let some = all.get(which % all.len().max(1)).map_or(1.0, |pair| pair.2);
            let threshold = (if share < 1.0 { some } else { some * share }).min(f64::MAX);
            all.retain(|pair| pair.2 <= threshold);
            let mut parts = Vec::new();
            for n_threads in 1..=4 {
                let found = pairs_within(&points, metric, threshold, n_threads, &control, |i, j, length| (i, j, length));
                let found: Vec<_> = found.unwrap().into_iter().flatten().collect();
                parts.push(found);
            }
            prop_assert!(parts.iter().all(|part| part == &parts[0]), "threads change the order");
            parts[0].sort_unstable_by_key(|pair| (pair.0, pair.1));
            prop_assert_eq!(&parts[0], &all, "{:?} up to {}", metric, threshold);
        }
    }
}

#[test]
fn many_points_are_cut_into_parts() {
    let n = 100_000;
    let turn = |i: usize| (i as f64 * 0.618_033_988_749_895).fract();
    let coordinates = (0..n).flat_map(|i| [turn(i), i as f64 / n as f64]);
    let points = Points::from_f64(coordinates.collect(), 2).unwrap();
    let find = |n_threads| {
        let parts = pairs_within(
            &points,
            Metric::Euclidean,
            0.004,
            n_threads,
            &Control::none(),
            |i, j, _| (i, j),
        );
        parts.unwrap().into_iter().flatten().collect::<Vec<_>>()
    };
    let (mut found, again) = (find(1), find(3));
    assert_eq!(found, again);
    found.sort_unstable();
    let points_of = &points;
    // The points stand in the order of their second coordinate.
    let near = |i: usize| {
        (i.saturating_sub(n / 200)..i)
            .filter(move |&j| points_of.distance(Metric::Euclidean, i, j) <= 0.004)
            .map(move |j| (i, j))
    };
    let expected: Vec<_> = (0..n).flat_map(near).collect();
    assert_eq!(found, expected);
}
