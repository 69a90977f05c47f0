//! From two vertices to the rank of their edge.

/// Stands for "no edge" inside the square table; never leaves the filtration.
pub(super) const NONE: u32 = u32::MAX;
/// Up to this many vertices the square is small whatever the number of edges.
const FEW_VERTICES: usize = 2048;
/// The square is worth its memory while it holds at most this many places per edge.
const PLACES_PER_EDGE: usize = 24;

/// Ranks by pairs of vertices.
#[derive(Debug)]
pub(super) enum RankTable {
    /// All ordered pairs: `n * n` ranks.
    Square(Vec<u32>),
    /// The neighbours of each vertex.
    Lists(Neighbours),
}

impl RankTable {
    pub(super) fn new(n: usize, ends: &[[u32; 2]]) -> Self {
        if n > FEW_VERTICES && n * n / PLACES_PER_EDGE > ends.len() {
            return Self::Lists(Neighbours::new(n, ends));
        }
        let mut square = vec![NONE; n * n];
        for (rank, &[i, j]) in ends.iter().enumerate() {
            square[i as usize * n + j as usize] = rank as u32;
            square[j as usize * n + i as usize] = rank as u32;
        }
        Self::Square(square)
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
                let longer = row(a).iter().zip(row(b)).map(|(&x, &y)| x.max(y));
                longer.min().filter(|&rank| rank != NONE)
            }
            Self::Lists(lists) => lists.common(a, b).map(|(_, longer)| longer).min(),
        }
    }
}

/// Neighbours of every vertex, ascending, with the ranks of the edges to them.
#[derive(Debug)]
pub(crate) struct Neighbours {
    offsets: Vec<usize>,
    vertices: Vec<u32>,
    ranks: Vec<u32>,
}

impl Neighbours {
    fn new(n: usize, ends: &[[u32; 2]]) -> Self {
        let mut offsets = vec![0; n + 1];
        for end in ends.as_flattened() {
            offsets[*end as usize + 1] += 1;
        }
        for v in 0..n {
            offsets[v + 1] += offsets[v];
        }
        let mut entries = vec![(0, 0); 2 * ends.len()];
        let mut next = offsets.clone();
        for (rank, &[i, j]) in ends.iter().enumerate() {
            for (from, to) in [(i, j), (j, i)] {
                entries[next[from as usize]] = (to, rank as u32);
                next[from as usize] += 1;
            }
        }
        for v in 0..n {
            entries[offsets[v]..offsets[v + 1]].sort_unstable();
        }
        Self {
            offsets,
            vertices: entries.iter().map(|e| e.0).collect(),
            ranks: entries.iter().map(|e| e.1).collect(),
        }
    }

    /// Neighbours of `v` and the ranks of their edges.
    #[inline]
    pub(crate) fn of(&self, v: u32) -> (&[u32], &[u32]) {
        let at = self.offsets[v as usize]..self.offsets[v as usize + 1];
        (&self.vertices[at.clone()], &self.ranks[at])
    }

    /// The common neighbours of `a` and `b`, ascending, each with the larger rank of its two edges.
    pub(crate) fn common(&self, a: u32, b: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let ((va, ra), (vb, rb)) = (self.of(a), self.of(b));
        let (mut x, mut y) = (0, 0);
        std::iter::from_fn(move || {
            while x < va.len() && y < vb.len() {
                let (left, right) = (va[x], vb[y]);
                let found = (left == right).then(|| (left, ra[x].max(rb[y])));
                x += usize::from(left <= right);
                y += usize::from(right <= left);
                if found.is_some() {
                    return found;
                }
            }
            None
        })
    }
}
