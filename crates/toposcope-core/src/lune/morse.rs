//! Every degree: the Morse complex on the critical cells, and its reduction.
//!
//! A cell that is not critical flows: if its partner has one vertex more, it equals, up to the boundary of that partner, the
//! partner's other facets; if its partner has one vertex less, it equals nothing. So the boundary of a critical cell becomes
//! a sum of critical cells, found lazily and remembered.

use super::forest::{Forest, Role, Tree};
use super::matching::{Matching, Room};
use super::rows::block_of;
use super::sweep::Sweep;
use crate::filtration::{EdgeFiltration, RankedInterval};
use crate::memory::{Budget, Held, Lease};
use crate::parallel::{Pulse, in_blocks};
use crate::reduction::{Column, Field, Memo, Reduction, add_multiple, bytes_to_add};
use crate::simplex::{Key, Packing, Simplex};
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// Edges settled at a time by one thread. The same for any number of threads.
const BLOCK: usize = 4096;

/// What a tree takes, most of the time; lunes without geometry have larger ones.
const BYTES_OF_TREE: usize = 144;

/// A critical cell and the edge that brings it in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Critical {
    pub(crate) rank: u32,
    pub(crate) cell: Simplex,
}

/// The matching on all cells of the filtration, and the critical ones in filtration order.
#[derive(Debug)]
pub(crate) struct Settlement {
    /// As the threads have made them, one per block of edges: nothing is copied.
    blocks: Held<Block>,
    critical: Held<Critical>,
}

/// The matching on the cells over some edges.
#[derive(Debug)]
struct Block {
    /// By edge: a leaf for one that is critical itself, as its lune is empty, and for one whose lune is a cone.
    edges: Held<Tree>,
    forest: Forest,
}

impl Settlement {
    pub(crate) fn new(
        filtration: &EdgeFiltration,
        max_dim: usize,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        if filtration.n() >= Tree::MOST_VERTICES {
            let expected = "fewer than 2^31 points for max_dim of 2 or more";
            return Err(Error::invalid("input", expected, filtration.n()));
        }
        let n_blocks = filtration.len().div_ceil(BLOCK);
        let n_sets = Room::most_sets(max_dim);
        let worker = |_| {
            let sweep = Sweep::new(filtration, n_sets, control.budget())?;
            Ok((sweep, Room::default()))
        };
        let workers: Result<Vec<(Sweep, Room)>, Error> =
            (0..n_threads.min(n_blocks)).map(worker).collect();
        let work = |(sweep, room): &mut (Sweep, Room), block: usize, pulse: &Pulse| {
            let mut settler = Settler::new(filtration, max_dim, pulse.budget());
            sweep.forget_winners();
            for rank in block_of(filtration, block, BLOCK) {
                pulse.beat(block, n_blocks)?;
                sweep.advance_to(rank);
                settler.settle(sweep, room, pulse)?;
            }
            Ok(settler.finish())
        };
        let settled = in_blocks(&mut workers?, 0..n_blocks, control, "sweep", work)?;
        let mut blocks = Held::with_capacity(control.budget(), n_blocks)?;
        let n_critical = settled.iter().map(|(_, critical)| critical.len()).sum();
        let mut all_critical = Held::with_capacity(control.budget(), n_critical)?;
        for (block, critical) in settled {
            blocks.push(block)?;
            all_critical.copy_in_chunks(&critical, |work| control.tick(work))?;
        }
        Ok(Self {
            blocks,
            critical: all_critical,
        })
    }

    /// Bytes of the sweeps over `n` vertices, each of which has at most `most` neighbours.
    pub(crate) fn bytes_of_sweeps(
        n: usize,
        n_edges: usize,
        most: Option<usize>,
        max_dim: usize,
        n_threads: usize,
    ) -> usize {
        let in_rows = Sweep::is_in_rows(n, n_edges, most.is_some());
        let n_sets = Room::most_sets(max_dim);
        let sweep = Sweep::bytes(n, most.unwrap_or(n), n_sets, in_rows);
        sweep * n_threads.min(n_edges.div_ceil(BLOCK))
    }

    /// Bytes set aside for so many edges while they are settled, if so many of them have a tree; critical cells included.
    pub(crate) fn bytes(n_edges: usize, n_trees: usize, n_critical: usize) -> usize {
        let settled = n_edges * size_of::<Tree>() + n_trees * BYTES_OF_TREE;
        let growing = Held::<Tree>::bytes_while_growing(n_edges.min(BLOCK));
        // Once by block and once in all.
        let critical = n_critical * size_of::<Critical>();
        settled + growing + critical + Held::<Critical>::bytes_while_growing(n_critical)
    }

    /// The critical cells of up to one dimension more than was asked for, in filtration order.
    pub(crate) fn critical(&self) -> &[Critical] {
        &self.critical
    }

    /// What the cell over edge `rank` with these other vertices does.
    pub(crate) fn role(&self, rank: u32, others: &mut Vec<u32>) -> Role {
        let block = &self.blocks[rank as usize / BLOCK];
        block
            .forest
            .role(block.edges[rank as usize % BLOCK], others)
    }
}

/// Settles the edges of one block.
struct Settler<'f> {
    filtration: &'f EdgeFiltration,
    max_dim: usize,
    block: Block,
    critical: Held<Critical>,
}

impl<'f> Settler<'f> {
    fn new(filtration: &'f EdgeFiltration, max_dim: usize, budget: &Budget) -> Self {
        Self {
            filtration,
            max_dim,
            block: Block {
                edges: Held::new(budget),
                forest: Forest::new(budget),
            },
            critical: Held::new(budget),
        }
    }

    /// Settles the edge at which `sweep` stands.
    fn settle(&mut self, sweep: &mut Sweep, room: &mut Room, pulse: &Pulse) -> Result<(), Error> {
        let rank = sweep.at();
        let ends = self.filtration.ends(rank);
        if !sweep.open() {
            let cell = Simplex::new(ends);
            self.critical.push(Critical { rank, cell })?;
            return self.block.edges.push(Tree::leaf(Role::Critical));
        }
        if let Some(apex) = sweep.dominator()? {
            return self.block.edges.push(Tree::leaf(Role::Toggle(apex)));
        }
        let (graph, alive) = sweep.graph()?;
        let room = (room, &mut self.block.forest);
        let (tree, mut cells) = Matching::build(graph, ends, alive, self.max_dim, room, pulse)?;
        cells.sort_unstable_by_key(|cell| (cell.dim(), *cell));
        let critical = cells.iter().map(|&cell| Critical { rank, cell });
        self.critical.extend(critical)?;
        self.block.edges.push(tree)
    }

    /// What has been settled, without room for more.
    fn finish(mut self) -> (Block, Held<Critical>) {
        self.block.edges.shrink_to_fit();
        self.block.forest.shrink_to_fit();
        (self.block, self.critical)
    }
}

/// All intervals of dimensions `1..=max_dim`, those of zero length included.
pub(crate) fn intervals<F: Field>(
    field: F,
    filtration: &EdgeFiltration,
    max_dim: usize,
    n_threads: usize,
    control: &Control,
) -> Result<Held<RankedInterval>, Error> {
    let settlement = Settlement::new(filtration, max_dim, n_threads, control)?;
    let deaths = if let Ok(packing) = Packing::<u64>::new(filtration.n(), max_dim) {
        fates(field, filtration, packing, &settlement, max_dim, control)?
    } else {
        let packing = Packing::<u128>::new(filtration.n(), max_dim)?;
        fates(field, filtration, packing, &settlement, max_dim, control)?
    };
    let critical = settlement.critical.iter().zip(deaths);
    let intervals = critical.filter_map(|(born, fate)| match fate {
        Fate::Lives if born.cell.dim() <= max_dim => Some((born.cell.dim(), born.rank, None)),
        Fate::DiesAt(rank) => Some((born.cell.dim(), born.rank, Some(rank))),
        _ => None,
    });
    let mut held = Held::new(control.budget());
    held.extend(intervals)?;
    Ok(held)
}

/// What each of the critical cells does.
fn fates<K: Key, F: Field>(
    field: F,
    filtration: &EdgeFiltration,
    packing: Packing<K>,
    settlement: &Settlement,
    max_dim: usize,
    control: &Control,
) -> Result<Held<Fate>, Error> {
    let mut n_rows = vec![0; max_dim + 2];
    for critical in &settlement.critical {
        n_rows[critical.cell.dim()] += 1;
    }
    let classes = n_rows.into_iter().map(|n| Classes {
        births: Held::new(control.budget()),
        n_alive: 0,
        deaths: Reduction::new(field, n, control.budget()),
    });
    let mut morse = Morse {
        field,
        filtration,
        packing,
        settlement,
        flows: Memo::new(control.budget()),
        classes: classes.collect(),
        pending: Held::new(control.budget()),
        others: Vec::new(),
        room: Vec::new(),
        scratch: control.budget().lease(),
    };
    morse.pair(max_dim, control)
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

struct Morse<'s, K: Key, F: Field> {
    field: F,
    filtration: &'s EdgeFiltration,
    packing: Packing<K>,
    settlement: &'s Settlement,
    /// By cell: what it amounts to in terms of the critical cells that begin classes.
    flows: Memo<K, F>,
    /// By dimension.
    classes: Vec<Classes<F>>,
    /// Cells whose flows are being found, with whatever their flows depend on above them.
    pending: Held<Pending<K>>,
    /// Scratch space.
    others: Vec<u32>,
    room: Column<F>,
    /// Covers the columns that are added up.
    scratch: Lease,
}

/// The classes of one dimension.
struct Classes<F: Field> {
    /// The critical cells that begin them: their places among all of them. A row is a class, by its place here.
    births: Held<u32>,
    n_alive: usize,
    /// The columns of the cells that end them.
    deaths: Reduction<F>,
}

/// A cell whose flow is being found.
#[derive(Debug, Clone, Copy)]
struct Pending<K> {
    cell: K,
    /// The rank of its longest edge, if a cell that it is a facet of has the same.
    rank: Option<u32>,
    /// Once its partner is known to be larger: the vertex that makes it so, and its place there.
    above: Option<(u32, usize)>,
}

impl<K: Key, F: Field> Morse<'_, K, F> {
    /// Passes over the critical cells in filtration order and finds what each of them does.
    fn pair(&mut self, max_dim: usize, control: &Control) -> Result<Held<Fate>, Error> {
        let critical = &self.settlement.critical;
        let mut components = UnionFind::new(self.filtration.n(), control)?;
        let mut fates = Held::with_capacity(control.budget(), critical.len())?;
        for (at, &Critical { rank, cell }) in critical.iter().enumerate() {
            control.poll("reduction", at, critical.len())?;
            let dim = cell.dim();
            let key = self.packing.pack(&cell);
            let ends_class = if dim == 1 {
                components.join(cell.vertices()[0], cell.vertices()[1])
            } else if self.classes[dim - 1].n_alive > 0 {
                let column = self.boundary(key, dim, control)?;
                let classes = &mut self.classes[dim - 1];
                let ended = classes.deaths.push(column, control)?;
                if let Some(row) = ended {
                    fates[classes.births[row as usize] as usize] = Fate::DiesAt(rank);
                    classes.n_alive -= 1;
                }
                ended.is_some()
            } else {
                false
            };
            fates.push(if ends_class { Fate::Kills } else { Fate::Lives })?;
            let row = self.classes[dim].births.len() as u32;
            if !ends_class {
                self.classes[dim].births.push(at as u32)?;
                self.classes[dim].n_alive += 1;
            }
            if dim <= max_dim {
                // A cell that ends a class is never a pivot; its row can be left out.
                let unit = [(row, self.field.one())];
                let flow = if ends_class { &[] } else { &unit[..] };
                self.flows.insert(self.field, key, flow)?;
            }
        }
        Ok(fates)
    }

    /// The boundary of a critical cell in the Morse complex.
    fn boundary(&mut self, cell: K, dim: usize, control: &Control) -> Result<Column<F>, Error> {
        let mut column = Vec::new();
        for position in 0..=dim {
            let facet = self.packing.without(cell, position);
            self.settle(facet, dim - 1, control)?;
            if let Some(flow) = self.flows.get(facet) {
                let sign = self.field.sign(position);
                let n = column.len() + flow.len();
                self.scratch.cover(bytes_to_add::<F>(n))?;
                add_multiple(self.field, &mut column, sign, flow, &mut self.room);
            }
        }
        Ok(column)
    }

    /// Makes the flow of a cell known. With a stack of its own: paths can be as long as there are cells.
    fn settle(&mut self, cell: K, dim: usize, control: &Control) -> Result<(), Error> {
        let asked = Pending {
            cell,
            rank: None,
            above: None,
        };
        self.pending.clear();
        self.pending.push(asked)?;
        while let Some(&Pending { cell, rank, above }) = self.pending.last() {
            control.tick(1)?;
            if self.flows.contains(cell) {
                self.pending.pop();
            } else if let Some((vertex, own)) = above {
                let flow = self.flow_through(self.packing.with(cell, own, vertex), dim, own)?;
                self.flows.insert(self.field, cell, &flow)?;
                self.pending.pop();
            } else {
                self.look_above(cell, dim, rank)?;
            }
        }
        Ok(())
    }

    /// Finds the partner of the topmost pending cell, and puts the other facets above it if the partner is the larger of the
    /// two. If not, the cell equals nothing.
    fn look_above(&mut self, cell: K, dim: usize, rank: Option<u32>) -> Result<(), Error> {
        let simplex = self.packing.unpack(cell, dim);
        let vertices = simplex.vertices();
        let longest = rank.or_else(|| self.filtration.longest_edge(vertices));
        debug_assert!(
            longest.is_some(),
            "vertices are no facets of what has a column"
        );
        let rank = longest.unwrap_or_default();
        let ends = self.filtration.ends(rank);
        self.others.clear();
        (self.others).extend(vertices.iter().filter(|v| !ends.contains(v)));
        let role = self.settlement.role(rank, &mut self.others);
        debug_assert_ne!(role, Role::Critical, "known before anything flows to it");
        let vertex = match role {
            Role::Toggle(vertex) if !vertices.contains(&vertex) => vertex,
            _ => {
                self.pending.pop();
                return self.flows.insert(self.field, cell, &[]);
            }
        };
        let own = simplex.position(vertex);
        if let Some(asked) = self.pending.last_mut() {
            asked.above = Some((vertex, own));
        }
        let above = self.packing.with(cell, own, vertex);
        for (position, v) in simplex.with(vertex).vertices().iter().enumerate() {
            let facet = self.packing.without(above, position);
            if position != own && !self.flows.contains(facet) {
                self.pending.push(Pending {
                    cell: facet,
                    // Without one of its ends, another edge is the longest.
                    rank: (!ends.contains(v)).then_some(rank),
                    above: None,
                })?;
            }
        }
        Ok(())
    }

    /// The boundary of `above` solved for the facet without its vertex at `own`, whose partner it is: the other facets,
    /// whose flows are known.
    fn flow_through(&mut self, above: K, dim: usize, own: usize) -> Result<Column<F>, Error> {
        let mut flow = Vec::new();
        for position in (0..=dim + 1).filter(|&p| p != own) {
            if let Some(known) = self.flows.get(self.packing.without(above, position)) {
                // The sign of the facet is its own inverse.
                let factor = self.field.negate(self.field.sign(own + position));
                let n = flow.len() + known.len();
                self.scratch.cover(bytes_to_add::<F>(n))?;
                add_multiple(self.field, &mut flow, factor, known, &mut self.room);
            }
        }
        Ok(flow)
    }
}
