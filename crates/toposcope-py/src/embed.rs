//! The embedders: texts in, float32 rows out. Models are loaded and run detached.

// Constructors take what the Python classes take, by keyword.
#![allow(clippy::too_many_arguments)]

use std::path::PathBuf;

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::{PyKeyboardInterrupt, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use toposcope_embed::{
    Embeddings, Error, HashingEmbedder, HashingParams, LibrarySearch, OnFull, Poll, Pooling,
    Precision, QwenEmbedder, QwenParams, SentenceEmbedder, SentenceParams, TokenSource, Truncate,
    Window,
};

use crate::detach::detached;
use crate::errors::exception;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<RuntimeSearch>()?;
    m.add_class::<SentenceModel>()?;
    m.add_class::<QwenModel>()?;
    m.add_class::<HashingModel>()
}

/// Where ONNX Runtime is looked for, besides the environment.
#[pyclass(frozen, module = "toposcope._core")]
pub(crate) struct RuntimeSearch(LibrarySearch);

#[pymethods]
impl RuntimeSearch {
    #[new]
    fn new(explicit: Option<PathBuf>, wheel: Vec<PathBuf>) -> Self {
        Self(LibrarySearch { explicit, wheel })
    }
}

/// An encoder model.
#[pyclass(frozen, module = "toposcope._core")]
pub(crate) struct SentenceModel(SentenceEmbedder);

#[pymethods]
impl SentenceModel {
    #[new]
    #[pyo3(signature = (path, *, pooling, normalize, max_tokens, truncate, batch_tokens, n_threads, search))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        pooling: Option<&str>,
        normalize: bool,
        max_tokens: usize,
        truncate: &str,
        batch_tokens: usize,
        n_threads: Option<usize>,
        search: &RuntimeSearch,
    ) -> PyResult<Self> {
        let params = SentenceParams {
            path,
            pooling: pooling.map(Pooling::from_name).transpose().into_py()?,
            normalize,
            max_tokens,
            truncate: Truncate::from_name(truncate).into_py()?,
            batch_tokens,
            n_threads,
            library: search.0.clone(),
        };
        run(py, |_| SentenceEmbedder::load(params)).map(Self)
    }

    #[getter]
    fn n_dims(&self) -> usize {
        self.0.n_dims()
    }

    fn embed<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyList>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let texts = texts_from(texts)?;
        rows(py, run(py, |poll| self.0.embed(&texts, poll))?)
    }

    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (model, stats) = (&self.0, self.0.stats());
        let info = PyDict::new(py);
        info.set_item("model", model.model())?;
        info.set_item("runtime", model.library())?;
        info.set_item("embedding_source", model.source())?;
        info.set_item("dtype", model.dtype())?;
        info.set_item("pooling", model.pooling().map_or("model", Pooling::name))?;
        info.set_item("n_dims", model.n_dims())?;
        info.set_item("max_tokens", model.params().max_tokens)?;
        info.set_item("dynamic_int8", model.dynamic_int8())?;
        info.set_item("n_texts", stats.texts)?;
        info.set_item("n_tokens", stats.tokens)?;
        info.set_item("n_padding", stats.padding)?;
        info.set_item("n_truncated", stats.truncated)?;
        Ok(info)
    }
}

/// A decoder model with one history.
#[pyclass(frozen, module = "toposcope._core")]
pub(crate) struct QwenModel(QwenEmbedder);

#[pymethods]
impl QwenModel {
    #[new]
    #[pyo3(signature = (
        path, *, dtype, pooling, source, normalize, max_tokens, sinks, on_full, chunk_tokens, skip_first_tokens,
        strict_tokenizer, n_threads, search
    ))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        dtype: &str,
        pooling: Option<&str>,
        source: &str,
        normalize: bool,
        max_tokens: usize,
        sinks: usize,
        on_full: Option<&str>,
        chunk_tokens: usize,
        skip_first_tokens: usize,
        strict_tokenizer: bool,
        n_threads: Option<usize>,
        search: &RuntimeSearch,
    ) -> PyResult<Self> {
        let on_full = on_full.map(OnFull::from_name).transpose().into_py()?;
        let params = QwenParams {
            path,
            precision: Precision::from_name(dtype).into_py()?,
            pooling: pooling.map(Pooling::from_name).transpose().into_py()?,
            source: TokenSource::from_name(source).into_py()?,
            normalize,
            window: Window {
                max_tokens,
                sinks,
                on_full,
            },
            chunk_tokens,
            skip_first_tokens,
            strict_tokenizer,
            n_threads,
            library: search.0.clone(),
        };
        run(py, |_| QwenEmbedder::load(params)).map(Self)
    }

    fn with_new_history(&self, py: Python<'_>) -> PyResult<Self> {
        run(py, |_| self.0.with_new_history()).map(Self)
    }

    #[getter]
    fn n_dims(&self) -> usize {
        self.0.n_dims()
    }

    #[getter]
    fn tokenizer(&self) -> &'static str {
        self.0.tokenizer()
    }

    fn embed<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyList>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let texts = texts_from(texts)?;
        rows(py, run(py, |poll| self.0.embed(&texts, poll))?)
    }

    fn feed<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let text = text_from("text", text)?;
        let row = run(py, |poll| self.0.feed(&text, poll))?;
        Ok(PyArray1::from_vec(py, row))
    }

    fn feed_ids<'py>(
        &self,
        py: Python<'py>,
        ids: PyReadonlyArray1<'py, i64>,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let ids = ids.as_array().to_vec();
        let row = run(py, |poll| self.0.feed_ids(&ids, poll))?;
        Ok(PyArray1::from_vec(py, row))
    }

    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        run(py, |_| self.0.reset())
    }

    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let model = &self.0;
        // Waits for a call that feeds in another thread.
        let stats = run(py, |_| Ok(model.stats()))?;
        let (n_layers, n_kv_heads, head_dim, cache_dtype) = model.cache_shape();
        let info = PyDict::new(py);
        info.set_item("model", model.model())?;
        info.set_item("runtime", model.library())?;
        info.set_item("embedding_source", model.source())?;
        info.set_item("pooling", model.pooling().name())?;
        info.set_item("n_dims", model.n_dims())?;
        info.set_item("tokenizer", model.tokenizer())?;
        info.set_item("dynamic_int8", model.dynamic_int8())?;
        info.set_item("n_layers", n_layers)?;
        info.set_item("n_kv_heads", n_kv_heads)?;
        info.set_item("head_dim", head_dim)?;
        info.set_item("cache_dtype", cache_dtype)?;
        info.set_item("on_full", model.on_full().name())?;
        info.set_item("generation", stats.generation)?;
        info.set_item("n_tokens", stats.counts.tokens)?;
        info.set_item("n_calls", stats.counts.calls)?;
        info.set_item("n_evicted", stats.counts.evicted)?;
        info.set_item("n_reencoded", stats.counts.reencoded)?;
        info.set_item("cache_tokens", stats.cache_tokens)?;
        info.set_item("cache_bytes", stats.cache_bytes)?;
        info.set_item("next_position", stats.next_position)?;
        Ok(info)
    }
}

/// Hashed character n-grams.
#[pyclass(frozen, module = "toposcope._core")]
pub(crate) struct HashingModel(HashingEmbedder);

#[pymethods]
impl HashingModel {
    #[new]
    #[pyo3(signature = (*, n_dims, ngram, lowercase, seed))]
    fn new(n_dims: usize, ngram: (usize, usize), lowercase: bool, seed: u64) -> PyResult<Self> {
        let params = HashingParams {
            n_dims,
            ngram,
            lowercase,
            seed,
        };
        HashingEmbedder::new(params).map(Self).into_py()
    }

    fn embed<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyList>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let texts = texts_from(texts)?;
        rows(py, run(py, |poll| self.0.embed(&texts, poll))?)
    }
}

/// Run `work` detached; `poll` lets Ctrl-C act.
fn run<T: Send>(py: Python<'_>, work: impl FnOnce(Poll) -> Result<T, Error> + Send) -> PyResult<T> {
    detached(py, None, |control| {
        Ok(work(&|| control.poll_coarse("embed", 0, 0).is_err()))
    })?
    .into_py()
}

/// `?` from this crate's result into Python's.
trait IntoPyResult<T> {
    fn into_py(self) -> PyResult<T>;
}

impl<T> IntoPyResult<T> for Result<T, Error> {
    fn into_py(self) -> PyResult<T> {
        self.map_err(|error| match error {
            Error::Invalid { .. } | Error::Text { .. } => PyValueError::new_err(error.to_string()),
            Error::Interrupted => PyKeyboardInterrupt::new_err(()),
            _ => exception("ModelError", &error.to_string()),
        })
    }
}

fn rows(py: Python<'_>, embeddings: Embeddings) -> PyResult<Bound<'_, PyArray2<f32>>> {
    let shape = [embeddings.n_texts, embeddings.n_dims];
    PyArray1::from_vec(py, embeddings.values).reshape(shape)
}

fn texts_from(texts: &Bound<'_, PyList>) -> PyResult<Vec<String>> {
    let one = |(index, text): (usize, Bound<'_, PyAny>)| {
        let argument = format!("texts[{index}]");
        match text.cast::<PyString>() {
            Ok(text) => text_from(&argument, text),
            Err(_) => Err(PyTypeError::new_err(format!(
                "{argument}: expected str, got {}",
                text.get_type().name()?
            ))),
        }
    };
    texts.iter().enumerate().map(one).collect()
}

/// Surrogates without a partner, left by decoding with `surrogateescape`, are no text.
fn text_from(argument: &str, text: &Bound<'_, PyString>) -> PyResult<String> {
    let text = text.to_cow().map_err(|error| {
        PyValueError::new_err(format!("{argument}: expected valid Unicode, got {error}"))
    })?;
    Ok(text.into_owned())
}
