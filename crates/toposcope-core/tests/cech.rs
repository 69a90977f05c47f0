//! The Čech filtration: equal to its definition, and exact where points share spheres, planes or places.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::ops::ControlFlow;

use proptest::prelude::*;
use toposcope_core::memory::Budget;
use toposcope_core::{CechParams, Control, Diagram, Error, Observer, Points, cech};
use toposcope_oracle::{bottleneck_distance, cech_persistence};

fn points_of(rows: &[Vec<f64>]) -> Points {
    Points::from_f64(rows.concat(), rows.first().map_or(0, Vec::len)).unwrap()
}

fn run(rows: &[Vec<f64>], params: &CechParams) -> Diagram {
    cech(&points_of(rows), params, &Control::none()).unwrap()
}

/// Points of a lattice, with duplicates, on common lines, planes and spheres; or anywhere.
fn cloud(most: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let coordinate = |on_lattice: bool| {
        (-3_i32..=3, -1.0..1.0_f64)
            .prop_map(move |(n, x)| if on_lattice { f64::from(n) } else { x })
    };
    (1..=5_usize, any::<bool>()).prop_flat_map(move |(n_dims, on_lattice)| {
        let point = prop::collection::vec(coordinate(on_lattice), n_dims);
        prop::collection::vec(point, 1..=most)
    })
}

fn params() -> impl Strategy<Value = CechParams> {
    let threshold = prop_oneof![2 => Just(None), 1 => (0.1..3.0_f64).prop_map(Some)];
    (
        0..=3_usize,
        threshold,
        prop::sample::select(&[2_u32, 3, 5][..]),
    )
        .prop_map(|(max_dim, threshold, field)| CechParams {
            max_dim,
            threshold,
            field,
            n_threads: Some(1),
        })
}

/// What separates two unequal radii of simplices with corners in {-2, ..., 2}³.
///
/// A squared radius is N / (4 D) with N and D integers: D is 1 for an edge, the squared cross product of a triangle's
/// sides (at most 768), the squared determinant of a tetrahedron's (at most 128²). Two unequal ones thus differ by
/// 1 / (4 * 128⁴) or more, and their roots, at most √12, by that over 2 √12: 1.3e-10. Rounding makes some 1e-15.
const SHORTEST: f64 = 1e-10;

/// The faces of this tetrahedron and itself have squared radii 3213/514 and 6401/1024: a true interval of 7.6e-7.
#[test]
fn a_short_interval_is_not_rounding() {
    let corners = [[-1, -2, 2], [1, 2, 2], [-2, 0, 0], [2, -2, 1]];
    let rows = corners.map(|corner| corner.map(f64::from).to_vec());
    let params = CechParams {
        max_dim: 2,
        ..CechParams::default()
    };
    let voids: Vec<_> = run(&rows, &params).intervals(2).collect();
    let [(birth, death)] = voids[..] else {
        panic!("one void: {voids:?}")
    };
    assert!((birth - (3213.0 / 514.0_f64).sqrt()).abs() < 1e-14);
    assert!((death - (6401.0 / 1024.0_f64).sqrt()).abs() < 1e-14);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_definition_agrees(rows in cloud(8), params in params()) {
        // A radius that rounding puts beside the threshold here would be a matter of taste.
        let threshold = params.threshold.map(|t| t + 1e-7 * 2f64.sqrt());
        let params = CechParams { threshold, ..params };
        let got = run(&rows, &params);
        let limit = threshold.unwrap_or(f64::INFINITY);
        let expected = cech_persistence(&rows, limit, params.max_dim, params.field);
        for dim in 0..=params.max_dim {
            let ours: Vec<_> = got.intervals(dim as u8).collect();
            let theirs: Vec<_> = expected.iter().filter(|i| i.0 == dim).map(|i| (i.1, i.2)).collect();
            let distance = bottleneck_distance(&ours, &theirs);
            prop_assert!(distance < 1e-8, "H{dim}: {ours:?} {theirs:?}");
        }
    }

    #[test]
    fn equal_radii_are_equal_numbers(
        rows in prop::collection::vec(prop::collection::vec((-2_i32..=2).prop_map(f64::from), 3), 1..=14),
    ) {
        let got = run(&rows, &CechParams { max_dim: 2, ..CechParams::default() });
        let lengths = got.births().iter().zip(got.deaths()).map(|(birth, death)| death - birth);
        for length in lengths {
            prop_assert!(length > SHORTEST, "{length}");
        }
    }

    #[test]
    fn neither_order_nor_threads_count(rows in cloud(40), n_threads in 1..4_usize) {
        let params = CechParams { n_threads: Some(n_threads), ..CechParams::default() };
        let mut other = rows.clone();
        other.reverse();
        let (one, two) = (run(&rows, &params), run(&other, &CechParams { n_threads: Some(1), ..params.clone() }));
        let close = |(x, y): (&f64, &f64)| x == y || (x - y).abs() <= 1e-15 * y.abs();
        prop_assert_eq!(one.dims(), two.dims());
        prop_assert!(one.births().iter().zip(two.births()).all(close));
        prop_assert!(one.deaths().iter().zip(two.deaths()).all(close));
        prop_assert_eq!(&one, &run(&rows, &CechParams { n_threads: Some(1), ..params }));
    }
}

#[test]
fn known_shapes() {
    let corners = |n: usize| -> Vec<Vec<f64>> {
        (0..n)
            .map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect())
            .collect()
    };
    // The regular simplex with n corners: everything meets once per dimension.
    for n in 2..=5 {
        let params = CechParams {
            max_dim: n - 1,
            ..CechParams::default()
        };
        let got = run(&corners(n), &params);
        let radius = |k: usize| ((k as f64 - 1.0) / k as f64).sqrt();
        assert_eq!(got.intervals(0).count(), n);
        let top: Vec<_> = got.intervals(n as u8 - 2).collect();
        let birth = if n == 2 { 0.0 } else { radius(n - 1) };
        assert_eq!(top[0], (birth, radius(n)), "{n} corners");
    }
    // The cube: five loops that close with the sides and are filled with the faces, and no hollow: faces and body differ.
    let cube: Vec<Vec<f64>> = (0..8)
        .map(|i| (0..3).map(|axis| f64::from(i >> axis & 1)).collect())
        .collect();
    let got = run(
        &cube,
        &CechParams {
            max_dim: 2,
            ..CechParams::default()
        },
    );
    assert_eq!(
        got.intervals(1).collect::<Vec<_>>(),
        [(0.5, 0.5f64.sqrt()); 5]
    );
    assert_eq!(
        got.intervals(2).collect::<Vec<_>>(),
        [(0.5f64.sqrt(), 0.75f64.sqrt())]
    );
}

#[test]
fn few_points_and_duplicates() {
    let none = cech(
        &Points::from_f64(vec![], 2).unwrap(),
        &CechParams::default(),
        &Control::none(),
    );
    assert_eq!(none.unwrap().len(), 0);
    for n in 1..4 {
        let rows = vec![vec![1.0, 2.0]; n];
        let got = run(
            &rows,
            &CechParams {
                max_dim: 3,
                ..CechParams::default()
            },
        );
        assert_eq!(got.intervals(0).collect::<Vec<_>>(), [(0.0, f64::INFINITY)]);
        assert_eq!(got.len(), 1);
    }
}

#[test]
fn a_radius_equal_to_the_threshold_is_in() {
    let rows = [vec![0.0], vec![1.0]];
    let deaths = |threshold| {
        let params = CechParams {
            threshold: Some(threshold),
            ..CechParams::default()
        };
        run(&rows, &params).deaths().to_vec()
    };
    assert_eq!(deaths(0.5), [0.5, f64::INFINITY]);
    assert_eq!(deaths(0.5f64.next_down()), [f64::INFINITY; 2]);
}

#[test]
fn any_unit_of_length() {
    let rows: Vec<Vec<f64>> = (0..12)
        .map(|i| vec![f64::from(i * 7 % 12), f64::from(i * i % 11)])
        .collect();
    let plain = run(&rows, &CechParams::default());
    for power in [-1000, -300, 40, 900] {
        let factor = 2.0_f64.powi(power);
        let scaled: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| row.iter().map(|x| x * factor).collect())
            .collect();
        let got = run(&scaled, &CechParams::default());
        let back: Vec<f64> = got.deaths().iter().map(|death| death / factor).collect();
        assert_eq!(back, plain.deaths(), "2^{power}");
    }
}

fn many(n: usize) -> Points {
    Points::from_f64(
        (0..2 * n)
            .map(|i| f64::from((i * i % 997) as u32))
            .collect(),
        2,
    )
    .unwrap()
}

#[test]
fn what_is_refused() {
    let message = |params: CechParams, points: &Points| {
        cech(points, &params, &Control::none())
            .unwrap_err()
            .to_string()
    };
    let points = many(4);
    let default = CechParams::default;
    assert!(
        message(
            CechParams {
                field: 4,
                ..default()
            },
            &points
        )
        .starts_with("field: expected a prime")
    );
    assert!(
        message(
            CechParams {
                max_dim: 13,
                ..default()
            },
            &points
        )
        .starts_with("max_dim: expected 0 to 12")
    );
    assert!(
        message(
            CechParams {
                threshold: Some(-1.0),
                ..default()
            },
            &points
        )
        .starts_with("threshold")
    );
    assert!(
        message(
            CechParams {
                n_threads: Some(0),
                ..default()
            },
            &points
        )
        .starts_with("n_threads")
    );
    let control = Control::none().with_budget(Budget::limited(1 << 20));
    // All triangles of 200 points, before any work; and those up to a threshold, when it shows.
    for threshold in [None, Some(1e4)] {
        let refused = cech(
            &many(200),
            &CechParams {
                threshold,
                ..default()
            },
            &control,
        );
        assert!(
            matches!(
                refused,
                Err(Error::MemoryLimit {
                    limit: 1_048_576,
                    ..
                })
            ),
            "{threshold:?}"
        );
    }
    let all = cech(
        &many(60_000),
        &CechParams {
            max_dim: 3,
            ..default()
        },
        &Control::none().with_budget(Budget::of_system()),
    );
    assert!(matches!(all, Err(Error::OutOfMemory { .. })));
}

#[test]
fn nothing_is_held_after_a_run() {
    let budget = Budget::limited(1 << 26);
    let control = Control::none().with_budget(budget.clone());
    let before = budget.live();
    cech(
        &many(60),
        &CechParams {
            max_dim: 2,
            ..CechParams::default()
        },
        &control,
    )
    .unwrap();
    assert_eq!(budget.live(), before);
    assert!(budget.peak() > before);
}

#[test]
fn an_observer_stops_it() {
    struct Stop;
    impl Observer for Stop {
        fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    let stopped = cech(&many(400), &CechParams::default(), &Control::new(&Stop));
    assert_eq!(stopped.unwrap_err(), Error::Interrupted);
}
