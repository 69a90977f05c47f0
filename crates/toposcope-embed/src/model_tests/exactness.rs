//! The outputs and the cache are those of the reference, at once and in pieces, on every small model.

use serde_json::Value;

use super::{cosine, largest_difference, model, needs_runtime};
use crate::cache::Cache;
use crate::engine::{Engine, Rows};
use crate::runtime::LibrarySearch;
use crate::spec::{CacheSpec, FloatOutput};

/// How close is close enough.
#[derive(Clone, Copy)]
enum Tolerance {
    Absolute(f32),
    Cosine(f32),
}

impl Tolerance {
    fn of(name: &str) -> Self {
        if name.contains("quantized") {
            Self::Cosine(0.99)
        } else if name.contains("f16") {
            Self::Absolute(1e-2)
        } else {
            Self::Absolute(1e-4)
        }
    }

    fn check(self, got: &[f32], expected: &[f32], what: &str) {
        match self {
            Self::Absolute(limit) => {
                let difference = largest_difference(got, expected);
                assert!(difference <= limit, "{what}: off by {difference}");
            }
            Self::Cosine(limit) => {
                let cosine = cosine(got, expected);
                assert!(cosine >= limit, "{what}: cosine {cosine}");
            }
        }
    }
}

struct Model {
    engine: Engine,
    cache: CacheSpec,
    output: FloatOutput,
    tolerance: Tolerance,
}

impl Model {
    fn load(name: &str, output: &str) -> Self {
        let engine = Engine::load(&model(name), 1, &LibrarySearch::default()).expect("loads");
        let spec = engine.spec();
        let outputs = [&spec.logits, &spec.hidden].map(Clone::clone);
        let output = outputs.into_iter().flatten().find(|o| o.name == output);
        Self {
            cache: spec.cache.expect("a decoder"),
            output: output.expect("declared"),
            tolerance: Tolerance::of(name),
            engine,
        }
    }

    fn feed(&self, ids: &[i64], cuts: &[usize]) -> (Rows, Cache) {
        let mut cache = Cache::empty(&self.cache).expect("empty");
        let mut all = Rows {
            values: Vec::new(),
            n_dims: 0,
        };
        let mut rest = ids;
        for &n in cuts {
            let (piece, after) = rest.split_at(n);
            let position = ids.len() - rest.len();
            let (rows, grown) = self
                .engine
                .step(piece, &cache, position, Some(&self.output))
                .expect("runs");
            let rows = rows.expect("asked for");
            all.n_dims = rows.n_dims;
            all.values.extend(rows.values);
            (cache, rest) = (grown, after);
        }
        assert!(rest.is_empty());
        (all, cache)
    }
}

fn expectations() -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(model("tiny_qwen_expected.json")).expect("readable");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    json.as_object()
        .expect("an object")
        .clone()
        .into_iter()
        .collect()
}

fn floats(value: &Value) -> Vec<f32> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|x| x.as_f64().expect("a number") as f32)
        .collect()
}

fn ids(value: &Value) -> Vec<i64> {
    value["ids"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|x| x.as_i64().expect("an id"))
        .collect()
}

#[test]
fn outputs_are_those_of_the_reference() {
    needs_runtime!();
    let expectations = expectations();
    assert_eq!(expectations.len(), 8);
    for (name, expected) in expectations {
        let model = Model::load(&name, expected["output"].as_str().expect("a name"));
        let ids = ids(&expected);
        let (rows, cache) = model.feed(&ids, &[ids.len()]);
        let last = &rows.values[rows.values.len() - rows.n_dims..][..8];
        model
            .tolerance
            .check(last, &floats(&expected["last_row_first8"]), &name);
        let mean: Vec<f32> = (0..8).map(|d| mean_of_column(&rows, d)).collect();
        model
            .tolerance
            .check(&mean, &floats(&expected["mean_over_tokens_first8"]), &name);
        let head_dim = model.cache.head_dim;
        let key = &cache.to_vecs(&model.cache)[0][(ids.len() - 1) * head_dim..][..head_dim];
        model
            .tolerance
            .check(key, &floats(&expected["present0_key_last_slot"]), &name);
    }
}

fn mean_of_column(rows: &Rows, column: usize) -> f32 {
    let column: Vec<f64> = rows
        .values
        .chunks_exact(rows.n_dims)
        .map(|row| f64::from(row[column]))
        .collect();
    (column.iter().sum::<f64>() / column.len() as f64) as f32
}

#[test]
fn pieces_with_the_cache_equal_all_at_once() {
    needs_runtime!();
    for (name, expected) in expectations() {
        let model = Model::load(&name, expected["output"].as_str().expect("a name"));
        let ids = ids(&expected);
        let (whole, whole_cache) = model.feed(&ids, &[ids.len()]);
        for cuts in [&[1; 37][..], &[5, 1, 30, 1], &[36, 1], &[1, 36], &[12, 25]] {
            let (pieces, cache) = model.feed(&ids, cuts);
            let rows = pieces
                .values
                .chunks_exact(pieces.n_dims)
                .zip(whole.values.chunks_exact(whole.n_dims));
            for (got, expected) in rows {
                model.tolerance.check(got, expected, &name);
            }
            assert_eq!(cache.n_tokens(), ids.len());
            if let Tolerance::Absolute(_) = model.tolerance {
                let tensors = cache.to_vecs(&model.cache);
                for (got, expected) in tensors.iter().zip(whole_cache.to_vecs(&model.cache)) {
                    model.tolerance.check(got, &expected, &name);
                }
            }
        }
    }
}
