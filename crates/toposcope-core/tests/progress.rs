//! How far a call has come is one share, which never goes back and ends where all is done.

mod common;

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::Duration;

use common::{Random, matrix, params, points, sparse};
use toposcope_core::representatives::{Detail, rips_with_representatives};
use toposcope_core::{
    AlphaParams, CechParams, Control, Error, Method, Metric, Observer, Points, RipsInput,
    RipsParams, alpha, cech, rips,
};

/// Every stage that `rips` may be at, as its documentation lists them.
const STAGES: [&str; 14] = [
    "start",
    "index",
    "distances",
    "neighbours",
    "enclosing radius",
    "edges",
    "sort",
    "ranks",
    "components",
    "sweep",
    "loops",
    "reduction",
    "diagram",
    "done",
];
const OF_COHOMOLOGY: [&str; 2] = ["apparent pairs", "cohomology"];
const OF_REPRESENTATIVES: [&str; 2] = ["cycles", "cocycles"];

#[derive(Default)]
struct Log(RefCell<Vec<(&'static str, u64, u64)>>);

impl Observer for Log {
    fn observe(&self, stage: &'static str, done: u64, total: u64) -> ControlFlow<()> {
        self.0.borrow_mut().push((stage, done, total));
        ControlFlow::Continue(())
    }
}

/// What an observer who is asked all the time sees of a call.
fn watch(work: impl FnOnce(&Control) -> Result<(), Error>) -> Vec<(&'static str, u64, u64)> {
    let log = Log::default();
    let control = Control::new(&log).with_period(Duration::ZERO);
    work(&control).expect("valid input");
    control.finish().expect("nobody stops it");
    log.0.into_inner()
}

fn check(seen: &[(&'static str, u64, u64)], what: &str) {
    assert!(seen.len() > 10, "{what}: {seen:?}");
    let whole = seen[0].2;
    assert!(
        seen.iter()
            .all(|&(_, done, total)| done <= total && total == whole)
    );
    assert!(
        seen.windows(2).all(|pair| pair[0].1 <= pair[1].1),
        "{what}: {seen:?}"
    );
    assert_eq!(seen.last(), Some(&("done", whole, whole)));
    // A bar that waits until the end and then jumps is of no use.
    let within = seen
        .iter()
        .filter(|&&(_, done, _)| 0 < done && done < whole);
    let different = within
        .map(|&(_, done, _)| done)
        .collect::<std::collections::BTreeSet<_>>();
    assert!(different.len() > 5, "{what}: {seen:?}");
}

fn cube(n: usize, n_dims: usize) -> Points {
    let mut random = Random(n as u64);
    let mut row = || (0..n_dims).map(|_| random.unit()).collect();
    points(&(0..n).map(|_| row()).collect::<Vec<Vec<f64>>>())
}

fn check_rips(input: RipsInput, asked: &RipsParams) {
    for n_threads in [1, 3] {
        let asked = RipsParams {
            n_threads: Some(n_threads),
            ..asked.clone()
        };
        let seen = watch(|control| rips(input, &asked, control).map(drop));
        check(&seen, &format!("{asked:?}"));
        for (stage, _, _) in seen {
            let is_listed = STAGES.contains(&stage) || OF_COHOMOLOGY.contains(&stage);
            assert!(is_listed, "{stage} is a stage that nobody knows");
        }
    }
}

#[test]
fn every_form_of_rips_has_one_bar() {
    let euclidean = Metric::Euclidean;
    for (points, max_dim, threshold) in [
        (cube(2000, 3), 0, None),
        (cube(300, 20), 0, None),
        (cube(600, 3), 1, None),
        (cube(6000, 2), 1, None),
        (cube(6000, 3), 1, Some(0.1)),
        (cube(5000, 10), 1, Some(0.5)),
        (cube(200, 3), 2, None),
        (cube(4500, 3), 3, Some(0.08)),
    ] {
        let input = RipsInput::Points(&points, euclidean);
        check_rips(input, &params(max_dim, threshold, 2, Method::Auto));
    }
    let points = cube(300, 3);
    let distances = matrix(&points);
    let near = sparse(&distances, 0.3);
    for max_dim in 0..3 {
        check_rips(
            RipsInput::Dense(&distances),
            &params(max_dim, None, 3, Method::Auto),
        );
        check_rips(
            RipsInput::Sparse(&near),
            &params(max_dim, None, 3, Method::Auto),
        );
    }
    let cohomology = params(2, Some(0.4), 2, Method::Cohomology);
    check_rips(RipsInput::Points(&points, euclidean), &cohomology);
}

#[test]
fn a_form_that_gives_way_to_another_goes_on_from_there() {
    // Loops as wide as the whole cloud: the spatial index leaves them to all pairs.
    let mut random = Random(1);
    let mut row = || {
        let turn = std::f64::consts::TAU * random.unit();
        vec![turn.cos(), turn.sin(), 0.01 * random.unit()]
    };
    let points = points(&(0..4500).map(|_| row()).collect::<Vec<_>>());
    check_rips(
        RipsInput::Points(&points, Metric::Euclidean),
        &params(1, None, 2, Method::Auto),
    );
}

#[test]
fn representatives_alpha_and_cech_have_one_bar_too() {
    let points = cube(150, 3);
    let input = RipsInput::Points(&points, Metric::Euclidean);
    let asked = params(2, None, 2, Method::Auto);
    let seen = watch(|control| {
        rips_with_representatives(input, &asked, Detail::Chains, control).map(drop)
    });
    check(&seen, "representatives");
    for (stage, _, _) in seen {
        assert!(
            STAGES.contains(&stage) || OF_REPRESENTATIVES.contains(&stage),
            "{stage}"
        );
    }
    let seen = watch(|control| alpha(&cube(3000, 3), &AlphaParams::default(), control).map(drop));
    check(&seen, "alpha");
    let asked = CechParams {
        threshold: Some(0.3),
        ..CechParams::default()
    };
    check(
        &watch(|control| cech(&points, &asked, control).map(drop)),
        "cech",
    );
}
