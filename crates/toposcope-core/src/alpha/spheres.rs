//! Circumspheres.

use super::double::{Double, Vector};
use super::exact::{self, Parts};
use crate::delaunay::lattice;

type Site = [f64; 3];

/// Volumes and areas below this share of what they could be are computed exactly: about 70 bits are right above it.
const FLAT: f64 = 1.0 / (1u64 << 30) as f64;
/// Vectors shorter than this are enlarged by it.
const TINY: f64 = 1.0 / (1u64 << 60) as f64;
/// Products of two vectors whose coordinates are right up to rounding are right up to this share of their largest possible value,
/// with plenty to spare; in twice the precision, as far as it goes in cells that are not flat, up to the other.
const UNSURE: f64 = 1e-14;
const UNSURE_OF_DOUBLE: f64 = 1e-18;

/// The circumsphere of a tetrahedron.
#[derive(Debug, PartialEq)]
pub(super) struct Circumsphere {
    pub(super) squared_radius: f64,
    /// For each vertex, whether the centre is beyond the facet across from it: the vertex is then inside the smallest sphere
    /// through that facet. Exact.
    pub(super) beyond: [bool; 4],
}

impl Circumsphere {
    /// With vectors from the last vertex, the centre is `(|a|² b×c + |b|² c×a + |c|² a×b) / 2 a·(b×c)`. Its barycentric coordinates
    /// are, up to a common factor, the products of that with `b×c` and so on, and what is missing to the sum. The one
    /// that is negative belongs to the facet that the centre is beyond.
    pub(super) fn of(corners: [Site; 4]) -> Self {
        let [a, b, c, d] = corners;
        let vectors = [a, b, c].map(|site| Vector::between(d, site));
        let extent = vectors.iter().fold(0.0, |extent, v| v.extent().max(extent));
        if extent >= TINY {
            return Self::at(corners, &vectors);
        }
        let enlarged = Self::at(corners, &vectors.map(|v| v.scaled(1.0 / TINY)));
        let squared_radius = enlarged.squared_radius * TINY * TINY;
        Self {
            squared_radius,
            ..enlarged
        }
    }

    /// For vectors that are not tiny: powers up to the eighth are taken.
    fn at([a, b, c, d]: [Site; 4], vectors: &[Vector; 3]) -> Self {
        let (normals, centre, volume) = parts(vectors);
        let squared_volume = volume * volume;
        let squared_radius = centre
            .squared_length()
            .over(squared_volume * Double::from(4.0));
        let signs = signs(&normals, &centre, squared_volume).unwrap_or_else(|| {
            let integers = lattice::integers(d, [a, b, c]);
            integers.map_or_else(|| Parts::of(vectors).signs(), integer_signs)
        });
        Self {
            squared_radius,
            beyond: signs.map(|sign| sign < 0.0),
        }
    }
}

/// Normals, centre and volume as [`Parts`] has them.
fn parts(vectors: &[Vector; 3]) -> ([Vector; 3], Vector, Double) {
    let [a, b, c] = vectors;
    let normals = [b.cross(c), c.cross(a), a.cross(b)];
    let volume = a.dot(&normals[0]);
    if volume.rounded().abs() < FLAT * a.extent() * b.extent() * c.extent() {
        return Parts::of(vectors).rounded();
    }
    let [x, y, z] = std::array::from_fn(|k| normals[k].times(vectors[k].squared_length()));
    (normals, x.plus(&y).plus(&z), volume)
}

/// Numbers with the signs of the centre's barycentric coordinates, unless rounding leaves one of them open.
fn signs(normals: &[Vector; 3], centre: &Vector, squared_volume: Double) -> Option<[f64; 4]> {
    let sizes = normals.map(|normal| normal.extent() * centre.extent());
    let whole = 2.0 * squared_volume.rounded();
    let sizes = [
        sizes[0],
        sizes[1],
        sizes[2],
        whole + sizes[0] + sizes[1] + sizes[2],
    ];
    let sure = |weights: [f64; 4], share: f64| {
        let mut pairs = weights.iter().zip(sizes);
        pairs
            .all(|(weight, size)| weight.abs() > share * size)
            .then_some(weights)
    };
    let [a, b, c] = normals.map(|normal| dot(normal.rounded(), centre.rounded()));
    sure([a, b, c, whole - (a + b + c)], UNSURE).or_else(|| {
        let [a, b, c] = normals.map(|normal| normal.dot(centre));
        let last = (squared_volume + squared_volume) - (a + b + c);
        sure([a, b, c, last].map(Double::rounded), UNSURE_OF_DOUBLE)
    })
}

/// The same signs in integers.
fn integer_signs([a, b, c]: [[i128; 3]; 3]) -> [f64; 4] {
    let normals = [
        lattice::cross(b, c),
        lattice::cross(c, a),
        lattice::cross(a, b),
    ];
    let lengths = [a, b, c].map(|v| lattice::dot(v, v));
    let coordinate = |k: usize| (0..3).map(|i| lengths[i] * normals[i][k]).sum();
    let centre = std::array::from_fn(coordinate);
    let [x, y, z] = normals.map(|normal| lattice::dot(normal, centre));
    let volume = lattice::dot(a, normals[0]);
    let last = 2 * volume * volume - (x + y + z);
    [x, y, z, last].map(|weight| weight.signum() as f64)
}

/// The squared radius of the smallest sphere through three vertices.
pub(super) fn squared_radius_of_triangle([a, b, c]: [Site; 3]) -> f64 {
    let (u, v, w) = (
        Vector::between(a, b),
        Vector::between(a, c),
        Vector::between(b, c),
    );
    let mut normal = u.cross(&v);
    if normal.extent() < FLAT * u.extent() * v.extent() {
        normal = exact::cross(&u, &v);
    }
    let sides = u.squared_length() * v.squared_length() * w.squared_length();
    sides.over(normal.squared_length() * Double::from(4.0))
}

/// The squared radius of the smallest sphere through two vertices.
pub(super) fn squared_radius_of_edge([a, b]: [Site; 2]) -> f64 {
    Vector::between(a, b).squared_length().rounded() / 4.0
}

/// For each vertex of a triangle, whether it is inside the smallest sphere through the other two: its angle is obtuse. Exact.
pub(super) fn obtuse(triangle: [Site; 3]) -> [bool; 3] {
    std::array::from_fn(|k| {
        let [at, b, c] = [k, (k + 1) % 3, (k + 2) % 3].map(|k| triangle[k]);
        let side = |end: Site| std::array::from_fn(|k| end[k] - at[k]);
        let (u, v): (Site, Site) = (side(b), side(c));
        let size = (u[0] * v[0]).abs() + (u[1] * v[1]).abs() + (u[2] * v[2]).abs();
        let product = dot(u, v);
        // All products zero: so is the sum.
        if product.abs() > UNSURE * size || size == 0.0 {
            return product < 0.0;
        }
        exact::sign_of_product(&Vector::between(at, b), &Vector::between(at, c)) < 0.0
    })
}

fn dot(a: Site, b: Site) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cospherical_cells_have_one_radius() {
        let cube = |i: u32| [i & 1, i >> 1 & 1, i >> 2].map(|x| f64::from(x) + 0.25);
        for corners in [[0, 1, 2, 4], [1, 2, 4, 7], [0, 3, 5, 6], [0, 1, 3, 7]] {
            let sphere = Circumsphere::of(corners.map(cube));
            assert_eq!(sphere.squared_radius, 0.75);
        }
        assert_eq!(squared_radius_of_triangle([0, 1, 3].map(cube)), 0.5);
        assert_eq!(squared_radius_of_edge([0, 7].map(cube)), 0.75);
    }

    #[test]
    fn flat_and_tiny_cells_have_their_radius() {
        // Nearly on one circle of radius 1, and nearly in its plane; the sphere through them is hardly larger.
        let flat = |height: f64| {
            [
                [1.0, 0.0, 0.0],
                [0.0, 1.0, 0.0],
                [-1.0, 0.0, 0.0],
                [0.0, -1.0, height],
            ]
        };
        let radius = Circumsphere::of(flat(1e-40)).squared_radius;
        assert_eq!(radius, 1.0);
        let large = Circumsphere::of([
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [-1.0, 0.0, 0.0],
            [0.0, -0.5, 1e-40],
        ]);
        assert!((large.squared_radius / 1.40625e79 - 1.0).abs() < 1e-12);
        let tiny = flat(0.5).map(|site| site.map(|x| x * 0.5f64.powi(190)));
        let expected = Circumsphere::of(flat(0.5)).squared_radius * 0.25f64.powi(190);
        assert_eq!(Circumsphere::of(tiny).squared_radius, expected);
        let needle = [
            [0.0; 3],
            [1.0, 1.0, 0.0],
            [2.0, 2.0 + 2.0 * f64::EPSILON, 0.0],
        ];
        let radius = squared_radius_of_triangle(needle).sqrt() * f64::EPSILON;
        assert!((radius / 2.0f64.sqrt() - 1.0).abs() < 1e-12, "{radius}");
    }

    #[test]
    fn vertices_inside_smaller_spheres_are_known() {
        let low = [
            [1.0, 0.0, 0.0],
            [-1.0, 0.5, 0.0],
            [-1.0, -0.5, 0.0],
            [0.0, 0.0, 0.1],
        ];
        assert_eq!(Circumsphere::of(low).beyond, [false, false, false, true]);
        let high = [
            [1.0, 0.0, 0.0],
            [-0.5, 0.9, 0.0],
            [-0.5, -0.9, 0.0],
            [0.0, 0.0, 1.4],
        ];
        assert_eq!(Circumsphere::of(high).beyond, [false; 4]);
        let [a, b, c, d] = low;
        assert_eq!(
            Circumsphere::of([d, a, b, c]).beyond,
            [true, false, false, false]
        );
        assert_eq!(obtuse([a, d, b]), [false, true, false]);
        assert_eq!(
            obtuse([[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
            [false; 3]
        );
    }
}
