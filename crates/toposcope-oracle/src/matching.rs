//! The bottleneck distance, by trying every possible value.

/// Exact bottleneck distance between two diagrams of one dimension, intervals as `(birth, death)`.
///
/// The distance is one of finitely many candidates: a distance between two intervals or from one to the diagonal. The
/// smallest that admits a perfect matching is found by bisection. Essential intervals match each other alone.
pub fn bottleneck_distance(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    let split = |diagram: &[(f64, f64)]| {
        let (mut finite, mut births) = (Vec::new(), Vec::new());
        for &(birth, death) in diagram {
            if death.is_finite() {
                finite.push((birth, death));
            } else {
                births.push(birth);
            }
        }
        births.sort_by(f64::total_cmp);
        (finite, births)
    };
    let ((a, births_a), (b, births_b)) = (split(a), split(b));
    if births_a.len() != births_b.len() {
        return f64::INFINITY;
    }
    let essential = births_a.iter().zip(&births_b).map(|(x, y)| (x - y).abs());
    essential.fold(finite_distance(&a, &b), f64::max)
}

fn finite_distance(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    let mut candidates = vec![0.0];
    candidates.extend(a.iter().chain(b).map(|&x| to_diagonal(x)));
    candidates.extend(
        a.iter()
            .flat_map(|&x| b.iter().map(move |&y| between(x, y))),
    );
    candidates.sort_by(f64::total_cmp);
    candidates[candidates.partition_point(|&radius| !matches(a, b, radius))]
}

fn between(x: (f64, f64), y: (f64, f64)) -> f64 {
    (x.0 - y.0).abs().max((x.1 - y.1).abs())
}

fn to_diagonal(x: (f64, f64)) -> f64 {
    (x.1 - x.0) / 2.0
}

/// Whether all intervals find a partner within `radius`. Left: the intervals of `a`, then a diagonal place for each of `b`;
/// right: the intervals of `b`, then a diagonal place for each of `a`. Two diagonal places always fit.
fn matches(a: &[(f64, f64)], b: &[(f64, f64)], radius: f64) -> bool {
    let size = a.len() + b.len();
    let fits = |left: usize, right: usize| match (a.get(left), b.get(right)) {
        (Some(&x), Some(&y)) => between(x, y) <= radius,
        (Some(&x), None) => right - b.len() == left && to_diagonal(x) <= radius,
        (None, Some(&y)) => left - a.len() == right && to_diagonal(y) <= radius,
        (None, None) => true,
    };
    let mut partner = vec![None; size];
    (0..size).all(|left| augment(left, size, &fits, &mut partner, &mut vec![false; size]))
}

fn augment(
    left: usize,
    size: usize,
    fits: &impl Fn(usize, usize) -> bool,
    partner: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    for right in 0..size {
        if seen[right] || !fits(left, right) {
            continue;
        }
        seen[right] = true;
        if partner[right].is_none_or(|other| augment(other, size, fits, partner, seen)) {
            partner[right] = Some(left);
            return true;
        }
    }
    false
}
