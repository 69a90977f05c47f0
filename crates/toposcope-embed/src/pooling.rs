//! From token vectors to one vector per text.

use crate::Error;

/// Which tokens make the vector of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pooling {
    /// The mean over all tokens.
    Mean,
    /// The first token, which encoders such as BERT reserve for this.
    Cls,
    /// The last token, the only one of a decoder that has seen the whole text.
    Last,
}

impl Pooling {
    /// The pooling of this name: `mean`, `cls` or `last`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "mean" => Ok(Self::Mean),
            "cls" => Ok(Self::Cls),
            "last" => Ok(Self::Last),
            _ => {
                let got = format!("{name:?}");
                Err(Error::invalid(
                    "pooling",
                    "\"mean\", \"cls\" or \"last\"",
                    got,
                ))
            }
        }
    }

    /// The name that [`Self::from_name`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Cls => "cls",
            Self::Last => "last",
        }
    }
}

/// Pools the token vectors of one text, which may come in pieces; arithmetic is in f64.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pooling: Pooling,
    /// Sum of the tokens for the mean; the one chosen token otherwise.
    sum: Vec<f64>,
    /// Tokens in the sum.
    count: usize,
    /// Tokens seen so far that the mean would rather leave out.
    skipped: Vec<f64>,
    n_skipped: usize,
}

impl Pool {
    pub(crate) fn new(pooling: Pooling, n_dims: usize) -> Self {
        Self {
            pooling,
            sum: vec![0.0; n_dims],
            count: 0,
            skipped: vec![0.0; n_dims],
            n_skipped: 0,
        }
    }

    /// Adds the next tokens, rows of `n_dims`. The mean leaves out the first `n_skip` of them, unless there is no other
    /// token in the whole text.
    pub(crate) fn add(&mut self, tokens: &[f32], n_skip: usize) {
        let n_dims = self.sum.len();
        for (i, token) in tokens.chunks_exact(n_dims).enumerate() {
            match self.pooling {
                Pooling::Mean if i < n_skip => {
                    accumulate(&mut self.skipped, token);
                    self.n_skipped += 1;
                }
                Pooling::Mean => {
                    accumulate(&mut self.sum, token);
                    self.count += 1;
                }
                Pooling::Cls if self.count > 0 => {}
                Pooling::Cls | Pooling::Last => {
                    self.sum.fill(0.0);
                    accumulate(&mut self.sum, token);
                    self.count = 1;
                }
            }
        }
    }

    pub(crate) fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// The vector; `None` if there were no tokens.
    pub(crate) fn finish(self) -> Option<Vec<f64>> {
        let (sum, count) = if self.count > 0 {
            (self.sum, self.count)
        } else {
            (self.skipped, self.n_skipped)
        };
        (count > 0).then(|| sum.into_iter().map(|x| x / count as f64).collect())
    }
}

fn accumulate(sum: &mut [f64], token: &[f32]) {
    for (total, &x) in sum.iter_mut().zip(token) {
        *total += f64::from(x);
    }
}

/// Divides a row by its Euclidean norm; a zero row stays as it is.
pub(crate) fn normalize(row: &mut [f64]) {
    let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
    if norm > 0.0 {
        for x in row {
            *x /= norm;
        }
    }
}

/// A vector as it is handed out; `None` if it is not finite.
pub(crate) fn to_row(mut vector: Vec<f64>, unit: bool) -> Option<Vec<f32>> {
    if unit {
        normalize(&mut vector);
    }
    let row: Vec<f32> = vector.into_iter().map(|x| x as f32).collect();
    row.iter().all(|x| x.is_finite()).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: [f32; 6] = [1.0, 2.0, 3.0, 5.0, 8.0, 13.0];

    fn pooled(pooling: Pooling, pieces: &[&[f32]], n_skip: usize) -> Option<Vec<f64>> {
        let mut pool = Pool::new(pooling, 2);
        for (i, piece) in pieces.iter().enumerate() {
            pool.add(piece, if i == 0 { n_skip } else { 0 });
        }
        pool.finish()
    }

    #[test]
    fn each_kind_takes_its_tokens_however_they_are_cut() {
        for pieces in [
            &[&TOKENS[..]][..],
            &[&TOKENS[..2], &TOKENS[2..]],
            &[&TOKENS[..4], &[], &TOKENS[4..]],
        ] {
            assert_eq!(
                pooled(Pooling::Mean, pieces, 0),
                Some(vec![4.0, 20.0 / 3.0])
            );
            assert_eq!(pooled(Pooling::Mean, pieces, 1), Some(vec![5.5, 9.0]));
            assert_eq!(pooled(Pooling::Cls, pieces, 0), Some(vec![1.0, 2.0]));
            assert_eq!(pooled(Pooling::Last, pieces, 0), Some(vec![8.0, 13.0]));
        }
    }

    #[test]
    fn a_lone_token_counts_even_if_it_would_be_skipped() {
        assert_eq!(
            pooled(Pooling::Mean, &[&TOKENS[..2]], 1),
            Some(vec![1.0, 2.0])
        );
        assert_eq!(pooled(Pooling::Mean, &[], 1), None);
    }

    #[test]
    fn normalisation_survives_zero() {
        let mut row = [3.0, 4.0];
        normalize(&mut row);
        assert_eq!(row, [0.6, 0.8]);
        let mut zero = [0.0; 2];
        normalize(&mut zero);
        assert_eq!(zero, [0.0; 2]);
    }

    #[test]
    fn rows_that_are_not_finite_are_none() {
        assert_eq!(to_row(vec![3.0, 4.0], true), Some(vec![0.6, 0.8]));
        assert_eq!(to_row(vec![3.0, 4.0], false), Some(vec![3.0, 4.0]));
        for bad in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(to_row(vec![bad, 1.0], false), None);
        }
    }

    #[test]
    fn names_round_trip() {
        for pooling in [Pooling::Mean, Pooling::Cls, Pooling::Last] {
            assert_eq!(Pooling::from_name(pooling.name()), Ok(pooling));
        }
        let error = Pooling::from_name("max").expect_err("accepted").to_string();
        assert_eq!(
            error,
            "pooling: expected \"mean\", \"cls\" or \"last\", got \"max\""
        );
    }
}
