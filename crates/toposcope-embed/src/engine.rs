//! One loaded model: a padded batch through an encoder, or one step of a decoder.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use half::f16;
use ort::logging::LogLevel;
use ort::session::{OutputSelector, RunOptions, Session, SessionInputValue, SessionOutputs};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType, ValueType};

use crate::Error;
use crate::batch::Padded;
use crate::cache::Cache;
use crate::onnx_file::{Facts, OnnxFile};
use crate::runtime::{self, LibrarySearch, PidBound};
use crate::spec::{CacheSpec, Dtype, FloatOutput, ModelSpec, Port, past_name, present_name};

type Inputs<'a> = Vec<(Cow<'static, str>, SessionInputValue<'a>)>;

/// A model, ready to run. Calls from several threads take turns.
#[derive(Debug)]
pub(crate) struct Engine {
    session: PidBound<Mutex<Session>>,
    path: PathBuf,
    library: PathBuf,
    spec: ModelSpec,
    facts: Facts,
    output_names: String,
}

/// Vectors of consecutive tokens or of whole texts, one row each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rows {
    pub(crate) values: Vec<f32>,
    pub(crate) n_dims: usize,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.n_dims.max(1)
    }
}

/// The number of threads asked for, or else one per available core.
pub(crate) fn thread_count(n_threads: Option<usize>) -> Result<usize, Error> {
    match n_threads {
        Some(0) => Err(Error::invalid("n_threads", "at least 1, or None", 0)),
        Some(n) => Ok(n),
        None => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
    }
}

impl Engine {
    /// Inspects the file, then loads the very bytes that were inspected.
    pub(crate) fn load(
        path: &Path,
        n_threads: usize,
        search: &LibrarySearch,
    ) -> Result<Self, Error> {
        let file = OnnxFile::read(path)?;
        let library = runtime::load(search)?.path().to_path_buf();
        let session = open(&file.bytes, n_threads).map_err(|reason| Error::model(path, reason))?;
        let outputs: Vec<Port> = session.outputs().iter().map(port).collect();
        let inputs: Vec<Port> = session.inputs().iter().map(port).collect();
        Ok(Self {
            spec: ModelSpec::discover(path, &inputs, &outputs)?,
            output_names: ModelSpec::output_names(&outputs),
            session: PidBound::new(Mutex::new(session)),
            path: path.to_path_buf(),
            library,
            facts: file.facts,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses to go on in a forked child, before any lock is touched: its holder may not exist there.
    pub(crate) fn check_process(&self) -> Result<(), Error> {
        self.session.get(&self.path).map(drop)
    }

    pub(crate) fn library(&self) -> &Path {
        &self.library
    }

    pub(crate) fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    pub(crate) fn facts(&self) -> Facts {
        self.facts
    }

    /// Names of the outputs beside the cache, for messages.
    pub(crate) fn output_names(&self) -> &str {
        &self.output_names
    }

    /// Number of tokens that the model knows, as far as can be told.
    pub(crate) fn n_embeddings(&self) -> Option<usize> {
        let n_scores = self.spec.logits.as_ref().and_then(|output| output.n_dims);
        self.facts.n_embeddings.or(n_scores)
    }

    /// Runs a batch through an encoder and returns the rows of `output`, text by text.
    pub(crate) fn run_batch(&self, batch: &Padded, output: &FloatOutput) -> Result<Rows, Error> {
        let shape = [batch.n_rows, batch.width];
        let mut inputs = Vec::new();
        push_ids(&mut inputs, "input_ids", shape, batch.ids.clone())
            .and_then(|()| push_ids(&mut inputs, "attention_mask", shape, batch.mask.clone()))
            .and_then(|()| {
                let positions = (0..batch.n_rows)
                    .flat_map(|_| 0..batch.width as i64)
                    .collect();
                self.push_optional(&mut inputs, shape, positions, false)
            })
            .map_err(|e| self.run_error(&e))?;
        let (mut rows, _) = self.run(inputs, Some(output), false)?;
        rows.take()
            .ok_or_else(|| Error::model(&self.path, "gave no output"))
    }

    /// Feeds `ids` after what `past` holds, the first of them at `position`. Returns the rows of `output`, if one is asked
    /// for, and the cache grown by these tokens; `past` itself is only looked at.
    pub(crate) fn step(
        &self,
        ids: &[i64],
        past: &Cache,
        position: usize,
        output: Option<&FloatOutput>,
    ) -> Result<(Option<Rows>, Cache), Error> {
        let n_total = past.n_tokens() + ids.len();
        let held = past.tensors(&self.path)?;
        let mut inputs = Vec::with_capacity(held.len() + 5);
        let positions = (position as i64..).take(ids.len()).collect();
        push_ids(&mut inputs, "input_ids", [1, ids.len()], ids.to_vec())
            .and_then(|()| {
                push_ids(
                    &mut inputs,
                    "attention_mask",
                    [1, n_total],
                    vec![1; n_total],
                )
            })
            .and_then(|()| {
                self.push_optional(&mut inputs, [1, ids.len()], positions, past.n_tokens() > 0)
            })
            .map_err(|e| self.run_error(&e))?;
        for (i, tensor) in held.iter().enumerate() {
            inputs.push((
                Cow::Owned(past_name(i / 2, PARTS[i % 2])),
                SessionInputValue::from(tensor),
            ));
        }
        let (rows, tensors) = self.run(inputs, output, true)?;
        let spec = self
            .spec
            .cache
            .ok_or_else(|| Error::model(&self.path, "has no key/value cache"))?;
        let cache = Cache::from_tensors(tensors, &spec, n_total)
            .map_err(|r| Error::model(&self.path, r))?;
        Ok((rows, cache))
    }

    fn push_optional(
        &self,
        inputs: &mut Inputs<'_>,
        shape: [usize; 2],
        positions: Vec<i64>,
        has_past: bool,
    ) -> ort::Result<()> {
        let declared = self.spec.optional_inputs;
        if declared.token_type_ids {
            push_ids(inputs, "token_type_ids", shape, vec![0; positions.len()])?;
        }
        if declared.position_ids {
            push_ids(inputs, "position_ids", shape, positions)?;
        }
        if declared.num_logits_to_keep {
            let all = Tensor::from_array(((), vec![0_i64]))?;
            inputs.push((Cow::Borrowed("num_logits_to_keep"), all.into()));
        }
        if declared.use_cache_branch {
            let branch = Tensor::from_array(([1_usize], vec![has_past]))?;
            inputs.push((Cow::Borrowed("use_cache_branch"), branch.into()));
        }
        Ok(())
    }

    /// Only what is asked for is computed and copied out: the logits of a big vocabulary cost more than all the rest.
    fn run(
        &self,
        inputs: Inputs<'_>,
        output: Option<&FloatOutput>,
        with_cache: bool,
    ) -> Result<(Option<Rows>, Vec<DynValue>), Error> {
        let mut selected = OutputSelector::no_default();
        if let Some(output) = output {
            selected = selected.with(&output.name);
        }
        let cache = self.spec.cache.filter(|_| with_cache);
        for name in cache.iter().flat_map(present_names) {
            selected = selected.with(name);
        }
        let options = RunOptions::new()
            .map_err(|e| self.run_error(&e))?
            .with_outputs(selected);
        let mut session = self
            .session
            .get(&self.path)?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut outputs = session
            .run_with_options(inputs, &options)
            .map_err(|e| self.run_error(&e))?;
        let rows = output
            .map(|output| self.rows(&outputs, output))
            .transpose()?;
        let tensors = cache
            .iter()
            .flat_map(present_names)
            .filter_map(|name| outputs.remove(name));
        Ok((rows, tensors.collect()))
    }

    fn rows(&self, outputs: &SessionOutputs<'_>, output: &FloatOutput) -> Result<Rows, Error> {
        let missing = || Error::model(&self.path, format!("gave no output {:?}", output.name));
        let value = outputs.get(&output.name).ok_or_else(missing)?;
        let values = match output.dtype {
            Dtype::Float16 => value
                .try_extract_tensor::<f16>()
                .map(|(_, x)| x.iter().map(|x| x.to_f32()).collect()),
            _ => value.try_extract_tensor::<f32>().map(|(_, x)| x.to_vec()),
        };
        let shape = value
            .dtype()
            .tensor_shape()
            .map(|shape| shape.to_vec())
            .unwrap_or_default();
        let n_dims = shape
            .last()
            .copied()
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(0);
        if n_dims == 0 {
            return Err(Error::model(
                &self.path,
                format!("output {:?} has shape {shape:?}", output.name),
            ));
        }
        Ok(Rows {
            values: values.map_err(|e| self.run_error(&e))?,
            n_dims,
        })
    }

    fn run_error(&self, error: &ort::Error) -> Error {
        Error::Run {
            path: self.path.clone(),
            reason: error.to_string(),
        }
    }
}

/// The two tensors of a layer, in the order in which a [`Cache`] holds them.
const PARTS: [&str; 2] = ["key", "value"];

fn present_names(cache: &CacheSpec) -> impl Iterator<Item = String> + use<> {
    (0..cache.n_layers).flat_map(|layer| PARTS.map(|part| present_name(layer, part)))
}

fn push_ids(
    inputs: &mut Inputs<'_>,
    name: &'static str,
    shape: [usize; 2],
    ids: Vec<i64>,
) -> ort::Result<()> {
    inputs.push((
        Cow::Borrowed(name),
        Tensor::from_array((shape, ids))?.into(),
    ));
    Ok(())
}

fn open(bytes: &[u8], n_threads: usize) -> Result<Session, String> {
    let configured = Session::builder()
        .and_then(|b| b.with_intra_threads(n_threads).map_err(ort::Error::from))
        .and_then(|b| b.with_inter_threads(1).map_err(ort::Error::from))
        // Waiting threads sleep: a monitor is idle most of the time.
        .and_then(|b| b.with_intra_op_spinning(false).map_err(ort::Error::from))
        // Memory patterns are planned per shape, and here nearly every run has a new one.
        .and_then(|b| b.with_memory_pattern(false).map_err(ort::Error::from))
        .and_then(|b| b.with_log_level(LogLevel::Fatal).map_err(ort::Error::from));
    let session = configured.and_then(|mut builder| builder.commit_from_memory(bytes));
    session.map_err(|error| error.to_string())
}

fn port(outlet: &Outlet) -> Port {
    let (dtype, shape) = match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => {
            let shape = shape.iter().map(|&n| usize::try_from(n).ok()).collect();
            (dtype(*ty), shape)
        }
        _ => (Dtype::Other("not a tensor"), Vec::new()),
    };
    Port {
        name: outlet.name().to_owned(),
        dtype,
        shape,
    }
}

fn dtype(element: TensorElementType) -> Dtype {
    match element {
        TensorElementType::Float32 => Dtype::Float32,
        TensorElementType::Float16 => Dtype::Float16,
        TensorElementType::Int64 => Dtype::Int64,
        TensorElementType::Bool => Dtype::Bool,
        TensorElementType::Bfloat16 => Dtype::Other("bfloat16"),
        TensorElementType::Int32 => Dtype::Other("int32"),
        TensorElementType::Int8 => Dtype::Other("int8"),
        TensorElementType::Uint8 => Dtype::Other("uint8"),
        TensorElementType::Float64 => Dtype::Other("float64"),
        _ => Dtype::Other("of an unusual element type"),
    }
}
