//! Simplices by their vertices, and packed into one integer.

use crate::{Error, LARGEST_MAX_DIM};

/// The largest simplex any engine meets has one dimension more than the largest homology asked for.
const MOST_VERTICES: usize = LARGEST_MAX_DIM + 2;

/// The vertices of a simplex in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Simplex {
    vertices: [u32; MOST_VERTICES],
    len: u8,
}

impl Simplex {
    /// The simplex on these vertices, given in any order, each once.
    pub(crate) fn new(vertices: impl IntoIterator<Item = u32>) -> Self {
        let empty = Self {
            vertices: [0; MOST_VERTICES],
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

/// Packs simplices into integers: equal bits per vertex, the largest vertex on top. Keys of one dimension are in
/// colexicographic order, and keys of different dimensions differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packing {
    bits: u32,
}

/// A packed simplex.
pub(crate) type Key = u128;

impl Packing {
    /// Room for simplices of up to `max_dim + 2` of `n` vertices.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not fit in 128 bits.
    pub(crate) fn new(n: usize, max_dim: usize) -> Result<Self, Error> {
        let bits = usize::BITS - n.saturating_sub(1).leading_zeros();
        let bits = bits.max(1);
        let available = u128::BITS / (max_dim as u32 + 2);
        if bits > available {
            let expected = format!(
                "at most {} for {n} vertices",
                (u128::BITS / bits).saturating_sub(2)
            );
            return Err(Error::invalid("max_dim", expected, max_dim));
        }
        Ok(Self { bits })
    }

    pub(crate) fn pack(self, simplex: &Simplex) -> Key {
        let vertices = simplex.vertices().iter().rev();
        vertices.fold(0, |key, &v| key << self.bits | Key::from(v))
    }

    /// The simplex of dimension `dim` with this key.
    pub(crate) fn unpack(self, key: Key, dim: usize) -> Simplex {
        let mask = (1 << self.bits) - 1;
        let vertex = |at: usize| (key >> (at as u32 * self.bits) & mask) as u32;
        Simplex::new((0..=dim).map(vertex))
    }
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
        let packing = Packing::new(4, 2).unwrap();
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

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Packing::new(1 << 32, 2).is_ok());
        assert!(Packing::new(512, 12).is_ok());
        let refusal = Packing::new(513, 12).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "max_dim: expected at most 10 for 513 vertices, got 12"
        );
    }
}
