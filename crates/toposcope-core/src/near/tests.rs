//! The index against plain loops, on inputs full of ties, duplicates and extremes.

use proptest::prelude::*;

use super::lunes::Cloud;
use super::screen::Screens;
use super::tree::{Narrow, Rows, Tree, Wide};
use super::{has_lunes, intervals, join_doubles, joining_lengths, loops, pairs_within, spanning};
use crate::components::joining_lengths_of_points;
use crate::memory::Budget;
use crate::reduction::{Z2, Zp};
use crate::{
    Control, Diagram, Interval, Metric, Points, RipsInput, RipsParams, SparseDistances, rips,
};

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

/// Lengths of a spanning tree by the index, however few points there are.
fn spanning_lengths<'a, R: Rows<'a>>(
    points: &'a Points,
    metric: Metric,
    limit: f64,
    n_threads: usize,
) -> Vec<f64> {
    let control = Control::none();
    let tree = Tree::<R>::distinct(points, metric, n_threads, &control).unwrap();
    let mut lengths = spanning::lengths(&tree, limit, n_threads, &control).unwrap();
    join_doubles(&mut lengths, points.n_points() - tree.n()).unwrap();
    lengths.to_vec()
}

/// The diagram without a list of edges.
fn from_lunes(
    points: &Points,
    metric: Metric,
    threshold: f64,
    field: u32,
    n_threads: usize,
    control: &Control,
) -> Diagram {
    let found = match field {
        2 => intervals(Z2, points, metric, threshold, true, n_threads, control),
        p => intervals(
            Zp::new(p),
            points,
            metric,
            threshold,
            true,
            n_threads,
            control,
        ),
    };
    let found = found.unwrap().expect("it must be found");
    let forever = std::iter::repeat_n(f64::INFINITY, points.n_points() - found.joining.len());
    let components = found.joining.iter().copied().chain(forever);
    let loops = found.loops.iter().map(|&(birth, death)| (1, birth, death));
    let all: Vec<Interval> = components
        .map(|death| (0, 0.0, death))
        .chain(loops)
        .collect();
    Diagram::from_intervals(all, 1)
}

/// The same from a list of all edges.
fn from_edges(points: &Points, metric: Metric, threshold: f64, field: u32) -> Diagram {
    let near = pairs(points, metric)
        .into_iter()
        .filter(|pair| pair.2 <= threshold);
    let entries = near.map(|(i, j, length)| (i as u32, j as u32, length));
    let distances = SparseDistances::from_entries(entries, points.n_points()).unwrap();
    let params = RipsParams {
        field,
        ..RipsParams::default()
    };
    rips(RipsInput::Sparse(&distances), &params, &Control::none()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lunes_without_edges_give_the_diagram_of_all_edges(
        points in clouds(1..8, 120), which in 0usize..9000, share in 0.0..1.5, field in prop_oneof![Just(2u32), Just(3)], no_limit: bool,
    ) {
        for metric in METRICS {
            let Some(points) = ready(&points, metric).filter(|points| has_lunes(points, metric)) else { continue };
            let all = pairs(&points, metric);
            let some = all.get(which % all.len().max(1)).map_or(1.0, |pair| pair.2);
            let threshold = (if share < 1.0 { some } else { some * share }).min(f64::MAX);
            let all_finite = all.iter().all(|pair| pair.2.is_finite());
            let threshold = if no_limit && all_finite { f64::INFINITY } else { threshold };
            let expected = from_edges(&points, metric, threshold, field);
            for n_threads in 1..=4 {
                let found = from_lunes(&points, metric, threshold, field, n_threads, &Control::none());
                prop_assert_eq!(&found, &expected, "{:?} up to {}", metric, threshold);
            }
        }
    }

    #[test]
    fn spanning_trees_have_the_lengths_of_prims(points in clouds(1..11, 100), which in 0usize..5000, no_limit: bool) {
        for metric in METRICS {
            let Some(points) = ready(&points, metric) else { continue };
            let all = pairs(&points, metric);
            let some = all.get(which % all.len().max(1)).map_or(1.0, |pair| pair.2);
            let limit = if no_limit { f64::INFINITY } else { some };
            if all.iter().any(|pair| pair.2.is_infinite()) {
                continue;
            }
            // So few points are left to Prim's algorithm.
            let control = Control::none();
            let expected = joining_lengths_of_points(&points, metric, limit, 1, &control).unwrap();
            for n_threads in 1..=4 {
                let wide = spanning_lengths::<Wide>(&points, metric, limit, n_threads);
                prop_assert_eq!(&wide[..], &expected[..]);
                let narrow = match points.n_dims() {
                    1 => spanning_lengths::<Narrow<1>>(&points, metric, limit, n_threads),
                    2 => spanning_lengths::<Narrow<2>>(&points, metric, limit, n_threads),
                    3 => spanning_lengths::<Narrow<3>>(&points, metric, limit, n_threads),
                    _ => continue,
                };
                prop_assert_eq!(&narrow[..], &expected[..]);
            }
        }
    }

    #[test]
    fn a_screen_is_nearer_to_the_lune_than_the_edge_is_long(
        z in prop::array::uniform3(-1.0..1.0), b in prop::array::uniform3(-1.0..1.0),
        others in prop::collection::vec(prop::array::uniform3(-2.0..2.0), 200), along in 0.0..1.0, off in 0.0..0.4,
    ) {
        // From the origin; mostly between the ends of the edge.
        let z: [f64; 3] = std::array::from_fn(|k| along * b[k] + off * z[k]);
        let square = |x: &[f64; 3]| x.iter().map(|x| x * x).sum::<f64>();
        let between = |x: &[f64; 3], y: &[f64; 3]| square(&std::array::from_fn(|k| x[k] - y[k]));
        let mut screens = Screens::<3>::new();
        screens.add(&z, square(&z));
        let hidden = screens.hide(&b, square(&b));
        prop_assert!(hidden || !screens.hide_ball(&b, 0.0));
        if hidden {
            let edge = square(&b);
            prop_assert!(square(&z) < edge && between(&z, &b) < edge);
            for c in others.iter().filter(|c| square(c) <= edge && between(c, &b) <= edge) {
                prop_assert!(between(&z, c) < edge, "{z:?} {b:?} {c:?}");
            }
        }
    }
}

#[test]
fn points_that_coincide_are_looked_at_once() {
    // Each of a few places many times: without thinning, every search would meet thousands of equals.
    let n = 40_000;
    let row = |i: usize| [(i % 7) as f64, (i % 5) as f64];
    let points = Points::from_f64((0..n).flat_map(row).collect(), 2).unwrap();
    let control = Control::none();
    let lengths = joining_lengths(&points, Metric::Euclidean, 9.0, 2, &control);
    let lengths = lengths.unwrap().expect("a tree is worth it");
    assert_eq!(lengths.len(), n - 1);
    assert_eq!(
        lengths.iter().filter(|&&length| length == 0.0).count(),
        n - 35
    );
    assert!(lengths.iter().all(|&length| length == 0.0 || length == 1.0));
    let found = from_lunes(&points, Metric::Euclidean, 9.0, 2, 2, &control);
    let loops: Vec<_> = found.intervals(1).collect();
    assert_eq!(loops, [(1.0, 2f64.sqrt()); 24]);
}

#[test]
fn many_dimensions_are_left_to_distances() {
    let scattered =
        |n: usize| (0..n).map(|i| (i as f64 * 0.618_033_988_749_895 * (i % 97) as f64).fract());
    let control = Control::none();
    let wide = Points::from_f64(scattered(1000 * 64).collect(), 64).unwrap();
    let few = Points::from_f64(scattered(1000 * 2).collect(), 2).unwrap();
    let far = Points::from_f64(scattered(1000 * 2).map(|x| x * 1e300).collect(), 2).unwrap();
    for (points, by_tree) in [(&wide, false), (&few, true), (&far, false)] {
        let lengths = joining_lengths(points, Metric::Euclidean, 9.0, 2, &control).unwrap();
        assert_eq!(lengths.is_some(), by_tree);
    }
}

/// Points near a circle, some of them inside: long edges, hollow lunes, and surroundings that are not all.
fn ring(n: usize) -> Points {
    let turn = |i: usize| (i as f64 * 0.618_033_988_749_895).fract() * std::f64::consts::TAU;
    let radius = |i: usize| {
        if i.is_multiple_of(10) {
            0.3
        } else {
            1.0 + (i as f64 * 0.7548).fract() / 8.0
        }
    };
    let row = |i: usize| [radius(i) * turn(i).cos(), radius(i) * turn(i).sin()];
    Points::from_f64((0..n).flat_map(row).collect(), 2).unwrap()
}

#[test]
fn long_edges_are_looked_at_too() {
    let points = ring(700);
    for threshold in [0.1, 0.7, 3.0, f64::INFINITY] {
        let expected = from_edges(&points, Metric::Euclidean, threshold, 2);
        let found = from_lunes(
            &points,
            Metric::Euclidean,
            threshold,
            2,
            2,
            &Control::none(),
        );
        assert_eq!(found, expected);
        assert!(found.intervals(1).count() > 50);
    }
}

#[test]
fn who_would_look_too_long_gives_up() {
    let (points, control) = (ring(700), Control::none());
    let tree = Tree::<Narrow<2>>::new(&points, Metric::Euclidean, 1, &control).unwrap();
    let cloud = Cloud::new(&tree, 700, &control).unwrap();
    let find = |allowance, n_threads| {
        let found = loops::intervals(Z2, &cloud, 3.0, allowance, n_threads, &control);
        found.unwrap().is_some()
    };
    for n_threads in 1..=4 {
        // Not enough for the first edges, and not enough for the last death.
        assert!(!find(100, n_threads) && !find(100_000, n_threads));
        assert!(find(usize::MAX, n_threads));
    }
}

#[test]
fn memory_does_not_grow_with_the_edges() {
    let n = 20_000;
    let turn = |i: usize| (i as f64 * 0.618_033_988_749_895).fract();
    let noise = |i: usize| (i as f64 * 0.754_877_666_246_693).fract();
    let coordinates = (0..n).flat_map(|i| [turn(i), noise(i)]).collect();
    let points = Points::from_f64(coordinates, 2).unwrap();
    let peak = |threshold: f64| {
        let budget = Budget::unlimited();
        let control = Control::none().with_budget(budget.clone());
        let diagram = from_lunes(&points, Metric::Euclidean, threshold, 2, 2, &control);
        assert!(diagram.intervals(1).count() > 100);
        (budget.peak() as f64, budget.live())
    };
    // About 10 and 1,000 neighbours each.
    let (few, many) = (peak(0.0126), peak(0.126));
    assert!(many.0 < 1.3 * few.0, "{few:?} {many:?}");
    assert!(many.0 < 400.0 * n as f64, "{many:?}");
    assert_eq!((few.1, many.1), (0, 0));
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
