//! First homology of a Rips complex with names: cycles that generate it, and the class of any cycle.
//!
//! This is what induced maps are made of. To follow loops from a complex `X` into a larger one `Y`, take the cycles that
//! generate `H_1(X)` and ask `Y` for their classes: the rank of the map is the rank of those bit vectors.
//!
//! ```
//! use toposcope_core::classes::LoopClasses;
//! use toposcope_core::{Control, DistanceMatrix, Metric, Points};
//!
//! // A square of side 1, and the same square with its centre.
//! let square = vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.5, 0.5];
//! let points = Points::from_f64(square, 2)?;
//! let filled = DistanceMatrix::from_points(&points, Metric::Euclidean, &Control::none())?;
//! let hollow = filled.select(&[0, 1, 2, 3]);
//!
//! let mut hollow = LoopClasses::new(&hollow, 1.0, &Control::none())?;
//! let cycles = hollow.cycles(1.0);
//! assert_eq!((cycles.len(), cycles[0].birth), (1, 1.0));
//! assert_eq!(cycles[0].vertices.len(), 4);
//! // Alone the square is a loop …
//! let class = hollow.at(1.0).class_of(cycles[0].edges(), &Control::none())?;
//! assert_eq!(class, [1]);
//! // … with its centre it bounds. (Vertices 0 to 3 have the same names there.)
//! let mut filled = LoopClasses::new(&filled, 1.0, &Control::none())?;
//! let mut group = filled.at(1.0);
//! assert_eq!(group.dim(), 0);
//! let class = group.class_of(cycles[0].edges(), &Control::none())?;
//! assert!(class.iter().all(|&word| word == 0));
//! # Ok::<(), toposcope_core::Error>(())
//! ```

use crate::filtration::EdgeFiltration;
use crate::lune::Loops;
use crate::reduction::{Field, Z2};
use crate::{Control, DistanceMatrix, Error};

/// A closed path through different vertices.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// Length of its longest edge, which closes it and gives birth to a loop.
    pub birth: f64,
    /// Where that loop dies; `inf` if it does not, up to the scale for which the classes were made.
    pub death: f64,
    /// The vertices along the path: the birth edge joins the last to the first, all others are in the spanning forest.
    pub vertices: Vec<u32>,
}

impl Cycle {
    /// The edges along the cycle, the birth edge last.
    pub fn edges(&self) -> impl Iterator<Item = [u32; 2]> + '_ {
        let next = self.vertices.iter().cycle().skip(1);
        self.vertices.iter().zip(next).map(|(&a, &b)| [a, b])
    }
}

/// The loops of all Rips complexes of one distance matrix up to a largest scale, over Z/2.
#[derive(Debug)]
pub struct LoopClasses {
    filtration: EdgeFiltration,
    loops: Loops<Z2>,
    forest: RootedForest,
}

impl LoopClasses {
    /// Finds every loop born at scales up to `largest_scale`, that itself included.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the scale is negative or NaN, [`Error::Interrupted`].
    pub fn new(
        distances: &DistanceMatrix,
        largest_scale: f64,
        control: &Control,
    ) -> Result<Self, Error> {
        if largest_scale.is_nan() || largest_scale < 0.0 {
            return Err(Error::invalid(
                "scale",
                "a length of at least 0",
                largest_scale,
            ));
        }
        let filtration = EdgeFiltration::up_to(distances, largest_scale, control)?;
        let loops = Loops::new(Z2, &filtration, 1, control)?;
        let edges = loops.forest().iter().map(|&rank| filtration.ends(rank));
        let forest = RootedForest::new(filtration.n(), edges);
        Ok(Self {
            filtration,
            loops,
            forest,
        })
    }

    /// Cycles that generate the first homology at `scale`, in order of birth: one for every loop ever born up to there, each
    /// its birth edge and the path between the ends of that edge in the minimum spanning forest. Those dead at `scale`
    /// are combinations of the others.
    pub fn cycles(&self, scale: f64) -> Vec<Cycle> {
        let born = self.filtration.edges_up_to(scale);
        let loops = self.loops.intervals();
        loops
            .take_while(|&(birth, _)| birth < born)
            .map(|(birth, death)| {
                let [a, b] = self.filtration.ends(birth);
                Cycle {
                    birth: self.filtration.length(birth),
                    death: death.map_or(f64::INFINITY, |rank| self.filtration.length(rank)),
                    vertices: self.forest.path(a, b),
                }
            })
            .collect()
    }

    /// The first homology at `scale`. Scales beyond the largest one are as that one.
    pub fn at(&mut self, scale: f64) -> LoopGroup<'_> {
        let end = self.filtration.edges_up_to(scale);
        let mut dim = 0;
        let mut places = Vec::with_capacity(self.loops.len());
        for (birth, death) in self.loops.intervals() {
            let alive = birth < end && death.is_none_or(|death| death >= end);
            places.push(alive.then_some(dim));
            dim += usize::from(alive);
        }
        LoopGroup {
            classes: self,
            end,
            places,
            dim,
        }
    }
}

/// The first homology over Z/2 at one scale, with a basis: the loops alive there, in order of birth.
#[derive(Debug)]
pub struct LoopGroup<'a> {
    classes: &'a mut LoopClasses,
    /// Edges of smaller rank are in the complex.
    end: u32,
    /// Bit of each loop that is alive.
    places: Vec<Option<usize>>,
    dim: usize,
}

impl LoopGroup<'_> {
    /// The first Betti number.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The class of a cycle, a sum of edges modulo 2, as `dim` bits in words of 64, the first in the lowest bit. It is linear
    /// in the cycle, and zero exactly if the cycle bounds.
    ///
    /// # Errors
    /// [`Error::Invalid`] if an edge is not in the complex at this scale, or the edges do not close up;
    /// [`Error::Interrupted`].
    pub fn class_of(
        &mut self,
        cycle: impl IntoIterator<Item = [u32; 2]>,
        control: &Control,
    ) -> Result<Vec<u64>, Error> {
        let LoopClasses {
            filtration, loops, ..
        } = &mut *self.classes;
        let mut ends = Vec::new();
        let mut column = Vec::new();
        for [a, b] in cycle {
            let n = filtration.n();
            let inside = (a as usize) < n && (b as usize) < n;
            let rank = inside.then(|| filtration.rank(a, b)).flatten();
            let Some(rank) = rank.filter(|&rank| rank < self.end) else {
                let got = format!("{{{a}, {b}}}");
                return Err(Error::invalid("cycle", "edges of the complex", got));
            };
            loops.add_flow(filtration, &mut column, rank, Z2.one(), control)?;
            ends.extend([a, b]);
        }
        ends.sort_unstable();
        if let Some(odd) = ends
            .chunk_by(|a, b| a == b)
            .find(|same| same.len() % 2 == 1)
        {
            let got = format!("{} edges at vertex {}", odd.len(), odd[0]);
            return Err(Error::invalid(
                "cycle",
                "an even number of edges at each vertex",
                got,
            ));
        }
        loops.reduce_to_alive(&mut column, self.end);
        let mut class = vec![0; self.dim.div_ceil(64)];
        for place in column
            .iter()
            .filter_map(|&(row, _)| self.places[row as usize])
        {
            class[place / 64] |= 1 << (place % 64);
        }
        Ok(class)
    }
}

/// A forest with a root per tree, to find the path between two vertices.
#[derive(Debug)]
pub(crate) struct RootedForest {
    /// Parent and depth; a root is its own parent.
    above: Vec<(u32, u32)>,
}

impl RootedForest {
    pub(crate) fn new(n: usize, edges: impl Iterator<Item = [u32; 2]>) -> Self {
        let mut neighbours = vec![Vec::new(); n];
        for [a, b] in edges {
            neighbours[a as usize].push(b);
            neighbours[b as usize].push(a);
        }
        let mut above: Vec<Option<(u32, u32)>> = vec![None; n];
        for root in 0..n as u32 {
            let mut open = vec![(root, root, 0)];
            while let Some((v, parent, depth)) = open.pop() {
                if above[v as usize].is_none() {
                    above[v as usize] = Some((parent, depth));
                    let children = neighbours[v as usize].iter().filter(|&&u| u != parent);
                    open.extend(children.map(|&u| (u, v, depth + 1)));
                }
            }
        }
        Self {
            above: above.into_iter().flatten().collect(),
        }
    }

    /// The vertices from `a` to `b`, which are in one tree.
    pub(crate) fn path(&self, mut a: u32, mut b: u32) -> Vec<u32> {
        let (mut from_a, mut from_b) = (vec![a], vec![b]);
        while a != b {
            let ((above_a, depth_a), (above_b, depth_b)) =
                (self.above[a as usize], self.above[b as usize]);
            if depth_a >= depth_b {
                a = above_a;
                from_a.push(a);
            }
            if depth_b >= depth_a {
                b = above_b;
                from_b.push(b);
            }
        }
        from_b.pop();
        from_a.extend(from_b.into_iter().rev());
        from_a
    }
}
