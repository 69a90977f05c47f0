//! Every engine against the naive oracle, on thousands of small complexes: points, grids full of ties, duplicates, matrices
//! that are no metric, sparse graphs.
//!
//! Each complex goes through every door that it fits (float64 and float32 points, all distances, a list of distances), by
//! every method, and once more with its vertices relabelled. `make exhaustive` tries forty times as many complexes, each on
//! one to four threads. Inputs this small fit into one block of work: that many blocks on many threads change nothing is the
//! subject of `determinism.rs`.

mod common;

use common::{
    METHODS, Random, from_full, full, intervals, matrix, params, points, run, shuffled,
    single_points, sparse, trials,
};
use toposcope_core::{DistanceMatrix, Metric, RipsInput, RipsParams, SparseDistances};

const FIELDS: [u32; 3] = [2, 3, 5];

type Intervals = Vec<(usize, f64, f64)>;

/// Small enough for the oracle in this dimension.
fn size(random: &mut Random, max_dim: usize) -> usize {
    let bound = [20, 20, 16, 13][max_dim];
    if random.below(2) == 0 {
        return random.below(bound);
    }
    bound - 1 - random.below(4)
}

fn rows(
    random: &mut Random,
    n: usize,
    n_dims: usize,
    coordinate: impl Fn(&mut Random) -> f64,
) -> Vec<Vec<f64>> {
    (0..n)
        .map(|_| (0..n_dims).map(|_| coordinate(random)).collect())
        .collect()
}

/// Some threshold between nothing and everything, often exactly at an edge.
fn threshold(random: &mut Random, lengths: &[f64]) -> Option<f64> {
    match random.below(3) {
        0 => None,
        1 if !lengths.is_empty() => Some(lengths[random.below(lengths.len())]),
        _ => Some(lengths.iter().copied().fold(0.0, f64::max) * random.unit()),
    }
}

/// Numbers of threads to try: all of one to four in the long form, one of them in the quick one.
fn thread_counts(case: usize) -> std::ops::RangeInclusive<usize> {
    let one = 1 + case % 4;
    if trials(1) > 1 { 1..=4 } else { one..=one }
}

/// Every door, method and number of threads gives what the oracle gives.
fn check(doors: &[RipsInput], params: &RipsParams, expected: &Intervals, case: usize) {
    for method in METHODS {
        for n_threads in thread_counts(case) {
            let params = RipsParams {
                method,
                n_threads: Some(n_threads),
                ..params.clone()
            };
            for &door in doors {
                let got = intervals(&run(door, &params));
                assert_eq!(&got, expected, "case {case}: {params:?} on {door:?}");
            }
        }
    }
}

/// All distances through every door, also relabelled. The intervals found by dimension, so that tests can see that there
/// are any.
fn check_complete(
    matrix: &DistanceMatrix,
    points: &[RipsInput],
    random: &mut Random,
    max_dim: usize,
    case: usize,
) -> [usize; 4] {
    let (n, distances) = (matrix.n(), full(matrix));
    let limit = threshold(random, &distances);
    let field = FIELDS[case % FIELDS.len()];
    let largest = limit.unwrap_or(f64::INFINITY);
    let expected = toposcope_oracle::rips_persistence(&distances, n, largest, max_dim, field);
    let params = params(max_dim, limit, field, METHODS[0]);
    let listed = sparse(matrix, largest);
    let mut doors = vec![RipsInput::Dense(matrix), RipsInput::Sparse(&listed)];
    doors.extend(points);
    check(&doors, &params, &expected, case);

    let relabelled = relabelled(&distances, &shuffled(n, random));
    let relabelled = from_full(&relabelled, n);
    let listed = sparse(&relabelled, largest);
    let doors = [RipsInput::Dense(&relabelled), RipsInput::Sparse(&listed)];
    check(&doors, &params, &expected, case);
    [0, 1, 2, 3].map(|dim| expected.iter().filter(|i| i.0 == dim).count())
}

/// The distances between the same vertices under other numbers.
fn relabelled(distances: &[f64], order: &[usize]) -> Vec<f64> {
    let n = order.len();
    let pairs = (0..n * n).map(|at| (order[at / n], order[at % n]));
    pairs.map(|(i, j)| distances[i * n + j]).collect()
}

/// Points of float32 coordinates through the doors of both widths, with their distances checked by hand.
fn check_points(rows: &[Vec<f64>], random: &mut Random, max_dim: usize, case: usize) {
    let (wide, single) = (points(rows), single_points(rows));
    let matrix = matrix(&wide);
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate() {
            let squares = a.iter().zip(b).map(|(x, y)| (x - y) * (x - y));
            let by_hand = squares.sum::<f64>().sqrt();
            let close = (matrix.get(i, j) - by_hand).abs() <= 1e-15 * by_hand;
            assert!(close, "case {case}: {by_hand} is not {}", matrix.get(i, j));
        }
    }
    let doors = [&wide, &single].map(|p| RipsInput::Points(p, Metric::Euclidean));
    check_complete(&matrix, &doors, random, max_dim, case);
}

#[test]
fn points_in_general_position() {
    let mut random = Random(1);
    for case in 0..trials(600) {
        let max_dim = random.below(4);
        let n = size(&mut random, max_dim);
        let n_dims = 1 + random.below(5);
        let rows = rows(&mut random, n, n_dims, |r| f64::from(r.unit() as f32));
        check_points(&rows, &mut random, max_dim, case);
    }
}

#[test]
fn grids_with_ties_and_duplicates() {
    let mut random = Random(2);
    for case in 0..trials(700) {
        let max_dim = random.below(4);
        let n = size(&mut random, max_dim);
        let (n_dims, side) = (1 + random.below(3), 2 + random.below(3));
        let rows = rows(&mut random, n, n_dims, |r| r.below(side) as f64);
        check_points(&rows, &mut random, max_dim, case);
    }
}

#[test]
fn matrices_that_are_no_metric() {
    let mut random = Random(3);
    let mut found = [0; 4];
    for case in 0..trials(700) {
        let max_dim = 1 + random.below(3);
        let values = [3, 10, 1000][case % 3];
        // Every other time opposite vertices are far apart: a sphere of the largest dimension, and a few vertices more.
        let sphere = case % 2 == 0;
        let n = if sphere {
            2 * max_dim + 2 + random.below(3)
        } else {
            size(&mut random, max_dim)
        };
        let opposite = |i: usize, j: usize| sphere && i == j + 1 && i % 2 == 1;
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        let mut length = |(i, j)| {
            let far = if opposite(i, j) { 1000 } else { 0 };
            (far + random.below(values)) as f64
        };
        let lower = pairs.map(&mut length).collect();
        let matrix = DistanceMatrix::from_lower(lower, n).unwrap();
        let counts = check_complete(&matrix, &[], &mut random, max_dim, case);
        found = std::array::from_fn(|dim| found[dim] + counts[dim]);
    }
    assert!(found.iter().all(|&count| count > 30), "{found:?}");
}

#[test]
fn sparse_graphs() {
    let mut random = Random(4);
    for case in 0..trials(600) {
        let max_dim = random.below(4);
        let n = size(&mut random, max_dim);
        let (values, density) = (1 + random.below(20), random.unit());
        let mut distances = vec![f64::INFINITY; n * n];
        for i in 0..n {
            for j in 0..i {
                if random.unit() < density {
                    let length = random.below(values) as f64;
                    (distances[i * n + j], distances[j * n + i]) = (length, length);
                }
            }
        }
        let limit = threshold(&mut random, &lengths(&distances));
        let field = FIELDS[case % FIELDS.len()];
        let largest = limit.unwrap_or(f64::INFINITY);
        let expected = toposcope_oracle::rips_persistence(&distances, n, largest, max_dim, field);
        let params = params(max_dim, limit, field, METHODS[0]);
        let relabelled = relabelled(&distances, &shuffled(n, &mut random));
        for distances in [distances, relabelled] {
            let listed = listed(&distances, n);
            let doors = [RipsInput::Sparse(&listed)];
            check(&doors, &params, &expected, case);
        }
    }
}

/// The lengths of the edges there are.
fn lengths(distances: &[f64]) -> Vec<f64> {
    distances
        .iter()
        .copied()
        .filter(|d| d.is_finite())
        .collect()
}

/// The edges of a graph, each once.
fn listed(distances: &[f64], n: usize) -> SparseDistances {
    let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
    let entries = pairs.map(|(i, j)| (j as u32, i as u32, distances[i * n + j]));
    SparseDistances::from_entries(entries.filter(|e| e.2.is_finite()), n).expect("valid input")
}
