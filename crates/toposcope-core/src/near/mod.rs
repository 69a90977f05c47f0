//! Points near each other, by a spatial index: pairs within a threshold, and minimum spanning trees.
//!
//! - [`ruler`]: lengths, and bounds of lengths that rounding cannot break;
//! - [`tree`]: the index, a kd-tree;
//! - [`pairs`]: all pairs within a distance.

mod loops;
mod lunes;
mod pairs;
mod ruler;
mod screen;
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
    ($points:expr, $metric:expr, $n_threads:expr, $control:expr, |$tree:ident| $work:expr) => {
        with_tree!($points, $metric, $n_threads, $control, |$tree| $work, else {
            let $tree = Tree::<Wide>::new($points, $metric, $n_threads, $control)?;
            $work
        })
    };
    ($points:expr, $metric:expr, $n_threads:expr, $control:expr, |$tree:ident| $work:expr, else $wide:block) => {
        with_tree!(@narrow [1 2 3 4 5 6 7], $points, $metric, $n_threads, $control, $tree, $work, $wide)
    };
    (@narrow [$($d:literal)*], $points:expr, $metric:expr, $n_threads:expr, $control:expr, $tree:ident, $work:expr, $wide:block) => {
        match $points.n_dims() {
            $($d => {
                let $tree = Tree::<Narrow<$d>>::new($points, $metric, $n_threads, $control)?;
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
    with_tree!(points, metric, n_threads, control, |tree| {
        pairs::within(&tree, largest, n_threads, control, keep)
    })
}

/// Up to so many coordinates degree 1 is found from points alone.
const FEW_DIMS: usize = 7;

/// Whether [`intervals`] can be asked.
pub(crate) fn has_lunes(points: &Points, metric: Metric) -> bool {
    let is_straight = matches!(metric, Metric::Euclidean | Metric::Cosine);
    is_straight && points.n_points() > 0 && (1..=FEW_DIMS).contains(&points.n_dims())
}

/// Components and loops of points up to a largest distance, in memory that does not depend on it. For points that
/// [have lunes](has_lunes).
pub(crate) fn intervals<F: Field>(
    field: F,
    points: &Points,
    metric: Metric,
    largest: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Intervals, Error> {
    with_tree!(points, metric, n_threads, control, |tree| {
        let cloud = Cloud::new(&tree, control)?;
        loops::intervals(field, &cloud, largest, n_threads, control)
    }, else {
        Err(Error::invalid("points", format!("1 to {FEW_DIMS} coordinates"), points.n_dims()))
    })
}
