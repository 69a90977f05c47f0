//! What [`rips`](crate::rips) will take, before it is run: simplices, bytes, and the form of the engine that will do it.
//!
//! - [`lengths`]: who is near whom;
//! - [`counts`]: how many simplices and edges of each kind, exactly or by samples;
//! - here: the form, by the functions that `rips` asks, and the bytes, by what the parts of the engine say of themselves.
//!
//! A run is a sequence of *phases*, each with the parts that are held at its worst moment. The estimate is that of the largest.

mod counts;
mod lengths;

use std::fmt;

use crate::batch::{all_pairs, in_space, must_be_in_space};
use crate::complete::{self, Exact};
use crate::diagram::bytes_of_diagram;
use crate::filtration::{Edge, EdgeFiltration, FiltrationBytes, check_complete, lists_near_pairs};
use crate::lune::{self, Settlement};
use crate::memory::{Held, SLACK, STEP};
use crate::near;
use crate::parallel::thread_count;
use crate::reduction::{Memo, Z2, Zp};
use crate::simplex::Packing;
use crate::{Control, DistanceMatrix, Error, Method, RipsInput, RipsParams};
pub use counts::Count;
use counts::{Counter, Edges, centre};
use lengths::Lengths;

/// Vertices of the sample whose loops tell how long the edges are that matter.
const PILOT: usize = 128;
/// So many of these samples are tried.
const PILOTS: usize = 3;

/// Forms of the engine behind [`rips`](crate::rips).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Components alone, of points: a minimum spanning tree.
    SpanningTree,
    /// Degree 1 from a spatial index, without a list of edges.
    SpatialIndex,
    /// Degree 1 from all distances, of which few are put in order.
    AllPairs,
    /// A list of edges, with neighbours as rows of bits.
    EdgeListRows,
    /// A list of edges, with neighbours in lists.
    EdgeListLists,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpanningTree => "spanning tree",
            Self::SpatialIndex => "spatial index",
            Self::AllPairs => "all pairs",
            Self::EdgeListRows => "edge list, rows",
            Self::EdgeListLists => "edge list, lists",
        })
    }
}

/// Bytes held for one purpose.
pub type Part = (&'static str, u64);

/// What a run will take.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Number of points.
    pub n_points: usize,
    /// The largest diameter up to which simplices are counted: the threshold, or the enclosing radius or a bound of it.
    pub threshold: f64,
    /// Simplices by dimension, from vertices up to one dimension more than is asked for.
    pub simplices: Vec<Count>,
    /// The form of the engine that will run.
    pub form: Form,
    /// What is held at the worst moment.
    pub parts: Vec<Part>,
    /// The form that takes over if the first one turns out to be too slow, and what is held then.
    pub otherwise: Option<(Form, u64)>,
}

impl Estimate {
    /// What is held at the worst moment, in bytes.
    pub fn bytes(&self) -> u64 {
        total(&self.parts)
    }

    /// The same where reading the input takes `bytes` at its worst, if that is more than all that comes after it.
    #[must_use]
    pub fn with_reading(self, bytes: u64) -> Self {
        let reading = vec![("input", bytes), SLACK_PART];
        Self {
            parts: worst([self.parts, reading]),
            ..self
        }
    }
}

/// What a limited budget never hands out.
const SLACK_PART: Part = ("slack", SLACK);

/// Estimates what [`rips`](crate::rips) would take for the same arguments, in a small part of its time and in memory linear in the points or
/// in the distances given.
///
/// In degrees 0 and 1 `bytes` is most probably not exceeded; in higher degrees neither where lunes are mostly cones, as in data of
/// low dimension.
///
/// ```
/// use toposcope_core::{Control, Metric, Points, RipsInput, RipsParams, estimate};
///
/// let corners = Points::from_f64(vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 2)?;
/// let input = RipsInput::Points(&corners, Metric::Euclidean);
/// let found = estimate(input, &RipsParams::default(), &Control::none())?;
/// let counts = found.simplices.iter().map(|count| count.value);
/// assert_eq!(counts.collect::<Vec<_>>(), [4.0, 6.0, 4.0]);
/// # Ok::<(), toposcope_core::Error>(())
/// ```
///
/// # Errors
/// Those of `rips` for wrong input; [`Error::Invalid`] for the method of cohomology, whose columns nobody can foresee.
pub fn estimate(
    input: RipsInput,
    params: &RipsParams,
    control: &Control,
) -> Result<Estimate, Error> {
    params.check()?;
    if params.method == Method::Cohomology {
        return Err(Error::invalid(
            "method",
            "\"auto\" or \"lune\"",
            "\"cohomology\"",
        ));
    }
    Packing::<u128>::new(input.n_vertices(), params.max_dim)?;
    let mut lengths = Lengths::new(input, control)?;
    let mut counter = Counter::new(&mut lengths, control);
    let threshold = largest_diameter(input, params, &mut counter, control)?;
    let simplices = counter.simplices(threshold, params.max_dim + 1)?;
    let n_threads = thread_count(params.n_threads);
    let in_space = match in_space(input, params) {
        Some((points, metric)) => {
            let largest = params.threshold.unwrap_or(f64::INFINITY);
            near::outlook(points, metric, largest, n_threads, control)?
        }
        None => None,
    };
    let edges = match in_space {
        // Many more lunes are opened there than can be without an index.
        Some(found) => counter.edges_of_degree(threshold, found.n_bare)?,
        None if params.max_dim > 0 => counter.edges(threshold)?,
        None => Edges::none(),
    };
    let mut outlook = Outlook {
        input,
        params,
        n: input.n_vertices(),
        n_threads,
        edges,
        in_space,
        n_edges: simplices[1].at_most() as usize,
        simplices,
        threshold,
        counter,
        control,
    };
    outlook.estimate()
}

/// The threshold, as far as the complex goes on changing.
fn largest_diameter(
    input: RipsInput,
    params: &RipsParams,
    counter: &mut Counter,
    control: &Control,
) -> Result<f64, Error> {
    let given = params.threshold.unwrap_or(f64::INFINITY);
    let near_centre = match input {
        RipsInput::Points(points, _) if params.threshold.is_none() => centre(points, control)?,
        RipsInput::Dense(matrix) => {
            return Ok(given.min(matrix.enclosing_radius_under(control)?));
        }
        RipsInput::Points(..) => return Ok(given),
        RipsInput::Sparse(distances) => {
            let lengths = distances.edges().iter().map(|edge| edge.2);
            return Ok(given.min(lengths.fold(0.0, f64::max)));
        }
    };
    counter.enclosing_radius(&near_centre)
}

/// What is known before the bytes are added up.
struct Outlook<'l, 'a, 'c> {
    input: RipsInput<'a>,
    params: &'a RipsParams,
    n: usize,
    n_threads: usize,
    threshold: f64,
    simplices: Vec<Count>,
    n_edges: usize,
    edges: Edges,
    in_space: Option<near::Outlook>,
    counter: Counter<'l, 'a, 'c>,
    control: &'c Control<'c>,
}

impl Outlook<'_, '_, '_> {
    fn estimate(&mut self) -> Result<Estimate, Error> {
        let (form, otherwise) = self.forms()?;
        let parts = self.parts(form)?;
        let otherwise = match otherwise {
            Some(form) => Some((form, total(&self.parts(form)?))),
            None => None,
        };
        Ok(Estimate {
            n_points: self.n,
            threshold: self.threshold,
            simplices: std::mem::take(&mut self.simplices),
            form,
            parts,
            otherwise,
        })
    }

    /// The form that will run, and one that may take over from it.
    fn forms(&self) -> Result<(Form, Option<Form>), Error> {
        let edge_list = if self.filtration().in_lists {
            Form::EdgeListLists
        } else {
            Form::EdgeListRows
        };
        if self.params.max_dim == 0 {
            let is_sparse = matches!(self.input, RipsInput::Sparse(_));
            let form = if is_sparse {
                edge_list
            } else {
                Form::SpanningTree
            };
            return Ok((form, None));
        }
        let listed = match all_pairs(self.input, self.params) {
            Some(_) => Form::AllPairs,
            None => edge_list,
        };
        match (self.in_space, self.input) {
            (Some(_), RipsInput::Points(points, _)) if must_be_in_space(points, self.params) => {
                Ok((Form::SpatialIndex, None))
            }
            (Some(found), _) if !found.gives_up => Ok((Form::SpatialIndex, Some(listed))),
            _ => {
                if listed == Form::AllPairs {
                    check_complete(self.n)?;
                }
                Ok((listed, None))
            }
        }
    }

    fn parts(&mut self, form: Form) -> Result<Vec<Part>, Error> {
        let mut phases = match form {
            Form::SpanningTree => self.spanning_tree(),
            Form::SpatialIndex => self.spatial_index(),
            Form::AllPairs => self.all_pairs()?,
            Form::EdgeListRows | Form::EdgeListLists => self.edge_list(),
        };
        phases.push(self.diagram(form));
        let input = match self.input {
            RipsInput::Points(points, _) => points.bytes() as u64,
            RipsInput::Dense(matrix) => matrix.bytes() as u64,
            RipsInput::Sparse(distances) => distances.bytes(),
        };
        let mut parts = vec![("input", input)];
        parts.extend(worst(phases));
        parts.push(SLACK_PART);
        parts.retain(|&(_, bytes)| bytes > 0);
        Ok(parts)
    }

    fn filtration(&self) -> FiltrationBytes {
        EdgeFiltration::bytes(self.n, self.n_edges)
    }

    /// Edges with an empty lune, and how many of them begin a loop: all but one for each component that another joins.
    fn bare(&self) -> (usize, usize) {
        let n_bare = self.edges.bare.at_most().min(self.n_edges as f64) as usize;
        let joining = (self.n as f64 - self.edges.n_components).max(0.0) as usize;
        (n_bare, n_bare.saturating_sub(joining))
    }

    /// Flows and reduced columns of loops.
    fn bytes_of_loops(&self) -> usize {
        let (n_bare, n_births) = self.bare();
        let n_flows = FLOWS_PER_BARE * n_bare + FLOWS_PER_LOOP * n_births;
        let n_flows = n_flows.min(self.n_cells());
        // Scratch for columns and chains of flows, and two leases that grow in steps.
        4 * STEP as usize
            + self.memo(
                n_flows,
                n_births + LOOPS_PER_FLOW * n_flows.saturating_sub(n_bare),
            )
            + Held::<[u64; 2]>::bytes_while_growing(n_births)
            + 2 * Held::<[u32; 2]>::bytes_while_growing(n_bare)
    }

    /// Cells of positive dimension that may flow: there are no more flows.
    fn n_cells(&self) -> usize {
        let cells = &self.simplices[1..=self.params.max_dim];
        cells.iter().map(|count| count.at_most()).sum::<f64>() as usize
    }

    fn memo(&self, n_columns: usize, n_entries: usize) -> usize {
        let is_narrow = Packing::<u64>::new(self.n, self.params.max_dim).is_ok();
        match (self.params.field, is_narrow) {
            (2, true) => Memo::<u64, Z2>::bytes(n_columns, n_entries),
            (2, false) => Memo::<u128, Z2>::bytes(n_columns, n_entries),
            (_, true) => Memo::<u64, Zp>::bytes(n_columns, n_entries),
            (_, false) => Memo::<u128, Zp>::bytes(n_columns, n_entries),
        }
    }

    fn spanning_tree(&self) -> Vec<Vec<Part>> {
        // Who is outside, how near, and lengths twice while they are sorted.
        let prim = self.n * (size_of::<u32>() + 3 * size_of::<f64>());
        let RipsInput::Points(points, _) = self.input else {
            return vec![vec![part("components", prim)]];
        };
        let bytes = near::bytes(self.n, points.n_dims(), self.n_threads);
        vec![
            vec![part("index", bytes.building)],
            vec![
                part("index", bytes.index),
                part("components", bytes.spanning),
            ],
            vec![part("components", prim)],
        ]
    }

    fn spatial_index(&self) -> Vec<Vec<Part>> {
        let RipsInput::Points(points, _) = self.input else {
            return Vec::new();
        };
        let bytes = near::bytes(self.n, points.n_dims(), self.n_threads);
        let (n_bare, _) = self.bare();
        // As found, and joined to one list, each with as many triangles at most; then sorted.
        let found = 4 * n_bare * bytes.edge;
        let index = part("index", bytes.index);
        let components = 2 * self.n * size_of::<u32>() + 3 * self.n * size_of::<f64>();
        vec![
            vec![part("index", bytes.building)],
            vec![index, part("sweep", bytes.looking), part("edges", found)],
            vec![
                index,
                part("sweep", self.n * size_of::<u32>()),
                part("edges", 3 * n_bare * bytes.edge),
                part("components", components),
                part("flows", self.bytes_of_loops()),
            ],
        ]
    }

    fn all_pairs(&mut self) -> Result<Vec<Vec<Part>>, Error> {
        let (n_dims, roughly) = match self.input {
            RipsInput::Points(points, metric) => {
                let roughly = complete::is_rough(points, metric, self.control)?;
                (points.n_dims(), roughly)
            }
            RipsInput::Dense(_) | RipsInput::Sparse(_) => (0, false),
        };
        let bytes = complete::bytes(self.n, n_dims, roughly, self.n_threads);
        let n_edges = self.edges_in_stages(&bytes)?;
        let staged = EdgeFiltration::bytes_grown(self.n, n_edges);
        let (n_bare, _) = self.bare();
        let bare = n_bare * size_of::<Edge>();
        let in_rows = lune::passes_rows(self.n, n_edges) || !staged.in_lists;
        let sweeps = lune::bytes_of_sweeps(self.n, n_edges, in_rows, self.n_threads);
        let square = part("distances", bytes.square);
        let edges = part("edges", staged.edges + bare);
        Ok(vec![
            vec![square, part("sweep", bytes.measuring)],
            vec![
                square,
                part("sweep", bytes.looking),
                part("edges", Held::<Edge>::bytes_while_growing(n_bare)),
            ],
            vec![
                square,
                part("edges", staged.collecting.max(staged.sorting) + bare),
            ],
            vec![square, edges, part("ranks", staged.ranking)],
            vec![
                square,
                edges,
                part("ranks", staged.ranks),
                part("sweep", sweeps),
                part("flows", self.bytes_of_loops()),
            ],
        ])
    }

    /// About how many edges are put in order until the last loop has died. Samples of the input have their loops at about the same lengths, and
    /// somewhat longer ones.
    fn edges_in_stages(&mut self, bytes: &complete::CompleteBytes) -> Result<usize, Error> {
        let mut last = 0.0f64;
        let n_pilots = if self.n <= PILOT { 1 } else { PILOTS };
        for _ in 0..n_pilots {
            last = last.max(self.last_death_of_sample()?);
        }
        let reached = self.counter.pairs_up_to(last);
        let next = reached * (1.0 + bytes.growth) + bytes.fewest_edges as f64;
        Ok(next.min(self.n as f64 * (self.n as f64 - 1.0) / 2.0) as usize)
    }

    fn last_death_of_sample(&mut self) -> Result<f64, Error> {
        let some = self.counter.some_vertices(PILOT);
        let lower = some.iter().enumerate().flat_map(|(at, &i)| {
            let others = &some[..at];
            others.iter().map(move |&j| (i as u32, j as u32))
        });
        let lengths = &self.counter.lengths;
        let lower = lower.map(|(i, j)| lengths.between(i, j).unwrap_or(f64::INFINITY));
        let matrix = DistanceMatrix::from_lower(lower.collect(), some.len())?;
        let (exact, control) = (Exact::Matrix(&matrix), self.control);
        let (joining, loops) = complete::intervals(Z2, exact, self.threshold, 1, control)?;
        let deaths = loops.iter().map(|&(_, death)| death.min(self.threshold));
        Ok(deaths.fold(joining.last().copied().unwrap_or(0.0), f64::max))
    }

    fn edge_list(&self) -> Vec<Vec<Part>> {
        let filtration = self.filtration();
        let mut phases = self.collecting(&filtration);
        let edges = part("edges", filtration.edges);
        phases.push(vec![part(
            "edges",
            match self.input {
                RipsInput::Dense(_) => filtration.sorting_matrix,
                RipsInput::Points(..) | RipsInput::Sparse(_) => filtration.sorting,
            },
        )]);
        phases.push(vec![edges, part("ranks", filtration.ranking)]);
        let base = [edges, part("ranks", filtration.ranks)];
        let rest = match self.params.max_dim {
            0 => vec![vec![part("components", self.bytes_of_components())]],
            1 => self.loops(&filtration),
            _ => self.higher(&filtration),
        };
        let with_base = |phase: Vec<Part>| base.into_iter().chain(phase).collect();
        phases.extend(rest.into_iter().map(with_base));
        phases
    }

    fn bytes_of_components(&self) -> usize {
        2 * self.n * size_of::<u32>() + Held::<f64>::bytes_while_growing(self.n)
    }

    /// While edges are collected.
    fn collecting(&self, filtration: &FiltrationBytes) -> Vec<Vec<Part>> {
        let RipsInput::Points(points, _) = self.input else {
            return vec![vec![part("edges", filtration.edges)]];
        };
        if !lists_near_pairs(points, self.params.threshold) {
            // All pairs up to the threshold are kept until the enclosing radius is known.
            let measuring =
                complete::bytes(self.n, points.n_dims(), false, self.n_threads).measuring;
            let edges = part("edges", filtration.collecting);
            return vec![vec![edges, part("sweep", measuring)]];
        }
        let bytes = near::bytes(self.n, points.n_dims(), self.n_threads);
        vec![
            vec![part("index", bytes.building)],
            vec![part("index", bytes.index), part("edges", filtration.parts)],
            vec![part("edges", filtration.collecting)],
        ]
    }

    fn loops(&self, filtration: &FiltrationBytes) -> Vec<Vec<Part>> {
        let in_rows = !filtration.in_lists;
        let sweeps = lune::bytes_of_sweeps(self.n, self.n_edges, in_rows, self.n_threads);
        let (n_bare, _) = self.bare();
        let found = 4 * n_bare * size_of::<[u32; 2]>();
        vec![
            vec![part("sweep", sweeps + found)],
            vec![
                part("sweep", found + usize::from(in_rows) * sweeps),
                part("components", self.bytes_of_components()),
                part("flows", self.bytes_of_loops()),
            ],
        ]
    }

    fn higher(&self, filtration: &FiltrationBytes) -> Vec<Vec<Part>> {
        let (n_bare, n_births) = self.bare();
        let n_trees = (self.edges.hollow * self.n_edges as f64) as usize;
        let n_critical = n_bare + n_births + n_trees / TREES_PER_CRITICAL;
        let most = filtration.in_lists.then(|| self.most_neighbours());
        let (max_dim, n_threads) = (self.params.max_dim, self.n_threads);
        let sweeps = Settlement::bytes_of_sweeps(self.n, self.n_edges, most, max_dim, n_threads);
        let settled = part(
            "matching",
            Settlement::bytes(self.n_edges, n_trees, n_critical),
        );
        let n_flows = FLOWS_PER_CRITICAL * n_critical + FLOWS_PER_TREE * n_trees;
        let n_flows = n_flows.min(self.n_cells());
        let flows = self.memo(n_flows, ENTRIES_PER_FLOW * n_flows) + 4 * STEP as usize;
        vec![
            vec![part("sweep", sweeps), settled],
            vec![settled, part("flows", flows)],
        ]
    }

    /// No vertex has more neighbours, or hardly.
    fn most_neighbours(&self) -> usize {
        let on_average = 2 * self.n_edges / self.n.max(1);
        (MOST_PER_AVERAGE * on_average).min(self.n)
    }

    /// While the diagram is put together.
    fn diagram(&self, form: Form) -> Vec<Part> {
        let (_, n_births) = self.bare();
        let n_higher = if self.params.max_dim == 0 {
            0
        } else {
            n_births
        };
        let mut parts = vec![part("diagram", bytes_of_diagram(self.n, n_higher))];
        let is_list = matches!(form, Form::EdgeListRows | Form::EdgeListLists);
        if is_list && self.params.max_dim > 0 {
            let filtration = self.filtration();
            parts.push(part("edges", filtration.edges));
            parts.push(part("ranks", filtration.ranks));
        }
        parts
    }
}

/// Flows that are asked for: for edges with an empty lune, and for each that begins a loop. Measured: 2.2 to 4.1 for each of the former.
const FLOWS_PER_BARE: usize = 2;
const FLOWS_PER_LOOP: usize = 4;
/// Loops in the flow of an edge whose lune is not empty. Measured: 0.9 to 3.7.
const LOOPS_PER_FLOW: usize = 4;
/// Lunes with a matching of their own, for each critical cell of dimension 2 or more beyond one for each loop.
const TREES_PER_CRITICAL: usize = 2;
/// Flows for each critical cell and each matching, and their entries. Entries measured: 0.4 to 5.
const FLOWS_PER_CRITICAL: usize = 5;
const FLOWS_PER_TREE: usize = 2;
const ENTRIES_PER_FLOW: usize = 2;
/// How many more neighbours than the average any vertex has.
const MOST_PER_AVERAGE: usize = 4;

fn part(name: &'static str, bytes: usize) -> Part {
    (name, bytes as u64)
}

fn total(parts: &[Part]) -> u64 {
    parts.iter().map(|&(_, bytes)| bytes).sum()
}

/// The phase that holds most.
fn worst(phases: impl IntoIterator<Item = Vec<Part>>) -> Vec<Part> {
    phases
        .into_iter()
        .max_by_key(|phase| total(phase))
        .unwrap_or_default()
}
