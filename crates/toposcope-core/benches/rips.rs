//! Seconds of one `rips` call on standard inputs, fastest of a few.
//!
//! `cargo bench -p toposcope-core --bench rips -- [NAME-PART] [METHOD]` runs the generated inputs; with `TOPOSCOPE_DATA` set to
//! the folder of the standard data files, those too. The methods take turns, on `TOPOSCOPE_THREADS` threads if that is set. Before anything is timed, all methods asked for must agree.
//! With `TOPOSCOPE_STAGES` set, each method also tells how long each of its stages took, in the fastest of its calls.
#![expect(clippy::print_stdout, reason = "a benchmark reports to its terminal")]

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use toposcope_core::{
    Control, Diagram, DistanceMatrix, Method, Metric, Observer, Points, RipsInput, RipsParams, rips,
};

enum Input {
    Points(Points),
    Matrix(DistanceMatrix),
}

struct Case {
    name: &'static str,
    input: Input,
    params: RipsParams,
}

fn case(
    name: &'static str,
    input: Input,
    max_dim: usize,
    threshold: Option<f64>,
    field: u32,
) -> Case {
    let params = RipsParams {
        max_dim,
        threshold,
        field,
        n_threads: std::env::var("TOPOSCOPE_THREADS")
            .ok()
            .map(|count| count.parse().expect("a number of threads")),
        ..RipsParams::default()
    };
    Case {
        name,
        input,
        params,
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let part = arguments.first().map_or("", String::as_str);
    let methods = match arguments.get(1) {
        Some(name) => vec![Method::from_name(name).expect("a method")],
        None => vec![Method::Lune, Method::Cohomology],
    };
    let mut cases = generated();
    cases.extend(hollow());
    if let Ok(folder) = std::env::var("TOPOSCOPE_DATA") {
        cases.extend(standard(Path::new(&folder)));
    }
    for case in cases.into_iter().filter(|case| case.name.contains(part)) {
        measure(&case, &methods);
    }
}

/// Tries of one method, and the seconds after which it is tried no more.
const MOST_TRIES: usize = 50;
const ENOUGH_SECS: f64 = 0.5;

fn measure(case: &Case, methods: &[Method]) {
    let mut expected: Option<Diagram> = None;
    let mut fastest = vec![f64::INFINITY; methods.len()];
    let mut spent = vec![0.0; methods.len()];
    let tell = std::env::var_os("TOPOSCOPE_STAGES").is_some();
    let mut stages = vec![Vec::new(); methods.len()];
    // By turns, so that a busy machine is busy for all of them.
    for _ in 0..MOST_TRIES {
        for (at, &method) in methods.iter().enumerate() {
            if spent[at] > ENOUGH_SECS {
                continue;
            }
            let params = RipsParams {
                method,
                ..case.params.clone()
            };
            let watch = Watch::default();
            let control = if tell {
                Control::new(&watch).with_period(Duration::ZERO)
            } else {
                Control::none()
            };
            let start = Instant::now();
            let diagram = run(&case.input, &params, &control);
            let seconds = start.elapsed().as_secs_f64();
            spent[at] += seconds;
            if seconds < fastest[at] {
                fastest[at] = seconds;
                stages[at] = watch.0.take();
            }
            let first = expected.get_or_insert_with(|| diagram.clone());
            assert_eq!(first, &diagram, "{}", case.name);
        }
    }
    let intervals = |dim: usize| {
        let diagram = expected.as_ref();
        diagram.map_or(0, |diagram| diagram.intervals(dim as u8).count())
    };
    let counts: Vec<usize> = (0..=case.params.max_dim).map(intervals).collect();
    for ((method, seconds), stages) in methods.iter().zip(fastest).zip(stages) {
        println!(
            "{:24} {method:?}: {seconds:11.6} s  intervals {counts:?}",
            case.name
        );
        // From when a stage was first heard of until the next one was.
        let ends = stages.iter().skip(1).map(|&(_, start)| start);
        let ends = ends.chain(
            stages
                .first()
                .map(|(_, start)| *start + Duration::from_secs_f64(seconds)),
        );
        for ((stage, start), end) in stages.iter().zip(ends) {
            println!(
                "    {stage:16} {:8.1} ms",
                1e3 * (end - *start).as_secs_f64()
            );
        }
    }
}

/// Stages, and when they were first heard of; one that comes again is listed again.
#[derive(Default)]
struct Watch(RefCell<Vec<(&'static str, Instant)>>);

impl Observer for Watch {
    fn observe(&self, stage: &'static str, _: u64, _: u64) -> ControlFlow<()> {
        let mut stages = self.0.borrow_mut();
        if stages.last().is_none_or(|&(last, _)| last != stage) {
            stages.push((stage, Instant::now()));
        }
        ControlFlow::Continue(())
    }
}

fn run(input: &Input, params: &RipsParams, control: &Control) -> Diagram {
    let input = match input {
        Input::Points(points) => RipsInput::Points(points, Metric::Euclidean),
        Input::Matrix(matrix) => RipsInput::Dense(matrix),
    };
    rips(input, params, control).expect("valid input")
}

/// A plain LCG: seeded, and nothing here needs better.
fn unit(seed: &mut u64) -> f64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 11) as f64 / (1u64 << 53) as f64
}

fn normal(seed: &mut u64) -> f64 {
    let radius = (-2.0 * (1.0 - unit(seed)).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(seed)).cos()
}

/// Points spread evenly over the unit sphere.
fn on_sphere(n: usize, n_dims: usize, seed: &mut u64) -> Vec<f64> {
    let mut point = |_| {
        let v: Vec<f64> = (0..n_dims).map(|_| normal(seed)).collect();
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.into_iter().map(move |x| x / norm)
    };
    (0..n).flat_map(&mut point).collect()
}

/// Points near twelve unit circles about the origin, in planes orthogonal to each other: as `circles_2000_768` of `make peers`.
fn on_circles(n: usize, n_dims: usize) -> Vec<f32> {
    let mut seed = 3u64;
    let mut coordinates = Vec::new();
    for i in 0..n {
        let turn = std::f64::consts::TAU * unit(&mut seed);
        let plane = 2 * (i % 12);
        for axis in 0..n_dims {
            let on_circle = match axis.checked_sub(plane) {
                Some(0) => turn.cos(),
                Some(1) => turn.sin(),
                _ => 0.0,
            };
            coordinates.push((on_circle + 0.02 * normal(&mut seed)) as f32);
        }
    }
    coordinates
}

fn generated() -> Vec<Case> {
    let mut seed = 7u64;
    let sphere = on_sphere(2000, 3, &mut seed);
    let cube: Vec<f64> = (0..3000).map(|_| unit(&mut seed)).collect();
    let gaussian: Vec<f32> = (0..768_000).map(|_| normal(&mut seed) as f32).collect();
    let points = |c: Vec<f64>, d| Input::Points(Points::from_f64(c, d).expect("finite"));
    vec![
        case("sphere_2000_h1", points(sphere, 3), 1, None, 2),
        case("cube_1000_h2", points(cube, 3), 2, None, 2),
        case(
            "circles_2000_768_h1",
            Input::Points(Points::from_f32(on_circles(2000, 768), 768).expect("finite")),
            1,
            None,
            2,
        ),
        case(
            "gaussian_1000_768_h1",
            Input::Points(Points::from_f32(gaussian, 768).expect("finite")),
            1,
            None,
            2,
        ),
    ]
}

/// Inputs with hollow lunes, where the engines are nearest to each other.
fn hollow() -> Vec<Case> {
    let random = |n: usize| {
        let mut seed = 11u64;
        let lengths = (0..n * (n - 1) / 2).map(|_| unit(&mut seed)).collect();
        Input::Matrix(DistanceMatrix::from_lower(lengths, n).expect("distances"))
    };
    let gaussian = |n: usize, n_dims: usize| {
        let mut seed = 13u64;
        let coordinates = (0..n * n_dims).map(|_| normal(&mut seed)).collect();
        Input::Points(Points::from_f64(coordinates, n_dims).expect("finite"))
    };
    let sphere = |n: usize, n_dims: usize| {
        let coordinates = on_sphere(n, n_dims, &mut 5);
        Input::Points(Points::from_f64(coordinates, n_dims).expect("finite"))
    };
    vec![
        case("random_10_h2", random(10), 2, None, 2),
        case("random_15_h2", random(15), 2, None, 2),
        case("random_20_h2", random(20), 2, None, 2),
        case("random_40_h2", random(40), 2, None, 2),
        case("random_100_h2", random(100), 2, None, 2),
        case("random_150_h2", random(150), 2, None, 2),
        case("random_20_h4", random(20), 4, None, 2),
        case("gaussian_60_768_h2", gaussian(60, 768), 2, None, 2),
        case("gaussian_150_768_h2", gaussian(150, 768), 2, None, 2),
        case("gaussian_300_768_h2", gaussian(300, 768), 2, None, 2),
        case("gaussian_600_768_h2", gaussian(600, 768), 2, None, 2),
        case("gaussian_100_768_h3", gaussian(100, 768), 3, None, 2),
        case("gaussian_40_768_h4", gaussian(40, 768), 4, None, 2),
        case("gaussian_300_20_h2", gaussian(300, 20), 2, None, 2),
        case("gaussian_100_50_h3", gaussian(100, 50), 3, None, 2),
        case("sphere_9_300_h2", sphere(300, 10), 2, None, 2),
        case("sphere_9_150_h2", sphere(150, 10), 2, None, 2),
        case("sphere_5_300_h2", sphere(300, 6), 2, None, 2),
        case("sphere_5_200_h3", sphere(200, 6), 3, None, 2),
        case("sphere_3_300_h2", sphere(300, 4), 2, None, 2),
        case("sphere_3_150_h3", sphere(150, 4), 3, None, 2),
        case("sphere_2_300_h2", sphere(300, 3), 2, None, 2),
        case("sphere_2_500_h2", sphere(500, 3), 2, None, 2),
    ]
}

fn standard(folder: &Path) -> Vec<Case> {
    let numbers = |file: &str| -> Vec<f64> {
        let text = std::fs::read_to_string(folder.join(file)).expect("a data file");
        let words = text.split(|c: char| c.is_whitespace() || c == ',');
        words
            .filter(|w| !w.is_empty())
            .map(|w| w.parse().expect("a number"))
            .collect()
    };
    let points = |file: &str, d| Input::Points(Points::from_f64(numbers(file), d).expect("points"));
    let square = |file: &str| {
        let full = numbers(file);
        let n = full.len().isqrt();
        let lower = (0..n)
            .flat_map(|i| full[i * n..i * n + i].to_vec())
            .collect();
        Input::Matrix(DistanceMatrix::from_lower(lower, n).expect("distances"))
    };
    let lower = numbers("sphere_3_192.lower_distance_matrix");
    let sphere = Input::Matrix(DistanceMatrix::from_lower(lower, 192).expect("distances"));
    vec![
        case("sphere_3_192_h2", sphere, 2, None, 2),
        case(
            "random_50_16_h7",
            points("random_50_16.txt", 16),
            7,
            None,
            2,
        ),
        case("dragon_1000_h1", points("dragon_1000.txt", 3), 1, None, 2),
        case("dragon_2000_h1", points("dragon_2000.txt", 3), 1, None, 2),
        case(
            "fractal_r_512_h2",
            square("fractal_r_512_distances.txt"),
            2,
            None,
            2,
        ),
        case(
            "celegans_297_h2",
            square("celegans_297_distances.txt"),
            2,
            None,
            2,
        ),
        case(
            "klein_bottle_400_h2_z3",
            points("klein_bottle_400.txt", 3),
            2,
            None,
            3,
        ),
        case("o3_1024_h3", points("o3_1024.txt", 9), 3, Some(1.8), 2),
        case("o3_4096_h3", points("o3_4096.txt", 9), 3, Some(1.4), 2),
        case(
            "clifford_torus_50000_h1",
            points("clifford_torus_50000.txt", 4),
            1,
            Some(0.15),
            2,
        ),
    ]
}
