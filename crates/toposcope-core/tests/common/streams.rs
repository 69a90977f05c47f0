//! Streams of points of the plane.

use toposcope_core::pool::PoolParams;
use toposcope_core::stream::{Complex, Late, OnLimit, Report, Stream, StreamParams, Window};
use toposcope_core::{Control, Metric, Points};
use toposcope_oracle::rips_persistence;

pub type Point = [f64; 2];

/// A stream with everything else at its simplest.
pub fn params(window: u64, max_landmarks: usize) -> StreamParams {
    StreamParams {
        n_dims: 2,
        window: Window::Count(window),
        max_landmarks,
        cover_radius: None,
        max_dim: 1,
        background_dim: None,
        metric: Metric::Euclidean,
        complex: Complex::Rips,
        threshold: None,
        memory_limit: None,
        on_limit: OnLimit::Coarsen,
        late: Late::Raise,
        half_life: None,
        min_mass: None,
        pool: PoolParams::default(),
        n_threads: Some(1),
    }
}

pub fn points(rows: &[Point]) -> Points {
    Points::from_f64(rows.concat(), 2).expect("finite points")
}

pub fn push(stream: &mut Stream, rows: &[Point]) -> Report {
    let report = stream.push(points(rows), None, &Control::none());
    report.expect("points that the stream takes")
}

/// The naive intervals of one dimension of a set of points.
pub fn naive(rows: &[Point], dim: usize) -> Vec<(f64, f64)> {
    let between = |p: &Point, q: &Point| Metric::Euclidean.between(p, q);
    let square: Vec<f64> = rows
        .iter()
        .flat_map(|p| rows.iter().map(move |q| between(p, q)))
        .collect();
    let all = rips_persistence(&square, rows.len(), f64::INFINITY, dim, 2);
    let of_dim = all.into_iter().filter(|interval| interval.0 == dim);
    of_dim.map(|(_, birth, death)| (birth, death)).collect()
}

/// Largest distance of a point of `from` to its nearest of `to`.
pub fn farthest(from: &[Point], to: &[Point]) -> f64 {
    let nearest = |p: &Point| {
        let distances = to.iter().map(|q| (p[0] - q[0]).hypot(p[1] - q[1]));
        distances.fold(f64::INFINITY, f64::min)
    };
    from.iter().map(nearest).fold(0.0, f64::max)
}
