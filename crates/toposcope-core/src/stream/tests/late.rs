//! Points out of order.

use super::*;
use crate::stream::Late;

fn accepting(mut params: StreamParams) -> Stream {
    params.late = Late::Accept;
    on_a_line(params)
}

/// Ids, last points and their times.
fn lasts(report: &Report) -> Vec<(u64, u64, f64)> {
    let last = |l: &crate::stream::Landmark| (l.id, l.last_seen, l.last_time.unwrap());
    report.landmarks.iter().map(last).collect()
}

fn counts(report: &Report) -> (usize, usize) {
    (report.stats.n_late, report.stats.n_dropped)
}

#[test]
fn a_late_point_stays_as_long_as_its_own_time_allows() {
    let mut stream = accepting(in_time(10.0));
    let report = push_at(&mut stream, &[0.0, 1.0], &[20.0, 15.0]).unwrap();
    assert_eq!(lasts(&report), [(0, 0, 20.0), (1, 1, 15.0)]);
    assert_eq!((counts(&report), report.cospan.time), ((1, 0), Some(20.0)));
    // A late point does not make its landmark older than it is.
    let report = push_at(&mut stream, &[0.0, 1.0], &[12.0, 16.0]).unwrap();
    assert_eq!(lasts(&report), [(0, 0, 20.0), (1, 3, 16.0)]);
    let report = push_at(&mut stream, &[5.0], &[26.0]).unwrap();
    assert_eq!(lasts(&report), [(0, 0, 20.0), (4, 4, 26.0)]);
    assert_eq!(counts(&report), (0, 0));
}

#[test]
fn a_point_that_the_window_has_left_behind_is_dropped_and_counted() {
    let mut stream = accepting(in_time(10.0));
    push_at(&mut stream, &[0.0], &[20.0]).unwrap();
    // The window is open at its old end.
    let report = push_at(&mut stream, &[1.0, 2.0, 3.0], &[10.0, 10.5, -1e300]).unwrap();
    assert_eq!(lasts(&report), [(0, 0, 20.0), (2, 2, 10.5)]);
    assert_eq!((counts(&report), report.n_points), ((1, 2), 3));
    assert_eq!((stream.n_seen(), report.landmarks[0].weight), (4, 1.0));
    // Within one chunk the clock goes on from point to point.
    let report = push_at(&mut stream, &[7.0, 8.0], &[40.0, 30.0]).unwrap();
    assert_eq!(lasts(&report), [(4, 4, 40.0)]);
    assert_eq!(counts(&report), (0, 1));
}

#[test]
fn in_a_window_counted_in_points_the_order_is_that_in_which_they_come() {
    let mut stream = accepting(plain(3, 10));
    let report = push_at(&mut stream, &[0.0, 1.0, 0.0], &[50.0, -1e9, 3.0]).unwrap();
    assert_eq!(lasts(&report), [(0, 2, 50.0), (1, 1, -1e9)]);
    assert_eq!((counts(&report), report.cospan.time), ((2, 0), Some(50.0)));
    // Without times there is nothing late, and the clock stands still.
    let report = push(&mut stream, &[2.0]);
    assert_eq!((counts(&report), report.cospan.time), ((0, 0), Some(50.0)));
    assert_eq!(report.landmarks[2].last_time, None);
}

#[test]
fn what_is_evicted_for_want_of_room_is_what_would_leave_first() {
    let mut stream = accepting(StreamParams {
        on_limit: OnLimit::Evict,
        max_landmarks: 2,
        ..in_time(100.0)
    });
    push_at(&mut stream, &[0.0, 1.0], &[20.0, 15.0]).unwrap();
    let report = push_at(&mut stream, &[2.0], &[17.0]).unwrap();
    assert_eq!(lasts(&report), [(0, 0, 20.0), (2, 2, 17.0)]);
    assert_eq!(report.stats.n_evicted, 1);
    // Of equal times, what came first.
    let report = push_at(&mut stream, &[2.0, 3.0], &[20.0, 18.0]).unwrap();
    assert_eq!(lasts(&report), [(2, 3, 20.0), (4, 4, 18.0)]);
    assert!(Stream::restore(&stream.snapshot()).is_ok());
}

#[test]
fn times_that_are_none_are_refused_in_any_order() {
    let mut stream = accepting(in_time(10.0));
    push_at(&mut stream, &[0.0], &[5.0]).unwrap();
    let before = stream.snapshot();
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = push_at(&mut stream, &[1.0, 2.0], &[4.0, wrong]).unwrap_err();
        let message = error.to_string();
        let named = message.starts_with("times: expected finite times");
        assert!(named && message.contains("at 1"), "{message}");
    }
    assert!(push_at(&mut stream, &[1.0], &[4.0, 3.0]).is_err());
    assert!(stream.push(line(&[1.0]), None, &Control::none()).is_err());
    assert_eq!(stream.snapshot(), before);
}
