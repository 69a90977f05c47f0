//! Cospans made by hand: landmark sets chosen among some points.

use toposcope_cobordism::{Event, Tracker, TrackerParams};
use toposcope_core::stream::{Complex, Cospan, CospanLandmark};
use toposcope_core::{Control, DistanceMatrix, Metric, Points};

/// Points of some space; landmark sets are sets of their indices, which are the landmarks' ids.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) distances: DistanceMatrix,
}

impl World {
    pub(crate) fn new<const D: usize>(points: &[[f64; D]]) -> Self {
        let rows = Points::from_f64(points.concat(), D).unwrap();
        let distances =
            DistanceMatrix::from_points(&rows, Metric::Euclidean, &Control::none()).unwrap();
        Self { distances }
    }

    pub(crate) fn n(&self) -> usize {
        self.distances.n()
    }

    pub(crate) fn cospan(&self, step: u64, before: &[usize], after: &[usize]) -> Cospan {
        let all = 0..self.n();
        let union: Vec<usize> = all
            .filter(|v| before.contains(v) || after.contains(v))
            .collect();
        let landmark = |&v: &usize| CospanLandmark {
            id: v as u64,
            before: before.contains(&v).then_some(1.0),
            after: after.contains(&v).then_some(1.0),
        };
        Cospan {
            step,
            time: None,
            landmarks: union.iter().map(landmark).collect(),
            distances: self.distances.select(&union),
            epsilon_before: 0.0,
            epsilon_after: 0.0,
            complex: Complex::Rips,
            threshold: None,
        }
    }

    /// What a tracker that tells everything says of each of the landmark sets, from nothing to the first on.
    pub(crate) fn told(&self, tracker: &mut Tracker, sets: &[Vec<usize>]) -> Vec<Vec<Event>> {
        let mut before: &[usize] = &[];
        let told = sets.iter().zip(1..).map(|(after, step)| {
            let cospan = self.cospan(step, before, after);
            before = after;
            tracker.observe(&cospan, &Control::none()).unwrap()
        });
        told.collect()
    }
}

pub(crate) fn tracker(scale: f64, margin: f64) -> Tracker {
    Tracker::new(TrackerParams {
        scale: Some(scale),
        margin: Some(margin),
        include_continues: true,
        ..TrackerParams::default()
    })
    .unwrap()
}
