//! Short lists of vertices, all in one allocation.

use crate::Error;
use crate::memory::{Budget, Held};

/// The end of a list.
const END: u32 = u32::MAX;
/// More could not be named by a [certificate](super::certificate::Certificate).
const MOST_NODES: usize = 1 << 28;

#[derive(Debug, Clone, Copy)]
struct Node {
    vertex: u32,
    next: u32,
}

/// What certificates name that does not fit into a word.
#[derive(Debug)]
pub(super) struct Parts {
    nodes: Held<Node>,
    free: u32,
}

impl Parts {
    pub(super) fn new(budget: &Budget) -> Self {
        Self {
            nodes: Held::new(budget),
            free: END,
        }
    }

    /// A new list. Nothing has changed after an error, but that some of its nodes may be lost.
    pub(super) fn insert(&mut self, vertices: &[u32]) -> Result<u32, Error> {
        self.insert_before(vertices, END)
    }

    fn insert_before(&mut self, vertices: &[u32], mut next: u32) -> Result<u32, Error> {
        for &vertex in vertices.iter().rev() {
            let node = Node { vertex, next };
            next = match self.free {
                END if self.nodes.len() >= MOST_NODES => {
                    let expected = "landmarks whose lunes have fewer than 2^28 components";
                    return Err(Error::invalid("input", expected, self.nodes.len()));
                }
                END => {
                    self.nodes.push(node)?;
                    self.nodes.len() as u32 - 1
                }
                free => {
                    self.free = self.nodes[free as usize].next;
                    self.nodes[free as usize] = node;
                    free
                }
            };
        }
        Ok(next)
    }

    /// The list with one more vertex, in front.
    pub(super) fn prepend(&mut self, vertex: u32, list: u32) -> Result<u32, Error> {
        self.insert_before(&[vertex], list)
    }

    /// The budget in which the lists are held.
    pub(super) fn budget(&self) -> &Budget {
        self.nodes.budget()
    }

    /// The vertices of a list.
    pub(super) fn list(&self, mut at: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            at = node.next;
            Some(node.vertex)
        })
    }

    /// Gives back the nodes of a list.
    pub(super) fn remove(&mut self, first: u32) {
        let mut last = first;
        while self.nodes[last as usize].next != END {
            last = self.nodes[last as usize].next;
        }
        self.nodes[last as usize].next = self.free;
        self.free = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_used_again() {
        let mut parts = Parts::new(&Budget::unlimited());
        let first = parts.insert(&[4, 9, 2]).unwrap();
        let second = parts.insert(&[7, 1]).unwrap();
        assert_eq!(parts.list(first).collect::<Vec<_>>(), [4, 9, 2]);
        parts.remove(first);
        let third = parts.insert(&[5, 6]).unwrap();
        let fourth = parts.insert(&[8]).unwrap();
        assert_eq!(parts.list(second).collect::<Vec<_>>(), [7, 1]);
        assert_eq!(parts.list(third).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(parts.list(fourth).collect::<Vec<_>>(), [8]);
        assert_eq!(parts.nodes.len(), 5);
        let longer = parts.prepend(3, fourth).unwrap();
        assert_eq!(parts.list(longer).collect::<Vec<_>>(), [3, 8]);
    }
}
