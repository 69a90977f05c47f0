//! Which texts run together: similar lengths, within a budget of tokens.

/// Texts of one run, by their indices.
pub(crate) type Batch = Vec<usize>;

/// Groups texts of the given token counts so that `longest * texts <= budget`, padding included; a text that is over the
/// budget runs alone. Sorted by length, so that little padding is needed; equal lengths stay in order.
pub(crate) fn plan(n_tokens: &[usize], budget: usize) -> Vec<Batch> {
    let mut order: Vec<usize> = (0..n_tokens.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(n_tokens[i]));
    let mut batches: Vec<Batch> = Vec::new();
    for i in order {
        match batches.last_mut() {
            Some(batch) if n_tokens[batch[0]] * (batch.len() + 1) <= budget => batch.push(i),
            _ => batches.push(vec![i]),
        }
    }
    batches
}

/// The ids of one run as a rectangle, padded on the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Padded {
    pub(crate) ids: Vec<i64>,
    /// 1 for a token, 0 for padding.
    pub(crate) mask: Vec<i64>,
    pub(crate) n_rows: usize,
    pub(crate) width: usize,
}

impl Padded {
    /// Rows of different lengths side by side. Padding has id 0, which every vocabulary has; the mask hides it.
    pub(crate) fn from_rows(rows: &[&[i64]]) -> Self {
        let width = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let (mut ids, mut mask) = (Vec::new(), Vec::new());
        for row in rows {
            ids.extend_from_slice(row);
            mask.resize(mask.len() + row.len(), 1);
            ids.resize(ids.len() + width - row.len(), 0);
            mask.resize(mask.len() + width - row.len(), 0);
        }
        Self {
            ids,
            mask,
            n_rows: rows.len(),
            width,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn padding_is_masked() {
        let padded = Padded::from_rows(&[&[5, 6, 7], &[8]]);
        assert_eq!(padded.ids, [5, 6, 7, 8, 0, 0]);
        assert_eq!(padded.mask, [1, 1, 1, 1, 0, 0]);
        assert_eq!((padded.n_rows, padded.width), (2, 3));
    }

    proptest! {
        #[test]
        fn every_text_runs_once_within_the_budget(n_tokens in prop::collection::vec(1..9_usize, 0..40), budget in 1..30_usize) {
            let batches = plan(&n_tokens, budget);
            let mut seen: Vec<usize> = batches.concat();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..n_tokens.len()).collect::<Vec<_>>());
            for batch in batches {
                let longest = batch.iter().map(|&i| n_tokens[i]).max().unwrap_or(0);
                prop_assert!(batch.len() == 1 || longest * batch.len() <= budget);
            }
        }
    }
}
