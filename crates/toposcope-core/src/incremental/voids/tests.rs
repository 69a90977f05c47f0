//! After every insertion and deletion, the diagram of the batch engine.

use super::*;
use crate::dice::Dice;
use crate::{Diagram, DistanceMatrix, Interval, RipsInput, rips};

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
        max_dim: 2,
        threshold: threshold.is_finite().then_some(threshold),
        n_threads: Some(1),
        ..RipsParams::default()
    };
    rips(RipsInput::Dense(&matrix), &params, &Control::none()).unwrap()
}

fn diagram(voids: &Voids, n: usize) -> Diagram {
    let lasting = voids.lasting(&Control::none()).unwrap();
    let n_components = n - lasting.joining().count();
    let essential = (0..n_components).map(|_| (0, 0.0, f64::INFINITY));
    let pieces = lasting.joining().map(|death| (0, 0.0, death));
    let loops = lasting.loops().map(|(birth, death)| (1, birth, death));
    let holes = lasting.voids().map(|(birth, death)| (2, birth, death));
    let all: Vec<Interval> = essential.chain(pieces).chain(loops).chain(holes).collect();
    Diagram::from_intervals(all, 2)
}

/// Vertices come and go, some at a time; the number of voids seen.
fn run(
    seed: u64,
    (n_slots, n_dims, grid): (usize, usize, usize),
    steps: usize,
    threshold: f64,
) -> usize {
    let mut dice = Dice(seed);
    let control = Control::none();
    let mut points: Vec<Option<Point>> = vec![None; n_slots];
    let mut voids = Voids::new(n_slots, threshold, control.budget()).unwrap();
    let mut n_voids = 0;
    for step in 0..steps {
        let (mut newcomers, mut gone) = (Vec::new(), Vec::new());
        let before = points.clone();
        // The first of all come at once, now and then nearly everyone changes.
        let n_changes = if step % 9 == 0 {
            n_slots
        } else {
            1 + dice.below(5)
        };
        for _ in 0..n_changes {
            let slot = dice.below(n_slots);
            match &points[slot] {
                None if before[slot].is_none() && step % 3 != 1 => {
                    points[slot] = Some((0..n_dims).map(|_| dice.coordinate(grid)).collect());
                    newcomers.push(slot as u32);
                }
                Some(_) if before[slot].is_some() && step % 3 != 0 => {
                    points[slot] = None;
                    gone.push(slot as u32);
                }
                _ => {}
            }
        }
        let between = |a: u32, b: u32| {
            let [x, y] = [a, b].map(|v| points[v as usize].as_ref().unwrap());
            length(x, y)
        };
        voids.update(&newcomers, &gone, between, &control).unwrap();
        let found = diagram(&voids, points.iter().flatten().count());
        assert_eq!(found, batch(&points, threshold), "seed {seed}, step {step}");
        n_voids += found.intervals(2).count();
    }
    n_voids
}

#[test]
fn every_update_gives_the_diagram_of_the_batch_engine() {
    let mut n_voids = 0;
    for seed in 0..40 {
        for shape in [
            (6, 2, 2),
            (12, 3, 3),
            (30, 3, 5),
            (30, 4, 3),
            (40, 3, 0),
            (60, 5, 0),
            (70, 8, 0),
            (70, 6, 2),
            (140, 3, 4),
        ] {
            let threshold = match seed % 4 {
                0 => 0.6 * if shape.2 == 0 { 1.0 } else { 3.0 },
                _ => f64::INFINITY,
            };
            n_voids += run(seed, shape, 12, threshold);
        }
    }
    assert!(n_voids > 8_000, "{n_voids}");
}

#[test]
fn arrays_take_what_the_streams_formula_allows_for() {
    for n_slots in [1, 20, 200] {
        let budget = Budget::unlimited();
        let control = Control::none().with_budget(budget.clone());
        let mut voids = Voids::new(n_slots, f64::INFINITY, &budget).unwrap();
        // Bits and lists of one entry per slot are the rest.
        let square = (n_slots * n_slots) as u64;
        let fixed = budget.live();
        assert!(fixed <= 11 * square + 64 * n_slots as u64 + 256, "{fixed}");
        let mut dice = Dice(1);
        let points: Vec<Point> = (0..n_slots)
            .map(|_| (0..8).map(|_| dice.coordinate(0)).collect())
            .collect();
        let between = |a: u32, b: u32| length(&points[a as usize], &points[b as usize]);
        let most = n_slots as u32 * 9 / 10;
        let first: Vec<u32> = (0..most).collect();
        let others: Vec<u32> = (most..n_slots as u32).collect();
        voids.update(&first, &[], between, &control).unwrap();
        voids.update(&others, &[0], between, &control).unwrap();
        voids.lasting(&control).unwrap();
        let peak = budget.peak();
        // Tables and lists have a least size.
        assert!(
            peak <= 32 * square + 1024 * n_slots as u64 + (64 << 10),
            "{peak}"
        );
        drop(voids);
        assert_eq!(budget.live(), 0);
    }
}

#[test]
fn no_vertex_is_the_apex_of_too_many_lunes() {
    for (n_dims, grid) in [(3, 0), (3, 6), (16, 0)] {
        let (n, control) = (200, Control::none());
        let mut dice = Dice(2);
        let points: Vec<Point> = (0..n)
            .map(|_| (0..n_dims).map(|_| dice.coordinate(grid)).collect())
            .collect();
        let mut voids = Voids::new(n, f64::INFINITY, control.budget()).unwrap();
        let between = |a: u32, b: u32| length(&points[a as usize], &points[b as usize]);
        let all: Vec<u32> = (0..n as u32).collect();
        voids.update(&all, &[], between, &control).unwrap();
        let mut served = vec![0; n];
        for rank in 0..voids.order.len() {
            let apex = match voids.order.entry(rank).certificate() {
                certificate::Certificate::Cone(z) => z,
                certificate::Certificate::Core(at) => {
                    certificate::Core::at(&voids.matching.cores, at).apex
                }
                _ => continue,
            };
            served[apex as usize] += 1;
        }
        let (most, sum) = (*served.iter().max().unwrap(), served.iter().sum::<usize>());
        assert!(sum > n * n / 4 && most < sum / 4, "{most} of {sum}");
    }
}
