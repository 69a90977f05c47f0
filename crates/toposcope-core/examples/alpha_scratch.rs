//! scratch
use std::time::Instant;
use toposcope_core::{AlphaParams, Control, Points, alpha};
fn main() {
    let mut args = std::env::args().skip(1);
    let n: usize = args.next().unwrap().parse().unwrap();
    let d: usize = args.next().unwrap().parse().unwrap();
    let kind = args.next().unwrap_or("random".into());
    let mut seed = 1u64;
    let mut unit = || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 11) as f64 / (1u64 << 53) as f64
    };
    let k = (n as f64).powf(1.0 / d as f64).round() as usize;
    let c: Vec<f64> = match kind.as_str() {
        "random" => (0..n * d).map(|_| unit()).collect(),
        "grid" => (0..k.pow(d as u32))
            .flat_map(|i| (0..d).map(move |j| (i / k.pow(j as u32) % k) as f64))
            .collect(),
        _ => (0..n)
            .flat_map(|_| {
                let t = 6.283185307179586 * unit();
                let u = 6.283185307179586 * unit();
                [
                    (2.0 + u.cos()) * t.cos(),
                    (2.0 + u.cos()) * t.sin(),
                    u.sin(),
                ]
            })
            .collect(),
    };
    let points = Points::from_f64(c, d).unwrap();
    let t = Instant::now();
    let control = Control::none();
    let r = alpha(&points, &AlphaParams::default(), &control).unwrap();
    println!(
        "{} {:?} counts {:?} budget peak {} MB",
        points.n_points(),
        t.elapsed(),
        (0..d as u8)
            .map(|k| r.intervals(k).count())
            .collect::<Vec<_>>(),
        control.budget().peak() >> 20
    );
}
