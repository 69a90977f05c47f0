//! The lengths of a minimum spanning tree, by Borůvka's algorithm on the kd-tree.
//!
//! In each round every component looks for the shortest edge that leaves it. A point remembers the nearest point of another component: it
//! stays that as long as it belongs to another one. Points whose own has become one of theirs look again, no further than the best edge
//! that their component has found so far, and past all nodes that lie in their component as a whole. Threads share these best edges: what a
//! thread finds depends on the others, but not which edge is the shortest.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::tree::{Rows, Tree};
use crate::memory::Held;
use crate::parallel::{Pulse, in_blocks};
use crate::sorting::sort_under;
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// Positions that one thread asks for at a time.
const BLOCK: usize = 1024;
/// Stands for "nobody", and for "several" among components.
const NONE: u32 = u32::MAX;
/// Points asked before it is decided whether the tree is of any use.
const SAMPLE: usize = 32;
/// How many points a spanning tree looks at for each that a point sees on its way to its nearest neighbour.
const LOOKS: usize = 16;

/// Where a point stands in its search for another component.
struct Search {
    /// The nearest point of another component, when it was last looked for.
    nearest: AtomicU32,
    /// Bits of a key: no other component is nearer.
    at_least: AtomicU64,
}

/// A forest while it grows.
struct Forest<'t, R> {
    tree: &'t Tree<R>,
    /// Edges with larger keys are none.
    limit: f64,
    sets: UnionFind,
    /// By position, and by node if it lies in one component.
    components: Held<u32>,
    of_nodes: Held<u32>,
    searches: Held<Search>,
    /// By component: bits of the smallest key of an edge that leaves it, as far as it is known.
    best: Held<AtomicU64>,
}

/// An edge that leaves a component: its key, and its ends by the numbers of the points, the larger first. A total order.
type Exit = (u64, u32, u32);

/// Lengths of the edges of a minimum spanning forest of all pairs up to `largest`, ascending.
pub(super) fn lengths<'a, R: Rows<'a>>(
    tree: &Tree<R>,
    largest: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Held<f64>, Error> {
    let mut forest = Forest::new(tree, tree.ruler.largest_key(largest), control)?;
    let mut keys = Held::with_capacity(control.budget(), tree.n())?;
    while keys.len() + 1 < tree.n() {
        let before = keys.len();
        forest.look_for_exits(n_threads, control)?;
        forest.join(&mut keys, control)?;
        if keys.len() == before {
            break;
        }
    }
    let mut lengths = Held::with_capacity(control.budget(), keys.len())?;
    lengths.extend(keys.iter().map(|&key| tree.ruler.length(key)))?;
    sort_under(lengths, f64::total_cmp, control)
}

/// Bytes of a forest over `n` points: disjoint sets, components of points and nodes, searches and the best edges; lengths and keys of them.
pub(super) fn bytes(n: usize) -> usize {
    let per_point = 2 * size_of::<u32>() + 2 * size_of::<u32>() + size_of::<Search>();
    n * (per_point + size_of::<AtomicU64>() + 3 * size_of::<f64>())
}

/// Whether the tree spares most distances between the `n` points of which it holds one each: asked of a few of them that look for their
/// nearest neighbour.
pub(super) fn is_worth_it<'a, R: Rows<'a>>(tree: &Tree<R>, n: usize) -> bool {
    let step = tree.n().div_ceil(SAMPLE);
    let mut seen = 0;
    for p in (0..tree.n()).step_by(step) {
        nearest(
            tree,
            p as u32,
            f64::INFINITY,
            |_| false,
            |q| {
                seen += 1;
                q != p as u32
            },
        );
    }
    seen * step * LOOKS < n * n / 2
}

/// The nearest position to `p` within `limit`, by key and then by the numbers of the points; among nodes that are not passed over, and
/// positions that count.
#[inline(always)]
fn nearest<'a, R: Rows<'a>>(
    tree: &Tree<R>,
    p: u32,
    mut limit: f64,
    pass: impl Fn(u32) -> bool,
    mut counts: impl FnMut(u32) -> bool,
) -> Option<(u32, f64)> {
    let mut found = None;
    // A tree over fewer than 2^32 points is less deep than this, and a node leaves one sibling behind.
    let mut stack = [(0, 0.0); 64];
    let mut depth = 1;
    while depth > 0 {
        depth -= 1;
        let (node, key) = stack[depth];
        if key > limit || pass(node) {
            continue;
        }
        if let Some([first, second]) = tree.children(node) {
            let keys = [first, second].map(|child| tree.nearest_key(p, child));
            let near = usize::from(keys[1] < keys[0]);
            let children = [(first, keys[0]), (second, keys[1])];
            stack[depth] = children[1 - near];
            stack[depth + 1] = children[near];
            depth += 2;
            continue;
        }
        for q in tree.node(node).positions() {
            if !counts(q) {
                continue;
            }
            let key = tree.key(p, q);
            let ahead = |other: u32| exit(tree, p, q, key) < exit(tree, p, other, key);
            if key < limit || key == limit && found.is_none_or(|(other, _)| ahead(other)) {
                (found, limit) = (Some((q, key)), key);
            }
        }
    }
    found
}

fn exit<'a, R: Rows<'a>>(tree: &Tree<R>, p: u32, q: u32, key: f64) -> Exit {
    let (i, j) = (tree.id(p), tree.id(q));
    (key.to_bits(), i.max(j), i.min(j))
}

impl<'t, 'a, R: Rows<'a>> Forest<'t, R> {
    fn new(tree: &'t Tree<R>, limit: f64, control: &Control) -> Result<Self, Error> {
        let (n, budget) = (tree.n(), control.budget());
        let tick = |work| control.tick(work);
        let mut searches = Held::new(budget);
        let fresh = || Search {
            nearest: AtomicU32::new(NONE),
            at_least: AtomicU64::new(0),
        };
        searches.extend_in_chunks(n, std::iter::repeat_with(fresh), tick)?;
        let mut best = Held::new(budget);
        let unknown = || AtomicU64::new(limit.to_bits());
        best.extend_in_chunks(n, std::iter::repeat_with(unknown), tick)?;
        let mut components = Held::new(budget);
        components.extend_in_chunks(n, 0..n as u32, tick)?;
        Ok(Self {
            tree,
            limit,
            sets: UnionFind::new(n, control)?,
            components,
            of_nodes: Held::filled(budget, NONE, tree.n_nodes(), tick)?,
            searches,
            best,
        })
    }

    /// Finds, for every component, the points that have a shortest edge out of it.
    fn look_for_exits(&mut self, n_threads: usize, control: &Control) -> Result<(), Error> {
        for best in &self.best {
            best.store(self.limit.to_bits(), Relaxed);
        }
        for p in 0..self.tree.n() as u32 {
            control.poll("components", 0, self.tree.n())?;
            if self.is_outside(p) {
                self.note(p, &self.searches[p as usize]);
            }
        }
        let n_blocks = self.tree.n().div_ceil(BLOCK);
        let mut threads = vec![(); n_threads.min(n_blocks)];
        let look = |(): &mut (), block: usize, pulse: &Pulse| {
            let last = self.tree.n().min((block + 1) * BLOCK);
            for p in block * BLOCK..last {
                pulse.beat(block, n_blocks)?;
                if !self.is_outside(p as u32) {
                    self.look(p as u32);
                }
            }
            Ok(())
        };
        in_blocks(&mut threads, 0..n_blocks, control, "components", look)?;
        Ok(())
    }

    /// Whether the point that `p` found last is still in another component.
    fn is_outside(&self, p: u32) -> bool {
        let nearest = self.searches[p as usize].nearest.load(Relaxed);
        nearest != NONE && self.components[nearest as usize] != self.components[p as usize]
    }

    /// Keys are non-negative, so their bits are ordered as they are.
    fn note(&self, p: u32, search: &Search) {
        let best = &self.best[self.components[p as usize] as usize];
        best.fetch_min(search.at_least.load(Relaxed), Relaxed);
    }

    /// Looks for another component from `p`, no further than the best edge of its own.
    fn look(&self, p: u32) {
        let own = self.components[p as usize];
        let search = &self.searches[p as usize];
        let limit = self.best[own as usize].load(Relaxed);
        if search.at_least.load(Relaxed) > limit {
            return;
        }
        let found = nearest(
            self.tree,
            p,
            f64::from_bits(limit),
            |node| self.of_nodes[node as usize] == own,
            |q| self.components[q as usize] != own,
        );
        let Some((q, key)) = found else {
            search.nearest.store(NONE, Relaxed);
            search.at_least.store(limit, Relaxed);
            return;
        };
        search.nearest.store(q, Relaxed);
        search.at_least.store(key.to_bits(), Relaxed);
        self.note(p, search);
    }

    /// Joins every component with another along the shortest edge that leaves it.
    fn join(&mut self, keys: &mut Held<f64>, control: &Control) -> Result<(), Error> {
        let n = self.tree.n();
        let mut exits = Held::filled(control.budget(), NONE, n, |work| control.tick(work))?;
        for p in 0..n as u32 {
            control.poll("components", keys.len(), n)?;
            if !self.is_outside(p) {
                continue;
            }
            let best = &mut exits[self.components[p as usize] as usize];
            if *best == NONE || self.exit_of(p) < self.exit_of(*best) {
                *best = p;
            }
        }
        for &p in exits.iter().filter(|&&p| p != NONE) {
            control.poll("components", keys.len(), n)?;
            let search = &self.searches[p as usize];
            if self.sets.join(p, search.nearest.load(Relaxed)) {
                keys.push(f64::from_bits(search.at_least.load(Relaxed)))?;
            }
        }
        self.rename(control)
    }

    /// The edge that `p` found.
    fn exit_of(&self, p: u32) -> Exit {
        let search = &self.searches[p as usize];
        let key = f64::from_bits(search.at_least.load(Relaxed));
        exit(self.tree, p, search.nearest.load(Relaxed), key)
    }

    /// Brings the components of positions and nodes up to date.
    fn rename(&mut self, control: &Control) -> Result<(), Error> {
        let n = self.tree.n();
        for p in 0..n as u32 {
            control.poll("components", 0, n)?;
            self.components[p as usize] = self.sets.find(p);
        }
        for node in (0..self.tree.n_nodes() as u32).rev() {
            let shared = if let Some([first, second]) = self.tree.children(node) {
                let [x, y] = [first, second].map(|child| self.of_nodes[child as usize]);
                if x == y { x } else { NONE }
            } else {
                let mut own = self
                    .tree
                    .node(node)
                    .positions()
                    .map(|p| self.components[p as usize]);
                let first = own.next().unwrap_or(NONE);
                if own.all(|c| c == first) { first } else { NONE }
            };
            self.of_nodes[node as usize] = shared;
        }
        Ok(())
    }
}
