//! Windows: what is kept, where it stays, and what starting anew means.

use super::{needs_runtime, params, qwen};
use crate::Error;
use crate::decoder::Decoder;
use crate::history::{OnFull, State, Window};
use crate::pooling::{Pool, Pooling};
use crate::qwen::{QwenEmbedder, QwenParams};

const GO: &dyn Fn() -> bool = &|| false;

fn windowed(name: &str, max_tokens: usize, sinks: usize, on_full: Option<OnFull>) -> QwenEmbedder {
    let window = Window {
        max_tokens,
        sinks,
        on_full,
    };
    QwenEmbedder::load(QwenParams {
        window,
        ..params(name)
    })
    .expect("loads")
}

fn ids(n: usize) -> Vec<i64> {
    (0..n as i64).map(|i| i * 13 % 320).collect()
}

fn advance(decoder: &Decoder, state: &State, ids: &[i64]) -> State {
    let mut pool = Pool::new(Pooling::Mean, decoder.probe().expect("runs"));
    decoder.feed(state, ids, &mut pool, GO).expect("fed")
}

#[test]
fn a_window_that_is_not_full_does_nothing() {
    needs_runtime!();
    let (small, large) = (
        windowed("tiny_qwen2_2l.onnx", 40, 4, None),
        qwen("tiny_qwen2_2l.onnx"),
    );
    for piece in ids(40).chunks(9) {
        assert_eq!(small.feed_ids(piece, GO), large.feed_ids(piece, GO));
    }
    assert_eq!(small.stats(), large.stats());
}

#[test]
fn sinks_and_kept_tokens_stay_bit_for_bit_and_in_order() {
    needs_runtime!();
    for name in ["tiny_qwen2_2l.onnx", "tiny_qwen2_24l_f16.onnx"] {
        let embedder = windowed(name, 20, 4, None);
        let decoder = embedder.decoder();
        let spec = decoder.cache;
        let mut state = decoder.start().expect("starts");
        for piece in ids(90).chunks(5) {
            let next = advance(decoder, &state, piece);
            assert!(next.cache.n_tokens() <= 20);
            assert_eq!(next.position as u64, next.counts.tokens);
            let n_kept = next.cache.n_tokens() - piece.len();
            let (old, new) = (state.cache.to_vecs(&spec), next.cache.to_vecs(&spec));
            for (old, new) in old.iter().zip(&new) {
                let slots_before = slots(old, spec.n_kv_heads, spec.head_dim);
                let slots_after = slots(new, spec.n_kv_heads, spec.head_dim);
                for (old, new) in slots_before.iter().zip(&slots_after) {
                    let sinks = n_kept.min(4);
                    assert_eq!(old[..sinks], new[..sinks]);
                    assert_eq!(old[old.len() - (n_kept - sinks)..], new[sinks..n_kept]);
                }
            }
            state = next;
        }
        assert!(state.counts.evicted > 0);
        assert_eq!(
            state.cache.n_tokens() as u64,
            state.counts.tokens - state.counts.evicted
        );
    }
}

/// Per head the vectors of all slots.
fn slots(tensor: &[f32], n_heads: usize, head_dim: usize) -> Vec<Vec<&[f32]>> {
    let per_head = (tensor.len() / n_heads).max(1);
    let mut heads: Vec<Vec<&[f32]>> = tensor
        .chunks(per_head)
        .map(|head| head.chunks(head_dim).collect())
        .collect();
    heads.resize(n_heads, Vec::new());
    heads
}

#[test]
fn the_smallest_windows_hold_what_fits() {
    needs_runtime!();
    for (max_tokens, sinks) in [(1, 0), (2, 0), (2, 1), (5, 4)] {
        for on_full in [OnFull::Evict, OnFull::Reencode] {
            let embedder = windowed("tiny_qwen2_2l.onnx", max_tokens, sinks, Some(on_full));
            for n in [1, 2, 7] {
                embedder.feed_ids(&ids(n), GO).expect("fed");
                assert!(embedder.stats().cache_tokens <= max_tokens);
            }
            assert_eq!(embedder.stats().counts.tokens, 10);
        }
    }
}

#[test]
fn starting_anew_equals_a_fresh_history_on_the_last_tokens() {
    needs_runtime!();
    for name in ["tiny_qwen2_2l.onnx", "tiny_qwen2_2l_nopos.onnx"] {
        let embedder = windowed(name, 16, 4, Some(OnFull::Reencode));
        let ids = ids(20);
        embedder.feed_ids(&ids[..10], GO).expect("fed");
        embedder.feed_ids(&ids[10..15], GO).expect("fed");
        let got = embedder.feed_ids(&ids[15..], GO).expect("fed");
        let stats = embedder.stats();
        // Eleven of the fifteen tokens leave room for five more in a window of sixteen.
        assert_eq!(
            (
                stats.counts.reencoded,
                stats.cache_tokens,
                stats.next_position
            ),
            (1, 16, 16)
        );
        let fresh = qwen(name);
        fresh.feed_ids(&ids[4..15], GO).expect("fed");
        assert_eq!(Ok(got), fresh.feed_ids(&ids[15..], GO));
    }
}

#[test]
fn models_without_positions_start_anew_by_default() {
    needs_runtime!();
    assert_eq!(
        windowed("tiny_qwen2_2l_nopos.onnx", 16, 4, None).on_full(),
        OnFull::Reencode
    );
    assert_eq!(
        windowed("tiny_qwen2_2l.onnx", 16, 4, None).on_full(),
        OnFull::Evict
    );
    let window = Window {
        max_tokens: 16,
        sinks: 4,
        on_full: Some(OnFull::Evict),
    };
    let refused = QwenEmbedder::load(QwenParams {
        window,
        ..params("tiny_qwen2_2l_nopos.onnx")
    });
    let message = refused.expect_err("loaded").to_string();
    assert!(
        message.contains("nopos.onnx: has no input position_ids"),
        "{message}"
    );
}

#[test]
fn the_end_of_the_positions_is_never_passed() {
    needs_runtime!();
    let embedder = windowed("tiny_qwen2_2l.onnx", 8, 2, None);
    let decoder = embedder.decoder();
    let mut state = decoder.start().expect("starts");
    state.position = decoder.max_position - 3;
    state = advance(decoder, &state, &ids(3));
    assert_eq!(state.position, decoder.max_position);
    state = advance(decoder, &state, &ids(2));
    assert_eq!((state.position, state.counts.reencoded), (5, 1));
}

#[test]
fn a_history_that_may_not_forget_refuses_and_stays() {
    needs_runtime!();
    let embedder = windowed("tiny_qwen2_2l.onnx", 8, 2, Some(OnFull::Raise));
    embedder.feed_ids(&ids(6), GO).expect("fed");
    let before = embedder.stats();
    let error = embedder.feed_ids(&ids(3), GO).expect_err("fed");
    assert!(
        matches!(
            error,
            Error::HistoryFull {
                held: 6,
                more: 3,
                limit: 8,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(embedder.stats(), before);
    embedder.feed_ids(&ids(2), GO).expect("two fit");
}

#[test]
fn impossible_windows_are_refused() {
    needs_runtime!();
    for (max_tokens, sinks, message) in [
        (4, 4, "window.max_tokens: expected more than sinks=4, got 4"),
        (40_000, 4, "window.max_tokens: expected at most 32768"),
    ] {
        let window = Window {
            max_tokens,
            sinks,
            on_full: None,
        };
        let refused = QwenEmbedder::load(QwenParams {
            window,
            ..params("tiny_qwen2_2l.onnx")
        });
        let error = refused.expect_err(message).to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
