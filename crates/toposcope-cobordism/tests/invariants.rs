//! The numbers of events are those of the interval decomposition, found by the naive oracle.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{World, tracker};
use proptest::prelude::*;
use toposcope_cobordism::{
    BirthCause, Change, DeathCause, Event, Lineage, MergeCause, Tracker, TrackerParams,
};
use toposcope_core::Control;
use toposcope_core::stream::Cospan;
use toposcope_oracle::{rank_of_images, rank_of_inclusion};

type Point = [f64; 2];

/// Together [1, 1.4]: the sides of the grid's squares, and not their diagonals.
const SCALE: f64 = 1.2;
const MARGIN: f64 = 0.4;

/// Multiplicities of the intervals: continues, filled, broken, closed, opened, transient.
type Numbers = [usize; 6];

fn told_of_loops(events: &[Event]) -> Numbers {
    let mut numbers = [0; 6];
    for event in events {
        match event.change {
            Change::LoopContinue(_) => numbers[0] += 1,
            Change::LoopDeath(DeathCause::Filled) => numbers[1] += 1,
            Change::LoopDeath(DeathCause::Broken) => numbers[2] += 1,
            Change::LoopBirth(BirthCause::Closed) => numbers[3] += 1,
            Change::LoopBirth(BirthCause::Opened) => numbers[4] += 1,
            Change::TransientLoops(n) => numbers[5] += n,
            _ => {}
        }
    }
    numbers
}

/// The same of components, as far as events tell: those of the union alone do not exist.
fn told_of_components(events: &[Event]) -> Numbers {
    let mut numbers = [0; 6];
    for event in events {
        let (parents, children) = (event.before.len(), event.after.len());
        match event.change {
            Change::ComponentDeath => numbers[2] += 1,
            Change::ComponentBirth => numbers[3] += 1,
            Change::Continue | Change::Merge(_) | Change::Split | Change::Reorganise => {
                numbers[0] += 1;
                numbers[1] += parents - 1;
                numbers[4] += children - 1;
            }
            _ => {}
        }
    }
    numbers
}

/// Born at or below the first, alive beyond the second.
type Interval = [f64; 2];

/// What a scale and a margin ask for.
fn around(scale: f64, margin: f64) -> Interval {
    [(scale - margin / 2.0).max(0.0), scale + margin / 2.0]
}

fn square(world: &World) -> Vec<f64> {
    let n = world.n();
    (0..n)
        .flat_map(|i| (0..n).map(move |j| (i, j)))
        .map(|(i, j)| world.distances.get(i, j))
        .collect()
}

/// How many classes of a landmark set live on the interval.
fn robust(world: &World, set: &[usize], [start, end]: Interval, dim: usize) -> usize {
    let (n, square) = (world.n(), square(world));
    rank_of_inclusion(&square, n, (set, start), (set, end), dim)
}

/// By ranks of the induced maps.
fn by_ranks(world: &World, sets: [&[usize]; 2], [start, end]: Interval, dim: usize) -> Numbers {
    let (n, square) = (world.n(), square(world));
    let [before, after] = sets;
    let union: Vec<usize> = (0..n)
        .filter(|v| before.contains(v) || after.contains(v))
        .collect();
    let rank = |x: &[usize], y: &[usize]| rank_of_inclusion(&square, n, (x, start), (y, end), dim);
    let (a, b, w) = (
        rank(before, before),
        rank(after, after),
        rank(&union, &union),
    );
    let (f, g) = (rank(before, &union), rank(after, &union));
    let sources = [(before, start), (after, start)];
    let joint = rank_of_images(&square, n, &sources, (&union, end), dim);
    let s = f + g - joint;
    [s, a - f, f - s, g - s, b - g, w - joint]
}

/// What events of resolution took, of components and of loops; and the other events. What goes on under another name already
/// before the push is told of both times, and counts once.
fn apart(events: &[Event]) -> ([usize; 2], Vec<Event>) {
    let (mut blurred, mut rest) = ([0; 2], Vec::new());
    for (at, event) in events.iter().enumerate() {
        let is_told_again = |e: &Event| e.before.iter().any(|f| f.id == event.after[0].id);
        match event.change {
            Change::Merge(MergeCause::Resolution) => blurred[0] += event.before.len() - 1,
            Change::LoopDeath(DeathCause::Resolution) => blurred[1] += 1,
            Change::LoopContinue(Lineage::Ambiguous)
                if events[at + 1..].iter().any(is_told_again) => {}
            _ => rest.push(event.clone()),
        }
    }
    (blurred, rest)
}

fn reversed([s, filled, broken, closed, opened, transient]: Numbers) -> Numbers {
    [s, opened, closed, broken, filled, transient]
}

/// Points of a small grid, all different: ties everywhere, and loops.
fn worlds() -> impl Strategy<Value = World> {
    let cells = prop::sample::subsequence((0..16).collect::<Vec<i32>>(), 8..=16);
    cells.prop_map(|cells| {
        let point = |c: i32| -> Point { [f64::from(c % 4), f64::from(c / 4)] };
        World::new(&cells.into_iter().map(point).collect::<Vec<_>>())
    })
}

fn chosen(world: &World, choice: &[bool]) -> Vec<usize> {
    (0..world.n()).filter(|&v| choice[v]).collect()
}

fn choice() -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(prop::bool::weighted(0.8), 16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn events_are_the_intervals_of_the_zigzag(
        world in worlds(),
        choices in prop::array::uniform4(choice()),
        // Also cut off at 0, and [1, 1.4], between the side and the diagonal of a square.
        scale in prop::sample::select(vec![0.2, 1.0, 1.1, 1.2, 1.5]),
        margin in prop::sample::select(vec![0.0, 0.2, 0.4, 0.6]),
    ) {
        let sets = choices.map(|c| chosen(&world, &c));
        let mut tracker = tracker(scale, margin);
        let told = world.told(&mut tracker, &sets);
        let mut before: &[usize] = &[];
        for (events, after) in told.iter().zip(&sets) {
            let pair = [before, after];
            let loops = by_ranks(&world, pair, around(scale, margin), 1);
            prop_assert_eq!(told_of_loops(events), loops);
            let components = by_ranks(&world, pair, around(scale, margin), 0);
            prop_assert_eq!(told_of_components(events), components);
            before = after;
        }
    }

    /// A push that changes no landmark is passed over, unless what goes on is to be told: then everything is read. Both say the same.
    #[test]
    fn what_is_passed_over_has_nothing_to_tell(
        world in worlds(),
        choices in prop::array::uniform4(choice()),
        repeats in prop::array::uniform4(1..4usize),
        epsilons in prop::array::uniform4(prop::sample::select(vec![0.0, 0.05, 0.1, 0.2])),
        margin in prop::sample::select(vec![None, Some(0.0), Some(0.4)]),
        max_dim in 0..=2usize,
        void_every in 1..3u64,
        confirm_after in 0..3u64,
    ) {
        let trackers = [true, false].map(|include_continues| {
            Tracker::new(TrackerParams {
                scale: Some(1.2),
                margin,
                max_dim,
                void_every,
                confirm_after,
                include_continues,
            })
        });
        let [mut loud, mut silent] = trackers.map(Result::unwrap);
        let (mut before, mut epsilon, mut step) = (Vec::new(), 0.0, 0);
        for ((c, n), next_epsilon) in choices.iter().zip(repeats).zip(epsilons) {
            let after = chosen(&world, c);
            for _ in 0..n {
                step += 1;
                let cospan = Cospan {
                    epsilon_before: epsilon,
                    epsilon_after: next_epsilon,
                    ..world.cospan(step, &before, &after)
                };
                (before, epsilon) = (after.clone(), next_epsilon);
                let news = |events: Vec<Event>| -> Vec<_> {
                    let news = events.into_iter().filter(|e| !e.change.is_quiet());
                    news.map(|e| Event { seq: 0, origin: 0, ..e }).collect()
                };
                let [all, told] = [&mut loud, &mut silent]
                    .map(|tracker| news(tracker.observe(&cospan, &Control::none()).unwrap()));
                prop_assert_eq!(all, told);
                prop_assert_eq!(loud.alive(), silent.alive());
            }
        }
    }

    /// With the margin that follows ε: what the wider interval blurs is told as that, and the rest is as ever.
    #[test]
    fn what_a_wider_interval_blurs_is_told_apart(
        world in worlds(),
        choices in prop::array::uniform4(choice()),
        epsilons in prop::array::uniform4(prop::sample::select(vec![0.0, 0.05, 0.1, 0.15, 0.2])),
        scale in prop::sample::select(vec![0.2, 1.0, 1.2, 1.3, 1.6, 1.8]),
    ) {
        let sets = choices.map(|c| chosen(&world, &c));
        let mut tracker = Tracker::new(TrackerParams {
            scale: Some(scale),
            include_continues: true,
            ..TrackerParams::default()
        })
        .unwrap();
        let (mut before, mut epsilon, mut margin): (&[usize], f64, f64) = (&[], 0.0, 0.0);
        for ((after, next), step) in sets.iter().zip(epsilons).zip(1..) {
            let cospan = Cospan {
                epsilon_before: epsilon,
                epsilon_after: next,
                ..world.cospan(step, before, after)
            };
            let events = tracker.observe(&cospan, &Control::none()).unwrap();
            let (was, wider) = (around(scale, margin), 4.0 * epsilon.max(next));
            margin = if step == 1 { 4.0 * next } else { margin.max(wider) };
            let is = around(scale, margin);
            prop_assert_eq!(tracker.margin(), Some(margin));
            let (blurred, rest) = apart(&events);
            let lost = |dim| robust(&world, before, was, dim) - robust(&world, before, is, dim);
            let expected = if step == 1 { [0, 0] } else { [lost(0), lost(1)] };
            prop_assert_eq!(blurred, expected);
            let pair = [before, after.as_slice()];
            prop_assert_eq!(told_of_loops(&rest), by_ranks(&world, pair, is, 1));
            prop_assert_eq!(told_of_components(&rest), by_ranks(&world, pair, is, 0));
            prop_assert!(events.iter().all(|e| e.certified && e.scale == (is[0], is[1])));
            (before, epsilon) = (after, next);
        }
    }

    #[test]
    fn reversing_time_swaps_births_and_deaths(
        world in worlds(),
        choices in prop::array::uniform2(choice()),
    ) {
        let [a, b] = choices.map(|c| chosen(&world, &c));
        let there = world.told(&mut tracker(SCALE, MARGIN), &[a.clone(), b.clone()]);
        let back = world.told(&mut tracker(SCALE, MARGIN), &[b, a]);
        prop_assert_eq!(told_of_loops(&there[1]), reversed(told_of_loops(&back[1])));
        prop_assert_eq!(told_of_components(&there[1]), reversed(told_of_components(&back[1])));
    }

    #[test]
    fn the_same_landmarks_only_continue(world in worlds(), choice in choice()) {
        let set = chosen(&world, &choice);
        let told = world.told(&mut tracker(SCALE, MARGIN), &[set.clone(), set]);
        let quiet = |e: &Event| matches!(e.change, Change::Continue | Change::LoopContinue(_));
        prop_assert!(told[1].iter().all(quiet));
        prop_assert!(told[1].iter().all(|e| e.before == e.after));
    }

    #[test]
    fn features_are_those_that_events_made(world in worlds(), choices in prop::array::uniform4(choice())) {
        let sets = choices.map(|c| chosen(&world, &c));
        let mut tracker = tracker(SCALE, MARGIN);
        let mut ever = std::collections::BTreeSet::new();
        for (step, pair) in std::iter::once(&vec![]).chain(&sets).zip(&sets).enumerate() {
            let cospan = world.cospan(step as u64 + 1, pair.0, pair.1);
            let before = tracker.alive();
            let events = tracker.observe(&cospan, &Control::none()).unwrap();
            let (components, loops, _) = tracker.alive();
            let all = |side: fn(&Event) -> &Vec<toposcope_cobordism::Feature>| {
                let mut ids: Vec<u64> = events.iter().flat_map(|e| side(e).iter().map(|f| f.id)).collect();
                ids.sort_unstable();
                ids
            };
            let mut was = [before.0, before.1].concat();
            let mut is = [components, loops].concat();
            was.sort_unstable();
            is.sort_unstable();
            prop_assert_eq!(all(|e| &e.before), was.clone());
            prop_assert_eq!(all(|e| &e.after), is.clone());
            // Ids are never used again.
            prop_assert!(is.iter().all(|id| was.contains(id) || ever.insert(*id)));
        }
    }
}
