//! Classes of cycles against ranks of induced maps, computed by the oracle from their definition.

mod common;

use common::{Random, full, matrix, points};
use toposcope_core::classes::{Cycle, LoopClasses};
use toposcope_core::{Control, DistanceMatrix, Error};
use toposcope_oracle::{betti_numbers, rank_of_images};

/// Points of a small grid, or any few values: ties, duplicates, and loops.
fn random_matrix(random: &mut Random) -> DistanceMatrix {
    let n = 5 + random.below(12);
    if random.below(2) == 0 {
        let lower = (0..n * (n - 1) / 2).map(|_| random.below(5) as f64);
        return DistanceMatrix::from_lower(lower.collect(), n).expect("valid input");
    }
    let mut row = |_| (0..2).map(|_| random.below(5) as f64).collect();
    let rows: Vec<Vec<f64>> = (0..n).map(&mut row).collect();
    matrix(&points(&rows))
}

fn subset(random: &mut Random, n: usize) -> Vec<usize> {
    (0..n).filter(|_| random.below(5) > 0).collect()
}

/// Rank of bit vectors over Z/2.
fn rank(mut vectors: Vec<Vec<u64>>) -> usize {
    let mut rank = 0;
    while let Some(vector) = vectors.pop() {
        let Some(word) = vector.iter().position(|&w| w != 0) else {
            continue;
        };
        rank += 1;
        let bit = vector[word] & vector[word].wrapping_neg();
        for other in vectors.iter_mut().filter(|other| other[word] & bit != 0) {
            other.iter_mut().zip(&vector).for_each(|(x, y)| *x ^= y);
        }
    }
    rank
}

/// The classes in `whole` at `scale` of the cycles of one part.
fn images(
    matrix: &DistanceMatrix,
    part: &[usize],
    part_scale: f64,
    whole: &mut LoopClasses,
    scale: f64,
) -> Vec<Vec<u64>> {
    let control = Control::none();
    let own = LoopClasses::new(&matrix.select(part), part_scale, &control).expect("valid input");
    let cycles = own.cycles(part_scale);
    let rename = |[a, b]: [u32; 2]| [part[a as usize] as u32, part[b as usize] as u32];
    let mut group = whole.at(scale);
    let class = |c: &Cycle| {
        group
            .class_of(c.edges().map(rename), &control)
            .expect("valid input")
    };
    cycles.iter().map(class).collect()
}

#[test]
fn ranks_of_maps_and_of_pairs_of_maps() {
    let mut random = Random(11);
    let mut positive = 0;
    for case in 0..400 {
        let matrix = random_matrix(&mut random);
        let (n, distances) = (matrix.n(), full(&matrix));
        let (x, y) = (subset(&mut random, n), subset(&mut random, n));
        let mut scales = [0; 3].map(|_| (random.below(5) as f64).sqrt());
        scales.sort_by(f64::total_cmp);
        let [r, r2, s] = scales;
        let all: Vec<usize> = (0..n).collect();
        let mut whole = LoopClasses::new(&matrix, s, &Control::none()).expect("valid input");
        assert_eq!(whole.at(s).dim(), betti_numbers(&distances, n, s, 1, 2)[1]);
        let mut vectors = images(&matrix, &x, r, &mut whole, s);
        let expected = rank_of_images(&distances, n, &[(&x, r)], (&all, s), 1);
        assert_eq!(rank(vectors.clone()), expected, "case {case}");
        vectors.extend(images(&matrix, &y, r2, &mut whole, s));
        let both = rank_of_images(&distances, n, &[(&x, r), (&y, r2)], (&all, s), 1);
        assert_eq!(rank(vectors), both, "case {case}");
        positive += usize::from(both > 0);
    }
    assert!(positive > 50, "most cases are empty: {positive}");
}

#[test]
fn cycles_are_closed_paths_of_short_edges() {
    let mut random = Random(12);
    for _ in 0..200 {
        let matrix = random_matrix(&mut random);
        let classes =
            LoopClasses::new(&matrix, f64::INFINITY, &Control::none()).expect("valid input");
        let cycles = classes.cycles(f64::INFINITY);
        assert!(cycles.is_sorted_by(|a, b| a.birth <= b.birth));
        for cycle in cycles {
            let lengths = cycle
                .edges()
                .map(|[a, b]| matrix.get(a as usize, b as usize));
            let lengths: Vec<f64> = lengths.collect();
            assert_eq!(lengths.last(), Some(&cycle.birth));
            assert!(lengths.into_iter().all(|length| length <= cycle.birth));
            assert!(cycle.birth <= cycle.death && cycle.vertices.len() > 2);
            let mut vertices = cycle.vertices;
            vertices.sort_unstable();
            assert!(vertices.is_sorted_by(|a, b| a < b), "each vertex once");
        }
    }
}

#[test]
fn what_is_no_cycle_is_refused() {
    let matrix = DistanceMatrix::from_lower(vec![1.0, 1.0, 1.0], 3).unwrap();
    let control = Control::none();
    let mut classes = LoopClasses::new(&matrix, 1.0, &control).unwrap();
    let message = |r: Result<Vec<u64>, Error>| r.unwrap_err().to_string();
    let open = classes.at(1.0).class_of([[0, 1], [1, 2]], &control);
    assert!(message(open).contains("1 edges at vertex 0"));
    let outside = classes.at(1.0).class_of([[0, 3]], &control);
    assert!(message(outside).contains("{0, 3}"));
    let too_long = classes.at(0.5).class_of([[0, 1], [1, 0]], &control);
    assert!(message(too_long).contains("edges of the complex"));
    assert_eq!(
        classes.at(1.0).class_of([[0, 1], [1, 0]], &control),
        Ok(vec![])
    );
    for scale in [-1.0, f64::NAN] {
        assert!(LoopClasses::new(&matrix, scale, &control).is_err());
    }
    let nothing = DistanceMatrix::from_lower(vec![], 0).unwrap();
    assert!(
        LoopClasses::new(&nothing, 1.0, &control)
            .unwrap()
            .cycles(1.0)
            .is_empty()
    );
}
