//! What updates of voids take, and when they are given up.

use super::*;
use crate::dice::Dice;
use crate::memory::SLACK;

/// Points all over a cube, on a sphere, or around the origin.
fn cloud(dice: &mut Dice, shape: &str, n_points: usize, n_dims: usize) -> Points {
    let mut rows = Vec::new();
    for _ in 0..n_points {
        let of_four = |dice: &mut Dice| (0..4).map(|_| dice.coordinate(0) - 0.5).sum::<f64>();
        let row: Vec<f64> = match shape {
            "cube" => (0..n_dims).map(|_| dice.coordinate(0)).collect(),
            _ => (0..n_dims).map(|_| of_four(dice)).collect(),
        };
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        let scale = if shape == "sphere" { 1.0 / length } else { 1.0 };
        rows.extend(row.iter().map(|x| x * scale));
    }
    Points::from_f64(rows, n_dims).unwrap()
}

fn with_voids(window: usize, n_dims: usize) -> StreamParams {
    StreamParams {
        n_dims,
        max_dim: 2,
        ..plain(window as u64, window)
    }
}

#[test]
fn updates_take_what_the_formula_says() {
    for (shape, n_dims) in [("cube", 3), ("sphere", 3), ("blob", 16), ("blob", 64)] {
        for n in [20, 64, 200] {
            let (mut dice, control) = (Dice(n as u64), Control::none());
            let params = with_voids(n, n_dims);
            let mut stream = Stream::new(params.clone()).unwrap();
            let mut n_updated = 0;
            for n_points in [n, 2, 1, 1, n / 16, 1] {
                let chunk = cloud(&mut dice, shape, n_points, n_dims);
                let report = stream.push(chunk, None, &control).unwrap();
                n_updated += usize::from(report.stats.pool.live > 0);
            }
            let engine = params.bytes_for(n) - params.bytes_of_landmarks(n);
            let peak = stream.persistence_mut().budget().peak();
            assert!(n_updated > 1, "{shape}, {n}");
            assert!(peak <= engine, "{shape}, {n}: {peak} of {engine}");
        }
    }
}

#[test]
fn where_there_is_no_room_for_an_update_the_diagram_is_computed_anew() {
    let (mut n_anew, mut n_updated) = (0, 0);
    for (shape, n_dims) in [("cube", 3), ("sphere", 3), ("blob", 16)] {
        let params = with_voids(60, n_dims);
        let mut dice = Dice(5);
        let chunks: Vec<Points> = [60, 1, 2, 1]
            .map(|n| cloud(&mut dice, shape, n, n_dims))
            .into();
        let control = Control::none();
        let mut stream = Stream::new(params.clone()).unwrap();
        let diagrams = chunks.iter().map(|chunk| {
            let report = stream.push(chunk.clone(), None, &control);
            report.unwrap().diagram
        });
        let diagrams: Vec<_> = diagrams.collect();
        for room in (8..400).step_by(7).map(|kib| kib << 10) {
            let mut tight = Stream::new(params.clone()).unwrap();
            let budget = crate::memory::Budget::limited(SLACK + room);
            let persistence = crate::stream::persistence::LandmarkPersistence::new(&params, budget);
            *tight.persistence_mut() = persistence.unwrap();
            for (chunk, expected) in chunks.iter().zip(&diagrams) {
                match tight.push(chunk.clone(), None, &control) {
                    Ok(report) => {
                        assert_eq!(&report.diagram, expected);
                        n_updated += usize::from(report.stats.pool.live > 0);
                        n_anew += usize::from(report.stats.pool.live == 0);
                    }
                    Err(error) => {
                        // The points of this push are not in.
                        assert!(matches!(error, Error::MemoryLimit { .. }));
                        break;
                    }
                }
            }
            let peak = tight.persistence_mut().budget().peak();
            assert!(peak <= SLACK + room);
        }
    }
    assert!(n_anew > 50 && n_updated > 50, "{n_anew}, {n_updated}");
}

#[test]
fn an_interrupted_update_has_not_happened() {
    struct Stop(std::cell::Cell<u32>);
    impl Observer for Stop {
        fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
            let left = self.0.get();
            self.0.set(left.saturating_sub(1));
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    }
    let (mut dice, control) = (Dice(1), Control::none());
    let mut streams = [0, 1].map(|_| Stream::new(with_voids(80, 3)).unwrap());
    let mut n_stopped = 0;
    for step in 0..30 {
        let chunk = cloud(&mut dice, "cube", if step == 0 { 80 } else { 2 }, 3);
        let observer = Stop(std::cell::Cell::new(step % 7));
        let impatient = Control::new(&observer).with_period(std::time::Duration::ZERO);
        if let Err(error) = streams[1].push(chunk.clone(), None, &impatient) {
            assert_eq!(error, Error::Interrupted);
            n_stopped += 1;
            streams[1].push(chunk.clone(), None, &control).unwrap();
        }
        let expected = streams[0].push(chunk, None, &control).unwrap();
        let again = streams[1].push(Points::none(3), None, &control).unwrap();
        assert_eq!(again.diagram, expected.diagram);
    }
    assert!(n_stopped > 10, "{n_stopped}");
}
