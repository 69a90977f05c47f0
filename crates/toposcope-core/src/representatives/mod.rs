//! Simplices and chains that show each interval: where its class begins and ends, a cycle that winds around it, a cocycle that sees it.
//!
//! - `gradient`: the matching of the lunes, and how chains of critical cells become chains of simplices;
//! - `front`: a chain that is being cleared in the order of the filtration;
//! - `pairs`: the Morse complex, reduced twice;
//! - `joins`: degree 0.

mod front;
mod gradient;
mod joins;
mod pairs;

use crate::classes::RootedForest;
use crate::filtration::EdgeFiltration;
use crate::memory::{Held, Lease};
use crate::parallel::thread_count;
use crate::progress;
use crate::reduction::{Field, Z2, Zp};
use crate::simplex::{Packing, Simplex};
use crate::sorting::sort_slice;
use crate::{Control, Diagram, Error, RipsInput, RipsParams};
use front::Packed;
use gradient::{Gradient, Terms};
use pairs::{Fate, Pairs};

/// A chain or cochain: simplices of one dimension, each once, in colexicographic order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chain {
    /// The vertices of one simplex after the other, each ascending.
    pub vertices: Vec<u32>,
    /// The coefficient of each simplex, from 1 to p - 1, with respect to the order of its vertices.
    pub coefficients: Vec<u16>,
}

/// What shows one interval of a diagram, of some dimension `k`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Representative {
    /// The `k`-simplex with which the class begins: its diameter is the birth. Vertices ascend.
    pub birth_simplex: Vec<u32>,
    /// The simplex of dimension `k + 1` with which the class ends: its diameter is the death. `None` if it never does.
    pub death_simplex: Option<Vec<u32>>,
    /// A cycle of the class: no simplex is longer than the birth simplex, which is in it. It becomes a boundary with the death simplex.
    pub cycle: Chain,
    /// A cocycle among the simplices shorter than the death, none of which is shorter than the birth. Its value on the cycle is 1.
    pub cocycle: Chain,
}

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Birth and death simplices; the chains stay empty.
    Simplices,
    /// Chains as well.
    Chains,
}

impl Detail {
    /// The detail of this name: `simplices` or `chains`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "simplices" => Ok(Self::Simplices),
            "chains" => Ok(Self::Chains),
            _ => {
                let expected = "\"simplices\" or \"chains\"";
                Err(Error::invalid(
                    "representatives",
                    expected,
                    format!("\"{name}\""),
                ))
            }
        }
    }
}

/// [`rips`](crate::rips) with a representative of every interval, in the order of the diagram.
///
/// They are a function of the input and the parameters `max_dim`, `threshold` and `field` alone. `params.method` has no say: the cells of the lune
/// Morse complex are what representatives are made of.
///
/// ```
/// use toposcope_core::representatives::{Detail, rips_with_representatives};
/// use toposcope_core::{Control, Metric, Points, RipsInput, RipsParams};
///
/// // Four corners of a square: its sides are a loop.
/// let corners = Points::from_f64(vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 2)?;
/// let input = RipsInput::Points(&corners, Metric::Euclidean);
/// let (diagram, representatives) =
///     rips_with_representatives(input, &RipsParams::default(), Detail::Chains, &Control::none())?;
/// assert_eq!(diagram.len(), 5);
/// assert_eq!(representatives[4].cycle.vertices, [0, 1, 1, 2, 0, 3, 2, 3]);
/// # Ok::<(), toposcope_core::Error>(())
/// ```
///
/// # Errors
/// As [`rips`](crate::rips).
pub fn rips_with_representatives(
    input: RipsInput,
    params: &RipsParams,
    detail: Detail,
    control: &Control,
) -> Result<(Diagram, Vec<Representative>), Error> {
    params.check()?;
    control.plan(progress::REPRESENTATIVES);
    match params.field {
        2 => Builder::run(Z2, input, params, detail, control),
        p => Builder::run(Zp::new(p), input, params, detail, control),
    }
}

/// Intervals and what shows them, in the order in which they are found.
struct Builder<'f, F: Field> {
    field: F,
    filtration: &'f EdgeFiltration,
    packing: Packing<Packed>,
    detail: Detail,
    /// Dimension, birth, death, and which representative.
    intervals: Held<(u8, f64, f64, u32)>,
    representatives: Vec<Representative>,
    /// Covers the representatives.
    lease: Lease,
    bytes: usize,
}

impl<F: Field> Builder<'_, F> {
    fn run(
        field: F,
        input: RipsInput,
        params: &RipsParams,
        detail: Detail,
        control: &Control,
    ) -> Result<(Diagram, Vec<Representative>), Error> {
        let n_threads = thread_count(params.n_threads);
        let filtration = EdgeFiltration::new(input, params.threshold, n_threads, control)?;
        let mut builder = Builder {
            field,
            packing: Packing::new(filtration.n(), params.max_dim)?,
            filtration: &filtration,
            detail,
            intervals: Held::new(control.budget()),
            representatives: Vec::new(),
            lease: control.budget().lease(),
            bytes: 0,
        };
        builder.components(control)?;
        if params.max_dim > 0 {
            let gradient = Gradient::new(field, &filtration, params.max_dim, n_threads, control)?;
            let mut pairs = Pairs::new(gradient, params.max_dim, control)?;
            for dim in 1..=params.max_dim {
                builder.classes(&mut pairs, dim, control)?;
            }
        }
        builder.finish(params.max_dim as u8, control)
    }

    /// Degree 0: a class is a component, known by its smallest vertex; the one whose smallest vertex is the smaller goes on.
    fn components(&mut self, control: &Control) -> Result<(), Error> {
        let filtration = self.filtration;
        joins::visit_components(filtration, control, |vertex, join, members| {
            let death = join.map_or(f64::INFINITY, |join| filtration.length(join.rank));
            if death == 0.0 {
                return Ok(());
            }
            let mut representative = Representative {
                birth_simplex: vec![vertex],
                death_simplex: join.map(|join| ascending(filtration.ends(join.rank))),
                ..Representative::default()
            };
            if self.detail == Detail::Chains {
                representative.cycle = self.difference(vertex, join.map(|join| join.old));
                representative.cocycle = self.indicator(members)?;
            }
            self.add(0.0, death, 0, representative)
        })
    }

    /// A vertex less another.
    fn difference(&self, vertex: u32, other: Option<u32>) -> Chain {
        let minus_one = self.field.residue(self.field.negate(self.field.one()));
        Chain {
            vertices: other.into_iter().chain([vertex]).collect(),
            coefficients: other.map(|_| minus_one).into_iter().chain([1]).collect(),
        }
    }

    /// The cochain that is one on these vertices.
    fn indicator(&mut self, members: &mut dyn Iterator<Item = u32>) -> Result<Chain, Error> {
        let mut vertices = Held::new(self.lease.budget());
        vertices.extend(members)?;
        vertices.sort_unstable();
        self.bytes += vertices.len() * (size_of::<u32>() + size_of::<u16>());
        self.lease.cover(self.bytes)?;
        Ok(Chain {
            coefficients: vec![1; vertices.len()],
            vertices: vertices.to_vec(),
        })
    }

    /// The classes of one dimension from 1 on.
    fn classes(
        &mut self,
        pairs: &mut Pairs<F>,
        dim: usize,
        control: &Control,
    ) -> Result<(), Error> {
        let mut found = Held::new(control.budget());
        for (at, &fate) in pairs.fates.iter().enumerate() {
            let at = at as u32;
            if let Fate::Begins(ender) = fate
                && pairs.gradient.cell(at).dim() == dim
                && self.lasts(pairs, at, ender)
            {
                found.push((at, self.representatives.len() as u32))?;
                self.add_simplices(pairs, at, ender)?;
            }
        }
        if self.detail == Detail::Simplices || found.is_empty() {
            return Ok(());
        }
        self.add_cycles(pairs, dim, &found, control)?;
        self.add_cocycles(pairs, dim, &found, control)
    }

    /// Whether the interval has a length.
    fn lasts(&self, pairs: &Pairs<F>, birth: u32, ender: Option<u32>) -> bool {
        let length = |at: u32| self.filtration.length(pairs.gradient.rank(at));
        ender.is_none_or(|ender| length(birth) < length(ender))
    }

    /// The first edge as long as the one of this rank.
    fn first_as_long(&self, rank: u32) -> u32 {
        let length = self.filtration.length(rank);
        let (mut shorter, mut as_long) = (0, rank);
        while shorter < as_long {
            let middle = shorter + (as_long - shorter) / 2;
            if self.filtration.length(middle) < length {
                shorter = middle + 1;
            } else {
                as_long = middle;
            }
        }
        as_long
    }

    fn add_simplices(
        &mut self,
        pairs: &Pairs<F>,
        birth: u32,
        ender: Option<u32>,
    ) -> Result<(), Error> {
        let simplex = |at: u32| pairs.gradient.cell(at).vertices().to_vec();
        let length = |at: u32| self.filtration.length(pairs.gradient.rank(at));
        let representative = Representative {
            birth_simplex: simplex(birth),
            death_simplex: ender.map(simplex),
            ..Representative::default()
        };
        let death = ender.map_or(f64::INFINITY, length);
        self.add(
            length(birth),
            death,
            pairs.gradient.cell(birth).dim(),
            representative,
        )
    }

    fn add_cycles(
        &mut self,
        pairs: &mut Pairs<F>,
        dim: usize,
        found: &[(u32, u32)],
        control: &Control,
    ) -> Result<(), Error> {
        let mut forest = None;
        for (done, &(at, which)) in found.iter().enumerate() {
            control.poll("cycles", done, found.len())?;
            let essential = pairs.fates[at as usize] == Fate::Begins(None);
            let cycle = if essential && dim == 1 {
                let forest = match &mut forest {
                    Some(forest) => forest,
                    None => forest.insert(Forest::new(pairs, control)?),
                };
                let ends = self.filtration.ends(pairs.gradient.rank(at));
                forest.closed_by(ends, pairs, control)?
            } else {
                let cycle = pairs.cycle(at, control)?;
                cells(pairs, &cycle, control)?
            };
            let lifted = pairs.gradient.lift_cycle(dim, cycle, control)?;
            let cycle = self.chain(&lifted, dim)?;
            self.representatives[which as usize].cycle = cycle;
        }
        Ok(())
    }

    fn add_cocycles(
        &mut self,
        pairs: &Pairs<F>,
        dim: usize,
        found: &[(u32, u32)],
        control: &Control,
    ) -> Result<(), Error> {
        pairs.cocycles(dim, control, |at, cochain| {
            let Ok(place) = found.binary_search_by_key(&at, |&(at, _)| at) else {
                return Ok(());
            };
            let Fate::Begins(ender) = pairs.fates[at as usize] else {
                return Ok(());
            };
            let end = ender.map(|ender| self.first_as_long(pairs.gradient.rank(ender)));
            let cells = cells(pairs, cochain, control)?;
            let lifted = pairs.gradient.lift_cocycle(dim, cells, end, control)?;
            let cocycle = self.chain(&lifted, dim)?;
            self.representatives[found[place].1 as usize].cocycle = cocycle;
            Ok(())
        })
    }

    /// A lifted chain as it is handed out.
    fn chain(&mut self, terms: &Terms<F>, dim: usize) -> Result<Chain, Error> {
        let bytes_per_term = (dim + 1) * size_of::<u32>() + size_of::<u16>();
        self.bytes += terms.len() * bytes_per_term;
        self.lease.cover(self.bytes)?;
        let mut chain = Chain {
            vertices: Vec::with_capacity(terms.len() * (dim + 1)),
            coefficients: Vec::with_capacity(terms.len()),
        };
        for &(key, coefficient) in terms {
            let simplex = self.packing.unpack(key, dim);
            chain.vertices.extend_from_slice(simplex.vertices());
            chain.coefficients.push(self.field.residue(coefficient));
        }
        Ok(chain)
    }

    fn add(
        &mut self,
        birth: f64,
        death: f64,
        dim: usize,
        representative: Representative,
    ) -> Result<(), Error> {
        // The list, which may double, and the small lists in it.
        let entry = 3 * size_of::<Representative>() + 64 + 8 * (2 * dim + 3);
        self.bytes += entry;
        self.lease.cover(self.bytes)?;
        let which = self.representatives.len() as u32;
        self.intervals.push((dim as u8, birth, death, which))?;
        self.representatives.push(representative);
        Ok(())
    }

    /// Intervals in the order of a diagram, the earlier found first among equals, and the representatives with them.
    fn finish(
        mut self,
        max_dim: u8,
        control: &Control,
    ) -> Result<(Diagram, Vec<Representative>), Error> {
        let in_order = |a: &(u8, f64, f64, u32), b: &(u8, f64, f64, u32)| {
            (a.0.cmp(&b.0))
                .then(a.1.total_cmp(&b.1))
                .then(a.2.total_cmp(&b.2))
                .then(a.3.cmp(&b.3))
        };
        sort_slice(&mut self.intervals, in_order, control)?;
        let intervals = self.intervals;
        let which = intervals.iter().map(|i| i.3 as usize);
        let representatives = which.map(|at| std::mem::take(&mut self.representatives[at]));
        let representatives: Vec<Representative> = representatives.collect();
        let plain = intervals
            .iter()
            .map(|&(dim, birth, death, _)| (dim, birth, death));
        let diagram = Diagram::from_sorted_and_more(plain, intervals.len(), [], max_dim, control)?;
        Ok((diagram, representatives))
    }
}

/// Critical cells by themselves instead of by their places.
fn cells<F: Field>(
    pairs: &Pairs<F>,
    column: &[(u32, F::Element)],
    control: &Control,
) -> Result<Terms<F>, Error> {
    let mut cells = Held::with_capacity(control.budget(), column.len())?;
    let key = |at: u32| pairs.gradient.pack(&pairs.gradient.cell(at));
    cells.extend(column.iter().map(|&(at, c)| (key(at), c)))?;
    Ok(cells)
}

fn ascending([a, b]: [u32; 2]) -> Vec<u32> {
    vec![a.min(b), a.max(b)]
}

/// The edges that join components, to close loops with.
struct Forest {
    rooted: RootedForest,
    _lease: Lease,
}

impl Forest {
    /// Lists of neighbours, and a place in the list of parents, for each vertex.
    const BYTES_PER_VERTEX: usize = 96;

    fn new<F: Field>(pairs: &Pairs<F>, control: &Control) -> Result<Self, Error> {
        let n = pairs.gradient.filtration.n();
        let lease = (control.budget()).reserve(n.saturating_mul(Self::BYTES_PER_VERTEX))?;
        let joins = pairs
            .fates
            .iter()
            .zip(0..)
            .filter(|&(&fate, at)| fate == Fate::Ends && pairs.gradient.cell(at).dim() == 1);
        let ends = joins.map(|(_, at)| pairs.gradient.filtration.ends(pairs.gradient.rank(at)));
        Ok(Self {
            rooted: RootedForest::new(n, ends),
            _lease: lease,
        })
    }

    /// The edge from `a` to `b`, with coefficient one as its vertices ascend, and the way back.
    fn closed_by<F: Field>(
        &self,
        [a, b]: [u32; 2],
        pairs: &Pairs<F>,
        control: &Control,
    ) -> Result<Terms<F>, Error> {
        let field = pairs.gradient.field;
        let mut cycle = Held::new(control.budget());
        let way = self.rooted.path(a.max(b), a.min(b));
        let steps = way.windows(2).map(|step| [step[0], step[1]]);
        for [from, to] in [[a.min(b), a.max(b)]].into_iter().chain(steps) {
            let key = pairs.gradient.pack(&Simplex::new([from, to]));
            cycle.push((key, field.sign(usize::from(from > to))))?;
        }
        Ok(cycle)
    }
}
