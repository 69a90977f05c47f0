//! Who is there, who is near whom, and what a lune looks like.

use super::lengths::{ABSENT, Edge, Lengths, Rounded, round};
use super::words::bits_where;
use crate::Error;
use crate::lune::bits;
use crate::memory::{Budget, Held};
use crate::simd::{Work, vectorized};

/// The vertices that are there, and the graph of the edges up to some length.
#[derive(Debug)]
pub(super) struct Space {
    pub(super) lengths: Lengths,
    words: usize,
    live: Held<u64>,
    near: Held<u64>,
}

/// A lune, and what has been found in it.
#[derive(Debug)]
pub(super) struct Lune {
    /// By slot: how far the farther end of the edge is.
    farther: Held<Rounded>,
    /// Its vertices, and those of them that have not been reached yet.
    vertices: Held<u64>,
    left: Held<u64>,
    /// Those that have, in that order.
    reached: Held<u32>,
    /// One vertex of each component, the nearest to the edge first.
    pub(super) parts: Held<u32>,
    /// Those of one component, that nearest vertex first, that hang together and to which every other vertex is adjacent.
    pub(super) spine: Held<u32>,
}

/// How a lune hangs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// There is nothing in it.
    Empty,
    /// In one piece: these two, the same or adjacent, are adjacent to everything else.
    Spanned(u32, u32),
    /// In one piece otherwise, told by [`Lune::spine`].
    Linked,
    /// In several pieces, told by [`Lune::parts`].
    Parted,
}

impl Lune {
    /// Room for the lunes of so many slots.
    pub(super) fn new(n_slots: usize, budget: &Budget) -> Result<Self, Error> {
        let set = || Held::filled(budget, 0, bits::words_for(n_slots), |_| Ok(()));
        Ok(Self {
            farther: Held::filled(budget, ABSENT, n_slots, |_| Ok(()))?,
            vertices: set()?,
            left: set()?,
            reached: Held::with_capacity(budget, n_slots)?,
            parts: Held::with_capacity(budget, n_slots)?,
            spine: Held::with_capacity(budget, n_slots)?,
        })
    }
}

impl Space {
    pub(super) fn new(n_slots: usize, budget: &Budget) -> Result<Self, Error> {
        let words = bits::words_for(n_slots);
        let empty = |n: usize| Held::filled(budget, 0, n, |_| Ok(()));
        Ok(Self {
            lengths: Lengths::new(n_slots, budget)?,
            words,
            live: empty(words)?,
            near: empty(n_slots * words)?,
        })
    }

    pub(super) fn live(&self) -> &[u64] {
        &self.live
    }

    pub(super) fn is_live(&self, v: u32) -> bool {
        bits::contains(&self.live, v as usize)
    }

    /// How many vertices are there.
    pub(super) fn n_live(&self) -> usize {
        bits::count(&self.live)
    }

    /// How many pairs are near.
    pub(super) fn n_near(&self) -> usize {
        bits::count(&self.near) / 2
    }

    pub(super) fn near(&self, v: u32) -> &[u64] {
        &self.near[v as usize * self.words..][..self.words]
    }

    /// `v` appears, so far from the others; those up to `reach` are near.
    pub(super) fn appear(&mut self, v: u32, reach: f64, length_to: impl Fn(u32) -> f64) {
        for k in 0..self.words {
            let mut others = self.live[k];
            while others != 0 {
                let other = (k * 64) as u32 + others.trailing_zeros();
                others &= others - 1;
                let length = length_to(other);
                self.lengths.set(v, other, length);
                if length <= reach {
                    self.bring_near(v, other);
                }
            }
        }
        bits::insert(&mut self.live, v as usize);
    }

    /// `v` is not there any more. Its lengths are still known, until [`Self::forget`].
    pub(super) fn vanish(&mut self, v: u32) {
        bits::remove(&mut self.live, v as usize);
        for k in 0..self.words {
            let mut others = self.near[v as usize * self.words + k];
            self.near[v as usize * self.words + k] = 0;
            while others != 0 {
                let other = k * 64 + others.trailing_zeros() as usize;
                others &= others - 1;
                bits::remove(&mut self.near[other * self.words..], v as usize);
            }
        }
    }

    /// From now on `v` is infinitely far from everything.
    pub(super) fn forget(&mut self, v: u32) {
        for other in 0..self.lengths.n_slots() as u32 {
            self.lengths.remove(v, other);
        }
    }

    pub(super) fn bring_near(&mut self, a: u32, b: u32) {
        bits::insert(&mut self.near[a as usize * self.words..], b as usize);
        bits::insert(&mut self.near[b as usize * self.words..], a as usize);
    }

    pub(super) fn move_apart(&mut self, a: u32, b: u32) {
        bits::remove(&mut self.near[a as usize * self.words..], b as usize);
        bits::remove(&mut self.near[b as usize * self.words..], a as usize);
    }

    /// Calls `give` with the edges from `a` to the vertices in a set that are in smaller slots.
    #[inline(always)]
    pub(super) fn edges_below(
        &self,
        a: u32,
        among: &[u64],
        mut give: impl FnMut(Edge) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (k, &word) in among.iter().enumerate().take(a as usize / 64 + 1) {
            let mut others = word;
            if k == a as usize / 64 {
                others &= (1 << (a % 64)) - 1;
            }
            while others != 0 {
                let b = (k * 64) as u32 + others.trailing_zeros();
                others &= others - 1;
                give(self.lengths.edge(a, b))?;
            }
        }
        Ok(())
    }

    /// Makes `among` the slots below `a` such that `v` is in the lune of their edge to `a`, and a few for which that is not certain.
    pub(super) fn lunes_with(&self, v: u32, a: u32, among: &mut [u64]) {
        let below = a as usize;
        vectorized(Entered {
            from_v: &self.lengths.row(v)[..below],
            from_a: &self.lengths.row(a)[..below],
            between: self.lengths.row(v)[below],
            among,
        });
        for (word, near) in among.iter_mut().zip(self.near(a)) {
            *word &= near;
        }
    }

    /// Any vertex of the lune of an edge that is longer than the reach. Who is near to one end is often in it; where the search begins
    /// depends on the edge, so that nobody serves too many.
    pub(super) fn witness(&self, e: &Edge) -> Option<u32> {
        let [a, b] = e.ends;
        let from = a.wrapping_mul(0x9e37_79b1) ^ b.wrapping_mul(0x85eb_ca6b);
        let is_in = |&c: &u32| self.lengths.in_lune(e, c);
        let near = |v: u32| elements_from(self.near(v), from).find(is_in);
        let anybody = || elements_from(self.live(), from).find(is_in);
        near(a).or_else(|| near(b)).or_else(anybody)
    }

    /// Finds witnesses for many of the long edges from `v` at once, by slots: of those whose other end is nearer to a vertex near `v`.
    pub(super) fn witnesses(&self, v: u32, witnesses: &mut [u32]) {
        for z in bits::ones(self.near(v)).take(WITNESSES) {
            vectorized(NearerTo {
                z: z as u32,
                from_v: self.lengths.row(v),
                from_z: self.lengths.row(z as u32),
                witnesses,
            });
        }
    }

    /// Whether a vertex that is new to the lune of `e` is adjacent to another vertex of it.
    pub(super) fn touches(&self, e: &Edge, newcomer: u32) -> Option<u32> {
        let [a, b] = e.ends;
        let near = self
            .near(a)
            .iter()
            .zip(self.near(b))
            .zip(self.near(newcomer));
        near.enumerate().find_map(|(k, ((x, y), z))| {
            let mut common = x & y & z;
            while common != 0 {
                let u = (k * 64) as u32 + common.trailing_zeros();
                common &= common - 1;
                if self.lengths.in_lune(e, u) && self.lengths.precedes(newcomer, u, e) {
                    return Some(u);
                }
            }
            None
        })
    }

    /// What the lune of an edge looks like.
    pub(super) fn look(&self, e: &Edge, lune: &mut Lune) -> Result<Shape, Error> {
        let Some(centre) = self.open(e, lune) else {
            return Ok(Shape::Empty);
        };
        lune.left.copy_from_slice(&lune.vertices);
        lune.reached.clear();
        lune.parts.clear();
        lune.spine.clear();
        lune.take(centre)?;
        self.reach_from(centre, e, lune)?;
        if bits::is_empty(&lune.left) {
            return Ok(Shape::Spanned(centre, centre));
        }
        let others = &lune.reached[1..];
        let reaches_all = |v: u32| {
            let mut left = bits::ones(&lune.left).map(|u| u as u32);
            left.all(|u| self.lengths.precedes(v, u, e))
        };
        if let Some(&second) = others.iter().take(SECONDS).find(|&&v| reaches_all(v)) {
            return Ok(Shape::Spanned(centre, second));
        }
        lune.parts.push(centre)?;
        lune.spine.push(centre)?;
        let mut next = 1;
        while let Some(first_left) = bits::first(&lune.left) {
            if next == lune.reached.len() {
                // All that hangs together with the last part is found.
                lune.parts.push(first_left as u32)?;
                lune.take(first_left as u32)?;
            }
            let (v, n_before) = (lune.reached[next], lune.reached.len());
            self.reach_from(v, e, lune)?;
            if lune.reached.len() > n_before {
                lune.spine.push(v)?;
            }
            next += 1;
        }
        Ok(match lune.parts.len() {
            1 => Shape::Linked,
            _ => Shape::Parted,
        })
    }

    /// Finds the vertices of a lune; the one nearest to the edge.
    fn open(&self, e: &Edge, lune: &mut Lune) -> Option<u32> {
        let [from_a, from_b] = e.ends.map(|end| self.lengths.row(end));
        let limit = round(e.length);
        let (nearest, some_tie) = vectorized(Open {
            from_a,
            from_b,
            limit,
            farther: &mut lune.farther,
            vertices: &mut lune.vertices,
        });
        if some_tie {
            for (c, _) in (0..).zip(lune.farther.iter()).filter(|(_, x)| **x == limit) {
                if self.lengths.in_lune(e, c) {
                    bits::insert(&mut lune.vertices, c as usize);
                }
            }
        }
        if nearest < limit {
            let at = lune.farther.iter().position(|&x| x == nearest);
            return at.map(|at| at as u32);
        }
        bits::first(&lune.vertices).map(|c| c as u32)
    }

    /// Reaches what is left of the lune and adjacent to `v`.
    fn reach_from(&self, v: u32, e: &Edge, lune: &mut Lune) -> Result<(), Error> {
        let (row, limit) = (self.lengths.row(v), round(e.length));
        for k in 0..lune.left.len() {
            let mut rest = lune.left[k];
            while rest != 0 {
                let at = k * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                let length = row[at];
                if length < limit || length == limit && self.lengths.precedes(v, at as u32, e) {
                    lune.take(at as u32)?;
                }
            }
        }
        Ok(())
    }
}

impl Lune {
    /// A vertex is reached.
    fn take(&mut self, v: u32) -> Result<(), Error> {
        bits::remove(&mut self.left, v as usize);
        self.reached.push(v)
    }
}

/// Opens a lune, but for vertices as far as the edge is long: the least distance of the farther end, and whether there are such.
struct Open<'a> {
    from_a: &'a [Rounded],
    from_b: &'a [Rounded],
    limit: Rounded,
    farther: &'a mut [Rounded],
    vertices: &'a mut [u64],
}

impl Work for Open<'_> {
    type Output = (Rounded, bool);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let (mut nearest, mut n_ties) = (ABSENT, 0);
        let pairs = self.from_a.iter().zip(self.from_b);
        for (farther, (&a, &b)) in self.farther.iter_mut().zip(pairs) {
            *farther = a.max(b);
            nearest = nearest.min(*farther);
            n_ties += u32::from(*farther == self.limit);
        }
        for (word, farther) in self.vertices.iter_mut().zip(self.farther.chunks(64)) {
            *word = bits_where(farther, |x| x < self.limit);
        }
        (nearest, n_ties > 0)
    }
}

/// See [`Space::lunes_with`].
struct Entered<'a> {
    from_v: &'a [Rounded],
    from_a: &'a [Rounded],
    between: Rounded,
    among: &'a mut [u64],
}

impl Work for Entered<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.among.fill(0);
        let rows = self.from_v.chunks(64).zip(self.from_a.chunks(64));
        let mut room = [0; 64];
        for (word, (from_v, from_a)) in self.among.iter_mut().zip(rows) {
            for (room, (&v, &a)) in room.iter_mut().zip(from_v.iter().zip(from_a)) {
                *room = Rounded::from(v.max(self.between) <= a);
            }
            let room = &room[..from_v.len()];
            *word = bits_where(room, |x| x != 0);
        }
    }
}

/// Nobody.
pub(super) const NOBODY: u32 = u32::MAX;
/// So many vertices are tried to do with two.
const SECONDS: usize = 16;
/// So many neighbours are tried: each is good for about half of the edges that are left.
const WITNESSES: usize = 6;

/// Makes `z` the witness of every edge from `v` that has none, and whose other end is nearer to `z`.
struct NearerTo<'a> {
    z: u32,
    from_v: &'a [Rounded],
    from_z: &'a [Rounded],
    witnesses: &'a mut [u32],
}

impl Work for NearerTo<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let lengths = self.from_v.iter().zip(self.from_z);
        for (witness, (from_v, from_z)) in self.witnesses.iter_mut().zip(lengths) {
            let found = *witness == NOBODY && from_z < from_v;
            *witness = if found { self.z } else { *witness };
        }
    }
}

/// The elements of a set, beginning somewhere.
#[inline(always)]
fn elements_from(set: &[u64], from: u32) -> impl Iterator<Item = u32> + '_ {
    let (turn, words) = (from >> 26, set.len());
    let start = from as usize % words.max(1);
    (start..words).chain(0..start).flat_map(move |k| {
        let mut word = set[k].rotate_right(turn);
        std::iter::from_fn(move || {
            let bit = (word != 0).then(|| (word.trailing_zeros() + turn) % 64)?;
            word &= word - 1;
            Some((k * 64) as u32 + bit)
        })
    })
}
