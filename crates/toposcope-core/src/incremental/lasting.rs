//! What lasts: the components and loops of a diagram, and the simplices behind them.

use super::flows::Flows;
use super::lengths::Edge;
use crate::Error;
use crate::memory::Held;
use crate::pool::Role;

/// The triangle with which a void is born, an edge and a vertex of its lune; the tetrahedron with which it dies, if it does.
type Void = ((Edge, u32), Option<(Edge, [u32; 2])>);

/// The edges that join components, and every loop and void that does not die as it is born.
#[derive(Debug)]
pub(crate) struct Lasting {
    joining: Held<Edge>,
    /// The edge with which a loop is born; the one with which it dies, if it does, and the third vertex of the triangle that fills it.
    loops: Held<(Edge, Option<(Edge, u32)>)>,
    voids: Held<Void>,
}

impl Lasting {
    /// Nothing but these edges yet.
    pub(super) fn new(joining: Held<Edge>) -> Self {
        let budget = joining.budget().clone();
        Self {
            joining,
            loops: Held::new(&budget),
            voids: Held::new(&budget),
        }
    }

    /// A loop is born and dies with these, unless that is at once.
    pub(super) fn add_loop(
        &mut self,
        birth: Edge,
        death: Option<(Edge, u32)>,
    ) -> Result<(), Error> {
        if death.is_none_or(|(e, _)| birth.length < e.length) {
            self.loops.push((birth, death))?;
        }
        Ok(())
    }

    /// A void is born and dies with these, unless that is at once.
    pub(super) fn add_void(
        &mut self,
        birth: (Edge, u32),
        death: Option<(Edge, [u32; 2])>,
    ) -> Result<(), Error> {
        if death.is_none_or(|(e, _)| birth.0.length < e.length) {
            self.voids.push((birth, death))?;
        }
        Ok(())
    }

    /// # Errors
    /// Those of memory.
    pub(super) fn of(flows: Flows) -> Result<Self, Error> {
        let mut lasting = Self::new(flows.joining);
        for (birth, death) in flows.births.iter().zip(&*flows.deaths) {
            lasting.add_loop(*birth, *death)?;
        }
        Ok(lasting)
    }

    /// Lengths of the edges that join components, ascending.
    pub(crate) fn joining(&self) -> impl Iterator<Item = f64> + '_ {
        self.joining.iter().map(|e| e.length)
    }

    /// Birth and death of every loop.
    pub(crate) fn loops(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let death = |death: Option<(Edge, u32)>| death.map_or(f64::INFINITY, |(e, _)| e.length);
        self.loops.iter().map(move |&(e, d)| (e.length, death(d)))
    }

    /// Birth and death of every void.
    pub(crate) fn voids(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let death =
            |death: Option<(Edge, [u32; 2])>| death.map_or(f64::INFINITY, |(e, _)| e.length);
        let voids = self.voids.iter();
        voids.map(move |&((e, _), d)| (e.length, death(d)))
    }

    /// How many edges, triangles and tetrahedra there are behind all that.
    pub(crate) fn n_simplices(&self) -> usize {
        let fills = self.loops.iter().filter(|(_, death)| death.is_some());
        let filled = self.voids.iter().filter(|(_, death)| death.is_some());
        let n_births = self.loops.len() + self.voids.len();
        self.joining.len() + n_births + fills.count() + filled.count()
    }

    /// Each of them, by ascending role: the role, the slots of its vertices and its length.
    ///
    /// # Errors
    /// Those of `visit`.
    pub(crate) fn simplices(
        &self,
        mut visit: impl FnMut(Role, &[u32], f64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for e in &self.joining {
            visit(Role::Joins, &e.ends, e.length)?;
        }
        for (e, _) in &self.loops {
            visit(Role::Births, &e.ends, e.length)?;
        }
        for ((e, third), _) in &self.voids {
            visit(Role::Births, &[e.ends[0], e.ends[1], *third], e.length)?;
        }
        for (e, third) in self.loops.iter().filter_map(|&(_, death)| death) {
            visit(Role::Kills, &[e.ends[0], e.ends[1], third], e.length)?;
        }
        for (e, [v, w]) in self.voids.iter().filter_map(|&(_, death)| death) {
            visit(Role::Kills, &[e.ends[0], e.ends[1], v, w], e.length)?;
        }
        Ok(())
    }
}
