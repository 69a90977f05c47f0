//! Sets of small integers as words of bits.

/// Words needed for `n` bits.
pub(crate) fn words_for(n: usize) -> usize {
    n.div_ceil(64)
}

/// The set of `0..n`.
pub(super) fn first_elements(n: usize) -> Vec<u64> {
    let mut set = vec![u64::MAX; words_for(n)];
    if let Some(last) = set.last_mut().filter(|_| !n.is_multiple_of(64)) {
        *last = (1 << (n % 64)) - 1;
    }
    set
}

#[inline]
pub(crate) fn insert(set: &mut [u64], i: usize) {
    set[i / 64] |= 1 << (i % 64);
}

#[inline]
pub(crate) fn remove(set: &mut [u64], i: usize) {
    set[i / 64] &= !(1 << (i % 64));
}

#[inline]
pub(crate) fn contains(set: &[u64], i: usize) -> bool {
    set[i / 64] >> (i % 64) & 1 == 1
}

pub(crate) fn is_empty(set: &[u64]) -> bool {
    set.iter().all(|&word| word == 0)
}

/// Number of elements.
pub(crate) fn count(set: &[u64]) -> usize {
    set.iter().map(|word| word.count_ones() as usize).sum()
}

/// Whether two sets share an element.
#[inline(always)]
pub(super) fn meet(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).any(|(x, y)| x & y != 0)
}

/// The smallest element.
#[inline]
pub(crate) fn first(set: &[u64]) -> Option<usize> {
    let at = set.iter().position(|&word| word != 0)?;
    Some(at * 64 + set[at].trailing_zeros() as usize)
}

/// The first element from a place on, and from the beginning if there is none.
#[inline(always)]
pub(crate) fn first_from(set: &[u64], from: usize) -> Option<usize> {
    let start = from / 64 % set.len().max(1);
    let word = set.get(start)? & u64::MAX << (from % 64);
    if word != 0 {
        return Some(start * 64 + word.trailing_zeros() as usize);
    }
    let later = start + 1..set.len();
    let at = later.chain(0..=start).find(|&k| set[k] != 0)?;
    Some(at * 64 + set[at].trailing_zeros() as usize)
}

/// The largest element.
#[inline]
pub(crate) fn last(set: &[u64]) -> Option<usize> {
    let at = set.iter().rposition(|&word| word != 0)?;
    Some(at * 64 + 63 - set[at].leading_zeros() as usize)
}

/// Whether two sets share an element larger than `v`.
#[inline]
pub(crate) fn meet_above(a: &[u64], b: &[u64], v: usize) -> bool {
    let at = v / 64;
    a[at] & b[at] & above(v) != 0 || meet(&a[at + 1..], &b[at + 1..])
}

/// Makes `common` the elements larger than `v` that two sets share.
#[inline]
pub(crate) fn common_above(common: &mut Vec<u64>, a: &[u64], b: &[u64], v: usize) {
    let at = v / 64;
    common.clear();
    common.resize(at, 0);
    common.push(a[at] & b[at] & above(v));
    common.extend(a[at + 1..].iter().zip(&b[at + 1..]).map(|(x, y)| x & y));
}

/// In the word of `v`, the bits above it.
#[inline]
fn above(v: usize) -> u64 {
    !1 << (v % 64)
}

/// Number of elements that two sets share.
#[expect(clippy::inline_always, reason = "compiled with `tuned` functions")]
#[inline(always)]
pub(crate) fn count_common(a: &[u64], b: &[u64]) -> usize {
    let mut count = 0;
    for (x, y) in a.iter().zip(b) {
        count += (x & y).count_ones();
    }
    count as usize
}

/// The first element of `set` but `exempt` that is not in `other`.
#[expect(clippy::inline_always, reason = "compiled with `tuned` functions")]
#[inline(always)]
pub(crate) fn first_outside(set: &[u64], other: &[u64], exempt: usize) -> Option<usize> {
    let in_word = |k: usize| {
        let mut outside = set[k] & !other[k];
        if k == exempt / 64 {
            outside &= !(1 << (exempt % 64));
        }
        (outside != 0).then(|| k * 64 + outside.trailing_zeros() as usize)
    };
    // Four words at once, without a branch between them.
    let (set_fours, rest) = set.as_chunks::<4>();
    let (other_fours, _) = other.as_chunks::<4>();
    for (at, (x, y)) in set_fours.iter().zip(other_fours).enumerate() {
        let outside = x.iter().zip(y).fold(0, |any, (x, y)| any | (x & !y));
        if outside != 0 {
            let found = (4 * at..4 * at + 4).find_map(in_word);
            if found.is_some() {
                return found;
            }
        }
    }
    (set.len() - rest.len()..set.len()).find_map(in_word)
}

/// Leaves in `set` what is also in `other`, and `exempt`.
#[expect(clippy::inline_always, reason = "compiled with `tuned` functions")]
#[inline(always)]
pub(super) fn keep(set: &mut [u64], other: &[u64], exempt: usize) {
    let kept = contains(set, exempt);
    for (x, y) in set.iter_mut().zip(other) {
        *x &= y;
    }
    set[exempt / 64] |= u64::from(kept) << (exempt % 64);
}

/// The elements in ascending order.
#[inline]
pub(crate) fn ones(set: &[u64]) -> Ones<'_> {
    Ones {
        rest: set.first().copied().unwrap_or(0),
        set,
        word: 0,
    }
}

/// Iterator of [`ones`].
#[derive(Debug, Clone)]
pub(crate) struct Ones<'a> {
    set: &'a [u64],
    word: usize,
    rest: u64,
}

impl Iterator for Ones<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.rest == 0 {
            self.word += 1;
            self.rest = *self.set.get(self.word)?;
        }
        let bit = self.rest.trailing_zeros() as usize;
        self.rest &= self.rest - 1;
        Some(self.word * 64 + bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave() {
        let mut set = vec![0; words_for(130)];
        assert_eq!((set.len(), first(&set), last(&set)), (3, None, None));
        for i in [129, 5, 64] {
            insert(&mut set, i);
        }
        assert_eq!(ones(&set).collect::<Vec<_>>(), [5, 64, 129]);
        let mut other = set.clone();
        remove(&mut other, 64);
        assert!(!contains(&other, 64) && contains(&other, 129));
        assert_eq!(first_outside(&set, &other, 64), None);
        assert_eq!(first_outside(&set, &other, 5), Some(64));
        let mut kept = set.clone();
        keep(&mut kept, &[0, 0, 2], 64);
        assert_eq!(ones(&kept).collect::<Vec<_>>(), [64, 129]);
        assert_eq!(count_common(&set, &other), 2);
        assert_eq!((first(&set), last(&set)), (Some(5), Some(129)));
        assert!(meet_above(&set, &other, 5) && !meet_above(&set, &other, 129));
        let mut common = vec![1];
        common_above(&mut common, &set, &other, 5);
        assert_eq!(ones(&common).collect::<Vec<_>>(), [129]);
        common_above(&mut common, &set, &[u64::MAX; 3], 63);
        assert_eq!(ones(&common).collect::<Vec<_>>(), [64, 129]);
        assert!(!is_empty(&set) && is_empty(&[0, 0]));
        for n in [0, 1, 63, 64, 65] {
            assert!(ones(&first_elements(n)).eq(0..n));
        }
    }
}
