//! Decoder embedders, such as the Qwen family: stateless, or over a stream that they remember.

mod load;
mod params;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::decoder::{Decoder, Source};
use crate::engine::{Engine, thread_count};
use crate::history::{HistoryStats, OnFull, State};
use crate::locate::ModelFiles;
use crate::pooling::{Pool, Pooling, to_row};
use crate::spec::CacheSpec;
use crate::tokenize::{TextTokenizer, Truncate};
use crate::{Embeddings, Error, Poll};

pub use params::{Precision, QwenParams, TokenSource};

/// Embeds texts with a decoder, in two ways that never mix:
///
/// - [`embed`](Self::embed) is stateless: every text gets a fresh history of its own.
/// - [`feed`](Self::feed) goes on with the history of this embedder: the keys and values of all earlier tokens are kept,
///   layer by layer, and the vector returned is that of *this call's* tokens given everything before.
///
/// Feeding in pieces gives the same states as feeding at once, for the same token ids. With dynamic int8 quantisation this
/// holds only for the same pieces.
#[derive(Debug)]
pub struct QwenEmbedder {
    model: Arc<Model>,
    history: Mutex<History>,
}

#[derive(Debug)]
struct Model {
    decoder: Decoder,
    tokenizer: TextTokenizer,
    pooling: Pooling,
    n_dims: usize,
    params: QwenParams,
}

#[derive(Debug)]
struct History {
    state: State,
    generation: u64,
}

impl QwenEmbedder {
    /// Loads a model and checks it with a run of one token. The history is empty.
    ///
    /// # Errors
    /// [`Error::Invalid`] for wrong parameters, [`Error::RuntimeMissing`], and [`Error::Model`] or [`Error::Tokenizer`] for
    /// files that are missing, broken, or do not fit together.
    pub fn load(params: QwenParams) -> Result<Self, Error> {
        let model = Arc::new(Model::load(params)?);
        Self::over(model)
    }

    /// Another embedder over the same loaded model, with an empty history of its own.
    ///
    /// # Errors
    /// [`Error::Forked`] in a child process, [`Error::Model`] if memory for a cache cannot be had.
    pub fn with_new_history(&self) -> Result<Self, Error> {
        self.model.decoder.engine.check_process()?;
        Self::over(Arc::clone(&self.model))
    }

    fn over(model: Arc<Model>) -> Result<Self, Error> {
        let state = model.decoder.start()?;
        Ok(Self {
            model,
            history: Mutex::new(History {
                state,
                generation: 0,
            }),
        })
    }

    /// One row per text, each with a fresh history of its own; the history of this embedder is not touched. `poll` is asked
    /// between runs.
    ///
    /// # Errors
    /// [`Error::Text`] naming an empty text, [`Error::NotFinite`], [`Error::Run`], [`Error::Forked`],
    /// [`Error::HistoryFull`] for a text that is longer than the window and may not be forgotten, [`Error::Interrupted`].
    pub fn embed<S: AsRef<str>>(&self, texts: &[S], poll: Poll) -> Result<Embeddings, Error> {
        let model = &self.model;
        model.decoder.engine.check_process()?;
        let start = model.decoder.start()?;
        let mut values = Vec::with_capacity(texts.len() * model.n_dims);
        for (index, text) in texts.iter().enumerate() {
            let tokens =
                model
                    .tokenizer
                    .encode(index, text.as_ref(), usize::MAX, Truncate::Error)?;
            let (row, _) = model.row(&start, &tokens.ids, index, poll)?;
            values.extend(row);
        }
        Ok(Embeddings {
            values,
            n_texts: texts.len(),
            n_dims: model.n_dims,
        })
    }

    /// The vector of `text` after everything fed before, without special tokens around it. If the call fails, the history
    /// is as it was. Calls from several threads take turns.
    ///
    /// # Errors
    /// As for [`Self::embed`].
    pub fn feed(&self, text: &str, poll: Poll) -> Result<Vec<f32>, Error> {
        let ids = self.model.tokenizer.encode_piece(0, text)?;
        if ids.is_empty() {
            return Err(Error::invalid("text", "at least one token", "none"));
        }
        self.feed_ids(&ids, poll)
    }

    /// As [`Self::feed`], for text that has been tokenized already.
    ///
    /// # Errors
    /// [`Error::Invalid`] for ids that the model does not know; otherwise as for [`Self::embed`].
    pub fn feed_ids(&self, ids: &[i64], poll: Poll) -> Result<Vec<f32>, Error> {
        self.model.check_ids(ids)?;
        self.model.decoder.engine.check_process()?;
        let mut history = self.history();
        let (row, state) = self.model.row(&history.state, ids, 0, poll)?;
        history.state = state;
        Ok(row)
    }

    /// Forgets everything fed so far.
    ///
    /// # Errors
    /// [`Error::Forked`] in a child process, [`Error::Model`] if memory for a cache cannot be had.
    pub fn reset(&self) -> Result<(), Error> {
        self.model.decoder.engine.check_process()?;
        let state = self.model.decoder.start()?;
        let mut history = self.history();
        history.state = state;
        history.generation += 1;
        Ok(())
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The history as it is now.
    pub fn stats(&self) -> HistoryStats {
        let history = self.history();
        let cache_tokens = history.state.cache.n_tokens();
        HistoryStats {
            counts: history.state.counts,
            generation: history.generation,
            cache_tokens,
            cache_bytes: cache_tokens * self.cache_spec().bytes_per_token(),
            next_position: history.state.position,
        }
    }

    /// Length of a row.
    pub fn n_dims(&self) -> usize {
        self.model.n_dims
    }

    /// The parameters it was made with.
    pub fn params(&self) -> &QwenParams {
        &self.model.params
    }

    /// The model file.
    pub fn model(&self) -> &Path {
        self.model.decoder.engine.path()
    }

    /// The ONNX Runtime library in use.
    pub fn library(&self) -> &Path {
        self.model.decoder.engine.library()
    }

    /// What the vectors are taken from: the name of an output, or "value cache".
    pub fn source(&self) -> &str {
        self.model.decoder.source.name()
    }

    /// How tokens are pooled.
    pub fn pooling(&self) -> Pooling {
        self.model.pooling
    }

    /// What happens when the history is full.
    pub fn on_full(&self) -> OnFull {
        self.model.decoder.on_full
    }

    /// "tokenizer.json", or "byte-fallback" if there is none.
    pub fn tokenizer(&self) -> &'static str {
        self.model.tokenizer.name()
    }

    /// Layers, key/value heads, head size and element type of the cache.
    pub fn cache_shape(&self) -> (usize, usize, usize, &'static str) {
        let spec = self.cache_spec();
        (
            spec.n_layers,
            spec.n_kv_heads,
            spec.head_dim,
            spec.dtype.name(),
        )
    }

    /// Whether activations are quantised at run time, so that results depend on how the stream was cut.
    pub fn dynamic_int8(&self) -> bool {
        self.model.decoder.engine.facts().dynamic_int8
    }

    #[cfg(test)]
    pub(crate) fn decoder(&self) -> &Decoder {
        &self.model.decoder
    }

    fn cache_spec(&self) -> &CacheSpec {
        &self.model.decoder.cache
    }
}

impl Model {
    fn load(params: QwenParams) -> Result<Self, Error> {
        params.check()?;
        let n_threads = thread_count(params.n_threads)?;
        let files = ModelFiles::locate(&params.path, params.precision.graphs())?;
        let config = files.config()?;
        let engine = Engine::load(&files.model, n_threads, &params.library)?;
        let tokenizer = load::find_tokenizer(&files, &engine, &config, params.strict_tokenizer)?;
        let decoder = load::decoder(engine, &config, &params)?;
        let pooling = params.pooling.unwrap_or(match decoder.source {
            Source::Hidden(_) => Pooling::Last,
            _ => Pooling::Mean,
        });
        let n_dims = decoder.probe()?;
        Ok(Self {
            decoder,
            tokenizer,
            pooling,
            n_dims,
            params,
        })
    }

    /// The vector of `ids` after `state`, and the state after them.
    fn row(
        &self,
        state: &State,
        ids: &[i64],
        index: usize,
        poll: Poll,
    ) -> Result<(Vec<f32>, State), Error> {
        let mut pool = Pool::new(self.pooling, self.n_dims);
        let state = self.decoder.feed(state, ids, &mut pool, poll)?;
        let vector = pool.finish().unwrap_or_default();
        let row = to_row(vector, self.params.normalize).ok_or_else(|| Error::NotFinite {
            path: self.decoder.engine.path().to_path_buf(),
            output: self.decoder.source.name().to_owned(),
            dtype: self.decoder.source.dtype(&self.decoder.cache).name(),
            index,
        })?;
        Ok((row, state))
    }

    /// Negative ids would count from the end of the table without a word.
    fn check_ids(&self, ids: &[i64]) -> Result<(), Error> {
        let n = self
            .decoder
            .engine
            .n_embeddings()
            .unwrap_or(self.tokenizer.n_ids());
        let wrong = ids.iter().position(|&id| id < 0 || id as usize >= n);
        match wrong {
            Some(at) => Err(Error::invalid(
                "ids",
                format!("token ids from 0 to {}", n - 1),
                format!("{} at {at}", ids[at]),
            )),
            None if ids.is_empty() => Err(Error::invalid("ids", "at least one token id", "none")),
            None => Ok(()),
        }
    }
}
