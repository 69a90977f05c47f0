//! What holds for every input, tried on inputs that prefer ties and duplicates.

mod common;

use common::{intervals, matrix, params, points, run};
use proptest::prelude::*;
use toposcope_core::{DistanceMatrix, Method, Metric, RipsInput, SparseDistances};

const METHODS: [Method; 2] = [Method::Lune, Method::Cohomology];

/// Rows of one length: mostly from a small grid, so that distances are equal and points coincide.
fn clouds() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let coordinate = prop_oneof![
        4 => (0..4i32).prop_map(f64::from),
        1 => (0..1000i32).prop_map(|x| f64::from(x) / 250.0),
    ];
    (1..4usize).prop_flat_map(move |d| {
        let row = prop::collection::vec(coordinate.clone(), d);
        prop::collection::vec(row, 0..14)
    })
}

fn diagram(rows: &[Vec<f64>], threshold: Option<f64>, method: Method) -> Vec<(usize, f64, f64)> {
    let matrix = matrix(&points(rows));
    let params = params(2, threshold, 2, method);
    intervals(&run(RipsInput::Dense(&matrix), &params))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_points_does_not_matter(rows in clouds(), seed in 0u64..1000) {
        let mut shuffled = rows.clone();
        let mut random = common::Random(seed);
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, random.below(at + 1));
        }
        for method in METHODS {
            prop_assert_eq!(diagram(&rows, None, method), diagram(&shuffled, None, method));
        }
    }

    #[test]
    fn powers_of_two_scale_exactly(rows in clouds(), exponent in -20..20i32) {
        let factor = 2f64.powi(exponent);
        let scaled: Vec<Vec<f64>> =
            rows.iter().map(|row| row.iter().map(|x| x * factor).collect()).collect();
        for method in METHODS {
            let mut expected = diagram(&rows, None, method);
            for (_, birth, death) in &mut expected {
                *birth *= factor;
                *death *= factor;
            }
            prop_assert_eq!(diagram(&scaled, None, method), expected);
        }
    }

    #[test]
    fn a_threshold_only_cuts(rows in clouds(), threshold in (0..20i32).prop_map(|x| f64::from(x) / 4.0)) {
        for method in METHODS {
            let mut expected = diagram(&rows, None, method);
            expected.retain(|i| i.1 <= threshold);
            for (_, _, death) in &mut expected {
                if *death > threshold {
                    *death = f64::INFINITY;
                }
            }
            expected.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2)));
            prop_assert_eq!(diagram(&rows, Some(threshold), method), expected);
        }
    }

    #[test]
    fn a_point_twice_changes_nothing(rows in clouds(), which in 0usize..14) {
        if !rows.is_empty() {
            let mut doubled = rows.clone();
            doubled.push(rows[which % rows.len()].clone());
            for method in METHODS {
                prop_assert_eq!(diagram(&rows, None, method), diagram(&doubled, None, method));
            }
        }
    }

    #[test]
    fn fewer_dimensions_are_a_part_of_more(rows in clouds(), max_dim in 0..2usize) {
        let matrix = matrix(&points(&rows));
        for method in METHODS {
            let few = run(RipsInput::Dense(&matrix), &params(max_dim, None, 2, method));
            let mut more = diagram(&rows, None, method);
            more.retain(|i| i.0 <= max_dim);
            prop_assert_eq!(intervals(&few), more);
        }
    }
}

#[test]
fn few_vertices_and_many_dimensions() {
    for n in 0..4usize {
        let lower = vec![1.0; n * n.saturating_sub(1) / 2];
        let matrix = DistanceMatrix::from_lower(lower, n).unwrap();
        for max_dim in [0, 1, 5, 12] {
            for method in METHODS {
                let got = run(RipsInput::Dense(&matrix), &params(max_dim, None, 3, method));
                let mut expected = vec![(0, 0.0, 1.0); n.saturating_sub(1)];
                expected.extend((n > 0).then_some((0, 0.0, f64::INFINITY)));
                assert_eq!(intervals(&got), expected, "{n} vertices, {max_dim}");
            }
        }
    }
}

#[test]
fn zero_lengths_and_signed_zeros_are_lengths() {
    // A square of which two opposite corners are doubled at distance -0.0, which is 0.0.
    let corners = [
        [0.0, 0.0],
        [0.0, 1.0],
        [1.0, 1.0],
        [1.0, 0.0],
        [0.0, 0.0],
        [1.0, 1.0],
    ];
    let rows: Vec<Vec<f64>> = corners.iter().map(|c| c.to_vec()).collect();
    let plain = matrix(&points(&rows));
    let signed = |x: f64| if x == 0.0 { -0.0 } else { x };
    let lower = (0..6).flat_map(|i| plain.row(i).iter().map(|&x| signed(x)).collect::<Vec<_>>());
    let signed = DistanceMatrix::from_lower(lower.collect(), 6).unwrap();
    for method in METHODS {
        let got = run(RipsInput::Dense(&signed), &params(1, None, 2, method));
        assert_eq!(
            got,
            run(RipsInput::Dense(&plain), &params(1, None, 2, method))
        );
        assert_eq!(got.intervals(1).collect::<Vec<_>>(), [(1.0, 2f64.sqrt())]);
        let at_zero = run(RipsInput::Dense(&signed), &params(1, Some(0.0), 2, method));
        assert_eq!(at_zero.intervals(0).count(), 4);
    }
}

/// A fan: a path 1, 2, …, n of short edges, all joined to 0 by longer and longer ones, and beside it a way from 0 to n over
/// two more vertices. That way and the path make a loop; the edge that fills it flows down the whole fan.
fn fan(n: u32) -> SparseDistances {
    let path = (2..=n).map(|i| (i, i - 1, 0.5));
    let spokes = (1..=n).map(|i| (i, 0, f64::from(i)));
    let (p, q) = (n + 1, n + 2);
    let last = f64::from(n + 1);
    let beside = [(p, 0, 1.0), (q, p, 1.0), (q, n, 1.0), (p, n, last)];
    let entries = path.chain(spokes).chain(beside);
    SparseDistances::from_entries(entries, n as usize + 3).expect("a graph")
}

#[test]
fn flows_as_long_as_the_input_need_no_deep_stack() {
    let work = || {
        for n in [3000, 50_000] {
            let input = fan(n);
            for max_dim in [1, 2] {
                let diagram = run(
                    RipsInput::Sparse(&input),
                    &params(max_dim, None, 3, Method::Lune),
                );
                let loops: Vec<_> = diagram.intervals(1).collect();
                assert_eq!(loops, [(1.0, f64::from(n + 1))]);
            }
        }
        let line: Vec<Vec<f64>> = (0..1000).map(|i| vec![f64::from(i)]).collect();
        let line = points(&line);
        let input = RipsInput::Points(&line, Metric::Euclidean);
        let diagram = run(input, &params(2, None, 2, Method::Lune));
        assert_eq!(diagram.len(), 1000, "a line has components alone");
    };
    let small_stack = std::thread::Builder::new().stack_size(128 << 10);
    small_stack.spawn(work).unwrap().join().unwrap();
}
