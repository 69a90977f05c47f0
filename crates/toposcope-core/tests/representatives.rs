//! Representatives against their definitions, by linear algebra on every simplex of small complexes.

mod common;

use common::{Random, full, intervals, matrix, params, points, run, sparse, trials};
use toposcope_core::representatives::{Chain, Detail, Representative, rips_with_representatives};
use toposcope_core::{Control, DistanceMatrix, Method, RipsInput, RipsParams};
use toposcope_oracle as oracle;

/// What is checked: the input as the oracle sees it.
struct Space {
    distances: Vec<f64>,
    n: usize,
    threshold: f64,
    p: u32,
}

impl Space {
    /// All simplices shorter than `scale`, and those as long if they are to count.
    fn complex(&self, scale: f64, inclusive: bool, top_dim: usize) -> oracle::Complex {
        let vertices: Vec<usize> = (0..self.n).collect();
        let shorter = |d: &f64| *d < scale || (inclusive && *d == scale);
        let lengths = self.distances.iter().copied().filter(shorter);
        let longest = lengths.fold(0.0, f64::max).min(self.threshold);
        oracle::Complex::rips(&self.distances, self.n, &vertices, longest, top_dim)
    }

    fn diameter(&self, simplex: &[usize]) -> f64 {
        oracle::diameter(simplex, &self.distances, self.n)
    }

    fn check(&self, (dim, birth, death): (usize, f64, f64), shown: &Representative) {
        let simplex = |vertices: &[u32]| vertices.iter().map(|&v| v as usize).collect::<Vec<_>>();
        let first = simplex(&shown.birth_simplex);
        assert_eq!((first.len(), self.diameter(&first)), (dim + 1, birth));
        assert_eq!(shown.death_simplex.is_some(), death.is_finite());
        if let Some(last) = &shown.death_simplex {
            let last = simplex(last);
            assert_eq!((last.len(), self.diameter(&last)), (dim + 2, death));
        }
        let (cycle, cocycle) = (plain(&shown.cycle, dim), plain(&shown.cocycle, dim));
        assert_eq!(
            (cycle.get(&first), cocycle.get(&first)),
            (Some(&1), Some(&1))
        );
        assert!(cycle.keys().all(|s| self.diameter(s) <= birth));
        assert!(oracle::boundary_of(&cycle, self.p).is_empty());
        let before = self.complex(death, false, dim + 1);
        assert!(!oracle::is_boundary(&cycle, &before, self.p));
        if death.is_finite() {
            let at = self.complex(death, true, dim + 1);
            assert!(oracle::is_boundary(&cycle, &at, self.p));
        }
        let lengths = cocycle.keys().map(|s| self.diameter(s));
        assert!(lengths.into_iter().all(|d| birth <= d && d < death));
        assert!(oracle::coboundary_of(&cocycle, &before, self.p).is_empty());
        assert_eq!(oracle::value_on(&cocycle, &cycle, self.p), 1);
    }

    /// At every scale the cycles that are alive are a basis of homology: independent, and as many as the Betti number.
    fn check_bases(&self, all: &[((usize, f64, f64), oracle::Chain)], max_dim: usize) {
        let births = all.iter().map(|((_, birth, _), _)| *birth);
        for scale in births {
            let complex = self.complex(scale, true, max_dim + 1);
            for dim in 0..=max_dim {
                let alive = all.iter().filter(|((d, birth, death), _)| {
                    *d == dim && *birth <= scale && scale < *death
                });
                let cycles: Vec<&oracle::Chain> = alive.map(|(_, cycle)| cycle).collect();
                assert!(oracle::are_independent(&cycles, &complex, self.p));
            }
        }
    }
}

fn plain(chain: &Chain, dim: usize) -> oracle::Chain {
    let simplices = chain.vertices.chunks(dim + 1);
    let simplices = simplices.map(|s| s.iter().map(|&v| v as usize).collect());
    let plain: oracle::Chain = simplices
        .zip(chain.coefficients.iter().map(|&c| u32::from(c)))
        .collect();
    assert_eq!(plain.len(), chain.coefficients.len(), "each simplex once");
    plain
}

fn check(input: RipsInput, distances: Vec<f64>, n: usize, asked: &RipsParams) {
    let control = Control::none();
    let (diagram, shown) =
        rips_with_representatives(input, asked, Detail::Chains, &control).expect("valid input");
    assert_eq!(diagram, run(input, asked));
    let (same, few) =
        rips_with_representatives(input, asked, Detail::Simplices, &control).expect("valid input");
    assert_eq!(diagram, same);
    assert_eq!(control.budget().live(), 0);
    let space = Space {
        distances,
        n,
        threshold: asked.threshold.unwrap_or(f64::INFINITY),
        p: asked.field,
    };
    let intervals = intervals(&diagram);
    assert_eq!((intervals.len(), few.len()), (shown.len(), shown.len()));
    let mut all = Vec::new();
    for ((&interval, shown), few) in intervals.iter().zip(&shown).zip(few) {
        space.check(interval, shown);
        assert_eq!(few.birth_simplex, shown.birth_simplex);
        assert_eq!(few.death_simplex, shown.death_simplex);
        assert!(few.cycle.coefficients.is_empty() && few.cocycle.coefficients.is_empty());
        all.push((interval, plain(&shown.cycle, interval.0)));
    }
    space.check_bases(&all, asked.max_dim);
}

/// Points of a small grid: ties and duplicates everywhere.
fn grid(random: &mut Random, n: usize, n_dims: usize, side: usize) -> DistanceMatrix {
    let mut row = || (0..n_dims).map(|_| random.below(side) as f64).collect();
    matrix(&points(&(0..n).map(|_| row()).collect::<Vec<Vec<f64>>>()))
}

/// Any symmetric matrix with few different entries.
fn arbitrary(random: &mut Random, n: usize, n_values: usize) -> DistanceMatrix {
    let lower = (0..n * (n - 1) / 2).map(|_| 1.0 + random.below(n_values) as f64);
    DistanceMatrix::from_lower(lower.collect(), n).expect("valid input")
}

#[test]
fn every_representative_is_what_it_says() {
    for trial in 0..trials(150) {
        let mut random = Random(trial as u64);
        let (n, max_dim) = [(11, 1), (8, 2), (7, 3), (9, 0)][trial % 4];
        let distances = match random.below(3) {
            0 => grid(&mut random, n, 2, 5),
            1 => arbitrary(&mut random, n, 4),
            _ => arbitrary(&mut random, n, 1000),
        };
        let threshold = [None, Some(2.0), Some(3.5)][random.below(3)];
        let field = [2, 3, 7, 65_521][random.below(4)];
        let asked = params(max_dim, threshold, field, Method::Auto);
        check(RipsInput::Dense(&distances), full(&distances), n, &asked);
    }
}

#[test]
fn absent_pairs_are_no_edges() {
    for trial in 0..trials(60) {
        let mut random = Random(1000 + trial as u64);
        let (n, max_dim) = [(12, 1), (9, 2)][trial % 2];
        let distances = arbitrary(&mut random, n, 6);
        let present = sparse(&distances, 3.0);
        let known = full(&distances).into_iter();
        let known = known.map(|d| if d <= 3.0 { d } else { f64::INFINITY });
        let asked = params(max_dim, None, [2, 5][random.below(2)], Method::Auto);
        check(RipsInput::Sparse(&present), known.collect(), n, &asked);
    }
}

#[test]
fn many_points_in_lists_and_any_number_of_threads() {
    let mut random = Random(7);
    let mut rows = Vec::new();
    for _ in 0..6000 {
        let (turn, noise) = (std::f64::consts::TAU * random.unit(), 0.2 * random.unit());
        rows.push(vec![(1.0 + noise) * turn.cos(), (1.0 + noise) * turn.sin()]);
    }
    let points = points(&rows);
    let input = RipsInput::Points(&points, toposcope_core::Metric::Euclidean);
    let shown = |n_threads: usize| {
        let asked = RipsParams {
            n_threads: Some(n_threads),
            ..params(1, Some(0.06), 3, Method::Auto)
        };
        rips_with_representatives(input, &asked, Detail::Chains, &Control::none()).unwrap()
    };
    let (diagram, representatives) = shown(1);
    assert_eq!(shown(3), (diagram.clone(), representatives.clone()));
    let essential = intervals(&diagram)
        .into_iter()
        .zip(&representatives)
        .find(|(interval, _)| interval.0 == 1 && interval.2.is_infinite());
    let (_, around) = essential.expect("the ring's loop is never filled");
    let (cycle, cocycle) = (plain(&around.cycle, 1), plain(&around.cocycle, 1));
    assert!(oracle::boundary_of(&cycle, 3).is_empty());
    assert_eq!(oracle::value_on(&cocycle, &cycle, 3), 1);
    assert!(cycle.len() > 60);
}

#[test]
fn no_points_have_no_representatives() {
    let none = DistanceMatrix::from_lower(Vec::new(), 0).unwrap();
    let asked = params(2, None, 2, Method::Auto);
    check(RipsInput::Dense(&none), Vec::new(), 0, &asked);
}
