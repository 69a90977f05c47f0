//! From two vertices to the rank of their edge.

use super::Edge;
use crate::memory::Held;
use crate::simd::{Work, vectorized};
use crate::{Control, Error};

/// Stands for "no edge" inside the square table; never leaves the filtration.
pub(super) const NONE: u32 = u32::MAX;
/// The square is worth its memory while it holds at most this many places per edge.
const PLACES_PER_EDGE: usize = 24;

/// Ranks by pairs of vertices.
#[derive(Debug)]
pub(super) enum RankTable {
    /// All ordered pairs: `n * n` ranks.
    Square(Held<u32>),
    /// The neighbours of each vertex.
    Lists(Neighbours),
}

impl RankTable {
    /// No ranks at all, of no vertices.
    pub(super) fn empty(control: &Control) -> Self {
        Self::Square(Held::new(control.budget()))
    }

    /// Whether there is a place for every pair.
    fn is_square(n: usize, n_edges: usize, small: usize) -> bool {
        n <= small || n * n / PLACES_PER_EDGE <= n_edges
    }

    /// Bytes set aside while the ranks are put in their places, and from then on.
    pub(super) fn bytes(n: usize, n_edges: usize, small: usize) -> [usize; 2] {
        if Self::is_square(n, n_edges, small) {
            return [size_of::<u32>() * n * n; 2];
        }
        let (offsets, pair) = (size_of::<usize>() * (n + 1), 2 * size_of::<u32>());
        let lists = offsets + 2 * n_edges * pair;
        [lists + 2 * n_edges * pair + offsets, lists]
    }

    /// The ranks of edges in order. Up to `small` vertices there is a place for every pair.
    pub(super) fn new(
        n: usize,
        edges: &[Edge],
        small: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        if !Self::is_square(n, edges.len(), small) {
            return Ok(Self::Lists(Neighbours::new(n, edges, control)?));
        }
        let tick = |work| control.tick(work);
        let mut square = Held::filled(control.budget(), NONE, n.saturating_mul(n), tick)?;
        for (rank, Edge { ends: [i, j], .. }) in edges.iter().copied().enumerate() {
            control.poll("ranks", rank, edges.len())?;
            square[i as usize * n + j as usize] = rank as u32;
            square[j as usize * n + i as usize] = rank as u32;
        }
        Ok(Self::Square(square))
    }

    #[inline]
    pub(super) fn get(&self, n: usize, i: u32, j: u32) -> Option<u32> {
        match self {
            Self::Square(square) => {
                let rank = square[i as usize * n + j as usize];
                (rank != NONE).then_some(rank)
            }
            Self::Lists(lists) => {
                let (vertices, ranks) = lists.of(i);
                Some(ranks[vertices.binary_search(&j).ok()?])
            }
        }
    }

    /// The smallest, over the common neighbours `c` of `a` and `b`, of the larger rank of `ac` and `bc`.
    pub(super) fn nearest_common(&self, n: usize, a: u32, b: u32) -> Option<u32> {
        match self {
            Self::Square(square) => {
                let row = |v: u32| &square[v as usize * n..][..n];
                let rank = vectorized(SmallestOfLarger(row(a), row(b)));
                (rank != NONE).then_some(rank)
            }
            Self::Lists(lists) => lists.common(a, b).map(|(_, longer)| longer).min(),
        }
    }
}

/// The smallest of the larger entries of two rows.
struct SmallestOfLarger<'a>(&'a [u32], &'a [u32]);

impl Work for SmallestOfLarger<'_> {
    type Output = u32;

    #[inline(always)]
    fn run(self) -> u32 {
        let longer = self.0.iter().zip(self.1).map(|(&x, &y)| x.max(y));
        longer.fold(NONE, u32::min)
    }
}

/// Neighbours of every vertex, ascending, with the ranks of the edges to them.
#[derive(Debug)]
pub(crate) struct Neighbours {
    offsets: Held<usize>,
    vertices: Held<u32>,
    ranks: Held<u32>,
}

impl Neighbours {
    pub(super) fn new(n: usize, edges: &[Edge], control: &Control) -> Result<Self, Error> {
        let (budget, tick) = (control.budget(), |work| control.tick(work));
        let mut offsets = Held::filled(budget, 0, n + 1, tick)?;
        for (at, Edge { ends: [i, j], .. }) in edges.iter().copied().enumerate() {
            control.poll("ranks", at, 3 * edges.len())?;
            offsets[i as usize + 1] += 1;
            offsets[j as usize + 1] += 1;
        }
        for v in 0..n {
            offsets[v + 1] += offsets[v];
        }
        let unsorted = unsorted(&offsets, edges, control)?;
        let mut vertices = Held::filled(budget, 0, unsorted.len(), tick)?;
        let mut ranks = Held::filled(budget, 0, unsorted.len(), tick)?;
        // Vertex by vertex, each is appended to the lists of its neighbours, which so come out ascending.
        let mut next = Held::with_capacity(budget, n)?;
        next.copy_in_chunks(&offsets[..n], tick)?;
        for v in 0..n {
            control.poll("ranks", edges.len() + offsets[v], 3 * edges.len())?;
            for &(to, rank) in &unsorted[offsets[v]..offsets[v + 1]] {
                let at = &mut next[to as usize];
                vertices[*at] = v as u32;
                ranks[*at] = rank;
                *at += 1;
            }
        }
        Ok(Self {
            offsets,
            vertices,
            ranks,
        })
    }

    /// The largest number of neighbours.
    pub(crate) fn most(&self) -> usize {
        let lists = self.offsets.iter().zip(&self.offsets[1..]);
        lists.map(|(from, to)| to - from).max().unwrap_or(0)
    }

    /// Neighbours of `v` and the ranks of their edges.
    #[inline]
    pub(crate) fn of(&self, v: u32) -> (&[u32], &[u32]) {
        let at = self.offsets[v as usize]..self.offsets[v as usize + 1];
        (&self.vertices[at.clone()], &self.ranks[at])
    }

    /// The common neighbours of `a` and `b`, ascending, each with the larger rank of its two edges.
    #[inline]
    pub(crate) fn common(&self, a: u32, b: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let ((va, ra), (vb, rb)) = (self.of(a), self.of(b));
        shared(va, vb).map(|(x, y)| (va[x], ra[x].max(rb[y])))
    }

    /// Which of the sorted `vertices`, by their positions, are joined to `v` by an edge of rank below `end`.
    pub(crate) fn among<'a>(
        &'a self,
        v: u32,
        vertices: &'a [u32],
        end: u32,
    ) -> impl Iterator<Item = usize> + 'a {
        let (neighbours, ranks) = self.of(v);
        let near = shared(vertices, neighbours).filter(move |&(_, y)| ranks[y] < end);
        near.map(|(x, _)| x)
    }
}

/// The neighbours of one vertex after the other with the ranks of their edges, in order of rank.
fn unsorted(
    offsets: &[usize],
    edges: &[Edge],
    control: &Control,
) -> Result<Held<(u32, u32)>, Error> {
    let (budget, tick) = (control.budget(), |work| control.tick(work));
    let mut entries = Held::filled(budget, (0, 0), 2 * edges.len(), tick)?;
    let mut next = Held::new(budget);
    next.copy_in_chunks(offsets, tick)?;
    for (rank, Edge { ends: [i, j], .. }) in edges.iter().copied().enumerate() {
        control.poll("ranks", edges.len() + rank, 3 * edges.len())?;
        for (from, to) in [(i, j), (j, i)] {
            entries[next[from as usize]] = (to, rank as u32);
            next[from as usize] += 1;
        }
    }
    Ok(entries)
}

/// Positions of the elements that two ascending lists share. Costs little more than the shorter list is long, so that one
/// vertex with very many neighbours does not make all of them slow.
#[inline]
fn shared<'a>(a: &'a [u32], b: &'a [u32]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let swapped = a.len() > b.len();
    let (short, long) = if swapped { (b, a) } else { (a, b) };
    let mut y = 0;
    short.iter().enumerate().filter_map(move |(x, &v)| {
        y += count_below(&long[y..], v);
        let found = long.get(y) == Some(&v);
        found.then_some(if swapped { (y, x) } else { (x, y) })
    })
}

/// How many elements of an ascending list are below `v`: looked for nearby first.
#[inline]
fn count_below(list: &[u32], v: u32) -> usize {
    const NEARBY: usize = 8;
    match list.get(NEARBY) {
        Some(&u) if u < v => list.partition_point(|&u| u < v),
        _ => list.iter().take(NEARBY).take_while(|&&u| u < v).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_intersected_whatever_their_lengths() {
        let all: Vec<u32> = (0..100).collect();
        for step in [1, 2, 7, 30, 99] {
            let some: Vec<u32> = (0..100).step_by(step).collect();
            let expected: Vec<(usize, usize)> = (0..some.len()).map(|x| (x, x * step)).collect();
            assert_eq!(shared(&some, &all).collect::<Vec<_>>(), expected);
            let flipped: Vec<(usize, usize)> = expected.iter().map(|&(x, y)| (y, x)).collect();
            assert_eq!(shared(&all, &some).collect::<Vec<_>>(), flipped);
        }
        assert_eq!(shared(&[], &all).count(), 0);
        assert_eq!(
            shared(&[1, 3, 200], &[0, 2, 4, 200]).collect::<Vec<_>>(),
            [(2, 3)]
        );
    }
}
