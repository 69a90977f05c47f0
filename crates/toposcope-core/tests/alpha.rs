//! Alpha filtrations against the Čech filtration by definition, which has the same persistence, and what every diagram of them must
//! satisfy. Inputs prefer ties: grids, duplicates, points on one line, plane, circle or sphere.

mod common;

use common::{Random, intervals, points, trials};
use toposcope_core::{AlphaParams, Control, Diagram, Observer, alpha};
use toposcope_oracle::{bottleneck_distance, cech_persistence};

const FIELDS: [u32; 3] = [2, 3, 5];

fn diagram(rows: &[Vec<f64>], params: AlphaParams) -> Diagram {
    alpha(&points(rows), &params, &Control::none()).expect("valid input")
}

fn of_dim(intervals: &[(usize, f64, f64)], dim: usize) -> Vec<(f64, f64)> {
    let some = intervals.iter().filter(|i| i.0 == dim);
    some.map(|i| (i.1, i.2)).collect()
}

/// Positions of one kind. All but the first two kinds are full of ties.
fn rows(random: &mut Random, kind: usize, n: usize, n_dims: usize) -> Vec<Vec<f64>> {
    let mut row = || -> Vec<f64> {
        let mut whole = |bound: usize| random.below(bound) as f64;
        let [a, b, c] = [whole(4), whole(4), whole(3)];
        match kind {
            0 => (0..n_dims).map(|_| random.unit()).collect(),
            // Far from the origin: differences lose bits.
            1 => (0..n_dims).map(|_| 1e6 + random.unit()).collect(),
            2 => vec![a, b, c],
            // A tilted plane, a line.
            3 => vec![a, b, a + 2.0 * b],
            4 => vec![a, 2.0 * a, -3.0 * a],
            // A sphere of radius 15 and its centre; a circle on it.
            5 => SPHERE[random.below(SPHERE.len())].to_vec(),
            6 => [
                [9.0, 12.0, 0.0],
                [-9.0, 12.0, 0.0],
                [12.0, 9.0, 0.0],
                [0.0, -15.0, 0.0],
            ][random.below(4)]
            .to_vec(),
            // A grid turned by an angle: nearly cospherical, nearly flat.
            7 => vec![
                0.8 * a - 0.6 * b,
                0.48 * a + 0.64 * b - 0.6 * c,
                0.36 * a + 0.48 * b + 0.8 * c,
            ],
            // A grid with one axis blown up.
            _ => vec![a, b * 1e-9, c * 1e5],
        }
    };
    let mut rows: Vec<Vec<f64>> = (0..n).map(|_| row()).collect();
    for row in &mut rows {
        row.truncate(n_dims);
    }
    rows
}

const SPHERE: [[f64; 3]; 12] = [
    [15.0, 0.0, 0.0],
    [0.0, -15.0, 0.0],
    [9.0, 12.0, 0.0],
    [0.0, 9.0, -12.0],
    [5.0, 10.0, 10.0],
    [-5.0, 10.0, 10.0],
    [10.0, -5.0, 10.0],
    [-10.0, -10.0, 5.0],
    [2.0, 10.0, 11.0],
    [2.0, -10.0, -11.0],
    [14.0, 5.0, 2.0],
    [0.0, 0.0, 0.0],
];

#[test]
fn alpha_is_cech() {
    let mut random = Random(11);
    let mut found = [0; 3];
    for case in 0..trials(800) {
        let (kind, n_dims) = (case % 9, 2 + random.below(2));
        let n = random.below(if n_dims == 2 { 11 } else { 9 });
        let rows = rows(&mut random, kind, n, n_dims);
        if rows.is_empty() {
            continue;
        }
        let params = AlphaParams {
            field: FIELDS[case % 3],
            ..AlphaParams::default()
        };
        let got = intervals(&diagram(&rows, params));
        let expected = cech_persistence(&rows, f64::INFINITY, n_dims - 1, params.field);
        let scale = rows.concat().iter().fold(1.0f64, |s, x| s.max(x.abs()));
        for (dim, found) in found.iter_mut().enumerate().take(n_dims) {
            let (ours, theirs) = (of_dim(&got, dim), of_dim(&expected, dim));
            let apart = bottleneck_distance(&ours, &theirs);
            assert!(
                apart <= 1e-8 * scale,
                "case {case}, H{dim}: {apart}\n{rows:?}\n{got:?}\n{expected:?}"
            );
            *found += ours.len();
            // Where radii are roots of small fractions, nothing tiny is left by rounding.
            if (2..7).contains(&kind) {
                assert!(
                    ours.iter().all(|(b, d)| d - b > 1e-6),
                    "case {case}: {ours:?}"
                );
            }
        }
    }
    assert!(found[1] > 500 && found[2] > 20, "{found:?}");
}

#[test]
fn nothing_but_positions_counts() {
    let mut random = Random(12);
    for case in 0..trials(60) {
        let n_dims = 2 + case % 2;
        let rows = rows(&mut random, case % 9, 200, n_dims);
        let expected = diagram(&rows, AlphaParams::default());
        let mut shuffled = rows.clone();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, random.below(at + 1));
        }
        shuffled.extend_from_slice(&rows[..20]);
        for n_threads in [1, 2, 5] {
            let params = AlphaParams {
                n_threads: Some(n_threads),
                ..AlphaParams::default()
            };
            assert_eq!(diagram(&shuffled, params), expected, "case {case}");
        }
        // Other multiples have other radii and nothing else: powers of two commute with rounding.
        for power in [1e-3f64.log2().round(), 900.0, -900.0] {
            let factor = power.exp2();
            let scaled: Vec<Vec<f64>> = rows
                .iter()
                .map(|row| row.iter().map(|x| x * factor).collect())
                .collect();
            let got = intervals(&diagram(&scaled, AlphaParams::default()));
            let times = |x: f64| x * factor;
            let want = intervals(&expected).into_iter();
            let want: Vec<_> = want.map(|(dim, b, d)| (dim, times(b), times(d))).collect();
            assert_eq!(got, want, "case {case}");
        }
        for field in [3, 65_521] {
            // Subsets of space have no torsion.
            let params = AlphaParams {
                field,
                ..AlphaParams::default()
            };
            assert_eq!(diagram(&rows, params), expected, "case {case}, Z/{field}");
        }
        for max_dim in 0..n_dims {
            let params = AlphaParams {
                max_dim: Some(max_dim),
                ..AlphaParams::default()
            };
            let want: Vec<_> = intervals(&expected)
                .into_iter()
                .filter(|i| i.0 <= max_dim)
                .collect();
            assert_eq!(intervals(&diagram(&rows, params)), want, "case {case}");
        }
    }
}

#[test]
fn cubic_grids_are_counted() {
    let side = 6u32;
    let cells = (0..side.pow(3)).map(|i| [i % side, i / side % side, i / side / side]);
    for (step, shift) in [(1.0, 0.0), (0.5, -7.0)] {
        let rows: Vec<Vec<f64>> = cells
            .clone()
            .map(|c| c.map(|x| shift + step * f64::from(x)).to_vec())
            .collect();
        let got = diagram(&rows, AlphaParams::default());
        let [edge, face, cell] = [0.25f64, 0.5, 0.75].map(|squared| squared.sqrt() * step);
        let count = |dim: u8, interval: (f64, f64)| {
            assert!(
                got.intervals(dim)
                    .all(|i| i == interval || i.1 == f64::INFINITY),
                "H{dim}"
            );
            got.intervals(dim).count()
        };
        assert_eq!(count(0, (0.0, edge)), 216);
        assert_eq!(count(1, (edge, face)), 3 * 36 * 5 - 215);
        assert_eq!(count(2, (face, cell)), 125);
    }
}

#[test]
fn few_points_and_wrong_ones() {
    let run = |rows: &[Vec<f64>]| intervals(&diagram(rows, AlphaParams::default()));
    let inf = f64::INFINITY;
    assert_eq!(run(&[vec![3.0, 4.0]]), [(0, 0.0, inf)]);
    assert_eq!(run(&vec![vec![3.0, 4.0, 5.0]; 7]), [(0, 0.0, inf)]);
    assert_eq!(
        run(&[vec![0.0, 0.0, 2.0], vec![0.0, 0.0, -1.0]]),
        [(0, 0.0, 1.5), (0, 0.0, inf)]
    );
    let tiny = [vec![0.0, 0.0], vec![1e-322, 0.0], vec![0.0, 2e-322]];
    assert_eq!(run(&tiny).len(), 3);
    let huge = [vec![f64::MAX, 0.0], vec![-f64::MAX, 0.0]];
    assert_eq!(run(&huge), [(0, 0.0, f64::MAX), (0, 0.0, inf)]);

    let refused = |rows: &[Vec<f64>], params: AlphaParams| {
        let error = alpha(&points(rows), &params, &Control::none()).unwrap_err();
        error.to_string()
    };
    let message = refused(&[vec![1.0; 5]], AlphaParams::default());
    assert_eq!(
        message,
        "points: expected points in 2 or 3 dimensions, got 5 dimensions"
    );
    let params = AlphaParams {
        max_dim: Some(2),
        ..AlphaParams::default()
    };
    let message = refused(&[vec![1.0; 2]], params);
    assert_eq!(
        message,
        "max_dim: expected 0 to 1 for points in 2 dimensions, got 2"
    );
    for (field, n_threads, argument) in [(4, None, "field"), (2, Some(0), "n_threads")] {
        let params = AlphaParams {
            max_dim: None,
            field,
            n_threads,
        };
        assert!(refused(&[vec![1.0; 2]], params).starts_with(argument));
    }
}

#[test]
fn an_observer_stops_every_stage() {
    use std::cell::Cell;
    use std::ops::ControlFlow;
    /// Stops at the first look at a stage.
    struct StopAt<'a>(&'static str, &'a Cell<bool>);
    impl Observer for StopAt<'_> {
        fn observe(&self, stage: &'static str, _: u64, _: u64) -> ControlFlow<()> {
            self.1.set(stage == self.0);
            if stage == self.0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    }
    let mut random = Random(13);
    let rows: Vec<Vec<f64>> = (0..40_000)
        .map(|_| (0..3).map(|_| random.unit()).collect())
        .collect();
    let points = points(&rows);
    for stage in ["triangulation", "radii", "edges"] {
        let stopped = Cell::new(false);
        let observer = StopAt(stage, &stopped);
        let result = alpha(&points, &AlphaParams::default(), &Control::new(&observer));
        assert_eq!(result.is_err(), stopped.get(), "{stage}");
        assert!(stopped.get(), "{stage}");
    }
}
