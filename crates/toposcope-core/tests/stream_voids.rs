//! Streams with voids, which are updated, against the batch engine and the naive one.

mod common;

use std::collections::VecDeque;

use common::streams;
use proptest::prelude::*;
use toposcope_core::stream::{Report, Stream, StreamParams};
use toposcope_core::{Control, Diagram, Metric, Points, RipsInput, RipsParams, rips};
use toposcope_oracle::rips_persistence;

type Point = [f64; 3];

fn params(window: usize) -> StreamParams {
    StreamParams {
        n_dims: 3,
        max_dim: 2,
        ..streams::params(window as u64, window)
    }
}

fn points(rows: &[Point]) -> Points {
    Points::from_f64(rows.concat(), 3).expect("finite points")
}

fn push(stream: &mut Stream, rows: &[Point]) -> Report {
    let report = stream.push(points(rows), None, &Control::none());
    report.expect("points that the stream takes")
}

fn batch(rows: &[Point], threshold: Option<f64>) -> Diagram {
    let params = RipsParams {
        max_dim: 2,
        threshold,
        ..RipsParams::default()
    };
    let points = points(rows);
    let input = RipsInput::Points(&points, Metric::Euclidean);
    rips(input, &params, &Control::none()).expect("a diagram")
}

/// The naive intervals, by dimension, birth and death.
fn naive(rows: &[Point], threshold: Option<f64>) -> Vec<(usize, f64, f64)> {
    let between = |p: &Point, q: &Point| Metric::Euclidean.between(p, q);
    let square: Vec<f64> = rows
        .iter()
        .flat_map(|p| rows.iter().map(move |q| between(p, q)))
        .collect();
    let threshold = threshold.unwrap_or(f64::INFINITY);
    let mut all = rips_persistence(&square, rows.len(), threshold, 2, 2);
    all.sort_unstable_by(|x, y| {
        x.0.cmp(&y.0)
            .then(x.1.total_cmp(&y.1))
            .then(x.2.total_cmp(&y.2))
    });
    all
}

fn intervals(diagram: &Diagram) -> Vec<(usize, f64, f64)> {
    let of = |dim: u8| {
        diagram
            .intervals(dim)
            .map(move |(b, d)| (usize::from(dim), b, d))
    };
    (0..=2).flat_map(of).collect()
}

/// Chunks of a few points, on a grid full of ties and duplicates or anywhere.
fn chunks(most: usize, steps: usize) -> impl Strategy<Value = Vec<Vec<Point>>> {
    let on_grid = prop::array::uniform3((0..4i32).prop_map(f64::from)).boxed();
    let anywhere = prop::array::uniform3(0.0..3.0f64).boxed();
    let of = move |point| prop::collection::vec(prop::collection::vec(point, 0..most), 1..steps);
    prop_oneof![of(on_grid), of(anywhere)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_long_stream_is_its_window(
        chunks in chunks(4, 30),
        window in 8..40usize,
        threshold in prop::option::of(0.5..4.0f64),
        burst in prop::option::of(0..20usize),
    ) {
        let mut stream = Stream::new(StreamParams { threshold, ..params(window) }).unwrap();
        let mut alive: VecDeque<Point> = VecDeque::new();
        for (at, mut chunk) in chunks.into_iter().enumerate() {
            if burst == Some(at) && !chunk.is_empty() {
                // Everything is replaced at once, by few points many times over.
                chunk = chunk.iter().copied().cycle().take(window).collect();
            }
            alive.extend(&chunk);
            alive.drain(..alive.len().saturating_sub(window));
            let report = push(&mut stream, &chunk);
            prop_assert_eq!(&report.diagram, &batch(alive.make_contiguous(), threshold));
            if at % 5 == 4 {
                let report = stream.evict(2, &Control::none()).unwrap();
                alive.drain(..alive.len().min(2));
                prop_assert_eq!(&report.diagram, &batch(alive.make_contiguous(), threshold));
            }
        }
    }

    #[test]
    fn a_short_window_is_what_the_naive_engine_says(
        chunks in chunks(3, 16),
        window in 6..13usize,
        threshold in prop::option::of(0.5..4.0f64),
    ) {
        let mut stream = Stream::new(StreamParams { threshold, ..params(window) }).unwrap();
        let mut alive: VecDeque<Point> = VecDeque::new();
        for chunk in chunks {
            alive.extend(&chunk);
            alive.drain(..alive.len().saturating_sub(window));
            let report = push(&mut stream, &chunk);
            prop_assert_eq!(intervals(&report.diagram), naive(alive.make_contiguous(), threshold));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn threads_checkpoints_and_merges_change_nothing(
        chunks in chunks(4, 24),
        cut in 0..20usize,
        window in 12..30usize,
    ) {
        let mut plain = Stream::new(params(window)).unwrap();
        let mut many = Stream::new(StreamParams { n_threads: Some(3), ..params(window) }).unwrap();
        let mut restored = Stream::new(params(window)).unwrap();
        for (at, chunk) in chunks.iter().enumerate() {
            if at == cut {
                restored = Stream::restore(&restored.snapshot()).unwrap();
            }
            let expected = push(&mut plain, chunk);
            let found = push(&mut many, chunk);
            prop_assert_eq!(&found.diagram, &expected.diagram);
            prop_assert_eq!(found.stats.pool, expected.stats.pool);
            prop_assert!(many.pool().iter().eq(plain.pool().iter()));
            prop_assert_eq!(push(&mut restored, chunk).diagram, expected.diagram);
        }
        let report = plain.merge(&restored, &Control::none()).unwrap();
        let ids = report.landmarks.iter().map(|l| l.id as usize);
        prop_assert!(ids.is_sorted());
        let after = push(&mut plain, &[[9.0, 0.0, 0.0]]);
        let places = after.cospan.landmarks.iter().enumerate();
        let places: Vec<usize> = places.filter(|(_, l)| l.after.is_some()).map(|(at, _)| at).collect();
        let params = RipsParams { max_dim: 2, ..RipsParams::default() };
        let distances = &after.cospan.distances;
        let pairs = places.iter().enumerate().flat_map(|(i, &a)| places[..i].iter().map(move |&b| (a, b)));
        let lower = pairs.map(|(a, b)| distances.get(a, b)).collect();
        let matrix = toposcope_core::DistanceMatrix::from_lower(lower, places.len()).unwrap();
        let expected = rips(RipsInput::Dense(&matrix), &params, &Control::none()).unwrap();
        prop_assert_eq!(after.diagram, expected);
    }
}
