//! What has been there since voids were last read, where they are not read with every push.
//!
//! Let K be the landmarks at the last reading and K' those at this one. The union W of one push is replaced by X: the flag complex on all
//! landmarks that were there at some time in between, with the edges between those that were ever there together, in one of the unions. All
//! of these lie in X. So what went on from push to push, through all of them, goes on through X: two cycles that are homologous in
//! the union of some push are so in X. What was gone and is back may count as never gone.

use toposcope_core::stream::{Cospan, CospanLandmark};
use toposcope_core::{DistanceMatrix, Error};

/// Between landmarks that never were there together: longer than any edge.
const NO_EDGE: f64 = f64::MAX;

/// The landmarks since the last reading. `before` is their weight at it, `after` the one now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) landmarks: Vec<CospanLandmark>,
    pub(crate) distances: DistanceMatrix,
    /// ε at the last reading.
    pub(crate) epsilon: f64,
}

impl Held {
    /// What a reading leaves for the next one: the landmarks after it.
    pub(crate) fn of_after(cospan: &Cospan) -> Self {
        let there = |&v: &usize| cospan.landmarks[v].after.is_some();
        let vertices: Vec<usize> = (0..cospan.landmarks.len()).filter(there).collect();
        let landmark = |&v: &usize| CospanLandmark {
            before: cospan.landmarks[v].after,
            ..cospan.landmarks[v]
        };
        Self {
            landmarks: vertices.iter().map(landmark).collect(),
            distances: cospan.distances.select(&vertices),
            epsilon: cospan.epsilon_after,
        }
    }

    /// One more push.
    ///
    /// # Errors
    /// [`Error::Invalid`] if its distances are none.
    pub(crate) fn extended(&self, cospan: &Cospan) -> Result<Self, Error> {
        let mut landmarks: Vec<CospanLandmark> = Vec::new();
        let place =
            |list: &[CospanLandmark], id: u64| list.binary_search_by_key(&id, |l| l.id).ok();
        let mut ids: Vec<u64> = (self.landmarks.iter().chain(&cospan.landmarks))
            .map(|l| l.id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let mut places = Vec::new();
        for &id in &ids {
            let (old, new) = (place(&self.landmarks, id), place(&cospan.landmarks, id));
            landmarks.push(CospanLandmark {
                id,
                before: old.and_then(|v| self.landmarks[v].before),
                after: new.and_then(|v| cospan.landmarks[v].after),
            });
            places.push((old, new));
        }
        let mut lower = Vec::with_capacity(ids.len() * ids.len().saturating_sub(1) / 2);
        for (i, a) in places.iter().enumerate() {
            lower.extend(places[..i].iter().map(|b| {
                let new = a.1.zip(b.1).map(|(u, v)| cospan.distances.get(u, v));
                let old = || a.0.zip(b.0).map(|(u, v)| self.distances.get(u, v));
                new.or_else(old).unwrap_or(NO_EDGE)
            }));
        }
        Ok(Self {
            landmarks,
            distances: DistanceMatrix::from_lower(lower, ids.len())?,
            epsilon: self.epsilon,
        })
    }
}
