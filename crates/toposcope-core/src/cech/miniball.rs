//! Smallest enclosing balls of a few points, from their squared distances alone.
//!
//! A ball is the one through its *support*, a subset of the points whose centre is in their convex hull. Its centre is
//! `Σ λ_i p_i` with weights that sum to 1, and a point `q` is as far from it as `|q - c|² = Σ λ_i |q - p_i|² - R²`: coordinates
//! are not needed, nor does it matter how many there are.
//!
//! Squared distances have 106 bits, and a point that sticks out by less than 2⁻⁸⁰ counts as inside: of points on a common
//! sphere, or in a common plane, a subset is the support, and no pivot that is rounding error alone is ever divided by.

use crate::LARGEST_MAX_DIM;
use crate::alpha::double::Double;

/// Most points of a simplex.
pub(super) const MOST: usize = LARGEST_MAX_DIM + 2;
/// Share of a squared radius that counts as nothing.
const NOTHING: f64 = 1.0 / (1u128 << 80) as f64;

/// The squared radius of the smallest ball around `n_points` points, two to [`MOST`], if every one of them is needed to hold it: else
/// the ball is that of fewer points, and so is its radius.
pub(super) fn squared_radius_if_all_are_needed(
    n_points: usize,
    squared: impl Fn(usize, usize) -> Double,
) -> Option<f64> {
    match n_points {
        2 => Some(squared(0, 1).rounded() / 4.0),
        3 => of_triangle([squared(1, 2), squared(0, 2), squared(0, 1)]),
        _ => Distances::new(n_points, squared).squared_radius_if_all_are_needed(),
    }
}

/// All three corners are needed if the angles are acute: no square is as large as the sum of the others.
fn of_triangle(squares: [Double; 3]) -> Option<f64> {
    let largest = squares.iter().fold(0.0_f64, |m, x| m.max(x.rounded()));
    let unit = power_of_two_near(largest);
    let [a, b, c] = squares.map(|square| square.scaled(1.0 / unit));
    let [x, y, z] = [b + c - a, c + a - b, a + b - c];
    if x.rounded().min(y.rounded()).min(z.rounded()) <= NOTHING {
        return None;
    }
    // R² = abc / (16 area²), and 16 area² is the sum of the products of two of the excesses.
    let area = x * y + y * z + z * x;
    Some((a * b * c / area).rounded() * unit)
}

/// Squared distances between a few points.
struct Distances {
    /// In multiples of `unit`, so that no product of them leaves the range of f64.
    squared: [[Double; MOST]; MOST],
    n_points: usize,
    /// A power of two.
    unit: f64,
}

/// The smallest ball around some points.
struct Ball {
    support: Support,
    /// Of the points of the support.
    weights: [Double; MOST],
    squared_radius: Double,
}

/// Some of the points.
#[derive(Clone, Copy)]
struct Support {
    points: [usize; MOST],
    len: usize,
}

impl Support {
    const EMPTY: Self = Self {
        points: [0; MOST],
        len: 0,
    };

    fn points(&self) -> &[usize] {
        &self.points[..self.len]
    }

    #[must_use]
    fn with(mut self, point: usize) -> Self {
        self.points[self.len] = point;
        self.len += 1;
        self
    }
}

impl Distances {
    fn new(n_points: usize, squared: impl Fn(usize, usize) -> Double) -> Self {
        let mut largest = 0.0_f64;
        let mut table = [[Double::from(0.0); MOST]; MOST];
        for (i, row) in table.iter_mut().enumerate().take(n_points) {
            for (j, square) in row.iter_mut().enumerate().take(n_points) {
                *square = squared(i, j);
                largest = largest.max(square.rounded());
            }
        }
        let unit = power_of_two_near(largest);
        let squares = table.iter_mut().flat_map(|row| &mut row[..n_points]);
        squares.for_each(|square| *square = square.scaled(1.0 / unit));
        Self {
            squared: table,
            n_points,
            unit,
        }
    }

    fn squared_radius_if_all_are_needed(&self) -> Option<f64> {
        let ball = self.smallest(self.n_points, Support::EMPTY)?;
        if ball.support.len < self.n_points {
            return None;
        }
        // Through the points in order, whatever order they were found in.
        let all = (0..self.n_points).fold(Support::EMPTY, Support::with);
        Some(self.through(all)?.squared_radius.rounded() * self.unit)
    }

    /// The smallest ball around the first `n` points with those of `on` on its boundary (Welzl 1991); none if there is no point, or
    /// one of `on` depends on the others.
    fn smallest(&self, n: usize, on: Support) -> Option<Ball> {
        let mut ball = self.through(on);
        if ball.is_none() && on.len > 0 {
            return None;
        }
        for point in 0..n {
            if !ball.as_ref().is_some_and(|ball| self.contains(ball, point)) {
                ball = self.smallest(point, on.with(point)).or(ball);
            }
        }
        ball
    }

    fn contains(&self, ball: &Ball, point: usize) -> bool {
        let terms = ball.support.points().iter().zip(&ball.weights);
        let sum = terms.fold(Double::from(0.0), |sum, (&p, &weight)| {
            sum + weight * self.squared[point][p]
        });
        let twice = ball.squared_radius + ball.squared_radius;
        let largest = twice.rounded().max(sum.rounded());
        ball.support.points().contains(&point) || (sum - twice).rounded() <= NOTHING * largest
    }

    /// The smallest ball with all of `on` on its boundary. None through no points, nor through points of which one depends on
    /// the others.
    fn through(&self, on: Support) -> Option<Ball> {
        let (&origin, others) = on.points().split_first()?;
        let n = others.len();
        // Edges e_i from the first point; the centre is at Σ μ_i e_i with Σ_j (e_i · e_j) μ_j = |e_i|² / 2.
        let square = |i: usize| self.squared[origin][others[i]];
        let dot = |i: usize, j: usize| {
            (square(i) + square(j) - self.squared[others[i]][others[j]]).scaled(0.5)
        };
        let mut lower = [[Double::from(0.0); MOST]; MOST];
        let mut solution = [Double::from(0.0); MOST];
        // Elimination without roots: `lower` holds the unscaled factor, its diagonal the pivots.
        for i in 0..n {
            for j in 0..=i {
                let known = (0..j).fold(dot(i, j), |sum, k| {
                    sum - lower[i][k] * lower[j][k] / lower[k][k]
                });
                lower[i][j] = known;
            }
            if lower[i][i].rounded() <= NOTHING * square(i).rounded() {
                return None;
            }
            solution[i] = (0..i).fold(square(i).scaled(0.5), |sum, k| {
                sum - lower[i][k] * solution[k] / lower[k][k]
            });
        }
        for i in (0..n).rev() {
            let sum = (i + 1..n).fold(solution[i], |sum, k| sum - lower[k][i] * solution[k]);
            solution[i] = sum / lower[i][i];
        }
        let mut weights = [Double::from(0.0); MOST];
        let (mut first, mut squared_radius) = (Double::from(1.0), Double::from(0.0));
        for i in 0..n {
            weights[i + 1] = solution[i];
            first = first - solution[i];
            squared_radius = squared_radius + solution[i] * square(i).scaled(0.5);
        }
        weights[0] = first;
        Some(Ball {
            support: on,
            weights,
            squared_radius,
        })
    }
}

/// A power of two between half of `x` and `x`; 1 for zero.
pub(super) fn power_of_two_near(x: f64) -> f64 {
    if x < f64::MIN_POSITIVE {
        return if x == 0.0 { 1.0 } else { f64::MIN_POSITIVE };
    }
    f64::from_bits(x.to_bits() & (0x7ff << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squared_radius(points: &[&[f64]]) -> Option<f64> {
        let squared = |i: usize, j: usize| {
            let pairs = points[i].iter().zip(points[j]);
            pairs.fold(Double::from(0.0), |sum, (&x, &y)| {
                let difference = Double::difference(x, y);
                sum + difference * difference
            })
        };
        squared_radius_if_all_are_needed(points.len(), squared)
    }

    #[test]
    fn acute_triangles_need_all_their_corners() {
        assert_eq!(
            squared_radius(&[&[0.0, 0.0], &[4.0, 0.0], &[2.0, 3.0]]),
            Some(4.694_444_444_444_445)
        );
        // Right, obtuse, on a line, and with a corner twice.
        let (a, b): (&[f64], &[f64]) = (&[0.0, 0.0], &[4.0, 0.0]);
        for c in [[0.0, 3.0], [2.0, 1.0], [8.0, 0.0], [4.0, 0.0]] {
            assert_eq!(squared_radius(&[a, b, &c]), None);
        }
    }

    #[test]
    fn equal_spheres_have_equal_radii() {
        // On the sphere of radius 3: every tetrahedron whose hull has the centre inside.
        let corners: Vec<Vec<f64>> = (0..343)
            .map(|i| {
                [
                    f64::from(i % 7 - 3),
                    f64::from(i / 7 % 7 - 3),
                    f64::from(i / 49 % 7 - 3),
                ]
            })
            .filter(|p| p.iter().map(|x| x * x).sum::<f64>() == 9.0)
            .map(|p| p.to_vec())
            .collect();
        let mut radii = Vec::new();
        for (i, a) in corners.iter().enumerate() {
            for (j, b) in corners[..i].iter().enumerate() {
                for (k, c) in corners[..j].iter().enumerate() {
                    radii.extend(
                        corners[..k]
                            .iter()
                            .filter_map(|d| squared_radius(&[a, b, c, d])),
                    );
                }
            }
        }
        assert!(radii.len() > 100);
        assert!(radii.contains(&9.0));
        // Nothing between one number and the next that is not rounding.
        radii.sort_by(f64::total_cmp);
        radii.dedup();
        assert!(
            radii
                .windows(2)
                .all(|pair| pair[1] > pair[0] * (1.0 + 1e-9)),
            "{radii:?}"
        );
    }

    #[test]
    fn regular_simplices_of_any_dimension() {
        for n in 2..MOST {
            let rows: Vec<Vec<f64>> = (0..n)
                .map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect())
                .collect();
            let points: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
            let expected = (n as f64 - 1.0) / n as f64;
            assert_eq!(squared_radius(&points), Some(expected), "{n}");
        }
    }

    #[test]
    fn tiny_and_flat_ones() {
        for scale in [1e-140, 1.0, 1e140] {
            let points =
                [[0.0, 0.0], [4.0, 0.0], [2.0, 3.0]].map(|p: [f64; 2]| p.map(|x| x * scale));
            let radius = squared_radius(&points.each_ref().map(<[f64; 2]>::as_slice)).unwrap();
            assert!((radius / scale / scale - 4.694_444_444_444_445).abs() < 1e-12);
        }
        // Nearly in a plane and nearly on a circle: a ball of three or of four, whichever, but no other radius.
        for height in [0.0, 1e-18, 1e-13, 1e-9] {
            let square: [[f64; 3]; 4] = [
                [1.0, 0.0, height],
                [-1.0, 0.1, 0.0],
                [0.0, 1.0, 0.0],
                [0.0, -1.0, height],
            ];
            let radius = squared_radius(&square.each_ref().map(<[f64; 3]>::as_slice));
            assert!(radius.is_none_or(|r| (r - 1.0).abs() < 0.1), "{radius:?}");
        }
    }
}
