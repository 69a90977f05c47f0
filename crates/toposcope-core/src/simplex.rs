//! Simplices by their vertices, and packed into one integer.

use std::fmt::Debug;
use std::marker::PhantomData;

use crate::reduction::TableKey;
use crate::{Error, LARGEST_MAX_DIM};

/// The vertices of a simplex in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Simplex {
    vertices: [u32; Self::MOST_VERTICES],
    len: u8,
}

impl Simplex {
    /// The largest simplex any engine meets has one dimension more than the largest homology asked for.
    pub(crate) const MOST_VERTICES: usize = LARGEST_MAX_DIM + 2;

    /// The simplex on these vertices, given in any order, each once.
    pub(crate) fn new(vertices: impl IntoIterator<Item = u32>) -> Self {
        let empty = Self {
            vertices: [0; Self::MOST_VERTICES],
            len: 0,
        };
        vertices
            .into_iter()
            .fold(empty, |simplex, v| simplex.with(v))
    }

    pub(crate) fn vertices(&self) -> &[u32] {
        &self.vertices[..usize::from(self.len)]
    }

    pub(crate) fn dim(&self) -> usize {
        usize::from(self.len) - 1
    }

    /// Where `v` stands among the vertices, or would stand.
    pub(crate) fn position(&self, v: u32) -> usize {
        self.vertices().iter().take_while(|&&u| u < v).count()
    }

    /// With vertex `v` added, which is not among its own.
    #[must_use]
    #[inline]
    pub(crate) fn with(&self, v: u32) -> Self {
        let (at, len) = (self.position(v), usize::from(self.len));
        let mut cofacet = *self;
        cofacet.vertices.copy_within(at..len, at + 1);
        cofacet.vertices[at] = v;
        cofacet.len += 1;
        cofacet
    }

    /// Without the vertex at `position`.
    #[must_use]
    pub(crate) fn without(&self, position: usize) -> Self {
        let mut facet = *self;
        facet
            .vertices
            .copy_within(position + 1..usize::from(self.len), position);
        facet.len -= 1;
        facet
    }
}

/// An integer that holds packed vertices: the narrower, the faster.
pub(crate) trait Key: TableKey + Ord + Debug + Send + Sync {
    const ZERO: Self;
    const BITS: u32;

    /// The number of a vertex.
    fn of(v: u32) -> Self;
    /// The lowest 32 bits.
    fn low(self) -> u32;
    fn or(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    /// Moved up; what leaves at the top is lost, and all of it if `by` is the number of bits.
    fn up(self, by: u32) -> Self;
    /// Moved down.
    fn down(self, by: u32) -> Self;
}

macro_rules! key {
    ($integer:ty) => {
        impl Key for $integer {
            const ZERO: Self = 0;
            const BITS: u32 = <$integer>::BITS;

            #[inline]
            fn of(v: u32) -> Self {
                Self::from(v)
            }
            #[inline]
            fn low(self) -> u32 {
                self as u32
            }
            #[inline]
            fn or(self, other: Self) -> Self {
                self | other
            }
            #[inline]
            fn xor(self, other: Self) -> Self {
                self ^ other
            }
            #[inline]
            fn up(self, by: u32) -> Self {
                self.checked_shl(by).unwrap_or(0)
            }
            #[inline]
            fn down(self, by: u32) -> Self {
                self.checked_shr(by).unwrap_or(0)
            }
        }
    };
}
key!(u64);
key!(u128);

/// Packs simplices into integers: equal bits per vertex, the largest vertex on top. Keys of one dimension are in
/// colexicographic order, and keys of different dimensions differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packing<K> {
    bits: u32,
    key: PhantomData<K>,
}

impl<K: Key> Packing<K> {
    /// Room for simplices of up to `max_dim + 2` of `n` vertices.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not fit.
    pub(crate) fn new(n: usize, max_dim: usize) -> Result<Self, Error> {
        let bits = usize::BITS - n.saturating_sub(1).leading_zeros();
        let bits = bits.max(1);
        let available = K::BITS / (max_dim as u32 + 2);
        if bits > available {
            let expected = format!(
                "at most {} for {n} vertices",
                (K::BITS / bits).saturating_sub(2)
            );
            return Err(Error::invalid("max_dim", expected, max_dim));
        }
        let key = PhantomData;
        Ok(Self { bits, key })
    }

    /// Bits per vertex.
    #[inline]
    pub(crate) fn bits(self) -> u32 {
        self.bits
    }

    pub(crate) fn pack(self, simplex: &Simplex) -> K {
        let vertices = simplex.vertices().iter().rev();
        vertices.fold(K::ZERO, |key, &v| key.up(self.bits).or(K::of(v)))
    }

    /// The simplex of dimension `dim` with this key.
    pub(crate) fn unpack(self, key: K, dim: usize) -> Simplex {
        let mut vertices = [0; Simplex::MOST_VERTICES];
        for (at, vertex) in vertices.iter_mut().enumerate().take(dim + 1) {
            *vertex = self.vertex(key, at);
        }
        let len = dim as u8 + 1;
        Simplex { vertices, len }
    }

    /// The vertex at this position.
    #[inline]
    pub(crate) fn vertex(self, key: K, position: usize) -> u32 {
        let mask = u32::MAX >> (32 - self.bits);
        key.down(position as u32 * self.bits).low() & mask
    }

    /// The key without the vertex at this position.
    #[inline]
    pub(crate) fn without(self, key: K, position: usize) -> K {
        let below = position as u32 * self.bits;
        let above = key.down(below + self.bits).up(below);
        above.or(lowest(key, below))
    }

    /// The key with `vertex` added at this position.
    #[inline]
    pub(crate) fn with(self, key: K, position: usize, vertex: u32) -> K {
        let below = position as u32 * self.bits;
        let above = key.down(below).up(below + self.bits);
        above.or(K::of(vertex).up(below)).or(lowest(key, below))
    }
}

/// The lowest `bits` bits.
#[inline]
fn lowest<K: Key>(key: K, bits: u32) -> K {
    let cleared = K::BITS - bits;
    key.up(cleared).down(cleared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vertices_come_and_go() {
        let simplex = Simplex::new([7, 2, 5]);
        assert_eq!((simplex.vertices(), simplex.dim()), (&[2, 5, 7][..], 2));
        assert_eq!(simplex.with(6).vertices(), [2, 5, 6, 7]);
        assert_eq!(simplex.without(0).vertices(), [5, 7]);
        assert_eq!((simplex.position(5), simplex.position(6)), (1, 2));
    }

    #[test]
    fn keys_are_ordered_and_distinct() {
        let packing = Packing::<u64>::new(4, 2).unwrap();
        let key = |vertices: &[u32]| packing.pack(&Simplex::new(vertices.iter().copied()));
        assert!(key(&[0, 1]) < key(&[0, 2]) && key(&[0, 2]) < key(&[1, 2]));
        let simplices: [&[u32]; 6] = [&[0], &[1], &[0, 1], &[1, 2], &[0, 1, 2], &[0, 1, 2, 3]];
        let mut keys = simplices.map(key).to_vec();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), simplices.len());
        let simplex = Simplex::new([3, 0, 2]);
        assert_eq!(packing.unpack(packing.pack(&simplex), 2), simplex);
    }

    fn check_keys<K: Key>(n: usize, max_dim: usize) {
        let packing = Packing::<K>::new(n, max_dim).unwrap();
        let last = (n - 1) as u32;
        let vertices = (0..=max_dim as u32 + 1).map(|at| last - 3 * at);
        let simplex = Simplex::new(vertices);
        let key = packing.pack(&simplex);
        for position in 0..simplex.vertices().len() {
            let facet = simplex.without(position);
            let vertex = simplex.vertices()[position];
            assert_eq!(packing.vertex(key, position), vertex);
            assert_eq!(packing.without(key, position), packing.pack(&facet));
            assert_eq!(packing.with(packing.pack(&facet), position, vertex), key);
        }
        assert_eq!(packing.unpack(key, max_dim + 1), simplex);
    }

    #[test]
    fn keys_lose_and_gain_vertices_as_simplices_do() {
        check_keys::<u64>(1 << 16, 2);
        check_keys::<u64>(1000, 3);
        check_keys::<u128>(1 << 32, 2);
        check_keys::<u128>(500, 12);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Packing::<u128>::new(1 << 32, 2).is_ok());
        assert!(Packing::<u128>::new(512, 12).is_ok());
        assert!(
            Packing::<u64>::new(1 << 16, 2).is_ok()
                && Packing::<u64>::new((1 << 16) + 1, 2).is_err()
        );
        let refusal = Packing::<u128>::new(513, 12).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "max_dim: expected at most 10 for 513 vertices, got 12"
        );
    }
}
