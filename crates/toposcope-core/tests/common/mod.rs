//! Inputs for the tests: seeded, and full of ties.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test file compiles this one and uses a part of it"
)]

pub mod naive_stream;
pub mod streams;

use toposcope_core::{
    Control, Diagram, DistanceMatrix, Method, Metric, Points, RipsInput, RipsParams,
    SparseDistances, rips,
};

/// Every method, "auto" included.
pub const METHODS: [Method; 3] = [Method::Auto, Method::Lune, Method::Cohomology];

/// SplitMix64: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

pub fn points(rows: &[Vec<f64>]) -> Points {
    let n_dims = rows.first().map_or(1, Vec::len);
    Points::from_f64(rows.concat(), n_dims).expect("valid input")
}

/// The same points, where their coordinates fit into float32.
pub fn single_points(rows: &[Vec<f64>]) -> Points {
    let n_dims = rows.first().map_or(1, Vec::len);
    let narrow = rows.concat().into_iter().map(|x| x as f32).collect();
    Points::from_f32(narrow, n_dims).expect("valid input")
}

/// The numbers below `n` in random order.
pub fn shuffled(n: usize, random: &mut Random) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for at in (1..n).rev() {
        order.swap(at, random.below(at + 1));
    }
    order
}

pub fn matrix(points: &Points) -> DistanceMatrix {
    DistanceMatrix::from_points(points, Metric::Euclidean, &Control::none()).expect("valid input")
}

/// The full row-major matrix that the oracle reads.
pub fn full(matrix: &DistanceMatrix) -> Vec<f64> {
    let n = matrix.n();
    (0..n * n).map(|at| matrix.get(at / n, at % n)).collect()
}

/// A full symmetric matrix, back from that form; its diagonal does not count.
pub fn from_full(distances: &[f64], n: usize) -> DistanceMatrix {
    let lower = (0..n).flat_map(|i| distances[i * n..i * n + i].to_vec());
    DistanceMatrix::from_lower(lower.collect(), n).expect("valid input")
}

/// The same distances up to a threshold, as a sparse input.
pub fn sparse(matrix: &DistanceMatrix, threshold: f64) -> SparseDistances {
    let n = matrix.n() as u32;
    let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
    let entries = pairs.map(|(i, j)| (i, j, matrix.get(i as usize, j as usize)));
    SparseDistances::from_entries(entries.filter(|e| e.2 <= threshold), n as usize)
        .expect("valid input")
}

pub fn params(max_dim: usize, threshold: Option<f64>, field: u32, method: Method) -> RipsParams {
    RipsParams {
        max_dim,
        threshold,
        field,
        method,
        n_threads: Some(1),
    }
}

pub fn run(input: RipsInput, params: &RipsParams) -> Diagram {
    rips(input, params, &Control::none()).expect("valid input")
}

/// The diagram as plain intervals.
pub fn intervals(diagram: &Diagram) -> Vec<(usize, f64, f64)> {
    let dims = diagram.dims().iter().map(|&d| usize::from(d));
    let ends = diagram.births().iter().zip(diagram.deaths());
    dims.zip(ends).map(|(dim, (&b, &d))| (dim, b, d)).collect()
}

/// How many cases to try: as many as usual, or `TOPOSCOPE_TRIALS` times that.
pub fn trials(usual: usize) -> usize {
    let factor = std::env::var("TOPOSCOPE_TRIALS").map_or(1, |text| {
        text.parse().expect("TOPOSCOPE_TRIALS is a whole number")
    });
    usual * factor
}
