//! Who is near whom, whatever the input: the only thing that samples ask.

use crate::memory::Held;
use crate::tiles::Tiles;
use crate::{Control, DistanceMatrix, Error, Metric, Points, RipsInput, SparseDistances};

/// Points measured between two looks at the clock.
const CHUNK: usize = 4096;

/// A vertex and its distance from the one that was asked for.
pub(super) type Near = (u32, f64);

/// Whom a vertex is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Among<'a> {
    All,
    /// The vertices before it.
    Before,
    /// Some, ascending.
    These(&'a [u32]),
}

/// The lengths of an input, with what it takes to look them up.
#[derive(Debug)]
pub(super) struct Lengths<'a> {
    source: Source<'a>,
    n: usize,
    /// All vertices; none where lists of neighbours say who there is.
    vertices: Held<u32>,
}

#[derive(Debug)]
enum Source<'a> {
    Points(&'a Points, Metric, Box<Tiles<'a>>),
    Dense(&'a DistanceMatrix),
    Sparse(Lists),
}

/// The neighbours of every vertex, ascending.
#[derive(Debug)]
struct Lists {
    offsets: Held<usize>,
    entries: Held<Near>,
}

impl<'a> Lengths<'a> {
    pub(super) fn new(input: RipsInput<'a>, control: &Control) -> Result<Self, Error> {
        let (budget, n) = (control.budget(), input.n_vertices());
        let source = match input {
            RipsInput::Points(points, metric) => {
                let tiles = Box::new(Tiles::new(points, metric, budget));
                Source::Points(points, metric, tiles)
            }
            RipsInput::Dense(matrix) => Source::Dense(matrix),
            RipsInput::Sparse(distances) => Source::Sparse(Lists::new(distances, control)?),
        };
        let mut vertices = Held::new(budget);
        if !matches!(source, Source::Sparse(_)) {
            vertices.extend_in_chunks(n, 0..n as u32, |work| control.tick(work))?;
        }
        Ok(Self {
            source,
            n,
            vertices,
        })
    }

    /// Number of vertices.
    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// What it costs to look at one length, in coordinates.
    pub(super) fn cost(&self) -> usize {
        match &self.source {
            Source::Points(points, ..) => points.n_dims().max(1),
            Source::Dense(_) | Source::Sparse(_) => 1,
        }
    }

    /// The distance between two vertices, if they have one.
    pub(super) fn between(&self, i: u32, j: u32) -> Option<f64> {
        let (i, j) = (i.max(j) as usize, i.min(j) as usize);
        match &self.source {
            Source::Points(points, metric, _) => Some(points.distance(*metric, i, j)),
            Source::Dense(matrix) => Some(matrix.get(i, j)),
            Source::Sparse(lists) => {
                let near = lists.of(i as u32);
                let at = near.binary_search_by_key(&(j as u32), |&(v, _)| v).ok()?;
                Some(near[at].1)
            }
        }
    }

    /// Makes `found` those among some vertices that are at most `up_to` away from `v`, ascending; `v` itself is none of them.
    ///
    /// # Errors
    /// Those of memory and interrupts; [`Error::Invalid`] if a distance overflows.
    pub(super) fn near(
        &mut self,
        v: u32,
        among: Among,
        up_to: f64,
        found: &mut Held<Near>,
        control: &Control,
    ) -> Result<(), Error> {
        found.clear();
        let others = match (&self.source, among) {
            (Source::Sparse(lists), _) => return lists.near(v, among, up_to, found, control),
            (_, Among::All) => &self.vertices[..],
            (_, Among::Before) => &self.vertices[..v as usize],
            (_, Among::These(some)) => some,
        };
        for chunk in others.chunks(CHUNK) {
            control.tick(1 + CHUNK as u32 / 64)?;
            let mut keep = |u: u32, length: f64| {
                if length <= up_to && u != v {
                    return found.push((u, length));
                }
                Ok(())
            };
            match &mut self.source {
                Source::Points(_, _, tiles) => {
                    let lengths = tiles.measure_some(v as usize, chunk)?;
                    for (&u, &length) in chunk.iter().zip(lengths) {
                        check_finite(length, v, u)?;
                        keep(u, length)?;
                    }
                }
                Source::Dense(matrix) => {
                    for &u in chunk {
                        keep(u, matrix.get(v as usize, u as usize))?;
                    }
                }
                Source::Sparse(_) => {}
            }
        }
        Ok(())
    }
}

/// The refusal of the run itself.
fn check_finite(length: f64, i: u32, j: u32) -> Result<(), Error> {
    if length.is_finite() {
        return Ok(());
    }
    let expected = "coordinates whose distances are finite";
    let got = format!("{length} between {} and {}", i.max(j), i.min(j));
    Err(Error::invalid("points", expected, got))
}

impl Lists {
    fn new(distances: &SparseDistances, control: &Control) -> Result<Self, Error> {
        let (budget, n, edges) = (control.budget(), distances.n(), distances.edges());
        let tick = |work| control.tick(work);
        let mut offsets = Held::filled(budget, 0, n + 1, tick)?;
        for (at, &(i, j, _)) in edges.iter().enumerate() {
            control.poll("estimate", at, 2 * edges.len())?;
            offsets[i as usize + 1] += 1;
            offsets[j as usize + 1] += 1;
        }
        for v in 0..n {
            offsets[v + 1] += offsets[v];
        }
        let mut entries = Held::filled(budget, (0, 0.0), 2 * edges.len(), tick)?;
        let mut next = Held::new(budget);
        next.copy_in_chunks(&offsets, tick)?;
        // Edges come by their larger vertex and then by the smaller one, so that the lists do too: first the smaller
        // neighbours of each vertex, then the larger ones.
        for larger in [false, true] {
            for (at, &(i, j, length)) in edges.iter().enumerate() {
                control.poll("estimate", edges.len() + at / 2, 2 * edges.len())?;
                let (from, to) = if larger { (j, i) } else { (i, j) };
                entries[next[from as usize]] = (to, length);
                next[from as usize] += 1;
            }
        }
        Ok(Self { offsets, entries })
    }

    fn of(&self, v: u32) -> &[Near] {
        let v = v as usize;
        &self.entries[self.offsets[v]..self.offsets[v + 1]]
    }

    fn near(
        &self,
        v: u32,
        among: Among,
        up_to: f64,
        found: &mut Held<Near>,
        control: &Control,
    ) -> Result<(), Error> {
        let own = self.of(v);
        control.tick(1 + (own.len() / 64) as u32)?;
        let counts = |&&(u, length): &&Near| {
            length <= up_to
                && match among {
                    Among::All => true,
                    Among::Before => u < v,
                    Among::These(some) => some.binary_search(&u).is_ok(),
                }
        };
        own.iter()
            .filter(counts)
            .try_for_each(|&near| found.push(near))
    }
}
