//! After every insertion and deletion, the diagram of the batch engine.

use super::*;
use crate::dice::Dice;
use crate::{Diagram, DistanceMatrix, Interval, RipsInput, RipsParams, rips};

type Point = Vec<f64>;

fn length(x: &Point, y: &Point) -> f64 {
    let squares = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y));
    squares.sum::<f64>().sqrt()
}

fn batch(points: &[Option<Point>], threshold: f64) -> Diagram {
    let there: Vec<_> = points.iter().flatten().collect();
    let pairs = (0..there.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let lower = pairs.map(|(i, j)| length(there[i], there[j])).collect();
    let matrix = DistanceMatrix::from_lower(lower, there.len()).unwrap();
    let params = RipsParams {
        threshold: threshold.is_finite().then_some(threshold),
        n_threads: Some(1),
        ..RipsParams::default()
    };
    rips(RipsInput::Dense(&matrix), &params, &Control::none()).unwrap()
}

fn diagram(incremental: &mut Incremental, n: usize) -> Diagram {
    let lasting = incremental.lasting(&Control::none()).unwrap();
    let n_components = n - lasting.joining().count();
    let essential = (0..n_components).map(|_| (0, 0.0, f64::INFINITY));
    let pieces = lasting.joining().map(|death| (0, 0.0, death));
    let loops = lasting.loops().map(|(birth, death)| (1, birth, death));
    let all: Vec<Interval> = essential.chain(pieces).chain(loops).collect();
    Diagram::from_intervals(all, 1)
}

/// Vertices come and go, some at a time; the number of loops seen.
fn run(
    seed: u64,
    n_slots: usize,
    n_dims: usize,
    steps: usize,
    threshold: f64,
    grid: usize,
) -> usize {
    let mut dice = Dice(seed);
    let control = Control::none();
    let point = |dice: &mut Dice| -> Point { (0..n_dims).map(|_| dice.coordinate(grid)).collect() };
    let mut points: Vec<Option<Point>> = vec![None; n_slots];
    let n_first = dice.below(n_slots);
    for slot in points.iter_mut().take(n_first) {
        *slot = Some(point(&mut dice));
    }
    let mut incremental = Incremental::new(n_slots, threshold, control.budget()).unwrap();
    let between = |points: &[Option<Point>], a: u32, b: u32| {
        let [x, y] = [a, b].map(|v| points[v as usize].as_ref().unwrap());
        length(x, y)
    };
    let reach = [-1.0, 0.5, 9.0][seed as usize % 3];
    incremental
        .fill(
            n_first as u32,
            reach,
            |a, b| between(&points, a, b),
            &control,
        )
        .unwrap();
    let mut n_loops = 0;
    for step in 0..steps {
        let inserts = step % 2 == 0;
        let mut gone = Vec::new();
        for _ in 0..=dice.below(4) {
            let slot = dice.below(n_slots);
            match (&points[slot], inserts) {
                (None, true) => {
                    points[slot] = Some(point(&mut dice));
                    let length_to = |other| between(&points, slot as u32, other);
                    incremental
                        .insert(slot as u32, length_to, &control)
                        .unwrap();
                }
                (Some(_), false) => {
                    points[slot] = None;
                    gone.push(slot as u32);
                }
                _ => {}
            }
        }
        incremental.remove(&gone, &control).unwrap();
        let n = points.iter().flatten().count();
        let found = diagram(&mut incremental, n);
        assert_eq!(found, batch(&points, threshold), "seed {seed}, step {step}");
        n_loops += found.intervals(1).count();
    }
    n_loops
}

#[test]
fn every_update_gives_the_diagram_of_the_batch_engine() {
    let mut n_loops = 0;
    for seed in 0..40 {
        for (n_slots, n_dims, grid) in [
            (6, 2, 2),
            (12, 2, 3),
            (30, 2, 5),
            (30, 3, 3),
            (40, 2, 0),
            (40, 3, 0),
            (60, 8, 0),
            (70, 6, 2),
        ] {
            let threshold = match seed % 4 {
                0 => 0.6 * if grid == 0 { 1.0 } else { 3.0 },
                _ => f64::INFINITY,
            };
            n_loops += run(seed, n_slots, n_dims, 20, threshold, grid);
        }
    }
    assert!(n_loops > 10_000, "{n_loops}");
}

#[test]
fn fixed_arrays_take_what_the_streams_formula_says() {
    for n_slots in [1, 20, 300, 1000] {
        let budget = Budget::unlimited();
        let incremental = Incremental::new(n_slots, 1.0, &budget).unwrap();
        let fixed = budget.live();
        // Bits and lists of one entry per slot are the rest; flows of a diagram come to another half square of words.
        let square = (n_slots * n_slots) as u64;
        assert!(fixed <= 11 * square + 64 * n_slots as u64, "{fixed}");
        drop(incremental);
        assert_eq!(budget.live(), 0);
    }
}
