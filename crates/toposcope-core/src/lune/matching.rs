//! The acyclic matching on the cliques of one lune, as a decision tree.
//!
//! The vertices of the lune are removed one after the other. A clique belongs to the first of its vertices that is removed,
//! and is matched within that vertex's link, by the same method; the cliques that lose no vertex are matched over a vertex
//! adjacent to all that is left. Where nothing is left, the empty clique is critical.
//!
//! Only vertices not adjacent to one apex have to go, and one with a dominated link costs nothing: usually few steps.

use super::bits;
use super::forest::{Forest, Role, Tree};
use super::graph::Graph;
use crate::Error;
use crate::memory::Held;
use crate::parallel::Pulse;
use crate::simplex::Simplex;

/// Builds the matching on one lune.
pub(super) struct Matching<'a> {
    graph: Graph<'a>,
    pulse: &'a Pulse<'a>,
    room: &'a mut Room,
    /// The ends of the edge over which all this happens, and the vertices whose links are being matched.
    prefix: Simplex,
    /// Critical cells over the edge, with up to as many other vertices as were asked for.
    critical: Held<Simplex>,
    forest: &'a mut Forest,
}

/// Sets that are not in use, kept from one lune to the next: small lunes are too many to allocate for each.
#[derive(Debug, Default)]
pub(super) struct Room {
    sets: Vec<Vec<u64>>,
    /// Vertices by the size of their links.
    by_size: Vec<(usize, usize)>,
}

impl Room {
    /// How many sets are in use at once, at most.
    pub(super) fn most_sets(max_dim: usize) -> usize {
        // Of each link on the way down: what is alive, far and suspect. Then a link and its candidates, or what is left of it
        // and what is reached.
        3 * (max_dim + 1) + 4
    }

    fn take(&mut self) -> Vec<u64> {
        self.sets.pop().unwrap_or_default()
    }

    fn give_back(&mut self, sets: impl IntoIterator<Item = Vec<u64>>) {
        self.sets.extend(sets);
    }
}

/// What is left of a lune or link while vertices are removed from it.
struct Remains {
    alive: Vec<u64>,
    /// Those not adjacent to the apex, which all have to go.
    far: Vec<u64>,
    /// Those of `far` whose links have become smaller since they were last seen not to be cones.
    suspects: Vec<u64>,
}

impl Remains {
    fn remove(&mut self, v: usize, graph: &Graph) {
        bits::remove(&mut self.alive, v);
        bits::remove(&mut self.far, v);
        bits::remove(&mut self.suspects, v);
        let far_neighbours = self.far.iter().zip(graph.row(v)).map(|(x, y)| x & y);
        for (suspects, more) in self.suspects.iter_mut().zip(far_neighbours) {
            *suspects |= more;
        }
    }
}

impl<'a> Matching<'a> {
    /// The matching on the cliques among `alive`, all over the edge `ends`, exact for cliques of fewer than `cap` vertices, and
    /// its critical cells with up to `cap` vertices besides the ends.
    pub(super) fn build(
        graph: Graph<'a>,
        ends: [u32; 2],
        alive: &[u64],
        cap: usize,
        (room, forest): (&'a mut Room, &'a mut Forest),
        pulse: &'a Pulse<'a>,
    ) -> Result<(Tree, Held<Simplex>), Error> {
        let mut matching = Self {
            graph,
            pulse,
            room,
            prefix: Simplex::new(ends),
            critical: Held::new(pulse.budget()),
            forest,
        };
        let mut whole = matching.room.take();
        whole.clear();
        whole.extend_from_slice(alive);
        let tree = matching.tree(whole, cap)?;
        Ok((tree, matching.critical))
    }

    fn tree(&mut self, alive: Vec<u64>, cap: usize) -> Result<Tree, Error> {
        let apex = if cap <= 1 {
            bits::first(&alive)
        } else {
            self.graph.busiest(&alive)
        };
        let Some(apex) = apex else {
            self.critical.push(self.prefix)?;
            self.room.give_back([alive]);
            return Ok(Tree::leaf(Role::Critical));
        };
        let tail = Role::Toggle(self.graph.name(apex));
        if cap <= 1 {
            self.mark_components(apex, &alive, cap)?;
            self.room.give_back([alive]);
            return Ok(Tree::leaf(tail));
        }
        let mut remains = self.around(apex, alive);
        let start = self.forest.begin();
        loop {
            self.remove_dominated(&mut remains)?;
            let Some(v) = self.cheapest(&remains)? else {
                break;
            };
            remains.remove(v, &self.graph);
            let mut link = self.room.take();
            self.graph.link_into(&mut link, v, &remains.alive);
            let (vertex, prefix) = (self.graph.name(v), self.prefix);
            self.prefix = prefix.with(vertex);
            let link = self.tree(link, cap - 1)?;
            self.prefix = prefix;
            self.forest.step(vertex, link)?;
        }
        let Remains {
            alive,
            far,
            suspects,
        } = remains;
        self.room.give_back([alive, far, suspects]);
        self.forest.finish(start, tail)
    }

    /// All of `alive`, before any vertex not adjacent to `apex` is removed.
    fn around(&mut self, apex: usize, alive: Vec<u64>) -> Remains {
        let (mut far, mut suspects) = (self.room.take(), self.room.take());
        let row = self.graph.row(apex);
        far.clear();
        far.extend(alive.iter().zip(row).map(|(x, y)| x & !y));
        bits::remove(&mut far, apex);
        suspects.clone_from(&far);
        Remains {
            alive,
            far,
            suspects,
        }
    }

    /// With room for one more vertex only the components count: all but the apex's leave a vertex alone.
    fn mark_components(&mut self, apex: usize, alive: &[u64], cap: usize) -> Result<(), Error> {
        if cap == 1 {
            for v in self.graph.other_components(apex, alive) {
                self.critical.push(self.prefix.with(self.graph.name(v)))?;
            }
        }
        Ok(())
    }

    /// Removes every vertex of `far` whose link is a cone, until there is none: these strong collapses leave nothing alone.
    fn remove_dominated(&mut self, remains: &mut Remains) -> Result<(), Error> {
        let (mut link, mut candidates) = (self.room.take(), self.room.take());
        while let Some(v) = bits::first(&remains.suspects) {
            self.pulse.tick()?;
            bits::remove(&mut remains.suspects, v);
            self.graph.link_into(&mut link, v, &remains.alive);
            candidates.clone_from(&link);
            if let Some(u) = self.graph.dominator_among(&link, &mut candidates) {
                remains.remove(v, &self.graph);
                let link = Tree::leaf(Role::Toggle(self.graph.name(u)));
                self.forest.step(self.graph.name(v), link)?;
            }
        }
        self.room.give_back([link, candidates]);
        Ok(())
    }

    /// The vertex of `far` whose link has the fewest components, then the fewest vertices: an isolated one before all, as
    /// it has to stay alone in any case.
    fn cheapest(&mut self, remains: &Remains) -> Result<Option<usize>, Error> {
        let Remains { alive, far, .. } = remains;
        (self.graph).sort_by_size(far, alive, &mut self.room.by_size);
        let mut link = self.room.take();
        let mut best = None;
        for &(_, v) in &self.room.by_size {
            self.pulse.tick()?;
            self.graph.link_into(&mut link, v, alive);
            let mut components = 0;
            while let Some(u) = bits::first(&link) {
                self.graph.remove_component(u, &mut link);
                components += 1;
            }
            if best.is_none_or(|(fewest, _)| components < fewest) {
                best = Some((components, v));
            }
            // No link has fewer, but an empty one, and that came first.
            if components <= 1 {
                break;
            }
        }
        self.room.give_back([link]);
        Ok(best.map(|(_, v)| v))
    }
}
