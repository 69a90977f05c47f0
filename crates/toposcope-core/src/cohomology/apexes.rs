//! One vertex of every lune, to come before all others.

use crate::filtration::EdgeFiltration;
use crate::lune::{Sweep, block_of};
use crate::memory::Held;
use crate::parallel::{Pulse, in_blocks};
use crate::{Control, Error};

/// Edges looked at in one go by one thread. The same for any number of threads.
const BLOCK: usize = 1024;

/// The apexes of all edges.
#[derive(Debug)]
pub(super) struct Apexes {
    /// By edge: the vertex of its lune with most neighbours there, or any where nothing but loops is asked for; one of its own ends if its lune
    /// is empty.
    pub(super) by_edge: Held<u32>,
    /// The edges whose lune is no cone over its apex, nor empty; none where nothing but loops is asked for.
    pub(super) hollow: Held<u32>,
}

impl Apexes {
    pub(super) fn new(
        filtration: &EdgeFiltration,
        max_dim: usize,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let n_blocks = filtration.len().div_ceil(BLOCK);
        let sweep = |_| Sweep::new(filtration, 0, control.budget());
        let sweeps: Result<Vec<Sweep>, Error> = (0..n_threads.min(n_blocks)).map(sweep).collect();
        let work = |sweep: &mut Sweep, block: usize, pulse: &Pulse| {
            let ranks = block_of(filtration, block, BLOCK);
            let mut apexes = Self {
                by_edge: Held::with_capacity(pulse.budget(), ranks.len())?,
                hollow: Held::new(pulse.budget()),
            };
            sweep.forget_winners();
            for rank in ranks {
                pulse.beat(block, n_blocks)?;
                sweep.advance_to(rank);
                apexes.look(filtration, max_dim, sweep)?;
            }
            Ok(apexes)
        };
        let blocks = in_blocks(&mut sweeps?, 0..n_blocks, control, "sweep", work)?;
        let mut whole = Self {
            by_edge: Held::with_capacity(control.budget(), filtration.len())?,
            hollow: Held::new(control.budget()),
        };
        for block in blocks {
            let tick = |work| control.tick(work);
            whole.by_edge.copy_in_chunks(&block.by_edge, tick)?;
            whole.hollow.copy_in_chunks(&block.hollow, tick)?;
        }
        Ok(whole)
    }

    /// Looks at the edge at which `sweep` stands.
    fn look(
        &mut self,
        filtration: &EdgeFiltration,
        max_dim: usize,
        sweep: &mut Sweep,
    ) -> Result<(), Error> {
        let rank = sweep.at();
        let [end, _] = filtration.ends(rank);
        if !sweep.open() {
            return self.by_edge.push(end);
        }
        if max_dim == 1 {
            // Columns are edges alone, and those without a lune.
            return self.by_edge.push(sweep.first().unwrap_or(end));
        }
        if let Some(apex) = sweep.dominator()? {
            return self.by_edge.push(apex);
        }
        let (graph, lune) = sweep.graph()?;
        let busiest = graph.busiest(lune).map(|v| graph.name(v));
        self.hollow.push(rank)?;
        self.by_edge.push(busiest.unwrap_or(end))
    }
}
