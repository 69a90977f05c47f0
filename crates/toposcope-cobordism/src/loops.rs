//! Loops: cycles of edges, and their classes in the first homology of the union.

use toposcope_core::classes::{Cycle, LoopClasses, LoopGroup};
use toposcope_core::{Control, Error};

use crate::cycle::EdgeSet;
use crate::event::{BirthCause, Change, DeathCause, Feature, Lineage};
use crate::holes::{Followed, Kind, Loop};
use crate::linear::BitVector;
use crate::slices::{Side, Slices};
use crate::zigzag::{Zigzag, span_of};

/// The kind of hole that a loop is.
pub(crate) struct Loops;

impl Kind<2> for Loops {
    fn follow(
        known: &[Loop],
        slices: &Slices,
        with_transient: bool,
        control: &Control,
    ) -> Result<Followed<2>, Error> {
        let (vertices, mut after) = side(slices, Side::After, control)?;
        let mut union = LoopClasses::new(&slices.distances, slices.end, control)?;
        let own = after.cycles(slices.start);
        let of_union = with_transient.then(|| union.cycles(slices.start));
        let (mut after, mut union) = (after.at(slices.end), union.at(slices.end));
        let mut zigzag = Zigzag::default();
        for l in known {
            let cycle = l.cycle.mapped(|id| slices.vertex(id));
            let class = union.class_of(cycle.edges_u32(), control)?;
            zigzag.before.push(BitVector::from_words(class));
        }
        let mut generators = Vec::new();
        for cycle in own {
            let class = after.class_of(cycle.edges(), control)?;
            zigzag.after_itself.push(BitVector::from_words(class));
            let cycle = EdgeSet::new(cycle.edges().map(|edge| edge.map(|v| vertices[v as usize])));
            let class = union.class_of(cycle.edges_u32(), control)?;
            zigzag.after.push(BitVector::from_words(class));
            generators.push(cycle.mapped(|v| Some(slices.id(v))));
        }
        let union_rank = match of_union {
            Some(cycles) => Some(rank(&mut union, &cycles, control)?),
            None => None,
        };
        Ok(Followed {
            zigzag,
            generators,
            union_rank,
        })
    }

    fn widen(known: &[Loop], slices: &Slices, control: &Control) -> Result<Followed<2>, Error> {
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
        Ok(Followed {
            zigzag,
            generators,
            union_rank: None,
        })
    }

    fn birth(cause: BirthCause) -> Change {
        Change::LoopBirth(cause)
    }

    fn death(cause: DeathCause) -> Change {
        Change::LoopDeath(cause)
    }

    fn goes_on(lineage: Lineage) -> Change {
        Change::LoopContinue(lineage)
    }

    fn transient(n: usize) -> Change {
        Change::TransientLoops(n)
    }

    fn shown(cycle: &EdgeSet<u64>) -> Feature {
        let walks = cycle.walks();
        let mut landmarks: Vec<u64> = Vec::new();
        for id in walks.iter().flatten() {
            if !landmarks.contains(id) {
                landmarks.push(*id);
            }
        }
        Feature {
            landmarks,
            walks,
            ..Feature::default()
        }
    }
}

/// The vertices of one side, and the loops among them.
fn side(
    slices: &Slices,
    side: Side,
    control: &Control,
) -> Result<(Vec<usize>, LoopClasses), Error> {
    let vertices = slices.on(side);
    let distances = slices.distances.select(&vertices);
    Ok((vertices, LoopClasses::new(&distances, slices.end, control)?))
}

fn rank(group: &mut LoopGroup, cycles: &[Cycle], control: &Control) -> Result<usize, Error> {
    let mut classes = Vec::new();
    for cycle in cycles {
        classes.push(BitVector::from_words(
            group.class_of(cycle.edges(), control)?,
        ));
    }
    Ok(span_of(&classes).rank())
}
