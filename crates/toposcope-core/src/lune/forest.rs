//! Decision trees of matchings, end to end in two allocations.
//!
//! Nearly all links of a lune are cones, whose matching is their apex: such a leaf stands where the number of a node would.

use crate::Error;
use crate::memory::{Budget, Held};

/// What a clique does in the matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It stays alone.
    Critical,
    /// It is matched with itself with this vertex added, or taken away.
    Toggle(u32),
}

/// The matching on the cliques among some vertices: a leaf, whose cliques all do the same, or a node of the forest.
///
/// There is one per edge, so it is a single word: the vertex that a leaf toggles, or a node's number with the highest bit set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tree(u32);

impl Tree {
    /// Set in nodes, and in critical leaves.
    const MARK: u32 = 1 << 31;
    const CRITICAL: Self = Self(u32::MAX);
    /// Vertices must be fewer.
    pub(super) const MOST_VERTICES: usize = Self::MARK as usize;
    /// Nodes must be fewer.
    const MOST_NODES: usize = Self::MARK as usize - 1;

    /// All cliques do the same.
    pub(super) fn leaf(role: Role) -> Self {
        match role {
            Role::Critical => Self::CRITICAL,
            Role::Toggle(vertex) => {
                debug_assert!(vertex < Self::MARK, "settlements have fewer vertices");
                Self(vertex)
            }
        }
    }

    fn node(number: usize) -> Self {
        debug_assert!(number < Self::MOST_NODES, "forests stop growing before");
        Self(number as u32 | Self::MARK)
    }

    /// What a leaf's cliques do, or the number of a node.
    fn look(self) -> Result<Role, usize> {
        match self {
            Self::CRITICAL => Ok(Role::Critical),
            Self(word) if word < Self::MARK => Ok(Role::Toggle(word)),
            Self(word) => Err((word & !Self::MARK) as usize),
        }
    }
}

/// A vertex that is removed, with the matching on its link at that time.
#[derive(Debug, Clone, Copy)]
struct Step {
    vertex: u32,
    link: Tree,
}

/// Vertices in the order in which they are removed, and what the cliques without any of them do.
#[derive(Debug, Clone, Copy)]
struct Node {
    first_step: u32,
    n_steps: u32,
    tail: Role,
}

/// The trees of many lunes.
#[derive(Debug)]
pub(super) struct Forest {
    nodes: Held<Node>,
    steps: Held<Step>,
    /// Steps of the nodes that are not finished, those of the innermost last.
    open: Held<Step>,
}

impl Forest {
    /// No trees yet.
    pub(super) fn new(budget: &Budget) -> Self {
        Self {
            nodes: Held::new(budget),
            steps: Held::new(budget),
            open: Held::new(budget),
        }
    }

    /// Where the steps of a node begin: to be handed to [`Self::finish`].
    pub(super) fn begin(&self) -> usize {
        self.open.len()
    }

    /// The next step of the node that was begun last and is not finished.
    pub(super) fn step(&mut self, vertex: u32, link: Tree) -> Result<(), Error> {
        self.open.push(Step { vertex, link })
    }

    /// The tree of a node that was begun at `start` and has no more steps.
    pub(super) fn finish(&mut self, start: usize, tail: Role) -> Result<Tree, Error> {
        let steps = &self.open[start..];
        if steps.is_empty() {
            return Ok(Tree::leaf(tail));
        }
        // Nodes are no more than steps.
        if self.steps.len() + steps.len() >= Tree::MOST_NODES {
            let expected = "lunes with fewer than 2^31 steps; lower max_dim or the threshold";
            return Err(Error::invalid("input", expected, self.steps.len()));
        }
        let node = Node {
            first_step: self.steps.len() as u32,
            n_steps: steps.len() as u32,
            tail,
        };
        self.steps.extend_from_slice(steps)?;
        self.open.truncate(start);
        self.nodes.push(node)?;
        Ok(Tree::node(self.nodes.len() - 1))
    }

    /// The role of a clique, given by its vertices in any order. Destroys their list.
    pub(super) fn role(&self, mut tree: Tree, clique: &mut Vec<u32>) -> Role {
        loop {
            let node = match tree.look() {
                Ok(role) => return role,
                Err(node) => self.nodes[node],
            };
            let steps = &self.steps[node.first_step as usize..][..node.n_steps as usize];
            let removed = steps.iter().find_map(|step| {
                let at = clique.iter().position(|&v| v == step.vertex)?;
                Some((at, step.link))
            });
            let Some((at, link)) = removed else {
                return node.tail;
            };
            clique.swap_remove(at);
            tree = link;
        }
    }

    /// Gives back the room for more trees.
    pub(super) fn shrink_to_fit(&mut self) {
        self.nodes.shrink_to_fit();
        self.steps.shrink_to_fit();
        self.open.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clique_belongs_to_the_first_vertex_removed() {
        let mut forest = Forest::new(&Budget::unlimited());
        let outer = forest.begin();
        forest.step(7, Tree::leaf(Role::Critical)).unwrap();
        let inner = forest.begin();
        forest.step(2, Tree::leaf(Role::Toggle(3))).unwrap();
        let link = forest.finish(inner, Role::Toggle(4)).unwrap();
        forest.step(5, link).unwrap();
        let tree = forest.finish(outer, Role::Toggle(1)).unwrap();
        let role = |clique: &[u32]| forest.role(tree, &mut clique.to_vec());
        assert_eq!(role(&[]), Role::Toggle(1));
        assert_eq!(role(&[2, 3]), Role::Toggle(1));
        assert_eq!(role(&[5, 7]), Role::Critical);
        assert_eq!(role(&[1, 5]), Role::Toggle(4));
        assert_eq!(role(&[2, 5, 1]), Role::Toggle(3));
    }

    #[test]
    fn a_tree_without_steps_is_a_leaf() {
        let mut forest = Forest::new(&Budget::unlimited());
        let start = forest.begin();
        let tree = forest.finish(start, Role::Toggle(9)).unwrap();
        assert_eq!(tree, Tree::leaf(Role::Toggle(9)));
        assert!(forest.nodes.is_empty());
    }
}
