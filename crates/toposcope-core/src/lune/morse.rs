//! Every degree: the Morse complex on the critical cells, and its reduction.
//!
//! A cell that is not critical flows: if its partner has one vertex more, it equals, up to the boundary of that partner, the
//! partner's other facets; if its partner has one vertex less, it equals nothing. So the boundary of a critical cell becomes
//! a sum of critical cells, found lazily and remembered.

use super::matching::{Matching, Node, Role, Room};
use super::rows::block_of;
use super::sweep::Sweep;
use crate::filtration::{EdgeFiltration, RankedInterval};
use crate::parallel::{Pulse, in_blocks};
use crate::reduction::{Column, Field, Memo, Reduction, add_multiple};
use crate::simplex::{Key, Packing, Simplex};
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// Edges settled at a time by one thread. The same for any number of threads.
const BLOCK: usize = 4096;

/// What became of an edge: how the cells over it are matched.
#[derive(Debug, Clone, Copy)]
enum Settled {
    /// Its lune is empty: it is critical itself.
    Bare,
    /// Its lune is a cone over this vertex.
    Cone(u32),
    /// Its lune has a matching of its own, at this place.
    Tree(u32),
}

/// A critical cell and the edge that brings it in.
#[derive(Debug, Clone, Copy)]
struct Critical {
    rank: u32,
    cell: Simplex,
}

/// The matching on all cells of the filtration, and the critical ones in filtration order.
#[derive(Debug, Default)]
struct Settlement {
    edges: Vec<Settled>,
    trees: Vec<Node>,
    critical: Vec<Critical>,
}

impl Settlement {
    fn new(
        filtration: &EdgeFiltration,
        max_dim: usize,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let n_blocks = filtration.len().div_ceil(BLOCK);
        let threads = 0..n_threads.min(n_blocks);
        let worker = |_| (Sweep::new(filtration), Room::default());
        let mut workers: Vec<(Sweep, Room)> = threads.map(worker).collect();
        let work = |(sweep, room): &mut (Sweep, Room), block: usize, pulse: &Pulse| {
            let mut settlement = Self::default();
            sweep.forget_winners();
            for rank in block_of(filtration, block, BLOCK) {
                pulse.beat(block, n_blocks)?;
                sweep.advance_to(rank);
                settlement.settle(filtration, sweep, max_dim, room, pulse)?;
            }
            Ok(settlement)
        };
        let blocks = in_blocks(&mut workers, 0..n_blocks, control, "sweep", work)?;
        let mut whole = Self::default();
        for block in blocks {
            whole.append(block);
        }
        Ok(whole)
    }

    /// Settles the edge at which `sweep` stands.
    fn settle(
        &mut self,
        filtration: &EdgeFiltration,
        sweep: &mut Sweep,
        max_dim: usize,
        room: &mut Room,
        pulse: &Pulse,
    ) -> Result<(), Error> {
        let rank = sweep.at();
        let [a, b] = filtration.ends(rank);
        if !sweep.open() {
            let cell = Simplex::new([a, b]);
            self.critical.push(Critical { rank, cell });
            self.edges.push(Settled::Bare);
            return Ok(());
        }
        if let Some(apex) = sweep.dominator() {
            self.edges.push(Settled::Cone(apex));
            return Ok(());
        }
        let (graph, alive) = sweep.graph();
        let (node, mut cliques) = Matching::build(graph, alive, max_dim, room, pulse)?;
        cliques.sort_unstable_by(|x, y| x.len().cmp(&y.len()).then_with(|| x.cmp(y)));
        self.critical
            .extend(cliques.into_iter().map(|clique| Critical {
                rank,
                cell: Simplex::new(clique.into_iter().chain([a, b])),
            }));
        if let Some(apex) = node.apex() {
            self.edges.push(Settled::Cone(apex));
        } else {
            self.edges.push(Settled::Tree(self.trees.len() as u32));
            self.trees.push(node);
        }
        Ok(())
    }

    fn append(&mut self, block: Self) {
        let trees_before = self.trees.len() as u32;
        self.edges
            .extend(block.edges.into_iter().map(|edge| match edge {
                Settled::Tree(tree) => Settled::Tree(trees_before + tree),
                other => other,
            }));
        self.trees.extend(block.trees);
        self.critical.extend(block.critical);
    }

    /// What the cell over edge `rank` with these other vertices does.
    fn role(&self, rank: u32, others: &mut Vec<u32>) -> Role {
        match self.edges[rank as usize] {
            Settled::Bare => Role::Critical,
            Settled::Cone(apex) => Role::Toggle(apex),
            Settled::Tree(tree) => self.trees[tree as usize].role(others),
        }
    }
}

/// All intervals of dimensions `1..=max_dim`, those of zero length included.
pub(crate) fn intervals<F: Field>(
    field: F,
    filtration: &EdgeFiltration,
    max_dim: usize,
    n_threads: usize,
    control: &Control,
) -> Result<Vec<RankedInterval>, Error> {
    let packing = Packing::new(filtration.n(), max_dim)?;
    let settlement = Settlement::new(filtration, max_dim, n_threads, control)?;
    let mut morse = Morse {
        field,
        filtration,
        packing,
        settlement: &settlement,
        flows: Memo::new(),
        reduction: Reduction::new(field, settlement.critical.len()),
        room: Vec::new(),
    };
    let deaths = morse.pair(max_dim, control)?;
    let critical = settlement.critical.iter().zip(deaths);
    Ok(critical
        .filter_map(|(born, fate)| match fate {
            Fate::Lives if born.cell.dim() <= max_dim => Some((born.cell.dim(), born.rank, None)),
            Fate::DiesAt(rank) => Some((born.cell.dim(), born.rank, Some(rank))),
            _ => None,
        })
        .collect())
}

/// What a critical cell does to homology.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// It ends a class.
    Kills,
    /// It begins a class that does not end.
    Lives,
    /// It begins a class that ends with this edge.
    DiesAt(u32),
}

struct Morse<'s, F: Field> {
    field: F,
    filtration: &'s EdgeFiltration,
    packing: Packing,
    settlement: &'s Settlement,
    /// By cell: what it amounts to in terms of the critical cells that begin classes.
    flows: Memo<Key, F>,
    reduction: Reduction<F>,
    room: Column<F>,
}

impl<F: Field> Morse<'_, F> {
    /// Passes over the critical cells in filtration order and finds what each of them does.
    fn pair(&mut self, max_dim: usize, control: &Control) -> Result<Vec<Fate>, Error> {
        let critical = &self.settlement.critical;
        let mut components = UnionFind::new(self.filtration.n(), control)?;
        let mut fates = Vec::with_capacity(critical.len());
        let mut alive = vec![0usize; max_dim + 2];
        for (at, &Critical { rank, cell }) in critical.iter().enumerate() {
            control.poll("reduction", at, critical.len())?;
            let dim = cell.dim();
            let ends_class = if dim == 1 {
                components.join(cell.vertices()[0], cell.vertices()[1])
            } else if alive[dim - 1] > 0 {
                let column = self.boundary(&cell, control)?;
                let loser = self.reduction.push(column, control)?;
                if let Some(loser) = loser {
                    fates[loser as usize] = Fate::DiesAt(rank);
                    alive[dim - 1] -= 1;
                }
                loser.is_some()
            } else {
                false
            };
            fates.push(if ends_class { Fate::Kills } else { Fate::Lives });
            alive[dim] += usize::from(!ends_class);
            if dim <= max_dim {
                // A cell that ends a class is never a pivot; its row can be left out.
                let unit = [(at as u32, self.field.one())];
                let flow = if ends_class { &[] } else { &unit[..] };
                self.flows.insert(self.packing.pack(&cell), flow);
            }
        }
        Ok(fates)
    }

    /// The boundary of a critical cell in the Morse complex.
    fn boundary(&mut self, cell: &Simplex, control: &Control) -> Result<Column<F>, Error> {
        let mut column = Vec::new();
        for position in 0..cell.vertices().len() {
            let facet = cell.without(position);
            self.settle(facet, control)?;
            if let Some(flow) = self.flows.get(&self.packing.pack(&facet)) {
                let sign = self.field.sign(position);
                add_multiple(self.field, &mut column, sign, flow, &mut self.room);
            }
        }
        Ok(column)
    }

    /// Makes the flow of a cell known. With a stack of its own: paths can be as long as there are cells.
    fn settle(&mut self, cell: Simplex, control: &Control) -> Result<(), Error> {
        let mut stack = vec![(cell, None)];
        while let Some(&mut (cell, ref mut partner)) = stack.last_mut() {
            control.tick(1)?;
            let key = self.packing.pack(&cell);
            if self.flows.contains(&key) {
                stack.pop();
            } else if let Some(vertex) = *partner {
                let flow = self.flow_through(&cell, vertex);
                self.flows.insert(key, &flow);
                stack.pop();
            } else if let Some(vertex) = self.partner_above(&cell) {
                *partner = Some(vertex);
                let above = cell.with(vertex);
                let own = above.position(vertex);
                for position in (0..above.vertices().len()).filter(|&p| p != own) {
                    let facet = above.without(position);
                    if !self.flows.contains(&self.packing.pack(&facet)) {
                        stack.push((facet, None));
                    }
                }
            } else {
                self.flows.insert(key, &[]);
                stack.pop();
            }
        }
        Ok(())
    }

    /// The vertex that makes `cell` its partner, if the partner is the larger of the two.
    fn partner_above(&self, cell: &Simplex) -> Option<u32> {
        let vertices = cell.vertices();
        let rank = self.filtration.longest_edge(vertices)?;
        let ends = self.filtration.ends(rank);
        let others = vertices.iter().copied().filter(|v| !ends.contains(v));
        match self.settlement.role(rank, &mut others.collect()) {
            Role::Toggle(vertex) if !vertices.contains(&vertex) => Some(vertex),
            Role::Toggle(_) => None,
            Role::Critical => {
                debug_assert!(
                    false,
                    "critical cells are known before anything flows to them"
                );
                None
            }
        }
    }

    /// The boundary of the partner, solved for `cell`: its other facets, whose flows are known.
    fn flow_through(&mut self, cell: &Simplex, vertex: u32) -> Column<F> {
        let above = cell.with(vertex);
        let own = above.position(vertex);
        let mut flow = Vec::new();
        for position in (0..above.vertices().len()).filter(|&p| p != own) {
            let key = self.packing.pack(&above.without(position));
            if let Some(known) = self.flows.get(&key) {
                // The sign of `cell` is its own inverse.
                let factor = self.field.negate(self.field.sign(own + position));
                add_multiple(self.field, &mut flow, factor, known, &mut self.room);
            }
        }
        flow
    }
}
