//! By what points age, and how their weights fade.
//!
//! A weight halves with every half-life. Landmarks are not touched for that: each has its weight as of the moment of its last point, and
//! it is brought to another moment where it is asked for, or where more weight comes. So weights do not depend on how a stream is cut, to
//! the last bit. Nor do they on the machine: powers of two are found by additions, multiplications and divisions, which
//! are rounded alike everywhere, as libraries' own are not; a filter by mass would otherwise let other landmarks pass elsewhere.

use std::f64::consts::LN_2;

use crate::stream::params::{StreamParams, Window};

/// When a point came: its place in the order of all, and its time if it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    pub(crate) index: u64,
    pub(crate) time: Option<f64>,
}

/// In a window counted in points they age with each that comes after them; in one of time, by their times, in whatever order they come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ageing {
    by_time: bool,
    half_life: Option<f64>,
}

impl Ageing {
    pub(crate) fn new(params: &StreamParams) -> Self {
        Self {
            by_time: matches!(params.window, Window::Seconds(_)),
            half_life: params.half_life,
        }
    }

    /// Whether points age by their times.
    pub(crate) fn by_time(self) -> bool {
        self.by_time
    }

    /// Whether what is of the moment `a` stays longer than what is of `b`. Of equal times, that which came later does.
    pub(crate) fn outlasts(self, a: Moment, b: Moment) -> bool {
        let by_index = a.index > b.index;
        match (a.time, b.time) {
            (Some(x), Some(y)) if self.by_time && x != y => x > y,
            _ => by_index,
        }
    }

    /// What is left at one moment of a unit of weight of another; all of it, if that is not earlier.
    pub(crate) fn left(self, of: Moment, at: Moment) -> f64 {
        let Some(half_life) = self.half_life else {
            return 1.0;
        };
        let age = match (of.time, at.time) {
            (Some(of), Some(at)) if self.by_time => at - of,
            _ => at.index.saturating_sub(of.index) as f64,
        };
        if age > 0.0 {
            halved(age / half_life)
        } else {
            1.0
        }
    }
}

/// Terms after 1 of the series of the exponential function that are larger than half of the last bit, up to (ln 2) / 2.
const TERMS: u32 = 14;
/// After so many halvings nothing is left.
const MOST_HALVINGS: f64 = 1100.0;

/// 2⁻ˣ for x ≥ 0, within two units in the last place.
fn halved(x: f64) -> f64 {
    if x >= MOST_HALVINGS {
        return 0.0;
    }
    let whole = x.round();
    let exponent = (whole - x) * LN_2;
    let series = |sum: f64, k: u32| 1.0 + sum * exponent / f64::from(k);
    let mut power = (1..=TERMS).rev().fold(1.0, series);
    // Exact, until what is left has fewer bits.
    let mut left = whole as i32;
    while left > 0 {
        let step = left.min(1000);
        power *= f64::from_bits(((1023 - step) as u64) << 52);
        left -= step;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::params::tests::plain;

    #[test]
    fn powers_are_those_of_the_library_to_rounding() {
        let mut worst = 0.0f64;
        for i in 0..100_000 {
            let x = f64::from(i) * 0.010_01;
            let expected = (-x).exp2();
            worst = worst.max((halved(x) / expected - 1.0).abs());
        }
        assert!(worst <= 2.5 * f64::EPSILON, "{worst:e}");
        for n in 0..1075 {
            assert_eq!(halved(f64::from(n)), (-f64::from(n)).exp2());
        }
        for x in [1075.5, 1e9, f64::MAX, f64::INFINITY] {
            assert_eq!(halved(x), 0.0);
        }
        assert_eq!(halved(1e-300), 1.0);
    }

    #[test]
    fn weights_fade_with_what_points_age_by() {
        let moment = |index, time| Moment { index, time };
        let params = StreamParams {
            half_life: Some(2.0),
            ..plain(9, 9)
        };
        let (old, new) = (moment(0, Some(1.0)), moment(6, Some(5.0)));
        let by_count = Ageing::new(&params);
        assert_eq!(
            (by_count.left(old, new), by_count.left(new, old)),
            (0.125, 1.0)
        );
        let window = Window::Seconds(9.0);
        let by_time = Ageing::new(&StreamParams { window, ..params });
        assert_eq!(
            (by_time.left(old, new), by_time.left(new, old)),
            (0.25, 1.0)
        );
        let (first, last) = (moment(0, Some(-1e308)), moment(1, Some(1e308)));
        assert_eq!(by_time.left(first, last), 0.0);
        let lasting = Ageing::new(&plain(9, 9));
        assert_eq!(lasting.left(old, new), 1.0);
    }
}
