//! The scenarios that the definition was made for: each gives exactly the events that one would name.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{World, tracker};
use toposcope_cobordism::Change::{
    ComponentBirth, ComponentDeath, Continue, LoopBirth, LoopContinue, LoopDeath, Merge, Split,
};
use toposcope_cobordism::{BirthCause, Change, DeathCause, Event, Lineage, MergeCause, Tracker};

type Point = [f64; 2];

/// Together [0.6, 0.9].
const SCALE: f64 = 0.75;
const MARGIN: f64 = 0.3;

fn ring(centre: Point, n: u32, turn: f64) -> Vec<Point> {
    let angle = |i| (f64::from(i) + turn) * std::f64::consts::TAU / f64::from(n);
    let point = |i| [centre[0] + angle(i).cos(), centre[1] + angle(i).sin()];
    (0..n).map(point).collect()
}

fn disk(centre: Point) -> Vec<Point> {
    let mut points = vec![centre];
    for (n, radius) in [(6, 0.35), (12, 0.7)] {
        let scaled = ring([0.0; 2], n, 0.0).into_iter();
        points.extend(scaled.map(|[x, y]| [centre[0] + radius * x, centre[1] + radius * y]));
    }
    points
}

fn patch(x: f64) -> Vec<Point> {
    let grid = (0..9).map(|i| (f64::from(i % 3), f64::from(i / 3)));
    grid.map(|(i, j)| [x + 0.4 * i, 0.4 * j]).collect()
}

fn bridge() -> Vec<Point> {
    (1..6).map(|i| [0.8 + 0.4 * f64::from(i), 0.4]).collect()
}

/// What happens when `first` and `common` give way to `common` and `second`, and to the features there.
fn happens(common: &[Point], first: &[Point], second: &[Point]) -> (Vec<Event>, Tracker) {
    let world = World::new(&[common, first, second].concat());
    let (c, f, n) = (common.len(), common.len() + first.len(), world.n());
    let sets = [(0..f).collect(), (0..c).chain(f..n).collect()];
    let mut tracker = tracker(SCALE, MARGIN);
    let told = world.told(&mut tracker, &sets).pop().unwrap();
    (told, tracker)
}

fn changes(events: &[Event]) -> Vec<Change> {
    events.iter().map(|event| event.change).collect()
}

fn change(common: &[Point], first: &[Point], second: &[Point]) -> Vec<Change> {
    changes(&happens(common, first, second).0)
}

const SURVIVES: Change = LoopContinue(Lineage::Matched);
const CLOSED: Change = LoopBirth(BirthCause::Closed);
const BROKEN: Change = LoopDeath(DeathCause::Broken);

#[test]
fn closing_an_arc() {
    let whole = ring([0.0; 2], 16, 0.0);
    let (told, tracker) = happens(&whole[..13], &[], &whole[13..]);
    assert_eq!(changes(&told), [Continue, CLOSED]);
    let born = &told[1].after[0];
    assert_eq!((born.landmarks.len(), born.mass), (16, 16.0));
    assert_eq!(born.walks.len(), 1);
    assert_eq!(tracker.alive().1, [born.id]);
    assert!(told[1].certified && told[1].confidence.margin == 1.0);
}

#[test]
fn an_arc_expiring() {
    let whole = ring([0.0; 2], 16, 0.0);
    let change = change(&whole[..13], &whole[13..], &[]);
    assert_eq!(change, [Continue, BROKEN]);
}

#[test]
fn a_disk_inserted() {
    let change = change(&ring([0.0; 2], 16, 0.0), &[], &disk([0.0; 2]));
    assert_eq!(change, [Continue, LoopDeath(DeathCause::Filled)]);
}

#[test]
fn a_disk_expiring() {
    let change = change(&ring([0.0; 2], 16, 0.0), &disk([0.0; 2]), &[]);
    assert_eq!(change, [Continue, LoopBirth(BirthCause::Opened)]);
}

#[test]
fn a_bridge_inserted() {
    let patches = [patch(0.0), patch(3.2)].concat();
    let (told, tracker) = happens(&patches, &[], &bridge());
    assert_eq!(changes(&told), [Merge(MergeCause::Inserted)]);
    let (parents, child) = (&told[0].before, &told[0].after);
    assert_eq!((parents.len(), child.len()), (2, 1));
    assert_eq!(
        (parents[0].mass, parents[1].mass, child[0].mass),
        (9.0, 9.0, 23.0)
    );
    assert_eq!(
        child[0].id, parents[0].id,
        "of parents of one age and weight, the first"
    );
    assert_eq!(tracker.alive().0, [child[0].id]);
}

#[test]
fn a_bridge_expiring() {
    let patches = [patch(0.0), patch(3.2)].concat();
    let (told, _) = happens(&patches, &bridge(), &[]);
    assert_eq!(changes(&told), [Split]);
    let (parent, children) = (&told[0].before, &told[0].after);
    assert_eq!((parent.len(), children.len()), (1, 2));
    assert_eq!(children[0].id, parent[0].id);
    assert_ne!(children[1].id, parent[0].id);
}

#[test]
fn the_same_ring_sampled_anew() {
    let (old, new) = (ring([0.0; 2], 16, 0.0), ring([0.0; 2], 16, 0.5));
    let (told, _) = happens(&[], &old, &new);
    assert_eq!(changes(&told), [Continue, SURVIVES]);
    assert_eq!(told[1].before[0].id, told[1].after[0].id);
    assert_ne!(told[1].before[0].landmarks, told[1].after[0].landmarks);
}

#[test]
fn a_second_ring_appears() {
    let change = change(&ring([0.0; 2], 16, 0.0), &[], &ring([9.0, 0.0], 16, 0.0));
    assert_eq!(change, [Continue, ComponentBirth, SURVIVES, CLOSED]);
}

#[test]
fn a_ring_jumps_away() {
    let (here, there) = (ring([0.0; 2], 16, 0.0), ring([9.0, 0.0], 16, 0.0));
    let (told, tracker) = happens(&[], &here, &there);
    assert_eq!(
        changes(&told),
        [ComponentDeath, ComponentBirth, BROKEN, CLOSED]
    );
    assert_eq!(
        tracker.alive(),
        (vec![told[1].after[0].id], vec![told[3].after[0].id], vec![])
    );
}

#[test]
fn nothing_happens() {
    let both = [ring([0.0; 2], 16, 0.0), patch(5.0)].concat();
    assert_eq!(change(&both, &[], &[]), [Continue, Continue, SURVIVES]);
}

#[test]
fn two_and_two_reorganise() {
    // A cross whose arms hang together through a middle that is there in between only: left and right before, top and
    // bottom after.
    let arm = |x: f64, y: f64| vec![[x, y], [1.4 * x, 1.4 * y]];
    let before = [arm(-1.0, 0.0), arm(1.0, 0.0)].concat();
    let after = [arm(0.0, -1.0), arm(0.0, 1.0)].concat();
    let world = World::new(&[before, after].concat());
    let mut tracker = common::tracker(1.25, 0.5);
    let told = world.told(&mut tracker, &[(0..4).collect(), (4..8).collect()]);
    assert_eq!(changes(&told[1])[0], Change::Reorganise);
    let event = &told[1][0];
    assert_eq!((event.before.len(), event.after.len()), (2, 2));
    let inherits = event
        .after
        .iter()
        .any(|child| child.id == event.before[0].id);
    assert!(
        !inherits,
        "they share no landmark, so neither can say which it is"
    );
}
