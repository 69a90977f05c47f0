//! The cospan K → W ← K' of a push: the landmarks before, all of them together, the landmarks after.

use crate::stream::landmarks::{Landmark, Landmarks};
use crate::stream::params::Complex;
use crate::{DistanceMatrix, Error};

/// A landmark of the union.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CospanLandmark {
    /// Index, over the whole stream, of the point that founded it.
    pub id: u64,
    /// Its weight before the push; `None` if it was not there.
    pub before: Option<f64>,
    /// Its weight after the push; `None` if it is gone.
    pub after: Option<f64>,
}

/// All that a tracker is told of a push: what two successive landmark sets have in common, and the shape of their union.
#[derive(Debug, Clone, PartialEq)]
pub struct Cospan {
    /// Which push of the stream, from 1.
    pub step: u64,
    /// Latest time of a point so far, if any came with one.
    pub time: Option<f64>,
    /// The landmarks of before and after, by ascending id.
    pub landmarks: Vec<CospanLandmark>,
    /// Distances between them, in that order.
    pub distances: DistanceMatrix,
    /// ε before the push.
    pub epsilon_before: f64,
    /// ε after it.
    pub epsilon_after: f64,
    /// Which filtration the stream's diagrams are of.
    pub complex: Complex,
    /// Largest edge that the stream's diagrams are built from, if limited.
    pub threshold: Option<f64>,
}

impl Cospan {
    /// The larger of the two ε: what is proven at it is proven of both windows.
    pub fn epsilon(&self) -> f64 {
        self.epsilon_before.max(self.epsilon_after)
    }

    /// How many landmarks came or went.
    pub(crate) fn n_changed(&self) -> usize {
        let changed = |l: &&CospanLandmark| l.before.is_none() || l.after.is_none();
        self.landmarks.iter().filter(changed).count()
    }

    /// Where in the union the landmarks after the push are.
    pub(crate) fn places_after(&self) -> Vec<usize> {
        let landmarks = self.landmarks.iter().enumerate();
        let after = landmarks.filter(|(_, l)| l.after.is_some());
        after.map(|(place, _)| place).collect()
    }
}

/// Where a landmark of the union stands: its slots in the two sets.
#[derive(Clone, Copy)]
struct Stand {
    before: Option<u32>,
    after: Option<u32>,
}

/// The union of two landmark sets and the distances in it.
pub(crate) fn union(
    before: &Landmarks,
    after: &Landmarks,
) -> Result<(Vec<CospanLandmark>, DistanceMatrix), Error> {
    let (landmarks, stands) = merge_by_id(before, after);
    let mut lower = Vec::with_capacity(stands.len() * stands.len().saturating_sub(1) / 2);
    for (i, &a) in stands.iter().enumerate() {
        let Some(slot) = a.after else {
            for &b in &stands[..i] {
                lower.push(distance(before, after, a, b)?);
            }
            continue;
        };
        // Nearly all landmarks stay, and their distances are in one place.
        lower.extend(stands[..i].iter().map(|b| match b.after {
            Some(other) => after.between_slots(slot, other),
            None => f64::NAN,
        }));
        let row = lower.len() - i;
        for (j, &b) in stands[..i].iter().enumerate() {
            if b.after.is_none() {
                lower[row + j] = distance(before, after, a, b)?;
            }
        }
    }
    Ok((landmarks, DistanceMatrix::from_known(lower, stands.len())))
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
        stands.push(Stand {
            before: is_old.then(|| before.slot(i)),
            after: is_new.then(|| after.slot(j)),
        });
        i += usize::from(is_old);
        j += usize::from(is_new);
    }
    (landmarks, stands)
}

/// Known to one of the sets, unless one landmark is gone and the other new.
fn distance(before: &Landmarks, after: &Landmarks, a: Stand, b: Stand) -> Result<f64, Error> {
    if let (Some(a), Some(b)) = (a.before, b.before) {
        return Ok(before.between_slots(a, b));
    }
    let (Some(gone), Some(new)) = (a.before.or(b.before), a.after.or(b.after)) else {
        debug_assert!(false, "each of the two is in one of the sets");
        return Ok(0.0);
    };
    let distance = before.distance_across(gone, after, new);
    if distance.is_finite() {
        return Ok(distance);
    }
    let expected = "points at finite distances from all landmarks of before";
    Err(Error::invalid("chunk", expected, distance))
}
