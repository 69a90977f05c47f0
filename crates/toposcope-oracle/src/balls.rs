//! Čech complexes: a simplex enters at the radius of the smallest ball around its vertices.
//!
//! By the nerve theorem their persistence is that of the union of balls around the points, and so of the alpha filtration, which is built
//! from other simplices altogether.

use crate::complex::Complex;
use crate::persistence::sorted_intervals;

/// Rounding in the solution of small linear systems, relative to the squared radius.
const TOLERANCE: f64 = 1e-10;

/// The intervals `(dimension, birth, death)` of the Čech filtration up to `max_dim` over Z/p, sorted, and of no ball larger than
/// `threshold`. Values are radii, right up to rounding, so that intervals which should have length zero may be there with a tiny one.
pub fn cech_persistence(
    points: &[Vec<f64>],
    threshold: f64,
    max_dim: usize,
    p: u32,
) -> Vec<(usize, f64, f64)> {
    let radius = |vertices: &[usize]| {
        // From the first vertex, so that no bits are lost to a distant origin.
        let first = &points[vertices[0]];
        let corners = vertices.iter().map(|&v| {
            let pairs = points[v].iter().zip(first);
            pairs.map(|(x, o)| x - o).collect::<Vec<f64>>()
        });
        let corners: Vec<Vec<f64>> = corners.collect();
        let corners: Vec<&[f64]> = corners.iter().map(Vec::as_slice).collect();
        smallest_ball(&corners).sqrt()
    };
    let mut complex = Complex::of_values(points.len(), max_dim + 1, radius);
    complex.simplices.retain(|&(radius, _)| radius <= threshold);
    sorted_intervals(&complex, max_dim, p)
}

/// The squared radius of the smallest ball around `points`: of all spheres through some of them, the smallest around all.
fn smallest_ball(points: &[&[f64]]) -> f64 {
    let scale = points
        .iter()
        .map(|x| squared_distance(x, points[0]))
        .fold(0.0, f64::max);
    let subsets = 1..1usize << points.len();
    let spheres = subsets.filter_map(|subset| {
        let through: Vec<&[f64]> = (0..points.len())
            .filter(|at| subset >> at & 1 == 1)
            .map(|at| points[at])
            .collect();
        let centre = circumcentre(&through)?;
        let squared_radius = squared_distance(&centre, through[0]);
        let reach = squared_radius + TOLERANCE * scale;
        let around = points.iter().all(|x| squared_distance(x, &centre) <= reach);
        around.then_some(squared_radius)
    });
    spheres.fold(f64::INFINITY, f64::min)
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// The point of the affine hull that is equally far from all of `points`, by Gaussian elimination with the largest pivots; `None` if they
/// are not affinely independent.
fn circumcentre(points: &[&[f64]]) -> Option<Vec<f64>> {
    let (origin, others) = points.split_first()?;
    let sides: Vec<Vec<f64>> = (others.iter())
        .map(|x| x.iter().zip(*origin).map(|(x, o)| x - o).collect())
        .collect();
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    let n = sides.len();
    let mut rows: Vec<Vec<f64>> = (sides.iter())
        .map(|s| {
            let products = sides.iter().map(|t| 2.0 * dot(s, t));
            products.chain([dot(s, s)]).collect()
        })
        .collect();
    let scale = rows.iter().flatten().fold(0.0f64, |m, x| m.max(x.abs()));
    for column in 0..n {
        let largest =
            |&a: &usize, &b: &usize| rows[a][column].abs().total_cmp(&rows[b][column].abs());
        let pivot = (column..n).max_by(largest)?;
        if rows[pivot][column].abs() <= TOLERANCE * scale {
            return None;
        }
        rows.swap(column, pivot);
        let lead = rows[column].clone();
        for (at, row) in rows.iter_mut().enumerate().filter(|&(at, _)| at != column) {
            debug_assert_ne!(at, column);
            let factor = row[column] / lead[column];
            row.iter_mut()
                .zip(&lead)
                .for_each(|(x, y)| *x -= factor * y);
        }
    }
    let mut centre = origin.to_vec();
    for (at, side) in sides.iter().enumerate() {
        let weight = rows[at][n] / rows[at][at];
        centre
            .iter_mut()
            .zip(side)
            .for_each(|(x, s)| *x += weight * s);
    }
    Some(centre)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balls_by_hand() {
        let ball = |points: &[[f64; 2]]| {
            let points: Vec<&[f64]> = points.iter().map(<[f64; 2]>::as_slice).collect();
            smallest_ball(&points)
        };
        assert_eq!(ball(&[[3.0, 4.0]]), 0.0);
        assert_eq!(ball(&[[0.0, 0.0], [2.0, 0.0]]), 1.0);
        assert_eq!(ball(&[[0.0, 0.0], [2.0, 0.0], [1.0, 0.5]]), 1.0);
        assert_eq!(ball(&[[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]]), 2.0);
        assert_eq!(ball(&[[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]]), 0.25);
    }

    #[test]
    fn a_square_is_a_loop_between_side_and_diagonal() {
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]].map(|x| x.to_vec());
        let intervals = cech_persistence(&square, f64::INFINITY, 1, 2);
        let loops: Vec<_> = intervals.into_iter().filter(|i| i.0 == 1).collect();
        assert_eq!(loops, [(1, 1.0, 2f64.sqrt())]);
    }
}
