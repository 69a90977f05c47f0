//! What is asked of a decoder embedder.

use std::path::PathBuf;

use crate::Error;
use crate::history::Window;
use crate::pooling::Pooling;
use crate::runtime::LibrarySearch;
use crate::spec::Dtype;

/// Element type of the cache and of the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// Whatever the model has.
    Auto,
    /// Single precision, or an error.
    Float32,
    /// Half precision, or an error.
    Float16,
}

impl Precision {
    /// The precision of this name: `auto`, `float32` or `float16`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "auto" => Ok(Self::Auto),
            "float32" => Ok(Self::Float32),
            "float16" => Ok(Self::Float16),
            _ => {
                let got = format!("{name:?}");
                Err(Error::invalid(
                    "dtype",
                    "\"auto\", \"float32\" or \"float16\"",
                    got,
                ))
            }
        }
    }

    /// Graphs looked for in a folder, in this order. Names tell what exporters usually do; what a graph really has is
    /// checked after loading.
    pub(super) fn graphs(self) -> &'static [&'static str] {
        match self {
            Self::Auto => &[
                "model.onnx",
                "model_fp16.onnx",
                "model_quantized.onnx",
                "model_q4f16.onnx",
                "model_q4.onnx",
            ],
            Self::Float32 => &["model.onnx", "model_quantized.onnx", "model_q4.onnx"],
            Self::Float16 => &["model_fp16.onnx", "model_q4f16.onnx", "model.onnx"],
        }
    }

    pub(super) fn accepts(self, dtype: Dtype) -> bool {
        match self {
            Self::Auto => true,
            Self::Float32 => dtype == Dtype::Float32,
            Self::Float16 => dtype == Dtype::Float16,
        }
    }
}

/// What the vector of a token is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenSource {
    /// The last hidden state if the model exports it, or else the value cache.
    Auto,
    /// The last hidden state, or an error.
    Hidden,
    /// The values in the cache, of all layers.
    Values,
    /// The scores of the whole vocabulary, less their mean. Large, and no good embedding: they favour frequent tokens.
    Logits,
}

impl TokenSource {
    /// The source of this name: `auto`, `hidden`, `values` or `logits`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "auto" => Ok(Self::Auto),
            "hidden" => Ok(Self::Hidden),
            "values" => Ok(Self::Values),
            "logits" => Ok(Self::Logits),
            _ => {
                let got = format!("{name:?}");
                Err(Error::invalid(
                    "source",
                    "\"auto\", \"hidden\", \"values\" or \"logits\"",
                    got,
                ))
            }
        }
    }
}

/// Which model, and how it is used.
#[derive(Debug, Clone)]
pub struct QwenParams {
    /// A folder with `model.onnx` and `tokenizer.json`, or an .onnx file with `tokenizer.json` beside it.
    pub path: PathBuf,
    /// Which precision the model must have.
    pub precision: Precision,
    /// `None` = the last token of hidden states, the mean of anything else.
    pub pooling: Option<Pooling>,
    /// What the vector of a token is taken from.
    pub source: TokenSource,
    /// Whether rows have unit length.
    pub normalize: bool,
    /// How much of a stream is remembered.
    pub window: Window,
    /// Tokens per run at most.
    pub chunk_tokens: usize,
    /// First tokens of a history that a mean leaves out: their activations are out of all proportion.
    pub skip_first_tokens: usize,
    /// Whether a missing tokenizer is an error instead of bytes being used as tokens.
    pub strict_tokenizer: bool,
    /// Threads within one run; `None` = one per core.
    pub n_threads: Option<usize>,
    /// Where ONNX Runtime is looked for.
    pub library: LibrarySearch,
}

impl QwenParams {
    /// The usual parameters for the model at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            precision: Precision::Auto,
            pooling: None,
            source: TokenSource::Auto,
            normalize: true,
            window: Window::default(),
            chunk_tokens: 128,
            skip_first_tokens: 1,
            strict_tokenizer: false,
            n_threads: None,
            library: LibrarySearch::default(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let Window {
            max_tokens, sinks, ..
        } = self.window;
        if self.chunk_tokens == 0 {
            return Err(Error::invalid("chunk_tokens", "at least 1", 0));
        }
        if max_tokens <= sinks {
            let expected = format!("more than sinks={sinks}");
            return Err(Error::invalid("window.max_tokens", expected, max_tokens));
        }
        Ok(())
    }
}
