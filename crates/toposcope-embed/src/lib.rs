//! Text to vectors: encoder models, decoder models that remember a stream, and hashing without a model.
//!
//! | embedder | needs | for |
//! |---|---|---|
//! | [`SentenceEmbedder`] | an encoder as ONNX, its tokenizer | texts on their own |
//! | [`QwenEmbedder`] | a decoder with key/value cache as ONNX | texts on their own, or a stream |
//! | [`HashingEmbedder`] | nothing | a baseline, and a default that always works |
//!
//! # Layers
//! [`runtime`](load) finds and loads ONNX Runtime once per process → the model file is inspected, then its inputs and
//! outputs are discovered from the loaded session → an engine runs one padded batch, or one step of a decoder → a
//! history keeps what a decoder remembers → embedders tokenize, pool and normalise.
//!
//! # Promises
//! - Nothing is downloaded. ONNX Runtime is loaded from an absolute path, or an error lists every path that was tried.
//! - Models are single files. External data and custom operators are refused before ONNX Runtime sees the file.
//! - The same text gives the same vector whatever it is embedded with, and the same token ids give the same states however
//!   they are cut. Both hold within rounding for float models; with dynamic int8 quantisation, whose scales depend on
//!   everything in a run, they hold for the same cuts, and texts run alone.
//! - A call that fails or is interrupted leaves the history as it was, bit for bit.
//! - A loaded model is not used in a forked child: it is refused there, and leaked instead of freed.
//!
//! ```
//! use toposcope_embed::{HashingEmbedder, HashingParams};
//!
//! let embedder = HashingEmbedder::new(HashingParams::default())?;
//! let vectors = embedder.embed(&["a text", "another text"], &|| false)?;
//! assert_eq!((vectors.n_texts, vectors.n_dims), (2, 256));
//! # Ok::<(), toposcope_embed::Error>(())
//! ```

// Sizes and positions are i64 to ONNX Runtime; ours are lengths of slices.
#![allow(clippy::cast_possible_wrap)]

mod batch;
mod cache;
mod decoder;
mod embeddings;
mod engine;
mod error;
mod hashing;
mod history;
mod locate;
#[cfg(test)]
mod model_tests;
mod onnx_file;
mod pooling;
mod qwen;
mod runtime;
mod sentence;
mod spec;
mod tokenize;

pub use embeddings::{Embeddings, Poll};
pub use error::{Attempt, Error};
pub use hashing::{HashingEmbedder, HashingParams};
pub use history::{Counts, HistoryStats, OnFull, Window};
pub use pooling::Pooling;
pub use qwen::{Precision, QwenEmbedder, QwenParams, TokenSource};
pub use runtime::{LibrarySearch, Runtime, load};
pub use sentence::{SentenceEmbedder, SentenceParams, SentenceStats};
pub use tokenize::Truncate;
