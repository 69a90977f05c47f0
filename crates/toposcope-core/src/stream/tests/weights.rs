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
