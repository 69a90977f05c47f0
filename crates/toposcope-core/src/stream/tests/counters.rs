//! Totals add up what reports say, and are there while a push runs.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::stream::{Late, Totals};

fn add(totals: &mut Totals, report: &Report) {
    let stats = &report.stats;
    totals.n_steps += 1;
    totals.n_points += report.n_points as u64;
    totals.n_added += stats.n_added as u64;
    totals.n_expired += stats.n_expired as u64;
    totals.n_merged += stats.n_merged as u64;
    totals.n_evicted += stats.n_evicted as u64;
    totals.n_late += stats.n_late as u64;
    totals.n_dropped += stats.n_dropped as u64;
    totals.busy += stats.nearest + stats.landmarks + stats.persistence;
}

#[test]
fn totals_add_up_what_reports_say() {
    let mut stream = on_a_line(StreamParams {
        max_landmarks: 5,
        late: Late::Accept,
        ..in_time(3.0)
    });
    let counters = stream.counters();
    assert_eq!(counters.totals(), Totals::default());
    let mut expected = Totals::default();
    for step in 0..20 {
        let at = f64::from(step);
        let chunk = [at, at * 7.0, -at, at * at];
        let report = push_at(&mut stream, &chunk, &[at, at - 1.0, at - 9.0, at]).unwrap();
        add(&mut expected, &report);
        assert_eq!(counters.totals(), expected);
    }
    let report = stream.evict_before(19.0, &Control::none()).unwrap();
    add(&mut expected, &report);
    assert_eq!(counters.totals(), expected);
    for n in [
        expected.n_added,
        expected.n_expired,
        expected.n_merged,
        expected.n_late,
        expected.n_dropped,
    ] {
        assert!(n > 0, "{expected:?}");
    }
    stream.reset();
    assert_eq!(counters.totals(), expected);
}

#[test]
fn evicted_landmarks_and_merged_points_count() {
    let evicting = StreamParams {
        on_limit: OnLimit::Evict,
        ..plain(100, 2)
    };
    let mut stream = on_a_line(evicting.clone());
    push(&mut stream, &[0.0, 10.0, 20.0, 30.0]);
    let mut other = on_a_line(evicting);
    push(&mut other, &[50.0]);
    stream.merge(&other, &Control::none()).unwrap();
    let totals = stream.counters().totals();
    assert_eq!((totals.n_steps, totals.n_points), (2, 5));
    assert_eq!(totals.n_evicted, 3);
    assert_eq!(other.counters().totals().n_points, 1);
}

#[test]
fn what_is_refused_does_not_count() {
    let mut stream = on_a_line(plain(10, 10));
    let two_dims = Points::from_f64(vec![0.0, 1.0], 2).unwrap();
    assert!(stream.push(two_dims, None, &Control::none()).is_err());
    assert_eq!(stream.counters().totals(), Totals::default());
}

/// Reads the counters from within a push, as another thread would.
struct Reader<'a> {
    counters: &'a crate::stream::Counters,
    seen: AtomicBool,
}

impl Observer for Reader<'_> {
    fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
        assert_eq!(self.counters.totals().n_steps, 1);
        self.seen.store(true, Ordering::Relaxed);
        ControlFlow::Continue(())
    }
}

#[test]
fn totals_are_there_while_a_push_runs() {
    let mut stream = on_a_line(plain(100_000, 64));
    push(&mut stream, &[0.0]);
    let counters = stream.counters();
    let reader = Reader {
        counters: &counters,
        seen: AtomicBool::new(false),
    };
    let xs: Vec<f64> = (0..50_000).map(|i| f64::from(i % 9973)).collect();
    // Observers are asked every 20 ms: the push takes longer.
    stream
        .push(line(&xs), None, &Control::new(&reader))
        .unwrap();
    assert_eq!(counters.totals().n_steps, 2);
    assert!(reader.seen.load(Ordering::Relaxed));
}
