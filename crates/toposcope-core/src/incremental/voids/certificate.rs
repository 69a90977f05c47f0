//! What is known of a lune up to degree 2, and what proves it.
//!
//! A lune in which no vertex is adjacent to all others is a *core*. It is kept as its matching, which up to degree 2 is a list: an apex, and
//! the vertices not adjacent to it in the order in which they are removed, each with one vertex of its link then.

/// Vertices and kinds share a word.
const SLOT_BITS: u32 = 14;
const SLOT: u32 = (1 << SLOT_BITS) - 1;
const TAG: u32 = 2 * SLOT_BITS;
/// Cores begin below.
pub(super) const MOST_WORDS: usize = 1 << TAG;

/// What is known of an edge's lune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certificate {
    /// Nothing.
    Unknown,
    /// It is empty.
    Bare,
    /// It is a cone: this vertex is adjacent to all its others.
    Cone(u32),
    /// It is neither: here its core begins.
    Core(u32),
}

impl Certificate {
    pub(super) fn pack(self) -> u32 {
        match self {
            Self::Unknown => 0,
            Self::Bare => 1 << TAG,
            Self::Cone(z) => 2 << TAG | z,
            Self::Core(at) => 3 << TAG | at,
        }
    }

    #[inline(always)]
    pub(super) fn unpack(word: u32) -> Self {
        let payload = word & (MOST_WORDS as u32 - 1);
        match word >> TAG {
            1 => Self::Bare,
            2 => Self::Cone(payload),
            3 => Self::Core(payload),
            _ => Self::Unknown,
        }
    }
}

/// What the link of a removed vertex was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Empty: the vertex makes a critical triangle with the edge.
    Alone = 0,
    /// A cone over the other vertex.
    Dominated = 1,
    /// In one piece, in which the other vertex is.
    Linked = 2,
    /// In several pieces, in the first of which the other vertex is. One step for each of the others follows.
    Apart = 3,
    /// Another piece, of which the other vertex is one: they make a critical tetrahedron with the edge.
    Piece = 4,
}

/// A vertex that is removed, and one of its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) vertex: u32,
    pub(super) other: u32,
}

impl Step {
    pub(super) fn pack(self) -> u32 {
        (self.kind as u32) << TAG | self.vertex << SLOT_BITS | self.other
    }

    #[inline(always)]
    pub(super) fn unpack(word: u32) -> Self {
        Self {
            kind: match word >> TAG {
                0 => Kind::Alone,
                1 => Kind::Dominated,
                2 => Kind::Linked,
                3 => Kind::Apart,
                _ => Kind::Piece,
            },
            vertex: word >> SLOT_BITS & SLOT,
            other: word & SLOT,
        }
    }

    /// The same of another kind.
    pub(super) fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Whether it makes a critical cell.
    pub(super) fn is_critical(self) -> bool {
        matches!(self.kind, Kind::Alone | Kind::Piece)
    }
}

/// Words before the steps of a core.
const HEADER: usize = 3;

/// Cores, end to end in filtration order: three words each, its apex, how many steps it has and how many of them are critical, and then these.
#[derive(Debug, Clone, Copy)]
pub(super) struct Core<'a> {
    pub(super) apex: u32,
    pub(super) n_critical: u32,
    words: &'a [u32],
}

impl<'a> Core<'a> {
    #[inline(always)]
    pub(super) fn at(cores: &'a [u32], at: u32) -> Self {
        let at = at as usize;
        let [apex, n_steps, n_critical] = [cores[at], cores[at + 1], cores[at + 2]];
        Self {
            apex,
            n_critical,
            words: &cores[at + HEADER..][..n_steps as usize],
        }
    }

    /// What [`Self::at`] needs to find before so many steps.
    pub(super) fn header(apex: u32, n_steps: usize, n_critical: usize) -> [u32; HEADER] {
        [apex, n_steps as u32, n_critical as u32]
    }

    #[inline(always)]
    pub(super) fn steps(self) -> impl Iterator<Item = Step> + 'a {
        self.words.iter().map(|&word| Step::unpack(word))
    }

    /// The steps as they are kept.
    pub(super) fn words(self) -> &'a [u32] {
        self.words
    }

    /// Takes a core that begins at `start` for finished: what it amounts to.
    pub(super) fn finish(cores: &mut [u32], start: usize) -> usize {
        let (header, steps) = cores[start..].split_at_mut(HEADER);
        let n_critical = steps
            .iter()
            .filter(|word| Step::unpack(**word).is_critical())
            .count();
        header.copy_from_slice(&Self::header(header[0], steps.len(), n_critical));
        n_critical
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_and_step_comes_back() {
        let last = SLOT;
        for certificate in [
            Certificate::Unknown,
            Certificate::Bare,
            Certificate::Cone(last),
            Certificate::Core(MOST_WORDS as u32 - 1),
        ] {
            assert_eq!(Certificate::unpack(certificate.pack()), certificate);
        }
        for kind in [
            Kind::Alone,
            Kind::Dominated,
            Kind::Linked,
            Kind::Apart,
            Kind::Piece,
        ] {
            for (vertex, other) in [(0, last), (last, 0)] {
                let step = Step {
                    kind,
                    vertex,
                    other,
                };
                assert_eq!(Step::unpack(step.pack()), step);
            }
        }
    }

    #[test]
    fn a_core_counts_its_steps() {
        let step = |kind, vertex| {
            Step {
                kind,
                vertex,
                other: 9,
            }
            .pack()
        };
        let mut cores = vec![7, 7];
        cores.extend(Core::header(5, 0, 0));
        cores.extend([
            step(Kind::Apart, 1),
            step(Kind::Piece, 1),
            step(Kind::Alone, 2),
        ]);
        assert_eq!(Core::finish(&mut cores, 2), 2);
        let core = Core::at(&cores, 2);
        assert_eq!(
            (core.apex, core.n_critical, core.steps().count()),
            (5, 2, 3)
        );
    }
}
