//! Cells with their neighbours, in flat arrays.

use crate::memory::Held;
use crate::{Control, Error};

/// Cells are numbered in 29 bits, so that their facets fit in 31 and everything that is counted for a cell in 32.
pub(crate) const MOST_CELLS: usize = 1 << 29;

/// A facet as one of its two cells sees it: the cell, and the position of the vertex that is not on the facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facet(u32);

impl Facet {
    /// What is across a facet on the hull.
    pub(crate) const OUTSIDE: Self = Self(u32::MAX);

    pub(crate) fn new(cell: u32, position: usize) -> Self {
        Self(cell << 2 | position as u32)
    }

    pub(crate) fn cell(self) -> u32 {
        self.0 >> 2
    }

    /// Of the vertex that the cell has beside the facet.
    pub(crate) fn position(self) -> usize {
        (self.0 & 3) as usize
    }
}

/// Cells of `V` vertices that fill the convex hull of the sites.
#[derive(Debug)]
pub(crate) struct Mesh<const V: usize> {
    cells: Held<Cell<V>>,
}

/// The vertices, and across from each its facet as the neighbour there sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<const V: usize> {
    pub(super) vertices: [u32; V],
    pub(super) across: [Facet; V],
}

impl<const V: usize> Mesh<V> {
    /// The cells that are `kept`, renumbered; the others become the outside.
    pub(super) fn compact(
        mut cells: Held<Cell<V>>,
        kept: impl Fn(&Cell<V>) -> bool,
        control: &Control,
    ) -> Result<Self, Error> {
        let mut numbers = Held::with_capacity(control.budget(), cells.len())?;
        let mut n_kept = 0;
        for cell in &cells {
            control.tick(1)?;
            if kept(cell) {
                numbers.push(Facet::new(n_kept, 0))?;
                n_kept += 1;
            } else {
                numbers.push(Facet::OUTSIDE)?;
            }
        }
        let renumbered = |facet: Facet| match numbers[facet.cell() as usize] {
            Facet::OUTSIDE => Facet::OUTSIDE,
            number => Facet::new(number.cell(), facet.position()),
        };
        for at in 0..cells.len() {
            control.tick(1)?;
            if numbers[at] != Facet::OUTSIDE {
                let Cell { vertices, across } = cells[at];
                let across = across.map(renumbered);
                cells[numbers[at].cell() as usize] = Cell { vertices, across };
            }
        }
        cells.truncate(n_kept as usize);
        drop(numbers);
        cells.shrink_to_fit();
        Ok(Self { cells })
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(crate) fn vertices(&self, cell: u32) -> [u32; V] {
        self.cells[cell as usize].vertices
    }

    /// A facet as seen from its other cell, or [`Facet::OUTSIDE`].
    pub(crate) fn across(&self, facet: Facet) -> Facet {
        self.cells[facet.cell() as usize].across[facet.position()]
    }

    /// The vertices of a facet, as its cell has them in order.
    fn without<const F: usize>(&self, facet: Facet) -> [u32; F] {
        let vertices = self.vertices(facet.cell());
        std::array::from_fn(|at| vertices[at + usize::from(at >= facet.position())])
    }

    /// Every facet once, as seen from the cell of smaller number.
    pub(crate) fn facets(&self) -> impl Iterator<Item = Facet> + '_ {
        (0..self.len() as u32).flat_map(move |cell| {
            let seen = (0..V).map(move |position| Facet::new(cell, position));
            seen.filter(move |&facet| {
                let across = self.across(facet);
                across == Facet::OUTSIDE || across.cell() > cell
            })
        })
    }
}

impl Mesh<3> {
    /// The vertices of a facet, in the order of its cell.
    pub(crate) fn facet_vertices(&self, facet: Facet) -> [u32; 2] {
        self.without(facet)
    }
}

impl Mesh<4> {
    /// The vertices of a facet, in the order of its cell.
    pub(crate) fn facet_vertices(&self, facet: Facet) -> [u32; 3] {
        self.without(facet)
    }
}

/// Refuses a number of cells that cannot be numbered.
pub(super) fn check_count(n_cells: usize) -> Result<(), Error> {
    if n_cells < MOST_CELLS {
        return Ok(());
    }
    let expected = format!("at most {MOST_CELLS} Delaunay cells");
    Err(Error::invalid("points", expected, "points with more"))
}
