//! What landmarks weigh.

use super::*;
use crate::stream::landmarks::LARGEST_WEIGHT;

fn push_weighted(stream: &mut Stream, xs: &[f64], weights: &[f64]) -> Result<Report, Error> {
    stream.push_weighted(line(xs), None, Some(weights), &Control::none())
}

/// Ids and weights.
fn masses(report: &Report) -> Vec<(u64, f64)> {
    report.landmarks.iter().map(|l| (l.id, l.weight)).collect()
}

#[test]
fn a_landmark_weighs_what_its_points_weigh() {
    let mut stream = on_a_line(plain(9, 2));
    let report = push_weighted(&mut stream, &[0.0, 10.0, 0.0], &[0.5, 2.0, 0.25]).unwrap();
    assert_eq!(masses(&report), [(0, 0.75), (1, 2.0)]);
    // Without a weight it is 1; with the third landmark 10 takes over 12.
    let report = push(&mut stream, &[12.0, 12.0]);
    assert_eq!(masses(&report), [(0, 0.75), (1, 4.0)]);
    let before = |l: &crate::stream::CospanLandmark| (l.before, l.after);
    let told: Vec<_> = report.cospan.landmarks.iter().map(before).collect();
    assert_eq!(told, [(Some(0.75), Some(0.75)), (Some(2.0), Some(4.0))]);
}

#[test]
fn weights_that_are_none_are_refused_and_nothing_has_happened() {
    let mut stream = on_a_line(plain(9, 9));
    push(&mut stream, &[0.0]);
    let before = stream.snapshot();
    let wrong: [(&[f64], &str); 7] = [
        (&[1.0, 0.0], "0 at 1"),
        (&[-1.0, 1.0], "-1 at 0"),
        (&[-0.0, 1.0], "-0 at 0"),
        (&[1.0, f64::NAN], "NaN at 1"),
        (&[f64::INFINITY, 1.0], "inf at 0"),
        (&[1e271, 1.0], "at 0"),
        (&[1.0], "each of 2 points, got 1"),
    ];
    for (weights, told) in wrong {
        let error = push_weighted(&mut stream, &[1.0, 2.0], weights).unwrap_err();
        let message = error.to_string();
        let named = message.starts_with("weights: expected");
        assert!(named && message.contains(told), "{message}");
    }
    assert_eq!(stream.snapshot(), before);
    let extremes = [LARGEST_WEIGHT, f64::MIN_POSITIVE];
    let report = push_weighted(&mut stream, &[1.0, 2.0], &extremes).unwrap();
    assert_eq!(masses(&report)[1..], [(1, extremes[0]), (2, extremes[1])]);
    assert!(Stream::restore(&stream.snapshot()).is_ok());
}

fn fading(half_life: f64, mut params: StreamParams) -> Stream {
    params.half_life = Some(half_life);
    on_a_line(params)
}

#[test]
fn weights_halve_with_so_many_points() {
    let mut stream = fading(2.0, plain(99, 9));
    let report = push(&mut stream, &[0.0, 5.0, 5.0]);
    assert_eq!(masses(&report), [(0, 0.5), (1, 1.0 + 0.5f64.sqrt())]);
    // Each point fades by its own age, and nothing fades where no point comes.
    assert_eq!(masses(&push(&mut stream, &[])), masses(&report));
    let report = push(&mut stream, &[0.0, 7.0, 7.0, 7.0]);
    let (old, new) = (1.0 + 0.125f64.sqrt(), 1.0 + 0.5f64.sqrt());
    let [(_, first), (_, second), (_, third)] = masses(&report)[..] else {
        panic!("{report:?}");
    };
    let near = |x: f64, y: f64| (x - y).abs() < 1e-15;
    assert!(near(first, old * 0.125f64.sqrt()) && near(second, new / 4.0));
    assert!(near(third, new + 0.5));
}

#[test]
fn weights_halve_with_so_many_seconds_of_the_points_own_times() {
    let mut stream = fading(4.0, in_time(100.0));
    let report = push_at(&mut stream, &[0.0, 5.0], &[0.0, 8.0]).unwrap();
    assert_eq!(masses(&report), [(0, 0.25), (1, 1.0)]);
    let mut params = stream.params().clone();
    params.late = crate::stream::Late::Accept;
    let mut stream = on_a_line(params);
    // In any order.
    for times in [[0.0, 4.0, 8.0], [8.0, 0.0, 4.0], [4.0, 8.0, 0.0]] {
        stream.reset();
        let report = push_at(&mut stream, &[1.0; 3], &times).unwrap();
        assert_eq!(masses(&report), [(0, 1.75)]);
    }
}

#[test]
fn what_is_taken_over_is_as_old_as_it_was() {
    let mut stream = fading(1.0, plain(99, 2));
    push(&mut stream, &[0.0, 10.0]);
    // 10 takes over 12, or the other way round.
    let report = push(&mut stream, &[12.0]);
    assert_eq!(masses(&report), [(0, 0.25), (1, 1.5)]);
}

#[test]
fn a_landmark_is_part_of_the_diagram_while_it_weighs_enough() {
    let mut stream = on_a_line(StreamParams {
        half_life: Some(1.0),
        min_mass: Some(0.5),
        ..plain(99, 9)
    });
    let kept = |report: &Report| -> Vec<u64> { report.kept().map(|l| l.id).collect() };
    let joined = |report: &Report| -> Vec<_> {
        let landmarks = report.cospan.landmarks.iter();
        landmarks.map(|l| (l.id, l.before, l.after)).collect()
    };
    let report = push(&mut stream, &[0.0, 3.0, 9.0]);
    assert_eq!((kept(&report), report.n_left_out()), (vec![1, 2], 1));
    assert_eq!(
        report.diagram.intervals(0).collect::<Vec<_>>()[0],
        (0.0, 6.0)
    );
    assert_eq!(
        joined(&report),
        [(1, None, Some(0.5)), (2, None, Some(1.0))]
    );
    // 0 comes back, 3 goes.
    let report = push(&mut stream, &[0.0]);
    assert_eq!(kept(&report), [0, 2]);
    let told = [
        (0, None, Some(1.125)),
        (1, Some(0.5), None),
        (2, Some(1.0), Some(0.5)),
    ];
    assert_eq!(joined(&report), told);
    assert_eq!(report.cospan.distances.row(2), [9.0, 6.0]);
    assert_eq!(report.landmarks.len(), 3);
    let mut restored = Stream::restore(&stream.snapshot()).unwrap();
    let report = push(&mut stream, &[]);
    assert_eq!(report.cospan, push(&mut restored, &[]).cospan);
    assert_eq!(
        joined(&report),
        [(0, Some(1.125), Some(1.125)), (2, Some(0.5), Some(0.5))]
    );
}

#[test]
fn epsilon_is_that_of_what_is_kept() {
    let mut stream = on_a_line(StreamParams {
        min_mass: Some(3.0),
        cover_radius: Some(2.0),
        ..plain(99, 9)
    });
    let report = push(&mut stream, &[0.0, 0.5, 1.0, 50.0, 52.0]);
    assert_eq!((report.epsilon, report.error_bound()), (1.0, 2.0));
    let report = push(&mut stream, &[50.0]);
    assert_eq!((report.epsilon, report.cospan.epsilon_before), (2.0, 1.0));
    assert_eq!(report.n_window, Some(6));
    let mut nothing = on_a_line(StreamParams {
        min_mass: Some(9.0),
        ..plain(99, 9)
    });
    let report = push(&mut nothing, &[0.0, 1.0]);
    assert_eq!((report.n_left_out(), report.epsilon), (2, 0.0));
    assert_eq!(report.diagram.intervals(0).count(), 0);
}
