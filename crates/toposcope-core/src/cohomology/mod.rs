//! Implicit persistent cohomology: the second engine.
//!
//! Columns are simplices from the latest to the earliest, rows are their cofacets, and no matrix is ever stored: coboundaries
//! are enumerated again whenever they are added. Nearly all columns are never looked at:
//! - *clearing*: a simplex that ended a class one dimension below begins none;
//! - *apparent pairs*: a simplex whose first cofacet has it as its last facet is paired with it, at once and implicitly;
//! - *emergent pairs*: a first cofacet of the same length that nobody owns is a pivot before the rest is enumerated.
//!
//! After Bauer, "Ripser", J. Appl. Comput. Topol. 5 (2021), reduced without locks after Morozov and Nigmetov, SPAA 2020. Any order
//! of the simplices with the same longest edge will do. Ours begins with those that contain the *apex* of that edge, a vertex adjacent to
//! as much of its lune as possible: each of them is in an apparent pair, and where the lune is a cone there are no others.
//!
//! - [`apexes`]: the apex of every edge;
//! - [`cells`]: simplices as integers in that order;
//! - [`columns`]: the simplices that are in no apparent pair;
//! - [`pivots`]: reduced columns, found by their pivots, for many threads at once;
//! - [`working`]: a column while it is reduced;
//! - [`reduce`]: the reduction of one dimension.

mod apexes;
mod cells;
mod columns;
mod pivots;
mod reduce;
mod working;

use crate::filtration::{EdgeFiltration, RankedInterval};
use crate::memory::Held;
use crate::reduction::Field;
use crate::simplex::{Key, Packing};
use crate::{Control, Error};
use apexes::Apexes;
use cells::Cells;
use reduce::Reduction;

/// All intervals of dimensions `1..=max_dim`, those of zero length left out where that saves work.
pub(crate) fn intervals<F: Field>(
    field: F,
    filtration: &EdgeFiltration,
    max_dim: usize,
    n_threads: usize,
    control: &Control,
) -> Result<Held<RankedInterval>, Error> {
    let apexes = Apexes::new(filtration, max_dim, n_threads, control)?;
    if let Ok(packing) = Packing::<u64>::new(filtration.n(), max_dim) {
        let cells = Cells::new(filtration, &apexes, packing);
        return packed_intervals(field, cells, max_dim, n_threads, control);
    }
    let packing = Packing::<u128>::new(filtration.n(), max_dim)?;
    let cells = Cells::new(filtration, &apexes, packing);
    packed_intervals(field, cells, max_dim, n_threads, control)
}

fn packed_intervals<K: Key, F: Field>(
    field: F,
    cells: Cells<K>,
    max_dim: usize,
    n_threads: usize,
    control: &Control,
) -> Result<Held<RankedInterval>, Error> {
    let mut intervals = Held::new(control.budget());
    let mut columns = columns::closing_edges(cells, control)?;
    for dim in 1..=max_dim {
        let reduction = Reduction::new(field, cells, dim, &columns, n_threads, control)?;
        reduction.add_intervals(&mut intervals, control)?;
        if dim == max_dim {
            break;
        }
        columns = columns::above(cells, dim, reduction.pivots(), n_threads, control)?;
    }
    Ok(intervals)
}
