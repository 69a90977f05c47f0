//! Numbers of twice the precision of f64, as sums of two of them: 106 bits.
//!
//! Sums and products of small integers are exact, so that values which are equal by symmetry, on a grid for instance, come out
//! equal. After Dekker (Numer. Math. 18, 1971).

use std::ops::{Add, Div, Mul, Sub};

/// `high + low`, where `high` is that sum rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Double {
    high: f64,
    low: f64,
}

impl Double {
    /// `a - b`, exactly.
    pub(crate) fn difference(a: f64, b: f64) -> Self {
        Self::sum_of(a, -b)
    }

    /// Rounded to the nearest f64.
    pub(crate) fn rounded(self) -> f64 {
        self.high
    }

    /// The quotient, rounded. Division by zero gives infinity or NaN.
    pub(super) fn over(self, divisor: Self) -> f64 {
        let first = self.high / divisor.high;
        if !first.is_finite() {
            return first;
        }
        let rest = self - divisor * Self::from(first);
        let second = rest.high / divisor.high;
        let rest = rest - divisor * Self::from(second);
        first + (second + rest.high / divisor.high)
    }

    /// `a * b`, exactly.
    pub(super) fn product_of(a: f64, b: f64) -> Self {
        let high = a * b;
        let ((a1, a0), (b1, b0)) = (halves(a), halves(b));
        let low = a0 * b0 - (((high - a1 * b1) - a0 * b1) - a1 * b0);
        Self { high, low }
    }

    /// Times a power of two, exactly.
    pub(crate) fn scaled(self, power: f64) -> Self {
        Self {
            high: self.high * power,
            low: self.low * power,
        }
    }

    /// The two parts; the first is the sum rounded.
    pub(super) fn parts(self) -> [f64; 2] {
        [self.high, self.low]
    }

    /// `a + b`, exactly.
    pub(super) fn sum_of(a: f64, b: f64) -> Self {
        let high = a + b;
        let b_part = high - a;
        let low = (a - (high - b_part)) + (b - b_part);
        Self { high, low }
    }

    /// `high + low` where `low` is much the smaller.
    fn renormalised(high: f64, low: f64) -> Self {
        let sum = high + low;
        let low = low - (sum - high);
        Self { high: sum, low }
    }
}

impl From<f64> for Double {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Add for Double {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = Self::sum_of(self.high, other.high);
        Self::renormalised(sum.high, sum.low + (self.low + other.low))
    }
}

impl Sub for Double {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let (high, low) = (-other.high, -other.low);
        self + Self { high, low }
    }
}

impl Mul for Double {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = Self::product_of(self.high, other.high);
        let mixed = self.high * other.low + self.low * other.high;
        Self::renormalised(product.high, product.low + mixed)
    }
}

impl Div for Double {
    type Output = Self;

    /// The quotient in the same precision. Division by zero gives infinities or NaN.
    fn div(self, divisor: Self) -> Self {
        let first = self.high / divisor.high;
        let rest = self - divisor * Self::from(first);
        let second = rest.high / divisor.high;
        let rest = rest - divisor * Self::from(second);
        let sum = Self::renormalised(first, second);
        Self::renormalised(sum.high, sum.low + rest.high / divisor.high)
    }
}

/// Two numbers of 26 bits whose sum is `x`.
fn halves(x: f64) -> (f64, f64) {
    let shifted = x * f64::from((1 << 27) + 1);
    let high = shifted - (shifted - x);
    (high, x - high)
}

/// A vector of R^3.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vector(pub(super) [Double; 3]);

impl Vector {
    /// From `tail` to `head`, exactly.
    pub(super) fn between(tail: [f64; 3], head: [f64; 3]) -> Self {
        Self(std::array::from_fn(|k| {
            Double::difference(head[k], tail[k])
        }))
    }

    pub(super) fn dot(&self, other: &Self) -> Double {
        let [a, b, c] = std::array::from_fn(|k| self.0[k] * other.0[k]);
        a + b + c
    }

    pub(super) fn squared_length(&self) -> Double {
        self.dot(self)
    }

    pub(super) fn cross(&self, other: &Self) -> Self {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Self([b * z - c * y, c * x - a * z, a * y - b * x])
    }

    pub(super) fn times(&self, factor: Double) -> Self {
        Self(self.0.map(|x| x * factor))
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] + other.0[k]))
    }

    /// Times a power of two, exactly.
    pub(super) fn scaled(&self, power: f64) -> Self {
        Self(self.0.map(|x| x.scaled(power)))
    }

    /// The largest of its coordinates without their signs.
    pub(super) fn extent(&self) -> f64 {
        self.rounded()
            .into_iter()
            .fold(0.0, |extent, x| extent.max(x.abs()))
    }

    pub(super) fn rounded(&self) -> [f64; 3] {
        self.0.map(Double::rounded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_f64_loses_is_kept() {
        let third = Double::from(1.0 / 3.0);
        let error = third * Double::from(3.0) - Double::from(1.0);
        assert_eq!(error.rounded(), -(0.5f64.powi(54)));
        let tiny = Double::difference(1.0, 1e-20);
        assert_eq!((tiny * tiny - Double::from(1.0)).rounded(), -2e-20);
        assert_eq!(Double::from(1.0).over(Double::from(3.0)), 1.0 / 3.0);
        assert_eq!((tiny * tiny).over(tiny), 1.0);
        let seventh = Double::from(1.0) / Double::from(7.0);
        let error = seventh * Double::from(7.0) - Double::from(1.0);
        assert!(error.rounded().abs() < 0.5f64.powi(102));
        assert_eq!(Double::from(1.0).over(Double::from(0.0)), f64::INFINITY);
    }

    #[test]
    fn vectors_of_integers_are_exact() {
        let at = |x: f64, y: f64, z: f64| Vector::between([1.0, 1.0, 1.0], [x, y, z]);
        let (a, b) = (at(2e5, 3.0, -7.0), at(5.0, -1e5, 1.0));
        let normal = a.cross(&b);
        assert_eq!(
            (normal.dot(&a).rounded(), normal.dot(&b).rounded()),
            (0.0, 0.0)
        );
        assert_eq!(a.plus(&a.times(Double::from(-1.0))).rounded(), [0.0; 3]);
    }
}
