//! The same bytes out for every number of threads, kind of input and repetition; and every run can be stopped.

mod common;

use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use common::{
    METHODS, Random, intervals, matrix, params, points, run, shuffled, single_points, sparse,
    trials,
};
use toposcope_core::{
    Control, Diagram, DistanceMatrix, Error, Method, Metric, Observer, Points, RipsInput,
    RipsParams, SparseDistances, rips,
};

fn cloud(n: usize, n_dims: usize, seed: u64) -> Points {
    let mut random = Random(seed);
    let rows: Vec<Vec<f64>> = (0..n)
        .map(|_| (0..n_dims).map(|_| random.unit()).collect())
        .collect();
    points(&rows)
}

#[test]
fn threads_and_kinds_of_input_change_nothing() {
    for (n, max_dim, threshold) in [(400, 1, None), (200, 2, None), (150, 3, Some(0.5))] {
        let points = cloud(n, 3, n as u64);
        let matrix = matrix(&points);
        let listed = sparse(&matrix, threshold.unwrap_or(f64::INFINITY));
        let expected = run(
            RipsInput::Dense(&matrix),
            &params(max_dim, threshold, 2, Method::Lune),
        );
        for n_threads in [Some(1), Some(2), Some(5), None] {
            let params = RipsParams {
                n_threads,
                ..params(max_dim, threshold, 2, Method::Auto)
            };
            for input in [
                RipsInput::Points(&points, Metric::Euclidean),
                RipsInput::Dense(&matrix),
                RipsInput::Sparse(&listed),
            ] {
                assert_eq!(run(input, &params), expected, "{n_threads:?} threads");
            }
        }
    }
}

/// Points whose coordinates are float32, uniform or full of ties.
fn rows(n: usize, n_dims: usize, ties: bool, random: &mut Random) -> Vec<Vec<f64>> {
    let mut coordinate = || {
        if ties {
            return random.below(9) as f64 / 8.0;
        }
        f64::from(random.unit() as f32)
    };
    (0..n)
        .map(|_| (0..n_dims).map(|_| coordinate()).collect())
        .collect()
}

/// All pairs within reach, found by nothing but sorting one coordinate.
fn near_pairs(points: &Points, threshold: f64) -> SparseDistances {
    let n = points.n_points();
    let mut order: Vec<(f64, usize)> = (0..n).map(|i| (points.row(i)[0], i)).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut entries = Vec::new();
    for (at, &(x, i)) in order.iter().enumerate() {
        // A coordinate's difference may exceed a distance by rounding.
        let within = order[..at]
            .iter()
            .rev()
            .take_while(|other| x - other.0 <= 1.001 * threshold);
        entries.extend(within.filter_map(|&(_, j)| {
            let length = points.distance(Metric::Euclidean, i, j);
            (length <= threshold).then_some((i as u32, j as u32, length))
        }));
    }
    SparseDistances::from_entries(entries, n).expect("valid input")
}

/// The diagram by another way than that of points: from a list of pairs where there is a threshold, from all distances by
/// cohomology where they are few.
fn by_another_way(points: &Points, max_dim: usize, threshold: Option<f64>) -> Diagram {
    if let Some(threshold) = threshold {
        let pairs = near_pairs(points, threshold);
        let params = params(max_dim, Some(threshold), 2, Method::Lune);
        return run(RipsInput::Sparse(&pairs), &params);
    }
    let matrix = matrix(points);
    run(
        RipsInput::Dense(&matrix),
        &params(max_dim, None, 2, Method::Cohomology),
    )
}

/// Inputs of many blocks of every kind: of distances, of edges, of vertices, of parts of the spatial index. `make exhaustive`
/// tries forty of each.
#[test]
fn many_blocks_on_many_threads_change_nothing() {
    let cases = [
        (3000, 3, 0, None),
        (400, 3, 1, None),
        (250, 3, 2, None),
        (120, 4, 3, Some(0.7)),
        (300, 64, 1, None),
        (5000, 3, 1, Some(0.07)),
        (40_000, 2, 1, Some(0.006)),
    ];
    let mut random = Random(11);
    for seed in 0..trials(1) {
        for (n, n_dims, max_dim, threshold) in cases {
            // Forty thousand points of a grid in the plane would fall on eighty-one places.
            let ties = seed % 2 == 1 && n < 5000;
            let rows = rows(n, n_dims, ties, &mut random);
            let order = shuffled(n, &mut random);
            let relabelled: Vec<_> = order.iter().map(|&at| rows[at].clone()).collect();
            let (wide, single) = (points(&rows), single_points(&relabelled));
            let expected = by_another_way(&wide, max_dim, threshold);
            assert!(expected.len() > 100);
            // The other engine needs minutes for what has many edges.
            let methods = if n <= 400 {
                &METHODS[..]
            } else {
                &METHODS[..2]
            };
            for (&method, n_threads) in methods.iter().flat_map(|m| (1..=4).map(move |t| (m, t))) {
                let params = RipsParams {
                    n_threads: Some(n_threads),
                    ..params(max_dim, threshold, 2, method)
                };
                for points in [&wide, &single] {
                    let got = run(RipsInput::Points(points, Metric::Euclidean), &params);
                    let same = intervals(&got) == intervals(&expected);
                    assert!(same, "{n} points, seed {seed}: {params:?}");
                }
            }
        }
    }
}

/// Hollow lunes have the second engine reduce many blocks of columns, which its threads take from each other in an order that no run repeats.
#[test]
fn cohomology_by_many_threads_is_that_of_one() {
    let mut random = Random(17);
    for (n, max_dim, values) in [(60, 2, 1 << 30), (45, 2, 50), (26, 4, 1 << 30)] {
        let lower = (0..n * (n - 1) / 2).map(|_| random.below(values) as f64);
        let matrix = DistanceMatrix::from_lower(lower.collect(), n).expect("valid input");
        let input = RipsInput::Dense(&matrix);
        for field in [2, 3] {
            let expected = run(input, &params(max_dim, None, field, Method::Lune));
            assert!(expected.intervals(2).count() > 10);
            for n_threads in [1, 2, 3, 4].repeat(trials(3)) {
                let params = RipsParams {
                    n_threads: Some(n_threads),
                    ..params(max_dim, None, field, Method::Cohomology)
                };
                assert_eq!(run(input, &params), expected, "{n} vertices: {params:?}");
            }
        }
    }
}

/// The methods that tests try are all there are: a new one does not compile here.
#[test]
fn no_method_is_left_out() {
    let place = |method: Method| match method {
        Method::Auto => 0,
        Method::Lune => 1,
        Method::Cohomology => 2,
    };
    assert_eq!(METHODS.map(place), [0, 1, 2]);
}

/// Stops at the `nth` question, and notes how long it was left waiting.
struct StopAt {
    nth: u32,
    asked: Cell<u32>,
    last: Cell<Instant>,
    longest_wait: Cell<Duration>,
}

impl StopAt {
    fn new(nth: u32) -> Self {
        Self {
            nth,
            asked: Cell::new(0),
            last: Cell::new(Instant::now()),
            longest_wait: Cell::new(Duration::ZERO),
        }
    }
}

impl Observer for StopAt {
    fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
        let wait = self.last.replace(Instant::now()).elapsed();
        self.longest_wait.set(self.longest_wait.get().max(wait));
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() < self.nth {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

#[test]
fn every_stage_can_be_stopped() {
    let points = cloud(1200, 3, 5);
    for method in [Method::Lune, Method::Cohomology] {
        for max_dim in 0..3 {
            for nth in [1, 3] {
                let params = RipsParams {
                    n_threads: Some(2),
                    ..params(max_dim, None, 2, method)
                };
                let observer = StopAt::new(nth);
                let control = Control::new(&observer);
                let input = RipsInput::Points(&points, Metric::Euclidean);
                let stopped = rips(input, &params, &control);
                let finished_first = observer.asked.get() < nth;
                assert!(finished_first || stopped == Err(Error::Interrupted));
                // 100 ms is the promise on an idle machine; tests share theirs.
                assert!(observer.longest_wait.get() < Duration::from_secs(2));
            }
        }
    }
}
