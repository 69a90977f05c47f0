//! Betti curve.
//!
//! ```text
//! β(t) = #{ i : birth_i <= t < death_i }
//! ```
//! Sampled at nodes, so values are whole numbers and exact. Half-open, as in giotto-tda and GUDHI: at the last death of all
//! the curve is 0.

use toposcope_core::Error;

use crate::{Grid, Intervals, expect_len};

/// Fills `out`, of `nodes.n_nodes()` values, with the number of intervals alive at each node.
///
/// Each interval is one step up and one step down in `out`, and the curve is their running sum: O(n log m + m) for n
/// intervals and m nodes.
///
/// # Errors
/// [`Error::Invalid`] if `out` has another length.
pub fn curve(intervals: Intervals<'_>, nodes: Grid<'_>, out: &mut [f64]) -> Result<(), Error> {
    expect_len(out, nodes.n_nodes())?;
    out.fill(0.0);
    for (birth, death) in intervals.iter() {
        let alive = nodes.nodes_within(birth, death);
        for (step, at) in [(1.0, alive.start), (-1.0, alive.end)] {
            if let Some(value) = out.get_mut(at) {
                *value += step;
            }
        }
    }
    let mut alive = 0.0;
    for value in out {
        alive += *value;
        *value = alive;
    }
    Ok(())
}
