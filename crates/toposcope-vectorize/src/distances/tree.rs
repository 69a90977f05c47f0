//! A kd-tree over intervals whose points carry prices: who is near, and cheap.

use std::ops::Range;

use super::norm::larger;

/// An interval as a point of the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) birth: f64,
    pub(super) death: f64,
}

/// Most points of a leaf: scanning so many takes about as long as looking at a few boxes.
const LEAF: usize = 16;
/// Costs of boxes are lowered by this share before they are compared: costs that are powers may be rounded against the
/// order of the lengths, and a point must not be missed for that.
const SLACK: f64 = 1.0 - 1e-12;
/// The price of a point that is not to be found.
const REMOVED: f64 = f64::NEG_INFINITY;

/// A balanced tree over points in slots, the order of its leaves.
///
/// The nodes are numbered from 1, the children of node `i` are `2i` and `2i + 1`; with `L` leaves, leaf `j` holds the slots
/// `n j / L` to `n (j + 1) / L - 1`.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    births: Vec<f64>,
    deaths: Vec<f64>,
    /// The number of the point in each slot, as it was given.
    numbers: Vec<usize>,
    prices: Vec<f64>,
    /// Of each node: the smallest box around its points, as its low and high corner.
    boxes: Vec<(Point, Point)>,
    /// Of each node: the highest price of its points.
    tops: Vec<f64>,
}

impl Tree {
    /// All prices are 0.
    pub(super) fn new(points: &[Point]) -> Self {
        let n_leaves = points.len().div_ceil(LEAF).next_power_of_two();
        let empty = Point {
            birth: f64::INFINITY,
            death: f64::INFINITY,
        };
        let beyond = Point {
            birth: f64::NEG_INFINITY,
            death: f64::NEG_INFINITY,
        };
        let mut tree = Self {
            births: Vec::new(),
            deaths: Vec::new(),
            numbers: (0..points.len()).collect(),
            prices: vec![0.0; points.len()],
            boxes: vec![(empty, beyond); 2 * n_leaves],
            tops: vec![REMOVED; 2 * n_leaves],
        };
        let mut numbers = std::mem::take(&mut tree.numbers);
        tree.split(1, points, &mut numbers);
        tree.births = numbers.iter().map(|&i| points[i].birth).collect();
        tree.deaths = numbers.iter().map(|&i| points[i].death).collect();
        tree.numbers = numbers;
        tree.set_all_prices(|_| 0.0);
        tree
    }

    /// Orders `numbers`, the points of `node`, by the halves of the tree, and finds the boxes.
    fn split(&mut self, node: usize, points: &[Point], numbers: &mut [usize]) {
        let bounds = bounding_box(numbers.iter().map(|&i| points[i]), self.boxes[node]);
        self.boxes[node] = bounds;
        if node >= self.n_leaves() {
            return;
        }
        let (low, high) = bounds;
        let by_birth = high.birth - low.birth > high.death - low.death;
        let key = |i: usize| {
            let Point { birth, death } = points[i];
            if by_birth {
                (birth, death, i)
            } else {
                (death, birth, i)
            }
        };
        let middle = self.slots(2 * node + 1).start - self.slots(2 * node).start;
        if middle < numbers.len() {
            numbers.select_nth_unstable_by(middle, |&i, &j| {
                let (x, y) = (key(i), key(j));
                x.0.total_cmp(&y.0)
                    .then(x.1.total_cmp(&y.1))
                    .then(x.2.cmp(&y.2))
            });
        }
        let (left, right) = numbers.split_at_mut(middle);
        self.split(2 * node, points, left);
        self.split(2 * node + 1, points, right);
    }

    pub(super) fn len(&self) -> usize {
        self.prices.len()
    }

    pub(super) fn point(&self, slot: usize) -> Point {
        Point {
            birth: self.births[slot],
            death: self.deaths[slot],
        }
    }

    /// The number of the point in `slot`, as it was given.
    pub(super) fn number(&self, slot: usize) -> usize {
        self.numbers[slot]
    }

    pub(super) fn price(&self, slot: usize) -> f64 {
        self.prices[slot]
    }

    pub(super) fn set_price(&mut self, slot: usize, price: f64) {
        self.prices[slot] = price;
        // Of L leaves over n slots, the last whose slots begin at or before this one.
        let mut node = self.n_leaves() + ((slot + 1) * self.n_leaves() - 1) / self.len();
        let mut top = highest(&self.prices[self.slots(node)]);
        while node > 0 && self.tops[node] != top {
            self.tops[node] = top;
            node /= 2;
            top = self.tops[2 * node].max(self.tops[2 * node + 1]);
        }
    }

    pub(super) fn set_all_prices(&mut self, price: impl Fn(usize) -> f64) {
        for (slot, held) in self.prices.iter_mut().enumerate() {
            *held = price(slot);
        }
        for node in (1..self.tops.len()).rev() {
            self.tops[node] = if node >= self.n_leaves() {
                highest(&self.prices[self.slots(node)])
            } else {
                self.tops[2 * node].max(self.tops[2 * node + 1])
            };
        }
    }

    /// Hides the point in `slot` until its price is set.
    pub(super) fn remove(&mut self, slot: usize) {
        self.set_price(slot, REMOVED);
    }

    /// Shows `found` the slots of which `cost(differences) - price` is at most `bound`, and that value, cheap boxes first.
    /// `found` returns the bound from there on. The cost must grow with each of the differences.
    #[inline]
    pub(super) fn visit(
        &self,
        from: Point,
        bound: f64,
        cost: &impl Fn(f64, f64) -> f64,
        mut found: impl FnMut(usize, f64) -> f64,
    ) {
        let mut bound = bound;
        self.visit_node(1, from, &mut bound, cost, &mut found);
    }

    fn visit_node(
        &self,
        node: usize,
        from: Point,
        bound: &mut f64,
        cost: &impl Fn(f64, f64) -> f64,
        found: &mut impl FnMut(usize, f64) -> f64,
    ) {
        if node >= self.n_leaves() {
            let slots = self.slots(node);
            let first = slots.start;
            // All values before any is looked at, so that they are computed several at a time.
            let mut values = [0.0; LEAF];
            let points = self.births[slots.clone()]
                .iter()
                .zip(&self.deaths[slots.clone()]);
            let priced = points.zip(&self.prices[slots.clone()]);
            for (value, ((birth, death), price)) in values.iter_mut().zip(priced) {
                *value = cost(birth - from.birth, death - from.death) - price;
            }
            for (&value, slot) in values[..slots.len()].iter().zip(first..) {
                if value <= *bound {
                    *bound = found(slot, value);
                }
            }
            return;
        }
        let least = |child| self.least(child, from, cost);
        let (left, right) = (least(2 * node), least(2 * node + 1));
        let first = usize::from(right < left);
        for (child, least) in [(first, left.min(right)), (1 - first, left.max(right))] {
            if least <= *bound {
                self.visit_node(2 * node + child, from, bound, cost, found);
            }
        }
    }

    /// No point of `node` has a smaller value.
    fn least(&self, node: usize, from: Point, cost: &impl Fn(f64, f64) -> f64) -> f64 {
        let (low, high) = self.boxes[node];
        let gap = |low: f64, x: f64, high: f64| larger(larger(low - x, x - high), 0.0);
        let births = gap(low.birth, from.birth, high.birth);
        let deaths = gap(low.death, from.death, high.death);
        cost(births, deaths) * SLACK - self.tops[node]
    }

    fn n_leaves(&self) -> usize {
        self.boxes.len() / 2
    }

    /// The slots below a node.
    fn slots(&self, node: usize) -> Range<usize> {
        let depth = node.ilog2();
        let at = node - (1 << depth);
        let n = self.prices.len();
        (n * at) >> depth..(n * (at + 1)) >> depth
    }
}

fn bounding_box(points: impl Iterator<Item = Point>, empty: (Point, Point)) -> (Point, Point) {
    points.fold(empty, |(low, high), point| {
        let low = Point {
            birth: low.birth.min(point.birth),
            death: low.death.min(point.death),
        };
        let high = Point {
            birth: high.birth.max(point.birth),
            death: high.death.max(point.death),
        };
        (low, high)
    })
}

fn highest(prices: &[f64]) -> f64 {
    prices.iter().copied().fold(REMOVED, f64::max)
}
