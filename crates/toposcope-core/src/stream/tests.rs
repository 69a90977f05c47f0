//! What a push does to the landmarks, case by case.

mod late;
mod pool;
mod voids;
mod weights;

use std::ops::ControlFlow;

use crate::stream::params::tests::plain;
use crate::stream::{OnLimit, Report, Stream, StreamParams, Window};
use crate::{Control, Error, Metric, Observer, Points};

fn line(xs: &[f64]) -> Points {
    Points::from_f64(xs.to_vec(), 1).unwrap()
}

fn on_a_line(mut params: StreamParams) -> Stream {
    params.n_dims = 1;
    Stream::new(params).unwrap()
}

fn push(stream: &mut Stream, xs: &[f64]) -> Report {
    stream.push(line(xs), None, &Control::none()).unwrap()
}

fn push_at(stream: &mut Stream, xs: &[f64], times: &[f64]) -> Result<Report, Error> {
    stream.push(line(xs), Some(times), &Control::none())
}

fn in_time(seconds: f64) -> StreamParams {
    StreamParams {
        window: Window::Seconds(seconds),
        ..plain(1, 100)
    }
}

/// Ids and radii.
fn balls(report: &Report) -> Vec<(u64, f64)> {
    report.landmarks.iter().map(|l| (l.id, l.radius)).collect()
}

#[test]
fn the_eight_pushes_of_the_documentation() {
    let mut stream = on_a_line(plain(3, 2));
    let after: Vec<_> = [0.0, 0.0, 10.0, 12.0, 11.0, 20.0, 21.0, 22.0]
        .map(|x| balls(&push(&mut stream, &[x])))
        .into();
    assert_eq!(
        after,
        [
            vec![(0, 0.0)],
            vec![(0, 0.0)],
            vec![(0, 0.0), (2, 0.0)],
            vec![(0, 0.0), (2, 2.0)],
            vec![(2, 2.0)],
            vec![(2, 2.0), (5, 0.0)],
            vec![(2, 2.0), (5, 1.0)],
            vec![(5, 2.0)],
        ]
    );
}

#[test]
fn a_report_counts() {
    let mut stream = on_a_line(plain(3, 2));
    let report = push(&mut stream, &[0.0, 0.0, 10.0, 12.0]);
    assert_eq!(
        (report.step, report.n_points, report.first_index),
        (1, 4, 0)
    );
    assert_eq!((report.epsilon, report.cover_radius), (2.0, 2.0));
    assert_eq!((report.error_bound(), report.certified_above()), (4.0, 8.0));
    assert_eq!(report.n_window, Some(3));
    let stats = report.stats;
    assert_eq!((stats.n_added, stats.n_merged), (3, 1));
    let report = push(&mut stream, &[11.0]);
    assert_eq!((report.step, report.first_index), (2, 4));
    assert_eq!((report.stats.n_added, report.stats.n_expired), (0, 1));
    assert_eq!(report.landmarks[0].weight, 3.0);
    assert_eq!(report.landmarks[0].last_seen, 4);
}

#[test]
fn an_empty_chunk_is_a_push() {
    let mut stream = on_a_line(plain(3, 2));
    let report = push(&mut stream, &[]);
    assert_eq!(
        (report.step, report.landmarks.len(), report.epsilon),
        (1, 0, 0.0)
    );
    push(&mut stream, &[1.0]);
    let report = push(&mut stream, &[]);
    assert_eq!((report.step, report.n_points), (3, 0));
    assert_eq!((report.landmarks.len(), report.n_window), (1, Some(1)));
    let mut timed = on_a_line(in_time(1.0));
    assert!(timed.push(line(&[]), None, &Control::none()).is_ok());
}

#[test]
fn a_chunk_longer_than_the_window_leaves_its_end() {
    let mut stream = on_a_line(plain(3, 10));
    let report = push(&mut stream, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(balls(&report), [(3, 0.0), (4, 0.0), (5, 0.0)]);
    assert_eq!(report.stats.n_expired, 3);
}

#[test]
fn evicting_takes_the_oldest() {
    let mut stream = on_a_line(plain(4, 10));
    push(&mut stream, &[0.0, 1.0, 0.0, 3.0]);
    let control = Control::none();
    let report = stream.evict(2, &control).unwrap();
    assert_eq!(balls(&report), [(0, 0.0), (3, 0.0)]);
    assert_eq!(
        (report.n_window, report.n_points, report.step),
        (Some(2), 0, 2)
    );
    let report = push(&mut stream, &[4.0]);
    assert_eq!(report.n_window, Some(3));
    let report = stream.evict(100, &control).unwrap();
    assert_eq!((report.landmarks.len(), report.n_window), (0, Some(0)));
    let message = stream.evict_before(0.0, &control).unwrap_err().to_string();
    assert!(
        message.starts_with("before: expected a window of time"),
        "{message}"
    );
}

#[test]
fn a_window_of_time_is_open_at_its_old_end() {
    let mut stream = on_a_line(in_time(10.0));
    push_at(&mut stream, &[0.0, 1.0], &[0.0, 5.0]).unwrap();
    let report = push_at(&mut stream, &[2.0], &[10.0]).unwrap();
    assert_eq!(balls(&report), [(1, 0.0), (2, 0.0)]);
    assert_eq!((report.n_window, report.cospan.time), (None, Some(10.0)));
    let control = Control::none();
    assert_eq!(
        balls(&stream.evict_before(10.0, &control).unwrap()),
        [(2, 0.0)]
    );
    assert!(stream.evict_before(f64::NAN, &control).is_err());
    let message = stream.evict(1, &control).unwrap_err().to_string();
    assert!(
        message.starts_with("n_points: expected a window counted"),
        "{message}"
    );
}

#[test]
fn times_never_run_backwards() {
    let mut stream = on_a_line(in_time(10.0));
    push_at(&mut stream, &[0.0], &[5.0]).unwrap();
    let before = stream.snapshot();
    let wrong: [(&[f64], &[f64], &str); 5] = [
        (&[1.0], &[4.0], "4 at 0 after 5"),
        (&[1.0, 2.0], &[7.0, 6.0], "6 at 1 after 7"),
        (&[1.0], &[f64::NAN], "NaN at 0"),
        (&[1.0], &[f64::INFINITY], "inf at 0"),
        (&[1.0], &[5.0, 6.0], "each of 1 points, got 2"),
    ];
    for (xs, times, told) in wrong {
        let message = push_at(&mut stream, xs, times).unwrap_err().to_string();
        assert!(
            message.starts_with("times") && message.contains(told),
            "{message}"
        );
    }
    let missing = stream
        .push(line(&[1.0]), None, &Control::none())
        .unwrap_err();
    assert!(missing.to_string().contains("one time per point"));
    assert_eq!(stream.snapshot(), before);
}

#[test]
fn times_in_a_counted_window_are_recorded_only() {
    let mut stream = on_a_line(plain(2, 10));
    let report = push_at(&mut stream, &[0.0, 1.0], &[0.0, 1e9]).unwrap();
    assert_eq!(report.landmarks.len(), 2);
    assert_eq!(report.landmarks[1].last_time, Some(1e9));
    assert!(push_at(&mut stream, &[0.0], &[3.0]).is_err());
    assert_eq!(push(&mut stream, &[5.0]).landmarks.len(), 2);
}

#[test]
fn a_fixed_cover_radius_thins_from_the_start() {
    let mut stream = on_a_line(StreamParams {
        cover_radius: Some(1.0),
        ..plain(100, 100)
    });
    let report = push(&mut stream, &[0.0, 1.0, 1.5, 2.0, 0.5]);
    assert_eq!(balls(&report), [(0, 1.0), (2, 0.5)]);
    assert_eq!(report.epsilon, 1.0);
}

#[test]
fn evicting_at_the_limit_shrinks_the_window() {
    let mut stream = on_a_line(StreamParams {
        on_limit: OnLimit::Evict,
        ..plain(100, 3)
    });
    push(&mut stream, &[0.0, 1.0, 2.0, 0.0]);
    let report = push(&mut stream, &[3.0]);
    assert_eq!(balls(&report), [(0, 0.0), (2, 0.0), (4, 0.0)]);
    assert_eq!((report.n_window, report.stats.n_evicted), (Some(3), 1));
    assert_eq!(report.epsilon, 0.0);
    let report = push(&mut stream, &[4.0]);
    assert_eq!(balls(&report), [(0, 0.0), (4, 0.0), (5, 0.0)]);
    assert_eq!(report.n_window, Some(3));
}

#[test]
fn raising_at_the_limit_changes_nothing() {
    let mut stream = on_a_line(StreamParams {
        on_limit: OnLimit::Raise,
        ..plain(100, 2)
    });
    push(&mut stream, &[0.0, 1.0]);
    let before = stream.snapshot();
    let error = stream.push(line(&[0.0, 1.0, 2.0]), None, &Control::none());
    assert!(matches!(error, Err(Error::MemoryLimit { .. })), "{error:?}");
    assert_eq!(stream.snapshot(), before);
    assert_eq!(push(&mut stream, &[1.0]).step, 2);
}

#[test]
fn a_memory_limit_caps_the_landmarks() {
    let params = plain(100, 50);
    let limit = params.bytes_for(4);
    let mut stream = Stream::new(StreamParams {
        memory_limit: Some(limit),
        ..params
    })
    .unwrap();
    assert_eq!(stream.landmark_cap(), 4);
    let points = (0..20)
        .flat_map(|i| [f64::from(i), f64::from(i * i)])
        .collect();
    let report = stream.push(Points::from_f64(points, 2).unwrap(), None, &Control::none());
    assert_eq!(report.unwrap().landmarks.len(), 4);
}

#[test]
fn wrong_points_are_named_and_change_nothing() {
    let mut stream = on_a_line(plain(5, 5));
    push(&mut stream, &[1e308]);
    let before = stream.snapshot();
    let control = Control::none();
    let plane = Points::from_f64(vec![0.0; 4], 2).unwrap();
    let message = stream.push(plane, None, &control).unwrap_err().to_string();
    assert!(
        message.contains("1 coordinates per point, got 2"),
        "{message}"
    );
    let message = stream
        .push(line(&[-1e308]), None, &control)
        .unwrap_err()
        .to_string();
    assert!(message.contains("inf from row 0"), "{message}");
    assert_eq!(stream.snapshot(), before);
    let mut cosine = on_a_line(StreamParams {
        metric: Metric::Cosine,
        ..plain(5, 5)
    });
    let message = cosine
        .push(line(&[0.0]), None, &control)
        .unwrap_err()
        .to_string();
    assert!(message.contains("non-zero rows"), "{message}");
}

struct Impatient;
impl Observer for Impatient {
    fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

#[test]
fn an_interrupted_push_has_not_happened() {
    let mut stream = on_a_line(plain(300_000, 300));
    push(&mut stream, &[1.0, 2.0]);
    let before = stream.snapshot();
    let many: Vec<f64> = (0..100_000).map(f64::from).collect();
    let stopped = stream.push(line(&many), None, &Control::new(&Impatient));
    assert_eq!(stopped.unwrap_err(), Error::Interrupted);
    assert_eq!(stream.snapshot(), before);
}

#[test]
fn resetting_makes_the_stream_as_new() {
    let mut stream = on_a_line(plain(3, 2));
    let new = stream.snapshot();
    push(&mut stream, &[0.0, 5.0, 7.0]);
    stream.reset();
    assert_eq!(stream.snapshot(), new);
    assert_eq!(push(&mut stream, &[1.0]).step, 1);
}

#[test]
fn wider_points_widen_the_stream() {
    let mut stream = on_a_line(plain(10, 10));
    let narrow = || Points::from_f32(vec![0.5, 0.1], 1).unwrap();
    let control = Control::none();
    let first = stream.push(narrow(), None, &control).unwrap().stats.bytes;
    let wide = push(&mut stream, &[0.1]);
    assert_eq!(
        wide.landmarks.len(),
        3,
        "0.1 in float32 is not 0.1 in float64"
    );
    assert!(wide.stats.bytes > first);
    let again = stream.push(narrow(), None, &control).unwrap();
    assert_eq!(again.landmarks.len(), 3);
}

#[test]
fn the_cospan_joins_before_and_after() {
    let mut stream = on_a_line(plain(2, 5));
    push(&mut stream, &[0.0, 10.0]);
    let cospan = push(&mut stream, &[10.0, 13.0]).cospan;
    let joined: Vec<_> = cospan
        .landmarks
        .iter()
        .map(|l| (l.id, l.before, l.after))
        .collect();
    assert_eq!(
        joined,
        [
            (0, Some(1.0), None),
            (1, Some(1.0), Some(2.0)),
            (3, None, Some(1.0))
        ]
    );
    assert_eq!(cospan.distances.row(1), [10.0]);
    assert_eq!(cospan.distances.row(2), [13.0, 3.0]);
    assert_eq!((cospan.step, cospan.epsilon()), (2, 0.0));
}

#[test]
fn the_snapshot_continues_as_if_nothing_had_happened() {
    for seconds in [None, Some(4.0)] {
        let mut stream = on_a_line(StreamParams {
            window: seconds.map_or(Window::Count(6), Window::Seconds),
            threshold: Some(50.0),
            ..plain(6, 4)
        });
        let xs: Vec<f64> = (0..40u32).map(|i| f64::from(i * i % 17)).collect();
        let times: Vec<f64> = (0..40u32).map(|i| f64::from(i / 3)).collect();
        push_at(&mut stream, &xs[..20], &times[..20]).unwrap();
        let mut restored = Stream::restore(&stream.snapshot()).unwrap();
        for at in 20..40 {
            let mut reports = [&mut stream, &mut restored]
                .map(|s| push_at(s, &xs[at..=at], &times[at..=at]).unwrap());
            for report in &mut reports {
                report.stats = crate::stream::PushStats::default();
            }
            assert_eq!(reports[0], reports[1]);
            assert_eq!(stream.snapshot(), restored.snapshot());
        }
    }
}

#[test]
fn damaged_snapshots_are_refused() {
    let mut stream = on_a_line(plain(6, 4));
    push(&mut stream, &[0.0, 3.0, 4.5]);
    let bytes = stream.snapshot();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(
            matches!(Stream::restore(&damaged), Err(Error::Snapshot { .. })),
            "byte {at}"
        );
        assert!(matches!(
            Stream::restore(&bytes[..at]),
            Err(Error::Snapshot { .. })
        ));
    }
}

/// Points of which some coincide and many are equally far from others, near the origin or far from it.
fn crowd(n: usize, n_dims: usize, seed: usize, offset: f64) -> Vec<f64> {
    let wave = |at: usize| (at * 7919 + at * at * 31 + seed * 104_729) % 1009;
    let entry = |at: usize| match (seed + at / n_dims) % 3 {
        0 => (wave(at) % 2) as f64,
        1 => (wave(at / n_dims % 5 * n_dims + at % n_dims) % 3) as f64,
        _ => wave(at) as f64 / 500.0,
    };
    (0..n * n_dims).map(|at| offset + entry(at)).collect()
}

#[test]
fn many_points_at_once_find_the_landmarks_that_each_alone_finds() {
    let mut n_refreshed = 0;
    for (seed, (n_dims, offset)) in [
        (16, 0.0),
        (19, 1e6),
        (40, -3.0),
        (100, 0.0),
        (33, 1e-30),
        (24, 1e16),
    ]
    .into_iter()
    .enumerate()
    {
        for (window, max_landmarks, on_limit, cover_radius) in [
            (1000, 200, OnLimit::Coarsen, Some(1.5)),
            (60, 200, OnLimit::Coarsen, Some(2.5)),
            (400, 40, OnLimit::Coarsen, None),
            (400, 40, OnLimit::Evict, Some(2.0)),
            (1000, 1000, OnLimit::Coarsen, Some(0.0)),
        ] {
            let params = StreamParams {
                n_dims,
                cover_radius,
                on_limit,
                max_dim: 0,
                ..plain(window, max_landmarks)
            };
            for narrow in [false, true] {
                let coordinates = crowd(500, n_dims, seed, offset);
                let points = |rows: std::ops::Range<usize>| {
                    let some = &coordinates[rows.start * n_dims..rows.end * n_dims];
                    if narrow {
                        return Points::from_f32(some.iter().map(|&x| x as f32).collect(), n_dims);
                    }
                    Points::from_f64(some.to_vec(), n_dims)
                };
                let (mut at_once, mut alone) = (
                    Stream::new(params.clone()).unwrap(),
                    Stream::new(params.clone()).unwrap(),
                );
                for chunk in [0..70, 70..400, 400..500] {
                    at_once
                        .push(points(chunk).unwrap(), None, &Control::none())
                        .unwrap();
                }
                for i in 0..500 {
                    alone
                        .push(points(i..i + 1).unwrap(), None, &Control::none())
                        .unwrap();
                }
                let landmarks = |stream: &Stream| -> Vec<_> {
                    stream.state().landmarks.iter().copied().collect()
                };
                assert_eq!(landmarks(&at_once), landmarks(&alone));
                assert_eq!(at_once.state().cover_radius, alone.state().cover_radius);
                n_refreshed += landmarks(&alone).iter().filter(|l| l.weight > 1.0).count();
            }
        }
    }
    assert!(n_refreshed > 500, "{n_refreshed}");
}

#[test]
fn what_version_1_saved_goes_on() {
    // Six points of the plane into a window of six with room for four landmarks, one taken over, with a threshold and with times.
    let saved = "\
        544f504f534350455354524d010000009101000000000000f8c1b0955041524d3700000000000000020000000000000000060000000000\
        00000400000000000000000100000000000000000100000000000049400000010100000000000000deaaa7545354415429000000000000\
        00010000000000000006000000000000000000000000000000010000000000001440000000000000e03f954832fa4c414e44ac00000000\
        00000004000000000000000000000000000000000000000000e03f02000000000000000300000000000000010000000000000840010000\
        000000000000000000000000000100000000000000010000000000000001000000000000f03f0200000000000000000000000000000002\
        00000000000000050000000000000001000000000000144004000000000000000000000000000000010000000000000004000000000000\
        000100000000000010409b302d91504f534e29000000000000000008000000000000000000000000000000000000000000803f00004040\
        0000803f0000e04000000040f14a7375";
    let mut restored = Stream::restore(&bytes_of(saved)).unwrap();
    let mut stream = Stream::new(StreamParams {
        threshold: Some(50.0),
        ..plain(6, 4)
    })
    .unwrap();
    let control = Control::none();
    let first = [0.0, 0.0, 0.0, 1.0, 3.0, 1.0, 0.5, 0.0, 7.0, 2.0, 3.0, 1.0];
    let first = Points::from_f32(first.to_vec(), 2).unwrap();
    let times: Vec<f64> = (0..6).map(f64::from).collect();
    stream.push(first, Some(&times), &control).unwrap();
    assert_eq!(restored.params(), stream.params());
    assert_eq!(restored.snapshot(), stream.snapshot());
    let mut reports = [&mut stream, &mut restored].map(|s| {
        let chunk = Points::from_f64(vec![9.0, 9.0, 3.0, 2.0], 2).unwrap();
        s.push(chunk, Some(&[7.0, 8.0]), &control).unwrap()
    });
    for report in &mut reports {
        report.stats = crate::stream::PushStats::default();
    }
    assert_eq!(reports[0], reports[1]);
}

#[test]
fn what_version_2_saved_goes_on() {
    // Those points into a window of four seconds, and what another stream had seen of the same place, merged.
    let saved = "\
        544f504f534350455354524d0200000061010000000000004207451d5041524d3000000000000000020000000000000001000000000000\
        104004000000000000000001000000000000000000000001010000000000000000a1d264fe535441543100000000000000020000000000\
        00000800000000000000000000000000000001000000000000144000000000000000000000000000000000968373164c414e4483000000\
        00000000030000000000000002000000000000000000000000000000040000000000000007000000000000000100000000000014400300\
        00000000000000000000000000000100000000000000040000000000000001000000000000084004000000000000000000000000000000\
        01000000000000000500000000000000010000000000001040615d5919504f534e21000000000000000006000000000000000000404000\
        00803f0000003f000000000000e040000000406033b43e";
    let mut restored = Stream::restore(&bytes_of(saved)).unwrap();
    let [mut stream, mut other] = [0, 1].map(|_| {
        let window = Window::Seconds(4.0);
        Stream::new(StreamParams {
            window,
            ..plain(6, 4)
        })
        .unwrap()
    });
    let control = Control::none();
    let first = [0.0, 0.0, 0.0, 1.0, 3.0, 1.0, 0.5, 0.0, 7.0, 2.0, 3.0, 1.0];
    let first = Points::from_f32(first.to_vec(), 2).unwrap();
    let times: Vec<f64> = (0..6).map(f64::from).collect();
    stream.push(first, Some(&times), &control).unwrap();
    let second = Points::from_f32(vec![3.0, 1.0, 3.0, 1.0], 2).unwrap();
    other.push(second, Some(&[4.0, 4.5]), &control).unwrap();
    stream.merge(&other, &control).unwrap();
    assert_eq!(restored.params(), stream.params());
    assert_eq!(restored.snapshot(), stream.snapshot());
    let mut reports = [&mut stream, &mut restored].map(|s| {
        let chunk = Points::from_f64(vec![9.0, 9.0, 3.0, 2.0], 2).unwrap();
        s.push(chunk, Some(&[7.0, 8.0]), &control).unwrap()
    });
    for report in &mut reports {
        report.stats = crate::stream::PushStats::default();
    }
    assert_eq!(reports[0], reports[1]);
}

/// Bytes from hexadecimal digits.
fn bytes_of(digits: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}
