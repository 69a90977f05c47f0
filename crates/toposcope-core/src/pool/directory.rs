//! From ids to slots: the indirection by which simplices move while ids stay.

use super::account::Account;
use super::thirty_two_bits;
use crate::Error;
use crate::memory::{Budget, Held};

/// Names a simplex in the pool that issued it, until it is retired; after that, nothing, for all time.
///
/// The fields are open so that an id can be stored and read back. One that was never issued names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimplexId {
    /// Which entry of the pool's directory.
    pub index: u32,
    /// Which of all simplices that this entry has stood for.
    pub generation: u32,
}

/// Where a simplex is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) dim: u8,
    pub(super) slot: u32,
}

/// What an index stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Live {
        generation: u32,
        dim: u8,
        slot: u32,
    },
    /// Of the next generation nothing has been issued yet. The last vacant entry's `next` means nothing.
    Vacant {
        generation: u32,
        next: u32,
    },
    /// All generations have been used: one more, and an old id would be right again.
    Spent,
}

/// Entries by index. The vacant ones are chained, and issued again before any is added.
#[derive(Debug)]
pub(super) struct Directory {
    entries: Held<Entry>,
    n_vacant: usize,
    /// Means something if there are vacant entries.
    first_vacant: u32,
    /// The generation with which a new index starts: no smaller than the next one of any entry that has been dropped, so that an
    /// index which comes back has forgotten nothing.
    first_generation: u32,
    /// Ids revoked since the chain was last put in order.
    n_revoked: usize,
}

impl Directory {
    pub(super) fn new(budget: &Budget) -> Self {
        Self {
            entries: Held::new(budget),
            n_vacant: 0,
            first_vacant: 0,
            first_generation: 0,
            n_revoked: 0,
        }
    }

    /// As if every index had been through all generations before this one.
    #[cfg(test)]
    pub(super) fn from_generation(budget: &Budget, first_generation: u32) -> Self {
        Self {
            first_generation,
            ..Self::new(budget)
        }
    }

    /// Bytes that one id takes.
    pub(super) const BYTES_PER_ID: u64 = size_of::<Entry>() as u64;

    /// Makes room for one more id.
    pub(super) fn reserve(&mut self, account: &mut Account) -> Result<(), Error> {
        if self.n_vacant > 0 {
            return Ok(());
        }
        thirty_two_bits(self.entries.len())?;
        account.reserve(&mut self.entries, 1)
    }

    /// A new id for what is at `place`. After [`Self::reserve`] it needs no memory, so that it cannot be refused.
    pub(super) fn issue(&mut self, place: Place) -> Result<SimplexId, Error> {
        let index = self.first_vacant;
        let vacant = match self.entries.get(index as usize) {
            Some(&Entry::Vacant { generation, next }) if self.n_vacant > 0 => {
                Some((generation, next))
            }
            _ => None,
        };
        let Some((generation, next)) = vacant else {
            let id = SimplexId {
                index: self.entries.len() as u32,
                generation: self.first_generation,
            };
            self.entries.push(Entry::live(id.generation, place))?;
            return Ok(id);
        };
        self.first_vacant = next;
        self.n_vacant -= 1;
        self.entries[index as usize] = Entry::live(generation, place);
        Ok(SimplexId { index, generation })
    }

    /// Where the simplex of this id is.
    #[inline]
    pub(super) fn find(&self, id: SimplexId) -> Option<Place> {
        match *self.entries.get(id.index as usize)? {
            Entry::Live {
                generation,
                dim,
                slot,
            } if generation == id.generation => Some(Place { dim, slot }),
            _ => None,
        }
    }

    /// Where the simplex of this id was: from now on the id names nothing.
    pub(super) fn revoke(&mut self, id: SimplexId) -> Option<Place> {
        let place = self.find(id)?;
        match id.generation.checked_add(1) {
            Some(generation) => self.chain(id.index, generation),
            None => self.entries[id.index as usize] = Entry::Spent,
        }
        self.n_revoked += 1;
        Some(place)
    }

    /// The id that stands for an index now.
    pub(super) fn id_at(&self, index: u32) -> Option<SimplexId> {
        match *self.entries.get(index as usize)? {
            Entry::Live { generation, .. } => Some(SimplexId { index, generation }),
            Entry::Vacant { .. } | Entry::Spent => None,
        }
    }

    /// The simplex of an index is in another slot now.
    pub(super) fn relocate(&mut self, index: u32, to: u32) {
        if let Some(Entry::Live { slot, .. }) = self.entries.get_mut(index as usize) {
            *slot = to;
        }
    }

    /// Revokes every id.
    pub(super) fn clear(&mut self) {
        for index in 0..self.entries.len() as u32 {
            if let Some(id) = self.id_at(index) {
                self.revoke(id);
            }
        }
        self.put_in_order();
    }

    /// Drops the vacant entries at the end, and gives their room back. It walks through all entries, so this is put off until half as many
    /// ids have been revoked as there are entries: one that lives long at a high index would be paid for again and again.
    pub(super) fn give_back(&mut self, account: &mut Account) {
        if 2 * self.n_revoked >= self.entries.len() {
            self.put_in_order();
        }
        account.give_back(&mut self.entries);
    }

    /// Drops the vacant entries at the end and chains the others by ascending index: low ones are issued first, and the end gets a chance
    /// to become vacant.
    fn put_in_order(&mut self) {
        while let Some(&Entry::Vacant { generation, .. }) = self.entries.last() {
            self.first_generation = self.first_generation.max(generation);
            self.entries.pop();
        }
        self.n_vacant = 0;
        for index in (0..self.entries.len() as u32).rev() {
            if let Entry::Vacant { generation, .. } = self.entries[index as usize] {
                self.chain(index, generation);
            }
        }
        self.n_revoked = 0;
    }

    /// An index becomes the first of the vacant ones.
    fn chain(&mut self, index: u32, generation: u32) {
        let next = self.first_vacant;
        self.entries[index as usize] = Entry::Vacant { generation, next };
        self.first_vacant = index;
        self.n_vacant += 1;
    }
}

impl Entry {
    fn live(generation: u32, Place { dim, slot }: Place) -> Self {
        Self::Live {
            generation,
            dim,
            slot,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(slot: u32) -> Place {
        Place { dim: 1, slot }
    }

    fn directory() -> (Directory, Account) {
        (Directory::new(&Budget::unlimited()), Account::default())
    }

    fn issued(directory: &mut Directory, account: &mut Account, slot: u32) -> SimplexId {
        directory.reserve(account).unwrap();
        directory.issue(place(slot)).unwrap()
    }

    #[test]
    fn an_entry_is_three_words() {
        assert_eq!(Directory::BYTES_PER_ID, 12);
    }

    #[test]
    fn an_index_comes_back_in_another_generation() {
        let (mut directory, mut account) = directory();
        let first = issued(&mut directory, &mut account, 5);
        assert_eq!(directory.revoke(first), Some(place(5)));
        let second = issued(&mut directory, &mut account, 6);
        let expected = SimplexId {
            index: 0,
            generation: 1,
        };
        assert_eq!((second, directory.find(first)), (expected, None));
        assert_eq!(directory.revoke(first), None);
        assert_eq!(directory.find(second), Some(place(6)));
    }

    #[test]
    fn an_id_that_is_to_come_names_nothing() {
        let (mut directory, mut account) = directory();
        let mut id = issued(&mut directory, &mut account, 0);
        directory.revoke(id);
        id.generation += 1;
        assert_eq!((directory.find(id), directory.revoke(id)), (None, None));
        assert_eq!(issued(&mut directory, &mut account, 0), id);
    }

    #[test]
    fn the_last_generation_of_an_index_is_its_last() {
        let mut directory = Directory::from_generation(&Budget::unlimited(), u32::MAX - 1);
        let mut account = Account::default();
        let mut seen = Vec::new();
        for slot in 0..4 {
            let id = issued(&mut directory, &mut account, slot);
            assert_eq!(directory.revoke(id), Some(place(slot)));
            seen.push((id.index, id.generation));
        }
        let (last, before) = (u32::MAX, u32::MAX - 1);
        assert_eq!(seen, [(0, before), (0, last), (1, before), (1, last)]);
        assert_eq!(directory.entries[..], [Entry::Spent, Entry::Spent]);
        directory.clear();
        assert_eq!(issued(&mut directory, &mut account, 0).index, 2);
    }

    #[test]
    fn what_is_dropped_is_not_forgotten() {
        let (mut directory, mut account) = directory();
        let ids: Vec<SimplexId> = (0..1000)
            .map(|slot| issued(&mut directory, &mut account, slot))
            .collect();
        for id in &ids[1..] {
            directory.revoke(*id);
        }
        let before = account.bytes();
        directory.give_back(&mut account);
        assert_eq!((directory.entries.len(), account.bytes()), (1, 12));
        assert!(before >= 12_000 && account.peak() >= before);
        for slot in 1..1000 {
            let id = issued(&mut directory, &mut account, slot);
            assert_eq!((id.index, id.generation), (slot, 1));
        }
        assert!(ids[1..].iter().all(|id| directory.find(*id).is_none()));
        assert_eq!(directory.find(ids[0]), Some(place(0)));
    }

    #[test]
    fn low_indices_come_first_once_in_order() {
        let (mut directory, mut account) = directory();
        let ids: Vec<SimplexId> = (0..6)
            .map(|slot| issued(&mut directory, &mut account, slot))
            .collect();
        for at in [1, 3, 0, 4] {
            directory.revoke(ids[at]);
        }
        directory.give_back(&mut account);
        let next: Vec<u32> = (0..5)
            .map(|slot| issued(&mut directory, &mut account, slot).index)
            .collect();
        assert_eq!(next, [0, 1, 3, 4, 6]);
    }

    #[test]
    fn one_that_stays_at_the_end_does_not_make_every_round_walk_through_all() {
        let (mut directory, mut account) = directory();
        let ids: Vec<SimplexId> = (0..100)
            .map(|slot| issued(&mut directory, &mut account, slot))
            .collect();
        for id in &ids[..99] {
            directory.revoke(*id);
        }
        directory.give_back(&mut account);
        assert_eq!((directory.n_revoked, directory.n_vacant), (0, 99));
        for round in 1..50 {
            let id = issued(&mut directory, &mut account, 0);
            directory.revoke(id);
            directory.give_back(&mut account);
            assert_eq!(directory.n_revoked, round);
        }
    }
}
