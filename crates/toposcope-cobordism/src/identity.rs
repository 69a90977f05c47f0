//! Components with names: who a component after a push is, in terms of those before it.

use crate::components::{Junction, components, gaps, junctions};
use crate::draft::Draft;
use crate::event::{Change, Feature, MergeCause};
use crate::slices::{Side, Slices};

/// A component that the tracker knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) id: u64,
    /// The step at which it was born.
    pub(crate) born: u64,
    /// Its landmarks by ascending id; at least one.
    pub(crate) landmarks: Vec<u64>,
}

/// A component on one side of the cospan, with what is known of it.
struct Piece {
    vertices: Vec<usize>,
    mass: f64,
    gap: f64,
    /// Who it is and since when; `None` until it has inherited a name or been given a new one.
    name: Option<(u64, u64)>,
}

impl Piece {
    fn feature(&self, slices: &Slices) -> Feature {
        Feature {
            id: self.name.map_or(0, |(id, _)| id),
            landmarks: self.vertices.iter().map(|&v| slices.id(v)).collect(),
            mass: self.mass,
            ..Feature::default()
        }
    }
}

/// Reads what became of the components `known` before, and replaces them by those after.
pub(crate) fn follow_components(
    known: &mut Vec<Component>,
    next_id: &mut u64,
    slices: &Slices,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut before = pieces(slices, Side::Before);
    for piece in &mut before {
        recognise(piece, known, slices, &mut drafts);
    }
    let mut after = pieces(slices, Side::After);
    let union = components(&slices.distances, slices.end, |_| true);
    let vertices = |pieces: &[Piece]| {
        pieces
            .iter()
            .map(|p| p.vertices.clone())
            .collect::<Vec<_>>()
    };
    for junction in junctions(&union, &vertices(&before), &vertices(&after)) {
        inherit(&junction, &before, &mut after, slices);
        for &child in &junction.children {
            after[child]
                .name
                .get_or_insert_with(|| (take(next_id), slices.step));
        }
        drafts.push(draft(&junction, &before, &after, slices));
    }
    *known = after.iter().map(|piece| remember(piece, slices)).collect();
    drafts
}

/// A name that nothing has had before.
pub(crate) fn take(next_id: &mut u64) -> u64 {
    *next_id += 1;
    *next_id - 1
}

fn pieces(slices: &Slices, side: Side) -> Vec<Piece> {
    let sets = components(&slices.distances, slices.end, |v| slices.is_on(v, side));
    let gaps = gaps(&slices.distances, &sets);
    let pieces = sets.into_iter().zip(gaps).map(|(vertices, gap)| Piece {
        mass: slices.mass(&vertices, side),
        vertices,
        gap,
        name: None,
    });
    pieces.collect()
}

/// Finds out who a component of before is. The scale may have grown since it was named; then it can be several.
fn recognise(piece: &mut Piece, known: &[Component], slices: &Slices, drafts: &mut Vec<Draft>) {
    let holds = |id: u64| {
        slices
            .vertex(id)
            .is_some_and(|v| piece.vertices.binary_search(&v).is_ok())
    };
    let mut parents: Vec<(&Component, Feature)> = known
        .iter()
        .filter(|component| holds(component.landmarks[0]))
        .map(|component| (component, known_feature(component, slices)))
        .collect();
    parents.sort_by(|(c, f), (d, g)| {
        let by_age = c.born.cmp(&d.born);
        by_age.then(g.mass.total_cmp(&f.mass)).then(c.id.cmp(&d.id))
    });
    let Some((eldest, _)) = parents.first() else {
        return;
    };
    piece.name = Some((eldest.id, eldest.born));
    if parents.len() > 1 {
        drafts.push(Draft {
            change: Change::Merge(MergeCause::Resolution),
            before: parents.into_iter().map(|(_, feature)| feature).collect(),
            after: vec![piece.feature(slices)],
            persistence: piece.gap,
        });
    }
}

fn known_feature(component: &Component, slices: &Slices) -> Feature {
    let vertices: Vec<usize> = component
        .landmarks
        .iter()
        .filter_map(|&id| slices.vertex(id))
        .collect();
    Feature {
        id: component.id,
        landmarks: component.landmarks.clone(),
        mass: slices.mass(&vertices, Side::Before),
        ..Feature::default()
    }
}

/// Parents, the eldest first (then the heaviest), each pass their name to the child that holds most of their weight;
/// between several parents and several children, only to one that holds some of their landmarks.
fn inherit(junction: &Junction, before: &[Piece], after: &mut [Piece], slices: &Slices) {
    let mut parents: Vec<&Piece> = junction.parents.iter().map(|&i| &before[i]).collect();
    let age_and_id = |p: &Piece| p.name.map(|(id, born)| (born, id)).unzip();
    parents.sort_by(|p, q| {
        let ((p_born, p_id), (q_born, q_id)) = (age_and_id(p), age_and_id(q));
        let by_age = p_born.cmp(&q_born);
        by_age.then(q.mass.total_cmp(&p.mass)).then(p_id.cmp(&q_id))
    });
    let one_sided = junction.parents.len() == 1 || junction.children.len() == 1;
    for parent in parents {
        let shared = |child: usize| -> Vec<usize> {
            let common = after[child].vertices.iter().copied();
            common
                .filter(|v| parent.vertices.binary_search(v).is_ok())
                .collect()
        };
        let nameless = junction
            .children
            .iter()
            .copied()
            .filter(|&c| after[c].name.is_none());
        let heir = nameless
            .map(|child| (shared(child), child))
            .filter(|(shared, _)| !shared.is_empty() || one_sided)
            .map(|(shared, child)| (slices.mass(&shared, Side::After), child))
            .max_by(|&(x, a), &(y, b)| {
                let by_mass = after[a].mass.total_cmp(&after[b].mass);
                x.total_cmp(&y).then(by_mass).then(b.cmp(&a))
            });
        if let Some((_, child)) = heir {
            after[child].name = parent.name;
        }
    }
}

fn draft(junction: &Junction, before: &[Piece], after: &[Piece], slices: &Slices) -> Draft {
    let parents: Vec<&Piece> = junction.parents.iter().map(|&i| &before[i]).collect();
    let children: Vec<&Piece> = junction.children.iter().map(|&i| &after[i]).collect();
    let gaps = parents.iter().chain(&children).map(|piece| piece.gap);
    Draft {
        change: match (parents.len(), children.len()) {
            (1, 1) => Change::Continue,
            (_, 0) => Change::ComponentDeath,
            (0, _) => Change::ComponentBirth,
            (_, 1) => Change::Merge(MergeCause::Inserted),
            (1, _) => Change::Split,
            _ => Change::Reorganise,
        },
        persistence: gaps.fold(f64::INFINITY, f64::min),
        before: parents.iter().map(|piece| piece.feature(slices)).collect(),
        after: children.iter().map(|piece| piece.feature(slices)).collect(),
    }
}

fn remember(piece: &Piece, slices: &Slices) -> Component {
    let (id, born) = piece.name.unwrap_or_default();
    Component {
        id,
        born,
        landmarks: piece.vertices.iter().map(|&v| slices.id(v)).collect(),
    }
}
