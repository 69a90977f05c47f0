//! Signs of determinants, always right: which way a simplex turns, and whether a point is inside a circumsphere.

use robust::{Coord, Coord3D};

use super::lattice;

/// What the insertion of sites needs to know about the space that they span, whose simplices have `V` vertices.
pub(super) trait Geometry<const V: usize> {
    /// Positive, negative or, for a flat simplex, zero; exchanging two vertices changes the sign.
    fn orientation(&self, simplex: &[u32; V]) -> f64;

    /// Positive if `site` is inside the circumsphere of a simplex of positive orientation, zero if on it.
    fn in_sphere(&self, simplex: &[u32; V], site: u32) -> f64;
}

/// Sites that span R^3.
#[derive(Debug)]
pub(super) struct Space<'a> {
    sites: &'a [[f64; 3]],
}

impl<'a> Space<'a> {
    pub(super) fn new(sites: &'a [[f64; 3]]) -> Self {
        Self { sites }
    }
}

impl Geometry<4> for Space<'_> {
    fn orientation(&self, simplex: &[u32; 4]) -> f64 {
        let [a, b, c, d] = simplex.map(|v| self.sites[v as usize]);
        orientation_in_space(a, b, c, d)
    }

    fn in_sphere(&self, simplex: &[u32; 4], site: u32) -> f64 {
        let [a, b, c, d] = simplex.map(|v| self.sites[v as usize]);
        in_sphere(a, b, c, d, self.sites[site as usize])
    }
}

/// Sites in a plane of R^3.
#[derive(Debug)]
pub(super) struct Plane<'a> {
    sites: &'a [[f64; 3]],
    /// The plane is mapped one to one to these two coordinates.
    axes: [usize; 2],
    /// The third coordinate, unless it is constant, so that the map keeps distances.
    tilted_along: Option<usize>,
}

impl<'a> Plane<'a> {
    pub(super) fn new(sites: &'a [[f64; 3]], axes: [usize; 2]) -> Self {
        let third = 3 - axes[0] - axes[1];
        let tilted = sites.iter().any(|site| site[third] != sites[0][third]);
        Self {
            sites,
            axes,
            tilted_along: tilted.then_some(third),
        }
    }

    fn mapped(&self, site: [f64; 3]) -> [f64; 2] {
        self.axes.map(|axis| site[axis])
    }
}

impl Geometry<3> for Plane<'_> {
    fn orientation(&self, simplex: &[u32; 3]) -> f64 {
        let [a, b, c] = simplex.map(|v| self.mapped(self.sites[v as usize]));
        orientation_in_plane(a, b, c)
    }

    /// In a tilted plane: a sphere through the three vertices and any point beside the plane meets the plane in their circle.
    fn in_sphere(&self, simplex: &[u32; 3], site: u32) -> f64 {
        let [a, b, c] = simplex.map(|v| self.sites[v as usize]);
        let site = self.sites[site as usize];
        let Some(axis) = self.tilted_along else {
            let [a, b, c, site] = [a, b, c, site].map(|x| self.mapped(x));
            return in_circle(a, b, c, site);
        };
        let beside = beside(a, b, axis);
        let inside = in_sphere(a, b, c, beside, site);
        if orientation_in_space(a, b, c, beside) < 0.0 {
            -inside
        } else {
            inside
        }
    }
}

/// A point that differs from `a` along `axis`, about as far away as `b` is.
fn beside(a: [f64; 3], b: [f64; 3], axis: usize) -> [f64; 3] {
    let distance = (0..3).fold(0.0f64, |d, k| d.max((a[k] - b[k]).abs()));
    let mut beside = a;
    beside[axis] += distance;
    if beside[axis] == a[axis] {
        beside[axis] += 1.0;
    }
    beside
}

/// Positive if `a`, `b`, `c` turn counterclockwise.
pub(super) fn orientation_in_plane(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    robust::orient2d(pair(a), pair(b), pair(c))
}

/// Positive if `a`, `b`, `c` turn counterclockwise when seen from the side where `d` is not.
pub(super) fn orientation_in_space(a: [f64; 3], b: [f64; 3], c: [f64; 3], d: [f64; 3]) -> f64 {
    robust::orient3d(triple(a), triple(b), triple(c), triple(d))
}

fn in_circle(a: [f64; 2], b: [f64; 2], c: [f64; 2], site: [f64; 2]) -> f64 {
    robust::incircle(pair(a), pair(b), pair(c), pair(site))
}

/// Shewchuk's determinant relative to the site. If its sign is not sure, it may be found in integers, and if not there, by
/// adding bits until it is.
fn in_sphere(a: [f64; 3], b: [f64; 3], c: [f64; 3], d: [f64; 3], site: [f64; 3]) -> f64 {
    let corners = [a, b, c, d];
    let vectors = corners.map(|corner| minus(corner, site));
    let (determinant, bound) = rounded_in_sphere(&vectors);
    if determinant.abs() > bound {
        return determinant;
    }
    if let Some(integers) = lattice::integers(site, corners) {
        return integer_in_sphere(integers).signum() as f64;
    }
    robust::insphere(triple(a), triple(b), triple(c), triple(d), triple(site))
}

/// The determinant with its largest possible error: Shewchuk's bound, `(16 + 224 ε) ε` times the sum of the absolute values of all
/// products, in which every coordinate is replaced by the largest on its axis. There are 24 products for each squared length.
fn rounded_in_sphere(vectors: &[[f64; 3]; 4]) -> (f64, f64) {
    let [a, b, c, d] = vectors;
    let minor = |p: &[f64; 3], q: &[f64; 3]| p[0] * q[1] - q[0] * p[1];
    let (ab, bc, cd, da) = (minor(a, b), minor(b, c), minor(c, d), minor(d, a));
    let (ac, bd) = (minor(a, c), minor(b, d));
    let abc = a[2] * bc - b[2] * ac + c[2] * ab;
    let bcd = b[2] * cd - c[2] * bd + d[2] * bc;
    let cda = c[2] * da + d[2] * ac + a[2] * cd;
    let dab = d[2] * ab + a[2] * bd + b[2] * da;
    let squared = |p: &[f64; 3]| p[0] * p[0] + p[1] * p[1] + p[2] * p[2];
    let determinant = (squared(d) * abc - squared(c) * dab) + (squared(b) * cda - squared(a) * bcd);
    let largest = |k: usize| {
        let [a, b, c, d] = vectors.map(|v| v[k].abs());
        a.max(b).max(c.max(d))
    };
    let [x, y, z] = [largest(0), largest(1), largest(2)];
    (
        determinant,
        4.27e-14 * (x * y * z) * (x * x + y * y + z * z),
    )
}

/// The same in integers.
fn integer_in_sphere(vectors: [[i128; 3]; 4]) -> i128 {
    let [a, b, c, d] = vectors;
    let triple = |a, b, c| lattice::dot(a, lattice::cross(b, c));
    let squared = |a| lattice::dot(a, a);
    (squared(d) * triple(a, b, c) - squared(c) * triple(d, a, b))
        + (squared(b) * triple(c, d, a) - squared(a) * triple(b, c, d))
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn pair([x, y]: [f64; 2]) -> Coord<f64> {
    Coord { x, y }
}

fn triple([x, y, z]: [f64; 3]) -> Coord3D<f64> {
    Coord3D { x, y, z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_one_sign() {
        let mut seed = 5u64;
        let mut below = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % bound
        };
        let mut ties = 0;
        for case in 0..20_000 {
            let bound = [3, 5, 1 << 17][case % 3];
            let mut site = || std::array::from_fn(|_| below(bound) as f64 * 0.125 - 0.25);
            let [a, b, c, d, e]: [[f64; 3]; 5] = std::array::from_fn(|_| site());
            let slow = robust::insphere(triple(a), triple(b), triple(c), triple(d), triple(e));
            let sign = |x: f64| i128::from(x > 0.0) - i128::from(x < 0.0);
            let integers = lattice::integers(e, [a, b, c, d]).unwrap();
            assert_eq!(integer_in_sphere(integers).signum(), sign(slow));
            assert_eq!(sign(in_sphere(a, b, c, d, e)), sign(slow));
            let (rounded, bound) = rounded_in_sphere(&[a, b, c, d].map(|x| minus(x, e)));
            assert!(rounded.abs() <= bound || sign(rounded) == sign(slow));
            ties += usize::from(slow == 0.0);
        }
        assert!(ties > 1000);
    }

    #[test]
    fn a_circle_in_a_tilted_plane() {
        let on = |x: f64, y: f64| [x, y, x + 2.0 * y];
        // Corners of a rectangle in that plane, as (1, 1) is across from (0, 0) whatever the tilt makes of the sides.
        let rectangle = [on(0.0, 0.0), on(5.0, -2.0), on(5.0, -1.0), on(0.0, 1.0)];
        let sites = [&rectangle[..], &[on(2.5, -0.5), on(9.0, 9.0)]].concat();
        let plane = Plane::new(&sites, [0, 1]);
        assert_eq!(plane.tilted_along, Some(2));
        assert!(plane.orientation(&[0, 1, 2]) > 0.0);
        assert_eq!(plane.in_sphere(&[0, 1, 2], 3), 0.0);
        assert!(plane.in_sphere(&[0, 1, 2], 4) > 0.0);
        assert!(plane.in_sphere(&[0, 1, 2], 5) < 0.0);
    }
}
