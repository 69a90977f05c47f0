//! Loops and voids with names: cycles of landmarks, followed from push to push by their classes in the union.

use toposcope_core::{Control, Error};

use crate::cycle::{EdgeSet, SimplexSet, TriangleSet};
use crate::draft::Draft;
use crate::event::{BirthCause, Change, DeathCause, Feature, Lineage};
use crate::identity::take;
use crate::linear::BitVector;
use crate::slices::{Side, Slices};
use crate::zigzag::{Fate, Zigzag};

/// A loop or a void that the tracker knows: `N` vertices to a simplex of its cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole<const N: usize> {
    pub(crate) id: u64,
    /// The step at which it was born.
    pub(crate) born: u64,
    /// A cycle that represents it, between landmarks by their ids.
    pub(crate) cycle: SimplexSet<u64, N>,
}

pub(crate) type Loop = Hole<2>;
pub(crate) type Void = Hole<3>;

/// The zigzag of some holes, and what it is made of.
pub(crate) struct Followed<const N: usize> {
    pub(crate) zigzag: Zigzag,
    /// Cycles, between landmarks by their ids, whose classes generate the group after.
    pub(crate) generators: Vec<SimplexSet<u64, N>>,
    /// Dimension of P(W), if it was asked for.
    pub(crate) union_rank: Option<usize>,
}

/// What loops and voids do not have in common.
pub(crate) trait Kind<const N: usize> {
    /// The known holes, and generators of those after, mapped to the union.
    fn follow(
        known: &[Hole<N>],
        slices: &Slices,
        with_transient: bool,
        control: &Control,
    ) -> Result<Followed<N>, Error>;

    /// The known holes, and generators of those of before that live on the present interval, all mapped to K at its end.
    fn widen(known: &[Hole<N>], slices: &Slices, control: &Control) -> Result<Followed<N>, Error>;

    fn birth(cause: BirthCause) -> Change;
    fn death(cause: DeathCause) -> Change;
    fn goes_on(lineage: Lineage) -> Change;
    fn transient(n: usize) -> Change;

    /// What shows a cycle, but for its id and its mass.
    fn shown(cycle: &SimplexSet<u64, N>) -> Feature;
}

/// What became of the holes, and who they are now.
#[derive(Debug)]
pub(crate) struct Reading<const N: usize> {
    pub(crate) drafts: Vec<Draft>,
    /// The holes after, eldest first.
    pub(crate) holes: Vec<Hole<N>>,
    /// Those that go on under a new id: before, after.
    pub(crate) renamed: Vec<(u64, u64)>,
}

/// How holes are to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// Whether the interval of scales has grown since they were named.
    pub(crate) is_coarser: bool,
    /// Whether it is to be told what goes on, and those of the union alone are to be counted.
    pub(crate) with_quiet: bool,
}

impl Asked {
    /// Whether there can be nothing to tell: all that was there is there still, under the same names and on the same interval.
    pub(crate) fn of_nothing(self, slices: &Slices) -> bool {
        !self.is_coarser && !self.with_quiet && slices.is_unchanged()
    }
}

/// Reads what became of the holes `known` before, eldest first.
pub(crate) fn follow_holes<K: Kind<N>, const N: usize>(
    known: &[Hole<N>],
    next_id: &mut u64,
    slices: &Slices,
    asked: Asked,
    control: &Control,
) -> Result<Reading<N>, Error> {
    let mut reading = Reading {
        drafts: Vec::new(),
        holes: Vec::new(),
        renamed: Vec::new(),
    };
    let mut before = known.to_vec();
    if asked.of_nothing(slices) {
        reading.holes = before;
        return Ok(reading);
    }
    if asked.is_coarser {
        before = reading.blur::<K>(known, next_id, slices, control)?;
    }
    let Followed {
        zigzag,
        generators,
        union_rank,
    } = K::follow(&before, slices, asked.with_quiet, control)?;
    let parts = zigzag.decompose();
    for (l, fate) in before.iter().zip(&parts.fates) {
        reading.settle::<K>(l, fate, &generators, next_id, slices);
    }
    for (cause, born) in [
        (BirthCause::Closed, &parts.closed),
        (BirthCause::Opened, &parts.opened),
    ] {
        reading.bear::<K>(cause, born, &generators, next_id, slices);
    }
    reading.holes.sort_by_key(|l| (l.born, l.id));
    // Never less than nothing, but for holes out of a snapshot that lied about their simplices.
    let transient = union_rank.map_or(0, |rank| rank.saturating_sub(parts.joint_rank));
    if transient > 0 {
        let change = K::transient(transient);
        reading.drafts.push(draft(change, vec![], vec![], slices));
    }
    Ok(reading)
}

impl<const N: usize> Reading<N> {
    /// The holes of before that live on the wider interval too: those that elder ones and smaller scales do not make up die
    /// of resolution.
    ///
    /// All that lives on the wider interval lives on the narrower one, so it is a group of sums of `known` holes. A hole that
    /// is there only with others that are not goes on under a new id.
    fn blur<K: Kind<N>>(
        &mut self,
        known: &[Hole<N>],
        next_id: &mut u64,
        slices: &Slices,
        control: &Control,
    ) -> Result<Vec<Hole<N>>, Error> {
        let Followed {
            zigzag, generators, ..
        } = K::widen(known, slices, control)?;
        let mut kept = Vec::new();
        for (l, fate) in known.iter().zip(zigzag.decompose().fates) {
            let was = vec![feature::<K, N>(l, slices, Side::Before)];
            let Fate::Survives { sum, by_itself } = fate else {
                let change = K::death(DeathCause::Resolution);
                self.drafts.push(draft(change, was, vec![], slices));
                continue;
            };
            let mut goes_on = l.clone();
            if longest_edge(&l.cycle, slices) > slices.start {
                goes_on.cycle = summed(&generators, &sum);
            }
            if !by_itself {
                goes_on.cycle = summed(&generators, &sum);
                goes_on.id = take(next_id);
                self.renamed.push((l.id, goes_on.id));
                let change = K::goes_on(Lineage::Ambiguous);
                let is = vec![feature::<K, N>(&goes_on, slices, Side::Before)];
                self.drafts.push(draft(change, was, is, slices));
            }
            kept.push(goes_on);
        }
        Ok(kept)
    }

    /// A hole of before dies, or goes on.
    fn settle<K: Kind<N>>(
        &mut self,
        l: &Hole<N>,
        fate: &Fate,
        generators: &[SimplexSet<u64, N>],
        next_id: &mut u64,
        slices: &Slices,
    ) {
        let (change, is) = match fate {
            Fate::Filled => (K::death(DeathCause::Filled), None),
            Fate::Broken => (K::death(DeathCause::Broken), None),
            Fate::Survives {
                sum,
                by_itself: true,
            } => {
                let cycle = still_there(l, slices).unwrap_or_else(|| summed(generators, sum));
                (K::goes_on(Lineage::Matched), Some(Hole { cycle, ..*l }))
            }
            Fate::Survives {
                sum,
                by_itself: false,
            } => {
                let id = take(next_id);
                self.renamed.push((l.id, id));
                let cycle = summed(generators, sum);
                (
                    K::goes_on(Lineage::Ambiguous),
                    Some(Hole { id, cycle, ..*l }),
                )
            }
        };
        let was = vec![feature::<K, N>(l, slices, Side::Before)];
        let after = is
            .iter()
            .map(|l| feature::<K, N>(l, slices, Side::After))
            .collect();
        self.drafts.push(draft(change, was, after, slices));
        self.holes.extend(is);
    }

    /// Holes are born of one cause, each a sum of generators.
    fn bear<K: Kind<N>>(
        &mut self,
        cause: BirthCause,
        sums: &[BitVector],
        generators: &[SimplexSet<u64, N>],
        next_id: &mut u64,
        slices: &Slices,
    ) {
        for sum in sums {
            let born = Hole {
                id: take(next_id),
                born: slices.step,
                cycle: summed(generators, sum),
            };
            let after = vec![feature::<K, N>(&born, slices, Side::After)];
            let change = K::birth(cause);
            self.drafts.push(draft(change, vec![], after, slices));
            self.holes.push(born);
        }
    }
}

/// The hole's own cycle, if all its landmarks are alive: what can keep its representative does.
fn still_there<const N: usize>(l: &Hole<N>, slices: &Slices) -> Option<SimplexSet<u64, N>> {
    let alive = |id: u64| {
        slices
            .vertex(id)
            .is_some_and(|v| slices.is_on(v, Side::After))
    };
    l.cycle.vertices().all(alive).then(|| l.cycle.clone())
}

fn summed<const N: usize>(
    generators: &[SimplexSet<u64, N>],
    sum: &BitVector,
) -> SimplexSet<u64, N> {
    let mut cycle = SimplexSet::default();
    sum.ones().for_each(|g| cycle.add(&generators[g]));
    cycle
}

fn feature<K: Kind<N>, const N: usize>(l: &Hole<N>, slices: &Slices, side: Side) -> Feature {
    let shown = K::shown(&l.cycle);
    let vertices: Vec<usize> = shown
        .landmarks
        .iter()
        .filter_map(|&id| slices.vertex(id))
        .collect();
    Feature {
        id: l.id,
        mass: slices.mass(&vertices, side),
        ..shown
    }
}

/// Length of the longest edge of a cycle between landmarks of the union: its hole is born no later.
fn longest_edge<const N: usize>(cycle: &SimplexSet<u64, N>, slices: &Slices) -> f64 {
    let length = |&a: &u64, &b: &u64| {
        let ends = slices.vertex(a).zip(slices.vertex(b));
        ends.map(|(u, v)| slices.distances.get(u, v))
    };
    let pairs = cycle.simplices().flat_map(|simplex| {
        let pairs = (0..N).flat_map(move |i| (0..i).map(move |j| (i, j)));
        pairs.filter_map(move |(i, j)| length(&simplex[i], &simplex[j]))
    });
    pairs.fold(0.0, f64::max)
}

/// A hole is born with the longest edge of its cycle and lives beyond the end of the interval of scales.
fn draft(change: Change, before: Vec<Feature>, after: Vec<Feature>, slices: &Slices) -> Draft {
    let births = before.iter().chain(&after).map(|feature| {
        let walks = feature.walks.iter();
        let edges = walks.flat_map(|walk| walk.windows(2).map(|edge| [edge[0], edge[1]]));
        let triangles = TriangleSet::new(feature.triangles.iter().copied());
        longest_edge(&EdgeSet::new(edges), slices).max(longest_edge(&triangles, slices))
    });
    let birth = births.reduce(f64::max).unwrap_or(slices.start);
    Draft {
        change,
        before,
        after,
        persistence: slices.end - birth,
    }
}
