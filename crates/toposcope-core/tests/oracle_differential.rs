//! Every engine against the naive oracle, on thousands of small complexes: points, grids full of ties, duplicates, matrices
//! that are no metric, sparse graphs.

mod common;

use common::{Random, full, intervals, matrix, params, points, run, sparse, trials};
use toposcope_core::{DistanceMatrix, Method, Metric, RipsInput, SparseDistances};

const METHODS: [Method; 2] = [Method::Lune, Method::Cohomology];
const FIELDS: [u32; 3] = [2, 3, 5];

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

/// A complete input through every door. The intervals found by dimension, so that tests can see that there are any.
fn check_complete(
    matrix: &DistanceMatrix,
    random: &mut Random,
    max_dim: usize,
    case: usize,
) -> [usize; 4] {
    let distances = full(matrix);
    let limit = threshold(random, &distances);
    let field = FIELDS[case % FIELDS.len()];
    let largest = limit.unwrap_or(f64::INFINITY);
    let expected =
        toposcope_oracle::rips_persistence(&distances, matrix.n(), largest, max_dim, field);
    let listed = sparse(matrix, largest);
    for method in METHODS {
        let params = params(max_dim, limit, field, method);
        for input in [RipsInput::Dense(matrix), RipsInput::Sparse(&listed)] {
            let got = intervals(&run(input, &params));
            assert_eq!(got, expected, "case {case}: {params:?} on {matrix:?}");
        }
    }
    [0, 1, 2, 3].map(|dim| expected.iter().filter(|i| i.0 == dim).count())
}

#[test]
fn points_in_general_position() {
    let mut random = Random(1);
    for case in 0..trials(600) {
        let max_dim = random.below(4);
        let n = size(&mut random, max_dim);
        let n_dims = 1 + random.below(5);
        let rows = rows(&mut random, n, n_dims, Random::unit);
        let points = points(&rows);
        let matrix = matrix(&points);
        check_complete(&matrix, &mut random, max_dim, case);
        let params = params(max_dim, None, 2, METHODS[case % 2]);
        let from_points = run(RipsInput::Points(&points, Metric::Euclidean), &params);
        assert_eq!(from_points, run(RipsInput::Dense(&matrix), &params));
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
        check_complete(&matrix(&points(&rows)), &mut random, max_dim, case);
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
        let counts = check_complete(&matrix, &mut random, max_dim, case);
        found = std::array::from_fn(|dim| found[dim] + counts[dim]);
    }
    assert!(found.iter().all(|&count| count > 40), "{found:?}");
}

#[test]
fn sparse_graphs() {
    let mut random = Random(4);
    for case in 0..trials(600) {
        let max_dim = random.below(4);
        let n = size(&mut random, max_dim);
        let (values, density) = (1 + random.below(20), random.unit());
        let mut distances = vec![f64::INFINITY; n * n];
        let mut entries = Vec::new();
        for i in 0..n {
            for j in (0..i)
                .filter(|_| random.unit() < density)
                .collect::<Vec<_>>()
            {
                let length = random.below(values) as f64;
                entries.push((j as u32, i as u32, length));
                (distances[i * n + j], distances[j * n + i]) = (length, length);
            }
        }
        let lengths: Vec<f64> = entries.iter().map(|e| e.2).collect();
        let limit = threshold(&mut random, &lengths);
        let field = FIELDS[case % FIELDS.len()];
        let largest = limit.unwrap_or(f64::INFINITY);
        let expected = toposcope_oracle::rips_persistence(&distances, n, largest, max_dim, field);
        let input = SparseDistances::from_entries(entries, n).unwrap();
        for method in METHODS {
            let params = params(max_dim, limit, field, method);
            let got = intervals(&run(RipsInput::Sparse(&input), &params));
            assert_eq!(got, expected, "case {case}: {params:?} on {input:?}");
        }
    }
}
