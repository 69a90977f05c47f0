//! The graph on the vertices of one lune, as rows of bits.

use super::bits;
use super::simd::tuned;

/// A graph whose rows are sets of its own vertices. It is either a window on the rows of the whole graph, where vertices
/// have their own names, or gathered from the vertices of a small lune, which are then numbered in ascending order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Graph<'a> {
    rows: &'a [u64],
    words: usize,
    names: Option<&'a [u32]>,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(rows: &'a [u64], words: usize, names: Option<&'a [u32]>) -> Self {
        Self { rows, words, names }
    }

    /// What the caller of the engine calls the vertex.
    pub(crate) fn name(&self, v: usize) -> u32 {
        self.names.map_or(v as u32, |names| names[v])
    }

    /// The vertex that the caller of the engine calls so, if it is in the graph.
    pub(crate) fn place(&self, name: u32) -> Option<usize> {
        match self.names {
            None => Some(name as usize),
            Some(names) => names.binary_search(&name).ok(),
        }
    }

    /// The neighbours of `v`.
    #[inline]
    pub(crate) fn row(&self, v: usize) -> &'a [u64] {
        &self.rows[v * self.words..][..self.words]
    }

    /// Makes `link` the neighbours of `v` within `alive`.
    #[inline]
    pub(super) fn link_into(&self, link: &mut Vec<u64>, v: usize, alive: &[u64]) {
        link.clear();
        link.extend(alive.iter().zip(self.row(v)).map(|(x, y)| x & y));
    }

    /// The vertex of `alive` with most neighbours there, the first of several.
    pub(crate) fn busiest(self, alive: &[u64]) -> Option<usize> {
        busiest(self, alive)
    }

    /// Makes `by_size` the vertices of `some`, each after the number of its neighbours in `alive`, in ascending order.
    pub(super) fn sort_by_size(
        self,
        some: &[u64],
        alive: &[u64],
        by_size: &mut Vec<(usize, usize)>,
    ) {
        by_size.clear();
        count_neighbours(self, some, alive, by_size);
        by_size.sort_unstable();
    }

    /// A vertex of `candidates` adjacent to all others of `alive`, the first of several. Destroys the candidates.
    ///
    /// Whatever a candidate misses rules out all that are not its neighbours, so few have to be tried.
    pub(super) fn dominator_among(self, alive: &[u64], candidates: &mut [u64]) -> Option<usize> {
        dominator_among(self, alive, candidates)
    }

    /// The same; the candidates are tried beginning at a place, the smaller ones last.
    pub(crate) fn dominator_from(
        self,
        alive: &[u64],
        candidates: &mut [u64],
        from: usize,
    ) -> Option<usize> {
        dominator_from(self, alive, candidates, from)
    }

    /// Whether `z` is adjacent to all others of `alive`. If not, `candidates` loses all vertices that miss the same one.
    pub(super) fn is_dominator(self, z: usize, alive: &[u64], candidates: &mut [u64]) -> bool {
        is_dominator(self, z, alive, candidates)
    }

    /// Removes from `set` the component of `start` in the graph on `set`.
    pub(super) fn remove_component(self, start: usize, set: &mut [u64]) {
        remove_component(self, start, set);
    }

    /// The same, with the room that it takes; whether `start` is adjacent to all that was in the set.
    pub(crate) fn take_component(self, start: usize, set: &mut [u64], reached: &mut [u64]) -> bool {
        take_component(self, start, set, reached)
    }

    /// One vertex of each component of the graph on `alive` that does not contain `root`.
    pub(super) fn other_components(self, root: usize, alive: &[u64]) -> Vec<usize> {
        let mut left = alive.to_vec();
        self.remove_component(root, &mut left);
        let mut others = Vec::new();
        while let Some(v) = bits::first(&left) {
            others.push(v);
            self.remove_component(v, &mut left);
        }
        others
    }
}

tuned! {
    fn busiest(graph: Graph, alive: &[u64]) -> Option<usize> {
        let mut best = None;
        for v in bits::ones(alive) {
            let degree = bits::count_common(alive, graph.row(v));
            if best.is_none_or(|(largest, _)| degree > largest) {
                best = Some((degree, v));
            }
        }
        best.map(|(_, v)| v)
    }
}

tuned! {
    fn count_neighbours(graph: Graph, some: &[u64], alive: &[u64], counts: &mut Vec<(usize, usize)>) {
        for v in bits::ones(some) {
            counts.push((bits::count_common(alive, graph.row(v)), v));
        }
    }
}

tuned! {
    fn dominator_among(graph: Graph, alive: &[u64], candidates: &mut [u64]) -> Option<usize> {
        while let Some(z) = bits::first(candidates) {
            let Some(missed) = bits::first_outside(alive, graph.row(z), z) else {
                return Some(z);
            };
            bits::keep(candidates, graph.row(missed), missed);
        }
        None
    }
}

tuned! {
    fn dominator_from(graph: Graph, alive: &[u64], candidates: &mut [u64], from: usize) -> Option<usize> {
        while let Some(z) = bits::first_from(candidates, from) {
            let Some(missed) = bits::first_outside(alive, graph.row(z), z) else {
                return Some(z);
            };
            bits::keep(candidates, graph.row(missed), missed);
        }
        None
    }
}

tuned! {
    fn is_dominator(graph: Graph, z: usize, alive: &[u64], candidates: &mut [u64]) -> bool {
        let Some(missed) = bits::first_outside(alive, graph.row(z), z) else {
            return true;
        };
        bits::keep(candidates, graph.row(missed), missed);
        false
    }
}

tuned! {
    fn remove_component(graph: Graph, start: usize, set: &mut [u64]) {
        bits::remove(set, start);
        // Mostly one row covers all there is.
        if bits::first_outside(set, graph.row(start), start).is_none() {
            set.fill(0);
            return;
        }
        spread(graph, start, set, &mut vec![0; set.len()]);
    }
}

tuned! {
    fn take_component(graph: Graph, start: usize, set: &mut [u64], reached: &mut [u64]) -> bool {
        bits::remove(set, start);
        if bits::first_outside(set, graph.row(start), start).is_none() {
            set.fill(0);
            return true;
        }
        reached.fill(0);
        spread(graph, start, set, reached);
        false
    }
}

/// Removes from `set` what hangs together with `start`; nothing else is reached yet.
#[inline(always)]
fn spread(graph: Graph, start: usize, set: &mut [u64], reached: &mut [u64]) {
    let mut next = Some(start);
    while let Some(v) = next {
        let mut any_left = 0;
        for ((left, reached), row) in set.iter_mut().zip(&mut *reached).zip(graph.row(v)) {
            *reached |= *left & row;
            *left &= !row;
            any_left |= *left;
        }
        if any_left == 0 {
            return;
        }
        next = bits::first(reached);
        if let Some(v) = next {
            bits::remove(reached, v);
        }
    }
}
