//! Filtration values of the cells and facets of a triangulation.

use super::spheres::{Circumsphere, obtuse, squared_radius_of_edge, squared_radius_of_triangle};
use crate::delaunay::{Facet, Mesh};
use crate::memory::Held;
use crate::parallel::in_blocks;
use crate::{Control, Error};

/// Cells or facets of one block.
const BLOCK: usize = 4096;

/// What a cell or a facet has to be measured by.
pub(super) trait Measured {
    /// The squared circumradius of a cell; for each of its vertices, a bit in that order, whether it is inside the smallest sphere through
    /// the facet across from it.
    fn measure(&self, cell: u32, sites: &[[f64; 3]]) -> (f64, u8);
    /// The squared radius of the smallest sphere through the vertices of a facet.
    fn measure_facet(&self, facet: Facet, sites: &[[f64; 3]]) -> f64;
}

impl Measured for Mesh<3> {
    fn measure(&self, cell: u32, sites: &[[f64; 3]]) -> (f64, u8) {
        let triangle = self.vertices(cell).map(|v| sites[v as usize]);
        (squared_radius_of_triangle(triangle), bits(obtuse(triangle)))
    }

    fn measure_facet(&self, facet: Facet, sites: &[[f64; 3]]) -> f64 {
        squared_radius_of_edge(self.facet_vertices(facet).map(|v| sites[v as usize]))
    }
}

impl Measured for Mesh<4> {
    fn measure(&self, cell: u32, sites: &[[f64; 3]]) -> (f64, u8) {
        let tetrahedron = self.vertices(cell).map(|v| sites[v as usize]);
        let sphere = Circumsphere::of(tetrahedron);
        (sphere.squared_radius, bits(sphere.beyond))
    }

    fn measure_facet(&self, facet: Facet, sites: &[[f64; 3]]) -> f64 {
        squared_radius_of_triangle(self.facet_vertices(facet).map(|v| sites[v as usize]))
    }
}

fn bits<const N: usize>(flags: [bool; N]) -> u8 {
    (0..N).map(|at| u8::from(flags[at]) << at).sum()
}

/// Squared radii at which cells and facets enter.
#[derive(Debug)]
pub(super) struct Radii {
    /// Of each cell.
    pub(super) cells: Held<f64>,
    /// The facets, in the order of their cells.
    pub(super) facets: Held<Facet>,
    /// Of each of them.
    pub(super) facet_values: Held<f64>,
}

impl Radii {
    pub(super) fn new<const V: usize>(
        sites: &[[f64; 3]],
        mesh: &Mesh<V>,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error>
    where
        Mesh<V>: Measured,
    {
        let measured = in_chunks(mesh.len(), "radii", n_threads, control, |cell| {
            mesh.measure(cell as u32, sites)
        })?;
        let budget = control.budget();
        let (mut cells, mut inside) = (
            Held::with_capacity(budget, mesh.len())?,
            Held::with_capacity(budget, mesh.len())?,
        );
        for &(value, vertices) in &measured {
            control.tick(1)?;
            cells.push(value)?;
            inside.push(vertices)?;
        }
        drop(measured);
        // Each facet is one of two cells, or of one on the hull.
        let mut facets = Held::with_capacity(budget, (mesh.len() * V).div_ceil(2))?;
        for facet in mesh.facets() {
            control.tick(1)?;
            facets.push(facet)?;
        }
        let is_inside = |facet: Facet| inside[facet.cell() as usize] >> facet.position() & 1 == 1;
        let facet_values = in_chunks(facets.len(), "radii", n_threads, control, |at| {
            let (facet, across) = (facets[at], mesh.across(facets[at]));
            let near = cells[facet.cell() as usize];
            let (bound, attached) = if across == Facet::OUTSIDE {
                (near, is_inside(facet))
            } else {
                let far = cells[across.cell() as usize];
                (near.min(far), is_inside(facet) || is_inside(across))
            };
            if attached {
                bound
            } else {
                bound.min(mesh.measure_facet(facet, sites))
            }
        })?;
        Ok(Self {
            cells,
            facets,
            facet_values,
        })
    }
}

/// `item(0)`, `item(1)` and so on up to `count`, from several threads.
pub(super) fn in_chunks<T: Copy + Send>(
    count: usize,
    stage: &'static str,
    n_threads: usize,
    control: &Control,
    item: impl Fn(usize) -> T + Sync,
) -> Result<Held<T>, Error> {
    let n_blocks = count.div_ceil(BLOCK);
    let mut workers = Held::filled(control.budget(), (), n_threads.min(n_blocks).max(1), |_| {
        Ok(())
    })?;
    let blocks = in_blocks(
        &mut workers,
        0..n_blocks,
        control,
        stage,
        |(), block, pulse| {
            let range = block * BLOCK..count.min((block + 1) * BLOCK);
            let mut items = Held::with_capacity(pulse.budget(), range.len())?;
            for at in range {
                pulse.beat(at, count)?;
                items.push(item(at))?;
            }
            Ok(items)
        },
    )?;
    let mut items = Held::with_capacity(control.budget(), count)?;
    for block in blocks {
        control.tick(1)?;
        items.extend_from_slice(&block)?;
    }
    Ok(items)
}
