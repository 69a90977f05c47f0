//! Lunes of points in space, without a list of edges.
//!
//! What an edge does in degree 1 depends on its lune alone: it is *bare* if the lune is empty, has a critical triangle for each component
//! in excess, and nothing otherwise. Most lunes are settled by a [screen](super::screen); the others are searched in the tree. So memory is
//! that of the points and of what is found, whatever the threshold.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::pairs;
use super::screen::Screens;
use super::tree::{Narrow, Tree};
use super::view::{self, Surroundings, View};
use crate::memory::{Budget, Held};
use crate::parallel::{Pulse, in_blocks};
use crate::simd::{Work, vectorized};
use crate::sorting::sort_under;
use crate::{Control, Error};

/// Leaves that one thread looks around from at a time.
const LEAVES: usize = 32;

/// Leaves looked around from to tell how much work all of them are.
const SAMPLE: usize = 64;

/// Up to so many neighbours each, points look at all of their edges at once.
const MANY_NEIGHBOURS: usize = 256;

/// More members of a lune than this take a microsecond.
const MEMBERS_PER_TICK: usize = 256;

/// What it takes to open a lune, in points that are looked at.
const WORK_PER_LUNE: usize = 16;

/// An edge: the derived order is that of the filtration, by length and then by the larger and the smaller point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    length_bits: u64,
    ends: [u32; 2],
}

impl Edge {
    pub(super) fn length(self) -> f64 {
        f64::from_bits(self.length_bits)
    }

    /// Its two points, the larger first.
    pub(super) fn ends(self) -> [u32; 2] {
        self.ends
    }
}

/// The keys of an edge's length: tells the shorter edges without taking roots.
#[derive(Debug, Clone, Copy)]
struct Yardstick {
    edge: Edge,
    /// The smallest key and the largest of all that have this length.
    keys: [f64; 2],
}

/// Which edges are looked at, by their keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shell {
    /// Those above this, …
    beyond: f64,
    /// … up to this are looked at in full, …
    upto: f64,
    /// … and those up to this only whether they are bare. Later shells know that already.
    bare_upto: f64,
}

/// What was found about the edges looked at, in filtration order.
#[derive(Debug)]
pub(super) struct Found {
    /// Edges with an empty lune.
    pub(super) bare: Held<Edge>,
    /// An edge, and one point of each component of its lune which does not contain the one nearest to the edge.
    pub(super) triangles: Held<(Edge, u32)>,
}

/// About what there is to be found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Points that are looked at for it.
    pub(super) n_looks: usize,
    /// Edges with an empty lune.
    pub(super) n_bare: usize,
}

/// How much may be looked at, shared by all threads.
#[derive(Debug)]
pub(super) struct Allowance {
    taken: AtomicUsize,
    whole: usize,
}

impl Allowance {
    /// So many points may be looked at.
    pub(super) fn new(whole: usize) -> Self {
        let taken = AtomicUsize::new(0);
        Self { taken, whole }
    }

    /// Whether what has been taken so far, and this, is allowed.
    fn take(&self, work: usize) -> bool {
        self.taken.fetch_add(work, Relaxed) + work <= self.whole
    }
}

/// Bytes of an edge that was found.
pub(super) const BYTES_OF_EDGE: usize = size_of::<Edge>();

/// Bytes of where points stand, of a list of leaves, and of what threads work with.
pub(super) fn bytes(n: usize, n_dims: usize, n_threads: usize) -> usize {
    // A leaf has at least six points, half of what it may have.
    let leaves = Held::<u32>::bytes_while_growing(n / 6);
    n * size_of::<u32>() + leaves + n_threads * view::bytes(n_dims)
}

/// Points whose lunes can be searched.
#[derive(Debug)]
pub(super) struct Cloud<'t, const D: usize> {
    pub(super) tree: &'t Tree<Narrow<D>>,
    /// Where each point of the tree stands in it.
    positions: Held<u32>,
}

/// A member of a lune: its position, and the key of the longer of its edges to the two ends.
type Member = (u32, f64);

/// What one thread works with.
#[derive(Debug)]
struct Desk<const D: usize> {
    around: Surroundings<D>,
    view: View<D>,
    screens: Screens<D>,
    stack: Vec<u32>,
    lune: Lune,
}

/// The lune of one edge, and room to take it apart.
#[derive(Debug)]
struct Lune {
    /// How often a point was looked at.
    work: usize,
    members: Held<Member>,
    fresh: Held<Member>,
}

/// Looks at all edges from one leaf to positions before.
struct Look<'w, 't, const D: usize> {
    cloud: &'w Cloud<'t, D>,
    leaf: u32,
    shell: Shell,
    desk: &'w mut Desk<D>,
    found: &'w mut Found,
    pulse: &'w Pulse<'w>,
}

impl<const D: usize> Work for Look<'_, '_, D> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let tree = self.cloud.tree;
        self.desk.around.move_to(tree, self.leaf, self.shell.upto);
        for p in tree.node(self.leaf).positions() {
            self.cloud
                .look_from(p, self.shell, self.desk, self.found, self.pulse)?;
        }
        Ok(())
    }
}

impl<'t, const D: usize> Cloud<'t, D> {
    /// The cloud of a tree over some of `n` points.
    pub(super) fn new(
        tree: &'t Tree<Narrow<D>>,
        n: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let tick = |work| control.tick(work);
        let mut positions = Held::filled(control.budget(), 0, n, tick)?;
        for position in 0..tree.n() as u32 {
            positions[tree.id(position) as usize] = position;
        }
        Ok(Self { tree, positions })
    }

    /// Number of points, those included that are not in the tree.
    pub(super) fn n(&self) -> usize {
        self.positions.len()
    }

    /// The length up to which edges are looked at first: `largest`, unless that is long enough for points to see hundreds of others.
    pub(super) fn first_reach(&self, largest: f64, control: &Control) -> Result<f64, Error> {
        if pairs::about(self.tree, largest) <= MANY_NEIGHBOURS * self.tree.n() / 2 {
            return Ok(largest);
        }
        let mut diagonals = Held::new(control.budget());
        diagonals.extend(self.tree.leaves().map(|leaf| {
            let (low, high) = self.tree.bounds(leaf);
            self.tree.ruler.key(D, |axis| high[axis] - low[axis])
        }))?;
        let middle = diagonals.len() / 2;
        let (_, &mut key, _) = diagonals.select_nth_unstable_by(middle, f64::total_cmp);
        Ok(self.tree.ruler.length(key).min(largest))
    }

    /// Looks at all edges of at most length `upto`, and for longer bare ones up to `largest`.
    pub(super) fn look(
        &self,
        upto: f64,
        largest: f64,
        allowance: &Allowance,
        n_threads: usize,
        control: &Control,
    ) -> Result<Option<Found>, Error> {
        let shell = self.first_shell(upto, largest);
        self.look_in(shell, allowance, n_threads, control)
    }

    fn first_shell(&self, upto: f64, largest: f64) -> Shell {
        let [upto, bare_upto] = [upto, largest].map(|length| self.tree.ruler.largest_key(length));
        Shell {
            beyond: -1.0,
            upto,
            bare_upto,
        }
    }

    /// What the first [look](Self::look) around a few leaves takes and finds, multiplied.
    pub(super) fn sample(
        &self,
        upto: f64,
        largest: f64,
        control: &Control,
    ) -> Result<Sample, Error> {
        let n_leaves = self.tree.leaves().count();
        let step = n_leaves.div_ceil(SAMPLE);
        let mut some = Held::new(control.budget());
        some.extend(self.tree.leaves().skip(step / 2).step_by(step))?;
        let allowance = Allowance::new(usize::MAX);
        let shell = self.first_shell(upto, largest);
        let found = self.look_from_leaves(&some, shell, &allowance, 1, control)?;
        let n_bare = found.map_or(0, |found| found.bare.len());
        let multiplied = |count: usize| count * n_leaves / some.len().max(1);
        Ok(Sample {
            n_looks: multiplied(allowance.taken.load(Relaxed)),
            n_bare: multiplied(n_bare),
        })
    }

    /// Looks at the edges longer than `beyond` and of at most length `upto`, which must have been looked at for bare ones.
    pub(super) fn look_beyond(
        &self,
        beyond: f64,
        upto: f64,
        allowance: &Allowance,
        n_threads: usize,
        control: &Control,
    ) -> Result<Option<Found>, Error> {
        let [beyond, upto] = [beyond, upto].map(|length| self.tree.ruler.largest_key(length));
        let shell = Shell {
            beyond,
            upto,
            bare_upto: -1.0,
        };
        self.look_in(shell, allowance, n_threads, control)
    }

    /// `None` if that is not allowed.
    fn look_in(
        &self,
        shell: Shell,
        allowance: &Allowance,
        n_threads: usize,
        control: &Control,
    ) -> Result<Option<Found>, Error> {
        let mut leaves = Held::new(control.budget());
        leaves.extend(self.tree.leaves())?;
        self.look_from_leaves(&leaves, shell, allowance, n_threads, control)
    }

    fn look_from_leaves(
        &self,
        leaves: &[u32],
        shell: Shell,
        allowance: &Allowance,
        n_threads: usize,
        control: &Control,
    ) -> Result<Option<Found>, Error> {
        let n_blocks = leaves.len().div_ceil(LEAVES);
        let look = |desk: &mut Desk<D>, block: usize, pulse: &Pulse| {
            let mut found = Found::none(pulse.budget());
            let last = leaves.len().min((block + 1) * LEAVES);
            for &leaf in &leaves[block * LEAVES..last] {
                pulse.beat(block, n_blocks)?;
                if !allowance.take(std::mem::take(&mut desk.lune.work)) {
                    break;
                }
                vectorized(Look {
                    cloud: self,
                    leaf,
                    shell,
                    desk,
                    found: &mut found,
                    pulse,
                })?;
            }
            Ok(found)
        };
        let n_desks = n_threads.min(n_blocks);
        let budget = control.budget();
        let _desks = budget.reserve(n_desks * view::bytes(D))?;
        let mut desks: Vec<_> = (0..n_desks).map(|_| Desk::new(budget)).collect();
        let parts = in_blocks(&mut desks, 0..n_blocks, control, "sweep", look)?;
        // Whoever comes last sees all that was taken: whether it was too much does not depend on the order.
        let is_enough = desks.iter().all(|desk| allowance.take(desk.lune.work));
        is_enough.then(|| Found::joined(parts, control)).transpose()
    }

    /// Looks at the edges from `p` to positions before it.
    #[inline(always)]
    fn look_from(
        &self,
        p: u32,
        shell: Shell,
        desk: &mut Desk<D>,
        found: &mut Found,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        pulse.tick()?;
        let view = &mut desk.view;
        view.move_to(p, self.tree.rows.row(p), &desk.around);
        desk.screens.clear();
        for at in 0..view.len() {
            let (q, key) = (view.positions[at], view.keys[at]);
            let offset = offset(&view.row(at), self.tree.rows.row(p));
            if desk.screens.hide(&offset, key) {
                continue;
            }
            desk.screens.add(&offset, key);
            if q > p || key <= shell.beyond {
                continue;
            }
            let yard = self.yardstick(p, q, key);
            desk.lune.members.clear();
            // As many as there are neighbours at most: room for them costs one question to the budget.
            desk.lune.members.reserve(view.len())?;
            view.lens(at, yard.keys[1], |c, to_p, to_q| {
                if self.is_before(p, c, to_p, &yard) && self.is_before(q, c, to_q, &yard) {
                    return desk.lune.members.push((c, to_p.max(to_q)));
                }
                Ok(())
            })?;
            self.judge(&yard, shell, &mut desk.lune, found, pulse)?;
        }
        if shell.upto > desk.around.reach {
            self.look_far(p, shell, desk, found, pulse)?;
        }
        if shell.bare_upto > shell.upto {
            self.look_for_bare(p, shell, desk, found, pulse)?;
        }
        Ok(())
    }

    /// Looks at the edges from `p` to positions before it that are beyond the surroundings.
    fn look_far(
        &self,
        p: u32,
        shell: Shell,
        desk: &mut Desk<D>,
        found: &mut Found,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        let (tree, own) = (self.tree, self.tree.rows.row(p));
        desk.stack.clear();
        desk.stack.push(0);
        while let Some(node) = desk.stack.pop() {
            if tree.nearest_key(p, node) > shell.upto || self.is_hidden(node, own, &desk.screens) {
                continue;
            }
            if let Some([first, second]) = tree.children(node) {
                let nearer = tree.nearest_key(p, first) <= tree.nearest_key(p, second);
                let order = if nearer {
                    [second, first]
                } else {
                    [first, second]
                };
                desk.stack.extend(order);
                continue;
            }
            for q in tree.node(node).positions() {
                let (key, offset) = (tree.key(p, q), offset(tree.rows.row(q), own));
                let is_far = key > desk.around.reach && key <= shell.upto && q != p;
                if !is_far || desk.screens.hide(&offset, key) {
                    continue;
                }
                desk.screens.add(&offset, key);
                if q < p && key > shell.beyond {
                    pulse.tick()?;
                    let yard = self.yardstick(p, q, key);
                    self.open(&yard, &mut desk.lune)?;
                    self.judge(&yard, shell, &mut desk.lune, found, pulse)?;
                }
            }
        }
        Ok(())
    }

    /// Looks for bare edges from `p` to positions before it among the longest.
    fn look_for_bare(
        &self,
        p: u32,
        shell: Shell,
        desk: &mut Desk<D>,
        found: &mut Found,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        let (tree, own) = (self.tree, self.tree.rows.row(p));
        desk.stack.clear();
        desk.stack.push(0);
        while let Some(node) = desk.stack.pop() {
            let (low, high) = tree.bounds(node);
            let [low, high] = [low, high].map(|x| std::array::from_fn(|axis| x[axis] - own[axis]));
            let is_out = tree.node(node).start >= p || tree.nearest_key(p, node) > shell.bare_upto;
            if is_out || desk.screens.enter_lunes(&low, &high) {
                continue;
            }
            if let Some(children) = tree.children(node) {
                desk.stack.extend(children);
                continue;
            }
            for q in tree.node(node).positions().take_while(|&q| q < p) {
                let (key, offset) = (tree.key(p, q), offset(tree.rows.row(q), own));
                let is_long = key > shell.upto && key <= shell.bare_upto;
                if !is_long || desk.screens.enter_lunes(&offset, &offset) {
                    continue;
                }
                pulse.tick()?;
                desk.lune.work += WORK_PER_LUNE;
                let yard = self.yardstick(p, q, key);
                if self.visit_lune(&yard, |_| Ok(false))? {
                    found.bare.push(yard.edge)?;
                }
            }
        }
        Ok(())
    }

    /// Whether one screen settles the edges to all of a node.
    fn is_hidden(&self, node: u32, own: &[f64; D], screens: &Screens<D>) -> bool {
        let (low, high) = self.tree.bounds(node);
        let centre = std::array::from_fn(|axis| 0.5 * (low[axis] + high[axis]) - own[axis]);
        let diagonal: f64 = (0..D).map(|axis| (high[axis] - low[axis]).powi(2)).sum();
        screens.hide_ball(&centre, 0.5 * diagonal.sqrt())
    }

    /// Notes what an edge with this lune does.
    #[inline(always)]
    fn judge(
        &self,
        yard: &Yardstick,
        shell: Shell,
        lune: &mut Lune,
        found: &mut Found,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        lune.work += WORK_PER_LUNE;
        if lune.members.is_empty() {
            if shell.bare_upto >= 0.0 {
                found.bare.push(yard.edge)?;
            }
            return Ok(());
        }
        if self.is_connected(yard, lune, pulse)? {
            return Ok(());
        }
        self.open(yard, lune)?;
        self.other_components(yard, lune, pulse, |vertex| {
            found.triangles.push((yard.edge, vertex))
        })
    }

    /// Collects the lune of an edge.
    fn open(&self, yard: &Yardstick, lune: &mut Lune) -> Result<(), Error> {
        let members = &mut lune.members;
        members.clear();
        self.visit_lune(yard, |member| members.push(member).map(|()| true))?;
        Ok(())
    }

    /// Shows the members of the lune of an edge, as long as `show` returns true; whether it always did.
    fn visit_lune(
        &self,
        yard: &Yardstick,
        mut show: impl FnMut(Member) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let [p, q] = self.ends(yard.edge);
        let tree = self.tree;
        let longest = yard.keys[1];
        let mut stack = vec![0];
        while let Some(node) = stack.pop() {
            if tree.nearest_key(p, node) > longest || tree.nearest_key(q, node) > longest {
                continue;
            }
            if let Some(children) = tree.children(node) {
                stack.extend(children);
                continue;
            }
            for c in tree.node(node).positions() {
                let (to_p, to_q) = (tree.key(p, c), tree.key(q, c));
                let is_inside =
                    self.is_before(p, c, to_p, yard) && self.is_before(q, c, to_q, yard);
                if is_inside && !show((c, to_p.max(to_q)))? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether two positions, with this key between them, are joined by an edge before that of the yardstick. No position is joined to itself.
    #[inline(always)]
    fn is_before(&self, p: u32, q: u32, key: f64, yard: &Yardstick) -> bool {
        let [smallest, largest] = yard.keys;
        p != q && (key < smallest || key <= largest && self.edge(p, q, key) < yard.edge)
    }

    /// Whether the lune is connected; removes the component of a vertex near the edge.
    #[inline(always)]
    fn is_connected(
        &self,
        yard: &Yardstick,
        lune: &mut Lune,
        pulse: &Pulse,
    ) -> Result<bool, Error> {
        let members = lune.members.iter().enumerate();
        let nearest = members.min_by(|(_, x), (_, y)| x.1.total_cmp(&y.1));
        let at = nearest.map_or(0, |(at, _)| at);
        self.remove_component(at, lune, yard, pulse)?;
        Ok(lune.members.is_empty())
    }

    /// Removes a member, and all that a path joins to it; its position.
    #[inline(always)]
    fn remove_component(
        &self,
        at: usize,
        lune: &mut Lune,
        yard: &Yardstick,
        pulse: &Pulse,
    ) -> Result<u32, Error> {
        let last = lune.members.len() - 1;
        lune.members.swap(at, last);
        let start = lune.members[last].0;
        lune.members.truncate(last);
        lune.fresh.clear();
        lune.fresh.reserve(last)?;
        let mut next = start;
        loop {
            lune.work += lune.members.len();
            if lune.members.len() > MEMBERS_PER_TICK {
                pulse.tick()?;
            }
            let mut kept = 0;
            for at in 0..lune.members.len() {
                let member = lune.members[at];
                let key = self.tree.key(next, member.0);
                if self.is_before(next, member.0, key, yard) {
                    lune.fresh.push(member)?;
                } else {
                    lune.members[kept] = member;
                    kept += 1;
                }
            }
            lune.members.truncate(kept);
            match lune.fresh.pop() {
                Some((member, _)) if kept > 0 => next = member,
                _ => return Ok(start),
            }
        }
    }

    /// Shows one point of each component of the lune that does not contain the one nearest to the edge.
    fn other_components(
        &self,
        yard: &Yardstick,
        lune: &mut Lune,
        pulse: &Pulse,
        mut show: impl FnMut(u32) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let ends = self.ends(yard.edge);
        let nearest = |&at: &usize| self.longer(ends, lune.members[at].0);
        if let Some(nearest) = (0..lune.members.len()).min_by_key(nearest) {
            self.remove_component(nearest, lune, yard, pulse)?;
        }
        while let Some(last) = lune.members.len().checked_sub(1) {
            let other = self.remove_component(last, lune, yard, pulse)?;
            show(self.tree.id(other))?;
        }
        Ok(())
    }

    /// The point of the lune of `edge` whose longer edge to its two ends is the shortest, and those two edges, first that to the larger end.
    /// `None` if the lune is empty.
    pub(super) fn nearest_in_lune(&self, edge: Edge) -> Option<(u32, [Edge; 2])> {
        let ends = self.ends(edge);
        let tree = self.tree;
        let mut best = edge;
        let mut nearest = None;
        let mut limit = tree.ruler.largest_key(edge.length());
        let mut stack = vec![0];
        while let Some(node) = stack.pop() {
            if ends.iter().any(|&end| tree.nearest_key(end, node) > limit) {
                continue;
            }
            if let Some([first, second]) = tree.children(node) {
                let far = |node| {
                    let [p, q] = ends.map(|end| tree.nearest_key(end, node));
                    p + q
                };
                let nearer = far(first) <= far(second);
                stack.extend(if nearer {
                    [second, first]
                } else {
                    [first, second]
                });
                continue;
            }
            for c in tree.node(node).positions() {
                if ends.contains(&c) || ends.iter().any(|&end| tree.key(end, c) > limit) {
                    continue;
                }
                let longer = self.longer(ends, c);
                if longer < best {
                    (best, nearest) = (longer, Some(c));
                    limit = tree.ruler.largest_key(longer.length());
                }
            }
        }
        let c = nearest?;
        Some((
            tree.id(c),
            ends.map(|end| self.edge(end, c, tree.key(end, c))),
        ))
    }

    /// The longer of the edges from `c` to two ends.
    fn longer(&self, ends: [u32; 2], c: u32) -> Edge {
        let [p, q] = ends.map(|end| self.edge(end, c, self.tree.key(end, c)));
        p.max(q)
    }

    fn yardstick(&self, p: u32, q: u32, key: f64) -> Yardstick {
        let edge = self.edge(p, q, key);
        let length = edge.length();
        let ruler = self.tree.ruler;
        let below = if length > 0.0 {
            ruler.largest_key(length.next_down()).next_up()
        } else {
            0.0
        };
        Yardstick {
            edge,
            keys: [below, ruler.largest_key(length)],
        }
    }

    fn edge(&self, p: u32, q: u32, key: f64) -> Edge {
        let (i, j) = (self.tree.id(p), self.tree.id(q));
        Edge {
            length_bits: self.tree.ruler.length(key).to_bits(),
            ends: [i.max(j), i.min(j)],
        }
    }

    /// The edge between two points.
    pub(super) fn edge_between(&self, i: u32, j: u32) -> Edge {
        let [p, q] = [i, j].map(|id| self.positions[id as usize]);
        self.edge(p, q, self.tree.key(p, q))
    }

    /// The positions of an edge's ends.
    fn ends(&self, edge: Edge) -> [u32; 2] {
        edge.ends.map(|id| self.positions[id as usize])
    }
}

impl<const D: usize> Desk<D> {
    fn new(budget: &Budget) -> Self {
        Self {
            around: Surroundings::new(),
            view: View::new(),
            screens: Screens::new(),
            stack: Vec::new(),
            lune: Lune {
                work: 0,
                members: Held::new(budget),
                fresh: Held::new(budget),
            },
        }
    }
}

impl Found {
    fn none(budget: &Budget) -> Self {
        Self {
            bare: Held::new(budget),
            triangles: Held::new(budget),
        }
    }

    fn joined(parts: Held<Self>, control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        let sum = |len: fn(&Self) -> usize| parts.iter().map(len).sum();
        let mut whole = Self {
            bare: Held::with_capacity(budget, sum(|part| part.bare.len()))?,
            triangles: Held::with_capacity(budget, sum(|part| part.triangles.len()))?,
        };
        for part in parts {
            control.tick(1)?;
            whole.bare.extend_from_slice(&part.bare)?;
            whole.triangles.extend_from_slice(&part.triangles)?;
        }
        Ok(Self {
            bare: sort_under(whole.bare, Edge::cmp, control)?,
            triangles: sort_under(whole.triangles, Ord::cmp, control)?,
        })
    }
}

#[inline(always)]
fn offset<const D: usize>(to: &[f64; D], from: &[f64; D]) -> [f64; D] {
    std::array::from_fn(|axis| to[axis] - from[axis])
}
