//! The oracle against itself and against spaces everybody knows.

use toposcope_oracle::{
    Complex, betti_numbers, bottleneck_distance, rank_of_images, rank_of_inclusion,
    rips_persistence,
};

const INF: f64 = f64::INFINITY;

/// Distances between the vertices of a cycle: steps along it.
fn cycle(n: usize) -> Vec<f64> {
    let steps = |i: usize, j: usize| i.abs_diff(j).min(n - i.abs_diff(j)) as f64;
    (0..n * n).map(|at| steps(at / n, at % n)).collect()
}

/// The 6-vertex projective plane has every edge: its barycentric subdivision is a flag complex, with 31 vertices.
fn projective_plane() -> (Vec<f64>, usize) {
    let triangles = [
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
    ];
    let mut faces: Vec<Vec<usize>> = Vec::new();
    for [a, b, c] in triangles {
        faces.extend([
            vec![a, b, c],
            vec![a, b],
            vec![a, c],
            vec![b, c],
            vec![a],
            vec![b],
            vec![c],
        ]);
    }
    faces.sort();
    faces.dedup();
    let n = faces.len();
    let within = |x: &[usize], y: &[usize]| x.iter().all(|v| y.contains(v));
    let mut distances = vec![INF; n * n];
    for i in 0..n {
        for j in 0..n {
            if within(&faces[i], &faces[j]) || within(&faces[j], &faces[i]) {
                distances[i * n + j] = 1.0;
            }
        }
    }
    (distances, n)
}

#[test]
fn a_hexagon_is_a_loop_then_a_sphere_then_a_cone() {
    let intervals = rips_persistence(&cycle(6), 6, INF, 2, 2);
    let essential = intervals.iter().filter(|i| i.2 == INF).count();
    assert_eq!(essential, 1);
    assert!(intervals.contains(&(1, 1.0, 2.0)));
    assert!(intervals.contains(&(2, 2.0, 3.0)), "the octahedron");
    assert_eq!(betti_numbers(&cycle(6), 6, 1.0, 2, 3), [1, 1, 0]);
    assert_eq!(betti_numbers(&cycle(6), 6, 2.0, 2, 3), [1, 0, 1]);
}

#[test]
fn the_projective_plane_has_torsion() {
    let (distances, n) = projective_plane();
    assert_eq!(betti_numbers(&distances, n, 1.0, 2, 2), [1, 1, 1]);
    assert_eq!(betti_numbers(&distances, n, 1.0, 2, 3), [1, 0, 0]);
    let bars = |p| {
        rips_persistence(&distances, n, 1.0, 2, p)
            .iter()
            .filter(|i| i.2 == INF)
            .count()
    };
    assert_eq!((bars(2), bars(3)), (3, 1));
}

#[test]
fn persistence_counts_the_betti_numbers_of_every_scale() {
    // A matrix without any symmetry beyond its own: residues of a quadratic form.
    let n = 9;
    let value = |i: usize, j: usize| ((i * i + j * j + 3 * i * j) % 11) as f64;
    let distances: Vec<f64> = (0..n * n)
        .map(|at| {
            if at / n == at % n {
                0.0
            } else {
                value(at / n, at % n)
            }
        })
        .collect();
    for p in [2, 3, 5] {
        let intervals = rips_persistence(&distances, n, INF, 2, p);
        for scale in 0..11 {
            let scale = f64::from(scale);
            let alive = |dim| {
                intervals
                    .iter()
                    .filter(|i| i.0 == dim && i.1 <= scale && scale < i.2)
                    .count()
            };
            let betti = betti_numbers(&distances, n, scale, 2, p);
            assert_eq!(
                (0..3).map(alive).collect::<Vec<_>>(),
                betti,
                "scale {scale}, field {p}"
            );
        }
    }
}

#[test]
fn ranks_of_maps() {
    let distances = cycle(6);
    let all: Vec<usize> = (0..6).collect();
    let rank = |source: (&[usize], f64), target: (&[usize], f64), dim| {
        rank_of_inclusion(&distances, 6, source, target, dim)
    };
    assert_eq!(rank((&all, 1.0), (&all, 1.0), 1), 1, "the loop itself");
    assert_eq!(rank((&all, 1.0), (&all, 2.0), 1), 0, "filled");
    assert_eq!(rank((&all[..5], 1.0), (&all, 1.0), 1), 0, "an arc has none");
    assert_eq!(rank((&[0, 1, 3], 1.0), (&[0, 1, 3], 1.0), 0), 2);
    assert_eq!(
        rank((&[0, 3], 1.0), (&all, 1.0), 0),
        1,
        "joined by the others"
    );
    let arcs: [(&[usize], f64); 2] = [(&[0, 1], 1.0), (&[3, 4], 1.0)];
    assert_eq!(
        rank_of_images(&distances, 6, &arcs, (&[0, 1, 3, 4], 1.0), 0),
        2
    );
    assert_eq!(rank_of_images(&distances, 6, &arcs, (&all, 1.0), 0), 1);
}

#[test]
fn bottleneck_by_hand() {
    assert_eq!(bottleneck_distance(&[], &[]), 0.0);
    assert_eq!(bottleneck_distance(&[(0.0, 4.0)], &[]), 2.0);
    assert_eq!(bottleneck_distance(&[(0.0, 4.0)], &[(0.5, 5.0)]), 1.0);
    assert_eq!(
        bottleneck_distance(&[(0.0, 4.0), (1.0, 2.0)], &[(0.0, 4.0)]),
        0.5
    );
    assert_eq!(bottleneck_distance(&[(0.0, INF)], &[(0.25, INF)]), 0.25);
    assert_eq!(bottleneck_distance(&[(0.0, INF)], &[(0.0, 1.0)]), INF);
}

#[test]
fn complexes_are_listed_whole() {
    let complex = Complex::rips(&cycle(4), 4, &[0, 1, 2, 3], 2.0, 3);
    assert_eq!(complex.len(), 15);
    assert!(!complex.is_empty());
    assert!(Complex::rips(&[], 0, &[], 1.0, 3).is_empty());
}
