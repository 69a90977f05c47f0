//! Insertion of one site after the other.
//!
//! The cells whose circumspheres contain the new site, the *cavity*, are replaced by the simplices that join the site to the
//! facets around it. Outside the hull there are cells as well: each facet of the hull is joined to a vertex at infinity, and
//! its "circumsphere" is the half-space beyond. So the hull needs no code of its own.
//!
//! A site in the plane of a hull facet is in the cavity of what lies beyond if it is in that of the cell behind the facet: the sphere
//! of that cell meets the plane in the circle that would have to be asked about.

use super::mesh::{Cell, Facet, Mesh, check_count};
use super::predicates::Geometry;
use crate::memory::Held;
use crate::{Control, Error};

/// The vertex at infinity. A cell has it last or not at all.
const INFINITE: u32 = u32::MAX;
/// Room to begin with, by the number of vertices of a cell less one. Random points have 6.8 tetrahedra each, fewer than 2 triangles.
const CELLS_PER_SITE: [usize; 4] = [1, 1, 2, 7];
/// No link yet.
const UNLINKED: Facet = Facet::OUTSIDE;

/// Triangulates the sites `0..n_sites`, beginning with the simplex on `first`, which are `0..V` and not flat.
pub(super) fn triangulate<G: Geometry<V>, const V: usize>(
    geometry: &G,
    n_sites: usize,
    first: [u32; V],
    control: &Control,
) -> Result<Mesh<V>, Error> {
    let mut growing = Growing::new(geometry, first, n_sites, control)?;
    for site in V as u32..n_sites as u32 {
        control.poll("triangulation", site as usize, n_sites)?;
        growing.insert(site)?;
    }
    let free = |cell: &Cell<V>| cell.vertices[0] == INFINITE;
    let kept = |cell: &Cell<V>| !free(cell) && cell.vertices[V - 1] != INFINITE;
    let Growing { cells, .. } = growing;
    Mesh::compact(cells, kept, control)
}

/// What the current insertion knows about a cell; numbers of earlier ones mean nothing.
#[derive(Clone, Copy, PartialEq)]
struct Verdict(u32);

impl Verdict {
    fn in_cavity(site: u32) -> Self {
        Self(site << 1 | 1)
    }
    fn outside(site: u32) -> Self {
        Self(site << 1)
    }
}

/// A triangulation that grows.
struct Growing<'a, G, const V: usize> {
    geometry: &'a G,
    cells: Held<Cell<V>>,
    verdicts: Held<Verdict>,
    /// Numbers of cells that are no more.
    free: Held<u32>,
    /// A cell at the last site.
    latest: u32,
    cavity: Held<u32>,
    /// The facets around the cavity, seen from inside.
    rim: Held<Facet>,
    /// The new cell at each of them.
    star: Held<u32>,
}

impl<'a, G: Geometry<V>, const V: usize> Growing<'a, G, V> {
    /// A simplex and the cells beyond its facets.
    fn new(
        geometry: &'a G,
        mut first: [u32; V],
        n_sites: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let budget = control.budget();
        if geometry.orientation(&first) < 0.0 {
            first.swap(0, 1);
        }
        let beyond = |position: usize| {
            let mut vertices = first;
            if position == V - 1 {
                vertices.swap(0, 1);
            } else {
                vertices.swap(position, V - 1);
            }
            vertices[V - 1] = INFINITE;
            vertices
        };
        let simplices = std::iter::once(first).chain((0..V).map(beyond));
        let unlinked = simplices.map(|vertices| Cell {
            vertices,
            across: [UNLINKED; V],
        });
        let expected = n_sites * CELLS_PER_SITE[V - 1];
        let mut cells = Held::with_capacity(budget, expected)?;
        cells.extend(unlinked)?;
        link_all(&mut cells);
        let mut verdicts = Held::with_capacity(budget, expected)?;
        verdicts.extend(cells.iter().map(|_| Verdict::outside(0)))?;
        Ok(Self {
            geometry,
            verdicts,
            cells,
            free: Held::new(budget),
            latest: 0,
            cavity: Held::new(budget),
            rim: Held::new(budget),
            star: Held::new(budget),
        })
    }

    fn insert(&mut self, site: u32) -> Result<(), Error> {
        let within = self.cell_around(site);
        self.open_cavity(within, site)?;
        self.fill_cavity(site)?;
        self.link_star();
        for &cell in &self.cavity {
            self.cells[cell as usize].vertices[0] = INFINITE;
        }
        self.free.extend_from_slice(&self.cavity)?;
        Ok(())
    }

    /// A cell that has `site` in its closure, or one beyond a facet of the hull that the site is beyond: from the latest cell, always
    /// across a facet that the site is beyond. In a Delaunay triangulation that goes round no circle (Edelsbrunner 1990).
    fn cell_around(&self, site: u32) -> u32 {
        let mut cell = self.latest;
        if self.cells[cell as usize].vertices[V - 1] == INFINITE {
            cell = self.cells[cell as usize].across[V - 1].cell();
        }
        let mut entered = None;
        'walk: loop {
            let Cell { vertices, across } = self.cells[cell as usize];
            if vertices[V - 1] == INFINITE {
                return cell;
            }
            for position in (0..V).filter(|&position| Some(position) != entered) {
                let mut turned = vertices;
                turned[position] = site;
                if self.geometry.orientation(&turned) < 0.0 {
                    entered = Some(across[position].position());
                    cell = across[position].cell();
                    continue 'walk;
                }
            }
            return cell;
        }
    }

    /// Finds the cavity, which is connected, and the facets around it.
    fn open_cavity(&mut self, within: u32, site: u32) -> Result<(), Error> {
        self.rim.clear();
        self.cavity.clear();
        self.cavity.push(within)?;
        self.verdicts[within as usize] = Verdict::in_cavity(site);
        let mut at = 0;
        while let Some(&cell) = self.cavity.get(at) {
            at += 1;
            let across = self.cells[cell as usize].across;
            for (position, beyond) in across.into_iter().enumerate() {
                if !self.decide(beyond.cell(), site)? {
                    self.rim.push(Facet::new(cell, position))?;
                }
            }
        }
        Ok(())
    }

    /// Whether a cell beside the cavity belongs to it.
    fn decide(&mut self, cell: u32, site: u32) -> Result<bool, Error> {
        let known = self.verdicts[cell as usize];
        if known == Verdict::in_cavity(site) {
            return Ok(true);
        }
        if known == Verdict::outside(site) {
            return Ok(false);
        }
        let inside = self.is_inside(cell, site);
        self.verdicts[cell as usize] = if inside {
            self.cavity.push(cell)?;
            Verdict::in_cavity(site)
        } else {
            Verdict::outside(site)
        };
        Ok(inside)
    }

    /// Whether `site` is inside the circumsphere of a cell.
    fn is_inside(&self, cell: u32, site: u32) -> bool {
        let Cell { vertices, across } = &self.cells[cell as usize];
        if vertices[V - 1] != INFINITE {
            return self.geometry.in_sphere(vertices, site) > 0.0;
        }
        let mut turned = *vertices;
        turned[V - 1] = site;
        let beyond = self.geometry.orientation(&turned);
        let behind = &self.cells[across[V - 1].cell() as usize].vertices;
        beyond > 0.0 || beyond == 0.0 && self.geometry.in_sphere(behind, site) > 0.0
    }

    /// Joins the site to the facets around the cavity. The cells of the cavity stay as they are until the new ones are linked.
    fn fill_cavity(&mut self, site: u32) -> Result<(), Error> {
        self.star.clear();
        for &facet in &self.rim {
            let Cell {
                mut vertices,
                across,
            } = self.cells[facet.cell() as usize];
            vertices[facet.position()] = site;
            let beyond = across[facet.position()];
            let mut new = Cell {
                vertices,
                across: [UNLINKED; V],
            };
            new.across[facet.position()] = beyond;
            let number = if let Some(number) = self.free.pop() {
                self.cells[number as usize] = new;
                number
            } else {
                check_count(self.cells.len())?;
                self.cells.push(new)?;
                self.verdicts.push(Verdict::outside(0))?;
                self.cells.len() as u32 - 1
            };
            self.cells[beyond.cell() as usize].across[beyond.position()] =
                Facet::new(number, facet.position());
            self.star.push(number)?;
        }
        self.latest = self.star[0];
        Ok(())
    }

    /// Links the new cells to each other.
    fn link_star(&mut self) {
        for at in 0..self.rim.len() {
            let (facet, new) = (self.rim[at], self.star[at]);
            for position in (0..V).filter(|&position| position != facet.position()) {
                if self.cells[new as usize].across[position] == UNLINKED {
                    let other = self.next_around(facet, position);
                    self.cells[new as usize].across[position] = other;
                    self.cells[other.cell() as usize].across[other.position()] =
                        Facet::new(new, position);
                }
            }
        }
    }

    /// The facet of a new cell that the cell at the rim's `facet` has across from its vertex at `position`.
    ///
    /// Both contain the ridge without the two vertices, and the site. Turning around the ridge, from cell to cell through the cavity,
    /// one comes to another facet of the rim: the new cell there is the one.
    fn next_around(&self, facet: Facet, position: usize) -> Facet {
        let (mut cell, mut behind, mut ahead) = (facet.cell(), facet.position(), position);
        loop {
            let Cell { vertices, across } = &self.cells[cell as usize];
            let beyond = across[ahead];
            let next = &self.cells[beyond.cell() as usize];
            let back = next.across[beyond.position()];
            if back.cell() != cell {
                // Beyond the rim, where the new cell has taken the place of this one.
                return Facet::new(back.cell(), behind);
            }
            let shared = vertices[behind];
            let found = next.vertices.iter().position(|&v| v == shared);
            debug_assert!(found.is_some(), "neighbours share all vertices but one");
            ahead = found.unwrap_or(0);
            behind = beyond.position();
            cell = beyond.cell();
        }
    }
}

/// Links cells by comparing all their facets.
fn link_all<const V: usize>(cells: &mut [Cell<V>]) {
    let facet_of = |cell: &Cell<V>, position: usize| {
        let mut vertices = cell.vertices;
        vertices.swap(position, V - 1);
        vertices[..V - 1].sort_unstable();
        vertices[V - 1] = 0;
        vertices
    };
    for a in 0..cells.len() {
        for b in (0..cells.len()).filter(|&b| b != a) {
            for (i, j) in (0..V * V).map(|at| (at / V, at % V)) {
                if facet_of(&cells[a], i) == facet_of(&cells[b], j) {
                    cells[a].across[i] = Facet::new(b as u32, j);
                }
            }
        }
    }
}
