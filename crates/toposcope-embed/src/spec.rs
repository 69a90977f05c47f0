//! What a loaded model takes and gives, discovered from its inputs and outputs.
//!
//! Names and shapes are those of the usual exporters. Everything is read from the loaded model, nothing is assumed from a
//! file name or computed from other sizes; an input that is not known is an error, because whatever would be fed to it
//! would be a guess.

use std::path::Path;

use crate::Error;

/// Element types that cross the boundary of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dtype {
    /// Single precision.
    Float32,
    /// Half precision.
    Float16,
    /// Token ids, masks and positions.
    Int64,
    /// Switches.
    Bool,
    /// Anything else, by the name that ONNX Runtime gives it; never accepted.
    Other(&'static str),
}

impl Dtype {
    /// The name that NumPy uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Float16 => "float16",
            Self::Int64 => "int64",
            Self::Bool => "bool",
            Self::Other(name) => name,
        }
    }

    /// Bytes of one element of a cache.
    pub(crate) fn size(self) -> usize {
        if self == Self::Float16 { 2 } else { 4 }
    }
}

/// One declared input or output; a dimension is `None` where the model leaves it open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<Option<usize>>,
}

/// Inputs beside ids and mask that a model declares, and that are filled in for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each input is declared or not, whatever the others are"
)]
pub(crate) struct OptionalInputs {
    pub(crate) token_type_ids: bool,
    pub(crate) position_ids: bool,
    pub(crate) num_logits_to_keep: bool,
    pub(crate) use_cache_branch: bool,
}

/// The key/value cache of a decoder: per layer two tensors `[batch, n_kv_heads, n_tokens, head_dim]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheSpec {
    pub(crate) n_layers: usize,
    pub(crate) n_kv_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) dtype: Dtype,
}

impl CacheSpec {
    /// Bytes that one token takes in all layers.
    pub(crate) fn bytes_per_token(&self) -> usize {
        2 * self.n_layers * self.n_kv_heads * self.head_dim * self.dtype.size()
    }
}

/// An output from which embeddings can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FloatOutput {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    /// Last dimension, if declared.
    pub(crate) n_dims: Option<usize>,
}

/// Everything that is known of a model before it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelSpec {
    pub(crate) optional_inputs: OptionalInputs,
    /// `None` for encoders.
    pub(crate) cache: Option<CacheSpec>,
    /// One vector per text, pooled by the model itself.
    pub(crate) sentence: Option<FloatOutput>,
    /// One vector per token.
    pub(crate) hidden: Option<FloatOutput>,
    /// One score per token and vocabulary entry.
    pub(crate) logits: Option<FloatOutput>,
}

/// Token-level outputs, the best first.
const HIDDEN_NAMES: [&str; 3] = ["last_hidden_state", "token_embeddings", "hidden_states"];

pub(crate) fn past_name(layer: usize, part: &str) -> String {
    format!("past_key_values.{layer}.{part}")
}

pub(crate) fn present_name(layer: usize, part: &str) -> String {
    format!("present.{layer}.{part}")
}

impl ModelSpec {
    /// Reads the declarations of the model in `path`.
    pub(crate) fn discover(path: &Path, inputs: &[Port], outputs: &[Port]) -> Result<Self, Error> {
        let (cache_inputs, other_inputs): (Vec<&Port>, Vec<&Port>) = inputs
            .iter()
            .partition(|port| port.name.starts_with("past_key_values."));
        let optional_inputs = read_inputs(&other_inputs).map_err(|r| Error::model(path, r))?;
        let cache = match cache_inputs.len() {
            0 => None,
            n => Some(read_cache(n, &cache_inputs, outputs).map_err(|r| Error::model(path, r))?),
        };
        let float = |name: &str, rank: usize| float_output(outputs, name, rank);
        let mut hidden = None;
        for name in HIDDEN_NAMES {
            hidden = hidden.or(float(name, 3).map_err(|r| Error::model(path, r))?);
        }
        Ok(Self {
            optional_inputs,
            cache,
            sentence: float("sentence_embedding", 2).map_err(|r| Error::model(path, r))?,
            hidden,
            logits: float("logits", 3).map_err(|r| Error::model(path, r))?,
        })
    }

    /// Names of the outputs, for messages.
    pub(crate) fn output_names(outputs: &[Port]) -> String {
        names(
            outputs
                .iter()
                .filter(|port| !port.name.starts_with("present.")),
        )
    }
}

fn names<'a>(ports: impl Iterator<Item = &'a Port>) -> String {
    ports
        .map(|port| port.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn read_inputs(ports: &[&Port]) -> Result<OptionalInputs, String> {
    for needed in ["input_ids", "attention_mask"] {
        if !ports.iter().any(|port| port.name == needed) {
            let found = names(ports.iter().copied());
            return Err(format!(
                "not a text model: it has no input {needed:?}; its inputs: {found}"
            ));
        }
    }
    let mut optional = OptionalInputs::default();
    for port in ports {
        let expected = match port.name.as_str() {
            "input_ids" | "attention_mask" => Dtype::Int64,
            "token_type_ids" => {
                optional.token_type_ids = true;
                Dtype::Int64
            }
            "position_ids" => {
                optional.position_ids = true;
                Dtype::Int64
            }
            "num_logits_to_keep" => {
                optional.num_logits_to_keep = true;
                Dtype::Int64
            }
            "use_cache_branch" => {
                optional.use_cache_branch = true;
                Dtype::Bool
            }
            unknown => return Err(format!("needs an input {unknown:?} that is not supported")),
        };
        check_dtype(port, &[expected])?;
    }
    Ok(optional)
}

fn check_dtype(port: &Port, accepted: &[Dtype]) -> Result<(), String> {
    if accepted.contains(&port.dtype) {
        return Ok(());
    }
    let accepted: Vec<_> = accepted.iter().map(|dtype| dtype.name()).collect();
    Err(format!(
        "{:?} is {}, supported: {}",
        port.name,
        port.dtype.name(),
        accepted.join(", ")
    ))
}

fn read_cache(n_inputs: usize, pasts: &[&Port], outputs: &[Port]) -> Result<CacheSpec, String> {
    let n_layers = n_inputs / 2;
    let mut common = None;
    for layer in 0..n_layers {
        for part in ["key", "value"] {
            let past = find(pasts.iter().copied(), &past_name(layer, part), "input")?;
            let present = find(outputs.iter(), &present_name(layer, part), "output")?;
            let shape = cache_shape(past)?;
            if present.dtype != past.dtype {
                return Err(format!(
                    "{:?} is {}, but {:?} is {}",
                    past.name,
                    past.dtype.name(),
                    present.name,
                    present.dtype.name()
                ));
            }
            let expected = common.get_or_insert((shape, past.dtype));
            if *expected != (shape, past.dtype) {
                return Err(format!(
                    "{:?} is {} with (heads, head size) {shape:?}, unlike the first layer's {} {:?}",
                    past.name,
                    past.dtype.name(),
                    expected.1.name(),
                    expected.0
                ));
            }
        }
    }
    if n_inputs % 2 == 1 {
        return Err(format!(
            "has {n_inputs} cache inputs: a key or a value is missing"
        ));
    }
    let ((n_kv_heads, head_dim), dtype) = common.ok_or("has no complete layer of cache inputs")?;
    Ok(CacheSpec {
        n_layers,
        n_kv_heads,
        head_dim,
        dtype,
    })
}

fn find<'a>(
    mut ports: impl Iterator<Item = &'a Port>,
    name: &str,
    role: &str,
) -> Result<&'a Port, String> {
    let found = ports.find(|port| port.name == name);
    found.ok_or_else(|| format!("has a key/value cache, but no {role} {name:?}"))
}

/// `(n_kv_heads, head_dim)`, which have to be declared: they cannot be computed from anything else.
fn cache_shape(past: &Port) -> Result<(usize, usize), String> {
    check_dtype(past, &[Dtype::Float32, Dtype::Float16])?;
    match past.shape.as_slice() {
        [_, Some(heads), _, Some(dim)] if *heads > 0 && *dim > 0 => Ok((*heads, *dim)),
        shape => Err(format!(
            "{:?} has shape {shape:?}, expected [batch, heads, tokens, head size] with fixed heads and head size",
            past.name
        )),
    }
}

fn float_output(outputs: &[Port], name: &str, rank: usize) -> Result<Option<FloatOutput>, String> {
    let Some(port) = outputs.iter().find(|port| port.name == name) else {
        return Ok(None);
    };
    check_dtype(port, &[Dtype::Float32, Dtype::Float16])?;
    if !port.shape.is_empty() && port.shape.len() != rank {
        return Err(format!(
            "output {name:?} has {} dimensions, expected {rank}",
            port.shape.len()
        ));
    }
    Ok(Some(FloatOutput {
        name: name.to_owned(),
        dtype: port.dtype,
        n_dims: port.shape.last().copied().flatten(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, dtype: Dtype, shape: &[usize]) -> Port {
        let shape = shape.iter().map(|&n| (n > 0).then_some(n)).collect();
        Port {
            name: name.to_owned(),
            dtype,
            shape,
        }
    }

    fn ids() -> Vec<Port> {
        ["input_ids", "attention_mask"]
            .map(|n| port(n, Dtype::Int64, &[0, 0]))
            .to_vec()
    }

    fn decoder() -> (Vec<Port>, Vec<Port>) {
        let (mut inputs, mut outputs) = (ids(), vec![port("logits", Dtype::Float16, &[0, 0, 320])]);
        for layer in 0..3 {
            for part in ["key", "value"] {
                inputs.push(port(&past_name(layer, part), Dtype::Float32, &[0, 2, 0, 8]));
                outputs.push(port(
                    &present_name(layer, part),
                    Dtype::Float32,
                    &[0, 2, 0, 8],
                ));
            }
        }
        (inputs, outputs)
    }

    fn discover(inputs: &[Port], outputs: &[Port]) -> Result<ModelSpec, String> {
        ModelSpec::discover(Path::new("m.onnx"), inputs, outputs).map_err(|e| e.to_string())
    }

    #[test]
    fn decoder_with_mixed_precision() {
        let (inputs, outputs) = decoder();
        let spec = discover(&inputs, &outputs).expect("decoder");
        let cache = CacheSpec {
            n_layers: 3,
            n_kv_heads: 2,
            head_dim: 8,
            dtype: Dtype::Float32,
        };
        assert_eq!(spec.cache, Some(cache));
        assert_eq!(cache.bytes_per_token(), 2 * 3 * 2 * 8 * 4);
        assert_eq!(
            spec.logits.map(|o| (o.dtype, o.n_dims)),
            Some((Dtype::Float16, Some(320)))
        );
        assert_eq!(spec.optional_inputs, OptionalInputs::default());
    }

    #[test]
    fn the_last_hidden_state_goes_before_other_token_outputs() {
        let outputs =
            ["hidden_states", "last_hidden_state"].map(|n| port(n, Dtype::Float32, &[0, 0, 32]));
        let spec = discover(&ids(), &outputs).expect("encoder");
        assert_eq!(
            spec.hidden.map(|o| o.name),
            Some("last_hidden_state".to_owned())
        );
        assert_eq!(spec.cache, None);
    }

    #[test]
    fn inputs_that_cannot_be_fed_are_refused_by_name() {
        let (inputs, outputs) = decoder();
        let with = |port: Port| [inputs.clone(), vec![port]].concat();
        let without = |name: &str| {
            let kept = inputs.iter().filter(|p| p.name != name);
            kept.cloned().collect::<Vec<_>>()
        };
        let changed = |name: &str, dtype, shape: &[usize]| {
            [without(name), vec![port(name, dtype, shape)]].concat()
        };
        let (f32, f16, bf16) = (Dtype::Float32, Dtype::Float16, Dtype::Other("bfloat16"));
        let (shape, key) = ([0, 2, 0, 8], "past_key_values.1.key");
        for (inputs, message) in [
            (
                without("input_ids"),
                "m.onnx: not a text model: it has no input \"input_ids\"",
            ),
            (without("attention_mask"), "no input \"attention_mask\""),
            (
                with(port("pixel_values", f32, &[])),
                "needs an input \"pixel_values\"",
            ),
            (
                with(port("position_ids", f32, &[])),
                "\"position_ids\" is float32, supported: int64",
            ),
            (
                without("past_key_values.1.value"),
                "no input \"past_key_values.1.value\"",
            ),
            (
                without("past_key_values.2.value"),
                "a key or a value is missing",
            ),
            (changed(key, f16, &shape), "\"present.1.key\" is float32"),
            (
                changed(key, bf16, &shape),
                "is bfloat16, supported: float32, float16",
            ),
            (
                changed(key, f32, &[0, 2, 0, 16]),
                "unlike the first layer's float32 (2, 8)",
            ),
            (
                changed(key, f32, &[0, 2, 0, 0]),
                "expected [batch, heads, tokens, head size]",
            ),
        ] {
            let error = discover(&inputs, &outputs).expect_err(message);
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn outputs_that_cannot_be_read_are_refused_by_name() {
        let (inputs, outputs) = decoder();
        let state = |dtype, shape: &[usize]| vec![port("last_hidden_state", dtype, shape)];
        for (inputs, outputs, message) in [
            (inputs, outputs[..3].to_vec(), "no output \"present.1.key\""),
            (
                ids(),
                state(Dtype::Int64, &[0, 0, 9]),
                "\"last_hidden_state\" is int64",
            ),
            (
                ids(),
                state(Dtype::Float32, &[0, 9]),
                "has 2 dimensions, expected 3",
            ),
        ] {
            let error = discover(&inputs, &outputs).expect_err(message);
            assert!(error.contains(message), "{error}");
        }
    }
}
