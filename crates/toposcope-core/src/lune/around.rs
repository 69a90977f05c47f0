//! Lunes over lists of neighbours, vertex by vertex, in degree 1.
//!
//! The ranks of one vertex's edges are spread out once; then the lune of each of these edges costs one pass over the list of
//! its other end, and mostly one more to see that it is connected. Intersecting two lists per edge, in order of rank, took
//! five times as long.

use crate::Error;
use crate::filtration::Neighbours;
use crate::memory::{Budget, Held};
use crate::parallel::Pulse;

/// Stands for "no edge" among the ranks that are spread out.
const NONE: u32 = u32::MAX;

/// With so many times more neighbours than the lune has vertices, a vertex is asked for each of these.
const HUB: usize = 16;

/// Where a vertex stands with respect to the lune that is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Outside,
    /// In it, and not yet reached from the nearest vertex.
    Left,
    Reached,
}

/// What was found about the edges looked at.
#[derive(Debug)]
pub(super) struct Found {
    /// Ranks of the edges whose lune is empty.
    pub(super) bare: Held<u32>,
    /// Rank of an edge, and one vertex of each component of its lune which does not contain the vertex nearest to the edge.
    pub(super) triangles: Held<(u32, u32)>,
}

impl Found {
    pub(super) fn new(budget: &Budget) -> Self {
        Self {
            bare: Held::new(budget),
            triangles: Held::new(budget),
        }
    }
}

/// One thread's view.
#[derive(Debug)]
pub(super) struct Around<'f> {
    lists: &'f Neighbours,
    /// By vertex: the rank of its edge to the vertex that is looked at.
    spread: Vec<u32>,
    /// By vertex; outside wherever no lune is open.
    places: Vec<Place>,
    /// The vertices of the open lune.
    lune: Vec<u32>,
}

impl<'f> Around<'f> {
    /// Bytes of a view of `n` vertices: a rank and a place each, and lists of at most all of them for the lune, what is fresh and one vertex
    /// of each component.
    pub(super) fn bytes(n: usize) -> usize {
        n.saturating_mul(size_of::<u32>() + size_of::<Place>() + 3 * size_of::<u32>())
    }

    /// A view of `n` vertices.
    pub(super) fn new(n: usize, lists: &'f Neighbours) -> Self {
        Self {
            lists,
            spread: vec![NONE; n],
            places: vec![Place::Outside; n],
            lune: Vec::with_capacity(n),
        }
    }

    /// Looks at the edges of rank `from` or more from `a` to vertices with fewer neighbours, or as many and a smaller number: each edge of the
    /// graph is looked at from one of its ends, and the shorter list is the one passed over.
    pub(super) fn look(
        &mut self,
        a: u32,
        from: u32,
        found: &mut Found,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        let (vertices, ranks) = self.lists.of(a);
        for (&v, &rank) in vertices.iter().zip(ranks) {
            self.spread[v as usize] = rank;
        }
        let order = |v: u32| (self.lists.of(v).0.len(), v);
        let own_order = order(a);
        for (&b, &rank) in vertices.iter().zip(ranks) {
            if rank < from || order(b) > own_order {
                continue;
            }
            pulse.tick()?;
            match self.open(b, rank) {
                None => found.bare.push(rank)?,
                Some(nearest) => {
                    let others = self.other_components(nearest, rank);
                    found
                        .triangles
                        .extend(others.into_iter().map(|v| (rank, v)))?;
                    for &v in &self.lune {
                        self.places[v as usize] = Place::Outside;
                    }
                }
            }
        }
        for &v in vertices {
            self.spread[v as usize] = NONE;
        }
        Ok(())
    }

    /// Opens the lune of the edge of this rank to `b`, and gives the vertex nearest to the edge.
    fn open(&mut self, b: u32, rank: u32) -> Option<u32> {
        self.lune.clear();
        let mut nearest = None;
        let mut shortest = rank;
        let (vertices, ranks) = self.lists.of(b);
        for (&v, &from_b) in vertices.iter().zip(ranks) {
            let longer = from_b.max(self.spread[v as usize]);
            if longer < rank {
                self.lune.push(v);
                self.places[v as usize] = Place::Left;
                if longer < shortest {
                    (nearest, shortest) = (Some(v), longer);
                }
            }
        }
        nearest
    }

    /// One vertex of each component of the open lune that does not contain `nearest`.
    fn other_components(&mut self, nearest: u32, rank: u32) -> Vec<u32> {
        let mut n_left = self.lune.len() - self.reach(nearest, rank);
        // Asking those that are left, mostly none or few, whether they touch what is reached settles nearly all lunes.
        for at in 0..self.lune.len() {
            let v = self.lune[at];
            if n_left > 0 && self.places[v as usize] == Place::Left && self.touches(v, rank) {
                n_left -= self.reach(v, rank);
            }
        }
        let mut others = Vec::with_capacity(n_left);
        if n_left > 0 {
            // No vertex is fresh twice: there is room for all that may be.
            let mut fresh = Vec::with_capacity(self.lune.len());
            let reached = |v: &u32| self.places[*v as usize] == Place::Reached;
            fresh.extend(self.lune.iter().copied().filter(reached));
            self.flood(&mut fresh, rank);
            for at in 0..self.lune.len() {
                let v = self.lune[at];
                if self.places[v as usize] == Place::Left {
                    others.push(v);
                    self.places[v as usize] = Place::Reached;
                    fresh.push(v);
                    self.flood(&mut fresh, rank);
                }
            }
        }
        others
    }

    /// Reaches everything that a path joins to the vertices `fresh`, which are reached.
    fn flood(&mut self, fresh: &mut Vec<u32>, rank: u32) {
        while let Some(v) = fresh.pop() {
            self.visit(v, rank, |u, place| {
                if *place == Place::Left {
                    *place = Place::Reached;
                    fresh.push(u);
                }
            });
        }
    }

    /// Marks `v` and its neighbours in the lune as reached; how many were not before.
    fn reach(&mut self, v: u32, rank: u32) -> usize {
        self.places[v as usize] = Place::Reached;
        let mut count = 1;
        self.visit(v, rank, |_, place| {
            if *place == Place::Left {
                *place = Place::Reached;
                count += 1;
            }
        });
        count
    }

    fn touches(&mut self, v: u32, rank: u32) -> bool {
        let mut touches = false;
        self.visit(v, rank, |_, place| touches |= *place == Place::Reached);
        touches
    }

    /// Shows the neighbours of `v` by edges below `rank`, at least those in the lune.
    fn visit(&mut self, v: u32, rank: u32, mut show: impl FnMut(u32, &mut Place)) {
        let (vertices, ranks) = self.lists.of(v);
        if vertices.len() > HUB * self.lune.len() {
            for at in self.lists.among(v, &self.lune, rank) {
                let u = self.lune[at];
                show(u, &mut self.places[u as usize]);
            }
        } else {
            for (&u, _) in vertices.iter().zip(ranks).filter(|&(_, &r)| r < rank) {
                show(u, &mut self.places[u as usize]);
            }
        }
    }
}
