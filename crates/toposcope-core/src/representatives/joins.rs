//! Degree 0: who joins whom, and paths between those who are joined.

use crate::filtration::EdgeFiltration;
use crate::memory::Held;
use crate::{Control, Error};

/// An edge that joins two components.
#[derive(Debug, Clone, Copy)]
pub(super) struct Join {
    pub(super) rank: u32,
    /// The smallest vertex of the component that takes over the one whose smallest vertex is larger.
    pub(super) old: u32,
}

/// Components of a growing graph, each known by its smallest vertex, with the ring of its vertices.
struct Elders {
    above: Held<u32>,
    /// The next vertex of the component, round and round.
    next: Held<u32>,
}

impl Elders {
    fn new(n: usize, control: &Control) -> Result<Self, Error> {
        let everyone = || -> Result<Held<u32>, Error> {
            let mut vertices = Held::with_capacity(control.budget(), n)?;
            vertices.extend_in_chunks(n, 0..n as u32, |work| control.tick(work))?;
            Ok(vertices)
        };
        Ok(Self {
            above: everyone()?,
            next: everyone()?,
        })
    }

    fn eldest(&mut self, mut v: u32) -> u32 {
        while self.above[v as usize] != v {
            let above = self.above[self.above[v as usize] as usize];
            self.above[v as usize] = above;
            v = above;
        }
        v
    }

    /// The component of `v`, from `v` on.
    fn members(&self, v: u32) -> impl Iterator<Item = u32> + '_ {
        let after = move |&u: &u32| Some(self.next[u as usize]).filter(|&next| next != v);
        std::iter::successors(Some(v), after)
    }

    fn join(&mut self, young: u32, old: u32) {
        self.above[young as usize] = old;
        self.next.swap(young as usize, old as usize);
    }
}

/// Shows every component when it is taken over, and in the end those that are left: its smallest vertex, the join if there is one, and its
/// vertices.
pub(super) fn visit_components(
    filtration: &EdgeFiltration,
    control: &Control,
    mut visit: impl FnMut(u32, Option<Join>, &mut dyn Iterator<Item = u32>) -> Result<(), Error>,
) -> Result<(), Error> {
    let n = filtration.n();
    let mut elders = Elders::new(n, control)?;
    let mut n_joined = 0;
    for rank in 0..filtration.len() as u32 {
        if n_joined + 1 >= n {
            break;
        }
        control.poll("components", n_joined, n)?;
        let [a, b] = filtration.ends(rank).map(|v| elders.eldest(v));
        if a != b {
            let (young, old) = (a.max(b), a.min(b));
            visit(young, Some(Join { rank, old }), &mut elders.members(young))?;
            elders.join(young, old);
            n_joined += 1;
        }
    }
    for v in 0..n as u32 {
        control.poll("components", v as usize, n)?;
        if elders.eldest(v) == v {
            visit(v, None, &mut elders.members(v))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DistanceMatrix, RipsInput};

    #[test]
    fn components_are_known_by_their_smallest_vertex() {
        // On a line: 3 and 4 near each other, then 1 and 2, then 0 joins those, then all.
        let x = [0.0f64, 3.0, 5.0, 10.0, 11.0];
        let lower = (0..5).flat_map(|i| (0..i).map(move |j| (x[i] - x[j]).abs()));
        let matrix = DistanceMatrix::from_lower(lower.collect(), 5).unwrap();
        let control = Control::none();
        let filtration = EdgeFiltration::new(RipsInput::Dense(&matrix), None, 1, &control).unwrap();
        let mut found = Vec::new();
        visit_components(&filtration, &control, |v, join, members| {
            let mut members: Vec<u32> = members.collect();
            members.sort_unstable();
            found.push((v, join.map(|join| join.old), members));
            Ok(())
        })
        .unwrap();
        let expected = [
            (4, Some(3), vec![4]),
            (2, Some(1), vec![2]),
            (1, Some(0), vec![1, 2]),
            (3, Some(0), vec![3, 4]),
            (0, None, vec![0, 1, 2, 3, 4]),
        ];
        assert_eq!(found, expected);
    }
}
