//! The Morse complex on the critical cells up to degree 2, over Z/2, and its reduction.
//!
//! What `lune::morse` does for any degree and field, for the cells of three degrees: an edge is matched with the triangle over its apex; a
//! triangle with the tetrahedron over its edge's apex, or over the other vertex of the step that removes its third one.

use super::super::lasting::Lasting;
use super::super::lengths::{Edge, triangle};
use super::certificate::{Certificate, Core, Kind};
use super::order::Order;
use super::sweep::{ABSENT, Critical, NOBODY};
use crate::memory::{Budget, Held, Lease};
use crate::reduction::{Column, Field, Memo, Reduction, Z2, add_multiple, bytes_to_add};
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// A triangle: the rank of its longest edge, and its third vertex.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Triangle {
    rank: u32,
    third: u32,
}

impl Triangle {
    fn key(self) -> u64 {
        u64::from(self.rank) << 32 | u64::from(self.third)
    }
}

/// What a triangle equals, up to boundaries.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Nothing.
    Zero,
    /// Itself, which is critical.
    Critical,
    /// So many other facets of the tetrahedron that it is matched with: those that an edge is matched with are zero, and left out.
    Others([Triangle; 3], usize),
}

/// A triangle whose flow is being found, and the triangles that it is the sum of, if they are known.
type Pending = (Triangle, Option<([Triangle; 3], usize)>);

/// A triangle that equals another one is passed over on the way to it, so many times in a row; only what is left is remembered.
const LONGEST_CHAIN: usize = 32;

/// The classes of one degree.
#[derive(Debug)]
struct Classes {
    /// The critical cells that begin them, by place among all of them.
    births: Held<u32>,
    /// By class: the critical cell with which it ends.
    deaths: Held<Option<u32>>,
    n_alive: usize,
    columns: Reduction<Z2>,
}

impl Classes {
    fn new(n_most: usize, budget: &Budget) -> Self {
        Self {
            births: Held::new(budget),
            deaths: Held::new(budget),
            n_alive: 0,
            columns: Reduction::new(Z2, n_most, budget),
        }
    }

    /// A critical cell begins a class: which.
    fn begin(&mut self, at: u32) -> Result<u32, Error> {
        self.births.push(at)?;
        self.deaths.push(None)?;
        self.n_alive += 1;
        Ok(self.births.len() as u32 - 1)
    }

    /// A critical cell with this boundary may end a class: whether it does.
    fn end(&mut self, column: Column<Z2>, at: u32, control: &Control) -> Result<bool, Error> {
        let ended = self.columns.push(column, control)?;
        if let Some(class) = ended {
            self.deaths[class as usize] = Some(at);
            self.n_alive -= 1;
        }
        Ok(ended.is_some())
    }
}

/// Finds what each critical cell does.
pub(super) struct Morse<'a> {
    order: &'a Order,
    ranks: &'a [u32],
    cores: &'a [u32],
    /// By rank, and by triangle: what they amount to in terms of the critical cells that begin classes.
    of_edges: Memo<u32, Z2>,
    of_triangles: Memo<u64, Z2>,
    pending_edges: Held<u32>,
    pending_triangles: Held<Pending>,
    sum: Column<Z2>,
    room: Column<Z2>,
    scratch: Lease,
}

impl<'a> Morse<'a> {
    pub(super) fn new(
        order: &'a Order,
        ranks: &'a [u32],
        cores: &'a [u32],
        budget: &Budget,
    ) -> Self {
        Self {
            order,
            ranks,
            cores,
            of_edges: Memo::new(budget),
            of_triangles: Memo::new(budget),
            pending_edges: Held::new(budget),
            pending_triangles: Held::new(budget),
            sum: Vec::new(),
            room: Vec::new(),
            scratch: budget.lease(),
        }
    }

    /// Passes over the critical cells, which are in filtration order.
    pub(super) fn pair(
        &mut self,
        critical: &[Critical],
        n_slots: usize,
        control: &Control,
    ) -> Result<Lasting, Error> {
        let budget = control.budget();
        let mut components = UnionFind::new(n_slots, control)?;
        let mut joining = Held::new(budget);
        let mut loops = Classes::new(critical.len(), budget);
        let mut voids = Classes::new(critical.len(), budget);
        for (at, cell) in (0..).zip(critical) {
            control.tick(1)?;
            let ends = self.order.entry(cell.rank as usize).ends();
            match cell.others {
                [NOBODY, _] => {
                    let flow = if components.join(ends[0], ends[1]) {
                        joining.push(self.edge(cell.rank))?;
                        None
                    } else {
                        Some((loops.begin(at)?, Z2.one()))
                    };
                    self.of_edges.insert(Z2, cell.rank, flow.as_slice())?;
                }
                [v, NOBODY] => {
                    let ends_class = loops.n_alive > 0 && {
                        let column = self.boundary_of_triangle(cell.rank, v, control)?;
                        loops.end(column, at, control)?
                    };
                    let flow = if ends_class {
                        None
                    } else {
                        Some((voids.begin(at)?, Z2.one()))
                    };
                    let cell = Triangle {
                        rank: cell.rank,
                        third: v,
                    };
                    self.of_triangles.insert(Z2, cell.key(), flow.as_slice())?;
                }
                [v, w] => {
                    if voids.n_alive > 0 {
                        let column = self.boundary_of_tetrahedron(cell.rank, [v, w], control)?;
                        voids.end(column, at, control)?;
                    }
                }
            }
        }
        self.lasting(joining, critical, &loops, &voids)
    }

    /// What does not die as it is born.
    fn lasting(
        &self,
        joining: Held<Edge>,
        critical: &[Critical],
        loops: &Classes,
        voids: &Classes,
    ) -> Result<Lasting, Error> {
        let mut lasting = Lasting::new(joining);
        let cell = |at: u32| {
            let cell = critical[at as usize];
            (self.edge(cell.rank), cell.others)
        };
        for (&birth, death) in loops.births.iter().zip(&loops.deaths) {
            let death = death.map(cell).map(|(e, [v, _])| (e, v));
            lasting.add_loop(cell(birth).0, death)?;
        }
        for (&birth, death) in voids.births.iter().zip(&voids.deaths) {
            let (e, [v, _]) = cell(birth);
            lasting.add_void((e, v), death.map(cell))?;
        }
        Ok(lasting)
    }

    fn edge(&self, rank: u32) -> Edge {
        let entry = self.order.entry(rank as usize);
        Edge {
            ends: entry.ends(),
            length: entry.length,
        }
    }

    #[inline(always)]
    fn rank(&self, a: u32, b: u32) -> u32 {
        let rank = self.ranks[triangle(a, b)];
        debug_assert_ne!(rank, ABSENT, "facets are in the filtration");
        rank
    }

    #[inline(always)]
    fn triangle(&self, a: u32, b: u32, c: u32) -> Triangle {
        let (ab, ac, bc) = (self.rank(a, b), self.rank(a, c), self.rank(b, c));
        if ab > ac && ab > bc {
            Triangle { rank: ab, third: c }
        } else if ac > bc {
            Triangle { rank: ac, third: b }
        } else {
            Triangle { rank: bc, third: a }
        }
    }

    fn boundary_of_triangle(
        &mut self,
        rank: u32,
        v: u32,
        control: &Control,
    ) -> Result<Column<Z2>, Error> {
        let [a, b] = self.order.entry(rank as usize).ends();
        let mut column = Vec::new();
        for facet in [rank, self.rank(a, v), self.rank(b, v)] {
            self.settle_edge(facet, control)?;
            let flow = self.of_edges.get(facet).unwrap_or_default();
            add(&mut column, flow, &mut self.room, &mut self.scratch)?;
        }
        Ok(column)
    }

    fn boundary_of_tetrahedron(
        &mut self,
        rank: u32,
        [v, w]: [u32; 2],
        control: &Control,
    ) -> Result<Column<Z2>, Error> {
        let [a, b] = self.order.entry(rank as usize).ends();
        let mut column = Vec::new();
        let facets = [
            Triangle { rank, third: v },
            Triangle { rank, third: w },
            self.triangle(a, v, w),
            self.triangle(b, v, w),
        ];
        for facet in facets {
            let Some(end) = self.settle_triangle(facet, control)? else {
                continue;
            };
            let flow = self.of_triangles.get(end.key()).unwrap_or_default();
            add(&mut column, flow, &mut self.room, &mut self.scratch)?;
        }
        Ok(column)
    }

    /// Makes the flow of an edge known. With a stack of its own, because chains may be as long as there are edges.
    fn settle_edge(&mut self, rank: u32, control: &Control) -> Result<(), Error> {
        self.pending_edges.clear();
        self.pending_edges.push(rank)?;
        while let Some(&rank) = self.pending_edges.last() {
            control.tick(1)?;
            if self.of_edges.contains(rank) {
                self.pending_edges.pop();
                continue;
            }
            let entry = self.order.entry(rank as usize);
            let [a, b] = entry.ends();
            let apex = match entry.certificate() {
                Certificate::Cone(z) => z,
                Certificate::Core(at) => Core::at(self.cores, at).apex,
                _ => {
                    debug_assert!(false, "edges with an empty lune are known");
                    return self.of_edges.insert(Z2, rank, &[]);
                }
            };
            let sides = [self.rank(a, apex), self.rank(b, apex)];
            let flows = sides.map(|side| self.of_edges.get(side));
            if let [Some(x), Some(y)] = flows {
                self.sum.clear();
                add(&mut self.sum, x, &mut self.room, &mut self.scratch)?;
                add(&mut self.sum, y, &mut self.room, &mut self.scratch)?;
                self.of_edges.insert(Z2, rank, &self.sum)?;
                self.pending_edges.pop();
            } else {
                self.pending_edges.extend_from_slice(&sides)?;
            }
        }
        Ok(())
    }

    /// Makes the flow of a triangle known, in the same way: that of the triangle that is given back, or zero.
    fn settle_triangle(
        &mut self,
        asked: Triangle,
        control: &Control,
    ) -> Result<Option<Triangle>, Error> {
        let Some(asked) = self.descend(asked) else {
            return Ok(None);
        };
        self.pending_triangles.clear();
        self.pending_triangles.push((asked, None))?;
        while let Some(&(cell, ends)) = self.pending_triangles.last() {
            control.tick(1)?;
            if self.of_triangles.contains(cell.key()) {
                self.pending_triangles.pop();
                continue;
            }
            let Some((ends, n_ends)) = ends else {
                let ends = self.ends(cell);
                if let Some(pending) = self.pending_triangles.last_mut() {
                    pending.1 = Some(ends);
                }
                for &end in &ends.0[..ends.1] {
                    if !self.of_triangles.contains(end.key()) {
                        self.pending_triangles.push((end, None))?;
                    }
                }
                continue;
            };
            self.sum.clear();
            for end in &ends[..n_ends] {
                let flow = self.of_triangles.get(end.key()).unwrap_or_default();
                add(&mut self.sum, flow, &mut self.room, &mut self.scratch)?;
            }
            self.of_triangles.insert(Z2, cell.key(), &self.sum)?;
            self.pending_triangles.pop();
        }
        Ok(Some(asked))
    }

    /// The triangles that a triangle, not critical, is the sum of.
    fn ends(&self, cell: Triangle) -> ([Triangle; 3], usize) {
        let mut ends = ([cell; 3], 0);
        match self.fate(cell) {
            Fate::Others(others, n_others) => {
                let others = others[..n_others].iter();
                for end in others.filter_map(|&other| self.descend(other)) {
                    ends.0[ends.1] = end;
                    ends.1 += 1;
                }
            }
            fate => debug_assert!(
                matches!(fate, Fate::Zero),
                "critical triangles are known before anything flows to them"
            ),
        }
        ends
    }

    /// Goes on from triangle to triangle as long as one equals the next; nothing if it ends at zero.
    fn descend(&self, mut cell: Triangle) -> Option<Triangle> {
        for _ in 0..LONGEST_CHAIN {
            match self.fate(cell) {
                Fate::Zero | Fate::Others(_, 0) => return None,
                Fate::Others([next, ..], 1) => cell = next,
                Fate::Critical | Fate::Others(..) => return Some(cell),
            }
        }
        Some(cell)
    }

    /// What becomes of a triangle.
    fn fate(&self, Triangle { rank, third: v }: Triangle) -> Fate {
        let entry = self.order.entry(rank as usize);
        let [a, b] = entry.ends();
        let (apex, core) = match entry.certificate() {
            Certificate::Cone(z) => (z, None),
            Certificate::Core(at) => {
                let core = Core::at(self.cores, at);
                (core.apex, Some(core))
            }
            _ => {
                debug_assert!(false, "the third vertex is in the lune");
                return Fate::Zero;
            }
        };
        if v == apex {
            return Fate::Zero;
        }
        let removed = core.and_then(|core| {
            // Who is adjacent to the apex has not been removed.
            let is_far = self.ranks[triangle(v, apex)] >= rank;
            is_far
                .then(|| core.steps().find(|step| step.vertex == v))
                .flatten()
        });
        let (partner, through_apex) = match removed {
            None => (apex, true),
            Some(step) if step.kind == Kind::Alone => return Fate::Critical,
            Some(step) => (step.other, false),
        };
        let far = Triangle {
            rank,
            third: partner,
        };
        let (mut others, mut n_others) = ([far; 3], usize::from(!through_apex));
        for end in [a, b] {
            let other = self.triangle(end, v, partner);
            if !self.is_zero(other) {
                others[n_others] = other;
                n_others += 1;
            }
        }
        Fate::Others(others, n_others)
    }

    /// Whether the longest edge of a triangle is matched with it.
    #[inline(always)]
    fn is_zero(&self, Triangle { rank, third }: Triangle) -> bool {
        match self.order.entry(rank as usize).certificate() {
            Certificate::Cone(z) => z == third,
            Certificate::Core(at) => Core::at(self.cores, at).apex == third,
            _ => false,
        }
    }
}

fn add(
    column: &mut Column<Z2>,
    flow: &[(u32, <Z2 as Field>::Element)],
    room: &mut Column<Z2>,
    scratch: &mut Lease,
) -> Result<(), Error> {
    scratch.cover(bytes_to_add::<Z2>(column.len() + flow.len()))?;
    add_multiple(Z2, column, Z2.one(), flow, room);
    Ok(())
}
