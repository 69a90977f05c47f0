//! Exact distances between the intervals of one dimension of two diagrams.
//!
//! | function | distance |
//! |---|---|
//! | [`bottleneck()`] | largest length in a matching, least over all matchings |
//! | [`wasserstein()`] | `(Σ length^order)^(1 / order)` over a matching, least over all matchings |
//!
//! # Conventions
//! - A matching gives an interval one partner in the other diagram or none: then its length is its distance to the diagonal. Two
//!   intervals of zero length more or less change nothing.
//! - Essential intervals are matched with each other, by birth in ascending order, which is best for every order; their
//!   lengths are differences of births. Where their numbers differ no matching is finite, and the distance is `inf`.
//! - A bottleneck distance is one of the lengths, to the last bit. A Wasserstein distance is the sum over a matching that is
//!   cheapest up to the rounding of costs; it depends on the intervals alone, not on their order nor on which diagram is first.

mod bottleneck;
mod norm;
mod tree;
mod wasserstein;

use toposcope_core::{Control, Error};

use crate::Intervals;
pub use norm::Norm;
use norm::{Power, larger};
use tree::Point;

/// A distance and how it comes about.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The distance; `inf` if the numbers of essential intervals differ.
    pub distance: f64,
    /// For each interval of the first diagram its partner in the second, `None` for the diagonal, of a matching that attains the
    /// distance; intervals of the second that are nobody's partner are matched with the diagonal. No matching attains `inf`.
    pub partners: Option<Vec<Option<usize>>>,
}

impl Comparison {
    const INFINITE: Self = Self {
        distance: f64::INFINITY,
        partners: None,
    };
}

/// The bottleneck distance in a norm, usually [`Norm::MAX`].
///
/// # Errors
/// [`Error::Invalid`] if values are too large for their differences; [`Error::Interrupted`].
pub fn bottleneck(
    a: Intervals<'_>,
    b: Intervals<'_>,
    norm: Norm,
    control: &Control,
) -> Result<Comparison, Error> {
    let (a, b) = (Parts::of(a), Parts::of(b));
    check_span(&a, &b)?;
    if a.essential.len() != b.essential.len() {
        return Ok(Comparison::INFINITE);
    }
    let (radius, finite) = bottleneck::bottleneck(&a.points, &b.points, norm, control)?;
    let distance = essential_lengths(&a, &b).fold(radius, f64::max);
    let partners = Some(joined(&a, &b, &finite));
    Ok(Comparison { distance, partners })
}

/// The Wasserstein distance of an order of at least 1; for `inf` the bottleneck distance.
///
/// # Errors
/// [`Error::Invalid`] if the order is another, or values are too large for their differences; [`Error::Interrupted`].
pub fn wasserstein(
    a: Intervals<'_>,
    b: Intervals<'_>,
    order: f64,
    norm: Norm,
    control: &Control,
) -> Result<Comparison, Error> {
    if order == f64::INFINITY {
        return bottleneck(a, b, norm, control);
    }
    if order.is_nan() || order < 1.0 {
        return Err(Error::invalid("order", "a number of 1 to infinity", order));
    }
    let (a, b) = (Parts::of(a), Parts::of(b));
    check_span(&a, &b)?;
    if a.essential.len() != b.essential.len() {
        return Ok(Comparison::INFINITE);
    }
    let finite = cheapest_matching(&a.points, &b.points, order, norm, control)?;
    let mut lengths: Vec<f64> = essential_lengths(&a, &b).collect();
    lengths.extend(finite_lengths(&a.points, &b.points, &finite, norm));
    let distance = norm_of(&mut lengths, order);
    let partners = Some(joined(&a, &b, &finite));
    Ok(Comparison { distance, partners })
}

/// The intervals of a diagram by kind, each in ascending order with its number. Those of zero length are left out.
struct Parts {
    points: Vec<Point>,
    numbers: Vec<usize>,
    /// Birth and number.
    essential: Vec<(f64, usize)>,
    n_intervals: usize,
}

impl Parts {
    fn of(intervals: Intervals<'_>) -> Self {
        let numbered = intervals.all().enumerate();
        let mut pairs: Vec<(f64, f64, usize)> = numbered
            .filter(|&(_, (birth, death))| birth < death)
            .map(|(number, (birth, death))| (birth, death, number))
            .collect();
        pairs.sort_unstable_by(|x, y| {
            x.0.total_cmp(&y.0)
                .then(x.1.total_cmp(&y.1))
                .then(x.2.cmp(&y.2))
        });
        let (essential, finite): (Vec<_>, Vec<_>) = pairs
            .into_iter()
            .partition(|(_, death, _)| death.is_infinite());
        let point = |&(birth, death, _): &(f64, f64, usize)| Point { birth, death };
        Self {
            points: finite.iter().map(point).collect(),
            numbers: finite.iter().map(|&(_, _, number)| number).collect(),
            essential: essential
                .iter()
                .map(|&(birth, _, number)| (birth, number))
                .collect(),
            n_intervals: intervals.len(),
        }
    }

    /// All finite births and deaths.
    fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let finite = self.points.iter().flat_map(|p| [p.birth, p.death]);
        finite.chain(self.essential.iter().map(|&(birth, _)| birth))
    }
}

/// Refuses values so large that a distance would not be finite.
fn check_span(a: &Parts, b: &Parts) -> Result<(), Error> {
    let largest = a
        .values()
        .chain(b.values())
        .fold(0.0, |m, x| larger(m, x.abs()));
    if largest <= f64::MAX / 8.0 {
        return Ok(());
    }
    let expected = format!("values of at most {:e}", f64::MAX / 8.0);
    Err(Error::invalid(
        "intervals",
        expected,
        format_args!("{largest:e}"),
    ))
}

fn essential_lengths(a: &Parts, b: &Parts) -> impl Iterator<Item = f64> {
    let pairs = a.essential.iter().zip(&b.essential);
    pairs.map(|(x, y)| (x.0 - y.0).abs())
}

/// The partners among all intervals, from those among the finite ones.
fn joined(a: &Parts, b: &Parts, finite: &[Option<usize>]) -> Vec<Option<usize>> {
    let mut partners = vec![None; a.n_intervals];
    for (&number, partner) in a.numbers.iter().zip(finite) {
        partners[number] = partner.map(|partner| b.numbers[partner]);
    }
    for (x, y) in a.essential.iter().zip(&b.essential) {
        partners[x.1] = Some(y.1);
    }
    partners
}

/// The lengths of a matching of `a`, those of the intervals of `b` that are left over included.
fn finite_lengths(a: &[Point], b: &[Point], partners: &[Option<usize>], norm: Norm) -> Vec<f64> {
    let to_diagonal = |point: &Point| norm.to_diagonal(point.death - point.birth);
    let mut is_taken = vec![false; b.len()];
    let mut lengths = Vec::with_capacity(a.len() + b.len());
    for (x, partner) in a.iter().zip(partners) {
        lengths.push(match *partner {
            None => to_diagonal(x),
            Some(partner) => {
                is_taken[partner] = true;
                let y = &b[partner];
                norm.length(y.birth - x.birth, y.death - x.death)
            }
        });
    }
    let left = b.iter().zip(&is_taken).filter(|(_, taken)| !**taken);
    lengths.extend(left.map(|(y, _)| to_diagonal(y)));
    lengths
}

/// `(Σ length^order)^(1 / order)`, the same for any order of the lengths.
fn norm_of(lengths: &mut [f64], order: f64) -> f64 {
    lengths.sort_unstable_by(f64::total_cmp);
    let largest = lengths.last().copied().unwrap_or(0.0);
    if order == 1.0 || largest == 0.0 {
        return lengths.iter().sum();
    }
    let shares = lengths.iter().map(|length| length / largest);
    if order == 2.0 {
        return largest * shares.map(|share| share * share).sum::<f64>().sqrt();
    }
    let sum: f64 = shares.map(|share| libm::pow(share, order)).sum();
    largest * libm::pow(sum, 1.0 / order)
}

/// Above this order powers of lengths leave the range of floats, unless they are measured in the right unit.
const HIGH_ORDER: f64 = 16.0;

/// A cheapest matching, for each point of `a` its partner in `b`.
fn cheapest_matching(
    a: &[Point],
    b: &[Point],
    order: f64,
    norm: Norm,
    control: &Control,
) -> Result<Vec<Option<usize>>, Error> {
    let to_diagonal = |point: &Point| norm.to_diagonal(point.death - point.birth);
    let unit = if order > HIGH_ORDER {
        let (radius, partners) = bottleneck::bottleneck(a, b, norm, control)?;
        if radius == 0.0 {
            return Ok(partners);
        }
        radius
    } else {
        a.iter().chain(b).map(to_diagonal).fold(0.0, larger)
    };
    let scale = scale_for(unit, a.iter().chain(b));
    let scaled = |points: &[Point]| -> Vec<Point> {
        let scaled = |point: &Point| Point {
            birth: point.birth * scale,
            death: point.death * scale,
        };
        points.iter().map(scaled).collect()
    };
    let (scaled_a, scaled_b) = (scaled(a), scaled(b));
    let lengths = Lengths {
        norm,
        order,
        unit: unit * scale,
    };
    // The same problem for either order of the diagrams, so that the distance is the same to the last bit.
    let key = |points: &[Point]| {
        points
            .iter()
            .map(|p| (p.birth, p.death))
            .collect::<Vec<_>>()
    };
    let is_swapped = (a.len(), key(a)) > (b.len(), key(b));
    if is_swapped {
        let partners = assigned(&scaled_b, &scaled_a, lengths, control)?;
        return Ok(inverse(&partners, a.len()));
    }
    assigned(&scaled_a, &scaled_b, lengths, control)
}

/// A power of two, so that no difference is rounded, which brings `unit` near 1 and keeps squares in range.
fn scale_for<'a>(unit: f64, points: impl Iterator<Item = &'a Point>) -> f64 {
    let largest = points.fold(0.0, |m, p| larger(m, larger(p.birth.abs(), p.death.abs())));
    let exponent = |x: f64| (x.to_bits() >> 52) as i32 - 1023;
    let exponent = (-exponent(unit))
        .clamp(-1000, 1000)
        .min(400 - exponent(largest));
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

fn inverse(partners: &[Option<usize>], n: usize) -> Vec<Option<usize>> {
    let mut inverse = vec![None; n];
    for (number, partner) in partners.iter().enumerate() {
        if let Some(partner) = *partner {
            inverse[partner] = Some(number);
        }
    }
    inverse
}

/// How segments are measured.
#[derive(Clone, Copy)]
struct Lengths {
    norm: Norm,
    order: f64,
    /// A length of which the whole distance is at most (number of intervals)^(1 / order) times as much.
    unit: f64,
}

/// [`wasserstein::cheapest`] with the cost that goes with the order and the norm, compiled for each of the usual ones.
fn assigned(
    rows: &[Point],
    columns: &[Point],
    Lengths { norm, order, unit }: Lengths,
    control: &Control,
) -> Result<Vec<Option<usize>>, Error> {
    let most = |x: f64, y: f64| larger(x.abs(), y.abs());
    let length = |persistence| norm.to_diagonal(persistence);
    let square = |persistence| length(persistence) * length(persistence);
    match (norm.0, order) {
        (Power::Infinite, 1.0) => wasserstein::cheapest(rows, columns, most, length, control),
        (Power::Infinite, 2.0) => {
            let cost = |x, y| most(x, y) * most(x, y);
            wasserstein::cheapest(rows, columns, cost, square, control)
        }
        (Power::Two, 1.0) => {
            let cost = |x: f64, y: f64| (x * x + y * y).sqrt();
            wasserstein::cheapest(rows, columns, cost, length, control)
        }
        (Power::Two, 2.0) => {
            let cost = |x: f64, y: f64| x * x + y * y;
            wasserstein::cheapest(rows, columns, cost, square, control)
        }
        _ => {
            // What costs more than all intervals at one unit each is never chosen, and must not be infinite, since prices
            // are differences of costs.
            let most = 4.0 * (rows.len() + columns.len()) as f64;
            let power = |length: f64| libm::pow(length / unit, order).min(most);
            let cost = |x, y| power(norm.length(x, y));
            let to_diagonal = |persistence| power(norm.to_diagonal(persistence));
            wasserstein::cheapest(rows, columns, cost, to_diagonal, control)
        }
    }
}
