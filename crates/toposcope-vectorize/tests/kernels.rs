//! Every kernel equals its naive twin, on intervals full of ties, duplicates and zero lengths.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod naive;

use naive::Pairs;
use proptest::prelude::*;
use toposcope_vectorize::image::{Mode, Surface};
use toposcope_vectorize::{Grid, Intervals, betti, image, landscape};

/// Values on a coarse lattice, so that births, deaths and nodes meet; now and then anything.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => (-8_i32..=8).prop_map(|v| f64::from(v) / 4.0), 1 => -2.0..2.0_f64]
}

/// Up to a dozen intervals, zero lengths and duplicates included; with `essential`, some never die.
fn pairs(essential: bool) -> impl Strategy<Value = Pairs> {
    let death = move |(b, length): (f64, f64)| {
        let never = essential && length.abs() == 2.0;
        (
            b,
            if never {
                f64::INFINITY
            } else {
                b + length.abs()
            },
        )
    };
    prop::collection::vec((value(), value()).prop_map(death), 0..12)
}

fn positions() -> impl Strategy<Value = Vec<f64>> {
    let ascending = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    prop::collection::vec(value(), 1..12).prop_map(ascending)
}

fn columns(pairs: &[(f64, f64)]) -> (Vec<f64>, Vec<f64>) {
    pairs.iter().copied().unzip()
}

fn betti_curve(pairs: &[(f64, f64)], nodes: &[f64]) -> Vec<f64> {
    let (births, deaths) = columns(pairs);
    let mut out = vec![f64::NAN; nodes.len()];
    let intervals = Intervals::new(&births, &deaths).unwrap();
    betti::curve(intervals, Grid::new("nodes", nodes).unwrap(), &mut out).unwrap();
    out
}

fn landscape_layers(pairs: &[(f64, f64)], n_layers: usize, nodes: &[f64]) -> Vec<f64> {
    let (births, deaths) = columns(pairs);
    let mut out = vec![f64::NAN; n_layers * nodes.len()];
    let intervals = Intervals::new(&births, &deaths).unwrap();
    let nodes = Grid::new("nodes", nodes).unwrap();
    landscape::layers(intervals, n_layers, nodes, &mut out).unwrap();
    out
}

fn image_pixels(
    pairs: &[(f64, f64)],
    shape: (f64, f64),
    mode: Mode,
    axes: [&[f64]; 2],
) -> Vec<f64> {
    let (births, deaths) = columns(pairs);
    let intervals = Intervals::new(&births, &deaths).unwrap();
    let [across, along] = axes.map(|axis| Grid::new("axis", axis).unwrap());
    let surface = Surface::new(shape.0, shape.1).unwrap();
    let n_pixels = image::n_pixels(across, mode) * image::n_pixels(along, mode);
    let mut out = vec![f64::NAN; n_pixels];
    image::pixels(intervals, surface, mode, across, along, &mut out).unwrap();
    out
}

fn close(got: f64, expected: f64, scale: f64) -> bool {
    (got - expected).abs() <= 1e-12 * scale
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn betti_equals_the_count(pairs in pairs(true), nodes in positions()) {
        let expected: Vec<f64> = nodes.iter().map(|&t| naive::betti(&pairs, t)).collect();
        prop_assert_eq!(betti_curve(&pairs, &nodes), expected);
    }

    #[test]
    fn landscape_equals_the_sorted_tents(pairs in pairs(true), nodes in positions(), n_layers in 1_usize..6) {
        let mut expected = Vec::new();
        for k in 0..n_layers {
            expected.extend(nodes.iter().map(|&t| naive::landscape(&pairs, k, t)));
        }
        prop_assert_eq!(landscape_layers(&pairs, n_layers, &nodes), expected);
    }

    #[test]
    fn density_equals_the_sum(
        pairs in pairs(false), across in positions(), along in positions(),
        sigma in prop_oneof![Just(0.01), Just(0.25), 0.05..2.0], power in prop_oneof![Just(0.0), Just(1.0), 0.0..3.0],
    ) {
        let got = image_pixels(&pairs, (sigma, power), Mode::Density, [&across, &along]);
        let peak: f64 = pairs.iter().map(|(b, d)| (d - b).powf(power)).sum::<f64>() / (sigma * sigma);
        for (row, &y) in along.iter().enumerate() {
            for (column, &x) in across.iter().enumerate() {
                let expected = naive::density(&pairs, sigma, power, x, y);
                let got = got[row * across.len() + column];
                prop_assert!(close(got, expected, peak), "{got} {expected} at {x}, {y}");
            }
        }
    }

    #[test]
    fn integral_equals_the_quadrature(
        pairs in pairs(false), across in positions(), along in positions(), sigma in 0.2..1.0, power in 0.0..3.0,
    ) {
        let got = image_pixels(&pairs, (sigma, power), Mode::Integral, [&across, &along]);
        let mass: f64 = pairs.iter().map(|(b, d)| (d - b).powf(power)).sum();
        for (row, y) in along.windows(2).enumerate() {
            for (column, x) in across.windows(2).enumerate() {
                let expected = naive::integral(&pairs, sigma, power, [x[0], x[1]], [y[0], y[1]]);
                let got = got[row * (across.len() - 1) + column];
                prop_assert!(close(got, expected, mass), "{got} {expected} at {x:?}, {y:?}");
            }
        }
    }

    #[test]
    fn order_changes_nothing(mut pairs in pairs(true), nodes in positions()) {
        let (curve, layers) = (betti_curve(&pairs, &nodes), landscape_layers(&pairs, 3, &nodes));
        pairs.reverse();
        prop_assert_eq!(betti_curve(&pairs, &nodes), curve);
        prop_assert_eq!(landscape_layers(&pairs, 3, &nodes), layers);
    }
}

#[test]
fn an_image_keeps_the_weight_of_a_plane_of_pixels() {
    let pairs = [(0.0, 1.0), (0.5, 2.0), (0.5, 2.0)];
    let edges: Vec<f64> = (-40..=80).map(|v| f64::from(v) / 10.0).collect();
    let pixels = image_pixels(&pairs, (0.2, 2.0), Mode::Integral, [&edges, &edges]);
    let weight = 1.0 + 2.0 * 1.5 * 1.5;
    assert!((pixels.iter().sum::<f64>() - weight).abs() < 1e-12);
}

#[test]
fn far_pixels_are_zero_and_near_tails_are_exact() {
    let edges = [8.0, 8.5, 9.5, 10.0];
    let masses = image_pixels(
        &[(0.0, 0.5)],
        (1.0, 0.0),
        Mode::Integral,
        [&edges, &[-100.0, 100.0]],
    );
    // Φ(8.5) - Φ(8) and Φ(9.5) - Φ(8.5) by the power series in 80 digits; 1 - erf would give 6.66e-16 and 0.
    for (mass, exact) in masses
        .iter()
        .zip([6.126_165_226_049_751e-16, 9.478_485_370_695_782e-18])
    {
        assert!((mass / exact - 1.0).abs() < 1e-13, "{masses:?}");
    }
    assert_eq!(masses[2], 0.0);
}
