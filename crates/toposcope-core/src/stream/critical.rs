//! The critical simplices of the landmarks, from push to push.

use std::cmp::Ordering;

use crate::incremental::Lasting;
use crate::memory::{Budget, Held};
use crate::pool::{CriticalSimplex, PoolParams, Role, SimplexId, SimplexPool};
use crate::{Control, Error};

/// The pool of a stream: it holds all critical simplices of the landmarks, or none as long as nobody knows them.
#[derive(Debug)]
pub(crate) struct Critical {
    pool: SimplexPool,
    /// Of all that the pool holds, in the order of [`in_order`].
    ids: Held<SimplexId>,
}

impl Critical {
    /// # Errors
    /// [`Error::Invalid`] for wrong shares.
    pub(crate) fn new(budget: &Budget, params: PoolParams) -> Result<Self, Error> {
        Ok(Self {
            pool: SimplexPool::with_params(budget, params)?,
            ids: Held::new(budget),
        })
    }

    pub(crate) fn pool(&self) -> &SimplexPool {
        &self.pool
    }

    /// Closes the holes of the pool.
    pub(crate) fn defragment(&mut self) {
        self.pool.defragment();
    }

    #[cfg(test)]
    pub(crate) fn pool_mut(&mut self) -> &mut SimplexPool {
        &mut self.pool
    }

    /// Nobody knows the critical simplices any more. Their room goes to who has to find the diagram without them.
    pub(crate) fn clear(&mut self) {
        self.pool.clear();
        self.pool.defragment();
        self.ids = Held::new(self.ids.budget());
    }

    /// Makes the pool hold `next`, by ascending role, and nothing else. What was in before keeps its id.
    ///
    /// # Errors
    /// Those of memory; then the pool is empty.
    pub(crate) fn update(&mut self, mut next: Held<CriticalSimplex>) -> Result<(), Error> {
        // The edges are in order but for ties. Sorted with all others they would cost as much as these.
        for of_role in next.chunk_by_mut(|x, y| x.role() == y.role()) {
            of_role.sort_unstable_by(in_order);
        }
        let updated = self.merge(&next);
        if updated.is_err() {
            self.clear();
        }
        updated
    }

    /// Goes through what was and what is, side by side. Nothing is retired before all is in: what a push leaves behind is filled by the next.
    fn merge(&mut self, next: &[CriticalSimplex]) -> Result<(), Error> {
        let mut ids = Held::with_capacity(self.ids.budget(), next.len())?;
        // Those that are gone move to the front.
        let (mut at, mut n_gone) = (0, 0);
        for simplex in next {
            let mut order = self.compare(at, simplex);
            while order == Some(Ordering::Less) {
                self.ids[n_gone] = self.ids[at];
                (at, n_gone) = (at + 1, n_gone + 1);
                order = self.compare(at, simplex);
            }
            if order == Some(Ordering::Equal) {
                ids.push(self.ids[at])?;
                at += 1;
            } else {
                ids.push(self.pool.insert(*simplex)?)?;
            }
        }
        for &id in self.ids[..n_gone].iter().chain(&self.ids[at..]) {
            self.pool.retire(id);
        }
        self.ids = ids;
        self.pool.maintain();
        Ok(())
    }

    /// Where the simplex at a place in the list stands to another.
    fn compare(&self, at: usize, other: &CriticalSimplex) -> Option<Ordering> {
        let simplex = self.pool.get(*self.ids.get(at)?)?;
        Some(in_order(&simplex, other))
    }
}

/// What is critical about these landmarks, given by slot: each of them, and the simplices behind all that lasts. By ascending role.
pub(crate) fn critical_simplices(
    landmarks: &[Option<u64>],
    lasting: &Lasting,
    control: &Control,
) -> Result<Held<CriticalSimplex>, Error> {
    let count = landmarks.iter().flatten().count() + lasting.n_simplices();
    let mut simplices = Held::with_capacity(control.budget(), count)?;
    for &id in landmarks.iter().flatten() {
        simplices.push(CriticalSimplex::new(Role::Founds, &[id], 0.0)?)?;
    }
    lasting.simplices(|role, slots, length| {
        control.tick(1)?;
        let mut vertices = [0; CriticalSimplex::MOST_VERTICES];
        for (vertex, &slot) in vertices.iter_mut().zip(slots) {
            let Some(id) = landmarks[slot as usize] else {
                debug_assert!(false, "a critical simplex has landmarks for vertices");
                return Ok(());
            };
            *vertex = id;
        }
        let simplex = CriticalSimplex::new(role, &vertices[..slots.len()], length)?;
        simplices.push(simplex)
    })?;
    Ok(simplices)
}

/// By role, value and vertices: nearly the order in which they are found, and rarely is more than the value looked at.
fn in_order(x: &CriticalSimplex, y: &CriticalSimplex) -> Ordering {
    let by_role = x.role().cmp(&y.role());
    let by_value = by_role.then_with(|| x.value().total_cmp(&y.value()));
    by_value.then_with(|| x.vertices().cmp(y.vertices()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::SLACK;

    fn edges(from: u64, count: u64) -> Held<CriticalSimplex> {
        let mut edges = Held::new(&Budget::unlimited());
        for a in from..from + count {
            let edge = CriticalSimplex::new(Role::Joins, &[a, a + 1], 1.0);
            edges.push(edge.unwrap()).unwrap();
        }
        edges
    }

    #[test]
    fn a_refused_update_leaves_nothing() {
        let mut n_refused = 0;
        for room in (0..20_000).step_by(100) {
            let budget = Budget::limited(SLACK + room);
            let mut critical = Critical::new(&budget, PoolParams::default()).unwrap();
            let refused = (0..50).any(|from| critical.update(edges(from, 2 * from)).is_err());
            n_refused += u64::from(refused);
            let (len, live) = (critical.pool().len(), budget.live() - SLACK);
            assert_eq!(
                (len, critical.ids.len()),
                if refused { (0, 0) } else { (98, 98) }
            );
            // Arrays that are small anyway are kept.
            assert!(!refused || live < 8 * 4096);
        }
        assert!(n_refused > 20, "{n_refused}");
    }
}
