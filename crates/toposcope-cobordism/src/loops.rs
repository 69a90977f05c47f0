//! Loops with names: cycles of landmarks, followed from push to push by their classes in the union.

use toposcope_core::classes::LoopClasses;
use toposcope_core::{Control, Error};

use crate::cycle::EdgeSet;
use crate::draft::Draft;
use crate::event::{Change, Feature, Lineage, LoopBirthCause, LoopDeathCause};
use crate::identity::take;
use crate::linear::BitVector;
use crate::slices::{Side, Slices};
use crate::zigzag::{Fate, Zigzag, span_of};

/// A loop that the tracker knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loop {
    pub(crate) id: u64,
    /// The step at which it was born.
    pub(crate) born: u64,
    /// A cycle that represents it, between landmarks by their ids.
    pub(crate) cycle: EdgeSet<u64>,
}

/// What became of the loops, and who they are now.
#[derive(Debug, Default)]
pub(crate) struct LoopReading {
    pub(crate) drafts: Vec<Draft>,
    /// The loops after, eldest first.
    pub(crate) loops: Vec<Loop>,
    /// Those that go on under a new id: before, after.
    pub(crate) renamed: Vec<(u64, u64)>,
}

/// Reads what became of the loops `known` before, eldest first. `is_coarser` says that the interval of scales has grown
/// since they were named.
pub(crate) fn follow_loops(
    known: &[Loop],
    next_id: &mut u64,
    slices: &Slices,
    is_coarser: bool,
    control: &Control,
) -> Result<LoopReading, Error> {
    let mut reading = LoopReading::default();
    let mut before = known.to_vec();
    if is_coarser {
        before = reading.blur(known, next_id, slices, control)?;
    }
    let (zigzag, generators, union_rank) = read_zigzag(&before, slices, control)?;
    let parts = zigzag.decompose();
    for (l, fate) in before.iter().zip(&parts.fates) {
        reading.settle(l, fate, &generators, next_id, slices);
    }
    reading.bear(
        LoopBirthCause::Closed,
        &parts.closed,
        &generators,
        next_id,
        slices,
    );
    reading.bear(
        LoopBirthCause::Opened,
        &parts.opened,
        &generators,
        next_id,
        slices,
    );
    reading.loops.sort_by_key(|l| (l.born, l.id));
    // Never less than nothing, but for loops out of a snapshot that lied about their edges.
    let transient = union_rank.saturating_sub(parts.joint_rank);
    if transient > 0 {
        let change = Change::Transient(transient);
        reading.drafts.push(draft(change, vec![], vec![], slices));
    }
    Ok(reading)
}

impl LoopReading {
    /// The loops of before that live on the wider interval too: those that elder ones and smaller scales do not make up die
    /// of resolution.
    ///
    /// All that lives on the wider interval lives on the narrower one, so it is a group of sums of `known` loops. A loop that
    /// is there only with others that are not goes on under a new id.
    fn blur(
        &mut self,
        known: &[Loop],
        next_id: &mut u64,
        slices: &Slices,
        control: &Control,
    ) -> Result<Vec<Loop>, Error> {
        let (zigzag, generators) = read_wider(known, slices, control)?;
        let mut kept = Vec::new();
        for (l, fate) in known.iter().zip(zigzag.decompose().fates) {
            let was = vec![feature(l, slices, Side::Before)];
            let Fate::Survives { sum, by_itself } = fate else {
                let change = Change::LoopDeath(LoopDeathCause::Resolution);
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
                let change = Change::LoopContinue(Lineage::Ambiguous);
                let is = vec![feature(&goes_on, slices, Side::Before)];
                self.drafts.push(draft(change, was, is, slices));
            }
            kept.push(goes_on);
        }
        Ok(kept)
    }

    /// A loop of before dies, or goes on.
    fn settle(
        &mut self,
        l: &Loop,
        fate: &Fate,
        generators: &[EdgeSet<u64>],
        next_id: &mut u64,
        slices: &Slices,
    ) {
        let (change, is) = match fate {
            Fate::Filled => (Change::LoopDeath(LoopDeathCause::Filled), None),
            Fate::Broken => (Change::LoopDeath(LoopDeathCause::Broken), None),
            Fate::Survives {
                sum,
                by_itself: true,
            } => {
                let cycle = still_there(l, slices).unwrap_or_else(|| summed(generators, sum));
                (
                    Change::LoopContinue(Lineage::Matched),
                    Some(Loop { cycle, ..*l }),
                )
            }
            Fate::Survives {
                sum,
                by_itself: false,
            } => {
                let id = take(next_id);
                self.renamed.push((l.id, id));
                let cycle = summed(generators, sum);
                (
                    Change::LoopContinue(Lineage::Ambiguous),
                    Some(Loop { id, cycle, ..*l }),
                )
            }
        };
        let was = vec![feature(l, slices, Side::Before)];
        let after = is.iter().map(|l| feature(l, slices, Side::After)).collect();
        self.drafts.push(draft(change, was, after, slices));
        self.loops.extend(is);
    }

    /// Loops are born of one cause, each a sum of generators.
    fn bear(
        &mut self,
        cause: LoopBirthCause,
        sums: &[BitVector],
        generators: &[EdgeSet<u64>],
        next_id: &mut u64,
        slices: &Slices,
    ) {
        for sum in sums {
            let born = Loop {
                id: take(next_id),
                born: slices.step,
                cycle: summed(generators, sum),
            };
            let after = vec![feature(&born, slices, Side::After)];
            let change = Change::LoopBirth(cause);
            self.drafts.push(draft(change, vec![], after, slices));
            self.loops.push(born);
        }
    }
}

/// The known loops and the generators of those of before that live on the present interval, all mapped to K at its end; the
/// generators' cycles.
fn read_wider(
    known: &[Loop],
    slices: &Slices,
    control: &Control,
) -> Result<(Zigzag, Vec<EdgeSet<u64>>), Error> {
    let (vertices, mut classes) = side(slices, Side::Before, control)?;
    let own = classes.cycles(slices.start);
    let mut group = classes.at(slices.end);
    let (mut zigzag, mut generators) = (Zigzag::default(), Vec::new());
    let place = |id: u64| {
        slices
            .vertex(id)
            .and_then(|v| vertices.binary_search(&v).ok())
    };
    for l in known {
        let class = group.class_of(l.cycle.mapped(place).edges_u32(), control)?;
        zigzag.before.push(BitVector::from_words(class));
    }
    for cycle in own {
        let class = BitVector::from_words(group.class_of(cycle.edges(), control)?);
        zigzag.after.push(class.clone());
        zigzag.after_itself.push(class);
        let ids = cycle
            .edges()
            .map(|edge| edge.map(|v| slices.id(vertices[v as usize])));
        generators.push(EdgeSet::new(ids));
    }
    Ok((zigzag, generators))
}

/// The vertices of one side, and the loops among them.
fn side(
    slices: &Slices,
    side: Side,
    control: &Control,
) -> Result<(Vec<usize>, LoopClasses), Error> {
    let vertices: Vec<usize> = (0..slices.n()).filter(|&v| slices.is_on(v, side)).collect();
    let distances = slices.distances.select(&vertices);
    Ok((vertices, LoopClasses::new(&distances, slices.end, control)?))
}

/// The known loops and the generators of those after, mapped to the union; the generators' cycles; the rank of P(W).
fn read_zigzag(
    known: &[Loop],
    slices: &Slices,
    control: &Control,
) -> Result<(Zigzag, Vec<EdgeSet<u64>>, usize), Error> {
    let (vertices, mut after) = side(slices, Side::After, control)?;
    let mut union = LoopClasses::new(&slices.distances, slices.end, control)?;
    let own = after.cycles(slices.start);
    let of_union = union.cycles(slices.start);
    let (mut after, mut union) = (after.at(slices.end), union.at(slices.end));
    let mut zigzag = Zigzag::default();
    for l in known {
        let cycle = l.cycle.mapped(|id| slices.vertex(id));
        zigzag.before.push(BitVector::from_words(
            union.class_of(cycle.edges_u32(), control)?,
        ));
    }
    let mut generators = Vec::new();
    for cycle in own {
        let class = after.class_of(cycle.edges(), control)?;
        zigzag.after_itself.push(BitVector::from_words(class));
        let cycle = EdgeSet::new(cycle.edges().map(|edge| edge.map(|v| vertices[v as usize])));
        zigzag.after.push(BitVector::from_words(
            union.class_of(cycle.edges_u32(), control)?,
        ));
        generators.push(cycle.mapped(|v| Some(slices.id(v))));
    }
    let mut of_w = Vec::new();
    for cycle in of_union {
        of_w.push(BitVector::from_words(
            union.class_of(cycle.edges(), control)?,
        ));
    }
    Ok((zigzag, generators, span_of(&of_w).rank()))
}

/// The loop's own cycle, if all its landmarks are alive: what can keep its representative does.
fn still_there(l: &Loop, slices: &Slices) -> Option<EdgeSet<u64>> {
    let alive = |id: u64| {
        slices
            .vertex(id)
            .is_some_and(|v| slices.is_on(v, Side::After))
    };
    l.cycle.vertices().all(alive).then(|| l.cycle.clone())
}

fn summed(generators: &[EdgeSet<u64>], sum: &BitVector) -> EdgeSet<u64> {
    let mut cycle = EdgeSet::default();
    sum.ones().for_each(|g| cycle.add(&generators[g]));
    cycle
}

fn feature(l: &Loop, slices: &Slices, side: Side) -> Feature {
    let walks = l.cycle.walks();
    let mut landmarks: Vec<u64> = Vec::new();
    for id in walks.iter().flatten() {
        if !landmarks.contains(id) {
            landmarks.push(*id);
        }
    }
    let vertices: Vec<usize> = landmarks
        .iter()
        .filter_map(|&id| slices.vertex(id))
        .collect();
    Feature {
        id: l.id,
        mass: slices.mass(&vertices, side),
        landmarks,
        walks,
    }
}

/// Length of the longest edge of a cycle between landmarks of the union: its loop is born no later.
fn longest_edge(cycle: &EdgeSet<u64>, slices: &Slices) -> f64 {
    let length = |&[a, b]: &[u64; 2]| {
        let ends = slices.vertex(a).zip(slices.vertex(b));
        ends.map(|(u, v)| slices.distances.get(u, v))
    };
    cycle.edges().filter_map(length).fold(0.0, f64::max)
}

/// A loop is born with the longest edge of its cycle and lives beyond the end of the interval of scales.
fn draft(change: Change, before: Vec<Feature>, after: Vec<Feature>, slices: &Slices) -> Draft {
    let walks = before.iter().chain(&after).flat_map(|f| &f.walks);
    let births = walks.map(|walk| {
        let edges = walk.windows(2).map(|edge| [edge[0], edge[1]]);
        longest_edge(&EdgeSet::new(edges), slices)
    });
    let birth = births.reduce(f64::max).unwrap_or(slices.start);
    Draft {
        change,
        before,
        after,
        persistence: slices.end - birth,
    }
}
