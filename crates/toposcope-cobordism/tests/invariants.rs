//! The numbers of events are those of the interval decomposition, found by the naive oracle.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Point, World, tracker};
use proptest::prelude::*;
use toposcope_cobordism::{Change, Event, LoopBirthCause, LoopDeathCause};
use toposcope_oracle::{rank_of_images, rank_of_inclusion};

/// Multiplicities of the intervals: continues, filled, broken, closed, opened, transient.
type Numbers = [usize; 6];

fn told_of_loops(events: &[Event]) -> Numbers {
    let mut numbers = [0; 6];
    for event in events {
        match event.change {
            Change::LoopContinue(_) => numbers[0] += 1,
            Change::LoopDeath(LoopDeathCause::Filled) => numbers[1] += 1,
            Change::LoopDeath(LoopDeathCause::Broken) => numbers[2] += 1,
            Change::LoopBirth(LoopBirthCause::Closed) => numbers[3] += 1,
            Change::LoopBirth(LoopBirthCause::Opened) => numbers[4] += 1,
            Change::Transient(n) => numbers[5] += n,
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

/// By ranks of the induced maps.
fn by_ranks(world: &World, sets: [&[usize]; 2], scale: f64, end: f64, dim: usize) -> Numbers {
    let n = world.points.len();
    let square: Vec<f64> = (0..n)
        .flat_map(|i| (0..n).map(move |j| (i, j)))
        .map(|(i, j)| world.distances.get(i, j))
        .collect();
    let [before, after] = sets;
    let union: Vec<usize> = (0..n)
        .filter(|v| before.contains(v) || after.contains(v))
        .collect();
    let rank = |x: &[usize], y: &[usize]| rank_of_inclusion(&square, n, (x, scale), (y, end), dim);
    let (a, b, w) = (
        rank(before, before),
        rank(after, after),
        rank(&union, &union),
    );
    let (f, g) = (rank(before, &union), rank(after, &union));
    let sources = [(before, scale), (after, scale)];
    let joint = rank_of_images(&square, n, &sources, (&union, end), dim);
    let s = f + g - joint;
    [s, a - f, f - s, g - s, b - g, w - joint]
}

fn reversed([s, filled, broken, closed, opened, transient]: Numbers) -> Numbers {
    [s, opened, closed, broken, filled, transient]
}

/// Points of a small grid, all different: ties everywhere, and loops.
fn worlds() -> impl Strategy<Value = World> {
    let cells = prop::sample::subsequence((0..16).collect::<Vec<i32>>(), 8..=16);
    cells.prop_map(|cells| {
        let point = |c: i32| -> Point { [f64::from(c % 4), f64::from(c / 4)] };
        World::new(cells.into_iter().map(point).collect())
    })
}

fn chosen(world: &World, choice: &[bool]) -> Vec<usize> {
    (0..world.points.len()).filter(|&v| choice[v]).collect()
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
        scale in prop::sample::select(vec![1.0, 1.2, 1.5]),
        margin in prop::sample::select(vec![0.0, 0.2, 0.4, 0.6]),
    ) {
        let sets = choices.map(|c| chosen(&world, &c));
        let mut tracker = tracker(scale, margin);
        let told = world.told(&mut tracker, &sets);
        let mut before: &[usize] = &[];
        for (events, after) in told.iter().zip(&sets) {
            let pair = [before, after];
            let loops = by_ranks(&world, pair, scale, scale + margin, 1);
            prop_assert_eq!(told_of_loops(events), loops);
            let components = by_ranks(&world, pair, scale, scale + margin, 0);
            prop_assert_eq!(told_of_components(events), components);
            before = after;
        }
    }

    #[test]
    fn reversing_time_swaps_births_and_deaths(
        world in worlds(),
        choices in prop::array::uniform2(choice()),
    ) {
        let [a, b] = choices.map(|c| chosen(&world, &c));
        let there = world.told(&mut tracker(1.0, 0.3), &[a.clone(), b.clone()]);
        let back = world.told(&mut tracker(1.0, 0.3), &[b, a]);
        prop_assert_eq!(told_of_loops(&there[1]), reversed(told_of_loops(&back[1])));
        prop_assert_eq!(told_of_components(&there[1]), reversed(told_of_components(&back[1])));
    }

    #[test]
    fn the_same_landmarks_only_continue(world in worlds(), choice in choice()) {
        let set = chosen(&world, &choice);
        let told = world.told(&mut tracker(1.0, 0.3), &[set.clone(), set]);
        let quiet = |e: &Event| matches!(e.change, Change::Continue | Change::LoopContinue(_));
        prop_assert!(told[1].iter().all(quiet));
        prop_assert!(told[1].iter().all(|e| e.before == e.after));
    }

    #[test]
    fn features_are_those_that_events_made(world in worlds(), choices in prop::array::uniform4(choice())) {
        let sets = choices.map(|c| chosen(&world, &c));
        let mut tracker = tracker(1.0, 0.3);
        let mut ever = std::collections::BTreeSet::new();
        for (step, pair) in std::iter::once(&vec![]).chain(&sets).zip(&sets).enumerate() {
            let cospan = world.cospan(step as u64 + 1, pair.0, pair.1);
            let before = tracker.alive();
            let events = tracker.observe(&cospan, &toposcope_core::Control::none()).unwrap();
            let (components, loops) = tracker.alive();
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
