//! Voids: cycles of triangles, and their classes in the second homology of the union.
//!
//! Only what two scales need is computed. Cycles of the core at the first scale generate the group of a complex; a basis of the
//! cohomology of the core at the second says which class there a cycle is sent to.

use std::collections::HashMap;

use toposcope_core::representatives::{Chain, Detail, Representative, rips_with_representatives};
use toposcope_core::{Control, DistanceMatrix, Error, RipsInput, RipsParams, SparseDistances};

use crate::collapse::Core;
use crate::cycle::TriangleSet;
use crate::event::{BirthCause, Change, DeathCause, Feature, Lineage};
use crate::holes::{Followed, Kind, Void};
use crate::linear::BitVector;
use crate::slices::{Side, Slices};
use crate::zigzag::{Zigzag, span_of};

/// The kind of hole that a void is.
pub(crate) struct Voids;

impl Kind<3> for Voids {
    fn follow(
        known: &[Void],
        slices: &Slices,
        with_transient: bool,
        control: &Control,
    ) -> Result<Followed<3>, Error> {
        let vertices = slices.on(Side::After);
        let after = slices.distances.select(&vertices);
        let own = generators(&after, slices.start, control)?;
        let of_union = if with_transient {
            Some(generators(&slices.distances, slices.start, control)?)
        } else {
            None
        };
        let nobody_asks =
            known.is_empty() && own.is_empty() && of_union.as_ref().is_none_or(Vec::is_empty);
        if nobody_asks {
            return Ok(Followed {
                zigzag: Zigzag::default(),
                generators: own_ids(&own, &vertices, slices),
                union_rank: of_union.map(|_| 0),
            });
        }
        let union = VoidClasses::new(&slices.distances, slices.end, control)?;
        let after = VoidClasses::new_if(!own.is_empty(), &after, slices.end, control)?;
        let mut zigzag = Zigzag::default();
        for void in known {
            let cycle = void.cycle.mapped(|id| slices.vertex(id));
            zigzag.before.push(union.class_of(&cycle));
        }
        for cycle in &own {
            zigzag.after_itself.push(after.class_of(cycle));
            let in_union = cycle.mapped(|v| Some(vertices[v]));
            zigzag.after.push(union.class_of(&in_union));
        }
        let union_rank = of_union.map(|cycles| union.rank(&cycles));
        Ok(Followed {
            zigzag,
            generators: own_ids(&own, &vertices, slices),
            union_rank,
        })
    }

    fn widen(known: &[Void], slices: &Slices, control: &Control) -> Result<Followed<3>, Error> {
        let vertices = slices.on(Side::Before);
        let before = slices.distances.select(&vertices);
        let mut zigzag = Zigzag::default();
        if known.is_empty() {
            return Ok(Followed {
                zigzag,
                generators: Vec::new(),
                union_rank: None,
            });
        }
        let own = generators(&before, slices.start, control)?;
        let classes = VoidClasses::new(&before, slices.end, control)?;
        let place = |id: u64| {
            slices
                .vertex(id)
                .and_then(|v| vertices.binary_search(&v).ok())
        };
        for void in known {
            let cycle = void.cycle.mapped(place);
            zigzag.before.push(classes.class_of(&cycle));
        }
        for cycle in &own {
            let class = classes.class_of(cycle);
            zigzag.after.push(class.clone());
            zigzag.after_itself.push(class);
        }
        Ok(Followed {
            zigzag,
            generators: own_ids(&own, &vertices, slices),
            union_rank: None,
        })
    }

    fn birth(cause: BirthCause) -> Change {
        Change::VoidBirth(cause)
    }

    fn death(cause: DeathCause) -> Change {
        Change::VoidDeath(cause)
    }

    fn goes_on(lineage: Lineage) -> Change {
        Change::VoidContinue(lineage)
    }

    fn transient(n: usize) -> Change {
        Change::TransientVoids(n)
    }

    fn shown(cycle: &TriangleSet<u64>) -> Feature {
        let mut landmarks: Vec<u64> = cycle.vertices().collect();
        landmarks.sort_unstable();
        landmarks.dedup();
        Feature {
            landmarks,
            triangles: cycle.simplices().copied().collect(),
            ..Feature::default()
        }
    }
}

fn own_ids(
    cycles: &[TriangleSet<usize>],
    vertices: &[usize],
    slices: &Slices,
) -> Vec<TriangleSet<u64>> {
    let named = |cycle: &TriangleSet<usize>| cycle.mapped(|v| Some(slices.id(vertices[v])));
    cycles.iter().map(named).collect()
}

/// Cycles that generate the second homology of the Rips complex at `scale`: a basis, in order of birth within the core.
fn generators(
    distances: &DistanceMatrix,
    scale: f64,
    control: &Control,
) -> Result<Vec<TriangleSet<usize>>, Error> {
    let core = Core::new(distances, scale);
    let shown = essential(&core, control)?.into_iter();
    Ok(shown
        .map(|shown| TriangleSet::new(triangles(&shown.cycle)))
        .collect())
}

/// The classes of a core, by what shows them.
fn essential(core: &Core, control: &Control) -> Result<Vec<Representative>, Error> {
    // The smallest sphere that is a flag complex is the octahedron, with twelve edges.
    if core.edges.len() < 12 {
        return Ok(Vec::new());
    }
    let edges = core.edges.iter();
    let edges = edges.map(|&(a, b, length)| (a as u32, b as u32, length));
    let edges = SparseDistances::from_entries(edges, core.n)?;
    let params = RipsParams {
        max_dim: 2,
        threshold: Some(f64::MAX),
        n_threads: Some(1),
        ..RipsParams::default()
    };
    let input = RipsInput::Sparse(&edges);
    let (_, shown) = rips_with_representatives(input, &params, Detail::Chains, control)?;
    let is_there =
        |shown: &Representative| shown.birth_simplex.len() == 3 && shown.death_simplex.is_none();
    Ok(shown.into_iter().filter(is_there).collect())
}

fn triangles(chain: &Chain) -> impl Iterator<Item = [usize; 3]> + '_ {
    let corners = chain.vertices.chunks_exact(3);
    corners.map(|t| [t[0] as usize, t[1] as usize, t[2] as usize])
}

/// The second homology of a Rips complex at one scale, by a basis of its dual.
struct VoidClasses {
    core: Core,
    /// In which cocycles of the basis a triangle of the core is.
    values: HashMap<[usize; 3], BitVector>,
}

impl VoidClasses {
    fn new(distances: &DistanceMatrix, scale: f64, control: &Control) -> Result<Self, Error> {
        let core = Core::new(distances, scale);
        let mut values: HashMap<[usize; 3], BitVector> = HashMap::new();
        for (bit, shown) in essential(&core, control)?.iter().enumerate() {
            for triangle in triangles(&shown.cocycle) {
                values.entry(triangle).or_default().flip(bit);
            }
        }
        Ok(Self { core, values })
    }

    /// [`Self::new`] if anybody will ask.
    fn new_if(
        is_asked: bool,
        distances: &DistanceMatrix,
        scale: f64,
        control: &Control,
    ) -> Result<Self, Error> {
        if is_asked {
            return Self::new(distances, scale, control);
        }
        Ok(Self {
            core: Core::new(&distances.select(&[]), scale),
            values: HashMap::new(),
        })
    }

    /// The class of a cycle: linear in it, and zero exactly if it bounds.
    fn class_of(&self, cycle: &TriangleSet<usize>) -> BitVector {
        let mut class = BitVector::default();
        if self.values.is_empty() {
            return class;
        }
        for triangle in &self.core.image(cycle) {
            if let Some(value) = self.values.get(triangle) {
                class.add(value);
            }
        }
        class
    }

    fn rank(&self, cycles: &[TriangleSet<usize>]) -> usize {
        let classes: Vec<BitVector> = cycles.iter().map(|cycle| self.class_of(cycle)).collect();
        span_of(&classes).rank()
    }
}
