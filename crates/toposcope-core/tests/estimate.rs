//! What is estimated before a run, against what the run then holds, and against counts by brute force.

mod common;

use std::f64::consts::TAU;

use common::{Random, matrix, params, points, sparse};
use toposcope_core::memory::Budget;
use toposcope_core::{
    Control, DistanceMatrix, Error, Estimate, Form, Method, Metric, Points, RipsInput, RipsParams,
    estimate, rips,
};

fn cube(n: usize, n_dims: usize) -> Points {
    let mut random = Random(n as u64);
    let mut row = || (0..n_dims).map(|_| random.unit()).collect();
    points(&(0..n).map(|_| row()).collect::<Vec<Vec<f64>>>())
}

/// Sums of uniform numbers, near enough to normal ones.
fn gaussian(n: usize, n_dims: usize) -> Points {
    let mut random = Random(n as u64);
    let mut coordinate = || (0..6).map(|_| random.unit()).sum::<f64>() - 3.0;
    let mut row = || (0..n_dims).map(|_| coordinate()).collect();
    points(&(0..n).map(|_| row()).collect::<Vec<Vec<f64>>>())
}

/// Twelve circles in many dimensions, far from each other, with noise.
fn circles(n: usize, n_dims: usize) -> Points {
    let mut random = Random(n as u64);
    let row = |i: usize, random: &mut Random| {
        let mut row: Vec<f64> = (0..n_dims).map(|_| 0.02 * random.unit()).collect();
        let turn = TAU * random.unit();
        row[0] += turn.cos();
        row[1] += turn.sin();
        row[2] += 2.0 * (i % 12) as f64;
        row
    };
    points(&(0..n).map(|i| row(i, &mut random)).collect::<Vec<_>>())
}

fn grid(side: usize) -> Points {
    let rows = (0..side * side).map(|at| vec![(at / side) as f64, (at % side) as f64]);
    points(&rows.collect::<Vec<_>>())
}

fn random_matrix(n: usize) -> DistanceMatrix {
    let mut random = Random(n as u64);
    let lower = (0..n * (n - 1) / 2).map(|_| 1.0 + random.unit());
    DistanceMatrix::from_lower(lower.collect(), n).expect("valid input")
}

fn ask(max_dim: usize, threshold: Option<f64>) -> RipsParams {
    RipsParams {
        n_threads: Some(2),
        ..params(max_dim, threshold, 2, Method::Auto)
    }
}

fn foresee(input: RipsInput, asked: &RipsParams) -> Estimate {
    estimate(input, asked, &Control::none()).expect("valid input")
}

/// How much more is foreseen than a run then holds. Its input is made by others here, and so not counted by the budget.
fn excess(input: RipsInput, asked: &RipsParams) -> (Form, f64) {
    let found = foresee(input, asked);
    let budget = Budget::limited(u64::MAX);
    let control = Control::none().with_budget(budget.clone());
    drop(rips(input, asked, &control).expect("valid input"));
    let of_input = found.parts.iter().find(|part| part.0 == "input");
    let foreseen = found.bytes() - of_input.map_or(0, |part| part.1);
    (found.form, foreseen as f64 / budget.peak() as f64)
}

/// Whether the estimate is an upper one, and how loose.
fn check(input: RipsInput, asked: &RipsParams, form: Form, at_most: f64) {
    let (found, ratio) = excess(input, asked);
    let n = foresee(input, asked).n_points;
    assert_eq!(found, form, "{n} points: {asked:?}");
    let fits = (1.0..=at_most).contains(&ratio);
    assert!(fits, "{ratio} times, {n} points in {form}: {asked:?}");
}

/// In degrees 0 and 1.
const LOOSE: f64 = 3.0;
/// In higher degrees.
const LOOSER: f64 = 4.0;

fn check_points(points: &Points, max_dim: usize, threshold: Option<f64>, form: Form) {
    let input = RipsInput::Points(points, Metric::Euclidean);
    let at_most = if max_dim > 1 { LOOSER } else { LOOSE };
    check(input, &ask(max_dim, threshold), form, at_most);
}

#[test]
fn bytes_of_all_pairs() {
    for (n, n_dims) in [
        (0, 2),
        (1, 2),
        (3, 2),
        (30, 2),
        (100, 3),
        (300, 3),
        (900, 2),
        (600, 10),
    ] {
        for threshold in [None, Some(0.1), Some(0.4)] {
            check_points(&cube(n, n_dims), 1, threshold, Form::AllPairs);
        }
    }
    for points in [
        gaussian(100, 768),
        gaussian(400, 100),
        circles(700, 50),
        grid(25),
    ] {
        check_points(&points, 1, None, Form::AllPairs);
    }
    for n in [50, 200] {
        let matrix = random_matrix(n);
        check(
            RipsInput::Dense(&matrix),
            &ask(1, None),
            Form::AllPairs,
            LOOSE,
        );
    }
}

#[test]
fn bytes_of_a_spatial_index() {
    for (points, threshold) in [
        (cube(12_000, 2), None),
        (cube(12_000, 2), Some(0.05)),
        (cube(6_000, 3), None),
        (grid(70), None),
    ] {
        check_points(&points, 1, threshold, Form::SpatialIndex);
    }
}

#[test]
fn a_spatial_index_that_gives_up_is_foreseen_as_well() {
    // Nobody knows before that the circles' loops live long; then all pairs are measured.
    let points = circles(5000, 3);
    let input = RipsInput::Points(&points, Metric::Euclidean);
    let found = foresee(input, &ask(1, None));
    let budget = Budget::limited(u64::MAX);
    let control = Control::none().with_budget(budget.clone());
    drop(rips(input, &ask(1, None), &control).expect("valid input"));
    let (form, bytes) = found.otherwise.expect("all pairs can be measured");
    assert_eq!((found.form, form), (Form::SpatialIndex, Form::AllPairs));
    let ratio = bytes as f64 / budget.peak() as f64;
    assert!((1.0..=LOOSE).contains(&ratio), "{ratio} times");
}

#[test]
fn bytes_of_a_spanning_tree() {
    for (n, n_dims) in [(100, 3), (1000, 2), (20_000, 3), (2000, 20)] {
        check_points(&cube(n, n_dims), 0, None, Form::SpanningTree);
    }
    let matrix = random_matrix(200);
    check(
        RipsInput::Dense(&matrix),
        &ask(0, None),
        Form::SpanningTree,
        LOOSE,
    );
}

#[test]
fn bytes_of_lists_of_edges() {
    check_points(&cube(12_000, 3), 1, Some(0.05), Form::EdgeListLists);
    check_points(&cube(6000, 10), 1, Some(0.5), Form::EdgeListLists);
    for (n, threshold, form) in [
        (500, 0.2, Form::EdgeListRows),
        (1500, 0.1, Form::EdgeListLists),
        (1500, 0.3, Form::EdgeListRows),
    ] {
        let near = sparse(&matrix(&cube(n, 3)), threshold);
        for max_dim in [0, 1, 2] {
            let at_most = if max_dim > 1 { LOOSER } else { LOOSE };
            check(RipsInput::Sparse(&near), &ask(max_dim, None), form, at_most);
        }
    }
}

#[test]
fn bytes_of_higher_degrees() {
    for (n, n_dims, max_dim) in [
        (30, 3, 2),
        (200, 3, 2),
        (300, 8, 2),
        (60, 768, 2),
        (100, 3, 4),
    ] {
        check_points(&cube(n, n_dims), max_dim, None, Form::EdgeListRows);
    }
    check_points(&gaussian(150, 50), 2, None, Form::EdgeListRows);
    check_points(&cube(500, 3), 3, Some(0.2), Form::EdgeListRows);
    check_points(&cube(1000, 3), 3, Some(0.2), Form::EdgeListLists);
    check_points(&cube(4500, 3), 3, Some(0.08), Form::EdgeListLists);
    for n in [30, 60] {
        let matrix = random_matrix(n);
        check(
            RipsInput::Dense(&matrix),
            &ask(2, None),
            Form::EdgeListRows,
            LOOSER,
        );
    }
}

/// Simplices by dimension, all of them.
fn count(matrix: &DistanceMatrix, threshold: f64, top: usize) -> Vec<f64> {
    fn extend(matrix: &DistanceMatrix, up_to: f64, simplex: &mut Vec<usize>, counts: &mut [f64]) {
        let from = simplex.last().map_or(0, |v| v + 1);
        for v in from..matrix.n() {
            if simplex.iter().all(|&u| matrix.get(u, v) <= up_to) {
                counts[simplex.len()] += 1.0;
                if simplex.len() + 1 < counts.len() {
                    simplex.push(v);
                    extend(matrix, up_to, simplex, counts);
                    simplex.pop();
                }
            }
        }
    }
    let mut counts = vec![0.0; top + 1];
    extend(matrix, threshold, &mut Vec::new(), &mut counts);
    counts
}

#[test]
fn few_simplices_are_counted_exactly() {
    for (n, threshold, max_dim) in [
        (0, None, 1),
        (1, None, 1),
        (2, None, 3),
        (25, None, 2),
        (60, Some(0.3), 2),
        (200, Some(0.1), 3),
    ] {
        let points = cube(n, 3);
        let distances = matrix(&points);
        let radius = distances.enclosing_radius();
        let expected = count(&distances, threshold.unwrap_or(radius), max_dim + 1);
        let near = sparse(&distances, threshold.unwrap_or(radius));
        for input in [
            RipsInput::Points(&points, Metric::Euclidean),
            RipsInput::Dense(&distances),
            RipsInput::Sparse(&near),
        ] {
            let found = foresee(input, &ask(max_dim, threshold)).simplices;
            assert!(found.iter().all(|count| count.standard_error == 0.0));
            let values = found.iter().map(|count| count.value);
            assert_eq!(values.collect::<Vec<_>>(), expected);
        }
    }
}

#[test]
fn many_simplices_are_sampled_within_their_error() {
    let (mut n_sampled, mut n_near) = (0, 0);
    for (points, threshold) in [
        (cube(400, 3), 0.4),
        (cube(1000, 2), 0.15),
        (cube(1200, 3), 0.2),
        (gaussian(300, 20), 4.0),
        (circles(500, 5), 0.7),
        (grid(30), 4.0),
    ] {
        let distances = matrix(&points);
        let near = sparse(&distances, threshold);
        let expected = count(&distances, threshold, 3);
        for input in [
            RipsInput::Points(&points, Metric::Euclidean),
            RipsInput::Dense(&distances),
            RipsInput::Sparse(&near),
        ] {
            let found = foresee(input, &ask(2, Some(threshold))).simplices;
            for (count, expected) in found.iter().zip(&expected) {
                let error = (count.value - expected).abs();
                assert!(
                    error <= 4.0 * count.standard_error,
                    "{count:?} for {expected}"
                );
                assert!(
                    count.standard_error <= 0.3 * expected,
                    "{count:?} for {expected}"
                );
                n_sampled += usize::from(count.standard_error > 0.0);
                n_near +=
                    usize::from(count.standard_error > 0.0 && error <= 2.0 * count.standard_error);
            }
        }
    }
    // Of errors that are what they are said to be, 95 % are below twice that.
    assert!(
        n_sampled >= 30 && 100 * n_near >= 85 * n_sampled,
        "{n_near} of {n_sampled}"
    );
}

#[test]
fn the_radius_is_bounded_where_it_is_not_measured() {
    for (n, n_dims) in [(100, 3), (2000, 3), (500, 30)] {
        let points = cube(n, n_dims);
        let radius = matrix(&points).enclosing_radius();
        let found = foresee(RipsInput::Points(&points, Metric::Euclidean), &ask(1, None));
        assert!(found.threshold >= radius && found.threshold < 1.3 * radius);
    }
}

#[test]
fn an_estimate_is_the_same_every_time() {
    let points = cube(3000, 3);
    let input = RipsInput::Points(&points, Metric::Euclidean);
    assert_eq!(foresee(input, &ask(1, None)), foresee(input, &ask(1, None)));
}

#[test]
fn an_estimate_takes_memory_linear_in_the_points() {
    let points = cube(20_000, 8);
    let budget = Budget::unlimited();
    let control = Control::none().with_budget(budget.clone());
    let input = RipsInput::Points(&points, Metric::Euclidean);
    let found = estimate(input, &ask(1, None), &control).expect("valid input");
    // All pairs would be 1.6 GB.
    assert!(found.bytes() > 1 << 30 && budget.peak() < 100 * 20_000);
    assert_eq!(budget.live(), 0);
}

#[test]
fn what_rips_refuses_has_no_estimate() {
    let points = cube(100_000, 8);
    let input = RipsInput::Points(&points, Metric::Euclidean);
    let refusal = |asked: &RipsParams| {
        let refused = estimate(input, asked, &Control::none()).expect_err("wrong input");
        assert!(matches!(refused, Error::Invalid { .. }));
        refused
    };
    let many = ask(1, None);
    assert_eq!(
        refusal(&many),
        rips(input, &many, &Control::none()).expect_err("wrong input")
    );
    let wrong_field = RipsParams {
        field: 4,
        ..ask(1, Some(0.1))
    };
    assert!(refusal(&wrong_field).to_string().starts_with("field"));
    let method = params(1, Some(0.1), 2, Method::Cohomology);
    assert!(refusal(&method).to_string().starts_with("method"));
}
