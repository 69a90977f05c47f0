//! The cospan K → W ← K' of a push: the landmarks before, all of them together, the landmarks after.

use crate::stream::landmarks::{Landmark, Landmarks};
use crate::stream::params::Complex;
use crate::stream::state::State;
use crate::{DistanceMatrix, Error};

/// A landmark of the union.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CospanLandmark {
    /// Index, over the whole stream, of the point that founded it.
    pub id: u64,
    /// Its weight before the push; `None` if it was not there, or weighed too little.
    pub before: Option<f64>,
    /// Its weight after the push; `None` if it is gone, or weighs too little.
    pub after: Option<f64>,
}

/// All that a tracker is told of a push: what two successive landmark sets have in common, and the shape of their union.
#[derive(Debug, Clone, PartialEq)]
pub struct Cospan {
    /// Which push of the stream, from 1.
    pub step: u64,
    /// Latest time of a point so far, if any came with one.
    pub time: Option<f64>,
    /// The landmarks of before and after, by ascending id, as far as they are part of the diagrams.
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

/// The union of the landmarks before and after that weigh enough, and the distances in it.
pub(crate) fn union(
    before: &State,
    after: &State,
    min_mass: f64,
) -> Result<(Vec<CospanLandmark>, DistanceMatrix), Error> {
    let (landmarks, stands) = merge_by_id(before.kept(min_mass), after.kept(min_mass));
    let (before, after) = (&before.landmarks, &after.landmarks);
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

fn merge_by_id(
    before: impl Iterator<Item = (u32, Landmark)>,
    after: impl Iterator<Item = (u32, Landmark)>,
) -> (Vec<CospanLandmark>, Vec<Stand>) {
    let (mut landmarks, mut stands) = (Vec::new(), Vec::new());
    let (mut before, mut after) = (before.peekable(), after.peekable());
    let id_of = |next: Option<&(u32, Landmark)>| next.map(|(_, landmark)| landmark.id);
    loop {
        let next = [id_of(before.peek()), id_of(after.peek())];
        let Some(id) = next.into_iter().flatten().min() else {
            return (landmarks, stands);
        };
        let old = before.next_if(|(_, landmark)| landmark.id == id);
        let new = after.next_if(|(_, landmark)| landmark.id == id);
        landmarks.push(CospanLandmark {
            id,
            before: old.map(|(_, landmark)| landmark.weight),
            after: new.map(|(_, landmark)| landmark.weight),
        });
        stands.push(Stand {
            before: old.map(|(slot, _)| slot),
            after: new.map(|(slot, _)| slot),
        });
    }
}

/// Known to one of the sets, unless one landmark is gone or left out and the other new.
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
