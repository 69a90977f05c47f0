//! Linear algebra over Z/2 on rows of bits.

/// A vector over Z/2; bits beyond its end are zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BitVector {
    words: Vec<u64>,
}

impl BitVector {
    /// The vector that is 1 at `bit` alone.
    pub(crate) fn unit(bit: usize) -> Self {
        let mut vector = Self::default();
        vector.flip(bit);
        vector
    }

    /// Bits in words of 64, the first in the lowest bit.
    pub(crate) fn from_words(words: Vec<u64>) -> Self {
        Self { words }
    }

    pub(crate) fn flip(&mut self, bit: usize) {
        if self.words.len() <= bit / 64 {
            self.words.resize(bit / 64 + 1, 0);
        }
        self.words[bit / 64] ^= 1 << (bit % 64);
    }

    pub(crate) fn get(&self, bit: usize) -> bool {
        let word = self.words.get(bit / 64);
        word.is_some_and(|w| w >> (bit % 64) & 1 == 1)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a ^= b;
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.first().is_none()
    }

    fn first(&self) -> Option<usize> {
        let at = self.words.iter().position(|&w| w != 0)?;
        Some(at * 64 + self.words[at].trailing_zeros() as usize)
    }

    /// Positions of the ones.
    pub(crate) fn ones(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.words.len() * 64).filter(|&bit| self.get(bit))
    }
}

/// A vector that has been reduced, and the generators whose sum was taken away from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reduced {
    /// Zero if the vector is in the span.
    pub(crate) rest: BitVector,
    /// Over the numbers given to [`Span::insert`]: `vector = rest + sum of these`.
    pub(crate) generators: BitVector,
}

/// The span of vectors, in echelon form; remembers which of them each row is a sum of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    rows: Vec<(usize, Reduced)>,
}

impl Span {
    pub(crate) fn rank(&self) -> usize {
        self.rows.len()
    }

    /// What of `vector` is outside the span.
    pub(crate) fn reduce(&self, vector: &BitVector) -> Reduced {
        let mut reduced = Reduced {
            rest: vector.clone(),
            generators: BitVector::default(),
        };
        for (pivot, row) in &self.rows {
            if reduced.rest.get(*pivot) {
                reduced.rest.add(&row.rest);
                reduced.generators.add(&row.generators);
            }
        }
        reduced
    }

    /// Adds `vector`, the generator of this number, unless it is in the span already; whether it was not.
    pub(crate) fn insert(&mut self, vector: &BitVector, number: usize) -> bool {
        let mut reduced = self.reduce(vector);
        let Some(pivot) = reduced.rest.first() else {
            return false;
        };
        reduced.generators.flip(number);
        self.rows.push((pivot, reduced));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(bits: &[usize]) -> BitVector {
        let mut vector = BitVector::default();
        for &bit in bits {
            vector.flip(bit);
        }
        vector
    }

    #[test]
    fn a_sum_is_found_again() {
        let mut span = Span::default();
        assert!(span.insert(&vector(&[0, 70]), 4));
        assert!(span.insert(&vector(&[1, 70]), 5));
        assert!(!span.insert(&vector(&[0, 1]), 6));
        assert_eq!(span.rank(), 2);
        let reduced = span.reduce(&vector(&[0, 1]));
        assert!(reduced.rest.is_zero());
        assert_eq!(reduced.generators.ones().collect::<Vec<_>>(), [4, 5]);
        let outside = span.reduce(&vector(&[0, 2]));
        assert!(!outside.rest.is_zero());
    }

    #[test]
    fn reduction_is_complete_in_any_order() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let rows = [vector(&[0, 1]), vector(&[1, 2]), vector(&[2, 3])];
            let mut span = Span::default();
            for at in order {
                assert!(span.insert(&rows[at], at));
            }
            let mut sum = span.reduce(&vector(&[0, 3]));
            assert!(sum.rest.is_zero());
            for (at, row) in rows.iter().enumerate() {
                if sum.generators.get(at) {
                    sum.rest.add(row);
                }
            }
            assert_eq!(sum.rest.ones().collect::<Vec<_>>(), [0, 3]);
        }
    }
}
