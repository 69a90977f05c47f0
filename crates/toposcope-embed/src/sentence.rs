//! Sentence embedders: encoder models that see a whole text at once.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::batch::{Padded, plan};
use crate::engine::{Engine, thread_count};
use crate::locate::ModelFiles;
use crate::pooling::{Pool, Pooling, to_row};
use crate::runtime::LibrarySearch;
use crate::spec::FloatOutput;
use crate::tokenize::{TextTokenizer, Tokens, Truncate};
use crate::{Embeddings, Error, Poll};

/// Graphs looked for in a folder, in this order.
const GRAPHS: [&str; 4] = [
    "model.onnx",
    "model_fp16.onnx",
    "model_quantized.onnx",
    "model_int8.onnx",
];

/// Which model, and how it is used.
#[derive(Debug, Clone)]
pub struct SentenceParams {
    /// A folder with `model.onnx` and `tokenizer.json`, or an .onnx file with `tokenizer.json` beside it.
    pub path: PathBuf,
    /// `None` = as the model pools itself, or else the mean.
    pub pooling: Option<Pooling>,
    /// Whether rows have unit length.
    pub normalize: bool,
    /// Tokens of a text at most, special tokens included.
    pub max_tokens: usize,
    /// What happens to longer texts.
    pub truncate: Truncate,
    /// Tokens of one run at most, padding included.
    pub batch_tokens: usize,
    /// Threads within one run; `None` = one per core.
    pub n_threads: Option<usize>,
    /// Where ONNX Runtime is looked for.
    pub library: LibrarySearch,
}

/// What an embedder has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SentenceStats {
    /// Texts embedded.
    pub texts: u64,
    /// Their tokens.
    pub tokens: u64,
    /// Tokens of padding that ran with them.
    pub padding: u64,
    /// Texts that were cut.
    pub truncated: u64,
}

/// Embeds each text on its own; the same text gives the same vector whatever it is embedded with.
///
/// Texts of similar length run together, padded to the longest. With dynamic int8 quantisation padding and company would
/// change the result, so there every text runs alone.
#[derive(Debug)]
pub struct SentenceEmbedder {
    engine: Engine,
    tokenizer: TextTokenizer,
    output: FloatOutput,
    pooling: Option<Pooling>,
    n_dims: usize,
    params: SentenceParams,
    stats: AtomicStats,
}

#[derive(Debug, Default)]
struct AtomicStats {
    texts: AtomicU64,
    tokens: AtomicU64,
    padding: AtomicU64,
    truncated: AtomicU64,
}

impl SentenceEmbedder {
    /// Loads a model and checks it with a run of one token.
    ///
    /// # Errors
    /// [`Error::Invalid`] for wrong parameters, [`Error::RuntimeMissing`], and [`Error::Model`] or [`Error::Tokenizer`] for
    /// files that are missing, broken, or do not fit together.
    pub fn load(params: SentenceParams) -> Result<Self, Error> {
        let n_threads = thread_count(params.n_threads)?;
        if params.batch_tokens == 0 {
            return Err(Error::invalid("batch_tokens", "at least 1", 0));
        }
        let files = ModelFiles::locate(&params.path, &GRAPHS)?;
        let engine = Engine::load(&files.model, n_threads, &params.library)?;
        let tokenizer = TextTokenizer::read(&files.tokenizer)?;
        if let Some(n) = engine.n_embeddings() {
            tokenizer.check_fits(&files.tokenizer, n)?;
        }
        if params.max_tokens <= tokenizer.n_special() {
            let expected = format!(
                "more than the {} special tokens around a text",
                tokenizer.n_special()
            );
            return Err(Error::invalid("max_tokens", expected, params.max_tokens));
        }
        let (output, pooling) = choose_output(&engine, params.pooling)?;
        let mut embedder = Self {
            n_dims: 0,
            stats: AtomicStats::default(),
            engine,
            tokenizer,
            output,
            pooling,
            params,
        };
        embedder.n_dims = embedder.run(&[&[0]])?[0].len();
        Ok(embedder)
    }

    /// Length of a row.
    pub fn n_dims(&self) -> usize {
        self.n_dims
    }

    /// The parameters it was made with.
    pub fn params(&self) -> &SentenceParams {
        &self.params
    }

    /// The model file.
    pub fn model(&self) -> &Path {
        self.engine.path()
    }

    /// The ONNX Runtime library in use.
    pub fn library(&self) -> &Path {
        self.engine.library()
    }

    /// The output from which the vectors are made.
    pub fn source(&self) -> &str {
        &self.output.name
    }

    /// Element type of that output.
    pub fn dtype(&self) -> &'static str {
        self.output.dtype.name()
    }

    /// How tokens are pooled; `None` if the model does it.
    pub fn pooling(&self) -> Option<Pooling> {
        self.pooling
    }

    /// Whether activations are quantised at run time, so that texts have to run alone.
    pub fn dynamic_int8(&self) -> bool {
        self.engine.facts().dynamic_int8
    }

    /// What has been done so far.
    pub fn stats(&self) -> SentenceStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SentenceStats {
            texts: read(&self.stats.texts),
            tokens: read(&self.stats.tokens),
            padding: read(&self.stats.padding),
            truncated: read(&self.stats.truncated),
        }
    }

    /// One row per text, in their order. `poll` is asked between runs.
    ///
    /// # Errors
    /// [`Error::Text`] naming a text that is empty or too long, [`Error::NotFinite`], [`Error::Run`], [`Error::Forked`],
    /// [`Error::Interrupted`].
    pub fn embed<S: AsRef<str>>(&self, texts: &[S], poll: Poll) -> Result<Embeddings, Error> {
        let tokens = self.tokenize(texts, poll)?;
        let lengths: Vec<usize> = tokens.iter().map(|t| t.ids.len()).collect();
        let budget = if self.dynamic_int8() {
            0
        } else {
            self.params.batch_tokens
        };
        let mut values = vec![0.0; texts.len() * self.n_dims];
        for batch in plan(&lengths, budget) {
            if poll() {
                return Err(Error::Interrupted);
            }
            let ids: Vec<&[i64]> = batch.iter().map(|&i| tokens[i].ids.as_slice()).collect();
            for (index, vector) in batch.into_iter().zip(self.run(&ids)?) {
                let row =
                    to_row(vector, self.params.normalize).ok_or_else(|| self.not_finite(index))?;
                values[index * self.n_dims..][..self.n_dims].copy_from_slice(&row);
            }
        }
        self.count(&tokens);
        Ok(Embeddings {
            values,
            n_texts: texts.len(),
            n_dims: self.n_dims,
        })
    }

    fn tokenize<S: AsRef<str>>(&self, texts: &[S], poll: Poll) -> Result<Vec<Tokens>, Error> {
        let one = |(index, text): (usize, &S)| {
            if poll() {
                return Err(Error::Interrupted);
            }
            self.tokenizer.encode(
                index,
                text.as_ref(),
                self.params.max_tokens,
                self.params.truncate,
            )
        };
        texts.iter().enumerate().map(one).collect()
    }

    /// The vectors of texts that run together.
    fn run(&self, ids: &[&[i64]]) -> Result<Vec<Vec<f64>>, Error> {
        let batch = Padded::from_rows(ids);
        let rows = self.engine.run_batch(&batch, &self.output)?;
        let rows_per_text = if self.pooling.is_some() {
            batch.width
        } else {
            1
        };
        if rows.len() != batch.n_rows * rows_per_text {
            let (name, n, width) = (&self.output.name, batch.n_rows, batch.width);
            let reason = format!(
                "output {name:?} has {} rows for {n} texts of {width} tokens",
                rows.len()
            );
            return Err(Error::model(self.model(), reason));
        }
        let n_padding = ids.iter().map(|ids| batch.width - ids.len()).sum::<usize>();
        self.stats
            .padding
            .fetch_add(n_padding as u64, Ordering::Relaxed);
        let blocks = rows
            .values
            .chunks_exact(rows_per_text * rows.n_dims)
            .zip(ids);
        Ok(blocks
            .map(|(block, ids)| self.pool(block, ids.len(), rows.n_dims))
            .collect())
    }

    /// The vector of one text from its rows, of which padding takes the last.
    fn pool(&self, rows: &[f32], n_tokens: usize, n_dims: usize) -> Vec<f64> {
        match self.pooling {
            None => rows.iter().map(|&x| f64::from(x)).collect(),
            Some(pooling) => {
                let mut pool = Pool::new(pooling, n_dims);
                pool.add(&rows[..n_tokens * n_dims], 0);
                pool.finish().unwrap_or_default()
            }
        }
    }

    fn not_finite(&self, index: usize) -> Error {
        Error::NotFinite {
            path: self.model().to_path_buf(),
            output: self.output.name.clone(),
            dtype: self.dtype(),
            index,
        }
    }

    fn count(&self, tokens: &[Tokens]) {
        let add = |count: &AtomicU64, n: usize| count.fetch_add(n as u64, Ordering::Relaxed);
        add(&self.stats.texts, tokens.len());
        add(&self.stats.tokens, tokens.iter().map(|t| t.ids.len()).sum());
        add(
            &self.stats.truncated,
            tokens.iter().filter(|t| t.truncated).count(),
        );
    }
}

/// The output to use, and how to pool it: the model's own sentence embedding unless a pooling is asked for.
fn choose_output(
    engine: &Engine,
    pooling: Option<Pooling>,
) -> Result<(FloatOutput, Option<Pooling>), Error> {
    let spec = engine.spec();
    if spec.cache.is_some() {
        let reason = "has a key/value cache, so it is a decoder: use QwenEmbedder";
        return Err(Error::model(engine.path(), reason));
    }
    match (&spec.sentence, &spec.hidden, pooling) {
        (Some(sentence), _, None) => Ok((sentence.clone(), None)),
        (_, Some(hidden), _) => Ok((hidden.clone(), Some(pooling.unwrap_or(Pooling::Mean)))),
        _ => {
            let wanted = if pooling.is_some() {
                "last_hidden_state"
            } else {
                "last_hidden_state or sentence_embedding"
            };
            let reason = format!(
                "has no output {wanted}; its outputs: {}",
                engine.output_names()
            );
            Err(Error::model(engine.path(), reason))
        }
    }
}
