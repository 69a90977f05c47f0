//! Diagrams computed beside the pushes: those of the batch engine, of the landmarks as they were, and no push is the worse for it.

mod common;

use std::thread;
use std::time::Duration;

use common::streams;
use toposcope_core::stream::{BackgroundDiagram, OnLimit, Report, Stream, StreamParams};
use toposcope_core::{Control, Diagram, Error, Metric, Points, RipsInput, RipsParams, rips};

/// A small generator of its own, so that runs are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % n
    }

    /// Points of a grid, many of them equal and many distances tied.
    fn rows(&mut self, n: usize, n_dims: usize) -> Vec<f64> {
        (0..n * n_dims).map(|_| self.below(4) as f64).collect()
    }
}

fn params(n_dims: usize, window: u64, max_landmarks: usize) -> StreamParams {
    StreamParams {
        n_dims,
        background_dim: Some(2),
        ..streams::params(window, max_landmarks)
    }
}

fn push(stream: &mut Stream, rows: &[f64]) -> Report {
    let chunk = Points::from_f64(rows.to_vec(), stream.params().n_dims);
    let report = chunk.and_then(|chunk| stream.push(chunk, None, &Control::none()));
    report.expect("points that the stream takes")
}

/// Waits for that of the landmarks as they are.
fn at_rest(stream: &mut Stream) -> Result<Option<BackgroundDiagram>, Error> {
    loop {
        let (latest, is_current) = stream.background()?;
        if is_current {
            return Ok(latest);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The diagram of the points with these ids.
fn of_landmarks(ids: &[u64], rows: &[f64], n_dims: usize, max_dim: usize) -> Diagram {
    let row = |&id: &u64| rows[id as usize * n_dims..][..n_dims].to_vec();
    let points = Points::from_f64(ids.iter().flat_map(row).collect(), n_dims);
    let points = points.expect("finite points");
    let params = RipsParams {
        max_dim,
        ..RipsParams::default()
    };
    let input = RipsInput::Points(&points, Metric::Euclidean);
    rips(input, &params, &Control::none()).expect("a diagram")
}

#[test]
fn every_diagram_is_that_of_the_landmarks_at_its_step() {
    let mut n_voids = 0;
    for seed in 0..60 {
        let mut random = Random(seed);
        let n_dims = 3;
        let asked = params(n_dims, 8 + random.below(30), 5 + random.below(30) as usize);
        let mut stream = Stream::new(asked.clone()).unwrap();
        let plain = StreamParams {
            background_dim: None,
            ..asked
        };
        let mut plain = Stream::new(plain).unwrap();
        let (mut rows, mut by_step) = (Vec::new(), vec![(Vec::new(), 0.0, 0)]);
        for _ in 0..8 {
            let n = random.below(9) as usize;
            let chunk = random.rows(n, n_dims);
            rows.extend_from_slice(&chunk);
            let (report, expected) = (push(&mut stream, &chunk), push(&mut plain, &chunk));
            assert_eq!(report.diagram, expected.diagram);
            assert_eq!(report.landmarks, expected.landmarks);
            let ids: Vec<u64> = report.landmarks.iter().map(|l| l.id).collect();
            by_step.push((ids, report.epsilon, stream.n_seen()));
            let mut check = |found: BackgroundDiagram| {
                let (ids, epsilon, n_seen) = &by_step[found.step as usize];
                assert_eq!(*found.diagram, of_landmarks(ids, &rows, n_dims, 2));
                assert_eq!((found.epsilon, found.n_seen), (*epsilon, *n_seen));
                assert_eq!(found.certified_above(), 4.0 * epsilon);
                n_voids += found.diagram.intervals(2).count();
            };
            report.background.into_iter().for_each(&mut check);
            if random.below(2) == 0 {
                let found = at_rest(&mut stream).unwrap().unwrap();
                assert_eq!(found.step, stream.step());
                check(found);
            }
        }
    }
    assert!(n_voids > 20, "{n_voids}");
}

#[test]
fn a_push_does_not_wait() {
    // Dimension 5 of so many points without any structure takes seconds; a push, milliseconds.
    let asked = StreamParams {
        background_dim: Some(5),
        ..params(60, 400, 400)
    };
    let mut random = Random(1);
    let mut row = |n: usize| -> Vec<f64> {
        let coordinate = |_| random.below(1 << 20) as f64;
        (0..n * 60).map(coordinate).collect()
    };
    let mut stream = Stream::new(asked).unwrap();
    for n in [300, 1, 1, 1] {
        let report = push(&mut stream, &row(n));
        assert_eq!(report.background, None);
        assert_eq!(stream.background(), Ok((None, false)));
    }
    // Nor does what forgets it, or drops it.
    stream.reset();
    assert_eq!(push(&mut stream, &row(300)).background, None);
    drop(stream);
}

#[test]
fn want_of_memory_does_not_concern_the_pushes() {
    let asked = StreamParams {
        memory_limit: Some(2 << 20),
        on_limit: OnLimit::Evict,
        background_dim: Some(3),
        ..params(40, 100_000, 10_000)
    };
    let mut random = Random(3);
    let mut stream = Stream::new(asked).unwrap();
    let cap = stream.landmark_cap();
    let halves = StreamParams {
        memory_limit: Some(1 << 20),
        background_dim: None,
        ..stream.params().clone()
    };
    assert_eq!(halves.landmark_cap(), Ok(cap));
    let rows: Vec<f64> = (0..cap * 40)
        .map(|_| random.below(1 << 20) as f64)
        .collect();
    assert_eq!(push(&mut stream, &rows).landmarks.len(), cap);
    let refused = at_rest(&mut stream).unwrap_err();
    assert!(matches!(refused, Error::MemoryLimit { .. }), "{refused}");
    // It is not tried again until the landmarks are others.
    let report = push(&mut stream, &[]);
    assert_eq!((report.landmarks.len(), report.background), (cap, None));
    assert_eq!(stream.background().unwrap_err(), refused);
    stream.evict(cap as u64 - 9, &Control::none()).unwrap();
    let found = at_rest(&mut stream).unwrap().unwrap();
    assert_eq!((found.step, found.diagram.intervals(0).count()), (3, 9));
}

#[test]
fn what_is_forgotten_gives_its_memory_back_before_the_next_begins() {
    let asked = StreamParams {
        memory_limit: Some(32 << 20),
        background_dim: Some(4),
        ..params(60, 100_000, 100)
    };
    let mut random = Random(4);
    let mut stream = Stream::new(asked).unwrap();
    for _ in 0..20 {
        let rows: Vec<f64> = (0..100 * 60)
            .map(|_| random.below(1 << 20) as f64)
            .collect();
        assert_eq!(push(&mut stream, &rows).step, 1);
        // It is at work, with most of what there is.
        thread::sleep(Duration::from_millis(random.below(8)));
        stream.reset();
        push(&mut stream, &rows[..600]);
        let found = at_rest(&mut stream).unwrap().unwrap();
        assert_eq!(found.diagram.intervals(0).count(), 10);
        stream.reset();
    }
}

#[test]
fn a_restored_stream_computes_again() {
    let mut random = Random(5);
    let mut stream = Stream::new(params(3, 100, 40)).unwrap();
    push(&mut stream, &random.rows(40, 3));
    let expected = at_rest(&mut stream).unwrap().unwrap();
    let mut restored = Stream::restore(&stream.snapshot()).unwrap();
    assert_eq!(restored.params(), stream.params());
    assert_eq!(at_rest(&mut restored).unwrap().unwrap(), expected);
    // Without landmarks too there is a diagram, of none.
    restored.evict(100, &Control::none()).unwrap();
    let empty = at_rest(&mut restored).unwrap().unwrap();
    assert_eq!(empty.diagram.len(), 0);
}
