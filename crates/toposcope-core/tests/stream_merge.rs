//! Merged streams against the union of their windows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::ops::ControlFlow;

use common::streams::{Point, farthest, naive, params, points, push};
use proptest::prelude::*;
use toposcope_core::stream::{OnLimit, PushStats, Report, Stream, StreamParams, Window};
use toposcope_core::{Control, Error, Metric, Observer, Points, RipsInput, RipsParams, rips};
use toposcope_oracle::bottleneck_distance;

fn merge(stream: &mut Stream, other: &Stream) -> Report {
    stream.merge(other, &Control::none()).unwrap()
}

/// On a line, so that figures can be read.
fn at(xs: &[f64]) -> Vec<Point> {
    xs.iter().map(|&x| [x, 0.0]).collect()
}

fn stream_of(params: StreamParams, xs: &[f64]) -> Stream {
    let mut stream = Stream::new(params).unwrap();
    push(&mut stream, &at(xs));
    stream
}

/// Ids, radii, and how many points came since.
fn brief(stream: &Stream, report: &Report) -> Vec<(u64, f64, u64)> {
    let n_seen = stream.n_seen();
    let of_each = report.landmarks.iter();
    of_each
        .map(|l| (l.id, l.radius, n_seen - 1 - l.last_seen))
        .collect()
}

#[test]
fn both_windows_stay_and_age_together() {
    let mut ours = stream_of(params(3, 9), &[0.0, 1.0, 2.0, 3.0, 4.0]);
    let theirs = stream_of(params(3, 9), &[10.0, 11.0]);
    let report = merge(&mut ours, &theirs);
    let (step, n_points, first_index) = (report.step, report.n_points, report.first_index);
    assert_eq!((step, n_points, first_index), (2, 2, 5));
    assert_eq!(report.n_window, Some(5));
    let all = [(2, 2), (3, 1), (4, 0), (5, 1), (6, 0)].map(|(id, age)| (id, 0.0, age));
    assert_eq!(brief(&ours, &report), all);
    assert_eq!((report.stats.n_added, ours.n_seen()), (2, 7));
    let report = push(&mut ours, &at(&[20.0]));
    assert_eq!((report.first_index, report.n_window), (7, Some(5)));
    let all = [(3, 2), (4, 1), (5, 2), (6, 1), (7, 0)].map(|(id, age)| (id, 0.0, age));
    assert_eq!(brief(&ours, &report), all);
    let report = push(&mut ours, &at(&[21.0, 22.0]));
    assert_eq!(report.n_window, Some(3));
    assert_eq!(report.landmarks.len(), 3);
}

#[test]
fn evicting_takes_all_that_are_as_old() {
    let mut ours = stream_of(params(4, 9), &[0.0, 1.0, 2.0]);
    merge(&mut ours, &stream_of(params(4, 9), &[10.0, 11.0]));
    let control = Control::none();
    let ids = |report: &Report| report.landmarks.iter().map(|l| l.id).collect::<Vec<_>>();
    let report = ours.evict(1, &control).unwrap();
    assert_eq!((ids(&report), report.n_window), (vec![1, 2, 3, 4], Some(4)));
    let report = ours.evict(1, &control).unwrap();
    assert_eq!((ids(&report), report.n_window), (vec![2, 4], Some(2)));
    let report = ours.evict(99, &control).unwrap();
    assert_eq!((ids(&report), report.n_window), (vec![], Some(0)));
}

#[test]
fn what_is_at_the_same_place_is_one_landmark() {
    let mut ours = stream_of(params(9, 9), &[0.0, 1.0, 1.0]);
    let report = merge(&mut ours, &stream_of(params(9, 9), &[1.0, 2.0]));
    let weights: Vec<_> = report.landmarks.iter().map(|l| (l.id, l.weight)).collect();
    assert_eq!(weights, [(0, 1.0), (1, 3.0), (4, 1.0)]);
    assert_eq!((report.stats.n_added, report.stats.n_merged), (1, 0));
    let copy = Stream::restore(&ours.snapshot()).unwrap();
    let doubled = merge(&mut ours, &copy);
    assert_eq!(doubled.diagram, report.diagram);
    let ids = |report: &Report| report.landmarks.iter().map(|l| l.id).collect::<Vec<_>>();
    assert_eq!(ids(&doubled), ids(&report));
    assert_eq!((doubled.n_window, ours.n_seen()), (Some(10), 10));
}

#[test]
fn empty_streams_change_nothing_but_the_count() {
    let mut ours = stream_of(params(3, 9), &[0.0, 5.0]);
    let before = push(&mut ours, &[]);
    let report = merge(&mut ours, &Stream::new(params(3, 9)).unwrap());
    assert_eq!((&report.diagram, report.n_points), (&before.diagram, 0));
    assert_eq!((report.n_window, ours.n_seen()), (Some(2), 2));
    let mut empty = Stream::new(params(3, 9)).unwrap();
    let report = merge(&mut empty, &ours);
    assert_eq!((&report.diagram, report.step), (&before.diagram, 1));
    assert_eq!(report.landmarks, before.landmarks);
    ours.evict(9, &Control::none()).unwrap();
    let report = merge(&mut empty, &ours);
    assert_eq!((report.landmarks.len(), report.n_window), (2, Some(2)));
    let report = merge(&mut ours, &empty);
    assert_eq!((report.landmarks.len(), report.n_window), (2, Some(2)));
    let mut nothing = Stream::new(params(3, 9)).unwrap();
    let report = merge(&mut nothing, &Stream::new(params(3, 9)).unwrap());
    assert_eq!((report.landmarks.len(), report.n_window), (0, Some(0)));
}

#[test]
fn this_streams_window_and_limits_count() {
    let mut ours = stream_of(params(2, 3), &[0.0, 1.0]);
    let report = merge(
        &mut ours,
        &stream_of(params(9, 9), &[10.0, 11.0, 12.0, 13.0]),
    );
    assert_eq!((report.n_window, report.stats.n_expired), (Some(4), 2));
    assert_eq!((report.landmarks.len(), report.stats.n_merged), (3, 1));
    assert_eq!((report.epsilon, report.cover_radius), (1.0, 1.0));
}

#[test]
fn the_policy_decides_when_there_are_too_many() {
    let policy = |on_limit| StreamParams {
        on_limit,
        ..params(9, 3)
    };
    let theirs = stream_of(params(9, 9), &[10.0, 11.0]);
    let mut ours = stream_of(policy(OnLimit::Evict), &[0.0, 1.0, 2.0]);
    let report = merge(&mut ours, &theirs);
    let ids: Vec<_> = report.landmarks.iter().map(|l| l.id).collect();
    assert_eq!((ids, report.stats.n_evicted), (vec![2, 4], 3));
    assert_eq!((report.n_window, report.epsilon), (Some(2), 0.0));
    let mut ours = stream_of(policy(OnLimit::Raise), &[0.0, 1.0]);
    let before = (ours.snapshot(), theirs.snapshot());
    let error = ours.merge(&theirs, &Control::none()).unwrap_err();
    assert!(matches!(error, Error::MemoryLimit { .. }), "{error}");
    assert_eq!((ours.snapshot(), theirs.snapshot()), before);
    merge(&mut ours, &stream_of(params(9, 9), &[1.0, 2.0]));
}

#[test]
fn a_memory_limit_holds() {
    let limited = StreamParams {
        memory_limit: Some(params(99, 9).bytes_for(4)),
        ..params(99, 99)
    };
    let mut ours = stream_of(limited, &[0.0, 1.0, 2.0, 3.0]);
    let many: Vec<f64> = (0..60).map(|i| f64::from(i * i)).collect();
    let report = merge(&mut ours, &stream_of(params(99, 99), &many));
    assert_eq!(report.landmarks.len(), 4);
    assert!(report.epsilon > 0.0);
}

#[test]
fn streams_that_look_at_other_things_are_refused_by_name() {
    type Change = fn(&mut StreamParams);
    let mut ours = stream_of(params(9, 9), &[0.0, 1.0]);
    let before = ours.snapshot();
    let changes: [(Change, &str); 6] = [
        (
            |p| p.n_dims = 3,
            "other: expected a stream with n_dims 2, as this one, got 3",
        ),
        (
            |p| p.window = Window::Seconds(9.0),
            "a window counted in points, as this one, got of time",
        ),
        (|p| p.metric = Metric::Manhattan, "metric euclidean"),
        (|p| p.max_dim = 0, "max_dim 1, as this one, got 0"),
        (
            |p| p.threshold = Some(2.5),
            "threshold none, as this one, got 2.5",
        ),
        (
            |p| p.half_life = Some(4.0),
            "half_life none, as this one, got 4",
        ),
    ];
    for (change, told) in changes {
        let mut other = params(9, 9);
        change(&mut other);
        let other = Stream::new(other).unwrap();
        let message = ours.merge(&other, &Control::none()).unwrap_err();
        assert!(message.to_string().contains(told), "{message}");
    }
    let far = stream_of(params(9, 9), &[1e308]);
    let mut here = stream_of(params(9, 9), &[-1e308]);
    let message = here.merge(&far, &Control::none()).unwrap_err().to_string();
    assert!(message.starts_with("other: expected landmarks at finite distances"));
    assert_eq!(ours.snapshot(), before);
}

struct Impatient;
impl Observer for Impatient {
    fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

#[test]
fn an_interrupted_merge_has_not_happened() {
    let mut ours = stream_of(params(9, 9), &[0.0, 1.0]);
    let theirs = stream_of(params(9, 9), &[10.0, 11.0]);
    let before = (ours.snapshot(), theirs.snapshot());
    let stopped = ours.merge(&theirs, &Control::new(&Impatient));
    assert_eq!(stopped.unwrap_err(), Error::Interrupted);
    assert_eq!((ours.snapshot(), theirs.snapshot()), before);
}

#[test]
fn no_more_windows_overlap_than_are_kept_account_of() {
    let mut ours = Stream::new(params(1_000_000, 2)).unwrap();
    let mut refused = None;
    for n in 1..600 {
        let theirs = stream_of(params(1_000_000, 2), &vec![0.0; n]);
        let before = ours.snapshot();
        if let Err(error) = ours.merge(&theirs, &Control::none()) {
            assert_eq!(ours.snapshot(), before);
            refused = Some((n, error.to_string()));
            break;
        }
    }
    let (n, told) = refused.unwrap();
    assert_eq!(n, 514);
    assert!(told.contains("at most 512 overlapping windows"), "{told}");
    // Those of one length are one.
    let mut ours = Stream::new(params(1_000_000, 2)).unwrap();
    let theirs = stream_of(params(1_000_000, 2), &[0.0; 10]);
    let counts: Vec<_> = (0..600)
        .map(|_| merge(&mut ours, &theirs).n_window)
        .collect();
    assert_eq!(counts[599], Some(6000));
}

#[test]
fn the_wider_precision_stays() {
    let narrow = || {
        let mut stream = Stream::new(params(9, 9)).unwrap();
        let points = Points::from_f32(vec![0.1, 0.0, 0.5, 0.0], 2).unwrap();
        stream.push(points, None, &Control::none()).unwrap();
        stream
    };
    let wide = || stream_of(params(9, 9), &[0.1, 0.5]);
    let (mut a, mut b) = (narrow(), wide());
    let (ab, ba) = (merge(&mut a, &wide()), merge(&mut b, &narrow()));
    assert_eq!((&ab.diagram, ab.landmarks.len()), (&ba.diagram, 3));
    assert_eq!(ab.stats.bytes, ba.stats.bytes);
}

#[test]
fn the_cospan_of_a_merge_joins_before_and_after() {
    let mut ours = stream_of(params(9, 9), &[0.0, 4.0]);
    let cospan = merge(&mut ours, &stream_of(params(9, 9), &[1.0])).cospan;
    let joined: Vec<_> = cospan
        .landmarks
        .iter()
        .map(|l| (l.id, l.before, l.after))
        .collect();
    assert_eq!(
        joined,
        [
            (0, Some(1.0), Some(1.0)),
            (1, Some(1.0), Some(1.0)),
            (2, None, Some(1.0))
        ]
    );
    assert_eq!(cospan.distances.row(2), [1.0, 3.0]);
    assert_eq!(cospan.step, 2);
}

// What is true of any streams ------------------------------------------------------------

/// A stream, and all that ever came to it with how many came later and when it was.
struct Modelled {
    stream: Stream,
    /// By index.
    seen: Vec<(Point, usize, f64)>,
    /// Alive by the rules of windows, as far as anybody can know.
    alive: Vec<usize>,
}

impl Modelled {
    fn new(params: StreamParams) -> Self {
        let stream = Stream::new(params).unwrap();
        let (seen, alive) = (Vec::new(), Vec::new());
        Self {
            stream,
            seen,
            alive,
        }
    }

    fn push(&mut self, rows: &[(Point, f64)]) -> Report {
        let (xs, times): (Vec<Point>, Vec<f64>) = rows.iter().copied().unzip();
        let report = self
            .stream
            .push(points(&xs), Some(&times), &Control::none());
        for &(x, time) in rows {
            self.seen.iter_mut().for_each(|(_, age, _)| *age += 1);
            self.alive.push(self.seen.len());
            self.seen.push((x, 0, time));
        }
        self.slide(report.unwrap())
    }

    fn merge(&mut self, other: &Self) -> Report {
        let report = merge(&mut self.stream, &other.stream);
        let shift = self.seen.len();
        assert_eq!(report.first_index, shift as u64);
        self.seen.extend(&other.seen);
        self.alive.extend(other.alive.iter().map(|i| i + shift));
        self.slide(report)
    }

    fn slide(&mut self, report: Report) -> Report {
        let seen = &self.seen;
        let clock = seen.iter().map(|p| p.2).fold(f64::NEG_INFINITY, f64::max);
        match self.stream.params().window {
            Window::Count(n) => {
                self.alive.retain(|&i| (seen[i].1 as u64) < n);
                self.alive.sort_by_key(|&i| seen[i].1);
                // Where the policy evicts, the window is the youngest points, and the report says how many.
                let n_window = usize::try_from(report.n_window.unwrap()).unwrap();
                if self.stream.params().on_limit == OnLimit::Evict {
                    let ages = |i: usize| self.alive.get(i).map(|&i| seen[i].1);
                    assert!(n_window == 0 || ages(n_window - 1) != ages(n_window));
                    self.alive.truncate(n_window);
                }
                assert_eq!(self.alive.len(), n_window);
            }
            Window::Seconds(seconds) => {
                self.alive.retain(|&i| seen[i].2 > clock - seconds);
                if self.stream.params().on_limit == OnLimit::Evict {
                    // What is younger than the oldest landmark was not evicted, whatever else was.
                    let last = report.landmarks.iter().map(|l| l.last_time.unwrap());
                    let oldest = last.fold(f64::INFINITY, f64::min);
                    self.alive.retain(|&i| seen[i].2 >= oldest);
                }
            }
        }
        report
    }

    fn window(&self) -> Vec<Point> {
        self.alive.iter().map(|&i| self.seen[i].0).collect()
    }

    fn check(&self, report: &Report) -> Result<(), TestCaseError> {
        let window = self.window();
        let founders: Vec<Point> = (report.landmarks.iter())
            .map(|l| self.seen[usize::try_from(l.id).unwrap()].0)
            .collect();
        prop_assert!(farthest(&window, &founders) <= report.epsilon + 1e-12);
        prop_assert!(farthest(&founders, &window) <= report.epsilon + 1e-12);
        let founders = points(&founders);
        let input = RipsInput::Points(&founders, Metric::Euclidean);
        let of_founders = rips(input, &RipsParams::default(), &Control::none()).unwrap();
        prop_assert_eq!(&report.diagram, &of_founders);
        for dim in 0..=1u8 {
            let of_landmarks: Vec<_> = report.diagram.intervals(dim).collect();
            let distance = bottleneck_distance(&naive(&window, usize::from(dim)), &of_landmarks);
            prop_assert!(distance <= report.error_bound() + 1e-12);
        }
        Ok(())
    }
}

/// Grids have ties and points at equal places.
fn point() -> impl Strategy<Value = Point> {
    prop_oneof![
        prop::array::uniform2(-1.0..1.0f64),
        prop::array::uniform2((0..4i32).prop_map(|x| f64::from(x) / 2.0)),
    ]
}

fn policy() -> impl Strategy<Value = OnLimit> {
    prop_oneof![2 => Just(OnLimit::Coarsen), 1 => Just(OnLimit::Evict)]
}

/// Points of a shard, and lengths of time between them.
fn shard() -> impl Strategy<Value = Vec<(Point, f64)>> {
    prop::collection::vec((point(), 0.1..2.0f64), 0..14)
}

fn timed(shard: &[(Point, f64)], from: f64) -> Vec<(Point, f64)> {
    let mut clock = from;
    let later = shard.iter().map(|&(x, wait)| {
        clock += wait;
        (x, clock)
    });
    later.collect()
}

fn without_times(report: Report) -> Report {
    Report {
        stats: PushStats::default(),
        ..report
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn shards_that_are_merged_and_go_on_stand_for_the_union_of_their_windows(
        shards in prop::collection::vec(shard(), 2..5),
        rest in prop::collection::vec(shard(), 0..3),
        in_time in any::<bool>(),
        length in 1..16u64,
        max_landmarks in 1..9usize,
        on_limit in policy(),
        cover_radius in prop::option::of(0.0..0.5f64),
        as_a_tree in any::<bool>(),
    ) {
        let params = StreamParams {
            window: if in_time { Window::Seconds(length as f64) } else { Window::Count(length) },
            on_limit,
            cover_radius,
            ..params(1, max_landmarks)
        };
        let mut merged = Vec::new();
        for shard in &shards {
            let mut modelled = Modelled::new(params.clone());
            let report = modelled_push(&mut modelled, shard, 0.0);
            modelled.check(&report)?;
            merged.push(modelled);
        }
        while merged.len() > 1 {
            let other = merged.pop().unwrap();
            let into = if as_a_tree { merged.len() / 2 } else { 0 };
            let report = merged[into].merge(&other);
            prop_assert!(report.landmarks.len() <= max_landmarks);
            merged[into].check(&report)?;
        }
        let mut all = merged.pop().unwrap();
        for chunk in &rest {
            let mut restored = Stream::restore(&all.stream.snapshot()).unwrap();
            let clock = all.seen.iter().map(|p| p.2).fold(0.0, f64::max);
            let report = modelled_push(&mut all, chunk, clock);
            all.check(&report)?;
            let (xs, times): (Vec<Point>, Vec<f64>) = timed(chunk, clock).into_iter().unzip();
            let again = restored.push(points(&xs), Some(&times), &Control::none()).unwrap();
            prop_assert_eq!(without_times(again), without_times(report));
            prop_assert_eq!(restored.snapshot(), all.stream.snapshot());
        }
    }

    #[test]
    fn where_nothing_is_taken_over_it_does_not_matter_who_takes_in_whom(
        shards in prop::array::uniform2(shard()),
        rest in shard(),
        length in 1..16u64,
    ) {
        let [mut a, mut b] = shards.map(|shard| {
            let mut modelled = Modelled::new(params(length, 99));
            modelled_push(&mut modelled, &shard, 0.0);
            modelled
        });
        let [a_alone, b_alone] = [&a, &b].map(|m| Stream::restore(&m.stream.snapshot()).unwrap());
        let (ab, ba) = (merge(&mut a.stream, &b_alone), merge(&mut b.stream, &a_alone));
        prop_assert_eq!((&ab.diagram, ab.n_window), (&ba.diagram, ba.n_window));
        prop_assert_eq!(ab.epsilon, 0.0);
        let rest: Vec<Point> = rest.iter().map(|r| r.0).collect();
        let (ab, ba) = (push(&mut a.stream, &rest), push(&mut b.stream, &rest));
        prop_assert_eq!((&ab.diagram, ab.n_window), (&ba.diagram, ba.n_window));
    }
}

fn modelled_push(modelled: &mut Modelled, shard: &[(Point, f64)], clock: f64) -> Report {
    modelled.push(&timed(shard, clock))
}
