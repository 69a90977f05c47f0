//! Collecting edges from the three kinds of input.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::memory::Held;
use crate::near::pairs_within;
use crate::parallel::{Pulse, in_blocks};
use crate::simd::{Work, vectorized};
use crate::sorting::sort_slice;
use crate::tiles::{TILE, Tiles};
use crate::{Control, DistanceMatrix, Error, Metric, Points, RipsInput, SparseDistances};

/// Of so few points all pairs are measured, whatever the threshold.
const FEW_POINTS: usize = 4096;

/// With more points than this, ranks of all pairs do not fit in 32 bits: 92,682 · 92,681 / 2 < 2^32 - 1.
pub(crate) const MOST_COMPLETE: usize = 92_682;

/// Edges copied between two looks at the clock.
const CHUNK: usize = 1 << 16;
/// About how many microseconds that takes.
const TICKS_PER_CHUNK: u32 = 64;
/// About how many pairs of a matrix are looked at in a microsecond.
const PAIRS_PER_TICK: u32 = 1 << 10;
/// Fewer edges than this are sorted at once.
const FEW_EDGES: usize = 1 << 12;
/// Edges in a bucket of the sort, on average.
const EDGES_PER_BUCKET: usize = 32;
/// One thread sorts buckets with about so many edges at a time.
const EDGES_PER_BLOCK: usize = 1 << 14;
/// About how many edges of a bucket are sorted in a microsecond.
const EDGES_PER_TICK: u32 = 16;
/// So many buckets' ends still fit in the cache.
const MOST_BUCKETS: usize = 1 << 16;

/// One edge. The derived order is the order of the filtration: the bits of non-negative floats sort as the floats do, and
/// pairs with the larger vertex first sort as their indices do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    length_bits: u64,
    pub(crate) ends: [u32; 2],
}

impl Edge {
    /// The edge between two vertices, the larger first.
    pub(crate) fn new(i: usize, j: usize, length: f64) -> Self {
        Self {
            // Adding zero turns -0.0, whose bits would sort last, into 0.0.
            length_bits: (length + 0.0).to_bits(),
            ends: [i as u32, j as u32],
        }
    }

    pub(crate) fn length(&self) -> f64 {
        f64::from_bits(self.length_bits)
    }
}

/// Where edges come from: the same ones in the same order, as often as asked.
pub(super) trait Source {
    /// Shows every edge, until one is refused.
    fn visit(
        &self,
        control: &Control,
        visit: impl FnMut(Edge) -> Result<(), Error>,
    ) -> Result<(), Error>;
}

impl Source for Held<Edge> {
    fn visit(
        &self,
        control: &Control,
        mut visit: impl FnMut(Edge) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for chunk in self.chunks(CHUNK) {
            control.tick(TICKS_PER_CHUNK)?;
            chunk.iter().try_for_each(|&edge| visit(edge))?;
        }
        Ok(())
    }
}

/// The pairs of a matrix up to a length. They are read where they are: no list of them is ever made but the sorted one.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairsOf<'m> {
    pub(super) matrix: &'m DistanceMatrix,
    pub(super) up_to: f64,
}

impl Source for PairsOf<'_> {
    fn visit(
        &self,
        control: &Control,
        mut visit: impl FnMut(Edge) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for i in 0..self.matrix.n() {
            control.tick(1 + i as u32 / PAIRS_PER_TICK)?;
            for (j, &length) in self.matrix.row(i).iter().enumerate() {
                if length <= self.up_to {
                    visit(Edge::new(i, j, length))?;
                }
            }
        }
        Ok(())
    }
}

/// Puts edges into filtration order: first into buckets of equal width, then each of these in order. Faster than one sort where lengths
/// are spread evenly, right in any case, and never out of reach of an interrupt for long.
pub(super) fn sorted(
    edges: impl Source,
    n_threads: usize,
    control: &Control,
) -> Result<Held<Edge>, Error> {
    let (mut total, mut longest) = (0, 0.0f64);
    edges.visit(control, |edge| {
        (total, longest) = (total + 1, longest.max(edge.length()));
        Ok(())
    })?;
    check_count(total)?;
    if total < FEW_EDGES || longest == 0.0 {
        let mut sorted = Held::with_capacity(control.budget(), total)?;
        edges.visit(control, |edge| sorted.push(edge))?;
        sort_slice(&mut sorted, Edge::cmp, control)?;
        return Ok(sorted);
    }
    let n_buckets = n_buckets(total);
    // Multiplying by a positive number and cutting off the fraction keep the order, also where they overflow.
    let scale = n_buckets as f64 / longest;
    let bucket = |edge: &Edge| ((edge.length() * scale) as usize).min(n_buckets - 1);
    let tick = |work| control.tick(work);
    let mut ends = Held::filled(control.budget(), 0, n_buckets, tick)?;
    edges.visit(control, |edge| {
        ends[bucket(&edge)] += 1;
        Ok(())
    })?;
    let mut before = 0;
    for end in &mut *ends {
        before += std::mem::replace(end, before);
    }
    let anything = Edge::new(0, 0, 0.0);
    let mut sorted = Held::filled(control.budget(), anything, total, tick)?;
    let mut at = 0;
    edges.visit(control, |edge| {
        control.poll("sort", at, 2 * total)?;
        let end = &mut ends[bucket(&edge)];
        sorted[*end] = edge;
        (*end, at) = (*end + 1, at + 1);
        Ok(())
    })?;
    drop(edges);
    sort_buckets(&mut sorted, &ends, n_threads, control)?;
    Ok(sorted)
}

/// Sorts each bucket; they end at `ends`.
fn sort_buckets(
    edges: &mut [Edge],
    ends: &[usize],
    n_threads: usize,
    control: &Control,
) -> Result<(), Error> {
    let start_of = |bucket: usize| bucket.checked_sub(1).map_or(0, |before| ends[before]);
    let is_short = |bucket: usize| ends[bucket] - start_of(bucket) <= CHUNK;
    let n_edges = edges.len();
    let mut blocks = Held::with_capacity(control.budget(), most_blocks(n_edges))?;
    let (mut rest, mut first) = (&mut *edges, 0);
    for bucket in 0..ends.len() {
        let len = ends[bucket] - start_of(first);
        if len >= EDGES_PER_BLOCK || bucket + 1 == ends.len() {
            let (block, others) = rest.split_at_mut(len);
            blocks.push(Mutex::new((first..bucket + 1, block)))?;
            (rest, first) = (others, bucket + 1);
        }
    }
    let sort = |(): &mut (), block: usize, pulse: &Pulse| {
        let mut block = blocks[block].lock().unwrap_or_else(PoisonError::into_inner);
        let (buckets, edges) = &mut *block;
        let start = start_of(buckets.start);
        for bucket in buckets.filter(|&bucket| is_short(bucket)) {
            let within = start_of(bucket) - start..ends[bucket] - start;
            pulse.beat(n_edges + ends[bucket], 2 * n_edges)?;
            pulse.tick_for(within.len() as u32 / EDGES_PER_TICK)?;
            edges[within].sort_unstable();
        }
        Ok(())
    };
    let mut threads = vec![(); n_threads.min(blocks.len())];
    in_blocks(&mut threads, 0..blocks.len(), control, "sort", sort)?;
    drop(blocks);
    // Where nearly all lengths are alike. An interrupt has to find its way in here too.
    for bucket in (0..ends.len()).filter(|&bucket| !is_short(bucket)) {
        sort_slice(
            &mut edges[start_of(bucket)..ends[bucket]],
            Edge::cmp,
            control,
        )?;
    }
    Ok(())
}

/// Some buckets, and their edges.
type Block<'e> = (Range<usize>, &'e mut [Edge]);

fn most_blocks(n_edges: usize) -> usize {
    n_edges / EDGES_PER_BLOCK + 1
}

fn n_buckets(n_edges: usize) -> usize {
    (n_edges / EDGES_PER_BUCKET).min(MOST_BUCKETS)
}

/// What a sort sets aside besides the edges.
pub(super) fn bytes_of_buckets(n_edges: usize) -> usize {
    size_of::<usize>() * n_buckets(n_edges) + size_of::<Mutex<Block>>() * most_blocks(n_edges)
}

/// Whether only points near each other are measured, and not all pairs.
pub(crate) fn lists_near_pairs(points: &Points, threshold: Option<f64>) -> bool {
    let is_finite = threshold.is_some_and(f64::is_finite);
    points.n_points() > FEW_POINTS && is_finite && points.n_dims() > 0
}

/// The edges up to the threshold in filtration order.
pub(super) fn sorted_of(
    input: RipsInput,
    threshold: Option<f64>,
    n_threads: usize,
    control: &Control,
) -> Result<Held<Edge>, Error> {
    let largest = threshold.unwrap_or(f64::INFINITY);
    let edges = match input {
        RipsInput::Dense(matrix) => {
            // Beyond the enclosing radius the complex is a cone: nothing is left to happen.
            let up_to = largest.min(matrix.enclosing_radius_under(control)?);
            return sorted(PairsOf { matrix, up_to }, n_threads, control);
        }
        RipsInput::Points(points, metric) if lists_near_pairs(points, threshold) => {
            of_points(points, metric, largest, n_threads, control)?
        }
        RipsInput::Points(points, metric) => {
            check_complete(points.n_points())?;
            of_all_points(points, metric, largest, n_threads, control)?
        }
        RipsInput::Sparse(distances) => of_sparse(distances, largest, control)?,
    };
    sorted(edges, n_threads, control)
}

/// Refuses more edges than there are ranks.
pub(super) fn check_count(n_edges: usize) -> Result<(), Error> {
    if n_edges < u32::MAX as usize {
        return Ok(());
    }
    let expected = format!("fewer than {} edges; lower the threshold", u32::MAX);
    Err(Error::invalid("input", expected, n_edges))
}

fn of_sparse(
    distances: &SparseDistances,
    threshold: f64,
    control: &Control,
) -> Result<Held<Edge>, Error> {
    let all = distances.edges();
    let mut edges = Held::with_capacity(control.budget(), all.len())?;
    for chunk in all.chunks(CHUNK) {
        control.tick(TICKS_PER_CHUNK)?;
        let near = chunk.iter().filter(|&&(_, _, length)| length <= threshold);
        edges.extend(near.map(|&(i, j, length)| Edge::new(i as usize, j as usize, length)))?;
    }
    Ok(edges)
}

/// Refuses more points than ranks of all their pairs have room for.
pub(crate) fn check_complete(n: usize) -> Result<(), Error> {
    if n <= MOST_COMPLETE {
        return Ok(());
    }
    let expected = format!("at most {MOST_COMPLETE} without a threshold");
    Err(Error::invalid("points", expected, n))
}

/// All pairs of points up to the threshold and the enclosing radius. No distance is kept that is no edge: where there is no threshold,
/// the radius is found first, and everything is measured twice.
fn of_all_points(
    points: &Points,
    metric: Metric,
    threshold: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Held<Edge>, Error> {
    let measure = |up_to: f64| pairs_up_to(points, metric, up_to, n_threads, control);
    let (edges, enclosing) = if threshold.is_finite() {
        measure(threshold)?
    } else {
        let (_, enclosing) = measure(-1.0)?;
        measure(enclosing)?
    };
    let mut edges = joined(edges, control)?;
    if enclosing < threshold {
        edges.retain(|edge| edge.length() <= enclosing);
    }
    Ok(edges)
}

/// The edges up to a length, row by row in parts, and the enclosing radius of all points.
fn pairs_up_to(
    points: &Points,
    metric: Metric,
    up_to: f64,
    n_threads: usize,
    control: &Control,
) -> Result<(Held<Held<Edge>>, f64), Error> {
    let (n, budget) = (points.n_points(), control.budget());
    let measure = |view: &mut View, block: usize, pulse: &Pulse| {
        let rows = block * TILE..n.min((block + 1) * TILE);
        let mut edges = Held::new(pulse.budget());
        for from in (0..rows.end).step_by(TILE) {
            pulse.beat(rows.start * rows.start, n * n)?;
            let columns = from..rows.end.min(from + TILE);
            view.look(rows.clone(), columns, up_to, &mut edges)?;
        }
        Ok(edges)
    };
    let view = |_| View::new(Tiles::new(points, metric, budget), n, control);
    let views: Result<Vec<View>, Error> = (0..n_threads.min(n.div_ceil(TILE))).map(view).collect();
    let mut views = views?;
    let edges = in_blocks(
        &mut views,
        0..n.div_ceil(TILE),
        control,
        "distances",
        measure,
    )?;
    let farthest = |i: usize| {
        views
            .iter()
            .map(|view| view.farthest[i])
            .fold(0.0, f64::max)
    };
    Ok((edges, (0..n).map(farthest).reduce(f64::min).unwrap_or(0.0)))
}

/// One thread's view of the distances between all points.
struct View<'a> {
    tiles: Tiles<'a>,
    /// By point: the largest of its distances that this thread has seen.
    farthest: Held<f64>,
}

impl<'a> View<'a> {
    fn new(tiles: Tiles<'a>, n: usize, control: &Control) -> Result<Self, Error> {
        let farthest = Held::filled(control.budget(), 0.0, n, |work| control.tick(work))?;
        Ok(Self { tiles, farthest })
    }

    fn look(
        &mut self,
        rows: Range<usize>,
        columns: Range<usize>,
        up_to: f64,
        edges: &mut Held<Edge>,
    ) -> Result<(), Error> {
        debug_assert!(columns.len() <= u64::BITS as usize, "a bit per column");
        let tile = self.tiles.measure(rows.clone(), columns.clone())?;
        for (i, lengths) in rows.zip(tile.chunks_exact(columns.len())) {
            let before = columns.start..columns.end.min(i);
            let lengths = &lengths[..before.len()];
            let farthest = &mut self.farthest[before.clone()];
            let (longest, mut near) = vectorized(Seen {
                lengths,
                farthest,
                up_to,
            });
            if !longest.is_finite() {
                let expected = "coordinates whose distances are finite";
                let at = lengths.iter().position(|length| !length.is_finite());
                let j = before.start + at.unwrap_or(0);
                return Err(Error::invalid(
                    "points",
                    expected,
                    format!("{longest} between {i} and {j}"),
                ));
            }
            self.farthest[i] = self.farthest[i].max(longest);
            while near != 0 {
                let at = near.trailing_zeros() as usize;
                edges.push(Edge::new(i, before.start + at, lengths[at]))?;
                near &= near - 1;
            }
        }
        Ok(())
    }
}

/// Takes a look at some of a point's distances: updates how far the others see, and says how far the point does, and by a bit for each
/// which distances are at most `up_to`.
struct Seen<'a> {
    /// No more than a word has bits.
    lengths: &'a [f64],
    farthest: &'a mut [f64],
    up_to: f64,
}

impl Work for Seen<'_> {
    type Output = (f64, u64);

    #[inline(always)]
    fn run(self) -> Self::Output {
        // Of two lengths, neither of which is not a number: `f64::max` would see to that as well.
        let larger = |x: f64, y: f64| if x > y { x } else { y };
        let (mut longest, mut near) = (0.0, 0);
        for (at, (&length, farthest)) in self.lengths.iter().zip(self.farthest).enumerate() {
            *farthest = larger(length, *farthest);
            longest = larger(length, longest);
            near |= u64::from(length <= self.up_to) << at;
        }
        (longest, near)
    }
}

/// Only points near each other are measured.
fn of_points(
    points: &Points,
    metric: Metric,
    threshold: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Held<Edge>, Error> {
    let parts = pairs_within(points, metric, threshold, n_threads, control, Edge::new)?;
    joined(parts, control)
}

/// All parts in one. Each is given back once it is copied.
fn joined(parts: Held<Held<Edge>>, control: &Control) -> Result<Held<Edge>, Error> {
    let total = parts.iter().map(|part| part.len()).sum();
    let mut whole = Held::with_capacity(control.budget(), total)?;
    for part in parts {
        whole.copy_in_chunks(&part, |work| control.tick(work))?;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_points_are_refused_before_any_work() {
        let points = Points::from_f32(vec![0.0; MOST_COMPLETE + 1], 1).unwrap();
        let input = RipsInput::Points(&points, Metric::Euclidean);
        let refusal = sorted_of(input, None, 1, &Control::none()).unwrap_err();
        assert!(
            refusal
                .to_string()
                .starts_with("points: expected at most 92682")
        );
        let pairs = MOST_COMPLETE as u64 * (MOST_COMPLETE as u64 - 1) / 2;
        assert!(
            pairs < u64::from(u32::MAX) && pairs + (MOST_COMPLETE as u64) > u64::from(u32::MAX)
        );
    }

    #[test]
    fn pairs_of_points_are_those_of_their_matrix() {
        let wave = |at: usize| ((at * 7919 + at * at * 31) % 1009) as f64;
        for (n, n_dims) in [(0, 2), (1, 2), (2, 2), (200, 2), (150, 20)] {
            let points = Points::from_f64((0..n * n_dims).map(wave).collect(), n_dims).unwrap();
            let control = Control::none();
            let matrix = DistanceMatrix::from_points(&points, Metric::Euclidean, &control).unwrap();
            for threshold in [None, Some(0.0), Some(500.0), Some(1e9)] {
                let edges = |input: RipsInput, n_threads: usize| {
                    let edges = sorted_of(input, threshold, n_threads, &control);
                    edges.unwrap().to_vec()
                };
                let expected = edges(RipsInput::Dense(&matrix), 1);
                for n_threads in [1, 3] {
                    let input = RipsInput::Points(&points, Metric::Euclidean);
                    assert_eq!(edges(input, n_threads), expected);
                }
            }
        }
    }

    #[test]
    fn buckets_sort_as_comparisons_do() {
        let n = 2 * FEW_EDGES;
        let wave = |at: usize| ((at * 7919) % n) as f64;
        let lengths: [&dyn Fn(usize) -> f64; 5] = [
            &|at| wave(at) / 3.0,
            &|at| (wave(at) / 100.0).floor(),
            &|at| if at == 5 { 1e300 } else { wave(at) * 1e-300 },
            &|at| wave(at) * f64::MIN_POSITIVE / 1e10,
            &|_| 2.5,
        ];
        for length in lengths {
            let control = Control::none();
            let mut edges = Held::new(control.budget());
            let all = (0..n).map(|at| Edge::new(at + 1, at, length(at)));
            edges.extend(all).unwrap();
            let mut expected = edges.to_vec();
            expected.sort();
            for n_threads in [1, 3] {
                let mut same = Held::new(control.budget());
                same.extend_from_slice(&edges).unwrap();
                assert_eq!(*sorted(same, n_threads, &control).unwrap(), *expected);
            }
        }
    }
}
