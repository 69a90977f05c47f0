//! Streams of alpha diagrams against the batch engine and against the window that they stand for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::VecDeque;

use proptest::prelude::*;
use toposcope_core::pool::PoolParams;
use toposcope_core::stream::{Complex, Late, OnLimit, Report, Stream, StreamParams, Window};
use toposcope_core::{AlphaParams, Control, Diagram, Error, Metric, Points, alpha};
use toposcope_oracle::bottleneck_distance;

type Point = [f64; 3];

fn params(n_dims: usize, window: u64, max_landmarks: usize) -> StreamParams {
    StreamParams {
        n_dims,
        window: Window::Count(window),
        max_landmarks,
        cover_radius: None,
        max_dim: n_dims - 1,
        background_dim: None,
        metric: Metric::Euclidean,
        complex: Complex::Alpha,
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

fn points(rows: &[Point], n_dims: usize) -> Points {
    let coordinates = rows.iter().flat_map(|row| &row[..n_dims]).copied();
    Points::from_f64(coordinates.collect(), n_dims).unwrap()
}

fn push(stream: &mut Stream, rows: &[Point]) -> Report {
    let n_dims = stream.params().n_dims;
    let chunk = points(rows, n_dims);
    stream.push(chunk, None, &Control::none()).unwrap()
}

fn batch(rows: &[Point], n_dims: usize) -> Diagram {
    let rows = points(rows, n_dims);
    alpha(&rows, &AlphaParams::default(), &Control::none()).unwrap()
}

#[test]
fn an_error_bound_of_radii_is_epsilon() {
    let mut stream = Stream::new(StreamParams {
        cover_radius: Some(1.0),
        ..params(2, 9, 9)
    })
    .unwrap();
    let report = push(&mut stream, &[[0.0; 3], [0.0, 1.0, 0.0], [0.0, 7.0, 0.0]]);
    assert_eq!(report.epsilon, 1.0);
    assert_eq!((report.error_bound(), report.certified_above()), (1.0, 2.0));
    assert_eq!(
        report.diagram.intervals(0).collect::<Vec<_>>(),
        [(0.0, 3.5), (0.0, f64::INFINITY)]
    );
    assert_eq!(report.cospan.complex, Complex::Alpha);
}

#[test]
fn a_push_that_changes_no_landmark_changes_no_diagram() {
    let square = [
        [0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0],
        [1.0, 1.0, 0.0],
        [0.0, 1.0, 0.0],
    ];
    let mut stream = Stream::new(params(2, 99, 99)).unwrap();
    let first = push(&mut stream, &square);
    assert_eq!(first.diagram, batch(&square, 2));
    assert_eq!(push(&mut stream, &square[1..]).diagram, first.diagram);
    assert_eq!(push(&mut stream, &[]).diagram, first.diagram);
    let other = Stream::restore(&stream.snapshot()).unwrap();
    assert_eq!(other.params().complex, Complex::Alpha);
    let merged = stream.merge(&other, &Control::none()).unwrap();
    assert_eq!(merged.diagram, first.diagram);
    let rips = Stream::new(StreamParams {
        complex: Complex::Rips,
        ..params(2, 99, 99)
    });
    let told = stream.merge(&rips.unwrap(), &Control::none()).unwrap_err();
    assert!(
        told.to_string()
            .contains("complex alpha, as this one, got rips")
    );
}

/// What the formula for memory allows for is enough: for points all over a cube, in a grid, and on a sphere.
#[test]
fn a_memory_limit_that_allows_for_the_landmarks_is_enough_for_their_diagram() {
    let control = Control::none();
    for n in [3, 10, 30, 100, 300] {
        for n_dims in [2, 3] {
            let limit = StreamParams {
                memory_limit: Some(params(n_dims, n as u64, n).bytes_for(n)),
                ..params(n_dims, n as u64, n)
            };
            let mut stream = Stream::new(limit).unwrap();
            assert_eq!(stream.landmark_cap(), n);
            let mut x = 0.5f64;
            let mut next = || {
                x = (x * 997.0 + 0.123).fract();
                x
            };
            let cube: Vec<Point> = (0..n).map(|_| [next(), next(), next()]).collect();
            let sphere = cube.iter().map(|p| {
                let centred = p.map(|x| x - 0.5);
                let norm = centred.iter().map(|x| x * x).sum::<f64>().sqrt();
                centred.map(|x| x / norm)
            });
            let grid = (0..n).map(|i| [i % 7, i / 7 % 7, i / 49].map(|x| x as f64));
            for rows in [cube.clone(), sphere.collect(), grid.collect()] {
                let chunk = points(&rows, n_dims);
                let report = stream.push(chunk, None, &control);
                assert_eq!(report.unwrap().diagram, batch(&rows, n_dims));
            }
        }
    }
}

#[test]
fn too_little_memory_leaves_the_stream_as_it_was() {
    // As many tetrahedra as there can be: on this curve any two edges of neighbours span one.
    let n = 200;
    let curve = (0..n).map(|i| {
        let t = f64::from(i) / f64::from(n);
        [t, t * t, t * t * t]
    });
    let rows: Vec<Point> = curve.collect();
    let limited = StreamParams {
        memory_limit: Some(params(3, 200, 200).bytes_for(200)),
        ..params(3, 200, 200)
    };
    let mut stream = Stream::new(limited).unwrap();
    let before = stream.snapshot();
    let refused = stream.push(points(&rows, 3), None, &Control::none());
    let error = refused.unwrap_err();
    assert!(matches!(error, Error::MemoryLimit { .. }), "{error}");
    assert_eq!(stream.snapshot(), before);
    assert_eq!(
        push(&mut stream, &rows[..20]).diagram,
        batch(&rows[..20], 3)
    );
}

// What is true of any stream ------------------------------------------------------------

fn in_general() -> impl Strategy<Value = Point> {
    prop::array::uniform3(-1.0..1.0f64)
}

/// Points of a small grid: spheres through many points, lines, planes, and the same place again and again.
fn on_a_grid() -> impl Strategy<Value = Point> {
    prop::array::uniform3((0..3i32).prop_map(f64::from))
}

fn clouds(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Point>> {
    prop_oneof![
        prop::collection::vec(in_general(), len.clone()),
        prop::collection::vec(on_a_grid(), len),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn with_room_for_all_the_diagram_is_that_of_the_window(
        chunks in prop::collection::vec(clouds(0..9), 1..7),
        n_dims in 2..=3usize,
        window in 1..14usize,
    ) {
        let mut stream = Stream::new(params(n_dims, window as u64, window)).unwrap();
        let mut alive: VecDeque<Point> = VecDeque::new();
        for chunk in chunks {
            let report = push(&mut stream, &chunk);
            alive.extend(&chunk);
            alive.drain(..alive.len().saturating_sub(window));
            prop_assert_eq!(&report.diagram, &batch(alive.make_contiguous(), n_dims));
            prop_assert_eq!((report.epsilon, report.error_bound()), (0.0, 0.0));
        }
    }

    #[test]
    fn the_error_bound_holds(
        xs in clouds(1..60),
        chunk in 1..12usize,
        n_dims in 2..=3usize,
        window in 1..40usize,
        max_landmarks in 1..12usize,
        evict in any::<bool>(),
        cover_radius in prop::option::of(0.0..0.7f64),
    ) {
        let on_limit = if evict { OnLimit::Evict } else { OnLimit::Coarsen };
        let params = StreamParams { on_limit, cover_radius, ..params(n_dims, window as u64, max_landmarks) };
        let mut stream = Stream::new(params).unwrap();
        let mut seen = 0;
        for chunk in xs.chunks(chunk) {
            let report = push(&mut stream, chunk);
            seen += chunk.len();
            let n_window = usize::try_from(report.n_window.unwrap()).unwrap();
            let truth = batch(&xs[seen - n_window..seen], n_dims);
            let founders: Vec<Point> = (report.landmarks.iter())
                .map(|l| xs[usize::try_from(l.id).unwrap()])
                .collect();
            prop_assert_eq!(&report.diagram, &batch(&founders, n_dims));
            for dim in 0..n_dims as u8 {
                let of_window: Vec<_> = truth.intervals(dim).collect();
                let of_landmarks: Vec<_> = report.diagram.intervals(dim).collect();
                let distance = bottleneck_distance(&of_window, &of_landmarks);
                prop_assert!(distance <= report.error_bound() + 1e-12);
                // At ε past its birth a certified class is one of the window, where the number of such classes is at least theirs.
                for &(birth, death) in of_landmarks.iter().filter(|(b, d)| d - b > report.certified_above() + 1e-9) {
                    let at = f64::midpoint(birth, death.min(birth + 2.0 * report.certified_above() + 1.0));
                    let alive = |(b, d): &&(f64, f64)| *b <= at && at < *d;
                    prop_assert!(of_window.iter().filter(alive).count() > 0);
                }
            }
        }
    }

    #[test]
    fn merged_shards_stand_for_the_union_of_their_windows(
        shards in prop::collection::vec(clouds(0..25), 2..4),
        n_dims in 2..=3usize,
        max_landmarks in 1..14usize,
    ) {
        let mut streams: Vec<Stream> = Vec::new();
        for shard in &shards {
            let mut stream = Stream::new(params(n_dims, 99, max_landmarks)).unwrap();
            push(&mut stream, shard);
            streams.push(stream);
        }
        let mut merged = streams.remove(0);
        let mut report = None;
        for other in &streams {
            report = Some(merged.merge(other, &Control::none()).unwrap());
        }
        let report = report.unwrap();
        let truth = batch(&shards.concat(), n_dims);
        for dim in 0..n_dims as u8 {
            let of_landmarks: Vec<_> = report.diagram.intervals(dim).collect();
            let distance = bottleneck_distance(&truth.intervals(dim).collect::<Vec<_>>(), &of_landmarks);
            prop_assert!(distance <= report.error_bound() + 1e-12);
        }
    }
}
