//! The matching on the cliques of one lune up to degree 2, which is the list of the vertices that are removed.
//!
//! With a cap of two (section 5 of `docs/concepts/lune-morse.md`) only the components of links count. So nothing has to be known of a removed
//! vertex but one vertex of its link, the cell's partner, and one of each other component, which makes a critical tetrahedron.

use super::certificate::{Core, Kind, MOST_WORDS, Step};
use super::rows::Rows;
use crate::Error;
use crate::lune::bits;
use crate::memory::{Budget, Held};

/// Writes cores, and has the room that it takes.
#[derive(Debug)]
pub(super) struct Matching {
    /// Those written.
    pub(super) cores: Held<u32>,
    /// Of the lune that is looked at: what has not been removed.
    pub(super) alive: Held<u64>,
    far: Held<u64>,
    suspects: Held<u64>,
    link: Held<u64>,
    candidates: Held<u64>,
    reached: Held<u64>,
    by_size: Held<(usize, usize)>,
    /// Lunes and links looked at.
    pub(super) n_looks: usize,
}

impl Matching {
    /// For lunes of so many slots.
    pub(super) fn new(n_slots: usize, budget: &Budget) -> Result<Self, Error> {
        let set = || Held::filled(budget, 0, bits::words_for(n_slots), |_| Ok(()));
        Ok(Self {
            cores: Held::new(budget),
            alive: set()?,
            far: set()?,
            suspects: set()?,
            link: set()?,
            candidates: set()?,
            reached: set()?,
            by_size: Held::with_capacity(budget, n_slots)?,
            n_looks: 0,
        })
    }

    /// Opens the lune of an edge; whether anything is in it.
    #[inline(always)]
    pub(super) fn open(&mut self, rows: &Rows, [a, b]: [u32; 2]) -> bool {
        rows.neighbours_in(a, rows.row(b), &mut self.alive)
    }

    /// A vertex of the open lune adjacent to all the others. Where the search begins depends on the edge, so that nobody serves too many.
    pub(super) fn dominator(&mut self, rows: &Rows, from: usize) -> Option<u32> {
        self.n_looks += 1;
        self.candidates.copy_from_slice(&self.alive);
        let graph = rows.graph();
        let found = graph.dominator_from(&self.alive, &mut self.candidates, from);
        found.map(|v| v as u32)
    }

    /// Begins a core with this apex.
    pub(super) fn begin(&mut self, apex: u32) -> Result<usize, Error> {
        let start = self.cores.len();
        self.cores.extend_from_slice(&Core::header(apex, 0, 0))?;
        Ok(start)
    }

    /// Whether there is no step in the core that begins there.
    pub(super) fn is_empty_since(&self, start: usize) -> bool {
        self.cores.len() == start + Core::header(0, 0, 0).len()
    }

    /// Ends it: how many critical cells it has.
    pub(super) fn finish(&mut self, start: usize) -> Result<usize, Error> {
        self.check_size()?;
        Ok(Core::finish(&mut self.cores, start))
    }

    /// Writes one of before as it was.
    pub(super) fn keep(&mut self, core: Core) -> Result<usize, Error> {
        let (start, words) = (self.cores.len(), core.words());
        let header = Core::header(core.apex, words.len(), core.n_critical as usize);
        self.cores.extend_from_slice(&header)?;
        self.cores.extend_from_slice(words)?;
        self.check_size()?;
        Ok(start)
    }

    /// A core's place is part of a word.
    fn check_size(&self) -> Result<(), Error> {
        if self.cores.len() <= MOST_WORDS {
            return Ok(());
        }
        let expected = "landmarks whose lunes have fewer than 2^28 steps";
        Err(Error::invalid("input", expected, self.cores.len()))
    }

    /// Writes the core of the open lune, which is not empty and no cone. An apex of many neighbours leaves few vertices to remove; those whose
    /// links are cones go first.
    pub(super) fn build(&mut self, rows: &Rows) -> Result<usize, Error> {
        let graph = rows.graph();
        let apex = graph.busiest(&self.alive).unwrap_or_default();
        let start = self.begin(apex as u32)?;
        let row = graph.row(apex);
        for ((far, alive), row) in self.far.iter_mut().zip(&self.alive).zip(row) {
            *far = alive & !row;
        }
        bits::remove(&mut self.far, apex);
        self.suspects.copy_from_slice(&self.far);
        loop {
            while let Some(v) = bits::first(&self.suspects) {
                bits::remove(&mut self.suspects, v);
                self.remove_if_dominated(rows, v as u32)?;
            }
            let Some(v) = self.cheapest(rows)? else {
                return Ok(start);
            };
            self.forget(rows, v);
            self.remove(rows, v)?;
        }
    }

    /// Removes a vertex of `far` if its link is a cone.
    fn remove_if_dominated(&mut self, rows: &Rows, vertex: u32) -> Result<(), Error> {
        self.n_looks += 1;
        rows.neighbours_in(vertex, &self.alive, &mut self.link);
        self.candidates.copy_from_slice(&self.link);
        let graph = rows.graph();
        let from = vertex as usize;
        if let Some(other) = graph.dominator_from(&self.link, &mut self.candidates, from) {
            self.forget(rows, vertex);
            self.put(Kind::Dominated, vertex, other)?;
        }
        Ok(())
    }

    /// A vertex of `far` goes, and the links of its neighbours there become smaller.
    fn forget(&mut self, rows: &Rows, v: u32) {
        bits::remove(&mut self.alive, v as usize);
        bits::remove(&mut self.far, v as usize);
        let shrunk = self.far.iter().zip(rows.row(v)).map(|(x, y)| x & y);
        for (suspects, more) in self.suspects.iter_mut().zip(shrunk) {
            *suspects |= more;
        }
    }

    /// The vertex of `far` whose link has the fewest components, then the fewest vertices: an isolated one before all.
    fn cheapest(&mut self, rows: &Rows) -> Result<Option<u32>, Error> {
        let graph = rows.graph();
        self.by_size.clear();
        for v in bits::ones(&self.far) {
            let size = bits::count_common(&self.alive, graph.row(v));
            self.by_size.push((size, v))?;
        }
        self.by_size.sort_unstable();
        let mut best = None;
        for &(_, v) in &self.by_size {
            self.n_looks += 1;
            rows.neighbours_in(v as u32, &self.alive, &mut self.link);
            let mut components = 0;
            while let Some(u) = bits::first(&self.link) {
                graph.take_component(u, &mut self.link, &mut self.reached);
                components += 1;
            }
            if best.is_none_or(|(fewest, _)| components < fewest) {
                best = Some((components, v as u32));
            }
            // No link has fewer, but an empty one, and that came first.
            if components <= 1 {
                break;
            }
        }
        Ok(best.map(|(_, v)| v))
    }

    /// Writes down what becomes of the cliques that lose `vertex` first, which is not alive any more.
    pub(super) fn remove(&mut self, rows: &Rows, vertex: u32) -> Result<(), Error> {
        self.n_looks += 1;
        if !rows.neighbours_in(vertex, &self.alive, &mut self.link) {
            return self.put(Kind::Alone, vertex, 0);
        }
        let start = self.cores.len();
        let from = vertex as usize;
        while let Some(other) = bits::first_from(&self.link, from) {
            let graph = rows.graph();
            let reaches_all = graph.take_component(other, &mut self.link, &mut self.reached);
            let kind = if self.cores.len() > start {
                Kind::Piece
            } else if reaches_all {
                Kind::Dominated
            } else {
                Kind::Linked
            };
            self.put(kind, vertex, other)?;
        }
        if self.cores.len() > start + 1 {
            let first = Step::unpack(self.cores[start]);
            self.cores[start] = first.of_kind(Kind::Apart).pack();
        }
        Ok(())
    }

    /// Whether the link of a vertex that is not alive any more is in one piece, with another vertex in it.
    pub(super) fn is_linked(&mut self, rows: &Rows, vertex: u32, other: u32) -> bool {
        self.n_looks += 1;
        rows.neighbours_in(vertex, &self.alive, &mut self.link);
        if !bits::contains(&self.link, other as usize) {
            return false;
        }
        let start = other as usize;
        rows.graph()
            .take_component(start, &mut self.link, &mut self.reached);
        bits::is_empty(&self.link)
    }

    fn put(&mut self, kind: Kind, vertex: u32, other: usize) -> Result<(), Error> {
        let step = Step {
            kind,
            vertex,
            other: other as u32,
        };
        self.cores.push(step.pack())
    }
}
