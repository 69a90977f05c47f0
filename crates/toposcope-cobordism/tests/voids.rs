//! Voids: their numbers are those of the interval decomposition, found by the naive oracle; scenarios; readings once in a while.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::World;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use toposcope_cobordism::{
    BirthCause, Change, DeathCause, Event, Lineage, Status, Tracker, TrackerParams,
};
use toposcope_core::stream::Cospan;
use toposcope_core::{Control, DistanceMatrix};
use toposcope_oracle::{rank_of_images, rank_of_inclusion};

/// Multiplicities of the intervals: continues, filled, broken, closed, opened, transient.
type Numbers = [usize; 6];

fn tracker(scale: f64, margin: Option<f64>, void_every: u64) -> Tracker {
    let params = common::tracker(scale, 0.0).params().clone();
    Tracker::new(TrackerParams {
        margin,
        max_dim: 2,
        void_every,
        ..params
    })
    .unwrap()
}

fn told_of_voids(events: &[Event]) -> Numbers {
    let mut numbers = [0; 6];
    for event in events {
        match event.change {
            Change::VoidContinue(_) => numbers[0] += 1,
            Change::VoidDeath(DeathCause::Filled) => numbers[1] += 1,
            Change::VoidDeath(DeathCause::Broken) => numbers[2] += 1,
            Change::VoidBirth(BirthCause::Closed) => numbers[3] += 1,
            Change::VoidBirth(BirthCause::Opened) => numbers[4] += 1,
            Change::TransientVoids(n) => numbers[5] += n,
            _ => {}
        }
    }
    numbers
}

fn square(distances: &DistanceMatrix) -> Vec<f64> {
    let n = distances.n();
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    pairs.map(|(i, j)| distances.get(i, j)).collect()
}

/// What a scale and a margin ask for: born at or below the first, alive beyond the second.
fn around(scale: f64, margin: f64) -> [f64; 2] {
    [(scale - margin / 2.0).max(0.0), scale + margin / 2.0]
}

/// By ranks of the induced maps, from a full matrix in which `inf` is no edge.
fn by_ranks(
    square: &[f64],
    n: usize,
    before: &[usize],
    union: &[usize],
    after: &[usize],
    [start, end]: [f64; 2],
) -> Numbers {
    let rank = |x: &[usize], y: &[usize]| rank_of_inclusion(square, n, (x, start), (y, end), 2);
    let (a, b, w) = (rank(before, before), rank(after, after), rank(union, union));
    let (f, g) = (rank(before, union), rank(after, union));
    let sources = [(before, start), (after, start)];
    let joint = rank_of_images(square, n, &sources, (union, end), 2);
    let s = f + g - joint;
    [s, a - f, f - s, g - s, b - g, w - joint]
}

fn union_of(n: usize, sets: &[&[usize]]) -> Vec<usize> {
    (0..n)
        .filter(|v| sets.iter().any(|set| set.contains(v)))
        .collect()
}

/// Vertices in pairs that are far from each other and near all others, as in a cross-polytope, but for a few distances; and a last vertex
/// that may be near everything. All are 1, 1.4 or 2: a metric, full of ties.
fn worlds() -> impl Strategy<Value = World> {
    let n = 11usize;
    let n_pairs = n * (n - 1) / 2;
    let odd = prop::collection::vec(
        (0..n_pairs, prop::sample::select(vec![1.0, 1.4, 2.0])),
        0..14,
    );
    let last = prop::sample::select(vec![1.0, 1.0, 1.4, 2.0]);
    (odd, last).prop_map(move |(odd, last)| {
        let mut lower: Vec<f64> = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| match (i, j) {
                (i, _) if i == n - 1 => last,
                (i, j) if i / 2 == j / 2 => 2.0,
                // A second cross-polytope shares an axis with the first.
                (i, j) if i >= 6 && (2..6).contains(&j) => 2.0,
                _ => 1.0,
            })
            .collect();
        for (at, length) in odd {
            lower[at] = length;
        }
        World {
            distances: DistanceMatrix::from_lower(lower, n).unwrap(),
        }
    })
}

/// The strategy is worth its name: every kind of change happens, often.
#[test]
fn there_are_voids_of_every_fate() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (worlds(), prop::array::uniform4(choice()));
    let mut numbers = [0; 6];
    for _ in 0..100 {
        let (world, choices) = strategy.new_tree(&mut runner).unwrap().current();
        let sets = choices.map(|c| chosen(&c));
        let told = world.told(&mut tracker(1.2, Some(0.4), 1), &sets);
        for (sum, n) in numbers.iter_mut().zip(told_of_voids(&told.concat())) {
            *sum += n;
        }
    }
    assert!(numbers.iter().all(|&n| n >= 10), "{numbers:?}");
}

/// The last vertex, which may fill everything, comes and goes.
fn choice() -> impl Strategy<Value = Vec<bool>> {
    let most = prop::collection::vec(prop::bool::weighted(0.85), 10);
    (most, any::<bool>()).prop_map(|(mut choice, last)| {
        choice.push(last);
        choice
    })
}

fn chosen(choice: &[bool]) -> Vec<usize> {
    (0..choice.len()).filter(|&v| choice[v]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn events_are_the_intervals_of_the_zigzag(
        world in worlds(),
        choices in prop::array::uniform4(choice()),
        scale in prop::sample::select(vec![1.0, 1.1, 1.2, 1.4]),
        margin in prop::sample::select(vec![0.0, 0.2, 0.4, 0.6]),
    ) {
        let sets = choices.map(|c| chosen(&c));
        let told = world.told(&mut tracker(scale, Some(margin), 1), &sets);
        let (square, n) = (square(&world.distances), world.distances.n());
        let mut before: &[usize] = &[];
        for (events, after) in told.iter().zip(&sets) {
            let union = union_of(n, &[before, after]);
            let numbers = by_ranks(&square, n, before, &union, after, around(scale, margin));
            prop_assert_eq!(told_of_voids(events), numbers);
            for event in events {
                prop_assert_eq!(event.since + 1, event.step);
            }
            before = after;
        }
    }

    /// With the margin that follows ε: what the wider interval blurs is told as that, and the rest is as ever.
    #[test]
    fn what_a_wider_interval_blurs_is_told_apart(
        world in worlds(),
        choices in prop::array::uniform3(choice()),
        epsilons in prop::array::uniform3(prop::sample::select(vec![0.0, 0.05, 0.1, 0.15])),
        scale in prop::sample::select(vec![1.0, 1.2, 1.4]),
        void_every in 1..3u64,
    ) {
        let sets = choices.map(|c| chosen(&c));
        let (square, n) = (square(&world.distances), world.distances.n());
        let mut tracker = tracker(scale, None, void_every);
        let (mut before, mut epsilon): (&[usize], f64) = (&[], 0.0);
        let mut read: Option<(&[usize], f64)> = None;
        for ((after, next), step) in sets.iter().zip(epsilons).zip(1..) {
            let cospan = Cospan {
                epsilon_before: epsilon,
                epsilon_after: next,
                ..world.cospan(step, before, after)
            };
            let events = tracker.observe(&cospan, &Control::none()).unwrap();
            let margin = tracker.margin().unwrap();
            let is_due = void_every == 1 || step != 2;
            let blurred = events.iter().filter(|e| e.change == Change::VoidDeath(DeathCause::Resolution));
            let blurred = blurred.count();
            if let (true, Some((then, was))) = (is_due, read) {
                let robust = |[start, end]: [f64; 2]| rank_of_inclusion(&square, n, (then, start), (then, end), 2);
                prop_assert_eq!(blurred, robust(around(scale, was)) - robust(around(scale, margin)));
            } else {
                prop_assert_eq!(blurred, 0);
            }
            prop_assert!(events.iter().all(|e| e.certified));
            if is_due {
                read = Some((after, margin));
            }
            (before, epsilon) = (after, next);
        }
    }

    #[test]
    fn reversing_time_swaps_births_and_deaths(
        world in worlds(),
        choices in prop::array::uniform2(choice()),
    ) {
        let [a, b] = choices.map(|c| chosen(&c));
        let there = world.told(&mut tracker(1.2, Some(0.4), 1), &[a.clone(), b.clone()]);
        let back = world.told(&mut tracker(1.2, Some(0.4), 1), &[b, a]);
        let [s, filled, broken, closed, opened, transient] = told_of_voids(&back[1]);
        prop_assert_eq!(told_of_voids(&there[1]), [s, opened, closed, broken, filled, transient]);
    }

    #[test]
    fn the_same_landmarks_only_continue(world in worlds(), choice in choice(), void_every in 1..4u64) {
        let set = chosen(&choice);
        let told = world.told(&mut tracker(1.2, Some(0.4), void_every), &vec![set; 5]);
        for events in &told[1..] {
            for event in events {
                prop_assert!(event.change.is_quiet());
                prop_assert_eq!(&event.before, &event.after);
            }
        }
    }

    /// Read with every second or third push, voids are compared through all that was there in between.
    #[test]
    fn readings_once_in_a_while_are_those_of_the_union_of_unions(
        world in worlds(),
        choices in prop::collection::vec(choice(), 2..8),
        void_every in 2..4usize,
    ) {
        let sets: Vec<Vec<usize>> = choices.iter().map(|c| chosen(c)).collect();
        let (full, n) = (square(&world.distances), world.distances.n());
        let told = world.told(&mut tracker(1.2, Some(0.4), void_every as u64), &sets);
        for (at, events) in told.iter().enumerate().skip(1) {
            if at % void_every > 0 {
                prop_assert_eq!(told_of_voids(events), [0; 6]);
                continue;
            }
            let span = &sets[at - void_every..=at];
            let met = |i: usize, j: usize| span.windows(2).any(|pair| {
                let there = |v: &usize| pair[0].contains(v) || pair[1].contains(v);
                there(&i) && there(&j)
            });
            let mut known = full.clone();
            for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
                if i != j && !met(i, j) {
                    known[i * n + j] = f64::INFINITY;
                }
            }
            let all: Vec<&[usize]> = span.iter().map(Vec::as_slice).collect();
            let union = union_of(n, &all);
            let (before, after) = (&span[0], &span[void_every]);
            let numbers = by_ranks(&known, n, before, &union, after, around(1.2, 0.4));
            prop_assert_eq!(told_of_voids(events), numbers);
            let of_voids = events.iter().filter(|e| told_of_voids(std::slice::from_ref(e)) != [0; 6]);
            for event in of_voids {
                prop_assert_eq!(event.step - event.since, void_every as u64);
            }
        }
    }

    /// What is alive is what events made, and a restored tracker goes on as if nothing had happened.
    #[test]
    fn events_replay_and_snapshots_go_on(
        world in worlds(),
        choices in prop::collection::vec(choice(), 1..7),
        void_every in 1..4u64,
        confirm_after in 0..3u64,
        cut in 0..6usize,
    ) {
        let params = TrackerParams {
            scale: Some(1.2),
            margin: Some(0.4),
            max_dim: 2,
            void_every,
            confirm_after,
            include_continues: confirm_after == 0,
        };
        let mut tracker = Tracker::new(params).unwrap();
        let mut alive = std::collections::BTreeSet::new();
        let mut before = Vec::new();
        for (at, choice) in choices.iter().enumerate() {
            let after = chosen(choice);
            let cospan = world.cospan(at as u64 + 1, &before, &after);
            if at == cut {
                let mut again = Tracker::restore(&tracker.snapshot()).unwrap();
                prop_assert_eq!(again.snapshot(), tracker.snapshot());
                let told = again.observe(&cospan, &Control::none()).unwrap();
                let mut kept = tracker.clone();
                prop_assert_eq!(&told, &kept.observe(&cospan, &Control::none()).unwrap());
            }
            let events = tracker.observe(&cospan, &Control::none()).unwrap();
            for event in events.iter().filter(|e| e.seq == e.origin) {
                prop_assert!(event.before.iter().all(|f| alive.remove(&f.id)));
                prop_assert!(event.after.iter().all(|f| alive.insert(f.id)));
            }
            let (components, loops, voids) = tracker.alive();
            prop_assert_eq!(&alive, &[components, loops, voids].concat().into_iter().collect());
            before = after;
        }
        prop_assert_eq!(Tracker::restore(&tracker.snapshot()).unwrap().snapshot(), tracker.snapshot());
    }
}

/// Points of a sphere, evenly spread by the golden angle.
fn sphere(n: u32) -> Vec<[f64; 3]> {
    let point = |i: u32| {
        let z = 1.0 - (2.0 * f64::from(i) + 1.0) / f64::from(n);
        let angle = f64::from(i) * std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
        let radius = (1.0 - z * z).sqrt();
        [radius * angle.cos(), radius * angle.sin(), z]
    };
    (0..n).map(point).collect()
}

/// What is told of voids when some points give way to others.
fn happens(points: &[[f64; 3]], before: Vec<usize>, after: Vec<usize>) -> Vec<Event> {
    let world = World::new(points);
    let mut told = world.told(&mut tracker(0.75, Some(0.3), 1), &[before, after]);
    let voids = told.pop().unwrap().into_iter();
    voids
        .filter(|e| told_of_voids(std::slice::from_ref(e)) != [0; 6])
        .collect()
}

const N: u32 = 120;

fn all() -> Vec<usize> {
    (0..N as usize).collect()
}

/// All but a cap.
fn most() -> Vec<usize> {
    (25..N as usize).collect()
}

#[test]
fn a_cap_closes_a_sphere() {
    let told = happens(&sphere(N), most(), all());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].change, Change::VoidBirth(BirthCause::Closed));
    let born = &told[0].after[0];
    assert!(born.walks.is_empty() && born.triangles.len() >= 8);
    assert!(born.landmarks.windows(2).all(|pair| pair[0] < pair[1]));
    #[expect(clippy::cast_precision_loss, reason = "a few landmarks")]
    let n = born.landmarks.len() as f64;
    assert_eq!(born.mass, n);
    assert!(told[0].certified && told[0].confidence.margin == 1.0);
}

#[test]
fn a_sphere_without_a_cap_is_broken() {
    let told = happens(&sphere(N), all(), most());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].change, Change::VoidDeath(DeathCause::Broken));
}

#[test]
fn a_ball_comes_and_goes() {
    let mut points = sphere(N);
    for (n, radius) in [(40, 0.6), (12, 0.25)] {
        points.extend(sphere(n).iter().map(|p| p.map(|x| x * radius)));
    }
    points.push([0.0; 3]);
    let filled: Vec<usize> = (0..points.len()).collect();
    let told = happens(&points, all(), filled.clone());
    let changes: Vec<Change> = told.iter().map(|e| e.change).collect();
    assert_eq!(changes, [Change::VoidDeath(DeathCause::Filled)]);
    let told = happens(&points, filled, all());
    let changes: Vec<Change> = told.iter().map(|e| e.change).collect();
    assert_eq!(changes, [Change::VoidBirth(BirthCause::Opened)]);
}

#[test]
fn a_sphere_that_jumps_is_another_and_one_sampled_anew_is_the_same() {
    let (old, n) = (sphere(N), N as usize);
    let far: Vec<[f64; 3]> = old.iter().map(|[x, y, z]| [x + 9.0, *y, *z]).collect();
    let turned: Vec<[f64; 3]> = old.iter().map(|[x, y, z]| [*y, *z, *x]).collect();
    let sets = (all(), (n..2 * n).collect::<Vec<_>>());
    let told = happens(&[old.clone(), far].concat(), sets.0.clone(), sets.1.clone());
    let changes: Vec<Change> = told.iter().map(|e| e.change).collect();
    let jumped = [
        Change::VoidDeath(DeathCause::Broken),
        Change::VoidBirth(BirthCause::Closed),
    ];
    assert_eq!(changes, jumped);
    let told = happens(&[old, turned].concat(), sets.0, sets.1);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].change, Change::VoidContinue(Lineage::Matched));
    assert_eq!(told[0].before[0].id, told[0].after[0].id);
}

#[test]
fn what_is_read_once_in_a_while_is_confirmed_by_the_next_reading() {
    let world = World::new(&sphere(N));
    let mut tracker = Tracker::new(TrackerParams {
        scale: Some(0.75),
        margin: Some(0.3),
        max_dim: 2,
        void_every: 3,
        confirm_after: 1,
        ..TrackerParams::default()
    })
    .unwrap();
    let sets = [most(), all(), all(), all(), all(), all(), all()];
    let told = world.told(&mut tracker, &sets);
    let of_voids = |events: &Vec<Event>| -> Vec<(u64, u64, Status)> {
        let voids = events
            .iter()
            .filter(|e| matches!(e.change, Change::VoidBirth(_)));
        voids.map(|e| (e.since, e.step, e.status)).collect()
    };
    let expected: [&[(u64, u64, Status)]; 7] = [
        &[],
        &[],
        &[],
        &[(1, 4, Status::Provisional)],
        &[],
        &[],
        &[(1, 4, Status::Confirmed)],
    ];
    let found: Vec<_> = told.iter().map(of_voids).collect();
    assert_eq!(found, expected);
}

#[test]
fn parameters_are_checked() {
    let refused = |params: TrackerParams| Tracker::new(params).unwrap_err().to_string();
    let told = refused(TrackerParams {
        max_dim: 3,
        ..TrackerParams::default()
    });
    assert!(
        told.starts_with("max_dim: expected 0, 1 or 2, got 3"),
        "{told}"
    );
    let told = refused(TrackerParams {
        void_every: 0,
        ..TrackerParams::default()
    });
    assert!(
        told.starts_with("void_every: expected at least 1, got 0"),
        "{told}"
    );
}
