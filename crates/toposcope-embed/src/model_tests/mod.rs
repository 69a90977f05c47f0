//! Tests that run the small models of `tests/data/models`. They need ONNX Runtime: `TOPOSCOPE_ORT_PATH` names its library,
//! for example the one inside the installed wheel (`ci/find_onnxruntime.py` prints it). Without it they fail: a test that
//! passes without having looked is worth nothing.

mod exactness;
mod forgetting;
mod invariants;

use std::path::PathBuf;

use crate::qwen::{QwenEmbedder, QwenParams};

/// Fails a test, saying why, if there is no library to run models with.
macro_rules! needs_runtime {
    () => {
        assert!(
            std::env::var_os("TOPOSCOPE_ORT_PATH").is_some(),
            "set TOPOSCOPE_ORT_PATH to ONNX Runtime's library, as `make rust-test` does"
        );
    };
}
use needs_runtime;

pub(crate) fn model(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data/models")
        .join(name)
}

fn params(name: &str) -> QwenParams {
    QwenParams {
        n_threads: Some(1),
        ..QwenParams::new(model(name))
    }
}

fn qwen(name: &str) -> QwenEmbedder {
    QwenEmbedder::load(params(name)).expect("loads")
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, f32::max)
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
