//! A stream against the batch engine and against the window that it stands for.

mod common;

use std::collections::VecDeque;

use common::Random;
use common::streams::{Point, farthest, naive, params, points, push};
use proptest::prelude::*;
use toposcope_core::stream::{OnLimit, Stream, StreamParams};
use toposcope_core::{Control, Metric, RipsInput, RipsParams, rips};
use toposcope_oracle::bottleneck_distance;

fn grid_point() -> impl Strategy<Value = Point> {
    (0..5i32, 0..5i32).prop_map(|(x, y)| [f64::from(x), f64::from(y)])
}

#[derive(Debug, Clone)]
enum Step {
    Push(Vec<Point>),
    Evict(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let push = prop::collection::vec(grid_point(), 0..12).prop_map(Step::Push);
    let evict = (0..6usize).prop_map(Step::Evict);
    prop::collection::vec(prop_oneof![4 => push, 1 => evict], 1..8)
}

/// Many pushes of a few points each, so that most landmarks stay.
fn small_steps() -> impl Strategy<Value = Vec<Vec<Point>>> {
    let anywhere = prop::array::uniform2(0.0..5.0f64);
    let chunk = |point| prop::collection::vec(point, 0..5);
    prop_oneof![
        prop::collection::vec(chunk(grid_point().boxed()), 1..30),
        prop::collection::vec(chunk(anywhere.boxed()), 1..30),
    ]
}

fn policy() -> impl Strategy<Value = OnLimit> {
    prop_oneof![Just(OnLimit::Coarsen), Just(OnLimit::Evict)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn with_room_for_all_a_long_stream_is_its_window(
        steps in small_steps(),
        window in 6..40usize,
        burst in prop::option::of(0..20usize),
    ) {
        let control = Control::none();
        let mut stream = Stream::new(params(window as u64, window)).unwrap();
        let mut alive: VecDeque<Point> = VecDeque::new();
        for (at, mut chunk) in steps.into_iter().enumerate() {
            if burst == Some(at) {
                // Everything is replaced at once.
                chunk = chunk.iter().copied().cycle().take(if chunk.is_empty() { 0 } else { window }).collect();
            }
            alive.extend(&chunk);
            alive.drain(..alive.len().saturating_sub(window));
            let report = push(&mut stream, &chunk);
            let window_points = points(alive.make_contiguous());
            let input = RipsInput::Points(&window_points, Metric::Euclidean);
            let batch = rips(input, &RipsParams::default(), &control).unwrap();
            prop_assert_eq!(&report.diagram, &batch);
            if at % 5 == 4 {
                let report = stream.evict(2, &control).unwrap();
                alive.drain(..alive.len().min(2));
                let window_points = points(alive.make_contiguous());
                let input = RipsInput::Points(&window_points, Metric::Euclidean);
                prop_assert_eq!(&report.diagram, &rips(input, &RipsParams::default(), &control).unwrap());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn with_room_for_all_the_window_is_the_landmark_set(steps in steps(), window in 1..9usize) {
        let control = Control::none();
        let mut stream = Stream::new(params(window as u64, window)).unwrap();
        let mut alive: VecDeque<Point> = VecDeque::new();
        for step in steps {
            let report = match step {
                Step::Push(chunk) => {
                    alive.extend(&chunk);
                    alive.drain(..alive.len().saturating_sub(window));
                    push(&mut stream, &chunk)
                }
                Step::Evict(n) => {
                    alive.drain(..n.min(alive.len()));
                    stream.evict(n as u64, &control).unwrap()
                }
            };
            let window_points = points(alive.make_contiguous());
            let input = RipsInput::Points(&window_points, Metric::Euclidean);
            let batch = rips(input, &RipsParams::default(), &control).unwrap();
            prop_assert_eq!(&report.diagram, &batch);
            prop_assert_eq!(report.epsilon, 0.0);
            prop_assert_eq!(report.n_window, Some(alive.len() as u64));
        }
    }

    #[test]
    fn the_error_bound_holds(
        xs in prop::collection::vec(prop::array::uniform2(-1.0..1.0f64), 1..40),
        chunk in 1..9usize,
        window in 1..14u64,
        max_landmarks in 1..7usize,
        on_limit in policy(),
        cover_radius in prop::option::of(0.0..0.5f64),
    ) {
        let params = StreamParams { on_limit, cover_radius, ..params(window, max_landmarks) };
        let mut stream = Stream::new(params).unwrap();
        let mut seen = 0;
        for chunk in xs.chunks(chunk) {
            let report = push(&mut stream, chunk);
            seen += chunk.len();
            prop_assert!(report.landmarks.len() <= max_landmarks);
            let n_window = usize::try_from(report.n_window.unwrap()).unwrap();
            for dim in 0..=1u8 {
                let of_window = naive(&xs[seen - n_window..seen], usize::from(dim));
                let of_landmarks: Vec<_> = report.diagram.intervals(dim).collect();
                let distance = bottleneck_distance(&of_window, &of_landmarks);
                prop_assert!(distance <= report.error_bound() + 1e-12);
            }
        }
    }

    #[test]
    fn window_and_landmarks_are_within_epsilon_of_each_other(
        xs in prop::collection::vec(grid_point(), 1..60),
        window in 1..20usize,
        max_landmarks in 1..8usize,
    ) {
        let mut stream = Stream::new(params(window as u64, max_landmarks)).unwrap();
        for (i, x) in xs.iter().enumerate() {
            let report = push(&mut stream, &[*x]);
            let founder = |id: u64| xs[usize::try_from(id).unwrap()];
            let founders: Vec<Point> = report.landmarks.iter().map(|l| founder(l.id)).collect();
            let alive = &xs[(i + 1).saturating_sub(window)..=i];
            prop_assert!(farthest(alive, &founders) <= report.epsilon + 1e-12);
            prop_assert!(farthest(&founders, alive) <= report.epsilon + 1e-12);
        }
    }

    #[test]
    fn how_the_stream_is_cut_does_not_matter(
        xs in prop::collection::vec(grid_point(), 1..40),
        cut in 0..40usize,
        window in 1..20u64,
        max_landmarks in 1..8usize,
        on_limit in policy(),
    ) {
        let params = StreamParams { on_limit, ..params(window, max_landmarks) };
        let cut = cut.min(xs.len());
        let mut once = Stream::new(params.clone()).unwrap();
        let mut twice = Stream::new(params).unwrap();
        let whole = push(&mut once, &xs);
        push(&mut twice, &xs[..cut]);
        let rest = push(&mut twice, &xs[cut..]);
        prop_assert_eq!(&whole.landmarks, &rest.landmarks);
        prop_assert_eq!(&whole.diagram, &rest.diagram);
        prop_assert_eq!((whole.cover_radius, whole.n_window), (rest.cover_radius, rest.n_window));
    }
}

/// Points of a noisy ring that turns, thinned out: what is proven of the landmarks is there in the window.
#[test]
fn what_is_certified_is_there() {
    let (mut n_loops, mut n_pieces) = (0, 0);
    for trial in 0..1000 {
        let mut random = Random(trial);
        let mut unit = || (random.next() >> 11) as f64 / (1u64 << 53) as f64;
        let window = 40 + (unit() * 80.0) as usize;
        let noise = 0.2 * unit();
        let two_rings = unit() < 0.5;
        let mut ring = |at: usize| -> Point {
            let turn = std::f64::consts::TAU * unit();
            let radius = 1.0 + noise * unit();
            let shift = f64::from(u8::from(two_rings && at.is_multiple_of(2))) * 4.0;
            [shift + radius * turn.cos(), radius * turn.sin()]
        };
        let xs: Vec<Point> = (0..2 * window).map(&mut ring).collect();
        let params = StreamParams {
            cover_radius: [None, Some(0.05), Some(0.2)][trial as usize % 3],
            on_limit: [OnLimit::Coarsen, OnLimit::Evict][trial as usize % 2],
            ..params(window as u64, 30 + trial as usize % 30)
        };
        let mut stream = Stream::new(params).unwrap();
        let mut seen = 0;
        for (at, chunk) in xs.chunks(20).enumerate() {
            let report = push(&mut stream, chunk);
            seen += chunk.len();
            if at % 3 != trial as usize % 3 {
                continue;
            }
            let alive = usize::try_from(report.n_window.unwrap()).unwrap();
            let of_window = points(&xs[seen - alive..seen]);
            let input = RipsInput::Points(&of_window, Metric::Euclidean);
            let exact = rips(input, &RipsParams::default(), &Control::none()).unwrap();
            let bound = report.error_bound() + 1e-12;
            for dim in 0..=1u8 {
                let all: Vec<_> = exact.intervals(dim).collect();
                let landmarks: Vec<_> = report.diagram.intervals(dim).collect();
                assert!(bottleneck_distance(&all, &landmarks) <= bound);
                for &(birth, death) in &landmarks {
                    if death - birth <= report.certified_above() {
                        continue;
                    }
                    let near = |x: f64, y: f64| x == y || (x - y).abs() <= bound;
                    assert!(all.iter().any(|&(b, d)| near(b, birth) && near(d, death)));
                    *[&mut n_pieces, &mut n_loops][usize::from(dim)] += 1;
                }
            }
        }
    }
    assert!(
        n_loops > 100 && n_pieces > 2000,
        "{n_loops} loops, {n_pieces} pieces"
    );
}
