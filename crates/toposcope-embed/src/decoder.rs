//! Feeding tokens to a decoder that remembers the ones before.

use std::path::Path;

use crate::cache::Cache;
use crate::engine::{Engine, Rows};
use crate::history::{OnFull, State, Window};
use crate::pooling::{Pool, Pooling};
use crate::spec::{CacheSpec, Dtype, FloatOutput};
use crate::{Error, Poll};

/// Where the vector of a token comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// An output with one vector per token, after the last layer.
    Hidden(FloatOutput),
    /// The values in the cache, of all layers.
    Values,
    /// The scores of all vocabulary entries, less their mean.
    Logits(FloatOutput),
}

impl Source {
    fn output(&self) -> Option<&FloatOutput> {
        match self {
            Self::Hidden(output) | Self::Logits(output) => Some(output),
            Self::Values => None,
        }
    }

    pub(crate) fn dtype(&self, cache: &CacheSpec) -> Dtype {
        self.output().map_or(cache.dtype, |output| output.dtype)
    }

    /// Name for `info` and messages.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Hidden(output) | Self::Logits(output) => &output.name,
            Self::Values => "value cache",
        }
    }
}

/// A decoder with the rules by which it is fed.
#[derive(Debug)]
pub(crate) struct Decoder {
    pub(crate) engine: Engine,
    pub(crate) cache: CacheSpec,
    pub(crate) source: Source,
    pub(crate) window: Window,
    pub(crate) on_full: OnFull,
    /// Positions that the model was made for.
    pub(crate) max_position: usize,
    /// Tokens per run at most: bounds the memory of a run, and is how often cancellation is asked for.
    pub(crate) chunk_tokens: usize,
    /// First tokens of a history that a mean leaves out.
    pub(crate) n_skip: usize,
}

impl Decoder {
    fn path(&self) -> &Path {
        self.engine.path()
    }

    /// The state before the first token.
    pub(crate) fn start(&self) -> Result<State, Error> {
        let cache =
            Cache::empty(&self.cache).map_err(|reason| Error::model(self.path(), reason))?;
        Ok(State::new(cache))
    }

    /// The length of a vector, found by a run of one token.
    pub(crate) fn probe(&self) -> Result<usize, Error> {
        let start = self.start()?;
        let (rows, cache) = self
            .engine
            .step(&[0], &start.cache, 0, self.source.output())?;
        Ok(self.token_rows(rows, &cache, 1)?.n_dims)
    }

    /// The state after `ids`; their vectors go into `pool`.
    pub(crate) fn feed(
        &self,
        state: &State,
        ids: &[i64],
        pool: &mut Pool,
        poll: Poll,
    ) -> Result<State, Error> {
        let mut state = state.clone();
        for chunk in ids.chunks(self.chunk_tokens) {
            self.make_room(&mut state, chunk.len(), poll)?;
            stop_if(poll)?;
            let (rows, cache) =
                self.engine
                    .step(chunk, &state.cache, state.position, self.source.output())?;
            let rows = self.token_rows(rows, &cache, chunk.len())?;
            self.check_complete(&rows, chunk.len(), pool.pooling())?;
            let n_skip = self.n_skip.saturating_sub(state.counts.tokens as usize);
            pool.add(&rows.values, n_skip);
            state.advance(chunk, cache, self.window.max_tokens);
        }
        state.counts.calls += 1;
        Ok(state)
    }

    /// Forgets, if `n_new` more tokens would pass the window or the positions.
    fn make_room(&self, state: &mut State, n_new: usize, poll: Poll) -> Result<(), Error> {
        let held = state.cache.n_tokens();
        let full = held + n_new > self.window.max_tokens;
        let past_end = state.position + n_new > self.max_position;
        if !full && !past_end {
            return Ok(());
        }
        let n_kept = self.window.n_kept(n_new).min(held);
        match self.on_full {
            OnFull::Raise => Err(Error::HistoryFull {
                path: self.path().to_path_buf(),
                held,
                more: n_new,
                limit: self.window.max_tokens,
            }),
            OnFull::Evict if !past_end => {
                let sinks = self.window.sinks.min(n_kept);
                state.cache = state
                    .cache
                    .keep(&self.cache, sinks, n_kept - sinks, self.path())?
                    .into();
                state.counts.evicted += (held - n_kept) as u64;
                Ok(())
            }
            _ => self.reencode(state, n_kept, poll),
        }
    }

    /// Starts anew from the last `n` tokens.
    fn reencode(&self, state: &mut State, n: usize, poll: Poll) -> Result<(), Error> {
        let tail: Vec<i64> = state
            .tail
            .iter()
            .skip(state.tail.len().saturating_sub(n))
            .copied()
            .collect();
        let mut cache =
            Cache::empty(&self.cache).map_err(|reason| Error::model(self.path(), reason))?;
        for (i, chunk) in tail.chunks(self.chunk_tokens).enumerate() {
            stop_if(poll)?;
            (_, cache) = self
                .engine
                .step(chunk, &cache, i * self.chunk_tokens, None)?;
        }
        state.cache = cache.into();
        state.position = tail.len();
        state.counts.reencoded += 1;
        Ok(())
    }

    fn token_rows(&self, rows: Option<Rows>, cache: &Cache, n: usize) -> Result<Rows, Error> {
        match (&self.source, rows) {
            (Source::Logits(_), Some(mut rows)) => {
                rows.values.chunks_exact_mut(rows.n_dims).for_each(centre);
                Ok(rows)
            }
            (Source::Hidden(_), Some(rows)) => Ok(rows),
            _ => Ok(Rows {
                values: cache.value_rows(&self.cache, n, self.path())?,
                n_dims: self.cache.n_layers * self.cache.n_kv_heads * self.cache.head_dim,
            }),
        }
    }

    /// Some exports give their output for the last token only, which is enough for one kind of pooling.
    fn check_complete(&self, rows: &Rows, n_tokens: usize, pooling: Pooling) -> Result<(), Error> {
        if rows.len() == n_tokens || (rows.len() == 1 && pooling == Pooling::Last) {
            return Ok(());
        }
        Err(Error::model(
            self.path(),
            format!(
                "output {:?} has {} rows for {n_tokens} tokens; pooling=\"last\" needs one, every other pooling needs all",
                self.source.name(),
                rows.len()
            ),
        ))
    }
}

fn stop_if(poll: Poll) -> Result<(), Error> {
    if poll() {
        Err(Error::Interrupted)
    } else {
        Ok(())
    }
}

fn centre(row: &mut [f32]) {
    let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / row.len() as f64;
    for x in row {
        *x = (f64::from(*x) - mean) as f32;
    }
}
