//! Degree 1 of points in space, from their lunes alone.
//!
//! The same complex as [`lune::Loops`](crate::lune::Loops): a row for each loop ever born, a column for each component of a lune in excess. Edges have no
//! ranks here, as most are never listed; they are told apart by their ends and compared by length.

use super::lunes::{Allowance, Cloud, Edge};
use crate::memory::{Held, Lease};
use crate::reduction::{Column, Field, Memo, Reduction, add_multiple, bytes_to_add};
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// Stands for "joins two components" among the loops that bare edges give birth to.
const NONE: u32 = u32::MAX;

/// By how much longer edges are looked at as long as a loop is alive: what is looked at beyond the last death is in vain.
const GROWTH: f64 = 1.3;

/// Persistence up to degree 1.
#[derive(Debug)]
pub(crate) struct Intervals {
    /// Lengths of the edges that join components, ascending.
    pub(crate) joining: Held<f64>,
    /// Birth and death of every loop; those that live on die at infinity.
    pub(crate) loops: Held<(f64, f64)>,
}

/// The loops of a cloud while their deaths are found.
struct Loops<'c, F: Field, const D: usize> {
    field: F,
    cloud: &'c Cloud<'c, D>,
    /// Edges with an empty lune, in order, and the loop to which each gives birth.
    bare: Held<Edge>,
    births: Held<u32>,
    /// Birth and death of every loop, in order of birth.
    intervals: Held<(f64, f64)>,
    n_dead: usize,
    /// What edges that were asked for amount to in terms of the loops.
    flows: Memo<u64, F>,
    reduction: Reduction<F>,
    room: Column<F>,
    /// Covers the columns that are added up.
    scratch: Lease,
}

/// An edge whose flow is being found: with its triangle's two other edges, once they are known.
type Pending<F> = (Edge, Option<[(Edge, <F as Field>::Element); 2]>);

/// Components and loops of `cloud` up to a largest length.
///
/// All bare edges are found at once, so it is known how many loops there are. Their deaths are looked for among longer and longer edges, until
/// no loop is left alive. `None` if that gets dearer than `allowance`, in points that are looked at.
pub(super) fn intervals<F: Field, const D: usize>(
    field: F,
    cloud: &Cloud<'_, D>,
    largest: f64,
    allowance: usize,
    n_threads: usize,
    control: &Control,
) -> Result<Option<Intervals>, Error> {
    let allowance = Allowance::new(allowance);
    let mut reach = cloud.first_reach(largest, control)?;
    let Some(found) = cloud.look(reach, largest, &allowance, n_threads, control)? else {
        return Ok(None);
    };
    let (mut loops, joining) = Loops::new(field, cloud, found.bare, control)?;
    let mut triangles = found.triangles;
    loop {
        loops.add_triangles(&triangles, control)?;
        if loops.n_alive() == 0 || reach >= largest {
            let loops = loops.intervals;
            return Ok(Some(Intervals { joining, loops }));
        }
        let beyond = reach;
        // From zero no factor leads anywhere: most points coincide but for rounding.
        let is_stuck = reach == 0.0;
        reach = if is_stuck {
            largest
        } else {
            largest.min(GROWTH * reach)
        };
        let found = cloud.look_beyond(beyond, reach, &allowance, n_threads, control)?;
        let Some(found) = found else {
            return Ok(None);
        };
        triangles = found.triangles;
    }
}

impl<'c, F: Field, const D: usize> Loops<'c, F, D> {
    /// The loops that bare edges give birth to, and the lengths of those that join components instead.
    fn new(
        field: F,
        cloud: &'c Cloud<'c, D>,
        bare: Held<Edge>,
        control: &Control,
    ) -> Result<(Self, Held<f64>), Error> {
        let budget = control.budget();
        let mut components = UnionFind::new(cloud.n(), control)?;
        let mut joining = Held::new(budget);
        let mut births = Held::with_capacity(budget, bare.len())?;
        let mut intervals = Held::new(budget);
        for (at, edge) in bare.iter().enumerate() {
            control.poll("components", at, bare.len())?;
            let [a, b] = edge.ends();
            if components.join(a, b) {
                joining.push(edge.length())?;
                births.push(NONE)?;
            } else {
                births.push(intervals.len() as u32)?;
                intervals.push((edge.length(), f64::INFINITY))?;
            }
        }
        let loops = Self {
            field,
            cloud,
            reduction: Reduction::new(field, intervals.len(), budget),
            bare,
            births,
            intervals,
            n_dead: 0,
            flows: Memo::new(budget),
            room: Vec::new(),
            scratch: budget.lease(),
        };
        Ok((loops, joining))
    }

    /// How many loops have not died yet, those included that are not born yet.
    fn n_alive(&self) -> usize {
        self.intervals.len() - self.n_dead
    }

    /// Adds critical triangles, given in filtration order, while a loop is alive.
    fn add_triangles(&mut self, triangles: &[(Edge, u32)], control: &Control) -> Result<(), Error> {
        for (at, &(edge, vertex)) in triangles.iter().enumerate() {
            control.poll("loops", at, triangles.len())?;
            // Edges of equal length count as born: more is asked than needed, never less.
            let is_born = |&(birth, _): &(f64, f64)| birth <= edge.length();
            let n_born = self.intervals.partition_point(is_born);
            if n_born > self.n_dead
                && let Some(loser) = self.add_triangle(edge, vertex, control)?
            {
                self.intervals[loser as usize].1 = edge.length();
                self.n_dead += 1;
            }
        }
        Ok(())
    }
}

impl<F: Field, const D: usize> Loops<'_, F, D> {
    /// Adds the critical triangle over an edge and a point; the loop that dies of it.
    fn add_triangle(
        &mut self,
        edge: Edge,
        vertex: u32,
        control: &Control,
    ) -> Result<Option<u32>, Error> {
        let others = edge.ends().map(|end| self.cloud.edge_between(end, vertex));
        let (own_sign, sides) = self.triangle(edge, vertex, others);
        let mut column = Vec::new();
        for (side, sign) in [(edge, own_sign)].into_iter().chain(sides) {
            self.add_flow(&mut column, side, sign, control)?;
        }
        self.reduction.push(column, control)
    }

    /// The triangle over an edge and a point: how the edge stands in its boundary, and the `others`, from its larger end and its smaller
    /// one, with their signs.
    fn triangle(
        &self,
        edge: Edge,
        vertex: u32,
        others: [Edge; 2],
    ) -> (F::Element, [(Edge, F::Element); 2]) {
        let [a, b] = edge.ends();
        let position = |v: u32| [a, b, vertex].iter().filter(|&&u| u < v).count();
        let sign = |opposite: u32| self.field.sign(position(opposite));
        (sign(vertex), [(others[0], sign(b)), (others[1], sign(a))])
    }

    /// `column += factor * flow(edge)`.
    fn add_flow(
        &mut self,
        column: &mut Column<F>,
        edge: Edge,
        factor: F::Element,
        control: &Control,
    ) -> Result<(), Error> {
        self.settle(edge, control)?;
        if let Some(flow) = self.flows.get(name(edge)) {
            let n = column.len() + flow.len();
            self.scratch.cover(bytes_to_add::<F>(n))?;
            add_multiple(self.field, column, factor, flow, &mut self.room);
        }
        Ok(())
    }

    /// Makes the flow of an edge known: through its triangle it equals the sum of the two shorter edges, and so on down to bare
    /// ones. With a stack of its own, because degenerate input makes such chains as long as there are edges.
    fn settle(&mut self, edge: Edge, control: &Control) -> Result<(), Error> {
        if self.flows.contains(name(edge)) {
            return Ok(());
        }
        let mut stack: Held<Pending<F>> = Held::new(control.budget());
        stack.push((edge, None))?;
        while let Some(&mut (edge, ref mut sides)) = stack.last_mut() {
            control.tick(1)?;
            if self.flows.contains(name(edge)) {
                stack.pop();
                continue;
            }
            if let Some(sides) = *sides {
                let mut flow = Vec::new();
                for (side, factor) in sides {
                    let known = self.flows.get(name(side)).unwrap_or_default();
                    let n = flow.len() + known.len();
                    self.scratch.cover(bytes_to_add::<F>(n))?;
                    add_multiple(self.field, &mut flow, factor, known, &mut self.room);
                }
                self.flows.insert(self.field, name(edge), &flow)?;
                stack.pop();
                continue;
            }
            if let Ok(at) = self.bare.binary_search(&edge) {
                let birth = self.births[at];
                let itself = [(birth, self.field.one())];
                let flow = if birth == NONE { &[][..] } else { &itself };
                self.flows.insert(self.field, name(edge), flow)?;
                stack.pop();
                continue;
            }
            let nearest = self.cloud.nearest_in_lune(edge);
            debug_assert!(nearest.is_some(), "edges with an empty lune are bare");
            let Some((vertex, others)) = nearest else {
                break;
            };
            let (own_sign, others) = self.triangle(edge, vertex, others);
            // Solve the boundary for the edge itself: the sign is its own inverse.
            let factor = self.field.negate(own_sign);
            let others = others.map(|(side, sign)| (side, self.field.multiply(factor, sign)));
            *sides = Some(others);
            stack.extend(others.map(|(side, _)| (side, None)))?;
        }
        Ok(())
    }
}

/// An edge by its ends.
fn name(edge: Edge) -> u64 {
    let [a, b] = edge.ends();
    u64::from(a) << 32 | u64::from(b)
}
