//! Norms of the plane of births and deaths.

use toposcope_core::Error;

/// The norm `L_p` in which intervals, as points of the plane, are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm(pub(super) Power);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Power {
    One,
    Two,
    Infinite,
    Other(f64),
}

impl Norm {
    /// The largest coordinate: the norm of the bottleneck distance.
    pub const MAX: Self = Self(Power::Infinite);

    /// The norm `L_p` for `p` from 1 to infinity, which errors call `ground`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other number.
    pub fn new(p: f64) -> Result<Self, Error> {
        match p {
            1.0 => Ok(Self(Power::One)),
            2.0 => Ok(Self(Power::Two)),
            f64::INFINITY => Ok(Self(Power::Infinite)),
            _ if p > 1.0 => Ok(Self(Power::Other(p))),
            _ => Err(Error::invalid("ground", "a norm of 1 to infinity", p)),
        }
    }

    /// The norm of the vector `(x, y)`.
    #[inline]
    pub(super) fn length(self, x: f64, y: f64) -> f64 {
        let (x, y) = (x.abs(), y.abs());
        match self.0 {
            Power::One => x + y,
            Power::Two => euclidean(x, y),
            Power::Infinite => larger(x, y),
            Power::Other(p) => {
                let (short, long) = if x < y { (x, y) } else { (y, x) };
                if long == 0.0 {
                    return 0.0;
                }
                // The ratio first: powers of the lengths themselves would leave the range of floats.
                long * libm::pow(1.0 + libm::pow(short / long, p), 1.0 / p)
            }
        }
    }

    /// The distance from an interval of this persistence to the nearest point of the diagonal, its middle.
    pub(super) fn to_diagonal(self, persistence: f64) -> f64 {
        match self.0 {
            Power::One => persistence,
            Power::Two => persistence * std::f64::consts::FRAC_1_SQRT_2,
            Power::Infinite => persistence / 2.0,
            Power::Other(p) => persistence * libm::exp2(1.0 / p - 1.0),
        }
    }
}

/// Squares are taken as they are where they stay in range, as they nearly always do, and of the ratio elsewhere.
#[inline]
fn euclidean(x: f64, y: f64) -> f64 {
    let (short, long) = if x < y { (x, y) } else { (y, x) };
    if (1e-150..1e150).contains(&long) || long == 0.0 {
        return (x * x + y * y).sqrt();
    }
    let ratio = short / long;
    long * (1.0 + ratio * ratio).sqrt()
}

/// Unlike `f64::max` a single instruction, as no argument is NaN.
#[inline]
pub(super) fn larger(x: f64, y: f64) -> f64 {
    if x > y { x } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_textbook() {
        for (p, expected) in [
            (1.0, 7.0),
            (2.0, 5.0),
            (3.0, 91_f64.cbrt()),
            (f64::INFINITY, 4.0),
        ] {
            let norm = Norm::new(p).unwrap();
            for (x, y) in [(3.0, -4.0), (-4.0, 3.0)] {
                assert!((norm.length(x, y) - expected).abs() < 1e-14);
            }
            assert_eq!(norm.length(0.0, 0.0), 0.0);
            for scale in [1e300, 1e-300] {
                let length = norm.length(3.0 * scale, 4.0 * scale);
                assert!((length / scale - expected).abs() < 1e-12, "{p} {scale}");
            }
        }
    }

    #[test]
    fn the_middle_is_the_nearest_point_of_the_diagonal() {
        for p in [1.0, 1.5, 2.0, 7.0, f64::INFINITY] {
            let norm = Norm::new(p).unwrap();
            let middle = norm.length(0.5, 0.5);
            assert!((norm.to_diagonal(1.0) - middle).abs() < 1e-15);
            assert!((0..=10).all(
                |t| norm.length(f64::from(t) / 10.0, f64::from(10 - t) / 10.0) > middle - 1e-12
            ));
        }
    }

    #[test]
    fn no_other_norm() {
        for p in [0.5, 0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            let expected = format!("ground: expected a norm of 1 to infinity, got {p}");
            assert_eq!(Norm::new(p).unwrap_err().to_string(), expected);
        }
    }
}
