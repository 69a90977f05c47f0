//! The coefficient fields. Z/2 is a type of its own: its one non-zero element takes no room in a column.

use std::fmt::Debug;

/// A finite field; its elements here are the non-zero ones, "zero" is the absence of an entry.
pub(crate) trait Field: Copy + Send + Sync + Debug {
    /// A non-zero element.
    type Element: Copy + PartialEq + Debug + Send + Sync;
    /// An element in a place of its own; what the default stands for does not matter.
    type Value: Copy + Default + Debug + Send + Sync;
    /// Whether one is the only element, so that a column is a set of rows.
    const IS_BINARY: bool;

    fn one(self) -> Self::Element;
    /// The sum; `None` is zero.
    fn add(self, a: Self::Element, b: Self::Element) -> Option<Self::Element>;
    fn multiply(self, a: Self::Element, b: Self::Element) -> Self::Element;
    fn negate(self, a: Self::Element) -> Self::Element;
    fn invert(self, a: Self::Element) -> Self::Element;

    /// The residue from 1 to p - 1 that an element is.
    fn residue(self, a: Self::Element) -> u16;
    /// Adds `term` to a place that holds an element if `is_there`; whether one is there then.
    fn accumulate(self, value: &mut Self::Value, is_there: bool, term: Self::Element) -> bool;
    /// The element that is there.
    fn element(self, value: Self::Value) -> Self::Element;

    /// 1 at even positions, -1 at odd ones: how the facet without the vertex at `position` stands in a boundary.
    fn sign(self, position: usize) -> Self::Element {
        if position.is_multiple_of(2) {
            self.one()
        } else {
            self.negate(self.one())
        }
    }
}

/// The field of two elements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Z2;

/// The only non-zero element of [`Z2`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct One;

impl Field for Z2 {
    type Element = One;
    type Value = ();
    const IS_BINARY: bool = true;

    fn one(self) -> One {
        One
    }
    fn add(self, _: One, _: One) -> Option<One> {
        None
    }
    fn multiply(self, _: One, _: One) -> One {
        One
    }
    fn negate(self, _: One) -> One {
        One
    }
    fn invert(self, _: One) -> One {
        One
    }
    fn residue(self, _: One) -> u16 {
        1
    }
    #[inline]
    fn accumulate(self, (): &mut (), is_there: bool, _: One) -> bool {
        !is_there
    }
    #[inline]
    fn element(self, (): ()) -> One {
        One
    }
}

/// The integers modulo an odd prime that fits in 16 bits, so that products fit in 32.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zp {
    p: u32,
}

impl Zp {
    /// `p` is a prime up to [`LARGEST_FIELD`](crate::LARGEST_FIELD), as checked by the parameters.
    pub(crate) fn new(p: u32) -> Self {
        debug_assert!((3..=crate::LARGEST_FIELD).contains(&p));
        Self { p }
    }
}

impl Field for Zp {
    type Element = u16;
    type Value = u16;
    const IS_BINARY: bool = false;

    fn one(self) -> u16 {
        1
    }
    fn add(self, a: u16, b: u16) -> Option<u16> {
        let sum = (u32::from(a) + u32::from(b)) % self.p;
        (sum != 0).then_some(sum as u16)
    }
    fn multiply(self, a: u16, b: u16) -> u16 {
        (u32::from(a) * u32::from(b) % self.p) as u16
    }
    fn negate(self, a: u16) -> u16 {
        (self.p - u32::from(a)) as u16
    }
    #[inline]
    fn accumulate(self, value: &mut u16, is_there: bool, term: u16) -> bool {
        let sum = if is_there {
            self.add(*value, term)
        } else {
            Some(term)
        };
        *value = sum.unwrap_or_default();
        sum.is_some()
    }
    #[inline]
    fn element(self, value: u16) -> u16 {
        value
    }
    fn invert(self, a: u16) -> u16 {
        // Fermat: a^(p - 2).
        let (mut power, mut base, mut exponent) = (1, a, self.p - 2);
        while exponent > 0 {
            if exponent % 2 == 1 {
                power = self.multiply(power, base);
            }
            base = self.multiply(base, base);
            exponent /= 2;
        }
        power
    }
    fn residue(self, a: u16) -> u16 {
        a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_and_negatives() {
        for p in [3, 5, 7, 65_521] {
            let field = Zp::new(p);
            for a in [1, 2, (p / 2) as u16, (p - 1) as u16] {
                assert_eq!(field.multiply(a, field.invert(a)), 1, "{a} mod {p}");
                assert_eq!(field.add(a, field.negate(a)), None);
            }
            assert_eq!(field.add(field.sign(0), field.sign(1)), None);
        }
    }
}
