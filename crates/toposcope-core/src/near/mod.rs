//! Points near each other, by a spatial index: pairs within a threshold, minimum spanning trees, and loops.
//!
//! - [`ruler`]: lengths, and bounds of lengths that rounding cannot break;
//! - [`tree`]: the index, a kd-tree;
//! - [`pairs`]: all pairs within a distance;
//! - [`spanning`]: minimum spanning trees;
//! - [`lunes`], with [`view`] and [`screen`]: the edges whose lunes matter in degree 1, without a list of all edges;
//! - [`loops`]: the persistence that these have.

mod loops;
mod lunes;
mod pairs;
mod ruler;
mod screen;
mod spanning;
#[cfg(test)]
mod tests;
mod tree;
mod view;

use crate::memory::Held;
use crate::reduction::Field;
use crate::{Control, Error, Metric, Points};
pub(crate) use loops::Intervals;
use lunes::Cloud;
use tree::{Narrow, Tree, Wide};

/// Does something with the tree of some points, whatever their dimension; `else` where it is not small.
macro_rules! with_tree {
    ($new:ident, $points:expr, $metric:expr, $n_threads:expr, $control:expr, |$tree:ident| $work:expr) => {
        with_tree!($new, $points, $metric, $n_threads, $control, |$tree| $work, else {
            let $tree = Tree::<Wide>::$new($points, $metric, $n_threads, $control)?;
            $work
        })
    };
    ($new:ident, $points:expr, $metric:expr, $n_threads:expr, $control:expr, |$tree:ident| $work:expr, else $wide:block) => {
        with_tree!(@narrow [1 2 3 4 5 6 7], $new, $points, $metric, $n_threads, $control, $tree, $work, $wide)
    };
    (@narrow [$($d:literal)*], $new:ident, $points:expr, $metric:expr, $n_threads:expr, $control:expr, $tree:ident, $work:expr, $wide:block) => {
        match $points.n_dims() {
            $($d => {
                let $tree = Tree::<Narrow<$d>>::$new($points, $metric, $n_threads, $control)?;
                $work
            })*
            _ => $wide
        }
    };
}

/// What `keep` makes of every pair of points at most `largest` apart: of the larger point, the smaller and their distance. In parts,
/// whose order depends on the points alone. There must be a point, of one coordinate or more.
pub(crate) fn pairs_within<E: Send>(
    points: &Points,
    metric: Metric,
    largest: f64,
    n_threads: usize,
    control: &Control,
    keep: impl Fn(usize, usize, f64) -> E + Sync,
) -> Result<Held<Held<E>>, Error> {
    with_tree!(new, points, metric, n_threads, control, |tree| {
        pairs::within(&tree, largest, n_threads, control, keep)
    })
}

/// With fewer points than this all distances are measured sooner than a tree is built.
const FEW_POINTS: usize = 512;

/// Points that may be looked at in lunes for every edge there is, before a list of these edges is cheaper.
const LOOKS_PER_EDGE: usize = 8;

/// Up to so many coordinates degree 1 is found from points alone.
const FEW_DIMS: usize = 7;

/// Whether [`intervals`] can be asked.
pub(crate) fn has_lunes(points: &Points, metric: Metric) -> bool {
    let is_straight = matches!(metric, Metric::Euclidean | Metric::Cosine);
    is_straight && points.n_points() > 0 && (1..=FEW_DIMS).contains(&points.n_dims())
}

/// What is set aside for `n` points in a tree, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NearBytes {
    /// The tree while it is built, and from then on.
    pub(crate) building: usize,
    pub(crate) index: usize,
    /// What a spanning tree takes besides.
    pub(crate) spanning: usize,
    /// Positions of points, leaves, and what threads hold while they look at lunes.
    pub(crate) looking: usize,
    /// What is found about so many edges, and their loops.
    pub(crate) edge: usize,
}

/// See [`NearBytes`].
pub(crate) fn bytes(n: usize, n_dims: usize, n_threads: usize) -> NearBytes {
    let [building, index] = tree::bytes(n, n_dims, n_dims <= FEW_DIMS);
    NearBytes {
        building,
        index,
        spanning: spanning::bytes(n),
        looking: lunes::bytes(n, n_dims, n_threads),
        edge: lunes::BYTES_OF_EDGE,
    }
}

/// Components and loops of points up to a largest distance, which may be infinite, in memory that does not depend on it. For points that
/// [have lunes](has_lunes). `None` where a distance may be infinite, or where there is so much to look at that a list of all edges is
/// cheaper; not if it `must` be.
pub(crate) fn intervals<F: Field>(
    field: F,
    points: &Points,
    metric: Metric,
    largest: f64,
    must: bool,
    n_threads: usize,
    control: &Control,
) -> Result<Option<Intervals>, Error> {
    let n = points.n_points();
    with_tree!(distinct, points, metric, n_threads, control, |tree| {
        let diameter = tree.ruler.length(tree.largest_key());
        if largest.is_infinite() && diameter.is_infinite() {
            return Ok(None);
        }
        let largest = largest.min(diameter);
        let allowance = if must {
            usize::MAX
        } else {
            allowance(pairs::about(&tree, largest))
        };
        let cloud = Cloud::new(&tree, n, control)?;
        let found = loops::intervals(field, &cloud, largest, allowance, n_threads, control)?;
        let Some(mut found) = found else {
            return Ok(None);
        };
        join_doubles(&mut found.joining, n - tree.n())?;
        Ok(Some(found))
    }, else {
        Ok(None)
    })
}

/// What a few points say about [`intervals`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outlook {
    /// Whether it will most probably give up, because a list of all edges is cheaper.
    pub(crate) gives_up: bool,
    /// About how many edges have an empty lune.
    pub(crate) n_bare: usize,
}

/// Looks at the lunes around a few points.
pub(crate) fn outlook(
    points: &Points,
    metric: Metric,
    largest: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Option<Outlook>, Error> {
    let n = points.n_points();
    with_tree!(distinct, points, metric, n_threads, control, |tree| {
        let largest = largest.min(tree.ruler.length(tree.largest_key()));
        let cloud = Cloud::new(&tree, n, control)?;
        let reach = cloud.first_reach(largest, control)?;
        let sample = cloud.sample(reach, largest, control)?;
        Ok(Some(Outlook {
            gives_up: sample.n_looks > allowance(pairs::about(&tree, largest)),
            // Points that coincide with another one join it by an edge of their own.
            n_bare: sample.n_bare + n - tree.n(),
        }))
    }, else {
        Ok(None)
    })
}

/// What may be looked at instead of a list of so many edges.
fn allowance(n_edges: usize) -> usize {
    LOOKS_PER_EDGE.saturating_mul(n_edges)
}

/// Lengths of the edges that join components of the points up to a largest distance, ascending. `None` where a tree is of no use: for few
/// points, in high dimension, and for distances that may be infinite.
pub(crate) fn joining_lengths(
    points: &Points,
    metric: Metric,
    largest: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Option<Held<f64>>, Error> {
    let n = points.n_points();
    if n < FEW_POINTS || points.n_dims() == 0 {
        return Ok(None);
    }
    with_tree!(distinct, points, metric, n_threads, control, |tree| {
        if !tree.ruler.length(tree.largest_key()).is_finite() || !spanning::is_worth_it(&tree, n) {
            return Ok(None);
        }
        let mut lengths = spanning::lengths(&tree, largest, n_threads, control)?;
        join_doubles(&mut lengths, n - tree.n())?;
        Ok(Some(lengths))
    })
}

/// Points that coincide with another one join it at zero, before everything else.
fn join_doubles(lengths: &mut Held<f64>, n_doubles: usize) -> Result<(), Error> {
    let before = lengths.len();
    lengths.resize(before + n_doubles, 0.0)?;
    lengths.rotate_right(n_doubles);
    Ok(())
}
