//! Embedding without a model: signed hashing of character n-grams.
//!
//! Texts that share spellings get similar vectors. There is no meaning in them, but they need nothing, cost microseconds
//! and are the same on every machine and in every version of this crate: the definition below is fixed.
//!
//! 1. The text is brought to NFC and, if asked, to lower case; every run of white space becomes one space, and one space
//!    is put on either side.
//! 2. Every n-gram of `n` characters, for `n` in the given range, is hashed with FNV-1a (64 bit) over its UTF-8 bytes,
//!    starting from the offset basis xor the seed, and mixed by the finaliser of `SplitMix64`.
//! 3. The upper 63 bits of the hash choose the dimension (multiply and shift), the lowest bit the sign. Signs are added up;
//!    should they cancel in every dimension, they are counted without sign.
//! 4. The row is divided by its Euclidean norm.

use unicode_normalization::UnicodeNormalization;

use crate::pooling::normalize;
use crate::{Embeddings, Error, Poll};

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
/// Longest n-gram: longer ones hardly ever repeat.
const LARGEST_NGRAM: usize = 16;
/// Texts between two questions whether to stop; a text takes microseconds.
const TEXTS_PER_POLL: usize = 64;

/// What is hashed, and into how many dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashingParams {
    /// Length of a row.
    pub n_dims: usize,
    /// Shortest and longest n-gram, both included.
    pub ngram: (usize, usize),
    /// Whether upper and lower case are the same.
    pub lowercase: bool,
    /// Another seed, another hash function.
    pub seed: u64,
}

impl Default for HashingParams {
    fn default() -> Self {
        Self {
            n_dims: 256,
            ngram: (2, 4),
            lowercase: true,
            seed: 0,
        }
    }
}

/// Embeds texts by their character n-grams.
#[derive(Debug, Clone)]
pub struct HashingEmbedder {
    params: HashingParams,
}

impl HashingEmbedder {
    /// An embedder for valid parameters.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the parameter.
    pub fn new(params: HashingParams) -> Result<Self, Error> {
        if params.n_dims == 0 {
            return Err(Error::invalid("n_dims", "at least 1", 0));
        }
        let (shortest, longest) = params.ngram;
        if shortest == 0 || shortest > longest || longest > LARGEST_NGRAM {
            return Err(Error::invalid(
                "ngram",
                format!("(shortest, longest) with 1 <= shortest <= longest <= {LARGEST_NGRAM}"),
                format!("({shortest}, {longest})"),
            ));
        }
        Ok(Self { params })
    }

    /// The parameters it was made with.
    pub fn params(&self) -> &HashingParams {
        &self.params
    }

    /// One unit vector per text.
    ///
    /// # Errors
    /// [`Error::Text`] for a text without a visible character, [`Error::Interrupted`].
    pub fn embed<S: AsRef<str>>(&self, texts: &[S], poll: Poll) -> Result<Embeddings, Error> {
        let n_dims = self.params.n_dims;
        let mut values = Vec::with_capacity(texts.len() * n_dims);
        for (index, text) in texts.iter().enumerate() {
            if index % TEXTS_PER_POLL == 0 && poll() {
                return Err(Error::Interrupted);
            }
            let row = self.row(text.as_ref());
            values
                .extend(row.ok_or_else(|| Error::text(index, "empty, there is nothing to embed"))?);
        }
        Ok(Embeddings {
            values,
            n_texts: texts.len(),
            n_dims,
        })
    }

    fn row(&self, text: &str) -> Option<Vec<f32>> {
        let text = self.canonical(text)?;
        let (mut signed, mut plain) =
            (vec![0.0; self.params.n_dims], vec![0.0; self.params.n_dims]);
        for hash in self.ngram_hashes(&text) {
            let dim = ((u128::from(hash >> 1) * self.params.n_dims as u128) >> 63) as usize;
            signed[dim] += if hash & 1 == 0 { 1.0 } else { -1.0 };
            plain[dim] += 1.0;
        }
        let cancelled = signed.iter().all(|&x| x == 0.0);
        let mut row = if cancelled { plain } else { signed };
        normalize(&mut row);
        Some(row.into_iter().map(|x| x as f32).collect())
    }

    /// Step 1; `None` if nothing but white space is there.
    fn canonical(&self, text: &str) -> Option<String> {
        let mut canonical = String::with_capacity(text.len() + 2);
        let composed: String = text.nfc().collect();
        let words = composed.split_whitespace();
        for word in words {
            canonical.push(' ');
            if self.params.lowercase {
                canonical.push_str(&word.to_lowercase());
            } else {
                canonical.push_str(word);
            }
        }
        canonical.push(' ');
        (canonical.len() > 1).then_some(canonical)
    }

    /// Step 2. A text shorter than the shortest n-gram counts as one n-gram itself.
    fn ngram_hashes(&self, text: &str) -> impl Iterator<Item = u64> {
        let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        starts.push(text.len());
        let n_chars = starts.len() - 1;
        let (shortest, longest) = self.params.ngram;
        let lengths = shortest.min(n_chars)..=longest.min(n_chars);
        let basis = FNV_BASIS ^ self.params.seed;
        lengths.flat_map(move |n| {
            let spans: Vec<_> = starts.windows(n + 1).map(|w| w[0]..w[n]).collect();
            spans
                .into_iter()
                .map(move |span| hash(&text.as_bytes()[span], basis))
        })
    }
}

fn hash(bytes: &[u8], basis: u64) -> u64 {
    let fnv = bytes
        .iter()
        .fold(basis, |h, &b| (h ^ u64::from(b)).wrapping_mul(FNV_PRIME));
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn embedder(n_dims: usize) -> HashingEmbedder {
        let params = HashingParams {
            n_dims,
            ..HashingParams::default()
        };
        HashingEmbedder::new(params).expect("valid")
    }

    fn rows(n_dims: usize, texts: &[&str]) -> Embeddings {
        embedder(n_dims).embed(texts, &|| false).expect("embedded")
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn the_hash_function_is_pinned() {
        assert_eq!(hash(b"", FNV_BASIS), 0xf52a_15e9_a9b5_e89b);
        assert_eq!(hash(b"a", FNV_BASIS), 0x02c0_bdbf_4814_20f8);
    }

    #[test]
    fn similar_spelling_means_similar_vectors() {
        let got = rows(
            256,
            &[
                "the cat sat on the mat",
                "a cat sat on a mat",
                "quarterly revenue rose",
            ],
        );
        let (near, far) = (
            cosine(got.row(0), got.row(1)),
            cosine(got.row(0), got.row(2)),
        );
        assert!(near > 0.6 && far < 0.2, "{near} {far}");
    }

    #[test]
    fn case_space_and_composition_do_not_matter() {
        let got = rows(64, &["Ca\u{301}fe  au\tlait", " c\u{e1}fe au lait\n"]);
        assert_eq!(got.row(0), got.row(1));
        let params = HashingParams {
            lowercase: false,
            ..HashingParams::default()
        };
        let exact = HashingEmbedder::new(params).expect("valid");
        let got = exact.embed(&["A", "a"], &|| false).expect("embedded");
        assert_ne!(got.row(0), got.row(1));
    }

    #[test]
    fn wrong_parameters_and_texts_are_named() {
        for (n_dims, ngram, message) in [
            (0, (2, 4), "n_dims: expected at least 1, got 0"),
            (8, (0, 4), "ngram: expected (shortest, longest)"),
            (8, (3, 2), "got (3, 2)"),
            (8, (2, 17), "got (2, 17)"),
        ] {
            let params = HashingParams {
                n_dims,
                ngram,
                ..HashingParams::default()
            };
            let error = HashingEmbedder::new(params).expect_err(message).to_string();
            assert!(error.contains(message), "{error}");
        }
        let error = embedder(8)
            .embed(&["a", " \n"], &|| false)
            .expect_err("embedded");
        assert_eq!(
            error.to_string(),
            "texts[1]: empty, there is nothing to embed"
        );
        assert_eq!(embedder(8).embed(&["a"], &|| true), Err(Error::Interrupted));
    }

    proptest! {
        #[test]
        fn unit_rows_that_do_not_depend_on_company(texts in prop::collection::vec("\\PC*\\S", 1..5), n_dims in 1..40_usize) {
            let embedder = embedder(n_dims);
            let together = embedder.embed(&texts, &|| false).expect("embedded");
            prop_assert_eq!(together.n_texts, texts.len());
            for (i, text) in texts.iter().enumerate() {
                let norm = cosine(together.row(i), together.row(i));
                prop_assert!((norm - 1.0).abs() < 1e-5, "{norm}");
                let alone = embedder.embed(&[text], &|| false).expect("embedded");
                prop_assert_eq!(together.row(i), alone.row(0));
            }
        }
    }
}
