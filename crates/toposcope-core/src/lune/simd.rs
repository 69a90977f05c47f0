//! Loops over words of bits, compiled once more for processors that count and compress bits, and look at four words at a
//! time. Measured on whole runs: a third to a half of the sweep on every input with lunes of more than one word.

use std::sync::OnceLock;

/// Defines a function that is compiled twice, for any processor and for those that [`has_features`], and picks one when it
/// runs. What it calls is compiled with it where it is inlined.
macro_rules! tuned {
    ($(#[$attribute:meta])* $vis:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$attribute])*
        $vis fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
                fn with_features($($argument: $type),*) $(-> $result)? {
                    body($($argument),*)
                }
                if $crate::lune::simd::has_features() {
                    #[expect(unsafe_code, reason = "the compiler does not know which processor it is")]
                    // SAFETY: the processor has the features, as was just asked.
                    return unsafe { with_features($($argument),*) };
                }
            }
            body($($argument),*)
        }
    };
}
pub(super) use tuned;

/// Whether this processor counts and compresses bits, and looks at four words at a time.
#[inline]
pub(super) fn has_features() -> bool {
    #[cfg(test)]
    if tests::ANY_PROCESSOR.get() {
        return false;
    }
    #[cfg(target_arch = "x86_64")]
    {
        static FEATURES: OnceLock<bool> = OnceLock::new();
        *FEATURES.get_or_init(|| {
            std::arch::is_x86_feature_detected!("avx2")
                && std::arch::is_x86_feature_detected!("bmi1")
                && std::arch::is_x86_feature_detected!("bmi2")
                && std::arch::is_x86_feature_detected!("popcnt")
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// A set to compress others to, of which only the elements shared with it are kept, renumbered from 0 in ascending order.
#[derive(Debug, Default)]
pub(super) struct Compression {
    /// Words of the set that are not empty: their place, their bits, and how many elements come before.
    words: Vec<(usize, u64, usize)>,
}

impl Compression {
    pub(super) fn to(&mut self, set: &[u64]) {
        let mut before = 0;
        self.words.clear();
        for (k, &word) in set.iter().enumerate().filter(|&(_, &word)| word != 0) {
            self.words.push((k, word, before));
            before += word.count_ones() as usize;
        }
    }

    /// Puts what is left of `set` into `compressed`, which is empty before.
    pub(super) fn compress(&self, set: &[u64], compressed: &mut [u64]) {
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "bmi2")]
            fn with_features(words: &[(usize, u64, usize)], set: &[u64], compressed: &mut [u64]) {
                for &(k, mask, before) in words {
                    put(
                        std::arch::x86_64::_pext_u64(set[k], mask),
                        before,
                        compressed,
                    );
                }
            }
            if has_features() {
                #[expect(
                    unsafe_code,
                    reason = "the compiler does not know which processor it is"
                )]
                // SAFETY: the processor has the features, as was just asked.
                return unsafe { with_features(&self.words, set, compressed) };
            }
        }
        for &(k, mask, before) in &self.words {
            put(extract(set[k], mask), before, compressed);
        }
    }
}

/// Adds the set `bits`, moved up by `offset`.
#[inline]
fn put(bits: u64, offset: usize, set: &mut [u64]) {
    let (word, shift) = (offset / 64, offset % 64);
    set[word] |= bits << shift;
    // In two steps, as shifting by 64 is not defined.
    let carried = bits >> 1 >> (63 - shift);
    if carried != 0 {
        set[word + 1] |= carried;
    }
}

/// The bits of `word` under `mask`, side by side.
fn extract(word: u64, mask: u64) -> u64 {
    let (mut found, mut extracted) = (word & mask, 0);
    while found != 0 {
        let below = (found & found.wrapping_neg()) - 1;
        extracted |= 1 << (mask & below).count_ones();
        found &= found - 1;
    }
    extracted
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::lune::bits;
    use crate::lune::graph::Graph;

    thread_local! {
        /// Has this thread do without the features.
        pub(super) static ANY_PROCESSOR: Cell<bool> = const { Cell::new(false) };
    }

    /// What `compute` gives with the features of this processor, which has to be what it gives without.
    fn on_both<T: PartialEq + std::fmt::Debug>(compute: impl Fn() -> T) -> T {
        ANY_PROCESSOR.set(true);
        let expected = compute();
        ANY_PROCESSOR.set(false);
        assert_eq!(compute(), expected);
        expected
    }

    #[test]
    fn compressed_sets_keep_what_is_shared() {
        let set = |step: usize| {
            let mut set = vec![0; 5];
            (0..300)
                .step_by(step)
                .for_each(|i| bits::insert(&mut set, i));
            set
        };
        for (to, from) in [(1, 3), (2, 3), (3, 2), (5, 1), (7, 5), (299, 1), (1, 1)] {
            let (to, from) = (set(to), set(from));
            let mut compression = Compression::default();
            compression.to(&to);
            let compressed = on_both(|| {
                let mut compressed = vec![0; bits::words_for(bits::ones(&to).count())];
                compression.compress(&from, &mut compressed);
                compressed
            });
            let places = bits::ones(&to).enumerate();
            let shared = places.filter(|&(_, i)| bits::contains(&from, i));
            assert!(bits::ones(&compressed).eq(shared.map(|(place, _)| place)));
        }
    }

    #[test]
    fn graphs_are_seen_the_same_on_any_processor() {
        for (n, modulus) in [
            (1, 2),
            (5, 3),
            (64, 5),
            (70, 3),
            (130, 7),
            (300, 4),
            (520, 11),
        ] {
            let words = bits::words_for(n);
            let mut rows = vec![0; n * words];
            for i in 0..n {
                for j in (0..n).filter(|&j| i != j && (i * j + i + j) % modulus < modulus - 1) {
                    bits::insert(&mut rows[i * words..], j);
                }
            }
            let graph = Graph::new(&rows, words, None);
            let all = bits::first_elements(n);
            let joined = |i: usize, j: usize| bits::contains(graph.row(i), j);
            let degree = |i: usize| (0..n).filter(|&j| joined(i, j)).count();
            let busiest = (0..n).rev().max_by_key(|&i| degree(i));
            assert_eq!(on_both(|| graph.busiest(&all)), busiest);
            let dominator = (0..n).find(|&i| degree(i) == n - 1);
            assert_eq!(
                on_both(|| graph.dominator_among(&all, &mut all.clone())),
                dominator
            );
            let is_dominator = on_both(|| graph.is_dominator(n / 2, &all, &mut all.clone()));
            assert_eq!(is_dominator, degree(n / 2) == n - 1);
            let by_size = on_both(|| {
                let mut by_size = Vec::new();
                graph.sort_by_size(&all, &all, &mut by_size);
                by_size
            });
            assert!(by_size.is_sorted() && by_size.iter().all(|&(size, v)| size == degree(v)));
            let left = on_both(|| {
                let mut left = all.clone();
                graph.remove_component(0, &mut left);
                left
            });
            let across = |i: usize, j: usize| bits::contains(&left, i) != bits::contains(&left, j);
            assert!((0..n).all(|i| (0..n).all(|j| !(joined(i, j) && across(i, j)))));
        }
    }
}
