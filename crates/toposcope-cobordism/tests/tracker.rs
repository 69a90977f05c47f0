//! What the tracker remembers: scales, names, provisional events, the order of reports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{World, tracker};
use proptest::prelude::*;
use toposcope_cobordism::{
    Change, Event, LoopDeathCause, MergeCause, Status, Tracker, TrackerParams,
};
use toposcope_core::pool::PoolParams;
use toposcope_core::stream::{Complex, Cospan, Late, OnLimit, Stream, StreamParams, Window};
use toposcope_core::{Control, Error, Metric, Points};

fn line(xs: &[f64]) -> World {
    World::new(xs.iter().map(|&x| [x, 0.0]).collect())
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
    let world = line(&[0.0, 1.0, 3.0, 4.0, 9.0]);
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
    assert_eq!((margin, events[0].scale), (1.0, (1.0, 2.0)));
    assert!(events[0].certified);
    let (nothing, margin, _) = at(3, 0.0, &all);
    assert_eq!((nothing.len(), margin), (0, 1.0));
}

#[test]
fn a_loop_that_is_not_certain_any_more_dies_of_resolution() {
    let square = World::new(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
    let all = [0, 1, 2, 3];
    let mut tracker = Tracker::new(TrackerParams {
        scale: Some(1.0),
        ..TrackerParams::default()
    })
    .unwrap();
    observe(&mut tracker, &square.cospan(1, &[], &all));
    let coarser = Cospan {
        epsilon_after: 0.25,
        ..square.cospan(2, &all, &all)
    };
    let died = brief(&observe(&mut tracker, &coarser));
    assert_eq!(
        died,
        [(
            Change::LoopDeath(LoopDeathCause::Resolution),
            vec![1],
            vec![]
        )]
    );
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
    assert_eq!(events[0].confidence.scale_support, 0.5 / 1.5);
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
    assert_eq!((tracker.scale(), tracker.alive()), (None, (vec![], vec![])));
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
                max_dim: 2,
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
    let world = World::new(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
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
        let (components, loops) = tracker.alive();
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
            let (components, loops) = tracker.alive();
            prop_assert_eq!(alive.clone(), components.into_iter().chain(loops).collect());
            prop_assert!(tracker.margin().unwrap() >= 4.0 * report.epsilon);
        }
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
