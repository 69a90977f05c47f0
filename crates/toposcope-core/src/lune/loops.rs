//! Degree 1: a lune matters through its emptiness and its components alone.
//!
//! - An empty lune makes the edge critical: it joins two components, or gives birth to a loop.
//! - Otherwise the edge is matched with the triangle over the vertex of the lune nearest to both its ends, and every component
//!   of the lune without that vertex has one critical triangle, which may end a loop.
//!
//! So a column has a row per loop ever born, and there are as many columns as components in excess: both few.

use super::around::{Around, Found};
use super::rows::{Rows, block_of};
use crate::filtration::{EdgeFiltration, Neighbours};
use crate::memory::{Held, Lease};
use crate::parallel::{Pulse, in_blocks, in_order};
use crate::reduction::{Column, Field, Memo, Reduction, add_multiple, bytes_to_add};
use crate::simd::{Work, vectorized};
use crate::sorting::sort_slice;
use crate::union_find::UnionFind;
use crate::{Control, Error};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicU32, Ordering};

/// Edges swept at a time by one thread.
const BLOCK: usize = 2048;
/// Vertices whose edges one thread looks at at a time.
const VERTICES: usize = 64;
/// Rows of bits are passed over faster than lists of neighbours while there are at most so many pairs of vertices per edge.
const PLACES_PER_EDGE: usize = 128;

/// The loops of a filtration: who is born, who dies where, and which loops a chain of edges winds around.
#[derive(Debug)]
pub(crate) struct Loops<F: Field> {
    field: F,
    /// Ranks of the edges that join components, ascending.
    forest: Held<u32>,
    /// Ranks of the edges that give birth to a loop, ascending. A loop is its position here.
    births: Held<u32>,
    /// Ranks of the edges with which the loops die.
    deaths: Held<Option<u32>>,
    n_dead: usize,
    /// By rank of an edge: what it amounts to in terms of the loops.
    flows: Memo<u32, F>,
    reduction: Reduction<F>,
    room: Column<F>,
    /// Covers the columns that are added up.
    scratch: Lease,
}

/// Bytes of what threads hold while they look at the lunes of so many edges: rows of bits, or what lists are spread out over.
pub(crate) fn bytes_of_sweeps(n: usize, n_edges: usize, in_rows: bool, n_threads: usize) -> usize {
    if in_rows {
        return Rows::bytes(n) * n_threads.min(n_edges.div_ceil(BLOCK));
    }
    Around::bytes(n) * n_threads.min(n.div_ceil(VERTICES))
}

/// Whether rows of bits are passed over where ranks are in lists and edges are given in stages.
pub(crate) fn passes_rows(n: usize, n_edges: usize) -> bool {
    n * n / PLACES_PER_EDGE <= n_edges
}

/// An edge whose flow is being found: with its triangle's two other edges, once they are known.
type Pending<F> = (u32, Option<[(u32, <F as Field>::Element); 2]>);

impl<F: Field> Loops<F> {
    /// Finds every birth and every death.
    pub(crate) fn new(
        field: F,
        filtration: &EdgeFiltration,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let lists = filtration.neighbour_lists();
        let found = match lists {
            Some(lists) => look_around(filtration, lists, 0, n_threads, control)?,
            None => Found {
                bare: bare_edges(filtration, n_threads, control)?,
                triangles: Held::new(control.budget()),
            },
        };
        let mut components = UnionFind::new(filtration.n(), control)?;
        let (mut forest, mut births) = (Held::new(control.budget()), Held::new(control.budget()));
        for &rank in &found.bare {
            let [a, b] = filtration.ends(rank);
            let joins = components.join(a, b);
            if joins { &mut forest } else { &mut births }.push(rank)?;
        }
        drop((found.bare, components));
        let mut loops = Self::born(field, births, control)?;
        loops.join(&forest)?;
        if lists.is_some() {
            loops.add_triangles(filtration, found.triangles, control)?;
        } else {
            loops.sweep_rows(filtration, 0, n_threads, control)?;
        }
        Ok(loops)
    }

    /// The loops that edges of these ranks, ascending, give birth to. None has died yet, and nothing has been joined.
    pub(crate) fn born(field: F, births: Held<u32>, control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        let mut flows = Memo::new(budget);
        for (birth, &rank) in births.iter().enumerate() {
            flows.insert(field, rank, &[(birth as u32, field.one())])?;
        }
        Ok(Self {
            field,
            forest: Held::new(budget),
            deaths: Held::filled(budget, None, births.len(), |work| control.tick(work))?,
            n_dead: 0,
            reduction: Reduction::new(field, births.len(), budget),
            births,
            flows,
            room: Vec::new(),
            scratch: budget.lease(),
        })
    }

    /// Takes in the next edges that join components.
    pub(crate) fn join(&mut self, ranks: &[u32]) -> Result<(), Error> {
        for &rank in ranks {
            self.flows.insert(self.field, rank, &[])?;
        }
        self.forest.extend_from_slice(ranks)
    }

    /// Goes on to the end of a filtration that has grown since all edges before rank `from` were looked at. All its edges with
    /// empty lunes are known.
    pub(crate) fn go_on(
        &mut self,
        filtration: &EdgeFiltration,
        from: u32,
        n_threads: usize,
        control: &Control,
    ) -> Result<(), Error> {
        let n = filtration.n();
        match filtration.neighbour_lists() {
            Some(lists) if !passes_rows(n, filtration.len()) => {
                let found = look_around(filtration, lists, from, n_threads, control)?;
                self.add_triangles(filtration, found.triangles, control)
            }
            _ => self.sweep_rows(filtration, from, n_threads, control),
        }
    }

    /// Whether every loop ever born has died.
    pub(crate) fn all_dead(&self) -> bool {
        self.n_dead == self.births.len()
    }

    /// Ranks of the edges at which each loop is born and dies, in order of birth.
    pub(crate) fn intervals(&self) -> impl Iterator<Item = (u32, Option<u32>)> + '_ {
        self.births.iter().copied().zip(self.deaths.iter().copied())
    }

    /// Ranks of the edges of the minimum spanning forest, ascending.
    pub(crate) fn forest(&self) -> &[u32] {
        &self.forest
    }

    /// Number of loops ever born.
    pub(crate) fn len(&self) -> usize {
        self.births.len()
    }

    /// Rewrites a combination of loops in terms of those that are alive once the edges before rank `end` are in. Only its
    /// homology class there matters; zero is the class of boundaries.
    pub(crate) fn reduce_to_alive(&mut self, column: &mut Column<F>, end: u32) {
        let deaths = &self.deaths;
        let dead = |row: u32| deaths[row as usize].is_some_and(|death| death < end);
        self.reduction.normal_form(column, dead);
    }

    /// Adds critical triangles, given in filtration order, while a loop is alive; the others change nothing below degree 2.
    fn add_triangles(
        &mut self,
        filtration: &EdgeFiltration,
        triangles: impl IntoIterator<Item = (u32, u32)>,
        control: &Control,
    ) -> Result<(), Error> {
        for (rank, vertex) in triangles {
            control.poll("loops", self.n_dead, self.births.len())?;
            let born = self.births.partition_point(|&birth| birth < rank);
            if born > self.n_dead {
                self.add_triangle(filtration, rank, vertex, control)?;
            }
        }
        Ok(())
    }

    /// Opens lunes over rows of bits, some way ahead of the reduction of what is in them, and stops at the last death: no loop can be born
    /// after it.
    fn sweep_rows(
        &mut self,
        filtration: &EdgeFiltration,
        from: u32,
        n_threads: usize,
        control: &Control,
    ) -> Result<(), Error> {
        let Some(&waiting) = self.births.get(self.n_dead) else {
            return Ok(());
        };
        // The next death comes no earlier than the next birth if nobody is alive.
        let start = from.max(waiting) as usize;
        let n_edges = filtration.len();
        let idle_until = AtomicU32::new(waiting);
        let blocks = 0..n_edges.saturating_sub(start).div_ceil(BLOCK);
        let (mut sweeps, _lease) = sweeps(filtration, n_threads, control)?;
        in_order(
            &mut sweeps,
            blocks,
            control,
            "loops",
            |rows, block, pulse| {
                let from = start + block * BLOCK;
                let end = n_edges.min(from + BLOCK) as u32;
                let from = idle_until.load(Ordering::Relaxed).clamp(from as u32, end);
                critical_triangles(rows, from..end, pulse)
            },
            |triangles| {
                self.add_triangles(filtration, triangles, control)?;
                let Some(&waiting) = self.births.get(self.n_dead) else {
                    return Ok(ControlFlow::Break(()));
                };
                idle_until.store(waiting, Ordering::Relaxed);
                Ok(ControlFlow::Continue(()))
            },
        )
    }

    /// Adds the critical triangle over edge `rank` and `vertex`, of which a loop may die.
    fn add_triangle(
        &mut self,
        filtration: &EdgeFiltration,
        rank: u32,
        vertex: u32,
        control: &Control,
    ) -> Result<(), Error> {
        let (own_sign, sides) = self.triangle(filtration, rank, vertex);
        let mut column = Vec::new();
        for (side, sign) in [(rank, own_sign)].into_iter().chain(sides) {
            self.add_flow(filtration, &mut column, side, sign, control)?;
        }
        if let Some(loser) = self.reduction.push(column, control)? {
            self.deaths[loser as usize] = Some(rank);
            self.n_dead += 1;
        }
        Ok(())
    }

    /// The triangle over edge `rank` and `vertex`: how that edge stands in its boundary, and the two others with their signs.
    fn triangle(
        &self,
        filtration: &EdgeFiltration,
        rank: u32,
        vertex: u32,
    ) -> (F::Element, [(u32, F::Element); 2]) {
        let [a, b] = filtration.ends(rank);
        let position = |v: u32| [a, b, vertex].iter().filter(|&&u| u < v).count();
        let side = |end: u32, opposite: u32| {
            let rank = filtration.rank(end, vertex);
            debug_assert!(
                rank.is_some(),
                "a vertex of the lune is adjacent to both ends"
            );
            (rank.unwrap_or(0), self.field.sign(position(opposite)))
        };
        (self.field.sign(position(vertex)), [side(a, b), side(b, a)])
    }

    /// `column += factor * flow(edge)`.
    pub(crate) fn add_flow(
        &mut self,
        filtration: &EdgeFiltration,
        column: &mut Column<F>,
        rank: u32,
        factor: F::Element,
        control: &Control,
    ) -> Result<(), Error> {
        self.settle(filtration, rank, control)?;
        if let Some(flow) = self.flows.get(rank) {
            let n = column.len() + flow.len();
            self.scratch.cover(bytes_to_add::<F>(n))?;
            add_multiple(self.field, column, factor, flow, &mut self.room);
        }
        Ok(())
    }

    /// Makes the flow of an edge known: through its triangle it equals the sum of the two shorter edges, and so on down to
    /// critical ones. With a stack of its own, because degenerate input makes such chains as long as there are edges.
    fn settle(
        &mut self,
        filtration: &EdgeFiltration,
        rank: u32,
        control: &Control,
    ) -> Result<(), Error> {
        if self.flows.contains(rank) {
            return Ok(());
        }
        let mut stack: Held<Pending<F>> = Held::new(control.budget());
        stack.push((rank, None))?;
        while let Some(&mut (rank, ref mut sides)) = stack.last_mut() {
            control.tick(1)?;
            if self.flows.contains(rank) {
                stack.pop();
                continue;
            }
            if let Some(sides) = *sides {
                let mut flow = Vec::new();
                for (side, factor) in sides {
                    let known = self.flows.get(side).unwrap_or_default();
                    let n = flow.len() + known.len();
                    self.scratch.cover(bytes_to_add::<F>(n))?;
                    add_multiple(self.field, &mut flow, factor, known, &mut self.room);
                }
                self.flows.insert(self.field, rank, &flow)?;
                stack.pop();
                continue;
            }
            let nearest = filtration.nearest_in_lune(rank);
            debug_assert!(nearest.is_some(), "edges with an empty lune are critical");
            let Some(vertex) = nearest else { break };
            let (own_sign, others) = self.triangle(filtration, rank, vertex);
            // Solve the boundary for the edge itself: the sign is its own inverse.
            let factor = self.field.negate(own_sign);
            let others = others.map(|(side, sign)| (side, self.field.multiply(factor, sign)));
            *sides = Some(others);
            stack.extend(others.map(|(side, _)| (side, None)))?;
        }
        Ok(())
    }
}

/// Rows per thread, and no more than there is work for, with what is set aside for them.
fn sweeps<'f>(
    filtration: &'f EdgeFiltration,
    n_threads: usize,
    control: &Control,
) -> Result<(Vec<Rows<'f>>, Lease), Error> {
    let n_sweeps = n_threads.min(filtration.len().div_ceil(BLOCK));
    let bytes = Rows::bytes(filtration.n()).saturating_mul(n_sweeps);
    let lease = control.budget().reserve(bytes)?;
    let sweeps = (0..n_sweeps).map(|_| Rows::new(filtration)).collect();
    Ok((sweeps, lease))
}

/// The critical triangles over the edges of these ranks: ranks and third vertices.
fn critical_triangles(
    rows: &mut Rows,
    ranks: Range<u32>,
    pulse: &Pulse,
) -> Result<Held<(u32, u32)>, Error> {
    let mut triangles = Held::new(pulse.budget());
    rows.advance_to(ranks.start);
    while let Some(rank) = vectorized(NextParted {
        rows: &mut *rows,
        end: ranks.end,
        pulse,
    })? {
        let vertices = rows.other_components();
        triangles.extend(vertices.into_iter().map(|vertex| (rank, vertex)))?;
        rows.advance_to(rank + 1);
    }
    Ok(triangles)
}

/// Advances to the next edge before `end` whose lune is in several parts.
struct NextParted<'a, 'f, 'p> {
    rows: &'a mut Rows<'f>,
    end: u32,
    pulse: &'a Pulse<'p>,
}

impl Work for NextParted<'_, '_, '_> {
    type Output = Result<Option<u32>, Error>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        while self.rows.at() < self.end {
            self.pulse.tick()?;
            if !self.rows.is_connected() {
                return Ok(Some(self.rows.at()));
            }
            self.rows.pass();
        }
        Ok(None)
    }
}

/// Edges with an empty lune, by rank, over rows of bits.
fn bare_edges(
    filtration: &EdgeFiltration,
    n_threads: usize,
    control: &Control,
) -> Result<Held<u32>, Error> {
    let n_blocks = filtration.len().div_ceil(BLOCK);
    let bare_in = |rows: &mut Rows, block: usize, pulse: &Pulse| {
        let mut bare = Held::new(pulse.budget());
        for rank in block_of(filtration, block, BLOCK) {
            pulse.beat(block, n_blocks)?;
            rows.advance_to(rank);
            if rows.lune().all(|word| word == 0) {
                bare.push(rank)?;
            }
        }
        Ok(bare)
    };
    let (mut sweeps, _lease) = sweeps(filtration, n_threads, control)?;
    let parts = in_blocks(&mut sweeps, 0..n_blocks, control, "sweep", bare_in)?;
    let total = parts.iter().map(|part| part.len()).sum();
    let mut bare = Held::with_capacity(control.budget(), total)?;
    for part in parts {
        bare.extend_from_slice(&part)?;
    }
    Ok(bare)
}

/// Edges from rank `from` on with an empty lune, and critical triangles, by rank, over lists of neighbours.
fn look_around(
    filtration: &EdgeFiltration,
    lists: &Neighbours,
    from: u32,
    n_threads: usize,
    control: &Control,
) -> Result<Found, Error> {
    let n = filtration.n();
    let n_blocks = n.div_ceil(VERTICES);
    let threads = 0..n_threads.min(n_blocks);
    let bytes = Around::bytes(n).saturating_mul(threads.len());
    let _lease = control.budget().reserve(bytes)?;
    let mut views: Vec<Around> = threads.map(|_| Around::new(n, lists)).collect();
    let look = |view: &mut Around, block: usize, pulse: &Pulse| {
        let mut found = Found::new(pulse.budget());
        for a in block * VERTICES..n.min((block + 1) * VERTICES) {
            pulse.beat(a, n)?;
            view.look(a as u32, from, &mut found, pulse)?;
        }
        Ok(found)
    };
    let mut whole = Found::new(control.budget());
    for found in in_blocks(&mut views, 0..n_blocks, control, "sweep", look)? {
        whole.bare.extend_from_slice(&found.bare)?;
        whole.triangles.extend_from_slice(&found.triangles)?;
    }
    sort_slice(&mut whole.bare, Ord::cmp, control)?;
    sort_slice(&mut whole.triangles, Ord::cmp, control)?;
    Ok(whole)
}
