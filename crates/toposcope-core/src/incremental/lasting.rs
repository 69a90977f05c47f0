//! What lasts: the components and loops of a diagram, and the simplices behind them.

use super::flows::Flows;
use super::lengths::Edge;
use crate::Error;
use crate::memory::Held;
use crate::pool::Role;

/// The edges that join components, and every loop that does not die as it is born.
#[derive(Debug)]
pub(crate) struct Lasting {
    joining: Held<Edge>,
    /// The edge with which a loop is born; the one with which it dies, if it does, and the third vertex of the triangle that fills it.
    loops: Held<(Edge, Option<(Edge, u32)>)>,
}

impl Lasting {
    /// # Errors
    /// Those of memory.
    pub(super) fn of(flows: Flows) -> Result<Self, Error> {
        let mut loops = Held::new(flows.births.budget());
        for (birth, death) in flows.births.iter().zip(&*flows.deaths) {
            if death.is_none_or(|(e, _)| birth.length < e.length) {
                loops.push((*birth, *death))?;
            }
        }
        let joining = flows.joining;
        Ok(Self { joining, loops })
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

    /// How many edges and triangles there are behind all that.
    pub(crate) fn n_simplices(&self) -> usize {
        let fills = self.loops.iter().filter(|(_, death)| death.is_some());
        self.joining.len() + self.loops.len() + fills.count()
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
        for (e, third) in self.loops.iter().filter_map(|&(_, death)| death) {
            visit(Role::Kills, &[e.ends[0], e.ends[1], third], e.length)?;
        }
        Ok(())
    }
}
