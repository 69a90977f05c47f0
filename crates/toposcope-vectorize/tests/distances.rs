//! Distances between diagrams: equal to their definitions, and distances indeed, on intervals full of ties.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::ops::ControlFlow;

use proptest::prelude::*;
use toposcope_core::{Control, Error, Observer};
use toposcope_oracle::{Exponents, distance_by_force, matching_length};
use toposcope_vectorize::Intervals;
use toposcope_vectorize::distances::{Comparison, Norm, bottleneck, wasserstein};

type Pairs = Vec<(f64, f64)>;
const INF: f64 = f64::INFINITY;
const GROUNDS: [f64; 4] = [1.0, 2.0, 3.5, INF];
const ORDERS: [f64; 5] = [1.0, 2.0, 3.0, 40.0, INF];

fn columns(pairs: &[(f64, f64)]) -> (Vec<f64>, Vec<f64>) {
    pairs.iter().copied().unzip()
}

fn compare(a: &[(f64, f64)], b: &[(f64, f64)], exponents: Exponents) -> Comparison {
    let ((a, c), (b, d)) = (columns(a), columns(b));
    let (a, b) = (
        Intervals::new(&a, &c).unwrap(),
        Intervals::new(&b, &d).unwrap(),
    );
    let norm = Norm::new(exponents.ground).unwrap();
    wasserstein(a, b, exponents.order, norm, &Control::none()).unwrap()
}

fn distance(a: &[(f64, f64)], b: &[(f64, f64)], exponents: Exponents) -> f64 {
    compare(a, b, exponents).distance
}

fn exponents() -> impl Strategy<Value = Exponents> {
    let (order, ground) = (
        prop::sample::select(&ORDERS[..]),
        prop::sample::select(&GROUNDS[..]),
    );
    (order, ground).prop_map(|(order, ground)| Exponents { order, ground })
}

/// Lattice values, so that lengths tie; now and then anything.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![3 => (-4_i32..=4).prop_map(|v| f64::from(v) / 2.0), 1 => -2.0..2.0_f64]
}

/// Intervals with duplicates and some of zero length; one in `8 / essential` never dies.
fn pairs(most: usize, essential: u32) -> impl Strategy<Value = Pairs> {
    let one = (value(), value(), 0..8_u32).prop_map(move |(x, y, kind)| {
        let death = if kind < essential { INF } else { x.max(y) };
        (x.min(y), death)
    });
    prop::collection::vec(one, 0..=most)
}

fn close(x: f64, y: f64) -> bool {
    x == y || (x - y).abs() <= 1e-12 * (1.0 + x.abs().max(y.abs()))
}

/// As the definition has it, for a matching with essential intervals: their segments are along births.
fn length_of(
    comparison: &Comparison,
    a: &[(f64, f64)],
    b: &[(f64, f64)],
    exponents: Exponents,
) -> f64 {
    matching_length(a, b, comparison.partners.as_ref().unwrap(), exponents)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_matching_is_shorter(a in pairs(5, 1), b in pairs(5, 1), exponents in exponents()) {
        let got = compare(&a, &b, exponents);
        let expected = distance_by_force(&a, &b, exponents);
        prop_assert!(close(got.distance, expected), "{} {expected}", got.distance);
        prop_assert_eq!(got.partners.is_some(), expected.is_finite());
        if expected.is_finite() {
            prop_assert!(close(length_of(&got, &a, &b, exponents), expected));
        }
    }

    #[test]
    fn a_bottleneck_is_one_of_the_lengths(a in pairs(40, 0), b in pairs(40, 0)) {
        let exponents = Exponents { order: INF, ground: INF };
        let got = compare(&a, &b, exponents);
        prop_assert_eq!(got.distance, toposcope_oracle::bottleneck_distance(&a, &b));
        prop_assert_eq!(length_of(&got, &a, &b, exponents), got.distance);
    }

    #[test]
    fn the_hungarian_method_agrees(a in pairs(40, 0), b in pairs(40, 0), order in 1.0..4.0_f64, exponents in exponents()) {
        let order = if exponents.order > 3.0 { order } else { exponents.order };
        let exponents = Exponents { order, ..exponents };
        let got = compare(&a, &b, exponents);
        let expected = toposcope_oracle::wasserstein_distance(&a, &b, exponents);
        prop_assert!(close(got.distance, expected), "{} {expected}", got.distance);
        prop_assert!(close(length_of(&got, &a, &b, exponents), expected));
    }

    #[test]
    fn a_metric(a in pairs(25, 0), b in pairs(25, 0), c in pairs(25, 0), exponents in exponents()) {
        prop_assert_eq!(distance(&a, &a, exponents), 0.0);
        let (ab, bc, ac) = (distance(&a, &b, exponents), distance(&b, &c, exponents), distance(&a, &c, exponents));
        prop_assert_eq!(ab, distance(&b, &a, exponents));
        prop_assert!(ac <= ab + bc + 1e-12 * (1.0 + ac));
    }

    #[test]
    fn neither_order_nor_the_diagonal_counts(
        a in pairs(25, 1), b in pairs(25, 1), at in prop::collection::vec(value(), 1..4), exponents in exponents(),
    ) {
        let mut other: Pairs = a.iter().rev().copied().collect();
        other.extend(at.iter().map(|&t| (t, t)));
        prop_assert_eq!(distance(&a, &b, exponents), distance(&other, &b, exponents));
    }

    #[test]
    fn units_of_length_scale(a in pairs(12, 1), b in pairs(12, 1), exponents in exponents(), power in -900_i32..=900) {
        let factor = 2.0_f64.powi(power);
        let scaled = |pairs: &Pairs| pairs.iter().map(|&(x, y)| (x * factor, y * factor)).collect::<Pairs>();
        let (plain, other) = (distance(&a, &b, exponents), distance(&scaled(&a), &scaled(&b), exponents));
        prop_assert!(close(plain, other / factor), "{plain} {other}");
    }
}

#[test]
fn nothing_at_all() {
    for order in ORDERS {
        for ground in GROUNDS {
            let exponents = Exponents { order, ground };
            assert_eq!(distance(&[], &[], exponents), 0.0);
            assert_eq!(distance(&[(1.0, 1.0)], &[], exponents), 0.0);
            let expected = exponents.to_diagonal((0.0, 1.0));
            assert!(close(distance(&[(0.0, 1.0)], &[], exponents), expected));
        }
    }
}

#[test]
fn essential_intervals_are_matched_by_birth() {
    let a = [(3.0, INF), (0.0, 1.0), (0.0, INF)];
    let b = [(0.5, INF), (3.25, INF)];
    let exponents = Exponents {
        order: 1.0,
        ground: 2.0,
    };
    let got = compare(&a, &b, exponents);
    assert_eq!(got.partners, Some(vec![Some(1), None, Some(0)]));
    assert!(close(got.distance, 0.75 + 0.5_f64.sqrt()));
    assert_eq!(compare(&a, &b[..1], exponents).distance, INF);
    assert_eq!(compare(&a, &b[..1], exponents).partners, None);
}

#[test]
fn far_apart_scales_do_not_drown_each_other() {
    let a = [(1e6, 1e6 + 1e-3), (0.0, 1e-5)];
    for order in [40.0, 1e6] {
        let exponents = Exponents { order, ground: INF };
        let got = distance(&a, &a[..1], exponents);
        assert!((got / 5e-6 - 1.0).abs() < 1e-9, "{got}");
    }
}

#[test]
fn what_is_refused() {
    let (births, deaths) = ([0.0], [1.0]);
    let one = Intervals::new(&births, &deaths).unwrap();
    for order in [0.5, -1.0, f64::NAN] {
        let refused = wasserstein(one, one, order, Norm::MAX, &Control::none());
        let expected = format!("order: expected a number of 1 to infinity, got {order}");
        assert_eq!(refused.unwrap_err().to_string(), expected);
    }
    let (births, deaths) = ([-1e308], [1e308]);
    let large = Intervals::new(&births, &deaths).unwrap();
    let refused = bottleneck(one, large, Norm::MAX, &Control::none())
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("intervals: expected values of at most 2.2"),
        "{refused}"
    );
}

#[test]
fn an_observer_stops_it() {
    struct Stop;
    impl Observer for Stop {
        fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    // Points of two lattices, none of which is near the diagonal.
    let births: Vec<f64> = (0..20_000).map(|i| f64::from(i * 7919 % 20_011)).collect();
    let other: Vec<f64> = births.iter().map(|birth| birth + 0.5).collect();
    let deaths: Vec<f64> = (0..20_000)
        .map(|i| 1e5 + f64::from(i * 104_729 % 19_997))
        .collect();
    let a = Intervals::new(&births, &deaths).unwrap();
    let b = Intervals::new(&other, &deaths).unwrap();
    for order in [1.0, 2.0, INF] {
        let stopped = wasserstein(a, b, order, Norm::MAX, &Control::new(&Stop));
        assert!(
            stopped.is_err_and(|error| error == Error::Interrupted),
            "order {order}"
        );
    }
}
