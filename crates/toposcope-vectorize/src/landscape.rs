//! Persistence landscape (Bubenik 2015).
//!
//! ```text
//! λ_k(t) = k-th largest over i of  max(0, min(t - birth_i, death_i - t)),    k = 0, 1, …
//! ```
//! Unscaled: the tent of `[b, d)` peaks at `(d - b) / 2`, as in giotto-tda and persim; GUDHI's values are √2 times these. A
//! tent of an essential interval is the ray `t - birth`.

use toposcope_core::Error;

use crate::{Grid, Intervals, expect_len};

/// Fills `out`, of `n_layers * nodes.n_nodes()` values, layer after layer.
///
/// Each tent sinks through the layers: at each node a layer keeps the larger of what it has and what comes, and hands the
/// smaller one down. Only maxima and minima are taken, so the order of the intervals changes no bit.
///
/// # Errors
/// [`Error::Invalid`] if `out` has another length.
pub fn layers(
    intervals: Intervals<'_>,
    n_layers: usize,
    nodes: Grid<'_>,
    out: &mut [f64],
) -> Result<(), Error> {
    let n_nodes = nodes.n_nodes();
    expect_len(out, n_layers * n_nodes)?;
    out.fill(0.0);
    let mut tent = vec![0.0; n_nodes];
    for (birth, death) in intervals.iter() {
        let support = nodes.nodes_within(birth, death);
        let tent = &mut tent[support.clone()];
        for (height, &t) in tent.iter_mut().zip(&nodes.positions()[support.clone()]) {
            *height = (t - birth).min(death - t);
        }
        for layer in out.chunks_exact_mut(n_nodes) {
            if !sink(tent, &mut layer[support.clone()]) {
                break;
            }
        }
    }
    Ok(())
}

/// Keeps the larger value of each pair in `layer` and the smaller one in `tent`; whether anything but zero is left there.
fn sink(tent: &mut [f64], layer: &mut [f64]) -> bool {
    let mut left = 0.0_f64;
    for (height, top) in tent.iter_mut().zip(layer) {
        let (low, high) = (height.min(*top), height.max(*top));
        *height = low;
        *top = high;
        left = left.max(low);
    }
    left > 0.0
}
