//! The cospan at one pair of scales, as everything else here reads it.

use std::borrow::Cow;

use toposcope_core::DistanceMatrix;
use toposcope_core::stream::{Cospan, CospanLandmark};

use crate::held::Held;

/// A scale, a margin, and the interval around that scale on which a class must live to count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scales {
    pub(crate) scale: f64,
    pub(crate) margin: f64,
    /// Born at or below this.
    pub(crate) start: f64,
    /// Alive beyond this.
    pub(crate) end: f64,
}

impl Scales {
    /// Half of the margin on either side, as far as there are scales: below 0 there are none.
    pub(crate) fn around(scale: f64, margin: f64) -> Self {
        Self {
            scale,
            margin,
            start: (scale - margin / 2.0).max(0.0),
            end: scale + margin / 2.0,
        }
    }

    /// The same with a larger margin. Whatever lives on the interval after lives on the one before.
    pub(crate) fn widened(self, margin: f64) -> Self {
        let wider = Self::around(self.scale, margin);
        Self {
            start: wider.start.min(self.start),
            end: wider.end.max(self.end),
            ..wider
        }
    }
}

/// The landmarks of before, union and after, and the two scales between which a class must live to count.
#[derive(Debug)]
pub(crate) struct Slices<'a> {
    pub(crate) step: u64,
    /// The step of what was before.
    pub(crate) since: u64,
    pub(crate) landmarks: Cow<'a, [CospanLandmark]>,
    pub(crate) distances: Cow<'a, DistanceMatrix>,
    /// Born at or below this.
    pub(crate) start: f64,
    /// Alive beyond this.
    pub(crate) end: f64,
    /// Length of that interval, unless it is cut off at 0.
    pub(crate) margin: f64,
    pub(crate) epsilon: f64,
}

/// One side of the cospan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

impl<'a> Slices<'a> {
    pub(crate) fn new(cospan: &'a Cospan, scales: Scales) -> Self {
        Self {
            step: cospan.step,
            since: cospan.step.saturating_sub(1),
            landmarks: Cow::Borrowed(&cospan.landmarks),
            distances: Cow::Borrowed(&cospan.distances),
            start: scales.start,
            end: scales.end,
            margin: scales.margin,
            epsilon: cospan.epsilon(),
        }
    }

    /// The same without anything before it: for the first look at a stream.
    pub(crate) fn of_after(cospan: &'a Cospan, scales: Scales) -> Self {
        let there = |l: &&CospanLandmark| l.after.is_some();
        let vertices: Vec<usize> = (0..cospan.landmarks.len())
            .filter(|&v| cospan.landmarks[v].after.is_some())
            .collect();
        let new = |l: &CospanLandmark| CospanLandmark { before: None, ..*l };
        Self {
            landmarks: cospan.landmarks.iter().filter(there).map(new).collect(),
            distances: Cow::Owned(cospan.distances.select(&vertices)),
            epsilon: cospan.epsilon_after,
            ..Self::new(cospan, scales)
        }
    }

    /// From the landmarks at step `since`, with which `held` begins, to those of now, with which it ends.
    pub(crate) fn of_held(held: &'a Held, since: u64, cospan: &'a Cospan, scales: Scales) -> Self {
        Self {
            since,
            landmarks: Cow::Borrowed(&held.landmarks),
            distances: Cow::Borrowed(&held.distances),
            epsilon: held.epsilon.max(cospan.epsilon_after),
            ..Self::new(cospan, scales)
        }
    }

    pub(crate) fn n(&self) -> usize {
        self.landmarks.len()
    }

    /// Whether nobody came or went: then both maps of the cospan are identities.
    pub(crate) fn is_unchanged(&self) -> bool {
        let is_on_both = |l: &CospanLandmark| l.before.is_some() && l.after.is_some();
        self.landmarks.iter().all(is_on_both)
    }

    pub(crate) fn id(&self, vertex: usize) -> u64 {
        self.landmarks[vertex].id
    }

    /// The vertex of a landmark, if it is in the union.
    pub(crate) fn vertex(&self, id: u64) -> Option<usize> {
        self.landmarks.binary_search_by_key(&id, |l| l.id).ok()
    }

    /// What a landmark weighs on one side; 0 if it is not there.
    pub(crate) fn weight(&self, vertex: usize, side: Side) -> f64 {
        let landmark = self.landmarks[vertex];
        match side {
            Side::Before => landmark.before.unwrap_or(0.0),
            Side::After => landmark.after.unwrap_or(0.0),
        }
    }

    pub(crate) fn is_on(&self, vertex: usize, side: Side) -> bool {
        let landmark = self.landmarks[vertex];
        match side {
            Side::Before => landmark.before.is_some(),
            Side::After => landmark.after.is_some(),
        }
    }

    /// The vertices of one side, ascending.
    pub(crate) fn on(&self, side: Side) -> Vec<usize> {
        (0..self.n()).filter(|&v| self.is_on(v, side)).collect()
    }

    pub(crate) fn mass(&self, vertices: &[usize], side: Side) -> f64 {
        let weights = vertices.iter().map(|&v| self.weight(v, side));
        weights.fold(0.0, |sum, weight| sum + weight)
    }
}
