//! What the pool holds: a critical simplex, and what it does to homology.

use crate::Error;

/// What a critical simplex does when it enters the filtration. Degree and role are independent: an edge may join two components, begin a
/// loop, or be the one with which loops end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Founds a component: a vertex.
    Founds,
    /// Joins two components: an edge of the minimum spanning forest.
    Joins,
    /// Gives birth to a class: an edge to a loop, a triangle to a void.
    Births,
    /// Ends classes that were alive: a triangle fills a loop, or stands for all that happens with its longest edge.
    Kills,
}

/// A critical simplex: its role, the landmarks that are its vertices, and its filtration value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CriticalSimplex {
    role: Role,
    n_vertices: u8,
    /// Ascending; zero from `n_vertices` on.
    vertices: [u64; Self::MOST_VERTICES],
    value: f64,
}

impl CriticalSimplex {
    /// A tetrahedron is the largest simplex that is held: with it voids die.
    pub const MOST_VERTICES: usize = 4;

    /// The simplex on these landmarks, given by their ids in any order.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there are none or more than [`Self::MOST_VERTICES`] vertices, if one comes twice, or if the value is not a number.
    pub fn new(role: Role, vertices: &[u64], value: f64) -> Result<Self, Error> {
        let count = vertices.len();
        if !(1..=Self::MOST_VERTICES).contains(&count) {
            let expected = format!("1 to {} landmarks", Self::MOST_VERTICES);
            return Err(Error::invalid("vertices", expected, count));
        }
        let mut sorted = [0; Self::MOST_VERTICES];
        sorted[..count].copy_from_slice(vertices);
        sorted[..count].sort_unstable();
        let mut pairs = sorted[..count].windows(2);
        if let Some([twice, ..]) = pairs.find(|pair| pair[0] == pair[1]) {
            let got = format!("{twice} twice");
            return Err(Error::invalid("vertices", "each landmark once", got));
        }
        if value.is_nan() {
            return Err(Error::invalid("value", "a number", value));
        }
        Ok(Self {
            role,
            n_vertices: count as u8,
            vertices: sorted,
            value,
        })
    }

    /// From what is in the pool, which went through [`Self::new`] once.
    pub(super) fn from_slot(role: Role, vertices: &[u64], value: f64) -> Self {
        let mut padded = [0; Self::MOST_VERTICES];
        padded[..vertices.len()].copy_from_slice(vertices);
        Self {
            role,
            n_vertices: vertices.len() as u8,
            vertices: padded,
            value,
        }
    }

    /// What it does.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Ids of the landmarks that are its vertices, ascending.
    pub fn vertices(&self) -> &[u64] {
        &self.vertices[..usize::from(self.n_vertices)]
    }

    /// Its filtration value.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Its dimension: 0 for a vertex.
    pub fn dim(&self) -> usize {
        usize::from(self.n_vertices) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_vertices_does_not_matter() {
        let simplex = CriticalSimplex::new(Role::Kills, &[9, 0, 4], 2.5).unwrap();
        assert_eq!((simplex.vertices(), simplex.dim()), (&[0, 4, 9][..], 2));
        assert_eq!((simplex.role(), simplex.value()), (Role::Kills, 2.5));
        let again = CriticalSimplex::new(Role::Kills, &[4, 9, 0], 2.5);
        assert_eq!(again, Ok(simplex));
        assert_eq!(
            CriticalSimplex::from_slot(Role::Kills, &[0, 4, 9], 2.5),
            simplex
        );
        // The padding is no vertex.
        let vertex = CriticalSimplex::new(Role::Founds, &[0], 0.0).unwrap();
        assert_eq!(vertex.vertices(), [0]);
    }

    #[test]
    fn what_is_no_simplex_is_refused() {
        let refusal = |vertices: &[u64], value| {
            let refused = CriticalSimplex::new(Role::Births, vertices, value);
            refused.unwrap_err().to_string()
        };
        let expected = "vertices: expected 1 to 4 landmarks, got";
        assert_eq!(refusal(&[], 0.0), format!("{expected} 0"));
        assert_eq!(refusal(&[1, 2, 3, 4, 5], 0.0), format!("{expected} 5"));
        assert_eq!(
            refusal(&[7, 3, 7], 0.0),
            "vertices: expected each landmark once, got 7 twice"
        );
        assert_eq!(refusal(&[1], f64::NAN), "value: expected a number, got NaN");
    }
}
