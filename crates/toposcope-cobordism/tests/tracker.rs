//! What the tracker remembers: scales, names, provisional events, the order of reports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{World, tracker};
use proptest::prelude::*;
use toposcope_cobordism::{Change, DeathCause, Event, MergeCause, Status, Tracker, TrackerParams};
use toposcope_core::pool::PoolParams;
use toposcope_core::stream::{Complex, Cospan, Late, OnLimit, Stream, StreamParams, Window};
use toposcope_core::{Control, Error, Metric, Points};
use toposcope_oracle::rank_of_inclusion;

fn line(xs: &[f64]) -> World {
    World::new(&xs.iter().map(|&x| [x, 0.0]).collect::<Vec<_>>())
}

fn observe(tracker: &mut Tracker, cospan: &Cospan) -> Vec<Event> {
    tracker.observe(cospan, &Control::none()).unwrap()
}

fn brief(events: &[Event]) -> Vec<(Change, Vec<u64>, Vec<u64>)> {
    let ids = |features: &[toposcope_cobordism::Feature]| features.iter().map(|f| f.id).collect();
    events
        .iter()
        .map(|e| (e.change, ids(&e.before), ids(&e.after)))
        .collect()
}

fn stream(n_dims: usize, window: u64) -> Stream {
    Stream::new(StreamParams {
        n_dims,
        window: Window::Count(window),
        max_landmarks: 100,
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
    })
    .unwrap()
}

#[test]
fn the_eight_reports_of_the_documentation() {
    let mut tracker = Tracker::new(TrackerParams {
        scale: Some(1.0),
        margin: Some(0.0),
        ..TrackerParams::default()
    })
    .unwrap();
    let mut stream = stream(1, 4);
    let mut push = |xs: &[f64]| {
        let chunk = Points::from_f64(xs.to_vec(), 1).unwrap();
        let report = stream.push(chunk, None, &Control::none()).unwrap();
        brief(&observe(&mut tracker, &report.cospan))
    };
    let birth = |id| (Change::ComponentBirth, vec![], vec![id]);
    assert_eq!(push(&[0.0]), [birth(0)]);
    assert_eq!(push(&[1.0]), []);
    assert_eq!(push(&[5.0]), [birth(1)]);
    assert_eq!(push(&[5.0]), []);
    assert_eq!(push(&[6.0]), []);
    let death = (Change::ComponentDeath, vec![0], vec![]);
    assert_eq!(push(&[9.0]), [death, birth(2)]);
    let merge = (Change::Merge(MergeCause::Inserted), vec![1, 2], vec![1]);
    assert_eq!(push(&[8.0, 7.0]), [merge]);
    assert_eq!(push(&[3.0]), [birth(3)]);
}

#[test]
fn the_margin_follows_epsilon_up_but_not_down() {
    let world = line(&[0.0, 1.0, 2.5, 3.5, 9.0]);
    let mut tracker = Tracker::new(TrackerParams {
        scale: Some(1.0),
        ..TrackerParams::default()
    })
    .unwrap();
    let all = [0, 1, 2, 3, 4];
    let mut at = |step, epsilon, before: &[usize]| {
        let cospan = Cospan {
            epsilon_before: 0.0,
            epsilon_after: epsilon,
            ..world.cospan(step, before, &all)
        };
        let events = observe(&mut tracker, &cospan);
        (brief(&events), tracker.margin().unwrap(), events)
    };
    let (born, margin, _) = at(1, 0.0, &[]);
    assert_eq!((born.len(), margin), (3, 0.0));
    let (merged, margin, events) = at(2, 0.25, &all);
    let blurred = Change::Merge(MergeCause::Resolution);
    assert_eq!(merged, [(blurred, vec![0, 1], vec![0])]);
    assert_eq!((margin, events[0].scale), (1.0, (0.5, 1.5)));
    assert!(events[0].certified);
    let (nothing, margin, _) = at(3, 0.0, &all);
    assert_eq!((nothing.len(), margin), (0, 1.0));
}

#[test]
fn a_loop_that_is_not_certain_any_more_dies_of_resolution() {
    let square = World::new(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
    let all = [0, 1, 2, 3];
    // It lives from 1 to 1.41: the interval gets past its death, or before its birth.
    for scale in [1.3, 1.1] {
        let mut tracker = Tracker::new(TrackerParams {
            scale: Some(scale),
            ..TrackerParams::default()
        })
        .unwrap();
        observe(&mut tracker, &square.cospan(1, &[], &all));
        let mut at = |step, epsilon| {
            let coarser = Cospan {
                epsilon_after: epsilon,
                ..square.cospan(step, &all, &all)
            };
            brief(&observe(&mut tracker, &coarser))
        };
        assert_eq!(at(2, 0.04), []);
        let blurred = Change::LoopDeath(DeathCause::Resolution);
        assert_eq!(at(3, 0.06), [(blurred, vec![1], vec![])], "at {scale}");
    }
}

#[test]
fn a_loop_that_is_certain_with_another_alone_has_another_name() {
    // Two pentagons with a side in common, of length 1.29; the left one has another long side, of 1.275.
    let (side, left) = (
        vec![[0.0, -0.645], [0.0, 0.645]],
        vec![[-0.95, -0.8], [-1.5, -0.35], [-0.95, 0.8]],
    );
    let right = vec![[0.95, -0.8], [1.55, 0.0], [0.95, 0.8]];
    let world = World::new(&[side, left, right, vec![[0.0, 0.0]]].concat());
    let mut tracker = Tracker::new(TrackerParams {
        scale: Some(1.3),
        ..TrackerParams::default()
    })
    .unwrap();
    // The left one; what is around both; then the common side gets a point in its middle. Both cycles have long sides, which
    // the sum of the two, the right pentagon, has not.
    let sets: Vec<Vec<usize>> = [5, 8, 9].map(|n| (0..n).collect()).to_vec();
    let told = world.told(&mut tracker, &sets);
    assert_eq!(told[0].len(), 2);
    let closed = Change::LoopBirth(toposcope_cobordism::BirthCause::Closed);
    assert_eq!(brief(&told[1]), [(closed, vec![], vec![2])]);
    assert_eq!(brief(&told[2]), []);
    let coarser = Cospan {
        epsilon_after: 0.05,
        ..world.cospan(4, &sets[2], &sets[2])
    };
    let ambiguous = Change::LoopContinue(toposcope_cobordism::Lineage::Ambiguous);
    let died = Change::LoopDeath(DeathCause::Resolution);
    assert_eq!(
        brief(&observe(&mut tracker, &coarser)),
        [(ambiguous, vec![1], vec![3]), (died, vec![2], vec![])]
    );
    assert_eq!(tracker.alive().1, [3]);
}

#[test]
fn with_less_margin_than_certainty_needs_confidence_is_partial() {
    let world = line(&[0.0, 3.0]);
    let cospan = Cospan {
        epsilon_after: 1.0,
        ..world.cospan(1, &[], &[0, 1])
    };
    let events = observe(&mut tracker(1.0, 0.5), &cospan);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].confidence.margin, 0.75);
    assert_eq!(events[0].scale, (0.75, 1.25));
    assert_eq!(events[0].confidence.scale_support, 0.5 / 1.25);
    assert!(!events[0].certified);
}

#[test]
fn an_automatic_scale_waits_for_enough_landmarks_and_stays() {
    let mut tracker = Tracker::new(TrackerParams::default()).unwrap();
    let xs: Vec<f64> = (0..20)
        .map(|i| f64::from(i % 10) + 100.0 * f64::from(i / 10))
        .collect();
    let world = line(&xs);
    let few: Vec<usize> = (0..15).collect();
    let all: Vec<usize> = (0..20).collect();
    assert_eq!(observe(&mut tracker, &world.cospan(1, &[], &few)), []);
    assert_eq!((tracker.scale(), tracker.margin()), (None, None));
    let born = observe(&mut tracker, &world.cospan(2, &few, &all));
    assert_eq!(
        born.len(),
        2,
        "all that is there is born when it can be seen first"
    );
    let scale = tracker.scale().unwrap();
    assert!((1.0..91.0).contains(&scale));
    observe(&mut tracker, &world.cospan(3, &all, &few));
    assert_eq!(tracker.scale(), Some(scale));
    tracker.reset();
    assert_eq!(
        (tracker.scale(), tracker.alive()),
        (None, (vec![], vec![], vec![]))
    );
}

#[test]
fn reports_are_taken_in_order_from_one_stream() {
    let world = line(&[0.0, 3.0]);
    let mut tracker = tracker(1.0, 0.0);
    observe(&mut tracker, &world.cospan(5, &[0], &[0]));
    let before = tracker.snapshot();
    let mut refusal = |cospan: Cospan| {
        let error = tracker.observe(&cospan, &Control::none()).unwrap_err();
        assert_eq!(tracker.snapshot(), before);
        error.to_string()
    };
    assert!(refusal(world.cospan(7, &[0], &[1])).contains("report of step 6"));
    assert!(refusal(world.cospan(5, &[0], &[0])).contains("got that of step 5"));
    assert!(refusal(world.cospan(6, &[1], &[0])).contains("another stream"));
    assert_eq!(observe(&mut tracker, &world.cospan(6, &[0], &[0])).len(), 1);
}

#[test]
fn a_change_is_confirmed_or_retracted() {
    use Status::{Confirmed, Provisional, Retracted};
    let world = line(&[0.0, 1.0, 2.0, 8.0]);
    let params = TrackerParams {
        scale: Some(1.0),
        margin: Some(0.0),
        confirm_after: 2,
        ..TrackerParams::default()
    };
    let whole: &[usize] = &[0, 1, 2];
    let halves: &[usize] = &[0, 2];
    let run = |sets: &[&[usize]]| {
        let mut tracker = Tracker::new(params.clone()).unwrap();
        let sets: Vec<Vec<usize>> = sets.iter().map(|s| s.to_vec()).collect();
        let told = world.told(&mut tracker, &sets).concat();
        assert!(told.iter().zip(0..).all(|(event, seq)| event.seq == seq));
        let brief = told
            .into_iter()
            .map(|e| (e.change, e.step, e.origin, e.status, e.confidence.n_steps));
        brief.collect::<Vec<_>>()
    };
    let (birth, split) = (Change::ComponentBirth, Change::Split);
    let merge = Change::Merge(MergeCause::Inserted);
    assert_eq!(
        run(&[whole, whole, halves, halves, halves]),
        [
            (birth, 1, 0, Provisional, 0),
            (split, 3, 1, Provisional, 0),
            (birth, 1, 0, Confirmed, 2),
            (split, 3, 1, Confirmed, 2),
        ]
    );
    assert_eq!(
        run(&[whole, halves, whole, whole, halves])[1..],
        [
            (split, 2, 1, Provisional, 0),
            (merge, 3, 2, Provisional, 0),
            (birth, 1, 0, Confirmed, 2),
            (split, 2, 1, Retracted, 1),
            (merge, 3, 2, Retracted, 0),
            (split, 5, 6, Provisional, 0),
        ],
        "a merge that does no more than undo a split is no news"
    );
    let death = Change::ComponentDeath;
    assert_eq!(
        run(&[whole, &[], &[], &[]])[1..],
        [
            (death, 2, 1, Provisional, 0),
            (birth, 1, 0, Retracted, 1),
            (death, 2, 1, Retracted, 0),
        ],
        "what was not confirmed to be there cannot be confirmed to be gone"
    );
    let apart = run(&[halves, halves, halves, whole, halves, halves, halves]);
    assert_eq!(
        apart[4..],
        [
            (merge, 4, 4, Provisional, 0),
            (split, 5, 5, Provisional, 0),
            (merge, 4, 4, Retracted, 1),
            (split, 5, 5, Retracted, 0),
        ],
        "a split that does no more than undo a merge is no news"
    );
}

#[test]
fn wrong_parameters_are_named() {
    let wrong: [(&str, TrackerParams); 4] = [
        (
            "scale",
            TrackerParams {
                scale: Some(-1.0),
                ..TrackerParams::default()
            },
        ),
        (
            "scale",
            TrackerParams {
                scale: Some(f64::INFINITY),
                ..TrackerParams::default()
            },
        ),
        (
            "margin",
            TrackerParams {
                margin: Some(f64::NAN),
                ..TrackerParams::default()
            },
        ),
        (
            "max_dim",
            TrackerParams {
                max_dim: 3,
                ..TrackerParams::default()
            },
        ),
    ];
    for (name, params) in wrong {
        assert!(
            Tracker::new(params)
                .unwrap_err()
                .to_string()
                .starts_with(name)
        );
    }
}

#[test]
fn damaged_snapshots_are_refused() {
    let world = World::new(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
    let mut tracker = Tracker::new(TrackerParams {
        scale: Some(1.0),
        confirm_after: 3,
        ..TrackerParams::default()
    })
    .unwrap();
    observe(&mut tracker, &world.cospan(1, &[], &[0, 1, 2, 3]));
    let bytes = tracker.snapshot();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        assert!(
            matches!(Tracker::restore(&damaged), Err(Error::Snapshot { .. })),
            "byte {at}"
        );
        assert!(matches!(
            Tracker::restore(&bytes[..at]),
            Err(Error::Snapshot { .. })
        ));
    }
    let other = stream(2, 5).snapshot();
    let reason = Tracker::restore(&other).unwrap_err().to_string();
    assert!(reason.contains("holds STRM, expected TRCK"), "{reason}");
}

/// How many components, or loops, confirmed events added.
fn confirmed_sum(told: &[Event], about_loops: bool) -> i64 {
    let is_about = |event: &&Event| {
        let of_loop = matches!(
            event.change,
            Change::LoopBirth(_) | Change::LoopDeath(_) | Change::LoopContinue(_)
        );
        of_loop == about_loops && event.status == Status::Confirmed
    };
    let count = |features: &[toposcope_cobordism::Feature]| i64::try_from(features.len()).unwrap();
    let added = told.iter().filter(is_about);
    added.map(|e| count(&e.after) - count(&e.before)).sum()
}

proptest! {
    #[test]
    fn what_is_confirmed_adds_up_to_what_is_alive(
        xs in prop::collection::vec(prop::array::uniform2(0..4i32), 1..80),
        size in 3..9usize,
        confirm_after in 0..4u64,
        width in 1..3usize,
    ) {
        let mut stream = stream(width, 8);
        let mut tracker = Tracker::new(TrackerParams {
            scale: Some(1.0),
            confirm_after,
            ..TrackerParams::default()
        })
        .unwrap();
        let mut told = Vec::new();
        // In the end no more points come, so that all that is provisional is settled.
        let silence = (0..=confirm_after).map(|_| &[][..]);
        for chunk in xs.chunks(size).chain(silence) {
            let rows = chunk.iter().flat_map(|row| &row[..width]).map(|&x| f64::from(x));
            let chunk = Points::from_f64(rows.collect(), width).unwrap();
            let report = stream.push(chunk, None, &Control::none()).unwrap();
            told.extend(observe(&mut tracker, &report.cospan));
        }
        let (components, loops, _) = tracker.alive();
        let sums = (confirmed_sum(&told, false), confirmed_sum(&told, true));
        let alive = (components.len(), loops.len());
        prop_assert_eq!(sums, (i64::try_from(alive.0).unwrap(), i64::try_from(alive.1).unwrap()));
        for event in &told {
            let (before, after) = (event.before.len(), event.after.len());
            let is_whole = match event.change {
                Change::Merge(_) => before > 1 && after == 1,
                Change::Split => before == 1 && after > 1,
                Change::Reorganise => before > 1 && after > 1,
                Change::ComponentBirth | Change::LoopBirth(_) => before == 0 && after > 0,
                Change::ComponentDeath | Change::LoopDeath(_) => before > 0 && after == 0,
                _ => true,
            };
            prop_assert!(is_whole, "{event:?}");
        }
    }

    #[test]
    fn a_restored_tracker_goes_on_as_if_nothing_had_happened(
        xs in prop::collection::vec(prop::array::uniform2(0..4i32), 1..60),
        cut in 0..12usize,
        confirm_after in 0..3u64,
    ) {
        let mut stream = stream(2, 15);
        let mut tracker = Tracker::new(TrackerParams {
            scale: Some(1.0),
            confirm_after,
            include_continues: true,
            ..TrackerParams::default()
        })
        .unwrap();
        for (at, chunk) in xs.chunks(5).enumerate() {
            let rows = chunk.iter().flatten().map(|&x| f64::from(x)).collect();
            let chunk = Points::from_f64(rows, 2).unwrap();
            let report = stream.push(chunk, None, &Control::none()).unwrap();
            if at == cut {
                let restored = Tracker::restore(&tracker.snapshot()).unwrap();
                prop_assert_eq!(restored.snapshot(), tracker.snapshot());
                let mut again = restored;
                prop_assert_eq!(
                    observe(&mut again, &report.cospan),
                    observe(&mut tracker, &report.cospan)
                );
                tracker = again;
            } else {
                observe(&mut tracker, &report.cospan);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whoever reads the events alone knows what is alive, also while ε and the margin grow.
    #[test]
    fn the_events_replay_to_what_is_alive(
        xs in prop::collection::vec(prop::array::uniform2(0..7i32), 1..120),
        chunk in 1..12usize,
        window in 5..40u64,
        max_landmarks in 4..30usize,
        include_continues in any::<bool>(),
    ) {
        let mut stream = Stream::new(StreamParams {
            max_landmarks,
            ..stream(2, window).params().clone()
        })
        .unwrap();
        let mut tracker = Tracker::new(TrackerParams {
            scale: Some(1.0),
            include_continues,
            ..TrackerParams::default()
        })
        .unwrap();
        let mut alive = std::collections::BTreeSet::new();
        for chunk in xs.chunks(chunk) {
            let rows = chunk.iter().flatten().map(|&x| f64::from(x)).collect();
            let chunk = Points::from_f64(rows, 2).unwrap();
            let report = stream.push(chunk, None, &Control::none()).unwrap();
            for event in observe(&mut tracker, &report.cospan) {
                prop_assert!(event.certified);
                prop_assert!(event.before.iter().all(|feature| alive.remove(&feature.id)));
                prop_assert!(event.after.iter().all(|feature| alive.insert(feature.id)));
            }
            let (components, loops, _) = tracker.alive();
            prop_assert_eq!(alive.clone(), components.into_iter().chain(loops).collect());
            prop_assert!(tracker.margin().unwrap() >= 4.0 * report.epsilon);
        }
    }
}

/// Points around a circle of radius 2, walked along by steps of one or two eighths; some are further out by up to 0.1, and
/// share a landmark with others.
fn circle(walk: &[(usize, u8)]) -> Vec<[f64; 2]> {
    let mut eighth = 0;
    let mut point = |&(steps, out): &(usize, u8)| {
        eighth += steps;
        let angle = eighth as f64 * std::f64::consts::FRAC_PI_4;
        let radius = 2.0 + 0.05 * f64::from(out);
        [radius * angle.cos(), radius * angle.sin()]
    };
    walk.iter().map(&mut point).collect()
}

/// Components and loops of points at a scale, by the oracle.
fn betti(points: &[[f64; 2]], scale: f64) -> [usize; 2] {
    let world = World::new(points);
    let n = points.len();
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    let square: Vec<f64> = pairs.map(|(i, j)| world.distances.get(i, j)).collect();
    let all: Vec<usize> = (0..n).collect();
    let at = (&all[..], scale);
    [0, 1].map(|dim| rank_of_inclusion(&square, n, at, at, dim))
}

/// How many windows had a component, and a loop, that the tracker followed while ε was not 0.
fn proven_of_the_window(walk: &[(usize, u8)], scale: f64, chunk: usize) -> [usize; 2] {
    const WINDOW: usize = 14;
    let points = circle(walk);
    let mut stream = Stream::new(StreamParams {
        cover_radius: Some(0.12),
        ..stream(2, WINDOW as u64).params().clone()
    })
    .unwrap();
    let mut tracker = Tracker::new(TrackerParams {
        scale: Some(scale),
        ..TrackerParams::default()
    })
    .unwrap();
    let (mut seen, mut proven) = (0, [0, 0]);
    for rows in points.chunks(chunk) {
        let pushed = Points::from_f64(rows.concat(), 2).unwrap();
        let report = stream.push(pushed, None, &Control::none()).unwrap();
        seen += rows.len();
        for event in observe(&mut tracker, &report.cospan) {
            assert!(event.certified);
        }
        let window = &points[seen.saturating_sub(WINDOW)..seen];
        let (components, loops, _) = tracker.alive();
        let found = [components.len(), loops.len()];
        let there = betti(window, scale);
        assert!(
            found[0] <= there[0] && found[1] <= there[1],
            "{found:?} of {there:?}"
        );
        for dim in [0, 1] {
            proven[dim] += usize::from(report.epsilon > 0.0 && found[dim] > 0);
        }
    }
    proven
}

#[test]
fn a_ring_is_proven_through_its_landmarks() {
    let walk: Vec<(usize, u8)> = (0..40).map(|i| (1, [0, 2, 1][i % 3])).collect();
    let [components, loops] = proven_of_the_window(&walk, 2.0, 2);
    assert!(components > 10 && loops > 10, "{components}, {loops}");
}

proptest! {
    /// The theorem: what is certified is there in the full window, at the scale.
    #[test]
    fn as_many_as_are_alive_are_in_the_window_at_the_scale(
        walk in prop::collection::vec((1..3usize, 0..3u8), 1..60),
        scale in prop::sample::select(vec![0.05, 0.3, 1.5, 1.7, 2.0, 2.8, 3.3]),
        chunk in 1..9usize,
    ) {
        proven_of_the_window(&walk, scale, chunk);
    }
}

#[test]
fn reports_of_alpha_streams_are_refused_with_the_reason() {
    let mut tracker = tracker(1.0, 0.0);
    let mut stream = Stream::new(StreamParams {
        complex: Complex::Alpha,
        ..stream(2, 9).params().clone()
    })
    .unwrap();
    let square = Points::from_f64(vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 2).unwrap();
    let report = stream.push(square, None, &Control::none()).unwrap();
    let before = tracker.snapshot();
    let error = tracker.observe(&report.cospan, &Control::none());
    let told = error.unwrap_err().to_string();
    assert!(told.starts_with("report: expected that of a stream with complex \"rips\""));
    assert!(told.contains("whose values are radii"), "{told}");
    assert_eq!(tracker.snapshot(), before);
}

#[test]
fn a_merge_is_a_step_like_any_other() {
    let mut tracker = tracker(1.0, 0.0);
    let pushed = |xs: &[f64]| {
        let mut stream = stream(1, 9);
        let points = Points::from_f64(xs.to_vec(), 1).unwrap();
        let report = stream.push(points, None, &Control::none()).unwrap();
        (stream, report)
    };
    let (mut ours, first) = pushed(&[0.0, 1.0, 3.0, 4.0]);
    observe(&mut tracker, &first.cospan);
    let (theirs, _) = pushed(&[2.0, 9.0]);
    let report = ours.merge(&theirs, &Control::none()).unwrap();
    let told = observe(&mut tracker, &report.cospan);
    let loud: Vec<_> = told.iter().filter(|e| !e.change.is_quiet()).collect();
    assert_eq!(loud.len(), 2);
    assert!(matches!(loud[0].change, Change::Merge(_)));
    assert_eq!(loud[1].change, Change::ComponentBirth);
}

#[test]
fn what_version_1_saved_goes_on() {
    // Points of a line at 0, 1, 1 and 5: two births of which nobody knows yet whether they last.
    let saved = "\
        544f504f534350455452434b0100000037020000000000002e1b214c5041524d230000000000000001000000000000f03f010000000000\
        00000001000000000000000500000000000000009eec931c535441544a0000000000000001000000000000f03f00000000000000000101\
        00000000000000030000000000000000000000000000000100000000000000030000000000000002000000000000000200000000000000\
        716bee94434f4d505000000000000000020000000000000000000000000000000100000000000000020000000000000000000000000000\
        0001000000000000000100000000000000010000000000000001000000000000000300000000000000a2c6d6134c4f4f50080000000000\
        0000000000000000000058cb7a9250454e4406010000000000000200000000000000000000000000000000000000000000000100000000\
        00000000030000000000000000010000000000000000000000000000000200000000000000000000000000000001000000000000000000\
        0000000000000300000000000000000000000000f03f000000000000f03f000000000000f03f0000000000000000000000000000000001\
        01000000000000000100000000000000010000000000000000030000000000000000010000000000000001000000000000000100000000\
        000000030000000000000000000000000000000100000000000000000000000000f03f000000000000f03f000000000000f03f00000000\
        00000000000000000000000001ccd8c1d4";
    let byte = |at: usize| u8::from_str_radix(&saved[at..at + 2], 16).unwrap();
    let saved: Vec<u8> = (0..saved.len()).step_by(2).map(byte).collect();
    let mut restored = Tracker::restore(&saved).unwrap();
    let mut again = Tracker::new(TrackerParams {
        scale: Some(1.0),
        margin: Some(0.0),
        confirm_after: 5,
        ..TrackerParams::default()
    })
    .unwrap();
    let mut stream = stream(1, 9);
    let mut push = |xs: &[f64]| {
        let points = Points::from_f64(xs.to_vec(), 1).unwrap();
        stream.push(points, None, &Control::none()).unwrap().cospan
    };
    observe(&mut again, &push(&[0.0, 1.0, 1.0, 5.0]));
    assert_eq!(restored.snapshot(), again.snapshot());
    for x in [2.0, 3.0, 4.0] {
        let cospan = push(&[x]);
        assert_eq!(
            observe(&mut restored, &cospan),
            observe(&mut again, &cospan)
        );
    }
}

#[test]
fn what_looked_above_the_scale_looks_at_the_same_interval() {
    // Version 2 with scale 1 and margin 0.3, of a square: one loop, born at 1, of which nobody knows yet whether it lasts.
    let saved = "\
        544f504f534350455452434b02000000df020000000000000af78a6b5041524d230000000000000001000000000000f03f013333333333\
        33d33f01000000000000000500000000000000009317b06553544154520000000000000001000000000000f03f333333333333d33f0101\
        00000000000000040000000000000000000000000000000100000000000000020000000000000003000000000000000200000000000000\
        02000000000000009cc99c9d434f4d50400000000000000001000000000000000000000000000000010000000000000004000000000000\
        0000000000000000000100000000000000020000000000000003000000000000007aba96954c4f4f506000000000000000010000000000\
        00000100000000000000010000000000000004000000000000000000000000000000010000000000000000000000000000000300000000\
        00000001000000000000000200000000000000020000000000000003000000000000000777a48050454e445e0100000000000002000000\
        00000000000000000000000000000000000000000100000000000000000300000000000000000100000000000000000000000000000004\
        00000000000000000000000000000001000000000000000200000000000000030000000000000000000000000000000000000000001040\
        000000000000f03fcdccccccccccf43f000000000000f03f9dd8899dd889cd3f0000000000000000010100000000000000010000000000\
        00000100000000000000000600000000000000000100000000000000010000000000000004000000000000000000000000000000010000\
        00000000000200000000000000030000000000000001000000000000000500000000000000000000000000000001000000000000000200\
        000000000000030000000000000000000000000000000000000000001040000000000000f03fcdccccccccccf43f000000000000f03f9d\
        d8899dd889cd3f00000000000000000142e7e182";
    let byte = |at: usize| u8::from_str_radix(&saved[at..at + 2], 16).unwrap();
    let saved: Vec<u8> = (0..saved.len()).step_by(2).map(byte).collect();
    let mut restored = Tracker::restore(&saved).unwrap();
    let half = 0.3 / 2.0;
    assert_eq!(
        (restored.scale(), restored.margin()),
        (Some(1.0 + half), Some(0.3))
    );
    assert!(
        1.0 + half - half < 1.0,
        "so the interval has to be kept, not found again"
    );
    let mut stream = stream(2, 9);
    let mut push = |rows: &[f64]| {
        let points = Points::from_f64(rows.to_vec(), 2).unwrap();
        stream.push(points, None, &Control::none()).unwrap().cospan
    };
    push(&[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
    let kept = Tracker::restore(&restored.snapshot()).unwrap();
    assert_eq!(kept.snapshot(), restored.snapshot());
    let next = push(&[9.0, 9.0]);
    let told = observe(&mut restored, &next);
    assert_eq!(brief(&told), [(Change::ComponentBirth, vec![], vec![2])]);
    assert_eq!(told[0].scale, (1.0, 1.3));
    assert_eq!(restored.alive(), (vec![0, 2], vec![1], vec![]));
}

#[test]
fn what_knew_no_voids_goes_on_without() {
    // Version 3 with scale 1.2 and margin 0.3, of a square, and of a point far away: births of which nobody knows yet whether they last.
    let saved = "\
        544f504f534350455452434b030000009203000000000000ed67c0e45041524d230000000000000001333333333333f33f013333333333\
        33d33f010000000000000005000000000000000033f292ba535441546a0000000000000001333333333333f33f333333333333d33fcdcc\
        ccccccccf03f999999999999f53f0102000000000000000500000000000000000000000000000001000000000000000200000000000000\
        03000000000000000400000000000000030000000000000003000000000000000e7eaea7434f4d50600000000000000002000000000000\
        00000000000000000001000000000000000400000000000000000000000000000001000000000000000200000000000000030000000000\
        00000200000000000000020000000000000001000000000000000400000000000000c51786a74c4f4f5060000000000000000100000000\
        00000001000000000000000100000000000000040000000000000000000000000000000100000000000000000000000000000003000000\
        0000000001000000000000000200000000000000020000000000000003000000000000000777a48050454e44d901000000000000030000\
        00000000000000000000000000000000000000000001000000000000000003000000000000000001000000000000000000000000000000\
        04000000000000000000000000000000010000000000000002000000000000000300000000000000000000000000000000000000000010\
        40cdccccccccccf03f999999999999f53f000000000000f03f18c7711cc771cc3f01000000000000000101000000000000000100000000\
        00000001000000000000000006000000000000000001000000000000000100000000000000040000000000000000000000000000000100\
        00000000000002000000000000000300000000000000010000000000000005000000000000000000000000000000010000000000000002\
        00000000000000030000000000000000000000000000000000000000001040cdccccccccccf03f999999999999f53f000000000000f03f\
        18c7711cc771cc3f0100000000000000010200000000000000020000000000000002000000000000000003000000000000000001000000\
        000000000200000000000000010000000000000004000000000000000000000000000000000000000000f03fcdccccccccccf03f999999\
        999999f53f000000000000f03f18c7711cc771cc3f0000000000000000013ed30177";
    let byte = |at: usize| u8::from_str_radix(&saved[at..at + 2], 16).unwrap();
    let saved: Vec<u8> = (0..saved.len()).step_by(2).map(byte).collect();
    let mut restored = Tracker::restore(&saved).unwrap();
    let mut again = Tracker::new(TrackerParams {
        scale: Some(1.2),
        margin: Some(0.3),
        confirm_after: 5,
        ..TrackerParams::default()
    })
    .unwrap();
    let mut stream = stream(2, 9);
    let mut push = |rows: &[f64]| {
        let points = Points::from_f64(rows.to_vec(), 2).unwrap();
        stream.push(points, None, &Control::none()).unwrap().cospan
    };
    observe(&mut again, &push(&[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]));
    observe(&mut again, &push(&[9.0, 9.0]));
    assert_eq!(restored.alive(), (vec![0, 2], vec![1], vec![]));
    assert_eq!(restored.snapshot(), again.snapshot());
    for _ in 0..5 {
        let cospan = push(&[9.0, 9.0]);
        assert_eq!(
            observe(&mut restored, &cospan),
            observe(&mut again, &cospan)
        );
    }
}
