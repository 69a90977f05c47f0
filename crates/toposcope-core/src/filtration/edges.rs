//! Collecting edges from the three kinds of input.

use std::ops::Range;

use crate::near::pairs_within;
use crate::parallel::{Pulse, in_blocks};
use crate::tiles::{TILE, Tiles};
use crate::{Control, DistanceMatrix, Error, Metric, Points, RipsInput, SparseDistances};

/// With fewer points than this the matrix of all distances is small, and worth having for its enclosing radius.
const FEW_POINTS: usize = 4096;

/// With more points than this, ranks of all pairs do not fit in 32 bits: 92,682 · 92,681 / 2 < 2^32 - 1.
const MOST_COMPLETE: usize = 92_682;

/// Points whose distances to all before them one thread measures at a time.
const ROWS: usize = 64;

/// Edges copied between two looks at the clock.
pub(super) const CHUNK: usize = 1 << 16;
/// Fewer edges than this are sorted at once.
const FEW_EDGES: usize = 1 << 12;
/// Edges in a bucket of the sort, on average.
const EDGES_PER_BUCKET: usize = 32;
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

/// Sorts edges into filtration order: first by buckets of equal width, then within each. Faster than one sort where lengths are
/// spread evenly, right in any case, and never out of reach of an interrupt for long.
pub(super) fn sort(mut edges: Vec<Edge>, control: &Control) -> Result<Vec<Edge>, Error> {
    let longest = edges.iter().map(Edge::length).fold(0.0, f64::max);
    if edges.len() < FEW_EDGES || longest == 0.0 {
        edges.sort_unstable();
        return Ok(edges);
    }
    let n_buckets = (edges.len() / EDGES_PER_BUCKET).min(MOST_BUCKETS);
    // Multiplying by a positive number and cutting off the fraction keep the order, also where they overflow.
    let scale = n_buckets as f64 / longest;
    let bucket = |edge: &Edge| ((edge.length() * scale) as usize).min(n_buckets - 1);
    let mut ends = vec![0; n_buckets];
    for edge in &edges {
        ends[bucket(edge)] += 1;
    }
    let mut total = 0;
    for end in &mut ends {
        total += std::mem::replace(end, total);
    }
    let mut sorted = joined(&edges.chunks(CHUNK).collect::<Vec<_>>(), control)?;
    for (at, edge) in edges.iter().enumerate() {
        control.poll("sort", at, 2 * total)?;
        let end = &mut ends[bucket(edge)];
        sorted[*end] = *edge;
        *end += 1;
    }
    drop(edges);
    let mut from = 0;
    for end in ends {
        control.poll("sort", total + from, 2 * total)?;
        sorted[from..end].sort_unstable();
        from = end;
    }
    Ok(sorted)
}

/// Number of vertices, and the edges up to the threshold in no particular order.
pub(super) fn collect(
    input: RipsInput,
    threshold: Option<f64>,
    n_threads: usize,
    control: &Control,
) -> Result<(usize, Vec<Edge>), Error> {
    let threshold = threshold.unwrap_or(f64::INFINITY);
    match input {
        RipsInput::Dense(matrix) => Ok((matrix.n(), of_complete(matrix, threshold, control)?)),
        RipsInput::Points(points, metric) => {
            let n = points.n_points();
            if n > FEW_POINTS && threshold.is_finite() && points.n_dims() > 0 {
                return Ok((n, of_points(points, metric, threshold, n_threads, control)?));
            }
            if n > MOST_COMPLETE {
                let expected = format!("at most {MOST_COMPLETE} without a threshold");
                return Err(Error::invalid("points", expected, n));
            }
            let matrix = all_distances(points, metric, n_threads, control)?;
            Ok((n, of_complete(&matrix, threshold, control)?))
        }
        RipsInput::Sparse(distances) => Ok((distances.n(), of_sparse(distances, threshold))),
    }
}

/// Beyond the enclosing radius the complex is a cone: nothing is left to happen.
fn of_complete(
    matrix: &DistanceMatrix,
    threshold: f64,
    control: &Control,
) -> Result<Vec<Edge>, Error> {
    let enclosing = matrix.enclosing_radius_under(control)?;
    of_matrix(matrix, threshold.min(enclosing), control)
}

/// All edges of a matrix up to `threshold`.
pub(super) fn of_matrix(
    matrix: &DistanceMatrix,
    threshold: f64,
    control: &Control,
) -> Result<Vec<Edge>, Error> {
    let mut edges = Vec::new();
    for i in 0..matrix.n() {
        control.poll_coarse("edges", i, matrix.n())?;
        let row = matrix.row(i).iter().enumerate();
        let near = row.filter(|&(_, &length)| length <= threshold);
        edges.extend(near.map(|(j, &length)| Edge::new(i, j, length)));
    }
    Ok(edges)
}

fn of_sparse(distances: &SparseDistances, threshold: f64) -> Vec<Edge> {
    let edges = distances.edges().iter();
    let near = edges.filter(|&&(_, _, length)| length <= threshold);
    near.map(|&(i, j, length)| Edge::new(i as usize, j as usize, length))
        .collect()
}

/// [`DistanceMatrix::from_points`] on several threads.
fn all_distances(
    points: &Points,
    metric: Metric,
    n_threads: usize,
    control: &Control,
) -> Result<DistanceMatrix, Error> {
    let n = points.n_points();
    // The matrix, and the blocks of which it is made.
    check_memory(n as u64 * n.saturating_sub(1) as u64 / 2 * 16)?;
    let rows = |tiles: &mut Tiles, block: usize, pulse: &Pulse| {
        let rows = rows_of(block, n);
        let before = |i: usize| i * i.saturating_sub(1) / 2;
        let mut lower = vec![0.0; before(rows.end) - before(rows.start)];
        for from in (0..rows.end).step_by(TILE) {
            pulse.beat(rows.start, n)?;
            let columns = from..rows.end.min(from + TILE);
            let tile = tiles.measure(rows.clone(), columns.clone())?;
            for (i, lengths) in rows.clone().zip(tile.chunks_exact(columns.len())) {
                let count = columns.end.min(i).saturating_sub(from);
                let at = before(i) - before(rows.start) + from;
                lower[at..][..count].copy_from_slice(&lengths[..count]);
            }
        }
        Ok(lower)
    };
    let budget = control.budget();
    let tiles = |_| Tiles::new(points, metric, budget);
    let mut threads: Vec<Tiles> = (0..n_threads).map(tiles).collect();
    let blocks = 0..n.div_ceil(ROWS);
    let lower = in_blocks(&mut threads, blocks, control, "distances", rows)?;
    DistanceMatrix::from_lower(joined(&lower, control)?, n)
}

/// Asks the system for memory before any work, and gives it back: an allocation that fails later would end the process.
fn check_memory(bytes: u64) -> Result<(), Error> {
    let mut memory = Vec::<u8>::new();
    let is_there = usize::try_from(bytes).is_ok_and(|n| memory.try_reserve_exact(n).is_ok());
    // Or else the compiler may find that nobody uses it, and not ask.
    std::hint::black_box(&mut memory);
    if is_there {
        return Ok(());
    }
    Err(Error::OutOfMemory {
        requested: bytes,
        advice: "set a threshold, take fewer points, or let a Stream choose landmarks",
    })
}

/// Only points near each other are measured.
fn of_points(
    points: &Points,
    metric: Metric,
    threshold: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Vec<Edge>, Error> {
    let parts = pairs_within(points, metric, threshold, n_threads, control, Edge::new)?;
    joined(&parts, control)
}

/// All parts in one, within reach of an interrupt: fresh memory takes its time.
fn joined<T: Copy, P: AsRef<[T]>>(parts: &[P], control: &Control) -> Result<Vec<T>, Error> {
    let total = parts.iter().map(|part| part.as_ref().len()).sum();
    let mut whole = Vec::with_capacity(total);
    for part in parts {
        control.tick(CHUNK as u32)?;
        whole.extend_from_slice(part.as_ref());
    }
    Ok(whole)
}

/// The rows of one of the blocks in which threads measure.
fn rows_of(block: usize, n: usize) -> Range<usize> {
    block * ROWS..n.min((block + 1) * ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_points_are_refused_before_any_work() {
        let points = Points::from_f32(vec![0.0; MOST_COMPLETE + 1], 1).unwrap();
        let input = RipsInput::Points(&points, Metric::Euclidean);
        let refusal = collect(input, None, 1, &Control::none()).unwrap_err();
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
    fn memory_that_no_system_has_is_refused() {
        assert_eq!(check_memory(1 << 20), Ok(()));
        for bytes in [1 << 60, u64::MAX] {
            let refusal = check_memory(bytes).unwrap_err().to_string();
            assert!(refusal.starts_with(&format!("needs at least {bytes} bytes")));
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
            let edges: Vec<Edge> = (0..n).map(|at| Edge::new(at + 1, at, length(at))).collect();
            let mut expected = edges.clone();
            expected.sort();
            assert_eq!(sort(edges, &Control::none()).unwrap(), expected);
        }
    }
}
