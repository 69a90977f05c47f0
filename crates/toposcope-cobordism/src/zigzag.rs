//! The zigzag P(K) → P(W) ← P(K') of loops, taken apart: which go on, which die and how, which are born and how.

use crate::linear::{BitVector, Span};

/// Loops before and after, by their classes in the union and in what they are part of.
#[derive(Debug, Default)]
pub(crate) struct Zigzag {
    /// A basis of P(K), eldest first, mapped to P(W).
    pub(crate) before: Vec<BitVector>,
    /// Generators of P(K'), in the order of their births, mapped to P(W).
    pub(crate) after: Vec<BitVector>,
    /// The same generators as classes of K'.
    pub(crate) after_itself: Vec<BitVector>,
}

/// What becomes of a loop of K.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is a sum of elder loops in the union, or nothing at all.
    Filled,
    /// It is alive in the union, but not from K'.
    Broken,
    /// It is the image of this sum of generators of P(K'), by itself or only together with loops that broke.
    Survives { sum: BitVector, by_itself: bool },
}

/// The six intervals of the zigzag but those of W alone; sums are of generators of P(K').
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decomposition {
    /// One for each loop of K.
    pub(crate) fates: Vec<Fate>,
    /// Loops that are new in the union.
    pub(crate) closed: Vec<BitVector>,
    /// Loops of K' that are filled in the union.
    pub(crate) opened: Vec<BitVector>,
    /// Rank of both maps together.
    pub(crate) joint_rank: usize,
}

impl Zigzag {
    /// The numbers of each kind are those of the interval decomposition. Which loops play which part is a choice: elder
    /// loops die last.
    pub(crate) fn decompose(&self) -> Decomposition {
        let image = span_of(&self.after);
        let mut fates = vec![Fate::Filled; self.before.len()];
        let alive = self.alive_in_union();
        let broken = self.broken(&image, &alive);
        for &i in &broken {
            fates[i] = Fate::Broken;
        }
        let mut named = Span::default();
        for &i in alive.iter().filter(|i| !broken.contains(i)) {
            let (sum, by_itself) = self.survivor(i, &image, &broken);
            named.insert(&self.mapped(&sum), i);
            fates[i] = Fate::Survives { sum, by_itself };
        }
        Decomposition {
            fates,
            closed: self.completing(&mut named),
            opened: self.kernel(),
            joint_rank: image.rank() + broken.len(),
        }
    }

    /// The loops of K that the union does not fill: of dependent ones, the youngest does not count.
    fn alive_in_union(&self) -> Vec<usize> {
        let mut span = Span::default();
        let indices = 0..self.before.len();
        indices
            .filter(|&i| span.insert(&self.before[i], i))
            .collect()
    }

    /// Of those, the ones that K' does not have: chosen youngest first.
    fn broken(&self, image: &Span, alive: &[usize]) -> Vec<usize> {
        let mut span = image.clone();
        let youngest_first = alive.iter().rev().copied();
        youngest_first
            .filter(|&i| span.insert(&self.before[i], i))
            .collect()
    }

    /// The sum of generators of P(K') that has the image of loop `i`, up to broken loops if need be.
    fn survivor(&self, i: usize, image: &Span, broken: &[usize]) -> (BitVector, bool) {
        let reduced = image.reduce(&self.before[i]);
        if reduced.rest.is_zero() {
            return (reduced.generators, true);
        }
        let n = self.after.len();
        let mut span = image.clone();
        for &j in broken {
            span.insert(&self.before[j], n + j);
        }
        let mut sum = BitVector::default();
        let ones = span.reduce(&self.before[i]).generators;
        ones.ones().filter(|&g| g < n).for_each(|g| sum.flip(g));
        (sum, false)
    }

    fn mapped(&self, sum: &BitVector) -> BitVector {
        let mut image = BitVector::default();
        sum.ones().for_each(|g| image.add(&self.after[g]));
        image
    }

    /// Generators that, with what `named` spans, span the image of P(K').
    fn completing(&self, named: &mut Span) -> Vec<BitVector> {
        let generators = 0..self.after.len();
        generators
            .filter(|&g| named.insert(&self.after[g], g))
            .map(BitVector::unit)
            .collect()
    }

    /// A basis of what P(K') → P(W) maps to nothing, as classes of K'.
    fn kernel(&self) -> Vec<BitVector> {
        let (mut image, mut kernel, mut basis) = (Span::default(), Span::default(), Vec::new());
        for (g, vector) in self.after.iter().enumerate() {
            if image.insert(vector, g) {
                continue;
            }
            let mut relation = image.reduce(vector).generators;
            relation.flip(g);
            let mut class = BitVector::default();
            relation
                .ones()
                .for_each(|g| class.add(&self.after_itself[g]));
            if kernel.insert(&class, g) {
                basis.push(relation);
            }
        }
        basis
    }
}

pub(crate) fn span_of(vectors: &[BitVector]) -> Span {
    let mut span = Span::default();
    for (number, vector) in vectors.iter().enumerate() {
        span.insert(vector, number);
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vector(bits: u8) -> BitVector {
        let mut vector = BitVector::default();
        (0..8)
            .filter(|b| bits >> b & 1 == 1)
            .for_each(|b| vector.flip(b));
        vector
    }

    fn zigzag(before: &[u8], after: &[(u8, u8)]) -> Zigzag {
        Zigzag {
            before: before.iter().map(|&b| vector(b)).collect(),
            after: after.iter().map(|&(w, _)| vector(w)).collect(),
            after_itself: after.iter().map(|&(_, k)| vector(k)).collect(),
        }
    }

    #[test]
    fn the_youngest_of_two_equal_loops_is_filled() {
        let decomposition = zigzag(&[1, 1, 2], &[(1, 1)]).decompose();
        let survives = Fate::Survives {
            sum: vector(1),
            by_itself: true,
        };
        assert_eq!(decomposition.fates, [survives, Fate::Filled, Fate::Broken]);
        assert_eq!(decomposition.joint_rank, 2);
    }

    #[test]
    fn a_sum_of_two_that_survives_is_the_elder_up_to_the_younger() {
        let decomposition = zigzag(&[1, 2], &[(3, 1)]).decompose();
        let survives = Fate::Survives {
            sum: vector(1),
            by_itself: false,
        };
        assert_eq!(decomposition.fates, [survives, Fate::Broken]);
    }

    #[test]
    fn births_are_closed_or_opened() {
        let decomposition = zigzag(&[], &[(1, 1), (1, 2), (0, 0)]).decompose();
        assert_eq!(decomposition.closed, [vector(1)]);
        assert_eq!(decomposition.opened, [vector(3)]);
    }

    /// The class in W is a linear function of the class in K', as induced maps are.
    fn mapped_generators() -> impl Strategy<Value = Vec<(u8, u8)>> {
        let map = prop::array::uniform4(0u8..32);
        let generators = prop::collection::vec(0u8..16, 0..7);
        (map, generators).prop_map(|(map, generators)| {
            let image = |k: u8| {
                (0..4)
                    .filter(|b| k >> b & 1 == 1)
                    .fold(0, |w, b| w ^ map[b])
            };
            generators.into_iter().map(|k| (image(k), k)).collect()
        })
    }

    proptest! {
        #[test]
        fn the_numbers_are_those_of_the_intervals(
            before in prop::collection::vec(0u8..32, 0..6),
            after in mapped_generators(),
        ) {
            let zigzag = zigzag(&before, &after);
            let parts = zigzag.decompose();
            let rank_f = span_of(&zigzag.before).rank();
            let rank_g = span_of(&zigzag.after).rank();
            let b = span_of(&zigzag.after_itself).rank();
            let both = [zigzag.before.clone(), zigzag.after.clone()].concat();
            let joint = span_of(&both).rank();
            let s = rank_f + rank_g - joint;
            let count = |fate: fn(&Fate) -> bool| parts.fates.iter().filter(|f| fate(f)).count();
            prop_assert_eq!(count(|f| matches!(f, Fate::Filled)), before.len() - rank_f);
            prop_assert_eq!(count(|f| matches!(f, Fate::Broken)), rank_f - s);
            prop_assert_eq!(count(|f| matches!(f, Fate::Survives { .. })), s);
            prop_assert_eq!(parts.closed.len(), rank_g - s);
            prop_assert_eq!(parts.opened.len(), b - rank_g);
            prop_assert_eq!(parts.joint_rank, joint);
            // What goes on and what is born is a basis of P(K').
            let sums = parts.fates.iter().filter_map(|f| match f {
                Fate::Survives { sum, .. } => Some(sum),
                _ => None,
            });
            let classes: Vec<BitVector> = sums
                .chain(&parts.closed)
                .chain(&parts.opened)
                .map(|sum| {
                    let mut class = BitVector::default();
                    sum.ones().for_each(|g| class.add(&zigzag.after_itself[g]));
                    class
                })
                .collect();
            prop_assert_eq!(classes.len(), b);
            prop_assert_eq!(span_of(&classes).rank(), b);
        }
    }
}
