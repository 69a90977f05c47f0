//! From text to token ids.

use std::path::Path;

use tokenizers::{PostProcessor, Tokenizer, TruncationDirection};
use unicode_normalization::UnicodeNormalization;

use crate::Error;

/// What to do with a text of more tokens than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Truncate {
    /// Drop tokens at its end.
    End,
    /// Drop tokens at its start.
    Start,
    /// Refuse it.
    Error,
}

impl Truncate {
    /// The choice of this name: `end`, `start` or `error`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "end" => Ok(Self::End),
            "start" => Ok(Self::Start),
            "error" => Ok(Self::Error),
            _ => {
                let got = format!("{name:?}");
                Err(Error::invalid(
                    "truncate",
                    "\"end\", \"start\" or \"error\"",
                    got,
                ))
            }
        }
    }
}

/// Number of byte tokens, with which the vocabularies of Qwen and GPT-2 begin.
const N_BYTES: usize = 256;

/// Splits texts into the tokens of one model.
#[derive(Debug)]
pub(crate) enum TextTokenizer {
    File(Box<Tokenizer>),
    /// Every byte is a token: lossless and always in range, but far from how the model was trained.
    Bytes,
}

/// The ids of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) ids: Vec<i64>,
    pub(crate) truncated: bool,
}

impl TextTokenizer {
    /// Reads a `tokenizer.json`. Padding and truncation that it brings along are turned off: they are decided here.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|e| Error::tokenizer(path, e))?;
        let parsed = Tokenizer::from_bytes(bytes);
        let mut tokenizer =
            parsed.map_err(|e| Error::tokenizer(path, format!("not a tokenizer: {e}")))?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|e| Error::tokenizer(path, e))?;
        Ok(Self::File(Box::new(tokenizer)))
    }

    /// For messages and `info`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "tokenizer.json",
            Self::Bytes => "byte-fallback",
        }
    }

    /// One more than the largest id it can give.
    pub(crate) fn n_ids(&self) -> usize {
        match self {
            Self::File(tokenizer) => {
                let largest = tokenizer.get_vocab(true).into_values().max();
                largest.map_or(0, |id| id as usize + 1)
            }
            Self::Bytes => N_BYTES,
        }
    }

    /// Refuses a tokenizer that cannot belong to a model with `n_embeddings` token embeddings. Models have a few more rows
    /// than tokens, for alignment; never fewer, and never twice as many.
    pub(crate) fn check_fits(&self, path: &Path, n_embeddings: usize) -> Result<(), Error> {
        let n_ids = self.n_ids();
        let too_few = matches!(self, Self::File(_)) && 2 * n_ids < n_embeddings;
        if n_ids <= n_embeddings && !too_few {
            return Ok(());
        }
        Err(Error::tokenizer(
            path,
            format!(
                "{n_ids} tokens, but the model has {n_embeddings}: it belongs to another model"
            ),
        ))
    }

    /// Number of tokens that it puts around a text of its own accord.
    pub(crate) fn n_special(&self) -> usize {
        match self {
            Self::File(tokenizer) => tokenizer
                .get_post_processor()
                .map_or(0, |p| p.added_tokens(false)),
            Self::Bytes => 0,
        }
    }

    /// The ids of a piece of text, without special tokens around it; none for no text.
    pub(crate) fn encode_piece(&self, index: usize, text: &str) -> Result<Vec<i64>, Error> {
        Ok(match self {
            Self::File(tokenizer) => {
                let encoding = tokenizer.encode_fast(text, false);
                widen(encoding.map_err(|e| Error::text(index, e))?.get_ids())
            }
            Self::Bytes => text
                .nfc()
                .collect::<String>()
                .bytes()
                .map(byte_id)
                .collect(),
        })
    }

    /// The ids of a whole text with special tokens around it, `limit` at most.
    pub(crate) fn encode(
        &self,
        index: usize,
        text: &str,
        limit: usize,
        truncate: Truncate,
    ) -> Result<Tokens, Error> {
        let mut ids = match self {
            Self::File(tokenizer) => return encode_with(tokenizer, index, text, limit, truncate),
            Self::Bytes => self.encode_piece(index, text)?,
        };
        if ids.is_empty() {
            return Err(empty(index));
        }
        let excess = ids.len().saturating_sub(limit);
        if excess > 0 {
            match truncate {
                Truncate::End => ids.truncate(limit),
                Truncate::Start => drop(ids.drain(..excess)),
                Truncate::Error => return Err(too_long(index, ids.len(), limit)),
            }
        }
        Ok(Tokens {
            ids,
            truncated: excess > 0,
        })
    }
}

fn encode_with(
    tokenizer: &Tokenizer,
    index: usize,
    text: &str,
    limit: usize,
    truncate: Truncate,
) -> Result<Tokens, Error> {
    let refused = |e: tokenizers::Error| Error::text(index, e);
    let mut encoding = tokenizer.encode_fast(text, false).map_err(refused)?;
    let n_special = tokenizer
        .get_post_processor()
        .map_or(0, |p| p.added_tokens(false));
    if encoding.is_empty() {
        return Err(empty(index));
    }
    let room = limit.saturating_sub(n_special);
    let truncated = encoding.len() > room;
    match truncate {
        Truncate::Error if truncated => {
            return Err(too_long(index, encoding.len() + n_special, limit));
        }
        Truncate::Start => encoding.truncate(room, 0, TruncationDirection::Left),
        _ => encoding.truncate(room, 0, TruncationDirection::Right),
    }
    let encoding = tokenizer
        .post_process(encoding, None, true)
        .map_err(refused)?;
    Ok(Tokens {
        ids: widen(encoding.get_ids()),
        truncated,
    })
}

fn too_long(index: usize, n_tokens: usize, limit: usize) -> Error {
    Error::text(
        index,
        format!(
            "{n_tokens} tokens, over max_tokens={limit}; split it, or pass truncate=\"end\" or \"start\""
        ),
    )
}

fn empty(index: usize) -> Error {
    Error::text(index, "empty, it has no tokens to embed")
}

fn widen(ids: &[u32]) -> Vec<i64> {
    ids.iter().map(|&id| i64::from(id)).collect()
}

/// The id of a byte: printable ones first, then the rest, as GPT-2 numbered them.
fn byte_id(byte: u8) -> i64 {
    let id = match byte {
        33..=126 => byte - 33,
        161..=172 => byte - 161 + 94,
        174..=255 => byte - 174 + 106,
        0..=32 => byte + 188,
        127..=160 => byte - 127 + 221,
        173 => 255,
    };
    i64::from(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/data/models")
            .join(name)
    }

    fn tiny(name: &str) -> TextTokenizer {
        TextTokenizer::read(&path(name)).expect("readable")
    }

    #[test]
    fn bytes_have_the_ids_of_the_real_vocabulary() {
        assert_eq!(
            [byte_id(b' '), byte_id(b'\n'), byte_id(b'!')],
            [220, 198, 0]
        );
        let mut all: Vec<i64> = (0..=255).map(byte_id).collect();
        all.sort_unstable();
        assert_eq!(all, (0..256).collect::<Vec<i64>>());
    }

    #[test]
    fn merges_are_applied_and_templates_kept() {
        let plain = tiny("tiny_tokenizer.json")
            .encode_piece(0, "def main")
            .expect("ids");
        let bytes = TextTokenizer::Bytes
            .encode_piece(0, "def main")
            .expect("ids");
        assert!(
            plain.len() < bytes.len() && plain.iter().any(|&id| id >= 256),
            "{plain:?}"
        );
        let eos = tiny("tiny_tokenizer_eos.json");
        let tokens = eos.encode(0, "def main", 99, Truncate::Error).expect("ids");
        assert_eq!(tokens.ids, [plain.as_slice(), &[317]].concat());
        assert_eq!(eos.encode_piece(0, "def main").expect("ids"), plain);
        assert_eq!(eos.n_special(), 1);
    }

    #[test]
    fn truncation_keeps_special_tokens_and_its_side() {
        let eos = tiny("tiny_tokenizer_eos.json");
        let whole = eos
            .encode(0, "abcdefgh", 99, Truncate::Error)
            .expect("ids")
            .ids;
        let n = whole.len();
        let cut = |truncate| eos.encode(0, "abcdefgh", n - 1, truncate);
        let end = [&whole[..n - 2], &[317]].concat();
        assert_eq!(
            cut(Truncate::End),
            Ok(Tokens {
                ids: end,
                truncated: true
            })
        );
        assert_eq!(
            cut(Truncate::Start),
            Ok(Tokens {
                ids: whole[1..].to_vec(),
                truncated: true
            })
        );
        let message = cut(Truncate::Error).expect_err("cut").to_string();
        assert!(
            message.starts_with(&format!("texts[0]: {n} tokens, over max_tokens={}", n - 1)),
            "{message}"
        );
    }

    #[test]
    fn byte_fallback_truncates_alike() {
        let cut = |truncate| TextTokenizer::Bytes.encode(3, "abc", 2, truncate);
        assert_eq!(cut(Truncate::End).map(|t| t.ids), Ok(vec![64, 65]));
        assert_eq!(cut(Truncate::Start).map(|t| t.ids), Ok(vec![65, 66]));
        assert!(
            cut(Truncate::Error).is_err_and(|e| e.to_string().starts_with("texts[3]: 3 tokens"))
        );
    }

    #[test]
    fn empty_texts_and_wrong_files_are_refused() {
        for tokenizer in [tiny("tiny_tokenizer_eos.json"), TextTokenizer::Bytes] {
            let refused = tokenizer.encode(2, "", 9, Truncate::End);
            assert!(refused.is_err_and(|e| e.to_string().starts_with("texts[2]: empty")));
        }
        for (file, reason) in [
            ("missing.json", "No such file"),
            ("tiny_qwen_expected.json", "not a tokenizer"),
        ] {
            let error = TextTokenizer::read(&path(file))
                .expect_err("read")
                .to_string();
            assert!(error.contains(file) && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_tokenizer_of_another_model_is_recognised() {
        let tokenizer = tiny("tiny_tokenizer.json");
        let check = |n| tokenizer.check_fits(Path::new("t.json"), n);
        assert!(check(320).is_ok() && check(400).is_ok());
        for n in [319, 30_522] {
            let error = check(n).expect_err("fits").to_string();
            assert!(
                error.starts_with("t.json: 320 tokens, but the model has"),
                "{error}"
            );
        }
        assert!(
            TextTokenizer::Bytes
                .check_fits(Path::new("t.json"), 151_936)
                .is_ok()
        );
    }

    proptest! {
        #[test]
        fn byte_fallback_is_lossless(text in "\\PC+") {
            let ids = TextTokenizer::Bytes.encode_piece(0, &text).expect("ids");
            let bytes: Vec<u8> = ids
                .iter()
                .map(|&id| (0..=255).find(|&b| byte_id(b) == id).expect("a byte"))
                .collect();
            prop_assert_eq!(String::from_utf8(bytes).expect("utf-8"), text.nfc().collect::<String>());
        }
    }
}
