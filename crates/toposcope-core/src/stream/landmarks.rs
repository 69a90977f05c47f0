//! The landmarks: few points that stand for all points of the window, and the distances between them.

use crate::stream::ageing::{Ageing, Moment};
use crate::{Metric, Points};

/// Points that weigh more are refused, so that no sum of weights overflows.
pub(crate) const LARGEST_WEIGHT: f64 = 1e270;
/// What fewer than 2⁶² points together stay far below: only a forged snapshot comes near.
pub(crate) const LARGEST_SUM: f64 = 1e290;

/// One landmark. Its position is that of the point that founded it and never moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Landmark {
    /// Index, over the whole stream, of the point that founded it.
    pub id: u64,
    /// No point that it stands for is farther away.
    pub radius: f64,
    /// Sum of the weights of the points assigned to it since it was founded, those of merged landmarks included: how many they are if
    /// they came without weights. With a [half-life](crate::stream::StreamParams::half_life) it is what is left of them: in a report, when
    /// the push was done.
    pub weight: f64,
    /// Index of the last of these points, which in a window of time is the one with the latest time; moved by
    /// [`Stream::merge`](crate::stream::Stream::merge), as is said there.
    pub last_seen: u64,
    /// Latest time of these points, if any came with one.
    pub last_time: Option<f64>,
}

impl Landmark {
    /// What another stood for is this one's from now on. Positions do not move, so that the radius grows by the distance.
    pub(crate) fn take_over(&mut self, gone: &Self, distance: f64, ageing: Ageing) {
        self.radius = self.radius.max(gone.radius + distance);
        self.add(gone.weight, gone.moment(), ageing);
    }

    /// The moment up to which it stays.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            index: self.last_seen,
            time: self.last_time,
        }
    }

    /// It stands for so much more, of this moment. Its weight is that of the later of the two moments.
    fn add(&mut self, weight: f64, moment: Moment, ageing: Ageing) {
        let (ours, theirs) = (self.moment(), moment);
        let sum = self.weight * ageing.left(ours, theirs) + weight * ageing.left(theirs, ours);
        self.weight = sum.min(LARGEST_SUM);
        if ageing.outlasts(theirs, ours) {
            self.last_seen = theirs.index;
        }
        self.last_time = later(ours.time, theirs.time);
    }
}

/// A point that comes to the landmarks: a row of its chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Arrival {
    pub(crate) row: usize,
    pub(crate) moment: Moment,
    pub(crate) weight: f64,
}

/// The later of two times, if there are any.
pub(crate) fn later(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// The live landmarks. They live in slots, reused when one is freed, so that nothing moves when one comes or goes;
/// `order` names the occupied slots by ascending id, and no result depends on slots, only on that order.
#[derive(Debug, Clone)]
pub(crate) struct Landmarks {
    metric: Metric,
    ageing: Ageing,
    positions: Points,
    records: Vec<Landmark>,
    /// Strict lower triangle by slots: the distance between the slots i > j is at `i (i - 1) / 2 + j`.
    distances: Vec<f64>,
    order: Vec<u32>,
    free: Vec<u32>,
    /// By slot: no takeover between this landmark and an older one leaves a smaller radius. Radii only grow, so that what was found once
    /// stays true.
    bounds: Vec<f64>,
    /// No landmark was last seen earlier.
    oldest_seen: u64,
}

/// The nearest landmark to a point: its place in the order, and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Nearest {
    pub(crate) place: usize,
    pub(crate) distance: f64,
}

/// Two landmarks of which one goes, by their places in the order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Takeover {
    pub(crate) keeps: usize,
    pub(crate) goes: usize,
    pub(crate) distance: f64,
}

/// A takeover, and the radius that the landmark that stays has after it.
#[derive(Debug, Clone, Copy)]
struct Priced {
    radius: f64,
    takeover: Takeover,
}

impl Priced {
    /// The cheaper of two.
    fn or_cheaper(self, other: Self) -> Self {
        let (a, b) = (self.takeover, other.takeover);
        let pair = |t: Takeover| (t.keeps.min(t.goes), t.keeps.max(t.goes));
        let order = (self.radius.total_cmp(&other.radius))
            .then(a.distance.total_cmp(&b.distance))
            .then_with(|| pair(a).cmp(&pair(b)));
        if order.is_le() { self } else { other }
    }
}

impl Landmarks {
    /// None yet; `positions` are [none](Points::none).
    pub(crate) fn new(metric: Metric, ageing: Ageing, positions: Points) -> Self {
        Self::restore(metric, ageing, positions, Vec::new())
    }

    /// Landmarks by ascending id, each with its position; their distances are measured anew, to the same bits.
    pub(crate) fn restore(
        metric: Metric,
        ageing: Ageing,
        positions: Points,
        records: Vec<Landmark>,
    ) -> Self {
        let n = records.len();
        let oldest_seen = records.iter().map(|l| l.last_seen).min();
        let distances = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| positions.distance(metric, i, j))
            .collect();
        Self {
            metric,
            ageing,
            positions,
            records,
            distances,
            order: (0..n as u32).collect(),
            free: Vec::new(),
            bounds: vec![0.0; n],
            oldest_seen: oldest_seen.unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// The landmarks by ascending id.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Landmark> + Clone {
        self.order.iter().map(|&slot| &self.records[slot as usize])
    }

    /// The landmarks in no particular order.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Landmark> {
        self.oldest_seen = 0;
        let mut is_live = vec![false; self.records.len()];
        for &slot in &self.order {
            is_live[slot as usize] = true;
        }
        let records = self.records.iter_mut().zip(is_live);
        records.filter_map(|(record, is_live)| is_live.then_some(record))
    }

    /// The landmark at this place in the order.
    pub(crate) fn at_mut(&mut self, place: usize) -> &mut Landmark {
        self.oldest_seen = 0;
        &mut self.records[self.order[place] as usize]
    }

    /// Rows by slots; those of slots that are free mean nothing.
    pub(crate) fn positions(&self) -> &Points {
        &self.positions
    }

    /// Rows of those of some ids, which ascend.
    pub(crate) fn rows_of(&self, ids: impl Iterator<Item = u64>) -> Points {
        let mut rows = Points::none(self.positions.n_dims());
        let mut slots = self.order.iter().map(|&slot| slot as usize);
        for (at, id) in ids.enumerate() {
            if let Some(slot) = slots.find(|&slot| self.records[slot].id == id) {
                rows.put_row(at, &self.positions, slot);
            }
        }
        rows
    }

    /// Whether positions are held in float64.
    pub(crate) fn is_f64(&self) -> bool {
        self.positions.is_f64()
    }

    /// From now on positions are held in float64; the distances between them stay what they are.
    pub(crate) fn widen(&mut self) {
        if !self.is_f64() {
            let narrow = std::mem::replace(&mut self.positions, Points::none(0));
            self.positions = narrow.widened();
        }
    }

    /// Whether every distance is one: those of points that were pushed are.
    pub(crate) fn are_at_finite_distances(&self) -> bool {
        self.distances.iter().all(|distance| distance.is_finite())
    }

    /// How distances are measured.
    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }

    /// By what points age.
    pub(crate) fn ageing(&self) -> Ageing {
        self.ageing
    }

    /// Slots there are, with and without a landmark.
    pub(crate) fn n_slots(&self) -> usize {
        self.records.len()
    }

    /// Slots of the landmarks by ascending id.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.order.iter().copied()
    }

    /// Mean of the positions, but for rounding.
    pub(crate) fn mean(&self) -> Vec<f64> {
        let mut sum = vec![0.0; self.positions.n_dims()];
        for slot in self.slots() {
            for (axis, sum) in sum.iter_mut().enumerate() {
                *sum += self.positions.coordinate(slot as usize, axis);
            }
        }
        let n = self.len().max(1) as f64;
        sum.iter().map(|x| x / n).collect()
    }

    /// The nearest of the landmarks in some slots to point `i`. Of those equally near, the oldest.
    pub(crate) fn nearest_of(
        &self,
        points: &Points,
        i: usize,
        slots: &mut dyn Iterator<Item = u32>,
    ) -> Option<Nearest> {
        let mut nearest: Option<(f64, u64, u32)> = None;
        for slot in slots {
            let distance = (self.positions).distance_across(self.metric, slot as usize, points, i);
            let id = self.records[slot as usize].id;
            if nearest.is_none_or(|(d, oldest, _)| distance < d || distance == d && id < oldest) {
                nearest = Some((distance, id, slot));
            }
        }
        let (distance, _, slot) = nearest?;
        let place = self.order.iter().position(|&other| other == slot)?;
        Some(Nearest { place, distance })
    }

    /// Position of the landmark at this place in the order.
    pub(crate) fn position(&self, place: usize) -> Vec<f64> {
        self.positions.row(self.order[place] as usize)
    }

    /// Distance between the landmarks at two places in the order.
    pub(crate) fn distance(&self, a: usize, b: usize) -> f64 {
        if a == b {
            return 0.0;
        }
        self.distances[triangle(self.order[a] as usize, self.order[b] as usize)]
    }

    /// Slot of the landmark at this place in the order.
    pub(crate) fn slot(&self, place: usize) -> u32 {
        self.order[place]
    }

    /// Distance between the landmarks in two different slots.
    #[inline]
    pub(crate) fn between_slots(&self, a: u32, b: u32) -> f64 {
        self.distances[triangle(a as usize, b as usize)]
    }

    /// Distance between a landmark of this set and one of another, by slots.
    pub(crate) fn distance_across(&self, slot: u32, other: &Self, other_slot: u32) -> f64 {
        let (i, j) = (slot as usize, other_slot as usize);
        self.positions
            .distance_across(self.metric, i, &other.positions, j)
    }

    /// Measures point `i` against every landmark, into `row` by places. Of landmarks equally near, the oldest.
    pub(crate) fn nearest(&self, points: &Points, i: usize, row: &mut Vec<f64>) -> Option<Nearest> {
        row.clear();
        let mut nearest: Option<Nearest> = None;
        for (place, &slot) in self.order.iter().enumerate() {
            let positions = &self.positions;
            let distance = positions.distance_across(self.metric, slot as usize, points, i);
            row.push(distance);
            if nearest.is_none_or(|n| distance < n.distance) {
                nearest = Some(Nearest { place, distance });
            }
        }
        nearest
    }

    /// A point joins the landmark at `nearest`.
    pub(crate) fn refresh(&mut self, nearest: Nearest, point: Arrival) {
        let landmark = &mut self.records[self.order[nearest.place] as usize];
        landmark.radius = landmark.radius.max(nearest.distance);
        landmark.add(point.weight, point.moment, self.ageing);
    }

    /// Row `i` of `points` becomes a landmark, the youngest; `row` holds its distances to the others by places.
    pub(crate) fn found(
        &mut self,
        landmark: Landmark,
        points: &Points,
        i: usize,
        row: &[f64],
    ) -> u32 {
        debug_assert!(self.iter().all(|l| l.id < landmark.id) && row.len() == self.len());
        let slot = self.free.pop().unwrap_or(self.records.len() as u32);
        let s = slot as usize;
        if s == self.records.len() {
            self.records.push(landmark);
            self.bounds.push(0.0);
            self.distances.resize(self.distances.len() + s, 0.0);
        } else {
            self.records[s] = landmark;
            self.bounds[s] = 0.0;
        }
        self.positions.put_row(s, points, i);
        for (&other, &distance) in self.order.iter().zip(row) {
            self.distances[triangle(s, other as usize)] = distance;
        }
        self.order.push(slot);
        self.oldest_seen = self.oldest_seen.min(landmark.last_seen);
        slot
    }

    /// Removes the landmarks last seen before `start`; how many they were. Costs nothing while there can be none.
    pub(crate) fn expire_before(&mut self, start: u64) -> usize {
        if start <= self.oldest_seen {
            return 0;
        }
        let n_expired = self.expire(|l| l.last_seen >= start);
        self.oldest_seen = self.iter().map(|l| l.last_seen).min().unwrap_or(u64::MAX);
        n_expired
    }

    /// Removes the landmarks that `is_alive` denies; how many they were.
    pub(crate) fn expire(&mut self, is_alive: impl Fn(&Landmark) -> bool) -> usize {
        let before = self.len();
        let (records, free) = (&self.records, &mut self.free);
        self.order.retain(|&slot| {
            let alive = is_alive(&records[slot as usize]);
            if !alive {
                free.push(slot);
            }
            alive
        });
        before - self.len()
    }

    /// The takeover after which the radius of the landmark that stays is smallest; of equal ones that of the closest, then
    /// of the oldest pair. Of two landmarks the one of larger radius stays: it has to grow less.
    ///
    /// Looks at no landmark of which it is known that others do better: at few of them, mostly.
    pub(crate) fn cheapest_takeover(&mut self) -> Option<Takeover> {
        let bound =
            |landmarks: &Self, place: usize| landmarks.bounds[landmarks.order[place] as usize];
        let by_bound = |a: &usize, b: &usize| bound(self, *a).total_cmp(&bound(self, *b));
        let likely = (1..self.len()).min_by(by_bound)?;
        let mut cheapest = self.cheapest_with_older(likely)?;
        for younger in (1..self.len()).filter(|&place| place != likely) {
            if bound(self, younger) <= cheapest.radius {
                let found = self.cheapest_with_older(younger)?;
                cheapest = found.or_cheaper(cheapest);
            }
        }
        Some(cheapest.takeover)
    }

    /// The cheapest one between the landmark at this place and an older one, which is remembered as a bound.
    fn cheapest_with_older(&mut self, younger: usize) -> Option<Priced> {
        let slot = self.order[younger];
        let record = |slot: u32| &self.records[slot as usize];
        let price = |(older, &other): (usize, &u32)| {
            let distance = self.distance(older, younger);
            let (mine, theirs) = (record(slot).radius, record(other).radius);
            let (keeps, goes, kept, gone) = if mine > theirs {
                (younger, older, mine, theirs)
            } else {
                (older, younger, theirs, mine)
            };
            let takeover = Takeover {
                keeps,
                goes,
                distance,
            };
            let radius = kept.max(gone + distance);
            Priced { radius, takeover }
        };
        let all = self.order[..younger].iter().enumerate().map(price);
        let cheapest = all.reduce(Priced::or_cheaper)?;
        self.bounds[slot as usize] = cheapest.radius;
        Some(cheapest)
    }

    /// One landmark takes over all that another stands for, and its own radius grows to cover it.
    pub(crate) fn take_over(&mut self, takeover: Takeover) {
        let slot = self.order[takeover.goes];
        let gone = self.records[slot as usize];
        let kept = &mut self.records[self.order[takeover.keeps] as usize];
        kept.take_over(&gone, takeover.distance, self.ageing);
        self.order.remove(takeover.goes);
        self.free.push(slot);
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.positions.bytes()
            + self.records.capacity() * size_of::<Landmark>()
            + (self.distances.capacity() + self.bounds.capacity()) * size_of::<f64>()
            + (self.order.capacity() + self.free.capacity()) * size_of::<u32>()
    }
}

#[inline]
fn triangle(i: usize, j: usize) -> usize {
    let (i, j) = (i.max(j), i.min(j));
    i * (i - 1) / 2 + j
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::stream::params::tests::plain;

    fn on_a_line(xs: &[f64]) -> Landmarks {
        let points = Points::from_f64(xs.to_vec(), 1).unwrap();
        let ageing = Ageing::new(&plain(9, 9));
        let mut landmarks = Landmarks::new(Metric::Euclidean, ageing, Points::none(1));
        let mut row = Vec::new();
        for i in 0..xs.len() {
            landmarks.nearest(&points, i, &mut row);
            landmarks.found(fresh(i as u64), &points, i, &row);
        }
        landmarks
    }

    fn fresh(id: u64) -> Landmark {
        Landmark {
            id,
            radius: 0.0,
            weight: 1.0,
            last_seen: id,
            last_time: None,
        }
    }

    fn point(index: u64, time: Option<f64>) -> Arrival {
        Arrival {
            row: 0,
            moment: Moment { index, time },
            weight: 1.0,
        }
    }

    fn ids(landmarks: &Landmarks) -> Vec<u64> {
        landmarks.iter().map(|l| l.id).collect()
    }

    #[test]
    fn ties_go_to_the_oldest() {
        let landmarks = on_a_line(&[0.0, 2.0, 4.0]);
        let points = Points::from_f64(vec![1.0, 3.0], 1).unwrap();
        let mut row = Vec::new();
        let place = |i, row: &mut Vec<f64>| landmarks.nearest(&points, i, row).unwrap().place;
        assert_eq!((place(0, &mut row), place(1, &mut row)), (0, 1));
        assert_eq!(row, [3.0, 1.0, 1.0]);
    }

    const fn takeover(keeps: usize, goes: usize, distance: f64) -> Takeover {
        Takeover {
            keeps,
            goes,
            distance,
        }
    }

    #[test]
    fn who_takes_over_covers_what_both_covered() {
        let mut landmarks = on_a_line(&[0.0, 5.0, 1.0]);
        let seen = |place, distance| Nearest { place, distance };
        landmarks.refresh(seen(2, 0.25), point(7, Some(3.5)));
        landmarks.refresh(seen(0, 0.5), point(8, None));
        landmarks.take_over(takeover(0, 2, 1.0));
        let kept = *landmarks.iter().next().unwrap();
        assert_eq!((kept.id, kept.radius, kept.weight), (0, 1.25, 4.0));
        assert_eq!((kept.last_seen, kept.last_time), (8, Some(3.5)));
        assert_eq!(ids(&landmarks), [0, 1]);
    }

    #[test]
    fn the_cheapest_takeover_keeps_epsilon_low() {
        let seen = |place, distance| Nearest { place, distance };
        let mut landmarks = on_a_line(&[0.0, 2.0, 3.0, 5.0]);
        assert_eq!(landmarks.cheapest_takeover(), Some(takeover(1, 2, 1.0)));
        landmarks.refresh(seen(2, 1.5), point(4, None));
        assert_eq!(landmarks.cheapest_takeover(), Some(takeover(2, 1, 1.0)));
        landmarks.refresh(seen(1, 1.5), point(5, None));
        let closest_would_cost = 2.5;
        let cheapest = landmarks.cheapest_takeover().unwrap();
        assert_eq!(cheapest, takeover(1, 0, 2.0));
        landmarks.take_over(cheapest);
        let radii = landmarks.iter().map(|l| l.radius);
        assert!(radii.fold(0.0, f64::max) < closest_would_cost);
    }

    /// The cheapest takeover of all pairs, one after the other.
    fn cheapest_of_all(landmarks: &Landmarks) -> Option<Takeover> {
        let radii: Vec<f64> = landmarks.iter().map(|l| l.radius).collect();
        let mut cheapest: Option<(f64, Takeover)> = None;
        for older in 0..radii.len() {
            for younger in older + 1..radii.len() {
                let distance = landmarks.distance(older, younger);
                let (keeps, goes) = if radii[younger] > radii[older] {
                    (younger, older)
                } else {
                    (older, younger)
                };
                let radius = radii[keeps].max(radii[goes] + distance);
                let is_cheaper =
                    |(r, t): (f64, Takeover)| radius < r || radius == r && distance < t.distance;
                if cheapest.is_none_or(is_cheaper) {
                    cheapest = Some((radius, takeover(keeps, goes, distance)));
                }
            }
        }
        cheapest.map(|(_, takeover)| takeover)
    }

    #[test]
    fn bounds_change_no_takeover() {
        let mut dice = Dice(7);
        for grid in [6, 40, 100_000] {
            let mut landmarks = on_a_line(&[]);
            let mut row = Vec::new();
            for step in 0..600u64 {
                let points = Points::from_f64(vec![dice.below(grid) as f64], 1).unwrap();
                let nearest = landmarks.nearest(&points, 0, &mut row);
                match (nearest, dice.below(10)) {
                    (Some(nearest), 0..=3) => landmarks.refresh(nearest, point(step, None)),
                    (_, 4) => {
                        let gone = dice.below(20) as u64;
                        landmarks.expire(|l| l.id % 20 != gone);
                    }
                    _ => {
                        landmarks.found(fresh(step), &points, 0, &row);
                    }
                }
                let expected = cheapest_of_all(&landmarks);
                assert_eq!(landmarks.cheapest_takeover(), expected);
                if let Some(takeover) = expected.filter(|_| landmarks.len() > 15) {
                    landmarks.take_over(takeover);
                }
            }
        }
    }

    #[test]
    fn freed_slots_are_reused_and_the_order_stays_that_of_the_ids() {
        let mut landmarks = on_a_line(&[0.0, 5.0, 1.0]);
        assert_eq!(landmarks.expire(|l| l.id != 1), 1);
        let bytes = landmarks.bytes();
        let points = Points::from_f64(vec![8.0], 1).unwrap();
        let mut row = Vec::new();
        landmarks.nearest(&points, 0, &mut row);
        landmarks.found(fresh(3), &points, 0, &row);
        assert_eq!(ids(&landmarks), [0, 2, 3]);
        let pairs = [(1, 0), (2, 0), (2, 1)].map(|(a, b)| landmarks.distance(a, b));
        assert_eq!(pairs, [1.0, 8.0, 7.0]);
        assert_eq!(landmarks.position(2), [8.0]);
        assert_eq!(landmarks.bytes(), bytes);
    }
}
