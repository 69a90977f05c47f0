//! Streams of points with times in any order and weights of their own, against every point that they have seen.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::naive_stream::{Incoming, Naive};
use common::streams::{Point, naive, params, points};
use proptest::prelude::*;
use toposcope_core::stream::{
    Complex, Landmark, Late, OnLimit, Report, Stream, StreamParams, Window,
};
use toposcope_core::{
    AlphaParams, Control, Diagram, Metric, Points, RipsInput, RipsParams, alpha, rips,
};
use toposcope_oracle::bottleneck_distance;

/// Of more points the naive diagram takes long.
const LARGEST_WINDOW: usize = 18;

/// Grids have ties and points at equal places.
fn place() -> impl Strategy<Value = Point> {
    prop_oneof![
        prop::array::uniform2((0..4i32).prop_map(f64::from)),
        prop::array::uniform2(0.0..3.0f64),
    ]
}

/// Times are steps of the clock, some of them back; weights are sums of few bits, so that none of their sums is rounded.
fn incoming() -> impl Strategy<Value = (Point, i32, f64)> {
    let step = prop_oneof![4 => 0..3i32, 1 => -6..0i32];
    let weight = prop_oneof![Just(1.0), (1..9i32).prop_map(|w| f64::from(w) / 4.0)];
    (place(), step, weight)
}

#[derive(Debug, Clone)]
enum Step {
    Push(Vec<(Point, i32, f64)>),
    Evict(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let push = prop::collection::vec(incoming(), 0..7).prop_map(Step::Push);
    let evict = (0..4usize).prop_map(Step::Evict);
    prop::collection::vec(prop_oneof![6 => push, 1 => evict], 1..9)
}

fn some_params() -> impl Strategy<Value = StreamParams> {
    let window = prop_oneof![
        (1..14u64).prop_map(Window::Count),
        (1..14u32).prop_map(|s| Window::Seconds(f64::from(s) / 2.0)),
    ];
    let policy = prop_oneof![2 => Just(OnLimit::Coarsen), 1 => Just(OnLimit::Evict)];
    let max_landmarks = prop_oneof![1..7usize, Just(99)];
    let cover_radius = prop::option::of(prop_oneof![Just(1.0), 0.0..1.0f64]);
    // Weights are sums of quarters: many landmarks weigh just enough.
    let min_mass = prop::option::of((0..16i32).prop_map(|mass| f64::from(mass) / 4.0));
    let half_life = prop::option::of(prop_oneof![Just(1.0), Just(2.0), 0.1..9.0f64]);
    (
        window,
        policy,
        max_landmarks,
        cover_radius,
        half_life,
        min_mass,
    )
        .prop_map(
            |(window, on_limit, max_landmarks, cover_radius, half_life, min_mass)| StreamParams {
                window,
                on_limit,
                cover_radius,
                half_life,
                min_mass,
                late: Late::Accept,
                ..params(1, max_landmarks)
            },
        )
}

fn push_all(stream: &mut Stream, chunk: &[Incoming]) -> Report {
    let places: Vec<Point> = chunk.iter().map(|p| p.at).collect();
    let times: Vec<f64> = chunk.iter().map(|p| p.time).collect();
    let weights: Vec<f64> = chunk.iter().map(|p| p.weight).collect();
    let report = stream.push_weighted(
        points(&places),
        Some(&times),
        Some(&weights),
        &Control::none(),
    );
    report.unwrap()
}

fn batch(landmarks: &Points) -> Diagram {
    let input = RipsInput::Points(landmarks, Metric::Euclidean);
    rips(input, &RipsParams::default(), &Control::none()).unwrap()
}

/// The diagram is that of the landmarks that are in it, and is as near as promised to that of their points.
fn check_diagram(twin: &Naive, report: &Report) -> Result<(), TestCaseError> {
    let kept: Vec<u64> = report.kept().map(|l| l.id).collect();
    prop_assert_eq!(report.n_left_out(), report.landmarks.len() - kept.len());
    let in_diagram = report.cospan.landmarks.iter().filter(|l| l.after.is_some());
    prop_assert!(in_diagram.map(|l| l.id).eq(kept.iter().copied()));
    prop_assert_eq!(&report.diagram, &batch(&points(&twin.positions(&kept))));
    let window = twin.window(&kept);
    if window.len() > LARGEST_WINDOW {
        return Ok(());
    }
    for dim in 0..=1u8 {
        let of_landmarks: Vec<_> = report.diagram.intervals(dim).collect();
        let distance = bottleneck_distance(&naive(&window, usize::from(dim)), &of_landmarks);
        prop_assert!(distance <= report.error_bound() + 1e-12);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_stream_is_what_it_is_defined_to_be(params in some_params(), steps in steps()) {
        let (control, mut clock) = (Control::none(), 0.0);
        let mut stream = Stream::new(params.clone()).unwrap();
        let mut twin = Naive::new(params.clone());
        for step in steps {
            let (n_late, n_dropped) = (twin.n_late, twin.n_dropped);
            let mut restored = Stream::restore(&stream.snapshot()).unwrap();
            let both = [&mut stream, &mut restored];
            let [report, again] = match (step, params.window) {
                (Step::Push(chunk), _) => {
                    let chunk: Vec<Incoming> = chunk.iter().map(|&(at, step, weight)| {
                        clock += f64::from(step) / 4.0;
                        Incoming { at, time: clock, weight }
                    }).collect();
                    for &point in &chunk {
                        twin.push(point);
                    }
                    both.map(|s| push_all(s, &chunk))
                }
                (Step::Evict(n), Window::Count(_)) => {
                    twin.evict(n);
                    both.map(|s| s.evict(n as u64, &control).unwrap())
                }
                (Step::Evict(n), Window::Seconds(_)) => {
                    let before = clock - n as f64 / 2.0;
                    twin.evict_before(before);
                    both.map(|s| s.evict_before(before, &control).unwrap())
                }
            };
            let stats = (report.stats.n_late, report.stats.n_dropped);
            prop_assert_eq!(stats, (twin.n_late - n_late, twin.n_dropped - n_dropped));
            twin.check_landmarks(&report);
            check_diagram(&twin, &report)?;
            prop_assert_eq!((&again.landmarks, &again.diagram), (&report.landmarks, &report.diagram));
            prop_assert_eq!(restored.snapshot(), stream.snapshot());
        }
    }

    #[test]
    fn how_the_stream_is_cut_does_not_matter(
        params in some_params(),
        all in prop::collection::vec(incoming(), 0..40),
        cuts in prop::collection::vec(0..40usize, 0..5),
    ) {
        let mut clock = 0.0;
        let all: Vec<Incoming> = all.into_iter().map(|(at, step, weight)| {
            clock += f64::from(step) / 4.0;
            Incoming { at, time: clock, weight }
        }).collect();
        let (mut once, mut often) = (Stream::new(params.clone()).unwrap(), Stream::new(params).unwrap());
        let whole = push_all(&mut once, &all);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(all.len())).collect();
        cuts.extend([0, all.len()]);
        cuts.sort_unstable();
        let mut reports: Vec<Report> =
            cuts.windows(2).map(|cut| push_all(&mut often, &all[cut[0]..cut[1]])).collect();
        let n_late: usize = reports.iter().map(|report| report.stats.n_late).sum();
        let n_dropped: usize = reports.iter().map(|report| report.stats.n_dropped).sum();
        let last = reports.pop().unwrap();
        prop_assert_eq!((n_late, n_dropped), (whole.stats.n_late, whole.stats.n_dropped));
        prop_assert_eq!(&whole.landmarks, &last.landmarks);
        prop_assert_eq!(&whole.diagram, &last.diagram);
        prop_assert_eq!((whole.cover_radius, whole.n_window), (last.cover_radius, last.n_window));
    }
}

/// Few points at a time among many landmarks, so that diagrams are updated while landmarks pass the filter in both directions.
fn small_chunks() -> impl Strategy<Value = Vec<Vec<Point>>> {
    let grid = prop::array::uniform2((0..7i32).prop_map(f64::from));
    prop::collection::vec(prop::collection::vec(grid, 0..5), 1..40)
}

/// What was pushed, by index; those that the diagram is of.
fn kept_of(seen: &[Point], report: &Report) -> Points {
    let founder = |l: &Landmark| seen[usize::try_from(l.id).unwrap()];
    points(&report.kept().map(founder).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn diagrams_that_are_updated_are_those_of_what_weighs_enough(
        chunks in small_chunks(),
        window in 20..80u64,
        half_life in 2.0..60.0f64,
        min_mass in 0.2..1.5f64,
        is_alpha in any::<bool>(),
    ) {
        let complex = if is_alpha { Complex::Alpha } else { Complex::Rips };
        let params = StreamParams {
            complex,
            half_life: Some(half_life),
            min_mass: Some(min_mass),
            ..params(window, 99)
        };
        let mut stream = Stream::new(params).unwrap();
        let mut seen = Vec::new();
        for (at, chunk) in chunks.iter().enumerate() {
            let mut report = stream.push(points(chunk), None, &Control::none()).unwrap();
            seen.extend(chunk);
            if at % 7 == 6 {
                report = stream.evict(3, &Control::none()).unwrap();
            }
            let kept = kept_of(&seen, &report);
            let expected = if is_alpha {
                let of_plane = AlphaParams { max_dim: Some(1), ..AlphaParams::default() };
                alpha(&kept, &of_plane, &Control::none()).unwrap()
            } else {
                batch(&kept)
            };
            prop_assert_eq!(&report.diagram, &expected);
        }
    }

    #[test]
    fn merged_weights_are_as_old_as_their_points(
        shards in prop::array::uniform2(prop::collection::vec(incoming(), 0..9)),
        in_time in any::<bool>(),
        half_life in prop::option::of(0.5..9.0f64),
        min_mass in prop::option::of(0.0..3.0f64),
    ) {
        let params = StreamParams {
            window: if in_time { Window::Seconds(99.0) } else { Window::Count(99) },
            late: Late::Accept,
            half_life,
            min_mass,
            ..params(1, 99)
        };
        let [mut ours, mut theirs] = [0, 1].map(|_| Stream::new(params.clone()).unwrap());
        let mut seen: Vec<Point> = Vec::new();
        // By place, as of the clock of each stream.
        let mut parts: Vec<(Point, f64, Option<f64>)> = Vec::new();
        for (stream, shard) in [&mut ours, &mut theirs].into_iter().zip(&shards) {
            let mut clock = 0.0;
            let shard: Vec<Incoming> = shard.iter().map(|&(at, step, weight)| {
                clock += f64::from(step) / 4.0;
                Incoming { at, time: clock, weight }
            }).collect();
            let report = push_all(stream, &shard);
            let of = |l: &Landmark| (shard[usize::try_from(l.id).unwrap()].at, l.weight, report.cospan.time);
            parts.extend(report.landmarks.iter().map(of));
            seen.extend(shard.iter().map(|point| point.at));
        }
        let report = ours.merge(&theirs, &Control::none()).unwrap();
        let left = |clock: Option<f64>| match (half_life, report.cospan.time.zip(clock)) {
            (Some(half_life), Some((now, then))) if in_time => 0.5f64.powf((now - then) / half_life),
            _ => 1.0,
        };
        for landmark in &report.landmarks {
            let at = seen[usize::try_from(landmark.id).unwrap()];
            let here = parts.iter().filter(|part| part.0 == at);
            let weight: f64 = here.map(|&(_, weight, clock)| weight * left(clock)).sum();
            prop_assert!((landmark.weight - weight).abs() <= 1e-13 * weight);
        }
        prop_assert_eq!(&report.diagram, &batch(&kept_of(&seen, &report)));
        let mut restored = Stream::restore(&ours.snapshot()).unwrap();
        let [again, report] = [&mut restored, &mut ours].map(|s| s.push_weighted(points(&[]), None, None, &Control::none()).unwrap());
        prop_assert_eq!((&again.landmarks, &again.cospan), (&report.landmarks, &report.cospan));
    }
}
