//! Sums and products without any rounding, for the few simplices that are too flat for [`Double`].

use super::double::{Double, Vector};

/// A number as the sum of f64 that do not overlap, in ascending order (Shewchuk 1997, §2).
#[derive(Debug, Clone)]
struct Expansion(Vec<f64>);

impl Expansion {
    fn of(x: Double) -> Self {
        let [high, low] = x.parts();
        let mut sum = Self(Vec::new());
        sum.add(low);
        sum.add(high);
        sum
    }

    /// Grow-Expansion, zeros left out.
    fn add(&mut self, x: f64) {
        let mut carried = x;
        let mut kept = 0;
        for at in 0..self.0.len() {
            let [high, low] = Double::sum_of(carried, self.0[at]).parts();
            if low != 0.0 {
                self.0[kept] = low;
                kept += 1;
            }
            carried = high;
        }
        self.0.truncate(kept);
        if carried != 0.0 {
            self.0.push(carried);
        }
    }

    fn plus(mut self, other: &Self) -> Self {
        for &x in &other.0 {
            self.add(x);
        }
        self
    }

    fn minus(mut self, other: &Self) -> Self {
        for &x in &other.0 {
            self.add(-x);
        }
        self
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self(Vec::new());
        for (&x, &y) in self
            .0
            .iter()
            .flat_map(|x| other.0.iter().map(move |y| (x, y)))
        {
            let [high, low] = Double::product_of(x, y).parts();
            product.add(low);
            product.add(high);
        }
        product
    }

    /// A number of the same sign: the largest part.
    fn sign(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }

    /// Rounded to the 106 highest bits or so.
    fn rounded(&self) -> Double {
        let parts = self.0.iter().rev().take(3).copied().map(Double::from);
        parts
            .reduce(|sum, part| sum + part)
            .unwrap_or(Double::from(0.0))
    }
}

struct ExactVector([Expansion; 3]);

impl ExactVector {
    fn of(vector: &Vector) -> Self {
        Self(vector.0.map(Expansion::of))
    }

    fn dot(&self, other: &Self) -> Expansion {
        let [x, y, z] = std::array::from_fn(|k| self.0[k].times(&other.0[k]));
        x.plus(&y).plus(&z)
    }

    fn cross(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|k| {
            let (i, j) = ((k + 1) % 3, (k + 2) % 3);
            self.0[i]
                .times(&other.0[j])
                .minus(&self.0[j].times(&other.0[i]))
        }))
    }

    fn rounded(&self) -> Vector {
        Vector(std::array::from_fn(|k| self.0[k].rounded()))
    }
}

/// `a × b`, rounded once.
pub(super) fn cross(a: &Vector, b: &Vector) -> Vector {
    let (a, b) = (ExactVector::of(a), ExactVector::of(b));
    a.cross(&b).rounded()
}

/// What a tetrahedron's circumsphere is made of: for vectors from one vertex to the others, `b×c`, `c×a` and `a×b`; the
/// *centre* `|a|² b×c + |b|² c×a + |c|² a×b`; the *volume* `a·(b×c)`.
pub(super) struct Parts {
    normals: [ExactVector; 3],
    centre: ExactVector,
    volume: Expansion,
}

impl Parts {
    pub(super) fn of(vectors: &[Vector; 3]) -> Self {
        let [a, b, c] = std::array::from_fn(|k| ExactVector::of(&vectors[k]));
        let normals = [b.cross(&c), c.cross(&a), a.cross(&b)];
        let lengths = [a.dot(&a), b.dot(&b), c.dot(&c)];
        let coordinate = |k: usize| {
            let [x, y, z] = std::array::from_fn(|i| lengths[i].times(&normals[i].0[k]));
            x.plus(&y).plus(&z)
        };
        Self {
            centre: ExactVector(std::array::from_fn(coordinate)),
            volume: a.dot(&normals[0]),
            normals,
        }
    }

    /// Normals, centre and volume, each number rounded once.
    pub(super) fn rounded(&self) -> ([Vector; 3], Vector, Double) {
        let normals = std::array::from_fn(|k| self.normals[k].rounded());
        (normals, self.centre.rounded(), self.volume.rounded())
    }

    /// The signs of the centre's barycentric coordinates.
    pub(super) fn signs(&self) -> [f64; 4] {
        let [a, b, c] = std::array::from_fn(|k| self.centre.dot(&self.normals[k]));
        let squared = self.volume.times(&self.volume);
        let last = squared.clone().plus(&squared).minus(&a).minus(&b).minus(&c);
        [a, b, c, last].map(|weight| weight.sign())
    }
}

/// The sign of `a·b`.
pub(super) fn sign_of_product(a: &Vector, b: &Vector) -> f64 {
    ExactVector::of(a).dot(&ExactVector::of(b)).sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost() {
        let x = Expansion::of(Double::sum_of(1.0, 1e-30));
        let square = x.times(&x);
        let rest = square.minus(&Expansion::of(Double::sum_of(1.0, 2e-30)));
        assert_eq!(rest.rounded().rounded(), 1e-30 * 1e-30);
        assert_eq!(x.clone().minus(&x).rounded(), Double::from(0.0));
    }

    #[test]
    fn flat_things_are_measured() {
        let vector = |head: [f64; 3]| Vector::between([0.0; 3], head);
        let (a, b) = (
            vector([1.0, 1.0, 0.0]),
            vector([1.0, 1.0 + f64::EPSILON, 0.0]),
        );
        assert_eq!(cross(&a, &b).rounded(), [0.0, 0.0, f64::EPSILON]);
        let c = vector([0.0, 1.0, 1e-40]);
        let parts = Parts::of(&[vector([1.0, 0.0, 0.0]), vector([1.0, 1.0, 0.0]), c]);
        let (_, centre, volume) = parts.rounded();
        assert_eq!(volume.rounded(), 1e-40);
        assert_eq!(centre.rounded().map(|x| x / 1e-40), [1.0, 1.0, 1e-40]);
        assert!(parts.signs().iter().all(|&sign| sign >= 0.0));
        assert!(
            sign_of_product(&a, &c) > 0.0 && sign_of_product(&vector([1.0, 0.0, 0.0]), &c) == 0.0
        );
    }
}
