//! How many bytes the arrays of a pool have, and had at most.

use crate::Error;
use crate::memory::Held;

/// Arrays smaller than this are left as they are: giving back so little only costs asking for it again.
const WORTH_SHRINKING: u64 = 4096;

/// What all arrays of a pool hold together. It agrees with the budget to the byte, but tells this pool's share from anyone else's.
#[derive(Debug, Default)]
pub(super) struct Account {
    bytes: u64,
    peak: u64,
}

impl Account {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn peak(&self) -> u64 {
        self.peak
    }

    /// Makes room for `additional` more items in one of the arrays.
    pub(super) fn reserve<T>(
        &mut self,
        array: &mut Held<T>,
        additional: usize,
    ) -> Result<(), Error> {
        let before = array.bytes();
        array.reserve(additional)?;
        self.has_moved(before, array.bytes());
        Ok(())
    }

    /// Gives back the room of one of the arrays, if at least half of it is unused and it is not little in the first place. Where old and new do
    /// not fit side by side for a moment, nothing happens.
    pub(super) fn give_back<T>(&mut self, array: &mut Held<T>) {
        let (before, needed) = (array.bytes(), size_of_val::<[T]>(array) as u64);
        if before >= WORTH_SHRINKING && needed <= before / 2 {
            array.shrink_to_fit();
            self.has_moved(before, array.bytes());
        }
    }

    /// An array went from one allocation to another, both of which were there for a moment.
    fn has_moved(&mut self, before: u64, after: u64) {
        if before != after {
            self.peak = self.peak.max(self.bytes + after);
            self.bytes = self.bytes - before + after;
        }
    }
}
