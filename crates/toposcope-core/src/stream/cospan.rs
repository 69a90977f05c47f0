//! The cospan K → W ← K' of a push: the landmarks before, all of them together, the landmarks after.

use crate::stream::landmarks::{Landmark, Landmarks};
use crate::{DistanceMatrix, Error};

/// A landmark of the union.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CospanLandmark {
    /// Index, over the whole stream, of the point that founded it.
    pub id: u64,
    /// Its weight before the push; `None` if it was not there.
    pub before: Option<u64>,
    /// Its weight after the push; `None` if it is gone.
    pub after: Option<u64>,
}

/// All that a tracker is told of a push: what two successive landmark sets have in common, and the shape of their union.
#[derive(Debug, Clone, PartialEq)]
pub struct Cospan {
    /// Which push of the stream, from 1.
    pub step: u64,
    /// Time of the last point that came with one.
    pub time: Option<f64>,
    /// The landmarks of before and after, by ascending id.
    pub landmarks: Vec<CospanLandmark>,
    /// Distances between them, in that order.
    pub distances: DistanceMatrix,
    /// ε before the push.
    pub epsilon_before: f64,
    /// ε after it.
    pub epsilon_after: f64,
    /// Largest edge that the stream's diagrams are built from, if limited.
    pub threshold: Option<f64>,
}

impl Cospan {
    /// The larger of the two ε: what is proven at it is proven of both windows.
    pub fn epsilon(&self) -> f64 {
        self.epsilon_before.max(self.epsilon_after)
    }
}

/// Where a landmark of the union stands: its places in the two sets.
#[derive(Clone, Copy)]
enum Stand {
    Gone(usize),
    Stays(usize, usize),
    New(usize),
}

/// The union of two landmark sets and the distances in it.
pub(crate) fn union(
    before: &Landmarks,
    after: &Landmarks,
) -> Result<(Vec<CospanLandmark>, DistanceMatrix), Error> {
    let (landmarks, stands) = merge_by_id(before, after);
    let mut lower = Vec::with_capacity(stands.len() * stands.len().saturating_sub(1) / 2);
    for (i, &a) in stands.iter().enumerate() {
        lower.extend(stands[..i].iter().map(|&b| distance(before, after, a, b)));
    }
    let distances = DistanceMatrix::from_lower(lower, stands.len())?;
    Ok((landmarks, distances))
}

fn merge_by_id(before: &Landmarks, after: &Landmarks) -> (Vec<CospanLandmark>, Vec<Stand>) {
    let (mut landmarks, mut stands) = (Vec::new(), Vec::new());
    let (old, new): (Vec<_>, Vec<_>) = (before.iter().collect(), after.iter().collect());
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let comes_first = |a: Option<&&Landmark>, b: Option<&&Landmark>| {
            a.is_some_and(|a| b.is_none_or(|b| a.id <= b.id))
        };
        let is_old = comes_first(old.get(i), new.get(j));
        let is_new = comes_first(new.get(j), old.get(i));
        landmarks.push(CospanLandmark {
            id: if is_old { old[i].id } else { new[j].id },
            before: is_old.then(|| old[i].weight),
            after: is_new.then(|| new[j].weight),
        });
        stands.push(match (is_old, is_new) {
            (true, false) => Stand::Gone(i),
            (true, true) => Stand::Stays(i, j),
            (false, _) => Stand::New(j),
        });
        i += usize::from(is_old);
        j += usize::from(is_new);
    }
    (landmarks, stands)
}

/// Known to one of the sets, unless one landmark is gone and the other new.
fn distance(before: &Landmarks, after: &Landmarks, a: Stand, b: Stand) -> f64 {
    use Stand::{Gone, New, Stays};
    match (a, b) {
        (Gone(x) | Stays(x, _), Gone(y) | Stays(y, _)) => before.distance(x, y),
        (New(x) | Stays(_, x), New(y) | Stays(_, y)) => after.distance(x, y),
        (Gone(gone), New(new)) | (New(new), Gone(gone)) => before.distance_across(gone, after, new),
    }
}
