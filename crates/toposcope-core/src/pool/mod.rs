//! The simplex pool: the critical simplices of a complex that changes, under ids that stay.
//!
//! Of all simplices over the landmarks of a stream only the critical ones matter to its diagram: the vertices that found components, the edges that
//! join them, the edges that give birth to loops, the simplices with which classes end. When a landmark comes or goes a few of them change and
//! the rest stay; whatever refers to one, a column or an interval, does so by its [`SimplexId`].
//!
//! ```
//! use toposcope_core::memory::Budget;
//! use toposcope_core::pool::{CriticalSimplex, Role, SimplexPool};
//!
//! let mut pool = SimplexPool::new(&Budget::unlimited());
//! let joins = pool.insert(CriticalSimplex::new(Role::Joins, &[3, 8], 1.0)?)?;
//! let births = pool.insert(CriticalSimplex::new(Role::Births, &[5, 3], 1.5)?)?;
//!
//! // Landmark 8 leaves, and the edge to it. Its id names nothing any more …
//! assert_eq!(pool.retire(joins).map(|edge| edge.value()), Some(1.0));
//! assert_eq!(pool.fragmentation(), 0.5);
//! // … not even when its slot and its index are used again.
//! let kills = pool.insert(CriticalSimplex::new(Role::Kills, &[4, 5], 2.0)?)?;
//! assert_eq!((kills.index, pool.fragmentation()), (joins.index, 0.0));
//! assert_eq!((pool.get(joins), pool.retire(joins)), (None, None));
//!
//! // Simplices move when holes are closed. Their ids do not.
//! pool.retire(kills);
//! pool.defragment();
//! assert_eq!(pool.stats().slots, 1);
//! let loop_edge = pool.get(births).expect("it was not retired");
//! assert_eq!((loop_edge.role(), loop_edge.vertices()), (Role::Births, &[3, 5][..]));
//! # Ok::<(), toposcope_core::Error>(())
//! ```
//!
//! # Rationale
//! - *Arrays side by side, one set of them per dimension.* A pass over values or roles reads nothing else, and an edge, of which there are
//!   most, takes the room of two vertices and not of four: 29 bytes, and 12 for its id.
//! - *An indirection.* An id names an entry in a directory, the entry names a slot. So a simplex can be moved by writing to one entry,
//!   whoever holds its id; and an old id is told from a new one by its generation, with no list of who holds what.
//! - *Holes are filled before slots are added.* A complex whose landmarks come and go keeps its size, so that a pool which has had its largest
//!   content asks for no more memory, however long it runs and whether or not it is ever defragmented. Closing holes is for
//!   a pool that shrinks.
//! - *Two shares.* The delete phase of a push leaves holes that its next insert phase would fill. They are therefore left alone up to the hard share,
//!   and the soft one is asked about once per push, by [`SimplexPool::maintain`]. To close holes costs a pass over all slots, but at a share `s` of holes there
//!   has been a retirement for every `1/s` slots: with that, inserting, reading and retiring take constant time on average.
//! - *The order is one of operations.* Slots are filled, and indices issued, in an order that depends on the sequence of calls alone: no hash, address or
//!   clock enters, and [`SimplexPool::iter`] gives the same before and after holes are closed.
//!
//! # Limitations
//! - An id means something in the pool that issued it. In another one it may happen to name something else.
//! - An index serves 2^32 generations and is then given up, 12 bytes for good. A dimension has fewer than 2^32 simplices, the
//!   pool fewer than 2^32 indices; what goes beyond is refused as [`Error::Invalid`].
//! - A hole is filled by a simplex of its own dimension.
//! - The directory ends with the highest index that is live: one simplex there keeps 12 bytes for each index below.
//! - Shrinking copies: in a budget that is nearly spent it is left undone, and tried again the next time.
//! - A simplex has at most four vertices. Whether its role and its value are right is not for the pool to say.

mod account;
mod directory;
mod params;
mod simplex;
mod slots;

use std::array;

use crate::Error;
use crate::memory::Budget;
use account::Account;
use directory::{Directory, Place};
use slots::Slots;

pub use directory::SimplexId;
pub use params::{PoolParams, PoolStats};
pub use simplex::{CriticalSimplex, Role};

/// Critical simplices under stable ids: see the [module](self).
#[derive(Debug)]
pub struct SimplexPool {
    params: PoolParams,
    /// By dimension.
    slots: [Slots; CriticalSimplex::MOST_VERTICES],
    directory: Directory,
    account: Account,
    n_defragmented: u64,
    n_inserted: u64,
    n_retired: u64,
}

impl SimplexPool {
    /// An empty pool with the usual shares, which holds nothing yet.
    pub fn new(budget: &Budget) -> Self {
        Self::starting(budget, PoolParams::default())
    }

    /// An empty pool which closes its holes at other shares.
    ///
    /// # Errors
    /// [`Error::Invalid`], see [`PoolParams::check`].
    pub fn with_params(budget: &Budget, params: PoolParams) -> Result<Self, Error> {
        params.check()?;
        Ok(Self::starting(budget, params))
    }

    fn starting(budget: &Budget, params: PoolParams) -> Self {
        Self {
            params,
            slots: array::from_fn(|dim| Slots::new(budget, dim + 1)),
            directory: Directory::new(budget),
            account: Account::default(),
            n_defragmented: 0,
            n_inserted: 0,
            n_retired: 0,
        }
    }

    /// Takes a simplex in. Constant time on average.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`], [`Error::OutOfMemory`], and [`Error::Invalid`] where 32 bits do not suffice. No simplex, id or count has changed then;
    /// room that was granted before the refusal stays for the next one. A pool with a hole in this dimension and a retired id asks for nothing.
    pub fn insert(&mut self, simplex: CriticalSimplex) -> Result<SimplexId, Error> {
        let dim = simplex.dim();
        let slots = &mut self.slots[dim];
        let slot = slots.reserve(&mut self.account)?;
        self.directory.reserve(&mut self.account)?;
        // There is room for everything: nothing is refused from here on.
        let dim = dim as u8;
        let id = self.directory.issue(Place { dim, slot })?;
        slots.occupy(slot, id.index, &simplex)?;
        self.n_inserted += 1;
        Ok(id)
    }

    /// Takes a simplex out, for good: its id will never name another. `None` if it is out already, or was never in. Constant time on
    /// average; if holes reach the hard share, they are closed at once.
    pub fn retire(&mut self, id: SimplexId) -> Option<CriticalSimplex> {
        let Place { dim, slot } = self.directory.revoke(id)?;
        let simplex = self.slots[usize::from(dim)].vacate(slot)?;
        self.n_retired += 1;
        self.defragment_from(self.params.hard_share);
        Some(simplex)
    }

    /// The simplex of an id, unless it has been retired. Constant time.
    #[inline]
    pub fn get(&self, id: SimplexId) -> Option<CriticalSimplex> {
        let Place { dim, slot } = self.directory.find(id)?;
        self.slots[usize::from(dim)].read(slot)
    }

    /// All simplices with their ids: by dimension, and within one by slot.
    pub fn iter(&self) -> impl Iterator<Item = (SimplexId, CriticalSimplex)> + '_ {
        let all = self.slots.iter().flat_map(Slots::iter);
        all.filter_map(|(owner, simplex)| Some((self.directory.id_at(owner)?, simplex)))
    }

    /// Number of simplices.
    pub fn len(&self) -> usize {
        self.n_slots() - self.n_holes()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Retires all simplices. Their room stays until the next [`Self::defragment`].
    pub fn clear(&mut self) {
        self.n_retired += self.len() as u64;
        self.directory.clear();
        for slots in &mut self.slots {
            slots.clear();
        }
    }

    /// Share of holes among the slots in use; 0 if there are none.
    pub fn fragmentation(&self) -> f64 {
        match self.n_slots() {
            0 => 0.0,
            slots => self.n_holes() as f64 / slots as f64,
        }
    }

    /// Closes the holes and gives back the room of arrays that are half empty or more. No id, no simplex and no order changes. Takes time
    /// in proportion to the slots; what it does to the directory has been paid for by the retirements since the last time.
    pub fn defragment(&mut self) {
        self.n_defragmented += u64::from(self.n_holes() > 0);
        for slots in &mut self.slots {
            slots.compact(|owner, slot| self.directory.relocate(owner, slot));
            slots.give_back(&mut self.account);
        }
        self.directory.give_back(&mut self.account);
    }

    /// Closes the holes if they have reached the soft share, and says whether it did. To be called at a convenient moment, once per push.
    pub fn maintain(&mut self) -> bool {
        self.defragment_from(self.params.soft_share)
    }

    /// What the pool holds, and what has happened to it.
    pub fn stats(&self) -> PoolStats {
        let live = self.len();
        let in_slots: u64 = self.slots.iter().map(Slots::live_bytes).sum();
        PoolStats {
            live,
            slots: self.n_slots(),
            live_bytes: in_slots + live as u64 * Directory::BYTES_PER_ID,
            bytes: self.account.bytes(),
            peak_bytes: self.account.peak(),
            fragmentation: self.fragmentation(),
            n_defragmented: self.n_defragmented,
            n_inserted: self.n_inserted,
            n_retired: self.n_retired,
        }
    }

    fn defragment_from(&mut self, share: f64) -> bool {
        let due = self.fragmentation() >= share;
        if due {
            self.defragment();
        }
        due
    }

    fn n_slots(&self) -> usize {
        self.slots.iter().map(Slots::len).sum()
    }

    fn n_holes(&self) -> usize {
        self.slots.iter().map(Slots::n_holes).sum()
    }
}

/// The number of a new slot or index. One number is left over, so that counts fit as well.
fn thirty_two_bits(count: usize) -> Result<u32, Error> {
    let number = u32::try_from(count).ok().filter(|&n| n < u32::MAX);
    number.ok_or_else(|| {
        let expected = "fewer than 2^32 of a dimension, and fewer than 2^32 ids";
        Error::invalid("simplices", expected, format!("{count} and one more"))
    })
}

#[cfg(test)]
mod tests;
