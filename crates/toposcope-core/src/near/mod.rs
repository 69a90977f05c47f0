//! Points near each other, by a spatial index: pairs within a threshold, and minimum spanning trees.
//!
//! - [`ruler`]: lengths, and bounds of lengths that rounding cannot break;
//! - [`tree`]: the index, a kd-tree;
//! - [`pairs`]: all pairs within a distance.

mod pairs;
mod ruler;
#[cfg(test)]
mod tests;
mod tree;

use crate::memory::Held;
use crate::{Control, Error, Metric, Points};
use tree::{Narrow, Tree, Wide};

/// Does something with the tree of some points, whatever their dimension.
macro_rules! with_tree {
    ($points:expr, $metric:expr, $n_threads:expr, $control:expr, |$tree:ident| $work:expr) => {
        match $points.n_dims() {
            1 => with_tree!(@of Narrow<1>, $points, $metric, $n_threads, $control, |$tree| $work),
            2 => with_tree!(@of Narrow<2>, $points, $metric, $n_threads, $control, |$tree| $work),
            3 => with_tree!(@of Narrow<3>, $points, $metric, $n_threads, $control, |$tree| $work),
            4 => with_tree!(@of Narrow<4>, $points, $metric, $n_threads, $control, |$tree| $work),
            5 => with_tree!(@of Narrow<5>, $points, $metric, $n_threads, $control, |$tree| $work),
            6 => with_tree!(@of Narrow<6>, $points, $metric, $n_threads, $control, |$tree| $work),
            7 => with_tree!(@of Narrow<7>, $points, $metric, $n_threads, $control, |$tree| $work),
            _ => with_tree!(@of Wide, $points, $metric, $n_threads, $control, |$tree| $work),
        }
    };
    (@of $rows:ty, $points:expr, $metric:expr, $n_threads:expr, $control:expr, |$tree:ident| $work:expr) => {{
        let $tree = Tree::<$rows>::new($points, $metric, $n_threads, $control)?;
        $work
    }};
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
