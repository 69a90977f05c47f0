//! Degree 1 of complete inputs: where all pairs have a distance, few of them ever matter.
//!
//! The relative-neighbourhood edges come first, without sorting anything. They are all the edges that join components or give birth
//! to a loop, so that the number of loops is known before the first of them dies. Then the filtration is built from the shortest
//! edge on, in stages, and no further than to the last death: on most clouds a twentieth of all pairs is ever put in order.

mod neighbours;
mod square;
mod stages;

use crate::filtration::{Edge, EdgeFiltration};
use crate::lune::Loops;
use crate::memory::Held;
use crate::reduction::Field;
use crate::union_find::UnionFind;
use crate::{Control, Error, Metric, Points};
use neighbours::relative_neighbours;
pub(crate) use square::Exact;
use square::Square;
use stages::Stages;

/// Lengths of the edges that join components, ascending, and the birth and death of every loop that lasts.
pub(crate) type Intervals = (Held<f64>, Held<(f64, f64)>);

/// Components and loops of the complex of all edges up to `threshold`.
///
/// # Errors
/// [`Error::Invalid`] if a distance overflows, and those of memory and interrupts.
pub(crate) fn intervals<F: Field>(
    field: F,
    exact: Exact,
    threshold: f64,
    n_threads: usize,
    control: &Control,
) -> Result<Intervals, Error> {
    let square = Square::measure(exact, n_threads, control)?;
    let mut bare = relative_neighbours(&square, n_threads, control)?;
    bare.retain(|edge| edge.length() <= threshold);
    let mut components = UnionFind::new(square.n(), control)?;
    let budget = control.budget();
    let mut forest = Held::with_capacity(budget, bare.len().min(square.n()))?;
    let mut births = Held::with_capacity(budget, bare.len() - bare.len().min(square.n()))?;
    for (at, &edge) in bare.iter().enumerate() {
        control.poll("neighbours", at, bare.len())?;
        let joins = components.join(edge.ends[0], edge.ends[1]);
        if joins { &mut forest } else { &mut births }.push(edge)?;
    }
    drop((bare, components));
    let mut joining = Held::with_capacity(budget, forest.len())?;
    joining.extend(forest.iter().map(Edge::length))?;
    let mut lasting = Held::new(budget);
    let Some(last_birth) = births.last() else {
        return Ok((joining, lasting));
    };
    let mut filtration = EdgeFiltration::growing(square.n(), control);
    let mut stages = Stages::new(&square, last_birth.length(), threshold, control)?;
    // The first stage has every birth.
    let edges = stages.next_edges(n_threads, control)?;
    filtration.extend(edges, n_threads, control)?;
    let mut ranks = Held::with_capacity(budget, births.len())?;
    let ranks_of_births = births.iter().map(|edge| filtration.rank_of(edge));
    ranks.extend_in_chunks(births.len(), ranks_of_births, |work| control.tick(work))?;
    drop(births);
    let mut loops = Loops::born(field, ranks, control)?;
    let (mut from, mut joined) = (0, 0);
    loop {
        let in_reach = |edge: &Edge| edge.length() <= stages.reached();
        let next = joined + forest[joined..].partition_point(in_reach);
        let joining = forest[joined..next].iter();
        let mut ranks = Held::with_capacity(budget, joining.len())?;
        ranks.extend(joining.map(|edge| filtration.rank_of(edge)))?;
        loops.join(&ranks)?;
        loops.go_on(&filtration, from, n_threads, control)?;
        if loops.all_dead() || stages.at_the_end() {
            break;
        }
        (from, joined) = (filtration.len() as u32, next);
        let edges = stages.next_edges(n_threads, control)?;
        filtration.extend(edges, n_threads, control)?;
    }
    let length = |rank: u32| filtration.length(rank);
    let lengths = loops
        .intervals()
        .map(|(birth, death)| (length(birth), death.map_or(f64::INFINITY, length)));
    lasting.extend(lengths.filter(|(birth, death)| birth < death))?;
    Ok((joining, lasting))
}

/// What is set aside for `n` vertices whose distances have so many coordinates each, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompleteBytes {
    /// The square of all distances.
    pub(crate) square: usize,
    /// What threads hold while they measure it, and while they look for relative neighbours.
    pub(crate) measuring: usize,
    pub(crate) looking: usize,
    /// Edges that are given out in one stage after one of this many.
    pub(crate) growth: f64,
    pub(crate) fewest_edges: usize,
}

/// See [`CompleteBytes`]; of a matrix there is nothing to measure, and `n_dims` is zero.
pub(crate) fn bytes(n: usize, n_dims: usize, roughly: bool, n_threads: usize) -> CompleteBytes {
    CompleteBytes {
        square: Square::bytes(n),
        measuring: Square::bytes_to_measure(n, n_dims, roughly, n_threads),
        looking: neighbours::bytes(n, n_threads),
        growth: stages::GROWTH,
        fewest_edges: n * stages::EDGES_PER_VERTEX,
    }
}

/// Whether the distances between these points are measured roughly at first.
///
/// # Errors
/// Those of memory and interrupts.
pub(crate) fn is_rough(points: &Points, metric: Metric, control: &Control) -> Result<bool, Error> {
    Square::is_rough(points, metric, control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduction::Z2;
    use crate::{Diagram, RipsInput};

    /// The same by the filtration of all edges.
    fn expected(points: &Points, threshold: f64) -> Vec<(f64, f64)> {
        let control = Control::none();
        let input = RipsInput::Points(points, Metric::Euclidean);
        let filtration = EdgeFiltration::new(input, Some(threshold), 1, &control).unwrap();
        let loops = Loops::new(Z2, &filtration, 1, &control).unwrap();
        let length = |rank: u32| filtration.length(rank);
        let death = |rank: Option<u32>| rank.map_or(f64::INFINITY, length);
        loops
            .intervals()
            .map(|(birth, d)| (length(birth), death(d)))
            .collect()
    }

    fn lasting(intervals: &[(f64, f64)]) -> Diagram {
        Diagram::from_intervals(intervals.iter().map(|&(b, d)| (1, b, d)), 1)
    }

    #[test]
    fn stages_find_what_the_whole_filtration_has() {
        let wave = |at: usize| (at * 7919 + at * at * 31) % 1009;
        let mut n_loops = 0;
        for (n, n_dims, modulus) in [
            (2, 2, 9),
            (400, 2, 15),
            (300, 2, 1009),
            (250, 3, 1009),
            (200, 9, 1009),
            // Rough distances: some of them equal, some of points that coincide, some all different.
            (120, 24, 2),
            (150, 40, 4),
            (120, 100, 1009),
        ] {
            // Every seventh point is the one before the last.
            let row = |at: usize| at / n_dims - 2 * usize::from(at / n_dims % 7 == 6);
            let entry = |at: usize| wave(row(at) * n_dims + at % n_dims) % modulus;
            let coordinates = (0..n * n_dims).map(|at| entry(at) as f64);
            let points = Points::from_f64(coordinates.collect(), n_dims).unwrap();
            let exact = Exact::Points(&points, Metric::Euclidean);
            for threshold in [0.0, 2.0, 60.0, 300.0, f64::INFINITY] {
                let expected = lasting(&expected(&points, threshold));
                n_loops += expected.len();
                for n_threads in [1, 3] {
                    let found = intervals(Z2, exact, threshold, n_threads, &Control::none());
                    assert_eq!(lasting(&found.unwrap().1), expected);
                }
            }
        }
        assert!(n_loops > 300);
    }
}
