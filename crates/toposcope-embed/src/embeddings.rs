//! The result of embedding.

/// `n_texts` rows of `n_dims` finite numbers, one row per text in the order of the texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// The rows, one after the other.
    pub values: Vec<f32>,
    /// Number of rows.
    pub n_texts: usize,
    /// Length of each row.
    pub n_dims: usize,
}

impl Embeddings {
    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.n_dims..][..self.n_dims]
    }
}

/// Asked between units of work whether to stop; `true` ends the call with [`Error::Interrupted`](crate::Error).
pub type Poll<'a> = &'a dyn Fn() -> bool;
