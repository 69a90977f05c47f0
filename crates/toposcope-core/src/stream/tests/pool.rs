//! The pool of a stream: all that is critical and nothing else, under ids that stay.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::*;
use crate::dice::Dice;
use crate::pool::{CriticalSimplex, PoolParams, Role, SimplexId};
use crate::stream::Cospan;

fn some_points(dice: &mut Dice, n_points: usize, n_dims: usize, grid: usize) -> Points {
    let all = (0..n_points * n_dims)
        .map(|_| dice.coordinate(grid))
        .collect();
    Points::from_f64(all, n_dims).unwrap()
}

fn exact(window: usize, n_dims: usize) -> StreamParams {
    StreamParams {
        n_dims,
        ..plain(window as u64, window)
    }
}

/// A simplex without its value, which follows from the rest.
type Named = (Role, Vec<u64>);

fn named(simplex: &CriticalSimplex) -> Named {
    (simplex.role(), simplex.vertices().to_vec())
}

fn content(stream: &Stream) -> BTreeMap<Named, (SimplexId, f64)> {
    let all = stream.pool().iter();
    let content: BTreeMap<_, _> = all.map(|(id, s)| (named(&s), (id, s.value()))).collect();
    assert_eq!(content.len(), stream.pool().len(), "each of them once");
    content
}

fn ascending(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// What the pool holds makes up the diagram.
fn check_diagram(stream: &Stream, report: &Report) {
    let of = |role, dim| {
        let all = stream.pool().iter().map(|(_, simplex)| simplex);
        let such = all.filter(|s| s.role() == role && s.dim() == dim);
        ascending(such.map(|s| s.value()))
    };
    let births = |dim| ascending(report.diagram.intervals(dim).map(|i| i.0));
    let deaths = |dim| {
        let deaths = report.diagram.intervals(dim).map(|i| i.1);
        ascending(deaths.filter(|death| death.is_finite()))
    };
    assert_eq!(of(Role::Founds, 0), births(0));
    assert_eq!(of(Role::Joins, 1), deaths(0));
    for dim in 1..=2 {
        assert_eq!(of(Role::Births, usize::from(dim)), births(dim));
        assert_eq!(of(Role::Kills, usize::from(dim) + 1), deaths(dim));
    }
}

/// Its simplices are as long as their landmarks are far apart.
fn check_values(stream: &Stream, cospan: &Cospan) {
    let place = |id: &u64| {
        let place = cospan.landmarks.binary_search_by_key(id, |l| l.id).unwrap();
        assert!(cospan.landmarks[place].after.is_some());
        place
    };
    for (_, simplex) in stream.pool().iter() {
        let places: Vec<usize> = simplex.vertices().iter().map(place).collect();
        let pairs = places
            .iter()
            .flat_map(|&a| places.iter().map(move |&b| (a, b)));
        let lengths = pairs.map(|(a, b)| cospan.distances.get(a, b));
        assert_eq!(lengths.fold(0.0, f64::max), simplex.value());
    }
}

/// Who stays has kept its id, and who went has left none behind.
fn check_ids(stream: &Stream, before: &BTreeMap<Named, (SimplexId, f64)>) -> usize {
    let after = content(stream);
    let mut n_stayed = 0;
    for (name, (id, value)) in before {
        let there = stream.pool().get(*id);
        match after.get(name) {
            Some(now) if !after.is_empty() => {
                n_stayed += 1;
                assert_eq!(
                    (now, there.map(|s| named(&s))),
                    (&(*id, *value), Some(name.clone()))
                );
            }
            _ => assert_eq!(there, None),
        }
    }
    n_stayed
}

/// All of that, and what the engine says; how many simplices have stayed.
fn check(
    stream: &mut Stream,
    report: &Report,
    before: &BTreeMap<Named, (SimplexId, f64)>,
) -> usize {
    let stats = stream.pool().stats();
    assert_eq!(report.stats.pool, stats);
    assert!(stats.bytes <= stream.persistence_mut().budget().live());
    let Some(expected) = stream.persistence_mut().critical_anew() else {
        assert_eq!((stats.live, stats.bytes < 4096 * 8), (0, true));
        assert!(
            before
                .values()
                .all(|&(id, _)| stream.pool().get(id).is_none())
        );
        return 0;
    };
    let mut names: Vec<Named> = expected.iter().map(named).collect();
    names.sort_unstable();
    assert!(names.iter().eq(content(stream).keys()));
    check_diagram(stream, report);
    check_values(stream, &report.cospan);
    check_ids(stream, before)
}

/// Points come, some at a time and once in a while nearly all at once; how many simplices have stayed, came and went.
fn run(seed: u64, params: StreamParams, grid: usize, n_steps: usize) -> [u64; 3] {
    let (mut dice, control) = (Dice(seed), Control::none());
    let (n_dims, window) = (params.n_dims, params.max_landmarks);
    let mut stream = Stream::new(params).unwrap();
    let mut n_stayed = 0;
    for _ in 0..n_steps {
        let before = content(&stream);
        let report = match dice.below(12) {
            0 => stream.push(
                some_points(&mut dice, 2 * window, n_dims, grid),
                None,
                &control,
            ),
            1 => stream.evict(dice.below(window / 2) as u64, &control),
            2 => stream.push(Points::none(n_dims), None, &control),
            n_points => {
                let few = some_points(&mut dice, 1 + n_points % 4, n_dims, grid);
                stream.push(few, None, &control)
            }
        };
        n_stayed += check(&mut stream, &report.unwrap(), &before);
    }
    let stats = stream.pool().stats();
    [n_stayed as u64, stats.n_inserted, stats.n_retired]
}

#[test]
fn the_pool_holds_what_is_critical_and_nothing_else() {
    let mut seen = [0; 3];
    for seed in 0..12 {
        for (window, n_dims, grid) in [
            (5, 2, 2),
            (12, 2, 3),
            (30, 2, 6),
            (30, 3, 3),
            (40, 2, 0),
            (60, 6, 0),
        ] {
            let threshold = (seed % 3 == 0).then_some(if grid == 0 { 0.6 } else { 2.0 });
            let params = StreamParams {
                threshold,
                ..exact(window, n_dims)
            };
            let counts = run(seed, params, grid, 25);
            seen.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        }
    }
    let [n_stayed, n_inserted, n_retired] = seen;
    assert!(n_stayed > n_inserted && n_retired > 10_000, "{seen:?}");
}

#[test]
fn voids_have_their_triangles_and_tetrahedra() {
    let mut seen = [0; 3];
    for seed in 0..8 {
        for (window, n_dims, grid) in [(8, 3, 2), (30, 3, 3), (30, 4, 3), (40, 3, 0), (60, 6, 0)] {
            let params = StreamParams {
                max_dim: 2,
                threshold: (seed % 3 == 0).then_some(if grid == 0 { 0.6 } else { 2.0 }),
                ..exact(window, n_dims)
            };
            let counts = run(seed, params, grid, 25);
            seen.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        }
    }
    let [n_stayed, n_inserted, n_retired] = seen;
    assert!(n_stayed > n_inserted && n_retired > 5_000, "{seen:?}");
}

#[test]
fn landmarks_that_merge_take_their_simplices_along() {
    let mut seen = [0; 3];
    for seed in 0..10 {
        let params = StreamParams {
            max_landmarks: 20,
            ..exact(60, 2)
        };
        let counts = run(seed, params, 0, 40);
        seen.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
    }
    assert!(seen.iter().all(|&n| n > 500), "{seen:?}");
}

#[test]
fn what_passes_the_filter_by_mass_comes_and_goes_in_both_directions() {
    let mut seen = [0; 3];
    for seed in 0..10 {
        for (grid, max_landmarks) in [(6, 60), (8, 60), (0, 25)] {
            let params = StreamParams {
                max_landmarks,
                half_life: Some(30.0),
                min_mass: Some(0.7),
                ..exact(60, 2)
            };
            let counts = run(seed, params, grid, 40);
            seen.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        }
    }
    assert!(seen.iter().all(|&n| n > 1000), "{seen:?}");
}

#[test]
fn without_a_change_nothing_happens() {
    let mut stream = on_a_line(plain(100, 100));
    push(&mut stream, &[0.0, 2.0, 3.0, 7.0]);
    let filled = push(&mut stream, &[9.0]).stats.pool;
    let before: Vec<_> = stream.pool().iter().collect();
    assert_eq!((filled.live, before.len()), (9, 9));
    assert_eq!(push(&mut stream, &[2.0, 9.0]).stats.pool, filled);
    assert_eq!(stream.pool().iter().collect::<Vec<_>>(), before);
}

#[test]
fn an_edge_that_changes_its_role_is_another_simplex() {
    let control = Control::none();
    let mut stream = Stream::new(plain(20, 20)).unwrap();
    let mut push = |rows: &[[f64; 2]]| {
        let chunk = Points::from_f64(rows.concat(), 2).unwrap();
        stream.push(chunk, None, &control).unwrap();
        content(&stream)
    };
    push(&[
        [0.0, 0.0],
        [3.0, 0.0],
        [90.0, 0.0],
        [91.0, 0.0],
        [92.0, 0.0],
    ]);
    let before = push(&[[93.0, 0.0]]);
    // The other three sides are shorter.
    let after = push(&[[0.1, 2.5], [2.9, 2.5]]);
    let (joins, value) = before[&(Role::Joins, vec![0, 1])];
    let (births, same) = after[&(Role::Births, vec![0, 1])];
    assert_eq!((value, same), (3.0, 3.0));
    assert_ne!(joins, births);
    assert_eq!(stream.pool().get(joins), None);
}

#[test]
fn defragmenting_by_hand_changes_neither_ids_nor_diagrams() {
    let (mut dice, control) = (Dice(7), Control::none());
    let mut streams = [0, 1].map(|_| Stream::new(exact(50, 2)).unwrap());
    let mut n_defragmented = 0;
    for step in 0..60 {
        let known = content(&streams[1]);
        let chunk = some_points(&mut dice, 1 + step % 5, 2, 0);
        let [plain, tidy] = streams
            .each_mut()
            .map(|stream| stream.push(chunk.clone(), None, &control).unwrap());
        assert_eq!(plain.diagram, tidy.diagram);
        let before = content(&streams[1]);
        // Who comes next may get another id.
        assert!(before.keys().eq(content(&streams[0]).keys()));
        check_ids(&streams[1], &known);
        n_defragmented += u64::from(streams[1].pool().fragmentation() > 0.0);
        streams[1].persistence_mut().pool_mut().defragment();
        assert_eq!(content(&streams[1]), before);
        assert_eq!(streams[1].pool().fragmentation(), 0.0);
    }
    assert!(n_defragmented > 20, "{n_defragmented}");
}

#[test]
fn where_the_engine_does_not_serve_the_pool_is_empty() {
    for max_dim in [0, 3] {
        let mut stream = on_a_line(StreamParams {
            max_dim,
            ..plain(100, 100)
        });
        push(&mut stream, &[0.0, 1.0, 3.0, 4.0]);
        let report = push(&mut stream, &[7.0]);
        assert_eq!(report.stats.pool, crate::pool::PoolStats::default());
    }
}

#[test]
fn nothing_is_left_behind() {
    let mut stream = Stream::new(exact(40, 2)).unwrap();
    let (mut dice, control) = (Dice(3), Control::none());
    for n_points in [40, 2, 3] {
        stream
            .push(some_points(&mut dice, n_points, 2, 0), None, &control)
            .unwrap();
    }
    let before = content(&stream);
    assert!(before.len() > 80);
    let budget = stream.persistence_mut().budget().clone();
    stream.reset();
    assert!(stream.pool().is_empty());
    stream
        .push(some_points(&mut dice, 40, 2, 0), None, &control)
        .unwrap();
    stream
        .push(some_points(&mut dice, 1, 2, 0), None, &control)
        .unwrap();
    assert!(
        before
            .values()
            .all(|&(id, _)| stream.pool().get(id).is_none())
    );
    assert!(budget.live() > 0);
    drop(stream);
    assert_eq!(budget.live(), 0);
}

/// Stops at one of the times it is asked.
struct Stopping(Cell<usize>);
impl Observer for Stopping {
    fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        match left {
            1 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[test]
fn an_interrupted_push_leaves_the_pool_alone() {
    let (mut dice, mut stream) = (Dice(11), Stream::new(exact(40, 2)).unwrap());
    stream
        .push(some_points(&mut dice, 40, 2, 5), None, &Control::none())
        .unwrap();
    let mut n_stopped = 0;
    for _ in 0..20 {
        let chunk = some_points(&mut dice, 3, 2, 5);
        for at in 1.. {
            let (before, stats) = (content(&stream), stream.pool().stats());
            let stopping = Stopping(Cell::new(at));
            let control = Control::new(&stopping);
            let pushed = stream.push(chunk.clone(), None, &control);
            let Ok(report) = pushed else {
                n_stopped += 1;
                assert_eq!((content(&stream), stream.pool().stats()), (before, stats));
                continue;
            };
            assert!(check(&mut stream, &report, &before) > 0 || before.is_empty());
            break;
        }
    }
    assert!(n_stopped >= 20, "{n_stopped}");
}

#[test]
fn an_interrupted_push_of_many_leaves_none() {
    let (mut dice, mut stream) = (Dice(11), Stream::new(exact(40, 2)).unwrap());
    for n_points in [40, 1] {
        stream
            .push(
                some_points(&mut dice, n_points, 2, 0),
                None,
                &Control::none(),
            )
            .unwrap();
    }
    let before = content(&stream);
    let pushed = stream.push(
        some_points(&mut dice, 40, 2, 0),
        None,
        &Control::new(&Impatient),
    );
    assert_eq!(pushed.unwrap_err(), Error::Interrupted);
    assert!(!before.is_empty() && stream.pool().is_empty());
    // It fills at the next update, and the diagram is that of the landmarks, which are those of before.
    let report = stream
        .push(some_points(&mut dice, 1, 2, 0), None, &Control::none())
        .unwrap();
    assert!(!stream.pool().is_empty());
    check_diagram(&stream, &report);
    assert_eq!(report.landmarks.len(), 40);
}

#[test]
fn for_want_of_memory_the_pool_is_whole_or_empty() {
    let (mut dice, control) = (Dice(5), Control::none());
    let params = exact(100, 2);
    let limit = params.bytes_for(100);
    let mut stream = Stream::new(StreamParams {
        memory_limit: Some(limit),
        ..params
    })
    .unwrap();
    let budget = stream.persistence_mut().budget().clone();
    stream
        .push(some_points(&mut dice, 100, 2, 0), None, &control)
        .unwrap();
    let (mut n_done, mut n_refused) = (0, 0);
    for round in 0..200 {
        stream
            .push(some_points(&mut dice, 1, 2, 0), None, &control)
            .unwrap();
        assert!(!stream.pool().is_empty());
        let left = (limit - budget.live()) as usize;
        let others = budget.reserve(left * (round % 50) / 49).unwrap();
        let before = content(&stream);
        match stream.push(some_points(&mut dice, 1, 2, 0), None, &control) {
            Ok(report) => {
                check(&mut stream, &report, &before);
                n_done += 1;
            }
            Err(error) => {
                assert!(matches!(error, Error::MemoryLimit { .. }), "{error}");
                assert!(stream.pool().is_empty());
                n_refused += 1;
            }
        }
        drop(others);
    }
    assert!(n_done > 100 && n_refused > 10, "{n_done}, {n_refused}");
}

#[test]
fn where_an_update_would_take_longer_the_diagram_is_computed_anew() {
    // In many dimensions nearly all edges are near.
    let (n_dims, window) = (40, 120);
    let (mut dice, mut stream) = (Dice(23), Stream::new(exact(window, n_dims)).unwrap());
    let mut push = |n: usize, stream: &mut Stream| {
        let chunk = some_points(&mut dice, n, n_dims, 0);
        stream.push(chunk, None, &Control::none()).unwrap();
        stream.pool().len()
    };
    assert_eq!(push(window, &mut stream), 0, "nothing was known before");
    assert!(push(2, &mut stream) > window);
    // A third of the landmarks change, which is few enough, but there is too much to look at again.
    assert_eq!(push(20, &mut stream), 0);
    assert_eq!(push(20, &mut stream), 0, "what is near is remembered");
    assert!(push(1, &mut stream) > window);
}

#[test]
fn shares_and_hands_close_holes_and_change_nothing_else() {
    let shares = [(0.5, 0.95), (0.001, 0.001), (1.0, 1.0)];
    let mut streams = shares.map(|(soft_share, hard_share)| {
        Stream::new(StreamParams {
            pool: PoolParams {
                soft_share,
                hard_share,
            },
            ..exact(40, 2)
        })
        .unwrap()
    });
    let mut dice = Dice(11);
    for step in 0..60 {
        let chunk = some_points(&mut dice, if step == 0 { 40 } else { 3 }, 2, 7);
        let contents = streams.each_mut().map(|stream| {
            let push = stream.push(chunk.clone(), None, &Control::none());
            let values = content(stream).into_iter();
            let values: Vec<_> = values.map(|(name, (_, value))| (name, value)).collect();
            (push.unwrap().diagram, values)
        });
        assert_eq!(contents[0], contents[1]);
        assert_eq!(contents[0], contents[2]);
    }
    let n_defragmented = streams.each_ref().map(|s| s.pool().stats().n_defragmented);
    assert!(n_defragmented[1] > n_defragmented[0]);
    assert_eq!(n_defragmented[2], 0);
    let [_, _, never] = &mut streams;
    let before = content(never);
    assert!(never.pool().fragmentation() > 0.0);
    never.defragment();
    assert_eq!(never.pool().fragmentation(), 0.0);
    assert_eq!(content(never), before);
}
