//! The acyclic matching on the cliques of one lune, as a decision tree.
//!
//! The vertices of the lune are removed one after the other. A clique belongs to the first of its vertices that is removed,
//! and is matched within that vertex's link, by the same method; the cliques that lose no vertex are matched over a vertex
//! adjacent to all that is left. Where nothing is left, the empty clique is critical.
//!
//! Only vertices not adjacent to one apex have to go, and one with a dominated link costs nothing: usually few steps.

use super::bits;
use super::graph::Graph;
use crate::Error;
use crate::parallel::Pulse;

/// What a clique does in the matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It stays alone.
    Critical,
    /// It is matched with itself with this vertex added, or taken away.
    Toggle(u32),
}

/// The matching on the cliques among some vertices.
#[derive(Debug)]
pub(super) struct Node {
    /// Vertices in the order in which they are removed, each with the matching on its link at that time.
    steps: Vec<Step>,
    /// The role of the empty clique, and what all cliques without a removed vertex toggle.
    tail: Role,
}

#[derive(Debug)]
struct Step {
    vertex: u32,
    link: Node,
}

impl Node {
    fn only(tail: Role) -> Self {
        let steps = Vec::new();
        Self { steps, tail }
    }

    /// The apex, if the matching is that of a cone.
    pub(super) fn apex(&self) -> Option<u32> {
        match self.tail {
            Role::Toggle(apex) if self.steps.is_empty() => Some(apex),
            _ => None,
        }
    }

    /// The role of a clique, given by its vertices in any order. Destroys their list.
    pub(super) fn role(&self, clique: &mut Vec<u32>) -> Role {
        let removed = self.steps.iter().find_map(|step| {
            let at = clique.iter().position(|&v| v == step.vertex)?;
            Some((at, &step.link))
        });
        match removed {
            Some((at, link)) => {
                clique.swap_remove(at);
                link.role(clique)
            }
            None => self.tail,
        }
    }
}

/// Builds the matching on one lune.
pub(super) struct Matching<'a> {
    graph: Graph<'a>,
    pulse: &'a Pulse<'a>,
    /// The vertices whose links are being matched.
    prefix: Vec<u32>,
    /// Critical cliques of up to as many vertices as were asked for.
    critical: Vec<Vec<u32>>,
}

impl<'a> Matching<'a> {
    /// The matching on the cliques among `alive`, exact for cliques of fewer than `cap` vertices, and its critical cliques
    /// of up to `cap` vertices.
    pub(super) fn build(
        graph: Graph<'a>,
        alive: &[u64],
        cap: usize,
        pulse: &'a Pulse<'a>,
    ) -> Result<(Node, Vec<Vec<u32>>), Error> {
        let mut matching = Self {
            graph,
            pulse,
            prefix: Vec::new(),
            critical: Vec::new(),
        };
        let node = matching.node(alive.to_vec(), cap)?;
        Ok((node, matching.critical))
    }

    fn node(&mut self, mut alive: Vec<u64>, cap: usize) -> Result<Node, Error> {
        let Some(apex) = self.graph.busiest(&alive) else {
            self.critical.push(self.prefix.clone());
            return Ok(Node::only(Role::Critical));
        };
        let tail = Role::Toggle(self.graph.name(apex));
        if cap <= 1 {
            self.mark_components(apex, &alive, cap);
            return Ok(Node::only(tail));
        }
        let row = self.graph.row(apex);
        let mut far: Vec<u64> = alive.iter().zip(row).map(|(x, y)| x & !y).collect();
        bits::remove(&mut far, apex);
        let mut steps = Vec::new();
        while !bits::is_empty(&far) {
            self.remove_dominated(&mut alive, &mut far, &mut steps)?;
            let Some(v) = self.cheapest(&alive, &far)? else {
                break;
            };
            bits::remove(&mut alive, v);
            bits::remove(&mut far, v);
            self.prefix.push(self.graph.name(v));
            let link = self.node(self.graph.link(v, &alive), cap - 1)?;
            self.prefix.pop();
            let vertex = self.graph.name(v);
            steps.push(Step { vertex, link });
        }
        Ok(Node { steps, tail })
    }

    /// With room for one more vertex only the components count: all but the apex's leave a vertex alone.
    fn mark_components(&mut self, apex: usize, alive: &[u64], cap: usize) {
        if cap == 1 {
            for v in self.graph.other_components(apex, alive) {
                let vertex = self.graph.name(v);
                let clique = self.prefix.iter().copied().chain([vertex]);
                self.critical.push(clique.collect());
            }
        }
    }

    /// Removes every vertex of `far` whose link is a cone, until there is none: these strong collapses leave nothing alone.
    fn remove_dominated(
        &self,
        alive: &mut [u64],
        far: &mut [u64],
        steps: &mut Vec<Step>,
    ) -> Result<(), Error> {
        loop {
            let before = steps.len();
            for v in bits::ones(far).collect::<Vec<_>>() {
                self.pulse.tick()?;
                let link = self.graph.link(v, alive);
                if let Some(u) = self.graph.dominator(&link) {
                    bits::remove(alive, v);
                    bits::remove(far, v);
                    steps.push(Step {
                        vertex: self.graph.name(v),
                        link: Node::only(Role::Toggle(self.graph.name(u))),
                    });
                }
            }
            if steps.len() == before {
                return Ok(());
            }
        }
    }

    /// The vertex of `far` whose link has the fewest components, then the fewest vertices: an isolated one before all, as
    /// it has to stay alone in any case.
    fn cheapest(&self, alive: &[u64], far: &[u64]) -> Result<Option<usize>, Error> {
        let mut best = None;
        for v in bits::ones(far) {
            self.pulse.tick()?;
            let mut link = self.graph.link(v, alive);
            let size = bits::count_common(&link, &link);
            let mut components = 0;
            while let Some(u) = bits::first(&link) {
                self.graph.remove_component(u, &mut link);
                components += 1;
            }
            if best.is_none_or(|(c, s, _)| (components, size) < (c, s)) {
                best = Some((components, size, v));
            }
        }
        Ok(best.map(|(_, _, v)| v))
    }
}
