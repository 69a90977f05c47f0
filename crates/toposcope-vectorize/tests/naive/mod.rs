//! The formulas as they stand in the literature, evaluated one number at a time. Shares no code with the kernels: nothing is
//! sorted, bisected, accumulated or cut off, and the image is integrated numerically, without an error function.

pub(crate) type Pairs = Vec<(f64, f64)>;

pub(crate) fn betti(pairs: &[(f64, f64)], t: f64) -> f64 {
    pairs.iter().filter(|&&(b, d)| b <= t && t < d).count() as f64
}

/// k-th largest tent, k from 0.
pub(crate) fn landscape(pairs: &[(f64, f64)], k: usize, t: f64) -> f64 {
    let tent = |&(b, d): &(f64, f64)| f64::max(0.0, f64::min(t - b, d - t));
    let mut heights: Vec<f64> = pairs.iter().map(tent).collect();
    heights.sort_by(|a, b| b.total_cmp(a));
    heights.get(k).copied().unwrap_or(0.0)
}

pub(crate) fn density(pairs: &[(f64, f64)], sigma: f64, power: f64, x: f64, y: f64) -> f64 {
    let share = |&(b, d): &(f64, f64)| {
        let squares = (x - b).powi(2) + (y - (d - b)).powi(2);
        let normaliser = 2.0 * std::f64::consts::PI * sigma * sigma;
        (d - b).powf(power) * (-squares / (2.0 * sigma * sigma)).exp() / normaliser
    };
    pairs.iter().filter(|(b, d)| b < d).map(share).sum()
}

/// The density over a rectangle, by the composite five-point Gauss–Legendre rule in panels of a quarter σ.
pub(crate) fn integral(
    pairs: &[(f64, f64)],
    sigma: f64,
    power: f64,
    x: [f64; 2],
    y: [f64; 2],
) -> f64 {
    let mut sum = 0.0;
    for (at_x, weight_x) in quadrature(x, sigma / 4.0) {
        for (at_y, weight_y) in quadrature(y, sigma / 4.0) {
            sum += weight_x * weight_y * density(pairs, sigma, power, at_x, at_y);
        }
    }
    sum
}

fn quadrature([from, to]: [f64; 2], panel: f64) -> Vec<(f64, f64)> {
    let outer = (5.0 + 2.0 * (10.0_f64 / 7.0).sqrt()).sqrt() / 3.0;
    let inner = (5.0 - 2.0 * (10.0_f64 / 7.0).sqrt()).sqrt() / 3.0;
    let (light, heavy) = (
        (322.0 - 13.0 * 70.0_f64.sqrt()) / 900.0,
        (322.0 + 13.0 * 70.0_f64.sqrt()) / 900.0,
    );
    let rule = [
        (-outer, light),
        (-inner, heavy),
        (0.0, 128.0 / 225.0),
        (inner, heavy),
        (outer, light),
    ];
    let n_panels = ((to - from) / panel).ceil().max(1.0) as usize;
    let half = (to - from) / n_panels as f64 / 2.0;
    let nodes = |i: usize| rule.map(|(u, w)| (from + half * (2.0 * i as f64 + 1.0 + u), half * w));
    (0..n_panels).flat_map(nodes).collect()
}
