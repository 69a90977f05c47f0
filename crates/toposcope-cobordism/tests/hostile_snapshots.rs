//! Snapshots whose checksums are right and whose contents are not: refused, or harmless.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use toposcope_cobordism::{Tracker, TrackerParams};
use toposcope_core::pool::PoolParams;
use toposcope_core::stream::{Complex, Late, OnLimit, Report, Stream, StreamParams, Window};
use toposcope_core::{Control, Error, Metric, Points};

fn stream(window: Window, max_landmarks: usize) -> Stream {
    Stream::new(StreamParams {
        n_dims: 2,
        window,
        max_landmarks,
        cover_radius: None,
        max_dim: 1,
        background_dim: None,
        metric: Metric::Euclidean,
        complex: Complex::Rips,
        threshold: None,
        memory_limit: Some(1 << 20),
        on_limit: OnLimit::Coarsen,
        late: Late::Raise,
        half_life: None,
        min_mass: None,
        pool: PoolParams::default(),
        n_threads: Some(1),
    })
    .unwrap()
}

/// Points of a small grid, from `start` on.
fn push(stream: &mut Stream, start: u32) -> Result<Report, Error> {
    let cells = (start..start + 12).map(|i| i * 7 % 25);
    let rows = cells.flat_map(|c| [f64::from(c % 5), f64::from(c / 5)]);
    let times: Vec<f64> = (start..start + 12).map(f64::from).collect();
    let chunk = Points::from_f64(rows.collect(), 2).unwrap();
    stream.push(chunk, Some(&times), &Control::none())
}

/// With voids that are read with every second push, so that there is something held for them after an even number.
fn tracker(max_dim: usize) -> Tracker {
    Tracker::new(TrackerParams {
        scale: Some(1.0),
        max_dim,
        void_every: 2,
        confirm_after: 3,
        include_continues: true,
        ..TrackerParams::default()
    })
    .unwrap()
}

/// Start and end of the payload of every section.
fn payloads(snapshot: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut found) = (28, Vec::new());
    while at < snapshot.len() {
        let length = u64::from_le_bytes(snapshot[at + 4..at + 12].try_into().unwrap());
        let end = at + 12 + usize::try_from(length).unwrap();
        found.push((at + 12, end));
        at = end + 4;
    }
    found
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (0..8).fold(crc, |c, _| c >> 1 ^ 0xEDB8_8320 & (c & 1).wrapping_neg());
    !bytes
        .iter()
        .fold(!0, |crc, &b| crc >> 8 ^ step((crc ^ u32::from(b)) & 0xFF))
}

/// The snapshot with `value` at some place of some payload, and its checksum put right.
fn forged(mut snapshot: Vec<u8>, section: usize, place: usize, value: &[u8]) -> Vec<u8> {
    let sections = payloads(&snapshot);
    let (start, end) = sections[section % sections.len()];
    let at = start + place % (end - start).max(1);
    for (offset, &byte) in value.iter().enumerate().take_while(|(o, _)| at + o < end) {
        snapshot[at + offset] = byte;
    }
    let crc = crc32(&snapshot[start - 12..end]);
    snapshot[end..end + 4].copy_from_slice(&crc.to_le_bytes());
    snapshot
}

/// What breaks code that believes it: ends of ranges, NaN, infinities, and small steps.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let words = [0, 1, 2, 7, 255, 1 << 31, 1 << 62, u64::MAX];
    let floats = [f64::NAN, f64::INFINITY, -1.0, -0.0, 1e300, 5e-324];
    let floats: Vec<u64> = floats.map(f64::to_bits).to_vec();
    prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(|w| w.to_le_bytes().to_vec()),
        prop::sample::select(floats).prop_map(|w| w.to_le_bytes().to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_forged_stream_is_refused_or_works(
        section in 0..4usize,
        place in 0..4000usize,
        value in value(),
        in_time in any::<bool>(),
        merged in any::<bool>(),
        fading in any::<bool>(),
    ) {
        let window = if in_time { Window::Seconds(20.0) } else { Window::Count(20) };
        let mut stream = stream(window, 8);
        if fading {
            stream = Stream::new(StreamParams {
                late: Late::Accept,
                half_life: Some(9.0),
                min_mass: Some(0.5),
                ..stream.params().clone()
            })
            .unwrap();
        }
        push(&mut stream, 0).unwrap();
        push(&mut stream, 12).unwrap();
        let mut other = Stream::new(stream.params().clone()).unwrap();
        push(&mut other, 5).unwrap();
        if merged {
            stream.merge(&other, &Control::none()).unwrap();
        }
        match Stream::restore(&forged(stream.snapshot(), section, place, &value)) {
            Err(error) => prop_assert!(matches!(error, Error::Snapshot { .. }), "{error}"),
            Ok(mut restored) => {
                // Whatever it was made to believe, it either takes points or says why not.
                let _ = push(&mut restored, 24);
                let _ = restored.evict(3, &Control::none());
                let _ = restored.merge(&other, &Control::none());
                let _ = other.merge(&restored, &Control::none());
                prop_assert!(Stream::restore(&restored.snapshot()).is_ok());
            }
        }
    }

    #[test]
    fn a_forged_tracker_is_refused_or_works(
        section in 0..6usize,
        place in 0..4000usize,
        value in value(),
        max_dim in 1..3usize,
    ) {
        let mut stream = stream(Window::Count(20), 100);
        let mut tracker = tracker(max_dim);
        for start in [0, 12] {
            let report = push(&mut stream, start).unwrap();
            tracker.observe(&report.cospan, &Control::none()).unwrap();
        }
        match Tracker::restore(&forged(tracker.snapshot(), section, place, &value)) {
            Err(error) => prop_assert!(matches!(error, Error::Snapshot { .. }), "{error}"),
            Ok(mut restored) => {
                for start in [24, 36] {
                    let report = push(&mut stream, start).unwrap();
                    let _ = restored.observe(&report.cospan, &Control::none());
                }
                prop_assert!(Tracker::restore(&restored.snapshot()).is_ok());
            }
        }
    }
}

#[test]
fn the_forger_knows_the_format() {
    let stream = stream(Window::Count(20), 8);
    let good = stream.snapshot();
    assert_eq!(payloads(&good).len(), 4);
    let (start, _) = payloads(&good)[1];
    assert_eq!(forged(good.clone(), 1, 0, &good[start..start + 8]), good);
    let reason = Stream::restore(&forged(good, 1, 8, &5u64.to_le_bytes())).map(|s| s.n_seen());
    assert_eq!(reason, Ok(5));
}
