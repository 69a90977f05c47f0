//! One `rips` call on one thread, for counting its instructions: `counts CASE`, where `counts` alone lists the cases.
//!
//! `make counts` runs it under callgrind and compares with stored counts. Inputs are generated, so that a count is a property
//! of the code, the compiler and the registers it may use.
#![expect(clippy::print_stdout, reason = "an example reports to its terminal")]

use toposcope_core::{Control, Metric, Points, RipsInput, RipsParams, rips};

struct Case {
    name: &'static str,
    points: fn(&mut Random) -> Vec<[f64; 3]>,
    max_dim: usize,
    threshold: Option<f64>,
}

/// Complete in degree 1, complete in degree 2, and large with a threshold: the three ways through the engine.
const CASES: [Case; 3] = [
    Case {
        name: "cube_500_h1",
        points: |random| (0..500).map(|_| random.in_cube()).collect(),
        max_dim: 1,
        threshold: None,
    },
    Case {
        name: "sphere_192_h2",
        points: |random| (0..192).map(|_| random.on_sphere()).collect(),
        max_dim: 2,
        threshold: None,
    },
    Case {
        name: "cube_5000_h1_near",
        points: |random| (0..5000).map(|_| random.in_cube()).collect(),
        max_dim: 1,
        threshold: Some(0.1),
    },
];

/// An LCG: seeded, and nothing here needs better.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn in_cube(&mut self) -> [f64; 3] {
        std::array::from_fn(|_| self.unit())
    }

    fn on_sphere(&mut self) -> [f64; 3] {
        let (z, turn) = (2.0 * self.unit() - 1.0, std::f64::consts::TAU * self.unit());
        let radius = (1.0 - z * z).sqrt();
        [radius * turn.cos(), radius * turn.sin(), z]
    }
}

fn main() {
    let Some(name) = std::env::args().nth(1) else {
        for case in &CASES {
            println!("{}", case.name);
        }
        return;
    };
    let case = CASES.iter().find(|case| case.name == name);
    let case = case.expect("a case that is listed without an argument");
    let coordinates = (case.points)(&mut Random(7)).concat();
    let points = Points::from_f64(coordinates, 3).expect("finite coordinates");
    let params = RipsParams {
        max_dim: case.max_dim,
        threshold: case.threshold,
        n_threads: Some(1),
        ..RipsParams::default()
    };
    let input = RipsInput::Points(&points, Metric::Euclidean);
    let diagram = rips(input, &params, &Control::none()).expect("valid input");
    let counts: Vec<usize> = (0..=case.max_dim)
        .map(|dim| diagram.intervals(dim as u8).count())
        .collect();
    println!("{counts:?}");
}
