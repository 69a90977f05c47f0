//! What holds for every stream of tokens, however it is cut, mixed or disturbed.

use std::cell::Cell;

use proptest::prelude::*;

use super::{largest_difference, needs_runtime, params, qwen};
use crate::Error;
use crate::pooling::Pooling;
use crate::qwen::{QwenEmbedder, QwenParams, TokenSource};

const GO: &dyn Fn() -> bool = &|| false;
const TOLERANCE: f32 = 1e-4;

fn fed(embedder: &QwenEmbedder, pieces: &[&[i64]]) -> Vec<f32> {
    let mut last = Vec::new();
    for piece in pieces {
        last = embedder.feed_ids(piece, GO).expect("fed");
    }
    last
}

#[test]
fn cutting_does_not_change_the_last_state() {
    needs_runtime!();
    let embedder = qwen("tiny_qwen2_2l_hidden.onnx");
    proptest!(ProptestConfig::with_cases(64), |(
        ids in prop::collection::vec(0..320_i64, 1..60),
        cuts in prop::collection::vec(1..20_usize, 0..8),
    )| {
        embedder.reset().expect("reset");
        let whole = fed(&embedder, &[&ids]);
        embedder.reset().expect("reset");
        let mut rest = ids.as_slice();
        let mut last = Vec::new();
        for &n in cuts.iter().chain(&[usize::MAX]) {
            let (piece, after) = rest.split_at(n.min(rest.len()));
            if !piece.is_empty() {
                last = fed(&embedder, &[piece]);
            }
            rest = after;
        }
        prop_assert!(largest_difference(&whole, &last) <= TOLERANCE);
        let norm: f32 = last.iter().map(|x| x * x).sum();
        prop_assert!((norm - 1.0).abs() < 1e-5);
    });
}

#[test]
fn chunk_tokens_does_not_change_any_pooling_of_any_source() {
    needs_runtime!();
    let ids: Vec<i64> = (0..90).map(|i| i * 7 % 320).collect();
    for source in [
        TokenSource::Hidden,
        TokenSource::Values,
        TokenSource::Logits,
    ] {
        for pooling in [Pooling::Mean, Pooling::Last, Pooling::Cls] {
            let with_chunks = |chunk_tokens| {
                let params = QwenParams {
                    source,
                    pooling: Some(pooling),
                    chunk_tokens,
                    ..params("tiny_qwen2_2l_hidden.onnx")
                };
                fed(
                    &QwenEmbedder::load(params).expect("loads"),
                    &[&ids[..30], &ids[30..]],
                )
            };
            let (small, large) = (with_chunks(7), with_chunks(128));
            assert!(
                largest_difference(&small, &large) <= TOLERANCE,
                "{source:?} {pooling:?}"
            );
        }
    }
}

#[test]
fn a_reset_history_is_a_fresh_one() {
    needs_runtime!();
    let (used, fresh) = (qwen("tiny_qwen2_2l.onnx"), qwen("tiny_qwen2_2l.onnx"));
    fed(&used, &[&[1, 2, 3], &[4]]);
    used.reset().expect("reset");
    assert_eq!((used.stats().generation, used.stats().cache_tokens), (1, 0));
    assert_eq!(fed(&used, &[&[5, 6, 7]]), fed(&fresh, &[&[5, 6, 7]]));
}

#[test]
fn embedding_neither_reads_nor_writes_the_history() {
    needs_runtime!();
    let (used, fresh) = (qwen("tiny_qwen2_2l.onnx"), qwen("tiny_qwen2_2l.onnx"));
    fed(&used, &[&[1, 2, 3]]);
    let before = used.stats();
    let texts = ["some text", "another"];
    let embedded = used.embed(&texts, GO).expect("embedded");
    assert_eq!(embedded, fresh.embed(&texts, GO).expect("embedded"));
    assert_eq!(used.stats(), before);
    let turned = used.embed(&["another", "some text"], GO).expect("embedded");
    assert_eq!(
        (embedded.row(0), embedded.row(1)),
        (turned.row(1), turned.row(0))
    );
}

#[test]
fn histories_do_not_mix_even_across_threads() {
    needs_runtime!();
    let first = qwen("tiny_qwen2_2l_hidden.onnx");
    let streams: Vec<Vec<i64>> = (0..4)
        .map(|s| (0..40).map(|i| (i * 11 + s * 37) % 320).collect())
        .collect();
    let alone: Vec<Vec<f32>> = streams
        .iter()
        .map(|ids| fed(&first.with_new_history().expect("new"), &[ids]))
        .collect();
    let others: Vec<QwenEmbedder> = streams
        .iter()
        .map(|_| first.with_new_history().expect("new"))
        .collect();
    std::thread::scope(|scope| {
        for (embedder, ids) in others.iter().zip(&streams) {
            scope.spawn(move || {
                for piece in ids.chunks(3) {
                    fed(embedder, &[piece]);
                }
            });
        }
    });
    for ((embedder, ids), expected) in others.iter().zip(&streams).zip(&alone) {
        assert_eq!(embedder.stats().counts.tokens, 40);
        let again = fed(embedder, &[&ids[..1]]);
        let control = first.with_new_history().expect("new");
        assert!(largest_difference(&fed(&control, &[ids]), expected) <= TOLERANCE);
        assert!(largest_difference(&again, &fed(&control, &[&ids[..1]])) <= TOLERANCE);
    }
    assert_eq!(first.stats().counts.tokens, 0);
}

#[test]
fn a_call_that_fails_changes_nothing() {
    needs_runtime!();
    let embedder = QwenEmbedder::load(QwenParams {
        chunk_tokens: 4,
        ..params("tiny_qwen2_2l.onnx")
    })
    .expect("loads");
    let control = embedder.with_new_history().expect("new");
    for embedder in [&embedder, &control] {
        fed(embedder, &[&[9, 8, 7, 6, 5]]);
    }
    let before = embedder.stats();
    for bad in [&[1, -1][..], &[320], &[]] {
        assert!(matches!(
            embedder.feed_ids(bad, GO),
            Err(Error::Invalid {
                argument: "ids",
                ..
            })
        ));
    }
    let asked = Cell::new(0);
    let third_time = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    assert_eq!(
        embedder.feed_ids(&[1; 20], &third_time),
        Err(Error::Interrupted)
    );
    assert_eq!(
        embedder.feed("", GO).map_err(|e| e.to_string()),
        Err("text: expected at least one token, got none".to_owned())
    );
    assert_eq!(embedder.stats(), before);
    assert_eq!(fed(&embedder, &[&[3, 2, 1]]), fed(&control, &[&[3, 2, 1]]));
}

#[test]
fn stats_add_up() {
    needs_runtime!();
    let embedder = qwen("tiny_qwen2_3l_wide.onnx");
    fed(&embedder, &[&[1, 2, 3], &[4, 5]]);
    let stats = embedder.stats();
    assert_eq!((stats.counts.tokens, stats.counts.calls), (5, 2));
    assert_eq!((stats.cache_tokens, stats.next_position), (5, 5));
    let (layers, heads, dim, dtype) = embedder.cache_shape();
    assert_eq!((layers, dtype), (3, "float32"));
    assert_eq!(stats.cache_bytes, 2 * layers * heads * 5 * dim * 4);
}
