//! Exact bottleneck distance between finite intervals.
//!
//! The distance is the smallest radius at which every interval can be matched with one of the other diagram, or with the
//! diagonal, none farther than the radius. An interval that is nearer to the diagonal than the radius may stay unmatched, so
//! a matching is asked to cover the others alone: those of `a` first, then those of `b`, along alternating paths that never
//! uncover one (Mendelsohn and Dulmage 1958). Paths are grown breadth first from all uncovered intervals at once, through a
//! kd-tree from which each interval reached is taken out, as in Efrat, Itai and Katz, Algorithmica 31, 2001.
//!
//! No list of candidate radii is made. A trial that succeeds says how large a radius its matching really uses, a trial that
//! fails says at which radius its paths would reach farther: both are candidates, and the search between them halves the
//! floats in between, so that it ends with the exact value after at most 64 halvings, and in practice a few.

use std::collections::VecDeque;

use toposcope_core::{Control, Error};

use super::Norm;
use super::tree::{Point, Tree};

/// The distance, and for each point of `a` its partner in `b`.
pub(super) fn bottleneck(
    a: &[Point],
    b: &[Point],
    norm: Norm,
    control: &Control,
) -> Result<(f64, Vec<Option<usize>>), Error> {
    let mut search = Search {
        sides: [Side::new(a, norm), Side::new(b, norm)],
        norm,
        control,
    };
    let best = search.run()?;
    let [a, b] = &search.sides;
    let mut partners = vec![None; a.tree.len()];
    for (slot, mate) in best.mates[0].iter().enumerate() {
        partners[a.tree.number(slot)] = mate.map(|mate| b.tree.number(mate));
    }
    Ok((best.radius, partners))
}

/// One of the diagrams.
struct Side {
    tree: Tree,
    /// By slot: the distance to the diagonal.
    to_diagonal: Vec<f64>,
}

impl Side {
    fn new(points: &[Point], norm: Norm) -> Self {
        let tree = Tree::new(points);
        let to_diagonal = |slot| {
            let Point { birth, death } = tree.point(slot);
            norm.to_diagonal(death - birth)
        };
        Self {
            to_diagonal: (0..tree.len()).map(to_diagonal).collect(),
            tree,
        }
    }
}

/// By side and slot: the slot of the partner on the other side.
#[derive(Clone)]
struct Matching {
    mates: [Vec<Option<usize>>; 2],
}

/// A matching that leaves nobody farther than `radius` from a partner or from the diagonal, one of them just as far.
struct Best {
    radius: f64,
    mates: [Vec<Option<usize>>; 2],
}

struct Search<'a> {
    sides: [Side; 2],
    norm: Norm,
    control: &'a Control<'a>,
}

impl Search<'_> {
    fn run(&mut self) -> Result<Best, Error> {
        let mut partial = Matching {
            mates: [0, 1].map(|side| vec![None; self.sides[side].tree.len()]),
        };
        let mut best = self.measured(partial.clone());
        let mut lower = self.lower_bound()?;
        // The lower bound is often the answer, in the beginning and when a trial has just raised it.
        let mut is_at_lower = true;
        while lower < best.radius {
            let radius = if is_at_lower {
                lower
            } else {
                between(lower, best.radius)
            };
            let mut matching = partial.clone();
            if let Some(reach) = self.cover_all(&mut matching, radius)? {
                (lower, partial) = (reach, matching);
                is_at_lower = !is_at_lower;
            } else {
                best = self.measured(matching);
                is_at_lower = false;
            }
        }
        Ok(best)
    }

    /// The largest distance to the nearest of the other side, or to the diagonal.
    fn lower_bound(&self) -> Result<f64, Error> {
        let mut lower = 0.0_f64;
        for [near, far] in [[0, 1], [1, 0]] {
            let near = &self.sides[near];
            for slot in 0..near.tree.len() {
                self.control.poll("bottleneck", 0, 0)?;
                let mut nearest = near.to_diagonal[slot];
                // Once it is nearer than the bound so far, how near does not matter.
                if nearest > lower {
                    self.visit(far, near.tree.point(slot), nearest, |_, distance| {
                        nearest = nearest.min(distance);
                        if nearest > lower { nearest } else { STOP }
                    });
                }
                lower = lower.max(nearest);
            }
        }
        Ok(lower)
    }

    /// How far apart the matched are, and the unmatched from the diagonal, at most.
    fn measured(&self, matching: Matching) -> Best {
        let [a, b] = &self.sides;
        let mut radius = 0.0_f64;
        for (slot, mate) in matching.mates[0].iter().enumerate() {
            let distance = match *mate {
                None => a.to_diagonal[slot],
                Some(mate) => {
                    let (x, y) = (a.tree.point(slot), b.tree.point(mate));
                    self.norm.length(y.birth - x.birth, y.death - x.death)
                }
            };
            radius = radius.max(distance);
        }
        for (slot, mate) in matching.mates[1].iter().enumerate() {
            if mate.is_none() {
                radius = radius.max(b.to_diagonal[slot]);
            }
        }
        Best {
            radius,
            mates: matching.mates,
        }
    }

    /// Covers all that are farther than `radius` from the diagonal. If that cannot be done, the smallest radius at which
    /// more could be reached.
    fn cover_all(&mut self, matching: &mut Matching, radius: f64) -> Result<Option<f64>, Error> {
        for side in [0, 1] {
            loop {
                let mut forest = Forest::new(self, matching, side, radius);
                if forest.queue.is_empty() {
                    break;
                }
                let n_augmented = forest.grow(self, matching, radius)?;
                if n_augmented == 0 {
                    return self.reach(side, &forest.visited).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// The smallest radius at which one of `visited` could stay unmatched or have a partner that no path has reached.
    fn reach(&self, side: usize, visited: &[usize]) -> Result<f64, Error> {
        let near = &self.sides[side];
        let mut reach = f64::MAX;
        for &slot in visited {
            self.control.poll("bottleneck", 0, 0)?;
            reach = reach.min(near.to_diagonal[slot]);
            self.visit(1 - side, near.tree.point(slot), reach, |_, distance| {
                reach = reach.min(distance);
                reach
            });
        }
        Ok(reach)
    }

    fn visit(&self, side: usize, from: Point, radius: f64, found: impl FnMut(usize, f64) -> f64) {
        let norm = self.norm;
        let tree = &self.sides[side].tree;
        match norm.0 {
            super::norm::Power::Infinite => {
                tree.visit(
                    from,
                    radius,
                    &|x, y| super::norm::larger(x.abs(), y.abs()),
                    found,
                );
            }
            _ => tree.visit(from, radius, &|x, y| norm.length(x, y), found),
        }
    }
}

/// A bound that nothing is below.
const STOP: f64 = f64::NEG_INFINITY;

/// Alternating trees from the uncovered intervals of one side, the near one. Each interval of the far side is reached once.
struct Forest {
    side: usize,
    queue: VecDeque<usize>,
    /// The near intervals in the trees, in the order in which they were reached.
    visited: Vec<usize>,
    /// By near slot: where its tree begins.
    roots: Vec<usize>,
    /// By far slot: the near one from which it was reached.
    parents: Vec<usize>,
    /// By near slot: whether the tree that begins there has led to an end.
    is_done: Vec<bool>,
}

impl Forest {
    fn new(search: &mut Search, matching: &Matching, side: usize, radius: f64) -> Self {
        search.sides[1 - side].tree.set_all_prices(|_| 0.0);
        let near = &search.sides[side];
        let uncovered =
            |&slot: &usize| near.to_diagonal[slot] > radius && matching.mates[side][slot].is_none();
        Self {
            side,
            queue: (0..near.tree.len()).filter(uncovered).collect(),
            visited: Vec::new(),
            roots: (0..near.tree.len()).collect(),
            parents: vec![0; search.sides[1 - side].tree.len()],
            is_done: vec![false; near.tree.len()],
        }
    }

    /// Grows the trees until each has led to an end or can grow no more; the number of ends.
    fn grow(
        &mut self,
        search: &mut Search,
        matching: &mut Matching,
        radius: f64,
    ) -> Result<usize, Error> {
        let (mut n_ends, mut reached) = (0, Vec::new());
        while let Some(near) = self.queue.pop_front() {
            search.control.poll("bottleneck", 0, 0)?;
            let root = self.roots[near];
            if self.is_done[root] {
                continue;
            }
            self.visited.push(near);
            let end = self.step(search, matching, near, radius, &mut reached);
            for far in reached.drain(..) {
                self.parents[far] = near;
                search.sides[1 - self.side].tree.remove(far);
                if let Some(next) = matching.mates[1 - self.side][far] {
                    self.roots[next] = root;
                    self.queue.push_back(next);
                }
            }
            if let Some(end) = end {
                self.augment(matching, end);
                self.is_done[root] = true;
                n_ends += 1;
            }
        }
        Ok(n_ends)
    }

    /// What can be reached from `near`, until it is an end of the path: one without a partner, or whose partner can do
    /// without.
    fn step(
        &self,
        search: &Search,
        matching: &Matching,
        near: usize,
        radius: f64,
        reached: &mut Vec<usize>,
    ) -> Option<usize> {
        let side = &search.sides[self.side];
        let is_end = |far: usize| {
            matching.mates[1 - self.side][far].is_none_or(|mate| side.to_diagonal[mate] <= radius)
        };
        let mut end = None;
        search.visit(1 - self.side, side.tree.point(near), radius, |far, _| {
            reached.push(far);
            if is_end(far) {
                end = Some(far);
                return STOP;
            }
            radius
        });
        end
    }

    /// Matches the far one at the end of a path with the near one before it, and so on to its root.
    fn augment(&self, matching: &mut Matching, end: usize) {
        let (near_side, far_side) = (self.side, 1 - self.side);
        if let Some(left) = matching.mates[far_side][end] {
            matching.mates[near_side][left] = None;
        }
        let mut far = Some(end);
        while let Some(taken) = far {
            let near = self.parents[taken];
            far = matching.mates[near_side][near].replace(taken);
            matching.mates[far_side][taken] = Some(near);
        }
    }
}

/// The float in the middle of all floats from `low` to `high`, neither negative, and never `high` if they differ.
fn between(low: f64, high: f64) -> f64 {
    let (low, high) = (low.to_bits(), high.to_bits());
    f64::from_bits(low + (high - low) / 2)
}
