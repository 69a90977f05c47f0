//! What a decoder remembers of a stream, and how it forgets.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::Error;
use crate::cache::Cache;

/// What happens when a history has no room for the next tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFull {
    /// Forget the oldest tokens but the first few; the others keep their positions. Equal to a full history in which the
    /// forgotten tokens are masked.
    Evict,
    /// Start anew from the last tokens. Equal to a fresh history on these.
    Reencode,
    /// Refuse.
    Raise,
}

impl OnFull {
    /// The choice of this name: `evict`, `reencode` or `raise`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "evict" => Ok(Self::Evict),
            "reencode" => Ok(Self::Reencode),
            "raise" => Ok(Self::Raise),
            _ => {
                let got = format!("{name:?}");
                Err(Error::invalid(
                    "window.on_full",
                    "\"evict\", \"reencode\" or \"raise\"",
                    got,
                ))
            }
        }
    }

    /// The name that [`Self::from_name`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Evict => "evict",
            Self::Reencode => "reencode",
            Self::Raise => "raise",
        }
    }
}

/// How much of a stream is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Tokens held at most.
    pub max_tokens: usize,
    /// First tokens of the stream that are never forgotten: models put much of their attention there.
    pub sinks: usize,
    /// What happens beyond `max_tokens`; `None` = evict, or re-encode where the model takes no positions.
    pub on_full: Option<OnFull>,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            max_tokens: 2048,
            sinks: 4,
            on_full: None,
        }
    }
}

/// Tokens are forgotten in blocks, down to this share of the window, so that forgetting is rare.
const KEPT_SHARE: (usize, usize) = (3, 4);

impl Window {
    /// Tokens to keep so that `n_new` more fit, `n_new <= max_tokens - sinks`.
    pub(crate) fn n_kept(&self, n_new: usize) -> usize {
        let share = self.max_tokens * KEPT_SHARE.0 / KEPT_SHARE.1;
        share.min(self.max_tokens - n_new).max(self.sinks)
    }
}

/// The state after some tokens. Cloning is cheap; a step makes a new state and leaves the old one alone, so that a call that
/// fails half-way has changed nothing.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) cache: Arc<Cache>,
    /// Position of the next token.
    pub(crate) position: usize,
    /// The last tokens, as many as the window may hold, for starting anew.
    pub(crate) tail: VecDeque<i64>,
    pub(crate) counts: Counts,
}

/// What has happened to a history since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tokens fed.
    pub tokens: u64,
    /// Calls that fed them.
    pub calls: u64,
    /// Tokens evicted from the cache.
    pub evicted: u64,
    /// Times it started anew from its last tokens.
    pub reencoded: u64,
}

/// A history as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryStats {
    /// What has happened since it began.
    pub counts: Counts,
    /// How many times it was reset.
    pub generation: u64,
    /// Tokens in the cache.
    pub cache_tokens: usize,
    /// Bytes of the cache.
    pub cache_bytes: usize,
    /// Position of the next token.
    pub next_position: usize,
}

impl State {
    pub(crate) fn new(cache: Cache) -> Self {
        Self {
            cache: Arc::new(cache),
            position: 0,
            tail: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// The state after `ids`, which gave `cache`.
    pub(crate) fn advance(&mut self, ids: &[i64], cache: Cache, max_tokens: usize) {
        self.cache = Arc::new(cache);
        self.position += ids.len();
        self.counts.tokens += ids.len() as u64;
        self.tail.extend(ids);
        let excess = self.tail.len().saturating_sub(max_tokens);
        self.tail.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_leaves_room_and_keeps_the_sinks(sinks in 0..50_usize, room in 1..150_usize, part in 0.0..1.0) {
            let (max_tokens, n_new) = (sinks + room, 1 + ((room - 1) as f64 * part) as usize);
            let window = Window { max_tokens, sinks, on_full: None };
            let kept = window.n_kept(n_new);
            prop_assert!(kept + n_new <= max_tokens && kept >= sinks);
        }
    }
}
