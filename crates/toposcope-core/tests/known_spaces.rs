//! Spaces whose homology everybody knows, torsion included.

mod common;

use std::f64::consts::TAU;

use common::{params, points, run};
use toposcope_core::{Method, Metric, RipsInput, SparseDistances};

const METHODS: [Method; 2] = [Method::Lune, Method::Cohomology];

/// Numbers of intervals longer than `least`, by dimension.
fn long_intervals(
    rows: &[Vec<f64>],
    max_dim: usize,
    field: u32,
    method: Method,
    least: f64,
) -> Vec<usize> {
    let points = points(rows);
    let input = RipsInput::Points(&points, Metric::Euclidean);
    let diagram = run(input, &params(max_dim, None, field, method));
    let long = |dim| {
        diagram
            .intervals(dim as u8)
            .filter(|(b, d)| d - b > least)
            .count()
    };
    (0..=max_dim).map(long).collect()
}

/// The order complex of a triangulation, a flag complex: its faces, adjacent if one contains the other, all at length 1.
fn subdivision(triangles: &[[usize; 3]]) -> SparseDistances {
    let mut faces: Vec<Vec<usize>> = Vec::new();
    for triangle in triangles {
        for mask in 1..8 {
            let face = (0..3).filter(|i| mask >> i & 1 == 1).map(|i| triangle[i]);
            let mut face: Vec<usize> = face.collect();
            face.sort_unstable();
            faces.push(face);
        }
    }
    faces.sort();
    faces.dedup();
    let within = |i: usize, j: usize| faces[i].iter().all(|v| faces[j].contains(v));
    let n = faces.len();
    let pairs = (0..n)
        .flat_map(|i| (0..n).map(move |j| (i, j)))
        .filter(|(i, j)| i != j);
    let entries = pairs
        .filter(|&(i, j)| within(i, j))
        .map(|(i, j)| (i as u32, j as u32, 1.0));
    SparseDistances::from_entries(entries, n).expect("a graph")
}

/// A grid of 4 by 4 squares whose sides are glued, the vertical ones with a flip or without.
fn glued_square(flip: bool) -> Vec<[usize; 3]> {
    let size = 4;
    let vertex = |x: usize, y: usize| {
        let y = if flip && x == size { size - y } else { y };
        (x % size) * size + y % size
    };
    let squares = (0..size).flat_map(|x| (0..size).map(move |y| (x, y)));
    squares
        .flat_map(|(x, y)| {
            let [a, b] = [vertex(x, y), vertex(x + 1, y)];
            let [c, d] = [vertex(x, y + 1), vertex(x + 1, y + 1)];
            [[a, b, d], [a, c, d]]
        })
        .collect()
}

/// Betti numbers of the space, as the essential intervals.
fn betti(space: &SparseDistances, field: u32, method: Method) -> Vec<usize> {
    let diagram = run(RipsInput::Sparse(space), &params(2, None, field, method));
    let essential = |dim| {
        diagram
            .intervals(dim)
            .filter(|i| i.1 == f64::INFINITY)
            .count()
    };
    (0..3).map(essential).collect()
}

#[test]
fn a_circle_has_one_loop() {
    let circle: Vec<Vec<f64>> = (0..60)
        .map(|i| f64::from(i) * TAU / 60.0)
        .map(|t| vec![t.cos(), t.sin()])
        .collect();
    for method in METHODS {
        assert_eq!(long_intervals(&circle, 2, 2, method, 0.5), [1, 1, 0]);
    }
}

#[test]
fn a_sphere_has_one_void() {
    // Fibonacci points.
    let sphere: Vec<Vec<f64>> = (0..150)
        .map(|i| {
            let z = 1.0 - (2.0 * f64::from(i) + 1.0) / 150.0;
            let (turn, radius) = (f64::from(i) * 2.399_963_229_728_653, (1.0 - z * z).sqrt());
            vec![radius * turn.cos(), radius * turn.sin(), z]
        })
        .collect();
    for method in METHODS {
        assert_eq!(long_intervals(&sphere, 2, 3, method, 0.7), [1, 0, 1]);
    }
}

#[test]
fn a_flat_torus_has_two_loops_and_a_void() {
    let steps = 0..12;
    let angle = |i: i32| f64::from(i) * TAU / 12.0;
    let torus: Vec<Vec<f64>> = steps
        .clone()
        .flat_map(|i| steps.clone().map(move |j| (angle(i), angle(j))))
        .map(|(s, t)| vec![s.cos(), s.sin(), t.cos(), t.sin()])
        .collect();
    for method in METHODS {
        assert_eq!(long_intervals(&torus, 2, 2, method, 0.6), [1, 2, 1]);
    }
}

#[test]
fn triangulated_surfaces_over_several_fields() {
    let projective_plane = subdivision(&[
        [0, 1, 2],
        [0, 1, 3],
        [0, 2, 4],
        [0, 3, 5],
        [0, 4, 5],
        [1, 2, 5],
        [1, 3, 4],
        [1, 4, 5],
        [2, 3, 4],
        [2, 3, 5],
    ]);
    let torus = subdivision(&glued_square(false));
    let klein_bottle = subdivision(&glued_square(true));
    for method in METHODS {
        assert_eq!(betti(&projective_plane, 2, method), [1, 1, 1]);
        assert_eq!(betti(&projective_plane, 3, method), [1, 0, 0]);
        assert_eq!(betti(&torus, 2, method), [1, 2, 1]);
        assert_eq!(betti(&torus, 65_521, method), [1, 2, 1]);
        assert_eq!(betti(&klein_bottle, 2, method), [1, 2, 1]);
        assert_eq!(betti(&klein_bottle, 5, method), [1, 1, 0]);
    }
}

#[test]
fn an_octahedron_of_every_dimension() {
    // n pairs of opposite vertices: a sphere of dimension n - 1, filled at once at length 2.
    for pairs in 2..6u32 {
        let n = 2 * pairs;
        let edges = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        let length = |(i, j): (u32, u32)| if i / 2 == j / 2 { 2.0 } else { 1.0 };
        let entries = edges.map(|e| (e.0, e.1, length(e)));
        let space = SparseDistances::from_entries(entries, n as usize).expect("a graph");
        let dim = pairs as usize - 1;
        for method in METHODS {
            let diagram = run(RipsInput::Sparse(&space), &params(dim, None, 7, method));
            let top: Vec<_> = diagram.intervals(dim as u8).collect();
            assert_eq!(top, [(1.0, 2.0)]);
            assert_eq!(diagram.len(), n as usize + 1);
        }
    }
}
