//! How many simplices there are: all of them where that is little work, else those over a few chains of neighbours.
//!
//! A chain is a vertex, one of its neighbours, a common neighbour of both, and so on, each drawn evenly among those that there are. With
//! `n` vertices and `c_1, c_2, …` to choose from, `n c_1 … c_k / (k + 1)!` is the number of simplices of dimension `k` on average (D. Knuth,
//! *Estimating the efficiency of backtrack programs*, 1975). The seed is fixed: the same input has the same estimate.

use super::lengths::{Among, Lengths, Near};
use crate::memory::Held;
use crate::{Control, Error};

/// Coordinates that are looked at for an exact count, and about as many for a sampled one: a few milliseconds.
const WORK: usize = 1 << 18;
/// Vertices sampled, however many coordinates they have, and however few.
const FEWEST: usize = 32;
const MOST: usize = 512;
/// Chains from one vertex: as long as they cost no more than finding its neighbours did.
const MOST_CHAINS: usize = 4;
/// Vertices around which relative neighbours are looked for.
const FEWEST_STARS: usize = 4;
const MOST_STARS: usize = 64;
/// Edges around each of them whose lunes are opened.
const EDGES_PER_STAR: usize = 2;
/// Points near the centre whose farthest distance bounds the enclosing radius.
const CENTRES: usize = 8;
/// Pairs whose lengths tell how many edges a length has below it.
const PAIRS: usize = 4096;

/// A number of simplices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Count {
    /// About how many there are; exactly, where the error is zero.
    pub value: f64,
    /// Standard error of the value.
    pub standard_error: f64,
}

impl Count {
    pub(super) fn exactly(value: f64) -> Self {
        let standard_error = 0.0;
        Self {
            value,
            standard_error,
        }
    }

    /// From the values that independent samples gave.
    fn of_samples(samples: &[f64]) -> Self {
        let n = samples.len().max(1) as f64;
        let value = samples.iter().sum::<f64>() / n;
        let squares: f64 = samples.iter().map(|x| (x - value).powi(2)).sum();
        Self {
            value,
            standard_error: (squares / (n - 1.0).max(1.0) / n).sqrt(),
        }
    }

    /// Seldom exceeded: two standard errors more.
    pub(super) fn at_most(self) -> f64 {
        self.value + 2.0 * self.standard_error
    }
}

/// What is known of an input before it is run.
pub(super) struct Counter<'l, 'a, 'c> {
    pub(super) lengths: &'l mut Lengths<'a>,
    random: Random,
    control: &'c Control<'c>,
}

/// What the edges of a few vertices do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edges {
    /// Edges with an empty lune.
    pub(super) bare: Count,
    /// There are no more components, but for the error of sampling: that of a vertex has all of its neighbours too.
    pub(super) n_components: f64,
    /// Share of the edges that no vertex of their lune settles; of those sampled.
    pub(super) hollow: f64,
}

impl Edges {
    /// Where nobody asks.
    pub(super) fn none() -> Self {
        Self {
            bare: Count::exactly(0.0),
            n_components: 0.0,
            hollow: 0.0,
        }
    }
}

impl<'l, 'a, 'c> Counter<'l, 'a, 'c> {
    pub(super) fn new(lengths: &'l mut Lengths<'a>, control: &'c Control<'c>) -> Self {
        Self {
            lengths,
            random: Random(1),
            control,
        }
    }

    /// The enclosing radius where all distances are looked at, else the least farthest distance of some points near the centre, which is
    /// no smaller.
    pub(super) fn enclosing_radius(&mut self, centre: &[u32]) -> Result<f64, Error> {
        let n = self.lengths.n();
        let all = n.saturating_mul(n).saturating_mul(self.lengths.cost()) <= 2 * WORK;
        let vertices = if all { &[] } else { centre };
        let everyone = (0..n as u32).take(if all { n } else { 0 });
        let mut near = Held::new(self.control.budget());
        let mut radius = f64::INFINITY;
        for v in everyone.chain(vertices.iter().copied()) {
            let (lengths, control) = (&mut *self.lengths, self.control);
            lengths.near(v, Among::All, f64::INFINITY, &mut near, control)?;
            let farthest = near.iter().map(|&(_, length)| length).fold(0.0, f64::max);
            radius = radius.min(farthest);
        }
        Ok(radius)
    }

    /// Simplices of dimensions 0 to `top` with edges up to a length.
    pub(super) fn simplices(&mut self, up_to: f64, top: usize) -> Result<Vec<Count>, Error> {
        if let Some(exact) = self.exactly(up_to, top)? {
            return Ok(exact);
        }
        let mut counts = self.by_chains(up_to, top)?;
        if let Some(exact) = self.exactly(up_to, top.min(1))? {
            counts[..exact.len()].copy_from_slice(&exact);
        }
        Ok(counts)
    }

    /// `None` if that is much work.
    fn exactly(&mut self, up_to: f64, top: usize) -> Result<Option<Vec<Count>>, Error> {
        let n = self.lengths.n();
        let mut counts = vec![0.0; top + 1];
        counts[0] = n as f64;
        let mut work = 0;
        for v in (0..n as u32).take(if top > 0 { n } else { 0 }) {
            let enough = self.count_below(v, Among::Before, up_to, 1, &mut counts, &mut work)?;
            if !enough {
                return Ok(None);
            }
        }
        Ok(Some(counts.into_iter().map(Count::exactly).collect()))
    }

    /// Counts the simplices of dimension `dim` and more whose smallest vertices but some are `v`, out of a set; whether it was not too much work.
    fn count_below(
        &mut self,
        v: u32,
        among: Among,
        up_to: f64,
        dim: usize,
        counts: &mut [f64],
        work: &mut usize,
    ) -> Result<bool, Error> {
        let looked_at = match among {
            Among::These(some) => some.len(),
            Among::All | Among::Before => v as usize,
        };
        *work += 1 + looked_at * self.lengths.cost();
        if *work > WORK {
            return Ok(false);
        }
        let mut near = Held::new(self.control.budget());
        (self.lengths).near(v, among, up_to, &mut near, self.control)?;
        counts[dim] += near.len() as f64;
        if dim + 1 == counts.len() {
            return Ok(true);
        }
        let names = names(&near, self.control)?;
        for (at, &u) in names.iter().enumerate() {
            let smaller = Among::These(&names[..at]);
            if !self.count_below(u, smaller, up_to, dim + 1, counts, work)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn by_chains(&mut self, up_to: f64, top: usize) -> Result<Vec<Count>, Error> {
        let n = self.lengths.n();
        let mut samples = vec![Vec::new(); top + 1];
        let mut near = Held::new(self.control.budget());
        for _ in 0..n_samples(n, self.lengths.cost()) {
            let first = self.random.below(n);
            (self.lengths).near(first, Among::All, up_to, &mut near, self.control)?;
            let names = names(&near, self.control)?;
            let n_chains = (n / names.len().max(1)).clamp(1, MOST_CHAINS);
            let mut sums = vec![0.0; top + 1];
            for _ in 0..n_chains {
                self.follow(&names, up_to, &mut sums)?;
            }
            for (samples, sum) in samples.iter_mut().zip(sums) {
                samples.push(sum / n_chains as f64);
            }
        }
        let mut counts: Vec<Count> = samples.iter().map(|s| Count::of_samples(s)).collect();
        counts[0] = Count::exactly(n as f64);
        Ok(counts)
    }

    /// Adds, by dimension, what one chain from a vertex with these neighbours stands for.
    fn follow(&mut self, neighbours: &[u32], up_to: f64, sums: &mut [f64]) -> Result<(), Error> {
        let mut weight = self.lengths.n() as f64;
        let mut near = Held::new(self.control.budget());
        let mut common = Held::new(self.control.budget());
        common.extend_from_slice(neighbours)?;
        for (dim, sum) in sums.iter_mut().enumerate().skip(1) {
            weight *= common.len() as f64 / (dim + 1) as f64;
            *sum += weight;
            if common.is_empty() {
                break;
            }
            let next = common[self.random.below(common.len()) as usize];
            let among = Among::These(&common);
            (self.lengths).near(next, among, up_to, &mut near, self.control)?;
            common = names(&near, self.control)?;
        }
        Ok(())
    }

    /// What the edges of a few vertices up to a length do.
    pub(super) fn edges(&mut self, up_to: f64) -> Result<Edges, Error> {
        let n = self.lengths.n();
        let everyone = n <= MOST_STARS;
        let (mut bare, mut components) = (Vec::new(), Vec::new());
        let (mut hollow, mut n_opened) = (0, 0);
        let (mut star, mut work) = (Held::new(self.control.budget()), 0);
        for at in 0..n.min(MOST_STARS) {
            if work > WORK && at >= FEWEST_STARS {
                break;
            }
            let v = if everyone {
                at as u32
            } else {
                self.random.below(n)
            };
            (self.lengths).near(v, Among::All, up_to, &mut star, self.control)?;
            star.sort_unstable_by(|x, y| x.1.total_cmp(&y.1).then(x.0.cmp(&y.0)));
            bare.push(n as f64 * self.n_bare(&star, &mut work)? as f64 / 2.0);
            components.push(n as f64 / (1 + star.len()) as f64);
            for _ in 0..EDGES_PER_STAR.min(star.len()) {
                let edge = self.random.below(star.len()) as usize;
                n_opened += 1;
                hollow += usize::from(self.is_hollow(&star, edge)?);
            }
        }
        let mut bare = Count::of_samples(&bare);
        if everyone {
            bare.standard_error = 0.0;
        }
        Ok(Edges {
            bare,
            n_components: Count::of_samples(&components).value,
            hollow: f64::from(hollow as u32) / f64::from(n_opened.max(1)),
        })
    }

    /// The same where the number of bare edges is known.
    pub(super) fn edges_of_degree(&mut self, up_to: f64, n_bare: usize) -> Result<Edges, Error> {
        let n = self.lengths.n();
        let mut star = Held::new(self.control.budget());
        let mut components = Vec::new();
        for _ in 0..FEWEST {
            let v = self.random.below(n);
            (self.lengths).near(v, Among::All, up_to, &mut star, self.control)?;
            components.push(n as f64 / (1 + star.len()) as f64);
        }
        Ok(Edges {
            bare: Count::exactly(n_bare as f64),
            n_components: Count::of_samples(&components).value,
            hollow: 0.0,
        })
    }

    /// How many edges of a star, which is in order, have no nearer vertex that is as near to their other end. Equal lengths count as longer,
    /// so that there may be a few too many.
    fn n_bare(&self, star: &[Near], work: &mut usize) -> Result<usize, Error> {
        let mut count = 0;
        for (at, &(b, length)) in star.iter().enumerate() {
            self.control.tick(1)?;
            let nearer = &star[..at];
            let is_between = |&(c, own): &Near| {
                own < length && self.lengths.between(b, c).is_some_and(|x| x < length)
            };
            let found = nearer.iter().position(is_between);
            *work += (1 + found.unwrap_or(at)) * self.lengths.cost();
            count += usize::from(found.is_none());
        }
        Ok(count)
    }

    /// Whether no vertex of the lune of an edge is adjacent to all the others there, and the lune is not empty.
    fn is_hollow(&mut self, star: &[Near], edge: usize) -> Result<bool, Error> {
        let (b, length) = star[edge];
        let mut shorter = names(&star[..edge], self.control)?;
        shorter.sort_unstable();
        // The largest number below the length: shorter is shorter.
        let below = length.next_down();
        let mut near = Held::new(self.control.budget());
        (self.lengths).near(b, Among::These(&shorter), below, &mut near, self.control)?;
        let lune = names(&near, self.control)?;
        let mut candidates = Held::new(self.control.budget());
        candidates.extend_from_slice(&lune)?;
        // Whatever a candidate misses rules out all that are not near that.
        while let Some(&candidate) = candidates.first() {
            let missed = self.missed(candidate, &lune, below)?;
            let Some(missed) = missed else {
                return Ok(false);
            };
            let some = Among::These(&candidates);
            (self.lengths).near(missed, some, below, &mut near, self.control)?;
            let mut left = names(&near, self.control)?;
            if candidates.binary_search(&missed).is_ok() {
                left.push(missed)?;
                left.sort_unstable();
            }
            candidates = left;
        }
        Ok(!lune.is_empty())
    }

    fn missed(&mut self, candidate: u32, lune: &[u32], up_to: f64) -> Result<Option<u32>, Error> {
        let mut near = Held::new(self.control.budget());
        let among = Among::These(lune);
        (self.lengths).near(candidate, among, up_to, &mut near, self.control)?;
        let is_near = |v: u32| near.binary_search_by_key(&v, |&(u, _)| u).is_ok();
        let mut others = lune.iter().copied().filter(|&v| v != candidate);
        Ok(others.find(|&v| !is_near(v)))
    }

    /// About how many pairs of vertices, all of which have a distance, are at most so far apart: no fewer, most probably.
    pub(super) fn pairs_up_to(&mut self, length: f64) -> f64 {
        let n = self.lengths.n();
        if n < 2 {
            return 0.0;
        }
        let mut below = 0;
        for _ in 0..PAIRS {
            let (i, j) = (self.random.below(n), self.random.below(n));
            let found = self.lengths.between(i, j);
            below += usize::from(found.is_some_and(|x| x <= length));
        }
        let share = (below + 1) as f64 / PAIRS as f64;
        let error = (share * (1.0 - share) / PAIRS as f64).max(0.0).sqrt();
        let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
        pairs * (share + 3.0 * error).min(1.0)
    }

    /// Some different vertices, ascending.
    pub(super) fn some_vertices(&mut self, count: usize) -> Vec<usize> {
        let n = self.lengths.n();
        let mut left = count.min(n);
        let mut chosen = Vec::with_capacity(left);
        for v in 0..n {
            // With so many to be chosen among those from here on, each is as likely as any other.
            if left > 0 && (self.random.below(n - v) as usize) < left {
                chosen.push(v);
                left -= 1;
            }
        }
        chosen
    }
}

/// Some points near the mean of all.
pub(super) fn centre(points: &crate::Points, control: &Control) -> Result<Vec<u32>, Error> {
    let (n, n_dims) = (points.n_points(), points.n_dims());
    let mut mean = vec![0.0; n_dims];
    for i in 0..n {
        control.tick(1 + (n_dims / 256) as u32)?;
        for (axis, mean) in mean.iter_mut().enumerate() {
            *mean += points.coordinate(i, axis) / n as f64;
        }
    }
    let mut nearest: Vec<(f64, u32)> = Vec::with_capacity(CENTRES + 1);
    for i in 0..n {
        control.tick(1 + (n_dims / 256) as u32)?;
        let from_mean = |axis: usize| (points.coordinate(i, axis) - mean[axis]).powi(2);
        let square: f64 = (0..n_dims).map(from_mean).sum();
        let at = nearest.partition_point(|&(other, _)| other <= square);
        nearest.insert(at, (square, i as u32));
        nearest.truncate(CENTRES);
    }
    Ok(nearest.into_iter().map(|(_, i)| i).collect())
}

fn names(near: &[Near], control: &Control) -> Result<Held<u32>, Error> {
    let mut names = Held::new(control.budget());
    names.extend(near.iter().map(|&(v, _)| v))?;
    Ok(names)
}

/// Vertices whose neighbours are looked at.
fn n_samples(n: usize, cost: usize) -> usize {
    (WORK / n.saturating_mul(cost).max(1)).clamp(FEWEST, MOST)
}

/// `SplitMix64`.
#[derive(Debug)]
struct Random(u64);

impl Random {
    /// A number below `bound`, which is not zero.
    fn below(&mut self, bound: usize) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        // The high half of a product is spread as evenly as the random number is.
        ((u128::from(z ^ (z >> 31)) * bound as u128) >> 64) as u32
    }
}
