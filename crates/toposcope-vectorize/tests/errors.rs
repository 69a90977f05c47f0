//! Each way in which a kernel refuses its input, and what it says.

use toposcope_core::Error;
use toposcope_vectorize::image::{Mode, Surface};
use toposcope_vectorize::{Batch, Grid, Intervals, betti, image, landscape};

fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn intervals() {
    let inf = f64::INFINITY;
    for (births, deaths, expected) in [
        (
            &[0.0, 1.0][..],
            &[1.0][..],
            "deaths: expected 2 values, one for each birth, got 1 values",
        ),
        (
            &[0.0, 1.0],
            &[1.0, 0.5],
            "intervals: expected finite births and birth <= death, got [1, 0.5) at 1",
        ),
        (
            &[f64::NAN],
            &[1.0],
            "intervals: expected finite births and birth <= death, got [NaN, 1) at 0",
        ),
        (
            &[0.0],
            &[f64::NAN],
            "intervals: expected finite births and birth <= death, got [0, NaN) at 0",
        ),
        (
            &[inf],
            &[inf],
            "intervals: expected finite births and birth <= death, got [inf, inf) at 0",
        ),
    ] {
        assert_eq!(message(Intervals::new(births, deaths)), expected);
    }
}

#[test]
fn grids() {
    let expected = "nodes: expected finite, strictly ascending positions, at least one, got ";
    for (positions, got) in [
        (&[][..], "none"),
        (&[0.0, f64::INFINITY], "inf at 1"),
        (&[0.0, 1.0, 1.0], "1 after 1 at 2"),
        (&[1.0, 0.0], "0 after 1 at 1"),
    ] {
        let refused = Grid::new("nodes", positions);
        assert_eq!(message(refused), format!("{expected}{got}"));
    }
}

#[test]
fn surfaces() {
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let expected = format!("sigma: expected a positive, finite number, got {sigma}");
        assert_eq!(message(Surface::new(sigma, 1.0)), expected);
    }
    for power in [-1.0, f64::NAN, f64::INFINITY] {
        let expected = format!("power: expected a finite number, 0 or more, got {power}");
        assert_eq!(message(Surface::new(1.0, power)), expected);
    }
}

#[test]
fn room_for_the_result() {
    let intervals = Intervals::new(&[], &[]).unwrap();
    let nodes = Grid::new("nodes", &[0.0, 1.0, 2.0]).unwrap();
    let surface = Surface::new(1.0, 1.0).unwrap();
    let out = &mut [0.0; 5];
    let expected = |n: usize| format!("out: expected {n} values, got 5 values");
    assert_eq!(message(betti::curve(intervals, nodes, out)), expected(3));
    assert_eq!(
        message(landscape::layers(intervals, 2, nodes, out)),
        expected(6)
    );
    let refused = image::pixels(intervals, surface, Mode::Integral, nodes, nodes, out);
    assert_eq!(message(refused), expected(4));
    let refused = image::pixels(intervals, surface, Mode::Density, nodes, nodes, out);
    assert_eq!(message(refused), expected(9));
}

#[test]
fn essential_intervals_have_no_point_in_an_image() {
    let intervals = Intervals::new(&[0.0, 0.0], &[1.0, f64::INFINITY]).unwrap();
    let axis = Grid::new("axis", &[0.0, 1.0]).unwrap();
    let surface = Surface::new(1.0, 1.0).unwrap();
    let refused = image::pixels(intervals, surface, Mode::Integral, axis, axis, &mut [0.0]);
    let expected = "intervals: expected finite deaths, got an essential interval at 1";
    assert_eq!(message(refused), expected);
}

#[test]
fn batches() {
    let intervals = Intervals::new(&[0.0, 0.0], &[1.0, 2.0]).unwrap();
    for (offsets, got) in [
        (&[][..], "0 of them, from None to None"),
        (&[0, 1], "2 of them, from Some(0) to Some(1)"),
        (&[1, 2], "2 of them, from Some(1) to Some(2)"),
        (&[0, 2, 1, 2], "4 of them, from Some(0) to Some(2)"),
    ] {
        let expected = format!("offsets: expected ascending numbers from 0 to 2, got {got}");
        assert_eq!(message(Batch::new(intervals, offsets)), expected);
    }
    let batch = Batch::new(intervals, &[0, 0, 2]).unwrap();
    assert_eq!(batch.n_diagrams(), 2);
    let expected = "n_features: expected 1 or more, got 0";
    assert_eq!(message(batch.rows(0, |_, _| Ok(()))), expected);
    let counts = batch.rows(1, |intervals, row| {
        row[0] = intervals.len() as f64;
        Ok(())
    });
    assert_eq!(counts.unwrap(), [0.0, 2.0]);
}
