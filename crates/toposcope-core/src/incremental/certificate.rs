//! What is known of an edge's lune, in one word.

use super::words::bits_where;
use crate::simd::Work;

/// Slots must be fewer: two of them and a tag are packed into a word.
pub(super) const MOST_SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 14;
const SLOT: u32 = (1 << SLOT_BITS) - 1;
const TAG: u32 = 2 * SLOT_BITS;
const PAYLOAD: u32 = (1 << TAG) - 1;

/// What is known of an edge's lune, and what proves it. A proof stands while the vertices that it names stay and every newcomer to the
/// lune is adjacent to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certificate {
    /// No edge: one of the ends is not there.
    None,
    /// The lune is empty.
    Bare,
    /// The edge is too long to matter. This vertex is in its lune.
    Far(u32),
    /// The lune is connected: these two are in it, the same or adjacent, and every other vertex of it is adjacent to one of them.
    Spanned(u32, u32),
    /// The same with more than two, which hang together among themselves: here begins their list.
    Linked(u32),
    /// The lune has several components: here begins the list of a vertex of each.
    Parted(u32),
}

impl Certificate {
    /// A number for it; that of [`Self::None`] is zero.
    pub(super) fn pack(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Bare => 1 << TAG,
            Self::Far(w) => 2 << TAG | w,
            Self::Spanned(v, w) => 3 << TAG | v << SLOT_BITS | w,
            Self::Linked(list) => 4 << TAG | list,
            Self::Parted(list) => 5 << TAG | list,
        }
    }

    /// What [`Self::pack`] made a number of.
    #[inline(always)]
    pub(super) fn unpack(word: u32) -> Self {
        let (low, payload) = (word & SLOT, word & PAYLOAD);
        match word >> TAG {
            1 => Self::Bare,
            2 => Self::Far(low),
            3 => Self::Spanned(payload >> SLOT_BITS, low),
            4 => Self::Linked(payload),
            5 => Self::Parted(payload),
            _ => Self::None,
        }
    }
}

/// Finds the certificates, of up to 64 packed ones, that may name one of these slots: those that do, all with lists, and a few others.
pub(super) struct MayName<'a> {
    pub(super) certificates: &'a [u32],
    pub(super) slots: &'a [u32],
}

impl Work for MayName<'_> {
    type Output = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let with_lists = bits_where(self.certificates, |word| word >= 4 << TAG);
        self.slots.iter().fold(with_lists, |found, &slot| {
            let names = |word: u32| word & SLOT == slot || word >> SLOT_BITS & SLOT == slot;
            found | bits_where(self.certificates, names)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_comes_back() {
        let last = MOST_SLOTS as u32 - 1;
        for certificate in [
            Certificate::None,
            Certificate::Bare,
            Certificate::Far(last),
            Certificate::Spanned(0, last),
            Certificate::Spanned(last, 0),
            Certificate::Linked(PAYLOAD),
            Certificate::Parted(PAYLOAD),
        ] {
            assert_eq!(Certificate::unpack(certificate.pack()), certificate);
        }
        assert_eq!(Certificate::None.pack(), 0);
    }

    #[test]
    fn who_is_named_is_found() {
        let all = [
            Certificate::Far(7),
            Certificate::Spanned(3, 9),
            Certificate::Linked(0),
            Certificate::Parted(1),
            Certificate::Spanned(9, 9),
            Certificate::Far(8),
        ];
        let certificates = all.map(Certificate::pack);
        for (slots, expected) in [
            (&[7][..], 0b00_1101),
            (&[9], 0b01_1110),
            (&[3, 8], 0b10_1110),
            (&[5], 0b00_1100),
        ] {
            let found = MayName {
                certificates: &certificates,
                slots,
            };
            assert_eq!(found.run(), expected);
        }
    }
}
