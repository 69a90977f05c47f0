//! The columns of the reduction: simplices that may begin a class.

use super::cells::Cells;
use super::pivots::Pivots;
use crate::lune::{Graph, Sweep, bits};
use crate::memory::Held;
use crate::parallel::{Pulse, in_blocks};
use crate::reduction::Field;
use crate::simplex::Key;
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// Hollow edges searched in one go by one thread. The same for any number of threads.
const BLOCK: usize = 64;

/// A sweep, and room for the sets of a search.
type Worker<'f> = (Sweep<'f>, Vec<Vec<u64>>);

/// The edges that close a loop and have an empty lune, last first: all others join components, or are in apparent pairs.
pub(super) fn closing_edges<K: Key>(cells: Cells<K>, control: &Control) -> Result<Held<K>, Error> {
    let filtration = cells.filtration();
    let mut components = UnionFind::new(filtration.n(), control)?;
    let mut closing = Held::new(control.budget());
    // Whoever has a vertex in its lune joins nothing: there is a way over that vertex.
    for rank in (0..filtration.len() as u32).filter(|&rank| cells.is_bare(rank)) {
        control.poll("apparent pairs", rank as usize, filtration.len())?;
        let [a, b] = filtration.ends(rank);
        if !components.join(a, b) {
            closing.push(cells.edge(rank))?;
        }
    }
    closing.reverse();
    Ok(closing)
}

/// The simplices of dimension `dim + 1` that end no class and are in no apparent pair, last first.
pub(super) fn above<K: Key, F: Field>(
    cells: Cells<K>,
    dim: usize,
    pivots: &Pivots<K, F>,
    n_threads: usize,
    control: &Control,
) -> Result<Held<K>, Error> {
    let hollow = cells.hollow();
    let n_blocks = hollow.len().div_ceil(BLOCK);
    let worker = |_| {
        let sweep = Sweep::new(cells.filtration(), dim, control.budget())?;
        Ok((sweep, vec![Vec::new(); dim]))
    };
    let workers: Result<Vec<Worker>, Error> = (0..n_threads.min(n_blocks)).map(worker).collect();
    let work = |(sweep, sets): &mut Worker, block: usize, pulse: &Pulse| {
        let mut columns = Held::new(pulse.budget());
        for &rank in hollow.iter().skip(block * BLOCK).take(BLOCK) {
            pulse.beat(block, n_blocks)?;
            sweep.advance_to(rank);
            sweep.open();
            let (graph, lune) = sweep.graph()?;
            let Some(apex) = graph.place(cells.apex(rank)) else {
                continue;
            };
            let search = Search {
                cells,
                graph,
                apex,
                pulse,
            };
            sets[0].clear();
            sets[0].extend_from_slice(lune);
            bits::remove(&mut sets[0], apex);
            search.extend(cells.edge(rank), 0, true, sets, &mut columns)?;
        }
        columns.retain(|&column| !pivots.contains(column));
        columns.sort_unstable();
        Ok(columns)
    };
    let blocks = in_blocks(&mut workers?, 0..n_blocks, control, "apparent pairs", work)?;
    let total = blocks.iter().map(|block| block.len()).sum();
    let mut columns = Held::with_capacity(control.budget(), total)?;
    for block in blocks.iter().rev() {
        columns.copy_in_chunks(block, |work| control.tick(work))?;
    }
    Ok(columns)
}

/// The search for columns over one edge.
struct Search<'a, K> {
    cells: Cells<'a, K>,
    graph: Graph<'a>,
    apex: usize,
    pulse: &'a Pulse<'a>,
}

impl<K: Key> Search<'_, K> {
    /// Adds the columns that extend `cell`, which has `n_others` others, the apex not among them, by vertices larger than those until
    /// there are as many as there are sets. The first set: the vertices larger than its others that are adjacent to all of `cell`, but for the
    /// apex; `near_apex`: whether the apex is.
    ///
    /// The first cofacet of `cell` is that with the apex, or else that with the largest vertex. So each column has at its end, or
    /// before it, a vertex that is not adjacent to that one: where there is none, nothing is left to find.
    fn extend(
        &self,
        cell: K,
        n_others: usize,
        near_apex: bool,
        sets: &mut [Vec<u64>],
        columns: &mut Held<K>,
    ) -> Result<(), Error> {
        self.pulse.tick()?;
        let Some((common, sets)) = sets.split_first_mut() else {
            return Ok(());
        };
        let first = if near_apex {
            Some(self.apex)
        } else {
            bits::last(common)
        };
        let Some(first) = first else {
            return Ok(());
        };
        let far = |v: &usize| *v != first && !bits::contains(self.graph.row(first), *v);
        if sets.is_empty() {
            // Adjacent to the apex: whoever is far from it has no cofacet with it, and is no cofacet with it.
            for v in bits::ones(common).filter(far) {
                if !bits::meet_above(common, self.graph.row(v), v) {
                    let vertex = self.graph.name(v);
                    columns.push(self.cells.with_last(cell, n_others, vertex))?;
                }
            }
            return Ok(());
        }
        let n_common = bits::count_common(common, common);
        let reachable = n_common > sets.len() + usize::from(!near_apex);
        if !reachable || bits::first_outside(common, self.graph.row(first), first).is_none() {
            return Ok(());
        }
        for v in bits::ones(common) {
            let row = self.graph.row(v);
            bits::common_above(&mut sets[0], common, row, v);
            let cell = self.cells.with_last(cell, n_others, self.graph.name(v));
            let near_apex = near_apex && bits::contains(row, self.apex);
            self.extend(cell, n_others + 1, near_apex, sets, columns)?;
        }
        Ok(())
    }
}
