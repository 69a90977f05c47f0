//! A kd-tree: points in an order in which those near each other are mostly near each other, cut into nested blocks with boxes around them.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::ruler::Ruler;
use crate::memory::Held;
use crate::parallel::{Pulse, in_blocks};
use crate::{Control, Error, Metric, Points};

/// At most so many points in a leaf.
const LEAF: usize = 12;
/// Blocks of at most so many points are arranged by one thread.
const PART: usize = 1 << 15;
/// Positions that one thread looks up at a time.
const BLOCK: usize = 1024;
/// Items that are halved in about a microsecond.
const ITEMS_PER_TICK: u32 = 64;

/// Where the coordinates of the points of a tree are.
pub(super) trait Rows<'a>: Sync + Sized {
    /// One point while the tree is built.
    type Item: Copy + Send;

    /// The item of a point.
    fn item(points: &Points, i: u32) -> Self::Item;

    /// The point of an item.
    fn id(item: &Self::Item) -> u32;

    /// A coordinate of an item.
    fn coordinate(points: &Points, item: &Self::Item, axis: usize) -> f64;

    /// The rows of items, in the order of a tree.
    fn in_order(points: &'a Points, items: &[Self::Item], control: &Control)
    -> Result<Self, Error>;

    /// In what the distances between such rows are measured.
    fn ruler(metric: Metric) -> Ruler;

    fn n_dims(&self) -> usize;

    /// A coordinate of the point at a position.
    fn at(&self, position: u32, axis: usize) -> f64;

    /// The key of the distance between two positions.
    fn key(&self, ruler: Ruler, p: u32, q: u32) -> f64;
}

/// Rows of few coordinates, copied.
#[derive(Debug)]
pub(super) struct Narrow<const D: usize>(Held<[f64; D]>);

impl<const D: usize> Narrow<D> {
    #[inline(always)]
    pub(super) fn row(&self, position: u32) -> &[f64; D] {
        &self.0[position as usize]
    }
}

impl<const D: usize> Rows<'_> for Narrow<D> {
    type Item = ([f64; D], u32);

    fn item(points: &Points, i: u32) -> Self::Item {
        let row = std::array::from_fn(|axis| points.coordinate(i as usize, axis));
        (row, i)
    }

    fn id(item: &Self::Item) -> u32 {
        item.1
    }

    #[inline(always)]
    fn coordinate(_: &Points, item: &Self::Item, axis: usize) -> f64 {
        item.0[axis]
    }

    fn in_order(_: &Points, items: &[Self::Item], control: &Control) -> Result<Self, Error> {
        let mut rows = Held::new(control.budget());
        let tick = |work| control.tick(work);
        rows.extend_in_chunks(items.len(), items.iter().map(|item| item.0), tick)?;
        Ok(Self(rows))
    }

    fn ruler(metric: Metric) -> Ruler {
        Ruler::of_squares(metric)
    }

    #[inline(always)]
    fn n_dims(&self) -> usize {
        D
    }

    #[inline(always)]
    fn at(&self, position: u32, axis: usize) -> f64 {
        self.row(position)[axis]
    }

    #[inline(always)]
    fn key(&self, ruler: Ruler, p: u32, q: u32) -> f64 {
        let (a, b) = (self.row(p), self.row(q));
        ruler.key(D, |axis| a[axis] - b[axis])
    }
}

/// Rows of many coordinates, left where they are.
#[derive(Debug)]
pub(super) struct Wide<'a> {
    points: &'a Points,
    order: Held<u32>,
}

impl<'a> Rows<'a> for Wide<'a> {
    type Item = u32;

    fn item(_: &Points, i: u32) -> u32 {
        i
    }

    fn id(item: &u32) -> u32 {
        *item
    }

    fn coordinate(points: &Points, item: &u32, axis: usize) -> f64 {
        points.coordinate(*item as usize, axis)
    }

    fn in_order(points: &'a Points, items: &[u32], control: &Control) -> Result<Self, Error> {
        let mut order = Held::new(control.budget());
        order.extend_from_slice(items)?;
        Ok(Self { points, order })
    }

    fn ruler(metric: Metric) -> Ruler {
        Ruler::of_lengths(metric)
    }

    fn n_dims(&self) -> usize {
        self.points.n_dims()
    }

    fn at(&self, position: u32, axis: usize) -> f64 {
        let row = self.order[position as usize] as usize;
        self.points.coordinate(row, axis)
    }

    fn key(&self, ruler: Ruler, p: u32, q: u32) -> f64 {
        let row = |position: u32| self.order[position as usize] as usize;
        self.points.distance(ruler.metric(), row(p), row(q))
    }
}

/// A block of consecutive positions. Nodes stand in preorder: the first child of an inner node comes right after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The second child; a leaf has none, and zero here.
    second: u32,
}

impl Node {
    /// The positions in it.
    #[inline(always)]
    pub(super) fn positions(self) -> Range<u32> {
        self.start..self.end
    }
}

/// Points in the order of the tree, and its nodes with the boxes around them.
#[derive(Debug)]
pub(super) struct Tree<R> {
    pub(super) rows: R,
    pub(super) ruler: Ruler,
    /// The point at each position.
    ids: Held<u32>,
    nodes: Held<Node>,
    /// Of each node: the lowest coordinates in it, and the highest.
    bounds: Held<f64>,
}

impl<'a, R: Rows<'a>> Tree<R> {
    /// The tree of all points, of which there must be one.
    pub(super) fn new(
        points: &'a Points,
        metric: Metric,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let n = points.n_points();
        Self::over(points, n, 0..n as u32, metric, n_threads, control)
    }

    /// The tree of the points without those that coincide with another one, which never matter beyond length zero.
    pub(super) fn distinct(
        points: &'a Points,
        metric: Metric,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let tree = Self::new(points, metric, n_threads, control)?;
        let doubles = tree.doubles(n_threads, control)?;
        let n = tree.n() - doubles.iter().map(|part| part.len()).sum::<usize>();
        if n == tree.n() {
            return Ok(tree);
        }
        let tick = |work| control.tick(work);
        let mut is_double = Held::filled(control.budget(), false, tree.n(), tick)?;
        for &position in doubles.iter().flatten() {
            is_double[tree.id(position) as usize] = true;
        }
        drop((tree, doubles));
        let ids = (0..is_double.len() as u32).filter(|&id| !is_double[id as usize]);
        Self::over(points, n, ids, metric, n_threads, control)
    }

    /// The tree of `n` of the points.
    fn over(
        points: &'a Points,
        n: usize,
        ids: impl Iterator<Item = u32>,
        metric: Metric,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let budget = control.budget();
        let tick = |work| control.tick(work);
        let mut items = Held::new(budget);
        items.extend_in_chunks(n, ids.map(|i| R::item(points, i)), tick)?;
        arrange::<R>(points, &mut items, n_threads, control)?;
        let mut ids = Held::new(budget);
        ids.extend_in_chunks(n, items.iter().map(R::id), tick)?;
        let rows = R::in_order(points, &items, control)?;
        drop(items);
        let nodes = shape(n, control)?;
        Ok(Self {
            bounds: boxes(&rows, &nodes, control)?,
            ruler: R::ruler(metric),
            rows,
            ids,
            nodes,
        })
    }

    /// Positions whose coordinates are those of a position before, ascending.
    fn doubles(&self, n_threads: usize, control: &Control) -> Result<Held<Held<u32>>, Error> {
        let n_blocks = self.n().div_ceil(BLOCK);
        let look = |stack: &mut Vec<u32>, block: usize, pulse: &Pulse| {
            let mut doubles = Held::new(pulse.budget());
            for p in block * BLOCK..self.n().min((block + 1) * BLOCK) {
                pulse.beat(block, n_blocks)?;
                if self.has_double_before(p as u32, stack) {
                    doubles.push(p as u32)?;
                }
            }
            Ok(doubles)
        };
        let mut stacks = vec![Vec::new(); n_threads.min(n_blocks)];
        in_blocks(&mut stacks, 0..n_blocks, control, "index", look)
    }

    fn has_double_before(&self, p: u32, stack: &mut Vec<u32>) -> bool {
        let axes = 0..self.rows.n_dims();
        stack.clear();
        stack.push(0);
        while let Some(node) = stack.pop() {
            if self.node(node).start >= p || self.nearest_key(p, node) > 0.0 {
                continue;
            }
            if let Some([first, second]) = self.children(node) {
                stack.extend([second, first]);
                continue;
            }
            let block = self.node(node);
            let equal = |q: u32| {
                axes.clone()
                    .all(|axis| self.rows.at(p, axis) == self.rows.at(q, axis))
            };
            if (block.start..block.end.min(p)).any(equal) {
                return true;
            }
        }
        false
    }

    /// Number of points.
    pub(super) fn n(&self) -> usize {
        self.ids.len()
    }

    /// The point at a position.
    #[inline(always)]
    pub(super) fn id(&self, position: u32) -> u32 {
        self.ids[position as usize]
    }

    pub(super) fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    #[inline(always)]
    pub(super) fn node(&self, node: u32) -> Node {
        self.nodes[node as usize]
    }

    /// The two children of an inner node.
    #[inline(always)]
    pub(super) fn children(&self, node: u32) -> Option<[u32; 2]> {
        let second = self.nodes[node as usize].second;
        (second != 0).then_some([node + 1, second])
    }

    /// The leaves, from the first position to the last.
    pub(super) fn leaves(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.n_nodes() as u32).filter(|&node| self.nodes[node as usize].second == 0)
    }

    /// The lowest and the highest coordinates in a node.
    #[inline(always)]
    pub(super) fn bounds(&self, node: u32) -> (&[f64], &[f64]) {
        let n_dims = self.rows.n_dims();
        self.bounds[2 * n_dims * node as usize..][..2 * n_dims].split_at(n_dims)
    }

    /// No two positions have a larger key.
    pub(super) fn largest_key(&self) -> f64 {
        let (low, high) = self.bounds(0);
        self.ruler
            .key(self.rows.n_dims(), |axis| high[axis] - low[axis])
    }

    /// Key of the distance between two positions.
    #[inline(always)]
    pub(super) fn key(&self, p: u32, q: u32) -> f64 {
        self.rows.key(self.ruler, p, q)
    }

    /// No position in the node has a smaller key to `p`.
    #[inline(always)]
    pub(super) fn nearest_key(&self, p: u32, node: u32) -> f64 {
        let (low, high) = self.bounds(node);
        self.ruler.key(self.rows.n_dims(), |axis| {
            let x = self.rows.at(p, axis);
            (low[axis] - x).max(x - high[axis]).max(0.0)
        })
    }

    /// No position in the node has a larger key to `p`.
    pub(super) fn farthest_key(&self, p: u32, node: u32) -> f64 {
        let (low, high) = self.bounds(node);
        self.ruler.key(self.rows.n_dims(), |axis| {
            let x = self.rows.at(p, axis);
            (x - low[axis]).max(high[axis] - x)
        })
    }

    /// No two positions in the two nodes have a smaller key.
    #[inline(always)]
    pub(super) fn nearest_key_between(&self, a: u32, b: u32) -> f64 {
        let ((low_a, high_a), (low_b, high_b)) = (self.bounds(a), self.bounds(b));
        self.ruler.key(self.rows.n_dims(), |axis| {
            let gap = (low_a[axis] - high_b[axis]).max(low_b[axis] - high_a[axis]);
            gap.max(0.0)
        })
    }
}

/// The number of nodes over `n` positions.
fn count_nodes(n: usize) -> usize {
    if n <= LEAF {
        return 1;
    }
    1 + count_nodes(n / 2) + count_nodes(n - n / 2)
}

/// Bytes of a tree over `n` points while it is built, and from then on. Rows of few coordinates are copied.
pub(super) fn bytes(n: usize, n_dims: usize, copies_rows: bool) -> [usize; 2] {
    let (row, id) = (
        usize::from(copies_rows) * n_dims * size_of::<f64>(),
        size_of::<u32>(),
    );
    let item = (row + id).next_multiple_of(if copies_rows { size_of::<f64>() } else { id });
    // Where rows are left in place, it is their order that is kept.
    let in_order = if copies_rows { row } else { id };
    let node = size_of::<Node>() + 2 * n_dims * size_of::<f64>();
    let tree = n * (in_order + id) + count_nodes(n) * node;
    [tree.max(n * (item + id + in_order)), tree]
}

/// The nodes over `n` positions: halves of halves, down to leaves. They depend on nothing else.
fn shape(n: usize, control: &Control) -> Result<Held<Node>, Error> {
    fn build(nodes: &mut Held<Node>, start: u32, end: u32) -> Result<(), Error> {
        let at = nodes.len();
        nodes.push(Node {
            start,
            end,
            second: 0,
        })?;
        if (end - start) as usize > LEAF {
            let middle = start + (end - start) / 2;
            build(nodes, start, middle)?;
            nodes[at].second = nodes.len() as u32;
            build(nodes, middle, end)?;
        }
        Ok(())
    }
    let mut nodes = Held::with_capacity(control.budget(), count_nodes(n))?;
    build(&mut nodes, 0, n as u32)?;
    Ok(nodes)
}

/// Brings items into the order of the tree: every block of more than a leaf in halves, along the axis in which it is spread widest.
fn arrange<'a, R: Rows<'a>>(
    points: &Points,
    items: &mut [R::Item],
    n_threads: usize,
    control: &Control,
) -> Result<(), Error> {
    let mut parts = Vec::new();
    cut::<R>(points, items, &mut parts, control)?;
    let mut threads = vec![(); n_threads.min(parts.len())];
    let finish = |(): &mut (), part: usize, pulse: &Pulse| {
        // Each part is handed out once, so nobody waits here.
        let mut items = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
        halve_all::<R>(points, &mut items, pulse)
    };
    in_blocks(&mut threads, 0..parts.len(), control, "index", finish)?;
    Ok(())
}

/// Halves large blocks one after the other; collects the parts that are small enough to be left to one thread.
fn cut<'a, 'i, R: Rows<'a>>(
    points: &Points,
    items: &'i mut [R::Item],
    parts: &mut Vec<Mutex<&'i mut [R::Item]>>,
    control: &Control,
) -> Result<(), Error> {
    if items.len() <= PART {
        parts.push(Mutex::new(items));
        return Ok(());
    }
    control.tick(items.len() as u32 / ITEMS_PER_TICK)?;
    let (first, second) = halve::<R>(points, items);
    cut::<R>(points, first, parts, control)?;
    cut::<R>(points, second, parts, control)
}

fn halve_all<'a, R: Rows<'a>>(
    points: &Points,
    items: &mut [R::Item],
    pulse: &Pulse,
) -> Result<(), Error> {
    if items.len() <= LEAF {
        return Ok(());
    }
    pulse.tick()?;
    let (first, second) = halve::<R>(points, items);
    halve_all::<R>(points, first, pulse)?;
    halve_all::<R>(points, second, pulse)
}

/// The lower half along the widest axis, and the rest. Ties are told apart by the points' numbers.
fn halve<'a, 'i, R: Rows<'a>>(
    points: &Points,
    items: &'i mut [R::Item],
) -> (&'i mut [R::Item], &'i mut [R::Item]) {
    let spread = |axis: usize| {
        let coordinates = items.iter().map(|item| R::coordinate(points, item, axis));
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = coordinates.fold(ends, |(low, high), x| (low.min(x), high.max(x)));
        high - low
    };
    let spreads: Vec<f64> = (0..points.n_dims()).map(spread).collect();
    let axes = (0..points.n_dims()).max_by(|&x, &y| spreads[x].total_cmp(&spreads[y]));
    let axis = axes.unwrap_or(0);
    let place = |item: &R::Item| (R::coordinate(points, item, axis), R::id(item));
    let middle = items.len() / 2;
    items.select_nth_unstable_by(middle, |x, y| {
        let ((x, i), (y, j)) = (place(x), place(y));
        x.total_cmp(&y).then(i.cmp(&j))
    });
    items.split_at_mut(middle)
}

/// The boxes of all nodes, children before parents.
fn boxes<'a, R: Rows<'a>>(rows: &R, nodes: &[Node], control: &Control) -> Result<Held<f64>, Error> {
    let (n_dims, tick) = (rows.n_dims(), |work| control.tick(work));
    let mut bounds = Held::filled(control.budget(), 0.0f64, 2 * n_dims * nodes.len(), tick)?;
    for (at, &node) in nodes.iter().enumerate().rev() {
        control.poll("index", nodes.len() - at, nodes.len())?;
        for axis in 0..n_dims {
            let (low, high) = if node.second == 0 {
                let column = || node.positions().map(|p| rows.at(p, axis));
                let low = column().fold(f64::INFINITY, f64::min);
                (low, column().fold(f64::NEG_INFINITY, f64::max))
            } else {
                let of = |child: usize| 2 * n_dims * child + axis;
                let [x, y] = [of(at + 1), of(node.second as usize)];
                let low = bounds[x].min(bounds[y]);
                (low, bounds[x + n_dims].max(bounds[y + n_dims]))
            };
            bounds[2 * n_dims * at + axis] = low;
            bounds[2 * n_dims * at + n_dims + axis] = high;
        }
    }
    Ok(bounds)
}
