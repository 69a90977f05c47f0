//! Putting a decoder and its tokenizer together, or saying why they do not fit.

use crate::Error;
use crate::decoder::{Decoder, Source};
use crate::engine::Engine;
use crate::history::{OnFull, Window};
use crate::locate::{Config, ModelFiles};
use crate::tokenize::TextTokenizer;

use super::params::{QwenParams, TokenSource};

/// Positions of the published Qwen2.5 models, where `config.json` does not tell.
const MAX_POSITION: usize = 32_768;
/// Smallest vocabulary in which every byte can have a token.
const N_BYTE_TOKENS: usize = 256;

pub(super) fn find_tokenizer(
    files: &ModelFiles,
    engine: &Engine,
    config: &Config,
    strict: bool,
) -> Result<TextTokenizer, Error> {
    let n_embeddings = engine.n_embeddings();
    if files.tokenizer.exists() {
        let tokenizer = TextTokenizer::read(&files.tokenizer)?;
        if let Some(n) = n_embeddings {
            tokenizer.check_fits(&files.tokenizer, n)?;
        }
        return Ok(tokenizer);
    }
    let foreign = config
        .model_type
        .as_deref()
        .filter(|kind| !kind.starts_with("qwen"));
    let reason = if strict {
        "does not exist, and strict_tokenizer forbids to use bytes instead".to_owned()
    } else if let Some(kind) = foreign {
        format!(
            "does not exist, and bytes cannot be used instead: a {kind} model numbers them in its own way"
        )
    } else if n_embeddings.is_some_and(|n| n < N_BYTE_TOKENS) {
        "does not exist, and bytes cannot be used instead: the model knows too few tokens"
            .to_owned()
    } else {
        return Ok(TextTokenizer::Bytes);
    };
    Err(Error::tokenizer(&files.tokenizer, reason))
}

pub(super) fn decoder(
    engine: Engine,
    config: &Config,
    params: &QwenParams,
) -> Result<Decoder, Error> {
    let refuse = |reason: String| Error::model(engine.path(), reason);
    let spec = engine.spec();
    let Some(cache) = spec.cache else {
        return Err(refuse(
            "has no past_key_values inputs, so it is no decoder: use SentenceEmbedder".to_owned(),
        ));
    };
    let source = choose_source(&engine, params.source).map_err(refuse)?;
    for dtype in [cache.dtype, source.dtype(&cache)] {
        if !params.precision.accepts(dtype) {
            return Err(refuse(format!(
                "its cache or output is {}, dtype asks for another",
                dtype.name()
            )));
        }
    }
    let takes_positions = spec.optional_inputs.position_ids;
    let on_full = match params.window.on_full {
        Some(OnFull::Evict) if !takes_positions => {
            let reason = "has no input position_ids, so that tokens cannot be evicted: use on_full=\"reencode\" or \"raise\"";
            return Err(refuse(reason.to_owned()));
        }
        Some(on_full) => on_full,
        None if takes_positions => OnFull::Evict,
        None => OnFull::Reencode,
    };
    let max_position = config.max_positions.unwrap_or(MAX_POSITION);
    let Window {
        max_tokens, sinks, ..
    } = params.window;
    if max_tokens > max_position {
        let expected = format!("at most {max_position}, the positions that the model was made for");
        return Err(Error::invalid("window.max_tokens", expected, max_tokens));
    }
    Ok(Decoder {
        engine,
        cache,
        source,
        window: params.window,
        on_full,
        max_position,
        chunk_tokens: params.chunk_tokens.min(max_tokens - sinks),
        n_skip: params.skip_first_tokens,
    })
}

fn choose_source(engine: &Engine, wanted: TokenSource) -> Result<Source, String> {
    let spec = engine.spec();
    let missing = |name: &str| {
        format!(
            "has no output {name}; its outputs: {}",
            engine.output_names()
        )
    };
    match wanted {
        TokenSource::Auto => Ok(spec.hidden.clone().map_or(Source::Values, Source::Hidden)),
        TokenSource::Values => Ok(Source::Values),
        TokenSource::Hidden => spec
            .hidden
            .clone()
            .map(Source::Hidden)
            .ok_or_else(|| missing("last_hidden_state")),
        TokenSource::Logits => spec
            .logits
            .clone()
            .map(Source::Logits)
            .ok_or_else(|| missing("logits")),
    }
}
